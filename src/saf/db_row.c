/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/db_row.h"

#include <stdlib.h>

#include <sqlite3.h>

#include "base/secret.h"

#define SQL_MAX 4096u
#define SECRET_MAX 65536u

void sp_rows_init(struct sp_rows *rows, struct sqlite3 *sqlite, const struct sp_seal *seal)
{
    memset(rows, 0, sizeof *rows);
    rows->sqlite = sqlite;
    rows->seal = seal;
}

void sp_rows_finish(struct sp_rows *rows)
{
    for (size_t i = 0; i < rows->cached; i++) {
        sqlite3_finalize(rows->cache[i].statement);
        free(rows->cache[i].sql);
    }
    rows->cached = 0;
}

enum sp_status sp_rows_error(struct sp_rows *rows, int code, const char *what, struct sp_error *err)
{
    enum sp_status status = SP_EIO;
    if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED)
        status = SP_ETIMEDOUT;
    else if ((code & 0xff) == SQLITE_CONSTRAINT)
        status = SP_EEXISTS;
    else if ((code & 0xff) == SQLITE_FULL)
        status = SP_ELIMIT;
    else if ((code & 0xff) == SQLITE_NOMEM)
        status = SP_ENOMEM;
    return sp_error_set(err, status, NULL, "the security database could not %s: %s", what,
                        rows->sqlite ? sqlite3_errmsg(rows->sqlite) : sqlite3_errstr(code));
}

/* What a statement on a table does: its text follows from that. */
struct purpose {
    const struct sp_table *table;
    char operation; /* 'P'ut, 'D'rop, 'G'et, 'E'ach */
    uint32_t keys;  /* columns that are bound in WHERE, a bit each */
};

static bool take_cached(struct sp_rows *rows, const struct purpose *purpose, const char *sql,
                        struct sqlite3_stmt **ret_statement, int *ret_slot)
{
    for (size_t i = 0; i < rows->cached; i++) {
        bool same = purpose->table ? rows->cache[i].table == purpose->table &&
                                         rows->cache[i].operation == purpose->operation &&
                                         rows->cache[i].keys == purpose->keys
                                   : rows->cache[i].sql && strcmp(rows->cache[i].sql, sql) == 0;
        if (!same || rows->cache[i].busy)
            continue;
        rows->cache[i].busy = true;
        *ret_slot = (int)i;
        *ret_statement = rows->cache[i].statement;
        return true;
    }
    return false;
}

/* Prepare a statement, and keep it for the next time. `*ret_slot` is -1 for one that is not kept. */
static enum sp_status prepare(struct sp_rows *rows, const struct purpose *purpose, const char *sql,
                              struct sqlite3_stmt **ret_statement, int *ret_slot, struct sp_error *err)
{
    *ret_slot = -1;
    int code = sqlite3_prepare_v2(rows->sqlite, sql, -1, ret_statement, NULL);
    if (code != SQLITE_OK)
        return sp_rows_error(rows, code, "prepare a statement", err);
    size_t i = rows->cached;
    char *copy = purpose->table ? NULL : strdup(sql);
    if (i == sizeof rows->cache / sizeof rows->cache[0] || (!purpose->table && !copy)) {
        free(copy);
        return SP_OK;
    }
    rows->cache[i].table = purpose->table;
    rows->cache[i].operation = purpose->operation;
    rows->cache[i].keys = purpose->keys;
    rows->cache[i].sql = copy;
    rows->cache[i].statement = *ret_statement;
    rows->cache[i].busy = true;
    rows->cached++;
    *ret_slot = (int)i;
    return SP_OK;
}

static void put_back(struct sp_rows *rows, struct sqlite3_stmt *statement, int slot)
{
    if (slot < 0) {
        sqlite3_finalize(statement);
        return;
    }
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    rows->cache[slot].busy = false;
}

static const struct sp_str *str_at(const void *value, const struct sp_column *column)
{
    return (const struct sp_str *)(const void *)((const char *)value + column->offset);
}

static bool is_str(const struct sp_column *column)
{
    return column->kind <= SP_COLUMN_SECRET;
}

