/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/db_tables.h"

#include <stdio.h>

#include "saf/db.h"

static const struct sp_column user_columns[] = {
    KEY_STR(sp_saf_user, id, "id"),
    STR(sp_saf_user, name, "name"),
    STR(sp_saf_user, default_group, "default_group"),
    STR(sp_saf_user, owner, "owner"),
    INT(sp_saf_user, flags, "flags"),
    STR(sp_saf_user, password.encoded, "password"),
    INT(sp_saf_user, password.changed, "password_changed"),
    STR(sp_saf_user, phrase.encoded, "phrase"),
    INT(sp_saf_user, phrase.changed, "phrase_changed"),
    INT(sp_saf_user, password_interval, "password_interval"),
    INT(sp_saf_user, phrase_interval, "phrase_interval"),
    INT(sp_saf_user, failed_tries, "failed_tries"),
    INT(sp_saf_user, created, "created"),
    INT(sp_saf_user, last_use_date, "last_use_date"),
    INT(sp_saf_user, last_use_time, "last_use_time"),
    INT(sp_saf_user, revoke_date, "revoke_date"),
    INT(sp_saf_user, resume_date, "resume_date"),
    I64(sp_saf_user, uid, "uid"),
    STR(sp_saf_user, home, "home"),
    STR(sp_saf_user, program, "program"),
    STR(sp_saf_user, data, "data"),
    INT(sp_saf_user, logon_days, "logon_days"),
    INT(sp_saf_user, logon_from, "logon_from"),
    INT(sp_saf_user, logon_to, "logon_to"),
};
static const struct sp_table user_table = TABLE("users", user_columns, sp_saf_user, "id");

/* Which of the two it is, is text here, so that it can be asked for like every other key. */
struct history_row {
    struct sp_str user, kind;
    int64_t changed_us;
    struct sp_str encoded;
};

static const struct sp_column history_columns[] = {
    KEY_STR(history_row, user, "user"),
    KEY_STR(history_row, kind, "is_phrase"),
    {"changed_us", SP_COLUMN_I64, offsetof(struct history_row, changed_us), true},
    STR(history_row, encoded, "encoded"),
};
static const struct sp_table history_table =
    TABLE("history", history_columns, history_row, "changed_us DESC");

static const struct sp_column group_columns[] = {
    KEY_STR(sp_saf_group, id, "id"),
    STR(sp_saf_group, superior, "superior"),
    STR(sp_saf_group, owner, "owner"),
    STR(sp_saf_group, data, "data"),
    INT(sp_saf_group, created, "created"),
    I64(sp_saf_group, gid, "gid"),
    BOOL(sp_saf_group, universal, "universal"),
    BOOL(sp_saf_group, no_term_uacc, "no_term_uacc"),
};
static const struct sp_table group_table = TABLE("groups", group_columns, sp_saf_group, "id");

static const struct sp_column connect_columns[] = {
    KEY_STR(sp_saf_connect, user, "user"),
    KEY_STR(sp_saf_connect, group, "grp"),
    STR(sp_saf_connect, owner, "owner"),
    INT(sp_saf_connect, authority, "authority"),
    INT(sp_saf_connect, uacc, "uacc"),
    INT(sp_saf_connect, flags, "flags"),
    INT(sp_saf_connect, created, "created"),
    INT(sp_saf_connect, revoke_date, "revoke_date"),
    INT(sp_saf_connect, resume_date, "resume_date"),
};
static const struct sp_table connect_table = TABLE("connects", connect_columns, sp_saf_connect, "user, grp");

