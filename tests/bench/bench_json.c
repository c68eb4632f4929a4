/* SPDX-License-Identifier: Apache-2.0
 * bench_json.c: what reading and writing JSON costs. One line a measure: the best of several rounds.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "text/json.h"
#include "text/json_write.h"

#define ROUNDS 7
#define ROUND_US 100000

/* A body of an API in front of a record of about 1 KB: short members, some groups, a table of lines. */
static const char api_body[] =
    "{\"orderRequest\":{\"customerNumber\":\"0004711238\",\"customerName\":\"Marga Lindqvist-Oyelaran\","
    "\"deliveryAddress\":{\"street\":\"Kungsholmsgatan 24 B\",\"city\":\"Stockholm\",\"postcode\":\"11227\","
    "\"country\":\"SE\"},\"orderDate\":\"2026-03-17\",\"currency\":\"EUR\",\"express\":false,\"discount\":2."
    "50,"
    "\"lines\":[{\"itemReference\":10,\"description\":\"Ball pens black 24 "
    "pack\",\"quantity\":12,\"price\":2.90},"
    "{\"itemReference\":190,\"description\":\"Laser paper A4 108gsm, 500 "
    "sheets\",\"quantity\":40,\"price\":33.54},"
    "{\"itemReference\":70,\"description\":\"Highlighter assorted 5 pack\",\"quantity\":3,\"price\":3.89},"
    "{\"itemReference\":200,\"description\":\"Envelopes 89 x 152 mm, 100 "
    "pieces\",\"quantity\":10,\"price\":17.65},"
    "{\"itemReference\":230,\"description\":\"Index cards ruled, 3 x 5 "
    "inch\",\"quantity\":1,\"price\":0.00}],"
    "\"comment\":\"Please ring twice; the gate code is with the "
    "porter.\",\"charge\":{\"department\":\"KB42\",\"costCentre\":\"EMEA-2201-0077\",\"project\":\"WAREHOUSE "
    "REFIT\","
    "\"account\":\"9384-2201-77\",\"approver\":null,\"remarks\":\"booked by the night shift\"}}}";

/* The same kind of content with indentation, characters beyond ASCII and escapes. */
static const char escaped_body[] = "{\n  \"name\": \"M\xc3\xa4rta \xc3\x85str\xc3\xb6m\",\n  \"note\": "
                                   "\"line one\\nline two\\n\\\"quoted\\\"\",\n"
                                   "  \"path\": \"C:\\\\orders\\\\2026\",\n  \"price\": \"\\u20ac 12,50\",\n "
                                   " \"tags\": [\n    \"\xe6\x9d\xb1\xe4\xba\xac\",\n"
                                   "    \"\xd0\x9c\xd0\xbe\xd1\x81\xd0\xba\xd0\xb2\xd0\xb0\",\n    "
                                   "\"S\xc3\xa3o Paulo\"\n  ],\n  \"total\": -1200.75\n}\n";

/* One object of `members` short members, as a flat record gives. */
static void make_flat(struct sp_buf *buf, unsigned members)
{
    static const char *const words[] = {"account", "branch", "amount", "posted",
                                        "status",  "holder", "region", "limit"};
    struct sp_json_writer writer;
    sp_json_writer_init(&writer, buf, 0);
    sp_json_object_begin(&writer);
    for (unsigned i = 0; i < members; i++) {
        char name[32];
        snprintf(name, sizeof name, "%sField%u", words[i % 8], i / 8);
        sp_json_put_i64(&writer, name, i * 1237);
    }
    sp_json_object_end(&writer);
}

struct work {
    struct sp_str input;
    struct sp_arena arena;
    struct sp_buf out;
};

static enum sp_json_token read_tokens(struct work *work)
{
    struct sp_json_reader reader;
    enum sp_json_token token;
    sp_arena_reset(&work->arena);
    sp_json_reader_init(&reader, work->input, &work->arena, NULL, NULL);
    do
        token = sp_json_next(&reader);
    while (token != SP_JSON_END && token != SP_JSON_ERROR);
    return token;
}

static void run_read(struct work *work)
{
    if (read_tokens(work) != SP_JSON_END)
        abort();
}

static void run_parse(struct work *work)
{
    struct sp_json_value *value;
    sp_arena_reset(&work->arena);
    if (sp_json_parse(work->input, &work->arena, NULL, &value, NULL))
        abort();
}

static void write_token(struct sp_json_writer *writer, enum sp_json_token token, struct sp_str text)
{
    switch (token) {
    case SP_JSON_OBJECT_BEGIN:
        sp_json_object_begin(writer);
        break;
    case SP_JSON_OBJECT_END:
        sp_json_object_end(writer);
        break;
    case SP_JSON_ARRAY_BEGIN:
        sp_json_array_begin(writer);
        break;
    case SP_JSON_ARRAY_END:
        sp_json_array_end(writer);
        break;
    case SP_JSON_NAME:
        sp_json_name(writer, text);
        break;
    case SP_JSON_STRING:
        sp_json_string(writer, text);
        break;
    case SP_JSON_NUMBER:
        sp_json_number(writer, text);
        break;
    case SP_JSON_NULL:
        sp_json_null(writer);
        break;
    default:
        sp_json_bool(writer, token == SP_JSON_TRUE);
        break;
    }
}

static void run_read_write(struct work *work)
{
    struct sp_json_reader reader;
    struct sp_json_writer writer;
    enum sp_json_token token;
    sp_arena_reset(&work->arena);
    sp_buf_reset(&work->out);
    sp_json_reader_init(&reader, work->input, &work->arena, NULL, NULL);
    sp_json_writer_init(&writer, &work->out, 0);
    while ((token = sp_json_next(&reader)) != SP_JSON_END) {
        if (token == SP_JSON_ERROR)
            abort();
        write_token(&writer, token, reader.text);
    }
    if (work->out.failed)
        abort();
}

static void measure(const char *name, struct sp_str input, void (*run)(struct work *work))
{
    struct work work = {.input = input};
    double best = 0;
    sp_arena_init(&work.arena, 16 << 20);
    sp_buf_init(&work.out, 16 << 20);
    for (int round = 0; round < ROUNDS; round++) {
        int64_t start = sp_clock_monotonic_us(), spent;
        unsigned long times = 0;
        do {
            for (int i = 0; i < 100; i++)
                run(&work);
            times += 100;
            spent = sp_clock_monotonic_us() - start;
        } while (spent < ROUND_US);
        double ns = (double)spent * 1000 / (double)times;
        if (round == 0 || ns < best)
            best = ns;
    }
    printf("%-28s %6zu bytes %8.0f ns %7.0f MB/s\n", name, input.len, best, (double)input.len * 1000 / best);
    sp_arena_finish(&work.arena);
    sp_buf_finish(&work.out);
}

int main(void)
{
    struct sp_str body = SP_STR(api_body), escaped = SP_STR(escaped_body);
    measure("json read", body, run_read);
    measure("json read into a tree", body, run_parse);
    measure("json read and write", body, run_read_write);
    struct sp_buf flat;
    sp_buf_init(&flat, 1 << 16);
    make_flat(&flat, 32);
    measure("json read, flat, 32 members", sp_buf_str(&flat), run_read);
    sp_buf_reset(&flat);
    make_flat(&flat, 400);
    measure("json read, flat, 400 members", sp_buf_str(&flat), run_read);
    sp_buf_finish(&flat);
    measure("json read, escapes", escaped, run_read);
    measure("json read and write, escapes", escaped, run_read_write);
    return 0;
}
