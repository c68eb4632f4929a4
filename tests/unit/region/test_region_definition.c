/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>

#include "region/definition.h"

static struct sp_arena arena;
static struct sp_error err;
static const struct sp_definition *definition;

static int setup(void **state)
{
    sp_arena_init(&arena, 8u << 20);
    return 0;
}

static int teardown(void **state)
{
    sp_arena_finish(&arena);
    return 0;
}

static enum sp_status read_text(const char *text)
{
    return sp_definition_read(sp_str_of(text), "region.yaml", SP_STR("/dir"), &arena, &definition, &err);
}

static void everything_has_a_default(void **state)
{
    assert_int_equal(read_text("region: {}\n"), SP_OK);
    assert_true(sp_str_is(definition->applid, "REGION"));
    assert_int_equal(definition->ccsid, 37);
    assert_false(definition->is_native);
    assert_true(sp_str_is(definition->host, "127.0.0.1"));
    assert_int_equal(definition->port, 1435);
    assert_int_equal(definition->workers, 4);
    assert_int_equal(definition->runaway_ms, 5000);
    assert_true(sp_str_is(definition->modules, "/dir/modules"));
    assert_true(sp_str_is(definition->mirror, "CSMI"));
    assert_int_equal(definition->ipconn_count, 1);
    assert_int_equal(definition->ipconns[0].user_auth, SP_USERAUTH_DEFAULTUSER);
}

static void every_attribute_arrives(void **state)
{
    assert_int_equal(
        read_text("region:\n"
                  "  applid: CICSA\n"
                  "  networkid: NETB\n"
                  "  dataProfile: NATIVE\n"
                  "  listen: '[::1]:9000'\n"
                  "  socket: run/sock\n"
                  "  workers: 1000\n"
                  "  maxTasks: 7\n"
                  "  maxConnections: 8\n"
                  "  timeLimit: 9\n"
                  "  runaway: 0\n"
                  "  modules: /abs\n"
                  "  data: d\n"
                  "  tlsCertificate: c.pem\n"
                  "  tlsKey: k.pem\n"
                  "  tlsClientTrust: t.pem\n"
                  "  mirror: MIRR\n"
                  "  defaultUser: NOBODY\n"
                  "  copybooks: [a, /b]\n"
                  "connections:\n"
                  "- {name: C1, applid: X, networkid: Y, userAuth: identify, trustNetwork: true}\n"
                  "- {name: C2, userAuth: LOCAL, securityName: LINK}\n"
                  "transactions: {TRN1: {}, TRN2: {program: P2}}\n"
                  "programs:\n"
                  "  P1: {module: M1, source: p1.cbl, commarea: CA, redefines: [R1, R2], stopRun: return,\n"
                  "       checks: true, containers: {C-1: REC-1}}\n"
                  "  P2:\n"),
        SP_OK);
    const struct sp_definition *d = definition;
    assert_true(sp_str_is(d->applid, "CICSA") && sp_str_is(d->networkid, "NETB"));
    assert_true(d->is_native);
    assert_int_equal(d->ccsid, 819);
    assert_true(sp_str_is(d->host, "::1"));
    assert_int_equal(d->port, 9000);
    assert_true(sp_str_is(d->unix_path, "/dir/run/sock"));
    assert_int_equal(d->workers, 1000);
    assert_int_equal(d->max_tasks, 7);
    assert_int_equal(d->max_connections, 8);
    assert_int_equal(d->time_limit_ms, 9);
    assert_int_equal(d->runaway_ms, 0);
    assert_true(sp_str_is(d->modules, "/abs") && sp_str_is(d->data, "/dir/d"));
    assert_true(sp_str_is(d->tls_certificate, "/dir/c.pem") && sp_str_is(d->tls_key, "/dir/k.pem"));
    assert_true(sp_str_is(d->tls_client_trust, "/dir/t.pem"));
    assert_true(sp_str_is(d->mirror, "MIRR") && sp_str_is(d->default_user, "NOBODY"));
    assert_int_equal(d->copybook_count, 2);
    assert_true(sp_str_is(d->copybooks[0], "/dir/a") && sp_str_is(d->copybooks[1], "/b"));
    assert_int_equal(d->ipconn_count, 2);
    assert_int_equal(d->ipconns[0].user_auth, SP_USERAUTH_IDENTIFY);
    assert_true(d->ipconns[0].trust_network && !d->ipconns[1].trust_network);
    assert_true(sp_str_is(d->ipconns[1].security_name, "LINK"));
    assert_true(sp_str_is(sp_definition_transaction(d, SP_STR("TRN1"))->program, "DFHMIRS"));
    assert_true(sp_str_is(sp_definition_transaction(d, SP_STR("TRN2"))->program, "P2"));
    assert_null(sp_definition_transaction(d, SP_STR("TRN3")));
    const struct sp_program *p = sp_definition_program(d, SP_STR("P1"));
    assert_true(sp_str_is(p->module, "M1") && sp_str_is(p->source, "/dir/p1.cbl") &&
                sp_str_is(p->commarea, "CA"));
    assert_int_equal(p->redefine_count, 2);
    assert_true(p->stop_run_returns && p->checks);
    assert_int_equal(p->container_count, 1);
    assert_true(sp_str_is(p->containers[0].container, "C-1") && sp_str_is(p->containers[0].record, "REC-1"));
    assert_true(sp_str_is(sp_definition_program(d, SP_STR("P2"))->module, "P2"));
    assert_null(sp_definition_program(d, SP_STR("p1")));
}

