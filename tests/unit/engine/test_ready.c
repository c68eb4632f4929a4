/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/ready.h"

static void set_fd(int fd)
{
    char text[16];
    snprintf(text, sizeof text, "%d", fd);
    setenv(SP_READY_FD_VARIABLE, text, 1);
}

static int read_some(int fd, char *ret_text, size_t size)
{
    ssize_t n = read(fd, ret_text, size - 1);
    ret_text[n > 0 ? n : 0] = '\0';
    return (int)n;
}

static int make_pipe(int ends[2])
{
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    set_fd(ends[1]);
    unsetenv("NOTIFY_SOCKET");
    return ends[0];
}

static void the_pipe_hears_of_readiness(void **state)
{
    int ends[2];
    char text[64];
    int from = make_pipe(ends);
    sp_ready_capture();
    sp_ready_announce();
    read_some(from, text, sizeof text);
    assert_string_equal(text, "ready\n");
    sp_ready_failed("the port is taken");
    read_some(from, text, sizeof text);
    assert_string_equal(text, "failed the port is taken\n");
    close(ends[0]);
    close(ends[1]);
}

static void a_pipe_without_reader_is_no_harm(void **state)
{
    int ends[2];
    make_pipe(ends);
    sp_ready_capture();
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    sp_ready_announce();
    sp_ready_announce();
    close(ends[1]);
}

static void numbers_that_are_no_descriptor_are_ignored(void **state)
{
    const char *wrong[] = {"", "1", "2", "-1", "3x", "1024", "99999999999999999999"};
    int ends[2], saved[2] = {dup(1), dup(2)};
    char text[64];
    int from = make_pipe(ends);
    fflush(stdout);
    dup2(ends[1], 1);
    dup2(ends[1], 2);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        setenv(SP_READY_FD_VARIABLE, wrong[i], 1);
        sp_ready_capture();
        sp_ready_announce();
    }
    unsetenv(SP_READY_FD_VARIABLE);
    sp_ready_capture();
    sp_ready_announce();
    dup2(saved[0], 1);
    dup2(saved[1], 2);
    assert_int_equal(read_some(from, text, sizeof text), -1);
    for (size_t i = 0; i < 2; i++) {
        close(saved[i]);
        close(ends[i]);
    }
}

static void listen_at(const char *name, int *ret_fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(name);
    memcpy(address.sun_path, name, len);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    *ret_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(
        bind(*ret_fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
        0);
    setenv("NOTIFY_SOCKET", name, 1);
    unsetenv(SP_READY_FD_VARIABLE);
}

static void systemd_hears_of_readiness(void **state)
{
    char directory[] = "/tmp/sallyport-ready-XXXXXX", path[64], abstract[64], text[64];
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/notify", directory);
    snprintf(abstract, sizeof abstract, "@sallyport-ready-%ld", (long)getpid());
    const char *names[] = {path, abstract};
    for (size_t i = 0; i < 2; i++) {
        int fd;
        listen_at(names[i], &fd);
        sp_ready_capture();
        sp_ready_announce();
        read_some(fd, text, sizeof text);
        assert_string_equal(text, "READY=1");
        close(fd);
    }
    unlink(path);
    rmdir(directory);
}

static void notify_addresses_that_are_none_are_ignored(void **state)
{
    char longest[256];
    memset(longest, 'a', sizeof longest - 1);
    longest[0] = '/';
    longest[sizeof longest - 1] = '\0';
    const char *wrong[] = {"", "/", "@", "relative", longest};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        setenv("NOTIFY_SOCKET", wrong[i], 1);
        sp_ready_capture();
        sp_ready_announce();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pipe_hears_of_readiness),
        cmocka_unit_test(a_pipe_without_reader_is_no_harm),
        cmocka_unit_test(numbers_that_are_no_descriptor_are_ignored),
        cmocka_unit_test(systemd_hears_of_readiness),
        cmocka_unit_test(notify_addresses_that_are_none_are_ignored),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
