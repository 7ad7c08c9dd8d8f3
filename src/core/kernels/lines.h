/* Softmax of lines of an array, shared by softmax and cross-entropy.
 *
 * For lines of n numbers: y = e^(x - top) / sum, with `top` the line's largest number and `sum` the
 * sum of all e^(x - top). The largest number counts as exactly 1, so that nothing overflows. */
#ifndef ANT_CORE_KERNELS_LINES_H
#define ANT_CORE_KERNELS_LINES_H
#include "core/kernels/build.h"

/* Lines that are worked on together; top and sum have as many entries. */
enum { LINE_GROUP = 16 };
/* Rows up to this length are turned, so that a vector holds an entry of each row; what they take
 * then. */
enum { LINE_SHORT = 64, LINE_TURNED = (LINE_SHORT + 4) * LINE_GROUP };

/* rows <= LINE_GROUP rows of n numbers; top and sum of the others are 0 and 1. y may be x, or NULL:
 * only top and sum are wanted. */
void K(softmax_rows)(R *y, R *top, R *sum, const R *x, int64_t rows, int64_t n);
/* LINE_GROUP lines side by side: entry i of line l is at [i * stride + l]. y may be x. */
void K(softmax_lanes)(R *y, R *top, R *sum, const R *x, int64_t n, int64_t stride);
/* rows <= LINE_GROUP rows of n <= LINE_SHORT numbers: entry i of row r goes to turned[i *
 * LINE_GROUP + r], of LINE_TURNED numbers; other lanes mean nothing. And back. */
void K(turn_rows)(R *turned, const R *x, int64_t rows, int64_t n);
void K(turn_rows_back)(R *y, const R *turned, int64_t rows, int64_t n);
#endif
