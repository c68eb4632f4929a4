/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "intercept/file_logger.h"
#include "text/json.h"

static char directory[64];
static struct sp_arena arena;
static struct sp_error err;

static int set_up(void **state)
{
    snprintf(directory, sizeof directory, "/tmp/sallyport-log-XXXXXX");
    sp_arena_init(&arena, 64000000);
    return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
    char command[128];
    sp_arena_finish(&arena);
    snprintf(command, sizeof command, "rm -r %s", directory);
    return system(command);
}

static const struct sp_str token_and_secret[] = {SP_STR_INIT("X-Token"), SP_STR_INIT("authorization"),
                                                 SP_STR_INIT("X-None")};
static const struct sp_str of_response[] = {SP_STR_INIT("content-type")};
static const struct sp_http_header request_headers[] = {
    {SP_STR_INIT("x-token"), SP_STR_INIT("t1")},
    {SP_STR_INIT("Authorization"), SP_STR_INIT("Basic ZnJlZA==")}};
static const struct sp_http_header response_headers[] = {
    {SP_STR_INIT("Content-Type"), SP_STR_INIT("application/json")}};
static const struct sp_http_request request = {
    .method = SP_STR_INIT("POST"),
    .target = SP_STR_INIT("/a?b=1"),
    .path = SP_STR_INIT("/a"),
    .query = SP_STR_INIT("b=1"),
    .host = SP_STR_INIT("shop.example"),
    .headers = request_headers,
    .header_count = 2,
    .body = SP_STR_INIT("{\"n\":\n1}"),
    .peer_address = SP_STR_INIT("192.0.2.1"),
    .local_address = SP_STR_INIT("192.0.2.9"),
    .tls = true,
};

static struct sp_cfg_interceptor element_of(bool json)
{
    return (struct sp_cfg_interceptor){
        .kind = SP_CFG_FILE_LOGGER,
        .id = SP_STR("log"),
        .provider_request_headers = {token_and_secret, 3},
        .provider_response_headers = {of_response, 1},
        .request_url = true,
        .log_name = SP_STR("all_%SERVERNAME%"),
        .log_path = sp_str_of(directory),
        .max_payload_size = -1,
        .log_json = json,
    };
}

/* Two methods of the chain for one request, and the file. */
static struct sp_str log_one(const struct sp_cfg_interceptor *element, unsigned type)
{
    const struct sp_config config = {
        .server_name = SP_STR("s/1"), .interceptors = element, .interceptor_count = 1};
    struct sp_file_loggers *loggers;
    const struct sp_intercept_chain *chain;
    const struct sp_cfg_interceptor_list list = {.items = &element, .count = 1};
    const struct sp_principal fred = {.name = SP_STR("fr\ned"), .saf_user = SP_STR("FRED")};
    struct sp_intercept_progress progress;
    unsigned status;
    assert_int_equal(sp_file_loggers_open(&config, &loggers, &err), SP_OK);
    const struct sp_intercept_means means = {.loggers = loggers};
    assert_int_equal(sp_intercept_compile(&list, NULL, &means, &arena, &chain, &err), SP_OK);
    struct sp_intercept_data data = {.request = &request,
                                     .principal = &fred,
                                     .arena = &arena,
                                     .type = type,
                                     .api_name = SP_STR("booking"),
                                     .sor_reference = SP_STR("cics1"),
                                     .entry_us = 1437308042123000,
                                     .request_id = 255};
    assert_int_equal(io_intercept_pre(chain, &data, &progress, &status, &err), SP_OK);
    data.exit_us = 1437308043456000;
    data.response_status = 201;
    data.response_body = SP_STR("{\"done\":\"a\xc3\xa4\"}");
    data.response_headers = response_headers;
    data.response_header_count = 1;
    io_intercept_post(chain, &data, &progress);
    sp_file_loggers_free(loggers);
    char path[128];
    snprintf(path, sizeof path, "%s/all_s_1.log", directory);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char *text = sp_arena_alloc(&arena, 10000);
    size_t len = fread(text, 1, 9999, file);
    text[len] = 0;
    fclose(file);
    return sp_str_of(text);
}

