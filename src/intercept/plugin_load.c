/* SPDX-License-Identifier: Apache-2.0
 * The library of a plug-in: where it may lie, and whether it fits.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "intercept/message.h"
#include "intercept/plugin_internal.h"

#define ENTRY "sallyport_interceptor_entry"

/* ---------------------------------------------------------------- the path */

enum place { ABOVE, DIRECTORY, LIBRARY };

static enum sp_status check_owner(const char *path, enum place place, struct sp_error *err)
{
    struct stat found;
    bool is_file = place == LIBRARY;
    if (lstat(path, &found) != 0)
        return sp_error_errno(err, errno == ENOENT ? SP_ENOTFOUND : SP_EIO, errno, "%s", path);
    if (is_file ? !S_ISREG(found.st_mode) : !S_ISDIR(found.st_mode))
        return sp_error_set(err, SP_EDENIED, SP_MSG_PLUGIN_REFUSED, "%s is not a %s", path,
                            is_file ? "file" : "directory");
    if (found.st_uid != 0)
        return sp_error_set(
            err, SP_EDENIED, SP_MSG_PLUGIN_REFUSED,
            "%s belongs to user number %u: plug-ins run with all rights of the server, so only "
            "root may write them and the directories above them",
            path, (unsigned)found.st_uid);
    /* In a directory with the sticky bit others may add files, but not touch this one: no harm above the
     * plug-in's own directory. */
    bool sticky = place == ABOVE && (found.st_mode & S_ISVTX);
    if ((found.st_mode & (S_IWGRP | S_IWOTH)) && !sticky)
        return sp_error_set(err, SP_EDENIED, SP_MSG_PLUGIN_REFUSED,
                            "%s can be written by others than root: take that right away (chmod go-w %s)",
                            path, path);
    return SP_OK;
}

/* Every directory from the root, then the file; `path` is changed meanwhile. */
static enum sp_status check_chain(char *path, struct sp_error *err)
{
    const char *last = strrchr(path, '/');
    enum sp_status status = check_owner("/", ABOVE, err);
    for (char *at = strchr(path + 1, '/'); status == SP_OK && at; at = strchr(at + 1, '/')) {
        *at = 0;
        status = check_owner(path, at == last ? DIRECTORY : ABOVE, err);
        *at = '/';
    }
    return status == SP_OK ? check_owner(path, LIBRARY, err) : status;
}

static bool is_file_name(struct sp_str name)
{
    return name.len && name.len < NAME_MAX && name.ptr[0] != '.' && sp_str_find(name, '/') == name.len &&
           sp_str_find(name, 0) == name.len;
}

enum sp_status sp_plugin_path(struct sp_str directory, struct sp_str library, struct sp_arena *arena,
                              struct sp_str *ret_path, struct sp_error *err)
{
    char real_directory[PATH_MAX], real[PATH_MAX];
    if (!is_file_name(library))
        return sp_error_set(err, SP_EINVAL, SP_MSG_PLUGIN_REFUSED,
                            "library=\"%.*s\" is not the name of a file in the directory of plug-ins",
                            SP_STR_ARG(library));
    const char *wanted_directory = sp_arena_cstr(arena, directory);
    struct sp_str wanted = sp_arena_printf(arena, "%.*s/%.*s", SP_STR_ARG(directory), SP_STR_ARG(library));
    if (!wanted.ptr || !wanted_directory)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a plug-in");
    if (!realpath(wanted_directory, real_directory))
        return sp_error_errno(err, SP_ENOTFOUND, errno, "the directory of plug-ins %s", wanted_directory);
    if (!realpath(wanted.ptr, real))
        return sp_error_errno(err, SP_ENOTFOUND, errno, "the library %s", wanted.ptr);
    const char *last = strrchr(real, '/');
    if (!sp_str_eq(sp_str_from(real, (size_t)(last - real)), sp_str_of(real_directory)))
        return sp_error_set(err, SP_EDENIED, SP_MSG_PLUGIN_REFUSED,
                            "%s leads to %s, which is not in the directory of plug-ins %s", wanted.ptr, real,
                            real_directory);
    enum sp_status status = check_chain(real, err);
    if (status != SP_OK)
        return status;
    *ret_path = sp_arena_str(arena, sp_str_of(real));
    return ret_path->ptr ? SP_OK : sp_error_set(err, SP_ENOMEM, NULL, "no memory for a plug-in");
}

/* ---------------------------------------------------------------- the library */

typedef const struct sallyport_interceptor *entry_fn(uint32_t host_abi);

static enum sp_status check_table(const struct sallyport_interceptor *methods, struct sp_error *err)
{
    if (!methods)
        return sp_error_set(err, SP_EUNSUPPORTED, NULL,
                            "it says that it cannot work with version %u of the interface",
                            SALLYPORT_INTERCEPTOR_ABI);
    if (methods->abi != SALLYPORT_INTERCEPTOR_ABI)
        return sp_error_set(
            err, SP_EUNSUPPORTED, NULL,
            "it was compiled for version %u of the interface, and this server has version %u: "
            "compile it with this server's sallyport/interceptor.h",
            methods->abi, SALLYPORT_INTERCEPTOR_ABI);
    if (methods->size < offsetof(struct sallyport_interceptor, early_failure) || !methods->name)
        return sp_error_set(err, SP_EINVAL, NULL, "its table has neither a name nor the size of one");
    bool has_early = methods->size >= sizeof *methods && methods->early_failure;
    if (!methods->pre_invoke && !methods->post_invoke && !methods->pre_sor && !methods->post_sor &&
        !methods->pre_endpoint && !methods->post_endpoint && !has_early)
        return sp_error_set(err, SP_EINVAL, NULL, "it has no method that would ever be called");
    return SP_OK;
}

static enum sp_status open_library(struct sp_plugin *plugin, struct sp_error *err)
{
    enum sp_status status = sp_plugin_check_library(plugin->path.ptr, err);
    if (status != SP_OK)
        return status;
    /* It stays until the worker ends: threads of it may still be running when its last instance goes. */
    void *handle = dlopen(plugin->path.ptr, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!handle)
        return sp_error_set(err, SP_EINVAL, SP_MSG_PLUGIN_REFUSED, "it cannot be loaded: %s", dlerror());
    void *symbol = dlsym(handle, ENTRY);
    if (!symbol)
        return sp_error_set(err, SP_EINVAL, SP_MSG_PLUGIN_REFUSED,
                            "%s has no function " ENTRY ", so it is not a plug-in", plugin->path.ptr);
    entry_fn *entry;
    memcpy(&entry, &symbol, sizeof entry);
    plugin->methods = entry(SALLYPORT_INTERCEPTOR_ABI);
    return SP_OK;
}

enum sp_status sp_plugin_load(struct sp_plugin *plugin, struct sp_str directory, struct sp_str library,
                              struct sp_error *err)
{
    static const struct sallyport_interceptor nothing = {.size = sizeof nothing};
    enum sp_status status = sp_plugin_path(directory, library, &plugin->arena, &plugin->path, err);
    if (status != SP_OK)
        return status;
    plugin->methods = &nothing;
    if (sp_plugin_is_banned(plugin->crashes))
        return SP_OK; /* workers died of it: the next one must not */
    /* Constructors of the library run here, too. */
    sp_plugin_guard_enter(plugin->id.ptr, SP_PLUGIN_CREATE, plugin->hang_us);
    status = open_library(plugin, err);
    if (status == SP_OK)
        status = check_table(plugin->methods, err); /* reads what the library says is a table */
    sp_plugin_guard_leave();
    return status;
}
