/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/smf_input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"

#define RECORD_ARENA_MAX (4u * 1024u * 1024u)
#define FOLLOW_LOOK_US 200000
#define PROGRESS_FROM (64u * 1024u * 1024u) /* bytes: shorter files are read at once */
#define BAR 40u
#define WORD 4u
#define WINDOW (1024u * 1024u) /* bytes of a file that are in memory; more than the longest block */

/* ---------------------------------------------------------------- views and filters */

static int64_t between(int64_t from_us, int64_t to_us)
{
    return from_us && to_us >= from_us ? to_us - from_us : 0;
}

static void view_request(const struct sp_smf_request *request, struct sp_smf_view *view)
{
    *view = (struct sp_smf_view){
        .at_us = request->entry_us,
        .elapsed_us = between(request->entry_us, request->exit_us),
        .sor_us = between(request->sor_sent_us, request->sor_received_us),
        .status = request->status,
        .user = request->user,
        .mapped_user = request->mapped_user,
        .item = request->api_name.len ? request->api_name : request->service_name,
        .method = request->method,
        .uri = request->uri,
        .what = SP_STR_INIT("request"),
    };
}

static void view_call(const struct sp_smf_requester *call, struct sp_smf_view *view)
{
    *view = (struct sp_smf_view){
        .at_us = call->entry_us,
        .elapsed_us = between(call->entry_us, call->exit_us),
        .sor_us = between(call->endpoint_sent_us, call->endpoint_received_us),
        .status = call->status,
        .user = call->user,
        .mapped_user = call->mapped_user,
        .item = call->name,
        .method = call->method,
        .uri = call->path,
        .what = SP_STR_INIT("call"),
    };
}

static void view_event(const struct sp_smf_security *event, struct sp_smf_view *view)
{
    *view = (struct sp_smf_view){
        .at_us = event->at_us,
        .status = event->status,
        .user = event->user,
        .mapped_user = event->saf_user,
        .item = event->api_name.len ? event->api_name : event->service_name,
        .method = event->method,
        .uri = event->uri.len ? event->uri : event->resource,
        .reason = event->reason,
        .lost = event->lost,
        .what = SP_STR_INIT("event"),
    };
}

void sp_smf_view_of(const struct sp_smf_record *record, size_t index, struct sp_smf_view *ret_view)
{
    const void *item = sp_smf_item(record, index);
    if (record->version->type == SP_SMF_SECURITY_TYPE)
        view_event(item, ret_view);
    else if (record->version->subtype == 2)
        view_call(item, ret_view);
    else
        view_request(item, ret_view);
}

enum sp_status sp_smf_time_read(struct sp_str text, int64_t *ret_us)
{
    static const char *const forms[] = {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%MZ",
                                        "%Y-%m-%dT%H:%M", "%Y-%m-%d"};
    char copy[32];
    if (text.len >= sizeof copy)
        return SP_ESYNTAX;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct tm tm = {.tm_mday = 1};
        const char *end = strptime(copy, forms[i], &tm);
        if (!end || *end)
            continue;
        *ret_us = (int64_t)timegm(&tm) * 1000000;
        return SP_OK;
    }
    return SP_ESYNTAX;
}

enum sp_status sp_smf_status_read(struct sp_str text, struct sp_smf_filter *filter)
{
    uint64_t from = 0, to = 0;
    size_t dash = sp_str_find(text, '-');
    if (text.len == 3 && sp_str_is(sp_str_slice(text, 1, 3), "xx") && text.ptr[0] >= '1' &&
        text.ptr[0] <= '5') {
        from = (uint64_t)(text.ptr[0] - '0') * 100;
        to = from + 99;
    } else {
        enum sp_status status = sp_str_to_u64(sp_str_slice(text, 0, dash), &from);
        to = from;
        if (status == SP_OK && dash < text.len)
            status = sp_str_to_u64(sp_str_slice(text, dash + 1, text.len), &to);
        if (status != SP_OK)
            return SP_ESYNTAX;
    }
    if (from < 1 || to > 999 || from > to)
        return SP_ESYNTAX;
    filter->status_from = from;
    filter->status_to = to;
    return SP_OK;
}

