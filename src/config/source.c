/* SPDX-License-Identifier: Apache-2.0 */
#include "config/source.h"

#include <sys/stat.h>

#include "config/load.h"

/* What the file system says of the path now. */
static void look(struct sp_config_source *source)
{
    struct stat st;
    source->there = stat(source->path.ptr, &st) == 0;
    if (!source->there)
        return;
    source->directory = S_ISDIR(st.st_mode);
    source->size = source->directory ? 0 : st.st_size;
    source->mtime_ns = st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
}

static enum sp_status add(struct sp_load *load, struct sp_str path)
{
    struct sp_config_source *source = sp_arena_calloc(load->arena, 1, sizeof *source);
    if (!source)
        return SP_ENOMEM;
    source->path = sp_arena_str(load->arena, path);
    if (!source->path.ptr)
        return SP_ENOMEM;
    if (load->files->on_disk)
        look(source);
    *load->tree->sources_tail = source;
    load->tree->sources_tail = &source->next;
    return SP_OK;
}

enum sp_status sp_load_read(struct sp_load *load, struct sp_str path, struct sp_buf *buf,
                            struct sp_error *err)
{
    if (add(load, path) != SP_OK)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the configuration");
    return load->files->read(load->files->arg, path, buf, err);
}

enum sp_status sp_load_list(struct sp_load *load, struct sp_str path, struct sp_buf *buf)
{
    enum sp_status status = add(load, path);
    return status == SP_OK ? load->files->list(load->files->arg, path, buf, NULL) : status;
}

enum sp_status sp_load_key_store(struct sp_load *load, struct sp_str path, unsigned trigger)
{
    if (load->files->note)
        load->files->note(load->files->arg, path, trigger, true);
    return add(load, path);
}

enum sp_status sp_load_read_rules(struct sp_load *load, struct sp_str path, unsigned trigger,
                                  struct sp_buf *buf, struct sp_error *err)
{
    if (load->files->note)
        load->files->note(load->files->arg, path, trigger, false);
    return sp_load_read(load, path, buf, err);
}

const struct sp_config_source *sp_config_sources(const struct sp_config *config)
{
    return config->tree->sources;
}
