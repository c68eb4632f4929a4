/* SPDX-License-Identifier: Apache-2.0 */
#include "region/definition.h"

#include "text/yaml.h"

#define LIST_MAX 10000u

struct reader {
    struct sp_arena *arena;
    struct sp_str directory;
    struct sp_error *err;
    const char *section; /* for messages: "region", "program PARTINQ" */
};

static enum sp_status wrong(const struct reader *reader, struct sp_str name, const char *what)
{
    return sp_error_set(reader->err, SP_EINVAL, NULL, "%s: %.*s %s", reader->section, SP_STR_ARG(name), what);
}

static enum sp_status no_memory(const struct reader *reader)
{
    return sp_error_set(reader->err, SP_ENOMEM, NULL, "no memory for the region's definition");
}

/* --- one value --------------------------------------------------------------------------------------- */

enum form {
    FORM_NAME,
    FORM_TEXT,
    FORM_PATH,
    FORM_NUMBER,
    FORM_BOOL,
    FORM_CHOICE,
    FORM_NAMES,
    FORM_PATHS,
    FORM_OWN
};

struct attribute {
    const char *name;
    enum form form;
    size_t at; /* sp_str; uint32_t; bool; for lists a pointer, the count in the next attribute's place */
    uint32_t min, max;  /* of a length, or a number */
    const char *wanted; /* for messages; of a choice: the words, separated by '|' */
    size_t count_at;    /* lists */
};

static enum sp_status put_path(const struct reader *reader, struct sp_str text, struct sp_str *ret_path)
{
    struct sp_str path =
        text.len && *text.ptr != '/' && reader->directory.len
            ? sp_arena_printf(reader->arena, "%.*s/%.*s", SP_STR_ARG(reader->directory), SP_STR_ARG(text))
            : sp_arena_str(reader->arena, text);
    if (!path.ptr)
        return no_memory(reader);
    *ret_path = path;
    return SP_OK;
}

/* Names of programs, transactions, users: what CICS allows them, and what cannot lead out of a directory. */
static bool is_name(struct sp_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '@' ||
              c == '#' || c == '$' || c == '-' || c == '_'))
            return false;
    }
    return true;
}

static enum sp_status put_text(const struct reader *reader, const struct attribute *a,
                               const struct sp_json_value *value, struct sp_str *ret_text)
{
    /* A name such as 1234 is a number to YAML. */
    bool is_text = value->kind == SP_JSON_IS_STRING || value->kind == SP_JSON_IS_NUMBER;
    if (!is_text || value->text.len < a->min || value->text.len > a->max ||
        (a->form != FORM_TEXT && a->form != FORM_PATH && a->form != FORM_PATHS && !is_name(value->text)))
        return wrong(reader, sp_str_of(a->name), a->wanted);
    if (a->form == FORM_PATH || a->form == FORM_PATHS)
        return put_path(reader, value->text, ret_text);
    struct sp_str copy = sp_arena_str(reader->arena, value->text);
    if (!copy.ptr)
        return no_memory(reader);
    *ret_text = copy;
    return SP_OK;
}

static enum sp_status put_list(const struct reader *reader, const struct attribute *a,
                               const struct sp_json_value *value, void *object)
{
    if (value->kind != SP_JSON_IS_ARRAY || value->count > LIST_MAX)
        return wrong(reader, sp_str_of(a->name), a->wanted);
    struct sp_str *items = sp_arena_calloc(reader->arena, value->count + 1, sizeof *items);
    if (!items)
        return no_memory(reader);
    size_t count = 0;
    for (const struct sp_json_value *item = value->first; item; item = item->next) {
        enum sp_status status = put_text(reader, a, item, &items[count++]);
        if (status != SP_OK)
            return status;
    }
    *(const struct sp_str **)((char *)object + a->at) = items;
    *(size_t *)((char *)object + a->count_at) = count;
    return SP_OK;
}

