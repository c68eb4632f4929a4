/* SPDX-License-Identifier: Apache-2.0
 * The ring under ThreadSanitizer: producers are threads here, some of which die with a claim.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "intercept/smf/ring.h"

#define THREADS 4u
#define EACH 30000u
#define WORDS 8u

static struct sp_smf_ring rings[THREADS + 1]; /* views, one a producer and the consumer's */
static _Atomic bool dead[THREADS];

static bool is_alive(void *arg, unsigned producer)
{
    return producer >= THREADS || !atomic_load(&dead[producer]);
}

static void *produce(void *arg)
{
    unsigned who = (unsigned)(uintptr_t)arg;
    for (uint64_t n = 0; n < EACH; n++) {
        uint64_t position, *words;
        while (!(words = sp_smf_ring_claim(&rings[who], &position)))
            usleep(20);
        for (unsigned i = 0; i < WORDS; i++)
            words[i] = n * THREADS + who;
        if (n == EACH - 1)
            break; /* and the claim is left behind */
        sp_smf_ring_commit(&rings[who], position);
    }
    atomic_store(&dead[who], true);
    return NULL;
}

/* How many were seen, or a number that is too great when something was wrong. */
static uint64_t consume(struct sp_smf_ring *ring)
{
    uint64_t next[THREADS] = {0}, seen = 0, given_up = 0;
    while (seen + given_up < THREADS * EACH) {
        uint64_t at = sp_smf_ring_tail(ring), to = sp_smf_ring_settle(ring, 1000, is_alive, NULL);
        if (at == to)
            sp_smf_ring_sleep(ring, at, 1000);
        for (; at < to; at++) {
            const uint64_t *words = sp_smf_ring_at(ring, at);
            if (!words) {
                given_up++;
                continue;
            }
            uint64_t who = words[0] % THREADS;
            for (unsigned i = 1; i < WORDS; i++)
                if (words[i] != words[0])
                    return UINT64_MAX;
            if (words[0] / THREADS != next[who]++)
                return UINT64_MAX - 1;
            seen++;
        }
        sp_smf_ring_free_to(ring, to);
    }
    return seen;
}

int main(void)
{
    struct sp_error err = SP_ERROR_INIT;
    pthread_t threads[THREADS];
    int fd;
    bool made = sp_smf_ring_create(64, WORDS * sizeof(uint64_t), &fd, &err) == SP_OK;
    for (unsigned n = 0; made && n <= THREADS; n++) {
        made = sp_smf_ring_map(fd, &rings[n], &err) == SP_OK;
        rings[n].producer = n;
    }
    for (unsigned n = 0; made && n < THREADS; n++)
        made = pthread_create(&threads[n], NULL, produce, (void *)(uintptr_t)n) == 0;
    uint64_t seen = made ? consume(&rings[THREADS]) : 0;
    for (unsigned n = 0; made && n < THREADS; n++)
        pthread_join(threads[n], NULL);
    printf("1..1\n%sok 1 - %llu of %u records came once, in order and whole\n",
           seen == THREADS * (EACH - 1) ? "" : "not ", (unsigned long long)seen, THREADS * (EACH - 1));
    return 0;
}
