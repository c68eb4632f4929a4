/* SPDX-License-Identifier: Apache-2.0
 * clock.h: what time it is.
 */
#ifndef SP_BASE_CLOCK_H
#define SP_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Microseconds since 1970-01-01 UTC. */
int64_t sp_clock_realtime_us(void);
/* Microseconds since some point before the process started; never goes back. For deadlines and durations. */
int64_t sp_clock_monotonic_us(void);

#define SP_CLOCK_TEXT_MAX 28
/* "2026-01-31T23:59:59.123456Z" (RFC 3339, UTC) with its NUL, into `ret_text`. */
void sp_clock_text(int64_t realtime_us, char ret_text[SP_CLOCK_TEXT_MAX]);
/* Back, from the beginning of a text; what follows is not looked at. 0: it does not begin with a time of that
 * form. */
int64_t sp_clock_text_read(const char *text, size_t len);

#endif
