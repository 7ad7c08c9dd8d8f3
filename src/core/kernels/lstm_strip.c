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
ALWAYS_INLINE void update(const strip_forth *l, int64_t unit, const int v, const vec *sum,
                          ant_gate activation, ant_gate gate) {
    const int64_t at = unit * l->s.lanes + v * LANES;
    const vec h = vec_load(l->h + at), c = vec_load(l->c + at);
    vec i = activated(gate, sum[I]), f = activated(gate, sum[F]);
    vec k = activated(activation, sum[CANDIDATE]), o = activated(gate, sum[O]);
    vec next = next_state(f, c, i, k);
    vec_store(l->h_next + at, strip_choose(&l->s, v, o * activated(activation, next), h));
    vec_store(l->c + at, strip_choose(&l->s, v, next, c));
    if (!l->now[v])
        return;
    R *to = l->now[v] + unit * SAVED * ANT__WALK_ROWS;
    vec_store(to + I * ANT__WALK_ROWS, i);
    vec_store(to + F * ANT__WALK_ROWS, f);
    vec_store(to + CANDIDATE * ANT__WALK_ROWS, k);
    vec_store(to + O * ANT__WALK_ROWS, o);
    vec_store(to + C_BEFORE * ANT__WALK_ROWS, c);
}

/* The units from `unit` on, which are some of one tile. */
ALWAYS_INLINE void step_units(const strip_forth *l, int64_t unit, const strip_part p,
                              ant_gate activation, ant_gate gate) {
    const int64_t tile = unit / WIDE, from = unit % WIDE;
    const R *x = strip_tile(l->from_x, tile, l->s.features, GATES, WIDE) + from;
    const R *h = strip_tile(l->from_h, tile, l->s.w.units, GATES, WIDE) + from;
    strip_sums sum;
    UNROLL
    for (int g = 0; g < GATES; g++)
        strip_begin(sum, x + g * WIDE, p, g);
    strip_multiply(sum, x + GATES * WIDE, strip_rows(l->input, p.vecs), l->s.features, p);
    strip_multiply(sum, h + GATES * WIDE, strip_rows(l->h, p.vecs), l->s.w.units, p);
    UNROLL
    for (int u = 0; u < p.units; u++) {
        UNROLL
        for (int v = 0; v < p.vecs; v++) {
            const vec gates[GATES] = {sum[I][u][v], sum[F][u][v], sum[CANDIDATE][u][v],
                                      sum[O][u][v]};
            update(l, unit + u, v, gates, activation, gate);
        }
    }
}

ALWAYS_INLINE void step_all(const strip_forth *l, const int vecs, ant_gate activation,
                            ant_gate gate) {
    const strip_part p = {GATES, WIDE, STRIP_SUMS / GATES / vecs, vecs, CANDIDATE};
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
