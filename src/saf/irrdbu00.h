/* SPDX-License-Identifier: Apache-2.0
 * irrdbu00.h: bringing a RACF database over, and back: the text that IRRDBU00 makes of it.
 *
 * An import is one transaction and adds and replaces; it deletes nothing. What the security database has no
 * place for is counted, record types and fields by name. An unload holds no passwords, no PassTicket keys, no
 * certificates and no SETROPTS options; the report tells what is to be done about each.
 */
#ifndef SP_SAF_IRRDBU00_H
#define SP_SAF_IRRDBU00_H

#include "saf/db.h"

/* Read at most `size` bytes; a length of 0 is the end. */
typedef enum sp_status sp_unload_read_fn(void *arg, void *ret_bytes, size_t size, size_t *ret_len,
                                         struct sp_error *err);
typedef enum sp_status sp_unload_write_fn(void *arg, struct sp_str bytes, struct sp_error *err);
/* Something that was wrong in a line, or that is to be known. */
typedef void sp_unload_say_fn(void *arg, struct sp_str text);

enum sp_unload_encoding {
    SP_UNLOAD_UTF8,           /* or a part of it */
    SP_UNLOAD_EBCDIC,         /* code page 1047 */
    SP_UNLOAD_EBCDIC_RECORDS, /* with record descriptor words */
};

struct sp_unload_import {
    sp_unload_read_fn *read;
    void *read_arg;
    const struct sp_str *classes; /* take general resources of these only */
    size_t class_count;           /* 0: of all classes */
    bool check_only;              /* go through it all, then change nothing */
    sp_unload_say_fn *problem;    /* a line that was refused; the first SP_UNLOAD_PROBLEMS_MAX of them */
    void *problem_arg;
};

#define SP_UNLOAD_PROBLEMS_MAX 100u

struct sp_unload_report;

/* Import a stream. `*ret_report` is the caller's to free, also after an error
 * (NULL when there was no memory). SP_ESYNTAX when it is no unload, SP_ELIMIT, or what reading and the
 * database return: then nothing was changed. Lines that are wrong in themselves do not stop the rest: see the
 * report. */
enum sp_status sp_saf_import_unload(struct sp_saf_db *db, const struct sp_unload_import *import,
                                    struct sp_unload_report **ret_report, struct sp_error *err) SP_MUST_CHECK;
void sp_unload_report_free(struct sp_unload_report *report);
/* Lines that were refused. */
uint64_t sp_unload_report_refused(const struct sp_unload_report *report);
/* Lines of one type ("0200") that were taken. */
uint64_t sp_unload_report_taken(const struct sp_unload_report *report, const char *type);
/* The report as lines of text. */
void sp_unload_report_print(const struct sp_unload_report *report, sp_unload_say_fn *say, void *arg);

/* Write everything as an unload, in UTF-8, lines ending in LF, from one consistent state. The same contents
 * give the same bytes. SP_ELIMIT for a value that does not fit its field. */
enum sp_status sp_saf_export_unload(struct sp_saf_db *db, sp_unload_write_fn *write, void *arg,
                                    struct sp_error *err) SP_MUST_CHECK;

#endif
