/* Exponentials along lines of an array, shared by softmax and cross-entropy.
 *
 * For rows of `n` numbers: y = e^(x - top) with `top` the row's largest number, and the sum of y.
 * The largest number comes out at exactly 1, so that nothing overflows. */
#ifndef ANT_CORE_KERNELS_LINES_H
#define ANT_CORE_KERNELS_LINES_H
#include "core/kernels/build.h"

/* Rows that are worked on together. */
enum { LINE_GROUP = 16 };

/* rows <= LINE_GROUP rows of n numbers. y may be x, or NULL: only the sums are wanted. */
void K(exp_rows)(R *y, R *top, R *sum, const R *x, int64_t rows, int64_t n);
/* The same for LINE_GROUP lines side by side: entry i of line l is at [i * stride + l]. */
void K(exp_lanes)(R *y, R *top, R *sum, const R *x, int64_t n, int64_t stride);
#endif
