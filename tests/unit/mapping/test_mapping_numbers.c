/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "hex.h"
#include "mapping/binary.h"
#include "mapping/floattext.h"
#include "mapping/packed.h"
#include "mapping/zoned.h"

enum usage { ZONED, PACKED, BINARY };

struct vector {
    enum usage usage;
    struct sp_number_shape shape;
    const char *text; /* as JSON writes it with all decimals */
    const char *hex;
};

/* Digits, scale and, for COMP, bytes; then what else the declaration says. */
#define DISPLAY(...) \
    ZONED,           \
    {                \
        __VA_ARGS__  \
    }
#define COMP3(...)  \
    PACKED,         \
    {               \
        __VA_ARGS__ \
    }
#define COMP(...)   \
    BINARY,         \
    {               \
        __VA_ARGS__ \
    }
#define SIGNED .is_signed = true
#define COMP5 .full_range = true

/* Values and bytes of z/OS, both ways. */
static const struct vector vectors[] = {
    {DISPLAY(5, 0), "12", "f0f0f0f1f2"},
    {DISPLAY(17, 2, SIGNED), "-123456789012345.12", "f1f2f3f4f5f6f7f8f9f0f1f2f3f4f5f1d2"},
    {DISPLAY(10, 5, SIGNED, .sign_separate = true, .sign_leading = true), "-67000.56007",
     "60f6f7f0f0f0f5f6f0f0f7"},
    {DISPLAY(8, 6, SIGNED, .sign_separate = true), "-45.987540", "f4f5f9f8f7f5f4f060"},
    {DISPLAY(8, 6, SIGNED, .sign_separate = true), "45.987540", "f4f5f9f8f7f5f4f04e"},
    {DISPLAY(8, 6, SIGNED), "-45.987540", "f4f5f9f8f7f5f4d0"},
    {DISPLAY(8, 6, SIGNED, .sign_leading = true), "-45.987540", "d4f5f9f8f7f5f4f0"},
    {DISPLAY(8, 6, SIGNED, .sign_leading = true), "45.987540", "c4f5f9f8f7f5f4f0"},
    {DISPLAY(12, 2, SIGNED), "-123.45", "f0f0f0f0f0f0f0f1f2f3f4d5"},
    {DISPLAY(12, 2, SIGNED), "25000.50", "f0f0f0f0f0f2f5f0f0f0f5c0"},
    {DISPLAY(3, 3), "0.012", "f0f1f2"},
    {DISPLAY(2, 4), "0.0012", "f1f2"},
    {DISPLAY(1, 0), "7", "f7"},
    {DISPLAY(31, 0), "1234567890123456789012345678901",
     "f1f2f3f4f5f6f7f8f9f0f1f2f3f4f5f6f7f8f9f0f1f2f3f4f5f6f7f8f9f0f1"},
    {DISPLAY(3, 0, SIGNED, .ascii = true), "-123", "31324c"},
    {DISPLAY(3, 0, SIGNED, .ascii = true), "123", "313243"},
    {DISPLAY(1, 0, SIGNED, .ascii = true), "0", "7b"},
    {DISPLAY(3, 0, .ascii = true), "123", "313233"},
    {DISPLAY(3, 0, SIGNED, .ascii = true, .sign_separate = true, .sign_leading = true), "-123", "2d313233"},
    {COMP3(11, 5), "456790.00675", "45679000675f"},
    {COMP3(17, 2, SIGNED), "-123456789012345.12", "12345678901234512d"},
    {COMP3(10, 5, SIGNED), "-67000.56007", "06700056007d"},
    {COMP3(17, 2, SIGNED), "0.00", "00000000000000000c"},
    {COMP3(7, 2), "2150.00", "0215000f"},
    {COMP3(1, 0, SIGNED), "-5", "5d"},
    {COMP3(31, 0, SIGNED), "9999999999999999999999999999999", "9999999999999999999999999999999c"},
    {COMP(4, 0, 2, SIGNED), "-75", "ffb5"},
    {COMP(4, 0, 2, SIGNED), "-128", "ff80"},
    {COMP(4, 0, 2, COMP5), "65535", "ffff"},
    {COMP(4, 0, 2, COMP5), "32769", "8001"},
    {COMP(4, 0, 2, COMP5, SIGNED), "-32768", "8000"},
    {COMP(8, 0, 4, COMP5, SIGNED), "123456789", "075bcd15"},
    {COMP(8, 2, 4, SIGNED), "1234.00", "0001e208"},
    {COMP(8, 2, 4, SIGNED), "-1234.00", "fffe1df8"},
    {COMP(18, 0, 8, COMP5), "18446744073709551615", "ffffffffffffffff"},
    {COMP(18, 0, 8, SIGNED), "-999999999999999999", "f21f494c589c0001"},
    {COMP(18, 0, 8, SIGNED, COMP5), "-9223372036854775808", "8000000000000000"},
    {COMP(4, 0, 2, SIGNED, COMP5, .little_endian = true), "-2", "feff"},
    {COMP(2, 0, 1, SIGNED), "-99", "9d"},
    {COMP(5, 0, 3), "99999", "01869f"},
};

