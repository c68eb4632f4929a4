/* SPDX-License-Identifier: Apache-2.0
 * RACROUTE REQUEST=VERIFY: is this user who he says he is, and may he come in? The order is in docs/saf.md.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/secret.h"
#include "saf/audit_event.h"
#include "saf/check_user.h"
#include "saf/handle.h"
#include "saf/password_history.h"
#include "saf/password_rule.h"
#include "saf/verifier.h"

#define LAST_USE_EVERY \
    60 /* seconds: a user who comes a hundred times a second is not written a hundred times */

struct verification {
    struct sp_saf *saf;
    struct sp_saf_db *db;
    const struct sp_saf_image *image;
    const struct sp_saf_verify *request;
    struct sp_arena *arena;
    struct sp_saf_options options;
    struct sp_saf_user user;
    char password[SP_SAF_PHRASE_MAX + 1]; /* folded; wiped at the end */
    size_t password_len;
    bool is_phrase;
    bool outdated; /* the verifier is to be made anew */
    int64_t now;   /* seconds since 1970 */
    struct sp_error *err;
};

static void outcome(struct sp_saf_verified *ret, enum sp_saf_verify_outcome what)
{
    const struct sp_saf_verified codes = sp_saf_verified_of(what);
    ret->outcome = what;
    ret->saf_rc = codes.saf_rc;
    ret->racf_rc = codes.racf_rc;
    ret->racf_reason = codes.racf_reason;
}

/* ---- PassTickets ---- */

enum ticket { TICKET_NONE, TICKET_GOOD, TICKET_BAD };

/* Evaluate with the key of one profile; TICKET_NONE when there is no such key or the text was not made with
 * it. */
static enum ticket try_profile(struct verification *v, struct sp_str profile, int *ret_age)
{
    struct sp_saf_passticket_profile entry;
    struct sp_saf_profile described;
    if (!profile.ptr || sp_saf_get_passticket(v->db, profile, v->arena, &entry, NULL) ||
        sp_saf_get_profile(v->db, SP_STR("PTKTDATA"), profile, v->arena, &described, NULL))
        return TICKET_NONE;
    int64_t made = 0, window = entry.timeout > 0 ? entry.timeout : SP_PASSTICKET_WINDOW;
    enum sp_status status =
        sp_passticket_time(&entry.key, v->user.id, v->request->appl, v->request->password, &made, NULL);
    sp_secret_wipe(&entry.key, sizeof entry.key);
    if (status || made < v->now - window || made > v->now + window)
        return TICKET_NONE;
    *ret_age = (int)(v->now - made);
    if (entry.replay_allowed || sp_str_starts(described.appl_data, SP_STR("NO REPLAY PROTECTION")))
        return TICKET_GOOD;
    status =
        sp_saf_use_passticket(v->db, v->user.id, v->request->appl, v->request->password, made + window, NULL);
    return status ? TICKET_BAD : TICKET_GOOD;
}

/* Qualified profiles first, the first of them that exists; the plain one when none does or the ticket was not
 * made with its key. */
static enum ticket try_ticket(struct verification *v, struct sp_saf_verified *ret)
{
    const struct sp_saf_image_class *class = sp_saf_image_find_class(v->image, SP_STR("PTKTDATA"));
    struct sp_str appl = v->request->appl;
    if (!class || !class->settings.active || !appl.len || v->request->password.len != SP_PASSTICKET_LEN)
        return TICKET_NONE;
    struct sp_str group = v->request->group.len ? v->request->group : v->user.default_group;
    struct sp_str names[] = {
        sp_arena_printf(v->arena, "%.*s.%.*s.%.*s", SP_STR_ARG(appl), SP_STR_ARG(group),
                        SP_STR_ARG(v->user.id)),
        sp_arena_printf(v->arena, "%.*s.%.*s", SP_STR_ARG(appl), SP_STR_ARG(v->user.id)),
        sp_arena_printf(v->arena, "%.*s.%.*s", SP_STR_ARG(appl), SP_STR_ARG(group)),
    };
    enum ticket result = TICKET_NONE;
    for (size_t i = 0; i < 3; i++) {
        struct sp_saf_passticket_profile entry;
        if (!names[i].ptr || sp_saf_get_passticket(v->db, names[i], v->arena, &entry, NULL))
            continue;
        sp_secret_wipe(&entry.key, sizeof entry.key);
        result = try_profile(v, names[i], &ret->ticket_age);
        break;
    }
    if (result == TICKET_NONE)
        result = try_profile(v, appl, &ret->ticket_age);
    ret->by_passticket = result != TICKET_NONE;
    return result;
}

