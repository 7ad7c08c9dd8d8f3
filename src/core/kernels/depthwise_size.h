/* Memory that depthwise convolutions need for themselves, in entries and from shapes only: ops say
 * how much, kernels cut it up in the same way. */
#ifndef ANT_CORE_KERNELS_DEPTHWISE_SIZE_H
#define ANT_CORE_KERNELS_DEPTHWISE_SIZE_H
#include <stdint.h>

enum {
    ANT__DEPTHWISE_BLOCK = 32, /* channels that are worked on at once: whole vectors on every set */
    ANT__DEPTHWISE_GROUP = 4,  /* blocks whose rows of the source are copied together */
    ANT__DEPTHWISE_COLUMNS =
        64 /* columns of the result that are made from one copy of the source */
};

/* Blocks of a group, of so many entries of a pixel. */
static inline int64_t ant__depthwise_group(int64_t entries) {
    int64_t blocks = (entries + ANT__DEPTHWISE_BLOCK - 1) / ANT__DEPTHWISE_BLOCK;
    return blocks < ANT__DEPTHWISE_GROUP ? blocks : ANT__DEPTHWISE_GROUP;
}

/* The kernel's taps and the bias, for one block of channels. */
static inline int64_t ant__depthwise_packed(int64_t taps) {
    return (taps + 1) * ANT__DEPTHWISE_BLOCK;
}
#endif
