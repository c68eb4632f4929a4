/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/routes.h"

static struct sp_arena arena;
static struct sp_router router;
static struct sp_error err = SP_ERROR_INIT;
static const char *templates[5000]; /* of the targets */
static uint32_t template_count;

static int set_up(void **state)
{
    sp_arena_init(&arena, (size_t)512 << 20);
    template_count = 0;
    return sp_router_init(&router, &arena) == SP_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    sp_arena_finish(&arena);
    return 0;
}

static enum sp_status add(const char *method, const char *template)
{
    templates[template_count] = template;
    return sp_router_add(&router, sp_str_of(method), sp_str_of(template), template_count++, &err);
}

/* "template name=value ...", or "405 GET ...", or "404". */
static const char *find(const char *method, const char *path)
{
    static char text[400];
    const struct sp_routes *routes;
    struct sp_path read;
    struct sp_route route;
    assert_int_equal(sp_routes_new(&router, &arena, &routes, &err), SP_OK);
    assert_int_equal(sp_path_read(sp_str_of(path), &arena, &read, &err), SP_OK);
    assert_int_equal(sp_routes_find(routes, sp_str_of(method), read.segments, read.count, &arena, &route),
                     SP_OK);
    snprintf(text, sizeof text, "%s",
             route.target != SP_ROUTE_NONE ? templates[route.target]
             : route.allow_count           ? "405"
                                           : "404");
    for (size_t i = 0; i < route.parameter_count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), " %.*s=%.*s",
                 SP_STR_ARG(route.parameters[i].name), SP_STR_ARG(route.parameters[i].value));
    for (size_t i = 0; route.target == SP_ROUTE_NONE && i < route.allow_count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), " %.*s", SP_STR_ARG(route.allow[i]));
    return text;
}

static void a_template_matches_its_path_and_nothing_near_it(void **state)
{
    assert_int_equal(add("GET", "/accounts/{number}/owner"), SP_OK);
    assert_string_equal(find("GET", "/accounts/12/owner"), "/accounts/{number}/owner number=12");
    const char *near[] = {
        "/accounts",          "/accounts/12",         "/accounts/12/owner/",  "/accounts//owner",
        "/Accounts/12/owner", "/accounts/12/owner/x", "/accounts%2F12/owner", "/"};
    for (size_t i = 0; i < sizeof near / sizeof near[0]; i++)
        assert_string_equal(find("GET", near[i]), "404");
}

static void a_parameter_keeps_an_encoded_slash(void **state)
{
    assert_int_equal(add("GET", "/parts/{id}"), SP_OK);
    assert_string_equal(find("GET", "/parts/a%2Fb"), "/parts/{id} id=a/b");
    assert_string_equal(find("GET", "/parts/a/b"), "404");
}

static void what_is_written_out_wins_over_a_parameter(void **state)
{
    assert_int_equal(add("GET", "/a/{x}"), SP_OK);
    assert_int_equal(add("GET", "/a/b"), SP_OK);
    assert_int_equal(add("GET", "/a/{x}/c"), SP_OK);
    assert_int_equal(add("GET", "/a/b/d"), SP_OK);
    assert_string_equal(find("GET", "/a/b"), "/a/b");
    assert_string_equal(find("GET", "/a/z"), "/a/{x} x=z");
    assert_string_equal(find("GET", "/a/b/d"), "/a/b/d");
    assert_string_equal(find("GET", "/a/b/c"), "/a/{x}/c x=b");
    assert_string_equal(find("GET", "/a/z/d"), "404");
}

static void a_path_without_the_method_tells_those_it_has(void **state)
{
    assert_int_equal(add("GET", "/a/{x}"), SP_OK);
    assert_int_equal(add("PUT", "/a/{y}"), SP_OK);
    assert_int_equal(add("GET", "/a/b"), SP_OK);
    assert_string_equal(find("DELETE", "/a/z"), "405 PUT GET");
    assert_string_equal(find("DELETE", "/a/b"), "405 GET PUT");
    assert_string_equal(find("get", "/a/b"), "405 GET PUT");
    assert_string_equal(find("HEAD", "/a/b"), "405 GET PUT");
}

static void a_less_specific_template_serves_a_method_the_other_lacks(void **state)
{
    assert_int_equal(add("GET", "/a/b"), SP_OK);
    assert_int_equal(add("POST", "/a/{x}"), SP_OK);
    assert_string_equal(find("POST", "/a/b"), "/a/{x} x=b");
}

