/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "authn/claims.h"
#include "base/clock.h"
#include "base/log.h"
#include "intercept/plugin_internal.h"
#include "io/fiber.h"
#include "recorded.h"

static char logged[4096];

static void keep_log(void *arg, enum sp_log_severity severity, const char *id, const char *text)
{
    snprintf(logged + strlen(logged), sizeof logged - strlen(logged), "%s %s\n", id, text);
}

static int set_up(void **state)
{
    logged[0] = 0;
    sp_log_set_sink(keep_log, NULL);
    return recorded_set_up(state);
}

/* ---------------------------------------------------------------- loading */

static enum sp_status load(const char *library)
{
    struct sp_plugins *plugins;
    struct sp_cfg_interceptor element = recorded_element("x", NULL);
    element.library = sp_str_of(library);
    enum sp_status status = recorded_open(&element, 1, NULL, &plugins);
    if (status == SP_OK)
        sp_plugins_free(plugins);
    return status;
}

static void refused_because(const char *library, const char *reason)
{
    if (load(library) == SP_OK)
        fail_msg("%s was loaded", library);
    if (!strstr(recorded_err.text, reason))
        fail_msg("%s: \"%s\" does not hold \"%s\"", library, recorded_err.text, reason);
}

static void sh(const char *format)
{
    char command[512];
    snprintf(command, sizeof command, format, recorded_directory, recorded_directory);
    assert_int_equal(system(command), 0);
}

static void only_files_of_root_in_the_directory_are_loaded(void **state)
{
    assert_int_equal(load("recorder.so"), SP_OK);
    refused_because("absent.so", "absent.so: No such file");
    refused_because("../recorder.so", "not the name of a file");
    refused_because("/etc/passwd", "not the name of a file");
    refused_because("..", "not the name of a file");
    refused_because("", "not the name of a file");
    sh("ln -s recorder.so %s/link.so");
    assert_int_equal(load("link.so"), SP_OK);
    sh("ln -s /usr/lib/x86_64-linux-gnu/libz.so.1 %s/out.so || true");
    refused_because("out.so", "which is not in the directory of plug-ins");
    sh("mkdir %s/sub.so");
    refused_because("sub.so", "is not a file");
    sh("cp %s/recorder.so %s/group.so && chmod g+w %1$s/group.so");
    refused_because("group.so", "can be written by others than root");
    sh("cp %s/recorder.so %s/other.so && chmod o+w %1$s/other.so");
    refused_because("other.so", "can be written by others than root");
    sh("cp %s/recorder.so %s/owned.so && chown 65534 %1$s/owned.so");
    refused_because("owned.so", "belongs to user number 65534");
    sh("chmod g+w %s");
    refused_because("recorder.so", "can be written by others than root");
    sh("chmod 1777 %s"); /* others could not touch the file, but put some of theirs beside it */
    refused_because("recorder.so", "can be written by others than root");
    sh("chmod 0700 %s && chown 65534 %s");
    refused_because("recorder.so", "belongs to user number 65534");
    sh("chown 0 %s");
    assert_int_equal(load("recorder.so"), SP_OK);
}

static void what_is_no_plugin_is_told_apart(void **state)
{
    refused_because("nothing.so", "has no function sallyport_interceptor_entry");
    refused_because("old.so",
                    "it was compiled for version 99 of the interface, and this server has version 1");
    refused_because("short.so", "it has no method that would ever be called");
    assert_string_equal(recorded_err.id, "SALI0010E");
    assert_int_equal(load("early.so"), SP_OK);
    sh("echo text > %s/text.so");
    refused_because("text.so", "it cannot be loaded");
    assert_non_null(strstr(recorded_err.text, "sallyport_pluginInterceptor id=\"x\" library=\"text.so\""));
}

static void a_plugin_may_refuse_its_configuration(void **state)
{
    struct sp_plugins *plugins;
    struct sp_cfg_interceptor element = recorded_element("x", NULL);
    const struct sp_cfg_property properties[] = {{SP_STR_INIT("refuse"), SP_STR_INIT("there is no colour")}};
    element.properties = properties;
    assert_int_equal(recorded_open(&element, 1, NULL, &plugins), SP_EINVAL);
    assert_non_null(strstr(recorded_err.text, "it refuses its configuration: there is no colour"));
    assert_int_equal(recorded->instances, 0);
}

