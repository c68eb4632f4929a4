/* SPDX-License-Identifier: Apache-2.0
 * scope.h: counters, arrays that vary, and what they do to the places of fields; for the files of this room
 * only.
 *
 * COBOL keeps what follows an OCCURS DEPENDING ON table directly behind its last element (z/OS; cobc needs
 * -fodoslide). Requests are written as if every table had its greatest size and then moved together.
 */
#ifndef SP_MAPPING_SCOPE_H
#define SP_MAPPING_SCOPE_H

#include "mapping/program.h"

/* Collect the scopes of segments and elements; needs visibility and moves to be settled. */
enum sp_status sp_scope_build(struct sp_direction *direction, const struct sp_interface *interface,
                              struct sp_arena *arena, struct sp_error *err) SP_MUST_CHECK;

/* The number in a counter field. False when the bytes are no number of 0 .. UINT32_MAX - 1. */
bool sp_counter_read(const struct sp_node *node, const unsigned char *bytes, uint32_t *ret_count);
/* Causes: OVERFLOW when the field has too few digits. */
enum sp_convert sp_counter_write(const struct sp_node *node, uint32_t count, unsigned char *bytes);

/* Move the parts of a scope together, in place; `counts` has a slot for each counter of the direction.
 * Returns the bytes that are left. All counter fields must have been written. */
size_t sp_scope_pack(const struct sp_scope *scope, unsigned char *bytes, uint32_t *counts);

#endif
