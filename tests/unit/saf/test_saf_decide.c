/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "saf/image.h"

#define TODAY 20000

struct fixture {
    char directory[64];
    struct sp_saf_db *db;
    struct sp_saf_image *image;
    struct sp_arena arena;
};

static struct fixture fixture;

static void ok(enum sp_status status)
{
    assert_int_equal(status, SP_OK);
}

static void add_user(const char *id, unsigned flags)
{
    struct sp_saf_user user = {.id = sp_str_of(id),
                               .name = SP_STR("NAME OF USER"),
                               .default_group = SP_STR("SYS1"),
                               .owner = SP_STR("SYS1"),
                               .flags = flags,
                               .uid = -1,
                               .revoke_date = SP_SAF_NO_DATE,
                               .resume_date = SP_SAF_NO_DATE,
                               .last_use_date = SP_SAF_NO_DATE};
    ok(sp_saf_put_user(fixture.db, &user, NULL));
}

static void add_group(const char *id)
{
    struct sp_saf_group group = {
        .id = sp_str_of(id), .superior = SP_STR("SYS1"), .owner = SP_STR("SYS1"), .gid = -1};
    ok(sp_saf_put_group(fixture.db, &group, NULL));
}

static void add_connect(const char *user, const char *group, unsigned flags, int32_t revoke, int32_t resume)
{
    struct sp_saf_connect connect = {.user = sp_str_of(user),
                                     .group = sp_str_of(group),
                                     .owner = SP_STR("SYS1"),
                                     .flags = flags,
                                     .revoke_date = revoke,
                                     .resume_date = resume};
    ok(sp_saf_put_connect(fixture.db, &connect, NULL));
}

static void add_class(const char *name, bool generic)
{
    struct sp_saf_class class = {.name = sp_str_of(name),
                                 .active = true,
                                 .raclisted = true,
                                 .generic = generic,
                                 .global_checking = true};
    ok(sp_saf_put_class(fixture.db, &class, NULL));
}

static void add_profile(const char *class, const char *name, enum sp_saf_access uacc, bool warning)
{
    struct sp_saf_profile profile = {.class = sp_str_of(class),
                                     .name = sp_str_of(name),
                                     .owner = SP_STR("SYS1"),
                                     .generic = strpbrk(name, "*%") != NULL,
                                     .uacc = uacc,
                                     .warning = warning,
                                     .audit = {.failures = true, .failures_from = SP_SAF_READ}};
    ok(sp_saf_put_profile(fixture.db, &profile, NULL));
}

static void permit_when(const char *class, const char *profile, const char *id, enum sp_saf_access access,
                        const char *kind, const char *name)
{
    struct sp_saf_access_entry entry = {.class = sp_str_of(class),
                                        .profile = sp_str_of(profile),
                                        .id = sp_str_of(id),
                                        .access = access,
                                        .when_kind = sp_str_of(kind),
                                        .when_name = sp_str_of(name)};
    ok(sp_saf_put_access(fixture.db, &entry, NULL));
}

static void permit(const char *class, const char *profile, const char *id, enum sp_saf_access access)
{
    permit_when(class, profile, id, access, "", "");
}

static void add_member(const char *class, const char *profile, const char *name, enum sp_saf_access access)
{
    struct sp_saf_member member = {sp_str_of(class), sp_str_of(profile), sp_str_of(name), access};
    ok(sp_saf_put_member(fixture.db, &member, NULL));
}

