/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/server_key.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/protect.h"
#include "cli/server_place.h"
#include "config/config.h"
#include "crypto/ltpa.h"
#include "crypto/self_signed.h"

#define STORE_CEILING 65536
#define DAYS 365

struct key {
    const char *name, *host, *id;
    bool ltpa;
    struct sp_server_place place;
    struct sp_config *config;
    struct sp_error err;
};

static const struct sp_cfg_key_store *find_store(const struct key *key)
{
    for (size_t i = 0; i < key->config->key_store_count; i++) {
        if (sp_str_is(key->config->key_stores[i].id, key->id) ||
            (!key->config->key_stores[i].id.ptr && strcmp(key->id, "defaultKeyStore") == 0))
            return &key->config->key_stores[i];
    }
    return NULL;
}

static enum sp_status check_store(struct key *key, const struct sp_cfg_key_store *store)
{
    if (!store)
        return sp_error_set(&key->err, SP_ENOTFOUND, NULL, "server.xml has no keyStore with the id %s",
                            key->id);
    if (!store->file_based || !store->location.len || store->location.ptr[0] != '/' ||
        !sp_str_is(store->type, "PKCS12"))
        return sp_error_set(&key->err, SP_EINVAL, NULL, "keyStore[%s] is not a PKCS12 file", key->id);
    if (!store->password.len)
        return sp_error_set(&key->err, SP_EINVAL, NULL, "keyStore[%s] has no password", key->id);
    if (access(store->location.ptr, F_OK) == 0)
        return sp_error_set(&key->err, SP_EEXISTS, NULL, "%s is there already; it is not written over",
                            store->location.ptr);
    return SP_OK;
}

/* The directories above a file. */
static void make_parents(const char *path)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    for (char *at = copy + 1; *at; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        mkdir(copy, 0755);
        *at = '/';
    }
}

static enum sp_status write_store(const char *path, struct sp_str bytes, struct sp_error *err)
{
    make_parents(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return sp_error_errno(err, SP_EIO, errno, "cannot make %s", path);
    ssize_t written = write(fd, bytes.ptr, bytes.len);
    int closed = close(fd);
    if (written == (ssize_t)bytes.len && closed == 0)
        return SP_OK;
    unlink(path);
    return sp_error_errno(err, SP_EIO, errno, "cannot write %s", path);
}

static enum sp_status make_store(const struct sp_cfg_key_store *store, const char *host, struct sp_error *err)
{
    struct sp_buf bytes;
    sp_buf_init(&bytes, STORE_CEILING);
    enum sp_status status = sp_self_signed_pkcs12(sp_str_of(host), DAYS, store->password, &bytes, err);
    if (status == SP_OK)
        status = write_store(store->location.ptr, sp_buf_str(&bytes), err);
    sp_buf_wipe(&bytes);
    return status;
}

enum sp_status sp_server_key_make_missing(const struct sp_config *config, struct sp_error *err)
{
    char host[256] = "localhost";
    enum sp_status status = SP_OK;
    gethostname(host, sizeof host - 1);
    for (size_t i = 0; status == SP_OK && i < config->key_store_count; i++)
        if (sp_config_key_store_to_make(&config->key_stores[i])) {
            status = make_store(&config->key_stores[i], host, err);
            if (status == SP_OK)
                fprintf(stderr,
                        "warning SALC0087W: %s was not there and is made, with a certificate that signed "
                        "itself\n",
                        config->key_stores[i].location.ptr);
        }
    return status;
}

static enum sp_status load(struct key *key)
{
    struct sp_problems problems;
    enum sp_status status = sp_server_place_find(key->name, &key->place, &key->err);
    if (status != SP_OK)
        return status;
    struct sp_config_options options = {
        .config_dir = key->place.config_dir, .output_dir = key->place.output_dir, .keep_broken = true};
    sp_problems_init(&problems);
    status = sp_config_load(&options, &problems, &key->config, &key->err);
    sp_problems_finish(&problems);
    return key->config ? SP_OK : status;
}

/* The keys of the ltpa element: those that its servers share. */
static enum sp_status make_ltpa(struct key *key)
{
    const struct sp_cfg_ltpa *ltpa = &key->config->ltpa;
    const char *path = ltpa->keys_file_name.ptr;
    char date[SP_CLOCK_TEXT_MAX], host[HOST_NAME_MAX + 1] = "localhost";
    struct sp_ltpa_keys *keys = NULL;
    struct sp_buf bytes;
    if (access(path, F_OK) == 0)
        return sp_error_set(&key->err, SP_EEXISTS, NULL, "%s is there already; it is not written over", path);
    sp_clock_text(sp_clock_realtime_us(), date);
    (void)gethostname(host, sizeof host - 1);
    sp_buf_init(&bytes, SP_LTPA_FILE_MAX);
    enum sp_status status = sp_ltpa_keys_make(SP_STR("defaultRealm"), &keys, &key->err);
    if (status == SP_OK)
        status = sp_ltpa_keys_write(keys, ltpa->keys_password, sp_str_of(date), sp_str_of(host), &bytes,
                                    &key->err);
    if (status == SP_OK)
        status = write_store(path, sp_buf_str(&bytes), &key->err);
    sp_ltpa_keys_free(keys);
    sp_buf_wipe(&bytes);
    if (status == SP_OK)
        printf("%s is made: keys for LTPA cookies%s\n", path,
               ltpa->given ? "" : "; server.xml has no ltpa element that uses them");
    return status;
}

static enum sp_status make_key(struct key *key)
{
    enum sp_status status = load(key);
    if (status != SP_OK)
        return status;
    if (key->ltpa)
        return make_ltpa(key);
    const struct sp_cfg_key_store *store = find_store(key);
    status = check_store(key, store);
    if (status != SP_OK)
        return status;
    status = make_store(store, key->host, &key->err);
    if (status == SP_OK)
        printf("%s is made: a certificate for %s and localhost that signed itself, for %d days\n",
               store->location.ptr, key->host, DAYS);
    return status;
}

static enum sp_status parse(struct key *key, int argc, char **argv)
{
    static const struct option known[] = {{"host", required_argument, NULL, 'h'},
                                          {"id", required_argument, NULL, 'i'},
                                          {"ltpa", no_argument, NULL, 'l'},
                                          {NULL, 0, NULL, 0}};
    int letter;
    optind = 1;
    opterr = 0;
    while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (letter == 'h')
            key->host = optarg;
        else if (letter == 'i')
            key->id = optarg;
        else if (letter == 'l')
            key->ltpa = true;
        else
            return sp_error_set(&key->err, SP_EINVAL, NULL,
                                "the option %s is unknown or its value is missing", argv[optind - 1]);
    }
    if (argc - optind > 1)
        return sp_error_set(&key->err, SP_EINVAL, NULL, "one server at a time");
    key->name = optind < argc ? argv[optind] : NULL;
    return SP_OK;
}

int sp_server_key_run(int argc, char **argv)
{
    struct key key = {.host = "localhost", .id = "defaultKeyStore", .err = SP_ERROR_INIT};
    int exit_status = SP_EXIT_OK;
    sp_cli_protect();
    if (parse(&key, argc, argv) != SP_OK)
        exit_status = sp_command_misused(&sp_command_server, "key: %s", key.err.text);
    else if (make_key(&key) != SP_OK)
        exit_status = sp_command_failed(&key.err);
    sp_config_free(key.config);
    sp_server_place_finish(&key.place);
    return exit_status;
}
