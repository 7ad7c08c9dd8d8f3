/* What the op `adam` tells its kernel. Pointers: the rate and the decay; w, g, m, v of each weight;
 * the new w, m, v of each (an output that nobody uses does not come about). A cell is a piece of
 * the entries of all weights, one after the other. */
#ifndef ANT_CORE_KERNELS_UPDATE_H
#define ANT_CORE_KERNELS_UPDATE_H

enum ant_adam_number {
    ANT__ADAM_NEW_1, /* 1 - beta_1 */
    ANT__ADAM_NEW_2,
    ANT__ADAM_EPSILON,
    ANT__ADAM_WEIGHTS, /* then the entries of each */
    ANT__ADAM_COUNTS
};
enum { ANT__ADAM_CELL = 4096 }; /* entries of a cell */

/* What the op `dense_adam` tells its kernel, beside the first three. Pointers: a (k, m) and
 * b (k, n), perhaps packed, whose product is the gradient; the rate and the decay; w, m, v; the new
 * w, m, v; workspace: of each cell its rows of the gradient where it is written, and room for a
 * copy of a's where they are copied. */
enum ant_dense_adam_number {
    ANT__DENSE_ADAM_M = ANT__ADAM_EPSILON + 1,
    ANT__DENSE_ADAM_N,
    ANT__DENSE_ADAM_K,
    ANT__DENSE_ADAM_PACKED,   /* b is panels */
    ANT__DENSE_ADAM_IN_TILES, /* columns are whole tiles, and the gradient is not written */
    ANT__DENSE_ADAM_ROWS,     /* of a cell */
    ANT__DENSE_ADAM_WORKSPACE /* entries of a cell's */
};
enum { ANT__DENSE_ADAM_TILE = 6 }; /* rows, where columns are whole tiles */
#endif
