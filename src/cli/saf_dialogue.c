/* SPDX-License-Identifier: Apache-2.0
 * The dialogue of `sallyport saf` on a terminal. Line editing and history are libedit's; passwords and keys
 * are masked in the history file.
 */
#include <errno.h>
#include <histedit.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"
#include "cli/saf_run.h"

enum { HISTORY_MAX = 1000 };

struct dialogue {
    struct sp_saf_runner *runner;
    EditLine *editor;
    History *history;
    struct sp_buf command; /* lines so far */
    bool continued;
    char history_path[4096];
};

static char *prompt(EditLine *editor)
{
    static char first[] = "saf> ", next[] = "...> ";
    struct dialogue *d = NULL;
    el_get(editor, EL_CLIENTDATA, &d);
    return d && d->continued ? next : first;
}

/* $SALLYPORT_SAF_HISTORY, else .sallyport_saf_history in the home directory; none without either. */
static void find_history(struct dialogue *d)
{
    const char *given = getenv("SALLYPORT_SAF_HISTORY"), *home = getenv("HOME");
    d->history_path[0] = '\0';
    if (given)
        snprintf(d->history_path, sizeof d->history_path, "%s", given);
    else if (home && home[0])
        snprintf(d->history_path, sizeof d->history_path, "%s/.sallyport_saf_history", home);
}

static enum sp_status open_dialogue(struct dialogue *d, struct sp_error *err)
{
    HistEvent event;
    sp_buf_init(&d->command, SP_SAF_COMMAND_BYTES_MAX);
    find_history(d);
    d->editor = el_init("sallyport", stdin, stdout, stderr);
    d->history = history_init();
    if (!d->editor || !d->history)
        return sp_error_set(err, SP_ENOMEM, NULL, "the terminal cannot be used for a dialogue");
    el_set(d->editor, EL_CLIENTDATA, d);
    el_set(d->editor, EL_PROMPT, prompt);
    el_set(d->editor, EL_EDITOR, "emacs");
    el_set(d->editor, EL_SIGNAL, 1);
    history(d->history, &event, H_SETSIZE, HISTORY_MAX);
    history(d->history, &event, H_SETUNIQUE, 1);
    el_set(d->editor, EL_HIST, history, d->history);
    if (d->history_path[0])
        history(d->history, &event, H_LOAD, d->history_path);
    return SP_OK;
}

static void close_dialogue(struct dialogue *d)
{
    if (d->history)
        history_end(d->history);
    if (d->editor)
        el_end(d->editor);
    sp_buf_wipe(&d->command);
}

/* What is remembered can be read by whoever reads the file later: without secrets. */
static void remember(struct dialogue *d)
{
    HistEvent event;
    struct sp_buf shown;
    sp_buf_init(&shown, 2 * SP_SAF_COMMAND_BYTES_MAX);
    bool good = sp_saf_command_mask(sp_buf_str(&d->command), &shown) == SP_OK && shown.len &&
                sp_buf_append_byte(&shown, 0) == SP_OK;
    if (good) {
        history(d->history, &event, H_ENTER, (const char *)shown.ptr);
        mode_t before = umask(077);
        if (d->history_path[0])
            history(d->history, &event, H_SAVE, d->history_path);
        umask(before);
    }
    sp_buf_wipe(&shown);
}

static void help(struct sp_str topic)
{
    const char *syntax = topic.len ? sp_saf_command_syntax(topic) : NULL;
    if (syntax) {
        puts(syntax);
        return;
    }
    if (topic.len)
        printf("There is no command %.*s.\n", SP_STR_ARG(topic));
    struct sp_str line;
    for (size_t i = 0; (line = sp_saf_command_help(i)).ptr; i++)
        printf("  %.*s\n", SP_STR_ARG(line));
    puts("A line that ends in '-' or '+' goes on in the next one. 'help COMMAND' shows its operands, 'quit' "
         "ends.");
}

/* True when the line was for the dialogue itself. */
static bool is_own(struct dialogue *d, struct sp_str line, bool *ret_quit)
{
    struct sp_str rest = sp_str_trim(line), first = {NULL, 0};
    sp_str_split(&rest, ' ', &first);
    *ret_quit = sp_str_caseless_eq(first, SP_STR("QUIT")) || sp_str_caseless_eq(first, SP_STR("EXIT")) ||
                sp_str_caseless_eq(first, SP_STR("END"));
    bool wants_help = sp_str_caseless_eq(first, SP_STR("HELP")) || sp_str_is(first, "?");
    if (wants_help)
        help(sp_str_trim(rest));
    return !d->continued && (*ret_quit || wants_help);
}

static enum sp_status run_lines(struct dialogue *d, struct sp_error *err)
{
    int before = d->runner->worst;
    d->runner->worst = 0;
    enum sp_status status = sp_saf_runner_deck(d->runner, sp_buf_str(&d->command), err);
    if (!status && d->runner->worst)
        printf("rc %d\n", d->runner->worst);
    if (d->runner->worst < before)
        d->runner->worst = before;
    remember(d);
    sp_secret_wipe(d->command.ptr, d->command.len);
    sp_buf_reset(&d->command);
    return status;
}

static bool goes_on(struct sp_str line)
{
    line = sp_str_trim(line);
    return line.len && (line.ptr[line.len - 1] == '-' || line.ptr[line.len - 1] == '+');
}

enum sp_status sp_saf_dialogue(struct sp_saf_runner *runner, struct sp_error *err)
{
    struct dialogue d = {.runner = runner};
    enum sp_status status = open_dialogue(&d, err);
    int count = 0;
    const char *text;
    if (!status)
        puts("RACF commands; 'help' lists them, 'quit' ends.");
    while (!status && (text = el_gets(d.editor, &count)) && count > 0) {
        struct sp_str line = sp_str_from(text, (size_t)count);
        bool quit = false;
        if (is_own(&d, line, &quit)) {
            if (quit)
                break;
            continue;
        }
        if (sp_buf_append_str(&d.command, line)) {
            puts("The command is too long and is forgotten.");
            sp_buf_reset(&d.command);
            d.continued = false;
            continue;
        }
        d.continued = goes_on(line);
        if (!d.continued)
            status = run_lines(&d, err);
    }
    close_dialogue(&d);
    return status;
}
