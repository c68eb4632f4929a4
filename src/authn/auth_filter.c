/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/auth_filter.h"

#include <stdlib.h>

#include "text/ip_range.h"
#include "text/percent.h"

#define MEMORY_MAX (16u * 1024u * 1024u)
#define APPLICATION "com.ibm.zosconnect" /* what the family's own log calls it */

enum subject { WEB_APP, REQUEST_URL, REMOTE_ADDRESS, HOST, USER_AGENT, COOKIE, REQUEST_HEADER, SUBJECTS };

static const char *const subject_names[] = {"webApp",    "requestUrl", "remoteAddress", "host",
                                            "userAgent", "cookie",     "requestHeader"};
static const char *const match_names[] = {"equals", "contains", "notContain", "lessThan", "greaterThan"};

struct condition {
    enum subject subject;
    unsigned match;     /* enum sp_cfg_match */
    struct sp_str name; /* of requestHeader: the field; otherwise empty */
    struct sp_str text; /* what is compared; ptr NULL: only whether the field is there */
    struct sp_str *pieces;
    struct sp_ip_range *ranges; /* of remoteAddress, one a piece */
    size_t piece_count;
    bool never; /* written wrongly */
};

struct sp_auth_filter {
    struct sp_str id;
    struct sp_arena arena;
    struct condition *conditions;
    size_t count;
    struct sp_auth_filter *next;
};

/* ---------------------------------------------------------------- compiling */

static bool is_alternatives(const struct condition *condition)
{
    return condition->match == SP_CFG_CONTAINS || condition->match == SP_CFG_NOT_CONTAIN;
}

/* The texts that are compared: split at | where that means "or". */
static bool split(struct condition *condition, struct sp_arena *arena)
{
    struct sp_str rest = condition->text, piece;
    size_t most = 1;
    for (size_t i = 0; i < rest.len; i++)
        most += rest.ptr[i] == '|';
    condition->pieces = sp_arena_calloc(arena, most, sizeof *condition->pieces);
    if (!condition->pieces)
        return false;
    if (!is_alternatives(condition)) {
        condition->pieces[condition->piece_count++] = condition->text;
        return true;
    }
    while (sp_str_split(&rest, '|', &piece))
        if (piece.len)
            condition->pieces[condition->piece_count++] = piece;
    return true;
}

static enum sp_status read_ranges(struct condition *condition, struct sp_arena *arena, struct sp_error *err)
{
    condition->ranges = sp_arena_calloc(arena, condition->piece_count, sizeof *condition->ranges);
    if (!condition->ranges)
        return SP_ENOMEM;
    for (size_t i = 0; i < condition->piece_count; i++) {
        enum sp_status status =
            sp_ip_range_read(sp_str_trim(condition->pieces[i]), &condition->ranges[i], err);
        if (status != SP_OK)
            return status;
    }
    return SP_OK;
}

/* SP_ENOMEM, or SP_EINVAL with the reason why the condition can never hold. */
static enum sp_status compile(enum subject subject, const struct sp_cfg_condition *config,
                              struct sp_arena *arena, struct condition *condition, struct sp_error *err)
{
    struct sp_str what = sp_str_trim(config->what);
    bool is_header = subject == REQUEST_HEADER;
    struct sp_str value = is_header ? sp_str_trim(config->value) : what;
    *condition = (struct condition){.subject = subject, .match = config->match};
    if (is_header)
        condition->name = what;
    condition->text = value.len ? value : (struct sp_str){NULL, 0};
    if (!what.len)
        return sp_error_set(err, SP_EINVAL, NULL, "there is nothing to compare with");
    if (!value.len)
        return SP_OK;
    if (!split(condition, arena))
        return SP_ENOMEM;
    if (!condition->piece_count)
        return sp_error_set(err, SP_EINVAL, NULL, "\"%.*s\" has no alternative", SP_STR_ARG(value));
    enum sp_status status = subject == REMOTE_ADDRESS ? read_ranges(condition, arena, err) : SP_OK;
    return status == SP_OK || status == SP_ENOMEM ? status : SP_EINVAL;
}

static const struct sp_cfg_conditions *conditions_of(const struct sp_cfg_auth_filter *config,
                                                     enum subject subject)
{
    const struct sp_cfg_conditions *const all[] = {
        &config->web_app,    &config->request_url, &config->remote_address, &config->host,
        &config->user_agent, &config->cookie,      &config->request_header,
    };
    return all[subject];
}