static const struct sp_column profile_columns[] = {
    KEY_STR(sp_saf_profile, class, "class"),
    KEY_STR(sp_saf_profile, name, "name"),
    BOOL(sp_saf_profile, generic, "generic"),
    STR(sp_saf_profile, owner, "owner"),
    STR(sp_saf_profile, notify, "notify"),
    STR(sp_saf_profile, appl_data, "appl_data"),
    STR(sp_saf_profile, data, "data"),
    INT(sp_saf_profile, uacc, "uacc"),
    BOOL(sp_saf_profile, warning, "warning"),
    INT(sp_saf_profile, level, "level"),
    BOOL(sp_saf_profile, audit.successes, "audit_ok"),
    BOOL(sp_saf_profile, audit.failures, "audit_fail"),
    INT(sp_saf_profile, audit.successes_from, "audit_ok_from"),
    INT(sp_saf_profile, audit.failures_from, "audit_fail_from"),
    BOOL(sp_saf_profile, global_audit.successes, "gaudit_ok"),
    BOOL(sp_saf_profile, global_audit.failures, "gaudit_fail"),
    INT(sp_saf_profile, global_audit.successes_from, "gaudit_ok_from"),
    INT(sp_saf_profile, global_audit.failures_from, "gaudit_fail_from"),
    INT(sp_saf_profile, created, "created"),
    INT(sp_saf_profile, changed, "changed"),
    STR(sp_saf_profile, st_user, "st_user"),
    STR(sp_saf_profile, st_group, "st_group"),
    BOOL(sp_saf_profile, st_trusted, "st_trusted"),
    BOOL(sp_saf_profile, st_privileged, "st_privileged"),
    BOOL(sp_saf_profile, st_trace, "st_trace"),
};
static const struct sp_table profile_table =
    TABLE("profiles", profile_columns, sp_saf_profile, "class, name");

static const struct sp_column access_columns[] = {
    KEY_STR(sp_saf_access_entry, class, "class"),
    KEY_STR(sp_saf_access_entry, profile, "profile"),
    KEY_STR(sp_saf_access_entry, id, "id"),
    INT(sp_saf_access_entry, access, "access"),
    KEY_STR(sp_saf_access_entry, when_kind, "when_kind"),
    KEY_STR(sp_saf_access_entry, when_name, "when_name"),
};
static const struct sp_table access_table =
    TABLE("access", access_columns, sp_saf_access_entry, "class, profile, id, when_kind, when_name");

static const struct sp_column member_columns[] = {
    KEY_STR(sp_saf_member, class, "class"),
    KEY_STR(sp_saf_member, profile, "profile"),
    KEY_STR(sp_saf_member, member, "member"),
    INT(sp_saf_member, global_access, "global_access"),
};
static const struct sp_table member_table =
    TABLE("members", member_columns, sp_saf_member, "class, profile, member");

static const struct sp_column class_columns[] = {
    KEY_STR(sp_saf_class, name, "name"),
    BOOL(sp_saf_class, active, "active"),
    BOOL(sp_saf_class, raclisted, "raclisted"),
    BOOL(sp_saf_class, generic, "generic"),
    BOOL(sp_saf_class, gencmd, "gencmd"),
    STR(sp_saf_class, logoptions, "logoptions"),
    BOOL(sp_saf_class, global_checking, "global_checking"),
};
static const struct sp_table class_table = TABLE("classes", class_columns, sp_saf_class, "name");

struct options_row {
    int one;
    struct sp_saf_options options;
    struct sp_str rules; /* "4:8|........;" a rule */
};

static const struct sp_column options_columns[] = {
    KEY_INT(options_row, one, "one"),
    BOOL(options_row, options.grplist, "grplist"),
    BOOL(options_row, options.mixed_case, "mixed_case"),
    BOOL(options_row, options.special_chars, "special_chars"),
    BOOL(options_row, options.addcreator, "addcreator"),
    BOOL(options_row, options.initstats, "initstats"),
    INT(options_row, options.history, "history"),
    INT(options_row, options.interval, "interval"),
    INT(options_row, options.min_change, "min_change"),
    INT(options_row, options.revoke_after, "revoke_after"),
    INT(options_row, options.warning, "warning"),
    INT(options_row, options.phrase_interval, "phrase_interval"),
    INT(options_row, options.inactive, "inactive"),
    STR(options_row, rules, "rules"),
};
static const struct sp_table options_table = TABLE("options", options_columns, options_row, "one");

