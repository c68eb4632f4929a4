/* SPDX-License-Identifier: Apache-2.0
 * server.h: a gateway on a loop of its own, with a real server.xml and archives in a directory made for the
 * test; for the tests of this room.
 */
#ifndef TESTS_GATEWAY_SERVER_H
#define TESTS_GATEWAY_SERVER_H

#include "config/config.h"
#include "gateway/gateway.h"
#include "io/loop.h"
#include "sor/sor.h"

struct server {
    char directory[64]; /* with a trailing '/' */
    struct sp_loop *loop;
    struct sp_worker worker;
    struct sp_config *config;
    struct sp_problems problems;
    struct sp_gateway *gateway;
    struct sp_handler handler;
    unsigned in_flight;
};

/* What a client got. */
struct reply {
    bool came;
    unsigned status;
    char headers[2048]; /* "Name: value\n" each */
    char body[8192];
};

/* A request in flight. Its memory is the engine's: gone as soon as the reply came or it was canceled. */
struct client;

/* Make the directory and put the service "enquire" and the API "accounts" there. */
void server_init(struct server *server);
/* Write server.xml: users, role and connection are there already; `manager` are attributes of
 * zosconnect_zosConnectManager, `elements` further elements. Then start. */
void server_start(struct server *server, const char *manager, const char *elements);
void server_finish(struct server *server);
/* Put an archive made of pairs "entry name", "text", ended by NULL, at a path below the directory. */
void server_archive(struct server *server, const char *path, const char *const *entries);
/* Put a file there. */
void server_file(struct server *server, const char *path, const char *text);

/* Send a request and wait for the reply. `headers`: "Name: value\n" each, or NULL. */
struct reply server_ask(struct server *server, const char *method, const char *target, const char *headers,
                        const char *body);
/* The same in steps. */
struct client *server_send(struct server *server, const char *method, const char *target, const char *headers,
                           const char *body);
/* A request whose body is still to come. */
struct client *server_send_header(struct server *server, const char *method, const char *target,
                                  const char *headers);
/* Whether the gateway has asked for the body. */
bool server_asked(const struct client *client);
/* The body has come. */
void server_give_body(struct client *client, const char *body);
/* Run the loop until the reply is there; ends the client. */
struct reply server_await(struct client *client);
/* The client goes away; ends the client. */
void server_cancel(struct client *client);

/* For every further request. */
extern bool server_tls;
extern unsigned server_https_port;
extern const char *server_host;
/* For the next start: requests at one time; 0: as many as the loop takes. */
extern unsigned server_fibers;

/* ---------------------------------------------------------------- the system of record, played by the test
 */

extern struct played_sor {
    /* What it does: */
    enum sp_status status;
    const char *error_id, *error_text;
    struct sp_str answer; /* of the COMMAREA; empty: the request's bytes */
    int64_t wait_us;      /* before it answers */
    bool hangs;           /* until the deadline */
    /* What it was asked: */
    unsigned calls, canceled;
    size_t record_count;
    unsigned char record[256];
    size_t record_len;
    char user[16], dist_name[64], correlator[80], override[64];
    char connection[32], overrides[128]; /* id; "name=value;" each */
} played_sor;

/* The archives, for tests that change them. */
extern const char *const server_service[];
extern const char *const server_api[];

#define FRED "Authorization: Basic ZnJlZDpmcmVkcHdk\n"    /* in CLERKS, has the role */
#define EVE "Authorization: Basic ZXZlOmV2ZXB3ZA==\n"     /* in no group, has the role */
#define MALLORY "Authorization: Basic bWFsbG9yeTptYWw=\n" /* has no role */

#endif
