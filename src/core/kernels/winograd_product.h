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

typedef struct product {
    int64_t m, n, k;
    const R *a, *packed;
    R *c;
    int64_t a_row, c_row;
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

/* `rows` rows of C from the first of `a` and `c` on, for one panel. */
ALWAYS_INLINE void product_tile(const product *p, const R *a, const R *b, R *c, const int rows) {
    product_sums sum;
    const int64_t a_row = p->a_row;
    const R *at[HALVES] = {a, a + HALF * a_row};
    __asm__("" : "+r"(at[1])); /* else GCC makes them one again */
    product_clear(sum);
    for (int64_t k = p->k; k > 0; k--, at[0]++, at[1]++, b += PANEL)
        product_step(sum, at, a_row, b, rows);
    UNROLL
    for (int h = 0; h < HALVES; h++) {
        UNROLL
        for (int i = 0; i < HALF; i++) {
            UNROLL
            for (int v = 0; v < PANEL_VECS; v++)
                if (h * HALF + i < rows)
                    vec_store(c + (h * HALF + i) * p->c_row + v * LANES, sum[h][i][v]);
        }
    }
}

static void product_rows(const product *p, const R *a, const R *b, R *c, int64_t rows) {
    switch (rows) {
    case 1:
        product_tile(p, a, b, c, 1);
        break;
    case 2:
        product_tile(p, a, b, c, 2);
        break;
    case 3:
        product_tile(p, a, b, c, 3);
        break;
    case 4:
        product_tile(p, a, b, c, 4);
        break;
    case 5:
        product_tile(p, a, b, c, 5);
        break;
#if ANT__VECTOR_BYTES == 64
    case 6:
        product_tile(p, a, b, c, 6);
        break;
    case 7:
        product_tile(p, a, b, c, 7);
        break;
    case 8:
        product_tile(p, a, b, c, 8);
        break;
    case 9:
        product_tile(p, a, b, c, 9);
        break;
    case 10:
        product_tile(p, a, b, c, 10);
        break;
    case 11:
        product_tile(p, a, b, c, 11);
        break;
#endif
    default:
        product_tile(p, a, b, c, TILE_ROWS);
    }
}

/* Tiles of nearly the same height: a low one would wait for its own sums. */
static void multiply(const product *p) {
    const int64_t tiles = (p->m + TILE_ROWS - 1) / TILE_ROWS;
    for (int64_t j = 0; j < p->n; j += PANEL) {
        const R *b = p->packed + j * p->k;
        for (int64_t t = 0, row = 0, next; t < tiles; t++, row = next) {
            next = p->m * (t + 1) / tiles;
            product_rows(p, p->a + row * p->a_row, b, p->c + row * p->c_row + j, next - row);
        }
    }
}
#endif
