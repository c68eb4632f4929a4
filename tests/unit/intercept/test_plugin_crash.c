/* SPDX-License-Identifier: Apache-2.0
 * Workers that die in a plug-in, or do not come out of one: each in a process of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "recorded.h"

static const struct sp_http_request http = {.method = SP_STR_INIT("GET")};
static const struct sp_principal nobody = {.authenticated = false};

static struct {
    struct sp_intercept_data data;
    const struct sp_intercept_chain *chain;
    enum sp_status status;
    unsigned http;
} request;

static void serve(void *arg)
{
    struct sp_intercept_progress progress;
    request.status = io_intercept_pre(request.chain, &request.data, &progress, &request.http, &recorded_err);
    io_intercept_post(request.chain, &request.data, &progress);
}

/* What a worker process does; the exit status. */
static int work(void *shared, size_t bytes, const char *deed, int64_t hang_us)
{
    struct sp_loop *loop;
    struct sp_plugins *plugins;
    if (sp_loop_new(NULL, &loop, &recorded_err) != SP_OK)
        return 90;
    struct sp_cfg_interceptor element = recorded_element("rec", deed);
    element.timeout_us = 1000000;
    element.hang_timeout_us = hang_us;
    const struct sp_cfg_interceptor *const items[] = {&element};
    const struct sp_cfg_interceptor_list list = {.items = items, .count = 1};
    const struct sp_config config = {.interceptors = &element, .interceptor_count = 1};
    const struct sp_worker worker = {.loop = loop, .index = 1, .count = 2};
    const struct sp_plugins_options options = {&config, &worker, shared, bytes, NULL};
    if (sp_plugins_open(&options, &plugins, &recorded_err) != SP_OK)
        return 91;
    const struct sp_intercept_means means = {.plugins = plugins};
    if (sp_intercept_compile(&list, NULL, &means, &recorded_arena, &request.chain, &recorded_err) != SP_OK)
        return 92;
    request.data =
        (struct sp_intercept_data){.request = &http, .principal = &nobody, .arena = &recorded_arena};
    recorded_loop = loop;
    recorded_in_fiber(serve, NULL);
    return request.status == SP_OK ? 0 : request.http == 503 ? 53 : 1;
}

/* How it ended (a signal is negative), and what it said. */
static int in_worker(void *shared, size_t bytes, const char *deed, int64_t hang_us, char *log,
                     size_t log_size)
{
    int out[2];
    assert_int_equal(pipe(out), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(out[1], STDERR_FILENO);
        close(out[0]);
        close(out[1]);
        _exit(work(shared, bytes, deed, hang_us));
    }
    close(out[1]);
    size_t len = 0;
    for (ssize_t got; len < log_size - 1 && (got = read(out[0], log + len, log_size - 1 - len)) > 0;)
        len += (size_t)got;
    log[len] = 0;
    close(out[0]);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void a_crash_names_its_plugin_and_three_of_them_ban_it(void **state)
{
    char log[8192];
    size_t bytes = sp_plugins_shared_bytes(2);
    void *shared = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(shared, MAP_FAILED);
    for (int i = 1; i <= 3; i++) {
        assert_int_not_equal(in_worker(shared, bytes, "pre:crash", 0, log, sizeof log), 0);
        assert_non_null(
            strstr(log, "SALI0012E: this worker dies inside method pre_invoke of interceptor plug-in rec"));
        assert_int_equal(strstr(log, "died inside method pre_invoke of interceptor plug-in rec") != NULL,
                         i > 1);
    }
    assert_int_equal(in_worker(shared, bytes, "pre:crash", 0, log, sizeof log), 53);
    assert_non_null(strstr(log, "SALI0014E"));
    assert_int_equal(in_worker(shared, bytes, "pre:crash", 0, log, sizeof log), 53);
    assert_null(strstr(log, "SALI0014E"));
    munmap(shared, bytes);
}

static void a_plugin_that_crashes_when_it_is_made_does_not_kill_every_worker(void **state)
{
    char log[8192];
    size_t bytes = sp_plugins_shared_bytes(2);
    void *shared = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(shared, MAP_FAILED);
    for (int i = 1; i <= 3; i++) {
        assert_int_not_equal(in_worker(shared, bytes, "create:crash", 0, log, sizeof log), 0);
        assert_non_null(
            strstr(log, "SALI0012E: this worker dies inside method create of interceptor plug-in rec"));
    }
    assert_int_equal(in_worker(shared, bytes, "create:crash", 0, log, sizeof log), 53);
    assert_non_null(strstr(log, "SALI0014E"));
    munmap(shared, bytes);
}

static void a_method_that_does_not_come_back_ends_its_worker(void **state)
{
    char log[8192];
    size_t bytes = sp_plugins_shared_bytes(2);
    void *shared = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_int_equal(in_worker(shared, bytes, "pre:spin:10000", 150000, log, sizeof log), -6 /* SIGABRT */);
    assert_non_null(strstr(log,
                           "SALI0013E: this worker is ended, for method pre_invoke does not come back of "
                           "interceptor plug-in rec"));
    assert_null(strstr(log, "SALI0012E"));
    /* Its successor tells it, and knows it from a crash. One that waits is not held to be lost. */
    assert_int_equal(in_worker(shared, bytes, "pre:sleep:400", 150000, log, sizeof log), 0);
    assert_non_null(strstr(log, "SALI0013E"));
    assert_non_null(strstr(
        log, "was ended, for method pre_invoke of interceptor plug-in rec did not come back within 150 ms"));
    assert_int_equal(in_worker(shared, bytes, "pre:sleep:400", 150000, log, sizeof log), 0);
    assert_null(strstr(log, "SALI0013E"));
    munmap(shared, bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, recorded_set_up, recorded_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_crash_names_its_plugin_and_three_of_them_ban_it),
        TEST(a_plugin_that_crashes_when_it_is_made_does_not_kill_every_worker),
        TEST(a_method_that_does_not_come_back_ends_its_worker),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("plugin_crash", tests, NULL, NULL);
}
