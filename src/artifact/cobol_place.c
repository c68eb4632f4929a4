/* SPDX-License-Identifier: Apache-2.0
 * cobol_place.c: how the items of a copybook are stored, and where.
 */
#include "artifact/cobol_node.h"

static enum sp_status fail(const struct sp_cobol_reader *r, const struct sp_cobol_node *node,
                           enum sp_status status, const char *what)
{
    return sp_cobol_fail(&r->scan, node->line, status, "%.*s: %s",
                         SP_STR_ARG(node->cobol_name.len ? node->cobol_name : node->field.name), what);
}

/* ---------------------------------------------------------------- elementary items */

/* What a group says for the items below it. */
struct inherited {
    enum sp_cobol_usage usage;
    bool has_sign, sign_leading, sign_separate;
};

static enum sp_status shape_number(struct sp_cobol_reader *r, struct sp_cobol_node *node,
                                   const struct inherited *own)
{
    struct sp_field *f = &node->field;
    f->digits = node->picture.digits;
    f->scale = node->picture.scale;
    f->is_signed = node->picture.is_signed;
    f->type = own->usage == SP_USAGE_PACKED    ? SP_FIELD_PACKED
              : own->usage == SP_USAGE_DISPLAY ? SP_FIELD_ZONED
                                               : SP_FIELD_BINARY;
    f->native = own->usage == SP_USAGE_NATIVE;
    if (f->type == SP_FIELD_ZONED && f->is_signed) {
        f->sign_leading = own->sign_leading;
        f->sign_separate = own->sign_separate;
    }
    if (node->has_sign && (!f->is_signed || f->type != SP_FIELD_ZONED))
        return fail(r, node, SP_EINVAL, "SIGN is for items of USAGE DISPLAY with S in their PICTURE");
    f->bytes = sp_decimal_bytes(f->type, f->digits, f->sign_separate);
    if (!f->bytes)
        return fail(r, node, SP_EUNSUPPORTED,
                    f->type == SP_FIELD_BINARY ? "a binary number has at most 18 digits"
                                               : "a number has at most 31 digits");
    if (node->sync && f->type == SP_FIELD_BINARY)
        node->alignment = f->bytes == 8 && !r->options->doubleword_binaries ? 4 : f->bytes;
    return SP_OK;
}

static enum sp_status shape_float(struct sp_cobol_reader *r, struct sp_cobol_node *node, bool is_double)
{
    if (node->has_picture)
        return fail(r, node, SP_EINVAL, "COMP-1 and COMP-2 have no PICTURE");
    node->field.type = is_double ? SP_FIELD_DOUBLE : SP_FIELD_FLOAT;
    node->field.bytes = is_double ? 8 : 4;
    node->field.is_signed = true;
    if (node->sync)
        node->alignment = node->field.bytes;
    return SP_OK;
}

static enum sp_status shape_text(struct sp_cobol_reader *r, struct sp_cobol_node *node,
                                 const struct inherited *own)
{
    bool national = node->picture.kind == SP_PICTURE_NATIONAL;
    if (own->usage != SP_USAGE_DISPLAY && !(national && own->usage == SP_USAGE_NATIONAL))
        return fail(r, node, SP_EINVAL, "PICTURE and USAGE do not go together");
    node->field.type = SP_FIELD_CHAR;
    node->field.utf16 = national;
    node->field.bytes = node->picture.characters * (national ? 2 : 1);
    return SP_OK;
}

static enum sp_status shape_elementary(struct sp_cobol_reader *r, struct sp_cobol_node *node,
                                       const struct inherited *own)
{
    if (own->usage == SP_USAGE_FLOAT || own->usage == SP_USAGE_DOUBLE)
        return shape_float(r, node, own->usage == SP_USAGE_DOUBLE);
    if (!node->has_picture)
        return fail(r, node, SP_EINVAL, "has neither a PICTURE nor items below it");
    if (node->picture.kind != SP_PICTURE_NUMERIC)
        return shape_text(r, node, own);
    if (own->usage == SP_USAGE_NATIONAL)
        return fail(r, node, SP_EUNSUPPORTED, "numbers of USAGE NATIONAL are not supported");
    return shape_number(r, node, own);
}

/* ---------------------------------------------------------------- arrays */

