/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/command.h"
#include "cli/explain_access.h"
#include "cli/explain_auth.h"

/* One a line, so that additions do not meet. */
/* clang-format off */
static const struct {
    const char *what;
    int (*run)(int argc, char **argv);
} topics[] = {
    {"access", sp_explain_access},
    {"auth", sp_explain_auth},
};
/* clang-format on */

static int run(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof topics / sizeof topics[0]; i++)
        if (strcmp(argv[1], topics[i].what) == 0)
            return topics[i].run(argc - 1, argv + 1);
    return sp_command_misused(&sp_command_explain,
                              argc > 1 ? "'%s' cannot be explained" : "what to explain is missing",
                              argc > 1 ? argv[1] : "");
}

const struct sp_command sp_command_explain = {
    .name = "explain",
    .summary = "say who may do what, and why; how a request would be authenticated",
    .usage =
        "  sallyport explain access USER ACTION OBJECT [--server NAME] [--json | --csv]\n"
        "  sallyport explain access --matrix [--user USER]... [--server NAME] [--json | --csv]\n"
        "  sallyport explain auth METHOD URL [-H 'Name: value']... [--peer ADDRESS] [--certificate FILE]\n"
        "                         [--object OBJECT] [--optional] [--server NAME] [--json]\n\n"
        "access: whether USER of the registry (- for a request without identity) may do ACTION (invoke, "
        "list,\n"
        "details, document, deploy, update, start, stop, delete, statistics) with OBJECT (api:NAME,\n"
        "service:NAME, requester:NAME, server, or a NAME that only one thing has). The exit status is 1 "
        "when\n"
        "he may not. --matrix prints it for everything deployed: the groups that may, and which of the "
        "users\n"
        "that server.xml lists, or of those given, may.\n\n"
        "auth: what authentication would do with a request: filters, provider, claims, user id, role, and "
        "whether\n"
        "it may invoke OBJECT. FILE is a client certificate in PEM; --optional: the target needs no "
        "identity. The\n"
        "registry and the issuers are asked; nothing is remembered. The exit status is 1 when it would "
        "not be\n"
        "let in.\n",
    .run = run,
};
