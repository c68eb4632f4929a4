/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "gateway/library_internal.h"
#include "server.h"
#include "text/zip_write.h"

static struct sp_library *library;
static struct sp_error err = SP_ERROR_INIT;
static struct sp_buf service_bytes, api_bytes;

static void compose(struct sp_buf *bytes, const char *const *entries)
{
    struct sp_zip_writer *zip;
    sp_buf_init(bytes, 1 << 20);
    assert_int_equal(sp_zip_writer_new(&zip, &err), SP_OK);
    for (; *entries; entries += 2)
        assert_int_equal(sp_zip_writer_add(zip, sp_str_of(entries[0]), sp_str_of(entries[1]), &err), SP_OK);
    assert_int_equal(sp_zip_writer_end(zip, bytes, &err), SP_OK);
    sp_zip_writer_free(zip);
}

static int set_up(void **state)
{
    compose(&service_bytes, server_service);
    compose(&api_bytes, server_api);
    return sp_library_new(1 << 20, &library, &err) == SP_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    sp_library_release(library);
    sp_buf_finish(&service_bytes);
    sp_buf_finish(&api_bytes);
    return 0;
}

static const struct sp_library_archive *borrow(struct sp_library_loan *loan, enum sp_store_kind kind)
{
    const struct sp_library_archive *archive = NULL;
    char checksum[SP_STORE_CHECKSUM_BYTES + 1];
    struct sp_str bytes = sp_buf_str(kind == SP_STORE_API ? &api_bytes : &service_bytes);
    sp_store_checksum(bytes, checksum);
    if (sp_library_archive(loan, kind, bytes, checksum, "it", &archive, &err) != SP_OK)
        fail_msg("%s", err.text);
    return archive;
}

static const struct sp_mapping *map(struct sp_library_loan *loan, size_t operation, bool direct,
                                    struct sp_str override)
{
    const struct sp_property overrides[] = {{SP_STR("trimFractionZeros"), override}};
    const struct sp_mapping *mapping = NULL;
    const struct sp_library_mapping_options options = {
        .service = borrow(loan, SP_STORE_SERVICE),
        .api = direct ? NULL : borrow(loan, SP_STORE_API),
        .operation = operation,
        .profile = {.codepage = sp_codepage_named(SP_STR("IBM037"), SP_NEWLINE_15)},
        .overrides = overrides,
        .override_count = override.len > 0,
    };
    if (sp_library_mapping(loan, &options, &mapping, &err) != SP_OK)
        fail_msg("%s", err.text);
    return mapping;
}

static struct sp_library_counts counts(void)
{
    struct sp_library_counts counts;
    sp_library_counts(library, &counts);
    return counts;
}

static void an_archive_is_read_once_for_all_who_borrow_it(void **state)
{
    struct sp_library_loan first, second;
    sp_library_loan_init(&first, library);
    sp_library_loan_init(&second, library);
    const struct sp_library_archive *api = borrow(&first, SP_STORE_API);
    assert_true(sp_str_is(api->aar->name, "accounts"));
    assert_ptr_equal(borrow(&first, SP_STORE_API), api);
    assert_ptr_equal(borrow(&second, SP_STORE_API), api);
    assert_int_equal(counts().read, 1);
    sp_library_loan_finish(&first);
    assert_true(sp_str_is(api->aar->base_path, "/accounts"));
    assert_int_equal(counts().archives, 1);
    sp_library_loan_finish(&second);
    assert_int_equal(counts().archives, 0);
    assert_int_equal(counts().bytes, 0);
}

static void other_bytes_are_another_archive(void **state)
{
    struct sp_library_loan loan;
    const struct sp_library_archive *a, *b;
    char checksum[SP_STORE_CHECKSUM_BYTES + 1];
    sp_library_loan_init(&loan, library);
    a = borrow(&loan, SP_STORE_SERVICE);
    sp_store_checksum(SP_STR("other"), checksum);
    assert_int_equal(sp_library_archive(&loan, SP_STORE_SERVICE, SP_STR("other"), checksum, "it", &b, &err),
                     SP_ESYNTAX);
    assert_int_equal(counts().archives, 1);
    assert_true(sp_str_is(a->sar->name, "enquire"));
    sp_library_loan_finish(&loan);
}

static void equal_mappings_are_shared_and_others_are_not(void **state)
{
    struct sp_library_loan loan, longer;
    sp_library_loan_init(&loan, library);
    sp_library_loan_init(&longer, library);
    const struct sp_str none = SP_STR("");
    const struct sp_mapping *get = map(&loan, 0, false, none);
    assert_ptr_equal(map(&loan, 0, false, none), get);
    assert_ptr_not_equal(map(&loan, 1, false, none), get);
    assert_ptr_not_equal(map(&loan, 0, true, none), get);
    assert_ptr_not_equal(map(&loan, 0, false, SP_STR("true")), get);
    assert_ptr_not_equal(map(&loan, 0, false, SP_STR("false")), map(&loan, 0, false, SP_STR("true")));
    assert_int_equal(counts().compiled, 5);
    assert_ptr_equal(map(&longer, 0, false, none), get);
    sp_library_loan_finish(&loan);
    assert_int_equal(counts().mappings, 1);
    assert_int_equal(counts().archives, 2);
    sp_library_loan_finish(&longer);
    assert_int_equal(counts().mappings, 0);
    assert_int_equal(counts().archives, 0);
}

