/* SPDX-License-Identifier: Apache-2.0 */
#include "artifact/cobol.h"

#include "artifact/cobol_node.h"

#define LEVEL_MAX 49u
#define LEVEL_RENAMES 66u
#define LEVEL_ALONE 77u
#define LEVEL_CONDITION 88u

/* Items whose subordinates may still come. */
struct open_items {
    struct sp_cobol_node *nodes[LEVEL_MAX + 2];
    unsigned depth;
};

struct records {
    struct sp_cobol_node *first, *last; /* level 01, linked by field.next */
    struct sp_cobol_node *wrapper;      /* around a source without level 01, or NULL */
    struct open_items open;
};

unsigned sp_cobol_line(const struct sp_field *field)
{
    return sp_cobol_node_of(field)->line;
}

static enum sp_status no_memory(const struct sp_cobol_reader *r)
{
    return sp_cobol_fail(&r->scan, 0, SP_ENOMEM, "the copybook needs more memory than there is");
}

/* ---------------------------------------------------------------- one entry */

/* "A-B" is A_B; FILLER is FILL_n. */
static enum sp_status set_names(struct sp_cobol_reader *r, struct sp_cobol_node *node)
{
    struct sp_str name = node->cobol_name.len ? sp_arena_str(r->scan.arena, node->cobol_name)
                                              : sp_arena_printf(r->scan.arena, "FILL_%u", r->fillers++);
    if (!name.ptr)
        return no_memory(r);
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] == '-')
            ((char *)name.ptr)[i] = '_';
    node->field.name = node->field.original = name;
    return SP_OK;
}

static enum sp_status read_level(struct sp_cobol_reader *r, unsigned *ret_level)
{
    static const char *const statements[] = {"COPY", "REPLACE", "EXEC", "EXECUTE", "CBL", "PROCESS"};
    uint64_t level = 0;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        if (sp_cobol_at(r, statements[i]))
            return sp_cobol_fail(&r->scan, r->scan.line, SP_EUNSUPPORTED,
                                 "%s is not expanded; give the source as the compiler sees it",
                                 statements[i]);
    if (r->token != SP_COBOL_WORD || sp_str_to_u64(r->scan.text, &level) != SP_OK)
        return sp_cobol_fail(&r->scan, r->scan.line, SP_ESYNTAX,
                             "\"%.*s\" stands where a level number begins an entry",
                             SP_STR_ARG(r->token == SP_COBOL_WORD || r->token == SP_COBOL_NUMBER
                                            ? r->scan.text
                                            : SP_STR("a literal or full stop")));
    if (level == LEVEL_RENAMES)
        return sp_cobol_fail(&r->scan, r->scan.line, SP_EUNSUPPORTED, "level 66 (RENAMES) is not supported");
    if ((level == 0 || level > LEVEL_MAX) && level != LEVEL_ALONE && level != LEVEL_CONDITION)
        return sp_cobol_fail(&r->scan, r->scan.line, SP_ESYNTAX,
                             "there is no level %.*s; levels are 01 to 49, 77 and 88",
                             SP_STR_ARG(r->scan.text));
    *ret_level = (unsigned)level;
    return sp_cobol_advance(r);
}

static enum sp_status read_entry(struct sp_cobol_reader *r, unsigned level, unsigned line,
                                 struct sp_cobol_node **ret_node)
{
    struct sp_cobol_node *node = sp_arena_calloc(r->scan.arena, 1, sizeof *node);
    if (!node)
        return no_memory(r);
    if (++r->entries > SP_LAYOUT_FIELDS_MAX)
        return sp_cobol_fail(&r->scan, line, SP_ELIMIT, "the copybook has more than %u items",
                             SP_LAYOUT_FIELDS_MAX);
    node->alone = level == LEVEL_ALONE;
    node->level = node->alone ? 1 : level;
    node->line = line;
    node->cobol_name = SP_STR("");
    enum sp_status status = SP_OK;
    if (r->token == SP_COBOL_WORD && !sp_cobol_begins_clause(r->scan.text)) {
        if (!sp_cobol_at(r, "FILLER"))
            node->cobol_name = r->scan.text;
        status = sp_cobol_advance(r);
    }
    if (status == SP_OK)
        status = set_names(r, node);
    if (status == SP_OK)
        status = sp_cobol_read_clauses(r, node);
    if (status == SP_OK && node->level == 1 && node->occurs)
        return sp_cobol_fail(&r->scan, line, SP_EINVAL, "%.*s: a level 01 cannot occur",
                             SP_STR_ARG(node->cobol_name));
    if (status == SP_OK)
        *ret_node = node;
    return status;
}

/* Condition names and listing words say nothing about storage. */
static enum sp_status skip_entry(struct sp_cobol_reader *r)
{
    enum sp_status status = SP_OK;
    while (status == SP_OK && r->token != SP_COBOL_PERIOD && r->token != SP_COBOL_END)
        status = sp_cobol_advance(r);
    if (status == SP_OK && r->token == SP_COBOL_END)
        return sp_cobol_fail(&r->scan, r->scan.line, SP_ESYNTAX, "the source ends without a full stop");
    return status == SP_OK ? sp_cobol_advance(r) : status;
}

static bool at_listing_word(const struct sp_cobol_reader *r)
{
    return sp_cobol_at(r, "EJECT") || sp_cobol_at(r, "SKIP1") || sp_cobol_at(r, "SKIP2") ||
           sp_cobol_at(r, "SKIP3");
}

