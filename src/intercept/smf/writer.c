/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/smf/writer.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "intercept/smf/encode.h"
#include "intercept/smf/event_json.h"
#include "intercept/smf/event_port.h"
#include "intercept/smf/output.h"
#include "intercept/smf/shared.h"
#include "intercept/smf/sinks.h"

#define SETTINGS_ARENA_MAX (256u * 1024u)
#define PASS_EVENTS 1000u /* written at a time */
#define PASS_BYTES (8u * 1024u * 1024u)
#define FULL_BLOCK_BYTES 32000u
#define CLAIM_PATIENCE_US 50000
#define CLAIM_LOOK_US 10000
#define RETRY_US 250000
#define IDLE_US 500000
#define NAP_US 10000          /* after a write: waking it would cost a worker more than the record */
#define LAST_FILE_US 5000000  /* how long one that is to end tries to write to the file */
#define LAST_SINKS_US 5000000 /* and waits for its sinks after that */
#define NOTHING INT64_MAX

struct writer {
    struct sp_smf_ring ring;
    struct sp_smf_shared *shared;

    struct sp_arena arena; /* of the settings */
    struct sp_smf_settings settings;
    uint64_t serial;
    struct sp_smf_origin origin;
    bool usable; /* settings were read and can be followed */
    bool alone;  /* no worker is there: everything is due */

    struct sp_smf_output records, security;
    struct sp_smf_encoder encoder;
    struct sp_buf lines;
    _Atomic uint64_t settled;
    uint64_t given_up; /* in the range being written */
    int64_t synced_us;
    uint64_t first;       /* position that was the first not written when last looked at, */
    int64_t first_due_us; /* and when it is due (monotonic) */
    int64_t nap_us;       /* NAP_US, or the shortest delay that the events last seen allow */
    struct sp_smf_sinks sinks;
    struct sp_smf_event_port *port; /* NULL: none */
    bool port_wanted;               /* and not tried yet */
};

/* ---------------------------------------------------------------- what goes wrong */

static void fail(struct writer *writer, const struct sp_error *err)
{
    atomic_fetch_add(&writer->shared->failures, 1);
    sp_smf_message_set(&writer->ring, writer->shared->message, err->text);
    atomic_store(&writer->shared->failing, 1);
}

static void recovered(struct writer *writer)
{
    if (atomic_exchange(&writer->shared->failing, 0))
        sp_smf_message_set(&writer->ring, writer->shared->message, NULL);
}

/* ---------------------------------------------------------------- settings */

/* A failure is told of, and the rest goes on. */
static void start_port(struct writer *writer)
{
    struct sp_error err = SP_ERROR_INIT;
    enum sp_status status = SP_OK;
    const struct sp_smf_settings *settings = &writer->settings;
    writer->port_wanted = false;
    if (!settings->event_socket.len)
        return;
    if (writer->ring.producer == SP_SMF_RING_PRODUCERS)
        status = sp_smf_ring_attach(&writer->ring, &err);
    if (status == SP_OK)
        status = sp_smf_event_port_start(&writer->ring, settings->event_socket, settings->event_users,
                                         &writer->port, &err);
    if (status == SP_OK)
        return;
    sp_smf_message_set(&writer->ring, writer->shared->event_message, err.text);
    atomic_fetch_add(&writer->shared->events_refused, 1);
}

static enum sp_status open_outputs(struct writer *writer, struct sp_error *err)
{
    const struct sp_smf_settings *settings = &writer->settings;
    enum sp_status status =
        sp_smf_output_init(&writer->records, settings->file,
                           settings->unblocked ? SP_SMF_FORM_RECORDS : SP_SMF_FORM_BLOCKS, err);
    if (status == SP_OK)
        status = sp_smf_output_init(&writer->security, settings->security_file, SP_SMF_FORM_LINES, err);
    writer->records.max_bytes = writer->security.max_bytes = settings->max_file_bytes;
    writer->records.max_age_us = writer->security.max_age_us = settings->rotate_interval_us;
    writer->records.max_files = writer->security.max_files = settings->max_files;
    return status;
}

