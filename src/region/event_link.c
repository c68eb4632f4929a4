/* SPDX-License-Identifier: Apache-2.0 */
#include "region/event_link.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "io/fiber.h"
#include "io/loop.h"
#include "io/stream.h"
#include "saf/audit_frame.h"

#define RETRY_FIRST_US 200000
#define RETRY_MOST_US 5000000
#define ANSWER_US 10000000 /* the audit has memory to put it in */
#define KEEP_US 3600000000 /* a connection that is not used */

struct sp_event_link {
    struct sp_loop *loop;
    struct sp_stream_pool *pool;
    struct sp_fiber *fiber; /* while there is something to bring */
    char sender[SP_SAF_ID_MAX + 1];
    struct sp_saf_audit_event *events;
    size_t first, waiting;
    uint64_t next, lost; /* number of the first; since the last receipt */
    bool failing;        /* the log knows */
    bool stopping;
};

static void tell(struct sp_event_link *link, const struct sp_error *err)
{
    if (err && !link->failing)
        sp_log(SP_LOG_WARNING, NULL, "decisions of security do not come to the audit, and wait: %s",
               err->text);
    if (!err && link->failing)
        sp_log(SP_LOG_INFO, NULL, "decisions of security come to the audit again");
    link->failing = err != NULL;
}

static enum sp_status receipt_frame(void *arg, struct sp_str have, size_t *ret_len)
{
    *ret_len = SP_SAF_RECEIPT_BYTES;
    return SP_OK;
}

/* The first event, and its receipt. */
static enum sp_status io_bring(struct sp_event_link *link, struct sp_stream *stream, struct sp_error *err)
{
    static const char refused[] = "the audit does not take it; the gateway's log says why";
    struct sp_buf buf;
    struct sp_str receipt;
    struct sp_saf_audit_frame frame = {.number = link->next, .lost = link->lost};
    uint64_t told = link->lost;
    int64_t deadline_us = sp_clock_monotonic_us() + ANSWER_US;
    memcpy(frame.sender, link->sender, sizeof frame.sender);
    frame.event = link->events[link->first];
    sp_buf_init(&buf, SP_SAF_FRAME_MAX);
    enum sp_status status = sp_saf_frame_write(&buf, &frame);
    if (status == SP_OK)
        status = io_stream_write(stream, sp_buf_str(&buf), deadline_us);
    if (status == SP_OK)
        status =
            io_stream_read_frame(stream, receipt_frame, NULL, SP_SAF_RECEIPT_BYTES, deadline_us, &receipt);
    if (status == SP_OK && sp_get_u64((const unsigned char *)receipt.ptr) != frame.number)
        status = SP_EPROTO;
    sp_buf_finish(&buf);
    if (status != SP_OK)
        return sp_error_set(err, status, NULL, refused);
    link->first = (link->first + 1) % SP_EVENT_LINK_EVENTS;
    link->waiting--;
    link->next++;
    link->lost -= told;
    return SP_OK;
}

static enum sp_status io_bring_all(struct sp_event_link *link, struct sp_error *err)
{
    struct sp_stream *stream;
    enum sp_status status = io_stream_borrow(link->pool, 0, &stream, NULL, err);
    if (status != SP_OK)
        return status;
    while (status == SP_OK && link->waiting && !link->stopping) {
        status = io_bring(link, stream, err);
        if (status == SP_OK)
            tell(link, NULL);
    }
    sp_stream_give_back(stream, status == SP_OK);
    return status;
}

/* Until nothing waits; a connection that was closed meanwhile is made again at once. */
static void bring(void *arg)
{
    struct sp_event_link *link = arg;
    int64_t retry_us = 0;
    while (link->waiting && !link->stopping) {
        struct sp_error err = SP_ERROR_INIT;
        if (io_bring_all(link, &err) == SP_OK) {
            retry_us = 0;
            continue;
        }
        if (sp_fiber_canceled())
            break;
        if (retry_us)
            tell(link, &err);
        retry_us = retry_us ? retry_us * 2 : RETRY_FIRST_US;
        retry_us = retry_us < RETRY_MOST_US ? retry_us : RETRY_MOST_US;
        if (sp_fiber_sleep(retry_us) != SP_OK)
            break;
    }
    link->fiber = NULL;
}

enum sp_status sp_event_link_new(struct sp_loop *loop, struct sp_str path, struct sp_str sender,
                                 struct sp_event_link **ret_link, struct sp_error *err)
{
    struct sp_event_link *link = calloc(1, sizeof *link);
    struct sp_saf_audit_event *events = link ? calloc(SP_EVENT_LINK_EVENTS, sizeof *events) : NULL;
    if (!events) {
        free(link);
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for decisions on their way to the audit");
    }
    char text[128];
    snprintf(text, sizeof text, "%.*s", SP_STR_ARG(path));
    link->loop = loop;
    link->events = events;
    link->next = 1;
    snprintf(link->sender, sizeof link->sender, "%.*s", SP_STR_ARG(sender));
    const struct sp_stream_pool_options options = {
        .address = {.unix_path = text}, .max_streams = 1, .idle_timeout_us = KEEP_US};
    enum sp_status status = sp_stream_pool_new(loop, &options, &link->pool, err);
    if (status != SP_OK) {
        free(events);
        free(link);
        return status;
    }
    *ret_link = link;
    return SP_OK;
}

void sp_event_link_free(struct sp_event_link *link)
{
    if (!link)
        return;
    link->stopping = true;
    while (link->fiber) {
        sp_fiber_cancel(link->fiber);
        sp_loop_run_once(link->loop, 10);
    }
    sp_stream_pool_free(link->pool);
    free(link->events);
    free(link);
}

void sp_event_link_put(struct sp_event_link *link, const struct sp_saf_audit_event *event)
{
    if (!link)
        return;
    if (link->waiting == SP_EVENT_LINK_EVENTS) {
        link->lost++;
        return;
    }
    link->events[(link->first + link->waiting++) % SP_EVENT_LINK_EVENTS] = *event;
    /* Without memory for a fiber it waits for the next event. */
    if (!link->fiber)
        (void)!sp_fiber_start(link->loop, bring, link, &link->fiber);
}

unsigned sp_event_link_waiting(const struct sp_event_link *link)
{
    return link ? (unsigned)link->waiting : 0;
}
