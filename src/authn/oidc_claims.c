/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/oidc_claims.h"

#include "text/json.h"

#define SOURCES 3u

static const char *const names[SOURCES] = {"IDToken", "AccessToken", "Userinfo"};

/* The next word of the order, between blanks or commas. */
static bool next_word(struct sp_str *order, struct sp_str *ret_word)
{
    size_t from = 0, len = 0;
    while (from < order->len && (order->ptr[from] == ' ' || order->ptr[from] == ','))
        from++;
    while (from + len < order->len && order->ptr[from + len] != ' ' && order->ptr[from + len] != ',')
        len++;
    *ret_word = sp_str_slice(*order, from, from + len);
    *order = sp_str_slice(*order, from + len, order->len);
    return ret_word->len > 0;
}

bool sp_oidc_order_has(struct sp_str order, const char *source)
{
    struct sp_str word;
    while (next_word(&order, &word))
        if (sp_str_caseless_eq(word, sp_str_of(source)))
            return true;
    return false;
}

const char *sp_oidc_order_fault(const struct sp_cfg_oidc_login *login)
{
    struct sp_str order = login->claims_order, word;
    while (next_word(&order, &word)) {
        bool known = false;
        for (size_t i = 0; i < SOURCES; i++)
            known |= sp_str_caseless_eq(word, sp_str_of(names[i]));
        if (!known)
            return "tokenOrderToFetchCallerClaims is made of AccessToken, IDToken and Userinfo";
    }
    return sp_oidc_order_has(login->claims_order, "Userinfo") && !login->user_info
               ? "tokenOrderToFetchCallerClaims names Userinfo, which needs userInfoEndpointEnabled=\"true\""
               : NULL;
}

/* Add those members of the source whose names are new. */
static enum sp_status add(struct sp_json_value *object, const struct sp_json_value *source,
                          struct sp_arena *arena)
{
    struct sp_json_value **end = &object->first;
    while (*end)
        end = &(*end)->next;
    for (const struct sp_json_value *member = source ? source->first : NULL; member; member = member->next) {
        if (sp_json_member(object, member->name))
            continue;
        struct sp_json_value *copy = sp_arena_alloc(arena, sizeof *copy);
        if (!copy)
            return SP_ENOMEM;
        *copy = *member;
        copy->next = NULL;
        *end = copy;
        end = &copy->next;
        object->count++;
    }
    return SP_OK;
}

enum sp_status sp_oidc_claims_join(const struct sp_oidc_sources *sources, struct sp_str order,
                                   struct sp_arena *arena, const struct sp_json_value **ret_caller,
                                   const struct sp_json_value **ret_all)
{
    const struct sp_json_value *const of[SOURCES] = {sources->id_token, sources->access_token,
                                                     sources->user_info};
    struct sp_json_value *objects = sp_arena_calloc(arena, 2, sizeof *objects);
    struct sp_str word;
    enum sp_status status = objects ? SP_OK : SP_ENOMEM;
    for (size_t i = 0; objects && i < 2; i++)
        objects[i].kind = SP_JSON_IS_OBJECT;
    while (status == SP_OK && next_word(&order, &word))
        for (size_t i = 0; status == SP_OK && i < SOURCES; i++)
            if (sp_str_caseless_eq(word, sp_str_of(names[i])))
                status = add(&objects[0], of[i], arena);
    if (status == SP_OK)
        status = add(&objects[1], &objects[0], arena);
    for (size_t i = 0; status == SP_OK && i < SOURCES; i++)
        status = add(&objects[1], of[i], arena);
    if (status != SP_OK)
        return status;
    *ret_caller = &objects[0];
    *ret_all = &objects[1];
    return SP_OK;
}
