/* SPDX-License-Identifier: Apache-2.0
 * ldap_tls.h: OpenSSL under libldap. Private to the room.
 *
 * Debian's libldap speaks TLS by GnuTLS and reads whom to trust from files; the ssl elements of server.xml
 * are contexts of OpenSSL in memory. So the socket is ours, and libldap reads and writes through a layer.
 */
#ifndef SP_REGISTRY_LDAP_TLS_H
#define SP_REGISTRY_LDAP_TLS_H

#include <ldap.h>
#include <stdbool.h>

#include "base/error.h"

struct ssl_ctx_st;
struct ssl_st;

/* How long a thread waits before it looks whether it is to stop. */
#define SP_LDAP_LOOK_US 200000

/* Wait until the descriptor is ready; SP_ETIMEDOUT (also when `*stopping`, which another thread may set, is
 * true), SP_EIO. Blocks. */
enum sp_status sp_ldap_wait(int fd, bool to_write, int64_t deadline_us, const bool *stopping) SP_MUST_CHECK;
/* Handshake as a client on a socket that does not block. The certificate must be valid for `host`, a name or
 * an address. SP_EDENIED when it is refused, SP_EPROTO, SP_ETIMEDOUT, SP_ENOMEM. Blocks. */
enum sp_status sp_ldap_tls_connect(struct ssl_ctx_st *context, int fd, const char *host, int64_t deadline_us,
                                   const bool *stopping, struct ssl_st **ret_tls,
                                   struct sp_error *err) SP_MUST_CHECK;
/* Let libldap speak through it; it is freed with the handle. SP_ENOMEM: it is still the caller's. */
enum sp_status sp_ldap_tls_install(LDAP *handle, struct ssl_st *tls) SP_MUST_CHECK;

#endif