static enum sp_status put_choice(const struct reader *reader, const struct attribute *a,
                                 const struct sp_json_value *value, int *ret_choice)
{
    struct sp_str words = sp_str_of(a->wanted), word;
    words = sp_str_slice(words, sp_str_find(words, ':') + 2, words.len);
    for (int i = 0; sp_str_split(&words, '|', &word); i++) {
        if (value->kind == SP_JSON_IS_STRING && sp_str_caseless_eq(word, value->text)) {
            *ret_choice = i;
            return SP_OK;
        }
    }
    return wrong(reader, sp_str_of(a->name), a->wanted);
}

static enum sp_status put_value(const struct reader *reader, const struct attribute *a,
                                const struct sp_json_value *value, void *object)
{
    void *place = (char *)object + a->at;
    uint64_t number;
    switch (a->form) {
    case FORM_NUMBER:
        if (value->kind != SP_JSON_IS_NUMBER || sp_str_to_u64(value->text, &number) != SP_OK ||
            number < a->min || number > a->max)
            return wrong(reader, sp_str_of(a->name), a->wanted);
        *(uint32_t *)place = (uint32_t)number;
        return SP_OK;
    case FORM_BOOL:
        if (value->kind != SP_JSON_IS_TRUE && value->kind != SP_JSON_IS_FALSE)
            return wrong(reader, sp_str_of(a->name), "must be true or false");
        *(bool *)place = value->kind == SP_JSON_IS_TRUE;
        return SP_OK;
    case FORM_CHOICE:
        return put_choice(reader, a, value, place);
    case FORM_NAMES:
    case FORM_PATHS:
        return put_list(reader, a, value, object);
    case FORM_OWN:
        return SP_OK;
    default:
        return put_text(reader, a, value, place);
    }
}

/* All members of an object after a table that ends without a name; an unknown one is refused, for it may be a
 * misspelt limit. */
static enum sp_status put_values(const struct reader *reader, const struct attribute *attributes,
                                 const struct sp_json_value *object, void *place)
{
    if (object->kind != SP_JSON_IS_OBJECT)
        return wrong(reader, SP_STR("this"), "must have attributes, as \"name: value\"");
    for (const struct sp_json_value *member = object->first; member; member = member->next) {
        const struct attribute *a = attributes;
        while (a->name && !sp_str_is(member->name, a->name))
            a++;
        if (!a->name)
            return wrong(reader, member->name, "is no attribute here");
        if (member->kind == SP_JSON_IS_NULL)
            continue;
        enum sp_status status = put_value(reader, a, member, place);
        if (status != SP_OK)
            return status;
    }
    return SP_OK;
}

/* --- sections ---------------------------------------------------------------------------------------- */

struct region_values {
    struct sp_definition definition;
    struct sp_str listen;
    int profile;
};

#define REGION(member) offsetof(struct region_values, definition.member)
#define NAME_OF_8 "must be a name of 1 to 8 letters, digits, @, # or $"
#define A_PATH "must be a path"

