/* SPDX-License-Identifier: Apache-2.0 */
#include "text/zip.h"

#include <stdio.h>
#include <stdlib.h>
#include <zip.h>

#include "base/hash.h"
#include "text/utf8.h"
#include "text/zip_directory.h"

#define NAME_BYTES_MAX 1024u
/* Below this, a high ratio is what repetitive text has. */
#define RATIO_FROM ((size_t)64 << 10)
/* Names and rows of one entry in the reader's own memory. */
#define MEMORY_PER_ENTRY (2 * NAME_BYTES_MAX + 256u)

const struct sp_zip_limits sp_zip_default_limits = {
    .archive_bytes = (size_t)64 << 20,
    .entries = 10000,
    .entry_bytes = (size_t)16 << 20,
    .total_bytes = (size_t)256 << 20,
    .ratio = 200,
};

struct entry {
    struct sp_str name; /* normalised */
    struct sp_zip_header header;
    zip_uint64_t index; /* libzip's */
};

struct sp_zip {
    struct sp_arena arena;
    struct sp_hash by_name;
    struct entry *entries; /* files, in archive order */
    size_t count;
    size_t total;
    const struct sp_zip_limits *limits;
    char *file;
    zip_t *archive;
};

/* ---------------------------------------------------------------- names */

/* '\' to '/', without "." and empty segments. `ret_name` has room for `raw.len` bytes. NULL when the name may
 * be used, otherwise what is wrong with it. */
static const char *normalise(struct sp_str raw, char *ret_name, size_t *ret_len)
{
    size_t len = 0;
    if (raw.len > NAME_BYTES_MAX)
        return "is too long";
    for (size_t i = 0; i < raw.len; i++)
        if ((unsigned char)raw.ptr[i] < 0x20 || raw.ptr[i] == 0x7f)
            return "has a control character";
    if (sp_utf8_check(raw) != raw.len)
        return "is not UTF-8";
    if (raw.len && (raw.ptr[0] == '/' || raw.ptr[0] == '\\'))
        return "is absolute";
    for (size_t at = 0; at < raw.len;) {
        size_t end = at;
        while (end < raw.len && raw.ptr[end] != '/' && raw.ptr[end] != '\\')
            end++;
        struct sp_str segment = sp_str_slice(raw, at, end);
        at = end + 1;
        if (segment.len == 0 || sp_str_is(segment, "."))
            continue;
        if (sp_str_is(segment, ".."))
            return "leads out of the archive";
        if (len)
            ret_name[len++] = '/';
        memcpy(ret_name + len, segment.ptr, segment.len);
        len += segment.len;
    }
    if (len >= 2 && ret_name[1] == ':')
        return "names a drive";
    if (!len)
        return "is empty";
    *ret_len = len;
    return NULL;
}

/* A name for a message: what cannot be shown becomes '?'. */
static const char *shown(struct sp_str raw, char ret_text[80])
{
    size_t len = raw.len < 76 ? raw.len : 76;
    for (size_t i = 0; i < len; i++)
        ret_text[i] = (unsigned char)raw.ptr[i] < 0x20 || (unsigned char)raw.ptr[i] > 0x7e ? '?' : raw.ptr[i];
    snprintf(ret_text + len, 4, "%s", raw.len > len ? "..." : "");
    return ret_text;
}

/* ---------------------------------------------------------------- opening */

static enum sp_status check_sizes(struct sp_zip *zip, const struct sp_zip_header *header,
                                  struct sp_error *err)
{
    const struct sp_zip_limits *limits = zip->limits;
    char text[80];
    if (header->unpacked > limits->entry_bytes)
        return sp_error_set(err, SP_ELIMIT, NULL, "entry %s has %u bytes unpacked; at most %zu are read",
                            shown(header->name, text), header->unpacked, limits->entry_bytes);
    if (header->unpacked > limits->total_bytes - zip->total)
        return sp_error_set(err, SP_ELIMIT, NULL, "the archive has more than %zu bytes unpacked",
                            limits->total_bytes);
    zip->total += header->unpacked;
    if (header->unpacked > RATIO_FROM && header->unpacked > (uint64_t)header->packed * limits->ratio)
        return sp_error_set(err, SP_ELIMIT, NULL, "entry %s is packed more than %u times: %u bytes from %u",
                            shown(header->name, text), limits->ratio, header->unpacked, header->packed);
    return SP_OK;
}

