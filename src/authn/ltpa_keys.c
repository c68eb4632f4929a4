/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/ltpa_keys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/secret.h"

#define SOURCES_MEMORY_MAX ((size_t)1 << 20)
#define KEYS_SUFFIX ".keys"
/* A file that was written so short a while ago may be half of one. */
#define SETTLE_US 2000000

struct source {
    const char *path;
    struct sp_str password;
    int64_t until_ms;
};

struct sp_ltpa_sources {
    _Atomic unsigned references;
    struct sp_arena arena;
    struct source files[1 + SP_LTPA_VALIDATION_KEYS_MAX];
    size_t count;
    bool directory; /* what is beside the first counts too */
};

/* The files that there are now. */
struct listing {
    struct source files[1 + SP_LTPA_VALIDATION_KEYS_MAX];
    size_t count, left_out;
    struct sp_arena arena;
    struct sp_error problem; /* of the directory */
};

/* ---- dates ---- */

static bool take_number(struct sp_str *rest, size_t digits, char separator, int *ret_number)
{
    struct sp_str part = sp_str_slice(*rest, 0, digits);
    uint64_t number;
    if (part.len < digits || sp_str_to_u64(part, &number) != SP_OK ||
        (separator && (rest->len <= digits || rest->ptr[digits] != separator)))
        return false;
    *rest = sp_str_slice(*rest, digits + (separator != 0), rest->len);
    *ret_number = (int)number;
    return true;
}

/* "+01:00", "-0500" or "Z", and nothing behind it. */
static bool take_offset(struct sp_str rest, int *ret_seconds)
{
    int hours, minutes;
    if (sp_str_is(rest, "Z") || sp_str_is(rest, "z")) {
        *ret_seconds = 0;
        return true;
    }
    if (!rest.len || (rest.ptr[0] != '+' && rest.ptr[0] != '-'))
        return false;
    int sign = rest.ptr[0] == '-' ? -1 : 1;
    rest = sp_str_slice(rest, 1, rest.len);
    bool colon = rest.len == 5;
    if (!take_number(&rest, 2, colon ? ':' : 0, &hours) || !take_number(&rest, 2, 0, &minutes) || rest.len ||
        hours > 18 || minutes > 59)
        return false;
    *ret_seconds = sign * (hours * 3600 + minutes * 60);
    return true;
}

static bool take_seconds(struct sp_str *rest, int *ret_seconds)
{
    *ret_seconds = 0;
    if (!rest->len || rest->ptr[0] != ':')
        return true;
    *rest = sp_str_slice(*rest, 1, rest->len);
    if (!take_number(rest, 2, 0, ret_seconds))
        return false;
    if (!rest->len || rest->ptr[0] != '.')
        return true;
    size_t end = 1;
    while (end < rest->len && rest->ptr[end] >= '0' && rest->ptr[end] <= '9')
        end++;
    *rest = sp_str_slice(*rest, end, rest->len);
    return end > 1 && end <= 10;
}

enum sp_status sp_ltpa_date_read(struct sp_str text, int64_t *ret_ms)
{
    struct tm tm = {0};
    struct sp_str rest = sp_str_trim(text);
    int offset;
    if (!take_number(&rest, 4, '-', &tm.tm_year) || !take_number(&rest, 2, '-', &tm.tm_mon) ||
        !take_number(&rest, 2, 'T', &tm.tm_mday) || !take_number(&rest, 2, ':', &tm.tm_hour) ||
        !take_number(&rest, 2, 0, &tm.tm_min) || !take_seconds(&rest, &tm.tm_sec) ||
        !take_offset(rest, &offset))
        return SP_ESYNTAX;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    struct tm normal = tm;
    time_t seconds = timegm(&normal);
    /* What timegm had to put right was no date. */
    if (normal.tm_mon != tm.tm_mon || normal.tm_mday != tm.tm_mday || normal.tm_hour != tm.tm_hour ||
        normal.tm_min != tm.tm_min || normal.tm_sec != tm.tm_sec)
        return SP_ESYNTAX;
    *ret_ms = ((int64_t)seconds - offset) * 1000;
    return SP_OK;
}

/* ---- sources ---- */

/* A name without a directory is beside the keys that make cookies. */
static const char *path_of(struct sp_arena *arena, struct sp_str name, const char *beside)
{
    const char *slash = beside ? strrchr(beside, '/') : NULL;
    if (!slash || (name.len && name.ptr[0] == '/'))
        return sp_arena_cstr(arena, name);
    return sp_arena_printf(arena, "%.*s/%.*s", (int)(slash - beside), beside, SP_STR_ARG(name)).ptr;
}

