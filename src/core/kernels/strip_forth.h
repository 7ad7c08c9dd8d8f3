/* The way forth of a strip (strip.h): what is around a step's formulas, whatever kind of walk it
 * is. */
#ifndef ANT_CORE_KERNELS_STRIP_FORTH_H
#define ANT_CORE_KERNELS_STRIP_FORTH_H
#include "core/kernels/strip.h"

typedef struct strip_forth {
    strip s;
    const strip_kind *kind;
    const R *x, *from_x, *from_h; /* x: of the first sample; from_x, from_h: packed weights */
    R *y;                         /* of the first sample; NULL where nobody wants it */
    R *saved[STRIP_VECS];         /* of each vector, for the gradient; NULL: not wanted */
    R *input, *h, *h_next, *c;    /* of the step under way: (features, lanes), (units, lanes) */
    R *now[STRIP_VECS];           /* where that step's are saved */
} strip_forth;

/* One step for all units and lanes: from input, h and c to h_next and the new c, and what the
 * gradient wants of it to now[v]. */
typedef void strip_step(const strip_forth *f);

/* All of a kernel; steps: for one vector of lanes, for two. at: x, W, U, both packed, h, c [, mask,
 * biases]; y, last h, last c, saved; workspace. c is missing where the kind has one state. */
void K(strip_forth)(void *const *at, const ant_num *n, int64_t from, int64_t to,
                    const strip_kind *kind, strip_step *const steps[STRIP_VECS]);
#endif
