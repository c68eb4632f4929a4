/* SPDX-License-Identifier: Apache-2.0 */
#include "region/cobc_dump.h"

#include <stdlib.h>

/* Types and flags of struct cob_field_attr in libcob's common.h. */
enum cob_type {
    TYPE_GROUP = 0x01,
    TYPE_DISPLAY = 0x10,
    TYPE_BINARY = 0x11,
    TYPE_PACKED = 0x12,
    TYPE_FLOAT = 0x13,
    TYPE_DOUBLE = 0x14,
    TYPE_COMP5 = 0x1b,
    TYPE_ALPHANUMERIC_FIRST = 0x20,
    TYPE_ALPHANUMERIC_LAST = 0x24, /* edited numbers */
};
#define FLAG_SIGNED 0x0001u
#define FLAG_BIG_ENDIAN 0x0020u /* "binary swap" on a little-endian machine */
#define FLAG_POINTER 0x0080u

struct row {
    unsigned level;
    struct sp_str name;
    struct sp_str size; /* number or expression */
    struct sp_str data; /* expression; "NULL" */
    unsigned attribute;
};

struct dump {
    const struct sp_cobc_text *text;
    struct sp_str rest; /* lines that are left of the program's dump */
    struct sp_arena *arena;
    struct sp_error *err;
    struct sp_layout_record *record;
    struct sp_str base; /* identifier of the record's storage */
    uint32_t base_at;
    uint32_t pending_max; /* occurrences of the item that comes next; 0: not an array */
    struct sp_str pending_counter;
    unsigned steps; /* spent on the expressions of this item */
};

/* Many more than cobc's longest expressions need; crossed alternatives of what only looks like one multiply.
 */
#define STEPS_MAX 10000u

static enum sp_status confused(const struct dump *dump, const char *what, struct sp_str where)
{
    return sp_error_set(dump->err, SP_ESYNTAX, NULL,
                        "cobc wrote %s that is not understood: \"%.*s\"; this needs GnuCOBOL 3.1 or 3.2",
                        what, SP_STR_ARG(sp_str_slice(where, 0, 120)));
}

static enum sp_status refused(const struct dump *dump, struct sp_str item, const char *why)
{
    return sp_error_set(dump->err, SP_EUNSUPPORTED, NULL, "record %.*s, item %.*s: %s",
                        SP_STR_ARG(dump->record->name), SP_STR_ARG(item), why);
}

/* --- pieces of text ---------------------------------------------------------------------------------- */

static void skip_blanks(struct sp_str *s)
{
    while (s->len && (*s->ptr == ' ' || *s->ptr == '\t'))
        *s = sp_str_slice(*s, 1, s->len);
}

static bool take(struct sp_str *s, const char *text)
{
    skip_blanks(s);
    struct sp_str prefix = sp_str_of(text);
    if (!sp_str_starts(*s, prefix))
        return false;
    *s = sp_str_slice(*s, prefix.len, s->len);
    return true;
}

