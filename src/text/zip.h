/* SPDX-License-Identifier: Apache-2.0
 * zip.h: reading the entries of an archive (libzip), safely.
 *
 * Entry names are normalised when the archive is opened: '\' becomes '/' (archives made on Windows), "./" and
 * double '/' are dropped. Refused as a whole: an absolute name, a drive letter, a ".." segment, a NUL or
 * control character in a name, a name that is not UTF-8 or longer than 1024 bytes, two entries that normalise
 * to one name, a symbolic link or other special file, an encrypted entry, an entry packed otherwise than
 * stored or deflated, more entries, bytes or compression than the limits allow, ZIP64, several disks, a
 * central directory that does not end the archive.
 */
#ifndef SP_TEXT_ZIP_H
#define SP_TEXT_ZIP_H

#include "base/arena.h"

struct sp_zip_limits {
    size_t archive_bytes; /* of the file */
    unsigned entries;
    size_t entry_bytes; /* of one entry, unpacked */
    size_t total_bytes; /* of all entries, unpacked */
    unsigned ratio;     /* greatest unpacked : packed of an entry larger than 64 KiB */
};

/* 64 MiB, 10000 entries, 16 MiB, 256 MiB, 200. */
extern const struct sp_zip_limits sp_zip_default_limits;

struct sp_zip;

/* Open an archive that is in memory; `bytes` and `limits` (NULL: the default ones) must outlive it; `file`
 * names it in errors. SP_ESYNTAX when it is no archive, SP_EDENIED for a refused entry, SP_EUNSUPPORTED for a
 * way of packing, SP_ELIMIT. `ret_zip` is to be freed. */
enum sp_status sp_zip_open(struct sp_str bytes, const char *file, const struct sp_zip_limits *limits,
                           struct sp_zip **ret_zip, struct sp_error *err) SP_MUST_CHECK;
void sp_zip_free(struct sp_zip *zip);

/* Number of entries that are files, and the normalised name of each in archive order (valid until free). */
size_t sp_zip_count(const struct sp_zip *zip);
struct sp_str sp_zip_name(const struct sp_zip *zip, size_t index);
/* Whether there is such a file; `name` as for sp_zip_read. */
bool sp_zip_has(const struct sp_zip *zip, struct sp_str name);
/* Whole entry into the arena, with a NUL behind it that is not counted, its checksum verified. `name` is
 * normalised before it is looked up, so that names from manifests may carry '\'. SP_ENOTFOUND, SP_ESYNTAX
 * when it is damaged, SP_ENOMEM. */
enum sp_status sp_zip_read(struct sp_zip *zip, struct sp_str name, struct sp_arena *arena,
                           struct sp_str *ret_bytes, struct sp_error *err) SP_MUST_CHECK;

#endif
