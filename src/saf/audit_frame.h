/* SPDX-License-Identifier: Apache-2.0
 * audit_frame.h: events of the security database, on their way to who records them in another process.
 *
 * Sans-IO. The sender gives each event the next number; the receiver answers with the number when the event
 * is safe with it, and only then the sender forgets it. Integers are big-endian.
 *
 *   event:   u32 length of all of it | u32 version 1 | u64 number | u64 events lost by the sender before this
 * one | u16 length and text: who sends (an applid) | the members of struct sp_saf_audit_event in the order of
 * audit_frame.c: numbers as u64, texts as u16 length and bytes receipt: u64 number
 */
#ifndef SP_SAF_AUDIT_FRAME_H
#define SP_SAF_AUDIT_FRAME_H

#include "base/buf.h"
#include "saf/audit_event.h"

#define SP_SAF_FRAME_MAX 4096u /* bytes of an event, whatever it holds */
#define SP_SAF_RECEIPT_BYTES 8u

struct sp_saf_audit_frame {
    uint64_t number, lost;
    char sender[SP_SAF_ID_MAX + 1];
    struct sp_saf_audit_event event;
};

/* Appends. SP_ENOMEM, SP_ELIMIT of the buffer. */
enum sp_status sp_saf_frame_write(struct sp_buf *buf, const struct sp_saf_audit_frame *frame) SP_MUST_CHECK;
/* How long the frame is that begins here: *ret_len 0 while that cannot be told. SP_EPROTO: it can be none. */
enum sp_status sp_saf_frame_length(struct sp_str have, size_t *ret_len, struct sp_error *err) SP_MUST_CHECK;
/* One whole frame, and nothing behind it. SP_EPROTO with what is wrong, SP_EUNSUPPORTED for another version.
 */
enum sp_status sp_saf_frame_read(struct sp_str bytes, struct sp_saf_audit_frame *ret_frame,
                                 struct sp_error *err) SP_MUST_CHECK;

#endif
