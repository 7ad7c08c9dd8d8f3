/* Memory that depthwise convolutions need for themselves, in entries and from shapes only: ops say
 * how much, kernels cut it up in the same way. */
#ifndef ANT_CORE_KERNELS_DEPTHWISE_SIZE_H
#define ANT_CORE_KERNELS_DEPTHWISE_SIZE_H
#include <stdint.h>

enum {
    ANT__DEPTHWISE_BLOCK = 32, /* channels that are worked on at once: whole vectors on every set */
    ANT__DEPTHWISE_COLUMNS =
        64 /* columns of the result that are made from one copy of the source */
};

/* The kernel's taps and the bias, for one block of channels. */
static inline int64_t ant__depthwise_packed(int64_t taps) {
    return (taps + 1) * ANT__DEPTHWISE_BLOCK;
}

/* Rows of a source that stand under one position of the window, and columns under many. */
static inline int64_t ant__depthwise_ring(int64_t rows, int64_t columns) {
    return rows * columns * ANT__DEPTHWISE_BLOCK;
}
#endif
