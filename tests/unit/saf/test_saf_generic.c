/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "saf/generic.h"

struct row {
    const char *profile, *resource;
    bool covers;
};

static const struct row rows[] = {
    {"A.B", "A.B", true},
    {"A.B", "A.BC", false},
    {"A.%", "A.B", true},
    {"A.%", "A.BC", false},
    {"A.%B", "A..B", false},
    {"A%B", "A.B", false},
    {"*.B", "A.B", true},
    {"*.B", "A.C.B", false},
    {"A.*.C", "A.B.C", true},
    {"A.*.C", "A.B.B.C", false},
    {"A.*.C", "A.C", false},
    {"ABC.DEF*", "ABC.DEF", true},
    {"ABC.DEF*", "ABC.DEFG", true},
    {"ABC.DEF*", "ABC.DEFG.H.I", true},
    {"ABC.DEF*", "ABC.DE", false},
    {"ABC.D%F*", "ABC.DXF.H", true},
    {"ABC.DEF.*", "ABC.DEF.G", true},
    {"ABC.DEF.*", "ABC.DEF.G.H", true},
    {"ABC.DEF.*", "ABC.DEF", false},
    {"**", "ANYTHING.AT.ALL", true},
    {"A.**", "A", true},
    {"A.**", "A.B.C", true},
    {"A.**", "AB", false},
    {"A.**.Z", "A.Z", true},
    {"A.**.Z", "A.B.C.Z", true},
    {"A.**.Z", "A.B.C", false},
    {"**.Z", "Z", true},
    {"**.Z", "A.B.Z", true},
    {"**.Z", "A.BZ", false},
    {"A.**.C*", "A.B.CD.E", true},
    {"*", "A", true},
    {"*", "A.B", true},
    {"C*", "CEDA", true},
    {"BBGZDFLT.zos.connect.access.roles.*", "BBGZDFLT.zos.connect.access.roles.zosConnectAccess", true},
    {"BBGZDFLT.ZOS.*", "BBGZDFLT.zos.connect", false},
    {"A", "", false},
};

static void profiles_cover_what_the_rules_say(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (sp_generic_covers(sp_str_of(rows[i].profile), sp_str_of(rows[i].resource)) != rows[i].covers)
            fail_msg("%s should %scover %s", rows[i].profile, rows[i].covers ? "" : "not ", rows[i].resource);
}

static int by_order(const void *a, const void *b)
{
    return sp_generic_order(sp_str_of(*(const char *const *)a), sp_str_of(*(const char *const *)b));
}

static void the_most_specific_profile_comes_first(void **state)
{
    const char *sorted[] = {"CEDA", "CED%", "CE%A", "CE*", "C%DA", "C*", "%EDA", "*", "**"};
    enum { N = sizeof sorted / sizeof sorted[0] };
    for (unsigned seed = 1; seed <= 20; seed++) {
        const char *mixed[N];
        for (size_t i = 0; i < N; i++)
            mixed[i] = sorted[(i * 7 + seed) % N];
        qsort(mixed, N, sizeof mixed[0], by_order);
        for (size_t i = 0; i < N; i++)
            assert_string_equal(mixed[i], sorted[i]);
    }
    assert_true(sp_generic_order(SP_STR("A.B.*"), SP_STR("A.*.C")) < 0);
    assert_true(sp_generic_order(SP_STR("A.*.C"), SP_STR("A.*")) < 0);
    assert_true(sp_generic_order(SP_STR("A.*"), SP_STR("A.**")) < 0);
    assert_true(sp_generic_order(SP_STR("A.**.C"), SP_STR("A.**")) < 0);
    assert_int_equal(sp_generic_order(SP_STR("A.**"), SP_STR("A.**")), 0);
}

static void malformed_names_are_refused_with_a_reason(void **state)
{
    const char *bad[] = {"", "A..B", ".A", "A.", "A.B*C", "A.***", "A**", "A.**.B.**", "A.*B.C", "A*.B"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct sp_error err = SP_ERROR_INIT;
        assert_int_equal(sp_generic_check(sp_str_of(bad[i]), &err), SP_EINVAL);
        assert_true(err.text[0] != '\0');
    }
    const char *good[] = {"A", "A.B*", "*", "**", "A.**.B*", "%.%", "*.*.A"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(sp_generic_check(sp_str_of(good[i]), NULL), SP_OK);
    char longest[SP_SAF_NAME_MAX + 2];
    memset(longest, 'A', sizeof longest);
    assert_int_equal(sp_generic_check(sp_str_from(longest, SP_SAF_NAME_MAX), NULL), SP_OK);
    assert_int_equal(sp_generic_check(sp_str_from(longest, SP_SAF_NAME_MAX + 1), NULL), SP_EINVAL);
    assert_true(sp_generic_is(SP_STR("A.&X.B")));
    assert_false(sp_generic_is(SP_STR("A.B")));
    assert_int_equal(sp_generic_prefix(SP_STR("AB.%C")), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(profiles_cover_what_the_rules_say),
        cmocka_unit_test(the_most_specific_profile_comes_first),
        cmocka_unit_test(malformed_names_are_refused_with_a_reason),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
