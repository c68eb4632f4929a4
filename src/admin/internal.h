/* SPDX-License-Identifier: Apache-2.0
 * internal.h: what the files of this room share.
 */
#ifndef SP_ADMIN_INTERNAL_H
#define SP_ADMIN_INTERNAL_H

#include "admin/admin.h"
#include "text/json_write.h"

/* "apis", "services", "apiRequesters" */
const char *sp_admin_collection(enum sp_store_kind kind);
/* The first query parameter of that name; ptr NULL: none. */
struct sp_str sp_admin_parameter(const struct sp_admin_request *request, const char *name);

/* answer.c: JSON bodies. */
void sp_admin_write_list(const struct sp_admin_context *context, struct sp_json_writer *writer);
/* `with_services`: an API's services too. */
void sp_admin_write_details(const struct sp_admin_context *context, enum sp_store_kind kind,
                            const struct sp_admin_item *item, bool with_services,
                            struct sp_json_writer *writer);
/* One member named as the service is. */
void sp_admin_write_statistics(const struct sp_admin_context *context, const struct sp_admin_item *item,
                               struct sp_json_writer *writer);
/* "https://host:9443/base": where an API is called. */
struct sp_str sp_admin_api_url(const struct sp_admin_context *context, const struct sp_admin_item *item);
/* The OpenAPI document of this interface. */
void sp_admin_write_document(const struct sp_admin_context *context, struct sp_json_writer *writer);

#endif
