/* SPDX-License-Identifier: Apache-2.0
 * The tables: where each field of a type 123 record is.
 */
#include "intercept/smf/record.h"

#define AT(type, member) offsetof(struct type, member)
#define COUNT(fields) (sizeof(fields) / sizeof(fields)[0])
#define SECTION(fields, bytes)       \
    {                                \
        fields, COUNT(fields), bytes \
    }
#define RESERVED(offset, length)                 \
    {                                            \
        NULL, offset, length, SP_SMF_RESERVED, 0 \
    }

#define STANDARD(name, offset, length, kind, member)                     \
    {                                                                    \
        name, offset, length, SP_SMF_##kind, AT(sp_smf_standard, member) \
    }
#define SERVER(name, offset, length, kind, member)                     \
    {                                                                  \
        name, offset, length, SP_SMF_##kind, AT(sp_smf_server, member) \
    }
#define REQUEST(name, offset, length, kind, member)                     \
    {                                                                   \
        name, offset, length, SP_SMF_##kind, AT(sp_smf_request, member) \
    }

/* clang-format off */

#define STANDARD_HEADER \
    STANDARD("LEN", 0, 2, NUMBER, length), \
    STANDARD("SEG", 2, 2, NUMBER, segment), \
    STANDARD("FLAG", 4, 1, NUMBER, flag), \
    STANDARD("REC_TYPE", 5, 1, NUMBER, type), \
    STANDARD("TIME", 6, 4, TIME, time), \
    STANDARD("DATE", 10, 4, DATE, date), \
    STANDARD("SID", 14, 4, TEXT, sid), \
    STANDARD("SSI", 18, 4, TEXT, ssi), \
    STANDARD("SUBTYPE", 22, 2, NUMBER, subtype), \
    STANDARD("SUBTYPE_VERSION", 24, 4, NUMBER, subtype_version)

static const struct sp_smf_field v1_head[] = {
    STANDARD_HEADER,
    STANDARD("TRIPLET_COUNT", 28, 4, NUMBER, triplets),
    STANDARD("RECORD_INDEX", 32, 4, NUMBER, record_index),
    STANDARD("RECORD_TOTAL", 36, 4, NUMBER, record_total),
    STANDARD("CONTINUATION_TOKEN", 40, 8, NUMBER, token),
    STANDARD("SERVER_OFFSET", 48, 4, NUMBER, server_offset),
    STANDARD("SERVER_LEN", 52, 4, NUMBER, server_length),
    STANDARD("SERVER_COUNT", 56, 4, NUMBER, server_count),
    STANDARD("USER_DATA_OFFSET", 60, 4, NUMBER, request_offset),
    STANDARD("USER_DATA_LEN", 64, 4, NUMBER, request_length),
    STANDARD("USER_DATA_COUNT", 68, 4, NUMBER, request_count),
};

static const struct sp_smf_field v1_server[] = {
    SERVER("SERVER_SECT_VERSION", 0, 4, NUMBER, version),
    SERVER("SERVER_SYSTEM", 4, 8, TEXT, system),
    SERVER("SERVER_SYSPLEX", 12, 8, TEXT, sysplex),
    SERVER("SERVER_JOBID", 20, 8, TEXT, job_id),
    SERVER("SERVER_JOBNAME", 28, 8, TEXT, job_name),
    SERVER("SERVER_STOKEN", 36, 8, NUMBER, stoken),
    RESERVED(44, 36),
};

static const struct sp_smf_field v1_request[] = {
    REQUEST("USER_DATA_VERSION", 0, 4, NUMBER, version),
    REQUEST("USER_DATA_TYPE", 4, 4, NUMBER, data_type),
    REQUEST("USER_DATA_LENGTH", 8, 4, NUMBER, data_length),
    REQUEST("DATA_VERSION", 12, 4, NUMBER, data_version),
    REQUEST("TIME_ZC_ENTRY", 16, 8, STCK, entry_us),
    REQUEST("TIME_ZC_EXIT", 24, 8, STCK, exit_us),
    REQUEST("REQ_TARGET_URI", 32, 64, TEXT, uri),
    REQUEST("REQ_PAYLOAD_LEN", 96, 4, NUMBER, request_bytes),
    REQUEST("SERVICE_NAME", 100, 64, TEXT, service_name),
    REQUEST("REQ_METHOD", 164, 8, TEXT, method),
    REQUEST("RESP_PAYLOAD_LEN", 172, 4, NUMBER, response_bytes),
    REQUEST("USER_NAME", 176, 64, TEXT, user),
    REQUEST("REQ_ID", 240, 8, NUMBER, id),
    RESERVED(248, 16),
    REQUEST("SERVICE_GROUP_NAME", 264, 64, TEXT, service_group),
    REQUEST("USER_NAME_MAPPED", 328, 8, TEXT, mapped_user),
};

