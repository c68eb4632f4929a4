/* SPDX-License-Identifier: Apache-2.0
 * Going through an unload, line by line, in one transaction.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "saf/irrdbu00_int.h"

#define ARENA_MAX ((size_t)1 << 30)
#define LINE_ARENA_MAX ((size_t)1 << 20)
#define ENTRIES_MAX ((size_t)1 << 24)

enum sp_status sp_unload_refuse(struct sp_unload_run *run, uint64_t line, const char *fmt, ...)
{
    char why[512], text[600];
    va_list args;
    va_start(args, fmt);
    vsnprintf(why, sizeof why, fmt, args);
    va_end(args);
    if (run->report->refused++ < SP_UNLOAD_PROBLEMS_MAX && run->import->problem) {
        snprintf(text, sizeof text, "line %llu: %s", (unsigned long long)line, why);
        run->import->problem(run->import->problem_arg, sp_str_of(text));
    }
    return SP_EINVAL;
}

static enum sp_status take(struct sp_unload_run *run)
{
    static enum sp_status (*const takers[SP_UNLOAD_TYPES])(struct sp_unload_run *) = {
        [SP_RECORD_GPBD] = sp_unload_take_group,
        [SP_RECORD_GPMEM] = sp_unload_take_member,
        [SP_RECORD_GPOMVS] = sp_unload_take_group_omvs,
        [SP_RECORD_USBD] = sp_unload_take_user,
        [SP_RECORD_USCON] = sp_unload_take_connect,
        [SP_RECORD_USCERT] = sp_unload_take_certificate_name,
        [SP_RECORD_USOMVS] = sp_unload_take_user_omvs,
        [SP_RECORD_GRBD] = sp_unload_take_profile,
        [SP_RECORD_GRMEM] = sp_unload_take_resource_member,
        [SP_RECORD_GRACC] = sp_unload_take_access,
        [SP_RECORD_GRCACC] = sp_unload_take_conditional_access,
        [SP_RECORD_GRFLTR] = sp_unload_take_filter,
        [SP_RECORD_GRDMAP] = sp_unload_take_identity,
        [SP_RECORD_GRSIGN] = sp_unload_take_signon,
        [SP_RECORD_GRST] = sp_unload_take_started,
        [SP_RECORD_KEYR] = sp_unload_take_ring_entry,
    };
    return takers[run->record - sp_unload_records](run);
}

/* ---- counting ---- */

static bool says_nothing(const struct sp_unload_field *field, struct sp_str text)
{
    size_t zeros = 0;
    if (field->kind == SP_UNLOAD_YESNO)
        return !text.len || text.ptr[0] == 'N';
    if (field->kind != SP_UNLOAD_INTEGER)
        return !text.len || sp_str_is(text, "NONE");
    while (zeros < text.len && (text.ptr[zeros] == '0' || text.ptr[zeros] == ' '))
        zeros++;
    return zeros == text.len;
}

static void count_lost_fields(struct sp_unload_run *run)
{
    uint64_t *lost = run->report->lost[run->record - sp_unload_records];
    for (size_t i = 0; i < run->record->count; i++) {
        const struct sp_unload_field *field = &run->record->fields[i];
        if (field->use == SP_UNLOAD_NO_PLACE &&
            !says_nothing(field, sp_unload_columns(&run->line, field->start, field->end)))
            lost[i]++;
    }
}

static void count_other(struct sp_unload_report *report, struct sp_str type)
{
    for (size_t i = 0; i < report->other_count; i++)
        if (sp_str_is(type, report->others[i].type)) {
            report->others[i].lines++;
            return;
        }
    if (report->other_count == SP_UNLOAD_OTHERS_MAX) {
        report->more_others++;
        return;
    }
    memcpy(report->others[report->other_count].type, type.ptr, 4);
    report->others[report->other_count++].lines = 1;
}

static bool is_type(struct sp_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!((text.ptr[i] >= '0' && text.ptr[i] <= '9') || (text.ptr[i] >= 'A' && text.ptr[i] <= 'Z')))
            return false;
    return text.len == 4;
}

/* ---- lines ---- */

