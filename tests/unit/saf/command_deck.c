/* SPDX-License-Identifier: Apache-2.0 */
#include "command_deck.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "saf/command.h"
#include "saf/image.h"

enum { LINES_MAX = 400, DECK_MAX = 1 << 20, DAY = 86400 };

struct expectation {
    struct sp_str text;
    unsigned line;
};

struct deck {
    const char *name;
    unsigned line; /* of the command that is being looked at */
    struct sp_arena arena;
    struct sp_saf_db *db;
    char data_sets[64];
    struct sp_str issuer, command;
    int rc;
    struct expectation wanted[LINES_MAX], unwanted[LINES_MAX];
    size_t wanted_count, unwanted_count;
    struct {
        bool message;
        struct sp_str text;
    } said[LINES_MAX * 10];
    size_t said_count;
};

static void say(void *arg, const char *id, struct sp_str line)
{
    struct deck *deck = arg;
    assert_true(deck->said_count < LINES_MAX * 10);
    deck->said[deck->said_count].message = id != NULL;
    deck->said[deck->said_count++].text =
        sp_arena_printf(&deck->arena, id ? "%s %.*s" : "%s%.*s", id ? id : "", SP_STR_ARG(line));
}

static bool holds(struct sp_str text, struct sp_str part)
{
    for (size_t i = 0; i + part.len <= text.len; i++)
        if (sp_str_eq(sp_str_slice(text, i, i + part.len), part))
            return true;
    return false;
}

static void show_output(const struct deck *deck)
{
    for (size_t i = 0; i < deck->said_count; i++)
        print_error("    | %.*s\n", SP_STR_ARG(deck->said[i].text));
}

static int run_command(struct deck *deck, struct sp_str text)
{
    struct sp_saf_session session = {
        .db = deck->db, .issuer = deck->issuer, .say = say, .say_arg = deck, .data_sets = deck->data_sets};
    struct sp_error err = SP_ERROR_INIT;
    int rc = -1;
    deck->said_count = 0;
    if (sp_saf_command_run(&session, text, &rc, &err))
        fail_msg("%s:%u: %s", deck->name, deck->line, err.text);
    return rc;
}

static void finish_command(struct deck *deck)
{
    if (!deck->command.len)
        return;
    int rc = run_command(deck, deck->command);
    size_t next = 0;
    for (size_t i = 0; i < deck->said_count; i++) {
        struct sp_str text = deck->said[i].text;
        size_t first = next;
        while (next < deck->wanted_count && holds(text, deck->wanted[next].text))
            next++;
        if (next == first && deck->said[i].message) {
            show_output(deck);
            fail_msg("%s:%u: unexpected message: %.*s", deck->name, deck->line, SP_STR_ARG(text));
        }
        for (size_t k = 0; k < deck->unwanted_count; k++)
            if (holds(text, deck->unwanted[k].text))
                fail_msg("%s:%u: must not be said: %.*s", deck->name, deck->unwanted[k].line,
                         SP_STR_ARG(text));
    }
    if (next < deck->wanted_count) {
        show_output(deck);
        fail_msg("%s:%u: was not said: %.*s", deck->name, deck->wanted[next].line,
                 SP_STR_ARG(deck->wanted[next].text));
    }
    if (rc != deck->rc) {
        show_output(deck);
        fail_msg("%s:%u: rc %d instead of %d", deck->name, deck->line, rc, deck->rc);
    }
    deck->command.len = deck->wanted_count = deck->unwanted_count = 0;
    deck->rc = 0;
}

static struct sp_str word(struct sp_str *rest)
{
    struct sp_str part = {NULL, 0};
    *rest = sp_str_trim(*rest);
    sp_str_split(rest, ' ', &part);
    return part;
}

static void check_decision(struct deck *deck, struct sp_str rest)
{
    struct sp_saf_image *image;
    struct sp_saf_decision decision;
    struct sp_saf_auth auth = {.class = word(&rest)};
    struct sp_error err = SP_ERROR_INIT;
    auth.resource = word(&rest);
    auth.user = word(&rest);
    if (sp_saf_access_named(word(&rest), &auth.wanted))
        fail_msg("%s:%u: unknown access level", deck->name, deck->line);
    if (sp_str_is(auth.user, "-"))
        auth.user = SP_STR("");
    struct sp_str outcome = word(&rest), by = sp_str_trim(rest);
    if (sp_saf_image_build(deck->db, (int32_t)(time(NULL) / DAY), &image, &err))
        fail_msg("%s:%u: %s", deck->name, deck->line, err.text);
    sp_saf_decide(image, &auth, &deck->arena, &decision);
    const char *got = decision.granted ? "granted" : decision.saf_rc == 4 ? "unprotected" : "refused";
    if (!sp_str_is(outcome, got) || (by.len && !sp_str_eq(by, decision.by)))
        fail_msg("%s:%u: %s by %.*s", deck->name, deck->line, got, SP_STR_ARG(decision.by));
    sp_saf_image_release(image);
}

