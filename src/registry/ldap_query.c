/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/ldap_query.h"

#include "registry/certificate_name.h"
#include "registry/ldap_search.h"

#define USERS_WANTED 2u /* the second shows that the name is ambiguous */

/* ---------------------------------------------------------------- entries */

static const struct sp_str_list *values_of(const struct sp_ldap_entry *entry, struct sp_str attribute)
{
    for (size_t i = 0; i < entry->attribute_count; i++)
        if (sp_str_caseless_eq(entry->attributes[i].name, attribute))
            return &entry->attributes[i].values;
    return NULL;
}

static bool has_class(const struct sp_ldap_entry *entry, struct sp_str class)
{
    const struct sp_str_list *classes = values_of(entry, SP_STR("objectClass"));
    for (size_t i = 0; classes && i < classes->count; i++)
        if (sp_str_caseless_eq(classes->items[i], class))
            return true;
    return sp_str_is(class, "*");
}

/* The name that a map gives an entry: of several values the one that was asked for. */
static struct sp_str mapped_name(const struct sp_ldap_entry *entry, const struct sp_ldap_map maps[],
                                 size_t count, struct sp_str wanted)
{
    for (size_t i = 0; i < count; i++) {
        const struct sp_str_list *values = values_of(entry, maps[i].attribute);
        if (!values || !values->count || !has_class(entry, maps[i].object_class))
            continue;
        for (size_t k = 0; k < values->count; k++)
            if (sp_str_caseless_eq(values->items[k], wanted))
                return values->items[k];
        return values->items[0];
    }
    return (struct sp_str){NULL, 0};
}

static bool is_name_of(const struct sp_ldap_settings *settings, const struct sp_ldap_entry *entry,
                       struct sp_str name)
{
    for (size_t i = 0; i < settings->login_attribute_count; i++) {
        const struct sp_str_list *values = values_of(entry, settings->login_attributes[i]);
        for (size_t k = 0; values && k < values->count; k++)
            if (sp_str_eq(values->items[k], name))
                return true;
    }
    return false;
}

static enum sp_status no_memory(struct sp_ldap_query *query)
{
    return sp_error_set(query->err, SP_ENOMEM, NULL, "no memory for an enquiry of a directory");
}

/* ---------------------------------------------------------------- people */

static enum sp_status describe(struct sp_ldap_query *query, const struct sp_ldap_found *found,
                               struct sp_str name, struct sp_ldap_person *ret_person)
{
    const struct sp_ldap_settings *settings = &query->directory->settings;
    struct sp_ldap_person person = {.entry = found->entry, .server = found->server};
    person.name = mapped_name(&found->entry, settings->user_ids, settings->user_id_count, name);
    if (!person.name.len)
        return sp_error_set(query->err, SP_ENOTFOUND, NULL,
                            "%.*s has no attribute that userIdMap takes for its name",
                            SP_STR_ARG(found->entry.dn));
    *ret_person = person;
    return SP_OK;
}

/* Below each base for users; exactly one entry is the user. */
static enum sp_status search_person(struct sp_ldap_query *query, struct sp_str filter, struct sp_str name,
                                    struct sp_ldap_person *ret_person)
{
    const struct sp_ldap_bases *bases = &query->directory->settings.user_bases;
    struct sp_ldap_found user = {.server = NULL};
    unsigned count = 0;
    for (size_t i = 0; i < bases->count; i++) {
        const struct sp_ldap_search search = {bases->names[i], filter, false, USERS_WANTED};
        struct sp_ldap_results results;
        enum sp_status status = sp_ldap_search_run(query, &search, &results);
        if (status == SP_ENOTFOUND)
            continue;
        if (status != SP_OK)
            return status;
        for (size_t k = 0; k < results.count; k++) {
            bool again = count && sp_ldap_same_entry(&results.items[k], &user);
            user = results.items[k];
            count += !again;
        }
    }
    if (count == 0)
        return sp_error_set(query->err, SP_ENOTFOUND, NULL, "user %.*s is not in the directory",
                            SP_STR_ARG(name));
    if (count > 1)
        return sp_error_set(query->err, SP_EDENIED, NULL,
                            "%.*s stands for more than one user of the directory, %.*s among them",
                            SP_STR_ARG(name), SP_STR_ARG(user.entry.dn));
    return describe(query, &user, name, ret_person);
}

