/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/certificate.h"

#include <arpa/inet.h>
#include <limits.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "base/buf.h"

/* ---- names ---- */

static bool put_text(struct sp_dotted_name *name, const char *text, size_t len)
{
    if (len > sizeof name->text - name->len)
        return false;
    memcpy(name->text + name->len, text, len);
    name->len += len;
    return true;
}

/* RACF's short names of attribute types; others keep OpenSSL's. */
static const char *type_name(int nid)
{
    switch (nid) {
    case NID_commonName:
        return "CN";
    case NID_organizationName:
        return "O";
    case NID_organizationalUnitName:
        return "OU";
    case NID_countryName:
        return "C";
    case NID_stateOrProvinceName:
        return "SP";
    case NID_localityName:
        return "L";
    case NID_title:
        return "T";
    case NID_pkcs9_emailAddress:
        return "MAIL";
    default:
        return OBJ_nid2sn(nid);
    }
}

/* A value that reads like more RDNs when periods join them. */
static bool reads_like_rdns(struct sp_str value)
{
    bool in_type = false;
    size_t letters = 0;
    for (size_t i = 0; i < value.len; i++) {
        char c = sp_upper(value.ptr[i]);
        if (c == '=' && in_type && letters)
            return true;
        if (c == '.') {
            in_type = true;
            letters = 0;
        } else if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
            letters++;
        } else {
            in_type = false;
        }
    }
    return false;
}

static bool put_entry(struct sp_dotted_name *name, X509_NAME_ENTRY *entry)
{
    unsigned char *utf8 = NULL;
    const char *type = type_name(OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)));
    int len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));
    bool ok = len >= 0 && !memchr(utf8, 0, (size_t)len) && name->count < SP_DOTTED_RDNS_MAX &&
              (!name->len || put_text(name, ".", 1));
    if (ok) {
        name->ambiguous |= reads_like_rdns(sp_str_from(utf8, (size_t)len));
        name->starts[name->count++] = name->len;
        ok = put_text(name, type, strlen(type)) && put_text(name, "=", 1) &&
             put_text(name, (const char *)utf8, (size_t)len);
    }
    OPENSSL_free(utf8);
    return ok;
}

bool sp_dotted_name_of(X509_NAME *x509_name, struct sp_dotted_name *ret_name)
{
    ret_name->len = ret_name->count = 0;
    ret_name->ambiguous = false;
    for (int i = X509_NAME_entry_count(x509_name) - 1; i >= 0; i--)
        if (!put_entry(ret_name, X509_NAME_get_entry(x509_name, i)))
            return false;
    return true;
}

/* ---- facts ---- */

X509 *sp_certificate_parse(struct sp_str der)
{
    const unsigned char *at = (const unsigned char *)der.ptr;
    X509 *x509 = der.len && der.len <= INT_MAX ? d2i_X509(NULL, &at, (long)der.len) : NULL;
    ERR_clear_error();
    if (x509 && at != (const unsigned char *)der.ptr + der.len) {
        X509_free(x509);
        return NULL;
    }
    return x509;
}

static struct sp_str serial_text(const X509 *x509, struct sp_arena *arena)
{
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), NULL);
    char *hex = number ? BN_bn2hex(number) : NULL;
    struct sp_str text = hex ? sp_arena_printf(arena, "%s%s", strcmp(hex, "0") == 0 ? "0" : "", hex)
                             : (struct sp_str){NULL, 0};
    OPENSSL_free(hex);
    BN_free(number);
    return text;
}

static struct sp_str profile_name(const struct sp_certificate_facts *facts, struct sp_arena *arena)
{
    struct sp_buf name;
    sp_buf_init(&name, 2 * SP_DOTTED_MAX);
    sp_buf_append_str(&name, facts->serial);
    sp_buf_append_byte(&name, '.');
    for (size_t i = 0; i < facts->issuer.len; i++)
        if (facts->issuer.ptr[i] == ' ')
            sp_buf_append(&name, "\xc2\xa2", 2);
        else
            sp_buf_append_byte(&name, (unsigned char)facts->issuer.ptr[i]);
    struct sp_str text = name.failed ? (struct sp_str){NULL, 0} : sp_arena_str(arena, sp_buf_str(&name));
    sp_buf_finish(&name);
    return text;
}

