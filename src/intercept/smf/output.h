/* SPDX-License-Identifier: Apache-2.0
 * output.h: a file that one process appends to, and that others may rename away.
 *
 * It is locked (flock) while it is open, begun anew when it has become too large or too old, and cut back to
 * its last whole block or line when something was only half written: by a full disk, by a process that died,
 * or by a machine that went down.
 */
#ifndef SP_INTERCEPT_SMF_OUTPUT_H
#define SP_INTERCEPT_SMF_OUTPUT_H

#include "base/str.h"

enum sp_smf_form { SP_SMF_FORM_BLOCKS, SP_SMF_FORM_RECORDS, SP_SMF_FORM_LINES };

struct sp_smf_output {
    char *path; /* NULL: nothing is written */
    enum sp_smf_form form;
    int64_t max_bytes, max_age_us, max_files; /* 0: no limit */
    int fd;                                   /* -1: not open */
    bool regular, dirty;
    int64_t begun_us; /* realtime: of the first that is in the file in use, also of an earlier process */
    uint64_t cut;     /* bytes that were cut off files that were found torn */
    uint64_t rotations;
};

/* A byte of a file that keeps its identity when it is renamed. */
struct sp_smf_place {
    uint64_t device, inode, offset;
};

/* `path` is copied; empty: every other function does nothing and succeeds. SP_ENOMEM. */
enum sp_status sp_smf_output_init(struct sp_smf_output *output, struct sp_str path, enum sp_smf_form form,
                                  struct sp_error *err) SP_MUST_CHECK;
void sp_smf_output_finish(struct sp_smf_output *output);

/* Make ready to append `bytes` (0: only look): open the file, or the one that is there now, begin a new one
 * when it is due. Says where the next byte goes. SP_EIO; SP_EEXISTS: another process has it; SP_EPROTO: it
 * holds something else, which is left alone. */
enum sp_status sp_smf_output_prepare(struct sp_smf_output *output, size_t bytes,
                                     struct sp_smf_place *ret_place, struct sp_error *err) SP_MUST_CHECK;
/* All of it, or nothing: the file is cut back. */
enum sp_status sp_smf_output_append(struct sp_smf_output *output, struct sp_str bytes,
                                    struct sp_error *err) SP_MUST_CHECK;
/* Cut the file back to a place that prepare gave. */
void sp_smf_output_cut(struct sp_smf_output *output, const struct sp_smf_place *place);
/* Until the disk has it. */
enum sp_status sp_smf_output_sync(struct sp_smf_output *output, struct sp_error *err) SP_MUST_CHECK;

/* What became of `length` bytes that a process that died was to write at `place`: *ret_done when they are
 * there; otherwise what there is of them is cut off. The file is looked for by its identity. */
enum sp_status sp_smf_output_recover(const char *path, const struct sp_smf_place *place, uint64_t length,
                                     bool *ret_done, struct sp_error *err) SP_MUST_CHECK;

#endif
