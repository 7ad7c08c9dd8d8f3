/* The micro-kernel of products: a tile of C in registers, a few rows by one or two vectors, for the
 * whole of k; four vectors, of two panels, where registers are many: then each number of A that is
 * loaded meets twice as many of B, which counts where a core's front end or its ports for loads are
 * shared with another thread. gemm.c and dense_adam.c include it.
 *
 * All bodies come from one text: `rows`, `vecs`, `chains` and `cut` are constants wherever it is
 * made, and its loops run to fixed ends and ask these inside. So every compiler sees loops of more
 * than one turn, unrolls them before it gives out registers, and keeps all sums there. */
#ifndef ANT_CORE_KERNELS_GEMM_TILE_H
#define ANT_CORE_KERNELS_GEMM_TILE_H
#include "core/kernels/gemm.h"
#include "core/kernels/simd.h"

enum {
    TILE_ROWS = ANT__GEMM_TILE_ROWS(ANT__VECTOR_BYTES),
    PANEL_VECS = 2,
    PANEL = PANEL_VECS * LANES,      /* columns of a panel of B */
    PAIRS = ANT__VECTOR_BYTES == 64, /* are two panels multiplied at once? */
    PAIR_ROWS = 6,
    PAIR_VECS = 2 * PANEL_VECS,
    PAIR = 2 * PANEL,
    MOST_VECS = PAIRS ? PAIR_VECS : PANEL_VECS, /* of a tile */
    MOST_CHAINS = 4,
    LINE = 64 / (int)sizeof(R), /* entries of a line of the cache */
    AHEAD = 16,      /* steps along k from a line of B to the one that is asked for meanwhile */
    ROWS_TO_ASK = 4, /* below, memory is what a tile waits for anyway */
    NEAR = 24 << 10, /* bytes of panels that stay in the nearest cache */
    STRETCH = 128    /* steps along k between two times that memory is asked ahead */
};

/* Lines that are read before they are needed: `lines` in each of `rows` rows; (row, line) is the
 * next one, `share` of them are due after each piece of a tile. */
typedef struct errand {
    const R *at;
    int64_t apart, rows, lines, row, line, share;
} errand;

/* Rows of A from `a`, columns of B from `b` on, whose rows are b_row apart. */
typedef struct tile {
    const gemm *g;
    const R *a, *b, *bias;
    int64_t b_row, runs, length; /* k = runs * length */
    int64_t apart;               /* from B's panel to the other one of a pair */
    int64_t run;                 /* the one under way */
    int64_t careful; /* so many last rows of B end before a whole vector: they are read cut */
    R *c;
    int64_t row, column; /* where C begins in all of it, */
    int64_t columns;     /* … and how many are written: the last vector may be cut … */
    vec_mask last;       /* … to these lanes */
    errand errand;       /* the next panel of B, in memory that is far */
} tile;

typedef vec tile_sums[TILE_ROWS][MOST_VECS];

/* The last vector of columns is cut where the body is one for cut panels. */
ALWAYS_INLINE vec load_columns(tile *t, const R *p, int j, const int vecs, const bool cut) {
    return cut && j == vecs - 1 ? vec_load_mask(p + j * LANES, t->last) : vec_load(p + j * LANES);
}

ALWAYS_INLINE void store_columns(tile *t, R *c, vec v, int j, const int vecs, const bool cut) {
    if (cut && j == vecs - 1)
        vec_store_part(c + j * LANES, v, t->columns - j * LANES);
    else
        vec_store(c + j * LANES, v);
}

/* --- what a product asks for beside the sums --- */

/* Entries of another matrix of C's size. */
ALWAYS_INLINE void add_matrix(tile *t, tile_sums sum, const R *x, int64_t x_row, const int rows,
                              const int vecs, const bool cut) {
    UNROLL
    for (int i = 0; i < TILE_ROWS; i++) {
        UNROLL
        for (int j = 0; j < MOST_VECS; j++)
            if (i < rows && j < vecs)
                sum[i][j] += load_columns(t, x + i * x_row, j, vecs, cut);
    }
}