static const struct sp_smf_field v2_head[] = {
    STANDARD_HEADER,
    STANDARD("TRIPLET_COUNT", 28, 1, NUMBER, triplets),
    STANDARD("TRIPLET_OFFSET", 29, 1, NUMBER, triplet_offset),
    RESERVED(30, 2),
    STANDARD("DATETIME_OFFSET", 32, 8, SIGNED, local_offset),
    STANDARD("SERVER_OFFSET", 40, 4, NUMBER, server_offset),
    STANDARD("SERVER_LEN", 44, 2, NUMBER, server_length),
    STANDARD("SERVER_COUNT", 46, 2, NUMBER, server_count),
    STANDARD("REQ_DATA_OFFSET", 48, 4, NUMBER, request_offset),
    STANDARD("REQ_DATA_LEN", 52, 2, NUMBER, request_length),
    STANDARD("REQ_DATA_COUNT", 54, 2, NUMBER, request_count),
};

static const struct sp_smf_field v2_server[] = {
    SERVER("SERVER_SECT_VERSION", 0, 1, NUMBER, version),
    RESERVED(1, 3),
    SERVER("SERVER_SYSTEM", 4, 8, TEXT, system),
    SERVER("SERVER_SYSPLEX", 12, 8, TEXT, sysplex),
    SERVER("SERVER_JOBID", 20, 8, TEXT, job_id),
    SERVER("SERVER_JOBNAME", 28, 8, TEXT, job_name),
    SERVER("SERVER_STOKEN", 36, 8, NUMBER, stoken),
    SERVER("SERVER_CONFIG_DIR", 44, 128, TEXT, config_dir),
    SERVER("SERVER_VERSION", 172, 16, TEXT, product),
};

static const struct sp_smf_field v2_request[] = {
    REQUEST("REQ_DATA_VERSION", 0, 1, NUMBER, version),
    REQUEST("REQ_TYPE", 1, 1, NUMBER, type),
    REQUEST("HTTP_RESP_CODE", 2, 2, NUMBER, status),
    REQUEST("RESP_FLAGS", 4, 1, NUMBER, flags),
    RESERVED(5, 3),
    REQUEST("USER_NAME", 8, 64, TEXT, user),
    REQUEST("USER_NAME_MAPPED", 72, 8, TEXT, mapped_user),
    REQUEST("CLIENT_IP_ADDR", 80, 48, TEXT, client_address),
    REQUEST("API_NAME", 128, 64, TEXT, api_name),
    REQUEST("API_VERSION", 192, 8, TEXT, api_version),
    REQUEST("SERVICE_NAME", 200, 64, TEXT, service_name),
    REQUEST("SERVICE_VERSION", 264, 8, TEXT, service_version),
    REQUEST("REQ_METHOD", 272, 8, TEXT, method),
    REQUEST("REQ_QUERY_STR", 280, 128, TEXT, query),
    REQUEST("REQ_TARGET_URI", 408, 256, TEXT, uri),
    REQUEST("REQ_PAYLOAD_LEN", 664, 4, NUMBER, request_bytes),
    REQUEST("RESP_PAYLOAD_LEN", 668, 4, NUMBER, response_bytes),
    REQUEST("TIME_ZC_ENTRY", 672, 16, STCKE, entry_us),
    REQUEST("TIME_ZC_EXIT", 688, 16, STCKE, exit_us),
    REQUEST("TIME_SOR_SENT", 704, 16, STCKE, sor_sent_us),
    REQUEST("TIME_SOR_RECV", 720, 16, STCKE, sor_received_us),
    REQUEST("SP_NAME", 736, 16, TEXT, provider),
    REQUEST("SOR_REFERENCE", 752, 32, TEXT, sor_reference),
    REQUEST("SOR_IDENTIFIER", 784, 64, TEXT, sor_identifier),
    REQUEST("SOR_RESOURCE", 848, 128, TEXT, sor_resource),
    REQUEST("REQ_ID", 976, 8, NUMBER, id),
    REQUEST("TRACKING_TOKEN", 984, 64, BYTES, token),
    REQUEST("REQ_HDR1", 1048, 64, TEXT, request_headers[0]),
    REQUEST("REQ_HDR2", 1112, 64, TEXT, request_headers[1]),
    REQUEST("REQ_HDR3", 1176, 64, TEXT, request_headers[2]),
    REQUEST("REQ_HDR4", 1240, 64, TEXT, request_headers[3]),
    REQUEST("RESP_HDR1", 1304, 64, TEXT, response_headers[0]),
    REQUEST("RESP_HDR2", 1368, 64, TEXT, response_headers[1]),
    REQUEST("RESP_HDR3", 1432, 64, TEXT, response_headers[2]),
    REQUEST("RESP_HDR4", 1496, 64, TEXT, response_headers[3]),
};

const struct sp_smf_version sp_smf_versions[] = {
    {1, 1, SECTION(v1_head, 72), SECTION(v1_server, 80), SECTION(v1_request, 336)},
    {1, 2, SECTION(v2_head, 56), SECTION(v2_server, 188), SECTION(v2_request, 1560)},
};
const size_t sp_smf_version_count = COUNT(sp_smf_versions);
