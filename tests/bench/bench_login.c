/* SPDX-License-Identifier: Apache-2.0
 * bench_login.c: what a login costs, from the port's request to the principal, without HTTP: processor time
 * of this process above that of a request without a credential, the best of several rounds. Run by
 * tests/bench/run_logins, which makes the servers' directories and the credentials.
 *
 * usage: bench_login local DIRECTORY | bench_login ldap DIRECTORY
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "authn/authn.h"
#include "authn/caches.h"

#define ROUNDS 5
#define REPEATS 20000u
#define VALUES_MAX 1000u

static struct sp_config *loaded;
static struct sp_config config; /* as loaded, with what a row changes */
static struct sp_authn_parts parts;
static struct sp_authn *authn;
static struct sp_arena arena; /* of credentials */
static double without;

static void fail(const char *what, const struct sp_error *err)
{
    fprintf(stderr, "bench_login: %s: %s\n", what, err ? err->text : "");
    exit(1);
}

static double processor_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* Everything that is remembered is forgotten. */
static void restart(void)
{
    struct sp_error err = SP_ERROR_INIT;
    sp_authn_free(authn);
    sp_registry_free(parts.registry);
    sp_authn_caches_close(parts.caches);
    authn = NULL;
    parts = (struct sp_authn_parts){.config = &config};
    if (sp_authn_caches_open(&config, NULL, &parts.caches, &err) != SP_OK ||
        sp_registry_new(&config, NULL, parts.caches->users, &parts.registry, &err) != SP_OK ||
        sp_authn_new(&parts, &authn, &err) != SP_OK)
        fail("it cannot be started", &err);
}

struct row {
    const char *name, *header; /* NULL: no credential */
    const struct sp_str *values;
    size_t count;      /* of values, which follow each other */
    size_t requests;   /* of a round */
    unsigned expected; /* 0: let in */
    bool cold;         /* each round begins with nothing remembered */
};

static void ask(const struct row *row, size_t i, struct sp_arena *request_arena, struct sp_str *ret_cookie)
{
    struct sp_http_header headers[] = {
        {SP_STR_INIT("Host"), SP_STR_INIT("bench")}, {SP_STR_INIT("Accept"), SP_STR_INIT("*/*")}, {{0}, {0}}};
    if (row->header)
        headers[2] = (struct sp_http_header){sp_str_of(row->header), row->values[i % row->count]};
    const struct sp_http_request request = {.method = SP_STR_INIT("GET"),
                                            .target = SP_STR_INIT("/a"),
                                            .path = SP_STR_INIT("/a"),
                                            .host = SP_STR_INIT("bench"),
                                            .tls = true,
                                            .peer_address = SP_STR_INIT("192.0.2.1"),
                                            .headers = headers,
                                            .header_count = row->header ? 3 : 2};
    struct sp_principal principal = {0};
    struct sp_challenge challenge = {0};
    struct sp_error err = SP_ERROR_INIT;
    enum sp_status status = io_authn_run(authn, &request, false, request_arena, &principal, &challenge, &err);
    if (challenge.status != row->expected || (status == SP_OK) != (row->expected == 0))
        fail(row->name, &err);
    if (ret_cookie)
        *ret_cookie = sp_arena_str(&arena, sp_challenge_header(&challenge, "Set-Cookie"));
    sp_arena_reset(request_arena);
}

static double measure(const struct row *row)
{
    struct sp_arena request_arena;
    double best = 1e12;
    sp_arena_init(&request_arena, 16 << 20);
    for (int round = 0; round < ROUNDS; round++) {
        if (row->cold)
            restart();
        double began = processor_us();
        for (size_t i = 0; i < row->requests; i++)
            ask(row, i, &request_arena, NULL);
        double each = (processor_us() - began) / (double)row->requests;
        best = each < best ? each : best;
    }
    sp_arena_finish(&request_arena);
    return best;
}

static double show(struct row row)
{
    double each = measure(&row) - without;
    printf("%-58s %10.2f us\n", row.name, each);
    return each;
}

/* The lines of a file. */
static struct sp_str *lines_of(const char *directory, const char *name, size_t *ret_count)
{
    char path[512];
    char *line = NULL;
    size_t room = 0;
    struct sp_str *values = sp_arena_calloc(&arena, VALUES_MAX, sizeof *values);
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "r");
    if (!file || !values)
        fail(path, NULL);
    *ret_count = 0;
    for (ssize_t len; *ret_count < VALUES_MAX && (len = getline(&line, &room, file)) > 1;)
        values[(*ret_count)++] = sp_arena_str(&arena, sp_str_from(line, (size_t)len - 1));
    free(line);
    fclose(file);
    return values;
}

