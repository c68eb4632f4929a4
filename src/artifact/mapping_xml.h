/* SPDX-License-Identifier: Apache-2.0
 * mapping_xml.h: mapping.xml of an operation: which mapping files there are, and the answers it can give.
 */
#ifndef SP_ARTIFACT_MAPPING_XML_H
#define SP_ARTIFACT_MAPPING_XML_H

#include "artifact/archive.h"

#define SP_RESPONSES_MAX 64u

struct sp_mapping_response {
    unsigned code;
    struct sp_str description;
    struct sp_str map; /* entry name; empty: the body passes through */
    bool is_default;
    bool has_rule; /* something below it that we do not know */
};

struct sp_mapping_xml {
    struct sp_str base_path, path, method, service; /* path without query names; ptr NULL where absent */
    struct sp_str request_map;                      /* entry name; empty: the body passes through */
    const struct sp_mapping_response *responses;
    size_t response_count; /* at least 1; exactly one is the default */
};

/* SP_EINVAL, SP_EEXISTS (a code twice), SP_ELIMIT, SP_EUNSUPPORTED and those of text/xml.h. */
enum sp_status sp_mapping_xml_read(struct sp_archive *archive, struct sp_str entry,
                                   struct sp_mapping_xml *ret_mapping) SP_MUST_CHECK;

#endif
