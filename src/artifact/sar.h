/* SPDX-License-Identifier: Apache-2.0
 * sar.h: service archives (.sar).
 *
 * manifest.yml names the provider, its properties and the two interfaces; see docs/archives.md. The archive
 * is checked whole: what it refers to is there, the interfaces are consistent, the schemas are JSON.
 */
#ifndef SP_ARTIFACT_SAR_H
#define SP_ARTIFACT_SAR_H

#include "artifact/layout.h"
#include "text/json.h"

/* The conversion options of a service, from its manifest. */
struct sp_conversion {
    bool trim_output_trailing, trim_output_leading;
    bool escape_output_control;
    bool omit_output_by_value;
    unsigned char omit_output_byte;
    bool omit_output_empty;
    bool initialize_input;
    bool enforce_min_occurs_request, enforce_min_occurs_response;
};

struct sp_property {
    struct sp_str name, value;
};

struct sp_sar {
    struct sp_str name, version, description, provider; /* "CICS-1.0" */
    const struct sp_property *properties;               /* as in the manifest */
    size_t property_count;
    struct sp_conversion conversion;
    struct sp_str ccsid;                           /* as written in the service file: "IBM037" */
    struct sp_str request_schema, response_schema; /* JSON texts */
    const struct sp_interface *request, *response;
};

/* Everything lives in the arena. `file` names the archive in errors. */
enum sp_status sp_sar_read(struct sp_str bytes, const char *file, struct sp_arena *arena,
                           struct sp_sar **ret_sar, struct sp_error *err) SP_MUST_CHECK;
/* The value of a property, or a view with ptr NULL. */
struct sp_str sp_sar_property(const struct sp_sar *sar, const char *name);

#endif
