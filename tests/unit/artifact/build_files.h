/* SPDX-License-Identifier: Apache-2.0
 * build_files.h: files in memory for the tests of the builders.
 */
#ifndef SP_TESTS_BUILD_FILES_H
#define SP_TESTS_BUILD_FILES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "artifact/sar_write.h"

struct memory_file {
    const char *name;
    struct sp_str text;
};

#define FILES_MAX 8

struct fixture {
    struct sp_arena arena;
    struct sp_buf archive;
    struct sp_error err;
    struct memory_file files[FILES_MAX];
};

static inline int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.err = SP_ERROR_INIT};
    sp_arena_init(&f.arena, (size_t)256 << 20);
    sp_buf_init(&f.archive, (size_t)16 << 20);
    *state = &f;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *f = *state;
    sp_buf_finish(&f->archive);
    sp_arena_finish(&f->arena);
    return 0;
}

static inline void put_bytes(struct fixture *f, const char *name, struct sp_str text)
{
    for (int i = 0; i < FILES_MAX; i++) {
        if (!f->files[i].name || !strcmp(f->files[i].name, name)) {
            f->files[i] = (struct memory_file){name, sp_arena_str(&f->arena, text)};
            return;
        }
    }
    fail_msg("more than %d files", FILES_MAX);
}

static inline void put(struct fixture *f, const char *name, const char *text)
{
    put_bytes(f, name, sp_str_of(text));
}

/* A copybook: each line moved to column 8. */
static inline void put_copybook(struct fixture *f, const char *name, const char *body)
{
    struct sp_buf out;
    struct sp_str rest = sp_str_of(body), line;
    sp_buf_init(&out, (size_t)1 << 20);
    while (sp_str_split(&rest, '\n', &line))
        sp_buf_printf(&out, "       %.*s\n", SP_STR_ARG(line));
    put_bytes(f, name, sp_buf_str(&out));
    sp_buf_finish(&out);
}

static inline enum sp_status load(void *arg, struct sp_str name, struct sp_arena *arena,
                                  struct sp_str *ret_text, struct sp_error *err)
{
    struct fixture *f = arg;
    for (int i = 0; i < FILES_MAX && f->files[i].name; i++) {
        if (sp_str_is(name, f->files[i].name)) {
            *ret_text = f->files[i].text;
            return SP_OK;
        }
    }
    return sp_error_set(err, SP_ENOTFOUND, NULL, "there is no file %.*s", SP_STR_ARG(name));
}

/* Build the service of a properties text. */
static inline enum sp_status build_service(struct fixture *f, const char *properties)
{
    struct sp_service_source source;
    struct sp_build_files files = {load, f};
    sp_buf_reset(&f->archive);
    sp_error_clear(&f->err);
    enum sp_status status =
        sp_service_source_read(sp_str_of(properties), "x.properties", &f->arena, &source, &f->err);
    if (status == SP_OK)
        status = sp_sar_write(&source, &files, &f->arena, &f->archive, &f->err);
    return status;
}

static inline const struct sp_sar *built(struct fixture *f, const char *properties)
{
    struct sp_sar *sar = NULL;
    if (build_service(f, properties) != SP_OK)
        fail_msg("%s:%u: %s", f->err.file, f->err.line, f->err.text);
    if (sp_sar_read(sp_buf_str(&f->archive), "x.sar", &f->arena, &sar, &f->err) != SP_OK)
        fail_msg("%s:%u: %s", f->err.file, f->err.line, f->err.text);
    return sar;
}

/* Child by name, looking through the element of an array. */
static inline const struct sp_field *child(const struct sp_field *parent, const char *name)
{
    if (parent->type == SP_FIELD_ARRAY)
        parent = parent->first;
    for (const struct sp_field *f = parent->first; f; f = f->next)
        if (sp_str_is(f->name, name))
            return f;
    fail_msg("there is no field %s", name);
    return NULL;
}

static inline void assert_error(struct fixture *f, enum sp_status status, enum sp_status expected,
                                const char *file, unsigned line, const char *text)
{
    if (status != expected)
        fail_msg("%s instead of %s: %s", sp_status_name(status), sp_status_name(expected), f->err.text);
    if (!strstr(f->err.text, text))
        fail_msg("\"%s\" is not in \"%s\"", text, f->err.text);
    assert_string_equal(f->err.file, file);
    assert_int_equal(f->err.line, line);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
