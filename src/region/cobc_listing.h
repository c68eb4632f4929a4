/* SPDX-License-Identifier: Apache-2.0
 * cobc_listing.h: items that redefine others, out of cobc's listing of symbols.
 *
 * `cobc -T <file> --tsymbols` lists every item with size, level, name, picture and usage, redefinitions too,
 * but no offsets: inside of a redefinition they are the sums of the sizes.
 */
#ifndef SP_REGION_COBC_LISTING_H
#define SP_REGION_COBC_LISTING_H

#include "region/layout.h"

/* Let the redefinition `name` decide how the storage that it shares is translated, in place of the item that
 * it redefines. What it contains lives in the arena; the record is checked again. SP_ENOTFOUND when the
 * record has no such redefinition; SP_EUNSUPPORTED for what cannot be translated, for OCCURS DEPENDING ON,
 * and for SYNCHRONIZED items, which make sums wrong. */
enum sp_status sp_cobc_listing_redefine(struct sp_str listing, struct sp_layout_record *record,
                                        struct sp_str name, struct sp_arena *arena,
                                        struct sp_error *err) SP_MUST_CHECK;

#endif
