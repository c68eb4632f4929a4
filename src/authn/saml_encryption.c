/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/saml_encryption.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "authn/saml_assertion.h"
#include "authn/saml_token.h"
#include "base/secret.h"
#include "crypto/pkcs11_key.h"

#define XENC11 "http://www.w3.org/2009/xmlenc11#"
#define KEYS_MAX 4 /* of several recipients */
#define WRAPPED_KEY_MAX 1024u
#define BLOCK 16u
#define GCM_NONCE 12u
#define GCM_TAG 16u
#define NAMESPACES_MAX 64

/* What may be encrypted, and how it is called then. */
static const struct kind {
    const char *holder, *content;
} kinds[] = {
    {"EncryptedAssertion", "Assertion"},
    {"EncryptedID", "NameID"},
    {"EncryptedAttribute", "Attribute"},
};

struct decrypting {
    EVP_PKEY *key;
    const struct kind *kind;
    xmlNodePtr encrypted; /* EncryptedAssertion */
    xmlNodePtr data;      /* EncryptedData */
    struct sp_error *err;
};

static enum sp_status wrong(const struct decrypting *d, const char *what)
{
    return sp_error_set(d->err, SP_EDENIED, NULL, "SAML: the %s is refused: %s", d->kind->holder, what);
}

/* The same whatever it was. */
static enum sp_status undecryptable(const struct decrypting *d)
{
    ERR_clear_error();
    return wrong(d, "it cannot be decrypted with the key of keyStoreRef and keyAlias");
}

/* ---------------------------------------------------------------- methods */

struct content_method {
    const char *uri;
    const EVP_CIPHER *(*cipher)(void);
    size_t key_bytes;
    bool is_gcm;
};

static const struct content_method content_methods[] = {
    {XENC11 "aes128-gcm", EVP_aes_128_gcm, 16, true},
    {XENC11 "aes192-gcm", EVP_aes_192_gcm, 24, true},
    {XENC11 "aes256-gcm", EVP_aes_256_gcm, 32, true},
    {SP_SAML_XENC "aes128-cbc", EVP_aes_128_cbc, 16, false},
    {SP_SAML_XENC "aes192-cbc", EVP_aes_192_cbc, 24, false},
    {SP_SAML_XENC "aes256-cbc", EVP_aes_256_cbc, 32, false},
};

static xmlNodePtr method_of(xmlNodePtr of)
{
    return sp_saml_tree_named(of->children, "EncryptionMethod", SP_SAML_XENC);
}

static const struct content_method *find_content_method(xmlNodePtr data)
{
    xmlNodePtr method = method_of(data);
    const char *uri = method ? sp_saml_tree_value(method, "Algorithm") : NULL;
    for (size_t i = 0; uri && i < sizeof content_methods / sizeof content_methods[0]; i++)
        if (strcmp(content_methods[i].uri, uri) == 0)
            return &content_methods[i];
    return NULL;
}

static const EVP_MD *find_digest(const char *uri)
{
    const struct {
        const char *uri;
        const EVP_MD *(*digest)(void);
    } digests[] = {
        {SP_SAML_DSIG "sha1", EVP_sha1},     {SP_SAML_XENC "sha256", EVP_sha256},
        {SP_SAML_XENC "sha512", EVP_sha512}, {"http://www.w3.org/2001/04/xmldsig-more#sha384", EVP_sha384},
        {XENC11 "mgf1sha1", EVP_sha1},       {XENC11 "mgf1sha256", EVP_sha256},
        {XENC11 "mgf1sha384", EVP_sha384},   {XENC11 "mgf1sha512", EVP_sha512},
    };
    for (size_t i = 0; uri && i < sizeof digests / sizeof digests[0]; i++)
        if (strcmp(digests[i].uri, uri) == 0)
            return digests[i].digest();
    return NULL;
}

struct key_method {
    const EVP_MD *digest, *mask;
};

