/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/jwk_source.h"

#include <stdlib.h>

#include "authn/refresh.h"
#include "base/clock.h"
#include "base/secret.h"

#define SECOND ((int64_t)1000000)
#define FETCH_TIMEOUT (10 * SECOND)
#define LIFETIME (600 * SECOND) /* of keys, when the server does not say otherwise */
#define LIFETIME_LEAST (60 * SECOND)
#define LIFETIME_MOST (86400 * SECOND)
#define NO_KEYS_PAUSE_US SECOND
#define ARENA_BYTES ((size_t)1 << 20)

struct sp_jwk_source {
    struct sp_jwk_source_options options;
    struct sp_refresh *refresh;
    struct sp_jwk_set *set; /* NULL: there are none */
};

/* ---- fetching ---- */

/* max-age of Cache-Control, between a minute and a day. */
static int64_t lifetime_of(const struct sp_fetch_response *response)
{
    struct sp_str rest = sp_fetch_header(response, "Cache-Control"), part, name = SP_STR("max-age=");
    uint64_t seconds;
    while (sp_str_split(&rest, ',', &part)) {
        part = sp_str_trim(part);
        if (sp_str_starts(part, name) &&
            sp_str_to_u64(sp_str_slice(part, name.len, part.len), &seconds) == SP_OK) {
            if (seconds < LIFETIME_LEAST / SECOND)
                return LIFETIME_LEAST;
            return seconds > LIFETIME_MOST / SECOND ? LIFETIME_MOST : (int64_t)seconds * SECOND;
        }
    }
    return LIFETIME;
}

static enum sp_status io_fetch_set(struct sp_jwk_source *source, struct sp_arena *arena,
                                   int64_t *ret_lifetime_us, struct sp_jwk_set **ret_set,
                                   struct sp_error *err)
{
    static const struct sp_http_header accept = {SP_STR_INIT("Accept"), SP_STR_INIT("application/json")};
    const struct sp_jwk_source_options *options = &source->options;
    struct sp_str url = sp_arena_str(arena, options->url); /* it may be moved meanwhile */
    struct sp_fetch_request request = {.url = url,
                                       .headers = &accept,
                                       .header_count = 1,
                                       .user = options->user,
                                       .password = options->password,
                                       .max_response_bytes = SP_JWK_TEXT_MAX,
                                       .any_host_name = options->any_host_name};
    struct sp_jwk_rules rules = {.published = true, .weak_rsa = options->weak_rsa};
    struct sp_fetch_response response;
    if (!url.ptr)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the keys of an issuer");
    enum sp_status status = io_http_fetch(options->client, &request, sp_clock_monotonic_us() + FETCH_TIMEOUT,
                                          arena, &response, err);
    if (status != SP_OK)
        return status;
    if (response.status != 200)
        return sp_error_set(err, SP_EUNAVAIL, NULL, "%.*s answers with status %u instead of keys",
                            SP_STR_ARG(url), response.status);
    status = sp_jwk_set_parse(response.body, &rules, ret_set, err);
    if (status != SP_OK) {
        sp_error_prefix(err, "%.*s", SP_STR_ARG(url));
        return status;
    }
    *ret_lifetime_us = lifetime_of(&response);
    if (*ret_lifetime_us > options->max_stale_us)
        *ret_lifetime_us = options->max_stale_us;
    return SP_OK;
}

static enum sp_status io_fetch(void *arg, int64_t *ret_lifetime_us, struct sp_error *err)
{
    struct sp_jwk_source *source = arg;
    struct sp_arena arena;
    struct sp_jwk_set *set;
    sp_arena_init(&arena, ARENA_BYTES);
    enum sp_status status = io_fetch_set(source, &arena, ret_lifetime_us, &set, err);
    sp_arena_finish(&arena);
    if (status == SP_OK) {
        sp_jwk_set_release(source->set);
        source->set = set;
    }
    return status;
}

/* ---- life ---- */

static void free_copy(struct sp_str text)
{
    if (text.ptr)
        sp_secret_wipe((char *)(uintptr_t)text.ptr, text.len);
    free((char *)(uintptr_t)text.ptr);
}

static void drop(void *arg)
{
    struct sp_jwk_source *source = arg;
    sp_jwk_set_release(source->set);
    free_copy(source->options.url);
    free_copy(source->options.user);
    free_copy(source->options.password);
    free(source);
}

static bool copy(struct sp_str *text)
{
    if (!text->ptr)
        return true;
    text->ptr = strndup(text->ptr, text->len);
    return text->ptr != NULL;
}