static void fill(void)
{
    add_user("FRED", 0);
    add_user("MARY", SP_SAF_OPERATIONS);
    add_user("WSGUEST", SP_SAF_RESTRICTED);
    add_group("GMINVOKE");
    add_group("GMADMIN");
    add_connect("FRED", "SYS1", 0, SP_SAF_NO_DATE, SP_SAF_NO_DATE);
    add_connect("FRED", "GMINVOKE", 0, SP_SAF_NO_DATE, SP_SAF_NO_DATE);
    add_connect("FRED", "GMADMIN", 0, TODAY, SP_SAF_NO_DATE);
    add_connect("MARY", "SYS1", 0, SP_SAF_NO_DATE, SP_SAF_NO_DATE);
    add_connect("MARY", "GMADMIN", SP_SAF_REVOKED, SP_SAF_NO_DATE, TODAY);
    add_class("EJBROLE", true);
    add_class("FACILITY", true);
    add_class("APPL", false);
    add_class("TCICSTRN", true);
    add_class("GCICSTRN", true);
    add_class("OPERCMDS", true);
    add_profile("EJBROLE", "BBGZDFLT.zos.**", SP_SAF_NONE, false);
    permit("EJBROLE", "BBGZDFLT.zos.**", "GMINVOKE", SP_SAF_READ);
    add_profile("FACILITY", "USER.BELOW.GROUP", SP_SAF_ALTER, false);
    permit("FACILITY", "USER.BELOW.GROUP", "FRED", SP_SAF_NONE);
    permit("FACILITY", "USER.BELOW.GROUP", "GMINVOKE", SP_SAF_UPDATE);
    add_profile("FACILITY", "GROUP.BELOW.UACC", SP_SAF_READ, false);
    permit("FACILITY", "GROUP.BELOW.UACC", "GMINVOKE", SP_SAF_NONE);
    add_profile("FACILITY", "STAR", SP_SAF_NONE, false);
    permit("FACILITY", "STAR", "*", SP_SAF_UPDATE);
    add_profile("FACILITY", "OPEN", SP_SAF_READ, false);
    add_profile("FACILITY", "WARN.*", SP_SAF_NONE, true);
    add_profile("FACILITY", "WHEN", SP_SAF_NONE, false);
    permit_when("FACILITY", "WHEN", "FRED", SP_SAF_READ, "TERMINAL", "T1");
    permit_when("FACILITY", "WHEN", "GMINVOKE", SP_SAF_UPDATE, "TERMINAL", "T9");
    add_profile("APPL", "LITERAL*", SP_SAF_READ, false);
    add_profile("OPERCMDS", "MVS.**", SP_SAF_NONE, false);
    add_profile("OPERCMDS", "MVS.STOP", SP_SAF_NONE, false);
    permit("OPERCMDS", "MVS.STOP", "MARY", SP_SAF_READ);
    add_profile("GCICSTRN", "BANKING", SP_SAF_NONE, false);
    permit("GCICSTRN", "BANKING", "FRED", SP_SAF_READ);
    add_member("GCICSTRN", "BANKING", "INQ*", SP_SAF_NONE);
    add_member("GCICSTRN", "BANKING", "PAYM", SP_SAF_NONE);
    add_profile("GCICSTRN", "PAYMENTS", SP_SAF_NONE, false);
    permit("GCICSTRN", "PAYMENTS", "FRED", SP_SAF_UPDATE);
    add_member("GCICSTRN", "PAYMENTS", "PAYM", SP_SAF_NONE);
    add_profile("TCICSTRN", "CSMI", SP_SAF_NONE, false);
    add_profile("GLOBAL", "FACILITY", SP_SAF_NONE, false);
    add_member("GLOBAL", "FACILITY", "STAR", SP_SAF_READ);
    add_member("GLOBAL", "FACILITY", "FREE.**", SP_SAF_READ);
}

