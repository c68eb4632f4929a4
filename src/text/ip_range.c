/* SPDX-License-Identifier: Apache-2.0 */
#include "text/ip_range.h"

#include <arpa/inet.h>
#include <stdio.h>

#define V4_PARTS 4u
#define V6_PARTS 8u
#define V4_OFFSET 12u

/* "::ffff:a.b.c.d" becomes a.b.c.d. */
static void unmap(struct sp_ip *ip)
{
    static const unsigned char mapped[V4_OFFSET] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (memcmp(ip->bytes, mapped, sizeof mapped) == 0)
        memset(ip->bytes, 0, sizeof mapped);
}

static enum sp_status read_as_written(struct sp_str text, struct sp_ip *ret_ip, bool *ret_v6)
{
    char copy[INET6_ADDRSTRLEN];
    struct sp_ip ip = {{0}};
    bool is_v6 = sp_str_find(text, ':') < text.len;
    if (is_v6)
        text = sp_str_slice(text, 0, sp_str_find(text, '%'));
    if (text.len == 0 || text.len >= sizeof copy || memchr(text.ptr, 0, text.len))
        return SP_ESYNTAX;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    if (inet_pton(is_v6 ? AF_INET6 : AF_INET, copy, ip.bytes + (is_v6 ? 0 : V4_OFFSET)) != 1)
        return SP_ESYNTAX;
    *ret_ip = ip;
    *ret_v6 = is_v6;
    return SP_OK;
}

enum sp_status sp_ip_read(struct sp_str text, struct sp_ip *ret_ip)
{
    struct sp_ip ip;
    bool is_v6;
    enum sp_status status = read_as_written(text, &ip, &is_v6);
    if (status != SP_OK)
        return status;
    if (is_v6)
        unmap(&ip);
    *ret_ip = ip;
    return SP_OK;
}

static void write_whole(const struct sp_ip *ip, char ret_text[SP_IP_TEXT_MAX])
{
    char *to = ret_text;
    for (size_t i = 0; i < V6_PARTS; i++)
        to += snprintf(to, SP_IP_TEXT_MAX - (size_t)(to - ret_text), "%s%x", i ? ":" : "",
                       (unsigned)(ip->bytes[2 * i] << 8 | ip->bytes[2 * i + 1]));
}

enum sp_status sp_ip_text_read(struct sp_str text, struct sp_ip_text *ret_text)
{
    struct sp_ip ip;
    bool is_v6;
    enum sp_status status = read_as_written(text, &ip, &is_v6);
    if (status != SP_OK)
        return status;
    struct sp_ip before = ip;
    if (is_v6)
        unmap(&ip);
    is_v6 = is_v6 && memcmp(&before, &ip, sizeof ip) == 0;
    inet_ntop(is_v6 ? AF_INET6 : AF_INET, ip.bytes + (is_v6 ? 0 : V4_OFFSET), ret_text->text, SP_IP_TEXT_MAX);
    if (is_v6)
        write_whole(&ip, ret_text->whole);
    else
        memcpy(ret_text->whole, ret_text->text, SP_IP_TEXT_MAX);
    return SP_OK;
}

/* ---------------------------------------------------------------- ranges */

static enum sp_status not_a_range(struct sp_str text, const char *why, struct sp_error *err)
{
    return sp_error_set(err, SP_ESYNTAX, NULL, "\"%.*s\" is no IP address or range: %s", SP_STR_ARG(text),
                        why);
}

static bool read_number(struct sp_str text, bool is_v6, unsigned *ret_number)
{
    unsigned number = 0;
    if (text.len == 0 || text.len > (is_v6 ? 4u : 3u))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = sp_lower(text.ptr[i]);
        bool is_digit = c >= '0' && c <= '9';
        if (!is_digit && !(is_v6 && c >= 'a' && c <= 'f'))
            return false;
        number = number * (is_v6 ? 16 : 10) + (unsigned)(is_digit ? c - '0' : c - 'a' + 10);
    }
    *ret_number = number;
    return is_v6 || number <= 255;
}

