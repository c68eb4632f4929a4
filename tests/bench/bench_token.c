/* SPDX-License-Identifier: Apache-2.0
 * bench_token.c: what a token costs, from the port's request to the principal, without HTTP: CPU of the
 * process above that of a request without any credential, the best of several rounds. Beside the tokens that
 * are new stands what their signatures cost alone. Goals: a token seen before 3 us, a new one its signature
 * and 5 us, a bad one not more than a good one; of tokens that the cache has no room for, not more than new
 * ones.
 */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <time.h>

#include "../unit/authn/token_request.h"
#include "authn/caches.h"

#define ROUNDS 7
#define TOKENS 400u    /* new ones in a round */
#define MANY 10000u    /* tokens over a cache of half as many */
#define REPEATS 20000u /* of a token that is remembered */
#define COLD_ROUNDS 15
#define NOISE 0.03 /* what two equal rows may differ by */
#define GOAL_CACHED_US 3.0
#define GOAL_REST_US 5.0 /* of a new token, beside its signature */

static double without; /* us of a request without a credential */
static unsigned missed;
static struct token_fixture *fixture;
static struct sp_authn_caches caches;

static double cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void fail(const char *what)
{
    printf("bench_token: %s: %s\n", what, fixture->err.text);
    exit(1);
}

/* ---- requests ---- */

struct work {
    struct sp_str *values; /* of Authorization; NULL: the requests have none */
    size_t count;
    bool by_chance; /* which of them comes next */
    size_t requests;
    enum sp_status expected;
    bool wrong;
};

static void run_requests(void *arg)
{
    struct work *work = arg;
    struct sp_http_header headers[] = {{SP_STR_INIT("Host"), SP_STR_INIT("api.example.com")},
                                       {SP_STR_INIT("User-Agent"), SP_STR_INIT("bench")},
                                       {SP_STR_INIT("Accept"), SP_STR_INIT("application/json")},
                                       {SP_STR_INIT("Content-Type"), SP_STR_INIT("application/json")},
                                       {SP_STR_INIT("Authorization"), {0}}};
    struct sp_http_request request = {.method = SP_STR_INIT("GET"),
                                      .target = SP_STR_INIT("/api/one"),
                                      .path = SP_STR_INIT("/api/one"),
                                      .host = SP_STR_INIT("api.example.com"),
                                      .tls = true,
                                      .headers = headers,
                                      .header_count = work->values ? 5 : 4};
    struct sp_arena arena;
    uint64_t random = 88172645463325252u;
    sp_arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < work->requests; i++) {
        struct sp_principal principal = {0};
        struct sp_challenge challenge = {0};
        struct sp_error err = SP_ERROR_INIT;
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        if (work->values)
            headers[4].value = work->values[(work->by_chance ? random : i) % work->count];
        if (io_authn_run(fixture->authn, &request, false, &arena, &principal, &challenge, &err) !=
            work->expected) {
            work->wrong = true;
            fixture->err = err;
        }
        sp_arena_reset(&arena);
    }
    sp_arena_finish(&arena);
}

static double measure(struct work *work)
{
    double begun = cpu_us();
    if (sp_fiber_start(fixture->loop, run_requests, work, NULL) != SP_OK)
        fail("no fiber");
    sp_loop_run_once(fixture->loop, 0);
    if (work->wrong)
        fail("a request ended otherwise than expected");
    return (cpu_us() - begun) / (double)work->requests;
}

/* ---- tokens ---- */

static struct sp_jwk_set *key_of(enum sp_jwa alg)
{
    struct sp_jwk_set *set = NULL;
    EVP_PKEY *pkey = alg == SP_JWA_ES256 ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048);
    if (!pkey || sp_jwk_set_from_pkey(pkey, NULL, false, &set, NULL) != SP_OK)
        fail("no key");
    EVP_PKEY_free(pkey);
    return set;
}

