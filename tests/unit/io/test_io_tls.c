/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/fiber.h"
#include "io/listen.h"
#include "io/loop.h"

#define TURN_UNTIL(condition)                                                       \
    for (int64_t until_limit = sp_clock_monotonic_us() + 10000000; !(condition);) { \
        assert_true(sp_clock_monotonic_us() < until_limit);                         \
        sp_loop_run_once(loop, 1);                                                  \
    }

/* Keys and certificates, made for this run. */

struct identity {
    EVP_PKEY *key;
    X509 *certificate;
};

static struct identity authority, stranger, server_identity, expired_identity, client_identity;

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static struct identity make_identity(const char *name, const char *alternative_names,
                                     const struct identity *issuer, long until_seconds)
{
    static long serial = 1;
    struct identity id = {.key = EVP_EC_gen("P-256"), .certificate = X509_new()};
    assert_non_null(id.key);
    X509_set_version(id.certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(id.certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(id.certificate), -86400);
    X509_gmtime_adj(X509_getm_notAfter(id.certificate), until_seconds);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(id.certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_pubkey(id.certificate, id.key);
    const struct identity *signer = issuer ? issuer : &id;
    X509_set_issuer_name(id.certificate, X509_get_subject_name(signer->certificate));
    add_extension(id.certificate, signer->certificate, NID_basic_constraints,
                  issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
    if (alternative_names)
        add_extension(id.certificate, signer->certificate, NID_subject_alt_name, alternative_names);
    assert_true(X509_sign(id.certificate, signer->key, EVP_sha256()) > 0);
    return id;
}

static void drop_identity(struct identity *id)
{
    EVP_PKEY_free(id->key);
    X509_free(id->certificate);
}

static int make_identities(void **state)
{
    authority = make_identity("Test CA", NULL, NULL, 86400);
    stranger = make_identity("Another CA", NULL, NULL, 86400);
    server_identity =
        make_identity("server", "DNS:backend.test,DNS:*.wild.test,IP:127.0.0.1", &authority, 86400);
    expired_identity = make_identity("server", "DNS:backend.test", &authority, -3600);
    client_identity = make_identity("client", NULL, &authority, 86400);
    return 0;
}

static int drop_identities(void **state)
{
    drop_identity(&authority);
    drop_identity(&stranger);
    drop_identity(&server_identity);
    drop_identity(&expired_identity);
    drop_identity(&client_identity);
    return 0;
}

static void use_identity(SSL_CTX *ctx, const struct identity *id)
{
    assert_int_equal(SSL_CTX_use_certificate(ctx, id->certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(ctx, id->key), 1);
}

static char seen_sni[100];

static int see_sni(SSL *ssl, int *alert, void *arg)
{
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    snprintf(seen_sni, sizeof seen_sni, "%s", name ? name : "(none)");
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *server_ctx(const struct identity *id)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    assert_non_null(ctx);
    use_identity(ctx, id);
    SSL_CTX_set_tlsext_servername_callback(ctx, see_sni);
    return ctx;
}

/* Its verify mode stays SSL_VERIFY_NONE, OpenSSL's default: streams verify all the same. */
static SSL_CTX *client_ctx(const struct identity *trusted)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    assert_non_null(ctx);
    assert_int_equal(X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), trusted->certificate), 1);
    return ctx;
}

/* The server side: echoes frames; 'q' closes TLS properly behind the answer, 'k' only the socket, 'h' half a
 * frame and the socket. */

static struct sp_loop *loop;
static int served;

static enum sp_status frame_length(void *arg, struct sp_str have, size_t *ret_frame_len)
{
    if (have.len >= 4)
        *ret_frame_len = sp_get_u32((const unsigned char *)have.ptr);
    return SP_OK;
}

static void serve(void *arg, struct sp_stream *stream)
{
    struct sp_str frame;
    char command = 0;
    while (command != 'q' && command != 'k' && command != 'h' &&
           io_stream_read_frame(stream, frame_length, NULL, 4u << 20, 0, &frame) == SP_OK) {
        command = frame.ptr[4];
        served++;
        if (command == 'h')
            frame.len /= 2;
        if (io_stream_write(stream, frame, 0) != SP_OK)
            break;
    }
    sp_stream_give_back(stream, command == 'q');
}

struct side {
    SSL_CTX *server, *client;
    struct sp_listener *listener;
    struct sp_stream_pool *pool;
};

static struct sp_stream_pool *new_pool(SSL_CTX *ctx, unsigned port, const char *tls_host)
{
    struct sp_stream_pool_options options = {.address = {.host = "127.0.0.1", .port = port},
                                             .ssl_ctx = ctx,
                                             .tls_host = tls_host,
                                             .connect_timeout_us = 5000000};
    struct sp_stream_pool *pool = NULL;
    assert_int_equal(sp_stream_pool_new(loop, &options, &pool, NULL), SP_OK);
    return pool;
}

static struct side open_side(const struct identity *server, const struct identity *trusted,
                             const char *tls_host)
{
    struct side side = {.server = server_ctx(server), .client = client_ctx(trusted)};
    struct sp_listener_options options = {.address = {.host = "127.0.0.1"}, .ssl_ctx = side.server};
    assert_int_equal(sp_loop_new(NULL, &loop, NULL), SP_OK);
    assert_int_equal(sp_listener_new(loop, &options, serve, NULL, &side.listener, NULL), SP_OK);
    side.pool = new_pool(side.client, sp_listener_port(side.listener), tls_host);
    served = 0;
    seen_sni[0] = 0;
    return side;
}

static void close_side(struct side *side)
{
    sp_stream_pool_free(side->pool);
    sp_listener_free(side->listener);
    sp_loop_free(loop);
    SSL_CTX_free(side->server);
    SSL_CTX_free(side->client);
}

struct exchange {
    struct sp_stream_pool *pool;
    char command; /* 0: borrow and give back only */
    size_t len;
    struct sp_fiber *fiber;
    enum sp_status borrowed, status;
    bool reused, done;
    struct sp_error err;
};

static void exchange_fiber(void *arg)
{
    struct exchange *x = arg;
    struct sp_stream *stream = NULL;
    struct sp_str answer;
    x->fiber = sp_fiber_self();
    x->borrowed = x->status = io_stream_borrow(x->pool, 0, &stream, &x->reused, &x->err);
    char *request = malloc(x->len + 5);
    assert_non_null(request);
    memset(request, x->command, x->len + 5);
    sp_put_u32((unsigned char *)request, (uint32_t)(x->len + 5));
    if (x->status == SP_OK && x->command) {
        x->status = io_stream_write(stream, sp_str_from(request, x->len + 5), 0);
        if (x->status == SP_OK)
            x->status = io_stream_read_frame(stream, frame_length, NULL, 4u << 20, 0, &answer);
        if (x->status == SP_OK)
            assert_true(sp_str_eq(answer, sp_str_from(request, x->len + 5)));
    }
    sp_stream_give_back(stream, x->status == SP_OK);
    free(request);
    x->done = true;
}

static void begin(struct exchange *x)
{
    x->done = false;
    sp_error_clear(&x->err);
    assert_int_equal(sp_fiber_start(loop, exchange_fiber, x, NULL), SP_OK);
}

static void run(struct exchange *x)
{
    begin(x);
    TURN_UNTIL(x->done);
}

static unsigned open_of(const struct sp_stream_pool *pool)
{
    struct sp_stream_pool_counts counts;
    sp_stream_pool_counts(pool, &counts);
    return counts.open;
}

static void exchanges_over_tls_reuse_the_connection(void **state)
{
    struct side side = open_side(&server_identity, &authority, "backend.test");
    struct exchange x = {.pool = side.pool, .command = 'e', .len = 10};
    for (int i = 0; i < 4; i++) {
        run(&x);
        if (x.status != SP_OK)
            fail_msg("%s", x.err.text);
        assert_int_equal(x.reused, i > 0);
    }
    assert_string_equal(seen_sni, "backend.test");
    x.len = 3u << 20; /* many records, and writing has to wait */
    run(&x);
    assert_int_equal(x.status, SP_OK);
    assert_int_equal(open_of(side.pool), 1);
    close_side(&side);
}

static void a_wildcard_and_an_address_are_verified_too(void **state)
{
    struct side side = open_side(&server_identity, &authority, "one.wild.test");
    struct exchange x = {.pool = side.pool, .command = 'e'};
    run(&x);
    assert_int_equal(x.status, SP_OK);
    sp_stream_pool_free(side.pool);
    side.pool = new_pool(side.client, sp_listener_port(side.listener), NULL);
    x.pool = side.pool;
    run(&x);
    assert_int_equal(x.status, SP_OK);
    assert_string_equal(seen_sni, "(none)"); /* an address is not a name */
    close_side(&side);
}

static void expect_refused(const struct identity *server, const struct identity *trusted, const char *host,
                           const char *reason)
{
    struct side side = open_side(server, trusted, host);
    struct exchange x = {.pool = side.pool, .command = 'e'};
    run(&x);
    assert_int_equal(x.borrowed, SP_EDENIED);
    assert_non_null(strstr(x.err.text, "127.0.0.1:"));
    if (!strstr(x.err.text, reason))
        fail_msg("\"%s\" does not say \"%s\"", x.err.text, reason);
    assert_int_equal(served, 0);
    assert_int_equal(open_of(side.pool), 0);
    close_side(&side);
}

static void a_certificate_for_another_host_is_refused(void **state)
{
    expect_refused(&server_identity, &authority, "other.test", "ostname mismatch");
    expect_refused(&server_identity, &authority, "a.b.wild.test", "ostname mismatch");
    expect_refused(&server_identity, &authority, "127.0.0.2", "IP address mismatch");
}

static void a_certificate_of_an_unknown_authority_is_refused(void **state)
{
    expect_refused(&server_identity, &stranger, "backend.test", "unable to get local issuer certificate");
}

static void an_expired_certificate_is_refused(void **state)
{
    expect_refused(&expired_identity, &authority, "backend.test", "certificate has expired");
}

static void a_later_connection_resumes_the_session(void **state)
{
    struct side side = open_side(&server_identity, &authority, "backend.test");
    struct exchange x = {.pool = side.pool, .command = 'q'};
    run(&x);
    run(&x);
    assert_int_equal(x.status, SP_OK);
    assert_false(x.reused);
    assert_int_equal(SSL_CTX_sess_hits(side.server), 1);
    close_side(&side);
}

/* TLS 1.3 servers send tickets after the handshake: bytes, but no data. */
static void tickets_do_not_close_an_idle_connection(void **state)
{
    struct side side = open_side(&server_identity, &authority, "backend.test");
    struct exchange x = {.pool = side.pool};
    run(&x);
    assert_int_equal(x.status, SP_OK);
    for (int i = 0; i < 20; i++)
        sp_loop_run_once(loop, 1);
    assert_int_equal(open_of(side.pool), 1);
    x.command = 'e';
    run(&x);
    assert_int_equal(x.status, SP_OK);
    assert_true(x.reused);
    close_side(&side);
}

static void a_peer_that_ends_is_noticed(void **state)
{
    struct side side = open_side(&server_identity, &authority, "backend.test");
    struct exchange x = {.pool = side.pool, .command = 'q'};
    run(&x);
    assert_int_equal(x.status, SP_OK);
    TURN_UNTIL(open_of(side.pool) == 0);
    x.command = 'k';
    run(&x);
    assert_int_equal(x.status, SP_OK);
    TURN_UNTIL(open_of(side.pool) == 0);
    x.command = 'h';
    run(&x);
    assert_int_equal(x.status, SP_ECLOSED);
    assert_int_equal(open_of(side.pool), 0);
    close_side(&side);
}

static void a_client_certificate_is_sent_when_the_context_has_one(void **state)
{
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        struct side side = open_side(&server_identity, &authority, "backend.test");
        SSL_CTX_set_min_proto_version(side.server, version);
        SSL_CTX_set_max_proto_version(side.server, version);
        assert_int_equal(X509_STORE_add_cert(SSL_CTX_get_cert_store(side.server), authority.certificate), 1);
        SSL_CTX_set_verify(side.server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        SSL_CTX_set_session_id_context(side.server, (const unsigned char *)"t", 1);
        struct exchange x = {.pool = side.pool, .command = 'e'};
        run(&x);
        assert_int_equal(x.status, SP_EPROTO);
        assert_int_equal(x.borrowed, version == TLS1_2_VERSION ? SP_EPROTO : SP_OK);
        assert_int_equal(served, 0);
        use_identity(side.client, &client_identity);
        run(&x);
        assert_int_equal(x.status, SP_OK);
        close_side(&side);
    }
}

static int bare_server(unsigned *ret_port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof in;
    assert_int_equal(bind(fd, (struct sockaddr *)&in, len), 0);
    assert_int_equal(listen(fd, 5), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    *ret_port = ntohs(in.sin_port);
    return fd;
}

static void a_peer_that_does_not_speak_tls_is_told_apart(void **state)
{
    struct side side = open_side(&server_identity, &authority, "backend.test");
    unsigned port;
    int server = bare_server(&port), fd;
    struct sp_stream_pool *pool = new_pool(side.client, port, "backend.test");
    struct exchange x = {.pool = pool, .command = 'e'};
    begin(&x);
    fd = accept(server, NULL, NULL);
    assert_int_equal(write(fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28), 28);
    TURN_UNTIL(x.done);
    assert_int_equal(x.borrowed, SP_EPROTO);
    assert_non_null(strstr(x.err.text, "handshake failed"));
    close(fd);

    begin(&x); /* one that closes */
    fd = accept(server, NULL, NULL);
    char hello[2000];
    TURN_UNTIL(recv(fd, hello, sizeof hello, MSG_DONTWAIT) > 0);
    close(fd);
    TURN_UNTIL(x.done);
    assert_int_equal(x.borrowed, SP_ECLOSED);

    begin(&x); /* one that says nothing */
    fd = accept(server, NULL, NULL);
    TURN_UNTIL(recv(fd, hello, sizeof hello, MSG_DONTWAIT) > 0);
    assert_false(x.done);
    sp_fiber_cancel(x.fiber);
    TURN_UNTIL(x.done);
    assert_int_equal(x.borrowed, SP_ECANCELED);
    close(fd);
    sp_stream_pool_free(pool);
    close(server);
    close_side(&side);
}

static void a_silent_handshake_is_given_up_by_both_sides(void **state)
{
    struct side side = open_side(&server_identity, &authority, "backend.test");
    unsigned port;
    int server = bare_server(&port);
    struct sp_stream_pool_options options = {
        .address = {.host = "127.0.0.1", .port = port}, .ssl_ctx = side.client, .connect_timeout_us = 10000};
    struct sp_stream_pool *pool = NULL;
    assert_int_equal(sp_stream_pool_new(loop, &options, &pool, NULL), SP_OK);
    struct exchange x = {.pool = pool, .command = 'e'};
    run(&x);
    assert_int_equal(x.borrowed, SP_ETIMEDOUT);
    assert_non_null(strstr(x.err.text, "handshake took too long"));
    sp_stream_pool_free(pool);
    close(server);

    struct sp_listener_options impatient = {
        .address = {.host = "127.0.0.1"}, .ssl_ctx = side.server, .handshake_timeout_us = 10000};
    struct sp_listener *listener = NULL;
    assert_int_equal(sp_listener_new(loop, &impatient, serve, NULL, &listener, NULL), SP_OK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)sp_listener_port(listener)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof in), 0);
    TURN_UNTIL(sp_listener_connections(listener) == 1);
    TURN_UNTIL(sp_listener_connections(listener) == 0);
    close(fd);
    sp_listener_free(listener);
    close_side(&side);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exchanges_over_tls_reuse_the_connection),
        cmocka_unit_test(a_wildcard_and_an_address_are_verified_too),
        cmocka_unit_test(a_certificate_for_another_host_is_refused),
        cmocka_unit_test(a_certificate_of_an_unknown_authority_is_refused),
        cmocka_unit_test(an_expired_certificate_is_refused),
        cmocka_unit_test(a_later_connection_resumes_the_session),
        cmocka_unit_test(tickets_do_not_close_an_idle_connection),
        cmocka_unit_test(a_peer_that_ends_is_noticed),
        cmocka_unit_test(a_client_certificate_is_sent_when_the_context_has_one),
        cmocka_unit_test(a_peer_that_does_not_speak_tls_is_told_apart),
        cmocka_unit_test(a_silent_handshake_is_given_up_by_both_sides),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_identities, drop_identities);
}
