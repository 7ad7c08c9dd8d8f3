/* Depthwise convolution and its transpose in the input.
 *
 * Both make each entry of a result out of windows of a source, as kernels/conv.c has it: with
 * strides the transpose is one such walk per phase, as entries with the same remainder meet the
 * same taps. A tile is some columns of the result times two vectors of channels; its sums stay in
 * registers for all taps.
 *
 * Numbers: those of depthwise.h; depthwise also: whether there is a bias, whether negative results
 * are cut and at what limit. A cell is a part of all rows of the result and uses the slot of the
 * first cell of its call. */
#include "core/kernels/depthwise.h"
#include "core/kernels/depthwise3.h"
#include <math.h>

enum {
    VECS = 2,
    TILE = ANT__VECTOR_BYTES == 64   ? 8
           : ANT__VECTOR_BYTES == 32 ? 6
                                     : 4 /* columns */
};

/* Source entries under so many positions. */
static int64_t under(const line *l, int64_t count) {
    return (count - 1) * l->walk + (l->taps > 0 ? (l->taps - 1) * l->reach : 0) + 1;
}

/* --- one tile --- */

typedef struct gather {
    line row, column;
    const depthwise *conv;
    const R *source, *kernel, *bias; /* bias: NULL, none */
    R *to;
    int64_t rows, columns, channels; /* of the result */
    int64_t source_rows, source_columns, source_channels;
    bool summed; /* entries of a channel are added up in the result, which starts at zero */
    bool cut;    /* results within [0, limit] */
    R limit;
    R *packed; /* of each block of the group [tap][BLOCK], then the bias */
    ring ring;
    span block;       /* the one under way, … */
    const R *weights; /* … its part of `packed` */
    int64_t row_slot; /* of the tile's first tap */
} gather;

ALWAYS_INLINE vec finish(const gather *g, vec x) {
    return g->cut ? vec_bound(x, vec_all(g->limit)) : x;
}

/* Two vectors of channels, of which `lanes` are real. */
ALWAYS_INLINE void store(R *y, const vec *sum, int64_t lanes) {
    for (int v = 0; v < VECS && lanes > v * LANES; v++)
        vec_store_some(y + v * LANES, sum[v], lanes - v * LANES);
}

/* `count` columns of the result from source entry `at` of the ring on; y is the first of them, the
 * next ones y_step apart. */
ALWAYS_INLINE void tile(const gather *g, int64_t at, R *y, int64_t y_step, int64_t lane,
                        const int count, const int64_t walk) {
    vec sum[TILE][VECS];
    const R *w = g->weights + lane, *bias = w + g->row.taps * g->column.taps * BLOCK;
    int64_t slot = g->row_slot;
    UNROLL
    for (int j = 0; j < count; j++) {
        UNROLL
        for (int v = 0; v < VECS; v++)
            sum[j][v] = vec_load(bias + v * LANES);
    }
    for (int64_t a = 0; a < g->row.taps; a++) {
        const R *x = g->block.rows + (slot * g->ring.width + at) * BLOCK + lane;
        for (int64_t b = 0; b < g->column.taps; b++, w += BLOCK, x += g->column.reach * BLOCK) {
            vec weight[VECS];
            UNROLL
            for (int v = 0; v < VECS; v++) {
                weight[v] = vec_load(w + v * LANES);
                vec_keep(&weight[v]);
            }
            UNROLL
            for (int j = 0; j < count; j++) {
                UNROLL
                for (int v = 0; v < VECS; v++)
                    sum[j][v] =
                        vec_fma(vec_load(x + j * walk * BLOCK + v * LANES), weight[v], sum[j][v]);
            }
        }
        slot += g->row.reach;
        slot -= slot >= g->ring.depth ? g->ring.depth : 0;
    }
    UNROLL
    for (int j = 0; j < count; j++) {
        UNROLL
        for (int v = 0; v < VECS; v++)
            sum[j][v] = finish(g, sum[j][v]);
        store(y + j * y_step, sum[j], g->block.lanes - lane);
    }
}

ALWAYS_INLINE void tile_of(const gather *g, int64_t at, R *y, int64_t y_step, int64_t lane,
                           int64_t count, const int64_t walk) {
    switch (count) {
    case 1:
        tile(g, at, y, y_step, lane, 1, walk);
        break;
    case 2:
        tile(g, at, y, y_step, lane, 2, walk);
        break;
    case 3:
        tile(g, at, y, y_step, lane, 3, walk);
        break;
#if ANT__VECTOR_BYTES >= 32
    case 4:
        tile(g, at, y, y_step, lane, 4, walk);
        break;
    case 5:
        tile(g, at, y, y_step, lane, 5, walk);
        break;
#endif
#if ANT__VECTOR_BYTES == 64
    case 6:
        tile(g, at, y, y_step, lane, 6, walk);
        break;
    case 7:
        tile(g, at, y, y_step, lane, 7, walk);
        break;
#endif
    default:
        tile(g, at, y, y_step, lane, TILE, walk);
    }
}

