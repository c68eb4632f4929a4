/* SPDX-License-Identifier: Apache-2.0
 * Calls to a region that the test plays, on the same loop.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "io/fiber.h"
#include "io/listen.h"
#include "io/loop.h"
#include "sor/sor.h"
#include "text/region_frame.h"

/* What the region does with the next LINK. */
enum act {
    ANSWER,
    STAY_SILENT,
    CLOSE,
    CLOSE_AFTER_ANSWER,
    END_BEFORE, /* say that it ends, without reading */
    REFUSE_REQUEST,
    WRONG_ID,
    GARBAGE,
    SLOWLY,
    PING_FIRST
};

static struct {
    enum act act;
    struct sp_region_answer answer;
    bool refuse_hello;
    unsigned hellos, links, closed, most_at_once, at_once;
    struct sp_region_link link;   /* the last one */
    char applid[9], networkid[9]; /* of the last HELLO */
    char memory[1 << 16];         /* of the views of the link */
    size_t used;
} played;

static struct sp_loop *loop;
static struct sp_listener *listener;
static struct sp_sor_connection *connection;
static struct sp_cfg_cics_connection config;
static struct sp_arena arena;
static struct sp_error err;

/* --- the region -------------------------------------------------------------------------------------- */

static struct sp_str keep(struct sp_str s)
{
    char *at = played.memory + played.used;
    assert_true(played.used + s.len <= sizeof played.memory);
    if (s.len)
        memcpy(at, s.ptr, s.len);
    played.used += s.len;
    return sp_str_from(at, s.len);
}

static bool io_send(struct sp_stream *stream, struct sp_buf *buf)
{
    bool sent = io_stream_write(stream, sp_buf_str(buf), 0) == SP_OK;
    sp_buf_reset(buf);
    return sent;
}

static bool io_greet(struct sp_stream *stream, struct sp_str frame, struct sp_buf *buf)
{
    struct sp_region_hello mine = {
        .request_id = 0, .applid = SP_STR("CICSA"), .networkid = SP_STR("NETA"), .ccsid = 37};
    struct sp_region_hello theirs;
    assert_int_equal(sp_region_hello_read(frame, &theirs, &err), SP_OK);
    snprintf(played.applid, sizeof played.applid, "%.*s", SP_STR_ARG(theirs.applid));
    snprintf(played.networkid, sizeof played.networkid, "%.*s", SP_STR_ARG(theirs.networkid));
    played.hellos++;
    if (played.refuse_hello) {
        assert_int_equal(sp_region_refuse_write(buf, 0, SP_STR("not you")), SP_OK);
        io_send(stream, buf);
        return false;
    }
    assert_int_equal(sp_region_hello_write(buf, &mine), SP_OK);
    return io_send(stream, buf);
}

static void take_link(struct sp_str frame)
{
    static struct sp_region_container containers[SP_REGION_CONTAINERS_MAX];
    struct sp_arena scratch;
    sp_arena_init(&scratch, 1u << 20);
    played.used = 0;
    played.links++;
    assert_int_equal(sp_region_link_read(frame, &scratch, &played.link, &err), SP_OK);
    struct sp_region_link *l = &played.link;
    struct sp_str *texts[] = {&l->program,    &l->transaction, &l->user,    &l->password, &l->dist_name,
                              &l->dist_realm, &l->correlator,  &l->channel, &l->commarea};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        *texts[i] = keep(*texts[i]);
    for (size_t i = 0; i < l->container_count; i++)
        containers[i] = (struct sp_region_container){keep(l->containers[i].name), l->containers[i].is_char,
                                                     keep(l->containers[i].data)};
    l->containers = containers;
    sp_arena_finish(&scratch);
}

