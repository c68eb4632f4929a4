/* SPDX-License-Identifier: Apache-2.0
 * fuzz_region_frame.c: whatever is read as a frame of the region's protocol can be written and read again.
 */
#include <stdlib.h>

#include "text/region_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void link_survives(struct sp_str frame, struct sp_arena *arena, struct sp_buf *buf)
{
    struct sp_region_link link, again;
    struct sp_error err = SP_ERROR_INIT;
    if (sp_region_link_read(frame, arena, &link, &err) != SP_OK) {
        must(err.status != SP_OK && err.text[0]);
        return;
    }
    must(sp_region_link_write(buf, &link) == SP_OK);
    must(sp_region_link_read(sp_buf_str(buf), arena, &again, &err) == SP_OK);
    must(again.container_count == link.container_count && sp_str_eq(again.commarea, link.commarea) &&
         sp_str_eq(again.program, link.program) && again.has_channel == link.has_channel);
    for (size_t i = 0; i < link.container_count; i++)
        must(sp_str_eq(again.containers[i].name, link.containers[i].name) &&
             sp_str_eq(again.containers[i].data, link.containers[i].data));
}

static void answer_survives(struct sp_str frame, struct sp_arena *arena, struct sp_buf *buf)
{
    struct sp_region_answer answer, again;
    struct sp_error err = SP_ERROR_INIT;
    if (sp_region_answer_read(frame, arena, &answer, &err) != SP_OK) {
        must(err.status != SP_OK && err.text[0]);
        return;
    }
    must(sp_region_answer_write(buf, &answer) == SP_OK);
    must(sp_region_answer_read(sp_buf_str(buf), arena, &again, &err) == SP_OK);
    must(again.outcome == answer.outcome && sp_str_eq(again.commarea, answer.commarea) &&
         again.container_count == answer.container_count && again.has_channel == answer.has_channel);
}

static void try_frame(struct sp_str frame)
{
    struct sp_arena arena;
    struct sp_buf buf;
    struct sp_region_hello hello;
    struct sp_str reason;
    size_t length = 0;
    sp_arena_init(&arena, 1u << 20);
    sp_buf_init(&buf, 2u * SP_REGION_FRAME_MAX);
    struct sp_region_header header;
    struct sp_error err = SP_ERROR_INIT;
    enum sp_status status = sp_region_frame_length(NULL, frame, &length);
    if (sp_region_header_read(frame, &header, &err) == SP_OK)
        must(status == SP_OK && length == frame.len);
    link_survives(frame, &arena, &buf);
    sp_buf_reset(&buf);
    answer_survives(frame, &arena, &buf);
    sp_buf_reset(&buf);
    if (sp_region_hello_read(frame, &hello, NULL) == SP_OK)
        must(sp_region_hello_write(&buf, &hello) == SP_OK);
    if (sp_region_refuse_read(frame, &reason, NULL) == SP_OK)
        must(sp_region_refuse_write(&buf, 1, reason) == SP_OK);
    sp_buf_finish(&buf);
    sp_arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_frame(sp_str_from(data, size));
    /* Once more with a length that is right, which a changed input seldom has. */
    unsigned char *copy = size >= SP_REGION_HEADER_BYTES ? malloc(size) : NULL;
    if (copy) {
        memcpy(copy, data, size);
        sp_put_u32(copy + 8, (uint32_t)size);
        try_frame(sp_str_from(copy, size));
        free(copy);
    }
    return 0;
}
