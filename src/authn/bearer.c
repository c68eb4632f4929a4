/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/bearer.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "crypto/jwe.h"
#include "text/percent.h"

#define HEADER_NAME_MAX 128u

/* ---- the token ---- */

/* b64token of RFC 6750, in which every compact JWS is. */
static bool is_token(struct sp_str text)
{
    size_t at = 0;
    for (; at < text.len; at++) {
        char c = sp_lower(text.ptr[at]);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-._~+/", c))))
            break;
    }
    bool begun = at > 0;
    while (at < text.len && text.ptr[at] == '=')
        at++;
    return begun && at == text.len;
}

static enum sp_status take(struct sp_str token, enum sp_bearer_scheme scheme, struct sp_bearer *ret_bearer,
                           struct sp_error *err)
{
    if (token.len > SP_JWS_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "the token is longer than %u bytes", SP_JWS_MAX);
    if (!is_token(token))
        return sp_error_set(err, SP_ESYNTAX, NULL,
                            "the token is empty or has a character that no token has (RFC 6750 section 2.1)");
    *ret_bearer = (struct sp_bearer){
        .scheme = scheme, .token = token, .is_jws = sp_jws_is_like(token), .is_jwe = sp_jwe_is_like(token)};
    return SP_OK;
}

/* The rest behind "<scheme> ", or a view with ptr NULL. */
static struct sp_str behind(struct sp_str value, struct sp_str scheme)
{
    if (!sp_str_caseless_eq(sp_str_slice(value, 0, scheme.len), scheme) ||
        (value.len > scheme.len && value.ptr[scheme.len] != ' '))
        return (struct sp_str){0};
    return sp_str_trim(sp_str_slice(value, scheme.len, value.len));
}

/* ---- Authorization and form ---- */

static bool is_form(const struct sp_http_request *request)
{
    struct sp_str type = sp_http_header_get(request, "Content-Type");
    return sp_str_is(request->method, "POST") &&
           sp_str_caseless_eq(sp_str_trim(sp_str_slice(type, 0, sp_str_find(type, ';'))),
                              SP_STR("application/x-www-form-urlencoded"));
}

/* A form that cannot be read has no token; what the target makes of it is its matter. */
static enum sp_status find_in_form(const struct sp_http_request *request, struct sp_arena *arena,
                                   struct sp_str *ret_token, struct sp_error *err)
{
    const struct sp_parameter *fields;
    size_t count, found = 0;
    /* A token does not hide behind percent signs that matter: the name is written plainly. */
    if (!is_form(request) || !memmem(request->body.ptr ? request->body.ptr : "", request->body.len,
                                     "access_token", strlen("access_token")))
        return SP_OK;
    if (sp_form_read(request->body, "form", arena, &fields, &count, NULL) != SP_OK)
        return SP_OK;
    for (size_t i = 0; i < count; i++)
        if (sp_str_is(fields[i].name, "access_token")) {
            *ret_token = fields[i].value;
            found++;
        }
    return found > 1 ? sp_error_set(err, SP_ESYNTAX, NULL, "the form has %zu fields access_token", found)
                     : SP_OK;
}

static enum sp_status find_plain(const struct sp_http_request *request, struct sp_arena *arena,
                                 struct sp_bearer *ret_bearer, struct sp_error *err)
{
    struct sp_str authorization = sp_http_header_get(request, "Authorization");
    struct sp_str bearer = behind(authorization, SP_STR("Bearer"));
    struct sp_str dpop = behind(authorization, SP_STR("DPoP"));
    struct sp_str form = {0};
    enum sp_status status = find_in_form(request, arena, &form, err);
    if (status != SP_OK)
        return status;
    if (form.ptr && authorization.ptr)
        return sp_error_set(err, SP_ESYNTAX, NULL,
                            "the request has an Authorization header and a token in its form: send one");
    if (bearer.ptr)
        return take(bearer, SP_BEARER_PLAIN, ret_bearer, err);
    if (dpop.ptr)
        return take(dpop, SP_BEARER_DPOP, ret_bearer, err);
    if (form.ptr)
        return take(form, SP_BEARER_PLAIN, ret_bearer, err);
    *ret_bearer = (struct sp_bearer){0};
    return SP_OK;
}

