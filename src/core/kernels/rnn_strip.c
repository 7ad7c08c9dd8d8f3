/* SimpleRNN, h' = activation(x W + h U + b), with samples in the lanes (strip.h), and its gradient,
 * for which h' is saved. */
#include "core/kernels/strip_back.h"
#include "core/kernels/strip_forth.h"

enum { WIDE = ANT__STRIP_WIDE };

static const strip_kind kind = {1, 1, 1, {0}, {0}, 1};

/* --- forward --- */
/* The units from `unit` on, which are some of one tile. */
ALWAYS_INLINE void step_units(const strip_forth *l, int64_t unit, const strip_part p,
                              ant_gate activation) {
    const int64_t tile = unit / WIDE, from = unit % WIDE;
    const R *x = strip_tile(l->from_x, tile, l->s.features, 1, WIDE) + from;
    const R *h = strip_tile(l->from_h, tile, l->s.w.units, 1, WIDE) + from;
    strip_sums sum;
    strip_begin(sum, x, p, 0);
    strip_multiply(sum, x + WIDE, strip_rows(l->input, p.vecs), l->s.features, p);
    strip_multiply(sum, h + WIDE, strip_rows(l->h, p.vecs), l->s.w.units, p);
    UNROLL
    for (int u = 0; u < p.units; u++) {
        UNROLL
        for (int v = 0; v < p.vecs; v++) {
            const int64_t at = (unit + u) * l->s.lanes + v * LANES;
            vec next = activated(activation, sum[0][u][v]);
            vec_store(l->h_next + at, strip_choose(&l->s, v, next, vec_load(l->h + at)));
            if (l->now[v])
                vec_store(l->now[v] + (unit + u) * ANT__WALK_ROWS, next);
        }
    }
}

ALWAYS_INLINE void step_all(const strip_forth *l, const int vecs, ant_gate activation) {
    const strip_part p = {1, WIDE, STRIP_SUMS / STRIP_VECS, vecs, 0};
    for (int64_t unit = 0; unit < l->s.w.units; unit += p.units)
        step_units(l, unit, p, activation);
}

static void step_one(const strip_forth *l) {
    step_all(l, 1, l->s.w.activation);
}

static void step_two(const strip_forth *l) {
    step_all(l, 2, l->s.w.activation);
}

void K(rnn_strip)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    static strip_step *const steps[STRIP_VECS] = {step_one, step_two};
    K(strip_forth)(at, n, from, to, &kind, steps);
}

/* --- backward --- */
static void back_gates(const strip_back *b, R *const *saved) {
    const int vecs = (int)(b->s.lanes / LANES);
    const vec zero = {0};
    for (int64_t unit = 0; unit < b->s.w.units; unit++)
        for (int v = 0; v < vecs; v++) {
            const int64_t at = unit * b->s.lanes + v * LANES;
            vec y = vec_load(saved[v] + unit * ANT__WALK_ROWS);
            vec dh = vec_load(b->dh + at) + vec_load(b->dy_now + at);
            vec dz = dh * slope(b->s.w.activation, y);
            vec_store(b->now[v] + unit * ANT__WALK_ROWS, strip_choose(&b->s, v, dz, zero));
            vec_store(b->dh + at, strip_choose(&b->s, v, zero, dh));
        }
}

void K(rnn_strip_gradient)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    K(strip_back)(at, n, from, to, &kind, back_gates);
}
