/* SPDX-License-Identifier: Apache-2.0
 * ltpa_keys.h: the keys of an ltpa element: those that make cookies, and those that are accepted besides.
 */
#ifndef SP_AUTHN_LTPA_KEYS_H
#define SP_AUTHN_LTPA_KEYS_H

#include "config/config.h"
#include "crypto/ltpa.h"

#define SP_LTPA_VALIDATION_KEYS_MAX 32u

/* Where the keys are: copies, so that a thread may read them while the configuration changes. Counted. */
struct sp_ltpa_sources;

struct sp_ltpa_key_set {
    struct sp_ltpa_keys *keys[1 + SP_LTPA_VALIDATION_KEYS_MAX]; /* the first makes cookies */
    int64_t until_ms[1 + SP_LTPA_VALIDATION_KEYS_MAX];          /* when they end, since 1970 */
    uint64_t file[1 + SP_LTPA_VALIDATION_KEYS_MAX];             /* from which: a hash of its path */
    size_t count;
    /* Files that are there and could not be used. */
    uint64_t broken[SP_LTPA_VALIDATION_KEYS_MAX];
    int64_t broken_until_ms[SP_LTPA_VALIDATION_KEYS_MAX];
    size_t broken_count;
    uint64_t stamp; /* of the files: another one when one of them has changed */
};

/* SP_EINVAL (a date that is none, too many validationKeys), SP_ENOMEM. */
enum sp_status sp_ltpa_sources_new(const struct sp_cfg_ltpa *config, struct sp_ltpa_sources **ret_sources,
                                   struct sp_error *err) SP_MUST_CHECK;
struct sp_ltpa_sources *sp_ltpa_sources_hold(struct sp_ltpa_sources *sources);
/* Wipes the passwords. Any thread. Accepts NULL. */
void sp_ltpa_sources_release(struct sp_ltpa_sources *sources);

/* Whether nothing of them was written within the last seconds: until then a file that cannot be used may be
 * one that somebody is writing; blocks. */
bool sp_ltpa_sources_settled(const struct sp_ltpa_sources *sources, int64_t now_us);
/* Read all files; blocks. Only plain files are read that nobody but their owner may write, and nobody beside
 * their group may read: who plants keys is anybody. The keys that make cookies must be there; other files
 * that are not there or cannot be read are named in `ret_problem` (SP_OK: none; the first of them, and how
 * many there are), and the rest is taken. With monitorValidationKeysDir all other files *.keys beside the
 * first are validation keys too, in the order of their names, where others may not write into the directory.
 * SP_ENOTFOUND, SP_EIO, SP_EDENIED, and what sp_ltpa_keys_read says, with the file's name. */
enum sp_status sp_ltpa_key_set_read(const struct sp_ltpa_sources *sources, struct sp_ltpa_key_set **ret_set,
                                    struct sp_error *ret_problem, struct sp_error *err) SP_MUST_CHECK;
/* What became unreadable stays as it was: moves the validation keys of `old` whose file is broken in `set`.
 */
void sp_ltpa_key_set_keep(struct sp_ltpa_key_set *set, struct sp_ltpa_key_set *old);
/* What the stamp of a set that is read now would be; blocks. */
uint64_t sp_ltpa_sources_stamp(const struct sp_ltpa_sources *sources);
/* Accepts NULL. */
void sp_ltpa_key_set_free(struct sp_ltpa_key_set *set);

/* "2027-01-31T12:00:00+01:00" or with Z, seconds and their fraction may be left out (ISO 8601): milliseconds
 * since 1970. SP_ESYNTAX. */
enum sp_status sp_ltpa_date_read(struct sp_str text, int64_t *ret_ms) SP_MUST_CHECK;

#endif
