/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/smf/writer.h"

#include <stdlib.h>

#include "base/clock.h"
#include "intercept/smf/block.h"
#include "intercept/smf/file.h"
#include "io/fiber.h"
#include "io/loop.h"
#include "io/offload.h"

#define DEFAULT_DELAY_US 1000000
#define DEFAULT_BLOCKS 64u
#define BLOCKS_AT_ONCE 64u

struct node {
    struct node *next;
    unsigned records;
    struct sp_smf_block block;
};

struct queue {
    struct node *first, *last;
};

/* What a thread writes: blocks taken off the queue. */
struct job {
    struct sp_smf_writer *writer;
    struct queue blocks;
    bool ran;
    enum sp_status status;
    struct sp_error err;
};

struct sp_smf_writer {
    struct sp_loop *loop;
    char *path;
    int64_t delay_us;
    unsigned most_blocks, blocks; /* blocks: in memory, wherever they are */
    struct queue queue;           /* the last one is being filled */
    struct node *idle;
    struct sp_timer timer;
    bool busy; /* `job` is under way */
    struct job job;
    struct sp_smf_writer_counts counts;
};

static void push(struct queue *queue, struct node *node)
{
    node->next = NULL;
    if (queue->last)
        queue->last->next = node;
    else
        queue->first = node;
    queue->last = node;
}

static struct node *pop(struct queue *queue)
{
    struct node *node = queue->first;
    if (!node)
        return NULL;
    queue->first = node->next;
    if (!queue->first)
        queue->last = NULL;
    return node;
}

static void put_in_front(struct queue *queue, const struct queue *before)
{
    if (!before->first)
        return;
    before->last->next = queue->first;
    if (!queue->first)
        queue->last = before->last;
    queue->first = before->first;
}

/* ---------------------------------------------------------------- the file */

static enum sp_status append_blocks(const char *path, const struct queue *blocks, struct sp_error *err)
{
    struct sp_str parts[BLOCKS_AT_ONCE];
    size_t count = 0;
    for (const struct node *node = blocks->first; node; node = node->next)
        parts[count++] = sp_str_from(node->block.bytes, node->block.len);
    return sp_smf_file_append(path, parts, count, err);
}

static enum sp_status write_job(void *arg)
{
    struct job *job = arg;
    job->ran = true;
    job->status = append_blocks(job->writer->path, &job->blocks, &job->err);
    return job->status;
}

static void take_blocks(struct queue *from, struct queue *ret_blocks)
{
    for (unsigned n = 0; n < BLOCKS_AT_ONCE && from->first; n++)
        push(ret_blocks, pop(from));
}

/* The outcome of a write: its blocks are free again, or come first the next time. */
static void settle(struct sp_smf_writer *writer, struct queue *blocks, enum sp_status status,
                   const struct sp_error *err)
{
    if (status != SP_OK) {
        writer->counts.failures++;
        writer->counts.last_error = *err;
        put_in_front(&writer->queue, blocks);
        return;
    }
    sp_error_clear(&writer->counts.last_error);
    for (struct node *node = pop(blocks); node; node = pop(blocks)) {
        writer->counts.written += node->records;
        node->records = 0;
        node->block.len = 0;
        node->next = writer->idle;
        writer->idle = node;
    }
}

/* ---------------------------------------------------------------- when to write */

static void flush(void *arg);

static void arm(struct sp_smf_writer *writer, int64_t in_us)
{
    if (writer->timer.loop || writer->busy)
        return;
    /* Without a timer the next record, or the end, tries again. */
    enum sp_status set = sp_timer_set(writer->loop, &writer->timer, sp_clock_monotonic_us() + in_us);
    (void)set;
}

static void finish_job(void *arg)
{
    struct job *job = arg;
    struct sp_smf_writer *writer = job->writer;
    if (!job->ran)
        job->status =
            sp_error_set(&job->err, SP_EUNAVAIL, NULL, "no thread is free to write %s", writer->path);
    settle(writer, &job->blocks, job->status, &job->err);
    writer->busy = false;
    if (writer->queue.first)
        arm(writer, job->status == SP_OK && writer->queue.first->next ? 0 : writer->delay_us);
}

