/* SPDX-License-Identifier: Apache-2.0
 * The worker's side of a change: it looks into the archive, puts it beside the place where it will stand, and
 * asks worker 0.
 */
#include "gateway/update_change.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "artifact/archive.h"
#include "base/clock.h"
#include "gateway/update_internal.h"
#include "io/offload.h"
#include "io/stream.h"
#include "store/files.h"
#include "text/json.h"

#define READ_MAX ((size_t)1 << 30)
#define ANSWER_MAX 65536u
#define ANSWER_WAIT_US 60000000
#define REACH_WAIT_US 5000000
#define REACH_PAUSE_US 50000

/* ---------------------------------------------------------------- the archive, in a thread */

/* Owned by whoever is left: the fiber may go before the thread ends. */
struct staging {
    struct sp_store_change change;
    struct sp_buf bytes; /* of the archive */
    char directory[SP_STORE_PATH_MAX];
    char name[512];
    struct sp_store_staged staged;
    enum sp_status status;
    unsigned http_status;
    struct sp_error err;
};

static void free_staging(void *arg)
{
    struct staging *staging = arg;
    if (!staging)
        return;
    sp_store_unstage(&staging->staged);
    sp_buf_finish(&staging->bytes);
    free(staging);
}

static enum sp_status read_name(enum sp_store_kind kind, struct sp_str bytes, struct sp_arena *arena,
                                struct sp_str *ret_name, struct sp_error *err)
{
    struct sp_sar *sar;
    struct sp_aar *aar;
    struct sp_ara *ara;
    enum sp_status status;
    switch (kind) {
    case SP_STORE_SERVICE:
        status = sp_sar_read(bytes, "the archive", arena, &sar, err);
        if (status == SP_OK)
            *ret_name = sar->name;
        return status;
    case SP_STORE_API:
        status = sp_aar_read(bytes, "the archive", arena, &aar, err);
        if (status == SP_OK)
            *ret_name = aar->name;
        return status;
    default:
        status = sp_ara_read(bytes, "the archive", arena, &ara, err);
        if (status == SP_OK)
            *ret_name = ara->name;
        return status;
    }
}

static enum sp_status look_inside(struct staging *staging)
{
    struct sp_arena arena;
    struct sp_str name = {NULL, 0};
    struct sp_error *err = &staging->err;
    sp_arena_init(&arena, READ_MAX);
    enum sp_status status = read_name(staging->change.kind, sp_buf_str(&staging->bytes), &arena, &name, err);
    staging->http_status = status == SP_ENOMEM ? 503 : 400;
    if (status == SP_OK && name.len >= sizeof staging->name)
        status = sp_error_set(err, SP_ELIMIT, NULL, "the name in the archive is too long");
    bool other = status == SP_OK && staging->name[0] && !sp_str_is(name, staging->name);
    if (other) {
        staging->http_status = 409;
        status = sp_error_set(err, SP_EINVAL, NULL, "the archive is of %s %.*s",
                              sp_store_kind_name(staging->change.kind), SP_STR_ARG(name));
    }
    if (status == SP_OK)
        snprintf(staging->name, sizeof staging->name, "%.*s", SP_STR_ARG(name));
    sp_arena_finish(&arena);
    return status;
}

static enum sp_status stage(void *arg)
{
    struct staging *staging = arg;
    staging->status = look_inside(staging);
    if (staging->status != SP_OK)
        return SP_OK;
    staging->http_status = 500;
    staging->status =
        sp_store_stage(staging->directory, sp_buf_str(&staging->bytes), &staging->staged, &staging->err);
    return SP_OK;
}

static const struct sp_cfg_directory *directory_of(const struct sp_gateway *gateway, enum sp_store_kind kind)
{
    const struct sp_config *config = gateway->present->config;
    return kind == SP_STORE_SERVICE ? &config->services
           : kind == SP_STORE_API   ? &config->apis
                                    : &config->api_requesters;
}

