/* SPDX-License-Identifier: Apache-2.0 */
#include "text/utf8.h"

#include "text/scan.h"

int32_t sp_utf8_next(struct sp_str s, size_t *at)
{
    const char *p = s.ptr + *at;
    unsigned char lead = (unsigned char)*p;
    if (lead < 0x80) {
        *at += 1;
        return lead;
    }
    unsigned len = sp_scan_utf8(p, s.ptr + s.len);
    if (!len) {
        *at += 1;
        return -1;
    }
    *at += len;
    int32_t code_point = lead & (0x7f >> len);
    for (unsigned i = 1; i < len; i++)
        code_point = code_point << 6 | (p[i] & 0x3f);
    return code_point;
}

size_t sp_utf8_check(struct sp_str s)
{
    if (!s.len)
        return 0; /* an empty view may have no pointer to count from */
    const char *p = s.ptr, *end = s.ptr + s.len;
    while (p < end) {
        if (end - p >= 8 && !(sp_scan_load(p) & SP_SCAN_EACH(0x80))) {
            p += 8;
        } else if ((unsigned char)*p < 0x80) {
            p++;
        } else {
            unsigned len = sp_scan_utf8(p, end);
            if (!len)
                break;
            p += len;
        }
    }
    return (size_t)(p - s.ptr);
}

size_t sp_utf8_whole(struct sp_str s)
{
    size_t lead = s.len;
    while (lead && s.len - lead < 4) {
        unsigned char c = (unsigned char)s.ptr[--lead];
        if (c < 0x80)
            return s.len;
        if (c >= 0xc0) { /* the first byte of 2, 3 or 4 */
            size_t wanted = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
            return s.len - lead < wanted ? lead : s.len;
        }
    }
    return s.len;
}

unsigned sp_utf8_encode(uint32_t code_point, unsigned char ret[4])
{
    static const unsigned char marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
    if (code_point < 0x80) {
        ret[0] = (unsigned char)code_point;
        return 1;
    }
    if (code_point > 0x10ffff || (code_point >= 0xd800 && code_point <= 0xdfff))
        return 0;
    unsigned len = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    for (unsigned i = len; i-- > 1; code_point >>= 6)
        ret[i] = (unsigned char)(0x80 | (code_point & 0x3f));
    ret[0] = (unsigned char)(marks[len] | code_point);
    return len;
}
