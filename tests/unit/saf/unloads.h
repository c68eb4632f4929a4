/* SPDX-License-Identifier: Apache-2.0
 * What tests of database unloads share: a new database for each, an unload in memory, and what was said.
 */
#ifndef SP_TEST_UNLOADS_H
#define SP_TEST_UNLOADS_H

#include "base/buf.h"
#include "saf/irrdbu00.h"

extern struct sp_saf_db *db;
extern struct sp_arena arena;
extern struct sp_buf file; /* an unload that a test writes or reads */

struct source {
    struct sp_str rest;
    size_t piece; /* at most so many bytes at a time; 0: as many as are wanted */
};

void ok(enum sp_status status);
struct sp_saf_db *open_db(const char *name);
int set_up(void **state);
int tear_down(void **state);

enum sp_status read_some(void *arg, void *ret_bytes, size_t size, size_t *ret_len, struct sp_error *err);
enum sp_status write_all(void *arg, struct sp_str bytes, struct sp_error *err);

/* What was said since the last import: problems and report. */
void note(void *arg, struct sp_str text);
void says(const char *part);
void says_not(const char *part);

struct sp_unload_report *import_bytes(struct sp_saf_db *into, struct sp_str bytes, size_t piece);
/* Import `file` into `db`; how many lines were refused. */
uint64_t import_all(void);
enum sp_status failing_import(struct sp_str bytes, struct sp_error *err);
void export_to(struct sp_saf_db *from, struct sp_buf *to);
/* Add a record to `file`: column and text in turn, ended by column 0; not filled with blanks behind the last.
 */
void record(const char *type, ...);
/* Lines of text as EBCDIC 1047, with record descriptor words or with X'15' behind each. */
void to_ebcdic(const struct sp_buf *text, bool records, struct sp_buf *ret_ebcdic);

#endif
