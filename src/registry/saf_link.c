/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/saf_link.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "io/offload.h"
#include "saf/decision_cache.h"

#define TRY_EVERY_US 1000000
#define DECISIONS 1024u

struct sp_saf_link {
    _Atomic unsigned references;
    char *path, *key_path; /* key_path NULL: the one beside the database */
    _Atomic(struct sp_saf *) saf;
    pthread_mutex_t lock; /* of trying */
    _Atomic int64_t tried_us;
    struct sp_error problem;
    struct sp_saf_decision_cache decisions; /* of the loop's thread */
};

bool sp_saf_link_is_wanted(const struct sp_config *config)
{
    return config->saf_registry_count || config->saf_authorization_count ||
           config->saf_credentials.map_distributed_identities;
}

static bool is_due(struct sp_saf_link *link)
{
    return !atomic_load(&link->saf) && sp_clock_monotonic_us() - atomic_load(&link->tried_us) >= TRY_EVERY_US;
}

static void try_to_open(struct sp_saf_link *link)
{
    const struct sp_saf_settings settings = {.path = link->path, .key_path = link->key_path};
    struct sp_saf *saf = NULL;
    sp_error_clear(&link->problem);
    if (sp_saf_open(&settings, &saf, &link->problem) == SP_OK)
        atomic_store(&link->saf, saf);
    else
        link->problem.status = SP_EUNAVAIL;
    atomic_store(&link->tried_us, sp_clock_monotonic_us());
}

enum sp_status sp_saf_link_new(const struct sp_config *config, struct sp_saf_link **ret_link,
                               struct sp_error *ret_problem, struct sp_error *err)
{
    const struct sp_cfg_saf_database *place = &config->saf_database;
    struct sp_saf_link *link = calloc(1, sizeof *link);
    if (!link)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the security database");
    atomic_store(&link->references, 1);
    pthread_mutex_init(&link->lock, NULL);
    link->path = strdup(place->database.ptr ? place->database.ptr : "");
    link->key_path = place->key_file.len ? strdup(place->key_file.ptr) : NULL;
    if (!link->path || (place->key_file.len && !link->key_path)) {
        sp_saf_link_release(link);
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the security database");
    }
    enum sp_status status = sp_saf_decision_cache_init(&link->decisions, DECISIONS, err);
    if (status != SP_OK) {
        sp_saf_link_release(link);
        return status;
    }
    try_to_open(link);
    *ret_problem = link->problem;
    *ret_link = link;
    return SP_OK;
}

struct sp_saf_link *sp_saf_link_hold(struct sp_saf_link *link)
{
    atomic_fetch_add(&link->references, 1);
    return link;
}

void sp_saf_link_release(struct sp_saf_link *link)
{
    if (!link || atomic_fetch_sub(&link->references, 1) > 1)
        return;
    sp_saf_decision_cache_finish(&link->decisions);
    sp_saf_close(atomic_load(&link->saf));
    pthread_mutex_destroy(&link->lock);
    free(link->path);
    free(link->key_path);
    free(link);
}

struct sp_saf *sp_saf_link_open(struct sp_saf_link *link, struct sp_error *err)
{
    struct sp_saf *saf = atomic_load(&link->saf);
    if (saf)
        return saf;
    pthread_mutex_lock(&link->lock);
    if (is_due(link))
        try_to_open(link);
    saf = atomic_load(&link->saf);
    if (!saf && err)
        *err = link->problem;
    pthread_mutex_unlock(&link->lock);
    return saf;
}

static enum sp_status run_open(void *arg)
{
    return sp_saf_link_open(arg, NULL) ? SP_OK : SP_EUNAVAIL;
}

static void release_link(void *arg)
{
    sp_saf_link_release(arg);
}

void io_saf_link_open(struct sp_saf_link *link)
{
    if (!is_due(link))
        return;
    enum sp_status status = io_offload(run_open, sp_saf_link_hold(link), release_link, 0);
    if (status != SP_ECANCELED && status != SP_ETIMEDOUT)
        sp_saf_link_release(link);
}

const struct sp_saf_image *sp_saf_link_image(struct sp_saf_link *link)
{
    struct sp_saf *saf = link ? atomic_load(&link->saf) : NULL;
    return saf ? sp_saf_image(saf) : NULL;
}

void sp_saf_link_count(const struct sp_saf_link *link, uint64_t *ret_known, uint64_t *ret_made)
{
    *ret_known = link->decisions.hits;
    *ret_made = link->decisions.misses;
}

enum sp_status sp_saf_link_authorize(struct sp_saf_link *link, const struct sp_saf_auth *request,
                                     struct sp_arena *arena, struct sp_saf_decision *ret_decision,
                                     struct sp_str *ret_message, struct sp_error *err)
{
    const struct sp_saf_image *image = sp_saf_link_image(link);
    if (!image)
        return sp_error_set(err, SP_EUNAVAIL, NULL, "the security database is not available");
    sp_saf_authorize(&link->decisions, image, request, ret_decision);
    if (ret_message)
        *ret_message = ret_decision->granted && !ret_decision->warning
                           ? SP_STR("")
                           : sp_saf_ich408i_line(image, request, ret_decision, arena);
    sp_saf_image_release(image);
    return SP_OK;
}

enum sp_status sp_saf_link_map_certificate(struct sp_saf_link *link, struct sp_str der, struct sp_str appl,
                                           struct sp_arena *arena, struct sp_str *ret_user,
                                           struct sp_str *ret_how, struct sp_error *err)
{
    const struct sp_saf_image *image = sp_saf_link_image(link);
    if (!image)
        return sp_error_set(err, SP_EUNAVAIL, NULL,
                            "the security database, which knows certificates, is not available");
    struct sp_str user, how;
    enum sp_status status = sp_saf_map_certificate(image, der, appl, arena, &user, &how, err);
    if (status == SP_OK) {
        user = sp_arena_str(arena, user);
        how = sp_arena_str(arena, how);
        if (!user.ptr || !how.ptr)
            status = sp_error_set(err, SP_ENOMEM, NULL, "no memory for the user id of a certificate");
    }
    sp_saf_image_release(image);
    if (status == SP_OK) {
        *ret_user = user;
        *ret_how = how;
    }
    return status;
}

bool sp_saf_link_take_event(struct sp_saf_link *link, struct sp_saf_audit_event *ret_event)
{
    struct sp_saf *saf = link ? atomic_load(&link->saf) : NULL;
    return saf && sp_saf_audit_take(sp_saf_audit(saf), ret_event);
}
