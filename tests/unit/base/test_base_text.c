/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/str.h"

static void comparisons_are_bytewise(void **state)
{
    assert_true(sp_str_caseless_eq(SP_STR("Host"), SP_STR("hOST")));
    assert_false(sp_str_caseless_eq(SP_STR("\xc3\x84"), SP_STR("\xc3\xa4")));
    assert_true(sp_str_cmp(SP_STR("ab"), SP_STR("abc")) < 0);
    assert_true(sp_str_cmp(SP_STR("b"), SP_STR("abc")) > 0);
    assert_int_equal(sp_str_cmp(SP_STR(""), (struct sp_str){NULL, 0}), 0);
    assert_true(sp_str_starts(SP_STR("/api/x"), SP_STR("/api")));
    assert_true(sp_str_ends(SP_STR("a.sar"), SP_STR(".sar")));
    assert_false(sp_str_ends(SP_STR("sar"), SP_STR(".sar")));
    assert_true(sp_str_is(sp_str_trim(SP_STR(" \t x y\r\n")), "x y"));
}

static void split_gives_every_part(void **state)
{
    struct sp_str rest = SP_STR("a,,b,"), part;
    const char *expected[] = {"a", "", "b", ""};
    size_t n = 0;
    while (sp_str_split(&rest, ',', &part))
        assert_true(sp_str_is(part, expected[n++]));
    assert_int_equal(n, 4);
    rest = (struct sp_str){NULL, 0};
    assert_false(sp_str_split(&rest, ',', &part));
}

static void numbers_are_read_whole_or_not_at_all(void **state)
{
    int64_t i = 77;
    uint64_t u = 77;
    assert_int_equal(sp_str_to_i64(SP_STR("-9223372036854775808"), &i), SP_OK);
    assert_true(i == INT64_MIN);
    assert_int_equal(sp_str_to_i64(SP_STR("9223372036854775808"), &i), SP_ELIMIT);
    assert_int_equal(sp_str_to_i64(SP_STR("+5"), &i), SP_OK);
    assert_int_equal(i, 5);
    assert_int_equal(sp_str_to_u64(SP_STR("18446744073709551615"), &u), SP_OK);
    assert_true(u == UINT64_MAX);
    assert_int_equal(sp_str_to_u64(SP_STR("18446744073709551616"), &u), SP_ELIMIT);
    const char *bad[] = {"", "-", "300x", " 1", "1 ", "+-1", "0x10"};
    for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++)
        assert_int_equal(sp_str_to_i64(sp_str_of(bad[n]), &i), SP_EINVAL);
    assert_int_equal(sp_str_to_u64(SP_STR("-1"), &u), SP_EINVAL);
}

static void distance_finds_the_nearest_word(void **state)
{
    assert_int_equal(sp_str_distance(SP_STR("requireAuth"), SP_STR("requireauth"), 9), 0);
    assert_int_equal(sp_str_distance(SP_STR("zconnect"), SP_STR("zosconnect"), 9), 2);
    assert_int_equal(sp_str_distance(SP_STR(""), SP_STR("abc"), 9), 3);
    assert_int_equal(sp_str_distance(SP_STR("abc"), SP_STR("xyzuvw"), 3), 3);
}

static void hash_keeps_many_pairs_through_removals(void **state)
{
    enum { N = 2000 };
    static char keys[N][8];
    struct sp_hash table;
    sp_hash_init(&table, N);
    for (int i = 0; i < N; i++) {
        snprintf(keys[i], sizeof keys[i], "k%d", i);
        assert_int_equal(sp_hash_add(&table, sp_str_of(keys[i]), keys[i]), SP_OK);
    }
    assert_int_equal(sp_hash_add(&table, SP_STR("one more"), keys), SP_ELIMIT);
    assert_int_equal(sp_hash_add(&table, SP_STR("k7"), keys), SP_EEXISTS);
    for (int i = 0; i < N; i += 2)
        assert_ptr_equal(sp_hash_remove(&table, sp_str_of(keys[i])), keys[i]);
    for (int i = 0; i < N; i++)
        assert_ptr_equal(sp_hash_get(&table, sp_str_of(keys[i])), i % 2 ? keys[i] : NULL);
    size_t cursor = 0, seen = 0;
    while (sp_hash_next(&table, &cursor))
        seen++;
    assert_int_equal(seen, N / 2);
    assert_int_equal(sp_hash_put(&table, SP_STR("k1"), keys), SP_OK);
    assert_ptr_equal(sp_hash_get(&table, SP_STR("k1")), keys);
    assert_null(sp_hash_remove(&table, SP_STR("k0")));
    sp_hash_finish(&table);
}

static void siphash_equals_the_published_vectors(void **state)
{
    /* SipHash-2-4 paper, appendix A: key 00..0f, message 00..0e. */
    unsigned char key[16], message[15];
    for (unsigned i = 0; i < 16; i++)
        key[i] = (unsigned char)i;
    for (unsigned i = 0; i < 15; i++)
        message[i] = (unsigned char)i;
    assert_true(sp_siphash(key, 2, 4, message, sizeof message) == 0xa129ca6149be45e5u);
}

