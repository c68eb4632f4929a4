/* SPDX-License-Identifier: Apache-2.0 */
#include "text/json.h"

#include "text/json_names.h"
#include "text/scan.h"
#include "text/utf8.h"

enum expect {
    EXPECT_VALUE,
    EXPECT_FIRST_ELEMENT, /* or ']' */
    EXPECT_FIRST_NAME,    /* or '}' */
    EXPECT_MORE,          /* ',' or the end of the open object or array */
    EXPECT_END,
};

const struct sp_json_limits sp_json_default_limits = {
    .depth = 64,
    .string_bytes = 1024 * 1024,
    .number_bytes = 512,
    .members = 65536,
};

void sp_json_reader_init(struct sp_json_reader *reader, struct sp_str input, struct sp_arena *arena,
                         const struct sp_json_limits *limits, struct sp_error *err)
{
    *reader = (struct sp_json_reader){
        .input = {input.ptr ? input.ptr : "", input.len},
        .limits = limits ? limits : &sp_json_default_limits,
        .arena = arena,
        .err = err,
        .expect = EXPECT_VALUE,
    };
}

void sp_json_place(const struct sp_json_reader *reader, size_t offset, unsigned *ret_line,
                   unsigned *ret_column)
{
    sp_scan_place(reader->input.ptr, reader->input.len, offset, ret_line, ret_column);
}

const char *sp_json_token_name(enum sp_json_token token)
{
    static const char *const names[] = {
        [SP_JSON_ERROR] = "an error",
        [SP_JSON_END] = "the end of the text",
        [SP_JSON_OBJECT_BEGIN] = "an object",
        [SP_JSON_OBJECT_END] = "the end of an object",
        [SP_JSON_ARRAY_BEGIN] = "an array",
        [SP_JSON_ARRAY_END] = "the end of an array",
        [SP_JSON_NAME] = "a member name",
        [SP_JSON_STRING] = "a string",
        [SP_JSON_NUMBER] = "a number",
        [SP_JSON_TRUE] = "true",
        [SP_JSON_FALSE] = "false",
        [SP_JSON_NULL] = "null",
    };
    return (size_t)token < sizeof names / sizeof names[0] ? names[token] : "an unknown token";
}

static const char *end_of(const struct sp_json_reader *reader)
{
    return reader->input.ptr + reader->input.len;
}

static enum sp_json_token fail(struct sp_json_reader *reader, enum sp_status status, const char *where,
                               const char *fmt, ...) SP_PRINTF(4, 5);

static enum sp_json_token fail(struct sp_json_reader *reader, enum sp_status status, const char *where,
                               const char *fmt, ...)
{
    size_t offset = (size_t)(where - reader->input.ptr);
    unsigned line, column;
    va_list args;
    va_start(args, fmt);
    sp_error_vset(reader->err, status, NULL, fmt, args);
    va_end(args);
    sp_json_place(reader, offset, &line, &column);
    sp_error_at(reader->err, NULL, line, column);
    sp_error_at_offset(reader->err, NULL, (int64_t)offset);
    reader->failed = status;
    reader->at = offset;
    reader->text = (struct sp_str){NULL, 0};
    return SP_JSON_ERROR;
}

static enum sp_json_token fail_memory(struct sp_json_reader *reader, const char *where)
{
    return fail(reader, SP_ENOMEM, where, "the memory allowed for reading this JSON text is used up");
}

/* What stands at `p` is not what the grammar wants there. */
static enum sp_json_token unexpected(struct sp_json_reader *reader, const char *p, const char *wanted)
{
    if (p >= end_of(reader))
        return fail(reader, SP_ESYNTAX, p, "the JSON text ends where %s is expected", wanted);
    unsigned char c = (unsigned char)*p;
    if (c == 0xef && end_of(reader) - p >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
        return fail(reader, SP_ESYNTAX, p, "a byte order mark is not allowed in JSON; remove it");
    if (c > 0x20 && c < 0x7f)
        return fail(reader, SP_ESYNTAX, p, "%s is expected, not '%c'", wanted, c);
    return fail(reader, SP_ESYNTAX, p, "%s is expected, not the byte X'%02X'", wanted, c);
}

static const char *skip_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    return p;
}

