/* SPDX-License-Identifier: Apache-2.0
 * A file of SMF records, as `sallyport smf dump` reads it: blocks, records, both ways of printing.
 */
#include <stdlib.h>

#include "intercept/smf/block.h"
#include "intercept/smf/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print_both(const struct sp_smf_record *record)
{
    struct sp_buf buf;
    struct sp_json_writer writer;
    sp_buf_init(&buf, 16u * 1024 * 1024);
    sp_smf_print_text(record, &buf);
    sp_json_writer_init(&writer, &buf, 2);
    sp_smf_print_json(record, &writer);
    if (buf.failed)
        abort();
    sp_buf_finish(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_smf_text text;
    struct sp_error err = SP_ERROR_INIT;
    if (sp_smf_text_init(&text, 1047, &err) != SP_OK)
        abort();
    struct sp_smf_reader reader;
    struct sp_str bytes;
    sp_smf_reader_init(&reader, sp_str_from(data, size));
    while (sp_smf_reader_next(&reader, &bytes, &err) == SP_OK) {
        struct sp_arena arena;
        struct sp_smf_record record;
        sp_arena_init(&arena, 4u * 1024 * 1024);
        if (sp_smf_record_read(bytes, &text, &arena, &record, &err) == SP_OK)
            print_both(&record);
        else if (!err.text[0])
            abort();
        sp_arena_finish(&arena);
    }
    return 0;
}
