/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/command_text.h"

#include "base/buf.h"

struct parser {
    struct sp_str text;
    size_t at;
    struct sp_arena *arena;
    unsigned operands;
    struct sp_error *err;
};

static enum sp_status fault(struct parser *p, size_t at, const char *what)
{
    sp_error_set(p->err, SP_ESYNTAX, NULL, "%s at column %zu", what, at + 1);
    sp_error_at_offset(p->err, NULL, (int64_t)at);
    return SP_ESYNTAX;
}

static bool is_separator(char c)
{
    return c == ' ' || c == ',' || (c >= '\t' && c <= '\r');
}

/* Over separators and comments. A comment that is not closed goes to the end of its line. */
static void skip_separators(struct parser *p)
{
    while (p->at < p->text.len) {
        if (is_separator(p->text.ptr[p->at])) {
            p->at++;
        } else if (sp_str_starts(sp_str_slice(p->text, p->at, p->text.len), SP_STR("/*"))) {
            size_t end = p->at + 2;
            while (end + 1 < p->text.len && !(p->text.ptr[end] == '*' && p->text.ptr[end + 1] == '/') &&
                   p->text.ptr[end] != '\n')
                end++;
            if (end + 1 >= p->text.len)
                p->at = p->text.len;
            else
                p->at = p->text.ptr[end] == '\n' ? end + 1 : end + 2;
        } else {
            return;
        }
    }
}

static enum sp_status read_quoted(struct parser *p, struct sp_saf_operand *operand)
{
    size_t start = p->at++, len = 0;
    char *copy = sp_arena_alloc(p->arena, p->text.len - start + 1);
    if (!copy)
        return sp_error_set(p->err, SP_ENOMEM, NULL, "no memory for a command");
    for (;;) {
        if (p->at >= p->text.len)
            return fault(p, start, "the quote that opens here is not closed");
        char c = p->text.ptr[p->at++];
        if (c == '\'') {
            if (p->at >= p->text.len || p->text.ptr[p->at] != '\'')
                break;
            p->at++;
        }
        copy[len++] = c;
    }
    copy[len] = '\0';
    operand->text = sp_str_from(copy, len);
    operand->quoted = true;
    return SP_OK;
}

static void read_word(struct parser *p, struct sp_saf_operand *operand)
{
    size_t start = p->at;
    while (p->at < p->text.len && !is_separator(p->text.ptr[p->at]) && p->text.ptr[p->at] != '(' &&
           p->text.ptr[p->at] != ')' && p->text.ptr[p->at] != '\'')
        p->at++;
    operand->text = sp_str_slice(p->text, start, p->at);
}

/* A new operand at the end of the list whose end `*place` is. */
static enum sp_status add_operand(struct parser *p, struct sp_saf_operand ***place,
                                  struct sp_saf_operand **ret_operand)
{
    if (++p->operands > SP_SAF_COMMAND_OPERANDS_MAX)
        return sp_error_set(p->err, SP_ELIMIT, NULL, "a command has at most %u operands",
                            SP_SAF_COMMAND_OPERANDS_MAX);
    struct sp_saf_operand *operand = sp_arena_calloc(p->arena, 1, sizeof *operand);
    if (!operand)
        return sp_error_set(p->err, SP_ENOMEM, NULL, "no memory for a command");
    **place = operand;
    *place = &operand->next;
    *ret_operand = operand;
    return SP_OK;
}

