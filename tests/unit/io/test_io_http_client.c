/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <ftw.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/fiber.h"
#include "io/http_client.h"
#include "io/loop.h"

#define SECOND ((int64_t)1000000)

static char directory[] = "/tmp/sallyport-http-XXXXXX";
static int to_server;
static pid_t server;
static unsigned plain, tls, other, http2, proxy;
static struct sp_loop *loop;
static struct sp_arena arena;

static int start_server(void **state)
{
    int in[2], out[2];
    char script[4096], line[128] = "";
    const char *root = getenv("SALLYPORT_SOURCE_ROOT");
    snprintf(script, sizeof script, "%s/tests/unit/io/http_server.py", root ? root : ".");
    if (!mkdtemp(directory) || pipe(in) || pipe(out))
        return -1;
    server = fork();
    if (server == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[1]);
        close(out[0]);
        execl("/usr/bin/python3", "python3", script, directory, (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    to_server = in[1];
    FILE *from = fdopen(out[0], "r");
    bool told = fgets(line, sizeof line, from) &&
                sscanf(line, "%u %u %u %u %u", &plain, &tls, &other, &http2, &proxy) == 5;
    fclose(from);
    return told ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *ftw)
{
    return remove(path);
}

static int stop_server(void **state)
{
    close(to_server);
    waitpid(server, NULL, 0);
    nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return 0;
}

static int set_up(void **state)
{
    sp_arena_init(&arena, (size_t)64 << 20);
    return sp_loop_new(NULL, &loop, NULL) == SP_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    sp_loop_free(loop);
    sp_arena_finish(&arena);
    return 0;
}

/* ---- one fetch ---- */

struct job {
    struct sp_http_client *client;
    struct sp_fetch_request request;
    int64_t patience_us;
    struct sp_fetch_response response;
    struct sp_error err;
    enum sp_status status;
    bool done;
};

static void run_job(void *arg)
{
    struct job *job = arg;
    int64_t deadline = job->patience_us ? sp_clock_monotonic_us() + job->patience_us : 0;
    job->status = io_http_fetch(job->client, &job->request, deadline, &arena, &job->response, &job->err);
    job->done = true;
}

static enum sp_status fetch(struct job *job)
{
    *job = (struct job){.client = job->client,
                        .request = job->request,
                        .patience_us = job->patience_us,
                        .err = SP_ERROR_INIT};
    assert_int_equal(sp_fiber_start(loop, run_job, job, NULL), SP_OK);
    sp_loop_run_all(loop);
    assert_true(job->done);
    return job->status;
}

static struct sp_http_client *client_with(struct sp_http_client_options options)
{
    struct sp_http_client *client = NULL;
    struct sp_error err = SP_ERROR_INIT;
    if (sp_http_client_new(loop, &options, &client, &err) != SP_OK)
        fail_msg("%s", err.text);
    return client;
}

static struct sp_str url(unsigned port, const char *scheme, const char *path)
{
    return sp_arena_printf(&arena, "%s://localhost:%u%s", scheme, port, path);
}

static void assert_has(struct sp_str text, const char *part)
{
    if (!memmem(text.ptr, text.len, part, strlen(part)))
        fail_msg("'%s' is not in: %.*s", part, SP_STR_ARG(text));
}

static void assert_has_not(struct sp_str text, const char *part)
{
    if (memmem(text.ptr, text.len, part, strlen(part)))
        fail_msg("'%s' is in: %.*s", part, SP_STR_ARG(text));
}

/* ---- plain ---- */

static void a_request_arrives_as_it_was_given(void **state)
{
    struct sp_http_header headers[] = {{SP_STR("X-One"), SP_STR("a, b")},
                                       {SP_STR("X-Empty"), SP_STR("")},
                                       {SP_STR("Content-Type"), SP_STR("application/json")}};
    struct job job = {.client = client_with((struct sp_http_client_options){0}),
                      .request = {.method = SP_STR("POST"),
                                  .url = url(plain, "http", "/echo?x=1%20&y"),
                                  .headers = headers,
                                  .header_count = 3,
                                  .body = SP_STR("{\"a\":1}"),
                                  .user = SP_STR("us"),
                                  .password = SP_STR("p:w")}};
    assert_int_equal(fetch(&job), SP_OK);
    assert_int_equal(job.response.status, 200);
    assert_has(job.response.body, "POST /echo?x=1%20&y\n");
    assert_has(job.response.body, "X-One: a, b\n");
    assert_has(job.response.body, "X-Empty: \n");
    assert_has(job.response.body, "Content-Type: application/json\n");
    assert_has(job.response.body, "Authorization: Basic dXM6cDp3\n");
    assert_has_not(job.response.body, "Expect:");
    assert_has(job.response.body, "\n\n{\"a\":1}");
    assert_true(sp_str_is(sp_fetch_header(&job.response, "X-TWO"), "1"));
    assert_null(sp_fetch_header(&job.response, "X-Three").ptr);
    sp_http_client_free(job.client);
}

static void methods_arrive_with_and_without_body(void **state)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "PATCH"};
    struct job job = {.client = client_with((struct sp_http_client_options){0})};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        for (int with_body = 0; with_body < 2; with_body++) {
            char expected[32];
            job.request = (struct sp_fetch_request){.method = sp_str_of(methods[i]),
                                                    .url = url(plain, "http", "/echo")};
            if (with_body)
                job.request.body = SP_STR("body");
            assert_int_equal(fetch(&job), SP_OK);
            snprintf(expected, sizeof expected, "%s /echo\n", methods[i]);
            assert_has(job.response.body, expected);
            assert_has_not(job.response.body, "Content-Type");
            assert_true(sp_str_ends(job.response.body, with_body ? SP_STR("\n\nbody") : SP_STR("\n\n")));
        }
    }
    job.request = (struct sp_fetch_request){.method = SP_STR("HEAD"), .url = url(plain, "http", "/echo")};
    assert_int_equal(fetch(&job), SP_OK);
    assert_int_equal(job.response.body.len, 0);
    sp_http_client_free(job.client);
}

