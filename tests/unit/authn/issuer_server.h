/* SPDX-License-Identifier: Apache-2.0
 * issuer_server.h: an OAuth server for tests, in the same loop as what is tested: answers GET /keys, GET
 * /.well-known/openid-configuration, GET /userinfo and POST /introspect with what the test says, and keeps
 * the last request.
 */
#ifndef SP_TESTS_ISSUER_SERVER_H
#define SP_TESTS_ISSUER_SERVER_H

#include "base/arena.h"

struct sp_loop;

enum issuer_page { ISSUER_KEYS, ISSUER_DISCOVERY, ISSUER_USERINFO, ISSUER_INTROSPECT, ISSUER_PAGES };

struct issuer_server {
    struct sp_listener *listener;
    unsigned port;
    struct {
        unsigned status; /* 0: 200 */
        const char *header, *body;
        unsigned delay_ms;
        unsigned asked;
    } pages[ISSUER_PAGES];
    char last[16384]; /* request, whole */
};

/* On any port of 127.0.0.1. */
bool issuer_server_start(struct issuer_server *server, struct sp_loop *loop);
void issuer_server_stop(struct issuer_server *server);
/* "http://127.0.0.1:<port><path>", in the arena. */
struct sp_str issuer_server_url(const struct issuer_server *server, const char *path, struct sp_arena *arena);

#endif
