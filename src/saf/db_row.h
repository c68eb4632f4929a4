/* SPDX-License-Identifier: Apache-2.0
 * db_row.h: rows of SQLite as structs, by a table of columns. Private to the database.
 */
#ifndef SP_SAF_DB_ROW_H
#define SP_SAF_DB_ROW_H

#include "base/arena.h"
#include "saf/seal.h"

struct sqlite3;
struct sqlite3_stmt;

enum sp_column_kind {
    SP_COLUMN_STR,    /* struct sp_str, TEXT */
    SP_COLUMN_BYTES,  /* struct sp_str, BLOB */
    SP_COLUMN_SECRET, /* struct sp_str, BLOB, sealed; read as empty unless secrets were asked for */
    SP_COLUMN_INT,    /* int, enum or int32_t */
    SP_COLUMN_I64,    /* int64_t */
    SP_COLUMN_BOOL,   /* bool */
};

struct sp_column {
    const char *name;
    enum sp_column_kind kind;
    size_t offset;
    bool key;
};

struct sp_table {
    const char *name;
    const struct sp_column *columns;
    size_t column_count;
    size_t struct_size;
    const char *order; /* ORDER BY of each */
};

enum { SP_ROW_COLUMNS_MAX = 32 };

/* A connection and its prepared statements. */
struct sp_rows {
    struct sqlite3 *sqlite;
    const struct sp_seal *seal;
    struct {
        const struct sp_table *table; /* NULL: a statement of its own, found by its text */
        char operation;
        uint32_t keys; /* columns that are bound in WHERE, a bit each */
        char *sql;     /* of the heap; NULL when there is a table */
        struct sqlite3_stmt *statement;
        bool busy; /* being stepped: a nested use prepares its own */
    } cache[96];
    size_t cached;
};

void sp_rows_init(struct sp_rows *rows, struct sqlite3 *sqlite, const struct sp_seal *seal);
void sp_rows_finish(struct sp_rows *rows);

/* Insert, or update the row of the same key. */
enum sp_status sp_row_put(struct sp_rows *rows, const struct sp_table *table, const void *value,
                          struct sp_error *err) SP_MUST_CHECK;
/* Delete the rows whose `columns` (indexes into the table, `count` of them) equal those of `value`.
 * SP_ENOTFOUND when there is none. */
enum sp_status sp_row_drop(struct sp_rows *rows, const struct sp_table *table, const void *value,
                           struct sp_error *err) SP_MUST_CHECK;
/* The row with the key of `key`; strings and bytes go to the arena. `ret_value` may be the same as `key`. */
enum sp_status sp_row_get(struct sp_rows *rows, const struct sp_table *table, const void *key, bool secrets,
                          struct sp_arena *arena, void *ret_value, struct sp_error *err) SP_MUST_CHECK;
/* Every row whose key strings equal those of `like`, where an empty one there matches any. Values last for
 * the call. */
enum sp_status sp_row_each(struct sp_rows *rows, const struct sp_table *table, const void *like, bool secrets,
                           enum sp_status (*fn)(void *arg, const void *value), void *arg,
                           struct sp_error *err) SP_MUST_CHECK;

/* Run statements without results. */
enum sp_status sp_rows_exec(struct sp_rows *rows, const char *sql, struct sp_error *err) SP_MUST_CHECK;
/* First column of the first row as a number; SP_ENOTFOUND. */
enum sp_status sp_rows_number(struct sp_rows *rows, const char *sql, int64_t *ret_number,
                              struct sp_error *err) SP_MUST_CHECK;
/* SQLite's last complaint as an error: SP_ETIMEDOUT when another process holds the lock, SP_EEXISTS for a
 * broken constraint, SP_ELIMIT when the disk is full, else SP_EIO. */
enum sp_status sp_rows_error(struct sp_rows *rows, int code, const char *what, struct sp_error *err);

#endif
