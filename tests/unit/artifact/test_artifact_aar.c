/* SPDX-License-Identifier: Apache-2.0 */
#include "archive_compose.h"

#include "artifact/aar.h"
#include "artifact/package.h"

#define PACKAGE(paths)                                                                                 \
    "<zosConnectApi xmlns='http://www.ibm.com/zosConnect/2.0/zosConnectApi' id='accounts'>\n"          \
    "<apiSpec title='Accounts' basePath='/bank' description='Ask for accounts' version='1.2'>\n" paths \
    "<apiDoc docType='SWAGGER'>api-docs/swagger.json</apiDoc></apiSpec></zosConnectApi>"
#define GET_PATH                                                                                   \
    "<path relativePath='/accounts/{number}'>\n<method type='GET' zosConnectServiceRef='enquire' " \
    "httpXformFile='api/get/mapping.xml' operationId='getenquire'/>\n</path>"

#define MAPPING(inner)                                                                                    \
    "<n:ZosConnectServiceMapping xmlns:n='http://www.ibm.com/zosConnect/2.0/zosConnectServiceMapping'>\n" \
    "<mappingContext basePath='/bank' relativePath='/accounts/{number}?detail' method='GET' "             \
    "serviceName='enquire' defaultResponseCode='200'/>\n" inner "</n:ZosConnectServiceMapping>"
#define REQUEST_MAP \
    "<requestMessage><mappingRootModel type='MSL' location='api\\get\\request.map'/></requestMessage>\n"
#define RESPONSES "<responseMessages code='200' description='OK'/>\n"

#define MAP_BEGIN                                                 \
    "<mappingRoot xmlns='http://www.ibm.com/2008/ccl/Mapping'>\n" \
    "<inlinedXMLSchema>ignored</inlinedXMLSchema>"
#define XSD                                                                                         \
    "<inlinedXMLSchema><![CDATA[\n<?xml version=\"1.0\"?><x:schema "                                \
    "xmlns:x='http://www.w3.org/2001/XMLSchema'><x:element name='HTTPRequest'/>"                    \
    "<x:complexType name='QueryParametersType'><x:sequence><x:element name='detail'/>"              \
    "<x:element name='page' minOccurs='0'/></x:sequence></x:complexType>"                           \
    "<x:complexType name='HeadersType'><x:sequence><x:element name='Authorization' minOccurs='0'/>" \
    "</x:sequence></x:complexType></x:schema>]]></inlinedXMLSchema>\n"
#define REQUEST_UPDATES(updates)                                                                            \
    "<mappingRoot xmlns='http://www.ibm.com/2008/ccl/Mapping'>" XSD                                         \
    "<mappingDeclaration name='GET'><input path='$rootInput/HTTPRequest'/><output path='$rootOutput/Q'/>\n" \
    "<passthrough><input path='Body/Q'/><output path='.'/>\n<updates>\n" updates                            \
    "</updates></passthrough></mappingDeclaration></mappingRoot>"
#define RESPONSE_UPDATES(updates)                                                              \
    "<mappingRoot xmlns='http://www.ibm.com/2008/ccl/Mapping'><mappingDeclaration name='GET'>" \
    "<input path='$rootInput/P'/><output path='$rootOutput/HTTPResponse'/>\n"                  \
    "<passthrough><input path='.'/><output path='Body/P'/>\n<updates>\n" updates               \
    "</updates></passthrough></mappingDeclaration></mappingRoot>"
#define TYPE(t) " xsdBuiltInOrDerivedSimpleType='http://www.w3.org/2001/XMLSchema:" t "'"

#define SWAGGER                                                                               \
    "{\"swagger\":\"2.0\",\"basePath\":\"/bank\",\"paths\":{\"/accounts/{number}\":{\"get\":" \
    "{\"operationId\":\"getenquire\"}}}}"

