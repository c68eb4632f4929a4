/* SPDX-License-Identifier: Apache-2.0
 * offload.h: work that blocks, done by a small pool of threads while the fiber waits.
 */
#ifndef SP_IO_OFFLOAD_H
#define SP_IO_OFFLOAD_H

#include <stdint.h>

#include "base/error.h"

/* Each lane has threads of its own, so that what is slow in one does not keep another waiting. */
enum sp_offload_lane {
    SP_OFFLOAD_GENERAL,   /* computing and files: as many threads as the loop's options say */
    SP_OFFLOAD_DIRECTORY, /* waiting for directory servers: 16 */
    SP_OFFLOAD_DOCUMENT,  /* verifying signed documents: 2 */
    SP_OFFLOAD_PASSWORD,  /* hashing passwords, slow on purpose: 2 */
    SP_OFFLOAD_LANES
};

/* Run `fn(arg)` in a thread and suspend the fiber until it returns; the result is fn's status.
 *
 * The work cannot be interrupted. When the fiber is canceled or the deadline (monotonic microseconds, 0:
 * none) passes, this returns SP_ECANCELED or SP_ETIMEDOUT at once; work that had not begun never begins.
 * After either of these two results, even when fn itself returned it, `arg` is not the caller's any more:
 * `release(arg)` is called on the loop's thread as soon as no thread uses it, possibly before this returns.
 * `release` NULL: `arg` must outlive the loop. After every other result release is not called and `arg` is
 * the caller's again.
 *
 * SP_ELIMIT when too many jobs wait or no thread can be started, SP_ENOMEM: fn was not run. SP_EINTERNAL
 * outside of a fiber. */
enum sp_status io_offload(enum sp_status (*fn)(void *arg), void *arg, void (*release)(void *arg),
                          int64_t deadline_us) SP_MUST_CHECK;

/* The same in a lane. SP_ELIMIT also when no thread has begun the work by `begin_by_us` (monotonic
 * microseconds, 0: no such limit); then `arg` is the caller's again. io_offload is of SP_OFFLOAD_GENERAL. */
enum sp_status io_offload_lane(enum sp_offload_lane lane, enum sp_status (*fn)(void *arg), void *arg,
                               void (*release)(void *arg), int64_t begin_by_us,
                               int64_t deadline_us) SP_MUST_CHECK;

#endif
