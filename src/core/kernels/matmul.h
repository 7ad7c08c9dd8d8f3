/* What the op `matmul` tells its kernels: where each number stands.
 *
 * Pointers: a, b, then what is there of bias, rest, gate; c, the sums if they are there; workspace.
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
    ANT__MATMUL_WITH,          /* bits: ant_matmul_part */
    ANT__MATMUL_ACTIVATION,    /* gemm_activation */
    ANT__MATMUL_BLOCK_ROWS,    /* of a cell */
    ANT__MATMUL_BLOCK_COLUMNS, /* a multiple of ANT__GEMM_WIDEST, or all */
    ANT__MATMUL_CELLS,
    ANT__MATMUL_WORKSPACE, /* entries of a cell's own */
    ANT__MATMUL_SPAN,  /* so many rows of the product are summed to one of c; 0: it is c itself */
    ANT__MATMUL_DEPTH, /* so much of k is multiplied in all cells, then the next; k: at once */
    ANT__MATMUL_MOST,  /* the activation's limit, a real number */
    ANT__MATMUL_AXES,  /* leading axes; then for each its size, A's and B's stride */
    ANT__MATMUL_LEAD
};

/* Rows that are multiplied before they join the sum of a span: few enough that b is read in
 * place. */
enum { ANT__MATMUL_TOGETHER = 88 };

/* What a product may have beside its two operands; all but `sums` of one product only, without
 * leading axes. */
enum ant_matmul_part {
    ANT__MATMUL_BIAS = 1,   /* n entries */
    ANT__MATMUL_REST = 2,   /* (m, n) entries to add */
    ANT__MATMUL_GATE = 4,   /* (m, n): c becomes 0 where it is not above 0 */
    ANT__MATMUL_SUMS = 8,   /* of b's columns: a second output of n entries */
    ANT__MATMUL_PACKED = 16 /* b is panels */
};
#endif
