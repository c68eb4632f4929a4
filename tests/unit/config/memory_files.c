/* SPDX-License-Identifier: Apache-2.0 */
#include "memory_files.h"

static enum sp_status list_files(void *arg, struct sp_str path, struct sp_buf *buf, struct sp_error *err)
{
    const struct memory_files *tree = arg;
    size_t base = path.len && path.ptr[path.len - 1] == '/' ? path.len : path.len + 1;
    bool found = false;
    for (size_t i = 0; i < tree->count; i++) {
        struct sp_str file = tree->files[i].path;
        if (file.len <= base || !sp_str_starts(file, path) || file.ptr[base - 1] != '/')
            continue;
        found = true;
        struct sp_str rest = sp_str_slice(file, base, file.len);
        size_t slash = sp_str_find(rest, '/');
        sp_buf_append_str(buf, sp_str_slice(rest, 0, slash + (slash < rest.len)));
        sp_buf_append_byte(buf, '\0');
    }
    return found ? SP_OK : sp_error_set(err, SP_ENOTFOUND, NULL, "there is no such directory");
}

static enum sp_status read_file(void *arg, struct sp_str path, struct sp_buf *buf, struct sp_error *err)
{
    const struct memory_files *tree = arg;
    for (size_t i = 0; i < tree->count; i++) {
        if (sp_str_eq(tree->files[i].path, path))
            return sp_buf_append_str(buf, tree->files[i].text);
    }
    struct sp_buf names;
    sp_buf_init(&names, 1 << 20);
    enum sp_status listed = list_files(arg, path, &names, NULL);
    sp_buf_finish(&names);
    if (listed == SP_OK)
        return sp_error_set(err, SP_EUNSUPPORTED, NULL, "%.*s is a directory", SP_STR_ARG(path));
    return sp_error_set(err, SP_ENOTFOUND, NULL, "cannot read %.*s: there is no such file", SP_STR_ARG(path));
}

void memory_files_init(struct memory_files *tree)
{
    tree->count = 0;
    tree->interface = (struct sp_config_files){tree, read_file, list_files};
}

void memory_files_add(struct memory_files *tree, struct sp_str path, struct sp_str text)
{
    if (tree->count < MEMORY_FILES_MAX)
        tree->files[tree->count++] = (struct memory_file){path, text};
}
