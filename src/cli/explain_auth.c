/* SPDX-License-Identifier: Apache-2.0
 * A dry run: the configuration, the registry and the issuers are the real ones; nothing is remembered, and no
 * token is used up.
 */
#include "cli/explain_auth.h"

#include <errno.h>
#include <getopt.h>
#include <openssl/pem.h>
#include <stdlib.h>

#include "authn/trace.h"
#include "base/clock.h"
#include "cli/access_facts.h"
#include "cli/command.h"
#include "cli/explain_client.h"
#include "cli/report.h"
#include "cli/server_place.h"
#include "engine/message.h"
#include "io/fiber.h"
#include "io/loop.h"
#include "text/json_write.h"

#define OUTPUT_MAX ((size_t)4 << 20)
#define HEADERS_MAX 100u
#define WAIT_MS 100

struct explain {
    const char *server, *object, *certificate;
    bool json, optional, done;
    struct sp_http_header headers[HEADERS_MAX];
    struct sp_http_request request;
    struct sp_access_facts facts;
    struct sp_server_place place;
    struct sp_loop *loop;
    struct sp_authn *authn;
    struct sp_buf buf;

    struct sp_authn_trace trace;
    struct sp_principal principal;
    struct sp_challenge challenge;
    enum sp_status status, role_status;
    struct sp_error err, role_err;
    struct sp_str role_by;
    const struct sp_access_object *target;
    struct sp_access_answer answer; /* about the target */
};

/* ---------------------------------------------------------------- the request */

/* "https://host:port/path?query", or a path of https://localhost. */
static bool take_url(struct explain *explain, const char *text)
{
    struct sp_http_request *request = &explain->request;
    struct sp_str url = sp_str_of(text), host = SP_STR("localhost");
    struct sp_str secure = SP_STR("https://"), plain = SP_STR("http://");
    request->tls = !sp_str_starts(url, plain);
    if (sp_str_starts(url, secure) || sp_str_starts(url, plain)) {
        url = sp_str_slice(url, request->tls ? secure.len : plain.len, url.len);
        size_t slash = sp_str_find(url, '/');
        host = sp_str_slice(url, 0, slash);
        url = slash < url.len ? sp_str_slice(url, slash, url.len) : SP_STR("/");
    }
    if (!url.len || url.ptr[0] != '/' || !host.len)
        return false;
    size_t query = sp_str_find(url, '?');
    request->host = host;
    request->target = url;
    request->path = sp_str_slice(url, 0, query);
    if (query < url.len)
        request->query = sp_str_slice(url, query + 1, url.len);
    request->local_address = SP_STR("127.0.0.1");
    size_t colon = sp_str_find(host, ']') < host.len ? host.len : sp_str_find(host, ':');
    uint64_t port = 0;
    bool has_port = sp_str_to_u64(sp_str_slice(host, colon + 1, host.len), &port) == SP_OK && port <= 65535;
    request->local_port = has_port ? (unsigned)port : request->tls ? 443 : 80;
    return true;
}

static bool take_header(struct explain *explain, const char *text)
{
    struct sp_http_request *request = &explain->request;
    struct sp_str line = sp_str_of(text);
    size_t colon = sp_str_find(line, ':');
    if (colon == 0 || colon == line.len || request->header_count == HEADERS_MAX)
        return false;
    struct sp_http_header *header = &explain->headers[request->header_count++];
    header->name = sp_str_slice(line, 0, colon);
    header->value = sp_str_trim(sp_str_slice(line, colon + 1, line.len));
    if (sp_str_caseless_eq(header->name, SP_STR("Host")))
        request->host = header->value;
    return true;
}

static enum sp_status read_certificate(struct explain *explain, struct sp_error *err)
{
    FILE *file = fopen(explain->certificate, "re");
    if (!file)
        return sp_error_errno(err, SP_EIO, errno, "cannot read %s", explain->certificate);
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    unsigned char *der = NULL;
    int len = certificate ? i2d_X509(certificate, &der) : -1;
    fclose(file);
    X509_free(certificate);
    if (len > 0)
        explain->request.client_certificate =
            sp_arena_str(&explain->facts.arena, sp_str_from(der, (size_t)len));
    OPENSSL_free(der);
    return len > 0
               ? SP_OK
               : sp_error_set(err, SP_ESYNTAX, NULL, "%s holds no certificate in PEM", explain->certificate);
}

/* ---------------------------------------------------------------- the run */

