/* SPDX-License-Identifier: Apache-2.0
 * access_facts.h: what decides about access to what is deployed, as a server of this configuration would.
 *
 * Read from server.xml, the archives and the registry; nothing is started, and no interceptor is run.
 */
#ifndef SP_CLI_ACCESS_FACTS_H
#define SP_CLI_ACCESS_FACTS_H

#include "authz/authz.h"

/* Something that is deployed, or the server. */
struct sp_access_object {
    enum sp_authz_object kind;
    struct sp_str name;
    struct sp_authz_demands demands; /* of calls; administration has those of the server */
    struct sp_str_list scopes;       /* of OAuth, that the token of a caller must have */
    const struct sp_authz_access *access;
    const struct sp_cfg_interceptor *check; /* the authorization interceptor that runs; NULL: none does */
};

struct sp_access_facts {
    struct sp_config *config;
    struct sp_problems problems;
    struct sp_arena arena;
    struct sp_saf_link *saf;
    struct sp_registry *registry;
    const struct sp_authz_role *role;
    struct sp_access_object *objects; /* the server first, then by kind and name */
    size_t object_count;
};

/* The answer about one user. */
struct sp_access_answer {
    bool permitted; /* where scopes are wanted: with a token that has them */
    struct sp_authz_demands demands;
    struct sp_str_list scopes;
    bool has_scopes; /* the principal came with such a token */
    bool asks_role, holds_role;
    struct sp_str role_by; /* "group CLERKS"; or why he does not hold it */
    bool asks_levels, has_level;
    const struct sp_authz_grant *ways; /* to be permitted */
    size_t way_count;
    const struct sp_authz_grant *way; /* the first that is his; NULL: none */
    struct sp_str reason;             /* one sentence */
};

/* Read all of it. What a server would leave out is left out, and why is in `problems`. */
enum sp_status sp_access_facts_read(const char *config_dir, const char *output_dir,
                                    struct sp_access_facts *facts, struct sp_error *err) SP_MUST_CHECK;
/* Accepts one that is all zeros. */
void sp_access_facts_finish(struct sp_access_facts *facts);

/* Whom the registry knows by that name; "-": a request without identity. SP_ENOTFOUND, SP_EUNAVAIL,
 * SP_EDENIED (known, and may not come in). */
enum sp_status sp_access_principal(struct sp_access_facts *facts, struct sp_str name,
                                   struct sp_principal *ret_principal, struct sp_error *err) SP_MUST_CHECK;
/* "api:name", "service:name", "requester:name", "server", or a name that only one thing has. SP_ENOTFOUND,
 * SP_EEXISTS (several have it). */
enum sp_status sp_access_object_named(const struct sp_access_facts *facts, struct sp_str text,
                                      const struct sp_access_object **ret_object,
                                      struct sp_error *err) SP_MUST_CHECK;
/* "api", "service", "requester", "server": as in names of objects. */
const char *sp_access_kind_name(enum sp_authz_object kind);

/* About the action, which the object must have. Everything of the answer lives in the arena of the facts.
 * SP_ENOMEM, SP_EUNAVAIL (security database). */
enum sp_status sp_access_decide(struct sp_access_facts *facts, const struct sp_access_object *object,
                                enum sp_authz_action action, const struct sp_principal *principal,
                                struct sp_access_answer *ret_answer, struct sp_error *err) SP_MUST_CHECK;

#endif
