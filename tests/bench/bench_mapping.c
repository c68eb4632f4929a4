/* SPDX-License-Identifier: Apache-2.0
 * What JSON to record and back costs, for a record of about 1 KB: nanoseconds a call, megabytes of JSON a
 * second, and calls of malloc once the arena has its size (there must be none).
 * usage: bench_mapping [ROUNDS [request|response|both|all [SUBJECT]]]
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "layout_text.h"
#include "mapping/mapping.h"

#define BATCHES 10 /* the fastest counts, as others use the machine, too */

static uint64_t mallocs;

void *malloc(size_t size)
{
    static void *(*real)(size_t);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "malloc");
    mallocs++;
    return real(size);
}

struct subject {
    const char *name, *layout, *row; /* the row is repeated */
    const char *head, *tail;
    unsigned rows;
};

static const struct subject subjects[] = {
    {"account, 103 bytes",
     "InqAcc{ InqAccEye:X4 InqAccCustno:Z10 InqAccScode:Z6 InqAccAccno:Z8 InqAccAccType:X8 "
     "InqAccIntRate:Z6.2 "
     "InqAccOpened:Z8 InqAccOverdraft:Z8 InqAccLastStmtDt:Z8 InqAccNextStmtDt:Z8 InqAccAvailBal:SZ12.2 "
     "InqAccActualBal:SZ12.2 InqAccSuccess:X1 InqAccPcb1Pointer:X4 }",
     "",
     "{\"InqAcc\":{\"InqAccEye\":\"ACCT\",\"InqAccCustno\":1,\"InqAccScode\":987654,\"InqAccAccno\":12345678,"
     "\"InqAccAccType\":\"ISA\",\"InqAccIntRate\":2.10,\"InqAccOpened\":1012024,\"InqAccOverdraft\":0,"
     "\"InqAccLastStmtDt\":1072023,\"InqAccNextStmtDt\":1082023,\"InqAccAvailBal\":-123.45,"
     "\"InqAccActualBal\":25000.50,\"InqAccSuccess\":\"Y\",\"InqAccPcb1Pointer\":\"\"}}",
     "", 0},
    {"order of 20 lines, 1014 bytes",
     "Order{ Number:Z8 Customer:X30 Street:X30 City:X20 Total:SP9.2 Date:X10 -Count:SB2/4 Lines[1..20 "
     "Count]{ "
     "Item:X10 Text:X24 Quantity:SB4/8 Price:SP7.2 Status:Z3 } }",
     "%s{\"Item\":\"ITEM-%04u\",\"Text\":\"Some text for line "
     "%u\",\"Quantity\":%u,\"Price\":%u.25,\"Status\":%u}",
     "{\"Order\":{\"Number\":4711,\"Customer\":\"MILLER AND SONS LTD\",\"Street\":\"12 LONG STREET\","
     "\"City\":\"WINCHESTER\",\"Total\":12345.67,\"Date\":\"2026-01-31\",\"Lines\":[",
     "]}}", 20},
    {"ten texts of 80 characters, 800 bytes",
     "T{ A:X80 B:X80 C:X80 D:X80 E:X80 F:X80 G:X80 H:X80 I:X80 J:X80 }", "",
     "{\"T\":{\"A\":\"01234567890123456789012345678901234567890123456789012345678901234567890123456789\","
     "\"B\":\"01234567890123456789012345678901234567890123456789012345678901234567890123456789\","
     "\"C\":\"01234567890123456789012345678901234567890123456789012345678901234567890123456789\","
     "\"D\":\"01234567890123456789012345678901234567890123456789012345678901234567890123456789\","
     "\"E\":\"01234567890123456789012345678901234567890123456789012345678901234567890123456789\","
     "\"F\":\"01234567890123456789012345678901234567890123456789012345678901234567890123456789\","
     "\"G\":\"01234567890123456789012345678901234567890123456789012345678901234567890123456789\","
     "\"H\":\"01234567890123456789012345678901234567890123456789012345678901234567890123456789\","
     "\"I\":\"01234567890123456789012345678901234567890123456789012345678901234567890123456789\","
     "\"J\":\"01234567890123456789012345678901234567890123456789012345678901234567890123456789\"}}",
     "", 0},
    {"floating point, 160 bytes", "T{ A[20]:F8 }", "", "{\"T\":{\"A\":[", "]}}", 20},
};

