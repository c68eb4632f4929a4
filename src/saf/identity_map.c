/* SPDX-License-Identifier: Apache-2.0
 * Distributed identity filters (RACMAP): IBM "RACF Security Administrator's Guide", distributed identity
 * filters. The order of the steps is in docs/saf.md.
 */
#include "saf/identity_map.h"

#include "saf/image.h"

/* Behind the first RDN: after a comma that is not escaped nor quoted; ptr NULL when there is only one. */
static struct sp_str without_first_rdn(struct sp_str name)
{
    bool quoted = false;
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '\\')
            i++;
        else if (name.ptr[i] == '"')
            quoted = !quoted;
        else if (name.ptr[i] == ',' && !quoted)
            return sp_str_slice(name, i + 1, name.len);
    }
    return (struct sp_str){NULL, 0};
}

/* The full name, then the name without its most specific RDN, and so on, in one registry. Only names that are
 * distinguished ones, with an '=' in their first RDN, are shortened. */
static const struct sp_saf_identity_filter *by_name(sp_identity_look_up_fn *look_up, void *arg,
                                                    struct sp_str name, struct sp_str registry)
{
    const struct sp_saf_identity_filter *found = look_up(arg, name, registry);
    bool distinguished = sp_str_find(name, '=') < sp_str_find(name, ',');
    while (!found && distinguished && (name = without_first_rdn(name)).ptr)
        found = look_up(arg, name, registry);
    return found;
}

const struct sp_saf_identity_filter *sp_identity_search(sp_identity_look_up_fn *look_up, void *arg,
                                                        struct sp_str name, struct sp_str registry)
{
    char normalised[4096];
    struct sp_str any = SP_STR("*");
    size_t len = sp_saf_normalise_dn(name, normalised, sizeof normalised);
    if (!len)
        return NULL;
    struct sp_str plain = sp_str_from(normalised, len);
    const struct sp_saf_identity_filter *found = by_name(look_up, arg, plain, registry);
    if (!found)
        found = by_name(look_up, arg, plain, any);
    if (!found)
        found = look_up(arg, any, registry);
    return found ? found : look_up(arg, any, any);
}

/* ---- in an image ---- */

static const struct sp_saf_identity_filter *find_in_image(void *arg, struct sp_str name,
                                                          struct sp_str registry)
{
    const struct sp_saf_image *image = arg;
    char key[SP_SAF_DIST_NAME_MAX + SP_SAF_REGISTRY_MAX + 1];
    if (name.len > SP_SAF_DIST_NAME_MAX || registry.len > SP_SAF_REGISTRY_MAX)
        return NULL;
    if (name.len)
        memcpy(key, name.ptr, name.len);
    key[name.len] = '\0';
    if (registry.len)
        memcpy(key + name.len + 1, registry.ptr, registry.len);
    return sp_hash_get(&image->identities, sp_str_from(key, name.len + 1 + registry.len));
}

struct sp_str sp_saf_map_identity(const struct sp_saf_image *image, struct sp_str name,
                                  struct sp_str registry, const struct sp_saf_identity_filter **ret_filter)
{
    const struct sp_saf_identity_filter *found = NULL;
    const struct sp_saf_image_class *class = sp_saf_image_find_class(image, SP_STR("IDIDMAP"));
    if (class && class->settings.active)
        found = sp_identity_search(find_in_image, (void *)(uintptr_t)image, name, registry);
    if (found && !sp_saf_find_user(image, found->user))
        found = NULL;
    if (ret_filter)
        *ret_filter = found;
    return found ? found->user : (struct sp_str){NULL, 0};
}

/* ---- distinguished names ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

size_t sp_saf_normalise_dn(struct sp_str name, char *ret_text, size_t size)
{
    name = sp_str_trim(name);
    if (name.len > size)
        return 0;
    if (!(sp_str_find(name, '=') < sp_str_find(name, ','))) {
        if (name.len)
            memcpy(ret_text, name.ptr, name.len);
        return name.len;
    }
    /* Attribute types in upper case, no blanks around '=' and ','; values as they are. */
    size_t out = 0;
    bool in_type = true, quoted = false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!in_type && c == '\\' && i + 1 < name.len) {
            ret_text[out++] = c;
            ret_text[out++] = name.ptr[++i];
            continue;
        }
        if (!in_type && c == '"')
            quoted = !quoted;
        bool separator = !quoted && (c == ',' || (in_type && c == '='));
        if (separator) {
            while (out && is_blank(ret_text[out - 1]))
                out--;
            while (i + 1 < name.len && is_blank(name.ptr[i + 1]))
                i++;
            in_type = c == ',';
        }
        ret_text[out++] = in_type && !separator ? sp_upper(c) : c;
    }
    return out;
}
