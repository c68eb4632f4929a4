/* SPDX-License-Identifier: Apache-2.0 */
#include "region/task.h"

#include <stdio.h>

#include "region/cobol.h"

static struct sp_task *current;

struct sp_task *sp_task_current(void)
{
    return current;
}

void sp_task_set_current(struct sp_task *task)
{
    current = task;
}

static void set_abend(struct sp_task *task, const char *code, const char *reason)
{
    snprintf(task->abend, sizeof task->abend, "%s", code);
    /* What becomes part of a frame has no control characters. */
    size_t n = 0;
    for (; reason[n] && n + 1 < sizeof task->reason; n++)
        task->reason[n] = reason[n] >= ' ' && reason[n] < 0x7f ? reason[n] : '.';
    task->reason[n] = '\0';
}

/* What the machine of z/OS would have found itself is a program check there; the rest its run time finds. */
void sp_task_note_error(const char *text)
{
    struct sp_task *task = current;
    if (!task || !task->running || task->abend[0])
        return;
    const char *not_numeric = strstr(text, "not numeric");
    bool program_check = not_numeric || strstr(text, "NULL address");
    set_abend(task, program_check ? SP_ABEND_PROGRAM_CHECK : SP_ABEND_RUN_TIME, text);
    /* What follows is the data, which is nobody else's business. */
    if (not_numeric && (size_t)(not_numeric - text) + strlen("not numeric") < sizeof task->reason)
        task->reason[not_numeric - text + (ptrdiff_t)strlen("not numeric")] = '\0';
}

void sp_task_abend(const char *code, const char *reason)
{
    if (current && !current->abend[0])
        set_abend(current, code, reason);
    sp_cobol_stop(1);
}

static void finish_as(struct sp_task *task, enum sp_region_outcome outcome, struct sp_region_answer *answer)
{
    *answer = (struct sp_region_answer){.request_id = task->link->request_id,
                                        .outcome = outcome,
                                        .abend = sp_str_of(task->abend),
                                        .reason = sp_str_of(task->reason)};
}

static void fail(struct sp_task *task, enum sp_region_outcome outcome, const char *code, const char *reason,
                 struct sp_region_answer *answer)
{
    set_abend(task, code, reason);
    finish_as(task, outcome, answer);
}

/* --- COMMAREA ---------------------------------------------------------------------------------------- */

static const struct sp_layout_record *commarea_record(const struct sp_task *task)
{
    return task->layout && task->layout->commarea.len ? sp_layout_find(task->layout, task->layout->commarea)
                                                      : NULL;
}

static enum sp_status translate_commarea(struct sp_task *task, enum sp_direction direction,
                                         struct sp_error *err)
{
    const struct sp_layout_record *record = commarea_record(task);
    if (!task->translation || !record)
        return SP_OK;
    return sp_translate_record(task->translation, record, direction, task->commarea, task->commarea_len, err);
}

static bool receive_commarea(struct sp_task *task, struct sp_error *err, struct sp_region_answer *answer)
{
    struct sp_str data = task->link->commarea;
    size_t len = data.len > task->link->answer_bytes ? data.len : task->link->answer_bytes;
    if (task->link->has_channel)
        len = 0;
    task->commarea_len = len;
    task->commarea = sp_area_take(&task->area, len);
    if (!task->commarea || len > SP_REGION_COMMAREA_MAX) {
        fail(task, SP_REGION_LENGTH, "", "the COMMAREA that is wanted back is longer than 32763 bytes",
             answer);
        return false;
    }
    if (data.len)
        memcpy(task->commarea, data.ptr, data.len);
    if (translate_commarea(task, SP_TO_PROGRAM, err) == SP_OK)
        return true;
    fail(task, SP_REGION_ABEND, SP_ABEND_CONVERSION, err->text, answer);
    return false;
}

static void answer_commarea(struct sp_task *task, struct sp_arena *arena, struct sp_region_answer *answer)
{
    struct sp_error err = SP_ERROR_INIT;
    if (translate_commarea(task, SP_TO_WIRE, &err) != SP_OK) {
        fail(task, SP_REGION_ABEND, SP_ABEND_CONVERSION, err.text, answer);
        return;
    }
    size_t len = task->link->answer_bytes;
    answer->commarea = sp_arena_str(arena, sp_str_from(task->commarea, len));
    if (!answer->commarea.ptr)
        fail(task, SP_REGION_LENGTH, "", "no memory for the COMMAREA", answer);
}

/* --- channel ----------------------------------------------------------------------------------------- */

static void answer_channel(struct sp_task *task, struct sp_arena *arena, struct sp_region_answer *answer)
{
    struct sp_region_container *list = sp_arena_calloc(arena, task->channel.count + 1, sizeof *list);
    size_t count = 0;
    if (!list) {
        fail(task, SP_REGION_LENGTH, "", "no memory for the containers", answer);
        return;
    }
    for (size_t i = 0; i < task->channel.count; i++) {
        struct sp_channel_container *c = &task->channel.containers[i];
        bool too_long = task->link->answer_bytes && c->data.len > task->link->answer_bytes;
        if (too_long && c->changed) {
            fail(task, SP_REGION_LENGTH, "", "a container is longer than the caller wants it", answer);
            return;
        }
        if (!too_long)
            list[count++] = (struct sp_region_container){sp_str_from(c->name, c->name_len), c->is_char,
                                                         sp_buf_str(&c->data)};
    }
    answer->has_channel = true;
    answer->containers = list;
    answer->container_count = count;
}

/* --- the run ----------------------------------------------------------------------------------------- */

static void answer_normally(struct sp_task *task, struct sp_arena *arena, struct sp_region_answer *answer)
{
    task->abend[0] = task->reason[0] = '\0';
    finish_as(task, SP_REGION_NORMAL, answer);
    if (task->link->has_channel)
        answer_channel(task, arena, answer);
    else
        answer_commarea(task, arena, answer);
}

void sp_task_run(struct sp_task *task, struct sp_arena *arena, struct sp_region_answer *ret_answer)
{
    struct sp_error err = SP_ERROR_INIT;
    const char *reason = "";
    char module[32];
    task->abend[0] = task->reason[0] = '\0';
    snprintf(module, sizeof module, "%.*s", SP_STR_ARG(task->program->module));
    if (!sp_cobol_load(module, &reason)) {
        fail(task, SP_REGION_NOT_FOUND, "", reason, ret_answer);
        return;
    }
    if (sp_channel_set(&task->channel, task->link) != SP_OK) {
        fail(task, SP_REGION_LENGTH, "", "no memory for the containers", ret_answer);
        return;
    }
    if (!receive_commarea(task, &err, ret_answer))
        return;
    void *arguments[] = {task->commarea};
    task->running = true;
    sp_cobol_call(module, task->commarea_len ? 1 : 0, arguments);
    task->running = false;
    answer_normally(task, arena, ret_answer);
    sp_cobol_cancel_all();
}

void sp_task_forget(struct sp_task *task)
{
    if (task->commarea)
        memset(task->commarea, 0, task->commarea_len);
    task->commarea = NULL;
    task->commarea_len = 0;
    sp_channel_finish(&task->channel);
}

void sp_task_post_mortem(struct sp_task *task, struct sp_arena *arena, struct sp_region_answer *ret_answer)
{
    task->running = false;
    if (task->abend[0])
        finish_as(task, SP_REGION_ABEND, ret_answer);
    else if (task->program->stop_run_returns)
        answer_normally(task, arena, ret_answer);
    else
        fail(task, SP_REGION_ABEND, SP_ABEND_STOP_RUN, "the program ended with STOP RUN", ret_answer);
}
