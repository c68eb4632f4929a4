/* SPDX-License-Identifier: Apache-2.0
 * authority.h: what the security database says of a task (CICS: XTRAN, XPPT, RESSEC, link security).
 */
#ifndef SP_REGION_AUTHORITY_H
#define SP_REGION_AUTHORITY_H

#include "region/definition.h"
#include "saf/decision_cache.h"
#include "text/region_frame.h"

/* A request that names a distributed identity and no user id gets the user id that RACMAP maps it to, if
 * there is one. Views of the image or the link. */
void sp_region_map_identity(const struct sp_saf_image *image, struct sp_region_link *link);

struct sp_task_request {
    struct sp_str user;      /* of the task */
    bool is_verified;        /* by io_region_verify, which has had the logon recorded */
    struct sp_str link_user; /* of the connection; empty: it is not asked */
    struct sp_str netname;   /* of the gateway, for the message */
    struct sp_saf_origin origin;
    struct sp_str transaction; /* that is attached */
    struct sp_str program;
};

/* The user must be defined, not revoked, and have READ to the region's applid in class APPL, where a profile
 * protects it; he and the link user need READ to the transaction in TCICSTRN and, with resourceSecurity, to
 * the program in MCICSPPT. What no profile protects is refused. SP_REGION_NORMAL; SP_REGION_SECURITY or
 * SP_REGION_NOT_AUTHORIZED with the reason for the answer and the message for the log, in the arena. */
enum sp_region_outcome sp_region_permit(const struct sp_definition *definition,
                                        struct sp_saf_decision_cache *decisions,
                                        const struct sp_saf_image *image,
                                        const struct sp_task_request *request, struct sp_arena *arena,
                                        const char **ret_reason, struct sp_str *ret_message);

/* USERAUTH(VERIFY): user id and password, phrase or PassTicket for the region's applid, in a thread. As
 * sp_region_permit; SP_REGION_BUSY when the database cannot be asked. In a fiber. */
enum sp_region_outcome io_region_verify(const struct sp_definition *definition, struct sp_saf *saf,
                                        const struct sp_region_link *link, const struct sp_saf_origin *origin,
                                        int64_t deadline_us, struct sp_arena *arena, const char **ret_reason,
                                        struct sp_str *ret_message);

#endif
