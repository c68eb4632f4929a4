/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "text/codepage.h"
#include "unloads.h"

static char directory[64];
struct sp_saf_db *db;
struct sp_arena arena;
struct sp_buf file;            /* an unload that a test writes or reads */
static struct sp_buf messages; /* problems and reports, a line each */

void ok(enum sp_status status)
{
    assert_int_equal(status, SP_OK);
}

struct sp_saf_db *open_db(const char *name)
{
    char path[96];
    struct sp_saf_db *opened;
    snprintf(path, sizeof path, "%s/%s.db", directory, name);
    ok(sp_saf_db_open(path, NULL, SP_SAF_DB_CREATE, &opened, NULL));
    return opened;
}

int set_up(void **state)
{
    snprintf(directory, sizeof directory, "/tmp/test_saf_irrdbu00.XXXXXX");
    assert_non_null(mkdtemp(directory));
    sp_arena_init(&arena, 16 << 20);
    sp_buf_init(&file, 64 << 20);
    sp_buf_init(&messages, 1 << 20);
    db = open_db("saf");
    return 0;
}

int tear_down(void **state)
{
    char command[128];
    sp_saf_db_close(db);
    sp_arena_finish(&arena);
    sp_buf_finish(&file);
    sp_buf_finish(&messages);
    snprintf(command, sizeof command, "rm -r %s", directory);
    return system(command);
}

/* ---- streams of memory ---- */

enum sp_status read_some(void *arg, void *ret_bytes, size_t size, size_t *ret_len, struct sp_error *err)
{
    struct source *source = arg;
    size_t len = source->rest.len < size ? source->rest.len : size;
    if (source->piece && len > source->piece)
        len = source->piece;
    if (len)
        memcpy(ret_bytes, source->rest.ptr, len);
    source->rest = sp_str_slice(source->rest, len, source->rest.len);
    *ret_len = len;
    return SP_OK;
}

enum sp_status write_all(void *arg, struct sp_str bytes, struct sp_error *err)
{
    return sp_buf_append_str(arg, bytes);
}

void note(void *arg, struct sp_str text)
{
    sp_buf_append_str(&messages, text);
    sp_buf_append_byte(&messages, '\n');
}

static const char *said(void)
{
    sp_buf_append_byte(&messages, 0);
    messages.len--;
    return (const char *)messages.ptr;
}

void says(const char *part)
{
    if (!strstr(said(), part))
        fail_msg("'%s' is not in:\n%s", part, said());
}

void says_not(const char *part)
{
    if (strstr(said(), part))
        fail_msg("'%s' is in:\n%s", part, said());
}

/* Import `bytes`; messages then hold the problems and the report. */
struct sp_unload_report *import_bytes(struct sp_saf_db *into, struct sp_str bytes, size_t piece)
{
    struct source source = {bytes, piece};
    struct sp_unload_import import = {.read = read_some, .read_arg = &source, .problem = note};
    struct sp_unload_report *report = NULL;
    struct sp_error err = SP_ERROR_INIT;
    sp_buf_reset(&messages);
    enum sp_status status = sp_saf_import_unload(into, &import, &report, &err);
    assert_string_equal(err.text, "");
    ok(status);
    sp_unload_report_print(report, note, NULL);
    return report;
}

uint64_t import_all(void)
{
    struct sp_unload_report *report = import_bytes(db, sp_buf_str(&file), 0);
    uint64_t refused = sp_unload_report_refused(report);
    sp_unload_report_free(report);
    return refused;
}

enum sp_status failing_import(struct sp_str bytes, struct sp_error *err)
{
    struct source source = {bytes, 0};
    struct sp_unload_import import = {.read = read_some, .read_arg = &source, .problem = note};
    struct sp_unload_report *report = NULL;
    enum sp_status status = sp_saf_import_unload(db, &import, &report, err);
    sp_unload_report_free(report);
    return status;
}

void export_to(struct sp_saf_db *from, struct sp_buf *to)
{
    struct sp_error err = SP_ERROR_INIT;
    sp_buf_reset(to);
    enum sp_status status = sp_saf_export_unload(from, write_all, to, &err);
    assert_string_equal(err.text, "");
    ok(status);
}

/* Add a record: column and text in turn, ended by column 0; not filled with blanks behind the last. */
void record(const char *type, ...)
{
    char line[4096];
    size_t len = 4;
    memset(line, ' ', sizeof line);
    memcpy(line, type, 4);
    va_list args;
    va_start(args, type);
    for (int column; (column = va_arg(args, int));) {
        const char *text = va_arg(args, const char *);
        memcpy(line + column - 1, text, strlen(text));
        if ((size_t)column - 1 + strlen(text) > len)
            len = (size_t)column - 1 + strlen(text);
    }
    va_end(args);
    sp_buf_append(&file, line, len);
    sp_buf_append_byte(&file, '\n');
}

void to_ebcdic(const struct sp_buf *text, bool records, struct sp_buf *ret_ebcdic)
{
    const struct sp_codepage *page = sp_codepage_find(1047, SP_NEWLINE_15);
    struct sp_str rest = sp_buf_str(text), line;
    sp_buf_reset(ret_ebcdic);
    while (rest.len && sp_str_split(&rest, '\n', &line)) {
        size_t at = ret_ebcdic->len;
        if (records)
            sp_buf_append_u32(ret_ebcdic, 0);
        ok(sp_codepage_encode(page, line, ret_ebcdic, NULL));
        if (records)
            sp_put_u16(ret_ebcdic->ptr + at, (uint16_t)(ret_ebcdic->len - at));
        else
            sp_buf_append_byte(ret_ebcdic, 0x15);
    }
}
