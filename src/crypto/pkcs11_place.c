/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pkcs11_place.h"

#include <stdio.h>

#define SCHEME SP_STR("pkcs11:")
#define ATTRIBUTES_MAX 32

bool sp_pkcs11_is_uri(struct sp_str text)
{
    return sp_str_caseless_eq(sp_str_slice(text, 0, SCHEME.len), SCHEME);
}

static enum sp_status put_text(struct sp_str value, char *to, size_t size, const char *what,
                               struct sp_error *err)
{
    if (!value.len)
        return sp_error_set(err, SP_ESYNTAX, NULL, "%s is empty", what);
    if (value.len >= size)
        return sp_error_set(err, SP_ELIMIT, NULL, "%s is longer than %zu bytes", what, size - 1);
    if (memchr(value.ptr, 0, value.len))
        return sp_error_set(err, SP_ESYNTAX, NULL, "%s holds a NUL", what);
    memcpy(to, value.ptr, value.len);
    to[value.len] = '\0';
    return SP_OK;
}

static enum sp_status put_library(struct sp_str value, struct sp_pkcs11_place *place, const char *what,
                                  struct sp_error *err)
{
    if (value.len && value.ptr[0] != '/')
        return sp_error_set(err, SP_EINVAL, NULL,
                            "%s must be the absolute path of the token's PKCS#11 library", what);
    return put_text(value, place->library, sizeof place->library, what, err);
}

static enum sp_status put_number(struct sp_str value, int64_t *to, const char *what, struct sp_error *err)
{
    uint64_t number;
    if (sp_str_to_u64(value, &number) != SP_OK || number > UINT32_MAX)
        return sp_error_set(err, SP_ESYNTAX, NULL, "%s is no number of a slot", what);
    *to = (int64_t)number;
    return SP_OK;
}

/* ---- URIs ---- */

struct uri_attribute {
    const char *name;
    bool in_query;
    enum { LIBRARY, TEXT, SLOT, ID, IGNORED, SECRET, UNSUPPORTED } kind;
    size_t offset, size;
};

#define PLACE_TEXT(member) \
    TEXT, offsetof(struct sp_pkcs11_place, member), sizeof(((struct sp_pkcs11_place *)0)->member)
static const struct uri_attribute uri_attributes[] = {
    {"token", false, PLACE_TEXT(token)},
    {"manufacturer", false, PLACE_TEXT(manufacturer)},
    {"serial", false, PLACE_TEXT(serial)},
    {"model", false, PLACE_TEXT(model)},
    {"object", false, PLACE_TEXT(object)},
    {"slot-id", false, SLOT, 0, 0},
    {"id", false, ID, 0, 0},
    {"type", false, IGNORED, 0, 0}, /* a key store has both keys and certificates */
    {"module-path", true, LIBRARY, 0, 0},
    {"module-name", true, UNSUPPORTED, 0, 0},
    {"pin-value", true, SECRET, 0, 0},
    {"pin-source", true, SECRET, 0, 0},
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = sp_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Bytes, not text: an id is binary. `out` has room for value.len. */
static enum sp_status decode(struct sp_str value, char *out, size_t *ret_len, const char *what,
                             struct sp_error *err)
{
    size_t len = 0;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c == '%') {
            int high = i + 2 < value.len ? hex_digit(value.ptr[i + 1]) : -1;
            int low = i + 2 < value.len ? hex_digit(value.ptr[i + 2]) : -1;
            if (high < 0 || low < 0)
                return sp_error_set(err, SP_ESYNTAX, NULL, "%s has a '%%' without two hexadecimal digits",
                                    what);
            c = (char)(high << 4 | low);
            i += 2;
        } else if ((unsigned char)c <= ' ' || (unsigned char)c >= 0x7f) {
            return sp_error_set(err, SP_ESYNTAX, NULL, "%s holds a character that must be written as %%XX",
                                what);
        }
        out[len++] = c;
    }
    *ret_len = len;
    return SP_OK;
}

static enum sp_status put_id(struct sp_str value, struct sp_pkcs11_place *place, struct sp_error *err)
{
    if (!value.len || value.len > sizeof place->id)
        return sp_error_set(err, SP_ELIMIT, NULL, "id has no or more than %u bytes", SP_PKCS11_ID_MAX);
    memcpy(place->id, value.ptr, value.len);
    place->id_len = value.len;
    return SP_OK;
}

