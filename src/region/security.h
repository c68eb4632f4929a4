/* SPDX-License-Identifier: Apache-2.0
 * security.h: whose task it is, and what that user may run.
 *
 * Link and user security of an IPIC connection (CICS: IPCONN attributes LINKAUTH(SECUSER), SECURITYNAME,
 * USERAUTH). What the security database says of it is in authority.h.
 */
#ifndef SP_REGION_SECURITY_H
#define SP_REGION_SECURITY_H

#include "region/definition.h"
#include "text/region_frame.h"

struct sp_identity_decision {
    enum sp_region_outcome outcome; /* SP_REGION_NORMAL, or why not */
    struct sp_str user;             /* task user id */
    struct sp_str link_user;        /* who needs the same authority as he; empty: nobody */
    bool to_verify;                 /* the password that came with the user id */
    const char *reason;             /* for the log; NULL when all is well */
};

/* `peer_is_local`: the request came from this machine. Views are of the definition or the link. */
struct sp_identity_decision sp_region_identify(const struct sp_definition *definition,
                                               const struct sp_ipconn *ipconn, bool peer_is_local,
                                               const struct sp_region_link *link);

#endif