/* "TABLE/key/key": what a sealed secret of this row belongs to. */
static enum sp_status row_name(const struct sp_table *table, const void *value, struct sp_buf *buf)
{
    sp_buf_append_str(buf, sp_str_of(table->name));
    for (size_t i = 0; i < table->column_count; i++) {
        const struct sp_column *column = &table->columns[i];
        if (!column->key)
            continue;
        sp_buf_append_byte(buf, 0);
        if (is_str(column)) {
            sp_buf_append_str(buf, *str_at(value, column));
        } else if (column->kind == SP_COLUMN_I64) {
            int64_t number;
            memcpy(&number, (const char *)value + column->offset, sizeof number);
            sp_buf_printf(buf, "%lld", (long long)number);
        } else {
            int number;
            memcpy(&number, (const char *)value + column->offset, sizeof number);
            sp_buf_printf(buf, "%d", number);
        }
    }
    return buf->failed ? SP_ELIMIT : SP_OK;
}

static enum sp_status bind_secret(struct sp_rows *rows, const struct sp_table *table, const void *value,
                                  struct sp_str secret, struct sqlite3_stmt *statement, int at,
                                  struct sp_error *err)
{
    struct sp_buf name, sealed;
    sp_buf_init(&name, 4096);
    sp_buf_init(&sealed, SECRET_MAX + SP_SEAL_OVERHEAD);
    enum sp_status status = row_name(table, value, &name);
    if (!status)
        status = sp_seal_close(rows->seal, sp_buf_str(&name), secret, &sealed);
    if (!status &&
        sqlite3_bind_blob(statement, at, sealed.ptr, (int)sealed.len, SQLITE_TRANSIENT) != SQLITE_OK)
        status = SP_ENOMEM;
    sp_buf_finish(&name);
    sp_buf_finish(&sealed);
    return status ? sp_error_set(err, status, NULL, "a secret of %s could not be sealed", table->name)
                  : SP_OK;
}

static enum sp_status bind_column(struct sp_rows *rows, const struct sp_table *table,
                                  const struct sp_column *column, const void *value,
                                  struct sqlite3_stmt *statement, int at, struct sp_error *err)
{
    const char *place = (const char *)value + column->offset;
    int code = SQLITE_OK;
    struct sp_str s;
    int i;
    int64_t l;
    bool b;
    switch (column->kind) {
    case SP_COLUMN_STR:
        s = *str_at(value, column);
        code = sqlite3_bind_text(statement, at, s.ptr ? s.ptr : "", (int)s.len, SQLITE_TRANSIENT);
        break;
    case SP_COLUMN_BYTES:
        s = *str_at(value, column);
        code = sqlite3_bind_blob(statement, at, s.ptr ? s.ptr : "", (int)s.len, SQLITE_TRANSIENT);
        break;
    case SP_COLUMN_SECRET:
        s = *str_at(value, column);
        if (s.len)
            return bind_secret(rows, table, value, s, statement, at, err);
        code = sqlite3_bind_null(statement, at);
        break;
    case SP_COLUMN_INT:
        memcpy(&i, place, sizeof i);
        code = sqlite3_bind_int(statement, at, i);
        break;
    case SP_COLUMN_I64:
        memcpy(&l, place, sizeof l);
        code = sqlite3_bind_int64(statement, at, l);
        break;
    case SP_COLUMN_BOOL:
        memcpy(&b, place, sizeof b);
        code = sqlite3_bind_int(statement, at, b);
        break;
    }
    return code == SQLITE_OK ? SP_OK : sp_rows_error(rows, code, "take a value", err);
}

static void put_sql(const struct sp_table *table, struct sp_buf *sql)
{
    size_t keys = 0, others = 0;
    sp_buf_printf(sql, "INSERT INTO %s(", table->name);
    for (size_t i = 0; i < table->column_count; i++)
        sp_buf_printf(sql, "%s%s", i ? "," : "", table->columns[i].name);
    sp_buf_printf(sql, ") VALUES(");
    for (size_t i = 0; i < table->column_count; i++)
        sp_buf_printf(sql, "%s?%zu", i ? "," : "", i + 1);
    sp_buf_printf(sql, ") ON CONFLICT(");
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].key)
            sp_buf_printf(sql, "%s%s", keys++ ? "," : "", table->columns[i].name);
    sp_buf_printf(sql, ") DO ");
    for (size_t i = 0; i < table->column_count; i++)
        if (!table->columns[i].key)
            sp_buf_printf(sql, "%s%s=?%zu", others++ ? "," : "UPDATE SET ", table->columns[i].name, i + 1);
    if (!others)
        sp_buf_printf(sql, "NOTHING");
}

