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
#include "saf/audit_event.h"

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
/* A decision on the newest image by the worker's cache, and its event (saf/decision_cache.h). In the loop's
 * thread; what the decision points to lasts until the next call. `*ret_message` (may be NULL): the ICH408I of
 * a refusal or warning on one line, in the arena, else empty. SP_EUNAVAIL while the database is not open.
 * `link` may be NULL. */
enum sp_status sp_saf_link_authorize(struct sp_saf_link *link, const struct sp_saf_auth *request,
                                     struct sp_arena *arena, struct sp_saf_decision *ret_decision,
                                     struct sp_str *ret_message, struct sp_error *err) SP_MUST_CHECK;
/* For figures: decisions that were made before, and that had to be made. In the loop's thread. */
void sp_saf_link_count(const struct sp_saf_link *link, uint64_t *ret_known, uint64_t *ret_made);
/* Certificate (DER) to user id on the newest image, as sp_saf_map_certificate; both texts are copies in the
 * arena. Whether the user may come in is asked afterwards (sp_saf_check_user). Pure computation, safe in a
 * fiber. SP_ENOTFOUND, SP_ESYNTAX, SP_EUNAVAIL. `link` may be NULL. */
enum sp_status sp_saf_link_map_certificate(struct sp_saf_link *link, struct sp_str der, struct sp_str appl,
                                           struct sp_arena *arena, struct sp_str *ret_user,
                                           struct sp_str *ret_how, struct sp_error *err) SP_MUST_CHECK;
/* The oldest event that waits to be recorded; false when there is none. Any thread. `link` may be NULL. */
bool sp_saf_link_take_event(struct sp_saf_link *link, struct sp_saf_audit_event *ret_event);

#endif
