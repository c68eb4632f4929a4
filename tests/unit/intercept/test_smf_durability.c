/* SPDX-License-Identifier: Apache-2.0
 * How often the writer waits for the disk to have what it wrote: counted where it asks for that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "intercept/audit.h"
#include "io/loop.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define LONG_US INT64_C(3600000000)

static struct sp_loop *loop;
static struct sp_error err = SP_ERROR_INIT;
static char directory[64], path[96], count_path[96];
static struct sp_config config;
static struct sp_audit *audit;

static int set_up(void **state)
{
    snprintf(directory, sizeof directory, "/tmp/test_smf_XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/smf", directory);
    snprintf(count_path, sizeof count_path, "%s/count", directory);
    memset(&config, 0, sizeof config);
    config.smf =
        (struct sp_cfg_smf){.file = sp_str_of(path), .block_descriptors = true, .buffer_records = 1024};
    config.server_name = SP_STR("server");
    setenv("COUNT_SYNCS", count_path, 1);
    setenv("LD_PRELOAD", getenv("TEST_COUNT_SYNCS"), 1); /* for the writer, which is started later */
    return sp_loop_new(NULL, &loop, &err) == SP_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    unsetenv("LD_PRELOAD");
    sp_loop_free(loop);
    unlink(path);
    unlink(count_path);
    return rmdir(directory);
}

static void put(unsigned count)
{
    const struct sp_cfg_interceptor interceptor = {.provider_smf_version = 1};
    struct sp_http_request request = {.method = SP_STR_INIT("GET"), .path = SP_STR_INIT("/x")};
    struct sp_principal principal = {.name = SP_STR_INIT("fred")};
    struct sp_intercept_data data = {.request = &request, .principal = &principal, .type = SP_REQUEST_API};
    while (count-- > 0)
        io_audit_request(audit, &interceptor, &data);
}

static off_t size_of(const char *name)
{
    struct stat st;
    return stat(name, &st) == 0 ? st.st_size : 0;
}

static void make(enum sp_smf_fsync fsync, int64_t interval_us)
{
    config.smf.fsync = fsync;
    config.smf.fsync_interval_us = interval_us;
    assert_int_equal(sp_audit_new(loop, &config, NULL, SP_STR("0.1.0"), &audit, &err), SP_OK);
}

/* Until the writer has ended. How often it asked the disk. */
static unsigned finish(void)
{
    assert_int_equal(sp_audit_free(audit, &err), SP_OK);
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
        ;
    unsigned syncs = (unsigned)size_of(count_path);
    unlink(count_path);
    unlink(path); /* one that is there already is synced once more: who wrote it may have died */
    return syncs;
}

struct policy {
    enum sp_smf_fsync fsync;
    int64_t interval_us;
    unsigned at_once, one_by_one;
};

static const struct policy policies[] = {
    /* 60 requests that are there together: 20 at a time; all of them; and at the end. */
    {SP_SMF_FSYNC_EACH, LONG_US, 3, 4},
    {SP_SMF_FSYNC_BATCH, LONG_US, 1, 4},
    {SP_SMF_FSYNC_INTERVAL, LONG_US, 1, 1},
};

static void what_is_there_together_is_synced_as_the_policy_says(void **state)
{
    for (size_t i = 0; i < COUNT(policies); i++) {
        config.smf.write_delay_us = LONG_US; /* nothing is due before the end */
        make(policies[i].fsync, policies[i].interval_us);
        put(60);
        assert_int_equal(finish(), policies[i].at_once);
    }
}

static void what_comes_one_by_one_is_synced_as_the_policy_says(void **state)
{
    config.smf.write_delay_us = 1000;
    for (size_t i = 0; i < COUNT(policies); i++) {
        make(policies[i].fsync, policies[i].interval_us);
        for (unsigned n = 0; n < 4; n++) {
            off_t before = size_of(path);
            put(1);
            while (size_of(path) == before)
                sp_loop_run_once(loop, 1);
        }
        assert_int_equal(finish(), policies[i].one_by_one);
    }
}

/* After each record the disk gets it, when the time has come, though nothing more is written. */
static void an_interval_is_kept_when_nothing_more_comes(void **state)
{
    config.smf.write_delay_us = 1000;
    make(SP_SMF_FSYNC_INTERVAL, 1000);
    for (off_t n = 1; n <= 4; n++) {
        put(1);
        while (size_of(count_path) < n)
            sp_loop_run_once(loop, 1);
    }
    assert_int_equal(finish(), 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_there_together_is_synced_as_the_policy_says),
        TEST(what_comes_one_by_one_is_synced_as_the_policy_says),
        TEST(an_interval_is_kept_when_nothing_more_comes),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("smf_durability", tests, NULL, NULL);
}
