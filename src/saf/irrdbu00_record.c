/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/irrdbu00_record.h"

#include <stdio.h>
#include <time.h>

#define FLUSH_AT 65536u
#define RECORD_MAX 16384u

void sp_unload_out_init(struct sp_unload_out *out, sp_unload_write_fn *write, void *arg)
{
    out->write = write;
    out->arg = arg;
    sp_buf_init(&out->buf, FLUSH_AT + RECORD_MAX);
}

void sp_unload_out_finish(struct sp_unload_out *out)
{
    sp_buf_finish(&out->buf);
}

void sp_unload_begin(struct sp_unload_out *out, enum sp_unload_type type)
{
    static const char zeros[] = "00000000000000000000";
    out->record = &sp_unload_records[type];
    out->scratch_used = 0;
    for (size_t i = 0; i < out->record->count; i++) {
        const struct sp_unload_field *field = &out->record->fields[i];
        out->values[i] = field->kind == SP_UNLOAD_INTEGER
                             ? sp_str_from(zeros, (size_t)(field->end - field->start + 1))
                         : field->kind == SP_UNLOAD_YESNO ? SP_STR("NO")
                                                          : SP_STR("");
    }
}

void sp_unload_put(struct sp_unload_out *out, int field, struct sp_str value)
{
    out->values[field] = value;
}

void sp_unload_put_yes(struct sp_unload_out *out, int field, bool value)
{
    out->values[field] = value ? SP_STR("YES") : SP_STR("NO");
}

static void put_scratch(struct sp_unload_out *out, int field, const char *fmt, ...) SP_PRINTF(3, 4);

static void put_scratch(struct sp_unload_out *out, int field, const char *fmt, ...)
{
    char *to = out->scratch + out->scratch_used;
    size_t room = sizeof out->scratch - out->scratch_used;
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(to, room, fmt, args);
    va_end(args);
    if (len < 0 || (size_t)len >= room)
        len = 0;
    out->values[field] = sp_str_from(to, (size_t)len);
    out->scratch_used += (size_t)len + 1;
}

void sp_unload_put_number(struct sp_unload_out *out, int field, int64_t value)
{
    const struct sp_unload_field *f = &out->record->fields[field];
    put_scratch(out, field, "%0*lld", f->end - f->start + 1, (long long)value);
}

void sp_unload_put_date(struct sp_unload_out *out, int field, int32_t days)
{
    time_t seconds = (time_t)days * 86400;
    struct tm tm;
    if (days != SP_SAF_NO_DATE && gmtime_r(&seconds, &tm))
        put_scratch(out, field, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
}

void sp_unload_put_time(struct sp_unload_out *out, int field, int seconds)
{
    put_scratch(out, field, "%02d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

/* Up to `width` characters, control characters as periods. Returns how many; `*ret_cut` when there were more.
 */
static size_t put_value(struct sp_buf *buf, struct sp_str value, size_t width, bool *ret_cut)
{
    size_t chars = 0;
    for (size_t i = 0; i < value.len; i++) {
        unsigned char byte = (unsigned char)value.ptr[i];
        if ((byte & 0xc0) != 0x80 && chars++ == width) {
            *ret_cut = true;
            return width;
        }
        sp_buf_append_byte(buf, byte < ' ' || byte == 0x7f ? '.' : byte);
    }
    return chars;
}

enum sp_status sp_unload_end(struct sp_unload_out *out, struct sp_error *err)
{
    const struct sp_unload_record *record = out->record;
    size_t column = 5;
    sp_buf_append(&out->buf, record->type, 4);
    for (size_t i = 0; i < record->count; i++) {
        const struct sp_unload_field *field = &record->fields[i];
        size_t width = (size_t)(field->end - field->start + 1);
        bool cut = false;
        sp_buf_append_fill(&out->buf, ' ', field->start - column);
        size_t chars = put_value(&out->buf, out->values[i], width, &cut);
        sp_buf_append_fill(&out->buf, ' ', width - chars);
        column = field->end + 1u;
        if (cut && record->use != SP_UNLOAD_NO_PLACE)
            return sp_error_set(err, SP_ELIMIT, NULL, "'%.*s...' is longer than the %zu characters of %s",
                                width < 40 ? (int)width : 40, out->values[i].ptr, width, field->name);
    }
    sp_buf_append_byte(&out->buf, '\n');
    if (out->buf.failed)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to write an unload");
    return out->buf.len >= FLUSH_AT ? sp_unload_flush(out, err) : SP_OK;
}

enum sp_status sp_unload_flush(struct sp_unload_out *out, struct sp_error *err)
{
    enum sp_status status = out->buf.len ? out->write(out->arg, sp_buf_str(&out->buf), err) : SP_OK;
    sp_buf_reset(&out->buf);
    return status;
}