/* RSA-OAEP, with the defaults of XML Encryption 1.1 section 5.5.2. */
static enum sp_status read_key_method(const struct decrypting *d, xmlNodePtr wrapped,
                                      struct key_method *ret_method)
{
    xmlNodePtr method = method_of(wrapped);
    const char *uri = method ? sp_saml_tree_value(method, "Algorithm") : NULL;
    bool is_old = uri && strcmp(uri, SP_SAML_XENC "rsa-oaep-mgf1p") == 0;
    struct key_method found = {EVP_sha1(), EVP_sha1()};
    if (!is_old && !(uri && strcmp(uri, XENC11 "rsa-oaep") == 0))
        return wrong(d, "its key is not wrapped by RSA-OAEP (RSA 1.5 and keys agreed upon are not taken)");
    for (xmlNodePtr each = sp_saml_tree_element(method->children); each;
         each = sp_saml_tree_element(each->next)) {
        const EVP_MD *digest = find_digest(sp_saml_tree_value(each, "Algorithm"));
        if (digest && sp_saml_tree_is(each, "DigestMethod", SP_SAML_DSIG))
            found.digest = digest;
        else if (digest && !is_old && sp_saml_tree_is(each, "MGF", XENC11))
            found.mask = digest;
        else
            return wrong(d, "RSA-OAEP has parameters that are not taken");
    }
    *ret_method = found;
    return SP_OK;
}

/* ---------------------------------------------------------------- the key of the content */

/* Bytes of CipherData/CipherValue; a reference to bytes elsewhere is none. */
static bool read_cipher(xmlNodePtr of, struct sp_buf *bytes)
{
    xmlNodePtr data = sp_saml_tree_named(of->children, "CipherData", SP_SAML_XENC);
    xmlNodePtr value = data ? sp_saml_tree_element(data->children) : NULL;
    return value && sp_saml_tree_is(value, "CipherValue", SP_SAML_XENC) &&
           !sp_saml_tree_element(value->next) && sp_saml_tree_bytes(value, bytes) == SP_OK && bytes->len;
}

static bool unwrap(EVP_PKEY *key, const struct key_method *method, struct sp_str wrapped,
                   unsigned char *ret_key, size_t key_bytes)
{
    unsigned char bytes[WRAPPED_KEY_MAX];
    size_t len = sizeof bytes;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    bool ok = context && EVP_PKEY_decrypt_init(context) > 0 &&
              EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) > 0 &&
              EVP_PKEY_CTX_set_rsa_oaep_md(context, method->digest) > 0 &&
              EVP_PKEY_CTX_set_rsa_mgf1_md(context, method->mask) > 0 &&
              EVP_PKEY_decrypt(context, bytes, &len, (const unsigned char *)wrapped.ptr, wrapped.len) > 0 &&
              len == key_bytes;
    EVP_PKEY_CTX_free(context);
    if (ok)
        memcpy(ret_key, bytes, key_bytes);
    sp_secret_wipe(bytes, sizeof bytes);
    return ok;
}

/* The next EncryptedKey: those in KeyInfo of the data, then those beside the data. */
static xmlNodePtr next_key(const struct decrypting *d, xmlNodePtr after)
{
    xmlNodePtr info = sp_saml_tree_named(d->data->children, "KeyInfo", SP_SAML_DSIG);
    xmlNodePtr from = after ? after->next : info ? info->children : d->encrypted->children;
    xmlNodePtr found = sp_saml_tree_named(from, "EncryptedKey", SP_SAML_XENC);
    bool was_inside = (after && after->parent == info) || (!after && info);
    return found || !was_inside ? found
                                : sp_saml_tree_named(d->encrypted->children, "EncryptedKey", SP_SAML_XENC);
}

