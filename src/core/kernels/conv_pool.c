/* Max pooling right behind a convolution: each image's map goes into memory that stays in a cache
 * and is pooled there.
 *
 * Numbers: those of conv2d, for the part of the map that windows see; then the pool's windows
 * (window.h); where the map lies in a slot. A cell is a part of the images. */
#include "core/kernels/conv_gather.h"
#include "core/kernels/pool.h"

/* x, w [, bias] -> y */
void K(conv2d_pool)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    conv c = read_conv(n);
    const windows pool = read_windows(c.more + CONV_NUMBERS);
    const int64_t images = c.windows.images;
    gather g = K(conv_forward)(&c, at, from);
    const int64_t source = g.source.rows * g.source.columns * g.source.channels;
    const int64_t pooled = pool.row.out * pool.column.out * pool.channels;
    R *y = g.to;
    g.to = g.memory + c.more[CONV_NUMBERS + WINDOW_NUMBERS].i;
    const int64_t first = images * from / c.cells, end = images * to / c.cells;
    if (first < end)
        K(gather_pack)(&g);
    g.from += first * source;
    for (int64_t k = first; k < end; k++, g.from += source) {
        K(gather_image)(&g);
        K(max_pool_image)(&pool, g.to, y + k * pooled);
    }
}