static void text_has_an_entry_for_each_message(void **state)
{
    setenv("TZ", "UTC", 1);
    const struct sp_cfg_interceptor element = element_of(false);
    char expected[2000];
    snprintf(
        expected, sizeof expected,
        "********************************************************************************\n"
        "ServerName: s/1\n"
        "********************************************************************************\n"
        "DateTime:2015-07-19_12-14-02.123 | ThreadId:%d | UserName:fr\\ned | RequestID:00000000000000ff |\n"
        "RemoteAddress:192.0.2.1 | LocalAddress:192.0.2.9\n"
        "RequestURL:https://shop.example/a?b=1\n"
        "Headers:x-token=t1, Authorization=***\n"
        "MessageType:REQUEST\nMessageSize:8\nMessageData:{\"n\":\\n1}\n\n"
        "DateTime:2015-07-19_12-14-03.456 | ThreadId:%d | UserName:fr\\ned | RequestID:00000000000000ff |\n"
        "RemoteAddress:192.0.2.1 | LocalAddress:192.0.2.9\n"
        "RequestURL:https://shop.example/a?b=1\n"
        "Headers:Content-Type=application/json\n"
        "MessageType:RESPONSE\nMessageSize:14\nMessageData:{\"done\":\"a\xc3\xa4\"}\n\n",
        (int)getpid(), (int)getpid());
    assert_string_equal(log_one(&element, SP_REQUEST_API).ptr, expected);
}

static void json_has_one_object_for_each_request(void **state)
{
    const struct sp_cfg_interceptor element = element_of(true);
    struct sp_str text = log_one(&element, SP_REQUEST_API);
    assert_string_equal(
        text.ptr,
        "{\"timestamp\":\"2015-07-19T12:14:02.123000Z\",\"end\":\"2015-07-19T12:14:03.456000Z\","
        "\"requestId\":255,"
        "\"correlator\":\"\",\"user\":\"fr\\ned\",\"mappedUser\":\"FRED\",\"remoteAddress\":\"192.0.2.1\","
        "\"localAddress\":\"192.0.2.9\",\"api\":\"booking\",\"service\":\"\",\"request\":{\"method\":"
        "\"POST\","
        "\"uri\":\"/a\",\"queryString\":\"b=1\",\"url\":\"https://shop.example/"
        "a?b=1\",\"headers\":{\"X-Token\":"
        "\"t1\",\"authorization\":\"***\"},\"body\":\"{\\\"n\\\":\\n1}\",\"size\":8},\"sor\":{\"identifier\":"
        "\"\","
        "\"resource\":\"\",\"reference\":\"cics1\"},\"response\":{\"statusCode\":201,\"headers\":{\"content-"
        "type\":"
        "\"application/json\"},\"body\":\"{\\\"done\\\":\\\"a\xc3\xa4\\\"}\",\"size\":14}}\n");
}

static void payloads_are_cut_between_characters(void **state)
{
    struct sp_cfg_interceptor element = element_of(false);
    element.max_payload_size = 11; /* within the two bytes of the last letter */
    struct sp_str text = log_one(&element, SP_REQUEST_API);
    assert_non_null(strstr(text.ptr, "MessageSize:14\nMessageData:{\"done\":\"a\n"));
    element.max_payload_size = 0;
    text = log_one(&element, SP_REQUEST_API);
    assert_non_null(strstr(text.ptr, "MessageSize:14\nMessageData:\n"));
}

static void programs_that_call_out_are_not_logged(void **state)
{
    const struct sp_cfg_interceptor element = element_of(false);
    assert_string_equal(log_one(&element, SP_REQUEST_REQUESTER).ptr, "");
}

/* ---------------------------------------------------------------- the file */