static enum sp_status check_form(const struct sp_zip_header *header, struct sp_error *err)
{
    char text[80];
    if (header->encrypted)
        return sp_error_set(err, SP_EDENIED, NULL, "entry %s is encrypted", shown(header->name, text));
    if (header->kind == SP_ZIP_SPECIAL)
        return sp_error_set(err, SP_EDENIED, NULL,
                            "entry %s is neither a file nor a folder: symbolic links and special files are "
                            "refused",
                            shown(header->name, text));
    if (header->method != ZIP_CM_STORE && header->method != ZIP_CM_DEFLATE)
        return sp_error_set(err, SP_EUNSUPPORTED, NULL,
                            "entry %s is packed by method %u; only stored and deflated entries are read",
                            shown(header->name, text), header->method);
    return SP_OK;
}

static enum sp_status add_entry(struct sp_zip *zip, const struct sp_zip_header *header, zip_uint64_t index,
                                struct sp_error *err)
{
    char name[NAME_BYTES_MAX], text[80];
    size_t len = 0;
    const char *wrong = normalise(header->name, name, &len);
    if (wrong)
        return sp_error_set(err, SP_EDENIED, NULL, "the name of entry %s %s", shown(header->name, text),
                            wrong);
    enum sp_status status = check_form(header, err);
    if (status == SP_OK)
        status = check_sizes(zip, header, err);
    if (status != SP_OK || header->kind == SP_ZIP_FOLDER)
        return status;
    struct entry *entry = &zip->entries[zip->count];
    *entry = (struct entry){sp_arena_str(&zip->arena, sp_str_from(name, len)), *header, index};
    if (!entry->name.ptr)
        return sp_error_set(err, SP_ENOMEM, NULL, "the archive needs more memory than there is");
    status = sp_hash_add(&zip->by_name, entry->name, entry);
    if (status == SP_EEXISTS)
        return sp_error_set(err, SP_EDENIED, NULL, "there are two entries %s", shown(entry->name, text));
    if (status == SP_OK)
        zip->count++;
    return status;
}

static enum sp_status add_entries(struct sp_zip *zip, struct sp_str bytes, unsigned *ret_count,
                                  struct sp_error *err)
{
    struct sp_zip_directory directory;
    struct sp_zip_header header;
    enum sp_status status = sp_zip_directory_find(bytes, zip->limits->entries, &directory, err);
    if (status != SP_OK)
        return status;
    sp_arena_init(&zip->arena, (size_t)(directory.count + 1) * MEMORY_PER_ENTRY + (64u << 10));
    sp_hash_init(&zip->by_name, directory.count);
    zip->entries = calloc(directory.count + 1, sizeof *zip->entries);
    if (!zip->entries)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to read an archive");
    for (unsigned i = 0; i < directory.count; i++) {
        status = sp_zip_directory_next(&directory, &header);
        if (status != SP_OK)
            return sp_error_set(err, SP_ESYNTAX, NULL,
                                "the archive's central directory is damaged at entry %u of %u", i + 1,
                                directory.count);
        status = add_entry(zip, &header, i, err);
        if (status != SP_OK)
            return status;
    }
    if (directory.headers.len)
        return sp_error_set(err, SP_ESYNTAX, NULL,
                            "the archive's central directory goes on behind its last entry");
    *ret_count = directory.count;
    return SP_OK;
}

static enum sp_status set_libzip(struct sp_error *err, zip_error_t *cause, const char *what)
{
    enum sp_status status = zip_error_code_zip(cause) == ZIP_ER_MEMORY ? SP_ENOMEM : SP_ESYNTAX;
    sp_error_set(err, status, NULL, "%s: %s", what, zip_error_strerror(cause));
    zip_error_fini(cause);
    return status;
}

static enum sp_status open_archive(struct sp_zip *zip, struct sp_str bytes, unsigned count,
                                   struct sp_error *err)
{
    zip_error_t cause;
    zip_error_init(&cause);
    zip_source_t *source = zip_source_buffer_create(bytes.ptr, bytes.len, 0, &cause);
    if (!source)
        return set_libzip(err, &cause, "the archive cannot be read");
    zip->archive = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &cause);
    if (!zip->archive) {
        zip_source_free(source);
        return set_libzip(err, &cause, "the archive is inconsistent");
    }
    if (zip_get_num_entries(zip->archive, ZIP_FL_UNCHANGED) != (zip_int64_t)count)
        return sp_error_set(err, SP_ESYNTAX, NULL, "the archive has two different central directories");
    return SP_OK;
}

