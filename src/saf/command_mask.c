/* SPDX-License-Identifier: Apache-2.0
 * Commands without the secrets in them. Works on the text and not on the tree, so that what cannot be parsed
 * is covered too.
 */
#include "saf/command_text.h"

#define STARS "********"

/* Operands whose values are secret, and how many letters of them are enough to mean them. */
static const struct {
    const char *name;
    size_t least;
} secrets[] = {{"PASSWORD", 2},     {"PHRASE", 2},  {"KEYMASKED", 3},
               {"KEYENCRYPTED", 3}, {"SESSKEY", 4}, {"RVARYPW", 2}};
/* A value without parentheses is looked for behind words of this length only. */
enum { SECRETS = sizeof secrets / sizeof secrets[0], WHOLE_WORD = 4 };

static bool is_word_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_blank(char c)
{
    return c == ' ' || c == ',' || (c >= '\t' && c <= '\r');
}

static bool is_secret(struct sp_str word, bool passwords)
{
    for (size_t i = passwords ? 0 : 2; i < SECRETS; i++) {
        struct sp_str name = sp_str_of(secrets[i].name);
        if (word.len >= secrets[i].least && word.len <= name.len &&
            sp_str_caseless_eq(sp_str_slice(name, 0, word.len), word))
            return true;
    }
    return false;
}

/* Behind the parenthesis that closes the one at `open`; quotes count or do not. */
static size_t closing(struct sp_str text, size_t open, bool quotes)
{
    unsigned depth = 0;
    bool quoted = false;
    for (size_t i = open; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\'' && quotes)
            quoted = !quoted;
        else if (c == '(' && !quoted)
            depth++;
        else if (c == ')' && !quoted && --depth == 0)
            return i + 1;
    }
    return text.len;
}

static enum sp_status append_shown(struct sp_buf *buf, char c)
{
    bool blank = is_blank(c) && c != ',';
    if (blank && (!buf->len || buf->ptr[buf->len - 1] == ' '))
        return SP_OK;
    return sp_buf_append_byte(buf, blank ? ' ' : (unsigned char)c);
}

/* PASSWORD OLD NEW: of these commands only USER( ), INTERVAL( ) and NOINTERVAL are shown. */
static enum sp_status mask_password_command(struct sp_str text, size_t from, struct sp_buf *buf)
{
    static const char *const shown[] = {"USER", "INTERVAL", "NOINTERVAL"};
    enum sp_status status = sp_buf_append(buf, text.ptr, from);
    bool hidden = false;
    for (size_t i = from; i < text.len && !status;) {
        size_t start = i, index;
        while (i < text.len && is_word_char(text.ptr[i]))
            i++;
        struct sp_str word = sp_str_slice(text, start, i);
        while (i < text.len && is_blank(text.ptr[i]))
            i++;
        bool list = i < text.len && text.ptr[i] == '(';
        size_t end = list ? closing(text, i, true) : i;
        if (word.len && sp_saf_keyword_find(shown, 3, word, &index, NULL) == SP_OK && list == (index < 2))
            status = sp_buf_printf(buf, " %s%.*s", shown[index], SP_STR_ARG(sp_str_slice(text, i, end)));
        else if (word.len || list || i == start)
            hidden = true;
        i = end > start ? end : start + 1;
    }
    return status || !hidden ? status : sp_buf_append_str(buf, SP_STR(" " STARS));
}

/* Behind the token that begins at `at`: a word, or a quoted string. */
static size_t token_end(struct sp_str text, size_t at)
{
    if (text.ptr[at] == '\'') {
        for (at++; at < text.len && text.ptr[at] != '\''; at++)
            ;
        return at < text.len ? at + 1 : at;
    }
    while (at < text.len && !is_blank(text.ptr[at]) && text.ptr[at] != '(' && text.ptr[at] != ')')
        at++;
    return at;
}

/* A key that lost its operand: sixteen hexadecimal digits or more. */
static bool looks_like_key(struct sp_str token)
{
    for (size_t i = 0; i < token.len; i++)
        if (!((token.ptr[i] >= '0' && token.ptr[i] <= '9') ||
              (sp_upper(token.ptr[i]) >= 'A' && sp_upper(token.ptr[i]) <= 'F')))
            return false;
    return token.len >= 16;
}

/* Append stars for the value behind a secret operand that ends at `at`: its parentheses, or the word that
 * stands where they should. Returns where to go on. */
static size_t mask_value(struct sp_str text, size_t at, bool whole_word, struct sp_buf *buf)
{
    size_t next = at;
    while (next < text.len && is_blank(text.ptr[next]))
        next++;
    if (next < text.len && text.ptr[next] == '(') {
        size_t naive = closing(text, next, false), quoted = closing(text, next, true);
        sp_buf_printf(buf, "%s(" STARS ")", next > at ? " " : "");
        return naive > quoted ? naive : quoted;
    }
    if (!whole_word || next == at || next >= text.len || text.ptr[next] == ')')
        return at;
    sp_buf_append_str(buf, SP_STR(" " STARS));
    return token_end(text, next);
}

enum sp_status sp_saf_command_mask(struct sp_str text, struct sp_buf *buf)
{
    text = sp_str_trim(text);
    size_t end = 0;
    while (end < text.len && is_word_char(text.ptr[end]))
        end++;
    struct sp_str verb = sp_str_slice(text, 0, end);
    if (sp_str_caseless_eq(verb, SP_STR("PASSWORD")) || sp_str_caseless_eq(verb, SP_STR("PW")) ||
        sp_str_caseless_eq(verb, SP_STR("PHRASE")))
        return mask_password_command(text, end, buf);
    /* SETROPTS PASSWORD( ) holds rules. */
    bool passwords = !(verb.len >= 4 && sp_str_caseless_eq(sp_str_slice(verb, 0, 4), SP_STR("SETR")));
    for (size_t i = 0; i < text.len && !buf->failed;) {
        size_t start = i, token = token_end(text, i);
        if (token > i && text.ptr[i] != '\'' && looks_like_key(sp_str_slice(text, i, token))) {
            sp_buf_append_str(buf, SP_STR(STARS));
            i = token;
            continue;
        }
        while (i < text.len && is_word_char(text.ptr[i]))
            i++;
        struct sp_str word = sp_str_slice(text, start, i);
        if (!word.len)
            append_shown(buf, text.ptr[i++]);
        else if (sp_buf_append_str(buf, word) == SP_OK && is_secret(word, passwords))
            i = mask_value(text, i, word.len >= WHOLE_WORD, buf);
    }
    return buf->failed ? SP_ELIMIT : SP_OK;
}
