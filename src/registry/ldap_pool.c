/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/ldap_pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

#define IDLE_MAX 100u
#define LEFT_ALONE_FACTOR 5
#define LEFT_ALONE_MIN_US 1000000
#define LEFT_ALONE_MAX_US 30000000

struct idle {
    struct sp_ldap_connection *connection;
    unsigned server;
    int64_t since_us;
};

struct server_state {
    int64_t left_alone_until_us;
    char reason[200];
};

struct sp_ldap_pool {
    const struct sp_ldap_settings *settings;
    pthread_mutex_t lock;
    pthread_cond_t given;
    struct idle idle[SP_LDAP_USES][IDLE_MAX]; /* newest last */
    unsigned idle_count[SP_LDAP_USES];
    unsigned leased;
    unsigned current; /* server */
    int64_t left_primary_us;
    struct server_state servers[SP_LDAP_SERVERS_MAX];
};

struct sp_ldap_pool *sp_ldap_pool_new(const struct sp_ldap_settings *settings)
{
    struct sp_ldap_pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return NULL;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->given, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&pool->lock, NULL);
    pool->settings = settings;
    return pool;
}

static void close_all(struct idle *idle, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        sp_ldap_close(idle[i].connection);
}

void sp_ldap_pool_free(struct sp_ldap_pool *pool)
{
    if (!pool)
        return;
    for (unsigned use = 0; use < SP_LDAP_USES; use++)
        close_all(pool->idle[use], pool->idle_count[use]);
    pthread_cond_destroy(&pool->given);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

/* ---------------------------------------------------------------- connections that are kept; lock held */

/* Take those out that `server` (or any, when it is not `only`) keeps no longer; they are closed outside. */
static unsigned take_out(struct sp_ldap_pool *pool, unsigned use, unsigned server, bool idle_too_long,
                         struct idle ret_out[])
{
    int64_t now_us = sp_clock_monotonic_us(), limit_us = pool->settings->idle_timeout_us;
    unsigned out = 0, kept = 0;
    for (unsigned i = 0; i < pool->idle_count[use]; i++) {
        const struct idle *each = &pool->idle[use][i];
        bool old = limit_us > 0 && now_us - each->since_us >= limit_us;
        if (idle_too_long ? old : each->server == server)
            ret_out[out++] = *each;
        else
            pool->idle[use][kept++] = *each;
    }
    pool->idle_count[use] = kept;
    return out;
}

static bool take_idle(struct sp_ldap_pool *pool, enum sp_ldap_use use, struct sp_ldap_lease *ret_lease)
{
    for (unsigned i = pool->idle_count[use]; i-- > 0;) {
        const struct idle each = pool->idle[use][i];
        if (each.server != pool->current)
            continue;
        pool->idle[use][i] = pool->idle[use][--pool->idle_count[use]];
        *ret_lease = (struct sp_ldap_lease){each.connection, use, each.server, false};
        return true;
    }
    return false;
}

/* ---------------------------------------------------------------- servers; lock held */

static void leave_alone(struct sp_ldap_pool *pool, unsigned server, int64_t took_us, const char *reason)
{
    struct server_state *state = &pool->servers[server];
    /* Waiting for a server that does not answer takes at most a part of anybody's time. */
    int64_t pause_us = took_us > LEFT_ALONE_MAX_US ? LEFT_ALONE_MAX_US : LEFT_ALONE_FACTOR * took_us;
    if (pause_us < LEFT_ALONE_MIN_US)
        pause_us = LEFT_ALONE_MIN_US;
    if (pause_us > LEFT_ALONE_MAX_US)
        pause_us = LEFT_ALONE_MAX_US;
    state->left_alone_until_us = sp_clock_monotonic_us() + pause_us;
    size_t len = strnlen(reason, sizeof state->reason - 1);
    memcpy(state->reason, reason, len);
    state->reason[len] = '\0';
}

static void return_to_primary(struct sp_ldap_pool *pool, int64_t now_us)
{
    const struct sp_ldap_settings *settings = pool->settings;
    if (pool->current == 0 || !settings->return_to_primary ||
        now_us - pool->left_primary_us < settings->primary_interval_us ||
        pool->servers[0].left_alone_until_us > now_us)
        return;
    pool->left_primary_us = now_us; /* it is tried once an interval */
    pool->current = 0;
}

static void move_to(struct sp_ldap_pool *pool, unsigned server)
{
    if (pool->current == 0 && server != 0)
        pool->left_primary_us = sp_clock_monotonic_us();
    pool->current = server;
}

/* ---------------------------------------------------------------- a new connection; lock not held */

static enum sp_status open_to(struct sp_ldap_pool *pool, enum sp_ldap_use use, unsigned server,
                              int64_t deadline_us, struct sp_ldap_lease *ret_lease, struct sp_error *err)
{
    const struct sp_ldap_settings *settings = pool->settings;
    struct sp_ldap_connection *connection = NULL;
    enum sp_status status =
        sp_ldap_connect(settings, &settings->servers[server], deadline_us, &connection, err);
    if (status == SP_OK && use == SP_LDAP_FOR_SEARCH)
        status = sp_ldap_bind_own(connection, &settings->servers[server], deadline_us, err);
    if (status != SP_OK) {
        sp_ldap_close(connection);
        return SP_EUNAVAIL;
    }
    *ret_lease = (struct sp_ldap_lease){connection, use, server, true};
    return SP_OK;
}

static enum sp_status open_any(struct sp_ldap_pool *pool, enum sp_ldap_use use, int64_t deadline_us,
                               struct sp_ldap_lease *ret_lease, struct sp_error *err)
{
    unsigned count = (unsigned)pool->settings->server_count;
    struct sp_error cause = SP_ERROR_INIT;
    pthread_mutex_lock(&pool->lock);
    unsigned first = pool->current;
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < count; i++) {
        unsigned server = (first + i) % count;
        int64_t begun_us = sp_clock_monotonic_us();
        pthread_mutex_lock(&pool->lock);
        bool left_alone = pool->servers[server].left_alone_until_us > begun_us;
        if (left_alone)
            sp_error_set(&cause, SP_EUNAVAIL, NULL, "%s", pool->servers[server].reason);
        pthread_mutex_unlock(&pool->lock);
        if (left_alone)
            continue;
        enum sp_status status = open_to(pool, use, server, deadline_us, ret_lease, &cause);
        pthread_mutex_lock(&pool->lock);
        if (status == SP_OK)
            move_to(pool, server);
        else
            leave_alone(pool, server, sp_clock_monotonic_us() - begun_us, cause.text);
        pthread_mutex_unlock(&pool->lock);
        if (status == SP_OK)
            return SP_OK;
    }
    if (count > 1)
        sp_error_prefix(&cause, "none of %u directory servers answers; the last", count);
    return sp_error_set(err, SP_EUNAVAIL, NULL, "%s", cause.text);
}

