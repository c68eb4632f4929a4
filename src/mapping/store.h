/* SPDX-License-Identifier: Apache-2.0
 * store.h: one value into one field; for the files of this room only.
 */
#ifndef SP_MAPPING_STORE_H
#define SP_MAPPING_STORE_H

#include "mapping/program.h"

/* Which texts count as numbers. */
enum sp_spelling {
    SP_SPELLING_JSON,  /* as RFC 8259 writes them */
    SP_SPELLING_LOOSE, /* with leading zeros and '+': parameters, assigned values, defaults */
};

/* Convert the text to the type of the scalar `node` and write its bytes, all or none of them. */
enum sp_convert sp_store_text(const struct sp_mapping *mapping, const struct sp_node *node,
                              struct sp_str text, enum sp_spelling spelling, unsigned char *ret_bytes);

#endif