static void fill_origin(struct writer *writer)
{
    int64_t created_us, pid;
    const struct sp_smf_settings *settings = &writer->settings;
    struct sp_smf_server *server = &writer->origin.server;
    sp_smf_ring_origin(&writer->ring, &created_us, &pid);
    writer->origin.sid = settings->sid;
    *server = (struct sp_smf_server){
        .system = settings->system,
        .sysplex = settings->sysplex,
        .job_id = sp_arena_printf(&writer->arena, "P%07lld", (long long)pid % 10000000),
        .job_name = settings->job_name,
        .stoken = (uint64_t)(created_us / 1000000) << 32 | (uint32_t)pid,
        .config_dir = settings->config_dir,
        .product = settings->product,
    };
}

static void drop_settings(struct writer *writer)
{
    sp_smf_event_port_stop(writer->port);
    writer->port = NULL;
    sp_smf_output_finish(&writer->records);
    sp_smf_output_finish(&writer->security);
    sp_arena_wipe(&writer->arena); /* with the passwords of sinks */
    sp_arena_finish(&writer->arena);
    sp_arena_init(&writer->arena, SETTINGS_ARENA_MAX);
    writer->settings = (struct sp_smf_settings){.sinks = NULL};
    writer->usable = false;
}

/* Follow what the workers say now. */
static void take_settings(struct writer *writer)
{
    struct sp_error err = SP_ERROR_INIT;
    if (writer->serial && writer->serial == atomic_load(&writer->shared->settings_serial))
        return;
    drop_settings(writer);
    enum sp_status status =
        sp_smf_settings_load(&writer->ring, &writer->arena, &writer->settings, &writer->serial, &err);
    if (status == SP_ENOTFOUND)
        return;
    if (status == SP_OK)
        status = sp_smf_text_init(&writer->origin.text, (unsigned)writer->settings.ccsid, &err);
    if (status == SP_OK)
        status = open_outputs(writer, &err);
    if (status != SP_OK) {
        fail(writer, &err);
        return;
    }
    fill_origin(writer);
    writer->usable = true;
    writer->port_wanted = true;
}

/* ---------------------------------------------------------------- what is due */

/* The part of an event that the writer plans with. */
static bool look_at(const struct writer *writer, uint64_t position, struct sp_smf_event *ret_head)
{
    const void *slot = sp_smf_ring_at(&writer->ring, position);
    return slot && sp_smf_event_peek(slot, ret_head);
}

/* How long an event may still wait. */
static int64_t left_us(const struct sp_smf_event *head, int64_t realtime_us)
{
    int64_t left = head->at_us + head->delay_us - realtime_us;
    left = left < head->delay_us ? left : head->delay_us;
    return left > 0 ? left : 0;
}

/* When something is due that may wait `left` more, of what begins at `from`. Events carry the time of day:
 * when that is set back, what is known already stays due when it was. */
static int64_t due_at(struct writer *writer, uint64_t from, int64_t left, int64_t now)
{
    int64_t due_us = left == NOTHING ? NOTHING : now + left;
    if (writer->first == from && writer->first_due_us < due_us)
        due_us = writer->first_due_us;
    writer->first = from;
    writer->first_due_us = due_us;
    return due_us;
}

/* Half of what sinks leave of the ring is used. */
static bool is_hurried(const struct writer *writer, uint64_t from, uint64_t to)
{
    uint64_t kept = from - sp_smf_ring_tail(&writer->ring);
    return writer->alone || atomic_load(&writer->shared->flush_to) > from ||
           to - from > (sp_smf_ring_slots(&writer->ring) - kept) / 2;
}