/* ---- passwords ---- */

static bool take_password(struct verification *v, struct sp_str text)
{
    if (text.len > SP_SAF_PHRASE_MAX)
        return false;
    memcpy(v->password, text.ptr ? text.ptr : "", text.len);
    v->password_len = text.len;
    v->is_phrase = text.len > SP_SAF_PASSWORD_MAX;
    if (!v->is_phrase)
        sp_password_fold(&v->options, v->password, text.len);
    return true;
}

static bool password_is_right(struct verification *v)
{
    struct sp_str text = sp_str_from(v->password, v->password_len);
    struct sp_str verifier = v->is_phrase ? v->user.phrase.encoded : v->user.password.encoded;
    if (!verifier.len) {
        sp_verifier_pretend(text);
        return false;
    }
    return text.len && sp_verifier_check(verifier, text, &v->outdated) == SP_OK;
}

/* Days until the password or phrase that was given expires, 0 when it is expired; -1: it does not. */
static int days_left(const struct verification *v)
{
    unsigned flag = v->is_phrase ? SP_SAF_PHRASE_EXPIRED : SP_SAF_PASSWORD_EXPIRED;
    int own = v->is_phrase ? v->user.phrase_interval : v->user.password_interval;
    int common =
        v->is_phrase && v->options.phrase_interval ? v->options.phrase_interval : v->options.interval;
    int interval = own ? own : common;
    int32_t changed = v->is_phrase ? v->user.phrase.changed : v->user.password.changed;
    if (v->user.flags & flag)
        return 0;
    if (interval <= 0 || changed == SP_SAF_NO_DATE)
        return -1;
    int64_t left = (int64_t)changed + interval - sp_saf_today();
    return left > 0 ? (int)left : 0;
}

static bool expired(const struct verification *v)
{
    return days_left(v) == 0;
}

static bool revoked_today(const struct verification *v)
{
    const struct sp_saf_user *u = &v->user;
    int32_t today = sp_saf_today();
    bool revoked = sp_saf_is_revoked(u->flags, u->revoke_date, u->resume_date, today);
    if (v->options.inactive > 0 && u->last_use_date != SP_SAF_NO_DATE &&
        today - u->last_use_date > v->options.inactive)
        revoked = true;
    return revoked;
}

/* Count a failure, and revoke at the limit. The user is read again: others may have counted meanwhile. */
static enum sp_status count_failure(struct verification *v, struct sp_saf_verified *ret)
{
    struct sp_saf_user now;
    enum sp_status status = sp_saf_db_begin(v->db, v->err);
    if (!status)
        status = sp_saf_get_user(v->db, v->user.id, v->arena, &now, v->err);
    if (status)
        return status;
    now.failed_tries++;
    bool revoke = v->options.revoke_after > 0 && now.failed_tries >= v->options.revoke_after &&
                  !(now.flags & SP_SAF_REVOKED) && (now.password.encoded.len || now.phrase.encoded.len);
    if (revoke)
        now.flags |= SP_SAF_REVOKED;
    status = sp_saf_put_user(v->db, &now, v->err);
    if (status)
        return status;
    ret->now_revoked = revoke;
    return revoke ? sp_saf_db_commit(v->db, v->err) : sp_saf_db_commit_quiet(v->db, v->err);
}

/* ---- what a success writes ---- */

/* SP_EINVAL: the new one is not good enough. */
static enum sp_status make_new_password(struct verification *v, struct sp_buf *buf, bool *ret_is_phrase)
{
    char folded[SP_SAF_PHRASE_MAX];
    struct sp_str text = v->request->new_password;
    bool is_phrase = text.len > SP_SAF_PASSWORD_MAX;
    enum sp_status status = text.len > sizeof folded ? SP_EINVAL : SP_OK;
    if (!status) {
        memcpy(folded, text.ptr, text.len);
        if (!is_phrase)
            sp_password_fold(&v->options, folded, text.len);
        text.ptr = folded;
        status = is_phrase ? sp_phrase_check_new(v->user.id, text, v->err)
                           : sp_password_check_new(&v->options, text, v->err);
    }
    int32_t changed = is_phrase ? v->user.phrase.changed : v->user.password.changed;
    if (!status && !expired(v) && changed != SP_SAF_NO_DATE &&
        sp_saf_today() - changed < v->options.min_change)
        status =
            sp_error_set(v->err, SP_EINVAL, NULL, "a password can be changed %d days after its last change",
                         v->options.min_change);
    if (!status && sp_password_used_before(v->db, &v->options, &v->user, text, is_phrase))
        status = sp_error_set(v->err, SP_EINVAL, NULL, "the new password was used before");
    if (!status)
        status = sp_verifier_make(text, buf, v->err);
    sp_secret_wipe(folded, sizeof folded);
    *ret_is_phrase = is_phrase;
    return status;
}

