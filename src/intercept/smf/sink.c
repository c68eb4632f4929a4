/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/smf/sink.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "intercept/smf/event_json.h"

#define BATCH_BYTES (1024u * 1024u)
#define RETRY_FIRST_US 200000
#define RETRY_MOST_US 10000000
#define IDLE_US 500000
#define SETTINGS_BYTES (64u * 1024u)

struct sp_smf_sink {
    struct sp_smf_ring *ring;
    struct sp_arena arena; /* of the settings: the writer's may change while it sends */
    struct sp_smf_sink_settings settings;
    struct sp_smf_settings server; /* who it is that sends; nothing else of it */
    struct sp_smf_sink_state *state;
    const _Atomic uint64_t *ready;
    const struct sp_smf_sink_kind *kind;
    void *open; /* the kind's; NULL: not open */

    pthread_t thread;
    pthread_mutex_t mutex; /* held while events are read from the ring, and for the members below */
    pthread_cond_t wake;
    bool stopping;
    atomic_bool left;

    struct sp_buf text;
    struct sp_smf_message messages[SP_SMF_SINK_BATCH];
    size_t offsets[SP_SMF_SINK_BATCH + 1];
};

static const struct sp_smf_sink_kind *kind_of(unsigned kind)
{
    static const struct sp_smf_sink_kind *const kinds[] = {[SP_SMF_SYSLOG] = &sp_smf_sink_syslog,
                                                           [SP_SMF_KAFKA] = &sp_smf_sink_kafka,
                                                           [SP_SMF_OTLP] = &sp_smf_sink_otlp};
    return kind < sizeof kinds / sizeof kinds[0] ? kinds[kind] : NULL;
}

/* ---------------------------------------------------------------- its settings */

enum { SINK_TEXTS = 8, SERVER_TEXTS = 3 };

static void texts_of(struct sp_smf_sink_settings *sink, struct sp_str *ret_texts[SINK_TEXTS])
{
    struct sp_str *const texts[SINK_TEXTS] = {
        &sink->id,       &sink->endpoint, &sink->topic,    &sink->ca_file, &sink->certificate_file,
        &sink->key_file, &sink->user,     &sink->password,
    };
    memcpy(ret_texts, texts, sizeof texts);
}

static void server_texts_of(struct sp_smf_settings *server, struct sp_str *ret_texts[SERVER_TEXTS])
{
    struct sp_str *const texts[SERVER_TEXTS] = {&server->product, &server->config_dir, &server->system};
    memcpy(ret_texts, texts, sizeof texts);
}

static bool copy_texts(struct sp_arena *arena, struct sp_str **texts, size_t count)
{
    bool copied = true;
    for (size_t i = 0; i < count; i++) {
        *texts[i] = sp_arena_str(arena, *texts[i]);
        copied &= texts[i]->ptr != NULL;
    }
    return copied;
}

static bool copy_settings(struct sp_smf_sink *sink, const struct sp_smf_sink_settings *settings,
                          const struct sp_smf_settings *server)
{
    struct sp_str *texts[SINK_TEXTS], *server_texts[SERVER_TEXTS];
    sp_arena_init(&sink->arena, SETTINGS_BYTES);
    sink->settings = *settings;
    sink->server = (struct sp_smf_settings){
        .product = server->product, .config_dir = server->config_dir, .system = server->system};
    texts_of(&sink->settings, texts);
    server_texts_of(&sink->server, server_texts);
    return copy_texts(&sink->arena, texts, SINK_TEXTS) &&
           copy_texts(&sink->arena, server_texts, SERVER_TEXTS);
}

static bool are_same(struct sp_str **some, struct sp_str **others, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!sp_str_eq(*some[i], *others[i]))
            return false;
    return true;
}

bool sp_smf_sink_is_same(const struct sp_smf_sink *sink, const struct sp_smf_sink_settings *settings,
                         const struct sp_smf_settings *server)
{
    struct sp_smf_sink_settings mine = sink->settings, its = *settings;
    struct sp_smf_settings my_server = sink->server, its_server = *server;
    struct sp_str *texts[SINK_TEXTS], *others[SINK_TEXTS];
    texts_of(&mine, texts);
    texts_of(&its, others);
    if (!are_same(texts, others, SINK_TEXTS))
        return false;
    server_texts_of(&my_server, texts);
    server_texts_of(&its_server, others);
    return are_same(texts, others, SERVER_TEXTS) && mine.kind == its.kind &&
           mine.timeout_us == its.timeout_us && mine.security_only == its.security_only &&
           mine.tls == its.tls;
}

