/* SPDX-License-Identifier: Apache-2.0
 * cmd_server.c: sallyport server run|start|stop|status|refresh|reload|check|create|key|dump.
 */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/report.h"
#include "cli/server_check.h"
#include "cli/server_create.h"
#include "cli/server_dump.h"
#include "cli/server_key.h"
#include "cli/server_launch.h"
#include "cli/server_process.h"
#include "cli/server_refresh.h"
#include "cli/server_takeover.h"
#include "engine/message.h"

struct invocation {
    const char *action;
    struct sp_server_options options;
    struct sp_server_place place;
    struct sp_error err;
};

/* ---- output ---- */

static void print_addresses(const struct sp_config *config)
{
    for (size_t i = 0; i < config->endpoint_count; i++) {
        const struct sp_cfg_http_endpoint *endpoint = &config->endpoints[i];
        if (!endpoint->enabled)
            continue;
        struct sp_str host = endpoint->host;
        const char *form =
            sp_str_find(host, ':') < host.len ? "  %s://[%.*s]:%" PRId64 "\n" : "  %s://%.*s:%" PRId64 "\n";
        if (endpoint->http_port > 0)
            printf(form, "http", SP_STR_ARG(host), endpoint->http_port);
        if (endpoint->https_port > 0)
            printf(form, "https", SP_STR_ARG(host), endpoint->https_port);
    }
}

/* What is wrong, each thing once: an error that is in the list already is not repeated. */
static int failed(const struct invocation *call, const struct sp_problems *problems)
{
    sp_report_problems(problems, stderr);
    return problems->errors && strstr(call->err.id, "SALC") ? SP_EXIT_FAILED : sp_command_failed(&call->err);
}

static int not_running(const struct invocation *call)
{
    printf("server %s is not running\n", call->place.name);
    return SP_EXIT_FAILED;
}

static int running_already(const struct invocation *call, pid_t pid)
{
    fprintf(stderr, "sallyport: server %s is running already, as process %ld\n", call->place.name, (long)pid);
    return SP_EXIT_FAILED;
}

/* ---- actions ---- */

static enum sp_status prepare(struct invocation *call, bool foreground, struct sp_problems *problems,
                              struct sp_config **ret_config)
{
    call->options.foreground = foreground;
    enum sp_status status = sp_server_prepare(&call->place, &call->options, call->place.conf_path, problems,
                                              ret_config, &call->err);
    if (status == SP_OK && geteuid() == 0 && call->options.uid == 0)
        fputs("warning " SP_MSG_ROOT ": workers run as root; give --user, or make a user 'sallyport'\n",
              stderr);
    return status;
}

static int action_run(struct invocation *call)
{
    struct sp_problems problems;
    struct sp_config *config = NULL;
    pid_t pid = sp_server_pid(&call->place);
    if (pid)
        return running_already(call, pid);
    sp_problems_init(&problems);
    enum sp_status status = prepare(call, true, &problems, &config);
    int exit_status = status == SP_OK ? SP_EXIT_OK : failed(call, &problems);
    sp_problems_finish(&problems);
    if (status != SP_OK)
        return exit_status;
    /* The module reads server.xml again and logs what is to be said of it. */
    printf("server %s starts:\n", call->place.name);
    print_addresses(config);
    fflush(stdout);
    sp_config_free(config);
    sp_server_exec(&call->place, &call->err);
    return sp_command_failed(&call->err);
}

static void become_server(void *arg)
{
    struct invocation *call = arg;
    sp_server_exec(&call->place, &call->err);
    sp_command_failed(&call->err);
}

/* What the server said before it had its log. */
static void print_output(const char *path)
{
    char line[2048];
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        fputs(line, stderr);
    if (file)
        fclose(file);
}

static int action_start(struct invocation *call)
{
    struct sp_problems problems;
    struct sp_config *config = NULL;
    pid_t pid = sp_server_pid(&call->place);
    if (pid)
        return running_already(call, pid);
    sp_problems_init(&problems);
    enum sp_status status = prepare(call, false, &problems, &config);
    if (status != SP_OK) {
        int exit_status = failed(call, &problems);
        sp_problems_finish(&problems);
        return exit_status;
    }
    const char *output = sp_arena_printf(&call->place.arena, "%s/console.log", call->place.log_dir).ptr;
    status = output ? sp_server_start(output, become_server, call, call->options.timeout_s, &pid, &call->err)
                    : SP_ENOMEM;
    if (status == SP_OK) {
        sp_report_problems(&problems, stderr);
        printf("server %s is ready (process %ld):\n", call->place.name, (long)pid);
        print_addresses(config);
        printf("  log %s/messages.log\n", call->place.log_dir);
    } else {
        sp_command_failed(&call->err);
        if (output)
            print_output(output);
    }
    sp_problems_finish(&problems);
    sp_config_free(config);
    return status == SP_OK ? SP_EXIT_OK : SP_EXIT_FAILED;
}

