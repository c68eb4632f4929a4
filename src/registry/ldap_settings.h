/* SPDX-License-Identifier: Apache-2.0
 * ldap_settings.h: an ldapRegistry element, made ready for asking the directory.
 *
 * A copy of its own: threads may still work with it when the configuration is gone.
 */
#ifndef SP_REGISTRY_LDAP_SETTINGS_H
#define SP_REGISTRY_LDAP_SETTINGS_H

#include "config/config.h"
#include "registry/ldap_text.h"

struct ssl_ctx_st;

#define SP_LDAP_SERVERS_MAX 16u
#define SP_LDAP_BASES_MAX 16u
#define SP_LDAP_ATTRIBUTES_MAX 32u
#define SP_LDAP_CERTIFICATE_PARTS_MAX 16u

enum sp_ldap_protection { SP_LDAP_CLEAR, SP_LDAP_LDAPS, SP_LDAP_START_TLS };

struct sp_ldap_server {
    const char *host;
    unsigned port;
};

/* An attribute of an entry that names the groups it is in. */
struct sp_ldap_membership {
    const char *attribute;
    bool whole; /* groups of groups are in it already */
};

enum sp_ldap_certificate_mode { SP_LDAP_NO_CERTIFICATES, SP_LDAP_EXACT_DN, SP_LDAP_CERTIFICATE_FILTER };

struct sp_ldap_bases {
    struct sp_str names[SP_LDAP_BASES_MAX];
    size_t count;
};

struct sp_ldap_settings {
    struct sp_str id; /* of the element; "ldap" when it has none */
    struct sp_str realm;
    struct sp_str base_key; /* baseDN, normalised */
    struct sp_ldap_server servers[SP_LDAP_SERVERS_MAX];
    size_t server_count;
    struct sp_str bind_dn, bind_password;            /* bind_dn empty: anonymous. A secret */
    bool gssapi;                                     /* the registry proves itself by Kerberos */
    struct sp_str krb5_principal, krb5_ticket_cache; /* empty: those of the system */
    enum sp_ldap_protection protection;
    struct ssl_ctx_st *tls; /* a reference; NULL without TLS */
    bool ignore_case, recursive, follow_referrals, dereference;

    struct sp_str user_filter;     /* with %v */
    struct sp_str any_user_filter; /* every %v replaced */
    struct sp_str any_group_filter;
    struct sp_ldap_bases user_bases, group_bases;
    struct sp_str login_attributes[SP_LDAP_MAPS_MAX]; /* of which one is the name that was entered */
    size_t login_attribute_count;
    struct sp_ldap_map user_ids[SP_LDAP_MAPS_MAX], group_ids[SP_LDAP_MAPS_MAX], members[SP_LDAP_MAPS_MAX];
    size_t user_id_count, group_id_count, member_count;
    bool members_whole; /* members of member groups are in a group's attribute already */
    struct sp_ldap_membership memberships[SP_LDAP_MAPS_MAX];
    size_t membership_count;
    struct sp_str dummy_member;                         /* normalised; empty: none */
    const char *attributes[SP_LDAP_ATTRIBUTES_MAX + 1]; /* all that is asked of an entry; ends with NULL */

    enum sp_ldap_certificate_mode certificate_mode;
    struct sp_str certificate_filter;

    int64_t search_timeout_us, connect_timeout_us, read_timeout_us;
    bool return_to_primary;
    int64_t primary_interval_us;
    bool pooled;
    unsigned initial_connections;
    unsigned preferred_connections, max_connections; /* max 0: as many as there are threads */
    int64_t idle_timeout_us, wait_us;                /* idle 0: for ever */
    struct sp_cfg_ldap_cache attributes_cache, searches_cache;

    bool stopping; /* atomic: nobody wants an answer any more, threads end soon */

    struct sp_arena arena; /* holds a secret: wiped */
};

/* SP_EINVAL, SP_ESYNTAX, and what sp_client_tls_new says. Finish it afterwards. */
enum sp_status sp_ldap_settings_init(struct sp_ldap_settings *settings,
                                     const struct sp_cfg_ldap_registry *config,
                                     const struct sp_cfg_ssl *outbound, struct sp_error *err) SP_MUST_CHECK;
void sp_ldap_settings_finish(struct sp_ldap_settings *settings);

/* The filter that finds a certificate's user: ${...} replaced by its names, escaped. In the arena.
 * SP_ENOTFOUND when the certificate has none of a name that the filter wants. */
enum sp_status sp_ldap_certificate_filter(const struct sp_ldap_settings *settings, struct sp_str der,
                                          struct sp_arena *arena, struct sp_str *ret_filter,
                                          struct sp_error *err) SP_MUST_CHECK;

#endif
