/* SPDX-License-Identifier: Apache-2.0
 * From what proxies say to the client of a request: read sp_peer_resolve first.
 */
#include "engine/peer_internal.h"

#include <stdio.h>

#include "engine/message.h"
#include "io/origin.h"

enum kind {
    FORWARDED,
    X_FOR,
    X_PROTO,
    X_HOST,
    X_PORT,
    WS_SECURE,
    WS_SCHEME,
    WS_NAME,
    WS_PORT,
    WS_ADDRESS,
    WS_CERTIFICATE,
    KINDS
};

static const struct sp_str names[KINDS] = {
    [FORWARDED] = SP_STR_INIT("Forwarded"),
    [X_FOR] = SP_STR_INIT("X-Forwarded-For"),
    [X_PROTO] = SP_STR_INIT("X-Forwarded-Proto"),
    [X_HOST] = SP_STR_INIT("X-Forwarded-Host"),
    [X_PORT] = SP_STR_INIT("X-Forwarded-Port"),
    [WS_SECURE] = SP_STR_INIT("$WSIS"),
    [WS_SCHEME] = SP_STR_INIT("$WSSC"),
    [WS_NAME] = SP_STR_INIT("$WSSN"),
    [WS_PORT] = SP_STR_INIT("$WSSP"),
    [WS_ADDRESS] = SP_STR_INIT("$WSRA"),
    [WS_CERTIFICATE] = SP_STR_INIT("$WSCC"),
};

/* What is known of the client; ptr NULL: nobody said it. */
struct claims {
    struct sp_str address, proto, host, port;
    unsigned client_port;
};

struct resolving {
    const struct sp_peer_rules *rules;
    const struct sp_peer_memory *memory;
    struct sp_http_header *headers;
    struct sp_http_request *request;
    struct sp_error *err;
    struct sp_ip_text peer;
    bool is_proxy, is_origin, is_sensitive;
    size_t counts[KINDS];
    struct sp_str first[KINDS];
    struct claims claims;
};

/* ---------------------------------------------------------------- the headers */

static bool is_private(struct sp_str name)
{
    return name.len >= 3 && name.ptr[0] == '$' && sp_lower(name.ptr[1]) == 'w' &&
           sp_lower(name.ptr[2]) == 's';
}

/* KINDS: none of ours. */
static enum kind kind_of(struct sp_str name)
{
    char c = name.len ? sp_lower(name.ptr[0]) : '\0';
    if (c != '$' && c != 'x' && c != 'f')
        return KINDS;
    for (unsigned kind = 0; kind < KINDS; kind++)
        if (sp_str_caseless_eq(name, names[kind]))
            return (enum kind)kind;
    return KINDS;
}

static void collect(struct resolving *r)
{
    for (size_t i = 0; i < r->request->header_count; i++) {
        enum kind kind = kind_of(r->headers[i].name);
        if (kind < KINDS && r->counts[kind]++ == 0)
            r->first[kind] = r->headers[i].value;
    }
}

/* The next header of that kind; from *at = 0 on. */
static bool next_of(const struct resolving *r, enum kind kind, size_t *at, struct sp_str *ret_value)
{
    for (size_t i = *at; r->counts[kind] && i < r->request->header_count; i++)
        if (kind_of(r->headers[i].name) == kind) {
            *ret_value = r->headers[i].value;
            *at = i + 1;
            return true;
        }
    return false;
}

static void take_out(struct sp_http_header *headers, struct sp_http_request *request, bool forwarding)
{
    size_t kept = 0;
    for (size_t i = 0; i < request->header_count; i++)
        if (!is_private(headers[i].name) && !(forwarding && kind_of(headers[i].name) < KINDS))
            headers[kept++] = headers[i];
    request->header_count = kept;
}

void sp_peer_strip(struct sp_http_header *headers, struct sp_http_request *request)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (is_private(headers[i].name)) {
            take_out(headers, request, false);
            return;
        }
}

/* ---------------------------------------------------------------- claims */

