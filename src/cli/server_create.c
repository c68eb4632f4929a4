/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/server_create.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"
#include "cli/command.h"
#include "cli/protect.h"
#include "cli/server_template.h"
#include "crypto/password.h"
#include "crypto/self_signed.h"

#define SECRET_LETTERS 24
#define TEXT_CEILING 65536
#define CERTIFICATE_DAYS 365

struct create {
    const char *name, *template, *host;
    char directory[PATH_MAX];
    const char *short_name; /* last part of the directory */
    /* of the secure template */
    char user_password[SECRET_LETTERS + 1], key[SECRET_LETTERS + 1], store_password[SECRET_LETTERS + 1];
    struct sp_error err;
};

/* Letters and digits that are not mistaken for each other: 5 bits each, 120 in all. */
static void make_secret(char secret[SECRET_LETTERS + 1])
{
    static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
    unsigned char bytes[SECRET_LETTERS];
    sp_secret_random(bytes, sizeof bytes);
    for (size_t i = 0; i < SECRET_LETTERS; i++)
        secret[i] = letters[bytes[i] % 32];
    secret[SECRET_LETTERS] = '\0';
    sp_secret_wipe(bytes, sizeof bytes);
}

static enum sp_status make_directory(struct create *create, const char *below, mode_t mode)
{
    char path[PATH_MAX * 2];
    snprintf(path, sizeof path, "%s/%s", create->directory, below);
    for (char *at = path + 1; *at; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        if (mkdir(path, 0755) != 0 && errno != EEXIST)
            return sp_error_errno(&create->err, SP_EIO, errno, "cannot make the directory %s", path);
        *at = '/';
    }
    if (mkdir(path, mode) != 0 && errno != EEXIST)
        return sp_error_errno(&create->err, SP_EIO, errno, "cannot make the directory %s", path);
    return SP_OK;
}

