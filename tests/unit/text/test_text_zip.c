/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "text/zip.h"
#include "text/zip_write.h"
#include "zip_bytes.h"

struct fixture {
    struct sp_arena arena;
    struct sp_buf bytes;
    struct sp_zip *zip;
    struct sp_error err;
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.err = SP_ERROR_INIT};
    sp_arena_init(&f.arena, (size_t)64 << 20);
    sp_buf_init(&f.bytes, (size_t)64 << 20);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sp_zip_free(f->zip);
    sp_buf_finish(&f->bytes);
    sp_arena_finish(&f->arena);
    return 0;
}

static enum sp_status open_limited(struct fixture *f, const struct sp_zip_limits *limits)
{
    return sp_zip_open(sp_buf_str(&f->bytes), "test.sar", limits, &f->zip, &f->err);
}

/* Open an archive of these entries. */
static enum sp_status open_made(struct fixture *f, const struct zip_made *made, size_t count)
{
    sp_zip_free(f->zip);
    f->zip = NULL;
    sp_buf_reset(&f->bytes);
    zip_make(&f->bytes, made, count);
    return open_limited(f, NULL);
}

static enum sp_status open_named(struct fixture *f, const char *name)
{
    return open_made(f, &(struct zip_made){.name = name, .data = "x", .size = 1}, 1);
}

static void assert_refused(struct fixture *f, enum sp_status status, enum sp_status expected,
                           const char *text)
{
    assert_string_equal(sp_status_name(status), sp_status_name(expected));
    assert_null(f->zip);
    assert_int_equal(f->err.status, expected);
    if (!strstr(f->err.text, text))
        fail_msg("\"%s\" is not in \"%s\"", text, f->err.text);
    assert_string_equal(f->err.file, "test.sar");
}

static void add(struct sp_zip_writer *writer, const char *name, struct sp_str bytes)
{
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(sp_zip_writer_add(writer, sp_str_of(name), bytes, &err), SP_OK);
}

static struct sp_str read_ok(struct fixture *f, const char *name)
{
    struct sp_str bytes = {NULL, 0};
    assert_int_equal(sp_zip_read(f->zip, sp_str_of(name), &f->arena, &bytes, &f->err), SP_OK);
    assert_int_equal(bytes.ptr[bytes.len], '\0');
    return bytes;
}

/* ---------------------------------------------------------------- reading */

static void an_archive_of_the_writer_is_read_back(void **state)
{
    struct fixture *f = *state;
    struct sp_zip_writer *writer = NULL;
    assert_int_equal(sp_zip_writer_new(&writer, &f->err), SP_OK);
    add(writer, "manifest.yml", SP_STR("name: x\n"));
    add(writer, "schemas/xRequest.json", SP_STR("{}"));
    add(writer, "empty", SP_STR(""));
    assert_int_equal(sp_zip_writer_end(writer, &f->bytes, &f->err), SP_OK);
    sp_zip_writer_free(writer);

    assert_int_equal(open_limited(f, NULL), SP_OK);
    assert_int_equal(sp_zip_count(f->zip), 3);
    assert_true(sp_str_is(sp_zip_name(f->zip, 0), "manifest.yml"));
    assert_true(sp_str_is(sp_zip_name(f->zip, 1), "schemas/xRequest.json"));
    assert_null(sp_zip_name(f->zip, 3).ptr);
    assert_true(sp_str_is(read_ok(f, "manifest.yml"), "name: x\n"));
    assert_true(sp_str_is(read_ok(f, "schemas/xRequest.json"), "{}"));
    assert_int_equal(read_ok(f, "empty").len, 0);
}

static void the_same_entries_make_the_same_bytes(void **state)
{
    struct fixture *f = *state;
    struct sp_buf again;
    sp_buf_init(&again, 1 << 20);
    struct sp_buf *bufs[] = {&f->bytes, &again};
    const char *zones[] = {"UTC", "Asia/Tokyo"};
    for (int i = 0; i < 2; i++) {
        struct sp_zip_writer *writer = NULL;
        setenv("TZ", zones[i], 1);
        assert_int_equal(sp_zip_writer_new(&writer, &f->err), SP_OK);
        add(writer, "a", SP_STR("aaaaaaaaaaaaaaaa"));
        assert_int_equal(sp_zip_writer_end(writer, bufs[i], &f->err), SP_OK);
        sp_zip_writer_free(writer);
    }
    unsetenv("TZ");
    assert_true(f->bytes.len > 0);
    assert_true(sp_str_eq(sp_buf_str(&f->bytes), sp_buf_str(&again)));
    sp_buf_finish(&again);
}