static void an_unchanged_element_keeps_its_instance(void **state)
{
    struct sp_plugins *first, *second, *third;
    struct sp_cfg_interceptor elements[] = {recorded_element("x", NULL), recorded_element("y", NULL)};
    assert_int_equal(recorded_open(elements, 2, NULL, &first), SP_OK);
    assert_int_equal(recorded->instances, 2);
    assert_int_equal(recorded_open(elements, 2, first, &second), SP_OK);
    assert_int_equal(recorded->instances, 2);
    assert_ptr_equal(sp_plugins_find(first, SP_STR("y")), sp_plugins_find(second, SP_STR("y")));
    elements[1] = recorded_element("y", "pre:stop:403");
    assert_int_equal(recorded_open(elements, 2, second, &third), SP_OK);
    assert_int_equal(recorded->instances, 3);
    sp_plugins_free(first);
    sp_plugins_free(second);
    assert_int_equal(recorded->instances, 2);
    sp_plugins_free(third);
    assert_int_equal(recorded->instances, 0);
}

static void libraries_that_do_not_fit_are_refused(void **state)
{
    /* Another machine's: an ELF header of AArch64, which is 183. */
    sh("cp %s/recorder.so %s/arm.so && printf '\\267' | dd of=%1$s/arm.so bs=1 seek=18 conv=notrunc 2>&1 | "
       "true");
    refused_because("arm.so", "was made for another machine");
    sh("head -c 3000 %s/recorder.so > %s/cut.so");
    refused_because("cut.so", "is not all there");
    sh("head -c 40 %s/recorder.so > %s/head.so");
    refused_because("head.so", "is not a shared library");
    sh(": > %s/empty.so");
    refused_because("empty.so", "is not a shared library");
    sh("cp /bin/sh %s/program.so");
    refused_because("program.so", "it cannot be loaded");
    sh("echo 'void absent(void); void sallyport_interceptor_entry(void) { absent(); }' |"
       " cc -shared -fPIC -x c -o %s/symbol.so -");
    refused_because("symbol.so", "undefined symbol: absent");
    sh("ln -s loop.so %s/loop.so");
    refused_because("loop.so", "Too many levels of symbolic links");
    sh("mkfifo %s/pipe.so");
    refused_because("pipe.so", "is not a file");
    sh("mkdir -m 755 %s/deep && cp %s/recorder.so %1$s/deep && ln -s deep/recorder.so %1$s/down.so");
    refused_because("down.so", "which is not in the directory of plug-ins");
    assert_string_equal(recorded_err.id, "SALI0010E");
}

/* ---------------------------------------------------------------- one request */

static struct {
    struct sp_intercept_data data;
    const struct sp_intercept_chain *chain;
    enum sp_status status;
    unsigned http;
    struct sp_fiber *fiber;
} request;

static void serve(void *arg)
{
    struct sp_intercept_progress progress;
    sp_error_clear(&recorded_err);
    request.status = io_intercept_pre(request.chain, &request.data, &progress, &request.http, &recorded_err);
    io_intercept_post(request.chain, &request.data, &progress);
    request.fiber = NULL;
}

static const struct sp_http_header headers[] = {{SP_STR_INIT("X-Color"), SP_STR_INIT("red")},
                                                {SP_STR_INIT("X-Color"), SP_STR_INIT("blue")}};
static const struct sp_http_request http = {.method = SP_STR_INIT("POST"),
                                            .target = SP_STR_INIT("/a?b=1"),
                                            .path = SP_STR_INIT("/a"),
                                            .query = SP_STR_INIT("b=1"),
                                            .host = SP_STR_INIT("shop.example"),
                                            .body = SP_STR_INIT("{}"),
                                            .headers = headers,
                                            .header_count = 2,
                                            .peer_port = 4711};
static const struct sp_str groups[] = {SP_STR_INIT("CLERKS"), SP_STR_INIT("STAFF")};
static const struct sp_principal fred = {.authenticated = true,
                                         .name = SP_STR_INIT("fred"),
                                         .saf_user = SP_STR_INIT("FRED"),
                                         .scheme = SP_AUTHN_JWT,
                                         .strength = SP_STRENGTH_BEARER,
                                         .realm = SP_STR_INIT("Company"),
                                         .registry = SP_STR_INIT("ldap1"),
                                         .original_name = SP_STR_INIT("f.flint"),
                                         .original_realm = SP_STR_INIT("https://as.example"),
                                         .groups = {groups, 2}};

