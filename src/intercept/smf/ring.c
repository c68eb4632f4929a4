/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/smf/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define MAGIC UINT64_C(0x53504c5249474e32)
#define VERSION 2u
#define LINE 64u
#define AHEAD_LINES 7u /* of a slot, that most events fill */
#define CONSUMER_BYTE 0
#define PRODUCER_BYTE 1
#define MUTEX_BYTE (PRODUCER_BYTE + SP_SMF_RING_PRODUCERS)

/* The word of a slot: lap in the high 40 bits, producer in 16, state in 8. */
enum state { FREE, CLAIMED, COMMITTED, GIVEN_UP };
#define WORD(lap, producer, state) ((uint64_t)(lap) << 24 | (uint64_t)(producer) << 8 | (state))
#define LAP_OF(word) ((word) >> 24)
#define PRODUCER_OF(word) ((unsigned)((word) >> 8) & 0xFFFFu)
#define STATE_OF(word) ((enum state)((word)&0xFFu))

struct sp_smf_ring_memory {
    uint64_t magic;
    uint32_t version, slots, shift; /* slots == 1 << shift */
    uint64_t slot_bytes, stride;
    int64_t created_us, creator;
    _Alignas(LINE) _Atomic uint64_t head; /* may be one claim behind: who sees that helps */
    _Alignas(LINE) _Atomic uint64_t tail;
    _Atomic uint64_t settled;
    _Atomic uint64_t stuck_at; /* position of a claim that is waited for, and since when */
    _Atomic int64_t stuck_since_us;
    _Alignas(LINE) _Atomic uint32_t sleeping; /* futex */
    _Atomic uint64_t wake_at;
    _Alignas(LINE) unsigned char user[SP_SMF_RING_USER_BYTES];
    _Alignas(LINE) unsigned char slot[];
};

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "64-bit atomics between processes must be lock-free");

static _Atomic uint64_t *word_of(const struct sp_smf_ring_memory *memory, uint64_t position)
{
    return (_Atomic uint64_t *)(void *)(memory->slot + (position & (memory->slots - 1)) * memory->stride);
}

static void *data_of(const struct sp_smf_ring_memory *memory, uint64_t position)
{
    return (unsigned char *)word_of(memory, position) + sizeof(uint64_t);
}

static uint64_t lap_of(const struct sp_smf_ring_memory *memory, uint64_t position)
{
    return position >> memory->shift;
}

/* ---------------------------------------------------------------- locks */

static struct flock lock_of(int byte, short type)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
}

static bool try_lock(int fd, int byte)
{
    struct flock lock = lock_of(byte, F_WRLCK);
    return fcntl(fd, F_SETLK, &lock) == 0;
}

static void unlock(int fd, int byte)
{
    struct flock lock = lock_of(byte, F_UNLCK);
    fcntl(fd, F_SETLK, &lock);
}

