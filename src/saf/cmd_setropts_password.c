/* SPDX-License-Identifier: Apache-2.0
 * SETROPTS PASSWORD(...): IBM "RACF Command Language Reference".
 */
#include "saf/cmd_setropts.h"
#include "saf/password_rule.h"

enum code {
    UNSUPPORTED = -1,
    HISTORY,
    NOHISTORY,
    INTERVAL,
    MINCHANGE,
    MIXEDCASE,
    NOMIXEDCASE,
    SPECIALCHARS,
    NOSPECIALCHARS,
    REVOKE,
    NOREVOKE,
    WARNING,
    NOWARNING,
    PHRASEINT,
    NOPHRASEINT,
    NORULES,
    RULE_BASE = 100, /* RULE1 is RULE_BASE + 0 */
    NORULE_BASE = 200,
};

#define RULE(number)                                           \
    {"RULE" #number, RULE_BASE + (number)-1, SP_LIST},         \
    {                                                          \
        "NORULE" #number, NORULE_BASE + (number)-1, SP_NO_LIST \
    }

static const struct sp_keyword keywords[] = {
    {"HISTORY", HISTORY, SP_LIST},
    {"NOHISTORY", NOHISTORY, SP_NO_LIST},
    {"INTERVAL", INTERVAL, SP_LIST},
    {"MINCHANGE", MINCHANGE, SP_LIST},
    {"MIXEDCASE", MIXEDCASE, SP_NO_LIST},
    {"NOMIXEDCASE", NOMIXEDCASE, SP_NO_LIST},
    {"SPECIALCHARS", SPECIALCHARS, SP_NO_LIST},
    {"NOSPECIALCHARS", NOSPECIALCHARS, SP_NO_LIST},
    {"REVOKE", REVOKE, SP_LIST},
    {"NOREVOKE", NOREVOKE, SP_NO_LIST},
    {"WARNING", WARNING, SP_LIST},
    {"NOWARNING", NOWARNING, SP_NO_LIST},
    {"PHRASEINT", PHRASEINT, SP_LIST},
    {"NOPHRASEINT", NOPHRASEINT, SP_NO_LIST},
    RULE(1),
    RULE(2),
    RULE(3),
    RULE(4),
    RULE(5),
    RULE(6),
    RULE(7),
    RULE(8),
    {"NORULES", NORULES, SP_NO_LIST},
    {"ALGORITHM", UNSUPPORTED, SP_LIST},
    {"NOALGORITHM", UNSUPPORTED, SP_NO_LIST},
};
enum { KEYWORDS = sizeof keywords / sizeof keywords[0], RULES = 8 };

/* "4", "4:8", both within 1 and `most`. */
static bool read_range(struct sp_str text, int most, int *ret_from, int *ret_to)
{
    struct sp_str from, rest = text;
    int64_t a, b;
    if (!sp_str_split(&rest, ':', &from) || sp_str_to_i64(from, &a))
        return false;
    b = a;
    if (rest.ptr && sp_str_to_i64(rest, &b))
        return false;
    if (a < 1 || b < a || b > most)
        return false;
    *ret_from = (int)a;
    *ret_to = (int)b;
    return true;
}

static int invalid_rule(struct sp_run *run, const struct sp_saf_operand *o, const char *what)
{
    return sp_say(run, SP_RC_SEVERE, "IKJ56702I", "INVALID %.*s VALUE: %s", SP_STR_ARG(o->text), what);
}

static int take_content(struct sp_run *run, const struct sp_saf_operand *o, struct sp_saf_password_rule *rule)
{
    char letter = o->quoted ? 0 : sp_password_content(o->text);
    if (!letter || !o->first)
        return invalid_rule(run, o, "a kind of characters and its positions, ALPHA(1 3:5)");
    for (const struct sp_saf_operand *place = o->first; place; place = place->next) {
        int from, to;
        if (place->has_list || !read_range(place->text, rule->longest, &from, &to))
            return invalid_rule(run, o, "positions are within the length");
        for (int i = from; i <= to; i++)
            rule->content[i - 1] = letter;
    }
    return SP_RC_OK;
}

static int take_rule(struct sp_run *run, const struct sp_saf_operand *operand,
                     struct sp_saf_password_rule *ret_rule)
{
    struct sp_saf_password_rule rule = {.content = "        "};
    const struct sp_saf_operand *o = operand->first;
    static const char *const length[] = {"LENGTH"};
    size_t index;
    if (!o || sp_saf_keyword_find(length, 1, o->text, &index, NULL) || !o->first || o->first->next ||
        !read_range(o->first->text, SP_SAF_PASSWORD_MAX, &rule.shortest, &rule.longest))
        return invalid_rule(run, operand, "LENGTH(n) or LENGTH(n:m), 1 to 8, comes first");
    for (o = o->next; o; o = o->next) {
        int rc = take_content(run, o, &rule);
        if (rc)
            return rc;
    }
    *ret_rule = rule;
    return SP_RC_OK;
}

static void set_rule(struct sp_saf_options *options, int index, const struct sp_saf_password_rule *rule)
{
    static const struct sp_saf_password_rule none = {.content = "        "};
    while (options->rule_count <= index)
        options->rules[options->rule_count++] = none;
    options->rules[index] = *rule;
    while (options->rule_count && !options->rules[options->rule_count - 1].longest)
        options->rule_count--;
}

static int take_number(struct sp_run *run, const struct sp_saf_operand *o, int least, int most,
                       int *ret_number)
{
    int64_t number;
    if (!sp_single_number(run, o, least, most, &number))
        return SP_RC_SEVERE;
    *ret_number = (int)number;
    return SP_RC_OK;
}

static int take_keyword(struct sp_run *run, int code, const struct sp_saf_operand *o,
                        struct sp_saf_options *options)
{
    struct sp_saf_password_rule rule = {.content = "        "};
    int rc = SP_RC_OK;
    switch (code) {
    case HISTORY:
        return take_number(run, o, 1, 32, &options->history);
    case NOHISTORY:
        options->history = 0;
        return SP_RC_OK;
    case INTERVAL:
        return take_number(run, o, 1, 254, &options->interval);
    case MINCHANGE:
        return take_number(run, o, 0, 254, &options->min_change);
    case MIXEDCASE:
    case NOMIXEDCASE:
        options->mixed_case = code == MIXEDCASE;
        return SP_RC_OK;
    case SPECIALCHARS:
    case NOSPECIALCHARS:
        options->special_chars = code == SPECIALCHARS;
        return SP_RC_OK;
    case REVOKE:
        return take_number(run, o, 1, 255, &options->revoke_after);
    case NOREVOKE:
        options->revoke_after = 0;
        return SP_RC_OK;
    case WARNING:
        return take_number(run, o, 1, 255, &options->warning);
    case NOWARNING:
        options->warning = 0;
        return SP_RC_OK;
    case PHRASEINT:
        return take_number(run, o, 1, 65534, &options->phrase_interval);
    case NOPHRASEINT:
        options->phrase_interval = 0;
        return SP_RC_OK;
    case NORULES:
        options->rule_count = 0;
        return SP_RC_OK;
    default:
        if (code < NORULE_BASE)
            rc = take_rule(run, o, &rule);
        if (!rc)
            set_rule(options, code < NORULE_BASE ? code - RULE_BASE : code - NORULE_BASE, &rule);
        return rc;
    }
}

int sp_setropts_password(struct sp_run *run, const struct sp_saf_operand *operand,
                         struct sp_saf_options *options)
{
    for (const struct sp_saf_operand *o = operand->first; o; o = o->next) {
        const struct sp_keyword *keyword;
        int rc = sp_keyword_of(run, keywords, KEYWORDS, o, &keyword);
        if (!rc)
            rc = take_keyword(run, keyword->code, o, options);
        if (rc)
            return rc;
    }
    if (!operand->first)
        return sp_say(run, SP_RC_SEVERE, "IKJ56701I", "MISSING PASSWORD VALUE");
    if (options->interval > 0 && options->min_change > options->interval)
        return sp_say(run, SP_RC_ERROR, "ICH14083I", "MINCHANGE(%d) is more than INTERVAL(%d)",
                      options->min_change, options->interval);
    return SP_RC_OK;
}
_Static_assert(RULES == sizeof((struct sp_saf_options *)0)->rules / sizeof(struct sp_saf_password_rule),
               "RULE1 to RULE8");
