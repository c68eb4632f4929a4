/* SPDX-License-Identifier: Apache-2.0
 * token_claims.h: what the claims of a token must be, and whom they name; after an openidConnectClient.
 *
 * The same for a JWT that was verified here and for the answer of an issuer about an opaque token. Nothing in
 * here checks a signature.
 */
#ifndef SP_AUTHN_TOKEN_CLAIMS_H
#define SP_AUTHN_TOKEN_CLAIMS_H

#include "base/arena.h"
#include "config/config.h"

struct sp_json_value;

#define SP_TOKEN_NAME_MAX 256u
#define SP_TOKEN_GROUPS_MAX 1000u
#define SP_TOKEN_SCOPES_MAX 256u

/* Ids of the errors, those of Liberty. */
#define SP_TOKEN_NOT_VALID "CWWKS1737E"
#define SP_TOKEN_NO_USER "CWWKS1738E"
#define SP_TOKEN_NO_KEY "CWWKS1739E"
#define SP_TOKEN_REUSED "CWWKS1743E"
#define SP_TOKEN_EXPIRED "CWWKS1773E"
#define SP_TOKEN_AUDIENCE "CWWKS1774E"
#define SP_TOKEN_SIGNATURE "CWWKS1776E"
#define SP_TOKEN_ALGORITHM "CWWKS1777E"
#define SP_TOKEN_NO_AUDIENCE "CWWKS1779E"
#define SP_TOKEN_NOT_YET "CWWKS1780E"
#define SP_TOKEN_ISSUER "CWWKS1781E"
#define SP_TOKEN_HAS_ISSUER "CWWKS1782E"
#define SP_TOKEN_CLAIM_TYPE "CWWKS1730E"

struct sp_claims_rules {
    const struct sp_cfg_oidc *client;
    struct sp_str_list issuers; /* that are accepted; none: nobody is */
    bool any_audience;          /* ALL_AUDIENCES */
};

/* Compile; `issuers` are those of discovery, count 0: of the configuration: issuerIdentifier, or the URL of
 * the token endpoint (for answers: of the validation endpoint) without its last part. Lives in the arena.
 * SP_ENOMEM. */
enum sp_status sp_claims_rules_make(const struct sp_cfg_oidc *client, struct sp_str_list discovered,
                                    bool for_answers, struct sp_arena *arena,
                                    struct sp_claims_rules *ret_rules) SP_MUST_CHECK;

/* A claim that counts seconds since 1970, as microseconds. A fraction counts; an exponent is read. False when
 * it is there and not a number from 0 to the end of the year 9999. `*ret_has`: whether it is there. */
bool sp_claims_time(const struct sp_json_value *claims, const char *name, bool *ret_has, int64_t *ret_us);

/* Issuer, audience and times of a JWT; exp is needed. `server_url` is the request's, for tokens when no
 * audience is configured. SP_EDENIED with the reason. */
enum sp_status sp_claims_check_jwt(const struct sp_claims_rules *rules, const struct sp_json_value *claims,
                                   struct sp_str server_url, int64_t now_us,
                                   struct sp_error *err) SP_MUST_CHECK;
/* The same of an answer: issuer and times; `userinfo`: only an issuer that is there. Audiences count when
 * they are configured and the answer has any. */
enum sp_status sp_claims_check_answer(const struct sp_claims_rules *rules, const struct sp_json_value *claims,
                                      bool userinfo, int64_t now_us, struct sp_error *err) SP_MUST_CHECK;

/* Whether the typ of a token's header says that it was made for a purpose of its own (RFC 8725 section 3.11):
 * "at+jwt", "logout+jwt" and the like. */
bool sp_token_type_is_other(struct sp_str typ);

/* Who the claims say it is. */
struct sp_token_subject {
    struct sp_str name, realm, unique_id;
    struct sp_str_list groups, scopes;
    int64_t expires_us; /* 0: it does not say */
};

/* In the arena and views of the claims. SP_EDENIED: there is no user, or a claim is of a wrong type. */
enum sp_status sp_claims_subject(const struct sp_claims_rules *rules, const struct sp_json_value *claims,
                                 struct sp_arena *arena, struct sp_token_subject *ret_subject,
                                 struct sp_error *err) SP_MUST_CHECK;

#endif