bool sp_smf_filter_takes(const struct sp_smf_filter *filter, const struct sp_smf_view *view)
{
    if ((filter->from_us && view->at_us < filter->from_us) || (filter->to_us && view->at_us >= filter->to_us))
        return false;
    if (filter->user.len && !sp_str_caseless_eq(filter->user, view->user) &&
        !sp_str_caseless_eq(filter->user, view->mapped_user))
        return false;
    if (filter->item.len && !sp_str_eq(filter->item, view->item))
        return false;
    return !filter->status_to || (view->status >= filter->status_from && view->status <= filter->status_to);
}

/* ---------------------------------------------------------------- a file */

struct reading {
    struct sp_smf_input *input;
    struct sp_smf_text text;
    unsigned shown; /* percent */
    bool enough;
};

static void show_progress(struct reading *reading, size_t at, size_t size)
{
    if (!reading->input->progress || size < PROGRESS_FROM)
        return;
    unsigned percent = at < size ? (unsigned)((double)at / (double)size * 100.0) : 100; /* it may grow */
    if (percent == reading->shown)
        return;
    unsigned full = percent * BAR / 100;
    reading->shown = percent;
    fprintf(stderr, "\r[%.*s%*s] %3u %%", (int)full, "########################################",
            (int)(BAR - full), "", percent);
    if (percent == 100)
        fputc('\n', stderr);
}

static void read_record(struct reading *reading, struct sp_str bytes, size_t offset)
{
    struct sp_smf_input *input = reading->input;
    struct sp_arena arena;
    struct sp_smf_record record;
    struct sp_error err = SP_ERROR_INIT;
    sp_arena_init(&arena, RECORD_ARENA_MAX);
    if (sp_smf_record_read(bytes, &reading->text, &arena, &record, &err) == SP_OK) {
        input->records++;
        reading->enough = !input->record(input->arg, &record, bytes, offset);
    } else {
        input->skipped++;
        if (input->refused)
            input->refused(input->arg, &err, bytes, offset);
        else
            fprintf(stderr, "sallyport: the record at offset %zu is left out: %s\n", offset, err.text);
    }
    sp_arena_finish(&arena);
}

/* A part of the file. What comes through a pipe is read as well, and a file that is cut meanwhile ends there.
 */
struct window {
    int fd;
    unsigned char *bytes; /* WINDOW */
    size_t len;
    uint64_t at; /* of the first byte, in the file */
    bool ended;  /* nothing comes behind it */
};

