/* SPDX-License-Identifier: Apache-2.0 */
#include "text/yaml.h"

#include <yaml.h>

#include "text/json_build.h"
#include "text/json_names.h"
#include "text/scan.h"
#include "text/utf8.h"

struct loader {
    yaml_parser_t parser;
    struct sp_str input;
    const char *file;
    struct sp_arena *arena;
    const struct sp_json_limits *limits;
    struct sp_error *err;
    struct sp_json_builder builder;
    struct sp_json_names *names, *spare; /* as in struct sp_json_reader */
    bool has_name;                       /* a key was read, its value comes next */
    bool has_document;
};

static enum sp_status fail(struct loader *loader, enum sp_status status, yaml_mark_t mark, const char *fmt,
                           ...) SP_PRINTF(4, 5);

static enum sp_status fail(struct loader *loader, enum sp_status status, yaml_mark_t mark, const char *fmt,
                           ...)
{
    va_list args;
    va_start(args, fmt);
    sp_error_vset(loader->err, status, NULL, fmt, args);
    va_end(args);
    sp_error_at(loader->err, loader->file, (unsigned)mark.line + 1, (unsigned)mark.column + 1);
    return status;
}

static enum sp_status fail_memory(struct loader *loader, yaml_mark_t mark)
{
    return fail(loader, SP_ENOMEM, mark, "the memory allowed for reading this YAML text is used up");
}

/* What the library says went wrong. */
static enum sp_status fail_parser(struct loader *loader)
{
    const yaml_parser_t *parser = &loader->parser;
    const char *problem = parser->problem ? parser->problem : "unknown cause";
    if (parser->error == YAML_MEMORY_ERROR)
        return fail_memory(loader, parser->mark);
    if (parser->error != YAML_READER_ERROR)
        return fail(loader, SP_ESYNTAX, parser->problem_mark, "the YAML text cannot be read: %s%s%s",
                    parser->context ? parser->context : "", parser->context ? ", " : "", problem);
    yaml_mark_t mark = {0};
    unsigned line, column;
    enum sp_status status = fail(loader, SP_ESYNTAX, mark, "the YAML text cannot be read: %s", problem);
    sp_scan_place(loader->input.ptr, loader->input.len, parser->problem_offset, &line, &column);
    sp_error_at(loader->err, NULL, line, column);
    sp_error_at_offset(loader->err, NULL, (int64_t)parser->problem_offset);
    return status;
}

/* "int" for the tag of YAML's integers and so on, "" for no tag; NULL for one that is not of the core schema.
 */
static const char *core_tag(const yaml_char_t *tag)
{
    static const char prefix[] = "tag:yaml.org,2002:";
    static const char *const known[] = {"str", "null", "bool", "int", "float", "map", "seq"};
    const char *text = (const char *)tag;
    if (!text || strcmp(text, "!") == 0)
        return "";
    if (strncmp(text, prefix, sizeof prefix - 1) != 0)
        return NULL;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(text + sizeof prefix - 1, known[i]) == 0)
            return known[i];
    return NULL;
}

/* Refuses anchors and foreign tags; the core tag otherwise. */
static enum sp_status check_properties(struct loader *loader, const yaml_event_t *event,
                                       const yaml_char_t *anchor, const yaml_char_t *tag,
                                       const char **ret_tag)
{
    if (anchor)
        return fail(loader, SP_EUNSUPPORTED, event->start_mark,
                    "anchors are not supported; write the value where it is used");
    const char *core = core_tag(tag);
    if (!core)
        return fail(loader, SP_EUNSUPPORTED, event->start_mark, "the tag %.100s is not supported",
                    (const char *)tag);
    *ret_tag = core;
    return SP_OK;
}

static bool is_one_of(struct sp_str text, const char *const *words)
{
    for (; *words; words++)
        if (sp_str_is(text, *words))
            return true;
    return false;
}

static bool is_number(struct sp_str text)
{
    const char *end = text.ptr + text.len, *bad;
    return sp_scan_number(text.ptr, end, &bad) == end;
}

/* Core schema of YAML 1.2, section 10.3.2, as far as JSON has the values. */
static enum sp_json_kind plain_kind(struct sp_str text)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    if (is_one_of(text, nulls))
        return SP_JSON_IS_NULL;
    if (is_one_of(text, trues))
        return SP_JSON_IS_TRUE;
    if (is_one_of(text, falses))
        return SP_JSON_IS_FALSE;
    return is_number(text) ? SP_JSON_IS_NUMBER : SP_JSON_IS_STRING;
}