/* NULL without memory, or when the directory's name is longer than any can be. */
static struct staging *new_staging(const struct sp_gateway *gateway, const struct sp_store_change *change)
{
    struct sp_str directory = directory_of(gateway, change->kind)->location;
    struct staging *staging = directory.len < sizeof staging->directory ? calloc(1, sizeof *staging) : NULL;
    if (!staging)
        return NULL;
    staging->change = *change;
    staging->staged = (struct sp_store_staged)SP_STORE_STAGED_INIT;
    staging->err = (struct sp_error)SP_ERROR_INIT;
    snprintf(staging->name, sizeof staging->name, "%.*s", SP_STR_ARG(change->name));
    snprintf(staging->directory, sizeof staging->directory, "%.*s", SP_STR_ARG(directory));
    /* Without the slash at its end, so that names are made alike. */
    size_t len = strlen(staging->directory);
    if (len > 1 && staging->directory[len - 1] == '/')
        staging->directory[len - 1] = '\0';
    sp_buf_init(&staging->bytes, change->archive.len);
    if (sp_buf_append_str(&staging->bytes, change->archive) == SP_OK)
        return staging;
    free_staging(staging);
    return NULL;
}

/* ---------------------------------------------------------------- asking */

static enum sp_status one_line(void *arg, struct sp_str have, size_t *ret_len)
{
    size_t end = sp_str_find(have, '\n');
    *ret_len = end < have.len ? end + 1 : 0;
    return SP_OK;
}

/* Nobody listens while the worker that leads is being replaced: try until it is there. */
static enum sp_status io_reach(struct sp_stream_pool *pool, int64_t deadline_us,
                               struct sp_stream **ret_stream, struct sp_error *err)
{
    int64_t patience_us = sp_clock_monotonic_us() + REACH_WAIT_US;
    for (;;) {
        enum sp_status status = io_stream_borrow(pool, deadline_us, ret_stream, NULL, err);
        if (status != SP_EUNAVAIL || sp_clock_monotonic_us() > patience_us)
            return status;
        status = sp_fiber_sleep(REACH_PAUSE_US);
        if (status != SP_OK)
            return status;
    }
}

static enum sp_status io_ask(struct sp_update *update, struct sp_str line, struct sp_arena *arena,
                             struct sp_str *ret_answer, struct sp_error *err)
{
    char path[64];
    struct sp_stream_pool *pool = NULL;
    struct sp_stream *stream = NULL;
    struct sp_str answer = {NULL, 0};
    int64_t deadline_us = sp_clock_monotonic_us() + ANSWER_WAIT_US;
    int directory = update->options.control_dir
                        ? open(update->options.control_dir, O_PATH | O_DIRECTORY | O_CLOEXEC)
                        : -1;
    if (directory < 0)
        return sp_error_set(err, SP_EUNAVAIL, NULL, "the worker that makes changes cannot be reached");
    snprintf(path, sizeof path, "/proc/self/fd/%d/" SP_UPDATE_SOCKET, directory);
    const struct sp_stream_pool_options options = {.address = {.unix_path = path}, .max_streams = 1};
    enum sp_status status = sp_stream_pool_new(update->worker->loop, &options, &pool, err);
    if (status == SP_OK)
        status = io_reach(pool, deadline_us, &stream, err);
    close(directory);
    if (status == SP_OK)
        status = io_stream_write(stream, SP_STR(SP_UPDATE_CHANGE), deadline_us);
    if (status == SP_OK)
        status = io_stream_write(stream, line, deadline_us);
    if (status == SP_OK)
        status = io_stream_read_frame(stream, one_line, NULL, ANSWER_MAX, deadline_us, &answer);
    if (status == SP_OK)
        *ret_answer = sp_arena_str(arena, answer);
    sp_stream_give_back(stream, false);
    sp_stream_pool_free(pool);
    if (status == SP_OK && !ret_answer->ptr)
        status = SP_ENOMEM;
    return status == SP_OK ? SP_OK
                           : sp_error_set(err, status, NULL,
                                          "the worker that makes changes does not answer (%s); whether the "
                                          "change was made can be seen in the details",
                                          sp_status_name(status));
}