static void siphash_of_128_bits_equals_the_reference(void **state)
{
    /* As `openssl mac -macopt size:16 SipHash` gives them: key 00..0f, message 00, 01, ... */
    static const struct {
        size_t len;
        const char *hex;
    } cases[] = {{0, "A3817F04BA25A8E66DF67214C7550293"},  {1, "DA87C1D86B99AF44347659119B22FC45"},
                 {8, "3B62A9BA6258F5610F83E264F31497B4"},  {15, "5493E99933B0A8117E08EC0F97CFC3D9"},
                 {63, "5150D1772F50834A503E069A973FBD7C"}, {200, "7C5853F4ED12FF9D836A79BC4047022D"}};
    unsigned char key[16], message[200];
    for (unsigned i = 0; i < sizeof message; i++)
        message[i] = (unsigned char)i;
    memcpy(key, message, sizeof key);
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        uint64_t hash[2];
        char hex[33] = "";
        sp_siphash128(key, message, cases[c].len, hash);
        for (unsigned i = 0; i < 16; i++)
            snprintf(hex + 2 * i, 3, "%02X", (unsigned)(hash[i / 8] >> 8 * (i % 8) & 0xff));
        assert_string_equal(hex, cases[c].hex);
    }
}

static void error_keeps_its_place_through_a_prefix(void **state)
{
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(sp_error_set(&err, SP_ESYNTAX, "BAQR0417W", "no object at %d", 3), SP_ESYNTAX);
    sp_error_at(&err, "server.xml", 4, 2);
    sp_error_prefix(&err, "element %s", "ssl");
    assert_string_equal(err.text, "element ssl: no object at 3");
    assert_string_equal(err.id, "BAQR0417W");
    assert_string_equal(err.file, "server.xml");
    assert_int_equal(err.line, 4);
    assert_int_equal(sp_error_errno(&err, SP_EIO, ENOENT, "open %s", "x"), SP_EIO);
    assert_string_equal(err.text, "open x: No such file or directory");
    assert_int_equal(err.line, 0);
    assert_int_equal(sp_error_set(NULL, SP_EIO, NULL, "nobody listens"), SP_EIO);
    assert_string_equal(sp_status_name(SP_ECANCELED), "canceled");
    assert_string_equal(sp_status_name((enum sp_status)999), "unknown status");
}

struct caught {
    enum sp_log_severity severity;
    char id[16], text[200];
    int count;
};

static void catch_line(void *arg, enum sp_log_severity severity, const char *id, const char *text)
{
    struct caught *caught = arg;
    caught->severity = severity;
    snprintf(caught->id, sizeof caught->id, "%s", id ? id : "");
    snprintf(caught->text, sizeof caught->text, "%s", text);
    caught->count++;
}

static void a_log_message_stays_one_line(void **state)
{
    struct caught caught = {0};
    sp_log_set_sink(catch_line, &caught);
    sp_log(SP_LOG_WARNING, "SPX1", "user %s", "eve\r\n2026 AUDIT forged");
    assert_string_equal(caught.text, "user eve??2026 AUDIT forged");
    assert_int_equal(caught.severity, SP_LOG_WARNING);
    sp_log(SP_LOG_WARNING, NULL, "%s",
           "a\xc2\x85"
           "b\xc2\x9b"
           "c\xe2\x80\xa8"
           "d\xe2\x80\xae"
           "e\xe2\x81\xa6");
    assert_string_equal(caught.text, "a??b??c???d???e???");
    sp_log(SP_LOG_WARNING, NULL, "%s",
           "\xc2\xa0\xc3\x85\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa\xe2\x80");
    assert_string_equal(caught.text,
                        "\xc2\xa0\xc3\x85\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa\xe2\x80");
    assert_int_equal(caught.count, 3);
    sp_log(SP_LOG_DEBUG, NULL, "dropped");
    assert_int_equal(caught.count, 3);
    struct sp_error err = SP_ERROR_INIT;
    sp_error_set(&err, SP_EINVAL, "SPX2", "bad");
    sp_error_at(&err, "a.xml", 1, 2);
    sp_log_error(SP_LOG_ERROR, &err);
    assert_string_equal(caught.text, "a.xml:1:2: bad");
    sp_log_set_sink(NULL, NULL);
}

static void time_is_written_as_rfc_3339(void **state)
{
    char text[SP_CLOCK_TEXT_MAX];
    sp_clock_text(1687944334844246, text);
    assert_string_equal(text, "2023-06-28T09:25:34.844246Z");
    assert_int_equal(sp_clock_text_read(text, strlen(text)), 1687944334844246);
    assert_int_equal(sp_clock_text_read("2026-01-31T23:59:59.123456Z\",", 29), 1769903999123456);
    static const char *const others[] = {"",
                                         "2026-01-31T23:59:59.123456",
                                         "2026-01-31T23:59:59.12345Z6",
                                         "2026-02-31T23:59:59.123456Z",
                                         "2026-01-31T24:00:00.000000Z",
                                         "2026-01-31 23:59:59.123456Z",
                                         "+026-01-31T23:59:59.123456Z"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(sp_clock_text_read(others[i], strlen(others[i])), 0);
    sp_clock_text(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999999Z");
    assert_true(sp_clock_monotonic_us() <= sp_clock_monotonic_us());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparisons_are_bytewise),
        cmocka_unit_test(split_gives_every_part),
        cmocka_unit_test(numbers_are_read_whole_or_not_at_all),
        cmocka_unit_test(distance_finds_the_nearest_word),
        cmocka_unit_test(hash_keeps_many_pairs_through_removals),
        cmocka_unit_test(siphash_equals_the_published_vectors),
        cmocka_unit_test(siphash_of_128_bits_equals_the_reference),
        cmocka_unit_test(error_keeps_its_place_through_a_prefix),
        cmocka_unit_test(a_log_message_stays_one_line),
        cmocka_unit_test(time_is_written_as_rfc_3339),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
