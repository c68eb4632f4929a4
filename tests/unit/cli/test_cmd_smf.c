/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"

static char output[65536];

/* Run `sallyport smf dump <file> [option]`; what it printed on `fd` is in `output`. */
static int dump(const char *file, const char *option, int fd)
{
    char path[512];
    const char *root = getenv("SALLYPORT_SOURCE_ROOT");
    snprintf(path, sizeof path, "%s/tests/fuzz/corpus/smf/%s", root ? root : ".", file);
    char *argv[] = {(char *)"smf", (char *)"dump", path, (char *)option, NULL};
    FILE *caught = tmpfile();
    assert_non_null(caught);
    fflush(stdout);
    fflush(stderr);
    int saved = dup(fd);
    assert_true(saved >= 0 && dup2(fileno(caught), fd) >= 0);
    int status = sp_command_smf.run(option ? 4 : 3, argv);
    fflush(stdout);
    assert_true(dup2(saved, fd) >= 0);
    close(saved);
    rewind(caught);
    output[fread(output, 1, sizeof output - 1, caught)] = 0;
    fclose(caught);
    return status;
}

static size_t count(const char *what)
{
    size_t found = 0;
    for (const char *at = output; (at = strstr(at, what)); at++)
        found++;
    return found;
}

static void records_are_printed_for_people(void **state)
{
    assert_int_equal(dump("blocked", NULL, STDOUT_FILENO), SP_EXIT_OK);
    assert_int_equal(count("SUBTYPE_VERSION      1\n"), 1);
    assert_int_equal(count("SUBTYPE_VERSION      2\n"), 1);
    assert_int_equal(count(" request\n"), 4);
    assert_int_equal(count("USER_NAME_MAPPED     FRED\n"), 4);
}

static void records_are_printed_as_lines_of_json(void **state)
{
    assert_int_equal(dump("blocked", "--json", STDOUT_FILENO), SP_EXIT_OK);
    assert_int_equal(count("\n"), 2);
    assert_int_equal(count("\"USER_NAME\":\"fred\""), 4);
    assert_int_equal(dump("v2_unblocked", "--json", STDOUT_FILENO), SP_EXIT_OK);
    assert_int_equal(count("\n"), 1);
}

static void a_broken_file_prints_what_is_whole_and_fails(void **state)
{
    assert_int_equal(dump("blocked_cut", NULL, STDERR_FILENO), SP_EXIT_FAILED);
    assert_non_null(strstr(output, "broken at offset"));
    assert_int_equal(dump("subtype_9", NULL, STDERR_FILENO), SP_EXIT_FAILED);
    assert_non_null(
        strstr(output, "offset 0 is left out: records of type 123 subtype 9 version 2 are not known"));
    assert_int_equal(dump("no_such_file", NULL, STDERR_FILENO), SP_EXIT_FAILED);
    assert_non_null(strstr(output, "no_such_file"));
}

static void an_empty_file_has_nothing_to_print(void **state)
{
    assert_int_equal(dump("empty", NULL, STDOUT_FILENO), SP_EXIT_OK);
    assert_string_equal(output, "");
}

static void a_wrong_command_line_is_told(void **state)
{
    assert_int_equal(dump("blocked", "--xml", STDERR_FILENO), SP_EXIT_USAGE);
    assert_int_equal(dump("blocked", "another", STDERR_FILENO), SP_EXIT_USAGE);
    assert_int_equal(dump("blocked", "--ccsid=x", STDERR_FILENO), SP_EXIT_USAGE);
    assert_int_equal(dump("blocked", "--ccsid=1208", STDERR_FILENO), SP_EXIT_FAILED);
    char *nothing[] = {(char *)"smf", NULL};
    assert_int_equal(sp_command_smf.run(1, nothing), SP_EXIT_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_printed_for_people),
        cmocka_unit_test(records_are_printed_as_lines_of_json),
        cmocka_unit_test(a_broken_file_prints_what_is_whole_and_fails),
        cmocka_unit_test(an_empty_file_has_nothing_to_print),
        cmocka_unit_test(a_wrong_command_line_is_told),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("cmd_smf", tests, NULL, NULL);
}
