/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/store.h"

#include "mapping/binary.h"
#include "mapping/floattext.h"
#include "mapping/packed.h"
#include "mapping/zoned.h"

static enum sp_convert store_float(const struct sp_mapping *mapping, const struct sp_node *node,
                                   struct sp_str text, bool loose, unsigned char *ret_bytes)
{
    double value;
    enum sp_convert cause = sp_float_parse(text, loose, &value);
    return cause == SP_CONVERT_OK ? sp_float_store(mapping->float_format, node->bytes, value, ret_bytes)
                                  : cause;
}

enum sp_convert sp_store_text(const struct sp_mapping *mapping, const struct sp_node *node,
                              struct sp_str text, enum sp_spelling spelling, unsigned char *ret_bytes)
{
    if (node->kind == SP_NODE_CHAR)
        return sp_chars_write(node->charset, text, ret_bytes, node->bytes, NULL);
    bool loose = spelling == SP_SPELLING_LOOSE;
    if (node->kind == SP_NODE_FLOAT)
        return store_float(mapping, node, text, loose, ret_bytes);
    struct sp_decimal value;
    enum sp_convert cause = sp_decimal_read(text, loose, &value);
    if (cause != SP_CONVERT_OK)
        return cause;
    switch (node->kind) {
    case SP_NODE_ZONED:
        return sp_zoned_write(&node->shape, &value, ret_bytes);
    case SP_NODE_PACKED:
        return sp_packed_write(&node->shape, &value, ret_bytes);
    default:
        return sp_binary_write(&node->shape, &value, ret_bytes);
    }
}
