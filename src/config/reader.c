/* SPDX-License-Identifier: Apache-2.0
 * From files to occurrences of elements: drop-ins, server.xml, includes, variables.
 */
#include <stdlib.h>

#include "config/load.h"
#include "config/value.h"

#define FILE_CEILING ((size_t)16 << 20)
#define NAMES_CEILING ((size_t)4 << 20)
#define DEPTH_MAX 32
#define DOCUMENTS_MAX 5000

/* What exists without being written. */
static const char built_in[] = "<server>"
                               "<httpEndpoint id='defaultHttpEndpoint' httpPort='9080' httpsPort='9443'/>"
                               "<httpOptions id='defaultHttpOptions'/>"
                               "<sslOptions id='defaultSSLOptions'/>"
                               "<ssl id='defaultSSLConfig' keyStoreRef='defaultKeyStore'/>"
                               "</server>";

static struct sp_cfg_document *add_document(struct sp_load *load, struct sp_str path,
                                            const struct sp_cfg_document *parent,
                                            enum sp_cfg_conflict conflict)
{
    struct sp_cfg_document *document = sp_arena_calloc(load->arena, 1, sizeof *document);
    if (!document)
        return NULL;
    document->path = path;
    document->parent = parent;
    document->conflict = conflict;
    document->depth = parent ? parent->depth + 1 : 0;
    *load->tree->documents_tail = document;
    load->tree->documents_tail = &document->next;
    load->tree->document_count++;
    return document;
}

static struct sp_load_place at(const struct sp_cfg_document *document, const struct sp_xml_element *element)
{
    return (struct sp_load_place){document, element->line, element->column};
}

static enum sp_status add_variable(struct sp_load *load, const struct sp_cfg_document *document,
                                   const struct sp_xml_element *element)
{
    struct sp_variables *variables = &load->tree->variables;
    struct sp_str name = sp_xml_attribute(element, "name"), value = sp_xml_attribute(element, "value"),
                  fallback = sp_xml_attribute(element, "defaultValue");
    if (!name.ptr || name.len == 0) {
        sp_load_fault(load, SP_MSG_VARIABLE_NAME, at(document, element),
                      "<variable> has no name; add name=\"...\"");
        return SP_OK;
    }
    if (!value.ptr && !fallback.ptr)
        sp_load_fault(load, SP_MSG_VARIABLE_VALUE, at(document, element),
                      "variable \"%.*s\" has neither value nor defaultValue", SP_STR_ARG(name));
    bool ignore = document->conflict == SP_CFG_IGNORE;
    enum sp_status status = SP_OK;
    if (value.ptr && !(ignore && sp_variables_has(variables, SP_VAR_SERVER_XML, name)))
        status = sp_variables_set(variables, SP_VAR_SERVER_XML, name, value);
    if (status == SP_OK && fallback.ptr && !(ignore && sp_variables_has(variables, SP_VAR_DEFAULT, name)))
        status = sp_variables_set(variables, SP_VAR_DEFAULT, name, fallback);
    return status;
}

static enum sp_status read_document(struct sp_load *load, struct sp_str path,
                                    const struct sp_cfg_document *parent, enum sp_cfg_conflict conflict,
                                    struct sp_buf *contents);

static int compare_names(const void *a, const void *b)
{
    return sp_str_cmp(*(const struct sp_str *)a, *(const struct sp_str *)b);
}

/* By lower-cased name, then by name. */
static int compare_folded(const void *a, const void *b)
{
    struct sp_str x = *(const struct sp_str *)a, y = *(const struct sp_str *)b;
    for (size_t i = 0; i < x.len && i < y.len; i++) {
        int difference = (unsigned char)sp_lower(x.ptr[i]) - (unsigned char)sp_lower(y.ptr[i]);
        if (difference)
            return difference;
    }
    return x.len != y.len ? (x.len < y.len ? -1 : 1) : sp_str_cmp(x, y);
}

