/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "gateway/snapshot.h"

#define MANY 20000u

static struct sp_arena arena;
static struct sp_api *apis[MANY];
static size_t count;
static struct sp_api_index built;
static struct sp_error err = SP_ERROR_INIT;

static int set_up(void **state)
{
    sp_arena_init(&arena, (size_t)256 << 20);
    count = 0;
    built = (struct sp_api_index){.memory = NULL};
    return 0;
}

static int tear_down(void **state)
{
    sp_api_index_finish(&built);
    sp_arena_finish(&arena);
    return 0;
}

/* With one operation, GET /x. */
static void add(const char *base)
{
    struct sp_aar *aar = sp_arena_calloc(&arena, 1, sizeof *aar);
    struct sp_operation *operation = sp_arena_calloc(&arena, 1, sizeof *operation);
    struct sp_api *api = sp_arena_calloc(&arena, 1, sizeof *api);
    struct sp_router router;
    struct sp_path path = {.count = 0};
    struct sp_str text = sp_arena_str(&arena, sp_str_of(base));
    if (text.len > 1)
        assert_int_equal(sp_path_read(text, &arena, &path, &err), SP_OK);
    struct sp_str key = sp_path_key(&path, path.count);
    assert_int_equal(sp_router_init(&router, &arena), SP_OK);
    assert_int_equal(sp_router_add(&router, SP_STR("GET"), SP_STR("/x"), 0, &err), SP_OK);
    assert_int_equal(sp_routes_new(&router, &arena, &api->head.routes, &err), SP_OK);
    aar->operation_count = 1;
    api->aar = aar;
    api->name = text;
    operation->id = text;
    api->operations = operation;
    api->head.base = key.ptr;
    api->head.base_bytes = (uint32_t)key.len;
    api->head.base_segments = (uint32_t)path.count;
    apis[count++] = api;
}

static void build(void)
{
    assert_int_equal(sp_api_index_init(&built, apis, count), SP_OK);
}

/* The base path of the API that is found, or "". */
static const char *find(const char *text)
{
    struct sp_path path;
    assert_int_equal(sp_path_read(sp_str_of(text), &arena, &path, &err), SP_OK);
    const struct sp_api *api = sp_api_index_find(&built, &path);
    return api ? api->name.ptr : "";
}

static void the_longest_base_path_wins(void **state)
{
    add("/a");
    add("/a/b/c");
    add("/b%2Fc");
    build();
    assert_string_equal(find("/a"), "/a");
    assert_string_equal(find("/a/b"), "/a");
    assert_string_equal(find("/a/b/c/d"), "/a/b/c");
    assert_string_equal(find("/a/b/cc"), "/a");
    assert_string_equal(find("/b%2fc/x"), "/b%2Fc");
    assert_string_equal(find("/b/c"), "");
    assert_string_equal(find("/"), "");
    assert_string_equal(find("/aa"), "");
}

static void an_api_can_have_the_root(void **state)
{
    add("/");
    add("/a");
    build();
    assert_string_equal(find("/"), "/");
    assert_string_equal(find("/b/c"), "/");
    assert_string_equal(find("/a/c"), "/a");
}

static void nothing_is_found_among_none(void **state)
{
    build();
    assert_string_equal(find("/"), "");
    assert_string_equal(find("/a"), "");
}

static void base_paths_may_be_as_deep_as_paths(void **state)
{
    char text[2 * SP_PATH_SEGMENTS_MAX + 1] = "";
    for (unsigned i = 0; i < SP_PATH_SEGMENTS_MAX; i++)
        strcat(text, "/d");
    add(text);
    add("/d");
    build();
    assert_string_equal(find(text), text);
    text[strlen(text) - 2] = '\0';
    assert_string_equal(find(text), "/d");
}

static void each_of_many_is_found_with_its_operations(void **state)
{
    char text[64];
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(text, sizeof text, i % 3 ? "/v%u" : "/v%u/more", i);
        add(text);
    }
    build();
    for (unsigned i = 0; i < MANY; i++) {
        struct sp_path path;
        struct sp_route route;
        snprintf(text, sizeof text, i % 3 ? "/v%u/x" : "/v%u/more/x", i);
        assert_int_equal(sp_path_read(sp_str_of(text), &arena, &path, &err), SP_OK);
        const struct sp_api *api = sp_api_index_find(&built, &path);
        assert_ptr_equal(api, apis[i]);
        assert_int_equal(sp_routes_find(api->head.routes, SP_STR("GET"),
                                        path.segments + api->head.base_segments,
                                        path.count - api->head.base_segments, &arena, &route),
                         SP_OK);
        assert_int_equal(route.target, 0);
        assert_true(sp_str_eq(api->operations[0].id, api->name));
        snprintf(text, sizeof text, "/w%u", i);
        assert_string_equal(find(text), "");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_longest_base_path_wins),
        TEST(an_api_can_have_the_root),
        TEST(nothing_is_found_among_none),
        TEST(base_paths_may_be_as_deep_as_paths),
        TEST(each_of_many_is_found_with_its_operations),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("gateway_api_index", tests, NULL, NULL);
}
