/* SPDX-License-Identifier: Apache-2.0 */
#include "region/translate.h"

#include "region/hexfloat.h"
#include "text/codepage.h"

/* A permutation of the 256 bytes from the set's table: bytes whose character is in ISO 8859-1 go there, the
 * others, in order, to the places that are left. */
static void permute(const uint16_t *table, unsigned char chars[2][256])
{
    bool taken[256] = {false}, placed[256] = {false};
    for (unsigned b = 0; b < 256; b++) {
        if (table[b] < 256 && !taken[table[b]]) {
            chars[SP_TO_PROGRAM][b] = (unsigned char)table[b];
            taken[table[b]] = placed[b] = true;
        }
    }
    unsigned place = 0;
    for (unsigned b = 0; b < 256; b++) {
        if (placed[b])
            continue;
        while (taken[place])
            place++;
        chars[SP_TO_PROGRAM][b] = (unsigned char)place;
        taken[place] = true;
    }
    for (unsigned b = 0; b < 256; b++)
        chars[SP_TO_WIRE][chars[SP_TO_PROGRAM][b]] = (unsigned char)b;
}

static const uint16_t *ebcdic_table(unsigned ccsid)
{
    const struct sp_codepage *page = sp_codepage_find(ccsid, SP_NEWLINE_15);
    const uint16_t *table = page && sp_codepage_is_single_byte(page) ? sp_codepage_table(page) : NULL;
    return table && table[0x40] == ' ' ? table : NULL;
}

enum sp_status sp_translation_init(struct sp_translation *translation, unsigned ccsid, struct sp_error *err)
{
    const uint16_t *table = ebcdic_table(ccsid);
    if (!table)
        return sp_error_set(err, SP_EUNSUPPORTED, NULL, "CCSID %u is not an EBCDIC set of single bytes",
                            ccsid);
    translation->ccsid = ccsid;
    permute(table, translation->chars);
    permute(ebcdic_table(37), translation->zoned);
    return SP_OK;
}

static void map(const unsigned char table[256], unsigned char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        data[i] = table[data[i]];
}

void sp_translate_chars(const struct sp_translation *translation, enum sp_direction direction,
                        unsigned char *data, size_t len)
{
    map(translation->chars[direction], data, len);
}

struct walk {
    const struct sp_translation *translation;
    const struct sp_layout_record *record;
    enum sp_direction direction;
    unsigned char *data;
    size_t len;
    uint64_t shift; /* bytes by which what follows has moved to the front */
    uint32_t counts[SP_LAYOUT_COUNTERS_MAX + 1];
    struct sp_error *err;
};

/* --- counters ---------------------------------------------------------------------------------------- */

static uint32_t digits_count(uint32_t count, unsigned digit)
{
    return digit > 9 || count > (UINT32_MAX - 9) / 10 ? UINT32_MAX : count * 10 + digit;
}

/* EBCDIC digits, the sign in a zone or separate. UINT32_MAX when it is no number. */
static uint32_t zoned_count(const unsigned char *p, uint32_t bytes)
{
    uint32_t count = 0;
    bool negative = false;
    for (uint32_t i = 0; i < bytes; i++) {
        bool at_end = i == 0 || i + 1 == bytes;
        unsigned zone = p[i] >> 4;
        if (at_end && (p[i] == 0x4e || p[i] == 0x60)) {
            negative |= p[i] == 0x60;
            continue;
        }
        if (zone != 0xf && !(at_end && (zone == 0xc || zone == 0xd)))
            return UINT32_MAX;
        negative |= zone == 0xd;
        count = digits_count(count, p[i] & 0xf);
        if (count == UINT32_MAX)
            return count;
    }
    return negative ? 0 : count;
}

static uint32_t packed_count(const unsigned char *p, uint32_t bytes)
{
    uint32_t count = 0;
    unsigned sign = p[bytes - 1] & 0xf;
    if (sign < 0xa)
        return UINT32_MAX;
    for (uint32_t i = 0; i < 2 * bytes - 1; i++) {
        count = digits_count(count, i % 2 ? p[i / 2] & 0xf : p[i / 2] >> 4);
        if (count == UINT32_MAX)
            return count;
    }
    return sign == 0xb || sign == 0xd ? 0 : count;
}

static uint32_t binary_count(const unsigned char *p, uint32_t bytes, bool is_signed)
{
    uint64_t count = 0;
    if (is_signed && p[0] & 0x80)
        return 0;
    for (uint32_t i = 0; i < bytes; i++)
        count = count << 8 | p[i];
    return count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
}

