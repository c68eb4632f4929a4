/* SPDX-License-Identifier: Apache-2.0
 * The interface to plug-ins as it was published: numbers, sizes and offsets. Plug-ins that were compiled with
 * it are out there, and nobody compiles them again because we would like another number.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "sallyport/interceptor.h"

#define ADVICE                                                                                               \
    "Plug-ins that are out there rely on it. Put it back as it was; what is new goes behind what there is. " \
    "Then SALLYPORT_INTERCEPTOR_MINOR counts one more, and this table gets another row; the sizes of host, " \
    "setup and interceptor may grow, and nothing else changes here. Where that cannot be, "                  \
    "SALLYPORT_INTERCEPTOR_ABI counts one more, and the server refuses plug-ins made for the one before."

struct pin {
    const char *what;
    size_t is, was;
};

#define P(name, number)                               \
    {                                                 \
        .what = #name, .is = (name), .was = (number), \
    }
#define S(name, bytes) P(sizeof(struct sallyport_##name), bytes)
#define O(name, member, bytes) P(offsetof(struct sallyport_##name, member), bytes)

static const struct pin numbers[] = {
    P(SALLYPORT_INTERCEPTOR_ABI, 1),
    P(SALLYPORT_INTERCEPTOR_MINOR, 3),
    P(SALLYPORT_CONTINUE, 0),
    P(SALLYPORT_STOP, 1),
    P(SALLYPORT_OK, 0),
    P(SALLYPORT_EINVAL, 1),
    P(SALLYPORT_ENOMEM, 2),
    P(SALLYPORT_ELIMIT, 3),
    P(SALLYPORT_ETIMEDOUT, 4),
    P(SALLYPORT_ECANCELED, 5),
    P(SALLYPORT_EUNAVAIL, 6),
    P(SALLYPORT_LOG_ERROR, 0),
    P(SALLYPORT_LOG_WARNING, 1),
    P(SALLYPORT_LOG_INFO, 2),
    P(SALLYPORT_TYPE_UNKNOWN, 0),
    P(SALLYPORT_TYPE_API, 1),
    P(SALLYPORT_TYPE_SERVICE, 2),
    P(SALLYPORT_TYPE_ADMIN, 3),
    P(SALLYPORT_TYPE_REQUESTER, 4),
    P(SALLYPORT_METHOD, 1),
    P(SALLYPORT_URI, 2),
    P(SALLYPORT_QUERY, 3),
    P(SALLYPORT_URL, 4),
    P(SALLYPORT_HOST, 5),
    P(SALLYPORT_INPUT_PAYLOAD, 6),
    P(SALLYPORT_OUTPUT_PAYLOAD, 7),
    P(SALLYPORT_REMOTE_ADDRESS, 8),
    P(SALLYPORT_LOCAL_ADDRESS, 9),
    P(SALLYPORT_TLS_PROTOCOL, 10),
    P(SALLYPORT_TLS_CIPHER, 11),
    P(SALLYPORT_CLIENT_CERTIFICATE, 12),
    P(SALLYPORT_USER_NAME, 20),
    P(SALLYPORT_USER_REALM, 21),
    P(SALLYPORT_USER_NAME_ORIGINAL, 22),
    P(SALLYPORT_USER_NAME_MAPPED, 23),
    P(SALLYPORT_USER_GROUPS, 24),
    P(SALLYPORT_USER_SCHEME, 25),
    P(SALLYPORT_USER_CLAIMS, 26),
    P(SALLYPORT_USER_SCOPES, 27),
    P(SALLYPORT_USER_REALM_ORIGINAL, 28),
    P(SALLYPORT_USER_REGISTRY, 29),
    P(SALLYPORT_USER_STRENGTH, 30),
    P(SALLYPORT_API_NAME, 40),
    P(SALLYPORT_API_VERSION, 41),
    P(SALLYPORT_API_DESCRIPTION, 42),
    P(SALLYPORT_API_OPERATION, 43),
    P(SALLYPORT_SERVICE_NAME, 44),
    P(SALLYPORT_SERVICE_VERSION, 45),
    P(SALLYPORT_API_REQUESTER_NAME, 46),
    P(SALLYPORT_API_REQUESTER_VERSION, 47),
    P(SALLYPORT_ACTION, 48),
    P(SALLYPORT_API_REQUESTER_DESCRIPTION, 49),
    P(SALLYPORT_ADMIN_GROUPS, 60),
    P(SALLYPORT_OPERATIONS_GROUPS, 61),
    P(SALLYPORT_INVOKE_GROUPS, 62),
    P(SALLYPORT_READER_GROUPS, 63),
    P(SALLYPORT_CORRELATOR, 80),
    P(SALLYPORT_STAKEHOLDERS, 81),
    P(SALLYPORT_SOR_PROVIDER, 82),
    P(SALLYPORT_SOR_REFERENCE, 83),
    P(SALLYPORT_SOR_IDENTIFIER, 84),
    P(SALLYPORT_SOR_RESOURCE, 85),
    P(SALLYPORT_ENDPOINT_REFERENCE, 100),
    P(SALLYPORT_ENDPOINT_HOST, 101),
    P(SALLYPORT_ENDPOINT_METHOD, 102),
    P(SALLYPORT_ENDPOINT_PATH, 103),
    P(SALLYPORT_ENDPOINT_QUERY, 104),
    P(SALLYPORT_ENDPOINT_INPUT_PAYLOAD, 105),
    P(SALLYPORT_ENDPOINT_OUTPUT_PAYLOAD, 106),
    P(SALLYPORT_APPLICATION_TYPE, 120),
    P(SALLYPORT_MVS_JOBNAME, 121),
    P(SALLYPORT_MVS_JOBID, 122),
    P(SALLYPORT_MVS_SYSNAME, 123),
    P(SALLYPORT_CICS_APPLID, 124),
    P(SALLYPORT_CICS_TRANSID, 125),
    P(SALLYPORT_CICS_UOWID, 126),
    P(SALLYPORT_CICS_NETUOWID, 127),
    P(SALLYPORT_IMS_IDENTIFIER, 128),
    P(SALLYPORT_IMS_TRANSNAME, 129),
    P(SALLYPORT_IMS_APPNAME, 130),
    P(SALLYPORT_IMS_PSBNAME, 131),
    P(SALLYPORT_IMS_EXIT_DATA, 132),
    P(SALLYPORT_REQUEST_TYPE, 1),
    P(SALLYPORT_REQUEST_ID, 2),
    P(SALLYPORT_AUTHENTICATED, 3),
    P(SALLYPORT_TLS, 4),
    P(SALLYPORT_REMOTE_PORT, 5),
    P(SALLYPORT_LOCAL_PORT, 6),
    P(SALLYPORT_RESPONSE_STATUS, 7),
    P(SALLYPORT_TIMED_OUT, 8),
    P(SALLYPORT_REQUEST_BYTES, 9),
    P(SALLYPORT_RESPONSE_BYTES, 10),
    P(SALLYPORT_TIME_ENTRY, 20),
    P(SALLYPORT_TIME_EXIT, 21),
    P(SALLYPORT_TIME_SOR_SENT, 22),
    P(SALLYPORT_TIME_SOR_RECEIVED, 23),
    P(SALLYPORT_TIME_ENDPOINT_SENT, 24),
    P(SALLYPORT_TIME_ENDPOINT_RECEIVED, 25),
    P(SALLYPORT_ENDPOINT_PORT, 40),
    P(SALLYPORT_ENDPOINT_STATUS, 41),
    P(SALLYPORT_ENDPOINT_RETRIED, 42),
    P(SALLYPORT_ENDPOINT_INPUT_BYTES, 43),
    P(SALLYPORT_ENDPOINT_OUTPUT_BYTES, 44),
    P(SALLYPORT_CICS_TASK_NUMBER, 60),
    P(SALLYPORT_IMS_REGION_ID, 61),
    P(SALLYPORT_REQUEST, 0),
    P(SALLYPORT_RESPONSE, 1),
    P(SALLYPORT_ENDPOINT, 2),
    P(SALLYPORT_ENDPOINT_RESPONSE, 3),
    P(SALLYPORT_MAPPED_RESPONSE, 4),
};

/* Of machines with pointers of 8 bytes. */
static const struct pin layout[] = {
    S(text, 16),
    O(text, bytes, 0),
    O(text, length, 8),
    S(property, 16),
    O(property, name, 0),
    O(property, value, 8),
    S(http_header, 16),
    O(http_header, name, 0),
    O(http_header, value, 8),
    S(http_request, 64),
    O(http_request, method, 0),
    O(http_request, url, 8),
    O(http_request, headers, 16),
    O(http_request, header_count, 24),
    O(http_request, body, 32),
    O(http_request, body_length, 40),
    O(http_request, timeout_ms, 48),
    O(http_request, response_limit, 56),
    S(http_response, 40),
    O(http_response, status, 0),
    O(http_response, body, 8),
    O(http_response, content_type, 24),
    S(host, 168),
    O(host, abi, 0),
    O(host, size, 4),
    O(host, text, 8),
    O(host, number, 16),
    O(host, header_count, 24),
    O(host, header_at, 32),
    O(host, header, 40),
    O(host, set_header, 48),
    O(host, add_header, 56),
    O(host, allocate, 64),
    O(host, state, 72),
    O(host, stop, 80),
    O(host, add_stakeholder, 88),
    O(host, log, 96),
    O(host, time_left, 104),
    O(host, sleep, 112),
    O(host, http_fetch, 120),
    O(host, new_completion, 128),
    O(host, wait, 136),
    O(host, complete, 144),
    O(host, claim, 152),
    O(host, minor, 160),
    S(setup, 56),
    O(setup, size, 0),
    O(setup, host, 8),
    O(setup, instance, 16),
    O(setup, id, 24),
    O(setup, properties, 32),
    O(setup, property_count, 40),
    O(setup, worker, 48),
    O(setup, workers, 52),
    S(interceptor, 96),
    O(interceptor, abi, 0),
    O(interceptor, size, 4),
    O(interceptor, name, 8),
    O(interceptor, version, 16),
    O(interceptor, create, 24),
    O(interceptor, destroy, 32),
    O(interceptor, pre_invoke, 40),
    O(interceptor, post_invoke, 48),
    O(interceptor, pre_sor, 56),
    O(interceptor, post_sor, 64),
    O(interceptor, pre_endpoint, 72),
    O(interceptor, post_endpoint, 80),
    O(interceptor, early_failure, 88),
};