static void every_status_is_an_answer_and_redirects_are_not_followed(void **state)
{
    struct job job = {.client = client_with((struct sp_http_client_options){0}),
                      .request = {.url = url(plain, "http", "/status")}};
    assert_int_equal(fetch(&job), SP_OK);
    assert_int_equal(job.response.status, 410);
    assert_true(sp_str_is(job.response.body, "gone"));
    job.request.url = url(plain, "http", "/redirect");
    assert_int_equal(fetch(&job), SP_OK);
    assert_int_equal(job.response.status, 302);
    assert_true(sp_str_is(sp_fetch_header(&job.response, "location"), "/echo"));
    sp_http_client_free(job.client);
}

static void a_chunked_answer_has_the_headers_of_the_final_response(void **state)
{
    struct job job = {.client = client_with((struct sp_http_client_options){0}),
                      .request = {.url = url(plain, "http", "/chunked")}};
    assert_int_equal(fetch(&job), SP_OK);
    assert_true(sp_str_is(job.response.body, "fourmore!"));
    assert_true(sp_str_is(sp_fetch_header(&job.response, "x-late"), "2"));
    assert_null(sp_fetch_header(&job.response, "x-early").ptr);
    assert_null(sp_fetch_header(&job.response, "x-trailer").ptr);
    sp_http_client_free(job.client);
}

static void a_body_may_be_as_long_as_allowed_and_no_longer(void **state)
{
    struct job job = {.client = client_with((struct sp_http_client_options){0}),
                      .request = {.url = url(plain, "http", "/size?5000"), .max_response_bytes = 5000}};
    assert_int_equal(fetch(&job), SP_OK);
    assert_int_equal(job.response.body.len, 5000);
    job.request.max_response_bytes = 4999;
    assert_int_equal(fetch(&job), SP_ELIMIT);
    assert_has(sp_str_of(job.err.text), "body is longer than 4999 bytes");
    job.request.url = url(plain, "http", "/endless");
    assert_int_equal(fetch(&job), SP_ELIMIT);
    job.request.url = url(plain, "http", "/headers?100");
    assert_int_equal(fetch(&job), SP_OK);
    assert_int_equal(job.response.header_count, 100);
    job.request.url = url(plain, "http", "/headers?101");
    assert_int_equal(fetch(&job), SP_ELIMIT);
    assert_has(sp_str_of(job.err.text), "more than 100 headers");
    sp_http_client_free(job.client);
}