static void tile_by_ones(const gather *g, int64_t at, R *y, int64_t y_step, int64_t lane,
                         int64_t count) {
    tile_of(g, at, y, y_step, lane, count, 1);
}

static void tile_by_twos(const gather *g, int64_t at, R *y, int64_t y_step, int64_t lane,
                         int64_t count) {
    tile_of(g, at, y, y_step, lane, count, 2);
}

static void tile_by_more(const gather *g, int64_t at, R *y, int64_t y_step, int64_t lane,
                         int64_t count) {
    tile_of(g, at, y, y_step, lane, count, g->column.walk);
}

typedef void tile_fn(const gather *g, int64_t at, R *y, int64_t y_step, int64_t lane,
                     int64_t count);

static tile_fn *body_of(const gather *g) {
    return g->column.walk == 1 ? tile_by_ones : g->column.walk == 2 ? tile_by_twos : tile_by_more;
}

/* --- a row, a block --- */

/* The entries of a channel's own join it. */
static void add_up(const gather *g, R *y, int64_t y_step, const R *part, int64_t count) {
    for (int64_t j = 0; j < count; j++)
        for (int64_t i = 0; i < g->block.lanes; i++)
            y[j * y_step + (g->block.first + i) / g->conv->multiplier] += part[j * BLOCK + i];
}

/* Columns [from, to) of the line, into row `y` of the result. */
static void make_columns(const gather *g, R *y, int64_t from, int64_t to) {
    const int64_t y_step = g->column.step * g->channels;
    tile_fn *body = body_of(g);
    R part[TILE * BLOCK];
    y += (g->column.first + from * g->column.step) * g->channels;
    for (int64_t k = from; k < to; k += TILE, y += TILE * y_step) {
        int64_t count = to - k < TILE ? to - k : TILE, at = (k - from) * g->column.walk;
        R *out = g->summed ? part : y + g->block.first;
        for (int64_t lane = 0; lane < g->block.lanes; lane += VECS * LANES)
            body(g, at, out + lane, g->summed ? BLOCK : y_step, lane, count);
        if (g->summed)
            add_up(g, y, y_step, part, count);
    }
}

static int64_t ceiling(int64_t a, int64_t b) {
    return a > 0 ? (a + b - 1) / b : 0;
}

static int64_t packed_size(const gather *g) {
    const windows *w = &g->conv->windows;
    return ant__depthwise_packed(w->row.size * w->column.size);
}

/* Row `row` of the result, for all blocks of the group. */
static void make_row(gather *g, int64_t row, int64_t left, int64_t right) {
    for (int64_t k = 0; k < ring_blocks(&g->ring); k++) {
        g->block = ring_block(&g->ring, k);
        g->weights = g->packed + k * packed_size(g);
        make_columns(g, g->to + row * g->columns * g->channels, left, right);
    }
}

/* Rows [from, to) of the result's image k, which the row line has, and columns of the line. */
static void make_group(gather *g, int64_t k, int64_t from, int64_t to, int64_t left,
                       int64_t right) {
    const line *l = &g->row;
    int64_t first = ceiling(from - l->first, l->step), last = ceiling(to - l->first, l->step);
    ring *r = &g->ring;
    r->image = g->source + k * g->source_rows * g->source_columns * g->source_channels;
    r->from = left * g->column.walk + g->column.shift;
    r->width = under(&g->column, right - left);
    r->depth = under(l, 1);
    r->next = first * l->walk + l->shift;
    for (int64_t t = first; t < last; t++) {
        int64_t start = t * l->walk + l->shift;
        if (l->taps > 0 && g->column.taps > 0)
            ring_need(r, start, start + r->depth);
        g->row_slot = ring_slot(r, start);
        make_row(g, k * g->rows + l->first + t * l->step, left, right);
    }
}

/* A block's taps, in the order of their source entries, then its bias. */
static void pack(const gather *g, const span *block, R *to) {
    const int64_t entries = g->conv->windows.filters;
    const size_t bytes = (size_t)block->lanes * sizeof *to;
    memset(to, 0, (size_t)packed_size(g) * sizeof *to);
    for (int64_t a = 0; a < g->row.taps; a++)
        for (int64_t b = 0; b < g->column.taps; b++, to += BLOCK) {
            int64_t tap = (g->row.tap + a * g->row.tap_step) * g->conv->windows.column.size +
                          g->column.tap + b * g->column.tap_step;
            memcpy(to, g->kernel + tap * entries + block->first, bytes);
        }
    if (g->bias)
        memcpy(to, g->bias + block->first, bytes);
}

