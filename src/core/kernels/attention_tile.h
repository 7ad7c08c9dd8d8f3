/* What both directions of attention share: the task, one head of it, and what the masks leave of a
 * row of scores. */
#ifndef ANT_CORE_KERNELS_ATTENTION_TILE_H
#define ANT_CORE_KERNELS_ATTENTION_TILE_H
#include "core/kernels/attention.h"
#include "core/kernels/gemm.h"
#include "core/kernels/vec_math.h"

/* Weights are powers of 2 where vectors take these faster: scores count in units of their
 * logarithm then. */
#if ANT__DOUBLE
#define ATTENTION_UNIT 1.0
ALWAYS_INLINE vec attention_power(vec x) {
    return vec_exp_down(x);
}

ALWAYS_INLINE R attention_power_1(R x) {
    return exp_1(x);
}
#else
#define ATTENTION_UNIT 1.44269504088896341
ALWAYS_INLINE vec attention_power(vec x) {
    return vec_exp2_down(x);
}

ALWAYS_INLINE R attention_power_1(R x) {
    return exp_1(x * (R)(1 / ATTENTION_UNIT));
}
#endif

typedef struct attention {
    const ant_num *n;
    const R *query, *key, *value;
    const uint8_t *mask[ANT__ATTENTION_MASKS];
    const int64_t *counter; /* NULL: nothing is left out */
    int64_t batch, queries, keys, heads, groups, size, value_size, pitch;
    R scale; /* of scores, in the units of weights */
} attention;

/* at: query, key, value, masks, counter if there is one. Returns how many pointers that was. */
int K(attention_read)(attention *a, void *const *at, const ant_num *n);

/* A tile of scores of one head: queries from `row` on, keys from `column` on. */
typedef struct attention_tile {
    const attention *task;
    int64_t batch, head, row, rows, column, columns;
    R *scores; /* rows `pitch` apart */
} attention_tile;

/* Scores of nothing but 0 weights, in any row: the tile may be passed over. */
bool K(attention_closed)(const attention_tile *t);
/* scores = query times packed keys. */
void K(attention_multiply)(const attention_tile *t, const R *packed_keys);
/* Scales row r of the scores; those that masks forbid become far lower than any other. open[j]: is
 * it allowed? Returns open, or NULL where all are: then nothing is done yet, not even scaling. */
const uint8_t *K(attention_mask)(const attention_tile *t, int64_t r, uint8_t *open);
/* factor[j]: what row r's weights are multiplied by: 1 / (1 - rate), or 0 for those left out. */
void K(attention_drop)(const attention_tile *t, int64_t r, R *factor);
/* Keys [column, column + columns) as the right sides of products: transposed, for scores. */
void K(attention_pack_keys)(R *packed, const attention *a, int64_t batch, int64_t group,
                            int64_t column, int64_t columns);

/* x becomes 0 where it is not open; x times the factors. */
ALWAYS_INLINE void attention_close(R *x, const uint8_t *open, int64_t n) {
    for (int64_t j = 0; j < n; j++)
        x[j] = open[j] ? x[j] : 0;
}

ALWAYS_INLINE void attention_times(R *x, const R *factor, int64_t n) {
    for (int64_t j = 0; j < n; j++)
        x[j] *= factor[j];
}

ALWAYS_INLINE const R *attention_row(const R *x, int64_t positions, int64_t heads, int64_t size,
                                     int64_t batch, int64_t position, int64_t head) {
    return x + ((batch * positions + position) * heads + head) * size;
}
#endif
