/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/ldap_settings.h"

#include <openssl/ssl.h>

#include "registry/certificate_name.h"
#include "registry/client_tls.h"

#define MEMORY_MAX (1024u * 1024u)
#define CONNECTIONS_MAX 100
#define TIMEOUT_MAX_US (600 * INT64_C(1000000))

/* ---------------------------------------------------------------- what the type of a directory means */

struct type {
    const char *name;
    const char *user_filter, *group_filter, *user_ids, *members;
};

#define GROUPS_OF_NAMES "(|(objectclass=groupOfNames)(objectclass=groupOfUniqueNames))"
#define MEMBERS_OF_NAMES "groupOfNames:member;groupOfUniqueNames:uniqueMember"
#define IDS_USER "(&(uid=%v)(objectclass=ePerson))"
#define IDS_GROUP \
    "(&(cn=%v)(|(objectclass=groupOfNames)(objectclass=groupOfUniqueNames)(objectclass=groupOfURLs)))"
#define IDS_MEMBERS "ibm-allGroups:member;ibm-allGroups:uniqueMember;" MEMBERS_OF_NAMES

static const struct type types[] = {
    {"Custom", IDS_USER, IDS_GROUP, "*:uid", IDS_MEMBERS},
    {"IBM Tivoli Directory Server", IDS_USER, IDS_GROUP, "*:uid", IDS_MEMBERS},
    {"Microsoft Active Directory", "(&(sAMAccountName=%v)(objectcategory=user))",
     "(&(cn=%v)(objectcategory=group))", "user:sAMAccountName", "memberOf:member"},
    {"IBM Lotus Domino", "(&(uid=%v)(objectclass=Person))", "(&(cn=%v)(objectclass=dominoGroup))",
     "person:uid", "dominoGroup:member"},
    {"Novell eDirectory", "(&(cn=%v)(objectclass=Person))", "(&(cn=%v)(objectclass=groupOfNames))",
     "person:cn", "groupOfNames:member"},
    {"Sun Java System Directory Server", "(&(uid=%v)(objectclass=inetOrgPerson))",
     "(&(cn=%v)(objectclass=ldapsubentry))", "inetOrgPerson:uid", "nsRole:nsRole"},
    {"Netscape Directory Server", "(&(uid=%v)(objectclass=inetOrgPerson))", "(&(cn=%v)" GROUPS_OF_NAMES ")",
     "inetOrgPerson:uid", MEMBERS_OF_NAMES},
    {"IBM SecureWay Directory Server", IDS_USER, "(&(cn=%v)" GROUPS_OF_NAMES ")", "*:uid", MEMBERS_OF_NAMES},
};

/* Names that stand in the place of an object class, and mean an attribute of the member. */
static const struct sp_ldap_membership known_memberships[] = {
    {"memberOf", false},
    {"ibm-allGroups", true},
    {"nsRole", true},
};

static const struct type *type_of(struct sp_str name)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (sp_str_caseless_eq(name, sp_str_of(types[i].name)))
            return &types[i];
    return &types[0];
}

/* ---------------------------------------------------------------- pieces */

struct making {
    struct sp_ldap_settings *settings;
    const struct sp_cfg_ldap_registry *config;
    struct sp_error *err;
};

static enum sp_status no_memory(struct making *m)
{
    return sp_error_set(m->err, SP_ENOMEM, NULL, "no memory for the settings of a directory");
}

static enum sp_status copy(struct making *m, struct sp_str text, struct sp_str *ret_copy)
{
    struct sp_str made = sp_arena_str(&m->settings->arena, text);
    if (!made.ptr)
        return no_memory(m);
    *ret_copy = made;
    return SP_OK;
}

static enum sp_status add_server(struct making *m, struct sp_str host, int64_t port)
{
    struct sp_ldap_settings *s = m->settings;
    if (s->server_count == SP_LDAP_SERVERS_MAX)
        return sp_error_set(m->err, SP_ELIMIT, NULL, "there are more than %u servers", SP_LDAP_SERVERS_MAX);
    struct sp_str name = sp_str_trim(host);
    if (!name.len || memchr(name.ptr, '\0', name.len) || port < 1 || port > 65535)
        return sp_error_set(m->err, SP_EINVAL, NULL, "\"%.*s\", port %lld, is no server", SP_STR_ARG(host),
                            (long long)port);
    struct sp_str made = {NULL, 0};
    enum sp_status status = copy(m, name, &made);
    if (status == SP_OK)
        s->servers[s->server_count++] = (struct sp_ldap_server){made.ptr, (unsigned)port};
    return status;
}

