/* SPDX-License-Identifier: Apache-2.0
 * SSIGNON of RDEFINE and RALTER: how PassTickets of an application are made and checked.
 */
#include "base/secret.h"
#include "saf/cmd_profile.h"

enum { ENHANCED_TIMEOUT = 60, TIMEOUT_MAX = 600 };

enum code {
    UNSUPPORTED = -1,
    KEYMASKED,
    KEYENCRYPTED,
    KEYLABEL,
    EPTKEYLABEL,
    TYPE,
    TIMEOUT,
    REPLAY,
};

static const struct sp_keyword keywords[] = {
    {"KEYMASKED", KEYMASKED, SP_LIST},
    {"KEYENCRYPTED", KEYENCRYPTED, SP_LIST},
    {"KEYLABEL", KEYLABEL, SP_LIST},
    {"EPTKEYLABEL", EPTKEYLABEL, SP_LIST},
    {"TYPE", TYPE, SP_LIST},
    {"TIMEOUT", TIMEOUT, SP_LIST},
    {"REPLAY", REPLAY, SP_LIST},
    {"LEGACYKEY", UNSUPPORTED, SP_MAY_LIST},
    {"NOLEGACYKEY", UNSUPPORTED, SP_NO_LIST},
    {"NOEPTKEYLABEL", UNSUPPORTED, SP_NO_LIST},
};
enum { KEYWORDS = sizeof keywords / sizeof keywords[0] };

