/* Products with one column or one row, where tiles would be nearly empty: dot products. */
#include "core/kernels/gemm.h"
#include "core/kernels/simd.h"

/* y[i * y_step] = row i of a matrix (entries adjacent, rows `pitch` apart) times the vector x. */
typedef struct dots {
    const gemm *g;
    const R *matrix, *x;
    int64_t rows, depth, pitch;
    R *y;
    int64_t y_step, bias_step; /* bias_step 0: one bias for all */
} dots;

enum { TOGETHER = 4 }; /* rows, which read x once and hide each other's latency */

static R sum_of(vec v) {
    R lane[LANES], sum = 0;
    memcpy(lane, &v, sizeof lane);
    for (int l = 0; l < LANES; l++)
        sum += lane[l];
    return sum;
}

static void put(const dots *d, int64_t i, R sum) {
    R *y = d->y + i * d->y_step;
    sum += d->g->add ? *y : 0;
    sum += d->g->bias ? d->g->bias[i * d->bias_step] : 0;
    sum = d->g->activation != GEMM_LINEAR && sum <= 0 ? 0 : sum;
    *y = d->g->activation == GEMM_BOUND && sum > d->g->limit ? d->g->limit : sum;
}

ALWAYS_INLINE void dot_rows(const dots *d, int64_t i, const int rows) {
    const R *m = d->matrix + i * d->pitch;
    const int64_t whole = d->depth / LANES * LANES, rest = d->depth - whole;
    vec sum[TOGETHER];
    UNROLL
    for (int r = 0; r < rows; r++)
        sum[r] = (vec){0};
    for (int64_t p = 0; p < whole; p += LANES) {
        UNROLL
        for (int r = 0; r < rows; r++)
            sum[r] = vec_fma(vec_load(m + r * d->pitch + p), vec_load(d->x + p), sum[r]);
    }
    if (rest > 0) {
        UNROLL
        for (int r = 0; r < rows; r++)
            sum[r] = vec_fma(vec_load_part(m + r * d->pitch + whole, rest),
                             vec_load_part(d->x + whole, rest), sum[r]);
    }
    UNROLL
    for (int r = 0; r < rows; r++)
        put(d, i + r, sum_of(sum[r]));
}

static void run_dots(const dots *d) {
    int64_t i = 0;
    for (; i + TOGETHER <= d->rows; i += TOGETHER)
        dot_rows(d, i, TOGETHER);
    for (; i < d->rows; i++)
        dot_rows(d, i, 1);
}

/* One column: the rows of A times b. */
static bool one_column(const gemm *g) {
    if (g->n != 1 || g->a.column != 1 || g->b.row != 1)
        return false;
    run_dots(&(dots){g, g->a.at, g->b.at, g->m, g->k, g->a.row, g->c, g->c_row, 0});
    return true;
}

/* One row: the columns of B, whose entries are adjacent, times a. */
static bool one_row(const gemm *g) {
    if (g->m != 1 || g->b.row != 1 || g->b.column == 1 || g->a.column != 1)
        return false;
    run_dots(&(dots){g, g->b.at, g->a.at, g->n, g->k, g->b.column, g->c, 1, 1});
    return true;
}

/* One column of a transposed A: turned, it is one row times the matrix that A is in memory. */
static bool turned_column(const gemm *g) {
    if (g->n != 1 || g->m == 1 || g->a.row != 1 || g->c_row != 1 || g->bias)
        return false;
    gemm turned = *g;
    turned.sums = NULL;
    turned.m = 1;
    turned.n = g->m;
    turned.a = (gemm_matrix){g->b.at, g->b.column, g->b.row};
    turned.b = (gemm_matrix){g->a.at, g->a.column, g->a.row};
    turned.c_row = g->m;
    K(gemm)(&turned);
    return true;
}

bool K(gemm_thin)(const gemm *g) {
    if ((g->m != 1 && g->n != 1) || g->packed || g->runs || g->rest || g->gate)
        return false;
    if (!one_column(g) && !one_row(g) && !turned_column(g))
        return false;
    if (g->sums)
        K(gemm_sums)(g->sums, g->b, g->k, g->n);
    return true;
}
