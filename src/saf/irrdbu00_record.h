/* SPDX-License-Identifier: Apache-2.0
 * irrdbu00_record.h: one record of a database unload, field by field, as a line of text. Private to the room.
 */
#ifndef SP_SAF_IRRDBU00_RECORD_H
#define SP_SAF_IRRDBU00_RECORD_H

#include "base/buf.h"
#include "saf/irrdbu00.h"
#include "saf/irrdbu00_layout.h"

struct sp_unload_out {
    sp_unload_write_fn *write;
    void *arg;
    struct sp_buf buf; /* lines that wait to be written */
    const struct sp_unload_record *record;
    struct sp_str values[SP_UNLOAD_FIELDS_MAX];
    char scratch[1024]; /* texts of numbers and dates of this record */
    size_t scratch_used;
};

void sp_unload_out_init(struct sp_unload_out *out, sp_unload_write_fn *write, void *arg);
void sp_unload_out_finish(struct sp_unload_out *out);
/* Begin a record with every field empty: blanks, zeros, NO. */
void sp_unload_begin(struct sp_unload_out *out, enum sp_unload_type type);
/* Values must last until the end of the record. */
void sp_unload_put(struct sp_unload_out *out, int field, struct sp_str value);
void sp_unload_put_yes(struct sp_unload_out *out, int field, bool value);
void sp_unload_put_number(struct sp_unload_out *out, int field, int64_t value);
void sp_unload_put_date(struct sp_unload_out *out, int field, int32_t days);
/* Seconds of the day. */
void sp_unload_put_time(struct sp_unload_out *out, int field, int seconds);
/* SP_ELIMIT when a value does not fit its field (of records that only inform it is cut). */
enum sp_status sp_unload_end(struct sp_unload_out *out, struct sp_error *err) SP_MUST_CHECK;
enum sp_status sp_unload_flush(struct sp_unload_out *out, struct sp_error *err) SP_MUST_CHECK;

#endif
