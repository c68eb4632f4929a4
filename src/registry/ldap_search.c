/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/ldap_search.h"

#include "base/clock.h"

#define HOPS_MAX 4u
#define TRIES 3

static enum sp_status no_memory(struct sp_ldap_query *query)
{
    return sp_error_set(query->err, SP_ENOMEM, NULL, "no memory for an enquiry of a directory");
}

/* ---------------------------------------------------------------- names */

enum sp_status sp_ldap_normalise(struct sp_ldap_query *query, struct sp_str dn, struct sp_str *ret_key)
{
    char memory[3 * SP_LDAP_DN_MAX];
    struct sp_buf key = sp_buf_over(memory, sizeof memory);
    if (sp_ldap_dn_normalise(dn, &key) != SP_OK)
        return sp_error_set(query->err, SP_EUNAVAIL, NULL,
                            "\"%.*s\" of the directory is no distinguished name", SP_STR_ARG(dn));
    struct sp_str copy = sp_arena_str(query->arena, sp_buf_str(&key));
    if (!copy.ptr)
        return no_memory(query);
    *ret_key = copy;
    return SP_OK;
}

bool sp_ldap_is_below(struct sp_ldap_query *query, struct sp_str dn, const struct sp_str *base_key)
{
    char memory[3 * SP_LDAP_DN_MAX];
    struct sp_buf key = sp_buf_over(memory, sizeof memory);
    return sp_ldap_dn_normalise(dn, &key) == SP_OK && key.len &&
           sp_ldap_dn_within(sp_buf_str(&key), *base_key);
}

bool sp_ldap_same_entry(const struct sp_ldap_found *a, const struct sp_ldap_found *b)
{
    char memory[2][3 * SP_LDAP_DN_MAX];
    struct sp_buf keys[2] = {sp_buf_over(memory[0], sizeof memory[0]),
                             sp_buf_over(memory[1], sizeof memory[1])};
    return !a->server && !b->server && sp_ldap_dn_normalise(a->entry.dn, &keys[0]) == SP_OK &&
           sp_ldap_dn_normalise(b->entry.dn, &keys[1]) == SP_OK &&
           sp_str_eq(sp_buf_str(&keys[0]), sp_buf_str(&keys[1]));
}

/* ---------------------------------------------------------------- what is remembered
 * A search: the names of the entries. An entry: its attributes. Lengths are 32 bits, big-endian. */

static void append_text(struct sp_buf *buf, struct sp_str text)
{
    sp_buf_append_u32(buf, (uint32_t)text.len);
    sp_buf_append_str(buf, text);
}

static bool take_number(struct sp_str *rest, uint32_t *ret_number)
{
    if (rest->len < 4)
        return false;
    *ret_number = sp_get_u32((const unsigned char *)rest->ptr);
    *rest = sp_str_slice(*rest, 4, rest->len);
    return true;
}

static bool take_text(struct sp_str *rest, struct sp_str *ret_text)
{
    uint32_t len;
    if (!take_number(rest, &len) || len > rest->len)
        return false;
    *ret_text = sp_str_slice(*rest, 0, len);
    *rest = sp_str_slice(*rest, len, rest->len);
    return true;
}

static enum sp_status search_key(struct sp_ldap_query *query, const struct sp_ldap_search *search,
                                 struct sp_str *ret_key)
{
    struct sp_str base, key;
    enum sp_status status = sp_ldap_normalise(query, search->base, &base);
    if (status != SP_OK)
        return status;
    key = sp_arena_printf(query->arena, "%c%.*s?%.*s", search->base_only ? '0' : '2', SP_STR_ARG(base),
                          SP_STR_ARG(search->filter));
    if (!key.ptr)
        return no_memory(query);
    *ret_key = key;
    return SP_OK;
}

static void remember_entry(struct sp_ldap_query *query, const struct sp_ldap_entry *entry, struct sp_buf *buf)
{
    const struct sp_ldap_directory *directory = query->directory;
    struct sp_str key;
    size_t values = 0;
    sp_buf_reset(buf);
    append_text(buf, entry->dn);
    for (size_t i = 0; i < entry->attribute_count; i++) {
        const struct sp_str_list *list = &entry->attributes[i].values;
        append_text(buf, entry->attributes[i].name);
        sp_buf_append_u32(buf, (uint32_t)list->count);
        for (size_t k = 0; k < list->count; k++)
            append_text(buf, list->items[k]);
        values += list->count;
    }
    if (buf->failed || values > (size_t)directory->settings.attributes_cache.size_limit ||
        sp_ldap_normalise(query, entry->dn, &key) != SP_OK)
        return;
    sp_ldap_cache_put(directory->attributes, key, sp_buf_str(buf), sp_clock_monotonic_us());
}