static const struct attribute region_attributes[] = {
    {"applid", FORM_NAME, REGION(applid), 1, 8, NAME_OF_8, 0},
    {"networkid", FORM_NAME, REGION(networkid), 0, 8, NAME_OF_8, 0},
    {"ccsid", FORM_NUMBER, REGION(ccsid), 1, 65535, "must be the number of an EBCDIC set, such as 37", 0},
    {"dataProfile", FORM_CHOICE, offsetof(struct region_values, profile), 0, 0, "must be one of: zos|native",
     0},
    {"listen", FORM_TEXT, offsetof(struct region_values, listen), 1, 280, "must be HOST:PORT", 0},
    {"socket", FORM_PATH, REGION(unix_path), 1, 107, A_PATH, 0},
    {"tlsCertificate", FORM_PATH, REGION(tls_certificate), 1, 1024, A_PATH, 0},
    {"tlsKey", FORM_PATH, REGION(tls_key), 1, 1024, A_PATH, 0},
    {"tlsClientTrust", FORM_PATH, REGION(tls_client_trust), 1, 1024, A_PATH, 0},
    {"workers", FORM_NUMBER, REGION(workers), 1, 1000, "must be 1 to 1000", 0},
    {"maxTasks", FORM_NUMBER, REGION(max_tasks), 1, 2000, "must be 1 to 2000", 0},
    {"maxConnections", FORM_NUMBER, REGION(max_connections), 1, 10000, "must be 1 to 10000", 0},
    {"timeLimit", FORM_NUMBER, REGION(time_limit_ms), 1, 86400000, "must be 1 to 86400000 milliseconds", 0},
    {"runaway", FORM_NUMBER, REGION(runaway_ms), 0, 2700000, "must be 0 to 2700000 milliseconds", 0},
    {"modules", FORM_PATH, REGION(modules), 1, 1024, A_PATH, 0},
    {"data", FORM_PATH, REGION(data), 1, 1024, A_PATH, 0},
    {"mirror", FORM_NAME, REGION(mirror), 1, 4, "must be a name of 1 to 4", 0},
    {"defaultUser", FORM_NAME, REGION(default_user), 1, 8, NAME_OF_8, 0},
    {"regionUser", FORM_NAME, REGION(region_user), 1, 8, NAME_OF_8, 0},
    {"saf", FORM_PATH, REGION(saf), 1, 1024, A_PATH, 0},
    {"safKey", FORM_PATH, REGION(saf_key), 1, 1024, A_PATH, 0},
    {"auditSocket", FORM_PATH, REGION(audit_socket), 1, 107, A_PATH, 0},
    {"resourceSecurity", FORM_BOOL, REGION(resource_security), 0, 0, NULL, 0},
    {"copybooks", FORM_PATHS, REGION(copybooks), 1, 1024, "must be a list of paths", REGION(copybook_count)},
    {NULL, FORM_OWN, 0, 0, 0, NULL, 0},
};

static enum sp_status split_listen(const struct reader *reader, struct sp_str listen, struct sp_definition *d)
{
    size_t colon = listen.len;
    while (colon && listen.ptr[colon - 1] != ':')
        colon--;
    uint64_t port;
    if (!colon || sp_str_to_u64(sp_str_slice(listen, colon, listen.len), &port) != SP_OK || port > 65535)
        return wrong(reader, SP_STR("listen"), "must be HOST:PORT");
    struct sp_str host = sp_str_slice(listen, 0, colon - 1);
    if (sp_str_starts(host, SP_STR("[")) && sp_str_ends(host, SP_STR("]")))
        host = sp_str_slice(host, 1, host.len - 1);
    d->host = sp_arena_str(reader->arena, host);
    d->port = (unsigned)port;
    return d->host.ptr ? SP_OK : no_memory(reader);
}

static enum sp_status read_region(struct reader *reader, const struct sp_json_value *section,
                                  struct sp_definition *definition)
{
    struct region_values values = {.definition = {.applid = SP_STR("REGION"),
                                                  .ccsid = 37,
                                                  .workers = 4,
                                                  .max_tasks = 250,
                                                  .max_connections = 1000,
                                                  .time_limit_ms = 60000,
                                                  .runaway_ms = 5000,
                                                  .mirror = SP_STR("CSMI"),
                                                  .default_user = SP_STR("CICSUSER")},
                                   .listen = {NULL, 0}};
    reader->section = "region";
    enum sp_status status = put_path(reader, SP_STR("modules"), &values.definition.modules);
    if (status == SP_OK)
        status = put_path(reader, SP_STR("."), &values.definition.data);
    if (status == SP_OK && section)
        status = put_values(reader, region_attributes, section, &values);
    if (!values.listen.ptr && !values.definition.unix_path.len)
        values.listen = SP_STR("127.0.0.1:1435");
    if (status == SP_OK && values.listen.ptr)
        status = split_listen(reader, values.listen, &values.definition);
    const struct sp_definition *d = &values.definition;
    if (status == SP_OK &&
        (!d->tls_certificate.len != !d->tls_key.len || (d->tls_client_trust.len && !d->tls_certificate.len)))
        status = wrong(reader, SP_STR("tlsCertificate"), "needs tlsKey; tlsKey and tlsClientTrust need it");
    if (status == SP_OK && !d->saf.len && (d->saf_key.len || d->audit_socket.len || d->resource_security))
        status = wrong(reader, SP_STR("saf"), "is missing: safKey, auditSocket and resourceSecurity need it");
    values.definition.is_native = values.profile == 1;
    if (values.definition.is_native)
        values.definition.ccsid = 819;
    if (status == SP_OK)
        *definition = values.definition;
    return status;
}

