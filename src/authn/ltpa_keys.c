/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/ltpa_keys.h"

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

/* ---- reading ---- */

static enum sp_status read_file(const char *path, struct sp_buf *buf, struct sp_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return sp_error_set(err, SP_ENOTFOUND, NULL,
                            "there is no LTPA keys file %s ('sallyport server key --ltpa' makes one)", path);
    unsigned char *place = sp_buf_reserve(buf, SP_LTPA_FILE_MAX + 1);
    ssize_t got = fd >= 0 && place ? 0 : -1;
    while (got >= 0 && buf->len <= SP_LTPA_FILE_MAX &&
           (got = read(fd, place + buf->len, SP_LTPA_FILE_MAX + 1 - buf->len)) > 0)
        buf->len += (size_t)got;
    int problem = errno;
    if (fd >= 0)
        close(fd);
    return got < 0 ? sp_error_errno(err, SP_EIO, problem, "the LTPA keys file %s cannot be read", path)
                   : SP_OK;
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

uint64_t sp_ltpa_sources_stamp(const struct sp_ltpa_sources *sources)
{
    uint64_t parts[6] = {0};
    for (size_t i = 0; i < sources->count; i++) {
        struct stat st;
        memset(&st, 0, sizeof st);
        if (stat(sources->files[i].path, &st) != 0)
            memset(&st, 0, sizeof st);
        const uint64_t now[5] = {(uint64_t)st.st_dev, (uint64_t)st.st_ino, (uint64_t)st.st_size,
                                 (uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec,
                                 (uint64_t)st.st_ctim.tv_sec * 1000000000u + (uint64_t)st.st_ctim.tv_nsec};
        memcpy(parts + 1, now, sizeof now);
        parts[0] = sp_hash_bytes(parts, sizeof parts);
    }
    return parts[0];
}

enum sp_status sp_ltpa_key_set_read(const struct sp_ltpa_sources *sources, struct sp_ltpa_key_set **ret_set,
                                    struct sp_error *ret_problem, struct sp_error *err)
{
    struct sp_ltpa_key_set *set = calloc(1, sizeof *set);
    if (!set)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for LTPA keys");
    set->stamp = sp_ltpa_sources_stamp(sources);
    sp_error_clear(ret_problem);
    for (size_t i = 0; i < sources->count; i++) {
        enum sp_status status = read_keys(&sources->files[i], &set->keys[set->count], i ? ret_problem : err);
        if (status != SP_OK && i == 0) {
            sp_ltpa_key_set_free(set);
            return status;
        }
        if (status == SP_OK)
            set->until_ms[set->count++] = sources->files[i].until_ms;
    }
    *ret_set = set;
    return SP_OK;
}

void sp_ltpa_key_set_free(struct sp_ltpa_key_set *set)
{
    for (size_t i = 0; set && i < set->count; i++)
        sp_ltpa_keys_free(set->keys[i]);
    free(set);
}
