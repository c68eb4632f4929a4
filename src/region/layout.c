/* SPDX-License-Identifier: Apache-2.0 */
#include "region/layout.h"

#include "text/json.h"
#include "text/json_write.h"

#define FORMAT 1

static const struct {
    const char *name;
    uint32_t min, max; /* bytes */
} kinds[SP_LAYOUT_KINDS] = {
    [SP_LAYOUT_GROUP] = {"group", 0, SP_LAYOUT_RECORD_MAX},
    [SP_LAYOUT_CHAR] = {"char", 1, SP_LAYOUT_RECORD_MAX},
    [SP_LAYOUT_ZONED] = {"zoned", 1, 39},
    [SP_LAYOUT_PACKED] = {"packed", 1, 20},
    [SP_LAYOUT_BINARY] = {"binary", 1, 8},
    [SP_LAYOUT_NATIVE] = {"native", 1, 8},
    [SP_LAYOUT_FLOAT] = {"float", 4, 4},
    [SP_LAYOUT_DOUBLE] = {"double", 8, 8},
};

const char *sp_layout_kind_name(enum sp_layout_kind kind)
{
    return kind < SP_LAYOUT_KINDS ? kinds[kind].name : "unknown";
}

const struct sp_layout_record *sp_layout_find(const struct sp_layout *layout, struct sp_str record)
{
    for (const struct sp_layout_record *r = layout->records; r; r = r->next)
        if (sp_str_eq(r->name, record))
            return r;
    return NULL;
}

/* --- check ------------------------------------------------------------------------------------------- */

struct check {
    struct sp_layout_record *record;
    unsigned items;
    struct sp_error *err;
};

static enum sp_status fault(const struct check *check, const struct sp_layout_item *item, const char *text)
{
    return sp_error_set(check->err, SP_EINVAL, NULL, "record %.*s, item %.*s at offset %u: %s",
                        SP_STR_ARG(check->record->name), SP_STR_ARG(item->name), item->at, text);
}

static uint64_t end_of(const struct sp_layout_item *item)
{
    return item->at + (uint64_t)item->bytes * (item->max ? item->max : 1);
}

static const struct sp_layout_item *array_around(const struct sp_layout_item *item)
{
    for (item = item->parent; item; item = item->parent)
        if (item->max)
            return item;
    return NULL;
}

static enum sp_status check_counter(struct check *check, const struct sp_layout_item *array)
{
    /* The counter belongs to the same tree, whose items are not const. */
    struct sp_layout_item *counter = (struct sp_layout_item *)array->counter;
    bool numeric = counter->kind == SP_LAYOUT_ZONED || counter->kind == SP_LAYOUT_PACKED ||
                   counter->kind == SP_LAYOUT_BINARY || counter->kind == SP_LAYOUT_NATIVE;
    if (!array->max)
        return fault(check, array, "it has a counter and is no array");
    if (!numeric || counter->max || array_around(counter))
        return fault(check, counter, "it counts occurrences and is no number outside of arrays");
    if (end_of(counter) > array->at)
        return fault(check, counter, "it counts occurrences of an array that is not behind it");
    if (array_around(array))
        return fault(
            check, array,
            "an OCCURS DEPENDING ON inside of an array is not supported; make the outer array or the "
            "inner one of fixed size");
    if (!counter->slot) {
        if (check->record->counters == SP_LAYOUT_COUNTERS_MAX)
            return fault(check, array, "too many items that count occurrences");
        counter->slot = ++check->record->counters;
    }
    return SP_OK;
}

static enum sp_status check_item(struct check *check, struct sp_layout_item *item, unsigned depth)
{
    if (++check->items > SP_LAYOUT_ITEMS_MAX)
        return fault(check, item, "too many items");
    if (depth > SP_LAYOUT_DEPTH_MAX)
        return fault(check, item, "nested too deeply");
    if (item->kind >= SP_LAYOUT_KINDS || item->bytes < kinds[item->kind].min ||
        item->bytes > kinds[item->kind].max)
        return fault(check, item, "its size does not fit its kind");
    if ((item->kind == SP_LAYOUT_GROUP) != (item->first != NULL))
        return fault(check, item, "a group has items, another kind has none");
    if (end_of(item) > check->record->bytes)
        return fault(check, item, "it does not end inside of the record");
    if (item->counter) {
        enum sp_status status = check_counter(check, item);
        if (status != SP_OK)
            return status;
    }
    uint64_t free_from = item->at, end = (uint64_t)item->at + item->bytes;
    for (struct sp_layout_item *child = item->first; child; child = child->next) {
        if (child->at < free_from || end_of(child) > end)
            return fault(check, child, "it lies on its neighbour or outside of its group");
        enum sp_status status = check_item(check, child, depth + 1);
        if (status != SP_OK)
            return status;
        free_from = end_of(child);
    }
    return SP_OK;
}

