/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/saml_form.h"

#include "authn/saml_response.h"
#include "text/percent.h"

/* Each byte may come as three, and lines end with two. */
#define FIELD_MAX (4u * SP_SAML_RESPONSE_MAX)

static bool is_form(const struct sp_http_request *request)
{
    struct sp_str type = sp_http_header_get(request, "Content-Type");
    return sp_str_caseless_eq(sp_str_trim(sp_str_slice(type, 0, sp_str_find(type, ';'))),
                              SP_STR("application/x-www-form-urlencoded"));
}

static bool is_line_end(struct sp_str text, size_t at)
{
    return at + 2 < text.len && text.ptr[at] == '%' && text.ptr[at + 1] == '0' &&
           (sp_upper(text.ptr[at + 2]) == 'D' || sp_upper(text.ptr[at + 2]) == 'A');
}

/* base64 often comes in lines, and the reader of forms takes no control characters. */
static enum sp_status read_response(struct sp_str value, struct sp_arena *arena, struct sp_str *ret_response,
                                    struct sp_error *err)
{
    if (value.len > FIELD_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "the SAML response has more than %u bytes",
                            SP_SAML_RESPONSE_MAX);
    char *lines = sp_arena_alloc(arena, value.len), *out = sp_arena_alloc(arena, value.len);
    size_t len = 0;
    if (!lines || !out)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a SAML response");
    for (size_t i = 0; i < value.len; i++) {
        if (is_line_end(value, i))
            i += 2;
        else
            lines[len++] = value.ptr[i];
    }
    return sp_percent_decode(sp_str_from(lines, len), true, "SAML response", out, ret_response, err);
}

static enum sp_status read_relay_state(struct sp_str value, struct sp_arena *arena,
                                       struct sp_str *ret_relay_state, struct sp_error *err)
{
    if (value.len > 3 * SP_SAML_RELAY_STATE_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "the relay state has more than %u bytes",
                            SP_SAML_RELAY_STATE_MAX);
    char *out = sp_arena_alloc(arena, value.len);
    return out ? sp_percent_decode(value, true, "relay state", out, ret_relay_state, err)
               : sp_error_set(err, SP_ENOMEM, NULL, "no memory for a SAML response");
}

enum sp_status sp_saml_form_read(const struct sp_http_request *request, struct sp_arena *arena,
                                 struct sp_saml_form *ret_form, struct sp_error *err)
{
    struct sp_saml_form form = {.response = {NULL, 0}, .relay_state = {NULL, 0}};
    struct sp_str rest = request->body, field;
    enum sp_status status = SP_OK;
    if (!is_form(request))
        return sp_error_set(err, SP_ESYNTAX, NULL, "a SAML response comes as a form, and this is none");
    while (status == SP_OK && rest.ptr && sp_str_split(&rest, '&', &field)) {
        size_t equals = sp_str_find(field, '=');
        struct sp_str name = sp_str_slice(field, 0, equals);
        struct sp_str value = sp_str_slice(field, equals + 1, field.len);
        bool is_response = sp_str_is(name, "SAMLResponse");
        if (!is_response && !sp_str_is(name, "RelayState"))
            continue;
        if (is_response ? form.response.ptr : form.relay_state.ptr)
            status = sp_error_set(err, SP_ESYNTAX, NULL, "the form has %.*s twice", SP_STR_ARG(name));
        else
            status = is_response ? read_response(value, arena, &form.response, err)
                                 : read_relay_state(value, arena, &form.relay_state, err);
    }
    if (status == SP_OK && !form.response.len)
        status = sp_error_set(err, SP_ESYNTAX, NULL, "the form has no SAMLResponse");
    if (status == SP_OK)
        *ret_form = form;
    return status;
}
