/* SPDX-License-Identifier: Apache-2.0
 * Logins: what is remembered of them, who must wait, client certificates.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <unistd.h>

#include "authn/authn.h"
#include "authn/brake.h"
#include "authn/caches.h"
#include "authn/message.h"
#include "authn/remembered.h"

#define FRED "Basic ZnJlZDpmcmVkcHdk"  /* fred:fredpwd */
#define WRONG "Basic ZnJlZDp3cm9uZw==" /* fred:wrong */
#define WRONG_UPPER "Basic RlJFRDp3cm9uZw=="
#define EVE "Basic ZXZlOndyb25n" /* eve:wrong */
#define SECOND 1000000

struct fixture {
    struct sp_cfg_user users[1];
    struct sp_cfg_basic_registry basic;
    struct sp_config config;
    struct sp_registry *registry;
    struct sp_authn_caches *caches;
    struct sp_authn *authn;
    struct sp_arena arena;
    struct sp_principal principal;
    struct sp_challenge challenge;
    struct sp_error err;
    struct sp_http_request request;
};

static void start(struct fixture *f)
{
    const struct sp_authn_parts parts = {.config = &f->config, .registry = f->registry, .caches = f->caches};
    sp_authn_free(f->authn);
    assert_int_equal(sp_authn_new(&parts, &f->authn, &f->err), SP_OK);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->users[0] = (struct sp_cfg_user){SP_STR_INIT("fred"), SP_STR_INIT("fredpwd")};
    f->basic = (struct sp_cfg_basic_registry){.realm = SP_STR_INIT("bank"),
                                              .certificate_map_mode = SP_STR_INIT("PRINCIPAL_CN"),
                                              .users = f->users,
                                              .user_count = 1};
    f->config.basic_registry = &f->basic;
    f->config.web_app_security.allow_fail_over_to_basic_auth = true;
    f->config.auth_cache = (struct sp_cfg_auth_cache){
        .enabled = true, .allow_basic_auth_lookup = true, .max_size = 100, .timeout_us = 60 * SECOND};
    f->config.authentication = (struct sp_cfg_authentication){.max_failures = 3,
                                                              .failure_window_us = 60 * SECOND,
                                                              .lock_time_us = 30 * SECOND,
                                                              .max_logins_waiting = 10};
    f->request = (struct sp_http_request){.peer_address = SP_STR_INIT("192.0.2.1")};
    sp_arena_init(&f->arena, 1000000);
    assert_int_equal(sp_registry_new(&f->config, NULL, NULL, &f->registry, &f->err), SP_OK);
    assert_int_equal(sp_authn_caches_open(&f->config, NULL, &f->caches, &f->err), SP_OK);
    start(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sp_authn_free(f->authn);
    sp_authn_caches_close(f->caches);
    sp_registry_free(f->registry);
    sp_arena_finish(&f->arena);
    free(f);
    return 0;
}

/* The status that is answered; 0: the request goes on. */
static unsigned ask(struct fixture *f, const char *authorization)
{
    const struct sp_http_header header = {SP_STR_INIT("Authorization"), sp_str_of(authorization)};
    f->request.headers = &header;
    f->request.header_count = authorization != NULL;
    f->challenge = (struct sp_challenge){0};
    f->principal = (struct sp_principal){0};
    sp_error_clear(&f->err);
    enum sp_status status =
        io_authn_run(f->authn, &f->request, true, &f->arena, &f->principal, &f->challenge, &f->err);
    assert_int_equal(status == SP_OK, f->challenge.status == 0);
    f->request.headers = NULL;
    return f->challenge.status;
}

static void who_fails_again_and_again_must_wait(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, WRONG), 401);
    assert_string_equal(f->err.id, SP_MSG_WRONG_PASSWORD);
    assert_int_equal(ask(f, WRONG_UPPER), 401);
    assert_int_equal(ask(f, WRONG), 401);
    assert_int_equal(ask(f, WRONG), 429);
    assert_string_equal(f->err.id, SP_MSG_LOGIN_HELD);
    assert_null(strstr(f->err.text, "wrong"));
    assert_true(sp_str_is(sp_challenge_header(&f->challenge, "Retry-After"), "30"));
    /* The right password does not help either, unless it was right a short while ago. */
    assert_int_equal(ask(f, FRED), 429);
    /* Others are not concerned: another user, another address. */
    assert_int_equal(ask(f, EVE), 401);
    f->request.peer_address = SP_STR("192.0.2.2");
    assert_int_equal(ask(f, FRED), 0);
}

