/* What reducing ops tell their kernels: the input is (outer, length, inner), the axis `length`
 * goes. A unit of work is one line where inner is 1, else a block of columns; a cell is some of
 * them. */
#ifndef ANT_CORE_KERNELS_REDUCE_H
#define ANT_CORE_KERNELS_REDUCE_H

enum ant_reduce_number {
    ANT__REDUCE_KIND,
    ANT__REDUCE_DTYPE,
    ANT__REDUCE_OUTER,
    ANT__REDUCE_LENGTH,
    ANT__REDUCE_INNER,
    ANT__REDUCE_CELL, /* units in a cell */
    ANT__REDUCE_NUMBERS
};
enum ant_reduce_kind { ANT__REDUCE_SUM, ANT__REDUCE_MAX, ANT__REDUCE_MIN, ANT__REDUCE_PROD };
enum { ANT__REDUCE_WIDTH = 256 }; /* columns of a unit */
#endif
