/* SPDX-License-Identifier: Apache-2.0
 * chars.h: character fields.
 *
 * A text is padded on the right with the blank of the code page; one that is longer than the field is
 * refused. The tables hold what a single-byte code page does with ASCII, so that ordinary text is translated
 * in one loop; everything else goes through text/codepage.
 */
#ifndef SP_MAPPING_CHARS_H
#define SP_MAPPING_CHARS_H

#include "mapping/convert.h"
#include "text/codepage.h"

struct sp_charset {
    const struct sp_codepage *page;
    bool is_ascii;   /* the blank is X'20' */
    bool has_tables; /* single-byte, and has every ASCII character */
    unsigned char blank[2];
    unsigned char blank_bytes; /* 1 or 2 */
    unsigned char to_host[128];
    unsigned char to_ascii[256]; /* the character where a JSON string takes it as it is, otherwise 0 */
    bool is_space[256];          /* blank, tab, line and form feed, carriage return, vertical tab */
};

void sp_charset_init(struct sp_charset *charset, const struct sp_codepage *page);

/* Fill `size` bytes. Causes: TEXT_TOO_LONG; INVALID_CHARACTER with the byte offset in `text` at *ret_at (may
 * be NULL). */
enum sp_convert sp_chars_write(const struct sp_charset *charset, struct sp_str text, unsigned char *ret_bytes,
                               size_t size, size_t *ret_at);
/* `size` bytes of blanks. */
void sp_chars_blank(const struct sp_charset *charset, unsigned char *ret_bytes, size_t size);

/* The text of a field as UTF-8, in `scratch`, which is emptied before. Cause: BAD_CHARACTER. */
enum sp_convert sp_chars_read(const struct sp_charset *charset, const unsigned char *bytes, size_t size,
                              bool trim_leading, bool trim_trailing, struct sp_buf *scratch,
                              struct sp_str *ret_text);

/* The two steps of ordinary text. Cut white space off; false, and nothing done, when that takes decoding. */
bool sp_chars_trim(const struct sp_charset *charset, const unsigned char **bytes, size_t *size, bool leading,
                   bool trailing);
/* `size` characters that a JSON string takes as they are; false when there are others (what was put there is
 * void then). Only for sets with tables. */
bool sp_chars_read_plain(const struct sp_charset *charset, const unsigned char *bytes, size_t size,
                         unsigned char *ret_ascii);

#endif
