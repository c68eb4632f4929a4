/* SPDX-License-Identifier: Apache-2.0
 * module.h: private to the nginx module; the only header that includes nginx.
 *
 * Rules of the adapter, each of which an nginx module must keep (the places say which):
 *  1 nginx's own events are edge-triggered; the loop's descriptor is watched level-triggered.
 *  2 Nothing is initialised in the master but plain memory; threads and sockets begin in the worker.
 *  3 A request is finalised exactly once, by exchange_finish and nobody else, and posted requests are run.
 *  4 The handler lets go of everything before the request is finalised: the reply is only copied when it
 *    comes, and finalising is posted to nginx's queue, outside of any fiber.
 *  5 A client that goes away cancels the exchange: by the request's cleanup, whatever way it ends.
 *  6 A half-closed client counts as gone; nothing of ours holds the request then.
 *  7 The body is in one piece of memory when the handler sees it.
 *  8 Where a body is still to come, the handler is started when the header is there, and asks for it
 *    (io/port.h). It is not read, and 100 Continue not sent, before that. While a handler waits for a body it
 *    costs more than a connection, so at most ENGINE_AWAITED_MAX do in a worker; beyond that bodies are read
 *    first. When a reply comes before the body, a short rest is skipped so that the connection can be used
 * on; otherwise the connection is closed, lingering, so that the client sees the reply.
 */
#ifndef SP_ENGINE_MODULE_H
#define SP_ENGINE_MODULE_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_http_ssl_module.h>

#include "engine/app.h"
#include "engine/bodies.h"
#include "engine/chunks.h"
#include "io/loop.h"

/* At the start of the memory that all workers share; the app's part follows. Lives until the server ends,
 * across reloads, unless a reload changes its size. */
struct engine_shared {
    ngx_atomic_t ready;  /* workers of the present generation that take requests */
    ngx_atomic_t failed; /* a worker could not start: the master's exit status tells it */
};
#define ENGINE_SHARED_HEADER 64

struct engine_main_conf {
    ngx_array_t *args; /* struct sp_str; NULL without the directive sallyport_server */
    void *state;       /* the app's */
    unsigned workers;
    size_t shared_bytes; /* of the app's part */
    struct engine_shared *shared;
};

struct engine_server_conf {
    ngx_int_t tls_endpoint; /* whose certificate this server presents; NGX_CONF_UNSET: nginx.conf's */
    ngx_flag_t stapling;
    ngx_flag_t client_issuer;    /* whether the gateway wants the issuer of a client's certificate */
    ngx_int_t peer_endpoint;     /* whose proxies it believes; NGX_CONF_UNSET: nobody */
    struct sp_peer_rules *peers; /* NULL: nobody */
};

struct engine_location_conf {
    ngx_uint_t endpoint;
    ngx_uint_t https_port;
    ngx_flag_t refused;       /* requests whose client nginx refused come here for their answer */
    ngx_flag_t server_header; /* off: answers do not name the server */
    ngx_uint_t max_headers;
    size_t max_field;         /* bytes of a header's name or value */
    ngx_msec_t body_patience; /* a body may take so long, plus its bytes / body_rate */
    size_t body_rate;         /* bytes a second */
    size_t client_bodies;     /* most bytes of bodies that a client has in a worker */
};

/* The worker's one instance; handler.start is NULL until it runs. */
struct engine_worker {
    struct sp_worker port;
    struct sp_handler handler;
    ngx_connection_t *loop_watch;
    ngx_event_t in_flight_timer;
    ngx_queue_t in_flight; /* exchanges the handler has */
    unsigned stopping;
    struct sp_bodies bodies;
    unsigned awaited; /* bodies that the handler has asked for and that have not come */
};