/* The end of what is to be written now, and when the rest is due. */
static uint64_t choose_end(struct writer *writer, uint64_t from, uint64_t to, int64_t *ret_due_us)
{
    uint64_t most = from + (writer->settings.fsync == SP_SMF_FSYNC_EACH ? SP_SMF_REQUESTS_MAX : PASS_EVENTS);
    uint64_t full = from, requests = 0, calls = 0, bytes = 0;
    int64_t left = NOTHING, now = sp_clock_monotonic_us(), realtime_us = sp_clock_realtime_us();
    bool hurried = is_hurried(writer, from, to);
    to = to < most ? to : most;
    for (uint64_t at = from; at < to; at++) {
        struct sp_smf_event head;
        if (look_at(writer, at, &head)) {
            bool collected = head.kind != SP_SMF_EVENT_SECURITY && head.version != 1;
            int64_t its = left_us(&head, realtime_us);
            left = its < left ? its : left;
            writer->nap_us = head.delay_us < writer->nap_us ? head.delay_us : writer->nap_us;
            requests += collected && head.kind == SP_SMF_EVENT_REQUEST;
            calls += collected && head.kind == SP_SMF_EVENT_CALL;
            bytes += collected ? 0 : SP_SMF_V1_BYTES;
        }
        if (requests % SP_SMF_REQUESTS_MAX == 0 && calls % SP_SMF_REQUESTS_MAX == 0 &&
            (requests || calls || left == NOTHING))
            full = at + 1;
    }
    *ret_due_us = due_at(writer, from, left, now);
    if (from == to || hurried || *ret_due_us <= now || bytes >= FULL_BLOCK_BYTES)
        return to;
    return full;
}

/* ---------------------------------------------------------------- writing */

static void add_line(struct writer *writer, const struct sp_smf_event *event)
{
    struct sp_json_writer json;
    if (!writer->security.path || event->kind != SP_SMF_EVENT_SECURITY)
        return;
    sp_json_writer_init(&json, &writer->lines, 0);
    sp_smf_event_json(event, &json);
    sp_buf_append_byte(&writer->lines, '\n');
}

/* A worker may count a loss while an earlier one is being recorded, and its time goes with that one's. */
static int64_t lost_since(struct sp_smf_shared *shared)
{
    int64_t noted_us = atomic_load(&shared->lost_since_us), looked_us = atomic_load(&shared->lost_looked_us);
    return noted_us ? noted_us : looked_us;
}

static void losses_are_recorded(struct sp_smf_shared *shared, uint64_t lost, int64_t looked_us)
{
    atomic_store(&shared->lost_looked_us, looked_us);
    atomic_store(&shared->lost_since_us, 0);
    atomic_store(&shared->lost_recorded, lost);
}

static void add_loss(struct writer *writer, uint64_t lost)
{
    static const char reason[] =
        "Records were lost: they could not be written, and memory for them was full.";
    const struct sp_smf_event event = {
        .kind = SP_SMF_EVENT_SECURITY,
        .at_us = sp_clock_realtime_us(),
        .of.security = {.event = SP_SMF_RECORDS_LOST,
                        .origin = SP_SMF_FROM_AUDIT,
                        .reason = SP_STR_INIT(reason),
                        .at_us = sp_clock_realtime_us(),
                        .lost = lost,
                        .since_us = lost_since(writer->shared)},
    };
    sp_smf_encoder_add(&writer->encoder, &event);
    add_line(writer, &event);
}

/* *ret_to: how many fitted. */
static bool encode(struct writer *writer, uint64_t from, uint64_t to, uint64_t lost)
{
    sp_smf_encoder_reset(&writer->encoder, &writer->origin, writer->settings.unblocked);
    sp_buf_reset(&writer->lines);
    writer->given_up = 0;
    for (uint64_t at = from; at < to; at++) {
        struct sp_smf_event event;
        const void *slot = sp_smf_ring_at(&writer->ring, at);
        if (slot && sp_smf_event_unpack(slot, &event)) {
            sp_smf_encoder_add(&writer->encoder, &event);
            add_line(writer, &event);
        } else {
            writer->given_up++;
        }
    }
    if (lost)
        add_loss(writer, lost);
    return sp_smf_encoder_flush(&writer->encoder) && !writer->lines.failed;
}

