/* SPDX-License-Identifier: Apache-2.0
 * A key set of any bytes: what is taken out of it keeps the rules, can be written, and is read again.
 */
#include <stdlib.h>

#include "crypto/jwk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void look_at(const struct sp_jwk *key, const struct sp_jwk_rules *rules)
{
    struct sp_buf buf;
    struct sp_jwk_set *again = NULL;
    char one[SP_JWK_THUMBPRINT_TEXT], two[SP_JWK_THUMBPRINT_TEXT];
    check(key->kid.len <= SP_JWK_KID_MAX);
    if (key->type == SP_JWK_OCT) {
        check(!rules->published && key->secret.len > 0);
        return;
    }
    check(!key->may_sign && (key->type != SP_JWK_RSA || key->bits >= SP_JWK_RSA_BITS_MIN));
    sp_buf_init(&buf, 8192);
    check(sp_jwk_write(key, &buf) == SP_OK);
    check(sp_jwk_set_parse(sp_buf_str(&buf), rules, &again, NULL) == SP_OK && again->count == 1);
    check(sp_jwk_thumbprint(key, one) == SP_OK && sp_jwk_thumbprint(&again->keys[0], two) == SP_OK);
    check(strcmp(one, two) == 0);
    sp_jwk_set_release(again);
    sp_buf_finish(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int published = 0; published < 2; published++) {
        struct sp_jwk_rules rules = {.published = published};
        struct sp_jwk_set *set = NULL;
        struct sp_error err = SP_ERROR_INIT;
        if (sp_jwk_set_parse(sp_str_from(data, size), &rules, &set, &err) != SP_OK) {
            check(err.text[0] && !set);
            continue;
        }
        check(set->count <= SP_JWK_KEYS_MAX && (set->left_out == 0) == (set->why[0] == 0));
        for (size_t i = 0; i < set->count; i++)
            look_at(&set->keys[i], &rules);
        sp_jwk_set_release(set);
    }
    return 0;
}