enum sp_status sp_jwk_source_new(struct sp_loop *loop, const struct sp_jwk_source_options *options,
                                 struct sp_jwk_source **ret_source, struct sp_error *err)
{
    struct sp_jwk_source *source = calloc(1, sizeof *source);
    if (!source)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the keys of an issuer");
    source->options = *options;
    bool url = copy(&source->options.url), user = copy(&source->options.user),
         password = copy(&source->options.password);
    enum sp_status status = url && user && password
                                ? sp_refresh_new(loop, io_fetch, drop, source, &source->refresh, err)
                                : sp_error_set(err, SP_ENOMEM, NULL, "no memory for the keys of an issuer");
    if (status != SP_OK) {
        drop(source);
        return status;
    }
    *ret_source = source;
    return SP_OK;
}

void sp_jwk_source_free(struct sp_jwk_source *source)
{
    if (source)
        sp_refresh_free(source->refresh);
}

void sp_jwk_source_start(struct sp_jwk_source *source)
{
    sp_refresh_start(source->refresh);
}

enum sp_status sp_jwk_source_move(struct sp_jwk_source *source, struct sp_str url)
{
    if (sp_str_eq(source->options.url, url))
        return SP_OK;
    char *copied = strndup(url.ptr, url.len);
    if (!copied)
        return SP_ENOMEM;
    free((char *)(uintptr_t)source->options.url.ptr);
    source->options.url = sp_str_from(copied, url.len);
    sp_refresh_soon(source->refresh);
    return SP_OK;
}

/* ---- finding ---- */

static bool is_usable(const struct sp_jwk_source *source)
{
    int64_t fetched = sp_refresh_state(source->refresh)->fetched_us;
    return source->set && sp_clock_monotonic_us() - fetched < source->options.max_stale_us;
}

/* Whether a token may cause a fetch now. When there are no keys at all, who needs them does not wait for the
 * pause after many failures to end. */
static bool may_fetch(const struct sp_jwk_source *source)
{
    const struct sp_refresh_state *state = sp_refresh_state(source->refresh);
    int64_t now = sp_clock_monotonic_us();
    if (!state->attempted_us || state->busy)
        return true;
    return is_usable(source) ? now - state->attempted_us >= source->options.refetch_us
                             : now - state->attempted_us >= NO_KEYS_PAUSE_US;
}

static enum sp_status choose(const struct sp_jwk_source *source, enum sp_jwa alg,
                             const struct sp_jwk_name *name, struct sp_jwk_set **ret_set,
                             const struct sp_jwk **ret_key, struct sp_error *err)
{
    const struct sp_error *problem = &sp_refresh_state(source->refresh)->problem;
    if (!is_usable(source))
        return sp_error_set(err, SP_EUNAVAIL, NULL, "there are no keys of the issuer%s%s",
                            problem->status != SP_OK ? ": " : " yet", problem->text);
    enum sp_status status = sp_jwk_set_choose(source->set, alg, name, ret_key, err);
    if (status == SP_OK)
        *ret_set = sp_jwk_set_hold(source->set);
    /* It may be a new key that cannot be fetched. */
    if (status == SP_ENOTFOUND && problem->status != SP_OK)
        return sp_error_set(err, SP_EUNAVAIL, NULL,
                            "the token is signed with a key that is not known, and: %s", problem->text);
    return status;
}

enum sp_status io_jwk_source_find(struct sp_jwk_source *source, enum sp_jwa alg,
                                  const struct sp_jwk_name *name, int64_t deadline_us,
                                  struct sp_jwk_set **ret_set, const struct sp_jwk **ret_key,
                                  struct sp_error *err)
{
    enum sp_status status = choose(source, alg, name, ret_set, ret_key, err);
    if ((status != SP_ENOTFOUND && status != SP_EUNAVAIL) || !may_fetch(source))
        return status;
    enum sp_status waited = io_refresh_await(source->refresh, deadline_us);
    if (waited == SP_ECANCELED)
        return sp_error_set(err, waited, NULL, "the request was given up");
    if (waited != SP_OK)
        return sp_error_set(err, SP_EUNAVAIL, NULL, "the keys of the issuer were not fetched in time");
    return choose(source, alg, name, ret_set, ret_key, err);
}

bool sp_jwk_source_has_keys(const struct sp_jwk_source *source)
{
    return source->set;
}

void sp_jwk_source_counts(const struct sp_jwk_source *source, struct sp_jwk_source_counts *ret_counts)
{
    const struct sp_refresh_state *state = sp_refresh_state(source->refresh);
    *ret_counts = (struct sp_jwk_source_counts){.fetches = state->successes, .failures = state->failures};
}
