/* Max pooling right behind a convolution: the maps of some images go into memory that stays in a
 * cache and are pooled there, where conv_pool_direct.c or winograd.c does not do without; and the
 * gradient of the convolution's kernel, for which an image's map comes back from the pooled one in
 * the same way.
 *
 * Numbers of conv2d_pool: those of conv2d, for the part of the map that windows see; then the
 * pool's windows (window.h); then these. A cell is a part of the images, or of all rows of windows
 * (by Winograd's method: of tiles) where there are no maps. */
#include "core/kernels/conv_pool.h"
#include "core/kernels/conv_kernel.h"
#include <string.h>

enum {
    MAPS = CONV_NUMBERS + WINDOW_NUMBERS, /* where the maps lie in a slot */
    NOTED,                                /* whether winners are noted */
    TOGETHER                              /* images at once */
};

/* Image k, whose map it is. */
static void pool_map(const pooling *p, const R *map, int64_t k) {
    R *y = p->y + k * p->pooled;
    if (p->which)
        K(max_pool_winners)(&p->windows, map, p->positive, y, p->which + k * p->pooled);
    else
        K(max_pool_image)(&p->windows, map, y);
}

static pooling read_pooling(const conv *c, const gather *g, void *const *at) {
    const windows w = read_windows(c->more + CONV_NUMBERS);
    const int biased = c->more[CONV_BIAS].i != 0;
    return (pooling){.windows = w,
                     .map = g->result.rows * g->result.columns * g->result.channels,
                     .pooled = w.row.out * w.column.out * w.channels,
                     .positive = c->more[CONV_ACTIVATION].i != GEMM_LINEAR,
                     .y = at[2 + biased],
                     .which = c->more[NOTED].i ? at[3 + biased] : NULL};
}

/* Rows [from, to) of the windows of all images, without maps. */
static void make_rows(const gather *g, const pooling *p, int64_t from, int64_t to) {
    const int64_t rows = p->windows.row.out;
    for (int64_t at = from, end; at < to; at = end) {
        const int64_t k = at / rows;
        end = (k + 1) * rows < to ? (k + 1) * rows : to;
        K(conv_pool_direct)(g, p, k, at - k * rows, end - k * rows);
    }
}

/* Images [from, to), by maps of `most` of them at a time. */
static void make_maps(gather *g, const pooling *p, int64_t from, int64_t to, int64_t most) {
    const int64_t source = g->source.rows * g->source.columns * g->source.channels;
    g->from += from * source;
    for (int64_t k = from, count; k < to; k += count, g->from += count * source) {
        count = to - k < most ? to - k : most;
        K(gather_images)(g, count);
        for (int64_t i = 0; i < count; i++)
            pool_map(p, g->to + i * p->map, k + i);
    }
}

/* x, w [, bias] -> y [, winners] */
void K(conv2d_pool)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    conv c = read_conv(n);
    gather g = K(conv_forward)(&c, at, c.more[NOTED].i ? 2 : 1, from);
    const pooling p = read_pooling(&c, &g, at);
    const bool direct = K(conv_pool_is_direct)(&g, &p);
    if (c.tiles > 0 && pool_is_even(&g, &p))
        g.pool = &p;
    const int64_t rows = g.pool ? K(winograd_rows)(&g) : direct ? p.windows.row.out : 1;
    const int64_t total = c.windows.images * rows;
    const int64_t first = total * from / c.cells, last = total * to / c.cells;
    g.to = g.memory + c.more[MAPS].i;
    if (first >= last)
        return;
    K(gather_pack)(&g);
    if (g.pool)
        K(winograd)(&g, first, last);
    else if (direct)
        make_rows(&g, &p, first, last);
    else
        make_maps(&g, &p, first, last, c.more[TOGETHER].i);
}

/* --- the gradient of the kernel --- */

/* Numbers: those of conv.h, chunks, the pool's windows, where the map lies in a slot. A cell is a
 * chunk of the images. */
enum { POOL = 1, MAP = POOL + WINDOW_NUMBERS };

typedef struct back {
    const R *x, *dy;
    const unsigned char *which;
    windows windows; /* of the pooling */
    R *map;
    R *bias; /* the sums of the map's channels; NULL: nobody asks for them */
} back;

/* Image k of all. */
static void add_image(const back *b, sums *s, int64_t k) {
    const windows *w = &s->conv->windows, *p = &b->windows;
    const int64_t pooled = p->row.out * p->column.out * p->channels;
    K(max_pool_spread)(p, b->which + k * pooled, b->dy + k * pooled, b->map);
    if (b->bias)
        K(max_pool_sums)(p, b->which + k * pooled, b->dy + k * pooled, b->bias);
    s->x = b->x + k * w->row.in * w->column.in * w->channels;
    K(kernel_sums)(s, (range){0, 1});
}

/* x, winners, dy -> dw, the bias's gradient or nothing: one of each for every chunk */
void K(conv2d_pool_kernel)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    const conv c = read_conv(n);
    const windows *w = &c.windows;
    const int64_t filters = w->filters, images = w->images;
    const int64_t size = w->row.size * w->column.size * (w->channels / c.groups) * filters;
    R *memory = (R *)at[5] + from * c.slot;
    back b = {.x = at[0], .which = at[1], .dy = at[2], .map = memory + c.more[MAP].i};
    b.windows = read_windows(c.more + POOL);
    for (int64_t cell = from; cell < to; cell++) {
        sums s = {.conv = &c, .dy = b.map, .dw = (R *)at[3] + cell * size, .memory = memory};
        s.taps = (range){0, w->row.size};
        b.bias = at[4] ? (R *)at[4] + cell * filters : NULL;
        memset(s.dw, 0, (size_t)size * sizeof(R));
        if (b.bias)
            memset(b.bias, 0, (size_t)filters * sizeof(R));
        for (int64_t k = images * cell / c.cells; k < images * (cell + 1) / c.cells; k++)
            add_image(&b, &s, k);
    }
}
