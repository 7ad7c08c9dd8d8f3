/* Convolution and its transpose in the input, as matrix products that read images in place.
 *
 * Both make each entry of a result out of windows of a source: a product of (pixels of a row) x
 * (taps and source channels) with (taps and source channels) x (result channels). The left side is
 * never copied together: its k runs over pieces of the source, `runs`, that are adjacent in memory.
 * The source is copied only where windows reach beyond its edges, some rows at a time.
 *
 * The transpose with strides is one such product per phase: entries of the result with the same
 * remainder meet the same taps. (Dumoulin and Visin, "A guide to convolution arithmetic", 2016.)
 *
 * Numbers: those of conv.h, also conv2d's own.
 * A cell is a part of all rows of the result, and uses the slot of the first cell of its call.
 */
#include "core/kernels/conv_gather.h"
#include <string.h>

/* --- pieces of images --- */

static void copy_row(R *to, const image *m, int64_t r, range columns) {
    int64_t c = m->channels, total = (columns.to - columns.from) * c;
    int64_t first = columns.from < 0 ? -columns.from * c : 0;
    int64_t start = columns.from > 0 ? columns.from : 0;
    int64_t end = columns.to < m->columns ? columns.to : m->columns;
    int64_t count = end > start ? (end - start) * c : 0;
    if (r < 0 || r >= m->rows || count == 0) {
        memset(to, 0, (size_t)total * sizeof *to);
        return;
    }
    memset(to, 0, (size_t)first * sizeof *to);
    memcpy(to + first, m->at + (r * m->columns + start) * c, (size_t)count * sizeof *to);
    memset(to + first + count, 0, (size_t)(total - first - count) * sizeof *to);
}

view K(conv_view)(const image *m, range rows, range columns, R *buffer) {
    if (rows.from >= 0 && rows.to <= m->rows && columns.from >= 0 && columns.to <= m->columns)
        return (view){m->at, 0, 0, m->columns * m->channels, m->channels};
    int64_t pitch = ant__conv_pitch(columns.to - columns.from, m->channels);
    for (int64_t r = rows.from; r < rows.to; r++)
        copy_row(buffer + (r - rows.from) * pitch, m, r, columns);
    return (view){buffer, rows.from, columns.from, pitch, m->channels};
}

/* --- one axis --- */

static range line_range(const line *l, int64_t from, int64_t to) {
    int64_t start = from * l->walk + l->shift;
    return (range){start, (to - 1) * l->walk + l->shift + (l->taps - 1) * l->reach + 1};
}

/* --- the product --- */

static int64_t depth(const gather *g) {
    return g->row.taps * g->column.taps * g->in;
}

static R *packed_group(const gather *g, int64_t group) {
    return g->packed + group * ant__gemm_packed(depth(g), g->out);
}

/* The kernel's taps, in the order of their source entries, as the right side of the products. */
static void pack_taps(const gather *g, int64_t group) {
    R *packed = packed_group(g, group);
    int64_t row = 0;
    for (int64_t i = 0; i < g->row.taps; i++)
        for (int64_t j = 0; j < g->column.taps; j++, row += g->in) {
            int64_t tap = (g->row.tap + i * g->row.tap_step) * g->conv->windows.column.size +
                          g->column.tap + j * g->column.tap_step;
            gemm_matrix block = g->block;
            block.at += tap * g->tap_size + group * g->filters;
            K(gemm_pack_rows)(packed, block, row, g->in, depth(g), g->out);
        }
}

/* Where the left side's k goes on: at each tap, or only at each row of taps where the taps of a
 * row are adjacent in memory. Returns how many runs there are. */
static int64_t set_runs(const gather *g, const view *v, int64_t *runs) {
    bool adjacent = g->conv->groups == 1 && (g->column.reach == 1 || g->column.taps == 1);
    int64_t n = 0, per_row = adjacent ? 1 : g->column.taps;
    for (int64_t i = 0; i < g->row.taps; i++)
        for (int64_t j = 0; j < per_row; j++)
            runs[n++] = i * g->row.reach * v->pitch + j * g->column.reach * v->channels;
    return n;
}

/* Rows [from, to) of the result's image number k, from a view of the source. */
static void multiply_rows(const gather *g, const view *v, int64_t k, int64_t from, int64_t to) {
    int64_t *table = (int64_t *)(void *)(g->memory + g->conv->runs);
    gemm product = {.n = g->out, .k = depth(g), .a_runs = table};
    product.activation = g->activation;
    product.limit = g->limit;
    product.runs = set_runs(g, v, table);
    product.a.row = g->column.walk * v->channels;
    product.a.column = 1;
    product.c_row = product.rest_row = g->column.step * g->result.channels;
    /* Rows whose pixels follow each other evenly are one. */
    bool even = g->row.walk * v->pitch == g->column.count * product.a.row && g->row.step == 1 &&
                g->column.step == 1;
    int64_t rows = even ? to - from : 1;
    product.m = rows * g->column.count;
    for (int64_t t = from; t < to; t += rows)
        for (int64_t group = 0; group < g->conv->groups; group++) {
            int64_t row = k * g->result.rows + g->row.first + t * g->row.step;
            int64_t pixel = row * g->result.columns + g->column.first;
            product.a.at =
                view_pixel(v, t * g->row.walk + g->row.shift, g->column.shift) + group * g->in;
            product.packed = packed_group(g, group);
            const int64_t at = pixel * g->result.channels + group * g->out;
            product.c = g->to + at;
            product.rest = g->rest ? g->rest + at : NULL;
            product.bias = g->bias ? g->bias + group * g->out : NULL;
            K(gemm)(&product);
        }
}