static void parameters_are_named_by_the_operation(void **state)
{
    assert_int_equal(add("GET", "/{a}/{b}"), SP_OK);
    assert_int_equal(add("PUT", "/{c}/{d}"), SP_OK);
    assert_string_equal(find("GET", "/1/2"), "/{a}/{b} a=1 b=2");
    assert_string_equal(find("PUT", "/1/2"), "/{c}/{d} c=1 d=2");
}

static void the_base_path_itself_can_be_an_operation(void **state)
{
    assert_int_equal(add("GET", "/"), SP_OK);
    assert_int_equal(add("POST", ""), SP_OK);
    assert_string_equal(find("GET", "/"), "/");
    struct sp_route route;
    const struct sp_routes *routes;
    assert_int_equal(sp_routes_new(&router, &arena, &routes, &err), SP_OK);
    assert_int_equal(sp_routes_find(routes, SP_STR("POST"), NULL, 0, &arena, &route), SP_OK);
    assert_int_equal(route.target, 1);
    assert_string_equal(find("GET", "//"), "404");
}

static void what_cannot_be_told_apart_is_refused(void **state)
{
    assert_int_equal(add("GET", "/a/{x}"), SP_OK);
    assert_int_equal(add("GET", "/a/{y}"), SP_EEXISTS);
    assert_non_null(strstr(err.text, "GET /a/{y}"));
    assert_int_equal(add("GET", "/b/{x}/{x}"), SP_EEXISTS);
    assert_int_equal(add("GET", "/a/{x}.json"), SP_EUNSUPPORTED);
    assert_int_equal(add("GET", "/a/{}"), SP_EUNSUPPORTED);
    assert_int_equal(add("GET", "/a/{x"), SP_EUNSUPPORTED);
    assert_int_equal(add("GET", "/a/x}"), SP_EUNSUPPORTED);
    assert_int_equal(add("GET", "/a/../b"), SP_ESYNTAX);
    assert_int_equal(add("GET", "/a/%zz"), SP_ESYNTAX);
}

static void a_literal_may_be_written_encoded(void **state)
{
    assert_int_equal(add("GET", "/caf%C3%A9/a%2Fb"), SP_OK);
    assert_string_equal(find("GET", "/caf%c3%a9/a%2fb"), "/caf%C3%A9/a%2Fb");
}

static void methods_and_segments_are_limited(void **state)
{
    static char names[SP_ROUTER_METHODS_MAX + 1][8];
    for (unsigned i = 0; i <= SP_ROUTER_METHODS_MAX; i++) {
        snprintf(names[i], sizeof names[i], "M%u", i);
        assert_int_equal(add(names[i], "/x"), i < SP_ROUTER_METHODS_MAX ? SP_OK : SP_ELIMIT);
    }
    assert_int_equal(add("PROPFIND", "/y"), SP_OK);
    assert_string_equal(find("PROPFIND", "/y"), "/y");
    assert_int_equal(add("PROPPATCH", "/y"), SP_ELIMIT);
    assert_int_equal(add("", "/y"), SP_ELIMIT);
    assert_string_equal(find("PROPPATCH", "/y"), "405 PROPFIND");
    assert_string_equal(find("", "/y"), "405 PROPFIND");
    char template[300] = "";
    for (unsigned i = 0; i < SP_PATH_SEGMENTS_MAX; i++)
        strcat(template, "/a");
    assert_int_equal(add("GET", template), SP_OK);
    assert_non_null(strstr(find("GET", template), "/a/a"));
    strcat(template, "/a");
    assert_int_equal(add("GET", template), SP_ELIMIT);
}

static void many_alternatives_do_not_multiply_the_work(void **state)
{
    /* Every level has a literal and a parameter: 2^16 templates would be too many to try. */
    for (unsigned bits = 0; bits < 64; bits++) {
        char *template = sp_arena_alloc(&arena, 200);
        template[0] = 0;
        for (unsigned level = 0; level < 6; level++)
            snprintf(template + strlen(template), 200 - strlen(template), bits >> level & 1 ? "/a" : "/{p%u}",
                     level);
        assert_int_equal(add("GET", template), SP_OK);
    }
    assert_string_equal(find("GET", "/a/a/a/a/a/a"), "/a/a/a/a/a/a");
    assert_string_equal(find("GET", "/a/a/a/a/a/b"), "/a/a/a/a/a/{p5} p5=b");
    assert_string_equal(find("GET", "/a/a/a/a/a/a/a"), "404");
}