static enum sp_status take_servers(struct making *m)
{
    enum sp_status status = add_server(m, m->config->host, m->config->port);
    for (size_t i = 0; i < m->config->failover_count; i++) {
        const struct sp_cfg_ldap_failover *more = &m->config->failover[i];
        for (size_t k = 0; status == SP_OK && k < more->server_count; k++)
            status = add_server(m, more->servers[k].host, more->servers[k].port);
    }
    return status;
}

/* Tickets say who searches. What they protect is the login alone, so the connection must be TLS. */
static enum sp_status take_kerberos(struct making *m)
{
    const struct sp_cfg_ldap_registry *config = m->config;
    if (!config->ssl_enabled && !config->start_tls)
        return sp_error_set(
            m->err, SP_EINVAL, NULL,
            "bindAuthMechanism=\"GSSAPI\" needs TLS: set sslEnabled or sallyport_startTls, for "
            "Kerberos protects no more than the login here");
    if (config->bind_dn.len || config->bind_password.len)
        return sp_error_set(
            m->err, SP_EINVAL, NULL,
            "bindDN and bindPassword are of no use with bindAuthMechanism=\"GSSAPI\": remove them");
    m->settings->gssapi = true;
    enum sp_status status = copy(m, config->krb5_principal, &m->settings->krb5_principal);
    return status == SP_OK ? copy(m, config->krb5_ticket_cache, &m->settings->krb5_ticket_cache) : status;
}

/* A name without a password would be an unauthenticated bind (RFC 4513, 5.1.2), which succeeds for anybody.
 */
static enum sp_status take_bind(struct making *m)
{
    const struct sp_cfg_ldap_registry *config = m->config;
    if (sp_str_caseless_eq(config->bind_mechanism, SP_STR("GSSAPI")))
        return take_kerberos(m);
    if (config->krb5_principal.len || config->krb5_ticket_cache.len)
        return sp_error_set(m->err, SP_EINVAL, NULL,
                            "krb5Principal and krb5TicketCache are for bindAuthMechanism=\"GSSAPI\"");
    if (!config->bind_dn.len || sp_str_caseless_eq(config->bind_mechanism, SP_STR("none")))
        return SP_OK;
    if (!config->bind_password.len)
        return sp_error_set(m->err, SP_EINVAL, NULL,
                            "bindDN has no bindPassword: add it, or leave bindDN out to search anonymously");
    enum sp_status status = copy(m, config->bind_dn, &m->settings->bind_dn);
    return status == SP_OK ? copy(m, config->bind_password, &m->settings->bind_password) : status;
}

static enum sp_status take_tls(struct making *m, const struct sp_cfg_ssl *outbound)
{
    const struct sp_cfg_ssl *ssl = m->config->ssl ? m->config->ssl : outbound;
    if (m->config->ssl_enabled && m->config->start_tls)
        return sp_error_set(m->err, SP_EINVAL, NULL,
                            "sslEnabled and sallyport_startTls exclude each other: keep one");
    if (!m->config->ssl_enabled && !m->config->start_tls)
        return SP_OK;
    if (!ssl)
        return sp_error_set(m->err, SP_EINVAL, NULL,
                            "TLS is wanted and there is no ssl element that says whom to trust: add sslRef");
    m->settings->protection = m->config->ssl_enabled ? SP_LDAP_LDAPS : SP_LDAP_START_TLS;
    return sp_client_tls_new(ssl, &m->settings->tls, m->err);
}

static enum sp_status normalise(struct making *m, const char *what, struct sp_str dn, struct sp_str *ret_key)
{
    char memory[3 * SP_LDAP_DN_MAX];
    struct sp_buf key = sp_buf_over(memory, sizeof memory);
    enum sp_status status = sp_ldap_dn_normalise(dn, &key);
    if (status != SP_OK)
        return sp_error_set(m->err, status, NULL, "%s \"%.*s\" is no distinguished name", what,
                            SP_STR_ARG(dn));
    return copy(m, sp_buf_str(&key), ret_key);
}

