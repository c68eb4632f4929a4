/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/explain_access.h"

#include <getopt.h>

#include "cli/access_facts.h"
#include "cli/command.h"
#include "cli/report.h"
#include "cli/server_place.h"
#include "text/json_write.h"

#define OUTPUT_MAX ((size_t)64 << 20)
#define USERS_MAX 1000u

enum form { TEXT, CSV, JSON };

struct explain {
    const char *server;
    bool matrix;
    enum form form;
    struct sp_str users[USERS_MAX]; /* of the matrix */
    struct sp_principal principals[USERS_MAX];
    size_t user_count;
    struct sp_access_facts facts;
    struct sp_server_place place;
    struct sp_buf buf;
};

/* ---------------------------------------------------------------- forms */

/* RFC 4180; what a spreadsheet would take for a formula is kept a text. */
static void put_csv(struct sp_buf *buf, struct sp_str text, char end)
{
    bool formula = text.len && strchr("=+-@\t\r", text.ptr[0]);
    sp_buf_append_byte(buf, '"');
    if (formula)
        sp_buf_append_byte(buf, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"')
            sp_buf_append_byte(buf, '"');
        sp_buf_append_byte(buf, (unsigned char)text.ptr[i]);
    }
    sp_buf_append_byte(buf, '"');
    sp_buf_append_byte(buf, (unsigned char)end);
}

static void put_csv_text(struct sp_buf *buf, const char *text, char end)
{
    put_csv(buf, sp_str_of(text), end);
}

static struct sp_str joined_ways(struct sp_arena *arena, const struct sp_access_answer *answer)
{
    struct sp_str text = SP_STR("");
    for (size_t i = 0; text.ptr && i < answer->way_count; i++)
        text = sp_arena_printf(arena, "%.*s%s%.*s", SP_STR_ARG(text), i ? " " : "",
                               SP_STR_ARG(answer->ways[i].group));
    return text.ptr ? text : SP_STR("");
}

/* The level by which each of the groups may, in the same order. */
static struct sp_str joined_levels(struct sp_arena *arena, const struct sp_access_answer *answer)
{
    struct sp_str text = SP_STR("");
    for (size_t i = 0; text.ptr && i < answer->way_count; i++)
        text = sp_arena_printf(arena, "%.*s%s%s:%s", SP_STR_ARG(text), i ? " " : "",
                               answer->ways[i].of_item ? "item" : "global",
                               sp_authority_name(answer->ways[i].level));
    return text.ptr ? text : SP_STR("");
}

/* What stands before an object for the one who asks: nobody has to be named here. */
static const char *access_word(const struct sp_access_answer *answer)
{
    static const char *const words[2][2][2] = {
        {{"everybody", "scopes"}, {"groups", "groups, scopes"}},
        {{"role", "role, scopes"}, {"role and groups", "role, groups, scopes"}},
    };
    return words[answer->asks_role][answer->asks_levels][answer->scopes.count > 0];
}

static void put_ways_json(struct sp_json_writer *w, const struct sp_access_answer *answer)
{
    sp_json_name(w, SP_STR("groups"));
    sp_json_array_begin(w);
    for (size_t i = 0; i < answer->way_count; i++) {
        sp_json_object_begin(w);
        sp_json_put_string(w, "group", answer->ways[i].group);
        sp_json_put_text(w, "level", sp_authority_name(answer->ways[i].level));
        sp_json_put_text(w, "of", answer->ways[i].of_item ? "item" : "global");
        sp_json_object_end(w);
    }
    sp_json_array_end(w);
}

static void put_strings_json(struct sp_json_writer *w, const char *name, const struct sp_str_list *texts)
{
    sp_json_name(w, sp_str_of(name));
    sp_json_array_begin(w);
    for (size_t i = 0; i < texts->count; i++)
        sp_json_string(w, texts->items[i]);
    sp_json_array_end(w);
}

static void put_object_json(struct sp_json_writer *w, const struct sp_access_object *object,
                            enum sp_authz_action action)
{
    sp_json_put_text(w, "kind", sp_access_kind_name(object->kind));
    sp_json_put_string(w, "name", object->name);
    sp_json_put_text(w, "action", sp_authz_action_name(action));
}

static struct sp_str shown_name(const struct sp_principal *principal)
{
    return principal->name.len ? principal->name : SP_STR("-");
}

/* ---------------------------------------------------------------- one question */

static void put_groups(struct sp_buf *buf, const struct sp_principal *principal)
{
    const struct sp_str_list *groups = sp_authz_groups_of(principal);
    if (!groups->count)
        sp_buf_append_str(buf, SP_STR("none"));
    for (size_t i = 0; i < groups->count; i++)
        sp_buf_printf(buf, "%s%.*s", i ? ", " : "", SP_STR_ARG(groups->items[i]));
}

