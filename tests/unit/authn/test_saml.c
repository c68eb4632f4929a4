/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "authn/saml_assertion.h"
#include "authn/saml_result.h"
#include "authn/saml_token.h"
#include "text/base64.h"

static void times_are_read_whole(void **state)
{
    const struct {
        const char *text;
        int64_t us;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-23T18:00:00Z", INT64_C(1795456800000000)},
        {"2026-11-23T18:00:00.5Z", INT64_C(1795456800500000)},
        {"2026-11-23T18:00:00.1234567Z", INT64_C(1795456800123456)},
        {"2026-11-23T19:30:00+01:30", INT64_C(1795456800000000)},
        {"2026-11-23T13:00:00-05:00", INT64_C(1795456800000000)},
        {" 2028-02-29T00:00:00Z ", INT64_C(1835395200000000)},
        {"2100-01-01T00:00:00Z", INT64_C(4102444800000000)},
        {"9999-12-31T23:59:59Z", INT64_C(253402300799000000)},
    };
    const char *bad[] = {"",
                         "2026-11-23",
                         "2026-11-23T18:00:00",
                         "2026-11-23 18:00:00Z",
                         "2026-13-01T00:00:00Z",
                         "2026-02-29T00:00:00Z",
                         "2026-04-31T00:00:00Z",
                         "2026-11-23T24:00:00Z",
                         "2026-11-23T18:60:00Z",
                         "2026-11-23T18:00:61Z",
                         "2026-11-23T18:00:00.Z",
                         "2026-11-23T18:00:00+1:00",
                         "2026-11-23T18:00:00+15:00",
                         "2026-11-23T18:00:00Zx",
                         "12026-11-23T18:00:00Z",
                         "-026-11-23T18:00:00Z",
                         "1969-12-31T23:59:59Z"};
    int64_t us;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(sp_saml_time_read(sp_str_of(good[i].text), &us), SP_OK);
        assert_true(us == good[i].us);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (sp_saml_time_read(sp_str_of(bad[i]), &us) != SP_ESYNTAX)
            fail_msg("%s is accepted", bad[i]);
}

/* ---- an assertion, with a part that differs ---- */

#define NOW INT64_C(1795456800000000) /* 2026-11-23T18:00:00Z */
#define SECOND INT64_C(1000000)

static enum sp_status read_at(const char *data, const char *conditions, int64_t now_us, int64_t skew_us,
                              struct sp_saml_facts *ret_facts)
{
    static char text[4096];
    static struct sp_arena arena;
    const struct sp_saml_rules rules = {.clock_skew_us = skew_us};
    struct sp_error err = SP_ERROR_INIT;
    int len = snprintf(text, sizeof text,
                       "<Assertion xmlns='" SP_SAML_NAMESPACE "' ID='_1' Version='2.0'><Issuer>idp</Issuer>"
                       "<Subject><NameID>fr<!--x-->ed</NameID><SubjectConfirmation "
                       "Method='urn:oasis:names:tc:SAML:2.0:cm:bearer'><SubjectConfirmationData %s/>"
                       "</SubjectConfirmation></Subject>%s"
                       "<AuthnStatement AuthnInstant='2026-11-23T17:00:00Z'/></Assertion>",
                       data, conditions);
    assert_true(len > 0 && (size_t)len < sizeof text);
    sp_arena_finish(&arena);
    sp_arena_init(&arena, 1 << 20);
    enum sp_status status = sp_saml_assertion_read(sp_str_of(text), &rules, now_us, &arena, ret_facts, &err);
    if (status == SP_OK)
        assert_true(sp_str_is(ret_facts->user, "fred") && sp_str_is(ret_facts->realm, "idp"));
    sp_arena_finish(&arena);
    return status;
}

