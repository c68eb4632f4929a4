/* SPDX-License-Identifier: Apache-2.0
 * admin_call.h: requests of the command line to the administration interface of a server.
 */
#ifndef SP_CLI_ADMIN_CALL_H
#define SP_CLI_ADMIN_CALL_H

#include "cli/admin_place.h"

struct sp_admin_client;

struct sp_admin_call {
    const char *method;
    struct sp_str path;    /* "/zosConnect/apis", with query */
    struct sp_str archive; /* ptr NULL: no body */
    const char *file;      /* the archive's, for the progress; NULL: none is shown */
};

struct sp_admin_reply {
    unsigned status;
    struct sp_str body; /* in the client's memory, until its end */
};

/* The server's certificate is verified for its name: by the authorities in `place->ca` (PEM), otherwise by
 * those of the system. SP_EIO, SP_EINVAL for certificate and key. */
enum sp_status sp_admin_client_new(const struct sp_admin_place *place, struct sp_admin_client **ret_client,
                                   struct sp_error *err) SP_MUST_CHECK;
/* Accepts NULL. */
void sp_admin_client_free(struct sp_admin_client *client);
/* Send and wait. Whatever the server's status; without an answer the errors of io_http_fetch. */
enum sp_status sp_admin_client_call(struct sp_admin_client *client, const struct sp_admin_call *call,
                                    struct sp_admin_reply *ret_reply, struct sp_error *err) SP_MUST_CHECK;

#endif
