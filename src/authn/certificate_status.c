/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/certificate_status.h"

#include <stdlib.h>

#include "authn/message.h"
#include "authn/trace.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/shared_cache.h"
#include "config/config.h"
#include "crypto/ocsp.h"
#include "io/http_client.h"
#include "registry/certificate_name.h"

#define ENTRIES 4096u
#define CONNECTIONS_PER_RESPONDER 8u
/* A responder that gave no answer is not asked again for so long about the same certificate. */
#define NO_ANSWER_US 5000000
#define URL_MAX 2048u

struct sp_certificate_status {
    const struct sp_config *config;
    struct sp_http_client *http;
    struct sp_shared_cache *cache; /* of this worker */
};

/* One certificate of the chain, and who issued it. */
struct link {
    struct sp_str certificate, issuer;
    size_t place; /* 0: the client's own */
};

/* What is remembered of a certificate. */
enum remembered { GOOD = 'g', REVOKED = 'r', UNKNOWN = 'u', NO_ANSWER = 'n' };

static const struct sp_cfg_ssl *ssl_of(const struct sp_config *config, unsigned endpoint)
{
    if (endpoint >= config->endpoint_count)
        return NULL;
    const struct sp_cfg_ssl_options *options = config->endpoints[endpoint].ssl_options;
    return options ? options->ssl : config->default_ssl;
}

static bool is_wanted(const struct sp_config *config)
{
    for (unsigned i = 0; i < config->endpoint_count; i++) {
        const struct sp_cfg_ssl *ssl = ssl_of(config, i);
        if (ssl && ssl->ocsp != SP_CFG_OCSP_OFF)
            return true;
    }
    return false;
}

enum sp_status sp_certificate_status_check(const struct sp_cfg_ssl *ssl, struct sp_error *err)
{
    if (!ssl->ocsp_responder.len || sp_str_starts(ssl->ocsp_responder, SP_STR("http://")))
        return SP_OK;
    return sp_error_set(err, SP_EINVAL, SP_MSG_OCSP_RESPONDER,
                        "ssl[%.*s]: sallyport_ocspResponder \"%.*s\" is no http:// URL", SP_STR_ARG(ssl->id),
                        SP_STR_ARG(ssl->ocsp_responder));
}

enum sp_status sp_certificate_status_new(struct sp_loop *loop, const struct sp_config *config,
                                         struct sp_certificate_status **ret_status, struct sp_error *err)
{
    static const struct sp_shared_cache_size size = {.entries = ENTRIES, .value_bytes = 1};
    static const struct sp_http_client_options options = {
        .max_connections_per_host = CONNECTIONS_PER_RESPONDER, .http1_only = true};
    enum sp_status checked = SP_OK;
    for (size_t i = 0; checked == SP_OK && i < config->ssl_count; i++)
        checked = sp_certificate_status_check(&config->ssl[i], err);
    *ret_status = NULL;
    if (checked != SP_OK || !loop || !is_wanted(config))
        return checked;
    struct sp_certificate_status *made = calloc(1, sizeof *made);
    if (!made)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the status of certificates");
    made->config = config;
    enum sp_status status = sp_http_client_new(loop, &options, &made->http, err);
    if (status == SP_OK)
        status = sp_shared_cache_open(NULL, 0, size, &made->cache, err);
    if (status == SP_OK)
        *ret_status = made;
    else
        sp_certificate_status_free(made);
    return status;
}

void sp_certificate_status_free(struct sp_certificate_status *status)
{
    if (!status)
        return;
    sp_http_client_free(status->http);
    sp_shared_cache_close(status->cache);
    free(status);
}

/* ---------------------------------------------------------------- asking */

/* The one that is configured, or the one that the certificate names. */
static enum sp_status find_responder(const struct sp_cfg_ssl *ssl, struct sp_str certificate,
                                     struct sp_buf *url, struct sp_error *err)
{
    if (ssl->ocsp_responder.len)
        return sp_buf_append_str(url, ssl->ocsp_responder);
    if (sp_ocsp_responder(certificate, url) == SP_OK)
        return SP_OK;
    return sp_error_set(
        err, SP_EUNAVAIL, NULL,
        "the certificate names no responder, and sallyport_ocspResponder of ssl[%.*s] neither",
        SP_STR_ARG(ssl->id));
}