#define IPCONN(member) offsetof(struct sp_ipconn, member)
static const struct attribute ipconn_attributes[] = {
    {"name", FORM_NAME, IPCONN(name), 1, 8, NAME_OF_8, 0},
    {"applid", FORM_NAME, IPCONN(applid), 0, 8, NAME_OF_8, 0},
    {"networkid", FORM_NAME, IPCONN(networkid), 0, 8, NAME_OF_8, 0},
    {"userAuth", FORM_CHOICE, IPCONN(user_auth), 0, 0, "must be one of: LOCAL|IDENTIFY|VERIFY|DEFAULTUSER",
     0},
    {"securityName", FORM_NAME, IPCONN(security_name), 0, 8, NAME_OF_8, 0},
    {"trustNetwork", FORM_BOOL, IPCONN(trust_network), 0, 0, NULL, 0},
    {NULL, FORM_OWN, 0, 0, 0, NULL, 0},
};

static enum sp_status read_ipconns(struct reader *reader, const struct sp_json_value *section,
                                   struct sp_definition *definition)
{
    size_t count = section ? section->count : 0;
    struct sp_ipconn *ipconns = sp_arena_calloc(reader->arena, count + 1, sizeof *ipconns);
    reader->section = "connections";
    if (!ipconns)
        return no_memory(reader);
    if (section && (section->kind != SP_JSON_IS_ARRAY || count > LIST_MAX))
        return wrong(reader, SP_STR("this"), "must be a list");
    size_t n = 0;
    for (const struct sp_json_value *item = section ? section->first : NULL; item; item = item->next) {
        enum sp_status status = put_values(reader, ipconn_attributes, item, &ipconns[n]);
        if (status != SP_OK)
            return status;
        if (!ipconns[n].name.len)
            return wrong(reader, SP_STR("name"), "is missing");
        if (ipconns[n].user_auth == SP_USERAUTH_VERIFY && !definition->saf.len)
            return wrong(reader, SP_STR("userAuth"), "VERIFY needs saf, the database that knows passwords");
        n++;
    }
    /* Without any, whoever can reach the port is let in, and runs under the default user. */
    if (!section)
        ipconns[n++] = (struct sp_ipconn){.name = SP_STR("DEFAULT"), .user_auth = SP_USERAUTH_DEFAULTUSER};
    definition->ipconns = ipconns;
    definition->ipconn_count = n;
    return SP_OK;
}

static const struct attribute transaction_attributes[] = {
    {"program", FORM_NAME, offsetof(struct sp_transaction, program), 1, 8, NAME_OF_8, 0},
    {NULL, FORM_OWN, 0, 0, 0, NULL, 0},
};

/* "program PARTINQ" for messages. */
static enum sp_status enter(struct reader *reader, const char *what, const struct sp_json_value *item,
                            size_t longest)
{
    struct sp_str section = sp_arena_printf(reader->arena, "%s %.*s", what, SP_STR_ARG(item->name));
    if (!section.ptr)
        return no_memory(reader);
    reader->section = section.ptr;
    if (!item->name.len || item->name.len > longest || !is_name(item->name))
        return wrong(reader, SP_STR("this"), "is no name of letters, digits, @, # and $, or too long");
    return SP_OK;
}

static enum sp_status check_section(struct reader *reader, const char *name,
                                    const struct sp_json_value *section)
{
    reader->section = name;
    if (section && (section->kind != SP_JSON_IS_OBJECT || section->count > LIST_MAX))
        return wrong(reader, SP_STR("this"), "must have names, with their attributes below");
    return SP_OK;
}

