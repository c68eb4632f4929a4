/* SPDX-License-Identifier: Apache-2.0
 * The JWS and JWK files of Project Wycheproof, when they are at hand: all that is invalid is refused, all
 * that is valid accepted, but for the cases named here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/jws.h"
#include "text/json_write.h"
#include "text/json.h"

#define FILE_MAX ((size_t)8 << 20)

static char directory[PATH_MAX];
static struct sp_arena arena;

/* Marked as valid, and refused here. */
static const struct {
    int from, to;
    const char *why;
} stricter[] = {
    {346, 347, "the key is for PS256 and the token says PS384; the key says ES521, which is no algorithm"},
    {350, 351, "the same"},
    {372, 373, "a question mark is no base64url"},
};

/* Marked as invalid for padding that the file does not have: byte for byte the token of a case before, which
 * is valid, so they are accepted. */
static const int same_as_a_valid_one[] = {367, 370};
#define VALID_ONE 357

static bool is_the_valid_one(const struct sp_json_value *tests, int id)
{
    struct sp_str jws[2] = {{0}};
    for (size_t i = 0; i < 2; i++)
        if (same_as_a_valid_one[i] == id)
            for (const struct sp_json_value *test = tests->first; test; test = test->next) {
                int other = atoi(sp_json_member(test, SP_STR("tcId"))->text.ptr);
                if (other == id || other == VALID_ONE)
                    jws[other == id] = sp_json_member_text(test, SP_STR("jws"));
            }
    return jws[0].ptr && sp_str_eq(jws[0], jws[1]);
}

static bool is_refused_on_purpose(int id)
{
    for (size_t i = 0; i < sizeof stricter / sizeof *stricter; i++)
        if (id >= stricter[i].from && id <= stricter[i].to)
            return true;
    return false;
}

static struct sp_json_value *load(const char *name)
{
    static const struct sp_json_limits limits = {
        .depth = 64, .string_bytes = FILE_MAX, .number_bytes = 512, .members = 65536};
    char path[PATH_MAX + 64];
    struct sp_json_value *root = NULL;
    struct sp_error err = SP_ERROR_INIT;
    char *bytes = sp_arena_alloc(&arena, FILE_MAX);
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s is missing, and others of its directory are not", path);
    size_t len = fread(bytes, 1, FILE_MAX, file);
    fclose(file);
    if (sp_json_parse(sp_str_from(bytes, len), &arena, &limits, &root, &err) != SP_OK)
        fail_msg("%s: %s", path, err.text);
    return root;
}

static struct sp_str as_text(const struct sp_json_value *value)
{
    struct sp_buf buf;
    struct sp_json_writer writer;
    sp_buf_init(&buf, FILE_MAX);
    sp_json_writer_init(&writer, &buf, 0);
    sp_json_tree(&writer, value);
    struct sp_str text = sp_arena_str(&arena, sp_buf_str(&buf));
    sp_buf_finish(&buf);
    return text;
}

/* What is configured is an algorithm: that of the first key which names one we have, or else what the token
 * says, which is the weaker choice. */
static enum sp_jwa expected(const struct sp_jwk_set *set, const struct sp_jws *jws)
{
    return set->count && set->keys[0].alg ? set->keys[0].alg : sp_jwa_from(jws->alg);
}

static bool accepts(const struct sp_json_value *group, struct sp_str token)
{
    const struct sp_json_value *key = sp_json_member(group, SP_STR("public"));
    struct sp_jwk_set *set = NULL;
    struct sp_jws jws;
    const struct sp_jwk *chosen;
    if (!key)
        key = sp_json_member(group, SP_STR("private"));
    if (sp_jwk_set_parse(as_text(key), &(struct sp_jwk_rules){0}, &set, NULL) != SP_OK)
        return false;
    bool accepted = false;
    if (sp_jws_parse(token, &arena, &jws, NULL) == SP_OK) {
        enum sp_jwa alg = expected(set, &jws);
        accepted = sp_jwk_set_choose(set, alg, &jws.key_name, &chosen, NULL) == SP_OK &&
                   sp_jws_verify(&jws, alg, chosen, NULL) == SP_OK;
    }
    sp_jwk_set_release(set);
    return accepted;
}

