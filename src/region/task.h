/* SPDX-License-Identifier: Apache-2.0
 * task.h: the task that a worker runs.
 *
 * A task runs one program for one LINK, from fresh working storage, with a COMMAREA or a channel, and gives
 * one answer. There is one at a time in a process; the functions that programs call find it here.
 */
#ifndef SP_REGION_TASK_H
#define SP_REGION_TASK_H

#include "region/area.h"
#include "region/channel.h"
#include "region/definition.h"
#include "region/layout.h"
#include "region/translate.h"

/* Abend codes. Those of CICS where CICS has one for the cause; 4038 is what a program sees on z/OS whose
 * run-time error nobody handles; ours begin with SP. */
#define SP_ABEND_PROGRAM_CHECK "ASRA"
#define SP_ABEND_RUNAWAY "AICA"
#define SP_ABEND_RUN_TIME "4038"
#define SP_ABEND_STOP_RUN "SPSR"   /* STOP RUN */
#define SP_ABEND_CONVERSION "SPCV" /* data that cannot be translated */
#define SP_ABEND_PARAMETERS "SPAP" /* wrong parameters of a function of the region */
#define SP_ABEND_LOST "SPEX"       /* the process ended without a word */
#define SP_ABEND_KILLED "SPKL"     /* it was ended by a signal from outside */

struct sp_task {
    const struct sp_definition *definition;
    const struct sp_region_link *link;
    const struct sp_program *program;
    const struct sp_layout *layout;           /* NULL: of a native region */
    const struct sp_translation *translation; /* NULL: nothing is translated */
    struct sp_channel channel;
    struct sp_area area;
    unsigned char *commarea;
    size_t commarea_len;
    bool running; /* the program has control */
    char abend[5];
    char reason[512];
};

/* NULL outside of a worker. */
struct sp_task *sp_task_current(void);
void sp_task_set_current(struct sp_task *task);

/* Run the program of `task->link`, whose program, layout and translation are set. The answer's views last
 * until the next run or the arena's reset. What comes back normally is filled in; an abend ends the process
 * instead, see sp_task_post_mortem. */
void sp_task_run(struct sp_task *task, struct sp_arena *arena, struct sp_region_answer *ret_answer);
/* Wipe the task's data, when its answer is on its way: the next task is another caller's. */
void sp_task_forget(struct sp_task *task);
/* From an exit handler, when the program had control: the answer that tells why. */
void sp_task_post_mortem(struct sp_task *task, struct sp_arena *arena, struct sp_region_answer *ret_answer);
/* The hook for sp_cobol_start: keeps the text, and the abend code for it. */
void sp_task_note_error(const char *text);
/* End the task with an abend of that code, from inside of the program. Does not return. */
void sp_task_abend(const char *code, const char *reason) __attribute__((noreturn));

#endif
