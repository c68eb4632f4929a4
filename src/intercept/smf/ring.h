/* SPDX-License-Identifier: Apache-2.0
 * ring.h: a queue in shared memory from many processes to one, that outlives any of them.
 *
 * The memory is a memfd with a fixed number of slots. A producer claims the next slot, fills it and commits
 * it; no lock is taken and nothing waits. The word of a slot tells in one atomic value whose turn it is (the
 * lap), who claimed it and how far it came, so the claim of a producer that died half-way is recognised and
 * given up. Positions count from 0 and never turn back. The consumer reads positions in order and frees them
 * when it is done with them; what it has not freed is still there for the consumer that follows it.
 *
 * Who lives is told by record locks (fcntl) on bytes of the memfd, which the kernel drops when a process
 * ends: byte 0 is the consumer's, byte 1 + n producer n's.
 */
#ifndef SP_INTERCEPT_SMF_RING_H
#define SP_INTERCEPT_SMF_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define SP_SMF_RING_PRODUCERS 256u /* processes that may be attached at a time */
#define SP_SMF_RING_SLOTS_MIN 16u
#define SP_SMF_RING_SLOTS_MAX 65536u
#define SP_SMF_RING_USER_BYTES 32768u /* of the users' own, zero at first */

struct sp_smf_ring_memory;

/* A process's view of a ring. */
struct sp_smf_ring {
    int fd;
    struct sp_smf_ring_memory *memory;
    size_t bytes;
    unsigned producer; /* SP_SMF_RING_PRODUCERS: not attached as one */
};

/* What was created, with a name for /proc. `slots` is rounded up to a power of two within the limits; a slot
 * holds `slot_bytes`. The descriptor is closed on exec. SP_EIO, SP_ENOMEM. */
enum sp_status sp_smf_ring_create(unsigned slots, size_t slot_bytes, int *ret_fd,
                                  struct sp_error *err) SP_MUST_CHECK;
/* See the ring of a descriptor, which stays the caller's and must stay open. SP_EUNSUPPORTED: it is no ring,
 * or of another version of this program. */
enum sp_status sp_smf_ring_map(int fd, struct sp_smf_ring *ret_ring, struct sp_error *err) SP_MUST_CHECK;
/* Accepts one that is not mapped. Locks of this process are dropped. */
void sp_smf_ring_unmap(struct sp_smf_ring *ring);

size_t sp_smf_ring_slot_bytes(const struct sp_smf_ring *ring);
unsigned sp_smf_ring_slots(const struct sp_smf_ring *ring);
void *sp_smf_ring_user(const struct sp_smf_ring *ring);
/* Who created it, and when (realtime microseconds). */
void sp_smf_ring_origin(const struct sp_smf_ring *ring, int64_t *ret_created_us, int64_t *ret_pid);

/* ---- producers ---- */

/* Take a producer's number in this process; claims that an earlier holder of it left are given up. SP_ELIMIT
 * when all are taken. */
enum sp_status sp_smf_ring_attach(struct sp_smf_ring *ring, struct sp_error *err) SP_MUST_CHECK;
/* The memory of the next slot, or NULL when the ring is full. */
void *sp_smf_ring_claim(struct sp_smf_ring *ring, uint64_t *ret_position);
/* What was written there is the consumer's now; wakes it when it wants to know. */
void sp_smf_ring_commit(struct sp_smf_ring *ring, uint64_t position);
/* Slots that are neither claimed nor kept. */
unsigned sp_smf_ring_free_slots(const struct sp_smf_ring *ring);
/* The position that the next claim gets. */
uint64_t sp_smf_ring_head(const struct sp_smf_ring *ring);

/* ---- the consumer ---- */

/* SP_EEXISTS when another process is it. */
enum sp_status sp_smf_ring_consume(struct sp_smf_ring *ring, struct sp_error *err) SP_MUST_CHECK;
/* Whether some process is; it is not asked about this one. */
bool sp_smf_ring_has_consumer(const struct sp_smf_ring *ring);
/* Whether any process but this one is a producer. */
bool sp_smf_ring_has_producers(const struct sp_smf_ring *ring);

/* The first position that was not freed. */
uint64_t sp_smf_ring_tail(const struct sp_smf_ring *ring);
/* The position behind the last one that is settled: committed or given up, and so all before it. A claim that
 * is older than `patience_us` is given up when its producer is dead; `alive` NULL: as the locks say. A
 * consumer that is a producer too, by the same view, lives. */
uint64_t sp_smf_ring_settle(struct sp_smf_ring *ring, int64_t patience_us,
                            bool (*alive)(void *arg, unsigned producer), void *arg);
/* Whether the position behind the settled ones is claimed by someone: look again soon. */
bool sp_smf_ring_is_claimed(const struct sp_smf_ring *ring, uint64_t position);
/* What stands at a settled position, or NULL: it was given up. */
const void *sp_smf_ring_at(const struct sp_smf_ring *ring, uint64_t position);
/* All before `position` may be written again. */
void sp_smf_ring_free_to(struct sp_smf_ring *ring, uint64_t position);

/* Sleep until position `position` was claimed and committed, sp_smf_ring_ring or `timeout_us`. */
void sp_smf_ring_sleep(struct sp_smf_ring *ring, uint64_t position, int64_t timeout_us);
/* Wake the consumer, whatever it waits for. From any process. */
void sp_smf_ring_ring(struct sp_smf_ring *ring);

/* ---- both ---- */

/* Run one process at a time between these; the lock goes when the process dies. */
enum sp_status sp_smf_ring_lock(struct sp_smf_ring *ring, struct sp_error *err) SP_MUST_CHECK;
void sp_smf_ring_unlock(struct sp_smf_ring *ring);

#endif
