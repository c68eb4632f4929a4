/* SPDX-License-Identifier: Apache-2.0
 * archive.h: what the kinds of archives have in common: entries by name, errors that say where.
 *
 * A place in an archive is written as a mainframe writes a member: "CSaccenq.sar(manifest.yml)".
 */
#ifndef SP_ARTIFACT_ARCHIVE_H
#define SP_ARTIFACT_ARCHIVE_H

#include "base/arena.h"
#include "text/zip.h"

enum sp_artifact_kind {
    SP_ARTIFACT_SAR, /* a service */
    SP_ARTIFACT_AAR, /* an API */
    SP_ARTIFACT_ARA, /* an API requester */
};

/* What an archive is by its contents: manifest.yml at the top, or package.xml, whose packageType tells API
 * from requester. SP_EINVAL when it has neither or both; SP_ESYNTAX and others of text/zip.h and text/xml.h.
 * `file` names the archive in errors. */
enum sp_status sp_artifact_kind(struct sp_str bytes, const char *file, enum sp_artifact_kind *ret_kind,
                                struct sp_error *err) SP_MUST_CHECK;
/* "service archive (.sar)", ... */
const char *sp_artifact_kind_name(enum sp_artifact_kind kind);

/* Names of services and APIs, which become parts of URLs and file names: 1 to 128 bytes of UTF-8, no control
 * character, no '/' or '\', not "." or "..". */
bool sp_artifact_name_ok(struct sp_str name);

/* An open archive and where its contents go. For the readers of this room. */
struct sp_archive {
    struct sp_zip *zip;
    const char *file;
    struct sp_arena *arena;
    struct sp_error *err;
};

enum sp_status sp_archive_init(struct sp_archive *archive, struct sp_str bytes, const char *file,
                               struct sp_arena *arena, struct sp_error *err) SP_MUST_CHECK;
/* Accepts an archive that is all zeros. */
void sp_archive_finish(struct sp_archive *archive);
/* Whole entry into the arena. */
enum sp_status sp_archive_read(struct sp_archive *archive, struct sp_str entry,
                               struct sp_str *ret_bytes) SP_MUST_CHECK;
/* "<archive>(<entry>)" with '/' in the arena; the archive alone when there is no memory. */
const char *sp_archive_place(const struct sp_archive *archive, struct sp_str entry);
/* Fill the error with the place of an entry (ptr NULL: of the archive) and, unless 0, a line. Returns
 * `status`. */
enum sp_status sp_archive_fail(const struct sp_archive *archive, struct sp_str entry, unsigned line,
                               enum sp_status status, const char *fmt, ...) SP_PRINTF(5, 6);

#endif