static void decide_role(struct explain *explain)
{
    struct sp_access_facts *facts = &explain->facts;
    struct sp_str message;
    if (facts->config->saf_authorization_count) {
        explain->role_status = sp_authz_role_by_saf(facts->config, facts->saf, &explain->principal,
                                                    &facts->arena, &message, &explain->role_err);
        explain->role_by = SP_STR("the security database");
        return;
    }
    explain->role_status = sp_authz_role(facts->role, &explain->principal, &explain->role_err);
    if (explain->role_status == SP_OK)
        explain->role_by = sp_authz_role_by(facts->role, &explain->principal, &facts->arena);
}

static void run(void *arg)
{
    struct explain *explain = arg;
    explain->status =
        io_authn_explain(explain->authn, &explain->request, !explain->optional, &explain->facts.arena,
                         &explain->trace, &explain->principal, &explain->challenge, &explain->err);
    explain->done = true;
}

static bool goes_on(const struct explain *explain)
{
    return explain->status == SP_OK && explain->challenge.status == 0;
}

/* A request that is refused for what a proxy says does not come to authentication. */
static enum sp_status find_client(struct explain *explain, struct sp_error *err)
{
    enum sp_status status = sp_explain_client(explain->facts.config, &explain->facts.arena, explain->headers,
                                              &explain->request, &explain->trace, &explain->err);
    if (status == SP_OK)
        return SP_OK;
    if (strcmp(explain->err.id, SP_MSG_PEER_REFUSED) != 0) {
        *err = explain->err;
        return status;
    }
    explain->done = true;
    explain->status = status;
    explain->challenge.status = 400;
    return SP_OK;
}

static enum sp_status run_all(struct explain *explain, struct sp_error *err)
{
    struct sp_access_facts *facts = &explain->facts;
    enum sp_status status = sp_loop_new(NULL, &explain->loop, err);
    const struct sp_authn_parts parts = {
        .config = facts->config, .registry = facts->registry, .saf = facts->saf, .loop = explain->loop};
    if (status == SP_OK && explain->certificate)
        status = read_certificate(explain, err);
    if (status == SP_OK)
        status = sp_authn_new(&parts, &explain->authn, err);
    if (status == SP_OK)
        sp_authn_start(explain->authn);
    explain->request.headers = explain->headers;
    explain->request.arrived_us = sp_clock_realtime_us();
    struct sp_fiber *fiber = NULL;
    if (status == SP_OK)
        status = find_client(explain, err);
    if (status == SP_OK && !explain->done)
        status = sp_fiber_start(explain->loop, run, explain, &fiber);
    while (status == SP_OK && !explain->done)
        sp_loop_run_once(explain->loop, WAIT_MS);
    if (status == SP_OK && goes_on(explain))
        decide_role(explain);
    if (status == SP_OK && explain->object)
        status = sp_access_object_named(facts, sp_str_of(explain->object), &explain->target, err);
    if (status == SP_OK && explain->target && !sp_authz_has_action(explain->target->kind, SP_ACT_INVOKE))
        status = sp_error_set(err, SP_EINVAL, NULL, "%s is nothing that can be invoked", explain->object);
    if (status == SP_OK && explain->target && goes_on(explain))
        status = sp_access_decide(facts, explain->target, SP_ACT_INVOKE, &explain->principal,
                                  &explain->answer, err);
    return status;
}

static bool may_invoke(const struct explain *explain)
{
    return explain->answer.permitted && explain->answer.has_scopes;
}

static bool is_let_in(const struct explain *explain)
{
    if (!goes_on(explain))
        return false;
    if (explain->target)
        return may_invoke(explain);
    return explain->optional || explain->role_status == SP_OK;
}

/* ---------------------------------------------------------------- the report */

static struct sp_str listed(struct explain *explain, const struct sp_str_list *list)
{
    struct sp_str text = SP_STR("");
    for (size_t i = 0; text.ptr && i < list->count; i++)
        text = sp_arena_printf(&explain->facts.arena, "%.*s%s%.*s", SP_STR_ARG(text), i ? ", " : "",
                               SP_STR_ARG(list->items[i]));
    return text.len ? text : SP_STR("none");
}

