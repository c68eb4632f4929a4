/* SPDX-License-Identifier: Apache-2.0 */
#include "build_files.h"

#include "artifact/aar_write.h"
#include "artifact/body_path.h"

#define API_HEAD                                                                                     \
    "name: accounts\ntitle: Accounts\nversion: 2.1\ndescription: 'Ask & be told'\nbasePath: /bank\n" \
    "services: [enquire.sar]\noperations:\n"
#define GET_HEAD "  - path: /accounts/{number}\n    method: get\n    service: enquire\n"

/* The archive of a service goes among the files. */
static void put_service(struct fixture *f, const char *file, const char *properties)
{
    if (build_service(f, properties) != SP_OK)
        fail_msg("%s:%u: %s", f->err.file, f->err.line, f->err.text);
    put_bytes(f, file, sp_buf_str(&f->archive));
}

static void put_enquiry(struct fixture *f)
{
    put_copybook(f, "enquire.cpy",
                 "01 ENQ.\n"
                 "   03 ACTION PIC X.\n"
                 "   03 NUMBER-A PIC 9(8).\n"
                 "   03 BRANCH PIC X(4).\n"
                 "   03 RATE PIC 9(4)V99.\n"
                 "   03 CODES PIC X(3) OCCURS 2.\n"
                 "   03 OWNER.\n"
                 "      05 OWNER-NAME PIC X(20).\n"
                 "      05 OWNER-AGE PIC 9(3) COMP.\n"
                 "   03 LINES OCCURS 3.\n"
                 "      05 LINE-TEXT PIC X(10).\n"
                 "   03 HIDDEN-ONE PIC X.\n");
    put_service(f, "enquire.sar",
                "name=enquire\nprogram=ENQ\nconnectionRef=c\nrequestStructure=enquire.cpy\n"
                "exclude=HIDDEN-ONE\ndescribe.BRANCH=Branch code\n");
}

static enum sp_status build_api(struct fixture *f, const char *yaml)
{
    struct sp_api_source source;
    struct sp_build_files files = {load, f};
    sp_buf_reset(&f->archive);
    sp_error_clear(&f->err);
    enum sp_status status = sp_api_source_read(sp_str_of(yaml), "x.yaml", &f->arena, &source, &f->err);
    if (status == SP_OK)
        status = sp_aar_write(&source, &files, &f->arena, &f->archive, &f->err);
    return status;
}

static const struct sp_aar *built_api(struct fixture *f, const char *yaml)
{
    struct sp_aar *aar = NULL;
    if (build_api(f, yaml) != SP_OK)
        fail_msg("%s:%u: %s", f->err.file, f->err.line, f->err.text);
    if (sp_aar_read(sp_buf_str(&f->archive), "x.aar", &f->arena, &aar, &f->err) != SP_OK)
        fail_msg("%s:%u: %s", f->err.file, f->err.line, f->err.text);
    return aar;
}

static const struct sp_json_value *document(struct fixture *f, const struct sp_aar *aar)
{
    struct sp_json_value *tree = NULL;
    assert_int_equal(sp_json_parse(aar->swagger, &f->arena, NULL, &tree, &f->err), SP_OK);
    return tree;
}

/* Member by "a.b.c"; a number counts in a list. */
static const struct sp_json_value *at(const struct sp_json_value *value, const char *path)
{
    struct sp_str rest = sp_str_of(path), name;
    while (value && sp_str_split(&rest, '>', &name)) {
        if (value->kind == SP_JSON_IS_ARRAY) {
            uint64_t n = 0;
            assert_int_equal(sp_str_to_u64(name, &n), SP_OK);
            for (value = value->first; value && n; n--)
                value = value->next;
        } else {
            value = sp_json_member(value, name);
        }
    }
    return value;
}

static void assert_text(const struct sp_json_value *root, const char *path, const char *expected)
{
    const struct sp_json_value *value = at(root, path);
    if (!value || !sp_str_is(value->text, expected))
        fail_msg("%s is \"%.*s\", not \"%s\"", path, SP_STR_ARG(value ? value->text : SP_STR("missing")),
                 expected);
}