enum sp_status sp_ldap_find_person(struct sp_ldap_query *query, struct sp_str name,
                                   struct sp_ldap_person *ret_person)
{
    const struct sp_ldap_settings *settings = &query->directory->settings;
    char *memory = sp_arena_alloc(query->arena, SP_LDAP_FILTER_MAX);
    if (!memory)
        return no_memory(query);
    struct sp_buf filter = sp_buf_over(memory, SP_LDAP_FILTER_MAX);
    if (sp_ldap_filter_fill(settings->user_filter, name, &filter) != SP_OK)
        return sp_error_set(query->err, SP_ENOTFOUND, NULL, "a user name of %zu bytes is too long", name.len);
    struct sp_ldap_person person;
    enum sp_status status = search_person(query, sp_buf_str(&filter), name, &person);
    if (status != SP_OK)
        return status;
    if (!settings->ignore_case && !is_name_of(settings, &person.entry, name))
        return sp_error_set(query->err, SP_ENOTFOUND, NULL,
                            "user %.*s is in the directory in another case only", SP_STR_ARG(name));
    *ret_person = person;
    return SP_OK;
}

static enum sp_status find_exact(struct sp_ldap_query *query, struct sp_str der,
                                 struct sp_ldap_person *ret_person)
{
    const struct sp_ldap_settings *settings = &query->directory->settings;
    struct sp_certificate_names names;
    enum sp_status status = sp_certificate_names_read(der, query->arena, &names, query->err);
    if (status != SP_OK)
        return status;
    sp_certificate_names_finish(&names);
    if (!sp_ldap_is_below(query, names.subject, &settings->base_key))
        return sp_error_set(query->err, SP_ENOTFOUND, NULL,
                            "the client certificate's subject %.*s is not below the registry's baseDN",
                            SP_STR_ARG(names.subject));
    const struct sp_ldap_search search = {names.subject, settings->any_user_filter, true, 1};
    struct sp_ldap_results results;
    status = sp_ldap_search_run(query, &search, &results);
    if (status == SP_ENOTFOUND || (status == SP_OK && !results.count))
        return sp_error_set(query->err, SP_ENOTFOUND, NULL, "the directory has no user %.*s",
                            SP_STR_ARG(names.subject));
    return status == SP_OK ? describe(query, &results.items[0], names.subject, ret_person) : status;
}

enum sp_status sp_ldap_find_certificate(struct sp_ldap_query *query, struct sp_str der,
                                        struct sp_ldap_person *ret_person)
{
    const struct sp_ldap_settings *settings = &query->directory->settings;
    struct sp_str filter;
    enum sp_status status;
    switch (settings->certificate_mode) {
    case SP_LDAP_EXACT_DN:
        return find_exact(query, der, ret_person);
    case SP_LDAP_CERTIFICATE_FILTER:
        status = sp_ldap_certificate_filter(settings, der, query->arena, &filter, query->err);
        return status == SP_OK ? search_person(query, filter, filter, ret_person) : status;
    default:
        return sp_error_set(query->err, SP_EDENIED, NULL,
                            "ldapRegistry takes no client certificates: certificateMapMode is neither "
                            "EXACT_DN nor CERTIFICATE_FILTER");
    }
}

/* ---------------------------------------------------------------- passwords */

static enum sp_status bind_at_referral(struct sp_ldap_query *query, const struct sp_ldap_person *person,
                                       struct sp_str password)
{
    struct sp_ldap_connection *connection;
    enum sp_status status = sp_ldap_connect(&query->directory->settings, person->server, query->deadline_us,
                                            &connection, query->err);
    if (status != SP_OK)
        return status;
    status = sp_ldap_bind(connection, person->entry.dn, password, query->deadline_us, query->err);
    sp_ldap_close(connection);
    return status;
}

