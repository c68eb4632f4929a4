/* SPDX-License-Identifier: Apache-2.0
 * problem.h: what is wrong with a configuration, collected rather than thrown.
 */
#ifndef SP_CONFIG_PROBLEM_H
#define SP_CONFIG_PROBLEM_H

#include "base/arena.h"

enum sp_problem_severity { SP_PROBLEM_ERROR, SP_PROBLEM_WARNING, SP_PROBLEM_INFO };

struct sp_problem {
    enum sp_problem_severity severity;
    const char *id;     /* stable message id, see docs/messages.md */
    struct sp_str text; /* what is wrong and what to do; never a secret */
    struct sp_str file; /* empty when unknown */
    unsigned line, column;
    bool by_on_error; /* onError of <config> decides how severe it is */
    struct sp_problem *next;
};

struct sp_problems {
    struct sp_arena arena;
    struct sp_problem *first, *last; /* in the order found */
    unsigned errors, warnings;
};

void sp_problems_init(struct sp_problems *problems);
/* Accepts NULL and one that is all zeros. */
void sp_problems_finish(struct sp_problems *problems);
/* `file` may be empty. The problem is counted even when there is no memory to keep it. Returns it, or NULL.
 */
struct sp_problem *sp_problem_add(struct sp_problems *problems, enum sp_problem_severity severity,
                                  const char *id, struct sp_str file, unsigned line, unsigned column,
                                  const char *fmt, ...) SP_PRINTF(7, 8);

#endif
