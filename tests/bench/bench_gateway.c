/* SPDX-License-Identifier: Apache-2.0
 * bench_gateway.c: what the flow costs, without HTTP and without a system of record: from the port's request
 * to the port's reply, with Basic credentials, both levels of authorization, both mappings and an SMF record.
 * One line a measure: the best of several rounds, CPU of the process.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../unit/gateway/server.h"
#include "base/clock.h"

#define ROUNDS 7
#define REQUESTS 5000

static unsigned replies, last_status;

static void take_reply(struct sp_exchange *exchange, const struct sp_http_reply *reply)
{
    replies++;
    last_status = reply->status;
}

static double cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* CPU of one request, of many. */
static double round_of(struct server *server, struct sp_http_request *request)
{
    double begun = cpu_us();
    replies = 0;
    for (int n = 0; n < REQUESTS; n++) {
        struct sp_exchange exchange = {.request = request, .reply = take_reply};
        request->arrived_us = sp_clock_realtime_us();
        server->handler.start(server->handler.handler, &exchange);
        if (n % 256 == 0)
            sp_loop_run_ready(server->loop);
    }
    double each = (cpu_us() - begun) / REQUESTS;
    for (int turn = 0; turn < 10; turn++)
        sp_loop_run_once(server->loop, 20);
    return each;
}

static void measure(struct server *server, const char *name, struct sp_http_request *request,
                    unsigned expected)
{
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double each = round_of(server, request);
        if (each < best)
            best = each;
        if (replies != REQUESTS || last_status != expected) {
            printf("%s: %u replies, the last with status %u\n", name, replies, last_status);
            return;
        }
    }
    printf("%-28s %8.2f us\n", name, best);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* The same request with and without authorization, in turns: what the decision adds. */
static void compare_authorization(struct sp_http_request *request)
{
    static const char *const interceptors[] = {
        "<zosconnect_zosConnectInterceptors id='all' interceptorRef='audit'/>",
        "<zosconnect_zosConnectInterceptors id='all' interceptorRef='auth,audit'/>"
        "<zosconnect_authorizationInterceptor id='auth'/>"};
    struct server servers[2];
    double each[2][2 * ROUNDS];
    int right = 0;
    for (int on = 0; on < 2; on++) {
        char elements[1000];
        snprintf(elements, sizeof elements,
                 "%s<zosconnect_auditInterceptor id='audit' apiProviderSmfVersion='2'/>", interceptors[on]);
        server_init(&servers[on]);
        server_start(&servers[on],
                     "requireSecure='false' globalInterceptorsRef='all' "
                     "globalInvokeGroup='G1,G2,G3,G4,G5,G6,G7,G8,G9,CLERKS' globalAdminGroup='A1,A2,A3'",
                     elements);
        round_of(&servers[on], request);
    }
    for (int round = 0; round < 2 * ROUNDS; round++)
        for (int turn = 0; turn < 2; turn++) {
            int on = (round + turn) % 2;
            each[on][round] = round_of(&servers[on], request);
            right += replies == REQUESTS && last_status == 200;
        }
    for (int on = 0; on < 2; on++) {
        qsort(each[on], 2 * ROUNDS, sizeof each[on][0], by_size);
        server_finish(&servers[on]);
    }
    double off = each[0][ROUNDS], on = each[1][ROUNDS];
    if (right != 4 * ROUNDS) {
        printf("authorization: the requests did not succeed, the last with status %u\n", last_status);
        return;
    }
    printf("authorization off            %8.2f us\nauthorization on             %8.2f us, %+.1f %% (goal 2 "
           "%%)\n",
           off, on, (on - off) / off * 100);
}

int main(void)
{
    struct server server;
    const struct sp_http_header headers[] = {
        {SP_STR_INIT("Host"), SP_STR_INIT("api.example.com")},
        {SP_STR_INIT("User-Agent"), SP_STR_INIT("bench")},
        {SP_STR_INIT("Accept"), SP_STR_INIT("application/json")},
        {SP_STR_INIT("Content-Type"), SP_STR_INIT("application/json")},
        {SP_STR_INIT("Authorization"), SP_STR_INIT("Basic ZnJlZDpmcmVkcHdk")}};
    struct sp_http_request request = {
        .method = SP_STR_INIT("POST"),
        .target = SP_STR_INIT("/accounts/new"),
        .path = SP_STR_INIT("/accounts/new"),
        .host = SP_STR_INIT("api.example.com"),
        .headers = headers,
        .header_count = 5,
        .body = SP_STR_INIT("{\"Acc\":{\"Number\":7,\"Name\":\"Eve\",\"Balance\":12.5}}"),
        .peer_address = SP_STR_INIT("192.0.2.7"),
        .local_address = SP_STR_INIT("127.0.0.1"),
        .local_port = 9080,
    };
    server_init(&server);
    server_start(&server, "requireSecure='false' globalInterceptorsRef='all' globalInvokeGroup='CLERKS'",
                 "<zosconnect_zosConnectInterceptors id='all' interceptorRef='auth,audit'/>"
                 "<zosconnect_auditInterceptor id='audit' sequence='1' apiProviderSmfVersion='2'/>"
                 "<zosconnect_authorizationInterceptor id='auth' sequence='2'/>");
    measure(&server, "API call", &request, 200);
    request.path = request.target = SP_STR("/zosConnect/services/enquire");
    request.query = SP_STR("action=invoke");
    measure(&server, "service call", &request, 200);
    request.method = SP_STR("GET");
    request.path = request.target = SP_STR("/accounts/x");
    request.query = SP_STR("name=x");
    measure(&server, "refused parameter", &request, 400);
    server_finish(&server);
    request.method = SP_STR("POST");
    request.path = request.target = SP_STR("/accounts/new");
    request.query = (struct sp_str){0};
    compare_authorization(&request);
    return 0;
}
