/* SPDX-License-Identifier: Apache-2.0
 * Variables that do not come from server.xml.
 */
#include <unistd.h>

#include "config/load.h"
#include "config/value.h"

#define FILE_CEILING ((size_t)1 << 20)
#define BOOTSTRAP_DEPTH 8

static enum sp_status read_if_there(struct sp_load *load, struct sp_str path, struct sp_buf *buf)
{
    struct sp_error err = SP_ERROR_INIT;
    enum sp_status status = sp_load_read(load, path, buf, &err);
    if (status == SP_OK || status == SP_ENOTFOUND)
        return status;
    sp_load_problem(load, SP_MSG_FILE_UNREADABLE, (struct sp_load_place){0}, "%s", err.text);
    return SP_ENOTFOUND;
}

static enum sp_status set(struct sp_load *load, const char *name, struct sp_str value)
{
    if (!value.ptr)
        return SP_ENOMEM;
    return sp_variables_set(&load->tree->variables, SP_VAR_BOOTSTRAP, sp_str_of(name), value);
}

/* The directory above, with its '/'; "/" stays. */
static struct sp_str parent_of(struct sp_str directory)
{
    size_t len = directory.len > 1 ? directory.len - 1 : 1;
    while (len > 1 && directory.ptr[len - 1] != '/')
        len--;
    return sp_str_slice(directory, 0, len);
}

