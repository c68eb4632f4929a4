/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "hex.h"
#include "mapping/bignum.h"
#include "mapping/floattext.h"

struct vector {
    enum sp_float_format format;
    unsigned bytes;
    const char *text, *hex;
};

static const struct vector vectors[] = {
    {SP_FLOAT_HEX, 4, "1.0", "41100000"},
    {SP_FLOAT_HEX, 4, "1234.0", "434d2000"},
    {SP_FLOAT_HEX, 4, "345006.56", "45543ae9"},
    {SP_FLOAT_HEX, 4, "0.03406465", "3f8b8760"},
    {SP_FLOAT_HEX, 4, "3.4028235E38", "60ffffff"},
    {SP_FLOAT_HEX, 4, "0.0", "00000000"},
    {SP_FLOAT_HEX, 4, "-0.5", "c0800000"},
    {SP_FLOAT_HEX, 8, "1.0", "4110000000000000"},
    {SP_FLOAT_HEX, 8, "345006.56779999996", "45543ae915b573e8"},
    {SP_FLOAT_HEX, 8, "7.982006699999995E-14", "361677a4590fab68"},
    {SP_FLOAT_HEX, 8, "-5.670078E-14", "b5ff5b8c70649ed0"},
    {SP_FLOAT_HEX, 8, "100.0", "4264000000000000"},
    {SP_FLOAT_HEX, 8, "-118.625", "c276a00000000000"},
    {SP_FLOAT_HEX, 8, "0.1", "401999999999999a"},
    {SP_FLOAT_HEX, 8, "0.0", "0000000000000000"},
    {SP_FLOAT_HEX, 8, "-0.0", "8000000000000000"},
    {SP_FLOAT_HEX, 8, "7.2370055773322614E75", "7ffffffffffffff8"},
    {SP_FLOAT_HEX, 8, "5.397605346934028E-79", "0010000000000000"},
    {SP_FLOAT_IEEE_LITTLE, 4, "1.5", "0000c03f"},
    {SP_FLOAT_IEEE_BIG, 4, "1.5", "3fc00000"},
    {SP_FLOAT_IEEE_BIG, 4, "0.1", "3dcccccd"},
    {SP_FLOAT_IEEE_BIG, 4, "3.4028235E38", "7f7fffff"},
    {SP_FLOAT_IEEE_BIG, 4, "1.0E-45", "00000001"},
    {SP_FLOAT_IEEE_BIG, 4, "1.1754944E-38", "00800000"},
    {SP_FLOAT_IEEE_LITTLE, 8, "0.1", "9a9999999999b93f"},
    {SP_FLOAT_IEEE_BIG, 8, "1.7976931348623157E308", "7fefffffffffffff"},
    {SP_FLOAT_IEEE_BIG, 8, "5.0E-324", "0000000000000001"},
    {SP_FLOAT_IEEE_BIG, 8, "2.2250738585072014E-308", "0010000000000000"},
    {SP_FLOAT_IEEE_BIG, 8, "2.225073858507201E-308", "000fffffffffffff"},
    {SP_FLOAT_IEEE_BIG, 8, "9007199254740992.0", "4340000000000000"},
    {SP_FLOAT_IEEE_BIG, 8, "0.30000000000000004", "3fd3333333333334"},
    {SP_FLOAT_IEEE_BIG, 8, "100000000000000000000.0", "4415af1d78b58c40"},
    {SP_FLOAT_IEEE_BIG, 8, "1.0E21", "444b1ae4d6e2ef50"},
    {SP_FLOAT_IEEE_BIG, 8, "0.000001", "3eb0c6f7a0b5ed8d"},
    {SP_FLOAT_IEEE_BIG, 8, "1.0E-7", "3e7ad7f29abcaf48"},
};

