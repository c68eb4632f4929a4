/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as YAML: a tree or an error with its place. The tree is written as JSON and read back equal; read
 * as YAML it is equal as well, where YAML takes it at all (it bars very long keys) and all is ASCII (some
 * characters that JSON writes as they are end a line of YAML).
 */
#include <stdint.h>
#include <stdlib.h>

#include "json_trees.h"
#include "text/json_write.h"
#include "text/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static bool is_ascii(struct sp_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] >= 0x80)
            return false;
    return true;
}

static void read_with(struct sp_str input, const struct sp_json_limits *limits)
{
    struct sp_arena arena;
    struct sp_json_value *tree = NULL, *back = NULL;
    struct sp_error err = SP_ERROR_INIT;
    sp_arena_init(&arena, 256 << 20);
    enum sp_status status = sp_yaml_parse(input, "fuzz.yaml", &arena, limits, &tree, &err);
    check((tree != NULL) == (status == SP_OK));
    check(status == SP_OK || (err.status == status && err.text[0] && err.line && err.column));
    if (tree) {
        struct sp_buf json;
        struct sp_json_writer writer;
        sp_buf_init(&json, 64 << 20);
        sp_json_writer_init(&writer, &json, 0);
        sp_json_tree(&writer, tree);
        check(!json.failed);
        check(sp_json_parse(sp_buf_str(&json), &arena, limits, &back, &err) == SP_OK);
        check(trees_equal(tree, back));
        if (is_ascii(sp_buf_str(&json)) &&
            sp_yaml_parse(sp_buf_str(&json), NULL, &arena, limits, &back, &err) == SP_OK)
            check(trees_equal(tree, back));
        sp_buf_finish(&json);
    }
    sp_arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_json_limits narrow = {.depth = 4,
                                    .string_bytes = 10,
                                    .number_bytes = 6,
                                    .members = 3,
                                    .allow_nul = true,
                                    .allow_duplicates = true};
    read_with(sp_str_from(data, size), &sp_json_default_limits);
    read_with(sp_str_from(data, size), &narrow);
    return 0;
}
