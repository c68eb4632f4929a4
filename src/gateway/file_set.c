/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/file_set.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "gateway/archive_files.h"
#include "gateway/file_set_internal.h"

#define CONFIG_FILE_MAX ((size_t)64 << 20)
#define STATE_FILE "resources/zosconnect/state.json" /* below the server's directory */

enum sp_file_domain sp_file_domain(enum sp_file_kind kind)
{
    switch (kind) {
    case SP_FILE_SERVICE:
    case SP_FILE_SERVICE_LIST:
        return SP_FILES_OF_SERVICES;
    case SP_FILE_API:
    case SP_FILE_API_LIST:
        return SP_FILES_OF_APIS;
    case SP_FILE_RULES:
    case SP_FILE_KEYS:
        return SP_FILES_POLLED;
    case SP_FILE_RULES_ASKED:
    case SP_FILE_KEYS_ASKED:
        return SP_FILES_ASKED;
    case SP_FILE_RULES_KEPT:
    case SP_FILE_KEYS_KEPT:
        return SP_FILES_KEPT;
    case SP_FILE_REQUESTER:
    case SP_FILE_REQUESTER_LIST:
        return SP_FILES_OF_REQUESTERS;
    case SP_FILE_STATE:
        return SP_FILES_OF_STATE;
    default:
        return SP_FILES_OF_CONFIG;
    }
}

/* ---------------------------------------------------------------- stamps */