static int set_up(void **state)
{
    snprintf(fixture.directory, sizeof fixture.directory, "/tmp/saf-decide-XXXXXX");
    assert_non_null(mkdtemp(fixture.directory));
    char path[96];
    snprintf(path, sizeof path, "%s/saf.db", fixture.directory);
    ok(sp_saf_db_open(path, NULL, SP_SAF_DB_CREATE, &fixture.db, NULL));
    ok(sp_saf_db_begin(fixture.db, NULL));
    fill();
    ok(sp_saf_db_commit(fixture.db, NULL));
    ok(sp_saf_image_build(fixture.db, TODAY, &fixture.image, NULL));
    sp_arena_init(&fixture.arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    sp_saf_image_release(fixture.image);
    sp_saf_db_close(fixture.db);
    sp_arena_finish(&fixture.arena);
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", fixture.directory);
    return system(command);
}

struct row {
    const char *class, *resource, *user;
    enum sp_saf_access wanted;
    bool granted;
    unsigned saf_rc, racf_rc, reason;
    const char *profile, *by;
};

static const struct row rows[] = {
    {"EJBROLE", "BBGZDFLT.zos.connect.access.roles.zosConnectAccess", "FRED", SP_SAF_READ, true, 0, 0, 0,
     "BBGZDFLT.zos.**", "GROUP GMINVOKE"},
    {"EJBROLE", "BBGZDFLT.zos.connect.access.roles.zosConnectAccess", "MARY", SP_SAF_READ, false, 8, 8, 0,
     "BBGZDFLT.zos.**", "UACC"},
    {"EJBROLE", "OTHER.zos.x", "FRED", SP_SAF_READ, false, 4, 4, 0, "", "NO PROFILE"},
    {"NOCLASS", "X", "FRED", SP_SAF_READ, false, 4, 0, 0, "", "CLASS NOT ACTIVE"},
    /* An entry for the user decides alone, even below that of a group and below UACC. */
    {"FACILITY", "USER.BELOW.GROUP", "FRED", SP_SAF_READ, false, 8, 8, 0, "USER.BELOW.GROUP", "USER FRED"},
    {"FACILITY", "USER.BELOW.GROUP", "MARY", SP_SAF_ALTER, true, 0, 0, 0, "USER.BELOW.GROUP", "UACC"},
    {"FACILITY", "GROUP.BELOW.UACC", "FRED", SP_SAF_READ, false, 8, 8, 0, "GROUP.BELOW.UACC",
     "GROUP GMINVOKE"},
    {"FACILITY", "GROUP.BELOW.UACC", "NOBODY", SP_SAF_READ, true, 0, 0, 0, "GROUP.BELOW.UACC", "UACC"},
    {"FACILITY", "STAR", "FRED", SP_SAF_UPDATE, true, 0, 0, 0, "STAR", "ID(*)"},
    {"FACILITY", "STAR", "NOBODY", SP_SAF_UPDATE, false, 8, 8, 0, "STAR", "UACC"},
    {"FACILITY", "STAR", "WSGUEST", SP_SAF_READ, false, 8, 8, 0, "STAR", "NONE"},
    {"FACILITY", "OPEN", "WSGUEST", SP_SAF_READ, false, 8, 8, 0, "OPEN", "NONE"},
    {"FACILITY", "OPEN", "FRED", SP_SAF_READ, true, 0, 0, 0, "OPEN", "UACC"},
    {"FACILITY", "OPEN", "", SP_SAF_READ, true, 0, 0, 0, "OPEN", "UACC"},
    {"FACILITY", "WARN.IT", "FRED", SP_SAF_READ, true, 0, 0, 4, "WARN.*", "UACC"},
    {"FACILITY", "WHEN", "FRED", SP_SAF_READ, false, 8, 8, 0, "WHEN", "UACC"},
    {"FACILITY", "STAR", "NOBODY", SP_SAF_READ, true, 0, 0, 0, "", "GLOBAL STAR"},
    {"FACILITY", "FREE.FOR.ALL", "FRED", SP_SAF_READ, true, 0, 0, 0, "", "GLOBAL FREE.**"},
    {"FACILITY", "FREE.FOR.ALL", "WSGUEST", SP_SAF_READ, false, 4, 4, 0, "", "NO PROFILE"},
    /* A class without generics takes an asterisk literally. */
    {"APPL", "LITERALX", "FRED", SP_SAF_READ, false, 4, 4, 0, "", "NO PROFILE"},
    /* OPERATIONS where the class has it, unless there is an entry. */
    {"OPERCMDS", "MVS.START", "MARY", SP_SAF_CONTROL, true, 0, 0, 0, "MVS.**", "OPERATIONS"},
    {"OPERCMDS", "MVS.STOP", "MARY", SP_SAF_UPDATE, false, 8, 8, 0, "MVS.STOP", "USER MARY"},
    {"OPERCMDS", "MVS.START", "FRED", SP_SAF_READ, false, 8, 8, 0, "MVS.**", "UACC"},
    /* Grouping classes: members, generic ones too; several profiles merge to the most permissive. */
    {"TCICSTRN", "INQ1", "FRED", SP_SAF_READ, true, 0, 0, 0, "INQ*", "USER FRED"},
    {"TCICSTRN", "PAYM", "FRED", SP_SAF_UPDATE, true, 0, 0, 0, "PAYM", "USER FRED"},
    {"TCICSTRN", "PAYM", "MARY", SP_SAF_READ, false, 8, 8, 0, "PAYM", "UACC"},
    {"TCICSTRN", "CSMI", "FRED", SP_SAF_READ, false, 8, 8, 0, "CSMI", "UACC"},
};

static void decisions_follow_the_documented_order(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        struct sp_saf_auth request = {.class = sp_str_of(row->class),
                                      .resource = sp_str_of(row->resource),
                                      .user = sp_str_of(row->user),
                                      .wanted = row->wanted};
        struct sp_saf_decision d;
        sp_saf_decide(fixture.image, &request, &fixture.arena, &d);
        if (d.granted != row->granted || d.saf_rc != row->saf_rc || d.racf_rc != row->racf_rc ||
            d.racf_reason != row->reason || !sp_str_is(d.profile, row->profile) || !sp_str_is(d.by, row->by))
            fail_msg("%s %s %s: granted %d, %u/%u/%u by \"%.*s\" in profile \"%.*s\"", row->class,
                     row->resource, row->user, d.granted, d.saf_rc, d.racf_rc, d.racf_reason,
                     SP_STR_ARG(d.by), SP_STR_ARG(d.profile));
    }
}

