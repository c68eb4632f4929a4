/* SPDX-License-Identifier: Apache-2.0
 * The table against what is documented, parsed and tested.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/cipher.h"
#include "config/docs.h"
#include "config/tree.h"
#include "memory_files.h"

#define FILE_MAX (4 << 20)

static char text_of_file[FILE_MAX];

static struct sp_str read_project_file(const char *name)
{
    const char *root = getenv("SALLYPORT_SOURCE_ROOT");
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", root ? root : ".", name);
    FILE *file = fopen(path, "rb");
    if (!file)
        return (struct sp_str){NULL, 0};
    size_t len = fread(text_of_file, 1, FILE_MAX - 1, file);
    fclose(file);
    text_of_file[len] = '\0';
    return sp_str_from(text_of_file, len);
}

static void first_difference(struct sp_str a, struct sp_str b)
{
    struct sp_str x, y;
    for (unsigned line = 1;; line++) {
        bool more_x = sp_str_split(&a, '\n', &x), more_y = sp_str_split(&b, '\n', &y);
        if (more_x != more_y || (more_x && !sp_str_eq(x, y))) {
            print_message("# line %u: the page has  %.*s\n# line %u: the table has %.*s\n", line,
                          SP_STR_ARG(x), line, SP_STR_ARG(y));
            return;
        }
        if (!more_x)
            return;
    }
}

static void the_page_of_elements_is_that_of_the_table(void **state)
{
    struct sp_buf buf;
    sp_buf_init(&buf, FILE_MAX);
    assert_int_equal(sp_cfg_docs_elements(&buf), SP_OK);
    struct sp_str page = read_project_file("docs/server-xml.md");
    first_difference(page, sp_buf_str(&buf));
    if (!sp_str_eq(page, sp_buf_str(&buf)))
        fail_msg("make it anew: sallyport server check --docs > docs/server-xml.md");
    sp_buf_finish(&buf);
}

static void the_page_of_messages_holds_those_of_the_configuration(void **state)
{
    struct sp_buf buf;
    sp_buf_init(&buf, FILE_MAX);
    assert_int_equal(sp_cfg_docs_messages(&buf), SP_OK);
    struct sp_str page = read_project_file("docs/messages.md");
    if (!page.len || !memmem(page.ptr, page.len, buf.ptr, buf.len))
        fail_msg("put the output of sallyport server check --docs=messages into docs/messages.md");
    sp_buf_finish(&buf);
}

static void every_message_id_has_cause_and_action(void **state)
{
    struct sp_str header = read_project_file("src/config/message.h"), line;
    size_t defined = 0, explained = 0;
    while (sp_str_split(&header, '\n', &line)) {
        const char *quote = line.len ? memchr(line.ptr, '"', line.len) : NULL;
        if (!quote || !sp_str_starts(line, SP_STR("#define SP_MSG_")))
            continue;
        struct sp_str id = sp_str_from(quote + 1, 9);
        bool found = false;
        for (const struct sp_cfg_message *m = sp_cfg_messages; m->id; m++)
            found |= sp_str_is(id, m->id);
        if (!found)
            fail_msg("%.*s is not in messages.c", SP_STR_ARG(id));
        defined++;
    }
    for (const struct sp_cfg_message *m = sp_cfg_messages; m->id; m++, explained++)
        assert_true(m->cause[0] && m->action[0] && (m == sp_cfg_messages || strcmp(m->id, m[-1].id) > 0));
    assert_true(defined > 0);
    assert_int_equal(defined, explained);
}

/* The rows themselves. */

typedef void row_fn(const struct sp_cfg_element *element, const char *path, void *arg);

static void each_element(const struct sp_cfg_element *element, const char *parent, row_fn *fn, void *arg)
{
    char path[256];
    snprintf(path, sizeof path, "%s%s%s", parent, parent[0] ? "/" : "", element->name);
    fn(element, path, arg);
    for (size_t i = 0; element->children && element->children[i]; i++)
        each_element(element->children[i], path, fn, arg);
}

static void every_element(row_fn *fn, void *arg)
{
    const struct sp_cfg_element *const *table = sp_cfg_table();
    for (size_t i = 0; table[i]; i++)
        each_element(table[i], "", fn, arg);
}

static bool is_sentence(const char *text)
{
    size_t len = text ? strlen(text) : 0;
    return len > 4 && text[len - 1] == '.' && !strstr(text, "..") && !strstr(text, "  ");
}

