/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/place.h"
#include "mapping/request.h"

/* A parameter's value for the target; around it, alternatives are claimed from the outside in. */
static enum sp_status claim_around(struct sp_request_run *run, const struct sp_node *node,
                                   unsigned char *base)
{
    if (!node->parent)
        return SP_OK;
    enum sp_status status = claim_around(run, node->parent, base);
    if (status == SP_OK && node->area != SP_MAPPING_NONE)
        status = sp_request_claim(run, node, base);
    return status;
}

static struct sp_str given_value(const struct sp_move *move, const struct sp_parameter *parameter)
{
    bool same = move->place == SP_MAP_HEADER ? sp_str_caseless_eq(move->name, parameter->name)
                                             : sp_str_eq(move->name, parameter->name);
    struct sp_str value = parameter->value;
    if (same && !value.ptr)
        value.ptr = "";
    return same ? value : (struct sp_str){NULL, 0};
}

/* Elements separated by commas, and the parameter as often as wanted. */
static enum sp_status move_elements(struct sp_request_run *run, const struct sp_move *move,
                                    struct sp_str value, unsigned char *base, uint32_t *count)
{
    struct sp_str part;
    while (sp_str_split(&value, ',', &part)) {
        unsigned char *element;
        enum sp_status status = sp_request_next_element(run, move->node, base, *count, &element);
        if (status == SP_OK)
            status = sp_request_store(run, move->node->array.element, part, SP_SPELLING_LOOSE, element);
        if (status != SP_OK)
            return status;
        (*count)++;
    }
    return SP_OK;
}

static enum sp_status run_move(struct sp_request_run *run, const struct sp_move *move,
                               const struct sp_parameter *parameters, size_t parameter_count)
{
    const struct sp_node *node = move->node;
    unsigned char *base = run->bases[node->home];
    uint32_t values = 0, elements = 0;
    for (size_t i = 0; i < parameter_count; i++) {
        struct sp_str value = given_value(move, &parameters[i]);
        if (!value.ptr)
            continue;
        if (values++ == 0) {
            enum sp_status claimed = claim_around(run, node, base);
            if (claimed != SP_OK)
                return claimed;
        } else if (node->kind != SP_NODE_ARRAY) {
            return sp_error_set(run->err, SP_EINVAL, SP_ID_GIVEN_TWICE,
                                "The HTTP request has the parameter %.*s more than once.",
                                SP_STR_ARG(move->name));
        }
        run->segment_given[node->home] = true;
        enum sp_status status = node->kind == SP_NODE_ARRAY
                                    ? move_elements(run, move, value, base, &elements)
                                    : sp_request_store(run, node, value, SP_SPELLING_LOOSE, base);
        if (status != SP_OK) {
            sp_error_prefix(run->err, "The parameter %.*s", SP_STR_ARG(move->name));
            return status;
        }
    }
    if (values == 0 && move->required)
        return sp_error_set(run->err, SP_EINVAL, SP_ID_MISSING_PARAMETER,
                            "The HTTP request is missing parameter %.*s", SP_STR_ARG(move->name));
    return values && node->kind == SP_NODE_ARRAY ? sp_request_end_array(run, node, elements) : SP_OK;
}

enum sp_status sp_request_run_moves(struct sp_request_run *run, const struct sp_request_values *values)
{
    const struct sp_direction *direction = &run->mapping->request;
    for (uint32_t i = 0; i < direction->move_count; i++) {
        const struct sp_move *move = &direction->moves[i];
        const struct sp_parameter *parameters = values->headers;
        size_t count = values->header_count;
        if (move->place == SP_MAP_PATH) {
            parameters = values->path;
            count = values->path_count;
        } else if (move->place == SP_MAP_QUERY) {
            parameters = values->query;
            count = values->query_count;
        }
        enum sp_status status = run_move(run, move, parameters, count);
        if (status != SP_OK)
            return status;
    }
    return SP_OK;
}
