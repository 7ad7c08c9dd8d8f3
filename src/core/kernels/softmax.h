/* Softmax along one axis, for kernels; and what the ops tell the kernels built on it. */
#ifndef ANT_CORE_KERNELS_SOFTMAX_H
#define ANT_CORE_KERNELS_SOFTMAX_H

/* The array is (outer, length, inner); a cell is a block of `block` outer entries. */
enum ant_softmax_number {
    ANT__SOFTMAX_OUTER,
    ANT__SOFTMAX_LENGTH,
    ANT__SOFTMAX_INNER,
    ANT__SOFTMAX_BLOCK,
    ANT__SOFTMAX_LOG, /* 1: log_softmax */
    ANT__SOFTMAX_NUMBERS
};

/* Cross-entropy: (rows, classes), a cell is a block of `block` rows. */
enum ant_cross_entropy_number {
    ANT__CROSS_ENTROPY_ROWS,
    ANT__CROSS_ENTROPY_CLASSES,
    ANT__CROSS_ENTROPY_BLOCK,
    ANT__CROSS_ENTROPY_LABEL_BYTES, /* 4 or 8: int labels, one a row; 0: targets like the logits */
    ANT__CROSS_ENTROPY_BACK,        /* 1: gives the gradient too, by the next two */
    ANT__CROSS_ENTROPY_DLOSS,       /* what comes back to every row's loss */
    ANT__CROSS_ENTROPY_FACTOR,      /* of the sum of all losses, which only a single cell gives */
    ANT__CROSS_ENTROPY_NUMBERS
};
#endif