static void remember(struct sp_ldap_query *query, struct sp_str key, const struct sp_ldap_answer *answer)
{
    const struct sp_ldap_directory *directory = query->directory;
    if (!directory->searches || !directory->attributes || answer->more || !answer->count ||
        answer->count > (size_t)directory->settings.searches_cache.size_limit)
        return;
    struct sp_buf buf;
    sp_buf_init(&buf, SP_LDAP_CACHE_VALUE_MAX);
    for (size_t i = 0; i < answer->count; i++)
        remember_entry(query, &answer->entries[i], &buf);
    sp_buf_reset(&buf);
    for (size_t i = 0; i < answer->count; i++)
        append_text(&buf, answer->entries[i].dn);
    if (!buf.failed)
        sp_ldap_cache_put(directory->searches, key, sp_buf_str(&buf), sp_clock_monotonic_us());
    sp_buf_finish(&buf);
}

static bool recall_attribute(struct sp_ldap_query *query, struct sp_str *rest,
                             struct sp_ldap_attribute *attribute)
{
    uint32_t count;
    if (!take_text(rest, &attribute->name) || !take_number(rest, &count) || count > rest->len)
        return false;
    struct sp_str *values = sp_arena_calloc(query->arena, count, sizeof *values);
    for (uint32_t k = 0; values && k < count; k++)
        if (!take_text(rest, &values[k]))
            return false;
    attribute->values = (struct sp_str_list){values, count};
    return values != NULL;
}

static bool recall_entry(struct sp_ldap_query *query, struct sp_str dn, struct sp_ldap_entry *entry)
{
    struct sp_str key, rest;
    if (sp_ldap_normalise(query, dn, &key) != SP_OK ||
        !sp_ldap_cache_get(query->directory->attributes, key, sp_clock_monotonic_us(), query->arena, &rest) ||
        !take_text(&rest, &entry->dn))
        return false;
    struct sp_ldap_attribute *attributes =
        sp_arena_calloc(query->arena, SP_LDAP_ATTRIBUTES_MAX, sizeof *attributes);
    for (entry->attribute_count = 0; attributes && rest.len; entry->attribute_count++)
        if (entry->attribute_count == SP_LDAP_ATTRIBUTES_MAX ||
            !recall_attribute(query, &rest, &attributes[entry->attribute_count]))
            return false;
    entry->attributes = attributes;
    return attributes != NULL;
}

static bool recall(struct sp_ldap_query *query, struct sp_str key, struct sp_ldap_results *ret_results)
{
    struct sp_ldap_directory *directory = query->directory;
    struct sp_str rest, dn;
    size_t count = 0;
    if (!directory->searches || !directory->attributes ||
        !sp_ldap_cache_get(directory->searches, key, sp_clock_monotonic_us(), query->arena, &rest))
        return false;
    for (struct sp_str each = rest; each.len; count++)
        if (!take_text(&each, &dn))
            return false;
    struct sp_ldap_found *items = sp_arena_calloc(query->arena, count, sizeof *items);
    for (size_t i = 0; items && i < count; i++)
        if (!take_text(&rest, &dn) || !recall_entry(query, dn, &items[i].entry))
            return false;
    *ret_results = (struct sp_ldap_results){items, count, false};
    return items != NULL;
}

/* ---------------------------------------------------------------- servers */

/* A connection that was kept may have died meanwhile, and a server that does not answer may have a sister. */
static enum sp_status ask_servers(struct sp_ldap_query *query, const struct sp_ldap_search *search,
                                  struct sp_ldap_answer *ret_answer)
{
    struct sp_ldap_pool *pool = query->directory->pool;
    enum sp_status status = SP_EUNAVAIL;
    for (int tries = 0; tries < TRIES; tries++) {
        struct sp_ldap_lease lease;
        struct sp_error cause = SP_ERROR_INIT;
        enum sp_status taken =
            sp_ldap_pool_take(pool, SP_LDAP_FOR_SEARCH, query->deadline_us, &lease, &cause);
        if (taken != SP_OK && tries && status == SP_ETIMEDOUT)
            break; /* what the server did not say is told, not that it is left alone since */
        if (query->err)
            *query->err = cause;
        if (taken != SP_OK)
            return SP_EUNAVAIL;
        status =
            sp_ldap_ask(lease.connection, search, query->deadline_us, query->arena, ret_answer, query->err);
        sp_ldap_pool_give(pool, &lease, status);
        if (status != SP_ECLOSED && status != SP_ETIMEDOUT)
            return status;
    }
    return SP_EUNAVAIL;
}