/* The names ending in .xml (any case) in a directory, sorted, in the arena. SP_ENOTFOUND: no directory. */
static enum sp_status xml_files(struct sp_load *load, struct sp_str directory,
                                int (*compare)(const void *, const void *), struct sp_str **ret_names,
                                size_t *ret_count)
{
    struct sp_buf buf;
    sp_buf_init(&buf, NAMES_CEILING);
    enum sp_status status = sp_load_list(load, directory, &buf);
    struct sp_str all = sp_arena_str(load->arena, sp_buf_str(&buf)), name;
    sp_buf_finish(&buf);
    if (status != SP_OK || !all.ptr)
        return status == SP_OK ? SP_ENOMEM : status;
    size_t count = 0;
    for (size_t i = 0; i < all.len; i++)
        count += all.ptr[i] == '\0';
    struct sp_str *names = sp_arena_calloc(load->arena, count + 1, sizeof *names);
    if (!names)
        return SP_ENOMEM;
    count = 0;
    while (sp_str_split(&all, '\0', &name)) {
        if (name.len >= 4 && sp_str_caseless_eq(sp_str_slice(name, name.len - 4, name.len), SP_STR(".xml")))
            names[count++] = name;
    }
    qsort(names, count, sizeof *names, compare);
    *ret_names = names;
    *ret_count = count;
    return SP_OK;
}

static bool is_cycle(const struct sp_cfg_document *document, struct sp_str path)
{
    for (; document; document = document->parent) {
        if (sp_str_eq(document->path, path))
            return true;
    }
    return false;
}

static enum sp_status include_missing(struct sp_load *load, const struct sp_cfg_document *document,
                                      const struct sp_xml_element *element, struct sp_str path, bool optional)
{
    if (optional)
        sp_load_problem(load, SP_MSG_INCLUDE_OPTIONAL, at(document, element),
                        "the optional file %.*s is not there", SP_STR_ARG(path));
    else
        sp_load_fault(load, SP_MSG_INCLUDE_MISSING, at(document, element),
                      "the included file %.*s is not there: its elements are missing; create it or write "
                      "optional=\"true\"",
                      SP_STR_ARG(path));
    return SP_OK;
}

struct include {
    const struct sp_cfg_document *document;
    const struct sp_xml_element *element;
    enum sp_cfg_conflict conflict;
    bool optional;
};

static enum sp_status include_file(struct sp_load *load, const struct include *include, struct sp_str path);

static enum sp_status include_directory(struct sp_load *load, const struct include *include,
                                        struct sp_str path)
{
    struct sp_str *names;
    size_t count;
    enum sp_status status = xml_files(load, path, compare_names, &names, &count);
    if (status == SP_ENOTFOUND)
        return include_missing(load, include->document, include->element, path, include->optional);
    const char *slash = sp_str_ends(path, SP_STR("/")) ? "" : "/";
    for (size_t i = 0; i < count && status == SP_OK; i++) {
        struct sp_str file =
            sp_arena_printf(load->arena, "%.*s%s%.*s", SP_STR_ARG(path), slash, SP_STR_ARG(names[i]));
        status = file.ptr ? include_file(load, include, file) : SP_ENOMEM;
    }
    return status;
}

static enum sp_status include_file(struct sp_load *load, const struct include *include, struct sp_str path)
{
    struct sp_load_place place = at(include->document, include->element);
    if (is_cycle(include->document, path)) {
        sp_load_problem(load, SP_MSG_INCLUDE_CYCLE, place,
                        "%.*s includes itself, directly or through others; this include is skipped",
                        SP_STR_ARG(path));
        return SP_OK;
    }
    if (include->document->depth + 1 >= DEPTH_MAX || load->tree->document_count >= DOCUMENTS_MAX) {
        sp_load_problem(load, SP_MSG_INCLUDE_DEEP, place,
                        "files are included more than %d deep, or there are more than %d of them", DEPTH_MAX,
                        DOCUMENTS_MAX);
        return SP_OK;
    }
    struct sp_buf contents;
    struct sp_error err = SP_ERROR_INIT;
    sp_buf_init(&contents, FILE_CEILING);
    enum sp_status status = sp_load_read(load, path, &contents, &err);
    if (status == SP_ENOTFOUND) {
        status = include_missing(load, include->document, include->element, path, include->optional);
    } else if (status == SP_EUNSUPPORTED) {
        status = include_directory(load, include, path);
    } else if (status != SP_OK) {
        sp_load_problem(load, SP_MSG_FILE_UNREADABLE, place, "%s", err.text);
        status = SP_OK;
    } else {
        status = read_document(load, path, include->document, include->conflict, &contents);
    }
    sp_buf_wipe(&contents);
    return status;
}

