/* SPDX-License-Identifier: Apache-2.0
 * request_log.c: what nginx adds to its own messages about a request: method and path.
 *
 * By itself it adds the request line and the Referer as they came, and with them what is in their queries:
 * authorization codes, states, keys of callers. What it says before this is set is below the level of the
 * log.
 */
#include "engine/module.h"

static u_char *describe(ngx_http_request_t *r, ngx_http_request_t *sr, u_char *buf, size_t len)
{
    ngx_str_t line = r->request_line;
    u_char *query = line.len ? ngx_strlchr(line.data, line.data + line.len, '?') : NULL;
    (void)sr;
    if (query)
        line.len = (size_t)(query - line.data);
    return ngx_snprintf(buf, len, ", request: \"%V%s\"", &line, query ? "?..." : "");
}

static ngx_int_t take_request(ngx_http_request_t *r)
{
    r->log_handler = describe;
    return NGX_DECLINED;
}

ngx_int_t engine_request_log_init(ngx_conf_t *cf)
{
    ngx_http_core_main_conf_t *core = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    ngx_http_handler_pt *handler = ngx_array_push(&core->phases[NGX_HTTP_POST_READ_PHASE].handlers);
    if (!handler)
        return NGX_ERROR;
    *handler = take_request;
    return NGX_OK;
}