static enum sp_status read_transactions(struct reader *reader, const struct sp_json_value *section,
                                        struct sp_definition *definition)
{
    enum sp_status status = check_section(reader, "transactions", section);
    size_t n = 0, count = section && status == SP_OK ? section->count : 0;
    struct sp_transaction *list = sp_arena_calloc(reader->arena, count + 1, sizeof *list);
    if (status != SP_OK || !list)
        return status != SP_OK ? status : no_memory(reader);
    for (const struct sp_json_value *item = section ? section->first : NULL; item; item = item->next, n++) {
        list[n].program = SP_STR("DFHMIRS");
        status = enter(reader, "transaction", item, 4);
        if (status == SP_OK && item->kind != SP_JSON_IS_NULL)
            status = put_values(reader, transaction_attributes, item, &list[n]);
        list[n].name = sp_arena_str(reader->arena, item->name);
        if (status != SP_OK || !list[n].name.ptr)
            return status != SP_OK ? status : no_memory(reader);
    }
    definition->transactions = list;
    definition->transaction_count = n;
    return SP_OK;
}

struct program_values {
    struct sp_program program;
    int stop_run;
};

#define PROGRAM(member) offsetof(struct program_values, program.member)
#define A_DATA_NAME "must be a data-name"

static const struct attribute program_attributes[] = {
    {"module", FORM_NAME, PROGRAM(module), 1, 31, "must be a file's name without .so", 0},
    {"source", FORM_PATH, PROGRAM(source), 1, 1024, A_PATH, 0},
    {"commarea", FORM_NAME, PROGRAM(commarea), 1, 31, A_DATA_NAME, 0},
    {"redefines", FORM_NAMES, PROGRAM(redefines), 1, 31, "must be a list of data-names",
     PROGRAM(redefine_count)},
    {"stopRun", FORM_CHOICE, offsetof(struct program_values, stop_run), 0, 0, "must be one of: abend|return",
     0},
    {"checks", FORM_BOOL, PROGRAM(checks), 0, 0, NULL, 0},
    {"containers", FORM_OWN, 0, 0, 0, NULL, 0},
    {NULL, FORM_OWN, 0, 0, 0, NULL, 0},
};

static enum sp_status read_containers(struct reader *reader, const struct sp_json_value *section,
                                      struct sp_program *program)
{
    static const struct attribute record = {
        "containers", FORM_NAME, 0, 1, 31, "must be CONTAINER: RECORD", 0};
    size_t n = 0, count = section ? section->count : 0;
    if (section && (section->kind != SP_JSON_IS_OBJECT || count > 256))
        return wrong(reader, SP_STR("containers"), "must be CONTAINER: RECORD, at most 256");
    struct sp_container_layout *list = sp_arena_calloc(reader->arena, count + 1, sizeof *list);
    if (!list)
        return no_memory(reader);
    for (const struct sp_json_value *item = section ? section->first : NULL; item; item = item->next, n++) {
        enum sp_status status = put_text(reader, &record, item, &list[n].record);
        list[n].container = sp_arena_str(reader->arena, item->name);
        if (status != SP_OK || !list[n].container.ptr)
            return status != SP_OK ? status : no_memory(reader);
    }
    program->containers = list;
    program->container_count = n;
    return SP_OK;
}

static enum sp_status read_program(struct reader *reader, const struct sp_json_value *item,
                                   struct sp_program *ret_program)
{
    struct program_values values = {0};
    enum sp_status status = enter(reader, "program", item, 8);
    if (status == SP_OK && item->kind != SP_JSON_IS_NULL)
        status = put_values(reader, program_attributes, item, &values);
    if (status == SP_OK)
        status = read_containers(reader, sp_json_member(item, SP_STR("containers")), &values.program);
    values.program.name = sp_arena_str(reader->arena, item->name);
    if (status != SP_OK || !values.program.name.ptr)
        return status != SP_OK ? status : no_memory(reader);
    if (!values.program.module.len)
        values.program.module = values.program.name;
    values.program.stop_run_returns = values.stop_run == 1;
    *ret_program = values.program;
    return SP_OK;
}

