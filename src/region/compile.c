/* SPDX-License-Identifier: Apache-2.0 */
#include "region/compile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "region/cobc_dump.h"
#include "region/cobc_listing.h"
#include "region/file.h"

#define ARGUMENTS_MAX 128
#define GENERATED_MAX (64u * 1024u * 1024u)
#define LINKAGE_MAX 64

extern char **environ;

/* What makes GnuCOBOL lay data out as Enterprise COBOL does, and put the signs of zoned numbers where a
 * translation of EBCDIC leaves them. */
static const char *const dialect[] = {"-std=ibm", "-fodoslide", "-fsign=EBCDIC"};

struct compilation {
    const struct sp_compile_options *options;
    struct sp_arena *arena;
    struct sp_error *err;
    const char *directory; /* for what is in between; in the directory of modules, so that rename works */
    const char *source;    /* file name in its directory, which cobc runs in: so do messages name it */
    const char *source_directory;
    const char *arguments[ARGUMENTS_MAX + 1];
    unsigned argument_count;
};

static void argue(struct compilation *c, const char *argument)
{
    if (c->argument_count <= ARGUMENTS_MAX)
        c->arguments[c->argument_count++] = argument;
}

static const char *path_of(struct compilation *c, const char *name)
{
    return sp_arena_printf(c->arena, "%s/%s", c->directory, name).ptr;
}

/* As it is when it cannot be found: cobc says so. */
static const char *absolute(struct compilation *c, const char *path)
{
    char real[PATH_MAX];
    return realpath(path, real) ? sp_arena_cstr(c->arena, sp_str_of(real)) : path;
}

static void common_arguments(struct compilation *c)
{
    const struct sp_compile_options *options = c->options;
    c->argument_count = 0;
    argue(c, "cobc");
    for (size_t i = 0; i < sizeof dialect / sizeof dialect[0]; i++)
        argue(c, dialect[i]);
    for (size_t i = 0; i < options->flag_count; i++)
        argue(c, options->flags[i]);
    for (size_t i = 0; i < options->copybook_count; i++) {
        argue(c, "-I");
        argue(c, absolute(c, options->copybooks[i]));
    }
}

/* cobc's messages are the text of the error. */
static enum sp_status complain(struct compilation *c, const char *log)
{
    struct sp_str text = {NULL, 0};
    if (sp_file_read(log, 1u << 20, c->arena, &text, NULL) != SP_OK || !sp_str_trim(text).len)
        text = SP_STR("it gave no message");
    text = sp_str_trim(text);
    return sp_error_set(c->err, SP_ESYNTAX, NULL, "cobc refuses %s:\n%.*s", c->options->source,
                        SP_STR_ARG(text));
}

