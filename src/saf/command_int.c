/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/command_int.h"

#include <stdio.h>
#include <time.h>

/* ---- saying things ---- */

int sp_say(struct sp_run *run, int rc, const char *id, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    run->session->say(run->session->say_arg, id, sp_str_of(text));
    return rc;
}

void sp_list(struct sp_run *run, const char *fmt, ...)
{
    char text[2048];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    run->session->say(run->session->say_arg, NULL, sp_str_of(text));
}

int sp_run_failed(struct sp_run *run, enum sp_status status)
{
    if (!run->failed)
        run->failed = status;
    return SP_RC_SEVERE;
}

/* ---- operands ---- */

enum { KEYWORDS_MAX = 96 };

/* Operands of every command: where it is to run. */
static const char *const elsewhere[] = {"AT", "ONLYAT"};

static int refuse_keyword(struct sp_run *run, const char *name)
{
    return sp_say(run, SP_RC_ERROR, "SAF0001E",
                  "operand %s is not supported here; the command changed nothing", name);
}

static int invalid_keyword(struct sp_run *run, const struct sp_saf_operand *operand, const char *why)
{
    if (run->discreet)
        return sp_say(run, SP_RC_SEVERE, "IKJ56712I",
                      "INVALID KEYWORD: an operand is not known or ambiguous");
    if (operand->quoted)
        return sp_say(run, SP_RC_SEVERE, "IKJ56712I", "INVALID KEYWORD, '%.*s'", SP_STR_ARG(operand->text));
    return sp_say(run, SP_RC_SEVERE, "IKJ56712I", "INVALID KEYWORD, %s", why);
}

int sp_keyword_of(struct sp_run *run, const struct sp_keyword *keywords, size_t count,
                  const struct sp_saf_operand *operand, const struct sp_keyword **ret_keyword)
{
    const char *names[KEYWORDS_MAX];
    struct sp_error why = SP_ERROR_INIT;
    size_t index = 0;
    if (operand->quoted)
        return invalid_keyword(run, operand, NULL);
    for (size_t i = 0; i < count && i < KEYWORDS_MAX; i++)
        names[i] = keywords[i].name;
    enum sp_status status = sp_saf_keyword_find(names, count, operand->text, &index, &why);
    if (status == SP_ENOTFOUND && sp_saf_keyword_find(elsewhere, 2, operand->text, &index, NULL) == SP_OK)
        return refuse_keyword(run, elsewhere[index]);
    if (status)
        return invalid_keyword(run, operand, why.text);
    const struct sp_keyword *found = &keywords[index];
    if (found->code < 0)
        return refuse_keyword(run, found->name);
    if (found->list == SP_LIST && !operand->has_list)
        return sp_say(run, SP_RC_SEVERE, "IKJ56701I", "MISSING %s VALUE", found->name);
    if (found->list == SP_NO_LIST && operand->has_list)
        return sp_say(run, SP_RC_SEVERE, "IKJ56712I", "%s takes nothing in parentheses", found->name);
    *ret_keyword = found;
    return SP_RC_OK;
}

struct sp_str sp_single(struct sp_run *run, const struct sp_saf_operand *operand)
{
    const struct sp_saf_operand *value = operand->first;
    if (value && !value->next && !value->has_list)
        return value->text.ptr ? value->text : SP_STR("");
    sp_say(run, SP_RC_SEVERE, "IKJ56701I", "%.*s takes exactly one value", SP_STR_ARG(operand->text));
    return (struct sp_str){NULL, 0};
}

struct sp_str sp_upper_of(struct sp_run *run, struct sp_str s)
{
    char *copy = sp_arena_cstr(run->arena, s);
    if (!copy) {
        sp_error_set(&run->err, SP_ENOMEM, NULL, "no memory for a command");
        sp_run_failed(run, SP_ENOMEM);
        return (struct sp_str){NULL, 0};
    }
    for (size_t i = 0; i < s.len; i++)
        copy[i] = sp_upper(copy[i]);
    return sp_str_from(copy, s.len);
}

int sp_say_invalid_id(struct sp_run *run, const char *what, struct sp_str text)
{
    return sp_say(run, SP_RC_SEVERE, "IKJ56702I", "INVALID %s, %.*s: 1 to 8 of A-Z, 0-9, #, $ and @", what,
                  SP_STR_ARG(text));
}

