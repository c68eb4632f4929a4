/* SPDX-License-Identifier: Apache-2.0
 * utf8.h: UTF-8 as RFC 3629 has it: shortest forms only, no surrogates, up to U+10FFFF.
 */
#ifndef SP_TEXT_UTF8_H
#define SP_TEXT_UTF8_H

#include "base/buf.h"

/* Decode the character at s.ptr[*at], advance *at behind it. Returns the code point, or -1 (then *at is
 * behind the first byte). `*at` must be less than s.len. */
int32_t sp_utf8_next(struct sp_str s, size_t *at);
/* Offset of the first byte that is not part of valid UTF-8, or s.len. */
size_t sp_utf8_check(struct sp_str s);
/* Its length without a character that was cut at its end: for text of a buffer that may have been too short.
 */
size_t sp_utf8_whole(struct sp_str s);
/* Bytes of the code point's encoding into ret (1..4); 0 when it has none. */
unsigned sp_utf8_encode(uint32_t code_point, unsigned char ret[4]);

#endif
