/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t now_us(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t sp_clock_realtime_us(void)
{
    return now_us(CLOCK_REALTIME);
}

int64_t sp_clock_monotonic_us(void)
{
    return now_us(CLOCK_MONOTONIC);
}

void sp_clock_text(int64_t realtime_us, char ret_text[SP_CLOCK_TEXT_MAX])
{
    int64_t fraction = realtime_us % 1000000;
    time_t seconds = (time_t)(realtime_us / 1000000);
    if (fraction < 0) {
        fraction += 1000000;
        seconds--;
    }
    struct tm tm;
    gmtime_r(&seconds, &tm);
    size_t n = strftime(ret_text, SP_CLOCK_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(ret_text + n, SP_CLOCK_TEXT_MAX - n, ".%06uZ", (unsigned)fraction % 1000000u);
}
