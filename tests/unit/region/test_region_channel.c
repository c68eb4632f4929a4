/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "region/area.h"
#include "region/channel.h"
#include "region/security.h"

static struct sp_channel channel;

static void open_channel(void)
{
    struct sp_region_container sent[] = {{SP_STR_INIT("A"), true, SP_STR_INIT("one")},
                                         {SP_STR_INIT("B"), false, SP_STR_INIT("")}};
    struct sp_region_link link = {
        .has_channel = true, .channel = SP_STR("CHAN"), .containers = sent, .container_count = 2};
    assert_int_equal(sp_channel_set(&channel, &link), SP_OK);
}

static void containers_are_found_replaced_and_deleted(void **state)
{
    struct sp_channel_container *c;
    open_channel();
    assert_true(channel.exists);
    c = sp_channel_find(&channel, SP_STR("A"));
    assert_non_null(c);
    assert_true(c->is_char && !c->changed);
    assert_int_equal(sp_channel_put(&channel, SP_STR("A"), false, SP_STR("longer"), &c), SP_OK);
    assert_true(c->changed && !c->is_char);
    assert_true(sp_str_is(sp_buf_str(&c->data), "longer"));
    assert_int_equal(channel.count, 2);
    assert_int_equal(channel.bytes, 6);
    assert_int_equal(sp_channel_delete(&channel, SP_STR("A")), SP_OK);
    assert_int_equal(sp_channel_delete(&channel, SP_STR("A")), SP_ENOTFOUND);
    assert_null(sp_channel_find(&channel, SP_STR("A")));
    assert_non_null(sp_channel_find(&channel, SP_STR("B")));
    assert_int_equal(channel.bytes, 0);
    sp_channel_finish(&channel);
    assert_false(channel.exists);
}

static void a_channel_has_limits(void **state)
{
    struct sp_channel_container *c;
    static char big[SP_CHANNEL_BYTES_MAX];
    open_channel();
    assert_int_equal(sp_channel_put(&channel, SP_STR("B"), false, sp_str_from(big, sizeof big - 3), &c),
                     SP_OK);
    assert_int_equal(sp_channel_put(&channel, SP_STR("C"), false, SP_STR("x"), &c), SP_ELIMIT);
    assert_int_equal(sp_channel_put(&channel, SP_STR("B"), false, SP_STR("x"), &c), SP_OK);
    for (unsigned i = channel.count; i < SP_REGION_CONTAINERS_MAX; i++) {
        char name[8];
        snprintf(name, sizeof name, "N%u", i);
        assert_int_equal(sp_channel_put(&channel, sp_str_of(name), false, SP_STR(""), &c), SP_OK);
    }
    assert_int_equal(sp_channel_put(&channel, SP_STR("OVER"), false, SP_STR(""), &c), SP_ELIMIT);
    assert_int_equal(sp_channel_put(&channel, SP_STR("B"), false, SP_STR("again"), &c), SP_OK);
    sp_channel_finish(&channel);
}

static void an_area_ends_where_nothing_may_be_touched(void **state)
{
    struct sp_area area;
    assert_int_equal(sp_area_init(&area, 32763), SP_OK);
    assert_null(sp_area_take(&area, area.size + 1));
    unsigned char *bytes = sp_area_take(&area, 103);
    for (int i = 0; i < 103; i++)
        assert_int_equal(bytes[i], 0);
    memset(bytes, 'x', 103);
    assert_int_equal(sp_area_take(&area, 200)[199], 0);

    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGSEGV, SIG_DFL);
        volatile unsigned char *beyond = bytes;
        beyond[103] = 1;
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    sp_area_finish(&area);
}

static enum sp_region_outcome outcome_for(enum sp_user_auth auth, bool local, bool trust, const char *user,
                                          const char *password, struct sp_str *ret_user)
{
    struct sp_definition definition = {.default_user = SP_STR("CICSUSER")};
    struct sp_ipconn ipconn = {
        .user_auth = auth, .security_name = SP_STR("LINKUSER"), .trust_network = trust};
    struct sp_region_link link = {.user = sp_str_of(user), .password = sp_str_of(password)};
    struct sp_identity_decision decision = sp_region_identify(&definition, &ipconn, local, &link);
    assert_true((decision.reason == NULL) == (decision.outcome == SP_REGION_NORMAL));
    *ret_user = decision.user;
    return decision.outcome;
}

static void identify_takes_a_user_id_and_nothing_else(void **state)
{
    struct sp_str user;
    assert_int_equal(outcome_for(SP_USERAUTH_IDENTIFY, true, false, "FRED", "", &user), SP_REGION_NORMAL);
    assert_true(sp_str_is(user, "FRED"));
    assert_int_equal(outcome_for(SP_USERAUTH_IDENTIFY, true, false, "", "", &user), SP_REGION_SECURITY);
    assert_int_equal(outcome_for(SP_USERAUTH_IDENTIFY, true, false, "FRED", "X", &user), SP_REGION_SECURITY);
    assert_int_equal(outcome_for(SP_USERAUTH_IDENTIFY, false, false, "FRED", "", &user), SP_REGION_SECURITY);
    assert_int_equal(outcome_for(SP_USERAUTH_IDENTIFY, false, true, "FRED", "", &user), SP_REGION_NORMAL);
}

