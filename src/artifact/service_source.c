/* SPDX-License-Identifier: Apache-2.0 */
#include "artifact/service_source.h"

#include "artifact/archive.h"
#include "base/buf.h"
#include "base/hash.h"
#include "text/base64.h"
#include "text/codepage.h"
#include "text/utf8.h"

struct reading {
    const char *file;
    struct sp_arena *arena;
    struct sp_error *err;
    struct sp_service_source *source;
    struct sp_hash keys; /* to find one given twice */
    struct sp_property *properties;
    struct sp_service_rule *rules;
    unsigned line;           /* where the present key stands */
    struct sp_str interface; /* programInterface */
};

static enum sp_status fail(const struct reading *r, enum sp_status status, const char *fmt, ...)
    SP_PRINTF(3, 4);

static enum sp_status fail(const struct reading *r, enum sp_status status, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    sp_error_vset(r->err, status, NULL, fmt, args);
    va_end(args);
    sp_error_at(r->err, r->file, r->line, 0);
    return status;
}

/* ---------------------------------------------------------------- lines */

/* The next logical line without blanks at its ends; a comment is an empty one. Continued lines are joined.
 * SP_ENOTFOUND at the end. */
static enum sp_status next_line(struct reading *r, struct sp_str *rest, unsigned *physical,
                                struct sp_str *ret_line)
{
    struct sp_str line, whole = {NULL, 0};
    bool more = true;
    r->line = *physical + 1;
    while (more && sp_str_split(rest, '\n', &line)) {
        ++*physical;
        line = sp_str_trim(line);
        more = line.len && line.ptr[line.len - 1] == '\\' && (whole.ptr || line.ptr[0] != '#');
        if (more)
            line = sp_str_trim(sp_str_slice(line, 0, line.len - 1));
        whole =
            whole.ptr ? sp_arena_printf(r->arena, "%.*s %.*s", SP_STR_ARG(whole), SP_STR_ARG(line)) : line;
        if (!whole.ptr)
            return fail(r, SP_ENOMEM, "no memory for the properties");
    }
    if (!whole.ptr)
        return SP_ENOTFOUND;
    *ret_line = whole.len && whole.ptr[0] == '#' ? SP_STR("") : whole;
    return SP_OK;
}

/* ---------------------------------------------------------------- keys with a place of their own */

typedef enum sp_status key_fn(struct reading *r, struct sp_str value, size_t offset);

static enum sp_status set_text(struct reading *r, struct sp_str value, size_t offset)
{
    memcpy((char *)r->source + offset, &value, sizeof value);
    return SP_OK;
}

static enum sp_status set_name(struct reading *r, struct sp_str value, size_t offset)
{
    if (!sp_artifact_name_ok(value))
        return fail(r, SP_EINVAL,
                    "\"%.*s\" cannot be the name of a service: it is part of URLs and file names",
                    SP_STR_ARG(value));
    return set_text(r, value, offset);
}

static enum sp_status set_provider(struct reading *r, struct sp_str value, size_t offset)
{
    r->source->is_cics = sp_str_caseless_eq(value, SP_STR("cics")) || sp_str_is(value, "CICS-1.0");
    if (r->source->is_cics) {
        r->source->provider = SP_STR("CICS-1.0");
        r->source->factory = SP_STR("cics");
    } else {
        r->source->provider = r->source->factory = value;
    }
    return SP_OK;
}

static enum sp_status set_interface(struct reading *r, struct sp_str value, size_t offset)
{
    r->source->is_channel = sp_str_caseless_eq(value, SP_STR("CHANNEL"));
    if (!r->source->is_channel && !sp_str_caseless_eq(value, SP_STR("COMMAREA")))
        return fail(r, SP_EINVAL, "programInterface is COMMAREA or CHANNEL, not \"%.*s\"", SP_STR_ARG(value));
    return SP_OK;
}

