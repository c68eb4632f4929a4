/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/password_rule.h"

static const struct {
    char letter;
    const char *name;
} contents[] = {
    {'A', "ALPHA"},          {'X', "ALPHANUM"}, {'C', "CONSONANT"},  {'M', "MIXEDALL"},
    {'c', "MIXEDCONSONANT"}, {'n', "MIXEDNUM"}, {'v', "MIXEDVOWEL"}, {'T', "NATIONAL"},
    {'O', "NOVOWEL"},        {'N', "NUMERIC"},  {'S', "SPECIAL"},    {'V', "VOWEL"},
};
enum { CONTENTS = sizeof contents / sizeof contents[0] };

char sp_password_content(struct sp_str keyword)
{
    char found = 0;
    for (size_t i = 0; i < CONTENTS && keyword.len; i++) {
        struct sp_str name = sp_str_of(contents[i].name);
        if (sp_str_caseless_eq(name, keyword))
            return contents[i].letter;
        if (keyword.len < name.len && sp_str_caseless_eq(sp_str_slice(name, 0, keyword.len), keyword)) {
            if (found)
                return 0;
            found = contents[i].letter;
        }
    }
    return found;
}

const char *sp_password_content_name(char letter)
{
    for (size_t i = 0; i < CONTENTS; i++)
        if (contents[i].letter == letter)
            return contents[i].name;
    return NULL;
}

static bool is_one_of(char c, const char *set)
{
    return c && strchr(set, c) != NULL;
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_special(char c)
{
    return is_one_of(c, ".<+|&!*-%_>?:=");
}

static bool fits(char letter, char c)
{
    bool national = is_one_of(c, "$#@"), vowel = is_one_of(c, "AEIOU"), small_vowel = is_one_of(c, "aeiou");
    switch (letter) {
    case 'A':
        return is_upper(c) || national;
    case 'X':
        return is_upper(c) || is_digit(c) || national;
    case 'N':
        return is_digit(c);
    case 'T':
        return national;
    case 'S':
        return is_special(c);
    case 'V':
        return vowel;
    case 'C':
        return is_upper(c) && !vowel;
    case 'O':
        return (is_upper(c) && !vowel) || is_digit(c) || national;
    case 'M':
        return is_upper(c) || is_lower(c) || is_digit(c) || national || is_special(c);
    case 'c':
        return (is_upper(c) && !vowel) || (is_lower(c) && !small_vowel);
    case 'v':
        return vowel || small_vowel;
    case 'n':
        return is_upper(c) || is_lower(c) || is_digit(c) || national;
    default:
        return true;
    }
}

enum sp_status sp_password_check(const struct sp_saf_options *options, struct sp_str password,
                                 struct sp_error *err)
{
    if (password.len < 1 || password.len > SP_SAF_PASSWORD_MAX)
        return sp_error_set(err, SP_EINVAL, NULL, "a password has 1 to %u characters", SP_SAF_PASSWORD_MAX);
    for (size_t i = 0; i < password.len; i++) {
        char c = password.ptr[i];
        if (!is_upper(c) && !is_digit(c) && !is_one_of(c, "$#@") && !(options->mixed_case && is_lower(c)) &&
            !(options->special_chars && is_special(c)))
            return sp_error_set(err, SP_EINVAL, NULL, "a password is made of A-Z, 0-9, #, $ and @%s%s",
                                options->mixed_case ? ", a-z" : "",
                                options->special_chars ? ", . < + | & ! * - % _ > ? : =" : "");
    }
    return SP_OK;
}

static bool fits_rule(const struct sp_saf_password_rule *rule, struct sp_str password)
{
    if (password.len < (size_t)rule->shortest || password.len > (size_t)rule->longest)
        return false;
    for (size_t i = 0; i < password.len; i++)
        if (!fits(rule->content[i], password.ptr[i]))
            return false;
    return true;
}

enum sp_status sp_password_check_new(const struct sp_saf_options *options, struct sp_str password,
                                     struct sp_error *err)
{
    enum sp_status status = sp_password_check(options, password, err);
    if (status || !options->rule_count)
        return status;
    for (int i = 0; i < options->rule_count; i++)
        if (fits_rule(&options->rules[i], password))
            return SP_OK;
    return sp_error_set(err, SP_EINVAL, NULL, "the new password fits none of the password rules in force");
}

static bool contains_caseless(struct sp_str text, struct sp_str word)
{
    for (size_t i = 0; word.len && i + word.len <= text.len; i++)
        if (sp_str_caseless_eq(sp_str_slice(text, i, i + word.len), word))
            return true;
    return false;
}

enum sp_status sp_phrase_check_new(struct sp_str user, struct sp_str phrase, struct sp_error *err)
{
    if (phrase.len < SP_SAF_PHRASE_MIN || phrase.len > SP_SAF_PHRASE_MAX)
        return sp_error_set(err, SP_EINVAL, NULL, "a password phrase has %u to %u characters",
                            SP_SAF_PHRASE_MIN, SP_SAF_PHRASE_MAX);
    size_t letters = 0;
    for (size_t i = 0; i < phrase.len; i++) {
        letters += is_upper(phrase.ptr[i]) || is_lower(phrase.ptr[i]);
        if ((unsigned char)phrase.ptr[i] < 0x20 || phrase.ptr[i] == 0x7f)
            return sp_error_set(err, SP_EINVAL, NULL, "a password phrase holds no control characters");
        if (i >= 2 && phrase.ptr[i] == phrase.ptr[i - 1] && phrase.ptr[i] == phrase.ptr[i - 2])
            return sp_error_set(err, SP_EINVAL, NULL,
                                "a password phrase has at most two equal characters in a row");
    }
    if (letters < 2 || phrase.len - letters < 2)
        return sp_error_set(err, SP_EINVAL, NULL,
                            "a password phrase has at least two letters and two characters that are none");
    if (contains_caseless(phrase, user))
        return sp_error_set(err, SP_EINVAL, NULL, "a password phrase must not contain the user id");
    return SP_OK;
}

void sp_password_fold(const struct sp_saf_options *options, char *password, size_t len)
{
    for (size_t i = 0; i < len && !options->mixed_case; i++)
        password[i] = sp_upper(password[i]);
}
