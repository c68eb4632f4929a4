/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/saf_keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/secret.h"
#include "cli/command.h"

enum { TEXT_MAX = 4 * SP_PASSTICKET_HMAC_KEY_MAX };

static int digit_of(char c)
{
    c = sp_upper(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Hexadecimal digits, blanks and line ends between. */
static bool decode(struct sp_str text, unsigned char *bytes, size_t size, size_t *ret_len)
{
    size_t digits = 0;
    for (size_t i = 0; i < text.len; i++) {
        int digit = digit_of(text.ptr[i]);
        if (strchr(" \t\r\n", text.ptr[i]))
            continue;
        if (digit < 0 || digits / 2 >= size)
            return false;
        bytes[digits / 2] = (unsigned char)(digits % 2 ? bytes[digits / 2] | digit : digit << 4);
        digits++;
    }
    *ret_len = digits / 2;
    return digits % 2 == 0;
}

static enum sp_status read_key(const char *path, unsigned char *bytes, size_t size, size_t *ret_len,
                               struct sp_error *err)
{
    char text[TEXT_MAX];
    bool standard = !strcmp(path, "-");
    FILE *file = standard ? stdin : fopen(path, "rb");
    if (!file)
        return sp_error_errno(err, SP_EIO, errno, "cannot read %s", path);
    size_t n = fread(text, 1, sizeof text, file);
    bool good = !ferror(file) && n < sizeof text && decode(sp_str_from(text, n), bytes, size, ret_len);
    if (!standard)
        fclose(file);
    sp_secret_wipe(text, sizeof text);
    if (good && (*ret_len == SP_PASSTICKET_LEGACY_KEY_LEN || *ret_len >= SP_PASSTICKET_HMAC_KEY_MIN))
        return SP_OK;
    return sp_error_set(
        err, SP_ESYNTAX, NULL,
        "%s must hold hexadecimal digits: 16 for a DES key (KEYLABEL), %u to %u for an HMAC key "
        "(EPTKEYLABEL)",
        path, 2 * SP_PASSTICKET_HMAC_KEY_MIN, 2 * SP_PASSTICKET_HMAC_KEY_MAX);
}

static enum sp_status in_transaction(struct sp_saf_db *db, const struct sp_saf_key *key, bool add,
                                     struct sp_error *err)
{
    enum sp_status status = sp_saf_db_begin(db, err);
    if (!status)
        status = add ? sp_saf_put_key(db, key, err) : sp_saf_drop_key(db, key->label, err);
    if (status == SP_ENOTFOUND)
        sp_error_set(err, status, NULL, "there is no key under the label %.*s", SP_STR_ARG(key->label));
    if (!status)
        status = sp_saf_db_commit(db, err);
    sp_saf_db_rollback(db);
    return status;
}

static int change(struct sp_saf_db *db, const char *label, const char *path)
{
    struct sp_error err = SP_ERROR_INIT;
    char name[SP_SAF_KEY_LABEL_MAX + 1];
    unsigned char bytes[SP_PASSTICKET_HMAC_KEY_MAX];
    size_t len = strlen(label), key_len = 0;
    for (size_t i = 0; i < len && i < sizeof name; i++)
        name[i] = sp_upper(label[i]);
    struct sp_saf_key key = {.label = sp_str_from(name, len),
                             .created = (int32_t)(sp_clock_realtime_us() / 1000000 / 86400)};
    if (len > SP_SAF_KEY_LABEL_MAX || !sp_saf_key_label_ok(key.label))
        return sp_command_misused(&sp_command_saf, "a label is 1 to %u of A-Z, 0-9, #, $, @ and periods",
                                  SP_SAF_KEY_LABEL_MAX);
    enum sp_status status = path ? read_key(path, bytes, sizeof bytes, &key_len, &err) : SP_OK;
    key.secret = sp_str_from(bytes, key_len);
    if (!status)
        status = in_transaction(db, &key, path != NULL, &err);
    sp_secret_wipe(bytes, sizeof bytes);
    return status ? sp_command_failed(&err) : SP_EXIT_OK;
}

static enum sp_status list_one(void *arg, const void *value)
{
    const struct sp_saf_key *key = value;
    time_t seconds = (time_t)key->created * 86400;
    struct tm tm;
    char date[16];
    gmtime_r(&seconds, &tm);
    strftime(date, sizeof date, "%Y-%m-%d", &tm);
    printf("%-64.*s %s\n", SP_STR_ARG(key->label), date);
    return SP_OK;
}

int sp_saf_keys(struct sp_saf_db *db, int argc, char **argv)
{
    struct sp_error err = SP_ERROR_INIT;
    if (argc == 4 && !strcmp(argv[1], "add"))
        return change(db, argv[2], argv[3]);
    if (argc == 3 && !strcmp(argv[1], "delete"))
        return change(db, argv[2], NULL);
    if (argc == 2 && !strcmp(argv[1], "list"))
        return sp_saf_each_key(db, list_one, NULL, &err) ? sp_command_failed(&err) : SP_EXIT_OK;
    return sp_command_misused(&sp_command_saf, "'key' wants add LABEL FILE, list, or delete LABEL");
}