enum sp_status sp_layout_check(struct sp_layout_record *record, struct sp_error *err)
{
    struct check check = {.record = record, .err = err};
    if (!record->root || record->root->at != 0 || record->root->max || record->root->bytes != record->bytes ||
        !record->bytes || record->bytes > SP_LAYOUT_RECORD_MAX)
        return sp_error_set(err, SP_EINVAL, NULL, "record %.*s has no size, or not that of its items",
                            SP_STR_ARG(record->name));
    record->counters = 0;
    return check_item(&check, record->root, 0);
}

/* --- write ------------------------------------------------------------------------------------------- */

static void write_item(struct sp_json_writer *writer, const struct sp_layout_item *item)
{
    sp_json_object_begin(writer);
    sp_json_put_string(writer, "name", item->name);
    sp_json_put_text(writer, "kind", sp_layout_kind_name(item->kind));
    sp_json_put_i64(writer, "at", item->at);
    sp_json_put_i64(writer, "bytes", item->bytes);
    if (item->is_signed)
        sp_json_put_bool(writer, "signed", true);
    if (item->max)
        sp_json_put_i64(writer, "occurs", item->max);
    if (item->counter)
        sp_json_put_i64(writer, "counterAt", item->counter->at);
    if (item->first) {
        sp_json_name(writer, SP_STR("items"));
        sp_json_array_begin(writer);
        for (const struct sp_layout_item *child = item->first; child; child = child->next)
            write_item(writer, child);
        sp_json_array_end(writer);
    }
    sp_json_object_end(writer);
}

enum sp_status sp_layout_write(const struct sp_layout *layout, struct sp_buf *buf)
{
    struct sp_json_writer writer;
    sp_json_writer_init(&writer, buf, 1);
    sp_json_object_begin(&writer);
    sp_json_put_i64(&writer, "layout", FORMAT);
    sp_json_put_string(&writer, "program", layout->program);
    sp_json_put_string(&writer, "compiler", layout->compiler);
    if (layout->commarea.len)
        sp_json_put_string(&writer, "commarea", layout->commarea);
    sp_json_name(&writer, SP_STR("records"));
    sp_json_array_begin(&writer);
    for (const struct sp_layout_record *record = layout->records; record; record = record->next)
        write_item(&writer, record->root);
    sp_json_array_end(&writer);
    sp_json_object_end(&writer);
    sp_buf_append_byte(buf, '\n');
    return buf->failed ? SP_ELIMIT : SP_OK;
}

/* --- read -------------------------------------------------------------------------------------------- */

struct reader {
    const char *file;
    struct sp_arena *arena;
    struct sp_error *err;
    struct sp_layout_item *root; /* of the record that is being read */
    unsigned items;
};

static enum sp_status wrong(const struct reader *reader, enum sp_status status, const char *text,
                            struct sp_str name)
{
    sp_error_set(reader->err, status, NULL, "%s%s%.*s", text, name.len ? " " : "", SP_STR_ARG(name));
    sp_error_at(reader->err, reader->file, 0, 0);
    return status;
}

/* A number member; `*ret` stays as it is when there is none. */
static bool number(const struct sp_json_value *object, struct sp_str name, uint32_t *ret)
{
    const struct sp_json_value *value = sp_json_member(object, name);
    uint64_t n;
    if (!value)
        return true;
    if (value->kind != SP_JSON_IS_NUMBER || sp_str_to_u64(value->text, &n) != SP_OK || n > UINT32_MAX)
        return false;
    *ret = (uint32_t)n;
    return true;
}

/* The elementary item outside of arrays that begins there. */
static const struct sp_layout_item *elementary_at(const struct sp_layout_item *item, uint32_t at)
{
    for (; item; item = item->next) {
        if (item->max)
            continue;
        if (item->kind != SP_LAYOUT_GROUP && item->at == at)
            return item;
        const struct sp_layout_item *found = elementary_at(item->first, at);
        if (found)
            return found;
    }
    return NULL;
}

