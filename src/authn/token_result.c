/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/token_result.h"

#include "text/json.h"

#define FORMAT 1

/* ---- writing ---- */

static void put(struct sp_buf *buf, struct sp_str text)
{
    sp_buf_append_u32(buf, (uint32_t)text.len);
    sp_buf_append_str(buf, text);
}

static void put_list(struct sp_buf *buf, const struct sp_str_list *list)
{
    sp_buf_append_u32(buf, (uint32_t)list->count);
    for (size_t i = 0; i < list->count; i++)
        put(buf, list->items[i]);
}

enum sp_status sp_token_result_write(const struct sp_token_result *result, struct sp_buf *buf)
{
    const struct sp_token_subject *subject = &result->subject;
    sp_buf_append_byte(buf, FORMAT);
    sp_buf_append_byte(buf, result->asked);
    sp_buf_append_byte(buf, (unsigned char)result->binding);
    sp_buf_append(buf, result->bound_to, sizeof result->bound_to);
    sp_buf_append_u64(buf, (uint64_t)subject->expires_us);
    put(buf, subject->name);
    put(buf, subject->realm);
    put(buf, subject->unique_id);
    put(buf, result->claims_json);
    put_list(buf, &subject->groups);
    put_list(buf, &subject->scopes);
    return buf->failed ? SP_ELIMIT : SP_OK;
}

/* ---- reading ---- */

struct reader {
    const unsigned char *at, *end;
    struct sp_arena *arena;
    enum sp_status status; /* of the first failure */
};

static const unsigned char *take_bytes(struct reader *reader, size_t len)
{
    const unsigned char *bytes = reader->at;
    if (reader->status != SP_OK || (size_t)(reader->end - reader->at) < len) {
        if (reader->status == SP_OK)
            reader->status = SP_ESYNTAX;
        return NULL;
    }
    reader->at += len;
    return bytes;
}

static unsigned take_u8(struct reader *reader)
{
    const unsigned char *bytes = take_bytes(reader, 1);
    return bytes ? bytes[0] : 0;
}

static uint32_t take_u32(struct reader *reader)
{
    const unsigned char *bytes = take_bytes(reader, 4);
    return bytes ? sp_get_u32(bytes) : 0;
}

static struct sp_str take_text(struct reader *reader)
{
    uint32_t len = take_u32(reader);
    const unsigned char *bytes = take_bytes(reader, len);
    return bytes ? sp_str_from(bytes, len) : (struct sp_str){0};
}

static struct sp_str_list take_list(struct reader *reader)
{
    uint32_t count = take_u32(reader);
    if (!count || reader->status != SP_OK || count > SP_TOKEN_RESULT_MAX)
        return (struct sp_str_list){0};
    struct sp_str *items = sp_arena_calloc(reader->arena, count, sizeof *items);
    if (!items) {
        reader->status = SP_ENOMEM;
        return (struct sp_str_list){0};
    }
    for (uint32_t i = 0; i < count && reader->status == SP_OK; i++)
        items[i] = take_text(reader);
    return (struct sp_str_list){items, count};
}

enum sp_status sp_token_result_read(struct sp_str bytes, struct sp_arena *arena,
                                    struct sp_token_result *ret_result)
{
    const unsigned char *from = (const unsigned char *)bytes.ptr;
    struct reader reader = {.at = from, .end = from + bytes.len, .arena = arena};
    struct sp_token_result result = {0};
    if (take_u8(&reader) != FORMAT)
        return SP_ESYNTAX;
    result.asked = take_u8(&reader);
    unsigned binding = take_u8(&reader);
    const unsigned char *bound_to = take_bytes(&reader, sizeof result.bound_to);
    const unsigned char *expires = take_bytes(&reader, 8);
    if (!expires || binding > SP_TOKEN_BOUND_TO_KEY)
        return SP_ESYNTAX;
    result.binding = (enum sp_token_binding)binding;
    memcpy(result.bound_to, bound_to, sizeof result.bound_to);
    result.subject.expires_us = (int64_t)sp_get_u64(expires);
    result.subject.name = take_text(&reader);
    result.subject.realm = take_text(&reader);
    result.subject.unique_id = take_text(&reader);
    result.claims_json = take_text(&reader);
    result.subject.groups = take_list(&reader);
    result.subject.scopes = take_list(&reader);
    if (reader.status == SP_OK && reader.at != reader.end)
        reader.status = SP_ESYNTAX;
    if (reader.status == SP_OK)
        *ret_result = result;
    return reader.status;
}

/* ---- binding ---- */

static bool is_hash(const struct sp_json_value *value)
{
    return value->kind == SP_JSON_IS_STRING && value->text.len == 43;
}

enum sp_status sp_token_binding_read(const struct sp_json_value *claims, struct sp_token_result *result,
                                     struct sp_error *err)
{
    const struct sp_json_value *cnf = sp_json_member(claims, SP_STR("cnf"));
    result->binding = SP_TOKEN_UNBOUND;
    if (!cnf)
        return SP_OK;
    const struct sp_json_value *by_certificate = sp_json_member(cnf, SP_STR("x5t#S256"));
    const struct sp_json_value *by_key = sp_json_member(cnf, SP_STR("jkt"));
    const struct sp_json_value *hash = by_certificate ? by_certificate : by_key;
    /* Exactly one, which can be proved: what cannot is no reason to take the token without proof. */
    if (cnf->count != 1 || !hash || !is_hash(hash))
        return sp_error_set(err, SP_EDENIED, NULL,
                            "the token is bound to its holder (cnf) by something else than x5t#S256 or jkt");
    result->binding = by_certificate ? SP_TOKEN_BOUND_TO_CERTIFICATE : SP_TOKEN_BOUND_TO_KEY;
    memcpy(result->bound_to, hash->text.ptr, 43);
    result->bound_to[43] = '\0';
    return SP_OK;
}
