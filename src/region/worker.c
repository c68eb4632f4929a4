/* SPDX-License-Identifier: Apache-2.0 */
#include "region/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "region/cobol.h"
#include "region/command.h"
#include "region/file.h"
#include "region/programs.h"
#include "region/task.h"

#define ARENA_BYTES ((size_t)3 * SP_REGION_FRAME_MAX)

struct worker {
    const struct sp_definition *definition;
    struct sp_program_state *programs;
    struct sp_arena lasting; /* definition and layouts */
    struct sp_arena arena;   /* of a request */
    struct sp_buf in, out;
    struct sp_translation region_translation, other_translation;
    struct sp_task task;
};

static struct worker worker;

/* --- the socket -------------------------------------------------------------------------------------- */

static bool send_all(struct sp_str bytes)
{
    while (bytes.len) {
        ssize_t n = send(SP_WORKER_SOCKET, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        bytes = sp_str_slice(bytes, (size_t)n, bytes.len);
    }
    return true;
}

/* One whole frame into `in`, which holds nothing else. False at the end of the connection. */
static bool receive_frame(struct sp_buf *in)
{
    size_t want = SP_REGION_HEADER_BYTES, length = 0;
    sp_buf_reset(in);
    while (in->len < want) {
        unsigned char *room = sp_buf_reserve(in, want - in->len);
        ssize_t n = room ? recv(SP_WORKER_SOCKET, room, want - in->len, 0) : 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        in->len += (size_t)n;
        if (in->len == SP_REGION_HEADER_BYTES) {
            if (sp_region_frame_length(NULL, sp_buf_str(in), &length) != SP_OK)
                return false;
            want = length;
        }
    }
    return true;
}

/* --- a request --------------------------------------------------------------------------------------- */

/* `last`: the process ends behind it, and wants no further task. */
static void send_answer(const struct sp_region_answer *answer, bool last)
{
    sp_buf_reset(&worker.out);
    if (last)
        (void)!sp_region_refuse_write(&worker.out, answer->request_id, SP_STR("the process ends"));
    if (sp_region_answer_write(&worker.out, answer) != SP_OK) {
        struct sp_region_answer instead = {.request_id = answer->request_id,
                                           .outcome = SP_REGION_LENGTH,
                                           .reason = SP_STR("the answer does not fit into a frame")};
        worker.out.failed = false;
        (void)!sp_region_answer_write(&worker.out, &instead);
    }
    if (!send_all(sp_buf_str(&worker.out)))
        _exit(0);
}

static void limit_cpu(uint32_t milliseconds)
{
    struct itimerval limit = {
        .it_value = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000}};
    setitimer(ITIMER_PROF, &limit, NULL);
}

/* NULL with the reason when the CCSID is none we know. */
static bool choose_translation(const struct sp_region_link *link, struct sp_error *err)
{
    struct sp_task *task = &worker.task;
    task->translation = NULL;
    if (worker.definition->is_native)
        return true;
    if (link->ccsid == 0 || link->ccsid == worker.region_translation.ccsid) {
        task->translation = &worker.region_translation;
        return true;
    }
    if (worker.other_translation.ccsid != link->ccsid &&
        sp_translation_init(&worker.other_translation, link->ccsid, err) != SP_OK)
        return false;
    task->translation = &worker.other_translation;
    return true;
}

static void refuse(const struct sp_region_link *link, enum sp_region_outcome outcome, const char *code,
                   const char *reason)
{
    struct sp_region_answer answer = {.request_id = link->request_id,
                                      .outcome = outcome,
                                      .abend = sp_str_of(code),
                                      .reason = sp_str_of(reason)};
    send_answer(&answer, false);
}

static const struct sp_program_state *find_program(struct sp_str name)
{
    for (size_t i = 0; i < worker.definition->program_count; i++)
        if (sp_str_eq(worker.programs[i].program->name, name))
            return &worker.programs[i];
    return NULL;
}

