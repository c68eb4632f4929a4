/* SPDX-License-Identifier: Apache-2.0
 * schema_write.h: what an interface looks like in JSON, as a schema.
 *
 * Two forms of the same: the schemas inside a service archive, and the definitions of an OpenAPI 2.0
 * document, which does not know the precision of decimals (multipleOf).
 */
#ifndef SP_ARTIFACT_SCHEMA_WRITE_H
#define SP_ARTIFACT_SCHEMA_WRITE_H

#include "artifact/layout.h"
#include "text/json_write.h"

struct sp_schema_options {
    bool openapi;          /* the form of OpenAPI 2.0 */
    struct sp_str wrapper; /* member around the containers of a channel; empty: none */
    const bool *hidden;    /* by index of the field: left out although included; NULL: none */
};

/* Whether anything of the field is to be seen: itself, or something below it. */
bool sp_schema_shows(const struct sp_field *field, const struct sp_schema_options *options);
/* Write the schema of the interface, of a finished layout. Without a wrapper, the top fields are the members
 * of the root; structures of which nothing is to be seen are left out. */
void sp_schema_write(const struct sp_interface *interface, const struct sp_schema_options *options,
                     struct sp_json_writer *writer);
/* Members of the schema of one elementary field, without the braces: for a parameter that fills it. */
void sp_schema_write_members(const struct sp_field *field, bool openapi, struct sp_json_writer *writer);
/* Least and greatest value of a number as JSON numbers: by digits, or by width when it is native. */
void sp_schema_limits(const struct sp_field *field, char ret_least[48], char ret_greatest[48]);

#endif
