/* SPDX-License-Identifier: Apache-2.0 */

/* The checking variant of longjmp refuses to jump to a stack other than the present one. */
#undef _FORTIFY_SOURCE

#include "io/switch.h"

#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#ifndef WITH_ASAN
#define WITH_ASAN 0
#endif

#if WITH_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define STACK_FACTOR 4
#define UNPOISONED __attribute__((no_sanitize_address))
#else
#define STACK_FACTOR 1
#define UNPOISONED
#endif

#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#ifndef VALGRIND_STACK_REGISTER
#define VALGRIND_STACK_REGISTER(start, end) 0u
#define VALGRIND_STACK_DEREGISTER(id) (void)(id)
#endif

/* Wider than one page: a function with a large local array may touch its far end first. */
#define GUARD_BYTES ((size_t)65536)

/* Handed to the first frame of a new stack; makecontext passes only int. */
static _Thread_local struct sp_switch *entering;

#if WITH_ASAN
static void asan_leave(void **fake_stack, const void *to, size_t to_bytes)
{
    __sanitizer_start_switch_fiber(fake_stack, to, to_bytes);
}

static void asan_arrive(void *fake_stack, const void **ret_from, size_t *ret_from_bytes)
{
    __sanitizer_finish_switch_fiber(fake_stack, ret_from, ret_from_bytes);
}

static void asan_forget(void *bytes, size_t len)
{
    __asan_unpoison_memory_region(bytes, len);
}
#else
static void asan_leave(void **fake_stack, const void *to, size_t to_bytes)
{
}

static void asan_arrive(void *fake_stack, const void **ret_from, size_t *ret_from_bytes)
{
}

static void asan_forget(void *bytes, size_t len)
{
}
#endif

static unsigned char *stack_of(const struct sp_switch *context)
{
    return context->mapping + GUARD_BYTES;
}

UNPOISONED static void first_frame(void)
{
    struct sp_switch *context = entering;
    asan_arrive(NULL, &context->outside_stack, &context->outside_stack_bytes);
    for (;;) {
        context->entry(context->arg);
        sp_switch_out(context);
    }
}

enum sp_status sp_switch_init(struct sp_switch *context, size_t stack_bytes, void (*entry)(void *arg),
                              void *arg)
{
    if (stack_bytes < SP_SWITCH_STACK_MIN || stack_bytes > SP_SWITCH_STACK_MAX)
        return SP_EINVAL;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    stack_bytes = (stack_bytes * STACK_FACTOR + page - 1) / page * page;
    size_t bytes = GUARD_BYTES + stack_bytes;
    unsigned char *mapping =
        mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (mapping == MAP_FAILED)
        return SP_ENOMEM;
    if (mprotect(mapping + GUARD_BYTES, stack_bytes, PROT_READ | PROT_WRITE) != 0) {
        munmap(mapping, bytes);
        return SP_ENOMEM;
    }
    *context = (struct sp_switch){
        .entry = entry, .arg = arg, .mapping = mapping, .mapping_bytes = bytes, .stack_bytes = stack_bytes};
    context->valgrind_id = VALGRIND_STACK_REGISTER(stack_of(context), stack_of(context) + stack_bytes);
    return SP_OK;
}

void sp_switch_finish(struct sp_switch *context)
{
    if (!context->mapping)
        return;
    VALGRIND_STACK_DEREGISTER(context->valgrind_id);
    asan_forget(stack_of(context), context->stack_bytes);
    munmap(context->mapping, context->mapping_bytes);
    context->mapping = NULL;
}

/* Not inlined: nothing that the caller keeps in registers may live across _setjmp. */
UNPOISONED static __attribute__((noinline)) void enter(struct sp_switch *context)
{
    ucontext_t start;
    if (getcontext(&start) != 0)
        return;
    start.uc_stack.ss_sp = stack_of(context);
    start.uc_stack.ss_size = context->stack_bytes;
    start.uc_link = NULL;
    makecontext(&start, first_frame, 0);
    context->entered = true;
    entering = context;
    if (_setjmp(context->outside) == 0)
        (void)setcontext(&start);
}

UNPOISONED static __attribute__((noinline)) void resume(struct sp_switch *context)
{
    if (_setjmp(context->outside) == 0)
        _longjmp(context->inside, 1);
}

void sp_switch_in(struct sp_switch *context)
{
    void *fake_stack = NULL;
    asan_leave(&fake_stack, stack_of(context), context->stack_bytes);
    if (context->entered)
        resume(context);
    else
        enter(context);
    asan_arrive(fake_stack, NULL, NULL);
}

UNPOISONED static __attribute__((noinline)) void leave(struct sp_switch *context)
{
    if (_setjmp(context->inside) == 0)
        _longjmp(context->outside, 1);
}

void sp_switch_out(struct sp_switch *context)
{
    asan_leave(&context->fake_stack, context->outside_stack, context->outside_stack_bytes);
    leave(context);
    asan_arrive(context->fake_stack, &context->outside_stack, &context->outside_stack_bytes);
}