static enum sp_status take_value(const struct uri_attribute *attribute, struct sp_str value,
                                 struct sp_pkcs11_place *place, struct sp_error *err)
{
    switch (attribute->kind) {
    case LIBRARY:
        return put_library(value, place, attribute->name, err);
    case TEXT:
        return put_text(value, (char *)place + attribute->offset, attribute->size, attribute->name, err);
    case SLOT:
        return put_number(value, &place->slot_id, attribute->name, err);
    case ID:
        return put_id(value, place, err);
    case IGNORED:
        return SP_OK;
    case SECRET:
        return sp_error_set(err, SP_EUNSUPPORTED, NULL,
                            "%s is not taken from a URI, which nobody keeps secret: the PIN belongs into the "
                            "attribute password",
                            attribute->name);
    default:
        return sp_error_set(err, SP_EUNSUPPORTED, NULL,
                            "%s is not understood; name the library by module-path", attribute->name);
    }
}

static enum sp_status take_attribute(struct sp_str text, bool in_query, unsigned *seen,
                                     struct sp_pkcs11_place *place, struct sp_error *err)
{
    char room[SP_PKCS11_TEXT_MAX];
    size_t equals = sp_str_find(text, '='), len = 0;
    struct sp_str name = sp_str_slice(text, 0, equals), value = sp_str_slice(text, equals + 1, text.len);
    if (equals == text.len)
        return sp_error_set(err, SP_ESYNTAX, NULL, "an attribute of the URI has no '='");
    for (size_t i = 0; i < sizeof uri_attributes / sizeof uri_attributes[0]; i++) {
        const struct uri_attribute *attribute = &uri_attributes[i];
        if (!sp_str_is(name, attribute->name) || attribute->in_query != in_query)
            continue;
        if (*seen & 1u << i)
            return sp_error_set(err, SP_EEXISTS, NULL, "%s stands twice in the URI", attribute->name);
        *seen |= 1u << i;
        enum sp_status status = decode(value, room, &len, attribute->name, err);
        return status == SP_OK ? take_value(attribute, sp_str_from(room, len), place, err) : status;
    }
    return sp_error_set(err, SP_EUNSUPPORTED, NULL, "the URI has an attribute '%.*s' that is not known %s",
                        name.len > 40 ? 40 : (int)name.len, name.ptr ? name.ptr : "",
                        in_query ? "behind '?'" : "before '?'");
}

static enum sp_status take_attributes(struct sp_str text, char separator, bool in_query, unsigned *seen,
                                      struct sp_pkcs11_place *place, struct sp_error *err)
{
    struct sp_str part;
    enum sp_status status = SP_OK;
    while (status == SP_OK && text.len && sp_str_split(&text, separator, &part))
        status = take_attribute(part, in_query, seen, place, err);
    return status;
}

enum sp_status sp_pkcs11_place_parse_uri(struct sp_str uri, struct sp_pkcs11_place *ret_place,
                                         struct sp_error *err)
{
    struct sp_pkcs11_place place = {.slot_id = -1, .slot_index = -1};
    unsigned seen = 0;
    if (!sp_pkcs11_is_uri(uri))
        return sp_error_set(err, SP_ESYNTAX, NULL, "it does not begin with pkcs11:");
    if (uri.len > SP_PKCS11_TEXT_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "the URI is longer than %u bytes", SP_PKCS11_TEXT_MAX);
    struct sp_str rest = sp_str_slice(uri, SCHEME.len, uri.len);
    size_t question = sp_str_find(rest, '?');
    enum sp_status status = take_attributes(sp_str_slice(rest, 0, question), ';', false, &seen, &place, err);
    if (status == SP_OK)
        status = take_attributes(sp_str_slice(rest, question + 1, rest.len), '&', true, &seen, &place, err);
    if (status != SP_OK)
        return status;
    if (!place.library[0])
        return sp_error_set(err, SP_EINVAL, NULL,
                            "the URI does not name the token's library: add "
                            "?module-path=/usr/lib/.../library.so");
    *ret_place = place;
    return SP_OK;
}

