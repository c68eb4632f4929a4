/* SPDX-License-Identifier: Apache-2.0
 * revocation.h: certificates of callers that their authorities have taken back (RFC 5280, CRLs).
 */
#ifndef SP_ENGINE_REVOCATION_H
#define SP_ENGINE_REVOCATION_H

#include "base/str.h"

#define SP_REVOCATION_FILE_MAX (64u << 20)

struct ssl_ctx_st;
struct evp_md_ctx_st;

/* Take the revocation lists of a PEM file into the context: from then on each certificate of a caller's chain
 * needs a list of its authority that is in force and does not name it. What the lists say is added to
 * `digest`, by which sessions that were proved under other lists are told apart. SP_EIO, SP_ELIMIT,
 * SP_ESYNTAX (no list, or one that cannot be read). */
enum sp_status sp_engine_revocation_load(const char *path, struct ssl_ctx_st *context,
                                         struct evp_md_ctx_st *digest, struct sp_error *err) SP_MUST_CHECK;

#endif
