/* SPDX-License-Identifier: Apache-2.0
 * A change of what is deployed, in the hands of worker 0: whether it may be made, the files as they will be,
 * and putting them on the disk. In between the generation of these files is made and every worker agrees
 * (update_lead.c); so what is on the disk is what is in use.
 */
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "gateway/archive_files.h"
#include "gateway/message.h"
#include "gateway/update_internal.h"
#include "store/files.h"

/* ---------------------------------------------------------------- what is there */

static const struct sp_cfg_directory *directory_of(const struct sp_config *config, enum sp_store_kind kind)
{
    return kind == SP_STORE_SERVICE ? &config->services
           : kind == SP_STORE_API   ? &config->apis
                                    : &config->api_requesters;
}

/* Path of the item's archive; ptr NULL: there is none. */
static struct sp_str find_item(const struct sp_snapshot *snapshot, const struct sp_store_change *what,
                               bool *ret_stopped)
{
    const struct sp_service *service;
    const struct sp_api *api;
    const struct sp_requester *requester;
    switch (what->kind) {
    case SP_STORE_SERVICE:
        service = sp_hash_get(&snapshot->services, what->name);
        *ret_stopped = service && service->stopped;
        return service ? service->path : (struct sp_str){NULL, 0};
    case SP_STORE_API:
        api = sp_hash_get(&snapshot->api_names, what->name);
        *ret_stopped = api && api->stopped;
        return api ? api->path : (struct sp_str){NULL, 0};
    default:
        requester = sp_hash_get(&snapshot->requesters, what->name);
        *ret_stopped = requester && requester->stopped;
        return requester ? requester->path : (struct sp_str){NULL, 0};
    }
}

static bool refuse(struct sp_update_change *change, unsigned status, const char *fmt, ...) SP_PRINTF(3, 4);

static bool refuse(struct sp_update_change *change, unsigned status, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    change->http_status = status;
    sp_error_vset(&change->err, SP_EDENIED, NULL, fmt, args);
    va_end(args);
    return false;
}

/* An API requester with an element in server.xml is what the element says. */
static bool is_fixed(const struct sp_config *config, const struct sp_store_change *what)
{
    return what->kind == SP_STORE_REQUESTER && what->act != SP_STORE_DEPLOY &&
           sp_config_item(&config->api_requesters, what->name);
}

bool sp_update_change_allowed(struct sp_update_change *change, const struct sp_generation *present)
{
    const struct sp_store_change *what = &change->what;
    const char *kind = sp_store_kind_name(what->kind);
    bool stopped = false;
    struct sp_str path = find_item(present->snapshot, what, &stopped);
    if (what->act == SP_STORE_DEPLOY && path.ptr)
        return refuse(change, 409, "The %s %.*s is deployed already: stop it, and update it.", kind,
                      SP_STR_ARG(what->name));
    if (what->act != SP_STORE_DEPLOY && !path.ptr)
        return refuse(change, 404, "The %s %.*s is not deployed.", kind, SP_STR_ARG(what->name));
    if (is_fixed(present->config, what))
        return refuse(change, 409,
                      "The API requester %.*s has an element in server.xml, and is not administered here.",
                      SP_STR_ARG(what->name));
    if ((what->act == SP_STORE_UPDATE || what->act == SP_STORE_DELETE) && !stopped)
        return refuse(change, 409, "The %s %.*s is started: stop it first.", kind, SP_STR_ARG(what->name));
    change->was_stopped = stopped;
    change->unchanged = (what->act == SP_STORE_START && !stopped) || (what->act == SP_STORE_STOP && stopped);
    struct sp_str location = directory_of(present->config, what->kind)->location;
    change->path = path.ptr ? sp_arena_str(&change->arena, path)
                            : sp_store_path(location, what->kind, what->name, &change->arena);
    return change->path.ptr ? true : refuse(change, 503, "The server is out of memory.");
}

/* ---------------------------------------------------------------- the files, in a thread */

