/* SPDX-License-Identifier: Apache-2.0
 * encode.h: events to the bytes of a file: records, in blocks or not.
 */
#ifndef SP_INTERCEPT_SMF_ENCODE_H
#define SP_INTERCEPT_SMF_ENCODE_H

#include "base/buf.h"
#include "intercept/smf/event.h"

struct sp_smf_encoder {
    const struct sp_smf_origin *origin;
    bool unblocked;
    struct sp_buf bytes; /* what was encoded */
    size_t block_at;     /* of the block that is being filled; SIZE_MAX: none */
    uint64_t records;

    size_t requests, calls; /* that wait for their record to be full */
    unsigned char request_record[SP_SMF_V2_BYTES(SP_SMF_REQUESTS_MAX)];
    unsigned char call_record[SP_SMF_V2_BYTES(SP_SMF_REQUESTS_MAX)];
};

void sp_smf_encoder_init(struct sp_smf_encoder *encoder, size_t ceiling);
void sp_smf_encoder_finish(struct sp_smf_encoder *encoder);
/* Begin with nothing. */
void sp_smf_encoder_reset(struct sp_smf_encoder *encoder, const struct sp_smf_origin *origin, bool unblocked);
void sp_smf_encoder_add(struct sp_smf_encoder *encoder, const struct sp_smf_event *event);
/* Records that are not full become records. false: it did not fit, or there is no memory. */
bool sp_smf_encoder_flush(struct sp_smf_encoder *encoder);

#endif
