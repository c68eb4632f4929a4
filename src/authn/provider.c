/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/provider.h"

#include <stdlib.h>

#include "authn/auth_filter.h"

#define PROVIDERS_MAX 1000u
#define PATHS_MAX 10000u

/* Within a stage, kinds are asked in this order. */
static enum sp_status (*const makers[])(const struct sp_authn_parts *parts, struct sp_authn_table *table,
                                        struct sp_error *err) = {
    sp_authn_make_saml, sp_authn_make_token, sp_authn_make_certificate,
    sp_authn_make_oidc, sp_authn_make_ltpa,  sp_authn_make_basic,
};

/* ---------------------------------------------------------------- making the table */

static enum sp_status add_paths(struct sp_authn_table *table, struct sp_authn_provider *provider,
                                struct sp_error *err)
{
    for (size_t i = 0; i < provider->path_count; i++) {
        enum sp_status status = sp_hash_add(&table->paths, provider->paths[i], provider);
        if (status == SP_EEXISTS)
            return sp_error_set(err, SP_EINVAL, NULL, "%s %.*s: the path %.*s belongs to another element",
                                provider->kind->name, SP_STR_ARG(provider->id),
                                SP_STR_ARG(provider->paths[i]));
        if (status != SP_OK)
            return sp_error_set(err, status, NULL, "no memory for authentication");
    }
    return SP_OK;
}

enum sp_status sp_authn_table_add(struct sp_authn_table *table, struct sp_authn_provider *provider,
                                  const struct sp_cfg_auth_filters *filters, struct sp_error *err)
{
    if (table->count == table->capacity) {
        provider->kind->free(provider);
        return sp_error_set(err, SP_ELIMIT, NULL,
                            "the configuration has more than %u elements that authenticate", PROVIDERS_MAX);
    }
    table->providers[table->count++] = provider;
    enum sp_status status = filters ? sp_auth_filters_new(filters, &provider->filter, err) : SP_OK;
    return status == SP_OK ? add_paths(table, provider, err) : status;
}

static void note_headers(struct sp_authn_table *table)
{
    struct sp_str first = {NULL, 0};
    for (size_t i = 0; i < table->count; i++) {
        struct sp_str header = table->providers[i]->header;
        table->cookies |= table->providers[i]->cookie.len > 0;
        if (header.ptr && first.ptr && !sp_str_caseless_eq(header, first))
            table->several_headers = true;
        else if (header.ptr)
            first = header;
    }
}

/* By stage; what is equal stays in the order in which it was added. */
static void sort(struct sp_authn_table *table)
{
    for (size_t i = 1; i < table->count; i++) {
        struct sp_authn_provider *provider = table->providers[i];
        size_t at = i;
        for (; at && table->providers[at - 1]->stage > provider->stage; at--)
            table->providers[at] = table->providers[at - 1];
        table->providers[at] = provider;
    }
}

static void divide(struct sp_authn_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct sp_authn_provider *provider = table->providers[i];
        const struct sp_authn_provider *before = i ? table->providers[i - 1] : NULL;
        if (!before || before->stage != provider->stage || before->kind != provider->kind)
            table->groups[table->group_count++] = (struct sp_authn_group){.first = i};
        table->groups[table->group_count - 1].count++;
    }
}

enum sp_status sp_authn_table_init(const struct sp_authn_parts *parts, struct sp_authn_table *ret_table,
                                   struct sp_error *err)
{
    struct sp_authn_table table = {.capacity = PROVIDERS_MAX};
    sp_hash_init(&table.paths, PATHS_MAX);
    table.providers = calloc(table.capacity, sizeof(struct sp_authn_provider *));
    enum sp_status status =
        table.providers ? SP_OK : sp_error_set(err, SP_ENOMEM, NULL, "no memory for authentication");
    for (size_t i = 0; status == SP_OK && i < sizeof makers / sizeof makers[0]; i++)
        status = makers[i](parts, &table, err);
    table.groups = calloc(table.count + 1, sizeof *table.groups);
    if (status == SP_OK && !table.groups)
        status = sp_error_set(err, SP_ENOMEM, NULL, "no memory for authentication");
    if (status != SP_OK) {
        sp_authn_table_finish(&table);
        return status;
    }
    sort(&table);
    divide(&table);
    note_headers(&table);
    *ret_table = table;
    return SP_OK;
}

