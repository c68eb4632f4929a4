/* SPDX-License-Identifier: Apache-2.0
 * ldap_gssapi.h: the client's side of SASL GSSAPI (RFC 4752) with Kerberos. Messages in, messages out; the
 * library asks the key distribution centre for a ticket, which blocks.
 *
 * The security layer is none: the connection is TLS already.
 */
#ifndef SP_REGISTRY_LDAP_GSSAPI_H
#define SP_REGISTRY_LDAP_GSSAPI_H

#include "base/buf.h"

#define SP_GSSAPI_MESSAGE_MAX 65536u

struct sp_gssapi;

/* Prepare to log in at `host` (its name in the realm's "ldap/host") with the tickets in the file `cache`, as
 * `principal`; both may be empty: what the system has. SP_EUNAVAIL with Kerberos's reason, SP_ENOMEM. */
enum sp_status sp_gssapi_new(struct sp_str principal, struct sp_str cache, const char *host,
                             struct sp_gssapi **ret_gssapi, struct sp_error *err) SP_MUST_CHECK;
/* Accepts NULL. */
void sp_gssapi_free(struct sp_gssapi *gssapi);
/* What to send after the server's message (empty at first), appended. SP_EUNAVAIL, SP_EPROTO (the server's
 * message is none, or it insists on a layer), SP_ELIMIT, SP_ENOMEM. */
enum sp_status sp_gssapi_step(struct sp_gssapi *gssapi, struct sp_str message, struct sp_buf *ret_answer,
                              struct sp_error *err) SP_MUST_CHECK;
/* Whether the exchange was gone through and the server proved who it is: no success counts before. */
bool sp_gssapi_is_done(const struct sp_gssapi *gssapi);

#endif
