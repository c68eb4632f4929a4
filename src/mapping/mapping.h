/* SPDX-License-Identifier: Apache-2.0
 * mapping.h: JSON to a program's record and back.
 *
 * Compiled once per operation from the service's interface, its conversion options, the host profile, and the
 * API's maps; then run per request without looking anything up by name that could be looked up before.
 * Decimal values go digit by digit, never through binary floating point. What is decided where the formats
 * leave a choice is in docs/data-mapping.md.
 */
#ifndef SP_MAPPING_MAPPING_H
#define SP_MAPPING_MAPPING_H

#include "artifact/aar.h"
#include "artifact/sar.h"
#include "text/codepage.h"
#include "text/percent.h"

/* How the program's machine stores data. Zoned numbers are EBCDIC or ASCII as the code page's blank is. */
struct sp_host_profile {
    const struct sp_codepage *codepage; /* of character fields; 1200 is for utf16 fields only */
    bool little_endian_native;          /* COMP-5 */
    bool ieee_float;                    /* COMP-1/COMP-2 are IEEE 754 rather than IBM hexadecimal */
};

/* Choices that callers see; all false is the default, and docs/data-mapping.md tells why. The archive's
 * manifest may have them as properties, too. */
struct sp_mapping_options {
    bool trim_fraction_zeros;    /* write 2.1 rather than 2.10 for a field of scale 2 */
    bool ignore_unknown_members; /* pass over members of the request body that are no field of the operation,
                                    instead of refusing the request */
    bool convert_scalars;        /* take "12" for a number field, and 12 or true for a character field */
    bool whole_answers;          /* refuse an answer that is shorter than its layout, instead of leaving out
                                    the fields behind its end */
    /* Properties of the service in server.xml, which win over those of its archive: the conversion options by
     * their names, and the choices above as trimFractionZeros, ignoreUnknownMembers, convertScalars,
     * wholeAnswers, "true" or "false". Others are passed over. */
    const struct sp_property *overrides;
    size_t override_count;
};

struct sp_mapping; /* immutable, shared by requests */

/* Where request parameters come from. Header names are compared caseless, the others exactly. */
struct sp_request_values {
    const struct sp_parameter *path, *query, *headers;
    size_t path_count, query_count, header_count;
    struct sp_str body; /* JSON text, or empty */
};

/* The bytes of one segment. For a COMMAREA `container` is empty. */
struct sp_record {
    struct sp_str container;
    bool is_char;
    struct sp_str bytes;
};

struct sp_record_set {
    const struct sp_record *records;
    size_t count;
};

/* A header that a response map sets. */
struct sp_mapped_header {
    struct sp_str name, value;
};

struct sp_mapped_response {
    unsigned status;
    struct sp_str body; /* JSON */
    const struct sp_mapped_header *headers;
    size_t header_count;
};

/* Compile for an API operation; `operation` NULL: for direct invocation of the service (pure passthrough).
 * Everything referred to must outlive the mapping, which lives in the arena; `options` NULL: the defaults. A
 * map that names a field which the interface does not have is SP_EINVAL, naming map, step and path; so is a
 * layout whose fields do not fit into each other. SP_EUNSUPPORTED: a layout or map that makes sense and is
 * not provided, or a service without record interfaces. */
enum sp_status sp_mapping_compile(const struct sp_sar *sar, const struct sp_aar_operation *operation,
                                  const struct sp_host_profile *profile,
                                  const struct sp_mapping_options *options, struct sp_arena *arena,
                                  const struct sp_mapping **ret_mapping, struct sp_error *err) SP_MUST_CHECK;

/* Request to records. On a bad value: SP_EINVAL or SP_ESYNTAX, id BAQR0417W for what is no JSON object,
 * BAQR7018E for a missing parameter, and for field errors an id and text naming the JSON path
 * ("InqAcc.InqAccAccno"), the value's kind and the limit; the status an API client gets is 400. Records live
 * in the arena. */
enum sp_status sp_mapping_request(const struct sp_mapping *mapping, const struct sp_request_values *values,
                                  struct sp_arena *arena, struct sp_record_set *ret_records,
                                  struct sp_error *err) SP_MUST_CHECK;

/* Records to response. Bad data from the program is SP_EPROTO naming field, offset and bytes in hexadecimal;
 * the status an API client gets is 500. */
enum sp_status sp_mapping_response(const struct sp_mapping *mapping, const struct sp_record_set *records,
                                   struct sp_arena *arena, struct sp_mapped_response *ret_response,
                                   struct sp_error *err) SP_MUST_CHECK;

/* Greatest COMMAREA or container length of the response, in bytes. */
uint32_t sp_mapping_answer_bytes(const struct sp_mapping *mapping);

#endif