/* A file of an earlier process whose first entry is `minutes` old; its own times are those of this moment. */
static void plant(bool json, int minutes)
{
    char path[128], when[SP_CLOCK_TEXT_MAX] = "";
    int64_t us = sp_clock_realtime_us() - (int64_t)minutes * 60000000;
    time_t seconds = (time_t)(us / 1000000);
    struct tm local;
    snprintf(path, sizeof path, "%s/all_s_1.log", directory);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    if (json) {
        sp_clock_text(us, when);
        fprintf(file, "{\"timestamp\":\"%s\",\"end\":\"%s\",\"user\":\"%0200d\"}\n", when, when, 0);
    } else {
        strftime(when, sizeof when, "%Y-%m-%d_%H-%M-%S", localtime_r(&seconds, &local));
        fprintf(file, "****\nServerName: DateTime:2001-01-01_00-00-00.000\n****\n");
        fprintf(file, "DateTime:%s.123 | ThreadId:1 |\nMessageType:REQUEST\n\n", when);
        fprintf(file, "DateTime:2002-01-01_00-00-00.000 | ThreadId:1 |\nMessageType:REQUEST\n\n");
    }
    fclose(file);
}

static unsigned files_there(void)
{
    unsigned count = 0;
    DIR *dir = opendir(directory);
    for (struct dirent *entry; (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

static void the_age_of_a_file_is_that_of_its_first_entry(void **state)
{
    struct sp_cfg_interceptor element = element_of(false);
    static const struct {
        bool planted_json, json;
        int minutes;
        unsigned files; /* that this adds */
    } cases[] = {{true, true, 58, 0},   {true, true, 61, 1},    {false, false, 58, 0}, {false, false, 61, 1},
                 {true, false, 58, 0},  {true, false, 61, 1},   {false, true, 58, 0},  {false, true, 61, 1},
                 {true, true, -300, 0}, {false, false, -300, 0}};
    unsigned expected = 1;
    element.rotate_interval_us = INT64_C(3600000000);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        element.log_json = cases[i].json;
        plant(cases[i].planted_json, cases[i].minutes);
        log_one(&element, SP_REQUEST_API);
        expected += cases[i].files;
        assert_int_equal(files_there(), expected);
    }
}

static int64_t two_hours_ago(struct sp_str beginning)
{
    return sp_clock_realtime_us() - INT64_C(7200000000);
}

static void put(struct sp_log_file *file, const char *entry)
{
    struct sp_buf *buf = sp_log_file_begin(file);
    sp_buf_append_str(buf, sp_str_of(entry));
    sp_log_file_end(file);
}

static struct sp_log_file *open_file(int64_t max_bytes, unsigned max_files, size_t memory)
{
    struct sp_log_file *file;
    const struct sp_log_file_options options = {.directory = sp_str_of(directory),
                                                .name = SP_STR("log"),
                                                .head = SP_STR("head\n"),
                                                .entry_end = SP_STR("\n"),
                                                .max_bytes = max_bytes,
                                                .max_files = max_files,
                                                .memory = memory};
    assert_int_equal(sp_log_file_open(&options, &file, &err), SP_OK);
    return file;
}

/* Entries and heads in all files together; `*ret_files`: how many files there are. */
static void count(unsigned *ret_entries, unsigned *ret_heads, unsigned *ret_files)
{
    DIR *dir = opendir(directory);
    *ret_entries = *ret_heads = *ret_files = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[512], line[256];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        FILE *file = fopen(path, "r");
        ++*ret_files;
        while (fgets(line, sizeof line, file)) {
            *ret_heads += strcmp(line, "head\n") == 0;
            *ret_entries += strncmp(line, "entry ", 6) == 0;
            assert_true(strcmp(line, "head\n") == 0 ||
                        (strncmp(line, "entry ", 6) == 0 && strlen(line) == 20));
        }
        fclose(file);
    }
    closedir(dir);
}

static void a_file_that_is_too_old_is_followed_by_one_with_a_head_of_its_own(void **state)
{
    unsigned entries, heads, found;
    struct sp_log_file *file = open_file(0, 0, 0);
    const struct sp_log_file_options options = {.directory = sp_str_of(directory),
                                                .name = SP_STR("log"),
                                                .head = SP_STR("head\n"),
                                                .entry_end = SP_STR("\n"),
                                                .max_age_us = INT64_C(3600000000),
                                                .first_entry_us = two_hours_ago};
    put(file, "entry 000001 000001\n");
    sp_log_file_free(file);
    for (unsigned n = 2; n < 4; n++) {
        assert_int_equal(sp_log_file_open(&options, &file, &err), SP_OK);
        put(file, "entry 000002 000001\n");
        put(file, "entry 000002 000002\n"); /* into the same one: it was begun just now */
        sp_log_file_free(file);
        count(&entries, &heads, &found);
        assert_int_equal(found, n);
        assert_int_equal(heads, n);
    }
    assert_int_equal(entries, 5);
}

static void several_processes_share_a_file_and_no_entry_is_torn(void **state)
{
    unsigned entries, heads, files;
    for (int child = 0; child < 4; child++)
        if (fork() == 0) {
            struct sp_log_file *file = open_file(5000, 0, 0);
            for (int i = 0; i < 500; i++) {
                char entry[32];
                snprintf(entry, sizeof entry, "entry %06d %06d\n", child, i);
                put(file, entry);
                if (i % 50 == 0)
                    usleep(1000);
            }
            sp_log_file_free(file);
            _exit(0);
        }
    for (int child = 0; child < 4; child++)
        wait(NULL);
    count(&entries, &heads, &files);
    assert_int_equal(entries, 2000);
    assert_int_equal(heads, files);
    assert_int_equal(files, 9); /* of at most 5000 bytes: a head and 249 entries in each but the last */
}

static void a_file_is_never_larger_than_it_may_be(void **state)
{
    DIR *dir = opendir(directory);
    struct sp_log_file *file = open_file(65, 0, 0);
    for (int i = 0; i < 10; i++)
        put(file, "entry 000001 000001\n"); /* may be written at once */
    sp_log_file_free(file);
    for (struct dirent *entry; (entry = readdir(dir));) {
        struct stat found;
        assert_int_equal(fstatat(dirfd(dir), entry->d_name, &found, 0), 0);
        if (entry->d_name[0] != '.' && found.st_size != 65 && found.st_size != 25)
            fail_msg("%s has %d bytes", entry->d_name,
                     (int)found.st_size); /* a head and three, or the last one */
    }
    closedir(dir);
    unsigned entries, heads, files;
    count(&entries, &heads, &files);
    assert_int_equal(entries, 10);
    assert_int_equal(files, 4);
    file = open_file(10, 0, 0);
    put(file, "entry 000002 000001\n"); /* alone it is larger */
    put(file, "entry 000002 000002\n");
    sp_log_file_free(file);
    count(&entries, &heads, &files);
    assert_int_equal(entries, 12);
    assert_int_equal(files, 6);
}

static void the_oldest_files_go_first_though_all_are_of_one_second(void **state)
{
    char path[256], line[64];
    struct sp_log_file *file = open_file(25, 2, 0);
    for (int i = 1; i <= 9; i++) {
        char entry[32];
        snprintf(entry, sizeof entry, "entry 000001 %06d\n", i);
        put(file, entry);
    }
    sp_log_file_free(file);
    DIR *dir = opendir(directory);
    unsigned sum = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        FILE *opened = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
        while (opened && fgets(line, sizeof line, opened))
            sum += strncmp(line, "entry ", 6) == 0 ? (unsigned)atoi(line + 13) : 0;
        if (opened)
            fclose(opened);
    }
    closedir(dir);
    assert_int_equal(sum, 7 + 8 + 9); /* the present one and two that are kept */
}

