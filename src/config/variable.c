/* SPDX-License-Identifier: Apache-2.0 */
#include "config/variable.h"

#include <stdio.h>

#include "base/buf.h"

#define NAMES_MAX 100000
#define TEXT_CEILING ((size_t)1 << 20)
#define REPLACEMENTS_MAX 20000
#define DEPTH_MAX 32

void sp_variables_init(struct sp_variables *variables, struct sp_arena *arena)
{
    variables->arena = arena;
    for (int i = 0; i < SP_VAR_SOURCES; i++)
        sp_hash_init(&variables->by_source[i], NAMES_MAX);
}

void sp_variables_finish(struct sp_variables *variables)
{
    for (int i = 0; variables && i < SP_VAR_SOURCES; i++)
        sp_hash_finish(&variables->by_source[i]);
}

enum sp_status sp_variables_set(struct sp_variables *variables, enum sp_variable_source source,
                                struct sp_str name, struct sp_str value)
{
    struct sp_str *copy = sp_arena_alloc(variables->arena, sizeof *copy);
    name = sp_arena_str(variables->arena, name);
    if (!copy || !name.ptr)
        return SP_ENOMEM;
    *copy = sp_arena_str(variables->arena, value);
    if (!copy->ptr)
        return SP_ENOMEM;
    return sp_hash_put(&variables->by_source[source], name, copy);
}

bool sp_variables_has(const struct sp_variables *variables, enum sp_variable_source source,
                      struct sp_str name)
{
    return sp_hash_get(&variables->by_source[source], name) != NULL;
}

enum sp_status sp_variables_set_environment(struct sp_variables *variables, const char *const *environment)
{
    for (; environment && *environment; environment++) {
        struct sp_str value = sp_str_of(*environment), name;
        if (!sp_str_split(&value, '=', &name) || !value.ptr || name.len == 0)
            continue;
        enum sp_status status = sp_variables_set(variables, SP_VAR_ENVIRONMENT, name, value);
        if (status != SP_OK)
            return status;
    }
    return SP_OK;
}

static struct sp_str unquote(struct sp_str value)
{
    if (value.len >= 2 && (value.ptr[0] == '"' || value.ptr[0] == '\'') &&
        value.ptr[value.len - 1] == value.ptr[0])
        return sp_str_slice(value, 1, value.len - 1);
    return value;
}

enum sp_status sp_variables_set_env_file(struct sp_variables *variables, struct sp_str text)
{
    struct sp_str line;
    while (sp_str_split(&text, '\n', &line)) {
        struct sp_str value = sp_str_trim(line), name;
        if (value.len == 0 || value.ptr[0] == '#' || sp_str_find(value, '=') == value.len)
            continue;
        if (!sp_str_split(&value, '=', &name))
            continue;
        enum sp_status status =
            sp_variables_set(variables, SP_VAR_SERVER_ENV, sp_str_trim(name), unquote(sp_str_trim(value)));
        if (status != SP_OK)
            return status;
    }
    return SP_OK;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\f';
}

static struct sp_str skip_blanks(struct sp_str s)
{
    while (s.len && is_blank(s.ptr[0]))
        s = sp_str_slice(s, 1, s.len);
    return s;
}