/* " WHERE a=?1 AND b=?3" over the columns in `keys`. */
static void where_sql(const struct sp_table *table, uint32_t keys, struct sp_buf *sql)
{
    size_t used = 0;
    for (size_t i = 0; i < table->column_count; i++)
        if (keys & 1u << i)
            sp_buf_printf(sql, "%s%s=?%zu", used++ ? " AND " : " WHERE ", table->columns[i].name, i + 1);
}

static void select_sql(const struct sp_table *table, const struct purpose *purpose, struct sp_buf *sql)
{
    sp_buf_printf(sql, "SELECT ");
    for (size_t i = 0; i < table->column_count; i++)
        sp_buf_printf(sql, "%s%s", i ? "," : "", table->columns[i].name);
    sp_buf_printf(sql, " FROM %s", table->name);
    where_sql(table, purpose->keys, sql);
    if (purpose->operation == 'E')
        sp_buf_printf(sql, " ORDER BY %s", table->order);
}

/* A statement for the purpose, from the cache or new. */
static enum sp_status statement_for(struct sp_rows *rows, const struct purpose *purpose,
                                    struct sqlite3_stmt **ret_statement, int *ret_slot, struct sp_error *err)
{
    struct sp_buf sql;
    if (take_cached(rows, purpose, NULL, ret_statement, ret_slot))
        return SP_OK;
    sp_buf_init(&sql, SQL_MAX);
    if (purpose->operation == 'P') {
        put_sql(purpose->table, &sql);
    } else if (purpose->operation == 'D') {
        sp_buf_printf(&sql, "DELETE FROM %s", purpose->table->name);
        where_sql(purpose->table, purpose->keys, &sql);
    } else {
        select_sql(purpose->table, purpose, &sql);
    }
    sp_buf_append_byte(&sql, 0);
    enum sp_status status = sql.failed
                                ? sp_error_set(err, SP_ENOMEM, NULL, "no memory for a statement")
                                : prepare(rows, purpose, (const char *)sql.ptr, ret_statement, ret_slot, err);
    sp_buf_finish(&sql);
    return status;
}

/* The key columns; with `any_empty` without those that are empty strings in `value`. */
static uint32_t keys_of(const struct sp_table *table, const void *value, bool any_empty)
{
    uint32_t keys = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        const struct sp_column *column = &table->columns[i];
        if (column->key && !(any_empty && (!is_str(column) || !str_at(value, column)->len)))
            keys |= 1u << i;
    }
    return keys;
}
_Static_assert(SP_ROW_COLUMNS_MAX <= 32, "a bit a column");

static enum sp_status bind_columns(struct sp_rows *rows, const struct sp_table *table, const void *value,
                                   uint32_t columns, struct sqlite3_stmt *statement, struct sp_error *err)
{
    enum sp_status status = SP_OK;
    for (size_t i = 0; i < table->column_count && !status; i++)
        if (columns & 1u << i)
            status = bind_column(rows, table, &table->columns[i], value, statement, (int)i + 1, err);
    return status;
}

enum sp_status sp_row_put(struct sp_rows *rows, const struct sp_table *table, const void *value,
                          struct sp_error *err)
{
    struct purpose purpose = {.table = table, .operation = 'P'};
    struct sqlite3_stmt *statement;
    int slot;
    enum sp_status status = statement_for(rows, &purpose, &statement, &slot, err);
    if (status)
        return status;
    status = bind_columns(rows, table, value, UINT32_MAX, statement, err);
    if (!status) {
        int code = sqlite3_step(statement);
        if (code != SQLITE_DONE)
            status = sp_rows_error(rows, code, "store a row", err);
    }
    put_back(rows, statement, slot);
    return status;
}

