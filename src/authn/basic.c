/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/basic.h"

#include "base/secret.h"
#include "text/base64.h"
#include "text/utf8.h"

static const struct sp_str scheme = SP_STR_INIT("Basic");

bool sp_basic_is(struct sp_str authorization)
{
    return authorization.len > scheme.len && authorization.ptr[scheme.len] == ' ' &&
           sp_str_caseless_eq(sp_str_slice(authorization, 0, scheme.len), scheme);
}

static bool has_control(struct sp_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
            return true;
    return false;
}

static enum sp_status split(struct sp_str pair, struct sp_basic_credentials *credentials,
                            struct sp_error *err)
{
    size_t colon = sp_str_find(pair, ':');
    if (colon == pair.len)
        return sp_error_set(err, SP_ESYNTAX, NULL, "Basic credentials have no colon");
    if (colon == 0)
        return sp_error_set(err, SP_ESYNTAX, NULL, "Basic credentials have an empty user name");
    if (sp_utf8_check(pair) != pair.len)
        return sp_error_set(err, SP_ESYNTAX, NULL, "Basic credentials are not UTF-8");
    if (has_control(pair))
        return sp_error_set(err, SP_ESYNTAX, NULL, "Basic credentials contain a control character");
    credentials->name = sp_str_slice(pair, 0, colon);
    credentials->password = sp_str_slice(pair, colon + 1, pair.len);
    if (credentials->name.len > SP_BASIC_NAME_MAX || credentials->password.len > SP_BASIC_PASSWORD_MAX)
        return sp_error_set(
            err, SP_ELIMIT, NULL,
            "Basic credentials have a name of %zu bytes (at most %u) and a password of %zu (at "
            "most %u)",
            credentials->name.len, SP_BASIC_NAME_MAX, credentials->password.len, SP_BASIC_PASSWORD_MAX);
    return SP_OK;
}

enum sp_status sp_basic_read(struct sp_str authorization, struct sp_basic_credentials *ret_credentials,
                             struct sp_error *err)
{
    if (!sp_basic_is(authorization))
        return sp_error_set(err, SP_EINVAL, NULL, "the credentials are not of scheme Basic");
    struct sp_str token = sp_str_slice(authorization, scheme.len, authorization.len);
    while (token.len && token.ptr[0] == ' ')
        token = sp_str_slice(token, 1, token.len);
    struct sp_buf buf = sp_buf_over(ret_credentials->bytes, sizeof ret_credentials->bytes);
    enum sp_status status = sp_base64_decode(SP_BASE64, token, &buf);
    if (status == SP_ELIMIT)
        sp_error_set(err, status, NULL, "Basic credentials are longer than %u bytes", SP_BASIC_BYTES_MAX);
    else if (status != SP_OK)
        sp_error_set(err, status, NULL, "Basic credentials are not base64");
    else
        status = split(sp_buf_str(&buf), ret_credentials, err);
    if (status != SP_OK)
        sp_basic_wipe(ret_credentials);
    return status;
}

void sp_basic_wipe(struct sp_basic_credentials *credentials)
{
    sp_secret_wipe(credentials->bytes, sizeof credentials->bytes);
}
