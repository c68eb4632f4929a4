/* SPDX-License-Identifier: Apache-2.0
 * saf_link.h: a worker's way to the security database.
 *
 * Opens the database when it can: one that is missing or unreadable at start is tried again when somebody
 * asks, at most once a second, and until then nobody is known. Work that was given to a thread holds a
 * reference, so that the database is not closed under it.
 */
#ifndef SP_REGISTRY_SAF_LINK_H
#define SP_REGISTRY_SAF_LINK_H

#include "config/config.h"
#include "saf/saf.h"

struct sp_saf_link;

/* Whether anything in the configuration asks the security database. */
bool sp_saf_link_is_wanted(const struct sp_config *config);
/* After fork; blocks while the database is read. SP_ENOMEM; a database
 * that cannot be opened is no failure of this function, but is told in `ret_problem` (SP_OK: there is none).
 */
enum sp_status sp_saf_link_new(const struct sp_config *config, struct sp_saf_link **ret_link,
                               struct sp_error *ret_problem, struct sp_error *err) SP_MUST_CHECK;
struct sp_saf_link *sp_saf_link_hold(struct sp_saf_link *link);
/* Accepts NULL. Any thread. */
void sp_saf_link_release(struct sp_saf_link *link);

/* The database; NULL with the reason when it cannot be opened (SP_EUNAVAIL). Blocks, for a thread. */
struct sp_saf *sp_saf_link_open(struct sp_saf_link *link, struct sp_error *err);
/* In a fiber: try to open it when it is not. */
void io_saf_link_open(struct sp_saf_link *link);
/* The newest image with a reference for the caller (sp_saf_image_release), or NULL while the database is not
 * open. `link` may be NULL. */
const struct sp_saf_image *sp_saf_link_image(struct sp_saf_link *link);

#endif