static const struct {
    enum sp_file_kind file, list;
} kinds[SP_STORE_KINDS] = {
    [SP_STORE_SERVICE] = {SP_FILE_SERVICE, SP_FILE_SERVICE_LIST},
    [SP_STORE_API] = {SP_FILE_API, SP_FILE_API_LIST},
    [SP_STORE_REQUESTER] = {SP_FILE_REQUESTER, SP_FILE_REQUESTER_LIST},
};

static bool brings_archive(const struct sp_update_change *change)
{
    return change->what.act == SP_STORE_DEPLOY || change->what.act == SP_STORE_UPDATE;
}

/* The list of a directory with a path more or less; names stay in their order. */
static enum sp_status put_list(struct sp_update_change *change, const struct sp_file_set *base,
                               struct sp_file_set *files, struct sp_str location, struct sp_error *err)
{
    enum sp_file_kind kind = kinds[change->what.kind].list;
    const struct sp_file *old = sp_file_set_find(base, kind, location);
    bool adds = change->what.act == SP_STORE_DEPLOY, placed = !adds;
    struct sp_str rest = old && old->status == SP_OK ? old->content : SP_STR("");
    struct sp_file_stamp stamp = old ? old->stamp : (struct sp_file_stamp){0};
    struct sp_buf list;
    sp_buf_init(&list, SP_FILE_SET_MAX);
    while (rest.len) {
        size_t end = sp_str_find(rest, '\0');
        struct sp_str path = sp_str_slice(rest, 0, end);
        rest = sp_str_slice(rest, end + 1, rest.len);
        if (!placed && sp_str_cmp(change->path, path) < 0) {
            sp_buf_append_str(&list, change->path);
            sp_buf_append_byte(&list, '\0');
            placed = true;
        }
        if (sp_str_eq(path, change->path) && !adds)
            continue;
        sp_buf_append_str(&list, path);
        sp_buf_append_byte(&list, '\0');
    }
    if (!placed) {
        sp_buf_append_str(&list, change->path);
        sp_buf_append_byte(&list, '\0');
    }
    enum sp_status status = list.failed
                                ? sp_error_set(err, SP_ENOMEM, NULL, "no memory for the list of archives")
                                : sp_file_set_put(files, kind, location, sp_buf_str(&list), &stamp, err);
    sp_buf_finish(&list);
    return status;
}

static enum sp_status put_archive(struct sp_update_change *change, struct sp_file_set *files,
                                  struct sp_error *err)
{
    enum sp_status status = sp_archive_file_read(change->what.staged, &change->arena, &change->archive, err);
    if (status != SP_OK)
        return status;
    struct sp_file_stamp stamp = sp_file_stamp_now(change->what.staged);
    return sp_file_set_put(files, kinds[change->what.kind].file, change->path, change->archive, &stamp, err);
}

static enum sp_status put_record(struct sp_update_change *change, struct sp_store_state *state,
                                 const char *checksum, bool stopped, struct sp_error *err)
{
    char now[SP_CLOCK_TEXT_MAX];
    sp_clock_text(sp_clock_realtime_us(), now);
    const struct sp_store_record record = {
        .kind = change->what.kind,
        .name = change->what.name,
        .checksum = sp_str_of(checksum),
        .stopped = stopped,
        .by = change->what.by.ptr ? change->what.by : SP_STR(""),
        .at = sp_str_of(now),
    };
    return sp_store_state_put(state, &record, err);
}

