/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/saf_unload.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/command.h"
#include "saf/irrdbu00.h"

enum { CLASSES_MAX = 64 };

static enum sp_status read_some(void *arg, void *ret_bytes, size_t size, size_t *ret_len,
                                struct sp_error *err)
{
    FILE *file = arg;
    *ret_len = fread(ret_bytes, 1, size, file);
    return ferror(file) ? sp_error_errno(err, SP_EIO, errno, "cannot read the unload") : SP_OK;
}

static enum sp_status write_some(void *arg, struct sp_str bytes, struct sp_error *err)
{
    return fwrite(bytes.ptr, 1, bytes.len, arg) == bytes.len
               ? SP_OK
               : sp_error_errno(err, SP_EIO, errno, "cannot write the unload");
}

static void say(void *arg, struct sp_str text)
{
    fprintf(arg, "%.*s\n", SP_STR_ARG(text));
}

static int import_stream(struct sp_saf_db *db, struct sp_unload_import *import, FILE *file)
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_unload_report *report = NULL;
    import->read = read_some;
    import->read_arg = file;
    import->problem = say;
    import->problem_arg = stderr;
    enum sp_status status = sp_saf_import_unload(db, import, &report, &err);
    uint64_t refused = report ? sp_unload_report_refused(report) : 0;
    if (report && !status)
        sp_unload_report_print(report, say, stdout);
    sp_unload_report_free(report);
    if (status)
        return sp_command_failed(&err);
    return refused ? SP_EXIT_FAILED : SP_EXIT_OK;
}

int sp_saf_import(struct sp_saf_db *db, int argc, char **argv)
{
    static const struct option options[] = {
        {"check", no_argument, NULL, 'n'}, {"class", required_argument, NULL, 'c'}, {NULL, 0, NULL, 0}};
    struct sp_str classes[CLASSES_MAX];
    struct sp_unload_import import = {.classes = classes};
    int option;
    optind = 0; /* from the beginning: these are options of their own */
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'n')
            import.check_only = true;
        else if (option != 'c')
            return sp_command_misused(&sp_command_saf, "an option of 'import' is wrong");
        else if (import.class_count == CLASSES_MAX)
            return sp_command_misused(&sp_command_saf, "at most %d classes", CLASSES_MAX);
        else
            classes[import.class_count++] = sp_str_of(optarg);
    }
    if (argc - optind != 1)
        return sp_command_misused(&sp_command_saf, "'import' wants one file");
    bool standard = !strcmp(argv[optind], "-");
    FILE *file = standard ? stdin : fopen(argv[optind], "rb");
    struct sp_error err = SP_ERROR_INIT;
    if (!file) {
        sp_error_errno(&err, SP_EIO, errno, "cannot read %s", argv[optind]);
        return sp_command_failed(&err);
    }
    int result = import_stream(db, &import, file);
    if (!standard)
        fclose(file);
    return result;
}

int sp_saf_export(struct sp_saf_db *db, int argc, char **argv)
{
    struct sp_error err = SP_ERROR_INIT;
    if (argc != 2)
        return sp_command_misused(&sp_command_saf, "'export' wants one file, or - for standard output");
    bool standard = !strcmp(argv[1], "-");
    mode_t before = umask(077);
    FILE *file = standard ? stdout : fopen(argv[1], "wb");
    umask(before);
    enum sp_status status = file ? sp_saf_export_unload(db, write_some, file, &err)
                                 : sp_error_errno(&err, SP_EIO, errno, "cannot write %s", argv[1]);
    if (file && !standard && fclose(file) != 0 && !status)
        status = sp_error_errno(&err, SP_EIO, errno, "cannot write %s", argv[1]);
    return status ? sp_command_failed(&err) : SP_EXIT_OK;
}