static enum sp_status add_base(struct making *m, struct sp_str name, struct sp_ldap_bases *bases)
{
    struct sp_str key;
    enum sp_status status = normalise(m, "the base", name, &key);
    if (status != SP_OK)
        return status;
    if (!sp_ldap_dn_within(key, m->settings->base_key))
        return sp_error_set(m->err, SP_EINVAL, NULL, "searchBase \"%.*s\" is not below baseDN",
                            SP_STR_ARG(name));
    if (bases->count == SP_LDAP_BASES_MAX)
        return sp_error_set(m->err, SP_ELIMIT, NULL, "there are more than %u search bases",
                            SP_LDAP_BASES_MAX);
    status = copy(m, sp_str_trim(name), &bases->names[bases->count]);
    bases->count += status == SP_OK;
    return status;
}

/* ---------------------------------------------------------------- filters */

static const struct sp_cfg_ldap_entity *entity_of(const struct sp_cfg_ldap_registry *config, const char *name)
{
    for (size_t i = 0; i < config->entity_count; i++)
        if (sp_str_caseless_eq(config->entities[i].name, sp_str_of(name)))
            return &config->entities[i];
    return NULL;
}

/* "(&(uid=%v)(|(objectclass=a)(objectclass=b))(filter))" of an ldapEntityType. */
static enum sp_status entity_filter(struct making *m, const struct sp_cfg_ldap_entity *entity,
                                    struct sp_str attribute, struct sp_str *ret_filter)
{
    char memory[SP_LDAP_FILTER_MAX / 2];
    struct sp_buf text = sp_buf_over(memory, sizeof memory);
    sp_buf_printf(&text, "(&(%.*s=%%v)", SP_STR_ARG(attribute));
    if (entity->object_classes.count)
        sp_buf_append_str(&text, SP_STR("(|"));
    for (size_t i = 0; i < entity->object_classes.count; i++) {
        struct sp_str class = sp_str_trim(entity->object_classes.items[i]);
        if (!sp_ldap_attribute_ok(class))
            return sp_error_set(m->err, SP_ESYNTAX, NULL, "\"%.*s\" is no object class", SP_STR_ARG(class));
        sp_buf_printf(&text, "(objectclass=%.*s)", SP_STR_ARG(class));
    }
    if (entity->object_classes.count)
        sp_buf_append_byte(&text, ')');
    sp_buf_append_str(&text, sp_str_trim(entity->search_filter));
    sp_buf_append_byte(&text, ')');
    if (text.failed)
        return sp_error_set(m->err, SP_ELIMIT, NULL, "the filter of an ldapEntityType is too long");
    return copy(m, sp_buf_str(&text), ret_filter);
}

static enum sp_status add_login_attribute(struct making *m, struct sp_str name)
{
    struct sp_ldap_settings *s = m->settings;
    if (s->login_attribute_count == SP_LDAP_MAPS_MAX)
        return sp_error_set(m->err, SP_ELIMIT, NULL, "there are more than %u login properties",
                            SP_LDAP_MAPS_MAX);
    enum sp_status status = copy(m, name, &s->login_attributes[s->login_attribute_count]);
    s->login_attribute_count += status == SP_OK;
    return status;
}

/* The filter once more with another attribute in the place of the one that is compared with the name. */
static void append_variant(struct sp_buf *text, struct sp_str filter, struct sp_str attribute,
                           struct sp_str other)
{
    for (size_t i = 0; i < filter.len;) {
        struct sp_str rest = sp_str_slice(filter, i, filter.len);
        bool here = sp_str_starts(rest, attribute) && i > 0 && filter.ptr[i - 1] == '(' &&
                    sp_str_starts(sp_str_slice(rest, attribute.len, rest.len), SP_STR("=%v"));
        if (here)
            sp_buf_append_str(text, other);
        else
            sp_buf_append_byte(text, (unsigned char)filter.ptr[i]);
        i += here ? attribute.len : 1;
    }
}

