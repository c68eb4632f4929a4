/* SPDX-License-Identifier: Apache-2.0 */
#include "archive_compose.h"

#include "artifact/archive.h"
#include "artifact/sar.h"

#define FLAG(name, value) "- propertyName: \"" name "\"\n  value: \"" value "\"\n  type: \"BOOLEAN\"\n"
#define STRING(name, value) "- propertyName: \"" name "\"\n  value: \"" value "\"\n  type: \"STRING\"\n"

static const char manifest[] =
    "---\nManifest-Version: 1.0\nname: \"enquire\"\nprovider: \"CICS-1.0\"\n"
    "factoryPid: \"cics\"\n"
    "requestSchema:\n  value: \"file:///schemas/enquireRequest.json\"\n"
    "  type: \"JSONSchema\"\n"
    "responseSchema:\n  value: \"file:///schemas/enquireResponse.json\"\n"
    "  type: \"JSONSchema\"\n"
    "providerProperties:\n" STRING("program", "ENQUIRE") STRING("connectionRef", "cicsConn")
        STRING("dataXformType", "WALKER_VISITOR") STRING("wvServiceFile", "files\\\\service\\\\enquire.xml")
            STRING("wvRequestInterfaceFile", "files/interfaces/REQ.si")
                STRING("wvResponseInterfaceFile",
                       "files/interfaces/RSP.si") "providerObjects: []\nversion: \"1.0.0\"\ndescription: "
                                                  "\"Ask\\\n  \\ twice\"\n";

static const char service[] = "<service><serviceName>enquire</serviceName>"
                              "<messageVisitorRuntimeType>CICS_COMMAREA</messageVisitorRuntimeType>"
                              "<ccsid>IBM037</ccsid></service>";

#define SI(name, bytes)                                                                                 \
    "<m:message xmlns:m='http://www.ibm.com/ims/Transaction' messageName='" name                        \
    "' serviceType='CICS_COMM_AREA'>\n<message id='1'><segment id='1' name='COMMAREA'>\n"               \
    "<field name='" name "' originalName='" name "' included='Y'><startPos>1</startPos>\n<bytes>" bytes \
    "</bytes><applicationDatatype datatype='CHAR'/></field></segment></message></m:message>"

static void compose(struct fixture *f)
{
    memset(f->entries, 0, sizeof f->entries);
    put(f, "manifest.yml", manifest);
    put(f, "schemas/enquireRequest.json", "{\"type\":\"object\"}");
    put(f, "schemas/enquireResponse.json", "\xef\xbb\xbf{\"type\":\"object\"}\r\n");
    put(f, "files/service/enquire.xml", service);
    put(f, "files/interfaces/REQ.si", SI("Q", "7"));
    put(f, "files/interfaces/RSP.si", SI("P", "9"));
}

static enum sp_status read_sar(struct fixture *f, struct sp_sar **ret_sar)
{
    struct sp_str bytes = pack(f);
    return sp_sar_read(bytes, "enquire.sar", &f->arena, ret_sar, &f->err);
}

static struct sp_sar *read_ok(struct fixture *f)
{
    struct sp_sar *sar = NULL;
    if (read_sar(f, &sar) != SP_OK)
        fail_msg("%s: %s", f->err.file, f->err.text);
    return sar;
}

static void refuses(struct fixture *f, enum sp_status expected, const char *entry, const char *text)
{
    struct sp_sar *sar = NULL;
    char file[128];
    snprintf(file, sizeof file, entry ? "enquire.sar(%s)" : "enquire.sar", entry);
    assert_error(f, read_sar(f, &sar), expected, file, text);
    assert_null(sar);
    compose(f);
}

