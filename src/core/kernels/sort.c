/* Order of the entries of an axis: merges of runs of places, so that equal entries stay as they
 * stand. Numbers: outer, length, inner, outer ones in a cell, type, falling. */
#include "antler/types.h"
#include "core/kernels/simd.h"

typedef struct line {
    const void *x;
    int dtype;
    int64_t at, stride; /* of its entries */
    bool falling;
} line;

static int64_t int_at(const line *l, int64_t i) {
    int64_t e = l->at + i * l->stride;
    return l->dtype == ANT_INT64   ? ((const int64_t *)l->x)[e]
           : l->dtype == ANT_INT32 ? ((const int32_t *)l->x)[e]
                                   : ((const uint8_t *)l->x)[e];
}

/* NaN is the largest. */
static bool less(const line *l, int64_t i, int64_t k) {
    if (l->dtype != ANT_FLOAT32 && l->dtype != ANT_FLOAT64)
        return int_at(l, i) < int_at(l, k);
    const R *x = (const R *)l->x + l->at;
    R a = x[i * l->stride], b = x[k * l->stride];
    return a < b || (b != b && a == a);
}

/* Must entry k, which stands behind entry i, go before it? */
static bool overtakes(const line *l, int64_t k, int64_t i) {
    return l->falling ? less(l, i, k) : less(l, k, i);
}

/* Two runs that lie one after the other, [from, middle) and [middle, end), become one in `out`. */
static void merge(const line *l, int32_t *out, const int32_t *in, int64_t from, int64_t middle,
                  int64_t end) {
    int64_t a = from, b = middle;
    for (int64_t i = from; i < end; i++) {
        bool second = a == middle || (b < end && overtakes(l, in[b], in[a]));
        out[i] = second ? in[b++] : in[a++];
    }
}

static int64_t shorter(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* The order of n entries into `out`; `room` has as many. */
static void sort_line(const line *l, int32_t *out, int32_t *room, int64_t n) {
    int32_t *from = out, *to = room;
    for (int64_t i = 0; i < n; i++)
        out[i] = (int32_t)i;
    for (int64_t run = 1; run < n; run *= 2) {
        for (int64_t i = 0; i < n; i += 2 * run)
            merge(l, to, from, i, shorter(i + run, n), shorter(i + 2 * run, n));
        int32_t *swap = from;
        from = to;
        to = swap;
    }
    for (int64_t i = 0; from != out && i < n; i++)
        out[i] = from[i];
}

/* Workspace: two lines of places for each cell. */
void K(argsort)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    int64_t length = n[1].i, inner = n[2].i, end = shorter(to * n[3].i, n[0].i);
    int32_t *order = (int32_t *)at[2] + from * 2 * length;
    line l = {.x = at[0], .dtype = (int)n[4].i, .stride = inner, .falling = n[5].i};
    for (int64_t o = from * n[3].i; o < end; o++)
        for (int64_t i = 0; i < inner; i++) {
            l.at = o * length * inner + i;
            sort_line(&l, order, order + length, length);
            for (int64_t k = 0; k < length; k++)
                ((int32_t *)at[1])[l.at + k * inner] = order[k];
        }
}
