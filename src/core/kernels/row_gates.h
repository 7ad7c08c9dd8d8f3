/* One row, a state, times recurrent weights, for the steps of a single sample: the sums of all
 * gates of all units, on which the step's formulas then work, some tiles at once.
 *
 * Weights are packed for it (pack_gates.c), tile by tile, a row for each unit of the state. A tile
 * has LANES units, and its row a vector for each gate; in the last tile gates share vectors where
 * few units are left. */
#ifndef ANT_CORE_KERNELS_ROW_GATES_H
#define ANT_CORE_KERNELS_ROW_GATES_H
#include "core/kernels/simd.h"

/* Sums that fit into the registers beside what they are made of; parts that each sum has at most,
 * to hide the latency of products; tiles that are multiplied together. */
enum { ROW_SUMS = ANT__VECTOR_BYTES == 64 ? 16 : 12, ROW_PARTS = 4, ROW_TILES = 2 };

/* Units in whole tiles. */
static inline int64_t row_padded(int64_t units) {
    return (units + LANES - 1) / LANES * LANES;
}

/* Units that a gate has room for in a tile of so many. */
static inline int64_t row_wide(int64_t units) {
    if (units <= LANES / 4)
        return LANES / 4;
    return units <= LANES / 2 ? LANES / 2 : LANES;
}

/* Vectors of a row of a tile. */
static inline int64_t row_vecs(int64_t wide, int64_t gates) {
    return (gates * wide + LANES - 1) / LANES;
}

/* Adds x times a row of weights of each tile, and goes on to the next rows. */
ALWAYS_INLINE void row_add(vec *sum, const R **w, R x, const int vecs, const int tiles) {
    const vec all = vec_all(x);
    UNROLL
    for (int t = 0; t < tiles; t++) {
        UNROLL
        for (int v = 0; v < vecs; v++)
            sum[t * vecs + v] = vec_fma(all, vec_load(w[t] + v * LANES), sum[t * vecs + v]);
        w[t] += vecs * LANES;
    }
}

/* sum[t * vecs + v]: x times `rows` rows of `vecs` vectors, which begin at w + t * tile. */
ALWAYS_INLINE void row_multiply(vec *sum, const R *w, int64_t tile, const R *x, int64_t rows,
                                const int vecs, const int tiles) {
    const int count = vecs * tiles, fit = ROW_SUMS / count;
    const int parts = fit < ROW_PARTS ? fit : ROW_PARTS;
    const R *at[ROW_TILES] = {w, w + tile}, *end = x + rows;
    vec part[ROW_SUMS] = {0};
    for (; x + parts <= end; x += parts) {
        UNROLL
        for (int p = 0; p < parts; p++)
            row_add(part + p * count, at, x[p], vecs, tiles);
    }
    for (; x < end; x++)
        row_add(part, at, *x, vecs, tiles);
    UNROLL
    for (int i = 0; i < count; i++) {
        sum[i] = part[i];
        UNROLL
        for (int p = 1; p < parts; p++)
            sum[i] += part[p * count + i];
    }
}

/* What multiplies and where its sums go: (gates, padded units). */
typedef struct row_product {
    const R *packed, *x;
    R *to;
    int64_t units;
} row_product;

/* Some whole tiles, from the unit j on. */
ALWAYS_INLINE void row_whole(const row_product *r, int64_t j, const int gates, const int tiles) {
    const int64_t tile = r->units * gates * LANES, padded = row_padded(r->units);
    vec sum[ROW_SUMS];
    row_multiply(sum, r->packed + j * r->units * gates, tile, r->x, r->units, gates, tiles);
    UNROLL
    for (int t = 0; t < tiles; t++) {
        UNROLL
        for (int g = 0; g < gates; g++)
            vec_store(r->to + g * padded + j + t * LANES, sum[t * gates + g]);
    }
}

/* The last tile: sums that share vectors are taken apart. */
ALWAYS_INLINE void row_few(const row_product *r, int64_t j, const int gates) {
    const R *w = r->packed + j * r->units * gates;
    const int64_t few = r->units - j, wide = row_wide(few), vecs = row_vecs(wide, gates);
    vec shared[2];
    R room[2 * LANES];
    if (vecs == 1)
        row_multiply(shared, w, 0, r->x, r->units, 1, 1);
    else
        row_multiply(shared, w, 0, r->x, r->units, 2, 1);
    vec_store(room, shared[0]);
    if (vecs > 1)
        vec_store(room + LANES, shared[1]);
    UNROLL
    for (int g = 0; g < gates; g++)
        vec_store(r->to + g * row_padded(r->units) + j, vec_load_part(room + g * wide, few));
}

/* All of a product. Every other step takes the whole tiles from the last one on: where the weights
 * are larger than the nearest cache, it begins with what the step before has left there. */
ALWAYS_INLINE void row_gates(const row_product *r, int64_t step, const int gates) {
    const int64_t left = r->units % LANES, padded = row_padded(r->units);
    const int64_t whole = (row_wide(left) < LANES ? r->units - left : padded) / LANES;
    const int64_t passes = (whole + ROW_TILES - 1) / ROW_TILES;
    if (whole * LANES < r->units)
        row_few(r, whole * LANES, gates);
    for (int64_t i = 0; i < passes; i++) {
        const int64_t tile = (step & 1 ? passes - 1 - i : i) * ROW_TILES;
        if (whole - tile >= ROW_TILES)
            row_whole(r, tile * LANES, gates, ROW_TILES);
        else
            row_whole(r, tile * LANES, gates, 1);
    }
}

/* Tiles whose formulas are done together, so that each of their steps has not to wait for the one
 * before. */
enum { ROW_TOGETHER = ANT__VECTOR_BYTES == 64 ? 4 : 2 };

/* Adds a gate's entries, of which n are left, to the sums of some tiles. */
ALWAYS_INLINE void row_add_entries(vec *sum, const R *from, int64_t n, const int tiles) {
    UNROLL
    for (int t = 0; t < tiles; t++)
        sum[t] += vec_load_some(from + t * LANES, n - t * LANES);
}

ALWAYS_INLINE void row_load(vec *v, const R *from, const int tiles) {
    UNROLL
    for (int t = 0; t < tiles; t++)
        v[t] = vec_load(from + t * LANES);
}

ALWAYS_INLINE void row_store(R *to, const vec *v, const int tiles) {
    UNROLL
    for (int t = 0; t < tiles; t++)
        vec_store(to + t * LANES, v[t]);
}

/* Where the rows of what is stored are not padded. */
ALWAYS_INLINE void row_store_entries(R *to, const vec *v, int64_t n, const int tiles) {
    UNROLL
    for (int t = 0; t < tiles; t++)
        vec_store_some(to + t * LANES, v[t], n - t * LANES);
}
#endif
