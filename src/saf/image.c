/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/image.h"

#include <stdlib.h>

#include <openssl/sha.h>

#include "saf/class_table.h"
#include "saf/generic.h"

#define IMAGE_CEILING ((size_t)1 << 30)
#define ENTRIES_MAX ((size_t)1 << 24)

/* A growing array of the heap for what is read before its place in the image is known. */
struct list {
    char *items;
    size_t count, capacity, size;
};

struct builder {
    struct sp_saf_image *image;
    struct sp_hash interned;
    struct list connects, profiles, access, members;
    struct sp_error *err;
};

static void *list_add(struct list *list, size_t size)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 256;
        char *grown = capacity <= ENTRIES_MAX ? realloc(list->items, capacity * size) : NULL;
        if (!grown)
            return NULL;
        list->items = grown;
        list->capacity = capacity;
        list->size = size;
    }
    return list->items + size * list->count++;
}

static enum sp_status no_memory(struct builder *b)
{
    return sp_error_set(b->err, SP_ELIMIT, NULL, "the security database does not fit into memory");
}

/* A copy that lasts as long as the image; equal short strings (ids, classes) are kept once. */
static bool keep(struct builder *b, struct sp_str *s)
{
    if (!s->len) {
        *s = SP_STR("");
        return true;
    }
    bool shared = s->len <= SP_SAF_ID_MAX;
    struct sp_str *known = shared ? sp_hash_get(&b->interned, *s) : NULL;
    if (known) {
        *s = *known;
        return true;
    }
    struct sp_str copy = sp_arena_str(&b->image->arena, *s);
    if (!copy.ptr)
        return false;
    if (shared) {
        known = sp_arena_alloc(&b->image->arena, sizeof *known);
        if (!known)
            return false;
        *known = copy;
        if (sp_hash_add(&b->interned, copy, known))
            return false;
    }
    *s = copy;
    return true;
}

static enum sp_status take_user(void *arg, const void *value)
{
    struct builder *b = arg;
    struct sp_saf_image_user *node = sp_arena_calloc(&b->image->arena, 1, sizeof *node);
    if (!node)
        return no_memory(b);
    struct sp_saf_user *u = &node->user;
    *u = *(const struct sp_saf_user *)value;
    if (!keep(b, &u->id) || !keep(b, &u->name) || !keep(b, &u->default_group) || !keep(b, &u->owner) ||
        !keep(b, &u->home) || !keep(b, &u->program) || !keep(b, &u->data))
        return no_memory(b);
    /* Verifiers stay in the database: whether there is one is all that a decision needs. */
    u->password.encoded = u->password.encoded.len ? SP_STR("*") : SP_STR("");
    u->phrase.encoded = u->phrase.encoded.len ? SP_STR("*") : SP_STR("");
    return sp_hash_add(&b->image->users, u->id, node) ? no_memory(b) : SP_OK;
}

static enum sp_status take_group(void *arg, const void *value)
{
    struct builder *b = arg;
    struct sp_saf_group *g = sp_arena_alloc(&b->image->arena, sizeof *g);
    if (!g)
        return no_memory(b);
    *g = *(const struct sp_saf_group *)value;
    if (!keep(b, &g->id) || !keep(b, &g->superior) || !keep(b, &g->owner) || !keep(b, &g->data))
        return no_memory(b);
    return sp_hash_add(&b->image->groups, g->id, g) ? no_memory(b) : SP_OK;
}

static enum sp_status take_connect(void *arg, const void *value)
{
    struct builder *b = arg;
    struct sp_saf_connect *c = list_add(&b->connects, sizeof *c);
    if (!c)
        return no_memory(b);
    *c = *(const struct sp_saf_connect *)value;
    return keep(b, &c->user) && keep(b, &c->group) && keep(b, &c->owner) ? SP_OK : no_memory(b);
}

static enum sp_status take_profile(void *arg, const void *value)
{
    struct builder *b = arg;
    struct sp_saf_profile *p = sp_arena_alloc(&b->image->arena, sizeof *p);
    struct sp_saf_profile **place = p ? list_add(&b->profiles, sizeof *place) : NULL;
    if (!place)
        return no_memory(b);
    *place = p;
    *p = *(const struct sp_saf_profile *)value;
    return keep(b, &p->class) && keep(b, &p->name) && keep(b, &p->owner) && keep(b, &p->notify) &&
                   keep(b, &p->appl_data) && keep(b, &p->data) && keep(b, &p->st_user) &&
                   keep(b, &p->st_group)
               ? SP_OK
               : no_memory(b);
}

