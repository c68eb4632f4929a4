/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "saf/passticket.h"

struct vector {
    enum sp_passticket_kind kind;
    const char *user, *appl, *key; /* hex, or "count:n" for bytes 00, 01, ... */
    int64_t seconds;
    const char *ticket;
};

/* The first was accepted by a real RACF (published in a workshop guide of IBM's); the others were computed
 * independently of this code. */
static const struct vector vectors[] = {
    {SP_PASSTICKET_LEGACY, "FRED", "BBGZDFLT", "123456789ABCDEF0", 1601305985, "RQELV4J5"},
    {SP_PASSTICKET_LEGACY, "USERID", "APPNAME", "A1B2C3D4E5F6A7B8", 1500000000, "1YCEEG9Z"},
    {SP_PASSTICKET_LEGACY, "IBMUSER", "TSOR001", "E001193519561977", 1600000000, "MPMEMAN1"},
    {SP_PASSTICKET_LEGACY, "TOM", "CICSA", "098D61A85585D2AB", 0x5A000000, "ZRR4FT09"},
    {SP_PASSTICKET_LEGACY, "JOHNSON1", "BBGZDFLT", "0123456789ABCDEF", 1700000000, "T10LNYDR"},
    {SP_PASSTICKET_UPPER, "USERID", "APPNAME", "count:32", 1700000000, "HZI6Q42J"},
    {SP_PASSTICKET_MIXED, "USERID", "APPNAME", "count:32", 1700000000, "9w6Yh0wJ"},
    {SP_PASSTICKET_UPPER, "IBMUSER", "TSOR001", "count:64", 1700000000, "1TAR4UNX"},
    {SP_PASSTICKET_MIXED, "IBMUSER", "TSOR001", "count:64", 1700000000, "pqzissRU"},
};
#define VECTORS (sizeof vectors / sizeof vectors[0])

static struct sp_passticket_key key_of(const struct vector *v)
{
    struct sp_passticket_key key = {.kind = v->kind};
    unsigned n;
    if (sscanf(v->key, "count:%u", &n) == 1) {
        for (key.len = 0; key.len < n; key.len++)
            key.bytes[key.len] = (unsigned char)key.len;
        return key;
    }
    for (; sscanf(v->key + 2 * key.len, "%2x", &n) == 1; key.len++)
        key.bytes[key.len] = (unsigned char)n;
    return key;
}

static void tickets_equal_the_published_ones(void **state)
{
    for (size_t i = 0; i < VECTORS; i++) {
        struct sp_passticket_key key = key_of(&vectors[i]);
        char ticket[SP_PASSTICKET_LEN + 1];
        assert_int_equal(sp_passticket_make(&key, sp_str_of(vectors[i].user), sp_str_of(vectors[i].appl),
                                            vectors[i].seconds, ticket, NULL),
                         SP_OK);
        assert_string_equal(ticket, vectors[i].ticket);
    }
}

static void the_time_is_recovered_from_a_ticket(void **state)
{
    for (size_t i = 0; i < VECTORS; i++) {
        struct sp_passticket_key key = key_of(&vectors[i]);
        int64_t seconds = 0;
        assert_int_equal(sp_passticket_time(&key, sp_str_of(vectors[i].user), sp_str_of(vectors[i].appl),
                                            sp_str_of(vectors[i].ticket), &seconds, NULL),
                         SP_OK);
        assert_true(seconds == vectors[i].seconds);
    }
}

static void every_second_of_a_day_survives_the_round_trip(void **state)
{
    for (size_t i = 0; i < VECTORS; i += 2) {
        struct sp_passticket_key key = key_of(&vectors[i]);
        for (int64_t at = 1700000000; at < 1700086400; at += 61) {
            char ticket[SP_PASSTICKET_LEN + 1];
            int64_t back = 0;
            assert_int_equal(sp_passticket_make(&key, SP_STR("A#$@9"), SP_STR("X"), at, ticket, NULL), SP_OK);
            assert_int_equal(
                sp_passticket_time(&key, SP_STR("a#$@9"), SP_STR("x"), sp_str_of(ticket), &back, NULL),
                SP_OK);
            assert_true(back == at);
        }
    }
}

