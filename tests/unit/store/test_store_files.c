/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/files.h"

static char directory[64];
static struct sp_error err;

static int set_up(void **state)
{
    snprintf(directory, sizeof directory, "/tmp/sallyport-store-XXXXXX");
    sp_error_clear(&err);
    return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command);
}

static const char *in(const char *name)
{
    static char paths[4][SP_STORE_PATH_MAX];
    static unsigned n;
    char *path = paths[n++ % 4];
    snprintf(path, SP_STORE_PATH_MAX, "%s/%s", directory, name);
    return path;
}

static const char *contents(const char *path)
{
    static char text[256];
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static unsigned entries(const char *path)
{
    unsigned count = 0;
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return count;
}

static void a_staged_file_takes_the_place_of_the_old_one(void **state)
{
    struct sp_store_staged staged = SP_STORE_STAGED_INIT;
    assert_int_equal(sp_store_stage(in("a/b"), SP_STR("one"), &staged, &err), SP_OK);
    assert_string_equal(contents(staged.path), "one");
    assert_int_equal(sp_store_publish(staged.path, in("a/b/x.aar"), &err), SP_OK);
    sp_store_unstage(&staged);
    assert_string_equal(contents(in("a/b/x.aar")), "one");
    assert_int_equal(sp_store_replace(in("a/b/x.aar"), SP_STR("two"), &err), SP_OK);
    assert_string_equal(contents(in("a/b/x.aar")), "two");
    assert_int_equal(entries(in("a/b")), 1);
    struct stat st;
    assert_int_equal(stat(in("a/b/x.aar"), &st), 0);
    assert_int_equal(st.st_mode & 0007, 0);
}

static void what_is_not_published_leaves_nothing(void **state)
{
    struct sp_store_staged staged = SP_STORE_STAGED_INIT;
    sp_store_unstage(&staged);
    assert_int_equal(sp_store_stage(directory, SP_STR("one"), &staged, &err), SP_OK);
    assert_int_equal(entries(directory), 1);
    sp_store_unstage(&staged);
    assert_int_equal(entries(directory), 0);
}

static void a_link_is_replaced_and_not_followed(void **state)
{
    assert_int_equal(sp_store_replace(in("secret"), SP_STR("kept"), &err), SP_OK);
    assert_int_equal(symlink(in("secret"), in("x.aar")), 0);
    assert_int_equal(sp_store_replace(in("x.aar"), SP_STR("new"), &err), SP_OK);
    assert_string_equal(contents(in("secret")), "kept");
    assert_string_equal(contents(in("x.aar")), "new");
}

static void removing_says_when_there_is_nothing(void **state)
{
    assert_int_equal(sp_store_replace(in("x"), SP_STR("1"), &err), SP_OK);
    assert_int_equal(sp_store_remove(in("x"), &err), SP_OK);
    assert_int_equal(sp_store_remove(in("x"), &err), SP_ENOTFOUND);
    assert_int_equal(entries(directory), 0);
}

static void leftovers_go_and_what_is_in_work_stays(void **state)
{
    struct sp_store_staged staged = SP_STORE_STAGED_INIT;
    assert_int_equal(sp_store_replace(in(".sallyport-0123456789abcdef01.new"), SP_STR("left"), &err), SP_OK);
    assert_int_equal(sp_store_replace(in(".sallyport-other"), SP_STR("mine"), &err), SP_OK);
    assert_int_equal(sp_store_replace(in("x.aar"), SP_STR("mine"), &err), SP_OK);
    assert_int_equal(sp_store_stage(directory, SP_STR("in work"), &staged, &err), SP_OK);
    sp_store_sweep(directory);
    assert_int_equal(entries(directory), 3);
    assert_string_equal(contents(staged.path), "in work");
    sp_store_unstage(&staged);
    sp_store_sweep(in("absent"));
}

static void a_place_that_cannot_be_written_is_an_error_with_its_name(void **state)
{
    struct sp_store_staged staged = SP_STORE_STAGED_INIT;
    char longer[SP_STORE_PATH_MAX + 8];
    memset(longer, 'd', sizeof longer);
    longer[0] = '/';
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(sp_store_replace(in("file"), SP_STR("1"), &err), SP_OK);
    assert_int_equal(sp_store_stage(in("file"), SP_STR("1"), &staged, &err), SP_EIO);
    assert_non_null(strstr(err.text, "file"));
    assert_int_equal(sp_store_stage(in("file/below"), SP_STR("1"), &staged, &err), SP_EIO);
    assert_int_equal(sp_store_stage(longer, SP_STR("1"), &staged, &err), SP_ELIMIT);
    assert_int_equal(staged.fd, -1);
    assert_int_equal(sp_store_replace("nodirectory", SP_STR("1"), &err), SP_EINVAL);
    assert_int_equal(mkdir(in("full.aar"), 0700), 0);
    assert_int_equal(sp_store_replace(in("full.aar"), SP_STR("1"), &err), SP_EIO);
    assert_int_equal(entries(directory), 2);
}

static void names_become_harmless_files(void **state)
{
    struct sp_arena arena;
    sp_arena_init(&arena, 65536);
    static const struct {
        enum sp_store_kind kind;
        const char *name, *path;
    } cases[] = {
        {SP_STORE_API, "catalog", "/d/catalog.aar"},
        {SP_STORE_SERVICE, "a.b-c_1", "/d/a.b-c_1.sar"},
        {SP_STORE_REQUESTER, ".hidden", "/d/%2Ehidden.ara"},
        {SP_STORE_API, "a/../b\\c", "/d/a%2F..%2Fb%5Cc.aar"},
        {SP_STORE_API, "a b%\n", "/d/a%20b%25%0A.aar"},
        {SP_STORE_API, "K\xc3\xb6ln", "/d/K\xc3\xb6ln.aar"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sp_str path = sp_store_path(SP_STR("/d/"), cases[i].kind, sp_str_of(cases[i].name), &arena);
        if (!sp_str_is(path, cases[i].path))
            fail_msg("%.*s instead of %s", SP_STR_ARG(path), cases[i].path);
    }
    assert_true(sp_str_is(sp_store_path(SP_STR("/d"), SP_STORE_API, SP_STR("x"), &arena), "/d/x.aar"));
    sp_arena_finish(&arena);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_staged_file_takes_the_place_of_the_old_one),
        TEST(what_is_not_published_leaves_nothing),
        TEST(a_link_is_replaced_and_not_followed),
        TEST(removing_says_when_there_is_nothing),
        TEST(leftovers_go_and_what_is_in_work_stays),
        TEST(a_place_that_cannot_be_written_is_an_error_with_its_name),
        TEST(names_become_harmless_files),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