static enum sp_status take_access(void *arg, const void *value)
{
    struct builder *b = arg;
    struct sp_saf_access_entry *a = list_add(&b->access, sizeof *a);
    if (!a)
        return no_memory(b);
    *a = *(const struct sp_saf_access_entry *)value;
    return keep(b, &a->class) && keep(b, &a->profile) && keep(b, &a->id) && keep(b, &a->when_kind) &&
                   keep(b, &a->when_name)
               ? SP_OK
               : no_memory(b);
}

static enum sp_status take_member(void *arg, const void *value)
{
    struct builder *b = arg;
    struct sp_saf_member *m = list_add(&b->members, sizeof *m);
    if (!m)
        return no_memory(b);
    *m = *(const struct sp_saf_member *)value;
    return keep(b, &m->class) && keep(b, &m->profile) && keep(b, &m->member) ? SP_OK : no_memory(b);
}

static struct sp_saf_image_class *class_node(struct builder *b, struct sp_str name)
{
    struct sp_saf_image_class *node = sp_hash_get(&b->image->classes, name);
    if (node)
        return node;
    node = sp_arena_calloc(&b->image->arena, 1, sizeof *node);
    if (!node || !keep(b, &name))
        return NULL;
    node->info = sp_saf_class_find(name);
    node->settings.name = name;
    sp_hash_init(&node->discrete, ENTRIES_MAX);
    sp_hash_init(&node->generic, ENTRIES_MAX);
    return sp_hash_add(&b->image->classes, name, node) ? NULL : node;
}

static enum sp_status take_class(void *arg, const void *value)
{
    struct builder *b = arg;
    const struct sp_saf_class *settings = value;
    struct sp_saf_image_class *node = class_node(b, settings->name);
    if (!node)
        return no_memory(b);
    struct sp_str name = node->settings.name;
    node->settings = *settings;
    node->settings.name = name;
    return keep(b, &node->settings.logoptions) ? SP_OK : no_memory(b);
}

/* ---- identity and certificate maps ---- */

static struct sp_str pair(struct builder *b, struct sp_str first, struct sp_str second)
{
    char *text = sp_arena_alloc(&b->image->arena, first.len + second.len + 1);
    if (!text)
        return (struct sp_str){NULL, 0};
    if (first.len)
        memcpy(text, first.ptr, first.len);
    text[first.len] = '\0';
    if (second.len)
        memcpy(text + first.len + 1, second.ptr, second.len);
    return sp_str_from(text, first.len + second.len + 1);
}

static enum sp_status take_identity_filter(void *arg, const void *value)
{
    struct builder *b = arg;
    struct sp_saf_identity_filter *f = sp_arena_alloc(&b->image->arena, sizeof *f);
    if (!f)
        return no_memory(b);
    *f = *(const struct sp_saf_identity_filter *)value;
    if (!keep(b, &f->user) || !keep(b, &f->name) || !keep(b, &f->registry) || !keep(b, &f->label))
        return no_memory(b);
    struct sp_str key = pair(b, f->name, f->registry);
    return !key.ptr || sp_hash_put(&b->image->identities, key, f) ? no_memory(b) : SP_OK;
}

static enum sp_status take_cert_filter(void *arg, const void *value)
{
    struct builder *b = arg;
    struct sp_saf_cert_filter *f = sp_arena_alloc(&b->image->arena, sizeof *f);
    if (!f)
        return no_memory(b);
    *f = *(const struct sp_saf_cert_filter *)value;
    if (!keep(b, &f->user) || !keep(b, &f->subject) || !keep(b, &f->issuer) || !keep(b, &f->label) ||
        !keep(b, &f->criteria))
        return no_memory(b);
    enum sp_status status;
    if (f->subject.len && f->issuer.len) {
        struct sp_str key = pair(b, f->subject, f->issuer);
        status = key.ptr ? sp_hash_put(&b->image->both_filters, key, f) : SP_ENOMEM;
    } else if (f->subject.len) {
        status = sp_hash_put(&b->image->subject_filters, f->subject, f);
    } else {
        status = sp_hash_put(&b->image->issuer_filters, f->issuer, f);
    }
    return status ? no_memory(b) : SP_OK;
}

