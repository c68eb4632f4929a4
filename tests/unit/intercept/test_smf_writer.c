/* SPDX-License-Identifier: Apache-2.0
 * From the audit through shared memory and the writer's process to the file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "intercept/audit.h"
#include "intercept/kind.h"
#include "intercept/smf/block.h"
#include "intercept/smf/event_json.h"
#include "io/fiber.h"
#include "io/loop.h"
#include "saf/audit_frame.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct sp_loop *loop;
static struct sp_error err = SP_ERROR_INIT;
static char directory[64], path[96], lines_path[96];
static struct sp_config config;
static struct sp_audit *audit;

static int set_up(void **state)
{
    snprintf(directory, sizeof directory, "/tmp/test_smf_XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/smf", directory);
    snprintf(lines_path, sizeof lines_path, "%s/lines", directory);
    memset(&config, 0, sizeof config);
    config.smf = (struct sp_cfg_smf){.file = sp_str_of(path),
                                     .block_descriptors = true,
                                     .write_delay_us = 20000,
                                     .security_events = true,
                                     .buffer_records = 64};
    config.server_name = SP_STR("server");
    config.config_dir = SP_STR("/servers/server");
    return sp_loop_new(NULL, &loop, &err) == SP_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    char name[400];
    sp_loop_free(loop);
    DIR *dir = opendir(directory);
    for (struct dirent *entry; (entry = readdir(dir));) {
        snprintf(name, sizeof name, "%s/%s", directory, entry->d_name);
        if (entry->d_name[0] != '.')
            unlink(name);
    }
    closedir(dir);
    return rmdir(directory);
}

static void make(void)
{
    assert_int_equal(sp_audit_new(loop, &config, NULL, SP_STR("0.1.0"), &audit, &err), SP_OK);
}

static struct sp_audit_counts counts(void)
{
    struct sp_audit_counts now;
    sp_audit_counts(audit, &now);
    return now;
}

static void put_at(unsigned version, uint64_t number, int64_t delay_us, int64_t exit_us)
{
    const struct sp_cfg_interceptor interceptor = {.provider_smf_version = version,
                                                   .provider_max_delay_us = delay_us};
    struct sp_http_request request = {.method = SP_STR_INIT("GET"), .path = SP_STR_INIT("/x")};
    struct sp_principal principal = {.name = SP_STR_INIT("fred")};
    struct sp_intercept_data data = {.request = &request,
                                     .principal = &principal,
                                     .type = SP_REQUEST_API,
                                     .request_id = number,
                                     .exit_us = exit_us};
    io_audit_request(audit, &interceptor, &data);
}

static void put(unsigned version, uint64_t number, int64_t delay_us)
{
    put_at(version, number, delay_us, 0);
}

/* ---------------------------------------------------------------- the file, read again */

static struct {
    unsigned records, requests, losses, seen[20000];
    size_t sizes[2000]; /* requests in each record */
    uint64_t lost;
    int64_t lost_since_us, lost_at_us; /* of the last event that told of them */
} found;

static void see(const struct sp_smf_record *record)
{
    if (found.records < COUNT(found.sizes))
        found.sizes[found.records] = record->item_count;
    found.records++;
    for (size_t i = 0; i < record->item_count; i++) {
        const void *item = sp_smf_item(record, i);
        const struct sp_smf_security *event = item;
        if (record->version->type == SP_SMF_SECURITY_TYPE) {
            found.losses += event->event == SP_SMF_RECORDS_LOST;
            found.lost += event->lost;
            found.lost_since_us = event->since_us;
            found.lost_at_us = event->at_us;
            continue;
        }
        uint64_t number = ((const struct sp_smf_request *)item)->id;
        found.requests++;
        assert_true(number < COUNT(found.seen));
        found.seen[number]++;
    }
}

