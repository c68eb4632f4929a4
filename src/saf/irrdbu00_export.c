/* SPDX-License-Identifier: Apache-2.0
 * Everything as a database unload: groups, users, general resources; then what RACF keeps in profiles of
 * classes of its own: certificates, name filters, rings, distributed identities.
 */
#include "saf/irrdbu00_export.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/sha.h>

#define ARENA_MAX ((size_t)1 << 30)
#define ROW_ARENA_MAX ((size_t)1 << 20)
#define ITEMS_MAX ((size_t)1 << 22)

void sp_export_text(struct sp_export *e, int field, struct sp_str value)
{
    sp_unload_put(&e->out, field, value);
}

void sp_export_level(struct sp_export *e, int field, enum sp_saf_access access)
{
    sp_unload_put(&e->out, field, sp_str_of(sp_saf_access_name(access)));
}

enum sp_status sp_export_end(struct sp_export *e)
{
    return sp_unload_end(&e->out, e->err);
}

struct sp_str sp_export_anchor(enum sp_saf_cert_owner kind, struct sp_str owner)
{
    return kind == SP_SAF_CERT_AUTH   ? SP_STR("irrcerta")
           : kind == SP_SAF_CERT_SITE ? SP_STR("irrsitec")
                                      : owner;
}

/* ---- lists that several records need ---- */

static enum sp_status no_memory(struct sp_export *e)
{
    return sp_error_set(e->err, SP_ENOMEM, NULL, "no memory to write an unload");
}

static void *add_item(struct sp_export_list *list, size_t size)
{
    if (list->count == list->room) {
        size_t room = list->room ? 2 * list->room : 64;
        void *more = room <= ITEMS_MAX ? realloc(list->ptr, room * size) : NULL;
        if (!more)
            return NULL;
        list->ptr = more;
        list->room = room;
        list->size = size;
    }
    return (char *)list->ptr + size * list->count++;
}

static enum sp_status keep(struct sp_export *e, struct sp_str **texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        *texts[i] = sp_arena_str(&e->arena, *texts[i]);
        if (!texts[i]->ptr)
            return no_memory(e);
    }
    return SP_OK;
}

static enum sp_status list_certificate(void *arg, const void *value)
{
    struct sp_export *e = arg;
    struct sp_export_certificate *item = add_item(&e->certificates, sizeof *item);
    if (!item)
        return no_memory(e);
    item->row = *(const struct sp_saf_certificate *)value;
    struct sp_str *texts[] = {&item->row.owner, &item->row.label};
    enum sp_status status = keep(e, texts, 2);
    if (!status) {
        status = sp_certificate_facts_read(item->row.der, &e->arena, &item->facts, e->err);
        if (status)
            sp_error_prefix(e->err, "certificate %.*s", SP_STR_ARG(item->row.label));
    }
    item->row.der = SP_STR("");
    return status;
}

static enum sp_status list_group(void *arg, const void *value)
{
    struct sp_export *e = arg;
    const struct sp_saf_group *group = value;
    struct sp_export_subgroup *item = add_item(&e->subgroups, sizeof *item);
    if (!item)
        return no_memory(e);
    *item = (struct sp_export_subgroup){group->superior, group->id};
    struct sp_str *texts[] = {&item->superior, &item->id};
    return keep(e, texts, 2);
}

/* The filter's profile in DIGTNMAP is named by a hash, as RACF does it; the hash is another. */
static enum sp_status name_filter(struct sp_export *e, struct sp_export_filter *item)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    struct sp_str name = sp_arena_printf(&e->arena, "%.*s\xc2\xa2%.*s", SP_STR_ARG(item->row.issuer),
                                         SP_STR_ARG(item->row.subject));
    char *hex = sp_arena_alloc(&e->arena, 2 * sizeof digest + 1);
    if (!name.ptr || !hex)
        return no_memory(e);
    SHA256((const unsigned char *)name.ptr, name.len, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(hex + 2 * i, 3, "%02X", digest[i]);
    item->create_name = name;
    item->profile = sp_str_from(hex, 2 * sizeof digest);
    return SP_OK;
}

static enum sp_status list_filter(void *arg, const void *value)
{
    struct sp_export *e = arg;
    struct sp_export_filter *item = add_item(&e->filters, sizeof *item);
    if (!item)
        return no_memory(e);
    item->row = *(const struct sp_saf_cert_filter *)value;
    struct sp_str *texts[] = {&item->row.user, &item->row.subject, &item->row.issuer, &item->row.label,
                              &item->row.criteria};
    enum sp_status status = keep(e, texts, 5);
    return status ? status : name_filter(e, item);
}

static enum sp_status list_identity(void *arg, const void *value)
{
    struct sp_export *e = arg;
    struct sp_saf_identity_filter *item = add_item(&e->identities, sizeof *item);
    if (!item)
        return no_memory(e);
    *item = *(const struct sp_saf_identity_filter *)value;
    struct sp_str *texts[] = {&item->user, &item->name, &item->registry, &item->label};
    return keep(e, texts, 4);
}

static enum sp_status list_ring(void *arg, const void *value)
{
    struct sp_export *e = arg;
    struct sp_saf_ring *item = add_item(&e->rings, sizeof *item);
    if (!item)
        return no_memory(e);
    *item = *(const struct sp_saf_ring *)value;
    struct sp_str *texts[] = {&item->owner, &item->name};
    return keep(e, texts, 2);
}

