/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/session_store.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/shared_cache.h"

#define LINE 64u
#define ENDED_MAX 20000u
#define PATIENCE_US 1000u
#define PATIENCE_ROUNDS 2000

enum { BLANK, BEING_DRAWN, DRAWN };

struct shared {
    _Atomic uint32_t state;
    unsigned char secret[SP_COOKIE_SEAL_SECRET_BYTES];
};
_Static_assert(sizeof(struct shared) <= LINE, "the secret has a line of its own");

struct sp_session_store {
    struct shared *shared;
    struct shared own;                /* when nothing is shared */
    struct sp_shared_cache *ended;    /* marks */
    struct sp_shared_cache *subjects; /* when their sessions were ended */
    struct sp_shared_cache *logins;   /* that were used: marks */
};

static const struct sp_shared_cache_size ended_size = {.entries = ENDED_MAX, .value_bytes = 0};
static const struct sp_shared_cache_size subject_size = {.entries = ENDED_MAX,
                                                         .value_bytes = sizeof(int64_t)};
static const struct sp_shared_cache_size login_size = {.entries = SP_SESSION_LOGINS_MAX, .value_bytes = 0};

/* Whole lines, so that what follows is aligned too. */
static size_t lines(struct sp_shared_cache_size size)
{
    return (sp_shared_cache_bytes(size) + LINE - 1) / LINE * LINE;
}

size_t sp_session_store_bytes(void)
{
    return LINE + lines(ended_size) + lines(subject_size) + lines(login_size);
}

/* A cache in its part of the memory, which begins at `*at`; NULL: in memory of its own. */
static enum sp_status take_part(char **at, struct sp_shared_cache_size size,
                                struct sp_shared_cache **ret_cache, struct sp_error *err)
{
    char *part = *at;
    if (part)
        *at += lines(size);
    return sp_shared_cache_open(part, part ? lines(size) : 0, size, ret_cache, err);
}

/* Who finds it blank draws; who finds another drawing waits, and draws himself when that one has died. */
static void draw(struct shared *shared)
{
    uint32_t blank = BLANK;
    if (!atomic_compare_exchange_strong(&shared->state, &blank, BEING_DRAWN))
        for (int i = 0; i < PATIENCE_ROUNDS && atomic_load(&shared->state) != DRAWN; i++)
            usleep(PATIENCE_US);
    if (atomic_load(&shared->state) == DRAWN)
        return;
    sp_secret_random(shared->secret, sizeof shared->secret);
    atomic_store(&shared->state, DRAWN);
}

enum sp_status sp_session_store_open(void *memory, size_t bytes, struct sp_session_store **ret_store,
                                     struct sp_error *err)
{
    struct sp_session_store *store = calloc(1, sizeof *store);
    if (!store)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for sessions");
    enum sp_status status = SP_OK;
    char *at = memory ? (char *)memory + LINE : NULL;
    if (memory && bytes < sp_session_store_bytes())
        status = sp_error_set(err, SP_ELIMIT, NULL, "%zu bytes are too few for sessions", bytes);
    if (status == SP_OK)
        status = take_part(&at, ended_size, &store->ended, err);
    if (status == SP_OK)
        status = take_part(&at, subject_size, &store->subjects, err);
    if (status == SP_OK)
        status = take_part(&at, login_size, &store->logins, err);
    if (status != SP_OK) {
        sp_session_store_close(store);
        return status;
    }
    store->shared = memory ? memory : &store->own;
    draw(store->shared);
    *ret_store = store;
    return SP_OK;
}

void sp_session_store_close(struct sp_session_store *store)
{
    if (!store)
        return;
    sp_shared_cache_close(store->ended);
    sp_shared_cache_close(store->subjects);
    sp_shared_cache_close(store->logins);
    sp_secret_wipe(&store->own, sizeof store->own);
    free(store);
}

enum sp_status sp_session_store_seal(const struct sp_session_store *store, struct sp_str purpose,
                                     struct sp_cookie_seal *ret_seal, struct sp_error *err)
{
    return sp_cookie_seal_init(ret_seal, store->shared->secret, purpose, err);
}

static struct sp_cache_key key_of(const struct sp_session_store *store, const struct sp_session *session)
{
    struct sp_str parts[] = {sp_str_from(session->id, sizeof session->id)};
    return sp_shared_cache_key(store->ended, parts, 1);
}

static struct sp_cache_key named(const struct sp_shared_cache *cache, const char *kind,
                                 struct sp_str provider, struct sp_str name)
{
    struct sp_str parts[] = {sp_str_of(kind), provider, name};
    return sp_shared_cache_key(cache, parts, 3);
}

enum sp_status sp_session_store_end(struct sp_session_store *store, const struct sp_session *session,
                                    int64_t now_us)
{
    enum sp_status status =
        sp_shared_cache_claim(store->ended, key_of(store, session), now_us, session->expires_us);
    return status == SP_EEXISTS ? SP_OK : status;
}

bool sp_session_store_has_ended(struct sp_session_store *store, const struct sp_session *session,
                                int64_t now_us)
{
    size_t len;
    if (sp_shared_cache_get(store->ended, key_of(store, session), now_us, NULL, 0, &len))
        return true;
    if (session->provider_session.len &&
        sp_shared_cache_get(store->ended,
                            named(store->ended, "sid", session->provider, session->provider_session), now_us,
                            NULL, 0, &len))
        return true;
    int64_t ended_us;
    return session->subject.len &&
           sp_shared_cache_get(store->subjects,
                               named(store->subjects, "sub", session->provider, session->subject), now_us,
                               &ended_us, sizeof ended_us, &len) &&
           len == sizeof ended_us && session->issued_us <= ended_us;
}

enum sp_status sp_session_store_end_at_provider(struct sp_session_store *store, struct sp_str provider,
                                                struct sp_str name, int64_t now_us, int64_t until_us)
{
    enum sp_status status =
        sp_shared_cache_claim(store->ended, named(store->ended, "sid", provider, name), now_us, until_us);
    return status == SP_EEXISTS ? SP_OK : status;
}

enum sp_status sp_session_store_end_of_subject(struct sp_session_store *store, struct sp_str provider,
                                               struct sp_str name, int64_t now_us, int64_t until_us)
{
    return sp_shared_cache_put(store->subjects, named(store->subjects, "sub", provider, name), now_us,
                               until_us, sp_str_from(&now_us, sizeof now_us))
               ? SP_OK
               : SP_EUNAVAIL;
}

enum sp_status sp_session_store_use_once(struct sp_session_store *store, struct sp_str provider,
                                         struct sp_str id, int64_t now_us, int64_t until_us)
{
    return sp_shared_cache_claim(store->ended, named(store->ended, "jti", provider, id), now_us, until_us);
}

enum sp_status sp_session_store_use_login(struct sp_session_store *store, struct sp_str state, int64_t now_us,
                                          int64_t until_us)
{
    return sp_shared_cache_claim(store->logins, sp_shared_cache_key(store->logins, &state, 1), now_us,
                                 until_us);
}
