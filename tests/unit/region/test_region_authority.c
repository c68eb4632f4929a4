/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "region/authority.h"
#include "saf_database.h"

static struct sp_saf *saf;
static const struct sp_saf_image *image;
static struct sp_saf_decision_cache decisions;
static struct sp_arena arena;
static struct sp_definition definition;
static struct sp_str message;
static const char *reason;

static int set_up(void **state)
{
    struct sp_str path = saf_database_make();
    saf_database_run("SETROPTS CLASSACT(TCICSTRN MCICSPPT)");
    saf_database_run("RDEFINE GCICSTRN PARTSTRN ADDMEM(CSMI PART) UACC(NONE)");
    saf_database_run("PERMIT PARTSTRN CLASS(GCICSTRN) ID(FRED MARY) ACCESS(READ)");
    saf_database_run("RDEFINE MCICSPPT PARTUPD UACC(NONE)");
    saf_database_run("PERMIT PARTUPD CLASS(MCICSPPT) ID(FRED) ACCESS(READ)");
    struct sp_saf_settings settings = {.path = path.ptr};
    assert_int_equal(sp_saf_open(&settings, &saf, NULL), SP_OK);
    assert_int_equal(sp_saf_decision_cache_init(&decisions, 16, NULL), SP_OK);
    image = sp_saf_image(saf);
    sp_arena_init(&arena, 1000000);
    definition = (struct sp_definition){.applid = SP_STR("CICSPART")};
    return 0;
}

static int tear_down(void **state)
{
    sp_saf_image_release(image);
    sp_saf_decision_cache_finish(&decisions);
    sp_saf_close(saf);
    sp_arena_finish(&arena);
    saf_database_remove();
    return 0;
}

static enum sp_region_outcome permit(const char *user, const char *link_user, const char *transaction,
                                     const char *program)
{
    const struct sp_task_request request = {.user = sp_str_of(user),
                                            .link_user = sp_str_of(link_user),
                                            .netname = SP_STR("GATEWAY"),
                                            .transaction = sp_str_of(transaction),
                                            .program = sp_str_of(program)};
    message = SP_STR("");
    reason = NULL;
    return sp_region_permit(&definition, &decisions, image, &request, &arena, &reason, &message);
}

static void assert_message(const char *part)
{
    if (!memmem(message.ptr, message.len, part, strlen(part)))
        fail_msg("\"%.*s\" does not hold \"%s\"", SP_STR_ARG(message), part);
}

static void a_transaction_is_attached_by_who_may_read_its_profile(void **state)
{
    assert_int_equal(permit("FRED", "", "CSMI", "PARTINQ"), SP_REGION_NORMAL);
    assert_int_equal(permit("FRED", "", "PART", "PARTINQ"), SP_REGION_NORMAL);
    assert_null(reason);
    assert_int_equal(permit("OLAF", "", "CSMI", "PARTINQ"), SP_REGION_NOT_AUTHORIZED);
    assert_message("DFHXS1111 CICSPART CSMI Security violation by user OLAF at netname GATEWAY for resource "
                   "CSMI in class TCICSTRN.");
    assert_message("ESM codes are (X'00000008',X'00000000').");
    assert_non_null(strstr(reason, "TCICSTRN"));
}

static void what_no_profile_protects_is_refused(void **state)
{
    assert_int_equal(permit("FRED", "", "OTHR", "PARTINQ"), SP_REGION_NOT_AUTHORIZED);
    assert_message("SAF codes are (X'00000004'");
}

static void programs_are_checked_when_resource_security_is_on(void **state)
{
    assert_int_equal(permit("MARY", "", "CSMI", "PARTUPD"), SP_REGION_NORMAL);
    definition.resource_security = true;
    assert_int_equal(permit("FRED", "", "CSMI", "PARTUPD"), SP_REGION_NORMAL);
    assert_int_equal(permit("MARY", "", "CSMI", "PARTUPD"), SP_REGION_NOT_AUTHORIZED);
    assert_message("for resource PARTUPD in class MCICSPPT");
    assert_int_equal(permit("FRED", "", "CSMI", "PARTINQ"), SP_REGION_NOT_AUTHORIZED);
}

static void the_link_user_needs_it_too(void **state)
{
    assert_int_equal(permit("FRED", "MARY", "CSMI", "PARTINQ"), SP_REGION_NORMAL);
    assert_int_equal(permit("FRED", "OLAF", "CSMI", "PARTINQ"), SP_REGION_NOT_AUTHORIZED);
    assert_message("by user OLAF");
    definition.resource_security = true;
    assert_int_equal(permit("FRED", "MARY", "CSMI", "PARTUPD"), SP_REGION_NOT_AUTHORIZED);
    assert_message("by user MARY");
}

static void the_user_must_be_fit(void **state)
{
    assert_int_equal(permit("NOBODY", "", "CSMI", "PARTINQ"), SP_REGION_SECURITY);
    assert_message("user NOBODY at netname GATEWAY is not accepted: the user is not defined");
    definition.applid = SP_STR("BBGZDFLT"); /* a profile of class APPL protects it */
    assert_int_equal(permit("FRED", "", "CSMI", "PARTINQ"), SP_REGION_NORMAL);
    assert_int_equal(permit("OLAF", "", "CSMI", "PARTINQ"), SP_REGION_SECURITY);
    assert_non_null(strstr(reason, "class APPL"));
}

static void a_distributed_identity_gets_its_user_id(void **state)
{
    struct sp_region_link link = {.dist_name = SP_STR("mary"), .dist_realm = SP_STR("zosConnect")};
    sp_region_map_identity(image, &link);
    assert_true(sp_str_is(link.user, "MARY"));
    link.user = SP_STR("FRED");
    sp_region_map_identity(image, &link);
    assert_true(sp_str_is(link.user, "FRED"));
    struct sp_region_link unknown = {.dist_name = SP_STR("mary"), .dist_realm = SP_STR("other")};
    sp_region_map_identity(image, &unknown);
    assert_int_equal(unknown.user.len, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_transaction_is_attached_by_who_may_read_its_profile),
        TEST(what_no_profile_protects_is_refused),
        TEST(programs_are_checked_when_resource_security_is_on),
        TEST(the_link_user_needs_it_too),
        TEST(the_user_must_be_fit),
        TEST(a_distributed_identity_gets_its_user_id),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
