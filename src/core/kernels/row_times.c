#include "core/kernels/row_times.h"
#include "core/kernels/simd.h"

enum { MOST = 8 }; /* vectors of sums at once: as many as hide the latency of the products */

/* Where vector v of `vecs` stands: the last one of a line ends where the line ends, and does a part
 * of its neighbour's work again. */
ALWAYS_INLINE int64_t place(const row_product *p, int64_t from, int v, const int vecs) {
    const int64_t at = from + v * LANES;
    return v == vecs - 1 && p->columns >= LANES && at + LANES > p->columns ? p->columns - LANES
                                                                           : at;
}

/* left: the columns of a vector, LANES or all that there are. */
ALWAYS_INLINE void multiply(const row_product *p, int64_t from, const int vecs, int64_t left) {
    const R *m = p->matrix;
    int64_t at[MOST];
    vec sum[MOST];
    UNROLL
    for (int v = 0; v < vecs; v++) {
        at[v] = place(p, from, v, vecs);
        sum[v] = p->start ? vec_load_some(p->start + at[v], left) : (vec){0};
    }
    for (int64_t k = 0; k < p->rows; k++, m += p->columns) {
        const vec x = vec_all(p->x[k]);
        UNROLL
        for (int v = 0; v < vecs; v++)
            sum[v] = vec_fma(x, vec_load_some(m + at[v], left), sum[v]);
    }
    UNROLL
    for (int v = 0; v < vecs; v++)
        vec_store_some(p->to + at[v], sum[v], left);
}

static void multiply_some(const row_product *p, int64_t from, int vecs) {
    switch (vecs) {
    case 1:
        multiply(p, from, 1, p->columns < LANES ? p->columns : LANES);
        break;
    case 2:
        multiply(p, from, 2, LANES);
        break;
    case 3:
        multiply(p, from, 3, LANES);
        break;
    case 4:
        multiply(p, from, 4, LANES);
        break;
    case 5:
        multiply(p, from, 5, LANES);
        break;
    case 6:
        multiply(p, from, 6, LANES);
        break;
    case 7:
        multiply(p, from, 7, LANES);
        break;
    default:
        multiply(p, from, MOST, LANES);
    }
}

/* The vectors of a line in nearly equal shares. */
void K(row_times)(const row_product *p) {
    const int64_t vecs = (p->columns + LANES - 1) / LANES, shares = (vecs + MOST - 1) / MOST;
    for (int64_t k = 0; k < shares; k++) {
        const int64_t from = vecs * k / shares, to = vecs * (k + 1) / shares;
        multiply_some(p, from * LANES, (int)(to - from));
    }
}
