/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/command.h"

#include <stdio.h>

#include "saf/command_int.h"
#include "saf/handle.h"

static const struct {
    const char *name, *alias;
    sp_run_fn *run;
    bool reads_only;
    const char *help;
    const char *syntax; /* operands, a line each */
} commands[] = {
    {"ADDGROUP", "AG", sp_cmd_addgroup, false, "define groups",
     "group | (group ...)\n"
     "[SUPGROUP(group)] [OWNER(id)] [DATA('text')] [TERMUACC | NOTERMUACC]\n"
     "[UNIVERSAL] [OMVS(GID(n) | AUTOGID [SHARED])]"},
    {"ADDUSER", "AU", sp_cmd_adduser, false, "define users and connect each to a default group",
     "user | (user ...)\n"
     "[DFLTGRP(group)] [OWNER(id)] [NAME('text')] [DATA('text')]\n"
     "[PASSWORD(text) | NOPASSWORD] [PHRASE('text') | NOPHRASE]\n"
     "[SPECIAL] [OPERATIONS] [AUDITOR] [ROAUDIT] [RESTRICTED] [UAUDIT] [ADSP] [GRPACC]\n"
     "[AUTHORITY(level)] [UACC(access)] [WHEN(DAYS(...) TIME(hhmm:hhmm))]\n"
     "[OMVS(UID(n) | AUTOUID [SHARED] [HOME(path)] [PROGRAM(path)])]"},
    {"ALTGROUP", "ALG", sp_cmd_altgroup, false, "change groups",
     "group | (group ...)\n"
     "[SUPGROUP(group)] [OWNER(id)] [DATA('text') | NODATA] [TERMUACC | NOTERMUACC]\n"
     "[OMVS(GID(n) | AUTOGID [SHARED]) | NOOMVS]"},
    {"ALTUSER", "ALU", sp_cmd_altuser, false, "change users; RESUME, REVOKE, reset a password",
     "user | (user ...)\n"
     "operands of ADDUSER, each with its NO form, and\n"
     "[RESUME[(date)] | NORESUME] [REVOKE[(date)] | NOREVOKE] [EXPIRED | NOEXPIRED] [GROUP(group)]"},
    {"CONNECT", "CO", sp_cmd_connect, false, "connect users to a group",
     "user | (user ...)\n"
     "[GROUP(group)] [AUTHORITY(USE | CREATE | CONNECT | JOIN)] [UACC(access)] [OWNER(id)]\n"
     "[SPECIAL] [OPERATIONS] [AUDITOR] [ADSP] [GRPACC], each with its NO form\n"
     "[RESUME[(date)] | NORESUME] [REVOKE[(date)] | NOREVOKE]"},
    {"DELGROUP", "DG", sp_cmd_delgroup, false, "delete groups without members and subgroups",
     "group | (group ...)"},
    {"DELUSER", "DU", sp_cmd_deluser, false,
     "delete users with their connections, rings, certificates and filters", "user | (user ...)"},
    {"LISTGRP", "LG", sp_cmd_listgrp, true, "list groups and their members",
     "[group | (group ...) | *] [OMVS] [NORACF]"},
    {"LISTUSER", "LU", sp_cmd_listuser, true, "list users", "[user | (user ...) | *] [OMVS] [NORACF]"},
    {"PASSWORD", "PW", sp_cmd_password, false, "change a password, or how long it lasts",
     "[PASSWORD(current new)] [PHRASE('current' 'new')] [INTERVAL(days) | NOINTERVAL]\n"
     "[USER(user ...)]"},
    {"PERMIT", "PE", sp_cmd_permit, false, "change the access list of a profile",
     "profile CLASS(class)\n"
     "[ID(id ... | *)] [ACCESS(access) | DELETE] [WHEN(TERMINAL(name) | PROGRAM(name) | ...)]\n"
     "[FROM(profile) [FCLASS(class)]] [RESET[(ALL | STANDARD | WHEN)]]"},
    {"PHRASE", NULL, sp_cmd_phrase, false, "change a password phrase",
     "[PASSWORD(current new)] [PHRASE('current' 'new')] [INTERVAL(days) | NOINTERVAL]\n"
     "[USER(user ...)]"},
    {"RACDCERT", NULL, sp_cmd_racdcert, false, "certificates, key rings and certificate name filters",
     "[ID(user) | CERTAUTH | SITE | MULTIID] function\n"
     "ADD('data set') [TRUST | NOTRUST | HIGHTRUST] [WITHLABEL('label')] [PASSWORD('text')]\n"
     "GENCERT[('request data set')] [SUBJECTSDN(CN('..') T('..') OU('..' ..) O('..') L('..') SP('..') "
     "C('..'))]\n"
     "        [RSA | NISTECC] [SIZE(bits)] [NOTBEFORE(DATE(yyyy-mm-dd) TIME(hh:mm:ss))] [NOTAFTER(...)]\n"
     "        [WITHLABEL('label')] [SIGNWITH([CERTAUTH | SITE] LABEL('label'))]\n"
     "        [KEYUSAGE(HANDSHAKE DATAENCRYPT DOCSIGN CERTSIGN KEYAGREE)]\n"
     "        [ALTNAME(IP(..) DOMAIN(..) EMAIL(..) URI(..))]\n"
     "GENREQ(LABEL('label')) DSN('data set') | CHECKCERT('data set') [PASSWORD('text')]\n"
     "EXPORT(LABEL('label')) DSN('data set') [PASSWORD('text')]\n"
     "        [FORMAT(CERTDER | CERTB64 | PKCS7DER | PKCS7B64 | PKCS12DER | PKCS12B64)]\n"
     "LIST[(LABEL('label'))] | LISTCHAIN(LABEL('label')) | DELETE[(LABEL('label'))]\n"
     "ALTER[(LABEL('label'))] [TRUST | NOTRUST | HIGHTRUST] [NEWLABEL('label')]\n"
     "ADDRING(ring) | DELRING(ring) | LISTRING(ring | *)\n"
     "CONNECT([ID(user) | CERTAUTH | SITE] LABEL('label') RING(ring) [USAGE(PERSONAL | CERTAUTH | SITE)]\n"
     "        [DEFAULT]) | REMOVE([ID(user) | CERTAUTH | SITE] LABEL('label') RING(ring))\n"
     "MAP[('model data set')] [SDNFILTER('..')] [IDNFILTER('..')] [CRITERIA(..)] [WITHLABEL('label')] "
     "[TRUST]\n"
     "LISTMAP[(LABEL('label'))] | DELMAP[(LABEL('label'))]\n"
     "ALTMAP[(LABEL('label'))] [TRUST | NOTRUST] [NEWLABEL('label')] [NEWCRITERIA(..)]"},
    {"RACMAP", NULL, sp_cmd_racmap, false, "filters that map distributed identities to users",
     "[ID(user)]\n"
     "MAP USERDIDFILTER(NAME('name')) REGISTRY(NAME('registry')) [WITHLABEL('label')]\n"
     "DELMAP[(LABEL('label'))] | LISTMAP[(LABEL('label'))]\n"
     "QUERY USERDIDFILTER(NAME('name')) REGISTRY(NAME('registry'))"},
    {"RALTER", "RALT", sp_cmd_ralter, false, "change general resource profiles",
     "class profile | class (profile ...)\n"
     "operands of RDEFINE but FROM, each with its NO form, and\n"
     "[DELMEM(member ...)] [GLOBALAUDIT(...)] [NOSTDATA] [NOSSIGNON]"},
    {"RDEFINE", "RDEF", sp_cmd_rdefine, false, "define general resource profiles",
     "class profile | class (profile ...)\n"
     "[UACC(access)] [OWNER(id)] [LEVEL(0..99)] [DATA('text')] [APPLDATA('text')]\n"
     "[AUDIT(ALL | SUCCESS | FAILURES | NONE [(access)] ...)] [NOTIFY[(user)]] [WARNING]\n"
     "[ADDMEM(member ...)] [FROM(profile) [FCLASS(class)]]\n"
     "[STDATA(USER(user) GROUP(group) TRUSTED(YES | NO) PRIVILEGED(...) TRACE(...))]\n"
     "[SSIGNON(KEYMASKED(hex) | KEYENCRYPTED(hex) | KEYLABEL(label) | EPTKEYLABEL(label)\n"
     "         [TYPE(UPPER | MIXED)] [TIMEOUT(seconds)] [REPLAY(YES | NO)])]"},
    {"RDELETE", "RDEL", sp_cmd_rdelete, false, "delete general resource profiles",
     "class profile | class (profile ...)"},
    {"REMOVE", "RE", sp_cmd_remove, false, "remove users from a group",
     "user | (user ...) [GROUP(group)] [OWNER(id)]"},
    {"RLIST", "RL", sp_cmd_rlist, true, "list general resource profiles",
     "class profile | class (profile ...) | class *\n"
     "[ALL] [AUTHUSER] [HISTORY] [RESGROUP] [STDATA] [SSIGNON] [NORACF] [NOYOURACC]\n"
     "[GENERIC | NOGENERIC]"},
    {"SEARCH", "SR", sp_cmd_search, true, "find profiles, users and groups by name",
     "CLASS(class | USER | GROUP)\n"
     "[FILTER(name) | MASK(start [part])] [GENERIC | NOGENERIC] [LEVEL(n)] [WARNING]\n"
     "[USER(user)] [UID(n)] [GID(n)]"},
    {"SETROPTS", "SETR", sp_cmd_setropts, false, "options of the database and of classes",
     "[CLASSACT(class ... | *)] [RACLIST(...)] [GENERIC(...)] [GENCMD(...)] [GLOBAL(...)],\n"
     "each with its NO form; [REFRESH] [LIST]\n"
     "[LOGOPTIONS(ALWAYS(class ...) NEVER(...) SUCCESSES(...) FAILURES(...) DEFAULT(...))]\n"
     "[GRPLIST] [ADDCREATOR] [INITSTATS], each with its NO form; [INACTIVE(days) | NOINACTIVE]\n"
     "[PASSWORD(HISTORY(n) INTERVAL(n) MINCHANGE(n) MIXEDCASE SPECIALCHARS REVOKE(n) WARNING(n)\n"
     "          PHRASEINT(n) RULEn(LENGTH(n:m) kind(positions) ...) NORULES)]"},
};
enum { COMMANDS = sizeof commands / sizeof commands[0], NEAREST_LIMIT = 3 };

