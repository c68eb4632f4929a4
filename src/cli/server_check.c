/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/server_check.h"

#include <getopt.h>

#include "cli/command.h"
#include "cli/protect.h"
#include "cli/report.h"
#include "cli/server_launch.h"
#include "cli/source_line.h"
#include "config/docs.h"
#include "config/effective.h"
#include "config/message.h"
#include "text/json_write.h"

#define OUTPUT_MAX ((size_t)64 << 20)

struct check {
    const char *name, *explain, *docs;
    bool effective, written, json, strict;
    struct sp_server_options options;
    struct sp_server_place place;
    struct sp_problems problems;
    enum sp_status status; /* whether it can be served */
    struct sp_error err;
};

static int print_buffer(struct sp_buf *buf, enum sp_status status, const struct sp_error *err)
{
    if (status == SP_OK)
        fwrite(buf->ptr, 1, buf->len, stdout);
    else
        sp_command_failed(err);
    sp_buf_finish(buf);
    return status == SP_OK && fflush(stdout) == 0 ? SP_EXIT_OK : SP_EXIT_FAILED;
}

static int explain(const char *name)
{
    struct sp_buf buf;
    struct sp_error err = SP_ERROR_INIT;
    sp_buf_init(&buf, OUTPUT_MAX);
    return print_buffer(&buf, sp_cfg_explain(sp_str_of(name), &buf, &err), &err);
}

static int docs(const char *which)
{
    struct sp_buf buf;
    struct sp_error err = SP_ERROR_INIT;
    bool messages = strcmp(which, "messages") == 0;
    if (!messages && strcmp(which, "elements") != 0)
        return sp_command_misused(&sp_command_server, "check: --docs is elements or messages, not '%s'",
                                  which);
    sp_buf_init(&buf, OUTPUT_MAX);
    return print_buffer(&buf, messages ? sp_cfg_docs_messages(&buf) : sp_cfg_docs_elements(&buf), &err);
}

/* The merged configuration, even a broken one. */
static int print_effective(struct check *check)
{
    struct sp_problems again;
    struct sp_config *config = NULL;
    struct sp_config_options options = {.config_dir = check->place.config_dir,
                                        .output_dir = check->place.output_dir,
                                        .variables = check->options.variables,
                                        .variable_count = check->options.variable_count,
                                        .keep_broken = true};
    struct sp_error err = SP_ERROR_INIT;
    sp_problems_init(&again);
    enum sp_status status = sp_config_load(&options, &again, &config, &err);
    sp_problems_finish(&again);
    if (!config)
        return sp_command_failed(&err);
    struct sp_buf buf;
    sp_buf_init(&buf, OUTPUT_MAX);
    status = sp_config_effective(config, SP_EFFECTIVE_ORIGINS | (check->written ? 0 : SP_EFFECTIVE_DEFAULTS),
                                 &buf);
    sp_config_free(config);
    return print_buffer(&buf, status, &err);
}

static const char *severity_name(enum sp_problem_severity severity)
{
    return severity == SP_PROBLEM_ERROR ? "error" : severity == SP_PROBLEM_WARNING ? "warning" : "note";
}

static void print_json(const struct check *check)
{
    struct sp_buf buf;
    struct sp_json_writer w;
    sp_buf_init(&buf, OUTPUT_MAX);
    sp_json_writer_init(&w, &buf, 2);
    sp_json_object_begin(&w);
    sp_json_put_text(&w, "server", check->place.config_dir);
    sp_json_put_bool(&w, "startable", check->status == SP_OK);
    sp_json_put_i64(&w, "errors", check->problems.errors);
    sp_json_put_i64(&w, "warnings", check->problems.warnings);
    sp_json_name(&w, SP_STR("problems"));
    sp_json_array_begin(&w);
    for (const struct sp_problem *p = check->problems.first; p; p = p->next) {
        sp_json_object_begin(&w);
        sp_json_put_text(&w, "severity", severity_name(p->severity));
        sp_json_put_text(&w, "id", p->id);
        sp_json_put_string(&w, "text", p->text);
        if (p->file.len) {
            sp_json_put_string(&w, "file", p->file);
            sp_json_put_i64(&w, "line", p->line);
            sp_json_put_i64(&w, "column", p->column);
        }
        sp_json_object_end(&w);
    }
    sp_json_array_end(&w);
    sp_json_object_end(&w);
    sp_buf_append_byte(&buf, '\n');
    fwrite(buf.ptr, 1, buf.len, stdout);
    sp_buf_finish(&buf);
}