ALWAYS_INLINE void add_bias(tile *t, tile_sums sum, const int rows, const int vecs,
                            const bool cut) {
    UNROLL
    for (int j = 0; j < MOST_VECS; j++) {
        vec bias = j < vecs ? load_columns(t, t->bias, j, vecs, cut) : (vec){0};
        UNROLL
        for (int i = 0; i < TILE_ROWS; i++)
            if (i < rows && j < vecs)
                sum[i][j] += bias;
    }
}

ALWAYS_INLINE void cut_negative(tile_sums sum, const int rows, const int vecs) {
    UNROLL
    for (int i = 0; i < TILE_ROWS; i++) {
        UNROLL
        for (int j = 0; j < MOST_VECS; j++)
            if (i < rows && j < vecs)
                sum[i][j] = vec_relu(sum[i][j]);
    }
}

ALWAYS_INLINE void cut_above(const tile *t, tile_sums sum, const int rows, const int vecs) {
    const vec limit = vec_all(t->g->limit);
    UNROLL
    for (int i = 0; i < TILE_ROWS; i++) {
        UNROLL
        for (int j = 0; j < MOST_VECS; j++)
            if (i < rows && j < vecs)
                sum[i][j] = vec_select(sum[i][j] > limit, limit, sum[i][j]);
    }
}

ALWAYS_INLINE void close_gates(tile *t, tile_sums sum, const int rows, const int vecs,
                               const bool cut) {
    const R *gate = t->g->gate + t->row * t->g->gate_row + t->column;
    UNROLL
    for (int i = 0; i < TILE_ROWS; i++, gate += t->g->gate_row) {
        UNROLL
        for (int j = 0; j < MOST_VECS; j++)
            if (i < rows && j < vecs)
                sum[i][j] = vec_open(sum[i][j], load_columns(t, gate, j, vecs, cut));
    }
}

ALWAYS_INLINE void finish(tile *t, tile_sums sum, const int rows, const int vecs, const bool cut) {
    const gemm *g = t->g;
    if (g->add)
        add_matrix(t, sum, t->c, g->c_row, rows, vecs, cut);
    if (t->bias)
        add_bias(t, sum, rows, vecs, cut);
    if (g->rest)
        add_matrix(t, sum, g->rest + t->row * g->rest_row + t->column, g->rest_row, rows, vecs,
                   cut);
    if (g->activation != GEMM_LINEAR)
        cut_negative(sum, rows, vecs);
    if (g->activation == GEMM_BOUND)
        cut_above(t, sum, rows, vecs);
    if (g->gate)
        close_gates(t, sum, rows, vecs, cut);
    UNROLL
    for (int i = 0; i < TILE_ROWS; i++) {
        UNROLL
        for (int j = 0; j < MOST_VECS; j++)
            if (i < rows && j < vecs)
                store_columns(t, t->c + i * g->c_row, sum[i][j], j, vecs, cut);
    }
}

/* --- the heart --- */

/* By a vector that the compiler does not know: clang would clear by memset, and then keep the sums
 * in memory. */
ALWAYS_INLINE void clear(tile_sums sum, const int rows, const int vecs) {
    vec zero = {0};
    vec_keep(&zero);
    UNROLL
    for (int i = 0; i < TILE_ROWS; i++) {
        UNROLL
        for (int j = 0; j < MOST_VECS; j++)
            if (i < rows && j < vecs)
                sum[i][j] = zero;
    }
}

/* Where the walk along k has come to. `high` is a's row 4: with two bases the offsets of eight rows
 * are multiples of a_row that need few registers. */
typedef struct place {
    const R *a, *high, *b;
    int64_t a_row, a_next, b_next; /* from one step to the next; a_next in bytes */
    int64_t apart;                 /* from b to the other panel of a pair */
    int64_t ahead;                 /* bytes from b to what is asked for now */
} place;

