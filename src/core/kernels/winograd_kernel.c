/* The gradient of a 3 x 3 kernel by Winograd's method (winograd.h): for each of the 16 entries of a
 * transformed tile a sum of products over all tiles of a chunk's images, transformed at the end. */
#include "core/kernels/conv_kernel.h"
#include "core/kernels/winograd.h"
#include "core/kernels/winograd_product.h"

enum { SIDE = 2, PLANES = 16 };

/* Numbers [at, at + n) of the tiles of one piece, in row-major order. */
typedef struct block {
    const sums *s;
    const view *x, *dy;
    int64_t row; /* the piece's first row of tiles */
    int64_t at, n;
    planes in, out; /* of the input, of the map */
    bool add;       /* to the sums so far */
} block;

static int64_t tiles_of(const axis *a) {
    return (a->out + 1) / 2;
}

/* v (2 entries, room for 4) becomes A v. */
ALWAYS_INLINE void winograd_map(vec *v, const int step) {
    vec a = v[0], b = v[step];
    v[step] = a + b, v[2 * step] = a - b, v[3 * step] = -b;
}

/* The first 3 of v (4 entries) become G' v. */
ALWAYS_INLINE void winograd_sum(vec *v, const int step) {
    vec sum = (v[step] + v[2 * step]) * (R)0.5, difference = (v[step] - v[2 * step]) * (R)0.5;
    v[0] += sum, v[2 * step] = sum + v[3 * step], v[step] = difference;
}

ALWAYS_INLINE void take_lanes(const planes *p, int64_t tile, const R *from, int64_t pitch,
                              int64_t c, int64_t lanes) {
    vec v[PLANES];
    UNROLL
    for (int k = 0; k < 4; k++)
        v[4 * (k / 2) + k % 2] =
            vec_load_some(from + k / 2 * pitch + k % 2 * p->channels + c, lanes);
    UNROLL
    for (int j = 0; j < 2; j++)
        winograd_map(v + j, 4);
    UNROLL
    for (int i = 0; i < 4; i++)
        winograd_map(v + 4 * i, 1);
    planes_store(p, tile, c, lanes, v, SIDE);
}

/* The 2 x 2 entries of the map from `from` on become tile number `tile`. */
static void take_map(const planes *p, int64_t tile, const R *from, int64_t pitch) {
    int64_t c = 0;
    for (; c + LANES <= p->channels; c += LANES)
        take_lanes(p, tile, from, pitch, c, LANES);
    if (c < p->channels)
        take_lanes(p, tile, from, pitch, c, p->channels - c);
}

static void transform(const block *b) {
    const windows *w = &b->s->conv->windows;
    int64_t across = tiles_of(&w->column);
    for (int64_t q = 0; q < b->n; q++) {
        int64_t i = 2 * (b->row + (b->at + q) / across), j = 2 * ((b->at + q) % across);
        planes_take(&b->in, q, view_pixel(b->x, i - w->row.before, j - w->column.before),
                    b->x->pitch, SIDE);
        take_map(&b->out, q, view_pixel(b->dy, i, j), b->dy->pitch);
    }
}

APART void multiply_rows(const product *p, const R *a, const R *b, R *c, int64_t rows) {
    product_rows(p, a, b, c, rows, true);
}

static void multiply(const block *b) {
    const windows *w = &b->s->conv->windows;
    const int64_t row = ant__winograd_sums(1, w->filters);
    for (int k = 0; k < PLANES; k++) {
        const product p = {.m = w->channels,
                           .n = w->filters,
                           .k = b->n,
                           .a = b->in.at + k * b->in.size,
                           .a_row = b->in.pitch,
                           .b = b->out.at + k * b->out.size,
                           .b_row = b->out.pitch,
                           .c = b->s->memory + k * ant__winograd_sums(w->channels, w->filters),
                           .c_row = row,
                           .add = b->add};
        product_make(&p, multiply_rows, true);
    }
}

/* Rows [from, to) of the tiles of image number k. */
static void sum_piece(block *b, int64_t k, int64_t from, int64_t to) {
    const sums *s = b->s;
    const windows *w = &s->conv->windows;
    const axis *row = &w->row, *column = &w->column;
    int64_t across = tiles_of(column), tiles = s->conv->tiles;
    R *buffer = s->memory + s->conv->piece;
    image x = {s->x + k * row->in * column->in * w->channels, row->in, column->in, w->channels};
    image dy = {s->dy + k * row->out * column->out * w->filters, row->out, column->out, w->filters};
    view of_x = K(conv_view)(&x, (range){2 * from - row->before, 2 * to + 2 - row->before},
                             (range){-column->before, 2 * across + 2 - column->before}, buffer);
    view of_dy = K(conv_view)(&dy, (range){2 * from, 2 * to}, (range){0, 2 * across},
                              buffer + ant__winograd_view(SIDE, across, w->channels));
    b->x = &of_x;
    b->dy = &of_dy;
    b->row = from;
    for (b->at = 0; b->at < (to - from) * across; b->at += tiles) {
        b->n = (to - from) * across - b->at < tiles ? (to - from) * across - b->at : tiles;
        transform(b);
        multiply(b);
        b->add = true;
    }
    b->x = b->dy = NULL;
}

/* dw = G' S G for the sums S of a channel and the filters from f on. */
ALWAYS_INLINE void finish_lanes(const sums *s, int64_t channel, int64_t f, int64_t lanes) {
    const windows *w = &s->conv->windows;
    const int64_t plane = ant__winograd_sums(w->channels, w->filters);
    const R *from = s->memory + ant__winograd_sums(channel, w->filters) + f;
    R *to = s->dw + channel * w->filters + f;
    vec v[PLANES];
    for (int k = 0; k < PLANES; k++)
        v[k] = vec_load_some(from + k * plane, lanes);
    UNROLL
    for (int j = 0; j < 4; j++)
        winograd_sum(v + j, 4);
    UNROLL
    for (int i = 0; i < 3; i++)
        winograd_sum(v + 4 * i, 1);
    for (int k = 0; k < 9; k++)
        vec_store_some(to + k * w->channels * w->filters, v[4 * (k / 3) + k % 3], lanes);
}

static void finish(const sums *s) {
    const windows *w = &s->conv->windows;
    for (int64_t c = 0; c < w->channels; c++)
        for (int64_t f = 0; f < w->filters; f += LANES)
            finish_lanes(s, c, f, w->filters - f);
}

void K(winograd_sums)(const sums *s, range images) {
    enum { MOST = ANT__CONV_ROWS / 2 };
    const windows *w = &s->conv->windows;
    int64_t rows = tiles_of(&w->row);
    block b = {.s = s};
    b.in = planes_at(s->memory + s->conv->runs, s->conv->tiles, w->channels);
    b.out = planes_at(b.in.at + PLANES * b.in.size, s->conv->tiles, w->filters);
    for (int64_t k = images.from; k < images.to; k++)
        for (int64_t t = 0; t < rows; t += MOST)
            sum_piece(&b, k, t, t + MOST < rows ? t + MOST : rows);
    finish(s);
}
