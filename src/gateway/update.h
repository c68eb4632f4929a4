/* SPDX-License-Identifier: Apache-2.0
 * update.h: taking over changed files while requests are served.
 *
 * Worker 0 notices changes (<config updateTrigger="polled">, the same of services and APIs) or is told by
 * `sallyport server refresh` through a socket in the control directory. It reads all files into a set
 * (gateway/file_set.h), loads and checks them, and makes a generation beside the one in use. Then all workers
 * make theirs of the same set, and use it when every one of them can (gateway/agreement.h). What is wrong
 * leaves everything as it was. A worker that starts later begins with the generation that is in use.
 */
#ifndef SP_GATEWAY_UPDATE_H
#define SP_GATEWAY_UPDATE_H

#include "gateway/file_set.h"
#include "gateway/gateway.h"

/* What the workers inherit from the process that makes them. */
struct sp_update_share {
    int files_fd[2]; /* sets: that of the current generation and that of the next */
    int archives_fd; /* the archives of both */
    int event_fd;    /* "look at the agreement" */
    uint32_t epoch;  /* grows with each reload of the engine */
};
/* Before the workers are made. `files` is what the first generation of the epoch is made of. */
enum sp_status sp_update_share_open(struct sp_file_set *files, uint32_t epoch,
                                    struct sp_update_share *ret_share, struct sp_error *err) SP_MUST_CHECK;
void sp_update_share_close(struct sp_update_share *share);

struct sp_update_options {
    const struct sp_update_share *share;
    struct sp_config_options config; /* how server.xml is loaded; `files` is not looked at */
    /* Whether the engine can serve the configuration; *ret_reload: only when it is started anew. In any
     * thread. */
    enum sp_status (*accept)(void *arg, const struct sp_config *config, bool *ret_reload,
                             struct sp_error *err);
    /* Have the engine started anew, with the change; false: nobody can. NULL: as false. */
    bool (*ask_reload)(void *arg);
    void *arg;
    const char *control_dir; /* where the socket is made; NULL: none */
};
#define SP_UPDATE_SOCKET "refresh"

/* What a worker that starts begins with: the files of the generation in use and, unless it is the first of
 * the epoch, its configuration (else *ret_config is NULL). Both are the caller's. */
enum sp_status sp_update_begin(const struct sp_update_options *options, const struct sp_worker *worker,
                               uint64_t *ret_word, struct sp_file_set **ret_files,
                               struct sp_config **ret_config, struct sp_error *err) SP_MUST_CHECK;

struct sp_update;
/* Follow, and lead in worker 0. `word` is that of sp_update_begin, `files` too; they are not needed
 * afterwards, the rest must outlive it. */
enum sp_status sp_update_new(struct sp_gateway *gateway, const struct sp_worker *worker,
                             const struct sp_update_options *options, uint64_t word,
                             const struct sp_file_set *files, struct sp_update **ret_update,
                             struct sp_error *err) SP_MUST_CHECK;
/* Waits for files that are being read. Before the gateway is freed. Accepts NULL. */
void sp_update_free(struct sp_update *update);

#endif
