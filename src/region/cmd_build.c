/* SPDX-License-Identifier: Apache-2.0
 * cmd_build.c: sallyport-region check, sallyport-region build.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "region/command.h"
#include "region/compile.h"
#include "region/file.h"
#include "region/programs.h"

enum sp_status sp_region_open(const char *path, struct sp_arena *arena, struct sp_str *ret_text,
                              const char **ret_directory, const struct sp_definition **ret_definition,
                              struct sp_error *err)
{
    char real[PATH_MAX];
    if (!realpath(path, real))
        return sp_error_errno(err, SP_EIO, errno, "cannot read %s", path);
    size_t slash = strlen(real);
    while (slash > 1 && real[slash - 1] != '/')
        slash--;
    struct sp_str directory = sp_arena_str(arena, sp_str_from(real, slash > 1 ? slash - 1 : 1));
    if (!directory.ptr)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to read %s", path);
    enum sp_status status = sp_file_read(real, SP_DEFINITION_BYTES_MAX, arena, ret_text, err);
    if (status == SP_OK)
        status = sp_definition_read(*ret_text, path, directory, arena, ret_definition, err);
    *ret_directory = directory.ptr;
    return status;
}

static int open_one(int argc, char **argv, const char *command, struct sp_arena *arena,
                    const struct sp_definition **ret_definition)
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_str text;
    const char *directory;
    if (argc != 1 || *argv[0] == '-')
        return sp_region_misused("%s wants the file that defines the region", command);
    if (sp_region_open(argv[0], arena, &text, &directory, ret_definition, &err) != SP_OK)
        return sp_region_failed(&err);
    return 0;
}

static int check(const struct sp_definition *definition, struct sp_arena *arena)
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_program_state *states;
    int result = 0;
    if (sp_programs_load(definition, arena, &states, &err) != SP_OK)
        return sp_region_failed(&err);
    for (size_t i = 0; i < definition->program_count; i++) {
        printf("program %.*s: %s\n", SP_STR_ARG(states[i].program->name),
               states[i].fault ? states[i].fault : "can run");
        result |= states[i].fault != NULL;
    }
    return result;
}

int sp_region_command_check(int argc, char **argv)
{
    const struct sp_definition *definition;
    struct sp_arena arena;
    sp_arena_init(&arena, 512u << 20);
    int result = open_one(argc, argv, "check", &arena, &definition);
    if (!result)
        result = check(definition, &arena);
    sp_arena_finish(&arena);
    return result;
}

/* --- build ------------------------------------------------------------------------------------------- */

/* Nanoseconds since 1970; 0 when there is no such file. */
static int64_t changed_at(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec : 0;
}

static int64_t newest_in(const char *directory)
{
    int64_t newest = 0;
    char path[PATH_MAX];
    struct dirent *entry;
    DIR *dir = opendir(directory);
    while (dir && (entry = readdir(dir))) {
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        int64_t at = entry->d_name[0] == '.' ? 0 : changed_at(path);
        newest = at > newest ? at : newest;
    }
    if (dir)
        closedir(dir);
    return newest;
}

static bool is_built(const struct sp_definition *definition, const struct sp_program *program,
                     int64_t sources)
{
    static const char *const extensions[] = {"so", "layout"};
    char path[PATH_MAX];
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%.*s/%.*s.%s", SP_STR_ARG(definition->modules),
                 SP_STR_ARG(program->module), extensions[i]);
        int64_t at = changed_at(path);
        if (at <= sources || at <= changed_at(program->source.ptr))
            return false;
    }
    return true;
}

static enum sp_status build_one(const struct sp_definition *definition, const struct sp_program *program,
                                const char *const *copybooks, struct sp_error *err)
{
    struct sp_str records[256];
    struct sp_layout *layout;
    struct sp_compile_options options = {.source = program->source.ptr,
                                         .modules = definition->modules.ptr,
                                         .copybooks = copybooks,
                                         .copybook_count = definition->copybook_count,
                                         .commarea = program->commarea,
                                         .records = records,
                                         .record_count = program->container_count,
                                         .redefines = program->redefines,
                                         .redefine_count = program->redefine_count,
                                         .checks = program->checks};
    for (size_t i = 0; i < program->container_count; i++)
        records[i] = program->containers[i].record;
    struct sp_arena arena;
    sp_arena_init(&arena, 512u << 20);
    enum sp_status status = sp_compile(&options, &arena, &layout, err);
    if (status == SP_OK && !sp_str_eq(layout->program, program->module))
        status = sp_error_set(err, SP_EINVAL, NULL, "%s: its PROGRAM-ID is %.*s, the module should be %.*s",
                              program->source.ptr, SP_STR_ARG(layout->program), SP_STR_ARG(program->module));
    sp_arena_finish(&arena);
    return status;
}

static int build(const char *file, const struct sp_definition *definition, struct sp_arena *arena)
{
    struct sp_error err = SP_ERROR_INIT;
    const char **copybooks = sp_arena_calloc(arena, definition->copybook_count + 1, sizeof *copybooks);
    int64_t sources = changed_at(file);
    int result = 0;
    for (size_t i = 0; copybooks && i < definition->copybook_count; i++) {
        copybooks[i] = definition->copybooks[i].ptr;
        int64_t newest = newest_in(copybooks[i]);
        sources = newest > sources ? newest : sources;
    }
    if (mkdir(definition->modules.ptr, 0777) != 0 && errno != EEXIST)
        fprintf(stderr, "sallyport-region: %s: %s\n", definition->modules.ptr, strerror(errno));
    for (size_t i = 0; i < definition->program_count; i++) {
        const struct sp_program *program = &definition->programs[i];
        if (!program->source.len || is_built(definition, program, sources))
            continue;
        if (build_one(definition, program, copybooks, &err) != SP_OK)
            result = sp_region_failed(&err);
        else
            printf("%.*s/%.*s.so\n", SP_STR_ARG(definition->modules), SP_STR_ARG(program->module));
    }
    return result;
}

int sp_region_command_build(int argc, char **argv)
{
    const struct sp_definition *definition;
    struct sp_arena arena;
    sp_arena_init(&arena, 512u << 20);
    int result = open_one(argc, argv, "build", &arena, &definition);
    if (!result)
        result = build(argv[0], definition, &arena);
    sp_arena_finish(&arena);
    return result;
}
