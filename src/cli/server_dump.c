/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/server_dump.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/protect.h"
#include "cli/report.h"
#include "cli/server_place.h"
#include "config/effective.h"
#include "config/source.h"
#include "text/zip_write.h"

#define TEXT_CEILING ((size_t)64 << 20)
#define LOG_END ((long)1 << 20)

struct dump {
    const char *name, *output;
    char path[PATH_MAX];
    struct sp_server_place place;
    struct sp_problems problems;
    struct sp_config *config;
    struct sp_zip_writer *zip;
    struct sp_error err;
};

static enum sp_status add(struct dump *dump, const char *name, struct sp_buf *text)
{
    enum sp_status status = text->failed
                                ? SP_ELIMIT
                                : sp_zip_writer_add(dump->zip, sp_str_of(name), sp_buf_str(text), &dump->err);
    sp_buf_finish(text);
    return status;
}

static enum sp_status add_effective(struct dump *dump)
{
    struct sp_buf text;
    sp_buf_init(&text, TEXT_CEILING);
    if (sp_config_effective(dump->config, SP_EFFECTIVE_ORIGINS | SP_EFFECTIVE_DEFAULTS, &text) != SP_OK)
        text.failed = true;
    return add(dump, "effective.xml", &text);
}

static enum sp_status add_problems(struct dump *dump)
{
    struct sp_buf text;
    sp_buf_init(&text, TEXT_CEILING);
    for (const struct sp_problem *p = dump->problems.first; p; p = p->next)
        sp_buf_printf(&text, "%.*s:%u:%u: %s: %.*s\n", SP_STR_ARG(p->file), p->line, p->column, p->id,
                      SP_STR_ARG(p->text));
    sp_buf_printf(&text, "%u errors, %u warnings\n", dump->problems.errors, dump->problems.warnings);
    return add(dump, "problems.txt", &text);
}

/* Which files were looked at. No digests: with one, a short secret in a small file can be guessed. */
static enum sp_status add_files(struct dump *dump)
{
    struct sp_buf text;
    sp_buf_init(&text, TEXT_CEILING);
    for (const struct sp_config_source *s = sp_config_sources(dump->config); s; s = s->next) {
        char when[SP_CLOCK_TEXT_MAX] = "-";
        if (s->there)
            sp_clock_text(s->mtime_ns / 1000, when);
        sp_buf_printf(&text, "%.*s  %s  %lld bytes  %s\n", SP_STR_ARG(s->path),
                      !s->there      ? "missing"
                      : s->directory ? "directory"
                                     : "file",
                      (long long)s->size, when);
    }
    return add(dump, "files.txt", &text);
}

static enum sp_status add_system(struct dump *dump)
{
    struct utsname system;
    struct sp_buf text;
    char now[SP_CLOCK_TEXT_MAX];
    sp_buf_init(&text, TEXT_CEILING);
    sp_clock_text(sp_clock_realtime_us(), now);
    sp_buf_printf(&text, "sallyport %s\nmade %s\nserver %s in %s\noutput %s\n", SP_VERSION, now,
                  dump->place.name, dump->place.config_dir, dump->place.output_dir);
    if (uname(&system) == 0)
        sp_buf_printf(&text, "%s %s %s\n", system.sysname, system.release, system.machine);
    sp_buf_append_str(&text, SP_STR("names in the environment (values are not kept):\n"));
    for (char **entry = environ; *entry; entry++)
        sp_buf_printf(&text, "  %.*s\n", (int)strcspn(*entry, "="), *entry);
    return add(dump, "system.txt", &text);
}

static enum sp_status add_log(struct dump *dump)
{
    char path[PATH_MAX], block[65536];
    struct sp_buf text;
    size_t n;
    snprintf(path, sizeof path, "%s/messages.log", dump->place.log_dir);
    FILE *file = fopen(path, "re");
    if (!file)
        return SP_OK;
    sp_buf_init(&text, TEXT_CEILING);
    if (fseek(file, 0, SEEK_END) == 0 && ftell(file) > LOG_END)
        fseek(file, -LOG_END, SEEK_END);
    else
        rewind(file);
    while ((n = fread(block, 1, sizeof block, file)) > 0 && sp_buf_append(&text, block, n) == SP_OK)
        continue;
    fclose(file);
    return add(dump, "messages.log", &text);
}

