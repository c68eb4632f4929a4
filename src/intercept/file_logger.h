/* SPDX-License-Identifier: Apache-2.0
 * file_logger.h: requests and responses as text or JSON in a file (zosconnect_fileSystemLoggerInterceptor).
 *
 * docs/interceptors.md has the two forms.
 */
#ifndef SP_INTERCEPT_FILE_LOGGER_H
#define SP_INTERCEPT_FILE_LOGGER_H

#include "intercept/intercept.h"
#include "intercept/log_file.h"

struct sp_file_logger;

/* One for each such element; `*ret_loggers` is NULL when there is none. The configuration must outlive them.
 * SP_EIO when a file cannot be opened. */
enum sp_status sp_file_loggers_open(const struct sp_config *config, struct sp_file_loggers **ret_loggers,
                                    struct sp_error *err) SP_MUST_CHECK;
/* Writes what waits, before the last look at the counts. Accepts NULL. */
void sp_file_loggers_stop(struct sp_file_loggers *loggers);
/* Writes what waits. Accepts NULL. */
void sp_file_loggers_free(struct sp_file_loggers *loggers);
/* `loggers` may be NULL; NULL when there is none of that id. */
struct sp_file_logger *sp_file_loggers_find(struct sp_file_loggers *loggers, struct sp_str id);
/* The sums of all. */
void sp_file_loggers_counts(struct sp_file_loggers *loggers, struct sp_log_file_counts *ret_counts);

#endif
