/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/revocation.h"

#include <errno.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

static bool add_to_digest(X509_CRL *list, EVP_MD_CTX *digest)
{
    unsigned char of_one[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    return X509_CRL_digest(list, EVP_sha256(), of_one, &len) == 1 &&
           EVP_DigestUpdate(digest, of_one, len) == 1;
}

static enum sp_status open_file(const char *path, BIO **ret_file, struct sp_error *err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return sp_error_errno(err, SP_EIO, errno, "the revocation lists in %s cannot be read", path);
    if (st.st_size > (off_t)SP_REVOCATION_FILE_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "the revocation lists in %s have more than %u bytes", path,
                            SP_REVOCATION_FILE_MAX);
    *ret_file = BIO_new_file(path, "r");
    return *ret_file ? SP_OK
                     : sp_error_set(err, SP_EIO, NULL, "the revocation lists in %s cannot be read", path);
}

enum sp_status sp_engine_revocation_load(const char *path, SSL_CTX *context, EVP_MD_CTX *digest,
                                         struct sp_error *err)
{
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    BIO *file = NULL;
    size_t count = 0;
    bool ok = true;
    enum sp_status status = open_file(path, &file, err);
    if (status != SP_OK)
        return status;
    ERR_clear_error();
    for (X509_CRL *list; ok && (list = PEM_read_bio_X509_CRL(file, NULL, NULL, NULL)); count++) {
        ok = X509_STORE_add_crl(store, list) == 1 && add_to_digest(list, digest);
        X509_CRL_free(list);
    }
    /* The end is where there is no further beginning; anything else is damage. */
    ok = ok && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    BIO_free(file);
    if (!ok || count == 0)
        return sp_error_set(
            err, SP_ESYNTAX, NULL,
            ok ? "%s holds no revocation list in PEM" : "%s holds a revocation list that is damaged", path);
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    return SP_OK;
}
