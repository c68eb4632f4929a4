/* SPDX-License-Identifier: Apache-2.0
 * main.c: the `sallyport-region` command.
 */
#include <stdio.h>

#include "base/str.h"
#include "region/command.h"
#include "region/worker.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *usage; /* NULL: not for people */
} commands[] = {
    {"run", sp_region_command_run,
     "run [options] FILE         run the region that the YAML file defines, in the foreground\n"
     "        --quiet             log what went wrong only\n"
     "        --dump-commarea     log all data that arrive and leave, in hexadecimal: for tests, never with "
     "real data\n"},
    {"check", sp_region_command_check,
     "check FILE                 read the file, look for modules and layouts, say what is wrong\n"},
    {"build", sp_region_command_build,
     "build FILE                 compile the programs of the file whose source, or a copybook, is newer\n"},
    {"compile", sp_region_command_compile,
     "compile --modules DIRECTORY [options] SOURCE   make <PROGRAM>.so and <PROGRAM>.layout of a COBOL "
     "source\n"
     "        -I DIRECTORY        look for copybooks there\n"
     "        --commarea RECORD   level 01 that is the COMMAREA (DFHCOMMAREA, or the only one in LINKAGE)\n"
     "        --record RECORD     level 01 whose layout is wanted too, for a container\n"
     "        --redefines ITEM    this redefinition decides how the storage is translated\n"
     "        --checks            check subscripts, lengths and numbers when the program runs\n"
     "        --cobc FLAG         one more flag for cobc\n"},
    {"worker", sp_region_command_worker, NULL},
};

static void usage(FILE *out)
{
    fprintf(out, "usage: sallyport-region COMMAND ...\n");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (commands[i].usage)
            fprintf(out, "    %s", commands[i].usage);
}

int sp_region_failed(const struct sp_error *err)
{
    fprintf(stderr, "sallyport-region: ");
    if (err->file[0])
        fprintf(stderr, "%s:", err->file);
    if (err->line)
        fprintf(stderr, "%u:%u:", err->line, err->column);
    fprintf(stderr, "%s%s\n", err->file[0] || err->line ? " " : "", err->text);
    return 1;
}

int sp_region_misused(const char *fmt, ...)
{
    va_list args;
    fprintf(stderr, "sallyport-region: ");
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fprintf(stderr, "; see sallyport-region --help\n");
    return 2;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return sp_region_misused("a command is missing");
    struct sp_str name = sp_str_of(argv[1]);
    if (sp_str_is(name, "--help") || sp_str_is(name, "help")) {
        usage(stdout);
        return 0;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (sp_str_is(name, commands[i].name))
            return commands[i].run(argc - 2, argv + 2);
    return sp_region_misused("there is no command %s", argv[1]);
}
