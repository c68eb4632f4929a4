/* SPDX-License-Identifier: Apache-2.0
 * Building an image: one pass over each table, in the order of its key. Rows that belong to a user or a
 * profile come in the order of those, so that each finds its place by going along with them.
 */
#include <stdlib.h>

#include <openssl/sha.h>

#include "saf/class_table.h"
#include "saf/generic.h"
#include "saf/image.h"

#define IMAGE_CEILING ((size_t)1 << 30)
#define ENTRIES_MAX ((size_t)1 << 24)

/* A growing array of the heap for what is read before its place in the image is known. */
struct list {
    void *items;
    size_t count, capacity;
};

struct raw_connect {
    struct sp_saf_image_user *user;
    struct sp_str group;
    bool good; /* not revoked today */
};

struct raw_access {
    size_t profile; /* index in the list of profiles */
    struct sp_saf_image_access entry;
};

struct raw_member {
    size_t profile;
    struct sp_str name;
    enum sp_saf_access global_access;
};

struct builder {
    struct sp_saf_image *image;
    struct sp_saf_id_table texts; /* of short names that were seen */
    struct list connects, profiles, access, members, generics;
    struct sp_hash generic_names;   /* "class\0name" -> struct sp_saf_image_profile */
    struct sp_saf_image_user *user; /* of the connection before */
    size_t profile;                 /* of the access entry or member before */
    struct sp_error *err;
};

static void *list_add(struct list *list, size_t size)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 256;
        void *grown = capacity <= ENTRIES_MAX ? realloc(list->items, capacity * size) : NULL;
        if (!grown)
            return NULL;
        list->items = grown;
        list->capacity = capacity;
    }
    return (char *)list->items + size * list->count++;
}

static enum sp_status no_memory(struct builder *b)
{
    return sp_error_set(b->err, SP_ELIMIT, NULL, "the security database does not fit into memory");
}

/* A copy that lasts as long as the image; equal short ones (ids, classes) are kept once. */
static bool keep(struct builder *b, struct sp_str *s)
{
    uint64_t key = sp_saf_id_key(*s);
    struct sp_str *known = sp_saf_id_table_get(&b->texts, key);
    if (known || !s->len) {
        *s = known ? *known : SP_STR("");
        return true;
    }
    *s = sp_arena_str(&b->image->arena, *s);
    if (!s->ptr || !key)
        return s->ptr;
    known = sp_arena_alloc(&b->image->arena, sizeof *known);
    if (!known || sp_saf_id_table_put(&b->texts, key, known))
        return false;
    *known = *s;
    return true;
}

/* ---- users, groups, connections ---- */

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
    /* Verifiers are salted, so that equal passwords have different ones. */
    const uint64_t marks[] = {sp_hash_bytes(u->password.encoded.ptr, u->password.encoded.len),
                              sp_hash_bytes(u->phrase.encoded.ptr, u->phrase.encoded.len)};
    node->password_mark = sp_hash_bytes(marks, sizeof marks);
    /* Verifiers stay in the database: whether there is one is all that a decision needs. */
    u->password.encoded = u->password.encoded.len ? SP_STR("*") : SP_STR("");
    u->phrase.encoded = u->phrase.encoded.len ? SP_STR("*") : SP_STR("");
    return sp_saf_id_table_put(&b->image->users, sp_saf_id_key(u->id), node) ? no_memory(b) : SP_OK;
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
    return sp_saf_id_table_put(&b->image->groups, sp_saf_id_key(g->id), g) ? no_memory(b) : SP_OK;
}

static enum sp_status take_connect(void *arg, const void *value)
{
    struct builder *b = arg;
    const struct sp_saf_connect *c = value;
    if (!b->user || !sp_str_eq(b->user->user.id, c->user))
        b->user = sp_saf_id_table_get(&b->image->users, sp_saf_id_key(c->user));
    if (!b->user)
        return SP_OK;
    struct raw_connect *raw = list_add(&b->connects, sizeof *raw);
    if (!raw)
        return no_memory(b);
    raw->user = b->user;
    raw->group = c->group;
    raw->good = !sp_saf_is_revoked(c->flags, c->revoke_date, c->resume_date, b->image->day);
    return keep(b, &raw->group) ? SP_OK : no_memory(b);
}

