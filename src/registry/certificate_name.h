/* SPDX-License-Identifier: Apache-2.0
 * certificate_name.h: the names in a client certificate, as registries look users up by them.
 */
#ifndef SP_REGISTRY_CERTIFICATE_NAME_H
#define SP_REGISTRY_CERTIFICATE_NAME_H

#include "base/arena.h"

#define SP_CERTIFICATE_NAME_MAX 4096u

struct sp_certificate_names {
    struct sp_str subject, issuer; /* RFC 4514, the most specific part first */
    struct sp_str serial;          /* decimal */
    struct sp_str der;
    struct x509_st *certificate; /* for sp_certificate_names_part */
};

/* Read a certificate (DER); finish it afterwards. Strings live in the arena. SP_ESYNTAX when the bytes are
 * not exactly one certificate or a name holds a zero byte, SP_ELIMIT for names over SP_CERTIFICATE_NAME_MAX,
 * SP_ENOMEM. */
enum sp_status sp_certificate_names_read(struct sp_str der, struct sp_arena *arena,
                                         struct sp_certificate_names *ret_names,
                                         struct sp_error *err) SP_MUST_CHECK;
void sp_certificate_names_finish(struct sp_certificate_names *names);
/* The value of the most specific part of subject or issuer whose type is called `type` ("CN", "OU", "E",
 * "UID", ... in any case), UTF-8; ptr NULL when there is none. SP_ENOMEM, SP_ESYNTAX (a zero byte in it). */
enum sp_status sp_certificate_names_part(const struct sp_certificate_names *names, bool of_issuer,
                                         struct sp_str type, struct sp_arena *arena, struct sp_str *ret_value,
                                         struct sp_error *err) SP_MUST_CHECK;

#endif