static enum sp_status take_certificate(void *arg, const void *value)
{
    struct builder *b = arg;
    struct sp_saf_certificate *c = sp_arena_alloc(&b->image->arena, sizeof *c);
    unsigned char *digest = sp_arena_alloc(&b->image->arena, SHA256_DIGEST_LENGTH);
    if (!c || !digest)
        return no_memory(b);
    *c = *(const struct sp_saf_certificate *)value;
    SHA256((const unsigned char *)c->der.ptr, c->der.len, digest);
    c->der = c->private_key = SP_STR("");
    if (!keep(b, &c->owner) || !keep(b, &c->label))
        return no_memory(b);
    return sp_hash_put(&b->image->certificates, sp_str_from(digest, SHA256_DIGEST_LENGTH), c) ? no_memory(b)
                                                                                              : SP_OK;
}

/* ---- connections ---- */

/* The list is in order of user: each run of it belongs to one. */
static enum sp_status place_connects(struct builder *b)
{
    struct sp_arena *arena = &b->image->arena;
    size_t n = b->connects.count;
    struct sp_saf_connect *all = sp_arena_calloc(arena, n ? n : 1, sizeof *all);
    struct sp_str *groups = sp_arena_calloc(arena, n ? n : 1, sizeof *groups);
    if (!all || !groups)
        return no_memory(b);
    if (n)
        memcpy(all, b->connects.items, n * sizeof *all);
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from; to < n && sp_str_eq(all[to].user, all[from].user); to++)
            ;
        struct sp_saf_image_user *user = sp_hash_get(&b->image->users, all[from].user);
        if (!user)
            continue;
        user->connects = all + from;
        user->connect_count = to - from;
        user->groups = groups + from;
        for (size_t i = from; i < to; i++)
            if (!sp_saf_is_revoked(all[i].flags, all[i].revoke_date, all[i].resume_date, b->image->day))
                groups[from + user->group_count++] = all[i].group;
    }
    return SP_OK;
}

/* ---- profiles ---- */

/* Entries of one profile in a list whose items begin with class and profile and are in that order. */
static const void *run_of(const struct list *list, const struct sp_saf_profile *p, size_t *ret_count)
{
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct sp_str *key = (const void *)(list->items + middle * list->size);
        int order = sp_str_cmp(key[0], p->class);
        if (!order)
            order = sp_str_cmp(key[1], p->name);
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (high = low; high < list->count; high++) {
        const struct sp_str *key = (const void *)(list->items + high * list->size);
        if (!sp_str_eq(key[0], p->class) || !sp_str_eq(key[1], p->name))
            break;
    }
    *ret_count = high - low;
    return list->items ? list->items + low * list->size : NULL;
}
_Static_assert(offsetof(struct sp_saf_access_entry, profile) == sizeof(struct sp_str),
               "class and profile come first");
_Static_assert(offsetof(struct sp_saf_member, profile) == sizeof(struct sp_str),
               "class and profile come first");

static int by_kind_and_id(const void *a, const void *b)
{
    const struct sp_saf_image_access *x = a, *y = b;
    if (!x->when_kind.len != !y->when_kind.len)
        return x->when_kind.len ? 1 : -1;
    int order = sp_str_cmp(x->id, y->id);
    if (!order)
        order = sp_str_cmp(x->when_kind, y->when_kind);
    return order ? order : sp_str_cmp(x->when_name, y->when_name);
}

/* Put the entries into order and leave of equal ones the most permissive. */
static size_t sort_access(struct sp_saf_image_access *entries, size_t count)
{
    if (!count)
        return 0;
    qsort(entries, count, sizeof *entries, by_kind_and_id);
    size_t kept = 1;
    for (size_t i = 1; i < count; i++) {
        if (by_kind_and_id(&entries[i], &entries[kept - 1]) != 0)
            entries[kept++] = entries[i];
        else if (entries[i].access > entries[kept - 1].access)
            entries[kept - 1].access = entries[i].access;
    }
    return kept;
}

/* The profile's own access list and attributes, added to what the node has. */
static enum sp_status merge_profile(struct builder *b, struct sp_saf_image_profile *node,
                                    const struct sp_saf_profile *p)
{
    size_t more;
    const struct sp_saf_access_entry *run = run_of(&b->access, p, &more);
    struct sp_saf_image_access *list =
        sp_arena_calloc(&b->image->arena, node->access_count + more + 1, sizeof *list);
    if (!list)
        return no_memory(b);
    if (node->access_count)
        memcpy(list, node->access, node->access_count * sizeof *list);
    for (size_t i = 0; i < more; i++)
        list[node->access_count + i] =
            (struct sp_saf_image_access){run[i].id, run[i].access, run[i].when_kind, run[i].when_name};
    node->access_count = sort_access(list, node->access_count + more);
    node->access = list;
    if (!node->profile)
        node->profile = p;
    if (p->uacc > node->uacc)
        node->uacc = p->uacc;
    node->warning |= p->warning;
    node->audit.successes |= p->audit.successes;
    node->audit.failures |= p->audit.failures;
    node->audit.successes_from = p->audit.successes_from;
    node->audit.failures_from = p->audit.failures_from;
    node->global_audit.successes |= p->global_audit.successes;
    node->global_audit.failures |= p->global_audit.failures;
    return SP_OK;
}