static void an_assertion_ends_at_its_time_and_the_skew(void **state)
{
    const char *data = "NotOnOrAfter='2026-11-23T18:00:10Z'";
    struct sp_saml_facts facts;
    for (int64_t skew = 0; skew <= 300; skew += 150) {
        int64_t end = NOW + (10 + skew) * SECOND;
        assert_int_equal(read_at(data, "", end - 1, skew * SECOND, &facts), SP_OK);
        assert_true(facts.expires_us == end);
        assert_int_equal(read_at(data, "", end, skew * SECOND, &facts), SP_EDENIED);
    }
    const char *begins = "<Conditions NotBefore='2026-11-23T18:00:05Z' NotOnOrAfter='2026-11-23T18:00:08Z'/>";
    assert_int_equal(read_at(data, begins, NOW + 5 * SECOND, 0, &facts), SP_OK);
    assert_true(facts.expires_us == NOW + 8 * SECOND); /* the earlier end */
    assert_int_equal(read_at(data, begins, NOW + 5 * SECOND - 1, 0, &facts), SP_EDENIED);
    assert_int_equal(read_at(data, begins, NOW + 8 * SECOND, 0, &facts), SP_EDENIED);
}

static void conditions_that_cannot_be_judged_are_refused(void **state)
{
    const char *data = "NotOnOrAfter='2026-11-23T18:00:10Z'";
    struct sp_saml_facts facts;
    assert_int_equal(read_at(data, "<Conditions><OneTimeUse/></Conditions>", NOW, 0, &facts), SP_OK);
    assert_true(facts.one_time);
    assert_int_equal(read_at(data, "<Conditions><Condition/></Conditions>", NOW, 0, &facts), SP_EDENIED);
    assert_int_equal(read_at(data, "<Conditions><x xmlns='urn:x'/></Conditions>", NOW, 0, &facts),
                     SP_EDENIED);
    assert_int_equal(read_at(data, "<Conditions/><Conditions/>", NOW, 0, &facts), SP_ESYNTAX);
    assert_int_equal(read_at(data, "<Conditions NotBefore='x'/>", NOW, 0, &facts), SP_ESYNTAX);
    assert_int_equal(read_at("NotOnOrAfter=''", "", NOW, 0, &facts), SP_ESYNTAX);
    assert_int_equal(read_at("", "", NOW, 0, &facts), SP_EDENIED);
}

/* ---- what exhausts a reader ---- */

static enum sp_status read_with(const char *attributes, const char *open, const char *inside,
                                const char *close, int count)
{
    struct sp_saml_facts facts;
    struct sp_error err = SP_ERROR_INIT;
    const struct sp_saml_rules rules = {.clock_skew_us = 0};
    struct sp_arena arena;
    struct sp_buf text;
    sp_buf_init(&text, 1 << 20);
    sp_buf_printf(&text,
                  "<Assertion xmlns='" SP_SAML_NAMESPACE "' ID='_1' Version='2.0'%s><Issuer>idp</Issuer>",
                  attributes);
    for (int i = 0; i < count; i++)
        sp_buf_printf(&text, open, i);
    sp_buf_append_str(&text, sp_str_of(inside));
    for (int i = 0; i < count && *close; i++)
        sp_buf_append_str(&text, sp_str_of(close));
    sp_buf_append_str(&text, SP_STR("<Subject><NameID>fred</NameID><SubjectConfirmation "
                                    "Method='urn:oasis:names:tc:SAML:2.0:cm:bearer'><SubjectConfirmationData "
                                    "NotOnOrAfter='2026-11-23T18:00:10Z'/></SubjectConfirmation></Subject>"
                                    "<AuthnStatement AuthnInstant='2026-11-23T17:00:00Z'/></Assertion>"));
    sp_arena_init(&arena, (size_t)16 << 20);
    enum sp_status status = sp_saml_assertion_read(sp_buf_str(&text), &rules, NOW, &arena, &facts, &err);
    sp_arena_finish(&arena);
    sp_buf_finish(&text);
    return status;
}

