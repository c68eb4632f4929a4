/* SPDX-License-Identifier: Apache-2.0
 * translate.h: data of z/OS to data of a GnuCOBOL program and back, in place.
 *
 * Programs are compiled for the machine they run on; what arrives is as z/OS has it. Field by field, after
 * the compiler's layout: characters and zoned numbers are translated byte by byte (programs are compiled with
 * -fsign=EBCDIC, which puts signs where a translation of EBCDIC leaves them), COMP-5 is turned round, COMP-1
 * and COMP-2 change between hexadecimal and IEEE floating point, COMP and COMP-3 stay as they are. All
 * translations of bytes are one-to-one, so that nothing is lost on a way there and back.
 */
#ifndef SP_REGION_TRANSLATE_H
#define SP_REGION_TRANSLATE_H

#include "region/layout.h"

enum sp_direction { SP_TO_PROGRAM, SP_TO_WIRE };

struct sp_translation {
    unsigned ccsid;
    unsigned char chars[2][256]; /* by direction */
    unsigned char zoned[2][256]; /* digits and signs are where CCSID 37 has them, in every EBCDIC set */
};

/* For an EBCDIC set of single bytes; SP_EUNSUPPORTED for others. Programs see ISO 8859-1; what a set has and
 * ISO 8859-1 has not (the euro sign) takes the place of what ISO 8859-1 has and the set has not. */
enum sp_status sp_translation_init(struct sp_translation *translation, unsigned ccsid,
                                   struct sp_error *err) SP_MUST_CHECK;

/* Translate all `len` bytes as characters. */
void sp_translate_chars(const struct sp_translation *translation, enum sp_direction direction,
                        unsigned char *data, size_t len);
/* Translate by layout. Data may end early: characters are translated as far as they go, another field that is
 * cut stays as it is; data behind the record stays as it is. A counter beyond its array, or no number, counts
 * as the greatest size. SP_ELIMIT, naming the item, for a floating point number that the other side cannot
 * hold. */
enum sp_status sp_translate_record(const struct sp_translation *translation,
                                   const struct sp_layout_record *record, enum sp_direction direction,
                                   unsigned char *data, size_t len, struct sp_error *err) SP_MUST_CHECK;

#endif
