/* SPDX-License-Identifier: Apache-2.0
 * memory_files.h: a directory tree that exists only in a test.
 */
#ifndef SP_TESTS_CONFIG_MEMORY_FILES_H
#define SP_TESTS_CONFIG_MEMORY_FILES_H

#include "config/config.h"

#define MEMORY_FILES_MAX 2048

struct memory_file {
    struct sp_str path, text;
};

struct memory_files {
    struct memory_file files[MEMORY_FILES_MAX];
    size_t count;
    struct sp_config_files interface; /* for sp_config_options */
};

void memory_files_init(struct memory_files *tree);
/* The texts are not copied. */
void memory_files_add(struct memory_files *tree, struct sp_str path, struct sp_str text);

#endif
