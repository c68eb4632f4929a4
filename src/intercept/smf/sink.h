/* SPDX-License-Identifier: Apache-2.0
 * sink.h: a place besides the file that the writer sends events to.
 *
 * Each has a thread of the writer and a position in the ring; what it has not delivered stays in the ring,
 * also when the writer dies: every event is delivered at least once. A sink that falls so far behind that the
 * ring fills up loses the oldest, which is counted.
 */
#ifndef SP_INTERCEPT_SMF_SINK_H
#define SP_INTERCEPT_SMF_SINK_H

#include "intercept/smf/event.h"
#include "intercept/smf/shared.h"

#define SP_SMF_SINK_BATCH 200u /* events sent at a time */

/* What a kind of sink does with a batch of events as JSON. In the sink's thread; may block until the time-out
 * of its settings. */
struct sp_smf_message {
    struct sp_str json; /* one object, without an end of line */
    int64_t at_us;      /* realtime */
    bool security;
    char name[24]; /* sp_smf_event_name */
};
struct sp_smf_sink_kind {
    const char *name;
    enum sp_status (*open)(const struct sp_smf_sink_settings *settings, const struct sp_smf_settings *server,
                           void **ret_state, struct sp_error *err);
    /* SP_OK: the other side has all of them. */
    enum sp_status (*send)(void *state, const struct sp_smf_message *messages, size_t count,
                           struct sp_error *err);
    void (*close)(void *state);
};
extern const struct sp_smf_sink_kind sp_smf_sink_syslog; /* sink_syslog.c: RFC 5424 over TLS, RFC 5425 */
extern const struct sp_smf_sink_kind sp_smf_sink_kafka;  /* sink_kafka.c */
extern const struct sp_smf_sink_kind sp_smf_sink_otlp;   /* sink_otlp.c: OpenTelemetry logs, JSON over HTTP */

struct sp_smf_sink;
/* `settings` and `server` are copied; `ring` and `state` must outlive it. Events before `*ready` (a position)
 * may be taken. SP_ENOMEM, SP_ELIMIT. */
enum sp_status sp_smf_sink_start(struct sp_smf_ring *ring, const struct sp_smf_sink_settings *settings,
                                 const struct sp_smf_settings *server, struct sp_smf_sink_state *state,
                                 const _Atomic uint64_t *ready, struct sp_smf_sink **ret_sink,
                                 struct sp_error *err) SP_MUST_CHECK;
/* Whether it was started with these. */
bool sp_smf_sink_is_same(const struct sp_smf_sink *sink, const struct sp_smf_sink_settings *settings,
                         const struct sp_smf_settings *server);
/* There may be more to send. */
void sp_smf_sink_wake(struct sp_smf_sink *sink);
/* Where its position must not stay behind: it loses what is before. */
void sp_smf_sink_skip_to(struct sp_smf_sink *sink, uint64_t position);
/* It ends after what it is about, which may take its time-out. Does not wait for that. */
void sp_smf_sink_leave(struct sp_smf_sink *sink);
/* Whether it has ended: its state is not used any more. */
bool sp_smf_sink_has_left(const struct sp_smf_sink *sink);
/* Of one that has left; waits for it otherwise. Accepts NULL. */
void sp_smf_sink_free(struct sp_smf_sink *sink);

/* How many events between two positions a sink takes. */
uint64_t sp_smf_sink_count(const struct sp_smf_ring *ring, bool security_only, uint64_t from, uint64_t to);

#endif