struct sp_str sp_single_id(struct sp_run *run, const struct sp_saf_operand *operand, const char *what)
{
    struct sp_str id = sp_single(run, operand);
    if (!id.ptr)
        return id;
    id = sp_upper_of(run, id);
    if (id.ptr && sp_saf_id_ok(id))
        return id;
    sp_say_invalid_id(run, what, operand->first->text);
    return (struct sp_str){NULL, 0};
}

int sp_take_text(struct sp_run *run, const struct sp_saf_operand *operand, size_t longest,
                 struct sp_str *ret_text)
{
    struct sp_str text = sp_single(run, operand);
    if (!text.ptr)
        return SP_RC_SEVERE;
    if (text.len > longest)
        return sp_say(run, SP_RC_SEVERE, "IKJ56702I", "INVALID %.*s: at most %zu characters",
                      SP_STR_ARG(operand->text), longest);
    *ret_text = text;
    return SP_RC_OK;
}

int sp_take_access(struct sp_run *run, const struct sp_saf_operand *operand, enum sp_saf_access *ret_access)
{
    struct sp_str text = sp_single(run, operand);
    if (!text.ptr)
        return SP_RC_SEVERE;
    return sp_saf_access_named(text, ret_access) == SP_OK
               ? SP_RC_OK
               : sp_say(run, SP_RC_SEVERE, "IKJ56702I",
                        "INVALID %.*s, %.*s: NONE, EXECUTE, READ, UPDATE, CONTROL or ALTER",
                        SP_STR_ARG(operand->text), SP_STR_ARG(text));
}

bool sp_single_number(struct sp_run *run, const struct sp_saf_operand *operand, int64_t least, int64_t most,
                      int64_t *ret_number)
{
    struct sp_str text = sp_single(run, operand);
    int64_t number;
    if (!text.ptr)
        return false;
    if (sp_str_to_i64(text, &number) == SP_OK && number >= least && number <= most) {
        *ret_number = number;
        return true;
    }
    sp_say(run, SP_RC_SEVERE, "IKJ56702I", "INVALID %.*s VALUE, %.*s: %lld to %lld",
           SP_STR_ARG(operand->text), SP_STR_ARG(text), (long long)least, (long long)most);
    return false;
}

const struct sp_saf_operand *sp_positional(struct sp_run *run, const char *what,
                                           const struct sp_saf_operand **ret_rest)
{
    const struct sp_saf_operand *operand = run->command->operands;
    /* A word with parentheses is a keyword: the positional operand was left out. */
    if (!operand || (operand->text.len ? operand->has_list : !operand->first)) {
        sp_say(run, SP_RC_SEVERE, "IKJ56700A", "MISSING %s: it comes first", what);
        return NULL;
    }
    *ret_rest = operand->next;
    return operand;
}

int sp_each_name(struct sp_run *run, const struct sp_saf_operand *positional, const char *what,
                 int (*fn)(struct sp_run *run, void *arg, struct sp_str id), void *arg)
{
    int worst = SP_RC_OK;
    size_t count = 0;
    const struct sp_saf_operand *one = positional->text.len ? positional : positional->first;
    for (; one; one = positional->text.len ? NULL : one->next, count++) {
        struct sp_str id = sp_upper_of(run, one->text);
        int rc = id.ptr && sp_saf_id_ok(id) && !one->has_list ? fn(run, arg, id)
                                                              : sp_say_invalid_id(run, what, one->text);
        if (rc > worst)
            worst = rc;
    }
    if (count > 1 && worst >= SP_RC_ERROR && !run->failed)
        sp_say(run, worst, "SAF0002I",
               "nothing was changed: a command is carried out for all names or for none");
    return worst;
}

static int32_t days_of(int year, int month, int day)
{
    struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
    time_t seconds = timegm(&tm);
    return tm.tm_mon == month - 1 && tm.tm_mday == day ? (int32_t)(seconds / 86400) : SP_SAF_NO_DATE;
}

