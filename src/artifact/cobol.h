/* SPDX-License-Identifier: Apache-2.0
 * cobol.h: copybooks, the data descriptions of COBOL, as layouts.
 *
 * What Enterprise COBOL for z/OS would lay out: levels 01 to 49 and 77 (88 is passed over), PICTURE of X A 9
 * S V N and edited ones, USAGE DISPLAY, BINARY, COMP to COMP-5, PACKED-DECIMAL, NATIONAL, SIGN, OCCURS with
 * and without DEPENDING ON, REDEFINES, SYNCHRONIZED, FILLER. Not expanded: COPY, REPLACE, EXEC. Source:
 * Enterprise COBOL for z/OS, Language Reference, "Data division".
 */
#ifndef SP_ARTIFACT_COBOL_H
#define SP_ARTIFACT_COBOL_H

#include "artifact/layout.h"

struct sp_cobol_options {
    bool free_format;         /* the source has no columns */
    bool doubleword_binaries; /* SYNC binaries of 10 to 18 digits lie on doublewords (GnuCOBOL), not on
                                 fullwords (Enterprise COBOL) */
    struct sp_str record;     /* the level 01 to take; empty: there is only one */
    struct sp_str wrapper;    /* name of the level 01 around a source that begins at a deeper level */
};

/* Read one record of a copybook into the arena. Names are those of COBOL in upper case with '_' for '-',
 * `name` and `original` alike; FILLER is FILL_0, FILL_1, ... Not included are FILLER, what redefines and what
 * is below it, and counters. The fields still have to be finished (sp_layout_finish).
 * SP_ESYNTAX, SP_EINVAL, SP_EEXISTS, SP_ENOTFOUND (no such record), SP_ELIMIT, SP_EUNSUPPORTED, with the
 * line. */
enum sp_status sp_cobol_read(struct sp_str source, const char *file, const struct sp_cobol_options *options,
                             struct sp_arena *arena, struct sp_field **ret_record,
                             struct sp_error *err) SP_MUST_CHECK;
/* Include a field again that is hidden, with all that is above it and, but for FILLER, redefinitions and
 * counters, below it; or hide it with all below it. Needs the parents, which sp_cobol_read sets. */
void sp_cobol_include(struct sp_field *field, bool include);
/* Line of a field that sp_cobol_read made. */
unsigned sp_cobol_line(const struct sp_field *field);

#endif
