/* SPDX-License-Identifier: Apache-2.0
 * SETROPTS: IBM "RACF Command Language Reference". PASSWORD(...) is in cmd_setropts_password.c, LIST in
 * cmd_setropts_list.c.
 */
#include "saf/cmd_setropts.h"

#include "saf/command_authority.h"
#include "saf/generic.h"

enum code {
    UNSUPPORTED = -1,
    CLASSACT,
    NOCLASSACT,
    RACLIST,
    NORACLIST,
    GENERIC,
    NOGENERIC,
    GENCMD,
    NOGENCMD,
    GLOBAL,
    NOGLOBAL, /* up to here with classes */
    LOGOPTIONS,
    REFRESH,
    LIST,
    GRPLIST,
    NOGRPLIST,
    ADDCREATOR,
    NOADDCREATOR,
    INITSTATS,
    NOINITSTATS,
    INACTIVE,
    NOINACTIVE,
    PASSWORD,
    EGN,
    CODES,
};

/* Those with classes come first, in the order of their codes. */
static const struct sp_keyword keywords[] = {
    {"CLASSACT", CLASSACT, SP_LIST},
    {"NOCLASSACT", NOCLASSACT, SP_LIST},
    {"RACLIST", RACLIST, SP_LIST},
    {"NORACLIST", NORACLIST, SP_LIST},
    {"GENERIC", GENERIC, SP_LIST},
    {"NOGENERIC", NOGENERIC, SP_LIST},
    {"GENCMD", GENCMD, SP_LIST},
    {"NOGENCMD", NOGENCMD, SP_LIST},
    {"GLOBAL", GLOBAL, SP_LIST},
    {"NOGLOBAL", NOGLOBAL, SP_LIST},
    {"LOGOPTIONS", LOGOPTIONS, SP_LIST},
    {"REFRESH", REFRESH, SP_NO_LIST},
    {"LIST", LIST, SP_NO_LIST},
    {"GRPLIST", GRPLIST, SP_NO_LIST},
    {"NOGRPLIST", NOGRPLIST, SP_NO_LIST},
    {"ADDCREATOR", ADDCREATOR, SP_NO_LIST},
    {"NOADDCREATOR", NOADDCREATOR, SP_NO_LIST},
    {"INITSTATS", INITSTATS, SP_NO_LIST},
    {"NOINITSTATS", NOINITSTATS, SP_NO_LIST},
    {"INACTIVE", INACTIVE, SP_LIST},
    {"NOINACTIVE", NOINACTIVE, SP_NO_LIST},
    {"PASSWORD", PASSWORD, SP_LIST},
    {"EGN", EGN, SP_NO_LIST},
    {"NOEGN", UNSUPPORTED, SP_NO_LIST},
    {"ADSP", UNSUPPORTED, SP_NO_LIST},
    {"NOADSP", UNSUPPORTED, SP_NO_LIST},
    {"APPLAUDIT", UNSUPPORTED, SP_NO_LIST},
    {"NOAPPLAUDIT", UNSUPPORTED, SP_NO_LIST},
    {"AUDIT", UNSUPPORTED, SP_LIST},
    {"NOAUDIT", UNSUPPORTED, SP_LIST},
    {"CATDSNS", UNSUPPORTED, SP_MAY_LIST},
    {"NOCATDSNS", UNSUPPORTED, SP_NO_LIST},
    {"CMDVIOL", UNSUPPORTED, SP_NO_LIST},
    {"NOCMDVIOL", UNSUPPORTED, SP_NO_LIST},
    {"COMPATMODE", UNSUPPORTED, SP_NO_LIST},
    {"ERASE", UNSUPPORTED, SP_MAY_LIST},
    {"NOERASE", UNSUPPORTED, SP_NO_LIST},
    {"GENERICOWNER", UNSUPPORTED, SP_NO_LIST},
    {"NOGENERICOWNER", UNSUPPORTED, SP_NO_LIST},
    {"GENLIST", UNSUPPORTED, SP_LIST},
    {"NOGENLIST", UNSUPPORTED, SP_LIST},
    {"JES", UNSUPPORTED, SP_LIST},
    {"KERBLVL", UNSUPPORTED, SP_LIST},
    {"LANGUAGE", UNSUPPORTED, SP_LIST},
    {"MLACTIVE", UNSUPPORTED, SP_MAY_LIST},
    {"MLS", UNSUPPORTED, SP_MAY_LIST},
    {"MODEL", UNSUPPORTED, SP_LIST},
    {"NOMODEL", UNSUPPORTED, SP_NO_LIST},
    {"OPERAUDIT", UNSUPPORTED, SP_NO_LIST},
    {"NOOPERAUDIT", UNSUPPORTED, SP_NO_LIST},
    {"PREFIX", UNSUPPORTED, SP_LIST},
    {"NOPREFIX", UNSUPPORTED, SP_NO_LIST},
    {"PROTECTALL", UNSUPPORTED, SP_MAY_LIST},
    {"NOPROTECTALL", UNSUPPORTED, SP_NO_LIST},
    {"REALDSN", UNSUPPORTED, SP_NO_LIST},
    {"NOREALDSN", UNSUPPORTED, SP_NO_LIST},
    {"RETPD", UNSUPPORTED, SP_LIST},
    {"RVARYPW", UNSUPPORTED, SP_LIST},
    {"SAUDIT", UNSUPPORTED, SP_NO_LIST},
    {"NOSAUDIT", UNSUPPORTED, SP_NO_LIST},
    {"SECLABELAUDIT", UNSUPPORTED, SP_NO_LIST},
    {"SECLABELCONTROL", UNSUPPORTED, SP_NO_LIST},
    {"SECLEVELAUDIT", UNSUPPORTED, SP_LIST},
    {"SESSIONINTERVAL", UNSUPPORTED, SP_LIST},
    {"STATISTICS", UNSUPPORTED, SP_LIST},
    {"NOSTATISTICS", UNSUPPORTED, SP_LIST},
    {"TAPEDSN", UNSUPPORTED, SP_NO_LIST},
    {"NOTAPEDSN", UNSUPPORTED, SP_NO_LIST},
    {"TERMINAL", UNSUPPORTED, SP_LIST},
    {"WHEN", UNSUPPORTED, SP_LIST},
    {"NOWHEN", UNSUPPORTED, SP_LIST},
};
enum { KEYWORDS = sizeof keywords / sizeof keywords[0], INACTIVE_MAX = 255 };