int32_t sp_date_of(struct sp_run *run, struct sp_str text)
{
    char copy[16], end;
    int a, b, c;
    int32_t date = SP_SAF_NO_DATE;
    snprintf(copy, sizeof copy, "%.*s", SP_STR_ARG(text));
    if (sscanf(copy, "%4d-%2d-%2d%c", &a, &b, &c, &end) == 3 && text.len == 10) {
        date = days_of(a, b, c);
    } else if (sscanf(copy, "%2d/%2d/%2d%c", &a, &b, &c, &end) == 3 && text.len == 8) {
        date = days_of(c < 71 ? 2000 + c : 1900 + c, a, b);
    } else if (sscanf(copy, "%2d%3d%c", &a, &b, &end) == 2 && text.len == 5 && b >= 1 && b <= 366) {
        int32_t first = days_of(a < 71 ? 2000 + a : 1900 + a, 1, 1);
        date = first + b - 1;
    }
    if (date == SP_SAF_NO_DATE)
        sp_say(run, SP_RC_SEVERE, "IKJ56702I", "INVALID DATE, %.*s: mm/dd/yy, yyddd or yyyy-mm-dd",
               SP_STR_ARG(text));
    return date;
}

struct sp_str sp_date_text(struct sp_run *run, int32_t date)
{
    if (date == SP_SAF_NO_DATE)
        return SP_STR("NONE");
    time_t seconds = (time_t)date * 86400;
    struct tm tm;
    gmtime_r(&seconds, &tm);
    return sp_arena_printf(run->arena, "%02d.%03d", tm.tm_year % 100, tm.tm_yday + 1);
}

/* ---- entries ---- */

bool sp_user_exists(struct sp_run *run, struct sp_str id)
{
    struct sp_saf_user user;
    enum sp_status status = sp_saf_get_user(run->db, id, run->arena, &user, &run->err);
    if (status && status != SP_ENOTFOUND)
        sp_run_failed(run, status);
    return !status;
}

bool sp_group_exists(struct sp_run *run, struct sp_str id)
{
    struct sp_saf_group group;
    enum sp_status status = sp_saf_get_group(run->db, id, run->arena, &group, &run->err);
    if (status && status != SP_ENOTFOUND)
        sp_run_failed(run, status);
    return !status;
}

static int not_defined(struct sp_run *run, const char *what, struct sp_str id, const char *why)
{
    return run->failed
               ? SP_RC_SEVERE
               : sp_say(run, SP_RC_ERROR, "IKJ56702I", "INVALID %s, %.*s: %s", what, SP_STR_ARG(id), why);
}

int sp_check_group(struct sp_run *run, struct sp_str group)
{
    return sp_group_exists(run, group) ? SP_RC_OK : not_defined(run, "GROUP", group, "it is not defined");
}

int sp_check_user(struct sp_run *run, struct sp_str user)
{
    return sp_user_exists(run, user) ? SP_RC_OK : not_defined(run, "USERID", user, "it is not defined");
}

int sp_check_owner(struct sp_run *run, struct sp_str owner)
{
    return sp_user_exists(run, owner) || sp_group_exists(run, owner)
               ? SP_RC_OK
               : not_defined(run, "OWNER", owner, "it is neither a user nor a group");
}

int sp_class_named(struct sp_run *run, struct sp_str text, const struct sp_saf_class_info **ret_info)
{
    struct sp_str name = sp_upper_of(run, text);
    const struct sp_saf_class_info *info = name.ptr ? sp_saf_class_find(name) : NULL;
    if (!info)
        return sp_say(run, SP_RC_ERROR, "IKJ56702I", "INVALID CLASS NAME, %.*s: %s", SP_STR_ARG(text),
                      sp_str_is(name, "DATASET") ? "there are no data sets here"
                                                 : "it is not in the class table");
    *ret_info = info;
    return SP_RC_OK;
}

struct class_walk {
    struct sp_run *run;
    struct sp_str name;
    struct sp_saf_class *settings;
};

static enum sp_status look_at_class(void *arg, const void *value)
{
    struct class_walk *walk = arg;
    const struct sp_saf_class *settings = value;
    if (!sp_str_eq(settings->name, walk->name))
        return SP_OK;
    *walk->settings = *settings;
    walk->settings->name = walk->name;
    walk->settings->logoptions = sp_arena_str(walk->run->arena, settings->logoptions);
    return SP_ECANCELED; /* found: no need to go on */
}

int sp_class_settings(struct sp_run *run, struct sp_str class, struct sp_saf_class *ret_settings)
{
    *ret_settings = (struct sp_saf_class){.name = class, .logoptions = SP_STR("DEFAULT")};
    struct class_walk walk = {run, class, ret_settings};
    enum sp_status status = sp_saf_each_class(run->db, look_at_class, &walk, &run->err);
    return status && status != SP_ECANCELED ? sp_run_failed(run, status) : SP_RC_OK;
}