static int digit_of(char c)
{
    c = sp_upper(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The text is a key in clear: it is not said. */
static int take_hex(struct sp_run *run, const struct sp_saf_operand *o, struct sp_str *ret_hex)
{
    struct sp_str text = sp_single(run, o);
    if (!text.ptr)
        return SP_RC_SEVERE;
    bool good = text.len == 2 * SP_PASSTICKET_LEGACY_KEY_LEN;
    for (size_t i = 0; i < text.len && good; i++)
        good = digit_of(text.ptr[i]) >= 0;
    if (!good)
        return sp_say(run, SP_RC_SEVERE, "IKJ56702I", "INVALID %.*s VALUE: 16 hexadecimal digits",
                      SP_STR_ARG(o->text));
    *ret_hex = text;
    return SP_RC_OK;
}

static int take_label(struct sp_run *run, const struct sp_saf_operand *o, struct sp_str *ret_label)
{
    struct sp_str text = sp_single(run, o);
    if (!text.ptr)
        return SP_RC_SEVERE;
    *ret_label = sp_upper_of(run, text);
    return sp_saf_key_label_ok(*ret_label)
               ? SP_RC_OK
               : sp_say(run, SP_RC_SEVERE, "IKJ56702I",
                        "INVALID LABEL, %.*s: 1 to %u of A-Z, 0-9, #, $, @ and periods", SP_STR_ARG(text),
                        SP_SAF_KEY_LABEL_MAX);
}

static int take_choice(struct sp_run *run, const struct sp_saf_operand *o, const char *no, const char *yes,
                       bool *ret_yes)
{
    const char *const names[] = {no, yes};
    struct sp_str text = sp_single(run, o);
    size_t index;
    if (!text.ptr)
        return SP_RC_SEVERE;
    if (sp_saf_keyword_find(names, 2, text, &index, NULL))
        return sp_say(run, SP_RC_SEVERE, "IKJ56702I", "INVALID %.*s VALUE, %.*s: %s or %s",
                      SP_STR_ARG(o->text), SP_STR_ARG(text), yes, no);
    *ret_yes = index == 1;
    return SP_RC_OK;
}

static int take_keyword(struct sp_run *run, struct sp_ssignon *s, int code, const struct sp_saf_operand *o)
{
    bool yes = false;
    int rc;
    switch (code) {
    case KEYMASKED:
    case KEYENCRYPTED:
    case KEYLABEL:
    case EPTKEYLABEL:
        if (s->set_key)
            return sp_say(run, SP_RC_SEVERE, "IKJ56712I", "a profile has one key: %.*s is one too many",
                          SP_STR_ARG(o->text));
        s->set_key = true;
        s->legacy = code != EPTKEYLABEL;
        return code == KEYMASKED || code == KEYENCRYPTED ? take_hex(run, o, &s->hex)
                                                         : take_label(run, o, &s->label);
    case TYPE:
        s->set_type = true;
        rc = take_choice(run, o, "UPPER", "MIXED", &yes);
        s->type = yes ? SP_PASSTICKET_MIXED : SP_PASSTICKET_UPPER;
        return rc;
    case TIMEOUT:
        s->set_timeout = true;
        return sp_single_number(run, o, 1, TIMEOUT_MAX, &s->timeout) ? SP_RC_OK : SP_RC_SEVERE;
    default:
        s->set_replay = true;
        return take_choice(run, o, "NO", "YES", &s->replay_allowed);
    }
}

int sp_take_ssignon(struct sp_run *run, const struct sp_saf_operand *operand, struct sp_ssignon *ssignon)
{
    *ssignon = (struct sp_ssignon){.given = true};
    for (const struct sp_saf_operand *o = operand->first; o; o = o->next) {
        const struct sp_keyword *keyword;
        run->discreet = true;
        int rc = sp_keyword_of(run, keywords, KEYWORDS, o, &keyword);
        run->discreet = false;
        if (!rc)
            rc = take_keyword(run, ssignon, keyword->code, o);
        if (rc)
            return rc;
    }
    return operand->first ? SP_RC_OK : sp_say(run, SP_RC_SEVERE, "IKJ56701I", "MISSING SSIGNON VALUE");
}

static void set_key(const struct sp_ssignon *s, struct sp_saf_passticket_profile *entry)
{
    entry->key.kind = s->legacy ? SP_PASSTICKET_LEGACY : SP_PASSTICKET_UPPER;
    entry->key_label = s->label.len ? s->label : SP_STR("");
    entry->key.len = s->hex.len / 2;
    for (size_t i = 0; i < entry->key.len; i++)
        entry->key.bytes[i] =
            (unsigned char)(digit_of(s->hex.ptr[2 * i]) << 4 | digit_of(s->hex.ptr[2 * i + 1]));
    entry->timeout = s->legacy ? 0 : ENHANCED_TIMEOUT;
}

/* A label may be named before its key is there; tickets are refused until it is. */
static int check_label(struct sp_run *run, const struct sp_saf_passticket_profile *entry)
{
    struct sp_saf_key key;
    bool legacy = entry->key.kind == SP_PASSTICKET_LEGACY;
    if (!entry->key_label.len)
        return SP_RC_OK;
    enum sp_status status = sp_saf_get_key(run->db, entry->key_label, run->arena, &key, &run->err);
    if (status == SP_ENOTFOUND)
        return sp_say(run, SP_RC_WARNING, "SAF0012W",
                      "no key is stored under label %.*s yet: 'sallyport saf key add' stores it",
                      SP_STR_ARG(entry->key_label));
    if (status)
        return sp_run_failed(run, status);
    bool fits = legacy == (key.secret.len == SP_PASSTICKET_LEGACY_KEY_LEN);
    sp_secret_wipe((char *)(uintptr_t)key.secret.ptr, key.secret.len);
    return fits ? SP_RC_OK
                : sp_say(run, SP_RC_ERROR, "SAF0013E", "the key under label %.*s is for %s PassTickets",
                         SP_STR_ARG(entry->key_label), legacy ? "enhanced" : "legacy");
}

int sp_apply_ssignon(struct sp_run *run, const struct sp_ssignon *ssignon,
                     const struct sp_saf_profile *profile)
{
    struct sp_saf_passticket_profile entry = {.profile = profile->name};
    if (!ssignon->given && !ssignon->remove)
        return SP_RC_OK;
    if (profile->generic && ssignon->given)
        return sp_say(run, SP_RC_ERROR, "SAF0014E",
                      "a profile with a PassTicket key must be discrete: %.*s is generic",
                      SP_STR_ARG(profile->name));
    enum sp_status status = sp_saf_get_passticket(run->db, profile->name, run->arena, &entry, &run->err);
    bool known = status == SP_OK;
    if (status && status != SP_ENOTFOUND)
        return sp_run_failed(run, status);
    if (ssignon->remove) {
        status = known ? sp_saf_drop_passticket(run->db, profile->name, &run->err) : SP_OK;
        sp_secret_wipe(entry.key.bytes, sizeof entry.key.bytes);
        return status ? sp_run_failed(run, status) : SP_RC_OK;
    }
    if (!known && !ssignon->set_key)
        return sp_say(run, SP_RC_ERROR, "SAF0015E",
                      "profile %.*s has no key: KEYMASKED, KEYENCRYPTED, KEYLABEL or EPTKEYLABEL is needed",
                      SP_STR_ARG(profile->name));
    if (ssignon->set_key)
        set_key(ssignon, &entry);
    if ((ssignon->set_type || ssignon->set_timeout || ssignon->set_replay) &&
        entry.key.kind == SP_PASSTICKET_LEGACY) {
        sp_secret_wipe(entry.key.bytes, sizeof entry.key.bytes);
        return sp_say(run, SP_RC_ERROR, "SAF0016E",
                      "TYPE, TIMEOUT and REPLAY are of enhanced PassTickets (EPTKEYLABEL)");
    }
    if (ssignon->set_type)
        entry.key.kind = ssignon->type;
    if (ssignon->set_timeout)
        entry.timeout = (int)ssignon->timeout;
    if (ssignon->set_replay)
        entry.replay_allowed = ssignon->replay_allowed;
    status = sp_saf_put_passticket(run->db, &entry, &run->err);
    sp_secret_wipe(entry.key.bytes, sizeof entry.key.bytes);
    return status ? sp_run_failed(run, status) : check_label(run, &entry);
}
