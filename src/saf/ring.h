/* SPDX-License-Identifier: Apache-2.0
 * ring.h: how a key ring is named where a key store is wanted.
 */
#ifndef SP_SAF_RING_H
#define SP_SAF_RING_H

#include "base/str.h"

#define SP_SAF_RING_NAME_MAX 237u

struct sp_saf_ring_location {
    char owner[9];      /* in upper case with its NUL; "": the caller's own; "*AUTH*" and "*SITE*" */
    struct sp_str ring; /* view of the location; "*": the virtual ring of all certificates of the owner */
};

/* Whether a key store's location names a key ring: "safkeyring:", in any case. */
bool sp_saf_is_ring_location(struct sp_str location);
/* safkeyring:///RING and safkeyring:////RING (the caller's), safkeyring://OWNER/RING and
 * safkeyring:////OWNER/RING. OWNER is a user id, *AUTH* or *SITE*; RING keeps its case. SP_ESYNTAX says what
 * is wrong; SP_EUNSUPPORTED for safkeyringhw: and its like, whose keys are in cryptographic hardware. */
enum sp_status sp_saf_ring_location_parse(struct sp_str location, struct sp_saf_ring_location *ret_location,
                                          struct sp_error *err) SP_MUST_CHECK;

#endif
