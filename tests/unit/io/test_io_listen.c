/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
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

static struct sp_loop *loop;
static char directory[64], socket_path[100];

struct service {
    int begun, ended;
    enum sp_status last;
    char peer[128];
};

static enum sp_status one_line(void *arg, struct sp_str have, size_t *ret_frame_len)
{
    size_t end = sp_str_find(have, '\n');
    *ret_frame_len = end < have.len ? end + 1 : 0;
    return SP_OK;
}

static void echo_lines(void *arg, struct sp_stream *stream)
{
    struct service *service = arg;
    struct sp_str line;
    service->begun++;
    snprintf(service->peer, sizeof service->peer, "%s", sp_stream_peer(stream));
    while ((service->last = io_stream_read_frame(stream, one_line, NULL, 100, 0, &line)) == SP_OK)
        if ((service->last = io_stream_write(stream, line, 0)) != SP_OK)
            break;
    sp_stream_give_back(stream, true);
    service->ended++;
}

static int set_up(void **state)
{
    snprintf(directory, sizeof directory, "/tmp/sallyport-test-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(socket_path, sizeof socket_path, "%s/socket", directory);
    assert_int_equal(sp_loop_new(NULL, &loop, NULL), SP_OK);
    return 0;
}

static int tear_down(void **state)
{
    sp_loop_free(loop);
    unlink(socket_path);
    return rmdir(directory);
}

static struct sp_listener *listen_on(struct sp_listener_options options, struct service *service)
{
    struct sp_listener *listener = NULL;
    struct sp_error err = SP_ERROR_INIT;
    if (!options.address.host && !options.address.unix_path)
        options.address.host = "127.0.0.1";
    if (sp_listener_new(loop, &options, echo_lines, service, &listener, &err) != SP_OK)
        fail_msg("%s", err.text);
    return listener;
}

static int dial(unsigned port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_in in = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    (void)!connect(fd, (struct sockaddr *)&in, sizeof in);
    return fd;
}

static bool answers(int fd)
{
    char line[8];
    if (write(fd, "line\n", 5) != 5)
        return false;
    for (int i = 0; i < 1000; i++) {
        ssize_t n = read(fd, line, sizeof line);
        if (n >= 0)
            return n == 5 && memcmp(line, "line\n", 5) == 0;
        sp_loop_run_once(loop, 1);
    }
    return false;
}

static void each_connection_has_its_fiber(void **state)
{
    struct service service = {0};
    struct sp_listener *listener = listen_on((struct sp_listener_options){0}, &service);
    unsigned port = sp_listener_port(listener);
    assert_true(port > 0);
    int fd[3];
    for (int i = 0; i < 3; i++)
        fd[i] = dial(port);
    for (int i = 2; i >= 0; i--)
        assert_true(answers(fd[i]));
    assert_int_equal(service.begun, 3);
    assert_int_equal(sp_listener_connections(listener), 3);
    assert_memory_equal(service.peer, "127.0.0.1:", 10);
    for (int i = 0; i < 3; i++)
        close(fd[i]);
    TURN_UNTIL(service.ended == 3);
    assert_int_equal(service.last, SP_ECLOSED);
    assert_int_equal(sp_listener_connections(listener), 0);
    sp_listener_free(listener);
}

static void connections_beyond_the_limit_wait_in_the_queue(void **state)
{
    struct service service = {0};
    struct sp_listener *listener = listen_on((struct sp_listener_options){.max_connections = 2}, &service);
    unsigned port = sp_listener_port(listener);
    int a = dial(port), b = dial(port), c = dial(port);
    assert_true(answers(a));
    assert_true(answers(b));
    for (int i = 0; i < 5; i++)
        sp_loop_run_once(loop, 1);
    assert_int_equal(service.begun, 2);
    close(a);
    TURN_UNTIL(service.begun == 3);
    assert_true(answers(c));
    close(b);
    close(c);
    sp_listener_free(listener);
    TURN_UNTIL(sp_loop_fibers(loop) == 0);
}

static void stopping_lets_connections_go_on_and_freeing_ends_them(void **state)
{
    struct service service = {0};
    struct sp_listener *listener = listen_on((struct sp_listener_options){0}, &service);
    unsigned port = sp_listener_port(listener);
    int fd = dial(port);
    assert_true(answers(fd));
    sp_listener_stop(listener);
    assert_int_equal(sp_listener_port(listener), 0);
    assert_true(answers(fd));
    int refused = dial(port);
    struct pollfd p = {.fd = refused, .events = POLLOUT};
    assert_int_equal(poll(&p, 1, 2000), 1);
    assert_true(p.revents & (POLLERR | POLLHUP));
    sp_listener_free(listener);
    TURN_UNTIL(service.ended == 1);
    assert_int_equal(service.last, SP_ECANCELED);
    char byte;
    assert_int_equal(read(fd, &byte, 1), 0);
    close(refused);
    close(fd);
}

static void a_port_in_use_is_told(void **state)
{
    struct service service = {0};
    struct sp_listener *listener = listen_on((struct sp_listener_options){0}, &service), *second = NULL;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_listener_options options = {
        .address = {.host = "127.0.0.1", .port = sp_listener_port(listener)}};
    char address[40];
    snprintf(address, sizeof address, "127.0.0.1:%u", options.address.port);
    assert_int_equal(sp_listener_new(loop, &options, echo_lines, NULL, &second, &err), SP_EEXISTS);
    assert_non_null(strstr(err.text, address));
    options.address = (struct sp_stream_address){.host = "127.0.0.1", .port = 65536};
    assert_int_equal(sp_listener_new(loop, &options, echo_lines, NULL, &second, &err), SP_EINVAL);
    options.address = (struct sp_stream_address){.host = "127.0.0.256"};
    assert_int_equal(sp_listener_new(loop, &options, echo_lines, NULL, &second, &err), SP_EINVAL);
    assert_null(second);
    sp_listener_free(listener);
    sp_listener_free(NULL);
}

struct caller {
    struct sp_stream_pool *pool;
    enum sp_status status;
    bool done;
};

static void call_once(void *arg)
{
    struct caller *caller = arg;
    struct sp_stream *stream = NULL;
    struct sp_str line;
    caller->status = io_stream_borrow(caller->pool, 0, &stream, NULL, NULL);
    if (caller->status == SP_OK)
        caller->status = io_stream_write(stream, SP_STR("by path\n"), 0);
    if (caller->status == SP_OK)
        caller->status = io_stream_read_frame(stream, one_line, NULL, 100, 0, &line);
    sp_stream_give_back(stream, caller->status == SP_OK);
    caller->done = true;
}

static void local_sockets_work_and_their_file_goes(void **state)
{
    struct service service = {0};
    struct sp_listener_options options = {.address = {.unix_path = socket_path}};
    struct sp_listener *listener = listen_on(options, &service), *second = NULL;
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(sp_listener_new(loop, &options, echo_lines, NULL, &second, &err), SP_EEXISTS);

    struct sp_stream_pool_options pool_options = {.address = {.unix_path = socket_path}, .max_streams = 3};
    struct caller caller[20] = {0};
    struct sp_stream_pool *pool = NULL;
    assert_int_equal(sp_stream_pool_new(loop, &pool_options, &pool, &err), SP_OK);
    for (int i = 0; i < 20; i++) {
        caller[i].pool = pool;
        assert_int_equal(sp_fiber_start(loop, call_once, &caller[i], NULL), SP_OK);
    }
    for (int i = 0; i < 20; i++) {
        TURN_UNTIL(caller[i].done);
        assert_int_equal(caller[i].status, SP_OK);
    }
    sp_stream_pool_free(pool);
    sp_listener_free(listener);
    assert_int_equal(access(socket_path, F_OK), -1);
}

static void a_socket_that_was_left_behind_is_replaced_and_nothing_else(void **state)
{
    struct service service = {0};
    struct sp_listener_options options = {.address = {.unix_path = socket_path}};
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    snprintf(addr.sun_path, sizeof addr.sun_path, "%s", socket_path);
    int left = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(left, (struct sockaddr *)&addr, sizeof addr), 0);
    close(left);
    sp_listener_free(listen_on(options, &service));

    int plain = open(socket_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(plain >= 0);
    close(plain);
    struct sp_listener *listener = NULL;
    assert_int_equal(sp_listener_new(loop, &options, echo_lines, NULL, &listener, NULL), SP_EEXISTS);
    assert_int_equal(access(socket_path, F_OK), 0);
}

/* When descriptors are short, accepting pauses and goes on by itself. */
static void accepting_goes_on_after_a_shortage_of_descriptors(void **state)
{
    struct service service = {0};
    struct sp_listener *listener = listen_on((struct sp_listener_options){0}, &service);
    int fd = dial(sp_listener_port(listener)), spare = dup(fd);
    struct rlimit before, tight;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    tight = before;
    tight.rlim_cur = (rlim_t)spare;
    close(spare);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    int64_t from = sp_clock_monotonic_us();
    int spins = 0;
    while (sp_clock_monotonic_us() < from + 30000) {
        sp_loop_run_once(loop, 10);
        spins++;
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(service.begun, 0);
    assert_true(spins < 50);
    assert_true(answers(fd));
    close(fd);
    sp_listener_free(listener);
    TURN_UNTIL(sp_loop_fibers(loop) == 0);
}

#define IO_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IO_TEST(each_connection_has_its_fiber),
        IO_TEST(connections_beyond_the_limit_wait_in_the_queue),
        IO_TEST(stopping_lets_connections_go_on_and_freeing_ends_them),
        IO_TEST(a_port_in_use_is_told),
        IO_TEST(local_sockets_work_and_their_file_goes),
        IO_TEST(a_socket_that_was_left_behind_is_replaced_and_nothing_else),
        IO_TEST(accepting_goes_on_after_a_shortage_of_descriptors),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
