/* SPDX-License-Identifier: Apache-2.0
 * port.h: the port that an engine implements.
 *
 * An engine (the nginx module; a plain test program) speaks HTTP and TLS. It hands each request to the
 * gateway as a struct sp_http_request and takes one struct sp_http_reply back. Nothing in this header is of
 * nginx.
 */
#ifndef SP_IO_PORT_H
#define SP_IO_PORT_H

#include "base/str.h"

struct sp_http_header {
    struct sp_str name; /* as sent; compare caseless */
    struct sp_str value;
};

/* The listener of sallyport_monitoring. */
#define SP_ENDPOINT_MONITORING 65535u

/* Why the engine itself does not let a request in: the certificate of its client. */
struct sp_http_refusal {
    const char *id;            /* of the message */
    struct sp_str reason;      /* for the log, the audit and the client */
    struct sp_str certificate; /* DER of the one that did not verify; empty: there was none */
};

/* Everything is a view of memory that the engine keeps until the reply was given or the request was canceled.
 */
struct sp_http_request {
    struct sp_str method;
    struct sp_str target; /* as sent: path and query, not decoded */
    struct sp_str path;   /* of the target, not decoded, before '?' */
    struct sp_str query;  /* behind '?', not decoded; ptr NULL when there was none */
    struct sp_str host;   /* Host header or authority, as sent */
    const struct sp_http_header *headers;
    size_t header_count;
    struct sp_str body; /* in one piece; the engine refuses longer ones with 413. Empty as long as it has to
                           be asked for (sp_exchange) */

    /* The client: who connected, or whom trusted proxies name (engine/peer.h). */
    struct sp_str peer_address;  /* text of its IP address */
    unsigned peer_port;          /* 0: a proxy named an address only */
    struct sp_str proxy_address; /* of the proxy that connected and was believed; empty: there was none */
    struct sp_str local_address;
    unsigned local_port; /* that the client addressed */
    unsigned endpoint;   /* index of the httpEndpoint in the configuration, or SP_ENDPOINT_MONITORING */
    unsigned https_port; /* where the same endpoint listens with TLS; 0: nowhere */
    bool tls;            /* the client spoke TLS, to this engine or to a trusted proxy that says so */
    struct sp_str tls_protocol; /* "TLSv1.3" of the connection to this engine; empty without TLS */
    struct sp_str tls_cipher;
    struct sp_str client_certificate; /* DER of the verified client certificate; empty when none */
    /* DER of who issued it, whom it was verified against last; where the engine was asked for them. */
    const struct sp_str *client_issuers;
    size_t client_issuer_count;
    int64_t arrived_us; /* realtime, when the header was complete */
    /* NULL: the request is let in. Otherwise it has no body and no client_certificate, and the handler only
     * records and answers it; the connection ends with the answer. The engine sends none below 400. */
    const struct sp_http_refusal *refusal;
};

struct sp_http_reply {
    unsigned status;                      /* 100..599 */
    const struct sp_http_header *headers; /* Content-Type among them; Content-Length is the engine's */
    size_t header_count;
    struct sp_str body;
};

/* One request in work. The engine makes it, passes it to the handler, and learns of its end by `reply`. */
struct sp_exchange {
    const struct sp_http_request *request;
    /* Called exactly once, unless the engine cancels first. The engine copies what it needs before it
     * returns. */
    void (*reply)(struct sp_exchange *exchange, const struct sp_http_reply *reply);
    /* NULL: the body is in the request, or there is none. Otherwise the engine has read the header only, and
     * a client that expects 100 Continue waits for it. A handler that wants the body calls this, once, and
     * has it when sp_handler->body is called. One that refuses the request replies without it: then the body
     * is not read, but for what keeps the connection usable or lets the client see the answer. A body that
     * comes too slowly, is malformed, or too much, ends the request as when the client goes away. */
    void (*ask_body)(struct sp_exchange *exchange);
    void *handler_state; /* the handler's own */
};

/* What an engine calls. The handler may reply before sp_handler->start returns. */
struct sp_handler {
    void (*start)(void *handler, struct sp_exchange *exchange);
    /* The client is gone: the handler stops the work and must not reply any more. When it returns, nothing
     * refers to the exchange or its request. */
    void (*cancel)(void *handler, struct sp_exchange *exchange);
    /* The body that was asked for is in the request, never before ask_body has returned. NULL: the handler
     * never asks, and is started when the body has come. */
    void (*body)(void *handler, struct sp_exchange *exchange);
    void *handler;
};

struct sp_smf_share;
struct sp_library;

/* What a worker gives the handler when it starts (after fork). After a reload, workers that end their last
 * requests live on beside the new ones, with the same indexes and the same shared memory; a worker that
 * replaces one which crashed has its index. */
struct sp_worker {
    struct sp_loop *loop;
    unsigned index; /* 0 .. count-1 */
    unsigned count; /* workers */
    void *shared;   /* memory shared by all workers, zero-filled when the server started */
    size_t shared_bytes;
    struct sp_smf_share
        *audit; /* what audit records go through (intercept/smf/share.h); NULL: a way of its own */
    struct sp_library *library; /* archives that are read already (gateway/library.h); NULL: none */
};

/* The value of the first header of that name, or a view with ptr NULL. */
struct sp_str sp_http_header_get(const struct sp_http_request *request, const char *name);
/* How many headers of that name there are. */
size_t sp_http_header_count(const struct sp_http_request *request, const char *name);
/* How many cookies of that name there are. */
size_t sp_http_cookie_count(const struct sp_http_request *request, struct sp_str name);
/* The value of the first cookie of that name, or a view with ptr NULL. */
struct sp_str sp_http_cookie_get(const struct sp_http_request *request, struct sp_str name);

#endif
