/* SPDX-License-Identifier: Apache-2.0
 * sallyport saf: the security database, by RACF commands.
 */
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/saf_keys.h"
#include "cli/saf_run.h"
#include "cli/saf_unload.h"
#include "cli/server_place.h"
#include "crypto/pkcs11_token.h"

#define DECK_MAX ((size_t)64 << 20)
#define DATABASE_IN_SERVER "resources/security/saf.db"

struct request {
    const char *database, *key, *issuer, *server, *file, *data_sets;
    bool stop_on_error;
    char found[PATH_MAX]; /* where `database` is when nothing says it */
};

/* --database, $SALLYPORT_SAF_DB, or that of the server. */
static enum sp_status find_database(struct request *r, struct sp_error *err)
{
    const char *variable = getenv("SALLYPORT_SAF_DB");
    struct sp_server_place place;
    if (r->database)
        return SP_OK;
    if (!r->server && variable && variable[0]) {
        r->database = variable;
        return SP_OK;
    }
    memset(&place, 0, sizeof place);
    enum sp_status status = sp_server_place_find(r->server, &place, err);
    if (!status && (size_t)snprintf(r->found, sizeof r->found, "%s/" DATABASE_IN_SERVER, place.output_dir) >=
                       sizeof r->found)
        status = sp_error_set(err, SP_ELIMIT, NULL, "the server's path is too long");
    sp_server_place_finish(&place);
    if (status)
        sp_error_prefix(err, "no --database, no $SALLYPORT_SAF_DB, and no server");
    r->database = r->found;
    return status;
}

static enum sp_status open_database(struct request *r, enum sp_saf_db_mode mode, struct sp_saf_db **ret_db,
                                    struct sp_error *err)
{
    enum sp_status status = find_database(r, err);
    return status ? status : sp_saf_db_open(r->database, r->key, mode, ret_db, err);
}

/* ---- create ---- */

static enum sp_status make_directories(const char *path, struct sp_error *err)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, 0750) != 0 && errno != EEXIST)
            return sp_error_errno(err, SP_EIO, errno, "cannot make the directory %s", copy);
        *slash = '/';
    }
    return SP_OK;
}

static int create(struct request *r)
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_saf_db *db = NULL;
    enum sp_status status = find_database(r, &err);
    if (!status && access(r->database, F_OK) == 0)
        status = sp_error_set(&err, SP_EEXISTS, NULL, "there is a security database %s already", r->database);
    if (!status)
        status = make_directories(r->database, &err);
    if (!status)
        status = sp_saf_db_open(r->database, r->key, SP_SAF_DB_CREATE, &db, &err);
    sp_saf_db_close(db);
    if (status)
        return sp_command_failed(&err);
    printf(
        "%s is made, with group SYS1 and user IBMUSER. Its key is in %s%s: who has both has every secret.\n",
        r->database, r->key ? r->key : r->database, r->key ? "" : ".key");
    return SP_EXIT_OK;
}

/* ---- commands ---- */

static enum sp_status read_all(const char *path, struct sp_buf *buf, struct sp_error *err)
{
    bool standard = !strcmp(path, "-");
    FILE *file = standard ? stdin : fopen(path, "rb");
    unsigned char block[65536];
    size_t n;
    if (!file)
        return sp_error_errno(err, SP_EIO, errno, "cannot read %s", path);
    enum sp_status status = SP_OK;
    while (!status && (n = fread(block, 1, sizeof block, file)) > 0)
        status = sp_buf_append(buf, block, n);
    if (status)
        sp_error_set(err, status, NULL, "%s is larger than %zu bytes", path, buf->ceiling);
    else if (ferror(file))
        status = sp_error_errno(err, SP_EIO, errno, "cannot read %s", path);
    if (!standard)
        fclose(file);
    return status;
}

static enum sp_status join_words(int argc, char **argv, struct sp_buf *buf)
{
    enum sp_status status = SP_OK;
    for (int i = 0; i < argc && !status; i++)
        status = sp_buf_printf(buf, "%s%s", i ? " " : "", argv[i]);
    return status;
}

static int run_commands(struct request *r, int argc, char **argv)
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_saf_db *db = NULL;
    struct sp_saf_runner runner;
    struct sp_buf text;
    bool dialogue = !argc && !r->file && isatty(STDIN_FILENO);
    sp_buf_init(&text, DECK_MAX);
    enum sp_status status = open_database(r, SP_SAF_DB_WRITE, &db, &err);
    sp_saf_runner_init(&runner, db, sp_str_of(r->issuer), r->data_sets);
    runner.stop_on_error = r->stop_on_error;
    runner.echo = !argc && !dialogue;
    if (!status && !dialogue)
        status = argc ? join_words(argc, argv, &text) : read_all(r->file ? r->file : "-", &text, &err);
    if (!status)
        status =
            dialogue ? sp_saf_dialogue(&runner, &err) : sp_saf_runner_deck(&runner, sp_buf_str(&text), &err);
    if (runner.echo && runner.done + runner.warned + runner.refused)
        sp_saf_runner_total(&runner);
    fflush(stdout);
    sp_buf_wipe(&text);
    sp_saf_db_close(db);
    if (status)
        return sp_command_failed(&err);
    return runner.worst >= SP_RC_ERROR && !dialogue ? SP_EXIT_FAILED : SP_EXIT_OK;
}

