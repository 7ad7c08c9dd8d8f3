/* LSTM with samples in the lanes (strip.h), and its gradient. Gates i, f, k, o.
 *
 * Saved for the gradient, for each unit: i, f, k, o and what c was when the step began. */
#include "core/kernels/strip_back.h"
#include "core/kernels/strip_forth.h"

enum { GATES = 4, SAVED = 5, WIDE = ANT__STRIP_NARROW };
enum { I, F, CANDIDATE, O, C_BEFORE };

/* The c of a step, forwards and backwards with the same bits. */
ALWAYS_INLINE vec next_state(vec f, vec c, vec i, vec k) {
    return vec_fma(f, c, i * k);
}

static const strip_kind kind = {GATES, GATES, 2, {0, 1, 2, 3}, {0, 1, 2, 3}, SAVED};

/* --- forward --- */
enum { CELLS = STRIP_SUMS / GATES }; /* units of a tile times vectors */

/* What the gradient wants of a cell whose gates are g[.][k]. */
ALWAYS_INLINE void save(R *to, vec g[GATES][CELLS], const int k, vec c) {
    UNROLL
    for (int gate = 0; gate < GATES; gate++)
        vec_store(to + gate * ANT__WALK_ROWS, g[gate][k]);
    vec_store(to + C_BEFORE * ANT__WALK_ROWS, c);
}

/* The new states of the tile's cells, from the sums of their gates. */
ALWAYS_INLINE void update(const strip_forth *l, int64_t unit, vec g[GATES][CELLS], const int vecs,
                          ant_gate activation, ant_gate gate) {
    const int64_t at = unit * l->s.lanes;
    vec c[CELLS], next[CELLS];
    activate(gate, g[I], CELLS);
    activate(gate, g[F], CELLS);
    activate(activation, g[CANDIDATE], CELLS);
    UNROLL
    for (int k = 0; k < CELLS; k++) {
        c[k] = vec_load(l->c + at + k * LANES);
        next[k] = next_state(g[F][k], c[k], g[I][k], g[CANDIDATE][k]);
        vec_store(l->c + at + k * LANES, strip_choose(&l->s, k % vecs, next[k], c[k]));
    }
    activate(gate, g[O], CELLS);
    activate(activation, next, CELLS);
    UNROLL
    for (int k = 0; k < CELLS; k++) {
        const vec h = vec_load(l->h + at + k * LANES);
        vec_store(l->h_next + at + k * LANES, strip_choose(&l->s, k % vecs, g[O][k] * next[k], h));
    }
    UNROLL
    for (int k = 0; k < CELLS; k++)
        if (l->now[k % vecs])
            save(l->now[k % vecs] + (unit + k / vecs) * SAVED * ANT__WALK_ROWS, g, k, c[k]);
}

/* The units from `unit` on, which are some of one tile. */
ALWAYS_INLINE void step_units(const strip_forth *l, int64_t unit, const strip_part p,
                              ant_gate activation, ant_gate gate) {
    const int64_t tile = unit / WIDE, from = unit % WIDE;
    const R *x = strip_tile(l->from_x, tile, l->s.features, GATES, WIDE) + from;
    const R *h = strip_tile(l->from_h, tile, l->s.w.units, GATES, WIDE) + from;
    strip_sums sum;
    vec gates[GATES][CELLS];
    UNROLL
    for (int g = 0; g < GATES; g++)
        strip_begin(sum, x + g * WIDE, p, g);
    strip_multiply(sum, x + GATES * WIDE, strip_rows(l->input, p.vecs), l->s.features, p);
    strip_multiply(sum, h + GATES * WIDE, strip_rows(l->h, p.vecs), l->s.w.units, p);
    UNROLL
    for (int g = 0; g < GATES; g++) {
        UNROLL
        for (int k = 0; k < CELLS; k++)
            gates[g][k] = sum[g][k / p.vecs][k % p.vecs];
    }
    update(l, unit, gates, p.vecs, activation, gate);
}

ALWAYS_INLINE void step_all(const strip_forth *l, const int vecs, ant_gate activation,
                            ant_gate gate) {
    const strip_part p = {GATES, WIDE, CELLS / vecs, vecs, CANDIDATE};
    for (int64_t unit = 0; unit < l->s.w.units; unit += p.units)
        step_units(l, unit, p, activation, gate);
}

/* The usual pairs are compiled with their activations melted in. */
ALWAYS_INLINE void step_gates(const strip_forth *l, const int vecs) {
    const ant_gate activation = l->s.w.activation, gate = l->s.w.gate;
    if (activation == ANT__GATE_TANH && gate == ANT__GATE_SIGMOID)
        step_all(l, vecs, ANT__GATE_TANH, ANT__GATE_SIGMOID);
    else if (activation == ANT__GATE_RELU && gate == ANT__GATE_SIGMOID)
        step_all(l, vecs, ANT__GATE_RELU, ANT__GATE_SIGMOID);
    else
        step_all(l, vecs, activation, gate);
}

static void step_one(const strip_forth *l) {
    step_gates(l, 1);
}

static void step_two(const strip_forth *l) {
    step_gates(l, 2);
}

void K(lstm_strip)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    static strip_step *const steps[STRIP_VECS] = {step_one, step_two};
    K(strip_forth)(at, n, from, to, &kind, steps);
}

/* --- backward --- */
ALWAYS_INLINE void back_lanes(const strip_back *b, const R *from, int64_t unit, const int v,
                              ant_gate activation, ant_gate gate) {
    const int64_t block = strip_block(b), at = unit * b->s.lanes + v * LANES;
    const vec zero = {0};
    vec i = vec_load(from + I * ANT__WALK_ROWS), f = vec_load(from + F * ANT__WALK_ROWS);
    vec k = vec_load(from + CANDIDATE * ANT__WALK_ROWS), o = vec_load(from + O * ANT__WALK_ROWS);
    vec before = vec_load(from + C_BEFORE * ANT__WALK_ROWS);
    vec y = activated(activation, next_state(f, before, i, k));
    vec dh = vec_load(b->dh + at) + vec_load(b->dy_now + at), old = vec_load(b->dc + at);
    vec dc = vec_fma(dh * o, slope(activation, y), old);
    R *to = b->now[v] + unit * ANT__WALK_ROWS;
    vec_store(to, strip_choose(&b->s, v, dc * k * slope(gate, i), zero));
    vec_store(to + block, strip_choose(&b->s, v, dc * before * slope(gate, f), zero));
    vec_store(to + 2 * block, strip_choose(&b->s, v, dc * i * slope(activation, k), zero));
    vec_store(to + 3 * block, strip_choose(&b->s, v, dh * y * slope(gate, o), zero));
    vec_store(b->dc + at, strip_choose(&b->s, v, dc * f, old));
    vec_store(b->dh + at, strip_choose(&b->s, v, zero, dh));
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
    else if (activation == ANT__GATE_RELU && gate == ANT__GATE_SIGMOID)
        back_units(b, saved, ANT__GATE_RELU, ANT__GATE_SIGMOID);
    else
        back_units(b, saved, activation, gate);
}

void K(lstm_strip_gradient)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    K(strip_back)(at, n, from, to, &kind, back_gates);
}
