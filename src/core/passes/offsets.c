/* Offsets in the arena: walks the ops in time, gives each storage the smallest gap that holds it,
 * and takes the gap back after the last use. */
#include "core/passes/passes.h"
#include <limits.h>

typedef struct gap {
    size_t from, size;
} gap;

typedef struct arena {
    ANT__LIST(gap) gaps; /* sorted by place, none touches the next */
    size_t top;
    bool failed;
} arena;

static void insert_gap(arena *a, int at, gap g) {
    if (!ANT__PUSH(&a->gaps, g)) {
        a->failed = true;
        return;
    }
    for (int i = a->gaps.n - 1; i > at; i--)
        a->gaps.at[i] = a->gaps.at[i - 1];
    a->gaps.at[at] = g;
}

static void remove_gap(arena *a, int at) {
    a->gaps.n--;
    for (int i = at; i < a->gaps.n; i++)
        a->gaps.at[i] = a->gaps.at[i + 1];
}

static void give_back(arena *a, gap g) {
    int at = 0;
    while (at < a->gaps.n && a->gaps.at[at].from < g.from)
        at++;
    if (at < a->gaps.n && g.from + g.size == a->gaps.at[at].from) {
        g.size += a->gaps.at[at].size;
        remove_gap(a, at);
    }
    if (at > 0 && a->gaps.at[at - 1].from + a->gaps.at[at - 1].size == g.from)
        a->gaps.at[at - 1].size += g.size;
    else
        insert_gap(a, at, g);
}

static size_t take(arena *a, size_t size) {
    int best = -1;
    for (int i = 0; i < a->gaps.n; i++)
        if (a->gaps.at[i].size >= size && (best < 0 || a->gaps.at[i].size < a->gaps.at[best].size))
            best = i;
    if (best >= 0) {
        gap *g = &a->gaps.at[best];
        size_t from = g->from;
        g->from += size;
        g->size -= size;
        if (!g->size)
            remove_gap(a, best);
        return from;
    }
    gap *last = a->gaps.n ? &a->gaps.at[a->gaps.n - 1] : NULL;
    size_t from = a->top;
    if (last && last->from + last->size == a->top) { /* the arena's end is free: grow from there */
        from = last->from;
        a->gaps.n--;
    }
    if (size > SIZE_MAX / 2 - from)
        a->failed = true;
    else
        a->top = from + size;
    return from;
}

static bool in_arena(const ant_storage *s) {
    return s->place == ANT__PLACE_NONE && s->into < 0 && s->first >= 0;
}

/* Storages in lists by a time: head[t] is the first, next[i] the one after storage i. */
static void list_by_time(const ant_storage *s, int n, bool ends, int *head, int ops, int *next) {
    for (int t = 0; t < ops; t++)
        head[t] = -1;
    for (int i = n - 1; i >= 0; i--) {
        int time = ends ? s[i].last : s[i].first;
        if (!in_arena(&s[i]) || time >= ops)
            continue;
        next[i] = head[time];
        head[time] = i;
    }
}

static void place_all(arena *a, ant_storage *s, const int *begin, const int *begin_next,
                      const int *end, const int *end_next, int ops) {
    for (int t = 0; t < ops; t++) {
        for (int i = begin[t]; i >= 0; i = begin_next[i])
            s[i].offset = take(a, s[i].size);
        for (int i = end[t]; i >= 0; i = end_next[i])
            if (s[i].size)
                give_back(a, (gap){s[i].offset, s[i].size});
    }
}

static void place_apart(arena *a, ant_storage *s, int n) {
    for (int i = 0; i < n; i++)
        if (in_arena(&s[i]))
            s[i].offset = take(a, s[i].size);
}

size_t ant__offsets(ant_storage *s, int n, int ops, bool shared) {
    arena a = {0};
    int *lists = ant__alloc_array(2 * ((size_t)n + (size_t)ops) + 1, sizeof *lists);
    if (!lists)
        return SIZE_MAX;
    int *begin = lists, *end = begin + ops, *begin_next = end + ops, *end_next = begin_next + n;
    list_by_time(s, n, false, begin, ops, begin_next);
    list_by_time(s, n, true, end, ops, end_next);
    if (shared)
        place_all(&a, s, begin, begin_next, end, end_next, ops);
    else
        place_apart(&a, s, n);
    for (int i = 0; i < n; i++)
        if (in_arena(&s[i]))
            s[i].place = ANT__ARENA_PLACE;
    ant__free(lists);
    ant__free(a.gaps.at);
    return a.failed ? SIZE_MAX : a.top;
}