static void the_writer_refuses_a_name_given_twice_and_an_empty_archive(void **state)
{
    struct fixture *f = *state;
    struct sp_zip_writer *writer = NULL;
    assert_int_equal(sp_zip_writer_new(&writer, &f->err), SP_OK);
    assert_int_equal(sp_zip_writer_end(writer, &f->bytes, &f->err), SP_EINVAL);
    add(writer, "a", SP_STR("1"));
    assert_int_equal(sp_zip_writer_add(writer, SP_STR("a"), SP_STR("2"), &f->err), SP_EEXISTS);
    sp_zip_writer_free(writer);
}

static void an_archive_over_the_buffers_ceiling_is_not_written(void **state)
{
    struct fixture *f = *state;
    struct sp_zip_writer *writer = NULL;
    struct sp_buf small;
    sp_buf_init(&small, 64);
    assert_int_equal(sp_zip_writer_new(&writer, &f->err), SP_OK);
    add(writer, "a", SP_STR("1"));
    assert_int_equal(sp_zip_writer_end(writer, &small, &f->err), SP_ELIMIT);
    assert_int_equal(small.len, 0);
    sp_zip_writer_free(writer);
    sp_buf_finish(&small);
}

static void names_are_normalised_on_both_sides(void **state)
{
    struct fixture *f = *state;
    struct zip_made made[] = {
        {.name = "files\\service\\x.xml", .data = "1", .size = 1},
        {.name = "./a//b/./c", .data = "2", .size = 1},
        {.name = "files\\interfaces\\"},
        {.name = "schemas/"},
    };
    assert_int_equal(open_made(f, made, 4), SP_OK);
    assert_int_equal(sp_zip_count(f->zip), 2); /* folders are not listed */
    assert_true(sp_str_is(sp_zip_name(f->zip, 0), "files/service/x.xml"));
    assert_true(sp_str_is(sp_zip_name(f->zip, 1), "a/b/c"));
    assert_true(sp_str_is(read_ok(f, "files/service\\x.xml"), "1"));
    assert_true(sp_str_is(read_ok(f, ".\\a/b/c"), "2"));
    assert_true(sp_zip_has(f->zip, SP_STR("a/b/c")));
    assert_false(sp_zip_has(f->zip, SP_STR("a/b")));
    assert_false(sp_zip_has(f->zip, SP_STR("../a/b/c")));
}

static void a_missing_entry_is_named(void **state)
{
    struct fixture *f = *state;
    struct sp_str bytes = SP_STR("untouched");
    assert_int_equal(open_named(f, "a"), SP_OK);
    assert_int_equal(sp_zip_read(f->zip, SP_STR("b/c"), &f->arena, &bytes, &f->err), SP_ENOTFOUND);
    assert_non_null(strstr(f->err.text, "b/c"));
    assert_string_equal(f->err.file, "test.sar");
    assert_true(sp_str_is(bytes, "untouched"));
    assert_int_equal(sp_zip_read(f->zip, SP_STR("/a"), &f->arena, &bytes, &f->err), SP_ENOTFOUND);
}

static void a_wrong_checksum_is_found(void **state)
{
    struct fixture *f = *state;
    struct sp_str bytes;
    struct zip_made made = {.name = "a", .data = "abc", .size = 3, .crc = 1, .has_crc = true};
    assert_int_equal(open_made(f, &made, 1), SP_OK);
    assert_int_equal(sp_zip_read(f->zip, SP_STR("a"), &f->arena, &bytes, &f->err), SP_ESYNTAX);
    assert_non_null(strstr(f->err.text, "damaged"));
}

/* "abcabcabcabcabcabc" deflated */
static const unsigned char deflated[] = {0x4b, 0x4c, 0x4a, 0x4e, 0x44, 0x45, 0x00};

static void a_deflated_entry_must_have_the_length_it_states(void **state)
{
    struct fixture *f = *state;
    struct sp_str bytes;
    struct zip_made made = {.name = "a",
                            .data = deflated,
                            .size = sizeof deflated,
                            .method = 8,
                            .unpacked = 18,
                            .crc = zip_crc("abcabcabcabcabcabc", 18),
                            .has_crc = true};
    assert_int_equal(open_made(f, &made, 1), SP_OK);
    assert_true(sp_str_is(read_ok(f, "a"), "abcabcabcabcabcabc"));
    made.unpacked = 17; /* more comes out than it says */
    made.crc = zip_crc("abcabcabcabcabcabc", 17);
    assert_int_equal(open_made(f, &made, 1), SP_OK);
    assert_int_equal(sp_zip_read(f->zip, SP_STR("a"), &f->arena, &bytes, &f->err), SP_ESYNTAX);
    made.unpacked = 19; /* less */
    assert_int_equal(open_made(f, &made, 1), SP_OK);
    assert_int_equal(sp_zip_read(f->zip, SP_STR("a"), &f->arena, &bytes, &f->err), SP_ESYNTAX);
}

