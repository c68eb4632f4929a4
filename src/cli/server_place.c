/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/server_place.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"

#define NAME_DEFAULT "defaultServer"
#define SYSTEM_SERVERS "/var/lib/sallyport/servers"
#define PLACE_BYTES (64u * 1024u)
#define LOG_MODE 0750 /* logs name users and what they called; a directory that is there keeps its mode */

static enum sp_status no_memory(struct sp_error *err)
{
    return sp_error_set(err, SP_ENOMEM, NULL, "no memory");
}

static bool is_server(const char *directory)
{
    char path[PATH_MAX];
    struct stat info;
    int len = snprintf(path, sizeof path, "%s/server.xml", directory);
    return len > 0 && (size_t)len < sizeof path && stat(path, &info) == 0;
}

/* Names end up in paths and messages. */
static bool is_name(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len > 100 || name[0] == '.' || name[0] == '-')
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = sp_lower(name[i]);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr("._-+", c)))
            return false;
    }
    return true;
}

static enum sp_status find_by_path(const char *path, struct sp_arena *arena, const char **ret_directory,
                                   struct sp_error *err)
{
    struct sp_str trimmed = sp_str_of(path);
    /* The path of the file itself is understood too. */
    if (sp_str_ends(trimmed, SP_STR("/server.xml")))
        trimmed.len -= strlen("/server.xml");
    *ret_directory = sp_arena_cstr(arena, trimmed.len ? trimmed : SP_STR("/"));
    if (!*ret_directory)
        return no_memory(err);
    if (!is_server(*ret_directory))
        return sp_error_set(err, SP_ENOTFOUND, NULL, "there is no server.xml in %s", *ret_directory);
    return SP_OK;
}

static enum sp_status find_by_name(const char *name, struct sp_arena *arena, const char **ret_directory,
                                   struct sp_error *err)
{
    const char *user_dir = getenv("SALLYPORT_USER_DIR");
    const char *bases[] = {"./servers", SYSTEM_SERVERS};
    size_t count = 2;
    if (!is_name(name))
        return sp_error_set(
            err, SP_EINVAL, NULL,
            "'%s' is not a server's name: letters, digits, '.', '_', '-' and '+', at most 100", name);
    if (user_dir && user_dir[0]) {
        bases[0] = sp_arena_printf(arena, "%s/servers", user_dir).ptr;
        count = 1;
    }
    for (size_t i = 0; i < count; i++) {
        const char *directory = sp_arena_printf(arena, "%s/%s", bases[i], name).ptr;
        if (!directory)
            return no_memory(err);
        if (is_server(directory)) {
            *ret_directory = directory;
            return SP_OK;
        }
    }
    return sp_error_set(err, SP_ENOTFOUND, NULL,
                        "there is no server '%s' in %s%s%s; give its name or its directory", name, bases[0],
                        count > 1 ? " or " : "", count > 1 ? bases[1] : "");
}

static const char *run_base(struct sp_arena *arena, const char *output_dir)
{
    const char *given = getenv("SALLYPORT_RUN_DIR"), *session = getenv("XDG_RUNTIME_DIR");
    if (given && given[0] == '/')
        return given;
    if (geteuid() == 0)
        return "/run/sallyport";
    if (session && session[0] == '/')
        return sp_arena_printf(arena, "%s/sallyport", session).ptr;
    return sp_arena_printf(arena, "%s/workarea", output_dir).ptr;
}

/* Everything that follows from the server's directory. */
static enum sp_status fill(struct sp_server_place *place, struct sp_error *err)
{
    static const unsigned char key[16];
    struct sp_arena *arena = &place->arena;
    const char *slash = strrchr(place->config_dir, '/'), *outputs = getenv("SALLYPORT_OUTPUT_DIR");
    place->name = slash[1] ? slash + 1 : "root";
    place->output_dir = outputs && outputs[0] == '/'
                            ? sp_arena_printf(arena, "%s/%s", outputs, place->name).ptr
                            : place->config_dir;
    const char *base = place->output_dir ? run_base(arena, place->output_dir) : NULL;
    if (!base)
        return no_memory(err);
    unsigned digits = (unsigned)sp_siphash(key, 1, 3, place->config_dir, strlen(place->config_dir));
    place->run_dir = sp_arena_printf(arena, "%s/%s-%08x", base, place->name, digits).ptr;
    place->log_dir = sp_arena_printf(arena, "%s/logs", place->output_dir).ptr;
    if (!place->run_dir || !place->log_dir)
        return no_memory(err);
    place->conf_path = sp_arena_printf(arena, "%s/nginx.conf", place->run_dir).ptr;
    place->pid_path = sp_arena_printf(arena, "%s/nginx.pid", place->run_dir).ptr;
    place->options_path = sp_arena_printf(arena, "%s/options", place->run_dir).ptr;
    place->control_dir = sp_arena_printf(arena, "%s/control", place->run_dir).ptr;
    bool whole = place->conf_path && place->pid_path && place->options_path && place->control_dir;
    return whole ? SP_OK : no_memory(err);
}