enum sp_status sp_ldap_check_password(struct sp_ldap_query *query, const struct sp_ldap_person *person,
                                      struct sp_str password)
{
    struct sp_ldap_pool *pool = query->directory->pool;
    enum sp_status status = SP_ECLOSED;
    if (!password.len || !person->entry.dn.len)
        return sp_error_set(query->err, SP_EDENIED, NULL, "an empty password is never accepted");
    if (person->server)
        status = bind_at_referral(query, person, password);
    /* A connection that was kept may have died meanwhile; a new one says how the server is. */
    for (bool again = !person->server; again;) {
        struct sp_ldap_lease lease;
        status = sp_ldap_pool_take(pool, SP_LDAP_FOR_LOGIN, query->deadline_us, &lease, query->err);
        if (status != SP_OK)
            return status;
        status = sp_ldap_bind(lease.connection, person->entry.dn, password, query->deadline_us, query->err);
        again = status == SP_ECLOSED && !lease.fresh;
        sp_ldap_pool_give(pool, &lease, status);
    }
    return status == SP_OK || status == SP_EDENIED ? status : SP_EUNAVAIL;
}

/* ---------------------------------------------------------------- groups */

#define GROUPS_MAX 2000u
#define LEVELS_MAX 32u
#define DNS_OF_ONE_SEARCH 20u

/* Groups that were found, in the order in which they were; those of `done` on have not been asked for their
 * own groups yet. */
struct group {
    struct sp_str dn;
    struct sp_str key; /* normalised */
    struct sp_str name;
    bool complete; /* its own groups are known already */
    struct sp_ldap_entry entry;
    bool has_entry;
};

struct gathering {
    struct sp_ldap_query *query;
    const struct sp_ldap_settings *settings;
    struct group *groups;
    size_t count, room;
};

static enum sp_status group_name(struct gathering *g, struct group *group)
{
    if (group->has_entry) {
        group->name =
            mapped_name(&group->entry, g->settings->group_ids, g->settings->group_id_count, SP_STR(""));
        if (group->name.len)
            return SP_OK;
    }
    for (size_t i = 0; i < g->settings->group_id_count; i++) {
        if (sp_ldap_dn_first(group->dn, g->settings->group_ids[i].attribute, g->query->arena, &group->name) !=
            SP_OK)
            return no_memory(g->query);
        if (group->name.len)
            return SP_OK;
    }
    return SP_OK;
}

/* Its attributes, for those that are known by name only. SP_ENOTFOUND: there is no such group. */
static enum sp_status read_group(struct gathering *g, struct group *group)
{
    const struct sp_ldap_search search = {group->dn, SP_STR("(objectClass=*)"), true, 1};
    struct sp_ldap_results results;
    enum sp_status status = sp_ldap_search_run(g->query, &search, &results);
    if (status == SP_OK && !results.count)
        status = SP_ENOTFOUND;
    if (status != SP_OK)
        return status;
    group->entry = results.items[0].entry;
    group->has_entry = true;
    return SP_OK;
}

/* Groups outside of baseDN do not count, nor those without a name. */
static enum sp_status add_group(struct gathering *g, const struct group *found)
{
    struct group group = *found;
    if (!sp_ldap_is_below(g->query, group.dn, &g->settings->base_key))
        return SP_OK;
    enum sp_status status = sp_ldap_normalise(g->query, group.dn, &group.key);
    if (status != SP_OK)
        return status;
    for (size_t i = 0; i < g->count; i++)
        if (sp_str_eq(g->groups[i].key, group.key))
            return SP_OK;
    status = group_name(g, &group);
    if (status == SP_OK && !group.name.len && !group.has_entry) {
        status = read_group(g, &group);
        if (status == SP_ENOTFOUND)
            return SP_OK;
        if (status == SP_OK)
            status = group_name(g, &group);
    }
    if (status != SP_OK || !group.name.len)
        return status;
    if (g->count == GROUPS_MAX)
        return sp_error_set(g->query->err, SP_EUNAVAIL, NULL,
                            "a user of the directory is in more than %u groups", GROUPS_MAX);
    if (g->count == g->room) {
        size_t room = g->room ? 2 * g->room : 16;
        struct group *groups = sp_arena_calloc(g->query->arena, room, sizeof *groups);
        if (!groups)
            return no_memory(g->query);
        if (g->count)
            memcpy(groups, g->groups, g->count * sizeof *groups);
        g->groups = groups;
        g->room = room;
    }
    g->groups[g->count++] = group;
    return SP_OK;
}