static void each_of_many_siblings_is_found(void **state)
{
    enum { SIBLINGS = 2000 };
    for (unsigned i = 0; i < SIBLINGS; i++) {
        char *template = sp_arena_alloc(&arena, 40);
        snprintf(template, 40, i % 2 ? "/item%u/{id}" : "/item%u", i * i);
        assert_int_equal(add("GET", template), SP_OK);
    }
    const struct sp_routes *routes;
    assert_int_equal(sp_routes_new(&router, &arena, &routes, &err), SP_OK);
    for (unsigned i = 0; i < SIBLINGS; i++) {
        char first[40];
        snprintf(first, sizeof first, "item%u", i * i);
        const struct sp_str segments[] = {sp_str_of(first), SP_STR("7")};
        struct sp_route route;
        assert_int_equal(sp_routes_find(routes, SP_STR("GET"), segments, 1 + i % 2, &arena, &route), SP_OK);
        assert_int_equal(route.target, i);
        assert_int_equal(route.parameter_count, i % 2);
        snprintf(first, sizeof first, "item%u", i * i + 2);
        assert_int_equal(
            sp_routes_find(routes, SP_STR("GET"), &(struct sp_str){first, strlen(first)}, 1, &arena, &route),
            SP_OK);
        assert_int_equal(route.target, SP_ROUTE_NONE);
    }
}

static void a_copy_of_the_routes_is_as_good(void **state)
{
    assert_int_equal(add("GET", "/a/{x}"), SP_OK);
    assert_int_equal(add("GET", "/a/b"), SP_OK);
    const struct sp_routes *routes;
    struct sp_route route;
    assert_int_equal(sp_routes_new(&router, &arena, &routes, &err), SP_OK);
    struct sp_routes *copy = malloc(routes->bytes);
    memcpy(copy, routes, routes->bytes);
    memset((void *)routes, 0xff, routes->bytes);
    const struct sp_str segments[] = {SP_STR("a"), SP_STR("c")};
    assert_int_equal(sp_routes_find(copy, SP_STR("GET"), segments, 2, &arena, &route), SP_OK);
    assert_int_equal(route.target, 0);
    assert_true(sp_str_is(route.parameters[0].name, "x"));
    assert_true(sp_str_is(route.parameters[0].value, "c"));
    free(copy);
}

/* One path of one segment, which is nearly all of it. */
static void the_size_of_routes_is_limited(void **state)
{
    const struct sp_routes *routes;
    const size_t longest = SP_ROUTES_BYTES_MAX - 200;
    char *path = sp_arena_alloc(&arena, SP_ROUTES_BYTES_MAX);
    memset(path, 'a', SP_ROUTES_BYTES_MAX);
    path[0] = '/';
    assert_int_equal(sp_router_add(&router, SP_STR("GET"), sp_str_from(path, longest), 0, &err), SP_OK);
    assert_int_equal(sp_routes_new(&router, &arena, &routes, &err), SP_OK);
    size_t left = SP_ROUTES_BYTES_MAX - routes->bytes;
    for (int beyond = 0; beyond < 2; beyond++) {
        size_t len = longest + left + (beyond ? 8 : 0);
        assert_int_equal(sp_router_init(&router, &arena), SP_OK);
        assert_int_equal(sp_router_add(&router, SP_STR("GET"), sp_str_from(path, len), 0, &err), SP_OK);
        assert_int_equal(sp_routes_new(&router, &arena, &routes, &err), beyond ? SP_ELIMIT : SP_OK);
        if (!beyond)
            assert_int_equal(routes->bytes, SP_ROUTES_BYTES_MAX);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_template_matches_its_path_and_nothing_near_it),
        TEST(a_parameter_keeps_an_encoded_slash),
        TEST(what_is_written_out_wins_over_a_parameter),
        TEST(a_path_without_the_method_tells_those_it_has),
        TEST(a_less_specific_template_serves_a_method_the_other_lacks),
        TEST(parameters_are_named_by_the_operation),
        TEST(the_base_path_itself_can_be_an_operation),
        TEST(what_cannot_be_told_apart_is_refused),
        TEST(a_literal_may_be_written_encoded),
        TEST(methods_and_segments_are_limited),
        TEST(the_size_of_routes_is_limited),
        TEST(each_of_many_siblings_is_found),
        TEST(a_copy_of_the_routes_is_as_good),
        TEST(many_alternatives_do_not_multiply_the_work),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("gateway_router", tests, NULL, NULL);
}
