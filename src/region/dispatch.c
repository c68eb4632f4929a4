/* SPDX-License-Identifier: Apache-2.0
 * dispatch.c: from a LINK to its ANSWER.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/log.h"
#include "io/fiber.h"
#include "region/authority.h"
#include "region/connection.h"
#include "region/security.h"
#include "region/task.h"
#include "saf/audit_event.h"
#include "text/region_frame.h"

#define ARENA_BYTES ((size_t)1 << 20)
#define TASK_NUMBER_MAX 9999999u /* EIBTASKN has seven digits */

struct dispatch {
    struct sp_connection *connection;
    struct sp_arena arena;
    struct sp_buf request; /* the frame as it came; `link` is views of it */
    struct sp_buf frame;   /* what goes to the worker, then what goes back */
    struct sp_region_link link;
    uint32_t request_id; /* the gateway's */
    uint32_t number;
    struct sp_str user, link_user;
    bool is_verified;
    int64_t began_us, deadline_us;
    struct sp_region_answer answer;
    char reason[160];
};

static void finish(struct dispatch *d)
{
    struct sp_connection *connection = d->connection;
    connection->region->tasks--;
    connection->region->held_bytes -= d->request.len;
    sp_buf_wipe(&d->request);
    sp_buf_wipe(&d->frame);
    sp_arena_finish(&d->arena);
    sp_connection_release(connection);
    free(d);
}

/* --- log --------------------------------------------------------------------------------------------- */

static const char *outcome_name(enum sp_region_outcome outcome)
{
    static const char *const names[] = {
        [SP_REGION_NORMAL] = "normal",       [SP_REGION_ABEND] = "abend",
        [SP_REGION_NOT_FOUND] = "not found", [SP_REGION_NOT_AUTHORIZED] = "not authorized",
        [SP_REGION_SECURITY] = "security",   [SP_REGION_TIMED_OUT] = "timed out",
        [SP_REGION_BUSY] = "busy",           [SP_REGION_LENGTH] = "length error",
    };
    return names[outcome];
}

static void dump(const struct dispatch *d, const char *what, struct sp_str name, struct sp_str data)
{
    static const char digits[] = "0123456789abcdef";
    char line[2 * 32 + 1];
    sp_log(SP_LOG_INFO, NULL, "task %u %s %.*s: %zu bytes", d->number, what, SP_STR_ARG(name), data.len);
    for (size_t at = 0; at < data.len; at += 32) {
        struct sp_str part = sp_str_slice(data, at, at + 32);
        for (size_t i = 0; i < part.len; i++) {
            line[2 * i] = digits[(unsigned char)part.ptr[i] >> 4];
            line[2 * i + 1] = digits[(unsigned char)part.ptr[i] & 15];
        }
        sp_log(SP_LOG_INFO, NULL, "task %u %s %06zx %.*s", d->number, what, at, (int)(2 * part.len), line);
    }
}

static void dump_areas(const struct dispatch *d, const char *what, bool has_channel,
                       const struct sp_region_container *containers, size_t count, struct sp_str commarea)
{
    if (!d->connection->region->dump)
        return;
    if (!has_channel)
        dump(d, what, SP_STR("COMMAREA"), commarea);
    for (size_t i = 0; i < count; i++)
        dump(d, what, containers[i].name, containers[i].data);
}

static void log_task(const struct dispatch *d)
{
    const struct sp_region_answer *a = &d->answer;
    struct sp_str correlator = d->link.correlator;
    sp_log(a->outcome == SP_REGION_NORMAL ? SP_LOG_INFO : SP_LOG_WARNING, NULL,
           "task %u %.*s %.*s user %.*s from %s%s%.*s: %s%s%.*s%s%.*s, %lld us", d->number,
           SP_STR_ARG(d->link.transaction), SP_STR_ARG(d->link.program), SP_STR_ARG(d->user),
           d->connection->peer, correlator.len ? ", request " : "", SP_STR_ARG(correlator),
           outcome_name(a->outcome), a->abend.len ? " " : "", SP_STR_ARG(a->abend), a->reason.len ? ", " : "",
           SP_STR_ARG(a->reason), (long long)(sp_clock_monotonic_us() - d->began_us));
}

