/* A matrix turned: to[j * to_row + i] = from[i * from_row + j] for i < rows, j < columns. Both are
 * row-major and do not overlap. */
#ifndef ANT_CORE_KERNELS_TURN_H
#define ANT_CORE_KERNELS_TURN_H
#include "core/kernels/build.h"

void K(turn)(R *to, int64_t to_row, const R *from, int64_t from_row, int64_t rows, int64_t columns);
#endif