static void answer_text(struct explain *explain, const struct sp_access_object *object,
                        enum sp_authz_action action, const struct sp_principal *principal,
                        const struct sp_access_answer *answer)
{
    struct sp_buf *buf = &explain->buf;
    sp_buf_printf(buf, "%s: %s %s%s%.*s as %.*s\n  because  %.*s\n",
                  answer->permitted ? "permitted" : "refused", sp_authz_action_name(action),
                  sp_access_kind_name(object->kind), object->name.len ? " " : "", SP_STR_ARG(object->name),
                  SP_STR_ARG(shown_name(principal)), SP_STR_ARG(answer->reason));
    sp_buf_printf(buf, "  demands  %s (%s), %s (%s)\n",
                  answer->demands.auth ? "an identity and role " SP_AUTHZ_ROLE : "no identity",
                  answer->demands.auth_from, answer->demands.secure ? "TLS" : "no TLS",
                  answer->demands.secure_from);
    for (size_t i = 0; i < answer->scopes.count; i++)
        sp_buf_printf(buf, "%s%.*s", i ? ", " : "  scopes   a token with ",
                      SP_STR_ARG(answer->scopes.items[i]));
    if (answer->scopes.count)
        sp_buf_append_byte(buf, '\n');
    sp_buf_printf(buf, "  user     realm %.*s, SAF user id %.*s, groups ", SP_STR_ARG(principal->realm),
                  SP_STR_ARG(principal->saf_user.len ? principal->saf_user : SP_STR("none")));
    put_groups(buf, principal);
    sp_buf_printf(buf, "\n  role     %s: %.*s\n", answer->holds_role ? "held" : "not held",
                  SP_STR_ARG(answer->role_by));
    if (!answer->asks_levels) {
        sp_buf_append_str(buf, SP_STR("  levels   not asked: no authorization interceptor runs\n"));
        return;
    }
    sp_buf_append_str(buf, SP_STR("  levels   "));
    for (size_t i = 0; i < answer->way_count; i++)
        sp_buf_printf(buf, "%s%.*s (%s, %s)", i ? ", " : "", SP_STR_ARG(answer->ways[i].group),
                      sp_authority_name(answer->ways[i].level), answer->ways[i].of_item ? "item" : "global");
    sp_buf_printf(buf, "%s\n", answer->way_count ? " may" : "no group may");
}

static void answer_json(struct explain *explain, const struct sp_access_object *object,
                        enum sp_authz_action action, const struct sp_principal *principal,
                        const struct sp_access_answer *answer)
{
    struct sp_json_writer w;
    const struct sp_str_list *groups = sp_authz_groups_of(principal);
    sp_json_writer_init(&w, &explain->buf, 2);
    sp_json_object_begin(&w);
    sp_json_put_bool(&w, "permitted", answer->permitted);
    sp_json_put_string(&w, "reason", answer->reason);
    put_object_json(&w, object, action);
    sp_json_put_string(&w, "user", shown_name(principal));
    sp_json_put_bool(&w, "authenticated", principal->authenticated);
    sp_json_put_string(&w, "realm", principal->realm);
    sp_json_put_string(&w, "safUser", principal->saf_user);
    put_strings_json(&w, "userGroups", groups);
    sp_json_put_bool(&w, "requireAuth", answer->demands.auth);
    sp_json_put_bool(&w, "requireSecure", answer->demands.secure);
    put_strings_json(&w, "scopes", &answer->scopes);
    sp_json_put_bool(&w, "holdsRole", answer->holds_role);
    sp_json_put_string(&w, "role", answer->role_by);
    sp_json_put_bool(&w, "levelsAsked", answer->asks_levels);
    put_ways_json(&w, answer);
    sp_json_object_end(&w);
    sp_buf_append_byte(&explain->buf, '\n');
}

static void answer_csv(struct explain *explain, const struct sp_access_object *object,
                       enum sp_authz_action action, const struct sp_principal *principal,
                       const struct sp_access_answer *answer)
{
    struct sp_buf *buf = &explain->buf;
    sp_buf_append_str(buf, SP_STR("user,action,kind,name,permitted,reason\n"));
    put_csv(buf, shown_name(principal), ',');
    put_csv_text(buf, sp_authz_action_name(action), ',');
    put_csv_text(buf, sp_access_kind_name(object->kind), ',');
    put_csv(buf, object->name, ',');
    put_csv_text(buf, answer->permitted ? "yes" : "no", ',');
    put_csv(buf, answer->reason, '\n');
}

static int finish(struct explain *explain, int status)
{
    fwrite(explain->buf.ptr, 1, explain->buf.len, stdout);
    return explain->buf.failed ? SP_EXIT_FAILED : status;
}

