/* Pooling of one image, for kernels that have just made it. */
#ifndef ANT_CORE_KERNELS_POOL_H
#define ANT_CORE_KERNELS_POOL_H
#include "core/kernels/window.h"

void K(max_pool_image)(const windows *w, const R *x, R *y);
/* The same, noting the number of the largest entry of each window, which are next to each other;
 * 255 where only positive ones count and it is none. */
void K(max_pool_winners)(const windows *w, const R *x, bool positive, R *y, unsigned char *which);
/* The gradient of such a pooling: each of dy goes to its window's winner, all else of dx becomes
 * 0. */
void K(max_pool_spread)(const windows *w, const unsigned char *which, const R *dy, R *dx);
/* Adds to the sums of such a dx over all pixels, one for each channel. */
void K(max_pool_sums)(const windows *w, const unsigned char *which, const R *dy, R *sums);
#endif
