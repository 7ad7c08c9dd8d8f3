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

static const R *moved(const R *p, int64_t by) {
    return p ? p + by : NULL;
}

/* Cuts the product down to one block of its rows and columns. The first rows' cell makes the
 * sums. */
static void to_block(gemm *g, int64_t row, int64_t rows, int64_t column, int64_t columns) {
    g->a.at += row * g->a.row;
    g->b.at += column * g->b.column;
    g->packed = moved(g->packed, column * g->k);
    g->c += row * g->c_row + column;
    g->bias = moved(g->bias, column);
    g->rest = moved(g->rest, row * g->rest_row + column);
    g->gate = moved(g->gate, row * g->gate_row + column);
    g->sums = g->sums && row == 0 ? g->sums + column : NULL;
    g->m = shorter(rows, g->m - row);
    g->n = shorter(columns, g->n - column);
}

/* Is it worth to ask for the next cell's columns of B? What is copied is asked for, as the copy
 * waits for it; panels are where they are more than a core's cache holds beside A and C, and where
 * there are rows enough to ask a little at a time. */
static bool is_far(const gemm *g, int64_t rows) {
    enum { NEAR = 1 << 20 }; /* bytes */
    if (g->packed)
        return g->k * g->n * (int64_t)sizeof(R) > NEAR && !ant__gemm_in_place(rows);
    return g->b.column != 1 || !ant__gemm_in_place(rows);
}

/* What the next cell reads of B. */
static gemm_area after_cell(const gemm *g, int64_t row, int64_t rows, int64_t column,
                            int64_t columns) {
    column += columns;
    if (column < g->n && is_far(g, shorter(rows, g->m - row)))
        return K(gemm_columns)(g, column, shorter(columns, ANT__GEMM_TOGETHER));
    return (gemm_area){.rows = 0};
}

static void cell(gemm g, const ant_num *n, int64_t index) {
    int64_t rows = n[ANT__MATMUL_BLOCK_ROWS].i, columns = n[ANT__MATMUL_BLOCK_COLUMNS].i;
    int64_t row_blocks = blocks(g.m, rows), column_blocks = blocks(g.n, columns);
    int64_t column = index % column_blocks, row = index / column_blocks % row_blocks;
    int64_t batch = index / (column_blocks * row_blocks);
    g.c += batch * g.m * g.n;
    to_batch(&g, n, batch);
    g.next = after_cell(&g, row * rows, rows, column * columns, columns);
    to_block(&g, row * rows, rows, column * columns, columns);
    K(gemm_part_rows)(&g);
    K(gemm)(&g);
}

/* Piece by piece of k, so that all cells read a piece while it is in a cache that is near. */
static void in_pieces(const gemm *all, const ant_num *n, int64_t from, int64_t to) {
    const int64_t depth = n[ANT__MATMUL_DEPTH].i;
    gemm g = *all;
    for (int64_t p = 0; p < all->k; p += depth) {
        g.a.at = all->a.at + p * g.a.column;
        g.b.at = all->b.at + p * g.b.row;
        g.k = shorter(depth, all->k - p);
        g.add = p > 0;
        for (int64_t i = from; i < to; i++)
            cell(g, n, i);
    }
}

/* The sums of a span's columns, of one panel: some rows are multiplied, about the same each time,
 * and added up while they are in a cache that is near. */
static void sum_span(gemm g, R *sums, R *rows, int64_t span) {
    enum { TILE = ANT__GEMM_TILE_ROWS(ANT__VECTOR_BYTES) };
    double sum[ANT__GEMM_WIDEST] = {0};
    R part[ANT__GEMM_WIDEST];
    g.c = rows;
    g.c_row = ANT__GEMM_WIDEST;
    const int64_t even = blocks(span, blocks(span, ANT__MATMUL_TOGETHER));
    const int64_t together = shorter(blocks(even, TILE) * TILE, ANT__MATMUL_TOGETHER);
    for (int64_t left = span; left > 0; left -= g.m) {
        g.m = shorter(left, together);
        K(gemm)(&g);
        K(gemm_sums)(part, (gemm_matrix){rows, g.c_row, 1}, g.m, g.n);
        for (int64_t j = 0; j < g.n; j++)
            sum[j] += (double)part[j];
        g.a.at += g.m * g.a.row;
    }
    for (int64_t j = 0; j < g.n; j++)
        sums[j] = (R)sum[j];
}

