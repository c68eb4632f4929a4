/* SPDX-License-Identifier: Apache-2.0
 * writer.h: SMF records from requests to a file, off the path of requests.
 *
 * Putting a record copies it into a block in memory. Blocks are written by a thread when one is full, when
 * the oldest record has waited for the delay, and at the end; each write appends whole blocks under a lock of
 * the file, so that the workers of a server share one file, and a block that was only half written (disk
 * full) is cut off again. While the file cannot be written, blocks are kept up to a limit; what comes then is
 * lost, and counted. The file is opened for each write: rename it to start a new one.
 */
#ifndef SP_INTERCEPT_SMF_WRITER_H
#define SP_INTERCEPT_SMF_WRITER_H

#include "base/str.h"

struct sp_loop;
struct sp_smf_writer;

struct sp_smf_writer_options {
    const char *path;     /* of the file; its directory must exist. Copied */
    int64_t delay_us;     /* longest time a record waits; 0: 1 s */
    unsigned most_blocks; /* in memory, of 32760 bytes each; 0: 64 */
};

/* Nothing is opened yet. `loop` must outlive the writer. */
enum sp_status sp_smf_writer_new(struct sp_loop *loop, const struct sp_smf_writer_options *options,
                                 struct sp_smf_writer **ret_writer, struct sp_error *err) SP_MUST_CHECK;
/* Writes what is buffered, waiting for the disk. Accepts NULL. Returns the status of the last write. */
enum sp_status sp_smf_writer_free(struct sp_smf_writer *writer, struct sp_error *err);

/* One whole record, from its descriptor word. Never waits. SP_ELIMIT: it was lost. */
enum sp_status sp_smf_writer_put(struct sp_smf_writer *writer, struct sp_str record);

struct sp_smf_writer_counts {
    uint64_t put, lost, written; /* records */
    uint64_t failures;           /* of writes */
    struct sp_error last_error;  /* of the last failed write; status SP_OK when it has succeeded since */
};
void sp_smf_writer_counts(const struct sp_smf_writer *writer, struct sp_smf_writer_counts *ret_counts);

#endif
