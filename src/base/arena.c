/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"

#define ALIGNMENT _Alignof(max_align_t)
#define FIRST_CHUNK 8192u
#define LARGEST_STEP (256u * 1024u)

/* Under AddressSanitizer what was not handed out is poisoned, with a gap behind each allocation where there
 * is room, so that it sees accesses beyond an allocation as it does on the heap. */
#if defined(__SANITIZE_ADDRESS__)
#define POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISONS 1
#endif
#endif
#ifdef POISONS
#include <sanitizer/asan_interface.h>
#define POISON(bytes, len) ASAN_POISON_MEMORY_REGION(bytes, len)
#define UNPOISON(bytes, len) ASAN_UNPOISON_MEMORY_REGION(bytes, len)
#define GAP ALIGNMENT
#else
#define POISON(bytes, len) ((void)(bytes), (void)(len))
#define UNPOISON(bytes, len) ((void)(bytes), (void)(len))
#define GAP 0u
#endif

struct sp_arena_chunk {
    struct sp_arena_chunk *older;
    size_t size; /* of the data */
    max_align_t data[];
};

void sp_arena_init(struct sp_arena *arena, size_t ceiling)
{
    *arena = (struct sp_arena){.ceiling = ceiling};
}

static void free_chunks(struct sp_arena_chunk *chunk, const struct sp_arena_chunk *keep)
{
    while (chunk && chunk != keep) {
        struct sp_arena_chunk *older = chunk->older;
        UNPOISON(chunk->data, chunk->size);
        free(chunk);
        chunk = older;
    }
}

void sp_arena_finish(struct sp_arena *arena)
{
    if (!arena)
        return;
    free_chunks(arena->chunks, NULL);
    *arena = (struct sp_arena){.ceiling = arena->ceiling};
}

void sp_arena_wipe(struct sp_arena *arena)
{
    for (struct sp_arena_chunk *chunk = arena ? arena->chunks : NULL; chunk; chunk = chunk->older) {
        UNPOISON(chunk->data, chunk->size);
        sp_secret_wipe(chunk->data, chunk->size);
    }
    sp_arena_finish(arena);
}

void sp_arena_reset(struct sp_arena *arena)
{
    struct sp_arena_chunk *first = arena->chunks;
    if (!first)
        return;
    while (first->older)
        first = first->older;
    free_chunks(arena->chunks, first);
    arena->chunks = first;
    arena->next = (unsigned char *)first->data;
    arena->end = arena->next + first->size;
    arena->used = sizeof *first + first->size;
    POISON(arena->next, first->size);
}

/* Of at least `need` bytes, and `size` when the ceiling lets it. */
static bool add_chunk(struct sp_arena *arena, size_t size, size_t need)
{
    size_t room = arena->ceiling - arena->used;
    if (room < sizeof(struct sp_arena_chunk) || room - sizeof(struct sp_arena_chunk) < need)
        return false;
    if (size > room - sizeof(struct sp_arena_chunk))
        size = room - sizeof(struct sp_arena_chunk);
    struct sp_arena_chunk *chunk = malloc(sizeof *chunk + size);
    if (!chunk)
        return false;
    chunk->older = arena->chunks;
    chunk->size = size;
    arena->chunks = chunk;
    arena->next = (unsigned char *)chunk->data;
    arena->end = arena->next + size;
    arena->used += sizeof *chunk + size;
    POISON(arena->next, size);
    return true;
}

/* Chunks double up to LARGEST_STEP, so that a large request costs few heap calls and a small one little
 * memory. */
static bool grow(struct sp_arena *arena, size_t need)
{
    size_t size = arena->chunks ? arena->chunks->size * 2 : FIRST_CHUNK;
    if (size < FIRST_CHUNK)
        size = FIRST_CHUNK;
    if (size > LARGEST_STEP)
        size = LARGEST_STEP;
    return add_chunk(arena, size < need ? need : size, need);
}

void sp_arena_reserve(struct sp_arena *arena, size_t bytes)
{
    if (!arena->chunks && bytes <= SIZE_MAX - ALIGNMENT)
        add_chunk(arena, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT, bytes);
}

size_t sp_arena_given(const struct sp_arena *arena)
{
    size_t sum = 0;
    for (const struct sp_arena_chunk *chunk = arena->chunks; chunk; chunk = chunk->older)
        sum += chunk->size;
    return sum - (size_t)(arena->end - arena->next);
}

void *sp_arena_alloc(struct sp_arena *arena, size_t size)
{
    if (size > SIZE_MAX - ALIGNMENT)
        return NULL;
    size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if ((size_t)(arena->end - arena->next) < rounded || !arena->next) {
        if (!grow(arena, rounded))
            return NULL;
    }
    void *memory = arena->next;
    UNPOISON(memory, size);
    arena->next += rounded;
    if ((size_t)(arena->end - arena->next) > GAP)
        arena->next += GAP;
    return memory;
}

void *sp_arena_calloc(struct sp_arena *arena, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        return NULL;
    void *memory = sp_arena_alloc(arena, total);
    if (memory)
        memset(memory, 0, total);
    return memory;
}

char *sp_arena_cstr(struct sp_arena *arena, struct sp_str s)
{
    char *copy = s.len < SIZE_MAX ? sp_arena_alloc(arena, s.len + 1) : NULL;
    if (!copy)
        return NULL;
    if (s.len)
        memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    return copy;
}

struct sp_str sp_arena_str(struct sp_arena *arena, struct sp_str s)
{
    char *copy = sp_arena_cstr(arena, s);
    return (struct sp_str){copy, copy ? s.len : 0};
}

struct sp_str sp_arena_printf(struct sp_arena *arena, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *text = n >= 0 ? sp_arena_alloc(arena, (size_t)n + 1) : NULL;
    if (text)
        vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    return (struct sp_str){text, text ? (size_t)n : 0};
}
