/* SPDX-License-Identifier: Apache-2.0
 * The files of a configuration, and what a change of them changes in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/effective.h"
#include "config/source.h"

static char base[PATH_MAX];
static struct sp_config *config;

static void path_of(const char *name, char *ret_path)
{
    snprintf(ret_path, PATH_MAX * 2, "%s/%s", base, name);
}

static void write_file(const char *name, const char *text)
{
    char path[PATH_MAX * 2];
    path_of(name, path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void load(void)
{
    struct sp_problems problems;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_config_options options = {.config_dir = base, .keep_broken = true};
    sp_config_free(config);
    config = NULL;
    sp_problems_init(&problems);
    (void)!sp_config_load(&options, &problems, &config, &err);
    sp_problems_finish(&problems);
    assert_non_null(config);
}

static int begin(void **state)
{
    char template[] = "/tmp/sallyport-compare-XXXXXX";
    assert_non_null(mkdtemp(template));
    assert_non_null(realpath(template, base));
    write_file("server.xml",
               "<server><include location='more.xml' optional='true'/>"
               "<include location='gone.xml' optional='true'/><keyStore location='${server.config.dir}/k'/>"
               "<httpEndpoint id='defaultHttpEndpoint' httpPort='1'/></server>");
    write_file("more.xml", "<server><zosconnect_authData id='a' password='{xor}CDo9Hgw='/></server>");
    write_file("k", "not a key store, but a file");
    return 0;
}

static int end(void **state)
{
    char command[PATH_MAX + 16];
    sp_config_free(config);
    config = NULL;
    snprintf(command, sizeof command, "rm -rf '%s'", base);
    return system(command);
}

static const struct sp_config_source *source(const char *name)
{
    char path[PATH_MAX * 2];
    const struct sp_config_source *s = sp_config_sources(config);
    path_of(name, path);
    while (s && !sp_str_is(s->path, path))
        s = s->next;
    return s;
}

static void every_file_that_was_looked_at_is_known(void **state)
{
    load();
    assert_true(source("server.xml")->there && source("server.xml")->size > 100);
    assert_true(source("more.xml")->there && source("k")->there);
    assert_false(source("gone.xml")->there || source("server.env")->there);
    assert_false(source("configDropins/overrides/")->there);
    assert_null(source("other.xml"));
}

static struct sp_config_changes compare_with(const char *server_xml, const char *expected)
{
    struct sp_config_changes changes;
    struct sp_buf text;
    struct sp_config *before = config;
    config = NULL;
    write_file("server.xml", server_xml);
    load();
    sp_buf_init(&text, 4096);
    assert_int_equal(sp_config_compare(before, config, &changes, &text), SP_OK);
    sp_buf_append_byte(&text, '\0');
    assert_string_equal((char *)text.ptr, expected);
    sp_buf_finish(&text);
    sp_config_free(before);
    return changes;
}

static void what_a_change_changes_is_known(void **state)
{
    write_file("server.xml",
               "<server><zosconnect_authData id='a' password='{xor}CDo9Hgw='/><basicRegistry id='r'>"
               "<user name='u' password='{xor}CDo9Hgw='/></basicRegistry></server>");
    load();
    /* the same, written otherwise */
    struct sp_config_changes changes = compare_with(
        "<server>\n<basicRegistry id='r'><user password='{xor}CDo9Hgw=' name='u'/></basicRegistry>"
        "<zosconnect_authData id='a' password='WebAS'/></server>",
        "");
    assert_false(changes.any || changes.listeners);
    changes = compare_with("<server><zosconnect_authData id='a' password='other'/><basicRegistry id='r'>"
                           "<user name='v' password='{xor}CDo9Hgw='/></basicRegistry></server>",
                           "changed zosconnect_authData[a]\nchanged basicRegistry[r]\n");
    assert_true(changes.any && !changes.listeners && changes.changed == 2);
    changes = compare_with(
        "<server><httpEndpoint id='x' httpPort='1'/><zosconnect_authData id='a' password='other'/></server>",
        "added httpEndpoint[x]\nremoved basicRegistry[r]\n");
    assert_true(changes.listeners && changes.added == 1 && changes.removed == 1);
    changes = compare_with(
        "<server><httpEndpoint id='x' httpPort='1'/><zosconnect_authData id='a' password='other'/>"
        "<httpOptions readTimeout='60s'/></server>",
        "");
    assert_false(changes.any);
    changes = compare_with(
        "<server><httpEndpoint id='x' httpPort='1'/><zosconnect_authData id='a' password='other'/>"
        "<httpOptions readTimeout='61s'/><webAppSecurity allowFailOverToBasicAuth='true'/></server>",
        "changed httpOptions[defaultHttpOptions]\nchanged webAppSecurity\n");
    assert_true(changes.listeners);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_file_that_was_looked_at_is_known, begin, end),
        cmocka_unit_test_setup_teardown(what_a_change_changes_is_known, begin, end),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