static enum sp_status take_answer(struct sp_str answer, struct sp_arena *arena, unsigned *ret_status,
                                  struct sp_str *ret_details, struct sp_error *err)
{
    struct sp_json_value *root = NULL;
    uint64_t status = 0;
    const struct sp_json_value *number = NULL;
    if (sp_json_parse(answer, arena, NULL, &root, err) == SP_OK)
        number = sp_json_member(root, SP_STR("status"));
    if (!number || sp_str_to_u64(number->text, &status) != SP_OK)
        return sp_error_set(err, SP_EPROTO, NULL, "the worker that makes changes answers strangely");
    if (status == 200)
        return SP_OK;
    *ret_status = (unsigned)status;
    *ret_details = sp_json_member_text(root, SP_STR("details"));
    return sp_error_set(err, SP_EINVAL, NULL, "%.*s",
                        SP_STR_ARG(sp_json_member_text(root, SP_STR("message"))));
}

/* ---------------------------------------------------------------- the change */

static enum sp_status refused_archive(const struct staging *staging, struct sp_arena *arena,
                                      unsigned *ret_status, struct sp_str *ret_details, struct sp_error *err)
{
    const struct sp_error *why = &staging->err;
    const char *verb = staging->change.act == SP_STORE_DEPLOY ? "deployed" : "updated";
    char place[SP_ERROR_FILE_MAX + 32] = "";
    if (why->file[0] && why->line)
        snprintf(place, sizeof place, "%s:%u: ", why->file, why->line);
    else if (why->file[0])
        snprintf(place, sizeof place, "%s: ", why->file);
    *ret_status = staging->http_status;
    *ret_details = sp_arena_printf(arena, "%s%s", place, why->text);
    return sp_error_set(err, staging->status, NULL, "The %s%s%s was not %s.",
                        sp_store_kind_name(staging->change.kind), staging->name[0] ? " " : "", staging->name,
                        verb);
}

static enum sp_status io_make(struct sp_update *update, const struct sp_store_change *change,
                              struct sp_arena *arena, unsigned *ret_status, struct sp_str *ret_details,
                              struct sp_error *err)
{
    struct sp_buf line;
    struct sp_str answer = {NULL, 0};
    sp_buf_init(&line, SP_STORE_CHANGE_BYTES_MAX);
    enum sp_status status = sp_store_change_write(change, &line);
    *ret_status = 503;
    if (status == SP_OK)
        status = io_ask(update, sp_buf_str(&line), arena, &answer, err);
    else
        sp_error_set(err, status, NULL, "the change cannot be written down");
    sp_buf_finish(&line);
    return status == SP_OK ? take_answer(answer, arena, ret_status, ret_details, err) : status;
}

enum sp_status io_update_change(struct sp_gateway *gateway, struct sp_store_change *change,
                                struct sp_arena *arena, unsigned *ret_status, struct sp_str *ret_details,
                                struct sp_error *err)
{
    struct sp_update *update = gateway->update;
    bool with_archive = change->act == SP_STORE_DEPLOY || change->act == SP_STORE_UPDATE;
    *ret_status = 503;
    if (!update)
        return sp_error_set(err, SP_EUNAVAIL, NULL, "This server cannot be changed while it runs.");
    if (!with_archive)
        return io_make(update, change, arena, ret_status, ret_details, err);
    struct staging *staging = new_staging(gateway, change);
    if (!staging)
        return sp_error_set(err, SP_ENOMEM, NULL, "The server is out of memory.");
    enum sp_status status = io_offload(stage, staging, free_staging, 0);
    if (status == SP_ECANCELED || status == SP_ETIMEDOUT)
        return sp_error_set(err, status, NULL, "The request was canceled.");
    if (status != SP_OK)
        sp_error_set(err, status, NULL, "No thread is free for the archive.");
    else if (staging->status != SP_OK)
        status = refused_archive(staging, arena, ret_status, ret_details, err);
    if (status == SP_OK) {
        struct sp_str name = sp_arena_str(arena, sp_str_of(staging->name));
        change->name = name.ptr ? name : SP_STR("");
        change->staged = sp_str_of(staging->staged.path);
        status = io_make(update, change, arena, ret_status, ret_details, err);
        change->staged = (struct sp_str){NULL, 0};
    }
    free_staging(staging);
    return status;
}
