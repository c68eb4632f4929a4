/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/ldap_gssapi.h"

#include <stdio.h>
#include <stdlib.h>

#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>

#define NAME_MAX_BYTES 1024u
#define LAYER_NONE 1u

enum state {
    CONTEXT, /* being made */
    LAYER,   /* the server says what it can protect with */
    DONE
};

struct sp_gssapi {
    enum state state;
    bool mutual; /* the server proved who it is */
    gss_cred_id_t credential;
    gss_name_t target;
    gss_ctx_id_t context;
};

/* What GSSAPI and Kerberos say to the two codes. */
static enum sp_status explain(const char *what, OM_uint32 major, OM_uint32 minor, struct sp_error *err)
{
    char text[2][160] = {"", ""};
    const OM_uint32 codes[] = {major, minor};
    const int kinds[] = {GSS_C_GSS_CODE, GSS_C_MECH_CODE};
    for (size_t i = 0; i < 2; i++) {
        OM_uint32 more = 0, ignored;
        gss_buffer_desc message = GSS_C_EMPTY_BUFFER;
        if (gss_display_status(&ignored, codes[i], kinds[i], (gss_OID)gss_mech_krb5, &more, &message) ==
            GSS_S_COMPLETE)
            snprintf(text[i], sizeof text[i], "%.*s", (int)message.length, (const char *)message.value);
        gss_release_buffer(&ignored, &message);
    }
    return sp_error_set(err, SP_EUNAVAIL, NULL, "Kerberos: %s: %s%s%s", what, text[0], text[1][0] ? ": " : "",
                        text[1]);
}

static enum sp_status import(const char *what, struct sp_str name, gss_OID type, gss_name_t *ret_name,
                             struct sp_error *err)
{
    OM_uint32 minor;
    gss_buffer_desc text = {name.len, (void *)(uintptr_t)name.ptr};
    OM_uint32 major = gss_import_name(&minor, &text, type, ret_name);
    return GSS_ERROR(major) ? explain(what, major, minor, err) : SP_OK;
}

static enum sp_status acquire(struct sp_gssapi *g, struct sp_str principal, struct sp_str cache,
                              struct sp_error *err)
{
    char file[NAME_MAX_BYTES + 8];
    gss_name_t name = GSS_C_NO_NAME;
    gss_OID_set_desc mechanisms = {1, (gss_OID)gss_mech_krb5};
    gss_key_value_element_desc element = {"ccache", file};
    gss_key_value_set_desc store = {1, &element};
    OM_uint32 minor, ignored;
    if (cache.len > NAME_MAX_BYTES)
        return sp_error_set(err, SP_ELIMIT, NULL, "krb5TicketCache is longer than %u bytes", NAME_MAX_BYTES);
    snprintf(file, sizeof file, "FILE:%.*s", SP_STR_ARG(cache));
    enum sp_status status =
        principal.len ? import("krb5Principal", principal, (gss_OID)GSS_KRB5_NT_PRINCIPAL_NAME, &name, err)
                      : SP_OK;
    if (status != SP_OK)
        return status;
    OM_uint32 major =
        gss_acquire_cred_from(&minor, name, GSS_C_INDEFINITE, &mechanisms, GSS_C_INITIATE,
                              cache.len ? &store : GSS_C_NO_CRED_STORE, &g->credential, NULL, NULL);
    gss_release_name(&ignored, &name);
    return GSS_ERROR(major) ? explain("there is no ticket to log in with", major, minor, err) : SP_OK;
}

enum sp_status sp_gssapi_new(struct sp_str principal, struct sp_str cache, const char *host,
                             struct sp_gssapi **ret_gssapi, struct sp_error *err)
{
    char service[NAME_MAX_BYTES];
    struct sp_gssapi *g = calloc(1, sizeof *g);
    if (!g)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to log in by Kerberos");
    int len = snprintf(service, sizeof service, "ldap@%s", host);
    enum sp_status status = len < (int)sizeof service ? SP_OK : SP_ELIMIT;
    if (status == SP_OK)
        status = import("the name of the directory", sp_str_from(service, (size_t)len),
                        GSS_C_NT_HOSTBASED_SERVICE, &g->target, err);
    if (status == SP_OK)
        status = acquire(g, principal, cache, err);
    if (status != SP_OK) {
        sp_gssapi_free(g);
        return status;
    }
    *ret_gssapi = g;
    return SP_OK;
}

