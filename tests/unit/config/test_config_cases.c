/* SPDX-License-Identifier: Apache-2.0
 * Runs the cases in tests/data/config/: files of a server, what they come to, and what is told of them.
 *
 * A case begins with "##### name". Its parts begin with "=== ":
 *   === name          a file of the server's directory, or with a '/' in front any file
 *   === env           NAME=value lines of the environment
 *   === line          name=value lines of the command line
 *   === effective     the merged configuration without defaults; a part that is missing is not compared
 *   === problems      one line each, in any order of files: "ID file:line:col text", where the text (may be
 *                     missing) must be found in the message; nothing else may be told
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/effective.h"
#include "memory_files.h"

#define CASES_MAX 1000
#define DIRECTORY "/u/servers/s/"
#define FILE_MAX (1 << 20)

struct test_case {
    char name[160];
    struct sp_str text;
};

static struct test_case cases[CASES_MAX];
static struct CMUnitTest tests[CASES_MAX];
static size_t case_count;

/* One case taken apart. */
struct parts {
    struct memory_files tree;
    char paths[64][160];
    const char *environment[64];
    char environment_text[64][256];
    struct sp_cfg_property line[32];
    size_t paths_count, environment_count, line_count;
    struct sp_str effective, problems;
    bool has_effective;
};

static void add_lines(struct parts *parts, struct sp_str text, bool environment)
{
    struct sp_str line, name;
    while (sp_str_split(&text, '\n', &line)) {
        if (line.len == 0)
            continue;
        if (environment) {
            char *copy = parts->environment_text[parts->environment_count];
            snprintf(copy, 256, "%.*s", SP_STR_ARG(line));
            parts->environment[parts->environment_count++] = copy;
        } else if (sp_str_split(&line, '=', &name)) {
            parts->line[parts->line_count++] = (struct sp_cfg_property){name, line};
        }
    }
}

static void add_part(struct parts *parts, struct sp_str title, struct sp_str text)
{
    if (sp_str_is(title, "effective")) {
        parts->effective = text;
        parts->has_effective = true;
    } else if (sp_str_is(title, "problems")) {
        parts->problems = text;
    } else if (sp_str_is(title, "env") || sp_str_is(title, "line")) {
        add_lines(parts, text, sp_str_is(title, "env"));
    } else {
        char *path = parts->paths[parts->paths_count++];
        snprintf(path, 160, "%s%.*s", title.ptr[0] == '/' ? "" : DIRECTORY, SP_STR_ARG(title));
        memory_files_add(&parts->tree, sp_str_of(path), text);
    }
}

static void take_apart(struct sp_str text, struct parts *parts)
{
    const char *mark = "\n=== ";
    size_t at = 0;
    memory_files_init(&parts->tree);
    while (at < text.len) {
        const char *begin = memmem(text.ptr + at, text.len - at, mark, 5);
        if (!begin)
            return;
        size_t from = (size_t)(begin - text.ptr) + 5;
        const char *next = memmem(text.ptr + from - 1, text.len - from + 1, mark, 5);
        size_t end = next ? (size_t)(next - text.ptr) + 1 : text.len;
        struct sp_str part = sp_str_slice(text, from, end);
        size_t title = sp_str_find(part, '\n');
        add_part(parts, sp_str_slice(part, 0, title), sp_str_slice(part, title + 1, part.len));
        at = end - (next != NULL);
    }
}

/* "ID file:line:col: text" with the directory taken off the file. */
static void problem_line(const struct sp_problem *p, char *ret_line, size_t size)
{
    struct sp_str file = p->file;
    if (sp_str_starts(file, SP_STR(DIRECTORY)))
        file = sp_str_slice(file, strlen(DIRECTORY), file.len);
    snprintf(ret_line, size, "%s %.*s:%u:%u", p->id, SP_STR_ARG(file.len ? file : SP_STR("-")), p->line,
             p->column);
}

static void print_problems(const struct sp_problems *problems)
{
    print_message("#     === problems\n");
    for (const struct sp_problem *p = problems->first; p; p = p->next) {
        char line[512];
        problem_line(p, line, sizeof line);
        print_message("#     %s %s\n", line, p->text.ptr);
    }
}

/* Whether the expected lines and the problems are the same set. */
static bool same_problems(struct sp_str expected, const struct sp_problems *problems)
{
    bool matched[512] = {false};
    struct sp_str wanted;
    size_t count = 0;
    while (sp_str_split(&expected, '\n', &wanted)) {
        size_t i = 0;
        bool found = wanted.len == 0 || wanted.ptr[0] == '#';
        count += !found;
        for (const struct sp_problem *p = problems->first; p && !found; p = p->next, i++) {
            char line[512];
            problem_line(p, line, sizeof line);
            size_t len = strlen(line);
            if (i >= 512 || matched[i] || !sp_str_starts(wanted, sp_str_of(line)))
                continue;
            struct sp_str text = sp_str_trim(sp_str_slice(wanted, len, wanted.len));
            found = (wanted.len == len || wanted.ptr[len] == ' ') &&
                    (text.len == 0 || memmem(p->text.ptr, p->text.len, text.ptr, text.len));
            matched[i] = found;
        }
        if (!found) {
            print_message("#   not told: %.*s\n", SP_STR_ARG(wanted));
            return false;
        }
    }
    size_t told = 0;
    for (const struct sp_problem *p = problems->first; p; p = p->next)
        told++;
    if (told != count)
        print_message("#   %zu problems are told, %zu expected\n", told, count);
    return told == count;
}

