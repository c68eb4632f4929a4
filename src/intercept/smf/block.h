/* SPDX-License-Identifier: Apache-2.0
 * block.h: files of SMF records.
 *
 * A file is a sequence of variable blocks (RECFM=VB): a block descriptor word (length with itself, two zero
 * bytes), then records, each beginning with its record descriptor word. That is how a data set looks when it
 * is transferred with its descriptor words. Files whose records have no blocks around them are read too.
 * Sans-IO.
 */
#ifndef SP_INTERCEPT_SMF_BLOCK_H
#define SP_INTERCEPT_SMF_BLOCK_H

#include "base/buf.h"

#define SP_SMF_BLOCK_MAX 32760u /* with its descriptor word */

/* A block that is being filled. */
struct sp_smf_block {
    size_t len; /* 0: empty; otherwise with the descriptor word */
    unsigned char bytes[SP_SMF_BLOCK_MAX];
};

/* Add a record, which begins with its descriptor word. false when it does not fit any more; one of at most
 * SP_SMF_BLOCK_MAX - 4 bytes fits an empty block. The block is whole after each call. */
bool sp_smf_block_add(struct sp_smf_block *block, struct sp_str record);

enum sp_smf_framing { SP_SMF_BLOCKED, SP_SMF_UNBLOCKED };

struct sp_smf_reader {
    struct sp_str file;
    enum sp_smf_framing framing;
    size_t at, block_end;
};

/* `file` is a whole file in memory. Whether it has blocks is told from its first bytes. */
void sp_smf_reader_init(struct sp_smf_reader *reader, struct sp_str file);
/* The next record, a view of the file. SP_ENOTFOUND at the end; SP_EPROTO with the offset when lengths do not
 * fit together: then nothing behind it can be found. */
enum sp_status sp_smf_reader_next(struct sp_smf_reader *reader, struct sp_str *ret_record,
                                  struct sp_error *err) SP_MUST_CHECK;

#endif
