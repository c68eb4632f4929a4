/* SPDX-License-Identifier: Apache-2.0
 * recorded.h: chains of the plug-in in plugins/recorder.c, for tests of this room.
 */
#ifndef TESTS_INTERCEPT_RECORDED_H
#define TESTS_INTERCEPT_RECORDED_H

#include "intercept/intercept.h"
#include "intercept/plugin.h"
#include "io/loop.h"
#include "plugins/recorder.h"

/* The directory, which only root may write; the libraries of the tests are in it. */
extern char recorded_directory[64];
extern struct recorder_trace *recorded; /* the plug-in's own */
extern struct sp_loop *recorded_loop;
extern struct sp_arena recorded_arena;
extern struct sp_error recorded_err;

/* Returns 0, or skips the test when it is not run by root. Makes the directory and the loop. */
int recorded_set_up(void **state);
int recorded_tear_down(void **state);

/* The element of a recorder; `deed` may be NULL. In the arena. */
struct sp_cfg_interceptor recorded_element(const char *id, const char *deed);
/* Open the plug-ins of the elements. */
enum sp_status recorded_open(const struct sp_cfg_interceptor *elements, size_t count,
                             struct sp_plugins *previous, struct sp_plugins **ret_plugins);

/* Run `fn(arg)` in a fiber to its end. */
void recorded_in_fiber(void (*fn)(void *arg), void *arg);

#endif