static void a_login_that_is_remembered_does_not_wait(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, FRED), 0);
    for (int i = 0; i < 4; i++)
        ask(f, WRONG);
    assert_int_equal(ask(f, WRONG), 429);
    assert_int_equal(ask(f, FRED), 0);
}

static void a_success_forgets_the_failures_before_it(void **state)
{
    struct fixture *f = *state;
    f->config.auth_cache.allow_basic_auth_lookup = false;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(ask(f, WRONG), 401);
        assert_int_equal(ask(f, WRONG), 401);
        assert_int_equal(ask(f, FRED), 0);
    }
}

static void without_a_limit_nobody_waits(void **state)
{
    struct fixture *f = *state;
    f->config.authentication.max_failures = 0;
    for (int i = 0; i < 20; i++)
        assert_int_equal(ask(f, WRONG), 401);
}

static void failures_count_within_the_window_only(void **state)
{
    struct fixture *f = *state;
    struct sp_shared_cache *failures = f->caches->failures;
    const struct sp_cfg_authentication *rule = &f->config.authentication;
    struct sp_cache_key key = sp_brake_key(failures, SP_STR("a"), SP_STR("1"));
    sp_brake_failed(failures, key, rule, 1);
    sp_brake_failed(failures, key, rule, 2);
    sp_brake_failed(failures, key, rule, 60 * SECOND + 1);
    assert_int_equal(sp_brake_wait_us(failures, key, 60 * SECOND + 2), 0);
    sp_brake_failed(failures, key, rule, 61 * SECOND);
    sp_brake_failed(failures, key, rule, 62 * SECOND);
    assert_int_equal(sp_brake_wait_us(failures, key, 62 * SECOND), 30 * SECOND);
    assert_int_equal(sp_brake_wait_us(failures, key, 92 * SECOND - 1), 1);
    assert_int_equal(sp_brake_wait_us(failures, key, 92 * SECOND), 0);
}

static void a_login_is_remembered_without_the_registry(void **state)
{
    struct fixture *f = *state;
    struct sp_shared_cache_counts counts;
    assert_int_equal(ask(f, FRED), 0);
    assert_int_equal(ask(f, FRED), 0);
    sp_shared_cache_count(f->caches->users, &counts);
    assert_int_equal(counts.hits, 1);
    assert_int_equal(counts.entries, 1);
    assert_true(sp_str_is(f->principal.name, "fred"));
    assert_true(sp_str_is(f->principal.registry, "basic"));
    assert_int_equal(f->principal.strength, SP_STRENGTH_PASSWORD);
    ask(f, WRONG);
    sp_shared_cache_count(f->caches->users, &counts);
    assert_int_equal(counts.entries, 1);
    /* Not where the administrator does not want it. */
    f->config.auth_cache.allow_basic_auth_lookup = false;
    assert_int_equal(ask(f, FRED), 0);
    sp_shared_cache_count(f->caches->users, &counts);
    assert_int_equal(counts.hits, 2); /* that of the wrong password: the user was met, and nothing else */
}

/* The registry has another password for fred from here on. */
static void change_password(struct fixture *f, const char *password)
{
    f->users[0].password = sp_str_of(password);
    sp_registry_free(f->registry);
    assert_int_equal(sp_registry_new(&f->config, NULL, NULL, &f->registry, &f->err), SP_OK);
    start(f);
}

static void a_password_that_was_replaced_ends_with_the_first_login_by_the_new_one(void **state)
{
    struct fixture *f = *state;
    struct sp_shared_cache_counts counts;
    assert_int_equal(ask(f, FRED), 0);
    /* Twice on one day. */
    change_password(f, "second");
    assert_int_equal(ask(f, FRED), 0); /* until timeout, as allowBasicAuthLookup says */
    assert_int_equal(ask(f, "Basic ZnJlZDpzZWNvbmQ="), 0);
    assert_int_equal(ask(f, FRED), 401);
    change_password(f, "third");
    assert_int_equal(ask(f, "Basic ZnJlZDp0aGlyZA=="), 0);
    assert_int_equal(ask(f, "Basic ZnJlZDpzZWNvbmQ="), 401);
    assert_int_equal(ask(f, FRED), 401);
    sp_shared_cache_count(f->caches->users, &counts);
    assert_int_equal(counts.entries, 1);
}

