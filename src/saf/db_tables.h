/* SPDX-License-Identifier: Apache-2.0
 * db_tables.h: which struct is kept in which table. Private to the database.
 */
#ifndef SP_SAF_DB_TABLES_H
#define SP_SAF_DB_TABLES_H

#include "saf/db_row.h"
#include "saf/model.h"

struct sp_saf_db {
    struct sp_rows rows;
    struct sp_seal seal;
    bool in_transaction;
    int changes; /* rows that the connection had changed when the transaction began */
};

struct sp_used_ticket {
    struct sp_str user, appl, ticket;
    int64_t until;
};

extern const struct sp_table sp_used_tickets_table;

#endif
