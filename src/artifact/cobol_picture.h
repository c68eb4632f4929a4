/* SPDX-License-Identifier: Apache-2.0
 * cobol_picture.h: what a PICTURE describes.
 *
 * Source: Enterprise COBOL for z/OS, Language Reference, "PICTURE clause".
 */
#ifndef SP_ARTIFACT_COBOL_PICTURE_H
#define SP_ARTIFACT_COBOL_PICTURE_H

#include "base/str.h"

enum sp_picture_kind {
    SP_PICTURE_TEXT,     /* X, A */
    SP_PICTURE_NUMERIC,  /* 9, S, V */
    SP_PICTURE_NATIONAL, /* N */
    SP_PICTURE_EDITED,   /* characters ready to be shown */
};

struct sp_picture {
    enum sp_picture_kind kind;
    uint32_t characters; /* positions; of a numeric one: its digits */
    unsigned digits, scale;
    bool is_signed;
};

/* `text` in upper case. SP_ESYNTAX when it is none, SP_EUNSUPPORTED for G, B with X, P, E, SP_ELIMIT for more
 * positions than a record can have; the reason in *ret_reason. */
enum sp_status sp_picture_read(struct sp_str text, struct sp_picture *ret_picture,
                               const char **ret_reason) SP_MUST_CHECK;

#endif
