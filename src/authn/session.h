/* SPDX-License-Identifier: Apache-2.0
 * session.h: a login that a browser keeps, so that the provider is not asked for each request.
 *
 * The browser holds what was asserted, sealed (crypto/cookie_seal.h); the server holds nothing but the ids of
 * sessions that were ended early (see oidc.c). Each login makes a session of its own: what a browser brought
 * along before is not used again.
 */
#ifndef SP_AUTHN_SESSION_H
#define SP_AUTHN_SESSION_H

#include "authn/kind.h"
#include "crypto/cookie_seal.h"
#include "text/json.h"

#define SP_SESSION_ID_BYTES 16u
#define SP_SESSION_NAME_BYTES 22u /* of base64url */
/* Browsers keep cookies of 4096 bytes with name and attributes. */
#define SP_SESSION_SEALED_MAX 3800u

struct sp_session {
    unsigned char id[SP_SESSION_ID_BYTES];
    struct sp_str provider; /* id of the element that logged in */
    /* Hashes of the provider's names for the person and for his session there, by which it ends sessions; ptr
     * NULL: there is none. */
    struct sp_str subject, provider_session;
    struct sp_assertion assertion;
    int64_t issued_us, expires_us; /* realtime */
};

/* The hash of a name of the provider, in the arena; ptr NULL: the name is empty, or no memory. */
struct sp_str sp_session_name(struct sp_str name, struct sp_arena *arena);

/* A new id; begins now. */
void sp_session_begin(struct sp_session *session, int64_t now_us);

/* Append the sealed form. Claims are left out when they make it longer than SP_SESSION_SEALED_MAX; SP_ELIMIT
 * when it is longer without them (very many groups). */
enum sp_status sp_session_seal(const struct sp_session *session, const struct sp_cookie_seal *seal,
                               struct sp_buf *buf, struct sp_error *err) SP_MUST_CHECK;
/* Read it back; texts are in the arena. SP_EDENIED when it was not sealed here; SP_ETIMEDOUT when it has
 * ended. */
enum sp_status sp_session_open(struct sp_str sealed, const struct sp_cookie_seal *seal, int64_t now_us,
                               struct sp_arena *arena, struct sp_session *ret_session,
                               struct sp_error *err) SP_MUST_CHECK;

#endif