static void a_service_archive_is_read_whole(void **state)
{
    struct fixture *f = *state;
    compose(f);
    const struct sp_sar *sar = read_ok(f);
    sp_buf_reset(&f->bytes);
    assert_true(sp_buf_append_fill(&f->bytes, 0, 10000) == SP_OK); /* nothing points into the archive */
    assert_true(sp_str_is(sar->name, "enquire"));
    assert_true(sp_str_is(sar->version, "1.0.0"));
    assert_true(sp_str_is(sar->description, "Ask twice"));
    assert_true(sp_str_is(sar->provider, "CICS-1.0"));
    assert_true(sp_str_is(sar->ccsid, "IBM037"));
    assert_int_equal(sar->property_count, 6);
    assert_true(sp_str_is(sp_sar_property(sar, "program"), "ENQUIRE"));
    assert_true(sp_str_is(sp_sar_property(sar, "connectionRef"), "cicsConn"));
    assert_null(sp_sar_property(sar, "transid").ptr);
    assert_true(sp_str_is(sar->request_schema, "{\"type\":\"object\"}"));
    assert_true(sp_str_is(sar->response_schema, "{\"type\":\"object\"}\r\n"));
    assert_int_equal(sar->request->segments->bytes, 7);
    assert_int_equal(sar->response->segments->bytes, 9);
}

static void one_interface_may_serve_both_ways(void **state)
{
    struct fixture *f = *state;
    compose(f);
    edit(f, "manifest.yml", "RSP.si", "REQ.si");
    put(f, "files/interfaces/RSP.si", NULL);
    const struct sp_sar *sar = read_ok(f);
    assert_ptr_equal(sar->request, sar->response);
}

/* ---------------------------------------------------------------- conversion options */

static void options_have_the_defaults_of_the_toolkit(void **state)
{
    struct fixture *f = *state;
    compose(f);
    const struct sp_conversion *c = &read_ok(f)->conversion;
    assert_true(c->trim_output_trailing);
    assert_false(c->trim_output_leading || c->escape_output_control || c->omit_output_by_value ||
                 c->omit_output_empty || c->initialize_input || c->enforce_min_occurs_request ||
                 c->enforce_min_occurs_response);
    assert_int_equal(c->omit_output_byte, 0);
}

static void every_option_is_read_from_the_manifest(void **state)
{
    struct fixture *f = *state;
    compose(f);
    edit(f, "manifest.yml", "providerProperties:\n",
         "providerProperties:\n" FLAG("trimOutputTrailingWhitespace", "false")
             FLAG("trimOutputLeadingWhitespace", "true") FLAG("escapeOutputControlCharacters", "true")
                 FLAG("omitOutputFieldsByValue", "true") STRING("omitOutputFieldsByValueByte", "0xfE")
                     FLAG("omitOutputEmptyTags", "true") FLAG("initializeInputFields", "true")
                         FLAG("enforceMinArrayOccurrence", "true")
                             FLAG("enforceMinArrayOccurrenceResponse", "true"));
    edit(f, "files/service/enquire.xml", "<ccsid>",
         "<trimOutputTrailingWhitespace>true</trimOutputTrailingWhitespace><ccsid>");
    const struct sp_conversion *c = &read_ok(f)->conversion;
    assert_false(c->trim_output_trailing); /* before the service file */
    assert_true(c->trim_output_leading && c->escape_output_control && c->omit_output_by_value &&
                c->omit_output_empty && c->initialize_input && c->enforce_min_occurs_request &&
                c->enforce_min_occurs_response);
    assert_int_equal(c->omit_output_byte, 0xfe);
}

static void request_and_response_have_their_own_minimum(void **state)
{
    struct fixture *f = *state;
    compose(f);
    edit(f, "manifest.yml", "providerProperties:\n",
         "providerProperties:\n- propertyName: enforceMinArrayOccurrence\n  value: true\n");
    const struct sp_conversion *c = &read_ok(f)->conversion; /* an unquoted boolean */
    assert_true(c->enforce_min_occurs_request);
    assert_false(c->enforce_min_occurs_response);
}