/* While the item is as z/OS has it. */
static void take_count(struct walk *walk, const struct sp_layout_item *item, const unsigned char *p)
{
    uint32_t *count = &walk->counts[item->slot];
    if (item->kind == SP_LAYOUT_ZONED)
        *count = zoned_count(p, item->bytes);
    else if (item->kind == SP_LAYOUT_PACKED)
        *count = packed_count(p, item->bytes);
    else
        *count = binary_count(p, item->bytes, item->is_signed);
}

/* --- fields ------------------------------------------------------------------------------------------ */

static void reverse(unsigned char *p, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes / 2; i++) {
        unsigned char c = p[i];
        p[i] = p[bytes - 1 - i];
        p[bytes - 1 - i] = c;
    }
}

static enum sp_status turn_single(enum sp_direction direction, unsigned char *p)
{
    float value;
    if (direction == SP_TO_PROGRAM) {
        enum sp_status status = sp_hexfloat_to_single(p, &value);
        if (status == SP_OK)
            memcpy(p, &value, sizeof value);
        return status;
    }
    memcpy(&value, p, sizeof value);
    return sp_hexfloat_from_single(value, p);
}

static enum sp_status turn_double(enum sp_direction direction, unsigned char *p)
{
    double value;
    if (direction == SP_TO_PROGRAM) {
        value = sp_hexfloat_to_double(p);
        memcpy(p, &value, sizeof value);
        return SP_OK;
    }
    memcpy(&value, p, sizeof value);
    return sp_hexfloat_from_double(value, p);
}

static enum sp_status turn(struct walk *walk, const struct sp_layout_item *item, unsigned char *p,
                           size_t have)
{
    enum sp_status status = SP_OK;
    bool whole = have >= item->bytes;
    size_t bytes = whole ? item->bytes : have;
    if (item->kind == SP_LAYOUT_CHAR)
        map(walk->translation->chars[walk->direction], p, bytes);
    else if (item->kind == SP_LAYOUT_ZONED)
        map(walk->translation->zoned[walk->direction], p, bytes);
    else if (item->kind == SP_LAYOUT_NATIVE && whole)
        reverse(p, item->bytes);
    else if (item->kind == SP_LAYOUT_FLOAT && whole)
        status = turn_single(walk->direction, p);
    else if (item->kind == SP_LAYOUT_DOUBLE && whole)
        status = turn_double(walk->direction, p);
    if (status != SP_OK)
        return sp_error_set(walk->err, status, NULL,
                            "record %.*s, item %.*s: the %s cannot hold the floating point number",
                            SP_STR_ARG(walk->record->name), SP_STR_ARG(item->name),
                            walk->direction == SP_TO_PROGRAM ? "program" : "caller");
    return SP_OK;
}

static enum sp_status walk_item(struct walk *walk, const struct sp_layout_item *item, uint64_t at);

static enum sp_status walk_one(struct walk *walk, const struct sp_layout_item *item, uint64_t at)
{
    if (item->kind == SP_LAYOUT_GROUP) {
        enum sp_status status = SP_OK;
        for (const struct sp_layout_item *child = item->first; child && status == SP_OK; child = child->next)
            status = walk_item(walk, child, at + child->at - item->at);
        return status;
    }
    if (at >= walk->len)
        return SP_OK;
    unsigned char *p = walk->data + at;
    size_t have = walk->len - at;
    bool counts = item->slot && have >= item->bytes;
    if (counts && walk->direction == SP_TO_PROGRAM)
        take_count(walk, item, p);
    enum sp_status status = turn(walk, item, p, have);
    if (counts && walk->direction == SP_TO_WIRE)
        take_count(walk, item, p);
    return status;
}

/* `at`: where the item, or its first occurrence, would be if no array before it were cut. */
static enum sp_status walk_item(struct walk *walk, const struct sp_layout_item *item, uint64_t at)
{
    enum sp_status status = SP_OK;
    uint32_t count = item->max ? item->max : 1;
    if (item->counter && walk->counts[item->counter->slot] < count)
        count = walk->counts[item->counter->slot];
    uint64_t shift = walk->shift;
    for (uint32_t i = 0; i < count && status == SP_OK; i++) {
        uint64_t where = at + (uint64_t)i * item->bytes;
        if (where < shift || where - shift >= walk->len)
            break;
        status = walk_one(walk, item, item->kind == SP_LAYOUT_GROUP ? where : where - shift);
    }
    if (item->counter)
        walk->shift += (uint64_t)(item->max - count) * item->bytes;
    return status;
}

enum sp_status sp_translate_record(const struct sp_translation *translation,
                                   const struct sp_layout_record *record, enum sp_direction direction,
                                   unsigned char *data, size_t len, struct sp_error *err)
{
    struct walk walk = {.translation = translation,
                        .record = record,
                        .direction = direction,
                        .data = data,
                        .len = len,
                        .err = err};
    memset(walk.counts, 0xff, sizeof walk.counts);
    return walk_item(&walk, record->root, 0);
}
