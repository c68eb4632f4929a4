/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/dpop.h"

#include "authn/token_claims.h"
#include "base/secret.h"
#include "crypto/jws.h"
#include "text/base64.h"
#include "text/json.h"

static enum sp_status refuse(struct sp_error *err, const char *why)
{
    return sp_error_set(err, SP_EDENIED, NULL, "the DPoP proof is refused: %s", why);
}

/* Its own key signs it. */
static enum sp_status check_signature(const struct sp_jws *jws, struct sp_dpop_proof *proof,
                                      struct sp_error *err)
{
    struct sp_jwk_set *set;
    const struct sp_json_value *jwk = sp_json_member(jws->header, SP_STR("jwk"));
    enum sp_jwa alg = sp_jwa_from(jws->alg);
    if (!sp_str_caseless_eq(jws->typ, SP_STR("dpop+jwt")))
        return refuse(err, "its typ is not dpop+jwt");
    if (alg == SP_JWA_UNKNOWN || sp_jwa_is_symmetric(alg))
        return refuse(err, "its alg is none of a private key");
    if (!jwk)
        return refuse(err, "its header has no jwk");
    enum sp_status status = sp_jwk_set_from_json(jwk, &set, err);
    if (status != SP_OK)
        return status == SP_ENOMEM ? status : refuse(err, "its jwk is no public key that can be used");
    status = sp_jws_verify(jws, alg, &set->keys[0], err);
    if (status == SP_OK)
        status = sp_jwk_thumbprint(&set->keys[0], proof->thumbprint);
    else
        refuse(err, "its signature is not by its key");
    sp_jwk_set_release(set);
    return status;
}

/* Where host and port end and the path begins, and where that ends: at query or fragment. */
static void cut_url(struct sp_str url, struct sp_str *ret_origin, struct sp_str *ret_path)
{
    size_t from = sp_str_find(url, '/'), end = 0;
    from = from + 2 > url.len ? url.len : from + 2;
    while (from + end < url.len && !strchr("/?#", url.ptr[from + end]))
        end++;
    *ret_origin = sp_str_slice(url, 0, from + end);
    struct sp_str rest = sp_str_slice(url, from + end, url.len);
    end = 0;
    while (end < rest.len && rest.ptr[end] != '?' && rest.ptr[end] != '#')
        end++;
    *ret_path = sp_str_slice(rest, 0, end);
    if (!ret_path->len)
        *ret_path = SP_STR("/");
    struct sp_str port =
        sp_str_caseless_eq(sp_str_slice(url, 0, 6), SP_STR("https:")) ? SP_STR(":443") : SP_STR(":80");
    if (sp_str_ends(*ret_origin, port))
        *ret_origin = sp_str_slice(*ret_origin, 0, ret_origin->len - port.len);
}

static bool is_same_url(struct sp_str one, struct sp_str other)
{
    struct sp_str origins[2], paths[2];
    cut_url(one, &origins[0], &paths[0]);
    cut_url(other, &origins[1], &paths[1]);
    return sp_str_caseless_eq(origins[0], origins[1]) && sp_str_eq(paths[0], paths[1]);
}

static bool is_hash_of(struct sp_str text, struct sp_str token)
{
    unsigned char hash[64];
    char encoded[48];
    struct sp_buf room = sp_buf_over(encoded, sizeof encoded);
    return sp_jwa_hash(256, token, hash) == SP_OK &&
           sp_base64_encode(SP_BASE64_URL, sp_str_from(hash, 32), &room) == SP_OK &&
           sp_secret_eq(text, sp_buf_str(&room));
}

static enum sp_status check_claims(const struct sp_dpop_request *request, const struct sp_json_value *claims,
                                   struct sp_dpop_proof *proof, struct sp_error *err)
{
    int64_t iat;
    bool has_iat;
    proof->jti = sp_json_member_text(claims, SP_STR("jti"));
    if (!proof->jti.len || proof->jti.len > SP_DPOP_JTI_MAX)
        return refuse(err, "it has no jti of 1 to 256 bytes");
    if (!sp_str_eq(sp_json_member_text(claims, SP_STR("htm")), request->method))
        return refuse(err, "its htm is another method");
    if (!is_same_url(sp_json_member_text(claims, SP_STR("htu")), request->url))
        return refuse(err, "its htu is another URL");
    if (!sp_claims_time(claims, "iat", &has_iat, &iat) || !has_iat)
        return refuse(err, "its iat is no time");
    if (request->now_us - iat > request->tolerance_us || iat - request->now_us > request->tolerance_us)
        return refuse(err, "it was not made just now (iat); do the clocks agree?");
    if (request->token.ptr && !is_hash_of(sp_json_member_text(claims, SP_STR("ath")), request->token))
        return refuse(err, "its ath is not the hash of the token");
    proof->until_us = iat + request->tolerance_us + 1000000;
    return SP_OK;
}

enum sp_status sp_dpop_check(const struct sp_dpop_request *request, struct sp_arena *arena,
                             struct sp_dpop_proof *ret_proof, struct sp_error *err)
{
    static const struct sp_json_limits limits = {
        .depth = 8, .string_bytes = 8192, .number_bytes = 64, .members = 64};
    struct sp_jws jws;
    struct sp_json_value *claims;
    struct sp_dpop_proof proof = {0};
    enum sp_status status = sp_jws_parse(request->proof, arena, &jws, err);
    if (status != SP_OK) {
        sp_error_prefix(err, "DPoP proof");
        return status;
    }
    if (sp_json_parse(jws.payload, arena, &limits, &claims, NULL) != SP_OK ||
        claims->kind != SP_JSON_IS_OBJECT)
        return refuse(err, "its payload is no JSON object");
    status = check_claims(request, claims, &proof, err);
    if (status == SP_OK)
        status = check_signature(&jws, &proof, err);
    if (status == SP_OK)
        *ret_proof = proof;
    return status;
}
