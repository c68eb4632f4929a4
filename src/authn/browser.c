/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/browser.h"

static bool is_safe(struct sp_str method)
{
    return sp_str_is(method, "GET") || sp_str_is(method, "HEAD") || sp_str_is(method, "OPTIONS");
}

bool sp_browser_navigates(const struct sp_http_request *request)
{
    struct sp_str mode = sp_http_header_get(request, "Sec-Fetch-Mode");
    return (sp_str_is(request->method, "GET") || sp_str_is(request->method, "HEAD")) &&
           (!mode.ptr || sp_str_is(mode, "navigate")) && !sp_http_header_get(request, "X-Requested-With").ptr;
}

static bool is_forged(const struct sp_http_request *request)
{
    return !is_safe(request->method) &&
           sp_str_is(sp_http_header_get(request, "Sec-Fetch-Site"), "cross-site");
}

bool sp_browser_has_session(struct sp_authn_attempt *attempt, struct sp_str cookie)
{
    if (!sp_http_cookie_get(attempt->request, cookie).ptr)
        return false;
    attempt->from_other_site |= is_forged(attempt->request);
    return !attempt->from_other_site;
}

bool sp_browser_set_cookie(struct sp_authn_attempt *attempt, struct sp_challenge *challenge,
                           struct sp_str name, struct sp_str path, struct sp_str value, int64_t max_age_s,
                           enum sp_same_site same_site)
{
    const struct sp_set_cookie cookie = {
        .name = name,
        .value = value,
        .path = path,
        .max_age_s = max_age_s,
        .secure = attempt->request->tls || attempt->parts->config->web_app_security.sso_requires_ssl,
        .http_only = true,
        .same_site = same_site,
    };
    size_t size = name.len + path.len + value.len + 200;
    char *memory = sp_arena_alloc(attempt->arena, size);
    if (!memory)
        return false;
    struct sp_buf buf = sp_buf_over(memory, size);
    return sp_cookie_write(&cookie, &buf) == SP_OK &&
           sp_challenge_add(challenge, "Set-Cookie", sp_buf_str(&buf));
}

enum sp_status sp_browser_send_to(struct sp_challenge *challenge, struct sp_str location,
                                  struct sp_error *err)
{
    challenge->status = 302;
    if (sp_challenge_add(challenge, "Location", location) &&
        sp_challenge_add(challenge, "Cache-Control", SP_STR("no-store")))
        return SP_OK;
    challenge->status = 503;
    return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a login");
}
