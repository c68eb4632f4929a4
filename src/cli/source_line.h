/* SPDX-License-Identifier: Apache-2.0
 * source_line.h: a line of a configuration file, to be shown below a problem.
 */
#ifndef SP_CLI_SOURCE_LINE_H
#define SP_CLI_SOURCE_LINE_H

#include <stdio.h>

#include "base/buf.h"
#include "config/problem.h"

/* The same line with every password in it as "*****": values of attributes that the table knows as passwords,
 * values that carry an encoding, and whatever a <variable> holds. Appended. SP_ELIMIT. */
enum sp_status sp_source_mask(struct sp_str line, struct sp_buf *buf) SP_MUST_CHECK;

/* The line of the problem's file and a mark below its column. Nothing when there is no such line, or its file
 * is not UTF-8. */
void sp_source_show(const struct sp_problem *problem, FILE *out);

#endif
