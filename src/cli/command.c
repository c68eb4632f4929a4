/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include <stdarg.h>
#include <string.h>

#define NEAREST_LIMIT 3

/* One a line, so that additions do not meet. */
/* clang-format off */
const struct sp_command *const sp_commands[] = {
    &sp_command_api,
    &sp_command_build,
    &sp_command_explain,
    &sp_command_password,
    &sp_command_requester,
    &sp_command_saf,
    &sp_command_server,
    &sp_command_service,
    &sp_command_smf,
    NULL,
};
/* clang-format on */

const struct sp_command *sp_command_find(struct sp_str name)
{
    for (size_t i = 0; sp_commands[i]; i++)
        if (sp_str_is(name, sp_commands[i]->name))
            return sp_commands[i];
    return NULL;
}

const struct sp_command *sp_command_nearest(struct sp_str name)
{
    const struct sp_command *nearest = NULL;
    unsigned best = NEAREST_LIMIT;
    for (size_t i = 0; sp_commands[i]; i++) {
        unsigned distance = sp_str_distance(name, sp_str_of(sp_commands[i]->name), NEAREST_LIMIT);
        if (distance < best) {
            best = distance;
            nearest = sp_commands[i];
        }
    }
    return nearest;
}

void sp_command_usage(const struct sp_command *command, FILE *out)
{
    fprintf(out, "sallyport %s: %s\n\nusage:\n%s", command->name, command->summary, command->usage);
}

int sp_command_misused(const struct sp_command *command, const char *fmt, ...)
{
    va_list args;
    fprintf(stderr, "sallyport %s: ", command->name);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fprintf(stderr, "\nTry 'sallyport help %s'.\n", command->name);
    return SP_EXIT_USAGE;
}

int sp_command_failed(const struct sp_error *err)
{
    fputs("sallyport: ", stderr);
    if (err->file[0]) {
        fprintf(stderr, "%s:", err->file);
        if (err->line)
            fprintf(stderr, "%u:", err->line);
        if (err->line && err->column)
            fprintf(stderr, "%u:", err->column);
        fputc(' ', stderr);
    }
    fputs(err->text[0] ? err->text : sp_status_name(err->status), stderr);
    if (err->id[0])
        fprintf(stderr, " (%s)", err->id);
    fputc('\n', stderr);
    return SP_EXIT_FAILED;
}

static void overview(FILE *out)
{
    fputs("usage: sallyport COMMAND [ARGUMENTS]\n"
          "       sallyport help [COMMAND]\n"
          "       sallyport --version\n\ncommands:\n",
          out);
    for (size_t i = 0; sp_commands[i]; i++)
        fprintf(out, "  %-10s %s\n", sp_commands[i]->name, sp_commands[i]->summary);
}

static int unknown(const char *name)
{
    const struct sp_command *nearest = sp_command_nearest(sp_str_of(name));
    fprintf(stderr, "sallyport: there is no command '%s'.", name);
    if (nearest)
        fprintf(stderr, " Did you mean '%s'?", nearest->name);
    fputs(" 'sallyport help' lists the commands.\n", stderr);
    return SP_EXIT_USAGE;
}

static int help(int argc, char **argv)
{
    if (argc < 2) {
        overview(stdout);
        return SP_EXIT_OK;
    }
    const struct sp_command *command = sp_command_find(sp_str_of(argv[1]));
    if (!command)
        return unknown(argv[1]);
    sp_command_usage(command, stdout);
    return SP_EXIT_OK;
}

int sp_command_main(int argc, char **argv)
{
    if (argc < 2) {
        overview(stderr);
        return SP_EXIT_USAGE;
    }
    if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "version")) {
        puts("sallyport " SP_VERSION);
        return SP_EXIT_OK;
    }
    if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
        return help(argc - 1, argv + 1);
    const struct sp_command *command = sp_command_find(sp_str_of(argv[1]));
    if (!command)
        return unknown(argv[1]);
    if (argc > 2 && !strcmp(argv[2], "--help")) {
        sp_command_usage(command, stdout);
        return SP_EXIT_OK;
    }
    return command->run(argc - 1, argv + 1);
}