struct engine_exchange {
    struct sp_exchange port;
    struct sp_http_request request;
    ngx_http_request_t *r;
    ngx_http_cleanup_t *cleanup;
    ngx_queue_t link; /* in engine_worker.in_flight */
    ngx_event_t finish;
    ngx_event_t body_timer;
    ngx_event_t body_count;                /* posted before nginx reads, so that it runs after */
    ngx_http_event_handler_pt body_reader; /* nginx's, while the body is read */
    struct sp_chunks chunks;               /* of a chunked body */
    ngx_recv_pt receive;                   /* the connection's own, while the body is looked over */
    unsigned spoil_next;
    unsigned account; /* in engine_worker.bodies, where it has `taken` bytes */
    uint64_t taken;
    ngx_msec_t body_begun;
    off_t header_bytes;    /* of the request, without its body */
    unsigned with_handler; /* started, neither replied nor canceled */
    ngx_event_t read_body; /* posted when the handler asks */
    unsigned unread;       /* the handler was started before the body came */
    unsigned reading;      /* nginx reads it for the handler */
    unsigned awaits;       /* counted in engine_worker.awaited */
    ngx_uint_t status;     /* of the reply */
    ngx_buf_t *body;       /* NULL: none */
};

extern ngx_module_t ngx_http_sallyport_module;
extern struct engine_worker engine_worker;

/* Rule 8. */
#define ENGINE_AWAITED_MAX 256u
#define ENGINE_SKIP_MAX (64 << 10)

/* exchange.c */
ngx_int_t engine_content_handler(ngx_http_request_t *r);
/* Cancels what the handler has, for the end of the worker. */
void engine_cancel_all(void);

/* listen.c: closes connections that speak the PROXY protocol and may not, before they are read. */
ngx_int_t engine_init_module(ngx_cycle_t *cycle);

/* framing.c: NGX_OK, or the status to refuse the request with. Between the two nginx reads the body. */
ngx_int_t engine_watch_framing(ngx_http_request_t *r, struct engine_exchange *exchange);
void engine_unwatch_framing(struct engine_exchange *exchange);

/* handshake.c: tell the app of fatal alerts. */
void engine_count_alerts(SSL_CTX *context);

/* stapling.c: for a context that has its certificate. */
ngx_int_t engine_staple(ngx_conf_t *cf, ngx_http_ssl_srv_conf_t *ssl);

/* facts.c: NGX_OK, or the status to refuse the request with. */
ngx_int_t engine_check_request(ngx_http_request_t *r, const struct engine_location_conf *conf);
ngx_int_t engine_fill_request(ngx_http_request_t *r, const struct engine_location_conf *conf,
                              struct sp_http_request *ret_request);
/* Says in `request` that its client is not let in. NGX_OK, or NGX_ERROR without memory. */
ngx_int_t engine_refuse_client(ngx_http_request_t *r, const char *id, struct sp_str reason,
                               struct sp_http_request *request);
/* client.c: put the client in the place of the proxies. NGX_OK, or the status to refuse the request with. */
ngx_int_t engine_find_client(ngx_http_request_t *r, struct sp_http_header *headers,
                             struct sp_http_request *request);
/* The body in one piece, after nginx has read it. NGX_OK or NGX_ERROR. */
ngx_int_t engine_fill_body(ngx_http_request_t *r, struct sp_str *ret_body);

/* answer.c: copy a reply into the request's pool and answer fields. NGX_ERROR when it cannot be sent. */
ngx_int_t engine_take_reply(ngx_http_request_t *r, const struct sp_http_reply *reply, ngx_buf_t **ret_body);
ngx_int_t engine_header_filter_init(void);

/* request_log.c: nginx's own messages tell method and path of a request, not its query nor Referer. */
ngx_int_t engine_request_log_init(ngx_conf_t *cf);

/* worker.c */
ngx_int_t engine_init_process(ngx_cycle_t *cycle);
void engine_exit_process(ngx_cycle_t *cycle);
void engine_exit_master(ngx_cycle_t *cycle);
/* An exchange began: a worker that is told to quit waits for it. */
void engine_worker_busy(void);
/* Log through nginx instead of standard error. */
void engine_log_to(ngx_log_t *log);

static inline struct sp_str engine_str(ngx_str_t s)
{
    return (struct sp_str){(const char *)s.data, s.len};
}

#endif