enum sp_status sp_server_place_find(const char *name, struct sp_server_place *ret_place, struct sp_error *err)
{
    struct sp_server_place place = {.name = NULL};
    const char *directory = NULL;
    if (!name)
        name = NAME_DEFAULT;
    sp_arena_init(&place.arena, PLACE_BYTES);
    enum sp_status status = strchr(name, '/') ? find_by_path(name, &place.arena, &directory, err)
                                              : find_by_name(name, &place.arena, &directory, err);
    if (status == SP_OK) {
        char *real = realpath(directory, NULL);
        place.config_dir = real ? sp_arena_cstr(&place.arena, sp_str_of(real)) : NULL;
        if (!real)
            status = sp_error_errno(err, SP_EIO, errno, "%s", directory);
        free(real);
    }
    if (status == SP_OK)
        status = place.config_dir ? fill(&place, err) : no_memory(err);
    if (status == SP_OK)
        *ret_place = place;
    else
        sp_arena_finish(&place.arena);
    return status;
}

void sp_server_place_finish(struct sp_server_place *place)
{
    sp_arena_finish(&place->arena);
}

/* The directory and those above it. */
static enum sp_status make_directory(const char *path, mode_t mode, struct sp_error *err)
{
    char part[PATH_MAX];
    struct stat info;
    size_t len = strlen(path);
    if (len >= sizeof part)
        return sp_error_set(err, SP_ELIMIT, NULL, "%s is too long", path);
    memcpy(part, path, len + 1);
    for (char *at = strchr(part + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return sp_error_errno(err, SP_EIO, errno, "the directory %s cannot be made", part);
        *at = '/';
    }
    if (mkdir(path, mode) != 0 && errno != EEXIST)
        return sp_error_errno(err, SP_EIO, errno, "the directory %s cannot be made", path);
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode))
        return sp_error_set(err, SP_EIO, NULL, "%s is not a directory", path);
    return SP_OK;
}

/* Somebody else's directory could hold files that were made to be read by us. */
static enum sp_status secure_directory(const char *path, mode_t mode, struct sp_error *err)
{
    struct stat info;
    if (lstat(path, &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != geteuid())
        return sp_error_set(err, SP_EDENIED, NULL, "%s belongs to another user; remove it", path);
    if ((info.st_mode & 07777) != mode && chmod(path, mode) != 0)
        return sp_error_errno(err, SP_EIO, errno, "the mode of %s cannot be changed", path);
    return SP_OK;
}

enum sp_status sp_server_place_make(const struct sp_server_place *place, uid_t owner, gid_t group,
                                    struct sp_error *err)
{
    /* Workers of another user pass through to their temporary files. */
    mode_t run_mode = owner == (uid_t)-1 ? 0700 : 0711;
    enum sp_status status = make_directory(place->run_dir, run_mode, err);
    if (status == SP_OK)
        status = secure_directory(place->run_dir, run_mode, err);
    if (status == SP_OK)
        status = make_directory(place->control_dir, 0700, err);
    if (status == SP_OK && owner != (uid_t)-1 && chown(place->control_dir, owner, group) != 0)
        status = sp_error_errno(err, SP_EIO, errno, "the owner of %s cannot be changed", place->control_dir);
    if (status == SP_OK)
        status = make_directory(place->log_dir, LOG_MODE, err);
    if (status == SP_OK && owner != (uid_t)-1 && chown(place->log_dir, owner, group) != 0)
        status = sp_error_errno(err, SP_EIO, errno, "the owner of %s cannot be changed", place->log_dir);
    return status;
}
