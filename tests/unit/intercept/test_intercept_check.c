/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "intercept/intercept.h"

static const struct sp_cfg_interceptor all[] = {{.kind = SP_CFG_AUTHORIZATION, .id = SP_STR_INIT("auth")},
                                                {.kind = SP_CFG_AUDIT, .id = SP_STR_INIT("audit")}};
static const struct sp_cfg_interceptor *const auth_alone[] = {&all[0]};
static const struct sp_cfg_interceptor *const both[] = {&all[0], &all[1]};
static const struct sp_cfg_interceptor *const audit_alone[] = {&all[1]};
static const struct sp_cfg_interceptor_list lists[] = {
    {SP_STR_INIT("la"), auth_alone, 1}, {SP_STR_INIT("lb"), both, 2}, {SP_STR_INIT("lu"), audit_alone, 1}};
enum { LA, LB, LU, NONE };

static const struct sp_str clerks[] = {SP_STR_INIT("CLERKS")};

/* A configuration with one API, and what is said of it: "id: beginning of the text" by lines. */
static const struct {
    const char *what;
    unsigned lists;             /* how many of them are defined */
    unsigned global, own;       /* list that is referred to */
    bool opts_out;              /* the API from the global list */
    bool global_groups, groups; /* there are */
    const char *said;
} rows[] = {
    {"nothing", 0, NONE, NONE, false, false, false, ""},
    {"nobody names the interceptors", 0, NONE, NONE, false, false, false,
     "SALI0001W zosconnect_authorizationInterceptor id=\"auth\"\n"
     "SALI0001W zosconnect_auditInterceptor id=\"audit\"\n"},
    {"nobody names the list", 2, LA, NONE, false, true, false,
     "SALI0002W zosconnect_zosConnectInterceptors id=\"lb\"\n"},
    {"all is well", 2, LA, LB, false, true, true, ""},
    {"groups of all without a check", 3, LU, NONE, false, true, false,
     "SALI0002W zosconnect_zosConnectInterceptors id=\"la\"\n"
     "SALI0002W zosconnect_zosConnectInterceptors id=\"lb\"\n"
     "SALI0003W the groups of zosconnect_zosConnectManager\n"},
    {"groups of one without a check", 3, LU, NONE, false, false, true,
     "SALI0002W zosconnect_zosConnectInterceptors id=\"la\"\n"
     "SALI0002W zosconnect_zosConnectInterceptors id=\"lb\"\n"
     "SALI0003W the groups of zosConnectAPI name=\"booking\"\n"},
    {"groups of one that opts out", 2, LB, NONE, true, true, true,
     "SALI0002W zosconnect_zosConnectInterceptors id=\"la\"\n"
     "SALI0003W the groups of zosConnectAPI name=\"booking\"\n"},
    {"one that opts out", 2, LB, NONE, true, true, false,
     "SALI0002W zosconnect_zosConnectInterceptors id=\"la\"\n"
     "SALI0004W zosConnectAPI name=\"booking\"\n"},
    {"one that opts out and has its own", 2, LB, LA, true, true, true, ""},
    {"a check of its own alone", 2, NONE, LB, false, true, true,
     "SALI0002W zosconnect_zosConnectInterceptors id=\"la\"\n"},
    {"a check without groups", 2, LB, NONE, false, false, false,
     "SALI0002W zosconnect_zosConnectInterceptors id=\"la\"\n"
     "SALI0005W an authorization interceptor runs for\n"},
};

static const struct sp_cfg_interceptor_list *list_at(unsigned at)
{
    return at == NONE ? NULL : &lists[at];
}

static void what_would_surprise_is_said(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char said[2000] = "";
        struct sp_problems problems;
        const struct sp_cfg_item api = {.name = SP_STR("booking"),
                                        .interceptors = list_at(rows[i].own),
                                        .run_global_interceptors = !rows[i].opts_out,
                                        .groups = {.invoke = {clerks, rows[i].groups ? 1 : 0}}};
        const struct sp_config config = {
            .interceptors = all,
            .interceptor_count = i == 0 ? 0 : 2,
            .interceptor_lists = lists,
            .interceptor_list_count = rows[i].lists,
            .manager = {.global_interceptors = list_at(rows[i].global),
                        .groups = {.reader = {clerks, rows[i].global_groups ? 1 : 0}}},
            .apis = {.items = &api, .item_count = 1},
        };
        sp_problems_init(&problems);
        sp_intercept_check(&config, &problems);
        for (const struct sp_problem *p = problems.first; p; p = p->next) {
            /* as many words as the row has */
            size_t words = strncmp(p->text.ptr, "zos", 3) == 0   ? 2
                           : strncmp(p->text.ptr, "an ", 3) == 0 ? 5
                                                                 : 4;
            if (strstr(p->text.ptr, "groups of zosConnectAPI"))
                words = 5;
            size_t len = 0;
            for (; len < p->text.len && words; len++)
                words -= p->text.ptr[len] == ' ';
            snprintf(said + strlen(said), sizeof said - strlen(said), "%s %.*s\n", p->id, (int)len - 1,
                     p->text.ptr);
        }
        if (strcmp(said, rows[i].said) != 0)
            fail_msg("%s: \"%s\" is not \"%s\"", rows[i].what, said, rows[i].said);
        sp_problems_finish(&problems);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_would_surprise_is_said)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("intercept_check", tests, NULL, NULL);
}
