/* SPDX-License-Identifier: Apache-2.0
 * The region as it is: supervisor, workers and COBOL programs, over TCP.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "text/region_frame.h"

static pid_t region;
static FILE *region_log;
static unsigned port;
static struct sp_arena arena;
static struct sp_error err;

struct gateway {
    int fd;
    struct sp_buf in; /* the last frame */
};

/* --- a gateway --------------------------------------------------------------------------------------- */

static bool receive(struct gateway *g, struct sp_str *ret_frame)
{
    size_t want = SP_REGION_HEADER_BYTES, length = 0;
    sp_buf_reset(&g->in);
    while (g->in.len < want) {
        unsigned char *room = sp_buf_reserve(&g->in, want - g->in.len);
        ssize_t n = recv(g->fd, room, want - g->in.len, 0);
        if (n <= 0)
            return false;
        g->in.len += (size_t)n;
        if (g->in.len == SP_REGION_HEADER_BYTES) {
            assert_int_equal(sp_region_frame_length(NULL, sp_buf_str(&g->in), &length), SP_OK);
            want = length;
        }
    }
    *ret_frame = sp_buf_str(&g->in);
    return true;
}

static void send_bytes(struct gateway *g, struct sp_str bytes)
{
    assert_int_equal(send(g->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL), bytes.len);
}

static void dial(struct gateway *g)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval patience = {.tv_sec = 30};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    g->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(g->fd, (struct sockaddr *)&address, sizeof address), 0);
    setsockopt(g->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sp_buf_init(&g->in, SP_REGION_FRAME_MAX);
}

static void say_hello(struct gateway *g, const char *applid)
{
    struct sp_buf buf;
    struct sp_region_hello hello = {.request_id = 1, .applid = sp_str_of(applid)};
    sp_buf_init(&buf, 4096);
    assert_int_equal(sp_region_hello_write(&buf, &hello), SP_OK);
    send_bytes(g, sp_buf_str(&buf));
    sp_buf_finish(&buf);
}

static void open_gateway_as(struct gateway *g, const char *applid)
{
    struct sp_region_hello hello;
    struct sp_str frame;
    dial(g);
    say_hello(g, applid);
    assert_true(receive(g, &frame));
    assert_int_equal(sp_region_hello_read(frame, &hello, &err), SP_OK);
    assert_true(sp_str_is(hello.applid, "CICSTEST") && sp_str_is(hello.networkid, "TESTNET"));
    assert_int_equal(hello.ccsid, 37);
}

static void open_gateway(struct gateway *g)
{
    open_gateway_as(g, "SALLYPRT");
}

static void close_gateway(struct gateway *g)
{
    close(g->fd);
    sp_buf_finish(&g->in);
}

static void send_link(struct gateway *g, const struct sp_region_link *link)
{
    struct sp_buf buf;
    sp_buf_init(&buf, SP_REGION_FRAME_MAX);
    assert_int_equal(sp_region_link_write(&buf, link), SP_OK);
    send_bytes(g, sp_buf_str(&buf));
    sp_buf_finish(&buf);
}

static void receive_answer(struct gateway *g, struct sp_region_answer *ret_answer)
{
    struct sp_str frame;
    assert_true(receive(g, &frame));
    if (sp_region_answer_read(frame, &arena, ret_answer, &err) != SP_OK)
        fail_msg("%s", err.text);
}

static struct sp_region_answer call(struct gateway *g, const char *program, struct sp_str commarea)
{
    struct sp_region_answer answer;
    struct sp_region_link link = {.request_id = 42,
                                  .program = sp_str_of(program),
                                  .user = SP_STR("FRED"),
                                  .commarea = commarea,
                                  .answer_bytes = (uint32_t)commarea.len};
    send_link(g, &link);
    receive_answer(g, &answer);
    assert_int_equal(answer.request_id, 42);
    return answer;
}

