/* SPDX-License-Identifier: Apache-2.0
 * errors.h: the one object with which a step ends a request, and the reply made of it.
 */
#ifndef SP_GATEWAY_ERRORS_H
#define SP_GATEWAY_ERRORS_H

#include "base/arena.h"
#include "io/port.h"

#define SP_FAILURE_HEADERS_MAX 18u

struct sp_failure {
    unsigned status;
    struct sp_str message; /* "BAQR0431W: Service x is not available." */
    struct sp_str details; /* ptr NULL: none */
    struct sp_http_header headers[SP_FAILURE_HEADERS_MAX];
    size_t header_count;
    bool has_body; /* `body` is sent as it is, with a Content-Type among `headers`, if any */
    struct sp_str body;
};

/* "<id>: <text>", or the text alone when the error has no id. In the arena; a fixed text when that is
 * exhausted. */
struct sp_str sp_failure_text(const struct sp_error *err, struct sp_arena *arena);

/* The reply: {"errorMessage":"...","errorDetails":"..."} with < > ' " & as HTML entities, or, without `json`,
 * the texts as lines of text/plain. Headers and body live in the arena; a body too large for it is left
 * out. */
void sp_failure_reply(const struct sp_failure *failure, bool json, struct sp_arena *arena,
                      struct sp_http_reply *ret_reply);

#endif
