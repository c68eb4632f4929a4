/* SPDX-License-Identifier: Apache-2.0
 * The tables: where each field of a record is.
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

#define CALL(name, offset, length, kind, member)                          \
    {                                                                     \
        name, offset, length, SP_SMF_##kind, AT(sp_smf_requester, member) \
    }
#define EVENT(name, offset, length, kind, member)                        \
    {                                                                    \
        name, offset, length, SP_SMF_##kind, AT(sp_smf_security, member) \
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

/* Names, order and meaning are IBM's; offsets and lengths are decided here, after those of the same data in
 * subtype 1 or in the control blocks of CICS and IMS, and stand only here. */
static const struct sp_smf_field v2_call[] = {
    CALL("REQ_DATA_VERSION", 0, 1, NUMBER, version),
    CALL("REQ_APP_TYPE", 1, 1, NUMBER, application_type),
    CALL("HTTP_RESP_CODE", 2, 2, NUMBER, status),
    CALL("REQ_STATUS_CODE", 4, 2, NUMBER, result),
    CALL("RESP_FLAGS", 6, 1, NUMBER, flags),
    RESERVED(7, 1),
    CALL("REQ_PAYLOAD_LEN", 8, 4, NUMBER, request_bytes),
    CALL("RESP_PAYLOAD_LEN", 12, 4, NUMBER, response_bytes),
    CALL("USER_NAME", 16, 64, TEXT, user),
    CALL("USER_NAME_MAPPED", 80, 8, TEXT, mapped_user),
    CALL("USER_NAME_ASSERTED", 88, 8, TEXT, asserted_user),
    CALL("API_REQ_NAME", 96, 64, TEXT, name),
    CALL("API_REQ_VERSION", 160, 8, TEXT, api_version),
    CALL("ENDPOINT_REFERENCE", 168, 32, TEXT, endpoint_reference),
    CALL("ENDPOINT_HOST", 200, 64, TEXT, endpoint_host),
    CALL("ENDPOINT_PORT", 264, 4, NUMBER, endpoint_port),
    RESERVED(268, 4),
    CALL("ENDPOINT_FULL_PATH", 272, 256, TEXT, path),
    CALL("ENDPOINT_METHOD", 528, 8, TEXT, method),
    CALL("ENDPOINT_QUERY_STR", 536, 128, TEXT, query),
    CALL("TIME_STUB_SENT", 664, 16, STCKE, stub_sent_us),
    CALL("TIME_ZC_ENTRY", 680, 16, STCKE, entry_us),
    CALL("TIME_ZC_EXIT", 696, 16, STCKE, exit_us),
    CALL("TIME_TOKEN_GET_START", 712, 16, STCKE, token_start_us),
    CALL("TIME_TOKEN_GET_FINISH", 728, 16, STCKE, token_finish_us),
    CALL("TIME_ENDPOINT_SENT", 744, 16, STCKE, endpoint_sent_us),
    CALL("TIME_ENDPOINT_RECEIVED", 760, 16, STCKE, endpoint_received_us),
    CALL("MVS_JOBNAME", 776, 8, TEXT, job_name),
    CALL("MVS_JOBID", 784, 8, TEXT, job_id),
    CALL("MVS_SYSNAME", 792, 8, TEXT, system),
    CALL("MVS_ASID", 800, 4, NUMBER, asid),
    CALL("MVS_SID", 804, 4, TEXT, sid),
    CALL("CICS_APPLID", 808, 8, TEXT, cics_applid),
    CALL("CICS_TASK_NUMBER", 816, 4, NUMBER, cics_task),
    CALL("CICS_TRANSID", 820, 4, TEXT, cics_transaction),
    CALL("CICS_RMUOWID", 824, 8, BYTES, cics_unit_of_work),
    CALL("CICS_NETUOW_PX", 832, 20, BYTES, cics_network_prefix),
    CALL("CICS_NETUOW_SX", 852, 8, BYTES, cics_network_suffix),
    RESERVED(860, 4),
    CALL("IMS_IDENTIFIER", 864, 8, TEXT, ims_identifier),
    CALL("IMS_REGION_ID", 872, 4, NUMBER, ims_region),
    RESERVED(876, 4),
    CALL("IMS_TRANSNAME", 880, 8, TEXT, ims_transaction),
    CALL("IMS_APPNAME", 888, 8, TEXT, ims_application),
    CALL("IMS_PSBNAME", 896, 8, TEXT, ims_psb),
    CALL("IMS_RECOVERY_TOKEN", 904, 16, BYTES, ims_recovery_token),
    CALL("REQ_ID", 920, 8, NUMBER, id),
    CALL("TRACKING_TOKEN", 928, 64, BYTES, token),
    CALL("REQ_HDR1", 992, 64, TEXT, request_headers[0]),
    CALL("REQ_HDR2", 1056, 64, TEXT, request_headers[1]),
    CALL("REQ_HDR3", 1120, 64, TEXT, request_headers[2]),
    CALL("REQ_HDR4", 1184, 64, TEXT, request_headers[3]),
    CALL("RESP_HDR1", 1248, 64, TEXT, response_headers[0]),
    CALL("RESP_HDR2", 1312, 64, TEXT, response_headers[1]),
    CALL("RESP_HDR3", 1376, 64, TEXT, response_headers[2]),
    CALL("RESP_HDR4", 1440, 64, TEXT, response_headers[3]),
    RESERVED(1504, 56),
};