static void check_attribute_row(const struct sp_cfg_attribute *a, const char *path)
{
    bool targets_exist = a->type != SP_CFG_REF || (a->target != NULL);
    struct sp_str rest = sp_str_of(a->target), target;
    while (a->target && sp_str_split(&rest, ' ', &target))
        targets_exist &= sp_cfg_element_find(target) != NULL;
    if (!is_sentence(a->meaning))
        fail_msg("%s@%s: the meaning is no sentence", path, a->name);
    if (!targets_exist)
        fail_msg("%s@%s: a target is not in the table", path, a->name);
    if ((a->type == SP_CFG_ENUM) != (a->options != NULL))
        fail_msg("%s@%s: options and type do not agree", path, a->name);
    if ((a->storage == SP_CFG_NOWHERE) != (a->field == NULL))
        fail_msg("%s@%s: field and storage do not agree", path, a->name);
    if (a->instead && (a->flags & SP_CFG_ACTED) && a->fallback)
        fail_msg("%s@%s: another spelling has a default of its own", path, a->name);
}

static void check_row(const struct sp_cfg_element *element, const char *path, void *arg)
{
    unsigned *count = arg;
    if (!is_sentence(element->meaning))
        fail_msg("%s: the meaning is no sentence", path);
    for (size_t i = 0; i < element->attribute_count; i++) {
        check_attribute_row(&element->attributes[i], path);
        for (size_t j = 0; j < i; j++)
            assert_false(sp_str_caseless_eq(sp_str_of(element->attributes[i].name),
                                            sp_str_of(element->attributes[j].name)));
        (*count)++;
    }
}

static void every_row_is_complete(void **state)
{
    unsigned count = 0;
    every_element(check_row, &count);
    print_message("# %u attributes\n", count);
    assert_true(count > 600);
}

/* A value that the attribute takes. */
static const char *sample(const struct sp_cfg_attribute *a, char *room, size_t size)
{
    switch (a->type) {
    case SP_CFG_BOOLEAN:
        return a->fallback && strcmp(a->fallback, "true") == 0 ? "false" : "true";
    case SP_CFG_INT:
        snprintf(room, size, "%lld",
                 (long long)(a->min || a->max ? a->max < 9   ? a->max
                                                : a->min > 7 ? a->min
                                                             : 7
                                              : 7));
        return room;
    case SP_CFG_ENUM:
        return a->options[0];
    case SP_CFG_DURATION:
    case SP_CFG_SECONDS:
    case SP_CFG_MINUTES:
    case SP_CFG_HOURS:
        return "7h";
    case SP_CFG_FILE:
    case SP_CFG_DIRECTORY:
        return "/sample";
    case SP_CFG_REF:
        return "sample";
    default:
        return strcmp(a->name, "id") == 0 ? "sample" : "text";
    }
}

/* <a><b><c attribute="value"/></b></a> from the path "a/b/c". */
static void write_sample(struct sp_buf *xml, const char *path, const struct sp_cfg_attribute *a,
                         const char *value)
{
    struct sp_str rest = sp_str_of(path), name;
    const char *names[16];
    static char copies[16][128];
    size_t depth = 0;
    sp_buf_append_str(xml, SP_STR("<server>"));
    while (sp_str_split(&rest, '/', &name) && depth < 16) {
        snprintf(copies[depth], sizeof copies[depth], "%.*s", SP_STR_ARG(name));
        names[depth] = copies[depth];
        depth++;
        sp_buf_printf(xml, "<%s%s>", names[depth - 1], "");
    }
    /* the last tag gets the attribute */
    xml->len--;
    sp_buf_printf(xml, " %s=\"%s\">", a->name, value);
    while (depth--)
        sp_buf_printf(xml, "</%s>", names[depth]);
    sp_buf_append_str(xml, SP_STR("</server>"));
}

static const struct sp_cfg_node *find_node(const struct sp_cfg_node *node, const struct sp_cfg_element *row)
{
    if (node->row == row)
        return node;
    for (const struct sp_cfg_field *field = node->fields; field; field = field->next) {
        for (const struct sp_cfg_value *value = field->first; value; value = value->next) {
            const struct sp_cfg_node *found = value->node ? find_node(value->node, row) : NULL;
            if (found)
                return found;
        }
    }
    return NULL;
}

/* Whether the value came to be a setting of the element: it was parsed by this row. */
static bool is_parsed(const struct sp_config *config, const struct sp_cfg_element *row,
                      const struct sp_cfg_attribute *a)
{
    for (const struct sp_cfg_node *top = config->tree->nodes; top; top = top->next) {
        const struct sp_cfg_node *node = find_node(top, row);
        for (const struct sp_cfg_setting *s = node ? node->settings : NULL; s; s = s->next) {
            if (s->row == a && !s->defaulted)
                return true;
        }
        for (; node; node = node->parent) { /* something else that is needed is not in the sample */
            if (node->invalid)
                return true;
        }
    }
    return false;
}

static bool is_told(const struct sp_problems *problems, const char *id)
{
    for (const struct sp_problem *p = problems->first; p; p = p->next) {
        if (strcmp(p->id, id) == 0)
            return true;
    }
    return false;
}

