/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/library.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/hash.h"
#include "gateway/library_internal.h"

#define ITEMS_MAX 4000000u

struct sp_library {
    pthread_mutex_t lock; /* of everything below */
    unsigned references;
    struct sp_hash items; /* key -> struct sp_library_item */
    size_t ceiling, bytes, archives, mappings;
    uint64_t loans, read, compiled;
};

static enum sp_status no_memory(struct sp_error *err)
{
    return sp_error_set(err, SP_ENOMEM, NULL,
                        "no memory for archives (%zu MiB is the most that one can have)",
                        SP_LIBRARY_ITEM_MAX >> 20);
}

/* ---------------------------------------------------------------- life */

enum sp_status sp_library_new(size_t ceiling, struct sp_library **ret_library, struct sp_error *err)
{
    struct sp_library *library = calloc(1, sizeof *library);
    if (!library)
        return no_memory(err);
    pthread_mutex_init(&library->lock, NULL);
    sp_hash_init(&library->items, ITEMS_MAX);
    library->references = 1;
    library->ceiling = ceiling;
    *ret_library = library;
    return SP_OK;
}

struct sp_library *sp_library_hold(struct sp_library *library)
{
    pthread_mutex_lock(&library->lock);
    library->references++;
    pthread_mutex_unlock(&library->lock);
    return library;
}

static void free_item(struct sp_library_item *item)
{
    sp_arena_finish(&item->arena);
    free(item);
}

void sp_library_release(struct sp_library *library)
{
    size_t cursor = 0;
    if (!library)
        return;
    pthread_mutex_lock(&library->lock);
    unsigned left = --library->references;
    pthread_mutex_unlock(&library->lock);
    if (left)
        return;
    for (const struct sp_hash_slot *slot; (slot = sp_hash_next(&library->items, &cursor));)
        free_item(slot->value);
    sp_hash_finish(&library->items);
    pthread_mutex_destroy(&library->lock);
    free(library);
}

void sp_library_pin(struct sp_library *library)
{
    size_t cursor = 0;
    pthread_mutex_lock(&library->lock);
    for (const struct sp_hash_slot *slot; (slot = sp_hash_next(&library->items, &cursor));)
        ((struct sp_library_item *)slot->value)->pinned = true;
    pthread_mutex_unlock(&library->lock);
}

void sp_library_counts(struct sp_library *library, struct sp_library_counts *ret_counts)
{
    pthread_mutex_lock(&library->lock);
    *ret_counts = (struct sp_library_counts){.archives = library->archives,
                                             .mappings = library->mappings,
                                             .bytes = library->bytes,
                                             .read = library->read,
                                             .compiled = library->compiled};
    pthread_mutex_unlock(&library->lock);
}

/* ---------------------------------------------------------------- loans */

void sp_library_loan_init(struct sp_library_loan *loan, struct sp_library *library)
{
    *loan = (struct sp_library_loan){.library = sp_library_hold(library)};
    pthread_mutex_lock(&library->lock);
    loan->number = ++library->loans;
    pthread_mutex_unlock(&library->lock);
}

/* Under the lock. */
static void give_back(struct sp_library *library, struct sp_library_item *item)
{
    while (item && !item->pinned && --item->references == 0) {
        struct sp_library_item *needs = item->needs;
        sp_hash_remove(&library->items, item->key);
        library->bytes -= item->arena.used;
        --*(item->is_mapping ? &library->mappings : &library->archives);
        free_item(item);
        item = needs;
    }
}

void sp_library_loan_finish(struct sp_library_loan *loan)
{
    struct sp_library *library = loan->library;
    if (!library)
        return;
    pthread_mutex_lock(&library->lock);
    for (size_t i = 0; i < loan->count; i++)
        give_back(library, loan->items[i]);
    pthread_mutex_unlock(&library->lock);
    free(loan->items);
    sp_library_release(library);
    *loan = (struct sp_library_loan){.library = NULL};
}

static enum sp_status note(struct sp_library_loan *loan, struct sp_library_item *item)
{
    if (item->pinned || item->loan == loan->number)
        return SP_OK;
    if (loan->count == loan->capacity) {
        size_t capacity = loan->capacity ? 2 * loan->capacity : 64;
        struct sp_library_item **items = realloc(loan->items, capacity * sizeof *items);
        if (!items)
            return SP_ENOMEM;
        loan->items = items;
        loan->capacity = capacity;
    }
    loan->items[loan->count++] = item;
    item->references++;
    item->loan = loan->number;
    return SP_OK;
}

