/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/generic.h"

static bool is_generic_char(char c)
{
    return c == '%' || c == '*' || c == '&';
}

size_t sp_generic_prefix(struct sp_str profile)
{
    size_t at = 0;
    while (at < profile.len && !is_generic_char(profile.ptr[at]))
        at++;
    return at;
}

bool sp_generic_is(struct sp_str profile)
{
    return sp_generic_prefix(profile) < profile.len;
}

static enum sp_status check_qualifier(struct sp_str profile, struct sp_str qualifier, bool last,
                                      unsigned *doubles, struct sp_error *err)
{
    if (qualifier.len == 0)
        return sp_error_set(err, SP_EINVAL, NULL, "profile name %.*s has an empty qualifier",
                            SP_STR_ARG(profile));
    if (sp_str_is(qualifier, "**")) {
        if (++*doubles > 1)
            return sp_error_set(err, SP_EINVAL, NULL, "profile name %.*s has ** more than once",
                                SP_STR_ARG(profile));
        return SP_OK;
    }
    size_t star = sp_str_find(qualifier, '*');
    if (star == qualifier.len || (star == 0 && qualifier.len == 1))
        return SP_OK;
    if (last && star == qualifier.len - 1)
        return SP_OK;
    return sp_error_set(err, SP_EINVAL, NULL,
                        "in profile name %.*s an asterisk stands for a whole qualifier or ends the name",
                        SP_STR_ARG(profile));
}

enum sp_status sp_generic_check(struct sp_str profile, struct sp_error *err)
{
    if (profile.len < 1 || profile.len > SP_SAF_NAME_MAX)
        return sp_error_set(err, SP_EINVAL, NULL, "a profile name has 1 to %u characters, this one %zu",
                            SP_SAF_NAME_MAX, profile.len);
    unsigned doubles = 0;
    struct sp_str rest = profile, qualifier;
    while (sp_str_split(&rest, '.', &qualifier)) {
        enum sp_status status = check_qualifier(profile, qualifier, !rest.ptr, &doubles, err);
        if (status)
            return status;
    }
    return SP_OK;
}

/* One qualifier against another without '**'; a '*' at its end covers the rest. */
static bool qualifier_covers(struct sp_str pattern, struct sp_str text)
{
    if (sp_str_is(pattern, "*"))
        return true;
    if (pattern.len != text.len)
        return false;
    for (size_t i = 0; i < pattern.len; i++)
        if (pattern.ptr[i] != text.ptr[i] && pattern.ptr[i] != '%')
            return false;
    return true;
}

/* "ABC*" as the last qualifier: its characters, then anything at all. */
static bool tail_covers(struct sp_str pattern, struct sp_str text)
{
    size_t fixed = pattern.len - 1;
    if (fixed == 0) /* "*": one or more qualifiers */
        return text.len > 0;
    if (text.len < fixed)
        return false;
    return qualifier_covers(sp_str_slice(pattern, 0, fixed), sp_str_slice(text, 0, fixed));
}

static bool covers_from(struct sp_str pattern, struct sp_str text)
{
    struct sp_str qualifier, word;
    while (pattern.ptr) {
        sp_str_split(&pattern, '.', &qualifier);
        if (sp_str_is(qualifier, "**")) {
            if (!pattern.ptr)
                return true;
            for (struct sp_str rest = text;;) {
                if (rest.ptr && covers_from(pattern, rest))
                    return true;
                if (!sp_str_split(&rest, '.', &word))
                    return false;
            }
        }
        bool ends_in_star = qualifier.len && qualifier.ptr[qualifier.len - 1] == '*';
        if (!pattern.ptr && ends_in_star)
            return text.ptr && tail_covers(qualifier, text);
        if (!text.ptr || !sp_str_split(&text, '.', &word) || !qualifier_covers(qualifier, word))
            return false;
    }
    return !text.ptr;
}

bool sp_generic_covers(struct sp_str profile, struct sp_str resource)
{
    return resource.len && covers_from(profile, resource);
}

/* 0 literal, 1 '%', 2 '*', 3 '**', 4 the end of the name where the other goes on behind a '*'. */
static int kind_at(struct sp_str s, size_t at)
{
    if (at >= s.len)
        return 0;
    if (s.ptr[at] == '%')
        return 1;
    if (s.ptr[at] == '*')
        return at + 1 < s.len && s.ptr[at + 1] == '*' ? 3 : 2;
    return 0;
}

int sp_generic_order(struct sp_str a, struct sp_str b)
{
    size_t shortest = a.len < b.len ? a.len : b.len;
    for (size_t i = 0; i < shortest; i++) {
        int order = kind_at(a, i) - kind_at(b, i);
        if (order)
            return order;
        if (a.ptr[i] != b.ptr[i])
            return (unsigned char)a.ptr[i] - (unsigned char)b.ptr[i];
        if (kind_at(a, i) == 3)
            i++;
    }
    /* What goes on behind an equal beginning says more: it is the more specific. */
    return a.len > b.len ? -1 : a.len < b.len;
}
