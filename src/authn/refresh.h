/* SPDX-License-Identifier: Apache-2.0
 * refresh.h: something that is fetched from elsewhere, kept fresh by a fiber of its own, and fetched at once
 * for those who need it now: all of them wait for the same fetch.
 */
#ifndef SP_AUTHN_REFRESH_H
#define SP_AUTHN_REFRESH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct sp_loop;
struct sp_refresh;

/* Fetch once and keep the result; `*ret_lifetime_us` is how long it counts as fresh. In the fiber. */
typedef enum sp_status sp_refresh_fn(void *arg, int64_t *ret_lifetime_us, struct sp_error *err);

/* Times are monotonic microseconds. */
struct sp_refresh_state {
    int64_t fetched_us;      /* the last success; 0: none */
    int64_t attempted_us;    /* when the last fetch ended; 0: none has */
    int64_t next_us;         /* when the next one is due: at 80 % of the lifetime, or the next try after a
                                failure, of which each waits longer than the one before, from 1 s to 60 s */
    struct sp_error problem; /* of the last fetch; SP_OK when it succeeded */
    bool busy;               /* a fetch is under way or asked for */
    uint64_t successes, failures;
};

/* `drop(arg)` is called when nobody uses it any more. SP_ENOMEM (drop is not called). */
enum sp_status sp_refresh_new(struct sp_loop *loop, sp_refresh_fn *fn, void (*drop)(void *arg), void *arg,
                              struct sp_refresh **ret_refresh, struct sp_error *err) SP_MUST_CHECK;
/* Stop; those who wait get SP_ECANCELED. In the loop's thread. Accepts NULL. */
void sp_refresh_free(struct sp_refresh *refresh);
/* Begin, in the loop's thread; the first fetch is due at once. Again does nothing. */
void sp_refresh_start(struct sp_refresh *refresh);
/* The next fetch is due now. */
void sp_refresh_soon(struct sp_refresh *refresh);
/* In a fiber: fetch now, or wait for the fetch under way. SP_OK when one has ended, well or not;
 * SP_ETIMEDOUT, SP_ECANCELED (the refresh may be gone then). */
enum sp_status io_refresh_await(struct sp_refresh *refresh, int64_t deadline_us) SP_MUST_CHECK;

const struct sp_refresh_state *sp_refresh_state(const struct sp_refresh *refresh);

#endif
