/* SPDX-License-Identifier: Apache-2.0
 * The OpenAPI document of the administration interface (openapi.json), with the address it is reached under.
 */
#include "admin/internal.h"
#include "text/json.h"

extern const char sp_admin_openapi[]; /* made of openapi.json by the build */

static void write_place(struct sp_json_writer *writer, struct sp_str origin)
{
    size_t colon = sp_str_find(origin, ':');
    sp_json_put_string(writer, "host", sp_str_slice(origin, colon + 3, origin.len));
    sp_json_name(writer, SP_STR("schemes"));
    sp_json_array_begin(writer);
    sp_json_string(writer, sp_str_slice(origin, 0, colon));
    sp_json_array_end(writer);
}

void sp_admin_write_document(const struct sp_admin_context *context, struct sp_json_writer *writer)
{
    struct sp_json_value *root;
    struct sp_error err = SP_ERROR_INIT;
    if (sp_json_parse(sp_str_of(sp_admin_openapi), context->arena, NULL, &root, &err) != SP_OK) {
        writer->buf->failed = true;
        return;
    }
    sp_json_object_begin(writer);
    for (const struct sp_json_value *member = root->first; member; member = member->next) {
        if (sp_str_is(member->name, "basePath"))
            write_place(writer, context->origin);
        sp_json_name(writer, member->name);
        sp_json_tree(writer, member);
    }
    sp_json_object_end(writer);
}
