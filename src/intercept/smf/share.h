/* SPDX-License-Identifier: Apache-2.0
 * share.h: what the processes of a server inherit so that they can write audit records.
 *
 * The master process opens it once: the ring, and the program of the writer, so that an update of the package
 * does not put another version between the two. Workers join it, and start the writer when there is none.
 */
#ifndef SP_INTERCEPT_SMF_SHARE_H
#define SP_INTERCEPT_SMF_SHARE_H

#include "intercept/smf/shared.h"

#define SP_SMF_WRITER_VARIABLE "SALLYPORT_SMF_WRITER" /* in the environment: path of the writer's program */

struct sp_smf_share {
    int ring_fd, program_fd; /* -1: not open */
    /* Of the process: */
    struct sp_smf_ring ring; /* while `users` is not 0 */
    unsigned users;
};

#define SP_SMF_SHARE_INIT               \
    {                                   \
        .ring_fd = -1, .program_fd = -1 \
    }

/* `slots`: events that fit. The writer's program is that of the environment, the one beside the object this
 * is in, or the installed one. SP_ENOTFOUND without it. */
enum sp_status sp_smf_share_open(unsigned slots, struct sp_smf_share *ret_share,
                                 struct sp_error *err) SP_MUST_CHECK;
/* Accepts one that is not open. */
void sp_smf_share_close(struct sp_smf_share *share);

/* Be a producer, or one of several in this process. */
enum sp_status sp_smf_share_join(struct sp_smf_share *share, struct sp_error *err) SP_MUST_CHECK;
void sp_smf_share_leave(struct sp_smf_share *share);

/* Start a writer when there is none and none was started a moment ago. Joined. SP_EIO. */
enum sp_status sp_smf_share_start_writer(struct sp_smf_share *share, struct sp_error *err) SP_MUST_CHECK;

#endif
