/* SPDX-License-Identifier: Apache-2.0
 * db.h: the security database on disk (SQLite, WAL mode).
 *
 * One file, its schema versioned and migrated when opened for writing; secrets in it (PassTicket keys,
 * private keys) are encrypted with AES-256-GCM under a key that is in a file of its own, mode 0600, beside it
 * by default. Every change happens in a transaction; a crash leaves the state before or after it. Each commit
 * raises the version that readers follow. A handle is for one thread. Calls block on the disk: not on the
 * loop's thread.
 */
#ifndef SP_SAF_DB_H
#define SP_SAF_DB_H

#include "base/arena.h"
#include "saf/model.h"

struct sp_saf_db;

enum sp_saf_db_mode {
    SP_SAF_DB_READ,   /* must exist */
    SP_SAF_DB_WRITE,  /* must exist; migrated when its schema is older */
    SP_SAF_DB_CREATE, /* made when missing, with group SYS1, user IBMUSER (SPECIAL, protected until given a
                         password) and the classes' defaults */
};

/* `key_path` NULL: `path` + ".key"; made with the database. SP_ENOTFOUND, SP_EIO, SP_EUNSUPPORTED (schema
 * newer than this program), SP_EDENIED (the key file can be read by others, or does not fit). */
enum sp_status sp_saf_db_open(const char *path, const char *key_path, enum sp_saf_db_mode mode,
                              struct sp_saf_db **ret_db, struct sp_error *err) SP_MUST_CHECK;
/* Let a key of a PKCS#11 token encrypt the key in the key file (saf/seal_token.h). The database is not
 * touched.
 */
enum sp_status sp_saf_db_key_to_token(const struct sp_saf_db *db, const char *path, const char *key_path,
                                      struct sp_str location, struct sp_error *err) SP_MUST_CHECK;
void sp_saf_db_close(struct sp_saf_db *db);

/* Rises with every commit that changed something, by whichever process. Cheap enough to be asked every few
 * milliseconds. */
enum sp_status sp_saf_db_version(struct sp_saf_db *db, uint64_t *ret_version,
                                 struct sp_error *err) SP_MUST_CHECK;

