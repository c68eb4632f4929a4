/* SPDX-License-Identifier: Apache-2.0
 * cobol_scan.h: the words of a copybook.
 *
 * Reference format: columns 1 to 6 are not read, column 7 is the indicator (comment, continuation, debugging
 * line), 8 to 72 hold text, what follows is not read. Free format has no columns. Comments from "*>" to the
 * end of the line in both. Source: Enterprise COBOL for z/OS, Language Reference, "Reference format".
 */
#ifndef SP_ARTIFACT_COBOL_SCAN_H
#define SP_ARTIFACT_COBOL_SCAN_H

#include "base/arena.h"

#define SP_COBOL_SOURCE_MAX ((size_t)4 << 20)
#define SP_COBOL_LINES_MAX 100000u

enum sp_cobol_token {
    SP_COBOL_END,
    SP_COBOL_PERIOD,
    SP_COBOL_WORD,    /* upper case; also numbers without a sign, such as levels */
    SP_COBOL_NUMBER,  /* with a sign or a decimal point */
    SP_COBOL_LITERAL, /* in quotes; the text is not given */
};

struct sp_cobol_scan {
    const char *file;
    struct sp_arena *arena;
    struct sp_error *err;
    struct sp_str text; /* of the last word, number or picture */
    unsigned line;      /* where it stands */

    /* private */
    struct sp_str program; /* text of all lines, continued lines joined */
    const size_t *starts;  /* offset in it of each line of the source */
    unsigned line_count, at_line;
    size_t at;
};

/* Prepare to scan; `source` is copied. SP_ELIMIT; SP_ESYNTAX for what the format does not allow: text in the
 * sequence area, an unknown indicator, a literal that does not end. */
enum sp_status sp_cobol_scan_init(struct sp_cobol_scan *scan, struct sp_str source, const char *file,
                                  bool free_format, struct sp_arena *arena,
                                  struct sp_error *err) SP_MUST_CHECK;
/* The next token. SP_ESYNTAX for a character that cannot begin one. */
enum sp_status sp_cobol_next(struct sp_cobol_scan *scan, enum sp_cobol_token *ret_token) SP_MUST_CHECK;
/* The character-string behind PICTURE in upper case: up to the next blank, without a full stop or comma that
 * ends it. */
enum sp_status sp_cobol_picture(struct sp_cobol_scan *scan, struct sp_str *ret_picture) SP_MUST_CHECK;
/* Fill the error with the place of the last token; returns `status`. */
enum sp_status sp_cobol_fail(const struct sp_cobol_scan *scan, unsigned line, enum sp_status status,
                             const char *fmt, ...) SP_PRINTF(4, 5);

#endif
