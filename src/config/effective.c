/* SPDX-License-Identifier: Apache-2.0 */
#include "config/effective.h"

#include "config/tree.h"

struct printer {
    struct sp_buf *buf;
    unsigned flags;
};

static void escape(struct sp_buf *buf, struct sp_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '<')
            sp_buf_append_str(buf, SP_STR("&lt;"));
        else if (c == '&')
            sp_buf_append_str(buf, SP_STR("&amp;"));
        else if (c == '"')
            sp_buf_append_str(buf, SP_STR("&quot;"));
        else if (c == '\t' || c == '\n' || c == '\r')
            sp_buf_printf(buf, "&#%u;", c);
        else
            sp_buf_append_byte(buf, c);
    }
}

/* The name a setting is shown by: the right one where another spelling was written. */
static const char *shown_name(const struct sp_cfg_setting *setting)
{
    const char *instead = setting->row->instead;
    return instead && !strchr(instead, '@') ? instead : setting->row->name;
}

/* Whether another spelling of the same attribute was written. */
static bool is_overruled(const struct sp_cfg_node *node, const struct sp_cfg_setting *setting)
{
    if (!setting->defaulted)
        return false;
    for (const struct sp_cfg_setting *s = node->settings; s; s = s->next) {
        if (s->row->instead && strcmp(shown_name(s), setting->row->name) == 0)
            return true;
    }
    return false;
}

static bool is_shown(unsigned flags, const struct sp_cfg_node *node, const struct sp_cfg_setting *setting)
{
    if (strcmp(setting->row->name, "id") == 0)
        return false;
    bool built_in = setting->document && setting->document->built_in;
    if (!setting->defaulted && !built_in)
        return true;
    return (flags & SP_EFFECTIVE_DEFAULTS) && (setting->row->flags & SP_CFG_ACTED) &&
           !is_overruled(node, setting);
}

/* A comment cannot hold two hyphens in a row. */
static void append_path(struct sp_buf *buf, struct sp_str path)
{
    for (size_t i = 0; i < path.len; i++) {
        sp_buf_append_byte(buf, (unsigned char)path.ptr[i]);
        if (path.ptr[i] == '-' && i + 1 < path.len && path.ptr[i + 1] == '-')
            sp_buf_append_byte(buf, ' ');
    }
}

static void append_origin(struct sp_buf *buf, const struct sp_cfg_document *document, unsigned line,
                          bool defaulted)
{
    if (defaulted) {
        sp_buf_append_str(buf, SP_STR("default"));
    } else if (!document || document->built_in) {
        sp_buf_append_str(buf, SP_STR("built in"));
    } else {
        append_path(buf, document->path);
        sp_buf_printf(buf, ":%u", line);
    }
}

static bool same_origin(const struct sp_cfg_setting *a, const struct sp_cfg_setting *b)
{
    return a->defaulted ? b->defaulted : !b->defaulted && a->document == b->document && a->line == b->line;
}

/* "host httpPort: server.xml:3; enabled: default" */
static void append_origins(struct sp_buf *buf, unsigned flags, const struct sp_cfg_node *node)
{
    const char *between = "";
    for (const struct sp_cfg_setting *s = node->settings; s; s = s->next) {
        bool first = is_shown(flags, node, s);
        for (const struct sp_cfg_setting *earlier = node->settings; earlier != s && first;
             earlier = earlier->next)
            first = !is_shown(flags, node, earlier) || !same_origin(earlier, s);
        if (!first)
            continue;
        sp_buf_append_str(buf, sp_str_of(between));
        const char *blank = "";
        for (const struct sp_cfg_setting *t = s; t; t = t->next) {
            if (is_shown(flags, node, t) && same_origin(s, t)) {
                sp_buf_printf(buf, "%s%s", blank, shown_name(t));
                blank = " ";
            }
        }
        sp_buf_append_str(buf, SP_STR(": "));
        append_origin(buf, s->document, s->line, s->defaulted);
        between = "; ";
    }
}