static void options_missing_there_come_from_the_service_file(void **state)
{
    struct fixture *f = *state;
    compose(f);
    edit(f, "files/service/enquire.xml", "<ccsid>",
         "<omitOutputEmptyTags>true</omitOutputEmptyTags>"
         "<omitOutputFieldsByValueByte>0x40</omitOutputFieldsByValueByte><ccsid>");
    const struct sp_conversion *c = &read_ok(f)->conversion;
    assert_true(c->omit_output_empty);
    assert_int_equal(c->omit_output_byte, 0x40);
}

static void options_are_checked(void **state)
{
    struct fixture *f = *state;
    static const char *const bytes[] = {"0x", "0x0", "0x000", "zz", "0x1g", "256"};
    compose(f);
    edit(f, "manifest.yml", "providerProperties:\n",
         "providerProperties:\n" FLAG("omitOutputEmptyTags", "maybe"));
    refuses(f, SP_EINVAL, "manifest.yml", "omitOutputEmptyTags is \"maybe\"; it must be true or false");
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        char text[160];
        snprintf(text, sizeof text,
                 "providerProperties:\n- propertyName: omitOutputFieldsByValueByte\n  value: \"%s\"\n",
                 bytes[i]);
        edit(f, "manifest.yml", "providerProperties:\n", text);
        refuses(f, SP_EINVAL, "manifest.yml", "one byte as 0x00 to 0xff");
    }
}

static void a_service_without_code_page_has_037(void **state)
{
    struct fixture *f = *state;
    compose(f);
    edit(f, "files/service/enquire.xml", "<ccsid>IBM037</ccsid>", "");
    assert_true(sp_str_is(read_ok(f)->ccsid, "037"));
}

/* ---------------------------------------------------------------- refusals */

static void manifests_are_checked(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *from, *to;
        enum sp_status status;
        const char *text;
    } cases[] = {
        {"name: \"enquire\"", "title: x", SP_EINVAL, "gives the service no name"},
        {"\"enquire\"", "\"a/b\"", SP_EINVAL, "\"a/b\" cannot be the name of a service"},
        {"\"enquire\"", "\"..\"", SP_EINVAL, "cannot be the name"},
        {"provider: \"CICS-1.0\"\n", "", SP_EINVAL, "names no provider"},
        {"requestSchema:", "schema:", SP_EINVAL, "names no requestSchema"},
        {"responseSchema:", "schema:", SP_EINVAL, "names no responseSchema"},
        {"JSONSchema", "XSD", SP_EUNSUPPORTED, "requestSchema is of type \"XSD\""},
        {"enquireRequest.json", "other.json", SP_EINVAL,
         "requestSchema is schemas/other.json, which is not in"},
        {"file:///schemas/enquireRequest.json", "../../etc/passwd", SP_EINVAL, "which is not in the archive"},
        {"providerProperties:", "properties:", SP_EINVAL, "no list providerProperties"},
        {"\"program\"", "\"connectionRef\"", SP_EEXISTS, "connectionRef is given twice"},
        {"propertyName: \"program\"", "name: x", SP_EINVAL, "property 1 has no propertyName"},
        {"value: \"ENQUIRE\"", "other: x", SP_EINVAL, "property program has no value"},
        {"WALKER_VISITOR", "WSBIND", SP_EUNSUPPORTED, "by a WSBIND file, which is not read"},
        {"\"dataXformType\"", "\"bindfile\"", SP_EUNSUPPORTED, "by a WSBIND file, which is not read"},
        {"WALKER_VISITOR", "OTHER", SP_EUNSUPPORTED, "dataXformType \"OTHER\"; WALKER_VISITOR is supported"},
        {"\"wvServiceFile\"", "\"x\"", SP_EINVAL, "does not name the service file (wvServiceFile)"},
        {"\"wvRequestInterfaceFile\"", "\"x\"", SP_EINVAL, "does not name the request interface"},
        {"\"wvResponseInterfaceFile\"", "\"x\"", SP_EINVAL, "does not name the response interface"},
        {"REQ.si", "NONE.si", SP_EINVAL,
         "(wvRequestInterfaceFile) is files/interfaces/NONE.si, which is not"},
        {"enquire.xml", "none.xml", SP_EINVAL, "which is not in the archive"},
        {"name:", "name: [", SP_ESYNTAX, ""},
        {"---\n", "--- text\n---\n", SP_EUNSUPPORTED, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        compose(f);
        edit(f, "manifest.yml", cases[i].from, cases[i].to);
        refuses(f, cases[i].status, "manifest.yml", cases[i].text);
    }
    put(f, "manifest.yml", "- a\n- b\n");
    refuses(f, SP_EINVAL, "manifest.yml", "no mapping of keys to values");
    put(f, "manifest.yml", NULL);
    refuses(f, SP_EINVAL, NULL, "no service archive: it has no manifest.yml");
}

