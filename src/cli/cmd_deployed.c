/* SPDX-License-Identifier: Apache-2.0
 * cmd_deployed.c: sallyport api, sallyport service, sallyport requester: what is deployed in a server, which
 * may be another machine's.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/admin_call.h"
#include "cli/admin_show.h"
#include "cli/command.h"
#include "cli/protect.h"
#include "text/percent.h"

#define ARCHIVE_MAX (64u * 1024u * 1024u)
#define PATH_MAX_BYTES 4096u

struct deployed {
    const struct sp_command *command;
    enum sp_store_kind kind;
    struct sp_admin_place place;
    struct sp_admin_client *client;
    bool json, stopped, force;
    const char *status; /* of a list */
    struct sp_error err;
};

/* ---------------------------------------------------------------- requests */

static const char *collection(enum sp_store_kind kind)
{
    static const char *const names[SP_STORE_KINDS] = {
        [SP_STORE_SERVICE] = "services", [SP_STORE_API] = "apis", [SP_STORE_REQUESTER] = "apiRequesters"};
    return names[kind];
}

/* "/zosConnect/apis/<name><query>"; `name` NULL: the collection. */
static enum sp_status ask(struct deployed *d, const char *method, const char *name, const char *query,
                          struct sp_str archive, const char *file, struct sp_admin_reply *ret_reply)
{
    char room[PATH_MAX_BYTES];
    struct sp_buf path = sp_buf_over(room, sizeof room);
    sp_buf_printf(&path, "/zosConnect/%s%s", collection(d->kind), name ? "/" : "");
    if (name)
        sp_percent_encode(sp_str_of(name), &path);
    sp_buf_append_str(&path, sp_str_of(query));
    if (path.failed)
        return sp_error_set(&d->err, SP_ELIMIT, NULL, "the name %s is too long", name ? name : "");
    const struct sp_admin_call call = {
        .method = method, .path = sp_buf_str(&path), .archive = archive, .file = file};
    enum sp_status status = sp_admin_client_call(d->client, &call, ret_reply, &d->err);
    if (status == SP_OK && (ret_reply->status < 200 || ret_reply->status > 299))
        status = sp_admin_refusal(ret_reply, &d->err);
    return status;
}

static enum sp_status ask_plain(struct deployed *d, const char *method, const char *name, const char *query,
                                struct sp_admin_reply *ret_reply)
{
    return ask(d, method, name, query, (struct sp_str){NULL, 0}, NULL, ret_reply);
}

static enum sp_status read_archive(struct deployed *d, const char *path, struct sp_buf *bytes)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return sp_error_errno(&d->err, SP_EIO, errno, "cannot read %s", path);
    sp_buf_init(bytes, ARCHIVE_MAX);
    enum sp_status status = SP_OK;
    for (;;) {
        unsigned char *room = sp_buf_reserve(bytes, 65536);
        size_t n = room ? fread(room, 1, 65536, file) : 0;
        bytes->len += n;
        if (n == 0)
            break;
    }
    if (bytes->failed)
        status = sp_error_set(&d->err, SP_ELIMIT, NULL, "%s is too large for an archive", path);
    else if (ferror(file))
        status = sp_error_errno(&d->err, SP_EIO, errno, "cannot read %s", path);
    else if (!bytes->len)
        status = sp_error_set(&d->err, SP_EINVAL, NULL, "%s is empty", path);
    fclose(file);
    return status;
}

/* ---------------------------------------------------------------- what there is to do */

static enum sp_status show(struct deployed *d, const struct sp_admin_reply *reply, const char *name,
                           const char *done)
{
    if (d->json)
        printf("%.*s\n", SP_STR_ARG(reply->body));
    else
        printf("%s %s was %s\n", sp_store_kind_name(d->kind), name, done);
    return SP_OK;
}