static void report_principal(struct explain *explain)
{
    const struct sp_principal *p = &explain->principal;
    struct sp_buf *buf = &explain->buf;
    sp_buf_printf(buf, "identity: %.*s of realm %.*s, by %s (%s)%s\n",
                  SP_STR_ARG(p->name.len ? p->name : SP_STR("nobody")),
                  SP_STR_ARG(p->realm.len ? p->realm : SP_STR("-")), sp_authn_scheme_name(p->scheme),
                  sp_authn_strength_name(p->strength),
                  p->demoted ? " (not let in; goes on as unauthenticatedUser)" : "");
    if (!sp_str_eq(p->original_name, p->name) || !sp_str_eq(p->original_realm, p->realm))
        sp_buf_printf(buf, "as sent: %.*s of realm %.*s\n", SP_STR_ARG(p->original_name),
                      SP_STR_ARG(p->original_realm));
    sp_buf_printf(buf, "registry: %.*s\n", SP_STR_ARG(p->registry.len ? p->registry : SP_STR("none")));
    sp_buf_printf(buf, "user id: %.*s\n", SP_STR_ARG(p->saf_user.len ? p->saf_user : SP_STR("none")));
    sp_buf_printf(buf, "groups: %.*s\n", SP_STR_ARG(listed(explain, &p->groups)));
    if (p->scopes.count)
        sp_buf_printf(buf, "scopes: %.*s\n", SP_STR_ARG(listed(explain, &p->scopes)));
    if (p->claims_json.len)
        sp_buf_printf(buf, "claims: %.*s\n", SP_STR_ARG(p->claims_json));
    if (explain->role_status == SP_OK)
        sp_buf_printf(buf, "role zosConnectAccess: held, by %.*s\n", SP_STR_ARG(explain->role_by));
    else
        sp_buf_printf(buf, "role zosConnectAccess: not held: %s\n", explain->role_err.text);
    if (explain->target)
        sp_buf_printf(buf, "invoke %s: %s: %.*s\n", explain->object,
                      may_invoke(explain) ? "permitted" : "refused", SP_STR_ARG(explain->answer.reason));
}

static void report_text(struct explain *explain)
{
    struct sp_buf *buf = &explain->buf;
    for (size_t i = 0; i < explain->trace.count; i++) {
        const struct sp_authn_step *step = &explain->trace.steps[i];
        sp_buf_printf(buf, "%s%s%s", step->step, step->kind ? " " : "", step->kind ? step->kind : "");
        if (step->id.len)
            sp_buf_printf(buf, "[%.*s]", SP_STR_ARG(step->id));
        sp_buf_printf(buf, ": %.*s\n", SP_STR_ARG(step->text));
    }
    if (explain->status != SP_OK)
        sp_buf_printf(buf, "reason: %s%s%s\n", explain->err.id, explain->err.id[0] ? ": " : "",
                      explain->err.text);
    if (!goes_on(explain))
        sp_buf_printf(buf, "answer: %u\n", explain->challenge.status);
    for (size_t i = 0; i < explain->challenge.header_count; i++)
        sp_buf_printf(buf, "header: %.*s: %.*s\n", SP_STR_ARG(explain->challenge.headers[i].name),
                      SP_STR_ARG(explain->challenge.headers[i].value));
    if (goes_on(explain))
        report_principal(explain);
    sp_buf_printf(buf, "%s\n", is_let_in(explain) ? "let in" : "not let in");
}

static void put_list(struct sp_json_writer *w, const char *name, const struct sp_str_list *list)
{
    sp_json_name(w, sp_str_of(name));
    sp_json_array_begin(w);
    for (size_t i = 0; i < list->count; i++)
        sp_json_string(w, list->items[i]);
    sp_json_array_end(w);
}

static void put_principal(const struct explain *explain, struct sp_json_writer *w)
{
    const struct sp_principal *p = &explain->principal;
    sp_json_name(w, SP_STR("identity"));
    sp_json_object_begin(w);
    sp_json_put_text(w, "scheme", sp_authn_scheme_name(p->scheme));
    sp_json_put_text(w, "strength", sp_authn_strength_name(p->strength));
    sp_json_put_bool(w, "authenticated", p->authenticated);
    sp_json_put_string(w, "name", p->name);
    sp_json_put_string(w, "realm", p->realm);
    sp_json_put_string(w, "registry", p->registry);
    sp_json_put_string(w, "uniqueId", p->unique_id);
    sp_json_put_string(w, "originalName", p->original_name);
    sp_json_put_string(w, "originalRealm", p->original_realm);
    sp_json_put_string(w, "userId", p->saf_user);
    put_list(w, "groups", &p->groups);
    put_list(w, "scopes", &p->scopes);
    if (p->claims_json.len) {
        sp_json_name(w, SP_STR("claims"));
        sp_json_raw(w, sp_str_trim(p->claims_json));
    }
    sp_json_object_end(w);
    sp_json_put_bool(w, "holdsRole", explain->role_status == SP_OK);
    if (explain->target)
        sp_json_put_bool(w, "mayInvoke", may_invoke(explain));
}

