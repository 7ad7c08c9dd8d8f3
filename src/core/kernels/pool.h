/* Pooling of one image, for kernels that have just made it. */
#ifndef ANT_CORE_KERNELS_POOL_H
#define ANT_CORE_KERNELS_POOL_H
#include "core/kernels/window.h"

void K(max_pool_image)(const windows *w, const R *x, R *y);
#endif