/* ---------------------------------------------------------------- events */

static bool takes(bool security_only, const struct sp_smf_event *event)
{
    return !security_only || event->kind == SP_SMF_EVENT_SECURITY;
}

uint64_t sp_smf_sink_count(const struct sp_smf_ring *ring, bool security_only, uint64_t from, uint64_t to)
{
    uint64_t count = 0;
    for (uint64_t at = from; at < to; at++) {
        struct sp_smf_event head;
        const void *slot = sp_smf_ring_at(ring, at);
        count += slot && sp_smf_event_peek(slot, &head) && takes(security_only, &head);
    }
    return count;
}

/* With the mutex held. */
static void wait_for(struct sp_smf_sink *sink, int64_t us)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += us / 1000000;
    until.tv_nsec += us % 1000000 * 1000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_cond_timedwait(&sink->wake, &sink->mutex, &until);
}

static bool add_message(struct sp_smf_sink *sink, const struct sp_smf_event *event, size_t count)
{
    struct sp_json_writer writer;
    size_t before = sink->text.len;
    sp_json_writer_init(&writer, &sink->text, 0);
    sp_smf_event_json(event, &writer);
    if (sink->text.failed) {
        sink->text.len = before;
        sink->text.failed = false;
        return false;
    }
    struct sp_smf_message *message = &sink->messages[count];
    *message =
        (struct sp_smf_message){.at_us = event->at_us, .security = event->kind == SP_SMF_EVENT_SECURITY};
    strncpy(message->name, sp_smf_event_name(event), sizeof message->name - 1);
    sink->offsets[count] = before;
    sink->offsets[count + 1] = sink->text.len;
    return true;
}

/* Copies events out of the ring, with the mutex held. Returns how many; *ret_to: the position behind them. */
static size_t take_batch(struct sp_smf_sink *sink, uint64_t *ret_to)
{
    uint64_t at = atomic_load(&sink->state->position), ready = atomic_load(sink->ready);
    size_t count = 0;
    sp_buf_reset(&sink->text);
    for (; at < ready && count < SP_SMF_SINK_BATCH; at++) {
        struct sp_smf_event event;
        const void *slot = sp_smf_ring_at(sink->ring, at);
        if (!slot || !sp_smf_event_unpack(slot, &event) || !takes(sink->settings.security_only, &event))
            continue;
        if (!add_message(sink, &event, count))
            break;
        count++;
    }
    for (size_t i = 0; i < count; i++)
        sink->messages[i].json =
            sp_str_slice(sp_buf_str(&sink->text), sink->offsets[i], sink->offsets[i + 1]);
    *ret_to = at;
    return count;
}

static enum sp_status send_batch(struct sp_smf_sink *sink, size_t count, struct sp_error *err)
{
    enum sp_status status = SP_OK;
    if (!sink->open)
        status = sink->kind->open(&sink->settings, &sink->server, &sink->open, err);
    if (status == SP_OK)
        status = sink->kind->send(sink->open, sink->messages, count, err);
    if (status != SP_OK && sink->open) {
        sink->kind->close(sink->open);
        sink->open = NULL;
    }
    return status;
}

static void tell(struct sp_smf_sink *sink, const struct sp_error *err)
{
    if (err) {
        atomic_fetch_add(&sink->state->failures, 1);
        sp_smf_message_set(sink->ring, sink->state->message, err->text);
    } else if (sink->state->message[0]) {
        sp_smf_message_set(sink->ring, sink->state->message, NULL);
    }
}