/* The server's directory is <user>/servers/<name>/; the shared ones are beside "servers". */
static enum sp_status set_directories(struct sp_load *load)
{
    const struct sp_config *config = load->config;
    struct sp_str user = parent_of(parent_of(config->config_dir));
    const struct {
        const char *name;
        struct sp_str base;
        const char *below;
    } rows[] = {
        {"server.config.dir", config->config_dir, ""},
        {"server.output.dir", config->output_dir, ""},
        {"wlp.user.dir", user, ""},
        {"wlp.install.dir", parent_of(user), ""},
        {"shared.config.dir", user, "shared/config/"},
        {"shared.app.dir", user, "shared/apps/"},
        {"shared.resource.dir", user, "shared/resources/"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sp_str value = sp_arena_printf(load->arena, "%.*s%s", SP_STR_ARG(rows[i].base), rows[i].below);
        if (set(load, rows[i].name, value) != SP_OK)
            return SP_ENOMEM;
    }
    return SP_OK;
}

/* The names the server defines itself; bootstrap.properties may change them. */
static enum sp_status set_predefined(struct sp_load *load)
{
    enum sp_status status = set_directories(load);
    if (status == SP_OK)
        status = set(load, "wlp.server.name", load->config->server_name);
    if (status == SP_OK)
        status = set(load, "defaultHostName", SP_STR("localhost"));
    if (status == SP_OK)
        status = set(load, "onError", SP_STR("WARN"));
    return status;
}

/* bootstrap.properties and the files that its bootstrap.include names; what includes wins. */
static enum sp_status read_bootstrap(struct sp_load *load, struct sp_str path, unsigned depth)
{
    struct sp_buf buf;
    sp_buf_init(&buf, FILE_CEILING);
    enum sp_status status = read_if_there(load, path, &buf);
    if (status == SP_OK)
        status = sp_variables_set_properties(&load->tree->variables, sp_buf_str(&buf));
    struct sp_str more = sp_variables_get(&load->tree->variables, SP_STR("bootstrap.include"), NULL);
    if (status == SP_OK && more.ptr && depth < BOOTSTRAP_DEPTH) {
        more = more.len && more.ptr[0] == '/'
                   ? more
                   : sp_arena_printf(load->arena, "%.*s%.*s", SP_STR_ARG(load->config->config_dir),
                                     SP_STR_ARG(more));
        more = more.ptr ? sp_value_path(more, load->arena) : more;
        if (more.ptr && !sp_str_eq(more, path))
            status = read_bootstrap(load, more, depth + 1);
        if (status == SP_OK) /* again, so that this file's own values stay */
            status = sp_variables_set_properties(&load->tree->variables, sp_buf_str(&buf));
    }
    sp_buf_wipe(&buf);
    return status == SP_ENOTFOUND ? SP_OK : status;
}

static enum sp_status read_server_env(struct sp_load *load)
{
    struct sp_str path = sp_arena_printf(load->arena, "%.*sserver.env", SP_STR_ARG(load->config->config_dir));
    if (!path.ptr)
        return SP_ENOMEM;
    struct sp_buf buf;
    sp_buf_init(&buf, FILE_CEILING);
    enum sp_status status = read_if_there(load, path, &buf);
    if (status == SP_OK)
        status = sp_variables_set_env_file(&load->tree->variables, sp_buf_str(&buf));
    sp_buf_wipe(&buf);
    return status == SP_ENOTFOUND ? SP_OK : status;
}

/* The first line of <root>/<directory>/<name> is variable "<directory>/<name>". */
static enum sp_status read_binding(struct sp_load *load, struct sp_str root, struct sp_str name)
{
    struct sp_str path = sp_arena_printf(load->arena, "%.*s/%.*s", SP_STR_ARG(root), SP_STR_ARG(name));
    if (!path.ptr)
        return SP_ENOMEM;
    struct sp_buf buf;
    sp_buf_init(&buf, FILE_CEILING);
    enum sp_status status = read_if_there(load, path, &buf);
    struct sp_str text = sp_buf_str(&buf), line = SP_STR("");
    if (status == SP_OK) {
        sp_str_split(&text, '\n', &line);
        if (sp_str_ends(line, SP_STR("\r")))
            line.len--;
        status = sp_variables_set(&load->tree->variables, SP_VAR_BINDING, name, line);
    }
    sp_buf_wipe(&buf);
    return status == SP_ENOTFOUND ? SP_OK : status;
}

static enum sp_status read_bindings_below(struct sp_load *load, struct sp_str root, struct sp_str below,
                                          unsigned depth)
{
    struct sp_str path = sp_arena_printf(load->arena, "%.*s/%.*s", SP_STR_ARG(root), SP_STR_ARG(below));
    struct sp_buf buf;
    sp_buf_init(&buf, FILE_CEILING);
    enum sp_status status = path.ptr ? sp_load_list(load, path, &buf) : SP_ENOMEM;
    struct sp_str rest = sp_buf_str(&buf), name;
    while (status == SP_OK && sp_str_split(&rest, '\0', &name)) {
        if (name.len == 0 || name.ptr[0] == '.')
            continue;
        struct sp_str full = sp_arena_printf(load->arena, "%.*s%.*s", SP_STR_ARG(below), SP_STR_ARG(name));
        if (!full.ptr)
            status = SP_ENOMEM;
        else if (!sp_str_ends(name, SP_STR("/")))
            status = read_binding(load, root, full);
        else if (depth == 0)
            status = read_bindings_below(load, root, full, depth + 1);
    }
    sp_buf_finish(&buf);
    return status == SP_ENOTFOUND ? SP_OK : status;
}

enum sp_status sp_load_variables(struct sp_load *load)
{
    struct sp_variables *variables = &load->tree->variables;
    const char *const *environment =
        load->options->environment ? load->options->environment : (const char *const *)environ;
    enum sp_status status = set_predefined(load);
    for (size_t i = 0; i < load->options->variable_count && status == SP_OK; i++)
        status = sp_variables_set(variables, SP_VAR_COMMAND_LINE, load->options->variables[i].name,
                                  load->options->variables[i].value);
    if (status == SP_OK)
        status = sp_variables_set_environment(variables, environment);
    if (status == SP_OK)
        status = read_server_env(load);
    struct sp_str path =
        sp_arena_printf(load->arena, "%.*sbootstrap.properties", SP_STR_ARG(load->config->config_dir));
    if (status == SP_OK)
        status = path.ptr ? read_bootstrap(load, path, 0) : SP_ENOMEM;
    struct sp_str root = sp_variables_get(variables, SP_STR("SERVICE_BINDING_ROOT"), NULL);
    if (status == SP_OK && root.len)
        status = read_bindings_below(load, root, SP_STR(""), 0);
    return status;
}