static struct sp_saf_image_profile *generic_node(struct builder *b, struct sp_saf_image_class *class,
                                                 struct sp_str name)
{
    struct sp_str prefix = sp_str_slice(name, 0, sp_generic_prefix(name));
    struct sp_saf_image_profile *first = sp_hash_get(&class->generic, prefix), **place = &first;
    while (*place && sp_generic_order((*place)->name, name) < 0)
        place = &(*place)->next;
    if (*place && sp_str_eq((*place)->name, name))
        return *place;
    struct sp_saf_image_profile *node = sp_arena_calloc(&b->image->arena, 1, sizeof *node);
    if (!node)
        return NULL;
    node->name = name;
    node->next = *place;
    *place = node;
    class->lengths[prefix.len / 8] |= (unsigned char)(1u << prefix.len % 8);
    return sp_hash_put(&class->generic, sp_str_slice(first->name, 0, prefix.len), first) ? NULL : node;
}

static enum sp_status place_name(struct builder *b, struct sp_str class_name, struct sp_str name,
                                 bool generic, const struct sp_saf_profile *p)
{
    struct sp_saf_image_class *class = class_node(b, class_name);
    struct sp_saf_image_profile *node = NULL;
    if (class && generic) {
        node = generic_node(b, class, name);
    } else if (class) {
        node = sp_hash_get(&class->discrete, name);
        if (!node) {
            node = sp_arena_calloc(&b->image->arena, 1, sizeof *node);
            if (node) {
                node->name = name;
                if (sp_hash_add(&class->discrete, name, node))
                    node = NULL;
            }
        }
    }
    return node ? merge_profile(b, node, p) : no_memory(b);
}

static enum sp_status place_profile(struct builder *b, const struct sp_saf_profile *p)
{
    enum sp_status status = place_name(b, p->class, p->name, p->generic, p);
    const struct sp_saf_class_info *info = sp_saf_class_find(p->class);
    bool global = sp_str_is(p->class, "GLOBAL");
    if (status || !info || (!info->member && !global))
        return status;
    size_t count;
    const struct sp_saf_member *run = run_of(&b->members, p, &count);
    if (global) {
        struct sp_saf_image_class *class = class_node(b, p->name);
        struct sp_saf_member *members = sp_arena_calloc(&b->image->arena, count ? count : 1, sizeof *members);
        if (!class || !members)
            return no_memory(b);
        if (count)
            memcpy(members, run, count * sizeof *members);
        class->global = members;
        class->global_count = count;
        return SP_OK;
    }
    for (size_t i = 0; i < count && !status; i++)
        status = place_name(b, sp_str_of(info->member), run[i].member, sp_generic_is(run[i].member), p);
    return status;
}

static enum sp_status place_profiles(struct builder *b)
{
    enum sp_status status = SP_OK;
    for (size_t i = 0; i < b->profiles.count && !status; i++)
        status = place_profile(b, ((struct sp_saf_profile **)(void *)b->profiles.items)[i]);
    return status;
}

/* ---- all of it ---- */

static enum sp_status read_all(struct builder *b, struct sp_saf_db *db)
{
    struct sp_str any = SP_STR("");
    struct sp_error *err = b->err;
    enum sp_status status = sp_saf_db_version(db, &b->image->version, err);
    if (!status)
        status = sp_saf_get_options(db, &b->image->options, err);
    if (!status)
        status = sp_saf_each_user(db, take_user, b, err);
    if (!status)
        status = sp_saf_each_group(db, take_group, b, err);
    if (!status)
        status = sp_saf_each_connect(db, any, any, take_connect, b, err);
    if (!status)
        status = sp_saf_each_class(db, take_class, b, err);
    if (!status)
        status = sp_saf_each_profile(db, any, take_profile, b, err);
    if (!status)
        status = sp_saf_each_access(db, any, any, any, take_access, b, err);
    if (!status)
        status = sp_saf_each_member(db, any, any, take_member, b, err);
    if (!status)
        status = sp_saf_each_identity_filter(db, take_identity_filter, b, err);
    if (!status)
        status = sp_saf_each_cert_filter(db, take_cert_filter, b, err);
    if (!status)
        status = sp_saf_each_certificate(db, false, take_certificate, b, err);
    return status;
}

