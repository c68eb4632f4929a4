/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pkcs11_guard.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/hash.h"
#include "base/secret.h"
#include "crypto/pkcs11_token.h"

#define REFUSED_MAX 64

/* In memory that processes share after a fork. PINs are in it as keyed hashes. */
struct guard {
    pthread_mutex_t mutex;
    unsigned char key[16];
    uint64_t refused[REFUSED_MAX];
    unsigned next;
};

static struct guard *guard;

/* Without memory that can be shared there is nothing to guard with: rather no server. */
static struct guard *begun(void)
{
    pthread_mutexattr_t attributes;
    if (guard)
        return guard;
    struct guard *made = mmap(NULL, sizeof *made, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (made == MAP_FAILED)
        abort();
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&made->mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    sp_secret_random(made->key, sizeof made->key);
    guard = made;
    return made;
}

void sp_pkcs11_guard_enter(void)
{
    if (pthread_mutex_lock(&begun()->mutex) == EOWNERDEAD)
        pthread_mutex_consistent(&guard->mutex);
}

void sp_pkcs11_guard_leave(void)
{
    pthread_mutex_unlock(&guard->mutex);
}

/* Never 0, which is an entry that is free. */
static uint64_t mark_of(struct sp_str token, struct sp_str pin)
{
    uint64_t of_token = sp_siphash(guard->key, 1, 3, token.ptr, token.len);
    unsigned char key[16];
    memcpy(key, guard->key, sizeof key);
    for (size_t i = 0; i < sizeof of_token; i++)
        key[i] ^= (unsigned char)(of_token >> 8 * i);
    uint64_t mark = sp_siphash(key, 2, 4, pin.ptr, pin.len);
    sp_secret_wipe(key, sizeof key);
    return mark ? mark : 1;
}

bool sp_pkcs11_guard_refused(struct sp_str token, struct sp_str pin)
{
    uint64_t mark = mark_of(token, pin);
    for (size_t i = 0; i < REFUSED_MAX; i++)
        if (guard->refused[i] == mark)
            return true;
    return false;
}

void sp_pkcs11_guard_refuse(struct sp_str token, struct sp_str pin)
{
    guard->refused[guard->next++ % REFUSED_MAX] = mark_of(token, pin);
}

/* Without waiting for whoever logs in. */
void sp_pkcs11_guard(void)
{
    struct guard *shared = begun();
    for (size_t i = 0; i < REFUSED_MAX; i++)
        __atomic_store_n(&shared->refused[i], 0, __ATOMIC_RELAXED);
}