/* BADPGM's COMMAREA: what to do in EBCDIC, seconds, room for the answer. */
static struct sp_region_answer misbehave(struct gateway *g, const char *what)
{
    char area[16];
    memset(area, 0x40, sizeof area);
    memcpy(area + 8, "\xf0\xf0\xf3\xf0", 4);
    for (size_t i = 0; what[i]; i++) {
        static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        size_t n = (size_t)(strchr(letters, what[i]) - letters);
        area[i] = (char)(n < 9 ? 0xc1 + n : n < 18 ? 0xd1 + n - 9 : 0xe2 + n - 18);
    }
    return call(g, "BADPGM", sp_str_from(area, sizeof area));
}

static void assert_abend(struct sp_region_answer answer, const char *code)
{
    if (answer.outcome != SP_REGION_ABEND || !sp_str_is(answer.abend, code))
        fail_msg("outcome %d, abend %.*s, %.*s instead of %s", answer.outcome, SP_STR_ARG(answer.abend),
                 SP_STR_ARG(answer.reason), code);
}

static void assert_fine(struct sp_region_answer answer)
{
    if (answer.outcome != SP_REGION_NORMAL)
        fail_msg("outcome %d, abend %.*s, %.*s", answer.outcome, SP_STR_ARG(answer.abend),
                 SP_STR_ARG(answer.reason));
}

/* --- the region -------------------------------------------------------------------------------------- */