/* A line of a properties file with its continuations, into `buf`, without the backslashes that continue. */
static bool logical_line(struct sp_str *text, struct sp_buf *buf)
{
    struct sp_str line;
    sp_buf_reset(buf);
    bool more = sp_str_split(text, '\n', &line);
    for (bool first = true; more; first = false) {
        if (sp_str_ends(line, SP_STR("\r")))
            line.len--;
        line = skip_blanks(line);
        bool comment = first && line.len && (line.ptr[0] == '#' || line.ptr[0] == '!');
        size_t slashes = 0;
        while (slashes < line.len && line.ptr[line.len - 1 - slashes] == '\\')
            slashes++;
        bool continued = slashes % 2 == 1 && !comment;
        if (!comment)
            sp_buf_append(buf, line.ptr, line.len - continued);
        if (!continued || !sp_str_split(text, '\n', &line))
            return true;
    }
    return false;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = sp_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* \uXXXX as UTF-8; false when the digits are wrong. */
static bool unicode_escape(struct sp_str digits, struct sp_buf *out)
{
    unsigned code = 0;
    for (size_t i = 0; i < 4; i++) {
        int digit = i < digits.len ? hex_digit(digits.ptr[i]) : -1;
        if (digit < 0)
            return false;
        code = code << 4 | (unsigned)digit;
    }
    if (code >= 0x800)
        sp_buf_append_byte(out, (unsigned char)(0xE0 | code >> 12));
    if (code >= 0x80)
        sp_buf_append_byte(out,
                           (unsigned char)(code >= 0x800 ? 0x80 | (code >> 6 & 0x3F) : 0xC0 | code >> 6));
    sp_buf_append_byte(out, (unsigned char)(code >= 0x80 ? 0x80 | (code & 0x3F) : code));
    return true;
}

static void unescape(struct sp_str in, struct sp_buf *out)
{
    static const char from[] = "tnrf", to[] = "\t\n\r\f";
    sp_buf_reset(out);
    for (size_t i = 0; i < in.len; i++) {
        if (in.ptr[i] != '\\' || i + 1 == in.len) {
            sp_buf_append_byte(out, (unsigned char)in.ptr[i]);
            continue;
        }
        char c = in.ptr[++i];
        const char *at = memchr(from, c, 4);
        if (c == 'u' && unicode_escape(sp_str_slice(in, i + 1, i + 5), out))
            i += 4;
        else
            sp_buf_append_byte(out, (unsigned char)(at ? to[at - from] : c));
    }
}

static enum sp_status set_property(struct sp_variables *variables, struct sp_str line, struct sp_buf *name,
                                   struct sp_buf *value)
{
    size_t end = 0;
    while (end < line.len && !is_blank(line.ptr[end]) && line.ptr[end] != '=' && line.ptr[end] != ':')
        end += line.ptr[end] == '\\' ? 2 : 1;
    unescape(sp_str_slice(line, 0, end), name);
    struct sp_str rest = skip_blanks(sp_str_slice(line, end, line.len));
    if (rest.len && (rest.ptr[0] == '=' || rest.ptr[0] == ':'))
        rest = skip_blanks(sp_str_slice(rest, 1, rest.len));
    unescape(rest, value);
    if (name->failed || value->failed)
        return SP_ENOMEM;
    if (name->len == 0)
        return SP_OK;
    return sp_variables_set(variables, SP_VAR_BOOTSTRAP, sp_buf_str(name), sp_buf_str(value));
}

enum sp_status sp_variables_set_properties(struct sp_variables *variables, struct sp_str text)
{
    struct sp_buf line, name, value;
    sp_buf_init(&line, TEXT_CEILING);
    sp_buf_init(&name, TEXT_CEILING);
    sp_buf_init(&value, TEXT_CEILING);
    enum sp_status status = SP_OK;
    while (status == SP_OK && logical_line(&text, &line))
        status = line.failed ? SP_ENOMEM : set_property(variables, sp_buf_str(&line), &name, &value);
    sp_buf_wipe(&line);
    sp_buf_wipe(&name);
    sp_buf_wipe(&value);
    return status;
}

/* The environment knows "a.b" as "a.b", "a_b" and "A_B". */
static struct sp_str from_environment(const struct sp_hash *table, struct sp_str name)
{
    char spelt[256];
    struct sp_str *found = sp_hash_get(table, name);
    if (found || name.len > sizeof spelt)
        return found ? *found : (struct sp_str){NULL, 0};
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool word = (sp_lower(c) >= 'a' && sp_lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '_';
        spelt[i] = word ? c : '_';
    }
    found = sp_hash_get(table, sp_str_from(spelt, name.len));
    for (size_t i = 0; i < name.len && !found; i++)
        spelt[i] = sp_upper(spelt[i]);
    if (!found)
        found = sp_hash_get(table, sp_str_from(spelt, name.len));
    return found ? *found : (struct sp_str){NULL, 0};
}

/* What one source says; ptr NULL when nothing. */
static struct sp_str from_source(const struct sp_variables *variables, int source, struct sp_str name)
{
    const struct sp_hash *table = &variables->by_source[source];
    struct sp_str value = {NULL, 0};
    if (source == SP_VAR_ENVIRONMENT || source == SP_VAR_SERVER_ENV) {
        value = from_environment(table, name);
        if (!value.ptr && sp_str_starts(name, SP_STR("env.")))
            value = from_environment(table, sp_str_slice(name, 4, name.len));
        return value;
    }
    struct sp_str *found = sp_hash_get(table, name);
    return found ? *found : value;
}

struct sp_str sp_variables_get(const struct sp_variables *variables, struct sp_str name,
                               const struct sp_variable_scope *scope)
{
    struct sp_str value = {NULL, 0};
    for (int source = 0; source < SP_VAR_SOURCES && !value.ptr; source++) {
        if (source == SP_VAR_ENVIRONMENT && scope)
            value = scope->attribute(scope->arg, name);
        if (!value.ptr)
            value = from_source(variables, source, name);
    }
    return value;
}

enum sp_variable_source sp_variables_source(const struct sp_variables *variables, struct sp_str name)
{
    int source = 0;
    while (source < SP_VAR_SOURCES && !from_source(variables, source, name).ptr)
        source++;
    return (enum sp_variable_source)source;
}

struct resolver {
    const struct sp_variables *variables;
    const struct sp_variable_scope *scope;
    struct sp_variable_result *result;
    struct sp_str open[DEPTH_MAX]; /* names whose values are being resolved */
    unsigned depth, replacements;
    struct sp_error *err;
};

static enum sp_status resolve_into(struct resolver *r, struct sp_str text, struct sp_buf *out);

static enum sp_status check_open(struct resolver *r, struct sp_str name)
{
    for (unsigned i = 0; i < r->depth; i++) {
        if (sp_str_eq(r->open[i], name))
            return sp_error_set(r->err, SP_EINVAL, NULL, "the variable ${%.*s} refers to itself",
                                SP_STR_ARG(name));
    }
    if (r->depth == DEPTH_MAX)
        return sp_error_set(r->err, SP_ELIMIT, NULL, "variables refer to each other more than %d deep",
                            DEPTH_MAX);
    if (++r->replacements > REPLACEMENTS_MAX)
        return sp_error_set(r->err, SP_ELIMIT, NULL, "one value holds more than %d variables",
                            REPLACEMENTS_MAX);
    return SP_OK;
}

static enum sp_status resolve_name(struct resolver *r, struct sp_str name, struct sp_str value,
                                   struct sp_buf *out)
{
    enum sp_status status = check_open(r, name);
    if (status != SP_OK)
        return status;
    r->open[r->depth++] = name;
    status = resolve_into(r, value, out);
    r->depth--;
    return status;
}

/* A whole number, or a name whose value is one. */
static enum sp_status operand(struct resolver *r, struct sp_str text, int64_t *ret_value)
{
    text = sp_str_trim(text);
    if (sp_str_to_i64(text, ret_value) == SP_OK)
        return SP_OK;
    struct sp_str value = sp_variables_get(r->variables, text, r->scope);
    if (!value.ptr)
        return SP_ENOTFOUND;
    struct sp_buf out;
    sp_buf_init(&out, 4096);
    enum sp_status status = resolve_name(r, text, value, &out);
    if (status == SP_OK)
        status = sp_str_to_i64(sp_str_trim(sp_buf_str(&out)), ret_value);
    sp_buf_wipe(&out);
    return status;
}

static bool calculate(int64_t left, char operator, int64_t right, int64_t *ret_value)
{
    switch (operator) {
    case '+':
        return !__builtin_add_overflow(left, right, ret_value);
    case '-':
        return !__builtin_sub_overflow(left, right, ret_value);
    case '*':
        return !__builtin_mul_overflow(left, right, ret_value);
    default:
        if (right == 0 || (left == INT64_MIN && right == -1))
            return false;
        *ret_value = left / right;
        return true;
    }
}

/* "a+1": SP_ENOTFOUND when it is no expression. */
static enum sp_status evaluate(struct resolver *r, struct sp_str text, struct sp_buf *out)
{
    for (size_t i = 1; i + 1 < text.len; i++) {
        int64_t left, right, value;
        if (!memchr("+-*/", text.ptr[i], 4))
            continue;
        if (operand(r, sp_str_slice(text, 0, i), &left) == SP_OK &&
            operand(r, sp_str_slice(text, i + 1, text.len), &right) == SP_OK &&
            calculate(left, text.ptr[i], right, &value))
            return sp_buf_printf(out, "%lld", (long long)value);
    }
    return SP_ENOTFOUND;
}

static enum sp_status replace(struct resolver *r, struct sp_str name, struct sp_str as_written,
                              struct sp_buf *out)
{
    struct sp_str value = sp_variables_get(r->variables, name, r->scope);
    enum sp_status status = value.ptr ? resolve_name(r, name, value, out) : evaluate(r, name, out);
    if (status != SP_ENOTFOUND) {
        r->result->replaced = true;
        return status;
    }
    if (!r->result->undefined.ptr)
        r->result->undefined = name;
    return sp_buf_append_str(out, as_written);
}

static enum sp_status resolve_into(struct resolver *r, struct sp_str text, struct sp_buf *out)
{
    size_t at = 0;
    while (at < text.len) {
        const char *open = memmem(text.ptr + at, text.len - at, "${", 2);
        size_t from = open ? (size_t)(open - text.ptr) : text.len;
        const char *close =
            from + 3 < text.len ? memchr(text.ptr + from + 3, '}', text.len - from - 3) : NULL;
        sp_buf_append(out, text.ptr + at, (close ? from : text.len) - at);
        if (!close)
            break;
        size_t end = (size_t)(close - text.ptr) + 1;
        enum sp_status status =
            replace(r, sp_str_slice(text, from + 2, end - 1), sp_str_slice(text, from, end), out);
        if (status != SP_OK && !out->failed)
            return status;
        at = end;
    }
    if (out->failed)
        return sp_error_set(r->err, SP_ELIMIT, NULL, "a value becomes longer than %zu bytes", out->ceiling);
    return SP_OK;
}

enum sp_status sp_variables_resolve(const struct sp_variables *variables, struct sp_str text,
                                    const struct sp_variable_scope *scope,
                                    struct sp_variable_result *ret_result, struct sp_error *err)
{
    struct sp_variable_result result = {.text = text};
    struct resolver r = {.variables = variables, .scope = scope, .result = &result, .err = err};
    if (!text.len || !memmem(text.ptr, text.len, "${", 2)) {
        *ret_result = result;
        return SP_OK;
    }
    struct sp_buf out;
    sp_buf_init(&out, TEXT_CEILING);
    enum sp_status status = resolve_into(&r, text, &out);
    if (status == SP_OK) {
        result.text = sp_arena_str(variables->arena, sp_buf_str(&out));
        if (result.undefined.ptr)
            result.undefined = sp_arena_str(variables->arena, result.undefined);
        if (!result.text.ptr)
            status = sp_error_set(err, SP_ENOMEM, NULL, "no memory for the configuration");
    }
    sp_buf_wipe(&out);
    if (status == SP_OK)
        *ret_result = result;
    return status;
}
