/* Convolution with 3 x 3 kernels by Winograd's method (winograd.h), forward and its transpose.
 *
 * Tile (t, u) makes results s t … s t + s - 1 x s u … s u + s - 1 of (s + 2) x (s + 2) source
 * entries. A cell is a part of the rows of tiles of all images, so that what a tile is made of
 * never depends on the cells.
 */
#include "core/kernels/winograd.h"
#include "core/kernels/conv_pool.h"
#include "core/kernels/winograd_product.h"
#include <string.h>

/* n tiles that follow each other, from number `first` of those of all images on. */
typedef struct block {
    const gather *g;
    int64_t first, n;
    int64_t rows, across; /* of an image's tiles */
    planes in, out;
    const R *zeros; /* a pixel outside of the images */
} block;

/* The results that see any of the source: those behind them stay 0. */
static int64_t seen(const line *l, int64_t source) {
    int64_t most = source - l->shift;
    return most < 0 ? 0 : most < l->count ? most : l->count;
}

static int64_t tiles_of(const gather *g, const line *l, int64_t source) {
    return (seen(l, source) + g->conv->side - 1) / g->conv->side;
}

static int planes_of(const gather *g) {
    return (int)ant__winograd_entries(g->conv->side);
}

/* --- the kernel --- */

/* G g G' for the channels at `at`, in the layout of the kernel's taps: as many arrays as planes. */
ALWAYS_INLINE void transform_taps(const gather *g, int64_t at, int64_t lanes, R *to,
                                  const int side) {
    const int edge = side + 2;
    vec v[MOST_PLANES];
    UNROLL
    for (int i = 0; i < 3; i++) {
        UNROLL
        for (int j = 0; j < 3; j++) {
            int64_t tap =
                (g->row.tap + i * g->row.tap_step) * 3 + g->column.tap + j * g->column.tap_step;
            v[edge * i + j] = vec_load_some(g->block.at + tap * g->tap_size + at, lanes);
        }
    }
    UNROLL
    for (int j = 0; j < 3; j++)
        winograd_kernel(v + j, edge, side);
    UNROLL
    for (int i = 0; i < edge; i++)
        winograd_kernel(v + edge * i, 1, side);
    for (int k = 0; k < edge * edge; k++)
        vec_store_some(to + k * g->tap_size + at, v[k], lanes);
}

ALWAYS_INLINE void transform_kernel(const gather *g, R *to, const int side) {
    int64_t at = 0;
    for (; at + LANES <= g->tap_size; at += LANES)
        transform_taps(g, at, LANES, to, side);
    if (at < g->tap_size)
        transform_taps(g, at, g->tap_size - at, to, side);
}

static int64_t packed_size(const gather *g) {
    return ant__gemm_packed(g->in, g->out);
}

void K(winograd_pack)(const gather *g) {
    R *raw = g->memory + g->conv->runs;
    if (g->conv->side == 4)
        transform_kernel(g, raw, 4);
    else
        transform_kernel(g, raw, 2);
    for (int k = 0; k < planes_of(g); k++) {
        gemm_matrix taps_of_plane = {raw + k * g->tap_size, g->block.row, g->block.column};
        K(gemm_pack)(g->packed + k * packed_size(g), taps_of_plane, g->in, g->out);
    }
}

/* --- the sources --- */

/* The pixels of the tile whose first one is (i, j); those outside of the image, which begins at
 * `from`, are zero. */
static void find_pixels(const block *b, const R *from, int64_t i, int64_t j, int edge,
                        const R **pixel) {
    const image *s = &b->g->source;
    for (int64_t r = i; r < i + edge; r++)
        for (int64_t c = j; c < j + edge; c++) {
            const bool inside = r >= 0 && r < s->rows && c >= 0 && c < s->columns;
            *pixel++ = inside ? from + (r * s->columns + c) * s->channels : b->zeros;
        }
}

/* The tile of such an image whose first pixel is (i, j) becomes the block's next one, where it
 * reaches beyond the image. */
APART void take_edge(const block *b, const R *from, int64_t i, int64_t j) {
    const R *pixel[MOST_PLANES];
    find_pixels(b, from, i, j, (int)b->g->conv->side + 2, pixel);
    if (b->g->conv->side == 4)
        planes_take_pixels(&b->in, b->n, pixel, 4);
    else
        planes_take_pixels(&b->in, b->n, pixel, 2);
}