static void a_request_moves_assigns_and_removes(void **state)
{
    struct fixture *f = *state;
    put_enquiry(f);
    const struct sp_aar *aar =
        built_api(f, API_HEAD GET_HEAD "    summary: One account\n"
                                       "    request:\n"
                                       "      - move: {path: number, to: NUMBER_A}\n"
                                       "      - move: {query: branch, to: BRANCH, required: false}\n"
                                       "      - move: {query: age, to: OWNER/OWNER_AGE}\n"
                                       "      - move: {header: X-Code, to: CODES}\n"
                                       "      - assign: {to: ACTION, value: R}\n"
                                       "      - assign: {to: OWNER/OWNER_NAME, value: '<&>', visible: true}\n"
                                       "      - remove: LINES\n");
    assert_true(sp_str_is(aar->name, "accounts"));
    assert_true(sp_str_is(aar->version, "2.1"));
    assert_true(sp_str_is(aar->description, "Ask & be told"));
    assert_true(sp_str_is(aar->base_path, "/bank"));
    assert_int_equal(aar->warning_count, 0);
    assert_int_equal(aar->operation_count, 1);
    const struct sp_aar_operation *op = aar->operations;
    assert_true(sp_str_is(op->method, "GET"));
    assert_true(sp_str_is(op->template, "/accounts/{number}"));
    assert_true(sp_str_is(op->service, "enquire"));
    assert_true(sp_str_is(op->operation_id, "getenquire"));
    assert_int_equal(op->responses->map->step_count, 0);
    const struct sp_map_step *s = op->request->steps;
    assert_true(sp_str_is(op->request->root, "ENQ"));
    assert_int_equal(op->request->step_count, 7);
    assert_true(s[0].verb == SP_MAP_MOVE && s[0].from_place == SP_MAP_PATH && s[0].required);
    assert_true(sp_str_is(s[0].from, "number") && sp_str_is(s[0].to, "NUMBER_A"));
    assert_true(sp_str_is(s[0].xsd_type, "integer"));
    assert_true(s[1].from_place == SP_MAP_QUERY && !s[1].required && sp_str_is(s[1].xsd_type, "string"));
    assert_true(s[2].required && sp_str_is(s[2].to, "OWNER/OWNER_AGE"));
    assert_true(s[3].from_place == SP_MAP_HEADER && !s[3].required);
    assert_true(s[4].verb == SP_MAP_ASSIGN && sp_str_is(s[4].value, "R") && s[4].omit);
    assert_true(sp_str_is(s[5].value, "<&>") && !s[5].omit);
    assert_true(s[6].verb == SP_MAP_REMOVE && sp_str_is(s[6].to, "LINES"));
}

static void the_document_shows_what_clients_may_give(void **state)
{
    struct fixture *f = *state;
    put_enquiry(f);
    const struct sp_json_value *doc = document(
        f, built_api(f, API_HEAD GET_HEAD "    summary: One account\n"
                                          "    request:\n"
                                          "      - move: {path: number, to: NUMBER_A}\n"
                                          "      - move: {query: branch, to: BRANCH, required: false}\n"
                                          "      - assign: {to: ACTION, value: R}\n"
                                          "      - remove: LINES\n"
                                          "      - remove: OWNER/OWNER_NAME\n"
                                          "    responses:\n"
                                          "      - code: 200\n"
                                          "        steps:\n"
                                          "          - move: {from: BRANCH, header: X-Branch}\n"
                                          "          - remove: OWNER\n"));
    const char *get = "paths>/accounts/{number}>get";
    const struct sp_json_value *op = at(doc, get);
    assert_text(doc, "swagger", "2.0");
    assert_text(doc, "info>title", "Accounts");
    assert_text(doc, "basePath", "/bank");
    assert_text(op, "summary", "One account");
    assert_text(op, "operationId", "getenquire");
    assert_text(op, "parameters>0>name", "Authorization");
    assert_text(op, "parameters>1>name", "number");
    assert_text(op, "parameters>1>in", "path");
    assert_text(op, "parameters>1>type", "integer");
    assert_text(op, "parameters>1>maximum", "99999999");
    assert_int_equal(at(op, "parameters>1>required")->kind, SP_JSON_IS_TRUE);
    assert_text(op, "parameters>2>name", "branch");
    assert_text(op, "parameters>2>maxLength", "4");
    assert_text(op, "parameters>2>description", "Branch code");
    assert_int_equal(at(op, "parameters>2>required")->kind, SP_JSON_IS_FALSE);
    assert_text(op, "parameters>3>name", "getenquire_request");
    assert_text(op, "parameters>3>schema>$ref", "#/definitions/getenquire_request");
    assert_null(at(op, "parameters>4"));
    assert_text(op, "responses>200>description", "OK");
    assert_text(op, "responses>200>headers>X-Branch>type", "string");
    const struct sp_json_value *request = at(doc, "definitions>getenquire_request>properties>ENQ>properties");
    const struct sp_json_value *response =
        at(doc, "definitions>getenquire_response_200>properties>ENQ>properties");
    assert_int_equal(request->count, 3); /* RATE, CODES, OWNER */
    assert_text(request, "RATE>format", "decimal");
    assert_null(at(request, "RATE>multipleOf"));
    assert_text(request, "CODES>items>maxLength", "3");
    assert_int_equal(at(request, "OWNER>properties")->count, 1);
    assert_int_equal(response->count, 5); /* without BRANCH, OWNER and what the service hides */
    assert_text(response, "LINES>items>properties>LINE_TEXT>maxLength", "10");
}