static void report_json(struct explain *explain)
{
    struct sp_json_writer w;
    sp_json_writer_init(&w, &explain->buf, 2);
    sp_json_object_begin(&w);
    sp_json_name(&w, SP_STR("steps"));
    sp_json_array_begin(&w);
    for (size_t i = 0; i < explain->trace.count; i++) {
        const struct sp_authn_step *step = &explain->trace.steps[i];
        sp_json_object_begin(&w);
        sp_json_put_text(&w, "step", step->step);
        if (step->kind)
            sp_json_put_text(&w, "provider", step->kind);
        if (step->id.len)
            sp_json_put_string(&w, "id", step->id);
        sp_json_put_string(&w, "text", step->text);
        sp_json_object_end(&w);
    }
    sp_json_array_end(&w);
    sp_json_put_bool(&w, "letIn", is_let_in(explain));
    sp_json_put_i64(&w, "status", (int64_t)explain->challenge.status);
    if (explain->status != SP_OK) {
        sp_json_put_text(&w, "id", explain->err.id);
        sp_json_put_text(&w, "reason", explain->err.text);
    }
    if (goes_on(explain))
        put_principal(explain, &w);
    sp_json_object_end(&w);
    sp_buf_append_byte(&explain->buf, '\n');
}

/* ---------------------------------------------------------------- the command line */

static int read_options(struct explain *explain, int argc, char **argv)
{
    static const struct option options[] = {
        {"server", required_argument, NULL, 's'},
        {"header", required_argument, NULL, 'H'},
        {"peer", required_argument, NULL, 'p'},
        {"object", required_argument, NULL, 'o'},
        {"certificate", required_argument, NULL, 'c'},
        {"optional", no_argument, NULL, 'n'},
        {"json", no_argument, NULL, 'j'},
        {0},
    };
    explain->request.peer_address = SP_STR("127.0.0.1");
    for (int c; (c = getopt_long(argc, argv, "H:", options, NULL)) != -1;) {
        if (c == 's')
            explain->server = optarg;
        else if (c == 'p')
            explain->request.peer_address = sp_str_of(optarg);
        else if (c == 'o')
            explain->object = optarg;
        else if (c == 'c')
            explain->certificate = optarg;
        else if (c == 'n')
            explain->optional = true;
        else if (c == 'j')
            explain->json = true;
        else if (c != 'H' || !take_header(explain, optarg))
            return sp_command_misused(&sp_command_explain,
                                      "auth: an option is unknown, its value is missing, or a header is not "
                                      "'Name: value'");
    }
    if (argc - optind != 2 || !take_url(explain, argv[optind + 1]))
        return sp_command_misused(&sp_command_explain, "auth: METHOD and URL are needed, such as "
                                                       "GET https://host:9443/path");
    explain->request.method = sp_str_of(argv[optind]);
    return SP_EXIT_OK;
}

static int explain_all(struct explain *explain)
{
    struct sp_error err = SP_ERROR_INIT;
    enum sp_status status = sp_server_place_find(explain->server, &explain->place, &err);
    if (status == SP_OK)
        status =
            sp_access_facts_read(explain->place.config_dir, explain->place.output_dir, &explain->facts, &err);
    sp_report_problems(&explain->facts.problems, stderr);
    if (status == SP_OK)
        status = run_all(explain, &err);
    if (status != SP_OK)
        return sp_command_failed(&err);
    if (explain->json)
        report_json(explain);
    else
        report_text(explain);
    fwrite(explain->buf.ptr, 1, explain->buf.len, stdout);
    return is_let_in(explain) && !explain->buf.failed ? SP_EXIT_OK : SP_EXIT_FAILED;
}

int sp_explain_auth(int argc, char **argv)
{
    struct explain *explain = calloc(1, sizeof *explain);
    if (!explain)
        return SP_EXIT_FAILED;
    sp_buf_init(&explain->buf, OUTPUT_MAX);
    int status = read_options(explain, argc, argv);
    if (status == SP_EXIT_OK)
        status = explain_all(explain);
    sp_authn_free(explain->authn);
    sp_loop_free(explain->loop);
    sp_access_facts_finish(&explain->facts);
    sp_server_place_finish(&explain->place);
    sp_buf_finish(&explain->buf);
    free(explain);
    return status;
}