static enum sp_status take_line(struct sp_unload_run *run)
{
    struct sp_str type = sp_str_slice(run->line.text, 0, 4);
    run->report->lines++;
    if (!is_type(type) || (run->line.text.len > 4 && run->line.text.ptr[4] != ' ')) {
        sp_unload_refuse(run, run->line.number, "it does not begin with the type of a record and a blank");
        return SP_OK;
    }
    run->record = sp_unload_record_find(type);
    if (!run->record) {
        count_other(run->report, type);
        return SP_OK;
    }
    struct sp_unload_count *count = &run->report->records[run->record - sp_unload_records];
    if (run->record->use != SP_UNLOAD_TAKEN) {
        ++*(run->record->use == SP_UNLOAD_ELSEWHERE ? &count->elsewhere : &count->left_out);
        return SP_OK;
    }
    run->elsewhere = run->left_out = false;
    sp_arena_reset(&run->line_arena);
    enum sp_status status = take(run);
    if (status == SP_EINVAL)
        count->refused++;
    else if (!status && run->left_out)
        count->left_out++;
    else if (!status && run->elsewhere)
        count->elsewhere++;
    else if (!status)
        count->taken++;
    if (!status && !run->left_out && !run->elsewhere)
        count_lost_fields(run);
    return status == SP_EINVAL ? SP_OK : status;
}

static enum sp_status take_lines(struct sp_unload_run *run)
{
    struct sp_unload_lines *lines = malloc(sizeof *lines);
    if (!lines)
        return sp_unload_no_memory(run);
    sp_unload_lines_init(lines, run->import->read, run->import->read_arg);
    enum sp_status status;
    while (!(status = sp_unload_lines_next(lines, &run->line, run->err)))
        if ((status = take_line(run)))
            break;
    run->report->encoding = lines->encoding;
    run->report->latin1_lines = lines->latin1_lines;
    free(lines);
    if (status != SP_ENOTFOUND)
        return status;
    status = sp_unload_flush_user(run);
    return status ? status : sp_unload_put_connects(run);
}

/* ---- classes ---- */

static enum sp_status drop_active_class(void *arg, const void *value)
{
    struct sp_unload_run *run = arg;
    const struct sp_saf_class *class = value;
    if (class->active)
        sp_hash_remove(&run->classes, class->name);
    return SP_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static enum sp_status list_inactive_classes(struct sp_unload_run *run)
{
    struct sp_unload_report *report = run->report;
    enum sp_status status = sp_saf_each_class(run->db, drop_active_class, run, run->err);
    size_t cursor = 0;
    for (const struct sp_hash_slot *slot; !status && (slot = sp_hash_next(&run->classes, &cursor));)
        if (report->inactive_count < SP_UNLOAD_CLASSES_MAX)
            memcpy(report->inactive[report->inactive_count++], slot->key.ptr, slot->key.len);
    qsort(report->inactive, report->inactive_count, sizeof report->inactive[0], by_name);
    return status;
}

/* ---- the import ---- */

static enum sp_status import_all(struct sp_unload_run *run)
{
    enum sp_status status = sp_saf_db_begin(run->db, run->err);
    if (!status)
        status = take_lines(run);
    if (!status)
        status = list_inactive_classes(run);
    if (!status && !run->import->check_only)
        status = sp_saf_db_commit(run->db, run->err);
    sp_saf_db_rollback(run->db);
    return status;
}

enum sp_status sp_saf_import_unload(struct sp_saf_db *db, const struct sp_unload_import *import,
                                    struct sp_unload_report **ret_report, struct sp_error *err)
{
    struct sp_unload_run run = {.db = db, .import = import, .err = err};
    *ret_report = NULL;
    run.report = calloc(1, sizeof *run.report);
    if (!run.report)
        return sp_unload_no_memory(&run);
    run.report->check_only = import->check_only;
    sp_arena_init(&run.arena, ARENA_MAX);
    sp_arena_init(&run.line_arena, LINE_ARENA_MAX);
    sp_arena_init(&run.user_arena, LINE_ARENA_MAX);
    sp_hash_init(&run.connects, ENTRIES_MAX);
    sp_hash_init(&run.certificates, ENTRIES_MAX);
    sp_hash_init(&run.classes, ENTRIES_MAX);
    enum sp_status status = import_all(&run);
    if (!status)
        sp_error_clear(err); /* of what was looked for and need not be there */
    free(run.order);
    sp_hash_finish(&run.connects);
    sp_hash_finish(&run.certificates);
    sp_hash_finish(&run.classes);
    sp_arena_finish(&run.arena);
    sp_arena_wipe(&run.line_arena); /* PassTicket keys that were here already went through it */
    sp_arena_finish(&run.user_arena);
    *ret_report = run.report;
    return status;
}
