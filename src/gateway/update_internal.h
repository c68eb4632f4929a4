/* SPDX-License-Identifier: Apache-2.0
 * update_internal.h: what the files of the update share.
 */
#ifndef SP_GATEWAY_UPDATE_INTERNAL_H
#define SP_GATEWAY_UPDATE_INTERNAL_H

#include "gateway/agreement.h"
#include "gateway/gateway_internal.h"
#include "gateway/update.h"
#include "gateway/update_watch.h"
#include "io/fiber.h"
#include "store/change.h"

enum sp_update_outcome {
    SP_UPDATE_TAKEN,
    SP_UPDATE_UNCHANGED,
    SP_UPDATE_NEEDS_RELOAD,
    SP_UPDATE_REFUSED,
};

/* A change of what is deployed, in the hands of worker 0. */
struct sp_update_change {
    struct sp_arena arena; /* of everything below */
    struct sp_store_change what;
    struct sp_str path, state_path; /* files */
    struct sp_str archive;          /* bytes that are brought */
    bool was_stopped;
    bool unchanged; /* it is so already */
    /* Why not: */
    unsigned http_status;
    struct sp_error err;
    struct sp_str details; /* ptr NULL: none */
};

/* Somebody who asked for an update and waits for its outcome. */
struct sp_update_request {
    struct sp_fiber *fiber; /* NULL: gone; the update's fiber frees it */
    bool done;
    enum sp_update_outcome outcome;
    struct sp_buf text;              /* what to tell, lines */
    struct sp_update_change *change; /* NULL: the files are to be looked at */
    struct sp_update_request *next;
};

struct sp_update {
    struct sp_gateway *gateway;
    const struct sp_worker *worker;
    struct sp_update_options options;
    struct sp_agreement *agreement;
    uint64_t in_use, voted, failed; /* words */
    struct sp_generation *prepared; /* of the proposal `prepared_for` */
    uint64_t prepared_for;
    struct sp_watch told;    /* of event_fd */
    struct sp_fiber *fiber;  /* that does everything; NULL: ended */
    bool stopping, outdated; /* outdated: the engine was reloaded, others lead now */
    bool attention;          /* something may have happened since the fiber looked */
    bool begun;              /* to lead: what was left over is gone */

    /* Of worker 0: */
    struct sp_update_watch watch;
    unsigned watched;                     /* domains */
    int64_t next_look_us, latest_look_us; /* monotonic; 0: none */
    struct sp_update_request *first, *last;
    struct sp_listener *control;
    unsigned control_fibers;
};

static inline bool sp_update_leads(const struct sp_update *update)
{
    return update->worker->index == 0;
}

/* update.c. Look again, and let the others look. */
void sp_update_attend(struct sp_update *update);
void sp_update_tell_all(const struct sp_update *update);
/* Load a configuration from files; in any thread. */
enum sp_status sp_update_load(const struct sp_update_options *options, struct sp_file_set *files,
                              struct sp_problems *problems, struct sp_config **ret_config,
                              struct sp_error *err) SP_MUST_CHECK;
/* The rest of a generation, by a thread. */
enum sp_status io_update_compile(struct sp_generation *generation, struct sp_file_set *files,
                                 struct sp_error *err) SP_MUST_CHECK;
/* Begin to use it. */
void sp_update_use(struct sp_update *update, uint64_t word, struct sp_generation *generation);

/* update_lead.c */
void io_update_lead(struct sp_update *update);
/* When to look at the files again; 0: not by itself. */
int64_t sp_update_lead_deadline(const struct sp_update *update);
void sp_update_lead_init(struct sp_update *update, const struct sp_file_set *files);
void sp_update_lead_finish(struct sp_update *update);

/* update_deploy.c. Whether a change may be made, and what it concerns; otherwise why not. */
bool sp_update_change_allowed(struct sp_update_change *change, const struct sp_generation *present);
/* The files as the change makes them; in any thread. */
enum sp_status sp_update_change_read(struct sp_update_change *change, const struct sp_config *present,
                                     const struct sp_file_set *base, struct sp_file_set **ret_files,
                                     struct sp_error *err) SP_MUST_CHECK;
/* Put them on the disk; in any thread. SP_EIO. */
enum sp_status sp_update_change_publish(struct sp_update_change *change, struct sp_file_set *files,
                                        struct sp_error *err) SP_MUST_CHECK;
/* It is in use. */
void sp_update_change_done(const struct sp_update_change *change, const struct sp_generation *before,
                           const struct sp_generation *after);
/* After a start: remove what interrupted changes left over, and tell whether the disk has another state of
 * archives than `files`, because who made a change ended before it was in use. In any thread. */
bool sp_update_store_begin(const struct sp_config *config, const struct sp_file_set *files);
/* It could not be made: what the client is told. */
void sp_update_change_failed(struct sp_update_change *change, const struct sp_error *why);

/* update_control.c */
#define SP_UPDATE_CHANGE "change "
void sp_update_request_free(struct sp_update_request *request);
enum sp_status sp_update_control_open(struct sp_update *update, struct sp_error *err) SP_MUST_CHECK;
void sp_update_control_close(struct sp_update *update);

#endif