static void compose(struct fixture *f)
{
    memset(f->entries, 0, sizeof f->entries);
    put(f, "package.xml", PACKAGE(GET_PATH));
    put(f, "api-docs\\swagger.json", SWAGGER);
    put(f, "api/get/mapping.xml", MAPPING(REQUEST_MAP RESPONSES));
    put(f, "api/get/request.map",
        REQUEST_UPDATES("<move><input httpIn='path' path='PathParameters/number'/>"
                        "<output httpIn='body' path='G/Number'" TYPE("integer") "/></move>\n"));
}

static enum sp_status read_aar(struct fixture *f, struct sp_aar **ret_aar)
{
    return sp_aar_read(pack(f), "accounts.aar", &f->arena, ret_aar, &f->err);
}

static struct sp_aar *read_ok(struct fixture *f)
{
    struct sp_aar *aar = NULL;
    if (read_aar(f, &aar) != SP_OK)
        fail_msg("%s: %s", f->err.file, f->err.text);
    return aar;
}

static void refuses(struct fixture *f, enum sp_status expected, const char *entry, const char *text)
{
    struct sp_aar *aar = NULL;
    char file[128];
    snprintf(file, sizeof file, entry ? "accounts.aar(%s)" : "accounts.aar", entry);
    assert_error(f, read_aar(f, &aar), expected, file, text);
    assert_null(aar);
    compose(f);
}

static void assert_warning(const struct sp_aar *aar, const char *text)
{
    for (size_t i = 0; i < aar->warning_count; i++)
        if (strstr(aar->warnings[i].ptr, text))
            return;
    fail_msg("no warning says \"%s\" (%zu warnings%s%s)", text, aar->warning_count,
             aar->warning_count ? ", the first: " : "", aar->warning_count ? aar->warnings[0].ptr : "");
}

/* ---------------------------------------------------------------- the whole */

static void an_api_archive_is_read_whole(void **state)
{
    struct fixture *f = *state;
    compose(f);
    put(f, "services/enquire/manifest.yml", "- tolerated, not read: ["); /* older exports embed services */
    const struct sp_aar *aar = read_ok(f);
    sp_buf_reset(&f->bytes);
    assert_true(sp_buf_append_fill(&f->bytes, 0, 10000) == SP_OK); /* nothing points into the archive */
    assert_true(sp_str_is(aar->name, "accounts"));
    assert_true(sp_str_is(aar->version, "1.2"));
    assert_true(sp_str_is(aar->description, "Ask for accounts"));
    assert_true(sp_str_is(aar->base_path, "/bank"));
    assert_true(sp_str_is(aar->swagger, SWAGGER));
    assert_int_equal(aar->warning_count, 0);
    assert_int_equal(aar->operation_count, 1);
    const struct sp_aar_operation *op = aar->operations;
    assert_true(sp_str_is(op->method, "GET"));
    assert_true(sp_str_is(op->template, "/accounts/{number}"));
    assert_true(sp_str_is(op->service, "enquire"));
    assert_true(sp_str_is(op->operation_id, "getenquire"));
    assert_int_equal(op->response_count, 1);
    assert_int_equal(op->responses->code, 200);
    assert_true(op->responses->is_default);
    assert_true(sp_str_is(op->responses->description, "OK"));
    assert_int_equal(op->responses->map->step_count, 0);
    assert_true(sp_str_is(op->request->root, "Q"));
    assert_int_equal(op->request->step_count, 1);
    const struct sp_map_step *step = op->request->steps;
    assert_int_equal(step->verb, SP_MAP_MOVE);
    assert_int_equal(step->from_place, SP_MAP_PATH);
    assert_true(sp_str_is(step->from, "number"));
    assert_int_equal(step->to_place, SP_MAP_BODY);
    assert_true(sp_str_is(step->to, "G/Number"));
    assert_true(sp_str_is(step->xsd_type, "integer"));
    assert_true(step->required);
}

