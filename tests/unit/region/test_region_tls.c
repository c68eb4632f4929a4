/* SPDX-License-Identifier: Apache-2.0
 * A region that wants a certificate of its gateways.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "text/region_frame.h"

static char directory[] = "/tmp/sallyport-region-tls-XXXXXX";
static pid_t region;
static unsigned port;

/* Region and gateway each have a certificate that issued itself; each trusts the other's. */
static int make_files(void **state)
{
    char command[2048];
    const char *yaml = getenv("SALLYPORT_REGION_YAML");
    if (!mkdtemp(directory) || !yaml)
        return -1;
    snprintf(
        command, sizeof command,
        "cd %s && for i in region gateway; do openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
        "-nodes -days 2 -subj /CN=$i -addext subjectAltName=IP:127.0.0.1 -keyout $i.key -out $i.pem "
        "2>/dev/null || exit 1; done; "
        "sed 's#^region:#region:\\n  modules: %.*s/modules\\n  tlsCertificate: %s/region.pem\\n  tlsKey: "
        "%s/region.key\\n  tlsClientTrust: %s/gateway.pem#' %s > region.yaml",
        directory, (int)(strrchr(yaml, '/') - yaml), yaml, directory, directory, directory, yaml);
    return system(command);
}

static int start_region(void **state)
{
    int ends[2];
    char line[1024], path[128];
    const char *program = getenv("SALLYPORT_REGION");
    if (make_files(state) != 0 || !program || pipe(ends) != 0)
        return -1;
    snprintf(path, sizeof path, "%s/region.yaml", directory);
    fflush(stdout);
    region = fork();
    if (region == 0) {
        dup2(ends[1], 2);
        close(ends[0]);
        close(ends[1]);
        execl(program, program, "run", path, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    FILE *log = fdopen(ends[0], "r"); /* open as long as the region lives */
    while (fgets(line, sizeof line, log)) {
        char *at = strstr(line, "listens on 127.0.0.1:");
        if (at && strstr(at, " with TLS")) {
            port = (unsigned)strtoul(at + strlen("listens on 127.0.0.1:"), NULL, 10);
            return 0;
        }
    }
    return -1;
}

static int stop_region(void **state)
{
    char command[128];
    int status = -1;
    if (region > 0) {
        kill(region, SIGTERM);
        waitpid(region, &status, 0);
    }
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command) == 0 && status == 0 ? 0 : -1;
}

static SSL *dial(SSL_CTX *context)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    SSL *ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    return ssl;
}

static void hang_up(SSL *ssl)
{
    close(SSL_get_fd(ssl));
    SSL_free(ssl);
}

/* The region's HELLO; false when it does not come. */
static bool greet(SSL *ssl)
{
    struct sp_buf buf;
    struct sp_region_hello hello = {.applid = SP_STR("SALLYPRT")}, theirs;
    unsigned char room[512];
    sp_buf_init(&buf, 256);
    assert_int_equal(sp_region_hello_write(&buf, &hello), SP_OK);
    int n = SSL_write(ssl, buf.ptr, (int)buf.len) > 0 ? SSL_read(ssl, room, sizeof room) : -1;
    sp_buf_finish(&buf);
    return n > 0 && sp_region_hello_read(sp_str_from(room, (size_t)n), &theirs, NULL) == SP_OK &&
           sp_str_is(theirs.applid, "CICSTEST");
}

static SSL_CTX *client(const char *name)
{
    char path[128];
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    snprintf(path, sizeof path, "%s/region.pem", directory);
    assert_int_equal(SSL_CTX_load_verify_file(context, path), 1);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (!name)
        return context;
    snprintf(path, sizeof path, "%s/%s.pem", directory, name);
    assert_int_equal(SSL_CTX_use_certificate_file(context, path, SSL_FILETYPE_PEM), 1);
    snprintf(path, sizeof path, "%s/%s.key", directory, name);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(context, path, SSL_FILETYPE_PEM), 1);
    return context;
}

static void a_gateway_with_its_certificate_is_let_in(void **state)
{
    SSL_CTX *context = client("gateway");
    SSL *ssl = dial(context);
    assert_int_equal(SSL_connect(ssl), 1);
    assert_true(greet(ssl));
    hang_up(ssl);
    SSL_CTX_free(context);
}

static void one_without_or_with_another_is_not(void **state)
{
    static const char *const names[] = {NULL, "region"};
    for (size_t i = 0; i < 2; i++) {
        SSL_CTX *context = client(names[i]);
        SSL *ssl = dial(context);
        /* In TLS 1.3 the client learns of it with the first thing it reads. */
        assert_false(SSL_connect(ssl) == 1 && greet(ssl));
        hang_up(ssl);
        SSL_CTX_free(context);
    }
}

static void plain_text_and_old_versions_are_not_spoken(void **state)
{
    SSL_CTX *context = client("gateway");
    SSL *ssl = dial(context);
    char byte;
    assert_true(send(SSL_get_fd(ssl), "SPRG\1\6\0\0\0\0\0\30\0\0\0\0\0\0\0\0\0\0\0\0", 24, 0) == 24);
    while (recv(SSL_get_fd(ssl), &byte, 1, 0) > 0)
        assert_int_not_equal(byte, 'S'); /* an alert at most */
    hang_up(ssl);
    SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
    SSL_CTX_set_cipher_list(context, "DEFAULT@SECLEVEL=0");
    ssl = dial(context);
    assert_int_not_equal(SSL_connect(ssl), 1);
    hang_up(ssl);
    SSL_CTX_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gateway_with_its_certificate_is_let_in),
        cmocka_unit_test(one_without_or_with_another_is_not),
        cmocka_unit_test(plain_text_and_old_versions_are_not_spoken),
    };
    signal(SIGPIPE, SIG_IGN);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, start_region, stop_region);
}