static enum sp_status io_fetch(struct sp_certificate_status *status, const struct sp_cfg_ssl *ssl,
                               struct sp_str url, struct sp_str question, struct sp_arena *arena,
                               struct sp_str *ret_answer, struct sp_error *err)
{
    static const struct sp_http_header headers[] = {
        {SP_STR_INIT("Content-Type"), SP_STR_INIT("application/ocsp-request")},
        {SP_STR_INIT("Accept"), SP_STR_INIT("application/ocsp-response")}};
    const struct sp_fetch_request request = {.method = SP_STR("POST"),
                                             .url = url,
                                             .headers = headers,
                                             .header_count = 2,
                                             .body = question,
                                             .max_response_bytes = SP_OCSP_RESPONSE_MAX};
    struct sp_fetch_response response;
    enum sp_status fetched = io_http_fetch(
        status->http, &request, sp_clock_monotonic_us() + ssl->ocsp_timeout_us, arena, &response, err);
    if (fetched != SP_OK)
        return fetched;
    if (response.status != 200)
        return sp_error_set(err, SP_EUNAVAIL, NULL, "%.*s answers with status %u", SP_STR_ARG(url),
                            response.status);
    *ret_answer = response.body;
    return SP_OK;
}

static enum sp_status io_ask(struct sp_certificate_status *status, const struct sp_cfg_ssl *ssl,
                             const struct link *link, struct sp_arena *arena,
                             struct sp_ocsp_answer *ret_answer, struct sp_error *err)
{
    char url_room[URL_MAX], question_room[512];
    struct sp_buf url = sp_buf_over(url_room, sizeof url_room),
                  question = sp_buf_over(question_room, sizeof question_room);
    struct sp_str body;
    enum sp_status asked = find_responder(ssl, link->certificate, &url, err);
    if (asked == SP_OK)
        asked = sp_ocsp_ask(link->certificate, link->issuer, &question, err);
    if (asked == SP_OK)
        asked = io_fetch(status, ssl, sp_buf_str(&url), sp_buf_str(&question), arena, &body, err);
    if (asked != SP_OK)
        return asked;
    asked = sp_ocsp_read(body, link->certificate, link->issuer, sp_clock_realtime_us(), ret_answer, err);
    if (asked != SP_OK)
        sp_error_prefix(err, "%.*s", SP_STR_ARG(sp_buf_str(&url)));
    return asked;
}

/* ---------------------------------------------------------------- the decision */

static struct sp_str title_of(const struct link *link, struct sp_arena *arena)
{
    struct sp_certificate_names names;
    struct sp_str title = SP_STR("the client certificate");
    if (!link->place || sp_certificate_names_read(link->certificate, arena, &names, NULL) != SP_OK)
        return title;
    title = sp_arena_printf(arena, "certificate %.*s of the client's authority", SP_STR_ARG(names.subject));
    sp_certificate_names_finish(&names);
    return title.ptr ? title : SP_STR("a certificate of the client's authority");
}

static enum sp_status decide(const struct sp_cfg_ssl *ssl, enum remembered told, struct sp_str title,
                             struct sp_error *err)
{
    switch (told) {
    case GOOD:
        return SP_OK;
    case REVOKED:
        return sp_error_set(err, SP_EDENIED, SP_MSG_CERTIFICATE_REVOKED, "%.*s was taken back",
                            SP_STR_ARG(title));
    case UNKNOWN:
        return sp_error_set(err, SP_EDENIED, SP_MSG_CERTIFICATE_REVOKED, "the responder does not know %.*s",
                            SP_STR_ARG(title));
    default:
        if (ssl->ocsp == SP_CFG_OCSP_SOFT)
            return SP_OK;
        return sp_error_set(err, SP_EUNAVAIL, SP_MSG_OCSP_UNAVAILABLE,
                            "whether %.*s was taken back could not be found out a moment ago",
                            SP_STR_ARG(title));
    }
}