/* A block of columns of one span. */
static void span_cell(gemm g, const ant_num *n, int64_t index) {
    const int64_t columns = n[ANT__MATMUL_BLOCK_COLUMNS].i, span = n[ANT__MATMUL_SPAN].i;
    const int64_t column_blocks = blocks(g.n, columns), row = index / column_blocks;
    const int64_t from = index % column_blocks * columns, to = shorter(from + columns, g.n);
    R *rows = g.workspace;
    g.workspace += ANT__MATMUL_TOGETHER * ANT__GEMM_WIDEST;
    for (int64_t j = from; j < to; j += ANT__GEMM_WIDEST) {
        gemm panel = g;
        to_block(&panel, row * span, span, j, ANT__GEMM_WIDEST);
        sum_span(panel, g.c + row * g.n + j, rows, span);
    }
}

/* Stands for operands without entries, whose pointers may be NULL: no pointer may be moved then. */
static const R nothing;
static const gemm_matrix empty = {&nothing, 0, 0};

/* Field by field, in place: a copy would wait for the fields. */
static void read_gemm(gemm *g, void *const *at, const ant_num *n, int64_t from) {
    const int64_t with = n[ANT__MATMUL_WITH].i;
    g->m = n[ANT__MATMUL_M].i;
    g->n = g->c_row = g->rest_row = g->gate_row = n[ANT__MATMUL_N].i;
    g->k = n[ANT__MATMUL_K].i;
    g->a.at = *at++;
    g->a.row = n[ANT__MATMUL_A_ROW].i;
    g->a.column = n[ANT__MATMUL_A_COLUMN].i;
    g->b.at = *at++;
    g->b.row = n[ANT__MATMUL_B_ROW].i;
    g->b.column = n[ANT__MATMUL_B_COLUMN].i;
    g->packed = with & ANT__MATMUL_PACKED ? g->b.at : NULL;
    g->bias = with & ANT__MATMUL_BIAS ? *at++ : NULL;
    g->rest = with & ANT__MATMUL_REST ? *at++ : NULL;
    g->gate = with & ANT__MATMUL_GATE ? *at++ : NULL;
    g->c = *at++;
    g->sums = with & ANT__MATMUL_SUMS ? *at++ : NULL;
    g->activation = (gemm_activation)n[ANT__MATMUL_ACTIVATION].i;
    g->limit = (R)n[ANT__MATMUL_MOST].f;
    g->next.rows = 0;
    g->add = false;
    g->few = true;
    g->runs = 0;
    /* One thread's cells share the workspace of its first, which stays in its cache. */
    const int64_t workspace = n[ANT__MATMUL_WORKSPACE].i;
    g->workspace = workspace > 0 ? (R *)*at + from * workspace : NULL;
    if (g->k == 0)
        g->a = g->b = empty;
}

void K(matmul)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    gemm g;
    read_gemm(&g, at, n, from);
    if (g.n == 0 || (g.m == 0 && !g.sums))
        return;
    if (n[ANT__MATMUL_SPAN].i > 0) {
        for (int64_t i = from; i < to; i++)
            span_cell(g, n, i);
        return;
    }
    if (n[ANT__MATMUL_DEPTH].i < g.k) {
        in_pieces(&g, n, from, to);
        return;
    }
    if (n[ANT__MATMUL_CELLS].i == 1) {
        K(gemm)(&g);
        return;
    }
    for (int64_t i = from; i < to; i++)
        cell(g, n, i);
}
