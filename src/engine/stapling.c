/* SPDX-License-Identifier: Apache-2.0
 * stapling.c: the answer of the authority's responder about our own certificate, sent in the handshake (RFC
 * 6066, 8). nginx asks and remembers; here it is told of a certificate that no directive names.
 */
#include "engine/module.h"

/* A responder's answer is checked against the context's store. Where callers are asked for certificates that
 * is whom they are trusted by, and it is left alone; otherwise it is empty and takes the chain of our
 * certificate. */
static ngx_int_t know_issuers(ngx_http_ssl_srv_conf_t *ssl)
{
    X509_STORE *store = SSL_CTX_get_cert_store(ssl->ssl.ctx);
    STACK_OF(X509) *chain = NULL;
    if (ssl->verify)
        return NGX_OK;
    SSL_CTX_get_extra_chain_certs(ssl->ssl.ctx, &chain);
    for (int i = 0; chain && i < sk_X509_num(chain); i++)
        if (X509_STORE_add_cert(store, sk_X509_value(chain, i)) != 1)
            return NGX_ERROR;
    return X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) == 1 ? NGX_OK : NGX_ERROR;
}

ngx_int_t engine_staple(ngx_conf_t *cf, ngx_http_ssl_srv_conf_t *ssl)
{
    static char name[] = "the server's certificate";
    ngx_str_t no_file = ngx_null_string, named_responder = ngx_null_string;
    X509 *certificate = SSL_CTX_get0_certificate(ssl->ssl.ctx);
    /* nginx frees what it finds there with the context. */
    if (!certificate || know_issuers(ssl) != NGX_OK || X509_up_ref(certificate) != 1)
        return NGX_ERROR;
    if (X509_set_ex_data(certificate, ngx_ssl_certificate_name_index, name) != 1 ||
        SSL_CTX_set_ex_data(ssl->ssl.ctx, ngx_ssl_certificate_index, certificate) != 1) {
        X509_free(certificate);
        return NGX_ERROR;
    }
    return ngx_ssl_stapling(cf, &ssl->ssl, &no_file, &named_responder, 1);
}
