/* SPDX-License-Identifier: Apache-2.0
 * Where a server's files are, and what it was started with.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/report.h"
#include "cli/server_options.h"
#include "cli/server_place.h"

static char base[PATH_MAX];
static struct sp_error err;

static void make(const char *format, const char *name)
{
    char path[PATH_MAX * 2];
    int len = snprintf(path, sizeof path, "%s/", base);
    snprintf(path + len, sizeof path - (size_t)len, format, name);
    assert_int_equal(mkdir(path, 0755), 0);
}

static void make_server(const char *directory)
{
    char path[PATH_MAX * 2];
    snprintf(path, sizeof path, "%s/%s/server.xml", base, directory);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("<server/>", file);
    fclose(file);
}

static int begin(void **state)
{
    char template[] = "/tmp/sallyport-place-XXXXXX";
    assert_non_null(mkdtemp(template));
    assert_non_null(realpath(template, base));
    err = (struct sp_error)SP_ERROR_INIT;
    setenv("SALLYPORT_USER_DIR", base, 1);
    setenv("SALLYPORT_RUN_DIR", "/run/of/test", 1);
    unsetenv("SALLYPORT_OUTPUT_DIR");
    make("%s", "servers");
    make("servers/%s", "one");
    make_server("servers/one");
    return 0;
}

static int end(void **state)
{
    char command[PATH_MAX + 16];
    snprintf(command, sizeof command, "rm -rf '%s'", base);
    return system(command);
}

static bool is_below_base(const char *path, const char *rest)
{
    return strncmp(path, base, strlen(base)) == 0 && strcmp(path + strlen(base), rest) == 0;
}

/* ---- places ---- */

static void a_name_is_looked_for_below_the_user_directory(void **state)
{
    struct sp_server_place place;
    assert_int_equal(sp_server_place_find("one", &place, &err), SP_OK);
    assert_string_equal(place.name, "one");
    assert_true(is_below_base(place.config_dir, "/servers/one"));
    assert_true(is_below_base(place.output_dir, "/servers/one"));
    assert_true(is_below_base(place.log_dir, "/servers/one/logs"));
    assert_int_equal(strncmp(place.run_dir, "/run/of/test/one-", 17), 0);
    assert_int_equal(strlen(place.run_dir), 17 + 8);
    sp_server_place_finish(&place);
    assert_int_equal(sp_server_place_find("two", &place, &err), SP_ENOTFOUND);
    assert_non_null(strstr(err.text, base));
}

static void the_default_name_is_defaultServer(void **state)
{
    struct sp_server_place place;
    assert_int_equal(sp_server_place_find(NULL, &place, &err), SP_ENOTFOUND);
    assert_non_null(strstr(err.text, "'defaultServer'"));
    make("servers/%s", "defaultServer");
    make_server("servers/defaultServer");
    assert_int_equal(sp_server_place_find(NULL, &place, &err), SP_OK);
    sp_server_place_finish(&place);
}

static void a_path_is_taken_as_it_is(void **state)
{
    struct sp_server_place place;
    char path[PATH_MAX * 2];
    const char *forms[] = {"/servers/one", "/servers/one/", "/servers/../servers/one",
                           "/servers/one/server.xml"};
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s%s", base, forms[i]);
        assert_int_equal(sp_server_place_find(path, &place, &err), SP_OK);
        assert_true(is_below_base(place.config_dir, "/servers/one"));
        sp_server_place_finish(&place);
    }
    snprintf(path, sizeof path, "%s/servers", base);
    assert_int_equal(sp_server_place_find(path, &place, &err), SP_ENOTFOUND);
    assert_non_null(strstr(err.text, "there is no server.xml in"));
}

static void names_that_could_be_paths_are_refused(void **state)
{
    struct sp_server_place place;
    char longest[102];
    memset(longest, 'a', sizeof longest - 1);
    longest[101] = '\0';
    const char *wrong[] = {"", ".", "..", ".hidden", "-x", "a b", "a\nb", "\xc3\xa4", longest};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(sp_server_place_find(wrong[i], &place, &err), SP_EINVAL);
    longest[100] = '\0';
    assert_int_equal(sp_server_place_find(longest, &place, &err), SP_ENOTFOUND);
}