/* Until its file is replaced, the old archive keeps its state: it has a record of its own. */
static enum sp_status change_state(struct sp_update_change *change, struct sp_store_state *state,
                                   const char *present, struct sp_error *err)
{
    const struct sp_store_change *what = &change->what;
    char brought[SP_STORE_CHECKSUM_BYTES + 1];
    enum sp_status status = SP_OK;
    bool stays = what->act != SP_STORE_DEPLOY && what->act != SP_STORE_DELETE;
    sp_store_state_keep(state, what->kind, what->name, stays ? present : "");
    sp_store_checksum(change->archive, brought);
    switch (what->act) {
    case SP_STORE_UPDATE:
        status = put_record(change, state, present, change->was_stopped, err);
        return status == SP_OK ? put_record(change, state, brought, what->stopped, err) : status;
    case SP_STORE_DEPLOY:
        return put_record(change, state, brought, what->stopped, err);
    case SP_STORE_DELETE:
        return SP_OK;
    default:
        return put_record(change, state, present, what->act == SP_STORE_STOP, err);
    }
}

static enum sp_status put_state(struct sp_update_change *change, const struct sp_file_set *base,
                                struct sp_file_set *files, struct sp_error *err)
{
    const struct sp_file *old = sp_file_set_find(base, SP_FILE_STATE, change->state_path);
    const struct sp_file *present = sp_file_set_find(base, kinds[change->what.kind].file, change->path);
    const struct sp_file_stamp stamp = {0};
    struct sp_store_state state;
    struct sp_buf text;
    sp_store_state_init(&state, &change->arena);
    sp_buf_init(&text, SP_STORE_STATE_BYTES_MAX);
    enum sp_status status = SP_OK;
    if (old && old->status == SP_OK)
        status = sp_store_state_read(&state, old->content, err);
    else if (old && old->status != SP_ENOTFOUND)
        status = sp_error_set(err, old->status, NULL, "%.*s", SP_STR_ARG(old->content));
    if (status == SP_OK)
        status = change_state(change, &state, present ? present->checksum : "", err);
    if (status == SP_OK)
        status = sp_store_state_write(&state, &text, err);
    if (status == SP_OK)
        status = sp_file_set_put(files, SP_FILE_STATE, change->state_path, sp_buf_str(&text), &stamp, err);
    sp_buf_finish(&text);
    sp_store_state_finish(&state);
    return status;
}

/* Somebody else's file may stand where the new one belongs. */
static bool is_taken(const struct sp_update_change *change)
{
    struct stat st;
    return change->what.act == SP_STORE_DEPLOY && lstat(change->path.ptr, &st) == 0;
}

enum sp_status sp_update_change_read(struct sp_update_change *change, const struct sp_config *present,
                                     const struct sp_file_set *base, struct sp_file_set **ret_files,
                                     struct sp_error *err)
{
    struct sp_file_set *files = NULL;
    struct sp_str location = directory_of(present, change->what.kind)->location;
    change->state_path = sp_file_set_state_path(present, &change->arena);
    if (is_taken(change)) {
        change->http_status = 409;
        return sp_error_set(err, SP_EEXISTS, NULL,
                            "the file %.*s is there already, and was not deployed under that name",
                            SP_STR_ARG(change->path));
    }
    enum sp_status status = sp_file_set_new(base, ~0u, &files);
    if (status == SP_OK && !change->state_path.ptr)
        status = SP_ENOMEM;
    if (status == SP_OK && brings_archive(change))
        status = put_archive(change, files, err);
    if (status == SP_OK && (change->what.act == SP_STORE_DEPLOY || change->what.act == SP_STORE_DELETE))
        status = put_list(change, base, files, location, err);
    if (status == SP_OK)
        status = put_state(change, base, files, err);
    if (status == SP_OK)
        *ret_files = files;
    else
        sp_file_set_free(files);
    return status;
}

static enum sp_status replace_state(const struct sp_update_change *change, const struct sp_file_set *files,
                                    struct sp_error *err)
{
    const struct sp_file *state = sp_file_set_find(files, SP_FILE_STATE, change->state_path);
    return sp_store_replace(change->state_path.ptr, state ? state->content : SP_STR(""), err);
}

