/* What the op `matmul` tells its kernels: where each number stands.
 *
 * The product is cut into cells of blocks of rows and columns, batch by batch: cell
 * = (batch * row_blocks + row_block) * column_blocks + column_block. */
#ifndef ANT_CORE_KERNELS_MATMUL_H
#define ANT_CORE_KERNELS_MATMUL_H

enum ant_matmul_number {
    ANT__MATMUL_M,
    ANT__MATMUL_N,
    ANT__MATMUL_K,
    ANT__MATMUL_A_ROW, /* strides in entries */
    ANT__MATMUL_A_COLUMN,
    ANT__MATMUL_B_ROW,
    ANT__MATMUL_B_COLUMN,
    ANT__MATMUL_BIASED,        /* 1: input 2 is a bias of n entries */
    ANT__MATMUL_ACTIVATION,    /* gemm_activation */
    ANT__MATMUL_BLOCK_ROWS,    /* of a cell */
    ANT__MATMUL_BLOCK_COLUMNS, /* a multiple of ANT__GEMM_WIDEST, or all */
    ANT__MATMUL_WORKSPACE,     /* entries of a cell's own */
    ANT__MATMUL_AXES,          /* leading axes; then for each its size, A's and B's stride */
    ANT__MATMUL_LEAD
};
#endif
