/* SimpleRNN, h' = activation(x W + h U + b), with samples in the lanes (strip.h), and its gradient,
 * for which h' is saved. */
#include "core/kernels/strip_back.h"

enum { WIDE = ANT__STRIP_WIDE };

/* --- forward --- */
typedef struct rnn {
    strip s;
    const R *x, *from_x, *from_h; /* from_x, from_h: packed weights */
    R *y;                         /* of the strip's first sample; NULL where nobody wants it */
    R *saved[STRIP_VECS];
    R *input, *h, *h_next;
} rnn;

/* The units from `unit` on, which are some of one tile. */
ALWAYS_INLINE void step_units(const rnn *l, R *const *saved, int64_t unit, const strip_part p,
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
            if (saved[v])
                vec_store(saved[v] + (unit + u) * ANT__WALK_ROWS, next);
        }
    }
}

ALWAYS_INLINE void step_all(const rnn *l, R *const *saved, const int vecs, ant_gate activation) {
    const strip_part p = {1, WIDE, STRIP_SUMS / STRIP_VECS, vecs, 0};
    for (int64_t unit = 0; unit < l->s.w.units; unit += p.units)
        step_units(l, saved, unit, p, activation);
}

static void step_one(const rnn *l, R *const *saved) {
    step_all(l, saved, 1, l->s.w.activation);
}

static void step_two(const rnn *l, R *const *saved) {
    step_all(l, saved, 2, l->s.w.activation);
}

static void step(rnn *l, int64_t number) {
    const strip *s = &l->s;
    const int64_t time = walk_time(&s->w, number), units = s->w.units, steps = s->w.steps;
    R *saved[STRIP_VECS], *before = l->h;
    strip_saved_at(saved, l->saved, number, ant__strip_units(units, 1));
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

/* at: x, W, U, both packed, h [, mask, bias]; y, last h, saved; workspace. */
enum { INPUTS = 6, POINTERS = 9 };

static void walk_strip(void *const *at, const ant_num *n, strip s) {
    const int64_t units = s.w.units, padded = ant__strip_units(units, 1);
    void *const *out = strip_outputs(at + INPUTS, n, &s.w);
    rnn l = {.s = s, .from_x = at[3], .from_h = at[4]};
    l.x = walk_sample(&s.w, at[0], s.w.steps * s.features);
    l.y = walk_sample(&s.w, out[0], s.w.steps * units);
    strip_saved(&s, l.saved, out[2], padded);
    R *room = s.memory;
    l.input = strip_array(&s, &room, s.features);
    l.h = strip_array(&s, &room, padded);
    l.h_next = strip_array(&s, &room, padded);
    strip_take(&s, l.h, walk_sample(&s.w, at[5], units), units, units);
    for (int64_t k = 0; k < s.w.steps; k++)
        step(&l, k);
    strip_give(&s, walk_sample(&s.w, out[1], units), units, l.h, units);
}

void K(rnn_strip)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    const int64_t entries = ant__strip_workspace(n[ANT__WALK_FEATURES].i, n[ANT__WALK_UNITS].i);
    strip_each(at, n, from, to, at[POINTERS + strip_optional(n)], entries, walk_strip);
}

/* --- backward --- */
static const strip_kind kind = {1, 1, 1, {0}, {0}, 1};

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
