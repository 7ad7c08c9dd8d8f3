/* C = A x B for the op `matmul`: a gemm per cell. */
#include "core/kernels/matmul.h"
#include "core/kernels/gemm.h"

static int64_t blocks(int64_t size, int64_t block) {
    return (size + block - 1) / block;
}

static int64_t shorter(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* Moves a and b to matrix `batch` of the leading axes. */
static void to_batch(gemm *g, const ant_num *n, int64_t batch) {
    for (int64_t axis = n[ANT__MATMUL_AXES].i - 1; axis >= 0; axis--) {
        const ant_num *lead = n + ANT__MATMUL_LEAD + 3 * axis;
        int64_t index = batch % lead[0].i;
        g->a.at += index * lead[1].i;
        g->b.at += index * lead[2].i;
        batch /= lead[0].i;
    }
}

/* Cuts the product down to one block of its rows and columns. */
static void to_block(gemm *g, int64_t row, int64_t rows, int64_t column, int64_t columns) {
    g->a.at += row * g->a.row;
    g->b.at += column * g->b.column;
    g->c += row * g->c_row + column;
    g->bias = g->bias ? g->bias + column : NULL;
    g->m = shorter(rows, g->m - row);
    g->n = shorter(columns, g->n - column);
}

static void cell(gemm g, const ant_num *n, int64_t index) {
    int64_t rows = n[ANT__MATMUL_BLOCK_ROWS].i, columns = n[ANT__MATMUL_BLOCK_COLUMNS].i;
    int64_t row_blocks = blocks(g.m, rows), column_blocks = blocks(g.n, columns);
    int64_t column = index % column_blocks, row = index / column_blocks % row_blocks;
    int64_t batch = index / (column_blocks * row_blocks);
    g.c += batch * g.m * g.n;
    to_batch(&g, n, batch);
    to_block(&g, row * rows, rows, column * columns, columns);
    K(gemm)(&g);
}

/* Stands for operands without entries, whose pointers may be NULL: no pointer may be moved then. */
static const R nothing;
static const gemm_matrix empty = {&nothing, 0, 0};

void K(matmul)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    const int64_t biased = n[ANT__MATMUL_BIASED].i;
    gemm g = {.m = n[ANT__MATMUL_M].i,
              .n = n[ANT__MATMUL_N].i,
              .k = n[ANT__MATMUL_K].i,
              .a = {at[0], n[ANT__MATMUL_A_ROW].i, n[ANT__MATMUL_A_COLUMN].i},
              .b = {at[1], n[ANT__MATMUL_B_ROW].i, n[ANT__MATMUL_B_COLUMN].i},
              .c = at[2 + biased],
              .c_row = n[ANT__MATMUL_N].i,
              .bias = biased ? at[2] : NULL,
              .activation = (gemm_activation)n[ANT__MATMUL_ACTIVATION].i};
    if (g.m == 0 || g.n == 0)
        return;
    if (g.k == 0)
        g.a = g.b = empty;
    /* One thread's cells share the workspace of its first, which stays in its cache. */
    if (n[ANT__MATMUL_WORKSPACE].i > 0)
        g.workspace = (R *)at[3 + biased] + from * n[ANT__MATMUL_WORKSPACE].i;
    for (int64_t i = from; i < to; i++)
        cell(g, n, i);
}