static void case_of_a_name_does_not_let_an_old_password_live(void **state)
{
    struct fixture *f = *state;
    f->basic.ignore_case = true;
    change_password(f, "fredpwd");
    assert_int_equal(ask(f, FRED), 0);
    change_password(f, "second");
    assert_int_equal(ask(f, "Basic RlJFRDpzZWNvbmQ="), 0); /* FRED:second */
    assert_int_equal(ask(f, FRED), 401);
}

static void a_remembered_login_ends_after_its_time(void **state)
{
    struct fixture *f = *state;
    f->config.auth_cache.timeout_us = 20000;
    assert_int_equal(ask(f, FRED), 0);
    change_password(f, "second");
    usleep(25000);
    assert_int_equal(ask(f, FRED), 401);
}

static bool holds_bytes(const void *memory, size_t size, const char *text)
{
    return memmem(memory, size, text, strlen(text)) != NULL;
}

/* What is in the memory that workers share: no name, no password, no credential as it was sent. */
static void keys_are_hashes_and_no_password_is_in_the_memory(void **state)
{
    struct fixture *f = *state;
    struct sp_authn_memory memory[SP_AUTHN_CACHES];
    for (unsigned i = 0; i < SP_AUTHN_CACHES; i++) {
        memory[i].bytes = sp_authn_cache_bytes(&f->config, i);
        memory[i].start = aligned_alloc(64, (memory[i].bytes + 63) / 64 * 64);
        memset(memory[i].start, 0, memory[i].bytes);
    }
    sp_authn_caches_close(f->caches);
    assert_int_equal(sp_authn_caches_open(&f->config, memory, &f->caches, &f->err), SP_OK);
    start(f);
    assert_int_equal(ask(f, FRED), 0);
    assert_int_equal(ask(f, EVE), 401);
    bool known = holds_bytes(memory[SP_AUTHN_USERS].start, memory[SP_AUTHN_USERS].bytes, "fred");
    assert_true(known); /* the user's name is part of what is remembered of him */
    for (unsigned i = 0; i < SP_AUTHN_CACHES; i++) {
        assert_false(holds_bytes(memory[i].start, memory[i].bytes, "fredpwd"));
        assert_false(holds_bytes(memory[i].start, memory[i].bytes, "ZnJlZDpmcmVkcHdk"));
        assert_false(holds_bytes(memory[i].start, memory[i].bytes, "eve"));
    }
    sp_authn_caches_close(f->caches);
    f->caches = NULL;
    for (unsigned i = 0; i < SP_AUTHN_CACHES; i++)
        free(memory[i].start);
}

/* authCache maxSize and initialSize: the larger of both is the number of users that are remembered. */
static void as_many_logins_are_remembered_as_the_cache_has_room_for(void **state)
{
    static const struct {
        int64_t initial, most;
    } sizes[] = {{50, 25000}, {50, 10}, {0, 0}, {-1, INT64_MAX}};
    struct fixture *f = *state;
    size_t before = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        f->config.auth_cache.initial_size = sizes[i].initial;
        f->config.auth_cache.max_size = sizes[i].most;
        size_t bytes = sp_authn_cache_bytes(&f->config, SP_AUTHN_USERS);
        assert_true(bytes > 0 && bytes < (size_t)1 << 30);
        assert_true(i != 1 || bytes < before);
        before = bytes;
    }
}

static void a_user_comes_back_as_he_was(void **state)
{
    struct fixture *f = *state;
    struct sp_str groups[] = {SP_STR_INIT("A"), SP_STR_INIT(""), SP_STR_INIT("CN=b,O=c")};
    struct sp_registry_user user = {SP_STR("n"), SP_STR("CN=n,O=o"), SP_STR("ldap1"), {groups, 3}, false},
                            back;
    struct sp_authn_parts parts = {.config = &f->config, .caches = f->caches};
    struct sp_cache_key key = sp_remembered_key(&parts, "find", SP_STR("n"), SP_STR(""));
    assert_false(sp_remembered_user(&parts, key, &f->arena, &back));
    sp_remember_user(&parts, key, 0, &user);
    assert_true(sp_remembered_user(&parts, key, &f->arena, &back));
    assert_true(sp_str_is(back.unique_id, "CN=n,O=o"));
    assert_true(sp_str_is(back.registry, "ldap1"));
    assert_int_equal(back.groups.count, 3);
    assert_true(sp_str_is(back.groups.items[2], "CN=b,O=c"));
    /* Another configuration asks anew. */
    parts.fingerprint++;
    struct sp_cache_key other = sp_remembered_key(&parts, "find", SP_STR("n"), SP_STR(""));
    assert_false(sp_remembered_user(&parts, other, &f->arena, &back));
    /* Not longer than the credential, and never a user of the security database. */
    sp_remember_user(&parts, other, 1, &user);
    assert_false(sp_remembered_user(&parts, other, &f->arena, &back));
    user.is_saf = true;
    sp_remember_user(&parts, other, 0, &user);
    assert_false(sp_remembered_user(&parts, other, &f->arena, &back));
}