/* While the writer is at work the last record may not be whole yet. */
static void read_file(const char *name, bool growing)
{
    static char bytes[40u * 1024 * 1024];
    FILE *file = fopen(name, "rb");
    size_t len = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file)
        fclose(file);
    struct sp_smf_reader reader;
    struct sp_smf_text text;
    struct sp_str record_bytes;
    enum sp_status status;
    assert_int_equal(sp_smf_text_init(&text, 1047, &err), SP_OK);
    sp_smf_reader_init(&reader, sp_str_from(bytes, len));
    while ((status = sp_smf_reader_next(&reader, &record_bytes, &err)) == SP_OK) {
        struct sp_arena arena;
        struct sp_smf_record record;
        sp_arena_init(&arena, 4u * 1024 * 1024);
        assert_int_equal(sp_smf_record_read(record_bytes, &text, &arena, &record, &err), SP_OK);
        see(&record);
        sp_arena_finish(&arena);
    }
    if (status != SP_EPROTO || !growing)
        assert_int_equal(status, SP_ENOTFOUND);
}

static void read_all(bool growing)
{
    memset(&found, 0, sizeof found);
    read_file(path, growing);
}

static void wait_for_requests(unsigned requests)
{
    for (int turns = 0; turns < 400; turns++) {
        sp_loop_run_once(loop, 10);
        read_all(true);
        if (found.requests >= requests)
            break;
    }
    assert_int_equal(found.requests, requests);
}

static void finish(void)
{
    assert_int_equal(sp_audit_free(audit, &err), SP_OK);
    read_all(false);
}

/* ---------------------------------------------------------------- when it is written */

static void a_record_is_written_after_the_delay(void **state)
{
    config.smf.write_delay_us = 300000;
    make();
    int64_t before = sp_clock_monotonic_us();
    put(1, 0, 0);
    put(1, 1, 0);
    wait_for_requests(2);
    assert_true(sp_clock_monotonic_us() - before >= 250000);
    put(1, 2, 0);
    finish();
    assert_int_equal(found.requests, 3);
    assert_int_equal(sp_audit_free(NULL, &err), SP_OK);
}

static void assert_nothing_is_written_for(int64_t us)
{
    int64_t until_us = sp_clock_monotonic_us() + us;
    while (sp_clock_monotonic_us() < until_us)
        sp_loop_run_once(loop, 10);
    read_all(false);
    assert_int_equal(found.requests, 0);
}

static void a_request_of_version_2_waits_a_second_when_nothing_is_set(void **state)
{
    make();
    int64_t before = sp_clock_monotonic_us();
    put(2, 0, -1);
    wait_for_requests(1);
    assert_true(sp_clock_monotonic_us() - before >= 900000);
    finish();
}

static void twenty_requests_are_written_at_once(void **state)
{
    make();
    for (unsigned n = 0; n < 19; n++)
        put(2, n, 60000000);
    assert_nothing_is_written_for(500000);
    put(2, 19, 60000000);
    wait_for_requests(20);
    assert_int_equal(found.records, 1);
    put(2, 20, 60000000);
    put(2, 21, 60000000);
    finish();
    assert_int_equal(found.records, 2);
    assert_int_equal(found.sizes[0], 20);
    assert_int_equal(found.sizes[1], 2);
}

static void a_request_of_version_2_waits_for_the_delay_at_most(void **state)
{
    make();
    put(2, 0, 50000);
    wait_for_requests(1);
    assert_int_equal(found.sizes[0], 1);
    finish();
}

/* Set back by an hour, the time of day is before that of the events for as long. */
static void a_clock_that_is_set_back_delays_no_record(void **state)
{
    make();
    int64_t before = sp_clock_monotonic_us();
    put_at(2, 0, 100000, sp_clock_realtime_us() + 3600000000);
    wait_for_requests(1);
    assert_true(sp_clock_monotonic_us() - before >= 90000);
    finish();
}

/* The writer rests after it has written something, but not longer than the next may wait. */
static void records_that_follow_a_write_are_written_as_soon(void **state)
{
    make();
    for (unsigned n = 0; n < 5; n++) {
        put(2, n, 1000);
        wait_for_requests(n + 1);
    }
    for (unsigned n = 5; n < 65; n++)
        put(2, n, 60000000);
    wait_for_requests(65);
    finish();
}

