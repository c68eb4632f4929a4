/* SPDX-License-Identifier: Apache-2.0
 * cmd_password.c: sallyport password encode.
 */
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/secret.h"
#include "cli/command.h"
#include "cli/prompt.h"
#include "cli/protect.h"
#include "cli/server_place.h"
#include "config/config.h"
#include "config/tree.h"
#include "crypto/password.h"

#define LINE_CEILING SP_PROMPT_BYTES_MAX

struct encode {
    enum sp_password_form form;
    const char *key_file, *server;
    char *text;
    struct sp_buf key, clear;
    struct sp_error err;
};

static enum sp_status take_form(struct encode *encode, const char *name)
{
    static const struct {
        const char *name;
        enum sp_password_form form;
    } forms[] = {{"aes", SP_PASSWORD_AS_AES_256},
                 {"aes-256", SP_PASSWORD_AS_AES_256},
                 {"aes-128", SP_PASSWORD_AS_AES_128},
                 {"xor", SP_PASSWORD_AS_XOR},
                 {"hash", SP_PASSWORD_AS_HASH}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (strcmp(forms[i].name, name) == 0) {
            encode->form = forms[i].form;
            return SP_OK;
        }
    }
    return sp_error_set(&encode->err, SP_EINVAL, NULL, "the encoding is aes, aes-128, hash or xor, not '%s'",
                        name);
}

static enum sp_status read_twice(struct encode *encode)
{
    struct sp_buf again;
    sp_buf_init(&again, LINE_CEILING);
    enum sp_status status = sp_prompt_secret("Password: ", &encode->clear, &encode->err);
    if (status == SP_OK)
        status = sp_prompt_secret("The same again: ", &again, &encode->err);
    if (status == SP_OK && !sp_secret_eq(sp_buf_str(&encode->clear), sp_buf_str(&again)))
        status = sp_error_set(&encode->err, SP_EINVAL, NULL, "the two are not the same");
    sp_buf_wipe(&again);
    return status;
}

static enum sp_status read_clear(struct encode *encode)
{
    if (encode->text) {
        enum sp_status status = sp_buf_append_str(&encode->clear, sp_str_of(encode->text));
        sp_secret_wipe(encode->text, strlen(encode->text)); /* what others see of the command line */
        return status;
    }
    setvbuf(stdin, NULL, _IONBF, 0);
    if (isatty(STDIN_FILENO))
        return read_twice(encode);
    return sp_prompt_line(stdin, &encode->clear, &encode->err);
}

/* The key that the server's own configuration names. */
static enum sp_status key_of_server(struct encode *encode)
{
    struct sp_server_place place;
    struct sp_problems problems;
    struct sp_config *config = NULL;
    enum sp_status status = sp_server_place_find(encode->server, &place, &encode->err);
    if (status != SP_OK)
        return status;
    struct sp_config_options options = {
        .config_dir = place.config_dir, .output_dir = place.output_dir, .keep_broken = true};
    sp_problems_init(&problems);
    status = sp_config_load(&options, &problems, &config, &encode->err);
    if (config) {
        struct sp_str name = SP_STR("wlp.password.encryption.key"),
                      key = sp_variables_get(&config->tree->variables, name, NULL);
        struct sp_variable_result result;
        status = SP_OK;
        if (key.ptr)
            status = sp_variables_resolve(&config->tree->variables, key, NULL, &result, &encode->err);
        if (key.ptr && status == SP_OK)
            status = sp_buf_append_str(&encode->key, result.text);
    }
    sp_config_free(config);
    sp_problems_finish(&problems);
    sp_server_place_finish(&place);
    return status;
}

static enum sp_status read_key(struct encode *encode)
{
    if (encode->server)
        return key_of_server(encode);
    if (!encode->key_file)
        return SP_OK;
    FILE *file = fopen(encode->key_file, "re");
    if (!file)
        return sp_error_set(&encode->err, SP_EIO, NULL, "the key file %s cannot be read", encode->key_file);
    enum sp_status status = sp_prompt_line(file, &encode->key, &encode->err);
    fclose(file);
    if (status == SP_OK && encode->key.len == 0)
        status = sp_error_set(&encode->err, SP_EINVAL, NULL, "the key file %s is empty", encode->key_file);
    return status;
}

