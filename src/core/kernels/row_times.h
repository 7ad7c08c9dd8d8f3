/* One row times a matrix, for the steps of a single sample: to = start + x (rows) matrix (rows,
 * columns). start: NULL for zeros; it may be `to`. */
#ifndef ANT_CORE_KERNELS_ROW_TIMES_H
#define ANT_CORE_KERNELS_ROW_TIMES_H
#include "core/kernels/build.h"

typedef struct row_product {
    R *to;
    const R *start, *x, *packed; /* packed: the matrix as gemm.h's panels */
    int64_t rows, columns;
    bool
        back; /* the last columns first: where each step meets the same matrix, which is larger than
                  the nearest cache, it begins with what the step before has left there */
} row_product;

void K(row_times)(const row_product *p);
#endif
