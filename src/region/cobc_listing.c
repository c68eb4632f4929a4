/* SPDX-License-Identifier: Apache-2.0 */
#include "region/cobc_listing.h"

#define NAME_SHOWN 30u /* longer names are cut in the listing */

struct row {
    uint32_t size;
    unsigned level;
    struct sp_str type;  /* "GROUP", "NUMERIC", ... */
    struct sp_str name;  /* perhaps cut */
    struct sp_str base;  /* that it redefines; empty: none */
    struct sp_str usage; /* picture and usage */
    uint32_t max;        /* occurrences, 0: no array */
    bool varies;
};

struct listing {
    struct sp_str rest;
    struct sp_layout_record *record;
    struct sp_arena *arena;
    struct sp_error *err;
    struct row row; /* the next one */
    bool at_end;
    unsigned items;
};

static struct sp_str take_token(struct sp_str *s)
{
    size_t n = 0;
    *s = sp_str_trim(*s);
    while (n < s->len && s->ptr[n] != ' ' && s->ptr[n] != ',')
        n++;
    struct sp_str token = sp_str_slice(*s, 0, n);
    *s = sp_str_slice(*s, n < s->len && s->ptr[n] == ',' ? n + 1 : n, s->len);
    return token;
}

static bool token_number(struct sp_str token, uint32_t *ret_number)
{
    uint64_t n;
    if (sp_str_to_u64(token, &n) != SP_OK || n > SP_LAYOUT_RECORD_MAX)
        return false;
    *ret_number = (uint32_t)n;
    return true;
}

/* Behind the name: picture, usage, OCCURS n [TO m], REDEFINES x, with commas between. */
static void read_clauses(struct sp_str rest, struct row *row)
{
    const char *usage = rest.ptr, *usage_end = rest.ptr;
    bool in_usage = true;
    while ((rest = sp_str_trim(rest)).len) {
        struct sp_str token = take_token(&rest);
        if (sp_str_is(token, "OCCURS")) {
            in_usage = false;
            token_number(take_token(&rest), &row->max);
        } else if (sp_str_is(token, "TO")) {
            row->varies = true;
            token_number(take_token(&rest), &row->max);
        } else if (sp_str_is(token, "REDEFINES")) {
            in_usage = false;
            row->base = take_token(&rest);
        } else if (in_usage) {
            usage_end = token.ptr + token.len;
        }
    }
    row->usage = sp_str_trim(sp_str_from(usage, (size_t)(usage_end - usage)));
}

static bool read_row(struct sp_str line, struct row *ret_row)
{
    struct row row = {0};
    uint32_t level;
    if (!token_number(take_token(&line), &row.size))
        return false;
    row.type = take_token(&line);
    if (!token_number(take_token(&line), &level) || !level || level > 88)
        return false;
    row.level = level;
    row.name = take_token(&line);
    read_clauses(line, &row);
    *ret_row = row;
    return row.name.len != 0;
}

/* To the next row of the record; the lines between are page headings and conditions. */
static void advance(struct listing *listing)
{
    struct sp_str line;
    while (sp_str_split(&listing->rest, '\n', &line)) {
        if (!read_row(line, &listing->row))
            continue;
        listing->at_end = listing->row.level == 1 || listing->row.level == 77;
        return;
    }
    listing->at_end = true;
}

static bool names_match(struct sp_str shown, struct sp_str name)
{
    return sp_str_eq(shown, name) || (shown.len == NAME_SHOWN && sp_str_starts(name, shown));
}

static enum sp_status refused(const struct listing *listing, struct sp_str item, const char *why)
{
    return sp_error_set(listing->err, SP_EUNSUPPORTED, NULL, "record %.*s, item %.*s: %s",
                        SP_STR_ARG(listing->record->name), SP_STR_ARG(item), why);
}

static bool is_edited(struct sp_str picture)
{
    for (size_t i = 0; i < picture.len; i++)
        if (!strchr("S9VP()012345678", picture.ptr[i]))
            return true;
    return false;
}

static bool set_kind(const struct row *row, struct sp_layout_item *item)
{
    struct sp_str usage = row->usage, picture = take_token(&usage);
    usage = sp_str_trim(usage);
    item->is_signed = picture.len && *picture.ptr == 'S';
    if (sp_str_is(row->type, "ALPHANUMERIC") || sp_str_is(row->type, "ALPHABETIC"))
        item->kind = SP_LAYOUT_CHAR;
    else if (!sp_str_is(row->type, "NUMERIC"))
        return false;
    else if (sp_str_is(usage, "COMP-3") || sp_str_is(usage, "COMP-6"))
        item->kind = SP_LAYOUT_PACKED;
    else if (sp_str_is(usage, "COMP-5"))
        item->kind = SP_LAYOUT_NATIVE;
    else if (sp_str_is(usage, "COMP-1"))
        item->kind = SP_LAYOUT_FLOAT;
    else if (sp_str_is(usage, "COMP-2"))
        item->kind = SP_LAYOUT_DOUBLE;
    else if (sp_str_is(usage, "COMP") || sp_str_is(usage, "COMP-4") || sp_str_is(usage, "COMP-X"))
        item->kind = SP_LAYOUT_BINARY;
    else if (is_edited(picture)) /* maybe with commas in it, so that the rest of it looks like a usage */
        item->kind = SP_LAYOUT_CHAR;
    else if (!usage.len)
        item->kind = SP_LAYOUT_ZONED;
    else
        return false;
    return true;
}

