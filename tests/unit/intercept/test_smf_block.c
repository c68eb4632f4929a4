/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "intercept/smf/block.h"

static unsigned char record_bytes[40000];

/* A record of `len` bytes filled with `fill`. */
static struct sp_str record(size_t len, unsigned char fill)
{
    memset(record_bytes, fill, len);
    sp_put_u16(record_bytes, (uint16_t)len);
    sp_put_u16(record_bytes + 2, 0);
    return sp_str_from(record_bytes, len);
}

/* With flag, type and time of day: half past eleven, or just after midnight. */
static struct sp_str typed_record(size_t len, unsigned char fill, unsigned char type, bool late)
{
    record(len, fill);
    record_bytes[4] = 0x5E;
    record_bytes[5] = type;
    record_bytes[6] = 0;
    record_bytes[7] = late ? 0x81 : 0;
    return sp_str_from(record_bytes, len);
}

static struct sp_smf_block block;

static int set_up(void **state)
{
    block.len = 0;
    return 0;
}

static void a_block_describes_itself(void **state)
{
    assert_true(sp_smf_block_add(&block, record(6, 1)));
    assert_true(sp_smf_block_add(&block, record(5, 2)));
    assert_int_equal(block.len, 15);
    static const unsigned char expected[] = {0, 15, 0, 0, 0, 6, 0, 0, 1, 1, 0, 5, 0, 0, 2};
    assert_memory_equal(block.bytes, expected, sizeof expected);
}

static void a_block_holds_what_fits_and_no_more(void **state)
{
    assert_true(sp_smf_block_add(&block, record(SP_SMF_BLOCK_MAX - 4, 1)));
    assert_int_equal(block.len, SP_SMF_BLOCK_MAX);
    assert_false(sp_smf_block_add(&block, record(4, 1)));
    block.len = 0;
    assert_false(sp_smf_block_add(&block, record(SP_SMF_BLOCK_MAX - 3, 1)));
    assert_int_equal(block.len, 0);
    size_t records = 0;
    while (sp_smf_block_add(&block, record(488, 1)))
        records++;
    assert_int_equal(records, 67);
}

static void records_are_read_across_blocks(void **state)
{
    struct sp_buf file;
    sp_buf_init(&file, 100000);
    for (unsigned char b = 0; b < 3; b++) {
        block.len = 0;
        for (unsigned char r = 0; r < b + 1; r++)
            assert_true(sp_smf_block_add(&block, record(10u + b, (unsigned char)(16 * b + r))));
        sp_buf_append(&file, block.bytes, block.len);
    }
    struct sp_smf_reader reader;
    struct sp_str found;
    struct sp_error err = SP_ERROR_INIT;
    sp_smf_reader_init(&reader, sp_buf_str(&file));
    assert_int_equal(reader.framing, SP_SMF_BLOCKED);
    for (unsigned b = 0; b < 3; b++)
        for (unsigned r = 0; r < b + 1; r++) {
            assert_int_equal(sp_smf_reader_next(&reader, &found, &err), SP_OK);
            assert_int_equal(found.len, 10 + b);
            assert_int_equal((unsigned char)found.ptr[4], 16 * b + r);
        }
    assert_int_equal(sp_smf_reader_next(&reader, &found, &err), SP_ENOTFOUND);
    assert_int_equal(sp_smf_reader_next(&reader, &found, &err), SP_ENOTFOUND);
    sp_buf_finish(&file);
}

static void records_without_blocks_are_read_too(void **state)
{
    struct sp_buf file;
    sp_buf_init(&file, 100000);
    for (unsigned char r = 0; r < 5; r++)
        sp_buf_append_str(&file, typed_record(488, r, 123, false));
    struct sp_smf_reader reader;
    struct sp_str found;
    struct sp_error err = SP_ERROR_INIT;
    sp_smf_reader_init(&reader, sp_buf_str(&file));
    assert_int_equal(reader.framing, SP_SMF_UNBLOCKED);
    for (unsigned char r = 0; r < 5; r++) {
        assert_int_equal(sp_smf_reader_next(&reader, &found, &err), SP_OK);
        assert_int_equal(found.ptr[8], r);
    }
    assert_int_equal(sp_smf_reader_next(&reader, &found, &err), SP_ENOTFOUND);
    sp_buf_finish(&file);
}