static void nothing_left_in_the_body_is_no_body(void **state)
{
    struct fixture *f = *state;
    put_copybook(f, "one.cpy", "01 ONE.\n   05 A PIC X.\n   05 G.\n      07 B PIC X.");
    put_service(f, "enquire.sar", "name=enquire\nprogram=ENQ\nconnectionRef=c\nrequestStructure=one.cpy\n");
    const struct sp_json_value *doc =
        document(f, built_api(f, API_HEAD GET_HEAD
                              "    request:\n      - move: {path: number, to: A}\n      - remove: G/B\n"));
    assert_int_equal(at(doc, "paths>/accounts/{number}>get>parameters")->count, 2);
    assert_null(at(doc, "definitions>getenquire_request"));
}

static void a_body_of_none_removes_what_no_step_fills(void **state)
{
    struct fixture *f = *state;
    put_enquiry(f);
    const struct sp_aar *aar =
        built_api(f, API_HEAD GET_HEAD "    body: none\n"
                                       "    request:\n"
                                       "      - move: {path: number, to: NUMBER_A}\n"
                                       "      - assign: {to: OWNER/OWNER_AGE, value: 7}\n");
    static const char *const removed[] = {"ACTION", "BRANCH", "RATE", "CODES", "OWNER/OWNER_NAME", "LINES"};
    const struct sp_map *map = aar->operations->request;
    assert_int_equal(map->step_count, 8);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(map->steps[i + 2].verb, SP_MAP_REMOVE);
        assert_true(sp_str_is(map->steps[i + 2].to, removed[i]));
    }
    assert_null(at(document(f, aar), "definitions>getenquire_request"));
    assert_error(f, build_api(f, API_HEAD GET_HEAD "    body: all\n"), SP_EINVAL, "x.yaml", 0,
                 "body can only be none");
}

static void a_channel_has_a_wrapper_and_containers(void **state)
{
    struct fixture *f = *state;
    put_copybook(f, "one.cpy", "01 ONE.\n   05 A PIC X.\n   05 B PIC X.");
    put_service(f, "enquire.sar",
                "name=enquire\nprogram=ENQ\nprogramInterface=CHANNEL\nconnectionRef=c\n"
                "requestStructure=one.cpy\nrequestContainer=CONT-IN\n");
    const struct sp_aar *aar = built_api(
        f, API_HEAD GET_HEAD "    request:\n      - move: {path: number, to: CONT-IN/ONE/A}\n"
                             "    responses:\n      - code: 200\n        steps: [remove: CONT-IN/ONE/B]\n");
    assert_true(sp_str_is(aar->operations->request->root, "enquireOperation"));
    assert_true(sp_str_is(aar->operations->responses->map->root, "enquireOperationResponse"));
    const struct sp_json_value *doc = document(f, aar);
    assert_text(
        doc,
        "definitions>getenquire_request>properties>enquireOperation>properties>CONT-IN>properties>ONE>"
        "properties>B>type",
        "string");
    assert_text(doc, "definitions>getenquire_request>properties>enquireOperation>required>0", "CONT-IN");
    assert_error(f, build_api(f, API_HEAD GET_HEAD "    request: [remove: CONT-IN]\n"), SP_EINVAL, "x.yaml",
                 0, "CONT-IN is a container");
}

