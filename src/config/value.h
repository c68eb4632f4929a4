/* SPDX-License-Identifier: Apache-2.0
 * value.h: the text of a value and what it says (reference: Liberty's MetatypeUtils and MetaTypeHelper).
 */
#ifndef SP_CONFIG_VALUE_H
#define SP_CONFIG_VALUE_H

#include "base/arena.h"

/* "true" or "false" in any case and nothing else; SP_EINVAL. */
enum sp_status sp_value_boolean(struct sp_str text, bool *ret_value) SP_MUST_CHECK;

/* A decimal number with an optional sign, from `min` to `max`. SP_EINVAL when it is not one, SP_ELIMIT when
 * it is out of range. */
enum sp_status sp_value_int(struct sp_str text, int64_t min, int64_t max, int64_t *ret_value) SP_MUST_CHECK;

/* A duration in microseconds. A number alone counts units of `unit_us`; otherwise the parts
 * "<digits><unit>" anywhere in the text are added, each cut to whole units of `unit_us`: d h m s ms and the
 * spellings of other languages. A sign matters only in front of a number alone. SP_EINVAL when there is no
 * part or a unit is unknown, SP_ELIMIT when it does not fit. */
enum sp_status sp_value_duration(struct sp_str text, int64_t unit_us, int64_t *ret_us) SP_MUST_CHECK;

/* Index of the option that equals the text in any case; SP_EINVAL. */
enum sp_status sp_value_option(struct sp_str text, const char *const *options,
                               size_t *ret_index) SP_MUST_CHECK;

/* The items of a comma list, trimmed; a backslash takes the next character literally. With `blanks`, white
 * space separates as well. Empty items are dropped. An array in the arena. SP_ENOMEM. */
enum sp_status sp_value_list(struct sp_str text, bool blanks, struct sp_arena *arena,
                             struct sp_str **ret_items, size_t *ret_count) SP_MUST_CHECK;

/* Runs of white space become one blank, none at the ends; ptr NULL when there is no memory. */
struct sp_str sp_value_token(struct sp_str text, struct sp_arena *arena);

/* A path without "//", "/./" and "x/.."; something with a scheme ("safkeyring://...") stays as it is. ptr
 * NULL when there is no memory. */
struct sp_str sp_value_path(struct sp_str text, struct sp_arena *arena);
/* Whether the text begins with a scheme of two letters or more and a colon. */
bool sp_value_is_uri(struct sp_str text);

#endif
