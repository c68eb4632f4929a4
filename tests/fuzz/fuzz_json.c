/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a JSON text: reading token by token, skipping, and reading into a tree agree on whether it is
 * one; a tree that is written, plainly or indented, is read back equal.
 */
#include <stdint.h>
#include <stdlib.h>

#include "json_trees.h"
#include "text/json_write.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static enum sp_status read_tokens(struct sp_str input, struct sp_arena *arena,
                                  const struct sp_json_limits *limits)
{
    struct sp_json_reader reader;
    struct sp_error err = SP_ERROR_INIT;
    enum sp_json_token token;
    sp_json_reader_init(&reader, input, arena, limits, &err);
    while ((token = sp_json_next(&reader)) != SP_JSON_END) {
        check(reader.token_at <= input.len && reader.depth <= limits->depth);
        if (token == SP_JSON_ERROR) {
            check(err.status != SP_OK && err.text[0] && err.line && err.column && err.offset >= 0);
            check((size_t)err.offset <= input.len);
            return err.status;
        }
        if (token == SP_JSON_NAME || token == SP_JSON_STRING || token == SP_JSON_NUMBER)
            check(sp_utf8_check(reader.text) == reader.text.len);
    }
    return SP_OK;
}

static enum sp_status skip_all(struct sp_str input, struct sp_arena *arena,
                               const struct sp_json_limits *limits)
{
    struct sp_json_reader reader;
    struct sp_error err = SP_ERROR_INIT;
    sp_json_reader_init(&reader, input, arena, limits, &err);
    enum sp_status status = sp_json_skip(&reader, sp_json_next(&reader));
    if (!status && sp_json_next(&reader) != SP_JSON_END)
        status = err.status;
    return status;
}

static void write_and_read_back(const struct sp_json_value *tree, unsigned indent, struct sp_arena *arena,
                                const struct sp_json_limits *limits)
{
    struct sp_buf text;
    struct sp_json_writer writer;
    struct sp_json_value *back;
    struct sp_error err = SP_ERROR_INIT;
    sp_buf_init(&text, 64 << 20);
    sp_json_writer_init(&writer, &text, indent);
    sp_json_tree(&writer, tree);
    check(!text.failed);
    check(sp_json_parse(sp_buf_str(&text), arena, limits, &back, &err) == SP_OK);
    check(trees_equal(tree, back));
    sp_buf_finish(&text);
}

static void read_with(struct sp_str input, const struct sp_json_limits *limits)
{
    struct sp_arena arena;
    struct sp_json_value *tree = NULL;
    sp_arena_init(&arena, 256 << 20);
    enum sp_status status = read_tokens(input, &arena, limits);
    check(skip_all(input, &arena, limits) == status);
    check(sp_json_parse(input, &arena, limits, &tree, NULL) == status);
    check((tree != NULL) == (status == SP_OK));
    if (tree) {
        write_and_read_back(tree, 0, &arena, limits);
        write_and_read_back(tree, 3, &arena, limits);
    }
    sp_arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_json_limits narrow = {
        .depth = 5, .string_bytes = 10, .number_bytes = 6, .members = 34, .allow_duplicates = size % 2};
    struct sp_json_limits lax = sp_json_default_limits;
    lax.depth = SP_JSON_DEPTH_MAX;
    lax.allow_nul = true;
    lax.allow_duplicates = true;
    read_with(sp_str_from(data, size), &sp_json_default_limits);
    read_with(sp_str_from(data, size), &narrow);
    read_with(sp_str_from(data, size), &lax);
    return 0;
}