/* By attributes of the member, such as memberOf. */
static enum sp_status add_memberships(struct gathering *g, const struct sp_ldap_entry *entry)
{
    enum sp_status status = SP_OK;
    for (size_t i = 0; i < g->settings->membership_count; i++) {
        const struct sp_ldap_membership *membership = &g->settings->memberships[i];
        const struct sp_str_list *names = values_of(entry, sp_str_of(membership->attribute));
        for (size_t k = 0; status == SP_OK && names && k < names->count; k++)
            status = add_group(g, &(struct group){.dn = names->items[k], .complete = membership->whole});
    }
    return status;
}

/* "(&groupFilter(|(&(objectclass=..)(member=dn))..))" of up to DNS_OF_ONE_SEARCH members. */
static enum sp_status members_filter(struct gathering *g, const struct sp_str dns[], size_t count,
                                     struct sp_str *ret_filter)
{
    const struct sp_ldap_settings *s = g->settings;
    struct sp_buf text;
    sp_buf_init(&text, 16 * SP_LDAP_FILTER_MAX);
    sp_buf_printf(&text, "(&%.*s(|", SP_STR_ARG(s->any_group_filter));
    for (size_t i = 0; i < s->member_count; i++) {
        bool any = sp_str_is(s->members[i].object_class, "*");
        if (!any)
            sp_buf_printf(&text, "(&(objectclass=%.*s)(|", SP_STR_ARG(s->members[i].object_class));
        for (size_t k = 0; k < count; k++) {
            sp_buf_printf(&text, "(%.*s=", SP_STR_ARG(s->members[i].attribute));
            sp_ldap_filter_escape(dns[k], &text);
            sp_buf_append_byte(&text, ')');
        }
        if (!any)
            sp_buf_append_str(&text, SP_STR("))"));
    }
    sp_buf_append_str(&text, SP_STR("))"));
    struct sp_str copy =
        text.failed ? (struct sp_str){NULL, 0} : sp_arena_str(g->query->arena, sp_buf_str(&text));
    sp_buf_finish(&text);
    if (!copy.ptr)
        return no_memory(g->query);
    *ret_filter = copy;
    return SP_OK;
}

/* The member that groups have because they must have one is in no group. */
static bool is_dummy(struct gathering *g, struct sp_str dn)
{
    struct sp_str key;
    return g->settings->dummy_member.len && sp_ldap_normalise(g->query, dn, &key) == SP_OK &&
           sp_str_eq(key, g->settings->dummy_member);
}

/* By attributes of groups, such as member. */
static enum sp_status search_members(struct gathering *g, const struct sp_str dns[], size_t count)
{
    struct sp_str filter;
    if (!g->settings->member_count || (count == 1 && is_dummy(g, dns[0])))
        return SP_OK;
    enum sp_status status = members_filter(g, dns, count, &filter);
    for (size_t i = 0; status == SP_OK && i < g->settings->group_bases.count; i++) {
        const struct sp_ldap_search search = {g->settings->group_bases.names[i], filter, false, GROUPS_MAX};
        struct sp_ldap_results results;
        status = sp_ldap_search_run(g->query, &search, &results);
        if (status == SP_ENOTFOUND) {
            status = SP_OK;
            continue;
        }
        if (status == SP_OK && results.more)
            status = sp_error_set(g->query->err, SP_EUNAVAIL, NULL,
                                  "a user of the directory is in more than %u groups", GROUPS_MAX);
        for (size_t k = 0; status == SP_OK && k < results.count; k++)
            status = add_group(g, &(struct group){.dn = results.items[k].entry.dn,
                                                  .entry = results.items[k].entry,
                                                  .has_entry = true,
                                                  .complete = g->settings->members_whole});
    }
    return status;
}

