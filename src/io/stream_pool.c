/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "io/connect.h"
#include "io/fiber.h"
#include "io/stream_internal.h"
#include "io/tls.h"

struct waiter {
    struct sp_fiber *fiber;
    struct waiter *next, *prev;
    bool queued;
    struct sp_stream *stream; /* handed over */
    bool may_connect;         /* counted in `open` already */
};

struct sp_stream_pool {
    struct sp_loop *loop;
    struct sp_stream_pool_options options; /* with defaults; its texts are ours */
    char *host, *unix_path, *tls_host, *text;
    unsigned references; /* the owner, borrowers at work, streams that are out */
    bool closed;
    unsigned open; /* idle, out, and being connected */
    unsigned idle, waiting;
    struct sp_stream *newest, *oldest; /* idle */
    struct waiter *first_waiter, *last_waiter;
    struct sp_timer reaper;         /* set while there are idle ones */
    struct ssl_session_st *session; /* of the last good exchange */
    uint64_t connects, reuses, failures;
};

static void unreference(struct sp_stream_pool *pool)
{
    if (--pool->references > 0)
        return;
    sp_tls_session_free(pool->session);
    free(pool->host);
    free(pool->unix_path);
    free(pool->tls_host);
    free(pool->text);
    free(pool);
}

/* Those who wait */

static void waiter_add(struct sp_stream_pool *pool, struct waiter *waiter)
{
    waiter->queued = true;
    waiter->next = NULL;
    waiter->prev = pool->last_waiter;
    if (pool->last_waiter)
        pool->last_waiter->next = waiter;
    else
        pool->first_waiter = waiter;
    pool->last_waiter = waiter;
    pool->waiting++;
}

static void waiter_remove(struct sp_stream_pool *pool, struct waiter *waiter)
{
    if (!waiter->queued)
        return;
    if (waiter->prev)
        waiter->prev->next = waiter->next;
    else
        pool->first_waiter = waiter->next;
    if (waiter->next)
        waiter->next->prev = waiter->prev;
    else
        pool->last_waiter = waiter->prev;
    waiter->queued = false;
    pool->waiting--;
}

/* A connection is gone, or was never made: the first who waits may make one in its place. */
static void slot_free(struct sp_stream_pool *pool)
{
    struct waiter *waiter = pool->first_waiter;
    if (!waiter) {
        pool->open--;
        return;
    }
    waiter_remove(pool, waiter);
    waiter->may_connect = true;
    sp_fiber_wake(waiter->fiber);
}

/* Idle streams */

static void idle_remove(struct sp_stream_pool *pool, struct sp_stream *stream)
{
    if (stream->prev)
        stream->prev->next = stream->next;
    else
        pool->newest = stream->next;
    if (stream->next)
        stream->next->prev = stream->prev;
    else
        pool->oldest = stream->prev;
    stream->idle = false;
    pool->idle--;
}

static void idle_close(struct sp_stream_pool *pool, struct sp_stream *stream)
{
    idle_remove(pool, stream);
    sp_stream_close(stream);
    slot_free(pool);
}

/* False when it cannot be kept. */
static bool idle_add(struct sp_stream_pool *pool, struct sp_stream *stream)
{
    stream->idle_since_us = sp_clock_monotonic_us();
    if (!pool->reaper.loop && sp_timer_set(pool->loop, &pool->reaper,
                                           stream->idle_since_us + pool->options.idle_timeout_us) != SP_OK)
        return false;
    stream->idle = true;
    stream->prev = NULL;
    stream->next = pool->newest;
    if (pool->newest)
        pool->newest->prev = stream;
    else
        pool->oldest = stream;
    pool->newest = stream;
    pool->idle++;
    return true;
}

static void reap(void *arg)
{
    struct sp_stream_pool *pool = arg;
    int64_t before = sp_clock_monotonic_us() - pool->options.idle_timeout_us;
    while (pool->oldest && pool->oldest->idle_since_us <= before)
        idle_close(pool, pool->oldest);
    if (pool->oldest && sp_timer_set(pool->loop, &pool->reaper,
                                     pool->oldest->idle_since_us + pool->options.idle_timeout_us) != SP_OK)
        while (pool->oldest) /* better none than some that are never closed */
            idle_close(pool, pool->oldest);
}

void sp_stream_pool_disturbed(struct sp_stream *stream)
{
    if (!sp_stream_is_quiet(stream))
        idle_close(stream->pool, stream);
}

static struct sp_stream *idle_take(struct sp_stream_pool *pool)
{
    while (pool->newest) {
        struct sp_stream *stream = pool->newest;
        if (sp_stream_is_quiet(stream)) {
            idle_remove(pool, stream);
            return stream;
        }
        idle_close(pool, stream);
    }
    return NULL;
}

/* Borrowing */