static void what_a_full_disk_took_in_part_is_taken_back(void **state)
{
    const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY}, most = {35, RLIM_INFINITY};
    struct sp_log_file *file = open_file(0, 0, 0);
    struct sp_log_file_counts counts;
    char path[128];
    snprintf(path, sizeof path, "%s/log.log", directory);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &most); /* the second entry does not fit whole */
    put(file, "entry 000001 000001\n");
    struct stat found = {0};
    while (stat(path, &found) == 0 && found.st_size < 25)
        usleep(1000);
    put(file, "entry 000001 000002\n");
    do
        sp_log_file_counts(file, &counts);
    while (counts.lost == 0 && usleep(1000) == 0);
    assert_int_equal(counts.lost, 1);
    assert_non_null(strstr(counts.reason, "log.log cannot be written: File too large"));
    setrlimit(RLIMIT_FSIZE, &none);
    put(file, "entry 000001 000003\n");
    sp_log_file_free(file);
    unsigned entries, heads, files;
    count(&entries, &heads, &files); /* fails for what is torn */
    assert_int_equal(entries, 2);
    assert_int_equal(heads, 1);
}

static void only_so_many_files_are_kept(void **state)
{
    unsigned files = 0;
    for (int i = 0; i < 8; i++) {
        struct sp_log_file *file = open_file(30, 3, 0);
        put(file, "entry 000001 00001\n\n");
        put(file, "entry 000001 000002\n");
        sp_log_file_free(file);
    }
    DIR *dir = opendir(directory);
    while (readdir(dir))
        files++;
    closedir(dir);
    assert_int_equal(files - 2, 4); /* without "." and ".." */
}