ALWAYS_INLINE void take_tile(const block *b, const R *from, int64_t i, int64_t j, const int side) {
    const image *s = &b->g->source;
    const int edge = side + 2;
    if (i >= 0 && i + edge <= s->rows && j >= 0 && j + edge <= s->columns)
        planes_take(&b->in, b->n, from + (i * s->columns + j) * s->channels,
                    s->columns * s->channels, side);
    else
        take_edge(b, from, i, j);
}

/* --- the results --- */

/* Where a tile's results go: `rows` x `columns` of them are inside. */
typedef struct corner {
    R *at;
    int64_t rows, columns;
    int64_t pitch, channels;
    int64_t pooled, pooled_pitch; /* the first of its windows, from row to row of them */
} corner;

ALWAYS_INLINE vec finished(const gather *g, vec y) {
    if (g->activation == GEMM_BOUND)
        return vec_bound(y, vec_all(g->limit));
    return g->activation == GEMM_RELU ? vec_relu(y) : y;
}

ALWAYS_INLINE void put(const gather *g, R *at, vec y, int64_t lanes) {
    if (g->rest)
        y += vec_load_some(g->rest + (at - g->to), lanes);
    vec_store_some(at, finished(g, y), lanes);
}

ALWAYS_INLINE void put_tile(const block *b, const corner *to, const vec *v, vec bias, int64_t c,
                            int64_t lanes, const int side) {
    UNROLL
    for (int i = 0; i < side; i++) {
        UNROLL
        for (int j = 0; j < side; j++)
            if (i < to->rows && j < to->columns)
                put(b->g, to->at + i * to->pitch + j * to->channels + c,
                    v[(side + 2) * i + j] + bias, lanes);
    }
}

/* The same of the windows that the tile has. */
ALWAYS_INLINE void pool_tile(const block *b, const corner *to, const vec *v, vec bias, int64_t c,
                             int64_t lanes, const int side) {
    const pooling *p = b->g->pool;
    const int edge = side + 2;
    UNROLL
    for (int i = 0; i < side; i += POOL_SIDE) {
        UNROLL
        for (int j = 0; j < side; j += POOL_SIDE) {
            const vec *first = v + edge * i + j;
            const vec entry[] = {first[0], first[1], first[edge], first[edge + 1]};
            const int64_t at =
                to->pooled + i / POOL_SIDE * to->pooled_pitch + j / POOL_SIDE * to->channels + c;
            if (i >= to->rows || j >= to->columns)
                continue;
            if (p->which)
                pool_entries(p, entry, bias, at, lanes, true);
            else
                pool_entries(p, entry, bias, at, lanes, false);
        }
    }
}

ALWAYS_INLINE void transform_lanes(const block *b, int64_t tile, const corner *to, int64_t c,
                                   int64_t lanes, const int side, const bool pooled) {
    const int edge = side + 2;
    vec v[MOST_PLANES];
    planes_load(&b->out, tile, c, lanes, v, side);
    UNROLL
    for (int j = 0; j < edge; j++)
        winograd_out(v + j, edge, side);
    UNROLL
    for (int i = 0; i < side; i++)
        winograd_out(v + edge * i, 1, side);
    vec bias = b->g->bias ? vec_load_some(b->g->bias + c, lanes) : (vec){0};
    if (pooled)
        pool_tile(b, to, v, bias, c, lanes, side);
    else
        put_tile(b, to, v, bias, c, lanes, side);
}

ALWAYS_INLINE void transform_result(const block *b, int64_t tile, const corner *to, const int side,
                                    const bool pooled) {
    int64_t c = 0;
    for (; c + LANES <= to->channels; c += LANES)
        transform_lanes(b, tile, to, c, LANES, side, pooled);
    if (c < to->channels)
        transform_lanes(b, tile, to, c, to->channels - c, side, pooled);
}