static enum sp_status find_key(const struct decrypting *d, const struct content_method *content,
                               unsigned char *ret_key)
{
    int count = 0;
    bool found = false;
    for (xmlNodePtr each = next_key(d, NULL); each && !found; each = next_key(d, each)) {
        struct key_method method;
        struct sp_buf wrapped;
        if (++count > KEYS_MAX)
            return wrong(d, "it has more than 4 keys");
        enum sp_status status = read_key_method(d, each, &method);
        if (status != SP_OK)
            return status;
        sp_buf_init(&wrapped, WRAPPED_KEY_MAX);
        ERR_clear_error();
        found = read_cipher(each, &wrapped) &&
                unwrap(d->key, &method, sp_buf_str(&wrapped), ret_key, content->key_bytes);
        sp_buf_finish(&wrapped);
        if (!found && sp_pkcs11_key_is_away(d->err)) {
            ERR_clear_error();
            return SP_EUNAVAIL;
        }
    }
    if (!count)
        return wrong(d, "there is no EncryptedKey in it or beside it");
    return found ? SP_OK : undecryptable(d);
}

/* ---------------------------------------------------------------- the content */

/* XML Encryption 1.1 section 5.2: the last byte says how many are padding. */
static bool open_cbc(EVP_CIPHER_CTX *context, const struct content_method *method, const unsigned char *key,
                     struct sp_str cipher, unsigned char *out, size_t *ret_len)
{
    int len = 0, more = 0;
    if (cipher.len < 2 * BLOCK || cipher.len % BLOCK)
        return false;
    const unsigned char *iv = (const unsigned char *)cipher.ptr;
    bool ok = EVP_DecryptInit_ex(context, method->cipher(), NULL, key, iv) > 0 &&
              EVP_CIPHER_CTX_set_padding(context, 0) > 0 &&
              EVP_DecryptUpdate(context, out, &len, iv + BLOCK, (int)(cipher.len - BLOCK)) > 0 &&
              EVP_DecryptFinal_ex(context, out + len, &more) > 0 && len + more > 0;
    size_t whole = ok ? (size_t)(len + more) : 0;
    if (!ok || out[whole - 1] < 1 || out[whole - 1] > BLOCK)
        return false;
    *ret_len = whole - out[whole - 1];
    return true;
}

static bool open_gcm(EVP_CIPHER_CTX *context, const struct content_method *method, const unsigned char *key,
                     struct sp_str cipher, unsigned char *out, size_t *ret_len)
{
    int len = 0, more = 0;
    if (cipher.len <= GCM_NONCE + GCM_TAG)
        return false;
    const unsigned char *nonce = (const unsigned char *)cipher.ptr;
    size_t text_len = cipher.len - GCM_NONCE - GCM_TAG;
    unsigned char tag[GCM_TAG];
    memcpy(tag, nonce + GCM_NONCE + text_len, sizeof tag);
    bool ok = EVP_DecryptInit_ex(context, method->cipher(), NULL, key, nonce) > 0 &&
              EVP_DecryptUpdate(context, out, &len, nonce + GCM_NONCE, (int)text_len) > 0 &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, GCM_TAG, tag) > 0 &&
              EVP_DecryptFinal_ex(context, out + len, &more) > 0;
    *ret_len = ok ? (size_t)(len + more) : 0;
    return ok;
}

static enum sp_status open_content(const struct decrypting *d, const struct content_method *method,
                                   const unsigned char *key, struct sp_str cipher, struct sp_buf *text)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    unsigned char *out = sp_buf_reserve(text, cipher.len + BLOCK);
    size_t len = 0;
    bool ok = context && out &&
              (method->is_gcm ? open_gcm(context, method, key, cipher, out, &len)
                              : open_cbc(context, method, key, cipher, out, &len));
    EVP_CIPHER_CTX_free(context);
    if (ok)
        text->len += len;
    return ok ? SP_OK : undecryptable(d);
}