static const struct sp_column used_ticket_columns[] = {
    KEY_STR(sp_used_ticket, user, "user"),
    KEY_STR(sp_used_ticket, appl, "appl"),
    KEY_STR(sp_used_ticket, ticket, "ticket"),
    I64(sp_used_ticket, until, "until"),
};
const struct sp_table sp_used_tickets_table =
    TABLE("used_tickets", used_ticket_columns, sp_used_ticket, "until");

static const struct sp_column certificate_columns[] = {
    KEY_INT(sp_saf_certificate, owner_kind, "owner_kind"),
    KEY_STR(sp_saf_certificate, owner, "owner"),
    KEY_STR(sp_saf_certificate, label, "label"),
    INT(sp_saf_certificate, trust, "trust"),
    BYTES(sp_saf_certificate, der, "der"),
    SECRET(sp_saf_certificate, private_key, "secret"),
    BOOL(sp_saf_certificate, has_private_key, "has_key"),
};
static const struct sp_table certificate_table =
    TABLE("certificates", certificate_columns, sp_saf_certificate, "owner_kind, owner, label");

static const struct sp_column ring_columns[] = {
    KEY_STR(sp_saf_ring, owner, "owner"),
    KEY_STR(sp_saf_ring, name, "name"),
};
static const struct sp_table ring_table = TABLE("rings", ring_columns, sp_saf_ring, "owner, name");

static const struct sp_column ring_entry_columns[] = {
    KEY_STR(sp_saf_ring_entry, ring_owner, "ring_owner"), KEY_STR(sp_saf_ring_entry, ring, "ring"),
    KEY_INT(sp_saf_ring_entry, owner_kind, "owner_kind"), KEY_STR(sp_saf_ring_entry, owner, "owner"),
    KEY_STR(sp_saf_ring_entry, label, "label"),           INT(sp_saf_ring_entry, usage, "usage"),
    BOOL(sp_saf_ring_entry, is_default, "is_default"),
};
static const struct sp_table ring_entry_table =
    TABLE("ring_entries", ring_entry_columns, sp_saf_ring_entry, "ring_owner, ring, rowid");

static const struct sp_column cert_filter_columns[] = {
    KEY_STR(sp_saf_cert_filter, subject, "subject"), KEY_STR(sp_saf_cert_filter, issuer, "issuer"),
    STR(sp_saf_cert_filter, user, "user"),           STR(sp_saf_cert_filter, label, "label"),
    STR(sp_saf_cert_filter, criteria, "criteria"),   BOOL(sp_saf_cert_filter, trust, "trust"),
};
static const struct sp_table cert_filter_table =
    TABLE("cert_filters", cert_filter_columns, sp_saf_cert_filter, "subject, issuer");

static const struct sp_column identity_filter_columns[] = {
    KEY_STR(sp_saf_identity_filter, name, "name"),
    KEY_STR(sp_saf_identity_filter, registry, "registry"),
    STR(sp_saf_identity_filter, user, "user"),
    STR(sp_saf_identity_filter, label, "label"),
};
static const struct sp_table identity_filter_table =
    TABLE("identity_filters", identity_filter_columns, sp_saf_identity_filter, "name, registry");

/* ---- users, groups, connections ---- */

enum sp_status sp_saf_put_user(struct sp_saf_db *db, const struct sp_saf_user *user, struct sp_error *err)
{
    return sp_row_put(&db->rows, &user_table, user, err);
}

enum sp_status sp_saf_get_user(struct sp_saf_db *db, struct sp_str id, struct sp_arena *arena,
                               struct sp_saf_user *ret_user, struct sp_error *err)
{
    struct sp_saf_user key = {.id = id};
    return sp_row_get(&db->rows, &user_table, &key, false, arena, ret_user, err);
}

enum sp_status sp_saf_drop_user(struct sp_saf_db *db, struct sp_str id, struct sp_error *err)
{
    struct sp_saf_user key = {.id = id};
    return sp_row_drop(&db->rows, &user_table, &key, err);
}

