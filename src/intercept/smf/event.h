/* SPDX-License-Identifier: Apache-2.0
 * event.h: what a worker says of a request, on its way to the writer.
 *
 * A worker packs the values, not yet a record, into a slot of the ring (smf/ring.h); the writer makes records
 * and messages of them. Packed are the numbers of the layout's fields, the lengths of its texts, and then
 * the texts, so that an event takes few lines of the cache: most are shorter than 400 bytes. Only processes
 * of one program read each other's events.
 */
#ifndef SP_INTERCEPT_SMF_EVENT_H
#define SP_INTERCEPT_SMF_EVENT_H

#include "intercept/smf/record.h"

#define SP_SMF_EVENT_BYTES 4088u    /* of a packed one at most */
#define SP_SMF_EVENT_TEXT_MAX 1024u /* bytes of one of its texts */

enum sp_smf_event_kind { SP_SMF_EVENT_REQUEST, SP_SMF_EVENT_CALL, SP_SMF_EVENT_SECURITY };

struct sp_smf_event {
    enum sp_smf_event_kind kind;
    unsigned version; /* of the record a request wants: 1 or 2 */
    int64_t at_us;    /* realtime, when it was put */
    int64_t delay_us; /* written not later than so long after that; 0 or more */
    union {
        struct sp_smf_request request;
        struct sp_smf_requester call;
        struct sp_smf_security security;
    } of;
};

/* Into `ret_slot` of SP_SMF_EVENT_BYTES, aligned or not. Texts longer than SP_SMF_EVENT_TEXT_MAX, and what
 * does not fit any more, are cut; claims are left out instead. Members of other versions of the record are
 * not packed. Returns the bytes taken. */
size_t sp_smf_event_pack(const struct sp_smf_event *event, void *ret_slot);
/* All but `of`. false: the slot holds no event. */
bool sp_smf_event_peek(const void *slot, struct sp_smf_event *ret_event);
/* Texts are views of the slot; members that were not packed are zero. false: it holds no event. */
bool sp_smf_event_unpack(const void *slot, struct sp_smf_event *ret_event);

#endif
