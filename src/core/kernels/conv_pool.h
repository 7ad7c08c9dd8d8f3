/* Max pooling behind a convolution. Included by kernels only. */
#ifndef ANT_CORE_KERNELS_CONV_POOL_H
#define ANT_CORE_KERNELS_CONV_POOL_H
#include "core/kernels/conv_gather.h"
#include "core/kernels/pool.h"

typedef struct pooling {
    windows windows;
    int64_t map, pooled; /* entries of an image's */
    bool positive;       /* negative results are cut */
    R *y;
    unsigned char *which; /* NULL: not noted */
} pooling;

enum { POOL_SIDE = 2 }; /* of the windows that need no map */

/* Are windows 2 x 2 next to each other, on maps of an even number of rows and columns? */
static inline bool pool_is_even(const gather *g, const pooling *p) {
    const axis *row = &p->windows.row, *column = &p->windows.column;
    return g->activation != GEMM_BOUND && row->size == POOL_SIDE && row->stride == POOL_SIDE &&
           row->before == 0 && g->row.count == POOL_SIDE * row->out && column->size == POOL_SIDE &&
           column->stride == POOL_SIDE && column->before == 0 &&
           g->column.count == POOL_SIDE * column->out;
}

/* One vector of a window's filters, whose bias is added before they are compared as far as winners
 * are concerned: it may make entries equal. The first of equals wins. */
ALWAYS_INLINE vec note_winner(const pooling *p, const vec *entry, vec bias, unsigned char *which,
                              int64_t lanes) {
    vec best = entry[0] + bias;
    vec_int winner = {0};
    UNROLL
    for (int k = 1; k < POOL_SIDE * POOL_SIDE; k++) {
        const vec e = entry[k] + bias;
        const vec_int wins = beats(e, best);
        best = vec_select(wins, e, best);
        winner = (wins & k) | (winner & ~wins);
    }
    const vec_int counts = best > (vec){0};
    if (p->positive)
        winner = (counts & winner) | (~counts & NO_WINNER);
    store_bytes(which, winner, lanes);
    return best;
}

/* The same without a winner: rounding the bias's sum changes no order. */
ALWAYS_INLINE vec find_largest(const vec *entry, vec bias) {
    return largest_of(entry[0], entry[1], entry[2], entry[3]) + bias;
}

/* A vector of a window's filters, from `at` on in the result. */
ALWAYS_INLINE void pool_entries(const pooling *p, const vec *entry, vec bias, int64_t at,
                                int64_t lanes, const bool winners) {
    const vec best =
        winners ? note_winner(p, entry, bias, p->which + at, lanes) : find_largest(entry, bias);
    vec_store_some(p->y + at, p->positive ? vec_relu(best) : best, lanes);
}

/* Is there no map to be made? */
bool K(conv_pool_is_direct)(const gather *g, const pooling *p);
/* Rows [from, to) of the windows of image k of all. */
void K(conv_pool_direct)(const gather *g, const pooling *p, int64_t k, int64_t from, int64_t to);
#endif