static enum sp_status list(struct deployed *d, const char *name)
{
    struct sp_admin_reply reply;
    char query[64] = "";
    if (d->status)
        snprintf(query, sizeof query, "?status=%s", d->status);
    enum sp_status status = ask_plain(d, "GET", NULL, query, &reply);
    if (status != SP_OK)
        return status;
    if (!d->json)
        return sp_admin_show_list(d->kind, reply.body, stdout, &d->err);
    printf("%.*s\n", SP_STR_ARG(reply.body));
    return SP_OK;
}

static enum sp_status info(struct deployed *d, const char *name)
{
    struct sp_admin_reply reply;
    enum sp_status status = ask_plain(d, "GET", name, "", &reply);
    if (status != SP_OK)
        return status;
    if (!d->json)
        return sp_admin_show_item(reply.body, stdout, &d->err);
    printf("%.*s\n", SP_STR_ARG(reply.body));
    return SP_OK;
}

static enum sp_status start(struct deployed *d, const char *name)
{
    struct sp_admin_reply reply;
    enum sp_status status = ask_plain(d, "PUT", name, "?status=started", &reply);
    return status == SP_OK ? show(d, &reply, name, "started") : status;
}

static enum sp_status stop(struct deployed *d, const char *name)
{
    struct sp_admin_reply reply;
    enum sp_status status = ask_plain(d, "PUT", name, "?status=stopped", &reply);
    return status == SP_OK ? show(d, &reply, name, "stopped") : status;
}

static enum sp_status delete (struct deployed *d, const char *name) {
    struct sp_admin_reply reply; enum sp_status status = SP_OK;
    if (d->force) status = ask_plain(d, "PUT", name, "?status=stopped", &reply);
    if (status == SP_OK) status = ask_plain(d, "DELETE", name, "", &reply);
    return status == SP_OK ? show(d, &reply, name, "deleted") : status;
}

static enum sp_status deploy(struct deployed *d, const char *file)
{
    struct sp_buf bytes = {0};
    struct sp_admin_reply reply;
    enum sp_status status = read_archive(d, file, &bytes);
    if (status == SP_OK)
        status = ask(d, "POST", NULL, d->stopped ? "?status=stopped" : "", sp_buf_str(&bytes), file, &reply);
    sp_buf_finish(&bytes);
    return status == SP_OK ? show(d, &reply, file, "deployed") : status;
}

/* What is started is stopped for the update, and started again when that is refused. */
static enum sp_status update(struct deployed *d, const char *name, const char *file)
{
    struct sp_buf bytes = {0};
    struct sp_arena arena;
    struct sp_admin_reply reply, ignored;
    bool was_started = false;
    sp_arena_init(&arena, ARCHIVE_MAX);
    enum sp_status status = read_archive(d, file, &bytes);
    if (status == SP_OK)
        status = ask_plain(d, "GET", name, "", &reply);
    if (status == SP_OK)
        was_started = !sp_str_is(sp_admin_status_in(reply.body, &arena), "Stopped");
    if (status == SP_OK && was_started)
        status = ask_plain(d, "PUT", name, "?status=stopped", &ignored);
    if (status == SP_OK)
        status = ask(d, "PUT", name, d->stopped ? "?status=stopped" : "?status=started", sp_buf_str(&bytes),
                     file, &reply);
    else
        was_started = false;
    if (status == SP_OK) {
        status = show(d, &reply, name, "updated");
    } else if (was_started) {
        struct sp_error why = d->err;
        if (ask_plain(d, "PUT", name, "?status=started", &ignored) != SP_OK)
            sp_error_prefix(&why, "it is stopped now, and the update failed");
        d->err = why;
    }
    sp_buf_finish(&bytes);
    sp_arena_finish(&arena);
    return status;
}

/* ---------------------------------------------------------------- the command line */

enum takes { NOTHING, NAMES, FILES, NAME_AND_FILE };

