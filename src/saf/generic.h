/* SPDX-License-Identifier: Apache-2.0
 * generic.h: which profile names cover a resource name, and which of two is the more specific.
 *
 * The rules are those of general resource classes (IBM "RACF Security Administrator's Guide", choosing
 * between discrete and generic profiles in general resource classes; they do not depend on EGN): % any one
 * character except the period
 *   *  qualifier at the beginning or in the middle: exactly one qualifier
 *   *  last qualifier: one or more qualifiers
 *   ABC*         at the end, behind other characters: the rest of the name, zero or more characters, periods
 * too
 *   **           once, as a whole qualifier: zero or more qualifiers; alone it covers everything
 * Names compare exactly; the caller folds case where the class wants it.
 */
#ifndef SP_SAF_GENERIC_H
#define SP_SAF_GENERIC_H

#include "base/str.h"

#define SP_SAF_NAME_MAX 246u /* bytes of a profile or resource name */

/* Whether the name holds a generic character (% * &). */
bool sp_generic_is(struct sp_str profile);
/* Whether a profile name may be generic in the way it is written: SP_EINVAL with the reason otherwise (two
 * '**', '**' that is not a qualifier of its own, an empty qualifier, too long). Also for names without
 * generic characters. */
enum sp_status sp_generic_check(struct sp_str profile, struct sp_error *err) SP_MUST_CHECK;
/* Whether the profile covers the resource. Linear in the name for all but '**', which tries each qualifier
 * boundary. */
bool sp_generic_covers(struct sp_str profile, struct sp_str resource);
/* Order of specificity: < 0 when `a` is more specific than `b`. Position by position a literal character
 * comes before '%', that before '*', that before '**'; so that the first of a sorted list that covers a name
 * is the one that decides. */
int sp_generic_order(struct sp_str a, struct sp_str b);
/* Length of the literal prefix: the bytes before the first generic character. */
size_t sp_generic_prefix(struct sp_str profile);

#endif
