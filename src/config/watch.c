/* SPDX-License-Identifier: Apache-2.0 */
#include "config/watch.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "config/load.h"

#define FILE_CEILING ((size_t)16 << 20)
#define NAMES_CEILING ((size_t)4 << 20)

static void digest_of(struct sp_str bytes, unsigned char ret_digest[SP_CONFIG_DIGEST_LEN])
{
    unsigned len = 0;
    if (EVP_Digest(bytes.ptr ? bytes.ptr : "", bytes.len, ret_digest, &len, EVP_sha256(), NULL) != 1)
        memset(ret_digest, 0, SP_CONFIG_DIGEST_LEN);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The order in which a directory gives its names means nothing. */
static void digest_of_names(struct sp_str names, unsigned char ret_digest[SP_CONFIG_DIGEST_LEN])
{
    size_t count = 0, at = 0;
    for (size_t i = 0; i < names.len; i++)
        count += names.ptr[i] == '\0';
    const char **list = calloc(count + 1, sizeof *list);
    struct sp_buf sorted;
    sp_buf_init(&sorted, NAMES_CEILING);
    for (size_t i = 0; list && i < count; i++) {
        list[i] = names.ptr + at;
        at += strlen(list[i]) + 1;
    }
    if (list)
        qsort(list, count, sizeof *list, compare_names);
    for (size_t i = 0; list && i < count; i++)
        sp_buf_append(&sorted, list[i], strlen(list[i]) + 1);
    digest_of(sp_buf_str(&sorted), ret_digest);
    sp_buf_finish(&sorted);
    free(list);
}

/* What the file system says of the path now; the digest is left alone. */
static void look(struct sp_config_stamp *stamp)
{
    struct stat st;
    stamp->there = stat(stamp->path.ptr, &st) == 0;
    if (!stamp->there)
        return;
    stamp->directory = S_ISDIR(st.st_mode);
    stamp->size = stamp->directory ? 0 : st.st_size;
    stamp->mtime_ns = st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
    stamp->inode = st.st_ino;
    stamp->device = st.st_dev;
}

static struct sp_config_stamp *new_stamp(struct sp_load *load, struct sp_str path)
{
    struct sp_config_stamp *stamp = sp_arena_calloc(load->arena, 1, sizeof *stamp);
    if (!stamp)
        return NULL;
    stamp->path = sp_arena_str(load->arena, path);
    if (!stamp->path.ptr)
        return NULL;
    if (load->files == &sp_config_file_system)
        look(stamp); /* before it is read: a change in between is then seen later */
    *load->tree->stamps_tail = stamp;
    load->tree->stamps_tail = &stamp->next;
    return stamp;
}

enum sp_status sp_load_read(struct sp_load *load, struct sp_str path, struct sp_buf *buf,
                            struct sp_error *err)
{
    struct sp_config_stamp *stamp = new_stamp(load, path);
    if (!stamp)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the configuration");
    size_t before = buf->len;
    enum sp_status status = load->files->read(load->files->arg, path, buf, err);
    if (status == SP_OK)
        digest_of(sp_str_from(buf->ptr + before, buf->len - before), stamp->digest);
    return status;
}

enum sp_status sp_load_list(struct sp_load *load, struct sp_str path, struct sp_buf *buf)
{
    struct sp_config_stamp *stamp = new_stamp(load, path);
    if (!stamp)
        return SP_ENOMEM;
    enum sp_status status = load->files->list(load->files->arg, path, buf, NULL);
    if (status == SP_OK)
        digest_of_names(sp_buf_str(buf), stamp->digest);
    return status;
}

enum sp_status sp_load_note(struct sp_load *load, struct sp_str path)
{
    struct sp_buf buf;
    sp_buf_init(&buf, FILE_CEILING);
    enum sp_status status = sp_load_read(load, path, &buf, NULL);
    sp_buf_wipe(&buf);
    return status == SP_ENOMEM ? status : SP_OK;
}

const struct sp_config_stamp *sp_config_stamps(const struct sp_config *config)
{
    return config->tree->stamps;
}

static bool same_contents(const struct sp_config_stamp *stamp)
{
    const struct sp_config_files *files = &sp_config_file_system;
    unsigned char digest[SP_CONFIG_DIGEST_LEN];
    struct sp_buf buf;
    sp_buf_init(&buf, FILE_CEILING);
    enum sp_status status = stamp->directory ? files->list(files->arg, stamp->path, &buf, NULL)
                                             : files->read(files->arg, stamp->path, &buf, NULL);
    if (stamp->directory)
        digest_of_names(sp_buf_str(&buf), digest);
    else
        digest_of(sp_buf_str(&buf), digest);
    sp_buf_wipe(&buf);
    return status == SP_OK && memcmp(digest, stamp->digest, sizeof digest) == 0;
}

static bool is_changed(struct sp_config_stamp *stamp)
{
    struct sp_config_stamp now = *stamp;
    look(&now);
    if (now.there != stamp->there || (now.there && now.directory != stamp->directory))
        return true;
    if (!now.there || (now.size == stamp->size && now.mtime_ns == stamp->mtime_ns &&
                       now.inode == stamp->inode && now.device == stamp->device))
        return false;
    if (!same_contents(&now))
        return true;
    *stamp = now;
    return false;
}

bool sp_config_changed(struct sp_config *config, struct sp_str *ret_path)
{
    struct sp_config_stamp *stamp = config->tree->stamps;
    while (stamp && !is_changed(stamp))
        stamp = stamp->next;
    if (ret_path)
        *ret_path = stamp ? stamp->path : (struct sp_str){NULL, 0};
    return stamp != NULL;
}
