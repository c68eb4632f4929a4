/* SPDX-License-Identifier: Apache-2.0 */
#include "text/zip_directory.h"

#include <sys/stat.h>

#define END_BYTES 22u
#define HEADER_BYTES 46u
#define COMMENT_MAX 65535u
/* Headers, names and extra fields of an entry, on average over the archive. */
#define HEADER_AVERAGE_MAX 1024u

#define FLAG_ENCRYPTED 0x0001u
#define FLAG_STRONG_ENCRYPTION 0x0040u
#define FLAG_MASKED_HEADERS 0x2000u
#define DOS_FOLDER 0x10u

static unsigned get_le16(const unsigned char *p)
{
    return p[0] | (unsigned)p[1] << 8;
}

static uint32_t get_le32(const unsigned char *p)
{
    return get_le16(p) | (uint32_t)get_le16(p + 2) << 16;
}

/* The end record whose comment reaches exactly to the end of the archive; NULL when there is none. */
static const unsigned char *find_end(struct sp_str archive)
{
    const unsigned char *bytes = (const unsigned char *)archive.ptr;
    for (size_t comment = 0; comment <= COMMENT_MAX && comment + END_BYTES <= archive.len; comment++) {
        const unsigned char *end = bytes + archive.len - END_BYTES - comment;
        if (memcmp(end, "PK\5\6", 4) == 0 && get_le16(end + 20) == comment)
            return end;
    }
    return NULL;
}

enum sp_status sp_zip_directory_find(struct sp_str archive, unsigned most,
                                     struct sp_zip_directory *ret_directory, struct sp_error *err)
{
    const unsigned char *end = find_end(archive);
    if (!end)
        return sp_error_set(err, SP_ESYNTAX, NULL,
                            "this is no ZIP archive, or it was cut off: the central directory is missing");
    unsigned here = get_le16(end + 8), count = get_le16(end + 10);
    size_t bytes = get_le32(end + 12), at = get_le32(end + 16);
    if (count > most)
        return sp_error_set(err, SP_ELIMIT, NULL, "the archive has %u entries or more; at most %u are read",
                            count, most);
    if (get_le16(end + 4) != 0 || get_le16(end + 6) != 0 || here != count)
        return sp_error_set(err, SP_EUNSUPPORTED, NULL, "the archive is a part of one on several disks");
    if (bytes > (size_t)most * HEADER_AVERAGE_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "the archive's central directory has %zu bytes", bytes);
    if (at + bytes > (size_t)(end - (const unsigned char *)archive.ptr))
        return sp_error_set(err, SP_ESYNTAX, NULL,
                            "the archive's central directory is not where its end says");
    *ret_directory = (struct sp_zip_directory){sp_str_from(archive.ptr + at, bytes), count};
    return SP_OK;
}

static enum sp_zip_kind kind_of(const struct sp_zip_header *header, uint32_t attributes)
{
    bool folder_name = header->name.len > 0 && (header->name.ptr[header->name.len - 1] == '/' ||
                                                header->name.ptr[header->name.len - 1] == '\\');
    /* The upper half is a file mode on Unix and zero elsewhere. A few tools write it whatever system they
     * claim, so it counts whenever it is there. */
    unsigned type = attributes >> 16 & S_IFMT;
    if (type && type != S_IFREG && type != S_IFDIR)
        return SP_ZIP_SPECIAL;
    bool folder = type == S_IFDIR || (!type && (attributes & DOS_FOLDER));
    if (folder_name)
        return header->unpacked || type == S_IFREG ? SP_ZIP_SPECIAL : SP_ZIP_FOLDER;
    return folder ? SP_ZIP_SPECIAL : SP_ZIP_FILE;
}

enum sp_status sp_zip_directory_next(struct sp_zip_directory *directory, struct sp_zip_header *ret_header)
{
    struct sp_str *left = &directory->headers;
    if (left->len == 0)
        return SP_ENOTFOUND;
    const unsigned char *p = (const unsigned char *)left->ptr;
    if (left->len < HEADER_BYTES || memcmp(p, "PK\1\2", 4) != 0)
        return SP_ESYNTAX;
    size_t name = get_le16(p + 28);
    size_t whole = HEADER_BYTES + name + get_le16(p + 30) + get_le16(p + 32);
    if (whole > left->len)
        return SP_ESYNTAX;
    struct sp_zip_header header = {
        .name = sp_str_from(left->ptr + HEADER_BYTES, name),
        .encrypted = get_le16(p + 8) & (FLAG_ENCRYPTED | FLAG_STRONG_ENCRYPTION | FLAG_MASKED_HEADERS),
        .method = get_le16(p + 10),
        .crc = get_le32(p + 16),
        .packed = get_le32(p + 20),
        .unpacked = get_le32(p + 24),
    };
    header.kind = kind_of(&header, get_le32(p + 38));
    *left = sp_str_slice(*left, whole, left->len);
    *ret_header = header;
    return SP_OK;
}
