/* SPDX-License-Identifier: Apache-2.0 */
#include "io/origin.h"

#include <stdio.h>

#define HTTPS_PORT 443u
#define HTTP_PORT 80u

static bool has_only(struct sp_str text, const char *others)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = sp_lower(text.ptr[i]);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr(others, c))))
            return false;
    }
    return text.len > 0;
}

bool sp_http_is_host(struct sp_str host)
{
    bool bracket = host.len && host.ptr[0] == '[';
    size_t end = bracket ? sp_str_find(host, ']') : sp_str_find(host, ':');
    struct sp_str name = sp_str_slice(host, bracket, end);
    struct sp_str rest = sp_str_slice(host, end + bracket, host.len);
    if (!has_only(name, bracket ? ":." : ".-_") || (bracket && end == host.len))
        return false;
    for (size_t i = 0; i < rest.len; i++)
        if (i == 0 ? rest.ptr[i] != ':' : rest.ptr[i] < '0' || rest.ptr[i] > '9')
            return false;
    return true;
}

/* Without ":port"; colons inside brackets belong to an IPv6 address. */
static struct sp_str without_port(struct sp_str host)
{
    size_t bracket = sp_str_find(host, ']');
    size_t from = bracket < host.len ? bracket : 0;
    size_t colon = from + sp_str_find(sp_str_slice(host, from, host.len), ':');
    return sp_str_slice(host, 0, colon);
}

struct sp_str sp_http_origin(const struct sp_http_request *request, bool tls, unsigned port,
                             struct sp_arena *arena)
{
    struct sp_str host = request->host, local = request->local_address;
    const char *scheme = tls ? "https" : "http";
    bool usable = sp_http_is_host(host);
    if (usable && port == 0)
        return sp_arena_printf(arena, "%s://%.*s", scheme, SP_STR_ARG(host));
    bool bracket = !usable && sp_str_find(local, ':') < local.len;
    struct sp_str name = usable ? without_port(host) : local;
    if (port == 0)
        port = request->local_port;
    char suffix[16] = "";
    if (port != (tls ? HTTPS_PORT : HTTP_PORT))
        snprintf(suffix, sizeof suffix, ":%u", port);
    return sp_arena_printf(arena, "%s://%s%.*s%s%s", scheme, bracket ? "[" : "", SP_STR_ARG(name),
                           bracket ? "]" : "", suffix);
}