static size_t count_of(const struct sp_cfg_auth_filter *config)
{
    size_t count = 0;
    for (unsigned s = 0; s < SUBJECTS; s++)
        count += conditions_of(config, s)->count;
    return count;
}

static enum sp_status filter_new(const struct sp_cfg_auth_filter *config, struct sp_auth_filter **ret_filter,
                                 struct sp_error *err)
{
    struct sp_auth_filter *filter = calloc(1, sizeof *filter);
    if (!filter)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for an authFilter");
    filter->id = config->id;
    sp_arena_init(&filter->arena, MEMORY_MAX);
    filter->conditions = sp_arena_calloc(&filter->arena, count_of(config), sizeof *filter->conditions);
    enum sp_status status = filter->conditions ? SP_OK : SP_ENOMEM;
    for (unsigned s = 0; s < SUBJECTS; s++) {
        const struct sp_cfg_conditions *conditions = conditions_of(config, s);
        for (size_t i = 0; status != SP_ENOMEM && i < conditions->count; i++) {
            struct condition *condition = &filter->conditions[filter->count++];
            status = compile(s, &conditions->items[i], &filter->arena, condition, err);
            condition->never = status != SP_OK;
        }
    }
    if (status == SP_ENOMEM) {
        sp_auth_filters_free(filter);
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for an authFilter");
    }
    *ret_filter = filter;
    return SP_OK;
}

enum sp_status sp_auth_filters_new(const struct sp_cfg_auth_filters *config,
                                   struct sp_auth_filter **ret_filters, struct sp_error *err)
{
    struct sp_auth_filter *filters = NULL, **end = &filters;
    for (size_t i = 0; i < config->count; i++) {
        enum sp_status status = filter_new(config->items[i], end, err);
        if (status != SP_OK) {
            sp_auth_filters_free(filters);
            return status;
        }
        end = &(*end)->next;
    }
    *ret_filters = filters;
    return SP_OK;
}

void sp_auth_filters_free(struct sp_auth_filter *filters)
{
    while (filters) {
        struct sp_auth_filter *next = filters->next;
        sp_arena_finish(&filters->arena);
        free(filters);
        filters = next;
    }
}

/* ---------------------------------------------------------------- a request */

static bool contains(struct sp_str text, struct sp_str piece)
{
    return text.len >= piece.len && memmem(text.ptr, text.len, piece.ptr, piece.len) != NULL;
}

static bool contains_any(const struct condition *condition, struct sp_str text)
{
    for (size_t i = 0; i < condition->piece_count; i++)
        if (contains(text, condition->pieces[i]))
            return true;
    return false;
}

static bool holds_for_text(const struct condition *condition, struct sp_str text)
{
    switch (condition->match) {
    case SP_CFG_EQUALS:
        return sp_str_eq(text, condition->text);
    case SP_CFG_CONTAINS:
        return contains_any(condition, text);
    case SP_CFG_NOT_CONTAIN:
        return !contains_any(condition, text);
    default:
        return false;
    }
}

/* Escapes of the path undone, so that nobody evades a filter by writing a letter as %6x; ptr NULL when there
 * are none. Paths that cannot be decoded do not come so far. */
static struct sp_str decoded(struct sp_str url, struct sp_arena *arena)
{
    struct sp_error err;
    size_t query = sp_str_find(url, '?');
    struct sp_str path = sp_str_slice(url, 0, query), plain;
    if (sp_str_find(path, '%') == path.len)
        return (struct sp_str){NULL, 0};
    char *out = sp_arena_alloc(arena, url.len);
    if (!out || sp_percent_decode(path, false, "path", out, &plain, &err) != SP_OK)
        return (struct sp_str){NULL, 0};
    memcpy(out + plain.len, url.ptr + query, url.len - query);
    return sp_str_from(out, plain.len + url.len - query);
}

static bool holds_for_url(const struct condition *condition, struct sp_authn_attempt *attempt)
{
    struct sp_str url = sp_attempt_url(attempt);
    struct sp_str plain = decoded(url, attempt->arena);
    if (!url.ptr)
        return false;
    bool as_sent = holds_for_text(condition, url);
    if (!plain.ptr)
        return as_sent;
    bool as_meant = holds_for_text(condition, plain);
    return condition->match == SP_CFG_NOT_CONTAIN ? as_sent && as_meant : as_sent || as_meant;
}