static bool io_act(struct sp_stream *stream, struct sp_buf *buf)
{
    struct sp_region_answer answer = played.answer;
    answer.request_id = played.link.request_id;
    enum act act = played.act;
    if (act == STAY_SILENT)
        return sp_fiber_sleep(60000000) == SP_OK;
    if (act == CLOSE)
        return false;
    if (act == SLOWLY && sp_fiber_sleep(20000) != SP_OK)
        return false;
    if (act == WRONG_ID)
        answer.request_id += 5;
    if (act == GARBAGE)
        sp_buf_append_str(buf, SP_STR("HTTP/1.1 200 OK\r\n\r\n"));
    else if (act == REFUSE_REQUEST)
        assert_int_equal(sp_region_refuse_write(buf, answer.request_id, SP_STR("cannot read it")), SP_OK);
    else if (act == PING_FIRST)
        assert_int_equal(sp_region_bare_write(buf, SP_REGION_PING, 3), SP_OK);
    if (act != GARBAGE && act != REFUSE_REQUEST)
        assert_int_equal(sp_region_answer_write(buf, &answer), SP_OK);
    return io_send(stream, buf) && act != CLOSE_AFTER_ANSWER;
}

static void region(void *arg, struct sp_stream *stream)
{
    struct sp_str frame;
    struct sp_buf buf;
    bool going = true;
    sp_buf_init(&buf, SP_REGION_FRAME_MAX);
    if (io_stream_read_frame(stream, sp_region_frame_length, NULL, SP_REGION_FRAME_MAX, 0, &frame) == SP_OK)
        going = io_greet(stream, frame, &buf);
    while (going && io_stream_read_frame(stream, sp_region_frame_length, NULL, SP_REGION_FRAME_MAX, 0,
                                         &frame) == SP_OK) {
        if (played.act == END_BEFORE) {
            assert_int_equal(sp_region_refuse_write(&buf, 0, SP_STR("the region ends")), SP_OK);
            io_send(stream, &buf);
            played.act = ANSWER;
            break;
        }
        take_link(frame);
        if (++played.at_once > played.most_at_once)
            played.most_at_once = played.at_once;
        going = io_act(stream, &buf);
        played.at_once--;
    }
    played.closed++;
    sp_buf_finish(&buf);
    sp_stream_give_back(stream, true);
}

/* --- the gateway ------------------------------------------------------------------------------------- */

static struct sp_property sar_properties[] = {{SP_STR_INIT("program"), SP_STR_INIT("INQACC")},
                                              {SP_STR_INIT("connectionRef"), SP_STR_INIT("cicsConn")}};
static struct sp_interface commarea_interface = {.is_channel = false};
static struct sp_interface channel_interface = {.is_channel = true};
static struct sp_sar sar;
static struct sp_record records[2];
static struct sp_record_set record_set = {records, 1};

struct caller {
    struct sp_sor_call call;
    struct sp_sor_answer answer;
    enum sp_status status;
    struct sp_error err;
};

static struct caller caller;

static void run_call(void *arg)
{
    struct caller *c = arg;
    c->status = io_sor_invoke(connection, &c->call, &arena, &c->answer, &c->err);
}

static enum sp_status invoke(void)
{
    struct sp_fiber *fiber;
    caller.status = SP_EINTERNAL;
    sp_error_clear(&caller.err);
    if (!caller.call.deadline_us || caller.call.deadline_us < sp_clock_monotonic_us())
        caller.call.deadline_us = sp_clock_monotonic_us() + 10000000;
    assert_int_equal(sp_fiber_start(loop, run_call, &caller, &fiber), SP_OK);
    while (caller.status == SP_EINTERNAL)
        sp_loop_run_once(loop, 1000);
    return caller.status;
}

static void assert_says(const char *text)
{
    if (!strstr(caller.err.text, text))
        fail_msg("\"%s\" does not say \"%s\"", caller.err.text, text);
}

static void assert_str(struct sp_str have, const char *want)
{
    if (!sp_str_is(have, want))
        fail_msg("\"%.*s\" instead of \"%s\"", SP_STR_ARG(have), want);
}

static void connect_with(unsigned workers)
{
    sp_sor_free(connection);
    assert_int_equal(sp_sor_cics_new(&config, loop, workers, &connection, &err), SP_OK);
}

