/* One row, a state, times recurrent weights, for the steps of a single sample: the sums of all
 * gates of some units, a tile, at once, so that the step's formulas follow while they are in
 * registers.
 *
 * Weights are packed for it (pack_gates.c), tile by tile, a row for each unit of the state. A tile
 * has LANES units, and its row a vector for each gate; in the last tile gates share vectors where
 * few units are left. */
#ifndef ANT_CORE_KERNELS_ROW_GATES_H
#define ANT_CORE_KERNELS_ROW_GATES_H
#include "core/kernels/simd.h"

enum { ROW_GATES = 4 }; /* at most */

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

/* Each sum has two parts, of the even and the odd rows, to hide the latency of the products. */
ALWAYS_INLINE void row_multiply(vec *sum, const R *w, const R *x, int64_t rows, const int vecs) {
    vec odd[ROW_GATES];
    UNROLL
    for (int v = 0; v < vecs; v++)
        sum[v] = odd[v] = (vec){0};
    int64_t k = 0;
    for (; k + 2 <= rows; k += 2, w += 2 * vecs * LANES) {
        const vec a = vec_all(x[k]), b = vec_all(x[k + 1]);
        UNROLL
        for (int v = 0; v < vecs; v++)
            sum[v] = vec_fma(a, vec_load(w + v * LANES), sum[v]);
        UNROLL
        for (int v = 0; v < vecs; v++)
            odd[v] = vec_fma(b, vec_load(w + (vecs + v) * LANES), odd[v]);
    }
    UNROLL
    for (int v = 0; v < vecs; v++) {
        if (k < rows)
            sum[v] = vec_fma(vec_all(x[k]), vec_load(w + v * LANES), sum[v]);
        sum[v] += odd[v];
    }
}

/* The last tile: sums that share vectors are taken apart. */
ALWAYS_INLINE void row_multiply_few(vec *sum, const R *w, const R *x, int64_t rows, int64_t units,
                                    const int gates) {
    R room[ROW_GATES * LANES];
    vec shared[ROW_GATES];
    const int64_t wide = row_wide(units);
    if (row_vecs(wide, gates) == 1)
        row_multiply(shared, w, x, rows, 1);
    else
        row_multiply(shared, w, x, rows, 2);
    vec_store(room, shared[0]);
    if (row_vecs(wide, gates) > 1)
        vec_store(room + LANES, shared[1]);
    UNROLL
    for (int g = 0; g < gates; g++)
        sum[g] = vec_load_part(room + g * wide, units);
}

/* sum[g]: x (units) times the weights of gate g, for the units of the tile that begins with j.
 * Returns how many they are. */
ALWAYS_INLINE int64_t row_gates(vec *sum, const R *packed, const R *x, int64_t units, int64_t j,
                                const int gates) {
    const R *w = packed + j * units * gates;
    if (row_wide(units - j) == LANES)
        row_multiply(sum, w, x, units, gates);
    else
        row_multiply_few(sum, w, x, units, units - j, gates);
    return units - j < LANES ? units - j : LANES;
}

/* Where the i-th tile of a step begins. Every other step takes them from the last one on: the
 * weights are larger than the nearest cache, so it begins with what the step before has left
 * there. */
static inline int64_t row_tile(int64_t units, int64_t i, int64_t step) {
    const int64_t tiles = (units + LANES - 1) / LANES;
    return (step & 1 ? tiles - 1 - i : i) * LANES;
}
#endif
