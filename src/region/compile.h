/* SPDX-License-Identifier: Apache-2.0
 * compile.h: from a COBOL source to a module and its layout.
 *
 * Runs cobc twice with the same flags: once for the module <PROGRAM>.so, once for what the layout is read
 * from. Both are put into the directory of modules together or not at all.
 */
#ifndef SP_REGION_COMPILE_H
#define SP_REGION_COMPILE_H

#include "region/layout.h"

struct sp_compile_options {
    const char *source;           /* path */
    const char *modules;          /* directory, must be there */
    const char *const *copybooks; /* directories */
    size_t copybook_count;
    const char *const *flags; /* more flags for cobc */
    size_t flag_count;
    struct sp_str commarea;       /* level 01 that is the COMMAREA; empty: DFHCOMMAREA, or the only one of the
                                     linkage section */
    const struct sp_str *records; /* other level 01 items whose layout is wanted, for containers */
    size_t record_count;
    const struct sp_str *redefines; /* redefinitions that decide in place of what they redefine */
    size_t redefine_count;
    bool checks; /* -debug: subscripts, lengths and numbers are checked at run time */
};

/* `ret_layout` (may be NULL) lives in the arena; its program is the PROGRAM-ID. SP_ESYNTAX with cobc's
 * messages when it refuses the source; otherwise as cobc_dump.h and cobc_listing.h; SP_EIO. */
enum sp_status sp_compile(const struct sp_compile_options *options, struct sp_arena *arena,
                          struct sp_layout **ret_layout, struct sp_error *err) SP_MUST_CHECK;

#endif
