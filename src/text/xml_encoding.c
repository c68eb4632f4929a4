/* SPDX-License-Identifier: Apache-2.0 */
#include "text/xml_encoding.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>

#define DECLARATION_MAX 256 /* bytes looked at for the declaration */
#define NAME_MAX_LEN 40
#define UNMAPPED UINT32_MAX

/* What the 256 bytes of a set mean. */
struct charset {
    uint32_t to_unicode[256];
    bool ebcdic;
};

/* The names under which iconv may know what a document calls `name`: as it is, then "IBM037" for "IBM-037",
 * "Cp037", "CP037" and "037". */
static iconv_t open_set(const char *name)
{
    iconv_t cd = iconv_open("UCS-4BE", name);
    if (cd != (iconv_t)-1)
        return cd;
    const char *digits = name + strcspn(name, "0123456789");
    size_t count = strspn(digits, "0123456789");
    if (count < 2 || count > 5 || digits[count] != '\0')
        return cd;
    char again[NAME_MAX_LEN + 8];
    snprintf(again, sizeof again, "IBM%s", digits);
    return iconv_open("UCS-4BE", again);
}

/* What one byte alone means. False when it does not end a character. */
static bool load_byte(iconv_t cd, unsigned char byte, uint32_t *ret_unicode)
{
    char in = (char)byte;
    unsigned char out[16];
    char *inp = &in, *outp = (char *)out;
    size_t in_left = 1, out_left = sizeof out;
    iconv(cd, NULL, NULL, NULL, NULL);
    errno = 0;
    size_t result = iconv(cd, &inp, &in_left, &outp, &out_left);
    if (result != (size_t)-1) /* some sets hold a letter back until what follows is known */
        result = iconv(cd, NULL, NULL, &outp, &out_left);
    if (result == (size_t)-1) {
        *ret_unicode = UNMAPPED;
        return errno == EILSEQ;
    }
    *ret_unicode = sp_get_u32(out);
    return sizeof out - out_left == 4;
}

/* False when the set is unknown or not of one byte a character. */
static bool load_set(const char *name, struct charset *ret_set)
{
    iconv_t cd = open_set(name);
    if (cd == (iconv_t)-1)
        return false;
    bool single = true;
    for (unsigned byte = 0; byte < 256 && single; byte++)
        single = load_byte(cd, (unsigned char)byte, &ret_set->to_unicode[byte]);
    iconv_close(cd);
    if (!single)
        return false;
    ret_set->ebcdic = ret_set->to_unicode[0x4C] == '<';
    return ret_set->ebcdic || ret_set->to_unicode['<'] == '<';
}

static void append_utf8(struct sp_buf *buf, uint32_t c)
{
    unsigned char bytes[4];
    size_t n = 0;
    if (c < 0x80) {
        bytes[n++] = (unsigned char)c;
    } else if (c < 0x800) {
        bytes[n++] = (unsigned char)(0xC0 | c >> 6);
        bytes[n++] = (unsigned char)(0x80 | (c & 0x3F));
    } else {
        bytes[n++] = (unsigned char)(0xE0 | c >> 12);
        bytes[n++] = (unsigned char)(0x80 | (c >> 6 & 0x3F));
        bytes[n++] = (unsigned char)(0x80 | (c & 0x3F));
    }
    sp_buf_append(buf, bytes, n);
}

static enum sp_status convert(const struct charset *set, const char *name, struct sp_str input,
                              struct sp_buf *utf8, struct sp_error *err)
{
    for (size_t i = 0; i < input.len; i++) {
        unsigned char byte = (unsigned char)input.ptr[i];
        uint32_t c = set->to_unicode[byte];
        if (c > 0xFFFF)
            return sp_error_set(err, SP_EINVAL, NULL, "byte X'%02X' at offset %zu has no meaning in %s", byte,
                                i, name);
        append_utf8(utf8, set->ebcdic && c == 0x85 ? '\n' : c);
    }
    if (utf8->failed)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to convert the document from %s", name);
    return SP_OK;
}

/* The characters that a declaration is made of have the same places in every EBCDIC set. */
static char ebcdic_letter(unsigned char byte)
{
    static const unsigned char codes[] = {0x4B, 0x4C, 0x60, 0x61, 0x6D, 0x6E, 0x6F, 0x7A, 0x7D, 0x7E, 0x7F};
    static const char marks[] = ".<-/_>?:'=\"";
    unsigned low = byte & 0xFu;
    const unsigned char *at = memchr(codes, byte, sizeof codes);
    if (at)
        return marks[at - codes];
    if (low > 9)
        return ' ';
    switch (byte >> 4) {
    case 0x8:
        return low ? (char)('a' + low - 1) : ' ';
    case 0x9:
        return low ? (char)('j' + low - 1) : ' ';
    case 0xA:
        return low > 1 ? (char)('s' + low - 2) : ' ';
    case 0xC:
        return low ? (char)('A' + low - 1) : ' ';
    case 0xD:
        return low ? (char)('J' + low - 1) : ' ';
    case 0xE:
        return low > 1 ? (char)('S' + low - 2) : ' ';
    case 0xF:
        return (char)('0' + low);
    default:
        return ' ';
    }
}