static void the_number_of_properties_is_limited(void **state)
{
    struct fixture *f = *state;
    for (int extra = 0; extra < 2; extra++) {
        struct sp_buf text;
        sp_buf_init(&text, 1 << 20);
        sp_buf_printf(&text, "providerProperties:\n");
        for (int i = 0; i < 256 - 6 + extra; i++)
            sp_buf_printf(&text, "- {propertyName: p%d, value: x}\n", i);
        sp_buf_append_byte(&text, 0);
        compose(f);
        edit(f, "manifest.yml", "providerProperties:\n", (char *)text.ptr);
        sp_buf_finish(&text);
        if (extra)
            refuses(f, SP_ELIMIT, "manifest.yml", "257 properties; at most 256");
        else
            assert_int_equal(read_ok(f)->property_count, 256);
    }
}

static void what_the_manifest_names_is_checked(void **state)
{
    struct fixture *f = *state;
    compose(f);
    put(f, "schemas/enquireRequest.json", "{\"a\":}");
    refuses(f, SP_ESYNTAX, "schemas/enquireRequest.json", "the schema is no JSON");
    put(f, "schemas/enquireResponse.json", "[]");
    refuses(f, SP_EINVAL, "schemas/enquireResponse.json", "the schema is no JSON object");
    put(f, "files/service/enquire.xml", "<service>");
    refuses(f, SP_ESYNTAX, "files/service/enquire.xml", "");
    put(f, "files/service/enquire.xml", "<srv/>");
    refuses(f, SP_EINVAL, "files/service/enquire.xml", "the root is <srv>, not <service>");
    put(f, "files/interfaces/RSP.si", SI("P", "0"));
    refuses(f, SP_EINVAL, "files/interfaces/RSP.si", "field P: has no bytes");
    edit(f, "files/service/enquire.xml", "CICS_COMMAREA", "CICS_CHANNEL");
    refuses(f, SP_EINVAL, "files/service/enquire.xml", "messageVisitorRuntimeType is CICS_CHANNEL, but");
}

static void both_interfaces_travel_alike(void **state)
{
    struct fixture *f = *state;
    compose(f);
    edit(f, "files/service/enquire.xml",
         "<messageVisitorRuntimeType>CICS_COMMAREA</messageVisitorRuntimeType>", "");
    edit(f, "files/interfaces/RSP.si", "CICS_COMM_AREA", "CICS_CHANNEL");
    refuses(f, SP_EINVAL, "files/service/enquire.xml", "one interface is a channel and the other is not");
}

static void what_is_no_zip_is_refused(void **state)
{
    struct fixture *f = *state;
    struct sp_sar *sar = NULL;
    assert_error(f, sp_sar_read(SP_STR("hello"), "x.sar", &f->arena, &sar, &f->err), SP_ESYNTAX, "x.sar",
                 "no ZIP archive");
    assert_null(sar);
}