/* By another process. */
static bool is_locked(int fd, int byte, int count)
{
    struct flock lock = lock_of(byte, F_WRLCK);
    lock.l_len = count;
    return fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* Record locks know processes only: between threads of one this does. */
static pthread_mutex_t among_threads = PTHREAD_MUTEX_INITIALIZER;

enum sp_status sp_smf_ring_lock(struct sp_smf_ring *ring, struct sp_error *err)
{
    struct flock lock = lock_of(MUTEX_BYTE, F_WRLCK);
    int result;
    pthread_mutex_lock(&among_threads);
    do
        result = fcntl(ring->fd, F_SETLKW, &lock);
    while (result != 0 && errno == EINTR);
    if (result == 0)
        return SP_OK;
    enum sp_status status = sp_error_errno(err, SP_EIO, errno, "cannot lock the ring of audit records");
    pthread_mutex_unlock(&among_threads);
    return status;
}

void sp_smf_ring_unlock(struct sp_smf_ring *ring)
{
    unlock(ring->fd, MUTEX_BYTE);
    pthread_mutex_unlock(&among_threads);
}

/* ---------------------------------------------------------------- the memory */

static unsigned power_of_two(unsigned slots, unsigned *ret_shift)
{
    unsigned shift = 4;
    while ((1u << shift) < slots && (1u << shift) < SP_SMF_RING_SLOTS_MAX)
        shift++;
    *ret_shift = shift;
    return 1u << shift;
}

enum sp_status sp_smf_ring_create(unsigned slots, size_t slot_bytes, int *ret_fd, struct sp_error *err)
{
    unsigned shift;
    unsigned count = power_of_two(slots, &shift);
    size_t stride = (sizeof(uint64_t) + slot_bytes + LINE - 1) / LINE * LINE;
    size_t bytes = sizeof(struct sp_smf_ring_memory) + count * stride;
    int fd = memfd_create("sallyport-audit", MFD_CLOEXEC);
    if (fd < 0)
        return sp_error_errno(err, SP_EIO, errno, "cannot make shared memory for audit records");
    struct sp_smf_ring_memory *memory =
        ftruncate(fd, (off_t)bytes) == 0
            ? mmap(NULL, sizeof *memory, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
            : MAP_FAILED;
    if (memory == MAP_FAILED) {
        int cause = errno;
        close(fd);
        return sp_error_errno(err, SP_ENOMEM, cause, "no memory for %zu bytes of audit records", bytes);
    }
    memory->version = VERSION;
    memory->slots = count;
    memory->shift = shift;
    memory->slot_bytes = slot_bytes;
    memory->stride = stride;
    memory->created_us = sp_clock_realtime_us();
    memory->creator = getpid();
    atomic_store(&memory->stuck_at, UINT64_MAX);
    memory->magic = MAGIC;
    munmap(memory, sizeof *memory);
    *ret_fd = fd;
    return SP_OK;
}

/* Whether `size` bytes are what the header says. */
static bool is_ring(const struct sp_smf_ring_memory *memory, size_t size)
{
    return memory->magic == MAGIC && memory->version == VERSION && memory->slots >= SP_SMF_RING_SLOTS_MIN &&
           memory->slots <= SP_SMF_RING_SLOTS_MAX && memory->slots == 1u << memory->shift &&
           memory->stride >= memory->slot_bytes + sizeof(uint64_t) &&
           size == sizeof *memory + memory->slots * memory->stride;
}

enum sp_status sp_smf_ring_map(int fd, struct sp_smf_ring *ret_ring, struct sp_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return sp_error_errno(err, SP_EIO, errno, "cannot see the shared memory of audit records");
    if (st.st_size < (off_t)sizeof(struct sp_smf_ring_memory))
        return sp_error_set(err, SP_EUNSUPPORTED, NULL, "descriptor %d is no ring of audit records", fd);
    struct sp_smf_ring_memory *memory =
        mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        return sp_error_errno(err, SP_ENOMEM, errno, "cannot map the shared memory of audit records");
    if (!is_ring(memory, (size_t)st.st_size)) {
        munmap(memory, (size_t)st.st_size);
        return sp_error_set(err, SP_EUNSUPPORTED, NULL,
                            "descriptor %d is no ring of audit records of this version", fd);
    }
    *ret_ring = (struct sp_smf_ring){
        .fd = fd, .memory = memory, .bytes = (size_t)st.st_size, .producer = SP_SMF_RING_PRODUCERS};
    return SP_OK;
}

void sp_smf_ring_unmap(struct sp_smf_ring *ring)
{
    if (!ring->memory)
        return;
    if (ring->producer < SP_SMF_RING_PRODUCERS)
        unlock(ring->fd, PRODUCER_BYTE + (int)ring->producer);
    munmap(ring->memory, ring->bytes);
    *ring = (struct sp_smf_ring){.fd = -1, .producer = SP_SMF_RING_PRODUCERS};
}

size_t sp_smf_ring_slot_bytes(const struct sp_smf_ring *ring)
{
    return ring->memory->slot_bytes;
}

unsigned sp_smf_ring_slots(const struct sp_smf_ring *ring)
{
    return ring->memory->slots;
}

void *sp_smf_ring_user(const struct sp_smf_ring *ring)
{
    return ring->memory->user;
}

void sp_smf_ring_origin(const struct sp_smf_ring *ring, int64_t *ret_created_us, int64_t *ret_pid)
{
    *ret_created_us = ring->memory->created_us;
    *ret_pid = ring->memory->creator;
}

/* ---------------------------------------------------------------- producers */

static void give_up(_Atomic uint64_t *word, uint64_t claimed)
{
    uint64_t expected = claimed;
    atomic_compare_exchange_strong(word, &expected, WORD(LAP_OF(claimed), PRODUCER_OF(claimed), GIVEN_UP));
}

/* The number was a dead process's; its claims are nobody's. */
static void give_up_claims(struct sp_smf_ring_memory *memory, unsigned producer)
{
    for (uint64_t slot = 0; slot < memory->slots; slot++) {
        _Atomic uint64_t *word = word_of(memory, slot);
        uint64_t seen = atomic_load(word);
        if (STATE_OF(seen) == CLAIMED && PRODUCER_OF(seen) == producer)
            give_up(word, seen);
    }
}

enum sp_status sp_smf_ring_attach(struct sp_smf_ring *ring, struct sp_error *err)
{
    for (unsigned n = 0; n < SP_SMF_RING_PRODUCERS; n++) {
        if (!try_lock(ring->fd, PRODUCER_BYTE + (int)n))
            continue;
        give_up_claims(ring->memory, n);
        ring->producer = n;
        return SP_OK;
    }
    return sp_error_set(err, SP_ELIMIT, NULL, "more than %u processes write audit records",
                        SP_SMF_RING_PRODUCERS);
}

void *sp_smf_ring_claim(struct sp_smf_ring *ring, uint64_t *ret_position)
{
    struct sp_smf_ring_memory *memory = ring->memory;
    for (;;) {
        uint64_t position = atomic_load(&memory->head);
        uint64_t lap = lap_of(memory, position);
        _Atomic uint64_t *word = word_of(memory, position);
        uint64_t seen = atomic_load(word);
        if (LAP_OF(seen) < lap) {
            if (atomic_load(&memory->head) == position)
                return NULL;
        } else if (LAP_OF(seen) == lap && STATE_OF(seen) == FREE) {
            if (!atomic_compare_exchange_weak(word, &seen, WORD(lap, ring->producer, CLAIMED)))
                continue;
            uint64_t expected = position;
            atomic_compare_exchange_strong(&memory->head, &expected, position + 1);
            *ret_position = position;
            return data_of(memory, position);
        } else if (LAP_OF(seen) == lap) {
            /* Someone has it already, and may have died before moving the head. */
            atomic_compare_exchange_strong(&memory->head, &position, position + 1);
        }
    }
}

static void futex_wake(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void sp_smf_ring_ring(struct sp_smf_ring *ring)
{
    if (atomic_exchange(&ring->memory->sleeping, 0))
        futex_wake(&ring->memory->sleeping);
}

/* The consumer's processor has the lines of the next slot, and its page is long out of this one's tables: ask
 * for them now, to be written, so that the next claim need not wait for them. */
static void fetch_slot(struct sp_smf_ring_memory *memory, uint64_t position)
{
    const char *line = (const char *)word_of(memory, position);
    for (size_t at = 0; at < AHEAD_LINES * LINE && at < memory->stride; at += LINE)
#if defined(__x86_64__)
        __asm__ volatile("prefetchw %0" : : "m"(line[at]));
#else
        __builtin_prefetch(line + at, 1);
#endif
}

void sp_smf_ring_commit(struct sp_smf_ring *ring, uint64_t position)
{
    struct sp_smf_ring_memory *memory = ring->memory;
    atomic_store(word_of(memory, position), WORD(lap_of(memory, position), ring->producer, COMMITTED));
    fetch_slot(memory, position + 1);
    /* Both sides write first and then read the other's word, in one total order: a wake is not lost. */
    if (atomic_load(&memory->sleeping) && position >= atomic_load(&memory->wake_at))
        sp_smf_ring_ring(ring);
}

uint64_t sp_smf_ring_head(const struct sp_smf_ring *ring)
{
    return atomic_load(&ring->memory->head);
}

unsigned sp_smf_ring_free_slots(const struct sp_smf_ring *ring)
{
    uint64_t used = atomic_load(&ring->memory->head) - atomic_load(&ring->memory->tail);
    return used >= ring->memory->slots ? 0 : (unsigned)(ring->memory->slots - used);
}

/* ---------------------------------------------------------------- the consumer */

enum sp_status sp_smf_ring_consume(struct sp_smf_ring *ring, struct sp_error *err)
{
    return try_lock(ring->fd, CONSUMER_BYTE)
               ? SP_OK
               : sp_error_set(err, SP_EEXISTS, NULL, "another process reads this ring of audit records");
}

bool sp_smf_ring_has_consumer(const struct sp_smf_ring *ring)
{
    return is_locked(ring->fd, CONSUMER_BYTE, 1);
}

bool sp_smf_ring_has_producers(const struct sp_smf_ring *ring)
{
    return is_locked(ring->fd, PRODUCER_BYTE, (int)SP_SMF_RING_PRODUCERS);
}

uint64_t sp_smf_ring_tail(const struct sp_smf_ring *ring)
{
    return atomic_load(&ring->memory->tail);
}

/* Whether the claim has been waited for long enough. */
static bool is_stuck(struct sp_smf_ring_memory *memory, uint64_t position, int64_t patience_us)
{
    int64_t now = sp_clock_monotonic_us();
    if (atomic_load(&memory->stuck_at) != position) {
        atomic_store(&memory->stuck_at, position);
        atomic_store(&memory->stuck_since_us, now);
    }
    return now - atomic_load(&memory->stuck_since_us) >= patience_us;
}

uint64_t sp_smf_ring_settle(struct sp_smf_ring *ring, int64_t patience_us,
                            bool (*alive)(void *arg, unsigned producer), void *arg)
{
    struct sp_smf_ring_memory *memory = ring->memory;
    uint64_t position = atomic_load(&memory->settled);
    for (;;) {
        _Atomic uint64_t *word = word_of(memory, position);
        uint64_t seen = atomic_load(word);
        if (LAP_OF(seen) != lap_of(memory, position) || STATE_OF(seen) == FREE)
            break;
        if (STATE_OF(seen) == CLAIMED) {
            unsigned producer = PRODUCER_OF(seen);
            if (!is_stuck(memory, position, patience_us))
                break;
            if (producer == ring->producer ||
                (alive ? alive(arg, producer) : is_locked(ring->fd, PRODUCER_BYTE + (int)producer, 1)))
                break;
            give_up(word, seen);
            continue; /* it may have been committed just before its producer died */
        }
        position++;
    }
    /* The head of a producer that died between claiming and moving it. */
    uint64_t head = atomic_load(&memory->head);
    while (head < position && !atomic_compare_exchange_weak(&memory->head, &head, position))
        ;
    atomic_store(&memory->settled, position);
    return position;
}

bool sp_smf_ring_is_claimed(const struct sp_smf_ring *ring, uint64_t position)
{
    uint64_t seen = atomic_load(word_of(ring->memory, position));
    return LAP_OF(seen) == lap_of(ring->memory, position) && STATE_OF(seen) == CLAIMED;
}

const void *sp_smf_ring_at(const struct sp_smf_ring *ring, uint64_t position)
{
    uint64_t seen = atomic_load(word_of(ring->memory, position));
    return STATE_OF(seen) == COMMITTED ? data_of(ring->memory, position) : NULL;
}

void sp_smf_ring_free_to(struct sp_smf_ring *ring, uint64_t position)
{
    struct sp_smf_ring_memory *memory = ring->memory;
    for (uint64_t at = atomic_load(&memory->tail); at < position; at++) {
        /* A consumer that died between the two stores leaves a slot of the next lap: that is freed already.
         */
        _Atomic uint64_t *word = word_of(memory, at);
        if (LAP_OF(atomic_load(word)) == lap_of(memory, at))
            atomic_store(word, WORD(lap_of(memory, at) + 1, 0, FREE));
        atomic_store(&memory->tail, at + 1);
    }
}

void sp_smf_ring_sleep(struct sp_smf_ring *ring, uint64_t position, int64_t timeout_us)
{
    struct sp_smf_ring_memory *memory = ring->memory;
    const struct timespec timeout = {.tv_sec = timeout_us / 1000000, .tv_nsec = timeout_us % 1000000 * 1000};
    atomic_store(&memory->wake_at, position);
    atomic_store(&memory->sleeping, 1);
    uint64_t seen = atomic_load(word_of(memory, position));
    if (LAP_OF(seen) != lap_of(memory, position) || STATE_OF(seen) == FREE || STATE_OF(seen) == CLAIMED)
        syscall(SYS_futex, &memory->sleeping, FUTEX_WAIT, 1, &timeout, NULL, 0);
    atomic_store(&memory->sleeping, 0);
}