ALWAYS_INLINE const R *further(const R *p, int64_t bytes) {
    return (const R *)(const void *)((const char *)p + bytes);
}

ALWAYS_INLINE const R *line_at(const place *p, int j) {
    return p->b + (j < PANEL_VECS ? 0 : p->apart - PANEL) + j * LANES;
}

ALWAYS_INLINE vec load_line(tile *t, const place *p, int j, const int vecs, const bool cut) {
    const R *at = line_at(p, j);
    return cut && j == vecs - 1 ? vec_load_mask(at, t->last) : vec_load(at);
}

ALWAYS_INLINE void ask_for_line(const place *p, int j) {
    if (j * LANES % LINE == 0)
        __builtin_prefetch(further(line_at(p, j), p->ahead));
}

ALWAYS_INLINE void step(tile *t, tile_sums sum, place *p, const int rows, const int vecs,
                        const bool ask, const bool cut) {
    vec line[MOST_VECS];
    UNROLL
    for (int j = 0; j < MOST_VECS; j++) {
        line[j] = j < vecs ? load_line(t, p, j, vecs, cut) : (vec){0};
        if (j < vecs)
            vec_keep(&line[j]);
        if (j < vecs && ask)
            ask_for_line(p, j);
    }
    UNROLL
    for (int i = 0; i < TILE_ROWS; i++) {
        if (i >= rows)
            continue;
        vec x = vec_all(i < 4 ? p->a[i * p->a_row] : p->high[(i - 4) * p->a_row]);
        UNROLL
        for (int j = 0; j < MOST_VECS; j++)
            if (j < vecs)
                sum[i][j] = vec_fma(x, line[j], sum[i][j]);
    }
    p->a = further(p->a, p->a_next);
    p->high = further(p->high, p->a_next);
    p->b += p->b_next;
}

/* Where sums are few, k is walked in `chains` interleaved parts, which are added up at the end. */
ALWAYS_INLINE void walk(tile *t, tile_sums sum[MOST_CHAINS], place *p, int64_t steps,
                        const int rows, const int vecs, const int chains, const bool ask,
                        const bool cut) {
    for (; steps >= chains; steps -= chains) {
        UNROLL
        for (int s = 0; s < MOST_CHAINS; s++)
            if (s < chains)
                step(t, sum[s], p, rows, vecs, ask, cut);
    }
    for (; chains > 1 && steps > 0; steps--)
        step(t, sum[0], p, rows, vecs, ask, cut);
}

/* --- memory that is far --- */

ALWAYS_INLINE void ask_for_tile(const R *x, int64_t row, const int rows, const int vecs) {
    UNROLL
    for (int i = 0; i < TILE_ROWS; i++) {
        UNROLL
        for (int j = 0; j < MOST_VECS; j++)
            if (i < rows && j < vecs && j * LANES % LINE == 0)
                __builtin_prefetch(x + i * row + j * LANES);
    }
}

/* What the end of a tile reads and writes: late enough to be still there then. */
ALWAYS_INLINE void ask_for_result(const tile *t, const int rows, const int vecs) {
    const gemm *g = t->g;
    ask_for_tile(t->c, g->c_row, rows, vecs);
    if (g->rest)
        ask_for_tile(g->rest + t->row * g->rest_row + t->column, g->rest_row, rows, vecs);
    if (g->gate)
        ask_for_tile(g->gate + t->row * g->gate_row + t->column, g->gate_row, rows, vecs);
}

ALWAYS_INLINE void do_errand(errand *e) {
    for (int64_t i = 0; i < e->share && e->row < e->rows; i++) {
        __builtin_prefetch(e->at + e->row * e->apart + e->line * LINE);
        e->line++;
        if (e->line == e->lines) {
            e->line = 0;
            e->row++;
        }
    }
}