static enum sp_status set_ccsid(struct reading *r, struct sp_str value, size_t offset)
{
    const struct sp_codepage *page = sp_codepage_named(value, SP_NEWLINE_15);
    if (!page)
        return fail(r, SP_EINVAL, "the code page \"%.*s\" is not known", SP_STR_ARG(value));
    r->source->ccsid = sp_arena_printf(r->arena, "IBM%03u", sp_codepage_ccsid(page));
    return r->source->ccsid.ptr ? SP_OK : fail(r, SP_ENOMEM, "no memory");
}

static enum sp_status set_language(struct reading *r, struct sp_str value, size_t offset)
{
    return sp_str_caseless_eq(value, SP_STR("COBOL"))
               ? SP_OK
               : fail(r, SP_EUNSUPPORTED, "language \"%.*s\" is not supported; COBOL is", SP_STR_ARG(value));
}

static enum sp_status set_names(struct reading *r, struct sp_str value, size_t offset)
{
    if (!sp_str_is(value, "cobol") && !sp_str_is(value, "camel"))
        return fail(r, SP_EINVAL, "names is cobol or camel, not \"%.*s\"", SP_STR_ARG(value));
    r->source->names = sp_str_is(value, "camel") ? SP_NAMES_CAMEL : SP_NAMES_COBOL;
    return SP_OK;
}

static enum sp_status set_format(struct reading *r, struct sp_str value, size_t offset)
{
    if (!sp_str_is(value, "fixed") && !sp_str_is(value, "free"))
        return fail(r, SP_EINVAL, "sourceFormat is fixed or free, not \"%.*s\"", SP_STR_ARG(value));
    r->source->cobol.free_format = sp_str_is(value, "free");
    return SP_OK;
}

static enum sp_status set_sync(struct reading *r, struct sp_str value, size_t offset)
{
    if (!sp_str_is(value, "zos") && !sp_str_is(value, "gnucobol"))
        return fail(r, SP_EINVAL, "sync is zos or gnucobol, not \"%.*s\"", SP_STR_ARG(value));
    r->source->cobol.doubleword_binaries = sp_str_is(value, "gnucobol");
    return SP_OK;
}

/* "a, b, c" into one of the lists of a side. */
static enum sp_status set_list(struct reading *r, struct sp_str value, size_t offset)
{
    struct sp_str *list = (struct sp_str *)((char *)r->source + offset), part;
    for (unsigned i = 0; sp_str_split(&value, ',', &part); i++) {
        if (i == SP_SERVICE_CONTAINERS_MAX)
            return fail(r, SP_ELIMIT, "there are at most %u containers", SP_SERVICE_CONTAINERS_MAX);
        list[i] = sp_str_trim(part);
    }
    return SP_OK;
}

static enum sp_status add_property(struct reading *r, struct sp_str name, struct sp_str value)
{
    r->properties[r->source->property_count++] = (struct sp_property){name, value};
    return SP_OK;
}

#define OFFSET(member) offsetof(struct sp_service_source, member)

static const struct key {
    const char *name;
    key_fn *set;
    size_t offset;
} keys[] = {
    {"name", set_name, OFFSET(name)},
    {"version", set_text, OFFSET(version)},
    {"description", set_text, OFFSET(description)},
    {"provider", set_provider, 0},
    {"program", set_text, OFFSET(program)},
    {"programInterface", set_interface, 0},
    {"language", set_language, 0},
    {"ccsid", set_ccsid, 0},
    {"names", set_names, 0},
    {"sourceFormat", set_format, 0},
    {"sync", set_sync, 0},
    {"requestStructure", set_list, OFFSET(request.structures)},
    {"requestRecord", set_list, OFFSET(request.records)},
    {"requestContainer", set_list, OFFSET(request.containers)},
    {"responseStructure", set_list, OFFSET(response.structures)},
    {"responseRecord", set_list, OFFSET(response.records)},
    {"responseContainer", set_list, OFFSET(response.containers)},
};

