/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cors.h"

#include <inttypes.h>

#define HEADERS_MAX 4096u /* bytes of Access-Control-Request-Headers that are looked at */

struct rule {
    const struct sp_cfg_cors *element;
    struct sp_path domain; /* count 0: every path */
};

struct sp_cors {
    struct rule *rules;
    size_t count;
};

static enum sp_status read_domain(const struct sp_cfg_cors *element, struct sp_arena *arena,
                                  struct sp_path *ret_domain, struct sp_error *err)
{
    enum sp_status status = sp_path_read(element->domain, arena, ret_domain, err);
    if (status != SP_OK) {
        sp_error_prefix(err, "cors[%.*s]: domain \"%.*s\"", SP_STR_ARG(element->id),
                        SP_STR_ARG(element->domain));
        return status == SP_ENOMEM ? status : SP_EINVAL;
    }
    /* "/a/" is "/a", and "/" has no segment. */
    if (ret_domain->segments[ret_domain->count - 1].len == 0)
        ret_domain->count--;
    return SP_OK;
}

enum sp_status sp_cors_new(const struct sp_config *config, struct sp_arena *arena,
                           const struct sp_cors **ret_cors, struct sp_error *err)
{
    struct sp_cors *cors = sp_arena_calloc(arena, 1, sizeof *cors);
    struct rule *rules = sp_arena_calloc(arena, config->cors_count, sizeof *rules);
    enum sp_status status = cors && rules ? SP_OK : sp_error_set(err, SP_ENOMEM, NULL, "no memory for cors");
    for (size_t i = 0; status == SP_OK && i < config->cors_count; i++) {
        rules[i].element = &config->cors[i];
        status = read_domain(rules[i].element, arena, &rules[i].domain, err);
    }
    if (status != SP_OK)
        return status;
    *cors = (struct sp_cors){rules, config->cors_count};
    *ret_cors = cors;
    return SP_OK;
}

static bool begins_with(const struct sp_path *path, const struct sp_path *domain)
{
    return path->count >= domain->count &&
           sp_str_eq(sp_path_key(path, domain->count), sp_path_key(domain, domain->count));
}

const struct sp_cfg_cors *sp_cors_find(const struct sp_cors *cors, const struct sp_path *path,
                                       const struct sp_http_request *request)
{
    const struct rule *found = NULL;
    if (cors->count == 0 || sp_http_header_count(request, "Origin") != 1)
        return NULL;
    for (size_t i = 0; i < cors->count; i++) {
        const struct rule *rule = &cors->rules[i];
        if (begins_with(path, &rule->domain) && (!found || rule->domain.count > found->domain.count))
            found = rule;
    }
    return found ? found->element : NULL;
}

bool sp_cors_is_preflight(const struct sp_http_request *request)
{
    return sp_str_is(request->method, "OPTIONS") &&
           sp_http_header_count(request, "Access-Control-Request-Method") == 1;
}

/* ---------------------------------------------------------------- what is allowed */

static bool has(const struct sp_str_list *list, struct sp_str item, bool caseless)
{
    for (size_t i = 0; i < list->count; i++)
        if (caseless ? sp_str_caseless_eq(list->items[i], item) : sp_str_eq(list->items[i], item))
            return true;
    return false;
}

static bool for_all(const struct sp_cfg_cors *rule)
{
    return has(&rule->allowed_origins, SP_STR("*"), false);
}

static bool allows_origin(const struct sp_cfg_cors *rule, const struct sp_http_request *request)
{
    /* Scheme and host have no case, and browsers write them small. */
    return for_all(rule) || has(&rule->allowed_origins, sp_http_header_get(request, "Origin"), true);
}

static bool allows_method(const struct sp_cfg_cors *rule, const struct sp_http_request *request)
{
    struct sp_str method = sp_http_header_get(request, "Access-Control-Request-Method");
    /* A page may send these whatever we say. */
    bool simple = sp_str_is(method, "GET") || sp_str_is(method, "HEAD") || sp_str_is(method, "POST");
    return (simple && rule->allowed_methods.count == 0) || has(&rule->allowed_methods, method, false);
}

static bool allows_headers(const struct sp_cfg_cors *rule, const struct sp_http_request *request)
{
    if (sp_http_header_count(request, "Access-Control-Request-Headers") > 1)
        return false;
    struct sp_str rest = sp_http_header_get(request, "Access-Control-Request-Headers"), name;
    if (rest.len > HEADERS_MAX)
        return false;
    while (rest.ptr && sp_str_split(&rest, ',', &name)) {
        name = sp_str_trim(name);
        if (name.len && !has(&rule->allowed_headers, name, true))
            return false;
    }
    return true;
}

bool sp_cors_allows(const struct sp_cfg_cors *rule, const struct sp_http_request *request)
{
    return allows_origin(rule, request) && allows_method(rule, request) && allows_headers(rule, request);
}

/* ---------------------------------------------------------------- headers */

static struct sp_str joined(const struct sp_str_list *list, struct sp_arena *arena)
{
    struct sp_str text = SP_STR("");
    for (size_t i = 0; i < list->count && text.ptr; i++)
        text =
            sp_arena_printf(arena, "%.*s%s%.*s", SP_STR_ARG(text), i ? ", " : "", SP_STR_ARG(list->items[i]));
    return text;
}

static void put(struct sp_http_header *headers, size_t *count, const char *name, struct sp_str value)
{
    if (value.len)
        headers[(*count)++] = (struct sp_http_header){sp_str_of(name), value};
}

size_t sp_cors_headers(const struct sp_cfg_cors *rule, const struct sp_http_request *request, bool preflight,
                       struct sp_arena *arena, struct sp_http_header ret_headers[SP_CORS_HEADERS_MAX])
{
    size_t count = 0;
    bool all = for_all(rule);
    /* Caches must not give one page's answer to another. */
    if (!all)
        put(ret_headers, &count, "Vary", SP_STR("Origin"));
    if (!allows_origin(rule, request))
        return count;
    put(ret_headers, &count, "Access-Control-Allow-Origin",
        all ? SP_STR("*") : sp_http_header_get(request, "Origin"));
    if (rule->allow_credentials && !all)
        put(ret_headers, &count, "Access-Control-Allow-Credentials", SP_STR("true"));
    if (!preflight) {
        put(ret_headers, &count, "Access-Control-Expose-Headers", joined(&rule->expose_headers, arena));
        return count;
    }
    put(ret_headers, &count, "Access-Control-Allow-Methods", joined(&rule->allowed_methods, arena));
    put(ret_headers, &count, "Access-Control-Allow-Headers", joined(&rule->allowed_headers, arena));
    if (rule->max_age >= 0)
        put(ret_headers, &count, "Access-Control-Max-Age", sp_arena_printf(arena, "%" PRId64, rule->max_age));
    return count;
}