static int64_t nanoseconds(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct sp_file_stamp sp_file_stamp_now(struct sp_str path)
{
    char name[PATH_MAX];
    struct stat st;
    if (path.len >= sizeof name)
        return (struct sp_file_stamp){0};
    memcpy(name, path.ptr ? path.ptr : "", path.len);
    name[path.len] = '\0';
    if (stat(name, &st) != 0)
        return (struct sp_file_stamp){0};
    return (struct sp_file_stamp){st.st_dev, st.st_ino, (uint64_t)st.st_size, nanoseconds(st.st_mtim),
                                  nanoseconds(st.st_ctim)};
}

bool sp_file_stamp_equal(const struct sp_file_stamp *a, const struct sp_file_stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->modified_ns == b->modified_ns && a->changed_ns == b->changed_ns;
}

bool sp_file_set_fresh(const struct sp_file_set *set, unsigned domains)
{
    for (const struct sp_file *file = set->first; file; file = file->next) {
        struct sp_file_stamp now;
        if (!(sp_file_domain(file->kind) & domains))
            continue;
        now = sp_file_stamp_now(file->path);
        if (!sp_file_stamp_equal(&file->stamp, &now))
            return false;
    }
    return true;
}

/* ---------------------------------------------------------------- files of a set */

static struct sp_str make_key(struct sp_arena *arena, enum sp_file_kind kind, struct sp_str path)
{
    return sp_arena_printf(arena, "%c%.*s", kind, SP_STR_ARG(path));
}

static const struct sp_file *find(const struct sp_file_set *set, enum sp_file_kind kind, struct sp_str path)
{
    char key[PATH_MAX + 1];
    if (path.len >= PATH_MAX)
        return NULL;
    key[0] = (char)kind;
    if (path.len)
        memcpy(key + 1, path.ptr, path.len);
    return sp_hash_get(&set->index, sp_str_from(key, path.len + 1));
}

static struct sp_file *link_file(struct sp_file_set *set, struct sp_file *file)
{
    if (!file->key.ptr || sp_hash_add(&set->index, file->key, file) != SP_OK)
        return NULL;
    file->path = sp_str_slice(file->key, 1, file->key.len);
    if (set->last)
        set->last->next = file;
    else
        set->first = file;
    set->last = file;
    return file;
}

static bool is_archive(enum sp_file_kind kind)
{
    return kind == SP_FILE_SERVICE || kind == SP_FILE_API || kind == SP_FILE_REQUESTER;
}

struct sp_file *sp_file_set_add(struct sp_file_set *set, const struct sp_file *from, struct sp_str path)
{
    struct sp_file *file = sp_arena_calloc(&set->arena, 1, sizeof *file);
    if (!file || from->content.len > SP_FILE_SET_MAX - set->bytes)
        return NULL;
    *file = *from;
    file->next = NULL;
    if (from->content.ptr)
        file->content = sp_arena_str(&set->arena, from->content);
    if (from->content.ptr && !file->content.ptr)
        return NULL;
    file->key = make_key(&set->arena, from->kind, path);
    if (!link_file(set, file))
        return NULL;
    set->bytes += file->content.len;
    return file;
}

/* Copies content; NULL when the set is full. */
static const struct sp_file *add(struct sp_file_set *set, enum sp_file_kind kind, struct sp_str path,
                                 enum sp_status status, struct sp_str content, struct sp_file_stamp stamp)
{
    struct sp_file file = {.kind = kind, .status = status, .content = content, .stamp = stamp};
    if (!content.ptr)
        file.content = SP_STR("");
    if (is_archive(kind) && status == SP_OK)
        sp_store_checksum(content, file.checksum);
    return sp_file_set_add(set, &file, path);
}

static const struct sp_file *take_from_base(struct sp_file_set *set, enum sp_file_kind kind,
                                            struct sp_str path)
{
    const struct sp_file *file =
        set->base && (set->from_base & sp_file_domain(kind)) ? find(set->base, kind, path) : NULL;
    return file ? sp_file_set_add(set, file, path) : NULL;
}

static enum sp_status full(struct sp_error *err)
{
    return sp_error_set(err, SP_ELIMIT, NULL,
                        "configuration and archives need more than %zu MiB of memory, or are more than %u "
                        "files",
                        SP_FILE_SET_MAX >> 20, SP_FILE_SET_FILES_MAX);
}

/* ---------------------------------------------------------------- configuration files */

static enum sp_status hand_out(const struct sp_file *file, struct sp_buf *buf, struct sp_error *err)
{
    if (file->status != SP_OK)
        return sp_error_set(err, file->status, NULL, "%.*s", SP_STR_ARG(file->content));
    if (sp_buf_append_str(buf, file->content) == SP_OK)
        return SP_OK;
    return sp_error_set(err, SP_ELIMIT, NULL, "%.*s is longer than %zu bytes", SP_STR_ARG(file->path),
                        buf->ceiling);
}

typedef enum sp_status disk_fn(void *arg, struct sp_str path, struct sp_buf *buf, struct sp_error *err);

static enum sp_status from_disk(struct sp_file_set *set, enum sp_file_kind kind, struct sp_str path,
                                disk_fn *read, const struct sp_file **ret_file, struct sp_error *err)
{
    struct sp_buf bytes;
    struct sp_error why = SP_ERROR_INIT;
    sp_buf_init(&bytes, CONFIG_FILE_MAX);
    struct sp_file_stamp stamp = sp_file_stamp_now(path);
    enum sp_status status = read(sp_config_file_system.arg, path, &bytes, &why);
    *ret_file =
        add(set, kind, path, status, status == SP_OK ? sp_buf_str(&bytes) : sp_str_of(why.text), stamp);
    sp_buf_wipe(&bytes);
    return *ret_file ? SP_OK : full(err);
}

static enum sp_status read_through(struct sp_file_set *set, enum sp_file_kind kind, struct sp_str path,
                                   disk_fn *read, struct sp_buf *buf, struct sp_error *err)
{
    const struct sp_file *file = find(set, kind, path);
    if (!file)
        file = take_from_base(set, kind, path);
    enum sp_status status = file ? SP_OK : from_disk(set, kind, path, read, &file, err);
    return status == SP_OK ? hand_out(file, buf, err) : status;
}

static enum sp_status read_config(void *arg, struct sp_str path, struct sp_buf *buf, struct sp_error *err)
{
    struct sp_file_set *set = arg;
    bool noted = set->noted.ptr == path.ptr;
    set->noted.ptr = NULL;
    return read_through(set, noted ? set->noted_kind : SP_FILE_CONFIG, path, sp_config_file_system.read, buf,
                        err);
}

static enum sp_status list_config(void *arg, struct sp_str path, struct sp_buf *buf, struct sp_error *err)
{
    return read_through(arg, SP_FILE_CONFIG_LIST, path, sp_config_file_system.list, buf, err);
}

/* Kinds by enum sp_cfg_update_trigger. */
static const enum sp_file_kind rule_kinds[] = {SP_FILE_RULES, SP_FILE_RULES_ASKED, SP_FILE_RULES_KEPT};
static const enum sp_file_kind key_kinds[] = {SP_FILE_KEYS, SP_FILE_KEYS_ASKED, SP_FILE_KEYS_KEPT};

static void note(void *arg, struct sp_str path, unsigned trigger, bool is_key_store)
{
    struct sp_file_set *set = arg;
    if (!is_key_store) {
        set->noted = path;
        set->noted_kind = rule_kinds[trigger];
        return;
    }
    enum sp_file_kind kind = key_kinds[trigger];
    if (!find(set, kind, path) && !take_from_base(set, kind, path))
        add(set, kind, path, SP_OK, SP_STR(""), sp_file_stamp_now(path));
}

const struct sp_config_files *sp_file_set_reader(struct sp_file_set *set)
{
    set->reader = (struct sp_config_files){
        .arg = set, .read = read_config, .list = list_config, .note = note, .on_disk = true};
    return &set->reader;
}

/* ---------------------------------------------------------------- archives */

static enum sp_status list_from_disk(struct sp_file_set *set, enum sp_file_kind kind, struct sp_str directory,
                                     const char *suffix, const struct sp_file **ret_file,
                                     struct sp_error *err)
{
    struct sp_error why = SP_ERROR_INIT;
    struct sp_arena scratch;
    struct sp_buf names;
    const struct sp_str *paths = NULL;
    size_t count = 0;
    sp_arena_init(&scratch, SP_FILE_SET_MAX);
    sp_buf_init(&names, SP_FILE_SET_MAX);
    struct sp_file_stamp stamp = sp_file_stamp_now(directory);
    enum sp_status status =
        sp_archive_files_list(directory.ptr ? directory.ptr : "", suffix, &scratch, &paths, &count, &why);
    for (size_t i = 0; status == SP_OK && i < count; i++) {
        sp_buf_append_str(&names, paths[i]);
        sp_buf_append_byte(&names, '\0');
    }
    struct sp_str content = status == SP_OK ? sp_buf_str(&names) : sp_str_of(why.text);
    *ret_file = names.failed ? NULL : add(set, kind, directory, status, content, stamp);
    sp_buf_finish(&names);
    sp_arena_finish(&scratch);
    return *ret_file ? SP_OK : full(err);
}

static enum sp_status split_names(struct sp_str content, struct sp_arena *arena,
                                  const struct sp_str **ret_paths, size_t *ret_count, struct sp_error *err)
{
    size_t count = 0;
    struct sp_str rest = content;
    for (size_t i = 0; i < content.len; i++)
        count += content.ptr[i] == '\0';
    struct sp_str *paths = sp_arena_calloc(arena, count + 1, sizeof *paths);
    if (!paths)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the names of archives");
    for (size_t i = 0; i < count; i++) {
        size_t end = sp_str_find(rest, '\0');
        paths[i] = sp_str_slice(rest, 0, end);
        rest = sp_str_slice(rest, end + 1, rest.len);
    }
    *ret_paths = paths;
    *ret_count = count;
    return SP_OK;
}

enum sp_status sp_file_set_list_archives(struct sp_file_set *set, enum sp_file_kind kind,
                                         struct sp_str directory, const char *suffix, struct sp_arena *arena,
                                         const struct sp_str **ret_paths, size_t *ret_count,
                                         struct sp_error *err)
{
    if (!set)
        return sp_archive_files_list(directory.ptr ? directory.ptr : "", suffix, arena, ret_paths, ret_count,
                                     err);
    const struct sp_file *file = find(set, kind, directory);
    if (!file)
        file = take_from_base(set, kind, directory);
    enum sp_status status = file ? SP_OK : list_from_disk(set, kind, directory, suffix, &file, err);
    if (status == SP_OK && file->status != SP_OK)
        return sp_error_set(err, file->status, NULL, "%.*s", SP_STR_ARG(file->content));
    return status == SP_OK ? split_names(file->content, arena, ret_paths, ret_count, err) : status;
}

static enum sp_status archive_from_disk(struct sp_file_set *set, enum sp_file_kind kind, struct sp_str path,
                                        const struct sp_file **ret_file, struct sp_error *err)
{
    struct sp_error why = SP_ERROR_INIT;
    struct sp_arena scratch;
    struct sp_str bytes = {NULL, 0};
    sp_arena_init(&scratch, SP_ARCHIVE_BYTES_MAX + 1024u * 1024u);
    struct sp_file_stamp stamp = sp_file_stamp_now(path);
    enum sp_status status = sp_archive_file_read(path, &scratch, &bytes, &why);
    *ret_file = add(set, kind, path, status, status == SP_OK ? bytes : sp_str_of(why.text), stamp);
    sp_arena_finish(&scratch);
    return *ret_file ? SP_OK : full(err);
}

static enum sp_status open_on_disk(struct sp_str path, struct sp_arena *arena,
                                   const struct sp_file **ret_file, struct sp_error *err)
{
    struct sp_file *file = sp_arena_calloc(arena, 1, sizeof *file);
    if (!file)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for an archive");
    enum sp_status status = sp_archive_file_read(path, arena, &file->content, err);
    if (status != SP_OK)
        return status;
    file->path = path;
    sp_store_checksum(file->content, file->checksum);
    *ret_file = file;
    return SP_OK;
}

enum sp_status sp_file_set_open_archive(struct sp_file_set *set, enum sp_file_kind kind, struct sp_str path,
                                        struct sp_arena *arena, const struct sp_file **ret_file,
                                        struct sp_error *err)
{
    if (!set)
        return open_on_disk(path, arena, ret_file, err);
    const struct sp_file *file = find(set, kind, path);
    if (!file)
        file = take_from_base(set, kind, path);
    enum sp_status status = file ? SP_OK : archive_from_disk(set, kind, path, &file, err);
    if (status == SP_OK && file->status != SP_OK)
        return sp_error_set(err, file->status, NULL, "%.*s", SP_STR_ARG(file->content));
    if (status == SP_OK)
        *ret_file = file;
    return status;
}

enum sp_status sp_file_set_read_archive(struct sp_file_set *set, enum sp_file_kind kind, struct sp_str path,
                                        struct sp_arena *arena, struct sp_str *ret_bytes,
                                        struct sp_error *err)
{
    const struct sp_file *file;
    enum sp_status status = sp_file_set_open_archive(set, kind, path, arena, &file, err);
    return status == SP_OK ? sp_file_set_content(set, file, arena, ret_bytes, err) : status;
}

static enum sp_status take_directory(struct sp_file_set *set, enum sp_file_kind list, enum sp_file_kind kind,
                                     struct sp_str directory, const char *suffix, struct sp_error *err)
{
    struct sp_arena scratch;
    struct sp_error ignored = SP_ERROR_INIT;
    const struct sp_str *paths = NULL;
    const struct sp_file *file;
    size_t count = 0;
    sp_arena_init(&scratch, SP_FILE_SET_MAX);
    enum sp_status status =
        sp_file_set_list_archives(set, list, directory, suffix, &scratch, &paths, &count, &ignored);
    bool fits = find(set, list, directory) != NULL;
    for (size_t i = 0; fits && status == SP_OK && i < count; i++) {
        enum sp_status read = sp_file_set_open_archive(set, kind, paths[i], &scratch, &file, &ignored);
        fits = read == SP_OK || find(set, kind, paths[i]);
    }
    sp_arena_finish(&scratch);
    return fits ? SP_OK : full(err);
}

struct sp_str sp_file_set_state_path(const struct sp_config *config, struct sp_arena *arena)
{
    return sp_arena_printf(arena, "%.*s" STATE_FILE, SP_STR_ARG(config->config_dir));
}

enum sp_status sp_file_set_read_state(struct sp_file_set *set, const struct sp_config *config,
                                      struct sp_arena *arena, struct sp_str *ret_text, struct sp_error *err)
{
    struct sp_str path = sp_file_set_state_path(config, arena);
    if (!path.ptr)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the state of archives");
    enum sp_status status = sp_file_set_read_archive(set, SP_FILE_STATE, path, arena, ret_text, err);
    if (status != SP_ENOTFOUND)
        return status;
    *ret_text = SP_STR("");
    return SP_OK;
}

static enum sp_status take_state(struct sp_file_set *set, const struct sp_config *config,
                                 struct sp_error *err)
{
    struct sp_arena scratch;
    struct sp_error ignored = SP_ERROR_INIT;
    struct sp_str text;
    sp_arena_init(&scratch, SP_FILE_SET_MAX);
    enum sp_status read = sp_file_set_read_state(set, config, &scratch, &text, &ignored);
    struct sp_str path = sp_file_set_state_path(config, &scratch);
    bool fits = read == SP_OK || (path.ptr && find(set, SP_FILE_STATE, path));
    sp_arena_finish(&scratch);
    return fits ? SP_OK : full(err);
}

enum sp_status sp_file_set_take_archives(struct sp_file_set *set, const struct sp_config *config,
                                         struct sp_error *err)
{
    enum sp_status status =
        take_directory(set, SP_FILE_SERVICE_LIST, SP_FILE_SERVICE, config->services.location, ".sar", err);
    if (status == SP_OK)
        status = take_directory(set, SP_FILE_API_LIST, SP_FILE_API, config->apis.location, ".aar", err);
    if (status == SP_OK)
        status = take_directory(set, SP_FILE_REQUESTER_LIST, SP_FILE_REQUESTER,
                                config->api_requesters.location, ".ara", err);
    return status == SP_OK ? take_state(set, config, err) : status;
}

/* ---------------------------------------------------------------- changing */

const struct sp_file *sp_file_set_find(const struct sp_file_set *set, enum sp_file_kind kind,
                                       struct sp_str path)
{
    return find(set, kind, path);
}

enum sp_status sp_file_set_put(struct sp_file_set *set, enum sp_file_kind kind, struct sp_str path,
                               struct sp_str content, const struct sp_file_stamp *stamp, struct sp_error *err)
{
    if (find(set, kind, path))
        return sp_error_set(err, SP_EEXISTS, NULL, "%.*s was read already", SP_STR_ARG(path));
    return add(set, kind, path, SP_OK, content, *stamp) ? SP_OK : full(err);
}

void sp_file_set_restamp(struct sp_file_set *set, enum sp_file_kind kind, struct sp_str path,
                         const struct sp_file_stamp *stamp)
{
    struct sp_file *file = (struct sp_file *)find(set, kind, path);
    if (file)
        file->stamp = *stamp;
}

/* ---------------------------------------------------------------- life */

enum sp_status sp_file_set_new(const struct sp_file_set *base, unsigned from_base,
                               struct sp_file_set **ret_set)
{
    struct sp_file_set *set = calloc(1, sizeof *set);
    if (!set)
        return SP_ENOMEM;
    sp_arena_init(&set->arena, SP_FILE_SET_MAX);
    sp_hash_init(&set->index, SP_FILE_SET_FILES_MAX);
    set->base = base;
    set->from_base = from_base;
    set->archives_fd = base ? base->archives_fd : -1;
    *ret_set = set;
    return SP_OK;
}

void sp_file_set_free(struct sp_file_set *set)
{
    if (!set)
        return;
    sp_hash_finish(&set->index);
    sp_arena_wipe(&set->arena);
    free(set);
}

static bool is_key_store(const struct sp_file *file)
{
    return file->kind == SP_FILE_KEYS || file->kind == SP_FILE_KEYS_ASKED || file->kind == SP_FILE_KEYS_KEPT;
}

static size_t count_read(const struct sp_file_set *set)
{
    size_t count = 0;
    for (const struct sp_file *file = set->first; file; file = file->next)
        count += !is_key_store(file);
    return count;
}

static bool same_content(const struct sp_file *a, const struct sp_file *b)
{
    return a->checksum[0] ? memcmp(a->checksum, b->checksum, sizeof a->checksum) == 0
                          : sp_str_eq(a->content, b->content);
}

bool sp_file_set_equal(const struct sp_file_set *a, const struct sp_file_set *b)
{
    if (count_read(a) != count_read(b))
        return false;
    for (const struct sp_file *file = a->first; file; file = file->next) {
        if (is_key_store(file))
            continue;
        const struct sp_file *other = find(b, file->kind, file->path);
        if (!other || other->status != file->status || !same_content(file, other))
            return false;
    }
    return true;
}

struct sp_str sp_file_set_changed_key_store(const struct sp_file_set *before, const struct sp_file_set *now)
{
    static const struct sp_file_stamp nothing;
    for (const struct sp_file *file = now->first; file; file = file->next) {
        if (!is_key_store(file) || sp_file_stamp_equal(&file->stamp, &nothing))
            continue;
        const struct sp_file *old = find(before, file->kind, file->path);
        if (old && !sp_file_stamp_equal(&old->stamp, &file->stamp))
            return file->path;
    }
    return (struct sp_str){NULL, 0};
}