static int start(void **state)
{
    struct sp_listener_options options = {.address = {.host = "127.0.0.1"}};
    memset(&played, 0, sizeof played);
    sp_arena_init(&arena, 256u << 20);
    if (sp_loop_new(NULL, &loop, &err) != SP_OK ||
        sp_listener_new(loop, &options, region, NULL, &listener, &err) != SP_OK)
        return -1;
    config = (struct sp_cfg_cics_connection){.id = SP_STR("cicsConn"),
                                             .host = SP_STR("127.0.0.1"),
                                             .port = sp_listener_port(listener),
                                             .send_sessions = 10,
                                             .zos_connect_applid = SP_STR("SALLYPRT"),
                                             .zos_connect_networkid = SP_STR("ZNET"),
                                             .connection_timeout_us = 5000000};
    sar = (struct sp_sar){.name = SP_STR("enquiry"),
                          .properties = sar_properties,
                          .property_count = 2,
                          .ccsid = SP_STR("IBM037"),
                          .request = &commarea_interface,
                          .response = &commarea_interface};
    records[0] = (struct sp_record){.bytes = SP_STR("\xc1\xc2")};
    record_set.count = 1;
    played.answer = (struct sp_region_answer){.commarea = SP_STR("\xe8")};
    caller = (struct caller){.call = {.sar = &sar,
                                      .records = &record_set,
                                      .answer_bytes = 103,
                                      .identity = {.user = SP_STR("FRED")},
                                      .correlator = SP_STR("corr-1")}};
    connection = NULL;
    connect_with(1);
    return 0;
}

static int stop(void **state)
{
    sp_sor_free(connection);
    sp_listener_free(listener);
    sp_loop_free(loop);
    sp_arena_finish(&arena);
    return 0;
}

/* --- tests ------------------------------------------------------------------------------------------- */

static void a_commarea_goes_there_and_back(void **state)
{
    int64_t before = sp_clock_realtime_us();
    assert_int_equal(invoke(), SP_OK);
    assert_str(played.link.program, "INQACC");
    assert_str(played.link.commarea, "\xc1\xc2");
    assert_false(played.link.has_channel);
    assert_str(played.link.user, "FRED");
    assert_str(played.link.password, "");
    assert_str(played.link.correlator, "corr-1");
    assert_int_equal(played.link.ccsid, 37);
    assert_int_equal(played.link.answer_bytes, 103);
    assert_in_range(played.link.deadline_ms, 5000, 10000);
    assert_str(played.link.transaction, "");
    assert_int_equal(caller.answer.records.count, 1);
    assert_str(caller.answer.records.records[0].bytes, "\xe8");
    assert_int_equal(caller.answer.records.records[0].container.len, 0);
    assert_str(caller.answer.identifier, "CICSA");
    assert_str(caller.answer.resource, "CSMI,INQACC");
    assert_true(caller.answer.sent_us >= before && caller.answer.received_us >= caller.answer.sent_us);
    assert_str(sp_sor_reference(connection), "cicsConn");
}

static void containers_go_there_and_back(void **state)
{
    struct sp_region_container back[] = {{SP_STR_INIT("OUT"), true, SP_STR_INIT("x")},
                                         {SP_STR_INIT("MORE"), false, SP_STR_INIT("yz")}};
    sar.request = sar.response = &channel_interface;
    records[0] = (struct sp_record){SP_STR("REQ"), false, SP_STR("1")};
    records[1] = (struct sp_record){SP_STR("TEXT"), true, SP_STR("22")};
    record_set.count = 2;
    played.answer = (struct sp_region_answer){.has_channel = true, .containers = back, .container_count = 2};
    assert_int_equal(invoke(), SP_OK);
    assert_true(played.link.has_channel);
    assert_str(played.link.channel, "ZOSCONNECT");
    assert_int_equal(played.link.container_count, 2);
    assert_str(played.link.containers[0].name, "REQ");
    assert_false(played.link.containers[0].is_char);
    assert_str(played.link.containers[1].data, "22");
    assert_true(played.link.containers[1].is_char);
    assert_int_equal(caller.answer.records.count, 2);
    assert_str(caller.answer.records.records[0].container, "OUT");
    assert_true(caller.answer.records.records[0].is_char);
    assert_str(caller.answer.records.records[1].bytes, "yz");

    played.answer = (struct sp_region_answer){.commarea = SP_STR("c")};
    assert_int_equal(invoke(), SP_EPROTO);
    assert_says("COMMAREA");
}