static enum sp_status io_connect_stream(struct sp_stream_pool *pool, struct sp_stream *stream,
                                        int64_t deadline_us, struct sp_error *err)
{
    snprintf(stream->peer, sizeof stream->peer, "%s", pool->text);
    enum sp_status status = io_connect(stream, &pool->options.address, pool->text, deadline_us, err);
    if (status == SP_OK && pool->options.ssl_ctx)
        status =
            io_tls_connect(stream, pool->options.ssl_ctx, pool->tls_host, pool->session, deadline_us, err);
    return status;
}

/* The slot is counted; a failure frees it. */
static enum sp_status io_connect_new(struct sp_stream_pool *pool, int64_t deadline_us,
                                     struct sp_stream **ret_stream, struct sp_error *err)
{
    int64_t limit = sp_clock_monotonic_us() + pool->options.connect_timeout_us;
    struct sp_stream *stream = sp_stream_new(pool->loop);
    enum sp_status status = SP_ENOMEM;
    if (stream)
        status =
            io_connect_stream(pool, stream, deadline_us && deadline_us < limit ? deadline_us : limit, err);
    else
        sp_error_set(err, status, NULL, "connect to %s: no memory", pool->text);
    if (status != SP_OK) {
        pool->failures += status != SP_ECANCELED;
        if (stream)
            stream->broken = true;
        sp_stream_close(stream);
        slot_free(pool);
        return status;
    }
    pool->connects++;
    stream->pool = pool;
    *ret_stream = stream;
    return SP_OK;
}

static enum sp_status waited_in_vain(struct sp_stream_pool *pool, enum sp_status status, struct sp_error *err)
{
    switch (status) {
    case SP_OK:
        return sp_error_set(err, SP_EUNAVAIL, NULL, "the connections to %s are being closed", pool->text);
    case SP_ETIMEDOUT:
        return sp_error_set(err, status, NULL, "none of the %u connections to %s became free in time",
                            pool->options.max_streams, pool->text);
    case SP_ECANCELED:
        return sp_error_set(err, status, NULL, "the request that waits for a connection to %s is gone",
                            pool->text);
    default:
        return sp_error_set(err, status, NULL, "waiting for a connection to %s: %s", pool->text,
                            sp_status_name(status));
    }
}

/* Until there is a stream (*ret_stream) or a slot to connect in (NULL). */
static enum sp_status io_wait_turn(struct sp_stream_pool *pool, int64_t deadline_us,
                                   struct sp_stream **ret_stream, struct sp_error *err)
{
    if (pool->waiting >= pool->options.max_waiting)
        return sp_error_set(err, SP_ELIMIT, NULL, "all %u connections to %s are in use and %u requests wait",
                            pool->options.max_streams, pool->text, pool->waiting);
    struct waiter waiter = {.fiber = sp_fiber_self()};
    enum sp_status status = SP_OK;
    waiter_add(pool, &waiter);
    while (status == SP_OK && !waiter.stream && !waiter.may_connect && !pool->closed)
        status = sp_fiber_wait(deadline_us);
    waiter_remove(pool, &waiter);
    if (status == SP_OK && (waiter.stream || waiter.may_connect)) {
        *ret_stream = waiter.stream;
        return SP_OK;
    }
    /* What was handed over in the same moment goes on to the next. */
    if (waiter.stream) {
        pool->references++; /* the stream's; ours is still needed */
        sp_stream_give_back(waiter.stream, true);
    }
    if (waiter.may_connect)
        slot_free(pool);
    return waited_in_vain(pool, status, err);
}

/* SP_OK with NULL: a slot is ours to connect in. */
static enum sp_status io_take(struct sp_stream_pool *pool, int64_t deadline_us, struct sp_stream **ret_stream,
                              struct sp_error *err)
{
    struct sp_stream *stream = pool->first_waiter ? NULL : idle_take(pool);
    if (!stream && !pool->first_waiter && pool->open < pool->options.max_streams) {
        pool->open++;
        *ret_stream = NULL;
        return SP_OK;
    }
    if (!stream) {
        enum sp_status status = io_wait_turn(pool, deadline_us, &stream, err);
        if (status != SP_OK)
            return status;
        if (stream && !sp_stream_is_quiet(stream)) { /* the peer closed behind its last answer */
            sp_stream_close(stream);
            stream = NULL;
        }
    }
    *ret_stream = stream;
    return SP_OK;
}

enum sp_status io_stream_borrow(struct sp_stream_pool *pool, int64_t deadline_us,
                                struct sp_stream **ret_stream, bool *ret_reused, struct sp_error *err)
{
    if (!sp_fiber_self())
        return sp_error_set(err, SP_EINTERNAL, NULL, "a connection is borrowed outside of a fiber");
    if (pool->closed || sp_fiber_canceled())
        return waited_in_vain(pool, pool->closed ? SP_OK : SP_ECANCELED, err);
    struct sp_stream *stream = NULL;
    pool->references++;
    enum sp_status status = io_take(pool, deadline_us, &stream, err);
    bool reused = status == SP_OK && stream;
    if (reused)
        pool->reuses++;
    else if (status == SP_OK)
        status = io_connect_new(pool, deadline_us, &stream, err);
    if (status != SP_OK) {
        unreference(pool);
        return status;
    }
    /* The reference is the stream's from here on. */
    *ret_stream = stream;
    if (ret_reused)
        *ret_reused = reused;
    return SP_OK;
}