static enum sp_status add(struct sp_ltpa_sources *sources, struct sp_str name, struct sp_str password,
                          struct sp_str until, struct sp_error *err)
{
    if (sources->count > SP_LTPA_VALIDATION_KEYS_MAX)
        return sp_error_set(err, SP_EINVAL, NULL, "ltpa has more than %u validationKeys",
                            SP_LTPA_VALIDATION_KEYS_MAX);
    struct source *source = &sources->files[sources->count];
    source->until_ms = INT64_MAX;
    if (until.len && sp_ltpa_date_read(until, &source->until_ms) != SP_OK)
        return sp_error_set(err, SP_EINVAL, NULL,
                            "ltpa: validUntilDate \"%.*s\" of %.*s is no date with an offset, such as "
                            "2027-01-31T12:00:00Z",
                            SP_STR_ARG(until), SP_STR_ARG(name));
    source->path = path_of(&sources->arena, name, sources->count ? sources->files[0].path : NULL);
    source->password = sp_arena_str(&sources->arena, password);
    sources->count++;
    return source->path && source->password.ptr
               ? SP_OK
               : sp_error_set(err, SP_ENOMEM, NULL, "no memory for the names of LTPA keys");
}

enum sp_status sp_ltpa_sources_new(const struct sp_cfg_ltpa *config, struct sp_ltpa_sources **ret_sources,
                                   struct sp_error *err)
{
    struct sp_ltpa_sources *sources = calloc(1, sizeof *sources);
    if (!sources)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the names of LTPA keys");
    atomic_store(&sources->references, 1);
    sp_arena_init(&sources->arena, SOURCES_MEMORY_MAX);
    sources->directory = config->monitor_validation_keys_dir;
    enum sp_status status = add(sources, config->keys_file_name, config->keys_password, SP_STR(""), err);
    for (size_t i = 0; status == SP_OK && i < config->validation_key_count; i++)
        status = add(sources, config->validation_keys[i].file_name, config->validation_keys[i].password,
                     config->validation_keys[i].valid_until, err);
    if (status != SP_OK) {
        sp_ltpa_sources_release(sources);
        return status;
    }
    *ret_sources = sources;
    return SP_OK;
}

struct sp_ltpa_sources *sp_ltpa_sources_hold(struct sp_ltpa_sources *sources)
{
    atomic_fetch_add(&sources->references, 1);
    return sources;
}

void sp_ltpa_sources_release(struct sp_ltpa_sources *sources)
{
    if (!sources || atomic_fetch_sub(&sources->references, 1) > 1)
        return;
    sp_arena_wipe(&sources->arena);
    free(sources);
}

/* ---- the directory ---- */

static bool is_listed(const struct listing *listing, const char *path)
{
    for (size_t i = 0; i < listing->count; i++)
        if (strcmp(listing->files[i].path, path) == 0)
            return true;
    return false;
}

static int is_keys_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && sp_str_ends(sp_str_of(entry->d_name), SP_STR(KEYS_SUFFIX));
}

static void list_one(struct listing *listing, const char *name)
{
    const struct source *first = &listing->files[0];
    const char *path = path_of(&listing->arena, sp_str_of(name), first->path);
    if (path && is_listed(listing, path))
        return;
    if (!path || listing->count > SP_LTPA_VALIDATION_KEYS_MAX)
        listing->left_out++;
    else
        listing->files[listing->count++] = (struct source){path, first->password, INT64_MAX};
}

/* With the sticky bit others cannot take files away, but put theirs beside. */
static bool is_closed(struct listing *listing, const char *directory)
{
    struct stat st;
    if (stat(directory, &st) != 0 || !(st.st_mode & S_IWOTH))
        return true; /* what there is not is told when it is read */
    sp_error_set(&listing->problem, SP_EDENIED, NULL,
                 "everybody may write into %s, so files there are not taken for LTPA keys: chmod o-w it",
                 directory);
    return false;
}

