/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/saml_token.h"

#include <zlib.h>

#include "text/base64.h"

/* ---------------------------------------------------------------- where it stands */

static struct sp_str unquote(struct sp_str value)
{
    value = sp_str_trim(value);
    bool quoted = value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"';
    return quoted ? sp_str_slice(value, 1, value.len - 1) : value;
}

static struct sp_str header_named(const struct sp_http_request *request, struct sp_str name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (sp_str_caseless_eq(request->headers[i].name, name))
            return request->headers[i].value;
    return (struct sp_str){NULL, 0};
}

struct sp_str sp_saml_token_find(const struct sp_http_request *request, const struct sp_str_list *names,
                                 struct sp_str authorization)
{
    for (size_t i = 0; i < names->count; i++) {
        struct sp_str value = header_named(request, sp_str_trim(names->items[i]));
        if (value.ptr)
            return unquote(value);
    }
    for (size_t i = 0; i < names->count; i++) {
        struct sp_str name = sp_str_trim(names->items[i]);
        if (name.len && authorization.len > name.len && sp_str_starts(authorization, name) &&
            (authorization.ptr[name.len] == '=' || authorization.ptr[name.len] == ' '))
            return unquote(sp_str_slice(authorization, name.len + 1, authorization.len));
    }
    return (struct sp_str){NULL, 0};
}

bool sp_saml_token_is_ambiguous(const struct sp_http_request *request, const struct sp_str_list *names)
{
    size_t found = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        bool named = false;
        for (size_t k = 0; k < names->count && !named; k++)
            named = sp_str_caseless_eq(request->headers[i].name, sp_str_trim(names->items[k]));
        found += named;
    }
    return found > 1;
}

/* ---------------------------------------------------------------- what it is */

static bool is_xml(struct sp_str text)
{
    return text.len > 2 && text.ptr[0] == '<' && text.ptr[text.len - 1] == '>';
}

/* One alphabet throughout; padding is taken off first. */
static enum sp_status decode_base64(struct sp_str text, struct sp_buf *bytes)
{
    while (text.len && text.ptr[text.len - 1] == '=')
        text.len--;
    bool url = memchr(text.ptr, '-', text.len) || memchr(text.ptr, '_', text.len);
    return sp_base64_decode(url ? SP_BASE64_URL : SP_BASE64_LOOSE, text, bytes);
}

static enum sp_status inflate_all(z_stream *stream, struct sp_buf *document, struct sp_error *err)
{
    unsigned char block[4096];
    int result;
    do {
        stream->next_out = block;
        stream->avail_out = sizeof block;
        result = inflate(stream, Z_NO_FLUSH);
        size_t made = sizeof block - stream->avail_out;
        if (made && sp_buf_append(document, block, made) != SP_OK)
            return sp_error_set(err, SP_ELIMIT, NULL, "the SAML token unfolds to more than %u bytes",
                                SP_SAML_DOCUMENT_MAX);
        if (result == Z_BUF_ERROR || (result == Z_OK && !made && !stream->avail_in))
            break;
    } while (result == Z_OK);
    if (result != Z_STREAM_END || stream->avail_in)
        return sp_error_set(err, SP_ESYNTAX, NULL, "the SAML token is not whole deflate, zlib or gzip data");
    return SP_OK;
}

/* 31 + 16: gzip; 15: zlib; -15: neither header. */
static int window_of(struct sp_str bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.ptr;
    if (bytes.len > 2 && at[0] == 0x1f && at[1] == 0x8b)
        return 15 + 16;
    if (bytes.len > 2 && (at[0] & 0x0f) == 8 && (at[0] << 8 | at[1]) % 31 == 0)
        return 15;
    return -15;
}

static enum sp_status unfold(struct sp_str bytes, struct sp_buf *document, struct sp_error *err)
{
    z_stream stream = {.next_in = (Bytef *)bytes.ptr, .avail_in = (uInt)bytes.len};
    if (inflateInit2(&stream, window_of(bytes)) != Z_OK)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to unfold a SAML token");
    enum sp_status status = inflate_all(&stream, document, err);
    inflateEnd(&stream);
    return status;
}

enum sp_status sp_saml_token_decode(struct sp_str token, struct sp_buf *document, struct sp_error *err)
{
    struct sp_buf bytes;
    token = sp_str_trim(token);
    if (token.len > SP_SAML_TOKEN_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "the SAML token has more than %u bytes", SP_SAML_TOKEN_MAX);
    if (!token.len)
        return sp_error_set(err, SP_ESYNTAX, NULL, "the SAML token is empty");
    if (is_xml(token))
        return sp_buf_append_str(document, token) == SP_OK
                   ? SP_OK
                   : sp_error_set(err, SP_ELIMIT, NULL, "the SAML token is too long");
    sp_buf_init(&bytes, SP_SAML_TOKEN_MAX);
    enum sp_status status = decode_base64(token, &bytes);
    if (status != SP_OK || !bytes.len)
        status = sp_error_set(err, SP_ESYNTAX, NULL, "the SAML token is neither XML nor base64");
    else if (is_xml(sp_str_trim(sp_buf_str(&bytes))))
        status = sp_buf_append_str(document, sp_str_trim(sp_buf_str(&bytes)));
    else
        status = unfold(sp_buf_str(&bytes), document, err);
    sp_buf_finish(&bytes);
    return status;
}