/* --- answers ----------------------------------------------------------------------------------------- */

static void conclude(struct dispatch *d, enum sp_region_outcome outcome, const char *abend,
                     const char *reason)
{
    d->answer =
        (struct sp_region_answer){.outcome = outcome, .abend = sp_str_of(abend), .reason = sp_str_of(reason)};
}

/* What a worker's death says of its program. */
static void conclude_death(struct dispatch *d, int wait_status)
{
    if (!WIFSIGNALED(wait_status)) {
        snprintf(d->reason, sizeof d->reason, "the worker ended with exit status %d",
                 WEXITSTATUS(wait_status));
        conclude(d, SP_REGION_ABEND, SP_ABEND_LOST, d->reason);
        return;
    }
    int number = WTERMSIG(wait_status);
    const char *code = SP_ABEND_KILLED;
    if (number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL || number == SIGABRT)
        code = SP_ABEND_PROGRAM_CHECK;
    else if (number == SIGPROF)
        code = SP_ABEND_RUNAWAY;
    snprintf(d->reason, sizeof d->reason, "the worker ended by signal %d (%s)", number, strsignal(number));
    conclude(d, SP_REGION_ABEND, code, d->reason);
}

static void send_answer(struct dispatch *d)
{
    struct sp_region *region = d->connection->region;
    if (d->answer.outcome == SP_REGION_NORMAL)
        region->done++;
    else
        region->failed++;
    log_task(d);
    dump_areas(d, "leaves", d->answer.has_channel, d->answer.containers, d->answer.container_count,
               d->answer.commarea);
    if (!sp_connection_close_request(d->connection, d->request_id))
        return;
    if (!d->frame.len) {
        d->answer.request_id = d->request_id;
        (void)!sp_region_answer_write(&d->frame, &d->answer);
    }
    sp_connection_send(d->connection, sp_buf_str(&d->frame));
}

/* The worker's frame goes on as it is, under the gateway's request id. */
static void take_answer(struct dispatch *d)
{
    struct sp_error err = SP_ERROR_INIT;
    enum sp_status status = sp_region_answer_read(sp_buf_str(&d->frame), &d->arena, &d->answer, &err);
    if (status == SP_OK) {
        sp_put_u32(d->frame.ptr + 12, d->request_id);
        return;
    }
    sp_buf_reset(&d->frame);
    snprintf(d->reason, sizeof d->reason, "the worker's answer is broken: %.100s", err.text);
    conclude(d, SP_REGION_ABEND, SP_ABEND_LOST, d->reason);
}

/* --- the task ---------------------------------------------------------------------------------------- */

static struct sp_saf_origin origin_of(const struct dispatch *d)
{
    return (struct sp_saf_origin){.address = sp_str_of(d->connection->peer),
                                  .dist_name = d->link.dist_name,
                                  .dist_realm = d->link.dist_realm,
                                  .correlator = d->link.correlator};
}

/* What the security database has recorded since, as messages that an administrator searches for. */
static void log_events(struct sp_region *region)
{
    struct sp_saf_audit_event event;
    while (sp_saf_audit_take(sp_saf_audit(region->saf), &event)) {
        sp_event_link_put(region->events, &event);
        if (event.message[0])
            sp_log(SP_LOG_AUDIT, NULL, "%s", event.message);
        else if (event.code == SP_SAF_EVENT_ACCESS)
            sp_log(SP_LOG_AUDIT, NULL, "user %s was granted %s to %s in class %s", event.user,
                   sp_saf_access_name(event.intent), event.resource, event.class);
        else
            sp_log(SP_LOG_AUDIT, NULL, "user %s came in to %s", event.user, event.appl);
    }
}