static enum sp_convert write_one(const struct vector *v, struct sp_str text, unsigned char *ret_bytes)
{
    struct sp_decimal value;
    enum sp_convert cause = sp_decimal_read(text, false, &value);
    if (cause != SP_CONVERT_OK)
        return cause;
    if (v->usage == ZONED)
        return sp_zoned_write(&v->shape, &value, ret_bytes);
    return v->usage == PACKED ? sp_packed_write(&v->shape, &value, ret_bytes)
                              : sp_binary_write(&v->shape, &value, ret_bytes);
}

static enum sp_convert read_one(const struct vector *v, const char *hex, char *ret_text)
{
    unsigned char bytes[64];
    struct sp_fixed fixed;
    hex_read(hex, bytes, sizeof bytes);
    enum sp_convert cause = v->usage == ZONED    ? sp_zoned_read(&v->shape, bytes, &fixed)
                            : v->usage == PACKED ? sp_packed_read(&v->shape, bytes, &fixed)
                                                 : sp_binary_read(&v->shape, bytes, &fixed);
    if (cause == SP_CONVERT_OK)
        ret_text[sp_decimal_write(&fixed, v->shape.scale, false, ret_text)] = '\0';
    return cause;
}

static unsigned storage(const struct vector *v)
{
    return v->usage == ZONED    ? sp_zoned_bytes(&v->shape)
           : v->usage == PACKED ? sp_packed_bytes(&v->shape)
                                : v->shape.bytes;
}

static void values_become_the_bytes_of_the_machine(void **state)
{
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        const struct vector *v = &vectors[i];
        unsigned char bytes[64];
        char hex[129];
        assert_int_equal(write_one(v, sp_str_of(v->text), bytes), SP_CONVERT_OK);
        hex_write(bytes, storage(v), hex, sizeof hex);
        assert_string_equal(hex, v->hex);
    }
}

static void bytes_of_the_machine_become_values(void **state)
{
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        char text[SP_DECIMAL_TEXT_MAX];
        assert_int_equal(read_one(&vectors[i], vectors[i].hex, text), SP_CONVERT_OK);
        assert_string_equal(text, vectors[i].text);
    }
}