/* An item that occurs becomes an array; what it was, its element. */
static enum sp_status make_array(struct sp_cobol_reader *r, struct sp_cobol_node *node)
{
    struct sp_cobol_node *element = sp_arena_calloc(r->scan.arena, 1, sizeof *element);
    if (!element)
        return fail(r, node, SP_ENOMEM, "needs more memory than there is");
    *element = *node;
    element->field.next = NULL;
    element->field.parent = &node->field;
    element->field.included = true;
    element->redefines = element->depends = SP_STR("");
    for (struct sp_field *f = element->field.first; f; f = f->next)
        f->parent = &element->field;
    struct sp_field *array = &node->field;
    *array = (struct sp_field){.type = SP_FIELD_ARRAY,
                               .name = array->name,
                               .original = array->original,
                               .included = array->included,
                               .min_occurs = node->min_occurs,
                               .max_occurs = node->max_occurs,
                               .parent = array->parent,
                               .first = &element->field,
                               .next = array->next};
    node->alignment = 1;
    return SP_OK;
}

static enum sp_status shape(struct sp_cobol_reader *r, struct sp_cobol_node *node,
                            const struct inherited *above)
{
    struct inherited own = *above;
    enum sp_status status = SP_OK;
    node->alignment = 1;
    if (node->usage != SP_USAGE_NONE)
        own.usage = node->usage;
    if (node->has_sign) {
        own.sign_leading = node->sign_leading;
        own.sign_separate = node->sign_separate;
    }
    if (!node->field.first) {
        status = shape_elementary(r, node, &own);
        return status == SP_OK && node->occurs ? make_array(r, node) : status;
    }
    if (node->has_picture)
        return fail(r, node, SP_EINVAL, "has a PICTURE and items below it");
    node->field.type = SP_FIELD_STRUCT;
    for (struct sp_field *f = node->field.first; f && status == SP_OK; f = f->next)
        status = shape(r, sp_cobol_node_of(f), &own);
    return status == SP_OK && node->occurs ? make_array(r, node) : status;
}

/* ---------------------------------------------------------------- positions */

static uint64_t align_up(uint64_t position, unsigned alignment)
{
    return (position + alignment - 1) / alignment * alignment;
}

/* Of the first elementary item in a field: slack goes before the whole group. */
static unsigned leading_alignment(const struct sp_field *f)
{
    while (f->first)
        f = f->first;
    return sp_cobol_node_of(f)->alignment;
}

static unsigned greatest_alignment(const struct sp_field *f)
{
    unsigned greatest = f->first ? 1 : sp_cobol_node_of(f)->alignment;
    for (const struct sp_field *child = f->first; child; child = child->next) {
        unsigned alignment = greatest_alignment(child);
        greatest = alignment > greatest ? alignment : greatest;
    }
    return greatest;
}

static enum sp_status find_base(struct sp_cobol_reader *r, struct sp_field *first, struct sp_cobol_node *node)
{
    for (struct sp_field *f = first; f != &node->field; f = f->next)
        if (sp_str_eq(sp_cobol_node_of(f)->cobol_name, node->redefines))
            node->base = f;
    if (!node->base)
        return sp_cobol_fail(&r->scan, node->line, SP_EINVAL, "%.*s: redefines %.*s, which is not before it",
                             SP_STR_ARG(node->cobol_name), SP_STR_ARG(node->redefines));
    node->field.redefines = true;
    return SP_OK;
}

static enum sp_status too_long(struct sp_cobol_reader *r, const struct sp_cobol_node *node)
{
    return sp_cobol_fail(&r->scan, node->line, SP_ELIMIT, "%.*s: makes the record longer than %u bytes",
                         SP_STR_ARG(node->field.name), SP_RECORD_BYTES_MAX);
}

static enum sp_status place(struct sp_cobol_reader *r, struct sp_field *f, uint32_t position,
                            uint32_t origin);

/* Fields one behind the other from `position`; how many bytes they take. */
static enum sp_status place_group(struct sp_cobol_reader *r, struct sp_field *first, uint32_t position,
                                  uint32_t origin, uint32_t *ret_bytes)
{
    uint64_t end = position;
    for (struct sp_field *f = first; f; f = f->next) {
        struct sp_cobol_node *node = sp_cobol_node_of(f);
        unsigned alignment = leading_alignment(f);
        uint64_t at = align_up(end, alignment);
        enum sp_status status = SP_OK;
        if (node->redefines.len) {
            status = find_base(r, first, node);
            if (status != SP_OK)
                return status;
            at = sp_cobol_node_of(node->base)->position;
            if (at % alignment)
                return fail(r, node, SP_EINVAL, "SYNC is not possible where the redefined item lies");
        }
        status = at > SP_RECORD_BYTES_MAX ? too_long(r, node) : place(r, f, (uint32_t)at, origin);
        if (status == SP_OK && at + f->bytes > SP_RECORD_BYTES_MAX)
            status = too_long(r, node);
        if (status != SP_OK)
            return status;
        end = at + f->bytes > end ? at + f->bytes : end;
    }
    *ret_bytes = (uint32_t)(end - position);
    return SP_OK;
}

