/* SPDX-License-Identifier: Apache-2.0
 * request.h: one request on its way into records; for the files of this room only.
 */
#ifndef SP_MAPPING_REQUEST_H
#define SP_MAPPING_REQUEST_H

#include "mapping/program.h"
#include "mapping/store.h"

struct sp_request_run {
    const struct sp_mapping *mapping;
    struct sp_arena *arena;
    struct sp_error *err;
    struct sp_json_reader reader;
    unsigned char **bases;        /* by segment: its bytes, every array at its greatest size */
    bool *segment_given;          /* by segment: a value for it was given */
    uint64_t *given;              /* by object: a bit for each child */
    const struct sp_node **areas; /* by area: the alternative that was given */
    uint32_t *counts;             /* by counter: elements given, UINT32_MAX: no array yet */
    bool *counter_given;          /* by counter: the caller gave the field itself */
    uint32_t *index;              /* by level of arrays: the element being read */
};

/* Values for one array, element by element. Memory of the element is initialised and its scope open until it
 * is closed. */
enum sp_status sp_request_next_element(struct sp_request_run *run, const struct sp_node *array,
                                       unsigned char *base, uint32_t number,
                                       unsigned char **ret_element) SP_MUST_CHECK;
enum sp_status sp_request_end_array(struct sp_request_run *run, const struct sp_node *array,
                                    uint32_t count) SP_MUST_CHECK;

/* Put a text into a scalar field. */
enum sp_status sp_request_store(struct sp_request_run *run, const struct sp_node *node, struct sp_str text,
                                enum sp_spelling spelling, unsigned char *base) SP_MUST_CHECK;
/* Decide for an alternative of a redefined area; SP_EINVAL when another one was given. */
enum sp_status sp_request_claim(struct sp_request_run *run, const struct sp_node *node,
                                unsigned char *base) SP_MUST_CHECK;

/* Path, query and header parameters that the API map moves into fields. */
enum sp_status sp_request_run_moves(struct sp_request_run *run,
                                    const struct sp_request_values *values) SP_MUST_CHECK;

#endif
