/* Large products through BLIS's micro-kernels, on sets without wide vectors of their own: there
 * BLIS knows the processor better than the compiler's baseline does. */
#include "core/kernels/gemm.h"
#include "core/kernels/gemm_blis.h"

#if ANT__VECTOR_BYTES > 16
bool K(gemm_by_blis)(const gemm *g) {
    (void)g;
    return false;
}
#else

enum { DEEPEST = 256, TALLEST = 32 }; /* of a packed tile of A, which lies on the stack */

/* The product as the kernel sees it: turned when it prefers columns, as C^T = B^T x A^T. */
typedef struct task {
    ant_blis_kernel kernel;
    int64_t m, n, k, c_row, c_column;
    gemm_matrix a, b;
    R *c, *panel;
    bool add;
} task;

static gemm_matrix turned(gemm_matrix x) {
    return (gemm_matrix){x.at, x.column, x.row};
}

static task task_of(const gemm *g, ant_blis_kernel kernel) {
    task t = {.kernel = kernel, .k = g->k, .c = g->c, .panel = g->workspace, .add = g->add};
    t.m = kernel.by_columns ? g->n : g->m;
    t.n = kernel.by_columns ? g->m : g->n;
    t.a = kernel.by_columns ? turned(g->b) : g->a;
    t.b = kernel.by_columns ? turned(g->a) : g->b;
    t.c_row = kernel.by_columns ? 1 : g->c_row;
    t.c_column = kernel.by_columns ? g->c_row : 1;
    return t;
}

static int64_t shorter(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* Rows from i on of C for the packed columns from j on. */
static void multiply_tile(const task *t, int64_t i, int64_t j, int64_t columns) {
    _Alignas(64) R tile[TALLEST * DEEPEST];
    const int rows = t->kernel.rows, width = t->kernel.columns;
    for (int64_t p = 0; p < t->k; p += DEEPEST) {
        const int64_t depth = shorter(DEEPEST, t->k - p), m = shorter(rows, t->m - i);
        gemm_matrix a = {t->a.at + i * t->a.row + p * t->a.column, t->a.column, t->a.row};
        K(gemm_pack_panel)(tile, rows, a, depth, m);
        for (int64_t q = 0; q < columns; q += width) {
            const int64_t size[3] = {m, shorter(width, columns - q), depth};
            ant__blis_tile(&t->kernel, t->c + i * t->c_row + (j + q) * t->c_column, t->c_row,
                           t->c_column, t->add || p > 0, tile, t->panel + q * t->k + p * width,
                           size);
        }
    }
}

/* As many columns of B are packed as the workspace holds. */
static void multiply_all(const task *t) {
    const int width = t->kernel.columns, together = ANT__GEMM_WIDEST / width * width;
    for (int64_t j = 0; j < t->n; j += together) {
        int64_t columns = shorter(together, t->n - j);
        for (int64_t q = 0; q < columns; q += width) {
            gemm_matrix b = {t->b.at + (j + q) * t->b.column, t->b.row, t->b.column};
            K(gemm_pack_panel)(t->panel + q * t->k, width, b, t->k, shorter(width, columns - q));
        }
        for (int64_t i = 0; i < t->m; i += t->kernel.rows)
            multiply_tile(t, i, j, columns);
    }
}

static void finish(const gemm *g) {
    for (int64_t i = 0; i < g->m; i++) {
        R *c = g->c + i * g->c_row;
        for (int64_t j = 0; g->bias && j < g->n; j++)
            c[j] += g->bias[j];
        for (int64_t j = 0; g->rest && j < g->n; j++)
            c[j] += g->rest[i * g->rest_row + j];
        for (int64_t j = 0; g->activation != GEMM_LINEAR && j < g->n; j++)
            c[j] = 0 > c[j] ? 0 : c[j];
        for (int64_t j = 0; g->activation == GEMM_BOUND && j < g->n; j++)
            c[j] = c[j] > g->limit ? g->limit : c[j];
        for (int64_t j = 0; g->gate && j < g->n; j++)
            c[j] = g->gate[i * g->gate_row + j] > 0 ? c[j] : 0;
    }
    if (g->sums)
        K(gemm_sums)(g->sums, g->b, g->k, g->n);
}

static bool worth_it(const gemm *g) {
    enum { ROWS = 24, COLUMNS = 24, DEPTH = 32 };
    return g->m >= ROWS && g->n >= COLUMNS && g->k >= DEPTH && !g->packed && !g->runs &&
           g->workspace;
}

bool K(gemm_by_blis)(const gemm *g) {
    ant_blis_kernel kernel;
    if (!worth_it(g) || !ant__blis_kernel(&kernel, ANT__DOUBLE) || kernel.rows > TALLEST ||
        kernel.columns > ANT__GEMM_WIDEST)
        return false;
    const task t = task_of(g, kernel);
    multiply_all(&t);
    finish(g);
    return true;
}
#endif