/* ---------------------------------------------------------------- take and give */

/* Wait for a place when there are as many connections as there may be. Lock held. */
static enum sp_status wait_for_place(struct sp_ldap_pool *pool, int64_t deadline_us, struct sp_error *err)
{
    int64_t until_us = sp_clock_monotonic_us() + pool->settings->wait_us;
    if (deadline_us < until_us)
        until_us = deadline_us;
    const struct timespec until = {until_us / 1000000, until_us % 1000000 * 1000};
    while (pool->settings->max_connections && pool->leased >= pool->settings->max_connections)
        if (pthread_cond_timedwait(&pool->given, &pool->lock, &until) != 0)
            return sp_error_set(err, SP_EUNAVAIL, NULL,
                                "all %u connections to the directory are in use (contextPool maxSize)",
                                pool->settings->max_connections);
    return SP_OK;
}

enum sp_status sp_ldap_pool_take(struct sp_ldap_pool *pool, enum sp_ldap_use use, int64_t deadline_us,
                                 struct sp_ldap_lease *ret_lease, struct sp_error *err)
{
    struct idle out[IDLE_MAX];
    pthread_mutex_lock(&pool->lock);
    enum sp_status status = wait_for_place(pool, deadline_us, err);
    if (status != SP_OK) {
        pthread_mutex_unlock(&pool->lock);
        return status;
    }
    pool->leased++;
    return_to_primary(pool, sp_clock_monotonic_us());
    unsigned old = take_out(pool, use, 0, true, out);
    bool found = take_idle(pool, use, ret_lease);
    pthread_mutex_unlock(&pool->lock);
    close_all(out, old);
    if (found)
        return SP_OK;
    status = open_any(pool, use, deadline_us, ret_lease, err);
    if (status != SP_OK) {
        pthread_mutex_lock(&pool->lock);
        pool->leased--;
        pthread_cond_signal(&pool->given);
        pthread_mutex_unlock(&pool->lock);
    }
    return status;
}

void sp_ldap_pool_give(struct sp_ldap_pool *pool, struct sp_ldap_lease *lease, enum sp_status outcome)
{
    struct idle out[SP_LDAP_USES * IDLE_MAX];
    unsigned old = 0;
    bool broken = outcome == SP_ECLOSED || outcome == SP_ETIMEDOUT;
    pthread_mutex_lock(&pool->lock);
    pool->leased--;
    unsigned *count = &pool->idle_count[lease->use];
    bool keep = !broken && pool->settings->pooled && lease->server == pool->current && *count < IDLE_MAX &&
                *count < pool->settings->preferred_connections;
    if (keep)
        pool->idle[lease->use][(*count)++] =
            (struct idle){lease->connection, lease->server, sp_clock_monotonic_us()};
    for (unsigned use = 0; broken && use < SP_LDAP_USES; use++) /* its sisters are likely to be as well */
        old += take_out(pool, use, lease->server, false, out + old);
    if (outcome == SP_ETIMEDOUT)
        leave_alone(pool, lease->server, pool->settings->read_timeout_us,
                    "a directory server does not answer");
    pthread_cond_signal(&pool->given);
    pthread_mutex_unlock(&pool->lock);
    close_all(out, old);
    if (!keep)
        sp_ldap_close(lease->connection);
    lease->connection = NULL;
}

/* All at once, so that one is not taken several times. */
void sp_ldap_pool_warm(struct sp_ldap_pool *pool, int64_t deadline_us)
{
    struct sp_ldap_lease leases[IDLE_MAX];
    unsigned most = pool->settings->max_connections, wanted = pool->settings->initial_connections, count = 0;
    struct sp_error ignored = SP_ERROR_INIT;
    if (most && wanted > most)
        wanted = most;
    while (count < wanted && count < IDLE_MAX &&
           sp_ldap_pool_take(pool, SP_LDAP_FOR_SEARCH, deadline_us, &leases[count], &ignored) == SP_OK)
        count++;
    while (count)
        sp_ldap_pool_give(pool, &leases[--count], SP_OK);
}
