/* Convolution with 3 x 3 kernels by Winograd's method (winograd.h), forward and its transpose.
 *
 * Tile (t, u) makes results s t … s t + s - 1 x s u … s u + s - 1 of (s + 2) x (s + 2) source entries.
 * A cell is a part of the rows of tiles of all images, so that what a tile is made of never depends on
 * the cells.
 */
#include "core/kernels/winograd.h"
#include "core/kernels/conv_gather.h"

/* Numbers [at, at + n) of the tiles of one piece, in row-major order. */
typedef struct block {
    const gather *g;
    const view *v;
    int64_t image, row; /* the piece's: image, first row of tiles */
    int64_t at, n;
    planes in, out;
} block;

static int64_t tiles_of(const gather *g, const line *l) {
    return (l->count + g->conv->side - 1) / g->conv->side;
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

ALWAYS_INLINE void take_sources(const block *b, const int side) {
    const gather *g = b->g;
    int64_t across = tiles_of(g, &g->column);
    for (int64_t q = 0; q < b->n; q++) {
        int64_t t = b->row + (b->at + q) / across, u = (b->at + q) % across;
        planes_take(&b->in, q,
                    view_pixel(b->v, side * t + g->row.shift, side * u + g->column.shift),
                    b->v->pitch, side);
    }
}

static void transform_sources(const block *b) {
    if (b->g->conv->side == 4)
        take_sources(b, 4);
    else
        take_sources(b, 2);
}

/* --- the results --- */

/* Where a tile's results go: `rows` x `columns` of them are inside. */
typedef struct corner {
    R *at;
    int64_t rows, columns;
    int64_t pitch, channels;
} corner;

ALWAYS_INLINE vec finished(const gather *g, vec y) {
    if (g->activation != GEMM_LINEAR)
        y = vec_relu(y);
    if (g->activation == GEMM_BOUND)
        y = vec_select(y > vec_all(g->limit), vec_all(g->limit), y);
    return y;
}

ALWAYS_INLINE void put(const gather *g, R *at, vec y, int64_t lanes) {
    if (g->rest)
        y += vec_load_some(g->rest + (at - g->to), lanes);
    vec_store_some(at, finished(g, y), lanes);
}

ALWAYS_INLINE void transform_lanes(const block *b, int64_t tile, const corner *to, int64_t c,
                                   int64_t lanes, const int side) {
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
    UNROLL
    for (int i = 0; i < side; i++) {
        UNROLL
        for (int j = 0; j < side; j++)
            if (i < to->rows && j < to->columns)
                put(b->g, to->at + i * to->pitch + j * to->channels + c, v[edge * i + j] + bias,
                    lanes);
    }
}

ALWAYS_INLINE void transform_result(const block *b, int64_t tile, const corner *to,
                                    const int side) {
    int64_t c = 0;
    for (; c + LANES <= to->channels; c += LANES)
        transform_lanes(b, tile, to, c, LANES, side);
    if (c < to->channels)
        transform_lanes(b, tile, to, c, to->channels - c, side);
}

ALWAYS_INLINE void make_results(const block *b, const int side) {
    const gather *g = b->g;
    const image *y = &g->result;
    int64_t across = tiles_of(g, &g->column);
    corner to = {.pitch = y->columns * y->channels, .channels = y->channels};
    for (int64_t q = 0; q < b->n; q++) {
        int64_t i = side * (b->row + (b->at + q) / across), j = side * ((b->at + q) % across);
        to.at = g->to + ((b->image * y->rows + i) * y->columns + j) * y->channels;
        to.rows = y->rows - i;
        to.columns = y->columns - j;
        transform_result(b, q, &to, side);
    }
}

static void transform_results(const block *b) {
    if (b->g->conv->side == 4)
        make_results(b, 4);
    else
        make_results(b, 2);
}

/* --- all --- */

static void multiply_planes(const block *b) {
    const gather *g = b->g;
    for (int k = 0; k < planes_of(g); k++) {
        gemm product = {.m = b->n, .n = g->out, .k = g->in};
        product.a = (gemm_matrix){b->in.at + k * b->in.size, b->in.pitch, 1};
        product.packed = g->packed + k * packed_size(g);
        product.c = b->out.at + k * b->out.size;
        product.c_row = b->out.pitch;
        K(gemm)(&product);
    }
}

void K(winograd)(const gather *g, int64_t k, int64_t from, int64_t to) {
    const image *s = &g->source;
    image m = *s;
    int64_t across = tiles_of(g, &g->column), tiles = g->conv->tiles, side = g->conv->side;
    m.at = g->from + k * s->rows * s->columns * s->channels;
    view v = K(conv_view)(&m, (range){side * from + g->row.shift, side * to + g->row.shift + 2},
                          (range){g->column.shift, side * across + g->column.shift + 2},
                          g->memory + g->conv->piece);
    block b = {.g = g, .v = &v, .image = k, .row = from};
    b.in = planes_at(g->memory + g->conv->runs, tiles, g->in);
    b.out = planes_at(b.in.at + planes_of(g) * b.in.size, tiles, g->out);
    int64_t total = (to - from) * across;
    for (; b.at < total; b.at += tiles) {
        b.n = total - b.at < tiles ? total - b.at : tiles;
        transform_sources(&b);
        multiply_planes(&b);
        transform_results(&b);
    }
}

int64_t K(winograd_rows)(const gather *g) {
    return tiles_of(g, &g->row);
}
