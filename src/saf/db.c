/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/clock.h"
#include "saf/db_tables.h"
#include "saf/seal_token.h"

#define BUSY_MS 5000
#define SECONDS_A_DAY 86400

/* Step n brings schema n to n + 1; a step once released is never changed. */
static const char *const migrations[] = {
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "INSERT INTO meta VALUES('version', 1);"
    "CREATE TABLE users(id TEXT PRIMARY KEY, name TEXT, default_group TEXT, owner TEXT, flags INTEGER, "
    "password TEXT,"
    " password_changed INTEGER, phrase TEXT, phrase_changed INTEGER, password_interval INTEGER, "
    "phrase_interval INTEGER,"
    " failed_tries INTEGER, created INTEGER, last_use_date INTEGER, last_use_time INTEGER, revoke_date "
    "INTEGER,"
    " resume_date INTEGER, uid INTEGER, home TEXT, program TEXT, data TEXT, logon_days INTEGER, logon_from "
    "INTEGER,"
    " logon_to INTEGER) WITHOUT ROWID;"
    "CREATE TABLE history(user TEXT REFERENCES users ON DELETE CASCADE, is_phrase TEXT, changed_us INTEGER, "
    "encoded TEXT,"
    " PRIMARY KEY(user, is_phrase, changed_us)) WITHOUT ROWID;"
    "CREATE TABLE groups(id TEXT PRIMARY KEY, superior TEXT, owner TEXT, data TEXT, created INTEGER, gid "
    "INTEGER,"
    " universal INTEGER, no_term_uacc INTEGER) WITHOUT ROWID;"
    "CREATE TABLE connects(user TEXT REFERENCES users ON DELETE CASCADE, grp TEXT REFERENCES groups ON "
    "DELETE CASCADE,"
    " owner TEXT, authority INTEGER, uacc INTEGER, flags INTEGER, created INTEGER, revoke_date INTEGER,"
    " resume_date INTEGER, PRIMARY KEY(user, grp)) WITHOUT ROWID;"
    "CREATE INDEX connects_by_group ON connects(grp);"
    "CREATE TABLE profiles(class TEXT, name TEXT, generic INTEGER, owner TEXT, notify TEXT, appl_data TEXT, "
    "data TEXT,"
    " uacc INTEGER, warning INTEGER, level INTEGER, audit_ok INTEGER, audit_fail INTEGER, audit_ok_from "
    "INTEGER,"
    " audit_fail_from INTEGER, gaudit_ok INTEGER, gaudit_fail INTEGER, gaudit_ok_from INTEGER, "
    "gaudit_fail_from INTEGER,"
    " created INTEGER, changed INTEGER, st_user TEXT, st_group TEXT, st_trusted INTEGER, st_privileged "
    "INTEGER,"
    " st_trace INTEGER, PRIMARY KEY(class, name)) WITHOUT ROWID;"
    "CREATE TABLE access(class TEXT, profile TEXT, id TEXT, access INTEGER, when_kind TEXT, when_name TEXT,"
    " PRIMARY KEY(class, profile, id, when_kind, when_name),"
    " FOREIGN KEY(class, profile) REFERENCES profiles ON DELETE CASCADE) WITHOUT ROWID;"
    "CREATE INDEX access_by_id ON access(id);"
    "CREATE TABLE members(class TEXT, profile TEXT, member TEXT, global_access INTEGER,"
    " PRIMARY KEY(class, profile, member), FOREIGN KEY(class, profile) REFERENCES profiles ON DELETE CASCADE)"
    " WITHOUT ROWID;"
    "CREATE TABLE classes(name TEXT PRIMARY KEY, active INTEGER, raclisted INTEGER, generic INTEGER, gencmd "
    "INTEGER,"
    " logoptions TEXT) WITHOUT ROWID;"
    "CREATE TABLE options(one INTEGER PRIMARY KEY, grplist INTEGER, mixed_case INTEGER, special_chars "
    "INTEGER,"
    " addcreator INTEGER, initstats INTEGER, history INTEGER, interval INTEGER, "
    "min_change INTEGER,"
    " revoke_after INTEGER, warning INTEGER, phrase_interval INTEGER, inactive INTEGER, rules TEXT);"
    "CREATE TABLE passtickets(class TEXT, profile TEXT, kind INTEGER, secret BLOB, key_label TEXT, timeout "
    "INTEGER,"
    " replay_allowed INTEGER, PRIMARY KEY(class, profile),"
    " FOREIGN KEY(class, profile) REFERENCES profiles ON DELETE CASCADE) WITHOUT ROWID;"
    "CREATE TABLE used_tickets(user TEXT, appl TEXT, ticket TEXT, until INTEGER, PRIMARY KEY(user, appl, "
    "ticket))"
    " WITHOUT ROWID;"
    "CREATE INDEX used_tickets_by_time ON used_tickets(until);"
    "CREATE TABLE certificates(owner_kind INTEGER, owner TEXT, label TEXT, trust INTEGER, der BLOB, secret "
    "BLOB,"
    " has_key INTEGER, PRIMARY KEY(owner_kind, owner, label)) WITHOUT ROWID;"
    "CREATE TABLE rings(owner TEXT, name TEXT, PRIMARY KEY(owner, name)) WITHOUT ROWID;"
    "CREATE TABLE ring_entries(ring_owner TEXT, ring TEXT, owner_kind INTEGER, owner TEXT, label TEXT, usage "
    "INTEGER,"
    " is_default INTEGER, UNIQUE(ring_owner, ring, owner_kind, owner, label),"
    " FOREIGN KEY(ring_owner, ring) REFERENCES rings ON DELETE CASCADE,"
    " FOREIGN KEY(owner_kind, owner, label) REFERENCES certificates ON DELETE CASCADE ON UPDATE CASCADE);"
    "CREATE TABLE cert_filters(subject TEXT, issuer TEXT, user TEXT, label TEXT, criteria TEXT, trust "
    "INTEGER,"
    " PRIMARY KEY(subject, issuer)) WITHOUT ROWID;"
    "CREATE TABLE identity_filters(name TEXT, registry TEXT, user TEXT, label TEXT, PRIMARY KEY(name, "
    "registry))"
    " WITHOUT ROWID;",
    "CREATE TABLE keys(label TEXT PRIMARY KEY, secret BLOB, created INTEGER) WITHOUT ROWID;"
    "ALTER TABLE classes ADD COLUMN global_checking INTEGER NOT NULL DEFAULT 0;",
};
enum { SCHEMA = sizeof migrations / sizeof migrations[0] };

