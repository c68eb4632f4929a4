/* SPDX-License-Identifier: Apache-2.0 */
#include "artifact/cobol_scan.h"

#include "base/buf.h"

#define TAB_WIDTH 8u
#define SEQUENCE_COLUMNS 6u
#define TEXT_COLUMN 7u   /* index of column 8 */
#define TEXT_COLUMNS 65u /* 8 to 72 */
#define LINE_COLUMNS 72u

/* Joins the lines of a source. */
struct joiner {
    struct sp_cobol_scan *scan;
    struct sp_buf out;
    size_t *starts;
    unsigned line;
    char quote;          /* of the literal that is open at the end of what was joined, or 0 */
    unsigned quote_line; /* where it began */
};

enum sp_status sp_cobol_fail(const struct sp_cobol_scan *scan, unsigned line, enum sp_status status,
                             const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    sp_error_vset(scan->err, status, NULL, fmt, args);
    va_end(args);
    sp_error_at(scan->err, scan->file, line, 0);
    return status;
}

/* ---------------------------------------------------------------- lines */

/* Text of a line goes behind what was joined; follows whether a literal is open. */
static void append(struct joiner *j, struct sp_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (j->quote ? c == j->quote : c == '\'' || c == '"') {
            j->quote = j->quote ? 0 : c;
            j->quote_line = j->line;
        } else if (!j->quote && c == '*' && i + 1 < text.len && text.ptr[i + 1] == '>')
            return;
        sp_buf_append_byte(&j->out, (unsigned char)c);
    }
}

static enum sp_status begin_line(struct joiner *j)
{
    if (j->quote)
        return sp_cobol_fail(j->scan, j->quote_line, SP_ESYNTAX, "the literal has no end");
    sp_buf_append_byte(&j->out, '\n');
    j->starts[j->line - 1] = j->out.len;
    return SP_OK;
}

/* A line with '-' in column 7: the literal, or the word, goes on. */
static enum sp_status continue_line(struct joiner *j, struct sp_str text)
{
    j->starts[j->line - 1] = j->out.len;
    while (text.len && text.ptr[0] == ' ')
        text = sp_str_slice(text, 1, text.len);
    if (!j->quote) {
        while (j->out.len && (j->out.ptr[j->out.len - 1] == ' ' || j->out.ptr[j->out.len - 1] == '\n'))
            j->out.len--;
        append(j, text);
        return SP_OK;
    }
    if (!text.len || text.ptr[0] != j->quote)
        return sp_cobol_fail(j->scan, j->line, SP_ESYNTAX, "a continued literal goes on behind a quote");
    append(j, sp_str_slice(text, 1, text.len));
    return SP_OK;
}

/* Tabs to blanks, columns 1 to 72; returns how many there are. */
static unsigned expand(struct sp_str line, char columns[LINE_COLUMNS])
{
    unsigned n = 0;
    for (size_t i = 0; i < line.len && n < LINE_COLUMNS; i++) {
        if (line.ptr[i] != '\t') {
            columns[n++] = line.ptr[i];
            continue;
        }
        do
            columns[n++] = ' ';
        while (n % TAB_WIDTH && n < LINE_COLUMNS);
    }
    return n;
}

static enum sp_status fixed_line(struct joiner *j, struct sp_str line)
{
    char columns[LINE_COLUMNS];
    unsigned n = expand(line, columns);
    struct sp_str sequence = sp_str_slice(sp_str_from(columns, n), 0, SEQUENCE_COLUMNS);
    char indicator = n > SEQUENCE_COLUMNS ? columns[SEQUENCE_COLUMNS] : ' ';
    j->starts[j->line - 1] = j->out.len;
    if (indicator == '*' || indicator == '/' || indicator == 'D' || indicator == 'd')
        return SP_OK;
    if (sp_str_find(sequence, '.') != sequence.len)
        return sp_cobol_fail(j->scan, j->line, SP_ESYNTAX,
                             "columns 1 to 6 hold \"%.*s\", but text begins in column 8; say "
                             "sourceFormat=free when the source has no columns",
                             SP_STR_ARG(sequence));
    if (indicator != ' ' && indicator != '-')
        return sp_cobol_fail(j->scan, j->line, SP_ESYNTAX,
                             "column 7 holds '%c', which is no indicator; say sourceFormat=free when the "
                             "source has no columns",
                             indicator);
    struct sp_str text = sp_str_slice(sp_str_from(columns, n), TEXT_COLUMN, n);
    if (indicator == '-')
        return continue_line(j, text);
    if (!sp_str_trim(text).len)
        return SP_OK;
    enum sp_status status = begin_line(j);
    if (status != SP_OK)
        return status;
    append(j, text);
    if (j->quote) /* the literal has the blanks up to column 72 */
        sp_buf_append_fill(&j->out, ' ', TEXT_COLUMNS - text.len);
    return SP_OK;
}

