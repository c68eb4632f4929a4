/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "registry/ldap_cache.h"
#include "registry/ldap_text.h"

static char memory[20000];

static struct sp_buf buffer(void)
{
    return sp_buf_over(memory, sizeof memory);
}

static void a_value_in_a_filter_is_only_a_value(void **state)
{
    const char *cases[][2] = {
        {"fred", "fred"},
        {"*", "\\2a"},
        {"a)(uid=*", "a\\29\\28uid=\\2a"},
        {"back\\slash", "back\\5cslash"},
        {"M\xc3\xbcller", "M\xc3\xbcller"},
        {"\xff\xc3", "\\ff\\c3"},
        {"tab\t\x7f", "tab\\09\\7f"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sp_buf buf = buffer();
        assert_int_equal(sp_ldap_filter_escape(sp_str_of(cases[i][0]), &buf), SP_OK);
        assert_true(sp_str_is(sp_buf_str(&buf), cases[i][1]));
    }
    struct sp_buf buf = buffer();
    assert_int_equal(sp_ldap_filter_escape(SP_STR("a\0b"), &buf), SP_OK);
    assert_true(sp_str_is(sp_buf_str(&buf), "a\\00b"));
}

static void a_filter_is_filled_with_the_name(void **state)
{
    struct sp_str filter = SP_STR("(&(uid=%v)(|(mail=%v)(x=100%)))");
    struct sp_buf buf = buffer();
    assert_int_equal(sp_ldap_filter_fill(filter, SP_STR("a*"), &buf), SP_OK);
    assert_true(sp_str_is(sp_buf_str(&buf), "(&(uid=a\\2a)(|(mail=a\\2a)(x=100%)))"));
    buf = buffer();
    assert_int_equal(sp_ldap_filter_fill_any(filter, &buf), SP_OK);
    assert_true(sp_str_is(sp_buf_str(&buf), "(&(uid=*)(|(mail=*)(x=100%)))"));
    assert_true(sp_str_is(sp_ldap_filter_attribute(filter), "uid"));
    assert_null(sp_ldap_filter_attribute(SP_STR("(uid=fred)")).ptr);
    assert_null(sp_ldap_filter_attribute(SP_STR("=%v")).ptr);
    struct sp_buf small = sp_buf_over(memory, 12);
    assert_int_equal(sp_ldap_filter_fill(filter, SP_STR("somebody"), &small), SP_ELIMIT);
}

static void filters_are_checked_before_they_are_used(void **state)
{
    const char *good[] = {"(uid=%v)",
                          "(&(uid=%v)(objectclass=ePerson))",
                          "(|(a=1)(!(b=2))(c>=3)(d<=4)(e~=5))",
                          "(memberOf:1.2.840.113556.1.4.1941:=cn=x,dc=y)",
                          "(cn=a\\2ab)",
                          "(cn=*)"};
    const char *bad[] = {"",     "uid=%v",    "(uid=%v",       "(uid=%v))", "(uid)",
                         "(=x)", "(&(a=1)b)", "(!(a=1)(b=2))", "(cn=a\\2)", "(cn=\\zz)",
                         "()",   "(cn=(x))",  "(u id=%v)",     "(!)",       "(&)"};
    struct sp_error err = SP_ERROR_INIT;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(sp_ldap_filter_check(sp_str_of(good[i]), &err), SP_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (sp_ldap_filter_check(sp_str_of(bad[i]), &err) != SP_ESYNTAX)
            fail_msg("%s is accepted", bad[i]);
}

static void filters_are_nested_sixteen_deep_and_no_deeper(void **state)
{
    struct sp_error err = SP_ERROR_INIT;
    for (int depth = 15; depth <= 17; depth++) {
        struct sp_buf buf = buffer();
        for (int i = 1; i < depth; i++)
            sp_buf_append_str(&buf, SP_STR("(!"));
        sp_buf_append_str(&buf, SP_STR("(a=1)"));
        for (int i = 1; i < depth; i++)
            sp_buf_append_byte(&buf, ')');
        assert_int_equal(sp_ldap_filter_check(sp_buf_str(&buf), &err), depth <= 16 ? SP_OK : SP_ESYNTAX);
    }
    memset(memory, 'x', sizeof memory);
    memcpy(memory, "(a=", 3);
    memory[8191] = ')';
    assert_int_equal(sp_ldap_filter_check(sp_str_from(memory, 8192), &err), SP_OK);
    memory[8191] = 'x';
    memory[8192] = ')';
    assert_int_equal(sp_ldap_filter_check(sp_str_from(memory, 8193), &err), SP_ELIMIT);
}

static void spellings_of_one_name_are_one(void **state)
{
    const char *cases[][2] = {
        {"UID=Fred , OU = People,DC=example;dc=ORG", "uid=fred,ou=people,dc=example,dc=org"},
        {"cn=\"Smith, John\",o=x", "cn=smith\\, john,o=x"},
        {"CN=Smith\\, John,O=x", "cn=smith\\, john,o=x"},
        {"cn=Smith\\2c John,o=x", "cn=smith\\, john,o=x"},
        {"cn=a  b   c,o=x", "cn=a b c,o=x"},
        {"cn=\\ a\\ ,o=x", "cn=a,o=x"},
        {"ou=b+cn=a,o=x", "cn=a+ou=b,o=x"},
        {"cn=#4142,o=x", "cn=ab,o=x"},
        {"2.5.4.3=a", "2.5.4.3=a"},
        {"cn=M\\c3\\bcller", "cn=m\xc3\xbcller"},
        {"cn=\\#1", "cn=\\#1"},
        {"cn=", "cn="},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sp_buf buf = buffer();
        if (sp_ldap_dn_normalise(sp_str_of(cases[i][0]), &buf) != SP_OK ||
            !sp_str_is(sp_buf_str(&buf), cases[i][1]))
            fail_msg("%s gives %.*s", cases[i][0], SP_STR_ARG(sp_buf_str(&buf)));
        char again[2000];
        struct sp_buf second = sp_buf_over(again, sizeof again);
        assert_int_equal(sp_ldap_dn_normalise(sp_buf_str(&buf), &second), SP_OK);
        assert_true(sp_str_eq(sp_buf_str(&buf), sp_buf_str(&second)));
    }
}

static void what_is_no_name_is_refused(void **state)
{
    const char *bad[] = {"cn",     "=x",        "cn=a,",   ",cn=a", "cn=a,,o=b", "cn=a\\",
                         "cn=\"a", "cn=a<b",    "cn=a\"b", "cn=#",  "cn=#4",     "cn=\\q",
                         "c n=a",  "cn=\"a\"b", "cn=a+",   "+cn=a", "cn=#41zz"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct sp_buf buf = buffer();
        if (sp_ldap_dn_normalise(sp_str_of(bad[i]), &buf) != SP_ESYNTAX)
            fail_msg("%s is accepted", bad[i]);
    }
    struct sp_buf buf = buffer();
    assert_int_equal(sp_ldap_dn_normalise(SP_STR("cn=a\0b"), &buf), SP_ESYNTAX);
}

static void names_have_limits(void **state)
{
    static char name[5000], out[20000];
    memset(name, 'x', sizeof name);
    memcpy(name, "cn=", 3);
    for (size_t len = SP_LDAP_DN_MAX - 1; len <= SP_LDAP_DN_MAX + 1; len++) {
        struct sp_buf buf = sp_buf_over(out, sizeof out);
        assert_int_equal(sp_ldap_dn_normalise(sp_str_from(name, len), &buf),
                         len <= SP_LDAP_DN_MAX ? SP_OK : SP_ELIMIT);
    }
    for (size_t count = 63; count <= 65; count++) {
        for (size_t i = 0; i < count; i++)
            memcpy(name + 4 * i, "o=x,", 4);
        struct sp_buf buf = sp_buf_over(out, sizeof out);
        assert_int_equal(sp_ldap_dn_normalise(sp_str_from(name, 4 * count - 1), &buf),
                         count <= 64 ? SP_OK : SP_ELIMIT);
    }
}

static void a_name_is_below_its_base_and_no_other(void **state)
{
    assert_true(sp_ldap_dn_within(SP_STR("uid=a,dc=x"), SP_STR("dc=x")));
    assert_true(sp_ldap_dn_within(SP_STR("dc=x"), SP_STR("dc=x")));
    assert_true(sp_ldap_dn_within(SP_STR("uid=a"), SP_STR("")));
    assert_true(sp_ldap_dn_within(SP_STR("cn=a\\\\,dc=x"), SP_STR("dc=x")));
    assert_false(sp_ldap_dn_within(SP_STR("cn=a\\,dc=x"), SP_STR("dc=x")));
    assert_false(sp_ldap_dn_within(SP_STR("uid=a,adc=x"), SP_STR("dc=x")));
    assert_false(sp_ldap_dn_within(SP_STR("dc=x"), SP_STR("uid=a,dc=x")));
    assert_false(sp_ldap_dn_within(SP_STR("dc=y"), SP_STR("dc=x")));
}

static void the_first_part_of_a_name_is_read(void **state)
{
    struct sp_arena arena;
    struct sp_str value;
    sp_arena_init(&arena, 10000);
    assert_int_equal(sp_ldap_dn_first(SP_STR("cn=A \\, b \\ ,o=x"), SP_STR("CN"), &arena, &value), SP_OK);
    assert_true(sp_str_is(value, "A , b  "));
    assert_int_equal(sp_ldap_dn_first(SP_STR("ou=u+cn=Group One ,o=x"), SP_STR("cn"), &arena, &value), SP_OK);
    assert_true(sp_str_is(value, "Group One"));
    assert_int_equal(sp_ldap_dn_first(SP_STR("ou=u,cn=x"), SP_STR("cn"), &arena, &value), SP_OK);
    assert_null(value.ptr);
    assert_int_equal(sp_ldap_dn_first(SP_STR("nonsense"), SP_STR("cn"), &arena, &value), SP_OK);
    assert_null(value.ptr);
    sp_arena_finish(&arena);
}

static void maps_are_pairs(void **state)
{
    struct sp_ldap_map maps[SP_LDAP_MAPS_MAX];
    size_t count = 0;
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(sp_ldap_map_read(SP_STR("*:uid; groupOfNames : member ;"), "m", maps, &count, &err),
                     SP_OK);
    assert_int_equal(count, 2);
    assert_true(sp_str_is(maps[1].object_class, "groupOfNames") && sp_str_is(maps[1].attribute, "member"));
    const char *bad[] = {"uid", "a:", ":b", "a:b c", "a(:b", "a:*"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(sp_ldap_map_read(sp_str_of(bad[i]), "m", maps, &count, &err), SP_ESYNTAX);
    struct sp_buf buf = buffer();
    for (size_t n = 1; n <= SP_LDAP_MAPS_MAX + 1; n++) {
        sp_buf_append_str(&buf, SP_STR("a:b;"));
        assert_int_equal(sp_ldap_map_read(sp_buf_str(&buf), "m", maps, &count, &err),
                         n <= SP_LDAP_MAPS_MAX ? SP_OK : SP_ELIMIT);
    }
}

/* ---- what is remembered ---- */

static bool knows(struct sp_ldap_cache *cache, const char *key, const char *value, int64_t now_us)
{
    struct sp_arena arena;
    struct sp_str found;
    sp_arena_init(&arena, 10000);
    bool known = sp_ldap_cache_get(cache, sp_str_of(key), now_us, &arena, &found);
    bool same = known && sp_str_is(found, value);
    sp_arena_finish(&arena);
    assert_true(same == known);
    return same;
}

static void answers_are_forgotten_by_time_and_by_number(void **state)
{
    struct sp_ldap_cache *cache = sp_ldap_cache_new(2, 1000);
    sp_ldap_cache_put(cache, SP_STR("a"), SP_STR("1"), 0);
    sp_ldap_cache_put(cache, SP_STR("b"), SP_STR(""), 0);
    assert_true(knows(cache, "a", "1", 999) && knows(cache, "b", "", 999));
    assert_true(knows(cache, "a", "1", 999)); /* b is the one that was not used last */
    sp_ldap_cache_put(cache, SP_STR("c"), SP_STR("3"), 500);
    assert_true(knows(cache, "a", "1", 999) && knows(cache, "c", "3", 999));
    assert_false(knows(cache, "b", "", 999));
    assert_false(knows(cache, "a", "1", 1000));
    sp_ldap_cache_put(cache, SP_STR("c"), SP_STR("4"), 600);
    assert_true(knows(cache, "c", "4", 1599));
    assert_false(knows(cache, "c", "4", 1600));
    sp_ldap_cache_free(cache);
    cache = sp_ldap_cache_new(0, 1000);
    sp_ldap_cache_put(cache, SP_STR("a"), SP_STR("1"), 0);
    assert_false(knows(cache, "a", "1", 0));
    sp_ldap_cache_free(cache);
    sp_ldap_cache_free(NULL);
}

static void a_full_cache_goes_on(void **state)
{
    struct sp_ldap_cache *cache = sp_ldap_cache_new(10, 1000000);
    char key[16];
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof key, "%d", i % 37);
        sp_ldap_cache_put(cache, sp_str_of(key), sp_str_of(key), i);
        assert_true(knows(cache, key, key, i));
    }
    sp_ldap_cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_in_a_filter_is_only_a_value),
        cmocka_unit_test(a_filter_is_filled_with_the_name),
        cmocka_unit_test(filters_are_checked_before_they_are_used),
        cmocka_unit_test(filters_are_nested_sixteen_deep_and_no_deeper),
        cmocka_unit_test(spellings_of_one_name_are_one),
        cmocka_unit_test(what_is_no_name_is_refused),
        cmocka_unit_test(names_have_limits),
        cmocka_unit_test(a_name_is_below_its_base_and_no_other),
        cmocka_unit_test(the_first_part_of_a_name_is_read),
        cmocka_unit_test(maps_are_pairs),
        cmocka_unit_test(answers_are_forgotten_by_time_and_by_number),
        cmocka_unit_test(a_full_cache_goes_on),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
