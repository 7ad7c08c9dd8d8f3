/* Convolution and its transpose in the input as one: results made of windows of a source. */
#ifndef ANT_CORE_KERNELS_CONV_GATHER_H
#define ANT_CORE_KERNELS_CONV_GATHER_H
#include "core/kernels/conv.h"
#include "core/kernels/window_line.h"

typedef struct gather {
    line row, column;
    image source, result;      /* sizes; `at` is unused */
    int64_t in, out;           /* channels of a group: source, result */
    gemm_matrix block;         /* (in, out) of the kernel's first tap */
    int64_t filters, tap_size; /* from group to group, from tap to tap of the kernel */
    const R *from, *bias;
    const R *rest; /* of the result's size, added to it; NULL: none */
    R *to;
    gemm_activation activation;
    R limit;
    const conv *conv;
    const struct pooling *pool; /* what winograd makes of the result at once, in place of it; NULL:
                                   nothing (conv_pool.h) */
    R *packed;                  /* the kernel as the right side of the products … */
    bool ready;                 /* … which it is already */
    R *memory;                  /* a slot */
} gather;

/* A forward convolution of x, w [, bias] [, rest] -> y, by the cells from `from` on, which share
 * that one's slot. */
gather K(conv_forward)(const conv *c, void *const *at, int outputs, int64_t from);
/* The kernel as the right side of the products, unless it is ready: once, before any image. */
void K(gather_pack)(const gather *g);
/* The first images, or those from the one that from and to are moved to. */
void K(gather_images)(const gather *g, int64_t images);

/* --- by Winograd's method: where the kernel is 3 x 3 without strides, dilation or groups
 * (conv->tiles says so) --- */
void K(winograd_pack)(const gather *g);
int64_t K(winograd_rows)(const gather *g); /* of tiles */
/* Rows [from, to) of the tiles of all images. */
void K(winograd)(const gather *g, int64_t from, int64_t to);
#endif