/* The directory of a document, with the '/'. */
static struct sp_str directory_of(struct sp_str path)
{
    size_t len = path.len;
    while (len && path.ptr[len - 1] != '/')
        len--;
    return sp_str_slice(path, 0, len);
}

static enum sp_cfg_conflict conflict_of(struct sp_load *load, const struct sp_cfg_document *document,
                                        const struct sp_xml_element *element)
{
    static const char *const names[] = {"MERGE", "REPLACE", "IGNORE", NULL};
    struct sp_str text = sp_xml_attribute(element, "onConflict");
    size_t index = SP_CFG_MERGE;
    if (!text.ptr)
        return document->conflict;
    if (sp_value_option(text, names, &index) != SP_OK)
        sp_load_fault(load, SP_MSG_INCLUDE_CONFLICT, at(document, element),
                      "onConflict=\"%.*s\" is not MERGE, REPLACE or IGNORE; MERGE is taken",
                      SP_STR_ARG(text));
    return (enum sp_cfg_conflict)index;
}

static enum sp_status include(struct sp_load *load, const struct sp_cfg_document *document,
                              const struct sp_xml_element *element)
{
    struct sp_str location = sp_xml_attribute(element, "location");
    struct include include = {document, element, conflict_of(load, document, element),
                              sp_str_caseless_eq(sp_xml_attribute(element, "optional"), SP_STR("true"))};
    location =
        location.ptr ? sp_load_resolve(load, sp_str_trim(location), at(document, element), NULL) : location;
    if (location.len == 0) {
        sp_load_fault(load, SP_MSG_INCLUDE_NO_LOCATION, at(document, element),
                      "<include> does not say which file; add location=\"...\"");
        return SP_OK;
    }
    if (sp_str_starts(location, SP_STR("file:/"))) {
        location = sp_str_slice(location, strlen("file:"), location.len);
    } else if (sp_value_is_uri(location)) {
        sp_load_problem(load, SP_MSG_INCLUDE_URL, at(document, element),
                        "%.*s: a configuration is not read over a network; copy the file beside server.xml",
                        SP_STR_ARG(location));
        return SP_OK;
    }
    struct sp_str path = location.ptr[0] == '/' ? location
                                                : sp_arena_printf(load->arena, "%.*s%.*s",
                                                                  SP_STR_ARG(directory_of(document->path)),
                                                                  SP_STR_ARG(location));
    path = path.ptr ? sp_value_path(path, load->arena) : path;
    if (!path.ptr)
        return SP_ENOMEM;
    return sp_str_ends(path, SP_STR("/")) ? include_directory(load, &include, path)
                                          : include_file(load, &include, path);
}

static enum sp_status add_element(struct sp_load *load, const struct sp_cfg_document *document,
                                  const struct sp_xml_element *element)
{
    struct sp_error err = SP_ERROR_INIT;
    enum sp_status status = sp_cfg_tree_add(load->tree, document, element, &err);
    if (status != SP_EINVAL)
        return status;
    sp_load_fault(load, SP_MSG_BOTH_WAYS, (struct sp_load_place){document, err.line, err.column},
                  "in <%.*s>, %s; the element is not used", SP_STR_ARG(element->name), err.text);
    return SP_OK;
}

static enum sp_status read_children(struct sp_load *load, const struct sp_cfg_document *document,
                                    const struct sp_xml_element *root)
{
    enum sp_status status = SP_OK;
    if (sp_str_trim(root->text).len)
        sp_load_problem(load, SP_MSG_STRAY_TEXT, at(document, root),
                        "there is text directly in <server>; it means nothing, look for a misplaced bracket");
    for (const struct sp_xml_element *child = root->first; child && status == SP_OK; child = child->next) {
        if (sp_str_is(child->name, "include"))
            status = include(load, document, child);
        else if (sp_str_is(child->name, "variable"))
            status = add_variable(load, document, child);
        else if (sp_str_is(child->name, "server"))
            sp_load_fault(load, SP_MSG_NESTED_SERVER, at(document, child),
                          "<server> inside <server>: its content is not used; move it one level up");
        else
            status = add_element(load, document, child);
    }
    return status;
}

