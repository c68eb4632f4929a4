/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/ciphers.h"

#include "config/cipher.h"
#include "engine/message.h"

#define LIST_MAX 8192

static const char high[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
static const char medium[] = ":ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA384:"
                             "ECDHE-RSA-AES256-SHA384:AES128-GCM-SHA256:AES256-GCM-SHA384";
static const char low[] = ":ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:"
                          "ECDHE-RSA-AES256-SHA:AES128-SHA256:AES256-SHA256:AES128-SHA:AES256-SHA";

void sp_ciphers_finish(struct sp_ciphers *ciphers)
{
    sp_buf_finish(&ciphers->tls12);
    sp_buf_finish(&ciphers->tls13);
}

static void append_level(struct sp_buf *list, struct sp_str level)
{
    sp_buf_append_str(list, sp_str_of(high));
    if (sp_str_caseless_eq(level, SP_STR("MEDIUM")) || sp_str_caseless_eq(level, SP_STR("LOW")))
        sp_buf_append_str(list, sp_str_of(medium));
    if (sp_str_caseless_eq(level, SP_STR("LOW")))
        sp_buf_append_str(list, sp_str_of(low));
}

static void append_name(struct sp_buf *list, const char *name)
{
    if (list->len)
        sp_buf_append_byte(list, ':');
    sp_buf_append_str(list, sp_str_of(name));
}

/* What is unknown or not provided was told when the configuration was read; here it is left out. */
static void append_enabled(const struct sp_cfg_ssl *ssl, struct sp_ciphers *ciphers)
{
    for (size_t i = 0; i < ssl->enabled_ciphers.count; i++) {
        const char *name = sp_cipher_openssl_name(ssl->enabled_ciphers.items[i]);
        if (name && sp_cipher_is_provided(name))
            append_name(sp_cipher_is_tls13(name) ? &ciphers->tls13 : &ciphers->tls12, name);
    }
}

static bool wants(const struct sp_cfg_ssl *ssl, const char *protocol)
{
    for (size_t i = 0; i < ssl->protocols.count; i++)
        if (sp_str_is(ssl->protocols.items[i], protocol))
            return true;
    return ssl->protocols.count == 0;
}

static enum sp_status choose(const struct sp_cfg_ssl *ssl, struct sp_ciphers *ciphers, struct sp_error *err)
{
    bool by_name = ssl->enabled_ciphers.count > 0;
    if (by_name)
        append_enabled(ssl, ciphers);
    else
        append_level(&ciphers->tls12, ssl->security_level);
    if (ciphers->tls12.failed || ciphers->tls13.failed)
        return sp_error_set(err, SP_ELIMIT, SP_MSG_CIPHERS_NONE, "ssl[%.*s]: enabledCiphers is too long",
                            SP_STR_ARG(ssl->id));
    ciphers->offers12 = wants(ssl, "TLSv1.2") && ciphers->tls12.len > 0;
    ciphers->offers13 = wants(ssl, "TLSv1.3") && (!by_name || ciphers->tls13.len > 0);
    if (!ciphers->offers12 && !ciphers->offers13)
        return sp_error_set(err, SP_EINVAL, SP_MSG_CIPHERS_NONE,
                            "ssl[%.*s]: no cipher of enabledCiphers can be used with its sslProtocol",
                            SP_STR_ARG(ssl->id));
    return SP_OK;
}

enum sp_status sp_ciphers_choose(const struct sp_cfg_ssl *ssl, struct sp_ciphers *ret_ciphers,
                                 struct sp_error *err)
{
    struct sp_ciphers ciphers = {.offers12 = false};
    sp_buf_init(&ciphers.tls12, LIST_MAX);
    sp_buf_init(&ciphers.tls13, LIST_MAX);
    enum sp_status status = choose(ssl, &ciphers, err);
    if (status == SP_OK)
        *ret_ciphers = ciphers;
    else
        sp_ciphers_finish(&ciphers);
    return status;
}