static void note_intent(struct writer *writer, const struct sp_smf_place *records,
                        const struct sp_smf_place *security, uint64_t to, uint64_t lost, int64_t looked_us)
{
    struct sp_smf_intent *intent = &writer->shared->intent;
    intent->device = records->device;
    intent->inode = records->inode;
    intent->offset = records->offset;
    intent->length = writer->encoder.bytes.len;
    intent->position = to;
    intent->lost = lost;
    intent->looked_us = looked_us;
    intent->security_device = security->device;
    intent->security_inode = security->inode;
    intent->security_offset = security->offset;
    intent->security_length = writer->lines.len;
    atomic_store(&intent->valid, 1);
}

static enum sp_status sync_both(struct writer *writer, struct sp_error *err)
{
    enum sp_status status = sp_smf_output_sync(&writer->security, err);
    if (status == SP_OK)
        status = sp_smf_output_sync(&writer->records, err);
    if (status == SP_OK)
        writer->synced_us = sp_clock_monotonic_us();
    return status;
}

/* The lines come first: when the records are there, all is. */
static enum sp_status append_both(struct writer *writer, const struct sp_smf_place *records,
                                  const struct sp_smf_place *security, struct sp_error *err)
{
    enum sp_status status = sp_smf_output_append(&writer->security, sp_buf_str(&writer->lines), err);
    if (status == SP_OK)
        status = sp_smf_output_append(&writer->records, sp_buf_str(&writer->encoder.bytes), err);
    if (status == SP_OK && writer->settings.fsync != SP_SMF_FSYNC_INTERVAL)
        status = sync_both(writer, err);
    if (status != SP_OK) {
        sp_smf_output_cut(&writer->security, security);
        sp_smf_output_cut(&writer->records, records);
    }
    return status;
}

static void settle_range(struct writer *writer, uint64_t from, uint64_t to, uint64_t lost, int64_t looked_us)
{
    struct sp_smf_shared *shared = writer->shared;
    atomic_fetch_add(&shared->written, to - from - writer->given_up);
    atomic_fetch_add(&shared->given_up, writer->given_up);
    atomic_fetch_add(&shared->bytes, writer->encoder.bytes.len);
    atomic_store(&shared->rotations, writer->records.rotations);
    if (lost)
        losses_are_recorded(shared, atomic_load(&shared->lost_recorded) + lost, looked_us);
    atomic_store(&shared->written_to, to);
    atomic_store(&shared->intent.valid, 0);
}

static enum sp_status write_range(struct writer *writer, uint64_t from, uint64_t to, struct sp_error *err)
{
    struct sp_smf_place records = {0}, security = {0};
    int64_t looked_us = sp_clock_realtime_us();
    uint64_t lost = atomic_load(&writer->shared->lost) - atomic_load(&writer->shared->lost_recorded);
    if (!encode(writer, from, to, lost))
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to make audit records in");
    enum sp_status status = sp_smf_output_prepare(&writer->security, writer->lines.len, &security, err);
    if (status == SP_OK)
        status = sp_smf_output_prepare(&writer->records, writer->encoder.bytes.len, &records, err);
    if (status != SP_OK)
        return status;
    note_intent(writer, &records, &security, to, atomic_load(&writer->shared->lost_recorded) + lost,
                looked_us);
    status = append_both(writer, &records, &security, err);
    if (status == SP_OK)
        settle_range(writer, from, to, lost, looked_us);
    else
        atomic_store(&writer->shared->intent.valid, 0);
    return status;
}

/* ---------------------------------------------------------------- after one that died */

