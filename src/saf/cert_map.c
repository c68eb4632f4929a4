/* SPDX-License-Identifier: Apache-2.0
 * From a certificate to a user id: the order is that of initACEE (IBM "RACF Security Administrator's Guide",
 * how RACF finds a user id for a certificate).
 */
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "saf/certificate.h"
#include "saf/generic.h"
#include "saf/image.h"

/* The name from its n-th RDN on. */
static struct sp_str from_rdn(const struct sp_dotted_name *name, size_t n)
{
    return sp_str_from(name->text + name->starts[n], name->len - name->starts[n]);
}

static const struct sp_saf_cert_filter *trusted(const struct sp_saf_cert_filter *filter)
{
    return filter && filter->trust ? filter : NULL;
}

/* Filters on one name from its first or second RDN on, shorter and shorter. */
static const struct sp_saf_cert_filter *
by_one_name(const struct sp_hash *filters, const struct sp_dotted_name *name, size_t first, size_t count)
{
    const struct sp_saf_cert_filter *found = NULL;
    for (size_t n = first; n < name->count && n < first + count && !found; n++)
        found = trusted(sp_hash_get(filters, from_rdn(name, n)));
    return found;
}

/* Filters on subject and full issuer; the subject from its first RDN on, shorter and shorter. */
static const struct sp_saf_cert_filter *by_both(const struct sp_saf_image *image,
                                                const struct sp_dotted_name *subject,
                                                const struct sp_dotted_name *issuer, size_t first,
                                                size_t count)
{
    char key[2 * SP_DOTTED_MAX + 1];
    const struct sp_saf_cert_filter *found = NULL;
    for (size_t n = first; n < subject->count && n < first + count && !found; n++) {
        struct sp_str part = from_rdn(subject, n);
        memcpy(key, part.ptr, part.len);
        key[part.len] = '\0';
        memcpy(key + part.len + 1, issuer->text, issuer->len);
        found = trusted(sp_hash_get(&image->both_filters, sp_str_from(key, part.len + 1 + issuer->len)));
    }
    return found;
}

static const struct sp_saf_cert_filter *find_filter(const struct sp_saf_image *image,
                                                    const struct sp_dotted_name *subject,
                                                    const struct sp_dotted_name *issuer, const char **ret_how)
{
    const struct sp_saf_cert_filter *found;
    if ((found = by_both(image, subject, issuer, 0, 1)))
        *ret_how = "filter on full subject and full issuer";
    else if ((found = by_both(image, subject, issuer, 1, SP_DOTTED_RDNS_MAX)))
        *ret_how = "filter on partial subject and full issuer";
    else if ((found = by_one_name(&image->subject_filters, subject, 0, 1)))
        *ret_how = "filter on full subject";
    else if ((found = by_one_name(&image->subject_filters, subject, 1, SP_DOTTED_RDNS_MAX)))
        *ret_how = "filter on partial subject";
    else if ((found = by_one_name(&image->issuer_filters, issuer, 0, 1)))
        *ret_how = "filter on full issuer";
    else if ((found = by_one_name(&image->issuer_filters, issuer, 1, SP_DOTTED_RDNS_MAX)))
        *ret_how = "filter on partial issuer";
    return found;
}

/* MULTIID: the criteria with &APPLID and &SYSID filled in name a DIGTCRIT profile whose APPLDATA is the user
 * id. */
static struct sp_str user_by_criteria(const struct sp_saf_image *image, struct sp_str criteria,
                                      struct sp_str appl, struct sp_arena *arena)
{
    struct sp_buf name;
    sp_buf_init(&name, SP_SAF_NAME_MAX);
    for (size_t i = 0; i < criteria.len;) {
        struct sp_str rest = sp_str_slice(criteria, i, criteria.len);
        if (sp_str_starts(rest, SP_STR("&APPLID"))) {
            sp_buf_append_str(&name, appl);
            i += 7;
        } else {
            sp_buf_append_byte(&name, (unsigned char)criteria.ptr[i++]);
        }
    }
    struct sp_str wanted = name.failed ? SP_STR("") : sp_arena_str(arena, sp_buf_str(&name));
    sp_buf_finish(&name);
    const struct sp_saf_image_profile *profile =
        sp_saf_image_find_profile(image, SP_STR("DIGTCRIT"), wanted, NULL);
    return profile ? profile->profile->appl_data : SP_STR("");
}

static enum sp_status by_filters(const struct sp_saf_image *image, X509 *certificate, struct sp_str appl,
                                 struct sp_arena *arena, struct sp_str *ret_user, const char **ret_how,
                                 struct sp_error *err)
{
    struct sp_dotted_name *names = sp_arena_alloc(arena, 2 * sizeof *names);
    if (!names)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to map a certificate");
    if (!sp_dotted_name_of(X509_get_subject_name(certificate), &names[0]) ||
        !sp_dotted_name_of(X509_get_issuer_name(certificate), &names[1]))
        return sp_error_set(err, SP_ELIMIT, NULL, "the names in the certificate are too long to be mapped");
    const struct sp_saf_cert_filter *filter = NULL;
    if (!names[0].ambiguous && !names[1].ambiguous)
        filter = find_filter(image, &names[0], &names[1], ret_how);
    if (!filter)
        return sp_error_set(err, SP_ENOTFOUND, NULL,
                            "no certificate and no name filter (RACDCERT MAP) maps subject %.*s, issuer %.*s",
                            (int)names[0].len, names[0].text, (int)names[1].len, names[1].text);
    *ret_user = filter->criteria.len ? user_by_criteria(image, filter->criteria, appl, arena) : filter->user;
    return SP_OK;
}

enum sp_status sp_saf_map_certificate(const struct sp_saf_image *image, struct sp_str der, struct sp_str appl,
                                      struct sp_arena *arena, struct sp_str *ret_user, struct sp_str *ret_how,
                                      struct sp_error *err)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    const unsigned char *at = (const unsigned char *)der.ptr;
    X509 *certificate = der.len && der.len <= INT32_MAX ? d2i_X509(NULL, &at, (long)der.len) : NULL;
    if (!certificate)
        return sp_error_set(err, SP_ESYNTAX, NULL, "the bytes are not a certificate");
    SHA256((const unsigned char *)der.ptr, der.len, digest);
    const struct sp_saf_certificate *known =
        sp_hash_get(&image->certificates, sp_str_from(digest, sizeof digest));
    struct sp_str user = {NULL, 0};
    const char *how = "registered certificate";
    enum sp_status status = SP_OK;
    if (known && known->owner_kind == SP_SAF_CERT_PERSONAL && known->trust != SP_SAF_NOTRUST)
        user = known->owner;
    else if (known && known->owner_kind == SP_SAF_CERT_PERSONAL)
        status = sp_error_set(err, SP_EDENIED, NULL, "the certificate %.*s of %.*s is NOTRUST",
                              SP_STR_ARG(known->label), SP_STR_ARG(known->owner));
    else
        status = by_filters(image, certificate, appl, arena, &user, &how, err);
    X509_free(certificate);
    if (!status && !sp_saf_find_user(image, user))
        status = sp_error_set(err, SP_ENOTFOUND, NULL, "the %s maps to user %.*s, who is not defined", how,
                              SP_STR_ARG(user));
    if (status)
        return status;
    *ret_user = user;
    *ret_how = sp_str_of(how);
    return SP_OK;
}
