/* GRU (the reset gate acting after the product) with samples in the lanes (strip.h), and its
 * gradient. Gates z, r and the candidate n; inner: h U + its bias.
 *
 * Saved for the gradient, for each unit: z, r, n, n's part of inner and what h was when the step
 * began. */
#include "core/kernels/strip.h"

enum { GATES = 3, SAVED = 5, WIDE = ANT__STRIP_NARROW };
enum { Z, RESET, N, INNER_N, H_BEFORE };

static int64_t saved_rows(int64_t units) {
    return ant__strip_units(units, GATES) * SAVED;
}

/* --- forward --- */
typedef struct gru {
    strip s;
    const R *x, *from_x, *from_h; /* from_x, from_h: packed weights */
    R *y, *h_before;              /* of the strip's first sample; NULL where nobody wants them */
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
    strip_multiply(sum, x + GATES * WIDE, l->input, l->s.features, p);
    strip_add_bias(sum, h, p, Z);
    strip_add_bias(sum, h + WIDE, p, RESET);
    strip_begin(sum, h + N * WIDE, p, INNER_N);
    p.third = INNER_N;
    strip_multiply(sum, h + GATES * WIDE, l->h, l->s.w.units, p);
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
    strip_give(s, l->h_before ? l->h_before + time * units : NULL, steps * units, l->h, units);
    if (s->lanes > LANES)
        step_two(l, saved);
    else
        step_one(l, saved);
    l->h = l->h_next;
    l->h_next = before;
    strip_give(s, l->y ? l->y + number * units : NULL, steps * units, l->h, units);
}

/* at: x, W, U, both packed, h [, mask, biases]; y, last h, h before, saved; workspace. */
enum { INPUTS = 6, POINTERS = 10 };