static enum sp_status migrate(struct sp_saf_db *db, int64_t from, struct sp_error *err)
{
    enum sp_status status = SP_OK;
    for (int64_t step = from; step < SCHEMA && !status; step++) {
        char sql[64];
        status = sp_rows_exec(&db->rows, migrations[step], err);
        snprintf(sql, sizeof sql, "PRAGMA user_version = %lld", (long long)step + 1);
        if (!status)
            status = sp_rows_exec(&db->rows, sql, err);
    }
    return status;
}

/* What RACF has after it is first set up: group SYS1 and user IBMUSER, who can define the rest. */
static enum sp_status put_first_entries(struct sp_saf_db *db, struct sp_error *err)
{
    int32_t today = (int32_t)(sp_clock_realtime_us() / 1000000 / SECONDS_A_DAY);
    struct sp_saf_group sys1 = {
        .id = SP_STR("SYS1"), .owner = SP_STR("IBMUSER"), .created = today, .gid = -1};
    struct sp_saf_user ibmuser = {.id = SP_STR("IBMUSER"),
                                  .default_group = SP_STR("SYS1"),
                                  .owner = SP_STR("IBMUSER"),
                                  .flags = SP_SAF_SPECIAL | SP_SAF_OPERATIONS,
                                  .created = today,
                                  .last_use_date = SP_SAF_NO_DATE,
                                  .revoke_date = SP_SAF_NO_DATE,
                                  .resume_date = SP_SAF_NO_DATE,
                                  .uid = -1,
                                  .logon_days = 0x7f,
                                  .logon_from = -1,
                                  .logon_to = -1};
    struct sp_saf_connect connect = {.user = ibmuser.id,
                                     .group = sys1.id,
                                     .owner = ibmuser.id,
                                     .authority = SP_SAF_JOIN,
                                     .created = today,
                                     .revoke_date = SP_SAF_NO_DATE,
                                     .resume_date = SP_SAF_NO_DATE};
    struct sp_saf_options options = {
        .grplist = true, .initstats = true, .interval = 30, .revoke_after = 5, .history = 8, .warning = 5};
    enum sp_status status = sp_saf_put_group(db, &sys1, err);
    if (!status)
        status = sp_saf_put_user(db, &ibmuser, err);
    if (!status)
        status = sp_saf_put_connect(db, &connect, err);
    return status ? status : sp_saf_put_options(db, &options, err);
}

