/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/smf/sink_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

static enum sp_status refused(SSL_CTX *context, const char *what, struct sp_str file, struct sp_error *err)
{
    char text[200] = "it cannot be used";
    unsigned long code = ERR_get_error();
    if (code)
        ERR_error_string_n(code, text, sizeof text);
    ERR_clear_error();
    SSL_CTX_free(context);
    return sp_error_set(err, SP_EUNAVAIL, NULL, "%s %.*s: %s", what, SP_STR_ARG(file), text);
}

enum sp_status sp_smf_sink_tls_new(const struct sp_smf_sink_settings *settings,
                                   struct ssl_ctx_st **ret_context, struct sp_error *err)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for TLS");
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (settings->ca_file.len ? SSL_CTX_load_verify_file(context, settings->ca_file.ptr) != 1
                              : SSL_CTX_set_default_verify_paths(context) != 1)
        return refused(context, "the file of trusted authorities", settings->ca_file, err);
    if (settings->certificate_file.len &&
        SSL_CTX_use_certificate_chain_file(context, settings->certificate_file.ptr) != 1)
        return refused(context, "our certificate", settings->certificate_file, err);
    if (settings->certificate_file.len &&
        SSL_CTX_use_PrivateKey_file(context, settings->key_file.len ? settings->key_file.ptr : "",
                                    SSL_FILETYPE_PEM) != 1)
        return refused(context, "the key of our certificate", settings->key_file, err);
    *ret_context = context;
    return SP_OK;
}
