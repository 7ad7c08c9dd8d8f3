/* The gradient of a convolution's kernel: what the direct way and Winograd's share. */
#ifndef ANT_CORE_KERNELS_CONV_KERNEL_H
#define ANT_CORE_KERNELS_CONV_KERNEL_H
#include "core/kernels/conv.h"

typedef struct sums {
    const conv *conv;
    const R *x, *dy;
    R *dw; /* of this chunk */
    R *memory;
    range taps;    /* rows of the kernel */
    int64_t depth; /* map entries of the piece … */
    const R *map;  /* … and where they begin; … */
    bool packed;   /* … read as panels */
    bool add;      /* to what was summed before */
} sums;

/* What these images give, the direct way: adds it, or begins with it when s->add is not set yet. */
void K(kernel_sums)(sums *s, range images);
/* The whole gradient over these images, at least one; where conv->tiles says so. */
void K(winograd_sums)(const sums *s, range images);
#endif