static bool take_number(struct sp_str *s, uint32_t *ret_number)
{
    uint64_t n = 0;
    size_t digits = 0;
    skip_blanks(s);
    while (digits < s->len && s->ptr[digits] >= '0' && s->ptr[digits] <= '9')
        digits++;
    if (sp_str_to_u64(sp_str_slice(*s, 0, digits), &n) != SP_OK || n > UINT32_MAX)
        return false;
    *s = sp_str_slice(*s, digits, s->len);
    *ret_number = (uint32_t)n;
    return true;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static struct sp_str take_word(struct sp_str *s)
{
    size_t n = 0;
    skip_blanks(s);
    while (n < s->len && is_word(s->ptr[n]))
        n++;
    struct sp_str word = sp_str_slice(*s, 0, n);
    *s = sp_str_slice(*s, n, s->len);
    return word;
}

/* Up to a comma or closing parenthesis outside of parentheses, which is left. */
static struct sp_str take_argument(struct sp_str *s)
{
    size_t n = 0;
    unsigned open = 0;
    skip_blanks(s);
    for (; n < s->len && (open || (s->ptr[n] != ',' && s->ptr[n] != ')')); n++) {
        if (s->ptr[n] == '(')
            open++;
        else if (s->ptr[n] == ')')
            open--;
    }
    struct sp_str argument = sp_str_slice(*s, 0, n);
    *s = sp_str_slice(*s, n, s->len);
    return argument;
}

/* "3, b_12 + 4, &a_5" */
static bool read_field(struct sp_str *s, struct row *row)
{
    uint32_t attribute;
    row->size = take_argument(s);
    if (!take(s, ","))
        return false;
    row->data = take_argument(s);
    if (!take(s, ",") || !take(s, "&a_") || !take_number(s, &attribute))
        return false;
    row->attribute = attribute;
    return true;
}

/* What a field that has a name of its own in C was made of: "static cob_field f_8 = {2, b_8, &a_1};" */
static bool find_field(const struct sp_cobc_text *text, uint32_t number, struct row *row)
{
    struct sp_str rest = text->locals, line;
    uint32_t n;
    while (sp_str_split(&rest, '\n', &line))
        if (take(&line, "static cob_field f_") && take_number(&line, &n) && n == number)
            return take(&line, "=") && take(&line, "{") && read_field(&line, row);
    return false;
}

/* "cob_dump_field_ext ( 5, "NAME", COB_SET_FLD(f0, 3, b_12 + 4, &a_5), 0, ..." or "..., &f_8, 0, ..." */
static bool read_row(const struct sp_cobc_text *text, struct sp_str line, struct row *ret_row)
{
    struct row row = {0};
    uint32_t level, number;
    if (!take(&line, "cob_dump_field"))
        return false;
    take_word(&line);
    if (!take(&line, "(") || !take_number(&line, &level) || !take(&line, ",") || !take(&line, "\""))
        return false;
    size_t end = sp_str_find(line, '"');
    row.name = sp_str_slice(line, 0, end);
    line = sp_str_slice(line, end + 1, line.len);
    if (!take(&line, ","))
        return false;
    row.level = level;
    if (take(&line, "&f_")) {
        if (!take_number(&line, &number) || !find_field(text, number, &row))
            return false;
    } else if (!take(&line, "COB_SET_FLD") || !take(&line, "(") || !take(&line, "f") ||
               !take_number(&line, &number) || !take(&line, ",") || !read_field(&line, &row)) {
        return false;
    }
    *ret_row = row;
    return true;
}

static bool find_attribute(const struct dump *dump, unsigned number, uint32_t *ret_type, uint32_t *ret_flags)
{
    struct sp_str rest = dump->text->globals, line;
    while (sp_str_split(&rest, '\n', &line)) {
        uint32_t n, values[4];
        if (!take(&line, "static const cob_field_attr a_") || !take_number(&line, &n) || n != number)
            continue;
        if (!take(&line, "=") || !take(&line, "{"))
            return false;
        for (int i = 0; i < 4; i++) {
            struct sp_str value = take_argument(&line);
            char text[16], *end;
            if (value.len >= sizeof text)
                return false;
            memcpy(text, value.ptr, value.len);
            text[value.len] = '\0';
            values[i] = (uint32_t)strtoul(text, &end, 0);
            if (*end || !take(&line, ","))
                return false;
        }
        *ret_type = values[0];
        *ret_flags = values[3];
        return true;
    }
    return false;
}

/* --- where an item is -------------------------------------------------------------------------------- */

static bool sum(struct dump *dump, struct sp_str *s, unsigned depth, uint64_t *ret_value);

static const struct sp_layout_item *item_at(const struct sp_layout_item *item, uint64_t at)
{
    for (; item; item = item->next) {
        if (item->kind != SP_LAYOUT_GROUP && !item->max && item->at == at)
            return item;
        const struct sp_layout_item *found = item->max ? NULL : item_at(item->first, at);
        if (found)
            return found;
    }
    return NULL;
}

static const struct sp_layout_item *array_counted_by(const struct sp_layout_item *item,
                                                     const struct sp_layout_item *counter)
{
    for (; item; item = item->next) {
        if (item->counter == counter)
            return item;
        const struct sp_layout_item *found = array_counted_by(item->first, counter);
        if (found)
            return found;
    }
    return NULL;
}

/* The offset in "b_12", "b_12 + 58" or "b_12+(...)". */
static bool offset(struct dump *dump, struct sp_str *s, unsigned depth, uint64_t *ret_at)
{
    uint64_t at = 0;
    skip_blanks(s);
    if (!sp_str_eq(take_word(s), dump->base))
        return false;
    if (take(s, "+") && !sum(dump, s, depth + 1, &at))
        return false;
    if (at < dump->base_at)
        return false;
    *ret_at = at - dump->base_at;
    return true;
}

/* An expression of the number of occurrences, whose form depends on the counter's usage; its address is
 * somewhere in it. */
static const struct sp_layout_item *counter_in(struct dump *dump, struct sp_str expression, unsigned depth)
{
    for (struct sp_str s = expression; s.len; s = sp_str_slice(s, 1, s.len)) {
        struct sp_str rest = s;
        uint64_t at;
        uint32_t field;
        struct row row;
        bool begins = s.ptr == expression.ptr || !is_word(s.ptr[-1]);
        if (begins && take(&rest, "&f_")) {
            if (!take_number(&rest, &field) || !find_field(dump->text, field, &row) ||
                !offset(dump, &row.data, depth, &at))
                return NULL;
            return item_at(dump->record->root, at);
        }
        rest = s;
        if (begins && sp_str_starts(s, dump->base) && offset(dump, &rest, depth, &at))
            return item_at(dump->record->root, at);
    }
    return NULL;
}

/* A number, a sum in parentheses, or a number of occurrences, which counts as the greatest. */
static bool factor(struct dump *dump, struct sp_str *s, unsigned depth, uint64_t *ret_value)
{
    struct sp_str before, rest;
    uint32_t number;
    skip_blanks(s);
    if (depth > SP_LAYOUT_DEPTH_MAX || ++dump->steps > STEPS_MAX)
        return false;
    if (s->len && *s->ptr >= '0' && *s->ptr <= '9') {
        if (!take_number(s, &number))
            return false;
        *ret_value = number;
        return true;
    }
    rest = *s;
    if (take(&rest, "(") && sum(dump, &rest, depth + 1, ret_value) && take(&rest, ")")) {
        *s = rest;
        return true;
    }
    before = rest = *s;
    take_word(&rest);
    if (!take(&rest, "("))
        return false;
    while (take_argument(&rest).len || take(&rest, ","))
        ;
    if (!take(&rest, ")"))
        return false;
    const struct sp_layout_item *counter =
        counter_in(dump, sp_str_slice(before, 0, before.len - rest.len), depth + 1);
    const struct sp_layout_item *array = counter ? array_counted_by(dump->record->root, counter) : NULL;
    if (!array)
        return false;
    *ret_value = array->max;
    *s = rest;
    return true;
}

static bool sum(struct dump *dump, struct sp_str *s, unsigned depth, uint64_t *ret_value)
{
    uint64_t total = 0, product, value;
    do {
        if (!factor(dump, s, depth, &product))
            return false;
        while (take(s, "*")) {
            if (!factor(dump, s, depth, &value) || product > SP_LAYOUT_RECORD_MAX ||
                value > SP_LAYOUT_RECORD_MAX)
                return false;
            product *= value;
        }
        total += product;
        if (total > SP_LAYOUT_RECORD_MAX)
            return false;
    } while (take(s, "+"));
    *ret_value = total;
    return true;
}

/* --- items ------------------------------------------------------------------------------------------- */

static uint64_t end_of(const struct sp_layout_item *item)
{
    return item->at + (uint64_t)item->bytes * (item->max ? item->max : 1);
}

static struct sp_layout_item *last_of(const struct sp_layout_item *group)
{
    struct sp_layout_item *last = group->first;
    while (last && last->next)
        last = last->next;
    return last;
}

static const char *kind_of(uint32_t type, uint32_t flags, uint32_t bytes, enum sp_layout_kind *ret_kind)
{
    if (flags & FLAG_POINTER)
        return "pointers have another size than on z/OS";
    if (type == TYPE_GROUP)
        *ret_kind = SP_LAYOUT_GROUP;
    else if (type >= TYPE_ALPHANUMERIC_FIRST && type <= TYPE_ALPHANUMERIC_LAST)
        *ret_kind = SP_LAYOUT_CHAR;
    else if (type == TYPE_DISPLAY)
        *ret_kind = SP_LAYOUT_ZONED;
    else if (type == TYPE_BINARY)
        *ret_kind = flags & FLAG_BIG_ENDIAN || bytes == 1 ? SP_LAYOUT_BINARY : SP_LAYOUT_NATIVE;
    else if (type == TYPE_COMP5)
        *ret_kind = SP_LAYOUT_NATIVE;
    else if (type == TYPE_PACKED)
        *ret_kind = SP_LAYOUT_PACKED;
    else if (type == TYPE_FLOAT)
        *ret_kind = SP_LAYOUT_FLOAT;
    else if (type == TYPE_DOUBLE)
        *ret_kind = SP_LAYOUT_DOUBLE;
    else
        return "its usage cannot be translated between z/OS and GnuCOBOL";
    return NULL;
}

/* Level numbers make the tree: an item belongs to the nearest one before it with a smaller number. */
struct open_group {
    unsigned level;
    struct sp_layout_item *item;
};

struct tree {
    struct open_group open[SP_LAYOUT_DEPTH_MAX + 1];
    unsigned depth;
    unsigned items;
};

static void close_groups(struct tree *tree, unsigned level)
{
    while (tree->depth && tree->open[tree->depth - 1].level >= level) {
        struct sp_layout_item *item = tree->open[--tree->depth].item;
        struct sp_layout_item *last = last_of(item);
        /* A group of varying size has an expression for it; at its greatest it ends with its last item. */
        if (!item->bytes && last)
            item->bytes = (uint32_t)(end_of(last) - item->at);
    }
}

static enum sp_status place(struct dump *dump, struct sp_layout_item *item, const struct row *row)
{
    struct sp_str data = row->data;
    uint64_t at;
    if (!offset(dump, &data, 0, &at) || data.len)
        return confused(dump, "an address", row->data);
    const struct sp_layout_item *before = item->parent ? last_of(item->parent) : NULL;
    uint64_t expected = before ? end_of(before) : item->parent ? item->parent->at : 0;
    bool slides = sp_str_find(row->data, '(') < row->data.len;
    if (slides && at != expected)
        return refused(dump, item->name,
                       "it is behind an OCCURS DEPENDING ON, and GnuCOBOL does not count the items before it "
                       "rightly (a REDEFINES or a SYNCHRONIZED item among them); move it before the array");
    item->at = (uint32_t)at;
    return SP_OK;
}

static enum sp_status set_occurrences(struct dump *dump, struct sp_layout_item *item)
{
    item->max = dump->pending_max;
    if (dump->pending_counter.len) {
        const struct sp_layout_item *counter = counter_in(dump, dump->pending_counter, 0);
        if (!counter)
            return refused(dump, item->name, "the item it depends on is not a number of the same record");
        const struct sp_layout_item *other = array_counted_by(dump->record->root, counter);
        if (other && other->max != item->max)
            return refused(dump, item->name,
                           "another array of another size depends on the same item; give each its own");
        item->counter = counter;
    }
    dump->pending_max = 0;
    dump->pending_counter = (struct sp_str){NULL, 0};
    return SP_OK;
}

static enum sp_status add_item(struct dump *dump, struct tree *tree, const struct row *row)
{
    uint32_t type, flags;
    if (!find_attribute(dump, row->attribute, &type, &flags))
        return confused(dump, "attributes", row->name);
    dump->steps = 0;
    close_groups(tree, row->level);
    if (tree->depth == SP_LAYOUT_DEPTH_MAX || ++tree->items > SP_LAYOUT_ITEMS_MAX)
        return refused(dump, row->name, "too many items, or nested too deeply");
    struct sp_layout_item *item = sp_arena_calloc(dump->arena, 1, sizeof *item);
    if (!item)
        return sp_error_set(dump->err, SP_ENOMEM, NULL, "no memory for the layout");
    struct sp_str size = row->size;
    if (!take_number(&size, &item->bytes) || size.len)
        item->bytes = 0;
    item->name = sp_arena_str(dump->arena, row->name);
    item->is_signed = (flags & FLAG_SIGNED) != 0;
    item->parent = tree->depth ? tree->open[tree->depth - 1].item : NULL;
    const char *why = kind_of(type, flags, item->bytes, &item->kind);
    if (why)
        return refused(dump, item->name, why);
    enum sp_status status = place(dump, item, row);
    if (status == SP_OK)
        status = set_occurrences(dump, item);
    if (status != SP_OK)
        return status;
    if (!item->parent)
        dump->record->root = item;
    else if (item->parent->first)
        last_of(item->parent)->next = item;
    else
        item->parent->first = item;
    tree->open[tree->depth++] = (struct open_group){row->level, item};
    return SP_OK;
}

/* "int max_1 = 3;" or "int max_1 = <counter>;" with "if (max_1 > 5) max_1 = 5;" behind it. */
static bool read_loop(struct dump *dump, struct sp_str line)
{
    uint32_t n;
    if (take(&line, "int max_") && take_number(&line, &n) && take(&line, "=")) {
        struct sp_str value = sp_str_slice(sp_str_trim(line), 0, sp_str_trim(line).len - 1);
        struct sp_str rest = value;
        dump->pending_counter = (struct sp_str){NULL, 0};
        if (!take_number(&rest, &dump->pending_max) || rest.len) {
            dump->pending_max = 0;
            dump->pending_counter = value;
        }
        return true;
    }
    return take(&line, "if (max_") && take_number(&line, &n) && take(&line, ">") &&
           take_number(&line, &dump->pending_max);
}

static enum sp_status read_items(struct dump *dump, const struct row *first)
{
    struct tree tree = {.depth = 0};
    struct row row = *first;
    struct sp_str line;
    enum sp_status status = add_item(dump, &tree, &row);
    while (status == SP_OK && sp_str_split(&dump->rest, '\n', &line)) {
        struct sp_str rest = line;
        if (read_row(dump->text, line, &row)) {
            if (row.level == 1 || row.level == 77)
                break;
            if (row.level) /* 0: an index */
                status = add_item(dump, &tree, &row);
        } else if (take(&rest, "cob_dump_output") || take(&rest, "cob_dump_file")) {
            break;
        } else {
            read_loop(dump, line);
        }
    }
    if (status != SP_OK)
        return status;
    close_groups(&tree, 0);
    return SP_OK;
}

/* --- records ----------------------------------------------------------------------------------------- */

/* The part of the source that dumps the program's data. */
static bool find_program(const struct sp_cobc_text *text, struct sp_str program, struct sp_str *ret_part)
{
    struct sp_str rest = text->source, line;
    const char *start = rest.ptr;
    while (sp_str_split(&rest, '\n', &line)) {
        struct sp_str s = line;
        if (!take(&s, "cob_dump_output") || !take(&s, "(\"END OF DUMP - "))
            continue;
        if (sp_str_eq(sp_str_slice(s, 0, sp_str_find(s, '"')), program)) {
            *ret_part = sp_str_from(start, (size_t)(line.ptr - start));
            return true;
        }
        start = line.ptr + line.len;
    }
    return false;
}

struct sp_str sp_cobc_dump_program(const struct sp_cobc_text *text)
{
    struct sp_str rest = text->source, line;
    while (sp_str_split(&rest, '\n', &line))
        if (take(&line, "cob_dump_output") && take(&line, "(\"END OF DUMP - "))
            return sp_str_slice(line, 0, sp_str_find(line, '"'));
    return SP_STR("");
}

struct sp_str sp_cobc_dump_compiler(const struct sp_cobc_text *text)
{
    struct sp_str rest = text->source, line;
    while (sp_str_split(&rest, '\n', &line)) {
        if (!take(&line, "/* Generated by"))
            continue;
        line = sp_str_trim(line);
        return sp_str_trim(sp_str_ends(line, SP_STR("*/")) ? sp_str_slice(line, 0, line.len - 2) : line);
    }
    return SP_STR("");
}

/* The next level 01 that has storage; false at the end. */
static bool next_record(const struct sp_cobc_text *text, struct sp_str *rest, bool *in_linkage,
                        struct row *ret_row)
{
    struct sp_str line;
    while (sp_str_split(rest, '\n', &line)) {
        struct sp_str s = line;
        if (take(&s, "cob_dump_output"))
            *in_linkage = take(&s, "(\"LINKAGE\")");
        else if (read_row(text, line, ret_row) && (ret_row->level == 1 || ret_row->level == 77) &&
                 !sp_str_is(ret_row->data, "NULL"))
            return true;
    }
    return false;
}

size_t sp_cobc_dump_linkage(const struct sp_cobc_text *text, struct sp_str program, struct sp_str *ret_names,
                            size_t size)
{
    struct sp_str rest;
    struct row row;
    size_t count = 0;
    bool in_linkage = false;
    if (!find_program(text, program, &rest))
        return 0;
    while (next_record(text, &rest, &in_linkage, &row)) {
        if (!in_linkage)
            continue;
        if (count < size)
            ret_names[count] = row.name;
        count++;
    }
    return count;
}

enum sp_status sp_cobc_dump_read(const struct sp_cobc_text *text, struct sp_str program, struct sp_str record,
                                 struct sp_arena *arena, struct sp_layout_record **ret_record,
                                 struct sp_error *err)
{
    struct dump dump = {.text = text, .arena = arena, .err = err};
    struct sp_str rest;
    struct row row, found = {0};
    bool in_linkage = false, found_in_linkage = false;
    if (!find_program(text, program, &rest))
        return sp_error_set(err, SP_ENOTFOUND, NULL, "program %.*s is not in the source",
                            SP_STR_ARG(program));
    while (next_record(text, &rest, &in_linkage, &row)) {
        if (!sp_str_eq(row.name, record) || (found.level && (found_in_linkage || !in_linkage)))
            continue;
        found = row;
        found_in_linkage = in_linkage;
        dump.rest = rest;
    }
    if (!found.level)
        return sp_error_set(err, SP_ENOTFOUND, NULL, "program %.*s has no level 01 named %.*s",
                            SP_STR_ARG(program), SP_STR_ARG(record));
    dump.record = sp_arena_calloc(arena, 1, sizeof *dump.record);
    if (!dump.record)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the layout");
    dump.record->name = sp_arena_str(arena, record);
    struct sp_str data = found.data;
    dump.base = take_word(&data);
    if (!dump.base.len || (take(&data, "+") && !take_number(&data, &dump.base_at)) || data.len)
        return confused(&dump, "an address", found.data);
    enum sp_status status = read_items(&dump, &found);
    if (status != SP_OK)
        return status;
    dump.record->bytes = dump.record->root->bytes;
    status = sp_layout_check(dump.record, err);
    if (status == SP_OK)
        *ret_record = dump.record;
    return status;
}
