/* SPDX-License-Identifier: Apache-2.0
 * snapshot.h: what is deployed, compiled for requests.
 *
 * Made from the configuration and the archives in its directories; never changed afterwards. It is part of a
 * generation (gateway/generation.h), which requests hold.
 */
#ifndef SP_GATEWAY_SNAPSHOT_H
#define SP_GATEWAY_SNAPSHOT_H

#include "base/hash.h"
#include "gateway/api_index.h"
#include "gateway/cors.h"
#include "gateway/file_set.h"
#include "gateway/invoke_uri.h"
#include "gateway/library.h"
#include "gateway/policy.h"
#include "intercept/intercept.h"
#include "sor/sor.h"
#include "store/counter.h"
#include "store/state.h"

/* What the administrator says of an API or a service, with what is inherited filled in. */
struct sp_admission {
    bool require_auth, require_secure;
    const struct sp_cfg_groups *groups;   /* of the item; NULL: none of its own */
    const struct sp_authz_access *access; /* who may do what, by all groups that count */
    const struct sp_intercept_chain *chain;
    struct sp_str_list scopes; /* of OAuth, that the caller's token must have */
};

struct sp_service {
    const struct sp_library_archive *archive;
    const struct sp_sar *sar; /* of the archive */
    struct sp_str path;       /* of the archive */
    bool stopped;
    struct sp_store_counter *counter;     /* NULL: it is not counted */
    const struct sp_admission *admission; /* for direct calls */
    struct sp_sor_connection *connection;
    const struct sp_property *overrides; /* of server.xml */
    size_t override_count;
    struct sp_host_profile profile;
    const struct sp_mapping *mapping; /* for direct calls */
    struct sp_str description;
    int64_t timeout_us; /* of its own, for requests that call it; 0: the manager's */
};

/* What a request reads, in one line of the processor's cache. */
struct sp_operation {
    const struct sp_service *service;
    const struct sp_mapping *mapping;
    const struct sp_mapping *const
        *page_mappings; /* one for each code page that the API's rules can choose */
    struct sp_str id;   /* operationId */
    const struct sp_str *query_names, *header_names; /* that the request map reads */
    uint32_t query_name_count, header_name_count;
};

/* What requests read comes first. */
struct sp_api {
    struct sp_api_head head;
    const struct sp_operation *operations; /* the targets of head.routes are their numbers */
    const struct sp_admission *admission;
    const struct sp_policy_rules *rules; /* NULL: none */
    bool stopped;
    struct sp_str name, version, description;
    const struct sp_aar *aar;
    struct sp_str path; /* of the archive */
};

/* An API that programs call. Deployed and administered; running it is not part of this version. */
struct sp_requester {
    const struct sp_ara *ara;
    struct sp_str path; /* of the archive */
    bool stopped;
    const struct sp_admission *admission;
};

struct sp_snapshot {
    struct sp_arena arena;
    struct sp_library_loan loan;
    struct sp_api_index apis;          /* by base path */
    struct sp_hash api_names;          /* name -> struct sp_api */
    struct sp_hash services;           /* name -> struct sp_service */
    struct sp_hash requesters;         /* name -> struct sp_requester */
    struct sp_invoke_uris invoke_uris; /* their targets are struct sp_service */
    const struct sp_authz_role *role;  /* by authorization-roles */
    const struct sp_cors *cors;
    const struct sp_admission *fallback; /* of requests that name neither */
    struct sp_store_state state;         /* what is stopped */
    /* All of them, in the order of their names. */
    const struct sp_service **service_list;
    const struct sp_api **api_list;
    const struct sp_requester **requester_list;
};

/* What a snapshot is made of; all of it must outlive the snapshot. */
struct sp_snapshot_sources {
    const struct sp_config *config;
    struct sp_library *library;
    bool rehearsal; /* finds out what is deployed, and fills the library: interceptors and groups are not
                       looked at, nor are connections and policies when `connections` is NULL */
    struct sp_intercept_means means;
    struct sp_sor_connection *const *connections;
    size_t connection_count;
    void *counters; /* of services, store/counter.h; NULL: none */
    size_t counters_bytes;
    struct sp_file_set
        *files; /* that archives are read through, until the snapshot is made; NULL: the disk */
};

/* Archives that cannot be used are problems and are left out. Unless SP_OK, there is no
 * snapshot at all (memory). */
enum sp_status sp_snapshot_new(const struct sp_snapshot_sources *sources, struct sp_problems *problems,
                               struct sp_snapshot **ret_snapshot, struct sp_error *err) SP_MUST_CHECK;
/* Accepts NULL. */
void sp_snapshot_free(struct sp_snapshot *snapshot);

/* The API with the longest base path that the path begins with, or NULL. */
const struct sp_api *sp_snapshot_find_api(const struct sp_snapshot *snapshot, const struct sp_path *path);
/* The service that has the path as its invokeURI, or NULL. One no longer than the base path of `api`, which
 * may be NULL, does not count. */
const struct sp_service *sp_snapshot_find_invoke_uri(const struct sp_snapshot *snapshot,
                                                     const struct sp_path *path, const struct sp_api *api);
const struct sp_service *sp_snapshot_find_service(const struct sp_snapshot *snapshot, struct sp_str name);
/* What server.xml says of a service's property, otherwise its archive; ptr NULL: neither. */
struct sp_str sp_service_property(const struct sp_service *service, const char *name);

#endif
