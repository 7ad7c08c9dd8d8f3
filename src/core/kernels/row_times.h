/* One row times a matrix, for the steps of a single sample: to = start + x (rows) matrix (rows,
 * columns). start: NULL for zeros; it may be `to`. */
#ifndef ANT_CORE_KERNELS_ROW_TIMES_H
#define ANT_CORE_KERNELS_ROW_TIMES_H
#include "core/kernels/build.h"

typedef struct row_product {
    R *to;
    const R *start, *x, *matrix;
    int64_t rows, columns;
} row_product;

void K(row_times)(const row_product *p);
#endif