/* A string in the input that cannot be taken as it is: why, seen at `p`. */
static enum sp_json_token bad_string_byte(struct sp_json_reader *reader, const char *p)
{
    if (p >= end_of(reader))
        return fail(reader, SP_ESYNTAX, p, "the JSON text ends inside a string");
    unsigned char c = (unsigned char)*p;
    if (c < 0x20)
        return fail(reader, SP_ESYNTAX, p, "the control character X'%02X' must be written as \\u%04x", c, c);
    return fail(reader, SP_ESYNTAX, p, "the byte X'%02X' is not valid UTF-8", c);
}

static enum sp_json_token too_long(struct sp_json_reader *reader, const char *where)
{
    return fail(reader, SP_ELIMIT, where, "a string is longer than the %zu bytes allowed",
                reader->limits->string_bytes);
}

/* Four hexadecimal digits at `p`, or -1. */
static int32_t read_hex4(const char *p, const char *end)
{
    if (end - p < 4)
        return -1;
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        char c = sp_lower(p[i]);
        if (c >= '0' && c <= '9')
            value = value << 4 | (c - '0');
        else if (c >= 'a' && c <= 'f')
            value = value << 4 | (c - 'a' + 10);
        else
            return -1;
    }
    return value;
}

/* The character of the \u escape whose backslash is at `*p`, which is moved behind it; -1 after an error. */
static int32_t read_unicode_escape(struct sp_json_reader *reader, const char **p)
{
    const char *end = end_of(reader), *start = *p;
    int32_t unit = read_hex4(start + 2, end);
    if (unit < 0) {
        fail(reader, SP_ESYNTAX, start, "\\u must be followed by four hexadecimal digits");
        return -1;
    }
    *p = start + 6;
    if (unit == 0 && !reader->limits->allow_nul) {
        fail(reader, SP_ESYNTAX, start, "the character U+0000 is not allowed");
        return -1;
    }
    if (unit < 0xd800 || unit > 0xdfff)
        return unit;
    int32_t low = -1;
    if (unit < 0xdc00 && end - *p >= 2 && (*p)[0] == '\\' && (*p)[1] == 'u')
        low = read_hex4(*p + 2, end);
    if (low < 0xdc00 || low > 0xdfff) {
        fail(reader, SP_ESYNTAX, start, "the surrogate \\u%04x is not part of a pair", (unsigned)unit);
        return -1;
    }
    *p += 6;
    return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

/* The characters of the escape whose backslash is at `*p`, which is moved behind it, as UTF-8; 0 after an
 * error. */
static unsigned read_escape(struct sp_json_reader *reader, const char **p, unsigned char ret_utf8[4])
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (end_of(reader) - *p < 2) {
        bad_string_byte(reader, end_of(reader));
        return 0;
    }
    char letter = (*p)[1];
    if (letter == 'u') {
        int32_t code_point = read_unicode_escape(reader, p);
        return code_point < 0 ? 0 : sp_utf8_encode((uint32_t)code_point, ret_utf8);
    }
    const char *found = memchr(letters, letter, sizeof letters - 1);
    if (!found) {
        unsigned char c = (unsigned char)letter;
        if (c > 0x20 && c < 0x7f)
            fail(reader, SP_ESYNTAX, *p, "\\%c is not an escape of JSON", c);
        else
            fail(reader, SP_ESYNTAX, *p, "a backslash before the byte X'%02X' is not an escape of JSON", c);
        return 0;
    }
    *p += 2;
    ret_utf8[0] = (unsigned char)meanings[found - letters];
    return 1;
}