static const char *prepared_library = "recorder.so";

/* A chain of one recorder that does `deed` within `timeout_ms`. */
static struct sp_plugins *prepare(const char *deed, int64_t timeout_ms)
{
    static struct sp_cfg_interceptor element;
    static const struct sp_cfg_interceptor *const items[] = {&element};
    static const struct sp_cfg_interceptor_list list = {.items = items, .count = 1};
    struct sp_plugins *plugins;
    element = recorded_element("rec", deed);
    element.library = sp_str_of(prepared_library);
    element.timeout_us = timeout_ms * 1000;
    assert_int_equal(recorded_open(&element, 1, NULL, &plugins), SP_OK);
    const struct sp_intercept_means means = {.plugins = plugins};
    assert_int_equal(
        sp_intercept_compile(&list, NULL, &means, &recorded_arena, &request.chain, &recorded_err), SP_OK);
    request.data = (struct sp_intercept_data){.request = &http, .principal = &fred, .arena = &recorded_arena};
    recorded->text[0] = 0;
    return plugins;
}

static void run(const char *deed, int64_t timeout_ms)
{
    struct sp_plugins *plugins = prepare(deed, timeout_ms);
    recorded_in_fiber(serve, NULL);
    assert_string_equal(recorded->text, "pre:rec post:rec ");
    sp_plugins_free(plugins);
}

static void run_library(const char *library, const char *deed)
{
    prepared_library = library;
    struct sp_plugins *plugins = prepare(deed, 1000);
    prepared_library = "recorder.so";
    recorded_in_fiber(serve, NULL);
    sp_plugins_free(plugins);
}

static void plugins_of_earlier_and_later_versions_are_served(void **state)
{
    run_library("minor_2.so", NULL);
    assert_int_equal(request.http, 418);
    assert_string_equal(recorded_err.text, "POST fred bearer 4711 0");
    run_library("newer.so", "pre:refuse:1"); /* has its trace to itself */
    assert_int_equal(request.http, 500);
    assert_string_equal(recorded_err.text, "it ended the request with 1, and gave no reason");
}

static void a_wait_does_not_hold_up_others(void **state)
{
    struct sp_plugins *plugins = prepare("pre:sleep:60", 1000);
    int64_t start = sp_clock_monotonic_us();
    for (int i = 0; i < 20; i++)
        assert_int_equal(sp_fiber_start(recorded_loop, serve, NULL, NULL), SP_OK);
    sp_loop_run_all(recorded_loop);
    assert_true(sp_clock_monotonic_us() - start < 600000); /* one after the other: 1.2 s */
    sp_plugins_free(plugins);
}

static void a_thread_completes_what_a_request_waits_for(void **state)
{
    run("pre:wait:20", 1000);
    assert_int_equal(request.status, SP_OK);
    assert_int_equal(recorded->result, SALLYPORT_OK);
    assert_int_equal(recorded->value, 42);
    assert_string_equal(logged, "");
}

static void late_and_forgotten_completions_harm_nobody(void **state)
{
    struct sp_plugins *plugins = prepare("pre:short:60", 1000);
    recorded_in_fiber(serve, NULL);
    assert_int_equal(recorded->result, SALLYPORT_ETIMEDOUT);
    assert_int_equal(request.status, SP_OK); /* its own shorter limit: it decides what that means */
    sp_plugins_free(plugins);
    assert_int_equal(recorded->instances, 1); /* until the thread has completed */
    for (int i = 0; i < 100 && recorded->instances; i++)
        sp_loop_run_once(recorded_loop, 20);
    assert_int_equal(recorded->instances, 0);
    plugins = prepare("pre:orphan:10", 1000);
    recorded_in_fiber(serve, NULL);
    assert_int_equal(recorded->result, 0);
    sp_plugins_free(plugins);
    for (int i = 0; i < 100 && recorded->instances; i++)
        sp_loop_run_once(recorded_loop, 20);
    assert_int_equal(recorded->instances, 0);
}

