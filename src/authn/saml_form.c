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
static enum sp_status read_message(struct sp_str value, struct sp_arena *arena, struct sp_str *ret_message,
                                   struct sp_error *err)
{
    if (value.len > FIELD_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "the SAML message has more than %u bytes",
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
    return sp_percent_decode(sp_str_from(lines, len), true, "SAML message", out, ret_message, err);
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

static enum sp_status read_field(struct sp_str name, struct sp_str value, bool takes_request,
                                 struct sp_arena *arena, struct sp_saml_form *form, struct sp_error *err)
{
    bool is_request = takes_request && sp_str_is(name, "SAMLRequest");
    bool is_message = is_request || sp_str_is(name, "SAMLResponse");
    if (!is_message && !sp_str_is(name, "RelayState"))
        return SP_OK;
    if (is_message ? form->message.ptr : form->relay_state.ptr)
        return sp_error_set(err, SP_ESYNTAX, NULL, "the form has %s twice",
                            is_message ? "a SAML message" : "RelayState");
    if (!is_message)
        return read_relay_state(value, arena, &form->relay_state, err);
    form->is_request = is_request;
    return read_message(value, arena, &form->message, err);
}

enum sp_status sp_saml_form_read(const struct sp_http_request *request, bool takes_request,
                                 struct sp_arena *arena, struct sp_saml_form *ret_form, struct sp_error *err)
{
    struct sp_saml_form form = {.message = {NULL, 0}, .relay_state = {NULL, 0}};
    struct sp_str rest = request->body, field;
    enum sp_status status = SP_OK;
    if (!is_form(request))
        return sp_error_set(err, SP_ESYNTAX, NULL, "a SAML message comes as a form, and this is none");
    while (status == SP_OK && rest.ptr && sp_str_split(&rest, '&', &field)) {
        size_t equals = sp_str_find(field, '=');
        status = read_field(sp_str_slice(field, 0, equals), sp_str_slice(field, equals + 1, field.len),
                            takes_request, arena, &form, err);
    }
    if (status == SP_OK && !form.message.len)
        status = sp_error_set(err, SP_ESYNTAX, NULL, "the form has no %s",
                              takes_request ? "SAMLRequest and no SAMLResponse" : "SAMLResponse");
    if (status == SP_OK)
        *ret_form = form;
    return status;
}
