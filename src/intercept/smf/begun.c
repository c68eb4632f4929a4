/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/smf/begun.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "intercept/smf/block.h"
#include "intercept/smf/record.h"

#define RECORD_ARENA_MAX (4u * 1024u * 1024u)
#define ANY_PAGE 1047u /* characters are not looked at */

static int64_t time_of_record(const struct sp_smf_record *record)
{
    const void *item = sp_smf_item(record, 0);
    if (!record->item_count)
        return 0;
    if (record->version->type == SP_SMF_SECURITY_TYPE)
        return ((const struct sp_smf_security *)item)->at_us;
    if (record->version->subtype == 2)
        return ((const struct sp_smf_requester *)item)->exit_us;
    return ((const struct sp_smf_request *)item)->exit_us;
}

static int64_t first_record_us(struct sp_str start)
{
    struct sp_smf_reader reader;
    struct sp_smf_text text;
    struct sp_smf_record record;
    struct sp_arena arena;
    struct sp_str bytes;
    struct sp_error err = SP_ERROR_INIT;
    int64_t us = 0;
    sp_arena_init(&arena, RECORD_ARENA_MAX);
    sp_smf_reader_init(&reader, start);
    if (sp_smf_text_init(&text, ANY_PAGE, &err) == SP_OK &&
        sp_smf_reader_next(&reader, &bytes, &err) == SP_OK &&
        sp_smf_record_read(bytes, &text, &arena, &record, &err) == SP_OK)
        us = time_of_record(&record);
    sp_arena_finish(&arena);
    return us;
}

static int64_t first_line_us(struct sp_str start)
{
    static const struct sp_str head = SP_STR_INIT("{\"time\":\"");
    if (!sp_str_starts(start, head))
        return 0;
    return sp_clock_text_read(start.ptr + head.len, start.len - head.len);
}

int64_t sp_smf_begun_us(int fd, enum sp_smf_form form)
{
    char bytes[SP_SMF_BLOCK_MAX];
    struct stat st;
    ssize_t got = pread(fd, bytes, sizeof bytes, 0);
    int64_t us = 0, now = sp_clock_realtime_us();
    struct sp_str start = sp_str_from(bytes, got > 0 ? (size_t)got : 0);
    us = form == SP_SMF_FORM_LINES ? first_line_us(start) : first_record_us(start);
    if (us <= 0 && fstat(fd, &st) == 0)
        us = (int64_t)st.st_mtim.tv_sec * 1000000;
    return us > 0 && us < now ? us : now;
}