static void print_text(const char *title, struct sp_str text)
{
    struct sp_str line;
    print_message("#     === %s\n", title);
    while (sp_str_split(&text, '\n', &line))
        print_message("#     %.*s\n", SP_STR_ARG(line));
}

static struct sp_config *load(struct parts *parts, struct sp_problems *problems, struct sp_error *err)
{
    struct sp_config *config = NULL;
    struct sp_config_options options = {
        .config_dir = DIRECTORY,
        .files = &parts->tree.interface,
        .environment = parts->environment,
        .variables = parts->line,
        .variable_count = parts->line_count,
        .keep_broken = true,
    };
    sp_problems_init(problems);
    enum sp_status status = sp_config_load(&options, problems, &config, err);
    assert_true(status == SP_OK ? problems->errors == 0 : problems->errors > 0 && err->text[0]);
    return config;
}

/* What is effective, read again, is the same. */
static void reads_back(struct sp_str effective)
{
    struct parts *again = calloc(1, sizeof *again);
    struct sp_problems problems;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_buf second;
    assert_non_null(again);
    memory_files_init(&again->tree);
    memory_files_add(&again->tree, SP_STR(DIRECTORY "server.xml"), effective);
    struct sp_config *config = load(again, &problems, &err);
    assert_non_null(config);
    sp_buf_init(&second, FILE_MAX);
    assert_int_equal(sp_config_effective(config, 0, &second), SP_OK);
    if (!sp_str_eq(sp_buf_str(&second), effective)) {
        print_text("effective, read back", sp_buf_str(&second));
        fail_msg("the effective configuration does not read back as itself");
    }
    sp_buf_finish(&second);
    sp_config_free(config);
    sp_problems_finish(&problems);
    free(again);
}

static void run_case(void **state)
{
    const struct test_case *one = *state;
    struct parts *parts = calloc(1, sizeof *parts);
    struct sp_problems problems;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_buf effective;
    assert_non_null(parts);
    take_apart(one->text, parts);
    struct sp_config *config = load(parts, &problems, &err);
    assert_non_null(config);
    sp_buf_init(&effective, FILE_MAX);
    assert_int_equal(sp_config_effective(config, 0, &effective), SP_OK);
    bool right = same_problems(parts->problems, &problems);
    if (parts->has_effective &&
        !sp_str_eq(sp_str_trim(parts->effective), sp_str_trim(sp_buf_str(&effective)))) {
        print_message("#   the effective configuration differs\n");
        right = false;
    }
    if (!right) {
        print_text("effective", sp_buf_str(&effective));
        print_problems(&problems);
        fail_msg("%s", one->name);
    }
    reads_back(sp_buf_str(&effective));
    sp_buf_finish(&effective);
    sp_config_free(config);
    sp_problems_finish(&problems);
    free(parts);
}

static void add_cases(struct sp_str text)
{
    static const char mark[] = "##### ";
    const char *at = memmem(text.ptr, text.len, mark, 6);
    while (at && case_count < CASES_MAX) {
        size_t from = (size_t)(at - text.ptr) + 6;
        at = memmem(text.ptr + from, text.len - from, mark, 6);
        struct test_case *one = &cases[case_count];
        one->text = sp_str_slice(text, from, at ? (size_t)(at - text.ptr) : text.len);
        snprintf(one->name, sizeof one->name, "%.*s",
                 SP_STR_ARG(sp_str_slice(one->text, 0, sp_str_find(one->text, '\n'))));
        tests[case_count] = (struct CMUnitTest){one->name, run_case, NULL, NULL, one};
        case_count++;
    }
}

static struct sp_str read_all(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return (struct sp_str){NULL, 0};
    char *text = malloc(FILE_MAX);
    size_t len = text ? fread(text, 1, FILE_MAX, file) : 0;
    fclose(file);
    return sp_str_from(text, len);
}

static int is_case_file(const struct dirent *entry)
{
    return sp_str_ends(sp_str_of(entry->d_name), SP_STR(".cases"));
}

int main(void)
{
    const char *root = getenv("SALLYPORT_SOURCE_ROOT");
    char directory[2048], path[4096];
    struct dirent **entries;
    struct sp_str texts[64];
    snprintf(directory, sizeof directory, "%s/tests/data/config", root ? root : ".");
    int files = scandir(directory, &entries, is_case_file, alphasort);
    for (int i = 0; i < files && i < 64; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, entries[i]->d_name);
        texts[i] = read_all(path);
        if (texts[i].ptr)
            add_cases(texts[i]);
        free(entries[i]);
    }
    if (files > 0)
        free(entries);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    int failed = _cmocka_run_group_tests("cases", tests, case_count, NULL, NULL);
    for (int i = 0; i < files && i < 64; i++)
        free((char *)(uintptr_t)texts[i].ptr);
    return failed || case_count == 0;
}
