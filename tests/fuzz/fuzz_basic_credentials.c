/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "authn/basic.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_basic_credentials credentials;
    struct sp_error err = SP_ERROR_INIT;
    if (sp_basic_read(sp_str_from(data, size), &credentials, &err) != SP_OK)
        return err.text[0] ? 0 : (abort(), 0);
    if (credentials.name.len == 0 || credentials.name.len > SP_BASIC_NAME_MAX ||
        credentials.password.len > SP_BASIC_PASSWORD_MAX ||
        sp_utf8_check(credentials.name) != credentials.name.len ||
        sp_utf8_check(credentials.password) != credentials.password.len ||
        sp_str_find(credentials.name, ':') != credentials.name.len)
        abort();
    return 0;
}