static void entries_without_memory_are_counted_as_lost(void **state)
{
    struct sp_log_file_counts counts;
    struct sp_log_file *file = open_file(0, 0, 64);
    char large[200];
    memset(large, 'x', sizeof large);
    large[sizeof large - 1] = 0;
    put(file, large);
    put(file, "entry 000001 000002\n");
    sp_log_file_counts(file, &counts);
    assert_int_equal(counts.lost, 1);
    assert_int_equal(counts.entries, 1);
    sp_log_file_free(file);
    unsigned entries, heads, files;
    count(&entries, &heads, &files);
    assert_int_equal(entries, 1);
}

static void entries_that_cannot_be_written_are_counted_and_the_next_are_tried(void **state)
{
    char path[128];
    struct sp_log_file *file = open_file(0, 0, 0);
    snprintf(path, sizeof path, "%s/log.log", directory);
    put(file, "entry 000001 000001\n");
    for (int i = 0; i < 200 && access(path, F_OK) != 0; i++)
        usleep(10000);
    usleep(50000);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/dev/full", path), 0); /* links are not followed */
    put(file, "entry 000001 000002\n");
    struct sp_log_file_counts counts;
    for (int i = 0; i < 200; i++) {
        sp_log_file_counts(file, &counts);
        if (counts.lost)
            break;
        usleep(10000);
    }
    assert_int_equal(counts.lost, 1);
    assert_int_equal(counts.failures, 1);
    assert_non_null(strstr(counts.reason, "log.log cannot be opened"));
    unlink(path);
    put(file, "entry 000001 000003\n");
    sp_log_file_free(file);
    unsigned entries, heads, files;
    count(&entries, &heads, &files);
    assert_int_equal(entries, 1);
}

static void a_directory_that_cannot_be_made_is_told(void **state)
{
    struct sp_log_file *file;
    const struct sp_log_file_options options = {.directory = SP_STR("/dev/null/logs"), .name = SP_STR("log")};
    assert_int_equal(sp_log_file_open(&options, &file, &err), SP_EIO);
    assert_non_null(strstr(err.text, "/dev/null/logs"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(text_has_an_entry_for_each_message),
        TEST(json_has_one_object_for_each_request),
        TEST(payloads_are_cut_between_characters),
        TEST(programs_that_call_out_are_not_logged),
        TEST(the_age_of_a_file_is_that_of_its_first_entry),
        TEST(a_file_that_is_too_old_is_followed_by_one_with_a_head_of_its_own),
        TEST(several_processes_share_a_file_and_no_entry_is_torn),
        TEST(a_file_is_never_larger_than_it_may_be),
        TEST(only_so_many_files_are_kept),
        TEST(the_oldest_files_go_first_though_all_are_of_one_second),
        TEST(what_a_full_disk_took_in_part_is_taken_back),
        TEST(entries_without_memory_are_counted_as_lost),
        TEST(entries_that_cannot_be_written_are_counted_and_the_next_are_tried),
        TEST(a_directory_that_cannot_be_made_is_told),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("file_logger", tests, NULL, NULL);
}
