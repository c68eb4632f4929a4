/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "artifact/aar.h"
#include "artifact/sar.h"
#include "cli/command.h"

static char folder[64], output[65536];

static int set_up(void **state)
{
    strcpy(folder, "/tmp/sallyport-build-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int unlink_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    return remove(path);
}

static int tear_down(void **state)
{
    return nftw(folder, unlink_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *path_of(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, 128, "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static bool is_there(const char *name)
{
    return access(path_of(name), F_OK) == 0;
}

/* Run `sallyport build` with these arguments, up to NULL; all that it printed is in `output`. */
static int build(const char *first, ...)
{
    char *argv[12] = {(char *)"build"};
    int argc = 1;
    va_list args;
    va_start(args, first);
    for (const char *arg = first; arg; arg = va_arg(args, const char *))
        argv[argc++] = (char *)arg;
    va_end(args);
    FILE *caught = tmpfile();
    assert_non_null(caught);
    fflush(stdout);
    fflush(stderr);
    int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
    assert_true(dup2(fileno(caught), STDOUT_FILENO) >= 0 && dup2(fileno(caught), STDERR_FILENO) >= 0);
    int status = sp_command_build.run(argc, argv);
    fflush(stdout);
    assert_true(dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0);
    close(out);
    close(err);
    rewind(caught);
    output[fread(output, 1, sizeof output - 1, caught)] = 0;
    fclose(caught);
    return status;
}

static void put_sources(void)
{
    assert_int_equal(mkdir(path_of("copy"), 0755), 0);
    put("copy/enquire.cpy",
        "       01 ENQ.\n          03 ENQ-NUMBER PIC 9(8).\n          03 N PIC 99.\n"
        "          03 ENTRIES OCCURS 1 TO 3 DEPENDING ON N.\n             05 TEXT-A PIC X(4).\n"
        "          03 AMOUNT PIC S9(5)V99 COMP-3.\n");
    put("enquire.properties",
        "name=enquire\nprogram=ENQ\nconnectionRef=c\nrequestStructure=copy/enquire.cpy\n");
    put("accounts.yaml",
        "name: accounts\nbasePath: /bank\nservices: [enquire.sar]\noperations:\n"
        "  - path: /accounts/{number}\n    method: GET\n    service: enquire\n    body: none\n"
        "    request:\n      - move: {path: number, to: ENQ_NUMBER}\n");
}

static struct sp_str load(const char *name)
{
    static char bytes[65536];
    FILE *file = fopen(path_of(name), "rb");
    assert_non_null(file);
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return sp_str_from(bytes, len);
}

static void a_service_and_an_api_are_built(void **state)
{
    struct sp_arena arena;
    struct sp_sar *sar = NULL;
    struct sp_aar *aar = NULL;
    struct sp_error err = SP_ERROR_INIT;
    put_sources();
    assert_int_equal(
        build("--directory", folder, path_of("enquire.properties"), path_of("accounts.yaml"), NULL),
        SP_EXIT_OK);
    assert_non_null(strstr(output, "enquire.sar: "));
    assert_non_null(strstr(output, "accounts.aar: "));
    sp_arena_init(&arena, (size_t)16 << 20);
    assert_int_equal(sp_sar_read(load("enquire.sar"), "x", &arena, &sar, &err), SP_OK);
    assert_int_equal(sar->request->segments->bytes, 26);
    assert_int_equal(sp_aar_read(load("accounts.aar"), "x", &arena, &aar, &err), SP_OK);
    assert_int_equal(aar->operation_count, 1);
    sp_arena_finish(&arena);
    struct stat st;
    mode_t mask = umask(0);
    umask(mask);
    assert_int_equal(stat(path_of("enquire.sar"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0666 & ~mask); /* for the server to read */
}

static void the_layout_is_printed_when_asked_for(void **state)
{
    put_sources();
    assert_int_equal(build("--layout", "-o", path_of("x.sar"), path_of("enquire.properties"), NULL),
                     SP_EXIT_OK);
    assert_true(is_there("x.sar"));
    assert_non_null(strstr(output, "request and response COMMAREA: 26 bytes, at least 18\n"));
    assert_non_null(strstr(output, "      0       8  zoned    8.0     ENQ_NUMBER\n"));
    assert_non_null(strstr(output, "      8       2  zoned    2.0     N (hidden)\n"));
    assert_non_null(strstr(output, "     10      12  array           ENTRIES [1..3] by N\n"));
    assert_non_null(strstr(output, "      0       4  text              TEXT_A\n"));
    assert_non_null(strstr(output, "     22       4  packed  -5.2     AMOUNT\n"));
}

static void an_error_leaves_no_archive(void **state)
{
    put_sources();
    assert_int_equal(build("-d", folder, path_of("accounts.yaml"), NULL), SP_EXIT_FAILED);
    assert_non_null(strstr(output, "enquire.sar: No such file"));
    put("copy/enquire.cpy", "       01 ENQ.\n          03 A PIC Q.\n");
    assert_int_equal(build("-d", folder, path_of("enquire.properties"), NULL), SP_EXIT_FAILED);
    assert_non_null(strstr(output, "sallyport: copy/enquire.cpy:2: A: PICTURE Q"));
    assert_false(is_there("enquire.sar"));
    assert_int_equal(build("-d", path_of("nowhere"), path_of("enquire.properties"), NULL), SP_EXIT_FAILED);
}

static void what_a_server_would_refuse_is_refused(void **state)
{
    put_sources();
    put("accounts.yaml", "name: accounts\nbasePath: /bank\nservices: [enquire.sar]\noperations:\n"
                         "  - path: /accounts/{number}/{again}\n    method: GET\n    service: enquire\n"
                         "    request:\n      - move: {path: number, to: ENQ_NUMBER}\n"
                         "      - move: {path: again, to: ENQ_NUMBER}\n");
    assert_int_equal(build("-d", folder, path_of("enquire.properties"), path_of("accounts.yaml"), NULL),
                     SP_EXIT_FAILED);
    assert_non_null(strstr(output, "another parameter is moved to the same field"));
    assert_false(is_there("accounts.aar"));
}

static void warnings_are_printed(void **state)
{
    put_sources();
    put("accounts.yaml", "name: accounts\nbasePath: /bank\nservices: [enquire.sar]\noperations:\n"
                         "  - path: /accounts\n    method: POST\n    service: enquire\n"
                         "    responses: [{code: 200, default: true}, {code: 404}]\n");
    assert_int_equal(build("-d", folder, path_of("enquire.properties"), path_of("accounts.yaml"), NULL),
                     SP_EXIT_OK);
    assert_non_null(strstr(output, "warning: POST /accounts: response 404 is never chosen"));
}

static void a_wrong_command_line_is_told(void **state)
{
    assert_int_equal(build(NULL), SP_EXIT_USAGE);
    assert_int_equal(build("--fast", "x.yaml", NULL), SP_EXIT_USAGE);
    assert_int_equal(build("x.txt", NULL), SP_EXIT_USAGE);
    assert_int_equal(build("-o", "a", "x.yaml", "y.yaml", NULL), SP_EXIT_USAGE);
    assert_int_equal(build("-o", "a", "-d", "b", "x.yaml", NULL), SP_EXIT_USAGE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_service_and_an_api_are_built), TEST(the_layout_is_printed_when_asked_for),
        TEST(an_error_leaves_no_archive),     TEST(what_a_server_would_refuse_is_refused),
        TEST(warnings_are_printed),           TEST(a_wrong_command_line_is_told),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