static int64_t seconds_of(const ASN1_TIME *when)
{
    struct tm tm = {0};
    return ASN1_TIME_to_tm(when, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static void describe_key(X509 *x509, struct sp_certificate_facts *facts)
{
    EVP_PKEY *key = X509_get0_pubkey(x509);
    char group[64] = "";
    facts->key_type = "UNKNOWN";
    if (!key)
        return;
    facts->key_bits = (unsigned)EVP_PKEY_get_bits(key);
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
        facts->key_type = "RSA";
        break;
    case EVP_PKEY_EC:
        EVP_PKEY_get_group_name(key, group, sizeof group, NULL);
        facts->key_type = strncmp(group, "brainpool", 9) == 0 ? "BPECC" : "NISTECC";
        break;
    case EVP_PKEY_DSA:
        facts->key_type = "DSA";
        break;
    default:
        facts->key_type = EVP_PKEY_get0_type_name(key) ? EVP_PKEY_get0_type_name(key) : "UNKNOWN";
        break;
    }
}

/* "sha256RSA" from RSA-SHA256, "sha256ECDSA" from ecdsa-with-SHA256. */
static struct sp_str signature_name(const X509 *x509, struct sp_arena *arena)
{
    int nid = X509_get_signature_nid(x509), digest = 0, key = 0;
    if (!OBJ_find_sigid_algs(nid, &digest, &key) || !digest)
        return sp_arena_str(arena, sp_str_of(OBJ_nid2sn(nid)));
    char name[32];
    const char *from = OBJ_nid2sn(digest);
    size_t len = 0;
    for (; from[len] && len < sizeof name - 1; len++)
        name[len] = sp_lower(from[len]);
    name[len] = '\0';
    const char *kind = key == NID_X9_62_id_ecPublicKey ? "ECDSA" : key == NID_dsa ? "DSA" : "RSA";
    return sp_arena_printf(arena, "%s%s", name, kind);
}

static unsigned usage_of(X509 *x509)
{
    uint32_t bits = X509_get_key_usage(x509);
    unsigned usage = 0;
    if (!(X509_get_extension_flags(x509) & EXFLAG_KUSAGE))
        return 0;
    if (bits & (KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT))
        usage |= SP_USAGE_HANDSHAKE;
    if (bits & KU_DATA_ENCIPHERMENT)
        usage |= SP_USAGE_DATAENCRYPT;
    if (bits & KU_NON_REPUDIATION)
        usage |= SP_USAGE_DOCSIGN;
    if (bits & KU_KEY_CERT_SIGN)
        usage |= SP_USAGE_CERTSIGN;
    if (bits & KU_KEY_AGREEMENT)
        usage |= SP_USAGE_KEYAGREE;
    return usage;
}

static struct sp_str alt_name(const GENERAL_NAME *name, struct sp_arena *arena)
{
    char address[INET6_ADDRSTRLEN] = "?";
    const ASN1_STRING *text = name->d.ia5;
    const char *kind = name->type == GEN_DNS ? "DOMAIN" : name->type == GEN_EMAIL ? "EMAIL" : "URI";
    switch (name->type) {
    case GEN_IPADD:
        inet_ntop(ASN1_STRING_length(text) == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(text), address,
                  sizeof address);
        return sp_arena_printf(arena, "IP: %s", address);
    case GEN_DNS:
    case GEN_EMAIL:
    case GEN_URI:
        return sp_arena_printf(arena, "%s: %.*s", kind, ASN1_STRING_length(text),
                               (const char *)ASN1_STRING_get0_data(text));
    default:
        return SP_STR("");
    }
}

static bool read_alt_names(X509 *x509, struct sp_arena *arena, struct sp_certificate_facts *facts)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
    int count = names ? sk_GENERAL_NAME_num(names) : 0;
    struct sp_str *list = sp_arena_calloc(arena, count > 0 ? (size_t)count : 1, sizeof *list);
    bool ok = list != NULL;
    for (int i = 0; ok && i < count; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        bool is_address = name->type == GEN_IPADD;
        int len = is_address ? ASN1_STRING_length(name->d.ia5) : 0;
        if (is_address && len != 4 && len != 16)
            continue;
        struct sp_str text = alt_name(name, arena);
        ok = text.ptr != NULL;
        if (text.len)
            list[facts->alt_name_count++] = text;
    }
    facts->alt_names = list;
    GENERAL_NAMES_free(names);
    return ok;
}

static bool read_names(X509 *x509, struct sp_arena *arena, struct sp_certificate_facts *facts)
{
    struct sp_dotted_name *name = sp_arena_alloc(arena, sizeof *name);
    if (!name || !sp_dotted_name_of(X509_get_subject_name(x509), name))
        return false;
    facts->subject = sp_arena_str(arena, sp_str_from(name->text, name->len));
    if (!sp_dotted_name_of(X509_get_issuer_name(x509), name))
        return false;
    facts->issuer = sp_str_from(name->text, name->len);
    facts->serial = serial_text(x509, arena);
    if (!facts->subject.ptr || !facts->serial.ptr)
        return false;
    facts->profile = profile_name(facts, arena);
    return facts->profile.ptr != NULL;
}

enum sp_status sp_certificate_facts_read(struct sp_str der, struct sp_arena *arena,
                                         struct sp_certificate_facts *ret_facts, struct sp_error *err)
{
    struct sp_certificate_facts facts = {.usage = 0};
    X509 *x509 = sp_certificate_parse(der);
    if (!x509)
        return sp_error_set(err, SP_ESYNTAX, NULL, "the bytes are not a certificate");
    bool ok = read_names(x509, arena, &facts) && read_alt_names(x509, arena, &facts);
    facts.signature = signature_name(x509, arena);
    facts.not_before = seconds_of(X509_get0_notBefore(x509));
    facts.not_after = seconds_of(X509_get0_notAfter(x509));
    facts.usage = usage_of(x509);
    facts.is_authority = X509_get_extension_flags(x509) & EXFLAG_CA;
    facts.self_signed =
        X509_check_issued(x509, x509) == X509_V_OK && X509_verify(x509, X509_get0_pubkey(x509)) == 1;
    describe_key(x509, &facts);
    X509_digest(x509, EVP_sha256(), facts.fingerprint, NULL);
    X509_free(x509);
    ERR_clear_error();
    if (!ok || !facts.signature.ptr)
        return sp_error_set(err, SP_ELIMIT, NULL, "the certificate's names are too long");
    *ret_facts = facts;
    return SP_OK;
}

struct sp_str sp_certificate_time_text(int64_t seconds, struct sp_arena *arena)
{
    time_t when = (time_t)seconds;
    struct tm tm;
    char text[32];
    if (!gmtime_r(&when, &tm) || !strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm))
        return SP_STR("?");
    return sp_arena_str(arena, sp_str_of(text));
}
