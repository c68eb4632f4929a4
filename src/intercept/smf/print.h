/* SPDX-License-Identifier: Apache-2.0
 * print.h: SMF records for people and programs.
 */
#ifndef SP_INTERCEPT_SMF_PRINT_H
#define SP_INTERCEPT_SMF_PRINT_H

#include "intercept/smf/record.h"
#include "text/json_write.h"

/* One line a field, "NAME value", sections separated by their names. Empty texts, zero times and
 * reserved bytes are left out, control characters become '?'. */
void sp_smf_print_text(const struct sp_smf_record *record, struct sp_buf *buf);
/* One object: members "header", "server" and "requests", "calls" or "events". Times are RFC 3339 in UTC, TIME
 * "hh:mm:ss.hh", DATE "yyyy-ddd"; bytes and numbers of more than 53 bits are hexadecimal text. */
void sp_smf_print_json(const struct sp_smf_record *record, struct sp_json_writer *writer);

/* How the list of a record's items is called in JSON. */
struct sp_str sp_smf_items_name(const struct sp_smf_version *version);

#endif
