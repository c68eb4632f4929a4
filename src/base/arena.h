/* SPDX-License-Identifier: Apache-2.0
 * arena.h: memory that is given back all at once.
 *
 * An arena hands out memory from chunks and frees nothing singly. It has a ceiling: an allocation that would
 * take it over returns NULL, and the arena stays usable. Not for use by two threads at a time.
 */
#ifndef SP_BASE_ARENA_H
#define SP_BASE_ARENA_H

#include <stddef.h>

#include "base/str.h"

struct sp_arena_chunk;

struct sp_arena {
    struct sp_arena_chunk *chunks; /* newest first */
    unsigned char *next, *end;     /* free part of the newest chunk */
    size_t used;                   /* bytes taken from the heap for chunks */
    size_t ceiling;                /* greatest value of `used` */
};

/* Prepare the caller's arena; takes no memory yet. `ceiling` in bytes, at least 1. */
void sp_arena_init(struct sp_arena *arena, size_t ceiling);
/* Give all memory back to the heap. Accepts NULL and an arena that is all zeros. */
void sp_arena_finish(struct sp_arena *arena);
/* Overwrite everything that was handed out, then finish: for arenas that held secrets. */
void sp_arena_wipe(struct sp_arena *arena);
/* Forget all allocations but keep the first chunk, so that the next round takes nothing from the heap. */
void sp_arena_reset(struct sp_arena *arena);

/* Let an arena that has handed out nothing take its first memory for allocations of `bytes` in all, and no
 * more. Without memory the arena is as it was. */
void sp_arena_reserve(struct sp_arena *arena, size_t bytes);
/* How many bytes are enough to reserve for the same allocations in the same order. */
size_t sp_arena_given(const struct sp_arena *arena);

/* `size` bytes aligned for any type, not cleared; NULL when the ceiling or the heap is reached. Size 0 gives
 * a pointer that must not be read. */
void *sp_arena_alloc(struct sp_arena *arena, size_t size) __attribute__((malloc, alloc_size(2)));
/* Cleared, with a check of the product. */
void *sp_arena_calloc(struct sp_arena *arena, size_t count, size_t size)
    __attribute__((malloc, alloc_size(2, 3)));
/* A copy with a NUL behind it (not counted in the length). ptr is NULL when there is no memory. */
struct sp_str sp_arena_str(struct sp_arena *arena, struct sp_str s);
/* The same as a C string; NULL when there is no memory. */
char *sp_arena_cstr(struct sp_arena *arena, struct sp_str s);
/* Formatted text with a NUL behind it; ptr is NULL when there is no memory. */
struct sp_str sp_arena_printf(struct sp_arena *arena, const char *fmt, ...) SP_PRINTF(2, 3);

#endif
