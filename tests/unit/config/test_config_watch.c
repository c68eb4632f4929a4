/* SPDX-License-Identifier: Apache-2.0
 * Changes of files on disk, and what they change in the configuration.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config/effective.h"
#include "config/watch.h"

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

static void touch(const char *name, long seconds)
{
    char path[PATH_MAX * 2];
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1700000000 + seconds}};
    path_of(name, path);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
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
    assert_false(sp_config_changed(config, NULL));
}

static void changed(const char *name)
{
    char path[PATH_MAX * 2];
    struct sp_str found;
    path_of(name, path);
    assert_true(sp_config_changed(config, &found));
    assert_string_equal(found.ptr, path);
    load();
}

static int begin(void **state)
{
    char template[] = "/tmp/sallyport-watch-XXXXXX";
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

static void changes_of_any_file_are_seen(void **state)
{
    char path[PATH_MAX * 2];
    load();
    write_file("server.xml",
               "<server><include location='more.xml'/><include location='gone.xml' optional='true'/>"
               "<keyStore location='${server.config.dir}/k'/></server>");
    changed("server.xml");
    write_file("more.xml", "<server/>");
    changed("more.xml");
    write_file("gone.xml", "<server/>");
    changed("gone.xml");
    path_of("gone.xml", path);
    assert_int_equal(unlink(path), 0);
    changed("gone.xml");
    write_file("k", "another key");
    changed("k");
    write_file("bootstrap.properties", "a=b");
    changed("bootstrap.properties");
    write_file("server.env", "a=b");
    changed("server.env");
    path_of("configDropins", path);
    assert_int_equal(mkdir(path, 0755), 0);
    path_of("configDropins/overrides", path);
    assert_int_equal(mkdir(path, 0755), 0);
    changed("configDropins/overrides/");
    write_file("configDropins/overrides/x.xml", "<server/>");
    changed("configDropins/overrides/");
    write_file("configDropins/overrides/x.xml", "<server><httpOptions/></server>");
    changed("configDropins/overrides/x.xml");
}

static void a_change_of_the_same_length_and_time_is_seen(void **state)
{
    touch("more.xml", 0);
    load();
    write_file("more.xml", "<server><zosconnect_authData id='b' password='{xor}CDo9Hgw='/></server>");
    touch("more.xml", 1);
    changed("more.xml");
}

static void a_file_that_was_only_touched_is_no_change(void **state)
{
    load();
    touch("more.xml", 5);
    touch("server.xml", 5);
    assert_false(sp_config_changed(config, NULL));
    touch("more.xml", 6);
    assert_false(sp_config_changed(config, NULL));
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
        cmocka_unit_test_setup_teardown(changes_of_any_file_are_seen, begin, end),
        cmocka_unit_test_setup_teardown(a_change_of_the_same_length_and_time_is_seen, begin, end),
        cmocka_unit_test_setup_teardown(a_file_that_was_only_touched_is_no_change, begin, end),
        cmocka_unit_test_setup_teardown(what_a_change_changes_is_known, begin, end),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