struct tally {
    unsigned valid, invalid, refused_on_purpose, same_as_valid, wrong;
};

static void judge(const struct sp_json_value *tests, const struct sp_json_value *test, bool accepted,
                  const char *name, bool names_exceptions, struct tally *tally)
{
    int id = atoi(sp_json_member(test, SP_STR("tcId"))->text.ptr);
    bool is_valid = sp_str_is(sp_json_member_text(test, SP_STR("result")), "valid");
    bool is_same = names_exceptions && !is_valid && is_the_valid_one(tests, id);
    bool is_stricter = names_exceptions && is_valid && is_refused_on_purpose(id);
    bool expect = is_same || (is_valid && !is_stricter);
    tally->same_as_valid += is_same;
    tally->refused_on_purpose += is_stricter;
    tally->valid += is_valid && !is_stricter;
    tally->invalid += !is_valid && !is_same;
    if (accepted != expect) {
        print_message("# %s %d %.*s is %s\n", name, id,
                      SP_STR_ARG(sp_json_member_text(test, SP_STR("comment"))),
                      accepted ? "accepted" : "refused");
        tally->wrong++;
    }
}

static struct tally run(const char *name, bool names_exceptions)
{
    const struct sp_json_value *groups = sp_json_member(load(name), SP_STR("testGroups"));
    struct tally tally = {0};
    for (const struct sp_json_value *group = groups->first; group; group = group->next) {
        const struct sp_json_value *tests = sp_json_member(group, SP_STR("tests"));
        for (const struct sp_json_value *test = tests->first; test; test = test->next)
            judge(tests, test, accepts(group, sp_json_member_text(test, SP_STR("jws"))), name,
                  names_exceptions, &tally);
    }
    assert_int_equal(tally.wrong, 0);
    return tally;
}

static void signatures_are_judged_as_the_vectors_say(void **state)
{
    struct tally tally = run("json_web_signature_test.json", true);
    for (size_t i = 0; i < sizeof stricter / sizeof *stricter; i++)
        print_message("# %d to %d are valid and refused: %s\n", stricter[i].from, stricter[i].to,
                      stricter[i].why);
    assert_int_equal(tally.valid, 40);
    assert_int_equal(tally.invalid, 353);
    assert_int_equal(tally.refused_on_purpose, 6);
    assert_int_equal(tally.same_as_valid, 2);
}

static void keys_are_judged_as_the_vectors_say(void **state)
{
    struct tally tally = run("json_web_key_test.json", false);
    assert_int_equal(tally.valid, 5);
    assert_int_equal(tally.invalid, 21);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_are_judged_as_the_vectors_say),
        cmocka_unit_test(keys_are_judged_as_the_vectors_say),
    };
    const char *shared = getenv("SALLYPORT_SHARED"), *root = getenv("SALLYPORT_SOURCE_ROOT");
    if (shared)
        snprintf(directory, sizeof directory, "%s/vectors", shared);
    else
        snprintf(directory, sizeof directory, "%s/../shared/vectors", root ? root : ".");
    cmocka_set_message_output(CM_OUTPUT_TAP);
    char probe[PATH_MAX + 64];
    snprintf(probe, sizeof probe, "%s/json_web_key_test.json", directory);
    FILE *file = fopen(probe, "r");
    if (!file) {
        printf("1..0 # SKIP there are no vectors in %s; SALLYPORT_SHARED names their parent\n", directory);
        return 0;
    }
    fclose(file);
    sp_arena_init(&arena, (size_t)256 << 20);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sp_arena_finish(&arena);
    return failed;
}
