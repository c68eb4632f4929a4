/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/irrdbu00_int.h"

#include <time.h>

struct sp_str sp_unload_text(const struct sp_unload_run *run, int index)
{
    const struct sp_unload_field *f = &run->record->fields[index];
    return sp_unload_columns(&run->line, f->start, f->end);
}

bool sp_unload_yes(const struct sp_unload_run *run, int index)
{
    struct sp_str text = sp_unload_text(run, index);
    return text.len && text.ptr[0] == 'Y';
}

bool sp_unload_bad(struct sp_unload_run *run, int index, const char *why)
{
    struct sp_str text = sp_unload_text(run, index);
    sp_unload_refuse(run, run->line.number, "%s '%.*s' %s", run->record->fields[index].name, SP_STR_ARG(text),
                     why);
    return false;
}

/* A user, group or class name. */
bool sp_unload_id(struct sp_unload_run *run, int index, struct sp_str *ret_id)
{
    struct sp_str text = sp_unload_text(run, index);
    if (!sp_saf_id_ok(text))
        return sp_unload_bad(run, index, "is no name of 1 to 8 of A-Z, 0-9, #, $ and @");
    *ret_id = text;
    return true;
}

bool sp_unload_id_or_nothing(struct sp_unload_run *run, int index, struct sp_str *ret_id)
{
    *ret_id = sp_unload_text(run, index);
    return !ret_id->len || sp_unload_id(run, index, ret_id);
}

bool sp_unload_number(struct sp_unload_run *run, int index, int64_t most, int64_t *ret_number)
{
    struct sp_str text = sp_str_trim(sp_unload_text(run, index));
    uint64_t value = 0;
    if (text.len && (sp_str_to_u64(text, &value) || value > (uint64_t)most))
        return sp_unload_bad(run, index, "is no number that can be");
    *ret_number = (int64_t)value;
    return true;
}

static bool digits(struct sp_str text, size_t at, size_t count, int *ret_value)
{
    int value = 0;
    if (at + count > text.len)
        return false;
    for (size_t i = at; i < at + count; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        value = value * 10 + (text.ptr[i] - '0');
    }
    *ret_value = value;
    return true;
}

bool sp_unload_date(struct sp_unload_run *run, int index, int32_t *ret_date)
{
    struct sp_str text = sp_unload_text(run, index);
    struct tm tm = {0};
    int year, month, day;
    *ret_date = SP_SAF_NO_DATE;
    if (!text.len || sp_str_is(text, "0000-00-00"))
        return true;
    if (text.len != 10 || text.ptr[4] != '-' || text.ptr[7] != '-' || !digits(text, 0, 4, &year) ||
        !digits(text, 5, 2, &month) || !digits(text, 8, 2, &day))
        return sp_unload_bad(run, index, "is no date yyyy-mm-dd");
    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    tm.tm_mday = day;
    time_t seconds = timegm(&tm);
    if (tm.tm_mon != month - 1 || tm.tm_mday != day)
        return sp_unload_bad(run, index, "is no day of the calendar");
    *ret_date = (int32_t)(seconds / 86400);
    return true;
}

/* Seconds of the day; -1 when there is none. */
bool sp_unload_time(struct sp_unload_run *run, int index, int *ret_seconds)
{
    struct sp_str text = sp_unload_text(run, index);
    int hour, minute, second;
    *ret_seconds = -1;
    if (!text.len)
        return true;
    if (text.len != 8 || text.ptr[2] != ':' || text.ptr[5] != ':' || !digits(text, 0, 2, &hour) ||
        !digits(text, 3, 2, &minute) || !digits(text, 6, 2, &second) || hour > 24 || minute > 59 ||
        second > 59)
        return sp_unload_bad(run, index, "is no time hh:mm:ss");
    *ret_seconds = hour * 3600 + minute * 60 + second;
    return true;
}

bool sp_unload_level(struct sp_unload_run *run, int index, enum sp_saf_access *ret_access)
{
    struct sp_str text = sp_unload_text(run, index);
    *ret_access = SP_SAF_NONE;
    if (!text.len || sp_saf_access_named(text, ret_access) == SP_OK)
        return true;
    return sp_unload_bad(run, index, "is no level of access");
}

/* The database refuses rows that belong to something that is not there. */
enum sp_status sp_unload_stored(struct sp_unload_run *run, enum sp_status status, const char *to)
{
    return status == SP_EEXISTS ? sp_unload_refuse(run, run->line.number,
                                                   "it belongs to a %s that is not "
                                                   "defined before",
                                                   to)
                                : status;
}

enum sp_status sp_unload_no_memory(struct sp_unload_run *run)
{
    return sp_error_set(run->err, SP_ENOMEM, NULL, "no memory to import an unload");
}