/* Connections come by user: each run of them is his, the good ones first. */
static enum sp_status place_connects(struct builder *b)
{
    const struct raw_connect *all = b->connects.items;
    size_t n = b->connects.count;
    struct sp_str *groups = sp_arena_calloc(&b->image->arena, n + 1, sizeof *groups);
    uint64_t *keys = sp_arena_calloc(&b->image->arena, n + 1, sizeof *keys);
    if (!groups || !keys)
        return no_memory(b);
    for (size_t from = 0, to; from < n; from = to) {
        struct sp_saf_image_user *user = all[from].user;
        size_t good = from;
        for (to = from; to < n && all[to].user == user; to++)
            good += all[to].good;
        user->groups = groups + from;
        user->group_keys = keys + from;
        user->group_count = (uint32_t)(good - from);
        user->connect_count = (uint32_t)(to - from);
        size_t next[2] = {good, from}; /* of a revoked one, of a good one */
        for (size_t i = from; i < to; i++) {
            size_t at = next[all[i].good]++;
            groups[at] = all[i].group;
            keys[at] = sp_saf_id_key(all[i].group);
        }
    }
    return SP_OK;
}

/* ---- classes, profiles, access lists, members ---- */

static struct sp_saf_image_class *class_node(struct builder *b, struct sp_str name)
{
    struct sp_saf_image_class *node = sp_saf_id_table_get(&b->image->classes, sp_saf_id_key(name));
    if (node)
        return node;
    node = sp_arena_calloc(&b->image->arena, 1, sizeof *node);
    if (!node || !keep(b, &name))
        return NULL;
    node->info = sp_saf_class_find(name);
    node->settings.name = name;
    sp_hash_init(&node->discrete, ENTRIES_MAX);
    sp_hash_init(&node->generic, ENTRIES_MAX);
    return sp_saf_id_table_put(&b->image->classes, sp_saf_id_key(name), node) ? NULL : node;
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

static const struct sp_saf_profile *profile_at(const struct builder *b, size_t index)
{
    return ((struct sp_saf_profile *const *)b->profiles.items)[index];
}

/* Go on to the profile of that name; false when there is none. */
static bool advance(struct builder *b, struct sp_str class, struct sp_str name)
{
    for (; b->profile < b->profiles.count; b->profile++) {
        const struct sp_saf_profile *p = profile_at(b, b->profile);
        if (sp_str_eq(p->name, name) && sp_str_eq(p->class, class))
            return true;
        int order = sp_str_cmp(p->class, class);
        if (order > 0 || (order == 0 && sp_str_cmp(p->name, name) > 0))
            return false;
    }
    return false;
}

static enum sp_status take_access(void *arg, const void *value)
{
    struct builder *b = arg;
    const struct sp_saf_access_entry *entry = value;
    if (!advance(b, entry->class, entry->profile))
        return SP_OK;
    struct raw_access *raw = list_add(&b->access, sizeof *raw);
    if (!raw)
        return no_memory(b);
    *raw = (struct raw_access){b->profile, {.id = sp_saf_id_key(entry->id), .access = entry->access}};
    if (!entry->when_kind.len)
        return SP_OK;
    struct sp_saf_image_condition *when = sp_arena_alloc(&b->image->arena, sizeof *when);
    if (!when)
        return no_memory(b);
    *when = (struct sp_saf_image_condition){entry->when_kind, entry->when_name};
    raw->entry.when = when;
    return keep(b, &when->kind) && keep(b, &when->name) ? SP_OK : no_memory(b);
}

static enum sp_status take_member(void *arg, const void *value)
{
    struct builder *b = arg;
    const struct sp_saf_member *member = value;
    if (!advance(b, member->class, member->profile))
        return SP_OK;
    struct raw_member *raw = list_add(&b->members, sizeof *raw);
    if (!raw)
        return no_memory(b);
    *raw = (struct raw_member){b->profile, member->member, member->global_access};
    return keep(b, &raw->name) ? SP_OK : no_memory(b);
}

/* ---- placing profiles ---- */

static int compare_keys(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_kind_and_id(const void *a, const void *b)
{
    const struct sp_saf_image_access *x = a, *y = b;
    if (!x->when != !y->when)
        return x->when ? 1 : -1;
    int order = compare_keys(x->id, y->id);
    if (order || !x->when)
        return order;
    order = sp_str_cmp(x->when->kind, y->when->kind);
    return order ? order : sp_str_cmp(x->when->name, y->when->name);
}

/* Put the entries into order and leave of equal ones the most permissive. */
static size_t sort_access(struct sp_saf_image_access *entries, size_t count)
{
    if (count < 2)
        return count;
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

/* Of two settings the one that records more. */
static void merge_audit(struct sp_saf_audit *to, const struct sp_saf_audit *from)
{
    if (from->successes && (!to->successes || from->successes_from < to->successes_from))
        to->successes_from = from->successes_from;
    if (from->failures && (!to->failures || from->failures_from < to->failures_from))
        to->failures_from = from->failures_from;
    to->successes |= from->successes;
    to->failures |= from->failures;
}

/* What belongs to one profile in the lists. */
struct belongings {
    const struct raw_access *access;
    size_t access_count;
    const struct raw_member *members;
    size_t member_count;
};

/* The profile's own access list and attributes, added to what the node has. */
static enum sp_status merge_profile(struct builder *b, struct sp_saf_image_profile *node,
                                    const struct sp_saf_profile *p, const struct belongings *own)
{
    size_t count = node->access_count + own->access_count;
    struct sp_saf_image_access *list = sp_arena_alloc(&b->image->arena, (count + 1) * sizeof *list);
    if (!list)
        return no_memory(b);
    if (node->access_count)
        memcpy(list, node->access, node->access_count * sizeof *list);
    for (size_t i = 0; i < own->access_count; i++)
        list[node->access_count + i] = own->access[i].entry;
    node->access_count = sort_access(list, count);
    node->access = list;
    node->standard_count = 0;
    while (node->standard_count < node->access_count && !list[node->standard_count].when)
        node->standard_count++;
    if (!node->profile)
        node->profile = p;
    if (p->uacc > node->uacc)
        node->uacc = p->uacc;
    node->warning |= p->warning;
    merge_audit(&node->audit, &p->audit);
    merge_audit(&node->global_audit, &p->global_audit);
    return SP_OK;
}

static struct sp_str pair(struct builder *b, struct sp_str first, struct sp_str second);

/* Generic profiles are put under their literal prefixes when all are there (link_generics). */
struct generic_node {
    struct sp_saf_image_class *class;
    struct sp_saf_image_profile *profile;
};

static struct sp_saf_image_profile *generic_node(struct builder *b, struct sp_saf_image_class *class,
                                                 struct sp_str name)
{
    struct sp_str key = pair(b, class->settings.name, name);
    struct sp_saf_image_profile *node = key.ptr ? sp_hash_get(&b->generic_names, key) : NULL;
    if (node || !key.ptr)
        return node;
    node = sp_arena_calloc(&b->image->arena, 1, sizeof *node);
    struct generic_node *place = node ? list_add(&b->generics, sizeof *place) : NULL;
    if (!place || sp_hash_add(&b->generic_names, key, node))
        return NULL;
    node->name = name;
    *place = (struct generic_node){class, node};
    return node;
}

static struct sp_saf_image_profile *discrete_node(struct builder *b, struct sp_saf_image_class *class,
                                                  struct sp_str name)
{
    struct sp_saf_image_profile *node = sp_hash_get(&class->discrete, name);
    if (node)
        return node;
    node = sp_arena_calloc(&b->image->arena, 1, sizeof *node);
    if (!node || sp_hash_add(&class->discrete, name, node))
        return NULL;
    node->name = name;
    return node;
}

static enum sp_status place_name(struct builder *b, struct sp_str class_name, struct sp_str name,
                                 bool generic, const struct sp_saf_profile *p, const struct belongings *own)
{
    struct sp_saf_image_class *class = class_node(b, class_name);
    struct sp_saf_image_profile *node = !class    ? NULL
                                        : generic ? generic_node(b, class, name)
                                                  : discrete_node(b, class, name);
    return node ? merge_profile(b, node, p, own) : no_memory(b);
}

/* The profile of class GLOBAL for a class. */
static enum sp_status place_global(struct builder *b, const struct sp_saf_profile *p,
                                   const struct belongings *own)
{
    struct sp_saf_image_class *class = class_node(b, p->name);
    struct sp_saf_member *members = sp_arena_calloc(&b->image->arena, own->member_count + 1, sizeof *members);
    if (!class || !members)
        return no_memory(b);
    for (size_t i = 0; i < own->member_count; i++)
        members[i] =
            (struct sp_saf_member){p->class, p->name, own->members[i].name, own->members[i].global_access};
    class->global = members;
    class->global_count = own->member_count;
    return SP_OK;
}

static enum sp_status place_profile(struct builder *b, const struct sp_saf_profile *p,
                                    const struct belongings *own)
{
    enum sp_status status = place_name(b, p->class, p->name, p->generic, p, own);
    const struct sp_saf_class_info *info = sp_saf_class_find(p->class);
    if (!status && sp_str_is(p->class, "GLOBAL"))
        return place_global(b, p, own);
    for (size_t i = 0; i < own->member_count && !status && info && info->member; i++)
        status = place_name(b, sp_str_of(info->member), own->members[i].name,
                            sp_generic_is(own->members[i].name), p, own);
    return status;
}

static enum sp_status place_profiles(struct builder *b)
{
    enum sp_status status = SP_OK;
    /* Where there is nothing, something to count from all the same: NULL is no place to count from. */
    static const struct raw_access no_access;
    static const struct raw_member no_member;
    struct belongings own = {.access = b->access.count ? b->access.items : &no_access,
                             .members = b->members.count ? b->members.items : &no_member};
    const struct raw_access *access_end = own.access + b->access.count;
    const struct raw_member *member_end = own.members + b->members.count;
    for (size_t i = 0; i < b->profiles.count && !status; i++) {
        own.access_count = own.member_count = 0;
        while (own.access + own.access_count < access_end && own.access[own.access_count].profile == i)
            own.access_count++;
        while (own.members + own.member_count < member_end && own.members[own.member_count].profile == i)
            own.member_count++;
        status = place_profile(b, profile_at(b, i), &own);
        own.access += own.access_count;
        own.members += own.member_count;
    }
    return status;
}

static struct sp_str prefix_of(struct sp_str name)
{
    return sp_str_slice(name, 0, sp_generic_prefix(name));
}

/* By class, literal prefix, and the most specific first. */
static int by_prefix(const void *a, const void *b)
{
    const struct generic_node *x = a, *y = b;
    if (x->class != y->class)
        return compare_keys((uintptr_t)x->class, (uintptr_t)y->class);
    int order = sp_str_cmp(prefix_of(x->profile->name), prefix_of(y->profile->name));
    return order ? order : sp_generic_order(x->profile->name, y->profile->name);
}

static enum sp_status link_generics(struct builder *b)
{
    struct generic_node *all = b->generics.items;
    size_t n = b->generics.count;
    if (n > 1)
        qsort(all, n, sizeof *all, by_prefix);
    for (size_t i = 0; i < n; i++) {
        struct sp_str prefix = prefix_of(all[i].profile->name);
        if (i && all[i - 1].class == all[i].class && sp_str_eq(prefix_of(all[i - 1].profile->name), prefix)) {
            all[i - 1].profile->next = all[i].profile;
            continue;
        }
        all[i].class->lengths[prefix.len / 8] |= (unsigned char)(1u << prefix.len % 8);
        if (sp_hash_add(&all[i].class->generic, prefix, all[i].profile))
            return no_memory(b);
    }
    return SP_OK;
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
    b->profile = 0;
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
    struct sp_hash *tables[] = {&image->identities,     &image->certificates, &image->subject_filters,
                                &image->issuer_filters, &image->both_filters, &b.generic_names};
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
    if (!status)
        status = link_generics(&b);
    free(b.connects.items);
    free(b.profiles.items);
    free(b.access.items);
    free(b.members.items);
    free(b.generics.items);
    sp_hash_finish(&b.generic_names);
    sp_saf_id_table_finish(&b.texts);
    if (status) {
        sp_saf_image_release(image);
        return status;
    }
    *ret_image = image;
    return SP_OK;
}
