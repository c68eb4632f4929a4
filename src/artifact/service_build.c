/* SPDX-License-Identifier: Apache-2.0 */
#include "artifact/service_build.h"

#include <stdio.h>

struct building {
    const struct sp_service_source *source;
    const struct sp_build_files *files;
    struct sp_arena *arena;
    struct sp_error *err;
};

static enum sp_status fail_at(const struct building *b, unsigned line, enum sp_status status, const char *fmt,
                              ...) SP_PRINTF(4, 5);

static enum sp_status fail_at(const struct building *b, unsigned line, enum sp_status status, const char *fmt,
                              ...)
{
    va_list args;
    va_start(args, fmt);
    sp_error_vset(b->err, status, NULL, fmt, args);
    va_end(args);
    sp_error_at(b->err, b->source->file, line, 0);
    return status;
}

/* ---------------------------------------------------------------- names */

/* "copy/inqacc.cpy" to INQACC. */
static struct sp_str base_name(const struct building *b, struct sp_str file)
{
    size_t from = file.len, to = file.len;
    while (from > 0 && file.ptr[from - 1] != '/')
        from--;
    for (size_t i = from; i < file.len; i++)
        if (file.ptr[i] == '.') {
            to = i;
            break;
        }
    struct sp_str name = sp_arena_str(b->arena, sp_str_slice(file, from, to));
    for (size_t i = 0; name.ptr && i < name.len; i++)
        ((char *)name.ptr)[i] = sp_upper(name.ptr[i]);
    return name;
}

/* CUST_NO to custNo. */
static void camel(struct sp_str *name, char *room)
{
    size_t len = 0;
    bool upper = false;
    for (size_t i = 0; i < name->len; i++) {
        char c = name->ptr[i];
        if (c == '_') {
            upper = len > 0;
            continue;
        }
        room[len++] = upper ? sp_upper(c) : sp_lower(c);
        upper = false;
    }
    *name = sp_str_from(room, len);
}

static enum sp_status rename_all(const struct building *b, struct sp_field *first)
{
    enum sp_status status = SP_OK;
    for (struct sp_field *f = first; f && status == SP_OK; f = f->next) {
        char *room = sp_arena_alloc(b->arena, f->name.len + 1);
        if (!room)
            return fail_at(b, 0, SP_ENOMEM, "no memory for the service");
        camel(&f->name, room);
        status = rename_all(b, f->first);
    }
    return status;
}

/* ---------------------------------------------------------------- rules */

static bool same_item(struct sp_str original, struct sp_str named)
{
    if (original.len != named.len)
        return false;
    for (size_t i = 0; i < named.len; i++) {
        char c = named.ptr[i] == '-' ? '_' : sp_upper(named.ptr[i]);
        if (original.ptr[i] != c)
            return false;
    }
    return true;
}

/* "GROUP.ITEM": the last name is the field's, those before it are of groups above, in order. */
static bool is_named(const struct sp_field *f, struct sp_str item)
{
    size_t end = item.len, from = end;
    for (;;) {
        while (from > 0 && item.ptr[from - 1] != '.')
            from--;
        struct sp_str name = sp_str_slice(item, from, end);
        if (end == item.len && !same_item(f->original, name))
            return false;
        while (f && !same_item(f->original, name))
            f = f->parent;
        if (!f)
            return false;
        if (from == 0)
            return true;
        f = f->parent;
        end = --from;
    }
}

/* All fields of the name; elements bear the name of their array and do not count. */
static unsigned find_item(struct sp_field *first, struct sp_str item, struct sp_field **ret_field)
{
    unsigned found = 0;
    for (struct sp_field *f = first; f; f = f->next) {
        bool element = f->parent && f->parent->type == SP_FIELD_ARRAY;
        if (!element && is_named(f, item)) {
            *ret_field = f;
            found++;
        }
        found += find_item(f->first, item, ret_field);
    }
    return found;
}