static void a_condition_can_raise_access(void **state)
{
    struct sp_saf_auth request = {.class = SP_STR("FACILITY"),
                                  .resource = SP_STR("WHEN"),
                                  .user = SP_STR("FRED"),
                                  .wanted = SP_SAF_READ,
                                  .when_kind = SP_STR("TERMINAL"),
                                  .when_name = SP_STR("T1")};
    struct sp_saf_decision d;
    sp_saf_decide(fixture.image, &request, &fixture.arena, &d);
    assert_true(d.granted && sp_str_is(d.by, "WHEN T1"));
    request.when_name = SP_STR("T2");
    sp_saf_decide(fixture.image, &request, &fixture.arena, &d);
    assert_false(d.granted);
    request.trusted = true;
    sp_saf_decide(fixture.image, &request, &fixture.arena, &d);
    assert_true(d.granted);
}

static void groups_follow_revoke_and_resume_dates(void **state)
{
    const struct sp_str *groups;
    assert_int_equal(sp_saf_groups_of(fixture.image, SP_STR("FRED"), &groups), 2);
    assert_true(sp_str_is(groups[0], "GMINVOKE") && sp_str_is(groups[1], "SYS1"));
    assert_int_equal(sp_saf_groups_of(fixture.image, SP_STR("MARY"), &groups), 2);
    assert_int_equal(sp_saf_groups_of(fixture.image, SP_STR("NOBODY"), &groups), 0);
    assert_non_null(sp_saf_find_group(fixture.image, SP_STR("GMADMIN")));
    assert_null(sp_saf_find_user(fixture.image, SP_STR("fred")));
}

static void the_refusal_says_what_administrators_search_for(void **state)
{
    struct sp_saf_auth request = {.class = SP_STR("OPERCMDS"),
                                  .resource = SP_STR("MVS.START"),
                                  .user = SP_STR("FRED"),
                                  .wanted = SP_SAF_READ};
    struct sp_saf_decision d;
    sp_saf_decide(fixture.image, &request, &fixture.arena, &d);
    assert_true(d.audit);
    struct sp_str text = sp_saf_ich408i(fixture.image, &request, &d, &fixture.arena);
    assert_string_equal(text.ptr, "ICH408I USER(FRED    ) GROUP(SYS1    ) NAME(NAME OF USER        )\n"
                                  "  MVS.START CL(OPERCMDS)\n"
                                  "  INSUFFICIENT ACCESS AUTHORITY\n"
                                  "  FROM MVS.** (G)\n"
                                  "  ACCESS INTENT(READ   ) ACCESS ALLOWED(NONE   )");
}

static void nogrplist_looks_at_one_group_alone(void **state)
{
    struct sp_saf_options options;
    ok(sp_saf_get_options(fixture.db, &options, NULL));
    options.grplist = false;
    ok(sp_saf_put_options(fixture.db, &options, NULL));
    struct sp_saf_image *image;
    ok(sp_saf_image_build(fixture.db, TODAY, &image, NULL));
    struct sp_saf_auth request = {.class = SP_STR("EJBROLE"),
                                  .resource = SP_STR("BBGZDFLT.zos.x"),
                                  .user = SP_STR("FRED"),
                                  .wanted = SP_SAF_READ};
    struct sp_saf_decision d;
    sp_saf_decide(image, &request, &fixture.arena, &d);
    assert_false(d.granted);
    request.group = SP_STR("GMINVOKE");
    sp_saf_decide(image, &request, &fixture.arena, &d);
    assert_true(d.granted);
    request = (struct sp_saf_auth){.class = SP_STR("FACILITY"),
                                   .resource = SP_STR("WHEN"),
                                   .user = SP_STR("FRED"),
                                   .wanted = SP_SAF_UPDATE,
                                   .when_kind = SP_STR("TERMINAL"),
                                   .when_name = SP_STR("T9")};
    sp_saf_decide(image, &request, &fixture.arena, &d);
    assert_false(d.granted);
    request.group = SP_STR("GMINVOKE");
    sp_saf_decide(image, &request, &fixture.arena, &d);
    assert_true(d.granted && sp_str_is(d.by, "WHEN T9"));
    sp_saf_image_release(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decisions_follow_the_documented_order),
        cmocka_unit_test(a_condition_can_raise_access),
        cmocka_unit_test(groups_follow_revoke_and_resume_dates),
        cmocka_unit_test(the_refusal_says_what_administrators_search_for),
        cmocka_unit_test(nogrplist_looks_at_one_group_alone),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