static void texts_become_the_bytes_of_the_machine(void **state)
{
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        const struct vector *v = &vectors[i];
        unsigned char bytes[8], expected[8];
        double value;
        assert_int_equal(sp_float_parse(sp_str_of(v->text), false, &value), SP_CONVERT_OK);
        assert_int_equal(sp_float_store(v->format, v->bytes, value, bytes), SP_CONVERT_OK);
        assert_int_equal(hex_read(v->hex, expected, sizeof expected), v->bytes);
        assert_memory_equal(bytes, expected, v->bytes);
    }
}

static void bytes_of_the_machine_become_the_shortest_text(void **state)
{
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        const struct vector *v = &vectors[i];
        unsigned char bytes[8];
        double value;
        char text[SP_FLOAT_TEXT_MAX + 1];
        hex_read(v->hex, bytes, sizeof bytes);
        assert_int_equal(sp_float_load(v->format, v->bytes, bytes, &value), SP_CONVERT_OK);
        text[sp_float_write(value, v->format, v->bytes, false, text)] = '\0';
        assert_string_equal(text, v->text);
    }
}

static void zeros_can_be_left_out(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{100, "100"}, {-2.5, "-2.5"},       {1e21, "1E21"},
                 {0, "0"},     {1.5e300, "1.5E300"}, {1e-7, "1E-7"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[SP_FLOAT_TEXT_MAX + 1];
        text[sp_float_write(cases[i].value, SP_FLOAT_IEEE_BIG, 8, true, text)] = '\0';
        assert_string_equal(text, cases[i].text);
    }
}