enum sp_status sp_saf_each_user(struct sp_saf_db *db, sp_saf_each_fn *fn, void *arg, struct sp_error *err)
{
    struct sp_saf_user any = {.id = {NULL, 0}};
    return sp_row_each(&db->rows, &user_table, &any, false, fn, arg, err);
}

static struct sp_str history_kind(bool is_phrase)
{
    return is_phrase ? SP_STR("phrase") : SP_STR("password");
}

enum sp_status sp_saf_put_history(struct sp_saf_db *db, const struct sp_saf_history *entry,
                                  struct sp_error *err)
{
    struct history_row row = {entry->user, history_kind(entry->is_phrase), entry->changed_us, entry->encoded};
    return sp_row_put(&db->rows, &history_table, &row, err);
}

struct each_history {
    sp_saf_each_fn *fn;
    void *arg;
    int keep; /* trimming: how many are left to keep; -1: not trimming */
    int64_t oldest_kept;
};

static enum sp_status pass_on_history(void *arg, const void *value)
{
    struct each_history *each = arg;
    const struct history_row *row = value;
    struct sp_saf_history entry = {row->user, sp_str_is(row->kind, "phrase"), row->changed_us, row->encoded};
    return each->fn(each->arg, &entry);
}

enum sp_status sp_saf_each_history(struct sp_saf_db *db, struct sp_str user, bool is_phrase,
                                   sp_saf_each_fn *fn, void *arg, struct sp_error *err)
{
    struct history_row like = {.user = user, .kind = history_kind(is_phrase)};
    struct each_history each = {.fn = fn, .arg = arg};
    return sp_row_each(&db->rows, &history_table, &like, false, pass_on_history, &each, err);
}

static enum sp_status find_first_surplus(void *arg, const void *value)
{
    struct each_history *each = arg;
    const struct sp_saf_history *entry = value;
    if (each->keep-- > 0)
        return SP_OK;
    each->oldest_kept = entry->changed_us;
    return SP_ECANCELED;
}

enum sp_status sp_saf_trim_history(struct sp_saf_db *db, struct sp_str user, bool is_phrase, int keep,
                                   struct sp_error *err)
{
    for (;;) {
        struct each_history surplus = {.keep = keep};
        enum sp_status status = sp_saf_each_history(db, user, is_phrase, find_first_surplus, &surplus, err);
        if (status != SP_ECANCELED)
            return status;
        struct history_row row = {
            .user = user, .kind = history_kind(is_phrase), .changed_us = surplus.oldest_kept};
        status = sp_row_drop(&db->rows, &history_table, &row, err);
        if (status)
            return status;
    }
}

enum sp_status sp_saf_put_group(struct sp_saf_db *db, const struct sp_saf_group *group, struct sp_error *err)
{
    return sp_row_put(&db->rows, &group_table, group, err);
}

enum sp_status sp_saf_get_group(struct sp_saf_db *db, struct sp_str id, struct sp_arena *arena,
                                struct sp_saf_group *ret_group, struct sp_error *err)
{
    struct sp_saf_group key = {.id = id};
    return sp_row_get(&db->rows, &group_table, &key, false, arena, ret_group, err);
}

enum sp_status sp_saf_drop_group(struct sp_saf_db *db, struct sp_str id, struct sp_error *err)
{
    struct sp_saf_group key = {.id = id};
    return sp_row_drop(&db->rows, &group_table, &key, err);
}

enum sp_status sp_saf_each_group(struct sp_saf_db *db, sp_saf_each_fn *fn, void *arg, struct sp_error *err)
{
    struct sp_saf_group any = {.id = {NULL, 0}};
    return sp_row_each(&db->rows, &group_table, &any, false, fn, arg, err);
}

enum sp_status sp_saf_put_connect(struct sp_saf_db *db, const struct sp_saf_connect *connect,
                                  struct sp_error *err)
{
    return sp_row_put(&db->rows, &connect_table, connect, err);
}