/* A new file; one that is there already is never written over. */
static enum sp_status write_file(struct create *create, const char *name, struct sp_str text, mode_t mode)
{
    char path[PATH_MAX * 2];
    snprintf(path, sizeof path, "%s/%s", create->directory, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return sp_error_errno(&create->err, errno == EEXIST ? SP_EEXISTS : SP_EIO, errno, "cannot make %s",
                              path);
    size_t written = 0;
    while (written < text.len) {
        ssize_t n = write(fd, text.ptr + written, text.len - written);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        written += (size_t)n;
    }
    int closed = close(fd);
    if (written < text.len || closed != 0)
        return sp_error_errno(&create->err, SP_EIO, errno, "cannot write %s", path);
    return SP_OK;
}

/* The encoded form of a secret, with a NUL, in `buf`. */
static enum sp_status encode(struct create *create, enum sp_password_form form, const char *clear,
                             struct sp_buf *buf)
{
    struct sp_password_keys keys;
    sp_password_keys_init(&keys, sp_str_of(create->key));
    enum sp_status status = sp_password_encode(&keys, form, sp_str_of(clear), buf, &create->err);
    sp_password_keys_finish(&keys);
    return status == SP_OK ? sp_buf_append_byte(buf, '\0') : status;
}

static enum sp_status write_key_store(struct create *create)
{
    struct sp_buf store;
    sp_buf_init(&store, TEXT_CEILING);
    enum sp_status status = sp_self_signed_pkcs12(sp_str_of(create->host), CERTIFICATE_DAYS,
                                                  sp_str_of(create->store_password), &store, &create->err);
    if (status == SP_OK)
        status = write_file(create, "resources/security/key.p12", sp_buf_str(&store), 0600);
    sp_buf_wipe(&store);
    return status;
}

static enum sp_status write_secure(struct create *create)
{
    struct sp_buf hash, aes, text;
    make_secret(create->user_password);
    make_secret(create->key);
    make_secret(create->store_password);
    sp_buf_init(&hash, TEXT_CEILING);
    sp_buf_init(&aes, TEXT_CEILING);
    sp_buf_init(&text, TEXT_CEILING);
    enum sp_status status = encode(create, SP_PASSWORD_AS_HASH, create->user_password, &hash);
    if (status == SP_OK)
        status = encode(create, SP_PASSWORD_AS_AES_256, create->store_password, &aes);
    if (status == SP_OK)
        status = sp_buf_printf(&text, sp_server_template_secret, create->key);
    if (status == SP_OK)
        status = write_file(create, "secret.properties", sp_buf_str(&text), 0600);
    if (status == SP_OK)
        status = write_file(create, "bootstrap.properties", sp_str_of(sp_server_template_bootstrap), 0644);
    sp_buf_reset(&text);
    if (status == SP_OK)
        status = sp_buf_printf(&text, sp_server_template_secure, create->short_name, (char *)aes.ptr,
                               (char *)hash.ptr);
    if (status == SP_OK)
        status = write_key_store(create);
    if (status == SP_OK)
        status = write_file(create, "server.xml", sp_buf_str(&text), 0644);
    sp_buf_wipe(&hash);
    sp_buf_wipe(&aes);
    sp_buf_wipe(&text);
    return status;
}

static enum sp_status write_plain(struct create *create, const char *format)
{
    struct sp_buf text;
    sp_buf_init(&text, TEXT_CEILING);
    enum sp_status status = sp_buf_printf(&text, format, create->short_name);
    if (status == SP_OK)
        status = write_file(create, "server.xml", sp_buf_str(&text), 0644);
    sp_buf_finish(&text);
    return status;
}

static enum sp_status find_directory(struct create *create)
{
    const char *user = getenv("SALLYPORT_USER_DIR");
    int len = strchr(create->name, '/') ? snprintf(create->directory, PATH_MAX, "%s", create->name)
              : user && *user ? snprintf(create->directory, PATH_MAX, "%s/servers/%s", user, create->name)
                              : snprintf(create->directory, PATH_MAX, "servers/%s", create->name);
    while (len > 1 && len < PATH_MAX && create->directory[len - 1] == '/')
        create->directory[--len] = '\0';
    if (len <= 0 || len >= PATH_MAX - 64)
        return sp_error_set(&create->err, SP_EINVAL, NULL, "the name of the server is too long");
    const char *slash = strrchr(create->directory, '/');
    create->short_name = slash ? slash + 1 : create->directory;
    if (strpbrk(create->short_name, "<>&\"'") || create->short_name[0] == '.' || !create->short_name[0])
        return sp_error_set(&create->err, SP_EINVAL, NULL, "%s is no name for a server", create->short_name);
    char path[PATH_MAX * 2];
    snprintf(path, sizeof path, "%s/server.xml", create->directory);
    if (access(path, F_OK) == 0)
        return sp_error_set(&create->err, SP_EEXISTS, NULL, "there is a server already: %s", path);
    return SP_OK;
}

static enum sp_status create_server(struct create *create)
{
    enum sp_status status = find_directory(create);
    static const char *const below[] = {"resources/zosconnect/apis", "resources/zosconnect/services"};
    for (size_t i = 0; i < 2 && status == SP_OK; i++)
        status = make_directory(create, below[i], 0755);
    if (status == SP_OK)
        status = make_directory(create, "resources/security", 0700);
    if (status != SP_OK)
        return status;
    if (strcmp(create->template, "secure") == 0)
        return write_secure(create);
    return write_plain(create, strcmp(create->template, "stock") == 0 ? sp_server_template_stock
                                                                      : sp_server_template_empty);
}

static void tell(const struct create *create)
{
    printf("server %s is made in %s\n", create->short_name, create->directory);
    if (strcmp(create->template, "secure") == 0)
        printf("  user admin has the password %s (it is not kept anywhere)\n"
               "  the certificate is self-signed, for %s and localhost, and holds for %d days\n"
               "  secret.properties holds the key of the encoded passwords: keep it readable by the server "
               "only\n",
               create->user_password, create->host, CERTIFICATE_DAYS);
    printf("next: sallyport server check %s\n", create->name);
}

static enum sp_status parse(struct create *create, int argc, char **argv)
{
    static const struct option known[] = {{"template", required_argument, NULL, 't'},
                                          {"host", required_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int letter;
    optind = 1;
    opterr = 0;
    while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (letter == 't')
            create->template = optarg;
        else if (letter == 'h')
            create->host = optarg;
        else
            return sp_error_set(&create->err, SP_EINVAL, NULL,
                                "the option %s is unknown or its value is missing", argv[optind - 1]);
    }
    if (argc - optind != 1)
        return sp_error_set(&create->err, SP_EINVAL, NULL, "name one server");
    create->name = argv[optind];
    if (strcmp(create->template, "secure") != 0 && strcmp(create->template, "stock") != 0 &&
        strcmp(create->template, "empty") != 0)
        return sp_error_set(&create->err, SP_EINVAL, NULL, "the template is secure, stock or empty, not '%s'",
                            create->template);
    return SP_OK;
}

int sp_server_create_run(int argc, char **argv)
{
    struct create create = {.template = "secure", .host = "localhost", .err = SP_ERROR_INIT};
    int exit_status = SP_EXIT_OK;
    sp_cli_protect();
    if (parse(&create, argc, argv) != SP_OK)
        exit_status = sp_command_misused(&sp_command_server, "create: %s", create.err.text);
    else if (create_server(&create) != SP_OK)
        exit_status = sp_command_failed(&create.err);
    else
        tell(&create);
    sp_secret_wipe(&create, sizeof create);
    return exit_status;
}
