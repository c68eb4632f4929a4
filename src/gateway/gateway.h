/* SPDX-License-Identifier: Apache-2.0
 * gateway.h: the product as an engine sees it.
 */
#ifndef SP_GATEWAY_GATEWAY_H
#define SP_GATEWAY_GATEWAY_H

#include "config/config.h"
#include "io/port.h"

struct sp_file_set;
struct sp_gateway;

/* Make the gateway of one worker, after fork: reads the archives, compiles what is deployed, opens the audit
 * sink. The configuration must outlive it. Archives are read through `files` (gateway/file_set.h), from the
 * disk when it is NULL; it is not needed afterwards. Archives that cannot be used are problems, not failures:
 * their APIs are not deployed. */
enum sp_status sp_gateway_new(const struct sp_config *config, struct sp_file_set *files,
                              const struct sp_worker *worker, struct sp_problems *problems,
                              struct sp_gateway **ret_gateway, struct sp_error *err) SP_MUST_CHECK;
/* Cancels what runs, writes what is buffered. Accepts NULL. */
void sp_gateway_free(struct sp_gateway *gateway);
/* The directory with the explorer's page, which must outlive the gateway; without there is none. */
void sp_gateway_set_explorer(struct sp_gateway *gateway, const char *directory);
/* The port's handler; valid until free. */
struct sp_handler sp_gateway_handler(struct sp_gateway *gateway);

#endif