static void what_is_wrong_is_named(void **state)
{
    static const struct {
        const char *text, *named;
    } cases[] = {
        {"region: {worker: 3}", "worker"},
        {"reigon: {}", "reigon"},
        {"region: {workers: 0}", "workers"},
        {"region: {workers: 1001}", "workers"},
        {"region: {workers: two}", "workers"},
        {"region: {applid: TOOLONG99}", "applid"},
        {"region: {applid: 'A B'}", "applid"},
        {"region: {dataProfile: ascii}", "zos|native"},
        {"region: {listen: nowhere}", "HOST:PORT"},
        {"region: {listen: 'h:65536'}", "HOST:PORT"},
        {"region: {runaway: 2700001}", "runaway"},
        {"region: {copybooks: here}", "copybooks"},
        {"region: {tlsKey: k}", "tlsCertificate"},
        {"region: {tlsCertificate: c}", "tlsKey"},
        {"region: {tlsClientTrust: t}", "tlsCertificate"},
        {"region: {resourceSecurity: true}", "saf"},
        {"region: {safKey: k}", "saf"},
        {"region: {auditSocket: a}", "saf"},
        {"connections: {}", "list"},
        {"connections: [{userAuth: LOCAL}]", "name"},
        {"connections: [{name: A, userAuth: ATTACHSEC}]", "LOCAL|IDENTIFY|VERIFY|DEFAULTUSER"},
        {"connections: [{name: A, userAuth: VERIFY}]", "VERIFY needs saf"},
        {"connections: [{name: A, trustNetwork: 1}]", "true or false"},
        {"transactions: {LONGER: {}}", "LONGER"},
        {"programs: [A]", "programs"},
        {"programs: {'../ETC': {}}", "../ETC"},
        {"programs: {A: {module: ../x}}", "module"},
        {"programs: {A: {stopRun: maybe}}", "abend|return"},
        {"programs: {A: {containers: [x]}}", "containers"},
        {"programs: {A: {containers: {C: [x]}}}", "containers"},
        {"programs: {A: {}, A: {}}", "A"},
        {"[]", "attributes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sp_error_clear(&err);
        if (read_text(cases[i].text) == SP_OK || !strstr(err.text, cases[i].named))
            fail_msg("%s: \"%s\" does not name %s", cases[i].text, err.text, cases[i].named);
        assert_string_equal(err.file, "region.yaml");
    }
}

static void the_nearest_connection_is_taken(void **state)
{
    assert_int_equal(read_text("connections:\n"
                               "- {name: ANY}\n"
                               "- {name: NET, networkid: N}\n"
                               "- {name: APP, applid: A}\n"
                               "- {name: BOTH, applid: A, networkid: N}\n"),
                     SP_OK);
    assert_true(sp_str_is(sp_definition_ipconn(definition, SP_STR("A"), SP_STR("N"))->name, "BOTH"));
    assert_true(sp_str_is(sp_definition_ipconn(definition, SP_STR("A"), SP_STR("M"))->name, "APP"));
    assert_true(sp_str_is(sp_definition_ipconn(definition, SP_STR("B"), SP_STR("N"))->name, "NET"));
    assert_true(sp_str_is(sp_definition_ipconn(definition, SP_STR(""), SP_STR(""))->name, "ANY"));
    assert_int_equal(read_text("connections: [{name: APP, applid: A}]\n"), SP_OK);
    assert_null(sp_definition_ipconn(definition, SP_STR("B"), SP_STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(everything_has_a_default, setup, teardown),
        cmocka_unit_test_setup_teardown(every_attribute_arrives, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(the_nearest_connection_is_taken, setup, teardown),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