static bool is_accepted(struct dispatch *d, enum sp_region_outcome outcome, const char *reason,
                        struct sp_str message)
{
    log_events(d->connection->region);
    if (outcome == SP_REGION_NORMAL)
        return true;
    if (message.len)
        sp_log(SP_LOG_AUDIT, NULL, "%.*s", SP_STR_ARG(message));
    conclude(d, outcome, "", reason);
    return false;
}

/* By the security database, when the region has one. */
static bool is_permitted(struct dispatch *d)
{
    struct sp_region *region = d->connection->region;
    const struct sp_definition *definition = region->definition;
    const struct sp_region_link *link = &d->link;
    const struct sp_task_request request = {
        .user = d->user,
        .is_verified = d->is_verified,
        .link_user = d->link_user,
        .origin = origin_of(d),
        .netname = sp_str_of(d->connection->applid),
        .transaction =
            link->transaction_is_mirror && link->transaction.len ? link->transaction : definition->mirror,
        .program = link->program,
    };
    if (!region->saf)
        return true;
    const char *reason = "";
    struct sp_str message = SP_STR("");
    const struct sp_saf_image *image = sp_saf_image(region->saf);
    enum sp_region_outcome outcome =
        sp_region_permit(definition, &region->decisions, image, &request, &d->arena, &reason, &message);
    sp_saf_image_release(image);
    return is_accepted(d, outcome, reason, message);
}

static bool is_verified(struct dispatch *d)
{
    const struct sp_region *region = d->connection->region;
    const char *reason = "";
    struct sp_str message = SP_STR("");
    const struct sp_saf_origin origin = origin_of(d);
    d->is_verified = true;
    enum sp_region_outcome outcome = io_region_verify(region->definition, region->saf, &d->link, &origin,
                                                      d->deadline_us, &d->arena, &reason, &message);
    return is_accepted(d, outcome, reason, message);
}

/* The user id of a distributed identity, when the security database maps it. */
static void map_identity(struct dispatch *d)
{
    if (!d->connection->region->saf)
        return;
    const struct sp_saf_image *image = sp_saf_image(d->connection->region->saf);
    sp_region_map_identity(image, &d->link);
    d->link.user = sp_arena_str(&d->arena, d->link.user);
    sp_saf_image_release(image);
}

/* False when the answer is known without running anything. */
static bool admit(struct dispatch *d)
{
    const struct sp_region *region = d->connection->region;
    const struct sp_definition *definition = region->definition;
    map_identity(d);
    struct sp_identity_decision decision =
        sp_region_identify(definition, d->connection->ipconn, d->connection->is_local, &d->link);
    d->user = decision.user;
    d->link_user = decision.link_user;
    if (decision.outcome != SP_REGION_NORMAL) {
        conclude(d, decision.outcome, "", decision.reason);
        return false;
    }
    if (decision.to_verify && !is_verified(d))
        return false;
    if (d->link.transaction_is_mirror && d->link.transaction.len &&
        !sp_str_eq(d->link.transaction, definition->mirror)) {
        const struct sp_transaction *t = sp_definition_transaction(definition, d->link.transaction);
        if (!t || !sp_str_is(t->program, "DFHMIRS")) {
            conclude(d, SP_REGION_NOT_FOUND, "", t ? "the transaction is no mirror" : "no such transaction");
            return false;
        }
    }
    if (!is_permitted(d))
        return false;
    if (!d->link.transaction.len)
        d->link.transaction = definition->mirror;
    if (!sp_definition_program(definition, d->link.program)) {
        conclude(d, SP_REGION_NOT_FOUND, "", "the program is not defined");
        return false;
    }
    return true;
}