static void another_user_application_or_key_gives_another_time(void **state)
{
    struct sp_passticket_key key = key_of(&vectors[0]);
    int64_t seconds = 0;
    assert_int_equal(
        sp_passticket_time(&key, SP_STR("FREE"), SP_STR("BBGZDFLT"), SP_STR("RQELV4J5"), &seconds, NULL),
        SP_OK);
    assert_false(seconds == vectors[0].seconds);
    assert_int_equal(
        sp_passticket_time(&key, SP_STR("FRED"), SP_STR("BBGZDFLU"), SP_STR("RQELV4J5"), &seconds, NULL),
        SP_OK);
    assert_false(seconds == vectors[0].seconds);
    key.bytes[3] ^= 0x10;
    assert_int_equal(
        sp_passticket_time(&key, SP_STR("FRED"), SP_STR("BBGZDFLT"), SP_STR("RQELV4J5"), &seconds, NULL),
        SP_OK);
    assert_false(seconds == vectors[0].seconds);
    /* Parity bits of a DES key do not count. */
    key = key_of(&vectors[0]);
    key.bytes[3] ^= 0x01;
    assert_int_equal(
        sp_passticket_time(&key, SP_STR("FRED"), SP_STR("BBGZDFLT"), SP_STR("RQELV4J5"), &seconds, NULL),
        SP_OK);
    assert_true(seconds == vectors[0].seconds);
}

static void what_cannot_be_a_ticket_is_told_from_one(void **state)
{
    struct sp_passticket_key legacy = key_of(&vectors[0]), upper = key_of(&vectors[5]),
                             mixed = key_of(&vectors[6]);
    int64_t seconds = 0;
    const char *texts[] = {"", "RQELV4J", "RQELV4J55", "RQELV4J*", "RQELV4JA", "SECRET"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(
            sp_passticket_time(&legacy, SP_STR("FRED"), SP_STR("A"), sp_str_of(texts[i]), &seconds, NULL),
            SP_EINVAL);
    assert_int_equal(
        sp_passticket_time(&upper, SP_STR("FRED"), SP_STR("A"), SP_STR("hzi6q42j"), &seconds, NULL),
        SP_EINVAL);
    assert_int_equal(
        sp_passticket_time(&upper, SP_STR("FRED"), SP_STR("A"), SP_STR("ZZZZZZZZ"), &seconds, NULL),
        SP_EINVAL);
    assert_int_equal(
        sp_passticket_time(&mixed, SP_STR("FRED"), SP_STR("A"), SP_STR("9w6Yh0w+"), &seconds, NULL),
        SP_EINVAL);
    assert_true(seconds == 0);
}

static void names_keys_and_times_have_ranges(void **state)
{
    struct sp_passticket_key legacy = key_of(&vectors[0]), upper = key_of(&vectors[5]);
    char ticket[SP_PASSTICKET_LEN + 1] = "";
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(sp_passticket_make(&legacy, SP_STR(""), SP_STR("A"), 1, ticket, &err), SP_EINVAL);
    assert_int_equal(sp_passticket_make(&legacy, SP_STR("NINECHARS"), SP_STR("A"), 1, ticket, &err),
                     SP_EINVAL);
    assert_int_equal(sp_passticket_make(&legacy, SP_STR("A-B"), SP_STR("A"), 1, ticket, &err), SP_EINVAL);
    assert_int_equal(sp_passticket_make(&legacy, SP_STR("A"), SP_STR("NINECHARS"), 1, ticket, &err),
                     SP_EINVAL);
    assert_int_equal(sp_passticket_make(&legacy, SP_STR("A"), SP_STR("B"), -1, ticket, &err), SP_EINVAL);
    assert_int_equal(sp_passticket_make(&legacy, SP_STR("A"), SP_STR("B"), (int64_t)1 << 32, ticket, &err),
                     SP_EINVAL);
    assert_int_equal(
        sp_passticket_make(&legacy, SP_STR("A"), SP_STR("B"), ((int64_t)1 << 32) - 1, ticket, &err), SP_OK);
    legacy.len = 7;
    assert_int_equal(sp_passticket_make(&legacy, SP_STR("A"), SP_STR("B"), 1, ticket, &err), SP_EINVAL);
    upper.len = 31;
    assert_int_equal(sp_passticket_make(&upper, SP_STR("A"), SP_STR("B"), 1, ticket, &err), SP_EINVAL);
    upper.len = 256;
    assert_int_equal(sp_passticket_make(&upper, SP_STR("A"), SP_STR("B"), 1, ticket, &err), SP_OK);
    upper.len = 257;
    assert_int_equal(sp_passticket_make(&upper, SP_STR("A"), SP_STR("B"), 1, ticket, &err), SP_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tickets_equal_the_published_ones),
        cmocka_unit_test(the_time_is_recovered_from_a_ticket),
        cmocka_unit_test(every_second_of_a_day_survives_the_round_trip),
        cmocka_unit_test(another_user_application_or_key_gives_another_time),
        cmocka_unit_test(what_cannot_be_a_ticket_is_told_from_one),
        cmocka_unit_test(names_keys_and_times_have_ranges),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
