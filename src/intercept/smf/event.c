/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/smf/event.h"

#include <pthread.h>

#define KINDS 3u
#define MEMBERS_MAX 64u /* of one sort in one layout */

static const enum sp_smf_version_index layout_of[KINDS] = {
    [SP_SMF_EVENT_REQUEST] = SP_SMF_PROVIDER_2,
    [SP_SMF_EVENT_CALL] = SP_SMF_REQUESTER_2,
    [SP_SMF_EVENT_SECURITY] = SP_SMF_SECURITY_1,
};

/* How a packed event begins; its numbers, lengths and texts follow. */
struct head {
    uint16_t kind, version;
    uint32_t bytes; /* of all */
    int64_t at_us, delay_us;
};

/* Texts of requests that records have no place for. */
static const size_t event_texts[] = {
    offsetof(struct sp_smf_request, scheme), offsetof(struct sp_smf_request, realm),
    offsetof(struct sp_smf_request, original_user), offsetof(struct sp_smf_request, scopes),
    offsetof(struct sp_smf_request, claims)};

/* Where the members of a kind are, in the order in which they are packed. */
struct plan {
    size_t numbers, texts;
    size_t whole; /* of the text that is not cut but left out: a part of JSON is none */
    uint16_t number[MEMBERS_MAX], text[MEMBERS_MAX];
};
static struct plan plans[KINDS];
static pthread_once_t planned = PTHREAD_ONCE_INIT;

static void make_plans(void)
{
    for (size_t kind = 0; kind < KINDS; kind++) {
        const struct sp_smf_section *item = &sp_smf_versions[layout_of[kind]].item;
        struct plan *plan = &plans[kind];
        for (size_t i = 0; i < item->count; i++) {
            const struct sp_smf_field *field = &item->fields[i];
            if (field->kind == SP_SMF_TEXT || field->kind == SP_SMF_BYTES)
                plan->text[plan->texts++] = (uint16_t)field->member;
            else if (field->kind != SP_SMF_RESERVED)
                plan->number[plan->numbers++] = (uint16_t)field->member;
        }
        plan->whole = SIZE_MAX;
    }
    struct plan *requests = &plans[SP_SMF_EVENT_REQUEST];
    for (size_t i = 0; i < sizeof event_texts / sizeof event_texts[0]; i++)
        requests->text[requests->texts++] = (uint16_t)event_texts[i];
    requests->whole = requests->texts - 1;
}

static const struct plan *plan_of(unsigned kind)
{
    pthread_once(&planned, make_plans);
    return kind < KINDS ? &plans[kind] : NULL;
}

static size_t lengths_at(const struct plan *plan)
{
    return sizeof(struct head) + plan->numbers * sizeof(uint64_t);
}

static size_t texts_at(const struct plan *plan)
{
    return lengths_at(plan) + plan->texts * sizeof(uint16_t);
}

static size_t room_for(const struct sp_str *text, size_t at, bool whole)
{
    size_t left = SP_SMF_EVENT_BYTES - at, most = left < SP_SMF_EVENT_TEXT_MAX ? left : SP_SMF_EVENT_TEXT_MAX;
    if (text->len <= most)
        return text->len;
    return whole ? 0 : most;
}

size_t sp_smf_event_pack(const struct sp_smf_event *event, void *ret_slot)
{
    const struct plan *plan = plan_of(event->kind);
    const char *values = (const char *)&event->of;
    char *slot = ret_slot, *numbers = slot + sizeof(struct head), *lengths = slot + lengths_at(plan);
    size_t at = texts_at(plan);
    for (size_t i = 0; i < plan->numbers; i++)
        memcpy(numbers + i * sizeof(uint64_t), values + plan->number[i], sizeof(uint64_t));
    for (size_t i = 0; i < plan->texts; i++) {
        const struct sp_str *text = (const struct sp_str *)(const void *)(values + plan->text[i]);
        uint16_t len = (uint16_t)room_for(text, at, i == plan->whole);
        memcpy(lengths + i * sizeof len, &len, sizeof len);
        if (len)
            memcpy(slot + at, text->ptr, len);
        at += len;
    }
    const struct head head = {.kind = (uint16_t)event->kind,
                              .version = (uint16_t)event->version,
                              .bytes = (uint32_t)at,
                              .at_us = event->at_us,
                              .delay_us = event->delay_us};
    memcpy(slot, &head, sizeof head);
    return at;
}

static const struct plan *read_head(const void *slot, struct head *ret_head)
{
    memcpy(ret_head, slot, sizeof *ret_head);
    const struct plan *plan = plan_of(ret_head->kind);
    return plan && ret_head->bytes >= texts_at(plan) && ret_head->bytes <= SP_SMF_EVENT_BYTES ? plan : NULL;
}

static void take_head(const struct head *head, struct sp_smf_event *event)
{
    event->kind = (enum sp_smf_event_kind)head->kind;
    event->version = head->version;
    event->at_us = head->at_us;
    event->delay_us = head->delay_us;
}

bool sp_smf_event_peek(const void *slot, struct sp_smf_event *ret_event)
{
    struct head head;
    if (!read_head(slot, &head))
        return false;
    take_head(&head, ret_event);
    return true;
}

bool sp_smf_event_unpack(const void *slot, struct sp_smf_event *ret_event)
{
    struct head head;
    struct sp_smf_event event;
    const struct plan *plan = read_head(slot, &head);
    if (!plan)
        return false;
    const char *from = slot, *numbers = from + sizeof head, *lengths = from + lengths_at(plan);
    char *values = (char *)&event.of;
    size_t at = texts_at(plan);
    take_head(&head, &event);
    memset(values, 0, sizeof event.of);
    for (size_t i = 0; i < plan->numbers; i++)
        memcpy(values + plan->number[i], numbers + i * sizeof(uint64_t), sizeof(uint64_t));
    for (size_t i = 0; i < plan->texts; i++) {
        uint16_t len;
        memcpy(&len, lengths + i * sizeof len, sizeof len);
        if (len > head.bytes - at)
            return false;
        *(struct sp_str *)(void *)(values + plan->text[i]) = sp_str_from(from + at, len);
        at += len;
    }
    if (at != head.bytes)
        return false;
    if (event.kind == SP_SMF_EVENT_REQUEST)
        event.of.request.service_group = SP_STR(""); /* has no place in version 2, and is blank here */
    *ret_event = event;
    return true;
}