static void properties_of_service_and_connection_are_used(void **state)
{
    struct sp_property overrides[] = {{SP_STR_INIT("program"), SP_STR_INIT("OTHERPGM")},
                                      {SP_STR_INIT("ccsid"), SP_STR_INIT("1047")},
                                      {SP_STR_INIT("transid"), SP_STR_INIT("MINE")},
                                      {SP_STR_INIT("transidUsage"), SP_STR_INIT("EIB_AND_MIRROR")}};
    config.transid = SP_STR("CONN");
    assert_int_equal(invoke(), SP_OK);
    assert_str(played.link.transaction, "CONN");
    assert_false(played.link.transaction_is_mirror);
    assert_str(caller.answer.resource, "CSMI,INQACC");
    config.transid_is_mirror = true;
    assert_int_equal(invoke(), SP_OK);
    assert_true(played.link.transaction_is_mirror);
    assert_str(caller.answer.resource, "CONN,INQACC");

    config.transid_is_mirror = false;
    caller.call.overrides = overrides;
    caller.call.override_count = 4;
    assert_int_equal(invoke(), SP_OK);
    assert_str(played.link.program, "OTHERPGM");
    assert_int_equal(played.link.ccsid, 1047);
    assert_str(played.link.transaction, "MINE");
    assert_true(played.link.transaction_is_mirror);
    overrides[3].value = SP_STR("EIB_ONLY");
    assert_int_equal(invoke(), SP_OK);
    assert_false(played.link.transaction_is_mirror);

    static const struct sp_property wrong[] = {{SP_STR_INIT("transidUsage"), SP_STR_INIT("BOTH")},
                                               {SP_STR_INIT("transid"), SP_STR_INIT("LONGER")},
                                               {SP_STR_INIT("program"), SP_STR_INIT("")},
                                               {SP_STR_INIT("program"), SP_STR_INIT("A B")},
                                               {SP_STR_INIT("ccsid"), SP_STR_INIT("9x9")}};
    unsigned links = played.links;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        caller.call.overrides = &wrong[i];
        caller.call.override_count = 1;
        assert_int_equal(invoke(), SP_EINVAL);
        assert_says("enquiry");
    }
    assert_int_equal(played.links, links);
}

static void an_identity_flows_as_it_is(void **state)
{
    config.user = SP_STR("SERVER");
    config.password = SP_STR("secret");
    assert_int_equal(invoke(), SP_OK);
    assert_str(played.link.user, "FRED");
    assert_str(played.link.password, "");
    caller.call.identity =
        (struct sp_sor_identity){.dist_name = SP_STR("CN=Fred"), .dist_realm = SP_STR("ldap")};
    assert_int_equal(invoke(), SP_OK);
    assert_str(played.link.user, "");
    assert_str(played.link.password, "");
    assert_str(played.link.dist_name, "CN=Fred");
    assert_str(played.link.dist_realm, "ldap");
    /* Without any, the connection's own. */
    caller.call.identity = (struct sp_sor_identity){.user = SP_STR("")};
    assert_int_equal(invoke(), SP_OK);
    assert_str(played.link.user, "SERVER");
    assert_str(played.link.password, "secret");
}

