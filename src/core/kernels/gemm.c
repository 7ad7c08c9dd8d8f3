#include "core/kernels/gemm.h"
#include "core/kernels/simd.h"

/* A tile is TILE_ROWS x PANEL entries of C in registers; a panel is PANEL columns of B. */
enum {
    TILE_ROWS = ANT__VECTOR_BYTES == 64 ? 8 : 6,
    PANEL_VECS = 2,
    PANEL = PANEL_VECS * LANES,
    WIDE_VECS = 8,          /* vectors of a one-row tile */
    ROWS_WORTH_PACKING = 96 /* fewer rows of A do not repay a copy of B */
};

/* One tile: rows of A from `a`, columns of B from `b` on, whose rows are b_row apart. */
typedef struct tile {
    const gemm *g;
    const R *a, *b, *bias;
    int64_t b_row;
    R *c;
    int64_t columns; /* of C that are written: the last vector may be cut */
} tile;

ALWAYS_INLINE void store_row(R *c, const vec *v, int vecs, int64_t columns) {
    for (int j = 0; j < vecs; j++) {
        int64_t left = columns - j * LANES;
        if (left >= LANES)
            vec_store(c + j * LANES, v[j]);
        else if (left > 0)
            vec_store_part(c + j * LANES, v[j], left);
    }
}

ALWAYS_INLINE vec load_column(const R *p, int j, int64_t columns) {
    int64_t left = columns - j * LANES;
    if (left >= LANES)
        return vec_load(p + j * LANES);
    return left > 0 ? vec_load_part(p + j * LANES, left) : (vec){0};
}

/* --- what a product asks for beside the sums --- */

ALWAYS_INLINE void add_old(const tile *t, vec (*sum)[WIDE_VECS], const int rows, const int vecs) {
    UNROLL
    for (int i = 0; i < rows; i++) {
        UNROLL
        for (int j = 0; j < vecs; j++)
            sum[i][j] += load_column(t->c + i * t->g->c_row, j, t->columns);
    }
}

ALWAYS_INLINE void add_bias(const tile *t, vec (*sum)[WIDE_VECS], const int rows, const int vecs) {
    UNROLL
    for (int j = 0; j < vecs; j++) {
        vec bias = load_column(t->bias, j, t->columns);
        UNROLL
        for (int i = 0; i < rows; i++)
            sum[i][j] += bias;
    }
}

ALWAYS_INLINE void cut_negative(vec (*sum)[WIDE_VECS], const int rows, const int vecs) {
    UNROLL
    for (int i = 0; i < rows; i++) {
        UNROLL
        for (int j = 0; j < vecs; j++)
            sum[i][j] = vec_relu(sum[i][j]);
    }
}

ALWAYS_INLINE void finish(const tile *t, vec (*sum)[WIDE_VECS], const int rows, const int vecs) {
    if (t->g->add)
        add_old(t, sum, rows, vecs);
    if (t->bias)
        add_bias(t, sum, rows, vecs);
    if (t->g->activation == GEMM_RELU)
        cut_negative(sum, rows, vecs);
    UNROLL
    for (int i = 0; i < rows; i++)
        store_row(t->c + i * t->g->c_row, sum[i], vecs, t->columns);
}

/* --- the heart: rows x vecs sums stay in registers for the whole of k --- */

ALWAYS_INLINE void step(vec (*sum)[WIDE_VECS], const R *a, int64_t a_row, const R *b,
                        const int rows, const int vecs) {
    vec line[WIDE_VECS];
    const R *high = a + 4 * a_row; /* two bases: the processor scales a stride by 1, 2, 4 or 8 */
    UNROLL
    for (int j = 0; j < vecs; j++) {
        line[j] = vec_load(b + j * LANES);
        vec_keep(&line[j]);
    }
    UNROLL
    for (int i = 0; i < rows; i++) {
        vec x = vec_all(i < 4 ? a[i * a_row] : high[(i - 4) * a_row]);
        UNROLL
        for (int j = 0; j < vecs; j++)
            sum[i][j] = vec_fma(x, line[j], sum[i][j]);
    }
}

ALWAYS_INLINE void multiply(const tile *t, const int rows, const int vecs) {
    vec sum[TILE_ROWS][WIDE_VECS];
    UNROLL
    for (int i = 0; i < rows; i++) {
        UNROLL
        for (int j = 0; j < vecs; j++)
            sum[i][j] = (vec){0};
    }
    const int64_t a_row = t->g->a.row, a_column = t->g->a.column, b_row = t->b_row;
    const R *a = t->a, *b = t->b;
    const int64_t runs = t->g->runs > 0 ? t->g->runs : 1, length = t->g->k / runs;
    for (int64_t r = 0; r < runs; r++) {
        if (t->g->runs > 0)
            a = t->a + t->g->a_runs[r];
        for (int64_t p = length; p > 0; p--, a += a_column, b += b_row)
            step(sum, a, a_row, b, rows, vecs);
    }
    finish(t, sum, rows, vecs);
}

