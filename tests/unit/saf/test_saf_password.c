/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "saf/password_rule.h"
#include "saf/verifier.h"

static void a_verifier_knows_its_secret_and_no_other(void **state)
{
    struct sp_buf one, two;
    bool outdated = true;
    sp_buf_init(&one, 256);
    sp_buf_init(&two, 256);
    assert_int_equal(sp_verifier_make(SP_STR("SECRET"), &one, NULL), SP_OK);
    assert_int_equal(sp_verifier_make(SP_STR("SECRET"), &two, NULL), SP_OK);
    assert_false(sp_str_eq(sp_buf_str(&one), sp_buf_str(&two)));
    assert_int_equal(sp_verifier_check(sp_buf_str(&one), SP_STR("SECRET"), &outdated), SP_OK);
    assert_false(outdated);
    assert_int_equal(sp_verifier_check(sp_buf_str(&one), SP_STR("SECRETS"), NULL), SP_EDENIED);
    assert_int_equal(sp_verifier_check(sp_buf_str(&one), SP_STR(""), NULL), SP_EDENIED);
    assert_int_equal(
        sp_verifier_check(sp_str_slice(sp_buf_str(&one), 0, one.len - 1), SP_STR("SECRET"), NULL),
        SP_ESYNTAX);
    sp_buf_finish(&one);
    sp_buf_finish(&two);
}