/* No decoded string is longer than what is written between its quotes. */
static size_t written_length(const char *start, const char *end)
{
    const char *p = sp_scan_plain(start, end);
    while (p < end && *p != '"')
        p = sp_scan_plain(p + (*p == '\\' && end - p >= 2 ? 2 : 1), end);
    return (size_t)(p - start);
}

struct decoded {
    unsigned char *ptr;
    size_t len, room;
};

static bool put(struct decoded *text, const void *bytes, size_t len)
{
    if (len > text->room - text->len)
        return false;
    memcpy(text->ptr + text->len, bytes, len);
    text->len += len;
    return true;
}

/* The rest of the string whose opening quote is at `quote` and whose first escape is at `p`. Returns the
 * place behind the closing quote, or NULL after an error. */
static const char *read_escaped(struct sp_json_reader *reader, const char *quote, const char *p)
{
    const char *run = quote + 1, *end = end_of(reader);
    struct decoded text = {.room = written_length(run, end)};
    if (text.room > reader->limits->string_bytes)
        text.room = reader->limits->string_bytes;
    text.ptr = sp_arena_alloc(reader->arena, text.room);
    if (!text.ptr) {
        fail_memory(reader, quote);
        return NULL;
    }
    bool fits = true;
    while (p < end && *p == '\\') {
        unsigned char utf8[4];
        const char *escape = p;
        unsigned len = read_escape(reader, &p, utf8);
        if (!len)
            return NULL;
        fits = fits && put(&text, run, (size_t)(escape - run)) && put(&text, utf8, len);
        run = p;
        p = sp_scan_characters(p, end);
    }
    if (p >= end || *p != '"') {
        bad_string_byte(reader, p);
        return NULL;
    }
    if (!fits || !put(&text, run, (size_t)(p - run))) {
        too_long(reader, quote);
        return NULL;
    }
    reader->text = sp_str_from(text.ptr, text.len);
    return p + 1;
}

/* The string whose opening quote is at `p`, into reader->text. Returns the place behind the closing quote, or
 * NULL after an error. */
static const char *read_string(struct sp_json_reader *reader, const char *p)
{
    const char *start = p + 1, *end = end_of(reader);
    p = sp_scan_characters(start, end);
    if (p < end && *p == '"') {
        size_t len = (size_t)(p - start);
        if (len > reader->limits->string_bytes) {
            too_long(reader, start - 1);
            return NULL;
        }
        reader->text = (struct sp_str){start, len};
        return p + 1;
    }
    if (p < end && *p == '\\')
        return read_escaped(reader, start - 1, p);
    bad_string_byte(reader, p);
    return NULL;
}

static const char *read_number(struct sp_json_reader *reader, const char *p)
{
    const char *end = end_of(reader), *bad;
    const char *behind = sp_scan_number(p, end, &bad);
    if (!behind) {
        unexpected(reader, bad, "a digit");
        return NULL;
    }
    if (behind < end && *behind >= '0' && *behind <= '9') {
        fail(reader, SP_ESYNTAX, p, "a number must not begin with 0 before other digits");
        return NULL;
    }
    size_t len = (size_t)(behind - p);
    if (len > reader->limits->number_bytes) {
        fail(reader, SP_ELIMIT, p, "a number is longer than the %zu bytes allowed",
             reader->limits->number_bytes);
        return NULL;
    }
    reader->text = (struct sp_str){p, len};
    return behind;
}

static enum sp_json_token advance(struct sp_json_reader *reader, const char *behind, enum expect expect,
                                  enum sp_json_token token)
{
    reader->at = (size_t)(behind - reader->input.ptr);
    reader->expect = (unsigned char)expect;
    return token;
}

/* A scalar, or the end of an object or array, that ends before `behind`. */
static enum sp_json_token complete(struct sp_json_reader *reader, const char *behind,
                                   enum sp_json_token token)
{
    return behind ? advance(reader, behind, reader->depth ? EXPECT_MORE : EXPECT_END, token) : SP_JSON_ERROR;
}