static void without_maps_the_body_passes_through(void **state)
{
    struct fixture *f = *state;
    compose(f);
    put(f, "api/get/mapping.xml", MAPPING(""));
    put(f, "api/get/request.map", NULL);
    const struct sp_aar_operation *op = read_ok(f)->operations;
    assert_int_equal(op->request->step_count, 0);
    assert_int_equal(op->response_count, 1);
    assert_int_equal(op->responses->code, 200);
    assert_int_equal(op->responses->map->step_count, 0);
}

/* ---------------------------------------------------------------- steps */

static void every_step_of_a_request_is_read(void **state)
{
    struct fixture *f = *state;
    compose(f);
    put(f, "api/get/request.map",
        REQUEST_UPDATES(
            "<move><input httpIn='query' path='QueryParameters/detail' shape='1'/>"
            "<output httpIn='body' path='A'" TYPE(
                "string") "/></move>"
                          "<move><input httpIn='query' path='QueryParameters/page'/><output path='B'" TYPE(
                              "double") "/></move>"
                                        "<move><input httpIn='header' path='Headers/Authorization'/><output "
                                        "path='C'/></move>"
                                        "<move><input httpIn='header' path='Headers/X-Key' "
                                        "required='true'/><output path='D'/></move>"
                                        "<assign value='R'><output httpIn='body' omitFromInterface='true' "
                                        "path='E/F'/></assign>"
                                        "<assign><output httpIn='body' path='H'/></assign>"
                                        "<remove><output path='I/J'/></remove>"));
    const struct sp_map *map = read_ok(f)->operations->request;
    const struct sp_map_step *s = map->steps;
    assert_int_equal(map->step_count, 7);
    assert_int_equal(s[0].from_place, SP_MAP_QUERY);
    assert_true(sp_str_is(s[0].from, "detail"));
    assert_true(s[0].required); /* by the schema */
    assert_false(s[1].required);
    assert_true(sp_str_is(s[1].xsd_type, "double"));
    assert_int_equal(s[2].from_place, SP_MAP_HEADER);
    assert_true(sp_str_is(s[2].from, "Authorization"));
    assert_false(s[2].required);
    assert_true(s[3].required); /* by the attribute */
    assert_true(sp_str_is(s[3].xsd_type, ""));
    assert_int_equal(s[4].verb, SP_MAP_ASSIGN);
    assert_true(sp_str_is(s[4].value, "R"));
    assert_true(sp_str_is(s[4].to, "E/F"));
    assert_true(s[4].omit);
    assert_true(sp_str_is(s[5].value, ""));
    assert_false(s[5].omit);
    assert_int_equal(s[6].verb, SP_MAP_REMOVE);
    assert_true(sp_str_is(s[6].to, "I/J"));
}

static void a_response_writes_headers_and_removes_fields(void **state)
{
    struct fixture *f = *state;
    compose(f);
    put(f, "api/get/mapping.xml",
        MAPPING("<responseMessages code='200' description='OK'>"
                "<mappingRootModel type='MSL' location='api/get/response.map'/></responseMessages>"));
    put(f, "api/get/response.map",
        RESPONSE_UPDATES("<move><input path='A/B'/><output httpIn='header' path='Headers/X-Count'/></move>"
                         "<remove><output httpIn='body' path='Body/P/C/D'/></remove>"
                         "<assign value='x'><output httpIn='header' path='Headers/X-Const'/></assign>"));
    const struct sp_map *map = read_ok(f)->operations->responses->map;
    assert_true(sp_str_is(map->root, "P"));
    assert_int_equal(map->step_count, 3);
    assert_int_equal(map->steps[0].from_place, SP_MAP_BODY);
    assert_true(sp_str_is(map->steps[0].from, "A/B"));
    assert_int_equal(map->steps[0].to_place, SP_MAP_HEADER);
    assert_true(sp_str_is(map->steps[0].to, "X-Count"));
    assert_false(map->steps[0].required);
    assert_true(sp_str_is(map->steps[1].to, "C/D"));
    assert_int_equal(map->steps[2].to_place, SP_MAP_HEADER);
}

