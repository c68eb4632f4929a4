/* SPDX-License-Identifier: Apache-2.0
 * sp_config_load: the order of its steps, and how they tell problems.
 */
#include "config/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/value.h"

#define MEMORY_CEILING ((size_t)256 << 20)

static enum sp_problem_severity severity_of(const char *id)
{
    char letter = id[strlen(id) - 1];
    return letter == 'E' ? SP_PROBLEM_ERROR : letter == 'W' ? SP_PROBLEM_WARNING : SP_PROBLEM_INFO;
}

static struct sp_problem *add(struct sp_load *load, const char *id, struct sp_load_place place,
                              const char *fmt, va_list args)
{
    char text[SP_ERROR_TEXT_MAX];
    vsnprintf(text, sizeof text, fmt, args);
    bool known = place.document && !place.document->built_in;
    return sp_problem_add(load->problems, severity_of(id), id, known ? place.document->path : SP_STR(""),
                          known ? place.line : 0, known ? place.column : 0, "%s", text);
}

void sp_load_problem(struct sp_load *load, const char *id, struct sp_load_place place, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add(load, id, place, fmt, args);
    va_end(args);
}

void sp_load_fault(struct sp_load *load, const char *id, struct sp_load_place place, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    struct sp_problem *problem = add(load, id, place, fmt, args);
    va_end(args);
    if (problem)
        problem->by_on_error = true;
}