/* Operands up to a right parenthesis or the end, without recursion: the open lists are kept in an array. */
static enum sp_status read_operands(struct parser *p, struct sp_saf_operand **ret_first,
                                    unsigned *ret_missing)
{
    struct sp_saf_operand **places[SP_SAF_COMMAND_DEPTH_MAX + 1] = {ret_first}, *last = NULL;
    unsigned depth = 0;
    for (;;) {
        skip_separators(p);
        if (p->at >= p->text.len)
            break;
        char c = p->text.ptr[p->at];
        enum sp_status status = SP_OK;
        if (c == ')') {
            if (!depth--)
                return fault(p, p->at, "there is a right parenthesis too many");
            p->at++;
            last = NULL;
        } else if (c == '(') {
            /* "ADDUSER (A B) ...": the first operand may be a list without a word of its own. */
            if (!last && !p->operands)
                status = add_operand(p, &places[depth], &last);
            if (status)
                return status;
            if (!last || last->quoted)
                return fault(p, p->at, "a left parenthesis must follow an operand");
            if (depth == SP_SAF_COMMAND_DEPTH_MAX)
                return sp_error_set(p->err, SP_ELIMIT, NULL, "parentheses are nested more than %u deep",
                                    SP_SAF_COMMAND_DEPTH_MAX);
            last->has_list = true;
            places[++depth] = &last->first;
            p->at++;
            last = NULL;
        } else {
            status = add_operand(p, &places[depth], &last);
            if (!status && c == '\'')
                status = read_quoted(p, last);
            else if (!status)
                read_word(p, last);
        }
        if (status)
            return status;
    }
    *ret_missing = depth;
    return SP_OK;
}

enum sp_status sp_saf_command_parse(struct sp_str text, struct sp_arena *arena,
                                    struct sp_saf_command *ret_command, struct sp_error *err)
{
    struct parser p = {.text = text, .arena = arena, .err = err};
    struct sp_saf_command command = {.operands = NULL};
    if (text.len > SP_SAF_COMMAND_BYTES_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "a command has at most %u bytes", SP_SAF_COMMAND_BYTES_MAX);
    if (text.len && memchr(text.ptr, '\0', text.len))
        return sp_error_set(err, SP_ESYNTAX, NULL, "a command cannot hold a NUL byte");
    skip_separators(&p);
    struct sp_saf_operand verb = {.quoted = false};
    read_word(&p, &verb);
    command.verb = verb.text;
    if (!command.verb.len && p.at < text.len)
        return fault(&p, p.at, "a command begins with its name");
    enum sp_status status = read_operands(&p, &command.operands, &command.missing_parentheses);
    if (!status)
        *ret_command = command;
    return status;
}

enum sp_status sp_saf_keyword_find(const char *const *keywords, size_t count, struct sp_str word,
                                   size_t *ret_index, struct sp_error *err)
{
    size_t found = count, hits = 0;
    for (size_t i = 0; i < count && word.len; i++) {
        struct sp_str keyword = sp_str_of(keywords[i]);
        if (word.len > keyword.len || !sp_str_caseless_eq(sp_str_slice(keyword, 0, word.len), word))
            continue;
        if (word.len == keyword.len) {
            *ret_index = i;
            return SP_OK;
        }
        hits++;
        if (found < count && hits == 2)
            sp_error_set(err, SP_EEXISTS, NULL, "%.*s is ambiguous: %s or %s", SP_STR_ARG(word),
                         keywords[found], keywords[i]);
        found = i;
    }
    if (hits > 1)
        return SP_EEXISTS;
    if (!hits)
        return sp_error_set(err, SP_ENOTFOUND, NULL, "%.*s is not known", SP_STR_ARG(word));
    *ret_index = found;
    return SP_OK;
}

/* ---- decks ---- */

static bool take_line(struct sp_saf_deck *deck, struct sp_str *ret_line)
{
    if (!deck->rest.len)
        return false;
    size_t end = sp_str_find(deck->rest, '\n');
    struct sp_str line = sp_str_slice(deck->rest, 0, end);
    deck->rest = sp_str_slice(deck->rest, end + 1, deck->rest.len);
    deck->line++;
    if (line.len && line.ptr[line.len - 1] == '\r')
        line.len--;
    *ret_line = line;
    return true;
}

void sp_saf_deck_init(struct sp_saf_deck *deck, struct sp_str text)
{
    *deck = (struct sp_saf_deck){.rest = text};
    struct sp_saf_deck look = *deck;
    struct sp_str line;
    while (take_line(&look, &line)) {
        if (!sp_str_trim(line).len)
            continue;
        deck->jcl = sp_str_starts(line, SP_STR("//"));
        return;
    }
}