static void an_entry_that_the_arena_cannot_hold_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct sp_arena small;
    struct sp_str bytes;
    struct zip_made made = {.name = "a", .data = calloc(1, 65536), .size = 65536};
    sp_arena_init(&small, 20000);
    assert_int_equal(open_made(f, &made, 1), SP_OK);
    assert_int_equal(sp_zip_read(f->zip, SP_STR("a"), &small, &bytes, &f->err), SP_ENOMEM);
    sp_arena_finish(&small);
    free((void *)made.data);
}

/* ---------------------------------------------------------------- refusals: names */

static void names_that_lead_elsewhere_are_refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *name, *text;
    } cases[] = {
        {"../x", "leads out of the archive"},
        {"a/../../x", "leads out of the archive"},
        {"a\\..\\x", "leads out of the archive"},
        {"a/..", "leads out of the archive"},
        {"..\\", "leads out of the archive"},
        {"/etc/passwd", "is absolute"},
        {"\\etc", "is absolute"},
        {"\\\\host\\share", "is absolute"},
        {"C:\\x", "names a drive"},
        {"./c:x", "names a drive"},
        {"a\nb", "control character"},
        {"a\x7f", "control character"},
        {"a\xff", "is not UTF-8"},
        {".", "is empty"},
        {"./", "is empty"},
        {"\xc0\xafx", "is not UTF-8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(f, open_named(f, cases[i].name), SP_EDENIED, cases[i].text);
    assert_int_equal(open_named(f, "..a/b../...c"), SP_OK); /* dots alone do no harm */
    assert_int_equal(open_named(f, "pr\xc3\xbc"
                                   "fung"),
                     SP_OK);
}

static void a_nul_in_a_name_is_refused(void **state)
{
    struct fixture *f = *state;
    struct zip_made made = {.name = "a\0b", .name_len = 3, .data = "x", .size = 1};
    assert_refused(f, open_made(f, &made, 1), SP_EDENIED, "control character");
}

static void an_overlong_name_is_refused(void **state)
{
    struct fixture *f = *state;
    char name[1026];
    memset(name, 'n', sizeof name);
    struct zip_made made = {.name = name, .name_len = 1024, .data = "x", .size = 1};
    assert_int_equal(open_made(f, &made, 1), SP_OK);
    made.name_len = 1025;
    assert_refused(f, open_made(f, &made, 1), SP_EDENIED, "too long");
}

static void two_entries_of_one_normalised_name_are_refused(void **state)
{
    struct fixture *f = *state;
    struct zip_made made[] = {
        {.name = "files/a.si", .data = "1", .size = 1},
        {.name = "files\\.\\a.si", .data = "2", .size = 1},
    };
    assert_refused(f, open_made(f, made, 2), SP_EDENIED, "two entries files/a.si");
}

/* ---------------------------------------------------------------- refusals: forms */

static void links_and_special_files_are_refused(void **state)
{
    struct fixture *f = *state;
    static const unsigned types[] = {0120777, 0020600, 0060600, 0010600, 0140600, 0040755};
    struct zip_made made = {.name = "link", .data = "../../etc/passwd", .size = 16};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        made.attributes = (uint32_t)types[i] << 16;
        assert_refused(f, open_made(f, &made, 1), SP_EDENIED, "neither a file nor a folder");
    }
    made.attributes = (uint32_t)0100644 << 16;
    assert_int_equal(open_made(f, &made, 1), SP_OK);
    made.attributes = 0x10; /* a folder of DOS without the name of one */
    assert_refused(f, open_made(f, &made, 1), SP_EDENIED, "neither");
}

static void a_folder_with_bytes_is_refused(void **state)
{
    struct fixture *f = *state;
    struct zip_made made = {.name = "a/", .data = "x", .size = 1};
    assert_refused(f, open_made(f, &made, 1), SP_EDENIED, "neither a file nor a folder");
}

