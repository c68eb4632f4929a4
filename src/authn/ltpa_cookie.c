/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/ltpa_cookie.h"

#include "text/cookie.h"
#include "text/percent.h"

#define OTHER_NAME SP_STR("LtpaToken2")
#define VALUE_MAX 16384u

struct sp_str sp_ltpa_cookie_get(const struct sp_cfg_web_app_security *security,
                                 const struct sp_http_request *request, struct sp_arena *arena)
{
    struct sp_str text = sp_http_cookie_get(request, security->sso_cookie_name);
    if (!text.ptr && !security->use_only_custom_cookie_name)
        text = sp_http_cookie_get(request, OTHER_NAME);
    if (!text.ptr || sp_str_find(text, '%') == text.len)
        return text;
    char *decoded = sp_arena_alloc(arena, text.len);
    struct sp_str whole;
    return decoded && sp_percent_decode(text, false, "the cookie", decoded, &whole, NULL) == SP_OK ? whole
                                                                                                   : text;
}

/* Names, not addresses. */
static bool has_domains(struct sp_str host)
{
    bool letters = false;
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
        letters |= letter;
        if (!letter && !(c >= '0' && c <= '9') && c != '.')
            return false;
    }
    return letters && sp_str_find(host, '.') < host.len;
}

static bool belongs_to(struct sp_str host, struct sp_str domain)
{
    if (host.len < domain.len || !domain.len)
        return false;
    size_t at = host.len - domain.len;
    return sp_str_caseless_eq(sp_str_slice(host, at, host.len), domain) &&
           (at == 0 || host.ptr[at - 1] == '.');
}

struct sp_str sp_ltpa_cookie_domain(const struct sp_cfg_web_app_security *security, struct sp_str host)
{
    host = sp_str_slice(host, 0, sp_str_find(host, ':'));
    if (!has_domains(host))
        return SP_STR("");
    struct sp_str rest = security->sso_domain_names, domain;
    while (rest.ptr && sp_str_split(&rest, '|', &domain)) {
        domain = sp_str_trim(domain);
        if (sp_str_starts(domain, SP_STR(".")))
            domain = sp_str_slice(domain, 1, domain.len);
        if (belongs_to(host, domain))
            return domain;
    }
    struct sp_str parent = sp_str_slice(host, sp_str_find(host, '.') + 1, host.len);
    /* A domain without a dot is one that no browser keeps a cookie for. */
    return security->sso_use_domain_from_url && sp_str_find(parent, '.') < parent.len ? parent : SP_STR("");
}

static enum sp_same_site same_site_of(struct sp_str name)
{
    return sp_str_is(name, "Lax")      ? SP_SAME_SITE_LAX
           : sp_str_is(name, "Strict") ? SP_SAME_SITE_STRICT
           : sp_str_is(name, "None")   ? SP_SAME_SITE_NONE
                                       : SP_SAME_SITE_UNSAID;
}

struct sp_str sp_ltpa_cookie_make(const struct sp_cfg_web_app_security *security,
                                  const struct sp_http_request *request, struct sp_str token,
                                  struct sp_arena *arena)
{
    const struct sp_set_cookie cookie = {
        .name = security->sso_cookie_name,
        .value = token,
        .domain = sp_ltpa_cookie_domain(security, request->host),
        .secure = security->sso_requires_ssl,
        .http_only = security->http_only_cookies,
        .same_site = same_site_of(security->same_site_cookie),
    };
    char bytes[VALUE_MAX];
    struct sp_buf text = sp_buf_over(bytes, sizeof bytes);
    if ((security->sso_requires_ssl && !request->tls) || sp_cookie_write(&cookie, &text) != SP_OK)
        return (struct sp_str){NULL, 0};
    return sp_arena_str(arena, sp_buf_str(&text));
}