/* Bytes that programs leave behind or that other compilers write. */
static void other_spellings_of_the_same_value_are_read(void **state)
{
    static const struct vector other[] = {
        {DISPLAY(2, 0), "0", "40f0"},
        {DISPLAY(2, 0), "0", "0000"},
        {DISPLAY(2, 0), "5", "40f5"},
        {DISPLAY(3, 0, SIGNED), "123", "f1f2a3"},
        {DISPLAY(3, 0, SIGNED), "123", "f1f2e3"},
        {DISPLAY(3, 0, SIGNED), "123", "f1f2f3"},
        {DISPLAY(3, 0, SIGNED), "-123", "f1f2b3"},
        {DISPLAY(3, 0), "123", "f1f2c3"},
        {DISPLAY(3, 0, SIGNED), "0", "f0f0d0"},
        {DISPLAY(3, 0, SIGNED, .sign_separate = true), "12", "f0f1f240"},
        {DISPLAY(3, 0, SIGNED, .ascii = true), "-123", "313273"},
        {DISPLAY(3, 0, SIGNED, .ascii = true), "123", "313233"},
        {DISPLAY(3, 0, .ascii = true), "3", "202033"},
        {COMP3(3, 0, SIGNED), "123", "123f"},
        {COMP3(3, 0, SIGNED), "123", "123a"},
        {COMP3(3, 0, SIGNED), "123", "123e"},
        {COMP3(3, 0, SIGNED), "-123", "123b"},
        {COMP3(3, 0), "123", "123c"},
    };
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        char text[SP_DECIMAL_TEXT_MAX];
        assert_int_equal(read_one(&other[i], other[i].hex, text), SP_CONVERT_OK);
        assert_string_equal(text, other[i].text);
    }
}

struct refusal {
    struct vector what; /* text for writing, hex for reading, the other NULL */
    enum sp_convert cause;
};

static void what_does_not_fit_is_named(void **state)
{
    static const struct refusal refusals[] = {
        {{DISPLAY(3, 0), "1000", NULL}, SP_CONVERT_OVERFLOW},
        {{DISPLAY(3, 2), "10", NULL}, SP_CONVERT_OVERFLOW},
        {{DISPLAY(3, 0), "-1", NULL}, SP_CONVERT_NEGATIVE_UNSIGNED},
        {{DISPLAY(3, 0), "1.5", NULL}, SP_CONVERT_NO_FRACTION_DIGITS},
        {{DISPLAY(3, 1), "1.55", NULL}, SP_CONVERT_FRACTION_TOO_LONG},
        {{DISPLAY(3, 1), "1e-2", NULL}, SP_CONVERT_FRACTION_TOO_LONG},
        {{DISPLAY(2, 4), "0.01", NULL}, SP_CONVERT_OVERFLOW},
        {{DISPLAY(3, 0), "1e3", NULL}, SP_CONVERT_OVERFLOW},
        {{DISPLAY(3, 0), "1e10000", NULL}, SP_CONVERT_EXPONENT_OVERFLOW},
        {{DISPLAY(3, 0), "1e-10000", NULL}, SP_CONVERT_EXPONENT_UNDERFLOW},
        {{DISPLAY(3, 0), "1e99999999999999999999", NULL}, SP_CONVERT_EXPONENT_OVERFLOW},
        {{COMP3(3, 0), "1000", NULL}, SP_CONVERT_OVERFLOW},
        {{COMP3(4, 0, SIGNED), "-10000", NULL}, SP_CONVERT_OVERFLOW},
        {{COMP3(3, 0), "-1", NULL}, SP_CONVERT_NEGATIVE_UNSIGNED},
        {{COMP(4, 0, 2, SIGNED), "10000", NULL}, SP_CONVERT_OVERFLOW},
        {{COMP(4, 0, 2, SIGNED, COMP5), "32768", NULL}, SP_CONVERT_OVERFLOW},
        {{COMP(4, 0, 2, SIGNED, COMP5), "-32769", NULL}, SP_CONVERT_OVERFLOW},
        {{COMP(4, 0, 2, COMP5), "65536", NULL}, SP_CONVERT_OVERFLOW},
        {{COMP(4, 0, 2, COMP5), "-1", NULL}, SP_CONVERT_NEGATIVE_UNSIGNED},
        {{COMP(18, 0, 8, COMP5), "18446744073709551616", NULL}, SP_CONVERT_OVERFLOW},
        {{COMP(18, 0, 8, COMP5), "100000000000000000000", NULL}, SP_CONVERT_OVERFLOW},
        {{COMP(8, 2, 4), "1.234", NULL}, SP_CONVERT_FRACTION_TOO_LONG},
        {{COMP(8, 0, 4), "0.5", NULL}, SP_CONVERT_NO_FRACTION_DIGITS},
        {{DISPLAY(3, 0), NULL, "f1f2fa"}, SP_CONVERT_BAD_DIGIT},
        {{DISPLAY(3, 0), NULL, "f1c2f3"}, SP_CONVERT_BAD_DIGIT},
        {{DISPLAY(3, 0), NULL, "c1f2f3"}, SP_CONVERT_BAD_DIGIT},
        {{DISPLAY(3, 0), NULL, "f1f2d3"}, SP_CONVERT_NEGATIVE_UNSIGNED},
        {{DISPLAY(3, 0, SIGNED), NULL, "f1f293"}, SP_CONVERT_BAD_SIGN},
        {{DISPLAY(3, 0, SIGNED), NULL, "f1f25c"}, SP_CONVERT_BAD_DIGIT},
        {{DISPLAY(3, 0, SIGNED, .sign_separate = true), NULL, "f1f2f3f4"}, SP_CONVERT_BAD_SIGN},
        {{DISPLAY(3, 0, .ascii = true), NULL, "f1f2f3"}, SP_CONVERT_BAD_DIGIT},
        {{COMP3(3, 0), NULL, "1a3f"}, SP_CONVERT_BAD_DIGIT},
        {{COMP3(3, 0), NULL, "1233"}, SP_CONVERT_BAD_SIGN},
        {{COMP3(3, 0), NULL, "0000"}, SP_CONVERT_BAD_SIGN},
        {{COMP3(3, 0), NULL, "123d"}, SP_CONVERT_NEGATIVE_UNSIGNED},
        {{COMP3(4, 0), NULL, "12345f"}, SP_CONVERT_OUT_OF_RANGE},
        {{COMP(2, 0, 2), NULL, "0f1f"}, SP_CONVERT_OUT_OF_RANGE},
        {{COMP(4, 0, 2, SIGNED), NULL, "8000"}, SP_CONVERT_OUT_OF_RANGE},
    };
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const struct refusal *r = &refusals[i];
        unsigned char bytes[64];
        char text[SP_DECIMAL_TEXT_MAX];
        enum sp_convert cause = r->what.text ? write_one(&r->what, sp_str_of(r->what.text), bytes)
                                             : read_one(&r->what, r->what.hex, text);
        if (cause != r->cause)
            print_error("%s%s: %s\n", r->what.text ? r->what.text : "", r->what.hex ? r->what.hex : "",
                        sp_convert_text(cause));
        assert_int_equal(cause, r->cause);
    }
}

