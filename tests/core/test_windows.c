/* The kernels of convolution and pooling, of every set, against plain twins: odd sizes, strides,
 * dilations, groups, all paddings, memory that ends where it ends, cells alone and together. */
#include "core/ops/ops.h"
#include "naive.h"
#include "naive_windows.h"
#include "op_run.h"
#include "support.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct window_case {
    int images, rows, columns, channels, filters, groups;
    ant_window window;
} window_case;

static const window_case cases[] = {
    {2, 6, 5, 2, 3, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__VALID}},
    {2, 6, 5, 2, 3, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},
    {1, 7, 6, 3, 4, 1, {{2, 3}, {2, 2}, {1, 1}, ANT__SAME}},
    {3, 8, 7, 2, 2, 1, {{3, 3}, {1, 1}, {2, 2}, ANT__VALID}},
    {2, 5, 6, 1, 2, 1, {{3, 3}, {1, 1}, {1, 2}, ANT__SAME}},
    {2, 5, 5, 4, 4, 2, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},
    {2, 6, 4, 3, 6, 3, {{3, 1}, {2, 1}, {1, 1}, ANT__VALID}},
    {2, 4, 3, 5, 3, 1, {{1, 1}, {1, 1}, {1, 1}, ANT__VALID}},
    {1, 10, 11, 1, 2, 1, {{5, 5}, {3, 3}, {1, 1}, ANT__SAME}},
    {1, 5, 5, 17, 33, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__VALID}},
    {1, 1, 9, 3, 5, 1, {{1, 4}, {1, 1}, {1, 2}, ANT__CAUSAL}},
    {2, 1, 8, 2, 3, 1, {{1, 3}, {1, 2}, {1, 1}, ANT__CAUSAL}},
    {1, 40, 3, 2, 40, 1, {{3, 2}, {1, 1}, {1, 1}, ANT__SAME}}, /* more rows than a piece */
    {9, 3, 3, 2, 2, 1, {{2, 2}, {1, 1}, {1, 1}, ANT__SAME}},   /* more images than chunks */
    {1, 9, 9, 2, 3, 1, {{2, 2}, {3, 4}, {1, 1}, ANT__VALID}},  /* windows that leave gaps */
    {2, 9, 8, 4, 2, 2, {{3, 3}, {2, 3}, {2, 1}, ANT__SAME}},   /* both: only ops may do so */
    {1, 9, 9, 2, 2, 1, {{3, 3}, {2, 2}, {2, 2}, ANT__SAME}},
    {1, 70, 40, 1, 8, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__VALID}}, /* several pieces of a gradient */
    {1, 4, 4, 1, 1, 1, {{4, 4}, {1, 1}, {1, 1}, ANT__VALID}},
    {1, 14, 9, 48, 56, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}}, /* by Winograd's method … */
    {3, 13, 13, 51, 49, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__VALID}},
    {9, 5, 40, 64, 48, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},
    {2, 36, 4, 49, 64, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__CAUSAL}},
    {0, 4, 4, 2, 3, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},    /* an empty batch */
    {3, 4, 4, 64, 64, 64, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}}, /* one channel per group */
};
enum { CASES = sizeof cases / sizeof *cases };

typedef struct bench {
    ant_program *p;
    naive_windows naive;
    ant_value *x, *kernel, *bias, *dy;
    const char *name;
} bench;

static bench bench_new(const window_case *c, int filters) {
    bench b = {.p = ant__program_new(ANT_FLOAT32)};
    b.naive = (naive_windows){.window = c->window, .groups = c->groups};
    b.naive.x = ANT__DIMS(c->images, c->rows, c->columns, c->channels);
    b.naive.y = ANT__DIMS(c->images, ant__window_count(&c->window, 0, c->rows),
                          ant__window_count(&c->window, 1, c->columns), filters);
    const int64_t *size = c->window.size;
    ant_dims kernel = ANT__DIMS(size[0], size[1], c->channels / c->groups, c->filters);
    b.x = ant__input(b.p, ANT_FLOAT32, &b.naive.x);
    b.kernel = ant__input(b.p, ANT_FLOAT32, &kernel);
    b.bias = ant__input(b.p, ANT_FLOAT32, &ANT__DIMS(c->filters));
    b.dy = ant__input(b.p, ANT_FLOAT32, &b.naive.y);
    return b;
}