static enum sp_status free_line(struct joiner *j, struct sp_str line)
{
    struct sp_str text = sp_str_trim(line);
    j->starts[j->line - 1] = j->out.len;
    if (!text.len || text.ptr[0] == '*')
        return SP_OK;
    enum sp_status status = begin_line(j);
    if (status == SP_OK)
        append(j, line);
    return status;
}

static enum sp_status join_lines(struct joiner *j, struct sp_str source, bool free_format)
{
    struct sp_str line;
    while (sp_str_split(&source, '\n', &line)) {
        j->line++;
        while (line.len && (line.ptr[line.len - 1] == '\r' || line.ptr[line.len - 1] == '\x1a'))
            line.len--;
        if (line.len && memchr(line.ptr, 0, line.len))
            return sp_cobol_fail(j->scan, j->line, SP_ESYNTAX, "the line holds a NUL; this is no text");
        enum sp_status status = free_format ? free_line(j, line) : fixed_line(j, line);
        if (status != SP_OK)
            return status;
    }
    return j->quote ? sp_cobol_fail(j->scan, j->quote_line, SP_ESYNTAX, "the literal has no end") : SP_OK;
}

static unsigned count_lines(struct sp_str source)
{
    unsigned lines = 1;
    for (size_t i = 0; i < source.len && lines <= SP_COBOL_LINES_MAX; i++)
        lines += source.ptr[i] == '\n';
    return lines;
}

enum sp_status sp_cobol_scan_init(struct sp_cobol_scan *scan, struct sp_str source, const char *file,
                                  bool free_format, struct sp_arena *arena, struct sp_error *err)
{
    *scan = (struct sp_cobol_scan){.file = file, .arena = arena, .err = err};
    if (source.len > SP_COBOL_SOURCE_MAX)
        return sp_cobol_fail(scan, 0, SP_ELIMIT, "the source has %zu bytes; at most %zu are read", source.len,
                             SP_COBOL_SOURCE_MAX);
    unsigned lines = count_lines(source);
    if (lines > SP_COBOL_LINES_MAX)
        return sp_cobol_fail(scan, 0, SP_ELIMIT, "the source has more than %u lines", SP_COBOL_LINES_MAX);
    struct joiner j = {.scan = scan, .starts = sp_arena_calloc(arena, lines, sizeof *j.starts)};
    sp_buf_init(&j.out, source.len + (size_t)lines * (TEXT_COLUMNS + 1));
    enum sp_status status = j.starts ? join_lines(&j, source, free_format) : SP_ENOMEM;
    if (status == SP_OK) {
        scan->program = sp_arena_str(arena, sp_buf_str(&j.out));
        scan->starts = j.starts;
        scan->line_count = lines;
        scan->line = 1;
        if (j.out.failed || (j.out.len && !scan->program.ptr))
            status = SP_ENOMEM;
    }
    sp_buf_finish(&j.out);
    return status == SP_ENOMEM ? sp_cobol_fail(scan, 0, status, "the source needs more memory than there is")
                               : status;
}

/* ---------------------------------------------------------------- tokens */

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_' ||
           c == '#' || c == '@' || c == '$';
}

/* A blank where there is nothing more. */
static char peek(const struct sp_cobol_scan *scan, size_t offset)
{
    size_t at = scan->at + offset;
    return at < scan->program.len ? scan->program.ptr[at] : ' ';
}

/* Blanks, and commas and semicolons that separate. */
static void skip_blanks(struct sp_cobol_scan *scan)
{
    while (scan->at < scan->program.len &&
           (is_blank(peek(scan, 0)) ||
            ((peek(scan, 0) == ',' || peek(scan, 0) == ';') && is_blank(peek(scan, 1)))))
        scan->at++;
    while (scan->at_line < scan->line_count && scan->starts[scan->at_line] <= scan->at)
        scan->at_line++;
    scan->line = scan->at_line ? scan->at_line : 1;
}

