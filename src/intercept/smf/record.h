/* SPDX-License-Identifier: Apache-2.0
 * record.h: SMF records, to bytes and back.
 *
 * Sans-IO. Each section is a table of fields: name, offset, length, kind, and the member of a C structure
 * that holds its value; writing, reading and printing all walk the same tables (layout.c). Known: type 123
 * subtype 1 versions 1 and 2, subtype 2 version 2, and type 208 of our own. All integers are big-endian,
 * characters are EBCDIC, left-justified and padded with blanks. docs/audit.md says what each field holds.
 */
#ifndef SP_INTERCEPT_SMF_RECORD_H
#define SP_INTERCEPT_SMF_RECORD_H

#include "base/arena.h"
#include "text/codepage.h"

#define SP_SMF_TYPE 123u
#define SP_SMF_SECURITY_TYPE 208u /* our own: 80, as RACF's, among the numbers that are left to users */
#define SP_SMF_RECORD_MAX 32756u  /* with its RDW */
#define SP_SMF_HEADER_BYTES 24u
#define SP_SMF_V1_BYTES 488u
#define SP_SMF_V1_DATA_TYPE 102u /* user data of z/OS Connect */
#define SP_SMF_V2_FIRST_REQUEST 244u
#define SP_SMF_V2_REQUEST_BYTES 1560u
#define SP_SMF_V2_BYTES(requests) (SP_SMF_V2_FIRST_REQUEST + (requests)*SP_SMF_V2_REQUEST_BYTES)
#define SP_SMF_REQUESTS_MAX 20u /* of a version 2 record */
#define SP_SMF_SECURITY_BYTES 1332u

enum sp_smf_kind {
    SP_SMF_NUMBER,   /* unsigned; uint64_t */
    SP_SMF_SIGNED,   /* int64_t */
    SP_SMF_TEXT,     /* struct sp_str, UTF-8 */
    SP_SMF_BYTES,    /* struct sp_str, as they are */
    SP_SMF_STCK,     /* int64_t microseconds since 1970; 0: none */
    SP_SMF_STCKE,    /* the same in 16 bytes */
    SP_SMF_TIME,     /* uint64_t hundredths of a second since midnight */
    SP_SMF_DATE,     /* uint64_t, decimal: year * 1000 + day of the year, 2023179 */
    SP_SMF_RESERVED, /* zeros; no member */
};

struct sp_smf_field {
    const char *name; /* as IBM's mapping macro calls it, without prefix; NULL for reserved bytes */
    uint16_t offset, length;
    enum sp_smf_kind kind;
    size_t member; /* offset in the structure of the values */
};

struct sp_smf_section {
    const struct sp_smf_field *fields;
    size_t count;
    size_t bytes;
};

struct sp_smf_standard { /* the header all records have */
    uint64_t length, segment, flag, type, time, date;
    struct sp_str sid, ssi;
    uint64_t subtype;
    uint64_t subtype_version, triplets;
    uint64_t record_index, record_total, token; /* version 1 */
    uint64_t triplet_offset;                    /* version 2 */
    int64_t local_offset;                       /* version 2: local time minus UTC in STCK units */
    uint64_t server_offset, server_length, server_count;
    uint64_t request_offset, request_length, request_count;
};

struct sp_smf_server {
    uint64_t version;
    struct sp_str system, sysplex, job_id, job_name;
    uint64_t stoken;
    struct sp_str config_dir, product; /* version 2 */
};

struct sp_smf_request {
    uint64_t version, type, status, flags;
    struct sp_str user, mapped_user, client_address;
    struct sp_str api_name, api_version, service_name, service_version, service_group;
    struct sp_str method, query, uri;
    uint64_t request_bytes, response_bytes;
    int64_t entry_us, exit_us, sor_sent_us, sor_received_us;
    struct sp_str provider, sor_reference, sor_identifier, sor_resource;
    uint64_t id;
    struct sp_str token;
    struct sp_str request_headers[4], response_headers[4];
    uint64_t data_type, data_length, data_version; /* version 1 */
    /* Of events only: records have no place for it. */
    struct sp_str scheme, realm, original_user, scopes;
    struct sp_str claims; /* a JSON object */
};

/* A call of an API requester: subtype 2 version 2. The names, order and meaning of the fields are IBM's,
 * their places are this product's own until IBM's become known. */
struct sp_smf_requester {
    uint64_t version, application_type, status, result, flags;
    uint64_t request_bytes, response_bytes;
    struct sp_str user, mapped_user, asserted_user;
    struct sp_str name, api_version, endpoint_reference, endpoint_host;
    uint64_t endpoint_port;
    struct sp_str path, method, query;
    int64_t stub_sent_us, entry_us, exit_us, token_start_us, token_finish_us;
    int64_t endpoint_sent_us, endpoint_received_us;
    struct sp_str job_name, job_id, system;
    uint64_t asid;
    struct sp_str sid;
    struct sp_str cics_applid;
    uint64_t cics_task;
    struct sp_str cics_transaction, cics_unit_of_work, cics_network_prefix, cics_network_suffix;
    struct sp_str ims_identifier;
    uint64_t ims_region;
    struct sp_str ims_transaction, ims_application, ims_psb, ims_recovery_token;
    uint64_t id;
    struct sp_str token;
    struct sp_str request_headers[4], response_headers[4];
};