static void a_document_has_limits_that_hold_at_their_value_and_not_beyond(void **state)
{
    /* The Assertion is the first of the depths and namespaces; seven elements are always there. */
    assert_int_equal(read_with("", "<x a='%d'>", "", "</x>", 31), SP_OK);
    assert_int_equal(read_with("", "<x a='%d'>", "", "</x>", 32), SP_ELIMIT);
    assert_int_equal(read_with("", "<x a='%d'/>", "", "", 8192 - 7), SP_OK);
    assert_int_equal(read_with("", "<x a='%d'/>", "", "", 8192 - 6), SP_ELIMIT);
    assert_int_equal(read_with("", " ", "<x a='1'/>", "", 1), SP_OK);
    char names[4096] = "";
    for (int i = 0; i < 63; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), " xmlns:n%d='u:%d'", i, i);
    assert_int_equal(read_with(names, " ", "", "", 0), SP_OK);
    assert_int_equal(read_with(names, " ", "<x xmlns:more='u'/>", "", 0), SP_ELIMIT);
    char attributes[1024] = "";
    for (int i = 0; i < 30; i++)
        snprintf(attributes + strlen(attributes), sizeof attributes - strlen(attributes), " a%d=''", i);
    assert_int_equal(read_with(attributes, "", "", "", 0), SP_OK);
    strcat(attributes, " b=''");
    assert_int_equal(read_with(attributes, "", "", "", 0), SP_ELIMIT);
}

