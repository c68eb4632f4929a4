/* SPDX-License-Identifier: Apache-2.0
 * bearer.h: where in a request a token is (RFC 6750, RFC 9449, and the headers of Liberty).
 */
#ifndef SP_AUTHN_BEARER_H
#define SP_AUTHN_BEARER_H

#include "io/port.h"

struct sp_arena;

#define SP_BEARER_SEGMENTS_MAX 64u

enum sp_bearer_scheme { SP_BEARER_NONE, SP_BEARER_PLAIN, SP_BEARER_DPOP };

struct sp_bearer {
    enum sp_bearer_scheme scheme; /* NONE: the request has no token for this header */
    struct sp_str token;          /* not empty */
    bool is_jws;                  /* to be verified here; */
    bool is_jwe;                  /* to be decrypted before that; neither: it is opaque */
};

/* Find the token.
 *
 * `header` ptr NULL: Authorization with the scheme Bearer or DPoP (in any case); or, when there is no
 * Authorization, the field access_token of a form that is posted. Another scheme is no token.
 * Otherwise the header of that name, with "Bearer " before the token or without; or, when it is not there,
 * its segments: "<name>-segments: 2", "<name>-1", "<name>-2".
 *
 * SP_OK also when there is none. SP_ESYNTAX: a token that is broken, given twice or in two places, or
 * segments that do not fit; SP_ELIMIT: longer than SP_JWS_MAX; SP_ENOMEM. Texts do not quote the token. */
enum sp_status sp_bearer_find(const struct sp_http_request *request, struct sp_str header,
                              struct sp_arena *arena, struct sp_bearer *ret_bearer,
                              struct sp_error *err) SP_MUST_CHECK;

#endif
