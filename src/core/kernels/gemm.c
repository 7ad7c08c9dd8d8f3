#include "core/kernels/gemm_tile.h"

enum {
    FEW_ROWS = 3, /* up to which sums are cut into chains, to hide the latency of multiplications */
    ALONE = 16,
    WIDE_PANELS = 4, /* side by side, of a row of C that is alone */
    WIDE = WIDE_PANELS * PANEL
};

static int64_t shorter(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* --- the bodies --- */

/* ALONE + rows: no other rows are multiplied, so that sums may be cut into chains. */
ALWAYS_INLINE void multiply_rows(tile *t, int64_t rows, const int vecs, const bool cut) {
    switch (rows) {
    case 1:
        multiply(t, 1, vecs, 1, cut);
        break;
    case 2:
        multiply(t, 2, vecs, 1, cut);
        break;
    case 3:
        multiply(t, 3, vecs, 1, cut);
        break;
    case 4:
        multiply(t, 4, vecs, 1, cut);
        break;
    case 5:
        multiply(t, 5, vecs, 1, cut);
        break;
#if ANT__VECTOR_BYTES == 64
    case 6:
        multiply(t, 6, vecs, 1, cut);
        break;
    case 7:
        multiply(t, 7, vecs, 1, cut);
        break;
#endif
    case ALONE + 1:
        multiply(t, 1, vecs, MOST_CHAINS, cut);
        break;
    case ALONE + 2:
        multiply(t, 2, vecs, MOST_CHAINS / vecs, cut);
        break;
    case ALONE + 3:
        multiply(t, 3, vecs, MOST_CHAINS / vecs, cut);
        break;
    default:
        multiply(t, TILE_ROWS, vecs, 1, cut);
    }
}

/* The bodies: one vector of columns or two, the last one whole or cut. */
typedef void tile_fn(tile *t, int64_t rows);

static void multiply_two(tile *t, int64_t rows) {
    multiply_rows(t, rows, 2, false);
}

static void multiply_one(tile *t, int64_t rows) {
    multiply_rows(t, rows, 1, false);
}

static void multiply_two_cut(tile *t, int64_t rows) {
    multiply_rows(t, rows, 2, true);
}

static void multiply_one_cut(tile *t, int64_t rows) {
    multiply_rows(t, rows, 1, true);
}

/* Two panels at once. */
static void multiply_both(tile *t, int64_t rows) {
#if ANT__VECTOR_BYTES == 64
    switch (rows) {
    case 3:
        multiply(t, 3, PAIR_VECS, 1, false);
        break;
    case 4:
        multiply(t, 4, PAIR_VECS, 1, false);
        break;
    case 5:
        multiply(t, 5, PAIR_VECS, 1, false);
        break;
    default:
        multiply(t, PAIR_ROWS, PAIR_VECS, 1, false);
    }
#else
    (void)t, (void)rows;
#endif
}

/* One row of C, for panels `apart` from each other. */
static void multiply_wide(tile *t, int64_t apart) {
    const R *a = t->a, *b = t->b;
    tile_sums sum[WIDE_PANELS];
    UNROLL
    for (int q = 0; q < WIDE_PANELS; q++)
        clear(sum[q], 1, PANEL_VECS);
    for (int64_t p = t->length; p > 0; p--, a += t->g->a.column, b += t->b_row) {
        vec x = vec_all(*a);
        UNROLL
        for (int q = 0; q < WIDE_PANELS; q++) {
            UNROLL
            for (int j = 0; j < PANEL_VECS; j++)
                sum[q][0][j] = vec_fma(x, vec_load(b + q * apart + j * LANES), sum[q][0][j]);
        }
    }
    UNROLL
    for (int q = 0; q < WIDE_PANELS; q++) {
        finish(t, sum[q], 1, PANEL_VECS, false);
        t->column += PANEL;
        t->c += PANEL;
        t->bias = t->bias ? t->bias + PANEL : NULL;
    }
}

static tile_fn *body_of(tile *t) {
    const bool one = t->columns <= LANES;
    if (t->columns % LANES == 0)
        return one ? multiply_one : multiply_two;
    t->last = vec_mask_first(t->columns % LANES);
    return one ? multiply_one_cut : multiply_two_cut;
}

/* All rows of C for the columns of two panels, in tiles of about the same height. */
static void multiply_pair(tile *t) {
    const int64_t m = t->g->m, tiles = (m + PAIR_ROWS - 1) / PAIR_ROWS;
    t->row = 0;
    for (int64_t i = 0; i < tiles; i++) {
        const int64_t rows = even_rows(m, tiles, i);
        multiply_both(t, rows);
        down(t, rows);
    }
}

/* A last tile of few rows would have too few sums to hide the latency of multiplications, so the
 * last two are about the same. */
static int64_t next_rows(int64_t left) {
    if (left <= TILE_ROWS)
        return left;
    return left < 2 * TILE_ROWS ? (left + 1) / 2 : TILE_ROWS;
}

/* All rows of C for the columns of one panel. */
static void multiply_panel(tile *t) {
    const gemm *g = t->g;
    tile_fn *body = body_of(t);
    t->row = 0;
    if (g->few && g->m > 0 && g->m <= FEW_ROWS) {
        body(t, ALONE + g->m);
        return;
    }
    for (int64_t left = g->m, rows; left > 0; left -= rows) {
        rows = next_rows(left);
        body(t, rows);
        down(t, rows);
    }
}

/* --- sums of columns --- */

/* One vector of columns of the panel, in pieces, so that long sums stay close. */
ALWAYS_INLINE vec sum_lines(const R *b, int64_t b_row, int64_t lines, const vec_mask *cut) {
    enum { PIECE = 1024, CHAINS = 4 };
    vec total = {0};
    for (int64_t i = 0; i < lines; i += PIECE) {
        vec sum[CHAINS] = {{0}};
        int64_t left = shorter(PIECE, lines - i);
        for (; left >= CHAINS; left -= CHAINS, b += CHAINS * b_row) {
            UNROLL
            for (int s = 0; s < CHAINS; s++)
                sum[s] += cut ? vec_load_mask(b + s * b_row, *cut) : vec_load(b + s * b_row);
        }
        for (; left > 0; left--, b += b_row)
            sum[0] += cut ? vec_load_mask(b, *cut) : vec_load(b);
        total += (sum[0] + sum[1]) + (sum[2] + sum[3]);
    }
    return total;
}

void K(gemm_sums)(R *sums, gemm_matrix b, int64_t k, int64_t n) {
    int64_t j = 0;
    for (; j + LANES <= n; j += LANES)
        vec_store(sums + j, sum_lines(b.at + j, b.row, k, NULL));
    if (j < n) {
        const vec_mask cut = vec_mask_first(n - j);
        vec_store_part(sums + j, sum_lines(b.at + j, b.row, k, &cut), n - j);
    }
}

/* Of the panel, or of both. */
static void sum_panels(const tile *t) {
    for (int64_t j = 0; j < t->columns; j += PANEL) {
        const gemm_matrix panel = {t->b + j / PANEL * t->apart, t->b_row, 1};
        K(gemm_sums)(t->g->sums + t->column + j, panel, t->g->k, shorter(PANEL, t->columns - j));
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

/* Field by field: a tile is not copied, as the copy would wait for the fields. */
static void begin(tile *t, const gemm *g) {
    t->g = g;
    t->runs = g->runs > 0 ? g->runs : 1;
    t->length = g->runs > 1 ? g->k / g->runs : g->k;
    t->row = 0;
    t->careful = 0;
}

/* C from column j on. */
static void to_column(tile *t, int64_t j, int64_t most) {
    const gemm *g = t->g;
    t->a = g->a.at;
    t->c = g->c + j;
    t->bias = g->bias ? g->bias + j : NULL;
    t->column = j;
    t->columns = shorter(most, g->n - j);
}

/* Is B better read where it is than copied? */
static bool reads_in_place(const tile *t) {
    const gemm *g = t->g;
    return g->b.column == 1 && ant__gemm_in_place(g->m) &&
           (t->columns % LANES == 0 || g->runs == 0);
}

/* Whole vectors of rows of B that are cut reach into the next row, which is there but for the
 * last. */
static int64_t careful_rows(const tile *t) {
    const int64_t beyond = (LANES - t->columns % LANES) % LANES;
    if (beyond == 0 || t->b_row < 1)
        return beyond == 0 ? 0 : t->length;
    return shorter(t->length, (beyond + t->b_row - 1) / t->b_row);
}

/* How many tiles are below each other. */
static int64_t tiles_down(const gemm *g, int64_t columns) {
    return columns == PAIR ? (g->m + PAIR_ROWS - 1) / PAIR_ROWS : g->m / TILE_ROWS;
}

/* While tiles of so many columns are multiplied, panel by panel or pair by pair, the area comes
 * nearer. Rows that fight would drive each other out before they are read. */
static void send_for(errand *e, const gemm *g, gemm_area x, int64_t columns, int64_t wide) {
    const int64_t tiles = (columns + wide - 1) / wide * tiles_down(g, wide);
    const int64_t pieces = tiles * ((g->k - 1) / STRETCH - 1);
    *e = (errand){.at = x.at, .apart = x.apart, .lines = (x.columns + LINE - 1) / LINE};
    if (x.rows < 1 || pieces < 1 || ant__gemm_fights(x.apart * (int64_t)sizeof(R), x.rows))
        return;
    e->rows = x.rows;
    e->share = (e->rows * e->lines + pieces - 1) / pieces;
}

/* What is copied after the columns up to j. */
static gemm_area after(const gemm *g, int64_t j, int64_t columns) {
    return j < g->n ? K(gemm_columns)(g, j, columns) : g->next;
}

/* Whole panels lie one behind the other: they are one row. */
static gemm_area packed_columns(const gemm *g, int64_t j, int64_t count) {
    const int64_t entries = (count + PANEL - 1) / PANEL * PANEL * g->k;
    return (gemm_area){g->packed + j * g->k, entries, 1, entries};
}

gemm_area K(gemm_columns)(const gemm *g, int64_t j, int64_t count) {
    count = shorter(count, g->n - j);
    if (g->packed)
        return packed_columns(g, j, count);
    const R *at = g->b.at + j * g->b.column;
    return g->b.column == 1 ? (gemm_area){at, g->b.row, g->k, count}
                            : (gemm_area){at, g->b.column, count, g->k};
}

static void copy_panels(const tile *t) {
    const gemm *g = t->g;
    for (int64_t j = 0; j < t->columns; j += PANEL) {
        const gemm_matrix b = columns_from(g->b, t->column + j);
        const int64_t used = shorter(PANEL, t->columns - j);
        K(gemm_pack_panel)(g->workspace + j * g->k, PANEL, b, g->k, used);
    }
}

/* To a panel or to two: `wide` columns, from j on. */
static void to_panels(tile *t, int64_t j, int64_t wide) {
    const gemm *g = t->g;
    to_column(t, j, wide);
    t->b_row = PANEL;
    t->apart = PANEL * g->k;
    t->careful = 0;
    if (g->packed) {
        t->b = g->packed + j * g->k;
    } else if (reads_in_place(t)) {
        t->b = g->b.at + j;
        t->b_row = g->b.row;
        t->apart = PANEL;
        t->careful = careful_rows(t);
    } else {
        copy_panels(t);
        t->b = g->workspace;
        send_for(&t->errand, g, after(g, j + wide, wide), wide, wide);
    }
}

/* One row of A: as many columns at a time as hide the latency of the multiplications. Returns how
 * many columns are done. */
static int64_t multiply_row(tile *t) {
    const gemm *g = t->g;
    int64_t j = 0;
    const bool together = g->packed || g->b.column == 1;
    if (g->m != 1 || g->runs > 0 || g->sums || !together)
        return 0;
    t->b_row = g->packed ? PANEL : g->b.row;
    for (; j + WIDE <= g->n; j += WIDE) {
        to_column(t, j, WIDE);
        t->b = g->packed ? g->packed + j * g->k : g->b.at + j;
        multiply_wide(t, g->packed ? PANEL * g->k : PANEL);
    }
    return j;
}

/* Columns from j on, as many as are whole pairs of panels. Returns how many are done. */
static int64_t multiply_pairs(tile *t, int64_t j) {
    const gemm *g = t->g;
    for (; j + PAIR <= g->n; j += PAIR) {
        to_panels(t, j, PAIR);
        if (g->sums)
            sum_panels(t);
        multiply_pair(t);
    }
    return j;
}

static void multiply_panels(tile *t, int64_t j) {
    const gemm *g = t->g;
    for (; j < g->n; j += PANEL) {
        to_panels(t, j, PANEL);
        if (g->sums)
            sum_panels(t);
        multiply_panel(t);
    }
}

void K(gemm)(const gemm *g) {
    if (K(gemm_thin)(g) || K(gemm_by_blis)(g) || K(gemm_narrow)(g))
        return;
    const bool pairs = PAIRS && g->m >= PAIR_ROWS;
    tile t;
    begin(&t, g);
    send_for(&t.errand, g, g->next, g->n, pairs ? PAIR : PANEL);
    const int64_t j = multiply_row(&t);
    multiply_panels(&t, pairs ? multiply_pairs(&t, j) : j);
}