static enum sp_status fill(struct window *window, const char *path, struct sp_error *err)
{
    while (!window->ended && window->len < WINDOW) {
        ssize_t n = read(window->fd, window->bytes + window->len, WINDOW - window->len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sp_error_errno(err, SP_EIO, errno, "cannot read %s", path);
        window->len += (size_t)n;
        window->ended = n == 0;
    }
    return SP_OK;
}

/* How much of it are whole blocks or records. Everything, when there is no more, or a length that none has:
 * then the reader says what is wrong. */
static size_t whole_units(const struct window *window)
{
    size_t at = 0;
    while (!window->ended && window->len - at >= WORD) {
        size_t length = sp_get_u16(window->bytes + at);
        if (length < WORD)
            return window->len;
        if (length > window->len - at)
            return at;
        at += length;
    }
    return window->ended ? window->len : at;
}

static void drop(struct window *window, size_t len)
{
    memmove(window->bytes, window->bytes + len, window->len - len);
    window->len -= len;
    window->at += len;
}

/* SP_OK: on to the next part. SP_ENOTFOUND: that was all. */
static enum sp_status read_part(struct reading *reading, struct window *window, struct sp_error *err)
{
    struct sp_smf_reader reader;
    struct sp_str record;
    enum sp_status status = fill(window, reading->input->path, err);
    if (status != SP_OK)
        return status;
    size_t len = whole_units(window);
    struct sp_str part = sp_str_from((char *)window->bytes, len);
    sp_smf_reader_init(&reader, part);
    if (window->at)
        reader.framing = reading->input->framing;
    reading->input->framing = reader.framing;
    while (!reading->enough && (status = sp_smf_reader_next(&reader, &record, err)) == SP_OK)
        read_record(reading, record, (size_t)window->at + (size_t)(record.ptr - part.ptr));
    if (status != SP_OK && status != SP_ENOTFOUND) {
        err->offset += (int64_t)window->at;
        return status;
    }
    drop(window, len);
    return window->ended || reading->enough ? SP_ENOTFOUND : SP_OK;
}

static int run_file(struct reading *reading)
{
    const char *path = reading->input->path;
    struct sp_error err = SP_ERROR_INIT;
    struct stat st;
    struct window window = {.fd = open(path, O_RDONLY | O_CLOEXEC)};
    enum sp_status status = SP_OK;
    if (window.fd < 0 || fstat(window.fd, &st) != 0)
        status = sp_error_errno(&err, SP_EIO, errno, "cannot read %s", path);
    else if (!(window.bytes = malloc(WINDOW)))
        status = sp_error_set(&err, SP_ENOMEM, NULL, "no memory to read %s", path);
    while (status == SP_OK) {
        status = read_part(reading, &window, &err);
        show_progress(reading, (size_t)window.at, (size_t)st.st_size);
    }
    if (window.fd >= 0)
        close(window.fd);
    free(window.bytes);
    reading->input->broken = status == SP_EPROTO;
    if (status == SP_EPROTO)
        fprintf(stderr, "sallyport: %s is broken at offset %lld: %s\n", path, (long long)err.offset,
                err.text);
    else if (status != SP_ENOTFOUND)
        return sp_command_failed(&err);
    return status == SP_ENOTFOUND && !reading->input->skipped ? SP_EXIT_OK : SP_EXIT_FAILED;
}

/* ---------------------------------------------------------------- a file that grows */

struct tail {
    int fd;
    uint64_t at; /* in the file: behind the last whole block or record that was read */
    bool known;  /* whether it has blocks */
    bool pass_over;
    enum sp_smf_framing framing;
};

/* The bytes of the block or record at tail->at, when it is whole. */
static bool next_unit(struct tail *tail, unsigned char *unit, struct sp_str *ret_unit)
{
    ssize_t got = pread(tail->fd, unit, SP_SMF_BLOCK_MAX, (off_t)tail->at);
    if (got < (ssize_t)WORD)
        return false;
    size_t length = sp_get_u16(unit);
    if (length < WORD || length > SP_SMF_BLOCK_MAX || (ssize_t)length > got)
        return false;
    *ret_unit = sp_str_from(unit, length);
    return true;
}

static void read_unit(struct reading *reading, struct tail *tail, struct sp_str unit)
{
    struct sp_smf_reader reader;
    struct sp_str record;
    struct sp_error err = SP_ERROR_INIT;
    sp_smf_reader_init(&reader, unit);
    if (!tail->known)
        tail->framing = reader.framing;
    tail->known = true;
    reader.framing = tail->framing;
    while (!tail->pass_over && !reading->enough && sp_smf_reader_next(&reader, &record, &err) == SP_OK)
        read_record(reading, record, (size_t)tail->at + (size_t)(record.ptr - unit.ptr));
    tail->at += unit.len;
}

static bool is_another(const struct tail *tail, const char *path)
{
    struct stat here, there;
    return fstat(tail->fd, &here) == 0 && stat(path, &there) == 0 &&
           (here.st_ino != there.st_ino || here.st_dev != there.st_dev || (uint64_t)there.st_size < tail->at);
}

/* Without an end. A file that was renamed is read to its end before the one that has its name now. */
static int run_follow(struct reading *reading)
{
    static unsigned char unit_bytes[SP_SMF_BLOCK_MAX];
    struct tail tail = {.fd = -1};
    struct sp_str unit;
    bool pass_over = reading->input->only_new;
    while (!reading->enough) {
        if (tail.fd < 0)
            tail =
                (struct tail){.fd = open(reading->input->path, O_RDONLY | O_CLOEXEC), .pass_over = pass_over};
        bool another = tail.fd >= 0 && is_another(&tail, reading->input->path);
        while (tail.fd >= 0 && !reading->enough && next_unit(&tail, unit_bytes, &unit))
            read_unit(reading, &tail, unit);
        pass_over = tail.pass_over = false;
        if (fflush(stdout) != 0)
            break; /* nobody reads any more */
        if (another) {
            close(tail.fd);
            tail.fd = -1;
            continue;
        }
        usleep(FOLLOW_LOOK_US);
    }
    if (tail.fd >= 0)
        close(tail.fd);
    return SP_EXIT_OK;
}

int sp_smf_input_run(struct sp_smf_input *input)
{
    struct sp_error err = SP_ERROR_INIT;
    struct reading reading = {.input = input, .shown = 101};
    if (sp_smf_text_init(&reading.text, input->ccsid, &err) != SP_OK)
        return sp_command_failed(&err);
    int result = input->follow ? run_follow(&reading) : run_file(&reading);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        sp_error_errno(&err, SP_EIO, errno, "cannot write the output");
        return sp_command_failed(&err);
    }
    return result;
}
