/* The numbers of windows over an image, as ops/window.c pushes them. Included by kernels only. */
#ifndef ANT_CORE_KERNELS_WINDOW_H
#define ANT_CORE_KERNELS_WINDOW_H
#include "core/kernels/build.h"

typedef struct axis {
    int64_t in, out; /* entries of the image, positions of the window */
    int64_t size, stride, dilation, before;
} axis;

typedef struct windows {
    int64_t images, channels; /* of the image x */
    int64_t filters;          /* channels of the map y */
    axis row, column;
} windows;
enum { WINDOW_NUMBERS = 15 };

static inline axis read_axis(int64_t in, int64_t out, const ant_num *n) {
    return (axis){.in = in,
                  .out = out,
                  .size = n[0].i,
                  .stride = n[1].i,
                  .dilation = n[2].i,
                  .before = n[3].i};
}

static inline windows read_windows(const ant_num *n) {
    return (windows){.images = n[0].i,
                     .channels = n[3].i,
                     .filters = n[6].i,
                     .row = read_axis(n[1].i, n[4].i, n + 7),
                     .column = read_axis(n[2].i, n[5].i, n + 11)};
}

/* The taps of the window at a position that fall on real entries: [first, last), and the entry
 * under the first of them. Without dilation they are next to each other. */
typedef struct taps {
    int64_t first, last, entry;
} taps;

static inline taps taps_at(const axis *a, int64_t position) {
    int64_t start = position * a->stride - a->before;
    int64_t first = start < 0 ? (-start + a->dilation - 1) / a->dilation : 0;
    int64_t fit = start < a->in ? (a->in - start + a->dilation - 1) / a->dilation : 0;
    int64_t last = fit < a->size ? fit : a->size;
    return (taps){.first = first, .last = last, .entry = start + first * a->dilation};
}
#endif
