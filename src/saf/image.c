/* SPDX-License-Identifier: Apache-2.0
 * Asking an image. It is built in image_build.c.
 */
#include "saf/image.h"

#include <stdlib.h>

#include "saf/audit_queue.h"
#include "saf/generic.h"

void sp_saf_image_release(const struct sp_saf_image *shared)
{
    struct sp_saf_image *image = (struct sp_saf_image *)(uintptr_t)shared;
    if (!image || atomic_fetch_sub(&image->references, 1) != 1)
        return;
    for (size_t i = 0; i < image->classes.capacity; i++) {
        struct sp_saf_image_class *class = image->classes.slots[i].value;
        if (!class)
            continue;
        sp_hash_finish(&class->discrete);
        sp_hash_finish(&class->generic);
    }
    sp_saf_id_table_finish(&image->users);
    sp_saf_id_table_finish(&image->groups);
    sp_saf_id_table_finish(&image->classes);
    struct sp_hash *tables[] = {&image->identities, &image->certificates, &image->subject_filters,
                                &image->issuer_filters, &image->both_filters};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        sp_hash_finish(tables[i]);
    sp_arena_finish(&image->arena);
    sp_saf_audit_queue_release(image->audit);
    free(image);
}

uint64_t sp_saf_image_version(const struct sp_saf_image *image)
{
    return image->version;
}

const struct sp_saf_image_user *sp_saf_image_find_user(const struct sp_saf_image *image, struct sp_str id)
{
    return sp_saf_id_table_get(&image->users, sp_saf_id_key(id));
}

const struct sp_saf_user *sp_saf_find_user(const struct sp_saf_image *image, struct sp_str id)
{
    const struct sp_saf_image_user *node = sp_saf_image_find_user(image, id);
    return node ? &node->user : NULL;
}

uint64_t sp_saf_password_mark(const struct sp_saf_image *image, struct sp_str user)
{
    const struct sp_saf_image_user *node = sp_saf_image_find_user(image, user);
    return node ? node->password_mark : 0;
}

const struct sp_saf_group *sp_saf_find_group(const struct sp_saf_image *image, struct sp_str id)
{
    return sp_saf_id_table_get(&image->groups, sp_saf_id_key(id));
}

size_t sp_saf_groups_of(const struct sp_saf_image *image, struct sp_str user,
                        const struct sp_str **ret_groups)
{
    const struct sp_saf_image_user *node = sp_saf_image_find_user(image, user);
    *ret_groups = node ? node->groups : NULL;
    return node ? node->group_count : 0;
}

const struct sp_saf_image_class *sp_saf_image_find_class(const struct sp_saf_image *image, struct sp_str name)
{
    return sp_saf_id_table_get(&image->classes, sp_saf_id_key(name));
}

const struct sp_saf_image_profile *sp_saf_image_find_profile(const struct sp_saf_image *image,
                                                             struct sp_str class_name, struct sp_str resource,
                                                             const struct sp_saf_image_class **ret_class)
{
    const struct sp_saf_image_class *class = sp_saf_image_find_class(image, class_name);
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
