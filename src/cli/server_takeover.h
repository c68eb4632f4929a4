/* SPDX-License-Identifier: Apache-2.0
 * server_takeover.h: another nginx.conf for a server that runs, or the old one if it does not take it.
 */
#ifndef SP_CLI_SERVER_TAKEOVER_H
#define SP_CLI_SERVER_TAKEOVER_H

#include <sys/types.h>

#include "cli/server_place.h"

/* Waits until nobody else, neither another command nor the server by itself, is between making a new
 * nginx.conf and having it taken over. The turn is given back by close(*ret_turn). SP_ETIMEDOUT after
 * `seconds`; SP_EIO. */
enum sp_status sp_server_take_turn(const struct sp_server_place *place, unsigned seconds, int *ret_turn,
                                   struct sp_error *err) SP_MUST_CHECK;
/* Put the file `next` in the place of nginx.conf and have the server take it over. Addresses that are new are
 * tried first: nginx -t does not see that somebody else listens there. When the server has not taken it over
 * after `seconds`, or an address is taken, the old nginx.conf is back, and `err` says why. `next` is gone
 * afterwards, whatever happens. SP_EUNAVAIL, SP_ETIMEDOUT, SP_EIO. */
enum sp_status sp_server_take_over(const struct sp_server_place *place, const char *next, pid_t master,
                                   unsigned seconds, struct sp_error *err) SP_MUST_CHECK;
/* Then, until nothing but workers of the present configuration accept connections: who connects from now on
 * meets it. SP_ETIMEDOUT when others still do after `seconds`. */
enum sp_status sp_server_wait_for_new(const struct sp_server_place *place, unsigned seconds,
                                      struct sp_error *err) SP_MUST_CHECK;
/* When the server itself asked for it, there is nobody at a terminal: tell it in messages.log. */
void sp_server_log_not_taken(const struct sp_server_place *place, const char *reason);

#endif