/* Commands of RACF that have no place here, so that they are refused by name. */
static const struct {
    const char *name, *alias, *why;
} refused[] = {
    {"ADDSD", "AD", "there are no data set profiles"},
    {"ALTDSD", "ALD", "there are no data set profiles"},
    {"DELDSD", "DD", "there are no data set profiles"},
    {"LISTDSD", "LD", "there are no data set profiles"},
    {"RACLINK", NULL, "there are no user id associations"},
    {"RVARY", NULL, "there is one database, and it is active"},
};

static bool is_called(struct sp_str verb, const char *name, const char *alias)
{
    return sp_str_caseless_eq(verb, sp_str_of(name)) || (alias && sp_str_caseless_eq(verb, sp_str_of(alias)));
}

struct sp_str sp_saf_command_help(size_t index)
{
    static _Thread_local char line[120];
    if (index >= COMMANDS)
        return (struct sp_str){NULL, 0};
    char name[32];
    snprintf(name, sizeof name, commands[index].alias ? "%s (%s)" : "%s", commands[index].name,
             commands[index].alias);
    int n = snprintf(line, sizeof line, "%-16s %s", name, commands[index].help);
    return sp_str_from(line, n > 0 ? (size_t)n : 0);
}

const char *sp_saf_command_syntax(struct sp_str verb)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (is_called(verb, commands[i].name, commands[i].alias))
            return commands[i].syntax;
    return NULL;
}