static enum sp_status take(struct sp_cobol_scan *scan, size_t end)
{
    struct sp_str text = sp_arena_str(scan->arena, sp_str_slice(scan->program, scan->at, end));
    if (!text.ptr)
        return sp_cobol_fail(scan, scan->line, SP_ENOMEM, "the source needs more memory than there is");
    for (size_t i = 0; i < text.len; i++)
        ((char *)text.ptr)[i] = sp_upper(text.ptr[i]);
    scan->text = text;
    scan->at = end;
    return SP_OK;
}

/* Behind the closing quote; a doubled one is a quote inside. join_lines saw to it that there is one. */
static size_t literal_end(const struct sp_cobol_scan *scan, size_t at)
{
    char quote = scan->program.ptr[at++];
    for (; at < scan->program.len; at++) {
        if (scan->program.ptr[at] != quote)
            continue;
        if (at + 1 < scan->program.len && scan->program.ptr[at + 1] == quote)
            at++;
        else
            return at + 1;
    }
    return at;
}

static bool is_quote(char c)
{
    return c == '\'' || c == '"';
}

static enum sp_status take_number(struct sp_cobol_scan *scan)
{
    size_t end = scan->at + 1;
    while (end < scan->program.len && (is_digit(scan->program.ptr[end]) ||
                                       ((scan->program.ptr[end] == '.' || scan->program.ptr[end] == ',') &&
                                        end + 1 < scan->program.len && is_digit(scan->program.ptr[end + 1]))))
        end++;
    return take(scan, end);
}

static enum sp_status take_word(struct sp_cobol_scan *scan, enum sp_cobol_token *ret_token)
{
    size_t end = scan->at;
    bool digits = true;
    for (; end < scan->program.len && is_word(scan->program.ptr[end]); end++)
        digits = digits && is_digit(scan->program.ptr[end]);
    char next = end < scan->program.len ? scan->program.ptr[end] : ' ';
    if (is_quote(next) && end - scan->at <= 2) { /* X'..', N'..', Z'..', NX'..' */
        scan->at = literal_end(scan, end);
        *ret_token = SP_COBOL_LITERAL;
        return SP_OK;
    }
    *ret_token = SP_COBOL_WORD;
    if (digits && (next == '.' || next == ',') && end + 1 < scan->program.len &&
        is_digit(scan->program.ptr[end + 1])) {
        *ret_token = SP_COBOL_NUMBER;
        return take_number(scan);
    }
    return take(scan, end);
}

enum sp_status sp_cobol_next(struct sp_cobol_scan *scan, enum sp_cobol_token *ret_token)
{
    skip_blanks(scan);
    if (scan->at >= scan->program.len) {
        *ret_token = SP_COBOL_END;
        return SP_OK;
    }
    char c = peek(scan, 0), next = peek(scan, 1);
    if (c == '.' && is_blank(next)) {
        scan->at++;
        *ret_token = SP_COBOL_PERIOD;
        return SP_OK;
    }
    if (is_quote(c)) {
        scan->at = literal_end(scan, scan->at);
        *ret_token = SP_COBOL_LITERAL;
        return SP_OK;
    }
    if ((c == '+' || c == '-' || c == '.') && (is_digit(next) || next == '.')) {
        *ret_token = SP_COBOL_NUMBER;
        return take_number(scan);
    }
    if (is_word(c))
        return take_word(scan, ret_token);
    if (c == ':' || c == '=')
        return sp_cobol_fail(scan, scan->line, SP_EUNSUPPORTED,
                             "'%c' belongs to text that COPY REPLACING fills in; give the source as it is "
                             "after replacing",
                             c);
    return sp_cobol_fail(scan, scan->line, SP_ESYNTAX, "nothing can begin with '%c' here",
                         c > 0x20 && c < 0x7f ? c : '?');
}

enum sp_status sp_cobol_picture(struct sp_cobol_scan *scan, struct sp_str *ret_picture)
{
    skip_blanks(scan);
    size_t end = scan->at;
    while (end < scan->program.len && !is_blank(scan->program.ptr[end]))
        end++;
    while (end > scan->at && strchr(".,;", scan->program.ptr[end - 1]))
        end--;
    if (end == scan->at)
        return sp_cobol_fail(scan, scan->line, SP_ESYNTAX, "PICTURE has no character-string");
    enum sp_status status = take(scan, end);
    if (status == SP_OK)
        *ret_picture = scan->text;
    return status;
}