static void every_outcome_has_its_status(void **state)
{
    static const struct {
        enum sp_region_outcome outcome;
        enum sp_status status;
        const char *text;
    } cases[] = {
        {SP_REGION_ABEND, SP_EPROTO, "ended abnormally with code ASRA"},
        {SP_REGION_NOT_FOUND, SP_ENOTFOUND, "not defined"},
        {SP_REGION_NOT_AUTHORIZED, SP_EDENIED, "may not be used"},
        {SP_REGION_SECURITY, SP_EDENIED, "identity was not accepted"},
        {SP_REGION_TIMED_OUT, SP_ETIMEDOUT, "did not end in time"},
        {SP_REGION_BUSY, SP_EUNAVAIL, "busy"},
        {SP_REGION_LENGTH, SP_EPROTO, "too long"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        played.answer = (struct sp_region_answer){
            .outcome = cases[i].outcome, .abend = SP_STR("ASRA"), .reason = SP_STR("for the region's log")};
        assert_int_equal(invoke(), cases[i].status);
        assert_says(cases[i].text);
        assert_says("program INQACC of connection cicsConn");
        assert_null(strstr(caller.err.text, "log"));
        assert_true(caller.answer.received_us > 0);
    }
    /* None of them costs the connection. */
    assert_int_equal(played.hellos, 1);
}

static void a_connection_is_greeted_once_and_used_again(void **state)
{
    for (int i = 0; i < 5; i++)
        assert_int_equal(invoke(), SP_OK);
    assert_int_equal(played.hellos, 1);
    assert_int_equal(played.links, 5);
    played.act = PING_FIRST;
    assert_int_equal(invoke(), SP_OK);
    assert_int_equal(played.hellos, 1);
}

static void a_region_that_is_another_is_not_used(void **state)
{
    config.cics_applid = SP_STR("CICSB");
    assert_int_equal(invoke(), SP_EUNAVAIL);
    assert_says("its applid is \"CICSA\", not \"CICSB\"");
    config.cics_applid = SP_STR("CICSA");
    config.cics_networkid = SP_STR("NETB");
    assert_int_equal(invoke(), SP_EUNAVAIL);
    assert_says("NETA");
    assert_int_equal(played.links, 0);
    config.cics_networkid = SP_STR("NETA");
    assert_int_equal(invoke(), SP_OK);
}

static void the_region_learns_who_calls(void **state)
{
    played.refuse_hello = true;
    assert_int_equal(invoke(), SP_EUNAVAIL);
    assert_says("the region refuses: not you");
    assert_says("cicsConn");
    assert_string_equal(played.applid, "SALLYPRT");
    assert_string_equal(played.networkid, "ZNET");
    assert_int_equal(played.hellos, 1); /* what was refused is not asked again */
}

static void a_region_that_is_not_there_is_unavailable(void **state)
{
    config.port = 1; /* nobody listens there */
    connect_with(1);
    assert_int_equal(invoke(), SP_EUNAVAIL);
    assert_says("cicsConn");
    assert_int_equal(caller.answer.sent_us, 0);
    assert_str(caller.answer.identifier, "127.0.0.1:1");
}

static void silence_ends_at_the_deadline(void **state)
{
    played.act = STAY_SILENT;
    caller.call.deadline_us = sp_clock_monotonic_us() + 150000;
    int64_t began = sp_clock_monotonic_us();
    assert_int_equal(invoke(), SP_ETIMEDOUT);
    assert_in_range(sp_clock_monotonic_us() - began, 140000, 5000000);
    assert_in_range(played.link.deadline_ms, 1, 100);
    /* The connection, on which the answer could still come, is not used again. */
    played.act = ANSWER;
    caller.call.deadline_us = 0;
    assert_int_equal(invoke(), SP_OK);
    assert_int_equal(played.hellos, 2);
}

static void a_canceled_call_ends_at_once(void **state)
{
    struct sp_fiber *fiber;
    played.act = STAY_SILENT;
    caller.status = SP_EINTERNAL;
    assert_int_equal(sp_fiber_start(loop, run_call, &caller, &fiber), SP_OK);
    while (!played.links)
        sp_loop_run_once(loop, 1000);
    sp_fiber_cancel(fiber);
    while (caller.status == SP_EINTERNAL)
        sp_loop_run_once(loop, 1000);
    assert_int_equal(caller.status, SP_ECANCELED);
}

static void a_lost_connection_is_told_and_nothing_is_run_twice(void **state)
{
    played.act = CLOSE;
    assert_int_equal(invoke(), SP_EUNAVAIL);
    assert_says("whether program INQACC ran is not known");
    assert_int_equal(played.links, 1);
    played.act = ANSWER;
    assert_int_equal(invoke(), SP_OK);
    played.act = CLOSE;
    assert_int_equal(invoke(), SP_EUNAVAIL);
    assert_says("not known");
    assert_int_equal(played.links, 3);
}

static void what_the_region_has_not_taken_is_asked_again(void **state)
{
    assert_int_equal(invoke(), SP_OK);
    played.act = END_BEFORE;
    assert_int_equal(invoke(), SP_OK);
    assert_int_equal(played.links, 2);
    assert_int_equal(played.hellos, 2);
    /* A connection that was closed behind its last answer is not even tried. */
    played.act = CLOSE_AFTER_ANSWER;
    assert_int_equal(invoke(), SP_OK);
    played.act = ANSWER;
    while (played.closed < 2)
        sp_loop_run_once(loop, 1000);
    assert_int_equal(invoke(), SP_OK);
    assert_int_equal(played.links, 4);
    /* On a fresh connection it is an answer like any other. */
    connect_with(1);
    played.act = END_BEFORE;
    assert_int_equal(invoke(), SP_EUNAVAIL);
    assert_says("the region ends");
}

static void what_is_no_answer_is_a_protocol_error(void **state)
{
    static const enum act acts[] = {WRONG_ID, GARBAGE, REFUSE_REQUEST};
    for (size_t i = 0; i < 3; i++) {
        played.act = acts[i];
        assert_int_equal(invoke(), SP_EPROTO);
        assert_says("cicsConn");
    }
    assert_int_equal(played.links, 3);
    played.act = ANSWER;
    assert_int_equal(invoke(), SP_OK);
}

static void sessions_are_divided_among_workers(void **state)
{
    static struct caller callers[12];
    config.send_sessions = 10;
    connect_with(3);
    played.act = SLOWLY;
    for (int i = 0; i < 12; i++) {
        callers[i] = caller;
        callers[i].status = SP_EINTERNAL;
        callers[i].call.deadline_us = sp_clock_monotonic_us() + 10000000;
        assert_int_equal(sp_fiber_start(loop, run_call, &callers[i], NULL), SP_OK);
    }
    for (int i = 0; i < 12; i++) {
        while (callers[i].status == SP_EINTERNAL)
            sp_loop_run_once(loop, 1000);
        assert_int_equal(callers[i].status, SP_OK);
    }
    assert_int_equal(played.most_at_once, 3);
    assert_int_equal(played.hellos, 3);
}

static void a_large_container_passes(void **state)
{
    size_t size = 10u << 20;
    char *data = malloc(size);
    assert_non_null(data);
    memset(data, 'x', size);
    struct sp_region_container back = {SP_STR("OUT"), false, sp_str_from(data, size)};
    sar.request = sar.response = &channel_interface;
    records[0] = (struct sp_record){SP_STR("REQ"), false, SP_STR("1")};
    played.answer = (struct sp_region_answer){.has_channel = true, .containers = &back, .container_count = 1};
    assert_int_equal(invoke(), SP_OK);
    assert_int_equal(caller.answer.records.records[0].bytes.len, size);
    assert_memory_equal(caller.answer.records.records[0].bytes.ptr, data, size);
    free(data);
}

/* --- TLS --------------------------------------------------------------------------------------------- */

static char pem_path[] = "/tmp/sallyport-cics-XXXXXX";

/* A certificate that issued itself, and its key, into a PEM file and a server's context. */
static SSL_CTX *make_tls(const char *names_text)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    X509V3_CTX v3;
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                               (const unsigned char *)"region", -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    X509V3_set_ctx(&v3, cert, cert, NULL, NULL, 0);
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, &v3, NID_subject_alt_name, names_text);
    X509_add_ext(cert, names, -1);
    X509_EXTENSION_free(names);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    int fd = mkstemp(pem_path);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    PEM_write_X509(file, cert);
    PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
    fclose(file);
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    assert_true(SSL_CTX_use_certificate(context, cert) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1);
    X509_free(cert);
    EVP_PKEY_free(key);
    return context;
}

