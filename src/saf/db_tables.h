/* SPDX-License-Identifier: Apache-2.0
 * db_tables.h: which struct is kept in which table. Private to the database.
 */
#ifndef SP_SAF_DB_TABLES_H
#define SP_SAF_DB_TABLES_H

#include "saf/db_row.h"
#include "saf/model.h"

/* Rows of tables of columns. */
#define KEY_STR(type, field, name)                              \
    {                                                           \
        name, SP_COLUMN_STR, offsetof(struct type, field), true \
    }
#define KEY_INT(type, field, name)                              \
    {                                                           \
        name, SP_COLUMN_INT, offsetof(struct type, field), true \
    }
#define STR(type, field, name)                                   \
    {                                                            \
        name, SP_COLUMN_STR, offsetof(struct type, field), false \
    }
#define BYTES(type, field, name)                                   \
    {                                                              \
        name, SP_COLUMN_BYTES, offsetof(struct type, field), false \
    }
#define SECRET(type, field, name)                                   \
    {                                                               \
        name, SP_COLUMN_SECRET, offsetof(struct type, field), false \
    }
#define INT(type, field, name)                                   \
    {                                                            \
        name, SP_COLUMN_INT, offsetof(struct type, field), false \
    }
#define I64(type, field, name)                                   \
    {                                                            \
        name, SP_COLUMN_I64, offsetof(struct type, field), false \
    }
#define BOOL(type, field, name)                                   \
    {                                                             \
        name, SP_COLUMN_BOOL, offsetof(struct type, field), false \
    }
#define TABLE(sql_name, columns, type, order_by)                                               \
    {                                                                                          \
        sql_name, columns, sizeof(columns) / sizeof(columns)[0], sizeof(struct type), order_by \
    }

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