static void steps_that_mean_something_else_are_refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *map;
        enum sp_status status;
        const char *text;
    } cases[] = {
        {REQUEST_UPDATES("<add><output path='A'/></add>"), SP_EUNSUPPORTED, "<add> is a mapping that is not"},
        {REQUEST_UPDATES("<foreach/>"), SP_EUNSUPPORTED, "<foreach>"},
        {REQUEST_UPDATES("<move><output path='A'/></move>"), SP_EINVAL, "<move> has no <input>"},
        {REQUEST_UPDATES("<move><input path='PathParameters/x'/></move>"), SP_EINVAL, "has no <output>"},
        {REQUEST_UPDATES("<remove/>"), SP_EINVAL, "<remove> has no <output>"},
        {REQUEST_UPDATES("<remove><output path=''/></remove>"), SP_EINVAL, "has no path"},
        {REQUEST_UPDATES("<remove><output/></remove>"), SP_EINVAL, "has no path"},
        {REQUEST_UPDATES("<remove><output path='A//B'/></remove>"), SP_EINVAL, "is no path of fields"},
        {REQUEST_UPDATES("<remove><output path='A/../B'/></remove>"), SP_EINVAL, "is no path of fields"},
        {REQUEST_UPDATES("<remove><output path='Body/Other/B'/></remove>"), SP_EINVAL,
         "does not begin with Body/Q"},
        {REQUEST_UPDATES("<move><input httpIn='query' path='PathParameters/x'/><output path='A'/></move>"),
         SP_EINVAL, "httpIn is \"query\", but the path is one of the path"},
        {REQUEST_UPDATES("<move><input path='PathParameters/'/><output path='A'/></move>"), SP_EINVAL,
         "names no path"},
        {REQUEST_UPDATES("<move><input path='B'/><output path='A'/></move>"), SP_EUNSUPPORTED,
         "a request mapping cannot move something from the body"},
        {REQUEST_UPDATES("<move><input path='PathParameters/x'/><output path='Headers/A'/></move>"),
         SP_EUNSUPPORTED, "a request mapping cannot write to the header"},
        {"<mappingRoot/>", SP_EINVAL, "this is no mapping"},
        {"<other><mappingDeclaration/></other>", SP_EINVAL, "this is no mapping"},
        {"<mappingRoot><mappingDeclaration/><mappingDeclaration/></mappingRoot>", SP_EUNSUPPORTED, "several"},
        {"<mappingRoot><mappingDeclaration/></mappingRoot>", SP_EUNSUPPORTED, "no <passthrough>"},
        {"<mappingRoot><mappingDeclaration><move/></mappingDeclaration></mappingRoot>", SP_EUNSUPPORTED,
         "<move> is not supported here"},
        {"<mappingRoot><mappingDeclaration><passthrough/><passthrough/></mappingDeclaration></mappingRoot>",
         SP_EUNSUPPORTED, "a mapping has one <passthrough>"},
        {"<mappingRoot><mappingDeclaration><passthrough><input path='Body/Q/A'/><output path='.'/>"
         "</passthrough></mappingDeclaration></mappingRoot>",
         SP_EUNSUPPORTED, "only a mapping that passes the whole body"},
        {"<mappingRoot><mappingDeclaration><passthrough><input path='Body/Q'/><output path='.'/><custom/>"
         "</passthrough></mappingDeclaration></mappingRoot>",
         SP_EUNSUPPORTED, "<custom> is not supported below"},
        {"<mappingRoot><inlinedXMLSchema>&lt;x</inlinedXMLSchema><mappingDeclaration/></mappingRoot>",
         SP_ESYNTAX, "the inlined schema"},
    };
    compose(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put(f, "api/get/request.map", cases[i].map);
        refuses(f, cases[i].status, "api/get/request.map", cases[i].text);
    }
}