static void take_expectation(struct expectation *list, size_t *count, struct sp_str text, unsigned line)
{
    assert_true(*count < LINES_MAX);
    list[(*count)++] = (struct expectation){text, line};
}

static void take_line(struct deck *deck, struct sp_str line, unsigned number)
{
    struct sp_str rest = line, first = word(&rest);
    rest = rest.ptr ? rest : SP_STR("");
    if (!first.len || first.ptr[0] == '#')
        return;
    if (sp_str_is(first, ">>")) {
        deck->command =
            sp_arena_printf(&deck->arena, "%.*s\n%.*s", SP_STR_ARG(deck->command), SP_STR_ARG(rest));
    } else if (sp_str_is(first, "rc")) {
        deck->rc = (int)strtol(rest.ptr, NULL, 10);
    } else if (sp_str_is(first, "<")) {
        take_expectation(deck->wanted, &deck->wanted_count, rest, number);
    } else if (sp_str_is(first, "!")) {
        take_expectation(deck->unwanted, &deck->unwanted_count, rest, number);
    } else {
        finish_command(deck);
        deck->line = number;
        if (sp_str_is(first, ">"))
            deck->command = rest;
        else if (sp_str_is(first, "issuer"))
            deck->issuer = sp_str_trim(rest);
        else if (sp_str_is(first, "?"))
            check_decision(deck, rest);
        else
            fail_msg("%s:%u: what is this?", deck->name, number);
    }
}

static struct sp_str read_file(struct sp_arena *arena, const char *directory, const char *name)
{
    const char *root = getenv("SALLYPORT_SOURCE_ROOT");
    char path[1024];
    snprintf(path, sizeof path, "%s/%s/%s", root ? root : ".", directory, name);
    FILE *file = fopen(path, "rb");
    char *text = sp_arena_alloc(arena, DECK_MAX);
    if (!file || !text)
        fail_msg("%s cannot be read", path);
    size_t n = fread(text, 1, DECK_MAX, file);
    fclose(file);
    assert_true(n < DECK_MAX);
    return sp_str_from(text, n);
}

static void run_commands(struct deck *deck, const char *name)
{
    struct sp_saf_deck commands;
    struct sp_str command;
    sp_saf_deck_init(&commands, read_file(&deck->arena, ".", name));
    while (sp_saf_deck_next(&commands, &deck->arena, &command, &deck->line, NULL) == SP_OK) {
        int rc = run_command(deck, command);
        if (rc) {
            show_output(deck);
            fail_msg("%s:%u: rc %d", name, deck->line, rc);
        }
    }
}

void run_commands_then_deck(const char *commands, const char *name)
{
    char directory[] = "/tmp/saf-deck-XXXXXX", path[64], remove[64];
    struct deck *deck = calloc(1, sizeof *deck);
    struct sp_error err = SP_ERROR_INIT;
    assert_non_null(deck);
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/saf.db", directory);
    deck->name = name;
    sp_arena_init(&deck->arena, 256 << 20);
    if (sp_saf_db_open(path, NULL, SP_SAF_DB_CREATE, &deck->db, &err))
        fail_msg("%s", err.text);
    snprintf(deck->data_sets, sizeof deck->data_sets, "%s/data", directory);
    assert_int_equal(mkdir(deck->data_sets, 0700), 0);
    if (commands)
        run_commands(deck, commands);
    struct sp_str text = read_file(&deck->arena, "tests/data/saf", name), line;
    for (unsigned number = 1; sp_str_split(&text, '\n', &line); number++)
        take_line(deck, line, number);
    finish_command(deck);
    sp_saf_db_close(deck->db);
    sp_arena_finish(&deck->arena);
    free(deck);
    snprintf(remove, sizeof remove, "rm -rf '%s'", directory);
    assert_int_equal(system(remove), 0);
}

void run_deck(const char *name)
{
    run_commands_then_deck(NULL, name);
}
