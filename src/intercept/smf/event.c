/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/smf/event.h"

static const enum sp_smf_version_index layout_of[] = {
    [SP_SMF_EVENT_REQUEST] = SP_SMF_PROVIDER_2,
    [SP_SMF_EVENT_CALL] = SP_SMF_REQUESTER_2,
    [SP_SMF_EVENT_SECURITY] = SP_SMF_SECURITY_1,
};

static const struct sp_smf_version *version_of(enum sp_smf_event_kind kind)
{
    return (unsigned)kind < sizeof layout_of / sizeof layout_of[0] ? &sp_smf_versions[layout_of[kind]] : NULL;
}

static bool is_text(const struct sp_smf_field *field)
{
    return field->kind == SP_SMF_TEXT || field->kind == SP_SMF_BYTES;
}

static struct sp_str *text_of(struct sp_smf_event *event, const struct sp_smf_field *field)
{
    return (struct sp_str *)(void *)((char *)&event->of + field->member);
}

static size_t head_bytes(const struct sp_smf_version *version)
{
    return offsetof(struct sp_smf_event, of) + version->item_size;
}

/* Texts of requests that records have no place for. */
static const size_t event_texts[] = {
    offsetof(struct sp_smf_request, scheme), offsetof(struct sp_smf_request, realm),
    offsetof(struct sp_smf_request, original_user), offsetof(struct sp_smf_request, scopes),
    offsetof(struct sp_smf_request, claims)};

#define EVENT_TEXTS (sizeof event_texts / sizeof event_texts[0])

static struct sp_str *event_text(struct sp_smf_event *event, size_t i)
{
    return (struct sp_str *)(void *)((char *)&event->of + event_texts[i]);
}

/* Behind what is in the slot already. The text becomes a place in the slot: the reader sees the memory
 * elsewhere. */
static size_t pack_text(struct sp_str *text, void *slot, size_t at)
{
    size_t len = text->len < SP_SMF_EVENT_TEXT_MAX ? text->len : SP_SMF_EVENT_TEXT_MAX;
    if (len > SP_SMF_EVENT_BYTES - at)
        len = SP_SMF_EVENT_BYTES - at;
    if (len)
        memcpy((char *)slot + at, text->ptr, len);
    text->ptr = (const char *)(uintptr_t)at;
    text->len = len;
    return at + len;
}

static bool unpack_text(struct sp_str *text, const void *slot)
{
    size_t at = (size_t)(uintptr_t)text->ptr;
    if (at > SP_SMF_EVENT_BYTES || text->len > SP_SMF_EVENT_BYTES - at)
        return false;
    text->ptr = (const char *)slot + at;
    return true;
}

void sp_smf_event_pack(const struct sp_smf_event *event, void *ret_slot)
{
    const struct sp_smf_version *version = version_of(event->kind);
    struct sp_smf_event *packed = ret_slot;
    size_t at = head_bytes(version);
    memcpy(packed, event, at);
    for (size_t i = 0; i < version->item.count; i++) {
        const struct sp_smf_field *field = &version->item.fields[i];
        if (is_text(field))
            at = pack_text(text_of(packed, field), ret_slot, at);
    }
    for (size_t i = 0; event->kind == SP_SMF_EVENT_REQUEST && i < EVENT_TEXTS; i++)
        at = pack_text(event_text(packed, i), ret_slot, at);
    if (event->kind == SP_SMF_EVENT_REQUEST && packed->of.request.claims.len < event->of.request.claims.len)
        packed->of.request.claims.len = 0; /* a part of it is no JSON */
}

bool sp_smf_event_unpack(const void *slot, struct sp_smf_event *ret_event)
{
    struct sp_smf_event event;
    memcpy(&event.kind, slot, sizeof event.kind);
    const struct sp_smf_version *version = version_of(event.kind);
    if (!version)
        return false;
    memcpy(&event, slot, head_bytes(version));
    if (event.kind == SP_SMF_EVENT_REQUEST)
        event.of.request.service_group = SP_STR(""); /* has no place in version 2, and is blank here */
    for (size_t i = 0; i < version->item.count; i++) {
        const struct sp_smf_field *field = &version->item.fields[i];
        if (is_text(field) && !unpack_text(text_of(&event, field), slot))
            return false;
    }
    for (size_t i = 0; event.kind == SP_SMF_EVENT_REQUEST && i < EVENT_TEXTS; i++)
        if (!unpack_text(event_text(&event, i), slot))
            return false;
    *ret_event = event;
    return true;
}