static void the_number_of_steps_is_limited(void **state)
{
    struct fixture *f = *state;
    for (int extra = 0; extra < 2; extra++) {
        struct sp_buf text;
        sp_buf_init(&text, 1 << 20);
        for (int i = 0; i < 1000 + extra; i++)
            sp_buf_printf(&text, "<remove><output path='A%d'/></remove>", i);
        sp_buf_append_byte(&text, 0);
        compose(f);
        put(f, "api/get/request.map", edited(f, REQUEST_UPDATES("<here/>"), "<here/>", (char *)text.ptr));
        sp_buf_finish(&text);
        if (extra)
            refuses(f, SP_ELIMIT, "api/get/request.map", "1001 steps; at most 1000");
        else
            assert_int_equal(read_ok(f)->operations->request->step_count, 1000);
    }
}

/* ---------------------------------------------------------------- package.xml */

static void package_xml_is_checked(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *from, *to;
        enum sp_status status;
        const char *text;
    } cases[] = {
        {"id='accounts'", "", SP_EINVAL, "cannot be the name (id) of an API"},
        {"id='accounts'", "id='a/b'", SP_EINVAL, "\"a/b\" cannot be the name"},
        {"id='accounts'", "id='a' packageType='requester'", SP_EUNSUPPORTED, "API requester archive (.ara)"},
        {"zosConnectApi xmlns='http://www.ibm.com/zosConnect/2.0/zosConnectApi' id='accounts'>",
         "zosConnectApi id='a'><other/></zosConnectApi><!--", SP_ESYNTAX, ""},
        {"basePath='/bank'", "", SP_EINVAL, "the basePath \"\" does not begin with '/'"},
        {"basePath='/bank'", "basePath='bank'", SP_EINVAL, "does not begin with '/'"},
        {"basePath='/bank'", "basePath='/{x}'", SP_EINVAL, "has a parameter"},
        {"basePath='/bank'", "basePath='/bank/'", SP_EINVAL, "has an empty segment"},
        {"/accounts/{number}", "accounts", SP_EINVAL, "the path \"accounts\" does not begin"},
        {"/accounts/{number}", "/a/../b", SP_EINVAL, "has a segment of dots"},
        {"/accounts/{number}", "/a//b", SP_EINVAL, "has an empty segment"},
        {"/accounts/{number}", "/a/{x}/{x}", SP_EINVAL, "names a parameter twice"},
        {"/accounts/{number}", "/a/p{x}", SP_EINVAL, "a parameter that is not a whole segment"},
        {"/accounts/{number}", "/a/{}", SP_EINVAL, "a parameter that is not a whole segment"},
        {"/accounts/{number}", "/a b", SP_EINVAL, "a character that a path cannot have"},
        {"type='GET'", "type='FETCH'", SP_EINVAL, "\"FETCH\" is no method"},
        {"zosConnectServiceRef='enquire'", "", SP_EINVAL, "GET /accounts/{number} names no service"},
        {"httpXformFile='api/get/mapping.xml'", "", SP_EINVAL, "names no mapping"},
        {"api/get/mapping.xml", "api/put/mapping.xml", SP_EINVAL,
         "the mapping api/put/mapping.xml is not in the archive"},
        {"<method type='GET'", "<!--", SP_ESYNTAX, ""},
        {"docType='SWAGGER'", "docType='OTHER'", SP_EINVAL, "names no document"},
        {"swagger.json", "none.json", SP_EINVAL, "document api-docs/none.json is not in the archive"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        compose(f);
        edit(f, "package.xml", cases[i].from, cases[i].to);
        refuses(f, cases[i].status, "package.xml", cases[i].text);
    }
    put(f, "package.xml", PACKAGE(""));
    refuses(f, SP_EINVAL, "package.xml", "the API has no operation");
    put(f, "package.xml", PACKAGE(GET_PATH "<path relativePath='/x'/>"));
    refuses(f, SP_EINVAL, "package.xml", "the path /x has no method");
    put(f, "package.xml", "<zosConnectApi id='a'/>");
    refuses(f, SP_EINVAL, "package.xml", "no <apiSpec>");
    put(f, "package.xml", "<api id='a'/>");
    refuses(f, SP_EINVAL, "package.xml", "the root is <api>");
    put(f, "package.xml", NULL);
    refuses(f, SP_EINVAL, NULL, "no API archive: it has no package.xml");
}

