/* SPDX-License-Identifier: Apache-2.0
 * report.h: showing what is wrong with a configuration.
 */
#ifndef SP_CLI_REPORT_H
#define SP_CLI_REPORT_H

#include <stdio.h>

#include "config/problem.h"

/* One line: "<file>:<line>:<column>: <severity> <id>: <text>". */
void sp_report_problem(const struct sp_problem *problem, FILE *out);
/* One line each, in the order found: "<file>:<line>:<column>: <severity> <id>: <text>". */
void sp_report_problems(const struct sp_problems *problems, FILE *out);
/* "2 errors, 1 warning" or "no problems". */
void sp_report_totals(const struct sp_problems *problems, FILE *out);

#endif