/* Keys that go into the manifest as they are, and what their values must be. */
static const struct passed {
    const char *name;
    enum { ANY, BOOLEAN, BYTE } kind;
} passed[] = {
    {"omitOutputFieldsByValueByte", BYTE},
    {"enforceMinArrayOccurrence", BOOLEAN},
    {"omitOutputEmptyTags", BOOLEAN},
    {"initializeInputFields", BOOLEAN},
    {"escapeOutputControlCharacters", BOOLEAN},
    {"trimOutputTrailingWhitespace", BOOLEAN},
    {"trimOutputLeadingWhitespace", BOOLEAN},
    {"omitOutputFieldsByValue", BOOLEAN},
    {"enforceMinArrayOccurrenceResponse", BOOLEAN},
    {"connectionRef", ANY},
    {"transid", ANY},
    {"transidUsage", ANY},
};

static enum sp_status pass_on(struct reading *r, const struct passed *p, struct sp_str value)
{
    if (p->kind == BOOLEAN && !sp_str_is(value, "true") && !sp_str_is(value, "false"))
        return fail(r, SP_EINVAL, "%s is true or false, not \"%.*s\"", p->name, SP_STR_ARG(value));
    if (p->kind == BYTE) {
        struct sp_buf byte;
        sp_buf_init(&byte, 1);
        enum sp_status status = sp_str_starts(value, SP_STR("0x"))
                                    ? sp_hex_decode(sp_str_slice(value, 2, value.len), &byte)
                                    : SP_EINVAL;
        bool one = status == SP_OK && byte.len == 1;
        sp_buf_finish(&byte);
        if (!one)
            return fail(r, SP_EINVAL, "%s is one byte from 0x00 to 0xff, not \"%.*s\"", p->name,
                        SP_STR_ARG(value));
    }
    return add_property(r, sp_str_of(p->name), value);
}

/* ---------------------------------------------------------------- rules */

/* X'C1C2' */
static enum sp_status read_hex(struct reading *r, struct sp_service_rule *rule)
{
    struct sp_str v = rule->value;
    if (v.len < 3 || sp_upper(v.ptr[0]) != 'X' || v.ptr[1] != '\'' || v.ptr[v.len - 1] != '\'')
        return SP_OK;
    struct sp_buf bytes;
    sp_buf_init(&bytes, v.len);
    enum sp_status status = sp_hex_decode(sp_str_slice(v, 2, v.len - 1), &bytes);
    if (status == SP_OK)
        rule->value = sp_arena_str(r->arena, sp_buf_str(&bytes));
    bool got = status == SP_OK && bytes.len && rule->value.ptr;
    sp_buf_finish(&bytes);
    if (!got)
        return fail(r, SP_EINVAL, "%.*s is no hexadecimal literal", SP_STR_ARG(v));
    rule->is_hex = true;
    return SP_OK;
}

static enum sp_status add_rule(struct reading *r, struct sp_service_rule rule)
{
    if (!rule.item.len)
        return fail(r, SP_EINVAL, "the name of an item is missing");
    if (r->source->rule_count == SP_SERVICE_LINES_MAX)
        return fail(r, SP_ELIMIT, "there are more than %u rules", SP_SERVICE_LINES_MAX);
    if (rule.verb == SP_SERVICE_RENAME && !rule.value.len)
        return fail(r, SP_EINVAL, "%.*s needs a new name", SP_STR_ARG(rule.item));
    if (rule.verb == SP_SERVICE_DEFAULT) {
        enum sp_status status = read_hex(r, &rule);
        if (status != SP_OK)
            return status;
    }
    rule.line = r->line;
    r->rules[r->source->rule_count++] = rule;
    return SP_OK;
}

static bool cut_prefix(struct sp_str *s, struct sp_str prefix)
{
    if (!sp_str_starts(*s, prefix))
        return false;
    *s = sp_str_slice(*s, prefix.len, s->len);
    return true;
}

/* include=A, B and exclude=A, B */
static enum sp_status add_list_rules(struct reading *r, struct sp_service_rule rule, struct sp_str value)
{
    enum sp_status status = SP_OK;
    struct sp_str part;
    while (status == SP_OK && sp_str_split(&value, ',', &part)) {
        rule.item = sp_str_trim(part);
        status = add_rule(r, rule);
    }
    return status;
}

