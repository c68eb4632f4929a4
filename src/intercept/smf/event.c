/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/smf/event.h"

#define TEXT_MAX 1024u

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

void sp_smf_event_pack(const struct sp_smf_event *event, void *ret_slot)
{
    const struct sp_smf_version *version = version_of(event->kind);
    struct sp_smf_event *packed = ret_slot;
    size_t at = head_bytes(version);
    memcpy(packed, event, at);
    for (size_t i = 0; i < version->item.count; i++) {
        const struct sp_smf_field *field = &version->item.fields[i];
        if (!is_text(field))
            continue;
        struct sp_str *text = text_of(packed, field);
        size_t len = text->len < TEXT_MAX ? text->len : TEXT_MAX;
        if (len > SP_SMF_EVENT_BYTES - at)
            len = SP_SMF_EVENT_BYTES - at;
        if (len)
            memcpy((char *)ret_slot + at, text->ptr, len);
        /* A place in the slot: the reader sees the memory elsewhere. */
        text->ptr = (const char *)(uintptr_t)at;
        text->len = len;
        at += len;
    }
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
        if (!is_text(field))
            continue;
        struct sp_str *text = text_of(&event, field);
        size_t at = (size_t)(uintptr_t)text->ptr;
        if (at > SP_SMF_EVENT_BYTES || text->len > SP_SMF_EVENT_BYTES - at)
            return false;
        text->ptr = (const char *)slot + at;
    }
    *ret_event = event;
    return true;
}