enum sp_status sp_row_drop(struct sp_rows *rows, const struct sp_table *table, const void *value,
                           struct sp_error *err)
{
    struct purpose purpose = {table, 'D', keys_of(table, value, false)};
    struct sqlite3_stmt *statement;
    int slot;
    enum sp_status status = statement_for(rows, &purpose, &statement, &slot, err);
    if (status)
        return status;
    status = bind_columns(rows, table, value, purpose.keys, statement, err);
    if (!status) {
        int code = sqlite3_step(statement);
        if (code != SQLITE_DONE)
            status = sp_rows_error(rows, code, "delete a row", err);
        else if (sqlite3_changes(rows->sqlite) == 0)
            status = sp_error_set(err, SP_ENOTFOUND, NULL, "there is no such entry in %s", table->name);
    }
    put_back(rows, statement, slot);
    return status;
}

static enum sp_status read_secret(struct sp_rows *rows, const struct sp_table *table, const void *value,
                                  struct sp_str sealed, struct sp_arena *arena, struct sp_str *ret_secret,
                                  struct sp_error *err)
{
    struct sp_buf name, secret;
    sp_buf_init(&name, 4096);
    sp_buf_init(&secret, SECRET_MAX);
    enum sp_status status = row_name(table, value, &name);
    if (!status)
        status = sp_seal_open(rows->seal, sp_buf_str(&name), sealed, &secret);
    if (!status) {
        *ret_secret = sp_arena_str(arena, sp_buf_str(&secret));
        status = ret_secret->ptr ? SP_OK : SP_ENOMEM;
    }
    sp_buf_finish(&name);
    sp_buf_wipe(&secret);
    return status
               ? sp_error_set(
                     err, status, NULL,
                     "a secret in %s cannot be opened: the key file does not belong to this database, or the "
                     "entry was changed",
                     table->name)
               : SP_OK;
}

/* Strings are views of the statement's row; secrets, when wanted, go to the arena. Keys come before secrets
 * in a table. */
static enum sp_status read_row(struct sp_rows *rows, const struct sp_table *table,
                               struct sqlite3_stmt *statement, bool secrets, struct sp_arena *arena,
                               void *ret_value, struct sp_error *err)
{
    memset(ret_value, 0, table->struct_size);
    for (size_t i = 0; i < table->column_count; i++) {
        const struct sp_column *column = &table->columns[i];
        char *place = (char *)ret_value + column->offset;
        int at = (int)i, number;
        int64_t large;
        bool flag;
        struct sp_str s = {NULL, 0};
        switch (column->kind) {
        case SP_COLUMN_STR:
            s.ptr = (const char *)sqlite3_column_text(statement, at);
            break;
        case SP_COLUMN_BYTES:
        case SP_COLUMN_SECRET:
            s.ptr = sqlite3_column_blob(statement, at);
            break;
        case SP_COLUMN_INT:
            number = sqlite3_column_int(statement, at);
            memcpy(place, &number, sizeof number);
            continue;
        case SP_COLUMN_I64:
            large = sqlite3_column_int64(statement, at);
            memcpy(place, &large, sizeof large);
            continue;
        case SP_COLUMN_BOOL:
            flag = sqlite3_column_int(statement, at) != 0;
            memcpy(place, &flag, sizeof flag);
            continue;
        }
        s.len = s.ptr ? (size_t)sqlite3_column_bytes(statement, at) : 0;
        if (column->kind == SP_COLUMN_SECRET) {
            struct sp_str secret = {NULL, 0};
            enum sp_status status =
                secrets && s.len ? read_secret(rows, table, ret_value, s, arena, &secret, err) : SP_OK;
            if (status)
                return status;
            s = secret;
        }
        memcpy(place, &s, sizeof s);
    }
    return SP_OK;
}

static enum sp_status select_rows(struct sp_rows *rows, const struct sp_table *table, const void *like,
                                  bool any_empty, struct sqlite3_stmt **ret_statement, int *ret_slot,
                                  struct sp_error *err)
{
    struct purpose purpose = {table, any_empty ? 'E' : 'G', keys_of(table, like, any_empty)};
    enum sp_status status = statement_for(rows, &purpose, ret_statement, ret_slot, err);
    if (status)
        return status;
    status = bind_columns(rows, table, like, purpose.keys, *ret_statement, err);
    if (status)
        put_back(rows, *ret_statement, *ret_slot);
    return status;
}

