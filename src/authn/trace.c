/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/trace.h"

#include <stdarg.h>
#include <stdio.h>

#define TEXT_MAX 2048u

void sp_trace_add(const struct sp_authn_attempt *attempt, const char *step,
                  const struct sp_authn_provider *provider, const char *fmt, ...)
{
    struct sp_authn_trace *trace = attempt->trace;
    char text[TEXT_MAX];
    va_list args;
    if (!trace || trace->count == SP_TRACE_STEPS_MAX)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    trace->steps[trace->count++] = (struct sp_authn_step){
        .step = step,
        .kind = provider ? provider->kind->name : NULL,
        .id = provider ? provider->id : SP_STR(""),
        .text = sp_arena_str(attempt->arena, sp_str_of(text)),
    };
}