/* The groups of those from `from` to `to`. */
static enum sp_status add_level(struct gathering *g, size_t from, size_t to)
{
    enum sp_status status = SP_OK;
    struct sp_str dns[DNS_OF_ONE_SEARCH];
    size_t waiting = 0;
    for (size_t i = from; status == SP_OK && i < to; i++) {
        struct group group = g->groups[i];
        if (group.complete)
            continue;
        if (g->settings->membership_count && !group.has_entry)
            status = read_group(g, &group);
        if (status == SP_ENOTFOUND)
            status = SP_OK;
        if (status == SP_OK && group.has_entry)
            status = add_memberships(g, &group.entry);
        dns[waiting++] = group.dn;
        if (status == SP_OK && waiting == DNS_OF_ONE_SEARCH) {
            status = search_members(g, dns, waiting);
            waiting = 0;
        }
    }
    return status == SP_OK && waiting ? search_members(g, dns, waiting) : status;
}

static enum sp_status list_names(struct gathering *g, struct sp_str_list *ret_groups)
{
    struct sp_str *names = sp_arena_calloc(g->query->arena, g->count, sizeof *names);
    size_t count = 0;
    if (!names)
        return no_memory(g->query);
    for (size_t i = 0; i < g->count; i++) {
        bool known = false;
        for (size_t k = 0; k < count && !known; k++)
            known = sp_str_eq(names[k], g->groups[i].name);
        if (!known)
            names[count++] = g->groups[i].name;
    }
    *ret_groups = (struct sp_str_list){names, count};
    return SP_OK;
}

enum sp_status sp_ldap_find_groups(struct sp_ldap_query *query, const struct sp_ldap_person *person,
                                   struct sp_str_list *ret_groups)
{
    struct gathering g = {.query = query, .settings = &query->directory->settings};
    enum sp_status status = add_memberships(&g, &person->entry);
    if (status == SP_OK)
        status = search_members(&g, &person->entry.dn, 1);
    size_t from = 0;
    for (unsigned level = 0; status == SP_OK && g.settings->recursive && from < g.count; level++) {
        size_t to = g.count;
        if (level == LEVELS_MAX)
            return sp_error_set(query->err, SP_EUNAVAIL, NULL,
                                "groups of the directory are nested more than %u deep", LEVELS_MAX);
        status = add_level(&g, from, to);
        from = to;
    }
    return status == SP_OK ? list_names(&g, ret_groups) : status;
}

/* "(&groupFilter(|(cn=name)..))" by the attributes of groupIdMap */
static enum sp_status group_filter(struct sp_ldap_query *query, struct sp_str name, struct sp_str *ret_filter)
{
    const struct sp_ldap_settings *s = &query->directory->settings;
    struct sp_buf text;
    sp_buf_init(&text, 4 * SP_LDAP_FILTER_MAX);
    sp_buf_printf(&text, "(&%.*s(|", SP_STR_ARG(s->any_group_filter));
    for (size_t i = 0; i < s->group_id_count; i++) {
        sp_buf_printf(&text, "(%.*s=", SP_STR_ARG(s->group_ids[i].attribute));
        sp_ldap_filter_escape(name, &text);
        sp_buf_append_byte(&text, ')');
    }
    sp_buf_append_str(&text, SP_STR("))"));
    *ret_filter = text.failed ? (struct sp_str){NULL, 0} : sp_arena_str(query->arena, sp_buf_str(&text));
    sp_buf_finish(&text);
    return ret_filter->ptr ? SP_OK : no_memory(query);
}

enum sp_status sp_ldap_find_group(struct sp_ldap_query *query, struct sp_str name, struct sp_str *ret_name)
{
    const struct sp_ldap_settings *s = &query->directory->settings;
    struct sp_str filter;
    enum sp_status status = group_filter(query, name, &filter);
    for (size_t i = 0; status == SP_OK && i < s->group_bases.count; i++) {
        const struct sp_ldap_search search = {s->group_bases.names[i], filter, false, 1};
        struct sp_ldap_results results;
        status = sp_ldap_search_run(query, &search, &results);
        if (status == SP_OK && results.count) {
            *ret_name = mapped_name(&results.items[0].entry, s->group_ids, s->group_id_count, name);
            if (ret_name->len)
                return SP_OK;
        }
        if (status == SP_ENOTFOUND)
            status = SP_OK;
    }
    return status == SP_OK ? sp_error_set(query->err, SP_ENOTFOUND, NULL,
                                          "group %.*s is not in the directory", SP_STR_ARG(name))
                           : status;
}
