/* SPDX-License-Identifier: Apache-2.0
 * bench_authn.c: what it costs to know who a request is by, above a request that nobody is asked about. One
 * line a measure with its goal; the best of several rounds, of processor time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "authn/authn.h"
#include "authn/caches.h"

enum { ROUNDS = 7, REQUESTS = 20000 };

#define GOAL_CACHED_US 3.0

/* fred:password, fred:wrong. */
#define GOOD "Basic ZnJlZDpwYXNzd29yZA=="
#define BAD "Basic ZnJlZDp3cm9uZw=="
#define HASH "{hash}ATAAAAAEc2FsdEAAAAAgCvy54cIa4spWU/H9c8WIjTIK/peZ2xH6E7UWMWuz/Qc="

struct bench {
    struct sp_cfg_user user;
    struct sp_cfg_basic_registry basic;
    struct sp_config config;
    struct sp_authn_parts parts;
    struct sp_authn *authn;
    struct sp_arena arena;
};

static void ok(enum sp_status status, const struct sp_error *err)
{
    if (status != SP_OK) {
        fprintf(stderr, "bench_authn: %s: %s\n", sp_status_name(status), err->text);
        exit(1);
    }
}

static void start(struct bench *bench, const char *password)
{
    struct sp_error err = SP_ERROR_INIT;
    bench->user = (struct sp_cfg_user){SP_STR("fred"), sp_str_of(password)};
    bench->basic =
        (struct sp_cfg_basic_registry){.realm = SP_STR("bench"), .users = &bench->user, .user_count = 1};
    bench->config = (struct sp_config){
        .basic_registry = &bench->basic,
        .web_app_security = {.allow_fail_over_to_basic_auth = true},
        .auth_cache = {.enabled = true,
                       .allow_basic_auth_lookup = true,
                       .max_size = 25000,
                       .timeout_us = 600000000},
        .authentication = {.max_failures = 5,
                           .failure_window_us = 60000000,
                           .lock_time_us = 600000000,
                           .max_logins_waiting = 128},
    };
    bench->parts = (struct sp_authn_parts){.config = &bench->config};
    ok(sp_registry_new(&bench->config, NULL, NULL, &bench->parts.registry, &err), &err);
    ok(sp_authn_caches_open(&bench->config, NULL, &bench->parts.caches, &err), &err);
    ok(sp_authn_new(&bench->parts, &bench->authn, &err), &err);
    sp_arena_init(&bench->arena, 1 << 20);
}

static void stop(struct bench *bench)
{
    sp_authn_free(bench->authn);
    sp_authn_caches_close(bench->parts.caches);
    sp_registry_free(bench->parts.registry);
    sp_arena_finish(&bench->arena);
}

static unsigned ask(struct bench *bench, const char *authorization)
{
    const struct sp_http_header headers[] = {{SP_STR_INIT("Host"), SP_STR_INIT("bench")},
                                             {SP_STR_INIT("Accept"), SP_STR_INIT("*/*")},
                                             {SP_STR_INIT("Authorization"), sp_str_of(authorization)}};
    const struct sp_http_request request = {.headers = headers,
                                            .header_count = authorization ? 3 : 2,
                                            .target = SP_STR_INIT("/a"),
                                            .path = SP_STR_INIT("/a"),
                                            .peer_address = SP_STR_INIT("192.0.2.1")};
    struct sp_principal principal;
    struct sp_challenge challenge = {0};
    struct sp_error err;
    enum sp_status status =
        io_authn_run(bench->authn, &request, false, &bench->arena, &principal, &challenge, &err);
    sp_arena_reset(&bench->arena);
    return status == SP_OK ? 0 : challenge.status;
}

static double processor_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double measure(struct bench *bench, const char *authorization, unsigned expected)
{
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double began = processor_us();
        for (int i = 0; i < REQUESTS; i++)
            if (ask(bench, authorization) != expected) {
                fprintf(stderr, "bench_authn: another answer than %u\n", expected);
                exit(1);
            }
        double each = (processor_us() - began) / REQUESTS;
        best = each < best ? each : best;
    }
    return best;
}

/* 1: the goal was missed. */
static int report(const char *what, double us, double goal)
{
    printf("%-52s %8.3f us", what, us);
    if (goal > 0)
        printf("   goal %.1f us: %s", goal, us <= goal ? "met" : "MISSED");
    printf("\n");
    return goal > 0 && us > goal;
}

int main(void)
{
    static struct bench bench;
    start(&bench, HASH);
    double nobody = measure(&bench, NULL, 0);
    ask(&bench, GOOD);
    double good = measure(&bench, GOOD, 0);
    for (int i = 0; i < 6; i++)
        ask(&bench, BAD);
    double held = measure(&bench, BAD, 429);
    double mixed = measure(&bench, GOOD, 0);
    stop(&bench);
    int missed = report("a request without credentials", nobody, 0);
    missed += report("name and password, remembered: above it", good - nobody, GOAL_CACHED_US);
    missed += report("the same while the user fails to log in elsewhere", mixed - nobody, GOAL_CACHED_US);
    missed += report("100 % bad passwords: above it", held - nobody, GOAL_CACHED_US);
    return missed != 0;
}