static void any_record_may_be_the_first(void **state)
{
    static const struct {
        unsigned char type;
        bool late;
    } firsts[] = {{123, false}, {123, true}, {208, false}, {208, true}, {2, true}, {80, true}};
    for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++)
        for (int blocks = 0; blocks < 2; blocks++) {
            struct sp_smf_reader reader;
            struct sp_str found, first = typed_record(100, 1, firsts[i].type, firsts[i].late);
            struct sp_error err = SP_ERROR_INIT;
            struct sp_buf file;
            block.len = 0;
            assert_true(sp_smf_block_add(&block, first));
            struct sp_str part = blocks ? sp_str_from(block.bytes, block.len) : first;
            sp_buf_init(&file, 1000);
            sp_buf_append_str(&file, part);
            sp_buf_append_str(&file, part);
            sp_smf_reader_init(&reader, sp_buf_str(&file));
            assert_int_equal(reader.framing, blocks ? SP_SMF_BLOCKED : SP_SMF_UNBLOCKED);
            for (unsigned n = 0; n < 2; n++) {
                assert_int_equal(sp_smf_reader_next(&reader, &found, &err), SP_OK);
                assert_int_equal(found.len, 100);
            }
            /* The first block is not whole. */
            sp_smf_reader_init(&reader, sp_str_slice(part, 0, part.len - 1));
            assert_int_equal(reader.framing, blocks ? SP_SMF_BLOCKED : SP_SMF_UNBLOCKED);
            sp_buf_finish(&file);
        }
}

static void an_empty_file_has_no_records(void **state)
{
    struct sp_smf_reader reader;
    struct sp_str found;
    struct sp_error err = SP_ERROR_INIT;
    sp_smf_reader_init(&reader, SP_STR(""));
    assert_int_equal(sp_smf_reader_next(&reader, &found, &err), SP_ENOTFOUND);
}

static void a_file_that_ends_early_says_where(void **state)
{
    assert_true(sp_smf_block_add(&block, record(20, 1)));
    assert_true(sp_smf_block_add(&block, record(20, 1)));
    struct sp_str whole = sp_str_from(block.bytes, block.len), found;
    for (size_t len = 1; len < whole.len; len++) {
        struct sp_smf_reader reader;
        struct sp_error err = SP_ERROR_INIT;
        enum sp_status status = SP_OK;
        sp_smf_reader_init(&reader, sp_str_slice(whole, 0, len));
        while (status == SP_OK)
            status = sp_smf_reader_next(&reader, &found, &err);
        assert_int_equal(status, SP_EPROTO);
        assert_true(err.offset >= 0 && (size_t)err.offset < len);
    }
}

static void lengths_that_do_not_fit_are_refused(void **state)
{
    static const unsigned char files[][12] = {
        {0, 12, 0, 0, 0, 9, 0, 0, 1, 1, 1, 1}, /* record reaches beyond the block */
        {0, 12, 0, 0, 0, 3, 0, 0, 1, 1, 1, 1}, /* record shorter than its word */
        {0, 12, 0, 0, 0, 6, 0, 0, 1, 1, 0, 4}, /* no room for the second word */
        {0, 3, 0, 0, 0, 8, 0, 0, 1, 1, 1, 1},  /* block shorter than its word */
        {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},  {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct sp_smf_reader reader;
        struct sp_str found;
        struct sp_error err = SP_ERROR_INIT;
        enum sp_status status = SP_OK;
        sp_smf_reader_init(&reader, sp_str_from(files[i], sizeof files[i]));
        for (int n = 0; n < 10 && status == SP_OK; n++)
            status = sp_smf_reader_next(&reader, &found, &err);
        assert_int_equal(status, SP_EPROTO);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_block_describes_itself, set_up),
        cmocka_unit_test_setup(a_block_holds_what_fits_and_no_more, set_up),
        cmocka_unit_test_setup(records_are_read_across_blocks, set_up),
        cmocka_unit_test_setup(records_without_blocks_are_read_too, set_up),
        cmocka_unit_test_setup(any_record_may_be_the_first, set_up),
        cmocka_unit_test_setup(an_empty_file_has_no_records, set_up),
        cmocka_unit_test_setup(a_file_that_ends_early_says_where, set_up),
        cmocka_unit_test_setup(lengths_that_do_not_fit_are_refused, set_up),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("smf_block", tests, NULL, NULL);
}