static enum sp_status refuse(struct resolving *r, struct sp_str header, const char *why)
{
    return sp_error_set(r->err, SP_EINVAL, SP_MSG_PEER_REFUSED, "%.*s from the proxy %s %s",
                        SP_STR_ARG(header), r->peer.text, why);
}

static enum sp_status no_memory(struct resolving *r)
{
    return sp_error_set(r->err, SP_ENOMEM, NULL, "no memory for the client's address");
}

/* Two headers may say the same, but not two things. */
static enum sp_status claim(struct resolving *r, enum kind from, struct sp_str *place, struct sp_str value)
{
    if (place->ptr && !sp_str_caseless_eq(*place, value))
        return refuse(r, names[from], "contradicts another header of the request");
    *place = value;
    return SP_OK;
}

static enum sp_status claim_address(struct resolving *r, enum kind from, const struct sp_forwarded_node *node)
{
    size_t len = strlen(node->address.text);
    char *copy = r->memory->take(r->memory->arg, len + 1);
    if (!copy)
        return no_memory(r);
    memcpy(copy, node->address.text, len + 1);
    r->claims.client_port = node->port;
    return claim(r, from, &r->claims.address, sp_str_from(copy, len));
}

static enum sp_status claim_proto(struct resolving *r, enum kind from, struct sp_str value)
{
    if (!value.ptr)
        return SP_OK;
    if (!sp_str_caseless_eq(value, SP_STR("https")) && !sp_str_caseless_eq(value, SP_STR("http")))
        return refuse(r, names[from], "names a scheme that is neither http nor https");
    return claim(r, from, &r->claims.proto, value);
}

static enum sp_status claim_host(struct resolving *r, enum kind from, struct sp_str value)
{
    if (!value.ptr)
        return SP_OK;
    if (value.len > SP_PEER_HOST_MAX || !sp_http_is_host(value))
        return refuse(r, names[from], "is no host");
    return claim(r, from, &r->claims.host, value);
}

static enum sp_status claim_port(struct resolving *r, enum kind from, struct sp_str value)
{
    uint64_t port;
    if (!value.ptr)
        return SP_OK;
    if (sp_str_to_u64(value, &port) != SP_OK || port == 0 || port > 65535)
        return refuse(r, names[from], "is no port");
    return claim(r, from, &r->claims.port, value);
}

/* ---------------------------------------------------------------- headers of the web server plug-in */

static enum sp_status read_secure(struct resolving *r)
{
    struct sp_str value = r->first[WS_SECURE];
    if (!value.ptr)
        return SP_OK;
    bool yes = sp_str_caseless_eq(value, SP_STR("true"));
    if (!yes && !sp_str_caseless_eq(value, SP_STR("false")))
        return refuse(r, names[WS_SECURE], "is neither true nor false");
    return claim_proto(r, WS_SECURE, yes ? SP_STR("https") : SP_STR("http"));
}

static enum sp_status read_origin(struct resolving *r)
{
    enum sp_status status = read_secure(r);
    if (status == SP_OK)
        status = claim_proto(r, WS_SCHEME, r->first[WS_SCHEME]);
    if (status == SP_OK)
        status = claim_host(r, WS_NAME, r->first[WS_NAME]);
    return status == SP_OK ? claim_port(r, WS_PORT, r->first[WS_PORT]) : status;
}

/* The connection's own certificate is the proxy's, and nobody's but his. */
static enum sp_status read_sensitive(struct resolving *r)
{
    struct sp_forwarded_node node;
    enum sp_status status = SP_OK;
    r->request->client_certificate = (struct sp_str){NULL, 0};
    r->request->client_issuers = NULL;
    r->request->client_issuer_count = 0;
    if (r->counts[WS_CERTIFICATE])
        status = sp_peer_certificate(r->rules, r->first[WS_CERTIFICATE], r->memory, r->request, r->err);
    if (status != SP_OK || !r->counts[WS_ADDRESS])
        return status;
    if (sp_forwarded_node_read(r->first[WS_ADDRESS], &node) != SP_OK)
        return refuse(r, names[WS_ADDRESS], "is no address");
    return claim_address(r, WS_ADDRESS, &node);
}

