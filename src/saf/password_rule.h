/* SPDX-License-Identifier: Apache-2.0
 * password_rule.h: what a new password or phrase must look like (SETROPTS PASSWORD).
 *
 * A rule has a range of lengths and a kind of character for each of eight positions, one letter each:
 *   ' ' any allowed character   A ALPHA          X ALPHANUM    N NUMERIC    T NATIONAL ($ # @)   S SPECIAL
 *   V VOWEL                     C CONSONANT      O NOVOWEL (letters but vowels, digits, nationals)
 *   M MIXEDALL                  c MIXEDCONSONANT v MIXEDVOWEL  n MIXEDNUM
 * A password is good when it fits any rule, or when there is none.
 */
#ifndef SP_SAF_PASSWORD_RULE_H
#define SP_SAF_PASSWORD_RULE_H

#include "saf/model.h"

#define SP_SAF_PASSWORD_MAX 8u
#define SP_SAF_PHRASE_MIN 9u
#define SP_SAF_PHRASE_MAX 100u

/* The letter of a content keyword (or unambiguous prefix, caseless), or 0. */
char sp_password_content(struct sp_str keyword);
/* The keyword of a letter, or NULL. */
const char *sp_password_content_name(char letter);

/* Whether these characters may be in a password at all (length 1..8; A-Z 0-9 # $ @, lower case with
 * MIXEDCASE, more with SPECIALCHARS). SP_EINVAL with the reason. */
enum sp_status sp_password_check(const struct sp_saf_options *options, struct sp_str password,
                                 struct sp_error *err) SP_MUST_CHECK;
/* The same, and that it fits a rule. For new passwords. */
enum sp_status sp_password_check_new(const struct sp_saf_options *options, struct sp_str password,
                                     struct sp_error *err) SP_MUST_CHECK;
/* 9 to 100 characters, at least two letters and two others, no more than two equal ones in a row, not the
 * user id. */
enum sp_status sp_phrase_check_new(struct sp_str user, struct sp_str phrase,
                                   struct sp_error *err) SP_MUST_CHECK;
/* Passwords are folded to upper case unless MIXEDCASE; in place. */
void sp_password_fold(const struct sp_saf_options *options, char *password, size_t len);

#endif
