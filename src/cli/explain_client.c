/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/explain_client.h"

#include "engine/peer.h"

static void *take(void *arg, size_t size)
{
    return sp_arena_alloc(arg, size);
}

static unsigned endpoint_of(const struct sp_config *config, const struct sp_http_request *request)
{
    for (size_t i = 0; i < config->endpoint_count; i++) {
        const struct sp_cfg_http_endpoint *endpoint = &config->endpoints[i];
        int64_t port = request->tls ? endpoint->https_port : endpoint->http_port;
        if (endpoint->enabled && port == (int64_t)request->local_port)
            return (unsigned)i;
    }
    return 0;
}

static void say(struct sp_authn_trace *trace, struct sp_str text)
{
    if (trace->count < SP_TRACE_STEPS_MAX)
        trace->steps[trace->count++] = (struct sp_authn_step){.step = "client", .text = text};
}

enum sp_status sp_explain_client(const struct sp_config *config, struct sp_arena *arena,
                                 struct sp_http_header *headers, struct sp_http_request *request,
                                 struct sp_authn_trace *trace, struct sp_error *err)
{
    struct sp_peer_rules *rules = NULL;
    const struct sp_peer_memory memory = {take, arena};
    request->endpoint = endpoint_of(config, request);
    enum sp_status status = sp_peer_rules_new(config, request->endpoint, &rules, err);
    if (status != SP_OK)
        return status;
    if (!rules) {
        sp_peer_strip(headers, request);
        return SP_OK;
    }
    status = sp_peer_resolve(rules, &memory, headers, request, err);
    sp_peer_rules_free(rules);
    if (status == SP_OK && request->proxy_address.len)
        say(trace, sp_arena_printf(arena, "%.*s is trusted; the client is %.*s, with %s, for host %.*s",
                                   SP_STR_ARG(request->proxy_address), SP_STR_ARG(request->peer_address),
                                   request->tls ? "https" : "http", SP_STR_ARG(request->host)));
    else if (status == SP_OK)
        say(trace,
            sp_arena_printf(arena, "%.*s is no trusted proxy, and its headers about others are not read",
                            SP_STR_ARG(request->peer_address)));
    return status;
}