static int answer_one(struct explain *explain, char **words)
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_principal principal;
    struct sp_access_answer answer;
    const struct sp_access_object *object;
    enum sp_authz_action action;
    if (!sp_authz_action_named(sp_str_of(words[1]), &action))
        return sp_command_misused(
            &sp_command_explain,
            "'%s' is no action: invoke, list, details, document, deploy, update, start, "
            "stop, delete, statistics",
            words[1]);
    if (sp_access_object_named(&explain->facts, sp_str_of(words[2]), &object, &err) != SP_OK)
        return sp_command_failed(&err);
    if (!sp_authz_has_action(object->kind, action))
        return sp_command_misused(&sp_command_explain, "a thing of kind %s has no action '%s'",
                                  sp_access_kind_name(object->kind), words[1]);
    if (sp_access_principal(&explain->facts, sp_str_of(words[0]), &principal, &err) != SP_OK ||
        sp_access_decide(&explain->facts, object, action, &principal, &answer, &err) != SP_OK)
        return sp_command_failed(&err);
    if (explain->form == JSON)
        answer_json(explain, object, action, &principal, &answer);
    else if (explain->form == CSV)
        answer_csv(explain, object, action, &principal, &answer);
    else
        answer_text(explain, object, action, &principal, &answer);
    return finish(explain, answer.permitted ? SP_EXIT_OK : SP_EXIT_FAILED);
}

/* ---------------------------------------------------------------- the matrix */

/* Those named on the command line, otherwise those that server.xml lists. */
static enum sp_status take_users(struct explain *explain, struct sp_error *err)
{
    const struct sp_cfg_basic_registry *basic = explain->facts.config->basic_registry;
    bool lists = !explain->user_count && basic && !explain->facts.config->saf_registry_count &&
                 !explain->facts.config->ldap_registry_count;
    for (size_t i = 0; lists && i < basic->user_count && explain->user_count < USERS_MAX; i++)
        explain->users[explain->user_count++] = basic->users[i].name;
    enum sp_status status = SP_OK;
    for (size_t i = 0; status == SP_OK && i < explain->user_count; i++)
        status = sp_access_principal(&explain->facts, explain->users[i], &explain->principals[i], err);
    return status;
}

static enum sp_status permitted_users(struct explain *explain, const struct sp_access_object *object,
                                      enum sp_authz_action action, const struct sp_str **ret_users,
                                      size_t *ret_count, struct sp_error *err)
{
    struct sp_str *users = sp_arena_calloc(&explain->facts.arena, explain->user_count, sizeof *users);
    enum sp_status status = users ? SP_OK : sp_error_set(err, SP_ENOMEM, NULL, "no memory");
    size_t count = 0;
    for (size_t i = 0; status == SP_OK && i < explain->user_count; i++) {
        struct sp_access_answer answer;
        status = sp_access_decide(&explain->facts, object, action, &explain->principals[i], &answer, err);
        if (status == SP_OK && answer.permitted)
            users[count++] = explain->users[i];
    }
    *ret_users = users;
    *ret_count = count;
    return status;
}

static struct sp_str joined(struct sp_arena *arena, const struct sp_str *texts, size_t count)
{
    struct sp_str text = SP_STR("");
    for (size_t i = 0; text.ptr && i < count; i++)
        text = sp_arena_printf(arena, "%.*s%s%.*s", SP_STR_ARG(text), i ? " " : "", SP_STR_ARG(texts[i]));
    return text.ptr ? text : SP_STR("");
}

static enum sp_status put_row(struct explain *explain, struct sp_json_writer *w,
                              const struct sp_access_object *object, enum sp_authz_action action,
                              struct sp_error *err)
{
    static const struct sp_principal nobody;
    struct sp_access_answer answer;
    const struct sp_str *users;
    size_t count;
    struct sp_buf *buf = &explain->buf;
    enum sp_status status = sp_access_decide(&explain->facts, object, action, &nobody, &answer, err);
    if (status == SP_OK)
        status = permitted_users(explain, object, action, &users, &count, err);
    if (status != SP_OK)
        return status;
    if (!answer.asks_levels)
        answer.way_count = 0;
    struct sp_str groups = joined_ways(&explain->facts.arena, &answer);
    struct sp_str names = joined(&explain->facts.arena, users, count);
    if (explain->form == CSV) {
        put_csv_text(buf, sp_access_kind_name(object->kind), ',');
        put_csv(buf, object->name, ',');
        put_csv_text(buf, sp_authz_action_name(action), ',');
        put_csv_text(buf, access_word(&answer), ',');
        put_csv(buf, groups, ',');
        put_csv(buf, joined_levels(&explain->facts.arena, &answer), ',');
        put_csv(buf, joined(&explain->facts.arena, answer.scopes.items, answer.scopes.count), ',');
        put_csv(buf, names, '\n');
    } else if (explain->form == TEXT) {
        sp_buf_printf(buf, "%-10s %-24.*s %-11s %-16s %-32.*s %.*s\n", sp_access_kind_name(object->kind),
                      SP_STR_ARG(object->name), sp_authz_action_name(action), access_word(&answer),
                      SP_STR_ARG(groups), SP_STR_ARG(names));
    } else {
        sp_json_object_begin(w);
        put_object_json(w, object, action);
        sp_json_put_text(w, "access", access_word(&answer));
        put_ways_json(w, &answer);
        put_strings_json(w, "scopes", &answer.scopes);
        put_strings_json(w, "users", &(struct sp_str_list){users, count});
        sp_json_object_end(w);
    }
    return SP_OK;
}

