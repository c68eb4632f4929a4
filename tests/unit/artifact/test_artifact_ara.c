/* SPDX-License-Identifier: Apache-2.0 */
#include "archive_compose.h"

#include "artifact/ara.h"

#define PACKAGE(attributes, paths)                                                                 \
    "<zosConnectApi xmlns='http://www.ibm.com/zosConnect/2.0/zosConnectApi' id='rates_1.0' "       \
    "packageType='requester'>\n<apiSpec title='Rates' description='Ask' version='1.0' " attributes \
    ">\n" paths "<apiDoc docType='SWAGGER'>api-docs/rates.json</apiDoc></apiSpec></zosConnectApi>"
#define PATH                                                                                             \
    "<path relativePath='/rate/{currency}'><method type='GET' httpXformFile='api/rate/GET/mapping.xml' " \
    "operationId='getRate'/></path>"
#define MAPPING                                                                                           \
    "<n:ZosConnectServiceMapping xmlns:n='http://www.ibm.com/zosConnect/2.0/zosConnectServiceMapping'>\n" \
    "<mappingContext basePath='' relativePath='/rate/{currency}' method='GET' serviceName='getRate'/>"    \
    "<requestMessage><mappingRootModel type='MSL' location='api/rate/GET/request.map'/></requestMessage>" \
    "<responseMessages code='202'/></n:ZosConnectServiceMapping>"
#define BINDINGS "0123456789012345678901234567890123456789012345678901234567890123"

static void compose(struct fixture *f)
{
    memset(f->entries, 0, sizeof f->entries);
    put(f, "package.xml", PACKAGE("connectionRef='ratesConn'", PATH));
    put(f, "api-docs/rates.json", "{\"swagger\":\"2.0\"}");
    put(f, "api/rate/GET/mapping.xml", MAPPING);
    put(f, "api/rate/GET/request.map", "<mappingRoot/>");
    put(f, "ws-binds/getRate.wsbind", BINDINGS);
    put(f, "services/getRate/schemas/getRate_request.json", "{\"type\":\"object\"}");
    put(f, "services/getRate/schemas/getRate_202_response.json", "{\"title\":\"answer\"}");
}

static enum sp_status read_ara(struct fixture *f, struct sp_ara **ret_ara)
{
    *ret_ara = NULL;
    return sp_ara_read(pack(f), "rates.ara", &f->arena, ret_ara, &f->err);
}

static void assert_refused(struct fixture *f, enum sp_status expected, const char *file, const char *text)
{
    struct sp_ara *ara;
    assert_error(f, read_ara(f, &ara), expected, file, text);
    assert_null(ara);
    compose(f);
}

static void an_api_requester_is_read(void **state)
{
    struct fixture *f = *state;
    struct sp_ara *ara;
    compose(f);
    if (read_ara(f, &ara) != SP_OK)
        fail_msg("%s: %s", f->err.file, f->err.text);
    assert_true(sp_str_is(ara->name, "rates_1.0"));
    assert_true(sp_str_is(ara->version, "1.0"));
    assert_true(sp_str_is(ara->title, "Rates"));
    assert_true(sp_str_is(ara->description, "Ask"));
    assert_true(sp_str_is(ara->connection, "ratesConn"));
    assert_true(sp_str_is(ara->base_path, ""));
    assert_true(sp_str_is(ara->swagger, "{\"swagger\":\"2.0\"}"));
    assert_int_equal(ara->operation_count, 1);
    const struct sp_ara_operation *operation = ara->operations;
    assert_true(sp_str_is(operation->method, "GET"));
    assert_true(sp_str_is(operation->template, "/rate/{currency}"));
    assert_true(sp_str_is(operation->operation_id, "getRate"));
    assert_true(sp_str_is(operation->bindings, BINDINGS));
    assert_true(sp_str_is(operation->request_schema, "{\"type\":\"object\"}"));
    assert_true(sp_str_is(operation->response_schema, "{\"title\":\"answer\"}"));
    assert_int_equal(operation->response_code, 202);
}

static void what_is_missing_or_wrong_is_named(void **state)
{
    struct fixture *f = *state;
    compose(f);
    edit(f, "package.xml", "connectionRef='ratesConn'", "");
    assert_refused(f, SP_EINVAL, "rates.ara(package.xml)", "names no connection (connectionRef)");
    edit(f, "package.xml", "packageType='requester'", "");
    assert_refused(f, SP_EUNSUPPORTED, "rates.ara(package.xml)", "this is an API archive (.aar)");
    edit(f, "package.xml", "operationId='getRate'", "");
    assert_refused(f, SP_EINVAL, "rates.ara(package.xml)", "names no operationId");
    edit(f, "package.xml", "operationId='getRate'", "operationId='../getRate'");
    assert_refused(f, SP_EINVAL, "rates.ara(package.xml)", "cannot be an operationId");
    put(f, "package.xml", NULL);
    assert_refused(f, SP_EINVAL, "rates.ara", "no API requester archive: it has no package.xml");
    put(f, "api/rate/GET/mapping.xml", NULL);
    assert_refused(f, SP_EINVAL, "rates.ara(package.xml)", "mapping.xml is not in the archive");
    put(f, "api/rate/GET/request.map", NULL);
    assert_refused(f, SP_EINVAL, "rates.ara(api/rate/GET/mapping.xml)", "request.map is not in the archive");
    edit(f, "api/rate/GET/mapping.xml", "serviceName='getRate'", "serviceName='other'");
    assert_refused(f, SP_EINVAL, "rates.ara(api/rate/GET/mapping.xml)", "for operation \"other\"");
    put(f, "ws-binds/getRate.wsbind", NULL);
    assert_refused(f, SP_EINVAL, "rates.ara(ws-binds/getRate.wsbind)", "layout of operation getRate");
    put(f, "ws-binds/getRate.wsbind", "short");
    assert_refused(f, SP_ESYNTAX, "rates.ara(ws-binds/getRate.wsbind)", "no .wsbind file: 5 bytes");
    put(f, "api-docs/rates.json", NULL);
    assert_refused(f, SP_EINVAL, "rates.ara(api-docs/rates.json)", "not in the archive");
    put(f, "services/getRate/schemas/getRate_request.json", "{");
    assert_refused(f, SP_ESYNTAX, "rates.ara(services/getRate/schemas/getRate_request.json)", "");
    put(f, "services/getRate/schemas/getRate_202_response.json", "[]");
    assert_refused(f, SP_EINVAL, "rates.ara(services/getRate/schemas/getRate_202_response.json)",
                   "no JSON object");
}

static void schemas_may_be_absent(void **state)
{
    struct fixture *f = *state;
    struct sp_ara *ara;
    compose(f);
    put(f, "services/getRate/schemas/getRate_request.json", NULL);
    put(f, "services/getRate/schemas/getRate_202_response.json", NULL);
    assert_int_equal(read_ara(f, &ara), SP_OK);
    assert_null(ara->operations[0].request_schema.ptr);
    assert_null(ara->operations[0].response_schema.ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_api_requester_is_read),
        TEST(what_is_missing_or_wrong_is_named),
        TEST(schemas_may_be_absent),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
