/* A matrix as panels. Numbers: rows, columns, the strides of a row and of a column. One cell. */
#include "core/kernels/gemm.h"

void K(pack)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    if (from < to)
        K(gemm_pack)(at[1], (gemm_matrix){at[0], n[2].i, n[3].i}, n[0].i, n[1].i);
}