static void more_logins_than_can_wait_are_told_to_come_again(void **state)
{
    struct fixture *f = *state;
    f->config.authentication.max_logins_waiting = -1; /* all places are taken */
    assert_int_equal(ask(f, FRED), 503);
    assert_string_equal(f->err.id, SP_MSG_LOGINS_WAIT);
    assert_true(sp_str_is(sp_challenge_header(&f->challenge, "Retry-After"), "1"));
}

/* ---------------------------------------------------------------- certificates */

static struct sp_str certificate_of(const char *name)
{
    X509 *certificate = X509_new();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    unsigned char *der = NULL;
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               (const unsigned char *)name, -1, -1, 0);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    int len = i2d_X509(certificate, &der);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return sp_str_from(der, (size_t)len);
}

static void a_certificate_comes_before_name_and_password(void **state)
{
    struct fixture *f = *state;
    struct sp_str der = f->request.client_certificate = certificate_of("fred");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ask(f, i ? WRONG : NULL), 0);
        assert_int_equal(f->principal.scheme, SP_AUTHN_CERTIFICATE);
        assert_int_equal(f->principal.strength, SP_STRENGTH_POSSESSION);
        assert_true(sp_str_is(f->principal.name, "fred"));
    }
    OPENSSL_free((void *)der.ptr);
}

static void a_certificate_of_nobody_fails_over_only_where_that_is_allowed(void **state)
{
    struct fixture *f = *state;
    struct sp_str der = f->request.client_certificate = certificate_of("stranger");
    assert_int_equal(ask(f, FRED), 0);
    assert_int_equal(f->principal.scheme, SP_AUTHN_BASIC);
    assert_int_equal(ask(f, NULL), 401);
    f->config.web_app_security.allow_fail_over_to_basic_auth = false;
    start(f);
    assert_int_equal(ask(f, FRED), 403);
    assert_string_equal(f->err.id, SP_MSG_CERTIFICATE_UNKNOWN);
    assert_int_equal(f->challenge.header_count, 0);
    OPENSSL_free((void *)der.ptr);
}

static void the_method_basic_looks_at_no_certificate(void **state)
{
    struct fixture *f = *state;
    struct sp_str der = f->request.client_certificate = certificate_of("fred");
    f->config.web_app_security.override_method = SP_STR("BASIC");
    start(f);
    assert_int_equal(ask(f, NULL), 401);
    assert_int_equal(ask(f, FRED), 0);
    assert_int_equal(f->principal.scheme, SP_AUTHN_BASIC);
    OPENSSL_free((void *)der.ptr);
}

static void bytes_that_are_no_certificate_are_refused(void **state)
{
    struct fixture *f = *state;
    f->config.web_app_security.allow_fail_over_to_basic_auth = false;
    start(f);
    f->request.client_certificate = SP_STR("\x30\x03\x02\x01\x01");
    assert_int_equal(ask(f, NULL), 403);
    assert_string_equal(f->err.id, SP_MSG_CERTIFICATE_REFUSED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_fails_again_and_again_must_wait),
        TEST(a_login_that_is_remembered_does_not_wait),
        TEST(a_success_forgets_the_failures_before_it),
        TEST(without_a_limit_nobody_waits),
        TEST(failures_count_within_the_window_only),
        TEST(a_login_is_remembered_without_the_registry),
        TEST(a_password_that_was_replaced_ends_with_the_first_login_by_the_new_one),
        TEST(case_of_a_name_does_not_let_an_old_password_live),
        TEST(a_remembered_login_ends_after_its_time),
        TEST(keys_are_hashes_and_no_password_is_in_the_memory),
        TEST(as_many_logins_are_remembered_as_the_cache_has_room_for),
        TEST(a_user_comes_back_as_he_was),
        TEST(more_logins_than_can_wait_are_told_to_come_again),
        TEST(a_certificate_comes_before_name_and_password),
        TEST(a_certificate_of_nobody_fails_over_only_where_that_is_allowed),
        TEST(the_method_basic_looks_at_no_certificate),
        TEST(bytes_that_are_no_certificate_are_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("authn_login", tests, NULL, NULL);
}