/* The attribute of the directory that a property of a user is: attributeConfiguration may name another. */
static struct sp_str attribute_of(const struct sp_cfg_ldap_registry *config, struct sp_str property)
{
    for (size_t i = 0; i < config->attribute_count; i++) {
        const struct sp_cfg_ldap_attribute *attribute = &config->attributes[i];
        struct sp_str type = sp_str_trim(attribute->entity_type);
        if (sp_str_caseless_eq(sp_str_trim(attribute->property), property) &&
            (!type.len || sp_str_caseless_eq(type, SP_STR("PersonAccount"))))
            return sp_str_trim(attribute->name);
    }
    return property;
}

/* With loginProperty, users are also found by these. */
static enum sp_status add_login_properties(struct making *m, struct sp_str *filter)
{
    struct sp_str attribute = sp_ldap_filter_attribute(*filter);
    enum sp_status status = attribute.ptr ? add_login_attribute(m, attribute) : SP_OK;
    const struct sp_str_list *more = &m->config->login_properties;
    if (status != SP_OK || !more->count)
        return status;
    if (!attribute.ptr)
        return sp_error_set(m->err, SP_EINVAL, NULL,
                            "loginProperty wants a userFilter with attribute=%%v in it");
    char memory[SP_LDAP_FILTER_MAX / 2];
    struct sp_buf text = sp_buf_over(memory, sizeof memory);
    sp_buf_printf(&text, "(|%.*s", SP_STR_ARG(*filter));
    for (size_t i = 0; status == SP_OK && i < more->count; i++) {
        struct sp_str name = attribute_of(m->config, sp_str_trim(more->items[i]));
        if (!sp_ldap_attribute_ok(name))
            return sp_error_set(m->err, SP_ESYNTAX, NULL, "loginProperty \"%.*s\" is no attribute",
                                SP_STR_ARG(name));
        append_variant(&text, *filter, attribute, name);
        status = add_login_attribute(m, name);
    }
    sp_buf_append_byte(&text, ')');
    if (text.failed)
        return sp_error_set(m->err, SP_ELIMIT, NULL, "userFilter with all login properties is too long");
    return status == SP_OK ? copy(m, sp_buf_str(&text), filter) : status;
}

static enum sp_status check_filter(struct making *m, const char *name, struct sp_str filter)
{
    enum sp_status status = sp_ldap_filter_check(filter, m->err);
    if (status != SP_OK)
        sp_error_prefix(m->err, "%s", name);
    return status;
}

static enum sp_status any_filter(struct making *m, struct sp_str filter, struct sp_str *ret_any)
{
    char memory[SP_LDAP_FILTER_MAX];
    struct sp_buf text = sp_buf_over(memory, sizeof memory);
    sp_ldap_filter_fill_any(filter, &text);
    return copy(m, sp_buf_str(&text), ret_any);
}

static struct sp_str chosen(struct sp_str written, const char *otherwise)
{
    return written.len ? sp_str_trim(written) : sp_str_of(otherwise);
}

static enum sp_status take_user_filter(struct making *m, const struct type *type)
{
    struct sp_ldap_settings *s = m->settings;
    const struct sp_cfg_ldap_filters *written = m->config->filters;
    const struct sp_cfg_ldap_entity *entity = entity_of(m->config, "PersonAccount");
    struct sp_str filter = chosen(written ? written->user_filter : SP_STR(""), type->user_filter);
    enum sp_status status = SP_OK;
    if (entity && !(written && written->user_filter.len) &&
        (entity->object_classes.count || entity->search_filter.len))
        status = entity_filter(m, entity, sp_ldap_filter_attribute(filter), &filter);
    if (status == SP_OK)
        status = check_filter(m, "userFilter", filter);
    if (status == SP_OK && !sp_ldap_filter_attribute(filter).ptr)
        status = sp_error_set(m->err, SP_EINVAL, NULL,
                              "userFilter \"%.*s\" has no attribute=%%v: every user would be everybody",
                              SP_STR_ARG(filter));
    if (status == SP_OK)
        status = copy(m, filter, &s->user_filter);
    if (status == SP_OK)
        status = add_login_properties(m, &s->user_filter);
    if (status == SP_OK)
        status = any_filter(m, filter, &s->any_user_filter);
    for (size_t i = 0; status == SP_OK && entity && i < entity->search_bases.count; i++)
        status = add_base(m, entity->search_bases.items[i], &s->user_bases);
    if (status == SP_OK && !s->user_bases.count)
        status = add_base(m, m->config->base_dn, &s->user_bases);
    return status;
}