enum sp_status sp_update_change_publish(struct sp_update_change *change, struct sp_file_set *files,
                                        struct sp_error *err)
{
    enum sp_status status = SP_OK;
    if (change->what.act == SP_STORE_DELETE) {
        status = sp_store_remove(change->path.ptr, err);
        if (status == SP_ENOTFOUND)
            status = SP_OK;
        return status == SP_OK ? replace_state(change, files, err) : status;
    }
    status = replace_state(change, files, err);
    if (status != SP_OK || !brings_archive(change))
        return status;
    status = sp_store_publish(sp_arena_cstr(&change->arena, change->what.staged), change->path.ptr, err);
    struct sp_file_stamp stamp = sp_file_stamp_now(change->path);
    if (status == SP_OK)
        sp_file_set_restamp(files, kinds[change->what.kind].file, change->path, &stamp);
    return status;
}

void sp_update_change_done(const struct sp_update_change *change, const struct sp_generation *before,
                           const struct sp_generation *after)
{
    const struct sp_store_change *what = &change->what;
    bool anew = what->act != SP_STORE_START && what->act != SP_STORE_STOP;
    if (what->kind == SP_STORE_SERVICE && anew) {
        const struct sp_service *service = sp_hash_get(&after->snapshot->services, what->name);
        if (!service)
            service = sp_hash_get(&before->snapshot->services, what->name);
        sp_store_counter_restart(service ? service->counter : NULL);
    }
}

/* ---------------------------------------------------------------- after a start */

static void sweep(struct sp_str directory, struct sp_arena *arena)
{
    const char *name = sp_arena_cstr(arena, directory);
    if (name)
        sp_store_sweep(name);
}

bool sp_update_store_begin(const struct sp_config *config, const struct sp_file_set *files)
{
    struct sp_arena arena;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_str text = SP_STR("");
    sp_arena_init(&arena, SP_FILE_SET_MAX);
    struct sp_str path = sp_file_set_state_path(config, &arena);
    for (unsigned kind = 0; kind < SP_STORE_KINDS; kind++)
        sweep(directory_of(config, (enum sp_store_kind)kind)->location, &arena);
    size_t slash = path.len;
    while (slash > 0 && path.ptr[slash - 1] != '/')
        slash--;
    sweep(sp_str_slice(path, 0, slash), &arena);
    const struct sp_file *used = path.ptr ? sp_file_set_find(files, SP_FILE_STATE, path) : NULL;
    enum sp_status status = path.ptr ? sp_archive_file_read(path, &arena, &text, &err) : SP_ENOMEM;
    bool differs = used && (status == SP_OK || status == SP_ENOTFOUND) &&
                   !sp_str_eq(used->status == SP_OK ? used->content : SP_STR(""), text);
    sp_arena_finish(&arena);
    return differs;
}

/* ---------------------------------------------------------------- the outcome */

/* What is wrong with the archive, or with what would be left, is the client's; the rest is not. */
void sp_update_change_failed(struct sp_update_change *change, const struct sp_error *why)
{
    static const char *const tried[] = {[SP_STORE_DEPLOY] = "deployed",
                                        [SP_STORE_UPDATE] = "updated",
                                        [SP_STORE_START] = "started",
                                        [SP_STORE_STOP] = "stopped",
                                        [SP_STORE_DELETE] = "deleted"};
    const struct sp_store_change *what = &change->what;
    bool conflict = strcmp(why->id, SP_MSG_NAME_TAKEN) == 0 || strcmp(why->id, SP_MSG_BASE_PATH_TAKEN) == 0 ||
                    what->act == SP_STORE_DELETE;
    if (!change->http_status)
        change->http_status = why->status == SP_EIO      ? 500
                              : why->status == SP_EINVAL ? (conflict ? 409 : 400)
                              : why->status == SP_ELIMIT ? 400
                                                         : 503;
    change->details = sp_arena_str(&change->arena, sp_str_of(why->text));
    sp_error_set(&change->err, why->status, NULL, "The %s %.*s was not %s.", sp_store_kind_name(what->kind),
                 SP_STR_ARG(what->name), tried[what->act]);
}