static void servers_of_the_same_name_do_not_share_a_run_directory(void **state)
{
    struct sp_server_place first, second;
    char path[PATH_MAX * 2];
    make("%s", "elsewhere");
    make("elsewhere/%s", "one");
    make_server("elsewhere/one");
    snprintf(path, sizeof path, "%s/elsewhere/one", base);
    assert_int_equal(sp_server_place_find("one", &first, &err), SP_OK);
    assert_int_equal(sp_server_place_find(path, &second, &err), SP_OK);
    assert_string_equal(first.name, second.name);
    assert_string_not_equal(first.run_dir, second.run_dir);
    sp_server_place_finish(&first);
    sp_server_place_finish(&second);
}

static void the_output_directory_can_be_elsewhere(void **state)
{
    struct sp_server_place place;
    setenv("SALLYPORT_OUTPUT_DIR", "/var/out", 1);
    assert_int_equal(sp_server_place_find("one", &place, &err), SP_OK);
    assert_string_equal(place.output_dir, "/var/out/one");
    assert_string_equal(place.log_dir, "/var/out/one/logs");
    sp_server_place_finish(&place);
}

static void directories_are_made_private(void **state)
{
    struct sp_server_place place;
    struct stat info;
    setenv("SALLYPORT_RUN_DIR", base, 1);
    assert_int_equal(sp_server_place_find("one", &place, &err), SP_OK);
    assert_int_equal(sp_server_place_make(&place, (uid_t)-1, (gid_t)-1, &err), SP_OK);
    assert_int_equal(stat(place.run_dir, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);
    assert_int_equal(stat(place.log_dir, &info), 0);
    /* A mode that somebody loosened is tightened again. */
    assert_int_equal(chmod(place.run_dir, 0777), 0);
    assert_int_equal(sp_server_place_make(&place, (uid_t)-1, (gid_t)-1, &err), SP_OK);
    assert_int_equal(stat(place.run_dir, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);
    assert_int_equal(stat(place.control_dir, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);
    /* A link that somebody put there is not followed. */
    assert_int_equal(rmdir(place.control_dir), 0);
    assert_int_equal(rmdir(place.run_dir), 0);
    assert_int_equal(symlink("/tmp", place.run_dir), 0);
    assert_int_equal(sp_server_place_make(&place, (uid_t)-1, (gid_t)-1, &err), SP_EDENIED);
    sp_server_place_finish(&place);
}

/* ---- options ---- */

static void options_survive_saving(void **state)
{
    struct sp_server_options options, restored;
    char path[PATH_MAX + 16];
    struct stat info;
    snprintf(path, sizeof path, "%s/options", base);
    sp_server_options_init(&options);
    assert_int_equal(sp_server_options_workers(&options, "7", &err), SP_OK);
    assert_int_equal(sp_server_options_variable(&options, "--port=9080", &err), SP_OK);
    assert_int_equal(sp_server_options_variable(&options, "a.b=x = y ", &err), SP_OK);
    options.foreground = true;
    assert_int_equal(sp_server_options_save(&options, path, &err), SP_OK);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    sp_server_options_init(&restored);
    assert_int_equal(sp_server_options_restore(&restored, path, &err), SP_OK);
    assert_int_equal(restored.workers, 7);
    assert_true(restored.foreground);
    assert_null(restored.user);
    assert_int_equal(restored.variable_count, 2);
    assert_true(sp_str_is(restored.variables[0].name, "port"));
    assert_true(sp_str_is(restored.variables[0].value, "9080"));
    assert_true(sp_str_is(restored.variables[1].name, "a.b"));
    assert_true(sp_str_is(restored.variables[1].value, "x = y "));
    sp_server_options_finish(&options);
    sp_server_options_finish(&restored);
}

static void a_damaged_options_file_is_an_error(void **state)
{
    const char *wrong[] = {"workers", "workers 0\n", "variable x\n", "user nobody-of-that-name\n"};
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/options", base);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct sp_server_options options;
        sp_server_options_init(&options);
        assert_int_equal(sp_server_file_write(path, sp_str_of(wrong[i]), &err), SP_OK);
        assert_int_not_equal(sp_server_options_restore(&options, path, &err), SP_OK);
        assert_string_equal(err.file, path);
        sp_server_options_finish(&options);
    }
}

static void numbers_and_variables_are_bounded(void **state)
{
    struct sp_server_options options;
    sp_server_options_init(&options);
    const char *wrong[] = {"", "0", "257", "-1", "2x", "99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(sp_server_options_workers(&options, wrong[i], &err), SP_EINVAL);
    assert_int_equal(sp_server_options_workers(&options, "256", &err), SP_OK);
    assert_int_equal(sp_server_options_timeout(&options, "3600", &err), SP_OK);
    assert_int_equal(sp_server_options_timeout(&options, "3601", &err), SP_EINVAL);
    assert_int_equal(sp_server_options_variable(&options, "--novalue", &err), SP_EINVAL);
    assert_int_equal(sp_server_options_variable(&options, "--=x", &err), SP_EINVAL);
    for (size_t i = 0; i < SP_SERVER_VARIABLES_MAX; i++)
        assert_int_equal(sp_server_options_variable(&options, "a=", &err), SP_OK);
    assert_int_equal(sp_server_options_variable(&options, "a=", &err), SP_ELIMIT);
    sp_server_options_finish(&options);
}

static void a_file_is_replaced_as_a_whole(void **state)
{
    char path[PATH_MAX + 16], text[16] = "";
    snprintf(path, sizeof path, "%s/file", base);
    assert_int_equal(sp_server_file_write(path, SP_STR("a longer text"), &err), SP_OK);
    assert_int_equal(sp_server_file_write(path, SP_STR("short"), &err), SP_OK);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fread(text, 1, sizeof text, file), 5);
    fclose(file);
    assert_string_equal(text, "short");
    assert_int_equal(sp_server_file_write("/no/such/directory/file", SP_STR("x"), &err), SP_EIO);
}

/* ---- problems ---- */

static void problems_are_shown_with_their_place(void **state)
{
    char *text = NULL;
    size_t len = 0;
    struct sp_problems problems;
    sp_problems_init(&problems);
    FILE *out = open_memstream(&text, &len);
    sp_report_totals(&problems, out);
    sp_problem_add(&problems, SP_PROBLEM_ERROR, "SALC0001E", SP_STR("server.xml"), 3, 7, "one");
    sp_problem_add(&problems, SP_PROBLEM_WARNING, "SALC0002W", SP_STR("server.xml"), 0, 0, "two");
    sp_problem_add(&problems, SP_PROBLEM_WARNING, "SALC0003W", (struct sp_str){NULL, 0}, 0, 0, "three");
    sp_problem_add(&problems, SP_PROBLEM_INFO, "SALC0004I", (struct sp_str){NULL, 0}, 0, 0, "four");
    sp_report_problems(&problems, out);
    sp_report_totals(&problems, out);
    fclose(out);
    assert_string_equal(text, "no problems\n"
                              "server.xml:3:7: error SALC0001E: one\n"
                              "server.xml: warning SALC0002W: two\n"
                              "warning SALC0003W: three\n"
                              "note SALC0004I: four\n"
                              "1 error, 2 warnings\n");
    free(text);
    sp_problems_finish(&problems);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_is_looked_for_below_the_user_directory),
        TEST(the_default_name_is_defaultServer),
        TEST(a_path_is_taken_as_it_is),
        TEST(names_that_could_be_paths_are_refused),
        TEST(servers_of_the_same_name_do_not_share_a_run_directory),
        TEST(the_output_directory_can_be_elsewhere),
        TEST(directories_are_made_private),
        TEST(options_survive_saving),
        TEST(a_damaged_options_file_is_an_error),
        TEST(numbers_and_variables_are_bounded),
        TEST(a_file_is_replaced_as_a_whole),
        TEST(problems_are_shown_with_their_place),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
