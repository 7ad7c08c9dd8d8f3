/* The gradient of a convolution's kernel: for each tap, the product of (channels) x (pixels) of the
 * input, read in place, with (pixels) x (filters) of the map, over all images of a chunk.
 *
 * Numbers: those of conv.h; chunks of the batch, parts of the kernel's rows. A cell is one part for
 * one chunk: out is (chunks, rows, columns, C / groups, F).
 */
#include "core/kernels/conv_kernel.h"
#include <string.h>

static int64_t in_group(const sums *s) {
    return s->conv->windows.channels / s->conv->groups;
}

static int64_t out_group(const sums *s) {
    return s->conv->windows.filters / s->conv->groups;
}

/* One product: `m` entries of the input from `a` on, at every pixel, for tap (i, j). */
static void multiply(const sums *s, gemm *product, const R *a, int64_t i, int64_t j,
                     int64_t group) {
    const windows *w = &s->conv->windows;
    int64_t tap = i * w->column.size + j;
    product->a.at = a + group * in_group(s);
    product->packed =
        s->packed ? s->memory + group * ant__gemm_packed(s->depth, out_group(s)) : NULL;
    product->b = (gemm_matrix){s->map + group * out_group(s), w->filters, 1};
    product->c = s->dw + tap * in_group(s) * w->filters + group * out_group(s);
    K(gemm)(product);
}

static void multiply_taps(const sums *s, const view *v, range rows, gemm *product) {
    const axis *down = &s->conv->windows.row, *along = &s->conv->windows.column;
    bool adjacent = s->conv->groups == 1 && (along->dilation == 1 || along->size == 1);
    int64_t steps = adjacent ? 1 : along->size;
    product->m = in_group(s) * (adjacent ? along->size : 1);
    for (int64_t i = s->taps.from; i < s->taps.to; i++)
        for (int64_t j = 0; j < steps; j++) {
            const R *a = view_pixel(v, rows.from * down->stride - down->before + i * down->dilation,
                                    j * along->dilation - along->before);
            for (int64_t group = 0; group < s->conv->groups; group++)
                multiply(s, product, a, i, j, group);
        }
}

static void pack_map(const sums *s) {
    int64_t filters = s->conv->windows.filters, out = out_group(s);
    int64_t size = ant__gemm_packed(s->depth, out);
    for (int64_t group = 0; group < s->conv->groups; group++) {
        gemm_matrix map = {s->map + group * out, filters, 1};
        K(gemm_pack)(s->memory + group * size, map, s->depth, out);
    }
}

/* The map is read where it is by few rows of the input, unless its own rows fight for the same
 * lines of the cache, or end within a vector. */
static bool wants_packing(const sums *s) {
    enum { APART = 4096 };
    const windows *w = &s->conv->windows;
    return !ant__gemm_in_place(in_group(s) * w->column.size) || out_group(s) % LANES != 0 ||
           w->filters * (int64_t)sizeof(R) % APART == 0;
}

/* Where the input goes on from row to row of the map. Returns the table. */
static const int64_t *set_runs(const sums *s, const view *v, int64_t rows) {
    int64_t *runs = (int64_t *)(void *)(s->memory + s->conv->runs);
    for (int64_t r = 0; r < rows; r++)
        runs[r] = r * s->conv->windows.row.stride * v->pitch;
    return runs;
}

/* Rows of the map of image number k. */
static void sum_piece(sums *s, int64_t k, range rows) {
    const windows *w = &s->conv->windows;
    const axis *down = &w->row, *along = &w->column;
    image m = {s->x + k * down->in * along->in * w->channels, down->in, along->in, w->channels};
    view v = K(conv_view)(&m, range_under(down, rows.from, rows.to),
                          range_under(along, 0, along->out), s->memory + s->conv->piece);
    gemm product = {.n = out_group(s), .c_row = w->filters, .add = s->add};
    product.runs = rows.to - rows.from;
    product.a_runs = set_runs(s, &v, product.runs);
    product.a.row = 1;
    product.a.column = along->stride * w->channels;
    product.k = s->depth = product.runs * along->out;
    s->map = s->dy + (k * down->out + rows.from) * along->out * w->filters;
    s->packed = wants_packing(s);
    if (s->packed)
        pack_map(s);
    multiply_taps(s, &v, rows, &product);
    s->add = true;
}

void K(kernel_sums)(sums *s, range images) {
    const axis *row = &s->conv->windows.row;
    int64_t piece = ant__conv_piece(row->out, s->conv->windows.column.out);
    for (int64_t k = images.from; k < images.to; k++)
        for (int64_t i = 0; i < row->out; i += piece) {
            int64_t end = i + piece < row->out ? i + piece : row->out;
            sum_piece(s, k, (range){i, end});
        }
}

/* No images: no sum. */
static void clear(const sums *s) {
    const windows *w = &s->conv->windows;
    int64_t row = w->column.size * in_group(s) * w->filters;
    memset(s->dw + s->taps.from * row, 0, (size_t)((s->taps.to - s->taps.from) * row) * sizeof(R));
}

static void sum_chunk(sums *s, range images) {
    if (images.from == images.to)
        clear(s);
    else if (s->conv->tiles > 0)
        K(winograd_sums)(s, images);
    else
        K(kernel_sums)(s, images);
}

/* x, dy -> dw */
void K(conv2d_kernel)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    conv c = read_conv(n);
    const windows *w = &c.windows;
    int64_t chunks = c.more[0].i, parts = c.more[1].i;
    int64_t size = w->row.size * w->column.size * (w->channels / c.groups) * w->filters;
    for (int64_t cell = from; cell < to; cell++) {
        int64_t chunk = cell / parts, part = cell % parts;
        sums s = {.conv = &c, .x = at[0], .dy = at[1], .dw = (R *)at[2] + chunk * size};
        s.memory = (R *)at[3] + from * c.slot;
        s.taps = (range){w->row.size * part / parts, w->row.size * (part + 1) / parts};
        sum_chunk(&s, (range){w->images * chunk / chunks, w->images * (chunk + 1) / chunks});
    }
}
