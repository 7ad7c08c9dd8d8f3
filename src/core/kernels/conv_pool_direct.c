/* A convolution and the max pooling behind it by windows of 2 x 2, with no map in memory: a tile is
 * some windows of a row times two vectors of filters, whose entries of the map stay in registers.
 * Where filters see few channels, writing a map and reading it took as long as making it. */
#include "core/kernels/conv_pool.h"

enum {
    SIDE = POOL_SIDE,
    WINDOWS = ANT__VECTOR_BYTES == 64 ? 3 : 1, /* of a row at once */
    PAIR = WINDOWS < 2 ? WINDOWS : 2,
    COLUMNS = WINDOWS * SIDE, /* of the map */
    VECS = 2,
    PANEL = VECS * LANES,                             /* the gemm's */
    DEEPEST = ANT__VECTOR_BYTES > 16 ? INT32_MAX : 32 /* BLIS helps deep baseline products */
};

typedef struct direct {
    const pooling *p;
    int64_t row, column;     /* of the source: from row to row, from column to column of the map */
    int64_t taps, next, run; /* rows of taps, from one to the next, adjacent entries of one */
    const R *panel;          /* of some filters, … */
    int64_t lanes;           /* … of which there are so many */
    vec bias[VECS];
} direct;

typedef vec map_tile[SIDE][COLUMNS][VECS];

bool K(conv_pool_is_direct)(const gather *g, const pooling *p) {
    return pool_is_even(g, p) && g->conv->tiles == 0 && g->conv->groups == 1 &&
           g->row.taps * g->column.taps * g->in <= DEEPEST && g->column.reach == 1;
}

/* The entries of the map whose first one's window is at x. */
ALWAYS_INLINE void multiply(map_tile sum, const direct *d, const R *x, const int count) {
    const R *w = d->panel;
    for (int64_t i = 0; i < d->taps; i++, x += d->next)
        for (int64_t k = 0; k < d->run; k++, w += PANEL) {
            vec weights[VECS] = {vec_load(w), vec_load(w + LANES)};
            vec_keep(&weights[0]);
            vec_keep(&weights[1]);
            UNROLL
            for (int r = 0; r < SIDE; r++) {
                UNROLL
                for (int c = 0; c < SIDE * count; c++) {
                    const vec entry = vec_all(x[k + r * d->row + c * d->column]);
                    UNROLL
                    for (int v = 0; v < VECS; v++)
                        sum[r][c][v] = vec_fma(entry, weights[v], sum[r][c][v]);
                }
            }
        }
}

/* Vector v of a window's filters, from `at` on in the result. */
ALWAYS_INLINE void pool_window(const direct *d, map_tile sum, const int window, const int v,
                               int64_t at, const bool winners) {
    const vec entry[SIDE * SIDE] = {sum[0][window * SIDE][v], sum[0][window * SIDE + 1][v],
                                    sum[1][window * SIDE][v], sum[1][window * SIDE + 1][v]};
    pool_entries(d->p, entry, d->bias[v], at + v * LANES, d->lanes - v * LANES, winners);
}

ALWAYS_INLINE void make_windows(const direct *d, const R *x, int64_t at, const int count,
                                const bool winners) {
    map_tile sum;
    UNROLL
    for (int r = 0; r < SIDE; r++) {
        UNROLL
        for (int c = 0; c < SIDE * count; c++) {
            UNROLL
            for (int v = 0; v < VECS; v++)
                sum[r][c][v] = (vec){0};
        }
    }
    multiply(sum, d, x, count);
    UNROLL
    for (int j = 0; j < count; j++) {
        UNROLL
        for (int v = 0; v < VECS; v++)
            if (d->lanes > v * LANES)
                pool_window(d, sum, j, v, at + j * d->p->windows.channels, winners);
    }
}

/* As many as there are registers for; a window alone would wait for its own sums. */
static inline int64_t windows_at_once(int64_t left) {
    if (left < PAIR)
        return left;
    return left < WINDOWS || left == 2 * PAIR ? PAIR : WINDOWS;
}

/* A row of windows, of one panel of filters. */
ALWAYS_INLINE void walk_row(const direct *d, const R *x, int64_t at, const bool winners) {
    const int64_t channels = d->p->windows.channels;
    for (int64_t left = d->p->windows.column.out; left > 0;) {
        const int64_t count = windows_at_once(left);
        if (count == WINDOWS)
            make_windows(d, x, at, WINDOWS, winners);
        else if (count == PAIR)
            make_windows(d, x, at, PAIR, winners);
        else
            make_windows(d, x, at, 1, winners);
        left -= count, x += count * SIDE * d->column, at += count * channels;
    }
}

static void make_row(const direct *d, const R *x, int64_t at) {
    walk_row(d, x, at, false);
}

static void make_row_winners(const direct *d, const R *x, int64_t at) {
    walk_row(d, x, at, true);
}

static void load_bias(direct *d, const R *bias) {
    for (int v = 0; v < VECS; v++) {
        const int64_t lanes = d->lanes - v * LANES;
        d->bias[v] = bias && lanes > 0 ? vec_load_some(bias + v * LANES, lanes) : (vec){0};
    }
}

/* Rows [from, to) of image k's windows, from a view of the source. */
static void make_rows(const gather *g, const pooling *p, const view *v, int64_t k, int64_t from,
                      int64_t to) {
    direct d = {.p = p, .row = g->row.walk * v->pitch, .column = g->column.walk * v->channels};
    d.taps = g->row.taps;
    d.next = g->row.reach * v->pitch;
    d.run = g->column.taps * g->in;
    void (*make)(const direct *, const R *, int64_t) = p->which ? make_row_winners : make_row;
    const int64_t size = p->windows.column.out * p->windows.channels;
    for (int64_t f = 0; f < g->out; f += PANEL) {
        d.panel = g->packed + f * d.taps * d.run;
        d.lanes = g->out - f;
        load_bias(&d, g->bias ? g->bias + f : NULL);
        for (int64_t i = from; i < to; i++)
            make(&d, view_pixel(v, SIDE * i * g->row.walk + g->row.shift, g->column.shift),
                 k * p->pooled + i * size + f);
    }
}

void K(conv_pool_direct)(const gather *g, const pooling *p, int64_t k, int64_t from, int64_t to) {
    enum { ROWS = ANT__CONV_ROWS / SIDE };
    const windows *w = &g->conv->windows;
    image m = g->source;
    m.at = g->from + k * m.rows * m.columns * m.channels;
    for (int64_t i = from, end; i < to; i = end) {
        end = i + ROWS < to ? i + ROWS : to;
        const view v = K(conv_view)(&m, range_under(&w->row, SIDE * i, SIDE * end),
                                    range_under(&w->column, 0, SIDE * p->windows.column.out),
                                    g->memory + g->conv->piece);
        make_rows(g, p, &v, k, i, end);
    }
}
