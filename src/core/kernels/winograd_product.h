/* The products of Winograd's method, C (m, n) = A (m, k) x B (k, n): short ones, k being channels,
 * so that beginning and ending a tile counts as much as its steps. So tiles are as high as there
 * are registers for, and nothing is asked but sizes. B comes as panels; C is written in whole
 * panels. */
#ifndef ANT_CORE_KERNELS_WINOGRAD_PRODUCT_H
#define ANT_CORE_KERNELS_WINOGRAD_PRODUCT_H
#include "core/kernels/simd.h"

enum {
    HALVES = 2, /* of a tile, each with a pointer of its own: offsets are few multiples of a row */
    HALF = ANT__VECTOR_BYTES == 64 ? 6 : 3,
    TILE_ROWS = HALVES * HALF,
    PANEL_VECS = 2,
    PANEL = PANEL_VECS * LANES /* as K(gemm_pack) makes them */
};

/* Either A's rows are a_row apart and B comes as panels, or both are `turned`: A's columns are
 * a_row apart and its rows adjacent, B's rows are b_row apart. */
typedef struct product {
    int64_t m, n, k;
    const R *a, *b;
    R *c;
    int64_t a_row, b_row, c_row;
    bool add; /* to what C holds */
} product;

typedef vec product_sums[HALVES][HALF][PANEL_VECS];

ALWAYS_INLINE void product_clear(product_sums sum) {
    vec zero = {0};
    vec_keep(&zero);
    UNROLL
    for (int h = 0; h < HALVES; h++) {
        UNROLL
        for (int i = 0; i < HALF; i++) {
            UNROLL
            for (int v = 0; v < PANEL_VECS; v++)
                sum[h][i][v] = zero;
        }
    }
}

ALWAYS_INLINE void product_step(product_sums sum, const R *const *a, int64_t a_row, const R *b,
                                const int rows) {
    vec step[PANEL_VECS];
    UNROLL
    for (int v = 0; v < PANEL_VECS; v++) {
        step[v] = vec_load(b + v * LANES);
        vec_keep(&step[v]);
    }
    UNROLL
    for (int h = 0; h < HALVES; h++) {
        UNROLL
        for (int i = 0; i < HALF; i++) {
            if (h * HALF + i >= rows)
                continue;
            const vec x = vec_all(a[h][i * a_row]);
            UNROLL
            for (int v = 0; v < PANEL_VECS; v++)
                sum[h][i][v] = vec_fma(x, step[v], sum[h][i][v]);
        }
    }
}

ALWAYS_INLINE void product_finish(const product *p, product_sums sum, R *c, const int rows,
                                  const bool add) {
    UNROLL
    for (int h = 0; h < HALVES; h++) {
        UNROLL
        for (int i = 0; i < HALF; i++) {
            UNROLL
            for (int v = 0; v < PANEL_VECS; v++) {
                R *to = c + (h * HALF + i) * p->c_row + v * LANES;
                if (h * HALF + i < rows)
                    vec_store(to, add ? sum[h][i][v] + vec_load(to) : sum[h][i][v]);
            }
        }
    }
}

/* `rows` rows of C from the first of `a` and `c` on, for one panel. */
ALWAYS_INLINE void product_tile(const product *p, const R *a, const R *b, R *c, const int rows,
                                const bool turned) {
    product_sums sum;
    const int64_t a_row = turned ? 1 : p->a_row, a_next = turned ? p->a_row : 1;
    const int64_t b_next = turned ? p->b_row : PANEL;
    const R *at[HALVES] = {a, a + HALF * a_row};
    __asm__("" : "+r"(at[1])); /* else GCC makes them one again */
    product_clear(sum);
    for (int64_t k = p->k; k > 0; k--, at[0] += a_next, at[1] += a_next, b += b_next)
        product_step(sum, at, a_row, b, rows);
    if (turned && p->add)
        product_finish(p, sum, c, rows, true);
    else
        product_finish(p, sum, c, rows, false);
}

ALWAYS_INLINE void product_rows(const product *p, const R *a, const R *b, R *c, int64_t rows,
                                const bool turned) {
    switch (rows) {
    case 1:
        product_tile(p, a, b, c, 1, turned);
        break;
    case 2:
        product_tile(p, a, b, c, 2, turned);
        break;
    case 3:
        product_tile(p, a, b, c, 3, turned);
        break;
    case 4:
        product_tile(p, a, b, c, 4, turned);
        break;
    case 5:
        product_tile(p, a, b, c, 5, turned);
        break;
#if ANT__VECTOR_BYTES == 64
    case 6:
        product_tile(p, a, b, c, 6, turned);
        break;
    case 7:
        product_tile(p, a, b, c, 7, turned);
        break;
    case 8:
        product_tile(p, a, b, c, 8, turned);
        break;
    case 9:
        product_tile(p, a, b, c, 9, turned);
        break;
    case 10:
        product_tile(p, a, b, c, 10, turned);
        break;
    case 11:
        product_tile(p, a, b, c, 11, turned);
        break;
#endif
    default:
        product_tile(p, a, b, c, TILE_ROWS, turned);
    }
}

/* product_rows with `turned` a constant. Such a function stays apart: within another one, GCC lends
 * registers of the loop to what is around it. */
typedef void product_fn(const product *p, const R *a, const R *b, R *c, int64_t rows);

/* Tiles of nearly the same height: a low one would wait for its own sums. */
static inline void product_make(const product *p, product_fn *make, bool turned) {
    const int64_t tiles = (p->m + TILE_ROWS - 1) / TILE_ROWS, a_row = turned ? 1 : p->a_row;
    for (int64_t j = 0; j < p->n; j += PANEL) {
        const R *b = p->b + (turned ? j : j * p->k);
        for (int64_t t = 0, row = 0, next; t < tiles; t++, row = next) {
            next = p->m * (t + 1) / tiles;
            make(p, p->a + row * a_row, b, p->c + row * p->c_row + j, next - row);
        }
    }
}
#endif
