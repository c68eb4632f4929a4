/* SPDX-License-Identifier: Apache-2.0
 * programs.h: the layouts of a region's programs.
 */
#ifndef SP_REGION_PROGRAMS_H
#define SP_REGION_PROGRAMS_H

#include "region/definition.h"
#include "region/layout.h"

struct sp_program_state {
    const struct sp_program *program;
    const struct sp_layout *layout; /* NULL: none is needed, or it is unusable */
    const char *fault;              /* why the program cannot run; NULL: it can */
};

/* One for each program of the definition, in its order. A region of native data needs no layouts. A program
 * whose layout is missing or broken has a fault; the others run. SP_ENOMEM. */
enum sp_status sp_programs_load(const struct sp_definition *definition, struct sp_arena *arena,
                                struct sp_program_state **ret_programs, struct sp_error *err) SP_MUST_CHECK;

#endif
