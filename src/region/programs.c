/* SPDX-License-Identifier: Apache-2.0 */
#include "region/programs.h"

#include <unistd.h>

#include "region/file.h"

#define LAYOUT_BYTES_MAX (16u * 1024u * 1024u)

/* NULL when all is well. */
static const char *fault_of(const struct sp_program *program, const struct sp_layout *layout)
{
    for (size_t i = 0; i < program->container_count; i++)
        if (!sp_layout_find(layout, program->containers[i].record))
            return "its layout lacks a record that its containers name; compile it again";
    return NULL;
}

static enum sp_status load(const struct sp_definition *definition, const struct sp_program *program,
                           struct sp_arena *arena, struct sp_program_state *state)
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_layout *layout = NULL;
    struct sp_str text;
    const char *path =
        sp_arena_printf(arena, "%.*s/%.*s.so", SP_STR_ARG(definition->modules), SP_STR_ARG(program->module))
            .ptr;
    state->program = program;
    if (!path)
        return SP_ENOMEM;
    if (access(path, R_OK) != 0) {
        state->fault = "its module is not in the directory of modules; compile it";
        return SP_OK;
    }
    if (definition->is_native)
        return SP_OK;
    path = sp_arena_printf(arena, "%.*s/%.*s.layout", SP_STR_ARG(definition->modules),
                           SP_STR_ARG(program->module))
               .ptr;
    enum sp_status status = path ? sp_file_read(path, LAYOUT_BYTES_MAX, arena, &text, &err) : SP_ENOMEM;
    if (status == SP_OK)
        status = sp_layout_read(text, path, arena, &layout, &err);
    if (status == SP_ENOMEM)
        return status;
    if (status == SP_OK) {
        state->fault = fault_of(program, layout);
        state->layout = layout;
        return SP_OK;
    }
    state->fault = sp_arena_cstr(arena, sp_str_of(err.text));
    return state->fault ? SP_OK : SP_ENOMEM;
}

enum sp_status sp_programs_load(const struct sp_definition *definition, struct sp_arena *arena,
                                struct sp_program_state **ret_programs, struct sp_error *err)
{
    struct sp_program_state *states = sp_arena_calloc(arena, definition->program_count + 1, sizeof *states);
    enum sp_status status = states ? SP_OK : SP_ENOMEM;
    for (size_t i = 0; status == SP_OK && i < definition->program_count; i++)
        status = load(definition, &definition->programs[i], arena, &states[i]);
    if (status != SP_OK)
        return sp_error_set(err, status, NULL, "no memory for the layouts of the programs");
    *ret_programs = states;
    return SP_OK;
}
