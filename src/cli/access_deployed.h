/* SPDX-License-Identifier: Apache-2.0
 * access_deployed.h: what a server of a configuration would deploy.
 */
#ifndef SP_CLI_ACCESS_DEPLOYED_H
#define SP_CLI_ACCESS_DEPLOYED_H

#include "authz/authz.h"

struct sp_access_names {
    struct sp_str_list apis, services, requesters; /* in the order of the names */
};

/* The archives are read as by a server that starts, and what it would leave out is left out: what cannot be
 * read or mapped, calls what is not there, names no connection, or has a name or base path that is taken. Why
 * is in `problems`, as errors. No connection is opened. The names live in the arena. Errors of connections
 * that keep a server from starting; SP_ENOMEM. */
enum sp_status sp_access_deployed_read(const struct sp_config *config, struct sp_arena *arena,
                                       struct sp_problems *problems, struct sp_access_names *ret_names,
                                       struct sp_error *err) SP_MUST_CHECK;

#endif