static enum sp_status place_array(struct sp_cobol_reader *r, struct sp_field *array, uint32_t position)
{
    struct sp_field *element = array->first;
    enum sp_status status = place(r, element, position, position);
    if (status != SP_OK)
        return status;
    uint64_t bytes = align_up(element->bytes, greatest_alignment(element));
    if (bytes * array->max_occurs > SP_RECORD_BYTES_MAX)
        return too_long(r, sp_cobol_node_of(array));
    if (element->type == SP_FIELD_STRUCT)
        element->bytes = (uint32_t)bytes; /* slack between occurrences */
    array->element_bytes = (uint32_t)bytes;
    array->bytes = (uint32_t)bytes * array->max_occurs;
    return SP_OK;
}

/* `position` in the record, `origin` that of the innermost array's first element. */
static enum sp_status place(struct sp_cobol_reader *r, struct sp_field *f, uint32_t position, uint32_t origin)
{
    sp_cobol_node_of(f)->position = position;
    f->offset = position - origin;
    if (f->type == SP_FIELD_ARRAY)
        return place_array(r, f, position);
    if (f->type == SP_FIELD_STRUCT)
        return place_group(r, f->first, position, origin, &f->bytes);
    return SP_OK;
}

/* ---------------------------------------------------------------- counters and what is included */

static bool qualifies(const struct sp_field *f, const struct sp_cobol_node *array)
{
    const struct sp_field *above = f->parent;
    for (unsigned i = 0; i < array->depends_of_count; i++) {
        while (above && !sp_str_eq(sp_cobol_node_of(above)->cobol_name, array->depends_of[i]))
            above = above->parent;
        if (!above)
            return false;
        above = above->parent;
    }
    return true;
}

/* All items of the counter's name; elements of arrays bear the name of the array and are no candidates. */
static unsigned find_counter(struct sp_field *first, struct sp_cobol_node *array)
{
    unsigned found = 0;
    for (struct sp_field *f = first; f; f = f->next) {
        const struct sp_cobol_node *node = sp_cobol_node_of(f);
        bool element = f->parent && f->parent->type == SP_FIELD_ARRAY;
        if (!element && sp_str_eq(node->cobol_name, array->depends) && qualifies(f, array)) {
            array->field.counter = f;
            found++;
        }
        found += find_counter(f->first, array);
    }
    return found;
}

static enum sp_status link_counters(struct sp_cobol_reader *r, struct sp_field *record,
                                    struct sp_field *first)
{
    enum sp_status status = SP_OK;
    for (struct sp_field *f = first; f && status == SP_OK; f = f->next) {
        struct sp_cobol_node *node = sp_cobol_node_of(f);
        if (f->type == SP_FIELD_ARRAY && node->depends.len) {
            unsigned found = find_counter(record, node);
            if (found != 1)
                return sp_cobol_fail(&r->scan, node->line, SP_EINVAL, "%.*s: DEPENDING ON %.*s: %s",
                                     SP_STR_ARG(node->cobol_name), SP_STR_ARG(node->depends),
                                     found ? "there are several items of this name; qualify it"
                                           : "there is no such item in the record");
            f->counter->is_counter = true;
        }
        status = link_counters(r, record, f->first);
    }
    return status;
}

static void choose_included(struct sp_field *first, bool hidden)
{
    for (struct sp_field *f = first; f; f = f->next) {
        bool filler = f->parent && !sp_cobol_node_of(f)->cobol_name.len;
        bool element = f->parent && f->parent->type == SP_FIELD_ARRAY;
        f->included = !hidden && (element || !(filler || f->redefines || f->is_counter));
        choose_included(f->first, !f->included);
    }
}

void sp_cobol_include(struct sp_field *field, bool include)
{
    field->included = include;
    choose_included(field->first, !include);
    for (struct sp_field *above = include ? field->parent : NULL; above; above = above->parent)
        above->included = true;
}

enum sp_status sp_cobol_lay_out(struct sp_cobol_reader *r, struct sp_field *record)
{
    struct inherited top = {.usage = SP_USAGE_DISPLAY};
    enum sp_status status = shape(r, sp_cobol_node_of(record), &top);
    if (status == SP_OK)
        status = place(r, record, 0, 0);
    if (status == SP_OK)
        status = link_counters(r, record, record);
    if (status == SP_OK)
        choose_included(record, false);
    return status;
}
