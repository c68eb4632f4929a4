/* SPDX-License-Identifier: Apache-2.0
 * codepage_table.h: what a coded character set is made of. For codepage.c and the tables that
 * codepage_tables.py writes when the project is built.
 */
#ifndef SP_TEXT_CODEPAGE_TABLE_H
#define SP_TEXT_CODEPAGE_TABLE_H

#include "text/codepage.h"

enum sp_codepage_form { SP_CODEPAGE_SINGLE, SP_CODEPAGE_UTF8, SP_CODEPAGE_UTF16BE };

struct sp_codepage {
    uint16_t ccsid;
    uint8_t form; /* enum sp_codepage_form */
    bool is_ebcdic;
    uint8_t newline; /* enum sp_codepage_newline; of EBCDIC sets only */
    uint8_t blank_len;
    char blank[2];
    /* Of single-byte sets: a byte's code point, and for a code point the byte pages[index[high]][low], which
     * is right only when code_points leads back. */
    const uint8_t (*pages)[256];
    uint8_t index[256];
    uint16_t code_points[256];
};

extern const struct sp_codepage sp_codepage_tables[];
extern const size_t sp_codepage_table_count;

#endif
