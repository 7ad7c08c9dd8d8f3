/* Max and average pooling, (N, H, W, C). Numbers: windows (window.h), dilation 1; a cell is an
 * image. The loops over channels are the vectors. */
#include "core/kernels/window.h"
#include <string.h>

/* One window: where its first real entry and its result stand, and how many entries it has. */
typedef struct place {
    int64_t x, y;
    int64_t rows, columns;
    int64_t pitch, channels; /* from row to row, from column to column */
} place;

typedef void visit(const place *at, const R *a, const R *b, R *out);

static void each_place(const windows *w, int64_t image, visit *f, const R *a, const R *b, R *out) {
    int64_t pitch = w->column.in * w->channels, position = image * w->row.out * w->column.out;
    for (int64_t i = 0; i < w->row.out; i++) {
        taps row = taps_at(&w->row, i);
        const int64_t line = (image * w->row.in + row.entry) * pitch;
        for (int64_t j = 0; j < w->column.out; j++, position++) {
            taps column = taps_at(&w->column, j);
            f(&(place){.x = line + column.entry * w->channels,
                       .y = position * w->channels,
                       .rows = row.last - row.first,
                       .columns = column.last - column.first,
                       .pitch = pitch,
                       .channels = w->channels},
              a, b, out);
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

/* The images' part of a gradient starts at zero. */
static void clear_images(const ant_num *n, int64_t from, int64_t to, R *dx) {
    windows w = read_windows(n);
    int64_t last = to < w.images ? to : w.images, size = w.row.in * w.column.in * w.channels;
    if (last > from)
        memset(dx + from * size, 0, (size_t)((last - from) * size) * sizeof *dx);
}

/* Where entry k of the window stands in x, in row-major order. */
static int64_t entry(const place *at, int64_t k) {
    return at->x + k / at->columns * at->pitch + k % at->columns * at->channels;
}

/* --- max --- */

/* Not a number is larger than all, so that it is not lost. */
static inline bool beats(R x, R best) {
    return (x > best) | (x != x);
}

static void largest(const place *at, const R *x, const R *unused, R *out) {
    (void)unused;
    R *y = out + at->y;
    memcpy(y, x + at->x, (size_t)at->channels * sizeof *y);
    for (int64_t k = 1; k < at->rows * at->columns; k++) {
        const R *e = x + entry(at, k);
        for (int64_t c = 0; c < at->channels; c++)
            y[c] = beats(e[c], y[c]) ? e[c] : y[c];
    }
}

enum { BLOCK = 64 }; /* channels whose winners are held at once */

/* which[c]: the first entry, in row-major order, that holds the largest of channel start + c. */
static void winners(const place *at, const R *x, int64_t start, int64_t count, R_int *which) {
    R best[BLOCK];
    memcpy(best, x + at->x + start, (size_t)count * sizeof *best);
    memset(which, 0, (size_t)count * sizeof *which);
    for (int64_t k = 1; k < at->rows * at->columns; k++) {
        const R *e = x + entry(at, k) + start;
        for (int64_t c = 0; c < count; c++) {
            bool wins = beats(e[c], best[c]);
            best[c] = wins ? e[c] : best[c];
            which[c] = wins ? (R_int)k : which[c];
        }
    }
}

static int64_t block_at(const place *at, int64_t start) {
    return at->channels - start < BLOCK ? at->channels - start : BLOCK;
}

static void spread_to_winners(const place *at, const R *x, const R *dy, R *dx) {
    R_int which[BLOCK];
    for (int64_t start = 0; start < at->channels; start += BLOCK) {
        int64_t count = block_at(at, start);
        const R *d = dy + at->y + start;
        winners(at, x, start, count, which);
        for (int64_t k = 0; k < at->rows * at->columns; k++) {
            R *to = dx + entry(at, k) + start;
            for (int64_t c = 0; c < count; c++)
                to[c] += which[c] == (R_int)k ? d[c] : 0;
        }
    }
}

static void pick_winners(const place *at, const R *x, const R *v, R *out) {
    R_int which[BLOCK];
    for (int64_t start = 0; start < at->channels; start += BLOCK) {
        int64_t count = block_at(at, start);
        R *y = out + at->y + start;
        winners(at, x, start, count, which);
        for (int64_t k = 0; k < at->rows * at->columns; k++) {
            const R *e = v + entry(at, k) + start;
            for (int64_t c = 0; c < count; c++)
                y[c] = which[c] == (R_int)k ? e[c] : y[c];
        }
    }
}

void K(max_pool)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    each_image(n, from, to, largest, at[0], NULL, at[1]);
}

void K(max_pool_grad)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    clear_images(n, from, to, at[2]);
    each_image(n, from, to, spread_to_winners, at[0], at[1], at[2]);
}

void K(max_pool_pick)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    each_image(n, from, to, pick_winners, at[0], at[1], at[2]);
}

/* --- average --- */

static void average(const place *at, const R *x, const R *unused, R *out) {
    (void)unused;
    R *y = out + at->y, part = 1 / (R)(at->rows * at->columns);
    memcpy(y, x + at->x, (size_t)at->channels * sizeof *y);
    for (int64_t k = 1; k < at->rows * at->columns; k++) {
        const R *e = x + entry(at, k);
        for (int64_t c = 0; c < at->channels; c++)
            y[c] += e[c];
    }
    for (int64_t c = 0; c < at->channels; c++)
        y[c] *= part;
}

static void spread(const place *at, const R *dy, const R *unused, R *dx) {
    (void)unused;
    const R *d = dy + at->y;
    R part = 1 / (R)(at->rows * at->columns);
    for (int64_t k = 0; k < at->rows * at->columns; k++) {
        R *to = dx + entry(at, k);
        for (int64_t c = 0; c < at->channels; c++)
            to[c] += d[c] * part;
    }
}

void K(average_pool)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    each_image(n, from, to, average, at[0], NULL, at[1]);
}

void K(average_pool_grad)(void *const *at, const ant_num *n, int64_t from, int64_t to) {
    clear_images(n, from, to, at[1]);
    each_image(n, from, to, spread, at[0], NULL, at[1]);
}
