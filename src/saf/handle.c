/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/handle.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "saf/audit_queue.h"

#define LOOK_EVERY_MS 50
#define IDLE_MAX 8

struct sp_saf {
    char *path, *key_path; /* key_path NULL: beside the database */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct sp_saf_image *image;
    struct sp_saf_db *watcher; /* the builder's */
    bool closing;
    bool has_builder;
    pthread_t builder;
    struct sp_saf_audit_queue *audit;
    struct sp_saf_db *idle[IDLE_MAX];
    size_t idle_count;
};

struct sp_saf_audit_queue *sp_saf_audit(struct sp_saf *saf)
{
    return saf->audit;
}

int32_t sp_saf_today(void)
{
    return (int32_t)(sp_clock_realtime_us() / 1000000 / 86400);
}

enum sp_status sp_saf_borrow_db(struct sp_saf *saf, struct sp_saf_db **ret_db, struct sp_error *err)
{
    struct sp_saf_db *db = NULL;
    pthread_mutex_lock(&saf->lock);
    if (saf->idle_count)
        db = saf->idle[--saf->idle_count];
    pthread_mutex_unlock(&saf->lock);
    if (db) {
        *ret_db = db;
        return SP_OK;
    }
    enum sp_status status = sp_saf_db_open(saf->path, saf->key_path, SP_SAF_DB_WRITE, ret_db, err);
    if (status && err)
        err->status = SP_EUNAVAIL;
    return status ? SP_EUNAVAIL : SP_OK;
}

void sp_saf_give_back_db(struct sp_saf *saf, struct sp_saf_db *db)
{
    if (!db)
        return;
    sp_saf_db_rollback(db);
    pthread_mutex_lock(&saf->lock);
    bool keep = saf->idle_count < IDLE_MAX && !saf->closing;
    if (keep)
        saf->idle[saf->idle_count++] = db;
    pthread_mutex_unlock(&saf->lock);
    if (!keep)
        sp_saf_db_close(db);
}

static void put_image(struct sp_saf *saf, struct sp_saf_image *image)
{
    image->audit = sp_saf_audit_queue_hold(saf->audit);
    pthread_mutex_lock(&saf->lock);
    struct sp_saf_image *old = saf->image;
    saf->image = image;
    pthread_mutex_unlock(&saf->lock);
    sp_saf_image_release(old);
}

static bool is_outdated(struct sp_saf *saf)
{
    uint64_t version;
    return saf->image->day != sp_saf_today() ||
           (sp_saf_db_version(saf->watcher, &version, NULL) == SP_OK && version != saf->image->version);
}

static void wait_for_next_look(struct sp_saf *saf)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_EVERY_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_cond_timedwait(&saf->wake, &saf->lock, &until);
}

/* Looks whether anybody asks or not: who comes after a quiet hour must not be judged by an image of before. A
 * failure leaves the old image; the next look tries again. */
static void *build_images(void *arg)
{
    struct sp_saf *saf = arg;
    pthread_mutex_lock(&saf->lock);
    while (!saf->closing) {
        wait_for_next_look(saf);
        if (saf->closing)
            break;
        pthread_mutex_unlock(&saf->lock);
        struct sp_saf_image *image = NULL;
        if (is_outdated(saf) && sp_saf_image_build(saf->watcher, sp_saf_today(), &image, NULL) == SP_OK)
            put_image(saf, image);
        pthread_mutex_lock(&saf->lock);
    }
    pthread_mutex_unlock(&saf->lock);
    return NULL;
}

static void init_wake(pthread_cond_t *wake)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(wake, &attributes);
    pthread_condattr_destroy(&attributes);
}

enum sp_status sp_saf_open(const struct sp_saf_settings *settings, struct sp_saf **ret_saf,
                           struct sp_error *err)
{
    struct sp_saf *saf = calloc(1, sizeof *saf);
    if (!saf)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the security database");
    pthread_mutex_init(&saf->lock, NULL);
    init_wake(&saf->wake);
    saf->path = strdup(settings->path);
    saf->key_path = settings->key_path ? strdup(settings->key_path) : NULL;
    enum sp_status status = saf->path && (saf->key_path || !settings->key_path)
                                ? SP_OK
                                : sp_error_set(err, SP_ENOMEM, NULL, "no memory for the security database");
    if (!status)
        status = sp_saf_db_open(saf->path, saf->key_path, SP_SAF_DB_READ, &saf->watcher, err);
    struct sp_saf_image *image = NULL;
    if (!status)
        status = sp_saf_audit_queue_new(&saf->audit, err);
    if (!status)
        status = sp_saf_image_build(saf->watcher, sp_saf_today(), &image, err);
    if (!status)
        put_image(saf, image);
    if (!status && pthread_create(&saf->builder, NULL, build_images, saf) != 0)
        status = sp_error_set(err, SP_ENOMEM, NULL, "no thread can be started for the security database");
    else
        saf->has_builder = !status;
    if (status) {
        sp_saf_close(saf);
        return status;
    }
    *ret_saf = saf;
    return SP_OK;
}

void sp_saf_close(struct sp_saf *saf)
{
    if (!saf)
        return;
    pthread_mutex_lock(&saf->lock);
    saf->closing = true;
    pthread_cond_signal(&saf->wake);
    pthread_mutex_unlock(&saf->lock);
    if (saf->has_builder)
        pthread_join(saf->builder, NULL);
    for (size_t i = 0; i < saf->idle_count; i++)
        sp_saf_db_close(saf->idle[i]);
    sp_saf_db_close(saf->watcher);
    sp_saf_image_release(saf->image);
    sp_saf_audit_queue_release(saf->audit);
    pthread_mutex_destroy(&saf->lock);
    pthread_cond_destroy(&saf->wake);
    free(saf->path);
    free(saf->key_path);
    free(saf);
}

const struct sp_saf_image *sp_saf_image(struct sp_saf *saf)
{
    pthread_mutex_lock(&saf->lock);
    struct sp_saf_image *image = saf->image;
    atomic_fetch_add(&image->references, 1);
    pthread_mutex_unlock(&saf->lock);
    return image;
}
