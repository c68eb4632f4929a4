/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "store/state.h"

#define SUM_A "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb" /* of "a" */
#define SUM_B "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d" /* of "b" */

struct fixture {
    struct sp_arena arena;
    struct sp_store_state state;
    struct sp_buf buf;
    struct sp_error err;
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.err = SP_ERROR_INIT};
    sp_arena_init(&f.arena, (size_t)64 << 20);
    sp_buf_init(&f.buf, SP_STORE_STATE_BYTES_MAX);
    sp_store_state_init(&f.state, &f.arena);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sp_store_state_finish(&f->state);
    sp_buf_finish(&f->buf);
    sp_arena_finish(&f->arena);
    return 0;
}

static void put(struct fixture *f, enum sp_store_kind kind, const char *name, const char *checksum,
                bool stopped)
{
    const struct sp_store_record record = {.kind = kind,
                                           .name = sp_str_of(name),
                                           .checksum = sp_str_of(checksum),
                                           .stopped = stopped,
                                           .by = SP_STR("fred"),
                                           .at = SP_STR("2026-01-31T23:59:59Z")};
    assert_int_equal(sp_store_state_put(&f->state, &record, &f->err), SP_OK);
}

static bool stopped(struct fixture *f, enum sp_store_kind kind, const char *name, const char *archive)
{
    char checksum[SP_STORE_CHECKSUM_BYTES + 1];
    sp_store_checksum(sp_str_of(archive), checksum);
    return sp_store_state_is_stopped(&f->state, kind, sp_str_of(name), checksum);
}

/* Writes the state and reads it again. */
static void through_text(struct fixture *f)
{
    sp_buf_reset(&f->buf);
    assert_int_equal(sp_store_state_write(&f->state, &f->buf, &f->err), SP_OK);
    sp_store_state_finish(&f->state);
    sp_store_state_init(&f->state, &f->arena);
    if (sp_store_state_read(&f->state, sp_buf_str(&f->buf), &f->err) != SP_OK)
        fail_msg("%s", f->err.text);
}

static void what_nobody_stopped_is_started(void **state)
{
    struct fixture *f = *state;
    assert_false(stopped(f, SP_STORE_API, "x", "a"));
    assert_int_equal(sp_store_state_read(&f->state, SP_STR(""), &f->err), SP_OK);
    assert_int_equal(sp_store_state_read(&f->state, SP_STR(" \n"), &f->err), SP_OK);
    assert_null(sp_store_state_find(&f->state, SP_STORE_API, SP_STR("x")));
}

static void a_record_survives_the_text(void **state)
{
    struct fixture *f = *state;
    put(f, SP_STORE_API, "x \"y\"", SUM_A, true);
    put(f, SP_STORE_SERVICE, "x", SUM_A, false);
    put(f, SP_STORE_REQUESTER, "z_1", SUM_B, true);
    through_text(f);
    assert_true(stopped(f, SP_STORE_API, "x \"y\"", "a"));
    assert_false(stopped(f, SP_STORE_SERVICE, "x", "a"));
    assert_false(stopped(f, SP_STORE_API, "x", "a"));
    assert_true(stopped(f, SP_STORE_REQUESTER, "z_1", "b"));
    const struct sp_store_record *record = sp_store_state_find(&f->state, SP_STORE_REQUESTER, SP_STR("z_1"));
    assert_true(sp_str_is(record->by, "fred") && sp_str_is(record->at, "2026-01-31T23:59:59Z"));
    assert_true(sp_str_is(record->checksum, SUM_B));
    /* The same state is the same text. */
    char first[4096];
    snprintf(first, sizeof first, "%.*s", SP_STR_ARG(sp_buf_str(&f->buf)));
    through_text(f);
    assert_true(sp_str_is(sp_buf_str(&f->buf), first));
}

static void the_record_of_the_archives_bytes_counts(void **state)
{
    struct fixture *f = *state;
    put(f, SP_STORE_API, "x", SUM_A, true);
    put(f, SP_STORE_API, "x", SUM_B, false);
    through_text(f);
    /* While the file is replaced: whichever is there has its own state. */
    assert_true(stopped(f, SP_STORE_API, "x", "a"));
    assert_false(stopped(f, SP_STORE_API, "x", "b"));
    assert_false(stopped(f, SP_STORE_API, "x", "copied there"));
    put(f, SP_STORE_API, "x", SUM_A, true);
    assert_true(stopped(f, SP_STORE_API, "x", "copied there"));
}

