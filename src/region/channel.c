/* SPDX-License-Identifier: Apache-2.0 */
#include "region/channel.h"

static void container_finish(struct sp_channel *channel, struct sp_channel_container *container)
{
    channel->bytes -= container->data.len;
    sp_buf_wipe(&container->data);
}

void sp_channel_finish(struct sp_channel *channel)
{
    for (size_t i = 0; i < channel->count; i++)
        container_finish(channel, &channel->containers[i]);
    channel->count = 0;
    channel->exists = false;
    channel->name_len = 0;
}

enum sp_status sp_channel_set(struct sp_channel *channel, const struct sp_region_link *link)
{
    enum sp_status status = SP_OK;
    sp_channel_finish(channel);
    if (!link->has_channel || link->channel.len > sizeof channel->name)
        return SP_OK;
    channel->exists = true;
    memcpy(channel->name, link->channel.ptr, link->channel.len);
    channel->name_len = link->channel.len;
    for (size_t i = 0; i < link->container_count && status == SP_OK; i++) {
        const struct sp_region_container *c = &link->containers[i];
        struct sp_channel_container *made;
        status = sp_channel_put(channel, c->name, c->is_char, c->data, &made);
        if (status == SP_OK)
            made->changed = false;
    }
    return status;
}

struct sp_channel_container *sp_channel_find(struct sp_channel *channel, struct sp_str name)
{
    for (size_t i = 0; i < channel->count; i++)
        if (sp_str_eq(sp_str_from(channel->containers[i].name, channel->containers[i].name_len), name))
            return &channel->containers[i];
    return NULL;
}

enum sp_status sp_channel_put(struct sp_channel *channel, struct sp_str name, bool is_char,
                              struct sp_str data, struct sp_channel_container **ret_container)
{
    struct sp_channel_container *container = sp_channel_find(channel, name);
    size_t before = container ? container->data.len : 0;
    if (name.len > sizeof container->name || data.len > SP_CHANNEL_BYTES_MAX - (channel->bytes - before) ||
        (!container && channel->count == SP_REGION_CONTAINERS_MAX))
        return SP_ELIMIT;
    struct sp_buf bytes;
    sp_buf_init(&bytes, SP_CHANNEL_BYTES_MAX);
    if (sp_buf_append_str(&bytes, data) != SP_OK)
        return SP_ENOMEM;
    if (container) {
        container_finish(channel, container);
    } else {
        container = &channel->containers[channel->count++];
        memcpy(container->name, name.ptr, name.len);
        container->name_len = name.len;
    }
    container->data = bytes;
    container->is_char = is_char;
    container->changed = true;
    channel->bytes += bytes.len;
    *ret_container = container;
    return SP_OK;
}

enum sp_status sp_channel_delete(struct sp_channel *channel, struct sp_str name)
{
    struct sp_channel_container *container = sp_channel_find(channel, name);
    if (!container)
        return SP_ENOTFOUND;
    container_finish(channel, container);
    *container = channel->containers[--channel->count];
    return SP_OK;
}
