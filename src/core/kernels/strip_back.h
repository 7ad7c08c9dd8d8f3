/* The way back of a strip (strip.h): what becomes of the gradients of a step's gates, which the
 * kind of walk has written, whatever kind it is.
 *
 * Those of some steps, a chunk, are kept: for each step (blocks, units, samples of a cell), a block
 * being the gradient of one gate's sums. From them come dh and dx of each step, and for each chunk
 * a term of the sums that the weights' gradients are. These are kept for each group of cells, so
 * that nothing is read or written again for all steps together. */
#ifndef ANT_CORE_KERNELS_STRIP_BACK_H
#define ANT_CORE_KERNELS_STRIP_BACK_H
#include "core/kernels/strip.h"

typedef struct strip_back {
    strip s;
    const strip_kind *kind;
    const R *x, *y, *h, *dy;  /* of the first sample; h: at the start; dy: or NULL */
    const R *from_x, *from_h; /* W and U packed, transposed */
    R *saved[STRIP_VECS];
    const R *ahead[STRIP_VECS]; /* what the next step reads of it: so much */
    int64_t ahead_size;
    R *dz, *dinner, *dx;              /* NULL where nobody wants them */
    R *sums[STRIP_VECS];              /* of each vector's group; NULL: not wanted */
    R *dh, *dc, *dy_now, *dx_now;     /* (units, lanes), (features, lanes) */
    R *chunk[STRIP_VECS];             /* of each vector */
    R *met;                           /* what the weights met: (steps, samples, features + units) */
    R *tails[ANT__STRIP_TERMS];       /* its last columns: (steps, columns, samples) */
    R *room;                          /* for products */
    int64_t steps, most;              /* in the chunk; it holds `most` */
    int64_t number[ANT__STRIP_CHUNK]; /* of those steps */
    R *now[STRIP_VECS];               /* the chunk's place for the step under way */
} strip_back;

/* From block to block of a step's gradients. */
static inline int64_t strip_block(const strip_back *b) {
    return b->s.w.units * ANT__WALK_ROWS;
}

/* Writes the gradients of a step's gates for all units and lanes, vector v's to now[v]. It adds
 * dy_now to dh, which becomes what of it goes past the products. saved: as strip_saved_at gives
 * it. */
typedef void strip_gates(const strip_back *b, R *const *saved);

/* All of a kernel. at: saved, U and W packed and transposed, x, y, h [, mask, dy, dh, dc]; of x W +
 * b, of h U + b' where it differs, of x, W, U, b, b', h, c; workspace. */
void K(strip_back)(void *const *at, const ant_num *n, int64_t from, int64_t to,
                   const strip_kind *kind, strip_gates *gates);
#endif
