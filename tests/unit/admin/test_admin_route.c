/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "admin/admin.h"

#define SEGMENTS_MAX 8u

/* "GET /zosConnect/apis?status=x", with a body when it ends in " +" or " +json". */
static struct sp_admin_request request(const char *line)
{
    static struct sp_str segments[SEGMENTS_MAX];
    static struct sp_parameter query[4];
    struct sp_str rest = sp_str_of(line), target, segment, piece;
    struct sp_admin_request made = {.segments = segments, .query = query};
    sp_str_split(&rest, ' ', &made.method);
    sp_str_split(&rest, ' ', &target);
    if (sp_str_is(rest, "+") || sp_str_is(rest, "+json"))
        made.body = SP_STR("PK");
    if (sp_str_is(rest, "+json"))
        made.content_type = SP_STR("application/json; charset=UTF-8");
    struct sp_str path = sp_str_slice(target, 1, sp_str_find(target, '?'));
    struct sp_str parameters = sp_str_slice(target, sp_str_find(target, '?') + 1, target.len);
    while (sp_str_split(&path, '/', &segment))
        segments[made.segment_count++] = segment;
    while (parameters.len && sp_str_split(&parameters, '&', &piece)) {
        size_t equals = sp_str_find(piece, '=');
        query[made.query_count++] =
            (struct sp_parameter){sp_str_slice(piece, 0, equals), sp_str_slice(piece, equals + 1, piece.len)};
    }
    return made;
}

static struct sp_admin_route route(const char *line)
{
    struct sp_admin_route made;
    struct sp_admin_request asked = request(line);
    sp_admin_route(&asked, &made);
    return made;
}

struct row {
    const char *line;
    enum sp_admin_op op;
    enum sp_authz_action action;
    enum sp_store_kind kind;
    const char *name;
    enum sp_store_act act;
};

