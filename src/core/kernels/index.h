/* What gather and scatter_add tell their kernels. A row is all that one index stands for. */
#ifndef ANT_CORE_KERNELS_INDEX_H
#define ANT_CORE_KERNELS_INDEX_H

enum ant_index_number {
    ANT__INDEX_ROWS,  /* of the table */
    ANT__INDEX_WIDTH, /* of a row: bytes (gather), entries (scatter_add), depth (one_hot) */
    ANT__INDEX_COUNT, /* indices */
    ANT__INDEX_DTYPE, /* of the indices */
    ANT__INDEX_CELL   /* indices (scatter_add: rows of the table) in a cell */
};
#endif