/* An array's element carries its name, and what is said of an item that occurs is said of each. */
static struct sp_field *element_of(struct sp_field *f)
{
    while (f->type == SP_FIELD_ARRAY)
        f = f->first;
    return f;
}

static enum sp_status set_default(const struct building *b, const struct sp_service_rule *rule,
                                  struct sp_field *f)
{
    if (f->first)
        return fail_at(b, rule->line, SP_EINVAL, "%.*s is a group; only items have defaults",
                       SP_STR_ARG(rule->item));
    if (rule->is_hex && rule->value.len > f->bytes)
        return fail_at(b, rule->line, SP_ELIMIT, "the default of %.*s has %zu bytes, the item %u",
                       SP_STR_ARG(rule->item), rule->value.len, f->bytes);
    f->has_default = rule->value.len > 0;
    f->default_value = rule->value;
    f->default_is_hex = rule->is_hex;
    return SP_OK;
}

static enum sp_status apply_rule(const struct building *b, const struct sp_service_rule *rule,
                                 struct sp_field *f)
{
    switch (rule->verb) {
    case SP_SERVICE_INCLUDE:
    case SP_SERVICE_EXCLUDE:
        sp_cobol_include(f, rule->verb == SP_SERVICE_INCLUDE);
        return SP_OK;
    case SP_SERVICE_RENAME:
        f->name = rule->value;
        if (f->type == SP_FIELD_ARRAY)
            f->first->name = rule->value;
        return SP_OK;
    case SP_SERVICE_DEFAULT:
        return set_default(b, rule, element_of(f));
    case SP_SERVICE_DESCRIBE:
        f->remarks = rule->value;
        return SP_OK;
    }
    return SP_OK;
}

/* A rule for both sides must fit one of them; `*used` remembers which did. */
static enum sp_status apply_rules(const struct building *b, struct sp_interface *interface, bool is_request,
                                  bool *used)
{
    enum sp_status status = SP_OK;
    for (size_t i = 0; i < b->source->rule_count && status == SP_OK; i++) {
        const struct sp_service_rule *rule = &b->source->rules[i];
        struct sp_field *field = NULL;
        unsigned found = 0;
        if (!(is_request ? rule->request : rule->response))
            continue;
        for (struct sp_segment *s = interface->segments; s; s = s->next)
            found += find_item(s->first, rule->item, &field);
        if (found > 1)
            return fail_at(b, rule->line, SP_EINVAL,
                           "there are %u items named %.*s in the %s; put the name of a group and a point "
                           "before it",
                           found, SP_STR_ARG(rule->item), is_request ? "request" : "response");
        if (found == 1) {
            used[i] = true;
            status = apply_rule(b, rule, field);
        }
    }
    return status;
}

static enum sp_status check_used(const struct building *b, const bool *used)
{
    for (size_t i = 0; i < b->source->rule_count; i++)
        if (!used[i])
            return fail_at(b, b->source->rules[i].line, SP_ENOTFOUND, "there is no item named %.*s",
                           SP_STR_ARG(b->source->rules[i].item));
    return SP_OK;
}

/* ---------------------------------------------------------------- interfaces */

static enum sp_status read_structure(const struct building *b, const struct sp_service_side *side, unsigned i,
                                     struct sp_segment *segment)
{
    struct sp_cobol_options options = b->source->cobol;
    struct sp_str text = {NULL, 0}, name = side->structures[i];
    options.record = side->records[i];
    options.wrapper = base_name(b, name);
    const char *file = sp_arena_cstr(b->arena, name);
    if (!file || !options.wrapper.ptr)
        return fail_at(b, 0, SP_ENOMEM, "no memory for the service");
    enum sp_status status = b->files->load(b->files->arg, name, b->arena, &text, b->err);
    if (status == SP_OK)
        status = sp_cobol_read(text, file, &options, b->arena, &segment->first, b->err);
    if (status != SP_OK)
        return status;
    segment->first->parent = NULL;
    bool channel = b->source->is_channel;
    segment->name = channel              ? side->containers[i]
                    : b->source->is_cics ? SP_STR("COMMAREA")
                                         : SP_STR("RECORD");
    segment->original = segment->name;
    segment->is_container = segment->is_bit = segment->required = channel;
    return b->source->names == SP_NAMES_CAMEL ? rename_all(b, segment->first) : SP_OK;
}

