/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as the files of a server: a configuration or problems that say why not. The input is server.xml;
 * a line "=== name" begins another file of the server's directory.
 */
#include <stdint.h>
#include <stdlib.h>

#include "memory_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILES_MAX 32

/* Copies of the names, which need their directory in front. */
static char names[FILES_MAX][128];
static struct memory_files tree;

static void add_files(struct sp_str input)
{
    static const char mark[] = "\n=== ", directory[] = "/u/servers/s/";
    struct sp_str name = SP_STR("server.xml");
    for (size_t n = 0; n < FILES_MAX; n++) {
        const char *next = input.len ? memmem(input.ptr, input.len, mark, sizeof mark - 1) : NULL;
        size_t end = next ? (size_t)(next - input.ptr) : input.len;
        if (name.len < sizeof names[n] - sizeof directory) {
            memcpy(names[n], directory, sizeof directory - 1);
            memcpy(names[n] + sizeof directory - 1, name.ptr, name.len);
            memory_files_add(&tree, sp_str_from(names[n], sizeof directory - 1 + name.len),
                             sp_str_slice(input, 0, end));
        }
        if (!next)
            return;
        input = sp_str_slice(input, end + sizeof mark - 1, input.len);
        size_t line = sp_str_find(input, '\n');
        name = sp_str_slice(input, 0, line);
        input = sp_str_slice(input, line + 1, input.len);
    }
}

static void check_problems(const struct sp_problems *problems, enum sp_status status,
                           const struct sp_error *err)
{
    unsigned errors = 0;
    for (const struct sp_problem *p = problems->first; p; p = p->next) {
        errors += p->severity == SP_PROBLEM_ERROR;
        if (strlen(p->id) != 9 || p->text.len == 0)
            abort();
    }
    if (status == SP_OK ? errors != 0 : err->text[0] == '\0')
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const environment[] = {"PORT=1", NULL};
    struct sp_problems problems;
    struct sp_config *config = NULL;
    struct sp_error err = SP_ERROR_INIT;
    memory_files_init(&tree);
    add_files(sp_str_from(data, size));
    sp_problems_init(&problems);
    struct sp_config_options options = {
        .config_dir = "/u/servers/s", .files = &tree.interface, .environment = environment};
    enum sp_status status = sp_config_load(&options, &problems, &config, &err);
    if ((status == SP_OK) != (config != NULL))
        abort();
    check_problems(&problems, status, &err);
    sp_config_free(config);
    sp_problems_finish(&problems);
    return 0;
}
