/* SPDX-License-Identifier: Apache-2.0
 * token_result.h: what is known of a token after it was checked, as it is remembered.
 */
#ifndef SP_AUTHN_TOKEN_RESULT_H
#define SP_AUTHN_TOKEN_RESULT_H

#include "authn/token_claims.h"
#include "base/buf.h"

enum sp_token_binding {
    SP_TOKEN_UNBOUND,
    SP_TOKEN_BOUND_TO_CERTIFICATE, /* cnf x5t#S256, RFC 8705 */
    SP_TOKEN_BOUND_TO_KEY          /* cnf jkt, RFC 9449 */
};

struct sp_token_result {
    struct sp_token_subject subject;
    struct sp_str claims_json;
    bool asked; /* of its issuer, not verified here */
    enum sp_token_binding binding;
    char bound_to[44]; /* base64url of a SHA-256, with its NUL */
};

#define SP_TOKEN_RESULT_MAX 65536u

/* Append. SP_ELIMIT. */
enum sp_status sp_token_result_write(const struct sp_token_result *result, struct sp_buf *buf) SP_MUST_CHECK;
/* Texts are views of `bytes`, lists are in the arena. SP_ESYNTAX, SP_ENOMEM. */
enum sp_status sp_token_result_read(struct sp_str bytes, struct sp_arena *arena,
                                    struct sp_token_result *ret_result) SP_MUST_CHECK;

/* What the claim cnf asks for. SP_EDENIED for something that cannot be proved here. */
enum sp_status sp_token_binding_read(const struct sp_json_value *claims, struct sp_token_result *result,
                                     struct sp_error *err) SP_MUST_CHECK;

#endif
