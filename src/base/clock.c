/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

int64_t sp_clock_text_read(const char *text, size_t len)
{
    static const char form[] = "0000-00-00T00:00:00.000000Z";
    char copy[SP_CLOCK_TEXT_MAX] = "", again[SP_CLOCK_TEXT_MAX];
    struct tm tm = {.tm_isdst = 0};
    if (len < sizeof form - 1)
        return 0;
    memcpy(copy, text, sizeof form - 1);
    for (size_t i = 0; i < sizeof form - 1; i++)
        if (form[i] == '0' ? copy[i] < '0' || copy[i] > '9' : copy[i] != form[i])
            return 0;
    const char *fraction = strptime(copy, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!fraction)
        return 0;
    int64_t us = (int64_t)timegm(&tm) * 1000000 + strtol(fraction + 1, NULL, 10);
    sp_clock_text(us, again); /* not the 31st of February */
    return strcmp(again, copy) == 0 ? us : 0;
}
