/* Memory: the hook, checked sizes, aligned numbers, the arena, growing arrays. */
#define _DEFAULT_SOURCE /* madvise */
#include "core/memory.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 64, SLACK = 128, BLOCK_SIZE = 16 * 1024, UNIT = 16, HUGE = 2 << 20 };

__attribute__((weak)) void *ant__memory_hook(void *old, size_t size) {
    if (!size) {
        free(old);
        return NULL;
    }
    return old ? realloc(old, size) : calloc(1, size);
}

bool ant__mul(size_t a, size_t b, size_t *out) {
    return !__builtin_mul_overflow(a, b, out);
}

void *ant__alloc(size_t size) {
    return ant__memory_hook(NULL, size ? size : 1);
}

void *ant__alloc_array(size_t count, size_t size) {
    size_t bytes;
    return ant__mul(count, size, &bytes) ? ant__alloc(bytes) : NULL;
}

void *ant__resize(void *old, size_t count, size_t size) {
    size_t bytes;
    if (!ant__mul(count, size, &bytes))
        return NULL;
    return ant__memory_hook(old, bytes ? bytes : 1);
}

void ant__free(void *block) {
    if (block)
        ant__memory_hook(block, 0);
}

/* Few large pages are looked up faster than many small ones. Whether the system has them is its own
 * affair. */
static void ask_for_huge_pages(void *numbers, size_t size) {
#ifdef MADV_HUGEPAGE
    (void)madvise(numbers, size / HUGE * HUGE, MADV_HUGEPAGE);
#else
    (void)numbers;
    (void)size;
#endif
}

static size_t alignment_of(size_t size) {
    return size < HUGE ? ALIGNMENT : HUGE;
}

/* The address that the hook gave stands right before the aligned numbers. */
void *ant__alloc_numbers(size_t size) {
    const size_t alignment = alignment_of(size), more = alignment + SLACK + sizeof(void *);
    if (size > SIZE_MAX - more)
        return NULL;
    char *block = ant__alloc(size + more);
    if (!block)
        return NULL;
    uintptr_t past_header = (uintptr_t)block + sizeof(void *);
    char *numbers = block + sizeof(void *) + (-past_header & (alignment - 1));
    memcpy(numbers - sizeof(void *), &block, sizeof(void *));
    if (size >= HUGE)
        ask_for_huge_pages(numbers, size);
    return numbers;
}

void ant__free_numbers(void *block) {
    if (!block)
        return;
    void *given;
    memcpy(&given, (char *)block - sizeof(void *), sizeof(void *));
    ant__free(given);
}

bool ant__budget_take(ant_budget *b, size_t size) {
    if (b && size > b->left)
        return !(b->spent = true);
    if (b)
        b->left -= size;
    return true;
}

void ant__budget_give(ant_budget *b, size_t size) {
    if (b)
        b->left += size;
}

/* --- the arena: a list of blocks, the newest first --- */
struct ant_block {
    struct ant_block *next;
    size_t used, room; /* of the bytes behind the header */
    bool paid;         /* out of the arena's budget */
};
enum { HEADER = (sizeof(struct ant_block) + UNIT - 1) / UNIT * UNIT };

static struct ant_block *block_new(ant_arena *a, size_t room) {
    if (room > SIZE_MAX - HEADER)
        return NULL;
    if (!ant__budget_take(a->budget, HEADER + room))
        return NULL;
    struct ant_block *b = ant__alloc(HEADER + room);
    if (!b) {
        ant__budget_give(a->budget, HEADER + room);
        return NULL;
    }
    b->room = room;
    b->paid = a->budget != NULL;
    b->next = a->blocks;
    return a->blocks = b;
}

void *ant__arena_alloc(ant_arena *a, size_t size) {
    if (size > SIZE_MAX - UNIT)
        return NULL;
    size = (size + UNIT - 1) / UNIT * UNIT;
    struct ant_block *b = a->blocks;
    if (!b || size > b->room - b->used)
        b = block_new(a, size > BLOCK_SIZE ? size : BLOCK_SIZE);
    if (!b)
        return NULL;
    void *p = (char *)b + HEADER + b->used;
    b->used += size;
    return p;
}

void *ant__arena_array(ant_arena *a, size_t count, size_t size) {
    size_t bytes;
    return ant__mul(count, size, &bytes) ? ant__arena_alloc(a, bytes) : NULL;
}

void *ant__arena_numbers(ant_arena *a, size_t size) {
    const size_t alignment = alignment_of(size), more = alignment + SLACK;
    char *block = size > SIZE_MAX - more ? NULL : ant__arena_alloc(a, size + more);
    if (!block)
        return NULL;
    char *numbers = block + (-(uintptr_t)block & (alignment - 1));
    if (size >= HUGE)
        ask_for_huge_pages(numbers, size);
    return numbers;
}

char *ant__arena_bytes(ant_arena *a, const char *s, size_t n) {
    char *copy = n == SIZE_MAX ? NULL : ant__arena_alloc(a, n + 1);
    if (copy && n)
        memcpy(copy, s, n);
    return copy;
}

char *ant__arena_text(ant_arena *a, const char *s) {
    return s ? ant__arena_bytes(a, s, strlen(s)) : NULL;
}

static void free_until(ant_arena *a, const struct ant_block *last) {
    while (a->blocks != last) {
        struct ant_block *next = a->blocks->next;
        if (a->blocks->paid)
            ant__budget_give(a->budget, HEADER + a->blocks->room);
        ant__free(a->blocks);
        a->blocks = next;
    }
}

void ant__arena_free(ant_arena *a) {
    free_until(a, NULL);
}

ant_arena_mark ant__arena_mark(const ant_arena *a) {
    return (ant_arena_mark){a->blocks, a->blocks ? a->blocks->used : 0};
}

/* What is taken next must be zero again. */
void ant__arena_release(ant_arena *a, ant_arena_mark to) {
    free_until(a, to.block);
    if (!to.block)
        return;
    memset((char *)to.block + HEADER + to.used, 0, to.block->used - to.used);
    to.block->used = to.used;
}

/* --- growing arrays --- */
bool ant__grow(void **at, int n, int *room, size_t size) {
    return ant__grow_paid(NULL, at, n, room, size);
}

/* While it is resized there are both, the old block and the new one. */
bool ant__grow_paid(ant_budget *b, void **at, int n, int *room, size_t size) {
    size_t bytes, before = (size_t)*room * size;
    if (n < *room)
        return true;
    if (*room > INT_MAX / 2)
        return false;
    int more = *room ? 2 * *room : 8;
    if (!ant__mul((size_t)more, size, &bytes) || !ant__budget_take(b, bytes))
        return false;
    void *grown = ant__resize(*at, (size_t)more, size);
    ant__budget_give(b, grown ? before : bytes);
    if (!grown)
        return false;
    *at = grown;
    *room = more;
    return true;
}