static enum sp_status read_programs(struct reader *reader, const struct sp_json_value *section,
                                    struct sp_definition *definition)
{
    enum sp_status status = check_section(reader, "programs", section);
    size_t n = 0, count = section && status == SP_OK ? section->count : 0;
    struct sp_program *list = sp_arena_calloc(reader->arena, count + 1, sizeof *list);
    if (status != SP_OK || !list)
        return status != SP_OK ? status : no_memory(reader);
    for (const struct sp_json_value *item = section ? section->first : NULL; item; item = item->next) {
        status = read_program(reader, item, &list[n++]);
        if (status != SP_OK)
            return status;
    }
    definition->programs = list;
    definition->program_count = n;
    return SP_OK;
}

static enum sp_status read_sections(struct reader *reader, const struct sp_json_value *document,
                                    struct sp_definition *definition)
{
    static const struct attribute sections[] = {
        {"region", FORM_OWN, 0, 0, 0, NULL, 0},       {"connections", FORM_OWN, 0, 0, 0, NULL, 0},
        {"transactions", FORM_OWN, 0, 0, 0, NULL, 0}, {"programs", FORM_OWN, 0, 0, 0, NULL, 0},
        {NULL, FORM_OWN, 0, 0, 0, NULL, 0},
    };
    reader->section = "file";
    enum sp_status status = put_values(reader, sections, document, definition);
    if (status == SP_OK)
        status = read_region(reader, sp_json_member(document, SP_STR("region")), definition);
    if (status == SP_OK)
        status = read_ipconns(reader, sp_json_member(document, SP_STR("connections")), definition);
    if (status == SP_OK)
        status = read_transactions(reader, sp_json_member(document, SP_STR("transactions")), definition);
    if (status == SP_OK)
        status = read_programs(reader, sp_json_member(document, SP_STR("programs")), definition);
    return status;
}

enum sp_status sp_definition_read(struct sp_str text, const char *file, struct sp_str directory,
                                  struct sp_arena *arena, const struct sp_definition **ret_definition,
                                  struct sp_error *err)
{
    struct reader reader = {.arena = arena, .directory = directory, .err = err};
    struct sp_json_value *document;
    enum sp_status status = sp_yaml_parse(text, file, arena, NULL, &document, err);
    if (status != SP_OK)
        return status;
    struct sp_definition *definition = sp_arena_calloc(arena, 1, sizeof *definition);
    if (!definition)
        return no_memory(&reader);
    status = read_sections(&reader, document, definition);
    if (status != SP_OK) {
        sp_error_at(err, file, 0, 0);
        return status;
    }
    *ret_definition = definition;
    return SP_OK;
}

/* --- look-up ----------------------------------------------------------------------------------------- */

const struct sp_program *sp_definition_program(const struct sp_definition *definition, struct sp_str name)
{
    for (size_t i = 0; i < definition->program_count; i++)
        if (sp_str_eq(definition->programs[i].name, name))
            return &definition->programs[i];
    return NULL;
}

const struct sp_transaction *sp_definition_transaction(const struct sp_definition *definition,
                                                       struct sp_str name)
{
    for (size_t i = 0; i < definition->transaction_count; i++)
        if (sp_str_eq(definition->transactions[i].name, name))
            return &definition->transactions[i];
    return NULL;
}

const struct sp_ipconn *sp_definition_ipconn(const struct sp_definition *definition, struct sp_str applid,
                                             struct sp_str networkid)
{
    const struct sp_ipconn *best = NULL;
    unsigned best_score = 0;
    for (size_t i = 0; i < definition->ipconn_count; i++) {
        const struct sp_ipconn *c = &definition->ipconns[i];
        bool fits = (!c->applid.len || sp_str_eq(c->applid, applid)) &&
                    (!c->networkid.len || sp_str_eq(c->networkid, networkid));
        unsigned score = fits ? 1 + 2 * (c->applid.len != 0) + (c->networkid.len != 0) : 0;
        if (score > best_score) {
            best = c;
            best_score = score;
        }
    }
    return best;
}
