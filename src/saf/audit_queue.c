/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/audit_queue.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct sp_saf_audit_queue {
    _Atomic unsigned references;
    pthread_mutex_t lock;
    _Atomic size_t waiting;
    size_t first; /* the oldest */
    _Atomic uint64_t lost;
    struct sp_saf_audit_event events[SP_SAF_AUDIT_QUEUE_EVENTS];
};

enum sp_status sp_saf_audit_queue_new(struct sp_saf_audit_queue **ret_queue, struct sp_error *err)
{
    struct sp_saf_audit_queue *queue = calloc(1, sizeof *queue);
    if (!queue)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the events of the security database");
    atomic_store(&queue->references, 1);
    pthread_mutex_init(&queue->lock, NULL);
    *ret_queue = queue;
    return SP_OK;
}

struct sp_saf_audit_queue *sp_saf_audit_queue_hold(struct sp_saf_audit_queue *queue)
{
    atomic_fetch_add(&queue->references, 1);
    return queue;
}

void sp_saf_audit_queue_release(struct sp_saf_audit_queue *queue)
{
    if (!queue || atomic_fetch_sub(&queue->references, 1) != 1)
        return;
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}

void sp_saf_audit_put(struct sp_saf_audit_queue *queue, const struct sp_saf_audit_event *event)
{
    if (!queue)
        return;
    pthread_mutex_lock(&queue->lock);
    size_t waiting = atomic_load(&queue->waiting);
    if (waiting < SP_SAF_AUDIT_QUEUE_EVENTS) {
        queue->events[(queue->first + waiting) % SP_SAF_AUDIT_QUEUE_EVENTS] = *event;
        atomic_store(&queue->waiting, waiting + 1);
    } else {
        atomic_fetch_add(&queue->lost, 1);
    }
    pthread_mutex_unlock(&queue->lock);
}

bool sp_saf_audit_take(struct sp_saf_audit_queue *queue, struct sp_saf_audit_event *ret_event)
{
    if (atomic_load(&queue->waiting) == 0)
        return false;
    pthread_mutex_lock(&queue->lock);
    size_t waiting = atomic_load(&queue->waiting);
    if (waiting) {
        *ret_event = queue->events[queue->first];
        queue->first = (queue->first + 1) % SP_SAF_AUDIT_QUEUE_EVENTS;
        atomic_store(&queue->waiting, waiting - 1);
    }
    pthread_mutex_unlock(&queue->lock);
    return waiting > 0;
}

uint64_t sp_saf_audit_lost(struct sp_saf_audit_queue *queue)
{
    return atomic_load(&queue->lost);
}
