/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/session.h"

#include "base/secret.h"
#include "crypto/jwa.h"
#include "text/base64.h"
#include "text/json.h"
#include "text/json_write.h"

#define CLEAR_MAX ((size_t)16 << 10)

struct sp_str sp_session_name(struct sp_str name, struct sp_arena *arena)
{
    unsigned char hash[64];
    char text[SP_SESSION_NAME_BYTES];
    struct sp_buf buf = sp_buf_over(text, sizeof text);
    if (!name.len || sp_jwa_hash(256, name, hash) != SP_OK ||
        sp_base64_encode(SP_BASE64_URL, sp_str_from(hash, 16), &buf) != SP_OK)
        return (struct sp_str){NULL, 0};
    return sp_arena_str(arena, sp_buf_str(&buf));
}

void sp_session_begin(struct sp_session *session, int64_t now_us)
{
    sp_secret_random(session->id, sizeof session->id);
    session->issued_us = now_us;
}

/* ---------------------------------------------------------------- writing */

static void put_list(struct sp_json_writer *json, const char *name, const struct sp_str_list *list)
{
    sp_json_name(json, sp_str_of(name));
    sp_json_array_begin(json);
    for (size_t i = 0; i < list->count; i++)
        sp_json_string(json, list->items[i]);
    sp_json_array_end(json);
}

static void write_clear(const struct sp_session *session, bool with_claims, struct sp_buf *clear)
{
    const struct sp_assertion *assertion = &session->assertion;
    char hex[2 * SP_SESSION_ID_BYTES];
    struct sp_buf id = sp_buf_over(hex, sizeof hex);
    struct sp_json_writer json;
    if (sp_hex_encode(sp_str_from(session->id, sizeof session->id), &id) != SP_OK)
        clear->failed = true;
    sp_json_writer_init(&json, clear, 0);
    sp_json_object_begin(&json);
    sp_json_put_string(&json, "id", sp_buf_str(&id));
    sp_json_put_string(&json, "provider", session->provider);
    if (session->subject.len)
        sp_json_put_string(&json, "sub", session->subject);
    if (session->provider_session.len)
        sp_json_put_string(&json, "sid", session->provider_session);
    sp_json_put_i64(&json, "issued", session->issued_us);
    sp_json_put_i64(&json, "expires", session->expires_us);
    sp_json_put_i64(&json, "scheme", assertion->scheme);
    sp_json_put_i64(&json, "kind", assertion->kind);
    sp_json_put_i64(&json, "strength", assertion->strength);
    sp_json_put_string(&json, "name", assertion->name);
    sp_json_put_string(&json, "realm", assertion->realm);
    sp_json_put_string(&json, "unique", assertion->unique_id);
    put_list(&json, "groups", &assertion->groups);
    put_list(&json, "scopes", &assertion->scopes);
    if (with_claims && assertion->claims_json.len) {
        sp_json_name(&json, SP_STR("claims"));
        sp_json_raw(&json, assertion->claims_json);
    }
    sp_json_object_end(&json);
}

static enum sp_status seal_one(const struct sp_session *session, bool with_claims,
                               const struct sp_cookie_seal *seal, struct sp_buf *buf, struct sp_error *err)
{
    struct sp_buf clear;
    sp_buf_init(&clear, CLEAR_MAX);
    write_clear(session, with_claims, &clear);
    enum sp_status status =
        clear.failed || SP_COOKIE_SEALED_MAX(clear.len) > SP_SESSION_SEALED_MAX
            ? sp_error_set(err, SP_ELIMIT, NULL, "the session does not fit a cookie (%zu groups)",
                           session->assertion.groups.count)
            : sp_cookie_seal_text(seal, sp_buf_str(&clear), buf, err);
    sp_buf_wipe(&clear);
    return status;
}

enum sp_status sp_session_seal(const struct sp_session *session, const struct sp_cookie_seal *seal,
                               struct sp_buf *buf, struct sp_error *err)
{
    enum sp_status status = seal_one(session, true, seal, buf, err);
    return status == SP_ELIMIT ? seal_one(session, false, seal, buf, err) : status;
}

/* ---------------------------------------------------------------- reading */

