/* SPDX-License-Identifier: Apache-2.0
 * archive_compose.h: archives made of texts, for the tests of their readers.
 */
#ifndef SP_TESTS_ARCHIVE_COMPOSE_H
#define SP_TESTS_ARCHIVE_COMPOSE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "text/zip_write.h"

struct entry {
    const char *name, *text; /* text NULL: left out */
};

#define ENTRIES_MAX 16

struct fixture {
    struct sp_arena arena;
    struct sp_buf bytes;
    struct sp_error err;
    struct entry entries[ENTRIES_MAX]; /* of the archive under test */
};

static inline int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.err = SP_ERROR_INIT};
    sp_arena_init(&f.arena, (size_t)64 << 20);
    sp_buf_init(&f.bytes, (size_t)16 << 20);
    *state = &f;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *f = *state;
    sp_buf_finish(&f->bytes);
    sp_arena_finish(&f->arena);
    return 0;
}

/* Add or replace an entry. */
static inline void put(struct fixture *f, const char *name, const char *text)
{
    for (int i = 0; i < ENTRIES_MAX; i++) {
        if (!f->entries[i].name || !strcmp(f->entries[i].name, name)) {
            f->entries[i] = (struct entry){name, text};
            return;
        }
    }
    fail_msg("more than %d entries", ENTRIES_MAX);
}

/* `text` with the first `from` replaced by `to`; the test fails when there is none. */
static inline const char *edited(struct fixture *f, const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    if (!at)
        fail_msg("\"%s\" is not in the text", from);
    return sp_arena_printf(&f->arena, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)).ptr;
}

static inline const char *text_of(struct fixture *f, const char *name)
{
    for (int i = 0; i < ENTRIES_MAX && f->entries[i].name; i++)
        if (!strcmp(f->entries[i].name, name))
            return f->entries[i].text;
    fail_msg("there is no entry %s", name);
    return NULL;
}

static inline void edit(struct fixture *f, const char *name, const char *from, const char *to)
{
    put(f, name, edited(f, text_of(f, name), from, to));
}

static inline struct sp_str pack(struct fixture *f)
{
    struct sp_zip_writer *writer = NULL;
    sp_buf_reset(&f->bytes);
    assert_int_equal(sp_zip_writer_new(&writer, &f->err), SP_OK);
    for (int i = 0; i < ENTRIES_MAX && f->entries[i].name; i++)
        if (f->entries[i].text)
            assert_int_equal(sp_zip_writer_add(writer, sp_str_of(f->entries[i].name),
                                               sp_str_of(f->entries[i].text), &f->err),
                             SP_OK);
    assert_int_equal(sp_zip_writer_end(writer, &f->bytes, &f->err), SP_OK);
    sp_zip_writer_free(writer);
    sp_error_clear(&f->err);
    return sp_buf_str(&f->bytes);
}

static inline void assert_error(struct fixture *f, enum sp_status status, enum sp_status expected,
                                const char *file, const char *text)
{
    if (status != expected)
        fail_msg("%s instead of %s: %s", sp_status_name(status), sp_status_name(expected), f->err.text);
    if (!strstr(f->err.text, text))
        fail_msg("\"%s\" is not in \"%s\"", text, f->err.text);
    assert_string_equal(f->err.file, file);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