enum sp_status sp_saf_get_connect(struct sp_saf_db *db, struct sp_str user, struct sp_str group,
                                  struct sp_arena *arena, struct sp_saf_connect *ret_connect,
                                  struct sp_error *err)
{
    struct sp_saf_connect key = {.user = user, .group = group};
    return sp_row_get(&db->rows, &connect_table, &key, false, arena, ret_connect, err);
}

enum sp_status sp_saf_drop_connect(struct sp_saf_db *db, struct sp_str user, struct sp_str group,
                                   struct sp_error *err)
{
    struct sp_saf_connect key = {.user = user, .group = group};
    return sp_row_drop(&db->rows, &connect_table, &key, err);
}

enum sp_status sp_saf_each_connect(struct sp_saf_db *db, struct sp_str user, struct sp_str group,
                                   sp_saf_each_fn *fn, void *arg, struct sp_error *err)
{
    struct sp_saf_connect like = {.user = user, .group = group};
    return sp_row_each(&db->rows, &connect_table, &like, false, fn, arg, err);
}

/* ---- profiles ---- */

enum sp_status sp_saf_put_profile(struct sp_saf_db *db, const struct sp_saf_profile *profile,
                                  struct sp_error *err)
{
    return sp_row_put(&db->rows, &profile_table, profile, err);
}

enum sp_status sp_saf_get_profile(struct sp_saf_db *db, struct sp_str class, struct sp_str name,
                                  struct sp_arena *arena, struct sp_saf_profile *ret_profile,
                                  struct sp_error *err)
{
    struct sp_saf_profile key = {.class = class, .name = name};
    return sp_row_get(&db->rows, &profile_table, &key, false, arena, ret_profile, err);
}

enum sp_status sp_saf_drop_profile(struct sp_saf_db *db, struct sp_str class, struct sp_str name,
                                   struct sp_error *err)
{
    struct sp_saf_profile key = {.class = class, .name = name};
    return sp_row_drop(&db->rows, &profile_table, &key, err);
}

enum sp_status sp_saf_each_profile(struct sp_saf_db *db, struct sp_str class, sp_saf_each_fn *fn, void *arg,
                                   struct sp_error *err)
{
    struct sp_saf_profile like = {.class = class};
    return sp_row_each(&db->rows, &profile_table, &like, false, fn, arg, err);
}

enum sp_status sp_saf_put_access(struct sp_saf_db *db, const struct sp_saf_access_entry *entry,
                                 struct sp_error *err)
{
    return sp_row_put(&db->rows, &access_table, entry, err);
}

enum sp_status sp_saf_drop_access(struct sp_saf_db *db, const struct sp_saf_access_entry *entry,
                                  struct sp_error *err)
{
    return sp_row_drop(&db->rows, &access_table, entry, err);
}

enum sp_status sp_saf_each_access(struct sp_saf_db *db, struct sp_str class, struct sp_str profile,
                                  struct sp_str id, sp_saf_each_fn *fn, void *arg, struct sp_error *err)
{
    struct sp_saf_access_entry like = {.class = class, .profile = profile, .id = id};
    return sp_row_each(&db->rows, &access_table, &like, false, fn, arg, err);
}

enum sp_status sp_saf_put_member(struct sp_saf_db *db, const struct sp_saf_member *member,
                                 struct sp_error *err)
{
    return sp_row_put(&db->rows, &member_table, member, err);
}

enum sp_status sp_saf_drop_member(struct sp_saf_db *db, const struct sp_saf_member *member,
                                  struct sp_error *err)
{
    return sp_row_drop(&db->rows, &member_table, member, err);
}

enum sp_status sp_saf_each_member(struct sp_saf_db *db, struct sp_str class, struct sp_str profile,
                                  sp_saf_each_fn *fn, void *arg, struct sp_error *err)
{
    struct sp_saf_member like = {.class = class, .profile = profile};
    return sp_row_each(&db->rows, &member_table, &like, false, fn, arg, err);
}

/* ---- SETROPTS ---- */

enum sp_status sp_saf_put_class(struct sp_saf_db *db, const struct sp_saf_class *class, struct sp_error *err)
{
    return sp_row_put(&db->rows, &class_table, class, err);
}

