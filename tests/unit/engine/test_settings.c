/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/conf.h"
#include "engine/settings.h"

static char directory[64], print[SP_ENGINE_PRINT_LEN + 1], logged[4096];
static struct sp_error err;

static void keep_log(void *arg, enum sp_log_severity severity, const char *id, const char *text)
{
    size_t len = strlen(logged);
    snprintf(logged + len, sizeof logged - len, "%s %s %s\n", sp_log_severity_name(severity), id ? id : "",
             text);
}

static void write_xml(const char *inside)
{
    char path[96];
    snprintf(path, sizeof path, "%s/server.xml", directory);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "<server>%s</server>", inside);
    fclose(file);
}

static int begin(void **state)
{
    snprintf(directory, sizeof directory, "/tmp/sallyport-settings-XXXXXX");
    assert_non_null(mkdtemp(directory));
    memset(print, '0', SP_ENGINE_PRINT_LEN);
    logged[0] = '\0';
    sp_log_set_sink(keep_log, NULL);
    err = (struct sp_error)SP_ERROR_INIT;
    return 0;
}

static int end(void **state)
{
    char path[96];
    snprintf(path, sizeof path, "%s/server.xml", directory);
    unlink(path);
    rmdir(directory);
    sp_log_set_sink(NULL, NULL);
    return 0;
}

static enum sp_status load(const char *variable, struct sp_engine_settings **ret_settings)
{
    const struct sp_str args[] = {sp_str_of(directory), sp_str_of(directory), sp_str_of(directory),
                                  sp_str_of(print), sp_str_of(variable)};
    return sp_engine_settings_load(args, variable ? 5 : 4, NULL, ret_settings, &err);
}

/* The fingerprint of the present server.xml, as the command line would write it. */
static void take_fingerprint(void)
{
    const struct sp_config_options options = {.config_dir = directory};
    struct sp_problems problems;
    struct sp_config *config = NULL;
    sp_problems_init(&problems);
    assert_int_equal(sp_config_load(&options, &problems, &config, &err), SP_OK);
    assert_int_equal(sp_engine_conf_fingerprint(config, print, &err), SP_OK);
    sp_config_free(config);
    sp_problems_finish(&problems);
}

static void settings_are_read_with_variables(void **state)
{
    struct sp_engine_settings *settings = NULL;
    write_xml("<httpEndpoint id='defaultHttpEndpoint' host='127.0.0.1' httpPort='9000'/>");
    take_fingerprint();
    write_xml("<httpEndpoint id='defaultHttpEndpoint' host='127.0.0.1' httpPort='${port}'/>");
    assert_int_equal(load("port=9000", &settings), SP_OK);
    assert_int_equal(settings->config->endpoints[0].http_port, 9000);
    sp_engine_settings_free(settings);
}

static void changed_listeners_are_refused(void **state)
{
    struct sp_engine_settings *settings = NULL;
    write_xml("<httpEndpoint id='defaultHttpEndpoint' host='127.0.0.1' httpPort='9000'/>");
    take_fingerprint();
    assert_int_equal(load(NULL, &settings), SP_OK);
    sp_engine_settings_free(settings);
    settings = NULL;
    write_xml("<httpEndpoint id='defaultHttpEndpoint' host='127.0.0.1' httpPort='9001'/>");
    assert_int_equal(load(NULL, &settings), SP_EINVAL);
    assert_string_equal(err.id, "SALE0006E");
    assert_null(settings);
}

static void another_configuration_fits_or_does_not(void **state)
{
    struct sp_engine_settings *settings = NULL, *other = NULL;
    write_xml("<httpEndpoint id='defaultHttpEndpoint' host='127.0.0.1' httpPort='9000'/>");
    take_fingerprint();
    assert_int_equal(load(NULL, &settings), SP_OK);
    assert_int_equal(sp_engine_settings_fit(settings, settings->config, &err), SP_OK);
    write_xml("<httpEndpoint id='defaultHttpEndpoint' host='127.0.0.1' httpPort='9001'/>");
    take_fingerprint();
    assert_int_equal(load(NULL, &other), SP_OK);
    assert_int_equal(sp_engine_settings_fit(settings, other->config, &err), SP_EINVAL);
    assert_string_equal(err.id, "SALE0006E");
    sp_engine_settings_free(other);
    sp_engine_settings_free(settings);
}

static void what_is_wrong_is_logged(void **state)
{
    struct sp_engine_settings *settings = NULL;
    write_xml("<httpEndpoit/><unclosed>");
    assert_int_not_equal(load(NULL, &settings), SP_OK);
    assert_null(settings);
    assert_non_null(strstr(logged, "SALC0002E"));
    assert_non_null(strstr(logged, "server.xml:1:"));
}

static void the_directive_needs_its_four_words(void **state)
{
    struct sp_engine_settings *settings = NULL;
    const struct sp_str args[] = {sp_str_of(directory), sp_str_of(directory), sp_str_of(directory)};
    assert_int_equal(sp_engine_settings_load(args, 3, NULL, &settings, &err), SP_EINVAL);
    assert_int_equal(sp_engine_settings_load(args, 0, NULL, &settings, &err), SP_EINVAL);
    sp_engine_settings_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(settings_are_read_with_variables),       TEST(changed_listeners_are_refused),
        TEST(another_configuration_fits_or_does_not), TEST(what_is_wrong_is_logged),
        TEST(the_directive_needs_its_four_words),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
