/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tls.h"

#include <stdio.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>

#include "base/clock.h"
#include "crypto/key_store.h"
#include "engine/message.h"
#include "engine/revocation.h"
#include "registry/key_source.h"

/* Intermediates between a caller's certificate and a trusted one. */
#define VERIFY_DEPTH 9

struct loading {
    const struct sp_cfg_ssl *ssl;
    unsigned endpoint;
    SSL_CTX *context;
    struct sp_problems *problems;
    struct sp_error *err;
    const struct sp_cfg_key_store *store_of_warnings;
};

static enum sp_status store_failed(struct loading *loading, const struct sp_cfg_key_store *from,
                                   enum sp_status status)
{
    sp_error_prefix(loading->err, "keyStore[%.*s]", SP_STR_ARG(from->id));
    if (loading->err)
        snprintf(loading->err->id, sizeof loading->err->id, "%s", SP_MSG_KEY_STORE);
    return status;
}

static void add_warning(void *arg, const char *text)
{
    struct loading *loading = arg;
    sp_problem_add(loading->problems, SP_PROBLEM_WARNING, SP_MSG_CERTIFICATE, (struct sp_str){NULL, 0}, 0, 0,
                   "keyStore[%.*s]: %s", SP_STR_ARG(loading->store_of_warnings->id), text);
}

static enum sp_status open_store(struct loading *loading, const struct sp_cfg_key_store *from,
                                 struct sp_key_store **ret_store)
{
    enum sp_status status = sp_key_source_open(from, ret_store, loading->err);
    if (status != SP_OK)
        return store_failed(loading, from, status);
    loading->store_of_warnings = from;
    sp_key_store_warn(*ret_store, sp_clock_realtime_us(), add_warning, loading);
    return SP_OK;
}

static bool digest_certificate(EVP_MD_CTX *digest, X509 *certificate)
{
    unsigned char of_one[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    return certificate && X509_digest(certificate, EVP_sha256(), of_one, &len) == 1 &&
           EVP_DigestUpdate(digest, of_one, len) == 1;
}

static enum sp_status load_revocation(struct loading *loading, EVP_MD_CTX *digest)
{
    enum sp_status status =
        sp_engine_revocation_load(loading->ssl->crl.ptr, loading->context, digest, loading->err);
    if (status != SP_OK)
        sp_error_prefix(loading->err, "ssl[%.*s]: sallyport_crl", SP_STR_ARG(loading->ssl->id));
    if (status != SP_OK && loading->err)
        snprintf(loading->err->id, sizeof loading->err->id, "%s", SP_MSG_KEY_STORE);
    return status;
}

/* Sessions outlive a reload in shared memory. The context they belong to covers what they prove, or a caller
 * whose authority is trusted no longer could resume one. */
static enum sp_status set_session_context(struct loading *loading, const struct sp_key_store *trust)
{
    unsigned char id[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    bool ok = digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1 &&
              EVP_DigestUpdate(digest, &loading->endpoint, sizeof loading->endpoint) == 1 &&
              digest_certificate(digest, SSL_CTX_get0_certificate(loading->context));
    for (size_t i = 0; ok && trust && i < sp_key_store_trusted_count(trust); i++)
        ok = digest_certificate(digest, sp_key_store_trusted(trust, i));
    enum sp_status status = SP_OK;
    if (ok && trust && loading->ssl->crl.len)
        status = load_revocation(loading, digest);
    ok = ok && EVP_DigestFinal_ex(digest, id, &len) == 1 &&
         SSL_CTX_set_session_id_context(loading->context, id, len) == 1;
    EVP_MD_CTX_free(digest);
    if (status != SP_OK)
        return status;
    return ok ? SP_OK
              : sp_error_set(loading->err, SP_EINTERNAL, SP_MSG_KEY_STORE,
                             "the TLS sessions have no context");
}

static enum sp_status load_trust(struct loading *loading, const struct sp_key_store *keys)
{
    const struct sp_cfg_key_store *from = loading->ssl->trust_store;
    struct sp_key_store *opened = NULL;
    const struct sp_key_store *trust = keys;
    enum sp_status status = SP_OK;
    if (from != loading->ssl->key_store) {
        status = open_store(loading, from, &opened);
        trust = opened;
    }
    if (status == SP_OK) {
        status = sp_key_store_trust(trust, loading->context, loading->err);
        if (status != SP_OK)
            store_failed(loading, from, status);
    }
    if (status == SP_OK) {
        SSL_CTX_set_verify_depth(loading->context, VERIFY_DEPTH);
        status = set_session_context(loading, trust);
    }
    sp_key_store_free(opened);
    return status;
}

enum sp_status sp_engine_tls_trust(const struct sp_cfg_ssl *ssl, SSL_CTX *context, struct sp_error *err)
{
    struct sp_problems unused;
    struct sp_key_store *trust = NULL;
    sp_problems_init(&unused);
    struct loading loading = {.ssl = ssl, .context = context, .problems = &unused, .err = err};
    enum sp_status status = open_store(&loading, ssl->trust_store, &trust);
    if (status == SP_OK && (status = sp_key_store_trust(trust, context, err)) != SP_OK)
        store_failed(&loading, ssl->trust_store, status);
    sp_key_store_free(trust);
    sp_problems_finish(&unused);
    if (status != SP_OK)
        return status;
    X509_VERIFY_PARAM_set_depth(X509_STORE_get0_param(SSL_CTX_get_cert_store(context)), VERIFY_DEPTH);
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    if (!digest || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1)
        status = sp_error_set(err, SP_ENOMEM, NULL, "no memory for a trust store");
    else if (ssl->crl.len)
        status = load_revocation(&loading, digest);
    EVP_MD_CTX_free(digest);
    return status;
}

enum sp_status sp_engine_tls_load(const struct sp_config *config, unsigned endpoint, SSL_CTX *context,
                                  struct sp_problems *problems, enum sp_client_certificate *ret_client,
                                  struct sp_error *err)
{
    const struct sp_cfg_ssl_options *options =
        endpoint < config->endpoint_count ? config->endpoints[endpoint].ssl_options : NULL;
    const struct sp_cfg_ssl *ssl = options ? options->ssl : NULL;
    if (!ssl)
        return sp_error_set(err, SP_EINVAL, SP_MSG_CONF_STALE, "endpoint %u of server.xml has no TLS",
                            endpoint);
    struct loading loading = {
        .ssl = ssl, .endpoint = endpoint, .context = context, .problems = problems, .err = err};
    bool asks = ssl->client_authentication || ssl->client_authentication_supported;
    struct sp_key_store *keys = NULL;
    enum sp_status status = open_store(&loading, ssl->key_store, &keys);
    if (status != SP_OK)
        return status;
    status = sp_key_store_present(keys, ssl->server_key_alias, context, err);
    if (status != SP_OK)
        store_failed(&loading, ssl->key_store, status);
    if (status == SP_OK)
        status = asks ? load_trust(&loading, keys) : set_session_context(&loading, NULL);
    sp_key_store_free(keys);
    /* OpenSSL would send two tickets with each full handshake of TLS 1.3; callers use one. */
    SSL_CTX_set_num_tickets(context, 1);
    if (status == SP_OK)
        *ret_client = !asks                        ? SP_CLIENT_CERTIFICATE_NONE
                      : ssl->client_authentication ? SP_CLIENT_CERTIFICATE_MUST
                                                   : SP_CLIENT_CERTIFICATE_MAY;
    return status;
}