static enum sp_status finish_intent(struct writer *writer, struct sp_error *err)
{
    struct sp_smf_shared *shared = writer->shared;
    struct sp_smf_intent *intent = &shared->intent;
    if (!atomic_load(&intent->valid))
        return SP_OK;
    bool settled = atomic_load(&shared->written_to) >= intent->position &&
                   atomic_load(&shared->lost_recorded) >= intent->lost;
    bool done = settled, cut = false;
    enum sp_status status = SP_OK;
    if (!done) {
        const struct sp_smf_place records = {intent->device, intent->inode, intent->offset};
        status = sp_smf_output_recover(writer->records.path, &records, intent->length, &done, err);
    }
    if (status == SP_OK && !done && intent->security_length) {
        const struct sp_smf_place lines = {intent->security_device, intent->security_inode,
                                           intent->security_offset};
        status = sp_smf_output_recover(writer->security.path, &lines, UINT64_MAX / 2, &cut, err);
    }
    if (status != SP_OK)
        return status;
    if (done && !settled) {
        atomic_fetch_add(&shared->written, intent->position - atomic_load(&shared->written_to));
        if (intent->lost > atomic_load(&shared->lost_recorded))
            losses_are_recorded(shared, intent->lost, intent->looked_us);
        atomic_store(&shared->written_to, intent->position);
    }
    atomic_store(&intent->valid, 0);
    return SP_OK;
}

/* ---------------------------------------------------------------- the ring's slots */

static void free_slots(struct writer *writer)
{
    unsigned slots = sp_smf_ring_slots(&writer->ring);
    uint64_t least = sp_smf_ring_head(&writer->ring);
    least = least > slots * 3 / 4 ? least - slots * 3 / 4 : 0;
    uint64_t to = atomic_load(&writer->shared->written_to);
    sp_smf_ring_free_to(&writer->ring, sp_smf_sinks_keep(&writer->sinks, &writer->settings, least, to));
}

/* ---------------------------------------------------------------- the loop */

/* Writes what is due. Returns when to look again (monotonic). */
static int64_t work(struct writer *writer)
{
    struct sp_error err = SP_ERROR_INIT;
    int64_t due_us = NOTHING, now = sp_clock_monotonic_us();
    uint64_t settled = sp_smf_ring_settle(&writer->ring, CLAIM_PATIENCE_US, NULL, NULL);
    atomic_store(&writer->settled, settled);
    take_settings(writer);
    writer->nap_us = NAP_US;
    if (!writer->usable)
        return now + RETRY_US;
    sp_smf_sinks_follow(&writer->sinks, &writer->settings);
    enum sp_status status = finish_intent(writer, &err);
    while (status == SP_OK) {
        uint64_t from = atomic_load(&writer->shared->written_to);
        uint64_t to = choose_end(writer, from, settled, &due_us);
        bool lost = atomic_load(&writer->shared->lost) > atomic_load(&writer->shared->lost_recorded);
        if (from == to && !lost)
            break;
        status = write_range(writer, from, to, &err);
        if (status == SP_OK) {
            recovered(writer);
            free_slots(writer);
        }
    }
    if (status == SP_OK && now - writer->synced_us >= writer->settings.fsync_interval_us)
        status = sync_both(writer, &err);
    free_slots(writer);
    if (status == SP_OK)
        return due_us;
    fail(writer, &err);
    return now + RETRY_US;
}

/* `wrote`: something was written just now, and so more will come soon. */
static void rest(struct writer *writer, int64_t due_us, bool wrote)
{
    uint64_t settled = atomic_load(&writer->settled), from = atomic_load(&writer->shared->written_to);
    int64_t now = sp_clock_monotonic_us(), longest = IDLE_US;
    bool failing = atomic_load(&writer->shared->failing);
    if (wrote)
        longest = writer->nap_us;
    else if (sp_smf_ring_is_claimed(&writer->ring, settled))
        longest = CLAIM_LOOK_US;
    int64_t left = due_us == NOTHING ? longest : due_us - now;
    left = left < longest ? left : longest;
    uint64_t wake_at = settled;
    if (failing)
        wake_at = UINT64_MAX >> 1;
    else if (wrote)
        wake_at = settled + sp_smf_ring_free_slots(&writer->ring) / 4;
    else if (from < settled && from + SP_SMF_REQUESTS_MAX - 1 > settled)
        wake_at = from + SP_SMF_REQUESTS_MAX - 1;
    if (left > 0)
        sp_smf_ring_sleep(&writer->ring, wake_at, left);
}

