/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/log_rotate.h"

static char directory[64];

static int set_up(void **state)
{
    snprintf(directory, sizeof directory, "/tmp/test_log_XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static unsigned files(const char *beginning, bool remove_them)
{
    char path[400];
    unsigned count = 0;
    DIR *dir = opendir(directory);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.' || strncmp(entry->d_name, beginning, strlen(beginning)) != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        count++;
        if (remove_them)
            unlink(path);
    }
    closedir(dir);
    return count;
}

static int tear_down(void **state)
{
    files("", true);
    return rmdir(directory);
}

static void write_file(const char *name, size_t bytes)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (size_t i = 0; i < bytes; i++)
        fputc('x', file);
    fclose(file);
}

static void a_log_is_renamed_when_it_is_too_large(void **state)
{
    assert_false(sp_log_rotate_once(directory, 100, 0));
    write_file("messages.log", 100);
    assert_false(sp_log_rotate_once(directory, 100, 0));
    assert_false(sp_log_rotate_once(directory, 0, 0));
    write_file("messages.log", 101);
    assert_true(sp_log_rotate_once(directory, 100, 0));
    assert_int_equal(files("messages.log", false), 0);
    assert_int_equal(files("messages_", false), 1);
}

static void the_oldest_are_removed_and_nothing_else(void **state)
{
    write_file("messages_20200101T000000.00.log", 1);
    write_file("messages_of_mine.log", 1);
    write_file("console.log", 1);
    for (unsigned n = 0; n < 5; n++) {
        write_file("messages.log", 101);
        assert_true(sp_log_rotate_once(directory, 100, 3));
    }
    assert_int_equal(files("messages_2", false), 2);
    assert_int_equal(files("messages_2020", false), 0);
    assert_int_equal(files("messages_of", false), 1);
    assert_int_equal(files("console", false), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_log_is_renamed_when_it_is_too_large),
        TEST(the_oldest_are_removed_and_nothing_else),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("engine_log_rotate", tests, NULL, NULL);
}
