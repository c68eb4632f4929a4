/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "text/ip_range.h"

static struct sp_ip ip_of(const char *text)
{
    struct sp_ip ip = {{0}};
    assert_int_equal(sp_ip_read(sp_str_of(text), &ip), SP_OK);
    return ip;
}

static void ranges_cover_what_they_say(void **state)
{
    static const struct {
        const char *range, *ip;
        int place;
    } cases[] = {
        {"10.7.1.4", "10.7.1.4", 0},
        {"10.7.1.4", "10.7.1.5", 1},
        {"10.7.1.4", "10.7.1.3", -1},
        {"10.7.1.*", "10.7.1.0", 0},
        {"10.7.1.*", "10.7.1.255", 0},
        {"10.7.1.*", "10.7.2.0", 1},
        {"10.7.1.*", "10.7.0.255", -1},
        {"192.168.[7-13].*", "192.168.7.0", 0},
        {"192.168.[7-13].*", "192.168.13.255", 0},
        {"192.168.[7-13].*", "192.168.14.0", 1},
        {"192.168.[7-13].*", "192.168.6.255", -1},
        {"10.*.*.*", "10.255.255.255", 0},
        {"*.*.*.*", "255.255.255.255", 0},
        {"*.*.*.*", "::1:0:0:0", 1},
        {"2001:db8:*:*:*:*:*:*", "2001:db8:ffff::1", 0},
        {"2001:db8:*:*:*:*:*:*", "2001:db9::", 1},
        {"2001:db8:0:0:0:0:0:[1-a]", "2001:db8::a", 0},
        {"2001:db8:0:0:0:0:0:[1-a]", "2001:db8::b", 1},
        {"::1", "::1", 0},
        {"10.0.0.0/8", "10.255.0.1", 0},
        {"10.0.0.0/8", "11.0.0.0", 1},
        {"10.0.0.4/32", "10.0.0.4", 0},
        {"0.0.0.0/0", "255.1.1.1", 0},
        {"192.168.4.0/23", "192.168.5.255", 0},
        {"192.168.4.0/23", "192.168.6.0", 1},
        {"2001:db8::/32", "2001:db8:ffff::", 0},
        {"::/0", "ffff::", 0},
        {"fe80::/10", "fe80::1%eth0", 0},
        /* An IPv4 address in IPv6 form is that address. */
        {"10.0.0.1", "::ffff:10.0.0.1", 0},
        {"10.0.0.1", "::10.0.0.1", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sp_ip_range range;
        struct sp_ip ip = ip_of(cases[i].ip);
        struct sp_error err = SP_ERROR_INIT;
        assert_int_equal(sp_ip_range_read(sp_str_of(cases[i].range), &range, &err), SP_OK);
        if (sp_ip_range_compare(&range, &ip) != cases[i].place)
            fail_msg("%s in %s", cases[i].ip, cases[i].range);
    }
}

static void what_is_no_range_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "*",
        "10.*",
        "10.1.1",
        "10.*.1.*",
        "10.[1-2].3.*",
        "256.1.1.1",
        "1.2.3.4.5",
        "10.1.1.[2-]",
        "10.1.1.[9-3]",
        "10.1.1.[a-b]",
        "localhost",
        "10.0.0.0/33",
        "10.0.0.1/8",
        "::/129",
        "10.0.0.0/",
        "10.0.0.0/x",
        "2001:db8::*",
        "12345:*:*:*:*:*:*:*",
        "1.2.3.4 ",
        "10..1.*",
        "1:2:3:4:5:6:7:8:*",
        "/8",
        "10.0.0.*/8",
        "-1.2.3.4",
        "01x.2.3.*",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct sp_ip_range range;
        struct sp_error err = SP_ERROR_INIT;
        if (sp_ip_range_read(sp_str_of(bad[i]), &range, &err) != SP_ESYNTAX)
            fail_msg("\"%s\" was taken", bad[i]);
        assert_non_null(strstr(err.text, bad[i]));
    }
    struct sp_ip ip;
    assert_int_equal(sp_ip_read(SP_STR("10.1.1.1\0x"), &ip), SP_ESYNTAX);
    assert_int_equal(sp_ip_read(sp_str_from(NULL, 0), &ip), SP_ESYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_cover_what_they_say),
        cmocka_unit_test(what_is_no_range_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("text_ip_range", tests, NULL, NULL);
}
