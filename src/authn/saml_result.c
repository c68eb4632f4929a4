/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/saml_result.h"

static void append_text(struct sp_buf *buf, struct sp_str text)
{
    sp_buf_append_u32(buf, (uint32_t)text.len);
    sp_buf_append_str(buf, text);
}

enum sp_status sp_saml_result_write(const struct sp_saml_facts *facts, struct sp_buf *buf)
{
    const struct sp_str texts[] = {facts->id, facts->issuer, facts->user, facts->unique_id, facts->realm};
    sp_buf_append_u64(buf, (uint64_t)facts->expires_us);
    sp_buf_append_byte(buf, (unsigned char)((facts->is_bound ? 1 : 0) | (facts->one_time ? 2 : 0)));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        append_text(buf, texts[i]);
    sp_buf_append_u32(buf, (uint32_t)facts->groups.count);
    for (size_t i = 0; i < facts->groups.count; i++)
        append_text(buf, facts->groups.items[i]);
    return buf->failed ? SP_ELIMIT : SP_OK;
}

static bool take_number(struct sp_str *rest, uint32_t *ret_number)
{
    if (rest->len < 4)
        return false;
    *ret_number = sp_get_u32((const unsigned char *)rest->ptr);
    *rest = sp_str_slice(*rest, 4, rest->len);
    return true;
}

static bool take_text(struct sp_str *rest, struct sp_str *ret_text)
{
    uint32_t len;
    if (!take_number(rest, &len) || len > rest->len)
        return false;
    *ret_text = sp_str_slice(*rest, 0, len);
    *rest = sp_str_slice(*rest, len, rest->len);
    return true;
}

enum sp_status sp_saml_result_read(struct sp_str bytes, struct sp_arena *arena,
                                   struct sp_saml_facts *ret_facts)
{
    struct sp_saml_facts facts = {.expires_us = 0};
    struct sp_str *const texts[] = {&facts.id, &facts.issuer, &facts.user, &facts.unique_id, &facts.realm};
    uint32_t count;
    if (bytes.len < 9)
        return SP_ESYNTAX;
    facts.expires_us = (int64_t)sp_get_u64((const unsigned char *)bytes.ptr);
    facts.is_bound = (bytes.ptr[8] & 1) != 0;
    facts.one_time = (bytes.ptr[8] & 2) != 0;
    bytes = sp_str_slice(bytes, 9, bytes.len);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (!take_text(&bytes, texts[i]))
            return SP_ESYNTAX;
    if (!take_number(&bytes, &count) || count > bytes.len / 4)
        return SP_ESYNTAX;
    struct sp_str *groups = sp_arena_calloc(arena, count, sizeof *groups);
    if (!groups)
        return SP_ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        if (!take_text(&bytes, &groups[i]))
            return SP_ESYNTAX;
    facts.groups = (struct sp_str_list){groups, count};
    *ret_facts = facts;
    return bytes.len ? SP_ESYNTAX : SP_OK;
}
