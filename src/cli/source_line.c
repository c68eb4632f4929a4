/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/source_line.h"

#include <stdlib.h>

#include "config/table.h"
#include "text/utf8.h"

#define LINE_MAX_BYTES 4096
#define SHOWN_MAX 160

static bool holds_secret(const struct sp_cfg_element *element, struct sp_str name)
{
    for (size_t i = 0; i < element->attribute_count; i++) {
        const struct sp_cfg_attribute *a = &element->attributes[i];
        if ((a->type == SP_CFG_PASSWORD || a->type == SP_CFG_PASSWORD_HASH) &&
            sp_str_caseless_eq(name, sp_str_of(a->name)))
            return true;
    }
    for (size_t i = 0; element->children && element->children[i]; i++) {
        if (holds_secret(element->children[i], name))
            return true;
    }
    return false;
}

static bool is_secret_name(struct sp_str name)
{
    const struct sp_cfg_element *const *table = sp_cfg_table();
    for (size_t i = 0; table[i]; i++) {
        if (holds_secret(table[i], name))
            return true;
    }
    return false;
}

static bool is_encoded(struct sp_str value)
{
    value = sp_str_trim(value);
    return value.len && value.ptr[0] == '{';
}

static bool is_name_byte(char c)
{
    return (sp_lower(c) >= 'a' && sp_lower(c) <= 'z') || (c >= '0' && c <= '9') || (c && strchr("._-:", c));
}

/* The name that ends before `at`, where blanks and '=' may stand between. */
static struct sp_str name_before(struct sp_str line, size_t at)
{
    while (at && strchr(" \t=", line.ptr[at - 1]))
        at--;
    size_t end = at;
    while (at && is_name_byte(line.ptr[at - 1]))
        at--;
    return sp_str_slice(line, at, end);
}

enum sp_status sp_source_mask(struct sp_str line, struct sp_buf *buf)
{
    bool variable = memmem(line.ptr, line.len, "<variable", 9) != NULL;
    for (size_t i = 0; i < line.len; i++) {
        char quote = line.ptr[i];
        sp_buf_append_byte(buf, (unsigned char)quote);
        if (quote != '"' && quote != '\'')
            continue;
        struct sp_str name = name_before(line, i), rest = sp_str_slice(line, i + 1, line.len);
        struct sp_str value = sp_str_slice(rest, 0, sp_str_find(rest, quote));
        bool of_variable = variable && (sp_str_caseless_eq(name, SP_STR("value")) ||
                                        sp_str_caseless_eq(name, SP_STR("defaultValue")));
        bool secret = value.len && (of_variable || is_encoded(value) || is_secret_name(name));
        sp_buf_append_str(buf, secret ? SP_STR("*****") : value);
        i += value.len + 1;
        if (i < line.len)
            sp_buf_append_byte(buf, (unsigned char)quote);
    }
    return buf->failed ? SP_ELIMIT : SP_OK;
}

/* Line `number` of a file, whatever ends its lines; in `buf`. */
static bool read_line(const char *path, unsigned number, struct sp_buf *buf)
{
    FILE *file = fopen(path, "re");
    unsigned line = 1;
    int c = 0, previous = 0;
    while (file && line <= number && (c = fgetc(file)) != EOF) {
        bool ends = c == '\r' || (c == '\n' && previous != '\r');
        line += ends;
        if (line == number && c != '\n' && c != '\r' && buf->len < LINE_MAX_BYTES)
            sp_buf_append_byte(buf, (unsigned char)c);
        previous = c;
    }
    if (file)
        fclose(file);
    return file && line >= number && buf->len;
}

static void print_cut(const struct sp_buf *line, unsigned column, FILE *out)
{
    size_t from = column > SHOWN_MAX / 2 ? column - SHOWN_MAX / 2 : 0;
    struct sp_str shown = sp_str_slice(sp_buf_str(line), from, from + SHOWN_MAX);
    fputs("    ", out);
    for (size_t i = 0; i < shown.len; i++)
        fputc((unsigned char)shown.ptr[i] < ' ' ? ' ' : shown.ptr[i], out);
    fputc('\n', out);
    if (column == 0 || column - 1 < from)
        return;
    fprintf(out, "    %*s^\n", (int)(column - 1 - from), "");
}

void sp_source_show(const struct sp_problem *problem, FILE *out)
{
    struct sp_buf line, masked;
    if (!problem->file.len || !problem->line)
        return;
    sp_buf_init(&line, LINE_MAX_BYTES + 1);
    sp_buf_init(&masked, LINE_MAX_BYTES * 2);
    if (read_line(problem->file.ptr, problem->line, &line) && sp_utf8_check(sp_buf_str(&line)) == line.len &&
        sp_source_mask(sp_buf_str(&line), &masked) == SP_OK) {
        /* What is masked may be shorter; the mark is right where nothing before it is masked. */
        bool same = masked.len >= problem->column && line.len >= problem->column &&
                    memcmp(masked.ptr, line.ptr, problem->column ? problem->column - 1 : 0) == 0;
        print_cut(&masked, same ? problem->column : 0, out);
    }
    sp_buf_wipe(&line);
    sp_buf_wipe(&masked);
}
