/* SPDX-License-Identifier: Apache-2.0
 * prompt.h: asking for what must not be seen.
 */
#ifndef SP_CLI_PROMPT_H
#define SP_CLI_PROMPT_H

#include <stdio.h>

#include "base/buf.h"

#define SP_PROMPT_BYTES_MAX 4096u

/* The first line of a stream, without its end. SP_ELIMIT. */
enum sp_status sp_prompt_line(FILE *file, struct sp_buf *buf, struct sp_error *err) SP_MUST_CHECK;
/* Ask on the terminal that is standard input, without echo. SP_EIO when it is none. */
enum sp_status sp_prompt_secret(const char *text, struct sp_buf *buf, struct sp_error *err) SP_MUST_CHECK;

#endif
