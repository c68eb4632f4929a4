/* SPDX-License-Identifier: Apache-2.0
 * PASSWORD and PHRASE, which are one command: IBM "RACF Command Language Reference".
 */
#include "base/secret.h"
#include "saf/command_authority.h"
#include "saf/password_history.h"
#include "saf/password_rule.h"
#include "saf/verifier.h"

enum code { USER, PASSWORD, PHRASE, INTERVAL, NOINTERVAL };

static const struct sp_keyword keywords[] = {
    {"USER", USER, SP_LIST},         {"PASSWORD", PASSWORD, SP_LIST},        {"PHRASE", PHRASE, SP_LIST},
    {"INTERVAL", INTERVAL, SP_LIST}, {"NOINTERVAL", NOINTERVAL, SP_NO_LIST},
};
enum { KEYWORDS = sizeof keywords / sizeof keywords[0], INTERVAL_MAX = 254 };

struct change {
    const struct sp_saf_operand *users;
    struct {
        struct sp_str current, new;
    } password, phrase; /* ptr NULL: not given */
    int64_t interval;   /* 0: not given, -1: NOINTERVAL */
};

/* "current new". */
static int take_pair(struct sp_run *run, const struct sp_saf_operand *o, struct sp_str *ret_current,
                     struct sp_str *ret_new)
{
    const struct sp_saf_operand *first = o->first;
    if (!first || !first->next || first->next->next || first->has_list || first->next->has_list)
        return sp_say(run, SP_RC_SEVERE, "IKJ56701I", "MISSING %.*s VALUE: the current one and the new one",
                      SP_STR_ARG(o->text));
    *ret_current = first->text;
    *ret_new = first->next->text;
    return SP_RC_OK;
}

static int take_interval(struct sp_run *run, const struct sp_saf_operand *o, int64_t *ret_interval)
{
    int most = run->options.interval > 0 ? run->options.interval : INTERVAL_MAX;
    struct sp_str text = sp_single(run, o);
    int64_t days;
    if (!text.ptr)
        return SP_RC_SEVERE;
    if (sp_str_to_i64(text, &days) || days < 1 || days > most)
        return sp_say(run, SP_RC_ERROR, "ICH08003I", "INVALID INTERVAL, %.*s: 1 to %d days", SP_STR_ARG(text),
                      most);
    *ret_interval = days;
    return SP_RC_OK;
}

static int read_operands(struct sp_run *run, struct change *c)
{
    for (const struct sp_saf_operand *o = run->command->operands; o; o = o->next) {
        const struct sp_keyword *keyword;
        int rc = sp_keyword_of(run, keywords, KEYWORDS, o, &keyword);
        if (rc)
            return rc;
        if (keyword->code == USER)
            c->users = o->first ? o : NULL;
        else if (keyword->code == PASSWORD)
            rc = take_pair(run, o, &c->password.current, &c->password.new);
        else if (keyword->code == PHRASE)
            rc = take_pair(run, o, &c->phrase.current, &c->phrase.new);
        else if (keyword->code == INTERVAL)
            rc = take_interval(run, o, &c->interval);
        else
            c->interval = -1;
        if (rc)
            return rc;
    }
    return SP_RC_OK;
}

/* A message, or NULL when the new one may be taken. `current` and `new` are folded already. */
static int check_change(struct sp_run *run, const struct sp_saf_user *user, bool is_phrase,
                        struct sp_str current, struct sp_str new)
{
    const struct sp_saf_verifier *slot = is_phrase ? &user->phrase : &user->password;
    unsigned expired = is_phrase ? SP_SAF_PHRASE_EXPIRED : SP_SAF_PASSWORD_EXPIRED;
    struct sp_error why = SP_ERROR_INIT;
    if (!slot->encoded.len)
        return sp_say(run, SP_RC_ERROR, "ICH08008I", "USER %.*s has no %s", SP_STR_ARG(user->id),
                      is_phrase ? "phrase" : "password");
    if (sp_verifier_check(slot->encoded, current, NULL))
        return sp_say(run, SP_RC_ERROR, is_phrase ? "ICH08022I" : "ICH08005I",
                      "the first value is not the current %s", is_phrase ? "phrase" : "password");
    if (sp_str_eq(current, new))
        return sp_say(run, SP_RC_ERROR, is_phrase ? "ICH08021I" : "ICH08002I",
                      "the new %s is the current one", is_phrase ? "phrase" : "password");
    if (!(user->flags & expired) && slot->changed != SP_SAF_NO_DATE &&
        run->today - slot->changed < run->options.min_change)
        return sp_say(run, SP_RC_ERROR, is_phrase ? "ICH08018I" : "ICH08017I",
                      "it can be changed %d days after its last change", run->options.min_change);
    enum sp_status status = is_phrase ? sp_phrase_check_new(user->id, new, &why)
                                      : sp_password_check_new(&run->options, new, &why);
    if (status)
        return sp_say(run, SP_RC_ERROR, is_phrase ? "ICH08020I" : "ICH08014I", "%s", why.text);
    if (sp_password_used_before(run->db, &run->options, user, new, is_phrase))
        return sp_say(run, SP_RC_ERROR, is_phrase ? "ICH08024I" : "ICH08015I", "the new %s was used before",
                      is_phrase ? "phrase" : "password");
    return SP_RC_OK;
}