/* Rows [from, to) of the result's image k, group by group and some columns at a time. */
static void make_image(gather *g, int64_t k, int64_t from, int64_t to) {
    const int64_t entries = g->conv->windows.filters, count = g->column.count;
    const int64_t pieces = (count + ANT__DEPTHWISE_COLUMNS - 1) / ANT__DEPTHWISE_COLUMNS;
    const int64_t group = ant__depthwise_group(entries) * BLOCK;
    for (int64_t first = 0; first < entries; first += group) {
        g->ring.first = first;
        g->ring.lanes = entries - first < group ? entries - first : group;
        for (int64_t i = 0; i < ring_blocks(&g->ring); i++) {
            const span b = ring_block(&g->ring, i);
            pack(g, &b, g->packed + i * packed_size(g));
        }
        for (int64_t piece = 0; piece < pieces; piece++)
            make_group(g, k, from, to, count * piece / pieces, count * (piece + 1) / pieces);
    }
}

/* The same by depthwise3. */
static void make_rows3(const gather *g, int64_t from, int64_t to) {
    const depthwise3 d = depthwise3_of(&g->ring, g->source, &g->row, &g->column);
    depthwise3_map m = {.bias = g->bias, .cut = g->cut, .limit = g->limit, .y = g->to};
    for (int k = 0; k < TAPS * TAPS; k++) {
        int64_t tap = (g->row.tap + k / TAPS * g->row.tap_step) * TAPS + g->column.tap +
                      k % TAPS * g->column.tap_step;
        m.tap[k] = g->kernel + tap * d.channels;
    }
    K(depthwise3)(&d, &m, from, to);
}

/* Rows [from, to) of all images' rows. */
static void make_rows(gather *g, int64_t from, int64_t to) {
    if (g->conv->multiplier == 1 && depthwise3_takes(&g->row, &g->column, g->channels)) {
        make_rows3(g, from, to);
        return;
    }
    for (int64_t start = from, end; start < to; start = end) {
        int64_t k = start / g->rows;
        end = (k + 1) * g->rows < to ? (k + 1) * g->rows : to;
        make_image(g, k, start - k * g->rows, end - k * g->rows);
    }
}

static void use_slot(gather *g, R *workspace, int64_t cell) {
    g->packed = workspace + cell * g->conv->slot;
    g->ring.at = g->packed + ant__depthwise_group(g->conv->windows.filters) * packed_size(g);
}

/* x, kernel, bias or nothing -> y */
void K(depthwise)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    depthwise d = read_depthwise(n);
    const windows *w = &d.windows;
    int64_t biased = d.more[0].i, rows = w->images * w->row.out;
    gather g = {.row = forward_line(&w->row), .column = forward_line(&w->column), .conv = &d};
    g.source = at[0], g.kernel = at[1], g.bias = biased ? at[2] : NULL, g.to = at[2 + biased];
    g.rows = w->row.out, g.columns = w->column.out, g.channels = w->filters;
    g.source_rows = w->row.in, g.source_columns = w->column.in, g.source_channels = w->channels;
    g.cut = d.more[1].i, g.limit = (R)d.more[2].f;
    g.ring = (ring){.rows = w->row.in, .columns = w->column.in, .channels = w->channels};
    ring_reads(&g.ring, g.source, w->images * w->row.in * w->column.in * w->channels);
    g.ring.repeat = d.multiplier;
    use_slot(&g, at[3 + biased], from);
    make_rows(&g, rows * from / d.cells, rows * to / d.cells);
}

/* dy, kernel -> dx */
void K(depthwise_input)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    depthwise d = read_depthwise(n);
    const windows *w = &d.windows;
    int64_t first = w->images * w->row.in * from / d.cells;
    int64_t last = w->images * w->row.in * to / d.cells, size = w->column.in * w->channels;
    gather g = {.conv = &d, .source = at[0], .kernel = at[1], .to = at[2]};
    g.rows = w->row.in, g.columns = w->column.in, g.channels = w->channels;
    g.source_rows = w->row.out, g.source_columns = w->column.out, g.source_channels = w->filters;
    g.summed = d.multiplier > 1;
    g.ring = (ring){.rows = w->row.out, .columns = w->column.out, .channels = w->filters};
    ring_reads(&g.ring, g.source, w->images * w->row.out * w->column.out * w->filters);
    g.ring.repeat = 1;
    use_slot(&g, at[3], from);
    if (g.summed && last > first)
        memset(g.to + first * size, 0, (size_t)((last - first) * size) * sizeof *g.to);
    for (int64_t i = 0; i < w->row.stride; i++)
        for (int64_t j = 0; j < w->column.stride; j++) {
            g.row = transposed_line(&w->row, i);
            g.column = transposed_line(&w->column, j);
            make_rows(&g, first, last);
        }
}
