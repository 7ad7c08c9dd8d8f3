/* A dense weight's gradient and Adam's update in one pass. Tile by tile, the sums of the product
 * are still in registers when the weights and moments of the same place are updated: the gradient
 * is never written, and while one tile waits for what it updates, the next one's products go on. */
#include "core/kernels/adam.h"
#include "core/kernels/gemm_tile.h"

enum { VECS = MOST_VECS, COLUMNS = VECS * LANES, ROWS = ANT__DENSE_ADAM_TILE };

/* Some rows of the weight. */
typedef struct part {
    adam a;
    adam_places at;
    gemm product; /* gives their gradient */
} part;

/* Copies, of which the compiler knows that no weight is written over them. */
ALWAYS_INLINE adam_places from_entry(const adam_places *p, int64_t i) {
    return (adam_places){p->w + i,     NULL,         p->m + i,    p->v + i,
                         p->new_w + i, p->new_m + i, p->new_v + i};
}

ALWAYS_INLINE void update_tile(const part *p, const tile *t, tile_sums sum, const int rows) {
    const adam a = p->a;
    const int64_t n = p->product.n;
    adam_places at = from_entry(&p->at, t->row * n + t->column);
    UNROLL
    for (int i = 0; i < TILE_ROWS; i++) {
        UNROLL
        for (int j = 0; j < VECS; j++) {
            const int64_t k = j * LANES;
            if (i >= rows)
                continue;
            adam_line x = {vec_load(at.w + k), sum[i][j], vec_load(at.m + k), vec_load(at.v + k)};
            write_line(&at, updated(x, &a), k);
        }
        if (i < rows)
            at = from_entry(&at, n);
    }
}

ALWAYS_INLINE void do_rows(const part *p, tile *t, const int rows) {
    tile_sums sum[MOST_CHAINS];
    clear(sum[0], rows, VECS);
    walk_run(t, sum, rows, VECS, 1, false);
    update_tile(p, t, sum[0], rows);
}

static void do_tile(const part *p, tile *t, int64_t rows) {
    switch (rows) {
    case 1:
        do_rows(p, t, 1);
        break;
    case 2:
        do_rows(p, t, 2);
        break;
    case 3:
        do_rows(p, t, 3);
        break;
    case 4:
        do_rows(p, t, 4);
        break;
    case 5:
        do_rows(p, t, 5);
        break;
    default:
        do_rows(p, t, ROWS);
    }
}

/* The walk asks ahead for what the end of a tile reads, which here are w, m and v. */
static tile tile_at(part *p, int64_t column) {
    gemm *g = &p->product;
    g->rest = p->at.m, g->gate = p->at.v;
    g->c_row = g->rest_row = g->gate_row = g->n;
    tile t = {.g = g, .a = g->a.at, .runs = 1, .length = g->k, .column = column};
    t.c = p->at.new_w + column;
    t.b = g->packed ? g->packed + column * g->k : g->b.at + column;
    t.b_row = g->packed ? PANEL : g->b.row;
    t.apart = g->packed ? PANEL * g->k : PANEL;
    return t;
}

/* All rows of the part, in tiles of about the same height. */
static void do_columns(part *p, int64_t column) {
    const int64_t m = p->product.m, tiles = (m + ROWS - 1) / ROWS;
    tile t = tile_at(p, column);
    for (int64_t i = 0; i < tiles; i++) {
        const int64_t rows = even_rows(m, tiles, i);
        do_tile(p, &t, rows);
        down(&t, rows);
    }
}

/* The gradient first, and then what it changes. */
static void do_gradient(part *p, R *gradient) {
    gemm *g = &p->product;
    g->c = gradient;
    g->c_row = g->n;
    K(gemm)(g);
    p->at.g = gradient;
    K(adam_update)(&p->a, &p->at, 0, g->m * g->n);
}

/* room: for the gradient, then for a's rows. */
static void do_part(part *p, R *room, const ant_num *n) {
    gemm *g = &p->product;
    const bool in_tiles = n[ANT__DENSE_ADAM_IN_TILES].i;
    g->workspace = in_tiles ? room : room + ant__gemm_copy(n[ANT__DENSE_ADAM_ROWS].i, g->n);
    K(gemm_part_rows)(g);
    if (!in_tiles)
        do_gradient(p, room);
    for (int64_t j = 0; in_tiles && j < g->n; j += COLUMNS)
        do_columns(p, j);
}

/* Cells are some rows of the weight. */
void K(dense_adam)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    enum { A, B, SCALARS, W = SCALARS + 2, M, V, NEW_W, NEW_M, NEW_V, WORKSPACE };
    const int64_t rows = n[ANT__DENSE_ADAM_ROWS].i, all = n[ANT__DENSE_ADAM_M].i,
                  columns = n[ANT__DENSE_ADAM_N].i, entries = n[ANT__DENSE_ADAM_WORKSPACE].i;
    part p = {.a = adam_of(at + SCALARS, n)};
    for (int64_t first = from * rows; first < to * rows && first < all; first += rows) {
        const adam_places start = {at[W], NULL, at[M], at[V], at[NEW_W], at[NEW_M], at[NEW_V]};
        p.at = from_entry(&start, first * columns);
        p.product = (gemm){.m = all - first < rows ? all - first : rows,
                           .n = columns,
                           .k = n[ANT__DENSE_ADAM_K].i,
                           .a = {(const R *)at[A] + first, 1, all},
                           .b = {at[B], columns, 1},
                           .packed = n[ANT__DENSE_ADAM_PACKED].i ? at[B] : NULL};
        do_part(&p, entries > 0 ? (R *)at[WORKSPACE] + from * entries : NULL, n);
    }
}
