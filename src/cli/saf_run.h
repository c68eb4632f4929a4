/* SPDX-License-Identifier: Apache-2.0
 * saf_run.h: running RACF commands for `sallyport saf`, and saying how it went.
 */
#ifndef SP_CLI_SAF_RUN_H
#define SP_CLI_SAF_RUN_H

#include "saf/command.h"

struct sp_saf_runner {
    struct sp_saf_session session;
    bool stop_on_error;
    bool echo;      /* say the line and the command before what it answers, and the return code behind it */
    bool line_open; /* the echo of a command waits for its result */
    unsigned done, warned, refused;
    int worst; /* return code */
};

/* `db` stays the caller's. `issuer` empty: the owner of the database; `data_sets` as in struct
 * sp_saf_session. */
void sp_saf_runner_init(struct sp_saf_runner *runner, struct sp_saf_db *db, struct sp_str issuer,
                        const char *data_sets);
/* Run one command. SP_OK also when it was refused; what the database returns otherwise. */
enum sp_status sp_saf_runner_one(struct sp_saf_runner *runner, struct sp_str command, unsigned line,
                                 struct sp_error *err) SP_MUST_CHECK;
/* Run a deck: commands one behind the other, or JCL. SP_ECANCELED when stop_on_error stopped it. */
enum sp_status sp_saf_runner_deck(struct sp_saf_runner *runner, struct sp_str deck,
                                  struct sp_error *err) SP_MUST_CHECK;
/* "3 commands: 2 done, 1 refused, highest return code 8". */
void sp_saf_runner_total(const struct sp_saf_runner *runner);

/* A dialogue on the terminal, with history and help, until "quit" or the end of input. */
enum sp_status sp_saf_dialogue(struct sp_saf_runner *runner, struct sp_error *err) SP_MUST_CHECK;

#endif
