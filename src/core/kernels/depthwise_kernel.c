/* The transpose of depthwise convolution in its kernel: each tap's sum over all positions of a source
 * entry times the map's. The taps of a row of the kernel, a few at a time, walk together over a row
 * of the map, their sums in registers; rows join the total one by one, so that long sums lose no
 * digits.
 *
 * Numbers: those of depthwise.h. A cell is a part of the images and uses the slot of the first cell
 * of its call. */
#include "core/kernels/depthwise.h"

enum { VECS = 2, MOST_TAPS = 5 };

typedef struct walk {
    const depthwise *conv;
    const R *dy; /* a row of the map's block, pixels `step` apart */
    const R *map_end;
    int64_t step, columns;
    ring ring;
    R *line;  /* memory for such a row */
    R *total; /* [tap][BLOCK] */
} walk;

/* Adds what `count` taps of a row get from a row of the map to their totals. */
ALWAYS_INLINE void add_taps(const walk *k, const R *x, R *total, int64_t lane, const int count) {
    const int64_t next = k->conv->windows.column.stride * BLOCK;
    const int64_t reach = k->conv->windows.column.dilation * BLOCK;
    const R *dy = k->dy + lane;
    vec sum[MOST_TAPS][VECS];
    UNROLL
    for (int t = 0; t < count; t++) {
        UNROLL
        for (int v = 0; v < VECS; v++)
            sum[t][v] = (vec){0};
    }
    x += lane;
    for (int64_t j = 0; j < k->columns; j++, x += next, dy += k->step) {
        vec d[VECS];
        UNROLL
        for (int v = 0; v < VECS; v++)
            d[v] = vec_load(dy + v * LANES);
        UNROLL
        for (int t = 0; t < count; t++) {
            UNROLL
            for (int v = 0; v < VECS; v++)
                sum[t][v] = vec_fma(vec_load(x + t * reach + v * LANES), d[v], sum[t][v]);
        }
    }
    UNROLL
    for (int t = 0; t < count; t++) {
        UNROLL
        for (int v = 0; v < VECS; v++) {
            R *to = total + t * BLOCK + lane + v * LANES;
            vec_store(to, vec_load(to) + sum[t][v]);
        }
    }
}

static void add_some(const walk *k, const R *x, R *total, int64_t lane, int64_t count) {
    switch (count) {
    case 1:
        add_taps(k, x, total, lane, 1);
        break;
    case 2:
        add_taps(k, x, total, lane, 2);
        break;
    case 3:
        add_taps(k, x, total, lane, 3);
        break;
    case 4:
        add_taps(k, x, total, lane, 4);
        break;
    default:
        add_taps(k, x, total, lane, MOST_TAPS);
    }
}

/* All taps meet one row of the map, whose window begins at row `start` of the source. */
static void add_row(const walk *k, int64_t start) {
    const axis *row = &k->conv->windows.row, *column = &k->conv->windows.column;
    for (int64_t a = 0; a < row->size; a++) {
        const R *x =
            k->ring.at + ring_slot(&k->ring, start + a * row->dilation) * k->ring.width * BLOCK;
        for (int64_t b = 0; b < column->size; b += MOST_TAPS) {
            int64_t count = column->size - b < MOST_TAPS ? column->size - b : MOST_TAPS;
            R *total = k->total + (a * column->size + b) * BLOCK;
            for (int64_t lane = 0; lane < k->ring.lanes; lane += VECS * LANES)
                add_some(k, x + b * column->dilation * BLOCK, total, lane, count);
        }
    }
}

/* The row of the map from `dy` on: in place, or a copy where whole blocks would go beyond its end. */
static void take_map(walk *k, const R *dy) {
    const int64_t filters = k->conv->windows.filters;
    bool whole = k->map_end - dy >= (k->columns - 1) * filters + BLOCK;
    k->dy = whole ? dy : k->line;
    k->step = whole ? filters : BLOCK;
    for (int64_t j = 0; j < k->columns && !whole; j++)
        copy_block(k->line + j * BLOCK, dy + j * filters, k->ring.lanes, k->map_end);
}

/* Columns [from, to) of the map of one image. */
static void add_columns(walk *k, const R *x, const R *dy, int64_t from, int64_t to) {
    const windows *w = &k->conv->windows;
    const axis *row = &w->row, *column = &w->column;
    ring *r = &k->ring;
    k->columns = to - from;
    r->image = x;
    r->from = from * column->stride - column->before;
    r->width = (k->columns - 1) * column->stride + (column->size - 1) * column->dilation + 1;
    r->next = -row->before;
    for (int64_t i = 0; i < row->out; i++) {
        int64_t start = i * row->stride - row->before;
        ring_need(r, start, start + r->depth);
        take_map(k, dy + (i * column->out + from) * w->filters + r->first);
        add_row(k, start);
    }
}

static void add_images(walk *k, const R *x, const R *dy, int64_t from, int64_t to) {
    const windows *w = &k->conv->windows;
    int64_t pieces = (w->column.out + ANT__DEPTHWISE_COLUMNS - 1) / ANT__DEPTHWISE_COLUMNS;
    for (int64_t image = from; image < to; image++)
        for (int64_t piece = 0; piece < pieces; piece++)
            add_columns(k, x + image * w->row.in * w->column.in * w->channels,
                        dy + image * w->row.out * w->column.out * w->filters,
                        w->column.out * piece / pieces, w->column.out * (piece + 1) / pieces);
}

static void chunk(walk *k, const R *x, const R *dy, R *dw, int64_t from, int64_t to) {
    const windows *w = &k->conv->windows;
    const int64_t count = w->row.size * w->column.size;
    for (int64_t first = 0; first < w->filters; first += BLOCK) {
        k->ring.first = first;
        k->ring.lanes = w->filters - first < BLOCK ? w->filters - first : BLOCK;
        memset(k->total, 0, (size_t)(count * BLOCK) * sizeof *k->total);
        add_images(k, x, dy, from, to);
        for (int64_t t = 0; t < count; t++)
            memcpy(dw + t * w->filters + first, k->total + t * BLOCK,
                   (size_t)k->ring.lanes * sizeof *dw);
    }
}

/* x, dy -> dkernel, one for each chunk of the images */
void K(depthwise_kernel)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    depthwise d = read_depthwise(n);
    const windows *w = &d.windows;
    const int64_t count = w->row.size * w->column.size;
    walk k = {.conv = &d, .total = (R *)at[3] + from * d.slot};
    k.line = k.total + ant__depthwise_packed(count);
    k.ring = (ring){.rows = w->row.in, .columns = w->column.in, .channels = w->channels};
    k.ring.end = k.ring.image = at[0];
    k.ring.end += w->images * w->row.in * w->column.in * w->channels;
    k.map_end = (const R *)at[1] + w->images * w->row.out * w->column.out * w->filters;
    k.ring.repeat = d.multiplier;
    k.ring.depth = (w->row.size - 1) * w->row.dilation + 1;
    k.ring.at = k.line + ANT__DEPTHWISE_COLUMNS * BLOCK;
    for (int64_t c = from; c < to; c++)
        chunk(&k, at[0], at[1], (R *)at[2] + c * count * w->filters, w->images * c / d.cells,
              w->images * (c + 1) / d.cells);
}
