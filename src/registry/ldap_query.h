/* SPDX-License-Identifier: Apache-2.0
 * ldap_query.h: who somebody is in a directory, and in which groups.
 */
#ifndef SP_REGISTRY_LDAP_QUERY_H
#define SP_REGISTRY_LDAP_QUERY_H

#include "registry/ldap_cache.h"
#include "registry/ldap_pool.h"
#include "registry/registry.h"

/* What an ldapRegistry has in a worker; threads hold references. */
struct sp_ldap_directory {
    struct sp_ldap_settings settings;
    struct sp_ldap_pool *pool;
    struct sp_ldap_cache *searches;   /* NULL: not remembered */
    struct sp_ldap_cache *attributes; /* of entries, by name; NULL likewise */
    unsigned references;              /* atomic */
};

/* One enquiry. */
struct sp_ldap_query {
    struct sp_ldap_directory *directory;
    bool remembered_only; /* ask no server: what is not remembered is SP_EUNAVAIL with `missed` */
    bool missed;
    int64_t deadline_us;
    struct sp_arena *arena;
    struct sp_error *err;
};

/* Whom an enquiry found. */
struct sp_ldap_person {
    struct sp_ldap_entry entry;
    struct sp_str name;                  /* by userIdMap */
    const struct sp_ldap_server *server; /* where a referral found him; NULL: at the registry's servers */
};

/* By the name that was entered, by userFilter. SP_ENOTFOUND; SP_EDENIED: the name stands for several;
 * SP_EUNAVAIL.
 */
enum sp_status sp_ldap_find_person(struct sp_ldap_query *query, struct sp_str name,
                                   struct sp_ldap_person *ret_person) SP_MUST_CHECK;
/* By a client certificate, as certificateMapMode says. Also SP_ESYNTAX, and SP_EDENIED when none are taken.
 */
enum sp_status sp_ldap_find_certificate(struct sp_ldap_query *query, struct sp_str der,
                                        struct sp_ldap_person *ret_person) SP_MUST_CHECK;
/* Bind as him. SP_EDENIED, SP_EUNAVAIL. */
enum sp_status sp_ldap_check_password(struct sp_ldap_query *query, const struct sp_ldap_person *person,
                                      struct sp_str password) SP_MUST_CHECK;
/* Names of his groups, by groupIdMap, each once. */
enum sp_status sp_ldap_find_groups(struct sp_ldap_query *query, const struct sp_ldap_person *person,
                                   struct sp_str_list *ret_groups) SP_MUST_CHECK;
/* A group by its name, by groupFilter and groupIdMap. SP_ENOTFOUND, SP_EUNAVAIL. */
enum sp_status sp_ldap_find_group(struct sp_ldap_query *query, struct sp_str name,
                                  struct sp_str *ret_name) SP_MUST_CHECK;

#endif
