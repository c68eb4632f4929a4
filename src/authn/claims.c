/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/claims.h"

#include "text/json.h"
#include "text/json_write.h"

#define TEXT_MAX 65536u

static const struct sp_json_limits limits = {
    .depth = 16, .string_bytes = TEXT_MAX, .number_bytes = 64, .members = 500};

struct sp_claims {
    struct sp_str json;
    struct sp_arena *arena;
    const struct sp_json_value *object;
    bool parsed; /* or tried to */
};

struct sp_claims *sp_claims_new(struct sp_str json, struct sp_arena *arena)
{
    struct sp_claims *claims = json.len ? sp_arena_alloc(arena, sizeof *claims) : NULL;
    if (claims)
        *claims = (struct sp_claims){.json = json, .arena = arena};
    return claims;
}

const struct sp_json_value *sp_principal_claims(const struct sp_principal *principal)
{
    struct sp_claims *claims = principal->claims;
    struct sp_json_value *object;
    if (!claims || claims->parsed)
        return claims ? claims->object : NULL;
    claims->parsed = true;
    if (sp_json_parse(claims->json, claims->arena, &limits, &object, NULL) == SP_OK &&
        object->kind == SP_JSON_IS_OBJECT)
        claims->object = object;
    return claims->object;
}

const struct sp_json_value *sp_principal_claim(const struct sp_principal *principal, struct sp_str name)
{
    const struct sp_json_value *object = sp_principal_claims(principal);
    return object ? sp_json_member(object, name) : NULL;
}

struct sp_str sp_principal_claim_text(const struct sp_principal *principal, struct sp_str name)
{
    const struct sp_json_value *claim = sp_principal_claim(principal, name);
    struct sp_str text = {NULL, 0};
    struct sp_json_writer writer;
    struct sp_buf buf;
    if (!claim)
        return text;
    if (claim->kind == SP_JSON_IS_STRING)
        return claim->text;
    sp_buf_init(&buf, TEXT_MAX);
    sp_json_writer_init(&writer, &buf, 0);
    sp_json_tree(&writer, claim);
    if (!buf.failed)
        text = sp_arena_str(principal->claims->arena, sp_buf_str(&buf));
    sp_buf_finish(&buf);
    return text;
}

struct sp_str sp_principal_claims_named(const struct sp_principal *principal, const struct sp_str_list *names,
                                        size_t most, struct sp_arena *arena)
{
    struct sp_str none = {NULL, 0};
    char *room = names->count && principal->claims ? sp_arena_alloc(arena, most) : NULL;
    size_t len = 0, at;
    for (size_t i = 0; room && i < names->count; i++) {
        const struct sp_json_value *claim = sp_principal_claim(principal, names->items[i]);
        struct sp_json_writer writer;
        struct sp_buf one = sp_buf_over(room + len, most - len - 1);
        if (!claim)
            continue;
        /* Each as an object of its own, of which the braces in between become commas. */
        sp_json_writer_init(&writer, &one, 0);
        sp_json_object_begin(&writer);
        sp_json_name(&writer, names->items[i]);
        sp_json_tree(&writer, claim);
        sp_json_object_end(&writer);
        if (one.failed)
            continue;
        at = len;
        len += one.len - (at ? 1 : 0);
        if (at) {
            memmove(room + at, room + at + 1, one.len - 1);
            room[at - 1] = ',';
        }
    }
    return len ? sp_str_from(room, len) : none;
}

bool sp_principal_has_scope(const struct sp_principal *principal, struct sp_str scope)
{
    for (size_t i = 0; i < principal->scopes.count; i++)
        if (sp_str_eq(principal->scopes.items[i], scope))
            return true;
    return false;
}
