/* SPDX-License-Identifier: Apache-2.0
 * peer_internal.h: what peer.c, peer_resolve.c and peer_certificate.c share.
 */
#ifndef SP_ENGINE_PEER_INTERNAL_H
#define SP_ENGINE_PEER_INTERNAL_H

#include "engine/peer.h"
#include "text/forwarded.h"

struct sp_peer_origins {
    bool all;
    struct sp_ip_range *ranges;
    size_t count;
};

struct sp_peer_rules {
    void *proxies;   /* pcre2_code; NULL: there is no proxy */
    void *match;     /* pcre2_match_data */
    unsigned header; /* enum sp_cfg_forwarded */
    bool proxy_protocol;
    struct sp_peer_origins plain, sensitive; /* of $WS headers */
    struct x509_store_st *trust;             /* of certificates in $WSCC; NULL: none can be checked */
};

bool sp_peer_matches(const struct sp_peer_rules *rules, const struct sp_ip_text *address);
bool sp_peer_is_origin(const struct sp_peer_origins *origins, const struct sp_ip_text *address);

/* The certificate in $WSCC: base64 of DER, or the text of PEM, which may be URL-encoded. Checked as one of
 * the connection: chain, time, purpose, revocation lists. The request gets it and its issuers. */
enum sp_status sp_peer_certificate(const struct sp_peer_rules *rules, struct sp_str value,
                                   const struct sp_peer_memory *memory, struct sp_http_request *request,
                                   struct sp_error *err) SP_MUST_CHECK;

#endif