static void versions_stand_in_one_file(void **state)
{
    make();
    for (unsigned n = 0; n < 45; n++)
        put(n % 3 == 0 ? 1 : 2, n, 60000000);
    finish();
    assert_int_equal(found.requests, 45);
    for (unsigned n = 0; n < 45; n++)
        assert_int_equal(found.seen[n], 1);
}

static void records_may_stand_without_blocks(void **state)
{
    config.smf.block_descriptors = false;
    make();
    for (unsigned n = 0; n < 40; n++)
        put(2, n, 60000000);
    finish();
    assert_int_equal(found.records, 2);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 2 * SP_SMF_V2_BYTES(20));
}

static void every_policy_of_durability_writes_all(void **state)
{
    for (unsigned fsync = 0; fsync < 3; fsync++) {
        config.smf.fsync = fsync;
        config.smf.fsync_interval_us = 10000;
        make();
        for (unsigned n = 0; n < 50; n++)
            put(1, fsync * 50 + n, 0);
        finish();
        assert_int_equal(found.requests, (fsync + 1) * 50);
    }
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

static void a_file_of_the_size_that_is_set_is_followed_by_another(void **state)
{
    config.smf.max_file_size = 1;
    make();
    for (unsigned n = 0; n < 1000; n++) {
        while (counts().room == 0)
            sp_loop_run_once(loop, 1);
        put(2, n, 1000);
    }
    finish();
    assert_int_equal(files_there(), 2);
    assert_true(found.requests > 300 && found.requests < 700);
}

/* ---------------------------------------------------------------- who dies */

static pid_t writer_of(void)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    /* The audit's own share is private: its ring is found among our descriptors. */
    for (int fd = 10; fd < 64; fd++) {
        char link[64], name[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t len = readlink(link, name, sizeof name - 1);
        name[len > 0 ? len : 0] = 0;
        if (strstr(name, "sallyport-audit") && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
            return lock.l_pid;
    }
    return 0;
}

static void a_writer_that_dies_is_followed_by_another_and_nothing_comes_twice(void **state)
{
    enum { ALL = 6000 };
    unsigned killed = 0;
    config.smf.when_full = SP_CFG_WHEN_FULL_BLOCK;
    make();
    for (unsigned n = 0; n < ALL; n++) {
        while (counts().room == 0)
            sp_loop_run_once(loop, 1);
        put(n % 2 ? 2 : 1, n, 1000);
        pid_t writer = n % 1000 == 500 ? writer_of() : 0;
        if (writer) {
            /* At any moment of its work. */
            usleep(n * 7 % 300);
            killed += kill(writer, SIGKILL) == 0;
        }
    }
    finish();
    assert_true(killed >= 3);
    assert_int_equal(found.requests, ALL);
    for (unsigned n = 0; n < ALL; n++)
        assert_int_equal(found.seen[n], 1);
}

/* ---------------------------------------------------------------- when it cannot be written */

static void fill(unsigned *n)
{
    for (unsigned i = 0; i < 64; i++)
        put(1, (*n)++, 0);
    assert_int_equal(counts().lost, 0);
}

static void what_has_no_room_is_counted_and_the_loss_recorded(void **state)
{
    unsigned n = 0;
    assert_int_equal(mkdir(path, 0700), 0); /* not a file */
    make();
    fill(&n);
    for (unsigned i = 0; i < 5; i++)
        put(1, 10000, 0);
    assert_int_equal(counts().lost, 5);
    for (int turns = 0; turns < 300 && !counts().failing; turns++)
        sp_loop_run_once(loop, 10);
    assert_true(counts().failing);
    assert_non_null(strstr(counts().message, path));
    assert_int_equal(rmdir(path), 0);
    wait_for_requests(64);
    put(1, n, 0);
    finish();
    assert_int_equal(found.requests, 65);
    assert_int_equal(found.losses, 1);
    assert_int_equal(found.lost, 5);
    assert_int_equal(found.seen[10000], 0);
}

static void wait_for_losses(unsigned losses)
{
    for (int turns = 0; turns < 1000; turns++) {
        sp_loop_run_once(loop, 10);
        read_all(true);
        if (found.losses >= losses)
            break;
    }
    assert_int_equal(found.losses, losses);
}

/* The worker noted the time, the writer took it for an earlier loss, and then the worker counted. */
static void a_loss_that_is_counted_while_another_is_recorded_has_a_time(void **state)
{
    struct sp_smf_share share = SP_SMF_SHARE_INIT;
    assert_int_equal(sp_smf_share_open(64, &share, &err), SP_OK);
    assert_int_equal(sp_audit_new(loop, &config, &share, SP_STR("0.1.0"), &audit, &err), SP_OK);
    struct sp_smf_shared *shared = sp_smf_shared(&share.ring);
    int64_t first_us = sp_clock_realtime_us();
    atomic_store(&shared->lost_since_us, first_us);
    atomic_store(&shared->lost, 2);
    wait_for_losses(1);
    assert_true(found.lost_since_us >= first_us - 1 && found.lost_since_us <= first_us);
    while (atomic_load(&shared->lost_recorded) != 2)
        usleep(1000);
    assert_int_equal(atomic_load(&shared->lost_since_us), 0);
    int64_t before_us = found.lost_at_us;
    atomic_store(&shared->lost, 3);
    wait_for_losses(2);
    assert_int_equal(found.lost, 3);
    assert_true(found.lost_since_us > first_us && found.lost_since_us <= before_us);
    finish();
    sp_smf_share_close(&share);
}

/* It had written the event that tells of losses, and nothing else, and not noted that. */
static void a_loss_is_not_told_twice_when_the_writer_dies(void **state)
{
    struct sp_smf_share share = SP_SMF_SHARE_INIT;
    assert_int_equal(sp_smf_share_open(64, &share, &err), SP_OK);
    assert_int_equal(sp_audit_new(loop, &config, &share, SP_STR("0.1.0"), &audit, &err), SP_OK);
    struct sp_smf_shared *shared = sp_smf_shared(&share.ring);
    atomic_store(&shared->lost_since_us, sp_clock_realtime_us());
    atomic_store(&shared->lost, 2);
    wait_for_losses(1);
    while (atomic_load(&shared->lost_recorded) != 2 || atomic_load(&shared->intent.valid))
        usleep(1000);
    pid_t writer = writer_of();
    assert_true(writer > 0);
    assert_int_equal(kill(writer, SIGSTOP), 0);
    atomic_store(&shared->lost_recorded, 0);
    atomic_store(&shared->intent.valid, 1);
    assert_int_equal(kill(writer, SIGKILL), 0);
    put(1, 1, 0);
    wait_for_requests(1);
    assert_int_equal(atomic_load(&shared->lost_recorded), 2);
    finish();
    assert_int_equal(found.losses, 1);
    assert_int_equal(found.lost, 2);
    sp_smf_share_close(&share);
}

static void put_in_fiber(void *arg)
{
    put(1, 100, 0);
    *(bool *)arg = true;
}

static void a_request_may_wait_for_room(void **state)
{
    unsigned n = 0;
    bool done = false;
    config.smf.when_full = SP_CFG_WHEN_FULL_BLOCK;
    assert_int_equal(mkdir(path, 0700), 0);
    make();
    fill(&n);
    assert_int_equal(sp_fiber_start(loop, put_in_fiber, &done, NULL), SP_OK);
    for (int turns = 0; turns < 10; turns++)
        sp_loop_run_once(loop, 10);
    assert_false(done);
    assert_int_equal(rmdir(path), 0);
    for (int turns = 0; turns < 500 && !done; turns++)
        sp_loop_run_once(loop, 10);
    assert_true(done);
    assert_int_equal(counts().lost, 0);
    finish();
    assert_int_equal(found.requests, 65);
}

static enum sp_status ask(struct sp_intercept_data *data, const struct sp_cfg_interceptor *interceptor)
{
    const struct sp_interceptor self = {&sp_interceptor_audit, interceptor, audit};
    unsigned status = 0;
    enum sp_status answer = sp_interceptor_audit.pre(&self, data, &status, &err);
    assert_int_equal(status, answer == SP_OK ? 0 : 503);
    return answer;
}

static void a_request_that_has_no_room_may_be_refused(void **state)
{
    const struct sp_cfg_interceptor interceptor = {.provider_smf_version = 1};
    struct sp_http_request request = {.method = SP_STR_INIT("GET"), .path = SP_STR_INIT("/x")};
    struct sp_principal principal = {.name = SP_STR_INIT("fred")};
    struct sp_intercept_data data = {.request = &request, .principal = &principal};
    const struct sp_interceptor self = {&sp_interceptor_audit, &interceptor, NULL};
    unsigned begun = 0;
    config.smf.when_full = SP_CFG_WHEN_FULL_REFUSE;
    assert_int_equal(mkdir(path, 0700), 0);
    make();
    /* Those that have begun have room, though they are not recorded yet. */
    while (ask(&data, &interceptor) == SP_OK)
        begun++;
    assert_int_equal(begun, 64);
    struct sp_interceptor mine = self;
    mine.audit = audit;
    data.audit_reserved = 1;
    data.request_id = 7;
    sp_interceptor_audit.post(&mine, &data);
    assert_int_equal(ask(&data, &interceptor), SP_EUNAVAIL);
    assert_int_equal(counts().lost, 0);
    assert_int_equal(rmdir(path), 0);
    wait_for_requests(1);
    for (int turns = 0; turns < 100 && ask(&data, &interceptor) != SP_OK; turns++)
        sp_loop_run_once(loop, 10);
    assert_int_equal(ask(&data, &interceptor), SP_EUNAVAIL); /* the one that is left is taken */
    finish();
}

static void a_failure_at_the_end_is_told(void **state)
{
    assert_int_equal(mkdir(path, 0700), 0);
    make();
    put(1, 0, 0);
    assert_int_equal(sp_audit_free(audit, &err), SP_EIO);
    assert_non_null(strstr(err.text, path));
    rmdir(path);
}

/* ---------------------------------------------------------------- failures of security */

static void a_failure_of_security_is_a_record_and_a_line(void **state)
{
    char text[2000];
    config.smf.security_file = sp_str_of(lines_path);
    make();
    const struct sp_smf_security event = {.event = SP_SMF_AUTHENTICATION,
                                          .origin = SP_SMF_FROM_GATEWAY,
                                          .status = 401,
                                          .user = SP_STR_INIT("mallory"),
                                          .client_address = SP_STR_INIT("192.0.2.7"),
                                          .uri = SP_STR_INIT("/accounts/\xff"),
                                          .reason = SP_STR_INIT("the password is wrong")};
    sp_audit_security(audit, &event);
    finish();
    assert_int_equal(found.records, 1);
    FILE *file = fopen(lines_path, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    assert_null(fgets(text + 1000, 1000, file));
    fclose(file);
    assert_non_null(strstr(text,
                           "\"event\":\"authenticationFailed\",\"origin\":\"gateway\",\"user\":\"mallory\","
                           "\"clientAddress\":\"192.0.2.7\",\"uri\":\"/accounts/?\",\"status\":401,"
                           "\"reason\":\"the password is wrong\"}\n"));
    config.smf.security_events = false;
    make();
    sp_audit_security(audit, &event);
    assert_int_equal(counts().put, 0);
    finish();
}

/* ---------------------------------------------------------------- events that others bring */

static int connect_to(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", name);
    for (int turns = 0; turns < 400; turns++) {
        if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
            return fd;
        sp_loop_run_once(loop, 10);
    }
    return -1;
}

static void bring(int fd, uint64_t number, uint64_t lost)
{
    struct sp_buf buf;
    struct sp_saf_audit_frame frame = {.number = number, .lost = lost, .sender = "CICSTEST"};
    frame.event = (struct sp_saf_audit_event){.time_us = 1687944334844246,
                                              .code = SP_SAF_EVENT_ACCESS,
                                              .qualifier = 1,
                                              .user = "FRED",
                                              .class = "TCICSTRN",
                                              .resource = "ACCT",
                                              .intent = SP_SAF_READ,
                                              .correlator = "00-17"};
    sp_buf_init(&buf, SP_SAF_FRAME_MAX);
    assert_int_equal(sp_saf_frame_write(&buf, &frame), SP_OK);
    /* In two parts: a stream does not keep them together. */
    assert_int_equal(send(fd, buf.ptr, 10, MSG_NOSIGNAL), 10);
    usleep(1000);
    assert_int_equal(send(fd, buf.ptr + 10, buf.len - 10, MSG_NOSIGNAL), buf.len - 10);
    sp_buf_finish(&buf);
}

static void expect_receipt(int fd, uint64_t number)
{
    unsigned char receipt[SP_SAF_RECEIPT_BYTES];
    assert_int_equal(recv(fd, receipt, sizeof receipt, MSG_WAITALL), sizeof receipt);
    assert_int_equal(sp_get_u64(receipt), number);
}

static void make_with_socket(char name[110])
{
    snprintf(name, 110, "%s/events", directory);
    config.smf.event_socket = sp_str_of(name);
    config.smf.security_file = sp_str_of(lines_path);
    make();
}

static void events_that_a_region_brings_are_records(void **state)
{
    char name[110], text[2000] = "";
    make_with_socket(name);
    int fd = connect_to(name);
    assert_true(fd >= 0);
    bring(fd, 1, 0);
    expect_receipt(fd, 1);
    bring(fd, 2, 4);
    expect_receipt(fd, 2);
    finish();
    assert_int_equal(found.records, 3);
    assert_int_equal(found.losses, 1);
    assert_int_equal(found.lost, 4);
    FILE *file = fopen(lines_path, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    assert_non_null(
        strstr(text, "\"event\":\"accessDenied\",\"origin\":\"region\",\"qualifier\":1,\"user\":\"FRED\""));
    assert_non_null(strstr(text, "\"step\":\"region CICSTEST\""));
    assert_non_null(strstr(text, "\"correlator\":\"00-17\""));
    close(fd);
}

/* Whoever has no receipt brings it again to the next one. */
static void a_writer_that_dies_is_followed_by_one_at_the_same_socket(void **state)
{
    char name[110];
    make_with_socket(name);
    int fd = connect_to(name);
    bring(fd, 1, 0);
    expect_receipt(fd, 1);
    pid_t writer = writer_of();
    assert_true(writer > 0);
    assert_int_equal(kill(writer, SIGKILL), 0);
    close(fd);
    assert_int_equal(waitpid(writer, NULL, 0), writer);
    fd = connect_to(name);
    assert_true(fd >= 0);
    bring(fd, 2, 0);
    expect_receipt(fd, 2);
    close(fd);
    finish();
    assert_int_equal(found.records, 2);
}

static void who_brings_something_else_is_let_go_and_told_of(void **state)
{
    char name[110], byte;
    make_with_socket(name);
    int fd = connect_to(name);
    assert_int_equal(send(fd, "GET / HTTP/1.1", 14, MSG_NOSIGNAL), 14);
    assert_true(recv(fd, &byte, 1, 0) <= 0);
    close(fd);
    assert_int_equal(counts().events_refused, 1);
    assert_non_null(strstr(counts().event_message, "is refused: an event of security has 24 to 4096 bytes"));
    fd = connect_to(name);
    bring(fd, 1, 0);
    expect_receipt(fd, 1);
    close(fd);
    finish();
    assert_int_equal(found.records, 1);
}

/* Only root can be somebody else. */
static void only_users_that_are_named_may_bring_events(void **state)
{
    char name[110];
    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(directory, 0755), 0);
    config.smf.event_users = SP_STR(" daemon , nobody");
    make_with_socket(name);
    close(connect_to(name));
    for (int turn = 0; turn < 2; turn++) {
        pid_t child = fork();
        if (child == 0) {
            if (setuid(turn ? 1 : 12345) != 0) /* 1: daemon */
                _exit(9);
            int fd = connect_to(name);
            char byte;
            _exit(recv(fd, &byte, 1, MSG_DONTWAIT) == 0 ||
                  (usleep(200000), recv(fd, &byte, 1, MSG_DONTWAIT) == 0));
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, turn ? 0 : 1 << 8);
    }
    assert_int_equal(counts().events_refused, 1);
    assert_non_null(strstr(counts().event_message, "of user id 12345 may bring no events (eventUsers)"));
    finish();
}

static void a_socket_that_cannot_be_is_told_of_and_the_rest_goes_on(void **state)
{
    char name[110];
    snprintf(name, sizeof name, "%s/events", directory);
    FILE *file = fopen(name, "w");
    fputs("mine", file);
    fclose(file);
    make_with_socket(name);
    put(1, 0, 0);
    wait_for_requests(1);
    for (int turns = 0; turns < 500 && !counts().events_refused; turns++)
        sp_loop_run_once(loop, 10);
    assert_int_equal(counts().events_refused, 1);
    assert_non_null(strstr(counts().event_message, "is there, and is no socket"));
    finish();
    struct stat st;
    assert_int_equal(stat(name, &st), 0);
    assert_int_equal(st.st_size, 4);
}

/* ---------------------------------------------------------------- sinks */

/* It keeps what it can of the ring: records go to the file all the same, before the rest is full. */
static void a_sink_that_is_away_costs_the_file_nothing(void **state)
{
    struct sp_cfg_audit_sink sink = {.id = SP_STR_INIT("away"),
                                     .kind = SP_CFG_SINK_OTLP,
                                     .endpoint = SP_STR_INIT("http://127.0.0.1:1/v1/logs"),
                                     .timeout_us = 1000000};
    config.smf.write_delay_us = 60000000; /* only the ring's filling makes it write */
    config.audit_sinks = &sink;
    config.audit_sink_count = 1;
    make();
    for (unsigned n = 0; n < 1000; n++) {
        for (int turns = 0; turns < 2000 && counts().room == 0; turns++)
            usleep(1000);
        put(1, n, 0);
    }
    assert_int_equal(counts().lost, 0);
    assert_true(counts().sinks[0].lost > 0);
    finish();
    assert_int_equal(found.requests, 1000);
    for (unsigned n = 0; n < 1000; n++)
        assert_int_equal(found.seen[n], 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_record_is_written_after_the_delay),
        TEST(twenty_requests_are_written_at_once),
        TEST(a_request_of_version_2_waits_for_the_delay_at_most),
        TEST(a_request_of_version_2_waits_a_second_when_nothing_is_set),
        TEST(a_clock_that_is_set_back_delays_no_record),
        TEST(records_that_follow_a_write_are_written_as_soon),
        TEST(versions_stand_in_one_file),
        TEST(records_may_stand_without_blocks),
        TEST(every_policy_of_durability_writes_all),
        TEST(a_file_of_the_size_that_is_set_is_followed_by_another),
        TEST(a_writer_that_dies_is_followed_by_another_and_nothing_comes_twice),
        TEST(what_has_no_room_is_counted_and_the_loss_recorded),
        TEST(a_loss_that_is_counted_while_another_is_recorded_has_a_time),
        TEST(a_loss_is_not_told_twice_when_the_writer_dies),
        TEST(a_request_may_wait_for_room),
        TEST(a_request_that_has_no_room_may_be_refused),
        TEST(a_failure_at_the_end_is_told),
        TEST(a_failure_of_security_is_a_record_and_a_line),
        TEST(events_that_a_region_brings_are_records),
        TEST(a_writer_that_dies_is_followed_by_one_at_the_same_socket),
        TEST(who_brings_something_else_is_let_go_and_told_of),
        TEST(only_users_that_are_named_may_bring_events),
        TEST(a_socket_that_cannot_be_is_told_of_and_the_rest_goes_on),
        TEST(a_sink_that_is_away_costs_the_file_nothing),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("smf_writer", tests, NULL, NULL);
}