/* Run cobc with the arguments that were collected, what it says going to a file. */
static enum sp_status run_cobc(struct compilation *c)
{
    if (c->argument_count > ARGUMENTS_MAX)
        return sp_error_set(c->err, SP_ELIMIT, NULL, "too many flags and copybook directories");
    c->arguments[c->argument_count] = NULL;
    const char *log = path_of(c, "messages");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    posix_spawn_file_actions_addchdir_np(&actions, c->source_directory);
    pid_t pid;
    int errnum = posix_spawnp(&pid, "cobc", &actions, NULL, (char *const *)c->arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (errnum)
        return sp_error_errno(c->err, SP_EIO, errnum, "cannot run cobc (Debian package gnucobol3)");
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return sp_error_errno(c->err, SP_EIO, errno, "cannot wait for cobc");
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? SP_OK : complain(c, log);
}

/* --- layout ------------------------------------------------------------------------------------------ */

/* One file for one program, numbered ones for several. */
static enum sp_status read_locals(struct compilation *c, struct sp_str *ret_text)
{
    struct sp_str all = {"", 0}, part;
    enum sp_status status =
        sp_file_read(path_of(c, "generated.c.l.h"), GENERATED_MAX, c->arena, ret_text, c->err);
    if (status != SP_ENOTFOUND)
        return status;
    for (unsigned i = 1;; i++) {
        const char *path = sp_arena_printf(c->arena, "%s/generated.c.l%u.h", c->directory, i).ptr;
        if (!path || sp_file_read(path, GENERATED_MAX, c->arena, &part, NULL) != SP_OK)
            break;
        all = sp_arena_printf(c->arena, "%.*s\n%.*s", SP_STR_ARG(all), SP_STR_ARG(part));
        if (!all.ptr)
            return sp_error_set(c->err, SP_ENOMEM, NULL, "no memory for what cobc wrote");
    }
    *ret_text = all;
    return SP_OK;
}

static enum sp_status generate(struct compilation *c, struct sp_cobc_text *ret_text,
                               struct sp_str *ret_listing)
{
    common_arguments(c);
    argue(c, "-C");
    argue(c, "-fdump=ALL");
    argue(c, "-T");
    argue(c, path_of(c, "listing"));
    argue(c, "--tsymbols");
    argue(c, "-o");
    argue(c, path_of(c, "generated.c"));
    argue(c, c->source);
    enum sp_status status = run_cobc(c);
    if (status == SP_OK)
        status = sp_file_read(path_of(c, "generated.c"), GENERATED_MAX, c->arena, &ret_text->source, c->err);
    if (status == SP_OK)
        status =
            sp_file_read(path_of(c, "generated.c.h"), GENERATED_MAX, c->arena, &ret_text->globals, c->err);
    if (status == SP_OK)
        status = read_locals(c, &ret_text->locals);
    if (status == SP_OK)
        status = sp_file_read(path_of(c, "listing"), GENERATED_MAX, c->arena, ret_listing, c->err);
    return status;
}

/* The level 01 that is the COMMAREA; empty when the program takes none. */
static struct sp_str choose_commarea(const struct compilation *c, const struct sp_cobc_text *text,
                                     struct sp_str program)
{
    struct sp_str names[LINKAGE_MAX];
    size_t count = sp_cobc_dump_linkage(text, program, names, LINKAGE_MAX);
    if (c->options->commarea.len)
        return c->options->commarea;
    for (size_t i = 0; i < count && i < LINKAGE_MAX; i++)
        if (sp_str_is(names[i], "DFHCOMMAREA"))
            return names[i];
    return count == 1 ? names[0] : (struct sp_str){NULL, 0};
}

static enum sp_status add_record(struct compilation *c, const struct sp_cobc_text *text, struct sp_str name,
                                 struct sp_layout *layout)
{
    struct sp_layout_record *record, **end = &layout->records;
    if (sp_layout_find(layout, name))
        return SP_OK;
    enum sp_status status = sp_cobc_dump_read(text, layout->program, name, c->arena, &record, c->err);
    if (status != SP_OK)
        return status;
    while (*end)
        end = &(*end)->next;
    *end = record;
    return SP_OK;
}

static enum sp_status redefine(struct compilation *c, struct sp_str listing, struct sp_str name,
                               struct sp_layout *layout)
{
    for (struct sp_layout_record *record = layout->records; record; record = record->next) {
        enum sp_status status = sp_cobc_listing_redefine(listing, record, name, c->arena, c->err);
        if (status != SP_ENOTFOUND)
            return status;
    }
    return sp_error_set(c->err, SP_ENOTFOUND, NULL, "program %.*s has no item %.*s that redefines another",
                        SP_STR_ARG(layout->program), SP_STR_ARG(name));
}

static enum sp_status make_layout(struct compilation *c, struct sp_layout **ret_layout)
{
    struct sp_cobc_text text;
    struct sp_str listing;
    enum sp_status status = generate(c, &text, &listing);
    if (status != SP_OK)
        return status;
    struct sp_layout *layout = sp_arena_calloc(c->arena, 1, sizeof *layout);
    if (!layout)
        return sp_error_set(c->err, SP_ENOMEM, NULL, "no memory for the layout");
    layout->program = sp_cobc_dump_program(&text);
    layout->compiler = sp_cobc_dump_compiler(&text);
    layout->commarea = choose_commarea(c, &text, layout->program);
    if (layout->commarea.len)
        status = add_record(c, &text, layout->commarea, layout);
    for (size_t i = 0; status == SP_OK && i < c->options->record_count; i++)
        status = add_record(c, &text, c->options->records[i], layout);
    for (size_t i = 0; status == SP_OK && i < c->options->redefine_count; i++)
        status = redefine(c, listing, c->options->redefines[i], layout);
    if (status == SP_OK)
        *ret_layout = layout;
    return status;
}

/* --- module ------------------------------------------------------------------------------------------ */

static enum sp_status make_module(struct compilation *c)
{
    common_arguments(c);
    argue(c, "-m");
    argue(c, "-O");
    if (c->options->checks)
        argue(c, "-debug");
    argue(c, "-o");
    argue(c, path_of(c, "module.so"));
    argue(c, c->source);
    return run_cobc(c);
}

static enum sp_status install(struct compilation *c, const char *from, const struct sp_layout *layout,
                              const char *extension)
{
    const char *to =
        sp_arena_printf(c->arena, "%s/%.*s%s", c->options->modules, SP_STR_ARG(layout->program), extension)
            .ptr;
    if (rename(path_of(c, from), to) != 0)
        return sp_error_errno(c->err, SP_EIO, errno, "cannot write %s", to);
    return SP_OK;
}

static enum sp_status compile_into(struct compilation *c, struct sp_layout **ret_layout)
{
    struct sp_layout *layout = NULL;
    struct sp_buf buf;
    enum sp_status status = make_layout(c, &layout);
    if (status == SP_OK)
        status = make_module(c);
    if (status != SP_OK)
        return status;
    sp_buf_init(&buf, GENERATED_MAX);
    status = sp_layout_write(layout, &buf);
    if (status == SP_OK)
        status = sp_file_write(path_of(c, "layout"), sp_buf_str(&buf), c->err);
    sp_buf_finish(&buf);
    if (status == SP_OK)
        status = install(c, "module.so", layout, ".so");
    if (status == SP_OK)
        status = install(c, "layout", layout, ".layout");
    if (status == SP_OK && ret_layout)
        *ret_layout = layout;
    return status;
}

static void remove_directory(struct compilation *c)
{
    static const char *const names[] = {"messages", "generated.c", "generated.c.h", "generated.c.l.h",
                                        "listing",  "module.so",   "layout"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(path_of(c, names[i]));
    /* One more file for each further program of the source. */
    for (unsigned i = 1; i < 100; i++)
        if (unlink(sp_arena_printf(c->arena, "%s/generated.c.l%u.h", c->directory, i).ptr) != 0)
            break;
    rmdir(c->directory);
}

enum sp_status sp_compile(const struct sp_compile_options *options, struct sp_arena *arena,
                          struct sp_layout **ret_layout, struct sp_error *err)
{
    char source[PATH_MAX];
    struct compilation c = {.options = options, .arena = arena, .err = err};
    if (!realpath(options->source, source))
        return sp_error_errno(err, SP_EIO, errno, "cannot read %s", options->source);
    char *slash = strrchr(source, '/');
    *slash = '\0';
    c.source = slash + 1;
    c.source_directory = *source ? source : "/";
    struct sp_str directory = sp_arena_printf(arena, "%s/.compile-XXXXXX", absolute(&c, options->modules));
    if (!directory.ptr)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to compile %s", options->source);
    c.directory = mkdtemp((char *)directory.ptr);
    if (!c.directory)
        return sp_error_errno(err, SP_EIO, errno, "cannot write to %s", options->modules);
    enum sp_status status = compile_into(&c, ret_layout);
    remove_directory(&c);
    return status;
}
