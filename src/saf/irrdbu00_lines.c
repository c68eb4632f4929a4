/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/irrdbu00_lines.h"

#include "text/codepage.h"
#include "text/utf8.h"

enum { RDW = 4, TYPE = 4, EBCDIC_NL = 0x15, EBCDIC_LF = 0x25, EBCDIC_CR = 0x0d };

void sp_unload_lines_init(struct sp_unload_lines *lines, sp_unload_read_fn *read, void *arg)
{
    lines->read = read;
    lines->arg = arg;
    lines->encoding = SP_UNLOAD_UTF8;
    lines->started = lines->at_end = false;
    lines->count = lines->latin1_lines = 0;
    lines->from = lines->to = 0;
}

static const unsigned char *rest(const struct sp_unload_lines *lines)
{
    return lines->bytes + lines->from;
}

static size_t left(const struct sp_unload_lines *lines)
{
    return lines->to - lines->from;
}

/* Have as many bytes as there are, a full buffer at most. */
static enum sp_status fill(struct sp_unload_lines *lines, struct sp_error *err)
{
    memmove(lines->bytes, rest(lines), left(lines));
    lines->to = left(lines);
    lines->from = 0;
    while (!lines->at_end && lines->to < sizeof lines->bytes) {
        size_t len = 0;
        enum sp_status status =
            lines->read(lines->arg, lines->bytes + lines->to, sizeof lines->bytes - lines->to, &len, err);
        if (status)
            return status;
        lines->at_end = len == 0;
        lines->to += len;
    }
    return SP_OK;
}

static bool is_ebcdic_type(const unsigned char *bytes)
{
    for (int i = 0; i < TYPE; i++)
        if (!((bytes[i] >= 0xf0 && bytes[i] <= 0xf9) || (bytes[i] >= 0xc1 && bytes[i] <= 0xe9)))
            return false;
    return true;
}

static bool is_ascii_type(const unsigned char *bytes)
{
    for (int i = 0; i < TYPE; i++)
        if (!((bytes[i] >= '0' && bytes[i] <= '9') || (bytes[i] >= 'A' && bytes[i] <= 'Z')))
            return false;
    return true;
}

/* Whether the two bytes are a length and the two behind them zero, with a record's type behind. */
static bool is_rdw(const struct sp_unload_lines *lines)
{
    const unsigned char *at = rest(lines);
    return left(lines) >= RDW + TYPE && at[2] == 0 && at[3] == 0 && sp_get_u16(at) > RDW + TYPE &&
           is_ebcdic_type(at + RDW);
}

static enum sp_status recognise(struct sp_unload_lines *lines, struct sp_error *err)
{
    enum sp_status status = fill(lines, err);
    if (status)
        return status;
    lines->started = true;
    if (left(lines) >= 3 && memcmp(rest(lines), "\xef\xbb\xbf", 3) == 0)
        lines->from += 3;
    if (!left(lines))
        return sp_error_set(err, SP_ESYNTAX, NULL, "the unload is empty");
    if (left(lines) >= TYPE && is_ascii_type(rest(lines)))
        lines->encoding = SP_UNLOAD_UTF8;
    else if (left(lines) >= TYPE && is_ebcdic_type(rest(lines)))
        lines->encoding = SP_UNLOAD_EBCDIC;
    else if (is_rdw(lines))
        lines->encoding = SP_UNLOAD_EBCDIC_RECORDS;
    else
        return sp_error_set(err, SP_ESYNTAX, NULL,
                            "this is no database unload: a record begins with its type, four digits, in "
                            "ASCII, UTF-8 or EBCDIC 1047");
    return SP_OK;
}

/* ---- one line's bytes ---- */

static bool ends_line(const struct sp_unload_lines *lines, unsigned char byte)
{
    return lines->encoding == SP_UNLOAD_UTF8 ? byte == '\n' : byte == EBCDIC_NL || byte == EBCDIC_LF;
}

static enum sp_status take_text_line(struct sp_unload_lines *lines, struct sp_str *ret_bytes,
                                     struct sp_error *err)
{
    size_t len = 0, whole = left(lines);
    while (len < whole && !ends_line(lines, rest(lines)[len]))
        len++;
    if (len > SP_UNLOAD_LINE_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "line %llu is longer than %u bytes",
                            (unsigned long long)lines->count + 1, SP_UNLOAD_LINE_MAX);
    *ret_bytes = sp_str_from(rest(lines), len);
    lines->from += len < whole ? len + 1 : len;
    unsigned char cr = lines->encoding == SP_UNLOAD_UTF8 ? '\r' : EBCDIC_CR;
    if (ret_bytes->len && (unsigned char)ret_bytes->ptr[ret_bytes->len - 1] == cr)
        ret_bytes->len--;
    return SP_OK;
}

