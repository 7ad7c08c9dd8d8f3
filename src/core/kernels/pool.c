/* Max and average pooling, (N, H, W, C). Numbers: windows (window.h), dilation 1; a cell is an
 * image. A vector holds channels of one pixel and walks over the pixels of a window. */
#include "core/kernels/pool.h"
#include <string.h>

/* One window: where its first real pixel and its result stand, and how many pixels it has. */
typedef struct place {
    int64_t x, y;
    int64_t rows, columns;
    int64_t pitch, channels; /* from row to row, from column to column */
    bool alone;              /* no other window has a pixel of it */
} place;

typedef void visit(const place *w, const R *a, const R *b, R *out);

static void each_place(const windows *w, int64_t image, visit *f, const R *a, const R *b, R *out) {
    int64_t position = image * w->row.out * w->column.out;
    place at = {.pitch = w->column.in * w->channels, .channels = w->channels};
    at.alone = w->row.stride >= w->row.size && w->column.stride >= w->column.size;
    for (int64_t i = 0; i < w->row.out; i++) {
        taps row = taps_at(&w->row, i);
        at.rows = row.last - row.first;
        for (int64_t j = 0; j < w->column.out; j++, position++) {
            taps column = taps_at(&w->column, j);
            at.columns = column.last - column.first;
            at.x = (image * w->row.in + row.entry) * at.pitch + column.entry * at.channels;
            at.y = position * at.channels;
            f(&at, a, b, out);
        }
    }
}

static void each_image(const ant_num *n, int64_t from, int64_t to, visit *f, const R *a, const R *b,
                       R *out) {
    windows w = read_windows(n);
    int64_t last = to < w.images ? to : w.images;
    for (int64_t image = from; image < last; image++)
        each_place(&w, image, f, a, b, out);
}

/* Is every entry in exactly one window? */
static bool tiles(const axis *a) {
    return a->stride == a->size && a->before == 0 && a->out * a->size == a->in;
}

/* A gradient starts at zero where pixels may be in no window, or in several. */
static void each_image_from_zero(const ant_num *n, int64_t from, int64_t to, visit *f, const R *a,
                                 const R *b, R *dx) {
    windows w = read_windows(n);
    int64_t last = to < w.images ? to : w.images, size = w.row.in * w.column.in * w.channels;
    for (int64_t image = from; image < last; image++) {
        if (!tiles(&w.row) || !tiles(&w.column))
            memset(dx + image * size, 0, (size_t)size * sizeof *dx);
        each_place(&w, image, f, a, b, dx);
    }
}

/* A walk over the pixels of a window, in row-major order. */
typedef struct walk {
    int64_t k, left; /* number of the pixel, pixels that are left */
    int64_t column;
    int64_t at; /* where it stands in x */
} walk;

ALWAYS_INLINE walk walk_start(const place *w, int64_t channel) {
    return (walk){.left = w->rows * w->columns, .at = w->x + channel};
}

ALWAYS_INLINE void walk_on(walk *s, const place *w) {
    s->k++;
    s->left--;
    s->at += w->channels;
    if (++s->column == w->columns) {
        s->column = 0;
        s->at += w->pitch - w->columns * w->channels;
    }
}

/* --- max --- */

static void largest(const place *w, const R *x, const R *unused, R *y) {
    (void)unused;
    for (int64_t c = 0; c < w->channels; c += LANES) {
        int64_t lanes = w->channels - c;
        const R *line = x + w->x + c;
        vec best = vec_load_some(line, lanes);
        for (int64_t i = 0; i < w->rows; i++, line += w->pitch)
            for (int64_t j = 0; j < w->columns; j++)
                best = larger(vec_load_some(line + j * w->channels, lanes), best);
        vec_store_some(y + w->y + c, best, lanes);
    }
}

void K(max_pool_image)(const windows *w, const R *x, R *y) {
    each_place(w, 0, largest, x, NULL, y);
}

/* In each lane the number of the first pixel that holds the largest of its channel. */
ALWAYS_INLINE vec_int winners(const place *w, const R *x, int64_t c, int64_t lanes) {
    walk s = walk_start(w, c);
    vec best = vec_load_some(x + s.at, lanes);
    vec_int which = {0};
    for (walk_on(&s, w); s.left > 0; walk_on(&s, w)) {
        vec e = vec_load_some(x + s.at, lanes);
        vec_int wins = beats(e, best);
        best = vec_select(wins, e, best);
        which = (wins & (R_int)s.k) | (which & ~wins);
    }
    return which;
}

static void spread_to_winners(const place *w, const R *x, const R *dy, R *dx) {
    for (int64_t c = 0; c < w->channels; c += LANES) {
        int64_t lanes = w->channels - c;
        vec_int which = winners(w, x, c, lanes);
        vec d = vec_load_some(dy + w->y + c, lanes);
        for (walk s = walk_start(w, c); s.left > 0; walk_on(&s, w)) {
            vec part = vec_select(which == (R_int)s.k, d, (vec){0});
            if (!w->alone)
                part += vec_load_some(dx + s.at, lanes);
            vec_store_some(dx + s.at, part, lanes);
        }
    }
}

static void pick_winners(const place *w, const R *x, const R *v, R *y) {
    for (int64_t c = 0; c < w->channels; c += LANES) {
        int64_t lanes = w->channels - c;
        vec_int which = winners(w, x, c, lanes);
        vec picked = {0};
        for (walk s = walk_start(w, c); s.left > 0; walk_on(&s, w))
            picked = vec_select(which == (R_int)s.k, vec_load_some(v + s.at, lanes), picked);
        vec_store_some(y + w->y + c, picked, lanes);
    }
}

void K(max_pool)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    each_image(n, from, to, largest, at[0], NULL, at[1]);
}

void K(max_pool_grad)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    each_image_from_zero(n, from, to, spread_to_winners, at[0], at[1], at[2]);
}

void K(max_pool_pick)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    each_image(n, from, to, pick_winners, at[0], at[1], at[2]);
}

/* --- average --- */

static void average(const place *w, const R *x, const R *unused, R *y) {
    (void)unused;
    const R part = 1 / (R)(w->rows * w->columns);
    for (int64_t c = 0; c < w->channels; c += LANES) {
        int64_t lanes = w->channels - c;
        vec sum = {0};
        for (walk s = walk_start(w, c); s.left > 0; walk_on(&s, w))
            sum += vec_load_some(x + s.at, lanes);
        vec_store_some(y + w->y + c, sum * part, lanes);
    }
}

static void spread(const place *w, const R *dy, const R *unused, R *dx) {
    (void)unused;
    const R part = 1 / (R)(w->rows * w->columns);
    for (int64_t c = 0; c < w->channels; c += LANES) {
        int64_t lanes = w->channels - c;
        vec d = vec_load_some(dy + w->y + c, lanes) * part;
        for (walk s = walk_start(w, c); s.left > 0; walk_on(&s, w))
            vec_store_some(dx + s.at, w->alone ? d : vec_load_some(dx + s.at, lanes) + d, lanes);
    }
}

void K(average_pool)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    each_image(n, from, to, average, at[0], NULL, at[1]);
}

void K(average_pool_grad)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    each_image_from_zero(n, from, to, spread, at[0], NULL, at[1]);
}
