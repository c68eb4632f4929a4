/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "authn/ltpa_cookie.h"
#include "authn/ltpa_keys.h"
#include "authn/authn.h"
#include "base/clock.h"
#include "base/log.h"
#include "io/loop.h"

#define FRED "Basic ZnJlZDpmcmVkcHdk" /* fred:fredpwd */
#define WEBAS SP_STR_INIT("WebAS")

struct fixture {
    char directory[64], keys_file[96], other_file[96];
    struct sp_cfg_basic_registry basic;
    struct sp_cfg_ltpa_keys validation;
    struct sp_config config;
    struct sp_registry *registry;
    struct sp_authn *authn;
    struct sp_loop *loop;
    struct sp_arena arena;
    struct sp_principal principal;
    struct sp_challenge challenge;
    struct sp_error err;
};

static const struct sp_cfg_user users[] = {{SP_STR_INIT("fred"), SP_STR_INIT("fredpwd")}};

static void write_keys(const char *path, const struct sp_ltpa_keys *keys)
{
    struct sp_buf bytes;
    sp_buf_init(&bytes, SP_LTPA_FILE_MAX);
    assert_int_equal(sp_ltpa_keys_write(keys, SP_STR("WebAS"), SP_STR("now"), SP_STR("here"), &bytes, NULL),
                     SP_OK);
    char name[128];
    snprintf(name, sizeof name, "%s.new", path);
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    assert_int_equal(chmod(name, 0600), 0);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(name, path), 0);
    sp_buf_wipe(&bytes);
}

static struct sp_ltpa_keys *new_keys(const char *path)
{
    struct sp_ltpa_keys *keys = NULL;
    assert_int_equal(sp_ltpa_keys_make(SP_STR("defaultRealm"), &keys, NULL), SP_OK);
    if (path)
        write_keys(path, keys);
    return keys;
}

static void start(struct fixture *f)
{
    const struct sp_authn_parts parts = {.config = &f->config, .registry = f->registry, .loop = f->loop};
    if (sp_authn_new(&parts, &f->authn, &f->err) != SP_OK)
        fail_msg("%s", f->err.text);
    sp_authn_start(f->authn);
}

