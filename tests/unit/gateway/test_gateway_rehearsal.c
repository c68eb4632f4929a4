/* SPDX-License-Identifier: Apache-2.0
 * What is read before there are workers, and what generations share.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>

#include "gateway/gateway_internal.h"
#include "gateway/rehearsal.h"
#include "server.h"

static struct server server;
static struct sp_library *library;

static int set_up(void **state)
{
    library = NULL;
    server_init(&server);
    server_start(&server, "requireSecure='false'", "");
    return 0;
}

static int tear_down(void **state)
{
    server_finish(&server);
    sp_library_release(library);
    return 0;
}

static struct sp_library_counts counts(struct sp_library *of)
{
    struct sp_library_counts counts;
    sp_library_counts(of, &counts);
    return counts;
}

static struct sp_generation *make(const struct sp_worker *worker, const struct sp_generation *previous)
{
    struct sp_generation *generation = NULL;
    struct sp_error err = SP_ERROR_INIT;
    enum sp_status status = sp_generation_open(server.config, false, worker, previous, &generation, &err);
    if (status == SP_OK)
        status = sp_generation_compile(generation, NULL, &err);
    if (status != SP_OK)
        fail_msg("%s", err.text);
    return generation;
}

static void a_worker_reads_nothing_that_was_rehearsed(void **state)
{
    sp_rehearse(server.config, NULL, &library);
    struct sp_library_counts before = counts(library);
    assert_int_equal(before.archives, 2);
    assert_true(before.mappings > 0);
    struct sp_worker worker = server.worker;
    worker.loop = server.loop;
    worker.library = library;
    struct sp_generation *generation = make(&worker, NULL);
    assert_int_equal(generation->snapshot->api_names.count, 1);
    sp_generation_release(generation);
    assert_int_equal(counts(library).read, before.read);
    assert_int_equal(counts(library).compiled, before.compiled);
    assert_int_equal(counts(library).archives, 2);
}

static void a_rehearsal_keeps_what_is_there_and_drops_what_went(void **state)
{
    char path[200];
    sp_rehearse(server.config, NULL, &library);
    struct sp_library_counts before = counts(library);
    sp_rehearse(server.config, NULL, &library);
    assert_int_equal(counts(library).read, before.read);
    assert_int_equal(counts(library).mappings, before.mappings);
    snprintf(path, sizeof path, "%sresources/zosconnect/apis/accounts.aar", server.directory);
    assert_int_equal(unlink(path), 0);
    sp_rehearse(server.config, NULL, &library);
    assert_int_equal(counts(library).archives, 1);
    assert_int_equal(counts(library).read, before.read);
    server_archive(&server, "resources/zosconnect/apis/accounts.aar", server_api);
}

static void a_generation_reads_only_what_is_new(void **state)
{
    const struct sp_generation *present = server.gateway->present;
    struct sp_library_counts before = counts(present->library), after;
    struct sp_worker worker = server.worker;
    worker.loop = server.loop;
    struct sp_generation *same = make(&worker, present);
    assert_ptr_equal(same->library, present->library);
    assert_int_equal(counts(present->library).read, before.read);
    assert_int_equal(counts(present->library).compiled, before.compiled);
    const char *changed[32];
    size_t n = 0;
    for (; server_api[n]; n++)
        changed[n] = server_api[n];
    changed[n++] = "more.txt"; /* other bytes, the same API */
    changed[n++] = "more";
    changed[n] = NULL;
    server_archive(&server, "resources/zosconnect/apis/accounts.aar", changed);
    struct sp_generation *other = make(&worker, same);
    after = counts(present->library);
    assert_int_equal(after.read, before.read + 1);
    assert_int_equal(after.compiled, before.compiled); /* its maps are the same */
    assert_int_equal(after.archives, before.archives + 1);
    sp_generation_release(other);
    sp_generation_release(same);
    assert_int_equal(counts(present->library).archives, before.archives);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_worker_reads_nothing_that_was_rehearsed),
        TEST(a_rehearsal_keeps_what_is_there_and_drops_what_went),
        TEST(a_generation_reads_only_what_is_new),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("gateway_rehearsal", tests, NULL, NULL);
}
