#include "core/kernels/row_times.h"
#include "core/kernels/simd.h"

/* Vectors of columns at once: few, so that the next step finds much of the matrix in the cache.
 * Each has two sums, of the even and the odd rows, to hide the latency of the products. */
enum { MOST = 4, SUMS = 2, PANEL = 2 * LANES };

/* The vectors of columns from `first` on; `last` columns count of the last one. */
ALWAYS_INLINE void multiply(const row_product *p, int64_t first, const int vecs, int64_t last) {
    const R *m[MOST];
    vec sum[SUMS][MOST];
    UNROLL
    for (int v = 0; v < vecs; v++) {
        const int64_t at = (first + v) * LANES, left = v == vecs - 1 ? last : LANES;
        m[v] = p->packed + at / PANEL * PANEL * p->rows + at % PANEL;
        sum[0][v] = p->start ? vec_load_some(p->start + at, left) : (vec){0};
        sum[1][v] = (vec){0};
    }
    int64_t k = 0;
    for (; k + SUMS <= p->rows; k += SUMS) {
        UNROLL
        for (int s = 0; s < SUMS; s++) {
            const vec x = vec_all(p->x[k + s]);
            UNROLL
            for (int v = 0; v < vecs; v++)
                sum[s][v] = vec_fma(x, vec_load(m[v] + (k + s) * PANEL), sum[s][v]);
        }
    }
    UNROLL
    for (int v = 0; v < vecs; v++) {
        if (k < p->rows)
            sum[1][v] = vec_fma(vec_all(p->x[k]), vec_load(m[v] + k * PANEL), sum[1][v]);
        vec_store_some(p->to + (first + v) * LANES, sum[0][v] + sum[1][v],
                       v == vecs - 1 ? last : LANES);
    }
}

static void multiply_some(const row_product *p, int64_t first, int64_t vecs) {
    const int64_t left = p->columns - (first + vecs - 1) * LANES,
                  last = left < LANES ? left : LANES;
    if (vecs == 4)
        multiply(p, first, 4, last);
    else if (vecs == 3)
        multiply(p, first, 3, last);
    else if (vecs == 2)
        multiply(p, first, 2, last);
    else
        multiply(p, first, 1, last);
}

/* The vectors of a line in nearly equal shares. */
void K(row_times)(const row_product *p) {
    const int64_t vecs = (p->columns + LANES - 1) / LANES, shares = (vecs + MOST - 1) / MOST;
    for (int64_t k = 0; k < shares; k++) {
        const int64_t share = p->back ? shares - 1 - k : k;
        const int64_t from = vecs * share / shares, to = vecs * (share + 1) / shares;
        multiply_some(p, from, to - from);
    }
}