static void a_method_that_waits_too_long_ends_the_request(void **state)
{
    static const char *const deeds[] = {"pre:sleep:5000", "pre:wait:200"};
    for (size_t i = 0; i < 2; i++) {
        logged[0] = 0;
        run(deeds[i], 40);
        assert_int_equal(recorded->result, SALLYPORT_ETIMEDOUT);
        assert_int_equal(request.status, SP_ETIMEDOUT);
        assert_int_equal(request.http, 503);
        assert_non_null(strstr(logged, "SALI0011E interceptor plug-in rec took "));
        assert_non_null(strstr(logged, "in method pre_invoke, of 40 ms"));
        assert_null(strstr(logged, "held up"));
    }
    for (int i = 0; i < 100 && recorded->instances; i++)
        sp_loop_run_once(recorded_loop, 20);
}

static void what_comes_before_the_reply_has_no_more_time_than_the_request(void **state)
{
    struct sp_plugins *plugins = prepare("pre:sleep:60000", 60000);
    request.data.deadline_us = sp_clock_monotonic_us() + 40000;
    recorded_in_fiber(serve, NULL);
    assert_int_equal(recorded->result, SALLYPORT_ETIMEDOUT);
    assert_int_equal(request.http, 503);
    assert_non_null(strstr(logged, "in method pre_invoke, of "));
    assert_null(strstr(logged, "of 60000 ms"));
    sp_plugins_free(plugins);
    plugins = prepare("post:sleep:10", 60000);
    request.data.deadline_us = sp_clock_monotonic_us(); /* it is over, and post still has its time */
    recorded_in_fiber(serve, NULL);
    assert_int_equal(recorded->result, SALLYPORT_OK);
    sp_plugins_free(plugins);
}

static void a_method_that_computes_too_long_ends_the_request_when_it_is_done(void **state)
{
    run("pre:spin:60", 20);
    assert_int_equal(request.status, SP_ETIMEDOUT);
    assert_int_equal(request.http, 503);
    assert_non_null(strstr(logged, "and held up its worker"));
    logged[0] = 0;
    run("post:spin:60", 20);
    assert_int_equal(request.status, SP_OK);
    assert_non_null(strstr(logged, "in method post_invoke"));
}

static void a_stop_in_time_counts_and_names_its_reason(void **state)
{
    run("pre:stop:451", 1000);
    assert_int_equal(request.status, SP_EDENIED);
    assert_int_equal(request.http, 451);
    assert_string_equal(recorded_err.text, "the recorder says no");
}

static void a_server_that_is_not_there_is_told(void **state)
{
    run("pre:fetch:1", 1000);
    assert_int_equal(recorded->result, SALLYPORT_EUNAVAIL);
    assert_int_equal(request.status, SP_OK);
    assert_non_null(strstr(logged, "SALI0015W rec: "));
}

static void a_request_that_is_canceled_wakes_its_plugin(void **state)
{
    struct sp_plugins *plugins = prepare("pre:sleep:900", 1000);
    assert_int_equal(sp_fiber_start(recorded_loop, serve, NULL, &request.fiber), SP_OK);
    sp_fiber_cancel(request.fiber);
    sp_loop_run_all(recorded_loop);
    assert_int_equal(recorded->result, SALLYPORT_ECANCELED);
    assert_string_equal(recorded->text, "pre:rec post:rec ");
    assert_string_equal(logged, "");
    sp_plugins_free(plugins);
}

/* ---------------------------------------------------------------- what the host tells */

static bool is(struct sallyport_text text, const char *expected)
{
    if (!expected)
        return text.bytes == NULL;
    return sp_str_is(sp_str_from(text.bytes, text.length), expected);
}