static enum sp_status skip_listing_word(struct sp_cobol_reader *r)
{
    enum sp_status status = sp_cobol_advance(r);
    return status == SP_OK && r->token == SP_COBOL_PERIOD ? sp_cobol_advance(r) : status;
}

/* ---------------------------------------------------------------- the tree */

static struct sp_cobol_node *make_wrapper(struct sp_cobol_reader *r)
{
    struct sp_cobol_node *node = sp_arena_calloc(r->scan.arena, 1, sizeof *node);
    if (node) {
        node->line = 1;
        node->cobol_name = r->options->wrapper;
        node->field.name = node->field.original = r->options->wrapper;
    }
    return node;
}

static void append_child(struct sp_cobol_node *parent, struct sp_cobol_node *child)
{
    child->field.parent = &parent->field;
    if (parent->last)
        parent->last->next = &child->field;
    else
        parent->field.first = &child->field;
    parent->last = &child->field;
}

static enum sp_status add_record(struct sp_cobol_reader *r, struct records *records,
                                 struct sp_cobol_node *node)
{
    if (records->wrapper)
        return sp_cobol_fail(&r->scan, node->line, SP_EINVAL,
                             "%.*s: a level 01 after items that stand outside of any",
                             SP_STR_ARG(node->cobol_name));
    if (records->last)
        records->last->field.next = &node->field;
    else
        records->first = node;
    records->last = node;
    records->open.nodes[0] = node;
    records->open.depth = 1;
    return SP_OK;
}

static enum sp_status add_item(struct sp_cobol_reader *r, struct records *records, struct sp_cobol_node *node)
{
    struct open_items *open = &records->open;
    if (!open->depth) {
        if (!r->options->wrapper.len)
            return sp_cobol_fail(&r->scan, node->line, SP_EINVAL, "%.*s: the source begins below level 01",
                                 SP_STR_ARG(node->cobol_name));
        records->wrapper = make_wrapper(r);
        if (!records->wrapper)
            return no_memory(r);
        records->first = records->last = open->nodes[open->depth++] = records->wrapper;
    }
    if (open->nodes[0]->alone)
        return sp_cobol_fail(&r->scan, node->line, SP_EINVAL, "%.*s: nothing stands below a level 77",
                             SP_STR_ARG(node->field.name));
    while (open->nodes[open->depth - 1]->level >= node->level)
        open->depth--;
    struct sp_cobol_node *parent = open->nodes[open->depth - 1];
    if (parent->field.first && sp_cobol_node_of(parent->field.first)->level != node->level)
        return sp_cobol_fail(
            &r->scan, node->line, SP_EINVAL, "%.*s: level %02u is not that of its neighbours, %02u",
            SP_STR_ARG(node->field.name), node->level, sp_cobol_node_of(parent->field.first)->level);
    append_child(parent, node);
    open->nodes[open->depth++] = node;
    return SP_OK;
}

static enum sp_status read_records(struct sp_cobol_reader *r, struct records *records)
{
    enum sp_status status = sp_cobol_advance(r);
    while (status == SP_OK && r->token != SP_COBOL_END) {
        struct sp_cobol_node *node = NULL;
        unsigned level = 0, line = r->scan.line;
        if (at_listing_word(r)) {
            status = skip_listing_word(r);
            continue;
        }
        status = read_level(r, &level);
        if (status == SP_OK && level == LEVEL_CONDITION) {
            status = skip_entry(r);
            continue;
        }
        if (status == SP_OK)
            status = read_entry(r, level, line, &node);
        if (status == SP_OK)
            status = node->level == 1 ? add_record(r, records, node) : add_item(r, records, node);
    }
    return status;
}

static enum sp_status choose_record(struct sp_cobol_reader *r, const struct records *records,
                                    struct sp_cobol_node **ret_record)
{
    struct sp_str wanted = r->options->record;
    if (!records->first)
        return sp_cobol_fail(&r->scan, 0, SP_EINVAL, "the source describes no data");
    if (!wanted.len) {
        if (records->first != records->last)
            return sp_cobol_fail(&r->scan, sp_cobol_line(records->first->field.next), SP_EINVAL,
                                 "there are several levels 01 (%.*s, %.*s); say which is the record",
                                 SP_STR_ARG(records->first->cobol_name),
                                 SP_STR_ARG(sp_cobol_node_of(records->first->field.next)->cobol_name));
        *ret_record = records->first;
        return SP_OK;
    }
    for (struct sp_field *f = &records->first->field; f; f = f->next) {
        if (sp_str_caseless_eq(sp_cobol_node_of(f)->cobol_name, wanted)) {
            *ret_record = sp_cobol_node_of(f);
            return SP_OK;
        }
    }
    return sp_cobol_fail(&r->scan, 0, SP_ENOTFOUND, "there is no level 01 %.*s in the source",
                         SP_STR_ARG(wanted));
}

enum sp_status sp_cobol_read(struct sp_str source, const char *file, const struct sp_cobol_options *options,
                             struct sp_arena *arena, struct sp_field **ret_record, struct sp_error *err)
{
    struct sp_cobol_reader r = {.options = options};
    struct records records = {0};
    struct sp_cobol_node *record = NULL;
    enum sp_status status = sp_cobol_scan_init(&r.scan, source, file, options->free_format, arena, err);
    if (status == SP_OK)
        status = read_records(&r, &records);
    if (status == SP_OK)
        status = choose_record(&r, &records, &record);
    if (status != SP_OK)
        return status;
    record->field.next = NULL;
    record->redefines = SP_STR("");
    status = sp_cobol_lay_out(&r, &record->field);
    if (status == SP_OK)
        *ret_record = &record->field;
    return status;
}