static enum sp_status write_archive(struct dump *dump)
{
    struct sp_buf bytes;
    sp_buf_init(&bytes, TEXT_CEILING * 4);
    enum sp_status status = sp_zip_writer_end(dump->zip, &bytes, &dump->err);
    int fd = status == SP_OK ? open(dump->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    if (status == SP_OK && fd < 0)
        status = sp_error_errno(&dump->err, SP_EIO, errno, "cannot make %s", dump->path);
    for (size_t at = 0; status == SP_OK && at < bytes.len;) {
        ssize_t n = write(fd, bytes.ptr + at, bytes.len - at);
        if (n < 0 && errno != EINTR)
            status = sp_error_errno(&dump->err, SP_EIO, errno, "cannot write %s", dump->path);
        at += n > 0 ? (size_t)n : 0;
    }
    if (fd >= 0 && close(fd) != 0 && status == SP_OK)
        status = sp_error_errno(&dump->err, SP_EIO, errno, "cannot write %s", dump->path);
    sp_buf_finish(&bytes);
    return status;
}

static enum sp_status load(struct dump *dump)
{
    struct sp_config_options options = {
        .config_dir = dump->place.config_dir, .output_dir = dump->place.output_dir, .keep_broken = true};
    enum sp_status status = sp_config_load(&options, &dump->problems, &dump->config, &dump->err);
    return dump->config ? SP_OK : status;
}

static void choose_path(struct dump *dump)
{
    char now[SP_CLOCK_TEXT_MAX];
    sp_clock_text(sp_clock_realtime_us(), now);
    for (char *c = now; *c; c++)
        *c = *c == ':' || *c == '.' ? '-' : *c;
    if (dump->output)
        snprintf(dump->path, sizeof dump->path, "%s", dump->output);
    else
        snprintf(dump->path, sizeof dump->path, "%s.dump-%s.zip", dump->place.name, now);
}

static enum sp_status dump_server(struct dump *dump)
{
    enum sp_status status = sp_server_place_find(dump->name, &dump->place, &dump->err);
    if (status == SP_OK)
        status = load(dump);
    if (status == SP_OK)
        status = sp_zip_writer_new(&dump->zip, &dump->err);
    if (status == SP_OK)
        status = add_effective(dump);
    if (status == SP_OK)
        status = add_problems(dump);
    if (status == SP_OK)
        status = add_files(dump);
    if (status == SP_OK)
        status = add_system(dump);
    if (status == SP_OK)
        status = add_log(dump);
    if (status != SP_OK)
        return status;
    choose_path(dump);
    return write_archive(dump);
}

static enum sp_status parse(struct dump *dump, int argc, char **argv)
{
    static const struct option known[] = {{"output", required_argument, NULL, 'o'}, {NULL, 0, NULL, 0}};
    int letter;
    optind = 1;
    opterr = 0;
    while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (letter != 'o')
            return sp_error_set(&dump->err, SP_EINVAL, NULL,
                                "the option %s is unknown or its value is missing", argv[optind - 1]);
        dump->output = optarg;
    }
    if (argc - optind > 1)
        return sp_error_set(&dump->err, SP_EINVAL, NULL, "one server at a time");
    dump->name = optind < argc ? argv[optind] : NULL;
    return SP_OK;
}

int sp_server_dump_run(int argc, char **argv)
{
    struct dump dump = {.err = SP_ERROR_INIT};
    int exit_status = SP_EXIT_OK;
    sp_cli_protect();
    sp_problems_init(&dump.problems);
    if (parse(&dump, argc, argv) != SP_OK)
        exit_status = sp_command_misused(&sp_command_server, "dump: %s", dump.err.text);
    else if (dump_server(&dump) != SP_OK)
        exit_status = sp_command_failed(&dump.err);
    else
        printf("%s\n", dump.path);
    sp_zip_writer_free(dump.zip);
    sp_config_free(dump.config);
    sp_problems_finish(&dump.problems);
    sp_server_place_finish(&dump.place);
    return exit_status;
}