static void keep_session(struct sp_stream_pool *pool, struct sp_stream *stream)
{
    if (!stream->ssl || stream->session_kept)
        return;
    struct ssl_session_st *session = sp_tls_session(stream);
    if (!session)
        return;
    sp_tls_session_free(pool->session);
    pool->session = session;
    stream->session_kept = true;
}

void sp_stream_pool_take_back(struct sp_stream *stream, bool healthy)
{
    struct sp_stream_pool *pool = stream->pool;
    if (healthy && !stream->broken)
        keep_session(pool, stream);
    bool keep = healthy && !pool->closed && sp_stream_reusable(stream);
    struct waiter *waiter = pool->first_waiter;
    if (keep && waiter) {
        waiter_remove(pool, waiter);
        waiter->stream = stream;
        sp_fiber_wake(waiter->fiber);
    } else if (!keep || !idle_add(pool, stream)) {
        if (!healthy)
            stream->broken = true;
        sp_stream_close(stream);
        slot_free(pool);
    }
    unreference(pool);
}

/* Life */

static bool copy_text(const char *text, char **ret_copy)
{
    *ret_copy = text ? strdup(text) : NULL;
    return !text || *ret_copy;
}

static void fill_defaults(struct sp_stream_pool_options *options)
{
    if (!options->max_streams)
        options->max_streams = 100;
    if (!options->max_waiting)
        options->max_waiting = 1000;
    if (!options->connect_timeout_us)
        options->connect_timeout_us = 30000000;
    if (!options->idle_timeout_us)
        options->idle_timeout_us = 60000000;
}

static enum sp_status check(const struct sp_stream_pool_options *options, struct sp_error *err)
{
    if (options->connect_timeout_us < 0 || options->idle_timeout_us < 0)
        return sp_error_set(err, SP_EINVAL, NULL, "the time-outs of a pool must not be negative");
    if (options->ssl_ctx && !options->tls_host && !options->address.host)
        return sp_error_set(err, SP_EINVAL, NULL, "TLS over a local socket needs the host name to verify");
    return sp_connect_check(&options->address, err);
}

static char *address_text(const struct sp_stream_address *address)
{
    char *text = NULL;
    int n;
    if (address->unix_path)
        n = asprintf(&text, "%s", address->unix_path);
    else if (strchr(address->host, ':'))
        n = asprintf(&text, "[%s]:%u", address->host, address->port);
    else
        n = asprintf(&text, "%s:%u", address->host, address->port);
    return n >= 0 ? text : NULL;
}

enum sp_status sp_stream_pool_new(struct sp_loop *loop, const struct sp_stream_pool_options *options,
                                  struct sp_stream_pool **ret_pool, struct sp_error *err)
{
    enum sp_status status = check(options, err);
    if (status != SP_OK)
        return status;
    struct sp_stream_pool *pool = calloc(1, sizeof(*pool));
    if (!pool)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a pool of connections");
    pool->loop = loop;
    pool->references = 1;
    pool->options = *options;
    pool->reaper = (struct sp_timer){.fn = reap, .arg = pool};
    fill_defaults(&pool->options);
    pool->text = address_text(&options->address);
    const char *tls_host = options->tls_host ? options->tls_host : options->address.host;
    if (!pool->text || !copy_text(options->address.host, &pool->host) ||
        !copy_text(options->address.unix_path, &pool->unix_path) || !copy_text(tls_host, &pool->tls_host)) {
        unreference(pool);
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a pool of connections");
    }
    pool->options.address.host = pool->host;
    pool->options.address.unix_path = pool->unix_path;
    *ret_pool = pool;
    return SP_OK;
}

void sp_stream_pool_free(struct sp_stream_pool *pool)
{
    if (!pool)
        return;
    pool->closed = true;
    sp_timer_clear(&pool->reaper);
    while (pool->oldest)
        idle_close(pool, pool->oldest);
    for (struct waiter *waiter = pool->first_waiter; waiter; waiter = waiter->next)
        sp_fiber_wake(waiter->fiber);
    unreference(pool);
}

void sp_stream_pool_counts(const struct sp_stream_pool *pool, struct sp_stream_pool_counts *ret_counts)
{
    *ret_counts = (struct sp_stream_pool_counts){.open = pool->open,
                                                 .idle = pool->idle,
                                                 .waiting = pool->waiting,
                                                 .connects = pool->connects,
                                                 .reuses = pool->reuses,
                                                 .failures = pool->failures};
}