/* "[low-high]" */
static bool read_span(struct sp_str part, bool is_v6, unsigned *ret_low, unsigned *ret_high)
{
    if (part.len < 5 || part.ptr[0] != '[' || part.ptr[part.len - 1] != ']')
        return false;
    struct sp_str inner = sp_str_slice(part, 1, part.len - 1);
    size_t dash = sp_str_find(inner, '-');
    return dash < inner.len && read_number(sp_str_slice(inner, 0, dash), is_v6, ret_low) &&
           read_number(sp_str_slice(inner, dash + 1, inner.len), is_v6, ret_high) && *ret_low <= *ret_high;
}

static void put_part(struct sp_ip *ip, size_t index, bool is_v6, unsigned value)
{
    if (is_v6) {
        ip->bytes[2 * index] = (unsigned char)(value >> 8);
        ip->bytes[2 * index + 1] = (unsigned char)value;
    } else {
        ip->bytes[V4_OFFSET + index] = (unsigned char)value;
    }
}

/* Every part is written; the wild ones are last. */
static enum sp_status read_wild(struct sp_str text, bool is_v6, struct sp_ip_range *ret_range,
                                struct sp_error *err)
{
    struct sp_ip_range range = {{{0}}, {{0}}};
    struct sp_str rest = text, part;
    size_t count = 0, most = is_v6 ? V6_PARTS : V4_PARTS;
    bool wild = false;
    while (sp_str_split(&rest, is_v6 ? ':' : '.', &part)) {
        unsigned low = 0, high = is_v6 ? 0xffff : 0xff;
        bool star = part.len == 1 && part.ptr[0] == '*';
        if (count == most)
            return not_a_range(text, "it has too many parts", err);
        if (wild && !star)
            return not_a_range(text, "behind '*' or [low-high] every part must be '*'", err);
        if (!star && read_number(part, is_v6, &low))
            high = low;
        else if (!star && !read_span(part, is_v6, &low, &high))
            return not_a_range(text, "a part is neither a number, '*' nor [low-high]", err);
        else
            wild = true;
        put_part(&range.low, count, is_v6, low);
        put_part(&range.high, count++, is_v6, high);
    }
    if (count < most)
        return not_a_range(text, "it has too few parts (10.*.*.*, not 10.*)", err);
    *ret_range = range;
    return SP_OK;
}

static enum sp_status read_network(struct sp_str text, size_t slash, struct sp_ip_range *ret_range,
                                   struct sp_error *err)
{
    struct sp_str address = sp_str_slice(text, 0, slash);
    bool is_v6 = sp_str_find(address, ':') < address.len;
    uint64_t bits;
    struct sp_ip_range range;
    if (sp_ip_read(address, &range.low) != SP_OK ||
        sp_str_to_u64(sp_str_slice(text, slash + 1, text.len), &bits) != SP_OK || bits > (is_v6 ? 128 : 32))
        return not_a_range(text, "a network is an address, '/' and the number of its bits", err);
    if (!is_v6)
        bits += 96;
    range.high = range.low;
    for (size_t i = 0; i < sizeof range.low.bytes; i++) {
        unsigned kept = bits >= 8 * (i + 1) ? 8 : bits > 8 * i ? (unsigned)(bits - 8 * i) : 0;
        unsigned char host = (unsigned char)(0xff >> kept);
        if (range.low.bytes[i] & host)
            return not_a_range(text, "the address has bits behind those of the network", err);
        range.high.bytes[i] |= host;
    }
    *ret_range = range;
    return SP_OK;
}

enum sp_status sp_ip_range_read(struct sp_str text, struct sp_ip_range *ret_range, struct sp_error *err)
{
    struct sp_ip ip;
    size_t slash = sp_str_find(text, '/');
    if (slash < text.len)
        return read_network(text, slash, ret_range, err);
    if (sp_str_find(text, '*') == text.len && sp_str_find(text, '[') == text.len) {
        if (sp_ip_read(text, &ip) != SP_OK)
            return not_a_range(text, "names are not resolved, and an address is written whole", err);
        *ret_range = (struct sp_ip_range){ip, ip};
        return SP_OK;
    }
    return read_wild(text, sp_str_find(text, ':') < text.len, ret_range, err);
}

int sp_ip_range_compare(const struct sp_ip_range *range, const struct sp_ip *ip)
{
    if (memcmp(ip->bytes, range->low.bytes, sizeof ip->bytes) < 0)
        return -1;
    return memcmp(ip->bytes, range->high.bytes, sizeof ip->bytes) > 0;
}
