/* SPDX-License-Identifier: Apache-2.0
 * cmd_compile.c: sallyport-region compile.
 */
#include <stdio.h>

#include "region/command.h"
#include "region/compile.h"

#define LIST_MAX 64

struct lists {
    const char *copybooks[LIST_MAX], *flags[LIST_MAX];
    struct sp_str records[LIST_MAX], redefines[LIST_MAX];
    struct sp_compile_options options;
};

/* Put the option's value where it belongs. NULL, or what is wrong. */
static const char *take_value(struct lists *lists, struct sp_str option, const char *value)
{
    struct sp_compile_options *o = &lists->options;
    size_t count = o->copybook_count + o->flag_count + o->record_count + o->redefine_count;
    if (count == LIST_MAX)
        return "too many options";
    if (sp_str_is(option, "--modules"))
        o->modules = value;
    else if (sp_str_is(option, "--commarea"))
        o->commarea = sp_str_of(value);
    else if (sp_str_is(option, "-I"))
        lists->copybooks[o->copybook_count++] = value;
    else if (sp_str_is(option, "--cobc"))
        lists->flags[o->flag_count++] = value;
    else if (sp_str_is(option, "--record"))
        lists->records[o->record_count++] = sp_str_of(value);
    else if (sp_str_is(option, "--redefines"))
        lists->redefines[o->redefine_count++] = sp_str_of(value);
    else
        return "there is no such option";
    return NULL;
}

static int read_options(int argc, char **argv, struct lists *lists)
{
    struct sp_compile_options *o = &lists->options;
    for (int i = 0; i < argc; i++) {
        struct sp_str argument = sp_str_of(argv[i]);
        if (sp_str_is(argument, "--checks")) {
            o->checks = true;
        } else if (!sp_str_starts(argument, SP_STR("-"))) {
            if (o->source)
                return sp_region_misused("one source at a time, not %s and %s", o->source, argv[i]);
            o->source = argv[i];
        } else {
            const char *wrong =
                i + 1 < argc ? take_value(lists, argument, argv[i + 1]) : "its value is missing";
            if (wrong)
                return sp_region_misused("%s: %s", argv[i], wrong);
            i++;
        }
    }
    if (!o->source || !o->modules)
        return sp_region_misused("compile wants a source and --modules");
    return 0;
}

int sp_region_command_compile(int argc, char **argv)
{
    struct lists lists = {0};
    lists.options.copybooks = lists.copybooks;
    lists.options.flags = lists.flags;
    lists.options.records = lists.records;
    lists.options.redefines = lists.redefines;
    int result = read_options(argc, argv, &lists);
    if (result)
        return result;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_layout *layout;
    struct sp_arena arena;
    sp_arena_init(&arena, 512u << 20);
    enum sp_status status = sp_compile(&lists.options, &arena, &layout, &err);
    if (status == SP_OK)
        printf("%s/%.*s.so\n", lists.options.modules, SP_STR_ARG(layout->program));
    else
        result = sp_region_failed(&err);
    sp_arena_finish(&arena);
    return result;
}
