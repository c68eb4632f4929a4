/* SPDX-License-Identifier: Apache-2.0
 * The rules of the chain, a row each: who is in it, in which order, and what happens when one refuses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "recorded.h"

/* Lists are names with their sequence behind ':', none: it has none. `sor`: the request reaches the system of
 * record, `end`: an endpoint, twice when 2. */
static const struct {
    const char *rule;
    const char *global, *own;
    bool opts_out, no_item;
    const char *deed; /* "<id>=<what it does>" */
    int sor, end;
    unsigned status; /* 0: none refuses */
    const char *trace;
} rows[] = {
    {"ascending, then descending", "c:3 a:1 b:2", "", false, false, NULL, 0, 0, 0,
     "pre:a pre:b pre:c post:c post:b post:a "},
    {"with a sequence before those with none", "a c:0 b", "", false, false, NULL, 0, 0, 0,
     "pre:c pre:a pre:b post:b post:a post:c "},
    {"equals as written", "b:1 a:1", "c:1", false, false, NULL, 0, 0, 0,
     "pre:b pre:a pre:c post:c post:a post:b "},
    {"the largest sequence last", "b:2147483647 a:2147483646", "", false, false, NULL, 0, 0, 0,
     "pre:a pre:b post:b post:a "},
    {"global and own in one order", "b:2", "a:1 c:3", false, false, NULL, 0, 0, 0,
     "pre:a pre:b pre:c post:c post:b post:a "},
    {"opted out: its own alone", "a:1", "b:2", true, false, NULL, 0, 0, 0, "pre:b post:b "},
    {"opted out and no list", "a:1", "", true, false, NULL, 0, 0, 0, ""},
    {"nothing known of the request: the global list", "a:1", "b:2", false, true, NULL, 0, 0, 0,
     "pre:a post:a "},
    {"the same one in both runs twice", "a:1 b:2", "a:1", false, false, NULL, 0, 0, 0,
     "pre:a pre:a pre:b post:b post:a post:a "},
    {"no list at all", "", "", false, false, NULL, 0, 0, 0, ""},
    {"a refusal: those after it see nothing, it and those before it the end", "a:1 b:2 c:3", "", false, false,
     "b=pre:stop:429", 1, 1, 429, "pre:a pre:b post:b post:a "},
    {"a status below 400 becomes 500", "a:1", "", false, false, "a=pre:stop:302", 0, 0, 500, "pre:a post:a "},
    {"a status above 599 becomes 500", "a:1", "", false, false, "a=pre:stop:600", 0, 0, 500, "pre:a post:a "},
    {"the lowest status", "a:1", "", false, false, "a=pre:stop:400", 0, 0, 400, "pre:a post:a "},
    {"the highest status", "a:1", "", false, false, "a=pre:stop:599", 0, 0, 599, "pre:a post:a "},
    {"no status", "a:1", "", false, false, "a=pre:refuse:1", 0, 0, 500, "pre:a post:a "},
    {"another value than was agreed refuses", "a:1 b:2", "", false, false, "a=pre:refuse:-7", 0, 0, 500,
     "pre:a post:a "},
    {"post cannot refuse", "a:1 b:2", "", false, false, "b=post:stop:403", 0, 0, 0,
     "pre:a pre:b post:b post:a "},
    {"around the system of record", "a:1 b:2", "", false, false, NULL, 1, 0, 0,
     "pre:a pre:b presor:a presor:b postsor:b postsor:a post:b post:a "},
    {"nobody can stop there", "a:1 b:2", "", false, false, "a=presor:stop:403", 1, 0, 0,
     "pre:a pre:b presor:a presor:b postsor:b postsor:a post:b post:a "},
    {"around an endpoint", "a:1 b:2", "", false, false, NULL, 0, 1, 0,
     "pre:a pre:b preend:a preend:b postend:b postend:a post:b post:a "},
    {"and around a second attempt", "a:1 b:2", "", false, false, NULL, 0, 2, 0,
     "pre:a pre:b preend:a preend:b postend:b postend:a preend:a preend:b postend:b postend:a post:b "
     "post:a "},
    {"the same one twice there as well", "a:1", "a:1", false, false, NULL, 1, 0, 0,
     "pre:a pre:a presor:a presor:a postsor:a postsor:a post:a post:a "},
};

struct setting {
    struct sp_cfg_interceptor elements[8];
    size_t count;
    const struct sp_cfg_interceptor *lists[2][8];
    struct sp_cfg_interceptor_list global, own;
};

