/* SPDX-License-Identifier: Apache-2.0
 * Changes of files: told by the kernel, found by stamps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/update_watch.h"

static char base[] = "/tmp/sallyport-watch-XXXXXX";
static struct sp_loop *loop;
static struct sp_update_watch watch;
static struct sp_file_set *set;
static unsigned told;

static void count(void *arg)
{
    told++;
}

static struct sp_str path_of(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", base, name);
    return sp_str_of(path);
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name).ptr, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void rename_file(const char *from, const char *to)
{
    assert_int_equal(rename(path_of(from).ptr, path_of(to).ptr), 0);
}

static void read_file(const char *name)
{
    const struct sp_config_files *files = sp_file_set_reader(set);
    struct sp_buf buf;
    sp_buf_init(&buf, 100000);
    (void)!files->read(files->arg, path_of(name), &buf, NULL);
    sp_buf_finish(&buf);
}

static void list_directory(const char *name)
{
    const struct sp_config_files *files = sp_file_set_reader(set);
    struct sp_buf buf;
    sp_buf_init(&buf, 100000);
    (void)!files->list(files->arg, path_of(name), &buf, NULL);
    sp_buf_finish(&buf);
}

static void watch_set(unsigned domains)
{
    sp_update_watch_set(&watch, set, NULL, domains);
    told = 0;
}

static bool is_told(void)
{
    told = 0;
    sp_loop_run_once(loop, 200);
    return told > 0;
}

static int begin(void **state)
{
    struct sp_error err = SP_ERROR_INIT;
    snprintf(base, sizeof base, "/tmp/sallyport-watch-XXXXXX");
    assert_non_null(mkdtemp(base));
    assert_int_equal(sp_loop_new(NULL, &loop, &err), SP_OK);
    assert_int_equal(sp_file_set_new(NULL, 0, &set), SP_OK);
    sp_update_watch_init(&watch, loop, count, NULL);
    return 0;
}

static int end(void **state)
{
    char command[128];
    sp_update_watch_finish(&watch);
    sp_file_set_free(set);
    sp_loop_free(loop);
    snprintf(command, sizeof command, "rm -rf '%s'", base);
    return system(command);
}

static void nothing_happens_without_a_change(void **state)
{
    write_file("a", "one");
    read_file("a");
    watch_set(SP_FILES_ALL);
    assert_false(is_told());
    assert_int_equal(sp_update_watch_changed(&watch), 0);
}

static void a_file_that_is_written_replaced_or_removed_is_seen(void **state)
{
    write_file("a", "one");
    read_file("a");
    watch_set(SP_FILES_ALL);
    write_file("a", "two");
    assert_true(is_told());
    assert_int_equal(sp_update_watch_changed(&watch), SP_FILES_OF_CONFIG);
    write_file("b", "one");
    rename_file("b", "a");
    assert_true(is_told());
    assert_int_equal(sp_update_watch_changed(&watch), SP_FILES_OF_CONFIG);
    unlink(path_of("a").ptr);
    assert_true(is_told());
    assert_int_equal(sp_update_watch_changed(&watch), SP_FILES_OF_CONFIG);
}

static void a_file_that_comes_is_seen(void **state)
{
    read_file("later");
    watch_set(SP_FILES_ALL);
    write_file("later", "here");
    assert_true(is_told());
    assert_int_equal(sp_update_watch_changed(&watch), SP_FILES_OF_CONFIG);
}

static void names_in_a_directory_are_seen(void **state)
{
    mkdir(path_of("d").ptr, 0700);
    list_directory("d");
    watch_set(SP_FILES_ALL);
    write_file("d/x.xml", "");
    assert_true(is_told());
    assert_int_equal(sp_update_watch_changed(&watch), SP_FILES_OF_CONFIG);
}

static void a_directory_that_comes_is_found_by_its_stamp(void **state)
{
    list_directory("none/d");
    watch_set(SP_FILES_ALL);
    mkdir(path_of("none").ptr, 0700);
    assert_int_equal(sp_update_watch_changed(&watch), 0);
    mkdir(path_of("none/d").ptr, 0700);
    assert_int_equal(sp_update_watch_changed(&watch), SP_FILES_OF_CONFIG);
}

static void what_a_link_leads_to_is_what_counts(void **state)
{
    mkdir(path_of("one").ptr, 0700);
    mkdir(path_of("two").ptr, 0700);
    write_file("one/a", "one");
    write_file("two/a", "one");
    assert_int_equal(symlink("one", path_of("data").ptr), 0);
    assert_int_equal(symlink("data/a", path_of("a").ptr), 0);
    read_file("a");
    watch_set(SP_FILES_ALL);
    assert_int_equal(symlink("two", path_of("new").ptr), 0);
    rename_file("new", "data");
    assert_true(is_told());
    assert_int_equal(sp_update_watch_changed(&watch), SP_FILES_OF_CONFIG);
}

static void domains_are_told_apart(void **state)
{
    struct sp_arena arena;
    struct sp_str bytes;
    struct sp_error err = SP_ERROR_INIT;
    sp_arena_init(&arena, 1 << 20);
    write_file("server.xml", "");
    write_file("a.aar", "");
    read_file("server.xml");
    assert_int_equal(sp_file_set_read_archive(set, SP_FILE_API, path_of("a.aar"), &arena, &bytes, &err),
                     SP_OK);
    sp_arena_finish(&arena);
    watch_set(SP_FILES_OF_APIS);
    write_file("server.xml", "changed");
    assert_int_equal(sp_update_watch_changed(&watch), 0);
    write_file("a.aar", "changed");
    assert_int_equal(sp_update_watch_changed(&watch), SP_FILES_OF_APIS);
    watch_set(0);
    assert_int_equal(sp_update_watch_changed(&watch), 0);
    write_file("a.aar", "again");
    assert_false(is_told());
}

static void files_of_a_refused_change_are_watched_too(void **state)
{
    struct sp_file_set *refused;
    write_file("server.xml", "");
    read_file("server.xml");
    struct sp_file_set *used = set;
    assert_int_equal(sp_file_set_new(NULL, 0, &refused), SP_OK);
    set = refused;
    read_file("server.xml");
    read_file("include.xml"); /* which the change asks for, and is missing */
    set = used;
    sp_update_watch_set(&watch, refused, used, SP_FILES_ALL);
    assert_int_equal(sp_update_watch_changed(&watch), 0);
    write_file("include.xml", "");
    assert_true(is_told());
    assert_int_equal(sp_update_watch_changed(&watch), SP_FILES_OF_CONFIG);
    sp_file_set_free(refused);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_happens_without_a_change),
        TEST(a_file_that_is_written_replaced_or_removed_is_seen),
        TEST(a_file_that_comes_is_seen),
        TEST(names_in_a_directory_are_seen),
        TEST(a_directory_that_comes_is_found_by_its_stamp),
        TEST(what_a_link_leads_to_is_what_counts),
        TEST(domains_are_told_apart),
        TEST(files_of_a_refused_change_are_watched_too),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("gateway_update_watch", tests, NULL, NULL);
}
