/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "intercept/audit.h"
#include "intercept/smf/block.h"
#include "intercept/smf/file.h"
#include "intercept/smf/record.h"
#include "intercept/smf/writer.h"
#include "io/loop.h"

static struct sp_loop *loop;
static struct sp_error err = SP_ERROR_INIT;
static char directory[64], path[96];

static int set_up(void **state)
{
    snprintf(directory, sizeof directory, "/tmp/test_smf_XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/smf", directory);
    return sp_loop_new(NULL, &loop, &err) == SP_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    sp_loop_free(loop);
    unlink(path);
    rmdir(path);
    return rmdir(directory);
}

static struct sp_smf_writer *make(int64_t delay_us, unsigned most_blocks)
{
    const struct sp_smf_writer_options options = {
        .path = path, .delay_us = delay_us, .most_blocks = most_blocks};
    struct sp_smf_writer *writer;
    assert_int_equal(sp_smf_writer_new(loop, &options, &writer, &err), SP_OK);
    return writer;
}

static enum sp_status put(struct sp_smf_writer *writer, unsigned number)
{
    unsigned char record[488] = {0};
    sp_put_u16(record, sizeof record);
    record[5] = 123;
    sp_put_u32(record + 8, number);
    return sp_smf_writer_put(writer, sp_str_from(record, sizeof record));
}

/* How many records the file has; checks that they are numbered from 0. */
static unsigned in_file(void)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return 0;
    char *bytes = malloc((size_t)st.st_size + 1);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, (size_t)st.st_size, file), st.st_size);
    fclose(file);
    struct sp_smf_reader reader;
    struct sp_str record;
    enum sp_status status;
    unsigned count = 0;
    sp_smf_reader_init(&reader, sp_str_from(bytes, (size_t)st.st_size));
    while ((status = sp_smf_reader_next(&reader, &record, &err)) == SP_OK)
        assert_int_equal(sp_get_u32((const unsigned char *)record.ptr + 8), count++);
    assert_int_equal(status, SP_ENOTFOUND);
    free(bytes);
    return count;
}

static struct sp_smf_writer_counts counts_of(const struct sp_smf_writer *writer)
{
    struct sp_smf_writer_counts counts;
    sp_smf_writer_counts(writer, &counts);
    return counts;
}

static void run_until_written(struct sp_smf_writer *writer, uint64_t records)
{
    for (int turns = 0; turns < 200 && counts_of(writer).written < records; turns++)
        sp_loop_run_once(loop, 20);
    assert_int_equal(counts_of(writer).written, records);
}

static void a_record_is_written_after_the_delay(void **state)
{
    struct sp_smf_writer *writer = make(30000, 0);
    assert_int_equal(put(writer, 0), SP_OK);
    assert_int_equal(put(writer, 1), SP_OK);
    sp_loop_run_ready(loop);
    assert_int_equal(in_file(), 0);
    run_until_written(writer, 2);
    assert_int_equal(in_file(), 2);
    assert_int_equal(put(writer, 2), SP_OK);
    run_until_written(writer, 3);
    assert_int_equal(in_file(), 3);
    assert_int_equal(sp_smf_writer_free(writer, &err), SP_OK);
}

static void a_full_block_does_not_wait(void **state)
{
    struct sp_smf_writer *writer = make(60000000, 0);
    for (unsigned n = 0; n < 68; n++) /* 67 to a block */
        assert_int_equal(put(writer, n), SP_OK);
    run_until_written(writer, 68);
    assert_int_equal(sp_smf_writer_free(writer, &err), SP_OK);
    assert_int_equal(in_file(), 68);
}

static void what_is_buffered_is_written_at_the_end(void **state)
{
    struct sp_smf_writer *writer = make(60000000, 0);
    for (unsigned n = 0; n < 500; n++)
        assert_int_equal(put(writer, n), SP_OK);
    assert_int_equal(sp_smf_writer_free(writer, &err), SP_OK);
    assert_int_equal(in_file(), 500);
    assert_int_equal(sp_smf_writer_free(NULL, &err), SP_OK);
}