static int run_on_database(struct request *r, int argc, char **argv,
                           int (*fn)(struct sp_saf_db *db, int argc, char **argv))
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_saf_db *db = NULL;
    if (open_database(r, SP_SAF_DB_WRITE, &db, &err))
        return sp_command_failed(&err);
    int result = fn(db, argc, argv);
    sp_saf_db_close(db);
    return result;
}

static int key_to_token(struct request *r, const char *location)
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_saf_db *db = NULL;
    enum sp_status status = open_database(r, SP_SAF_DB_WRITE, &db, &err);
    if (!status)
        status = sp_saf_db_key_to_token(db, r->database, r->key, sp_str_of(location), &err);
    sp_saf_db_close(db);
    sp_pkcs11_rest();
    if (status)
        return sp_command_failed(&err);
    printf("%s%s holds the key encrypted by the token; copies that were made before hold it in clear\n",
           r->key ? r->key : r->database, r->key ? "" : ".key");
    return SP_EXIT_OK;
}

/* ---- the command line ---- */

static bool read_options(struct request *r, int argc, char **argv)
{
    static const struct option options[] = {
        {"database", required_argument, NULL, 'd'}, {"key", required_argument, NULL, 'k'},
        {"issuer", required_argument, NULL, 'i'},   {"server", required_argument, NULL, 's'},
        {"file", required_argument, NULL, 'f'},     {"data-sets", required_argument, NULL, 'D'},
        {"stop-on-error", no_argument, NULL, 'e'},  {NULL, 0, NULL, 0}};
    int option;
    optind = 0; /* from the beginning, however often this runs */
    while ((option = getopt_long(argc, argv, "+f:", options, NULL)) != -1) {
        switch (option) {
        case 'd':
            r->database = optarg;
            break;
        case 'k':
            r->key = optarg;
            break;
        case 'i':
            r->issuer = optarg;
            break;
        case 's':
            r->server = optarg;
            break;
        case 'f':
            r->file = optarg;
            break;
        case 'D':
            r->data_sets = optarg;
            break;
        case 'e':
            r->stop_on_error = true;
            break;
        default:
            return false;
        }
    }
    return true;
}

static int run(int argc, char **argv)
{
    struct request r = {.data_sets = "."};
    char issuer[SP_SAF_ID_MAX + 1] = "";
    if (!read_options(&r, argc, argv))
        return sp_command_misused(&sp_command_saf, "an option is wrong");
    size_t len = r.issuer ? strlen(r.issuer) : 0;
    if (r.issuer && (len < 1 || len > SP_SAF_ID_MAX))
        return sp_command_misused(&sp_command_saf, "--issuer wants a user id");
    for (size_t i = 0; i < len; i++)
        issuer[i] = sp_upper(r.issuer[i]);
    r.issuer = issuer;
    argc -= optind;
    argv += optind;
    const char *word = argc ? argv[0] : "";
    if (argc && r.file)
        return sp_command_misused(&sp_command_saf, "a command and -f exclude each other");
    if (!strcmp(word, "create"))
        return argc == 1 ? create(&r) : sp_command_misused(&sp_command_saf, "'create' takes no arguments");
    if (!strcmp(word, "key"))
        return run_on_database(&r, argc, argv, sp_saf_keys);
    if (!strcmp(word, "key-to-token"))
        return argc == 2 ? key_to_token(&r, argv[1])
                         : sp_command_misused(&sp_command_saf, "'key-to-token' takes a pkcs11: URI");
    if (!strcmp(word, "import"))
        return run_on_database(&r, argc, argv, sp_saf_import);
    if (!strcmp(word, "export"))
        return run_on_database(&r, argc, argv, sp_saf_export);
    return run_commands(&r, argc, argv);
}

const struct sp_command sp_command_saf = {
    .name = "saf",
    .summary = "run RACF commands on the security database",
    .usage =
        "  sallyport saf [OPTIONS] 'COMMAND'\n"
        "  sallyport saf [OPTIONS] -f FILE [--stop-on-error]\n"
        "  sallyport saf [OPTIONS]\n"
        "  sallyport saf [OPTIONS] create\n"
        "  sallyport saf [OPTIONS] key add LABEL FILE | key list | key delete LABEL\n"
        "  sallyport saf [OPTIONS] key-to-token URI\n"
        "  sallyport saf [OPTIONS] import FILE [--check] [--class CLASS]...\n"
        "  sallyport saf [OPTIONS] export FILE\n\n"
        "Runs one command, the commands of a file (plain, or JCL with SYSTSIN in stream; '-' is standard\n"
        "input), or those that are typed. 'create' makes a database. 'key' keeps the keys that profiles of\n"
        "class PTKTDATA name by label, from files of hexadecimal digits. 'key-to-token' has a key in a "
        "PKCS#11\n"
        "token encrypt the key of the database. 'import' and 'export' read and "
        "write\n"
        "the unload of IRRDBU00.\n\n"
        "  --database PATH    the database; else $SALLYPORT_SAF_DB, else " DATABASE_IN_SERVER "\n"
        "                     in the server's output directory\n"
        "  --server NAME      which server (defaultServer)\n"
        "  --key PATH         the key of the database (its path with .key behind it)\n"
        "  --issuer USERID    who issues the commands and whose authority counts (the owner of the "
        "database,\n"
        "                     who may do everything)\n"
        "  --data-sets DIR    where the data sets that RACDCERT names are files (the current directory)\n"
        "  --stop-on-error    end at the first command that is refused\n\n"
        "The exit status is 1 when a command was refused (return code 8 or more). 'help' in the dialogue\n"
        "lists the commands; docs/saf.md describes them.\n",
    .run = run,
};