/* `in` are the op's inputs as doubles, `want` is zero. */
typedef void twin(const bench *b, double *const *in, double *want);

static void compare_runs(const bench *b, op_run *r, const double *want, const char *name) {
    int64_t count = op_run_count(r->op->out[0]);
    op_run_cells(r, false);
    const double *got = op_run_output(r, 0);
    double *together = malloc((size_t)count * sizeof *together + 1);
    memcpy(together, got, (size_t)count * sizeof *together);
    op_run_compare(r, name, got, want, count, naive_tolerance(r->real, 1000));
    op_run_cells(r, true);
    op_run_compare(r, "cells one by one", op_run_output(r, 0), together, count, 0);
    free(together);
    (void)b;
}

static void compare(const bench *b, const ant_value *made, twin *f, const char *name) {
    for (const ant_kernel_set *const *set = ant__kernel_sets(); *set; set++)
        for (int real = 0; real < 2; real++) {
            op_run r;
            op_run_start(&r, made, *set, real);
            double *want = calloc((size_t)op_run_count(made) + 1, sizeof *want);
            f(b, r.in, want);
            compare_runs(b, &r, want, name);
            free(want);
            op_run_end(&r);
        }
}

/* --- convolution --- */

static void forward(const bench *b, double *const *in, double *want) {
    naive_conv(&b->naive, in[0], in[1], NULL, want);
}

static void forward_biased(const bench *b, double *const *in, double *want) {
    naive_conv(&b->naive, in[0], in[1], in[2], want);
}

static void backward(const bench *b, double *const *in, double *want) {
    naive_conv_gradients(&b->naive, NULL, in[1], in[0], want, NULL);
}

/* The op gives one sum for each chunk of the batch; their sum is what the twin gives. */
static void check_kernel_gradient(const bench *b, const ant_value *sum) {
    const ant_value *parts = sum->from->in[0];
    for (const ant_kernel_set *const *set = ant__kernel_sets(); *set; set++)
        for (int real = 0; real < 2; real++) {
            op_run r;
            op_run_start(&r, parts, *set, real);
            int64_t chunks = parts->dims.dim[0], count = op_run_count(parts) / chunks;
            double *want = calloc((size_t)count + 1, sizeof *want);
            double *got = calloc((size_t)count + 1, sizeof *got);
            naive_conv_gradients(&b->naive, r.in[0], NULL, r.in[1], NULL, want);
            op_run_cells(&r, true);
            const double *each = op_run_output(&r, 0);
            for (int64_t i = 0; i < chunks * count; i++)
                got[i % count] += each[i];
            op_run_compare(&r, "the gradient", got, want, count, naive_tolerance(real, 3000));
            free(want);
            free(got);
            op_run_end(&r);
        }
}

/* A convolution with a bias, and both of its gradients. */
static void check_convolution(const bench *b, const window_case *c) {
    compare(b, ant__op_conv2d(b->p, b->x, b->kernel, b->bias, &c->window, c->groups),
            forward_biased, "y with a bias");
    compare(b, ant__op_conv2d_input(b->p, b->dy, b->kernel, &c->window, c->groups, &b->naive.x),
            backward, "dx");
    check_kernel_gradient(b, ant__op_conv2d_kernel(b->p, b->x, b->dy, &c->window, c->groups));
}

START_TEST(convolutions_are_right) {
    const window_case *c = &cases[_i];
    bench b = bench_new(c, c->filters);
    compare(&b, ant__op_conv2d(b.p, b.x, b.kernel, NULL, &c->window, c->groups), forward, "y");
    check_convolution(&b, c);
    ant__program_free(b.p);
}
END_TEST

/* --- by Winograd's method with large tiles, where speed counts more --- */

static const window_case fast_cases[] = {
    {1, 14, 9, 48, 56, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},
    {3, 13, 13, 51, 49, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__VALID}},
    {9, 5, 40, 64, 48, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},
    {2, 36, 4, 49, 64, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__CAUSAL}},
    {33, 2, 2, 32, 33, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}}, /* small tiles are better */
    {16, 3, 3, 33, 32, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},
    {9, 6, 6, 32, 32, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__VALID}},
    {2, 7, 21, 32, 100, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__VALID}},
    {2, 6, 5, 2, 3, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}}, /* too few channels */
};
enum { FAST_CASES = sizeof fast_cases / sizeof *fast_cases };