static bool word_is(struct sp_str *rest, const char *word)
{
    *rest = sp_str_trim(*rest);
    size_t end = 0;
    while (end < rest->len && rest->ptr[end] != ' ' && rest->ptr[end] != ',')
        end++;
    bool is = sp_str_caseless_eq(sp_str_slice(*rest, 0, end), sp_str_of(word));
    if (is)
        *rest = sp_str_slice(*rest, end, rest->len);
    return is;
}

/* "//[step.]SYSTSIN DD *" or "DD DATA". */
static bool opens_stream(struct sp_str line)
{
    struct sp_str rest = sp_str_slice(line, 2, line.len);
    size_t end = 0;
    while (end < rest.len && rest.ptr[end] != ' ')
        end++;
    struct sp_str name = sp_str_slice(rest, 0, end);
    size_t dot = sp_str_find(name, '.');
    if (dot < name.len)
        name = sp_str_slice(name, dot + 1, name.len);
    rest = sp_str_slice(rest, end, rest.len);
    return sp_str_caseless_eq(name, SP_STR("SYSTSIN")) && word_is(&rest, "DD") &&
           (word_is(&rest, "*") || word_is(&rest, "DATA"));
}

/* The next line that holds command text. */
static bool command_line(struct sp_saf_deck *deck, struct sp_str *ret_line)
{
    while (take_line(deck, ret_line)) {
        if (!deck->jcl)
            return true;
        if (sp_str_starts(*ret_line, SP_STR("//"))) {
            deck->in_stream = opens_stream(*ret_line);
            continue;
        }
        if (sp_str_is(sp_str_trim(*ret_line), "/*") && sp_str_starts(*ret_line, SP_STR("/*"))) {
            deck->in_stream = false;
            continue;
        }
        if (deck->in_stream) {
            *ret_line = sp_str_slice(*ret_line, 0, 72);
            return true;
        }
    }
    return false;
}

static struct sp_str without_trailing_blanks(struct sp_str s)
{
    while (s.len && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s;
}

static struct sp_str without_leading_blanks(struct sp_str s)
{
    while (s.len && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
        s = sp_str_slice(s, 1, s.len);
    return s;
}

enum sp_status sp_saf_deck_next(struct sp_saf_deck *deck, struct sp_arena *arena, struct sp_str *ret_command,
                                unsigned *ret_line, struct sp_error *err)
{
    struct sp_buf joined;
    struct sp_str line;
    unsigned first = 0;
    bool more = true, drop_blanks = false;
    sp_buf_init(&joined, SP_SAF_COMMAND_BYTES_MAX);
    while (more && command_line(deck, &line)) {
        line = without_trailing_blanks(line);
        if (!first && !line.len)
            continue;
        if (!first)
            first = deck->line;
        if (drop_blanks)
            line = without_leading_blanks(line);
        char last = line.len ? line.ptr[line.len - 1] : '\0';
        more = last == '+' || last == '-';
        drop_blanks = last == '+';
        sp_buf_append_str(&joined, more ? sp_str_slice(line, 0, line.len - 1) : line);
    }
    struct sp_str text = joined.failed ? (struct sp_str){NULL, 0} : sp_arena_str(arena, sp_buf_str(&joined));
    bool too_long = joined.failed;
    sp_buf_finish(&joined);
    if (!first)
        return SP_ENOTFOUND;
    if (!text.ptr) {
        sp_error_set(err, too_long ? SP_ELIMIT : SP_ENOMEM, NULL, "the command is longer than %u bytes",
                     SP_SAF_COMMAND_BYTES_MAX);
        sp_error_at(err, NULL, first, 1);
        return too_long ? SP_ELIMIT : SP_ENOMEM;
    }
    *ret_command = text;
    *ret_line = first;
    return SP_OK;
}
