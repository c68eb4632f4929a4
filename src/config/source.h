/* SPDX-License-Identifier: Apache-2.0
 * source.h: the files that a configuration was made of.
 *
 * While it reads, sp_config_load notes every file and directory it looks at, also those that are not there.
 * Key store files are among them. Whether they change afterwards is watched elsewhere
 * (gateway/update_watch.h).
 */
#ifndef SP_CONFIG_SOURCE_H
#define SP_CONFIG_SOURCE_H

#include "config/config.h"

struct sp_config_source {
    struct sp_str path;
    bool there, directory; /* as it was just before it was read */
    int64_t size, mtime_ns;
    struct sp_config_source *next;
};

/* What was noted, in the order of the first look; NULL: nothing. */
const struct sp_config_source *sp_config_sources(const struct sp_config *config);

#endif