static void walk_strip(void *const *at, const ant_num *n, strip s) {
    const int64_t units = s.w.units, padded = ant__strip_units(units, 1);
    void *const *out = strip_outputs(at + INPUTS, n, &s.w);
    gru l = {.s = s, .from_x = at[3], .from_h = at[4]};
    l.x = walk_sample(&s.w, at[0], s.w.steps * s.features);
    l.y = walk_sample(&s.w, out[0], s.w.steps * units);
    l.h_before = walk_sample(&s.w, out[2], s.w.steps * units);
    strip_saved(&s, l.saved, out[3], saved_rows(units));
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
typedef struct gru_back {
    strip s;
    const R *dy, *from_h; /* dy: in the order of the walk, or NULL; from_h: U packed, transposed */
    R *saved[STRIP_VECS];
    R *dx, *dinner;         /* (samples, steps, 3 units), or NULL */
    R *gates, *dh, *dy_now; /* gates: n, then z, r, n of inner: (units, lanes) each */
} gru_back;

/* dh becomes what of it goes past the products. */
ALWAYS_INLINE void back_lanes(const gru_back *l, const R *from, int64_t unit, const int v,
                              ant_gate activation, ant_gate gate) {
    const int64_t u = l->s.w.units * l->s.lanes, at = unit * l->s.lanes + v * LANES;
    const vec zero = {0}, one = vec_all(1);
    vec z = vec_load(from + Z * ANT__WALK_ROWS), r = vec_load(from + RESET * ANT__WALK_ROWS);
    vec n = vec_load(from + N * ANT__WALK_ROWS), inner = vec_load(from + INNER_N * ANT__WALK_ROWS);
    vec before = vec_load(from + H_BEFORE * ANT__WALK_ROWS);
    vec dh = vec_load(l->dh + at) + vec_load(l->dy_now + at);
    vec dn = strip_choose(&l->s, v, dh * (one - z) * slope(activation, n), zero);
    vec dz = strip_choose(&l->s, v, dh * (before - n) * slope(gate, z), zero);
    R *to = l->gates + at;
    vec_store(to, dn);
    vec_store(to + u, dz);
    vec_store(to + 2 * u, dn * inner * slope(gate, r));
    vec_store(to + 3 * u, dn * r);
    vec_store(l->dh + at, strip_choose(&l->s, v, dh * z, dh));
}

ALWAYS_INLINE void back_units(const gru_back *l, R *const *saved, ant_gate activation,
                              ant_gate gate) {
    const int vecs = (int)(l->s.lanes / LANES);
    for (int64_t unit = 0; unit < l->s.w.units; unit++)
        for (int v = 0; v < vecs; v++)
            back_lanes(l, saved[v] + unit * SAVED * ANT__WALK_ROWS, unit, v, activation, gate);
}

static void back_gates(const gru_back *l, R *const *saved) {
    const ant_gate activation = l->s.w.activation, gate = l->s.w.gate;
    if (activation == ANT__GATE_TANH && gate == ANT__GATE_SIGMOID)
        back_units(l, saved, ANT__GATE_TANH, ANT__GATE_SIGMOID);
    else
        back_units(l, saved, activation, gate);
}

/* The gradients of x W + b and of inner differ in the candidate. */
static void give_gates(const gru_back *l, int64_t time) {
    const strip *s = &l->s;
    const int64_t units = s->w.units, row = s->w.steps * GATES * units, at = time * GATES * units;
    const R *z = l->gates + units * s->lanes;
    strip_give(s, l->dx ? l->dx + at : NULL, row, z, 2 * units);
    strip_give(s, l->dx ? l->dx + at + 2 * units : NULL, row, l->gates, units);
    strip_give(s, l->dinner ? l->dinner + at : NULL, row, z, 3 * units);
}

static void back_step(gru_back *l, int64_t number) {
    const strip *s = &l->s;
    const int64_t time = walk_time(&s->w, number), units = s->w.units;
    R *saved[STRIP_VECS];
    strip_saved_at(saved, l->saved, number, saved_rows(units));
    strip_look(&l->s, time);
    strip_take(s, l->dy_now, l->dy ? l->dy + number * units : NULL, s->w.steps * units, units);
    back_gates(l, saved);
    strip_add(s, l->dh, l->from_h, l->gates + units * s->lanes, GATES * units);
    give_gates(l, time);
}

/* at: saved, U packed [, mask, dy, dh]; dx, dh, d inner; workspace. */
enum { BACK_INPUTS = 2, BACK_POINTERS = 5 };

static void back_strip(void *const *at, const ant_num *n, strip s) {
    const int64_t units = s.w.units, padded = ant__strip_units(units, 1);
    void *const *out = at + BACK_INPUTS;
    gru_back l = {.from_h = at[1]};
    walk_mask(&s.w, walk_next(&out, n, ANT__WALK_MASK));
    l.s = s;
    l.dy = walk_sample(&s.w, walk_next(&out, n, ANT__WALK_DY), s.w.steps * units);
    const R *dh = walk_sample(&s.w, walk_next(&out, n, ANT__WALK_DH), units);
    strip_saved(&s, l.saved, at[0], saved_rows(units));
    l.dx = walk_sample(&s.w, out[0], s.w.steps * GATES * units);
    l.dinner = walk_sample(&s.w, out[2], s.w.steps * GATES * units);
    R *room = s.memory;
    l.gates = strip_array(&s, &room, (GATES + 1) * units);
    l.dh = strip_array(&s, &room, padded);
    l.dy_now = strip_array(&s, &room, padded);
    strip_take(&s, l.dh, dh, units, units);
    for (int64_t k = s.w.steps - 1; k >= 0; k--)
        back_step(&l, k);
    strip_give(&s, walk_sample(&s.w, out[1], units), units, l.dh, units);
}

void K(gru_strip_gradient)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    const int64_t entries = ant__strip_back_workspace(GATES + 1, n[ANT__WALK_UNITS].i);
    strip_each(at, n, from, to, at[BACK_POINTERS + strip_optional(n)], entries, back_strip);
}