enum sp_status sp_saf_each_class(struct sp_saf_db *db, sp_saf_each_fn *fn, void *arg, struct sp_error *err)
{
    struct sp_saf_class any = {.name = {NULL, 0}};
    return sp_row_each(&db->rows, &class_table, &any, false, fn, arg, err);
}

enum sp_status sp_saf_put_options(struct sp_saf_db *db, const struct sp_saf_options *options,
                                  struct sp_error *err)
{
    struct options_row row = {.one = 1, .options = *options};
    struct sp_buf rules;
    sp_buf_init(&rules, 1024);
    for (int i = 0; i < options->rule_count; i++)
        sp_buf_printf(&rules, "%d:%d|%.8s;", options->rules[i].shortest, options->rules[i].longest,
                      options->rules[i].content);
    row.rules = sp_buf_str(&rules);
    enum sp_status status = sp_row_put(&db->rows, &options_table, &row, err);
    sp_buf_finish(&rules);
    return status;
}

static enum sp_status read_rules(struct sp_str text, struct sp_saf_options *options, struct sp_error *err)
{
    options->rule_count = 0;
    struct sp_str one;
    while (text.len && sp_str_split(&text, ';', &one) && one.len) {
        struct sp_saf_password_rule *rule = &options->rules[options->rule_count];
        char copy[64];
        snprintf(copy, sizeof copy, "%.*s", SP_STR_ARG(one));
        if (options->rule_count == 8 ||
            sscanf(copy, "%d:%d|%8c", &rule->shortest, &rule->longest, rule->content) != 3)
            return sp_error_set(err, SP_EPROTO, NULL,
                                "the password rules in the security database cannot be read");
        rule->content[8] = '\0';
        options->rule_count++;
    }
    return SP_OK;
}

enum sp_status sp_saf_get_options(struct sp_saf_db *db, struct sp_saf_options *ret_options,
                                  struct sp_error *err)
{
    struct options_row row = {.one = 1};
    struct sp_arena arena;
    sp_arena_init(&arena, 65536);
    enum sp_status status = sp_row_get(&db->rows, &options_table, &row, false, &arena, &row, err);
    if (!status)
        status = read_rules(row.rules, &row.options, err);
    if (!status)
        *ret_options = row.options;
    sp_arena_finish(&arena);
    return status;
}

/* ---- certificates, rings, filters ---- */

enum sp_status sp_saf_put_certificate(struct sp_saf_db *db, const struct sp_saf_certificate *certificate,
                                      struct sp_error *err)
{
    struct sp_saf_certificate row = *certificate;
    row.has_private_key = row.private_key.len > 0;
    return sp_row_put(&db->rows, &certificate_table, &row, err);
}

enum sp_status sp_saf_get_certificate(struct sp_saf_db *db, enum sp_saf_cert_owner owner_kind,
                                      struct sp_str owner, struct sp_str label, bool with_key,
                                      struct sp_arena *arena, struct sp_saf_certificate *ret_certificate,
                                      struct sp_error *err)
{
    struct sp_saf_certificate key = {.owner_kind = owner_kind, .owner = owner, .label = label};
    return sp_row_get(&db->rows, &certificate_table, &key, with_key, arena, ret_certificate, err);
}

enum sp_status sp_saf_drop_certificate(struct sp_saf_db *db, enum sp_saf_cert_owner owner_kind,
                                       struct sp_str owner, struct sp_str label, struct sp_error *err)
{
    struct sp_saf_certificate key = {.owner_kind = owner_kind, .owner = owner, .label = label};
    return sp_row_drop(&db->rows, &certificate_table, &key, err);
}

enum sp_status sp_saf_each_certificate(struct sp_saf_db *db, bool with_keys, sp_saf_each_fn *fn, void *arg,
                                       struct sp_error *err)
{
    struct sp_saf_certificate any = {.owner_kind = SP_SAF_CERT_PERSONAL};
    return sp_row_each(&db->rows, &certificate_table, &any, with_keys, fn, arg, err);
}