static enum sp_status decrypt(const struct decrypting *d, struct sp_buf *text)
{
    unsigned char key[32];
    struct sp_buf cipher;
    const struct content_method *method = find_content_method(d->data);
    if (!method)
        return wrong(d, "its content is not encrypted by AES in GCM or CBC");
    enum sp_status status = find_key(d, method, key);
    sp_buf_init(&cipher, SP_SAML_DOCUMENT_MAX);
    if (status == SP_OK && !read_cipher(d->data, &cipher))
        status = wrong(d, "its cipher text is missing, too long or no base64");
    if (status == SP_OK)
        status = open_content(d, method, key, sp_buf_str(&cipher), text);
    sp_secret_wipe(key, sizeof key);
    sp_buf_finish(&cipher);
    return status;
}

/* ---------------------------------------------------------------- what was encrypted */

static void append_attribute_value(struct sp_buf *buf, const xmlChar *value)
{
    for (; value && *value; value++) {
        if (strchr("<>&\"'\t\r\n", *value))
            sp_buf_printf(buf, "&#%u;", (unsigned)*value);
        else
            sp_buf_append_byte(buf, *value);
    }
}

/* What was encrypted may use prefixes that are declared around the place where it stood. */
static enum sp_status append_opening(const struct decrypting *d, struct sp_buf *buf)
{
    xmlNsPtr *list = xmlGetNsList(d->encrypted->doc, d->encrypted);
    sp_buf_append_str(buf, SP_STR("<context"));
    for (size_t i = 0; list && list[i] && i < NAMESPACES_MAX; i++) {
        sp_buf_printf(buf, list[i]->prefix ? " xmlns:%s=\"" : " xmlns%s=\"",
                      list[i]->prefix ? (const char *)list[i]->prefix : "");
        append_attribute_value(buf, list[i]->href);
        sp_buf_append_byte(buf, '"');
    }
    xmlFree(list);
    return sp_buf_append_byte(buf, '>');
}

static enum sp_status take_content(const struct decrypting *d, struct sp_str text, struct sp_buf *content)
{
    struct sp_buf whole;
    struct sp_error detail = SP_ERROR_INIT;
    xmlDocPtr document = NULL;
    sp_buf_init(&whole, SP_SAML_DOCUMENT_MAX + 16384u);
    append_opening(d, &whole);
    sp_buf_append_str(&whole, text);
    enum sp_status status = sp_buf_append_str(&whole, SP_STR("</context>"));
    if (status == SP_OK)
        status = sp_saml_tree_parse(sp_buf_str(&whole), d->kind->content, &document, &detail);
    xmlNodePtr only = status == SP_OK ? sp_saml_tree_element(xmlDocGetRootElement(document)->children) : NULL;
    /* The reasons of a reader would tell what is in it. */
    if (status != SP_OK && status != SP_ENOMEM)
        status = undecryptable(d);
    else if (status == SP_OK && (!only || !sp_saml_tree_is(only, d->kind->content, SP_SAML_NAMESPACE) ||
                                 sp_saml_tree_element(only->next)))
        status = undecryptable(d);
    if (status == SP_OK)
        status = sp_saml_tree_cut(only, content, d->err);
    xmlFreeDoc(document);
    sp_buf_wipe(&whole);
    return status;
}

