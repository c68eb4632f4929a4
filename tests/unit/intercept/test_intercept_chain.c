/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "intercept/audit.h"
#include "intercept/intercept.h"
#include "io/loop.h"

static struct sp_arena arena;
static struct sp_loop *loop;
static struct sp_config config;
static struct sp_audit *audit;
static struct sp_error err = SP_ERROR_INIT;

static int set_up(void **state)
{
    sp_arena_init(&arena, 1000000);
    config.smf = (struct sp_cfg_smf){.file = SP_STR_INIT("/dev/null"), .block_descriptors = true};
    return sp_loop_new(NULL, &loop, &err) == SP_OK &&
                   sp_audit_new(loop, &config, NULL, SP_STR("0.1.0"), &audit, &err) == SP_OK
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    assert_int_equal(sp_audit_free(audit, &err), SP_OK);
    sp_loop_free(loop);
    sp_arena_finish(&arena);
    return 0;
}

static const struct sp_cfg_interceptor auth5 = {
    .kind = SP_CFG_AUTHORIZATION, .id = SP_STR_INIT("auth5"), .sequence = 5, .has_sequence = true};
static const struct sp_cfg_interceptor audit1 = {.kind = SP_CFG_AUDIT,
                                                 .id = SP_STR_INIT("audit1"),
                                                 .sequence = 1,
                                                 .has_sequence = true,
                                                 .provider_smf_version = 1};
static const struct sp_cfg_interceptor audit9 = {.kind = SP_CFG_AUDIT,
                                                 .id = SP_STR_INIT("audit9"),
                                                 .sequence = 9,
                                                 .has_sequence = true,
                                                 .provider_smf_version = 1};
static const struct sp_cfg_interceptor audit_none = {
    .kind = SP_CFG_AUDIT, .id = SP_STR_INIT("audit_none"), .provider_smf_version = 1};

static const struct sp_str clerk = SP_STR_INIT("CLERK");
static const struct sp_cfg_groups groups = {.invoke = {&clerk, 1}};

static uint64_t records(void)
{
    struct sp_audit_counts counts;
    sp_audit_counts(audit, &counts);
    return counts.put;
}

struct outcome {
    enum sp_status status;
    unsigned http;
    size_t called;
    uint64_t records;
    const char *last;
};

static struct outcome run(const struct sp_cfg_interceptor_list *global, const struct sp_cfg_item *item,
                          bool may)
{
    const struct sp_intercept_chain *chain;
    assert_int_equal(sp_intercept_compile(global, item, &(struct sp_intercept_means){.audit = audit}, &arena,
                                          &chain, &err),
                     SP_OK);
    struct sp_http_request request = {.method = SP_STR_INIT("GET"), .path = SP_STR_INIT("/x")};
    struct sp_principal principal = {
        .authenticated = true, .name = SP_STR_INIT("FRED"), .groups = {&clerk, may ? 1 : 0}};
    const struct sp_authz_access_options options = {.kind = SP_OBJECT_API, .global = &groups};
    struct sp_intercept_data data = {.request = &request, .principal = &principal, .action = SP_ACT_INVOKE};
    assert_int_equal(sp_authz_access_new(&options, &arena, &data.access, &err), SP_OK);
    struct sp_intercept_progress progress = {0};
    struct outcome outcome = {.records = records()};
    outcome.status = io_intercept_pre(chain, &data, &progress, &outcome.http, &err);
    outcome.called = progress.called;
    outcome.last = sp_intercept_last(chain, &progress);
    io_intercept_post(chain, &data, &progress);
    outcome.records = records() - outcome.records;
    return outcome;
}

static void a_refusal_ends_pre_and_posts_those_that_were_called(void **state)
{
    const struct sp_cfg_interceptor *const items[] = {&audit9, &auth5, &audit1};
    const struct sp_cfg_interceptor_list global = {.items = items, .count = 3};
    struct outcome outcome = run(&global, NULL, false);
    assert_int_equal(outcome.status, SP_EDENIED);
    assert_int_equal(outcome.http, 403);
    assert_int_equal(outcome.called, 2);  /* audit1, auth5 */
    assert_int_equal(outcome.records, 1); /* audit9 comes too late to see it */
    assert_string_equal(outcome.last, "zosConnectAuthorization");
    assert_string_equal(err.id, "BAQR0409W");
    outcome = run(&global, NULL, true);
    assert_int_equal(outcome.status, SP_OK);
    assert_int_equal(outcome.called, 3);
    assert_int_equal(outcome.records, 2);
}

static void those_without_sequence_come_last(void **state)
{
    const struct sp_cfg_interceptor *const items[] = {&audit_none, &auth5};
    const struct sp_cfg_interceptor_list global = {.items = items, .count = 2};
    assert_int_equal(run(&global, NULL, false).records, 0);
    assert_int_equal(run(&global, NULL, true).records, 1);
}

