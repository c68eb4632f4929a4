/* SPDX-License-Identifier: Apache-2.0 */
#include "region/cobol.h"

#include <link.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <libcob.h>

#define MODULES_MAX 4096
#define NAME_MAX_BYTES 32

static const char *directory;
static void (*error_hook)(const char *text);

/* Programs that were loaded: the files of the module directory in the process. */
static char loaded[MODULES_MAX][NAME_MAX_BYTES];
static unsigned loaded_count;
static unsigned long long loads_seen;

static int fatal(char *text)
{
    error_hook(text);
    return 0;
}

/* libcob would tidy up after a crash, on what memory is left, and end with an exit status that a program can
 * give too. We say where it was, and let the signal have its way. */
static void crash(int number)
{
    const struct __cob_global *global = cob_get_global_ptr();
    const cob_module *module = global ? global->cob_current_module : NULL;
    const char *name = module && module->module_name ? module->module_name : "?";
    static const char text[] = "program check in ";
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    (void)!write(STDERR_FILENO, name, strlen(name));
    (void)!write(STDERR_FILENO, "\n", 1);
    (void)number;
}

static void catch_crashes(void)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    static char stack[65536];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_handler = crash, .sa_flags = (int)(SA_RESETHAND | SA_ONSTACK)};
    sigaltstack(&alternate, NULL);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaction(numbers[i], &action, NULL);
    signal(SIGPROF, SIG_DFL);
}

void sp_cobol_start(const char *modules, void (*on_error)(const char *text))
{
    directory = modules;
    error_hook = on_error;
    setenv("COB_LIBRARY_PATH", modules, 1);
    unsetenv("COB_PRE_LOAD");
    unsetenv("COB_PHYSICAL_CANCEL");
    cob_init(0, NULL);
    catch_crashes();
    unsigned char install = 0;
    int (*hook)(char *) = fatal;
    cob_sys_error_proc(&install, (const void *)&hook);
}

bool sp_cobol_load(const char *program, const char **ret_reason)
{
    if (cob_resolve(program))
        return true;
    *ret_reason = cob_resolve_error();
    return false;
}

void sp_cobol_call(const char *program, int argc, void **argv)
{
    (void)cob_call(program, argc, argv);
}

static int note_module(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct sp_str path = sp_str_of(info->dlpi_name), base = sp_str_of(directory);
    if (info->dlpi_adds == loads_seen)
        return 1;
    unsigned long long *adds = arg;
    *adds = info->dlpi_adds;
    if (!sp_str_starts(path, base) || !sp_str_ends(path, SP_STR(".so")) || path.len <= base.len ||
        path.ptr[base.len] != '/')
        return 0;
    struct sp_str name = sp_str_slice(path, base.len + 1, path.len - 3);
    if (name.len < NAME_MAX_BYTES && loaded_count < MODULES_MAX) {
        memcpy(loaded[loaded_count], name.ptr, name.len);
        loaded[loaded_count++][name.len] = '\0';
    }
    return 0;
}

/* libcob tells nobody which modules its CALLs have loaded; the dynamic linker does, and counts loads, so that
 * the list is made anew only when it has grown. */
static void list_modules(void)
{
    unsigned long long adds = loads_seen;
    unsigned before = loaded_count;
    loaded_count = 0;
    if (dl_iterate_phdr(note_module, &adds) != 0)
        loaded_count = before;
    loads_seen = adds;
}

void sp_cobol_cancel_all(void)
{
    list_modules();
    for (unsigned i = 0; i < loaded_count; i++)
        cob_cancel(loaded[i]);
}

void sp_cobol_stop(int exit_code)
{
    cob_stop_run(exit_code);
}

unsigned sp_cobol_parameters(void)
{
    int count = cob_get_num_params();
    return count > 0 ? (unsigned)count : 0;
}

size_t sp_cobol_parameter_size(unsigned number)
{
    int size = cob_get_param_size((int)number);
    return size > 0 ? (size_t)size : 0;
}