static void tls_is_spoken_and_verified(void **state)
{
    SSL_CTX *server = make_tls("IP:127.0.0.1");
    struct sp_listener *secure;
    struct sp_listener_options options = {.address = {.host = "127.0.0.1"}, .ssl_ctx = server};
    assert_int_equal(sp_listener_new(loop, &options, region, NULL, &secure, &err), SP_OK);
    struct sp_cfg_key_store store = {
        .id = SP_STR("store"), .location = sp_str_of(pem_path), .type = SP_STR("PEM"), .file_based = true};
    struct sp_cfg_ssl ssl = {.id = SP_STR("tls"), .key_store = &store, .trust_store = &store};
    config.ssl = &ssl;
    config.port = sp_listener_port(secure);
    connect_with(1);
    assert_int_equal(invoke(), SP_OK);
    assert_int_equal(played.links, 1);

    /* A certificate of somebody else. */
    SSL_CTX_free(server);
    unlink(pem_path);
    memcpy(strrchr(pem_path, '-') + 1, "XXXXXX", 6);
    server = make_tls("IP:127.0.0.1");
    connect_with(1);
    assert_int_not_equal(invoke(), SP_OK);
    assert_int_equal(played.links, 1);

    struct sp_str cipher = SP_STR("TLS_AES_128_GCM_SHA256");
    struct sp_sor_connection *none = NULL;
    ssl.enabled_ciphers = (struct sp_str_list){&cipher, 1};
    assert_int_equal(sp_sor_cics_new(&config, loop, 1, &none, &err), SP_EUNSUPPORTED);
    store.location = SP_STR("/nowhere.pem");
    ssl.enabled_ciphers.count = 0;
    assert_int_equal(sp_sor_cics_new(&config, loop, 1, &none, &err), SP_ENOTFOUND);
    assert_null(none);
    unlink(pem_path);
    SSL_CTX_free(server);
    sp_listener_free(secure);
}

