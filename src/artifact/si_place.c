/* SPDX-License-Identifier: Apache-2.0
 * si_place.c: where the fields of a .si file are, and which count the elements of arrays.
 */
#include "artifact/si_node.h"

#define PATH_STEPS_MAX 1000u

/* ---------------------------------------------------------------- below an array */

/* There the file has no positions: a field follows the one before it, unless items are SYNC. */
struct run {
    const struct sp_si_reader *reader;
    uint32_t origin;    /* absolute position of the first element */
    unsigned widest;    /* SYNC in effect up to this alignment; 1: none */
    uint32_t at;        /* in the element */
    unsigned alignment; /* greatest met */
};

static uint32_t align_up(uint32_t position, unsigned alignment)
{
    return (position + alignment - 1) / alignment * alignment;
}

/* Alignment of the first elementary item in a field: slack goes before the whole group. */
static unsigned leading_alignment(const struct sp_field *f)
{
    while (f->first)
        f = f->first;
    return sp_si_node_of(f)->alignment ? sp_si_node_of(f)->alignment : 1;
}

static bool run_fields(struct run *run, struct sp_field *first);

/* The element's fields fill the element. */
static bool run_element(const struct run *outer, struct sp_field *array, uint32_t array_at, struct run *run)
{
    struct sp_field *element = array->first;
    *run = (struct run){
        .reader = outer->reader, .origin = outer->origin + array_at, .widest = outer->widest, .alignment = 1};
    element->offset = 0;
    if (element->type == SP_FIELD_STRUCT && !run_fields(run, element->first))
        return false;
    if (element->type != SP_FIELD_STRUCT)
        run->at = element->bytes;
    return align_up(run->at, run->alignment) == array->element_bytes;
}

static bool run_below(struct run *run, struct sp_field *f)
{
    if (f->type == SP_FIELD_ARRAY) {
        struct run inner;
        if (!run_element(run, f, f->offset, &inner))
            return false;
        if (inner.alignment > run->alignment)
            run->alignment = inner.alignment;
    } else if (f->type == SP_FIELD_STRUCT) {
        run->at = f->offset;
        return run_fields(run, f->first) && run->at == f->offset + f->bytes;
    }
    return true;
}

static bool run_fields(struct run *run, struct sp_field *first)
{
    for (struct sp_field *f = first; f; f = f->next) {
        struct sp_si_node *node = sp_si_node_of(f);
        uint32_t end = run->at;
        if (f->redefines) {
            f->offset = node->base->offset;
        } else {
            unsigned alignment = leading_alignment(f);
            if (alignment > run->widest)
                alignment = run->widest;
            if (alignment > run->alignment)
                run->alignment = alignment;
            f->offset = align_up(run->origin + run->at, alignment) - run->origin;
        }
        if (node->start && node->start - 1 != f->offset && node->start - 1 != run->origin + f->offset)
            return false;
        if (f->offset + f->bytes > SP_RECORD_BYTES_MAX || !run_below(run, f))
            return false;
        run->at = f->offset + f->bytes > end ? f->offset + f->bytes : end;
    }
    return true;
}

/* An outermost array. NATURAL on every binary field says nothing about SYNC, so that no slack is tried first;
 * 8 bytes are aligned on 4 by Enterprise COBOL and on 8 by others. */
static enum sp_status place_array(const struct sp_si_reader *reader, struct sp_field *array)
{
    static const unsigned widest[] = {1, 8, 4};
    struct run outer = {.reader = reader}, inner;
    uint32_t sum = 0;
    for (size_t i = 0; i < sizeof widest / sizeof *widest; i++) {
        outer.widest = widest[i];
        if (run_element(&outer, array, array->offset, &inner))
            return SP_OK;
        sum = i == 0 ? inner.at : sum;
    }
    return sp_si_fail(reader, sp_si_node_of(array), SP_EINVAL,
                      "has elements of %u bytes, but the fields below it do not fill them (%u bytes were "
                      "added up), neither one behind the other nor aligned as SYNC does",
                      array->element_bytes, sum);
}

/* ---------------------------------------------------------------- above arrays */

/* What each redefining field lies on: an earlier sibling. */
static enum sp_status link_bases(const struct sp_si_reader *reader, struct sp_field *first)
{
    enum sp_status status = SP_OK;
    for (struct sp_field *f = first; f && status == SP_OK; f = f->next) {
        struct sp_si_node *node = sp_si_node_of(f);
        for (struct sp_field *g = first; f->redefines && g != f; g = g->next)
            if (sp_str_eq(g->original, node->redefines))
                node->base = g;
        if (f->redefines && !node->base)
            return sp_si_fail(reader, node, SP_EINVAL, "redefines %.*s, which is not before it",
                              SP_STR_ARG(node->redefines));
        status = link_bases(reader, f->first);
    }
    return status;
}

