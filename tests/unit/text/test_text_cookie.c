/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "text/cookie.h"

static const char *cookies_of(const char *header)
{
    static char text[400];
    struct sp_str rest = sp_str_of(header), name, value;
    text[0] = 0;
    while (sp_cookie_next(&rest, &name, &value))
        snprintf(text + strlen(text), sizeof text - strlen(text), "[%.*s]=[%.*s]", SP_STR_ARG(name),
                 SP_STR_ARG(value));
    return text;
}

static void a_header_is_cut_into_cookies(void **state)
{
    assert_string_equal(cookies_of("a=1; b=2"), "[a]=[1][b]=[2]");
    assert_string_equal(cookies_of("a=1;b=2;"), "[a]=[1][b]=[2]");
    assert_string_equal(cookies_of(" ; a = 1 ;; b="), "[a]=[1][b]=[]");
    assert_string_equal(cookies_of("a=\"x y\"; b=\""), "[a]=[x y][b]=[\"]");
    assert_string_equal(cookies_of("a=b=c; d=="), "[a]=[b=c][d]=[=]");
    assert_string_equal(cookies_of("alone; a=1"), "[]=[alone][a]=[1]");
    assert_string_equal(cookies_of("=x"), "[]=[x]");
    assert_string_equal(cookies_of(""), "");
    assert_string_equal(cookies_of(" ;; ; "), "");
}

static const char *written(const struct sp_set_cookie *cookie)
{
    static char memory[400];
    struct sp_buf buf = sp_buf_over(memory, sizeof memory - 1);
    if (sp_cookie_write(cookie, &buf) != SP_OK) {
        assert_int_equal(buf.len, 0);
        return NULL;
    }
    memory[buf.len] = 0;
    return memory;
}

static void attributes_are_written(void **state)
{
    struct sp_set_cookie cookie = {.name = SP_STR("a"), .value = SP_STR("1")};
    assert_string_equal(written(&cookie), "a=1; Path=/");
    cookie = (struct sp_set_cookie){SP_STR("a"), SP_STR("1"), SP_STR("/x"), SP_STR("example.com"),
                                    60,          true,        true,         SP_SAME_SITE_LAX};
    assert_string_equal(written(&cookie),
                        "a=1; Path=/x; Domain=example.com; Max-Age=60; Secure; HttpOnly; SameSite=Lax");
    cookie = (struct sp_set_cookie){.name = SP_STR("a"), .max_age_s = -1};
    assert_string_equal(written(&cookie), "a=; Path=/; Max-Age=0");
    cookie = (struct sp_set_cookie){.name = SP_STR("a"), .same_site = SP_SAME_SITE_NONE};
    assert_string_equal(written(&cookie), "a=; Path=/; Secure; SameSite=None");
    cookie.same_site = SP_SAME_SITE_STRICT;
    assert_string_equal(written(&cookie), "a=; Path=/; SameSite=Strict");
}

static void what_would_end_the_header_is_refused(void **state)
{
    const char *bad[] = {"a;b", "a b", "a\r\nX: y", "a,b", "a\"", "a\\", "\x7f", "\xc3\xa9"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct sp_set_cookie cookie = {.name = SP_STR("a"), .value = sp_str_of(bad[i])};
        assert_null(written(&cookie));
        cookie = (struct sp_set_cookie){.name = sp_str_of(bad[i])};
        assert_null(written(&cookie));
    }
    struct sp_set_cookie cookie = {.name = SP_STR("a=b")};
    assert_null(written(&cookie));
    cookie.name = SP_STR("");
    assert_null(written(&cookie));
    cookie = (struct sp_set_cookie){.name = SP_STR("a"), .path = SP_STR("/;x")};
    assert_null(written(&cookie));
    cookie = (struct sp_set_cookie){.name = SP_STR("a"), .domain = SP_STR("a;b")};
    assert_null(written(&cookie));
    char memory[5];
    struct sp_buf small = sp_buf_over(memory, sizeof memory);
    cookie = (struct sp_set_cookie){.name = SP_STR("a")};
    assert_int_equal(sp_cookie_write(&cookie, &small), SP_ELIMIT);
    assert_int_equal(small.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_is_cut_into_cookies),
        cmocka_unit_test(attributes_are_written),
        cmocka_unit_test(what_would_end_the_header_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