static int start_region(void **state)
{
    int ends[2];
    char line[4096];
    const char *program = getenv("SALLYPORT_REGION"), *yaml = getenv("SALLYPORT_REGION_YAML");
    if (!program || !yaml || pipe(ends) != 0)
        return -1;
    fflush(stdout);
    region = fork();
    if (region == 0) {
        dup2(ends[1], 2);
        close(ends[0]);
        close(ends[1]);
        execl(program, program, "run", yaml, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    fcntl(ends[0], F_SETPIPE_SZ, 1 << 20); /* nobody reads it before the end */
    region_log = fdopen(ends[0], "r");
    while (fgets(line, sizeof line, region_log)) {
        char *colon = strstr(line, "listens on 127.0.0.1:");
        if (colon) {
            port = (unsigned)strtoul(strrchr(line, ':') + 1, NULL, 10);
            return 0;
        }
        fprintf(stderr, "# %s", line);
    }
    return -1;
}

/* Ends in good order: everything that was started is gone. */
static int stop_region(void **state)
{
    char line[4096];
    int status = -1;
    bool ended = false;
    struct gateway g;
    struct sp_str frame, reason;
    struct sp_region_header header = {.request_id = 1};
    if (region <= 0 || !region_log)
        return -1;
    open_gateway(&g);
    kill(region, SIGTERM);
    /* It tells who is connected that it reads nothing more. */
    bool told = receive(&g, &frame) && sp_region_header_read(frame, &header, &err) == SP_OK &&
                header.request_id == 0 && sp_region_refuse_read(frame, &reason, &err) == SP_OK;
    close_gateway(&g);
    while (fgets(line, sizeof line, region_log))
        ended |= strstr(line, "CICSTEST ends after") != NULL;
    fclose(region_log);
    waitpid(region, &status, 0);
    if (ended && told && status == 0)
        return 0;
    fprintf(stderr, "# the region ended with wait status %#x, told %d\n", (unsigned)status, told);
    return -1;
}

static int setup(void **state)
{
    sp_arena_init(&arena, 64u << 20);
    return 0;
}

static int teardown(void **state)
{
    sp_arena_finish(&arena);
    return 0;
}

/* --- tests ------------------------------------------------------------------------------------------- */

static const unsigned char account_asked[103] = {
    [20] = 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8,
};

static const unsigned char account_answered[103] =
    "\xc1\xc3\xc3\xe3\xf0\xf0\xf0\xf0\xf0\xf0\xf0\xf0\xf0\xf1\xf9\xf8\xf7\xf6\xf5\xf4\xf1\xf2\xf3\xf4\xf5\xf6"
    "\xf7\xf8\xc9\xe2\xc1\x40\x40\x40\x40\x40\xf0\xf0\xf0\xf2\xf1\xf0\xf0\xf1\xf0\xf1\xf2\xf0\xf2\xf4\xf0\xf0"
    "\xf0\xf0\xf0\xf0\xf0\xf0\xf0\xf1\xf0\xf7\xf2\xf0\xf2\xf3\xf0\xf1\xf0\xf8\xf2\xf0\xf2\xf3\xf0\xf0\xf0\xf0"
    "\xf0\xf0\xf0\xf1\xf2\xf3\xf4\xd5\xf0\xf0\xf0\xf0\xf0\xf2\xf5\xf0\xf0\xf0\xf5\xc0\xe8\x40\x40\x40\x40";

static void an_enquiry_answers_with_the_bytes_of_zos(void **state)
{
    struct gateway g;
    open_gateway(&g);
    struct sp_region_answer answer = call(&g, "INQACC", sp_str_from(account_asked, 103));
    assert_fine(answer);
    assert_int_equal(answer.commarea.len, 103);
    assert_memory_equal(answer.commarea.ptr, account_answered, 103);
    close_gateway(&g);
}

static void an_answer_may_be_longer_than_the_request(void **state)
{
    struct gateway g;
    struct sp_region_answer answer;
    static const char asked[21] = "\0\0\0\0\xf0\xf0\xf0\xf0\xf0\xf0\xf0\xf0\xf2\xf0";
    struct sp_region_link link = {.request_id = 1,
                                  .program = SP_STR("INQACCCU"),
                                  .user = SP_STR("FRED"),
                                  .commarea = sp_str_from(asked, sizeof asked),
                                  .answer_bytes = 1981};
    open_gateway(&g);
    send_link(&g, &link);
    receive_answer(&g, &answer);
    assert_fine(answer);
    assert_int_equal(answer.commarea.len, 1981);
    assert_memory_equal(answer.commarea.ptr, "\0\0\0\x14", 4);
    /* The balance of the twentieth account: -200.20. */
    assert_memory_equal(answer.commarea.ptr + 21 + 19 * 98 + 74,
                        "\xf0\xf0\xf0\xf0\xf0\xf0\xf0\xf2\xf0\xf0\xf2\xd0", 12);
    close_gateway(&g);
}

static void misbehaviour_ends_in_its_abend_code(void **state)
{
    struct gateway g;
    open_gateway(&g);
    assert_abend(misbehave(&g, "SUBSCR"), "4038");
    assert_abend(misbehave(&g, "NOSUCH"), "4038");
    assert_abend(misbehave(&g, "NULL"), "ASRA");
    assert_abend(misbehave(&g, "BEYOND"), "ASRA");
    assert_abend(misbehave(&g, "ABORT"), "ASRA");
    assert_abend(misbehave(&g, "STOP"), "SPSR");
    assert_abend(misbehave(&g, "ABEND"), "USR1");
    assert_abend(misbehave(&g, "PARAM"), "SPAP");
    assert_abend(misbehave(&g, "LOST"), "SPEX");
    assert_fine(misbehave(&g, "NOTHING"));
    close_gateway(&g);
}

static void the_data_that_made_a_program_fail_stay_secret(void **state)
{
    struct gateway g;
    open_gateway(&g);
    struct sp_region_answer answer = misbehave(&g, "DATA");
    assert_abend(answer, "ASRA");
    assert_true(sp_str_ends(answer.reason, SP_STR("not numeric")));
    close_gateway(&g);
}

static void a_loop_is_ended_when_it_has_used_its_time(void **state)
{
    struct gateway g;
    open_gateway(&g);
    int64_t began = sp_clock_monotonic_us();
    assert_abend(misbehave(&g, "LOOP"), "AICA");
    assert_in_range(sp_clock_monotonic_us() - began, 900000, 15000000);
    close_gateway(&g);
}

static void a_sleeper_is_ended_at_the_callers_deadline(void **state)
{
    struct gateway g;
    struct sp_region_answer answer;
    struct sp_region_link link = {.request_id = 1,
                                  .program = SP_STR("BADPGM"),
                                  .user = SP_STR("FRED"),
                                  .deadline_ms = 300,
                                  .commarea = SP_STR("\xe2\xd3\xc5\xc5\xd7\x40\x40\x40\xf0\xf0\xf3\xf0"),
                                  .answer_bytes = 16};
    open_gateway(&g);
    int64_t began = sp_clock_monotonic_us();
    send_link(&g, &link);
    receive_answer(&g, &answer);
    assert_int_equal(answer.outcome, SP_REGION_TIMED_OUT);
    assert_true(sp_str_is(answer.abend, "AICA"));
    assert_in_range(sp_clock_monotonic_us() - began, 290000, 10000000);
    assert_fine(call(&g, "INQACC", sp_str_from(account_asked, 103)));
    close_gateway(&g);
}

static void stop_run_is_a_return_where_the_definition_says_so(void **state)
{
    struct gateway g;
    open_gateway(&g);
    struct sp_region_answer answer = call(&g, "STOPPGM", SP_STR("\x40\x40\x40\x40\x40\x40\x40\x40"));
    assert_fine(answer);
    assert_memory_equal(answer.commarea.ptr, "\xe2\xe3\xd6\xd7\xd7\xc5\xc4\x40", 8);
    close_gateway(&g);
}

static void what_is_not_defined_is_not_found(void **state)
{
    struct gateway g;
    struct sp_region_answer answer;
    open_gateway(&g);
    assert_int_equal(call(&g, "NOWHERE", SP_STR("x")).outcome, SP_REGION_NOT_FOUND);
    answer = call(&g, "ABSENT", SP_STR("x"));
    assert_int_equal(answer.outcome, SP_REGION_NOT_FOUND);
    assert_true(answer.reason.len > 0);

    struct sp_region_link link = {.request_id = 1,
                                  .program = SP_STR("INQACC"),
                                  .user = SP_STR("FRED"),
                                  .transaction = SP_STR("NONE"),
                                  .transaction_is_mirror = true,
                                  .commarea = sp_str_from(account_asked, 103),
                                  .answer_bytes = 103};
    send_link(&g, &link);
    receive_answer(&g, &answer);
    assert_int_equal(answer.outcome, SP_REGION_NOT_FOUND);
    link.transaction = SP_STR("OTHR"); /* of another program */
    send_link(&g, &link);
    receive_answer(&g, &answer);
    assert_int_equal(answer.outcome, SP_REGION_NOT_FOUND);
    link.transaction = SP_STR("ACCT");
    send_link(&g, &link);
    receive_answer(&g, &answer);
    assert_fine(answer);
    link.transaction = SP_STR("NONE");
    link.transaction_is_mirror = false;
    send_link(&g, &link);
    receive_answer(&g, &answer);
    assert_fine(answer);
    close_gateway(&g);
}

static void a_commarea_has_its_greatest_length(void **state)
{
    struct gateway g;
    struct sp_region_answer answer;
    struct sp_region_link link = {.request_id = 1,
                                  .program = SP_STR("INQACC"),
                                  .user = SP_STR("FRED"),
                                  .commarea = sp_str_from(account_asked, 103),
                                  .answer_bytes = SP_REGION_COMMAREA_MAX};
    open_gateway(&g);
    send_link(&g, &link);
    receive_answer(&g, &answer);
    assert_fine(answer);
    assert_int_equal(answer.commarea.len, SP_REGION_COMMAREA_MAX);
    link.answer_bytes++;
    send_link(&g, &link);
    receive_answer(&g, &answer);
    assert_int_equal(answer.outcome, SP_REGION_LENGTH);
    link.answer_bytes = 0;
    send_link(&g, &link);
    receive_answer(&g, &answer);
    assert_fine(answer);
    assert_int_equal(answer.commarea.len, 0);
    close_gateway(&g);
}

static void the_identity_is_judged_by_the_connection(void **state)
{
    struct gateway g;
    struct sp_region_answer answer;
    struct sp_region_link link = {.request_id = 1,
                                  .program = SP_STR("INQACC"),
                                  .commarea = sp_str_from(account_asked, 103),
                                  .answer_bytes = 103};
    open_gateway(&g);
    send_link(&g, &link);
    receive_answer(&g, &answer);
    assert_int_equal(answer.outcome, SP_REGION_SECURITY);
    close_gateway(&g);
    open_gateway_as(&g, "OTHERGW");
    send_link(&g, &link);
    receive_answer(&g, &answer);
    assert_fine(answer);
    close_gateway(&g);
}

static const struct sp_region_container *container_of(const struct sp_region_answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->container_count; i++)
        if (sp_str_is(answer->containers[i].name, name))
            return &answer->containers[i];
    fail_msg("no container %s", name);
    return NULL;
}

static void containers_go_there_and_back(void **state)
{
    struct gateway g;
    struct sp_region_answer answer;
    /* "NAIL      ", 3, +1.50 and the note "be quick please". */
    struct sp_region_container sent[] = {
        {SP_STR_INIT("ORDER"), false,
         SP_STR_INIT("\xd5\xc1\xc9\xd3\x40\x40\x40\x40\x40\x40\0\3\xf0\xf0\xf0\xf0\xf1\xf5\xc0")},
        {SP_STR_INIT("NOTE"), true,
         SP_STR_INIT("\x82\x85\x40\x98\xa4\x89\x83\x92\x40\x97\x93\x85\x81\xa2\x85")},
    };
    struct sp_region_link link = {.request_id = 1,
                                  .program = SP_STR("CHANPGM"),
                                  .transaction = SP_STR("ACCT"),
                                  .user = SP_STR("FRED"),
                                  .has_channel = true,
                                  .channel = SP_STR("ORDERS"),
                                  .containers = sent,
                                  .container_count = 2,
                                  .answer_bytes = 47};
    open_gateway(&g);
    send_link(&g, &link);
    receive_answer(&g, &answer);
    assert_fine(answer);
    assert_true(answer.has_channel);
    assert_int_equal(answer.container_count, 3);
    const struct sp_region_container *reply = container_of(&answer, "REPLY");
    /* 4.50 packed, FRED, ACCT, ORDERS, CICSTEST, EIBCALEN 0, CONTAINERERR. */
    assert_int_equal(reply->data.len, 47);
    assert_memory_equal(reply->data.ptr,
                        "\x00\x00\x00\x45\x0c\xc6\xd9\xc5\xc4\x40\x40\x40\x40\xc1\xc3\xc3\xe3"
                        "\xd6\xd9\xc4\xc5\xd9\xe2\x40\x40\x40\x40\x40\x40\x40\x40\x40\x40"
                        "\xc3\xc9\xc3\xe2\xe3\xc5\xe2\xe3\x00\x00\x00\x00\x00\x6e",
                        47);
    assert_false(reply->is_char);
    assert_memory_equal(container_of(&answer, "ORDER")->data.ptr + 10, "\0\4", 2);
    const struct sp_region_container *greeting = container_of(&answer, "GREETING");
    assert_true(greeting->is_char);
    assert_memory_equal(greeting->data.ptr, "\xc2\xc5\x40\xd8\xe4\xc9\xc3\xd2\x40\xd7\xd3\xc5", 12);

    link.answer_bytes = 46;
    send_link(&g, &link);
    receive_answer(&g, &answer);
    assert_int_equal(answer.outcome, SP_REGION_LENGTH);
    link.containers = &sent[1];
    link.container_count = 1;
    send_link(&g, &link);
    receive_answer(&g, &answer);
    assert_abend(answer, "NORD");
    close_gateway(&g);
}

/* --- many at a time ---------------------------------------------------------------------------------- */

enum { ECHO_BYTES = 87, GATEWAYS = 8, EACH = 25 };

/* The request's number, in EBCDIC digits, at the front; A and B from it. */
static void echo_request(unsigned n, unsigned char area[ECHO_BYTES])
{
    char digits[8];
    memset(area, 0, ECHO_BYTES);
    memset(area, 0x40, 20);
    snprintf(digits, sizeof digits, "%05u", n);
    for (int i = 0; i < 5; i++)
        area[i] = (unsigned char)(0xf0 | (digits[i] & 0xf));
    sp_put_u32(area + 20, n);
    memcpy(area + 24, "\0\0\0\1\x02\x5c", 6);     /* 10.25 */
    sp_put_u32(area + 71, n);                     /* COMP-5 as z/OS has it */
    memcpy(area + 75, "\x41\x10\0\0\x41\x10", 6); /* 1.0 twice, hexadecimal */
}

static void assert_echo(unsigned n, const unsigned char *area)
{
    unsigned char asked[ECHO_BYTES], sum[13];
    char digits[16];
    echo_request(n, asked);
    for (int i = 0; i < 20; i++)
        assert_int_equal(area[30 + i], asked[19 - i]);
    snprintf(digits, sizeof digits, "%011u25", n + 10);
    for (int i = 0; i < 13; i++)
        sum[i] = (unsigned char)(0xf0 | (digits[i] & 0xf));
    sum[12] = 0xc5;
    assert_memory_equal(area + 50, sum, 13);
    assert_memory_equal(area + 63, "\xf0\xf0\xf0\xf1\xf0\xf0\xf0\xf1", 8); /* fresh working storage */
    assert_int_equal(sp_get_u32(area + 71), n + 1);
    assert_memory_equal(area + 75, "\x41\x20\0\0\x40\x40\0\0\0\0\0\0", 12); /* 2.0 and 0.25 */
}

static void two_hundred_requests_at_a_time_are_not_mixed_up(void **state)
{
    static struct gateway gateways[GATEWAYS];
    bool seen[GATEWAYS * EACH] = {false};
    for (unsigned i = 0; i < GATEWAYS; i++)
        open_gateway(&gateways[i]);
    for (unsigned n = 0; n < GATEWAYS * EACH; n++) {
        unsigned char area[ECHO_BYTES];
        echo_request(n, area);
        struct sp_region_link link = {.request_id = n,
                                      .program = SP_STR("ECHOPGM"),
                                      .user = SP_STR("FRED"),
                                      .commarea = sp_str_from(area, sizeof area),
                                      .answer_bytes = sizeof area};
        send_link(&gateways[n % GATEWAYS], &link);
    }
    for (unsigned i = 0; i < GATEWAYS * EACH; i++) {
        struct sp_region_answer answer;
        receive_answer(&gateways[i % GATEWAYS], &answer);
        assert_fine(answer);
        assert_in_range(answer.request_id, 0, GATEWAYS * EACH - 1);
        assert_int_equal(answer.request_id % GATEWAYS, i % GATEWAYS);
        assert_false(seen[answer.request_id]);
        seen[answer.request_id] = true;
        assert_int_equal(answer.commarea.len, ECHO_BYTES);
        assert_echo(answer.request_id, (const unsigned char *)answer.commarea.ptr);
    }
    for (unsigned i = 0; i < GATEWAYS; i++)
        close_gateway(&gateways[i]);
}

static void a_slow_request_does_not_hold_up_those_behind_it(void **state)
{
    struct gateway g;
    struct sp_region_answer answer;
    struct sp_region_link slow = {.request_id = 1,
                                  .program = SP_STR("BADPGM"),
                                  .user = SP_STR("FRED"),
                                  .commarea = SP_STR("\xe2\xd3\xc5\xc5\xd7\x40\x40\x40\xf0\xf0\xf0\xf1"),
                                  .answer_bytes = 16};
    struct sp_region_link quick = {.request_id = 2,
                                   .program = SP_STR("INQACC"),
                                   .user = SP_STR("FRED"),
                                   .commarea = sp_str_from(account_asked, 103),
                                   .answer_bytes = 103};
    open_gateway(&g);
    send_link(&g, &slow);
    send_link(&g, &quick);
    receive_answer(&g, &answer);
    assert_int_equal(answer.request_id, 2);
    receive_answer(&g, &answer);
    assert_int_equal(answer.request_id, 1);
    assert_fine(answer);
    close_gateway(&g);
}

static void nobody_waits_for_a_worker_longer_than_the_deadline(void **state)
{
    struct gateway g;
    struct sp_region_answer answer;
    struct sp_region_link link = {.program = SP_STR("BADPGM"),
                                  .user = SP_STR("FRED"),
                                  .commarea = SP_STR("\xe2\xd3\xc5\xc5\xd7\x40\x40\x40\xf0\xf0\xf0\xf1"),
                                  .answer_bytes = 16};
    open_gateway(&g);
    for (link.request_id = 1; link.request_id <= 3; link.request_id++)
        send_link(&g, &link);
    link.deadline_ms = 200;
    send_link(&g, &link);
    receive_answer(&g, &answer);
    assert_int_equal(answer.request_id, 4);
    assert_int_equal(answer.outcome, SP_REGION_BUSY);
    for (int i = 0; i < 3; i++) {
        receive_answer(&g, &answer);
        assert_fine(answer);
    }
    close_gateway(&g);
}

/* --- connections ------------------------------------------------------------------------------------- */

static void assert_refused(struct gateway *g, const char *reason)
{
    struct sp_str frame, text = {NULL, 0};
    assert_true(receive(g, &frame));
    assert_int_equal(sp_region_refuse_read(frame, &text, &err), SP_OK);
    char copy[512];
    snprintf(copy, sizeof copy, "%.*s", SP_STR_ARG(text));
    if (!strstr(copy, reason))
        fail_msg("refused because of \"%s\", not \"%s\"", copy, reason);
    assert_false(receive(g, &frame));
    close_gateway(g);
}

static void what_is_no_frame_is_refused(void **state)
{
    struct gateway g;
    dial(&g);
    send_bytes(&g, SP_STR("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_refused(&g, "protocol");

    open_gateway(&g);
    send_bytes(&g, SP_STR("SPRG\1\2\0\0\xff\xff\xff\xff\0\0\0\1\0\0\0\0\0\0\0\0"));
    assert_refused(&g, "protocol");

    open_gateway(&g);
    send_bytes(&g, SP_STR("SPRG\1\2\0\0\0\0\0\x18\0\0\0\1\0\0\0\0\0\0\0\0"));
    assert_refused(&g, "PROGRAM is missing");

    open_gateway(&g);
    send_bytes(&g, SP_STR("SPRG\1\3\0\0\0\0\0\x18\0\0\0\1\0\0\0\0\0\0\0\0"));
    assert_refused(&g, "kind");

    dial(&g);
    say_hello(&g, "STRANGER");
    assert_refused(&g, "STRANGER");
}

static void a_request_id_cannot_be_used_twice_at_a_time(void **state)
{
    struct gateway g;
    struct sp_region_link link = {.request_id = 9,
                                  .program = SP_STR("BADPGM"),
                                  .user = SP_STR("FRED"),
                                  .commarea = SP_STR("\xe2\xd3\xc5\xc5\xd7\x40\x40\x40\xf0\xf0\xf0\xf1"),
                                  .answer_bytes = 16};
    open_gateway(&g);
    send_link(&g, &link);
    send_link(&g, &link);
    assert_refused(&g, "open already");
}

static void a_ping_is_answered_and_a_canceled_request_is_not(void **state)
{
    struct gateway g;
    struct sp_buf buf;
    struct sp_str frame;
    struct sp_region_header header;
    struct sp_region_link link = {.request_id = 5,
                                  .program = SP_STR("BADPGM"),
                                  .user = SP_STR("FRED"),
                                  .commarea = SP_STR("\xe2\xd3\xc5\xc5\xd7\x40\x40\x40\xf0\xf0\xf0\xf1"),
                                  .answer_bytes = 16};
    open_gateway(&g);
    send_link(&g, &link);
    sp_buf_init(&buf, 256);
    assert_int_equal(sp_region_bare_write(&buf, SP_REGION_CANCEL, 5), SP_OK);
    assert_int_equal(sp_region_bare_write(&buf, SP_REGION_PING, 77), SP_OK);
    send_bytes(&g, sp_buf_str(&buf));
    assert_true(receive(&g, &frame));
    assert_int_equal(sp_region_header_read(frame, &header, &err), SP_OK);
    assert_int_equal(header.kind, SP_REGION_PONG);
    assert_int_equal(header.request_id, 77);
    /* What comes next is not the answer that nobody waits for. */
    usleep(1300000);
    sp_buf_reset(&buf);
    assert_int_equal(sp_region_bare_write(&buf, SP_REGION_PING, 78), SP_OK);
    send_bytes(&g, sp_buf_str(&buf));
    assert_true(receive(&g, &frame));
    assert_int_equal(sp_region_header_read(frame, &header, &err), SP_OK);
    assert_int_equal(header.request_id, 78);
    sp_buf_finish(&buf);
    close_gateway(&g);
}

static void a_gateway_that_leaves_disturbs_nobody(void **state)
{
    struct gateway g;
    struct sp_region_link link = {.request_id = 1,
                                  .program = SP_STR("BADPGM"),
                                  .user = SP_STR("FRED"),
                                  .commarea = SP_STR("\xe2\xd3\xc5\xc5\xd7\x40\x40\x40\xf0\xf0\xf0\xf1"),
                                  .answer_bytes = 16};
    for (int i = 0; i < 3; i++) {
        open_gateway(&g);
        send_link(&g, &link);
        close_gateway(&g);
    }
    open_gateway(&g);
    assert_fine(call(&g, "INQACC", sp_str_from(account_asked, 103)));
    close_gateway(&g);
}

/* Process ids of the region's workers. */
static unsigned workers_of(pid_t parent, pid_t *ret_pids, unsigned size)
{
    char path[64];
    unsigned count = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    FILE *file = fopen(path, "r");
    int pid;
    while (file && fscanf(file, "%d", &pid) == 1)
        if (count < size)
            ret_pids[count++] = pid;
    if (file)
        fclose(file);
    return count;
}

static bool in_both(const pid_t *a, const pid_t *b, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        for (unsigned k = 0; k < count; k++)
            if (a[i] == b[k])
                return true;
    return false;
}

static void killed_workers_are_replaced(void **state)
{
    struct gateway g;
    pid_t before[16], after[16];
    unsigned count = workers_of(region, before, 16);
    if (!count)
        skip(); /* a kernel without the list of children */
    assert_int_equal(count, 3);
    for (unsigned i = 0; i < count; i++)
        kill(before[i], SIGKILL);
    /* A request that meets a worker as it is killed would be lost with it. */
    int64_t limit = sp_clock_monotonic_us() + 10000000;
    while (workers_of(region, after, 16) != 3 || in_both(before, after, 3)) {
        assert_true(sp_clock_monotonic_us() < limit);
        usleep(10000);
    }
    open_gateway(&g);
    for (int i = 0; i < 10; i++)
        assert_fine(call(&g, "INQACC", sp_str_from(account_asked, 103)));
    /* New copies are taken on request, and nobody notices. */
    kill(region, SIGHUP);
    for (int i = 0; i < 10; i++)
        assert_fine(call(&g, "INQACC", sp_str_from(account_asked, 103)));
    close_gateway(&g);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_enquiry_answers_with_the_bytes_of_zos),
        TEST(an_answer_may_be_longer_than_the_request),
        TEST(misbehaviour_ends_in_its_abend_code),
        TEST(the_data_that_made_a_program_fail_stay_secret),
        TEST(a_loop_is_ended_when_it_has_used_its_time),
        TEST(a_sleeper_is_ended_at_the_callers_deadline),
        TEST(stop_run_is_a_return_where_the_definition_says_so),
        TEST(what_is_not_defined_is_not_found),
        TEST(a_commarea_has_its_greatest_length),
        TEST(the_identity_is_judged_by_the_connection),
        TEST(containers_go_there_and_back),
        TEST(two_hundred_requests_at_a_time_are_not_mixed_up),
        TEST(a_slow_request_does_not_hold_up_those_behind_it),
        TEST(nobody_waits_for_a_worker_longer_than_the_deadline),
        TEST(what_is_no_frame_is_refused),
        TEST(a_request_id_cannot_be_used_twice_at_a_time),
        TEST(a_ping_is_answered_and_a_canceled_request_is_not),
        TEST(a_gateway_that_leaves_disturbs_nobody),
        TEST(killed_workers_are_replaced),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, start_region, stop_region);
}
