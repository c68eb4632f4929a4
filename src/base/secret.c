/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include <openssl/crypto.h>

bool sp_secret_eq(struct sp_str a, struct sp_str b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0);
}

void sp_secret_wipe(void *bytes, size_t len)
{
    if (len)
        explicit_bzero(bytes, len);
}

void sp_secret_random(void *ret_bytes, size_t len)
{
    unsigned char *at = ret_bytes;
    while (len) {
        ssize_t n = getrandom(at, len > 256 ? 256 : len, 0);
        if (n < 0 && errno != EINTR)
            abort(); /* a kernel without getrandom: nothing secure can be done */
        if (n > 0) {
            at += n;
            len -= (size_t)n;
        }
    }
}
