/* SPDX-License-Identifier: Apache-2.0
 * error.h: what a function returns when it fails, and where the cause is told.
 *
 * A fallible function returns enum sp_status. Where the cause is known it also fills the caller's
 * struct sp_error: the stable message id an administrator can look up, a text that says what was wrong and
 * what to do, and the place (file and line, or byte offset). Libraries never log; the caller at the edge
 * (flow, command line) reports the error once.
 */
#ifndef SP_BASE_ERROR_H
#define SP_BASE_ERROR_H

#include <stdarg.h>
#include <stdint.h>

#define SP_MUST_CHECK __attribute__((warn_unused_result))
#define SP_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

enum sp_status {
    SP_OK = 0,
    SP_EINVAL,       /* the caller's argument or the user's value is wrong */
    SP_ENOMEM,       /* memory is exhausted */
    SP_ELIMIT,       /* a configured or built-in limit was reached */
    SP_ESYNTAX,      /* the input does not follow its grammar */
    SP_ENOTFOUND,    /* there is no such thing */
    SP_EEXISTS,      /* it is already there, or given twice */
    SP_EDENIED,      /* not permitted */
    SP_EIO,          /* the operating system refused; errno text is in the error */
    SP_ETIMEDOUT,    /* the deadline passed */
    SP_ECANCELED,    /* the request that wanted it is gone */
    SP_ECLOSED,      /* the peer closed */
    SP_EPROTO,       /* the peer broke the protocol */
    SP_EUNAVAIL,     /* a server that is needed cannot be reached or refuses work for now */
    SP_EUNSUPPORTED, /* understood, and not provided */
    SP_EINTERNAL,    /* a defect of ours */
};

#define SP_ERROR_ID_MAX 16
#define SP_ERROR_TEXT_MAX 768
#define SP_ERROR_FILE_MAX 256

struct sp_error {
    enum sp_status status;
    char id[SP_ERROR_ID_MAX];     /* stable message id such as "BAQR0417W"; empty when there is none */
    char text[SP_ERROR_TEXT_MAX]; /* one or more sentences, UTF-8, never a secret; cut when too long */
    char file[SP_ERROR_FILE_MAX]; /* file or archive entry, empty when unknown */
    unsigned line, column;        /* from 1; 0 when unknown */
    int64_t offset;               /* byte offset from 0; -1 when unknown */
};

#define SP_ERROR_INIT                 \
    {                                 \
        .status = SP_OK, .offset = -1 \
    }

/* Forget what `err` said. Accepts NULL. */
void sp_error_clear(struct sp_error *err);

/* Fill `err` (NULL: nothing is kept) with status, id (NULL: none) and text; the place is forgotten.
 * Returns `status`, so that `return sp_error_set(err, SP_EINVAL, ...)` reads in one line. */
enum sp_status sp_error_set(struct sp_error *err, enum sp_status status, const char *id, const char *fmt, ...)
    SP_PRINTF(4, 5);
enum sp_status sp_error_vset(struct sp_error *err, enum sp_status status, const char *id, const char *fmt,
                             va_list args) SP_PRINTF(4, 0);

/* As sp_error_set, adding ": " and the text of `errnum`. */
enum sp_status sp_error_errno(struct sp_error *err, enum sp_status status, int errnum, const char *fmt, ...)
    SP_PRINTF(4, 5);

/* Add the place to an error already set. `file` may be NULL to leave it as it is. */
void sp_error_at(struct sp_error *err, const char *file, unsigned line, unsigned column);
void sp_error_at_offset(struct sp_error *err, const char *file, int64_t offset);

/* Put "<prefix>: " before the text (cut when too long). */
void sp_error_prefix(struct sp_error *err, const char *fmt, ...) SP_PRINTF(2, 3);

/* Short English name of a status, for messages and tests; never NULL. */
const char *sp_status_name(enum sp_status status);

#endif
