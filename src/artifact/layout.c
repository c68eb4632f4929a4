/* SPDX-License-Identifier: Apache-2.0 */
#include "artifact/layout.h"

#include "base/hash.h"

struct check {
    struct sp_interface *interface;
    const struct sp_segment *segment;
    const struct sp_field *where; /* the culprit */
    struct sp_error *err;
    unsigned count;
};

const char *sp_field_path(const struct sp_field *field, char ret_path[SP_FIELD_PATH_MAX])
{
    size_t at = SP_FIELD_PATH_MAX - 1;
    ret_path[at] = '\0';
    for (const struct sp_field *f = field; f; f = f->parent) {
        /* The element of an array carries the array's name. */
        if (f->parent && f->parent->type == SP_FIELD_ARRAY && sp_str_eq(f->name, f->parent->name))
            continue;
        size_t dot = ret_path[at] ? 1 : 0;
        if (f->name.len + dot > at)
            break;
        at -= dot;
        if (dot)
            ret_path[at] = '.';
        at -= f->name.len;
        if (f->name.len)
            memcpy(ret_path + at, f->name.ptr, f->name.len);
    }
    return memmove(ret_path, ret_path + at, SP_FIELD_PATH_MAX - at);
}

uint32_t sp_decimal_bytes(enum sp_field_type type, unsigned digits, bool sign_separate)
{
    if (digits == 0 || digits > SP_DECIMAL_DIGITS_MAX)
        return 0;
    if (type == SP_FIELD_ZONED)
        return digits + (sign_separate ? 1 : 0);
    if (type == SP_FIELD_PACKED)
        return digits / 2 + 1;
    if (type == SP_FIELD_BINARY && digits <= 18)
        return digits <= 4 ? 2 : digits <= 9 ? 4 : 8;
    return 0;
}

bool sp_field_varies(const struct sp_field *field)
{
    bool found = field->type == SP_FIELD_ARRAY && field->counter;
    for (const struct sp_field *child = field->first; child && !found; child = child->next)
        found = sp_field_varies(child);
    return found;
}

/* Say what is wrong with a field. */
static enum sp_status fail(struct check *c, const struct sp_field *field, enum sp_status status,
                           const char *fmt, ...) SP_PRINTF(4, 5);

static enum sp_status fail(struct check *c, const struct sp_field *field, enum sp_status status,
                           const char *fmt, ...)
{
    char path[SP_FIELD_PATH_MAX];
    va_list args;
    va_start(args, fmt);
    sp_error_vset(c->err, status, NULL, fmt, args);
    va_end(args);
    sp_error_prefix(c->err, "field %s", sp_field_path(field, path));
    c->where = field;
    return status;
}

/* ---------------------------------------------------------------- numbering */

static enum sp_status number_fields(struct check *c, struct sp_field *first, struct sp_field *parent,
                                    unsigned depth)
{
    for (struct sp_field *f = first; f; f = f->next) {
        f->parent = parent;
        if (depth > SP_LAYOUT_DEPTH_MAX)
            return fail(c, f, SP_ELIMIT, "is nested more than %u deep", SP_LAYOUT_DEPTH_MAX);
        if (c->count >= SP_LAYOUT_FIELDS_MAX)
            return fail(c, f, SP_ELIMIT, "is one too many; an interface has at most %u",
                        SP_LAYOUT_FIELDS_MAX);
        f->index = c->count++;
        enum sp_status status = number_fields(c, f->first, f, depth + 1);
        if (status != SP_OK)
            return status;
    }
    return SP_OK;
}

/* ---------------------------------------------------------------- one field */

