/* SPDX-License-Identifier: Apache-2.0
 * bench_fiber: what starting and switching fibers costs, beside swapcontext on the same machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

#include "base/clock.h"
#include "io/fiber.h"
#include "io/loop.h"
#include "io/switch.h"

#define ROUNDS 1000000

static void report(const char *what, int64_t from_us, unsigned rounds)
{
    printf("%-44s %8.1f ns\n", what, (double)(sp_clock_monotonic_us() - from_us) * 1000.0 / rounds);
}

static ucontext_t outside, inside;

static void back_by_swapcontext(void)
{
    for (;;)
        swapcontext(&inside, &outside);
}

static void measure_swapcontext(void)
{
    size_t bytes = 131072;
    void *stack = malloc(bytes);
    if (!stack || getcontext(&inside) != 0)
        return;
    inside.uc_stack.ss_sp = stack;
    inside.uc_stack.ss_size = bytes;
    makecontext(&inside, back_by_swapcontext, 0);
    int64_t from = sp_clock_monotonic_us();
    for (int i = 0; i < ROUNDS; i++)
        swapcontext(&outside, &inside);
    report("swapcontext, in and out", from, ROUNDS);
    free(stack);
}

static void back_by_switch(void *arg)
{
    for (;;)
        sp_switch_out(arg);
}

static void measure_switch(void)
{
    struct sp_switch context;
    if (sp_switch_init(&context, 131072, back_by_switch, &context) != SP_OK)
        return;
    int64_t from = sp_clock_monotonic_us();
    for (int i = 0; i < ROUNDS; i++)
        sp_switch_in(&context);
    report("sp_switch, in and out", from, ROUNDS);
    sp_switch_finish(&context);
}

static void nothing(void *arg)
{
}

static void wait_often(void *arg)
{
    struct sp_fiber **self = arg;
    *self = sp_fiber_self();
    for (int i = 0; i < ROUNDS; i++)
        if (sp_fiber_wait(0) != SP_OK)
            break;
    *self = NULL;
}

static void time_out_often(void *arg)
{
    struct sp_fiber **self = arg;
    *self = sp_fiber_self();
    for (int i = 0; i < ROUNDS; i++)
        if (sp_fiber_wait(sp_clock_monotonic_us() + 5000000) != SP_OK)
            break;
    *self = NULL;
}

static void measure_waits(struct sp_loop *loop, sp_fiber_fn *fn, const char *what)
{
    struct sp_fiber *fiber = NULL;
    int64_t from = sp_clock_monotonic_us();
    if (sp_fiber_start(loop, fn, &fiber, NULL) != SP_OK)
        return;
    while (fiber) {
        sp_fiber_wake(fiber);
        sp_loop_run_ready(loop);
    }
    report(what, from, ROUNDS);
}

int main(void)
{
    struct sp_loop *loop = NULL;
    if (sp_loop_new(NULL, &loop, NULL) != SP_OK)
        return 1;
    measure_swapcontext();
    measure_switch();
    int64_t from = sp_clock_monotonic_us();
    for (int i = 0; i < ROUNDS; i++)
        if (sp_fiber_start(loop, nothing, NULL, NULL) != SP_OK)
            return 1;
    report("a fiber from start to end, pooled stack", from, ROUNDS);
    measure_waits(loop, wait_often, "wake by the host, loop turn, wait");
    measure_waits(loop, time_out_often, "the same with a deadline");
    sp_loop_free(loop);
    return 0;
}
