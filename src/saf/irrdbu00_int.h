/* SPDX-License-Identifier: Apache-2.0
 * irrdbu00_int.h: one import of a database unload. Private to the room.
 */
#ifndef SP_SAF_IRRDBU00_INT_H
#define SP_SAF_IRRDBU00_INT_H

#include "base/hash.h"
#include "saf/irrdbu00_lines.h"

enum { SP_UNLOAD_OTHERS_MAX = 128, SP_UNLOAD_CLASSES_MAX = 1024 };

struct sp_unload_count {
    uint64_t taken, elsewhere, refused;
    uint64_t left_out; /* of a class that was not asked for, or without a place */
};

struct sp_unload_report {
    enum sp_unload_encoding encoding;
    bool check_only;
    uint64_t lines, latin1_lines, refused;
    struct sp_unload_count records[SP_UNLOAD_TYPES];
    uint64_t lost[SP_UNLOAD_TYPES][SP_UNLOAD_FIELDS_MAX]; /* values of fields without a place */
    struct {
        char type[5];
        uint64_t lines;
    } others[SP_UNLOAD_OTHERS_MAX]; /* types without a layout here */
    size_t other_count;
    uint64_t more_others;
    uint64_t passwords, phrases; /* users who had one, and have none here */
    uint64_t ticket_keys;        /* PassTicket profiles without their key */
    uint64_t certificates, waiting_entries;
    char inactive[SP_UNLOAD_CLASSES_MAX][9]; /* classes with profiles that are not active */
    size_t inactive_count;
};

/* What is known of a connection: of its group's record and of its user's. */
struct sp_unload_connect {
    char user[9], group[9], owner[9];
    enum sp_saf_authority authority;
    enum sp_saf_access uacc;
    unsigned flags;
    int32_t created, revoke_date, resume_date;
    uint64_t line;
};

struct sp_unload_run {
    struct sp_saf_db *db;
    const struct sp_unload_import *import;
    struct sp_unload_report *report;
    const struct sp_unload_record *record; /* of the line */
    struct sp_unload_line line;
    bool elsewhere, left_out;   /* what a taker found out about its line */
    struct sp_arena line_arena; /* until the next line */
    struct sp_arena arena;      /* for the whole import */
    struct sp_saf_user user;    /* not stored yet, because more of it may follow */
    struct sp_arena user_arena;
    bool has_user;
    struct sp_hash connects;          /* user and group, 16 bytes -> struct sp_unload_connect */
    struct sp_unload_connect **order; /* the same, as a list of the heap */
    size_t order_room;
    struct sp_hash certificates; /* DIGTCERT profile -> owner's anchor or user id */
    struct sp_hash classes;      /* names that had profiles */
    struct sp_error *err;
};

/* ---- values of the line's fields; what is wrong is said, and false returned ---- */

struct sp_str sp_unload_text(const struct sp_unload_run *run, int index);
bool sp_unload_yes(const struct sp_unload_run *run, int index);
/* Refuse the line because of a field. */
bool sp_unload_bad(struct sp_unload_run *run, int index, const char *why);
/* A user, group or class name. */
bool sp_unload_id(struct sp_unload_run *run, int index, struct sp_str *ret_id);
bool sp_unload_id_or_nothing(struct sp_unload_run *run, int index, struct sp_str *ret_id);
bool sp_unload_number(struct sp_unload_run *run, int index, int64_t most, int64_t *ret_number);
bool sp_unload_date(struct sp_unload_run *run, int index, int32_t *ret_date);
/* Seconds of the day; -1 when there is none. */
bool sp_unload_time(struct sp_unload_run *run, int index, int *ret_seconds);
bool sp_unload_level(struct sp_unload_run *run, int index, enum sp_saf_access *ret_access);
/* What storing returned; the database refuses rows that belong to something that is not there, and so the
 * line is. */
enum sp_status sp_unload_stored(struct sp_unload_run *run, enum sp_status status, const char *to);
/* Count a refusal and say it. Returns SP_EINVAL. */
enum sp_status sp_unload_refuse(struct sp_unload_run *run, uint64_t line, const char *fmt, ...)
    SP_PRINTF(3, 4);
enum sp_status sp_unload_no_memory(struct sp_unload_run *run);

/* ---- one line of each record that has a place: SP_EINVAL when it was refused, any other failure ends the
 * import ---- */

enum sp_status sp_unload_take_group(struct sp_unload_run *run);
enum sp_status sp_unload_take_group_omvs(struct sp_unload_run *run);
enum sp_status sp_unload_take_member(struct sp_unload_run *run);
enum sp_status sp_unload_take_connect(struct sp_unload_run *run);
enum sp_status sp_unload_take_user(struct sp_unload_run *run);
enum sp_status sp_unload_take_user_omvs(struct sp_unload_run *run);
enum sp_status sp_unload_take_certificate_name(struct sp_unload_run *run);
enum sp_status sp_unload_take_profile(struct sp_unload_run *run);
enum sp_status sp_unload_take_resource_member(struct sp_unload_run *run);
enum sp_status sp_unload_take_access(struct sp_unload_run *run);
enum sp_status sp_unload_take_conditional_access(struct sp_unload_run *run);
enum sp_status sp_unload_take_filter(struct sp_unload_run *run);
enum sp_status sp_unload_take_identity(struct sp_unload_run *run);
enum sp_status sp_unload_take_signon(struct sp_unload_run *run);
enum sp_status sp_unload_take_started(struct sp_unload_run *run);
enum sp_status sp_unload_take_ring_entry(struct sp_unload_run *run);

/* Store the user that is still held back. */
enum sp_status sp_unload_flush_user(struct sp_unload_run *run);
/* Store the connections; those of users or groups that are not there are refused. */
enum sp_status sp_unload_put_connects(struct sp_unload_run *run);

#endif
