/* SPDX-License-Identifier: Apache-2.0
 * Files of records: torn ones, full disks, new ones, those of others.
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
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "intercept/smf/block.h"
#include "intercept/smf/encode.h"
#include "intercept/smf/event_json.h"
#include "intercept/smf/output.h"

static struct sp_error err = SP_ERROR_INIT;
static char directory[64], path[96];
static struct sp_smf_output output;

static int set_up(void **state)
{
    snprintf(directory, sizeof directory, "/tmp/test_smf_XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/smf", directory);
    output.path = NULL;
    return 0;
}

/* Names in the directory, or how many there are when `remove_them`. */
static unsigned files(bool remove_them)
{
    char name[400];
    unsigned count = 0;
    DIR *dir = opendir(directory);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", directory, entry->d_name);
        count++;
        if (remove_them)
            unlink(name);
    }
    closedir(dir);
    return count;
}

static int tear_down(void **state)
{
    sp_smf_output_finish(&output);
    files(true);
    return rmdir(directory);
}

/* A block with one record of `bytes` bytes. */
static struct sp_str block(size_t bytes, char mark)
{
    static struct sp_smf_block made;
    static char record[SP_SMF_BLOCK_MAX];
    made.len = 0;
    memset(record, mark, bytes);
    sp_put_u16((unsigned char *)record, (uint16_t)bytes);
    sp_put_u16((unsigned char *)record + 2, 0);
    record[4] = 0x5E;
    assert_true(sp_smf_block_add(&made, sp_str_from(record, bytes)));
    return sp_str_from(made.bytes, made.len);
}

static off_t size_of(const char *name)
{
    struct stat st;
    return stat(name, &st) == 0 ? st.st_size : -1;
}

static struct sp_smf_place place;

static enum sp_status write_bytes(struct sp_str bytes)
{
    enum sp_status status = sp_smf_output_prepare(&output, bytes.len, &place, &err);
    return status == SP_OK ? sp_smf_output_append(&output, bytes, &err) : status;
}

static void begin(enum sp_smf_form form)
{
    assert_int_equal(sp_smf_output_init(&output, sp_str_of(path), form, &err), SP_OK);
}

static void blocks_are_appended(void **state)
{
    begin(SP_SMF_FORM_BLOCKS);
    assert_int_equal(write_bytes(block(100, 'a')), SP_OK);
    assert_int_equal(write_bytes(block(50, 'b')), SP_OK);
    assert_int_equal(place.offset, 104);
    assert_int_equal(sp_smf_output_sync(&output, &err), SP_OK);
    assert_int_equal(size_of(path), 104 + 54);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777 & 0037, 0);
}

static void nothing_is_written_without_a_path(void **state)
{
    assert_int_equal(sp_smf_output_init(&output, SP_STR(""), SP_SMF_FORM_LINES, &err), SP_OK);
    assert_int_equal(write_bytes(SP_STR("x\n")), SP_OK);
    assert_int_equal(sp_smf_output_sync(&output, &err), SP_OK);
    assert_int_equal(files(false), 0);
}

static void write_file(struct sp_str bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
    fclose(file);
}

static void a_torn_end_is_cut_when_the_file_is_opened(void **state)
{
    for (size_t torn = 1; torn < 84; torn++) {
        struct sp_buf buf;
        sp_buf_init(&buf, 1000);
        sp_buf_append_str(&buf, block(100, 'a'));
        sp_buf_append_str(&buf, sp_str_slice(block(80, 'b'), 0, torn));
        write_file(sp_buf_str(&buf));
        sp_buf_finish(&buf);
        begin(SP_SMF_FORM_BLOCKS);
        assert_int_equal(write_bytes(block(10, 'c')), SP_OK);
        assert_int_equal(place.offset, 104);
        assert_int_equal(output.cut, torn);
        sp_smf_output_finish(&output);
    }
    write_file(SP_STR("{\"a\":1}\n{\"b\""));
    begin(SP_SMF_FORM_LINES);
    assert_int_equal(write_bytes(SP_STR("{}\n")), SP_OK);
    assert_int_equal(place.offset, 8);
}

static void a_file_of_something_else_is_left_alone(void **state)
{
    static char text[100000];
    memset(text, 'x', sizeof text);
    write_file(sp_str_from(text, sizeof text));
    begin(SP_SMF_FORM_BLOCKS);
    assert_int_equal(write_bytes(block(10, 'c')), SP_EPROTO);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(size_of(path), sizeof text);
}

static void a_file_of_another_process_is_left_alone(void **state)
{
    write_file(SP_STR(""));
    int other = open(path, O_RDWR);
    assert_int_equal(flock(other, LOCK_EX), 0);
    begin(SP_SMF_FORM_BLOCKS);
    assert_int_equal(write_bytes(block(10, 'c')), SP_EEXISTS);
    close(other);
    assert_int_equal(write_bytes(block(10, 'c')), SP_OK);
}