static void a_slash_alone_is_an_empty_base_path(void **state)
{
    struct fixture *f = *state;
    compose(f);
    edit(f, "package.xml", "/bank", "/");
    edit(f, "api/get/mapping.xml", "/bank", "/");
    edit(f, "api-docs\\swagger.json", "/bank", "/");
    const struct sp_aar *aar = read_ok(f);
    assert_true(sp_str_is(aar->base_path, ""));
    assert_int_equal(aar->warning_count, 0);
}

static void operations_that_no_url_tells_apart_are_refused(void **state)
{
    struct fixture *f = *state;
    compose(f);
    put(f, "package.xml",
        PACKAGE(GET_PATH "<path relativePath='/accounts/{id}?x'><method type='get' "
                         "zosConnectServiceRef='enquire' httpXformFile='api/get/mapping.xml'/></path>"));
    refuses(f, SP_EEXISTS, "package.xml", "GET /accounts/{id} is there twice");
    put(f, "package.xml",
        PACKAGE(GET_PATH "<path relativePath='/accounts/{id}'><method type='PUT' "
                         "zosConnectServiceRef='enquire' httpXformFile='api/get/mapping.xml'/></path>"));
    assert_int_equal(read_ok(f)->operation_count, 2);
}

static void the_number_of_operations_is_limited(void **state)
{
    struct fixture *f = *state;
    for (int extra = 0; extra < 2; extra++) {
        struct sp_buf text;
        sp_buf_init(&text, 1 << 20);
        for (int i = 0; i < 2000 + extra; i++)
            sp_buf_printf(&text,
                          "<path relativePath='/p%d'><method type='GET' zosConnectServiceRef='enquire' "
                          "httpXformFile='api/get/mapping.xml'/></path>",
                          i);
        sp_buf_append_byte(&text, 0);
        compose(f);
        put(f, "package.xml", edited(f, PACKAGE("<here/>"), "<here/>", (char *)text.ptr));
        sp_buf_finish(&text);
        if (extra)
            refuses(f, SP_ELIMIT, "package.xml", "2001 operations; at most 2000");
        else
            assert_int_equal(read_ok(f)->operation_count, 2000);
    }
}

static void an_overlong_path_is_refused(void **state)
{
    char path[1026];
    memset(path, 'p', sizeof path);
    path[0] = '/';
    assert_null(sp_path_template_wrong(sp_str_from(path, 1024)));
    assert_string_equal(sp_path_template_wrong(sp_str_from(path, 1025)), "is too long");
}

/* ---------------------------------------------------------------- mapping.xml */

static void mapping_xml_is_checked(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *mapping;
        enum sp_status status;
        const char *text;
    } cases[] = {
        {"<x/>", SP_EINVAL, "no mapping of a service"},
        {"<ZosConnectServiceMapping/>", SP_EINVAL, "no mapping of a service"},
        {"<ZosConnectServiceMapping><mappingContext serviceName='other'/></ZosConnectServiceMapping>",
         SP_EINVAL, "for service \"other\", package.xml names \"enquire\""},
        {MAPPING("<requestMessage><mappingRootModel type='XSLT' location='x'/></requestMessage>"),
         SP_EUNSUPPORTED, "type \"XSLT\""},
        {MAPPING("<requestMessage><mappingRootModel type='MSL'/></requestMessage>"), SP_EINVAL,
         "no location"},
        {MAPPING("<requestMessage><mappingRootModel location='none.map'/></requestMessage>"), SP_EINVAL,
         "the mapping none.map is not in the archive"},
        {MAPPING("<responseMessages code='99'/>"), SP_EINVAL, "\"99\" is no status"},
        {MAPPING("<responseMessages code='600'/>"), SP_EINVAL, "\"600\" is no status"},
        {MAPPING("<responseMessages/>"), SP_EINVAL, "is no status"},
        {MAPPING("<responseMessages code='404'/>"), SP_EINVAL,
         "the default response is 200, which is not among"},
        {MAPPING(RESPONSES RESPONSES), SP_EEXISTS, "two responses with status 200"},
        {"<ZosConnectServiceMapping", SP_ESYNTAX, ""},
    };
    compose(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put(f, "api/get/mapping.xml", cases[i].mapping);
        refuses(f, cases[i].status, "api/get/mapping.xml", cases[i].text);
    }
}

