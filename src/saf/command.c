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
} commands[] = {
    {"ADDGROUP", "AG", sp_cmd_addgroup, false, "define groups"},
    {"ADDUSER", "AU", sp_cmd_adduser, false, "define users and connect each to a default group"},
    {"ALTGROUP", "ALG", sp_cmd_altgroup, false, "change groups"},
    {"ALTUSER", "ALU", sp_cmd_altuser, false, "change users; RESUME, REVOKE, reset a password"},
    {"CONNECT", "CO", sp_cmd_connect, false, "connect users to a group"},
    {"DELGROUP", "DG", sp_cmd_delgroup, false, "delete groups without members and subgroups"},
    {"DELUSER", "DU", sp_cmd_deluser, false,
     "delete users with their connections, rings, certificates and filters"},
    {"LISTGRP", "LG", sp_cmd_listgrp, true, "list groups and their members"},
    {"LISTUSER", "LU", sp_cmd_listuser, true, "list users"},
    {"PASSWORD", "PW", sp_cmd_password, false, "change a password, or how long it lasts"},
    {"PERMIT", "PE", sp_cmd_permit, false, "change the access list of a profile"},
    {"PHRASE", NULL, sp_cmd_phrase, false, "change a password phrase"},
    {"RACMAP", NULL, sp_cmd_racmap, false, "filters that map distributed identities to users"},
    {"RALTER", "RALT", sp_cmd_ralter, false, "change general resource profiles"},
    {"RDEFINE", "RDEF", sp_cmd_rdefine, false, "define general resource profiles"},
    {"RDELETE", "RDEL", sp_cmd_rdelete, false, "delete general resource profiles"},
    {"REMOVE", "RE", sp_cmd_remove, false, "remove users from a group"},
    {"RLIST", "RL", sp_cmd_rlist, true, "list general resource profiles"},
    {"SEARCH", "SR", sp_cmd_search, true, "find profiles, users and groups by name"},
    {"SETROPTS", "SETR", sp_cmd_setropts, false, "options of the database and of classes"},
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

static bool is_called(struct sp_str verb, const char *name, const char *alias)
{
    return sp_str_caseless_eq(verb, sp_str_of(name)) || (alias && sp_str_caseless_eq(verb, sp_str_of(alias)));
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
    if (!run->failed && rc < SP_RC_ERROR && !reads_only) {
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
