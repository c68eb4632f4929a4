/* SPDX-License-Identifier: Apache-2.0 */
#include "config/problem.h"

#include <stdio.h>

#define MEMORY_CEILING ((size_t)8 << 20)
#define TEXT_MAX 1024

void sp_problems_init(struct sp_problems *problems)
{
    *problems = (struct sp_problems){0};
    sp_arena_init(&problems->arena, MEMORY_CEILING);
}

void sp_problems_finish(struct sp_problems *problems)
{
    if (!problems)
        return;
    sp_arena_finish(&problems->arena);
    *problems = (struct sp_problems){0};
}

struct sp_problem *sp_problem_add(struct sp_problems *problems, enum sp_problem_severity severity,
                                  const char *id, struct sp_str file, unsigned line, unsigned column,
                                  const char *fmt, ...)
{
    problems->errors += severity == SP_PROBLEM_ERROR;
    problems->warnings += severity == SP_PROBLEM_WARNING;
    char text[TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    struct sp_problem *problem = sp_arena_calloc(&problems->arena, 1, sizeof *problem);
    if (!problem) /* there are so many that nobody reads this one; it is counted */
        return NULL;
    problem->severity = severity;
    problem->id = sp_arena_str(&problems->arena, sp_str_of(id ? id : "")).ptr; /* it may be an error's */
    if (!problem->id)
        problem->id = "";
    problem->text = sp_arena_str(&problems->arena, sp_str_of(text));
    problem->file = file.len ? sp_arena_str(&problems->arena, file) : SP_STR("");
    problem->line = line;
    problem->column = column;
    if (problems->last)
        problems->last->next = problem;
    else
        problems->first = problem;
    problems->last = problem;
    return problem;
}