static bool read_list(const struct sp_json_value *object, const char *name, struct sp_arena *arena,
                      struct sp_str_list *ret_list)
{
    const struct sp_json_value *array = sp_json_member(object, sp_str_of(name));
    if (!array || array->kind != SP_JSON_IS_ARRAY)
        return false;
    struct sp_str *items = sp_arena_calloc(arena, array->count + 1, sizeof *items);
    size_t count = 0;
    if (!items)
        return false;
    for (const struct sp_json_value *item = array->first; item; item = item->next)
        items[count++] = item->text;
    *ret_list = (struct sp_str_list){items, count};
    return true;
}

static bool read_assertion(const struct sp_json_value *object, struct sp_arena *arena,
                           struct sp_assertion *ret_assertion)
{
    int64_t scheme, kind, strength;
    struct sp_assertion assertion = {
        .name = sp_json_member_text(object, SP_STR("name")),
        .realm = sp_json_member_text(object, SP_STR("realm")),
        .unique_id = sp_json_member_text(object, SP_STR("unique")),
    };
    if (!assertion.name.len || !sp_json_member_i64(object, SP_STR("scheme"), &scheme) ||
        !sp_json_member_i64(object, SP_STR("kind"), &kind) ||
        !sp_json_member_i64(object, SP_STR("strength"), &strength) ||
        !read_list(object, "groups", arena, &assertion.groups) ||
        !read_list(object, "scopes", arena, &assertion.scopes))
        return false;
    assertion.scheme = scheme == SP_AUTHN_SAML ? SP_AUTHN_SAML : SP_AUTHN_OIDC;
    assertion.kind = kind == SP_ASSERT_LOOK_UP || kind == SP_ASSERT_GROUPS ? (enum sp_assertion_kind)kind
                                                                           : SP_ASSERT_CLAIMED;
    assertion.strength = (enum sp_authn_strength)strength;
    *ret_assertion = assertion;
    return true;
}

/* The claims as text: what the parser took them from is still there, but has no length. */
static bool restore_claims(const struct sp_json_value *object, struct sp_arena *arena,
                           struct sp_assertion *assertion)
{
    const struct sp_json_value *claims = sp_json_member(object, SP_STR("claims"));
    struct sp_buf text;
    if (!claims)
        return true;
    sp_buf_init(&text, CLEAR_MAX);
    struct sp_json_writer json;
    sp_json_writer_init(&json, &text, 0);
    sp_json_tree(&json, claims);
    assertion->claims_json = sp_arena_str(arena, sp_buf_str(&text));
    sp_buf_finish(&text);
    return assertion->claims_json.ptr;
}

static bool read_clear(struct sp_str clear, struct sp_arena *arena, struct sp_session *ret_session)
{
    struct sp_session session = {.provider = {NULL, 0}};
    struct sp_json_value *object;
    struct sp_str text = sp_arena_str(arena, clear);
    struct sp_buf id = sp_buf_over(session.id, sizeof session.id);
    if (!text.ptr || sp_json_parse(text, arena, NULL, &object, NULL) != SP_OK)
        return false;
    session.provider = sp_json_member_text(object, SP_STR("provider"));
    session.subject = sp_json_member_text(object, SP_STR("sub"));
    session.provider_session = sp_json_member_text(object, SP_STR("sid"));
    if (!session.provider.ptr || sp_hex_decode(sp_json_member_text(object, SP_STR("id")), &id) != SP_OK ||
        id.len != sizeof session.id || !sp_json_member_i64(object, SP_STR("issued"), &session.issued_us) ||
        !sp_json_member_i64(object, SP_STR("expires"), &session.expires_us) ||
        !read_assertion(object, arena, &session.assertion) ||
        !restore_claims(object, arena, &session.assertion))
        return false;
    session.assertion.expires_us = session.expires_us;
    *ret_session = session;
    return true;
}

enum sp_status sp_session_open(struct sp_str sealed, const struct sp_cookie_seal *seal, int64_t now_us,
                               struct sp_arena *arena, struct sp_session *ret_session, struct sp_error *err)
{
    struct sp_session session;
    struct sp_buf clear;
    sp_buf_init(&clear, CLEAR_MAX);
    enum sp_status status = sp_cookie_unseal_text(seal, sealed, &clear, err);
    if (status == SP_OK && !read_clear(sp_buf_str(&clear), arena, &session))
        status = sp_error_set(err, SP_EDENIED, NULL, "the cookie is no session of this server");
    if (status == SP_OK && now_us >= session.expires_us)
        status = sp_error_set(err, SP_ETIMEDOUT, NULL, "the session has ended");
    sp_buf_wipe(&clear);
    if (status == SP_OK)
        *ret_session = session;
    return status;
}
