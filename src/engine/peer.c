/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "engine/peer_internal.h"

#include <pcre2.h>
#include <stdlib.h>

#include <openssl/ssl.h>

#include "engine/message.h"
#include "engine/tls.h"

/* Steps of a match: an expression that backtracks without end costs this much and does not match. */
#define MATCH_STEPS 20000

static const struct sp_cfg_http_endpoint *endpoint_of(const struct sp_config *config, unsigned endpoint)
{
    return endpoint < config->endpoint_count ? &config->endpoints[endpoint] : NULL;
}

/* Whether a list names anybody at all. */
static bool names_some(const struct sp_str_list *list)
{
    return list->count > 1 || (list->count == 1 && !sp_str_caseless_eq(list->items[0], SP_STR("none")));
}

bool sp_peer_is_wanted(const struct sp_config *config, unsigned endpoint)
{
    const struct sp_cfg_http_endpoint *here = endpoint_of(config, endpoint);
    return here && (here->remote_ip || here->proxy_protocol || names_some(&config->dispatcher.origins) ||
                    names_some(&config->dispatcher.sensitive_origins));
}

/* ---------------------------------------------------------------- proxies */

static enum sp_status read_proxies(const struct sp_cfg_remote_ip *from, struct sp_peer_rules *rules,
                                   struct sp_error *err)
{
    int number = 0;
    PCRE2_SIZE at = 0;
    char reason[120];
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)from->proxies.ptr, from->proxies.len,
                      PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NO_AUTO_CAPTURE, &number, &at, NULL);
    if (!code) {
        pcre2_get_error_message(number, (PCRE2_UCHAR *)reason, sizeof reason);
        return sp_error_set(err, SP_EINVAL, SP_MSG_PEER,
                            "remoteIp[%.*s]: proxies is no regular expression: %s at character %zu",
                            SP_STR_ARG(from->id), reason, at + 1);
    }
    rules->proxies = code;
    rules->match = pcre2_match_data_create_from_pattern(code, NULL);
    rules->header = from->header;
    if (!rules->match)
        return SP_ENOMEM;
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* without it a match takes a little longer */
    return SP_OK;
}

static bool matches_text(const struct sp_peer_rules *rules, const char *text)
{
    static pcre2_match_context *limits; /* one for all: it is never written again */
    if (!limits && (limits = pcre2_match_context_create(NULL)))
        pcre2_set_match_limit(limits, MATCH_STEPS);
    return limits &&
           pcre2_match(rules->proxies, (PCRE2_SPTR)text, strlen(text), 0, 0, rules->match, limits) > 0;
}

bool sp_peer_matches(const struct sp_peer_rules *rules, const struct sp_ip_text *address)
{
    return rules->proxies && (matches_text(rules, address->text) ||
                              (strcmp(address->text, address->whole) && matches_text(rules, address->whole)));
}

bool sp_peer_is_proxy(const struct sp_peer_rules *rules, struct sp_str address)
{
    struct sp_ip_text text;
    return rules && sp_ip_text_read(address, &text) == SP_OK && sp_peer_matches(rules, &text);
}

bool sp_peer_speaks_proxy_protocol(const struct sp_peer_rules *rules)
{
    return rules && rules->proxy_protocol;
}

/* ---------------------------------------------------------------- origins of private headers */

static enum sp_status read_origins(const struct sp_str_list *list, const char *attribute,
                                   struct sp_peer_origins *ret_origins, struct sp_error *err)
{
    if (!names_some(list))
        return SP_OK;
    ret_origins->ranges = calloc(list->count, sizeof *ret_origins->ranges);
    if (!ret_origins->ranges)
        return SP_ENOMEM;
    for (size_t i = 0; i < list->count; i++) {
        if (sp_str_is(list->items[i], "*")) {
            ret_origins->all = true;
            continue;
        }
        if (sp_ip_range_read(list->items[i], &ret_origins->ranges[ret_origins->count], NULL) != SP_OK)
            return sp_error_set(
                err, SP_EINVAL, SP_MSG_PEER,
                "httpDispatcher: %s: \"%.*s\" is neither an address, a range of addresses, * nor "
                "(alone) none",
                attribute, SP_STR_ARG(list->items[i]));
        ret_origins->count++;
    }
    return SP_OK;
}