static void list_directory(struct listing *listing)
{
    const char *first = listing->files[0].path, *slash = strrchr(first, '/');
    const char *directory =
        slash ? sp_arena_printf(&listing->arena, "%.*s/", (int)(slash - first), first).ptr : ".";
    struct dirent **entries = NULL;
    if (directory && !is_closed(listing, directory))
        return;
    int count = directory ? scandir(directory, &entries, is_keys_file, alphasort) : -1;
    if (count < 0)
        sp_error_errno(&listing->problem, SP_EIO, errno, "the directory of %s cannot be read", first);
    for (int i = 0; i < count; i++) {
        list_one(listing, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    if (listing->left_out)
        sp_error_set(&listing->problem, SP_ELIMIT, NULL,
                     "beside %s there are %zu files *" KEYS_SUFFIX " more than the %u that are taken", first,
                     listing->left_out, SP_LTPA_VALIDATION_KEYS_MAX);
}

static void listing_take(const struct sp_ltpa_sources *sources, struct listing *ret_listing)
{
    memset(ret_listing, 0, sizeof *ret_listing);
    sp_arena_init(&ret_listing->arena, SOURCES_MEMORY_MAX);
    memcpy(ret_listing->files, sources->files, sizeof sources->files);
    ret_listing->count = sources->count;
    if (sources->directory)
        list_directory(ret_listing);
}

static int64_t us_of(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

bool sp_ltpa_sources_settled(const struct sp_ltpa_sources *sources, int64_t now_us)
{
    struct listing listing;
    struct stat st;
    bool settled = true;
    listing_take(sources, &listing);
    for (size_t i = 0; i < listing.count; i++)
        if (stat(listing.files[i].path, &st) == 0) {
            int64_t at = us_of(st.st_ctim) > us_of(st.st_mtim) ? us_of(st.st_ctim) : us_of(st.st_mtim);
            settled &= at > now_us || now_us - at >= SETTLE_US; /* a clock that is ahead settles nothing */
        }
    sp_arena_finish(&listing.arena);
    return settled;
}

static uint64_t listing_stamp(const struct listing *listing)
{
    uint64_t parts[7] = {0};
    for (size_t i = 0; i < listing->count; i++) {
        const char *path = listing->files[i].path;
        struct stat st;
        memset(&st, 0, sizeof st);
        if (stat(path, &st) != 0)
            memset(&st, 0, sizeof st);
        const uint64_t now[6] = {sp_hash_bytes(path, strlen(path)),
                                 (uint64_t)st.st_dev,
                                 (uint64_t)st.st_ino,
                                 (uint64_t)st.st_size,
                                 (uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec,
                                 (uint64_t)st.st_ctim.tv_sec * 1000000000u + (uint64_t)st.st_ctim.tv_nsec};
        memcpy(parts + 1, now, sizeof now);
        parts[0] = sp_hash_bytes(parts, sizeof parts);
    }
    return parts[0] + listing->left_out;
}

uint64_t sp_ltpa_sources_stamp(const struct sp_ltpa_sources *sources)
{
    struct listing listing;
    listing_take(sources, &listing);
    uint64_t stamp = listing_stamp(&listing);
    sp_arena_finish(&listing.arena);
    return stamp;
}

/* ---- reading ---- */

/* Who can write it can be anybody; who can read it has to guess a password only. */
static enum sp_status check_file(int fd, const char *path, struct sp_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return sp_error_errno(err, SP_EIO, errno, "the LTPA keys file %s cannot be read", path);
    if (!S_ISREG(st.st_mode))
        return sp_error_set(err, SP_EDENIED, NULL, "the LTPA keys file %s is no plain file", path);
    if (st.st_mode & (S_IWGRP | S_IRWXO))
        return sp_error_set(err, SP_EDENIED, NULL,
                            "the LTPA keys file %s can be %s than its owner: chmod 600 or 640 it", path,
                            st.st_mode & (S_IWGRP | S_IWOTH) ? "written by others" : "read by others");
    return SP_OK;
}

static enum sp_status read_all(int fd, const char *path, struct sp_buf *buf, struct sp_error *err)
{
    unsigned char *place = sp_buf_reserve(buf, SP_LTPA_FILE_MAX + 1);
    ssize_t got = place ? 0 : -1;
    while (got >= 0 && buf->len <= SP_LTPA_FILE_MAX &&
           (got = read(fd, place + buf->len, SP_LTPA_FILE_MAX + 1 - buf->len)) > 0)
        buf->len += (size_t)got;
    return got < 0 ? sp_error_errno(err, SP_EIO, place ? errno : ENOMEM,
                                    "the LTPA keys file %s cannot be read", path)
                   : SP_OK;
}

static enum sp_status read_file(const char *path, struct sp_buf *buf, struct sp_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && errno == ENOENT)
        return sp_error_set(err, SP_ENOTFOUND, NULL,
                            "there is no LTPA keys file %s ('sallyport server key --ltpa' makes one)", path);
    if (fd < 0)
        return sp_error_errno(err, SP_EIO, errno, "the LTPA keys file %s cannot be read", path);
    enum sp_status status = check_file(fd, path, err);
    if (status == SP_OK)
        status = read_all(fd, path, buf, err);
    close(fd);
    return status;
}

static enum sp_status read_keys(const struct source *source, struct sp_ltpa_keys **ret_keys,
                                struct sp_error *err)
{
    struct sp_buf bytes;
    sp_buf_init(&bytes, SP_LTPA_FILE_MAX + 1);
    enum sp_status status = read_file(source->path, &bytes, err);
    if (status == SP_OK) {
        status = sp_ltpa_keys_read(sp_buf_str(&bytes), source->password, ret_keys, err);
        if (status != SP_OK && err) {
            struct sp_error why = *err;
            sp_error_set(err, status, NULL, "%s: %s", source->path, why.text);
        }
    }
    sp_buf_wipe(&bytes);
    return status;
}

/* The first of several problems is told in full. */
static void note(struct sp_error *problem, const struct sp_error *why, size_t *count)
{
    if ((*count)++ == 0)
        *problem = *why;
}

static void read_validation_keys(const struct source *source, struct sp_ltpa_key_set *set,
                                 struct sp_error *problem, size_t *problems)
{
    struct sp_error why = SP_ERROR_INIT;
    uint64_t file = sp_hash_bytes(source->path, strlen(source->path));
    enum sp_status status = read_keys(source, &set->keys[set->count], &why);
    if (status == SP_OK) {
        set->file[set->count] = file;
        set->until_ms[set->count++] = source->until_ms;
        return;
    }
    note(problem, &why, problems);
    if (status != SP_ENOTFOUND) {
        set->broken[set->broken_count] = file;
        set->broken_until_ms[set->broken_count++] = source->until_ms;
    }
}

static enum sp_status read_listing(const struct listing *listing, struct sp_ltpa_key_set *set,
                                   struct sp_error *ret_problem, struct sp_error *err)
{
    size_t problems = 0;
    enum sp_status status = read_keys(&listing->files[0], &set->keys[0], err);
    if (status != SP_OK)
        return status;
    set->count = 1;
    set->file[0] = sp_hash_bytes(listing->files[0].path, strlen(listing->files[0].path));
    set->until_ms[0] = listing->files[0].until_ms;
    for (size_t i = 1; i < listing->count; i++)
        read_validation_keys(&listing->files[i], set, ret_problem, &problems);
    if (listing->problem.status != SP_OK)
        note(ret_problem, &listing->problem, &problems);
    if (problems > 1)
        sp_error_prefix(ret_problem, "%zu problems, the first", problems);
    return SP_OK;
}

enum sp_status sp_ltpa_key_set_read(const struct sp_ltpa_sources *sources, struct sp_ltpa_key_set **ret_set,
                                    struct sp_error *ret_problem, struct sp_error *err)
{
    struct listing listing;
    struct sp_ltpa_key_set *set = calloc(1, sizeof *set);
    if (!set)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for LTPA keys");
    sp_error_clear(ret_problem);
    listing_take(sources, &listing);
    /* Before they are read: what changes meanwhile is read again. */
    set->stamp = listing_stamp(&listing);
    enum sp_status status = read_listing(&listing, set, ret_problem, err);
    sp_arena_finish(&listing.arena);
    if (status == SP_OK)
        *ret_set = set;
    else
        sp_ltpa_key_set_free(set);
    return status;
}

/* The first keys of a set are never broken: without them there is none. */
void sp_ltpa_key_set_keep(struct sp_ltpa_key_set *set, struct sp_ltpa_key_set *old)
{
    for (size_t i = 0; i < set->broken_count; i++)
        for (size_t k = 1; k < old->count; k++)
            if (old->file[k] == set->broken[i] && old->keys[k]) {
                set->keys[set->count] = old->keys[k];
                set->file[set->count] = old->file[k];
                set->until_ms[set->count++] = set->broken_until_ms[i];
                old->keys[k] = NULL;
            }
    set->broken_count = 0;
}

void sp_ltpa_key_set_free(struct sp_ltpa_key_set *set)
{
    for (size_t i = 0; set && i < set->count; i++)
        sp_ltpa_keys_free(set->keys[i]);
    free(set);
}
