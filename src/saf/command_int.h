/* SPDX-License-Identifier: Apache-2.0
 * command_int.h: what the files of commands share. Private to the room.
 */
#ifndef SP_SAF_COMMAND_INT_H
#define SP_SAF_COMMAND_INT_H

#include "saf/class_table.h"
#include "saf/command.h"

/* One command being carried out. Its functions return a return code (SP_RC_...); a failure of the database is
 * noted in `failed` and makes the command end with SP_RC_SEVERE. */
struct sp_run {
    struct sp_saf_session *session;
    struct sp_saf_db *db;
    struct sp_arena *arena;
    const struct sp_saf_command *command;
    struct sp_saf_user issuer; /* flags all set when the session has no issuer */
    bool issuer_is_owner;
    struct sp_saf_options options;
    int32_t today;
    bool changed_nothing; /* it only listed: readers need not look again */
    bool discreet; /* an operand that is not known may be a secret that lost its keyword: it is not said */
    enum sp_status failed;
    struct sp_error err;
};

typedef int sp_run_fn(struct sp_run *run);

int sp_cmd_adduser(struct sp_run *run);
int sp_cmd_altuser(struct sp_run *run);
int sp_cmd_deluser(struct sp_run *run);
int sp_cmd_listuser(struct sp_run *run);
int sp_cmd_password(struct sp_run *run);
int sp_cmd_phrase(struct sp_run *run);
int sp_cmd_addgroup(struct sp_run *run);
int sp_cmd_altgroup(struct sp_run *run);
int sp_cmd_delgroup(struct sp_run *run);
int sp_cmd_listgrp(struct sp_run *run);
int sp_cmd_connect(struct sp_run *run);
int sp_cmd_remove(struct sp_run *run);
int sp_cmd_rdefine(struct sp_run *run);
int sp_cmd_ralter(struct sp_run *run);
int sp_cmd_rdelete(struct sp_run *run);
int sp_cmd_rlist(struct sp_run *run);
int sp_cmd_permit(struct sp_run *run);
int sp_cmd_setropts(struct sp_run *run);
int sp_cmd_search(struct sp_run *run);
int sp_cmd_racmap(struct sp_run *run);
int sp_cmd_racdcert(struct sp_run *run);

/* ---- saying things ---- */

/* A message; returns `rc`, so that "return sp_say(run, SP_RC_ERROR, "ICH01003I", ...)" reads in one line. */
int sp_say(struct sp_run *run, int rc, const char *id, const char *fmt, ...) SP_PRINTF(4, 5);
/* A line of a listing. */
void sp_list(struct sp_run *run, const char *fmt, ...) SP_PRINTF(2, 3);
/* The database failed: remember it. Returns SP_RC_SEVERE. */
int sp_run_failed(struct sp_run *run, enum sp_status status);

/* ---- operands ---- */

/* Whether a keyword has parentheses behind it. */
enum sp_list_want { SP_NO_LIST, SP_LIST, SP_MAY_LIST };

/* A keyword of a command. Both "NAME" and "NONAME" forms are rows of their own. */
struct sp_keyword {
    const char *name;
    int code; /* of the command's own enum; negative: known to RACF and not supported here, refused by name */
    enum sp_list_want list;
};

/* Find the keyword that an operand names, in full or by an unambiguous prefix. SP_RC_OK, or a message was
 * said and its code is returned (unknown, ambiguous, unsupported, list missing or given for nothing). */
int sp_keyword_of(struct sp_run *run, const struct sp_keyword *keywords, size_t count,
                  const struct sp_saf_operand *operand, const struct sp_keyword **ret_keyword);
/* The one word or string in an operand's list, ptr NULL with a message when there is none or more than one.
 */
struct sp_str sp_single(struct sp_run *run, const struct sp_saf_operand *operand);
/* The same in upper case, as a user, group or class name; checked. */
struct sp_str sp_single_id(struct sp_run *run, const struct sp_saf_operand *operand, const char *what);
/* The same as a number in a range; false with a message. */
bool sp_single_number(struct sp_run *run, const struct sp_saf_operand *operand, int64_t least, int64_t most,
                      int64_t *ret_number);
/* In upper case, in the arena. */
struct sp_str sp_upper_of(struct sp_run *run, struct sp_str s);
/* Text of at most `longest` bytes; an access level. SP_RC_OK or a message. */
int sp_take_text(struct sp_run *run, const struct sp_saf_operand *operand, size_t longest,
                 struct sp_str *ret_text);
int sp_take_access(struct sp_run *run, const struct sp_saf_operand *operand, enum sp_saf_access *ret_access);
/* The first operand of the command, "FRED" or "(FRED MARY)"; `*ret_rest` is what follows. NULL with a message
 * when it is missing. */
const struct sp_saf_operand *sp_positional(struct sp_run *run, const char *what,
                                           const struct sp_saf_operand **ret_rest);
/* Call `fn` for each name of a positional operand, in upper case and checked. Returns the worst code. */
int sp_each_name(struct sp_run *run, const struct sp_saf_operand *positional, const char *what,
                 int (*fn)(struct sp_run *run, void *arg, struct sp_str id), void *arg);
/* "INVALID USERID, ...": `text` is no name of a user, group or class. */
int sp_say_invalid_id(struct sp_run *run, const char *what, struct sp_str text);
/* A date: yyddd or mm/dd/yy, as RACF takes it, or yyyy-mm-dd; SP_SAF_NO_DATE with a message when it is none.
 */
int32_t sp_date_of(struct sp_run *run, struct sp_str text);
/* "yy.ddd" as RACF lists dates, or "NONE"; in the arena. */
struct sp_str sp_date_text(struct sp_run *run, int32_t date);

/* ---- entries ---- */

/* Whether a user or group of that name is there; a failure of the database is noted. */
bool sp_user_exists(struct sp_run *run, struct sp_str id);
bool sp_group_exists(struct sp_run *run, struct sp_str id);
/* That it is there; an owner must be a user or a group. SP_RC_OK or a message. */
int sp_check_user(struct sp_run *run, struct sp_str user);
int sp_check_group(struct sp_run *run, struct sp_str group);
int sp_check_owner(struct sp_run *run, struct sp_str owner);

/* The class of that name in the class table, in any case. SP_RC_OK or a message. */
int sp_class_named(struct sp_run *run, struct sp_str text, const struct sp_saf_class_info **ret_info);
/* What SETROPTS set for a class; all off when nothing did. SP_RC_OK or the failure of the database. */
int sp_class_settings(struct sp_run *run, struct sp_str class, struct sp_saf_class *ret_settings);

#endif