static void every_uri_has_its_meaning_and_authority(void **state)
{
    static const struct row rows[] = {
        {"GET /zosConnect/apis", SP_ADMIN_LIST, SP_ACT_LIST, SP_STORE_API, "", 0},
        {"GET /zosConnect/services", SP_ADMIN_LIST, SP_ACT_LIST, SP_STORE_SERVICE, "", 0},
        {"GET /zosConnect/apiRequesters", SP_ADMIN_LIST, SP_ACT_LIST, SP_STORE_REQUESTER, "", 0},
        {"POST /zosConnect/apis +", SP_ADMIN_CHANGE, SP_ACT_DEPLOY, SP_STORE_API, "", SP_STORE_DEPLOY},
        {"POST /zosConnect/services?status=stopped +", SP_ADMIN_CHANGE, SP_ACT_DEPLOY, SP_STORE_SERVICE, "",
         SP_STORE_DEPLOY},
        {"GET /zosConnect/apis/a", SP_ADMIN_DETAILS, SP_ACT_DETAILS, SP_STORE_API, "a", 0},
        {"PUT /zosConnect/apis/a +", SP_ADMIN_CHANGE, SP_ACT_UPDATE, SP_STORE_API, "a", SP_STORE_UPDATE},
        {"PUT /zosConnect/apis/a?status=stopped +", SP_ADMIN_CHANGE, SP_ACT_UPDATE, SP_STORE_API, "a",
         SP_STORE_UPDATE},
        {"PUT /zosConnect/apis/a?status=stopped +json", SP_ADMIN_CHANGE, SP_ACT_STOP, SP_STORE_API, "a",
         SP_STORE_STOP},
        {"PUT /zosConnect/apis/a +json", SP_ADMIN_CHANGE, SP_ACT_UPDATE, SP_STORE_API, "a", SP_STORE_UPDATE},
        {"PUT /zosConnect/apis/a", SP_ADMIN_CHANGE, SP_ACT_UPDATE, SP_STORE_API, "a", SP_STORE_UPDATE},
        {"PUT /zosConnect/apis/a?status=stopped", SP_ADMIN_CHANGE, SP_ACT_STOP, SP_STORE_API, "a",
         SP_STORE_STOP},
        {"PUT /zosConnect/apis/a?status=started", SP_ADMIN_CHANGE, SP_ACT_START, SP_STORE_API, "a",
         SP_STORE_START},
        {"DELETE /zosConnect/apiRequesters/r_1", SP_ADMIN_CHANGE, SP_ACT_DELETE, SP_STORE_REQUESTER, "r_1",
         SP_STORE_DELETE},
        {"GET /zosConnect/services/s?action=status", SP_ADMIN_DETAILS, SP_ACT_DETAILS, SP_STORE_SERVICE, "s",
         0},
        {"PUT /zosConnect/services/s?action=start", SP_ADMIN_CHANGE, SP_ACT_START, SP_STORE_SERVICE, "s",
         SP_STORE_START},
        {"PUT /zosConnect/services/s?action=stop", SP_ADMIN_CHANGE, SP_ACT_STOP, SP_STORE_SERVICE, "s",
         SP_STORE_STOP},
        {"GET /zosConnect/services/s?action=getStatistics", SP_ADMIN_STATISTICS, SP_ACT_STATISTICS,
         SP_STORE_SERVICE, "s", 0},
        {"GET /zosConnect/services/s/schema/request", SP_ADMIN_REQUEST_SCHEMA, SP_ACT_DOCUMENT,
         SP_STORE_SERVICE, "s", 0},
        {"GET /zosConnect/services/s/schema/response", SP_ADMIN_RESPONSE_SCHEMA, SP_ACT_DOCUMENT,
         SP_STORE_SERVICE, "s", 0},
        {"GET /zosConnect/operations/getStatistics?provider=CICS-1.0", SP_ADMIN_ALL_STATISTICS,
         SP_ACT_STATISTICS, 0, "", 0},
        {"GET /zosConnect/api-docs", SP_ADMIN_DOCUMENT, SP_ACT_DOCUMENT, 0, "", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sp_admin_route made = route(rows[i].line);
        if (made.op != rows[i].op || made.action != rows[i].action || made.kind != rows[i].kind ||
            !sp_str_is(made.name, rows[i].name) || made.act != rows[i].act)
            fail_msg("%s: op %d, action %d", rows[i].line, made.op, made.action);
    }
}

static void other_methods_and_paths_are_refused(void **state)
{
    static const struct {
        const char *line;
        unsigned status;
        const char *allow;
    } rows[] = {
        {"DELETE /zosConnect/apis", 405, "GET, POST"},
        {"POST /zosConnect/services/s +", 405, "GET, PUT, DELETE"},
        {"PATCH /zosConnect/apis/a", 405, "GET, PUT, DELETE"},
        {"POST /zosConnect/services/s?action=start", 405, "PUT"},
        {"PUT /zosConnect/services/s?action=status", 405, "GET"},
        {"PUT /zosConnect/services/s/schema/request", 405, "GET"},
        {"POST /zosConnect/operations/getStatistics", 405, "GET"},
        {"POST /zosConnect/api-docs", 405, "GET"},
        {"GET /zosConnect/services/s?action=other", 404, NULL},
        {"GET /zosConnect/services/s/schema/other", 404, NULL},
        {"GET /zosConnect/apis/a/schema/request", 404, NULL},
        {"GET /zosConnect/apis/a/b", 404, NULL},
        {"GET /zosConnect/apis/", 404, NULL},
        {"GET /zosConnect/Apis", 404, NULL},
        {"GET /zosConnect/operations", 404, NULL},
        {"GET /zosConnect", 404, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sp_admin_route made = route(rows[i].line);
        bool allow = rows[i].allow ? sp_str_is(made.allow, rows[i].allow) : !made.allow.ptr;
        if (made.op != SP_ADMIN_NOTHING || made.refusal != rows[i].status || !allow)
            fail_msg("%s: %u", rows[i].line, made.refusal);
    }
}

static void calls_of_services_are_not_administration(void **state)
{
    static const struct {
        const char *line;
        bool ours;
    } rows[] = {
        {"GET /zosConnect/apis", true},
        {"GET /zosConnect", true},
        {"POST /zosConnect/services/s?action=invoke", false},
        {"GET /zosConnect/services/s?action=invoke", false},
        {"GET /zosConnect/services/s?action=status", true},
        {"POST /zosConnect/apis/s?action=invoke", true},
        {"GET /zosconnect/apis", false},
        {"GET /bank/accounts", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sp_admin_request asked = request(rows[i].line);
        if (sp_admin_is_ours(&asked) != rows[i].ours)
            fail_msg("%s", rows[i].line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_uri_has_its_meaning_and_authority),
        cmocka_unit_test(other_methods_and_paths_are_refused),
        cmocka_unit_test(calls_of_services_are_not_administration),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
