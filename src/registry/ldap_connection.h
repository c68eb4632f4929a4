/* SPDX-License-Identifier: Apache-2.0
 * ldap_connection.h: one connection to a directory server (libldap). All of it blocks, for a thread.
 */
#ifndef SP_REGISTRY_LDAP_CONNECTION_H
#define SP_REGISTRY_LDAP_CONNECTION_H

#include "registry/ldap_settings.h"

#define SP_LDAP_ANSWER_BYTES_MAX (4u << 20)

struct sp_ldap_connection;

struct sp_ldap_attribute {
    struct sp_str name;
    struct sp_str_list values;
    size_t rest_from; /* while it is read: values from here on are still to be asked for; 0: none are */
};

struct sp_ldap_entry {
    struct sp_str dn;
    const struct sp_ldap_attribute *attributes;
    size_t attribute_count;
};

struct sp_ldap_search {
    struct sp_str base, filter;
    bool base_only; /* that entry alone; else everything below too */
    unsigned limit; /* entries that are wanted at most */
};

struct sp_ldap_answer {
    struct sp_ldap_entry *entries;
    size_t count;
    bool more;                    /* than the limit */
    bool elsewhere;               /* the base is not here at all, but where the referrals say */
    struct sp_str_list referrals; /* LDAP URLs of servers that know more */
};

/* Connect and protect, as the settings say. `deadline_us` counts beside connectTimeout. SP_EUNAVAIL with the
 * server and the reason. */
enum sp_status sp_ldap_connect(const struct sp_ldap_settings *settings, const struct sp_ldap_server *server,
                               int64_t deadline_us, struct sp_ldap_connection **ret_connection,
                               struct sp_error *err) SP_MUST_CHECK;
/* Accepts NULL. */
void sp_ldap_close(struct sp_ldap_connection *connection);

/* Simple bind. SP_EDENIED: the name or the password is not accepted; never sent with a name and no password.
 * SP_EUNAVAIL: the server does not say; SP_ECLOSED, SP_ETIMEDOUT: the connection cannot be used any more. */
enum sp_status sp_ldap_bind(struct sp_ldap_connection *connection, struct sp_str dn, struct sp_str password,
                            int64_t deadline_us, struct sp_error *err) SP_MUST_CHECK;
/* As who the registry itself is: bindDN, its Kerberos ticket, or nobody. SP_EUNAVAIL, SP_EDENIED, and as
 * above.
 */
enum sp_status sp_ldap_bind_own(struct sp_ldap_connection *connection, const struct sp_ldap_server *server,
                                int64_t deadline_us, struct sp_error *err) SP_MUST_CHECK;
/* Everything in the arena. Attributes that a server gives in ranges (Active Directory) are asked for until
 * they are whole. SP_ENOTFOUND: there is no such base; SP_EUNAVAIL; SP_ECLOSED, SP_ETIMEDOUT: the connection
 * cannot be used any more; SP_ELIMIT, SP_ENOMEM. */
enum sp_status sp_ldap_ask(struct sp_ldap_connection *connection, const struct sp_ldap_search *search,
                           int64_t deadline_us, struct sp_arena *arena, struct sp_ldap_answer *ret_answer,
                           struct sp_error *err) SP_MUST_CHECK;

/* The server of an LDAP URL, in the arena; SP_EDENIED when the URL has another protection than the settings
 * want, SP_ESYNTAX. An empty base is that of the search. */
enum sp_status sp_ldap_referral_read(const struct sp_ldap_settings *settings, struct sp_str url,
                                     struct sp_arena *arena, struct sp_ldap_server *ret_server,
                                     struct sp_str *ret_base, struct sp_error *err) SP_MUST_CHECK;

#endif