static bool suits(const char *tag, enum sp_json_kind kind, struct sp_str text)
{
    if (strcmp(tag, "null") == 0)
        return kind == SP_JSON_IS_NULL;
    if (strcmp(tag, "bool") == 0)
        return kind == SP_JSON_IS_TRUE || kind == SP_JSON_IS_FALSE;
    if (kind != SP_JSON_IS_NUMBER)
        return false;
    bool whole = true;
    for (size_t i = 0; i < text.len; i++)
        whole = whole && text.ptr[i] != '.' && text.ptr[i] != 'e' && text.ptr[i] != 'E';
    return strcmp(tag, "float") == 0 || (strcmp(tag, "int") == 0 && whole);
}

static enum sp_status scalar_kind(struct loader *loader, const yaml_event_t *event, struct sp_str text,
                                  enum sp_json_kind *ret_kind)
{
    const char *tag;
    bool is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    enum sp_status status =
        check_properties(loader, event, event->data.scalar.anchor, event->data.scalar.tag, &tag);
    if (status)
        return status;
    enum sp_json_kind kind = plain_kind(text);
    if (strcmp(tag, "str") == 0 || (!*tag && !is_plain))
        kind = SP_JSON_IS_STRING;
    else if (*tag && !suits(tag, kind, text))
        return fail(loader, SP_ESYNTAX, event->start_mark, "the value does not suit its tag !!%s", tag);
    *ret_kind = kind;
    return SP_OK;
}

static enum sp_status check_text(struct loader *loader, const yaml_event_t *event, struct sp_str text,
                                 bool is_number_text)
{
    size_t limit = is_number_text ? loader->limits->number_bytes : loader->limits->string_bytes;
    if (text.len > limit)
        return fail(loader, SP_ELIMIT, event->start_mark, "a %s is longer than the %zu bytes allowed",
                    is_number_text ? "number" : "string", limit);
    if (!loader->limits->allow_nul && memchr(text.ptr, '\0', text.len))
        return fail(loader, SP_ESYNTAX, event->start_mark, "the character U+0000 is not allowed");
    if (sp_utf8_check(text) != text.len)
        return fail(loader, SP_ESYNTAX, event->start_mark, "a string holds what is not a character");
    return SP_OK;
}

static bool is_in_mapping(const struct loader *loader)
{
    unsigned depth = loader->builder.depth;
    return depth && loader->builder.open[depth - 1].value->kind == SP_JSON_IS_OBJECT;
}

static enum sp_status note_name(struct loader *loader, const yaml_event_t *event, struct sp_str name)
{
    struct sp_json_names *names = loader->names;
    if (names->count >= loader->limits->members)
        return fail(loader, SP_ELIMIT, event->start_mark, "a mapping has more than the %u keys allowed",
                    loader->limits->members);
    if (loader->limits->allow_duplicates) {
        names->count++;
        return SP_OK;
    }
    enum sp_status status = sp_json_names_add(names, name, loader->arena);
    if (status == SP_ENOMEM)
        return fail_memory(loader, event->start_mark);
    if (status)
        return fail(loader, status, event->start_mark, "the key \"%.*s\" is given twice in one mapping",
                    (int)sp_scan_cut(name.ptr, name.len, 64), name.ptr);
    return SP_OK;
}