static bool has_shown(unsigned flags, const struct sp_cfg_node *node)
{
    for (const struct sp_cfg_setting *s = node->settings; s; s = s->next) {
        if (is_shown(flags, node, s))
            return true;
    }
    return false;
}

static bool has_children(const struct sp_cfg_node *node)
{
    for (const struct sp_cfg_field *field = node->fields; field; field = field->next) {
        for (const struct sp_cfg_value *value = field->first; value; value = value->next) {
            if (value->node && value->node->row && !value->node->invalid)
                return true;
        }
    }
    return false;
}

static void append_id(struct sp_buf *buf, const struct sp_cfg_node *node)
{
    struct sp_str id = node->id;
    if (!id.ptr && node->row->default_id && node->row->kind == SP_CFG_FACTORY)
        id = sp_str_of(node->row->default_id);
    if (!id.ptr || node->row->kind == SP_CFG_SINGLETON || node->row->kind == SP_CFG_NESTED_ONE)
        return;
    sp_buf_append_str(buf, SP_STR(" id=\""));
    escape(buf, id);
    sp_buf_append_byte(buf, '"');
}

static void print_node(const struct printer *p, const struct sp_cfg_node *node, struct sp_str name,
                       unsigned depth);

static void print_children(const struct printer *p, const struct sp_cfg_node *node, unsigned depth)
{
    for (const struct sp_cfg_field *field = node->fields; field; field = field->next) {
        for (const struct sp_cfg_value *value = field->first; value; value = value->next) {
            if (!value->node || !value->node->row || value->node->invalid)
                continue;
            /* A nested reference keeps its name, which says what it stands for. */
            const struct sp_cfg_element *child = sp_cfg_child_find(node->row, field->name);
            print_node(p, value->node, child ? sp_str_of(child->name) : field->name, depth);
        }
    }
}

static void print_node(const struct printer *p, const struct sp_cfg_node *node, struct sp_str name,
                       unsigned depth)
{
    struct sp_buf *buf = p->buf;
    if ((p->flags & SP_EFFECTIVE_ORIGINS) && has_shown(p->flags, node)) {
        sp_buf_append_fill(buf, ' ', depth * 4);
        sp_buf_append_str(buf, SP_STR("<!-- "));
        append_origins(buf, p->flags, node);
        sp_buf_append_str(buf, SP_STR(" -->\n"));
    }
    sp_buf_append_fill(buf, ' ', depth * 4);
    sp_buf_append_byte(buf, '<');
    sp_buf_append_str(buf, name);
    append_id(buf, node);
    for (const struct sp_cfg_setting *s = node->settings; s; s = s->next) {
        if (!is_shown(p->flags, node, s))
            continue;
        sp_buf_printf(buf, " %s=\"", shown_name(s));
        escape(buf, s->text);
        sp_buf_append_byte(buf, '"');
    }
    if (!has_children(node)) {
        sp_buf_append_str(buf, SP_STR("/>\n"));
        return;
    }
    sp_buf_append_str(buf, SP_STR(">\n"));
    print_children(p, node, depth + 1);
    sp_buf_append_fill(buf, ' ', depth * 4);
    sp_buf_append_str(buf, SP_STR("</"));
    sp_buf_append_str(buf, name);
    sp_buf_append_str(buf, SP_STR(">\n"));
}

static bool is_top(const struct sp_cfg_node *node)
{
    return node->row && !node->parent && !node->invalid;
}

enum sp_status sp_config_effective(const struct sp_config *config, unsigned flags, struct sp_buf *buf)
{
    struct printer p = {buf, flags};
    sp_buf_append_str(buf, SP_STR("<server>\n"));
    for (const struct sp_cfg_node *node = config->tree->nodes; node; node = node->next) {
        bool written = is_top(node) && !node->document->built_in;
        if (!is_top(node) || (!written && !has_shown(flags, node)))
            continue;
        print_node(&p, node, sp_str_of(node->row->name), 1);
    }
    sp_buf_append_str(buf, SP_STR("</server>\n"));
    return buf->failed ? SP_ELIMIT : SP_OK;
}

