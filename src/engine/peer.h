/* SPDX-License-Identifier: Apache-2.0
 * peer.h: who the client is, when proxies stand between.
 *
 * The one place where that is decided. Who connected is the client, unless he is a proxy that the
 * configuration trusts; then the client is whom he names. A client that is named so is believed in turn only
 * when he is a trusted proxy himself: the headers are read from the proxy that is nearest to us towards the
 * client, and end at the first address that is not trusted. Everything downstream (authFilter, the brake on
 * failures, logs, SMF records, policies, redirects, requireSecure) reads the result in struct
 * sp_http_request.
 *
 *  - remoteIp: Forwarded (RFC 7239), X-Forwarded-For, -Proto, -Host, -Port; and the PROXY protocol's trust.
 *  - httpDispatcher: $WSIS, $WSSC, $WSSN, $WSSP; and $WSRA, $WSCC, which are sensitive.
 *
 * "unknown" and hidden names end the walk at the proxy that wrote them; what is malformed, contradictory or
 * too long is refused, when it comes from somebody who is believed. From others it is not even read.
 */
#ifndef SP_ENGINE_PEER_H
#define SP_ENGINE_PEER_H

#include "config/config.h"
#include "io/port.h"

struct sp_peer_rules;
struct sp_forwarded_node;
struct x509_store_st;

/* Longest host that is taken from a header. */
#define SP_PEER_HOST_MAX 255u

/* Whether an endpoint believes anybody. */
bool sp_peer_is_wanted(const struct sp_config *config, unsigned endpoint);
/* `*ret_rules` is NULL when it believes nobody. SP_EINVAL with SP_MSG_PEER when the configuration cannot be
 * used; errors of the trust store with SP_MSG_KEY_STORE. */
enum sp_status sp_peer_rules_new(const struct sp_config *config, unsigned endpoint,
                                 struct sp_peer_rules **ret_rules, struct sp_error *err) SP_MUST_CHECK;
/* Whether they could be made, without reading a key store. In any thread. */
enum sp_status sp_peer_check(const struct sp_config *config, unsigned endpoint,
                             struct sp_error *err) SP_MUST_CHECK;
/* Accepts NULL. */
void sp_peer_rules_free(struct sp_peer_rules *rules);

/* Whether an address (as text) is that of a proxy. */
bool sp_peer_is_proxy(const struct sp_peer_rules *rules, struct sp_str address);
bool sp_peer_speaks_proxy_protocol(const struct sp_peer_rules *rules);

/* Memory that lives as long as the request, aligned for any object; NULL when there is none. */
struct sp_peer_memory {
    void *(*take)(void *arg, size_t size);
    void *arg;
};

/* Put the client in the place of the proxies: addresses, port, host, tls, certificate. `headers` are the
 * request's own; those that may not be believed or are used up are taken out. SP_EINVAL: the request is
 * refused (400), `err` says why; SP_EDENIED: the client's certificate in $WSCC is not accepted (400);
 * SP_ENOMEM. */
enum sp_status sp_peer_resolve(const struct sp_peer_rules *rules, const struct sp_peer_memory *memory,
                               struct sp_http_header *headers, struct sp_http_request *request,
                               struct sp_error *err) SP_MUST_CHECK;
/* The same where nobody is believed: takes the private headers out, so that nothing downstream reads them. */
void sp_peer_strip(struct sp_http_header *headers, struct sp_http_request *request);

#endif
