/* SPDX-License-Identifier: Apache-2.0
 * fuzz_peer.c: any headers, one a line, from a proxy that is trusted for everything: the client found is an
 * address, its host a host, and none of the headers is left that only proxies may send.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "engine/peer.h"
#include "io/origin.h"
#include "text/ip_range.h"

#define HEADERS_MAX 64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *take(void *arg, size_t size)
{
    return sp_arena_alloc(arg, size);
}

static struct sp_peer_rules *rules_of(unsigned header)
{
    static struct sp_str star[] = {SP_STR_INIT("*")};
    const struct sp_cfg_remote_ip remote = {.proxies = SP_STR("10\\..*|::1"), .header = header};
    const struct sp_cfg_http_endpoint endpoint = {.remote_ip = &remote};
    const struct sp_config config = {.endpoints = &endpoint,
                                     .endpoint_count = 1,
                                     .dispatcher = {.origins = {star, 1}, .sensitive_origins = {star, 1}}};
    struct sp_peer_rules *rules = NULL;
    if (sp_peer_rules_new(&config, 0, &rules, NULL) != SP_OK)
        abort();
    return rules;
}

static void check(const struct sp_http_request *request)
{
    struct sp_ip ip;
    if (sp_ip_read(request->peer_address, &ip) != SP_OK || !sp_http_is_host(request->host) ||
        request->peer_port > 65535 || request->local_port > 65535)
        abort();
    for (size_t i = 0; i < request->header_count; i++)
        if (sp_str_starts(request->headers[i].name, SP_STR("$WS")))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sp_peer_rules *rules[3];
    struct sp_http_header headers[HEADERS_MAX];
    struct sp_http_request request = {
        .peer_address = SP_STR("10.0.0.1"), .host = SP_STR("localhost:9443"), .headers = headers};
    struct sp_str rest = sp_str_from(data, size), line;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_arena arena;
    unsigned which = size ? data[0] % 3 : 0;
    while (request.header_count < HEADERS_MAX && sp_str_split(&rest, '\n', &line)) {
        size_t colon = sp_str_find(line, ':');
        headers[request.header_count++] = (struct sp_http_header){
            sp_str_slice(line, 0, colon), sp_str_trim(sp_str_slice(line, colon + 1, line.len))};
    }
    if (!rules[which])
        rules[which] = rules_of(which);
    sp_arena_init(&arena, 1 << 20);
    const struct sp_peer_memory memory = {take, &arena};
    if (sp_peer_resolve(rules[which], &memory, headers, &request, &err) == SP_OK)
        check(&request);
    else if (!err.text[0])
        abort();
    sp_arena_finish(&arena);
    return 0;
}