static enum sp_status read_private(struct resolving *r)
{
    enum sp_status status = SP_OK;
    for (unsigned kind = WS_SECURE; kind < KINDS; kind++)
        if (r->counts[kind] > 1 && (kind < WS_ADDRESS ? r->is_origin : r->is_sensitive))
            return refuse(r, names[kind], "comes more than once");
    if (r->is_origin)
        status = read_origin(r);
    return status == SP_OK && r->is_sensitive ? read_sensitive(r) : status;
}

/* ---------------------------------------------------------------- Forwarded and X-Forwarded-For */

static enum sp_status read_hops(struct resolving *r, enum kind kind, struct sp_forwarded *list)
{
    struct sp_str value;
    struct sp_error reason = SP_ERROR_INIT;
    list->count = 0;
    for (size_t at = 0; next_of(r, kind, &at, &value);) {
        enum sp_status status = kind == FORWARDED ? sp_forwarded_add(list, value, &reason)
                                                  : sp_forwarded_add_nodes(list, value, &reason);
        if (status != SP_OK)
            return refuse(r, names[kind], reason.text);
    }
    return SP_OK;
}

/* From the nearest proxy towards the client. Gives the number of the element that tells of the client, or of
 * the farthest proxy that is known; list->count when there is none. */
static enum sp_status walk(struct resolving *r, enum kind kind, const struct sp_forwarded *list,
                           size_t *ret_index)
{
    struct sp_forwarded_node node = {.port = 0}, next;
    bool found = false;
    *ret_index = list->count;
    for (size_t i = list->count; i-- > 0;) {
        *ret_index = i;
        enum sp_status status =
            list->hops[i].node.ptr ? sp_forwarded_node_read(list->hops[i].node, &next) : SP_ENOTFOUND;
        if (status == SP_ESYNTAX)
            return refuse(r, names[kind], "names something that is no address");
        if (status != SP_OK)
            break;
        node = next;
        found = true;
        if (!sp_peer_matches(r->rules, &node.address))
            break;
    }
    return found ? claim_address(r, kind, &node) : SP_OK;
}

/* A list that runs beside X-Forwarded-For gives the element of the client; one value is everybody's. Which of
 * several belongs to the client cannot be told otherwise. */
static struct sp_str beside(const struct resolving *r, enum kind kind, size_t count, size_t index)
{
    struct sp_str line, part, only = {NULL, 0}, found = {NULL, 0};
    size_t parts = 0;
    for (size_t at = 0; next_of(r, kind, &at, &line);) {
        while (sp_str_split(&line, ',', &part)) {
            only = sp_str_trim(part);
            if (parts++ == index)
                found = only;
        }
    }
    if (parts == 1)
        return only;
    return parts == count ? found : (struct sp_str){NULL, 0};
}

static enum sp_status read_x(struct resolving *r)
{
    struct sp_forwarded list;
    size_t index;
    enum sp_status status = read_hops(r, X_FOR, &list);
    if (status == SP_OK)
        status = walk(r, X_FOR, &list, &index);
    if (status == SP_OK)
        status = claim_proto(r, X_PROTO, beside(r, X_PROTO, list.count, index));
    if (status == SP_OK)
        status = claim_host(r, X_HOST, beside(r, X_HOST, list.count, index));
    return status == SP_OK ? claim_port(r, X_PORT, beside(r, X_PORT, list.count, index)) : status;
}

static enum sp_status read_forwarded(struct resolving *r)
{
    struct sp_forwarded list;
    size_t index;
    enum sp_status status = read_hops(r, FORWARDED, &list);
    if (status == SP_OK)
        status = walk(r, FORWARDED, &list, &index);
    if (status != SP_OK || index == list.count)
        return status;
    status = claim_proto(r, FORWARDED, list.hops[index].proto);
    return status == SP_OK ? claim_host(r, FORWARDED, list.hops[index].host) : status;
}

