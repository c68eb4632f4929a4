/* SPDX-License-Identifier: Apache-2.0
 * switch.h: a stack of its own for a function, and going back and forth between it and its caller.
 *
 * A stack is entered once through makecontext and setcontext; every later switch is _setjmp and _longjmp,
 * which make no system call (swapcontext makes one each time, for the signal mask). Private to this room.
 */
#ifndef SP_IO_SWITCH_H
#define SP_IO_SWITCH_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define SP_SWITCH_STACK_MIN ((size_t)16384)
#define SP_SWITCH_STACK_MAX ((size_t)1 << 30)

struct sp_switch {
    jmp_buf inside;  /* where the function waits */
    jmp_buf outside; /* where its caller goes on */
    void (*entry)(void *arg);
    void *arg;
    unsigned char *mapping; /* guard and stack; NULL before init */
    size_t mapping_bytes, stack_bytes;
    bool entered;
    unsigned valgrind_id;
    void *fake_stack; /* AddressSanitizer's notes */
    const void *outside_stack;
    size_t outside_stack_bytes;
};

/* Map a stack of at least `stack_bytes` with an inaccessible guard below it. `entry(arg)`
 * runs on it by sp_switch_in; each time it returns, it begins anew at the next sp_switch_in. Under a
 * sanitizer the stack is larger, as its frames are. SP_EINVAL, SP_ENOMEM. */
enum sp_status sp_switch_init(struct sp_switch *context, size_t stack_bytes, void (*entry)(void *arg),
                              void *arg) SP_MUST_CHECK;
/* Unmap. Not while the function runs; what it had on the stack is gone. Accepts all zeros. */
void sp_switch_finish(struct sp_switch *context);

/* Run the function until it calls sp_switch_out or returns. */
void sp_switch_in(struct sp_switch *context);
/* From the function: go back to the caller of sp_switch_in until it calls that again. */
void sp_switch_out(struct sp_switch *context);

#endif
