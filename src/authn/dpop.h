/* SPDX-License-Identifier: Apache-2.0
 * dpop.h: proof of possession of a key (RFC 9449).
 */
#ifndef SP_AUTHN_DPOP_H
#define SP_AUTHN_DPOP_H

#include "base/arena.h"
#include "crypto/jwk.h"

#define SP_DPOP_JTI_MAX 256u
/* For WWW-Authenticate. */
#define SP_DPOP_ALGS "ES256 ES384 ES512 PS256 PS384 PS512 RS256 RS384 RS512 EdDSA"

struct sp_dpop_request {
    struct sp_str proof; /* value of the one DPoP header */
    struct sp_str method, url;
    struct sp_str token;  /* that the proof is for; ptr NULL: none (a token endpoint) */
    int64_t now_us;       /* realtime */
    int64_t tolerance_us; /* between the proof's time and now, both ways */
};

struct sp_dpop_proof {
    struct sp_str jti; /* to be used once until `until_us`; in the arena */
    int64_t until_us;
    char thumbprint[SP_JWK_THUMBPRINT_TEXT]; /* of its key */
};

/* Everything of section 4.3 but the nonce (none is ever given out) and whether jti was used. SP_EDENIED,
 * SP_ESYNTAX, SP_ELIMIT, SP_ENOMEM. */
enum sp_status sp_dpop_check(const struct sp_dpop_request *request, struct sp_arena *arena,
                             struct sp_dpop_proof *ret_proof, struct sp_error *err) SP_MUST_CHECK;

#endif