static void a_broken_answer_is_an_error_of_its_own_kind(void **state)
{
    static const struct {
        const char *path;
        enum sp_status status;
    } cases[] = {{"/cut", SP_ECLOSED}, {"/nothing", SP_ECLOSED}, {"/nonsense", SP_EPROTO}};
    struct job job = {.client = client_with((struct sp_http_client_options){0})};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        job.request = (struct sp_fetch_request){.url = url(plain, "http", cases[i].path)};
        assert_int_equal(fetch(&job), cases[i].status);
        assert_has(sp_str_of(job.err.text), cases[i].path);
    }
    struct sp_http_client_counts counts;
    sp_http_client_counts(job.client, &counts);
    assert_int_equal(counts.failures, 3);
    assert_int_equal(counts.running, 0);
    sp_http_client_free(job.client);
}

static void nobody_there_is_unavailable(void **state)
{
    struct job job = {.client = client_with((struct sp_http_client_options){0}),
                      .request = {.url = SP_STR("http://127.0.0.1:1/x?secret=1")}};
    assert_int_equal(fetch(&job), SP_EUNAVAIL);
    assert_has(sp_str_of(job.err.text), "GET http://127.0.0.1:1/x: ");
    assert_has_not(sp_str_of(job.err.text), "secret");
    job.request.url = SP_STR("http://no-such-host.invalid/");
    assert_int_equal(fetch(&job), SP_EUNAVAIL);
    sp_http_client_free(job.client);
}

static void what_cannot_be_sent_is_refused_before(void **state)
{
    static const char *const urls[] = {"",
                                       "localhost/",
                                       "ftp://localhost/",
                                       "file:///etc/passwd",
                                       "http://user:secret@localhost/",
                                       "http://localhost:99999/",
                                       "http://local host/",
                                       "http://localhost/a\r\nX: y",
                                       "https://localhost/"};
    struct job job = {.client = client_with((struct sp_http_client_options){0})};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        job.request = (struct sp_fetch_request){.url = sp_str_of(urls[i])};
        assert_int_equal(fetch(&job), SP_EINVAL);
        assert_has_not(sp_str_of(job.err.text), "secret");
    }
    struct sp_http_header bad[] = {{SP_STR("X"), SP_STR("a\r\nY: b")},
                                   {SP_STR("X: y"), SP_STR("")},
                                   {SP_STR(""), SP_STR("a")},
                                   {SP_STR("X"), SP_STR("a\0b")}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        job.request = (struct sp_fetch_request){
            .url = url(plain, "http", "/echo"), .headers = &bad[i], .header_count = 1};
        assert_int_equal(fetch(&job), SP_EINVAL);
    }
    job.request =
        (struct sp_fetch_request){.url = url(plain, "http", "/echo"), .method = SP_STR("GET / HTTP/1.0\r\n")};
    assert_int_equal(fetch(&job), SP_EINVAL);
    job.request = (struct sp_fetch_request){.url = url(plain, "http", "/echo"), .user = SP_STR("a:b")};
    assert_int_equal(fetch(&job), SP_EINVAL);
    sp_http_client_free(job.client);
}

static void a_slow_server_ends_at_the_deadline(void **state)
{
    struct job job = {.client = client_with((struct sp_http_client_options){0}),
                      .request = {.url = url(plain, "http", "/slow")},
                      .patience_us = SECOND / 5};
    int64_t before = sp_clock_monotonic_us();
    assert_int_equal(fetch(&job), SP_ETIMEDOUT);
    assert_true(sp_clock_monotonic_us() - before < 5 * SECOND);
    /* The connection is not used again: its answer may still come. */
    job.request.url = url(plain, "http", "/status");
    assert_int_equal(fetch(&job), SP_OK);
    assert_int_equal(job.response.status, 410);
    sp_http_client_free(job.client);
}

