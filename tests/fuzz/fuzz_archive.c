/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as an archive: read as a service, as an API and as an API requester; an error with a text, or a
 * result. Bytes that do not begin as an archive does are taken for entries, name and contents parted by
 * X'1F', entries by X'1E', and packed: so what is inside is mutated without its checksum.
 */
#include <stdint.h>
#include <stdlib.h>

#include "artifact/aar.h"
#include "artifact/ara.h"
#include "artifact/archive.h"
#include "artifact/sar.h"
#include "base/buf.h"
#include "text/zip_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A result exactly when it worked, a reason when it did not. */
static void judge(enum sp_status status, const void *result, struct sp_error *err)
{
    if ((status == SP_OK) != (result != NULL) || (status != SP_OK && err->text[0] == '\0'))
        abort();
    sp_error_clear(err);
}

static void read_all(struct sp_str bytes)
{
    struct sp_arena arena;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_sar *sar = NULL;
    struct sp_aar *aar = NULL;
    struct sp_ara *ara = NULL;
    enum sp_artifact_kind kind = SP_ARTIFACT_SAR;
    sp_arena_init(&arena, (size_t)16 << 20);
    enum sp_status status = sp_artifact_kind(bytes, "fuzz", &kind, &err);
    judge(status, status == SP_OK ? &kind : NULL, &err);
    status = sp_sar_read(bytes, "fuzz.sar", &arena, &sar, &err);
    judge(status, sar, &err);
    if (sar && (!sar->name.len || !sar->request || !sar->response || !sar->request_schema.len))
        abort();
    status = sp_aar_read(bytes, "fuzz.aar", &arena, &aar, &err);
    judge(status, aar, &err);
    if (aar && (!aar->operation_count || !aar->operations[0].request || !aar->operations[0].response_count))
        abort();
    status = sp_ara_read(bytes, "fuzz.ara", &arena, &ara, &err);
    judge(status, ara, &err);
    if (ara && (!ara->operation_count || !ara->operations[0].bindings.len || !ara->connection.len))
        abort();
    sp_arena_finish(&arena);
}

static void pack(struct sp_str entries, struct sp_buf *buf)
{
    struct sp_zip_writer *writer = NULL;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_str entry;
    if (sp_zip_writer_new(&writer, &err) != SP_OK)
        abort();
    while (sp_str_split(&entries, '\x1e', &entry)) {
        size_t name = sp_str_find(entry, '\x1f');
        if (name == 0 || sp_zip_writer_add(writer, sp_str_slice(entry, 0, name),
                                           sp_str_slice(entry, name + 1, entry.len), &err) != SP_OK)
            break;
    }
    if (sp_zip_writer_end(writer, buf, &err) != SP_OK)
        sp_buf_reset(buf);
    sp_zip_writer_free(writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_str bytes = sp_str_from(data, size);
    struct sp_buf packed;
    sp_buf_init(&packed, (size_t)1 << 20);
    if (size && !sp_str_starts(bytes, SP_STR("PK"))) {
        pack(bytes, &packed);
        bytes = sp_buf_str(&packed);
    }
    read_all(bytes);
    sp_buf_finish(&packed);
    return 0;
}