/* The value of encoding="..." in the declaration at the beginning of `text`; false when there is none. */
static bool declared_name(const char *text, char ret_name[NAME_MAX_LEN + 1])
{
    const char *end = strstr(text, "?>");
    const char *at = strncmp(text, "<?xml", 5) == 0 ? strstr(text, "encoding") : NULL;
    if (!end || !at || at > end)
        return false;
    at += strlen("encoding");
    at += strspn(at, " \t\r\n");
    if (*at++ != '=')
        return false;
    at += strspn(at, " \t\r\n");
    if (*at != '"' && *at != '\'')
        return false;
    size_t len = strcspn(at + 1, "\"'");
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-";
    if (len == 0 || len > NAME_MAX_LEN || strspn(at + 1, allowed) < len)
        return false;
    memcpy(ret_name, at + 1, len);
    ret_name[len] = '\0';
    return true;
}

static bool expat_reads(const char *name)
{
    static const char *const own[] = {"UTF-8", "UTF-16", "UTF-16BE", "UTF-16LE", "ISO-8859-1", "US-ASCII"};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (sp_str_caseless_eq(sp_str_of(name), sp_str_of(own[i])))
            return true;
    }
    return false;
}

/* "<", perhaps after blanks and new lines, in EBCDIC. No ASCII document begins so. */
static bool begins_ebcdic(struct sp_str input)
{
    size_t i = 0;
    while (i < input.len && memchr("\x40\x15\x25", input.ptr[i], 3))
        i++;
    return i < input.len && (unsigned char)input.ptr[i] == 0x4C;
}

static enum sp_status apply_ebcdic(struct sp_str input, struct sp_buf *utf8, struct sp_error *err)
{
    char text[DECLARATION_MAX + 1], name[NAME_MAX_LEN + 1];
    size_t n = 0;
    for (; n < DECLARATION_MAX && n < input.len; n++)
        text[n] = ebcdic_letter((unsigned char)input.ptr[n]);
    text[n] = '\0';
    struct charset set;
    if (!declared_name(text, name) || expat_reads(name) || !load_set(name, &set) || !set.ebcdic) {
        snprintf(name, sizeof name, "IBM1047");
        if (!load_set(name, &set))
            return sp_error_set(err, SP_EUNSUPPORTED, NULL,
                                "the document is EBCDIC, and this system's iconv does not know IBM1047");
    }
    return convert(&set, name, input, utf8, err);
}

/* The ASCII bytes of `input` say which set it is in, or say nothing that matters. */
static enum sp_status apply_ascii(struct sp_str input, struct sp_buf *utf8, const char **ret_encoding,
                                  struct sp_error *err)
{
    char text[DECLARATION_MAX + 1], name[NAME_MAX_LEN + 1];
    size_t len = input.len < DECLARATION_MAX ? input.len : DECLARATION_MAX;
    if (len)
        memcpy(text, input.ptr, len);
    text[len] = '\0';
    bool marked = strncmp(text, "\xEF\xBB\xBF", 3) == 0;
    *ret_encoding = NULL;
    if (!declared_name(marked ? text + 3 : text, name) || expat_reads(name))
        return SP_OK;
    *ret_encoding = "UTF-8";
    if (marked || sp_str_caseless_eq(sp_str_of(name), SP_STR("UTF8")))
        return SP_OK;
    struct charset set;
    if (!load_set(name, &set))
        return sp_error_set(err, SP_EUNSUPPORTED, NULL,
                            "the document's encoding \"%s\" is unknown or has more than one byte a "
                            "character; save it as UTF-8",
                            name);
    return set.ebcdic ? SP_OK : convert(&set, name, input, utf8, err);
}

enum sp_status sp_xml_encoding_apply(struct sp_str input, struct sp_buf *utf8, struct sp_str *ret_input,
                                     const char **ret_encoding, struct sp_error *err)
{
    const char *encoding = "UTF-8";
    enum sp_status status =
        begins_ebcdic(input) ? apply_ebcdic(input, utf8, err) : apply_ascii(input, utf8, &encoding, err);
    if (status != SP_OK)
        return status;
    *ret_input = utf8->len ? sp_buf_str(utf8) : input;
    *ret_encoding = encoding;
    return SP_OK;
}
