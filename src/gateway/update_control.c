/* SPDX-License-Identifier: Apache-2.0
 * The socket by which worker 0 is asked. `sallyport server refresh`: one line in, the outcome's name and what
 * there is to tell out. Another worker that was asked to deploy: "change " and a line of JSON in, a line out.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "gateway/update_internal.h"
#include "io/listen.h"
#include "text/json_write.h"

#define LINE_MAX_BYTES (SP_STORE_CHANGE_BYTES_MAX + 256u)
#define TEXT_MAX (1u << 20)
#define LINE_WAIT_US 5000000
#define OUTCOME_WAIT_US 60000000

static enum sp_status one_line(void *arg, struct sp_str have, size_t *ret_len)
{
    size_t end = sp_str_find(have, '\n');
    *ret_len = end < have.len ? end + 1 : 0;
    return SP_OK;
}

void sp_update_request_free(struct sp_update_request *request)
{
    if (request->change) {
        sp_arena_finish(&request->change->arena);
        free(request->change);
    }
    sp_buf_finish(&request->text);
    free(request);
}

static struct sp_update_request *new_request(void)
{
    struct sp_update_request *request = calloc(1, sizeof *request);
    if (request)
        sp_buf_init(&request->text, TEXT_MAX);
    return request;
}

/* What is asked for outlives whoever asked. */
static struct sp_update_request *new_change(struct sp_str line, struct sp_error *err)
{
    struct sp_update_request *request = new_request();
    struct sp_update_change *change = calloc(1, sizeof *change);
    if (!request || !change) {
        free(request);
        free(change);
        return NULL;
    }
    request->change = change;
    sp_arena_init(&change->arena, SP_FILE_SET_MAX);
    struct sp_str kept = sp_arena_str(&change->arena, line);
    if (kept.ptr && sp_store_change_read(kept, &change->arena, &change->what, err) == SP_OK)
        return request;
    sp_update_request_free(request);
    return NULL;
}

/* False: whoever asked is gone, and so is the request. */
static bool io_wait_for(struct sp_update *update, struct sp_update_request *request)
{
    int64_t deadline_us = sp_clock_monotonic_us() + OUTCOME_WAIT_US;
    enum sp_status status = SP_OK;
    request->fiber = sp_fiber_self();
    if (update->last)
        update->last->next = request;
    else
        update->first = request;
    update->last = request;
    sp_update_attend(update);
    while (!request->done && status == SP_OK)
        status = sp_fiber_wait(deadline_us);
    if (request->done)
        return true;
    request->fiber = NULL;
    return false;
}

static void io_answer(struct sp_update *update, struct sp_stream *stream)
{
    static const char *const names[] = {
        [SP_UPDATE_TAKEN] = "taken\n",
        [SP_UPDATE_UNCHANGED] = "unchanged\n",
        [SP_UPDATE_NEEDS_RELOAD] = "reload\n",
        [SP_UPDATE_REFUSED] = "refused\n",
    };
    struct sp_update_request *request = new_request();
    if (!request || !io_wait_for(update, request))
        return;
    int64_t deadline_us = sp_clock_monotonic_us() + LINE_WAIT_US;
    enum sp_status status = io_stream_write(stream, sp_str_of(names[request->outcome]), deadline_us);
    if (status == SP_OK)
        status = io_stream_write(stream, sp_buf_str(&request->text), deadline_us);
    sp_update_request_free(request);
}

static void write_change_answer(const struct sp_update_request *request, struct sp_buf *buf)
{
    const struct sp_update_change *change = request->change;
    struct sp_json_writer writer;
    bool made = request->outcome == SP_UPDATE_TAKEN || request->outcome == SP_UPDATE_UNCHANGED;
    sp_json_writer_init(&writer, buf, 0);
    sp_json_object_begin(&writer);
    sp_json_put_i64(&writer, "status", made ? 200 : change->http_status ? change->http_status : 503);
    if (!made) {
        sp_json_put_text(&writer, "message", change->err.text);
        if (change->details.ptr)
            sp_json_put_string(&writer, "details", change->details);
    }
    sp_json_object_end(&writer);
    sp_buf_append_byte(buf, '\n');
}

static void io_answer_change(struct sp_update *update, struct sp_stream *stream, struct sp_str line)
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_update_request *request = new_change(line, &err);
    struct sp_buf answer;
    if (!request || !io_wait_for(update, request))
        return;
    sp_buf_init(&answer, TEXT_MAX);
    write_change_answer(request, &answer);
    enum sp_status status =
        io_stream_write(stream, sp_buf_str(&answer), sp_clock_monotonic_us() + LINE_WAIT_US);
    (void)status; /* whoever asked is gone */
    sp_buf_finish(&answer);
    sp_update_request_free(request);
}

static void serve(void *arg, struct sp_stream *stream)
{
    struct sp_update *update = arg;
    struct sp_str line;
    update->control_fibers++;
    enum sp_status status = io_stream_read_frame(stream, one_line, NULL, LINE_MAX_BYTES,
                                                 sp_clock_monotonic_us() + LINE_WAIT_US, &line);
    if (status == SP_OK && sp_str_is(line, "refresh\n"))
        io_answer(update, stream);
    else if (status == SP_OK && sp_str_starts(line, SP_STR(SP_UPDATE_CHANGE)))
        io_answer_change(update, stream, sp_str_slice(line, strlen(SP_UPDATE_CHANGE), line.len));
    sp_stream_give_back(stream, false);
    update->control_fibers--;
}

/* A local socket's path is at most 107 bytes long; by way of the open directory it always is. The socket of
 * another process is not ours any more: when the engine is reloaded, the new worker takes its place. */
enum sp_status sp_update_control_open(struct sp_update *update, struct sp_error *err)
{
    const char *directory = update->options.control_dir;
    char path[64];
    if (!directory)
        return SP_OK;
    int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return sp_error_set(err, SP_EIO, NULL, "%s cannot be opened", directory);
    (void)!unlinkat(fd, SP_UPDATE_SOCKET, 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d/" SP_UPDATE_SOCKET, fd);
    const struct sp_listener_options options = {.address = {.unix_path = path}, .max_connections = 16};
    enum sp_status status =
        sp_listener_new(update->worker->loop, &options, serve, update, &update->control, err);
    if (status == SP_OK)
        (void)!fchmodat(fd, SP_UPDATE_SOCKET, 0600, 0); /* the directory is private, too */
    close(fd);
    return status;
}

void sp_update_control_close(struct sp_update *update)
{
    sp_listener_free(update->control);
    update->control = NULL;
    while (update->control_fibers)
        sp_loop_run_once(update->worker->loop, 100);
    while (update->first) {
        struct sp_update_request *request = update->first;
        update->first = request->next;
        sp_buf_finish(&request->text);
        free(request);
    }
}