static const struct {
    const char *word;
    enum takes takes;
    enum sp_status (*fn)(struct deployed *d, const char *what);
} actions[] = {
    {"list", NOTHING, list},         {"info", NAMES, info}, {"deploy", FILES, deploy},
    {"start", NAMES, start},         {"stop", NAMES, stop}, {"delete", NAMES, delete},
    {"update", NAME_AND_FILE, NULL},
};
#define ACTIONS (sizeof actions / sizeof actions[0])

static const struct option known[] = {
    {"profile", required_argument, NULL, 'p'},
    {"url", required_argument, NULL, 'u'},
    {"user", required_argument, NULL, 'n'},
    {"password-file", required_argument, NULL, 'w'},
    {"token-file", required_argument, NULL, 't'},
    {"ca", required_argument, NULL, 'a'},
    {"certificate", required_argument, NULL, 'c'},
    {"key", required_argument, NULL, 'k'},
    {"status", required_argument, NULL, 's'},
    {"json", no_argument, NULL, 'j'},
    {"stopped", no_argument, NULL, 'o'},
    {"force", no_argument, NULL, 'f'},
    {NULL, 0, NULL, 0},
};

static void take_option(struct deployed *d, int letter)
{
    struct sp_admin_place *place = &d->place;
    const struct {
        int letter;
        const char **value;
    } texts[] = {{'p', &place->profile},       {'u', &place->url},         {'n', &place->user},
                 {'w', &place->password_file}, {'t', &place->token_file},  {'a', &place->ca},
                 {'k', &place->key},           {'c', &place->certificate}, {'s', &d->status}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].letter == letter)
            *texts[i].value = optarg;
    d->json |= letter == 'j';
    d->stopped |= letter == 'o';
    d->force |= letter == 'f';
}

/* SP_EXIT_OK, or the complaint's. */
static int parse(struct deployed *d, int argc, char **argv)
{
    int letter;
    optind = 1;
    opterr = 0;
    while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (letter == '?')
            return sp_command_misused(d->command, "the option %s is unknown or its value is missing",
                                      argv[optind - 1]);
        take_option(d, letter);
    }
    if (d->status && strcmp(d->status, "started") != 0 && strcmp(d->status, "stopped") != 0)
        return sp_command_misused(d->command, "--status is started or stopped, not '%s'", d->status);
    return SP_EXIT_OK;
}

static int check_operands(struct deployed *d, enum takes takes, const char *word, int count)
{
    switch (takes) {
    case NOTHING:
        return count == 0 ? SP_EXIT_OK : sp_command_misused(d->command, "%s takes no name", word);
    case NAME_AND_FILE:
        return count == 2 ? SP_EXIT_OK
                          : sp_command_misused(d->command, "%s takes a name and an archive", word);
    default:
        return count > 0 ? SP_EXIT_OK
                         : sp_command_misused(d->command, "say which: %s %s", word,
                                              takes == FILES ? "ARCHIVE..." : "NAME...");
    }
}

/* All of them; the first that fails does not keep the others. */
static int act(struct deployed *d, size_t action, int count, char **operands)
{
    int exit_status = SP_EXIT_OK;
    enum sp_status status = sp_admin_place_complete(&d->place, &d->err);
    if (status == SP_OK)
        status = sp_admin_client_new(&d->place, &d->client, &d->err);
    if (status != SP_OK)
        return sp_command_failed(&d->err);
    if (actions[action].takes == NAME_AND_FILE)
        return update(d, operands[0], operands[1]) == SP_OK ? SP_EXIT_OK : sp_command_failed(&d->err);
    for (int i = 0; i < count || (i == 0 && actions[action].takes == NOTHING); i++) {
        sp_error_clear(&d->err);
        if (actions[action].fn(d, count ? operands[i] : NULL) == SP_OK)
            continue;
        if (count > 1)
            sp_error_prefix(&d->err, "%s", operands[i]);
        exit_status = sp_command_failed(&d->err);
    }
    return exit_status;
}