static enum sp_status take_group_filter(struct making *m, const struct type *type)
{
    struct sp_ldap_settings *s = m->settings;
    const struct sp_cfg_ldap_filters *written = m->config->filters;
    const struct sp_cfg_ldap_entity *entity = entity_of(m->config, "Group");
    struct sp_str filter = chosen(written ? written->group_filter : SP_STR(""), type->group_filter);
    enum sp_status status = SP_OK;
    if (entity && !(written && written->group_filter.len) &&
        (entity->object_classes.count || entity->search_filter.len))
        status = entity_filter(m, entity, SP_STR("cn"), &filter);
    if (status == SP_OK)
        status = check_filter(m, "groupFilter", filter);
    if (status == SP_OK)
        status = any_filter(m, filter, &s->any_group_filter);
    for (size_t i = 0; status == SP_OK && entity && i < entity->search_bases.count; i++)
        status = add_base(m, entity->search_bases.items[i], &s->group_bases);
    if (status == SP_OK && !s->group_bases.count)
        status = add_base(m, m->config->base_dn, &s->group_bases);
    return status;
}

/* ---------------------------------------------------------------- maps */

static enum sp_status read_map(struct making *m, struct sp_str text, const char *name,
                               struct sp_ldap_map *ret_maps, size_t *ret_count)
{
    struct sp_str own = {NULL, 0};
    enum sp_status status = copy(m, text, &own);
    if (status == SP_OK)
        status = sp_ldap_map_read(own, name, ret_maps, ret_count, m->err);
    if (status == SP_OK && !*ret_count)
        return sp_error_set(m->err, SP_EINVAL, NULL, "%s is empty", name);
    return status;
}

static enum sp_status add_membership(struct making *m, struct sp_str name, bool whole)
{
    struct sp_ldap_settings *s = m->settings;
    for (size_t i = 0; i < s->membership_count; i++)
        if (sp_str_caseless_eq(sp_str_of(s->memberships[i].attribute), name))
            return SP_OK;
    if (s->membership_count == SP_LDAP_MAPS_MAX || !sp_ldap_attribute_ok(name))
        return sp_error_set(m->err, SP_EINVAL, NULL, "\"%.*s\" cannot be a membership attribute",
                            SP_STR_ARG(name));
    struct sp_str own = {NULL, 0};
    enum sp_status status = copy(m, name, &own);
    if (status == SP_OK)
        s->memberships[s->membership_count++] = (struct sp_ldap_membership){own.ptr, whole};
    return status;
}

/* groupMemberIdMap: object classes of groups, and attributes of members in the same place. */
static enum sp_status take_member_map(struct making *m, struct sp_str text)
{
    struct sp_ldap_settings *s = m->settings;
    struct sp_ldap_map all[SP_LDAP_MAPS_MAX];
    size_t count = 0;
    enum sp_status status = read_map(m, text, "groupMemberIdMap", all, &count);
    for (size_t i = 0; status == SP_OK && i < count; i++) {
        const struct sp_ldap_membership *known = NULL;
        for (size_t k = 0; k < sizeof known_memberships / sizeof known_memberships[0]; k++)
            if (sp_str_caseless_eq(all[i].object_class, sp_str_of(known_memberships[k].attribute)))
                known = &known_memberships[k];
        if (known)
            status = add_membership(m, sp_str_of(known->attribute), known->whole);
        else
            s->members[s->member_count++] = all[i];
    }
    return status;
}

static bool is_whole(struct sp_str scope)
{
    return sp_str_caseless_eq(scope, SP_STR("nested")) || sp_str_caseless_eq(scope, SP_STR("all"));
}