/* [request.|response.](include|exclude|rename.X|default.X|describe.X). SP_ENOTFOUND: it is no rule. */
static enum sp_status read_rule(struct reading *r, struct sp_str key, struct sp_str value)
{
    struct sp_service_rule rule = {.request = true, .response = true, .value = value};
    if (cut_prefix(&key, SP_STR("request.")))
        rule.response = false;
    else if (cut_prefix(&key, SP_STR("response.")))
        rule.request = false;
    if (sp_str_is(key, "include") || sp_str_is(key, "exclude")) {
        rule.verb = sp_str_is(key, "include") ? SP_SERVICE_INCLUDE : SP_SERVICE_EXCLUDE;
        return add_list_rules(r, rule, value);
    }
    if (cut_prefix(&key, SP_STR("rename.")))
        rule.verb = SP_SERVICE_RENAME;
    else if (cut_prefix(&key, SP_STR("default.")))
        rule.verb = SP_SERVICE_DEFAULT;
    else if (cut_prefix(&key, SP_STR("describe.")))
        rule.verb = SP_SERVICE_DESCRIBE;
    else
        return SP_ENOTFOUND;
    rule.item = key;
    return add_rule(r, rule);
}

/* ---------------------------------------------------------------- the whole */

static const char *nearest_key(struct sp_str key)
{
    const char *nearest = NULL;
    unsigned best = 4;
    for (size_t i = 0; i < sizeof keys / sizeof *keys + sizeof passed / sizeof *passed; i++) {
        const char *name =
            i < sizeof keys / sizeof *keys ? keys[i].name : passed[i - sizeof keys / sizeof *keys].name;
        unsigned distance = sp_str_distance(key, sp_str_of(name), best);
        if (distance < best) {
            best = distance;
            nearest = name;
        }
    }
    return nearest;
}

