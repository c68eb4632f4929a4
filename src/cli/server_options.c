/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/server_options.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"

#define WORKERS_DEFAULT 2
#define TIMEOUT_DEFAULT 30
#define TIMEOUT_MAX 3600
#define OPTIONS_BYTES (1u << 20)
#define USER_DEFAULT "sallyport"

void sp_server_options_init(struct sp_server_options *options)
{
    *options = (struct sp_server_options){
        .workers = WORKERS_DEFAULT, .timeout_s = TIMEOUT_DEFAULT, .uid = (uid_t)-1, .gid = (gid_t)-1};
    sp_arena_init(&options->arena, OPTIONS_BYTES);
}

void sp_server_options_finish(struct sp_server_options *options)
{
    /* Variables may hold passwords. */
    for (size_t i = 0; i < options->variable_count; i++)
        sp_secret_wipe((void *)options->variables[i].value.ptr, options->variables[i].value.len);
    sp_arena_finish(&options->arena);
}

static enum sp_status number(const char *text, unsigned least, unsigned most, const char *what,
                             unsigned *ret_value, struct sp_error *err)
{
    uint64_t value = 0;
    if (sp_str_to_u64(sp_str_of(text), &value) != SP_OK || value < least || value > most)
        return sp_error_set(err, SP_EINVAL, NULL, "%s takes a number from %u to %u, not '%s'", what, least,
                            most, text);
    *ret_value = (unsigned)value;
    return SP_OK;
}

enum sp_status sp_server_options_workers(struct sp_server_options *options, const char *text,
                                         struct sp_error *err)
{
    return number(text, 1, SP_SERVER_WORKERS_MAX, "--workers", &options->workers, err);
}

enum sp_status sp_server_options_timeout(struct sp_server_options *options, const char *text,
                                         struct sp_error *err)
{
    return number(text, 1, TIMEOUT_MAX, "--timeout", &options->timeout_s, err);
}

static enum sp_status set_user(struct sp_server_options *options, const struct passwd *user,
                               const struct group *group, struct sp_error *err)
{
    options->uid = user->pw_uid;
    options->gid = group->gr_gid;
    options->user = sp_arena_cstr(&options->arena, sp_str_of(user->pw_name));
    options->group = sp_arena_cstr(&options->arena, sp_str_of(group->gr_name));
    if (!options->user || !options->group)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory");
    return SP_OK;
}

enum sp_status sp_server_options_user(struct sp_server_options *options, const char *text,
                                      struct sp_error *err)
{
    char name[128];
    struct sp_str rest = sp_str_of(text), user_name = {NULL, 0}, group_name = {NULL, 0};
    sp_str_split(&rest, ':', &user_name);
    sp_str_split(&rest, ':', &group_name);
    if (user_name.len == 0 || user_name.len >= sizeof name || group_name.len >= sizeof name)
        return sp_error_set(err, SP_EINVAL, NULL, "--user takes USER or USER:GROUP, not '%s'", text);
    snprintf(name, sizeof name, "%.*s", SP_STR_ARG(user_name));
    const struct passwd *user = getpwnam(name);
    if (!user)
        return sp_error_set(err, SP_ENOTFOUND, NULL, "there is no user '%s'", name);
    snprintf(name, sizeof name, "%.*s", SP_STR_ARG(group_name));
    const struct group *group = group_name.len ? getgrnam(name) : getgrgid(user->pw_gid);
    if (!group)
        return sp_error_set(err, SP_ENOTFOUND, NULL, "there is no group '%s'",
                            group_name.len ? name : "of that user");
    if (geteuid() != 0 && geteuid() != user->pw_uid)
        return sp_error_set(err, SP_EDENIED, NULL, "only root can run workers as '%s'", user->pw_name);
    return geteuid() == 0 ? set_user(options, user, group, err) : SP_OK;
}

enum sp_status sp_server_options_choose_user(struct sp_server_options *options, const char *config_dir,
                                             struct sp_error *err)
{
    struct stat info;
    if (geteuid() != 0 || options->user)
        return SP_OK;
    const struct passwd *user = getpwnam(USER_DEFAULT);
    if (!user && stat(config_dir, &info) == 0)
        user = getpwuid(info.st_uid);
    const struct group *group = user ? getgrgid(user->pw_gid) : NULL;
    if (!user || !group)
        return sp_error_set(err, SP_EINVAL, NULL,
                            "nobody is known to run the workers as: the owner of %s has no name; give --user",
                            config_dir);
    return set_user(options, user, group, err);
}

