/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as an XML document: a tree or an error, and every node of the tree can be walked.
 */
#include <stdint.h>
#include <stdlib.h>

#include "text/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t walk(const struct sp_xml_element *element, const struct sp_xml_element *parent)
{
    size_t bytes = element->name.len + element->text.len + element->namespace.len;
    if (element->parent != parent || element->name.len == 0 || element->line == 0 || element->column == 0)
        abort();
    for (const struct sp_xml_attribute *a = element->attributes; a; a = a->next)
        bytes += a->name.len + a->value.len;
    for (const struct sp_xml_element *child = element->first; child; child = child->next)
        bytes += walk(child, element);
    return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_arena arena;
    sp_arena_init(&arena, (size_t)8 << 20);
    struct sp_xml_element *root = NULL;
    struct sp_error err = SP_ERROR_INIT;
    enum sp_status status = sp_xml_parse(sp_str_from(data, size), "fuzz", &arena, NULL, &root, &err);
    if ((status == SP_OK) != (root != NULL) || (status != SP_OK && err.text[0] == '\0'))
        abort();
    if (root && walk(root, NULL) > 3 * size)
        abort();
    sp_arena_finish(&arena);
    return 0;
}