static void while_the_disk_refuses_records_are_kept_then_lost(void **state)
{
    assert_int_equal(mkdir(path, 0700), 0); /* not a file */
    struct sp_smf_writer *writer = make(10000, 2);
    unsigned n = 0;
    while (put(writer, n) == SP_OK)
        n++;
    assert_int_equal(n, 2 * 67);
    assert_int_equal(counts_of(writer).lost, 1);
    for (int turns = 0; turns < 100 && counts_of(writer).failures < 2; turns++)
        sp_loop_run_once(loop, 20);
    assert_true(counts_of(writer).failures >= 2);
    assert_int_equal(counts_of(writer).last_error.status, SP_EIO);
    assert_non_null(strstr(counts_of(writer).last_error.text, path));
    assert_int_equal(rmdir(path), 0);
    run_until_written(writer, 2 * 67);
    assert_int_equal(counts_of(writer).last_error.status, SP_OK);
    assert_int_equal(put(writer, n), SP_OK);
    assert_int_equal(sp_smf_writer_free(writer, &err), SP_OK);
    assert_int_equal(in_file(), n + 1);
}

static void a_failure_at_the_end_is_told(void **state)
{
    assert_int_equal(mkdir(path, 0700), 0);
    struct sp_smf_writer *writer = make(60000000, 0);
    assert_int_equal(put(writer, 0), SP_OK);
    assert_int_equal(sp_smf_writer_free(writer, &err), SP_EIO);
}

static void half_a_block_is_cut_off_again(void **state)
{
    const struct sp_str good = SP_STR("\0\x08\0\0\0\x04\0\0");
    assert_int_equal(sp_smf_file_append(path, &good, 1, &err), SP_OK);
    pid_t child = fork();
    if (child == 0) {
        /* No file may grow beyond 100 bytes: the second part is only half written. */
        struct rlimit limit = {100, 100};
        static char part[80];
        const struct sp_str parts[] = {sp_str_from(part, sizeof part), sp_str_from(part, sizeof part)};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        _exit(sp_smf_file_append(path, parts, 2, &err) == SP_EIO ? 0 : 1);
    }
    int outcome;
    assert_int_equal(waitpid(child, &outcome, 0), child);
    assert_int_equal(outcome, 0);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 8);
    assert_int_equal(st.st_mode & 0777 & 0037, 0);
}

static void a_renamed_file_is_begun_anew(void **state)
{
    struct sp_smf_writer *writer = make(10000, 0);
    char other[120];
    snprintf(other, sizeof other, "%s.old", path);
    assert_int_equal(put(writer, 0), SP_OK);
    run_until_written(writer, 1);
    assert_int_equal(rename(path, other), 0);
    assert_int_equal(put(writer, 0), SP_OK);
    run_until_written(writer, 2);
    assert_int_equal(in_file(), 1);
    assert_int_equal(sp_smf_writer_free(writer, &err), SP_OK);
    assert_int_equal(unlink(other), 0);
}

static void version_2_waits_for_twenty_requests_or_the_delay(void **state)
{
    const struct sp_audit_options options = {.writer = {.path = path, .delay_us = 1}};
    const struct sp_cfg_interceptor config = {.provider_smf_version = 2, .provider_max_delay_us = 50000};
    struct sp_audit *audit;
    assert_int_equal(sp_audit_new(loop, &options, &audit, &err), SP_OK);
    struct sp_http_request request = {.method = SP_STR_INIT("GET"), .path = SP_STR_INIT("/x")};
    struct sp_principal principal = {.name = SP_STR_INIT("fred")};
    struct sp_intercept_data data = {.request = &request, .principal = &principal, .type = SP_REQUEST_API};
    struct sp_smf_writer_counts counts;
    for (unsigned n = 0; n < SP_SMF_REQUESTS_MAX + 1; n++)
        sp_audit_request(audit, &config, &data);
    sp_audit_counts(audit, &counts);
    assert_int_equal(counts.put, 1);
    for (int turns = 0; turns < 100 && counts.put < 2; turns++) {
        sp_loop_run_once(loop, 20);
        sp_audit_counts(audit, &counts);
    }
    assert_int_equal(counts.put, 2);
    sp_audit_request(audit, &config, &data);
    assert_int_equal(sp_audit_free(audit, &err), SP_OK);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    /* Two or three blocks, as the thread was quick or slow. */
    off_t records = SP_SMF_V2_BYTES(20) + SP_SMF_V2_BYTES(1) + SP_SMF_V2_BYTES(1);
    assert_true(st.st_size == records + 2 * 4 || st.st_size == records + 3 * 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_record_is_written_after_the_delay),    TEST(a_full_block_does_not_wait),
        TEST(what_is_buffered_is_written_at_the_end), TEST(while_the_disk_refuses_records_are_kept_then_lost),
        TEST(a_failure_at_the_end_is_told),           TEST(half_a_block_is_cut_off_again),
        TEST(a_renamed_file_is_begun_anew),           TEST(version_2_waits_for_twenty_requests_or_the_delay),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("smf_writer", tests, NULL, NULL);
}
