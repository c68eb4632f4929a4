/* SPDX-License-Identifier: Apache-2.0
 * log_file.h: a file of entries that many workers append to, written by a thread.
 *
 * Whoever has an entry puts it into memory, which takes a copy and nothing else; a thread writes what has
 * gathered. The workers of a server share the file: each writes whole entries while it holds the file's lock,
 * and whoever finds it too large or too old renames it (logName-YYYYMMDD-HHMMSS.log, in UTC) and begins
 * another.
 */
#ifndef SP_INTERCEPT_LOG_FILE_H
#define SP_INTERCEPT_LOG_FILE_H

#include "base/buf.h"

struct sp_log_file;

struct sp_log_file_options {
    struct sp_str directory; /* made when it is missing, with those above it */
    struct sp_str name;      /* of the file, without ".log" */
    struct sp_str head;      /* what every file begins with; may be empty */
    struct sp_str entry_end; /* what every entry ends with, and has nowhere else: a line end, say */
    int64_t max_bytes;       /* that a file has at most, unless one entry is larger; 0: any number */
    int64_t max_age_us;      /* of the first entry of a file when another is begun; 0: any */
    unsigned max_files;      /* renamed ones that are kept; 0: all */
    int64_t delay_us;        /* how long entries may gather; 0: written as soon as the thread comes */
    size_t memory;           /* for entries that wait; 0: 1 MiB */
    /* With max_age_us: when the first entry was made (realtime) in what is the beginning of a file, of
     * another process or another day perhaps; 0: it does not tell. */
    int64_t (*first_entry_us)(struct sp_str beginning);
};

/* Texts are copied. SP_EIO when the file cannot be opened for writing. */
enum sp_status sp_log_file_open(const struct sp_log_file_options *options, struct sp_log_file **ret_file,
                                struct sp_error *err) SP_MUST_CHECK;
/* Writes what waits; counts stay. Further entries would wait for ever. */
void sp_log_file_stop(struct sp_log_file *file);
/* Writes what waits. Accepts NULL. */
void sp_log_file_free(struct sp_log_file *file);

/* Begin an entry: a buffer over the memory that is free, with the file's lock held until sp_log_file_end.
 * Short work only in between. */
struct sp_buf *sp_log_file_begin(struct sp_log_file *file);
/* End it. An entry that did not fit (the buffer's `failed`) is dropped and counted. */
void sp_log_file_end(struct sp_log_file *file);

struct sp_log_file_counts {
    uint64_t entries;  /* taken */
    uint64_t lost;     /* no memory was free, or could not be written */
    uint64_t failures; /* of the operating system */
    char reason[512];  /* of the last failure */
};
void sp_log_file_counts(struct sp_log_file *file, struct sp_log_file_counts *ret_counts);

#endif