static enum sp_json_token read_word(struct sp_json_reader *reader, const char *p, struct sp_str word,
                                    enum sp_json_token token)
{
    if ((size_t)(end_of(reader) - p) < word.len || memcmp(p, word.ptr, word.len) != 0)
        return fail(reader, SP_ESYNTAX, p, "a value is expected; a word must be true, false or null");
    return complete(reader, p + word.len, token);
}

static bool is_in_object(const struct sp_json_reader *reader)
{
    unsigned level = reader->depth - 1;
    return reader->open[level / 8] >> level % 8 & 1;
}

static enum sp_json_token open_level(struct sp_json_reader *reader, const char *p, bool is_object)
{
    unsigned level = reader->depth;
    if (level >= reader->limits->depth || level >= SP_JSON_DEPTH_MAX) {
        unsigned most = reader->limits->depth < SP_JSON_DEPTH_MAX ? reader->limits->depth : SP_JSON_DEPTH_MAX;
        return fail(reader, SP_ELIMIT, p, "objects and arrays are nested deeper than the %u levels allowed",
                    most);
    }
    unsigned char bit = (unsigned char)(1u << level % 8);
    reader->depth++;
    if (!is_object) {
        reader->open[level / 8] &= (unsigned char)~bit;
        return advance(reader, p + 1, EXPECT_FIRST_ELEMENT, SP_JSON_ARRAY_BEGIN);
    }
    reader->open[level / 8] |= bit;
    struct sp_json_names *names = sp_json_names_open(reader->names, &reader->spare, reader->arena);
    if (!names)
        return fail_memory(reader, p);
    reader->names = names;
    return advance(reader, p + 1, EXPECT_FIRST_NAME, SP_JSON_OBJECT_BEGIN);
}

static enum sp_json_token close_level(struct sp_json_reader *reader, const char *p)
{
    bool is_object = is_in_object(reader);
    if (is_object)
        reader->names = reader->names->outer;
    reader->depth--;
    return complete(reader, p + 1, is_object ? SP_JSON_OBJECT_END : SP_JSON_ARRAY_END);
}

static enum sp_json_token read_value(struct sp_json_reader *reader, const char *p)
{
    if (p >= end_of(reader))
        return unexpected(reader, p, "a value");
    switch (*p) {
    case '"':
        return complete(reader, read_string(reader, p), SP_JSON_STRING);
    case '{':
        return open_level(reader, p, true);
    case '[':
        return open_level(reader, p, false);
    case 't':
        return read_word(reader, p, SP_STR("true"), SP_JSON_TRUE);
    case 'f':
        return read_word(reader, p, SP_STR("false"), SP_JSON_FALSE);
    case 'n':
        return read_word(reader, p, SP_STR("null"), SP_JSON_NULL);
    default:
        if (*p == '-' || (*p >= '0' && *p <= '9'))
            return complete(reader, read_number(reader, p), SP_JSON_NUMBER);
        return unexpected(reader, p, "a value");
    }
}

/* Remember the name just read, whose quote is at `quote`. */
static bool note_name(struct sp_json_reader *reader, const char *quote)
{
    struct sp_json_names *names = reader->names;
    if (names->count >= reader->limits->members) {
        fail(reader, SP_ELIMIT, quote, "an object has more than the %u members allowed",
             reader->limits->members);
        return false;
    }
    if (reader->limits->allow_duplicates) {
        names->count++;
        return true;
    }
    enum sp_status status = sp_json_names_add(names, reader->text, reader->arena);
    if (!status)
        return true;
    if (status == SP_ENOMEM) {
        fail_memory(reader, quote);
        return false;
    }
    fail(reader, status, quote, "the member name \"%.*s\" is given twice in one object",
         (int)sp_scan_cut(reader->text.ptr, reader->text.len, 64), reader->text.ptr);
    return false;
}

