/* SPDX-License-Identifier: Apache-2.0
 * fiber.h: straight-line code that may wait.
 *
 * A fiber is a function with a stack of its own, run by one loop (io/loop.h) in one thread. When it must wait
 * it suspends and the loop goes on; it is resumed with the answer, with SP_ETIMEDOUT, or with SP_ECANCELED.
 * Only the io_ functions of this room suspend. After a cancel every further wait of that fiber returns
 * SP_ECANCELED at once, so the fiber unwinds through its ordinary error path. Stacks are pooled, have a guard
 * page below them, and are bounded in number.
 */
#ifndef SP_IO_FIBER_H
#define SP_IO_FIBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct sp_loop;
struct sp_fiber;

typedef void sp_fiber_fn(void *arg);

/* Start `fn(arg)` on a pooled stack and run it until it first waits or returns. SP_ELIMIT when as many fibers
 * as the loop allows are running, SP_ENOMEM, SP_ECANCELED while the loop is being freed. May be called in a
 * fiber. `*ret_fiber` (may be NULL) is stored before the function runs and valid until it returns, which may
 * be at once: let the function itself clear the handle at its end. */
enum sp_status sp_fiber_start(struct sp_loop *loop, sp_fiber_fn *fn, void *arg,
                              struct sp_fiber **ret_fiber) SP_MUST_CHECK;
/* The fiber that is running, or NULL outside of any. */
struct sp_fiber *sp_fiber_self(void);
/* What its owner noted for functions far below it, which cannot be handed everything; NULL at first, and
 * outside of a fiber. Lives as long as the owner says. */
void sp_fiber_set_note(const void *note);
const void *sp_fiber_note(void);
/* Ask a fiber to stop: its present or next wait returns SP_ECANCELED, and every one after that. It runs on at
 * the end of the loop's turn, not inside this call. From the loop's thread. */
void sp_fiber_cancel(struct sp_fiber *fiber);
/* Whether the running fiber was canceled. */
bool sp_fiber_canceled(void);

/* Suspend the running fiber until sp_fiber_wake, the deadline (monotonic microseconds, 0: none) or a cancel.
 * Returns SP_OK, SP_ETIMEDOUT or SP_ECANCELED; SP_EINTERNAL outside of a fiber. The base of all waits; a wake
 * that comes before the wait is not lost, several count as one, and one may be left over from something that
 * was waited for before: ask again for what you wait for. */
enum sp_status sp_fiber_wait(int64_t deadline_us) SP_MUST_CHECK;
/* From the loop's thread. The fiber runs on at the end of the loop's turn. */
void sp_fiber_wake(struct sp_fiber *fiber);
/* Sleep. SP_OK after the time, SP_ECANCELED. */
enum sp_status sp_fiber_sleep(int64_t microseconds) SP_MUST_CHECK;

#endif