struct change {
    struct sp_saf_options options;
    bool set_options;
    const struct sp_saf_operand *given[CODES]; /* the operand of each code, the last one; NULL: not given */
};

/* ---- classes ---- */

/* Profiles whose names and whose kind do not go together after a change of GENERIC. */
struct kind_walk {
    struct sp_run *run;
    bool generic;
    size_t count;
};

static enum sp_status look_at_kind(void *arg, const void *value)
{
    struct kind_walk *walk = arg;
    const struct sp_saf_profile *p = value;
    if (walk->generic && sp_generic_is(p->name) && !p->generic)
        sp_say(walk->run, SP_RC_WARNING, "SAF0020W",
               "%.*s of class %.*s is discrete and covers its own name only: RDELETE and RDEFINE it again",
               SP_STR_ARG(p->name), SP_STR_ARG(p->class));
    walk->count += walk->generic ? sp_generic_is(p->name) && !p->generic : p->generic;
    return SP_OK;
}

static int check_kinds(struct sp_run *run, struct sp_str class, bool generic)
{
    struct kind_walk walk = {.run = run, .generic = generic};
    enum sp_status status = sp_saf_each_profile(run->db, class, look_at_kind, &walk, &run->err);
    if (status)
        return sp_run_failed(run, status);
    if (!generic && walk.count)
        sp_say(run, SP_RC_WARNING, "SAF0021W", "class %.*s has %zu generic profiles, which cover nothing now",
               SP_STR_ARG(class), walk.count);
    return walk.count ? SP_RC_WARNING : SP_RC_OK;
}

static void set_flag(struct sp_saf_class *settings, int code, bool on)
{
    if (code == CLASSACT)
        settings->active = on;
    else if (code == RACLIST)
        settings->raclisted = on;
    else if (code == GENERIC)
        settings->generic = on;
    else if (code == GENCMD)
        settings->gencmd = on;
    else
        settings->global_checking = on;
}

