/* SPDX-License-Identifier: Apache-2.0
 * session_store.h: the secret that sessions and logins are sealed with, and the sessions that were ended
 * before their time. In memory that the workers share; both last as long as the server runs.
 */
#ifndef SP_AUTHN_SESSION_STORE_H
#define SP_AUTHN_SESSION_STORE_H

#include "authn/session.h"

struct sp_session_store;

/* What it needs of the memory that workers share. */
size_t sp_session_store_bytes(void);

/* `memory` zero-filled before anybody used it, aligned to 64 bytes; NULL: memory of its own, for this
 * process. SP_ELIMIT, SP_ENOMEM. */
enum sp_status sp_session_store_open(void *memory, size_t bytes, struct sp_session_store **ret_store,
                                     struct sp_error *err) SP_MUST_CHECK;
/* Accepts NULL. */
void sp_session_store_close(struct sp_session_store *store);

/* A key for one purpose, the same in all workers: wipe it with sp_cookie_seal_finish. */
enum sp_status sp_session_store_seal(const struct sp_session_store *store, struct sp_str purpose,
                                     struct sp_cookie_seal *ret_seal, struct sp_error *err) SP_MUST_CHECK;

/* The session is not accepted any more, by any worker. SP_ELIMIT: too many ended sessions are remembered;
 * SP_EUNAVAIL: busy. */
enum sp_status sp_session_store_end(struct sp_session_store *store, const struct sp_session *session,
                                    int64_t now_us) SP_MUST_CHECK;
/* What a provider ends: the sessions here that belong to one of its own (until_us: the latest end of such),
 * or all that a person began up to now. `name` as of sp_session_name. Of persons the last 20000 are
 * remembered. SP_ELIMIT, SP_EUNAVAIL as above. */
enum sp_status sp_session_store_end_at_provider(struct sp_session_store *store, struct sp_str provider,
                                                struct sp_str name, int64_t now_us,
                                                int64_t until_us) SP_MUST_CHECK;
enum sp_status sp_session_store_end_of_subject(struct sp_session_store *store, struct sp_str provider,
                                               struct sp_str name, int64_t now_us,
                                               int64_t until_us) SP_MUST_CHECK;
/* An id counts once until then, for all workers. SP_EEXISTS, SP_ELIMIT, SP_EUNAVAIL. */
enum sp_status sp_session_store_use_once(struct sp_session_store *store, struct sp_str provider,
                                         struct sp_str id, int64_t now_us, int64_t until_us) SP_MUST_CHECK;
/* The same for the state of a login. Of logins that were used SP_SESSION_LOGINS_MAX are remembered. */
#define SP_SESSION_LOGINS_MAX 50000u
enum sp_status sp_session_store_use_login(struct sp_session_store *store, struct sp_str state, int64_t now_us,
                                          int64_t until_us) SP_MUST_CHECK;
bool sp_session_store_has_ended(struct sp_session_store *store, const struct sp_session *session,
                                int64_t now_us);

#endif