static void io_run(struct dispatch *d)
{
    int wait_status = 0;
    struct sp_region_link link = d->link;
    link.request_id = d->number;
    link.user = d->user;
    link.password = link.dist_name = link.dist_realm = SP_STR("");
    if (sp_region_link_write(&d->frame, &link) != SP_OK) {
        conclude(d, SP_REGION_LENGTH, "", "the request does not fit into a frame for the worker");
        return;
    }
    /* The request, sent from one buffer, comes back as the answer in another. */
    struct sp_buf sent = d->frame;
    sp_buf_init(&d->frame, SP_REGION_FRAME_MAX);
    enum sp_pool_end end =
        io_pool_run(d->connection->region->pool, sp_buf_str(&sent), d->deadline_us, &d->frame, &wait_status);
    sp_buf_wipe(&sent);
    switch (end) {
    case SP_POOL_ANSWERED:
        take_answer(d);
        return;
    case SP_POOL_DIED:
        conclude_death(d, wait_status);
        return;
    case SP_POOL_TIMED_OUT:
        conclude(d, SP_REGION_TIMED_OUT, SP_ABEND_RUNAWAY, "the deadline passed while the program ran");
        return;
    case SP_POOL_BUSY:
        conclude(d, SP_REGION_BUSY, "", "no worker was free before the deadline");
        return;
    }
}

static void task_fiber(void *arg)
{
    struct dispatch *d = arg;
    dump_areas(d, "arrives", d->link.has_channel, d->link.containers, d->link.container_count,
               d->link.commarea);
    if (admit(d))
        io_run(d);
    send_answer(d);
    finish(d);
}

static uint32_t next_number(struct sp_region *region)
{
    region->last_task = region->last_task < TASK_NUMBER_MAX ? region->last_task + 1 : 1;
    return region->last_task;
}

static void refuse_busy(struct dispatch *d, const char *reason)
{
    conclude(d, SP_REGION_BUSY, "", reason);
    send_answer(d);
    finish(d);
}

static void begin(struct dispatch *d)
{
    struct sp_region *region = d->connection->region;
    const struct sp_definition *definition = region->definition;
    uint32_t limit_ms = definition->time_limit_ms;
    if (d->link.deadline_ms && d->link.deadline_ms < limit_ms)
        limit_ms = d->link.deadline_ms;
    d->began_us = sp_clock_monotonic_us();
    d->deadline_us = d->began_us + (int64_t)limit_ms * 1000;
    d->number = next_number(region);
    if (region->tasks > definition->max_tasks)
        refuse_busy(d, "the region has as many tasks as it may (maxTasks)");
    else if (region->held_bytes > SP_REGION_HELD_BYTES_MAX)
        refuse_busy(d, "the region holds as many bytes of requests as it may");
    else if (sp_fiber_start(region->loop, task_fiber, d, NULL) != SP_OK)
        refuse_busy(d, "the region has no memory for another task");
}

enum sp_status sp_dispatch(struct sp_connection *connection, struct sp_str frame, struct sp_error *err)
{
    struct dispatch *d = calloc(1, sizeof *d);
    if (!d)
        return sp_error_set(err, SP_ENOMEM, NULL, "the region has no memory for another task");
    d->connection = connection;
    sp_arena_init(&d->arena, ARENA_BYTES);
    sp_buf_init(&d->request, SP_REGION_FRAME_MAX);
    sp_buf_init(&d->frame, SP_REGION_FRAME_MAX);
    sp_connection_hold(connection);
    connection->region->tasks++;
    enum sp_status status = sp_buf_append_str(&d->request, frame);
    connection->region->held_bytes += d->request.len;
    if (status != SP_OK)
        sp_error_set(err, status, NULL, "the region has no memory for the request");
    else
        status = sp_region_link_read(sp_buf_str(&d->request), &d->arena, &d->link, err);
    if (status == SP_OK && !sp_connection_open_request(connection, d->link.request_id))
        status = sp_error_set(err, SP_EPROTO, NULL,
                              "request %u is open already, or too many requests are without an answer",
                              d->link.request_id);
    if (status != SP_OK) {
        finish(d);
        return status;
    }
    d->request_id = d->link.request_id;
    begin(d);
    return SP_OK;
}