/* This product's own; header and server section are those of version 2. */
static const struct sp_smf_field security_event[] = {
    EVENT("EVENT_SECT_VERSION", 0, 1, NUMBER, version),
    EVENT("EVENT", 1, 1, NUMBER, event),
    EVENT("QUALIFIER", 2, 1, NUMBER, qualifier),
    EVENT("ORIGIN", 3, 1, NUMBER, origin),
    EVENT("HTTP_RESP_CODE", 4, 2, NUMBER, status),
    RESERVED(6, 2),
    EVENT("USER_NAME", 8, 64, TEXT, user),
    EVENT("USER_NAME_MAPPED", 72, 8, TEXT, saf_user),
    EVENT("REALM", 80, 32, TEXT, realm),
    EVENT("CLIENT_IP_ADDR", 112, 48, TEXT, client_address),
    EVENT("REQ_METHOD", 160, 8, TEXT, method),
    EVENT("REQ_TARGET_URI", 168, 256, TEXT, uri),
    EVENT("API_NAME", 424, 64, TEXT, api_name),
    EVENT("SERVICE_NAME", 488, 64, TEXT, service_name),
    EVENT("CLASS", 552, 8, TEXT, class_name),
    EVENT("RESOURCE", 560, 248, TEXT, resource),
    EVENT("ACCESS", 808, 8, TEXT, access),
    EVENT("ALLOWED", 816, 8, TEXT, allowed),
    EVENT("STEP", 824, 16, TEXT, step),
    EVENT("MESSAGE_ID", 840, 16, TEXT, message_id),
    EVENT("REASON", 856, 128, TEXT, reason),
    EVENT("REQ_ID", 984, 8, NUMBER, id),
    EVENT("TRACKING_TOKEN", 992, 64, BYTES, token),
    EVENT("TIME", 1056, 16, STCKE, at_us),
    EVENT("LOST", 1072, 8, NUMBER, lost),
    EVENT("LOST_SINCE", 1080, 8, STCK, since_us),
};

const struct sp_smf_version sp_smf_versions[] = {
    [SP_SMF_PROVIDER_1] = {SP_SMF_TYPE, 1, 1, SECTION(v1_head, 72), SECTION(v1_server, 80),
                           SECTION(v1_request, 336), sizeof(struct sp_smf_request)},
    [SP_SMF_PROVIDER_2] = {SP_SMF_TYPE, 1, 2, SECTION(v2_head, 56), SECTION(v2_server, 188),
                           SECTION(v2_request, 1560), sizeof(struct sp_smf_request)},
    [SP_SMF_REQUESTER_2] = {SP_SMF_TYPE, 2, 2, SECTION(v2_head, 56), SECTION(v2_server, 188),
                            SECTION(v2_call, 1560), sizeof(struct sp_smf_requester)},
    [SP_SMF_SECURITY_1] = {SP_SMF_SECURITY_TYPE, 1, 1, SECTION(v2_head, 56), SECTION(v2_server, 188),
                           SECTION(security_event, 1088), sizeof(struct sp_smf_security)},
};
const size_t sp_smf_version_count = COUNT(sp_smf_versions);