static void several_responses_are_read_and_their_choice_is_said(void **state)
{
    struct fixture *f = *state;
    compose(f);
    put(f, "api/get/mapping.xml",
        MAPPING("<responseMessages code='404' description='None'><rule/></responseMessages>" RESPONSES
                "<responseMessages code='599'/>"));
    const struct sp_aar *aar = read_ok(f);
    const struct sp_aar_operation *op = aar->operations;
    assert_int_equal(op->response_count, 3);
    assert_int_equal(op->responses[0].code, 404);
    assert_false(op->responses[0].is_default);
    assert_true(op->responses[1].is_default);
    assert_true(sp_str_is(op->responses[2].description, ""));
    assert_int_equal(aar->warning_count, 2);
    assert_warning(aar, "GET /accounts/{number}: response 404 is never chosen");
}

static void without_a_named_default_200_or_the_first_is_it(void **state)
{
    struct fixture *f = *state;
    compose(f);
    const char *two = "<responseMessages code='201'/><responseMessages code='%s'/>";
    for (int i = 0; i < 2; i++) {
        char responses[128];
        snprintf(responses, sizeof responses, two, i ? "404" : "200");
        const char *mapping = edited(f, MAPPING("<here/>"), " defaultResponseCode='200'", "");
        put(f, "api/get/mapping.xml", edited(f, mapping, "<here/>", responses));
        const struct sp_aar_operation *op = read_ok(f)->operations;
        assert_true(op->responses[i ? 0 : 1].is_default);
        assert_false(op->responses[i ? 1 : 0].is_default);
    }
}

static void the_number_of_responses_is_limited(void **state)
{
    struct fixture *f = *state;
    for (int extra = 0; extra < 2; extra++) {
        struct sp_buf text;
        sp_buf_init(&text, 1 << 20);
        for (int i = 0; i < 64 + extra; i++)
            sp_buf_printf(&text, "<responseMessages code='%d'/>", 200 + i);
        sp_buf_append_byte(&text, 0);
        compose(f);
        put(f, "api/get/mapping.xml", edited(f, MAPPING("<here/>"), "<here/>", (char *)text.ptr));
        sp_buf_finish(&text);
        if (extra)
            refuses(f, SP_ELIMIT, "api/get/mapping.xml", "65 responses; at most 64");
        else
            assert_int_equal(read_ok(f)->operations->response_count, 64);
    }
}

static void a_mapping_made_for_another_path_is_a_warning(void **state)
{
    struct fixture *f = *state;
    compose(f);
    edit(f, "api/get/mapping.xml", "/accounts/{number}", "/konten/{number}");
    assert_warning(read_ok(f), "was made for GET /bank/konten/{number}, package.xml uses it for GET "
                               "/bank/accounts/{number}");
}

/* ---------------------------------------------------------------- the document */

static void the_document_must_be_json(void **state)
{
    struct fixture *f = *state;
    compose(f);
    put(f, "api-docs\\swagger.json", "{");
    refuses(f, SP_ESYNTAX, "api-docs/swagger.json", "the API's document is no JSON");
    put(f, "api-docs\\swagger.json", "3");
    refuses(f, SP_EINVAL, "api-docs/swagger.json", "no JSON object");
}