static enum sp_status ask_referral(struct sp_ldap_query *query, const struct sp_ldap_server *server,
                                   const struct sp_ldap_search *search, struct sp_ldap_answer *ret_answer)
{
    const struct sp_ldap_settings *settings = &query->directory->settings;
    struct sp_ldap_connection *connection;
    enum sp_status status = sp_ldap_connect(settings, server, query->deadline_us, &connection, query->err);
    if (status != SP_OK)
        return status;
    status = sp_ldap_bind_own(connection, server, query->deadline_us, query->err);
    if (status == SP_OK)
        status = sp_ldap_ask(connection, search, query->deadline_us, query->arena, ret_answer, query->err);
    sp_ldap_close(connection);
    return status == SP_OK || status == SP_ENOTFOUND || status == SP_ENOMEM ? status : SP_EUNAVAIL;
}

struct following {
    struct sp_ldap_query *query;
    const struct sp_ldap_search *search;
    struct sp_ldap_results results;
    size_t room;
};

static void collect(struct following *f, const struct sp_ldap_answer *answer,
                    const struct sp_ldap_server *server)
{
    for (size_t i = 0; i < answer->count; i++) {
        if (f->results.count == f->room) {
            f->results.more = true;
            return;
        }
        f->results.items[f->results.count++] = (struct sp_ldap_found){answer->entries[i], server};
    }
    f->results.more = f->results.more || answer->more;
}

static enum sp_status follow(struct following *f, const struct sp_str_list *urls, unsigned hops)
{
    enum sp_status status = SP_OK;
    for (size_t i = 0; status == SP_OK && i < urls->count; i++) {
        struct sp_ldap_server *server = sp_arena_calloc(f->query->arena, 1, sizeof *server);
        struct sp_ldap_search search = *f->search;
        struct sp_ldap_answer answer = {.count = 0};
        struct sp_str base;
        if (!server)
            return no_memory(f->query);
        if (hops == HOPS_MAX)
            return sp_error_set(f->query->err, SP_EUNAVAIL, NULL,
                                "directories refer to each other more than %u times", HOPS_MAX);
        status = sp_ldap_referral_read(&f->query->directory->settings, urls->items[i], f->query->arena,
                                       server, &base, f->query->err);
        if (status != SP_OK)
            return SP_EUNAVAIL;
        if (base.len)
            search.base = base;
        status = ask_referral(f->query, server, &search, &answer);
        if (status == SP_ENOTFOUND)
            status = SP_OK;
        if (status == SP_OK) {
            collect(f, &answer, server);
            status = follow(f, &answer.referrals, hops + 1);
        }
    }
    return status;
}

enum sp_status sp_ldap_search_run(struct sp_ldap_query *query, const struct sp_ldap_search *search,
                                  struct sp_ldap_results *ret_results)
{
    struct sp_str key;
    enum sp_status status = search_key(query, search, &key);
    if (status != SP_OK)
        return status;
    if (recall(query, key, ret_results))
        return SP_OK;
    if (query->remembered_only) {
        query->missed = true;
        return SP_EUNAVAIL;
    }
    struct sp_ldap_answer answer;
    status = ask_servers(query, search, &answer);
    if (status != SP_OK)
        return status;
    bool follows = query->directory->settings.follow_referrals;
    if (answer.elsewhere && !follows)
        return sp_error_set(
            query->err, SP_EUNAVAIL, NULL,
            "the directory does not hold %.*s and refers to other servers; referral=\"follow\" "
            "has them asked",
            SP_STR_ARG(search->base));
    struct following f = {.query = query, .search = search, .room = search->limit};
    f.results.items = sp_arena_calloc(query->arena, f.room, sizeof *f.results.items);
    if (!f.results.items)
        return no_memory(query);
    collect(&f, &answer, NULL);
    if (follows && answer.referrals.count)
        status = follow(&f, &answer.referrals, 0);
    else
        remember(query, key, &answer);
    if (status == SP_OK)
        *ret_results = f.results;
    return status;
}
