/* SPDX-License-Identifier: Apache-2.0
 * fuzz_irrdbu00.c: any bytes as a database unload. What is taken comes out again by an export, and that
 * export imports without a refusal.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "saf/irrdbu00.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum sp_status read_some(void *arg, void *ret_bytes, size_t size, size_t *ret_len,
                                struct sp_error *err)
{
    struct sp_str *rest = arg;
    *ret_len = rest->len < size ? rest->len : size;
    if (*ret_len)
        memcpy(ret_bytes, rest->ptr, *ret_len);
    *rest = sp_str_slice(*rest, *ret_len, rest->len);
    return SP_OK;
}

static enum sp_status write_all(void *arg, struct sp_str bytes, struct sp_error *err)
{
    return sp_buf_append_str(arg, bytes);
}

static void ignore(void *arg, struct sp_str text)
{
    if (!text.len)
        abort();
}

static struct sp_saf_db *open_db(void)
{
    static char directory[64];
    char path[96];
    struct sp_saf_db *db = NULL;
    if (!directory[0]) {
        /* Memory, where there is such a place: a database is made for each input. */
        snprintf(directory, sizeof directory, "%s/fuzz_irrdbu00.XXXXXX",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        if (!mkdtemp(directory))
            abort();
    }
    snprintf(path, sizeof path, "%s/saf.db", directory);
    if (sp_saf_db_open(path, NULL, SP_SAF_DB_CREATE, &db, NULL))
        abort();
    /* Open files live on without names: nothing is left behind. */
    static const char *const files[] = {"saf.db", "saf.db-wal", "saf.db-shm", "saf.db.key"};
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, files[i]);
        unlink(path);
    }
    rmdir(directory);
    directory[0] = '\0';
    return db;
}

static uint64_t import_bytes(struct sp_saf_db *db, struct sp_str bytes, enum sp_status *ret_status)
{
    struct sp_unload_import import = {.read = read_some, .read_arg = &bytes, .problem = ignore};
    struct sp_unload_report *report = NULL;
    struct sp_error err = SP_ERROR_INIT;
    *ret_status = sp_saf_import_unload(db, &import, &report, &err);
    if ((*ret_status == SP_OK) != (err.text[0] == '\0') || !report)
        abort();
    sp_unload_report_print(report, ignore, NULL);
    uint64_t refused = sp_unload_report_refused(report);
    sp_unload_report_free(report);
    return refused;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_saf_db *db = open_db();
    struct sp_buf text;
    struct sp_error err = SP_ERROR_INIT;
    enum sp_status status;
    import_bytes(db, sp_str_from(data, size), &status);
    if (status == SP_OK) {
        sp_buf_init(&text, 256 << 20);
        if (sp_saf_export_unload(db, write_all, &text, &err) ||
            import_bytes(db, sp_buf_str(&text), &status) || status)
            abort();
        sp_buf_finish(&text);
    }
    sp_saf_db_close(db);
    return 0;
}