static void a_certificate_of_another_name_passes_only_when_that_is_said(void **state)
{
    static const char *const names[] = {"DNS:other.test", "IP:127.0.0.2"};
    for (int i = 0; i < 2; i++) {
        memcpy(strrchr(pem_path, '-') + 1, "XXXXXX", 6);
        SSL_CTX *server = make_tls(names[i]);
        struct sp_listener *secure;
        struct sp_listener_options options = {.address = {.host = "127.0.0.1"}, .ssl_ctx = server};
        assert_int_equal(sp_listener_new(loop, &options, region, NULL, &secure, &err), SP_OK);
        struct sp_cfg_key_store store = {.id = SP_STR("store"),
                                         .location = sp_str_of(pem_path),
                                         .type = SP_STR("PEM"),
                                         .file_based = true};
        struct sp_cfg_ssl ssl = {
            .id = SP_STR("tls"), .key_store = &store, .trust_store = &store, .verify_hostname = true};
        config.ssl = &ssl;
        config.port = sp_listener_port(secure);
        connect_with(1);
        assert_int_not_equal(invoke(), SP_OK);
        ssl.verify_hostname = false;
        connect_with(1);
        assert_int_equal(invoke(), SP_OK);
        struct sp_str hosts[] = {SP_STR("elsewhere.test"), SP_STR("127.0.0.1")};
        ssl.verify_hostname = true;
        ssl.skip_verification_hosts = (struct sp_str_list){hosts, 1};
        connect_with(1);
        assert_int_not_equal(invoke(), SP_OK);
        ssl.skip_verification_hosts.count = 2;
        connect_with(1);
        assert_int_equal(invoke(), SP_OK);
        /* The chain counts all the same. */
        char trusted[sizeof pem_path];
        memcpy(trusted, pem_path, sizeof trusted);
        memcpy(strrchr(pem_path, '-') + 1, "XXXXXX", 6);
        SSL_CTX_free(make_tls("IP:127.0.0.1"));
        ssl.verify_hostname = false;
        connect_with(1);
        assert_int_not_equal(invoke(), SP_OK);
        unlink(pem_path);
        unlink(trusted);
        SSL_CTX_free(server);
        sp_listener_free(secure);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(a_commarea_goes_there_and_back),
        TEST(containers_go_there_and_back),
        TEST(properties_of_service_and_connection_are_used),
        TEST(an_identity_flows_as_it_is),
        TEST(every_outcome_has_its_status),
        TEST(a_connection_is_greeted_once_and_used_again),
        TEST(a_region_that_is_another_is_not_used),
        TEST(the_region_learns_who_calls),
        TEST(a_region_that_is_not_there_is_unavailable),
        TEST(silence_ends_at_the_deadline),
        TEST(a_canceled_call_ends_at_once),
        TEST(a_lost_connection_is_told_and_nothing_is_run_twice),
        TEST(what_the_region_has_not_taken_is_asked_again),
        TEST(what_is_no_answer_is_a_protocol_error),
        TEST(sessions_are_divided_among_workers),
        TEST(a_large_container_passes),
        TEST(tls_is_spoken_and_verified),
        TEST(a_certificate_of_another_name_passes_only_when_that_is_said),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
