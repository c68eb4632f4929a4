/* SPDX-License-Identifier: Apache-2.0
 * http_client.h: calls to other systems over HTTP (RFC 9110), by libcurl on the loop, for use in a fiber.
 *
 * A client has its own connections, which its fetches share: HTTP/1.1, and HTTP/2 where a TLS server offers
 * it. Whom it trusts and what it presents is one TLS context, so a client never shares a connection with one
 * of another trust. Redirects are not followed, cookies not kept, contents not decoded; nothing of the
 * process's environment counts (no http_proxy, no_proxy, no .netrc, no SSL_CERT_FILE).
 */
#ifndef SP_IO_HTTP_CLIENT_H
#define SP_IO_HTTP_CLIENT_H

#include "base/arena.h"
#include "io/port.h"

struct sp_loop;
struct sp_http_client;

#define SP_FETCH_URL_MAX 8192u
#define SP_FETCH_HEADERS_MAX 100u
#define SP_FETCH_HEAD_BYTES_MAX 65536u

struct sp_http_client_options {
    void *ssl_ctx;                     /* SSL_CTX * of OpenSSL: trust, key to present, versions, ciphers. The
                                          client takes a reference. NULL: https is refused */
    unsigned max_connections;          /* open at once, further fetches wait for one. 0: 100 */
    unsigned max_connections_per_host; /* 0: 20 */
    unsigned max_fetches;              /* under way at once, those that wait among them. 0: 1000 */
    int64_t connect_timeout_us;        /* TLS handshake included. 0: 30 s */
    int64_t idle_timeout_us;           /* a connection unused for longer is not used again. 0: 60 s */
    bool http1_only;
    struct sp_str proxy_url;                  /* http://host:port; empty: none. Copied, as those below */
    struct sp_str proxy_user, proxy_password; /* Basic. user ptr NULL: none */
    struct sp_str no_proxy;                   /* hosts and domains without proxy, by commas */
};

/* In the loop's thread; opens nothing yet. SP_EINVAL for a proxy that cannot be one, SP_ENOMEM. */
enum sp_status sp_http_client_new(struct sp_loop *loop, const struct sp_http_client_options *options,
                                  struct sp_http_client **ret_client, struct sp_error *err) SP_MUST_CHECK;
/* Fetches under way end with SP_ECANCELED in the loop's next turn; the memory goes with the last. Before the
 * loop is freed. Accepts NULL. */
void sp_http_client_free(struct sp_http_client *client);

struct sp_fetch_request {
    struct sp_str method; /* empty: GET */
    struct sp_str url;    /* http or https, without user and password; at most SP_FETCH_URL_MAX bytes */
    const struct sp_http_header *headers; /* Content-Type is sent only when it is here */
    size_t header_count;
    struct sp_str body;           /* ptr NULL: none */
    struct sp_str user, password; /* Basic (RFC 7617); user ptr NULL: none. Sent as they are */
    size_t max_response_bytes;    /* of the body. 0: 1 MiB */
    bool any_host_name;           /* the certificate may be of another host; its chain counts all the same */
    bool fresh_connection;        /* On a connection that was used before a peer may close just as a request
                                     comes: then the request is sent once more. Where it must not be sent
                                     twice, use a new connection. */
    void (*progress)(void *arg, size_t sent,
                     size_t total); /* of the body, now and then; NULL: nobody is told */
    void *progress_arg;
};

struct sp_fetch_response {
    unsigned status;                      /* 200..599 */
    const struct sp_http_header *headers; /* in their order, without trailers */
    size_t header_count;
    struct sp_str body;
};

/* Send the request and wait for the whole response, whatever its status; the response is in the arena. The
 * deadline is monotonic microseconds, 0: none. SP_EINVAL (URL, header; nothing was sent), SP_EUNAVAIL (name
 * unknown, connection refused), SP_ETIMEDOUT, SP_EDENIED (the server's certificate is refused), SP_ECLOSED
 * (ended before the response was whole), SP_EPROTO, SP_ELIMIT (response too large, too many fetches),
 * SP_ECANCELED, SP_ENOMEM. The error's text has method and URL without query. Only in a fiber of the client's
 * loop. */
enum sp_status io_http_fetch(struct sp_http_client *client, const struct sp_fetch_request *request,
                             int64_t deadline_us, struct sp_arena *arena,
                             struct sp_fetch_response *ret_response, struct sp_error *err) SP_MUST_CHECK;

/* The value of the first header of that name, or a view with ptr NULL. */
struct sp_str sp_fetch_header(const struct sp_fetch_response *response, const char *name);

struct sp_http_client_counts {
    unsigned running;  /* fetches under way */
    uint64_t fetches;  /* that had a response */
    uint64_t failures; /* that had none */
    uint64_t connects; /* connections made */
};
void sp_http_client_counts(const struct sp_http_client *client, struct sp_http_client_counts *ret_counts);

#endif
