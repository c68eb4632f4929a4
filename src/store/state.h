/* SPDX-License-Identifier: Apache-2.0
 * state.h: what the administrator decided about deployed archives: which of them are stopped.
 *
 * A text of JSON, kept beside the archives and replaced as a whole (store/files.h). A record belongs to an
 * archive of certain bytes: while an archive is being replaced there is one record for the old bytes and one
 * for the new ones, so that the one moment in which the file is replaced is the moment in which the state
 * changes too. Something without a record is started; an archive whose bytes no record knows (somebody copied
 * it there) has the state of the latest record of its name.
 */
#ifndef SP_STORE_STATE_H
#define SP_STORE_STATE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "store/kind.h"

#define SP_STORE_RECORDS_MAX 65536u
#define SP_STORE_STATE_BYTES_MAX (64u * 1024u * 1024u)
#define SP_STORE_CHECKSUM_BYTES 64u /* hexadecimal SHA-256 */

struct sp_store_record {
    enum sp_store_kind kind;
    struct sp_str name;
    struct sp_str checksum; /* of the archive's bytes */
    bool stopped;
    struct sp_str by, at;         /* user, and time as RFC 3339 says */
    struct sp_store_record *next; /* older one of the same name */
};

struct sp_store_state {
    struct sp_arena *arena;
    struct sp_hash names; /* kind and name -> records of that name */
};

/* An empty one whose records live in the arena. */
void sp_store_state_init(struct sp_store_state *state, struct sp_arena *arena);
/* Accepts one that is all zeros. */
void sp_store_state_finish(struct sp_store_state *state);
/* Records of a text; an empty text has none. SP_ESYNTAX, SP_EINVAL, SP_ELIMIT, SP_ENOMEM. */
enum sp_status sp_store_state_read(struct sp_store_state *state, struct sp_str text,
                                   struct sp_error *err) SP_MUST_CHECK;
/* The text, records in the order of kinds, names and ages. SP_ELIMIT. */
enum sp_status sp_store_state_write(const struct sp_store_state *state, struct sp_buf *buf,
                                    struct sp_error *err) SP_MUST_CHECK;

/* The latest record of that name, or NULL. */
const struct sp_store_record *sp_store_state_find(const struct sp_store_state *state, enum sp_store_kind kind,
                                                  struct sp_str name);
/* Whether an archive is stopped; `checksum` is that of its bytes. */
bool sp_store_state_is_stopped(const struct sp_store_state *state, enum sp_store_kind kind,
                               struct sp_str name, const char *checksum);

/* Keep of the records of a name only that of the archive with this checksum ("": none of them). */
void sp_store_state_keep(struct sp_store_state *state, enum sp_store_kind kind, struct sp_str name,
                         const char *checksum);
/* Add a record, or replace that of the same bytes; texts are copied. SP_ELIMIT, SP_ENOMEM. */
enum sp_status sp_store_state_put(struct sp_store_state *state, const struct sp_store_record *record,
                                  struct sp_error *err) SP_MUST_CHECK;

/* Hexadecimal SHA-256, with a NUL behind it. */
void sp_store_checksum(struct sp_str bytes, char ret_text[SP_STORE_CHECKSUM_BYTES + 1]);

#endif
