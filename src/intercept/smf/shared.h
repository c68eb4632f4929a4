/* SPDX-License-Identifier: Apache-2.0
 * shared.h: what the workers of a server and the writer of its audit records share.
 *
 * It stands in the users' part of the ring (smf/ring.h). Workers tell the writer what to write where; the
 * writer tells them what became of it. Texts are guarded by the ring's lock, numbers are atomic.
 */
#ifndef SP_INTERCEPT_SMF_SHARED_H
#define SP_INTERCEPT_SMF_SHARED_H

#include "base/arena.h"
#include "intercept/smf/ring.h"

#define SP_SMF_SETTINGS_MAX 24576u /* bytes of text */
#define SP_SMF_SINKS_MAX 6u
#define SP_SMF_SINK_NAME 32u
#define SP_SMF_MESSAGE 320u

enum sp_smf_when_full { SP_SMF_COUNT, SP_SMF_BLOCK, SP_SMF_REFUSE };
enum sp_smf_fsync { SP_SMF_FSYNC_EACH, SP_SMF_FSYNC_BATCH, SP_SMF_FSYNC_INTERVAL };
enum sp_smf_sink_type { SP_SMF_SYSLOG, SP_SMF_KAFKA, SP_SMF_OTLP };

/* A place besides the file. */
struct sp_smf_sink_settings {
    unsigned kind;
    struct sp_str id;
    struct sp_str endpoint; /* host:port, brokers, or a URL */
    struct sp_str topic;    /* Kafka; syslog: APP-NAME */
    struct sp_str ca_file, certificate_file, key_file;
    struct sp_str user, password; /* Kafka (SASL), OTLP (basic) */
    int64_t timeout_us;
    bool security_only; /* requests are not sent */
    bool tls;
};

/* What the writer is to do. Empty texts: not set. */
struct sp_smf_settings {
    struct sp_str file, security_file;
    struct sp_str event_socket; /* where other processes bring events of their security database */
    struct sp_str event_users;  /* names, separated by commas, of those that may, besides root and ours */
    struct sp_str sid, system, sysplex, job_name, config_dir, product;
    int64_t ccsid;
    bool unblocked;
    unsigned fsync; /* enum sp_smf_fsync */
    int64_t fsync_interval_us;
    int64_t max_file_bytes, rotate_interval_us, max_files; /* 0: no limit */
    const struct sp_smf_sink_settings *sinks;
    size_t sink_count;
};

/* A write that was begun: what a writer that follows one that died has to find out. */
struct sp_smf_intent {
    _Atomic uint32_t valid;
    uint64_t device, inode, offset, length; /* of the file before the write, and the bytes behind that */
    uint64_t position;                      /* that is reached when it is done */
    uint64_t lost;                          /* that are recorded then, */
    int64_t looked_us;                      /* as they were counted at this time */
    uint64_t security_device, security_inode, security_offset, security_length;
};

struct sp_smf_sink_state {
    char name[SP_SMF_SINK_NAME];
    _Atomic uint64_t position; /* all before it is delivered, or lost */
    _Atomic uint64_t delivered, lost, failures;
    char message[SP_SMF_MESSAGE]; /* of the last failure; empty when it has worked since */
};

struct sp_smf_shared {
    _Atomic uint64_t settings_serial; /* grows with each change */
    uint32_t settings_len;
    _Atomic uint64_t request_ids;
    _Atomic int64_t spawned_us; /* monotonic: the last start of a writer */
    _Atomic uint64_t flush_to;  /* what is before this position is due now */

    _Atomic uint64_t lost, lost_recorded;
    /* Realtime: of the first that is not recorded yet, if its worker could note it; and when those that are
     * recorded were counted, which is before all others were lost. */
    _Atomic int64_t lost_since_us, lost_looked_us;
    _Atomic uint64_t given_up;   /* claims of workers that died */
    _Atomic uint64_t written_to; /* all before it stands in the file */
    _Atomic uint64_t written, bytes, failures, rotations;
    _Atomic uint32_t failing;
    char message[SP_SMF_MESSAGE];       /* of the last failure */
    _Atomic uint64_t events_refused;    /* that others brought, or they themselves */
    char event_message[SP_SMF_MESSAGE]; /* why, the last time */
    _Atomic uint32_t reserved[SP_SMF_RING_PRODUCERS];
    struct sp_smf_intent intent;
    struct sp_smf_sink_state sinks[SP_SMF_SINKS_MAX];
    char settings[SP_SMF_SETTINGS_MAX];
};

_Static_assert(sizeof(struct sp_smf_shared) <= SP_SMF_RING_USER_BYTES, "the ring has room for it");

static inline struct sp_smf_shared *sp_smf_shared(const struct sp_smf_ring *ring)
{
    return sp_smf_ring_user(ring);
}

/* Tell the writer; nothing happens when it is what it knows already. SP_ELIMIT: too long. */
enum sp_status sp_smf_settings_store(struct sp_smf_ring *ring, const struct sp_smf_settings *settings,
                                     struct sp_error *err) SP_MUST_CHECK;
/* As told last; texts live in the arena. SP_ENOTFOUND: nothing was told yet. */
enum sp_status sp_smf_settings_load(struct sp_smf_ring *ring, struct sp_arena *arena,
                                    struct sp_smf_settings *ret_settings, uint64_t *ret_serial,
                                    struct sp_error *err) SP_MUST_CHECK;

/* A text that others read, under the ring's lock. NULL or empty: none. */
void sp_smf_message_set(struct sp_smf_ring *ring, char *message, const char *text);
void sp_smf_message_get(struct sp_smf_ring *ring, const char *message, char ret_text[SP_SMF_MESSAGE]);

#endif