enum sp_status sp_saf_put_ring(struct sp_saf_db *db, const struct sp_saf_ring *ring, struct sp_error *err)
{
    return sp_row_put(&db->rows, &ring_table, ring, err);
}

enum sp_status sp_saf_drop_ring(struct sp_saf_db *db, const struct sp_saf_ring *ring, struct sp_error *err)
{
    return sp_row_drop(&db->rows, &ring_table, ring, err);
}

enum sp_status sp_saf_each_ring(struct sp_saf_db *db, struct sp_str owner, sp_saf_each_fn *fn, void *arg,
                                struct sp_error *err)
{
    struct sp_saf_ring like = {.owner = owner};
    return sp_row_each(&db->rows, &ring_table, &like, false, fn, arg, err);
}

enum sp_status sp_saf_put_ring_entry(struct sp_saf_db *db, const struct sp_saf_ring_entry *entry,
                                     struct sp_error *err)
{
    return sp_row_put(&db->rows, &ring_entry_table, entry, err);
}

enum sp_status sp_saf_drop_ring_entry(struct sp_saf_db *db, const struct sp_saf_ring_entry *entry,
                                      struct sp_error *err)
{
    return sp_row_drop(&db->rows, &ring_entry_table, entry, err);
}

enum sp_status sp_saf_each_ring_entry(struct sp_saf_db *db, struct sp_str owner, struct sp_str ring,
                                      sp_saf_each_fn *fn, void *arg, struct sp_error *err)
{
    struct sp_saf_ring_entry like = {.ring_owner = owner, .ring = ring};
    return sp_row_each(&db->rows, &ring_entry_table, &like, false, fn, arg, err);
}

enum sp_status sp_saf_put_cert_filter(struct sp_saf_db *db, const struct sp_saf_cert_filter *filter,
                                      struct sp_error *err)
{
    return sp_row_put(&db->rows, &cert_filter_table, filter, err);
}

enum sp_status sp_saf_drop_cert_filter(struct sp_saf_db *db, struct sp_str subject, struct sp_str issuer,
                                       struct sp_error *err)
{
    struct sp_saf_cert_filter key = {.subject = subject, .issuer = issuer};
    return sp_row_drop(&db->rows, &cert_filter_table, &key, err);
}

enum sp_status sp_saf_each_cert_filter(struct sp_saf_db *db, sp_saf_each_fn *fn, void *arg,
                                       struct sp_error *err)
{
    struct sp_saf_cert_filter any = {.trust = false};
    return sp_row_each(&db->rows, &cert_filter_table, &any, false, fn, arg, err);
}

enum sp_status sp_saf_put_identity_filter(struct sp_saf_db *db, const struct sp_saf_identity_filter *filter,
                                          struct sp_error *err)
{
    return sp_row_put(&db->rows, &identity_filter_table, filter, err);
}

enum sp_status sp_saf_get_identity_filter(struct sp_saf_db *db, struct sp_str name, struct sp_str registry,
                                          struct sp_arena *arena, struct sp_saf_identity_filter *ret_filter,
                                          struct sp_error *err)
{
    struct sp_saf_identity_filter key = {.name = name, .registry = registry};
    return sp_row_get(&db->rows, &identity_filter_table, &key, false, arena, ret_filter, err);
}

enum sp_status sp_saf_drop_identity_filter(struct sp_saf_db *db, struct sp_str name, struct sp_str registry,
                                           struct sp_error *err)
{
    struct sp_saf_identity_filter key = {.name = name, .registry = registry};
    return sp_row_drop(&db->rows, &identity_filter_table, &key, err);
}

enum sp_status sp_saf_each_identity_filter(struct sp_saf_db *db, sp_saf_each_fn *fn, void *arg,
                                           struct sp_error *err)
{
    struct sp_saf_identity_filter any = {.name = {NULL, 0}};
    return sp_row_each(&db->rows, &identity_filter_table, &any, false, fn, arg, err);
}
