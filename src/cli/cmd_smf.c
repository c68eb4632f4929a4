/* SPDX-License-Identifier: Apache-2.0
 * sallyport smf: what the audit wrote.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "intercept/smf/block.h"
#include "intercept/smf/print.h"

#define DEFAULT_CCSID 1047u
#define PRINTED_MAX (16u * 1024u * 1024u) /* of one record */
#define RECORD_ARENA_MAX (4u * 1024u * 1024u)

struct dump {
    bool json;
    struct sp_smf_text text;
    struct sp_buf buf;
    uint64_t records, skipped;
};

/* A whole file; empty ones cannot be mapped and need not be. */
static enum sp_status map_file(const char *path, struct sp_str *ret_bytes, struct sp_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        enum sp_status status = sp_error_errno(err, SP_EIO, errno, "cannot read %s", path);
        if (fd >= 0)
            close(fd);
        return status;
    }
    void *bytes = st.st_size ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    int cause = errno;
    close(fd);
    if (bytes == MAP_FAILED)
        return sp_error_errno(err, SP_EIO, cause, "cannot map %s", path);
    *ret_bytes = sp_str_from(bytes, (size_t)st.st_size);
    return SP_OK;
}

static void print_record(struct dump *dump, const struct sp_smf_record *record)
{
    struct sp_json_writer writer;
    sp_buf_reset(&dump->buf);
    if (dump->json) {
        sp_json_writer_init(&writer, &dump->buf, 0);
        sp_smf_print_json(record, &writer);
        sp_buf_append_byte(&dump->buf, '\n');
    } else {
        sp_smf_print_text(record, &dump->buf);
    }
    fwrite(dump->buf.ptr, 1, dump->buf.len, stdout);
    dump->records++;
}

static void dump_record(struct dump *dump, struct sp_str bytes, size_t offset)
{
    struct sp_arena arena;
    struct sp_smf_record record;
    struct sp_error err = SP_ERROR_INIT;
    sp_arena_init(&arena, RECORD_ARENA_MAX);
    if (sp_smf_record_read(bytes, &dump->text, &arena, &record, &err) == SP_OK) {
        print_record(dump, &record);
    } else {
        fprintf(stderr, "sallyport: the record at offset %zu is left out: %s\n", offset, err.text);
        dump->skipped++;
    }
    sp_arena_finish(&arena);
}

static int dump_file(struct dump *dump, const char *path)
{
    struct sp_str file, record;
    struct sp_error err = SP_ERROR_INIT;
    if (map_file(path, &file, &err) != SP_OK)
        return sp_command_failed(&err);
    struct sp_smf_reader reader;
    enum sp_status status;
    sp_smf_reader_init(&reader, file);
    while ((status = sp_smf_reader_next(&reader, &record, &err)) == SP_OK)
        dump_record(dump, record, (size_t)(record.ptr - file.ptr));
    if (status != SP_ENOTFOUND)
        fprintf(stderr, "sallyport: %s is broken at offset %lld: %s\n", path, (long long)err.offset,
                err.text);
    if (file.len)
        munmap((void *)file.ptr, file.len);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        sp_error_errno(&err, SP_EIO, errno, "cannot write the output");
        return sp_command_failed(&err);
    }
    return status == SP_ENOTFOUND && !dump->skipped ? SP_EXIT_OK : SP_EXIT_FAILED;
}

static int run_dump(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'}, {"ccsid", required_argument, NULL, 'c'}, {NULL, 0, NULL, 0}};
    struct dump dump = {.json = false};
    struct sp_error err = SP_ERROR_INIT;
    uint64_t ccsid = DEFAULT_CCSID;
    int option;
    optind = 0; /* from the beginning, however often this runs */
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'j')
            dump.json = true;
        else if (option != 'c')
            return sp_command_misused(&sp_command_smf, "an option of 'dump' is wrong");
        else if (sp_str_to_u64(sp_str_of(optarg), &ccsid) != SP_OK || ccsid > UINT16_MAX)
            return sp_command_misused(&sp_command_smf, "--ccsid wants a number, not '%s'", optarg);
    }
    if (argc - optind != 1)
        return sp_command_misused(&sp_command_smf, "'dump' wants one file");
    if (sp_smf_text_init(&dump.text, (unsigned)ccsid, &err) != SP_OK)
        return sp_command_failed(&err);
    sp_buf_init(&dump.buf, PRINTED_MAX);
    int result = dump_file(&dump, argv[optind]);
    sp_buf_finish(&dump.buf);
    return result;
}

static int run(int argc, char **argv)
{
    if (argc < 2)
        return sp_command_misused(&sp_command_smf, "what to do is missing: dump");
    if (strcmp(argv[1], "dump") == 0)
        return run_dump(argc - 1, argv + 1);
    return sp_command_misused(&sp_command_smf, "'%s' is not known: dump", argv[1]);
}

const struct sp_command sp_command_smf = {
    .name = "smf",
    .summary = "print SMF records that the audit wrote",
    .usage =
        "  sallyport smf dump FILE [--json] [--ccsid NUMBER]\n\n"
        "Prints the records of type 123 in FILE, in blocks or one behind the other; with --json one JSON\n"
        "object a line. --ccsid: the EBCDIC code page of the records (1047).\n",
    .run = run,
};
