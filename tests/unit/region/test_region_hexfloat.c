/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "region/hexfloat.h"

static void known_singles_convert_both_ways(void **state)
{
    static const struct {
        float value;
        uint32_t hex;
    } cases[] = {
        {1.0f, 0x41100000},        {1234.0f, 0x434d2000},       {345006.56f, 0x45543ae9},
        {0.03406465f, 0x3f8b8760}, {3.4028235E38f, 0x60ffffff}, {0.0f, 0},
        {-1.0f, 0xc1100000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char hex[4];
        float back = 99;
        assert_int_equal(sp_hexfloat_from_single(cases[i].value, hex), SP_OK);
        assert_int_equal(sp_get_u32(hex), cases[i].hex);
        assert_int_equal(sp_hexfloat_to_single(hex, &back), SP_OK);
        assert_true(back == cases[i].value);
    }
}

static void known_doubles_convert_both_ways(void **state)
{
    static const struct {
        double value;
        uint64_t hex;
    } cases[] = {
        {1.0, 0x4110000000000000},
        {345006.56779999996, 0x45543ae915b573e8},
        {7.982006699999995E-14, 0x361677a4590fab68},
        {-5.670078E-14, 0xb5ff5b8c70649ed0},
        {100.0, 0x4264000000000000},
        {-118.625, 0xc276a00000000000},
        {0.1, 0x401999999999999a},
        {0.0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char hex[8];
        assert_int_equal(sp_hexfloat_from_double(cases[i].value, hex), SP_OK);
        assert_true(sp_get_u64(hex) == cases[i].hex);
        assert_true(sp_hexfloat_to_double(hex) == cases[i].value);
    }
}

static void every_double_in_range_survives(void **state)
{
    /* Exponents that need each of the four shifts, and fractions with all bits. */
    for (int exponent = -250; exponent < 250; exponent++) {
        double value = ldexp(0x1.fffffffffffffp-1, exponent), minus = -ldexp(0x1.0000000000001p-1, exponent);
        unsigned char hex[8];
        assert_int_equal(sp_hexfloat_from_double(value, hex), SP_OK);
        assert_true(sp_hexfloat_to_double(hex) == value);
        assert_int_equal(sp_hexfloat_from_double(minus, hex), SP_OK);
        assert_true(sp_hexfloat_to_double(hex) == minus);
        assert_true((hex[1] & 0xf0) != 0); /* normalised */
    }
}

static void what_does_not_fit_is_told(void **state)
{
    unsigned char hex[8] = {0};
    float single = 7;
    assert_int_equal(sp_hexfloat_from_double(INFINITY, hex), SP_ELIMIT);
    assert_int_equal(sp_hexfloat_from_double(NAN, hex), SP_ELIMIT);
    assert_int_equal(sp_hexfloat_from_single(-INFINITY, hex), SP_ELIMIT);
    assert_int_equal(sp_hexfloat_from_double(ldexp(1, 252), hex), SP_ELIMIT);
    assert_int_equal(sp_hexfloat_from_double(nextafter(ldexp(1, 252), 0), hex), SP_OK);
    assert_true(sp_get_u64(hex) == 0x7ffffffffffffff8);
    assert_int_equal(sp_hexfloat_to_single(hex, &single), SP_ELIMIT);
    assert_true(single == 7);
    assert_int_equal(sp_hexfloat_from_double(ldexp(1, -260), hex), SP_OK);
    assert_true(sp_get_u64(hex) == 0x0010000000000000);
    assert_int_equal(sp_hexfloat_from_double(DBL_MIN, hex), SP_OK);
    assert_true(sp_get_u64(hex) == 0);
}

static void a_single_is_rounded_to_the_nearest_fraction(void **state)
{
    unsigned char hex[4];
    /* 24 significant bits, three of which a fraction that begins with 0001 has no room for. */
    assert_int_equal(sp_hexfloat_from_single(0x1.000006p0f, hex), SP_OK);
    assert_int_equal(sp_get_u32(hex), 0x41100000);
    assert_int_equal(sp_hexfloat_from_single(0x1.00000ap0f, hex), SP_OK);
    assert_int_equal(sp_get_u32(hex), 0x41100001);
    /* A tie goes to the even side, and a carry into the exponent is taken. */
    assert_int_equal(sp_hexfloat_from_single(0x1.000008p0f, hex), SP_OK);
    assert_int_equal(sp_get_u32(hex), 0x41100000);
    assert_int_equal(sp_hexfloat_from_single(0x1.fffffep0f, hex), SP_OK);
    assert_int_equal(sp_get_u32(hex), 0x41200000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_singles_convert_both_ways),
        cmocka_unit_test(known_doubles_convert_both_ways),
        cmocka_unit_test(every_double_in_range_survives),
        cmocka_unit_test(what_does_not_fit_is_told),
        cmocka_unit_test(a_single_is_rounded_to_the_nearest_fraction),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