/* By the whole name or the alias, as TSO wants it: what is not quite a command is none. */
static int find_command(struct sp_run *run, struct sp_str verb, size_t *ret_index)
{
    const char *nearest = NULL;
    unsigned best = NEAREST_LIMIT;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (is_called(verb, refused[i].name, refused[i].alias))
            return sp_say(run, SP_RC_ERROR, "SAF0001E", "command %s is not supported: %s", refused[i].name,
                          refused[i].why);
    for (size_t i = 0; i < COMMANDS; i++) {
        unsigned distance = sp_str_distance(verb, sp_str_of(commands[i].name), NEAREST_LIMIT);
        if (is_called(verb, commands[i].name, commands[i].alias)) {
            *ret_index = i;
            return SP_RC_OK;
        }
        if (distance < best) {
            best = distance;
            nearest = commands[i].name;
        }
    }
    return sp_say(run, SP_RC_SEVERE, "IKJ56500I", "COMMAND %.*s is not known%s%s", SP_STR_ARG(verb),
                  nearest ? "; the nearest is " : "", nearest ? nearest : "");
}

/* Without an issuer it is the owner of the database who speaks; with one, somebody who is defined and not
 * revoked. */
static int take_issuer(struct sp_run *run)
{
    run->issuer = (struct sp_saf_user){
        .id = SP_STR("IBMUSER"), .default_group = SP_STR("SYS1"), .flags = SP_SAF_SPECIAL | SP_SAF_AUDITOR};
    run->issuer_is_owner = !run->session->issuer.len;
    if (run->issuer_is_owner)
        return SP_RC_OK;
    enum sp_status status =
        sp_saf_get_user(run->db, run->session->issuer, run->arena, &run->issuer, &run->err);
    const struct sp_saf_user *user = &run->issuer;
    if (status == SP_ENOTFOUND ||
        (!status && sp_saf_is_revoked(user->flags, user->revoke_date, user->resume_date, run->today)))
        return sp_say(run, SP_RC_ERROR, "ICH408I",
                      "USER(%.*s) is not defined or is revoked and cannot issue commands",
                      SP_STR_ARG(run->session->issuer));
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}