/* ---- a header of its own ---- */

static struct sp_str header_of(const struct sp_http_request *request, struct sp_str name, const char *suffix)
{
    char full[HEADER_NAME_MAX + 16];
    snprintf(full, sizeof full, "%.*s%s", SP_STR_ARG(name), suffix);
    return sp_http_header_get(request, full);
}

static enum sp_status join_segments(const struct sp_http_request *request, struct sp_str header,
                                    uint64_t count, struct sp_arena *arena, struct sp_str *ret_value,
                                    struct sp_error *err)
{
    char *bytes = sp_arena_alloc(arena, SP_JWS_MAX + 16);
    if (!bytes)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a token");
    struct sp_buf joined = sp_buf_over(bytes, SP_JWS_MAX + 16);
    for (uint64_t i = 1; i <= count; i++) {
        char suffix[16];
        snprintf(suffix, sizeof suffix, "-%u", (unsigned)i);
        struct sp_str part = header_of(request, header, suffix);
        if (!part.ptr)
            return sp_error_set(err, SP_ESYNTAX, NULL,
                                "header %.*s-segments says %u, and %.*s%s is not there", SP_STR_ARG(header),
                                (unsigned)count, SP_STR_ARG(header), suffix);
        sp_buf_append_str(&joined, part);
    }
    *ret_value = sp_buf_str(&joined);
    return joined.failed ? sp_error_set(err, SP_ELIMIT, NULL, "the token is longer than %u bytes", SP_JWS_MAX)
                         : SP_OK;
}

static enum sp_status find_segments(const struct sp_http_request *request, struct sp_str header,
                                    struct sp_arena *arena, struct sp_str *ret_value, struct sp_error *err)
{
    struct sp_str text = sp_str_trim(header_of(request, header, "-segments"));
    uint64_t count;
    if (!text.ptr)
        return SP_OK;
    if (sp_str_to_u64(text, &count) != SP_OK || count < 1 || count > SP_BEARER_SEGMENTS_MAX)
        return sp_error_set(err, SP_ESYNTAX, NULL, "header %.*s-segments is not a number of 1 to %u",
                            SP_STR_ARG(header), SP_BEARER_SEGMENTS_MAX);
    return join_segments(request, header, count, arena, ret_value, err);
}

static enum sp_status find_in_header(const struct sp_http_request *request, struct sp_str header,
                                     struct sp_arena *arena, struct sp_bearer *ret_bearer,
                                     struct sp_error *err)
{
    char name[HEADER_NAME_MAX + 1];
    struct sp_str value = {0};
    if (header.len > HEADER_NAME_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "headerName is longer than %u bytes", HEADER_NAME_MAX);
    snprintf(name, sizeof name, "%.*s", SP_STR_ARG(header));
    if (sp_http_header_count(request, name) > 1)
        return sp_error_set(err, SP_ESYNTAX, NULL, "the request has header %s more than once", name);
    value = sp_http_header_get(request, name);
    if (!value.ptr) {
        enum sp_status status = find_segments(request, header, arena, &value, err);
        if (status != SP_OK)
            return status;
    } else if (header_of(request, header, "-segments").ptr) {
        return sp_error_set(err, SP_ESYNTAX, NULL, "the request has header %s and its segments: send one",
                            name);
    }
    value = sp_str_trim(value);
    *ret_bearer = (struct sp_bearer){0};
    if (!value.len)
        return SP_OK;
    struct sp_str bearer = behind(value, SP_STR("Bearer")), dpop = behind(value, SP_STR("DPoP"));
    if (dpop.ptr)
        return take(dpop, SP_BEARER_DPOP, ret_bearer, err);
    return take(bearer.ptr ? bearer : value, SP_BEARER_PLAIN, ret_bearer, err);
}

enum sp_status sp_bearer_find(const struct sp_http_request *request, struct sp_str header,
                              struct sp_arena *arena, struct sp_bearer *ret_bearer, struct sp_error *err)
{
    if (!header.len)
        return find_plain(request, arena, ret_bearer, err);
    return find_in_header(request, header, arena, ret_bearer, err);
}