static void gather_piece(const gather *g, int64_t k, int64_t from, int64_t to) {
    const image *s = &g->source;
    image m = *s;
    m.at = g->from + k * s->rows * s->columns * s->channels;
    view v = K(conv_view)(&m, line_range(&g->row, from, to),
                          line_range(&g->column, 0, g->column.count), g->memory + g->conv->piece);
    multiply_rows(g, &v, k, from, to);
}

void K(gather_pack)(const gather *g) {
    if (g->ready)
        return;
    if (g->conv->tiles > 0) {
        K(winograd_pack)(g);
        return;
    }
    for (int64_t group = 0; group < g->conv->groups; group++)
        pack_taps(g, group);
}

/* Rows (by Winograd's method: of tiles) of a result. */
static int64_t rows_of(const gather *g) {
    return g->conv->tiles > 0 ? K(winograd_rows)(g) : g->row.count;
}

/* Rows [at, end) of all images. */
static void gather_range(const gather *g, int64_t at, int64_t end) {
    enum { MOST = ANT__CONV_ROWS };
    const int64_t rows = rows_of(g);
    if (g->conv->tiles > 0) {
        K(winograd)(g, at, end);
        return;
    }
    while (at < end && rows > 0) {
        int64_t first = at % rows, count = rows - first;
        count = count < MOST ? count : MOST;
        count = count < end - at ? count : end - at;
        gather_piece(g, at / rows, first, first + count);
        at += count;
    }
}

void K(gather_images)(const gather *g, int64_t images) {
    gather_range(g, 0, images * rows_of(g));
}

/* The rows of all images that belong to the cells [from, to). */
static void gather_cells(const gather *g, int64_t from, int64_t to) {
    const int64_t total = g->conv->windows.images * rows_of(g);
    const int64_t at = total * from / g->conv->cells, end = total * to / g->conv->cells;
    if (at >= end || g->column.count == 0) /* no rows: at is end */
        return;
    K(gather_pack)(g);
    gather_range(g, at, end);
}

/* --- kernels --- */

static gather forward_gather(const conv *c) {
    const windows *w = &c->windows;
    gather g = {.row = forward_line(&w->row), .column = forward_line(&w->column)};
    g.source = (image){NULL, w->row.in, w->column.in, w->channels};
    g.result = (image){NULL, w->row.out, w->column.out, w->filters};
    g.in = w->channels / c->groups;
    g.out = w->filters / c->groups;
    g.block = (gemm_matrix){NULL, w->filters, 1};
    g.filters = g.out;
    g.tap_size = g.in * w->filters;
    return g;
}

/* Without a kernel that is packed beforehand, it is packed into the slot. */
static void use_slot(gather *g, void *memory, int64_t cell) {
    g->memory = (R *)memory + cell * g->conv->slot;
    if (!g->ready)
        g->packed = g->memory;
}

gather K(conv_forward)(const conv *c, void *const *at, int outputs, int64_t from) {
    gather g = forward_gather(c);
    const bool bias = c->more[CONV_BIAS].i != 0, rest = c->more[CONV_REST].i != 0;
    g.conv = c;
    g.from = at[0];
    g.block.at = g.packed = at[1];
    g.ready = c->more[CONV_PACKED].i != 0;
    g.bias = bias ? at[2] : NULL;
    g.rest = rest ? at[2 + bias] : NULL;
    g.activation = (gemm_activation)c->more[CONV_ACTIVATION].i;
    g.limit = (R)c->more[CONV_LIMIT].f;
    g.to = at[2 + bias + rest];
    use_slot(&g, at[2 + bias + rest + outputs], from);
    return g;
}

/* x, w [, bias] [, rest] -> y */
void K(conv2d)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    conv c = read_conv(n);
    gather g = K(conv_forward)(&c, at, 1, from);
    gather_cells(&g, from, to);
}

/* w -> the kernel as conv2d reads it, packed */
void K(conv2d_pack)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    conv c = read_conv(n);
    gather g = forward_gather(&c);
    g.conv = &c;
    g.block.at = at[0];
    g.packed = at[1];
    g.memory = at[2];
    if (from < to)
        K(gather_pack)(&g);
}

static gather transposed_gather(const conv *c, int64_t row_phase, int64_t column_phase) {
    const windows *w = &c->windows;
    gather g = {.row = transposed_line(&w->row, row_phase),
                .column = transposed_line(&w->column, column_phase)};
    g.source = (image){NULL, w->row.out, w->column.out, w->filters};
    g.result = (image){NULL, w->row.in, w->column.in, w->channels};
    g.in = w->filters / c->groups;
    g.out = w->channels / c->groups;
    g.block = (gemm_matrix){NULL, 1, w->filters};
    g.filters = g.in;
    g.tap_size = g.out * w->filters;
    return g;
}

/* dy, w -> dx */
void K(conv2d_input)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    conv c = read_conv(n);
    for (int64_t i = 0; i < c.windows.row.stride; i++)
        for (int64_t j = 0; j < c.windows.column.stride; j++) {
            gather g = transposed_gather(&c, i, j);
            g.conv = &c;
            g.from = at[0];
            g.block.at = at[1];
            g.to = at[2];
            use_slot(&g, at[3], from);
            gather_cells(&g, from, to);
        }
}