static enum sp_status bring_up_to_date(struct sp_saf_db *db, const char *path, enum sp_saf_db_mode mode,
                                       struct sp_error *err)
{
    int64_t schema = 0;
    enum sp_status status = sp_rows_number(&db->rows, "PRAGMA user_version", &schema, err);
    if (status)
        return status;
    if (schema > SCHEMA)
        return sp_error_set(
            err, SP_EUNSUPPORTED, NULL,
            "the security database %s has schema %lld, this program knows %d: use a newer one", path,
            (long long)schema, SCHEMA);
    if (schema == SCHEMA)
        return SP_OK;
    if (mode == SP_SAF_DB_READ || (schema == 0 && mode != SP_SAF_DB_CREATE))
        return sp_error_set(
            err, SP_EUNSUPPORTED, NULL,
            "the security database %s has schema %lld, %d is needed: open it once with 'sallyport saf'", path,
            (long long)schema, SCHEMA);
    status = sp_saf_db_begin(db, err);
    /* Another process may have done it while this one waited for the lock. */
    if (!status)
        status = sp_rows_number(&db->rows, "PRAGMA user_version", &schema, err);
    if (!status)
        status = migrate(db, schema, err);
    if (!status && schema == 0)
        status = put_first_entries(db, err);
    if (!status)
        status = sp_saf_db_commit(db, err);
    sp_saf_db_rollback(db);
    return status;
}

static enum sp_status open_sqlite(struct sp_saf_db *db, const char *path, enum sp_saf_db_mode mode,
                                  struct sp_error *err)
{
    int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (mode == SP_SAF_DB_CREATE ? SQLITE_OPEN_CREATE : 0);
    if (mode != SP_SAF_DB_CREATE && access(path, F_OK) != 0)
        return sp_error_set(err, SP_ENOTFOUND, NULL,
                            "there is no security database %s: 'sallyport saf create' makes one", path);
    mode_t before = umask(077);
    struct sqlite3 *sqlite = NULL;
    int code = sqlite3_open_v2(path, &sqlite, flags, NULL);
    umask(before);
    sp_rows_init(&db->rows, sqlite, &db->seal);
    if (code != SQLITE_OK) {
        sp_rows_error(&db->rows, code, "be opened", err);
        sp_error_prefix(err, "%s", path);
        return SP_EIO;
    }
    sqlite3_extended_result_codes(sqlite, 1);
    sqlite3_busy_timeout(sqlite, BUSY_MS);
    return sp_rows_exec(&db->rows,
                        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                        "PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF;",
                        err);
}

enum sp_status sp_saf_db_open(const char *path, const char *key_path, enum sp_saf_db_mode mode,
                              struct sp_saf_db **ret_db, struct sp_error *err)
{
    struct sp_saf_db *db = calloc(1, sizeof *db);
    if (!db)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to open %s", path);
    char beside[4096];
    snprintf(beside, sizeof beside, "%s.key", path);
    enum sp_status status = open_sqlite(db, path, mode, err);
    if (!status)
        status = sp_seal_load(&db->seal, key_path ? key_path : beside, mode == SP_SAF_DB_CREATE, err);
    if (!status)
        status = bring_up_to_date(db, path, mode, err);
    if (!status && mode == SP_SAF_DB_READ)
        status = sp_rows_exec(&db->rows, "PRAGMA query_only = ON", err);
    if (status) {
        sp_saf_db_close(db);
        return status;
    }
    *ret_db = db;
    return SP_OK;
}

