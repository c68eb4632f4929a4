/* SPDX-License-Identifier: Apache-2.0
 * token_check.h: from a token to what is known of it: verified here, asked of its issuer, or remembered.
 *
 * Good results are remembered as long as the token counts, at most accessTokenCacheTimeout, in the memory
 * that workers share: a token seen before costs one hash and one look-up. Refusals that nothing can heal (a
 * wrong signature) are remembered for a few seconds by each worker. A JWT with a jti counts once, unless
 * tokenReuse is set; it is then not remembered.
 */
#ifndef SP_AUTHN_TOKEN_CHECK_H
#define SP_AUTHN_TOKEN_CHECK_H

#include "authn/bearer.h"
#include "authn/issuer.h"
#include "authn/token_result.h"
#include "base/shared_cache.h"

struct sp_token_checker;

struct sp_token_checker_options {
    const struct sp_cfg_oidc *client;
    struct sp_issuer *issuer;        /* borrowed */
    struct sp_shared_cache *results; /* borrowed; NULL: a small one of its own, for this process alone */
    struct sp_shared_cache *replays; /* jti and DPoP proofs that were used; the same */
};

/* For an element that sp_token_check_element takes. SP_ENOMEM. */
enum sp_status sp_token_checker_new(const struct sp_token_checker_options *options,
                                    struct sp_token_checker **ret_checker,
                                    struct sp_error *err) SP_MUST_CHECK;
/* In the loop's thread. Accepts NULL. */
void sp_token_checker_free(struct sp_token_checker *checker);

struct sp_token_question {
    struct sp_bearer bearer;
    struct sp_str server_url; /* as the client addressed us; for audiences */
    int64_t now_us;           /* realtime */
    struct sp_arena *arena;
};

/* In a fiber. SP_EDENIED: the token is not good; SP_EUNAVAIL: that cannot be said, because the issuer cannot
 * be asked; SP_ECANCELED; SP_ENOMEM. `ret_key` is under what it is remembered. */
enum sp_status io_token_check(struct sp_token_checker *checker, const struct sp_token_question *question,
                              struct sp_token_result *ret_result, struct sp_cache_key *ret_key,
                              struct sp_error *err) SP_MUST_CHECK;

/* Mark something as used until a time, for all workers. SP_EDENIED when it was. SP_EUNAVAIL. */
enum sp_status sp_token_use_once(struct sp_token_checker *checker, struct sp_str kind, struct sp_str owner,
                                 struct sp_str id, int64_t now_us, int64_t until_us,
                                 struct sp_error *err) SP_MUST_CHECK;

#endif
