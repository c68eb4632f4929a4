/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/client_tls.h"

#include <stdlib.h>

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

/* ---------------------------------------------------------------- the name of the server */

bool sp_client_tls_any_name(const struct sp_cfg_ssl *ssl, struct sp_str host)
{
    if (!ssl->verify_hostname)
        return true;
    for (size_t i = 0; i < ssl->skip_verification_hosts.count; i++)
        if (sp_str_caseless_eq(ssl->skip_verification_hosts.items[i], host))
            return true;
    return false;
}

/* A copy, for threads may hold the context when the configuration is gone. */
struct exceptions {
    bool any_host;
    size_t count;
    char hosts[]; /* each with a NUL behind it */
};

static void free_exceptions(void *parent, void *pointer, CRYPTO_EX_DATA *data, int index, long number,
                            void *arg)
{
    free(pointer);
}

static int exceptions_index(void)
{
    static _Atomic int index = -1;
    int made = index;
    if (made < 0)
        index = made = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_exceptions);
    return made;
}

static struct exceptions *copy_exceptions(const struct sp_cfg_ssl *ssl)
{
    const struct sp_str_list *hosts = &ssl->skip_verification_hosts;
    size_t bytes = 0;
    for (size_t i = 0; i < hosts->count; i++)
        bytes += hosts->items[i].len + 1;
    struct exceptions *made = calloc(1, sizeof *made + bytes);
    if (!made)
        return NULL;
    made->any_host = !ssl->verify_hostname;
    made->count = hosts->count;
    char *at = made->hosts;
    for (size_t i = 0; i < hosts->count; i++, at++) {
        memcpy(at, hosts->items[i].ptr, hosts->items[i].len);
        at += hosts->items[i].len;
    }
    return made;
}

static bool has_exception(const struct exceptions *exceptions, struct sp_str host)
{
    const char *at = exceptions->hosts;
    for (size_t i = 0; i < exceptions->count; i++, at += strlen(at) + 1)
        if (sp_str_caseless_eq(sp_str_of(at), host))
            return true;
    return exceptions->any_host;
}

/* Whom the connection is for, as it was told to verify. */
static bool expects(X509_STORE_CTX *store, const struct exceptions *exceptions)
{
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(store);
    char *address = X509_VERIFY_PARAM_get1_ip_asc(param);
    const char *name = address ? address : X509_VERIFY_PARAM_get0_host(param, 0);
    bool any = name && has_exception(exceptions, sp_str_of(name));
    OPENSSL_free(address);
    return any;
}

/* Only a name that does not fit is let pass; the chain counts all the same. */
static int judge(int good, X509_STORE_CTX *store)
{
    int error = X509_STORE_CTX_get_error(store);
    SSL *tls = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    if (good || !tls || (error != X509_V_ERR_HOSTNAME_MISMATCH && error != X509_V_ERR_IP_ADDRESS_MISMATCH))
        return good;
    const struct exceptions *exceptions = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(tls), exceptions_index());
    if (!exceptions || !expects(store, exceptions))
        return 0;
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
}

static enum sp_status set_names(const struct sp_cfg_ssl *ssl, SSL_CTX *context, struct sp_error *err)
{
    if (ssl->verify_hostname && !ssl->skip_verification_hosts.count)
        return SP_OK;
    struct exceptions *exceptions = copy_exceptions(ssl);
    if (!exceptions || SSL_CTX_set_ex_data(context, exceptions_index(), exceptions) != 1) {
        free(exceptions);
        return sp_error_set(err, SP_ENOMEM, NULL, "ssl[%.*s]: no memory for TLS", SP_STR_ARG(ssl->id));
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, judge);
    return SP_OK;
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
    if (status == SP_OK)
        status = set_names(ssl, context, err);
    if (status != SP_OK) {
        SSL_CTX_free(context);
        return status;
    }
    *ret_context = context;
    return SP_OK;
}