static void memory_is_bounded_by_the_arena(void **state)
{
    struct fixture *f = *state;
    compose(f);
    struct sp_str bytes = pack(f);
    bool too_small = false, enough = false;
    for (size_t ceiling = 1; ceiling < 100000; ceiling += 700) {
        struct sp_arena small;
        struct sp_sar *sar = NULL;
        sp_arena_init(&small, ceiling);
        enum sp_status status = sp_sar_read(bytes, "x.sar", &small, &sar, &f->err);
        assert_true(status == SP_OK ? !!sar : status == SP_ENOMEM && !sar);
        too_small = too_small || status != SP_OK;
        enough = enough || status == SP_OK;
        sp_arena_finish(&small);
    }
    assert_true(too_small && enough);
}

/* ---------------------------------------------------------------- kinds */

static void an_archive_is_known_by_its_contents(void **state)
{
    struct fixture *f = *state;
    enum sp_artifact_kind kind;
    compose(f);
    assert_int_equal(sp_artifact_kind(pack(f), "x", &kind, &f->err), SP_OK);
    assert_int_equal(kind, SP_ARTIFACT_SAR);
    memset(f->entries, 0, sizeof f->entries);
    put(f, "package.xml", "<zosConnectApi id='x'/>");
    put(f, "services/x/manifest.yml", "name: x\n");
    assert_int_equal(sp_artifact_kind(pack(f), "x", &kind, &f->err), SP_OK);
    assert_int_equal(kind, SP_ARTIFACT_AAR);
    put(f, "package.xml", "<zosConnectApi id='x' packageType='requester'/>");
    assert_int_equal(sp_artifact_kind(pack(f), "x", &kind, &f->err), SP_OK);
    assert_int_equal(kind, SP_ARTIFACT_ARA);
    assert_string_equal(sp_artifact_kind_name(kind), "API requester archive (.ara)");
    put(f, "package.xml", "<other/>");
    assert_error(f, sp_artifact_kind(pack(f), "x", &kind, &f->err), SP_EINVAL, "x(package.xml)", "<other>");
    put(f, "package.xml", "<zosConnectApi");
    assert_error(f, sp_artifact_kind(pack(f), "x", &kind, &f->err), SP_ESYNTAX, "x(package.xml)", "");
    put(f, "package.xml", NULL);
    assert_error(f, sp_artifact_kind(pack(f), "x", &kind, &f->err), SP_EINVAL, "x",
                 "neither manifest.yml nor");
    put(f, "package.xml", "<zosConnectApi/>");
    put(f, "manifest.yml", "name: x");
    assert_error(f, sp_artifact_kind(pack(f), "x", &kind, &f->err), SP_EINVAL, "x", "both manifest.yml and");
}

static void names_that_become_urls_are_restricted(void **state)
{
    char name[130];
    memset(name, 'n', sizeof name);
    assert_true(sp_artifact_name_ok(sp_str_from(name, 128)));
    assert_false(sp_artifact_name_ok(sp_str_from(name, 129)));
    assert_true(sp_artifact_name_ok(SP_STR("Kunden-Pr\xc3\xbc"
                                           "fung 2.0")));
    static const char *const bad[] = {"", ".", "..", "a/b", "a\\b", "a\tb", "a\x7f", "\xff"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(sp_artifact_name_ok(sp_str_of(bad[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_service_archive_is_read_whole),
        TEST(one_interface_may_serve_both_ways),
        TEST(options_have_the_defaults_of_the_toolkit),
        TEST(every_option_is_read_from_the_manifest),
        TEST(request_and_response_have_their_own_minimum),
        TEST(options_missing_there_come_from_the_service_file),
        TEST(options_are_checked),
        TEST(a_service_without_code_page_has_037),
        TEST(manifests_are_checked),
        TEST(the_number_of_properties_is_limited),
        TEST(what_the_manifest_names_is_checked),
        TEST(both_interfaces_travel_alike),
        TEST(what_is_no_zip_is_refused),
        TEST(memory_is_bounded_by_the_arena),
        TEST(an_archive_is_known_by_its_contents),
        TEST(names_that_become_urls_are_restricted),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
