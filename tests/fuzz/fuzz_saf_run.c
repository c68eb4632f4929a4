/* SPDX-License-Identifier: Apache-2.0
 * fuzz_saf_run.c: a deck is carried out on a database in memory; what is refused changes nothing, the
 * database never fails, and an image can be built of what comes out.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "saf/command.h"
#include "saf/image.h"

enum { COMMANDS_MAX = 16, DECK_MAX = 8192, DAY = 20000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void say(void *arg, const char *id, struct sp_str line)
{
    size_t *bytes = arg;
    *bytes += line.len + (id ? 1 : 0);
}

static struct sp_saf_db *open_database(void)
{
    static char key[64];
    struct sp_saf_db *db = NULL;
    if (!key[0]) {
        char directory[] = "/tmp/fuzz-saf-run-XXXXXX";
        if (!mkdtemp(directory))
            abort();
        snprintf(key, sizeof key, "%s/key", directory);
    }
    if (sp_saf_db_open(":memory:", key, SP_SAF_DB_CREATE, &db, NULL))
        abort();
    return db;
}

static void run_one(struct sp_saf_session *session, struct sp_str command)
{
    uint64_t before, after;
    int rc = -1;
    if (sp_saf_db_version(session->db, &before, NULL) || sp_saf_command_run(session, command, &rc, NULL) ||
        sp_saf_db_version(session->db, &after, NULL))
        abort();
    if (rc != SP_RC_OK && rc != SP_RC_WARNING && rc != SP_RC_ERROR && rc != SP_RC_SEVERE)
        abort();
    if (rc >= SP_RC_ERROR && before != after)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_saf_deck deck;
    struct sp_str text;
    struct sp_saf_image *image;
    unsigned line;
    size_t bytes = 0;
    if (size > DECK_MAX)
        return 0;
    struct sp_saf_session session = {.db = open_database(), .say = say, .say_arg = &bytes};
    sp_saf_deck_init(&deck, sp_str_from(data, size));
    for (int i = 0; i < COMMANDS_MAX; i++) {
        struct sp_arena arena;
        sp_arena_init(&arena, 4 << 20);
        enum sp_status status = sp_saf_deck_next(&deck, &arena, &text, &line, NULL);
        if (status == SP_OK)
            run_one(&session, text);
        sp_arena_finish(&arena);
        if (status == SP_ENOTFOUND)
            break;
    }
    if (sp_saf_image_build(session.db, DAY, &image, NULL))
        abort();
    sp_saf_image_release(image);
    sp_saf_db_close(session.db);
    return 0;
}