void sp_gssapi_free(struct sp_gssapi *g)
{
    OM_uint32 minor;
    if (!g)
        return;
    gss_delete_sec_context(&minor, &g->context, GSS_C_NO_BUFFER);
    gss_release_cred(&minor, &g->credential);
    gss_release_name(&minor, &g->target);
    free(g);
}

static enum sp_status take(OM_uint32 major, OM_uint32 minor, const char *what, gss_buffer_t out,
                           struct sp_buf *ret_answer, struct sp_error *err)
{
    OM_uint32 ignored;
    enum sp_status status = GSS_ERROR(major) ? explain(what, major, minor, err) : SP_OK;
    if (status == SP_OK && out->length)
        status = sp_buf_append(ret_answer, out->value, out->length);
    gss_release_buffer(&ignored, out);
    return status;
}

static enum sp_status make_context(struct sp_gssapi *g, gss_buffer_t in, struct sp_buf *ret_answer,
                                   struct sp_error *err)
{
    OM_uint32 minor, flags = 0;
    gss_buffer_desc out = GSS_C_EMPTY_BUFFER;
    OM_uint32 major =
        gss_init_sec_context(&minor, g->credential, &g->context, g->target, (gss_OID)gss_mech_krb5,
                             GSS_C_MUTUAL_FLAG | GSS_C_SEQUENCE_FLAG | GSS_C_INTEG_FLAG | GSS_C_REPLAY_FLAG,
                             GSS_C_INDEFINITE, GSS_C_NO_CHANNEL_BINDINGS, in, NULL, &out, &flags, NULL);
    if (major == GSS_S_COMPLETE) {
        g->state = LAYER;
        g->mutual = flags & GSS_C_MUTUAL_FLAG;
    }
    return take(major, minor, "the directory cannot be logged in at", &out, ret_answer, err);
}

/* RFC 4752, 3.1: four bytes, the layers that are offered and a size; we answer with none and no size. */
static enum sp_status choose_layer(struct sp_gssapi *g, gss_buffer_t in, struct sp_buf *ret_answer,
                                   struct sp_error *err)
{
    OM_uint32 minor, ignored;
    gss_buffer_desc offer = GSS_C_EMPTY_BUFFER, out = GSS_C_EMPTY_BUFFER;
    unsigned char answer[4] = {LAYER_NONE, 0, 0, 0};
    gss_buffer_desc text = {sizeof answer, answer};
    OM_uint32 major = gss_unwrap(&minor, g->context, in, &offer, NULL, NULL);
    if (GSS_ERROR(major))
        return explain("the directory's offer of layers", major, minor, err);
    bool fits = offer.length == 4 && (((const unsigned char *)offer.value)[0] & LAYER_NONE);
    gss_release_buffer(&ignored, &offer);
    if (!fits)
        return sp_error_set(err, SP_EPROTO, NULL,
                            "Kerberos: the directory insists on a SASL security layer beneath TLS (minssf)");
    major = gss_wrap(&minor, g->context, 0, GSS_C_QOP_DEFAULT, &text, NULL, &out);
    if (!GSS_ERROR(major))
        g->state = DONE;
    return take(major, minor, "the answer about layers", &out, ret_answer, err);
}

enum sp_status sp_gssapi_step(struct sp_gssapi *g, struct sp_str message, struct sp_buf *ret_answer,
                              struct sp_error *err)
{
    if (message.len > SP_GSSAPI_MESSAGE_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "Kerberos: the directory's message is too long");
    gss_buffer_desc in = {message.len, (void *)(uintptr_t)message.ptr};
    switch (g->state) {
    case CONTEXT:
        return make_context(g, message.len ? &in : GSS_C_NO_BUFFER, ret_answer, err);
    case LAYER:
        return choose_layer(g, &in, ret_answer, err);
    default:
        return sp_error_set(err, SP_EPROTO, NULL, "Kerberos: the directory goes on after the end");
    }
}

bool sp_gssapi_is_done(const struct sp_gssapi *g)
{
    return g->state == DONE && g->mutual;
}
