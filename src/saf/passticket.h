/* SPDX-License-Identifier: Apache-2.0
 * passticket.h: one-time substitutes for a password, made from user, application, time and a shared key.
 *
 * Legacy tickets (DES) follow IBM's "RACF Macros and Interfaces", the PassTicket generator algorithm and the
 * time-coder; enhanced ones (HMAC-SHA-512) the algorithm of IBM's sample generator, in its two forms: UPPER
 * (A-Z, 0-9) and MIXED (also a-z, '-', '_'). Both can be inverted: the time is recovered from a ticket, so
 * that a check costs one inversion however wide the window is, and a log can say how old a ticket was.
 * Sans-IO; replay is the caller's to refuse.
 */
#ifndef SP_SAF_PASSTICKET_H
#define SP_SAF_PASSTICKET_H

#include "base/str.h"

enum sp_passticket_kind { SP_PASSTICKET_LEGACY, SP_PASSTICKET_UPPER, SP_PASSTICKET_MIXED };

#define SP_PASSTICKET_LEN 8u
#define SP_PASSTICKET_LEGACY_KEY_LEN 8u
#define SP_PASSTICKET_HMAC_KEY_MIN 32u
#define SP_PASSTICKET_HMAC_KEY_MAX 256u
/* A ticket is good for this many seconds before and after its time (legacy default). */
#define SP_PASSTICKET_WINDOW 600

struct sp_passticket_key {
    enum sp_passticket_kind kind;
    unsigned char bytes[SP_PASSTICKET_HMAC_KEY_MAX]; /* a secret: wipe it */
    size_t len;                                      /* legacy: 8, parity bits ignored; enhanced: 32..256 */
};

/* Make the ticket for user id and application name (1..8 of A-Z 0-9 # $ @, folded to upper case) at a time in
 * seconds since 1970 (legacy: 0..2^32-1; enhanced: 0..2^32-1 in this century, at most 2^40-1). `ret_ticket`
 * gets 8 characters and a NUL. SP_EINVAL for a name, key length or time out of range; SP_EINTERNAL when the
 * cryptographic library fails. */
enum sp_status sp_passticket_make(const struct sp_passticket_key *key, struct sp_str user, struct sp_str appl,
                                  int64_t seconds, char ret_ticket[SP_PASSTICKET_LEN + 1],
                                  struct sp_error *err) SP_MUST_CHECK;

/* Recover the time of a ticket. SP_EINVAL when the text cannot be a ticket of that kind (for legacy tickets
 * lower case is folded), which is so for most passwords; any other text gives some time, and only one inside
 * the window means that the ticket was made with this key for this user and application. */
enum sp_status sp_passticket_time(const struct sp_passticket_key *key, struct sp_str user, struct sp_str appl,
                                  struct sp_str ticket, int64_t *ret_seconds,
                                  struct sp_error *err) SP_MUST_CHECK;

#endif