static void print_text(const struct check *check, FILE *out)
{
    static const enum sp_problem_severity order[] = {SP_PROBLEM_ERROR, SP_PROBLEM_WARNING, SP_PROBLEM_INFO};
    for (size_t i = 0; i < 3; i++) {
        for (const struct sp_problem *p = check->problems.first; p; p = p->next) {
            if (p->severity != order[i])
                continue;
            sp_report_problem(p, out);
            sp_source_show(p, out);
        }
    }
    fprintf(out, "%s: ", check->place.config_dir);
    if (check->status == SP_OK || check->problems.errors)
        sp_report_totals(&check->problems, out);
    else
        fputs("cannot be served\n", out);
}

static int check_server(struct check *check)
{
    if (sp_server_place_find(check->name, &check->place, &check->err) != SP_OK)
        return sp_command_failed(&check->err);
    check->status = sp_server_try(&check->place, &check->options, &check->problems, &check->err);
    bool is_told = check->problems.errors &&
                   (!check->err.text[0] || strstr(check->err.id, "SALC") || strstr(check->err.id, "SALA"));
    if (check->status != SP_OK && !is_told)
        sp_problem_add(&check->problems, SP_PROBLEM_ERROR,
                       check->err.id[0] ? check->err.id : SP_MSG_NOT_SERVED, sp_str_of(check->err.file),
                       check->err.line, check->err.column, "%s", check->err.text);
    int shown = SP_EXIT_OK;
    if (check->effective)
        shown = print_effective(check);
    if (check->json && !check->effective)
        print_json(check);
    else
        print_text(check, check->effective ? stderr : stdout);
    bool refused = check->status != SP_OK || (check->strict && check->problems.warnings);
    return refused ? SP_EXIT_FAILED : shown;
}

static enum sp_status take_option(struct check *check, int letter)
{
    switch (letter) {
    case 'x':
        check->explain = optarg;
        return SP_OK;
    case 'd':
        check->docs = optarg ? optarg : "elements";
        return SP_OK;
    case 'w':
        check->written = true;
        check->effective = true;
        return SP_OK;
    case 'e':
        check->effective = true;
        return SP_OK;
    case 'j':
        check->json = true;
        return SP_OK;
    case 's':
        check->strict = true;
        return SP_OK;
    default:
        return SP_EINVAL;
    }
}

static enum sp_status parse(struct check *check, int argc, char **argv)
{
    static const struct option known[] = {
        {"explain", required_argument, NULL, 'x'},
        {"docs", optional_argument, NULL, 'd'},
        {"effective", no_argument, NULL, 'e'},
        {"written", no_argument, NULL, 'w'},
        {"json", no_argument, NULL, 'j'},
        {"strict", no_argument, NULL, 's'},
        {NULL, 0, NULL, 0},
    };
    int end = 1, letter;
    while (end < argc && strcmp(argv[end], "--") != 0)
        end++;
    optind = 1;
    opterr = 0;
    while ((letter = getopt_long(end, argv, "", known, NULL)) != -1) {
        if (take_option(check, letter) != SP_OK)
            return sp_error_set(&check->err, SP_EINVAL, NULL,
                                "the option %s is unknown or its value is missing", argv[optind - 1]);
    }
    if (end - optind > 1)
        return sp_error_set(&check->err, SP_EINVAL, NULL, "one server at a time, not '%s' too",
                            argv[optind + 1]);
    check->name = optind < end ? argv[optind] : NULL;
    enum sp_status status = SP_OK;
    for (int i = end + 1; status == SP_OK && i < argc; i++)
        status = sp_server_options_variable(&check->options, argv[i], &check->err);
    return status;
}

int sp_server_check_run(int argc, char **argv)
{
    struct check check = {.err = SP_ERROR_INIT};
    int exit_status;
    sp_cli_protect();
    sp_server_options_init(&check.options);
    sp_problems_init(&check.problems);
    if (parse(&check, argc, argv) != SP_OK)
        exit_status = sp_command_misused(&sp_command_server, "check: %s", check.err.text);
    else if (check.explain)
        exit_status = explain(check.explain);
    else if (check.docs)
        exit_status = docs(check.docs);
    else
        exit_status = check_server(&check);
    sp_problems_finish(&check.problems);
    sp_server_place_finish(&check.place);
    sp_server_options_finish(&check.options);
    return exit_status;
}