/* Bearer and a token of about 700 bytes, as issuers make them. */
static struct sp_str token_of(enum sp_jwa alg, const struct sp_jwk_set *key, unsigned number)
{
    struct sp_buf buf;
    sp_buf_init(&buf, 16384);
    sp_buf_append_str(&buf, SP_STR("Bearer "));
    struct sp_str claims = good_claims(
        fixture,
        sp_arena_printf(&fixture->arena,
                        ",\"n\":%u,\"azp\":\"application-of-a-caller\",\"scope\":\"read write accounts\","
                        "\"groupIds\":[\"STAFF\",\"TELLERS\"],\"name\":\"Anna Example\",\"tenant\":\"%064u\"",
                        number, number)
            .ptr);
    if (sp_jws_sign(alg, &key->keys[0], SP_STR("\"typ\":\"at+jwt\",\"kid\":\"signing-key-1\""), claims, &buf,
                    NULL) != SP_OK)
        fail("nothing is signed");
    struct sp_str token = sp_arena_str(&fixture->arena, sp_buf_str(&buf));
    sp_buf_finish(&buf);
    return token;
}

static struct sp_str *tokens_of(enum sp_jwa alg, const struct sp_jwk_set *key, unsigned count)
{
    struct sp_str *values = sp_arena_calloc(&fixture->arena, count, sizeof *values);
    for (unsigned i = 0; i < count; i++)
        values[i] = token_of(alg, key, i);
    return values;
}

static void use(enum sp_jwa alg, const struct sp_jwk_set *key)
{
    struct sp_buf jwk;
    sp_buf_init(&jwk, 8192);
    if (sp_jwk_write(&key->keys[0], &jwk) != SP_OK)
        fail("no public key");
    jwk.len--; /* the brace */
    sp_buf_printf(&jwk, ",\"kid\":\"signing-key-1\"}");
    fixture->client.json_web_key = sp_arena_str(&fixture->arena, sp_buf_str(&jwk));
    fixture->client.signature_algorithm = sp_str_of(sp_jwa_name(alg));
    sp_buf_finish(&jwk);
    sp_authn_free(fixture->authn);
    fixture->authn = NULL;
    if (sp_authn_new(&(struct sp_authn_parts){.config = &fixture->config,
                                              .registry = fixture->registry,
                                              .caches = &caches,
                                              .loop = fixture->loop},
                     &fixture->authn, &fixture->err) != SP_OK)
        fail("no authentication");
}

/* ---- rows ---- */

/* What the signatures of some tokens cost alone. */
static double signature_alone(enum sp_jwa alg, const struct sp_jwk_set *key, const struct sp_str *values)
{
    static struct sp_jws parsed[TOKENS];
    for (unsigned i = 0; i < TOKENS; i++)
        if (sp_jws_parse(sp_str_slice(values[i], 7, values[i].len), &fixture->arena, &parsed[i], NULL) !=
            SP_OK)
            fail("no token");
    double begun = cpu_us();
    for (unsigned i = 0; i < TOKENS; i++)
        if (sp_jws_verify(&parsed[i], alg, &key->keys[0], NULL) != SP_OK)
            fail("a signature");
    return (cpu_us() - begun) / TOKENS;
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

/* One line of the table. `signature` 0: none is looked at. */
static void print_row(const char *name, double us, double signature, double goal)
{
    char parts[32] = "";
    if (signature > 0)
        snprintf(parts, sizeof parts, "%.2f + %.2f", signature, us - signature);
    printf("%-34s %10.2f %20s %10.2f %8.2f  %s\n", name, us, parts, goal, us / goal,
           us <= goal ? "met" : "MISSED");
    missed += us > goal;
}

/* Returns the us above a request without a credential. */
static double cost_of(struct work work, bool forget)
{
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        struct work again = work;
        if (forget)
            sp_shared_cache_clear(caches.tokens);
        double each = measure(&again);
        best = each < best ? each : best;
    }
    return best - without;
}

