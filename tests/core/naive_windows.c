#include "naive_windows.h"

/* One entry of x under tap (a, b) of the window at (n, i, j); -1: padding. */
static int64_t entry(const naive_windows *w, int64_t n, int64_t i, int64_t j, int64_t a,
                     int64_t b) {
    const ant_window *k = &w->window;
    const int64_t *x = w->x.dim;
    int64_t row = i * k->stride[0] - ant__window_before(k, 0, x[1]) + a * k->dilation[0];
    int64_t column = j * k->stride[1] - ant__window_before(k, 1, x[2]) + b * k->dilation[1];
    if (row < 0 || row >= x[1] || column < 0 || column >= x[2])
        return -1;
    return ((n * x[1] + row) * x[2] + column) * x[3];
}

/* Calls f for each position of y and each tap of its window: `e` is the pixel of x, `o` that of
 * y.*/
typedef struct tap {
    const naive_windows *w;
    int64_t e, o; /* where the pixels begin */
    int64_t a, b; /* which tap */
    const double *x, *v;
    double *out, *more;
} tap;
typedef void each(tap *t);

static void each_tap(tap t, each *f) {
    const naive_windows *w = t.w;
    const int64_t *y = w->y.dim, *size = w->window.size;
    for (int64_t n = 0; n < y[0]; n++)
        for (int64_t i = 0; i < y[1]; i++)
            for (int64_t j = 0; j < y[2]; j++)
                for (t.a = 0; t.a < size[0]; t.a++)
                    for (t.b = 0; t.b < size[1]; t.b++) {
                        t.e = entry(w, n, i, j, t.a, t.b);
                        t.o = ((n * y[1] + i) * y[2] + j) * y[3];
                        if (t.e >= 0)
                            f(&t);
                    }
}

/* --- convolution --- */

static int64_t weight(const tap *t, int64_t c, int64_t f) {
    int64_t filters = t->w->y.dim[3], channels = t->w->x.dim[3] / t->w->groups;
    return ((t->a * t->w->window.size[1] + t->b) * channels + c) * filters + f;
}

static void conv_tap(tap *t) {
    int64_t filters = t->w->y.dim[3], channels = t->w->x.dim[3] / t->w->groups;
    for (int64_t f = 0; f < filters; f++) {
        int64_t group = f / (filters / t->w->groups);
        for (int64_t c = 0; c < channels; c++)
            t->out[t->o + f] += t->x[t->e + group * channels + c] * t->v[weight(t, c, f)];
    }
}

void naive_conv(const naive_windows *w, const double *x, const double *kernel, const double *bias,
                double *y) {
    for (int64_t k = 0; bias && k < ant__dims_count(&w->y); k++)
        y[k] += bias[k % w->y.dim[3]];
    each_tap((tap){.w = w, .x = x, .v = kernel, .out = y}, conv_tap);
}

static void conv_input_tap(tap *t) {
    int64_t filters = t->w->y.dim[3], channels = t->w->x.dim[3] / t->w->groups;
    for (int64_t f = 0; f < filters; f++) {
        int64_t group = f / (filters / t->w->groups);
        for (int64_t c = 0; c < channels; c++)
            t->out[t->e + group * channels + c] += t->x[t->o + f] * t->v[weight(t, c, f)];
    }
}

static void conv_kernel_tap(tap *t) {
    int64_t filters = t->w->y.dim[3], channels = t->w->x.dim[3] / t->w->groups;
    for (int64_t f = 0; f < filters; f++) {
        int64_t group = f / (filters / t->w->groups);
        for (int64_t c = 0; c < channels; c++)
            t->out[weight(t, c, f)] += t->x[t->o + f] * t->v[t->e + group * channels + c];
    }
}

void naive_conv_gradients(const naive_windows *w, const double *x, const double *kernel,
                          const double *dy, double *dx, double *dkernel) {
    if (dx)
        each_tap((tap){.w = w, .x = dy, .v = kernel, .out = dx}, conv_input_tap);
    if (dkernel)
        each_tap((tap){.w = w, .x = dy, .v = x, .out = dkernel}, conv_kernel_tap);
}

/* --- pooling --- */

/* Calls f once for each entry of y, with the first of the largest entries, or the count, of its
 * window. */
typedef void pooled(const naive_windows *w, int64_t best, int64_t count, int64_t o, const tap *t);

static void each_window(const tap *t, pooled *f) {
    const naive_windows *w = t->w;
    const int64_t *y = w->y.dim, *size = w->window.size;
    for (int64_t o = 0; o < ant__dims_count(&w->y); o++) {
        int64_t c = o % y[3], j = o / y[3] % y[2], i = o / y[3] / y[2] % y[1];
        int64_t n = o / y[3] / y[2] / y[1], best = -1, count = 0;
        for (int64_t k = 0; k < size[0] * size[1]; k++) {
            int64_t e = entry(w, n, i, j, k / size[1], k % size[1]);
            if (e < 0)
                continue;
            count++;
            if (best < 0 || (t->x && t->x[e + c] > t->x[best]))
                best = e + c;
        }
        f(w, best, count, o, t);
    }
}

static void take_best(const naive_windows *w, int64_t best, int64_t count, int64_t o,
                      const tap *t) {
    (void)w, (void)count;
    t->out[o] += t->v[best];
}

static void give_best(const naive_windows *w, int64_t best, int64_t count, int64_t o,
                      const tap *t) {
    (void)w, (void)count;
    t->out[best] += t->v[o];
}

void naive_max_pool(const naive_windows *w, const double *x, double *y) {
    each_window(&(tap){.w = w, .x = x, .v = x, .out = y}, take_best);
}

void naive_max_pool_pick(const naive_windows *w, const double *x, const double *v, double *y) {
    each_window(&(tap){.w = w, .x = x, .v = v, .out = y}, take_best);
}

void naive_max_pool_gradient(const naive_windows *w, const double *x, const double *dy,
                             double *dx) {
    each_window(&(tap){.w = w, .x = x, .v = dy, .out = dx}, give_best);
}

/* With 1 / count in `more`, one number for each entry of y. */
static void note_count(const naive_windows *w, int64_t best, int64_t count, int64_t o,
                       const tap *t) {
    (void)w, (void)best;
    t->more[o] = 1 / (double)count;
}

static void average_tap(tap *t) {
    for (int64_t c = 0; c < t->w->x.dim[3]; c++)
        t->out[t->o + c] += t->x[t->e + c] * t->more[t->o + c];
}

static void spread_tap(tap *t) {
    for (int64_t c = 0; c < t->w->x.dim[3]; c++)
        t->out[t->e + c] += t->x[t->o + c] * t->more[t->o + c];
}

static void averages(const naive_windows *w, const double *from, double *out, each *f) {
    double *part = ant__alloc_array((size_t)ant__dims_count(&w->y) + 1, sizeof *part);
    tap t = {.w = w, .out = out, .more = part};
    each_window(&t, note_count);
    t.x = from;
    each_tap(t, f);
    ant__free(part);
}

void naive_average_pool(const naive_windows *w, const double *x, double *y) {
    averages(w, x, y, average_tap);
}

void naive_average_pool_gradient(const naive_windows *w, const double *dy, double *dx) {
    averages(w, dy, dx, spread_tap);
}