static void load(const char *directory)
{
    struct sp_problems problems;
    struct sp_error err = SP_ERROR_INIT;
    sp_problems_init(&problems);
    if (sp_config_load(&(struct sp_config_options){.config_dir = directory}, &problems, &loaded, &err) !=
        SP_OK)
        fail("server.xml", &err);
    sp_problems_finish(&problems);
    config = *loaded;
    restart();
    without = measure(&(struct row){.name = "none", .requests = REPEATS});
    printf("%-58s %10.2f us\n", "a request without a credential", without);
}

static struct sp_str *cookies_of(const struct row *logins)
{
    struct sp_arena request_arena;
    struct sp_str *cookies = sp_arena_calloc(&arena, logins->count, sizeof *cookies);
    sp_arena_init(&request_arena, 16 << 20);
    for (size_t i = 0; i < logins->count; i++) {
        ask(logins, i, &request_arena, &cookies[i]);
        if (!cookies[i].len)
            fail("a login gives no cookie", NULL);
        cookies[i].len = sp_str_find(cookies[i], ';');
    }
    sp_arena_finish(&request_arena);
    return cookies;
}

/* Until the brake holds. */
static void hold_back(const struct row *wrong)
{
    struct sp_arena request_arena;
    sp_arena_init(&request_arena, 1 << 20);
    for (int64_t i = 0; i < config.authentication.max_failures; i++)
        ask(wrong, 0, &request_arena, NULL);
    sp_arena_finish(&request_arena);
}

static int bench_local(const char *directory)
{
    size_t clear, hashed, wrong, assertions;
    const struct sp_str *clear_logins = lines_of(directory, "clear.txt", &clear);
    const struct sp_str *hashed_logins = lines_of(directory, "hashed.txt", &hashed);
    const struct sp_str *wrong_logins = lines_of(directory, "wrong.txt", &wrong);
    const struct sp_str *saml = lines_of(directory, "saml.txt", &assertions);
    const struct row logins = {"logins", "Authorization", clear_logins, clear, clear, 0, false};
    show((struct row){"basic, {hash}, remembered, with the LTPA cookie it gets", "Authorization",
                      hashed_logins, 1, REPEATS, 0, false});
    double good =
        show((struct row){"basic, {hash}, new", "Authorization", hashed_logins, hashed, hashed, 0, true});
    config.authentication.max_failures = 0;
    double bad = show((struct row){"basic, {hash}, 100 % wrong, each truly hashed", "Authorization",
                                   wrong_logins, wrong, wrong, 401, true});
    config.authentication.max_failures = loaded->authentication.max_failures;
    restart();
    hold_back(&(struct row){"wrong", "Authorization", wrong_logins, 1, 0, 401, false});
    show((struct row){"basic, wrong again and again: held back", "Authorization", wrong_logins, 1, REPEATS,
                      429, false});
    restart();
    const struct sp_str *cookies = cookies_of(&logins);
    show((struct row){"LTPA cookie, new", "Cookie", cookies, clear, clear, 0, true});
    show((struct row){"LTPA cookie, remembered", "Cookie", cookies, 1, REPEATS, 0, false});
    show((struct row){"SAML in a header, new", "Saml", saml, assertions, assertions, 0, true});
    show((struct row){"SAML in a header, remembered", "Saml", saml, 1, REPEATS, 0, false});
    printf("%-58s %10.2f %s\n", "wrong passwords to good ones (goal: at most 1.1)", bad / good,
           bad <= 1.1 * good ? "met" : "MISSED");
    return bad <= 1.1 * good ? 0 : 1;
}

static int bench_ldap(const char *directory)
{
    size_t count, wrong;
    const struct sp_str *logins = lines_of(directory, "ldap.txt", &count);
    const struct sp_str *wrong_logins = lines_of(directory, "ldap_wrong.txt", &wrong);
    show((struct row){"LDAP, remembered", "Authorization", logins, 1, REPEATS, 0, false});
    config.authentication.max_failures = 0;
    double good =
        show((struct row){"LDAP, new: searches and a bind", "Authorization", logins, count, count, 0, true});
    double bad = show((struct row){"LDAP, 100 % wrong: a search and a bind", "Authorization", wrong_logins,
                                   wrong, wrong, 401, true});
    config.auth_cache.enabled = false;
    restart();
    show((struct row){"LDAP, found before: a bind", "Authorization", logins, 1, 2000, 0, false});
    printf("%-58s %10.2f %s\n", "wrong passwords to good ones (goal: at most 1.1)", bad / good,
           bad <= 1.1 * good ? "met" : "MISSED");
    return bad <= 1.1 * good ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        fail("usage: bench_login local|ldap DIRECTORY", NULL);
    sp_arena_init(&arena, (size_t)256 << 20);
    load(argv[2]);
    int missed = strcmp(argv[1], "ldap") == 0 ? bench_ldap(argv[2]) : bench_local(argv[2]);
    sp_authn_free(authn);
    sp_registry_free(parts.registry);
    sp_authn_caches_close(parts.caches);
    sp_config_free(loaded);
    sp_arena_finish(&arena);
    return missed;
}