static void a_fetch_ends_when_its_fiber_or_its_client_does(void **state)
{
    struct job jobs[2] = {{.client = client_with((struct sp_http_client_options){0}),
                           .request = {.url = url(plain, "http", "/slow")}}};
    struct sp_fiber *fiber;
    jobs[1] = jobs[0];
    assert_int_equal(sp_fiber_start(loop, run_job, &jobs[0], &fiber), SP_OK);
    assert_int_equal(sp_fiber_start(loop, run_job, &jobs[1], NULL), SP_OK);
    for (int i = 0; i < 5; i++)
        sp_loop_run_once(loop, 20);
    assert_false(jobs[0].done);
    sp_fiber_cancel(fiber);
    sp_loop_run_once(loop, 100);
    assert_true(jobs[0].done);
    assert_int_equal(jobs[0].status, SP_ECANCELED);
    assert_false(jobs[1].done);
    sp_http_client_free(jobs[1].client);
    sp_loop_run_all(loop);
    assert_int_equal(jobs[1].status, SP_ECANCELED);
}

static void connections_are_used_again_and_limited(void **state)
{
    enum { JOBS = 12 };
    struct job jobs[JOBS];
    struct sp_http_client *client =
        client_with((struct sp_http_client_options){.max_connections_per_host = 3});
    struct sp_http_client_counts counts;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < JOBS; i++) {
            jobs[i] = (struct job){.client = client, .request = {.url = url(plain, "http", "/echo")}};
            assert_int_equal(sp_fiber_start(loop, run_job, &jobs[i], NULL), SP_OK);
        }
        sp_loop_run_all(loop);
        for (int i = 0; i < JOBS; i++)
            assert_int_equal(jobs[i].status, SP_OK);
    }
    sp_http_client_counts(client, &counts);
    assert_int_equal(counts.fetches, 3 * JOBS);
    assert_in_range(counts.connects, 1, 3);
    jobs[0].request.fresh_connection = true;
    assert_int_equal(fetch(&jobs[0]), SP_OK);
    uint64_t before = counts.connects;
    sp_http_client_counts(client, &counts);
    assert_int_equal(counts.connects, before + 1);
    sp_http_client_free(client);
}

static void a_connection_that_the_server_closed_is_replaced(void **state)
{
    struct job job = {
        .client = client_with((struct sp_http_client_options){0}),
        .request = {.method = SP_STR("POST"), .url = url(plain, "http", "/closing"), .body = SP_STR("x")}};
    for (int i = 0; i < 5; i++)
        assert_int_equal(fetch(&job), SP_OK);
    sp_http_client_free(job.client);
}

static void no_more_fetches_than_allowed_are_under_way(void **state)
{
    struct sp_http_client *client = client_with((struct sp_http_client_options){.max_fetches = 2});
    struct job jobs[3];
    for (int i = 0; i < 3; i++) {
        jobs[i] =
            (struct job){.client = client, .request = {.url = url(plain, "http", i ? "/echo" : "/status")}};
        assert_int_equal(sp_fiber_start(loop, run_job, &jobs[i], NULL), SP_OK);
    }
    assert_true(jobs[2].done);
    assert_int_equal(jobs[2].status, SP_ELIMIT);
    sp_loop_run_all(loop);
    assert_int_equal(jobs[0].status, SP_OK);
    assert_int_equal(jobs[1].status, SP_OK);
    sp_http_client_free(client);
}

/* ---- proxy and environment ---- */