static enum sp_status check_decimal(struct check *c, const struct sp_field *f)
{
    uint32_t need = sp_decimal_bytes(f->type, f->digits, f->sign_separate);
    const char *kind = f->type == SP_FIELD_ZONED ? "zoned" : "packed";
    if (!need)
        return fail(c, f, SP_EINVAL, "has %u digits; a %s number has 1 to %u", f->digits, kind,
                    SP_DECIMAL_DIGITS_MAX);
    if (f->bytes != need)
        return fail(c, f, SP_EINVAL, "has %u bytes, but a %s number of %u digits%s has %u", f->bytes, kind,
                    f->digits, f->sign_separate ? " with a separate sign" : "", need);
    if (f->sign_separate && !f->is_signed)
        return fail(c, f, SP_EINVAL, "has a separate sign, but is unsigned");
    return SP_OK;
}

static enum sp_status check_binary(struct check *c, const struct sp_field *f)
{
    static const unsigned digits_of[] = {[1] = 3, [2] = 5, [4] = 10, [8] = 20};
    if (f->bytes != 1 && f->bytes != 2 && f->bytes != 4 && f->bytes != 8)
        return fail(c, f, SP_EINVAL, "is binary and has %u bytes; there are 1, 2, 4 and 8", f->bytes);
    if (f->digits == 0 || f->digits > digits_of[f->bytes])
        return fail(c, f, SP_EINVAL, "has %u digits, but %u bytes hold 1 to %u", f->digits, f->bytes,
                    digits_of[f->bytes]);
    return SP_OK;
}

static enum sp_status check_counter(struct check *c, const struct sp_field *f)
{
    const struct sp_field *counter = f->counter;
    char path[SP_FIELD_PATH_MAX];
    sp_field_path(counter, path);
    if (counter->type != SP_FIELD_ZONED && counter->type != SP_FIELD_PACKED &&
        counter->type != SP_FIELD_BINARY)
        return fail(c, f, SP_EINVAL, "depends on %s, which is no number", path);
    if (counter->scale)
        return fail(c, f, SP_EINVAL, "depends on %s, which is no whole number", path);
    if (counter->index >= f->index)
        return fail(c, f, SP_EINVAL, "depends on %s, which comes behind it", path);
    for (const struct sp_field *array = counter->parent; array; array = array->parent) {
        const struct sp_field *above = f->parent;
        while (above && above != array)
            above = above->parent;
        if (array->type == SP_FIELD_ARRAY && !above)
            return fail(c, f, SP_EINVAL, "depends on %s, of which there are several", path);
    }
    for (const struct sp_field *above = f; above; above = above->parent)
        if (above->redefines)
            return fail(c, above, SP_EINVAL,
                        "redefines storage and holds an array that depends on %s; its size must be fixed",
                        path);
    return SP_OK;
}

static enum sp_status check_array(struct check *c, const struct sp_field *f)
{
    if (f->max_occurs == 0)
        return fail(c, f, SP_EINVAL, "is an array of at most 0 elements");
    if (f->min_occurs > f->max_occurs)
        return fail(c, f, SP_EINVAL, "occurs at least %u times and at most %u", f->min_occurs, f->max_occurs);
    if ((uint64_t)f->element_bytes * f->max_occurs != f->bytes)
        return fail(c, f, SP_EINVAL, "has %u bytes, which is not %u times one size", f->bytes, f->max_occurs);
    if (!f->first || f->first->next || f->first->offset || f->first->bytes != f->element_bytes)
        return fail(c, f, SP_EINTERNAL, "is an array without one element");
    return f->counter ? check_counter(c, f) : SP_OK;
}

static enum sp_status check_name(struct check *c, const struct sp_field *f)
{
    if (f->included && f->name.len == 0)
        return fail(c, f, SP_EINVAL, "is included and has no name (%.*s)", SP_STR_ARG(f->original));
    if (f->name.len > SP_FIELD_NAME_MAX || f->original.len > SP_FIELD_NAME_MAX)
        return fail(c, f, SP_ELIMIT, "has a name of more than %u bytes", SP_FIELD_NAME_MAX);
    return SP_OK;
}