/* groupProperties, which takes the place of groupMemberIdMap. */
static enum sp_status take_group_properties(struct making *m)
{
    struct sp_ldap_settings *s = m->settings;
    enum sp_status status = SP_OK;
    for (size_t i = 0; status == SP_OK && i < m->config->membership_count; i++)
        status = add_membership(m, sp_str_trim(m->config->memberships[i].name),
                                is_whole(m->config->memberships[i].scope));
    for (size_t i = 0; status == SP_OK && i < m->config->member_count; i++) {
        const struct sp_cfg_ldap_member *member = &m->config->members[i];
        struct sp_str class = member->object_class.len ? sp_str_trim(member->object_class) : SP_STR("*");
        struct sp_str name = sp_str_trim(member->name);
        bool any = sp_str_is(class, "*");
        if (s->member_count == SP_LDAP_MAPS_MAX || !sp_ldap_attribute_ok(name) ||
            (!any && !sp_ldap_attribute_ok(class)))
            return sp_error_set(m->err, SP_EINVAL, NULL, "\"%.*s\" cannot be a member attribute",
                                SP_STR_ARG(name));
        struct sp_ldap_map *map = &s->members[s->member_count++];
        status = copy(m, name, &map->attribute);
        if (status == SP_OK)
            status = copy(m, class, &map->object_class);
        s->members_whole = s->members_whole || is_whole(member->scope);
        if (status == SP_OK && member->dummy.len)
            status = normalise(m, "dummyMember", member->dummy, &s->dummy_member);
    }
    return status;
}

static enum sp_status take_maps(struct making *m, const struct type *type)
{
    struct sp_ldap_settings *s = m->settings;
    const struct sp_cfg_ldap_filters *written = m->config->filters;
    static const struct sp_cfg_ldap_filters none;
    written = written ? written : &none;
    enum sp_status status = read_map(m, chosen(written->user_id_map, type->user_ids), "userIdMap",
                                     s->user_ids, &s->user_id_count);
    if (status == SP_OK)
        status = read_map(m, chosen(written->group_id_map, "*:cn"), "groupIdMap", s->group_ids,
                          &s->group_id_count);
    if (status != SP_OK)
        return status;
    if (m->config->member_count || m->config->membership_count)
        return take_group_properties(m);
    return take_member_map(m, chosen(written->group_member_id_map, type->members));
}

static enum sp_status add_attribute(struct making *m, struct sp_str name)
{
    struct sp_ldap_settings *s = m->settings;
    size_t count = 0;
    for (; s->attributes[count]; count++)
        if (sp_str_caseless_eq(sp_str_of(s->attributes[count]), name))
            return SP_OK;
    struct sp_str own = {NULL, 0};
    if (count == SP_LDAP_ATTRIBUTES_MAX)
        return sp_error_set(m->err, SP_ELIMIT, NULL, "more than %u attributes are asked of an entry",
                            SP_LDAP_ATTRIBUTES_MAX);
    enum sp_status status = copy(m, name, &own);
    if (status == SP_OK)
        s->attributes[count] = own.ptr;
    return status;
}

static enum sp_status collect_attributes(struct making *m)
{
    struct sp_ldap_settings *s = m->settings;
    enum sp_status status = add_attribute(m, SP_STR("objectClass"));
    for (size_t i = 0; status == SP_OK && i < s->user_id_count; i++)
        status = add_attribute(m, s->user_ids[i].attribute);
    for (size_t i = 0; status == SP_OK && i < s->group_id_count; i++)
        status = add_attribute(m, s->group_ids[i].attribute);
    for (size_t i = 0; status == SP_OK && i < s->login_attribute_count; i++)
        status = add_attribute(m, s->login_attributes[i]);
    for (size_t i = 0; status == SP_OK && i < s->membership_count; i++)
        status = add_attribute(m, sp_str_of(s->memberships[i].attribute));
    return status;
}

/* ---------------------------------------------------------------- client certificates */

/* The text behind "${" up to "}". */
static bool next_variable(struct sp_str text, size_t *at, struct sp_str *ret_name)
{
    if (text.len - *at < 3 || text.ptr[*at] != '$' || text.ptr[*at + 1] != '{')
        return false;
    size_t end = *at + 2;
    while (end < text.len && text.ptr[end] != '}')
        end++;
    if (end == text.len)
        return false;
    *ret_name = sp_str_slice(text, *at + 2, end);
    *at = end + 1;
    return true;
}