static struct sp_str make_json(const struct subject *s, char *text, size_t size)
{
    size_t len = (size_t)snprintf(text, size, "%s", s->head);
    for (unsigned i = 0; i < s->rows; i++) {
        if (s->layout[0] == 'T')
            len += (size_t)snprintf(text + len, size - len, "%s%u.%u5", i ? "," : "", i * 977, i);
        else
            len +=
                (size_t)snprintf(text + len, size - len, s->row, i ? "," : "", i, i, i + 1, i * 3 + 1, 200u);
    }
    len += (size_t)snprintf(text + len, size - len, "%s", s->tail);
    return sp_str_from(text, len);
}

static void fail(const char *what, const struct sp_error *err)
{
    fprintf(stderr, "bench_mapping: %s: %s\n", what, err->text);
    exit(1);
}

static double run(const struct sp_mapping *mapping, struct sp_str json, unsigned rounds, bool request,
                  bool response, uint64_t *ret_mallocs, size_t *ret_answer)
{
    struct sp_arena kept, arena;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_request_values values = {.body = json};
    struct sp_record_set records;
    struct sp_mapped_response answer;
    sp_arena_init(&kept, 1 << 24);
    sp_arena_init(&arena, 1 << 24);
    (void)!sp_arena_alloc(&arena, 1 << 16);
    if (sp_mapping_request(mapping, &values, &kept, &records, &err) != SP_OK)
        fail("request", &err);
    uint64_t before = mallocs;
    double least = 0;
    for (unsigned batch = 0; batch < BATCHES; batch++) {
        int64_t start = sp_clock_monotonic_us();
        for (unsigned i = 0; i < rounds / BATCHES + 1; i++) {
            sp_arena_reset(&arena);
            if (request && sp_mapping_request(mapping, &values, &arena, &records, &err) != SP_OK)
                fail("request", &err);
            if (response && sp_mapping_response(mapping, &records, &arena, &answer, &err) != SP_OK)
                fail("response", &err);
        }
        double ns = (double)(sp_clock_monotonic_us() - start) * 1000 / (rounds / BATCHES + 1);
        least = batch == 0 || ns < least ? ns : least;
    }
    *ret_mallocs = mallocs - before;
    *ret_answer = response ? answer.body.len : 0;
    sp_arena_finish(&arena);
    sp_arena_finish(&kept);
    return least;
}

static void measure(const struct subject *s, unsigned rounds, const char *only)
{
    static const struct {
        const char *name;
        bool request, response;
    } ways[] = {{"request", true, false}, {"response", false, true}, {"both", true, true}};
    struct sp_arena arena;
    struct sp_sar sar = {.name = SP_STR("Svc"), .conversion = {.trim_output_trailing = true}};
    struct sp_host_profile profile = {.codepage = sp_codepage_find(37, SP_NEWLINE_15)};
    const struct sp_mapping *mapping;
    struct sp_error err = SP_ERROR_INIT;
    char text[8192];
    struct sp_str json = make_json(s, text, sizeof text);
    sp_arena_init(&arena, 1 << 24);
    sar.request = sar.response = layout_from_text(s->layout, &arena);
    if (sp_mapping_compile(&sar, NULL, &profile, NULL, &arena, &mapping, &err) != SP_OK)
        fail("compile", &err);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        uint64_t count;
        size_t answer;
        if (only && strcmp(only, ways[i].name) != 0)
            continue;
        double ns = run(mapping, json, rounds, ways[i].request, ways[i].response, &count, &answer);
        double bytes = (double)(ways[i].request ? json.len : 0) + (double)answer;
        printf("%-40s %-8s %8.0f ns %7.0f MB/s  %llu mallocs\n", s->name, ways[i].name, ns, bytes * 1000 / ns,
               (unsigned long long)count);
    }
    sp_arena_finish(&arena);
}

int main(int argc, char **argv)
{
    unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 200000;
    const char *only = argc > 2 && strcmp(argv[2], "all") != 0 ? argv[2] : NULL;
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++)
        if (argc <= 3 || strstr(subjects[i].name, argv[3]))
            measure(&subjects[i], rounds ? rounds : 1, only);
    return 0;
}