enum sp_status sp_server_options_variable(struct sp_server_options *options, const char *text,
                                          struct sp_error *err)
{
    struct sp_str whole = sp_arena_str(&options->arena, sp_str_of(text));
    if (!whole.ptr)
        return sp_error_set(err, SP_ELIMIT, NULL, "the variables of the command line are longer than 1 MiB");
    if (sp_str_starts(whole, SP_STR("--")))
        whole = sp_str_slice(whole, 2, whole.len);
    size_t equals = sp_str_find(whole, '=');
    if (equals == 0 || equals == whole.len)
        return sp_error_set(err, SP_EINVAL, NULL, "behind -- stand variables as --name=value, not '%s'",
                            text);
    if (options->variable_count == SP_SERVER_VARIABLES_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "more than %d variables", SP_SERVER_VARIABLES_MAX);
    options->variables[options->variable_count++] = (struct sp_cfg_property){
        .name = sp_str_slice(whole, 0, equals), .value = sp_str_slice(whole, equals + 1, whole.len)};
    return SP_OK;
}

/* ---- the file of a running server ---- */

static enum sp_status write_all(int fd, struct sp_str text)
{
    while (text.len) {
        ssize_t n = write(fd, text.ptr, text.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return SP_EIO;
        text = sp_str_slice(text, (size_t)n, text.len);
    }
    return SP_OK;
}

enum sp_status sp_server_file_write(const char *path, struct sp_str text, struct sp_error *err)
{
    char temporary[PATH_MAX];
    int len = snprintf(temporary, sizeof temporary, "%s.new", path);
    if (len < 0 || (size_t)len >= sizeof temporary)
        return sp_error_set(err, SP_ELIMIT, NULL, "%s is too long", path);
    unlink(temporary);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return sp_error_errno(err, SP_EIO, errno, "%s cannot be written", temporary);
    enum sp_status status = write_all(fd, text);
    int saved = errno;
    if (close(fd) != 0 && status == SP_OK) {
        status = SP_EIO;
        saved = errno;
    }
    if (status == SP_OK && rename(temporary, path) != 0) {
        status = SP_EIO;
        saved = errno;
    }
    if (status == SP_OK)
        return SP_OK;
    unlink(temporary);
    return sp_error_errno(err, status, saved, "%s cannot be written", path);
}

/* One option a line; a value with a line end in it would become two, and cannot come from a command line that
 * nginx.conf accepted (engine/conf.h). */
enum sp_status sp_server_options_save(const struct sp_server_options *options, const char *path,
                                      struct sp_error *err)
{
    struct sp_buf text;
    sp_buf_init(&text, OPTIONS_BYTES);
    sp_buf_printf(&text, "workers %u\nforeground %d\n", options->workers, options->foreground);
    if (options->user)
        sp_buf_printf(&text, "user %s:%s\n", options->user, options->group);
    for (size_t i = 0; i < options->variable_count; i++)
        sp_buf_printf(&text, "variable %.*s=%.*s\n", SP_STR_ARG(options->variables[i].name),
                      SP_STR_ARG(options->variables[i].value));
    enum sp_status status = text.failed ? sp_error_set(err, SP_ELIMIT, NULL, "the options are too long")
                                        : sp_server_file_write(path, sp_buf_str(&text), err);
    sp_buf_wipe(&text);
    return status;
}

static enum sp_status restore_line(struct sp_server_options *options, char *line, struct sp_error *err)
{
    char *blank = strchr(line, ' ');
    if (!blank)
        return sp_error_set(err, SP_ESYNTAX, NULL, "a line of the options file is damaged");
    *blank = '\0';
    if (!strcmp(line, "workers"))
        return sp_server_options_workers(options, blank + 1, err);
    if (!strcmp(line, "foreground")) {
        options->foreground = blank[1] == '1';
        return SP_OK;
    }
    if (!strcmp(line, "user"))
        return sp_server_options_user(options, blank + 1, err);
    return sp_server_options_variable(options, blank + 1, err);
}

enum sp_status sp_server_options_restore(struct sp_server_options *options, const char *path,
                                         struct sp_error *err)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return sp_error_errno(err, SP_EIO, errno, "%s cannot be read", path);
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    enum sp_status status = SP_OK;
    while (status == SP_OK && (len = getline(&line, &room, file)) > 0) {
        if (line[len - 1] == '\n')
            line[len - 1] = '\0';
        status = restore_line(options, line, err);
    }
    if (line)
        sp_secret_wipe(line, room);
    free(line);
    fclose(file);
    if (status != SP_OK)
        sp_error_at(err, path, 0, 0);
    return status;
}
