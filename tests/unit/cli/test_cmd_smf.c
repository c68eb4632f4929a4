/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/smf_report.h"

static char output[65536];

/* Run `sallyport smf <action> <file> [option]`; what it printed on `fd` is in `output`. */
static int smf(const char *action, const char *file, const char *option, int fd)
{
    char path[512];
    const char *root = getenv("SALLYPORT_SOURCE_ROOT");
    snprintf(path, sizeof path, "%s/tests/fuzz/corpus/smf/%s", root ? root : ".", file);
    char *argv[] = {(char *)"smf", (char *)action, path, (char *)option, NULL};
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

static int dump(const char *file, const char *option, int fd)
{
    return smf("dump", file, option, fd);
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

static void requests_are_chosen_by_user_api_status_and_time(void **state)
{
    static const struct {
        const char *option;
        size_t lines;
    } cases[] = {
        {NULL, 4},
        {"--status=2xx", 3},
        {"--status=200-299", 3},
        {"--status=404", 0},
        {"--user=FRED", 4},
        {"--user=mary", 0},
        {"--api=CSaccenq", 4},
        {"--api=other", 0},
        {"--from=2023-06-28T09:25", 4},
        {"--from=2023-06-28T09:26", 0},
        {"--until=2023-06-28", 0},
        {"--until=2023-06-29", 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(smf("filter", "blocked", cases[i].option, STDOUT_FILENO), SP_EXIT_OK);
        assert_int_equal(count("\n"), cases[i].lines);
    }
    assert_int_equal(smf("filter", "blocked", "--status=9xx", STDERR_FILENO), SP_EXIT_USAGE);
    assert_int_equal(smf("filter", "blocked", "--from=yesterday", STDERR_FILENO), SP_EXIT_USAGE);
}

static void requests_are_converted(void **state)
{
    assert_int_equal(smf("convert", "blocked", "--to=csv", STDOUT_FILENO), SP_EXIT_OK);
    assert_int_equal(count("\r\n"), 5);
    assert_int_equal(count(",request,200,fred,FRED,GET,/inqaccz/enquiry/12,CSaccenq,15200,"), 3);
    assert_int_equal(smf("convert", "blocked", "--to=json", STDOUT_FILENO), SP_EXIT_OK);
    assert_int_equal(count("\"event\":\"request\""), 4);
    assert_int_equal(smf("convert", "blocked", NULL, STDERR_FILENO), SP_EXIT_USAGE);
    assert_int_equal(smf("convert", "blocked", "--to=xml", STDERR_FILENO), SP_EXIT_USAGE);
}

static void lengths_and_triplets_are_verified(void **state)
{
    assert_int_equal(smf("verify", "blocked", NULL, STDOUT_FILENO), SP_EXIT_OK);
    assert_non_null(strstr(output, "2 records with 4 sections, in blocks; 0 problems"));
    assert_int_equal(smf("verify", "v2_unblocked", NULL, STDOUT_FILENO), SP_EXIT_OK);
    assert_non_null(strstr(output, "without blocks"));
    assert_int_equal(smf("verify", "bad_triplet", NULL, STDOUT_FILENO), SP_EXIT_FAILED);
    assert_non_null(strstr(output, "is not inside the record"));
    assert_int_equal(smf("verify", "no_requests", NULL, STDOUT_FILENO), SP_EXIT_FAILED);
    assert_non_null(strstr(output, "there are 0 sections"));
    assert_int_equal(smf("verify", "blocked_cut", NULL, STDOUT_FILENO), SP_EXIT_FAILED);
}

static void requests_are_summed_up_by_api(void **state)
{
    assert_int_equal(smf("summarise", "blocked", "--json", STDOUT_FILENO), SP_EXIT_OK);
    assert_non_null(strstr(output,
                           "{\"api\":\"CSaccenq\",\"requests\":4,\"clientErrors\":0,\"serverErrors\":0,"
                           "\"refusals\":0,\"meanUs\":15200,\"p50Us\":15200,\"p90Us\":15200,\"p99Us\":15200,"
                           "\"maxUs\":15200,\"sorMeanUs\":0}\n"));
    assert_int_equal(smf("summarise", "blocked", NULL, STDOUT_FILENO), SP_EXIT_OK);
    assert_int_equal(count("\n"), 3);
}

static void percentiles_are_near(void **state)
{
    struct sp_smf_summary summary;
    sp_smf_summary_init(&summary);
    for (int64_t us = 1; us <= 100000; us++)
        sp_smf_summary_add(&summary, &(struct sp_smf_view){.elapsed_us = us,
                                                           .item = SP_STR_INIT("a"),
                                                           .what = SP_STR_INIT("request")});
    static const double percents[] = {1, 50, 90, 99, 99.9};
    for (size_t i = 0; i < sizeof percents / sizeof percents[0]; i++) {
        double exact = percents[i] * 1000;
        double found = (double)sp_smf_percentile_us(summary.first, percents[i]);
        assert_true(found >= exact && found <= exact * 1.016 + 1);
    }
    assert_int_equal(sp_smf_percentile_us(summary.first, 100), 100000);
    sp_smf_summary_finish(&summary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_printed_for_people),
        cmocka_unit_test(records_are_printed_as_lines_of_json),
        cmocka_unit_test(a_broken_file_prints_what_is_whole_and_fails),
        cmocka_unit_test(an_empty_file_has_nothing_to_print),
        cmocka_unit_test(a_wrong_command_line_is_told),
        cmocka_unit_test(requests_are_chosen_by_user_api_status_and_time),
        cmocka_unit_test(requests_are_converted),
        cmocka_unit_test(lengths_and_triplets_are_verified),
        cmocka_unit_test(requests_are_summed_up_by_api),
        cmocka_unit_test(percentiles_are_near),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("cmd_smf", tests, NULL, NULL);
}
