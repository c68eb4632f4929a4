/* SPDX-License-Identifier: Apache-2.0 */
#include "text/json_build.h"

void sp_json_builder_init(struct sp_json_builder *builder, struct sp_arena *arena)
{
    builder->arena = arena;
    builder->root = NULL;
    builder->name = (struct sp_str){NULL, 0};
    builder->depth = 0;
}

struct sp_json_value *sp_json_builder_add(struct sp_json_builder *builder, enum sp_json_kind kind,
                                          struct sp_str text)
{
    struct sp_json_value *value = sp_arena_alloc(builder->arena, sizeof *value);
    if (!value)
        return NULL;
    *value = (struct sp_json_value){.kind = kind, .text = text, .name = builder->name};
    builder->name = (struct sp_str){NULL, 0};
    if (!builder->depth) {
        builder->root = value;
    } else {
        struct sp_json_value *parent = builder->open[builder->depth - 1].value;
        struct sp_json_value *before = builder->open[builder->depth - 1].last;
        *(before ? &before->next : &parent->first) = value;
        builder->open[builder->depth - 1].last = value;
        parent->count++;
    }
    if (kind == SP_JSON_IS_ARRAY || kind == SP_JSON_IS_OBJECT) {
        builder->open[builder->depth].value = value;
        builder->open[builder->depth].last = NULL;
        builder->depth++;
    }
    return value;
}

void sp_json_builder_close(struct sp_json_builder *builder)
{
    builder->depth--;
}

static enum sp_json_kind kind_of(enum sp_json_token token)
{
    switch (token) {
    case SP_JSON_OBJECT_BEGIN:
        return SP_JSON_IS_OBJECT;
    case SP_JSON_ARRAY_BEGIN:
        return SP_JSON_IS_ARRAY;
    case SP_JSON_STRING:
        return SP_JSON_IS_STRING;
    case SP_JSON_NUMBER:
        return SP_JSON_IS_NUMBER;
    case SP_JSON_TRUE:
        return SP_JSON_IS_TRUE;
    case SP_JSON_FALSE:
        return SP_JSON_IS_FALSE;
    default:
        return SP_JSON_IS_NULL;
    }
}

enum sp_status sp_json_parse(struct sp_str input, struct sp_arena *arena, const struct sp_json_limits *limits,
                             struct sp_json_value **ret_value, struct sp_error *err)
{
    struct sp_json_reader reader;
    struct sp_json_builder builder;
    sp_json_reader_init(&reader, input, arena, limits, err);
    sp_json_builder_init(&builder, arena);
    for (;;) {
        enum sp_json_token token = sp_json_next(&reader);
        switch (token) {
        case SP_JSON_ERROR:
            return reader.failed;
        case SP_JSON_END:
            *ret_value = builder.root;
            return SP_OK;
        case SP_JSON_NAME:
            builder.name = reader.text;
            continue;
        case SP_JSON_OBJECT_END:
        case SP_JSON_ARRAY_END:
            sp_json_builder_close(&builder);
            continue;
        default:
            break;
        }
        bool has_text = token == SP_JSON_STRING || token == SP_JSON_NUMBER;
        struct sp_str text = has_text ? reader.text : (struct sp_str){NULL, 0};
        if (!sp_json_builder_add(&builder, kind_of(token), text))
            return sp_error_set(err, SP_ENOMEM, NULL, "the memory allowed for this JSON text is used up");
    }
}

const struct sp_json_value *sp_json_member(const struct sp_json_value *object, struct sp_str name)
{
    if (!object || object->kind != SP_JSON_IS_OBJECT)
        return NULL;
    for (const struct sp_json_value *member = object->first; member; member = member->next)
        if (sp_str_eq(member->name, name))
            return member;
    return NULL;
}

struct sp_str sp_json_member_text(const struct sp_json_value *object, struct sp_str name)
{
    const struct sp_json_value *member = sp_json_member(object, name);
    return member && member->kind == SP_JSON_IS_STRING ? member->text : (struct sp_str){NULL, 0};
}

bool sp_json_member_i64(const struct sp_json_value *object, struct sp_str name, int64_t *ret_number)
{
    const struct sp_json_value *value = sp_json_member(object, name);
    if (!value || value->kind != SP_JSON_IS_NUMBER)
        return false;
    bool negative = value->text.ptr[0] == '-';
    uint64_t number = 0, most = (uint64_t)INT64_MAX + negative;
    for (size_t i = negative; i < value->text.len; i++) {
        unsigned digit = (unsigned)(value->text.ptr[i] - '0');
        if (digit > 9 || number > (most - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *ret_number = negative && number ? -(int64_t)(number - 1) - 1 : (int64_t)number;
    return true;
}