static enum sp_status read_document(struct sp_load *load, struct sp_str path,
                                    const struct sp_cfg_document *parent, enum sp_cfg_conflict conflict,
                                    struct sp_buf *contents)
{
    struct sp_cfg_document *document = add_document(load, path, parent, conflict);
    struct sp_xml_element *root;
    struct sp_error err = SP_ERROR_INIT;
    if (!document)
        return SP_ENOMEM;
    enum sp_status status = sp_xml_parse(sp_buf_str(contents), NULL, load->arena, NULL, &root, &err);
    if (status == SP_ENOMEM)
        return status;
    if (status == SP_ELIMIT) {
        sp_load_problem(load, SP_MSG_LIMIT, (struct sp_load_place){document, err.line, err.column}, "%s",
                        err.text);
        return SP_OK;
    }
    if (status != SP_OK) {
        sp_load_problem(load, SP_MSG_NOT_XML, (struct sp_load_place){document, err.line, err.column}, "%s",
                        err.text);
        return SP_OK;
    }
    if (sp_str_is(root->name, "client")) {
        sp_load_problem(load, SP_MSG_CLIENT_FILE, at(document, root),
                        "this is a client's file; it is skipped");
        return SP_OK;
    }
    if (!sp_str_is(root->name, "server")) {
        sp_load_problem(load, SP_MSG_NOT_SERVER, at(document, root),
                        "the outermost element is <%.*s>, not <server>", SP_STR_ARG(root->name));
        return SP_OK;
    }
    return read_children(load, document, root);
}

/* configDropins/defaults and configDropins/overrides. */
static enum sp_status read_drop_ins(struct sp_load *load, const char *directory)
{
    struct sp_str *names;
    size_t count;
    struct sp_str path = sp_arena_printf(load->arena, "%.*sconfigDropins/%s/",
                                         SP_STR_ARG(load->config->config_dir), directory);
    if (!path.ptr)
        return SP_ENOMEM;
    enum sp_status status = xml_files(load, path, compare_folded, &names, &count);
    if (status == SP_ENOTFOUND)
        return SP_OK;
    for (size_t i = 0; i < count && status == SP_OK; i++) {
        struct sp_str file = sp_arena_printf(load->arena, "%.*s%.*s", SP_STR_ARG(path), SP_STR_ARG(names[i]));
        struct sp_buf contents;
        struct sp_error err = SP_ERROR_INIT;
        sp_buf_init(&contents, FILE_CEILING);
        status = file.ptr ? sp_load_read(load, file, &contents, &err) : SP_ENOMEM;
        if (status == SP_OK) {
            status = read_document(load, file, NULL, SP_CFG_MERGE, &contents);
        } else if (file.ptr) {
            sp_load_problem(load, SP_MSG_FILE_UNREADABLE, (struct sp_load_place){0}, "%s", err.text);
            status = SP_OK;
        }
        sp_buf_wipe(&contents);
    }
    return status == SP_ENOMEM ? status : SP_OK;
}

static enum sp_status read_built_in(struct sp_load *load)
{
    struct sp_cfg_document *document = add_document(load, SP_STR("(built in)"), NULL, SP_CFG_MERGE);
    struct sp_xml_element *root;
    if (!document)
        return SP_ENOMEM;
    document->built_in = true;
    enum sp_status status = sp_xml_parse(sp_str_of(built_in), NULL, load->arena, NULL, &root, NULL);
    return status == SP_OK ? read_children(load, document, root) : SP_ENOMEM;
}

enum sp_status sp_load_files(struct sp_load *load)
{
    enum sp_status status = read_built_in(load);
    if (status == SP_OK)
        status = read_drop_ins(load, "defaults");
    struct sp_str path = sp_arena_printf(load->arena, "%.*sserver.xml", SP_STR_ARG(load->config->config_dir));
    if (status != SP_OK || !path.ptr)
        return SP_ENOMEM;
    struct sp_buf contents;
    struct sp_error err = SP_ERROR_INIT;
    sp_buf_init(&contents, FILE_CEILING);
    status = sp_load_read(load, path, &contents, &err);
    if (status == SP_OK) {
        status = read_document(load, path, NULL, SP_CFG_MERGE, &contents);
    } else {
        sp_load_problem(load, SP_MSG_FILE_UNREADABLE, (struct sp_load_place){0}, "%s", err.text);
        status = SP_OK;
    }
    sp_buf_wipe(&contents);
    return status == SP_OK ? read_drop_ins(load, "overrides") : status;
}