static const struct sp_cfg_interceptor *element(struct setting *s, const char *id, const char *deed,
                                                long sequence, bool has_sequence)
{
    for (size_t i = 0; i < s->count; i++)
        if (sp_str_is(s->elements[i].id, id))
            return &s->elements[i];
    struct sp_str name = sp_arena_str(&recorded_arena, sp_str_of(id));
    bool does = deed && deed[0] == id[0];
    s->elements[s->count] = recorded_element(name.ptr, does ? deed + 2 : NULL);
    s->elements[s->count].sequence = sequence;
    s->elements[s->count].has_sequence = has_sequence;
    return &s->elements[s->count++];
}

static void take_list(struct setting *s, size_t which, const char *text, const char *deed,
                      struct sp_cfg_interceptor_list *list)
{
    char id[8];
    int used;
    list->items = s->lists[which];
    for (; sscanf(text, " %7[a-z]%n", id, &used) == 1; text += used) {
        long sequence = 0;
        int more = 0;
        bool has = sscanf(text + used, ":%ld%n", &sequence, &more) == 1;
        used += more;
        s->lists[which][list->count++] = element(s, id, deed, sequence, has);
    }
}

struct request {
    const struct sp_intercept_chain *chain;
    struct sp_intercept_data data;
    int sor, end;
    unsigned status;
};

/* As the flow does. */
static void serve(void *arg)
{
    struct request *request = arg;
    struct sp_intercept_progress progress;
    enum sp_status status =
        io_intercept_pre(request->chain, &request->data, &progress, &request->status, &recorded_err);
    if (status == SP_OK)
        request->status = 0;
    for (int i = 0; status == SP_OK && i < request->sor; i++) {
        io_intercept_at(request->chain, SP_BEFORE_SOR, &request->data, &progress);
        io_intercept_at(request->chain, SP_AFTER_SOR, &request->data, &progress);
    }
    for (int i = 0; status == SP_OK && i < request->end; i++) {
        io_intercept_at(request->chain, SP_BEFORE_ENDPOINT, &request->data, &progress);
        io_intercept_at(request->chain, SP_AFTER_ENDPOINT, &request->data, &progress);
    }
    io_intercept_post(request->chain, &request->data, &progress);
}

static void each_rule_of_the_chain(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct setting s = {.count = 0};
        struct sp_plugins *plugins;
        take_list(&s, 0, rows[i].global, rows[i].deed, &s.global);
        take_list(&s, 1, rows[i].own, rows[i].deed, &s.own);
        assert_int_equal(recorded_open(s.elements, s.count, NULL, &plugins), SP_OK);
        const struct sp_intercept_means means = {.plugins = plugins};
        const struct sp_cfg_item item = {.interceptors = &s.own,
                                         .run_global_interceptors = !rows[i].opts_out};
        struct request request = {.sor = rows[i].sor, .end = rows[i].end};
        const struct sp_http_request http = {.method = SP_STR_INIT("GET")};
        const struct sp_principal nobody = {.authenticated = false};
        request.data =
            (struct sp_intercept_data){.request = &http, .principal = &nobody, .arena = &recorded_arena};
        assert_int_equal(sp_intercept_compile(&s.global, rows[i].no_item ? NULL : &item, &means,
                                              &recorded_arena, &request.chain, &recorded_err),
                         SP_OK);
        recorded->text[0] = 0;
        recorded->state_kept = 1;
        recorded_in_fiber(serve, &request);
        if (strcmp(recorded->text, rows[i].trace) != 0 || request.status != rows[i].status)
            fail_msg("%s: \"%s\" and %u, not \"%s\" and %u", rows[i].rule, recorded->text, request.status,
                     rows[i].trace, rows[i].status);
        assert_true(recorded->state_kept);
        sp_plugins_free(plugins);
        assert_int_equal(recorded->instances, 0);
    }
}

static void early(void *arg)
{
    const struct request *request = arg;
    io_intercept_early(request->chain, &request->data);
}

static void an_early_failure_is_told_once_and_nothing_else(void **state)
{
    struct setting s = {.count = 0};
    struct sp_plugins *plugins;
    take_list(&s, 0, "b:2 a:1", NULL, &s.global);
    assert_int_equal(recorded_open(s.elements, s.count, NULL, &plugins), SP_OK);
    const struct sp_intercept_means means = {.plugins = plugins};
    struct request request = {.chain = NULL};
    assert_int_equal(
        sp_intercept_compile(&s.global, NULL, &means, &recorded_arena, &request.chain, &recorded_err), SP_OK);
    recorded->text[0] = 0;
    recorded_in_fiber(early, &request);
    assert_string_equal(recorded->text, "early:a early:b ");
    sp_plugins_free(plugins);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, recorded_set_up, recorded_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_rule_of_the_chain),
        TEST(an_early_failure_is_told_once_and_nothing_else),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("intercept_rules", tests, NULL, NULL);
}