static void all_are_as_they_were(const struct pin *pins, size_t count)
{
    size_t changed = 0;
    for (size_t i = 0; i < count; i++)
        if (pins[i].is != pins[i].was) {
            print_error("%s is %zu, and was %zu.\n", pins[i].what, pins[i].is, pins[i].was);
            changed++;
        }
    if (changed)
        fail_msg("%zu changed. " ADVICE, changed);
}

static void no_number_changes(void **state)
{
    all_are_as_they_were(numbers, sizeof numbers / sizeof numbers[0]);
}

static void no_table_changes(void **state)
{
    if (sizeof(void *) != 8) {
        print_message("# skipped: the table is of machines with pointers of 8 bytes\n");
        skip();
    }
    all_are_as_they_were(layout, sizeof layout / sizeof layout[0]);
}

/* ---------------------------------------------------------------- what the header has, the tables have */

static char *read_header(void)
{
    char path[1024];
    const char *root = getenv("SALLYPORT_SOURCE_ROOT");
    char *text = calloc(1, 100000);
    snprintf(path, sizeof path, "%s/include/sallyport/interceptor.h", root ? root : ".");
    FILE *file = fopen(path, "r");
    if (!file || !text)
        fail_msg("%s cannot be read", path);
    assert_true(fread(text, 1, 99999, file) > 1000);
    fclose(file);
    return text;
}

static bool is_pinned(struct sp_str name)
{
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (sp_str_is(name, numbers[i].what))
            return true;
    return false;
}

static void every_number_of_the_header_is_in_the_table(void **state)
{
    static const char prefix[] = " SALLYPORT_";
    char *text = read_header();
    size_t found = 0;
    for (const char *at = text; (at = strstr(at, prefix)); at++) {
        struct sp_str name = sp_str_of(at + 1);
        name.len = strspn(name.ptr, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
        size_t end = name.len + strspn(name.ptr + name.len, " \n");
        if (name.ptr[end] != '=')
            continue;
        found++;
        if (!is_pinned(name))
            fail_msg(
                "%.*s is not in the table of numbers: put it there, and count SALLYPORT_INTERCEPTOR_MINOR up",
                SP_STR_ARG(name));
    }
    assert_int_equal(found, sizeof numbers / sizeof numbers[0] - 2); /* the two versions are macros */
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_number_changes),
        cmocka_unit_test(no_table_changes),
        cmocka_unit_test(every_number_of_the_header_is_in_the_table),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("plugin_abi", tests, NULL, NULL);
}