static int action_stop(struct invocation *call)
{
    pid_t pid = sp_server_pid(&call->place);
    if (!pid)
        return not_running(call);
    kill(pid, call->options.now ? SIGTERM : SIGQUIT);
    enum sp_status status = sp_server_wait_end(&call->place, call->options.timeout_s);
    if (status != SP_OK && !call->options.now) {
        fprintf(stderr, "sallyport: requests were still in work after %u seconds and are cut off\n",
                call->options.timeout_s);
        kill(pid, SIGTERM);
        status = sp_server_wait_end(&call->place, call->options.timeout_s);
    }
    if (status != SP_OK) {
        fprintf(stderr, "sallyport: process %ld of server %s does not end\n", (long)pid, call->place.name);
        return SP_EXIT_FAILED;
    }
    printf("server %s is stopped\n", call->place.name);
    return SP_EXIT_OK;
}

static int action_status(struct invocation *call)
{
    pid_t pid = sp_server_pid(&call->place);
    if (!pid)
        return not_running(call);
    printf("server %s is running: process %ld, %u workers\n", call->place.name, (long)pid,
           sp_server_workers(pid));
    printf("  configuration %s\n  log %s/messages.log\n  run directory %s\n", call->place.config_dir,
           call->place.log_dir, call->place.run_dir);
    return SP_EXIT_OK;
}

static enum sp_status try_new_conf(struct invocation *call, const char *conf_path,
                                   struct sp_problems *problems)
{
    struct sp_config *config = NULL;
    enum sp_status status = sp_server_options_restore(&call->options, call->place.options_path, &call->err);
    if (status == SP_OK)
        status = sp_server_prepare(&call->place, &call->options, conf_path, problems, &config, &call->err);
    if (status == SP_OK)
        status = sp_server_test(&call->place, conf_path, &call->err);
    sp_config_free(config);
    return status;
}

static int taken_over(struct invocation *call)
{
    if (sp_server_wait_for_new(&call->place, call->options.timeout_s, &call->err) != SP_OK)
        return sp_command_failed(&call->err);
    printf("server %s has taken over its new configuration\n", call->place.name);
    return SP_EXIT_OK;
}

static int action_reload(struct invocation *call)
{
    struct sp_problems problems;
    pid_t pid = sp_server_pid(&call->place);
    if (!pid)
        return not_running(call);
    const char *conf_path = sp_arena_printf(&call->place.arena, "%s.next", call->place.conf_path).ptr;
    if (!conf_path)
        return SP_EXIT_FAILED;
    sp_problems_init(&problems);
    int exit_status = SP_EXIT_OK, turn = -1;
    enum sp_status status = sp_server_take_turn(&call->place, call->options.timeout_s, &turn, &call->err);
    if (status == SP_OK)
        status = try_new_conf(call, conf_path, &problems);
    if (status == SP_OK)
        status = sp_server_take_over(&call->place, conf_path, pid, call->options.timeout_s, &call->err);
    if (status == SP_OK) {
        sp_report_problems(&problems, stderr);
        exit_status = taken_over(call);
    } else {
        exit_status = failed(call, &problems);
        fprintf(stderr, "sallyport: server %s goes on with its old configuration\n", call->place.name);
        sp_server_log_not_taken(&call->place, call->err.text);
        if (turn >= 0)
            unlink(conf_path);
    }
    if (turn >= 0)
        close(turn);
    sp_problems_finish(&problems);
    return exit_status;
}

#define REFRESH_TEXT_MAX (1u << 20)

static int refreshed(struct invocation *call, enum sp_refresh_outcome outcome, const struct sp_buf *text)
{
    FILE *out = outcome == SP_REFRESH_REFUSED ? stderr : stdout;
    fprintf(out, "%.*s", SP_STR_ARG(sp_buf_str(text)));
    switch (outcome) {
    case SP_REFRESH_TAKEN:
        printf("server %s has taken over what changed\n", call->place.name);
        return SP_EXIT_OK;
    case SP_REFRESH_UNCHANGED:
        printf("nothing has changed for server %s\n", call->place.name);
        return SP_EXIT_OK;
    case SP_REFRESH_NEEDS_RELOAD:
        return action_reload(call);
    default:
        fprintf(stderr, "sallyport: server %s goes on with its old configuration\n", call->place.name);
        return SP_EXIT_FAILED;
    }
}

