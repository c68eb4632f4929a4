/* SPDX-License-Identifier: Apache-2.0
 * manifest.h: manifest.yml of a service archive.
 */
#ifndef SP_ARTIFACT_MANIFEST_H
#define SP_ARTIFACT_MANIFEST_H

#include "artifact/archive.h"
#include "artifact/sar.h"

#define SP_MANIFEST_PROPERTIES_MAX 256u

struct sp_manifest {
    struct sp_str name, version, description, provider;
    struct sp_str request_schema, response_schema; /* entry names */
    const struct sp_property *properties;
    size_t property_count;
};

/* Names are checked, entries are not looked for. SP_EINVAL, SP_EEXISTS, SP_ELIMIT, SP_EUNSUPPORTED and those
 * of text/yaml.h. */
enum sp_status sp_manifest_read(struct sp_archive *archive, struct sp_manifest *ret_manifest) SP_MUST_CHECK;

#endif