static void short_forms_round_half_to_even(void **state)
{
    static const struct {
        const char *text, *hex;
    } cases[] = {
        {"1048577.5", "46100002"}, /* 0x100001.8 lies between: to the even one */
        {"1048576.5", "46100000"},
        {"16777215.5", "47100000"}, /* carries into the exponent */
        {"16777214.5", "46fffffe"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char bytes[4], expected[4];
        double value;
        assert_int_equal(sp_float_parse(sp_str_of(cases[i].text), false, &value), SP_CONVERT_OK);
        assert_int_equal(sp_float_store(SP_FLOAT_HEX, 4, value, bytes), SP_CONVERT_OK);
        hex_read(cases[i].hex, expected, sizeof expected);
        assert_memory_equal(bytes, expected, 4);
    }
    /* 56 bits come down to 53 the same way. */
    unsigned char longer[8];
    double value;
    hex_read("4180000000000004", longer, sizeof longer);
    assert_int_equal(sp_float_load(SP_FLOAT_HEX, 8, longer, &value), SP_CONVERT_OK);
    assert_true(value == 8.0);
    hex_read("418000000000000c", longer, sizeof longer);
    assert_int_equal(sp_float_load(SP_FLOAT_HEX, 8, longer, &value), SP_CONVERT_OK);
    assert_true(value == 8.0 * (1 + ldexp(2, -52)));
}

static void what_the_format_cannot_hold_is_refused(void **state)
{
    unsigned char bytes[8];
    double value;
    assert_int_equal(sp_float_parse(SP_STR("1e309"), false, &value), SP_CONVERT_EXPONENT_OVERFLOW);
    assert_int_equal(sp_float_parse(SP_STR("1.8e308"), false, &value), SP_CONVERT_EXPONENT_OVERFLOW);
    assert_int_equal(sp_float_parse(SP_STR("1e-400"), false, &value), SP_CONVERT_EXPONENT_UNDERFLOW);
    assert_int_equal(sp_float_parse(SP_STR("2e-324"), false, &value), SP_CONVERT_EXPONENT_UNDERFLOW);
    assert_int_equal(sp_float_parse(SP_STR("3e-324"), false, &value), SP_CONVERT_OK);
    assert_int_equal(sp_float_parse(SP_STR("1e"), false, &value), SP_CONVERT_NOT_A_NUMBER);
    assert_int_equal(sp_float_parse(SP_STR("0e-99999"), false, &value), SP_CONVERT_OK);
    assert_int_equal(sp_float_store(SP_FLOAT_HEX, 8, 7.3e75, bytes), SP_CONVERT_EXPONENT_OVERFLOW);
    assert_int_equal(sp_float_store(SP_FLOAT_HEX, 8, 5.3e-79, bytes), SP_CONVERT_EXPONENT_UNDERFLOW);
    assert_int_equal(sp_float_store(SP_FLOAT_HEX, 4, -7.3e75, bytes), SP_CONVERT_EXPONENT_OVERFLOW);
    assert_int_equal(sp_float_store(SP_FLOAT_IEEE_BIG, 4, 3.5e38, bytes), SP_CONVERT_EXPONENT_OVERFLOW);
    assert_int_equal(sp_float_store(SP_FLOAT_IEEE_BIG, 4, 1e-46, bytes), SP_CONVERT_EXPONENT_UNDERFLOW);
    hex_read("7f800000", bytes, sizeof bytes);
    assert_int_equal(sp_float_load(SP_FLOAT_IEEE_BIG, 4, bytes, &value), SP_CONVERT_NOT_FINITE);
    hex_read("000000000000f87f", bytes, sizeof bytes);
    assert_int_equal(sp_float_load(SP_FLOAT_IEEE_LITTLE, 8, bytes, &value), SP_CONVERT_NOT_FINITE);
}

/* The C library is the referee; its locale is "C" here. */
static void reading_agrees_with_the_c_library(void **state)
{
    static const char *const hard[] = {
        "9007199254740993",
        "9007199254740992.999999999999999999999999999999999999999999999999999999999999999999999999999",
        "9007199254740993.000000000000000000000000000000000000000000000000000000000000000000000000001",
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "4.9406564584124654e-324",
        "2.4703282292062328e-324",
        "1.7976931348623158e308",
        "123456789012345678901234567890",
        "1e23",
        "8.5e-5",
        "0.000000000000000000000000000000000000000000001",
        "6.02214076e23",
        "1.00000000000000011102230246251565404236316680908203125",
        "1.00000000000000011102230246251565404236316680908203124",
        "1.00000000000000011102230246251565404236316680908203126",
    };
    for (size_t i = 0; i < sizeof hard / sizeof hard[0]; i++) {
        double value;
        assert_int_equal(sp_float_parse(sp_str_of(hard[i]), false, &value), SP_CONVERT_OK);
        assert_true(value == strtod(hard[i], NULL));
    }
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static size_t significant(const char *text)
{
    size_t count = 0, zeros = 0;
    for (; *text && *text != 'E' && *text != 'e'; text++) {
        if (*text == '0' && count)
            zeros++;
        else if (*text > '0' && *text <= '9')
            count += zeros + 1, zeros = 0;
    }
    return count;
}

static void random_doubles_come_back_and_are_shortest(void **state)
{
    uint64_t seed = 88172645463325252u;
    for (int i = 0; i < 4000; i++) {
        uint64_t bits = next_random(&seed);
        double value, again;
        memcpy(&value, &bits, sizeof value);
        if (i % 4 == 1)
            value = (double)(bits % 100000000) / 100;
        if (i % 4 == 2)
            value = (double)bits / 1e9;
        if (!isfinite(value))
            continue;
        char text[SP_FLOAT_TEXT_MAX + 1], libc[40];
        text[sp_float_write(value, SP_FLOAT_IEEE_BIG, 8, false, text)] = '\0';
        assert_true(strtod(text, NULL) == value);
        assert_int_equal(sp_float_parse(sp_str_of(text), false, &again), SP_CONVERT_OK);
        assert_true(again == value);
        int precision = 1;
        do {
            snprintf(libc, sizeof libc, "%.*e", precision - 1, value);
        } while (strtod(libc, NULL) != value && ++precision < 18);
        assert_int_equal(significant(text), significant(libc));
    }
}

static void random_short_forms_come_back_and_are_shortest(void **state)
{
    uint64_t seed = 0x9e3779b97f4a7c15u;
    for (int i = 0; i < 4000; i++) {
        enum sp_float_format format = i % 2 ? SP_FLOAT_HEX : SP_FLOAT_IEEE_BIG;
        uint64_t bits = next_random(&seed);
        unsigned char bytes[4], again[4];
        memcpy(bytes, &bits, sizeof bytes);
        if (format == SP_FLOAT_HEX && !(bytes[1] & 0xf0))
            bytes[1] |= i % 3 ? 0x10 : 0x20;
        if (format == SP_FLOAT_HEX && i % 16 == 1)
            bytes[1] = 0x10, bytes[2] = bytes[3] = 0;
        double value, parsed;
        if (sp_float_load(format, 4, bytes, &value) != SP_CONVERT_OK)
            continue;
        char text[SP_FLOAT_TEXT_MAX + 1], libc[40];
        text[sp_float_write(value, format, 4, false, text)] = '\0';
        assert_int_equal(sp_float_parse(sp_str_of(text), false, &parsed), SP_CONVERT_OK);
        assert_int_equal(sp_float_store(format, 4, parsed, again), SP_CONVERT_OK);
        assert_memory_equal(again, bytes, 4);
        /* No text of fewer digits, rounded from the value, leads back. */
        size_t digits = significant(text);
        if (digits > 1) {
            snprintf(libc, sizeof libc, "%.*e", (int)digits - 2, value);
            if (sp_float_store(format, 4, strtod(libc, NULL), again) == SP_CONVERT_OK)
                assert_memory_not_equal(again, bytes, 4);
        }
    }
}

static void a_fraction_that_is_not_normalised_is_read(void **state)
{
    unsigned char bytes[8];
    double value;
    char text[SP_FLOAT_TEXT_MAX + 1];
    hex_read("47000064", bytes, sizeof bytes);
    assert_int_equal(sp_float_load(SP_FLOAT_HEX, 4, bytes, &value), SP_CONVERT_OK);
    text[sp_float_write(value, SP_FLOAT_HEX, 4, false, text)] = '\0';
    assert_string_equal(text, "1600.0");
    hex_read("00000001", bytes, sizeof bytes);
    assert_int_equal(sp_float_load(SP_FLOAT_HEX, 4, bytes, &value), SP_CONVERT_OK);
    text[sp_float_write(value, SP_FLOAT_HEX, 4, false, text)] = '\0';
    assert_true(strtod(text, NULL) == value);
}

static void long_numbers_have_a_limit(void **state)
{
    char text[SP_FLOAT_INPUT_MAX + 1];
    double value;
    memset(text, '1', sizeof text);
    memcpy(text, "0.", 2);
    assert_int_equal(sp_float_parse((struct sp_str){text, sizeof text}, false, &value), SP_CONVERT_OK);
    assert_true(value == 0.1111111111111111);
    memset(text, '1', sizeof text);
    assert_int_equal(sp_float_parse((struct sp_str){text, sizeof text}, false, &value),
                     SP_CONVERT_INPUT_TOO_LONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_become_the_bytes_of_the_machine),
        cmocka_unit_test(bytes_of_the_machine_become_the_shortest_text),
        cmocka_unit_test(zeros_can_be_left_out),
        cmocka_unit_test(short_forms_round_half_to_even),
        cmocka_unit_test(what_the_format_cannot_hold_is_refused),
        cmocka_unit_test(reading_agrees_with_the_c_library),
        cmocka_unit_test(random_doubles_come_back_and_are_shortest),
        cmocka_unit_test(random_short_forms_come_back_and_are_shortest),
        cmocka_unit_test(a_fraction_that_is_not_normalised_is_read),
        cmocka_unit_test(long_numbers_have_a_limit),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("mapping_floats", tests, NULL, NULL);
}
