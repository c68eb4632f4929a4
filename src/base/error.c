/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

void sp_error_clear(struct sp_error *err)
{
    if (!err)
        return;
    err->status = SP_OK;
    err->id[0] = err->text[0] = err->file[0] = '\0';
    err->line = err->column = 0;
    err->offset = -1;
}

enum sp_status sp_error_vset(struct sp_error *err, enum sp_status status, const char *id, const char *fmt,
                             va_list args)
{
    if (!err)
        return status;
    sp_error_clear(err);
    err->status = status;
    if (id)
        snprintf(err->id, sizeof err->id, "%s", id);
    vsnprintf(err->text, sizeof err->text, fmt, args);
    return status;
}

enum sp_status sp_error_set(struct sp_error *err, enum sp_status status, const char *id, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    sp_error_vset(err, status, id, fmt, args);
    va_end(args);
    return status;
}

enum sp_status sp_error_errno(struct sp_error *err, enum sp_status status, int errnum, const char *fmt, ...)
{
    if (!err)
        return status;
    va_list args;
    va_start(args, fmt);
    sp_error_vset(err, status, NULL, fmt, args);
    va_end(args);
    size_t used = strlen(err->text);
    char reason[128];
    snprintf(err->text + used, sizeof err->text - used, ": %s", strerror_r(errnum, reason, sizeof reason));
    return status;
}

void sp_error_at(struct sp_error *err, const char *file, unsigned line, unsigned column)
{
    if (!err)
        return;
    if (file)
        snprintf(err->file, sizeof err->file, "%s", file);
    err->line = line;
    err->column = column;
}

void sp_error_at_offset(struct sp_error *err, const char *file, int64_t offset)
{
    if (!err)
        return;
    if (file)
        snprintf(err->file, sizeof err->file, "%s", file);
    err->offset = offset;
}

void sp_error_prefix(struct sp_error *err, const char *fmt, ...)
{
    if (!err)
        return;
    char text[SP_ERROR_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    size_t used = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    snprintf(text + used, sizeof text - used, ": %s", err->text);
    memcpy(err->text, text, sizeof err->text);
}

const char *sp_status_name(enum sp_status status)
{
    static const char *const names[] = {
        [SP_OK] = "ok",
        [SP_EINVAL] = "invalid",
        [SP_ENOMEM] = "out of memory",
        [SP_ELIMIT] = "limit reached",
        [SP_ESYNTAX] = "syntax error",
        [SP_ENOTFOUND] = "not found",
        [SP_EEXISTS] = "already exists",
        [SP_EDENIED] = "not permitted",
        [SP_EIO] = "input/output error",
        [SP_ETIMEDOUT] = "timed out",
        [SP_ECANCELED] = "canceled",
        [SP_ECLOSED] = "closed",
        [SP_EPROTO] = "protocol error",
        [SP_EUNAVAIL] = "unavailable",
        [SP_EUNSUPPORTED] = "unsupported",
        [SP_EINTERNAL] = "internal error",
    };
    if ((unsigned)status >= sizeof names / sizeof names[0] || !names[status])
        return "unknown status";
    return names[status];
}
