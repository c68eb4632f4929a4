/* SPDX-License-Identifier: Apache-2.0 */
#include "recorded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/fiber.h"

char recorded_directory[64];
struct recorder_trace *recorded;
struct sp_loop *recorded_loop;
struct sp_arena recorded_arena;
struct sp_error recorded_err;

int recorded_set_up(void **state)
{
    char command[512], path[128];
    const char *built = getenv("TEST_PLUGINS");
    if (geteuid() != 0 || !built) {
        print_message("# skipped: plug-ins must belong to root, and who runs the tests is not root\n");
        exit(77);
    }
    snprintf(recorded_directory, sizeof recorded_directory, "/tmp/sallyport-plugins-XXXXXX");
    if (!mkdtemp(recorded_directory))
        return -1;
    snprintf(command, sizeof command, "cp %s/*.so %s && chown root %s/* && chmod 0755 %s/*", built,
             recorded_directory, recorded_directory, recorded_directory);
    if (system(command) != 0)
        return -1;
    snprintf(path, sizeof path, "%s/recorder.so", recorded_directory);
    void *handle = dlopen(path, RTLD_NOW);
    recorded = handle ? dlsym(handle, "recorder_trace") : NULL;
    if (!recorded)
        return -1;
    memset(recorded, 0, sizeof *recorded);
    sp_arena_init(&recorded_arena, 10000000);
    return sp_loop_new(NULL, &recorded_loop, &recorded_err) == SP_OK ? 0 : -1;
}

int recorded_tear_down(void **state)
{
    char command[128];
    sp_loop_free(recorded_loop);
    sp_arena_finish(&recorded_arena);
    snprintf(command, sizeof command, "rm -r %s", recorded_directory);
    return system(command);
}

struct sp_cfg_interceptor recorded_element(const char *id, const char *deed)
{
    struct sp_cfg_property *property = sp_arena_calloc(&recorded_arena, 1, sizeof *property);
    property->name = SP_STR("do");
    property->value = sp_str_of(deed ? deed : "");
    return (struct sp_cfg_interceptor){
        .kind = SP_CFG_PLUGIN,
        .id = sp_str_of(id),
        .library = SP_STR("recorder.so"),
        .directory = sp_str_of(recorded_directory),
        .timeout_us = 200000,
        .properties = property,
        .property_count = 1,
    };
}

enum sp_status recorded_open(const struct sp_cfg_interceptor *elements, size_t count,
                             struct sp_plugins *previous, struct sp_plugins **ret_plugins)
{
    const struct sp_config config = {.interceptors = elements, .interceptor_count = count};
    const struct sp_worker worker = {.loop = recorded_loop, .index = 0, .count = 1};
    const struct sp_plugins_options options = {.config = &config, .worker = &worker, .previous = previous};
    sp_error_clear(&recorded_err);
    return sp_plugins_open(&options, ret_plugins, &recorded_err);
}

void recorded_in_fiber(void (*fn)(void *arg), void *arg)
{
    assert_int_equal(sp_fiber_start(recorded_loop, fn, arg, NULL), SP_OK);
    sp_loop_run_all(recorded_loop);
}