enum sp_status sp_saf_image_build(struct sp_saf_db *db, int32_t day, struct sp_saf_image **ret_image,
                                  struct sp_error *err)
{
    struct sp_saf_image *image = calloc(1, sizeof *image);
    if (!image)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the security database");
    struct builder b = {.image = image, .err = err};
    atomic_init(&image->references, 1);
    image->day = day;
    sp_arena_init(&image->arena, IMAGE_CEILING);
    struct sp_hash *tables[] = {&image->users,          &image->groups,       &image->classes,
                                &image->identities,     &image->certificates, &image->subject_filters,
                                &image->issuer_filters, &image->both_filters, &b.interned};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        sp_hash_init(tables[i], ENTRIES_MAX);
    enum sp_status status = sp_saf_db_snapshot_begin(db, err);
    if (!status)
        status = read_all(&b, db);
    sp_saf_db_rollback(db);
    if (!status)
        status = place_connects(&b);
    if (!status)
        status = place_profiles(&b);
    free(b.connects.items);
    free(b.profiles.items);
    free(b.access.items);
    free(b.members.items);
    sp_hash_finish(&b.interned);
    if (status) {
        sp_saf_image_release(image);
        return status;
    }
    *ret_image = image;
    return SP_OK;
}

void sp_saf_image_release(const struct sp_saf_image *shared)
{
    struct sp_saf_image *image = (struct sp_saf_image *)(uintptr_t)shared;
    if (!image || atomic_fetch_sub(&image->references, 1) != 1)
        return;
    size_t cursor = 0;
    for (const struct sp_hash_slot *slot; (slot = sp_hash_next(&image->classes, &cursor));) {
        struct sp_saf_image_class *class = slot->value;
        sp_hash_finish(&class->discrete);
        sp_hash_finish(&class->generic);
    }
    struct sp_hash *tables[] = {&image->users,          &image->groups,       &image->classes,
                                &image->identities,     &image->certificates, &image->subject_filters,
                                &image->issuer_filters, &image->both_filters};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        sp_hash_finish(tables[i]);
    sp_arena_finish(&image->arena);
    free(image);
}

uint64_t sp_saf_image_version(const struct sp_saf_image *image)
{
    return image->version;
}

const struct sp_saf_image_user *sp_saf_image_find_user(const struct sp_saf_image *image, struct sp_str id)
{
    return sp_hash_get(&image->users, id);
}

const struct sp_saf_user *sp_saf_find_user(const struct sp_saf_image *image, struct sp_str id)
{
    const struct sp_saf_image_user *node = sp_saf_image_find_user(image, id);
    return node ? &node->user : NULL;
}

const struct sp_saf_group *sp_saf_find_group(const struct sp_saf_image *image, struct sp_str id)
{
    return sp_hash_get(&image->groups, id);
}

size_t sp_saf_groups_of(const struct sp_saf_image *image, struct sp_str user,
                        const struct sp_str **ret_groups)
{
    const struct sp_saf_image_user *node = sp_saf_image_find_user(image, user);
    *ret_groups = node ? node->groups : NULL;
    return node ? node->group_count : 0;
}

const struct sp_saf_image_profile *sp_saf_image_find_profile(const struct sp_saf_image *image,
                                                             struct sp_str class_name, struct sp_str resource,
                                                             const struct sp_saf_image_class **ret_class)
{
    const struct sp_saf_image_class *class = sp_hash_get(&image->classes, class_name);
    if (ret_class)
        *ret_class = class;
    if (!class)
        return NULL;
    const struct sp_saf_image_profile *found = sp_hash_get(&class->discrete, resource);
    if (found || !class->settings.generic)
        return found;
    size_t longest = resource.len < SP_SAF_NAME_MAX ? resource.len : SP_SAF_NAME_MAX;
    for (size_t length = longest + 1; length-- > 0;) {
        if (!(class->lengths[length / 8] & 1u << length % 8))
            continue;
        for (found = sp_hash_get(&class->generic, sp_str_slice(resource, 0, length)); found;
             found = found->next)
            if (sp_generic_covers(found->name, resource))
                return found;
    }
    return NULL;
}
