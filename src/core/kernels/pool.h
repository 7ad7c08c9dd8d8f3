/* Pooling of one image, for kernels that have just made it. */
#ifndef ANT_CORE_KERNELS_POOL_H
#define ANT_CORE_KERNELS_POOL_H
#include "core/kernels/window.h"

void K(max_pool_image)(const windows *w, const R *x, R *y);
/* The same, noting the number of the largest entry of each window, which are next to each other; 255
 * where only positive ones count and it is none. */
void K(max_pool_winners)(const windows *w, const R *x, bool positive, R *y, unsigned char *which);
#endif
