/* Max pooling behind a convolution. Included by kernels only. */
#ifndef ANT_CORE_KERNELS_CONV_POOL_H
#define ANT_CORE_KERNELS_CONV_POOL_H
#include "core/kernels/conv_gather.h"
#include "core/kernels/pool.h"

typedef struct pooling {
    windows windows;
    int64_t map, pooled; /* entries of an image's */
    bool positive;       /* negative results are cut */
    R *y;
    unsigned char *which; /* NULL: not noted */
} pooling;

/* Is there no map to be made? */
bool K(conv_pool_is_direct)(const gather *g, const pooling *p);
/* Image k, which g->from is. */
void K(conv_pool_direct)(const gather *g, const pooling *p, int64_t k);
#endif
