/* SPDX-License-Identifier: Apache-2.0
 * channel.h: the current channel of a task and its containers.
 *
 * Data are kept as they are on the wire.
 */
#ifndef SP_REGION_CHANNEL_H
#define SP_REGION_CHANNEL_H

#include "text/region_frame.h"

struct sp_channel_container {
    char name[64]; /* UTF-8 */
    size_t name_len;
    bool is_char;
    bool changed; /* by the program */
    struct sp_buf data;
};

struct sp_channel {
    bool exists;
    char name[64];
    size_t name_len;
    struct sp_channel_container containers[SP_REGION_CONTAINERS_MAX];
    size_t count;
    size_t bytes; /* of all data */
};

/* Of all containers of a channel, so that an answer always fits into a frame. */
#define SP_CHANNEL_BYTES_MAX (SP_REGION_FRAME_MAX - 65536u)

/* Take over what a request carries; what was there before is forgotten. SP_ENOMEM. */
enum sp_status sp_channel_set(struct sp_channel *channel, const struct sp_region_link *link) SP_MUST_CHECK;
struct sp_channel_container *sp_channel_find(struct sp_channel *channel, struct sp_str name);
/* Make or replace a container. SP_ELIMIT beyond the number of containers or bytes, SP_ENOMEM. */
enum sp_status sp_channel_put(struct sp_channel *channel, struct sp_str name, bool is_char,
                              struct sp_str data, struct sp_channel_container **ret_container) SP_MUST_CHECK;
/* SP_ENOTFOUND. */
enum sp_status sp_channel_delete(struct sp_channel *channel, struct sp_str name) SP_MUST_CHECK;
/* Forget everything and free its memory. Accepts one that is all zeros. */
void sp_channel_finish(struct sp_channel *channel);

#endif
