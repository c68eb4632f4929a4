/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/saml_send.h"

#include <zlib.h>

#include "authn/browser.h"
#include "text/base64.h"
#include "text/percent.h"

#define DOCUMENT_MAX 65536u
#define URL_MAX 32768u
#define PAGE_MAX 262144u
/* With its digest, so that the page can run this script and no other. */
#define SCRIPT "document.forms[0].submit()"
#define SCRIPT_DIGEST "sha256-ePniVEkSivX/c7XWBGafqh8tSpiRrKiqYeqbG7N1TOE="

static enum sp_status no_memory(struct sp_error *err)
{
    return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a SAML message, or it is too long");
}

/* ---------------------------------------------------------------- HTTP-Redirect */

/* "DEFLATE", bindings section 3.4.4.1 */
static enum sp_status deflate_all(struct sp_str document, struct sp_buf *bytes)
{
    z_stream stream = {.next_in = (Bytef *)document.ptr, .avail_in = (uInt)document.len};
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return SP_ENOMEM;
    size_t room = deflateBound(&stream, document.len);
    unsigned char *out = sp_buf_reserve(bytes, room);
    stream.next_out = out;
    stream.avail_out = (uInt)room;
    int result = out ? deflate(&stream, Z_FINISH) : Z_MEM_ERROR;
    if (result == Z_STREAM_END)
        bytes->len += stream.total_out;
    deflateEnd(&stream);
    return result == Z_STREAM_END ? SP_OK : SP_ENOMEM;
}

static void append_base64(struct sp_buf *query, const char *name, struct sp_str bytes)
{
    struct sp_buf text;
    sp_buf_init(&text, URL_MAX);
    if (sp_base64_encode(SP_BASE64, bytes, &text) != SP_OK)
        query->failed = true;
    sp_form_append(query, name, sp_buf_str(&text));
    sp_buf_finish(&text);
}

static enum sp_status append_signature(const struct sp_saml_signer *signer, struct sp_buf *query,
                                       struct sp_error *err)
{
    const struct sp_saml_method *method;
    struct sp_buf value;
    enum sp_status status = sp_saml_signer_method(signer, &method, err);
    if (status != SP_OK)
        return status;
    sp_form_append(query, "SigAlg", sp_str_of(method->uri));
    sp_buf_init(&value, URL_MAX);
    status = sp_saml_sign_bytes(signer, sp_buf_str(query), &value, err);
    if (status == SP_OK)
        append_base64(query, "Signature", sp_buf_str(&value));
    sp_buf_finish(&value);
    return status;
}

enum sp_status sp_saml_redirect_url(const struct sp_saml_sending *sending, struct sp_arena *arena,
                                    struct sp_str *ret_url, struct sp_error *err)
{
    struct sp_buf bytes, query;
    struct sp_str url = {NULL, 0}, endpoint = sending->to.url;
    sp_buf_init(&bytes, DOCUMENT_MAX);
    sp_buf_init(&query, URL_MAX);
    enum sp_status status = deflate_all(sending->document, &bytes);
    append_base64(&query, sending->field, sp_buf_str(&bytes));
    if (sending->relay_state.len)
        sp_form_append(&query, "RelayState", sending->relay_state);
    if (status == SP_OK && sending->signer.key)
        status = append_signature(&sending->signer, &query, err);
    bool has_query = sp_str_find(endpoint, '?') < endpoint.len;
    if (status == SP_OK && !query.failed)
        url = sp_arena_printf(arena, "%.*s%c%.*s", SP_STR_ARG(endpoint), has_query ? '&' : '?',
                              (int)query.len, (const char *)query.ptr);
    if (status == SP_ENOMEM || (status == SP_OK && !url.ptr))
        status = no_memory(err);
    sp_buf_finish(&bytes);
    sp_buf_finish(&query);
    if (status == SP_OK)
        *ret_url = url;
    return status;
}

/* ---------------------------------------------------------------- HTTP-POST */

static void put(struct sp_buf *page, const char *text)
{
    sp_buf_append_str(page, sp_str_of(text));
}