/* What `check` would refuse is refused here, with the same messages, before the server hears of it. */
static enum sp_status check_first(struct invocation *call, struct sp_problems *problems)
{
    enum sp_status status = sp_server_options_restore(&call->options, call->place.options_path, &call->err);
    return status == SP_OK ? sp_server_try(&call->place, &call->options, problems, &call->err) : status;
}

static int action_refresh(struct invocation *call)
{
    struct sp_problems problems;
    struct sp_buf text;
    enum sp_refresh_outcome outcome = SP_REFRESH_REFUSED;
    if (!sp_server_pid(&call->place))
        return not_running(call);
    sp_problems_init(&problems);
    sp_buf_init(&text, REFRESH_TEXT_MAX);
    enum sp_status status = check_first(call, &problems);
    if (status == SP_OK) {
        sp_report_problems(&problems, stderr);
        status = sp_server_refresh(&call->place, call->options.timeout_s, &outcome, &text, &call->err);
        sp_problems_finish(&problems);
        sp_problems_init(&problems);
    }
    int exit_status = status == SP_OK ? refreshed(call, outcome, &text) : failed(call, &problems);
    if (status != SP_OK)
        fprintf(stderr, "sallyport: server %s goes on with its old configuration\n", call->place.name);
    sp_buf_finish(&text);
    sp_problems_finish(&problems);
    return exit_status;
}

/* ---- the command line ---- */

static const struct {
    const char *name;
    int (*run)(struct invocation *call);
} actions[] = {
    {"run", action_run},       {"start", action_start},   {"stop", action_stop},
    {"status", action_status}, {"reload", action_reload}, {"refresh", action_refresh},
};

static int (*find_action(const char *name))(struct invocation *)
{
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
        if (!strcmp(name, actions[i].name))
            return actions[i].run;
    return NULL;
}

static enum sp_status take_option(struct invocation *call, int letter)
{
    switch (letter) {
    case 'w':
        return sp_server_options_workers(&call->options, optarg, &call->err);
    case 'u':
        return sp_server_options_user(&call->options, optarg, &call->err);
    case 't':
        return sp_server_options_timeout(&call->options, optarg, &call->err);
    case 'n':
        call->options.now = true;
        return SP_OK;
    default:
        return sp_error_set(&call->err, SP_EINVAL, NULL, "the option is unknown or its value is missing");
    }
}

/* NAME and options up to `--`, behind it variables. */
static enum sp_status parse(struct invocation *call, int argc, char **argv, const char **ret_name)
{
    static const struct option known[] = {
        {"workers", required_argument, NULL, 'w'},
        {"user", required_argument, NULL, 'u'},
        {"timeout", required_argument, NULL, 't'},
        {"now", no_argument, NULL, 'n'},
        {NULL, 0, NULL, 0},
    };
    int end = 1, letter;
    while (end < argc && strcmp(argv[end], "--") != 0)
        end++;
    enum sp_status status = SP_OK;
    optind = 1;
    opterr = 0;
    while (status == SP_OK && (letter = getopt_long(end, argv, "", known, NULL)) != -1)
        status = take_option(call, letter);
    if (status == SP_OK && end - optind > 1)
        status =
            sp_error_set(&call->err, SP_EINVAL, NULL, "one server at a time, not '%s' too", argv[optind + 1]);
    if (status == SP_OK && optind < end)
        *ret_name = argv[optind];
    for (int i = end + 1; status == SP_OK && i < argc; i++)
        status = sp_server_options_variable(&call->options, argv[i], &call->err);
    return status;
}