ALWAYS_INLINE void make_results(const block *b, const int side, const bool pooled) {
    const gather *g = b->g;
    const image *y = &g->result;
    corner to = {.pitch = y->columns * y->channels, .channels = y->channels};
    to.pooled_pitch = to.pitch / POOL_SIDE;
    for (int64_t q = 0; q < b->n; q++) {
        int64_t t = b->first + q, row = t / b->across, k = row / b->rows;
        int64_t i = side * (row % b->rows), j = side * (t % b->across);
        if (pooled)
            to.pooled =
                k * g->pool->pooled + i / POOL_SIDE * to.pooled_pitch + j / POOL_SIDE * y->channels;
        else
            to.at = g->to + ((k * y->rows + i) * y->columns + j) * y->channels;
        to.rows = y->rows - i;
        to.columns = y->columns - j;
        transform_result(b, q, &to, side, pooled);
    }
}

static void transform_results(const block *b) {
    const bool pooled = b->g->pool != NULL;
    if (b->g->conv->side == 4 && pooled)
        make_results(b, 4, true);
    else if (b->g->conv->side == 4)
        make_results(b, 4, false);
    else if (pooled)
        make_results(b, 2, true);
    else
        make_results(b, 2, false);
}

/* --- all --- */

APART void multiply_rows(const product *p, const R *a, const R *b, R *c, int64_t rows) {
    product_rows(p, a, b, c, rows, false);
}

static void multiply_planes(const block *b) {
    const gather *g = b->g;
    for (int k = 0; k < planes_of(g); k++) {
        const product p = {.m = b->n,
                           .n = g->out,
                           .k = g->in,
                           .a = b->in.at + k * b->in.size,
                           .a_row = b->in.pitch,
                           .b = g->packed + k * packed_size(g),
                           .c = b->out.at + k * b->out.size,
                           .c_row = b->out.pitch};
        product_make(&p, multiply_rows, false);
    }
}

static void finish_block(block *b) {
    if (b->n > 0) {
        multiply_planes(b);
        transform_results(b);
    }
    b->first += b->n;
    b->n = 0;
}

/* Takes a row of tiles of all images in; whenever the block is full, it is finished. */
ALWAYS_INLINE void take_row(block *b, int64_t row, const int side) {
    const gather *g = b->g;
    const image *s = &g->source;
    /* NOLINTNEXTLINE: who has a row of tiles has some in each image */
    const R *from = g->from + row / b->rows * s->rows * s->columns * s->channels;
    const int64_t i = side * (row % b->rows) + g->row.shift;
    for (int64_t u = 0; u < b->across; u++) {
        take_tile(b, from, i, side * u + g->column.shift, side);
        if (++b->n == g->conv->tiles)
            finish_block(b);
    }
}

/* What no window of row t of tiles makes, or of all behind the last. */
static void clear_unseen(const gather *g, int64_t k, int64_t t, int64_t rows, int64_t across) {
    const image *y = &g->result;
    const int64_t side = g->conv->side, last = t + 1 < rows ? side * (t + 1) : y->rows;
    for (int64_t i = side * t; i < last; i++) {
        const int64_t done = i < side * rows ? side * across : 0;
        R *row = g->to + (k * y->rows + i) * y->columns * y->channels;
        if (done < y->columns)
            memset(row + done * y->channels, 0,
                   (size_t)((y->columns - done) * y->channels) * sizeof *row);
    }
}

void K(winograd)(const gather *g, int64_t from, int64_t to) {
    block b = {
        .g = g, .rows = K(winograd_rows)(g), .across = tiles_of(g, &g->column, g->source.columns)};
    R *zeros = g->memory + g->conv->piece;
    memset(zeros, 0, (size_t)g->in * sizeof *zeros);
    b.zeros = zeros;
    b.in = planes_at(g->memory + g->conv->runs, g->conv->tiles, g->in);
    b.out = planes_at(b.in.at + planes_of(g) * b.in.size, g->conv->tiles, g->out);
    b.first = from * b.across;
    for (int64_t row = from; row < to; row++) {
        if (g->conv->side == 4)
            take_row(&b, row, 4);
        else
            take_row(&b, row, 2);
        if (!g->pool) /* forward windows see all */
            clear_unseen(g, row / b.rows, row % b.rows, b.rows, b.across);
    }
    finish_block(&b);
}

int64_t K(winograd_rows)(const gather *g) {
    return tiles_of(g, &g->row, g->source.rows);
}