static void number_texts_are_read_exactly(void **state)
{
    static const struct vector good[] = {
        {DISPLAY(9, 3), "1.5e2", "f0f0f0f1f5f0f0f0f0"},
        {DISPLAY(9, 3), "1500E-1", "f0f0f0f1f5f0f0f0f0"},
        {DISPLAY(9, 3), "0.150e+3", "f0f0f0f1f5f0f0f0f0"},
        {DISPLAY(9, 3), "150.0000000", "f0f0f0f1f5f0f0f0f0"},
        {DISPLAY(9, 3), "0e99999", "f0*9"},
        {DISPLAY(9, 3), "-0.0", "f0*9"},
        {DISPLAY(9, 3), "0.001", "f0f0f0f0f0f0f0f0f1"},
        {DISPLAY(2, 4), "12e-4", "f1f2"},
        {DISPLAY(3, 0), "100", "f1f0f0"},
        {DISPLAY(3, 0), "1e2", "f1f0f0"},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        unsigned char bytes[64], expected[64];
        assert_int_equal(write_one(&good[i], sp_str_of(good[i].text), bytes), SP_CONVERT_OK);
        assert_memory_equal(bytes, expected, hex_read(good[i].hex, expected, sizeof expected));
    }
    static const char *const bad[] = {"",   "-",   "+1",  "01",   "-01", ".5",  "1.",   "1e",  "1e+",  "1 ",
                                      " 1", "0x1", "1,5", "1.e2", "--1", "NaN", "1e5.", "1-2", "1e1e1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct sp_decimal value;
        assert_int_equal(sp_decimal_read(sp_str_of(bad[i]), false, &value), SP_CONVERT_NOT_A_NUMBER);
    }
    static const char *const loose[] = {"+7",  "007", "7.0", "0000000000000000000000000000000000007",
                                        "-00", "+0"};
    for (size_t i = 0; i < sizeof loose / sizeof loose[0]; i++) {
        struct sp_decimal value;
        assert_int_equal(sp_decimal_read(sp_str_of(loose[i]), true, &value), SP_CONVERT_OK);
        assert_int_equal(value.count, i < 4);
        assert_false(value.negative);
    }
}