static void multiply_whole(const tile *t) {
    multiply(t, TILE_ROWS, PANEL_VECS);
}

static void multiply_wide(const tile *t) {
    multiply(t, 1, WIDE_VECS);
}

ALWAYS_INLINE void multiply_rows(const tile *t, int64_t rows, const int vecs) {
    switch (rows) {
    case 1:
        multiply(t, 1, vecs);
        break;
    case 2:
        multiply(t, 2, vecs);
        break;
    case 3:
        multiply(t, 3, vecs);
        break;
    case 4:
        multiply(t, 4, vecs);
        break;
    case 5:
        multiply(t, 5, vecs);
        break;
#if ANT__VECTOR_BYTES == 64
    case 6:
        multiply(t, 6, vecs);
        break;
    case 7:
        multiply(t, 7, vecs);
        break;
#endif
    default:
        multiply(t, TILE_ROWS, vecs);
    }
}

/* Fewer rows than a whole tile. */
static void multiply_some(const tile *t, int64_t rows) {
    multiply_rows(t, rows, PANEL_VECS);
}

/* At most one vector of columns. */
static void multiply_narrow(const tile *t, int64_t rows) {
    multiply_rows(t, rows, 1);
}

/* All rows of C for the columns of one panel. */
static void multiply_panel(tile t) {
    const gemm *g = t.g;
    for (int64_t i = 0; i < g->m; i += TILE_ROWS) {
        int64_t rows = g->m - i < TILE_ROWS ? g->m - i : TILE_ROWS;
        if (t.columns <= LANES)
            multiply_narrow(&t, rows);
        else if (rows == TILE_ROWS)
            multiply_whole(&t);
        else
            multiply_some(&t, rows);
        t.a += TILE_ROWS * g->a.row;
        t.c += TILE_ROWS * g->c_row;
    }
}

/* --- panels --- */

static gemm_matrix columns_from(gemm_matrix b, int64_t j) {
    b.at += j * b.column;
    return b;
}

void K(gemm_pack)(R *packed, gemm_matrix b, int64_t k, int64_t n) {
    K(gemm_pack_rows)(packed, b, 0, k, k, n);
}

void K(gemm_pack_rows)(R *packed, gemm_matrix b, int64_t from, int64_t count, int64_t k,
                       int64_t n) {
    for (int64_t j = 0; j < n; j += PANEL) {
        R *panel = packed + j * k + from * PANEL;
        K(gemm_pack_panel)(panel, PANEL, columns_from(b, j), count, n - j < PANEL ? n - j : PANEL);
    }
}

/* --- the product --- */

static tile panel_of(const gemm *g, int64_t j) {
    tile t = {.g = g, .a = g->a.at, .b_row = PANEL, .c = g->c + j};
    t.columns = g->n - j < PANEL ? g->n - j : PANEL;
    t.bias = g->bias ? g->bias + j : NULL;
    bool in_place = g->b.column == 1 && t.columns % LANES == 0 && g->m < ROWS_WORTH_PACKING;
    if (g->packed) {
        t.b = g->packed + j * g->k;
    } else if (in_place) {
        t.b = g->b.at + j;
        t.b_row = g->b.row;
    } else {
        K(gemm_pack_panel)(g->workspace, PANEL, columns_from(g->b, j), g->k, t.columns);
        t.b = g->workspace;
    }
    return t;
}

/* One row of A: as many columns at a time as hide the latency of the multiplications. Returns how
 * many columns are done. */
static int64_t multiply_row(const gemm *g) {
    const int64_t wide = (int64_t)WIDE_VECS * LANES;
    int64_t j = 0;
    if (g->m != 1 || g->packed || g->b.column != 1)
        return 0;
    for (; j + wide <= g->n; j += wide) {
        tile t = {.g = g, .a = g->a.at, .b = g->b.at + j, .b_row = g->b.row, .c = g->c + j};
        t.bias = g->bias ? g->bias + j : NULL;
        t.columns = wide;
        multiply_wide(&t);
    }
    return j;
}

void K(gemm)(const gemm *g) {
    if (K(gemm_thin)(g) || K(gemm_by_blis)(g))
        return;
    for (int64_t j = multiply_row(g); j < g->n; j += PANEL)
        multiply_panel(panel_of(g, j));
}
