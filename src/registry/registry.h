/* SPDX-License-Identifier: Apache-2.0
 * registry.h: who exists, and in which groups.
 *
 * One interface before the kinds of registry (basic in server.xml, LDAP, SAF). Calls may wait: in a fiber.
 */
#ifndef SP_REGISTRY_REGISTRY_H
#define SP_REGISTRY_REGISTRY_H

#include "base/shared_cache.h"
#include "config/config.h"
#include "registry/saf_link.h"

#define SP_REGISTRY_PASSWORD_MAX 1024u

/* Ids of the errors of the SAF registry. */
#define SP_REGISTRY_NOT_VERIFIED "CWWKS1100A"
#define SP_REGISTRY_NO_APPL "CWWKS2907E" /* the password is right, but the user may not use this server */

struct sp_loop;
struct sp_registry;

/* A user as the registry knows it. Lives in the arena of the call. */
struct sp_registry_user {
    struct sp_str name;      /* as the registry spells it */
    struct sp_str unique_id; /* "user:<realm>/<name>" is its access id */
    struct sp_str registry;  /* that knows him: "basic", "saf", or the id of an ldapRegistry */
    struct sp_str_list groups;
    bool is_saf; /* the name is a SAF user id */
};

/* Of the configuration. */
#define SP_MSG_REGISTRY_UNUSABLE "SALA0050E"
#define SP_MSG_REGISTRY_UNASKED "SALA0051W"

/* What is wrong with the registries of a configuration, without serving it: each element that cannot be used
 * as it is written is an error among the problems, with its place (SP_EINVAL then, `err` is the first); one
 * that nobody asks a warning. Asks no server; reads key stores (blocks). */
enum sp_status sp_registry_check(const struct sp_config *config, struct sp_problems *problems,
                                 struct sp_error *err) SP_MUST_CHECK;

/* The registry that the configuration names: SAF, else LDAP and basic, together when there are several (a
 * name that more than one of them knows is nobody's); one that knows nobody when there is none. `saf`: NULL
 * when sp_saf_link_is_wanted says no. `logins`: where the security database's registry remembers passwords
 * that were right (monotonic times, must outlive it), NULL: nowhere; answers of the other kinds are
 * remembered by who asks (authn/remembered.h). */
enum sp_status sp_registry_new(const struct sp_config *config, struct sp_saf_link *saf,
                               struct sp_shared_cache *logins, struct sp_registry **ret_registry,
                               struct sp_error *err) SP_MUST_CHECK;
void sp_registry_free(struct sp_registry *registry);
/* In the loop's thread, once, when requests begin to come: opens what will be needed, in the background. */
void sp_registry_start(struct sp_registry *registry, struct sp_loop *loop);
struct sp_str sp_registry_realm(const struct sp_registry *registry);

/* Check a password. SP_OK; SP_EDENIED: unknown user or wrong password, not told apart; SP_EUNAVAIL: the
 * registry cannot be asked; SP_ECANCELED. The text in `err` is for the log, not for the client. */
enum sp_status io_registry_verify(struct sp_registry *registry, struct sp_str name, struct sp_str password,
                                  struct sp_arena *arena, struct sp_registry_user *ret_user,
                                  struct sp_error *err) SP_MUST_CHECK;
/* Look a user up without a password. SP_ENOTFOUND, SP_EUNAVAIL. */
enum sp_status io_registry_find(struct sp_registry *registry, struct sp_str name, struct sp_arena *arena,
                                struct sp_registry_user *ret_user, struct sp_error *err) SP_MUST_CHECK;
/* Look a group up; the name as the registry spells it, in the arena or of the registry. SP_ENOTFOUND,
 * SP_EUNAVAIL, SP_ECANCELED. */
enum sp_status io_registry_find_group(struct sp_registry *registry, struct sp_str name,
                                      struct sp_arena *arena, struct sp_str *ret_name,
                                      struct sp_error *err) SP_MUST_CHECK;
/* The user whom a client certificate (DER, verified by the engine) names, by the rules of the registry: basic
 * by the CN of its subject, LDAP as certificateMapMode says, SAF by registered certificates and filters.
 * SP_ENOTFOUND: it names nobody; SP_EDENIED: the registry takes no certificates, or the user may not use this
 * server (SP_REGISTRY_NO_APPL); SP_ESYNTAX, SP_EUNAVAIL, SP_ECANCELED. */
enum sp_status io_registry_find_certificate(struct sp_registry *registry, struct sp_str der,
                                            struct sp_arena *arena, struct sp_registry_user *ret_user,
                                            struct sp_error *err) SP_MUST_CHECK;

/* For figures: a password was known again, or had to be verified. Any thread. */
void sp_registry_count_login(bool known);
/* How often, in this process. */
void sp_registry_login_counts(uint64_t *ret_known, uint64_t *ret_verified);

#endif
