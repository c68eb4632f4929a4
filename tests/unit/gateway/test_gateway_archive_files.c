/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/archive_files.h"

static struct sp_arena arena;
static struct sp_error err = SP_ERROR_INIT;
static char directory[64];

static int set_up(void **state)
{
    sp_arena_init(&arena, 200u * 1024 * 1024);
    snprintf(directory, sizeof directory, "/tmp/test_archives_XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static int tear_down(void **state)
{
    const char *names[] = {"b.sar",     "a.SAR",    "c.aar",   ".hidden.sar",
                           "x.sar.bak", "link.sar", "big.sar", "fifo.sar"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(path_of(names[i]));
    sp_arena_finish(&arena);
    return rmdir(directory);
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void archives_are_listed_by_name(void **state)
{
    const struct sp_str *paths;
    size_t count;
    const char *names[] = {"b.sar", "a.SAR", "c.aar", ".hidden.sar", "x.sar.bak"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        write_file(names[i], "x");
    assert_int_equal(sp_archive_files_list(directory, ".sar", &arena, &paths, &count, &err), SP_OK);
    assert_int_equal(count, 2);
    assert_true(sp_str_is(paths[0], path_of("a.SAR")));
    assert_true(sp_str_is(paths[1], path_of("b.sar")));
}

static void the_number_of_archives_is_limited(void **state)
{
    const struct sp_str *paths;
    size_t count = 0;
    char name[32];
    for (unsigned i = 0; i < SP_ARCHIVES_MAX; i++) {
        snprintf(name, sizeof name, "a%u.sar", i);
        write_file(name, "");
    }
    assert_int_equal(sp_archive_files_list(directory, ".sar", &arena, &paths, &count, &err), SP_OK);
    assert_int_equal(count, SP_ARCHIVES_MAX);
    write_file("other.aar", "");
    assert_int_equal(sp_archive_files_list(directory, ".sar", &arena, &paths, &count, &err), SP_OK);
    write_file("beyond.sar", "");
    assert_int_equal(sp_archive_files_list(directory, ".sar", &arena, &paths, &count, &err), SP_ELIMIT);
    assert_non_null(strstr(err.text, "more than 16384 archives"));
    unlink(path_of("other.aar"));
    unlink(path_of("beyond.sar"));
    for (unsigned i = 0; i < SP_ARCHIVES_MAX; i++) {
        snprintf(name, sizeof name, "a%u.sar", i);
        unlink(path_of(name));
    }
}

static void a_missing_directory_is_told_from_an_empty_one(void **state)
{
    const struct sp_str *paths;
    size_t count = 9;
    assert_int_equal(sp_archive_files_list(directory, ".sar", &arena, &paths, &count, &err), SP_OK);
    assert_int_equal(count, 0);
    assert_int_equal(sp_archive_files_list(path_of("none"), ".sar", &arena, &paths, &count, &err),
                     SP_ENOTFOUND);
    write_file("b.sar", "x");
    assert_int_equal(sp_archive_files_list(path_of("b.sar"), ".sar", &arena, &paths, &count, &err), SP_EIO);
}

static void a_file_is_read_whole(void **state)
{
    struct sp_str bytes;
    write_file("b.sar", "contents");
    assert_int_equal(sp_archive_file_read(sp_str_of(path_of("b.sar")), &arena, &bytes, &err), SP_OK);
    assert_true(sp_str_is(bytes, "contents"));
    assert_int_equal(symlink("b.sar", path_of("link.sar")), 0);
    assert_int_equal(sp_archive_file_read(sp_str_of(path_of("link.sar")), &arena, &bytes, &err), SP_OK);
    assert_int_equal(sp_archive_file_read(sp_str_of(path_of("none.sar")), &arena, &bytes, &err),
                     SP_ENOTFOUND);
    assert_int_equal(sp_archive_file_read(sp_str_of(directory), &arena, &bytes, &err), SP_EIO);
    assert_int_equal(mkfifo(path_of("fifo.sar"), 0600), 0);
    assert_int_equal(sp_archive_file_read(sp_str_of(path_of("fifo.sar")), &arena, &bytes, &err), SP_EIO);
}

static void a_file_over_the_limit_is_refused(void **state)
{
    struct sp_str bytes;
    write_file("big.sar", "");
    assert_int_equal(truncate(path_of("big.sar"), SP_ARCHIVE_BYTES_MAX), 0);
    assert_int_equal(sp_archive_file_read(sp_str_of(path_of("big.sar")), &arena, &bytes, &err), SP_OK);
    assert_int_equal(bytes.len, SP_ARCHIVE_BYTES_MAX);
    assert_int_equal(truncate(path_of("big.sar"), SP_ARCHIVE_BYTES_MAX + 1), 0);
    assert_int_equal(sp_archive_file_read(sp_str_of(path_of("big.sar")), &arena, &bytes, &err), SP_ELIMIT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(archives_are_listed_by_name),
        TEST(the_number_of_archives_is_limited),
        TEST(a_missing_directory_is_told_from_an_empty_one),
        TEST(a_file_is_read_whole),
        TEST(a_file_over_the_limit_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("gateway_archive_files", tests, NULL, NULL);
}