static void several_methods_and_responses_are_built(void **state)
{
    struct fixture *f = *state;
    put_enquiry(f);
    const struct sp_aar *aar = built_api(
        f, API_HEAD GET_HEAD "  - {path: '/accounts/{number}', method: PUT, service: enquire}\n"
                             "  - path: /\n    method: POST\n    service: enquire\n    operationId: open\n"
                             "    responses:\n"
                             "      - {code: 201, description: Made, default: true}\n"
                             "      - {code: 404, steps: [assign: {header: X-Why, value: none}]}\n");
    assert_int_equal(aar->operation_count, 3);
    assert_true(sp_str_is(aar->operations[2].template, "/"));
    assert_int_equal(aar->operations[2].response_count, 2);
    assert_true(aar->operations[2].responses[0].is_default);
    assert_true(sp_str_is(aar->operations[2].responses[0].description, "Made"));
    assert_int_equal(aar->operations[2].responses[1].map->steps->to_place, SP_MAP_HEADER);
    assert_int_equal(aar->warning_count, 1); /* 404 is never chosen */
    const struct sp_json_value *doc = document(f, aar);
    assert_int_equal(at(doc, "paths")->count, 2);
    assert_int_equal(at(doc, "paths>/accounts/{number}")->count, 2);
    assert_text(doc, "paths>/accounts/{number}>put>parameters>1>name", "number"); /* though no step uses it */
}

static void the_same_source_makes_the_same_bytes(void **state)
{
    struct fixture *f = *state;
    put_enquiry(f);
    assert_int_equal(build_api(f, API_HEAD GET_HEAD), SP_OK);
    struct sp_str first = sp_arena_str(&f->arena, sp_buf_str(&f->archive));
    assert_int_equal(build_api(f, API_HEAD GET_HEAD), SP_OK);
    assert_true(sp_str_eq(first, sp_buf_str(&f->archive)));
}

static void steps_must_fit_the_service(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *steps, *text;
    } cases[] = {
        {"move: {path: number, to: NUMBER}",
         "GET /accounts/{number}: NUMBER is no included field of the service"},
        {"move: {path: number, to: HIDDEN_ONE}", "HIDDEN_ONE is no included field"},
        {"move: {path: number, to: OWNER}", "OWNER is a group, or there are several of it"},
        {"move: {path: number, to: LINES}", "LINES is a group, or there are several"},
        {"move: {path: number, to: LINES/LINE_TEXT}", "LINE_TEXT is a group, or there are several"},
        {"move: {path: other, to: BRANCH}", "the path has no parameter {other}"},
        {"assign: {to: CODES, value: x}", "CODES is a group, or there are several"},
        {"assign: {to: BRANCH/X, value: x}", "BRANCH/X is no included field"},
        {"remove: OWNER/", "OWNER/ is no included field"},
        {"remove: NOTHING", "NOTHING is no included field"},
    };
    put_enquiry(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sp_str yaml =
            sp_arena_printf(&f->arena, API_HEAD GET_HEAD "    request:\n      - %s\n", cases[i].steps);
        assert_error(f, build_api(f, yaml.ptr), SP_EINVAL, "x.yaml", 0, cases[i].text);
    }
    assert_error(f,
                 build_api(f, API_HEAD GET_HEAD "    responses:\n      - code: 200\n        steps:\n"
                                                "          - move: {from: CODES, header: X}\n"),
                 SP_EINVAL, "x.yaml", 0, "CODES is a group");
    assert_int_equal(f->archive.len, 0);
}