enum sp_status sp_zip_open(struct sp_str bytes, const char *file, const struct sp_zip_limits *limits,
                           struct sp_zip **ret_zip, struct sp_error *err)
{
    if (!limits)
        limits = &sp_zip_default_limits;
    struct sp_zip *zip = calloc(1, sizeof *zip);
    unsigned count = 0;
    enum sp_status status = SP_OK;
    if (zip) {
        zip->limits = limits;
        zip->file = strdup(file ? file : "");
    }
    if (!zip || !zip->file)
        status = sp_error_set(err, SP_ENOMEM, NULL, "no memory to read an archive");
    else if (bytes.len > limits->archive_bytes)
        status = sp_error_set(err, SP_ELIMIT, NULL, "the archive has %zu bytes; at most %zu are read",
                              bytes.len, limits->archive_bytes);
    else
        status = add_entries(zip, bytes, &count, err);
    if (status == SP_OK)
        status = open_archive(zip, bytes, count, err);
    if (status != SP_OK) {
        sp_error_at(err, file, 0, 0);
        sp_zip_free(zip);
        return status;
    }
    *ret_zip = zip;
    return SP_OK;
}

void sp_zip_free(struct sp_zip *zip)
{
    if (!zip)
        return;
    if (zip->archive)
        zip_discard(zip->archive);
    sp_hash_finish(&zip->by_name);
    sp_arena_finish(&zip->arena);
    free(zip->entries);
    free(zip->file);
    free(zip);
}

/* ---------------------------------------------------------------- reading */

size_t sp_zip_count(const struct sp_zip *zip)
{
    return zip->count;
}

struct sp_str sp_zip_name(const struct sp_zip *zip, size_t index)
{
    return index < zip->count ? zip->entries[index].name : (struct sp_str){NULL, 0};
}

static const struct entry *find(const struct sp_zip *zip, struct sp_str name)
{
    char normal[NAME_BYTES_MAX];
    size_t len = 0;
    if (normalise(name, normal, &len))
        return NULL;
    return sp_hash_get(&zip->by_name, sp_str_from(normal, len));
}

bool sp_zip_has(const struct sp_zip *zip, struct sp_str name)
{
    return find(zip, name) != NULL;
}

/* libzip found the entry by a directory of its own: it must be the one that was checked. */
static bool same_entry(const struct sp_zip *zip, const struct entry *entry)
{
    zip_stat_t stat;
    const char *raw = zip_get_name(zip->archive, entry->index, ZIP_FL_ENC_RAW | ZIP_FL_UNCHANGED);
    zip_stat_init(&stat);
    return raw && sp_str_eq(sp_str_of(raw), entry->header.name) &&
           zip_stat_index(zip->archive, entry->index, ZIP_FL_UNCHANGED, &stat) == 0 &&
           (stat.valid & ZIP_STAT_SIZE) && stat.size == entry->header.unpacked &&
           (stat.valid & ZIP_STAT_CRC) && stat.crc == entry->header.crc;
}

/* All of the entry and not a byte more; the checksum is verified where the end is met. */
static bool unpack(zip_file_t *opened, char *ret_bytes, size_t size)
{
    size_t at = 0;
    while (at < size) {
        zip_int64_t n = zip_fread(opened, ret_bytes + at, size - at);
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    char beyond;
    return zip_fread(opened, &beyond, 1) == 0;
}

enum sp_status sp_zip_read(struct sp_zip *zip, struct sp_str name, struct sp_arena *arena,
                           struct sp_str *ret_bytes, struct sp_error *err)
{
    char text[80];
    const struct entry *entry = find(zip, name);
    enum sp_status status = SP_OK;
    if (!entry) {
        status =
            sp_error_set(err, SP_ENOTFOUND, NULL, "there is no entry %s in the archive", shown(name, text));
        sp_error_at(err, zip->file, 0, 0);
        return status;
    }
    size_t size = entry->header.unpacked;
    char *bytes = sp_arena_alloc(arena, size + 1);
    zip_file_t *opened = NULL;
    if (!bytes)
        status = sp_error_set(err, SP_ENOMEM, NULL, "entry %s needs more memory than the archive may take",
                              shown(entry->name, text));
    else if (!same_entry(zip, entry) ||
             !(opened = zip_fopen_index(zip->archive, entry->index, ZIP_FL_UNCHANGED)) ||
             !unpack(opened, bytes, size))
        status = sp_error_set(err, SP_ESYNTAX, NULL,
                              "entry %s is damaged: its bytes do not agree with its length and checksum",
                              shown(entry->name, text));
    if (opened)
        zip_fclose(opened);
    if (status != SP_OK) {
        sp_error_at(err, zip->file, 0, 0);
        return status;
    }
    bytes[size] = '\0';
    *ret_bytes = sp_str_from(bytes, size);
    return SP_OK;
}