static void the_environment_counts_for_nothing(void **state)
{
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("https_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    struct job job = {.client = client_with((struct sp_http_client_options){0}),
                      .request = {.url = url(plain, "http", "/echo")}};
    assert_int_equal(fetch(&job), SP_OK);
    unsetenv("http_proxy");
    unsetenv("https_proxy");
    unsetenv("ALL_PROXY");
    setenv("no_proxy", "*", 1);
    struct job through = {.client = client_with((struct sp_http_client_options){
                              .proxy_url = sp_arena_printf(&arena, "http://localhost:%u", proxy),
                              .proxy_user = SP_STR("pu"),
                              .proxy_password = SP_STR("pp")}),
                          .request = {.url = SP_STR("http://far.example.com/x")}};
    assert_int_equal(fetch(&through), SP_OK);
    assert_has(through.response.body, "GET http://far.example.com/x\n");
    assert_has(through.response.body, "Proxy-Authorization: Basic cHU6cHA=\n");
    assert_has(through.response.body, "through the proxy");
    unsetenv("no_proxy");
    sp_http_client_free(job.client);
    sp_http_client_free(through.client);
}

static SSL_CTX *trusting(const char *key)
{
    char path[4096];
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    snprintf(path, sizeof path, "%s/ca.pem", directory);
    assert_int_equal(SSL_CTX_load_verify_locations(context, path, NULL), 1);
    if (key) {
        snprintf(path, sizeof path, "%s/%s", directory, key);
        assert_int_equal(SSL_CTX_use_certificate_chain_file(context, path), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey_file(context, path, SSL_FILETYPE_PEM), 1);
    }
    return context;
}

static void tls_goes_through_a_proxy_and_around_it(void **state)
{
    SSL_CTX *context = trusting(NULL);
    struct sp_http_client_options options = {
        .ssl_ctx = context, .proxy_url = sp_arena_printf(&arena, "http://127.0.0.1:%u", proxy)};
    struct job job = {.client = client_with(options), .request = {.url = url(tls, "https", "/echo")}};
    assert_int_equal(fetch(&job), SP_OK);
    assert_null(sp_fetch_header(&job.response, "X-Proxy").ptr);
    sp_http_client_free(job.client);
    options.proxy_url = SP_STR("http://127.0.0.1:1");
    options.no_proxy = SP_STR("example.com,localhost");
    job.client = client_with(options);
    assert_int_equal(fetch(&job), SP_OK);
    sp_http_client_free(job.client);
    SSL_CTX_free(context);
}

static void a_proxy_that_cannot_be_one_is_refused(void **state)
{
    static const char *const proxies[] = {"proxy", "socks5://proxy", "https://proxy", "http://u:p@proxy"};
    struct sp_http_client *client = NULL;
    for (size_t i = 0; i < sizeof proxies / sizeof *proxies; i++) {
        struct sp_error err = SP_ERROR_INIT;
        struct sp_http_client_options options = {.proxy_url = sp_str_of(proxies[i])};
        assert_int_not_equal(sp_http_client_new(loop, &options, &client, &err), SP_OK);
        assert_null(client);
        assert_has(sp_str_of(err.text), "proxy");
    }
}

/* ---- TLS ---- */

static void a_server_is_trusted_by_authority_and_name(void **state)
{
    SSL_CTX *context = trusting(NULL), *nobody = SSL_CTX_new(TLS_client_method());
    struct job job = {.client = client_with((struct sp_http_client_options){.ssl_ctx = context}),
                      .request = {.url = url(tls, "https", "/echo")}};
    assert_int_equal(fetch(&job), SP_OK);
    assert_has_not(job.response.body, "certificate:");
    job.request.url = url(other, "https", "/echo");
    assert_int_equal(fetch(&job), SP_EDENIED);
    job.request.any_host_name = true;
    assert_int_equal(fetch(&job), SP_OK);
    /* The connection that was made without looking at the name serves nobody else. */
    job.request.any_host_name = false;
    assert_int_equal(fetch(&job), SP_EDENIED);
    sp_http_client_free(job.client);
    job.client = client_with((struct sp_http_client_options){.ssl_ctx = nobody});
    job.request.url = url(tls, "https", "/echo");
    assert_int_equal(fetch(&job), SP_EDENIED);
    job.request.any_host_name = true;
    assert_int_equal(fetch(&job), SP_EDENIED);
    job.request.url = url(plain, "https", "/echo");
    assert_int_equal(fetch(&job), SP_EPROTO);
    sp_http_client_free(job.client);
    assert_int_equal(ERR_peek_error(), 0); /* what failed is nobody else's failure */
    SSL_CTX_free(context);
    SSL_CTX_free(nobody);
}

