/* GRU (the reset gate acting after the product) with samples in the lanes (strip.h), and its
 * gradient. Gates z, r and the candidate n; inner: h U + its bias.
 *
 * Saved for the gradient, for each unit: z, r, n, n's part of inner and what h was when the step
 * began. */
#include "core/kernels/strip_back.h"
#include "core/kernels/strip_forth.h"

enum { GATES = 3, SAVED = 5, WIDE = ANT__STRIP_NARROW };
enum { Z, RESET, N, INNER_N, H_BEFORE };

/* The gradients of x W + b and of inner differ in the candidate: blocks n, z, r, n of inner. */
static const strip_kind kind = {GATES, GATES + 1, 1, {1, 2, 0}, {1, 2, 3}, SAVED};

/* --- forward --- */
enum { CELLS = WIDE }; /* units of a tile times vectors */

/* What the gradient wants of a cell whose sums became g[.][k]. */
ALWAYS_INLINE void save(R *to, vec g[GATES + 1][CELLS], const int k, vec h) {
    UNROLL
    for (int row = 0; row <= GATES; row++)
        vec_store(to + row * ANT__WALK_ROWS, g[row][k]);
    vec_store(to + H_BEFORE * ANT__WALK_ROWS, h);
}

/* The new states of the tile's cells, from the sums of their gates. */
ALWAYS_INLINE void update(const strip_forth *l, int64_t unit, vec g[GATES + 1][CELLS],
                          const int vecs, ant_gate activation, ant_gate gate) {
    const int64_t at = unit * l->s.lanes;
    vec h[CELLS];
    activate(gate, g[RESET], CELLS);
    UNROLL
    for (int k = 0; k < CELLS; k++)
        g[N][k] = vec_fma(g[RESET][k], g[INNER_N][k], g[N][k]);
    activate(gate, g[Z], CELLS);
    activate(activation, g[N], CELLS);
    UNROLL
    for (int k = 0; k < CELLS; k++) {
        h[k] = vec_load(l->h + at + k * LANES);
        const vec next = vec_fma(g[Z][k], h[k], (vec_all(1) - g[Z][k]) * g[N][k]);
        vec_store(l->h_next + at + k * LANES, strip_choose(&l->s, k % vecs, next, h[k]));
    }
    UNROLL
    for (int k = 0; k < CELLS; k++)
        if (l->now[k % vecs])
            save(l->now[k % vecs] + (unit + k / vecs) * SAVED * ANT__WALK_ROWS, g, k, h[k]);
}

/* The sums of both products are apart for the candidate only. */
ALWAYS_INLINE void add_products(const strip_forth *l, strip_sums sum, int64_t unit, strip_part p) {
    const int64_t tile = unit / WIDE, from = unit % WIDE;
    const R *x = strip_tile(l->from_x, tile, l->s.features, GATES, WIDE) + from;
    const R *h = strip_tile(l->from_h, tile, l->s.w.units, GATES, WIDE) + from;
    UNROLL
    for (int g = 0; g < GATES; g++)
        strip_begin(sum, x + g * WIDE, p, g);
    p.third = N;
    strip_multiply(sum, x + GATES * WIDE, strip_rows(l->input, p.vecs), l->s.features, p);
    strip_add_bias(sum, h, p, Z);
    strip_add_bias(sum, h + WIDE, p, RESET);
    strip_begin(sum, h + N * WIDE, p, INNER_N);
    p.third = INNER_N;
    strip_multiply(sum, h + GATES * WIDE, strip_rows(l->h, p.vecs), l->s.w.units, p);
}

/* The units from `unit` on, which are some of one tile. */
ALWAYS_INLINE void step_units(const strip_forth *l, int64_t unit, const strip_part p,
                              ant_gate activation, ant_gate gate) {
    strip_sums sum;
    vec gates[GATES + 1][CELLS];
    add_products(l, sum, unit, p);
    UNROLL
    for (int g = 0; g <= GATES; g++) {
        UNROLL
        for (int k = 0; k < CELLS; k++)
            gates[g][k] = sum[g][k / p.vecs][k % p.vecs];
    }
    update(l, unit, gates, p.vecs, activation, gate);
}

ALWAYS_INLINE void step_all(const strip_forth *l, const int vecs, ant_gate activation,
                            ant_gate gate) {
    const strip_part p = {GATES, WIDE, CELLS / vecs, vecs, N};
    for (int64_t unit = 0; unit < l->s.w.units; unit += p.units)
        step_units(l, unit, p, activation, gate);
}

/* The usual pair is compiled with its activations melted in. */
ALWAYS_INLINE void step_gates(const strip_forth *l, const int vecs) {
    const ant_gate activation = l->s.w.activation, gate = l->s.w.gate;
    if (activation == ANT__GATE_TANH && gate == ANT__GATE_SIGMOID)
        step_all(l, vecs, ANT__GATE_TANH, ANT__GATE_SIGMOID);
    else
        step_all(l, vecs, activation, gate);
}

static void step_one(const strip_forth *l) {
    step_gates(l, 1);
}

static void step_two(const strip_forth *l) {
    step_gates(l, 2);
}

void K(gru_strip)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    static strip_step *const steps[STRIP_VECS] = {step_one, step_two};
    K(strip_forth)(at, n, from, to, &kind, steps);
}

/* --- backward --- */
ALWAYS_INLINE void back_lanes(const strip_back *b, const R *from, int64_t unit, const int v,
                              ant_gate activation, ant_gate gate) {
    const int64_t block = strip_block(b), at = unit * b->s.lanes + v * LANES;
    const vec zero = {0}, one = vec_all(1);
    vec z = vec_load(from + Z * ANT__WALK_ROWS), r = vec_load(from + RESET * ANT__WALK_ROWS);
    vec n = vec_load(from + N * ANT__WALK_ROWS), inner = vec_load(from + INNER_N * ANT__WALK_ROWS);
    vec before = vec_load(from + H_BEFORE * ANT__WALK_ROWS);
    vec dh = vec_load(b->dh + at) + vec_load(b->dy_now + at);
    vec dn = strip_choose(&b->s, v, dh * (one - z) * slope(activation, n), zero);
    vec dz = strip_choose(&b->s, v, dh * (before - n) * slope(gate, z), zero);
    vec dr = strip_choose(&b->s, v, dn * inner * slope(gate, r), zero);
    R *to = b->now[v] + unit * ANT__WALK_ROWS;
    vec_store(to, dn);
    vec_store(to + block, dz);
    vec_store(to + 2 * block, dr);
    vec_store(to + 3 * block, strip_choose(&b->s, v, dn * r, zero));
    vec_store(b->dh + at, strip_choose(&b->s, v, dh * z, dh));
}

ALWAYS_INLINE void back_units(const strip_back *b, R *const *saved, ant_gate activation,
                              ant_gate gate) {
    const int vecs = (int)(b->s.lanes / LANES);
    for (int64_t unit = 0; unit < b->s.w.units; unit++)
        for (int v = 0; v < vecs; v++)
            back_lanes(b, saved[v] + unit * SAVED * ANT__WALK_ROWS, unit, v, activation, gate);
}

static void back_gates(const strip_back *b, R *const *saved) {
    const ant_gate activation = b->s.w.activation, gate = b->s.w.gate;
    if (activation == ANT__GATE_TANH && gate == ANT__GATE_SIGMOID)
        back_units(b, saved, ANT__GATE_TANH, ANT__GATE_SIGMOID);
    else
        back_units(b, saved, activation, gate);
}

void K(gru_strip_gradient)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    K(strip_back)(at, n, from, to, &kind, back_gates);
}
