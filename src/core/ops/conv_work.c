#include "core/ops/conv_work.h"
#include "core/kernels/conv_size.h"

/* More than any machine has, and far from overflow when a few of it are added. */
static const int64_t too_many = (int64_t)1 << 56;

static int64_t product(int64_t a, int64_t b, int64_t c) {
    double entries = (double)a * (double)b * (double)c;
    return entries < (double)too_many ? a * b * c : too_many;
}

static int64_t image_entries(int64_t rows, int64_t columns, int64_t channels) {
    if (product(rows, columns, channels) == too_many)
        return too_many;
    return rows * ant__conv_pitch(columns, channels);
}

static int64_t packed_entries(int64_t products, int64_t k, int64_t n) {
    return product(products, k, ant__gemm_packed(1, n));
}

int64_t ant__conv_slot(const ant_conv_work *w) {
    return ant__conv_align(w->packed) + ant__conv_align(w->table) + ant__conv_align(w->piece);
}

/* Strips of the rows of all images: enough for many threads, and so few that what each prepares
 * for itself stays small. */
static void cut_strips(ant_conv_work *w, int64_t images, int64_t rows) {
    enum { MOST = 32, LEAST = 8, ROWS_AT_LEAST = 4, TOGETHER = 1 << 21 };
    int64_t strips = images * ((rows + ROWS_AT_LEAST - 1) / ROWS_AT_LEAST);
    int64_t fit = TOGETHER / (ant__conv_slot(w) + 1);
    int64_t most = fit < LEAST ? LEAST : fit < MOST ? fit : MOST;
    w->cells = strips < 1 ? 1 : strips < most ? strips : most;
}

/* --- windows --- */

static int64_t reach(const ant_window *w, int axis) {
    return (w->size[axis] - 1) * w->dilation[axis];
}

/* Pixels under `count` positions of the window. */
static int64_t covered(const ant_window *w, int axis, int64_t count) {
    return (count - 1) * w->stride[axis] + reach(w, axis) + 1;
}

/* Does no window reach beyond the image? */
static bool inside(const ant_conv_shape *s) {
    bool all = true;
    for (int axis = 0; axis < 2; axis++)
        all &= ant__window_before(&s->window, axis, s->x.dim[axis + 1]) == 0 &&
               covered(&s->window, axis, s->y.dim[axis + 1]) <= s->x.dim[axis + 1];
    return all;
}

static int64_t taps(const ant_conv_shape *s) {
    return s->window.size[0] * s->window.size[1];
}

/* --- Winograd's method --- */

static int64_t half(int64_t n) {
    return (n + 1) / 2;
}

/* Multiplications for each pair of channels. */
static int64_t multiplications(int64_t side, const ant_dims *result) {
    int64_t down = (result->dim[1] + side - 1) / side, along = (result->dim[2] + side - 1) / side;
    return down * along * ant__winograd_entries(side);
}

/* The side of the tiles that a result is made in: large ones only where the last digits may go. */
static int64_t side_for(const ant_conv_shape *s, const ant_dims *result) {
    if (!ant__conv_winograd(s))
        return 0;
    return s->fast && multiplications(4, result) < multiplications(2, result) ? 4 : 2;
}

int64_t ant__conv_side(const ant_conv_shape *s) {
    return side_for(s, &s->y);
}

bool ant__conv_winograd(const ant_conv_shape *s) {
    enum { CHANNELS = 32, MOST_CHANNELS = 512, TILES = 24 };
    bool fits = s->groups == 1;
    for (int axis = 0; axis < 2; axis++)
        fits &= s->window.size[axis] == 3 && s->window.stride[axis] == 1 &&
                s->window.dilation[axis] == 1 && s->x.dim[axis + 1] > 1 && s->y.dim[axis + 1] > 1;
    int64_t in = s->x.dim[3], out = s->y.dim[3];
    fits &= in >= CHANNELS && out >= CHANNELS && in <= MOST_CHANNELS && out <= MOST_CHANNELS;
    return fits && s->y.dim[0] * half(s->y.dim[1]) * half(s->y.dim[2]) >= TILES;
}