static void a_client_presents_its_key(void **state)
{
    SSL_CTX *context = trusting("client.pem");
    struct job job = {.client = client_with((struct sp_http_client_options){.ssl_ctx = context}),
                      .request = {.url = url(tls, "https", "/echo")}};
    SSL_CTX_free(context);
    assert_int_equal(fetch(&job), SP_OK);
    assert_has(job.response.body, "certificate: client");
    sp_http_client_free(job.client);
}

static void versions_of_the_context_count(void **state)
{
    SSL_CTX *context = trusting(NULL);
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
    assert_int_equal(SSL_CTX_set_cipher_list(context, "ECDHE-RSA-AES128-GCM-SHA256"), 1);
    struct job job = {.client = client_with((struct sp_http_client_options){.ssl_ctx = context}),
                      .request = {.url = url(tls, "https", "/echo")}};
    assert_int_equal(fetch(&job), SP_EPROTO); /* the server's key is not RSA */
    sp_http_client_free(job.client);
    SSL_CTX_free(context);
}

static void http2_is_spoken_where_it_is_offered(void **state)
{
    enum { JOBS = 20 };
    struct job jobs[JOBS];
    struct sp_http_client_counts counts;
    SSL_CTX *context = trusting(NULL);
    if (!http2) {
        SSL_CTX_free(context);
        print_message("nginx did not start: nothing to speak HTTP/2 with\n");
        skip();
    }
    struct sp_http_client *client = client_with((struct sp_http_client_options){.ssl_ctx = context});
    jobs[0] = (struct job){.client = client, .request = {.url = url(http2, "https", "/")}};
    assert_int_equal(fetch(&jobs[0]), SP_OK);
    assert_true(sp_str_is(jobs[0].response.body, "HTTP/2.0 GET"));
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = (struct job){.client = client, .request = {.url = url(http2, "https", "/")}};
        assert_int_equal(sp_fiber_start(loop, run_job, &jobs[i], NULL), SP_OK);
    }
    sp_loop_run_all(loop);
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(jobs[i].status, SP_OK);
    sp_http_client_counts(client, &counts);
    assert_int_equal(counts.connects, 1);
    sp_http_client_free(client);
    client = client_with((struct sp_http_client_options){.ssl_ctx = context, .http1_only = true});
    jobs[0].client = client;
    assert_int_equal(fetch(&jobs[0]), SP_OK);
    assert_true(sp_str_is(jobs[0].response.body, "HTTP/1.1 GET"));
    sp_http_client_free(client);
    SSL_CTX_free(context);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_request_arrives_as_it_was_given),
        TEST(methods_arrive_with_and_without_body),
        TEST(every_status_is_an_answer_and_redirects_are_not_followed),
        TEST(a_chunked_answer_has_the_headers_of_the_final_response),
        TEST(a_body_may_be_as_long_as_allowed_and_no_longer),
        TEST(a_broken_answer_is_an_error_of_its_own_kind),
        TEST(nobody_there_is_unavailable),
        TEST(what_cannot_be_sent_is_refused_before),
        TEST(a_slow_server_ends_at_the_deadline),
        TEST(a_fetch_ends_when_its_fiber_or_its_client_does),
        TEST(connections_are_used_again_and_limited),
        TEST(a_connection_that_the_server_closed_is_replaced),
        TEST(no_more_fetches_than_allowed_are_under_way),
        TEST(the_environment_counts_for_nothing),
        TEST(tls_goes_through_a_proxy_and_around_it),
        TEST(a_proxy_that_cannot_be_one_is_refused),
        TEST(a_server_is_trusted_by_authority_and_name),
        TEST(a_client_presents_its_key),
        TEST(versions_of_the_context_count),
        TEST(http2_is_spoken_where_it_is_offered),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