void sp_authn_table_finish(struct sp_authn_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        sp_auth_filters_free(table->providers[i]->filter);
        table->providers[i]->kind->free(table->providers[i]);
    }
    free(table->providers);
    free(table->groups);
    sp_hash_finish(&table->paths);
    *table = (struct sp_authn_table){0};
}

/* ---------------------------------------------------------------- choosing */

static enum sp_offer offer_of(const struct sp_authn_provider *provider, struct sp_authn_attempt *attempt)
{
    enum sp_offer offer = provider->kind->offers(provider, attempt);
    return offer == SP_OFFER_DEMAND && !attempt->required ? SP_OFFER_NONE : offer;
}

static bool knows_issuer(const struct sp_authn_provider *provider, struct sp_authn_attempt *attempt)
{
    return provider->kind->knows_issuer && provider->kind->knows_issuer(provider, attempt);
}

/* The first whose filter accepts the request, and that has something to say to it. */
static struct sp_authn_provider *choose_by_filter(struct sp_authn_provider *const *providers, size_t first,
                                                  size_t count, struct sp_authn_attempt *attempt)
{
    for (size_t i = first; i < count; i++)
        if (providers[i]->filter && sp_auth_filters_accept(providers[i]->filter, attempt) &&
            offer_of(providers[i], attempt) != SP_OFFER_NONE)
            return providers[i];
    return NULL;
}

struct sp_authn_provider *sp_authn_table_choose(const struct sp_authn_table *table,
                                                const struct sp_authn_group *group,
                                                struct sp_authn_attempt *attempt)
{
    struct sp_authn_provider *const *providers = table->providers + group->first;
    struct sp_authn_provider *filtered = choose_by_filter(providers, 0, group->count, attempt);
    if (filtered)
        return filtered;
    struct sp_authn_provider *finder = NULL, *demander = NULL;
    size_t finders = 0;
    for (size_t i = 0; i < group->count; i++) {
        if (providers[i]->filter)
            continue;
        enum sp_offer offer = offer_of(providers[i], attempt);
        if (offer == SP_OFFER_CREDENTIAL && finders++ == 0)
            finder = providers[i];
        if (offer == SP_OFFER_DEMAND && !demander)
            demander = providers[i];
    }
    for (size_t i = 0; finders > 1 && i < group->count; i++)
        if (!providers[i]->filter && offer_of(providers[i], attempt) == SP_OFFER_CREDENTIAL &&
            knows_issuer(providers[i], attempt))
            return providers[i];
    return finder ? finder : demander;
}

const struct sp_authn_provider *sp_authn_table_rival(const struct sp_authn_table *table,
                                                     const struct sp_authn_group *group,
                                                     const struct sp_authn_provider *chosen,
                                                     struct sp_authn_attempt *attempt)
{
    struct sp_authn_provider *const *providers = table->providers + group->first;
    size_t place = 0;
    while (chosen && place < group->count && providers[place] != chosen)
        place++;
    return chosen && chosen->filter ? choose_by_filter(providers, place + 1, group->count, attempt) : NULL;
}

bool sp_authn_table_is_contradictory(const struct sp_authn_table *table, struct sp_authn_attempt *attempt,
                                     struct sp_str *ret_first, struct sp_str *ret_second)
{
    struct sp_str first = {NULL, 0};
    for (size_t i = 0; table->several_headers && i < table->count; i++) {
        const struct sp_authn_provider *provider = table->providers[i];
        if (!provider->header.ptr ||
            (provider->filter && !sp_auth_filters_accept(provider->filter, attempt)) ||
            provider->kind->offers(provider, attempt) != SP_OFFER_CREDENTIAL)
            continue;
        if (first.ptr && !sp_str_caseless_eq(first, provider->header)) {
            *ret_first = first;
            *ret_second = provider->header;
            return true;
        }
        first = provider->header;
    }
    return false;
}

struct sp_str sp_authn_table_repeated_cookie(const struct sp_authn_table *table,
                                             const struct sp_http_request *request)
{
    if (table->cookies && sp_http_header_get(request, "Cookie").ptr)
        for (size_t i = 0; i < table->count; i++) {
            struct sp_str name = table->providers[i]->cookie;
            if (name.len && sp_http_cookie_count(request, name) > 1)
                return name;
        }
    return (struct sp_str){NULL, 0};
}
