/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/place.h"

#include <stdio.h>

#include "mapping/binary.h"

/* Put `text` in front of what begins at `at`; returns the new beginning, 0 when it is full. */
static size_t put_before(char *buffer, size_t at, struct sp_str text)
{
    for (size_t i = text.len; i-- > 0 && at > 0;) {
        unsigned char c = (unsigned char)text.ptr[i];
        buffer[--at] = (char)(c < 0x20 || c == 0x7f ? '?' : c);
    }
    return at;
}

void sp_place_text(const struct sp_node *node, const uint32_t *index, char ret_text[SP_PLACE_MAX])
{
    char buffer[SP_PLACE_MAX];
    size_t at = sizeof buffer - 1;
    buffer[at] = '\0';
    for (; node->parent && at > 0; node = node->parent) {
        const struct sp_node *parent = node->parent;
        if (parent->kind == SP_NODE_ARRAY) {
            char element[16] = "[]";
            if (index)
                snprintf(element, sizeof element, "[%u]", index[parent->array.level]);
            at = put_before(buffer, at, sp_str_of(element));
            continue;
        }
        at = put_before(buffer, at, node->name);
        if (parent->parent)
            at = put_before(buffer, at, SP_STR("."));
    }
    if (at == 0) {
        size_t cut = 3;
        while (cut < sizeof buffer - 1 && ((unsigned char)buffer[cut] & 0xc0) == 0x80)
            cut++;
        at = cut - 3;
        memcpy(buffer + at, "...", 3);
    }
    memcpy(ret_text, buffer + at, sizeof buffer - at);
}

enum sp_status sp_place_fail(struct sp_error *err, const struct sp_node *node, const uint32_t *index,
                             enum sp_status status, const char *id, const char *fmt, ...)
{
    if (!err)
        return status;
    char place[SP_PLACE_MAX], text[SP_ERROR_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (!node->parent)
        return sp_error_set(err, status, id, "The JSON object %s", text);
    sp_place_text(node, index, place);
    return sp_error_set(err, status, id, "The field %s %s", place, text);
}

/* "an integer of up to 8 digits", "a number of up to ... with 2 decimals". */
static void say_number(const struct sp_node *node, char *text, size_t size)
{
    const struct sp_number_shape *shape = &node->shape;
    const char *sign = shape->is_signed ? "" : ", not negative";
    if (node->kind == SP_NODE_BINARY && shape->full_range && !shape->scale)
        snprintf(text, size, "an integer from %s%llu to %llu", shape->is_signed ? "-" : "",
                 (unsigned long long)sp_binary_limit(shape, true),
                 (unsigned long long)sp_binary_limit(shape, false));
    else if (shape->scale == 0)
        snprintf(text, size, "an integer of up to %u digits%s", shape->digits, sign);
    else
        snprintf(text, size, "a number of up to %u digits before and %u behind the point%s",
                 shape->digits > shape->scale ? (unsigned)(shape->digits - shape->scale) : 0u, shape->scale,
                 sign);
}

static void say_kind(const struct sp_node *node, char *text, size_t size)
{
    unsigned chars = node->bytes;
    switch (node->kind) {
    case SP_NODE_OBJECT:
        snprintf(text, size, "an object");
        break;
    case SP_NODE_ARRAY:
        snprintf(text, size, "an array of up to %u elements", node->array.max);
        break;
    case SP_NODE_CHAR:
        chars /= node->charset->blank_bytes;
        snprintf(text, size, "a string of up to %u characters", chars);
        break;
    case SP_NODE_FLOAT:
        snprintf(text, size, "a number (floating point, %u bytes)", node->bytes);
        break;
    default:
        say_number(node, text, size);
        break;
    }
}

static const char *id_of(enum sp_convert cause)
{
    switch (cause) {
    case SP_CONVERT_TEXT_TOO_LONG:
        return SP_ID_TEXT_TOO_LONG;
    case SP_CONVERT_INVALID_CHARACTER:
        return SP_ID_BAD_CHARACTER;
    case SP_CONVERT_NOT_A_NUMBER:
        return SP_ID_NOT_A_NUMBER;
    case SP_CONVERT_NEGATIVE_UNSIGNED:
        return SP_ID_NEGATIVE;
    case SP_CONVERT_NO_FRACTION_DIGITS:
    case SP_CONVERT_FRACTION_TOO_LONG:
    case SP_CONVERT_EXPONENT_UNDERFLOW:
        return SP_ID_DECIMALS;
    default:
        return SP_ID_NUMBER_TOO_LARGE;
    }
}

enum sp_status sp_place_fail_value(struct sp_error *err, const struct sp_node *node, const uint32_t *index,
                                   enum sp_convert cause)
{
    char kind[128];
    say_kind(node, kind, sizeof kind);
    return sp_place_fail(err, node, index, SP_EINVAL, id_of(cause), "%s; it takes %s.",
                         sp_convert_text(cause), kind);
}

enum sp_status sp_place_fail_type(struct sp_error *err, const struct sp_node *node, const uint32_t *index,
                                  const char *got)
{
    char kind[128];
    say_kind(node, kind, sizeof kind);
    return sp_place_fail(err, node, index, SP_EINVAL, SP_ID_WRONG_TYPE, "is %s; it takes %s.", got, kind);
}
