/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/admin_show.h"

#include "text/json.h"
#include "text/utf8.h"

#define MEMORY_MAX (256u * 1024u * 1024u)
#define COLUMNS_MAX 5u

/* ---------------------------------------------------------------- texts */

static size_t characters(struct sp_str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return count;
}

static void print_text(struct sp_str text, FILE *out)
{
    for (size_t i = 0; i < text.len; i++)
        fputc((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f ? '?' : text.ptr[i], out);
}

/* The five entities that the interface puts into its messages. */
static struct sp_str without_entities(struct sp_str text, struct sp_arena *arena)
{
    static const struct {
        struct sp_str entity;
        char c;
    } entities[] = {{SP_STR_INIT("&lt;"), '<'},
                    {SP_STR_INIT("&gt;"), '>'},
                    {SP_STR_INIT("&#39;"), '\''},
                    {SP_STR_INIT("&quot;"), '"'},
                    {SP_STR_INIT("&amp;"), '&'}};
    char *out = sp_arena_alloc(arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; out && i < text.len;) {
        struct sp_str rest = sp_str_slice(text, i, text.len);
        size_t n = 0;
        while (n < 5 && !sp_str_starts(rest, entities[n].entity))
            n++;
        out[len++] = n < 5 ? entities[n].c : text.ptr[i];
        i += n < 5 ? entities[n].entity.len : 1;
    }
    return out ? sp_str_from(out, len) : text;
}

/* ---------------------------------------------------------------- lists */

struct column {
    const char *heading, *member;
};

static const struct {
    const char *list;
    struct column columns[COLUMNS_MAX];
} lists[SP_STORE_KINDS] = {
    [SP_STORE_SERVICE] = {"zosConnectServices",
                          {{"NAME", "ServiceName"},
                           {"PROVIDER", "ServiceProvider"},
                           {"DESCRIPTION", "ServiceDescription"}}},
    [SP_STORE_API] = {"apis", {{"NAME", "name"}, {"VERSION", "version"}, {"DESCRIPTION", "description"}}},
    [SP_STORE_REQUESTER] = {"apiRequesters",
                            {{"NAME", "name"},
                             {"VERSION", "version"},
                             {"STATUS", "status"},
                             {"CONNECTION", "connection"},
                             {"DESCRIPTION", "description"}}},
};

static void print_cell(struct sp_str text, size_t width, bool last, FILE *out)
{
    print_text(text, out);
    if (last)
        fputc('\n', out);
    else
        fprintf(out, "%*s", (int)(width - characters(text) + 2), "");
}

static void print_table(const struct column *columns, const struct sp_json_value *items, FILE *out)
{
    size_t widths[COLUMNS_MAX], count = 0;
    for (; count < COLUMNS_MAX && columns[count].heading; count++) {
        widths[count] = strlen(columns[count].heading);
        for (const struct sp_json_value *item = items->first; item; item = item->next) {
            size_t width = characters(sp_json_member_text(item, sp_str_of(columns[count].member)));
            widths[count] = width > widths[count] ? width : widths[count];
        }
    }
    for (size_t i = 0; i < count; i++)
        print_cell(sp_str_of(columns[i].heading), widths[i], i + 1 == count, out);
    for (const struct sp_json_value *item = items->first; item; item = item->next)
        for (size_t i = 0; i < count; i++)
            print_cell(sp_json_member_text(item, sp_str_of(columns[i].member)), widths[i], i + 1 == count,
                       out);
}

enum sp_status sp_admin_show_list(enum sp_store_kind kind, struct sp_str body, FILE *out,
                                  struct sp_error *err)
{
    struct sp_arena arena;
    struct sp_json_value *root = NULL;
    sp_arena_init(&arena, MEMORY_MAX);
    enum sp_status status = sp_json_parse(body, &arena, NULL, &root, err);
    const struct sp_json_value *items =
        status == SP_OK ? sp_json_member(root, sp_str_of(lists[kind].list)) : NULL;
    if (items && items->kind == SP_JSON_IS_ARRAY)
        print_table(lists[kind].columns, items, out);
    else
        status = sp_error_set(err, SP_EPROTO, NULL, "the server's answer is no list of %s", lists[kind].list);
    sp_arena_finish(&arena);
    return status;
}

/* ---------------------------------------------------------------- items */

static void print_value(const struct sp_json_value *value, unsigned indent, FILE *out);

static void print_members(const struct sp_json_value *object, unsigned indent, FILE *out)
{
    for (const struct sp_json_value *member = object->first; member; member = member->next) {
        fprintf(out, "%*s", (int)indent, "");
        if (member->name.ptr) {
            print_text(member->name, out);
            fputc(':', out);
        } else {
            fputc('-', out);
        }
        print_value(member, indent, out);
    }
}

static void print_value(const struct sp_json_value *value, unsigned indent, FILE *out)
{
    bool nested = value->kind == SP_JSON_IS_OBJECT || value->kind == SP_JSON_IS_ARRAY;
    if (!nested) {
        fputc(' ', out);
        print_text(value->text, out);
    }
    fputc('\n', out);
    if (nested)
        print_members(value, indent + 2, out);
}

enum sp_status sp_admin_show_item(struct sp_str body, FILE *out, struct sp_error *err)
{
    struct sp_arena arena;
    struct sp_json_value *root = NULL;
    sp_arena_init(&arena, MEMORY_MAX);
    enum sp_status status = sp_json_parse(body, &arena, NULL, &root, err);
    if (status == SP_OK)
        print_members(root, 0, out);
    sp_arena_finish(&arena);
    return status;
}

struct sp_str sp_admin_status_in(struct sp_str body, struct sp_arena *arena)
{
    struct sp_json_value *root = NULL;
    struct sp_error ignored = SP_ERROR_INIT;
    if (sp_json_parse(body, arena, NULL, &root, &ignored) != SP_OK)
        return (struct sp_str){NULL, 0};
    struct sp_str status = sp_json_member_text(root, SP_STR("status"));
    return status.ptr
               ? status
               : sp_json_member_text(sp_json_member(root, SP_STR("zosConnect")), SP_STR("serviceStatus"));
}

/* ---------------------------------------------------------------- errors */

enum sp_status sp_admin_refusal(const struct sp_admin_reply *reply, struct sp_error *err)
{
    struct sp_arena arena;
    struct sp_json_value *root = NULL;
    struct sp_error ignored = SP_ERROR_INIT;
    struct sp_str message = {NULL, 0}, details = {NULL, 0};
    sp_arena_init(&arena, MEMORY_MAX);
    if (sp_json_parse(reply->body, &arena, NULL, &root, &ignored) == SP_OK) {
        message = without_entities(sp_json_member_text(root, SP_STR("errorMessage")), &arena);
        details = without_entities(sp_json_member_text(root, SP_STR("errorDetails")), &arena);
    }
    if (!message.len)
        message = reply->status == 401   ? SP_STR("user and password, token or certificate are not accepted")
                  : reply->status == 403 ? SP_STR("not permitted")
                                         : SP_STR("the server's answer has no reason");
    sp_error_set(err, SP_EDENIED, NULL, "%u: %.*s%s%.*s", reply->status, SP_STR_ARG(message),
                 details.len ? " " : "", SP_STR_ARG(details));
    sp_arena_finish(&arena);
    for (char *c = err->text; *c; c++)
        if ((unsigned char)*c < 0x20)
            *c = '?';
    return SP_EDENIED;
}