static enum sp_json_token read_name(struct sp_json_reader *reader, const char *p)
{
    const char *end = end_of(reader);
    if (p >= end || *p != '"')
        return unexpected(reader, p, "a member name in quotes");
    const char *behind = read_string(reader, p);
    if (!behind || !note_name(reader, p))
        return SP_JSON_ERROR;
    behind = skip_space(behind, end);
    if (behind >= end || *behind != ':')
        return unexpected(reader, behind, "':' after the member name");
    return advance(reader, behind + 1, EXPECT_VALUE, SP_JSON_NAME);
}

static enum sp_json_token read_more(struct sp_json_reader *reader, const char *p)
{
    const char *end = end_of(reader);
    bool in_object = is_in_object(reader);
    char close = in_object ? '}' : ']';
    if (p < end && *p == close)
        return close_level(reader, p);
    if (p >= end || *p != ',')
        return unexpected(reader, p, in_object ? "',' or '}'" : "',' or ']'");
    const char *next = skip_space(p + 1, end);
    if (next < end && *next == close)
        return fail(reader, SP_ESYNTAX, p, "there must be no comma before '%c'", close);
    reader->token_at = (size_t)(next - reader->input.ptr);
    return in_object ? read_name(reader, next) : read_value(reader, next);
}

bool sp_json_take_name(struct sp_json_reader *reader, struct sp_str quoted)
{
    const char *end = end_of(reader), *p = skip_space(reader->input.ptr + reader->at, end);
    if (reader->failed || !reader->limits->allow_duplicates)
        return false;
    if (reader->expect == EXPECT_MORE && is_in_object(reader) && p < end && *p == ',')
        p = skip_space(p + 1, end);
    else if (reader->expect != EXPECT_FIRST_NAME)
        return false;
    if ((size_t)(end - p) <= quoted.len || memcmp(p, quoted.ptr, quoted.len) != 0)
        return false;
    const char *colon = skip_space(p + quoted.len, end);
    if (colon >= end || *colon != ':' || reader->names->count >= reader->limits->members)
        return false;
    reader->names->count++;
    reader->token_at = (size_t)(p - reader->input.ptr);
    reader->text = (struct sp_str){NULL, 0};
    advance(reader, colon + 1, EXPECT_VALUE, SP_JSON_NAME);
    return true;
}

enum sp_json_token sp_json_next(struct sp_json_reader *reader)
{
    if (reader->failed)
        return SP_JSON_ERROR;
    const char *end = end_of(reader);
    const char *p = skip_space(reader->input.ptr + reader->at, end);
    reader->token_at = (size_t)(p - reader->input.ptr);
    switch (reader->expect) {
    case EXPECT_MORE:
        return read_more(reader, p);
    case EXPECT_FIRST_NAME:
        return p < end && *p == '}' ? close_level(reader, p) : read_name(reader, p);
    case EXPECT_FIRST_ELEMENT:
        return p < end && *p == ']' ? close_level(reader, p) : read_value(reader, p);
    case EXPECT_END:
        return p >= end ? advance(reader, p, EXPECT_END, SP_JSON_END)
                        : unexpected(reader, p, "the end of the text");
    default:
        return read_value(reader, p);
    }
}

enum sp_status sp_json_skip(struct sp_json_reader *reader, enum sp_json_token first)
{
    unsigned depth = reader->depth;
    switch (first) {
    case SP_JSON_ERROR:
    case SP_JSON_END:
    case SP_JSON_OBJECT_END:
    case SP_JSON_ARRAY_END:
        return reader->failed ? reader->failed : SP_EINVAL;
    case SP_JSON_NAME:
        first = sp_json_next(reader);
        break;
    case SP_JSON_OBJECT_BEGIN:
    case SP_JSON_ARRAY_BEGIN:
        depth--;
        break;
    default:
        break;
    }
    while (first != SP_JSON_ERROR && reader->depth > depth)
        first = sp_json_next(reader);
    return reader->failed;
}