/* With its grouping or member class, with which it shares its options. */
static int change_class(struct sp_run *run, const struct sp_saf_class_info *info, int code, bool on)
{
    const char *both[] = {info->name, info->member ? info->member : info->grouping};
    int worst = SP_RC_OK;
    for (size_t i = 0; i < 2 && both[i]; i++) {
        struct sp_saf_class settings, before;
        int rc = sp_class_settings(run, sp_str_of(both[i]), &settings);
        if (rc)
            return rc;
        before = settings;
        set_flag(&settings, code, on);
        enum sp_status status = sp_saf_put_class(run->db, &settings, &run->err);
        if (status)
            return sp_run_failed(run, status);
        rc = settings.generic != before.generic ? check_kinds(run, settings.name, on) : SP_RC_OK;
        worst = rc > worst ? rc : worst;
    }
    return worst;
}

/* Nothing is held back until a refresh; it only makes sure that there is something to refresh. */
static int refresh_class(struct sp_run *run, const struct sp_saf_class_info *info, int code)
{
    struct sp_saf_class settings;
    int rc = sp_class_settings(run, sp_str_of(info->name), &settings);
    if (rc)
        return rc;
    bool on = code == RACLIST   ? settings.raclisted
              : code == GENERIC ? settings.generic
                                : settings.global_checking;
    return on ? SP_RC_OK
              : sp_say(run, SP_RC_WARNING, "SAF0022W", "class %s: there is no %s to refresh", info->name,
                       keywords[code].name);
}

static int one_class(struct sp_run *run, const struct change *c, const struct sp_saf_class_info *info,
                     int code)
{
    bool on = code % 2 == 0; /* each NO form stands behind its own */
    int base = on ? code : code - 1;
    if (c->given[REFRESH] && (code == RACLIST || code == GENERIC || code == GLOBAL))
        return refresh_class(run, info, code);
    return change_class(run, info, base, on);
}
_Static_assert(CLASSACT % 2 == 0 && NOGLOBAL % 2 == 1, "NO forms are odd");

static int change_classes(struct sp_run *run, const struct change *c, int code)
{
    int worst = SP_RC_OK;
    size_t count;
    const struct sp_saf_class_info *all = sp_saf_class_all(&count), *info;
    for (const struct sp_saf_operand *o = c->given[code]->first; o; o = o->next) {
        int rc;
        if (sp_str_is(o->text, "*")) {
            for (size_t i = 0; i < count; i++) {
                rc = one_class(run, c, &all[i], code);
                worst = rc > worst ? rc : worst;
            }
            continue;
        }
        rc = sp_class_named(run, o->text, &info);
        if (!rc)
            rc = one_class(run, c, info, code);
        worst = rc > worst ? rc : worst;
    }
    return c->given[code]->first
               ? worst
               : sp_say(run, SP_RC_SEVERE, "IKJ56701I", "MISSING CLASS NAME in %s", keywords[code].name);
}

static int set_logoptions(struct sp_run *run, struct sp_str class_name, const char *when)
{
    const struct sp_saf_class_info *info;
    struct sp_saf_class settings;
    int rc = sp_class_named(run, class_name, &info);
    if (!rc)
        rc = sp_class_settings(run, sp_str_of(info->name), &settings);
    if (rc)
        return rc;
    settings.logoptions = sp_str_of(when);
    enum sp_status status = sp_saf_put_class(run->db, &settings, &run->err);
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}

static int change_logoptions(struct sp_run *run, const struct sp_saf_operand *operand)
{
    static const struct sp_keyword words[] = {{"ALWAYS", 0, SP_LIST},
                                              {"NEVER", 0, SP_LIST},
                                              {"SUCCESSES", 0, SP_LIST},
                                              {"FAILURES", 0, SP_LIST},
                                              {"DEFAULT", 0, SP_LIST}};
    for (const struct sp_saf_operand *o = operand->first; o; o = o->next) {
        const struct sp_keyword *word;
        int rc = sp_keyword_of(run, words, 5, o, &word);
        for (const struct sp_saf_operand *class = rc ? NULL : o->first; class && !rc; class = class->next)
            rc = set_logoptions(run, class->text, word->name);
        if (rc)
            return rc;
    }
    return operand->first ? SP_RC_OK : sp_say(run, SP_RC_SEVERE, "IKJ56701I", "MISSING LOGOPTIONS VALUE");
}

