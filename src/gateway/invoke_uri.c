/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/invoke_uri.h"

enum sp_status sp_invoke_uris_init(struct sp_invoke_uris *uris, size_t capacity, struct sp_arena *arena)
{
    *uris = (struct sp_invoke_uris){.items = sp_arena_calloc(arena, capacity, sizeof *uris->items),
                                    .capacity = capacity};
    return uris->items ? SP_OK : SP_ENOMEM;
}

static bool is_same(const struct sp_invoke_uri *a, const struct sp_invoke_uri *b)
{
    return a->prefix == b->prefix && a->below == b->below && sp_str_eq(a->key, b->key);
}

/* The longest first; of equal ones that without a star, then what is below a whole segment. */
static bool goes_before(const struct sp_invoke_uri *a, const struct sp_invoke_uri *b)
{
    if (a->key.len != b->key.len)
        return a->key.len > b->key.len;
    return a->prefix != b->prefix ? b->prefix : a->below && !b->below;
}

static enum sp_status read_uri(struct sp_str text, struct sp_arena *arena, struct sp_invoke_uri *ret_uri,
                               struct sp_error *err)
{
    struct sp_path path;
    *ret_uri = (struct sp_invoke_uri){.prefix = text.len && text.ptr[text.len - 1] == '*'};
    text.len -= ret_uri->prefix;
    enum sp_status status = sp_path_read(text, arena, &path, err);
    if (status != SP_OK)
        return status;
    /* "/a/" with a star is "/a" and what is below it. */
    ret_uri->below = ret_uri->prefix && path.segments[path.count - 1].len == 0;
    ret_uri->key = sp_path_key(&path, path.count - ret_uri->below);
    return SP_OK;
}

enum sp_status sp_invoke_uris_add(struct sp_invoke_uris *uris, struct sp_str uri, const void *target,
                                  struct sp_arena *arena, struct sp_error *err)
{
    struct sp_invoke_uri item;
    enum sp_status status = read_uri(uri, arena, &item, err);
    if (status != SP_OK) {
        sp_error_prefix(err, "invokeURI \"%.*s\"", SP_STR_ARG(uri));
        return status;
    }
    item.target = target;
    size_t at = 0;
    for (; at < uris->count && !goes_before(&item, &uris->items[at]); at++)
        if (is_same(&item, &uris->items[at]))
            return sp_error_set(err, SP_EEXISTS, NULL, "invokeURI \"%.*s\" is given twice", SP_STR_ARG(uri));
    if (uris->count == uris->capacity)
        return sp_error_set(err, SP_ELIMIT, NULL, "there are more than %zu invokeURI", uris->capacity);
    memmove(&uris->items[at + 1], &uris->items[at], (uris->count - at) * sizeof item);
    uris->items[at] = item;
    uris->count++;
    return SP_OK;
}

static bool matches(const struct sp_invoke_uri *uri, struct sp_str key)
{
    if (!uri->prefix)
        return sp_str_eq(key, uri->key);
    if (!sp_str_starts(key, uri->key))
        return false;
    /* The key of "/" with a star has no segment: everything is below it. */
    return !uri->below || uri->key.len == 0 || key.len == uri->key.len || key.ptr[uri->key.len] == '\0';
}

const struct sp_invoke_uri *sp_invoke_uris_find(const struct sp_invoke_uris *uris, const struct sp_path *path)
{
    struct sp_str key = sp_path_key(path, path->count);
    for (size_t i = 0; i < uris->count; i++)
        if (matches(&uris->items[i], key))
            return &uris->items[i];
    return NULL;
}
