#include "core/kernels/strip_forth.h"

enum { X, FROM_X = 3, FROM_H, START };

static int64_t saved_rows(const strip_forth *f) {
    return ant__strip_units(f->s.w.units, f->kind->gates) * f->kind->saved;
}

static void walk_step(strip_forth *f, int64_t number, strip_step *step) {
    const strip *s = &f->s;
    const int64_t time = walk_time(&s->w, number), units = s->w.units, steps = s->w.steps;
    R *before = f->h;
    strip_saved_at(f->now, f->saved, number, saved_rows(f));
    strip_look(&f->s, time);
    strip_take(s, f->input, f->x + time * s->features, steps * s->features, s->features);
    step(f);
    f->h = f->h_next;
    f->h_next = before;
    strip_give(s, f->y ? f->y + number * units : NULL, steps * units, f->h, units);
}

/* The states at the start; gives the outputs. */
static void *const *begin(strip_forth *f, void *const *at, const ant_num *n) {
    strip *s = &f->s;
    const int states = f->kind->states;
    const int64_t units = s->w.units, padded = ant__strip_units(units, 1);
    void *const *out = strip_outputs(at + START + states, n, &s->w);
    f->from_x = at[FROM_X];
    f->from_h = at[FROM_H];
    f->x = walk_sample(&s->w, at[X], s->w.steps * s->features);
    f->y = walk_sample(&s->w, out[0], s->w.steps * units);
    strip_saved(s, f->saved, out[1 + states], saved_rows(f));
    R *room = s->memory;
    f->input = strip_array(s, &room, s->features);
    f->h = strip_array(s, &room, padded);
    f->h_next = strip_array(s, &room, padded);
    f->c = strip_array(s, &room, padded);
    strip_take(s, f->h, walk_sample(&s->w, at[START], units), units, units);
    if (states > 1)
        strip_take(s, f->c, walk_sample(&s->w, at[START + 1], units), units, units);
    return out;
}

static void walk_forth(void *const *at, const ant_num *n, strip s, const strip_kind *kind,
                       strip_step *const steps[STRIP_VECS]) {
    const int64_t units = s.w.units;
    strip_forth f = {.s = s, .kind = kind};
    void *const *out = begin(&f, at, n);
    for (int64_t k = 0; k < s.w.steps; k++)
        walk_step(&f, k, steps[s.lanes / LANES - 1]);
    strip_give(&s, walk_sample(&s.w, out[1], units), units, f.h, units);
    if (kind->states > 1)
        strip_give(&s, walk_sample(&s.w, out[2], units), units, f.c, units);
}

void K(strip_forth)(void *const *at, const ant_num *n, int64_t from, int64_t to,
                    const strip_kind *kind, strip_step *const steps[STRIP_VECS]) {
    const int64_t batch = n[ANT__WALK_BATCH].i, all = to * ANT__WALK_ROWS;
    const int64_t end = all < batch ? all : batch;
    const int64_t entries = ant__strip_workspace(n[ANT__WALK_FEATURES].i, n[ANT__WALK_UNITS].i);
    R *memory = at[START + 2 * (kind->states + 1) + strip_optional(n)];
    for (int64_t first = from * ANT__WALK_ROWS; first < end;) {
        strip s = strip_at(n, first, end, memory + first / ANT__WALK_ROWS * entries);
        walk_forth(at, n, s, kind, steps);
        first += s.w.rows;
    }
}