static void parse_attribute(const struct sp_cfg_element *row, const char *path,
                            const struct sp_cfg_attribute *a)
{
    static struct memory_files tree;
    static const char *const environment[] = {NULL};
    char room[64];
    struct sp_buf xml;
    struct sp_problems problems;
    struct sp_config *config = NULL;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_config_options options = {
        .config_dir = "/s", .files = &tree.interface, .environment = environment, .keep_broken = true};
    sp_buf_init(&xml, 65536);
    write_sample(&xml, path, a, sample(a, room, sizeof room));
    memory_files_init(&tree);
    memory_files_add(&tree, SP_STR("/s/server.xml"), sp_buf_str(&xml));
    sp_problems_init(&problems);
    (void)!sp_config_load(&options, &problems, &config, &err);
    assert_non_null(config);
    if (is_told(&problems, "SALC0031W") || is_told(&problems, "SALC0030W") ||
        is_told(&problems, "SALC0040W") || is_told(&problems, "SALC0041E") || !is_parsed(config, row, a))
        fail_msg("%s@%s is not parsed: %.*s", path, a->name, SP_STR_ARG(sp_buf_str(&xml)));
    sp_config_free(config);
    sp_problems_finish(&problems);
    sp_buf_finish(&xml);
}

static void parse_row(const struct sp_cfg_element *element, const char *path, void *arg)
{
    for (size_t i = 0; i < element->attribute_count && !(element->flags & SP_CFG_ROOT_ONLY); i++) {
        if (strcmp(element->attributes[i].name, "*") != 0)
            parse_attribute(element, path, &element->attributes[i]);
    }
}

static void every_attribute_of_the_table_is_parsed(void **state)
{
    every_element(parse_row, NULL);
}

/* What is acted on names its test, and something outside the table reads it. */

static bool file_holds(const char *file, const char *what)
{
    struct sp_str text = read_project_file(file);
    return text.len && memmem(text.ptr, text.len, what, strlen(what));
}

static char acted_list[1 << 16];
static char sources[16 << 20]; /* everything in src/ but the rows of the table */
static size_t sources_len;

static void add_source(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return;
    sources_len += fread(sources + sources_len, 1, sizeof sources - 1 - sources_len, file);
    fclose(file);
}

static void add_sources(const char *directory, int depth)
{
    DIR *open = opendir(directory);
    for (struct dirent *entry; open && (entry = readdir(open));) {
        char path[4096];
        struct sp_str name = sp_str_of(entry->d_name);
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        if (entry->d_name[0] != '.' && sp_str_find(name, '.') == name.len && depth < 3)
            add_sources(path, depth + 1);
        else if (sp_str_ends(name, SP_STR(".c")) && !strstr(path, "src/config/table"))
            add_source(path);
    }
    if (open)
        closedir(open);
}

/* Whether some source reads the member of a structure: "->name" or ".name". */
static bool is_read(const char *field)
{
    const char *last = strrchr(field, '.') ? strrchr(field, '.') + 1 : field;
    size_t len = strlen(last);
    for (const char *at = sources; (at = strstr(at, last)); at += len) {
        bool member = at > sources + 1 && (at[-1] == '.' || (at[-1] == '>' && at[-2] == '-'));
        bool whole =
            !(at[len] == '_' || (at[len] >= 'a' && at[len] <= 'z') || (at[len] >= '0' && at[len] <= '9'));
        if (member && whole)
            return true;
    }
    return false;
}

static void check_acted(const struct sp_cfg_element *element, const char *path, void *arg)
{
    unsigned *wrong = arg;
    for (size_t i = 0; i < element->attribute_count && (element->flags & SP_CFG_ACTED); i++) {
        const struct sp_cfg_attribute *a = &element->attributes[i];
        char key[300], file[256], test[256];
        snprintf(key, sizeof key, "\n%s@%s ", path, a->name);
        const char *line = strstr(acted_list, key);
        bool listed = line != NULL;
        if (strcmp(a->name, "id") == 0)
            continue;
        if (listed != ((a->flags & SP_CFG_ACTED) != 0)) {
            print_message("# %s@%s is %s, but tests/data/config/acted.txt %s it\n", path, a->name,
                          a->flags & SP_CFG_ACTED ? "acted on" : "not acted on", listed ? "has" : "has not");
            (*wrong)++;
        }
        if (!listed)
            continue;
        if (a->field && !is_read(a->field)) {
            print_message("# %s@%s is acted on, but nothing reads %s\n", path, a->name, a->field);
            (*wrong)++;
        }
        if (sscanf(line + strlen(key), "%255s %255[^\n]", file, test) != 2 || !file_holds(file, test)) {
            print_message("# %s@%s: %s does not hold \"%s\"\n", path, a->name, file, test);
            (*wrong)++;
        }
    }
}