static void what_was_half_written_is_cut_off_again(void **state)
{
    pid_t child = fork();
    if (child == 0) {
        /* No file may grow beyond 200 bytes: the second block is only half written. */
        struct rlimit limit = {200, 200};
        signal(SIGXFSZ, SIG_IGN);
        begin(SP_SMF_FORM_BLOCKS);
        if (write_bytes(block(100, 'a')) != SP_OK)
            _exit(1);
        setrlimit(RLIMIT_FSIZE, &limit);
        if (write_bytes(block(150, 'b')) != SP_EIO || size_of(path) != 104)
            _exit(2);
        _exit(write_bytes(block(60, 'c')) == SP_OK ? 0 : 3);
    }
    int outcome;
    assert_int_equal(waitpid(child, &outcome, 0), child);
    assert_int_equal(outcome, 0);
    assert_int_equal(size_of(path), 104 + 64);
}

static void a_renamed_file_is_begun_anew(void **state)
{
    char other[120];
    snprintf(other, sizeof other, "%s.old", path);
    begin(SP_SMF_FORM_BLOCKS);
    assert_int_equal(write_bytes(block(100, 'a')), SP_OK);
    assert_int_equal(rename(path, other), 0);
    assert_int_equal(write_bytes(block(50, 'b')), SP_OK);
    assert_int_equal(size_of(path), 54);
    assert_int_equal(size_of(other), 104);
}

static void a_file_that_is_large_enough_or_old_enough_is_followed_by_another(void **state)
{
    begin(SP_SMF_FORM_BLOCKS);
    output.max_bytes = 250;
    output.max_files = 3;
    for (unsigned n = 0; n < 11; n++)
        assert_int_equal(write_bytes(block(100, 'a')), SP_OK);
    assert_int_equal(output.rotations, 5);
    assert_int_equal(files(false), 3);
    assert_int_equal(size_of(path), 104);
    output.max_bytes = 0;
    output.max_age_us = 1000;
    usleep(2000);
    assert_int_equal(write_bytes(block(50, 'b')), SP_OK);
    assert_int_equal(size_of(path), 54);
    assert_int_equal(files(false), 3);
}

#define MINUTE_US INT64_C(60000000)

static const struct {
    const char *name;
    enum sp_smf_event_kind kind;
    unsigned version;
    enum sp_smf_form form;
} planted[] = {
    {"requests, version 1", SP_SMF_EVENT_REQUEST, 1, SP_SMF_FORM_BLOCKS},
    {"requests, version 2", SP_SMF_EVENT_REQUEST, 2, SP_SMF_FORM_BLOCKS},
    {"requests, version 2, without blocks", SP_SMF_EVENT_REQUEST, 2, SP_SMF_FORM_RECORDS},
    {"calls", SP_SMF_EVENT_CALL, 2, SP_SMF_FORM_BLOCKS},
    {"events", SP_SMF_EVENT_SECURITY, 0, SP_SMF_FORM_RECORDS},
    {"lines", SP_SMF_EVENT_SECURITY, 0, SP_SMF_FORM_LINES},
};

static struct sp_smf_event event_at(size_t n, int64_t us)
{
    struct sp_smf_event event = {.kind = planted[n].kind, .version = planted[n].version, .at_us = us};
    if (event.kind == SP_SMF_EVENT_REQUEST)
        event.of.request = (struct sp_smf_request){.type = 1, .entry_us = us - MINUTE_US, .exit_us = us};
    else if (event.kind == SP_SMF_EVENT_CALL)
        event.of.call = (struct sp_smf_requester){.entry_us = us - MINUTE_US, .exit_us = us};
    else
        event.of.security = (struct sp_smf_security){.event = 1, .at_us = us};
    return event;
}

/* A file as a process before this one left it: with these times in it, and another one as its own. */
static void plant(size_t n, int64_t first_us, int64_t second_us)
{
    struct sp_smf_origin origin = {.sid = SP_STR_INIT("SYS1")};
    struct sp_smf_encoder encoder;
    const struct sp_smf_event events[] = {event_at(n, first_us), event_at(n, second_us)};
    struct sp_buf lines;
    assert_int_equal(sp_smf_text_init(&origin.text, 1047, &err), SP_OK);
    sp_buf_init(&lines, 10000);
    sp_smf_encoder_init(&encoder, 100000);
    sp_smf_encoder_reset(&encoder, &origin, planted[n].form == SP_SMF_FORM_RECORDS);
    for (size_t i = 0; i < 2; i++) {
        struct sp_json_writer writer;
        sp_smf_encoder_add(&encoder, &events[i]);
        sp_json_writer_init(&writer, &lines, 0);
        sp_smf_event_json(&events[i], &writer);
        sp_buf_append_byte(&lines, '\n');
    }
    assert_true(sp_smf_encoder_flush(&encoder));
    write_file(sp_buf_str(planted[n].form == SP_SMF_FORM_LINES ? &lines : &encoder.bytes));
    sp_smf_encoder_finish(&encoder);
    sp_buf_finish(&lines);
}