static enum sp_status encode_password(struct encode *encode, struct sp_buf *out)
{
    struct sp_password_keys keys;
    enum sp_status status = read_key(encode);
    if (status == SP_OK)
        status = read_clear(encode);
    if (status != SP_OK)
        return status;
    sp_password_keys_init(&keys, encode->key.len ? sp_buf_str(&encode->key) : (struct sp_str){NULL, 0});
    status = sp_password_encode(&keys, encode->form, sp_buf_str(&encode->clear), out, &encode->err);
    sp_password_keys_finish(&keys);
    return status;
}

static enum sp_status parse(struct encode *encode, int argc, char **argv)
{
    static const struct option known[] = {
        {"encoding", required_argument, NULL, 'e'},
        {"key-file", required_argument, NULL, 'k'},
        {"server", required_argument, NULL, 's'},
        {NULL, 0, NULL, 0},
    };
    int letter;
    optind = 1;
    opterr = 0;
    while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (letter == 'k')
            encode->key_file = optarg;
        else if (letter == 's')
            encode->server = optarg;
        else if (letter != 'e')
            return sp_error_set(&encode->err, SP_EINVAL, NULL,
                                "the option %s is unknown or its value is missing", argv[optind - 1]);
        else if (take_form(encode, optarg) != SP_OK)
            return SP_EINVAL;
    }
    if (argc - optind > 1)
        return sp_error_set(&encode->err, SP_EINVAL, NULL,
                            "one password at a time; quote one that holds blanks");
    if (encode->key_file && encode->server)
        return sp_error_set(&encode->err, SP_EINVAL, NULL, "--key-file or --server, not both");
    encode->text = optind < argc ? argv[optind] : NULL;
    return SP_OK;
}

static int run(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "encode") != 0)
        return sp_command_misused(&sp_command_password, "say what to do: encode");
    sp_cli_protect();
    struct encode encode = {.form = SP_PASSWORD_AS_AES_256, .err = SP_ERROR_INIT};
    struct sp_buf out;
    sp_buf_init(&encode.key, LINE_CEILING);
    sp_buf_init(&encode.clear, LINE_CEILING);
    sp_buf_init(&out, 65536);
    int exit_status = SP_EXIT_OK;
    if (parse(&encode, argc - 1, argv + 1) != SP_OK)
        exit_status = sp_command_misused(&sp_command_password, "encode: %s", encode.err.text);
    else if (encode_password(&encode, &out) != SP_OK)
        exit_status = sp_command_failed(&encode.err);
    else
        printf("%.*s\n", SP_STR_ARG(sp_buf_str(&out)));
    sp_buf_wipe(&encode.key);
    sp_buf_wipe(&encode.clear);
    sp_buf_wipe(&out);
    return exit_status;
}

const struct sp_command sp_command_password = {
    .name = "password",
    .summary = "encode a password for server.xml",
    .usage =
        "  sallyport password encode [--encoding=aes|aes-128|hash|xor]\n"
        "                            [--key-file=FILE | --server=NAME] [TEXT]\n"
        "\n"
        "Prints the password as server.xml takes it. Without TEXT it is asked for, or the first line of\n"
        "standard input; TEXT on the command line can be seen by others while the command runs.\n"
        "\n"
        "  aes      AES-256 (as newer releases of Liberty read it); aes-128 is read by every release\n"
        "  hash     for users of basicRegistry; cannot be turned back\n"
        "  xor      anybody can turn it back\n"
        "\n"
        "  --key-file=FILE  the first line is the key, which must also be the variable\n"
        "                   wlp.password.encryption.key of the server\n"
        "  --server=NAME    take the key that this server's variable has\n"
        "\n"
        "Without a key, {aes} passwords have the key of every Liberty, which hides them from a passing look\n"
        "only.\n",
    .run = run,
};