static void verify_wants_a_user_id_and_a_password(void **state)
{
    struct sp_definition definition = {.default_user = SP_STR("CICSUSER")};
    struct sp_ipconn ipconn = {.user_auth = SP_USERAUTH_VERIFY};
    struct sp_region_link link = {.user = SP_STR("FRED"), .password = SP_STR("X")};
    struct sp_identity_decision decision = sp_region_identify(&definition, &ipconn, false, &link);
    assert_int_equal(decision.outcome, SP_REGION_NORMAL);
    assert_true(decision.to_verify && sp_str_is(decision.user, "FRED"));
    struct sp_str user;
    assert_int_equal(outcome_for(SP_USERAUTH_VERIFY, true, true, "FRED", "", &user), SP_REGION_SECURITY);
    assert_int_equal(outcome_for(SP_USERAUTH_VERIFY, true, true, "", "X", &user), SP_REGION_SECURITY);
    assert_int_equal(outcome_for(SP_USERAUTH_VERIFY, true, true, "", "", &user), SP_REGION_SECURITY);
}

/* The table of "Which user ids are checked" of CICS. */
static void who_else_needs_authority_depends_on_the_link_user(void **state)
{
    static const struct {
        enum sp_user_auth auth;
        const char *security_name, *user, *link_user;
    } cases[] = {
        {SP_USERAUTH_LOCAL, "", "CICSUSER", ""},
        {SP_USERAUTH_LOCAL, "REGION", "CICSUSER", ""},
        {SP_USERAUTH_LOCAL, "LINK", "LINK", ""},
        {SP_USERAUTH_DEFAULTUSER, "", "CICSUSER", ""},
        {SP_USERAUTH_DEFAULTUSER, "REGION", "CICSUSER", ""},
        {SP_USERAUTH_DEFAULTUSER, "LINK", "CICSUSER", "LINK"},
        {SP_USERAUTH_IDENTIFY, "", "FRED", "CICSUSER"},
        {SP_USERAUTH_IDENTIFY, "REGION", "FRED", ""},
        {SP_USERAUTH_IDENTIFY, "LINK", "FRED", "LINK"},
        {SP_USERAUTH_IDENTIFY, "FRED", "FRED", ""},
        {SP_USERAUTH_VERIFY, "", "FRED", "CICSUSER"},
        {SP_USERAUTH_VERIFY, "REGION", "FRED", ""},
        {SP_USERAUTH_VERIFY, "LINK", "FRED", "LINK"},
    };
    struct sp_definition definition = {.default_user = SP_STR("CICSUSER"), .region_user = SP_STR("REGION")};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sp_ipconn ipconn = {.user_auth = cases[i].auth,
                                   .security_name = sp_str_of(cases[i].security_name)};
        struct sp_region_link link = {.user = SP_STR("FRED")};
        if (cases[i].auth == SP_USERAUTH_VERIFY)
            link.password = SP_STR("X");
        struct sp_identity_decision decision = sp_region_identify(&definition, &ipconn, true, &link);
        assert_int_equal(decision.outcome, SP_REGION_NORMAL);
        assert_true(sp_str_is(decision.user, cases[i].user));
        assert_true(sp_str_is(decision.link_user, cases[i].link_user));
    }
}

static void a_certificate_is_as_good_as_this_machine(void **state)
{
    struct sp_definition definition = {.tls_client_trust = SP_STR("/trust.pem")};
    struct sp_ipconn ipconn = {.user_auth = SP_USERAUTH_IDENTIFY};
    struct sp_region_link link = {.user = SP_STR("FRED")};
    assert_int_equal(sp_region_identify(&definition, &ipconn, false, &link).outcome, SP_REGION_NORMAL);
}

static void the_other_ways_ignore_what_flows(void **state)
{
    struct sp_str user;
    assert_int_equal(outcome_for(SP_USERAUTH_LOCAL, false, false, "FRED", "X", &user), SP_REGION_NORMAL);
    assert_true(sp_str_is(user, "LINKUSER"));
    assert_int_equal(outcome_for(SP_USERAUTH_DEFAULTUSER, false, false, "FRED", "", &user), SP_REGION_NORMAL);
    assert_true(sp_str_is(user, "CICSUSER"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(containers_are_found_replaced_and_deleted),
        cmocka_unit_test(a_channel_has_limits),
        cmocka_unit_test(an_area_ends_where_nothing_may_be_touched),
        cmocka_unit_test(identify_takes_a_user_id_and_nothing_else),
        cmocka_unit_test(verify_wants_a_user_id_and_a_password),
        cmocka_unit_test(who_else_needs_authority_depends_on_the_link_user),
        cmocka_unit_test(a_certificate_is_as_good_as_this_machine),
        cmocka_unit_test(the_other_ways_ignore_what_flows),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