static void serve(const struct sp_region_link *link)
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_region_answer answer;
    const struct sp_program_state *state = find_program(link->program);
    if (!state || state->fault) {
        refuse(link, SP_REGION_NOT_FOUND, "", state ? state->fault : "the program is not defined");
        return;
    }
    if (!choose_translation(link, &err)) {
        refuse(link, SP_REGION_ABEND, SP_ABEND_CONVERSION, err.text);
        return;
    }
    worker.task.link = link;
    worker.task.program = state->program;
    worker.task.layout = state->layout;
    limit_cpu(worker.definition->runaway_ms);
    sp_task_run(&worker.task, &worker.arena, &answer);
    limit_cpu(0);
    send_answer(&answer, false);
    sp_task_forget(&worker.task);
    fflush(stdout);
}

/* --- the process ------------------------------------------------------------------------------------- */

/* Runs before libcob's own, since it was registered later. */
static void at_exit(int status, void *arg)
{
    struct sp_region_answer answer;
    (void)status;
    (void)arg;
    if (!worker.task.running)
        return;
    limit_cpu(0);
    sp_task_post_mortem(&worker.task, &worker.arena, &answer);
    send_answer(&answer, true);
}

static enum sp_status start(const char *directory, struct sp_error *err)
{
    struct sp_str text;
    struct sp_region_hello hello = {.request_id = 0};
    char path[40];
    snprintf(path, sizeof path, "/proc/self/fd/%d", SP_WORKER_DEFINITION);
    enum sp_status status = sp_file_read(path, SP_DEFINITION_BYTES_MAX, &worker.lasting, &text, err);
    if (status == SP_OK)
        status = sp_definition_read(text, "definition", sp_str_of(directory), &worker.lasting,
                                    &worker.definition, err);
    if (status == SP_OK)
        status = sp_programs_load(worker.definition, &worker.lasting, &worker.programs, err);
    if (status == SP_OK && !worker.definition->is_native)
        status = sp_translation_init(&worker.region_translation, worker.definition->ccsid, err);
    if (status == SP_OK)
        status = sp_area_init(&worker.task.area, SP_REGION_COMMAREA_MAX);
    if (status != SP_OK)
        return status;
    char *modules = realpath(worker.definition->modules.ptr, NULL);
    if (!modules)
        return sp_error_errno(err, SP_EIO, errno, "%s", worker.definition->modules.ptr);
    if (strchr(modules, ':'))
        return sp_error_set(err, SP_EINVAL, NULL,
                            "%s: the directory of modules cannot have a colon in its path", modules);
    if (chdir(worker.definition->data.ptr) != 0)
        return sp_error_errno(err, SP_EIO, errno, "%s", worker.definition->data.ptr);
    worker.task.definition = worker.definition;
    sp_task_set_current(&worker.task);
    sp_cobol_start(modules, sp_task_note_error);
    on_exit(at_exit, NULL);
    sp_buf_reset(&worker.out);
    status = sp_region_hello_write(&worker.out, &hello);
    return status == SP_OK && !send_all(sp_buf_str(&worker.out)) ? SP_ECLOSED : status;
}

int sp_region_command_worker(int argc, char **argv)
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_region_link link;
    if (argc != 1)
        return sp_region_misused("worker is started by the region itself");
    /* The supervisor decides when a worker ends, not the terminal; and without it a worker is of no use. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    sp_arena_init(&worker.lasting, 256u << 20);
    sp_arena_init(&worker.arena, ARENA_BYTES);
    sp_buf_init(&worker.in, SP_REGION_FRAME_MAX);
    sp_buf_init(&worker.out, SP_REGION_FRAME_MAX);
    if (start(argv[0], &err) != SP_OK)
        return sp_region_failed(&err);
    while (receive_frame(&worker.in)) {
        sp_arena_reset(&worker.arena);
        if (sp_region_link_read(sp_buf_str(&worker.in), &worker.arena, &link, &err) != SP_OK)
            return sp_region_failed(&err);
        serve(&link);
    }
    return 0;
}