/* A write transaction waits for another process's up to 5 s (SP_ETIMEDOUT). Without commit, rollback. */
enum sp_status sp_saf_db_begin(struct sp_saf_db *db, struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_db_commit(struct sp_saf_db *db, struct sp_error *err) SP_MUST_CHECK;
void sp_saf_db_rollback(struct sp_saf_db *db);
/* Begin to read one consistent state, however long it takes and whatever others commit; ends with rollback.
 */
enum sp_status sp_saf_db_snapshot_begin(struct sp_saf_db *db, struct sp_error *err) SP_MUST_CHECK;

/* For each kind of object: put (insert or replace by its key), get (SP_ENOTFOUND), drop (SP_ENOTFOUND), and
 * each, which calls `fn` in key order until it returns an error, which is returned. Values given to `fn` and
 * views inside them last for that call; got ones live in the arena. */
/* `value` is the struct of the kind that is gone through. */
typedef enum sp_status sp_saf_each_fn(void *arg, const void *value);

enum sp_status sp_saf_put_user(struct sp_saf_db *db, const struct sp_saf_user *user,
                               struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_get_user(struct sp_saf_db *db, struct sp_str id, struct sp_arena *arena,
                               struct sp_saf_user *ret_user, struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_drop_user(struct sp_saf_db *db, struct sp_str id, struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_each_user(struct sp_saf_db *db, sp_saf_each_fn *fn, void *arg,
                                struct sp_error *err) SP_MUST_CHECK;

/* Replaced passwords or phrases, the newest first. They go with their user. */
enum sp_status sp_saf_put_history(struct sp_saf_db *db, const struct sp_saf_history *entry,
                                  struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_each_history(struct sp_saf_db *db, struct sp_str user, bool is_phrase,
                                   sp_saf_each_fn *fn, void *arg, struct sp_error *err) SP_MUST_CHECK;
/* Keep the newest `keep` of them. */
enum sp_status sp_saf_trim_history(struct sp_saf_db *db, struct sp_str user, bool is_phrase, int keep,
                                   struct sp_error *err) SP_MUST_CHECK;

enum sp_status sp_saf_put_group(struct sp_saf_db *db, const struct sp_saf_group *group,
                                struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_get_group(struct sp_saf_db *db, struct sp_str id, struct sp_arena *arena,
                                struct sp_saf_group *ret_group, struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_drop_group(struct sp_saf_db *db, struct sp_str id, struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_each_group(struct sp_saf_db *db, sp_saf_each_fn *fn, void *arg,
                                 struct sp_error *err) SP_MUST_CHECK;

enum sp_status sp_saf_put_connect(struct sp_saf_db *db, const struct sp_saf_connect *connect,
                                  struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_get_connect(struct sp_saf_db *db, struct sp_str user, struct sp_str group,
                                  struct sp_arena *arena, struct sp_saf_connect *ret_connect,
                                  struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_drop_connect(struct sp_saf_db *db, struct sp_str user, struct sp_str group,
                                   struct sp_error *err) SP_MUST_CHECK;
/* `user` or `group` empty: any. */
enum sp_status sp_saf_each_connect(struct sp_saf_db *db, struct sp_str user, struct sp_str group,
                                   sp_saf_each_fn *fn, void *arg, struct sp_error *err) SP_MUST_CHECK;

/* Dropping a profile drops its access lists, members and SSIGNON with it. `class` empty: every class. */
enum sp_status sp_saf_put_profile(struct sp_saf_db *db, const struct sp_saf_profile *profile,
                                  struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_get_profile(struct sp_saf_db *db, struct sp_str class, struct sp_str name,
                                  struct sp_arena *arena, struct sp_saf_profile *ret_profile,
                                  struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_drop_profile(struct sp_saf_db *db, struct sp_str class, struct sp_str name,
                                   struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_each_profile(struct sp_saf_db *db, struct sp_str class, sp_saf_each_fn *fn, void *arg,
                                   struct sp_error *err) SP_MUST_CHECK;

enum sp_status sp_saf_put_access(struct sp_saf_db *db, const struct sp_saf_access_entry *entry,
                                 struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_drop_access(struct sp_saf_db *db, const struct sp_saf_access_entry *entry,
                                  struct sp_error *err) SP_MUST_CHECK;
/* `class` and `profile` empty: of all profiles; `id` empty: of anybody. */
enum sp_status sp_saf_each_access(struct sp_saf_db *db, struct sp_str class, struct sp_str profile,
                                  struct sp_str id, sp_saf_each_fn *fn, void *arg,
                                  struct sp_error *err) SP_MUST_CHECK;

enum sp_status sp_saf_put_member(struct sp_saf_db *db, const struct sp_saf_member *member,
                                 struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_drop_member(struct sp_saf_db *db, const struct sp_saf_member *member,
                                  struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_each_member(struct sp_saf_db *db, struct sp_str class, struct sp_str profile,
                                  sp_saf_each_fn *fn, void *arg, struct sp_error *err) SP_MUST_CHECK;

enum sp_status sp_saf_put_class(struct sp_saf_db *db, const struct sp_saf_class *class,
                                struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_each_class(struct sp_saf_db *db, sp_saf_each_fn *fn, void *arg,
                                 struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_put_options(struct sp_saf_db *db, const struct sp_saf_options *options,
                                  struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_get_options(struct sp_saf_db *db, struct sp_saf_options *ret_options,
                                  struct sp_error *err) SP_MUST_CHECK;

enum sp_status sp_saf_put_passticket(struct sp_saf_db *db, const struct sp_saf_passticket_profile *value,
                                     struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_get_passticket(struct sp_saf_db *db, struct sp_str profile, struct sp_arena *arena,
                                     struct sp_saf_passticket_profile *ret_value,
                                     struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_drop_passticket(struct sp_saf_db *db, struct sp_str profile,
                                      struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_each_passticket(struct sp_saf_db *db, sp_saf_each_fn *fn, void *arg,
                                      struct sp_error *err) SP_MUST_CHECK;
/* Keys under labels. Passing over them all leaves the secrets empty. */
enum sp_status sp_saf_put_key(struct sp_saf_db *db, const struct sp_saf_key *key,
                              struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_get_key(struct sp_saf_db *db, struct sp_str label, struct sp_arena *arena,
                              struct sp_saf_key *ret_key, struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_drop_key(struct sp_saf_db *db, struct sp_str label, struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_each_key(struct sp_saf_db *db, sp_saf_each_fn *fn, void *arg,
                               struct sp_error *err) SP_MUST_CHECK;
/* Commit without raising the version: for what images do not hold (failed tries, last use). */
enum sp_status sp_saf_db_commit_quiet(struct sp_saf_db *db, struct sp_error *err) SP_MUST_CHECK;

/* Remember that a ticket was used until `until` (seconds since 1970); SP_EEXISTS when it was already. Old
 * ones are forgotten. Shared by all processes on this database. In a transaction of its own. */
enum sp_status sp_saf_use_passticket(struct sp_saf_db *db, struct sp_str user, struct sp_str appl,
                                     struct sp_str ticket, int64_t until, struct sp_error *err) SP_MUST_CHECK;

enum sp_status sp_saf_put_certificate(struct sp_saf_db *db, const struct sp_saf_certificate *certificate,
                                      struct sp_error *err) SP_MUST_CHECK;
/* `with_key` false: the private key stays encrypted where it is, and `private_key` is empty. A put stores the
 * key it is given, none when it is empty: get with the key before changing something else. Keys that were got
 * are the caller's to wipe. */
enum sp_status sp_saf_get_certificate(struct sp_saf_db *db, enum sp_saf_cert_owner owner_kind,
                                      struct sp_str owner, struct sp_str label, bool with_key,
                                      struct sp_arena *arena, struct sp_saf_certificate *ret_certificate,
                                      struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_drop_certificate(struct sp_saf_db *db, enum sp_saf_cert_owner owner_kind,
                                       struct sp_str owner, struct sp_str label,
                                       struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_each_certificate(struct sp_saf_db *db, bool with_keys, sp_saf_each_fn *fn, void *arg,
                                       struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_put_ring(struct sp_saf_db *db, const struct sp_saf_ring *ring,
                               struct sp_error *err) SP_MUST_CHECK;
/* With its connections. */
enum sp_status sp_saf_drop_ring(struct sp_saf_db *db, const struct sp_saf_ring *ring,
                                struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_each_ring(struct sp_saf_db *db, struct sp_str owner, sp_saf_each_fn *fn, void *arg,
                                struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_put_ring_entry(struct sp_saf_db *db, const struct sp_saf_ring_entry *entry,
                                     struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_drop_ring_entry(struct sp_saf_db *db, const struct sp_saf_ring_entry *entry,
                                      struct sp_error *err) SP_MUST_CHECK;
/* `owner` and `ring` empty: of all rings. In the order in which they were connected. */
enum sp_status sp_saf_each_ring_entry(struct sp_saf_db *db, struct sp_str owner, struct sp_str ring,
                                      sp_saf_each_fn *fn, void *arg, struct sp_error *err) SP_MUST_CHECK;

enum sp_status sp_saf_put_cert_filter(struct sp_saf_db *db, const struct sp_saf_cert_filter *filter,
                                      struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_drop_cert_filter(struct sp_saf_db *db, struct sp_str subject, struct sp_str issuer,
                                       struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_each_cert_filter(struct sp_saf_db *db, sp_saf_each_fn *fn, void *arg,
                                       struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_put_identity_filter(struct sp_saf_db *db, const struct sp_saf_identity_filter *filter,
                                          struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_get_identity_filter(struct sp_saf_db *db, struct sp_str name, struct sp_str registry,
                                          struct sp_arena *arena, struct sp_saf_identity_filter *ret_filter,
                                          struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_drop_identity_filter(struct sp_saf_db *db, struct sp_str name, struct sp_str registry,
                                           struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_saf_each_identity_filter(struct sp_saf_db *db, sp_saf_each_fn *fn, void *arg,
                                           struct sp_error *err) SP_MUST_CHECK;

#endif
