/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <string.h>

#include "engine/chunks.h"

#define STR(text) (text), sizeof(text) - 1
#define ALL SIZE_MAX

struct frame {
    const char *bytes;
    size_t len;
    size_t wrong; /* ALL: nothing */
    enum sp_chunk_state state;
};

static const struct frame frames[] = {
    {STR("5\r\nhello\r\n0\r\n\r\n"), ALL, SP_CHUNK_LAST},
    {STR("000A\r\n0123456789\r\n00\r\n"), ALL, SP_CHUNK_LAST},
    {STR("a;x=\"y z\"\r\n0123456789\r\n0;last\r\n"), ALL, SP_CHUNK_LAST},
    {STR("5 \t;a\r\nhello\r\n"), ALL, SP_CHUNK_SIZE},
    {STR("5\r\nhel"), ALL, SP_CHUNK_DATA},
    {STR("5\r\nhello"), ALL, SP_CHUNK_DATA_CR},
    {STR("0\r\nanything\n\r\0 at all"), ALL, SP_CHUNK_LAST},
    {STR("fffffffffffffff\r\nx"), ALL, SP_CHUNK_DATA},
    {STR("0fffffffffffffff\r\n"), 15, SP_CHUNK_BAD},
    {STR("5\nhello"), 1, SP_CHUNK_BAD},
    {STR("5;a\nhello"), 3, SP_CHUNK_BAD},
    {STR("5\r\rhello"), 2, SP_CHUNK_BAD},
    {STR("5\r\nhello\n"), 8, SP_CHUNK_BAD},
    {STR("5\r\nhelloX"), 8, SP_CHUNK_BAD},
    {STR("5\r\nhello\r\r"), 9, SP_CHUNK_BAD},
    {STR("\r\n"), 0, SP_CHUNK_BAD},
    {STR(";a\r\n"), 0, SP_CHUNK_BAD},
    {STR(" 5\r\n"), 0, SP_CHUNK_BAD},
    {STR("+5\r\n"), 0, SP_CHUNK_BAD},
    {STR("0x5\r\n"), 1, SP_CHUNK_BAD},
    {STR("5g\r\n"), 1, SP_CHUNK_BAD},
    {STR("5 \r\n"), 2, SP_CHUNK_BAD},
    {STR("5;a\0b\r\n"), 3, SP_CHUNK_BAD},
    {STR("5;a\x7f\r\n"), 3, SP_CHUNK_BAD},
    {STR("0\n"), 1, SP_CHUNK_BAD},
};

static void frames_are_read_strictly_in_any_pieces(void **state)
{
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        const struct frame *frame = &frames[i];
        const unsigned char *bytes = (const unsigned char *)frame->bytes;
        for (size_t cut = 0; cut <= frame->len; cut++) {
            struct sp_chunks chunks = {.state = SP_CHUNK_SIZE};
            size_t wrong = sp_chunks_feed(&chunks, bytes, cut);
            if (wrong == cut)
                wrong = cut + sp_chunks_feed(&chunks, bytes + cut, frame->len - cut);
            print_message("# frame %zu cut at %zu\n", i, cut);
            assert_int_equal(wrong, frame->wrong == ALL ? frame->len : frame->wrong);
            assert_int_equal(chunks.state, frame->state);
        }
    }
}

static void an_extension_has_a_limit(void **state)
{
    unsigned char line[SP_CHUNK_EXTENSION_MAX + 10];
    memset(line, 'a', sizeof line);
    memcpy(line, "5;", 2);
    struct sp_chunks chunks = {.state = SP_CHUNK_SIZE};
    assert_int_equal(sp_chunks_feed(&chunks, line, 2 + SP_CHUNK_EXTENSION_MAX), 2 + SP_CHUNK_EXTENSION_MAX);
    assert_int_equal(sp_chunks_feed(&chunks, line + 2, 1), 0);
    assert_int_equal(chunks.state, SP_CHUNK_BAD);
    assert_int_equal(sp_chunks_feed(&chunks, (const unsigned char *)"\r\n", 2), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_read_strictly_in_any_pieces),
        cmocka_unit_test(an_extension_has_a_limit),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
