/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jws.h"

#include "text/base64.h"
#include "text/json.h"

#define HEADER_TREE_DEPTH 16

static const struct sp_json_limits header_limits = {
    .depth = HEADER_TREE_DEPTH, .string_bytes = SP_JWS_HEADER_MAX, .number_bytes = 64, .members = 64};

static enum sp_status wrong(struct sp_error *err, const char *what)
{
    return sp_error_set(err, SP_ESYNTAX, NULL, "the token is no JWS: %s", what);
}

/* ---- form ---- */

static bool cut(struct sp_str text, struct sp_str parts[3])
{
    size_t count = 0;
    struct sp_str part;
    while (sp_str_split(&text, '.', &part)) {
        if (count == 3)
            return false;
        parts[count++] = part;
    }
    return count == 3;
}

bool sp_jws_is_like(struct sp_str text)
{
    struct sp_str parts[3];
    unsigned char first[3];
    struct sp_buf bytes = sp_buf_over(first, sizeof first);
    /* Four characters are three bytes: enough to see a brace, also behind blanks or line ends. */
    if (!cut(text, parts) || parts[0].len < 4 ||
        sp_base64_decode(SP_BASE64_URL, sp_str_slice(parts[0], 0, 4), &bytes) != SP_OK)
        return false;
    struct sp_str begin = sp_str_trim(sp_buf_str(&bytes));
    return begin.len && begin.ptr[0] == '{';
}

static enum sp_status decode(struct sp_str part, struct sp_arena *arena, const char *name,
                             struct sp_str *ret_bytes, struct sp_error *err)
{
    size_t size = part.len / 4 * 3 + 3;
    unsigned char *room = sp_arena_alloc(arena, size);
    if (!room)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a token");
    struct sp_buf bytes = sp_buf_over(room, size);
    if (sp_base64_decode(SP_BASE64_URL, part, &bytes) != SP_OK)
        return sp_error_set(err, SP_ESYNTAX, NULL, "the token is no JWS: its %s is not base64url", name);
    *ret_bytes = sp_buf_str(&bytes);
    return SP_OK;
}

/* ---- header ---- */

static bool take_text(const struct sp_json_value *header, const char *name, struct sp_str *ret_text)
{
    const struct sp_json_value *member = sp_json_member(header, sp_str_of(name));
    if (!member)
        return true;
    *ret_text = member->text;
    return member->kind == SP_JSON_IS_STRING;
}

static enum sp_status read_header(struct sp_str bytes, struct sp_arena *arena, struct sp_jws *jws,
                                  struct sp_error *err)
{
    struct sp_json_value *header;
    struct sp_jwk_name *name = &jws->key_name;
    if (bytes.len > SP_JWS_HEADER_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "the token's header is longer than %u bytes",
                            SP_JWS_HEADER_MAX);
    enum sp_status status = sp_json_parse(bytes, arena, &header_limits, &header, NULL);
    if (status == SP_ENOMEM || status == SP_ELIMIT)
        return sp_error_set(err, status, NULL, "the token's header is too large");
    if (status != SP_OK || header->kind != SP_JSON_IS_OBJECT)
        return wrong(err, "its header is not a JSON object, or has a member twice");
    jws->header = header;
    if (!take_text(header, "alg", &jws->alg) || !jws->alg.ptr)
        return wrong(err, "its header has no alg");
    if (!take_text(header, "typ", &jws->typ) || !take_text(header, "kid", &name->kid) ||
        !take_text(header, "x5t", &name->x5t) || !take_text(header, "x5t#S256", &name->x5t_s256))
        return wrong(err, "typ, kid or x5t of its header is no string");
    if (name->kid.len > SP_JWK_KID_MAX || name->x5t.len > SP_JWK_KID_MAX ||
        name->x5t_s256.len > SP_JWK_KID_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "kid or x5t of the token's header is longer than %u bytes",
                            SP_JWK_KID_MAX);
    if (sp_json_member(header, SP_STR("crit")) || sp_json_member(header, SP_STR("b64")))
        return sp_error_set(err, SP_EUNSUPPORTED, NULL,
                            "the token's header asks for extensions (crit, b64), and none is known");
    struct sp_str prefix = SP_STR("application/");
    if (sp_str_caseless_eq(sp_str_slice(jws->typ, 0, prefix.len), prefix))
        jws->typ = sp_str_slice(jws->typ, prefix.len, jws->typ.len);
    return SP_OK;
}

enum sp_status sp_jws_parse(struct sp_str text, struct sp_arena *arena, struct sp_jws *ret_jws,
                            struct sp_error *err)
{
    struct sp_str parts[3], header;
    struct sp_jws jws = {0};
    if (text.len > SP_JWS_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "the token is longer than %u bytes", SP_JWS_MAX);
    if (!cut(text, parts))
        return wrong(err, "it does not have three parts");
    if (!parts[0].len || !parts[2].len)
        return wrong(err, "its header or its signature is empty");
    enum sp_status status = decode(parts[0], arena, "header", &header, err);
    if (status == SP_OK)
        status = decode(parts[1], arena, "payload", &jws.payload, err);
    if (status == SP_OK)
        status = decode(parts[2], arena, "signature", &jws.signature, err);
    if (status == SP_OK)
        status = read_header(header, arena, &jws, err);
    if (status != SP_OK)
        return status;
    jws.signed_part = sp_str_slice(text, 0, parts[0].len + 1 + parts[1].len);
    *ret_jws = jws;
    return SP_OK;
}

enum sp_status sp_jws_verify(const struct sp_jws *jws, enum sp_jwa alg, const struct sp_jwk *key,
                             struct sp_error *err)
{
    if (alg == SP_JWA_UNKNOWN || !sp_str_is(jws->alg, sp_jwa_name(alg)))
        return sp_error_set(err, SP_EDENIED, NULL, "the token is not signed with %s", sp_jwa_name(alg));
    return sp_jwa_verify(alg, key, jws->signed_part, jws->signature, err);
}

/* ---- signing ---- */

enum sp_status sp_jws_sign(enum sp_jwa alg, const struct sp_jwk *key, struct sp_str header,
                           struct sp_str payload, struct sp_buf *buf, struct sp_error *err)
{
    struct sp_buf bytes;
    size_t from = buf->len;
    sp_buf_init(&bytes, SP_JWS_HEADER_MAX);
    sp_buf_printf(&bytes, "{\"alg\":\"%s\"%s%.*s}", sp_jwa_name(alg), header.len ? "," : "",
                  SP_STR_ARG(header));
    bool fits = !bytes.failed && sp_base64_encode(SP_BASE64_URL, sp_buf_str(&bytes), buf) == SP_OK &&
                sp_buf_append_byte(buf, '.') == SP_OK &&
                sp_base64_encode(SP_BASE64_URL, payload, buf) == SP_OK;
    sp_buf_reset(&bytes);
    enum sp_status status =
        fits ? sp_jwa_sign(alg, key, sp_str_slice(sp_buf_str(buf), from, buf->len), &bytes, err)
             : sp_error_set(err, SP_ELIMIT, NULL, "the token would be too long");
    if (status == SP_OK && (sp_buf_append_byte(buf, '.') != SP_OK ||
                            sp_base64_encode(SP_BASE64_URL, sp_buf_str(&bytes), buf) != SP_OK))
        status = sp_error_set(err, SP_ELIMIT, NULL, "the token would be too long");
    sp_buf_finish(&bytes);
    if (status != SP_OK)
        buf->len = from;
    return status;
}