static enum sp_status build_side(const struct building *b, const struct sp_service_side *side,
                                 bool is_request, struct sp_str name, bool *used,
                                 struct sp_interface **ret_interface)
{
    struct sp_interface *interface = sp_arena_calloc(b->arena, 1, sizeof *interface);
    struct sp_segment *segments = sp_arena_calloc(b->arena, side->count, sizeof *segments);
    if (!interface || !segments)
        return fail_at(b, 0, SP_ENOMEM, "no memory for the service");
    interface->name = name;
    interface->is_channel = b->source->is_channel;
    interface->segments = segments;
    enum sp_status status = SP_OK;
    for (unsigned i = 0; i < side->count && status == SP_OK; i++) {
        segments[i].next = i + 1 < side->count ? &segments[i + 1] : NULL;
        status = read_structure(b, side, i, &segments[i]);
    }
    if (status == SP_OK)
        status = apply_rules(b, interface, is_request, used);
    if (status != SP_OK)
        return status;
    const struct sp_field *where = NULL;
    status = sp_layout_finish(interface, &where, b->err);
    if (status != SP_OK) {
        char place[160];
        snprintf(place, sizeof place, "%.*s", SP_STR_ARG(side->structures[0]));
        sp_error_at(b->err, side->count == 1 ? place : b->source->file, where ? sp_cobol_line(where) : 0, 0);
        return status;
    }
    *ret_interface = interface;
    return SP_OK;
}

static bool sides_differ(const struct sp_service_source *source)
{
    const struct sp_service_side *a = &source->request, *b = &source->response;
    bool differ = a->count != b->count;
    for (unsigned i = 0; i < a->count && !differ; i++)
        differ = !sp_str_eq(a->structures[i], b->structures[i]) || !sp_str_eq(a->records[i], b->records[i]) ||
                 !sp_str_eq(a->containers[i], b->containers[i]);
    for (size_t i = 0; i < source->rule_count && !differ; i++)
        differ = source->rules[i].request != source->rules[i].response;
    return differ;
}

enum sp_status sp_service_build(const struct sp_service_source *source, const struct sp_build_files *files,
                                struct sp_arena *arena, struct sp_service_interfaces *ret_interfaces,
                                struct sp_error *err)
{
    struct building b = {source, files, arena, err};
    struct sp_interface *request = NULL, *response = NULL;
    bool *used = sp_arena_calloc(arena, source->rule_count + 1, sizeof *used);
    bool differ = sides_differ(source);
    struct sp_str name = base_name(&b, source->request.structures[0]);
    struct sp_service_interfaces made = {.request_name = name, .response_name = name};
    if (differ) {
        made.request_name = sp_arena_printf(arena, "%.*sRequest", SP_STR_ARG(source->name));
        made.response_name = sp_arena_printf(arena, "%.*sResponse", SP_STR_ARG(source->name));
    }
    if (!used || !name.ptr || !made.request_name.ptr || !made.response_name.ptr)
        return fail_at(&b, 0, SP_ENOMEM, "no memory for the service");
    enum sp_status status = build_side(&b, &source->request, true, made.request_name, used, &request);
    response = request;
    if (status == SP_OK && differ)
        status = build_side(&b, &source->response, false, made.response_name, used, &response);
    if (status == SP_OK)
        status = check_used(&b, used);
    if (status != SP_OK)
        return status;
    made.request = request;
    made.response = response;
    *ret_interfaces = made;
    return SP_OK;
}
