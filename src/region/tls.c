/* SPDX-License-Identifier: Apache-2.0 */
#include "region/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

static enum sp_status refuse(struct sp_str file, const char *what, struct sp_error *err)
{
    char reason[160];
    ERR_error_string_n(ERR_get_error(), reason, sizeof reason);
    ERR_clear_error();
    return sp_error_set(err, SP_EINVAL, NULL, "%.*s: %s (%s)", SP_STR_ARG(file), what, reason);
}

static enum sp_status load(const struct sp_definition *d, SSL_CTX *context, struct sp_error *err)
{
    if (!SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION))
        return sp_error_set(err, SP_EINTERNAL, NULL, "OpenSSL does not have TLS 1.2");
    if (SSL_CTX_use_certificate_chain_file(context, d->tls_certificate.ptr) != 1)
        return refuse(d->tls_certificate, "no certificate can be read from it", err);
    if (SSL_CTX_use_PrivateKey_file(context, d->tls_key.ptr, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1)
        return refuse(d->tls_key, "no key that belongs to the certificate can be read from it", err);
    if (!d->tls_client_trust.len)
        return SP_OK;
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(d->tls_client_trust.ptr);
    if (!names || SSL_CTX_load_verify_file(context, d->tls_client_trust.ptr) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return refuse(d->tls_client_trust, "no certificates can be read from it", err);
    }
    SSL_CTX_set_client_CA_list(context, names);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    static const unsigned char session_context[] = "sallyport-region";
    SSL_CTX_set_session_id_context(context, session_context, sizeof session_context - 1);
    return SP_OK;
}

enum sp_status sp_region_tls_new(const struct sp_definition *definition, struct ssl_ctx_st **ret_context,
                                 struct sp_error *err)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (!context)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for TLS");
    enum sp_status status = load(definition, context, err);
    if (status != SP_OK) {
        SSL_CTX_free(context);
        return status;
    }
    *ret_context = context;
    return SP_OK;
}
