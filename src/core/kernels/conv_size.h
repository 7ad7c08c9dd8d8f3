/* Memory that convolutions need for themselves, in entries and from shapes only: ops say how much,
 * kernels cut it up in the same way. */
#ifndef ANT_CORE_KERNELS_CONV_SIZE_H
#define ANT_CORE_KERNELS_CONV_SIZE_H
#include "core/kernels/gemm_size.h"

enum {
    ANT__CONV_ROWS = 16,    /* rows of the result that are made at once */
    ANT__CONV_DEPTH = 1024, /* map entries that a kernel's gradient sums up at once, about */
    ANT__CONV_ALIGN = 32    /* parts begin at multiples of so many entries */
};

static inline int64_t ant__conv_align(int64_t entries) {
    return (entries + ANT__CONV_ALIGN - 1) / ANT__CONV_ALIGN * ANT__CONV_ALIGN;
}

/* From row to row of a copied image: never a multiple of 4 KiB, or rows fight for one cache set. */
static inline int64_t ant__conv_pitch(int64_t columns, int64_t channels) {
    int64_t pitch = ant__conv_align(columns * channels);
    return pitch % 512 == 0 ? pitch + ANT__CONV_ALIGN / 2 : pitch;
}

/* The parts of a slot: offsets in entries. First come the products' right sides as panels. */
typedef struct ant_conv_slot {
    int64_t runs;  /* where the products' left sides go on: a table of int64_t */
    int64_t piece; /* a zero-extended piece of an image */
    int64_t size;
} ant_conv_slot;

/* Rows of the map in one piece of a kernel's gradient. */
static inline int64_t ant__conv_piece(int64_t rows, int64_t columns) {
    int64_t piece = columns > 0 ? ANT__CONV_DEPTH / columns : rows;
    return piece < 1 ? 1 : piece < rows ? piece : rows;
}
#endif