/* How many files are there when a new process, for which they may be an hour old, has written to it. */
static unsigned files_after_a_restart(size_t n)
{
    begin(planted[n].form);
    output.max_age_us = 60 * MINUTE_US;
    const struct sp_str line = SP_STR_INIT("{}\n");
    assert_int_equal(write_bytes(planted[n].form == SP_SMF_FORM_LINES ? line : block(50, 'b')), SP_OK);
    sp_smf_output_finish(&output);
    unsigned count = files(true);
    return count;
}

static void the_age_of_a_file_is_that_of_its_first_record(void **state)
{
    int64_t now = sp_clock_realtime_us();
    for (size_t n = 0; n < sizeof planted / sizeof planted[0]; n++) {
        print_message("# %s\n", planted[n].name);
        plant(n, now - 61 * MINUTE_US, now);
        assert_int_equal(files_after_a_restart(n), 2);
        plant(n, now - 58 * MINUTE_US, now - 70 * MINUTE_US);
        assert_int_equal(files_after_a_restart(n), 1);
        plant(n, now + 300 * MINUTE_US, now); /* the clock was set back */
        assert_int_equal(files_after_a_restart(n), 1);
    }
}

static void a_file_that_does_not_tell_its_age_is_as_old_as_its_last_change(void **state)
{
    const size_t lines = sizeof planted / sizeof planted[0] - 1;
    struct timespec times[2] = {{0}};
    write_file(SP_STR("{\"other\":1}\n"));
    assert_int_equal(files_after_a_restart(lines), 1);
    write_file(SP_STR("{\"time\":\"yesterday, about half past eleven\"}\n"));
    clock_gettime(CLOCK_REALTIME, &times[0]);
    times[0].tv_sec -= 3700;
    times[1] = times[0];
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    assert_int_equal(files_after_a_restart(lines), 2);
}

/* However long it was empty. */
static void an_empty_file_is_begun_with_what_is_written(void **state)
{
    begin(SP_SMF_FORM_BLOCKS);
    output.max_age_us = 60 * MINUTE_US;
    assert_int_equal(sp_smf_output_prepare(&output, 0, &place, &err), SP_OK);
    output.begun_us -= 61 * MINUTE_US;
    assert_int_equal(write_bytes(block(50, 'b')), SP_OK);
    assert_int_equal(write_bytes(block(50, 'b')), SP_OK);
    assert_int_equal(files(false), 1);
    output.begun_us -= 61 * MINUTE_US;
    assert_int_equal(write_bytes(block(50, 'b')), SP_OK);
    assert_int_equal(files(false), 2);
}

static void what_a_dead_writer_did_is_found_out(void **state)
{
    bool done = false;
    char other[120];
    begin(SP_SMF_FORM_BLOCKS);
    assert_int_equal(write_bytes(block(100, 'a')), SP_OK);
    assert_int_equal(write_bytes(block(60, 'b')), SP_OK);
    sp_smf_output_finish(&output);
    /* All of it is there, also under another name. */
    assert_int_equal(sp_smf_output_recover(path, &place, 64, &done, &err), SP_OK);
    assert_true(done);
    snprintf(other, sizeof other, "%s.20260131T235959-000", path);
    assert_int_equal(rename(path, other), 0);
    assert_int_equal(sp_smf_output_recover(path, &place, 64, &done, &err), SP_OK);
    assert_true(done);
    /* Half of it: it is cut. */
    assert_int_equal(truncate(other, 104 + 30), 0);
    assert_int_equal(sp_smf_output_recover(path, &place, 64, &done, &err), SP_OK);
    assert_false(done);
    assert_int_equal(size_of(other), 104);
    /* Nothing, and no file any more. */
    assert_int_equal(sp_smf_output_recover(path, &place, 64, &done, &err), SP_OK);
    assert_false(done);
    unlink(other);
    assert_int_equal(sp_smf_output_recover(path, &place, 64, &done, &err), SP_OK);
    assert_false(done);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(blocks_are_appended),
        TEST(nothing_is_written_without_a_path),
        TEST(a_torn_end_is_cut_when_the_file_is_opened),
        TEST(a_file_of_something_else_is_left_alone),
        TEST(a_file_of_another_process_is_left_alone),
        TEST(what_was_half_written_is_cut_off_again),
        TEST(a_renamed_file_is_begun_anew),
        TEST(a_file_that_is_large_enough_or_old_enough_is_followed_by_another),
        TEST(the_age_of_a_file_is_that_of_its_first_record),
        TEST(a_file_that_does_not_tell_its_age_is_as_old_as_its_last_change),
        TEST(an_empty_file_is_begun_with_what_is_written),
        TEST(what_a_dead_writer_did_is_found_out),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("smf_output", tests, NULL, NULL);
}
