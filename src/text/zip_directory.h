/* SPDX-License-Identifier: Apache-2.0
 * zip_directory.h: the central directory of an archive, walked before anything is unpacked.
 *
 * Sans-IO and strict: the archive must end with its directory, the directory must be where its end says, and
 * hold as many headers as it says. ZIP64 is not read: what needs it is beyond every limit.
 * Source: PKWARE, .ZIP File Format Specification 6.3, sections 4.3.12 and 4.3.16.
 */
#ifndef SP_TEXT_ZIP_DIRECTORY_H
#define SP_TEXT_ZIP_DIRECTORY_H

#include "base/str.h"

struct sp_zip_directory {
    struct sp_str headers; /* what is left of them */
    unsigned count;        /* of all headers */
};

enum sp_zip_kind { SP_ZIP_FILE, SP_ZIP_FOLDER, SP_ZIP_SPECIAL };

struct sp_zip_header {
    struct sp_str name; /* as written */
    enum sp_zip_kind kind;
    bool encrypted;
    unsigned method;           /* 0 stored, 8 deflated */
    uint32_t packed, unpacked; /* bytes */
    uint32_t crc;
};

/* Find the directory. SP_ESYNTAX when there is none, SP_ELIMIT for more than `most` entries or names that
 * are longer than sensible. */
enum sp_status sp_zip_directory_find(struct sp_str archive, unsigned most,
                                     struct sp_zip_directory *ret_directory,
                                     struct sp_error *err) SP_MUST_CHECK;
/* The next header; SP_ENOTFOUND behind the last one, SP_ESYNTAX when it is cut or not a header. */
enum sp_status sp_zip_directory_next(struct sp_zip_directory *directory,
                                     struct sp_zip_header *ret_header) SP_MUST_CHECK;

#endif
