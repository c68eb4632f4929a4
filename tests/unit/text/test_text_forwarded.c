/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "text/forwarded.h"

static struct sp_forwarded list;

/* "node|proto|host;..." or "-" for what is refused. */
static const char *elements_of(const char *value)
{
    static char text[4000];
    struct sp_error err = SP_ERROR_INIT;
    list.count = 0;
    text[0] = 0;
    if (sp_forwarded_add(&list, sp_str_of(value), &err) != SP_OK) {
        assert_true(err.text[0]);
        return "-";
    }
    for (size_t i = 0; i < list.count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.*s|%.*s|%.*s", i ? ";" : "",
                 SP_STR_ARG(list.hops[i].node), SP_STR_ARG(list.hops[i].proto),
                 SP_STR_ARG(list.hops[i].host));
    return text;
}

static void forwarded_is_cut_into_elements(void **state)
{
    static const struct {
        const char *value, *elements;
    } cases[] = {
        /* RFC 7239, 4 and 7.1 */
        {"for=\"_gazonk\"", "_gazonk||"},
        {"For=\"[2001:db8:cafe::17]:4711\"", "[2001:db8:cafe::17]:4711||"},
        {"for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60|http|"},
        {"for=192.0.2.43, for=198.51.100.17", "192.0.2.43||;198.51.100.17||"},
        {"for=192.0.2.43,for=\"[2001:db8:cafe::17]\",for=unknown",
         "192.0.2.43||;[2001:db8:cafe::17]||;unknown||"},
        {"proto=https;host=\"example.com:8443\"", "|https|example.com:8443"},
        /* a parameter nobody knows, and a comma and a semicolon inside quotes */
        {"for=1.2.3.4;secret=\"a,b;c=d\"", "1.2.3.4||"},
        /* what is often sent */
        {"for=1.2.3.4:80", "1.2.3.4:80||"},
        {"for=[2001:db8::1]:80", "[2001:db8::1]:80||"},
        {"for=1.2.3.4; proto=https", "1.2.3.4|https|"},
        {" for=1.2.3.4 ,\t for=5.6.7.8 ", "1.2.3.4||;5.6.7.8||"},
        {",, for=1.2.3.4 ,,", "1.2.3.4||"},
        {"for=1.2.3.4;;proto=http;", "1.2.3.4|http|"},
        {"", ""},
        {" , ", ""},
        /* refused */
        {"for", "-"},
        {"for=", "-"},
        {"=1.2.3.4", "-"},
        {"for =1.2.3.4", "-"},
        {"for= 1.2.3.4", "-"},
        {"for=\"1.2.3.4", "-"},
        {"for=\"1.2.3.4\"x", "-"},
        {"for=\"1.2\\.3.4\"", "-"},
        {"for=1.2.3.4 proto=http", "-"},
        {"for=1.2.3.4;for=5.6.7.8", "-"},
        {"for=1.2.3.4;FOR=5.6.7.8", "-"},
        {"for=1.2.3.4;proto=http;proto=https", "-"},
        {"for=<script>", "-"},
        {"f\xc3\xb6r=1.2.3.4", "-"},
        {"1.2.3.4", "-"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("# %s\n", cases[i].value);
        assert_string_equal(elements_of(cases[i].value), cases[i].elements);
    }
}

static void a_zero_byte_is_no_end(void **state)
{
    struct sp_error err = SP_ERROR_INIT;
    list.count = 0;
    assert_int_equal(sp_forwarded_add(&list, SP_STR("for=1.2.3.4\0"), &err), SP_ESYNTAX);
    assert_int_equal(sp_forwarded_add(&list, SP_STR("for=\"1.2.3.4\0\""), &err), SP_ESYNTAX);
    struct sp_forwarded_node node;
    assert_int_equal(sp_forwarded_node_read(SP_STR("1.2.3.4\0"), &node), SP_ESYNTAX);
    assert_int_equal(sp_forwarded_node_read(SP_STR("_a\0b"), &node), SP_ESYNTAX);
}

static void the_number_of_proxies_is_limited(void **state)
{
    struct sp_error err = SP_ERROR_INIT;
    for (int form = 0; form < 2; form++) {
        enum sp_status (*add)(struct sp_forwarded *, struct sp_str, struct sp_error *) =
            form ? sp_forwarded_add : sp_forwarded_add_nodes;
        struct sp_str one = form ? SP_STR("for=1.2.3.4,") : SP_STR("1.2.3.4,");
        list.count = 0;
        for (size_t i = 0; i < SP_FORWARDED_HOPS_MAX; i++)
            assert_int_equal(add(&list, one, &err), SP_OK);
        assert_int_equal(list.count, SP_FORWARDED_HOPS_MAX);
        assert_int_equal(add(&list, SP_STR(", ,"), &err), SP_OK);
        assert_int_equal(add(&list, one, &err), SP_ELIMIT);
        assert_int_equal(list.count, SP_FORWARDED_HOPS_MAX);
    }
}

static void nodes_of_x_forwarded_for_have_commas_between(void **state)
{
    struct sp_error err = SP_ERROR_INIT;
    list.count = 0;
    assert_int_equal(sp_forwarded_add_nodes(&list, SP_STR(" 1.2.3.4 ,, 2001:db8::1,anything = goes"), &err),
                     SP_OK);
    assert_int_equal(list.count, 3);
    assert_true(sp_str_is(list.hops[0].node, "1.2.3.4"));
    assert_true(sp_str_is(list.hops[1].node, "2001:db8::1"));
    assert_true(sp_str_is(list.hops[2].node, "anything = goes"));
}

static void a_node_is_an_address_or_says_that_it_is_none(void **state)
{
    static const struct {
        const char *text;
        enum sp_status status;
        const char *address;
        unsigned port;
    } cases[] = {
        {"192.0.2.43", SP_OK, "192.0.2.43", 0},
        {"192.0.2.43:47011", SP_OK, "192.0.2.43", 47011},
        {"192.0.2.43:0", SP_OK, "192.0.2.43", 0},
        {"192.0.2.43:65535", SP_OK, "192.0.2.43", 65535},
        {"192.0.2.43:_hidden", SP_OK, "192.0.2.43", 0},
        {"[2001:DB8:0:0::0001]", SP_OK, "2001:db8::1", 0},
        {"[2001:db8::1]:4711", SP_OK, "2001:db8::1", 4711},
        {"2001:db8::1", SP_OK, "2001:db8::1", 0},
        {"::1", SP_OK, "::1", 0},
        {"::", SP_OK, "::", 0},
        {"::ffff:192.0.2.43", SP_OK, "192.0.2.43", 0},
        {"[::ffff:c000:022b]:1", SP_OK, "192.0.2.43", 1},
        {"unknown", SP_ENOTFOUND, NULL, 0},
        {"UNKNOWN:80", SP_ENOTFOUND, NULL, 0},
        {"_gazonk", SP_ENOTFOUND, NULL, 0},
        {"_SEVKISEK.a-b_c:_x", SP_ENOTFOUND, NULL, 0},
        {"", SP_ESYNTAX, NULL, 0},
        {"_", SP_ESYNTAX, NULL, 0},
        {"_a b", SP_ESYNTAX, NULL, 0},
        {"example.com", SP_ESYNTAX, NULL, 0},
        {"192.0.2", SP_ESYNTAX, NULL, 0},
        {"192.0.2.043", SP_ESYNTAX, NULL, 0},
        {"192.0.2.256", SP_ESYNTAX, NULL, 0},
        {"0xC0000201", SP_ESYNTAX, NULL, 0},
        {"3221225985", SP_ESYNTAX, NULL, 0},
        {"192.0.2.43:", SP_ESYNTAX, NULL, 0},
        {"192.0.2.43:65536", SP_ESYNTAX, NULL, 0},
        {"192.0.2.43:999999", SP_ESYNTAX, NULL, 0},
        {"192.0.2.43:-1", SP_ESYNTAX, NULL, 0},
        {"192.0.2.43:_", SP_ESYNTAX, NULL, 0},
        {"192.0.2.43 ", SP_ESYNTAX, NULL, 0},
        {"[192.0.2.43]", SP_ESYNTAX, NULL, 0},
        {"[2001:db8::1", SP_ESYNTAX, NULL, 0},
        {"[2001:db8::1]4711", SP_ESYNTAX, NULL, 0},
        {"[2001:db8::1]:", SP_ESYNTAX, NULL, 0},
        {"[[2001:db8::1]]", SP_ESYNTAX, NULL, 0},
        {"2001:db8:::1", SP_ESYNTAX, NULL, 0},
        {"fe80::1%eth0", SP_ESYNTAX, NULL, 0},
        {"[fe80::1%25eth0]", SP_ESYNTAX, NULL, 0},
        {"1:2:3:4:5:6:7:8:9", SP_ESYNTAX, NULL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sp_forwarded_node node = {.port = 99};
        print_message("# %s\n", cases[i].text);
        assert_int_equal(sp_forwarded_node_read(sp_str_of(cases[i].text), &node), cases[i].status);
        if (cases[i].status == SP_OK) {
            assert_string_equal(node.address.text, cases[i].address);
            assert_int_equal(node.port, cases[i].port);
        } else {
            assert_int_equal(node.port, 99);
        }
    }
}

static void addresses_have_one_form_and_that_of_java(void **state)
{
    struct sp_ip_text text;
    assert_int_equal(sp_ip_text_read(SP_STR("2001:DB8:0:0:1:0:0:1"), &text), SP_OK);
    assert_string_equal(text.text, "2001:db8::1:0:0:1");
    assert_string_equal(text.whole, "2001:db8:0:0:1:0:0:1");
    assert_int_equal(sp_ip_text_read(SP_STR("::1"), &text), SP_OK);
    assert_string_equal(text.whole, "0:0:0:0:0:0:0:1");
    assert_int_equal(sp_ip_text_read(SP_STR("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), &text), SP_OK);
    assert_string_equal(text.whole, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    assert_int_equal(sp_ip_text_read(SP_STR("::ffff:0.0.0.0"), &text), SP_OK);
    assert_string_equal(text.text, "0.0.0.0");
    assert_string_equal(text.whole, "0.0.0.0");
    assert_int_equal(sp_ip_text_read(SP_STR("unix:"), &text), SP_ESYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forwarded_is_cut_into_elements),
        cmocka_unit_test(a_zero_byte_is_no_end),
        cmocka_unit_test(the_number_of_proxies_is_limited),
        cmocka_unit_test(nodes_of_x_forwarded_for_have_commas_between),
        cmocka_unit_test(a_node_is_an_address_or_says_that_it_is_none),
        cmocka_unit_test(addresses_have_one_form_and_that_of_java),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
