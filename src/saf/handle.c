/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/handle.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"

#define LOOK_EVERY_US 50000
#define IDLE_MAX 8

struct sp_saf {
    char *path, *key_path; /* key_path NULL: beside the database */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct sp_saf_image *image;
    struct sp_saf_db *watcher; /* for the version, under the lock */
    int64_t looked_us;
    bool stale; /* the builder has work */
    bool closing;
    bool has_builder;
    pthread_t builder;
    struct sp_saf_db *idle[IDLE_MAX];
    size_t idle_count;
};

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
    pthread_mutex_lock(&saf->lock);
    struct sp_saf_image *old = saf->image;
    saf->image = image;
    pthread_mutex_unlock(&saf->lock);
    sp_saf_image_release(old);
}

/* Builds a new image whenever the lookers say that there is one to build. A failure leaves the old one; the
 * next look tries again. */
static void *build_images(void *arg)
{
    struct sp_saf *saf = arg;
    struct sp_saf_db *db = NULL;
    pthread_mutex_lock(&saf->lock);
    while (!saf->closing) {
        if (!saf->stale) {
            pthread_cond_wait(&saf->wake, &saf->lock);
            continue;
        }
        pthread_mutex_unlock(&saf->lock);
        struct sp_saf_image *image = NULL;
        enum sp_status status =
            db ? SP_OK : sp_saf_db_open(saf->path, saf->key_path, SP_SAF_DB_READ, &db, NULL);
        if (!status)
            status = sp_saf_image_build(db, sp_saf_today(), &image, NULL);
        if (!status)
            put_image(saf, image);
        pthread_mutex_lock(&saf->lock);
        saf->stale = false;
    }
    pthread_mutex_unlock(&saf->lock);
    sp_saf_db_close(db);
    return NULL;
}

enum sp_status sp_saf_open(const struct sp_saf_settings *settings, struct sp_saf **ret_saf,
                           struct sp_error *err)
{
    struct sp_saf *saf = calloc(1, sizeof *saf);
    if (!saf)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the security database");
    pthread_mutex_init(&saf->lock, NULL);
    pthread_cond_init(&saf->wake, NULL);
    saf->path = strdup(settings->path);
    saf->key_path = settings->key_path ? strdup(settings->key_path) : NULL;
    enum sp_status status = saf->path && (saf->key_path || !settings->key_path)
                                ? SP_OK
                                : sp_error_set(err, SP_ENOMEM, NULL, "no memory for the security database");
    if (!status)
        status = sp_saf_db_open(saf->path, saf->key_path, SP_SAF_DB_READ, &saf->watcher, err);
    if (!status)
        status = sp_saf_image_build(saf->watcher, sp_saf_today(), &saf->image, err);
    saf->looked_us = sp_clock_monotonic_us();
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
    pthread_mutex_destroy(&saf->lock);
    pthread_cond_destroy(&saf->wake);
    free(saf->path);
    free(saf->key_path);
    free(saf);
}

const struct sp_saf_image *sp_saf_image(struct sp_saf *saf)
{
    int64_t now = sp_clock_monotonic_us();
    pthread_mutex_lock(&saf->lock);
    if (!saf->stale && now - saf->looked_us >= LOOK_EVERY_US) {
        uint64_t version;
        saf->looked_us = now;
        if ((sp_saf_db_version(saf->watcher, &version, NULL) == SP_OK && version != saf->image->version) ||
            saf->image->day != sp_saf_today()) {
            saf->stale = true;
            pthread_cond_signal(&saf->wake);
        }
    }
    struct sp_saf_image *image = saf->image;
    atomic_fetch_add(&image->references, 1);
    pthread_mutex_unlock(&saf->lock);
    return image;
}
