/* SPDX-License-Identifier: Apache-2.0
 * irrdbu00_lines.h: the records of a database unload out of a stream of bytes, and fields out of a record.
 * Private to the room.
 *
 * Files come as text in ASCII, UTF-8 or ISO 8859-1 (lines ending in LF or CR LF), as text in EBCDIC 1047
 * (lines ending in X'15' or X'25'), or as z/OS keeps them: variable records in EBCDIC behind their record
 * descriptor words. The first bytes tell which. Sans-IO but for the function that reads.
 */
#ifndef SP_SAF_IRRDBU00_LINES_H
#define SP_SAF_IRRDBU00_LINES_H

#include "base/arena.h"
#include "saf/irrdbu00.h"
#include "saf/irrdbu00_layout.h"

#define SP_UNLOAD_LINE_MAX 16384u /* bytes */

struct sp_unload_line {
    uint64_t number;        /* from 1 */
    struct sp_str text;     /* UTF-8, until the next line is read */
    const uint16_t *starts; /* offset of each character and of the end; NULL: one byte a character */
    size_t chars;
};

struct sp_unload_lines {
    sp_unload_read_fn *read;
    void *arg;
    enum sp_unload_encoding encoding;
    bool started, at_end;
    uint64_t count;
    uint64_t latin1_lines; /* of a text file: that were no UTF-8 */
    size_t from, to;       /* of `bytes`: read and not yet given out */
    unsigned char bytes[4 * SP_UNLOAD_LINE_MAX];
    char text[3 * SP_UNLOAD_LINE_MAX + 1]; /* a line that was converted, and room for a character of four */
    uint16_t starts[SP_UNLOAD_LINE_MAX + 1];
};

void sp_unload_lines_init(struct sp_unload_lines *lines, sp_unload_read_fn *read, void *arg);
/* The next line that is not empty. SP_ENOTFOUND at the end; SP_ELIMIT for a line longer than
 * SP_UNLOAD_LINE_MAX; SP_ESYNTAX when the file is in none of the forms, or a record ends too early; what
 * `read` returns. */
enum sp_status sp_unload_lines_next(struct sp_unload_lines *lines, struct sp_unload_line *ret_line,
                                    struct sp_error *err) SP_MUST_CHECK;
/* Columns `start` to `end` without blanks behind; a line may end before or in a field. */
struct sp_str sp_unload_columns(const struct sp_unload_line *line, unsigned start, unsigned end);

#endif