/* ---- the rest ---- */

static int change_option(struct sp_run *run, struct change *c, int code)
{
    struct sp_saf_options *o = &c->options;
    const struct sp_saf_operand *operand = c->given[code];
    int64_t days = 0;
    switch (code) {
    case GRPLIST:
    case NOGRPLIST:
        o->grplist = code == GRPLIST;
        return SP_RC_OK;
    case ADDCREATOR:
    case NOADDCREATOR:
        o->addcreator = code == ADDCREATOR;
        return SP_RC_OK;
    case INITSTATS:
    case NOINITSTATS:
        o->initstats = code == INITSTATS;
        return SP_RC_OK;
    case INACTIVE:
        if (!sp_single_number(run, operand, 1, INACTIVE_MAX, &days))
            return SP_RC_SEVERE;
        o->inactive = (int)days;
        return SP_RC_OK;
    case NOINACTIVE:
        o->inactive = 0;
        return SP_RC_OK;
    case PASSWORD:
        return sp_setropts_password(run, operand, o);
    case EGN:
        return SP_RC_OK; /* names are always taken that way */
    default:
        return SP_RC_OK;
    }
}

static int check_authority(struct sp_run *run, const struct change *c)
{
    for (int code = 0; code < CODES; code++) {
        bool allowed = code == LOGOPTIONS ? sp_is_auditor(run)
                       : code == LIST     ? sp_is_special(run) || sp_may_read_audit(run)
                                          : sp_is_special(run);
        if (c->given[code] && !allowed)
            return sp_say(run, SP_RC_ERROR, "ICH14002I", "NOT AUTHORIZED: %.*s wants the %s attribute",
                          SP_STR_ARG(c->given[code]->text),
                          code == LOGOPTIONS ? "AUDITOR"
                          : code == LIST     ? "SPECIAL or AUDITOR"
                                             : "SPECIAL");
    }
    return SP_RC_OK;
}

static int read_operands(struct sp_run *run, struct change *c)
{
    for (const struct sp_saf_operand *o = run->command->operands; o; o = o->next) {
        const struct sp_keyword *keyword;
        int rc = sp_keyword_of(run, keywords, KEYWORDS, o, &keyword);
        if (rc)
            return rc;
        c->given[keyword->code] = o;
        c->set_options |= keyword->code >= GRPLIST;
    }
    if (!run->command->operands)
        return sp_say(run, SP_RC_SEVERE, "IKJ56701I", "nothing to set: an operand is needed");
    if (c->given[REFRESH] && !c->given[RACLIST] && !c->given[GENERIC] && !c->given[GLOBAL])
        return sp_say(run, SP_RC_WARNING, "ICH14013I",
                      "REFRESH says nothing without RACLIST, GENERIC or GLOBAL");
    return SP_RC_OK;
}

int sp_cmd_setropts(struct sp_run *run)
{
    struct change c = {.options = run->options};
    int worst = SP_RC_OK, rc = read_operands(run, &c);
    if (!rc)
        rc = check_authority(run, &c);
    if (rc)
        return rc;
    for (int code = 0; code < CODES && rc < SP_RC_ERROR; code++) {
        if (!c.given[code] || code == LIST)
            continue;
        rc = code <= NOGLOBAL     ? change_classes(run, &c, code)
             : code == LOGOPTIONS ? change_logoptions(run, c.given[code])
                                  : change_option(run, &c, code);
        worst = rc > worst ? rc : worst;
    }
    if (rc >= SP_RC_ERROR)
        return rc;
    enum sp_status status = c.set_options ? sp_saf_put_options(run->db, &c.options, &run->err) : SP_OK;
    if (status)
        return sp_run_failed(run, status);
    run->options = c.options;
    if (c.given[LIST])
        rc = sp_setropts_list(run);
    sp_say(run, worst, "ICH14063I", "SETROPTS is done");
    return rc > worst ? rc : worst;
}
