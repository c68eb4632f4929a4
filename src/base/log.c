/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

static sp_log_sink_fn *current_sink;
static void *current_arg;
static enum sp_log_severity current_level = SP_LOG_INFO;

static void to_stderr(enum sp_log_severity severity, const char *id, const char *text)
{
    char line[1200], when[SP_CLOCK_TEXT_MAX];
    sp_clock_text(sp_clock_realtime_us(), when);
    int n = snprintf(line, sizeof line, "%s %-7s %s%s%s\n", when, sp_log_severity_name(severity),
                     id ? id : "", id && *id ? " " : "", text);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof line ? (size_t)n : sizeof line - 1;
    if (len)
        line[len - 1] = '\n';
    /* One write a line: lines of several processes on one file do not mix. Nothing can be done when it fails.
     */
    ssize_t written = write(STDERR_FILENO, line, len);
    (void)written;
}

void sp_log_set_sink(sp_log_sink_fn *sink, void *arg)
{
    current_sink = sink;
    current_arg = arg;
}

void sp_log_set_level(enum sp_log_severity least)
{
    current_level = least;
}

const char *sp_log_severity_name(enum sp_log_severity severity)
{
    static const char *const names[] = {"ERROR", "WARNING", "AUDIT", "INFO", "DEBUG"};
    return (unsigned)severity < sizeof names / sizeof names[0] ? names[severity] : "INFO";
}

/* Bytes at `at` of a character that ends a line, or changes how the line reads, for some viewer: C0 and C1
 * controls, the line and paragraph separators, marks that turn the direction of writing. 0: none. */
static size_t control_length(const unsigned char *at)
{
    if (at[0] < 0x20 || at[0] == 0x7f)
        return 1;
    if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f)
        return 2;
    bool separator_or_turn = at[0] == 0xe2 && at[1] == 0x80 && at[2] >= 0xa8 && at[2] <= 0xae;
    bool isolate = at[0] == 0xe2 && at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9;
    return separator_or_turn || isolate ? 3 : 0;
}

static void replace_controls(char *text)
{
    for (char *c = text; *c; c++) {
        size_t len = control_length((unsigned char *)c);
        if (!len)
            continue;
        memset(c, '?', len);
        c += len - 1;
    }
}

void sp_log(enum sp_log_severity severity, const char *id, const char *fmt, ...)
{
    if (severity > current_level)
        return;
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    replace_controls(text);
    if (current_sink)
        current_sink(current_arg, severity, id, text);
    else
        to_stderr(severity, id, text);
}

void sp_log_error(enum sp_log_severity severity, const struct sp_error *err)
{
    const char *id = err->id[0] ? err->id : NULL;
    if (err->file[0] && err->line)
        sp_log(severity, id, "%s:%u:%u: %s", err->file, err->line, err->column, err->text);
    else if (err->file[0])
        sp_log(severity, id, "%s: %s", err->file, err->text);
    else
        sp_log(severity, id, "%s", err->text);
}