static enum sp_status read_item(struct reader *reader, const struct sp_json_value *object,
                                struct sp_layout_item *parent, unsigned depth,
                                struct sp_layout_item **ret_item)
{
    struct sp_layout_item *item = sp_arena_calloc(reader->arena, 1, sizeof *item);
    struct sp_str kind = sp_json_member_text(object, SP_STR("kind"));
    uint32_t counter_at = UINT32_MAX;
    if (!item)
        return wrong(reader, SP_ENOMEM, "no memory for the layout", SP_STR(""));
    item->name = sp_arena_str(reader->arena, sp_json_member_text(object, SP_STR("name")));
    item->parent = parent;
    item->kind = SP_LAYOUT_KINDS;
    for (enum sp_layout_kind k = 0; k < SP_LAYOUT_KINDS; k++)
        if (sp_str_is(kind, kinds[k].name))
            item->kind = k;
    const struct sp_json_value *sign = sp_json_member(object, SP_STR("signed"));
    item->is_signed = sign && sign->kind == SP_JSON_IS_TRUE;
    if (!item->name.len || item->kind == SP_LAYOUT_KINDS || !number(object, SP_STR("at"), &item->at) ||
        !number(object, SP_STR("bytes"), &item->bytes) || !number(object, SP_STR("occurs"), &item->max) ||
        !number(object, SP_STR("counterAt"), &counter_at))
        return wrong(reader, SP_ESYNTAX, "a wrong or missing value in item", item->name);
    if (depth > SP_LAYOUT_DEPTH_MAX || ++reader->items > SP_LAYOUT_ITEMS_MAX)
        return wrong(reader, SP_ELIMIT, "too many items, or nested too deeply, at", item->name);
    if (!reader->root)
        reader->root = item;
    *ret_item = item;
    if (counter_at != UINT32_MAX) {
        item->counter = elementary_at(reader->root, counter_at);
        if (!item->counter)
            return wrong(reader, SP_EINVAL, "no number where the counter should be of item", item->name);
    }
    const struct sp_json_value *items = sp_json_member(object, SP_STR("items"));
    struct sp_layout_item **end = &item->first;
    for (items = items ? items->first : NULL; items; items = items->next) {
        enum sp_status status = read_item(reader, items, item, depth + 1, end);
        if (status != SP_OK)
            return status;
        end = &(*end)->next;
    }
    return SP_OK;
}

static enum sp_status read_record(struct reader *reader, const struct sp_json_value *object,
                                  struct sp_layout_record **ret_record)
{
    struct sp_layout_record *record = sp_arena_calloc(reader->arena, 1, sizeof *record);
    if (!record)
        return wrong(reader, SP_ENOMEM, "no memory for the layout", SP_STR(""));
    reader->root = NULL;
    reader->items = 0;
    enum sp_status status = read_item(reader, object, NULL, 0, &record->root);
    if (status != SP_OK)
        return status;
    record->name = record->root->name;
    record->bytes = record->root->bytes;
    status = sp_layout_check(record, reader->err);
    if (status != SP_OK)
        sp_error_at(reader->err, reader->file, 0, 0);
    *ret_record = record;
    return status;
}

enum sp_status sp_layout_read(struct sp_str text, const char *file, struct sp_arena *arena,
                              struct sp_layout **ret_layout, struct sp_error *err)
{
    struct sp_json_value *document;
    struct reader reader = {.file = file, .arena = arena, .err = err};
    enum sp_status status = sp_json_parse(text, arena, NULL, &document, err);
    if (status != SP_OK) {
        if (err)
            sp_error_at(err, file, err->line, err->column);
        return status;
    }
    uint32_t format = 0;
    if (!number(document, SP_STR("layout"), &format) || format != FORMAT)
        return wrong(&reader, SP_EINVAL, "this is no layout of format 1; compile the program again",
                     SP_STR(""));
    struct sp_layout *layout = sp_arena_calloc(arena, 1, sizeof *layout);
    if (!layout)
        return wrong(&reader, SP_ENOMEM, "no memory for the layout", SP_STR(""));
    layout->program = sp_arena_str(arena, sp_json_member_text(document, SP_STR("program")));
    layout->compiler = sp_arena_str(arena, sp_json_member_text(document, SP_STR("compiler")));
    layout->commarea = sp_arena_str(arena, sp_json_member_text(document, SP_STR("commarea")));
    const struct sp_json_value *records = sp_json_member(document, SP_STR("records"));
    struct sp_layout_record **end = &layout->records;
    for (records = records ? records->first : NULL; records; records = records->next) {
        status = read_record(&reader, records, end);
        if (status != SP_OK)
            return status;
        end = &(*end)->next;
    }
    if (layout->commarea.len && !sp_layout_find(layout, layout->commarea))
        return wrong(&reader, SP_EINVAL, "there is no record", layout->commarea);
    *ret_layout = layout;
    return SP_OK;
}
