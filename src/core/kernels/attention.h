/* What the op `attention` tells its kernels, and the memory that they need: from shapes only.
 *
 * Query (B, T, H, d), key (B, S, G, d), value (B, S, G, e): H / G heads of the query share one of
 * key and value. Scores are never whole: a tile of ROWS queries by COLUMNS keys at a time. The work
 * is cut into items (forward: a batch's head and a block of its queries; backward: a batch's head
 * of keys), a cell takes its share of them one after another. */
#ifndef ANT_CORE_KERNELS_ATTENTION_H
#define ANT_CORE_KERNELS_ATTENTION_H
#include "core/kernels/gemm_size.h"

enum {
    ANT__ATTENTION_ROWS = 64,
    ANT__ATTENTION_COLUMNS = 128,
    ANT__ATTENTION_BLOCK = 256, /* queries of a forward item: tiles that share packed keys */
    ANT__ATTENTION_CELLS = 16,  /* at most; each has memory of its own */
    ANT__ATTENTION_MASKS = 4    /* at most */
};

enum ant_attention_number {
    ANT__ATTENTION_BATCH,
    ANT__ATTENTION_QUERIES,
    ANT__ATTENTION_KEYS,
    ANT__ATTENTION_HEADS,
    ANT__ATTENTION_GROUPS,
    ANT__ATTENTION_SIZE,       /* d */
    ANT__ATTENTION_VALUE_SIZE, /* e */
    ANT__ATTENTION_NUMBER_OF_CELLS,
    ANT__ATTENTION_SLOT,      /* entries of a cell's memory */
    ANT__ATTENTION_CAUSAL,    /* 1: no key later than its query */
    ANT__ATTENTION_WINDOW,    /* keys less than so far away; 0: any */
    ANT__ATTENTION_NONE_ZERO, /* 1: a query that may look at nothing gets 0, else the mean of all */
    ANT__ATTENTION_DROPS,     /* 1: weights are left out at random; the counter is the last input */
    ANT__ATTENTION_KEY,       /* of the random numbers */
    ANT__ATTENTION_SCALE,     /* real: of the scores */
    ANT__ATTENTION_RATE,      /* real: share of the weights that is left out */
    ANT__ATTENTION_HIDES,     /* masks, then the four strides of each in (B, H, T, S) */
    ANT__ATTENTION_STRIDES
};

static inline int64_t ant__attention_shorter(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* Columns of a tile, as its rows lie in memory. */
static inline int64_t ant__attention_pitch(int64_t keys) {
    return ant__attention_shorter(ANT__ATTENTION_COLUMNS, (keys + ANT__GEMM_WIDEST - 1) /
                                                              ANT__GEMM_WIDEST * ANT__GEMM_WIDEST);
}

/* The queries' blocks of one head. */
static inline int64_t ant__attention_blocks(int64_t queries) {
    return (queries + ANT__ATTENTION_BLOCK - 1) / ANT__ATTENTION_BLOCK;
}

/* Parts of a slot, in entries: whole cache lines. */
static inline int64_t ant__attention_scores(int64_t keys) {
    return ANT__ATTENTION_ROWS * ant__attention_pitch(keys);
}

/* (depth, n) as panels. */
static inline int64_t ant__attention_packed(int64_t depth, int64_t n) {
    enum { SLACK = 64 };
    return ant__gemm_packed(depth, n) + SLACK;
}

static inline int64_t ant__attention_slot(int64_t keys, int64_t size, int64_t value_size) {
    const int64_t columns = ant__attention_pitch(keys);
    return ant__attention_scores(keys) + ant__attention_packed(size, columns) +
           ant__attention_packed(columns, value_size);
}

static inline int64_t ant__attention_back_slot(int64_t keys, int64_t size, int64_t value_size) {
    const int64_t columns = ant__attention_pitch(keys);
    return 2 * ant__attention_scores(keys) + ant__attention_packed(size, columns) +
           ant__attention_packed(value_size, columns) + ant__attention_packed(columns, size) +
           ant__gemm_workspace(ANT__ATTENTION_ROWS);
}
#endif
