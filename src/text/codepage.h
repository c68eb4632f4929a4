/* SPDX-License-Identifier: Apache-2.0
 * codepage.h: characters of a mainframe's coded character sets and back.
 *
 * Single-byte sets are tables of 256 entries generated at build time and checked against iconv by a test.
 * CCSID 1208 is UTF-8, 1200 UTF-16BE, 819 ISO 8859-1. New line: iconv maps U+000A to X'25' and U+0085 to
 * X'15' in EBCDIC; Java, and with it z/OS Connect, maps U+000A to X'15'. Each conversion says which it wants;
 * 15 is the product's default.
 *
 * The tables hold what converts there and back; a character that iconv would only approximate has no place.
 */
#ifndef SP_TEXT_CODEPAGE_H
#define SP_TEXT_CODEPAGE_H

#include "base/buf.h"

enum sp_codepage_newline {
    SP_NEWLINE_15, /* X'15' <-> U+000A, X'25' <-> U+0085 */
    SP_NEWLINE_25, /* X'25' <-> U+000A, X'15' <-> U+0085 */
};

struct sp_codepage; /* immutable, static storage */

/* By number. EBCDIC: 37, 273, 277, 278, 280, 284, 285, 297, 500, 870, 871, 875, 1025, 1026, 1047, 1112, 1122,
 * 1140..1149, 1153..1157. Others: 367 (ASCII), 437, 819, 850, 858, 923 (ISO 8859-15), 1200, 1208, 1252.
 * NULL: unknown. For sets that are not EBCDIC the new-line choice has no effect. */
const struct sp_codepage *sp_codepage_find(unsigned ccsid, enum sp_codepage_newline newline);
/* By name as archives and server.xml write it: "37", "037", "IBM037", "IBM-037", "Cp1047", "CP037", "UTF-8",
 * "IBM01140", "ISO-8859-1". Any case. NULL: unknown. */
const struct sp_codepage *sp_codepage_named(struct sp_str name, enum sp_codepage_newline newline);

unsigned sp_codepage_ccsid(const struct sp_codepage *page);
/* The blank with which fields are padded (X'40', X'20'; for UTF-16BE X'0020'), its length 1 or 2. */
struct sp_str sp_codepage_blank(const struct sp_codepage *page);
/* One byte a character. */
bool sp_codepage_is_single_byte(const struct sp_codepage *page);

/* UTF-8 to the set, appended. SP_EINVAL when a character has no place in it, with the byte offset of the
 * character in *ret_offset (may be NULL); then nothing is appended. SP_ELIMIT when the buffer is full. */
enum sp_status sp_codepage_encode(const struct sp_codepage *page, struct sp_str utf8, struct sp_buf *buf,
                                  size_t *ret_offset) SP_MUST_CHECK;
/* The same into memory of fixed size, not padded. SP_ELIMIT when it does not fit. */
enum sp_status sp_codepage_encode_into(const struct sp_codepage *page, struct sp_str utf8,
                                       unsigned char *ret_bytes, size_t size, size_t *ret_len,
                                       size_t *ret_offset) SP_MUST_CHECK;
/* To UTF-8, appended. SP_EINVAL for bytes that mean nothing in the set (never for total single-byte sets). */
enum sp_status sp_codepage_decode(const struct sp_codepage *page, struct sp_str bytes,
                                  struct sp_buf *buf) SP_MUST_CHECK;
/* The 256 code points of a single-byte set, for callers that translate in their own loop; 0xFFFF for a byte
 * that means nothing (in 367, 875 and 1252 only). NULL for the Unicode forms. */
const uint16_t *sp_codepage_table(const struct sp_codepage *page);

#endif
