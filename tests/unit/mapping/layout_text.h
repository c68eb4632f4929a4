/* SPDX-License-Identifier: Apache-2.0
 * layout_text.h: interfaces from one line of text, for the tests, the fuzz target and the measurements of
 * this room.
 *
 *     Acc{ Id:X8  -Count:SB2/4  List[0..5 Count]{ Amount:SP7.2 }  Raw:X4  ^Num:Z4 }
 *
 * X8 character, N4 UTF-16, Z6.2 zoned (6 digits in all, 2 decimals), P7.2 packed, B4/8.2 binary of 4 bytes
 * and 8 digits, F4 and F8 floating point; S in front: signed; behind: l sign leading, e sign separate, n
 * native. Before a name: - hidden, ^ redefines the field before it that does not, @16 at this offset of the
 * record. Behind a type: =text or =x'0F' the default. [2] occurs twice, [0..5 Count] depending on Count.
 * Segments are separated by |; "NAME|" in front of each makes a channel with these containers, "NAME?|" an
 * optional one.
 */
#ifndef TESTS_MAPPING_LAYOUT_TEXT_H
#define TESTS_MAPPING_LAYOUT_TEXT_H

#include "artifact/layout.h"

/* Stops the program when the text is wrong: it is part of the test. */
struct sp_interface *layout_from_text(const char *text, struct sp_arena *arena);

#endif
