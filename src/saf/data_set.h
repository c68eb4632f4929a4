/* SPDX-License-Identifier: Apache-2.0
 * data_set.h: the data sets that commands name, as files of one directory. Private to the room.
 */
#ifndef SP_SAF_DATA_SET_H
#define SP_SAF_DATA_SET_H

#include "base/buf.h"

#define SP_DATA_SET_NAME_MAX 56u /* 44, and a member in parentheses */

/* Whether it can be a data set: qualifiers of letters, digits and # $ @ - _ joined by periods, perhaps with a
 * member in parentheses. Never leaves the directory. */
bool sp_data_set_name_ok(struct sp_str name);
/* Append the contents: of the file named as it is typed or, when there is none, in upper case. SP_EINVAL (the
 * name), SP_ENOTFOUND, SP_ELIMIT (larger than the buffer's ceiling), SP_EIO. */
enum sp_status sp_data_set_read(const char *directory, struct sp_str name, struct sp_buf *buf,
                                struct sp_error *err) SP_MUST_CHECK;
/* Replace the file, its name in upper case; whole or not at all, mode 0600. */
enum sp_status sp_data_set_write(const char *directory, struct sp_str name, struct sp_str contents,
                                 struct sp_error *err) SP_MUST_CHECK;

#endif