static void where_document_and_package_disagree_there_are_warnings(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *document, *text;
        size_t count;
    } cases[] = {
        {"{}", "GET /accounts/{number} is not in the API's document", 3},
        {"{\"swagger\":\"2.0\",\"basePath\":\"/bank\",\"paths\":[]}", "is not in the API's document", 1},
        {"{\"swagger\":\"2.0\",\"basePath\":\"/bank\",\"paths\":{\"/accounts/{number}\":{\"get\":"
         "{\"operationId\":\"other\"},\"put\":{},\"parameters\":[],\"x-y\":1}}}",
         "operation getenquire is called \"other\"", 2},
        {"{\"swagger\":\"2.0\",\"basePath\":\"/bank\",\"paths\":{\"/accounts/{number}\":{\"get\":"
         "{\"operationId\":\"getenquire\"},\"put\":{}}}}",
         "put /accounts/{number} is in the API's document and not in package.xml", 1},
        {"{\"swagger\":\"2.0\",\"basePath\":\"/b\",\"paths\":{\"/accounts/{number}\":{\"get\":"
         "{\"operationId\":\"getenquire\"}}}}",
         "basePath \"/b\", package.xml \"/bank\"", 1},
        {"{\"swagger\":\"3.0\",\"basePath\":\"/bank\",\"paths\":{\"/accounts/{number}\":{\"get\":"
         "{\"operationId\":\"getenquire\"}}}}",
         "swagger \"3.0\", not 2.0", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        compose(f);
        put(f, "api-docs\\swagger.json", cases[i].document);
        const struct sp_aar *aar = read_ok(f);
        assert_warning(aar, cases[i].text);
        assert_int_equal(aar->warning_count, cases[i].count);
    }
}

static void warnings_end_at_a_hundred(void **state)
{
    struct fixture *f = *state;
    struct sp_buf text;
    sp_buf_init(&text, 1 << 20);
    for (int i = 0; i < 150; i++)
        sp_buf_printf(&text, "%s\"/p%d\":{\"get\":{}}", i ? "," : "", i);
    sp_buf_append_byte(&text, 0);
    compose(f);
    put(f, "api-docs\\swagger.json", edited(f, "{\"paths\":{HERE}}", "HERE", (char *)text.ptr));
    sp_buf_finish(&text);
    assert_int_equal(read_ok(f)->warning_count, 100);
}

static void memory_is_bounded_by_the_arena(void **state)
{
    struct fixture *f = *state;
    compose(f);
    struct sp_str bytes = pack(f);
    bool too_small = false, enough = false;
    for (size_t ceiling = 1; ceiling < 100000; ceiling += 700) {
        struct sp_arena small;
        struct sp_aar *aar = NULL;
        sp_arena_init(&small, ceiling);
        enum sp_status status = sp_aar_read(bytes, "x.aar", &small, &aar, &f->err);
        assert_true(status == SP_OK ? !!aar : status == SP_ENOMEM && !aar);
        too_small = too_small || status != SP_OK;
        enough = enough || status == SP_OK;
        sp_arena_finish(&small);
    }
    assert_true(too_small && enough);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_api_archive_is_read_whole),
        TEST(without_maps_the_body_passes_through),
        TEST(every_step_of_a_request_is_read),
        TEST(a_response_writes_headers_and_removes_fields),
        TEST(steps_that_mean_something_else_are_refused),
        TEST(the_number_of_steps_is_limited),
        TEST(package_xml_is_checked),
        TEST(a_slash_alone_is_an_empty_base_path),
        TEST(operations_that_no_url_tells_apart_are_refused),
        TEST(the_number_of_operations_is_limited),
        TEST(an_overlong_path_is_refused),
        TEST(mapping_xml_is_checked),
        TEST(several_responses_are_read_and_their_choice_is_said),
        TEST(without_a_named_default_200_or_the_first_is_it),
        TEST(the_number_of_responses_is_limited),
        TEST(a_mapping_made_for_another_path_is_a_warning),
        TEST(the_document_must_be_json),
        TEST(where_document_and_package_disagree_there_are_warnings),
        TEST(warnings_end_at_a_hundred),
        TEST(memory_is_bounded_by_the_arena),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