static void put_attribute(struct sp_buf *page, const char *name, struct sp_str value)
{
    sp_buf_printf(page, " %s=\"", name);
    for (size_t i = 0; i < value.len; i++) {
        if (strchr("<>&\"'", value.ptr[i]))
            sp_buf_printf(page, "&#%d;", value.ptr[i]);
        else
            sp_buf_append_byte(page, (unsigned char)value.ptr[i]);
    }
    put(page, "\"");
}

static void put_field(struct sp_buf *page, const char *name, struct sp_str value)
{
    put(page, "<input type=\"hidden\"");
    put_attribute(page, "name", sp_str_of(name));
    put_attribute(page, "value", value);
    put(page, ">");
}

enum sp_status sp_saml_post_page(const struct sp_saml_sending *sending, struct sp_arena *arena,
                                 struct sp_str *ret_page, struct sp_error *err)
{
    struct sp_str document = sending->document, text = {NULL, 0};
    struct sp_buf page, message;
    enum sp_status status = SP_OK;
    if (sending->signer.key)
        status = sp_saml_sign_document(&sending->signer, document, arena, &document, err);
    if (status != SP_OK)
        return status;
    sp_buf_init(&page, PAGE_MAX);
    sp_buf_init(&message, PAGE_MAX);
    if (sp_base64_encode(SP_BASE64, document, &message) != SP_OK)
        page.failed = true;
    put(&page,
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Identity provider</title>"
        "</head><body><form method=\"post\"");
    put_attribute(&page, "action", sending->to.url);
    put(&page, ">");
    put_field(&page, sending->field, sp_buf_str(&message));
    if (sending->relay_state.len)
        put_field(&page, "RelayState", sending->relay_state);
    put(&page, "<noscript><p>Go on to the identity provider.</p><button>Continue</button></noscript></form>"
               "<script>" SCRIPT "</script></body></html>\n");
    if (!page.failed)
        text = sp_arena_str(arena, sp_buf_str(&page));
    sp_buf_finish(&message);
    sp_buf_finish(&page);
    if (!text.ptr)
        return no_memory(err);
    *ret_page = text;
    return SP_OK;
}

/* ---------------------------------------------------------------- either of them */

/* form-action is not bound to the endpoint's host: browsers apply it to redirects of the answer too, and
 * providers have their login pages elsewhere. Frames are allowed, in which providers log their users out. */
static enum sp_status answer_with_page(struct sp_challenge *challenge, struct sp_str url, struct sp_str page,
                                       struct sp_error *err)
{
    struct sp_str policy = sp_str_starts(url, SP_STR("https:"))
                               ? SP_STR("default-src 'none'; script-src '" SCRIPT_DIGEST
                                        "'; base-uri 'none'; form-action https:")
                               : SP_STR("default-src 'none'; script-src '" SCRIPT_DIGEST
                                        "'; base-uri 'none'; form-action https: http:");
    if (!sp_challenge_add(challenge, "Content-Type", SP_STR("text/html; charset=utf-8")) ||
        !sp_challenge_add(challenge, "Content-Security-Policy", policy) ||
        !sp_challenge_add(challenge, "Referrer-Policy", SP_STR("no-referrer")) ||
        !sp_challenge_add(challenge, "Cache-Control", SP_STR("no-store")))
        return no_memory(err);
    challenge->status = 200;
    challenge->body = page;
    return SP_OK;
}

enum sp_status sp_saml_send(const struct sp_saml_sending *sending, struct sp_arena *arena,
                            struct sp_challenge *challenge, struct sp_error *err)
{
    struct sp_str text;
    if (!sending->document.ptr)
        return no_memory(err);
    enum sp_status status = sending->to.is_post ? sp_saml_post_page(sending, arena, &text, err)
                                                : sp_saml_redirect_url(sending, arena, &text, err);
    if (status != SP_OK)
        return status;
    return sending->to.is_post ? answer_with_page(challenge, sending->to.url, text, err)
                               : sp_browser_send_to(challenge, text, err);
}
