/* SPDX-License-Identifier: Apache-2.0
 * bench_deployed.c: what many APIs cost one worker: reading 1,000 and 10,000 of ten operations each, whose
 * paths are all different, and a request among 10 and among 10,000 of them. CPU of the process, memory as it
 * grew.
 *
 * "routing" is what a request's path costs until its operation is known: the path is read, the API found, the
 * method and the template compared, the parameters taken, and the operation's service and mapping looked at.
 * "request" is all from the engine's call to the answer, with a system of record that answers at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../unit/gateway/server.h"
#include "base/clock.h"
#include "gateway/gateway_internal.h"

#define ROUNDS 15
#define REQUESTS 4000
#define OPERATIONS_MAX 10u
#define SETTINGS "requireSecure='false' requireAuth='false'"

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

/* Resident memory in MiB. */
static double memory(void)
{
    unsigned long whole = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%lu %lu", &whole, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

/* API number `n`, with POST /0/{number} .. /9/{number}. */
static void add_api(struct server *server, unsigned n, unsigned operations)
{
    static char package[4096], mappings[OPERATIONS_MAX][512], names[OPERATIONS_MAX][32], path[64];
    const char *entries[2 * OPERATIONS_MAX + 5];
    size_t count = 0;
    int len = snprintf(package, sizeof package,
                       "<zosConnectApi xmlns='http://www.ibm.com/zosConnect/2.0/zosConnectApi' id='api%u'>"
                       "<apiSpec title='api%u' basePath='/api%u' version='1'>",
                       n, n, n);
    entries[count++] = "package.xml";
    entries[count++] = package;
    for (unsigned i = 0; i < operations; i++) {
        len += snprintf(
            package + len, sizeof package - (size_t)len,
            "<path relativePath='/item%u-%u/{number}'><method type='POST' zosConnectServiceRef='enquire' "
            "httpXformFile='api/%u/mapping.xml' operationId='op%u'/></path>",
            n, i, i, i);
        snprintf(names[i], sizeof names[i], "api/%u/mapping.xml", i);
        snprintf(mappings[i], sizeof mappings[i],
                 "<n:ZosConnectServiceMapping "
                 "xmlns:n='http://www.ibm.com/zosConnect/2.0/zosConnectServiceMapping'>"
                 "<mappingContext basePath='/api%u' relativePath='/item%u-%u/{number}' method='POST' "
                 "serviceName='enquire' defaultResponseCode='200'/>"
                 "<responseMessages code='200' description='OK'/></n:ZosConnectServiceMapping>",
                 n, n, i);
        entries[count++] = names[i];
        entries[count++] = mappings[i];
    }
    snprintf(package + len, sizeof package - (size_t)len,
             "<apiDoc docType='SWAGGER'>api-docs/swagger.json</apiDoc></apiSpec></zosConnectApi>");
    entries[count++] = "api-docs/swagger.json";
    entries[count++] = "{\"swagger\":\"2.0\",\"info\":{\"title\":\"x\",\"version\":\"1\"},\"paths\":{}}";
    entries[count] = NULL;
    snprintf(path, sizeof path, "resources/zosconnect/apis/api%05u.aar", n);
    server_archive(server, path, entries);
}

static void start(struct server *server, unsigned apis, unsigned operations)
{
    double before = memory();
    server_init(server);
    for (unsigned n = 0; n < apis; n++)
        add_api(server, n, operations);
    int64_t begun = sp_clock_monotonic_us();
    server_start(server, SETTINGS, "");
    double took = (double)(sp_clock_monotonic_us() - begun) / 1e6;
    printf("start with %5u APIs of %2u operations  %6.2f s %8.1f MiB%s\n", apis, operations, took,
           memory() - before, server->problems.errors ? "  (with errors)" : "");
}

/* In nanoseconds. The paths are there before; a request's were just received, too. */
static double routing_of(struct server *server, unsigned apis)
{
    static char targets[REQUESTS][48];
    const struct sp_snapshot *snapshot = server->gateway->present->snapshot;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_arena arena;
    struct sp_path path;
    struct sp_route route;
    uintptr_t seen = 0;
    unsigned found = 0;
    for (unsigned n = 0; n < REQUESTS; n++)
        snprintf(targets[n], sizeof targets[n], "/api%u/item%u-%u/42", n * 7919 % apis, n * 7919 % apis,
                 n % OPERATIONS_MAX);
    sp_arena_init(&arena, 1 << 20);
    double begun = cpu_us();
    for (unsigned n = 0; n < REQUESTS; n++) {
        sp_arena_reset(&arena);
        if (sp_path_read(sp_str_of(targets[n]), &arena, &path, &err) != SP_OK)
            continue;
        const struct sp_api *api = sp_snapshot_find_api(snapshot, &path);
        if (!api ||
            sp_routes_find(api->head.routes, SP_STR("POST"), path.segments + api->head.base_segments,
                           path.count - api->head.base_segments, &arena, &route) != SP_OK ||
            route.target == SP_ROUTE_NONE)
            continue;
        const struct sp_operation *operation = &api->operations[route.target];
        seen ^= (uintptr_t)operation->service ^ (uintptr_t)operation->mapping ^ (uintptr_t)api->admission;
        found += route.parameter_count == 1;
    }
    double each = (cpu_us() - begun) / REQUESTS * 1000;
    sp_arena_finish(&arena);
    if (found == REQUESTS && seen != 1)
        return each;
    printf("%u of %u paths found\n", found, REQUESTS);
    exit(1);
}

static double round_of(struct server *server, unsigned apis)
{
    static const struct sp_http_header headers[] = {
        {SP_STR_INIT("Content-Type"), SP_STR_INIT("application/json")}};
    char target[64];
    replies = 0;
    double begun = cpu_us();
    for (unsigned n = 0; n < REQUESTS; n++) {
        int len = snprintf(target, sizeof target, "/api%u/item%u-%u/42", n * 7919 % apis, n * 7919 % apis,
                           n % OPERATIONS_MAX);
        struct sp_http_request request = {.method = SP_STR_INIT("POST"),
                                          .target = sp_str_from(target, (size_t)len),
                                          .path = sp_str_from(target, (size_t)len),
                                          .host = SP_STR_INIT("api.example.com"),
                                          .headers = headers,
                                          .header_count = 1,
                                          .body = SP_STR_INIT("{\"Acc\":{\"Number\":7}}"),
                                          .peer_address = SP_STR_INIT("192.0.2.7"),
                                          .local_address = SP_STR_INIT("127.0.0.1"),
                                          .local_port = 9080,
                                          .arrived_us = sp_clock_realtime_us()};
        struct sp_exchange exchange = {.request = &request, .reply = take_reply};
        server->handler.start(server->handler.handler, &exchange);
        if (n % 256 == 0)
            sp_loop_run_ready(server->loop);
    }
    return (cpu_us() - begun) / REQUESTS;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double request_of(struct server *server, unsigned apis)
{
    double each = round_of(server, apis);
    if (replies == REQUESTS && last_status == 200)
        return each * 1000;
    printf("%u replies, the last with status %u\n", replies, last_status);
    exit(1);
}

/* In turns, so that what else the machine does is the same for all. The same ten APIs are asked for; and, to
 * see what memory that is not in the processor's caches costs, all of the many in turn. */
static void compare(const char *what, double (*measure)(struct server *, unsigned), struct server *few,
                    struct server *many, unsigned many_count)
{
    double each[3][ROUNDS];
    for (int round = -1; round < ROUNDS; round++) {
        double now[3] = {measure(few, 10), measure(many, 10), measure(many, many_count)};
        for (int i = 0; round >= 0 && i < 3; i++)
            each[i][round] = now[i];
    }
    for (int i = 0; i < 3; i++)
        qsort(each[i], ROUNDS, sizeof each[i][0], by_size);
    double base = each[0][ROUNDS / 2];
    printf("%s, ten APIs, of    10 deployed  %8.0f ns\n", what, base);
    printf("%s, ten APIs, of %5u deployed  %8.0f ns, %+.1f %% (goal 10 %%)\n", what, many_count,
           each[1][ROUNDS / 2], (each[1][ROUNDS / 2] / base - 1) * 100);
    printf("%s, all of %5u in turn          %8.0f ns, %+.1f %%\n", what, many_count, each[2][ROUNDS / 2],
           (each[2][ROUNDS / 2] / base - 1) * 100);
}

int main(void)
{
    struct server ten, many;
    start(&many, 1000, 10);
    server_finish(&many);
    start(&ten, 10, 10);
    start(&many, 10000, 10);
    compare("routing", routing_of, &ten, &many, 10000);
    compare("request", request_of, &ten, &many, 10000);
    server_finish(&many);
    server_finish(&ten);
    return 0;
}