static enum sp_status place_fields(const struct sp_si_reader *reader, struct sp_field *first, uint32_t at)
{
    for (struct sp_field *f = first; f; f = f->next) {
        struct sp_si_node *node = sp_si_node_of(f);
        f->offset = f->redefines ? node->base->offset : node->start ? node->start - 1 : at;
        if (node->start && f->offset != node->start - 1)
            return sp_si_fail(reader, node, SP_EINVAL, "is at startPos %u, but what it redefines is at %u",
                              node->start, f->offset + 1);
        if (f->offset + f->bytes > SP_RECORD_BYTES_MAX)
            return sp_si_fail(reader, node, SP_ELIMIT, "ends behind byte %u, the greatest supported",
                              SP_RECORD_BYTES_MAX);
        enum sp_status status = SP_OK;
        if (f->type == SP_FIELD_ARRAY)
            status = place_array(reader, f);
        else if (f->type == SP_FIELD_STRUCT)
            status = place_fields(reader, f->first, f->offset);
        if (status != SP_OK)
            return status;
        at = f->offset + f->bytes > at ? f->offset + f->bytes : at;
    }
    return SP_OK;
}

/* ---------------------------------------------------------------- counters */

static const struct sp_field *children_of(const struct sp_field *f)
{
    return f->type == SP_FIELD_ARRAY ? (f->first->type == SP_FIELD_STRUCT ? f->first->first : NULL)
                                     : f->first;
}

/* "a.b.c", where names may have points in them; `budget` bounds how many ways to read the path are tried. */
static struct sp_field *find_path(const struct sp_field *first, struct sp_str path, unsigned *budget)
{
    for (const struct sp_field *f = first; f && *budget; f = f->next) {
        if (sp_str_eq(f->name, path))
            return (struct sp_field *)f;
        if (!sp_str_starts(path, f->name) || path.ptr[f->name.len] != '.')
            continue;
        (*budget)--;
        struct sp_field *found =
            find_path(children_of(f), sp_str_slice(path, f->name.len + 1, path.len), budget);
        if (found)
            return found;
    }
    return NULL;
}

/* The nearest field of that original name before the array: among its siblings, those of its parent, ... */
static struct sp_field *find_original(const struct sp_segment *segment, const struct sp_field *array,
                                      struct sp_str original)
{
    for (const struct sp_field *level = array; level; level = level->parent) {
        const struct sp_field *first = level->parent ? level->parent->first : segment->first;
        for (const struct sp_field *f = first; f != level; f = f->next)
            if (sp_str_eq(f->original, original))
                return (struct sp_field *)f;
    }
    return NULL;
}

static enum sp_status link_counter(const struct sp_si_reader *reader, const struct sp_segment *segment,
                                   struct sp_field *array)
{
    struct sp_si_node *node = sp_si_node_of(array);
    struct sp_str name = node->depends_path.len ? node->depends_path : node->depends_on;
    unsigned budget = PATH_STEPS_MAX;
    if (!name.len)
        return SP_OK;
    if (node->depends_path.len)
        array->counter = find_path(segment->first, node->depends_path, &budget);
    if (!array->counter && node->depends_on.len)
        array->counter = find_original(segment, array, node->depends_on);
    if (!array->counter)
        return sp_si_fail(reader, node, SP_EINVAL, "depends on %.*s, which is not in the segment",
                          SP_STR_ARG(name));
    array->counter->is_counter = true;
    return SP_OK;
}

static enum sp_status link_counters(const struct sp_si_reader *reader, const struct sp_segment *segment,
                                    struct sp_field *first)
{
    enum sp_status status = SP_OK;
    for (struct sp_field *f = first; f && status == SP_OK; f = f->next) {
        if (f->type == SP_FIELD_ARRAY)
            status = link_counter(reader, segment, f);
        if (status == SP_OK)
            status = link_counters(reader, segment, f->first);
    }
    return status;
}

enum sp_status sp_si_place(const struct sp_si_reader *reader, struct sp_segment *segment)
{
    enum sp_status status = link_bases(reader, segment->first);
    if (status == SP_OK)
        status = place_fields(reader, segment->first, 0);
    return status == SP_OK ? link_counters(reader, segment, segment->first) : status;
}