static enum sp_status decrypt_element(xmlNodePtr encrypted, const struct kind *kind, EVP_PKEY *key,
                                      struct sp_buf *content, struct sp_error *err)
{
    struct decrypting d = {.key = key, .kind = kind, .encrypted = encrypted, .err = err};
    struct sp_buf text;
    d.data = sp_saml_tree_named(encrypted->children, "EncryptedData", SP_SAML_XENC);
    if (!d.data || sp_saml_tree_named(d.data->next, "EncryptedData", SP_SAML_XENC))
        return wrong(&d, "there is not one EncryptedData in it");
    if (!key || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
        return wrong(&d, "this server has no RSA key to decrypt it with: set keyStoreRef and keyAlias");
    sp_buf_init(&text, SP_SAML_DOCUMENT_MAX);
    enum sp_status status = decrypt(&d, &text);
    if (status == SP_OK)
        status = take_content(&d, sp_buf_str(&text), content);
    sp_buf_wipe(&text);
    return status;
}

enum sp_status sp_saml_decrypt(xmlNodePtr encrypted, struct evp_pkey_st *key, struct sp_buf *assertion,
                               struct sp_error *err)
{
    return decrypt_element(encrypted, &kinds[0], key, assertion, err);
}

/* ---------------------------------------------------------------- parts of a document */

static const struct kind *kind_of_part(const xmlNode *node)
{
    for (size_t i = 1; i < sizeof kinds / sizeof kinds[0]; i++)
        if (sp_saml_tree_is(node, kinds[i].holder, SP_SAML_NAMESPACE))
            return &kinds[i];
    return NULL;
}

static bool has_parts(struct sp_str document)
{
    for (size_t i = 1; document.len && i < sizeof kinds / sizeof kinds[0]; i++)
        if (memmem(document.ptr, document.len, kinds[i].holder, strlen(kinds[i].holder)))
            return true;
    return false;
}

/* The next node in document order that is not inside of this one. */
static xmlNodePtr behind(xmlNodePtr node, const xmlNode *root)
{
    while (node != root && !node->next)
        node = node->parent;
    return node == root ? NULL : node->next;
}

static enum sp_status replace(xmlNodePtr encrypted, struct sp_str content, struct sp_error *err)
{
    xmlDocPtr document;
    enum sp_status status = sp_saml_tree_parse(content, "decrypted part", &document, err);
    if (status != SP_OK)
        return status;
    xmlNodePtr copy = xmlDocCopyNode(xmlDocGetRootElement(document), encrypted->doc, 1);
    xmlFreeDoc(document);
    if (!copy)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a SAML document");
    xmlFreeNode(xmlReplaceNode(encrypted, copy));
    return SP_OK;
}

static enum sp_status replace_parts(xmlNodePtr root, EVP_PKEY *key, struct sp_error *err)
{
    enum sp_status status = SP_OK;
    size_t count = 0;
    for (xmlNodePtr next, node = root; node && status == SP_OK; node = next) {
        const struct kind *kind = kind_of_part(node);
        bool goes_down = !kind && node->type == XML_ELEMENT_NODE && node->children;
        struct sp_buf content;
        next = goes_down ? node->children : behind(node, root);
        if (!kind)
            continue;
        if (count++ == SP_SAML_PARTS_MAX)
            return sp_error_set(err, SP_ELIMIT, NULL, "SAML: more than %u parts are encrypted",
                                SP_SAML_PARTS_MAX);
        sp_buf_init(&content, SP_SAML_DOCUMENT_MAX);
        status = decrypt_element(node, kind, key, &content, err);
        if (status == SP_OK)
            status = replace(node, sp_buf_str(&content), err);
        sp_buf_wipe(&content);
    }
    return status;
}

enum sp_status sp_saml_decrypt_parts(struct sp_buf *document, struct evp_pkey_st *key, struct sp_error *err)
{
    xmlDocPtr tree;
    struct sp_buf clear;
    if (!has_parts(sp_buf_str(document)))
        return SP_OK;
    enum sp_status status = sp_saml_tree_parse(sp_buf_str(document), "document", &tree, err);
    if (status != SP_OK)
        return status;
    sp_buf_init(&clear, 4 * SP_SAML_DOCUMENT_MAX);
    status = replace_parts(xmlDocGetRootElement(tree), key, err);
    if (status == SP_OK)
        status = sp_saml_tree_cut(xmlDocGetRootElement(tree), &clear, err);
    xmlFreeDoc(tree);
    if (status == SP_OK) {
        struct sp_buf sealed = *document;
        *document = clear;
        clear = sealed;
    }
    sp_buf_wipe(&clear);
    return status;
}