static enum sp_status write_success(struct verification *v, struct sp_str verifier, bool is_phrase,
                                    bool is_new)
{
    struct sp_saf_user now;
    enum sp_status status = sp_saf_db_begin(v->db, v->err);
    if (!status)
        status = sp_saf_get_user(v->db, v->user.id, v->arena, &now, v->err);
    if (status)
        return status;
    now.failed_tries = 0;
    now.last_use_date = sp_saf_today();
    now.last_use_time = (int32_t)(v->now % 86400);
    if (verifier.len) {
        struct sp_saf_verifier *slot = is_phrase ? &now.phrase : &now.password;
        if (is_new) {
            status = sp_password_keep(v->db, &v->options, &now, is_phrase, v->err);
            slot->changed = sp_saf_today();
            now.flags &= ~(unsigned)(is_phrase ? SP_SAF_PHRASE_EXPIRED : SP_SAF_PASSWORD_EXPIRED);
        }
        slot->encoded = verifier;
    }
    if (!status)
        status = sp_saf_put_user(v->db, &now, v->err);
    if (status)
        return status;
    return is_new ? sp_saf_db_commit(v->db, v->err) : sp_saf_db_commit_quiet(v->db, v->err);
}

static bool worth_writing(const struct verification *v)
{
    if (v->user.failed_tries || !v->options.initstats)
        return v->user.failed_tries != 0;
    return v->user.last_use_date != sp_saf_today() ||
           v->now % 86400 - v->user.last_use_time >= LAST_USE_EVERY;
}

static enum sp_status record_success(struct verification *v, struct sp_saf_verified *ret)
{
    struct sp_buf verifier;
    sp_buf_init(&verifier, 256);
    bool is_phrase = v->is_phrase, is_new = v->request->new_password.len && !v->request->without_password;
    enum sp_status status = SP_OK;
    if (is_new) {
        status = make_new_password(v, &verifier, &is_phrase);
        if (status == SP_EINVAL) {
            outcome(ret, SP_SAF_NEW_INVALID);
            sp_buf_wipe(&verifier);
            return SP_OK;
        }
    } else if (v->outdated) {
        status = sp_verifier_make(sp_str_from(v->password, v->password_len), &verifier, v->err);
    }
    if (!status && (verifier.len || worth_writing(v)))
        status = write_success(v, sp_buf_str(&verifier), is_phrase, is_new);
    sp_buf_wipe(&verifier);
    return status;
}

/* ---- may he come in ---- */

static enum sp_saf_verify_outcome check_group(const struct verification *v, struct sp_str *ret_group)
{
    struct sp_str group = v->request->group.len ? v->request->group : v->user.default_group;
    const struct sp_saf_image_user *node = sp_saf_image_find_user(v->image, v->user.id);
    *ret_group = group;
    if (!v->request->group.len)
        return SP_SAF_VERIFIED;
    for (size_t i = 0; node && i < node->group_count; i++)
        if (sp_str_eq(node->groups[i], group))
            return SP_SAF_VERIFIED;
    for (size_t i = node ? node->group_count : 0; node && i < node->connect_count; i++)
        if (sp_str_eq(node->groups[i], group))
            return SP_SAF_GROUP_REVOKED;
    return SP_SAF_NOT_IN_GROUP;
}

static enum sp_saf_verify_outcome admit(const struct verification *v, struct sp_saf_verified *ret)
{
    if (revoked_today(v))
        return SP_SAF_USER_REVOKED;
    if (!v->request->without_password && !ret->by_passticket && expired(v) && !v->request->new_password.len)
        return SP_SAF_EXPIRED;
    enum sp_saf_verify_outcome group = check_group(v, &ret->group);
    if (group != SP_SAF_VERIFIED)
        return group;
    if (!sp_saf_day_and_time_fit(&v->user, v->now))
        return SP_SAF_DAY_TIME;
    return sp_saf_may_use_appl(v->image, v->user.id, ret->group, v->request->appl, v->arena) ? SP_SAF_VERIFIED
                                                                                             : SP_SAF_NO_APPL;
}