/* A writer that is about to end takes nothing more: what has a receipt is written. */
static void look_after_port(struct writer *writer)
{
    if (writer->alone && writer->port) {
        sp_smf_event_port_stop(writer->port);
        writer->port = NULL;
        writer->port_wanted = true;
    } else if (!writer->alone && writer->usable && writer->port_wanted) {
        start_port(writer);
    }
}

static void run(struct writer *writer)
{
    int64_t alone_since = 0, written_since = 0;
    for (;;) {
        writer->alone = !sp_smf_ring_has_producers(&writer->ring);
        look_after_port(writer);
        uint64_t before = atomic_load(&writer->shared->written_to);
        int64_t due_us = work(writer), now = sp_clock_monotonic_us();
        if (!writer->alone) {
            alone_since = written_since = 0;
            rest(writer, due_us, atomic_load(&writer->shared->written_to) > before);
            continue;
        }
        alone_since = alone_since ? alone_since : now;
        bool written = atomic_load(&writer->shared->written_to) >= sp_smf_ring_head(&writer->ring);
        if (written && !written_since)
            written_since = now;
        if ((written && (sp_smf_sinks_are_done(&writer->sinks, &writer->settings) ||
                         now - written_since > LAST_SINKS_US)) ||
            (!written && now - alone_since > LAST_FILE_US))
            return;
        sp_smf_ring_sleep(&writer->ring, UINT64_MAX >> 1, CLAIM_LOOK_US);
    }
}

/* It ends when the workers have ended, not when the terminal or the supervisor wants them to. */
static void ignore_signals(void)
{
    static const int signals[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGPIPE,
                                  SIGUSR1, SIGUSR2, SIGXFSZ, SIGWINCH};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        signal(signals[i], SIG_IGN);
}

int sp_smf_writer_run(int fd)
{
    static struct writer writer;
    struct sp_error err = SP_ERROR_INIT;
    ignore_signals();
    if (sp_smf_ring_map(fd, &writer.ring, &err) != SP_OK) {
        fprintf(stderr, "sallyport-smf-writer: %s\n", err.text);
        return 1;
    }
    if (sp_smf_ring_consume(&writer.ring, &err) != SP_OK)
        return 3;
    writer.shared = sp_smf_shared(&writer.ring);
    writer.first = UINT64_MAX;
    writer.synced_us = sp_clock_monotonic_us();
    sp_smf_sinks_init(&writer.sinks, &writer.ring, &writer.settled);
    sp_arena_init(&writer.arena, SETTINGS_ARENA_MAX);
    sp_smf_encoder_init(&writer.encoder, PASS_BYTES);
    sp_buf_init(&writer.lines, PASS_BYTES);
    run(&writer);
    if (atomic_load(&writer.shared->failing))
        fprintf(stderr, "sallyport-smf-writer: audit records are lost: %s\n", writer.shared->message);
    if (sync_both(&writer, &err) != SP_OK)
        fprintf(stderr, "sallyport-smf-writer: %s\n", err.text);
    if (!sp_smf_sinks_finish(&writer.sinks, &writer.settings))
        _exit(0); /* one is waiting for its other side, and uses what would be freed */
    drop_settings(&writer);
    sp_arena_finish(&writer.arena);
    sp_smf_encoder_finish(&writer.encoder);
    sp_buf_finish(&writer.lines);
    sp_smf_ring_unmap(&writer.ring);
    return 0;
}
