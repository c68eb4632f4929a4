/* SPDX-License-Identifier: Apache-2.0
 * place.h: saying where in a document or record something is wrong; for the files of this room only.
 */
#ifndef SP_MAPPING_PLACE_H
#define SP_MAPPING_PLACE_H

#include "mapping/program.h"

/* Ids of the messages of this room; docs/data-mapping.md lists them. */
#define SP_ID_NOT_JSON "BAQR0417W"
#define SP_ID_MISSING_PARAMETER "BAQR7018E"
#define SP_ID_UNKNOWN_MEMBER "SALM1001E"
#define SP_ID_GIVEN_TWICE "SALM1002E"
#define SP_ID_WRONG_TYPE "SALM1003E"
#define SP_ID_TEXT_TOO_LONG "SALM1004E"
#define SP_ID_BAD_CHARACTER "SALM1005E"
#define SP_ID_NOT_A_NUMBER "SALM1006E"
#define SP_ID_NUMBER_TOO_LARGE "SALM1007E"
#define SP_ID_NEGATIVE "SALM1008E"
#define SP_ID_DECIMALS "SALM1009E"
#define SP_ID_TOO_MANY_ELEMENTS "SALM1010E"
#define SP_ID_TWO_ALTERNATIVES "SALM1011E"
#define SP_ID_COUNTER_DIFFERS "SALM1012E"
#define SP_ID_BAD_DATA "SALM2001E"
#define SP_ID_SHORT_RECORD "SALM2002E"
#define SP_ID_BAD_COUNT "SALM2003E"
#define SP_ID_NO_CONTAINER "SALM2004E"
#define SP_ID_BAD_HEADER "SALM2005E"
#define SP_ID_BAD_LAYOUT "SALM3001E"
#define SP_ID_UNSUPPORTED_LAYOUT "SALM3002E"
#define SP_ID_BAD_MAP "SALM3003E"
#define SP_ID_BAD_DEFAULT "SALM3004E"
#define SP_ID_BAD_PROFILE "SALM3005E"
#define SP_ID_BAD_PROPERTY "SALM3006E"

#define SP_PLACE_MAX 256

/* "InqAccZ.AccountDetails[3].CommEye" of a node; `index` is that of each level of arrays, NULL: "[]". Cut at
 * the front with "..." when too long; bytes that do not print are written as '?'. */
void sp_place_text(const struct sp_node *node, const uint32_t *index, char ret_text[SP_PLACE_MAX]);

/* Fill `err` with a text that begins with the place: "The field <place> <fmt>". Returns `status`. */
enum sp_status sp_place_fail(struct sp_error *err, const struct sp_node *node, const uint32_t *index,
                             enum sp_status status, const char *id, const char *fmt, ...) SP_PRINTF(6, 7);

/* The error of a value that a field cannot take, with what the field can. */
enum sp_status sp_place_fail_value(struct sp_error *err, const struct sp_node *node, const uint32_t *index,
                                   enum sp_convert cause);
/* The error of a value of the wrong JSON type, `got` being "a string" or the like. */
enum sp_status sp_place_fail_type(struct sp_error *err, const struct sp_node *node, const uint32_t *index,
                                  const char *got);

#endif