static void the_yaml_is_checked(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *yaml;
        enum sp_status status;
        const char *text;
    } cases[] = {
        {"- a\n", SP_EINVAL, "an API must be a mapping"},
        {"nmae: x\n", SP_EINVAL, "an API has no key \"nmae\""},
        {"name: a/b\n", SP_EINVAL, "\"a/b\" cannot be the name of an API"},
        {"name: x\nbasePath: bank\n", SP_EINVAL, "the basePath \"bank\" does not begin"},
        {"name: x\nbasePath: '/{a}'\n", SP_EINVAL, "has a parameter"},
        {"name: x\nbasePath: /b\n", SP_EINVAL, "services, a list of service archives, is missing"},
        {"name: x\nbasePath: /b\nservices: a\n", SP_EINVAL, "services must be a list"},
        {"name: x\nbasePath: /b\nservices: [[a]]\n", SP_EINVAL, "services must be names of files"},
        {"name: x\nbasePath: /b\nservices: [a]\n", SP_EINVAL, "operations, a list, is missing"},
        {API_HEAD "  - 5\n", SP_EINVAL, "an operation must be a mapping"},
        {API_HEAD "  - {path: /x, verb: GET}\n", SP_EINVAL, "an operation has no key \"verb\""},
        {API_HEAD "  - {path: /x, method: GET}\n", SP_EINVAL, "an operation needs path, method"},
        {API_HEAD "  - {path: /x, method: FETCH, service: s}\n", SP_EINVAL,
         "an operation needs path, method"},
        {API_HEAD "  - {path: x, method: GET, service: s}\n", SP_EINVAL, "GET x: the path does not begin"},
        {API_HEAD GET_HEAD GET_HEAD, SP_EEXISTS, "GET /accounts/{number}: is there twice"},
        {API_HEAD GET_HEAD "  - {path: /y, method: GET, service: enquire}\n", SP_EEXISTS,
         "GET /y: another operation has the same operationId"},
        {API_HEAD GET_HEAD "    request: x\n", SP_EINVAL, "request must be a list"},
        {API_HEAD GET_HEAD "    request: [x]\n", SP_EINVAL,
         "GET /accounts/{number}, request, step 1: a step is one of"},
        {API_HEAD GET_HEAD "    request: [{remove: A, move: B}]\n", SP_EINVAL, "a step is one of"},
        {API_HEAD GET_HEAD "    request: [remove: ]\n", SP_EINVAL, "remove needs a field"},
        {API_HEAD GET_HEAD "    request: [move: A]\n", SP_EINVAL, "move must be a mapping"},
        {API_HEAD GET_HEAD "    request: [move: {path: a, query: b, to: c}]\n", SP_EINVAL,
         "move takes one of path"},
        {API_HEAD GET_HEAD "    request: [move: {to: c}]\n", SP_EINVAL, "move takes one of path"},
        {API_HEAD GET_HEAD "    request: [move: {path: a}]\n", SP_EINVAL, "move needs to"},
        {API_HEAD GET_HEAD "    request: [move: {query: a, to: b, required: 1}]\n", SP_EINVAL,
         "required is true or false"},
        {API_HEAD GET_HEAD "    request: [assign: {header: a, value: b}]\n", SP_EINVAL,
         "assign has no key \"header\""},
        {API_HEAD GET_HEAD "    request: [assign: {to: a}]\n", SP_EINVAL, "assign needs a value"},
        {API_HEAD GET_HEAD "    request: [assign: {value: a}]\n", SP_EINVAL, "assign takes to"},
        {API_HEAD GET_HEAD "    responses: [{code: 99}]\n", SP_EINVAL, "\"99\" is no status"},
        {API_HEAD GET_HEAD "    responses: [{code: 600}]\n", SP_EINVAL, "\"600\" is no status"},
        {API_HEAD GET_HEAD "    responses: [{code: 200}, {code: 200}]\n", SP_EEXISTS,
         "two responses with status 200"},
        {API_HEAD GET_HEAD "    responses: [{code: 200}, {code: 404}]\n", SP_EINVAL,
         "must have default: true"},
        {API_HEAD GET_HEAD "    responses: [{code: 200, steps: [move: {from: A}]}]\n", SP_EINVAL,
         "move takes from, a field, and header"},
        {API_HEAD GET_HEAD "    responses: [{code: 200, steps: [assign: {to: A, header: B, value: c}]}]\n",
         SP_EINVAL, "assign takes to"},
        {"name: [", SP_ESYNTAX, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum sp_status status = build_api(f, cases[i].yaml);
        assert_error(f, status, cases[i].status, "x.yaml", f->err.line, cases[i].text);
    }
}