static enum sp_status check_self(struct check *c, const struct sp_field *f)
{
    enum sp_status status = check_name(c, f);
    if (status != SP_OK)
        return status;
    if (f->bytes == 0)
        return fail(c, f, SP_EINVAL, "has no bytes");
    if (f->scale > f->digits)
        return fail(c, f, SP_EINVAL, "has %u digits and %u of them behind the point", f->digits, f->scale);
    switch (f->type) {
    case SP_FIELD_STRUCT:
        return f->first ? SP_OK : fail(c, f, SP_EINVAL, "is a structure without fields");
    case SP_FIELD_ARRAY:
        return check_array(c, f);
    case SP_FIELD_CHAR:
        return f->utf16 && f->bytes % 2
                   ? fail(c, f, SP_EINVAL, "is UTF-16 and has %u bytes, an odd number", f->bytes)
                   : SP_OK;
    case SP_FIELD_ZONED:
    case SP_FIELD_PACKED:
        return check_decimal(c, f);
    case SP_FIELD_BINARY:
        return check_binary(c, f);
    case SP_FIELD_FLOAT:
        return f->bytes == 4 ? SP_OK : fail(c, f, SP_EINVAL, "is a short float and has %u bytes", f->bytes);
    case SP_FIELD_DOUBLE:
        return f->bytes == 8 ? SP_OK : fail(c, f, SP_EINVAL, "is a long float and has %u bytes", f->bytes);
    }
    return fail(c, f, SP_EINTERNAL, "has type %d", (int)f->type);
}

/* ---------------------------------------------------------------- siblings */

static enum sp_status check_names_unique(struct check *c, const struct sp_field *first)
{
    struct sp_hash names;
    enum sp_status status = SP_OK;
    sp_hash_init(&names, SP_LAYOUT_FIELDS_MAX);
    for (const struct sp_field *f = first; f && status == SP_OK; f = f->next) {
        if (!f->included)
            continue;
        status = sp_hash_add(&names, f->name, (void *)f);
        if (status == SP_EEXISTS)
            fail(c, f, status, "there are two included fields of this name; rename or exclude one");
        else if (status != SP_OK)
            fail(c, f, status, "no memory to check its name");
    }
    sp_hash_finish(&names);
    return status;
}

/* Each field begins at or behind the end of those before it; one that redefines lies on an earlier one. */
static enum sp_status check_places(struct check *c, const struct sp_field *first, uint32_t from, uint32_t to)
{
    uint64_t end = from;
    const struct sp_field *base = NULL; /* the last that does not redefine */
    bool base_varies = false;
    for (const struct sp_field *f = first; f; f = f->next) {
        uint64_t stop = (uint64_t)f->offset + f->bytes;
        if (stop > to)
            return fail(c, f, SP_EINVAL, "ends at byte %llu, outside of what contains it, which ends at %u",
                        (unsigned long long)stop, to);
        if (!f->redefines) {
            if (f->offset < end)
                return fail(c, f, SP_EINVAL, "begins at byte %u, on the field before it, which ends at %llu",
                            f->offset + 1, (unsigned long long)end);
            base = f;
            base_varies = f->next && f->next->redefines && sp_field_varies(f);
        } else if (!base || f->offset != base->offset) {
            return fail(c, f, SP_EINVAL, "redefines, but does not lie on the field it follows");
        } else if (base_varies) {
            return fail(c, f, SP_EINVAL, "redefines %.*s, whose size varies", SP_STR_ARG(base->name));
        }
        end = stop > end ? stop : end;
    }
    return SP_OK;
}

static enum sp_status check_fields(struct check *c, struct sp_field *first, uint32_t from, uint32_t to)
{
    enum sp_status status = SP_OK;
    for (struct sp_field *f = first; f && status == SP_OK; f = f->next) {
        status = check_self(c, f);
        if (status == SP_OK && f->type == SP_FIELD_ARRAY)
            status = check_fields(c, f->first, 0, f->element_bytes);
        else if (status == SP_OK && f->type == SP_FIELD_STRUCT)
            status = check_fields(c, f->first, f->offset, f->offset + f->bytes);
        else if (status == SP_OK && f->first)
            status = fail(c, f, SP_EINVAL, "has fields below it and is no structure");
    }
    if (status == SP_OK)
        status = check_places(c, first, from, to);
    if (status == SP_OK)
        status = check_names_unique(c, first);
    return status;
}