static void weaker_parameters_verify_and_are_outdated(void **state)
{
    /* RFC 7914, section 12: scrypt("pleaseletmein", "SodiumChloride", 16384, 8, 1); the first 32 bytes. */
    struct sp_str rfc =
        SP_STR("scrypt$14$8$1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046_2o-7qQT44-qbVD9lRdofI");
    bool outdated = false;
    assert_int_equal(sp_verifier_check(rfc, SP_STR("pleaseletmein"), &outdated), SP_OK);
    assert_true(outdated);
    assert_int_equal(sp_verifier_check(rfc, SP_STR("pleaseletmeiN"), NULL), SP_EDENIED);
    const char *bad[] = {"",
                         "scrypt",
                         "scrypt$21$8$1$AAAAAAAAAAA$x",
                         "scrypt$20$32$1$AAAAAAAAAAA$x",
                         "pbkdf2$1$2$3$4$5",
                         "scrypt$15$8$1$AAAAAAAAAAA$AAAA",
                         "scrypt$0$8$1$AAAAAAAAAAA$AAAA"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(sp_verifier_check(sp_str_of(bad[i]), SP_STR("x"), NULL), SP_ESYNTAX);
}

static struct sp_saf_options with_rule(int shortest, int longest, const char *content)
{
    struct sp_saf_options options = {.rule_count = 1};
    options.rules[0].shortest = shortest;
    options.rules[0].longest = longest;
    memcpy(options.rules[0].content, content, 9);
    return options;
}

static void passwords_fit_one_of_the_rules(void **state)
{
    /* RULE1(LENGTH(8) VOWEL(1,3,5:8) NUMERIC(2,4)) */
    struct sp_saf_options options = with_rule(8, 8, "VNVNVVVV");
    assert_int_equal(sp_password_check_new(&options, SP_STR("A2E2EAEE"), NULL), SP_OK);
    assert_int_equal(sp_password_check_new(&options, SP_STR("C3DMIER5"), NULL), SP_EINVAL);
    assert_int_equal(sp_password_check_new(&options, SP_STR("A2E2EAE"), NULL), SP_EINVAL);
    options.rules[1] = (struct sp_saf_password_rule){4, 6, "        "};
    options.rule_count = 2;
    assert_int_equal(sp_password_check_new(&options, SP_STR("C3DM"), NULL), SP_OK);
    assert_int_equal(sp_password_check_new(&options, SP_STR("C3DMIER"), NULL), SP_EINVAL);
}

static void each_kind_of_character_has_its_set(void **state)
{
    static const struct {
        const char *keyword;
        const char *yes, *no;
    } rows[] = {
        {"ALPHA", "AZ$#@", "09a.-"},      {"ALPHANUM", "AZ09$", "a."},          {"NUMERIC", "09", "A$a"},
        {"NATIONAL", "$#@", "A0."},       {"SPECIAL", ".<+|&!*-%_>?:=", "A0$"}, {"VOWEL", "AEIOU", "BYae0"},
        {"CONSONANT", "BYZ", "AEb0$"},    {"NOVOWEL", "BZ09$", "AEIOUb"},       {"MIXEDALL", "Aa0$.", "\x01"},
        {"MIXEDCONSONANT", "Bb", "Aae0"}, {"MIXEDVOWEL", "AaUu", "Bb0"},        {"MIXEDNUM", "Aa0$", ".-"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char letter = sp_password_content(sp_str_of(rows[i].keyword));
        assert_true(letter != 0);
        assert_string_equal(sp_password_content_name(letter), rows[i].keyword);
        char content[9] = "        ";
        content[0] = letter;
        struct sp_saf_options options = with_rule(1, 1, content);
        options.mixed_case = options.special_chars = true;
        for (const char *c = rows[i].yes; *c; c++)
            assert_int_equal(sp_password_check_new(&options, sp_str_from(c, 1), NULL), SP_OK);
        for (const char *c = rows[i].no; *c; c++)
            assert_int_equal(sp_password_check_new(&options, sp_str_from(c, 1), NULL), SP_EINVAL);
    }
    assert_int_equal(sp_password_content(SP_STR("NUM")), 'N');
    assert_int_equal(sp_password_content(SP_STR("MIXED")), 0);
    assert_int_equal(sp_password_content(SP_STR("alpha")), 'A');
    assert_int_equal(sp_password_content(SP_STR("")), 0);
}

static void characters_depend_on_the_options(void **state)
{
    struct sp_saf_options options = {.rule_count = 0};
    assert_int_equal(sp_password_check(&options, SP_STR("ABC#$@19"), NULL), SP_OK);
    assert_int_equal(sp_password_check(&options, SP_STR("ABC#$@190"), NULL), SP_EINVAL);
    assert_int_equal(sp_password_check(&options, SP_STR(""), NULL), SP_EINVAL);
    assert_int_equal(sp_password_check(&options, SP_STR("abc"), NULL), SP_EINVAL);
    assert_int_equal(sp_password_check(&options, SP_STR("A.B"), NULL), SP_EINVAL);
    char folded[] = "aBc#1";
    sp_password_fold(&options, folded, 5);
    assert_string_equal(folded, "ABC#1");
    options.mixed_case = options.special_chars = true;
    assert_int_equal(sp_password_check(&options, SP_STR("a.B"), NULL), SP_OK);
    sp_password_fold(&options, folded, 5);
    char kept[] = "aBc";
    sp_password_fold(&options, kept, 3);
    assert_string_equal(kept, "aBc");
}

static void phrases_have_rules_of_their_own(void **state)
{
    static const char *const bad[] = {"short 1!",   "no-digits",     "1234567890",
                                      "aaa bbb 12", "I am fred, 42", "tab\there 12"};
    char longest[SP_SAF_PHRASE_MAX + 1];
    for (size_t i = 0; i < sizeof longest; i++)
        longest[i] = "aB1 "[i % 4];
    assert_int_equal(sp_phrase_check_new(SP_STR("FRED"), SP_STR("correct horse 12"), NULL), SP_OK);
    assert_int_equal(sp_phrase_check_new(SP_STR("FRED"), SP_STR("12 letter"), NULL), SP_OK);
    assert_int_equal(sp_phrase_check_new(SP_STR("FRED"), sp_str_from(longest, SP_SAF_PHRASE_MAX), NULL),
                     SP_OK);
    assert_int_equal(sp_phrase_check_new(SP_STR("FRED"), sp_str_from(longest, SP_SAF_PHRASE_MAX + 1), NULL),
                     SP_EINVAL);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(sp_phrase_check_new(SP_STR("FRED"), sp_str_of(bad[i]), NULL), SP_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_verifier_knows_its_secret_and_no_other),
        cmocka_unit_test(weaker_parameters_verify_and_are_outdated),
        cmocka_unit_test(passwords_fit_one_of_the_rules),
        cmocka_unit_test(each_kind_of_character_has_its_set),
        cmocka_unit_test(characters_depend_on_the_options),
        cmocka_unit_test(phrases_have_rules_of_their_own),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
