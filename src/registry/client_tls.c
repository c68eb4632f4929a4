/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/client_tls.h"

#include <openssl/ssl.h>

#include "crypto/key_store.h"
#include "registry/key_source.h"

static bool wants(const struct sp_cfg_ssl *ssl, const char *protocol)
{
    for (size_t i = 0; i < ssl->protocols.count; i++)
        if (sp_str_is(ssl->protocols.items[i], protocol))
            return true;
    return ssl->protocols.count == 0;
}

static enum sp_status set_protocols(const struct sp_cfg_ssl *ssl, SSL_CTX *context, struct sp_error *err)
{
    bool tls12 = wants(ssl, "TLSv1.2"), tls13 = wants(ssl, "TLSv1.3");
    if (ssl->enabled_ciphers.count)
        return sp_error_set(err, SP_EUNSUPPORTED, NULL,
                            "ssl[%.*s]: enabledCiphers is not applied to connections that go out; give "
                            "them an ssl element without it",
                            SP_STR_ARG(ssl->id));
    if ((!tls12 && !tls13) ||
        !SSL_CTX_set_min_proto_version(context, tls12 ? TLS1_2_VERSION : TLS1_3_VERSION) ||
        !SSL_CTX_set_max_proto_version(context, tls13 ? TLS1_3_VERSION : TLS1_2_VERSION))
        return sp_error_set(err, SP_EINVAL, NULL, "ssl[%.*s]: sslProtocol allows neither TLSv1.2 nor TLSv1.3",
                            SP_STR_ARG(ssl->id));
    return SP_OK;
}

/* A store of certificates without any key is a trust store only; then there is nothing to present. */
static enum sp_status present(const struct sp_cfg_ssl *ssl, SSL_CTX *context, struct sp_error *err)
{
    struct sp_key_store *store;
    enum sp_status status = sp_key_source_open(ssl->key_store, &store, err);
    if (status != SP_OK)
        return status;
    if (ssl->client_key_alias.len || sp_key_store_entry_count(store))
        status = sp_key_store_present(store, ssl->client_key_alias, context, err);
    sp_key_store_free(store);
    return status;
}

static enum sp_status trust(const struct sp_cfg_ssl *ssl, SSL_CTX *context, struct sp_error *err)
{
    struct sp_key_store *store;
    enum sp_status status = sp_key_source_open(ssl->trust_store, &store, err);
    if (status != SP_OK)
        return status;
    status = sp_key_store_trust(store, context, err);
    sp_key_store_free(store);
    return status;
}

enum sp_status sp_client_tls_new(const struct sp_cfg_ssl *ssl, struct ssl_ctx_st **ret_context,
                                 struct sp_error *err)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context)
        return sp_error_set(err, SP_ENOMEM, NULL, "ssl[%.*s]: no memory for TLS", SP_STR_ARG(ssl->id));
    enum sp_status status = set_protocols(ssl, context, err);
    if (status == SP_OK)
        status = present(ssl, context, err);
    if (status == SP_OK)
        status = trust(ssl, context, err);
    if (status != SP_OK) {
        SSL_CTX_free(context);
        return status;
    }
    *ret_context = context;
    return SP_OK;
}