static struct sp_str *spoilt(const struct sp_str *good)
{
    struct sp_str *values = sp_arena_calloc(&fixture->arena, TOKENS, sizeof *values);
    for (unsigned i = 0; i < TOKENS; i++) {
        char *bad = sp_arena_cstr(&fixture->arena, good[i]);
        size_t at = good[i].len - 20;
        bad[at] = bad[at] == 'A' ? 'B' : 'A';
        values[i] = sp_str_of(bad);
    }
    return values;
}

/* Signatures alone, good and bad tokens in turns, so that they are measured on the same machine. */
static void cold_rows(enum sp_jwa alg)
{
    char name[64];
    struct sp_jwk_set *key = key_of(alg);
    double signature = 1e9, good = 1e9, bad = 1e9;
    struct work accepted = {.values = tokens_of(alg, key, TOKENS), .count = TOKENS, .requests = TOKENS};
    struct work refused = accepted;
    refused.values = spoilt(accepted.values);
    refused.expected = SP_EDENIED;
    for (int round = 0; round < COLD_ROUNDS; round++) {
        struct work first = accepted, second = refused;
        use(alg, key); /* a refusal is remembered as well: a new checker knows none */
        sp_shared_cache_clear(caches.tokens);
        signature = least(signature, signature_alone(alg, key, accepted.values));
        good = least(good, measure(&first) - without);
        bad = least(bad, measure(&second) - without);
    }
    snprintf(name, sizeof name, "new token, %s", sp_jwa_name(alg));
    print_row(name, good, signature, signature + GOAL_REST_US);
    snprintf(name, sizeof name, "100 %% bad tokens, %s", sp_jwa_name(alg));
    print_row(name, bad, signature, good * (1 + NOISE));
    sp_jwk_set_release(key);
}

static void open_caches(void)
{
    const struct sp_shared_cache_size tokens = {MANY / 2, 1024}, small = {1024, 64};
    struct sp_shared_cache **others[] = {&caches.users, &caches.replays, &caches.failures};
    if (sp_shared_cache_open(NULL, 0, tokens, &caches.tokens, NULL) != SP_OK)
        fail("no cache");
    for (size_t i = 0; i < 3; i++)
        if (sp_shared_cache_open(NULL, 0, small, others[i], NULL) != SP_OK)
            fail("no cache");
}

int main(void)
{
    fixture = token_fixture_new();
    sp_arena_finish(&fixture->arena);
    sp_arena_init(&fixture->arena, (size_t)256 << 20);
    fixture->client.issuers = one_text(&fixture->arena, "https://issuer.example.com");
    fixture->client.audiences = one_text(&fixture->arena, "us");
    open_caches();
    if (sp_registry_new(&fixture->config, NULL, NULL, &fixture->registry, &fixture->err) != SP_OK)
        fail("no registry");
    struct sp_jwk_set *key = key_of(SP_JWA_ES256);
    use(SP_JWA_ES256, key);
    without = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double each = measure(&(struct work){.requests = REPEATS});
        without = each < without ? each : without;
    }
    printf("A request without a credential takes %.2f us; above that:\n%-34s %10s %20s %10s %8s\n", without,
           "", "us", "signature + rest", "goal", "ratio");
    struct sp_str *values = tokens_of(SP_JWA_ES256, key, MANY);
    print_row("token seen before",
              cost_of((struct work){.values = values, .count = 1, .requests = REPEATS}, false), 0,
              GOAL_CACHED_US);
    double signature = signature_alone(SP_JWA_ES256, key, values);
    print_row(
        "10,000 ES256, room for 5,000",
        cost_of((struct work){.values = values, .count = MANY, .by_chance = true, .requests = MANY}, false),
        0, signature + GOAL_REST_US);
    static const enum sp_jwa algs[] = {SP_JWA_RS256, SP_JWA_ES256, SP_JWA_PS256};
    for (size_t i = 0; i < 3; i++)
        cold_rows(algs[i]);
    sp_jwk_set_release(key);
    token_fixture_free(fixture);
    return missed != 0;
}