/* ---- files ---- */

static struct sp_str unquoted(struct sp_str value)
{
    if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
        return sp_str_slice(value, 1, value.len - 1);
    return value;
}

static enum sp_status take_line(struct sp_str name, struct sp_str value, struct sp_pkcs11_place *place,
                                struct sp_error *err)
{
    if (sp_str_is(name, "library"))
        return put_library(unquoted(value), place, "library", err);
    if (sp_str_is(name, "slot"))
        return put_number(value, &place->slot_id, "slot", err);
    if (sp_str_is(name, "slotListIndex"))
        return put_number(value, &place->slot_index, "slotListIndex", err);
    if (sp_str_is(name, "tokenLabel"))
        return put_text(unquoted(value), place->token, sizeof place->token, "tokenLabel", err);
    return SP_OK;
}

/* The brackets of a line; inside of braces nothing means anything to us. */
static int depth_after(struct sp_str line, int depth)
{
    for (size_t i = 0; i < line.len; i++)
        depth += line.ptr[i] == '{' ? 1 : line.ptr[i] == '}' && depth ? -1 : 0;
    return depth;
}

static enum sp_status take_lines(struct sp_str text, unsigned *ret_line, struct sp_pkcs11_place *place,
                                 struct sp_error *err)
{
    struct sp_str line;
    int depth = 0;
    enum sp_status status = SP_OK;
    while (status == SP_OK && sp_str_split(&text, '\n', &line)) {
        ++*ret_line;
        line = sp_str_trim(sp_str_slice(line, 0, sp_str_find(line, '#')));
        int before = depth;
        depth = depth_after(line, depth);
        if (before || !line.len)
            continue;
        size_t equals = sp_str_find(line, '=');
        struct sp_str name = sp_str_trim(sp_str_slice(line, 0, equals));
        if (equals < line.len)
            status = take_line(name, sp_str_trim(sp_str_slice(line, equals + 1, line.len)), place, err);
        else if (!depth && depth_after(line, 0) == 0 && sp_str_find(line, '{') == line.len)
            status = sp_error_set(err, SP_ESYNTAX, NULL, "a line is not 'name = value'");
    }
    if (status == SP_OK && depth)
        status = sp_error_set(err, SP_ESYNTAX, NULL, "a '{' is not closed");
    return status;
}

enum sp_status sp_pkcs11_place_parse_file(struct sp_str text, const char *name,
                                          struct sp_pkcs11_place *ret_place, struct sp_error *err)
{
    struct sp_pkcs11_place place = {.slot_id = -1, .slot_index = -1};
    unsigned line = 0;
    enum sp_status status =
        text.len > SP_PKCS11_TEXT_MAX
            ? sp_error_set(err, SP_ELIMIT, NULL, "it has more than %u bytes", SP_PKCS11_TEXT_MAX)
            : take_lines(text, &line, &place, err);
    if (status == SP_OK && !place.library[0]) {
        line = 0;
        status = sp_error_set(err, SP_EINVAL, NULL,
                              "it does not name the token's library: add a line library = "
                              "/usr/lib/.../library.so");
    }
    if (status == SP_OK && place.slot_id >= 0 && place.slot_index >= 0)
        status = sp_error_set(err, SP_EINVAL, NULL, "slot and slotListIndex are both given");
    if (status != SP_OK) {
        sp_error_at(err, name, line, 0);
        return status;
    }
    if (place.slot_id < 0 && place.slot_index < 0 && !place.token[0])
        place.slot_index = 0;
    *ret_place = place;
    return SP_OK;
}

void sp_pkcs11_place_describe(const struct sp_pkcs11_place *place, char *ret_text, size_t size)
{
    char number[48] = "";
    if (place->slot_id >= 0)
        snprintf(number, sizeof number, " in slot %lld", (long long)place->slot_id);
    else if (place->slot_index >= 0)
        snprintf(number, sizeof number, " number %lld", (long long)place->slot_index);
    snprintf(ret_text, size, "%s%s%s%s%s%s of %s", place->token[0] ? "token '" : "token", place->token,
             place->token[0] ? "'" : "", place->serial[0] ? " with serial number " : "", place->serial,
             number, place->library);
}
