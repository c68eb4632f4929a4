/* SPDX-License-Identifier: Apache-2.0
 * Names of the configuration as a set, against a search through all of them: the input is lines, the first
 * half of which are the names and the rest what is asked for. A line with '|' is asked for in parts.
 */
#include <stdlib.h>

#include "authz/name_set.h"

#define LINES_MAX 200u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_listed(const struct sp_str *names, size_t count, struct sp_str name)
{
    for (size_t i = 0; i < count; i++)
        if (sp_str_eq(names[i], name))
            return true;
    return false;
}

static void ask(const struct sp_name_set *set, const struct sp_str *names, size_t count, struct sp_str line,
                struct sp_arena *arena)
{
    size_t bar = sp_str_find(line, '|');
    const struct sp_str parts[] = {sp_str_slice(line, 0, bar), sp_str_slice(line, bar + 1, line.len)};
    struct sp_str whole = sp_arena_printf(arena, "%.*s%.*s", SP_STR_ARG(parts[0]), SP_STR_ARG(parts[1]));
    if (memchr(line.ptr, 0, line.len) || !whole.ptr)
        return; /* printf ends at a NUL */
    bool listed = is_listed(names, count, whole);
    if (sp_name_set_has(set, whole) != listed || sp_name_set_has_parts(set, parts, 2) != listed)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_str rest = sp_str_from(data, size), lines[LINES_MAX];
    size_t count = 0;
    struct sp_name_set set;
    struct sp_arena arena;
    if (!size)
        return 0;
    while (count < LINES_MAX && sp_str_split(&rest, '\n', &lines[count]))
        count++;
    sp_arena_init(&arena, 1000000);
    if (sp_name_set_init(&set, count / 2, &arena) == SP_OK) {
        for (size_t i = 0; i < count / 2; i++)
            sp_name_set_add(&set, lines[i]);
        for (size_t i = 0; i < count; i++)
            ask(&set, lines, count / 2, lines[i], &arena);
        const struct sp_str_list names = {lines + count / 2, count - count / 2};
        const struct sp_str *first = sp_name_set_first(&set, &names);
        for (size_t i = 0; i < names.count; i++)
            if (is_listed(lines, count / 2, names.items[i])) {
                if (!first || !sp_str_eq(*first, names.items[i]))
                    abort();
                first = NULL;
                break;
            }
        if (first)
            abort();
    }
    sp_arena_finish(&arena);
    return 0;
}