static void restart(struct fixture *f)
{
    sp_authn_free(f->authn);
    start(f);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    strcpy(f->directory, "/tmp/sp-ltpa-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->keys_file, sizeof f->keys_file, "%s/ltpa.keys", f->directory);
    snprintf(f->other_file, sizeof f->other_file, "%s/other.keys", f->directory);
    f->basic = (struct sp_cfg_basic_registry){.realm = SP_STR("R/1"), .users = users, .user_count = 1};
    f->config.basic_registry = &f->basic;
    f->config.web_app_security = (struct sp_cfg_web_app_security){.allow_fail_over_to_basic_auth = true,
                                                                  .single_signon_enabled = true,
                                                                  .sso_cookie_name = SP_STR("LtpaToken2"),
                                                                  .http_only_cookies = true,
                                                                  .same_site_cookie = SP_STR("Disabled")};
    f->config.ltpa = (struct sp_cfg_ltpa){.given = true,
                                          .keys_file_name = sp_str_of(f->keys_file),
                                          .keys_password = WEBAS,
                                          .expiration_us = 7200000000,
                                          .expiration_difference_us = 3000000};
    assert_int_equal(sp_registry_new(&f->config, NULL, NULL, &f->registry, &f->err), SP_OK);
    sp_arena_init(&f->arena, 4000000);
    sp_ltpa_keys_free(new_keys(f->keys_file));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sp_authn_free(f->authn);
    sp_registry_free(f->registry);
    sp_loop_free(f->loop);
    sp_arena_finish(&f->arena);
    unlink(f->keys_file);
    unlink(f->other_file);
    rmdir(f->directory);
    free(f);
    return 0;
}

static enum sp_status ask(struct fixture *f, const char *authorization, const char *cookie)
{
    struct sp_http_header headers[2];
    size_t count = 0;
    if (authorization)
        headers[count++] = (struct sp_http_header){SP_STR("Authorization"), sp_str_of(authorization)};
    if (cookie)
        headers[count++] = (struct sp_http_header){SP_STR("Cookie"), sp_str_of(cookie)};
    struct sp_http_request request = {.headers = headers,
                                      .header_count = count,
                                      .tls = true,
                                      .method = SP_STR("GET"),
                                      .target = SP_STR("/a"),
                                      .path = SP_STR("/a"),
                                      .peer_address = SP_STR("192.0.2.1"),
                                      .host = SP_STR("api.example.com:9443")};
    f->principal = (struct sp_principal){0};
    f->challenge = (struct sp_challenge){0};
    sp_error_clear(&f->err);
    return io_authn_run(f->authn, &request, true, &f->arena, &f->principal, &f->challenge, &f->err);
}

/* "LtpaToken2=..." of the reply; empty when there is none. */
static const char *given(struct fixture *f)
{
    struct sp_str cookie = sp_challenge_header(&f->challenge, "Set-Cookie");
    char *copy = sp_arena_cstr(&f->arena, sp_str_slice(cookie, 0, sp_str_find(cookie, ';')));
    assert_non_null(copy);
    return copy;
}

static const char *login(struct fixture *f)
{
    assert_int_equal(ask(f, FRED, NULL), SP_OK);
    return given(f);
}

/* A cookie with a token that the keys make. */
static const char *cookie_of(struct fixture *f, const struct sp_ltpa_keys *keys, const char *user,
                             int64_t expires_ms)
{
    char text[SP_LTPA_TOKEN_MAX];
    struct sp_buf buf = sp_buf_over(text, sizeof text);
    const struct sp_ltpa_token token = {.user = sp_str_of(user), .expires_ms = expires_ms};
    assert_int_equal(sp_ltpa_token_write(keys, &token, &buf, NULL), SP_OK);
    return sp_arena_printf(&f->arena, "a=b; LtpaToken2=\"%.*s\"; c=d", SP_STR_ARG(sp_buf_str(&buf))).ptr;
}

static int64_t now_ms(void)
{
    return sp_clock_realtime_us() / 1000;
}

static void a_login_gives_a_cookie_that_logs_in(void **state)
{
    struct fixture *f = *state;
    start(f);
    const char *cookie = login(f);
    assert_memory_equal(cookie, "LtpaToken2=", 11);
    assert_true(f->principal.scheme == SP_AUTHN_BASIC);
    for (int again = 0; again < 2; again++) { /* checked, then remembered */
        assert_int_equal(ask(f, NULL, cookie), SP_OK);
        assert_int_equal(f->principal.scheme, SP_AUTHN_LTPA);
        assert_int_equal(f->principal.strength, SP_STRENGTH_BEARER);
        assert_true(f->principal.authenticated);
        assert_true(sp_str_is(f->principal.name, "fred"));
        assert_true(sp_str_is(f->principal.realm, "R/1"));
        assert_true(f->principal.expires_us > sp_clock_realtime_us() + 7100000000);
        assert_string_equal(given(f), ""); /* no other one */
    }
    /* The same again for a while, so that not every request has one signed. */
    assert_string_equal(login(f), cookie);
}

static void a_cookie_that_is_of_no_use_leaves_it_to_the_password(void **state)
{
    struct fixture *f = *state;
    start(f);
    assert_int_equal(ask(f, NULL, "LtpaToken2=AAAA"), SP_EDENIED);
    assert_int_equal(f->challenge.status, 401);
    assert_non_null(strstr(f->err.text, "was not made with the keys of this server"));
    assert_int_equal(ask(f, FRED, "LtpaToken2=AAAA"), SP_OK);
    assert_int_equal(f->principal.scheme, SP_AUTHN_BASIC);
    assert_memory_equal(given(f), "LtpaToken2=", 11);
    /* A good one counts before the password, as in Liberty. */
    assert_int_equal(ask(f, "Basic eDp4", given(f)), SP_OK);
    assert_int_equal(f->principal.scheme, SP_AUTHN_LTPA);
}

static void the_keys_are_those_of_the_file(void **state)
{
    struct fixture *f = *state;
    struct sp_ltpa_keys *keys = new_keys(f->keys_file);
    start(f);
    assert_int_equal(ask(f, NULL, cookie_of(f, keys, "user:R/1/fred", now_ms() + 60000)), SP_OK);
    assert_int_equal(ask(f, NULL, cookie_of(f, keys, "user:R/1/fred", now_ms() - 1)), SP_EDENIED);
    assert_non_null(strstr(f->err.text, "has expired"));
    static const char *const others[] = {"user:R/2/fred", "user:R/1", "user:R/1/", "group:R/1/fred", "fred"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(ask(f, NULL, cookie_of(f, keys, others[i], now_ms() + 60000)), SP_EDENIED);
        assert_non_null(strstr(f->err.text, "who is no user of realm R/1"));
    }
    assert_int_equal(ask(f, NULL, cookie_of(f, keys, "user:R/1/nobody", now_ms() + 60000)), SP_EDENIED);
    assert_int_equal(f->challenge.status, 401);
    sp_ltpa_keys_free(keys);
}

static void without_keys_it_does_not_start(void **state)
{
    struct fixture *f = *state;
    const struct sp_authn_parts parts = {.config = &f->config, .registry = f->registry};
    f->config.ltpa.keys_password = SP_STR("wrong");
    assert_int_equal(sp_authn_new(&parts, &f->authn, &f->err), SP_EINVAL);
    assert_non_null(strstr(f->err.text, "password does not open"));
    unlink(f->keys_file);
    assert_int_equal(sp_authn_new(&parts, &f->authn, &f->err), SP_EINVAL);
    assert_non_null(strstr(f->err.text, "sallyport server key --ltpa"));
    f->config.ltpa.given = false;
    start(f);
    assert_string_equal(login(f), "");
}

static void single_sign_on_can_be_switched_off(void **state)
{
    struct fixture *f = *state;
    start(f);
    const char *cookie = login(f);
    f->config.web_app_security.single_signon_enabled = false;
    restart(f);
    assert_string_equal(login(f), "");
    assert_int_equal(ask(f, NULL, cookie), SP_EDENIED);
}

static void the_cookie_ends_when_it_is_configured_to(void **state)
{
    struct fixture *f = *state;
    f->config.ltpa.expiration_us = 300000;
    start(f);
    const char *cookie = login(f);
    assert_int_equal(ask(f, NULL, cookie), SP_OK);
    assert_true(f->principal.expires_us <= sp_clock_realtime_us() + 300000);
    usleep(310000);
    assert_int_equal(ask(f, NULL, cookie), SP_EDENIED);
    assert_string_not_equal(login(f), cookie);
}

static void the_two_expirations_must_agree(void **state)
{
    struct fixture *f = *state;
    f->config.ltpa.expiration_difference_us = -1;
    start(f);
    assert_int_equal(ask(f, NULL, login(f)), SP_OK);
    f->config.ltpa.expiration_difference_us = 0;
    restart(f);
    assert_int_equal(ask(f, NULL, login(f)), SP_OK);
}

static void the_cookie_has_the_name_and_attributes_of_the_configuration(void **state)
{
    struct fixture *f = *state;
    struct sp_cfg_web_app_security *security = &f->config.web_app_security;
    start(f);
    const char *usual = login(f);
    assert_true(sp_str_ends(sp_challenge_header(&f->challenge, "Set-Cookie"), SP_STR("; Path=/; HttpOnly")));
    security->sso_cookie_name = SP_STR("MySession");
    security->http_only_cookies = false;
    security->sso_requires_ssl = true;
    security->same_site_cookie = SP_STR("Strict");
    security->sso_domain_names = SP_STR("other.org|example.com");
    restart(f);
    const char *mine = login(f);
    struct sp_str header = sp_challenge_header(&f->challenge, "Set-Cookie");
    assert_memory_equal(mine, "MySession=", 10);
    assert_non_null(strstr(header.ptr, "; Domain=example.com"));
    assert_non_null(strstr(header.ptr, "; Secure"));
    assert_non_null(strstr(header.ptr, "; SameSite=Strict"));
    assert_null(strstr(header.ptr, "HttpOnly"));
    assert_int_equal(ask(f, NULL, mine), SP_OK);
    assert_int_equal(ask(f, NULL, usual), SP_OK);
    security->use_only_custom_cookie_name = true;
    restart(f);
    assert_int_equal(ask(f, NULL, mine), SP_OK);
    assert_int_equal(ask(f, NULL, usual), SP_EDENIED);
    const struct sp_http_request plain = {.host = SP_STR("h")};
    assert_null(sp_ltpa_cookie_make(security, &plain, SP_STR("x"), &f->arena).ptr);
}

static void the_domain_is_one_that_the_host_belongs_to(void **state)
{
    static const struct {
        const char *names, *host, *domain, *from_url;
    } cases[] = {
        {"example.com", "api.example.com", "example.com", NULL},
        {".example.com", "API.Example.COM:9443", "example.com", NULL},
        {"a.org| example.com ", "example.com", "example.com", NULL},
        {"example.com", "badexample.com", "", ""},
        {"example.com", "example.com.evil.org", "", "com.evil.org"},
        {"example.com", "x.y.other.org", "", "y.other.org"},
        {"", "a.b", "", ""},
        {"", "host", "", ""},
        {"", "192.0.2.1", "", ""},
        {"0.2.1", "192.0.2.1:80", "", ""},
        {"", "[2001:db8::1]", "", ""},
        {"", "", "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sp_cfg_web_app_security security = {.sso_domain_names = sp_str_of(cases[i].names)};
        for (int url = 0; url <= 1; url++) {
            security.sso_use_domain_from_url = url;
            struct sp_str domain = sp_ltpa_cookie_domain(&security, sp_str_of(cases[i].host));
            const char *wanted = url && cases[i].from_url ? cases[i].from_url : cases[i].domain;
            if (!sp_str_is(domain, wanted))
                fail_msg("%s of %s: %.*s", cases[i].host, cases[i].names, SP_STR_ARG(domain));
        }
    }
}

static void validation_keys_are_accepted_until_they_end(void **state)
{
    struct fixture *f = *state;
    struct sp_ltpa_keys *other = new_keys(f->other_file);
    const char *cookie = cookie_of(f, other, "user:R/1/fred", now_ms() + 60000);
    start(f);
    assert_int_equal(ask(f, NULL, cookie), SP_EDENIED);
    f->validation = (struct sp_cfg_ltpa_keys){SP_STR("other.keys"), WEBAS, SP_STR("2999-01-01T00:00:00Z")};
    f->config.ltpa.validation_keys = &f->validation;
    f->config.ltpa.validation_key_count = 1;
    restart(f);
    for (int again = 0; again < 2; again++)
        assert_int_equal(ask(f, NULL, cookie), SP_OK);
    /* They make none. */
    assert_int_equal(ask(f, NULL, login(f)), SP_OK);
    f->validation.valid_until = SP_STR("2020-01-01T00:00:00+01:00");
    restart(f);
    assert_int_equal(ask(f, NULL, cookie), SP_EDENIED);
    /* One that cannot be read is left out, and the rest works. */
    f->validation = (struct sp_cfg_ltpa_keys){SP_STR("other.keys"), SP_STR("wrong"), SP_STR("")};
    restart(f);
    assert_int_equal(ask(f, NULL, cookie), SP_EDENIED);
    assert_int_equal(ask(f, NULL, login(f)), SP_OK);
    f->validation.valid_until = SP_STR("next year");
    const struct sp_authn_parts parts = {.config = &f->config, .registry = f->registry};
    struct sp_authn *none = NULL;
    assert_int_equal(sp_authn_new(&parts, &none, &f->err), SP_EINVAL);
    assert_non_null(strstr(f->err.text, "validUntilDate"));
    sp_ltpa_keys_free(other);
}

static void a_filter_says_whose_cookies_count(void **state)
{
    struct fixture *f = *state;
    struct sp_cfg_condition condition = {.what = SP_STR("/b"), .match = SP_CFG_CONTAINS};
    struct sp_cfg_condition elsewhere = {.what = SP_STR("/elsewhere"), .match = SP_CFG_CONTAINS};
    struct sp_cfg_auth_filter filter = {.id = SP_STR("f"), .request_url = {&condition, 1}};
    struct sp_cfg_auth_filter never = {.id = SP_STR("n"), .request_url = {&elsewhere, 1}};
    start(f);
    const char *cookie = login(f);
    const struct sp_cfg_auth_filter *const filters[] = {&never, &filter};
    f->config.ltpa.auth_filters = (struct sp_cfg_auth_filters){filters, 2};
    restart(f);
    assert_int_equal(ask(f, NULL, cookie), SP_EDENIED);
    condition.what = SP_STR("/a");
    restart(f);
    assert_int_equal(ask(f, NULL, cookie), SP_OK);
}

static void keys_that_change_are_read_again(void **state)
{
    struct fixture *f = *state;
    const struct sp_loop_options options = {.max_fibers = 8};
    assert_int_equal(sp_loop_new(&options, &f->loop, &f->err), SP_OK);
    f->config.ltpa.monitor_interval_us = 100000;
    start(f);
    const char *old = login(f);
    struct sp_ltpa_keys *keys = new_keys(f->keys_file);
    const char *cookie = cookie_of(f, keys, "user:R/1/fred", now_ms() + 60000);
    int64_t end = sp_clock_monotonic_us() + 5000000;
    while (ask(f, NULL, cookie) != SP_OK && sp_clock_monotonic_us() < end)
        sp_loop_run_once(f->loop, 20);
    assert_int_equal(ask(f, NULL, cookie), SP_OK);
    assert_int_equal(ask(f, NULL, old), SP_EDENIED); /* though it was remembered */
    /* What cannot be read changes nothing. */
    FILE *file = fopen(f->keys_file, "w");
    fputs("nonsense\n", file);
    fclose(file);
    end = sp_clock_monotonic_us() + 400000;
    while (sp_clock_monotonic_us() < end)
        sp_loop_run_once(f->loop, 20);
    assert_int_equal(ask(f, NULL, cookie), SP_OK);
    sp_ltpa_keys_free(keys);
    /* With another trigger nobody looks. */
    sp_ltpa_keys_free(new_keys(f->keys_file));
    f->config.ltpa.update_trigger = 1;
    restart(f);
    old = login(f);
    sp_ltpa_keys_free(new_keys(f->keys_file));
    end = sp_clock_monotonic_us() + 400000;
    while (sp_clock_monotonic_us() < end)
        sp_loop_run_once(f->loop, 20);
    assert_int_equal(ask(f, NULL, old), SP_OK);
}

static void run_until(struct fixture *f, const char *cookie, enum sp_status wanted)
{
    int64_t end = sp_clock_monotonic_us() + 20000000;
    while (ask(f, NULL, cookie) != wanted && sp_clock_monotonic_us() < end)
        sp_loop_run_once(f->loop, 20);
    assert_int_equal(ask(f, NULL, cookie), wanted);
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void keys_that_lie_beside_are_validation_keys(void **state)
{
    struct fixture *f = *state;
    const struct sp_loop_options options = {.max_fibers = 8};
    assert_int_equal(sp_loop_new(&options, &f->loop, &f->err), SP_OK);
    struct sp_ltpa_keys *other = new_keys(f->other_file);
    const char *cookie = cookie_of(f, other, "user:R/1/fred", now_ms() + 3600000);
    start(f);
    assert_int_equal(ask(f, NULL, cookie), SP_EDENIED);
    f->config.ltpa.monitor_validation_keys_dir = true;
    f->config.ltpa.monitor_interval_us = 100000;
    restart(f);
    assert_int_equal(ask(f, NULL, cookie), SP_OK);
    const char *mine = login(f);
    /* The rotation: what made cookies lies beside from now on, and new keys make them. */
    assert_int_equal(rename(f->keys_file, f->other_file), 0);
    struct sp_ltpa_keys *next = new_keys(f->keys_file);
    run_until(f, cookie_of(f, next, "user:R/1/fred", now_ms() + 3600000), SP_OK);
    assert_int_equal(ask(f, NULL, mine), SP_OK);
    assert_int_equal(ask(f, NULL, cookie), SP_EDENIED); /* its keys are gone */
    assert_string_not_equal(login(f), mine);
    /* A file that becomes unreadable keeps what it had; without the file they end. */
    write_text(f->other_file, "nonsense\n");
    write_keys(f->keys_file, other);
    run_until(f, cookie, SP_OK);
    assert_int_equal(ask(f, NULL, mine), SP_OK);
    unlink(f->other_file);
    run_until(f, mine, SP_EDENIED);
    assert_int_equal(ask(f, NULL, cookie), SP_OK);
    sp_ltpa_keys_free(next);
    sp_ltpa_keys_free(other);
}

static void of_files_that_lie_beside_not_more_than_the_limit_are_taken(void **state)
{
    struct fixture *f = *state;
    struct sp_ltpa_sources *sources = NULL;
    struct sp_ltpa_key_set *set = NULL;
    struct sp_error problem = SP_ERROR_INIT;
    char path[SP_LTPA_VALIDATION_KEYS_MAX + 1][128];
    struct sp_ltpa_keys *keys = new_keys(NULL);
    f->config.ltpa.monitor_validation_keys_dir = true;
    assert_int_equal(sp_ltpa_sources_new(&f->config.ltpa, &sources, &f->err), SP_OK);
    strcat(f->other_file, ".old"); /* not *.keys */
    write_keys(f->other_file, keys);
    for (size_t i = 0; i <= SP_LTPA_VALIDATION_KEYS_MAX; i++) {
        snprintf(path[i], sizeof path[i], "%s/%02zu.keys", f->directory, i);
        write_keys(path[i], keys);
        assert_int_equal(sp_ltpa_key_set_read(sources, &set, &problem, &f->err), SP_OK);
        bool beyond = i == SP_LTPA_VALIDATION_KEYS_MAX;
        assert_int_equal(set->count, i + 2 - beyond);
        if (problem.status != (beyond ? SP_ELIMIT : SP_OK))
            fail_msg("with %zu files: %s", i, problem.text);
        assert_int_equal(set->stamp, sp_ltpa_sources_stamp(sources));
        sp_ltpa_key_set_free(set);
    }
    for (size_t i = 0; i <= SP_LTPA_VALIDATION_KEYS_MAX; i++)
        unlink(path[i]);
    sp_ltpa_sources_release(sources);
    sp_ltpa_keys_free(keys);
}

static enum sp_status read_set(struct fixture *f, struct sp_error *problem, size_t *ret_count)
{
    struct sp_ltpa_sources *sources = NULL;
    struct sp_ltpa_key_set *set = NULL;
    sp_error_clear(&f->err);
    assert_int_equal(sp_ltpa_sources_new(&f->config.ltpa, &sources, &f->err), SP_OK);
    enum sp_status status = sp_ltpa_key_set_read(sources, &set, problem, &f->err);
    *ret_count = set ? set->count : 0;
    sp_ltpa_key_set_free(set);
    sp_ltpa_sources_release(sources);
    return status;
}

static void keys_that_others_may_touch_are_not_read(void **state)
{
    struct fixture *f = *state;
    struct sp_error problem = SP_ERROR_INIT;
    size_t count = 0;
    static const struct {
        mode_t mode;
        const char *what; /* NULL: good */
    } cases[] = {
        {0600, NULL},
        {0400, NULL},
        {0640, NULL},
        {0440, NULL},
        {0660, "written by others"},
        {0602, "written by others"},
        {0644, "read by others"},
        {0604, "read by others"},
        {0601, "read by others"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(chmod(f->keys_file, cases[i].mode), 0);
        assert_int_equal(read_set(f, &problem, &count), cases[i].what ? SP_EDENIED : SP_OK);
        if (cases[i].what)
            assert_non_null(strstr(f->err.text, cases[i].what));
    }
    /* One beside is left out, and told. */
    assert_int_equal(chmod(f->keys_file, 0600), 0);
    sp_ltpa_keys_free(new_keys(f->other_file));
    f->config.ltpa.monitor_validation_keys_dir = true;
    assert_int_equal(read_set(f, &problem, &count), SP_OK);
    assert_true(problem.status == SP_OK && count == 2);
    assert_int_equal(chmod(f->other_file, 0666), 0);
    assert_int_equal(read_set(f, &problem, &count), SP_OK);
    assert_true(problem.status == SP_EDENIED && count == 1);
}

static void what_is_no_plain_file_holds_no_keys(void **state)
{
    struct fixture *f = *state;
    struct sp_error problem = SP_ERROR_INIT;
    size_t count = 0;
    assert_int_equal(unlink(f->keys_file), 0);
    assert_int_equal(mkfifo(f->keys_file, 0600), 0);
    assert_int_equal(read_set(f, &problem, &count), SP_EDENIED);
    assert_non_null(strstr(f->err.text, "is no plain file"));
    assert_int_equal(unlink(f->keys_file), 0);
    assert_int_equal(mkdir(f->keys_file, 0700), 0);
    assert_int_equal(read_set(f, &problem, &count), SP_EDENIED);
    assert_int_equal(rmdir(f->keys_file), 0);
}

static void a_directory_that_everybody_may_write_gives_no_keys(void **state)
{
    struct fixture *f = *state;
    struct sp_error problem = SP_ERROR_INIT;
    size_t count = 0;
    sp_ltpa_keys_free(new_keys(f->other_file));
    f->config.ltpa.monitor_validation_keys_dir = true;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(chmod(f->directory, i ? 01777 : 0703), 0);
        assert_int_equal(read_set(f, &problem, &count), SP_OK);
        assert_true(problem.status == SP_EDENIED && count == 1);
        assert_non_null(strstr(problem.text, "everybody may write into"));
    }
    assert_int_equal(chmod(f->directory, 0770), 0);
    assert_int_equal(read_set(f, &problem, &count), SP_OK);
    assert_true(problem.status == SP_OK && count == 2);
}

static unsigned complaints;

static void count_complaints(void *arg, enum sp_log_severity severity, const char *id, const char *text)
{
    complaints += id && strcmp(id, "SALA0031E") == 0;
}

/* As long as it goes on (on a machine that stands still meanwhile it seems to have ended): nothing is
 * complained of, and the keys are taken when it is whole. */
static void a_file_that_is_being_written_is_waited_for(void **state)
{
    struct fixture *f = *state;
    const struct sp_loop_options options = {.max_fibers = 8};
    struct sp_buf bytes;
    struct sp_ltpa_keys *keys = new_keys(NULL);
    assert_int_equal(sp_loop_new(&options, &f->loop, &f->err), SP_OK);
    f->config.ltpa.monitor_interval_us = 100000;
    start(f);
    const char *mine = login(f);
    const char *cookie = cookie_of(f, keys, "user:R/1/fred", now_ms() + 3600000);
    sp_buf_init(&bytes, SP_LTPA_FILE_MAX);
    assert_int_equal(sp_ltpa_keys_write(keys, SP_STR("WebAS"), SP_STR("now"), SP_STR("here"), &bytes, NULL),
                     SP_OK);
    int64_t longest = 0, last = sp_clock_monotonic_us();
    complaints = 0;
    sp_log_set_sink(count_complaints, NULL);
    FILE *file = fopen(f->keys_file, "w");
    assert_non_null(file);
    for (size_t i = 0; i < bytes.len; i += 100) {
        size_t piece = bytes.len - i < 100 ? bytes.len - i : 100;
        assert_int_equal(fwrite((const char *)bytes.ptr + i, 1, piece, file), piece);
        assert_int_equal(fflush(file), 0);
        int64_t now = sp_clock_monotonic_us(), end = now + 150000;
        longest = now - last > longest ? now - last : longest;
        last = now;
        while (i + 100 < bytes.len && sp_clock_monotonic_us() < end)
            sp_loop_run_once(f->loop, 20);
        if (i + 100 < bytes.len)
            assert_int_equal(ask(f, NULL, mine), SP_OK);
    }
    assert_int_equal(fclose(file), 0);
    run_until(f, cookie, SP_OK);
    assert_int_equal(ask(f, NULL, mine), SP_EDENIED);
    assert_true(complaints == 0 || longest > 1000000);
    complaints = 0;
    /* What stays half is complained of, once. */
    assert_int_equal(truncate(f->keys_file, (off_t)bytes.len / 2), 0);
    int64_t end = sp_clock_monotonic_us() + 20000000;
    while (complaints == 0 && sp_clock_monotonic_us() < end)
        sp_loop_run_once(f->loop, 20);
    for (int64_t more = sp_clock_monotonic_us() + 400000; sp_clock_monotonic_us() < more;)
        sp_loop_run_once(f->loop, 20);
    sp_log_set_sink(NULL, NULL);
    assert_int_equal(complaints, 1);
    assert_int_equal(ask(f, NULL, cookie), SP_OK);
    sp_buf_wipe(&bytes);
    sp_ltpa_keys_free(keys);
}

static void dates_have_an_offset(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: none */
    } cases[] = {
        {"1970-01-02T00:00:00Z", 86400000},
        {"1970-01-02T00:00Z", 86400000},
        {"1970-01-02T00:00:01.5Z", 86401000},
        {"1970-01-02T01:00:00+01:00", 86400000},
        {"1970-01-01T19:00:00-0500", 86400000},
        {" 2024-02-29T12:00:00z ", 1709208000000},
        {"2023-02-29T12:00:00Z", -1},
        {"2024-13-01T00:00:00Z", -1},
        {"2024-01-01T24:00:00Z", -1},
        {"2024-01-01T00:00:00", -1},
        {"2024-01-01", -1},
        {"2024-01-01T00:00:00+19:00", -1},
        {"2024-01-01T00:00:00Zx", -1},
        {"2024-1-01T00:00:00Z", -1},
        {"2024-01-01T00:00:00.Z", -1},
        {"", -1},
        {"2024-01-01 00:00:00Z", -1},
        {"-024-01-01T00:00:00Z", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ms = -1;
        enum sp_status status = sp_ltpa_date_read(sp_str_of(cases[i].text), &ms);
        if ((status == SP_OK) != (cases[i].ms >= 0) || ms != cases[i].ms)
            fail_msg("%s: %lld", cases[i].text, (long long)ms);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_login_gives_a_cookie_that_logs_in),
        TEST(a_cookie_that_is_of_no_use_leaves_it_to_the_password),
        TEST(the_keys_are_those_of_the_file),
        TEST(without_keys_it_does_not_start),
        TEST(single_sign_on_can_be_switched_off),
        TEST(the_cookie_ends_when_it_is_configured_to),
        TEST(the_two_expirations_must_agree),
        TEST(the_cookie_has_the_name_and_attributes_of_the_configuration),
        TEST(validation_keys_are_accepted_until_they_end),
        TEST(a_filter_says_whose_cookies_count),
        TEST(keys_that_change_are_read_again),
        TEST(keys_that_lie_beside_are_validation_keys),
        TEST(of_files_that_lie_beside_not_more_than_the_limit_are_taken),
        TEST(keys_that_others_may_touch_are_not_read),
        TEST(what_is_no_plain_file_holds_no_keys),
        TEST(a_directory_that_everybody_may_write_gives_no_keys),
        TEST(a_file_that_is_being_written_is_waited_for),
        cmocka_unit_test(the_domain_is_one_that_the_host_belongs_to),
        cmocka_unit_test(dates_have_an_offset),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("authn_ltpa", tests, NULL, NULL);
}
