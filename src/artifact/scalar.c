/* SPDX-License-Identifier: Apache-2.0 */
#include "artifact/scalar.h"

struct sp_str sp_scalar_text(const struct sp_json_value *value)
{
    if (!value)
        return (struct sp_str){NULL, 0};
    switch (value->kind) {
    case SP_JSON_IS_STRING:
    case SP_JSON_IS_NUMBER:
        return value->text;
    case SP_JSON_IS_TRUE:
        return SP_STR("true");
    case SP_JSON_IS_FALSE:
        return SP_STR("false");
    case SP_JSON_IS_NULL:
        return SP_STR("");
    default:
        return (struct sp_str){NULL, 0};
    }
}

struct sp_str sp_scalar_member(const struct sp_json_value *object, const char *name)
{
    return sp_scalar_text(sp_json_member(object, sp_str_of(name)));
}