struct sp_library_item *sp_library_find(struct sp_library_loan *loan, struct sp_str key,
                                        enum sp_status *ret_status)
{
    struct sp_library *library = loan->library;
    pthread_mutex_lock(&library->lock);
    struct sp_library_item *item = sp_hash_get(&library->items, key);
    *ret_status = item ? note(loan, item) : SP_OK;
    pthread_mutex_unlock(&library->lock);
    return *ret_status == SP_OK ? item : NULL;
}

enum sp_status sp_library_unpin(struct sp_library *library, struct sp_library_loan *ret_loan)
{
    struct sp_library_item **items = calloc(library->items.count + 1, sizeof *items);
    size_t cursor = 0, count = 0;
    if (!items)
        return SP_ENOMEM;
    sp_library_loan_init(ret_loan, library);
    for (const struct sp_hash_slot *slot; (slot = sp_hash_next(&library->items, &cursor));) {
        struct sp_library_item *item = slot->value;
        item->pinned = false;
        item->references = 1;
        item->loan = ret_loan->number;
        items[count++] = item;
    }
    for (size_t i = 0; i < count; i++)
        if (items[i]->needs)
            items[i]->needs->references++;
    ret_loan->items = items;
    ret_loan->count = ret_loan->capacity = count;
    return SP_OK;
}

/* ---------------------------------------------------------------- making */

/* Once to see how much memory it takes, once to take that much. */
static enum sp_status make_item(const struct sp_library_wanted *wanted, struct sp_library_item *item,
                                struct sp_error *err)
{
    struct sp_arena trial;
    sp_arena_init(&trial, SP_LIBRARY_ITEM_MAX);
    sp_arena_init(&item->arena, SP_LIBRARY_ITEM_MAX);
    enum sp_status status = wanted->make(wanted->arg, &trial, &item->content, err);
    if (status == SP_OK && !sp_arena_str(&trial, wanted->key).ptr)
        status = no_memory(err);
    if (status == SP_OK) {
        sp_arena_reserve(&item->arena, sp_arena_given(&trial));
        status = wanted->make(wanted->arg, &item->arena, &item->content, err);
    }
    sp_arena_finish(&trial);
    item->key = status == SP_OK ? sp_arena_str(&item->arena, wanted->key) : SP_STR("");
    return status == SP_ENOMEM || !item->key.ptr ? no_memory(err) : status;
}

/* Under the lock. */
static enum sp_status enter(struct sp_library_loan *loan, struct sp_library_item *item, struct sp_error *err)
{
    struct sp_library *library = loan->library;
    if (item->arena.used > library->ceiling - library->bytes)
        return sp_error_set(err, SP_ELIMIT, NULL, "what is deployed needs more than %zu MiB",
                            library->ceiling >> 20);
    enum sp_status status = sp_hash_add(&library->items, item->key, item);
    if (status != SP_OK)
        return sp_error_set(err, status, NULL, "no room for one more archive");
    status = note(loan, item);
    if (status != SP_OK) {
        sp_hash_remove(&library->items, item->key);
        return no_memory(err);
    }
    if (item->needs && !item->needs->pinned)
        item->needs->references++;
    library->bytes += item->arena.used;
    ++*(item->is_mapping ? &library->mappings : &library->archives);
    ++*(item->is_mapping ? &library->compiled : &library->read);
    return SP_OK;
}

enum sp_status sp_library_borrow(struct sp_library_loan *loan, const struct sp_library_wanted *wanted,
                                 struct sp_library_item **ret_item, struct sp_error *err)
{
    enum sp_status status;
    struct sp_library_item *item = sp_library_find(loan, wanted->key, &status);
    if (status != SP_OK)
        return no_memory(err);
    if (item) {
        *ret_item = item;
        return SP_OK;
    }
    item = calloc(1, sizeof *item);
    if (!item)
        return no_memory(err);
    item->is_mapping = wanted->is_mapping;
    item->needs = wanted->needs;
    status = make_item(wanted, item, err);
    if (status == SP_OK) {
        pthread_mutex_lock(&loan->library->lock);
        status = enter(loan, item, err);
        pthread_mutex_unlock(&loan->library->lock);
    }
    if (status == SP_OK)
        *ret_item = item;
    else
        free_item(item);
    return status;
}