static int run(int argc, char **argv)
{
    struct invocation call = {.err = SP_ERROR_INIT};
    const char *name = NULL;
    if (argc < 2)
        return sp_command_misused(
            &sp_command_server,
            "say what to do: run, start, stop, status, refresh, reload, check, create, key or dump");
    if (strcmp(argv[1], "check") == 0)
        return sp_server_check_run(argc - 1, argv + 1);
    if (strcmp(argv[1], "create") == 0)
        return sp_server_create_run(argc - 1, argv + 1);
    if (strcmp(argv[1], "key") == 0)
        return sp_server_key_run(argc - 1, argv + 1);
    if (strcmp(argv[1], "dump") == 0)
        return sp_server_dump_run(argc - 1, argv + 1);
    int (*action)(struct invocation *) = find_action(argv[1]);
    if (!action)
        return sp_command_misused(
            &sp_command_server,
            "'%s' is none of run, start, stop, status, refresh, reload, check, create, key, dump", argv[1]);
    call.action = argv[1];
    sp_server_options_init(&call.options);
    enum sp_status status = parse(&call, argc - 1, argv + 1, &name);
    int exit_status = SP_EXIT_FAILED;
    if (status != SP_OK)
        exit_status = sp_command_misused(&sp_command_server, "%s: %s", call.action, call.err.text);
    else if (sp_server_place_find(name, &call.place, &call.err) != SP_OK)
        exit_status = sp_command_failed(&call.err);
    else
        exit_status = action(&call);
    sp_server_place_finish(&call.place);
    sp_server_options_finish(&call.options);
    return exit_status;
}

const struct sp_command sp_command_server = {
    .name = "server",
    .summary = "run, start and stop a server, or check its server.xml",
    .usage =
        "  sallyport server run    [NAME] [OPTIONS] [-- --VARIABLE=VALUE ...]\n"
        "  sallyport server start  [NAME] [OPTIONS] [-- --VARIABLE=VALUE ...]\n"
        "  sallyport server stop   [NAME] [--timeout=SECONDS] [--now]\n"
        "  sallyport server status [NAME]\n"
        "  sallyport server refresh [NAME]\n"
        "  sallyport server reload [NAME]\n"
        "  sallyport server check  [NAME] [--strict] [--json] [--effective | --written]\n"
        "                          [-- --VARIABLE=VALUE ...]\n"
        "  sallyport server check  --explain ELEMENT[/ELEMENT...][@ATTRIBUTE]\n"
        "  sallyport server create NAME [--template=secure|stock|empty] [--host=HOST]\n"
        "  sallyport server key    [NAME] [--host=HOST] [--id=KEYSTORE] | --ltpa\n"
        "  sallyport server dump   [NAME] [--output=FILE]\n"
        "\n"
        "NAME is a directory with a server.xml, or the name of one below $SALLYPORT_USER_DIR/servers\n"
        "(without that variable: below ./servers, then /var/lib/sallyport/servers); defaultServer when\n"
        "it is not given.\n"
        "\n"
        "  run     stay in the foreground, as a service manager or a container wants it\n"
        "  start   go to the background; returns when the server takes requests\n"
        "  stop    let requests in work end, then stop; --now does not wait for them\n"
        "  status  say whether it runs; the exit status is 0 when it does\n"
        "  refresh take over changed files: server.xml, what it includes, archives. No connection is\n"
        "          closed; what needs other listeners or TLS is reloaded. A broken change is refused\n"
        "  reload  take over a changed server.xml; a broken one is refused and the old one stays\n"
        "          (nginx begins anew: idle connections are closed)\n"
        "  check   read server.xml and its certificates and say what is wrong; the exit status is 0 when\n"
        "          the server can start, 1 when it cannot, 2 when the command line is wrong\n"
        "            --strict     1 when there are warnings, too\n"
        "            --json       the same for programs\n"
        "            --effective  print the merged configuration with the origin of every value, secrets\n"
        "                         masked; problems go to standard error\n"
        "            --written    the same without defaults\n"
        "            --explain    what an element or attribute means\n"
        "            --docs       print docs/server-xml.md (--docs=messages: the table of messages)\n"
        "  create  make a server's directory: secure (HTTPS only, a certificate for HOST that signed\n"
        "          itself, one user, roles, audit), stock (as z/OS Connect EE makes it), or empty\n"
        "  key     make the file of a keyStore (defaultKeyStore) that is not there yet: a certificate for\n"
        "          HOST (localhost) that signed itself, under the password server.xml has; with --ltpa the\n"
        "          keysFileName of the ltpa element, under its keysPassword\n"
        "  dump    write the effective configuration with secrets masked, its problems and the end of\n"
        "          the log into an archive\n"
        "\n"
        "  --workers=N           processes that serve requests (2)\n"
        "  --user=USER[:GROUP]   whom they run as, when started by root (sallyport where there is such\n"
        "                        a user, else the owner of the server's directory)\n"
        "  --timeout=SECONDS     how long start waits for readiness, and stop for requests (30)\n"
        "  --VARIABLE=VALUE      a variable for server.xml; wins over every other definition\n",
    .run = run,
};
