/* SPDX-License-Identifier: Apache-2.0 */
#include "artifact/archive.h"

#include "text/utf8.h"
#include "text/xml.h"

#define NAME_MAX_BYTES 128u
/* Of package.xml as a tree. */
#define KIND_MEMORY ((size_t)64 << 20)

bool sp_artifact_name_ok(struct sp_str name)
{
    if (name.len == 0 || name.len > NAME_MAX_BYTES || sp_utf8_check(name) != name.len)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        if (c < 0x20 || c == 0x7f || c == '/' || c == '\\')
            return false;
    }
    return !sp_str_is(name, ".") && !sp_str_is(name, "..");
}

enum sp_status sp_archive_init(struct sp_archive *archive, struct sp_str bytes, const char *file,
                               struct sp_arena *arena, struct sp_error *err)
{
    *archive = (struct sp_archive){.file = file, .arena = arena, .err = err};
    return sp_zip_open(bytes, file, NULL, &archive->zip, err);
}

void sp_archive_finish(struct sp_archive *archive)
{
    sp_zip_free(archive->zip);
    archive->zip = NULL;
}

const char *sp_archive_place(const struct sp_archive *archive, struct sp_str entry)
{
    const char *file = archive->file ? archive->file : "";
    struct sp_str place = sp_arena_printf(archive->arena, "%s(%.*s)", file, SP_STR_ARG(entry));
    for (size_t i = strlen(file); place.ptr && i < place.len; i++)
        if (place.ptr[i] == '\\')
            ((char *)place.ptr)[i] = '/';
    return place.ptr ? place.ptr : archive->file;
}

enum sp_status sp_archive_fail(const struct sp_archive *archive, struct sp_str entry, unsigned line,
                               enum sp_status status, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    sp_error_vset(archive->err, status, NULL, fmt, args);
    va_end(args);
    sp_error_at(archive->err, entry.ptr ? sp_archive_place(archive, entry) : archive->file, line, 0);
    return status;
}

enum sp_status sp_archive_read(struct sp_archive *archive, struct sp_str entry, struct sp_str *ret_bytes)
{
    return sp_zip_read(archive->zip, entry, archive->arena, ret_bytes, archive->err);
}

/* ---------------------------------------------------------------- kinds */

const char *sp_artifact_kind_name(enum sp_artifact_kind kind)
{
    static const char *const names[] = {"service archive (.sar)", "API archive (.aar)",
                                        "API requester archive (.ara)"};
    return names[kind];
}

static enum sp_status kind_of_package(struct sp_archive *archive, enum sp_artifact_kind *ret_kind)
{
    struct sp_str bytes = {NULL, 0}, entry = SP_STR("package.xml");
    struct sp_xml_element *root = NULL;
    enum sp_status status = sp_archive_read(archive, entry, &bytes);
    if (status == SP_OK)
        status =
            sp_xml_parse(bytes, sp_archive_place(archive, entry), archive->arena, NULL, &root, archive->err);
    if (status != SP_OK)
        return status;
    if (!sp_str_is(root->name, "zosConnectApi"))
        return sp_archive_fail(archive, entry, root->line, SP_EINVAL,
                               "the root is <%.*s>, not <zosConnectApi>", SP_STR_ARG(root->name));
    *ret_kind =
        sp_str_is(sp_xml_attribute(root, "packageType"), "requester") ? SP_ARTIFACT_ARA : SP_ARTIFACT_AAR;
    return SP_OK;
}

enum sp_status sp_artifact_kind(struct sp_str bytes, const char *file, enum sp_artifact_kind *ret_kind,
                                struct sp_error *err)
{
    struct sp_archive archive;
    struct sp_arena arena;
    sp_arena_init(&arena, KIND_MEMORY);
    enum sp_status status = sp_archive_init(&archive, bytes, file, &arena, err);
    if (status == SP_OK) {
        bool manifest = sp_zip_has(archive.zip, SP_STR("manifest.yml"));
        bool package = sp_zip_has(archive.zip, SP_STR("package.xml"));
        struct sp_str whole = {NULL, 0};
        if (manifest == package)
            status = sp_archive_fail(&archive, whole, 0, SP_EINVAL,
                                     "this is no archive of a service, an API or an API requester: it has "
                                     "%s manifest.yml %s package.xml",
                                     package ? "both" : "neither", package ? "and" : "nor");
        else if (package)
            status = kind_of_package(&archive, ret_kind);
        else
            *ret_kind = SP_ARTIFACT_SAR;
    }
    sp_archive_finish(&archive);
    sp_arena_finish(&arena);
    return status;
}