static int store(struct sp_run *run, struct sp_saf_user *user, bool is_phrase, struct sp_str new)
{
    struct sp_saf_verifier *slot = is_phrase ? &user->phrase : &user->password;
    struct sp_buf verifier;
    sp_buf_init(&verifier, 256);
    enum sp_status status = sp_verifier_make(new, &verifier, &run->err);
    if (!status)
        status = sp_password_keep(run->db, &run->options, user, is_phrase, &run->err);
    if (!status) {
        slot->encoded = sp_arena_str(run->arena, sp_buf_str(&verifier));
        slot->changed = run->today;
        user->flags &= ~(unsigned)(is_phrase ? SP_SAF_PHRASE_EXPIRED : SP_SAF_PASSWORD_EXPIRED);
    }
    sp_buf_wipe(&verifier);
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}

static int change_secret(struct sp_run *run, struct sp_saf_user *user, bool is_phrase, struct sp_str current,
                         struct sp_str new)
{
    char *texts[] = {sp_arena_cstr(run->arena, current), sp_arena_cstr(run->arena, new)};
    if (!texts[0] || !texts[1])
        return sp_run_failed(run, sp_error_set(&run->err, SP_ENOMEM, NULL, "no memory for a command"));
    if (!is_phrase) {
        sp_password_fold(&run->options, texts[0], current.len);
        sp_password_fold(&run->options, texts[1], new.len);
    }
    current.ptr = texts[0];
    new.ptr = texts[1];
    int rc = check_change(run, user, is_phrase, current, new);
    return rc ? rc : store(run, user, is_phrase, new);
}

static int change_one(struct sp_run *run, void *arg, struct sp_str id)
{
    const struct change *c = arg;
    struct sp_saf_user user;
    bool own = sp_str_eq(id, run->issuer.id);
    enum sp_status status = sp_saf_get_user(run->db, id, run->arena, &user, &run->err);
    if (status == SP_ENOTFOUND)
        return sp_say(run, SP_RC_ERROR, "ICH08001I", "USER %.*s is not defined", SP_STR_ARG(id));
    if (status)
        return sp_run_failed(run, status);
    if (!own && (c->password.new.ptr || c->phrase.new.ptr))
        return sp_say(run, SP_RC_ERROR, "ICH08009I",
                      "a user changes his own password and phrase only; ALTUSER sets those of others");
    bool administers = sp_may_administer(run, user.owner);
    if (c->interval && !administers && (!own || c->interval < 0))
        return sp_say(run, SP_RC_ERROR, "ICH08007I", "NOT AUTHORIZED to change the interval of USER %.*s",
                      SP_STR_ARG(id));
    int rc = SP_RC_OK;
    if (c->password.new.ptr)
        rc = change_secret(run, &user, false, c->password.current, c->password.new);
    if (!rc && c->phrase.new.ptr)
        rc = change_secret(run, &user, true, c->phrase.current, c->phrase.new);
    if (rc)
        return rc;
    if (c->interval)
        user.password_interval = user.phrase_interval = (int)c->interval;
    status = sp_saf_put_user(run->db, &user, &run->err);
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}

int sp_cmd_password(struct sp_run *run)
{
    struct change c = {.users = NULL};
    run->discreet = true;
    int rc = read_operands(run, &c);
    if (rc)
        return rc;
    if (!c.interval && !c.password.new.ptr && !c.phrase.new.ptr)
        return sp_say(run, SP_RC_SEVERE, "IKJ56701I",
                      "nothing to change: PASSWORD, PHRASE, INTERVAL or NOINTERVAL is needed");
    if (!c.users)
        return change_one(run, &c, run->issuer.id);
    /* The names are the operands inside USER( ). */
    struct sp_saf_operand names = {.has_list = true, .first = c.users->first};
    return sp_each_name(run, &names, "USERID", change_one, &c);
}

int sp_cmd_phrase(struct sp_run *run)
{
    return sp_cmd_password(run);
}
