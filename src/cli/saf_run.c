/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/saf_run.h"

#include <stdio.h>

#define COMMAND_ARENA_MAX ((size_t)16 << 20)

/* The echo of a command gets its return code on the same line when nothing else was said. */
static void end_echo(struct sp_saf_runner *runner)
{
    if (runner->line_open)
        putchar('\n');
    runner->line_open = false;
}

static void say(void *arg, const char *id, struct sp_str line)
{
    struct sp_saf_runner *runner = arg;
    end_echo(runner);
    if (runner->echo)
        fputs("    ", stdout);
    if (id)
        printf("%s ", id);
    fwrite(line.ptr ? line.ptr : "", 1, line.len, stdout);
    putchar('\n');
}

void sp_saf_runner_init(struct sp_saf_runner *runner, struct sp_saf_db *db, struct sp_str issuer,
                        const char *data_sets)
{
    *runner = (struct sp_saf_runner){
        .session = {.db = db, .issuer = issuer, .say = say, .say_arg = runner, .data_sets = data_sets}};
}

static void begin_echo(struct sp_saf_runner *runner, struct sp_str command, unsigned line)
{
    struct sp_buf shown;
    sp_buf_init(&shown, 2 * SP_SAF_COMMAND_BYTES_MAX);
    if (sp_saf_command_mask(command, &shown) == SP_OK)
        printf("%u: %.*s", line, SP_STR_ARG(sp_buf_str(&shown)));
    else
        printf("%u: ", line);
    runner->line_open = true;
    sp_buf_wipe(&shown);
}

enum sp_status sp_saf_runner_one(struct sp_saf_runner *runner, struct sp_str command, unsigned line,
                                 struct sp_error *err)
{
    int rc = SP_RC_SEVERE;
    if (runner->echo)
        begin_echo(runner, command, line);
    enum sp_status status = sp_saf_command_run(&runner->session, command, &rc, err);
    if (status) {
        end_echo(runner);
        return status;
    }
    if (runner->line_open)
        printf("  -> rc %d\n", rc);
    else if (runner->echo)
        printf("    -> rc %d\n", rc);
    runner->line_open = false;
    fflush(stdout); /* what is said to be done, is */
    *(rc >= SP_RC_ERROR ? &runner->refused : rc ? &runner->warned : &runner->done) += 1;
    if (rc > runner->worst)
        runner->worst = rc;
    return SP_OK;
}

static bool is_comment(struct sp_str command, struct sp_arena *arena)
{
    struct sp_saf_command parsed;
    return sp_saf_command_parse(command, arena, &parsed, NULL) == SP_OK && !parsed.verb.len;
}

enum sp_status sp_saf_runner_deck(struct sp_saf_runner *runner, struct sp_str text, struct sp_error *err)
{
    struct sp_saf_deck deck;
    struct sp_str command;
    unsigned line;
    enum sp_status status;
    sp_saf_deck_init(&deck, text);
    for (;;) {
        struct sp_arena arena;
        sp_arena_init(&arena, COMMAND_ARENA_MAX);
        status = sp_saf_deck_next(&deck, &arena, &command, &line, err);
        if (!status && !is_comment(command, &arena))
            status = sp_saf_runner_one(runner, command, line, err);
        sp_arena_wipe(&arena);
        if (status)
            return status == SP_ENOTFOUND ? SP_OK : status;
        if (runner->stop_on_error && runner->worst >= SP_RC_ERROR)
            return sp_error_set(err, SP_ECANCELED, NULL, "stopped at line %u", line);
    }
}

void sp_saf_runner_total(const struct sp_saf_runner *runner)
{
    unsigned count = runner->done + runner->warned + runner->refused;
    printf("%u command%s: %u done", count, count == 1 ? "" : "s", runner->done);
    if (runner->warned)
        printf(", %u done with a warning", runner->warned);
    if (runner->refused)
        printf(", %u refused", runner->refused);
    printf("; highest return code %d\n", runner->worst);
}