static int run(const struct sp_command *command, enum sp_store_kind kind, int argc, char **argv)
{
    struct deployed d = {.command = command, .kind = kind, .err = SP_ERROR_INIT};
    size_t action = 0;
    while (argc > 1 && action < ACTIONS && strcmp(argv[1], actions[action].word) != 0)
        action++;
    if (argc < 2 || action == ACTIONS)
        return sp_command_misused(command,
                                  "say what to do: list, info, deploy, update, start, stop or delete");
    sp_cli_protect();
    sp_admin_place_init(&d.place);
    int exit_status = parse(&d, argc - 1, argv + 1);
    int count = argc - 1 - optind;
    char **operands = argv + 1 + optind;
    if (exit_status == SP_EXIT_OK)
        exit_status = check_operands(&d, actions[action].takes, actions[action].word, count);
    if (exit_status == SP_EXIT_OK)
        exit_status = act(&d, action, count, operands);
    sp_admin_client_free(d.client);
    sp_admin_place_finish(&d.place);
    return exit_status;
}

static int run_api(int argc, char **argv)
{
    return run(&sp_command_api, SP_STORE_API, argc, argv);
}

static int run_service(int argc, char **argv)
{
    return run(&sp_command_service, SP_STORE_SERVICE, argc, argv);
}

static int run_requester(int argc, char **argv)
{
    return run(&sp_command_requester, SP_STORE_REQUESTER, argc, argv);
}

#define USAGE(command, archive)                                                                            \
    "  sallyport " command " list [--status=started|stopped]\n"                                            \
    "  sallyport " command " info NAME...\n"                                                               \
    "  sallyport " command " deploy " archive "... [--stopped]\n"                                          \
    "  sallyport " command " update NAME " archive " [--stopped]\n"                                        \
    "  sallyport " command " start|stop NAME...\n"                                                         \
    "  sallyport " command " delete NAME... [--force]\n"                                                   \
    "\n"                                                                                                   \
    "Asks a running server, also another machine's, through its administration interface. An update\n"     \
    "stops what is started, and starts it again when it is refused. --force stops before it deletes.\n"    \
    "\n"                                                                                                   \
    "  --json              print what the server answered\n"                                               \
    "  --url=URL           https://host:port; https://localhost:9443\n"                                    \
    "  --ca=FILE           authorities (PEM) that vouch for the server; the system's\n"                    \
    "  --user=NAME         with a password from --password-file=FILE, SALLYPORT_PASSWORD, or asked for\n"  \
    "  --token-file=FILE   a bearer token, also SALLYPORT_TOKEN\n"                                         \
    "  --certificate=FILE  a client certificate (PEM), with --key=FILE\n"                                  \
    "  --profile=NAME      a member of ~/.config/sallyport/profiles.json (SALLYPORT_PROFILES) with url,\n" \
    "                      user, password, passwordFile, token, tokenFile, ca, certificate, key\n"         \
    "\n"                                                                                                   \
    "SALLYPORT_URL, SALLYPORT_USER, SALLYPORT_CA, SALLYPORT_CERTIFICATE, SALLYPORT_KEY and\n"              \
    "SALLYPORT_PROFILE stand for the options. Exits with 0 when all was done, 1 when something was not,\n" \
    "2 when the command line is wrong.\n"

const struct sp_command sp_command_api = {
    .name = "api",
    .summary = "list, deploy, start and stop APIs of a server",
    .usage = USAGE("api", "FILE.aar"),
    .run = run_api,
};

const struct sp_command sp_command_service = {
    .name = "service",
    .summary = "the same of services",
    .usage = USAGE("service", "FILE.sar"),
    .run = run_service,
};

const struct sp_command sp_command_requester = {
    .name = "requester",
    .summary = "the same of API requesters",
    .usage = USAGE("requester", "FILE.ara"),
    .run = run_requester,
};
