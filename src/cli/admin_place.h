/* SPDX-License-Identifier: Apache-2.0
 * admin_place.h: which server to administer, and as whom.
 *
 * Each value comes from the command line, otherwise from the environment (SALLYPORT_URL, SALLYPORT_USER,
 * SALLYPORT_PASSWORD, SALLYPORT_TOKEN, SALLYPORT_CA, SALLYPORT_CERTIFICATE, SALLYPORT_KEY), otherwise from a
 * profile: a member of the JSON object in SALLYPORT_PROFILES or ~/.config/sallyport/profiles.json. Secrets
 * have no option of their own, because others can see a command line: they come from a file, the environment,
 * a profile that nobody else may read, or the terminal.
 */
#ifndef SP_CLI_ADMIN_PLACE_H
#define SP_CLI_ADMIN_PLACE_H

#include "base/arena.h"
#include "base/buf.h"

struct sp_admin_place {
    struct sp_arena arena; /* wiped at the end */
    /* As on the command line; NULL: not given. Filled in by sp_admin_place_complete. */
    const char *profile, *url, *user, *password_file, *token_file, *ca, *certificate, *key;
    struct sp_str password, token; /* ptr NULL: none */
};

void sp_admin_place_init(struct sp_admin_place *place);
void sp_admin_place_finish(struct sp_admin_place *place);
/* Fill in what the command line left open; asks for a password when there is a user and nothing else.
 * SP_EINVAL, SP_ENOTFOUND (no such profile), SP_EDENIED (a profile with a secret that others may read),
 * SP_EIO and those of text/json.h. */
enum sp_status sp_admin_place_complete(struct sp_admin_place *place, struct sp_error *err) SP_MUST_CHECK;

#endif
