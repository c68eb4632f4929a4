/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"

/* Run `sallyport <args>` with one of the standard descriptors caught in `ret_text`. */
static int run_catching(int fd, char *ret_text, size_t size, int argc, const char **argv)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    fflush(stdout);
    fflush(stderr);
    int saved = dup(fd);
    assert_true(saved >= 0 && dup2(fileno(file), fd) >= 0);
    int status = sp_command_main(argc, (char **)argv);
    fflush(stdout);
    fflush(stderr);
    assert_true(dup2(saved, fd) >= 0);
    close(saved);
    rewind(file);
    size_t len = fread(ret_text, 1, size - 1, file);
    ret_text[len] = '\0';
    fclose(file);
    return status;
}

static void version_is_told(void **state)
{
    char text[256];
    const char *argv[] = {"sallyport", "--version", NULL};
    assert_int_equal(run_catching(1, text, sizeof text, 2, argv), SP_EXIT_OK);
    assert_string_equal(text, "sallyport " SP_VERSION "\n");
}

static void help_lists_every_command(void **state)
{
    char text[8192];
    const char *argv[] = {"sallyport", "help", NULL};
    assert_int_equal(run_catching(1, text, sizeof text, 2, argv), SP_EXIT_OK);
    assert_non_null(strstr(text, "usage: sallyport COMMAND"));
    for (size_t i = 0; sp_commands[i]; i++) {
        assert_non_null(strstr(text, sp_commands[i]->name));
        assert_non_null(strstr(text, sp_commands[i]->summary));
    }
}

static void no_command_is_a_usage_error(void **state)
{
    char text[8192];
    const char *argv[] = {"sallyport", NULL};
    assert_int_equal(run_catching(2, text, sizeof text, 1, argv), SP_EXIT_USAGE);
    assert_non_null(strstr(text, "usage:"));
}

static void unknown_command_is_refused(void **state)
{
    char text[8192];
    const char *argv[] = {"sallyport", "frobnicate-everything", NULL};
    assert_int_equal(run_catching(2, text, sizeof text, 2, argv), SP_EXIT_USAGE);
    assert_non_null(strstr(text, "no command 'frobnicate-everything'"));
    assert_null(strstr(text, "Did you mean"));
}

static void misspelt_command_names_the_nearest(void **state)
{
    for (size_t i = 0; sp_commands[i]; i++) {
        char text[8192], wrong[64], expected[96];
        snprintf(wrong, sizeof wrong, "%sx", sp_commands[i]->name);
        snprintf(expected, sizeof expected, "Did you mean '%s'?", sp_commands[i]->name);
        const char *argv[] = {"sallyport", wrong, NULL};
        assert_int_equal(run_catching(2, text, sizeof text, 2, argv), SP_EXIT_USAGE);
        assert_non_null(strstr(text, expected));
    }
}

static void every_command_is_whole_and_named_once(void **state)
{
    for (size_t i = 0; sp_commands[i]; i++) {
        const struct sp_command *command = sp_commands[i];
        assert_true(command->name && command->summary && command->usage && command->run);
        assert_ptr_equal(sp_command_find(sp_str_of(command->name)), command);
        size_t len = strlen(command->usage);
        assert_true(len > 0 && command->usage[len - 1] == '\n');
    }
}

static void an_error_shows_its_place(void **state)
{
    struct sp_error err = SP_ERROR_INIT;
    sp_error_set(&err, SP_EINVAL, "SPT0001E", "the port is not a number");
    sp_error_at(&err, "server.xml", 12, 7);
    FILE *file = tmpfile();
    assert_non_null(file);
    int saved = dup(2);
    fflush(stderr);
    assert_true(dup2(fileno(file), 2) >= 0);
    assert_int_equal(sp_command_failed(&err), SP_EXIT_FAILED);
    fflush(stderr);
    assert_true(dup2(saved, 2) >= 0);
    close(saved);
    char text[256];
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(text, "sallyport: server.xml:12:7: the port is not a number (SPT0001E)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_is_told),
        cmocka_unit_test(help_lists_every_command),
        cmocka_unit_test(no_command_is_a_usage_error),
        cmocka_unit_test(unknown_command_is_refused),
        cmocka_unit_test(misspelt_command_names_the_nearest),
        cmocka_unit_test(every_command_is_whole_and_named_once),
        cmocka_unit_test(an_error_shows_its_place),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