static bool is_certificate_part(struct sp_str name)
{
    return sp_str_caseless_eq(name, SP_STR("SerialNumber")) || sp_str_starts(name, SP_STR("Subject")) ||
           sp_str_starts(name, SP_STR("Issuer"));
}

static enum sp_status take_certificate_mode(struct making *m)
{
    struct sp_ldap_settings *s = m->settings;
    struct sp_str mode = m->config->certificate_map_mode;
    if (sp_str_caseless_eq(mode, SP_STR("EXACT_DN")))
        s->certificate_mode = SP_LDAP_EXACT_DN;
    if (!sp_str_caseless_eq(mode, SP_STR("CERTIFICATE_FILTER")))
        return SP_OK;
    struct sp_str filter = sp_str_trim(m->config->certificate_filter), name;
    bool has_variable = false;
    char memory[SP_LDAP_FILTER_MAX / 2];
    struct sp_buf example = sp_buf_over(memory, sizeof memory);
    bool bare = filter.len && filter.ptr[0] != '(';
    sp_buf_append(&example, "(", bare);
    for (size_t at = 0; at < filter.len;) {
        if (!next_variable(filter, &at, &name)) {
            sp_buf_append_byte(&example, (unsigned char)filter.ptr[at++]);
            continue;
        }
        if (!is_certificate_part(name))
            return sp_error_set(m->err, SP_EINVAL, NULL,
                                "certificateFilter: ${%.*s} is not known; there are ${SubjectDN}, "
                                "${SubjectCN} and other parts of the subject, the same of Issuer, and "
                                "${SerialNumber}",
                                SP_STR_ARG(name));
        has_variable = true;
        sp_buf_append_byte(&example, 'x');
    }
    sp_buf_append(&example, ")", bare);
    if (!has_variable)
        return sp_error_set(m->err, SP_EINVAL, NULL,
                            "certificateFilter has no part of the certificate in it, such as ${SubjectCN}: "
                            "every certificate would be the same user");
    enum sp_status status = example.failed
                                ? sp_error_set(m->err, SP_ELIMIT, NULL, "certificateFilter is too long")
                                : check_filter(m, "certificateFilter", sp_buf_str(&example));
    if (status != SP_OK)
        return status;
    s->certificate_mode = SP_LDAP_CERTIFICATE_FILTER;
    return copy(m, filter, &s->certificate_filter);
}

static enum sp_status append_part(const struct sp_certificate_names *names, struct sp_str variable,
                                  struct sp_arena *arena, struct sp_buf *filter, struct sp_error *err)
{
    struct sp_str value = {NULL, 0};
    bool of_issuer = sp_str_starts(variable, SP_STR("Issuer"));
    struct sp_str part = sp_str_slice(variable, of_issuer ? 6 : 7, variable.len);
    enum sp_status status = SP_OK;
    if (sp_str_caseless_eq(variable, SP_STR("SerialNumber")))
        value = names->serial;
    else if (sp_str_caseless_eq(part, SP_STR("DN")))
        value = of_issuer ? names->issuer : names->subject;
    else
        status = sp_certificate_names_part(names, of_issuer, part, arena, &value, err);
    if (status == SP_OK && !value.len)
        status = sp_error_set(err, SP_ENOTFOUND, NULL,
                              "the client certificate %.*s has no %.*s, which certificateFilter wants",
                              SP_STR_ARG(names->subject), SP_STR_ARG(variable));
    if (status == SP_OK)
        sp_ldap_filter_escape(value, filter);
    return status;
}

enum sp_status sp_ldap_certificate_filter(const struct sp_ldap_settings *settings, struct sp_str der,
                                          struct sp_arena *arena, struct sp_str *ret_filter,
                                          struct sp_error *err)
{
    struct sp_certificate_names names;
    enum sp_status status = sp_certificate_names_read(der, arena, &names, err);
    if (status != SP_OK)
        return status;
    char *memory = sp_arena_alloc(arena, SP_LDAP_FILTER_MAX);
    struct sp_buf filter = sp_buf_over(memory, memory ? SP_LDAP_FILTER_MAX : 0);
    struct sp_str text = settings->certificate_filter, variable;
    bool bare = text.ptr[0] != '(';
    sp_buf_append(&filter, "(", bare);
    for (size_t at = 0; status == SP_OK && at < text.len;) {
        if (next_variable(text, &at, &variable))
            status = append_part(&names, variable, arena, &filter, err);
        else
            sp_buf_append_byte(&filter, (unsigned char)text.ptr[at++]);
    }
    sp_buf_append(&filter, ")", bare);
    sp_certificate_names_finish(&names);
    if (status == SP_OK && filter.failed)
        status = sp_error_set(err, SP_ELIMIT, NULL, "the search for a client certificate is too long");
    if (status == SP_OK)
        *ret_filter = sp_buf_str(&filter);
    return status;
}