static void a_document_is_utf8_by_its_own_account(void **state)
{
    const char *good[] = {"<a/>", "\xef\xbb\xbf<a/>", "<?xml version='1.0'?><a/>",
                          "<?xml version='1.0' encoding='UTF-8'?><a/>",
                          "<?xml version=\"1.0\" encoding = \"utf-8\" standalone='yes'?><a/>"};
    const char *bad[] = {"",
                         " <a/>",
                         "a",
                         "\xef\xbb\xbf",
                         "\xff\xfe<",
                         "<?xml version='1.0' encoding='UTF-16'?><a/>",
                         "<?xml version='1.0' encoding='UTF-7'?><a/>",
                         "<?xml version='1.0' encoding=UTF-8?><a/>",
                         "<?xml version='1.0' encoding='ISO-8859-1'?><a/>",
                         "<?xml version='1.0' encoding",
                         "<?xml version='1.0' encoding=",
                         "<?xml encoding='UTF-8x'?><a/>"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!sp_saml_is_utf8(sp_str_of(good[i])))
            fail_msg("%s is refused", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (sp_saml_is_utf8(sp_str_of(bad[i])))
            fail_msg("%s is accepted", bad[i]);
    assert_false(sp_saml_is_utf8(sp_str_from("<\0a\0", 4)));
}

/* ---- headers ---- */

static const struct sp_str header_names[] = {SP_STR_INIT("Saml"), SP_STR_INIT("saml_token")};
static const struct sp_str_list names = {header_names, 2};

static void the_first_header_counts_and_then_authorization(void **state)
{
    const struct sp_http_header headers[] = {{SP_STR_INIT("Host"), SP_STR_INIT("h")},
                                             {SP_STR_INIT("SAML_TOKEN"), SP_STR_INIT("two")},
                                             {SP_STR_INIT("saml"), SP_STR_INIT(" \"one\" ")}};
    struct sp_http_request request = {.headers = headers, .header_count = 3};
    const struct sp_str none = {NULL, 0};
    assert_true(sp_str_is(sp_saml_token_find(&request, &names, none), "one"));
    assert_true(sp_saml_token_is_ambiguous(&request, &names));
    request.header_count = 2;
    assert_true(sp_str_is(sp_saml_token_find(&request, &names, none), "two"));
    assert_false(sp_saml_token_is_ambiguous(&request, &names));
    request.header_count = 1;
    assert_null(sp_saml_token_find(&request, &names, none).ptr);
    const char *cases[][2] = {{"saml_token=abc", "abc"},
                              {"saml_token=\"abc\"", "abc"},
                              {"Saml abc", "abc"},
                              {"Samlabc", NULL},
                              {"Saml", NULL},
                              {"Basic abc", NULL},
                              {"saml_token=", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sp_str found = sp_saml_token_find(&request, &names, sp_str_of(cases[i][0]));
        assert_int_equal(found.ptr != NULL, cases[i][1] != NULL);
        if (found.ptr)
            assert_true(sp_str_is(found, cases[i][1]));
    }
}

static enum sp_status decode(struct sp_str token, size_t *ret_len)
{
    struct sp_buf document;
    struct sp_error err = SP_ERROR_INIT;
    sp_buf_init(&document, SP_SAML_DOCUMENT_MAX);
    enum sp_status status = sp_saml_token_decode(token, &document, &err);
    *ret_len = document.len;
    sp_buf_finish(&document);
    return status;
}

static void tokens_have_a_limit(void **state)
{
    char *text = malloc(SP_SAML_TOKEN_MAX + 1);
    size_t len;
    memset(text, 'x', SP_SAML_TOKEN_MAX + 1);
    for (size_t size = SP_SAML_TOKEN_MAX - 1; size <= SP_SAML_TOKEN_MAX + 1; size++) {
        text[0] = '<';
        text[size - 1] = '>';
        assert_int_equal(decode(sp_str_from(text, size), &len),
                         size <= SP_SAML_TOKEN_MAX ? SP_OK : SP_ELIMIT);
        text[size - 1] = 'x';
    }
    free(text);
    const char *bad[] = {"", " ", "x", "====", "PGE+PGI-", "PGE_PGI+", "H4sI", "eJw=", "AAAA"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (decode(sp_str_of(bad[i]), &len) != SP_ESYNTAX)
            fail_msg("\"%s\" is accepted", bad[i]);
    assert_int_equal(decode(SP_STR("PGE+PGI+"), &len), SP_OK);
    assert_int_equal(len, 6);
    assert_int_equal(decode(SP_STR("PGE-PGI-"), &len), SP_OK);
}

/* ---- what is remembered ---- */

static void a_result_is_read_as_it_was_written_and_never_cut(void **state)
{
    const struct sp_str groups[] = {SP_STR_INIT("a"), SP_STR_INIT("bb")};
    const struct sp_saml_facts facts = {.id = SP_STR_INIT("_1"),
                                        .issuer = SP_STR_INIT("idp"),
                                        .user = SP_STR_INIT("fred"),
                                        .unique_id = SP_STR_INIT("f1"),
                                        .realm = SP_STR_INIT("r"),
                                        .groups = {groups, 2},
                                        .expires_us = NOW,
                                        .is_bound = true};
    unsigned char memory[256];
    struct sp_buf buf = sp_buf_over(memory, sizeof memory);
    struct sp_arena arena;
    struct sp_saml_facts back;
    sp_arena_init(&arena, 10000);
    assert_int_equal(sp_saml_result_write(&facts, &buf), SP_OK);
    assert_int_equal(sp_saml_result_read(sp_buf_str(&buf), &arena, &back), SP_OK);
    assert_true(sp_str_is(back.id, "_1") && sp_str_is(back.issuer, "idp") && sp_str_is(back.user, "fred") &&
                sp_str_is(back.unique_id, "f1") && sp_str_is(back.realm, "r"));
    assert_true(back.groups.count == 2 && sp_str_is(back.groups.items[1], "bb"));
    assert_true(back.expires_us == NOW && back.is_bound && !back.one_time);
    for (size_t len = 0; len < buf.len; len++)
        assert_int_equal(sp_saml_result_read(sp_str_from(memory, len), &arena, &back), SP_ESYNTAX);
    assert_int_equal(sp_saml_result_read(sp_str_from(memory, buf.len + 1), &arena, &back), SP_ESYNTAX);
    struct sp_buf small = sp_buf_over(memory, 20);
    assert_int_equal(sp_saml_result_write(&facts, &small), SP_ELIMIT);
    sp_arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_read_whole),
        cmocka_unit_test(an_assertion_ends_at_its_time_and_the_skew),
        cmocka_unit_test(conditions_that_cannot_be_judged_are_refused),
        cmocka_unit_test(a_document_has_limits_that_hold_at_their_value_and_not_beyond),
        cmocka_unit_test(a_document_is_utf8_by_its_own_account),
        cmocka_unit_test(the_first_header_counts_and_then_authorization),
        cmocka_unit_test(tokens_have_a_limit),
        cmocka_unit_test(a_result_is_read_as_it_was_written_and_never_cut),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
