/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/conf.h"
#include "engine/message.h"

#define FIXED_ARGS 4
#define ARENA_MAX (4u << 20)

static struct sp_cfg_property split(struct sp_str arg)
{
    size_t equals = sp_str_find(arg, '=');
    return (struct sp_cfg_property){.name = sp_str_slice(arg, 0, equals),
                                    .value = sp_str_slice(arg, equals + 1, arg.len)};
}

/* nginx takes the environment away from its workers. */
static const char *const *copy_environment(struct sp_arena *arena)
{
    size_t count = 0;
    while (environ[count])
        count++;
    const char **copy = sp_arena_calloc(arena, count + 1, sizeof *copy);
    for (size_t i = 0; copy && i < count; i++)
        if (!(copy[i] = sp_arena_cstr(arena, sp_str_of(environ[i]))))
            return NULL;
    return copy;
}

static enum sp_status take_args(struct sp_engine_settings *settings, const struct sp_str *args, size_t count)
{
    struct sp_arena *arena = &settings->arena;
    struct sp_cfg_property *variables = sp_arena_calloc(arena, count, sizeof *variables);
    for (size_t i = FIXED_ARGS; variables && i < count; i++)
        variables[i - FIXED_ARGS] = split(sp_arena_str(arena, args[i]));
    settings->options = (struct sp_config_options){.config_dir = sp_arena_cstr(arena, args[0]),
                                                   .output_dir = sp_arena_cstr(arena, args[1]),
                                                   .variables = variables,
                                                   .variable_count = count - FIXED_ARGS,
                                                   .environment = copy_environment(arena)};
    settings->run_dir = sp_arena_cstr(arena, args[2]);
    settings->print = sp_arena_str(arena, args[3]);
    const struct sp_config_options *options = &settings->options;
    bool whole = variables && options->config_dir && options->output_dir && options->environment &&
                 settings->run_dir && settings->print.ptr;
    return whole ? SP_OK : SP_ENOMEM;
}

enum sp_status sp_engine_settings_fit(const struct sp_engine_settings *settings,
                                      const struct sp_config *config, struct sp_error *err)
{
    char print[SP_ENGINE_PRINT_LEN + 1];
    enum sp_status status = sp_engine_conf_fingerprint(config, print, err);
    if (status != SP_OK || sp_str_is(settings->print, print))
        return status;
    return sp_error_set(err, SP_EINVAL, SP_MSG_CONF_STALE,
                        "endpoints, their options or their TLS have changed in server.xml; "
                        "'sallyport server reload' takes such changes over");
}

enum sp_status sp_engine_settings_load(const struct sp_str *args, size_t arg_count,
                                       const struct sp_config_files *files,
                                       struct sp_engine_settings **ret_settings, struct sp_error *err)
{
    if (arg_count < FIXED_ARGS)
        return sp_error_set(err, SP_EINVAL, SP_MSG_CONF_VALUE,
                            "sallyport_server takes three directories and a fingerprint");
    struct sp_engine_settings *settings = calloc(1, sizeof *settings);
    if (!settings)
        return SP_ENOMEM;
    sp_arena_init(&settings->arena, ARENA_MAX);
    sp_problems_init(&settings->problems);
    enum sp_status status = take_args(settings, args, arg_count);
    struct sp_config_options options = settings->options;
    options.files = files;
    if (status == SP_OK)
        status = sp_config_load(&options, &settings->problems, &settings->config, err);
    if (status == SP_OK)
        status = sp_engine_settings_fit(settings, settings->config, err);
    if (status != SP_OK) {
        sp_engine_log_problems(&settings->problems);
        sp_engine_settings_free(settings);
        return status;
    }
    *ret_settings = settings;
    return SP_OK;
}

void sp_engine_settings_free(struct sp_engine_settings *settings)
{
    if (!settings)
        return;
    sp_config_free(settings->config);
    sp_problems_finish(&settings->problems);
    sp_arena_wipe(&settings->arena);
    free(settings);
}

void sp_engine_log_problems(const struct sp_problems *problems)
{
    static const enum sp_log_severity severities[] = {
        [SP_PROBLEM_ERROR] = SP_LOG_ERROR,
        [SP_PROBLEM_WARNING] = SP_LOG_WARNING,
        [SP_PROBLEM_INFO] = SP_LOG_INFO,
    };
    for (const struct sp_problem *p = problems->first; p; p = p->next) {
        char place[512] = "";
        if (p->file.len && p->line)
            snprintf(place, sizeof place, "%.*s:%u:%u: ", SP_STR_ARG(p->file), p->line, p->column);
        else if (p->file.len)
            snprintf(place, sizeof place, "%.*s: ", SP_STR_ARG(p->file));
        sp_log(severities[p->severity], p->id, "%s%.*s", place, SP_STR_ARG(p->text));
    }
}