static enum sp_status keep_strings(const struct sp_table *table, struct sp_arena *arena, void *value)
{
    for (size_t i = 0; i < table->column_count; i++) {
        const struct sp_column *column = &table->columns[i];
        if (column->kind != SP_COLUMN_STR && column->kind != SP_COLUMN_BYTES)
            continue;
        struct sp_str copy = sp_arena_str(arena, *str_at(value, column));
        if (!copy.ptr)
            return SP_ENOMEM;
        memcpy((char *)value + column->offset, &copy, sizeof copy);
    }
    return SP_OK;
}

enum sp_status sp_row_get(struct sp_rows *rows, const struct sp_table *table, const void *key, bool secrets,
                          struct sp_arena *arena, void *ret_value, struct sp_error *err)
{
    struct sqlite3_stmt *statement;
    int slot;
    void *value = sp_arena_alloc(arena, table->struct_size);
    if (!value)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for an entry of %s", table->name);
    enum sp_status status = select_rows(rows, table, key, false, &statement, &slot, err);
    if (status)
        return status;
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        status = read_row(rows, table, statement, secrets, arena, value, err);
        if (!status)
            status = keep_strings(table, arena, value);
    } else if (code == SQLITE_DONE) {
        status = sp_error_set(err, SP_ENOTFOUND, NULL, "there is no such entry in %s", table->name);
    } else {
        status = sp_rows_error(rows, code, "read a row", err);
    }
    put_back(rows, statement, slot);
    if (!status)
        memcpy(ret_value, value, table->struct_size);
    return status;
}

/* Secrets that went to the arena are gone when the call they were for has ended. */
static void wipe_secrets(const struct sp_table *table, void *value)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].kind != SP_COLUMN_SECRET)
            continue;
        struct sp_str secret = *str_at(value, &table->columns[i]);
        sp_secret_wipe((char *)(uintptr_t)secret.ptr, secret.len);
    }
}

enum sp_status sp_row_each(struct sp_rows *rows, const struct sp_table *table, const void *like, bool secrets,
                           enum sp_status (*fn)(void *arg, const void *value), void *arg,
                           struct sp_error *err)
{
    struct sqlite3_stmt *statement;
    int slot, code = SQLITE_DONE;
    enum sp_status status = select_rows(rows, table, like, true, &statement, &slot, err);
    if (status)
        return status;
    struct sp_arena arena;
    sp_arena_init(&arena, 2 * SECRET_MAX + 65536);
    void *value = malloc(table->struct_size);
    if (!value)
        status = sp_error_set(err, SP_ENOMEM, NULL, "no memory for the entries of %s", table->name);
    while (!status && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        status = read_row(rows, table, statement, secrets, &arena, value, err);
        if (!status)
            status = fn(arg, value);
        wipe_secrets(table, value);
        sp_arena_reset(&arena);
    }
    if (!status && code != SQLITE_DONE)
        status = sp_rows_error(rows, code, "read rows", err);
    free(value);
    sp_arena_finish(&arena);
    put_back(rows, statement, slot);
    return status;
}

enum sp_status sp_rows_exec(struct sp_rows *rows, const char *sql, struct sp_error *err)
{
    int code = sqlite3_exec(rows->sqlite, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? SP_OK : sp_rows_error(rows, code, "run a statement", err);
}

enum sp_status sp_rows_number(struct sp_rows *rows, const char *sql, int64_t *ret_number,
                              struct sp_error *err)
{
    struct sqlite3_stmt *statement;
    int slot;
    struct purpose own = {.operation = 'N'};
    enum sp_status status = take_cached(rows, &own, sql, &statement, &slot)
                                ? SP_OK
                                : prepare(rows, &own, sql, &statement, &slot, err);
    if (status)
        return status;
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *ret_number = sqlite3_column_int64(statement, 0);
    else if (code == SQLITE_DONE)
        status = SP_ENOTFOUND;
    else
        status = sp_rows_error(rows, code, "read a number", err);
    put_back(rows, statement, slot);
    return status;
}
