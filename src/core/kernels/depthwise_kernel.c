/* The transpose of depthwise convolution in its kernel: each tap's sum over all positions of a
 * source entry times the map's. The taps of a row of the kernel, a few at a time, walk together
 * over a row of the map, their sums in registers; rows join the total one by one, so that long sums
 * lose no digits.
 *
 * Numbers: those of depthwise.h. A cell is a part of the images and uses the slot of the first cell
 * of its call. */
#include "core/kernels/depthwise.h"
#include "core/kernels/depthwise3.h"

enum { VECS = 2, MOST_TAPS = 5 };

typedef struct walk {
    const depthwise *conv;
    const R *dy; /* a row of the map's block, pixels `step` apart */
    const R *map_end;
    int64_t step, columns;
    ring ring;
    span block; /* the one under way */
    R *line;    /* memory for such a row */
    R *total;   /* of each block of the group [tap][BLOCK] */
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
        for (int v = 0; v < VECS; v++) {
            d[v] = vec_load(dy + v * LANES);
            vec_keep(&d[v]);
        }
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

/* All taps of a block meet one row of the map, whose window begins at row `start` of the source. */
static void add_row(const walk *k, R *total, int64_t start) {
    const axis *row = &k->conv->windows.row, *column = &k->conv->windows.column;
    for (int64_t a = 0; a < row->size; a++) {
        const R *x =
            k->block.rows + ring_slot(&k->ring, start + a * row->dilation) * k->ring.width * BLOCK;
        for (int64_t b = 0; b < column->size; b += MOST_TAPS) {
            int64_t count = column->size - b < MOST_TAPS ? column->size - b : MOST_TAPS;
            R *to = total + (a * column->size + b) * BLOCK;
            for (int64_t lane = 0; lane < k->block.lanes; lane += VECS * LANES)
                add_some(k, x + b * column->dilation * BLOCK, to, lane, count);
        }
    }
}

/* The row of the map from `dy` on: in place, or a copy where whole blocks would go beyond its
 * end. */
static void take_map(walk *k, const R *dy) {
    const int64_t filters = k->conv->windows.filters;
    bool whole = k->map_end - dy >= (k->columns - 1) * filters + BLOCK;
    k->dy = whole ? dy : k->line;
    k->step = whole ? filters : BLOCK;
    for (int64_t j = 0; j < k->columns && !whole; j++)
        copy_block(k->line + j * BLOCK, dy + j * filters, k->block.lanes, k->map_end);
}

static int64_t taps_of(const walk *k) {
    return k->conv->windows.row.size * k->conv->windows.column.size;
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
        for (int64_t b = 0; b < ring_blocks(r); b++) {
            k->block = ring_block(r, b);
            take_map(k, dy + (i * column->out + from) * w->filters + k->block.first);
            add_row(k, k->total + b * taps_of(k) * BLOCK, start);
        }
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

/* The sums of the group's blocks into their places. */
static void give_totals(const walk *k, R *dw) {
    const int64_t filters = k->conv->windows.filters;
    for (int64_t b = 0; b < ring_blocks(&k->ring); b++) {
        const span block = ring_block(&k->ring, b);
        for (int64_t t = 0; t < taps_of(k); t++)
            memcpy(dw + t * filters + block.first, k->total + (b * taps_of(k) + t) * BLOCK,
                   (size_t)block.lanes * sizeof *dw);
    }
}

static void chunk(walk *k, const R *x, const R *dy, R *dw, int64_t from, int64_t to) {
    const windows *w = &k->conv->windows;
    const line row = forward_line(&w->row), column = forward_line(&w->column);
    const int64_t filters = w->filters;
    if (k->conv->multiplier == 1 && depthwise3_takes(&row, &column, filters)) {
        const depthwise3 d = depthwise3_of(&k->ring, x, &row, &column);
        K(depthwise3_kernel)(&d, dy, dw, k->total, from, to);
        return;
    }
    const int64_t group = ant__depthwise_group(filters) * BLOCK;
    for (int64_t first = 0; first < filters; first += group) {
        k->ring.first = first;
        k->ring.lanes = filters - first < group ? filters - first : group;
        memset(k->total, 0, (size_t)(taps_of(k) * group) * sizeof *k->total);
        add_images(k, x, dy, from, to);
        give_totals(k, dw);
    }
}

/* x, dy -> dkernel, one for each chunk of the images */
void K(depthwise_kernel)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    depthwise d = read_depthwise(n);
    const windows *w = &d.windows;
    const int64_t count = w->row.size * w->column.size;
    walk k = {.conv = &d, .total = (R *)at[3] + from * d.slot};
    k.line = k.total + ant__depthwise_group(w->filters) * ant__depthwise_packed(count);
    k.ring = (ring){.rows = w->row.in, .columns = w->column.in, .channels = w->channels};
    ring_reads(&k.ring, at[0], w->images * w->row.in * w->column.in * w->channels);
    k.map_end = (const R *)at[1] + w->images * w->row.out * w->column.out * w->filters;
    k.ring.repeat = d.multiplier;
    k.ring.depth = (w->row.size - 1) * w->row.dilation + 1;
    k.ring.at = k.line + ANT__DEPTHWISE_COLUMNS * BLOCK;
    for (int64_t c = from; c < to; c++)
        chunk(&k, at[0], at[1], (R *)at[2] + c * count * w->filters, w->images * c / d.cells,
              w->images * (c + 1) / d.cells);
}