static enum sp_status read_key(struct reading *r, struct sp_str key, struct sp_str value)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (sp_str_is(key, keys[i].name))
            return keys[i].set(r, value, keys[i].offset);
    for (size_t i = 0; i < sizeof passed / sizeof *passed; i++)
        if (sp_str_is(key, passed[i].name))
            return pass_on(r, &passed[i], value);
    if (cut_prefix(&key, SP_STR("property.")))
        return key.len ? add_property(r, key, value) : fail(r, SP_EINVAL, "the property has no name");
    enum sp_status status = read_rule(r, key, value);
    if (status != SP_ENOTFOUND)
        return status;
    const char *nearest = nearest_key(key);
    return fail(r, SP_EINVAL, "there is no key \"%.*s\"%s%s%s", SP_STR_ARG(key),
                nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

static enum sp_status read_line(struct reading *r, struct sp_str line)
{
    size_t equals = sp_str_find(line, '=');
    struct sp_str key = sp_str_trim(sp_str_slice(line, 0, equals));
    struct sp_str value = sp_str_trim(sp_str_slice(line, equals + 1, line.len));
    if (equals == line.len || !key.len)
        return fail(r, SP_ESYNTAX, "\"%.*s\" is no key=value", SP_STR_ARG(sp_str_slice(line, 0, 60)));
    enum sp_status status = sp_hash_add(&r->keys, key, r->source);
    if (status == SP_EEXISTS)
        return fail(r, status, "%.*s is given twice", SP_STR_ARG(key));
    if (status != SP_OK)
        return fail(r, status, "no memory for the properties");
    return read_key(r, key, value);
}

static enum sp_status read_lines(struct reading *r, struct sp_str text)
{
    struct sp_str line = {NULL, 0};
    unsigned physical = 0;
    enum sp_status status = next_line(r, &text, &physical, &line);
    while (status == SP_OK) {
        if (line.len)
            status = read_line(r, line);
        if (status == SP_OK)
            status = next_line(r, &text, &physical, &line);
    }
    return status == SP_ENOTFOUND ? SP_OK : status;
}

static enum sp_status check_side(struct reading *r, const char *what, struct sp_service_side *side)
{
    bool channel = r->source->is_channel;
    while (side->count < SP_SERVICE_CONTAINERS_MAX && side->structures[side->count].len)
        side->count++;
    if (!side->count)
        return fail(r, SP_EINVAL, "%sStructure, the copybook, is missing", what);
    if (!channel && side->count > 1)
        return fail(r, SP_EINVAL, "%sStructure names several copybooks, but only a channel has several areas",
                    what);
    for (unsigned i = 0; i < SP_SERVICE_CONTAINERS_MAX; i++) {
        bool used = i < side->count;
        if (side->structures[i].len && !used)
            return fail(r, SP_EINVAL, "%sStructure names no copybook between two commas", what);
        if (side->containers[i].len && !(channel && used))
            return fail(r, SP_EINVAL, "%sContainer names more containers than there are copybooks", what);
        if (side->records[i].len && !used)
            return fail(r, SP_EINVAL, "%sRecord names more records than there are copybooks", what);
        if (channel && used && !side->containers[i].len)
            return fail(r, SP_EINVAL, "%sContainer must name a container for each copybook", what);
    }
    return SP_OK;
}

static enum sp_status check_whole(struct reading *r)
{
    struct sp_service_source *s = r->source;
    r->line = 0;
    if (!s->name.len)
        return fail(r, SP_EINVAL, "name is missing");
    if (s->is_cics && !s->program.len)
        return fail(r, SP_EINVAL, "program is missing");
    if (!s->is_cics && s->is_channel)
        return fail(r, SP_EINVAL, "only CICS has channels");
    bool connected = false;
    for (size_t i = 0; i < s->property_count; i++) {
        connected = connected || sp_str_is(r->properties[i].name, "connectionRef");
        for (size_t k = 0; k < i; k++)
            if (sp_str_eq(r->properties[i].name, r->properties[k].name))
                return fail(r, SP_EEXISTS, "property %.*s is given twice", SP_STR_ARG(r->properties[i].name));
    }
    if (!connected)
        return fail(r, SP_EINVAL, "connectionRef is missing");
    if (!s->response.structures[0].len) {
        for (unsigned i = 0; i < SP_SERVICE_CONTAINERS_MAX; i++) {
            s->response.structures[i] = s->request.structures[i];
            if (!s->response.records[i].len)
                s->response.records[i] = s->request.records[i];
            if (!s->response.containers[i].len)
                s->response.containers[i] = s->request.containers[i];
        }
    }
    enum sp_status status = check_side(r, "request", &s->request);
    return status == SP_OK ? check_side(r, "response", &s->response) : status;
}

enum sp_status sp_service_source_read(struct sp_str text, const char *file, struct sp_arena *arena,
                                      struct sp_service_source *ret_source, struct sp_error *err)
{
    struct sp_service_source source = {.file = file,
                                       .version = SP_STR("1.0.0"),
                                       .description = SP_STR(""),
                                       .provider = SP_STR("CICS-1.0"),
                                       .factory = SP_STR("cics"),
                                       .is_cics = true,
                                       .program = SP_STR(""),
                                       .ccsid = SP_STR("IBM037")};
    struct reading r = {.file = file, .arena = arena, .err = err, .source = &source};
    size_t lines = 1;
    for (size_t i = 0; i < text.len; i++)
        lines += text.ptr[i] == '\n';
    if (lines > SP_SERVICE_LINES_MAX)
        return fail(&r, SP_ELIMIT, "the file has more than %u lines", SP_SERVICE_LINES_MAX);
    if (sp_utf8_check(text) != text.len)
        return fail(&r, SP_ESYNTAX, "the file is not UTF-8");
    r.properties = sp_arena_calloc(arena, lines, sizeof *r.properties);
    r.rules = sp_arena_calloc(arena, SP_SERVICE_LINES_MAX, sizeof *r.rules);
    text = sp_arena_str(arena, text);
    if (!r.properties || !r.rules || !text.ptr)
        return fail(&r, SP_ENOMEM, "no memory for the properties");
    sp_hash_init(&r.keys, lines);
    enum sp_status status = read_lines(&r, text);
    sp_hash_finish(&r.keys);
    if (status == SP_OK)
        status = check_whole(&r);
    source.properties = r.properties;
    source.rules = r.rules;
    if (status == SP_OK)
        *ret_source = source;
    return status;
}