static void encrypted_entries_are_refused(void **state)
{
    struct fixture *f = *state;
    struct zip_made made = {.name = "a", .data = "0123456789abx", .size = 13, .flags = 1};
    assert_refused(f, open_made(f, &made, 1), SP_EDENIED, "encrypted");
    made.flags = 0x41;
    assert_refused(f, open_made(f, &made, 1), SP_EDENIED, "encrypted");
}

static void other_ways_of_packing_are_refused(void **state)
{
    struct fixture *f = *state;
    struct zip_made made = {.name = "a", .data = "x", .size = 1, .method = 12};
    assert_refused(f, open_made(f, &made, 1), SP_EUNSUPPORTED, "method 12");
}

/* ---------------------------------------------------------------- refusals: limits */

static const struct sp_zip_limits tight = {
    .archive_bytes = 1000, .entries = 2, .entry_bytes = 100, .total_bytes = 150, .ratio = 10};

static enum sp_status open_tight(struct fixture *f, const struct zip_made *made, size_t count)
{
    sp_zip_free(f->zip);
    f->zip = NULL;
    sp_buf_reset(&f->bytes);
    zip_make(&f->bytes, made, count);
    return open_limited(f, &tight);
}

static void the_number_of_entries_is_limited(void **state)
{
    struct fixture *f = *state;
    struct zip_made made[] = {
        {.name = "a", .data = "1", .size = 1},
        {.name = "b", .data = "2", .size = 1},
        {.name = "c", .data = "3", .size = 1},
    };
    assert_int_equal(open_tight(f, made, 2), SP_OK);
    assert_refused(f, open_tight(f, made, 3), SP_ELIMIT, "3 entries");
}

static void the_bytes_of_an_entry_are_limited(void **state)
{
    struct fixture *f = *state;
    static const char zeros[101];
    struct zip_made made = {.name = "a", .data = zeros, .size = 100};
    assert_int_equal(open_tight(f, &made, 1), SP_OK);
    made.size = 101;
    assert_refused(f, open_tight(f, &made, 1), SP_ELIMIT, "101 bytes unpacked");
}

static void the_bytes_of_all_entries_are_limited(void **state)
{
    struct fixture *f = *state;
    static const char zeros[100];
    struct zip_made made[] = {
        {.name = "a", .data = zeros, .size = 100},
        {.name = "b", .data = zeros, .size = 50},
    };
    assert_int_equal(open_tight(f, made, 2), SP_OK);
    made[1].size = 51;
    assert_refused(f, open_tight(f, made, 2), SP_ELIMIT, "more than 150 bytes");
}

static void the_bytes_of_the_archive_are_limited(void **state)
{
    struct fixture *f = *state;
    struct sp_zip_limits limits = sp_zip_default_limits;
    assert_int_equal(open_named(f, "a"), SP_OK);
    sp_zip_free(f->zip);
    f->zip = NULL;
    limits.archive_bytes = f->bytes.len;
    assert_int_equal(open_limited(f, &limits), SP_OK);
    sp_zip_free(f->zip);
    f->zip = NULL;
    limits.archive_bytes = f->bytes.len - 1;
    assert_refused(f, open_limited(f, &limits), SP_ELIMIT, "at most");
}

static void a_bomb_is_known_by_its_ratio(void **state)
{
    struct fixture *f = *state;
    struct zip_made made = {.name = "bomb", .data = deflated, .size = 330, .method = 8};
    static unsigned char packed[330];
    made.data = packed;
    made.unpacked = 66000; /* exactly 200 times */
    assert_int_equal(open_made(f, &made, 1), SP_OK);
    made.unpacked = 66001;
    assert_refused(f, open_made(f, &made, 1), SP_ELIMIT, "packed more than 200 times");
    made.size = 1;
    made.unpacked = 65536; /* small enough not to matter */
    assert_int_equal(open_made(f, &made, 1), SP_OK);
    made.unpacked = 65537;
    assert_refused(f, open_made(f, &made, 1), SP_ELIMIT, "packed more than 200 times");
}

static void a_real_bomb_is_refused(void **state)
{
    struct fixture *f = *state;
    struct sp_zip_writer *writer = NULL;
    size_t size = (size_t)8 << 20;
    char *zeros = calloc(1, size);
    assert_int_equal(sp_zip_writer_new(&writer, &f->err), SP_OK);
    add(writer, "zeros", sp_str_from(zeros, size));
    assert_int_equal(sp_zip_writer_end(writer, &f->bytes, &f->err), SP_OK);
    sp_zip_writer_free(writer);
    free(zeros);
    assert_refused(f, open_limited(f, NULL), SP_ELIMIT, "packed more than 200 times");
}