/* Results of `out` channels, made of a source of `in` channels. */
static ant_conv_work winograd_work(int64_t side, int64_t in, int64_t out, bool packed) {
    ant_conv_work w = {.tiles = ant__winograd_tiles(side, in, out), .side = side};
    int64_t kernel = packed ? 0 : ant__winograd_entries(side) * in * out;
    w.packed = packed ? 0 : packed_entries(ant__winograd_entries(side), in, out);
    w.table = ant__winograd_planes(side, w.tiles, in, out);
    w.table = w.table > kernel ? w.table : kernel;
    w.piece = in; /* a pixel of zeros */
    return w;
}

/* --- the three --- */

ant_conv_work ant__conv_forward_work(const ant_conv_shape *s) {
    int64_t in = s->x.dim[3], out = s->y.dim[3];
    ant_conv_work w = {.table = 2 * taps(s)};
    w.packed = s->packed ? 0 : packed_entries(taps(s), in, out / s->groups);
    if (!inside(s))
        w.piece = image_entries(covered(&s->window, 0, ANT__CONV_ROWS),
                                covered(&s->window, 1, s->y.dim[2]), in);
    const int64_t side = ant__conv_side(s);
    if (side > 0)
        w = winograd_work(side, in, out, s->packed);
    cut_strips(&w, s->y.dim[0], s->y.dim[1]);
    return w;
}

ant_conv_work ant__conv_pack_work(const ant_conv_shape *s, int64_t side, int64_t *entries) {
    int64_t in = s->x.dim[3], out = s->y.dim[3];
    int64_t products = side ? ant__winograd_entries(side) : taps(s);
    *entries = packed_entries(products, in, out / s->groups);
    return (ant_conv_work){.cells = 1,
                           .table = side ? product(products, in, out) : 2 * taps(s),
                           .tiles = side ? ant__winograd_tiles(side, in, out) : 0,
                           .side = side};
}

/* The roles change: the map is the source, and each phase of the strides has a part of the rows. */
ant_conv_work ant__conv_input_work(const ant_conv_shape *s) {
    const ant_window *k = &s->window;
    int64_t in = s->y.dim[3], out = s->x.dim[3];
    ant_conv_work w = {.table = 2 * taps(s)};
    w.packed = packed_entries(taps(s), in, out / s->groups);
    w.piece = image_entries(ANT__CONV_ROWS + reach(k, 0) / k->stride[0],
                            s->x.dim[2] / k->stride[1] + 1 + reach(k, 1) / k->stride[1], in);
    const int64_t side = side_for(s, &s->x);
    if (side > 0)
        w = winograd_work(side, in, out, false);
    cut_strips(&w, s->x.dim[0], s->x.dim[1]);
    return w;
}

ant_conv_work ant__conv_kernel_work(const ant_conv_shape *s, int64_t chunks, int64_t parts) {
    int64_t in = s->x.dim[3], out = s->y.dim[3];
    int64_t rows = ant__conv_piece(s->y.dim[1], s->y.dim[2]);
    ant_conv_work w = {.cells = chunks * parts, .table = 2 * rows};
    w.packed = product(s->groups, rows * s->y.dim[2], ant__gemm_packed(1, out / s->groups));
    if (!inside(s))
        w.piece =
            image_entries(covered(&s->window, 0, rows), covered(&s->window, 1, s->y.dim[2]), in);
    if (!ant__conv_winograd(s))
        return w;
    w.side = 2;
    w.tiles = ant__winograd_tiles(w.side, in, out);
    w.packed = ant__winograd_entries(w.side) * ant__winograd_sums(in, out);
    w.table = ant__winograd_planes(w.side, w.tiles, in, out);
    w.piece = ant__winograd_view(w.side, half(s->y.dim[2]), in) +
              ant__winograd_view(w.side, half(s->y.dim[2]), out);
    return w;
}

/* --- numbers --- */

void ant__conv_push(ant_nums *n, const ant_conv_shape *s, const ant_conv_work *w) {
    ant__window_push(n, &s->window, &s->x, &s->y);
    ant__num_int(n, s->groups);
    ant__num_int(n, w->cells);
    ant__num_int(n, ant__conv_align(w->packed));
    ant__num_int(n, ant__conv_align(w->packed) + ant__conv_align(w->table));
    ant__num_int(n, ant__conv_slot(w));
    ant__num_int(n, w->tiles);
    ant__num_int(n, w->side);
}

size_t ant__conv_bytes(const ant_conv_work *w, int dtype) {
    if (ant__conv_slot(w) >= too_many)
        return SIZE_MAX;
    return (size_t)(w->cells * ant__conv_slot(w)) * ant__dtype_size(dtype);
}
