/* Adam's update of many weights. */
#include "core/kernels/update.h"
#include "core/kernels/simd.h"
#include <math.h>

typedef struct adam {
    R rate, new_1, new_2, epsilon;
} adam;

/* One weight's entries [from, to). Each step is rounded as the fine ops are. */
static void update(const adam *a, void *const in[4], void *const out[3], int64_t from, int64_t to) {
    const R *w = in[0], *g = in[1], *m = in[2], *v = in[3];
    R *new_w = out[0], *new_m = out[1], *new_v = out[2];
    const R rate = a->rate, new_1 = a->new_1, new_2 = a->new_2, epsilon = a->epsilon;
    EACH_ALONE
    for (int64_t i = from; i < to; i++) {
        const R mean = (g[i] - m[i]) * new_1 + m[i];
        const R square = (g[i] * g[i] - v[i]) * new_2 + v[i];
        const R size = (R)sqrt((double)square) + epsilon;
        new_w[i] = w[i] - mean * rate / size;
        new_m[i] = mean;
        new_v[i] = square;
    }
}

static int64_t between(int64_t x, int64_t low, int64_t high) {
    return x < low ? low : x > high ? high : x;
}

void K(adam)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    const adam a = {*(const R *)at[0], (R)n[ANT__ADAM_NEW_1].f, (R)n[ANT__ADAM_NEW_2].f,
                    (R)n[ANT__ADAM_EPSILON].f};
    const int64_t weights = n[ANT__ADAM_WEIGHTS].i;
    void *const *in = at + 1, *const *out = in + 4 * weights;
    from *= ANT__ADAM_CELL, to *= ANT__ADAM_CELL;
    for (int64_t k = 0, first = 0; k < weights && first < to; k++, in += 4, out += 3) {
        const int64_t count = n[ANT__ADAM_COUNTS + k].i;
        if (first + count > from)
            update(&a, in, out, between(from - first, 0, count), between(to - first, 0, count));
        first += count;
    }
}
