/* SPDX-License-Identifier: Apache-2.0
 * stck.h: the mainframe's time-of-day clock.
 *
 * STORE CLOCK counts in 64 bits from 1900-01-01 UTC, bit 51 being one microsecond; it runs over on
 * 2042-09-17. STORE CLOCK EXTENDED puts an epoch index before it and a programmable field behind it. Leap
 * seconds are ignored, as z/OS does when its clock runs on UTC. (z/Architecture Principles of Operation,
 * "Timing".)
 */
#ifndef SP_INTERCEPT_SMF_STCK_H
#define SP_INTERCEPT_SMF_STCK_H

#include <stdint.h>

#define SP_STCKE_BYTES 16u

/* Microseconds since 1970 (not before 1900) to STCK, modulo its epoch. */
uint64_t sp_stck_from_us(int64_t unix_us);
/* Back. Values whose first bit is off are taken as after 2042: before 1971 nothing was recorded. */
int64_t sp_stck_to_us(uint64_t stck);

/* The same with epoch index, exact up to the year 38400; the programmable field is zero. */
void sp_stcke_from_us(int64_t unix_us, unsigned char ret_stcke[SP_STCKE_BYTES]);
int64_t sp_stcke_to_us(const unsigned char stcke[SP_STCKE_BYTES]);

#endif
