/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "fixture.h"

static void a_hidden_redefinition_does_not_overwrite(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ Date:Z8=20240131 ^-Group{ Y:Z4=1 M:Z2=2 D:Z2=3 } E:X1 }");
    f.sar.conversion.initialize_input = true;
    fixture_compile(&f);
    check_request(&f, "{}", "f2f0f2f4f0f1f3f1 40");
    check_request(&f, "{\"A\":{\"Date\":19991231,\"E\":\"e\"}}", "f1f9f9f9f1f2f3f1 85");
    check_refused(&f, "{\"A\":{\"Group\":{}}}", "SALM1001E", "");
    check_response(&f, "f2f0f2f4f0f1f3f1 40", "{\"A\":{\"Date\":20240131,\"E\":\"\"}}");
    fixture_finish(&f);
}

static void a_hidden_base_leaves_the_bytes_to_what_is_seen(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ -Date:X8=hiddenxx ^Group{ Y:Z4 M:Z2=12 } E:X1 }");
    fixture_compile(&f);
    /* The base shows where the redefinition is shorter. */
    check_request(&f, "{}", "00000000 f1f2 a7a7 00");
    check_request(&f, "{\"A\":{\"Group\":{\"Y\":7}}}", "f0f0f0f7 f1f2 a7a7 00");
    f.sar.conversion.initialize_input = true;
    fixture_compile(&f);
    check_request(&f, "{\"A\":{}}", "f0f0f0f0 f1f2 a7a7 40");
    fixture_finish(&f);
}

static void of_two_redefinitions_one_is_given(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ N:X4=abcd ^P{ Q:SP3=5 -R:X1=r } ^Z:Z4 E:X1 }");
    fixture_compile(&f);
    check_request(&f, "{}", "81828384 00");
    check_request(&f, "{\"A\":{\"N\":\"x\"}}", "a7404040 00");
    /* Its own initial bytes first, then what is given; the rest is that of the base. */
    check_request(&f, "{\"A\":{\"P\":{}}}", "005c9984 00");
    check_request(&f, "{\"A\":{\"P\":{\"Q\":-7}}}", "007d9984 00");
    check_request(&f, "{\"A\":{\"Z\":12}}", "f0f0f1f2 00");
    check_request(&f, "{\"A\":{\"Z\":12,\"N\":null}}", "f0f0f1f2 00");
    check_refused(&f, "{\"A\":{\"N\":\"x\",\"Z\":12}}", "SALM1011E",
                  "A.Z takes the same bytes as A.N, which is given too");
    check_refused(&f, "{\"A\":{\"P\":{},\"Z\":12}}", "SALM1011E", "A.Z takes the same bytes as A.P");
    fixture_finish(&f);
}

static void each_element_decides_for_itself(void **state)
{
    struct fixture f;
    fixture_init(&f, "-C:Z1 L[0..3 C]{ N:X2 ^Z:Z2 S{ F:X1 ^G:Z1 } }");
    fixture_compile(&f);
    check_request(&f, "{\"L\":[{\"N\":\"a\",\"S\":{\"G\":1}},{\"Z\":5,\"S\":{\"F\":\"f\"}},{\"N\":\"b\"}]}",
                  "f3 8140f1 f0f586 824000");
    check_refused(&f, "{\"L\":[{\"N\":\"a\"},{\"Z\":5,\"N\":\"b\"}]}", "SALM1011E",
                  "L[1].N takes the same bytes as L[1].Z");
    fixture_finish(&f);
}

static void an_answer_shows_the_redefinitions_that_can_be_read(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ K:X1 N:X4 ^P:SP7.2 ^Z:Z4 E:X1 }");
    fixture_compile(&f);
    check_response(&f, "e7 f0f0f1f2 e7", "{\"A\":{\"K\":\"X\",\"N\":\"0012\",\"Z\":12,\"E\":\"X\"}}");
    check_response(&f, "e7 0250000c e7",
                   "{\"A\":{\"K\":\"X\",\"N\":\"\\u0002&\\u0000\",\"P\":2500.00,\"E\":\"X\"}}");
    check_response(&f, "e7 c1c2c3c4 e7", "{\"A\":{\"K\":\"X\",\"N\":\"ABCD\",\"E\":\"X\"}}");
    fixture_finish(&f);
    /* When none can, the first one's error is told. */
    fixture_init(&f, "A{ P:SP7.2 ^G{ Z:Z4 } E:X1 }");
    fixture_compile(&f);
    check_bad_answer(&f, "c1c2c3c4 e7", "SALM2001E",
                     "A.P has a byte that is not a digit: offset 0, X'C1C2C3C4'");
    check_response(&f, "f0f0f1f2 e7", "{\"A\":{\"G\":{\"Z\":12},\"E\":\"X\"}}");
    check_response(&f, "0000012c e7", "{\"A\":{\"P\":0.12,\"E\":\"X\"}}");
    fixture_finish(&f);
}

static void a_hidden_redefinition_may_hold_the_count(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ Raw:X2 ^-N:Z2 L[0..3 N]:X1 }");
    fixture_compile(&f);
    check_request(&f, "{\"A\":{\"L\":[\"a\",\"b\"]}}", "f0f2 8182");
    check_request(&f, "{}", "f0f0");
    check_response(&f, "f0f2 8182", "{\"A\":{\"Raw\":\"02\",\"L\":[\"a\",\"b\"]}}");
    fixture_finish(&f);
}

static void a_redefinition_may_be_longer_than_its_base(void **state)
{
    struct fixture f;
    fixture_init(&f, "A{ -N:X2 ^P:X5 E:X1 }");
    fixture_compile(&f);
    check_both(&f, "{\"A\":{\"P\":\"abcde\",\"E\":\"e\"}}", "8182838485 85");
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hidden_redefinition_does_not_overwrite),
        cmocka_unit_test(a_hidden_base_leaves_the_bytes_to_what_is_seen),
        cmocka_unit_test(of_two_redefinitions_one_is_given),
        cmocka_unit_test(each_element_decides_for_itself),
        cmocka_unit_test(an_answer_shows_the_redefinitions_that_can_be_read),
        cmocka_unit_test(a_hidden_redefinition_may_hold_the_count),
        cmocka_unit_test(a_redefinition_may_be_longer_than_its_base),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("mapping_areas", tests, NULL, NULL);
}
