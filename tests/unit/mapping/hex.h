/* SPDX-License-Identifier: Apache-2.0
 * hex.h: bytes written as hexadecimal digits, for the tests of this room.
 */
#ifndef TESTS_MAPPING_HEX_H
#define TESTS_MAPPING_HEX_H

#include <assert.h>
#include <stdio.h>
#include <string.h>

static inline unsigned hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c ? strchr(digits, c) : NULL;
    assert(found);
    return (unsigned)(found - digits);
}

/* Blanks are skipped; "40*3" stands for 404040. Returns the number of bytes. */
static inline size_t hex_read(const char *text, unsigned char *ret_bytes, size_t room)
{
    size_t len = 0;
    while (*text) {
        if (*text == ' ') {
            text++;
            continue;
        }
        unsigned byte = hex_digit(text[0]) << 4 | hex_digit(text[1]), times = 1;
        text += 2;
        if (*text == '*') {
            int used = 0;
            sscanf(text, "*%u%n", &times, &used);
            text += used;
        }
        assert(len + times <= room);
        memset(ret_bytes + len, (int)byte, times);
        len += times;
    }
    return len;
}

static inline void hex_write(const unsigned char *bytes, size_t len, char *ret_text, size_t room)
{
    assert(room > 2 * len);
    for (size_t i = 0; i < len; i++)
        snprintf(ret_text + 2 * i, 3, "%02x", bytes[i]);
    ret_text[2 * len] = '\0';
}

#endif
