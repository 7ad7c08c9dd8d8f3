/* GRU (the reset gate acting after the product) with samples in the lanes (strip.h), and its
 * gradient. Gates z, r and the candidate n; inner: h U + its bias.
 *
 * Saved for the gradient, for each unit: z, r, n, n's part of inner and what h was when the step
 * began. */
#include "core/kernels/strip_back.h"

enum { GATES = 3, SAVED = 5, WIDE = ANT__STRIP_NARROW };
enum { Z, RESET, N, INNER_N, H_BEFORE };

static int64_t saved_rows(int64_t units) {
    return ant__strip_units(units, GATES) * SAVED;
}

/* --- forward --- */
typedef struct gru {
    strip s;
    const R *x, *from_x, *from_h; /* from_x, from_h: packed weights */
    R *y;                         /* of the strip's first sample; NULL where nobody wants it */
    R *saved[STRIP_VECS];
    R *input, *h, *h_next;
} gru;

ALWAYS_INLINE void update(const gru *l, R *const *saved, int64_t unit, const int v, const vec *sum,
                          ant_gate activation, ant_gate gate) {
    const int64_t at = unit * l->s.lanes + v * LANES;
    const vec h = vec_load(l->h + at);
    vec z = activated(gate, sum[Z]), r = activated(gate, sum[RESET]);
    vec n = activated(activation, vec_fma(r, sum[INNER_N], sum[N]));
    vec next = vec_fma(z, h, (vec_all(1) - z) * n);
    vec_store(l->h_next + at, strip_choose(&l->s, v, next, h));
    if (!saved[v])
        return;
    R *to = saved[v] + unit * SAVED * ANT__WALK_ROWS;
    vec_store(to + Z * ANT__WALK_ROWS, z);
    vec_store(to + RESET * ANT__WALK_ROWS, r);
    vec_store(to + N * ANT__WALK_ROWS, n);
    vec_store(to + INNER_N * ANT__WALK_ROWS, sum[INNER_N]);
    vec_store(to + H_BEFORE * ANT__WALK_ROWS, h);
}

/* The sums of both products are apart for the candidate only. */
ALWAYS_INLINE void add_products(const gru *l, strip_sums sum, int64_t unit, strip_part p) {
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
ALWAYS_INLINE void step_units(const gru *l, R *const *saved, int64_t unit, const strip_part p,
                              ant_gate activation, ant_gate gate) {
    strip_sums sum;
    add_products(l, sum, unit, p);
    UNROLL
    for (int u = 0; u < p.units; u++) {
        UNROLL
        for (int v = 0; v < p.vecs; v++) {
            const vec gates[] = {sum[Z][u][v], sum[RESET][u][v], sum[N][u][v], sum[INNER_N][u][v]};
            update(l, saved, unit + u, v, gates, activation, gate);
        }
    }
}

ALWAYS_INLINE void step_all(const gru *l, R *const *saved, const int vecs, ant_gate activation,
                            ant_gate gate) {
    const strip_part p = {GATES, WIDE, WIDE / vecs, vecs, N};
    for (int64_t unit = 0; unit < l->s.w.units; unit += p.units)
        step_units(l, saved, unit, p, activation, gate);
}

/* The usual pair is compiled with its activations melted in. */
ALWAYS_INLINE void step_gates(const gru *l, R *const *saved, const int vecs) {
    const ant_gate activation = l->s.w.activation, gate = l->s.w.gate;
    if (activation == ANT__GATE_TANH && gate == ANT__GATE_SIGMOID)
        step_all(l, saved, vecs, ANT__GATE_TANH, ANT__GATE_SIGMOID);
    else
        step_all(l, saved, vecs, activation, gate);
}

static void step_one(const gru *l, R *const *saved) {
    step_gates(l, saved, 1);
}

static void step_two(const gru *l, R *const *saved) {
    step_gates(l, saved, 2);
}

static void step(gru *l, int64_t number) {
    const strip *s = &l->s;
    const int64_t time = walk_time(&s->w, number), units = s->w.units, steps = s->w.steps;
    R *saved[STRIP_VECS], *before = l->h;
    strip_saved_at(saved, l->saved, number, saved_rows(units));
    strip_look(&l->s, time);
    strip_take(s, l->input, l->x + time * s->features, steps * s->features, s->features);
    if (s->lanes > LANES)
        step_two(l, saved);
    else
        step_one(l, saved);
    l->h = l->h_next;
    l->h_next = before;
    strip_give(s, l->y ? l->y + number * units : NULL, steps * units, l->h, units);
}

/* at: x, W, U, both packed, h [, mask, biases]; y, last h, saved; workspace. */
enum { INPUTS = 6, POINTERS = 9 };

static void walk_strip(void *const *at, const ant_num *n, strip s) {
    const int64_t units = s.w.units, padded = ant__strip_units(units, 1);
    void *const *out = strip_outputs(at + INPUTS, n, &s.w);
    gru l = {.s = s, .from_x = at[3], .from_h = at[4]};
    l.x = walk_sample(&s.w, at[0], s.w.steps * s.features);
    l.y = walk_sample(&s.w, out[0], s.w.steps * units);
    strip_saved(&s, l.saved, out[2], saved_rows(units));
    R *room = s.memory;
    l.input = strip_array(&s, &room, s.features);
    l.h = strip_array(&s, &room, padded);
    l.h_next = strip_array(&s, &room, padded);
    strip_take(&s, l.h, walk_sample(&s.w, at[5], units), units, units);
    for (int64_t k = 0; k < s.w.steps; k++)
        step(&l, k);
    strip_give(&s, walk_sample(&s.w, out[1], units), units, l.h, units);
}

void K(gru_strip)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    const int64_t entries = ant__strip_workspace(n[ANT__WALK_FEATURES].i, n[ANT__WALK_UNITS].i);
    strip_each(at, n, from, to, at[POINTERS + strip_optional(n)], entries, walk_strip);
}

/* --- backward --- */
/* The gradients of x W + b and of inner differ in the candidate: blocks n, z, r, n of inner. */
static const strip_kind kind = {GATES, GATES + 1, 1, {1, 2, 0}, {1, 2, 3}, SAVED};

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