static void what_is_acted_on_is_tested(void **state)
{
    unsigned wrong = 0;
    struct sp_str list = read_project_file("tests/data/config/acted.txt");
    assert_true(list.len > 0 && list.len < sizeof acted_list);
    memcpy(acted_list, list.ptr, list.len);
    const char *root = getenv("SALLYPORT_SOURCE_ROOT");
    char directory[4096];
    snprintf(directory, sizeof directory, "%s/src", root ? root : ".");
    add_sources(directory, 0);
    assert_true(sources_len > 100000);
    every_element(check_acted, &wrong);
    assert_int_equal(wrong, 0);
}

static void misprints_and_names_without_a_prefix_are_found(void **state)
{
    static const char *const pairs[][2] = {
        {"zconnect_zosConnectManager", "zosconnect_zosConnectManager"},
        {"zoscconnect_zosConnectServiceRestClientBasicAuth",
         "zosconnect_zosConnectServiceRestClientBasicAuth"},
        {"zosConnectManager", "zosconnect_zosConnectManager"},
        {"authorizationInterceptor", "zosconnect_authorizationInterceptor"},
        {"fileSystemloggerInterceptor", "zosconnect_fileSystemLoggerInterceptor"},
        {"mqzOSConnectService", "mqzosconnect_mqzOSConnectService"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const struct sp_cfg_element *row = sp_cfg_element_find(sp_str_of(pairs[i][0]));
        assert_non_null(row);
        assert_string_equal(row->name, pairs[i][1]);
    }
    static const char *const none[] = {"",   "_", "zosconnect_", "HTTPENDPOINT", "omegamon_zosConnectManager",
                                       "x_y"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_null(sp_cfg_element_find(sp_str_of(none[i])));
}

static void names_are_explained(void **state)
{
    struct sp_buf buf;
    struct sp_error err = SP_ERROR_INIT;
    sp_buf_init(&buf, 65536);
    assert_int_equal(sp_cfg_explain(SP_STR("ssl@clientauthentication"), &buf, &err), SP_OK);
    assert_non_null(memmem(buf.ptr, buf.len, "must show a certificate", 23));
    assert_non_null(memmem(buf.ptr, buf.len, "default: false", 14));
    sp_buf_reset(&buf);
    assert_int_equal(sp_cfg_explain(SP_STR("basicRegistry/group/member"), &buf, &err), SP_OK);
    assert_int_equal(sp_cfg_explain(SP_STR("basicRegistry/grup"), &buf, &err), SP_ENOTFOUND);
    assert_string_equal(err.text, "there is no element grup in basicRegistry; did you mean group?");
    assert_int_equal(sp_cfg_explain(SP_STR("ssl@keyStorRef"), &buf, &err), SP_ENOTFOUND);
    assert_string_equal(err.text, "ssl has no attribute keyStorRef; did you mean keyStoreRef?");
    assert_int_equal(sp_cfg_explain(SP_STR(""), &buf, &err), SP_ENOTFOUND);
    sp_buf_finish(&buf);
}

static void names_of_ciphers_are_those_of_openssl(void **state)
{
    assert_string_equal(sp_cipher_openssl_name(SP_STR("TLS_RSA_WITH_AES_128_CBC_SHA")), "AES128-SHA");
    assert_string_equal(sp_cipher_openssl_name(SP_STR("SSL_RSA_WITH_AES_128_CBC_SHA")), "AES128-SHA");
    assert_string_equal(sp_cipher_openssl_name(SP_STR("TLS_AES_128_GCM_SHA256")), "TLS_AES_128_GCM_SHA256");
    assert_null(sp_cipher_openssl_name(SP_STR("AES128-SHA")));
    assert_null(sp_cipher_openssl_name(SP_STR("TLS_")));
    assert_null(sp_cipher_openssl_name(SP_STR("tls_rsa_with_aes_128_cbc_sha")));
    assert_true(sp_cipher_is_provided("ECDHE-RSA-AES128-GCM-SHA256"));
    assert_true(sp_cipher_is_provided("TLS_CHACHA20_POLY1305_SHA256"));
    assert_false(sp_cipher_is_provided("EXP-RC4-MD5"));
    assert_true(sp_cipher_is_tls13("TLS_CHACHA20_POLY1305_SHA256"));
    assert_false(sp_cipher_is_tls13("AES128-SHA"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_of_elements_is_that_of_the_table),
        cmocka_unit_test(the_page_of_messages_holds_those_of_the_configuration),
        cmocka_unit_test(every_message_id_has_cause_and_action),
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(every_attribute_of_the_table_is_parsed),
        cmocka_unit_test(what_is_acted_on_is_tested),
        cmocka_unit_test(misprints_and_names_without_a_prefix_are_found),
        cmocka_unit_test(names_are_explained),
        cmocka_unit_test(names_of_ciphers_are_those_of_openssl),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