/* ---------------------------------------------------------------- segments */

static uint64_t least_bytes(const struct sp_field *f)
{
    if (f->type == SP_FIELD_ARRAY)
        return (f->counter ? f->min_occurs : f->max_occurs) * least_bytes(f->first);
    uint64_t bytes = f->bytes;
    for (const struct sp_field *child = f->first; child; child = child->next)
        if (!child->redefines)
            bytes -= child->bytes - least_bytes(child);
    return bytes;
}

static enum sp_status check_segment(struct check *c, struct sp_segment *segment)
{
    uint32_t most = sp_str_is(segment->original, "COMMAREA") ? SP_COMMAREA_BYTES_MAX : SP_RECORD_BYTES_MAX;
    uint64_t end = 0, least = 0;
    if (!segment->first)
        return sp_error_set(c->err, SP_EINVAL, NULL, "segment %.*s has no fields", SP_STR_ARG(segment->name));
    if (segment->is_container &&
        (segment->original.len == 0 || segment->original.len > SP_CONTAINER_NAME_MAX))
        return sp_error_set(c->err, SP_EINVAL, NULL,
                            "the name of container \"%.*s\" is not 1 to %u characters long",
                            SP_STR_ARG(segment->original), SP_CONTAINER_NAME_MAX);
    enum sp_status status = number_fields(c, segment->first, NULL, 1);
    for (const struct sp_field *f = segment->first; f && status == SP_OK; f = f->next) {
        uint64_t stop = (uint64_t)f->offset + f->bytes;
        end = stop > end ? stop : end;
        if (end > most)
            status = fail(c, f, SP_ELIMIT, "makes a record of %llu bytes; at most %u are supported",
                          (unsigned long long)end, most);
    }
    if (status == SP_OK)
        status = check_fields(c, segment->first, 0, (uint32_t)end);
    if (status != SP_OK)
        return status;
    least = end;
    for (const struct sp_field *f = segment->first; f; f = f->next)
        if (!f->redefines)
            least -= f->bytes - least_bytes(f);
    segment->bytes = (uint32_t)end;
    segment->min_bytes = (uint32_t)least;
    return SP_OK;
}

static enum sp_status check_segments(struct check *c)
{
    unsigned count = 0;
    for (struct sp_segment *s = c->interface->segments; s; s = s->next) {
        if (++count > SP_LAYOUT_SEGMENTS_MAX)
            return sp_error_set(c->err, SP_ELIMIT, NULL, "an interface has at most %u segments",
                                SP_LAYOUT_SEGMENTS_MAX);
        for (const struct sp_segment *t = c->interface->segments; t != s; t = t->next)
            if (sp_str_eq(s->name, t->name) || sp_str_eq(s->original, t->original))
                return sp_error_set(c->err, SP_EEXISTS, NULL, "there are two segments named %.*s",
                                    SP_STR_ARG(s->original));
        c->segment = s;
        enum sp_status status = check_segment(c, s);
        if (status != SP_OK)
            return status;
    }
    if (count == 0 || (count > 1 && !c->interface->is_channel))
        return sp_error_set(c->err, SP_EINVAL, NULL, "an interface has one segment, or is a channel");
    c->interface->segment_count = count;
    c->interface->field_count = c->count;
    return SP_OK;
}

enum sp_status sp_layout_finish(struct sp_interface *interface, const struct sp_field **ret_where,
                                struct sp_error *err)
{
    struct check c = {.interface = interface, .err = err};
    enum sp_status status = check_segments(&c);
    if (ret_where && status != SP_OK)
        *ret_where = c.where;
    return status;
}