static enum sp_status no_answer(const struct sp_cfg_ssl *ssl, struct sp_str title, struct sp_error *err)
{
    struct sp_error reason = *err;
    if (ssl->ocsp == SP_CFG_OCSP_SOFT) {
        sp_log(SP_LOG_WARNING, SP_MSG_OCSP_UNAVAILABLE,
               "%.*s is taken without knowing whether it was taken back (sallyport_ocsp=\"soft\"): %s",
               SP_STR_ARG(title), reason.text);
        sp_error_clear(err);
        return SP_OK;
    }
    return sp_error_set(err, SP_EUNAVAIL, SP_MSG_OCSP_UNAVAILABLE,
                        "whether %.*s was taken back cannot be found out: %s", SP_STR_ARG(title),
                        reason.text);
}

static enum sp_status io_find_out(struct sp_certificate_status *status, const struct sp_cfg_ssl *ssl,
                                  const struct link *link, struct sp_arena *arena, struct sp_cache_key key,
                                  struct sp_error *err)
{
    static const char letters[] = {
        [SP_OCSP_GOOD] = GOOD, [SP_OCSP_REVOKED] = REVOKED, [SP_OCSP_UNKNOWN] = UNKNOWN};
    struct sp_ocsp_answer answer;
    enum sp_status asked = io_ask(status, ssl, link, arena, &answer, err);
    if (asked == SP_ECANCELED || asked == SP_ENOMEM)
        return asked;
    int64_t now = sp_clock_realtime_us(), until = now + NO_ANSWER_US;
    char letter = NO_ANSWER;
    if (asked == SP_OK) {
        letter = letters[answer.verdict];
        until = answer.until_us < now + ssl->ocsp_cache_us ? answer.until_us : now + ssl->ocsp_cache_us;
    }
    if (until > now)
        sp_shared_cache_put(status->cache, key, now, until, sp_str_from(&letter, 1));
    struct sp_str title = letter == GOOD ? SP_STR("") : title_of(link, arena);
    if (asked != SP_OK)
        return no_answer(ssl, title, err);
    asked = decide(ssl, (enum remembered)letter, title, err);
    if (asked != SP_OK && answer.reason)
        sp_error_set(err, asked, SP_MSG_CERTIFICATE_REVOKED, "%.*s was taken back (%s)", SP_STR_ARG(title),
                     answer.reason);
    return asked;
}

static enum sp_status io_status_of(struct sp_certificate_status *status, const struct sp_cfg_ssl *ssl,
                                   const struct link *link, struct sp_arena *arena, struct sp_error *err)
{
    const struct sp_str parts[] = {link->certificate, link->issuer, ssl->id};
    struct sp_cache_key key = sp_shared_cache_key(status->cache, parts, 3);
    char letter;
    size_t len;
    if (!sp_shared_cache_get(status->cache, key, sp_clock_realtime_us(), &letter, 1, &len) || len != 1)
        return io_find_out(status, ssl, link, arena, key, err);
    struct sp_str title = letter == GOOD ? SP_STR("") : title_of(link, arena);
    return decide(ssl, (enum remembered)letter, title, err);
}

enum sp_status io_certificate_status(struct sp_certificate_status *status, struct sp_authn_attempt *attempt,
                                     struct sp_error *err)
{
    const struct sp_http_request *request = attempt->request;
    if (!status || !request->client_certificate.len)
        return SP_OK;
    const struct sp_cfg_ssl *ssl = ssl_of(status->config, request->endpoint);
    /* A certificate that is trusted itself has nobody who could take it back. */
    if (!ssl || ssl->ocsp == SP_CFG_OCSP_OFF || !request->client_issuer_count)
        return SP_OK;
    size_t count = ssl->ocsp_chain ? request->client_issuer_count : 1;
    struct link link = {.certificate = request->client_certificate};
    enum sp_status found = SP_OK;
    for (; found == SP_OK && link.place < count; link.place++) {
        link.issuer = request->client_issuers[link.place];
        found = io_status_of(status, ssl, &link, attempt->arena, err);
        link.certificate = link.issuer;
    }
    sp_trace_add(attempt, "revocation", NULL, "%s",
                 found != SP_OK ? err->text
                 : count > 1    ? "the client certificate and those of its authorities are good"
                                : "the client certificate is good");
    return found;
}
