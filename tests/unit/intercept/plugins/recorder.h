/* SPDX-License-Identifier: Apache-2.0
 * recorder.h: what the tests share with the plug-in of recorder.c, by the symbol `recorder_trace`.
 */
#ifndef TESTS_RECORDER_H
#define TESTS_RECORDER_H

#include "sallyport/interceptor.h"

struct recorder_job {
    struct sallyport_completion *completion;
    void (*complete)(struct sallyport_completion *completion, int64_t value);
    int ms;
};

struct recorder_trace {
    char text[1000]; /* "pre:<id> " for each method */
    int result;      /* of what was waited for */
    int64_t value;
    int instances; /* that there are */
    int state_kept;
    uint32_t host_abi;
    void (*hook)(const struct sallyport_host *host, struct sallyport_call *call); /* of the test */
    int hook_calls;
};

SALLYPORT_EXPORT extern struct recorder_trace recorder_trace;

#endif