static int print_matrix(struct explain *explain)
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_json_writer w;
    enum sp_status status = take_users(explain, &err);
    sp_json_writer_init(&w, &explain->buf, 2);
    if (explain->form == CSV)
        sp_buf_append_str(&explain->buf, SP_STR("kind,name,action,access,groups,levels,scopes,users\n"));
    else if (explain->form == TEXT)
        sp_buf_printf(&explain->buf, "%-10s %-24s %-11s %-16s %-32s %s\n", "kind", "name", "action", "access",
                      "groups", "users");
    else
        sp_json_array_begin(&w);
    for (size_t i = 0; status == SP_OK && i < explain->facts.object_count; i++)
        for (enum sp_authz_action action = 0; status == SP_OK && action < SP_ACTIONS; action++)
            if (sp_authz_has_action(explain->facts.objects[i].kind, action))
                status = put_row(explain, &w, &explain->facts.objects[i], action, &err);
    if (status != SP_OK)
        return sp_command_failed(&err);
    if (explain->form == JSON) {
        sp_json_array_end(&w);
        sp_buf_append_byte(&explain->buf, '\n');
    }
    return finish(explain, SP_EXIT_OK);
}

/* ---------------------------------------------------------------- the command line */

static bool take_user(struct explain *explain, const char *text)
{
    if (explain->user_count >= USERS_MAX)
        return false;
    explain->users[explain->user_count++] = sp_str_of(text);
    return true;
}

static int parse(struct explain *explain, int argc, char **argv)
{
    static const struct option known[] = {
        {"server", required_argument, NULL, 's'}, {"matrix", no_argument, NULL, 'm'},
        {"user", required_argument, NULL, 'u'},   {"csv", no_argument, NULL, 'c'},
        {"json", no_argument, NULL, 'j'},         {NULL, 0, NULL, 0},
    };
    int letter;
    optind = 1;
    opterr = 0;
    while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (letter == 's')
            explain->server = optarg;
        else if (letter == 'm')
            explain->matrix = true;
        else if (letter == 'c')
            explain->form = CSV;
        else if (letter == 'j')
            explain->form = JSON;
        else if (letter != 'u' || !take_user(explain, optarg))
            return sp_command_misused(&sp_command_explain, "access: '%s' is not understood",
                                      argv[optind - 1]);
    }
    if (argc - optind != (explain->matrix ? 0 : 3))
        return sp_command_misused(&sp_command_explain, explain->matrix ? "access: --matrix wants no names"
                                                                       : "access wants USER ACTION OBJECT");
    return SP_EXIT_OK;
}

static int answer(struct explain *explain, char **words)
{
    struct sp_error err = SP_ERROR_INIT;
    if (sp_server_place_find(explain->server, &explain->place, &err) != SP_OK)
        return sp_command_failed(&err);
    if (sp_access_facts_read(explain->place.config_dir, explain->place.output_dir, &explain->facts, &err) !=
        SP_OK) {
        sp_report_problems(&explain->facts.problems, stderr);
        return sp_command_failed(&err);
    }
    for (const struct sp_problem *p = explain->facts.problems.first; p; p = p->next)
        if (p->severity == SP_PROBLEM_ERROR)
            sp_report_problem(p, stderr);
    return explain->matrix ? print_matrix(explain) : answer_one(explain, words);
}

int sp_explain_access(int argc, char **argv)
{
    static struct explain explain; /* once in a process, and too large for a stack */
    int status = parse(&explain, argc, argv);
    if (status != SP_EXIT_OK)
        return status;
    sp_buf_init(&explain.buf, OUTPUT_MAX);
    status = answer(&explain, argv + optind);
    sp_buf_finish(&explain.buf);
    sp_access_facts_finish(&explain.facts);
    sp_server_place_finish(&explain.place);
    return status;
}
