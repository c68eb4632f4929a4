/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/password_history.h"

#include "base/clock.h"
#include "saf/verifier.h"

#define HISTORY_MAX 32

struct history_walk {
    struct sp_str text;
    int left;
    bool found;
};

static enum sp_status compare_old(void *arg, const void *value)
{
    struct history_walk *walk = arg;
    const struct sp_saf_history *old = value;
    if (walk->left-- <= 0)
        return SP_ECANCELED;
    walk->found = sp_verifier_check(old->encoded, walk->text, NULL) == SP_OK;
    return walk->found ? SP_ECANCELED : SP_OK;
}

bool sp_password_used_before(struct sp_saf_db *db, const struct sp_saf_options *options,
                             const struct sp_saf_user *user, struct sp_str text, bool is_phrase)
{
    struct sp_str current = is_phrase ? user->phrase.encoded : user->password.encoded;
    if (current.len && sp_verifier_check(current, text, NULL) == SP_OK)
        return true;
    struct history_walk walk = {text, options->history, false};
    enum sp_status ignored = sp_saf_each_history(db, user->id, is_phrase, compare_old, &walk, NULL);
    (void)ignored; /* a broken history does not keep anybody from changing a password */
    return walk.found;
}

enum sp_status sp_password_keep(struct sp_saf_db *db, const struct sp_saf_options *options,
                                const struct sp_saf_user *user, bool is_phrase, struct sp_error *err)
{
    struct sp_str old = is_phrase ? user->phrase.encoded : user->password.encoded;
    if (!old.len || options->history <= 0)
        return SP_OK;
    struct sp_saf_history entry = {
        .user = user->id, .is_phrase = is_phrase, .changed_us = sp_clock_realtime_us(), .encoded = old};
    enum sp_status status = sp_saf_put_history(db, &entry, err);
    return status ? status : sp_saf_trim_history(db, user->id, is_phrase, HISTORY_MAX, err);
}
