/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/correlator.h"

#include "base/hash.h"

static bool is_hex(struct sp_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!((text.ptr[i] >= '0' && text.ptr[i] <= '9') || (text.ptr[i] >= 'a' && text.ptr[i] <= 'f')))
            return false;
    return true;
}

static bool is_id(struct sp_str text)
{
    static const char zeros[] = "00000000000000000000000000000000";
    return is_hex(text) && memcmp(text.ptr, zeros, text.len) != 0;
}

bool sp_traceparent_is_valid(struct sp_str value)
{
    if (value.len < SP_CORRELATOR_BYTES || value.ptr[2] != '-' || value.ptr[35] != '-' ||
        value.ptr[52] != '-')
        return false;
    struct sp_str version = sp_str_slice(value, 0, 2);
    if (!is_hex(version) || sp_str_is(version, "ff"))
        return false;
    if (value.len > SP_CORRELATOR_BYTES &&
        (sp_str_is(version, "00") || value.ptr[SP_CORRELATOR_BYTES] != '-'))
        return false;
    return is_id(sp_str_slice(value, 3, 35)) && is_id(sp_str_slice(value, 36, 52)) &&
           is_hex(sp_str_slice(value, 53, 55));
}

static char *put_hex(char *at, uint64_t number)
{
    for (int shift = 60; shift >= 0; shift -= 4)
        *at++ = "0123456789abcdef"[number >> shift & 15];
    return at;
}

/* Not by printf: every request without a correlator of its own gets one. */
static struct sp_str make(const unsigned char seed[16], uint64_t request_id, struct sp_arena *arena)
{
    char *text = sp_arena_alloc(arena, SP_CORRELATOR_BYTES);
    if (!text)
        return SP_STR("");
    char *at = stpcpy(text, "00-");
    for (uint64_t part = 0; part < 3; part++) {
        const uint64_t number[] = {request_id, part};
        at = put_hex(at, sp_siphash(seed, 1, 3, number, sizeof number) | 1); /* never zero */
        if (part)
            *at++ = '-';
    }
    memcpy(at, "00", 2);
    return sp_str_from(text, SP_CORRELATOR_BYTES);
}

struct sp_str sp_correlator(const struct sp_http_request *request, const unsigned char seed[16],
                            uint64_t request_id, struct sp_arena *arena)
{
    struct sp_str sent = sp_http_header_get(request, "traceparent");
    if (sp_http_header_count(request, "traceparent") == 1 && sp_traceparent_is_valid(sent))
        return sp_arena_str(arena, sp_str_slice(sent, 0, SP_CORRELATOR_BYTES));
    return make(seed, request_id, arena);
}