START_TEST(fast_convolutions_are_right) {
    const window_case *c = &fast_cases[_i];
    bench b = bench_new(c, c->filters);
    ant__program_set_fast(b.p, true);
    check_convolution(&b, c);
    ant__program_free(b.p);
}
END_TEST

/* Root of the mean squared error to that of the results, largest error to the largest result. */
typedef struct error {
    double mean, most;
} error;

static error error_of(const double *got, const double *want, int64_t n) {
    double wrong = 0, all = 0, most = 0, largest = 0;
    for (int64_t i = 0; i < n; i++) {
        double d = fabs(got[i] - want[i]);
        wrong += d * d;
        all += want[i] * want[i];
        most = d > most ? d : most;
        largest = fabs(want[i]) > largest ? fabs(want[i]) : largest;
    }
    return (error){sqrt(wrong / all), most / largest};
}

static error forward_error(bool fast, const ant_kernel_set *set) {
    const window_case c = {2, 32, 32, 64, 64, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}};
    bench b = bench_new(&c, c.filters);
    ant__program_set_fast(b.p, fast);
    ant_value *y = ant__op_conv2d(b.p, b.x, b.kernel, NULL, &c.window, 1);
    op_run r;
    op_run_start(&r, y, set, 0);
    double *want = calloc((size_t)op_run_count(y), sizeof *want);
    forward(&b, r.in, want);
    op_run_cells(&r, false);
    error e = error_of(op_run_output(&r, 0), want, op_run_count(y));
    free(want);
    op_run_end(&r);
    ant__program_free(b.p);
    return e;
}

/* What antler/graph.h promises. */
START_TEST(errors_are_as_stated) {
    for (const ant_kernel_set *const *set = ant__kernel_sets(); *set; set++) {
        error exact = forward_error(false, *set), fast = forward_error(true, *set);
        ck_assert_msg(exact.mean < 4e-7 && exact.most < 6e-7, "%s: %g, %g", (*set)->name,
                      exact.mean, exact.most);
        ck_assert_msg(fast.mean < 3e-6 && fast.most < 1.5e-5, "%s, fast: %g, %g", (*set)->name,
                      fast.mean, fast.most);
        ck_assert_double_gt(fast.mean, 2 * exact.mean);
    }
}
END_TEST

/* --- depthwise: as many groups as channels, some filters each --- */

static const struct {
    int images, rows, columns, channels, multiplier;
    ant_window window;
} depthwise_cases[] = {
    {2, 6, 5, 2, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},
    {2, 6, 5, 3, 2, {{3, 3}, {1, 1}, {1, 1}, ANT__VALID}},
    {1, 9, 9, 32, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},
    {3, 7, 8, 31, 1, {{3, 3}, {2, 2}, {1, 1}, ANT__SAME}},
    {2, 8, 7, 33, 1, {{5, 5}, {1, 1}, {1, 1}, ANT__SAME}},
    {1, 5, 30, 70, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},
    {2, 9, 8, 16, 3, {{3, 2}, {2, 3}, {1, 1}, ANT__SAME}},
    {1, 12, 11, 40, 1, {{3, 3}, {1, 1}, {2, 3}, ANT__SAME}},
    {2, 9, 8, 4, 1, {{3, 3}, {2, 3}, {2, 1}, ANT__SAME}}, /* strides and dilation */
    {1, 9, 9, 5, 2, {{3, 3}, {2, 2}, {2, 2}, ANT__SAME}},
    {1, 9, 9, 6, 1, {{2, 2}, {3, 4}, {1, 1}, ANT__VALID}},  /* windows that leave gaps */
    {1, 3, 150, 7, 1, {{2, 3}, {1, 1}, {1, 1}, ANT__SAME}}, /* several pieces of a row */
    {1, 2, 300, 34, 1, {{1, 4}, {1, 2}, {1, 1}, ANT__SAME}},
    {1, 1, 9, 3, 1, {{1, 4}, {1, 1}, {1, 2}, ANT__CAUSAL}},
    {2, 1, 8, 20, 2, {{1, 3}, {1, 2}, {1, 1}, ANT__CAUSAL}},
    {1, 8, 12, 9, 1, {{7, 11}, {1, 1}, {1, 1}, ANT__SAME}}, /* more taps than are walked at once */
    {20, 3, 3, 8, 1, {{2, 2}, {1, 1}, {1, 1}, ANT__SAME}},  /* more images than chunks */
    {1, 60, 4, 12, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},
    {2, 4, 3, 5, 1, {{1, 1}, {1, 1}, {1, 1}, ANT__VALID}},
    {1, 4, 4, 1, 1, {{4, 4}, {1, 1}, {1, 1}, ANT__VALID}},
    {0, 4, 4, 2, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}}, /* an empty batch */
    {2, 14, 14, 128, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},
    {2, 5, 6, 129, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}}, /* more than a group of blocks */
    {1, 6, 5, 300, 1, {{3, 3}, {2, 2}, {1, 1}, ANT__SAME}},
    {2, 4, 70, 61, 3, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},
    /* 3 x 3 taps without strides: strips of one row to four, vectors that overlap, two groups of
     * channels, several images in a chunk, rows asked for ahead. */
    {2, 1, 1, 16, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},
    {2, 2, 3, 17, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},
    {1, 3, 2, 24, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},
    {3, 4, 7, 20, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__VALID}},
    {1, 3, 3, 16, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__VALID}},
    {2, 10, 4, 139, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__VALID}},
    {19, 5, 6, 16, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},
    {3, 30, 31, 64, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},
};
enum { DEPTHWISE_CASES = sizeof depthwise_cases / sizeof *depthwise_cases };