static enum sp_status read_proxies(struct resolving *r)
{
    bool x = r->counts[X_FOR] || r->counts[X_PROTO] || r->counts[X_HOST] || r->counts[X_PORT];
    bool forwarded = r->counts[FORWARDED] > 0;
    if (r->rules->header == SP_CFG_FORWARDED_ANY && x && forwarded)
        return refuse(r, names[FORWARDED],
                      "comes with X-Forwarded-... headers, and one of them may be the client's; remoteIp, "
                      "sallyport_header says which to take");
    if (r->rules->header != SP_CFG_FORWARDED_X && forwarded)
        return read_forwarded(r);
    return r->rules->header != SP_CFG_FORWARDED_RFC && x ? read_x(r) : SP_OK;
}

/* ---------------------------------------------------------------- the result */

static size_t port_at(struct sp_str host)
{
    size_t bracket = sp_str_find(host, ']');
    size_t from = bracket < host.len ? bracket : 0;
    return from + sp_str_find(sp_str_slice(host, from, host.len), ':');
}

/* The host as the client wrote it: with the port, unless it is that of the scheme. */
static enum sp_status apply_host(struct resolving *r)
{
    struct sp_http_request *request = r->request;
    const struct claims *claims = &r->claims;
    uint64_t port = 0;
    enum sp_status unread = SP_OK;
    if (claims->host.ptr)
        request->host = claims->host;
    size_t colon = port_at(request->host);
    if (claims->port.ptr)
        unread = sp_str_to_u64(claims->port, &port);
    else if (claims->host.ptr && colon < request->host.len)
        unread = sp_str_to_u64(sp_str_slice(request->host, colon + 1, request->host.len), &port);
    else if (claims->proto.ptr)
        port = request->tls ? 443 : 80;
    if (unread == SP_OK && port > 0 && port <= 65535)
        request->local_port = (unsigned)port;
    if (!claims->port.ptr || colon > SP_PEER_HOST_MAX)
        return SP_OK;
    char *text = r->memory->take(r->memory->arg, colon + sizeof ":65535");
    if (!text)
        return no_memory(r);
    bool own = port == (request->tls ? 443u : 80u);
    int len = snprintf(text, colon + sizeof ":65535", "%.*s", (int)colon, request->host.ptr);
    if (!own)
        len += snprintf(text + len, sizeof ":65535", ":%u", request->local_port);
    request->host = sp_str_from(text, (size_t)len);
    return SP_OK;
}

static enum sp_status apply(struct resolving *r)
{
    struct sp_http_request *request = r->request;
    const struct claims *claims = &r->claims;
    request->proxy_address = request->peer_address;
    if (claims->address.ptr) {
        request->peer_address = claims->address;
        request->peer_port = claims->client_port;
    }
    if (claims->proto.ptr) {
        request->tls = sp_str_caseless_eq(claims->proto, SP_STR("https"));
        /* Where the proxy listens with TLS is not said; redirects go to where https is at home. */
        request->https_port = 443;
    }
    return apply_host(r);
}

enum sp_status sp_peer_resolve(const struct sp_peer_rules *rules, const struct sp_peer_memory *memory,
                               struct sp_http_header *headers, struct sp_http_request *request,
                               struct sp_error *err)
{
    struct resolving r = {
        .rules = rules, .memory = memory, .headers = headers, .request = request, .err = err};
    if (sp_ip_text_read(request->peer_address, &r.peer) == SP_OK) {
        r.is_proxy = sp_peer_matches(rules, &r.peer);
        r.is_origin = sp_peer_is_origin(&rules->plain, &r.peer);
        r.is_sensitive = sp_peer_is_origin(&rules->sensitive, &r.peer);
    }
    if (!r.is_proxy && !r.is_origin && !r.is_sensitive) {
        take_out(headers, request, true);
        return SP_OK;
    }
    collect(&r);
    enum sp_status status = read_private(&r);
    if (status == SP_OK && r.is_proxy)
        status = read_proxies(&r);
    if (status == SP_OK)
        status = apply(&r);
    if (status == SP_OK)
        take_out(headers, request, !r.is_proxy);
    return status;
}