static enum sp_status load_key(struct loader *loader, const yaml_event_t *event, struct sp_str text)
{
    const char *tag;
    enum sp_status status =
        check_properties(loader, event, event->data.scalar.anchor, event->data.scalar.tag, &tag);
    if (!status)
        status = check_text(loader, event, text, false);
    if (status)
        return status;
    if (!text.len && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
        return fail(loader, SP_EUNSUPPORTED, event->start_mark,
                    "a key is missing; an empty one must be quoted");
    struct sp_str name = sp_arena_str(loader->arena, text);
    if (!name.ptr)
        return fail_memory(loader, event->start_mark);
    status = note_name(loader, event, name);
    if (status)
        return status;
    loader->builder.name = name;
    loader->has_name = true;
    return SP_OK;
}

static enum sp_status add_value(struct loader *loader, const yaml_event_t *event, enum sp_json_kind kind,
                                struct sp_str text)
{
    if (!sp_json_builder_add(&loader->builder, kind, text))
        return fail_memory(loader, event->start_mark);
    loader->has_name = false;
    return SP_OK;
}

static enum sp_status load_scalar(struct loader *loader, const yaml_event_t *event)
{
    struct sp_str text = sp_str_from(event->data.scalar.value, event->data.scalar.length), copy = {NULL, 0};
    enum sp_json_kind kind = SP_JSON_IS_NULL;
    if (is_in_mapping(loader) && !loader->has_name)
        return load_key(loader, event, text);
    enum sp_status status = scalar_kind(loader, event, text, &kind);
    if (status)
        return status;
    if (kind == SP_JSON_IS_STRING || kind == SP_JSON_IS_NUMBER) {
        status = check_text(loader, event, text, kind == SP_JSON_IS_NUMBER);
        if (status)
            return status;
        copy = sp_arena_str(loader->arena, text);
        if (!copy.ptr)
            return fail_memory(loader, event->start_mark);
    }
    return add_value(loader, event, kind, copy);
}

static enum sp_status open_level(struct loader *loader, const yaml_event_t *event, enum sp_json_kind kind)
{
    bool is_mapping = kind == SP_JSON_IS_OBJECT;
    const yaml_char_t *anchor =
        is_mapping ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
    const yaml_char_t *tag = is_mapping ? event->data.mapping_start.tag : event->data.sequence_start.tag;
    const char *core = "";
    enum sp_status status = check_properties(loader, event, anchor, tag, &core);
    if (status)
        return status;
    if (*core && strcmp(core, is_mapping ? "map" : "seq") != 0)
        return fail(loader, SP_ESYNTAX, event->start_mark, "the value does not suit its tag !!%s", core);
    if (is_in_mapping(loader) && !loader->has_name)
        return fail(loader, SP_EUNSUPPORTED, event->start_mark,
                    "a key must be a text, not a mapping or sequence");
    unsigned most = loader->limits->depth < SP_JSON_DEPTH_MAX ? loader->limits->depth : SP_JSON_DEPTH_MAX;
    if (loader->builder.depth >= most)
        return fail(loader, SP_ELIMIT, event->start_mark,
                    "mappings and sequences are nested deeper than the %u levels allowed", most);
    if (is_mapping) {
        struct sp_json_names *names = sp_json_names_open(loader->names, &loader->spare, loader->arena);
        if (!names)
            return fail_memory(loader, event->start_mark);
        loader->names = names;
    }
    return add_value(loader, event, kind, (struct sp_str){NULL, 0});
}

static enum sp_status load_event(struct loader *loader, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (loader->has_document)
            return fail(loader, SP_EUNSUPPORTED, event->start_mark,
                        "the text holds more than one YAML document");
        loader->has_document = true;
        return SP_OK;
    case YAML_ALIAS_EVENT:
        return fail(loader, SP_EUNSUPPORTED, event->start_mark,
                    "aliases are not supported; write the value where it is used");
    case YAML_SCALAR_EVENT:
        return load_scalar(loader, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_level(loader, event, SP_JSON_IS_ARRAY);
    case YAML_MAPPING_START_EVENT:
        return open_level(loader, event, SP_JSON_IS_OBJECT);
    case YAML_MAPPING_END_EVENT:
        loader->names = loader->names->outer;
        sp_json_builder_close(&loader->builder);
        return SP_OK;
    case YAML_SEQUENCE_END_EVENT:
        sp_json_builder_close(&loader->builder);
        return SP_OK;
    default:
        return SP_OK;
    }
}

static enum sp_status load(struct loader *loader)
{
    for (;;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&loader->parser, &event))
            return fail_parser(loader);
        bool is_end = event.type == YAML_STREAM_END_EVENT;
        enum sp_status status = load_event(loader, &event);
        yaml_mark_t mark = event.end_mark;
        yaml_event_delete(&event);
        if (!status && is_end && !loader->has_document)
            status = fail(loader, SP_ESYNTAX, mark, "the text holds no YAML document");
        if (status || is_end)
            return status;
    }
}

enum sp_status sp_yaml_parse(struct sp_str input, const char *file, struct sp_arena *arena,
                             const struct sp_json_limits *limits, struct sp_json_value **ret_value,
                             struct sp_error *err)
{
    struct loader loader = {
        .input = {input.ptr ? input.ptr : "", input.len},
        .file = file,
        .arena = arena,
        .limits = limits ? limits : &sp_json_default_limits,
        .err = err,
    };
    sp_json_builder_init(&loader.builder, arena);
    if (!yaml_parser_initialize(&loader.parser))
        return sp_error_set(err, SP_ENOMEM, NULL, "there is no memory for reading YAML");
    yaml_parser_set_encoding(&loader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&loader.parser, (const unsigned char *)loader.input.ptr, loader.input.len);
    enum sp_status status = load(&loader);
    yaml_parser_delete(&loader.parser);
    if (!status)
        *ret_value = loader.builder.root;
    return status;
}