static void keeping_one_drops_the_others(void **state)
{
    struct fixture *f = *state;
    put(f, SP_STORE_API, "x", SUM_A, true);
    put(f, SP_STORE_API, "x", SUM_B, false);
    sp_store_state_keep(&f->state, SP_STORE_API, SP_STR("x"), SUM_A);
    const struct sp_store_record *record = sp_store_state_find(&f->state, SP_STORE_API, SP_STR("x"));
    assert_non_null(record);
    assert_null(record->next);
    assert_true(sp_str_is(record->checksum, SUM_A));
    sp_store_state_keep(&f->state, SP_STORE_API, SP_STR("x"), "");
    assert_null(sp_store_state_find(&f->state, SP_STORE_API, SP_STR("x")));
    sp_store_state_keep(&f->state, SP_STORE_API, SP_STR("x"), "");
    through_text(f);
    assert_null(sp_store_state_find(&f->state, SP_STORE_API, SP_STR("x")));
    put(f, SP_STORE_API, "x", SUM_B, true);
    assert_true(stopped(f, SP_STORE_API, "x", "b"));
}

static void replacing_a_record_keeps_one_of_its_bytes(void **state)
{
    struct fixture *f = *state;
    put(f, SP_STORE_SERVICE, "s", SUM_A, true);
    put(f, SP_STORE_SERVICE, "s", SUM_A, false);
    const struct sp_store_record *record = sp_store_state_find(&f->state, SP_STORE_SERVICE, SP_STR("s"));
    assert_false(record->stopped);
    assert_null(record->next);
}

static void what_is_no_state_is_refused(void **state)
{
    struct fixture *f = *state;
#define ITEM(kind, name, sum, status)                                                         \
    "{\"format\":1,\"items\":[{\"kind\":\"" kind "\",\"name\":\"" name "\",\"sha256\":\"" sum \
    "\",\"status\":\"" status "\"}]}"
    static const struct {
        const char *text;
        enum sp_status status;
    } cases[] = {
        {"{", SP_ESYNTAX},
        {"[]", SP_EINVAL},
        {"{}", SP_EINVAL},
        {"{\"format\":2,\"items\":[]}", SP_EINVAL},
        {"{\"format\":1,\"items\":{}}", SP_EINVAL},
        {"{\"format\":1,\"items\":[1]}", SP_EINVAL},
        {"{\"format\":1,\"items\":[[[[[]]]]]}", SP_ELIMIT},
        {ITEM("apis", "x", SUM_A, "started"), SP_EINVAL},
        {ITEM("api", "", SUM_A, "started"), SP_EINVAL},
        {ITEM("api", "x", "ca97", "started"), SP_EINVAL},
        {ITEM("api", "x", SUM_A, "running"), SP_EINVAL},
        {ITEM("api", "x", SUM_A, "started"), SP_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (sp_store_state_read(&f->state, sp_str_of(cases[i].text), &f->err) != cases[i].status)
            fail_msg("%s: %s", cases[i].text, f->err.text);
}

static void more_records_than_the_limit_are_refused(void **state)
{
    struct fixture *f = *state;
    char name[32];
    for (unsigned i = 0; i < SP_STORE_RECORDS_MAX; i++) {
        snprintf(name, sizeof name, "n%u", i);
        put(f, SP_STORE_API, name, SUM_A, true);
    }
    const struct sp_store_record one = {
        .kind = SP_STORE_API, .name = SP_STR("more"), .checksum = SP_STR(SUM_A)};
    assert_int_equal(sp_store_state_put(&f->state, &one, &f->err), SP_ELIMIT);
    put(f, SP_STORE_API, "n0", SUM_A, false);
    assert_false(stopped(f, SP_STORE_API, "n0", "a"));
    assert_true(stopped(f, SP_STORE_API, "n1", "a"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_nobody_stopped_is_started),
        TEST(a_record_survives_the_text),
        TEST(the_record_of_the_archives_bytes_counts),
        TEST(keeping_one_drops_the_others),
        TEST(replacing_a_record_keeps_one_of_its_bytes),
        TEST(what_is_no_state_is_refused),
        TEST(more_records_than_the_limit_are_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
