/* SPDX-License-Identifier: Apache-2.0 */
#include "text/zip_write.h"

#include <stdlib.h>
#include <zip.h>

#define DOS_DATE_1980 0x0021u /* year 0, month 1, day 1 */
#define DEFLATE_LEVEL 9

struct sp_zip_writer {
    zip_source_t *memory; /* where the archive grows */
    zip_t *archive;       /* NULL when it is finished */
};

static enum sp_status set_libzip(struct sp_error *err, zip_error_t *cause)
{
    int code = zip_error_code_zip(cause);
    enum sp_status status = code == ZIP_ER_MEMORY   ? SP_ENOMEM
                            : code == ZIP_ER_EXISTS ? SP_EEXISTS
                                                    : SP_EINVAL;
    return sp_error_set(err, status, NULL, "the archive cannot be written: %s", zip_error_strerror(cause));
}

enum sp_status sp_zip_writer_new(struct sp_zip_writer **ret_writer, struct sp_error *err)
{
    zip_error_t cause;
    zip_error_init(&cause);
    struct sp_zip_writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to write an archive");
    writer->memory = zip_source_buffer_create(NULL, 0, 0, &cause);
    if (writer->memory) {
        zip_source_keep(writer->memory); /* closing the archive gives one reference back */
        writer->archive = zip_open_from_source(writer->memory, ZIP_TRUNCATE, &cause);
        if (!writer->archive)
            zip_source_free(writer->memory);
    }
    if (!writer->archive) {
        enum sp_status status = set_libzip(err, &cause);
        zip_error_fini(&cause);
        sp_zip_writer_free(writer);
        return status;
    }
    *ret_writer = writer;
    return SP_OK;
}

void sp_zip_writer_free(struct sp_zip_writer *writer)
{
    if (!writer)
        return;
    if (writer->archive)
        zip_discard(writer->archive);
    if (writer->memory)
        zip_source_free(writer->memory);
    free(writer);
}

enum sp_status sp_zip_writer_add(struct sp_zip_writer *writer, struct sp_str name, struct sp_str bytes,
                                 struct sp_error *err)
{
    /* libzip does not free a buffer without bytes. */
    char *copy = bytes.len ? malloc(bytes.len) : NULL, *path = strndup(name.ptr, name.len);
    if ((bytes.len && !copy) || !path) {
        free(copy);
        free(path);
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to write an archive");
    }
    if (copy)
        memcpy(copy, bytes.ptr, bytes.len);
    zip_source_t *source = zip_source_buffer(writer->archive, copy, bytes.len, 1);
    if (!source) {
        free(copy);
        free(path);
        return set_libzip(err, zip_get_error(writer->archive));
    }
    zip_int64_t index = zip_file_add(writer->archive, path, source, ZIP_FL_ENC_UTF_8);
    free(path);
    if (index < 0) {
        enum sp_status status = set_libzip(err, zip_get_error(writer->archive));
        zip_source_free(source);
        return status;
    }
    if (zip_file_set_dostime(writer->archive, (zip_uint64_t)index, 0, DOS_DATE_1980, 0) != 0 ||
        zip_set_file_compression(writer->archive, (zip_uint64_t)index, ZIP_CM_DEFLATE, DEFLATE_LEVEL) != 0)
        return set_libzip(err, zip_get_error(writer->archive));
    return SP_OK;
}

static enum sp_status append_all(zip_source_t *memory, struct sp_buf *buf, struct sp_error *err)
{
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_source_open(memory) != 0)
        return set_libzip(err, zip_source_error(memory));
    if (zip_source_stat(memory, &stat) != 0 || !(stat.valid & ZIP_STAT_SIZE)) {
        zip_source_close(memory);
        return set_libzip(err, zip_source_error(memory));
    }
    unsigned char *room = sp_buf_reserve(buf, stat.size);
    zip_int64_t n = room ? zip_source_read(memory, room, stat.size) : 0;
    zip_source_close(memory);
    if (!room)
        return sp_error_set(err, SP_ELIMIT, NULL, "the archive has %llu bytes, more than it may",
                            (unsigned long long)stat.size);
    if (n != (zip_int64_t)stat.size)
        return set_libzip(err, zip_source_error(memory));
    buf->len += stat.size;
    return SP_OK;
}

enum sp_status sp_zip_writer_end(struct sp_zip_writer *writer, struct sp_buf *buf, struct sp_error *err)
{
    if (zip_get_num_entries(writer->archive, 0) == 0)
        return sp_error_set(err, SP_EINVAL, NULL, "an archive without entries cannot be written");
    if (zip_close(writer->archive) != 0)
        return set_libzip(err, zip_get_error(writer->archive));
    writer->archive = NULL;
    return append_all(writer->memory, buf, err);
}
