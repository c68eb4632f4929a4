/* SPDX-License-Identifier: Apache-2.0
 * watch.h: whether the files that a configuration was read from have changed.
 *
 * While it reads, sp_config_load notes every file and directory it looks at, also those that are not there,
 * with size, time, inode and a digest of what it read. Key store files are among them.
 */
#ifndef SP_CONFIG_WATCH_H
#define SP_CONFIG_WATCH_H

#include "config/config.h"

#define SP_CONFIG_DIGEST_LEN 32

struct sp_config_stamp {
    struct sp_str path;
    bool there, directory;
    int64_t size, mtime_ns;
    uint64_t inode, device;
    unsigned char
        digest[SP_CONFIG_DIGEST_LEN]; /* SHA-256 of the contents, or of the sorted names of a directory */
    struct sp_config_stamp *next;
};

/* What was noted, in the order of the first look; NULL: nothing. */
const struct sp_config_stamp *sp_config_stamps(const struct sp_config *config);

/* Whether something is different now: what a file holds, not only its time. *ret_path (may be NULL): the
 * first such path, ptr NULL when none is. A file that was only touched is looked at once and noted anew; so
 * this is not for two threads at a time. Costs one stat() for each path. */
bool sp_config_changed(struct sp_config *config, struct sp_str *ret_path);

#endif
