/* SPDX-License-Identifier: Apache-2.0
 * zip_write.h: making an archive (libzip), the same bytes for the same entries.
 *
 * Every entry carries the same time stamp, 1980-01-01 00:00, and no extra fields; entries stand in the order
 * in which they were added.
 */
#ifndef SP_TEXT_ZIP_WRITE_H
#define SP_TEXT_ZIP_WRITE_H

#include "base/buf.h"

struct sp_zip_writer;

/* `ret_writer` is to be freed. SP_ENOMEM. */
enum sp_status sp_zip_writer_new(struct sp_zip_writer **ret_writer, struct sp_error *err) SP_MUST_CHECK;
/* Discards what was not taken by sp_zip_writer_end. Accepts NULL. */
void sp_zip_writer_free(struct sp_zip_writer *writer);

/* Add a file, deflated; `bytes` are copied. `name` is written as it is: '/' between folders, UTF-8.
 * SP_EEXISTS when there is one of that name. */
enum sp_status sp_zip_writer_add(struct sp_zip_writer *writer, struct sp_str name, struct sp_str bytes,
                                 struct sp_error *err) SP_MUST_CHECK;
/* Append the finished archive to `buf`; nothing may be added afterwards. SP_ELIMIT when it does not fit. */
enum sp_status sp_zip_writer_end(struct sp_zip_writer *writer, struct sp_buf *buf,
                                 struct sp_error *err) SP_MUST_CHECK;

#endif