static enum sp_status list_entry(void *arg, const void *value)
{
    struct sp_export *e = arg;
    struct sp_saf_ring_entry *item = add_item(&e->entries, sizeof *item);
    if (!item)
        return no_memory(e);
    *item = *(const struct sp_saf_ring_entry *)value;
    struct sp_str *texts[] = {&item->ring_owner, &item->ring, &item->owner, &item->label};
    return keep(e, texts, 4);
}

static struct sp_str owner_of_certificate(const void *item)
{
    const struct sp_export_certificate *certificate = item;
    return sp_export_anchor(certificate->row.owner_kind, certificate->row.owner);
}

static struct sp_str owner_of_subgroup(const void *item)
{
    return ((const struct sp_export_subgroup *)item)->superior;
}

static struct sp_str owner_of_filter(const void *item)
{
    const struct sp_export_filter *filter = item;
    return filter->row.criteria.len ? SP_STR("irrmulti") : filter->row.user;
}

static struct sp_str owner_of_identity(const void *item)
{
    return ((const struct sp_saf_identity_filter *)item)->user;
}

static int by_owner(const void *a, const void *b)
{
    const struct sp_export_owned *x = a, *y = b;
    int order = sp_str_cmp(x->owner, y->owner);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

static enum sp_status index_list(struct sp_export *e, struct sp_export_list *list,
                                 struct sp_str (*owner)(const void *item))
{
    if (!list->count)
        return SP_OK;
    list->by_owner = malloc(list->count * sizeof *list->by_owner);
    if (!list->by_owner)
        return no_memory(e);
    for (size_t i = 0; i < list->count; i++)
        list->by_owner[i] = (struct sp_export_owned){owner((char *)list->ptr + i * list->size), i};
    qsort(list->by_owner, list->count, sizeof *list->by_owner, by_owner);
    return SP_OK;
}

const void *sp_export_owned(const struct sp_export_list *list, struct sp_str owner, size_t n)
{
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (sp_str_cmp(list->by_owner[middle].owner, owner) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low + n >= list->count || !sp_str_eq(list->by_owner[low + n].owner, owner))
        return NULL;
    return (const char *)list->ptr + list->by_owner[low + n].index * list->size;
}

static int by_profile(const void *a, const void *b)
{
    return sp_str_cmp(((const struct sp_export_certificate *)a)->facts.profile,
                      ((const struct sp_export_certificate *)b)->facts.profile);
}

static enum sp_status make_lists(struct sp_export *e)
{
    struct sp_str any = SP_STR("");
    enum sp_status status = sp_saf_each_certificate(e->db, false, list_certificate, e, e->err);
    if (!status)
        status = sp_saf_each_group(e->db, list_group, e, e->err);
    if (!status)
        status = sp_saf_each_cert_filter(e->db, list_filter, e, e->err);
    if (!status)
        status = sp_saf_each_identity_filter(e->db, list_identity, e, e->err);
    if (!status)
        status = sp_saf_each_ring(e->db, any, list_ring, e, e->err);
    if (!status)
        status = sp_saf_each_ring_entry(e->db, any, any, list_entry, e, e->err);
    if (e->certificates.count)
        qsort(e->certificates.ptr, e->certificates.count, e->certificates.size, by_profile);
    if (!status)
        status = index_list(e, &e->certificates, owner_of_certificate);
    if (!status)
        status = index_list(e, &e->subgroups, owner_of_subgroup);
    if (!status)
        status = index_list(e, &e->filters, owner_of_filter);
    return status ? status : index_list(e, &e->identities, owner_of_identity);
}

/* ---- the export ---- */

static enum sp_status export_all(struct sp_export *e)
{
    static enum sp_status (*const parts[])(struct sp_export *) = {
        make_lists,          sp_export_groups,       sp_export_users,
        sp_export_resources, sp_export_certificates, sp_export_filters,
        sp_export_rings,     sp_export_identities,
    };
    enum sp_status status = sp_saf_db_snapshot_begin(e->db, e->err);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && !status; i++)
        status = parts[i](e);
    sp_saf_db_rollback(e->db);
    return status ? status : sp_unload_flush(&e->out, e->err);
}

enum sp_status sp_saf_export_unload(struct sp_saf_db *db, sp_unload_write_fn *write, void *arg,
                                    struct sp_error *err)
{
    struct sp_export *e = calloc(1, sizeof *e);
    if (!e)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to write an unload");
    e->db = db;
    e->err = err;
    sp_unload_out_init(&e->out, write, arg);
    sp_arena_init(&e->arena, ARENA_MAX);
    sp_arena_init(&e->row_arena, ROW_ARENA_MAX);
    enum sp_status status = export_all(e);
    if (!status)
        sp_error_clear(err); /* of what was looked for and need not be there */
    struct sp_export_list *lists[] = {&e->certificates, &e->subgroups, &e->filters,
                                      &e->identities,   &e->rings,     &e->entries};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        free(lists[i]->ptr);
        free(lists[i]->by_owner);
    }
    sp_unload_out_finish(&e->out);
    sp_arena_finish(&e->arena);
    sp_arena_finish(&e->row_arena);
    free(e);
    return status;
}