static bool holds_for_address(const struct condition *condition, struct sp_str address)
{
    struct sp_ip ip;
    if (sp_ip_read(address, &ip) != SP_OK)
        return false;
    bool inside = false;
    for (size_t i = 0; i < condition->piece_count; i++)
        inside |= sp_ip_range_compare(&condition->ranges[i], &ip) == 0;
    switch (condition->match) {
    case SP_CFG_NOT_CONTAIN:
        return !inside;
    case SP_CFG_LESS_THAN:
        return sp_ip_range_compare(&condition->ranges[0], &ip) < 0;
    case SP_CFG_GREATER_THAN:
        return sp_ip_range_compare(&condition->ranges[0], &ip) > 0;
    default:
        return inside;
    }
}

/* A field that several of the request's may be: the first counts for what must be there, all count for what
 * must not. */
static bool holds_for_field(const struct condition *condition, const struct sp_http_request *request,
                            struct sp_str name)
{
    bool there = false, negative = condition->match == SP_CFG_NOT_CONTAIN;
    for (size_t i = 0; i < request->header_count; i++) {
        const struct sp_http_header *header = &request->headers[i];
        if (!sp_str_caseless_eq(header->name, name))
            continue;
        there = true;
        if (!condition->text.ptr)
            continue;
        bool holds = holds_for_text(condition, header->value);
        if (!negative || !holds)
            return holds;
    }
    return condition->text.ptr ? negative : there != negative;
}

/* Names of cookies, not their values. A request without cookies meets no condition on them. */
static bool holds_for_cookies(const struct condition *condition, const struct sp_http_request *request)
{
    bool any = false, found = false;
    for (size_t i = 0; i < request->header_count; i++) {
        struct sp_str rest = request->headers[i].value, cookie;
        if (!sp_str_caseless_eq(request->headers[i].name, SP_STR("Cookie")))
            continue;
        while (sp_str_split(&rest, ';', &cookie)) {
            struct sp_str name = sp_str_trim(sp_str_slice(cookie, 0, sp_str_find(cookie, '=')));
            any |= name.len > 0;
            found |= condition->match == SP_CFG_EQUALS ? sp_str_eq(name, condition->text)
                                                       : contains_any(condition, name);
        }
    }
    return any && found != (condition->match == SP_CFG_NOT_CONTAIN);
}

static bool holds(const struct condition *condition, struct sp_authn_attempt *attempt)
{
    const struct sp_http_request *request = attempt->request;
    if (condition->never)
        return false;
    switch (condition->subject) {
    case WEB_APP:
        return holds_for_text(condition, SP_STR(APPLICATION));
    case REQUEST_URL:
        return holds_for_url(condition, attempt);
    case REMOTE_ADDRESS:
        return holds_for_address(condition, request->peer_address);
    case HOST:
        return request->host.len ? holds_for_text(condition, request->host)
                                 : condition->match == SP_CFG_NOT_CONTAIN;
    case USER_AGENT:
        return holds_for_field(condition, request, SP_STR("User-Agent"));
    case COOKIE:
        return holds_for_cookies(condition, request);
    default:
        return holds_for_field(condition, request, condition->name);
    }
}

static const struct condition *fault_of(const struct sp_auth_filter *filter, struct sp_authn_attempt *attempt)
{
    for (size_t i = 0; i < filter->count; i++)
        if (!holds(&filter->conditions[i], attempt))
            return &filter->conditions[i];
    return NULL;
}

bool sp_auth_filters_accept(const struct sp_auth_filter *filters, struct sp_authn_attempt *attempt)
{
    for (; filters; filters = filters->next)
        if (filters->count > 0 && !fault_of(filters, attempt))
            return true;
    return false;
}

const struct sp_auth_filter *sp_auth_filter_next(const struct sp_auth_filter *filter)
{
    return filter->next;
}

struct sp_str sp_auth_filter_id(const struct sp_auth_filter *filter)
{
    return filter->id;
}

struct sp_str sp_auth_filter_fault(const struct sp_auth_filter *filter, struct sp_authn_attempt *attempt)
{
    const struct condition *fault = fault_of(filter, attempt);
    if (filter->count == 0)
        return SP_STR("it has no condition");
    if (!fault)
        return SP_STR("");
    return sp_arena_printf(attempt->arena, "%s%s%.*s %s %.*s%s", subject_names[fault->subject],
                           fault->name.len ? " " : "", SP_STR_ARG(fault->name), match_names[fault->match],
                           SP_STR_ARG(fault->text), fault->never ? " (which is not well-formed)" : "");
}
