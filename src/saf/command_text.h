/* SPDX-License-Identifier: Apache-2.0
 * command_text.h: the grammar of RACF commands as TSO reads them, and decks of commands.
 *
 * A command is a verb and operands; an operand is a word or a quoted string, and may have operands of its own
 * in parentheses. Blanks, tabs and commas separate; a quote inside a quoted string is doubled; comments are
 * between slash-star and star-slash. Missing right parentheses at the end are supplied, as TSO does, and
 * reported. Sans-IO.
 */
#ifndef SP_SAF_COMMAND_TEXT_H
#define SP_SAF_COMMAND_TEXT_H

#include "base/arena.h"
#include "base/buf.h"

#define SP_SAF_COMMAND_BYTES_MAX 32768u
#define SP_SAF_COMMAND_DEPTH_MAX 8u
#define SP_SAF_COMMAND_OPERANDS_MAX 4096u

struct sp_saf_operand {
    struct sp_str text; /* as typed; of a quoted string what is between the quotes */
    bool quoted;
    bool has_list;                /* parentheses followed, perhaps empty ones */
    struct sp_saf_operand *first; /* in them */
    struct sp_saf_operand *next;
};

struct sp_saf_command {
    struct sp_str verb;
    struct sp_saf_operand *operands;
    unsigned missing_parentheses; /* supplied at the end */
};

/* Everything lives in the arena. SP_ESYNTAX with the byte offset: unclosed quote, right parenthesis too many,
 * parentheses without an operand; SP_ELIMIT. An empty text or one of comments gives a verb of length 0. */
enum sp_status sp_saf_command_parse(struct sp_str text, struct sp_arena *arena,
                                    struct sp_saf_command *ret_command, struct sp_error *err) SP_MUST_CHECK;

/* The index in `keywords` (upper case, `count` of them) of the one that `word` names, in full or by an
 * unambiguous prefix, caseless. SP_ENOTFOUND; SP_EEXISTS when several fit, with them in the error. */
enum sp_status sp_saf_keyword_find(const char *const *keywords, size_t count, struct sp_str word,
                                   size_t *ret_index, struct sp_error *err) SP_MUST_CHECK;

/* Append the command as it may be shown: on one line, the values of PASSWORD, PHRASE and keys replaced by
 * asterisks. Also of a text that cannot be parsed; where in doubt, more is hidden rather than less. */
enum sp_status sp_saf_command_mask(struct sp_str text, struct sp_buf *buf);

/* ---- decks ---- */

struct sp_saf_deck {
    struct sp_str rest;
    unsigned line; /* of `rest`, from 1 */
    bool jcl;      /* commands are the in-stream data of SYSTSIN DD statements */
    bool in_stream;
};

/* `text` must outlive the deck. It is JCL when its first line that is not empty begins with two slashes and
 * no star: then only data behind "//SYSTSIN DD *" (or DATA) counts, up to a line of slash-star or the next
 * statement, and columns 73 to 80 are left out. */
void sp_saf_deck_init(struct sp_saf_deck *deck, struct sp_str text);
/* The next command with its continuation lines joined ('+': leading blanks of the next line dropped; '-':
 * kept), and the line it begins on. SP_ENOTFOUND at the end; SP_ELIMIT when it is longer than
 * SP_SAF_COMMAND_BYTES_MAX. Empty lines are passed over. */
enum sp_status sp_saf_deck_next(struct sp_saf_deck *deck, struct sp_arena *arena, struct sp_str *ret_command,
                                unsigned *ret_line, struct sp_error *err) SP_MUST_CHECK;

#endif