static void skip_subtree(struct listing *listing)
{
    unsigned level = listing->row.level;
    do
        advance(listing);
    while (!listing->at_end && listing->row.level > level);
}

static enum sp_status read_group(struct listing *listing, const struct row *row, unsigned depth,
                                 struct sp_layout_item *item);

/* The row and all below it; the next row is behind them. */
static enum sp_status read_item(struct listing *listing, uint32_t at, unsigned depth,
                                struct sp_layout_item *item)
{
    struct row row = listing->row;
    item->name = sp_arena_str(listing->arena, row.name);
    item->at = at;
    item->max = row.max;
    if (row.varies)
        return refused(listing, item->name, "OCCURS DEPENDING ON in a redefinition is not supported");
    advance(listing);
    if (sp_str_is(row.type, "GROUP"))
        return read_group(listing, &row, depth, item);
    item->bytes = row.size;
    if (!set_kind(&row, item))
        return refused(listing, item->name, "its usage cannot be translated between z/OS and GnuCOBOL");
    return SP_OK;
}

static enum sp_status read_group(struct listing *listing, const struct row *row, unsigned depth,
                                 struct sp_layout_item *item)
{
    struct sp_layout_item **end = &item->first;
    uint64_t at = item->at;
    item->kind = SP_LAYOUT_GROUP;
    while (!listing->at_end && listing->row.level > row->level) {
        if (listing->row.base.len) {
            skip_subtree(listing);
            continue;
        }
        if (depth == SP_LAYOUT_DEPTH_MAX || ++listing->items > SP_LAYOUT_ITEMS_MAX)
            return refused(listing, item->name, "too many items, or nested too deeply");
        struct sp_layout_item *child = sp_arena_calloc(listing->arena, 1, sizeof *child);
        if (!child)
            return sp_error_set(listing->err, SP_ENOMEM, NULL, "no memory for the layout");
        child->parent = item;
        enum sp_status status = read_item(listing, (uint32_t)at, depth + 1, child);
        if (status != SP_OK)
            return status;
        *end = child;
        end = &child->next;
        at += (uint64_t)child->bytes * (child->max ? child->max : 1);
        if (at > SP_LAYOUT_RECORD_MAX)
            return refused(listing, item->name, "it is too long");
    }
    item->bytes = (uint32_t)(at - item->at);
    /* The listing has the size of a group with all its occurrences. */
    if ((uint64_t)item->bytes * (item->max ? item->max : 1) != row->size)
        return refused(listing, item->name,
                       "its size is not the sum of its items: SYNCHRONIZED items in a redefinition are not "
                       "supported");
    return SP_OK;
}

static bool depends_on_a_counter(const struct sp_layout_item *item)
{
    if (item->counter)
        return true;
    for (item = item->first; item; item = item->next)
        if (depends_on_a_counter(item))
            return true;
    return false;
}

static struct sp_layout_item *find_item(struct sp_layout_item *item, struct sp_str shown)
{
    for (; item; item = item->next) {
        if (names_match(shown, item->name))
            return item;
        struct sp_layout_item *found = find_item(item->first, shown);
        if (found)
            return found;
    }
    return NULL;
}

/* To the row of the redefinition in the record. */
static bool find_redefinition(struct listing *listing, struct sp_str name)
{
    bool in_record = false;
    struct sp_str line;
    while (sp_str_split(&listing->rest, '\n', &line)) {
        if (!read_row(line, &listing->row))
            continue;
        if (listing->row.level == 1 || listing->row.level == 77)
            in_record = names_match(listing->row.name, listing->record->name);
        else if (in_record && listing->row.base.len && names_match(listing->row.name, name))
            return true;
    }
    return false;
}

enum sp_status sp_cobc_listing_redefine(struct sp_str text, struct sp_layout_record *record,
                                        struct sp_str name, struct sp_arena *arena, struct sp_error *err)
{
    struct listing listing = {.rest = text, .record = record, .arena = arena, .err = err};
    if (!find_redefinition(&listing, name))
        return sp_error_set(err, SP_ENOTFOUND, NULL, "record %.*s has no item %.*s that redefines another",
                            SP_STR_ARG(record->name), SP_STR_ARG(name));
    struct sp_layout_item *base = find_item(record->root, listing.row.base), other = {0};
    if (!base || depends_on_a_counter(base))
        return refused(&listing, name,
                       "what it redefines is itself a redefinition, or of varying size; name another item");
    enum sp_status status = read_item(&listing, base->at, 0, &other);
    if (status != SP_OK)
        return status;
    uint64_t room = (uint64_t)base->bytes * (base->max ? base->max : 1);
    if ((uint64_t)other.bytes * (other.max ? other.max : 1) > room || base->slot)
        return refused(&listing, name, "it is longer than what it redefines, or that counts occurrences");
    other.name = sp_arena_str(arena, name);
    other.next = base->next;
    other.parent = base->parent;
    *base = other;
    for (struct sp_layout_item *child = base->first; child; child = child->next)
        child->parent = base;
    return sp_layout_check(record, err);
}
