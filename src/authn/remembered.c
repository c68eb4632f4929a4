/* SPDX-License-Identifier: Apache-2.0
 * A user in the cache: texts, each behind its length (4 bytes, big-endian): name, unique id, registry, then
 * groups. In front of a login's stands the key of name and password.
 */
#include "authn/remembered.h"

#include "authn/basic.h"
#include "authn/caches.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/secret.h"

#define USER_MAX 8192u

struct sp_cache_key sp_remembered_key(const struct sp_authn_parts *parts, const char *what,
                                      struct sp_str first, struct sp_str second)
{
    const struct sp_str texts[] = {sp_str_from(&parts->fingerprint, sizeof parts->fingerprint),
                                   sp_str_of(what), first, second};
    return sp_shared_cache_key(parts->caches->users, texts, 4);
}

static bool is_on(const struct sp_authn_parts *parts)
{
    return parts->caches && parts->config->auth_cache.enabled;
}

/* The next text; false at the end. */
static bool take(struct sp_str *rest, struct sp_str *ret_text)
{
    if (rest->len < 4)
        return false;
    uint32_t len = sp_get_u32((const unsigned char *)rest->ptr);
    if (len > rest->len - 4)
        return false;
    *ret_text = sp_str_slice(*rest, 4, 4 + len);
    *rest = sp_str_slice(*rest, 4 + len, rest->len);
    return true;
}

/* `mark` (may be NULL): what must stand in front. */
static bool recall(const struct sp_authn_parts *parts, struct sp_cache_key key,
                   const struct sp_cache_key *mark, struct sp_arena *arena, struct sp_registry_user *ret_user)
{
    char bytes[USER_MAX];
    size_t len, before = mark ? sizeof *mark : 0;
    if (!is_on(parts) ||
        !sp_shared_cache_get(parts->caches->users, key, sp_clock_monotonic_us(), bytes, sizeof bytes, &len) ||
        len < before || (mark && !sp_secret_eq(sp_str_from(bytes, before), sp_str_from(mark, before))))
        return false;
    struct sp_registry_user user = {.is_saf = false};
    struct sp_str rest = sp_arena_str(arena, sp_str_from(bytes + before, len - before)), text;
    if (!rest.ptr || !take(&rest, &user.name) || !take(&rest, &user.unique_id) ||
        !take(&rest, &user.registry))
        return false;
    struct sp_str *groups = sp_arena_calloc(arena, rest.len / 4 + 1, sizeof *groups);
    if (!groups)
        return false;
    while (take(&rest, &text))
        groups[user.groups.count++] = text;
    user.groups.items = groups;
    *ret_user = user;
    return true;
}

static void put(struct sp_buf *buf, struct sp_str text)
{
    sp_buf_append_u32(buf, (uint32_t)text.len);
    sp_buf_append_str(buf, text);
}

static void remember(const struct sp_authn_parts *parts, struct sp_cache_key key,
                     const struct sp_cache_key *mark, int64_t expires_us, const struct sp_registry_user *user)
{
    char bytes[USER_MAX];
    struct sp_buf buf = sp_buf_over(bytes, sizeof bytes);
    int64_t lifetime_us = parts->config->auth_cache.timeout_us;
    if (!is_on(parts) || user->is_saf)
        return;
    if (mark)
        sp_buf_append(&buf, mark, sizeof *mark);
    put(&buf, user->name);
    put(&buf, user->unique_id);
    put(&buf, user->registry);
    for (size_t i = 0; i < user->groups.count; i++)
        put(&buf, user->groups.items[i]);
    if (expires_us && expires_us - sp_clock_realtime_us() < lifetime_us)
        lifetime_us = expires_us - sp_clock_realtime_us();
    int64_t now_us = sp_clock_monotonic_us();
    if (!buf.failed)
        sp_shared_cache_put(parts->caches->users, key, now_us, now_us + lifetime_us, sp_buf_str(&buf));
}

bool sp_remembered_user(const struct sp_authn_parts *parts, struct sp_cache_key key, struct sp_arena *arena,
                        struct sp_registry_user *ret_user)
{
    return recall(parts, key, NULL, arena, ret_user);
}

void sp_remember_user(const struct sp_authn_parts *parts, struct sp_cache_key key, int64_t expires_us,
                      const struct sp_registry_user *user)
{
    remember(parts, key, NULL, expires_us, user);
}

/* ---------------------------------------------------------------- logins */

static struct sp_cache_key login_key(const struct sp_authn_parts *parts, struct sp_str name)
{
    char folded[SP_BASIC_NAME_MAX];
    size_t len = name.len < sizeof folded ? name.len : sizeof folded;
    for (size_t i = 0; i < len; i++)
        folded[i] = sp_lower(name.ptr[i]);
    return sp_remembered_key(parts, "login", sp_str_from(folded, len), SP_STR(""));
}

bool sp_remembered_login(const struct sp_authn_parts *parts, struct sp_str name, struct sp_str password,
                         struct sp_arena *arena, struct sp_registry_user *ret_user)
{
    if (!is_on(parts) || !parts->config->auth_cache.allow_basic_auth_lookup)
        return false;
    const struct sp_cache_key mark = sp_remembered_key(parts, "password", name, password);
    bool known = recall(parts, login_key(parts, name), &mark, arena, ret_user);
    if (known)
        sp_registry_count_login(true);
    return known;
}

void sp_remember_login(const struct sp_authn_parts *parts, struct sp_str name, struct sp_str password,
                       const struct sp_registry_user *user)
{
    if (!is_on(parts) || !parts->config->auth_cache.allow_basic_auth_lookup)
        return;
    const struct sp_cache_key mark = sp_remembered_key(parts, "password", name, password);
    remember(parts, login_key(parts, name), &mark, 0, user);
}