static void what_is_pinned_stays(void **state)
{
    struct sp_library_loan loan;
    sp_library_loan_init(&loan, library);
    map(&loan, 0, false, SP_STR(""));
    sp_library_pin(library);
    sp_library_loan_finish(&loan);
    assert_int_equal(counts().archives, 2);
    sp_library_loan_init(&loan, library);
    map(&loan, 0, false, SP_STR(""));
    map(&loan, 1, false, SP_STR(""));
    assert_int_equal(counts().read, 2);
    assert_int_equal(counts().mappings, 2);
    sp_library_loan_finish(&loan);
    assert_int_equal(counts().mappings, 1);
}

static void what_is_unpinned_goes_when_nobody_borrows_it_again(void **state)
{
    struct sp_library_loan loan, before;
    sp_library_loan_init(&loan, library);
    map(&loan, 0, false, SP_STR(""));
    map(&loan, 1, false, SP_STR(""));
    sp_library_pin(library);
    sp_library_loan_finish(&loan);
    assert_int_equal(sp_library_unpin(library, &before), SP_OK);
    sp_library_loan_init(&loan, library);
    map(&loan, 1, false, SP_STR(""));
    sp_library_loan_finish(&before);
    assert_int_equal(counts().mappings, 1);
    assert_int_equal(counts().archives, 2);
    assert_int_equal(counts().compiled, 2);
    sp_library_pin(library);
    sp_library_loan_finish(&loan);
    assert_int_equal(counts().mappings, 1);
    assert_int_equal(sp_library_unpin(library, &before), SP_OK);
    sp_library_loan_finish(&before);
    assert_int_equal(counts().archives, 0);
    assert_int_equal(counts().bytes, 0);
}

static void a_library_lives_as_long_as_a_loan(void **state)
{
    struct sp_library_loan loan;
    sp_library_loan_init(&loan, library);
    const struct sp_library_archive *api = borrow(&loan, SP_STORE_API);
    sp_library_release(library);
    assert_true(sp_str_is(api->aar->name, "accounts"));
    sp_library_loan_finish(&loan);
    assert_int_equal(sp_library_new(1 << 20, &library, &err), SP_OK);
}

static void a_library_takes_no_more_than_its_ceiling(void **state)
{
    struct sp_library_loan loan;
    char checksum[SP_STORE_CHECKSUM_BYTES + 1];
    const struct sp_library_archive *archive = NULL;
    sp_library_loan_init(&loan, library);
    borrow(&loan, SP_STORE_API);
    size_t need = counts().bytes;
    sp_library_loan_finish(&loan);
    sp_store_checksum(sp_buf_str(&api_bytes), checksum);
    for (int missing = 0; missing < 2; missing++) {
        sp_library_release(library);
        assert_int_equal(sp_library_new(need - (size_t)missing, &library, &err), SP_OK);
        sp_library_loan_init(&loan, library);
        assert_int_equal(
            sp_library_archive(&loan, SP_STORE_API, sp_buf_str(&api_bytes), checksum, "it", &archive, &err),
            missing ? SP_ELIMIT : SP_OK);
        assert_int_equal(counts().archives, !missing);
        sp_library_loan_finish(&loan);
    }
    assert_string_equal(err.text, "what is deployed needs more than 0 MiB");
}

/* Takes as much as it is told, in one piece. */
static enum sp_status take(void *arg, struct sp_arena *memory, const void **ret_content, struct sp_error *why)
{
    const size_t *bytes = arg;
    *ret_content = sp_arena_alloc(memory, *bytes);
    return *ret_content ? SP_OK : SP_ENOMEM;
}

static enum sp_status take_bytes(struct sp_library_loan *loan, size_t bytes)
{
    struct sp_library_item *item;
    const struct sp_library_wanted wanted = {.key = SP_STR("it"), .make = take, .arg = &bytes};
    sp_error_clear(&err);
    return sp_library_borrow(loan, &wanted, &item, &err);
}

static void one_archive_takes_no_more_than_is_allowed_for_one(void **state)
{
    struct sp_library_loan loan;
    sp_library_release(library);
    assert_int_equal(sp_library_new((size_t)2 << 30, &library, &err), SP_OK);
    sp_library_loan_init(&loan, library);
    /* What an arena needs besides is less than a page. */
    assert_int_equal(take_bytes(&loan, SP_LIBRARY_ITEM_MAX), SP_ENOMEM);
    assert_string_equal(err.text, "no memory for archives (512 MiB is the most that one can have)");
    assert_int_equal(counts().archives, 0);
    assert_int_equal(take_bytes(&loan, SP_LIBRARY_ITEM_MAX - 4096), SP_OK);
    assert_true(counts().bytes <= SP_LIBRARY_ITEM_MAX);
    sp_library_loan_finish(&loan);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_archive_is_read_once_for_all_who_borrow_it),
        TEST(other_bytes_are_another_archive),
        TEST(equal_mappings_are_shared_and_others_are_not),
        TEST(what_is_pinned_stays),
        TEST(what_is_unpinned_goes_when_nobody_borrows_it_again),
        TEST(a_library_takes_no_more_than_its_ceiling),
        TEST(one_archive_takes_no_more_than_is_allowed_for_one),
        TEST(a_library_lives_as_long_as_a_loan),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("gateway_library", tests, NULL, NULL);
}