static enum sp_status run(struct verification *v, struct sp_saf_verified *ret)
{
    if (!v->request->without_password) {
        enum ticket ticket = try_ticket(v, ret);
        if (ticket == TICKET_BAD || (ticket == TICKET_NONE && !password_is_right(v))) {
            outcome(ret, ticket == TICKET_BAD ? SP_SAF_TICKET_INVALID : SP_SAF_WRONG_PASSWORD);
            return count_failure(v, ret);
        }
    }
    outcome(ret, admit(v, ret));
    if (!v->request->without_password && !ret->by_passticket && !v->request->new_password.len) {
        int days = days_left(v);
        ret->expires_in = days <= v->options.warning ? days : -1;
    }
    return ret->outcome == SP_SAF_VERIFIED ? record_success(v, ret) : SP_OK;
}

enum sp_status sp_saf_verify_blocking(struct sp_saf *saf, const struct sp_saf_verify *request,
                                      struct sp_arena *arena, struct sp_saf_verified *ret_verified,
                                      struct sp_error *err)
{
    struct verification v = {
        .saf = saf, .request = request, .arena = arena, .err = err, .now = sp_clock_realtime_us() / 1000000};
    struct sp_saf_verified result = {.outcome = SP_SAF_UNKNOWN_USER, .expires_in = -1};
    enum sp_status status = sp_saf_borrow_db(saf, &v.db, err);
    if (status)
        return status;
    v.image = sp_saf_image(saf);
    status = sp_saf_get_options(v.db, &v.options, err);
    bool fits = !status && take_password(&v, request->password);
    if (!status)
        status = sp_saf_get_user(v.db, request->user, arena, &v.user, NULL);
    if (status == SP_ENOTFOUND || (!status && !fits)) {
        if (!request->without_password)
            sp_verifier_pretend(sp_str_from(v.password, v.password_len));
        outcome(&result, status ? SP_SAF_UNKNOWN_USER : SP_SAF_WRONG_PASSWORD);
        status = SP_OK;
    } else if (!status) {
        status = run(&v, &result);
    }
    result.group = result.group.len ? sp_arena_str(arena, result.group) : SP_STR("");
    sp_secret_wipe(v.password, sizeof v.password);
    if (!status)
        sp_saf_audit_logon(v.image, request->user, request->appl, request->origin, &result);
    sp_saf_image_release(v.image);
    sp_saf_give_back_db(saf, v.db);
    if (!status)
        *ret_verified = result;
    return status;
}

/* ---- generating PassTickets ---- */

enum sp_status sp_saf_passticket_blocking(struct sp_saf *saf, struct sp_str caller, struct sp_str user,
                                          struct sp_str appl, char ret_ticket[SP_PASSTICKET_LEN + 1],
                                          struct sp_error *err)
{
    struct sp_arena arena;
    sp_arena_init(&arena, 1 << 20);
    struct sp_saf_decision decision;
    const struct sp_saf_image *image = sp_saf_image(saf);
    struct sp_saf_auth auth = {
        .class = SP_STR("PTKTDATA"),
        .user = caller,
        .wanted = SP_SAF_UPDATE,
        .resource = sp_arena_printf(&arena, "IRRPTAUTH.%.*s.%.*s", SP_STR_ARG(appl), SP_STR_ARG(user))};
    sp_saf_decide(image, &auth, &arena, &decision);
    sp_saf_audit_access(image, &auth, &decision);
    enum sp_status status = SP_OK;
    if (!decision.granted)
        status =
            sp_error_set(err, SP_EDENIED, NULL,
                         "8/8/16: %.*s needs UPDATE access to %.*s in class PTKTDATA to generate PassTickets",
                         SP_STR_ARG(caller), SP_STR_ARG(auth.resource));
    sp_saf_image_release(image);
    struct sp_saf_db *db = NULL;
    struct sp_saf_passticket_profile entry;
    if (!status)
        status = sp_saf_borrow_db(saf, &db, err);
    if (!status) {
        status = sp_saf_get_passticket(db, appl, &arena, &entry, NULL);
        if (!status && !entry.key.len)
            status =
                sp_error_set(err, SP_ENOTFOUND, NULL,
                             "8/16/28: no key is stored under the label %.*s, which profile %.*s in class "
                             "PTKTDATA names",
                             SP_STR_ARG(entry.key_label), SP_STR_ARG(appl));
        else if (status == SP_ENOTFOUND)
            status = sp_error_set(err, SP_ENOTFOUND, NULL,
                                  "8/16/28: class PTKTDATA has no profile %.*s with a key (SSIGNON)",
                                  SP_STR_ARG(appl));
        else if (!status)
            status =
                sp_passticket_make(&entry.key, user, appl, sp_clock_realtime_us() / 1000000, ret_ticket, err);
        sp_secret_wipe(&entry.key, sizeof entry.key);
    }
    sp_saf_give_back_db(saf, db);
    sp_arena_finish(&arena);
    return status;
}
