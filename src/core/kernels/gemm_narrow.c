/* Products whose rows of C fit one vector: what stands around the multiplications takes nearly as
 * long as they do, so one body goes over all rows of C. Sums are made in the order of gemm.c's, a
 * row's bits are the same. */
#include "core/kernels/gemm.h"
#include "core/kernels/simd.h"
#include "core/kernels/turn.h"

enum {
    TILE_ROWS = 8,
    FEW_ROWS = 3, /* of a product that may be cut into … */
    CHAINS = 4,   /* … sums, to hide the latency of multiplications */
    TURNED = 64,  /* rows of B, at most, that are turned before they are read */
    DEEPEST = 256 /* … and that are read where they lie */
};

/* B as it is read, and the lanes of its rows that count. */
typedef struct narrow {
    const gemm *g;
    const R *b;
    int64_t b_row;
    vec_mask lanes;
} narrow;

/* cut: C has fewer columns than a vector. */
ALWAYS_INLINE vec load_row(const narrow *n, const R *p, const bool cut) {
    return cut ? vec_load_mask(p, n->lanes) : vec_load(p);
}

ALWAYS_INLINE void store_row(const narrow *n, R *p, vec v, const bool cut) {
    if (cut)
        vec_store_part(p, v, n->g->n);
    else
        vec_store(p, v);
}

/* What the product asks for beside the sums of `rows` rows from `row` on. */
ALWAYS_INLINE void finish(const narrow *n, vec *sum, int64_t row, const int rows, const bool cut) {
    const gemm *g = n->g;
    if (g->bias) {
        const vec bias = load_row(n, g->bias, cut);
        UNROLL
        for (int i = 0; i < TILE_ROWS; i++)
            if (i < rows)
                sum[i] += bias;
    }
    if (g->activation == GEMM_RELU) {
        UNROLL
        for (int i = 0; i < TILE_ROWS; i++)
            if (i < rows)
                sum[i] = vec_relu(sum[i]);
    }
    if (g->gate) {
        const R *gate = g->gate + row * g->gate_row;
        UNROLL
        for (int i = 0; i < TILE_ROWS; i++)
            if (i < rows)
                sum[i] = vec_open(sum[i], load_row(n, gate + i * g->gate_row, cut));
    }
    R *c = g->c + row * g->c_row;
    UNROLL
    for (int i = 0; i < TILE_ROWS; i++)
        if (i < rows)
            store_row(n, c + i * g->c_row, sum[i], cut);
}

/* Two bases for eight rows of A, as in gemm_tile.h. */
ALWAYS_INLINE void multiply(const narrow *n, int64_t row, const int rows, const bool cut) {
    const gemm *g = n->g;
    const int64_t a_row = g->a.row, a_next = g->a.column, b_next = n->b_row;
    const R *a = g->a.at + row * a_row, *high = a + (rows > 4 ? 4 * a_row : 0), *b = n->b;
    vec sum[TILE_ROWS];
    UNROLL
    for (int i = 0; i < TILE_ROWS; i++)
        if (i < rows)
            sum[i] = (vec){0};
    __asm__("" : "+r"(high));
    for (int64_t p = g->k; p > 0; p--, a += a_next, high += a_next, b += b_next) {
        vec line = load_row(n, b, cut);
        vec_keep(&line);
        UNROLL
        for (int i = 0; i < TILE_ROWS; i++)
            if (i < rows)
                sum[i] =
                    vec_fma(vec_all(i < 4 ? a[i * a_row] : high[(i - 4) * a_row]), line, sum[i]);
    }
    finish(n, sum, row, rows, cut);
}

/* One row, by several sums. */
ALWAYS_INLINE void multiply_row(const narrow *n, int64_t row, const bool cut) {
    const gemm *g = n->g;
    const R *a = g->a.at + row * g->a.row, *b = n->b;
    vec sum[CHAINS];
    UNROLL
    for (int s = 0; s < CHAINS; s++)
        sum[s] = (vec){0};
    int64_t p = g->k;
    for (; p >= CHAINS; p -= CHAINS, a += CHAINS * g->a.column, b += CHAINS * n->b_row) {
        UNROLL
        for (int s = 0; s < CHAINS; s++)
            sum[s] =
                vec_fma(vec_all(a[s * g->a.column]), load_row(n, b + s * n->b_row, cut), sum[s]);
    }
    for (; p > 0; p--, a += g->a.column, b += n->b_row)
        sum[0] = vec_fma(vec_all(*a), load_row(n, b, cut), sum[0]);
    sum[0] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    finish(n, sum, row, 1, cut);
}

ALWAYS_INLINE void multiply_rows(const narrow *n, const bool cut) {
    const int64_t m = n->g->m;
    int64_t row = 0;
    for (; n->g->few && m <= FEW_ROWS && row < m; row++)
        multiply_row(n, row, cut);
    for (; m - row >= TILE_ROWS; row += TILE_ROWS)
        multiply(n, row, TILE_ROWS, cut);
    if (m - row >= 4) {
        multiply(n, row, 4, cut);
        row += 4;
    }
    for (; row < m; row++)
        multiply(n, row, 1, cut);
}

static void multiply_whole(const narrow *n) {
    multiply_rows(n, false);
}

static void multiply_cut(const narrow *n) {
    multiply_rows(n, true);
}

static void multiply_all(const narrow *n) {
    if (n->g->n == LANES)
        multiply_whole(n);
    else
        multiply_cut(n);
}

bool K(gemm_narrow)(const gemm *g) {
    const bool turned = !g->packed && g->b.column != 1;
    R rows[TURNED * LANES]; /* of B, where its columns are adjacent */
    if (g->n > LANES || g->n < 1 || g->runs || g->add || g->rest || g->activation == GEMM_BOUND ||
        g->k > DEEPEST || (turned && (g->b.row != 1 || g->k > TURNED)))
        return false;
#if ANT__VECTOR_BYTES == 64
    if (g->n <= LANES / 2 && !g->packed) /* panels are of this set's width */
        return K_AVX2(gemm_narrow)(g);
#endif
    narrow n = {.g = g, .b = g->b.at, .b_row = g->b.row, .lanes = vec_mask_first(g->n)};
    if (g->packed) {
        n.b = g->packed;
        n.b_row = 2 * LANES;
    }
    if (turned) {
        K(turn)(rows, LANES, g->b.at, g->b.column, g->n, g->k);
        n.b = rows;
        n.b_row = LANES;
    }
    if (g->sums)
        K(gemm_sums)(g->sums, g->b, g->k, g->n);
    multiply_all(&n);
    return true;
}
