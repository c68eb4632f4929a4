/* SPDX-License-Identifier: Apache-2.0
 * app.h: what the nginx module serves.
 *
 * The module (engine/module.c and its neighbours) knows nginx and the port; what answers the requests is one
 * struct sp_engine_app, linked into the same shared object: the gateway in the product, an echo in the
 * adapter's own tests, an answer from memory in the benchmark.
 */
#ifndef SP_ENGINE_APP_H
#define SP_ENGINE_APP_H

#include "engine/peer.h"
#include "engine/tls.h"
#include "io/port.h"

struct sp_engine_app {
    /* In the master process, when nginx.conf is read: at the start and at each reload. `args` are those of
     * the directive sallyport_server. A failure stops the start, or leaves the old configuration at work. */
    enum sp_status (*load)(const struct sp_str *args, size_t arg_count, void **ret_state,
                           struct sp_error *err);
    /* Frees what load gave, in every process that has it. */
    void (*unload)(void *state);
    /* How much memory the workers share. */
    size_t (*shared_bytes)(void *state, unsigned workers);
    /* Puts certificate and key of an endpoint into its TLS context, and says whether callers are asked for
     * theirs; NULL: nginx.conf names files. */
    enum sp_status (*tls)(void *state, unsigned endpoint, struct ssl_ctx_st *context,
                          enum sp_client_certificate *ret_client, struct sp_error *err);
    /* Whom an endpoint believes about its clients, for the caller to free; gives NULL when nobody. */
    enum sp_status (*peer)(void *state, unsigned endpoint, struct sp_peer_rules **ret_rules,
                           struct sp_error *err);
    /* In a worker, after fork. `worker` lives until stop returned. */
    enum sp_status (*start)(void *state, const struct sp_worker *worker, struct sp_handler *ret_handler,
                            struct sp_error *err);
    /* In a worker: a TLS connection failed with this alert, sent or received; NULL: nobody wants to know. */
    void (*alert)(void *state, bool sent, const char *what);
    /* Before the worker ends; every exchange was replied to or canceled. Also after a failed start. */
    void (*stop)(void *state);
};

/* Exactly one definition is linked into each shared object. */
extern const struct sp_engine_app sp_engine_app;

#endif
