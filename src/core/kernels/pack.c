/* A matrix as panels. Numbers: rows, columns, the strides of a row and of a column. A cell is
 * ANT__PACK_COLUMNS columns. */
#include "core/kernels/pack.h"
#include "core/kernels/gemm.h"

void K(pack)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    const int64_t first = from * ANT__PACK_COLUMNS, end = to * ANT__PACK_COLUMNS;
    const int64_t depth = n[0].i, columns = (end < n[1].i ? end : n[1].i) - first;
    gemm_matrix matrix = {at[0], n[2].i, n[3].i};
    if (columns <= 0)
        return;
    matrix.at += first * matrix.column;
    K(gemm_pack)((R *)at[1] + first * depth, matrix, depth, columns);
}
