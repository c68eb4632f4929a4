/* SPDX-License-Identifier: Apache-2.0 */
#include "artifact/cobol_picture.h"

#include "artifact/layout.h"

/* How often each symbol stands in a picture. */
struct tally {
    uint32_t x, a, nine, n, s, v, edited;
    uint32_t behind; /* 9 behind V */
    const char *reason;
};

/* "(n)" behind a symbol; 1 without. */
static enum sp_status read_count(struct sp_str text, size_t *at, uint32_t *ret_count, const char **reason)
{
    *ret_count = 1;
    if (*at >= text.len || text.ptr[*at] != '(')
        return SP_OK;
    size_t close = *at + sp_str_find(sp_str_slice(text, *at, text.len), ')');
    uint64_t count = 0;
    if (close == text.len || sp_str_to_u64(sp_str_slice(text, *at + 1, close), &count) != SP_OK || !count) {
        *reason = "a number in parentheses must follow a symbol";
        return SP_ESYNTAX;
    }
    if (count > SP_RECORD_BYTES_MAX) {
        *reason = "it has more positions than a record can have";
        return SP_ELIMIT;
    }
    *ret_count = (uint32_t)count;
    *at = close + 1;
    return SP_OK;
}

static enum sp_status count_symbol(struct tally *t, char symbol, uint32_t count)
{
    switch (symbol) {
    case 'X':
        t->x += count;
        return SP_OK;
    case 'A':
        t->a += count;
        return SP_OK;
    case 'N':
        t->n += count;
        return SP_OK;
    case '9':
        t->nine += count;
        t->behind += t->v ? count : 0;
        return SP_OK;
    case 'S':
        t->s += count;
        return t->s == 1 && !t->nine && !t->v ? SP_OK : SP_ESYNTAX;
    case 'V':
        t->v += count;
        return t->v == 1 ? SP_OK : SP_ESYNTAX;
    case 'P':
        t->reason = "P, a scaling position, is not supported";
        return SP_EUNSUPPORTED;
    case 'G':
        t->reason = "G, double-byte characters, is not supported";
        return SP_EUNSUPPORTED;
    case 'E':
        t->reason = "external floating point is not supported";
        return SP_EUNSUPPORTED;
    case 'Z':
    case '*':
    case 'B':
    case '0':
    case '/':
    case ',':
    case '.':
    case '+':
    case '-':
    case '$':
        t->edited += count;
        return SP_OK;
    default:
        t->reason = "it has a symbol that there is not";
        return SP_ESYNTAX;
    }
}

static enum sp_status conclude(const struct tally *t, struct sp_picture *ret_picture)
{
    struct sp_picture p = {.characters = t->x + t->a + t->nine + t->n + t->edited};
    bool numeric = t->nine && !t->x && !t->a && !t->n && !t->edited;
    if (!p.characters || (t->n && p.characters != t->n) || (t->s && !numeric) ||
        (t->v && (t->x || t->a || t->n)))
        return SP_ESYNTAX;
    if (numeric) {
        p.kind = SP_PICTURE_NUMERIC;
        p.is_signed = t->s > 0;
        p.digits = t->nine;
        p.scale = t->behind;
    } else {
        p.kind = t->n ? SP_PICTURE_NATIONAL : t->edited ? SP_PICTURE_EDITED : SP_PICTURE_TEXT;
    }
    *ret_picture = p;
    return SP_OK;
}

enum sp_status sp_picture_read(struct sp_str text, struct sp_picture *ret_picture, const char **ret_reason)
{
    struct tally t = {.reason = "the symbols do not go together"};
    enum sp_status status = SP_OK;
    for (size_t at = 0; at < text.len && status == SP_OK;) {
        uint32_t count = 0;
        char symbol = text.ptr[at++];
        struct sp_str two = sp_str_slice(text, at - 1, at + 1);
        if (sp_str_is(two, "CR") || sp_str_is(two, "DB")) {
            t.edited += 2;
            at++;
            continue;
        }
        status = read_count(text, &at, &count, &t.reason);
        if (status == SP_OK)
            status = count_symbol(&t, symbol, count);
        if (status == SP_OK && (uint64_t)t.x + t.a + t.nine + t.n + t.edited > SP_RECORD_BYTES_MAX) {
            t.reason = "it has more positions than a record can have";
            status = SP_ELIMIT;
        }
    }
    if (status == SP_OK)
        status = conclude(&t, ret_picture);
    if (status != SP_OK)
        *ret_reason = t.reason;
    return status;
}
