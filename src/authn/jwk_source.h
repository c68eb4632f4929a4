/* SPDX-License-Identifier: Apache-2.0
 * jwk_source.h: an issuer's keys, fetched and kept fresh.
 *
 * Keys are fetched before they are needed and again before they are old, by one fiber. A token with an
 * unknown key causes a fetch too, but only one in an interval, whoever sends such tokens; all who wait for a
 * fetch wait for the same one. When keys cannot be fetched, those there are go on counting for a bounded
 * time.
 */
#ifndef SP_AUTHN_JWK_SOURCE_H
#define SP_AUTHN_JWK_SOURCE_H

#include "crypto/jwk.h"
#include "io/http_client.h"

struct sp_jwk_source;

struct sp_jwk_source_options {
    struct sp_http_client *client; /* borrowed: outlives the source */
    struct sp_str url;             /* copied, as the texts below */
    struct sp_str user, password;  /* Basic; user ptr NULL: none */
    bool any_host_name;
    bool weak_rsa;
    int64_t refetch_us;   /* least time between fetches that tokens cause */
    int64_t max_stale_us; /* keys count so long after the last successful fetch */
};

struct sp_jwk_source_counts {
    uint64_t fetches, failures;
};

/* Fetches nothing yet. SP_ENOMEM. */
enum sp_status sp_jwk_source_new(struct sp_loop *loop, const struct sp_jwk_source_options *options,
                                 struct sp_jwk_source **ret_source, struct sp_error *err) SP_MUST_CHECK;
/* Stops fetching; those who wait get SP_ECANCELED. In the loop's thread. Accepts NULL. */
void sp_jwk_source_free(struct sp_jwk_source *source);
/* Begin to fetch, in the background. In the loop's thread; again does nothing. */
void sp_jwk_source_start(struct sp_jwk_source *source);
/* Fetch from elsewhere from now on (discovery said so); the keys there are stay until then. */
enum sp_status sp_jwk_source_move(struct sp_jwk_source *source, struct sp_str url) SP_MUST_CHECK;

/* In a fiber: the key for a token. `*ret_set` is held for the caller (sp_jwk_set_release), since the source
 * may get another one meanwhile. SP_ENOTFOUND, SP_EEXISTS as sp_jwk_set_choose; SP_EUNAVAIL: there are no
 * keys, and `err` says why; SP_ETIMEDOUT, SP_ECANCELED. */
enum sp_status io_jwk_source_find(struct sp_jwk_source *source, enum sp_jwa alg,
                                  const struct sp_jwk_name *name, int64_t deadline_us,
                                  struct sp_jwk_set **ret_set, const struct sp_jwk **ret_key,
                                  struct sp_error *err) SP_MUST_CHECK;

/* Whether keys were ever fetched. */
bool sp_jwk_source_has_keys(const struct sp_jwk_source *source);
void sp_jwk_source_counts(const struct sp_jwk_source *source, struct sp_jwk_source_counts *ret_counts);

#endif
