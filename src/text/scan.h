/* SPDX-License-Identifier: Apache-2.0
 * scan.h: the inner loops of reading text, for the files of this room only.
 */
#ifndef SP_TEXT_SCAN_H
#define SP_TEXT_SCAN_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SP_SCAN_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Eight bytes, the first one in the lowest place. */
static inline uint64_t sp_scan_load(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return le64toh(word);
}

/* The top bit of each byte that JSON does not take as it is in a string: control characters, '"', '\\', and
 * all of multi-byte characters. Bytes above the first marked one may be marked wrongly (the subtractions
 * borrow); bytes below it never are. */
static inline uint64_t sp_scan_special(uint64_t word)
{
    uint64_t control = word - SP_SCAN_EACH(0x20);
    uint64_t quote = (word ^ SP_SCAN_EACH('"')) - SP_SCAN_EACH(1);
    uint64_t backslash = (word ^ SP_SCAN_EACH('\\')) - SP_SCAN_EACH(1);
    return (control | quote | backslash | word) & SP_SCAN_EACH(0x80);
}

static inline bool sp_scan_is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Behind the run of plain bytes that starts at `p`. */
static inline const char *sp_scan_plain(const char *p, const char *end)
{
    while (end - p >= 8) {
        uint64_t special = sp_scan_special(sp_scan_load(p));
        if (special)
            return p + (__builtin_ctzll(special) >> 3);
        p += 8;
    }
    while (p < end && sp_scan_is_plain((unsigned char)*p))
        p++;
    return p;
}

static inline bool sp_scan_is_tail(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* At most `most` bytes of valid UTF-8, without cutting a character: for texts shown in messages. */
static inline size_t sp_scan_cut(const char *text, size_t len, size_t most)
{
    if (len <= most)
        return len;
    while (most && sp_scan_is_tail(text[most]))
        most--;
    return most;
}

/* Length of the multi-byte character at `p` (whose first byte is 0x80 or above), 0 when it is not valid:
 * RFC 3629, section 4. */
static inline unsigned sp_scan_utf8(const char *p, const char *end)
{
    unsigned char lead = (unsigned char)*p;
    size_t left = (size_t)(end - p);
    if (lead < 0xe0)
        return lead >= 0xc2 && left >= 2 && sp_scan_is_tail(p[1]) ? 2 : 0;
    if (left < 3 || !sp_scan_is_tail(p[1]) || !sp_scan_is_tail(p[2]))
        return 0;
    unsigned char second = (unsigned char)p[1];
    if (lead < 0xf0) {
        bool overlong = lead == 0xe0 && second < 0xa0;
        bool surrogate = lead == 0xed && second >= 0xa0;
        return overlong || surrogate ? 0 : 3;
    }
    if (left < 4 || !sp_scan_is_tail(p[3]) || lead > 0xf4)
        return 0;
    bool overlong = lead == 0xf0 && second < 0x90;
    bool beyond = lead == 0xf4 && second >= 0x90;
    return overlong || beyond ? 0 : 4;
}

/* Behind the run of characters at `p` that a JSON string takes as they are. */
static inline const char *sp_scan_characters(const char *p, const char *end)
{
    for (;;) {
        p = sp_scan_plain(p, end);
        unsigned len = p < end && (unsigned char)*p >= 0x80 ? sp_scan_utf8(p, end) : 0;
        if (!len)
            return p;
        p += len;
    }
}

/* Line and column (from 1, in bytes) of a byte offset of the text. */
static inline void sp_scan_place(const char *text, size_t len, size_t offset, unsigned *ret_line,
                                 unsigned *ret_column)
{
    const char *line = text, *place = text + (offset < len ? offset : len);
    unsigned lines = 1;
    for (const char *lf; line < place && (lf = memchr(line, '\n', (size_t)(place - line))); line = lf + 1)
        lines++;
    *ret_line = lines;
    *ret_column = (unsigned)(place - line) + 1;
}

static inline const char *sp_scan_digits(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

/* Behind the JSON number at `p`, or NULL when there is none; then `*ret_bad` is the byte that should not be
 * there (`end` when the text is cut). It ends as soon as the grammar allows: "01" ends behind the 0. */
static inline const char *sp_scan_number(const char *p, const char *end, const char **ret_bad)
{
    if (p < end && *p == '-')
        p++;
    const char *digits = p;
    p = p < end && *p == '0' ? p + 1 : sp_scan_digits(p, end);
    if (p > digits && p < end && *p == '.') {
        digits = p + 1;
        p = sp_scan_digits(digits, end);
    }
    if (p > digits && p < end && (*p == 'e' || *p == 'E')) {
        digits = p + 1;
        if (digits < end && (*digits == '+' || *digits == '-'))
            digits++;
        p = sp_scan_digits(digits, end);
    }
    if (p == digits) {
        *ret_bad = p;
        return NULL;
    }
    return p;
}

#endif