enum sp_smf_security_event { /* the first two are numbered as in type 80, and so are qualifiers */
                             SP_SMF_AUTHENTICATION = 1, /* credentials were refused */
                             SP_SMF_ACCESS =
                                 2, /* someone known may not do what was asked for, or is watched */
                             SP_SMF_RECORDS_LOST = 255,
};
enum sp_smf_security_origin {
    SP_SMF_FROM_GATEWAY = 1,
    SP_SMF_FROM_REGION = 2,
    SP_SMF_FROM_AUDIT = 3,
    SP_SMF_FROM_SAF = 4, /* the security database, asked by the gateway */
};

/* A failure of authentication or authorization, or of the audit itself: type 208 of our own. */
struct sp_smf_security {
    uint64_t version, event, qualifier, origin, status; /* status: of HTTP, 0 without */
    struct sp_str user, saf_user, realm, client_address;
    struct sp_str method, uri, api_name, service_name;
    struct sp_str class_name, resource, access, allowed; /* of the security database, or level and groups */
    struct sp_str step, message_id, reason;
    uint64_t id;
    struct sp_str token;
    int64_t at_us;
    uint64_t lost; /* records, since `since_us` */
    int64_t since_us;
};

/* The layouts of one type, subtype and version. */
struct sp_smf_version {
    uint64_t type, subtype, version;
    struct sp_smf_section head, server, item;
    size_t item_size; /* of the structure that holds the values of one item */
};

enum sp_smf_version_index { SP_SMF_PROVIDER_1, SP_SMF_PROVIDER_2, SP_SMF_REQUESTER_2, SP_SMF_SECURITY_1 };
/* All that are known, by that index; `sp_smf_version_count` of them. */
extern const struct sp_smf_version sp_smf_versions[];
extern const size_t sp_smf_version_count;

struct sp_smf_record {
    const struct sp_smf_version *version;
    struct sp_smf_standard head;
    struct sp_smf_server server;
    const void *items; /* structures of version->item_size bytes */
    size_t item_count;
};

/* One request, call or event of a record. */
static inline const void *sp_smf_item(const struct sp_smf_record *record, size_t index)
{
    return (const char *)record->items + index * record->version->item_size;
}

/* Characters of the records: a code page and its table for ASCII. */
struct sp_smf_text {
    const struct sp_codepage *page;
    unsigned char ascii[128];
};

/* `ccsid` of a single-byte EBCDIC page; 1047 is the product's. SP_EUNSUPPORTED. */
enum sp_status sp_smf_text_init(struct sp_smf_text *text, unsigned ccsid, struct sp_error *err) SP_MUST_CHECK;

/* Write the values of a section; numbers too great for their field become its greatest, texts are cut, and
 * characters without a place in the page become '?'. `ret_bytes` has section->bytes. */
void sp_smf_section_write(const struct sp_smf_section *section, const struct sp_smf_text *text,
                          const void *values, unsigned char *ret_bytes);

/* What the records of a server have in common. */
struct sp_smf_origin {
    struct sp_smf_text text;
    struct sp_str sid; /* up to 4 characters */
    struct sp_smf_server server;
};

/* One request as a record of subtype 1 version 1. `written_us` is the time of the header; `local_offset_us`
 * is local time minus UTC then. The members without a place in version 1 are not looked at, nor are versions
 * and lengths of sections. */
void sp_smf_v1_write(const struct sp_smf_origin *origin, const struct sp_smf_request *request,
                     int64_t written_us, int64_t local_offset_us, unsigned char ret_record[SP_SMF_V1_BYTES]);

/* Subtype 1 version 2 in two steps: each request at SP_SMF_V2_BYTES(requests before it) of the record, then,
 * when there are `requests` of them (1..SP_SMF_REQUESTS_MAX), what is before them. */
void sp_smf_v2_write_request(const struct sp_smf_origin *origin, const struct sp_smf_request *request,
                             unsigned char ret_section[SP_SMF_V2_REQUEST_BYTES]);
void sp_smf_v2_write_head(const struct sp_smf_origin *origin, size_t requests, int64_t written_us,
                          int64_t local_offset_us, unsigned char ret_record[SP_SMF_V2_FIRST_REQUEST]);

/* A record of subtype 2 version 2 in the same two steps. */
void sp_smf_requester_write(const struct sp_smf_origin *origin, const struct sp_smf_requester *call,
                            unsigned char ret_section[SP_SMF_V2_REQUEST_BYTES]);
void sp_smf_requester_write_head(const struct sp_smf_origin *origin, size_t calls, int64_t written_us,
                                 int64_t local_offset_us, unsigned char ret_record[SP_SMF_V2_FIRST_REQUEST]);

/* One event as a record of type 208. */
void sp_smf_security_write(const struct sp_smf_origin *origin, const struct sp_smf_security *event,
                           int64_t written_us, int64_t local_offset_us,
                           unsigned char ret_record[SP_SMF_SECURITY_BYTES]);

/* Read a record of any known version. `record` begins with its RDW. Offsets, lengths and counts are taken
 * from the record, as IBM asks; a section that is shorter than known has zeros and empty texts at its end.
 * Values live in the arena or in `record`. SP_EPROTO with the offset of what is wrong, SP_EUNSUPPORTED for
 * another type, subtype or version, or a spanned record. */
enum sp_status sp_smf_record_read(struct sp_str record, const struct sp_smf_text *text,
                                  struct sp_arena *arena, struct sp_smf_record *ret_record,
                                  struct sp_error *err) SP_MUST_CHECK;

/* Date and time of day of the standard header. */
uint64_t sp_smf_date(int64_t local_us);
uint64_t sp_smf_time(int64_t local_us);

#endif
