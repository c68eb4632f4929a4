/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/audit_frame.h"

#define VERSION 1u
#define HEAD_BYTES 24u

enum form { TIME, NUMBER, BYTE, TRUTH, TEXT };
struct member {
    enum form form;
    size_t at, size; /* size: of a text with its NUL */
    uint64_t most;   /* of a number */
};

#define EVENT(form, name, most)                                                                             \
    {                                                                                                       \
        form, offsetof(struct sp_saf_audit_event, name), sizeof((struct sp_saf_audit_event *)0)->name, most \
    }

/* Numbers that are an enumeration or unsigned are as large as an unsigned. */
static const struct member members[] = {
    EVENT(TIME, time_us, INT64_MAX),
    EVENT(NUMBER, code, SP_SAF_EVENT_ACCESS),
    EVENT(BYTE, qualifier, UINT8_MAX),
    EVENT(TRUTH, violation, 1),
    EVENT(TRUTH, warning, 1),
    EVENT(TRUTH, asked_for, 1),
    EVENT(TRUTH, user_is_undefined, 1),
    EVENT(NUMBER, saf_rc, UINT32_MAX),
    EVENT(NUMBER, racf_rc, UINT32_MAX),
    EVENT(NUMBER, racf_reason, UINT32_MAX),
    EVENT(TEXT, user, 0),
    EVENT(TEXT, group, 0),
    EVENT(TEXT, name, 0),
    EVENT(TEXT, appl, 0),
    EVENT(TEXT, class, 0),
    EVENT(TEXT, resource, 0),
    EVENT(TEXT, profile, 0),
    EVENT(TRUTH, profile_is_generic, 1),
    EVENT(NUMBER, intent, SP_SAF_ALTER),
    EVENT(NUMBER, allowed, SP_SAF_ALTER),
    EVENT(TEXT, by, 0),
    EVENT(NUMBER, outcome, SP_SAF_TICKET_INVALID),
    EVENT(TRUTH, by_passticket, 1),
    EVENT(TEXT, address, 0),
    EVENT(TEXT, correlator, 0),
    EVENT(TEXT, dist_name, 0),
    EVENT(TEXT, dist_realm, 0),
    EVENT(TEXT, message, 0),
};
#define MEMBERS (sizeof members / sizeof members[0])

_Static_assert(sizeof(enum sp_saf_access) == sizeof(unsigned) && sizeof(bool) == 1, "as the table says");
/* Each text is in the structure with its NUL, where the frame has two bytes of length. */
_Static_assert(HEAD_BYTES + 2 + SP_SAF_ID_MAX + sizeof(struct sp_saf_audit_event) + 8 * MEMBERS <=
                   SP_SAF_FRAME_MAX,
               "the longest event fits");

static enum sp_status append_text(struct sp_buf *buf, const char *text)
{
    struct sp_str str = sp_str_of(text);
    (void)!sp_buf_append_u16(buf, (uint16_t)str.len);
    return sp_buf_append_str(buf, str);
}

static uint64_t number_of(const struct member *member, const char *at)
{
    unsigned number;
    int64_t time;
    switch (member->form) {
    case TIME:
        memcpy(&time, at, sizeof time);
        return time > 0 ? (uint64_t)time : 0;
    case NUMBER:
        memcpy(&number, at, sizeof number);
        return number;
    default:
        return *(const unsigned char *)at;
    }
}

enum sp_status sp_saf_frame_write(struct sp_buf *buf, const struct sp_saf_audit_frame *frame)
{
    size_t from = buf->len;
    (void)!sp_buf_append_u32(buf, 0);
    (void)!sp_buf_append_u32(buf, VERSION);
    (void)!sp_buf_append_u64(buf, frame->number);
    (void)!sp_buf_append_u64(buf, frame->lost);
    enum sp_status status = append_text(buf, frame->sender);
    for (size_t i = 0; i < MEMBERS; i++) {
        const char *at = (const char *)&frame->event + members[i].at;
        status = members[i].form == TEXT ? append_text(buf, at)
                                         : sp_buf_append_u64(buf, number_of(&members[i], at));
    }
    if (status == SP_OK)
        sp_put_u32((unsigned char *)buf->ptr + from, (uint32_t)(buf->len - from));
    return status;
}

enum sp_status sp_saf_frame_length(struct sp_str have, size_t *ret_len, struct sp_error *err)
{
    *ret_len = 0;
    if (have.len < 4)
        return SP_OK;
    uint32_t len = sp_get_u32((const unsigned char *)have.ptr);
    if (len < HEAD_BYTES || len > SP_SAF_FRAME_MAX)
        return sp_error_set(err, SP_EPROTO, NULL, "an event of security has %u to %u bytes, not %u",
                            HEAD_BYTES, SP_SAF_FRAME_MAX, len);
    *ret_len = len;
    return SP_OK;
}

/* ---------------------------------------------------------------- reading */

static bool take_number(struct sp_str *rest, uint64_t *ret_number)
{
    if (rest->len < 8)
        return false;
    *ret_number = sp_get_u64((const unsigned char *)rest->ptr);
    *rest = sp_str_slice(*rest, 8, rest->len);
    return true;
}

/* A text of the frame ends before a NUL and fits. */
static bool take_text(struct sp_str *rest, char *to, size_t size)
{
    if (rest->len < 2)
        return false;
    size_t len = sp_get_u16((const unsigned char *)rest->ptr);
    if (len > rest->len - 2 || len >= size || memchr(rest->ptr + 2, 0, len))
        return false;
    memcpy(to, rest->ptr + 2, len);
    to[len] = 0;
    *rest = sp_str_slice(*rest, 2 + len, rest->len);
    return true;
}

static bool take_member(struct sp_str *rest, const struct member *member, char *to)
{
    uint64_t number;
    if (member->form == TEXT)
        return take_text(rest, to, member->size);
    if (!take_number(rest, &number) || number > member->most)
        return false;
    if (member->form == TIME)
        memcpy(to, &(int64_t){(int64_t)number}, sizeof(int64_t));
    else if (member->form == NUMBER)
        memcpy(to, &(unsigned){(unsigned)number}, sizeof(unsigned));
    else
        *(unsigned char *)to = (unsigned char)number;
    return true;
}

enum sp_status sp_saf_frame_read(struct sp_str bytes, struct sp_saf_audit_frame *ret_frame,
                                 struct sp_error *err)
{
    struct sp_saf_audit_frame frame = {.number = 0};
    size_t len;
    enum sp_status status = sp_saf_frame_length(bytes, &len, err);
    if (status != SP_OK)
        return status;
    if (!len || len != bytes.len)
        return sp_error_set(err, SP_EPROTO, NULL, "%zu bytes are no event of security", bytes.len);
    uint32_t version = sp_get_u32((const unsigned char *)bytes.ptr + 4);
    if (version != VERSION)
        return sp_error_set(err, SP_EUNSUPPORTED, NULL, "events of security of version %u are not known",
                            version);
    struct sp_str rest = sp_str_slice(bytes, 8, bytes.len);
    bool whole = take_number(&rest, &frame.number) && take_number(&rest, &frame.lost) &&
                 take_text(&rest, frame.sender, sizeof frame.sender);
    for (size_t i = 0; whole && i < MEMBERS; i++)
        whole = take_member(&rest, &members[i], (char *)&frame.event + members[i].at);
    if (!whole || rest.len || frame.event.code < SP_SAF_EVENT_LOGON)
        return sp_error_set(err, SP_EPROTO, NULL, "an event of security is broken at byte %zu of %zu",
                            bytes.len - rest.len, bytes.len);
    *ret_frame = frame;
    return SP_OK;
}