bool sp_peer_is_origin(const struct sp_peer_origins *origins, const struct sp_ip_text *address)
{
    struct sp_ip ip;
    if (origins->all)
        return true;
    if (origins->count == 0 || sp_ip_read(sp_str_of(address->text), &ip) != SP_OK)
        return false;
    for (size_t i = 0; i < origins->count; i++)
        if (sp_ip_range_compare(&origins->ranges[i], &ip) == 0)
            return true;
    return false;
}

/* What certificates are checked against that come in a header: the trust of the endpoint's TLS, or where it
 * has none, of the server's. */
static enum sp_status load_trust(const struct sp_config *config, const struct sp_cfg_http_endpoint *endpoint,
                                 struct sp_peer_rules *rules, struct sp_error *err)
{
    const struct sp_cfg_ssl *ssl = endpoint->ssl_options ? endpoint->ssl_options->ssl : config->default_ssl;
    if (!ssl)
        return SP_OK;
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (!context)
        return SP_ENOMEM;
    enum sp_status status = sp_engine_tls_trust(ssl, context, err);
    if (status == SP_OK) {
        rules->trust = SSL_CTX_get_cert_store(context);
        X509_STORE_up_ref(rules->trust);
    }
    SSL_CTX_free(context);
    return status;
}

/* ---------------------------------------------------------------- life */

static enum sp_status read_rules(const struct sp_config *config, unsigned index, struct sp_peer_rules *rules,
                                 struct sp_error *err)
{
    const struct sp_cfg_http_endpoint *endpoint = &config->endpoints[index];
    enum sp_status status = SP_OK;
    rules->proxy_protocol = endpoint->proxy_protocol;
    if (endpoint->proxy_protocol && !endpoint->remote_ip)
        return sp_error_set(
            err, SP_EINVAL, SP_MSG_PEER,
            "httpEndpoint[%.*s]: sallyport_proxyProtocol needs a remoteIp, whose proxies may speak "
            "it",
            SP_STR_ARG(endpoint->id));
    if (endpoint->remote_ip)
        status = read_proxies(endpoint->remote_ip, rules, err);
    if (status == SP_OK)
        status = read_origins(&config->dispatcher.origins, "trustedHeaderOrigin", &rules->plain, err);
    if (status == SP_OK)
        status = read_origins(&config->dispatcher.sensitive_origins, "trustedSensitiveHeaderOrigin",
                              &rules->sensitive, err);
    return status;
}

enum sp_status sp_peer_rules_new(const struct sp_config *config, unsigned endpoint,
                                 struct sp_peer_rules **ret_rules, struct sp_error *err)
{
    if (!sp_peer_is_wanted(config, endpoint)) {
        *ret_rules = NULL;
        return SP_OK;
    }
    struct sp_peer_rules *rules = calloc(1, sizeof *rules);
    enum sp_status status = rules ? read_rules(config, endpoint, rules, err) : SP_ENOMEM;
    if (status == SP_OK && (rules->sensitive.all || rules->sensitive.count))
        status = load_trust(config, &config->endpoints[endpoint], rules, err);
    if (status == SP_OK)
        *ret_rules = rules;
    else
        sp_peer_rules_free(rules);
    return status;
}

enum sp_status sp_peer_check(const struct sp_config *config, unsigned endpoint, struct sp_error *err)
{
    struct sp_peer_rules *rules = calloc(1, sizeof *rules);
    enum sp_status status = rules ? read_rules(config, endpoint, rules, err) : SP_ENOMEM;
    sp_peer_rules_free(rules);
    return status;
}

void sp_peer_rules_free(struct sp_peer_rules *rules)
{
    if (!rules)
        return;
    pcre2_match_data_free(rules->match);
    pcre2_code_free(rules->proxies);
    free(rules->plain.ranges);
    free(rules->sensitive.ranges);
    X509_STORE_free(rules->trust);
    free(rules);
}