/* ---------------------------------------------------------------- all of it */

static int64_t bounded(int64_t timeout_us)
{
    return timeout_us <= 0 || timeout_us > TIMEOUT_MAX_US ? TIMEOUT_MAX_US : timeout_us;
}

static unsigned connections(int64_t written)
{
    return written < 0 ? 0 : (unsigned)(written > CONNECTIONS_MAX ? CONNECTIONS_MAX : written);
}

static void take_numbers(struct sp_ldap_settings *s, const struct sp_cfg_ldap_registry *config)
{
    s->ignore_case = config->ignore_case;
    s->recursive = config->recursive_search;
    s->follow_referrals = sp_str_caseless_eq(config->referral, SP_STR("follow"));
    s->dereference = !sp_str_caseless_eq(config->deref_aliases, SP_STR("never"));
    s->search_timeout_us = bounded(config->search_timeout_us);
    s->connect_timeout_us = bounded(config->connect_timeout_us);
    s->read_timeout_us = bounded(config->read_timeout_us);
    s->return_to_primary = config->return_to_primary;
    s->primary_interval_us = config->primary_query_interval_us;
    s->pooled = config->reuse_connection && config->pool.enabled;
    s->initial_connections = s->pooled ? connections(config->pool.initial_size) : 0;
    s->preferred_connections = connections(config->pool.preferred_size);
    s->max_connections = s->pooled ? connections(config->pool.max_size) : 0;
    s->idle_timeout_us = config->pool.timeout_us;
    s->wait_us = config->pool.wait_time_us;
    s->attributes_cache = config->cache.attributes;
    s->searches_cache = config->cache.searches;
}

static enum sp_status take_all(struct making *m, const struct sp_cfg_ssl *outbound)
{
    const struct type *type = type_of(m->config->ldap_type);
    enum sp_status status = copy(m, m->config->id.len ? m->config->id : SP_STR("ldap"), &m->settings->id);
    if (status == SP_OK)
        status = copy(m, m->config->realm, &m->settings->realm);
    if (status == SP_OK)
        status = take_servers(m);
    if (status == SP_OK)
        status = take_bind(m);
    if (status == SP_OK)
        status = normalise(m, "baseDN", m->config->base_dn, &m->settings->base_key);
    if (status == SP_OK)
        status = take_user_filter(m, type);
    if (status == SP_OK)
        status = take_group_filter(m, type);
    if (status == SP_OK)
        status = take_maps(m, type);
    if (status == SP_OK)
        status = collect_attributes(m);
    if (status == SP_OK)
        status = take_certificate_mode(m);
    return status == SP_OK ? take_tls(m, outbound) : status;
}

enum sp_status sp_ldap_settings_init(struct sp_ldap_settings *settings,
                                     const struct sp_cfg_ldap_registry *config,
                                     const struct sp_cfg_ssl *outbound, struct sp_error *err)
{
    struct making m = {settings, config, err};
    *settings = (struct sp_ldap_settings){.protection = SP_LDAP_CLEAR};
    sp_arena_init(&settings->arena, MEMORY_MAX);
    take_numbers(settings, config);
    enum sp_status status = take_all(&m, outbound);
    if (status != SP_OK) {
        sp_error_prefix(err, "ldapRegistry[%.*s]", SP_STR_ARG(config->id));
        sp_ldap_settings_finish(settings);
    }
    return status;
}

void sp_ldap_settings_finish(struct sp_ldap_settings *settings)
{
    SSL_CTX_free(settings->tls);
    settings->tls = NULL;
    sp_arena_wipe(&settings->arena);
}
