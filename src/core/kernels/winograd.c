/* Convolution with 3 x 3 kernels by Winograd's method (winograd.h), forward and its transpose.
 *
 * Tile (t, u) makes results 2t, 2t + 1 x 2u, 2u + 1 of 4 x 4 source entries. A cell is a part of the
 * rows of tiles of all images, so that what a tile is made of never depends on the cells.
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

static int64_t tiles_of(const line *l) {
    return (l->count + 1) / 2;
}

/* --- the kernel --- */

/* G g G' for the channels at `at`, in the layout of the kernel's taps: 16 such arrays. */
ALWAYS_INLINE void transform_taps(const gather *g, int64_t at, int64_t lanes, R *to) {
    vec v[PLANES];
    UNROLL
    for (int k = 0; k < 9; k++) {
        int64_t tap =
            (g->row.tap + k / 3 * g->row.tap_step) * 3 + g->column.tap + k % 3 * g->column.tap_step;
        v[4 * (k / 3) + k % 3] = vec_load_some(g->block.at + tap * g->tap_size + at, lanes);
    }
    UNROLL
    for (int j = 0; j < 3; j++)
        winograd_kernel(v + j, 4);
    UNROLL
    for (int i = 0; i < 4; i++)
        winograd_kernel(v + 4 * i, 1);
    for (int k = 0; k < PLANES; k++)
        vec_store_some(to + k * g->tap_size + at, v[k], lanes);
}

static int64_t packed_size(const gather *g) {
    return ant__gemm_packed(g->in, g->out);
}

void K(winograd_pack)(const gather *g) {
    R *raw = g->memory + g->conv->runs;
    int64_t at = 0;
    for (; at + LANES <= g->tap_size; at += LANES)
        transform_taps(g, at, LANES, raw);
    if (at < g->tap_size)
        transform_taps(g, at, g->tap_size - at, raw);
    for (int k = 0; k < PLANES; k++) {
        gemm_matrix taps_of_plane = {raw + k * g->tap_size, g->block.row, g->block.column};
        K(gemm_pack)(g->memory + k * packed_size(g), taps_of_plane, g->in, g->out);
    }
}

/* --- the sources --- */

static void transform_sources(const block *b) {
    const gather *g = b->g;
    int64_t across = tiles_of(&g->column);
    for (int64_t q = 0; q < b->n; q++) {
        int64_t t = b->row + (b->at + q) / across, u = (b->at + q) % across;
        planes_take(&b->in, q, view_pixel(b->v, 2 * t + g->row.shift, 2 * u + g->column.shift),
                    b->v->pitch);
    }
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

ALWAYS_INLINE void transform_lanes(const block *b, int64_t tile, const corner *to, int64_t c,
                                   int64_t lanes) {
    vec v[PLANES];
    planes_load(&b->out, tile, c, lanes, v);
    UNROLL
    for (int j = 0; j < 4; j++)
        winograd_out(v + j, 4);
    UNROLL
    for (int i = 0; i < 2; i++)
        winograd_out(v + 4 * i, 1);
    vec bias = b->g->bias ? vec_load_some(b->g->bias + c, lanes) : (vec){0};
    UNROLL
    for (int k = 0; k < 4; k++) {
        if (k / 2 >= to->rows || k % 2 >= to->columns)
            continue;
        R *at = to->at + k / 2 * to->pitch + k % 2 * to->channels + c;
        vec y = v[4 * (k / 2) + k % 2] + bias;
        if (b->g->rest)
            y += vec_load_some(b->g->rest + (at - b->g->to), lanes);
        vec_store_some(at, finished(b->g, y), lanes);
    }
}

static void transform_result(const block *b, int64_t tile, const corner *to) {
    int64_t c = 0;
    for (; c + LANES <= to->channels; c += LANES)
        transform_lanes(b, tile, to, c, LANES);
    if (c < to->channels)
        transform_lanes(b, tile, to, c, to->channels - c);
}

static void transform_results(const block *b) {
    const gather *g = b->g;
    const image *y = &g->result;
    int64_t across = tiles_of(&g->column);
    corner to = {.pitch = y->columns * y->channels, .channels = y->channels};
    for (int64_t q = 0; q < b->n; q++) {
        int64_t i = 2 * (b->row + (b->at + q) / across), j = 2 * ((b->at + q) % across);
        to.at = g->to + ((b->image * y->rows + i) * y->columns + j) * y->channels;
        to.rows = y->rows - i;
        to.columns = y->columns - j;
        transform_result(b, q, &to);
    }
}

/* --- all --- */

static void multiply_planes(const block *b) {
    const gather *g = b->g;
    for (int k = 0; k < PLANES; k++) {
        gemm product = {.m = b->n, .n = g->out, .k = g->in};
        product.a = (gemm_matrix){b->in.at + k * b->in.size, b->in.pitch, 1};
        product.packed = g->memory + k * packed_size(g);
        product.c = b->out.at + k * b->out.size;
        product.c_row = b->out.pitch;
        K(gemm)(&product);
    }
}

void K(winograd)(const gather *g, int64_t k, int64_t from, int64_t to) {
    const image *s = &g->source;
    image m = *s;
    int64_t across = tiles_of(&g->column), tiles = g->conv->tiles;
    m.at = g->from + k * s->rows * s->columns * s->channels;
    view v = K(conv_view)(&m, (range){2 * from + g->row.shift, 2 * to + g->row.shift + 2},
                          (range){g->column.shift, 2 * across + g->column.shift + 2},
                          g->memory + g->conv->piece);
    block b = {.g = g, .v = &v, .image = k, .row = from};
    b.in = planes_at(g->memory + g->conv->runs, tiles, g->in);
    b.out = planes_at(b.in.at + PLANES * b.in.size, tiles, g->out);
    int64_t total = (to - from) * across;
    for (; b.at < total; b.at += tiles) {
        b.n = total - b.at < tiles ? total - b.at : tiles;
        transform_sources(&b);
        multiply_planes(&b);
        transform_results(&b);
    }
}

int64_t K(winograd_rows)(const gather *g) {
    return tiles_of(&g->row);
}
