/* SPDX-License-Identifier: Apache-2.0 */
#include "text/forwarded.h"

static bool is_alnum(char c)
{
    c = sp_lower(c);
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* RFC 9110, 5.6.2 */
static bool is_token_char(char c)
{
    return is_alnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* Addresses with a port stand without their quotes as often as with them. */
static bool is_value_char(char c)
{
    return is_token_char(c) || (c && strchr(":[]", c));
}

/* ---------------------------------------------------------------- Forwarded */

struct reading {
    struct sp_str text;
    size_t at;
};

static char peek(const struct reading *from)
{
    return from->at < from->text.len ? from->text.ptr[from->at] : '\0';
}

static bool is_at_end(const struct reading *from)
{
    return from->at == from->text.len;
}

static void skip_blanks(struct reading *from)
{
    while (peek(from) == ' ' || peek(from) == '\t')
        from->at++;
}

static bool take(struct reading *from, char c)
{
    if (is_at_end(from) || peek(from) != c)
        return false;
    from->at++;
    return true;
}

static struct sp_str take_while(struct reading *from, bool (*belongs)(char c))
{
    size_t begin = from->at;
    while (!is_at_end(from) && belongs(peek(from)))
        from->at++;
    return sp_str_slice(from->text, begin, from->at);
}

static bool is_quoted_char(char c)
{
    return c != '"' && c != '\\' && ((unsigned char)c >= 0x20 || c == '\t') && c != 0x7f;
}

static bool take_value(struct reading *from, struct sp_str *ret_value)
{
    if (!take(from, '"')) {
        *ret_value = take_while(from, is_value_char);
        return ret_value->len > 0;
    }
    *ret_value = take_while(from, is_quoted_char);
    return take(from, '"');
}

/* Where a parameter's value is kept; one that is not known has no place. */
static struct sp_str *place_of(struct sp_forwarded_hop *hop, struct sp_str name)
{
    if (sp_str_caseless_eq(name, SP_STR("for")))
        return &hop->node;
    if (sp_str_caseless_eq(name, SP_STR("proto")))
        return &hop->proto;
    return sp_str_caseless_eq(name, SP_STR("host")) ? &hop->host : NULL;
}

/* name=value; false when it is not well-formed, or comes a second time. */
static bool take_pair(struct reading *from, struct sp_forwarded_hop *hop)
{
    struct sp_str name = take_while(from, is_token_char), value;
    if (!name.len || !take(from, '=') || !take_value(from, &value))
        return false;
    struct sp_str *place = place_of(hop, name);
    if (place && place->ptr)
        return false;
    if (place)
        *place = value;
    return true;
}

/* Up to the next comma. */
static bool take_element(struct reading *from, struct sp_forwarded_hop *ret_hop, bool *ret_empty)
{
    struct sp_forwarded_hop hop = {.node = {NULL, 0}};
    *ret_empty = true;
    do {
        skip_blanks(from);
        if (is_at_end(from) || peek(from) == ',' || peek(from) == ';')
            continue;
        if (!take_pair(from, &hop))
            return false;
        *ret_empty = false;
        skip_blanks(from);
    } while (take(from, ';'));
    *ret_hop = hop;
    return is_at_end(from) || peek(from) == ',';
}

static enum sp_status add(struct sp_forwarded *list, const struct sp_forwarded_hop *hop, struct sp_error *err)
{
    if (list->count == SP_FORWARDED_HOPS_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "it names more than %u proxies", SP_FORWARDED_HOPS_MAX);
    list->hops[list->count++] = *hop;
    return SP_OK;
}

enum sp_status sp_forwarded_add(struct sp_forwarded *list, struct sp_str value, struct sp_error *err)
{
    struct reading from = {value, 0};
    do {
        struct sp_forwarded_hop hop;
        bool empty;
        if (!take_element(&from, &hop, &empty))
            return sp_error_set(err, SP_ESYNTAX, NULL, "it is not well-formed at byte %zu", from.at + 1);
        enum sp_status status = empty ? SP_OK : add(list, &hop, err);
        if (status != SP_OK)
            return status;
    } while (take(&from, ','));
    return SP_OK;
}

enum sp_status sp_forwarded_add_nodes(struct sp_forwarded *list, struct sp_str value, struct sp_error *err)
{
    struct sp_str rest = value, part;
    while (sp_str_split(&rest, ',', &part)) {
        const struct sp_forwarded_hop hop = {.node = sp_str_trim(part)};
        enum sp_status status = hop.node.len ? add(list, &hop, err) : SP_OK;
        if (status != SP_OK)
            return status;
    }
    return SP_OK;
}

/* ---------------------------------------------------------------- a node */

/* "_" and at least one of ALPHA, DIGIT, ".", "_", "-" (RFC 7239, 6.3) */
static bool is_hidden(struct sp_str text)
{
    if (text.len < 2 || text.ptr[0] != '_')
        return false;
    for (size_t i = 1; i < text.len; i++)
        if (!is_alnum(text.ptr[i]) && !strchr("._-", text.ptr[i] ? text.ptr[i] : '*'))
            return false;
    return true;
}

static bool read_port(struct sp_str text, unsigned *ret_port)
{
    uint64_t port = 0;
    if (is_hidden(text))
        return true;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    if (text.len > 5 || sp_str_to_u64(text, &port) != SP_OK || port > 65535)
        return false;
    *ret_port = (unsigned)port;
    return true;
}

/* The name and, behind a colon, the port; an address in brackets loses them. */
static bool split(struct sp_str text, struct sp_str *ret_name, struct sp_str *ret_port)
{
    size_t colon = sp_str_find(text, ':');
    *ret_port = (struct sp_str){NULL, 0};
    if (text.len && text.ptr[0] == '[') {
        size_t end = sp_str_find(text, ']');
        *ret_name = sp_str_slice(text, 1, end);
        if (end == text.len || sp_str_find(*ret_name, ':') == ret_name->len)
            return false;
        text = sp_str_slice(text, end + 1, text.len);
        colon = 0;
        if (text.len == 0)
            return true;
        if (text.ptr[0] != ':')
            return false;
    } else {
        bool bare_v6 = colon < text.len &&
                       sp_str_find(sp_str_slice(text, colon + 1, text.len), ':') < text.len - colon - 1;
        *ret_name = sp_str_slice(text, 0, bare_v6 ? text.len : colon);
        if (bare_v6 || colon == text.len)
            return true;
    }
    *ret_port = sp_str_slice(text, colon + 1, text.len);
    return ret_port->len > 0;
}

enum sp_status sp_forwarded_node_read(struct sp_str text, struct sp_forwarded_node *ret_node)
{
    struct sp_forwarded_node node = {.port = 0};
    struct sp_str name, port;
    if (!split(text, &name, &port) || (port.len && !read_port(port, &node.port)))
        return SP_ESYNTAX;
    if (is_hidden(name) || sp_str_caseless_eq(name, SP_STR("unknown")))
        return SP_ENOTFOUND;
    if (sp_str_find(name, '%') < name.len || sp_ip_text_read(name, &node.address) != SP_OK)
        return SP_ESYNTAX;
    *ret_node = node;
    return SP_OK;
}