/* A number that differs when anything below the node does. */
static uint64_t fingerprint(const struct sp_cfg_node *node)
{
    uint64_t parts[3] = {1469598103934665603u, 0, 0};
    for (const struct sp_cfg_setting *s = node->settings; s; s = s->next) {
        const char *name = shown_name(s);
        parts[1] = sp_hash_bytes(name, strlen(name));
        parts[2] = s->fingerprint;
        parts[0] = sp_hash_bytes(parts, sizeof parts);
    }
    for (const struct sp_cfg_field *field = node->fields; field; field = field->next) {
        for (const struct sp_cfg_value *value = field->first; value; value = value->next) {
            if (!value->node || !value->node->row || value->node->invalid)
                continue;
            parts[1] = sp_hash_bytes(value->node->key.ptr, value->node->key.len);
            parts[2] = fingerprint(value->node);
            parts[0] = sp_hash_bytes(parts, sizeof parts);
        }
    }
    return parts[0];
}

static const struct sp_cfg_node *same_element(const struct sp_config *config, const struct sp_cfg_node *node)
{
    if (node->row->kind == SP_CFG_FACTORY) {
        const struct sp_cfg_node *found = sp_cfg_tree_find(config->tree, node->row->name, node->key);
        return found && !found->invalid ? found : NULL;
    }
    for (const struct sp_cfg_node *other = config->tree->nodes; other; other = other->next) {
        if (other->row == node->row && is_top(other))
            return other;
    }
    return NULL;
}

static void tell(struct sp_config_changes *changes, struct sp_buf *buf, const char *what,
                 const struct sp_cfg_node *node)
{
    changes->any = true;
    changes->listeners |= (node->row->flags & SP_CFG_LISTENER) != 0;
    if (!buf)
        return;
    sp_buf_printf(buf, "%s %s", what, node->row->name);
    if (node->row->kind == SP_CFG_FACTORY)
        sp_buf_printf(buf, "[%.*s]", SP_STR_ARG(node->key));
    sp_buf_append_byte(buf, '\n');
}

enum sp_status sp_config_compare(const struct sp_config *before, const struct sp_config *after,
                                 struct sp_config_changes *ret_changes, struct sp_buf *buf)
{
    struct sp_config_changes changes = {0};
    for (const struct sp_cfg_node *node = after->tree->nodes; node; node = node->next) {
        const struct sp_cfg_node *old = is_top(node) ? same_element(before, node) : NULL;
        if (!is_top(node) || (old && fingerprint(old) == fingerprint(node)))
            continue;
        tell(&changes, buf, old ? "changed" : "added", node);
        changes.changed += old != NULL;
        changes.added += old == NULL;
    }
    for (const struct sp_cfg_node *node = before->tree->nodes; node; node = node->next) {
        if (!is_top(node) || same_element(after, node))
            continue;
        tell(&changes, buf, "removed", node);
        changes.removed++;
    }
    if (buf && buf->failed)
        return SP_ELIMIT;
    *ret_changes = changes;
    return SP_OK;
}

bool sp_config_same_element(const struct sp_config *before, const struct sp_config *after, const char *name,
                            struct sp_str id)
{
    const struct sp_cfg_node *old = sp_cfg_tree_find(before->tree, name, id);
    const struct sp_cfg_node *new = sp_cfg_tree_find(after->tree, name, id);
    return old && new && !old->invalid && !new->invalid &&fingerprint(old) == fingerprint(new);
}

/* ---------------------------------------------------------------- one number */

uint64_t sp_config_fingerprint(const struct sp_config *config)
{
    uint64_t sum = 0;
    const struct sp_cfg_node *first = config->tree ? config->tree->nodes : NULL;
    for (const struct sp_cfg_node *node = first; node; node = node->next) {
        const uint64_t words[2] = {sum, fingerprint(node)};
        sum = sp_hash_bytes(words, sizeof words);
    }
    return sum;
}