/* Between two pieces of a tile: there are so many steps left. */
ALWAYS_INLINE void ask_ahead(tile *t, int64_t left, const int rows, const int vecs) {
    if (left <= STRETCH)
        ask_for_result(t, rows, vecs);
    else
        do_errand(&t->errand);
}

/* --- along k --- */

/* The loop above needs nearly all registers; GCC would lend some to values of the loop around it,
 * keep pointers and strides in vectors, and make the two bases one. So these are opaque to it, and
 * what lies in memory is read again. */
ALWAYS_INLINE void hide(place *p) {
    __asm__ volatile("" : "+r"(p->high), "+r"(p->a_next) : : "memory");
}

/* Bytes from a line of B to the one that is asked for meanwhile. Processors ask by themselves, but
 * too late where another thread uses the same core. 0: none is, as the next tile finds all of the
 * panels near. */
ALWAYS_INLINE int64_t distance(const tile *t, const int vecs) {
    const int64_t size = t->runs * t->length * vecs * ANT__VECTOR_BYTES;
    return size <= NEAR ? 0 : AHEAD * t->b_row * (int64_t)sizeof(R);
}

ALWAYS_INLINE void walk_run(tile *t, tile_sums sum[MOST_CHAINS], const int rows, const int vecs,
                            const int chains, const bool cut) {
    const gemm *g = t->g;
    place p = {.a = t->a + (g->runs > 0 ? g->a_runs[t->run] : 0),
               .b = t->b + t->run * t->length * t->b_row,
               .a_row = g->a.row,
               .a_next = g->a.column * (int64_t)sizeof(R),
               .b_next = t->b_row,
               .apart = t->apart,
               .ahead = distance(t, vecs)};
    p.high = p.a + (rows > 4 ? 4 * p.a_row : 0);
    hide(&p);
    const bool full = rows >= (vecs == PAIR_VECS ? PAIR_ROWS - 1 : TILE_ROWS) && vecs >= PANEL_VECS;
    for (int64_t left = t->length - t->careful, steps; left > 0; left -= steps) {
        steps = full && left > STRETCH ? (left - 1) % STRETCH + 1 : left;
        if (rows >= ROWS_TO_ASK && p.ahead > 0)
            walk(t, sum, &p, steps, rows, vecs, chains, true, false);
        else
            walk(t, sum, &p, steps, rows, vecs, chains, false, false);
        if (full && left > steps)
            ask_ahead(t, left - steps, rows, vecs);
    }
    if (cut)
        walk(t, sum, &p, t->careful, rows, vecs, chains, false, true);
}

ALWAYS_INLINE void add_chains(tile_sums sum[MOST_CHAINS], const int rows, const int vecs,
                              const int chains) {
    UNROLL
    for (int s = 1; s < MOST_CHAINS; s++) {
        UNROLL
        for (int i = 0; i < TILE_ROWS; i++) {
            UNROLL
            for (int j = 0; j < MOST_VECS; j++)
                if (s < chains && i < rows && j < vecs)
                    sum[0][i][j] += sum[s][i][j];
        }
    }
}

ALWAYS_INLINE void multiply(tile *t, const int rows, const int vecs, const int chains,
                            const bool cut) {
    tile_sums sum[MOST_CHAINS];
    UNROLL
    for (int s = 0; s < MOST_CHAINS; s++)
        if (s < chains)
            clear(sum[s], rows, vecs);
    for (t->run = 0; t->run < t->runs; t->run++)
        walk_run(t, sum, rows, vecs, chains, cut);
    add_chains(sum, rows, vecs, chains);
    finish(t, sum[0], rows, vecs, cut);
}

/* --- from tile to tile --- */

/* Rows of the i-th of some tiles for m rows, about the same of each, the higher ones first. */
static inline int64_t even_rows(int64_t m, int64_t tiles, int64_t i) {
    return m / tiles + (i < m % tiles);
}

static inline void down(tile *t, int64_t rows) {
    t->row += rows;
    t->a += rows * t->g->a.row;
    t->c += rows * t->g->c_row;
}
#endif