static int carry_out(struct sp_run *run, size_t index)
{
    int rc = take_issuer(run);
    if (rc)
        return rc;
    enum sp_status status = sp_saf_get_options(run->db, &run->options, &run->err);
    if (status)
        return sp_run_failed(run, status);
    if (run->command->missing_parentheses)
        sp_say(run, SP_RC_OK, "IKJ56701I", "MISSING RIGHT PARENTHESIS: %u added at the end of the command",
               run->command->missing_parentheses);
    return commands[index].run(run);
}

static void run_parsed(struct sp_run *run, int *ret_rc)
{
    size_t index = 0;
    int rc = find_command(run, run->command->verb, &index);
    if (rc) {
        *ret_rc = rc;
        return;
    }
    bool reads_only = commands[index].reads_only;
    enum sp_status status =
        reads_only ? sp_saf_db_snapshot_begin(run->db, &run->err) : sp_saf_db_begin(run->db, &run->err);
    rc = status ? sp_run_failed(run, status) : carry_out(run, index);
    if (!run->failed && rc < SP_RC_ERROR && !reads_only && !run->changed_nothing) {
        status = sp_saf_db_commit(run->db, &run->err);
        if (status)
            rc = sp_run_failed(run, status);
    }
    sp_saf_db_rollback(run->db);
    *ret_rc = rc;
}

enum sp_status sp_saf_command_run(struct sp_saf_session *session, struct sp_str text, int *ret_rc,
                                  struct sp_error *err)
{
    struct sp_arena arena;
    struct sp_saf_command command;
    sp_arena_init(&arena, 64 << 20);
    struct sp_run run = {.session = session,
                         .db = session->db,
                         .arena = &arena,
                         .command = &command,
                         .today = sp_saf_today(),
                         .err = SP_ERROR_INIT};
    int rc = SP_RC_OK;
    struct sp_error why = SP_ERROR_INIT;
    if (sp_saf_command_parse(text, &arena, &command, &why))
        rc = sp_say(&run, SP_RC_SEVERE, "IKJ56702I", "INVALID COMMAND, %s", why.text);
    else if (command.verb.len)
        run_parsed(&run, &rc);
    sp_arena_wipe(&arena); /* passwords and keys were in it */
    if (run.failed) {
        if (err)
            *err = run.err;
        return run.failed;
    }
    *ret_rc = rc;
    return SP_OK;
}