static void *run(void *arg)
{
    struct sp_smf_sink *sink = arg;
    int64_t retry_us = RETRY_FIRST_US;
    pthread_mutex_lock(&sink->mutex);
    while (!sink->stopping) {
        uint64_t from = atomic_load(&sink->state->position), to;
        size_t count = take_batch(sink, &to);
        if (from == to) {
            wait_for(sink, IDLE_US);
            continue;
        }
        pthread_mutex_unlock(&sink->mutex);
        struct sp_error err = SP_ERROR_INIT;
        enum sp_status status = count ? send_batch(sink, count, &err) : SP_OK;
        tell(sink, status == SP_OK ? NULL : &err);
        pthread_mutex_lock(&sink->mutex);
        if (status == SP_OK) {
            retry_us = RETRY_FIRST_US;
            atomic_fetch_add(&sink->state->delivered, count);
            if (atomic_load(&sink->state->position) < to)
                atomic_store(&sink->state->position, to);
            continue;
        }
        int64_t again = sp_clock_monotonic_us() + retry_us;
        while (!sink->stopping && sp_clock_monotonic_us() < again)
            wait_for(sink, again - sp_clock_monotonic_us());
        retry_us = retry_us * 2 < RETRY_MOST_US ? retry_us * 2 : RETRY_MOST_US;
    }
    pthread_mutex_unlock(&sink->mutex);
    if (sink->open)
        sink->kind->close(sink->open);
    sink->open = NULL;
    atomic_store(&sink->left, true);
    sp_smf_ring_ring(sink->ring);
    return NULL;
}

/* Of one whose thread has ended, or never was. */
static void release(struct sp_smf_sink *sink)
{
    pthread_cond_destroy(&sink->wake);
    pthread_mutex_destroy(&sink->mutex);
    sp_buf_finish(&sink->text);
    sp_arena_wipe(&sink->arena); /* with its password */
    sp_arena_finish(&sink->arena);
    free(sink);
}

enum sp_status sp_smf_sink_start(struct sp_smf_ring *ring, const struct sp_smf_sink_settings *settings,
                                 const struct sp_smf_settings *server, struct sp_smf_sink_state *state,
                                 const _Atomic uint64_t *ready, struct sp_smf_sink **ret_sink,
                                 struct sp_error *err)
{
    const struct sp_smf_sink_kind *kind = kind_of(settings->kind);
    struct sp_smf_sink *sink = kind ? calloc(1, sizeof *sink) : NULL;
    if (!sink)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for sink %.*s", SP_STR_ARG(settings->id));
    *sink = (struct sp_smf_sink){
        .ring = ring, .state = state, .ready = ready, .kind = kind, .mutex = PTHREAD_MUTEX_INITIALIZER};
    sp_buf_init(&sink->text, BATCH_BYTES);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&sink->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    enum sp_status status = SP_OK;
    if (!copy_settings(sink, settings, server))
        status = sp_error_set(err, SP_ENOMEM, NULL, "no memory for sink %.*s", SP_STR_ARG(settings->id));
    else if (pthread_create(&sink->thread, NULL, run, sink) != 0)
        status = sp_error_set(err, SP_ELIMIT, NULL, "no thread for sink %.*s", SP_STR_ARG(settings->id));
    if (status == SP_OK)
        *ret_sink = sink;
    else
        release(sink);
    return status;
}

void sp_smf_sink_wake(struct sp_smf_sink *sink)
{
    pthread_cond_signal(&sink->wake);
}

void sp_smf_sink_skip_to(struct sp_smf_sink *sink, uint64_t position)
{
    pthread_mutex_lock(&sink->mutex);
    uint64_t at = atomic_load(&sink->state->position);
    if (at < position) {
        atomic_fetch_add(&sink->state->lost,
                         sp_smf_sink_count(sink->ring, sink->settings.security_only, at, position));
        atomic_store(&sink->state->position, position);
    }
    pthread_mutex_unlock(&sink->mutex);
}

void sp_smf_sink_leave(struct sp_smf_sink *sink)
{
    pthread_mutex_lock(&sink->mutex);
    sink->stopping = true;
    pthread_cond_signal(&sink->wake);
    pthread_mutex_unlock(&sink->mutex);
}

bool sp_smf_sink_has_left(const struct sp_smf_sink *sink)
{
    return atomic_load(&sink->left);
}

void sp_smf_sink_free(struct sp_smf_sink *sink)
{
    if (!sink)
        return;
    sp_smf_sink_leave(sink);
    pthread_join(sink->thread, NULL);
    release(sink);
}