enum sp_status sp_saf_db_key_to_token(const struct sp_saf_db *db, const char *path, const char *key_path,
                                      struct sp_str location, struct sp_error *err)
{
    char beside[4096];
    snprintf(beside, sizeof beside, "%s.key", path);
    return sp_seal_token_move(&db->seal, key_path ? key_path : beside, location, err);
}

void sp_saf_db_close(struct sp_saf_db *db)
{
    if (!db)
        return;
    sp_rows_finish(&db->rows);
    sqlite3_close(db->rows.sqlite);
    sp_seal_finish(&db->seal);
    free(db);
}

enum sp_status sp_saf_db_version(struct sp_saf_db *db, uint64_t *ret_version, struct sp_error *err)
{
    int64_t version = 0;
    enum sp_status status =
        sp_rows_number(&db->rows, "SELECT value FROM meta WHERE name = 'version'", &version, err);
    if (!status)
        *ret_version = (uint64_t)version;
    return status;
}

enum sp_status sp_saf_db_begin(struct sp_saf_db *db, struct sp_error *err)
{
    enum sp_status status = sp_rows_exec(&db->rows, "BEGIN IMMEDIATE", err);
    if (!status)
        db->in_transaction = true;
    db->changes = sqlite3_total_changes(db->rows.sqlite);
    return status;
}

enum sp_status sp_saf_db_snapshot_begin(struct sp_saf_db *db, struct sp_error *err)
{
    enum sp_status status = sp_rows_exec(&db->rows, "BEGIN DEFERRED", err);
    if (!status)
        db->in_transaction = true;
    return status;
}

enum sp_status sp_saf_db_commit_quiet(struct sp_saf_db *db, struct sp_error *err)
{
    enum sp_status status = sp_rows_exec(&db->rows, "COMMIT", err);
    if (!status)
        db->in_transaction = false;
    return status;
}

enum sp_status sp_saf_db_commit(struct sp_saf_db *db, struct sp_error *err)
{
    if (sqlite3_total_changes(db->rows.sqlite) == db->changes)
        return sp_saf_db_commit_quiet(db, err);
    enum sp_status status =
        sp_rows_exec(&db->rows, "UPDATE meta SET value = value + 1 WHERE name = 'version'", err);
    return status ? status : sp_saf_db_commit_quiet(db, err);
}

void sp_saf_db_rollback(struct sp_saf_db *db)
{
    if (!db->in_transaction)
        return;
    db->in_transaction = false;
    sqlite3_exec(db->rows.sqlite, "ROLLBACK", NULL, NULL, NULL);
}

enum sp_status sp_saf_use_passticket(struct sp_saf_db *db, struct sp_str user, struct sp_str appl,
                                     struct sp_str ticket, int64_t until, struct sp_error *err)
{
    struct sp_used_ticket used = {.user = user, .appl = appl, .ticket = ticket, .until = until}, found;
    struct sp_arena arena;
    sp_arena_init(&arena, 65536);
    enum sp_status status = sp_saf_db_begin(db, err);
    if (!status) {
        char sql[80];
        snprintf(sql, sizeof sql, "DELETE FROM used_tickets WHERE until < %lld",
                 (long long)(sp_clock_realtime_us() / 1000000));
        status = sp_rows_exec(&db->rows, sql, err);
    }
    if (!status) {
        status = sp_row_get(&db->rows, &sp_used_tickets_table, &used, false, &arena, &found, NULL);
        if (status == SP_OK)
            status = sp_error_set(err, SP_EEXISTS, NULL, "the PassTicket was used before");
        else if (status == SP_ENOTFOUND)
            status = sp_row_put(&db->rows, &sp_used_tickets_table, &used, err);
    }
    if (!status)
        status = sp_saf_db_commit_quiet(db, err);
    sp_saf_db_rollback(db);
    sp_arena_finish(&arena);
    return status;
}
