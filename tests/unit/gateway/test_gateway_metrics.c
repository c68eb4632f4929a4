/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/metrics.h"

static struct sp_metrics *metrics;
static struct sp_buf text;

static int begin(void **state)
{
    metrics = calloc(1, sp_metrics_bytes());
    sp_buf_init(&text, SP_METRICS_TEXT_MAX);
    return metrics ? 0 : -1;
}

static int end(void **state)
{
    free(metrics);
    sp_buf_finish(&text);
    return 0;
}

static const char *written(void)
{
    sp_buf_consume(&text, text.len);
    assert_int_equal(sp_metrics_write(metrics, &text), SP_OK);
    sp_buf_append_byte(&text, '\0');
    return (const char *)text.ptr;
}

static void has(const char *line)
{
    const char *all = written();
    if (!strstr(all, line))
        fail_msg("no %s in:\n%s", line, all);
}

static void count(const char *name, const char *method, unsigned status, int64_t us)
{
    sp_metrics_request(metrics, &(struct sp_metrics_request){.kind = SP_METRICS_API,
                                                             .name = sp_str_of(name),
                                                             .method = sp_str_of(method),
                                                             .status = status,
                                                             .duration_us = us});
}

static void buckets_are_cumulative_and_bounds_belong_to_them(void **state)
{
    count("a", "GET", 200, 1000);
    count("a", "GET", 200, 1001);
    count("a", "GET", 200, 2500);
    count("a", "GET", 200, 99000000);
    count("a", "GET", 200, -5); /* a clock that was set back */
#define SERIES "type=\"api\",name=\"a\",method=\"GET\",status=\"200\""
    has("sallyport_request_duration_seconds_bucket{" SERIES ",le=\"0.001\"} 2\n");
    has("sallyport_request_duration_seconds_bucket{" SERIES ",le=\"0.0025\"} 4\n");
    has("sallyport_request_duration_seconds_bucket{" SERIES ",le=\"10\"} 4\n");
    has("sallyport_request_duration_seconds_bucket{" SERIES ",le=\"+Inf\"} 5\n");
    has("sallyport_request_duration_seconds_sum{" SERIES "} 99.004501\n");
    has("sallyport_request_duration_seconds_count{" SERIES "} 5\n");
    has("sallyport_requests_total{" SERIES "} 5\n");
}

static void names_are_escaped_cut_and_methods_are_known_ones(void **state)
{
    char name[SP_METRICS_NAME_MAX + 10];
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    count("q\"b\\n\n", "BREW", 0, 1);
    count(name, "GET", 404, 1);
    has("name=\"q\\\"b\\\\n\\n\",method=\"other\",status=\"canceled\"} 1\n");
    char line[200];
    snprintf(line, sizeof line, "name=\"%.*s\",method", (int)SP_METRICS_NAME_MAX - 1, name);
    has(line);
}

static void what_finds_no_place_is_counted_as_such(void **state)
{
    char name[32];
    for (unsigned i = 0; i < SP_METRICS_SERIES + 3; i++) {
        snprintf(name, sizeof name, "api%u", i);
        count(name, "GET", 200, 1);
    }
    count("api0", "GET", 200, 1); /* those that have a place go on */
    has("sallyport_metrics_dropped_total 3\n");
    has("sallyport_requests_total{type=\"api\",name=\"api0\",method=\"GET\",status=\"200\"} 2\n");
    for (unsigned i = 0; i < SP_METRICS_CELLS; i++) {
        snprintf(name, sizeof name, "worker=\"%u\"", i);
        assert_non_null(sp_metrics_cell(metrics, SP_METRIC_GENERATION, name));
    }
    assert_null(sp_metrics_cell(metrics, SP_METRIC_GENERATION, "worker=\"x\""));
    assert_non_null(sp_metrics_cell(metrics, SP_METRIC_GENERATION, "worker=\"7\""));
    has("sallyport_metrics_dropped_total 4\n");
}

static void labels_that_are_too_long_have_no_cell(void **state)
{
    char labels[SP_METRICS_LABELS_MAX + 1];
    memset(labels, 'x', sizeof labels);
    labels[SP_METRICS_LABELS_MAX] = '\0';
    assert_null(sp_metrics_cell(metrics, SP_METRIC_GENERATION, labels));
    labels[SP_METRICS_LABELS_MAX - 1] = '\0';
    assert_non_null(sp_metrics_cell(metrics, SP_METRIC_GENERATION, labels));
}

static void a_cell_is_one_metric_with_its_labels(void **state)
{
    _Atomic int64_t *one = sp_metrics_cell(metrics, SP_METRIC_POOL_OPEN, "worker=\"0\"");
    _Atomic int64_t *other = sp_metrics_cell(metrics, SP_METRIC_POOL_IDLE, "worker=\"0\"");
    assert_ptr_not_equal(one, other);
    assert_ptr_equal(sp_metrics_cell(metrics, SP_METRIC_POOL_OPEN, "worker=\"0\""), one);
    atomic_store(one, 7);
    atomic_store(other, -1);
    has("sallyport_pool_connections{worker=\"0\"} 7\n");
    has("sallyport_pool_idle_connections{worker=\"0\"} -1\n");
    atomic_store(sp_metrics_cell(metrics, SP_METRIC_SMF_WRITTEN, ""), 3);
    has("\nsallyport_smf_records_written_total 3\n");
    sp_metrics_forget(metrics, SP_METRIC_POOL_OPEN, "worker=\"0\"");
    assert_null(strstr(written(), "sallyport_pool_connections{"));
    has("sallyport_pool_idle_connections{worker=\"0\"} -1\n");
}

static void a_counter_that_begins_anew_goes_on(void **state)
{
    _Atomic int64_t cell = 0;
    uint64_t last = 0;
    sp_metrics_follow(&cell, &last, 5);
    sp_metrics_follow(&cell, &last, 7);
    sp_metrics_follow(&cell, &last, 2);
    assert_int_equal(cell, 9);
    sp_metrics_follow(NULL, &last, 9);
    assert_int_equal(last, 9);
}

static void without_memory_nothing_is_counted(void **state)
{
    struct sp_metrics *kept = metrics;
    metrics = NULL;
    count("a", "GET", 200, 1);
    assert_null(sp_metrics_cell(NULL, SP_METRIC_GENERATION, ""));
    sp_metrics_forget(NULL, SP_METRIC_GENERATION, "");
    metrics = kept;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(buckets_are_cumulative_and_bounds_belong_to_them),
        TEST(names_are_escaped_cut_and_methods_are_known_ones),
        TEST(what_finds_no_place_is_counted_as_such),
        TEST(labels_that_are_too_long_have_no_cell),
        TEST(a_cell_is_one_metric_with_its_labels),
        TEST(a_counter_that_begins_anew_goes_on),
        TEST(without_memory_nothing_is_counted),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("gateway_metrics", tests, NULL, NULL);
}