static void an_item_adds_its_own_and_the_same_one_runs_twice(void **state)
{
    const struct sp_cfg_interceptor *const items[] = {&audit1};
    const struct sp_cfg_interceptor_list list = {.items = items, .count = 1};
    struct sp_cfg_item item = {.interceptors = &list, .run_global_interceptors = true};
    assert_int_equal(run(&list, &item, true).records, 2);
    item.run_global_interceptors = false;
    assert_int_equal(run(&list, &item, true).records, 1);
    item.interceptors = NULL;
    assert_int_equal(run(&list, &item, true).called, 0);
    item.run_global_interceptors = true;
    assert_int_equal(run(&list, &item, true).records, 1);
    assert_int_equal(run(NULL, NULL, true).called, 0);
}

static void item_and_global_lists_are_ordered_together(void **state)
{
    const struct sp_cfg_interceptor *const global_items[] = {&auth5};
    const struct sp_cfg_interceptor *const own_items[] = {&audit1, &audit9};
    const struct sp_cfg_interceptor_list global = {.items = global_items, .count = 1};
    const struct sp_cfg_interceptor_list own = {.items = own_items, .count = 2};
    const struct sp_cfg_item item = {.interceptors = &own, .run_global_interceptors = true};
    struct outcome outcome = run(&global, &item, false);
    assert_int_equal(outcome.called, 2);
    assert_int_equal(outcome.records, 1);
}

static void opting_out_of_authorization_opens_the_item(void **state)
{
    const struct sp_cfg_interceptor *const items[] = {&auth5};
    const struct sp_cfg_interceptor_list global = {.items = items, .count = 1};
    const struct sp_cfg_item item = {.run_global_interceptors = false};
    assert_int_equal(run(&global, &item, false).status, SP_OK);
    assert_int_equal(run(&global, NULL, false).status, SP_EDENIED);
}

/* None is left out: one that checks or records would be missing without a word. */
static void an_interceptor_without_what_it_works_with_is_refused(void **state)
{
    const struct sp_cfg_interceptor logger = {.kind = SP_CFG_FILE_LOGGER, .id = SP_STR_INIT("logger")};
    const struct sp_cfg_interceptor unknown = {.kind = 99, .id = SP_STR_INIT("unknown")};
    const struct sp_cfg_interceptor *const each[] = {&audit1, &logger, &unknown};
    for (size_t i = 0; i < 3; i++) {
        const struct sp_cfg_interceptor_list list = {.items = &each[i], .count = 1};
        const struct sp_intercept_means none = {.audit = NULL};
        const struct sp_intercept_chain *chain = NULL;
        assert_int_equal(sp_intercept_compile(&list, NULL, &none, &arena, &chain, &err), SP_EINVAL);
        assert_null(chain);
        assert_non_null(strstr(err.text, each[i]->id.ptr));
    }
}

static void headers_of(const struct sp_header_edit *edits, const char *expected)
{
    static const struct sp_http_header headers[] = {{SP_STR_INIT("A"), SP_STR_INIT("1")},
                                                    {SP_STR_INIT("b"), SP_STR_INIT("2")},
                                                    {SP_STR_INIT("a"), SP_STR_INIT("3")}};
    char text[200] = "";
    size_t count;
    const struct sp_http_header *edited = sp_header_edits_apply(edits, headers, 3, &arena, &count);
    assert_non_null(edited);
    for (size_t i = 0; i < count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%.*s=%.*s ", SP_STR_ARG(edited[i].name),
                 SP_STR_ARG(edited[i].value));
    assert_string_equal(text, expected);
}

#define EDIT(n, v, r, x)             \
    (struct sp_header_edit)          \
    {                                \
        {SP_STR(n), SP_STR(v)}, r, x \
    }

static void headers_are_replaced_and_added_in_order(void **state)
{
    headers_of(NULL, "A=1 b=2 a=3 ");
    headers_of(&EDIT("C", "4", false, NULL), "A=1 b=2 a=3 C=4 ");
    headers_of(&EDIT("a", "4", true, NULL), "b=2 a=4 ");
    headers_of(&EDIT("a", "4", true, &EDIT("A", "5", false, NULL)), "b=2 a=4 A=5 ");
    headers_of(&EDIT("a", "4", false, &EDIT("A", "5", true, NULL)), "b=2 A=5 ");
    headers_of(&EDIT("a", "4", true, &EDIT("A", "5", true, NULL)), "b=2 A=5 ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_refusal_ends_pre_and_posts_those_that_were_called),
        TEST(those_without_sequence_come_last),
        TEST(an_item_adds_its_own_and_the_same_one_runs_twice),
        TEST(item_and_global_lists_are_ordered_together),
        TEST(opting_out_of_authorization_opens_the_item),
        TEST(an_interceptor_without_what_it_works_with_is_refused),
        TEST(headers_are_replaced_and_added_in_order),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("intercept_chain", tests, NULL, NULL);
}
