/* SPDX-License-Identifier: Apache-2.0
 * command.h: running RACF commands against a database.
 *
 * Each command is a transaction of its own: it is carried out whole or not at all. What it has to say comes
 * as messages with RACF's ids and wording of our own, and as listings. One file a family of commands:
 * cmd_user.c, cmd_group.c, ...
 */
#ifndef SP_SAF_COMMAND_H
#define SP_SAF_COMMAND_H

#include "saf/command_text.h"
#include "saf/db.h"

enum { SP_RC_OK = 0, SP_RC_WARNING = 4, SP_RC_ERROR = 8, SP_RC_SEVERE = 12 };

/* One line of output, without a line end; `id` is the message's id, or NULL for a line of a listing. Never
 * holds a secret. */
typedef void sp_saf_say_fn(void *arg, const char *id, struct sp_str line);

struct sp_saf_session {
    struct sp_saf_db *db;
    struct sp_str
        issuer; /* user id whose authority counts; empty: the owner of the database, who may do everything */
    sp_saf_say_fn *say;
    void *say_arg;
    /* Read and write the data sets that commands name ('USER1.CERT' and the like) as files of this directory;
     * NULL: refuse. */
    const char *data_sets;
};

/* Run one command. `*ret_rc` is its return code: 0, 4 (done, with a warning), 8 (refused: nothing changed),
 * 12 (the command could not be read). The status is other than SP_OK only when the database failed. An empty
 * command is rc 0. */
enum sp_status sp_saf_command_run(struct sp_saf_session *session, struct sp_str text, int *ret_rc,
                                  struct sp_error *err) SP_MUST_CHECK;

/* One line a command for help: "ADDUSER (AU)   define users ...". `index` from 0; ptr NULL at the end. */
struct sp_str sp_saf_command_help(size_t index);
/* The operands of the command of that name or alias, on lines of their own; NULL when there is none. */
const char *sp_saf_command_syntax(struct sp_str verb);

#endif