static void ask_facts(const struct sallyport_host *host, struct sallyport_call *call)
{
    static const struct {
        int id;
        const char *expected;
    } texts[] = {
        {SALLYPORT_METHOD, "POST"},
        {SALLYPORT_URI, "/a"},
        {SALLYPORT_QUERY, "b=1"},
        {SALLYPORT_URL, "http://shop.example/a?b=1"},
        {SALLYPORT_INPUT_PAYLOAD, "{}"},
        {SALLYPORT_OUTPUT_PAYLOAD, NULL},
        {SALLYPORT_TLS_PROTOCOL, NULL},
        {SALLYPORT_USER_NAME, "fred"},
        {SALLYPORT_USER_NAME_MAPPED, "FRED"},
        {SALLYPORT_USER_GROUPS, "CLERKS,STAFF"},
        {SALLYPORT_USER_SCHEME, "jwt"},
        {SALLYPORT_USER_REALM, "Company"},
        {SALLYPORT_USER_NAME_ORIGINAL, "f.flint"},
        {SALLYPORT_USER_REALM_ORIGINAL, "https://as.example"},
        {SALLYPORT_USER_REGISTRY, "ldap1"},
        {SALLYPORT_USER_STRENGTH, "bearer"},
        {SALLYPORT_API_NAME, "booking"},
        {SALLYPORT_ACTION, "invoke"},
        {SALLYPORT_INVOKE_GROUPS, "CLERKS,STAFF"},
        {SALLYPORT_ADMIN_GROUPS, "CLERKS"},
        {SALLYPORT_READER_GROUPS, NULL},
        {SALLYPORT_API_REQUESTER_NAME, "claims"},
        {SALLYPORT_API_REQUESTER_DESCRIPTION, "Claims of customers"},
        {SALLYPORT_ENDPOINT_HOST, NULL},
        {SALLYPORT_ENDPOINT_INPUT_PAYLOAD, NULL},
        {SALLYPORT_ENDPOINT_OUTPUT_PAYLOAD, NULL},
        {SALLYPORT_MVS_JOBNAME, "PAYROLL"},
        {SALLYPORT_IMS_EXIT_DATA, NULL},
        {0, NULL},
        {-5, NULL},
        {9999, NULL},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (!is(host->text(call, texts[i].id), texts[i].expected))
            fail_msg("text %d is not %s", texts[i].id, texts[i].expected ? texts[i].expected : "absent");
    /* Copies: the engine's memory goes when the client does. */
    struct sallyport_text payload = host->text(call, SALLYPORT_INPUT_PAYLOAD);
    assert_ptr_not_equal(payload.bytes, http.body.ptr);
    assert_ptr_equal(host->text(call, SALLYPORT_INPUT_PAYLOAD).bytes, payload.bytes);
    assert_ptr_not_equal(host->text(call, SALLYPORT_METHOD).bytes, http.method.ptr);
    assert_ptr_not_equal(host->text(call, SALLYPORT_QUERY).bytes, http.query.ptr);
    assert_ptr_not_equal(host->header(call, SALLYPORT_REQUEST, "x-color").bytes, headers[0].value.ptr);
    assert_int_equal(host->number(call, SALLYPORT_REQUEST_TYPE), SALLYPORT_TYPE_API);
    assert_int_equal(host->number(call, SALLYPORT_REMOTE_PORT), 4711);
    assert_int_equal(host->number(call, SALLYPORT_TIME_ENTRY), 1437308042123000);
    assert_int_equal(host->number(call, SALLYPORT_CICS_TASK_NUMBER), 7);
    for (int id = SALLYPORT_ENDPOINT_PORT; id <= SALLYPORT_ENDPOINT_OUTPUT_BYTES; id++)
        assert_int_equal(host->number(call, id), 0);
    assert_int_equal(host->number(call, SALLYPORT_TIME_ENDPOINT_SENT), 0);
    assert_int_equal(host->header_count(call, SALLYPORT_ENDPOINT), 0);
    assert_int_equal(host->header_count(call, SALLYPORT_ENDPOINT_RESPONSE), 0);
    assert_true(SALLYPORT_HOST_HAS(host, minor));
    assert_int_equal(host->minor, SALLYPORT_INTERCEPTOR_MINOR);
    assert_int_equal(host->number(call, 9999), 0);
    assert_int_equal(host->add_stakeholder(call, 'Q'), SALLYPORT_OK);
    assert_int_equal(host->add_stakeholder(call, '1'), SALLYPORT_EINVAL);
    assert_true(is(host->text(call, SALLYPORT_STAKEHOLDERS), "Q"));
    for (char letter = 'a'; letter < 'h'; letter++)
        assert_int_equal(host->add_stakeholder(call, letter), SALLYPORT_OK);
    assert_int_equal(host->add_stakeholder(call, 'z'), SALLYPORT_ELIMIT);
    unsigned char *memory = host->allocate(call, 1000);
    assert_non_null(memory);
    assert_int_equal(memory[999], 0);
    assert_null(host->allocate(call, SIZE_MAX));
    assert_true(host->time_left(call) > 500 && host->time_left(call) <= 1000);
}

static void ask_claims(const struct sallyport_host *host, struct sallyport_call *call)
{
    assert_true(SALLYPORT_HOST_HAS(host, claim));
    assert_true(is(host->text(call, SALLYPORT_USER_CLAIMS), "{\"sub\":\"fred\",\"roles\":[\"a\", \"b\"],"
                                                            "\"empty\":\"\",\"n\":1.50}"));
    assert_true(is(host->text(call, SALLYPORT_USER_SCOPES), "read write"));
    assert_true(is(host->claim(call, "sub"), "fred"));
    assert_true(is(host->claim(call, "roles"), "[\"a\",\"b\"]"));
    assert_true(is(host->claim(call, "n"), "1.50"));
    assert_true(is(host->claim(call, "empty"), ""));
    assert_true(is(host->claim(call, "Sub"), NULL));
    assert_true(is(host->claim(call, NULL), NULL));
}

static void ask_no_claims(const struct sallyport_host *host, struct sallyport_call *call)
{
    assert_true(is(host->text(call, SALLYPORT_USER_CLAIMS), NULL));
    assert_true(is(host->text(call, SALLYPORT_USER_SCOPES), NULL));
    assert_true(is(host->claim(call, "sub"), NULL));
}

static void a_plugin_reads_single_claims_and_scopes(void **state)
{
    static const struct sp_str scopes[] = {SP_STR_INIT("read"), SP_STR_INIT("write")};
    struct sp_plugins *plugins = prepare("pre:ask", 1000);
    struct sp_principal principal = fred;
    principal.claims_json = SP_STR("{\"sub\":\"fred\",\"roles\":[\"a\", \"b\"],\"empty\":\"\",\"n\":1.50}");
    principal.claims = sp_claims_new(principal.claims_json, &recorded_arena);
    principal.scopes = (struct sp_str_list){scopes, 2};
    request.data.principal = &principal;
    recorded->hook = ask_claims;
    recorded_in_fiber(serve, NULL);
    request.data.principal = &fred;
    recorded->hook = ask_no_claims;
    recorded_in_fiber(serve, NULL);
    sp_plugins_free(plugins);
}

static void a_plugin_learns_all_that_is_known(void **state)
{
    static const struct sp_cfg_groups global = {.admin = {groups, 1}, .invoke = {groups, 1}};
    static const struct sp_cfg_groups item = {.invoke = {groups, 2}};
    static const struct sp_intercept_program program = {.job_name = SP_STR_INIT("PAYROLL"), .cics_task = 7};
    struct sp_plugins *plugins = prepare("pre:ask", 1000);
    request.data.type = SP_REQUEST_API;
    request.data.api_name = SP_STR("booking");
    request.data.requester_name = SP_STR("claims");
    request.data.requester_description = SP_STR("Claims of customers");
    request.data.global_groups = &global;
    request.data.item_groups = &item;
    request.data.program = &program;
    request.data.entry_us = 1437308042123000;
    recorded->hook = ask_facts;
    recorded_in_fiber(serve, NULL);
    assert_int_equal(recorded->host_abi, SALLYPORT_INTERCEPTOR_ABI);
    sp_plugins_free(plugins);
}

static void change_headers(const struct sallyport_host *host, struct sallyport_call *call)
{
    static const char *const bad_names[] = {"",    "a b", "a:b", "a\n", "content-length", "Transfer-Encoding",
                                            "Host"};
    struct sallyport_text name, value;
    assert_int_equal(host->header_count(call, SALLYPORT_REQUEST), 2);
    assert_true(is(host->header(call, SALLYPORT_REQUEST, "x-color"), "red"));
    assert_int_equal(host->header_at(call, SALLYPORT_REQUEST, 1, &name, &value), SALLYPORT_OK);
    assert_true(is(value, "blue"));
    assert_int_equal(host->header_at(call, SALLYPORT_REQUEST, 2, &name, &value), SALLYPORT_EINVAL);
    assert_int_equal(host->header_count(call, SALLYPORT_RESPONSE), 0);
    assert_int_equal(host->header_count(call, 77), 0);
    for (size_t i = 0; i < sizeof bad_names / sizeof bad_names[0]; i++)
        assert_int_equal(host->set_header(call, SALLYPORT_RESPONSE, bad_names[i], "x"), SALLYPORT_EINVAL);
    assert_int_equal(host->set_header(call, SALLYPORT_RESPONSE, "X", "a\r\nB: c"), SALLYPORT_EINVAL);
    assert_int_equal(host->set_header(call, SALLYPORT_RESPONSE, "X", NULL), SALLYPORT_EINVAL);
    assert_int_equal(host->set_header(call, SALLYPORT_ENDPOINT, "X", "1"), SALLYPORT_EINVAL);
    assert_int_equal(host->set_header(call, SALLYPORT_REQUEST, "X-Color", "green"), SALLYPORT_OK);
    for (int i = 0; i < 64; i++)
        assert_int_equal(host->add_header(call, SALLYPORT_RESPONSE, "X", "1"), SALLYPORT_OK);
    assert_int_equal(host->add_header(call, SALLYPORT_RESPONSE, "X", "1"), SALLYPORT_ELIMIT);
}

static void a_plugin_changes_headers_within_limits(void **state)
{
    struct sp_plugins *plugins = prepare("pre:change", 1000);
    recorded->hook = change_headers;
    recorded_in_fiber(serve, NULL);
    size_t count;
    const struct sp_http_header *edited =
        sp_header_edits_apply(request.data.request_edits, headers, 2, &recorded_arena, &count);
    assert_int_equal(count, 1);
    assert_true(sp_str_is(edited[0].value, "green"));
    sp_plugins_free(plugins);
}

/* ---------------------------------------------------------------- what comes of an API's mapping */

static const struct sp_http_header reply_headers[] = {
    {SP_STR_INIT("Content-Type"), SP_STR_INIT("text/plain")}, {SP_STR_INIT("X-Total"), SP_STR_INIT("12")}};

static void ask_mapped(const struct sallyport_host *host, struct sallyport_call *call)
{
    struct sallyport_text name, value;
    assert_int_equal(host->header_count(call, SALLYPORT_RESPONSE), 2);
    assert_int_equal(host->header_count(call, SALLYPORT_MAPPED_RESPONSE), 1);
    assert_int_equal(host->header_at(call, SALLYPORT_MAPPED_RESPONSE, 0, &name, &value), SALLYPORT_OK);
    assert_true(is(name, "X-Total") && is(value, "12"));
    assert_int_equal(host->header_at(call, SALLYPORT_MAPPED_RESPONSE, 1, &name, &value), SALLYPORT_EINVAL);
    assert_true(is(host->header(call, SALLYPORT_MAPPED_RESPONSE, "x-total"), "12"));
    assert_true(is(host->header(call, SALLYPORT_MAPPED_RESPONSE, "Content-Type"), NULL));
    assert_int_equal(host->set_header(call, SALLYPORT_MAPPED_RESPONSE, "X-Total", "13"), SALLYPORT_EINVAL);
    assert_true(is(host->text(call, SALLYPORT_OUTPUT_PAYLOAD), "the reply"));
}

static void a_plugin_reads_the_headers_that_an_api_maps(void **state)
{
    struct sp_plugins *plugins = prepare("post:ask", 1000);
    request.data.response_headers = reply_headers;
    request.data.response_header_count = 2;
    request.data.mapped_headers = reply_headers + 1;
    request.data.mapped_header_count = 1;
    request.data.response_body = SP_STR("the reply");
    recorded->hook = ask_mapped;
    recorded_in_fiber(serve, NULL);
    sp_plugins_free(plugins);
}

/* ---------------------------------------------------------------- around an endpoint */

static void attempt(enum sp_intercept_point point, const struct sp_intercept_progress *progress)
{
    recorded->hook_calls = 0;
    io_intercept_at(request.chain, point, &request.data, progress);
    assert_int_equal(recorded->hook_calls, 1);
}

static void ask_before(const struct sallyport_host *host, struct sallyport_call *call)
{
    recorded->hook_calls++;
    assert_true(is(host->text(call, SALLYPORT_ENDPOINT_HOST), "claims.example"));
    assert_true(is(host->text(call, SALLYPORT_ENDPOINT_INPUT_PAYLOAD), "{\"id\":7}"));
    assert_true(is(host->text(call, SALLYPORT_ENDPOINT_OUTPUT_PAYLOAD), NULL));
    assert_int_equal(host->number(call, SALLYPORT_ENDPOINT_PORT), 8443);
    assert_int_equal(host->number(call, SALLYPORT_ENDPOINT_INPUT_BYTES), 8);
    assert_true(is(host->header(call, SALLYPORT_ENDPOINT, "x-color"), "red"));
    assert_int_equal(host->header_count(call, SALLYPORT_ENDPOINT_RESPONSE), 0);
    assert_int_equal(host->set_header(call, SALLYPORT_ENDPOINT, "X-Color", "green"), SALLYPORT_OK);
    assert_int_equal(host->set_header(call, SALLYPORT_ENDPOINT_RESPONSE, "X", "1"), SALLYPORT_EINVAL);
}

static void ask_after(const struct sallyport_host *host, struct sallyport_call *call)
{
    recorded->hook_calls++;
    assert_true(is(host->text(call, SALLYPORT_ENDPOINT_OUTPUT_PAYLOAD), "not found"));
    assert_int_equal(host->number(call, SALLYPORT_ENDPOINT_STATUS), 404);
    assert_int_equal(host->number(call, SALLYPORT_ENDPOINT_OUTPUT_BYTES), 9);
    assert_int_equal(host->number(call, SALLYPORT_ENDPOINT_RETRIED), 1);
    assert_int_equal(host->number(call, SALLYPORT_TIME_ENDPOINT_SENT), 1437308042123001);
    assert_int_equal(host->number(call, SALLYPORT_TIME_ENDPOINT_RECEIVED), 1437308042123999);
    assert_true(is(host->header(call, SALLYPORT_ENDPOINT_RESPONSE, "x-total"), "12"));
    assert_int_equal(host->header_count(call, SALLYPORT_ENDPOINT), 2);
    assert_int_equal(host->set_header(call, SALLYPORT_ENDPOINT, "X", "1"), SALLYPORT_EINVAL);
}

static void call_endpoint(void *arg)
{
    struct sp_intercept_endpoint *endpoint = arg;
    struct sp_intercept_progress progress;
    assert_int_equal(io_intercept_pre(request.chain, &request.data, &progress, &request.http, &recorded_err),
                     SP_OK);
    request.data.endpoint = endpoint;
    recorded->hook = ask_before;
    attempt(SP_BEFORE_ENDPOINT, &progress);
    endpoint->status = 404;
    endpoint->retried = true;
    endpoint->response_body = SP_STR("not found");
    endpoint->response_bytes = 9;
    endpoint->sent_us = 1437308042123001;
    endpoint->received_us = 1437308042123999;
    endpoint->response_headers = reply_headers;
    endpoint->response_header_count = 2;
    recorded->hook = ask_after;
    attempt(SP_AFTER_ENDPOINT, &progress);
    recorded->hook = NULL;
    io_intercept_post(request.chain, &request.data, &progress);
}

static void a_plugin_reads_what_goes_to_an_endpoint_and_comes_back(void **state)
{
    struct sp_intercept_endpoint endpoint = {.host = SP_STR("claims.example"),
                                             .port = 8443,
                                             .request_body = SP_STR("{\"id\":7}"),
                                             .request_bytes = 8,
                                             .request_headers = headers,
                                             .request_header_count = 2};
    struct sp_plugins *plugins = prepare("*:hook", 1000);
    recorded_in_fiber(call_endpoint, &endpoint);
    assert_string_equal(recorded->text, "pre:rec preend:rec postend:rec post:rec ");
    assert_non_null(endpoint.edits);
    assert_true(sp_str_is(endpoint.edits->header.value, "green"));
    sp_plugins_free(plugins);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, recorded_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_files_of_root_in_the_directory_are_loaded),
        TEST(what_is_no_plugin_is_told_apart),
        TEST(a_plugin_may_refuse_its_configuration),
        TEST(an_unchanged_element_keeps_its_instance),
        TEST(a_wait_does_not_hold_up_others),
        TEST(a_thread_completes_what_a_request_waits_for),
        TEST(late_and_forgotten_completions_harm_nobody),
        TEST(a_method_that_waits_too_long_ends_the_request),
        TEST(what_comes_before_the_reply_has_no_more_time_than_the_request),
        TEST(a_method_that_computes_too_long_ends_the_request_when_it_is_done),
        TEST(a_stop_in_time_counts_and_names_its_reason),
        TEST(a_server_that_is_not_there_is_told),
        TEST(a_request_that_is_canceled_wakes_its_plugin),
        TEST(a_plugin_learns_all_that_is_known),
        TEST(a_plugin_reads_single_claims_and_scopes),
        TEST(a_plugin_changes_headers_within_limits),
        TEST(a_plugin_reads_the_headers_that_an_api_maps),
        TEST(a_plugin_reads_what_goes_to_an_endpoint_and_comes_back),
        TEST(plugins_of_earlier_and_later_versions_are_served),
        TEST(libraries_that_do_not_fit_are_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("plugin", tests, NULL, NULL);
}
