/* SPDX-License-Identifier: Apache-2.0
 * generation.h: a configuration and what was made of it, as one.
 *
 * Requests end on the generation they began with: each holds a reference. What did not change is shared by
 * successive generations: connections to systems of record keep their pools, and the audit its file. Belongs
 * to one worker.
 */
#ifndef SP_GATEWAY_GENERATION_H
#define SP_GATEWAY_GENERATION_H

#include "authn/authn.h"
#include "authn/session_store.h"
#include "gateway/snapshot.h"
#include "io/port.h"
#include "registry/saf_link.h"

struct sp_generation_config; /* a configuration that several hold */
struct sp_generation_audit;
struct sp_generation_connection;

struct sp_generation {
    unsigned references;
    const struct sp_config *config;
    struct sp_loop *loop;
    struct sp_saf_link *saf; /* NULL: nothing asks the security database */
    struct sp_registry *registry;
    struct sp_authn *authn;
    struct sp_authn_caches *caches; /* the worker's: that of the generation before, until it is set */
    struct sp_session_store *sessions;
    struct sp_audit *audit;          /* NULL: nothing asks for it */
    struct sp_file_loggers *loggers; /* NULL: none */
    uint64_t log_lost;               /* entries of theirs, told already */
    struct sp_plugins *plugins;      /* NULL: none */
    struct sp_sor_connection **connections;
    size_t connection_count;
    struct sp_library *library;
    struct sp_snapshot *snapshot;
    struct sp_problems problems; /* of the archives */
    const struct sp_worker *worker;

    struct sp_generation_config *held_config;
    struct sp_generation_audit *held_audit;
    struct sp_generation_connection **held_connections;
};

/* The part that belongs to the loop's thread: audit, connections and security database, those that did not
 * change from `previous` (may be NULL). `owned`: the generation frees the configuration, also when this
 * fails; otherwise it must outlive it. */
enum sp_status sp_generation_open(const struct sp_config *config, bool owned, const struct sp_worker *worker,
                                  const struct sp_generation *previous, struct sp_generation **ret_generation,
                                  struct sp_error *err) SP_MUST_CHECK;
/* The rest, in any thread: registry, authentication, what is deployed. Archives that cannot be used are in
 * `generation->problems`. `files` as in struct sp_snapshot_sources. */
enum sp_status sp_generation_compile(struct sp_generation *generation, struct sp_file_set *files,
                                     struct sp_error *err) SP_MUST_CHECK;

/* Log how many entries the file system loggers lost since it was told last. */
void sp_generation_tell_lost(struct sp_generation *generation);

struct sp_generation *sp_generation_hold(struct sp_generation *generation);
/* In the loop's thread. Accepts NULL. */
void sp_generation_release(struct sp_generation *generation);

#endif