static void digits_have_a_limit(void **state)
{
    char text[SP_DECIMAL_ROOM + 20];
    struct sp_decimal value;
    memset(text, '9', sizeof text);
    struct sp_str most = {text, SP_DECIMAL_ROOM}, more = {text, SP_DECIMAL_ROOM + 1};
    assert_int_equal(sp_decimal_read(most, false, &value), SP_CONVERT_OK);
    assert_int_equal(value.count, SP_DECIMAL_ROOM);
    assert_int_equal(sp_decimal_read(more, false, &value), SP_CONVERT_INPUT_TOO_LONG);
    /* Zeros at the end are no significant digits. */
    memset(text + SP_DECIMAL_ROOM, '0', 20);
    assert_int_equal(sp_decimal_read((struct sp_str){text, sizeof text}, false, &value), SP_CONVERT_OK);
    assert_int_equal(value.point, sizeof text);
}

static void zeros_of_decimals_can_be_left_out(void **state)
{
    static const struct {
        const char *digits;
        unsigned scale;
        bool negative;
        const char *full, *trimmed;
    } cases[] = {
        {"000210", 2, false, "2.10", "2.1"}, {"000200", 2, true, "-2.00", "-2"},
        {"000000", 2, true, "0.00", "0"},    {"000000", 0, false, "0", "0"},
        {"10", 4, false, "0.0010", "0.001"}, {"00", 4, true, "0.0000", "0"},
        {"1000", 0, true, "-1000", "-1000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sp_fixed fixed = {.negative = cases[i].negative,
                                 .count = (unsigned char)strlen(cases[i].digits)};
        char text[SP_DECIMAL_TEXT_MAX];
        for (unsigned d = 0; d < fixed.count; d++)
            fixed.digits[d] = (unsigned char)(cases[i].digits[d] - '0');
        text[sp_decimal_write(&fixed, cases[i].scale, false, text)] = '\0';
        assert_string_equal(text, cases[i].full);
        text[sp_decimal_write(&fixed, cases[i].scale, true, text)] = '\0';
        assert_string_equal(text, cases[i].trimmed);
    }
}

static void zero_is_an_initial_value_of_every_shape(void **state)
{
    struct sp_number_shape shape = {
        .digits = 3, .is_signed = true, .sign_separate = true, .sign_leading = true};
    unsigned char bytes[4];
    char hex[9];
    sp_zoned_zero(&shape, bytes);
    hex_write(bytes, 4, hex, sizeof hex);
    assert_string_equal(hex, "4ef0f0f0");
    shape.sign_separate = false;
    sp_zoned_zero(&shape, bytes);
    hex_write(bytes, 3, hex, sizeof hex);
    assert_string_equal(hex, "c0f0f0");
    sp_packed_zero(&shape, bytes);
    hex_write(bytes, 2, hex, sizeof hex);
    assert_string_equal(hex, "000c");
    shape.is_signed = false;
    sp_packed_zero(&shape, bytes);
    hex_write(bytes, 2, hex, sizeof hex);
    assert_string_equal(hex, "000f");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_become_the_bytes_of_the_machine),
        cmocka_unit_test(bytes_of_the_machine_become_values),
        cmocka_unit_test(other_spellings_of_the_same_value_are_read),
        cmocka_unit_test(what_does_not_fit_is_named),
        cmocka_unit_test(number_texts_are_read_exactly),
        cmocka_unit_test(digits_have_a_limit),
        cmocka_unit_test(zeros_of_decimals_can_be_left_out),
        cmocka_unit_test(zero_is_an_initial_value_of_every_shape),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("mapping_numbers", tests, NULL, NULL);
}