/* ---------------------------------------------------------------- refusals: structure */

static void what_is_no_archive_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_refused(f, open_limited(f, NULL), SP_ESYNTAX, "no ZIP archive");
    assert_int_equal(sp_buf_append_str(&f->bytes, SP_STR("<server></server>, twenty-two bytes long")), SP_OK);
    assert_refused(f, open_limited(f, NULL), SP_ESYNTAX, "no ZIP archive");
}

static void a_cut_archive_is_refused_wherever_it_is_cut(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(open_named(f, "abc"), SP_OK);
    size_t whole = f->bytes.len;
    for (size_t len = 0; len < whole; len++) {
        struct sp_zip *zip = NULL;
        assert_int_not_equal(sp_zip_open(sp_str_from(f->bytes.ptr, len), "test.sar", NULL, &zip, &f->err),
                             SP_OK);
        assert_null(zip);
    }
}

static void bytes_behind_the_archive_are_refused(void **state)
{
    struct fixture *f = *state;
    struct zip_made made = {.name = "a", .data = "x", .size = 1};
    zip_make(&f->bytes, &made, 1);
    assert_int_equal(sp_buf_append_byte(&f->bytes, 'x'), SP_OK);
    assert_refused(f, open_limited(f, NULL), SP_ESYNTAX, "no ZIP archive");
}

static void the_directory_must_hold_what_its_end_says(void **state)
{
    struct fixture *f = *state;
    struct zip_made made[] = {{.name = "a", .data = "x", .size = 1}, {.name = "b", .data = "x", .size = 1}};
    zip_make(&f->bytes, made, 2);
    unsigned char *end = f->bytes.ptr + f->bytes.len - 22;
    end[8] = end[10] = 1; /* one entry, two headers */
    assert_refused(f, open_limited(f, NULL), SP_ESYNTAX, "goes on behind its last entry");
    end[8] = end[10] = 3;
    assert_refused(f, open_limited(f, NULL), SP_ESYNTAX, "damaged at entry 3 of 3");
    end[10] = 2;
    assert_refused(f, open_limited(f, NULL), SP_EUNSUPPORTED, "several disks");
    end[8] = 2;
    end[18] = 1; /* offset far beyond */
    assert_refused(f, open_limited(f, NULL), SP_ESYNTAX, "not where its end says");
    end[18] = 0;
    end[15] = 0x7f;
    assert_refused(f, open_limited(f, NULL), SP_ELIMIT, "central directory has");
}

static void both_headers_of_an_entry_must_agree(void **state)
{
    struct fixture *f = *state;
    struct zip_made made = {.name = "abc", .data = "x", .size = 1};
    zip_make(&f->bytes, &made, 1);
    f->bytes.ptr[30] = 'X'; /* in the local header's name */
    assert_refused(f, open_limited(f, NULL), SP_ESYNTAX, "inconsistent");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_archive_of_the_writer_is_read_back),
        TEST(the_same_entries_make_the_same_bytes),
        TEST(the_writer_refuses_a_name_given_twice_and_an_empty_archive),
        TEST(an_archive_over_the_buffers_ceiling_is_not_written),
        TEST(names_are_normalised_on_both_sides),
        TEST(a_missing_entry_is_named),
        TEST(a_wrong_checksum_is_found),
        TEST(a_deflated_entry_must_have_the_length_it_states),
        TEST(an_entry_that_the_arena_cannot_hold_is_an_error),
        TEST(names_that_lead_elsewhere_are_refused),
        TEST(a_nul_in_a_name_is_refused),
        TEST(an_overlong_name_is_refused),
        TEST(two_entries_of_one_normalised_name_are_refused),
        TEST(links_and_special_files_are_refused),
        TEST(a_folder_with_bytes_is_refused),
        TEST(encrypted_entries_are_refused),
        TEST(other_ways_of_packing_are_refused),
        TEST(the_number_of_entries_is_limited),
        TEST(the_bytes_of_an_entry_are_limited),
        TEST(the_bytes_of_all_entries_are_limited),
        TEST(the_bytes_of_the_archive_are_limited),
        TEST(a_bomb_is_known_by_its_ratio),
        TEST(a_real_bomb_is_refused),
        TEST(what_is_no_archive_is_refused),
        TEST(a_cut_archive_is_refused_wherever_it_is_cut),
        TEST(bytes_behind_the_archive_are_refused),
        TEST(the_directory_must_hold_what_its_end_says),
        TEST(both_headers_of_an_entry_must_agree),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
