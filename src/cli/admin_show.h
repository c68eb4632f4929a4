/* SPDX-License-Identifier: Apache-2.0
 * admin_show.h: what the administration interface answered, for people.
 */
#ifndef SP_CLI_ADMIN_SHOW_H
#define SP_CLI_ADMIN_SHOW_H

#include <stdio.h>

#include "cli/admin_call.h"
#include "store/kind.h"

/* A list as a table with a line of headings; nothing but that line when it is empty. Control characters are
 * shown as '?'. SP_EPROTO when it is no such list. */
enum sp_status sp_admin_show_list(enum sp_store_kind kind, struct sp_str body, FILE *out,
                                  struct sp_error *err) SP_MUST_CHECK;
/* "name: value", a line each. */
enum sp_status sp_admin_show_item(struct sp_str body, FILE *out, struct sp_error *err) SP_MUST_CHECK;
/* "Started" or "Stopped" of an item; ptr NULL: it is not told. In the arena. */
struct sp_str sp_admin_status_in(struct sp_str body, struct sp_arena *arena);
/* Fill `err` with what an error's body says, or with its status alone. Returns SP_EDENIED. */
enum sp_status sp_admin_refusal(const struct sp_admin_reply *reply, struct sp_error *err);

#endif