static void services_are_looked_for(void **state)
{
    struct fixture *f = *state;
    assert_error(f, build_api(f, API_HEAD GET_HEAD), SP_ENOTFOUND, "", 0, "there is no file enquire.sar");
    put(f, "enquire.sar", "no archive");
    assert_error(f, build_api(f, API_HEAD GET_HEAD), SP_ESYNTAX, "enquire.sar", 0, "no ZIP archive");
    put_enquiry(f);
    assert_error(f, build_api(f, API_HEAD "  - {path: /x, method: GET, service: other}\n"), SP_ENOTFOUND,
                 "x.yaml", 0, "service other is in none of the archives");
    assert_error(
        f,
        build_api(f, "name: x\nbasePath: /b\nservices: [enquire.sar, enquire.sar]\noperations:\n" GET_HEAD),
        SP_EEXISTS, "x.yaml", 0, "service enquire comes from two archives");
}

static void lists_are_limited(void **state)
{
    struct fixture *f = *state;
    struct sp_buf yaml;
    sp_buf_init(&yaml, (size_t)1 << 20);
    put_enquiry(f);
    for (int extra = 0; extra < 2; extra++) {
        sp_buf_reset(&yaml);
        sp_buf_printf(&yaml, "%s%s    request:\n", API_HEAD, GET_HEAD);
        for (int i = 0; i < 1000 + extra; i++)
            sp_buf_printf(&yaml, "      - remove: BRANCH\n");
        sp_buf_append_byte(&yaml, 0);
        enum sp_status status = build_api(f, (char *)yaml.ptr);
        if (extra)
            assert_error(f, status, SP_ELIMIT, "x.yaml", 0, "request has 1001 members; at most 1000");
        else
            assert_int_equal(status, SP_OK);
        sp_buf_reset(&yaml);
        sp_buf_printf(&yaml, "name: x\nbasePath: /b\nservices: [enquire.sar]\noperations:\n");
        for (int i = 0; i < 2000 + extra; i++)
            sp_buf_printf(&yaml, "  - {path: /p%d, method: GET, service: enquire, operationId: o%d}\n", i, i);
        sp_buf_append_byte(&yaml, 0);
        struct sp_api_source source;
        status = sp_api_source_read(sp_str_of((char *)yaml.ptr), "x.yaml", &f->arena, &source, &f->err);
        if (extra)
            assert_error(f, status, SP_ELIMIT, "x.yaml", 0, "operations has 2001 members; at most 2000");
        else
            assert_int_equal(status, SP_OK);
        sp_buf_reset(&yaml);
        sp_buf_printf(&yaml, "name: x\nbasePath: /b\noperations:\n"
                             "  - {path: /p, method: GET, service: enquire, operationId: o}\nservices:\n");
        for (unsigned i = 0; i < SP_API_SERVICES_MAX + (unsigned)extra; i++)
            sp_buf_printf(&yaml, "  - s%u.sar\n", i);
        sp_buf_append_byte(&yaml, 0);
        status = sp_api_source_read(sp_str_of((char *)yaml.ptr), "x.yaml", &f->arena, &source, &f->err);
        if (extra)
            assert_error(f, status, SP_ELIMIT, "x.yaml", 0,
                         "services has 201 members; at most 200 are supported");
        else
            assert_int_equal(source.service_count, SP_API_SERVICES_MAX);
    }
    sp_buf_finish(&yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_moves_assigns_and_removes),
        TEST(the_document_shows_what_clients_may_give),
        TEST(nothing_left_in_the_body_is_no_body),
        TEST(a_body_of_none_removes_what_no_step_fills),
        TEST(a_channel_has_a_wrapper_and_containers),
        TEST(several_methods_and_responses_are_built),
        TEST(the_same_source_makes_the_same_bytes),
        TEST(steps_must_fit_the_service),
        TEST(the_yaml_is_checked),
        TEST(services_are_looked_for),
        TEST(lists_are_limited),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
