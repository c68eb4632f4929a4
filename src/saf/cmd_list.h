/* SPDX-License-Identifier: Apache-2.0
 * cmd_list.h: what the listing commands share. Private to the room.
 */
#ifndef SP_SAF_CMD_LIST_H
#define SP_SAF_CMD_LIST_H

#include "saf/command_int.h"

struct sp_flag_name {
    unsigned flag;
    const char *name;
};

/* The names of the flags that are set, with blanks between, or "NONE"; in the arena. */
struct sp_str sp_flags_text(struct sp_run *run, const struct sp_flag_name *names, size_t count,
                            unsigned flags);
/* The same of a connection's attributes, REVOKED as it is today. */
struct sp_str sp_connect_flags_text(struct sp_run *run, const struct sp_saf_connect *connect);

/* Between begin and end the run's arena is one that is given back: for listings of any length. */
struct sp_scratch {
    struct sp_arena arena, *outer;
};
void sp_scratch_begin(struct sp_run *run, struct sp_scratch *scratch);
void sp_scratch_end(struct sp_run *run, struct sp_scratch *scratch);

#endif
