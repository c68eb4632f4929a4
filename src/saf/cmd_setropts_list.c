/* SPDX-License-Identifier: Apache-2.0
 * SETROPTS LIST.
 */
#include "base/buf.h"
#include "saf/cmd_setropts.h"
#include "saf/password_rule.h"

enum { LINE_BYTES = 72, CLASSES_BYTES = 8192 };

enum set { ACTIVE, GENERIC, GENCMD, GLOBAL, RACLIST, ALWAYS, NEVER, SUCCESSES, FAILURES, SETS };

struct sets {
    struct sp_buf names[SETS];
};

static enum sp_status sort_class(void *arg, const void *value)
{
    struct sets *sets = arg;
    const struct sp_saf_class *c = value;
    bool in[SETS] = {
        [ACTIVE] = c->active,
        [GENERIC] = c->generic,
        [GENCMD] = c->gencmd,
        [GLOBAL] = c->global_checking,
        [RACLIST] = c->raclisted,
        [ALWAYS] = sp_str_is(c->logoptions, "ALWAYS"),
        [NEVER] = sp_str_is(c->logoptions, "NEVER"),
        [SUCCESSES] = sp_str_is(c->logoptions, "SUCCESSES"),
        [FAILURES] = sp_str_is(c->logoptions, "FAILURES"),
    };
    for (int i = 0; i < SETS; i++)
        if (in[i])
            sp_buf_printf(&sets->names[i], " %.*s", SP_STR_ARG(c->name));
    return SP_OK;
}

/* "TITLE = A B C", broken between names. */
static void list_set(struct sp_run *run, const char *title, struct sp_str names)
{
    struct sp_buf line;
    struct sp_str name, rest = names.len ? sp_str_slice(names, 1, names.len) : SP_STR("NONE");
    size_t indent = strlen(title) + 3;
    sp_buf_init(&line, 256);
    sp_buf_printf(&line, "%s =", title);
    while (sp_str_split(&rest, ' ', &name)) {
        if (line.len + 1 + name.len > LINE_BYTES && line.len > indent) {
            sp_list(run, "%.*s", SP_STR_ARG(sp_buf_str(&line)));
            sp_buf_reset(&line);
            sp_buf_append_fill(&line, ' ', indent - 1);
        }
        sp_buf_printf(&line, " %.*s", SP_STR_ARG(name));
    }
    sp_list(run, "%.*s", SP_STR_ARG(sp_buf_str(&line)));
    sp_buf_finish(&line);
}

static int list_classes(struct sp_run *run)
{
    static const char *const titles[SETS] = {"ACTIVE CLASSES",
                                             "GENERIC PROFILE CLASSES",
                                             "GENERIC COMMAND CLASSES",
                                             "GLOBAL CHECKING CLASSES",
                                             "SETR RACLIST CLASSES",
                                             "LOGOPTIONS \"ALWAYS\" CLASSES",
                                             "LOGOPTIONS \"NEVER\" CLASSES",
                                             "LOGOPTIONS \"SUCCESSES\" CLASSES",
                                             "LOGOPTIONS \"FAILURES\" CLASSES"};
    struct sets sets;
    for (int i = 0; i < SETS; i++)
        sp_buf_init(&sets.names[i], CLASSES_BYTES);
    enum sp_status status = sp_saf_each_class(run->db, sort_class, &sets, &run->err);
    for (int i = 0; i < SETS; i++) {
        if (!status)
            list_set(run, titles[i], sp_buf_str(&sets.names[i]));
        sp_buf_finish(&sets.names[i]);
    }
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}

static void list_rule(struct sp_run *run, int number, const struct sp_saf_password_rule *rule)
{
    struct sp_buf text;
    sp_buf_init(&text, 256);
    for (int i = 0; i < rule->longest; i++) {
        const char *name = sp_password_content_name(rule->content[i]);
        if (name)
            sp_buf_printf(&text, " %s(%d)", name, i + 1);
    }
    sp_list(run, "  RULE %d LENGTH(%d:%d)%.*s", number, rule->shortest, rule->longest,
            SP_STR_ARG(sp_buf_str(&text)));
    sp_buf_finish(&text);
}

static void list_number(struct sp_run *run, int number, const char *some, const char *none)
{
    if (number > 0)
        sp_list(run, some, number);
    else
        sp_list(run, "%s", none);
}

static void list_passwords(struct sp_run *run, const struct sp_saf_options *o)
{
    sp_list(run, "PASSWORD PROCESSING OPTIONS");
    sp_list(run, "  PASSWORDS ARE KEPT AS SCRYPT VERIFIERS");
    list_number(run, o->interval, "  CHANGE INTERVAL IS %d DAYS", "  NO CHANGE INTERVAL");
    list_number(run, o->phrase_interval, "  PHRASE CHANGE INTERVAL IS %d DAYS",
                "  PHRASE CHANGE INTERVAL IS THAT OF PASSWORDS");
    list_number(run, o->min_change, "  MINIMUM CHANGE INTERVAL IS %d DAYS", "  NO MINIMUM CHANGE INTERVAL");
    sp_list(run, "  MIXED CASE PASSWORDS ARE %s", o->mixed_case ? "ALLOWED" : "NOT ALLOWED");
    sp_list(run, "  SPECIAL CHARACTERS ARE %s", o->special_chars ? "ALLOWED" : "NOT ALLOWED");
    list_number(run, o->history, "  %d GENERATIONS OF PREVIOUS PASSWORDS ARE KEPT", "  NO PASSWORD HISTORY");
    list_number(run, o->revoke_after, "  A USERID IS REVOKED AFTER %d WRONG PASSWORDS IN A ROW",
                "  USERIDS ARE NOT REVOKED FOR WRONG PASSWORDS");
    list_number(run, o->warning, "  EXPIRATION IS ANNOUNCED %d DAYS BEFORE", "  EXPIRATION IS NOT ANNOUNCED");
    if (!o->rule_count)
        sp_list(run, "  NO PASSWORD SYNTAX RULES");
    for (int i = 0; i < o->rule_count; i++)
        if (o->rules[i].longest)
            list_rule(run, i + 1, &o->rules[i]);
}

int sp_setropts_list(struct sp_run *run)
{
    const struct sp_saf_options *o = &run->options;
    sp_list(run, "ATTRIBUTES = %s EGN", o->initstats ? "INITSTATS" : "NOINITSTATS");
    int rc = list_classes(run);
    if (rc)
        return rc;
    sp_list(run, "LIST OF GROUPS ACCESS CHECKING IS %s", o->grplist ? "ACTIVE" : "INACTIVE");
    list_number(run, o->inactive, "INACTIVE USERIDS ARE REVOKED AFTER %d DAYS",
                "INACTIVE USERIDS ARE NOT REVOKED");
    sp_list(run, "THE CREATOR OF A PROFILE IS %sADDED TO ITS ACCESS LIST", o->addcreator ? "" : "NOT ");
    list_passwords(run, o);
    return SP_RC_OK;
}
