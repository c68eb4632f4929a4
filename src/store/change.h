/* SPDX-License-Identifier: Apache-2.0
 * change.h: a change of what is deployed, as it travels from the worker that was asked for it to the one that
 * makes it.
 */
#ifndef SP_STORE_CHANGE_H
#define SP_STORE_CHANGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "store/kind.h"

enum sp_store_act {
    SP_STORE_DEPLOY, /* something new */
    SP_STORE_UPDATE, /* another archive of the same name; it must be stopped */
    SP_STORE_START,
    SP_STORE_STOP,
    SP_STORE_DELETE, /* it must be stopped */
};

struct sp_store_change {
    enum sp_store_act act;
    enum sp_store_kind kind;
    struct sp_str name;
    bool stopped;          /* afterwards; of deploy and update */
    struct sp_str archive; /* bytes; of deploy and update, before they are staged */
    struct sp_str staged;  /* path of the staged file; of deploy and update */
    struct sp_str by;      /* user */
};

/* "deployed", "updated", "started", "stopped", "deleted" */
const char *sp_store_act_done(enum sp_store_act act);

#define SP_STORE_CHANGE_BYTES_MAX 16384u
/* One line of JSON without an archive's bytes, its end among it. SP_ELIMIT. */
enum sp_status sp_store_change_write(const struct sp_store_change *change, struct sp_buf *buf) SP_MUST_CHECK;
/* Texts live in the arena or point into the line. SP_ESYNTAX, SP_EINVAL, SP_ENOMEM. */
enum sp_status sp_store_change_read(struct sp_str line, struct sp_arena *arena,
                                    struct sp_store_change *ret_change, struct sp_error *err) SP_MUST_CHECK;

#endif
