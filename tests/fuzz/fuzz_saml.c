/* SPDX-License-Identifier: Apache-2.0
 * An assertion from a header: unfolded, its signature checked, and what was signed read. What is accepted
 * must be signed by the certificate below, whose key nobody has.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "authn/saml_assertion.h"
#include "authn/saml_signature.h"
#include "authn/saml_token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char certificate[] = "-----BEGIN CERTIFICATE-----\n"
                                  "MIICsjCCAZqgAwIBAgIBATANBgkqhkiG9w0BAQsFADARMQ8wDQYDVQQDDAZjb3Jw\n"
                                  "dXMwIBcNMjAwMTAxMDAwMDAwWhgPMjExOTAxMDEwMDAwMDBaMBExDzANBgNVBAMM\n"
                                  "BmNvcnB1czCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBANKk+42EsKpA\n"
                                  "O5RcoUtJOzVDOommv4YNGLx+nDMmt6i/VS2WYncNWAOtAWrc/TheWONzoNg0gfS7\n"
                                  "1H27n8/e3wuA49eHn0TSzwqfYwSavcYXZtCqfhgYiTq3o4sUCGl/nZebK8dr1sdm\n"
                                  "t2QDjIZ+4jP+ITE+aNq2GrSHGUvSsFk2gF9kJPld2ehXY39rIXGjFPKcxU1dKO0e\n"
                                  "WkaBWzz6erUXGvqKz6Px0LOHNUaS0XL9ZAQ2n1zlagyIlnHHkrOVZy5k46QlEoCm\n"
                                  "Afg0QiPjQLR4vOeOfh2/XgGSUVKfvYFZzAEru3DDR5sTPFFAMRxAuII6Kyz7Cfo4\n"
                                  "hk5qL3+mRz0CAwEAAaMTMBEwDwYDVR0TAQH/BAUwAwEB/zANBgkqhkiG9w0BAQsF\n"
                                  "AAOCAQEAwFdS+BP6ZCT/8hi18EPc8XNW+ErNvJRDm/k8D+soxgyMWZx7WBC7rz2u\n"
                                  "X5+DtfGb4vd9bn9vX+lPQ9JHBCACNLRMv8DqKTAC1iNOnCke4FQ67c0ktirq3wk+\n"
                                  "RoR7BWt/7GBkjzjK5AumGxZEQ3VY+PcbmFET+b4BoDCKJZMbefZewzuBzJXg011s\n"
                                  "pjLFrnpO27ybNkluygVlDJ6yk7XnXpjKmI2tCGW9jk4q2x4vBQ8vZpSpol8qb1fj\n"
                                  "njDgu6sMbMxsbNQdTcMN/d6RNvxGQF0l+2qMd43OaBhuSvhvxu+TxOAKR9w0+qiV\n"
                                  "uU+FLnd5NjMhemUzw5LAmtYKqVSpJQ==\n"
                                  "-----END CERTIFICATE-----\n";

static const struct sp_saml_trust *trust_of_file(void)
{
    static struct sp_saml_trust *trust;
    if (trust)
        return trust;
    char path[] = "saml-signer-XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0 || write(fd, certificate, sizeof certificate - 1) != (ssize_t)sizeof certificate - 1)
        abort();
    close(fd);
    const struct sp_str files[] = {{path, sizeof path - 1}};
    const struct sp_cfg_saml config = {.pkix = {.certificates = {files, 1}}};
    struct sp_error err = SP_ERROR_INIT;
    enum sp_status status = sp_saml_trust_new(&config, NULL, &trust, &err);
    unlink(path);
    if (status != SP_OK)
        abort();
    return trust;
}

static void read_as(struct sp_str bytes, const struct sp_saml_rules *rules)
{
    struct sp_arena arena;
    struct sp_saml_facts facts;
    struct sp_error err = SP_ERROR_INIT;
    sp_arena_init(&arena, (size_t)16 << 20);
    if (sp_saml_assertion_read(bytes, rules, INT64_C(1800000000000000), &arena, &facts, &err) == SP_OK &&
        (!facts.user.len || !facts.issuer.len || !facts.id.len || !facts.expires_us))
        abort();
    sp_arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sp_saml_signature_policy policy = {.allows_sha1 = size % 2};
    const struct sp_saml_rules anybody = {.clock_skew_us = 1000000};
    const struct sp_saml_rules by_attribute = {.user_identifier = SP_STR_INIT("login"),
                                               .group_identifier = SP_STR_INIT("groups"),
                                               .realm_identifier = SP_STR_INIT("login")};
    struct sp_error err = SP_ERROR_INIT;
    struct sp_buf document, covered;
    sp_buf_init(&document, SP_SAML_DOCUMENT_MAX);
    sp_buf_init(&covered, 4 * SP_SAML_DOCUMENT_MAX);
    if (sp_saml_token_decode(sp_str_from(data, size), &document, &err) == SP_OK) {
        read_as(sp_buf_str(&document), &anybody);
        if (sp_saml_signature_check(sp_buf_str(&document), SP_SAML_ASSERTION, trust_of_file(), &policy,
                                    &covered, &err) == SP_OK) {
            read_as(sp_buf_str(&covered), &anybody);
            read_as(sp_buf_str(&covered), &by_attribute);
        }
    }
    sp_buf_finish(&document);
    sp_buf_finish(&covered);
    return 0;
}