void sp_config_problem(const struct sp_config *config, const void *memory, const char *id,
                       struct sp_problems *problems, const char *fmt, ...)
{
    char text[SP_ERROR_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    const struct sp_cfg_node *node = config->tree ? config->tree->nodes : NULL;
    while (node && node->memory != memory)
        node = node->next;
    bool known = node && node->document && !node->document->built_in;
    sp_problem_add(problems, severity_of(id), id, known ? node->document->path : SP_STR(""),
                   known ? node->line : 0, known ? node->column : 0, "%s", text);
}

struct sp_str sp_load_resolve(struct sp_load *load, struct sp_str text, struct sp_load_place place,
                              const struct sp_variable_scope *scope)
{
    struct sp_variable_result result;
    struct sp_error err = SP_ERROR_INIT;
    if (sp_variables_resolve(&load->tree->variables, text, scope, &result, &err) != SP_OK) {
        sp_load_fault(load, SP_MSG_VARIABLE_BROKEN, place, "%s", err.text);
        return (struct sp_str){NULL, 0};
    }
    if (result.undefined.ptr)
        sp_load_fault(load, SP_MSG_VARIABLE_UNDEFINED, place, "the variable ${%.*s} is not defined",
                      SP_STR_ARG(result.undefined));
    return result.text;
}

/* The absolute path of a directory with a '/' at its end. */
static struct sp_str directory_path(struct sp_arena *arena, const char *name)
{
    char here[4096] = "";
    if (name[0] != '/' && !getcwd(here, sizeof here))
        return (struct sp_str){NULL, 0};
    struct sp_str path = sp_arena_printf(arena, "%s/%s/", here, name);
    return path.ptr ? sp_value_path(path, arena) : path;
}

static enum sp_status name_directories(struct sp_load *load)
{
    struct sp_config *config = load->config;
    config->config_dir = directory_path(load->arena, load->options->config_dir);
    config->output_dir = load->options->output_dir ? directory_path(load->arena, load->options->output_dir)
                                                   : config->config_dir;
    if (!config->config_dir.ptr || !config->output_dir.ptr)
        return SP_ENOMEM;
    struct sp_str rest = config->config_dir, part;
    config->server_name = SP_STR("");
    while (sp_str_split(&rest, '/', &part)) {
        if (part.len)
            config->server_name = sp_arena_str(load->arena, part);
    }
    return config->server_name.ptr ? SP_OK : SP_ENOMEM;
}

/* <config onError>, or the variable. */
static void find_on_error(struct sp_load *load)
{
    static const char *const names[] = {"WARN", "FAIL", "IGNORE", NULL};
    struct sp_str text = SP_STR("${onError}");
    struct sp_load_place place = {0};
    for (const struct sp_cfg_node *node = load->tree->nodes; node; node = node->next) {
        const struct sp_cfg_field *field =
            sp_str_is(node->name, "config") ? sp_cfg_node_field(node, SP_STR("onError")) : NULL;
        if (field && field->first && !field->listed) {
            text = field->first->text;
            place = sp_load_at_value(field->first);
        }
    }
    size_t index = SP_ON_ERROR_WARN;
    text = sp_load_resolve(load, text, place, NULL);
    if (sp_value_option(sp_str_trim(text), names, &index) == SP_OK)
        load->on_error = (enum sp_load_on_error)index;
}

static void apply_on_error(struct sp_load *load)
{
    struct sp_problems *problems = load->problems;
    unsigned stopped = 0;
    for (struct sp_problem *p = problems->first; p; p = p->next) {
        if (!p->by_on_error || p->severity != SP_PROBLEM_WARNING || load->on_error == SP_ON_ERROR_WARN)
            continue;
        problems->warnings--;
        p->severity = load->on_error == SP_ON_ERROR_FAIL ? SP_PROBLEM_ERROR : SP_PROBLEM_INFO;
        stopped += p->severity == SP_PROBLEM_ERROR;
    }
    problems->errors += stopped;
    if (stopped)
        sp_load_problem(load, SP_MSG_ON_ERROR_FAIL, (struct sp_load_place){0},
                        "onError is FAIL and the configuration has %u problem%s that would else be warnings",
                        stopped, stopped == 1 ? "" : "s");
}

/* The key of {aes} passwords, when the administrator has one of his own. */
static void find_password_key(struct sp_load *load)
{
    struct sp_str phrase =
        sp_variables_get(&load->tree->variables, SP_STR("wlp.password.encryption.key"), NULL);
    if (phrase.ptr)
        phrase = sp_load_resolve(load, phrase, (struct sp_load_place){0}, NULL);
    sp_password_keys_init(&load->keys, phrase);
}

static enum sp_status run(struct sp_load *load)
{
    enum sp_status status = name_directories(load);
    if (status == SP_OK)
        status = sp_load_variables(load);
    if (status == SP_OK)
        status = sp_load_files(load);
    if (status == SP_OK)
        status = sp_cfg_tree_merge(load->tree);
    if (status == SP_OK) {
        find_on_error(load);
        find_password_key(load);
        status = sp_load_bind(load);
    }
    if (status == SP_OK)
        status = sp_load_finish(load);
    if (status == SP_OK)
        apply_on_error(load);
    sp_password_keys_finish(&load->keys);
    return status;
}

static enum sp_status first_error(const struct sp_problems *problems, struct sp_error *err)
{
    const struct sp_problem *p = problems->first;
    while (p && p->severity != SP_PROBLEM_ERROR)
        p = p->next;
    if (!p)
        return sp_error_set(err, SP_EINVAL, NULL, "the configuration has errors");
    sp_error_set(err, SP_EINVAL, p->id, "%.*s", SP_STR_ARG(p->text));
    if (p->file.len)
        sp_error_at(err, p->file.ptr, p->line, p->column);
    return SP_EINVAL;
}

enum sp_status sp_config_load(const struct sp_config_options *options, struct sp_problems *problems,
                              struct sp_config **ret_config, struct sp_error *err)
{
    struct sp_config *config = calloc(1, sizeof *config);
    if (!config)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the configuration");
    sp_arena_init(&config->arena, MEMORY_CEILING);
    config->tree = sp_arena_calloc(&config->arena, 1, sizeof *config->tree);
    if (config->tree)
        sp_cfg_tree_init(config->tree, &config->arena);
    struct sp_load load = {
        .options = options,
        .files = options->files ? options->files : &sp_config_file_system,
        .problems = problems,
        .config = config,
        .tree = config->tree,
        .arena = &config->arena,
    };
    unsigned errors = problems->errors;
    enum sp_status status = config->tree ? run(&load) : SP_ENOMEM;
    if (status != SP_OK)
        sp_error_set(err, status, NULL, "the configuration needs more than %zu MiB of memory",
                     MEMORY_CEILING >> 20);
    else if (problems->errors > errors)
        status = first_error(problems, err);
    if (status == SP_OK || (status == SP_EINVAL && options->keep_broken))
        *ret_config = config;
    else
        sp_config_free(config);
    return status;
}

void sp_config_free(struct sp_config *config)
{
    if (!config)
        return;
    sp_cfg_tree_finish(config->tree);
    sp_arena_wipe(&config->arena);
    free(config);
}

const struct sp_cfg_item *sp_config_item(const struct sp_cfg_directory *directory, struct sp_str name)
{
    for (size_t i = 0; i < directory->item_count; i++) {
        if (sp_str_eq(directory->items[i].name, name))
            return &directory->items[i];
    }
    return NULL;
}
