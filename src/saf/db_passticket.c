/* SPDX-License-Identifier: Apache-2.0
 * SSIGNON of PTKTDATA profiles, and the keys that they name by label.
 */
#include "base/secret.h"
#include "saf/db.h"
#include "saf/db_tables.h"

/* SSIGNON rows name their class so that the profile they belong to takes them along when it goes. */
struct passticket_row {
    struct sp_str class, profile;
    int kind;
    struct sp_str secret, key_label;
    int timeout;
    bool replay_allowed;
};

static const struct sp_column passticket_columns[] = {
    KEY_STR(passticket_row, class, "class"),
    KEY_STR(passticket_row, profile, "profile"),
    INT(passticket_row, kind, "kind"),
    SECRET(passticket_row, secret, "secret"),
    STR(passticket_row, key_label, "key_label"),
    INT(passticket_row, timeout, "timeout"),
    BOOL(passticket_row, replay_allowed, "replay_allowed"),
};
static const struct sp_table passticket_table =
    TABLE("passtickets", passticket_columns, passticket_row, "class, profile");

static const struct sp_column key_columns[] = {
    KEY_STR(sp_saf_key, label, "label"),
    SECRET(sp_saf_key, secret, "secret"),
    INT(sp_saf_key, created, "created"),
};
static const struct sp_table key_table = TABLE("keys", key_columns, sp_saf_key, "label");

#define PTKTDATA SP_STR("PTKTDATA")

static enum sp_status passticket_of(const struct passticket_row *row,
                                    struct sp_saf_passticket_profile *ret_value, struct sp_error *err)
{
    if (row->secret.len > sizeof ret_value->key.bytes)
        return sp_error_set(err, SP_EPROTO, NULL, "the PassTicket key of %.*s is too long",
                            SP_STR_ARG(row->profile));
    ret_value->profile = row->profile;
    ret_value->key.kind = (enum sp_passticket_kind)row->kind;
    ret_value->key.len = row->secret.len;
    if (row->secret.len)
        memcpy(ret_value->key.bytes, row->secret.ptr, row->secret.len);
    ret_value->key_label = row->key_label;
    ret_value->timeout = row->timeout;
    ret_value->replay_allowed = row->replay_allowed;
    return SP_OK;
}

enum sp_status sp_saf_put_passticket(struct sp_saf_db *db, const struct sp_saf_passticket_profile *value,
                                     struct sp_error *err)
{
    struct passticket_row row = {
        .class = PTKTDATA,
        .profile = value->profile,
        .kind = (int)value->key.kind,
        .secret = value->key_label.len ? SP_STR("") : sp_str_from(value->key.bytes, value->key.len),
        .key_label = value->key_label,
        .timeout = value->timeout,
        .replay_allowed = value->replay_allowed};
    return sp_row_put(&db->rows, &passticket_table, &row, err);
}

enum sp_status sp_saf_get_passticket(struct sp_saf_db *db, struct sp_str profile, struct sp_arena *arena,
                                     struct sp_saf_passticket_profile *ret_value, struct sp_error *err)
{
    struct passticket_row row = {.class = PTKTDATA, .profile = profile};
    enum sp_status status = sp_row_get(&db->rows, &passticket_table, &row, true, arena, &row, err);
    if (!status && row.key_label.len) {
        struct sp_saf_key key = {.secret = {NULL, 0}};
        status = sp_saf_get_key(db, row.key_label, arena, &key, NULL);
        row.secret = key.secret;
        if (status == SP_ENOTFOUND)
            status = SP_OK;
    }
    if (status)
        return status;
    status = passticket_of(&row, ret_value, err);
    sp_secret_wipe((char *)(uintptr_t)row.secret.ptr, row.secret.len);
    return status;
}

enum sp_status sp_saf_drop_passticket(struct sp_saf_db *db, struct sp_str profile, struct sp_error *err)
{
    struct passticket_row row = {.class = PTKTDATA, .profile = profile};
    return sp_row_drop(&db->rows, &passticket_table, &row, err);
}

struct each_passticket {
    sp_saf_each_fn *fn;
    void *arg;
    struct sp_error *err;
};

static enum sp_status pass_on_passticket(void *arg, const void *value)
{
    struct each_passticket *each = arg;
    struct sp_saf_passticket_profile profile;
    enum sp_status status = passticket_of(value, &profile, each->err);
    if (!status)
        status = each->fn(each->arg, &profile);
    sp_secret_wipe(&profile.key, sizeof profile.key);
    return status;
}

enum sp_status sp_saf_each_passticket(struct sp_saf_db *db, sp_saf_each_fn *fn, void *arg,
                                      struct sp_error *err)
{
    struct passticket_row like = {.class = PTKTDATA};
    struct each_passticket each = {fn, arg, err};
    return sp_row_each(&db->rows, &passticket_table, &like, true, pass_on_passticket, &each, err);
}

/* ---- keys under labels ---- */

enum sp_status sp_saf_put_key(struct sp_saf_db *db, const struct sp_saf_key *key, struct sp_error *err)
{
    return sp_row_put(&db->rows, &key_table, key, err);
}

enum sp_status sp_saf_get_key(struct sp_saf_db *db, struct sp_str label, struct sp_arena *arena,
                              struct sp_saf_key *ret_key, struct sp_error *err)
{
    struct sp_saf_key key = {.label = label};
    return sp_row_get(&db->rows, &key_table, &key, true, arena, ret_key, err);
}

enum sp_status sp_saf_drop_key(struct sp_saf_db *db, struct sp_str label, struct sp_error *err)
{
    struct sp_saf_key key = {.label = label};
    return sp_row_drop(&db->rows, &key_table, &key, err);
}

enum sp_status sp_saf_each_key(struct sp_saf_db *db, sp_saf_each_fn *fn, void *arg, struct sp_error *err)
{
    struct sp_saf_key any = {.created = 0};
    return sp_row_each(&db->rows, &key_table, &any, false, fn, arg, err);
}
