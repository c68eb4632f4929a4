/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/smf/block.h"

#include "intercept/smf/record.h"

#define WORD 4u    /* a block's or record's descriptor word */
#define FLAG_AT 4u /* in a record, then its type and its time of day */
#define TYPE_AT 5u
#define SECOND_OF_TIME_AT 7u
#define HAS_SUBTYPES 0x40u /* of the flag */

bool sp_smf_block_add(struct sp_smf_block *block, struct sp_str record)
{
    size_t len = block->len ? block->len : WORD;
    if (record.len > SP_SMF_BLOCK_MAX - len)
        return false;
    memcpy(block->bytes + len, record.ptr, record.len);
    block->len = len + record.len;
    sp_put_u16(block->bytes, (uint16_t)block->len);
    sp_put_u16(block->bytes + 2, 0);
    return true;
}

static size_t word_at(struct sp_str file, size_t at)
{
    return sp_get_u16((const unsigned char *)file.ptr + at);
}

/* Whether records fill the block that the first word would describe exactly. */
static bool is_filled_block(struct sp_str file)
{
    size_t end = word_at(file, 0), at = WORD;
    while (at + WORD <= end && end <= file.len && word_at(file, at) >= WORD)
        at += word_at(file, at);
    return at == end;
}

/* Where the first record of a block has its descriptor word, one without a block has flag, type and time. The
 * word ends with a zero; so does that part of the time, but only in the first eleven minutes of a day. */
static bool has_blocks(struct sp_str file)
{
    const unsigned char *bytes = (const unsigned char *)file.ptr;
    if (file.len < 2 * WORD || is_filled_block(file))
        return true;
    bool known = (bytes[FLAG_AT] & HAS_SUBTYPES) &&
                 (bytes[TYPE_AT] == SP_SMF_TYPE || bytes[TYPE_AT] == SP_SMF_SECURITY_TYPE);
    return !known && bytes[SECOND_OF_TIME_AT] == 0;
}

void sp_smf_reader_init(struct sp_smf_reader *reader, struct sp_str file)
{
    *reader = (struct sp_smf_reader){.file = file};
    reader->framing = has_blocks(file) ? SP_SMF_BLOCKED : SP_SMF_UNBLOCKED;
}

static enum sp_status broken(struct sp_error *err, size_t at, const char *what, size_t length)
{
    sp_error_set(err, SP_EPROTO, NULL, "%s of %zu bytes does not fit what is left", what, length);
    sp_error_at_offset(err, NULL, (int64_t)at);
    return SP_EPROTO;
}

/* Reads the descriptor word of something that must end at or before `end`. */
static enum sp_status read_word(const struct sp_smf_reader *reader, size_t end, const char *what,
                                size_t *ret_length, struct sp_error *err)
{
    size_t left = end - reader->at;
    if (left < WORD)
        return broken(err, reader->at, what, left);
    size_t length = word_at(reader->file, reader->at);
    if (length < WORD || length > left)
        return broken(err, reader->at, what, length);
    *ret_length = length;
    return SP_OK;
}

enum sp_status sp_smf_reader_next(struct sp_smf_reader *reader, struct sp_str *ret_record,
                                  struct sp_error *err)
{
    size_t length;
    enum sp_status status;
    while (reader->framing == SP_SMF_BLOCKED && reader->at == reader->block_end) {
        if (reader->at == reader->file.len)
            return SP_ENOTFOUND;
        status = read_word(reader, reader->file.len, "a block", &length, err);
        if (status != SP_OK)
            return status;
        reader->block_end = reader->at + length;
        reader->at += WORD;
    }
    if (reader->at == reader->file.len)
        return SP_ENOTFOUND;
    size_t end = reader->framing == SP_SMF_BLOCKED ? reader->block_end : reader->file.len;
    status = read_word(reader, end, "a record", &length, err);
    if (status != SP_OK)
        return status;
    *ret_record = sp_str_slice(reader->file, reader->at, reader->at + length);
    reader->at += length;
    return SP_OK;
}
