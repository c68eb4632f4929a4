/* SPDX-License-Identifier: Apache-2.0
 * fixture.h: a service and an operation to map, and checks of both ways; for the tests of this room.
 */
#ifndef TESTS_MAPPING_FIXTURE_H
#define TESTS_MAPPING_FIXTURE_H

#include "mapping/mapping.h"

struct fixture {
    struct sp_arena arena, request_arena;
    struct sp_sar sar;
    struct sp_host_profile profile;
    struct sp_mapping_options options;
    struct sp_map request_map, response_map;
    struct sp_map_step request_steps[8], response_steps[8];
    struct sp_aar_response response;
    struct sp_aar_operation operation;
    const struct sp_mapping *mapping;
    struct sp_request_values values; /* the body is put there by the checks */
    struct sp_parameter parameters[3][4];
    struct sp_error err;
};

/* Trailing blanks trimmed, everything else off; IBM037, hexadecimal floating point. */
void fixture_init(struct fixture *f, const char *layout);
void fixture_finish(struct fixture *f);
void fixture_response(struct fixture *f, const char *layout);
/* Steps are used by the next compile; see the fields of struct sp_map_step. */
void fixture_request_step(struct fixture *f, struct sp_map_step step);
void fixture_response_step(struct fixture *f, struct sp_map_step step);

/* Parameters of one place for the next requests: "a=1&b=2". */
void fixture_give(struct fixture *f, enum sp_map_place place, const char *text);

enum sp_status fixture_try_compile(struct fixture *f, bool with_operation);
/* Fails the test when it does not compile. */
void fixture_compile(struct fixture *f);
void fixture_compile_operation(struct fixture *f);

/* `hex`: the records, those of several containers separated by '|'. */
void check_request(struct fixture *f, const char *json, const char *hex);
/* `text` is part of the message. */
void check_refused(struct fixture *f, const char *json, const char *id, const char *text);
void check_response(struct fixture *f, const char *hex, const char *json);
void check_bad_answer(struct fixture *f, const char *hex, const char *id, const char *text);
/* Both. */
void check_both(struct fixture *f, const char *json, const char *hex);

/* Run a response of records in hexadecimal; containers take the names of the response's segments. */
enum sp_status fixture_answer(struct fixture *f, const char *hex, struct sp_mapped_response *ret_response);
enum sp_status fixture_ask(struct fixture *f, struct sp_str json, struct sp_record_set *ret_records);

#endif
