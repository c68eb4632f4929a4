/* SPDX-License-Identifier: Apache-2.0
 * json_write.h: writing JSON (RFC 8259) to a buffer.
 *
 * Commas and, when asked, indentation are put by the writer. The buffer's `failed` mark tells at the end
 * whether all fitted. Wrong nesting (or more than SP_JSON_WRITE_DEPTH_MAX levels) is a defect of
 * the caller and is caught by assert.
 */
#ifndef SP_TEXT_JSON_WRITE_H
#define SP_TEXT_JSON_WRITE_H

#include "base/buf.h"

struct sp_json_value;

#define SP_JSON_WRITE_DEPTH_MAX 256

struct sp_json_writer {
    struct sp_buf *buf;
    unsigned depth;
    unsigned indent;                                 /* blanks a level; 0: compact */
    bool escape_controls;                            /* escape DEL and U+0080 to U+009F as well */
    bool value_due;                                  /* a name was written */
    bool first;                                      /* nothing written in the open object or array yet */
    unsigned char open[SP_JSON_WRITE_DEPTH_MAX / 8]; /* a bit a level: set for an object */
};

void sp_json_writer_init(struct sp_json_writer *writer, struct sp_buf *buf, unsigned indent);
void sp_json_object_begin(struct sp_json_writer *writer);
void sp_json_object_end(struct sp_json_writer *writer);
void sp_json_array_begin(struct sp_json_writer *writer);
void sp_json_array_end(struct sp_json_writer *writer);
void sp_json_name(struct sp_json_writer *writer, struct sp_str name);
/* A name that is quoted and escaped already, for names that are written often. */
void sp_json_quoted_name(struct sp_json_writer *writer, struct sp_str quoted);
/* `utf8` is escaped as needed; bytes that are not valid UTF-8 are written as U+FFFD. */
void sp_json_string(struct sp_json_writer *writer, struct sp_str utf8);
/* `digits` must be a JSON number; it is written as it is. */
void sp_json_number(struct sp_json_writer *writer, struct sp_str digits);
void sp_json_i64(struct sp_json_writer *writer, int64_t value);
void sp_json_u64(struct sp_json_writer *writer, uint64_t value);
void sp_json_bool(struct sp_json_writer *writer, bool value);
void sp_json_null(struct sp_json_writer *writer);
/* A value that is JSON text already, without blanks around it, is written as it is. */
void sp_json_raw(struct sp_json_writer *writer, struct sp_str json);
/* A string that needs no escape, put in place by the caller: room for at most `most` bytes, or NULL (the
 * buffer is marked). Nothing is written until sp_json_plain_done says how many bytes of printable ASCII,
 * neither quote nor backslash, were put there; the name of a member comes before, nothing in between.
 * Elements of arrays only without indentation. */
unsigned char *sp_json_plain_room(struct sp_json_writer *writer, size_t most);
void sp_json_plain_done(struct sp_json_writer *writer, size_t len);
/* A whole tree. */
void sp_json_tree(struct sp_json_writer *writer, const struct sp_json_value *value);

/* Shorthands for members: name and value. */
void sp_json_put_string(struct sp_json_writer *writer, const char *name, struct sp_str utf8);
void sp_json_put_text(struct sp_json_writer *writer, const char *name, const char *utf8);
void sp_json_put_i64(struct sp_json_writer *writer, const char *name, int64_t value);
void sp_json_put_bool(struct sp_json_writer *writer, const char *name, bool value);

#endif
