/* Memory: one funnel for every allocation of the library, and an arena for what lives as long as
 * its graph. Nothing here aborts: NULL means out of memory, and callers say so. */
#ifndef ANT_CORE_MEMORY_H
#define ANT_CORE_MEMORY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The hook. old NULL: new memory, zeroed; size 0: frees; else resizes (new bytes are not zeroed).
 * A weak symbol: tests link their own, which fails the nth call. */
void *ant__memory_hook(void *old, size_t size);

/* Zeroed; NULL when out of memory. Freed with ant__free. */
void *ant__alloc(size_t size);
/* count * size with overflow check, zeroed. */
void *ant__alloc_array(size_t count, size_t size);
/* Resizes; the old block stays whole when it fails. */
void *ant__resize(void *old, size_t count, size_t size);
void ant__free(void *block);
/* Zeroed numbers, 64-byte aligned, with 128 bytes of slack behind (kernels may read past the end).
 * Freed with ant__free_numbers. */
void *ant__alloc_numbers(size_t size);
void ant__free_numbers(void *block);
/* false on overflow. */
bool ant__mul(size_t a, size_t b, size_t *out);

/* What may be taken together by all that share it. */
typedef struct ant_budget {
    size_t left;
    bool spent; /* more was asked for */
} ant_budget;
/* false, and `spent`, where less is left. No budget (NULL) never ends. */
bool ant__budget_take(ant_budget *b, size_t size);
void ant__budget_give(ant_budget *b, size_t size);

/* Everything taken from an arena is freed with it. Not thread-safe. */
typedef struct ant_arena {
    struct ant_block *blocks;
    ant_budget *budget; /* NULL: there is none. One that is spent looks like memory that ran out */
} ant_arena;

void *ant__arena_alloc(ant_arena *a, size_t size); /* zeroed, 16-byte aligned */
void *ant__arena_numbers(ant_arena *a,
                         size_t size); /* as ant__alloc_numbers, freed with the arena */
void *ant__arena_array(ant_arena *a, size_t count, size_t size);
char *ant__arena_text(ant_arena *a, const char *s); /* NULL stays NULL only when out of memory */
char *ant__arena_bytes(ant_arena *a, const char *s, size_t n); /* ended by a zero */
void ant__arena_free(ant_arena *a);
/* A place in an arena, and back to it: what was taken since is freed. */
typedef struct ant_arena_mark {
    struct ant_block *block;
    size_t used;
} ant_arena_mark;
ant_arena_mark ant__arena_mark(const ant_arena *a);
void ant__arena_release(ant_arena *a, ant_arena_mark to);

/* A growing array: ANT__PUSH is false when out of memory. */
#define ANT__LIST(T)                                                                               \
    struct {                                                                                       \
        T *at;                                                                                     \
        int n, room;                                                                               \
    }
#define ANT__PUSH(list, ...)                                                                       \
    (ant__grow((void **)&(list)->at, (list)->n, &(list)->room, sizeof *(list)->at)                 \
         ? ((list)->at[(list)->n++] = (__VA_ARGS__), true)                                         \
         : false)
bool ant__grow(void **at, int n, int *room, size_t size);
/* The same, its memory out of the arena's budget; ANT__FREE_PAID gives it back. */
#define ANT__PUSH_PAID(arena, list, ...)                                                           \
    (ant__grow_paid((arena)->budget, (void **)&(list)->at, (list)->n, &(list)->room,               \
                    sizeof *(list)->at)                                                            \
         ? ((list)->at[(list)->n++] = (__VA_ARGS__), true)                                         \
         : false)
bool ant__grow_paid(ant_budget *b, void **at, int n, int *room, size_t size);
#define ANT__FREE_PAID(arena, list)                                                                \
    (ant__budget_give((arena)->budget, (size_t)(list)->room * sizeof *(list)->at),                 \
     ant__free((list)->at))
#endif
