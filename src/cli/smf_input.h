/* SPDX-License-Identifier: Apache-2.0
 * smf_input.h: reading files of SMF records for the commands of `sallyport smf`, and choosing among them.
 */
#ifndef SP_CLI_SMF_INPUT_H
#define SP_CLI_SMF_INPUT_H

#include "intercept/smf/block.h"
#include "intercept/smf/record.h"

/* What the items of all kinds of records have in common. Empty and 0: not known. */
struct sp_smf_view {
    int64_t at_us; /* arrival; realtime */
    int64_t elapsed_us, sor_us;
    uint64_t status;
    struct sp_str user, mapped_user, item, method, uri; /* item: API, service or API requester */
    struct sp_str what;                                 /* "request", "call", "event" */
    struct sp_str reason;                               /* of an event */
    uint64_t lost;                                      /* records that an event tells of */
};
void sp_smf_view_of(const struct sp_smf_record *record, size_t index, struct sp_smf_view *ret_view);

struct sp_smf_filter {
    int64_t from_us, to_us; /* realtime; 0: open */
    struct sp_str user, item;
    uint64_t status_from, status_to; /* 0: open */
};
/* "2026-01-31", "2026-01-31T23:59", "...:59", each in UTC. SP_ESYNTAX. */
enum sp_status sp_smf_time_read(struct sp_str text, int64_t *ret_us) SP_MUST_CHECK;
/* "404", "4xx", "400-499". SP_ESYNTAX. */
enum sp_status sp_smf_status_read(struct sp_str text, struct sp_smf_filter *filter) SP_MUST_CHECK;
bool sp_smf_filter_takes(const struct sp_smf_filter *filter, const struct sp_smf_view *view);

struct sp_smf_input {
    const char *path;
    unsigned ccsid;
    bool follow;   /* wait for more, also in the files that come after this one; ends by a signal */
    bool only_new; /* with follow: what is there already is passed over */
    bool progress; /* show how far it is, on standard error */
    /* Called for each record that can be read, at its offset of the file. false: enough. */
    bool (*record)(void *arg, const struct sp_smf_record *record, struct sp_str bytes, size_t offset);
    /* For one that cannot; NULL: it is told on standard error. */
    void (*refused)(void *arg, const struct sp_error *err, struct sp_str bytes, size_t offset);
    void *arg;
    uint64_t records, skipped; /* how it went */
    bool broken;               /* something is no block or record, and nothing behind it could be found */
    enum sp_smf_framing framing;
};

/* SP_EXIT_OK, or SP_EXIT_FAILED when something could not be read (it was told). */
int sp_smf_input_run(struct sp_smf_input *input);

#endif