static void flush_fiber(void *arg)
{
    struct job *job = arg;
    /* Canceled: finish_job is called when the thread has ended. */
    if (io_offload(write_job, job, finish_job, 0) != SP_ECANCELED)
        finish_job(job);
}

static void flush(void *arg)
{
    struct sp_smf_writer *writer = arg;
    if (writer->busy || !writer->queue.first)
        return;
    writer->job = (struct job){.writer = writer, .err = SP_ERROR_INIT};
    take_blocks(&writer->queue, &writer->job.blocks);
    writer->busy = true;
    if (sp_fiber_start(writer->loop, flush_fiber, &writer->job, NULL) != SP_OK)
        finish_job(&writer->job);
}

/* ---------------------------------------------------------------- records */

static struct node *new_block(struct sp_smf_writer *writer)
{
    struct node *node = writer->idle;
    if (node) {
        writer->idle = node->next;
        return node;
    }
    if (writer->blocks >= writer->most_blocks)
        return NULL;
    node = malloc(sizeof *node);
    if (!node)
        return NULL;
    writer->blocks++;
    node->records = 0;
    node->block.len = 0;
    return node;
}

enum sp_status sp_smf_writer_put(struct sp_smf_writer *writer, struct sp_str record)
{
    writer->counts.put++;
    struct node *filling = writer->queue.last;
    if (!filling || !sp_smf_block_add(&filling->block, record)) {
        struct node *fresh = new_block(writer);
        if (!fresh || !sp_smf_block_add(&fresh->block, record)) {
            if (fresh) {
                fresh->next = writer->idle;
                writer->idle = fresh;
            }
            writer->counts.lost++;
            return SP_ELIMIT;
        }
        push(&writer->queue, fresh);
        bool one_is_full = filling != NULL;
        if (one_is_full && writer->counts.last_error.status == SP_OK)
            sp_timer_clear(&writer->timer);
        filling = fresh;
        arm(writer, one_is_full ? 0 : writer->delay_us);
    }
    filling->records++;
    return SP_OK;
}

void sp_smf_writer_counts(const struct sp_smf_writer *writer, struct sp_smf_writer_counts *ret_counts)
{
    *ret_counts = writer->counts;
}

/* ---------------------------------------------------------------- life */

enum sp_status sp_smf_writer_new(struct sp_loop *loop, const struct sp_smf_writer_options *options,
                                 struct sp_smf_writer **ret_writer, struct sp_error *err)
{
    struct sp_smf_writer *writer = calloc(1, sizeof *writer);
    char *path = strdup(options->path);
    if (!writer || !path) {
        free(writer);
        free(path);
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the SMF writer");
    }
    writer->loop = loop;
    writer->path = path;
    writer->delay_us = options->delay_us ? options->delay_us : DEFAULT_DELAY_US;
    writer->most_blocks = options->most_blocks ? options->most_blocks : DEFAULT_BLOCKS;
    writer->timer.fn = flush;
    writer->timer.arg = writer;
    sp_error_clear(&writer->counts.last_error);
    *ret_writer = writer;
    return SP_OK;
}

static void free_nodes(struct node *node)
{
    while (node) {
        struct node *next = node->next;
        free(node);
        node = next;
    }
}

enum sp_status sp_smf_writer_free(struct sp_smf_writer *writer, struct sp_error *err)
{
    if (!writer)
        return SP_OK;
    while (writer->busy)
        sp_loop_run_once(writer->loop, 100);
    sp_timer_clear(&writer->timer);
    enum sp_status status = SP_OK;
    while (writer->queue.first && status == SP_OK) {
        struct queue blocks = {0};
        take_blocks(&writer->queue, &blocks);
        status = append_blocks(writer->path, &blocks, err);
        free_nodes(blocks.first);
    }
    free_nodes(writer->queue.first);
    free_nodes(writer->idle);
    free(writer->path);
    free(writer);
    return status;
}
