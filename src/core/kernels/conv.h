/* What convolution kernels share: their numbers, and looking at images beyond their edges. */
#ifndef ANT_CORE_KERNELS_CONV_H
#define ANT_CORE_KERNELS_CONV_H
#include "core/kernels/conv_size.h"
#include "core/kernels/gemm.h"
#include "core/kernels/window.h"

/* The numbers, as ops/conv.c pushes them. Each cell has a slot of workspace (conv_size.h): packed
 * right sides, a table of runs, a piece of an image. */
typedef struct conv {
    windows windows;
    int64_t groups, cells;
    int64_t runs, piece, slot; /* offsets in a slot and its size, in entries */
    int64_t tiles;             /* Winograd's method, so many tiles at once; 0: direct */
    int64_t side;              /* … of side x side results */
    const ant_num *more;       /* the numbers of one kernel only */
} conv;

static inline conv read_conv(const ant_num *n) {
    const ant_num *own = n + WINDOW_NUMBERS;
    return (conv){.windows = read_windows(n),
                  .groups = own[0].i,
                  .cells = own[1].i,
                  .runs = own[2].i,
                  .piece = own[3].i,
                  .slot = own[4].i,
                  .tiles = own[5].i,
                  .side = own[6].i,
                  .more = own + 7};
}

/* conv2d's own numbers: whether the kernel is packed; whether there is a bias; activation; whether
 * there is a rest; limit. */
enum { CONV_PACKED, CONV_BIAS, CONV_ACTIVATION, CONV_REST, CONV_LIMIT, CONV_NUMBERS };

/* Entries [from, to) of an axis; those outside the image are zero. */
typedef struct range {
    int64_t from, to;
} range;

/* Those under the windows at positions [from, to). */
static inline range range_under(const axis *a, int64_t from, int64_t to) {
    int64_t reach = (a->size - 1) * a->dilation + 1;
    return (range){from * a->stride - a->before, (to - 1) * a->stride - a->before + reach};
}

/* One image (rows, columns, channels). */
typedef struct image {
    const R *at;
    int64_t rows, columns, channels;
} image;

/* A piece of an image: pixel (r, c) stands at view_pixel(v, r, c). */
typedef struct view {
    const R *at;
    int64_t row, column; /* of its first pixel */
    int64_t pitch, channels;
} view;

static inline const R *view_pixel(const view *v, int64_t r, int64_t c) {
    return v->at + (r - v->row) * v->pitch + (c - v->column) * v->channels;
}

/* In place where the ranges lie inside the image, else a copy in `buffer`. */
view K(conv_view)(const image *m, range rows, range columns, R *buffer);
#endif