START_TEST(depthwise_convolutions_are_right) {
    window_case c = {.images = depthwise_cases[_i].images,
                     .rows = depthwise_cases[_i].rows,
                     .columns = depthwise_cases[_i].columns,
                     .channels = depthwise_cases[_i].channels,
                     .groups = depthwise_cases[_i].channels,
                     .window = depthwise_cases[_i].window};
    int multiplier = depthwise_cases[_i].multiplier;
    c.filters = c.channels * multiplier;
    bench b = bench_new(&c, c.filters);
    const int64_t *size = c.window.size;
    b.kernel = ant__input(b.p, ANT_FLOAT32, &ANT__DIMS(size[0], size[1], c.channels, multiplier));
    compare(&b, ant__op_depthwise(b.p, b.x, b.kernel, NULL, &c.window), forward, "y");
    compare(&b, ant__op_depthwise(b.p, b.x, b.kernel, b.bias, &c.window), forward_biased,
            "y with a bias");
    compare(&b, ant__op_depthwise_input(b.p, b.dy, b.kernel, &c.window, &b.naive.x), backward,
            "dx");
    check_kernel_gradient(&b, ant__op_depthwise_kernel(b.p, b.x, b.dy, &c.window));
    ant__program_free(b.p);
}
END_TEST

/* --- pooling --- */

static void max_pool(const bench *b, double *const *in, double *want) {
    naive_max_pool(&b->naive, in[0], want);
}

static void max_pool_gradient(const bench *b, double *const *in, double *want) {
    naive_max_pool_gradient(&b->naive, in[0], in[1], want);
}

static void average_pool(const bench *b, double *const *in, double *want) {
    naive_average_pool(&b->naive, in[0], want);
}

static void average_pool_gradient(const bench *b, double *const *in, double *want) {
    naive_average_pool_gradient(&b->naive, in[0], want);
}

static ant_value *gradient(const bench *b, ant_value *y) {
    ant_value *dx[1] = {NULL}, *dy[1] = {b->dy};
    b->x->needs = true;
    y->from->cls->grad(b->p, y->from, dy, dx);
    return dx[0];
}

START_TEST(poolings_are_right) {
    window_case c = cases[_i];
    c.window.dilation[0] = c.window.dilation[1] = 1;
    bench b = bench_new(&c, c.channels);
    ant_value *largest = ant__op_max_pool(b.p, b.x, &c.window);
    ant_value *mean = ant__op_average_pool(b.p, b.x, &c.window);
    compare(&b, largest, max_pool, "y");
    compare(&b, gradient(&b, largest), max_pool_gradient, "dx");
    compare(&b, mean, average_pool, "y");
    compare(&b, gradient(&b, mean), average_pool_gradient, "dx");
    ant__program_free(b.p);
}
END_TEST

ANT_TEST_MAIN("windows", ANT_LOOP(convolutions_are_right, CASES),
              ANT_LOOP(fast_convolutions_are_right, FAST_CASES), {errors_are_as_stated},
              ANT_LOOP(depthwise_convolutions_are_right, DEPTHWISE_CASES),
              ANT_LOOP(poolings_are_right, CASES))
