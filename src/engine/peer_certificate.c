/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/peer_internal.h"

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "engine/message.h"
#include "text/base64.h"

#define PEM_BEGIN "-----BEGIN CERTIFICATE-----"
#define PEM_END "-----END CERTIFICATE-----"

static enum sp_status refuse(struct sp_error *err, enum sp_status status, const char *why)
{
    return sp_error_set(err, status, SP_MSG_PEER_REFUSED, "the client's certificate in $WSCC %s", why);
}

/* Without PEM's first and last line, and without the line ends, blanks or tabs that a proxy put in their
 * place. */
static struct sp_str without_frame(struct sp_str text, char *room)
{
    size_t len = 0;
    text = sp_str_trim(text);
    if (sp_str_starts(text, SP_STR(PEM_BEGIN)) && sp_str_ends(text, SP_STR(PEM_END)) &&
        text.len >= strlen(PEM_BEGIN PEM_END))
        text = sp_str_slice(text, strlen(PEM_BEGIN), text.len - strlen(PEM_END));
    for (size_t i = 0; i < text.len; i++)
        if (!strchr(" \t\r\n", text.ptr[i] ? text.ptr[i] : '*'))
            room[len++] = text.ptr[i];
    return sp_str_from(room, len);
}

static int digit_of(char c)
{
    c = sp_lower(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* PEM in a URL's encoding has line ends, which no text of a URL has. */
static bool unescape(struct sp_str value, char *room, struct sp_str *ret_plain)
{
    size_t len = 0;
    for (size_t i = 0; i < value.len; i++, len++) {
        room[len] = value.ptr[i];
        if (value.ptr[i] != '%')
            continue;
        int high = i + 2 < value.len ? digit_of(value.ptr[i + 1]) : -1;
        int low = high >= 0 ? digit_of(value.ptr[i + 2]) : -1;
        if (low < 0)
            return false;
        room[len] = (char)(high << 4 | low);
        i += 2;
    }
    *ret_plain = sp_str_from(room, len);
    return true;
}

static enum sp_status decode(struct sp_str value, const struct sp_peer_memory *memory, struct sp_str *ret_der,
                             struct sp_error *err)
{
    char *room = memory->take(memory->arg, 3 * value.len + 3);
    if (!room)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a certificate");
    struct sp_str plain = value;
    if (sp_str_find(value, '%') < value.len && !unescape(value, room, &plain))
        return refuse(err, SP_EINVAL, "is not well-formed");
    struct sp_str base64 = without_frame(plain, room + value.len);
    struct sp_buf der = sp_buf_over(room + 2 * value.len, value.len + 3);
    if (base64.len == 0 || sp_base64_decode(SP_BASE64, base64, &der) != SP_OK)
        return refuse(err, SP_EINVAL, "is not base64");
    *ret_der = sp_buf_str(&der);
    return SP_OK;
}

static enum sp_status put_der(X509 *certificate, const struct sp_peer_memory *memory, struct sp_str *ret_der)
{
    int len = i2d_X509(certificate, NULL);
    unsigned char *der = len > 0 ? memory->take(memory->arg, (size_t)len) : NULL, *end = der;
    if (!der)
        return SP_ENOMEM;
    i2d_X509(certificate, &end);
    *ret_der = sp_str_from(der, (size_t)len);
    return SP_OK;
}

/* None for a certificate that is trusted itself. */
static enum sp_status put_issuers(X509_STORE_CTX *context, const struct sp_peer_memory *memory,
                                  struct sp_http_request *request, struct sp_error *err)
{
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(context);
    size_t count = chain && sk_X509_num(chain) > 1 ? (size_t)sk_X509_num(chain) - 1 : 0;
    struct sp_str *issuers = count ? memory->take(memory->arg, count * sizeof *issuers) : NULL;
    enum sp_status status = count && !issuers ? SP_ENOMEM : SP_OK;
    for (size_t i = 0; status == SP_OK && i < count; i++)
        status = put_der(sk_X509_value(chain, (int)i + 1), memory, &issuers[i]);
    if (status != SP_OK)
        return sp_error_set(err, status, NULL, "no memory for a certificate");
    request->client_issuers = issuers;
    request->client_issuer_count = count;
    return SP_OK;
}

static enum sp_status verify(X509_STORE *trust, X509 *certificate, const struct sp_peer_memory *memory,
                             struct sp_http_request *request, struct sp_error *err)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    if (!context || X509_STORE_CTX_init(context, trust, certificate, NULL) != 1 ||
        X509_STORE_CTX_set_default(context, "ssl_client") != 1) {
        X509_STORE_CTX_free(context);
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a certificate");
    }
    bool good = X509_verify_cert(context) == 1;
    int reason = X509_STORE_CTX_get_error(context);
    enum sp_status status = good ? put_issuers(context, memory, request, err) : SP_EDENIED;
    X509_STORE_CTX_free(context);
    return good ? status
                : sp_error_set(err, SP_EDENIED, SP_MSG_PEER_REFUSED,
                               "the client's certificate in $WSCC is not accepted: %s",
                               X509_verify_cert_error_string(reason));
}

enum sp_status sp_peer_certificate(const struct sp_peer_rules *rules, struct sp_str value,
                                   const struct sp_peer_memory *memory, struct sp_http_request *request,
                                   struct sp_error *err)
{
    struct sp_str der;
    if (!rules->trust)
        return refuse(err, SP_EDENIED, "cannot be checked, because the endpoint has no trust store");
    enum sp_status status = decode(value, memory, &der, err);
    if (status != SP_OK)
        return status;
    const unsigned char *at = (const unsigned char *)der.ptr;
    X509 *certificate = d2i_X509(NULL, &at, (long)der.len);
    if (!certificate || at != (const unsigned char *)der.ptr + der.len) {
        X509_free(certificate);
        return refuse(err, SP_EINVAL, "is no certificate");
    }
    status = verify(rules->trust, certificate, memory, request, err);
    X509_free(certificate);
    if (status == SP_OK || status == SP_EDENIED) /* refused, it is still who came */
        request->client_certificate = der;
    return status;
}