static enum sp_status take_record(struct sp_unload_lines *lines, struct sp_str *ret_bytes,
                                  struct sp_error *err)
{
    size_t len = left(lines) >= RDW ? sp_get_u16(rest(lines)) : 0;
    if (len < RDW || len > left(lines) || rest(lines)[2] || rest(lines)[3])
        return sp_error_set(err, SP_ESYNTAX, NULL, "the record descriptor word of record %llu is damaged",
                            (unsigned long long)lines->count + 1);
    if (len - RDW > SP_UNLOAD_LINE_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "record %llu is longer than %u bytes",
                            (unsigned long long)lines->count + 1, SP_UNLOAD_LINE_MAX);
    *ret_bytes = sp_str_from(rest(lines) + RDW, len - RDW);
    lines->from += len;
    return SP_OK;
}

/* ---- characters ---- */

/* One byte a character, to UTF-8. `table` NULL: ISO 8859-1. */
static void convert(struct sp_unload_lines *lines, const uint16_t *table, struct sp_str bytes,
                    struct sp_unload_line *line)
{
    size_t len = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char byte = (unsigned char)bytes.ptr[i];
        lines->starts[i] = (uint16_t)len;
        len += sp_utf8_encode(table ? table[byte] : byte, (unsigned char *)lines->text + len);
    }
    lines->starts[bytes.len] = (uint16_t)len;
    line->text = sp_str_from(lines->text, len);
    line->chars = bytes.len;
    line->starts = lines->starts;
}
_Static_assert(3 * SP_UNLOAD_LINE_MAX <= UINT16_MAX, "offsets fit");

static bool is_ascii(struct sp_str bytes)
{
    unsigned char seen = 0;
    for (size_t i = 0; i < bytes.len; i++)
        seen |= (unsigned char)bytes.ptr[i];
    return seen < 0x80;
}

static void take_characters(struct sp_unload_lines *lines, struct sp_str bytes, struct sp_unload_line *line)
{
    *line = (struct sp_unload_line){.number = lines->count, .text = bytes, .chars = bytes.len};
    if (lines->encoding != SP_UNLOAD_UTF8) {
        convert(lines, sp_codepage_table(sp_codepage_find(1047, SP_NEWLINE_15)), bytes, line);
    } else if (is_ascii(bytes)) {
        return;
    } else if (sp_utf8_check(bytes) < bytes.len) {
        lines->latin1_lines++;
        convert(lines, NULL, bytes, line);
    } else {
        line->chars = 0;
        for (size_t i = 0; i < bytes.len; i++)
            if (((unsigned char)bytes.ptr[i] & 0xc0) != 0x80)
                lines->starts[line->chars++] = (uint16_t)i;
        lines->starts[line->chars] = (uint16_t)bytes.len;
        line->starts = lines->starts;
    }
}

enum sp_status sp_unload_lines_next(struct sp_unload_lines *lines, struct sp_unload_line *ret_line,
                                    struct sp_error *err)
{
    struct sp_str bytes = {NULL, 0};
    enum sp_status status = lines->started ? SP_OK : recognise(lines, err);
    while (!status) {
        if (left(lines) < sizeof lines->bytes / 2 && !lines->at_end)
            status = fill(lines, err);
        if (!status && !left(lines))
            return SP_ENOTFOUND;
        if (!status)
            status = lines->encoding == SP_UNLOAD_EBCDIC_RECORDS ? take_record(lines, &bytes, err)
                                                                 : take_text_line(lines, &bytes, err);
        if (!status) {
            lines->count++;
            if (bytes.len) {
                take_characters(lines, bytes, ret_line);
                return SP_OK;
            }
        }
    }
    return status;
}

struct sp_str sp_unload_columns(const struct sp_unload_line *line, unsigned start, unsigned end)
{
    size_t from = start - 1, to = end < line->chars ? end : line->chars;
    if (from >= to)
        return SP_STR("");
    if (line->starts) {
        from = line->starts[from];
        to = line->starts[to];
    }
    while (to > from && line->text.ptr[to - 1] == ' ')
        to--;
    return sp_str_slice(line->text, from, to);
}
