/* Normalizations that go into the kernels before them, and what convolutions and products take in
 * behind that: the numbers of the program as it was written, before and after weights change. */
#include "core/ops/fine.h"
#include "core/ops/ops.h"
#include "core/passes/passes.h"
#include "runner.h"
#include "support.h"
#include <math.h>
#include <stdlib.h>

enum { CONV, DEPTHWISE, PRODUCT };
enum { MOST_WEIGHTS = 6, MOST_ENTRIES = 4096 };

typedef struct norm_case {
    const char *name;
    int maker;
    ant_dims x, kernel;
    ant_window window;
    int groups;
    bool bias, view, twice, rest;
    double limit; /* 0: no relu */
} norm_case;

static const norm_case cases[] = {
    {"conv", CONV, {4, {2, 5, 4, 3}}, {4, {3, 3, 3, 5}}, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}, 1},
    {"conv, bias, stride, relu",
     CONV,
     {4, {2, 7, 6, 2}},
     {4, {3, 2, 2, 33}},
     {{3, 2}, {2, 2}, {1, 1}, ANT__VALID},
     1,
     .bias = true,
     .limit = INFINITY},
    {"conv in groups, rest, relu6",
     CONV,
     {4, {1, 6, 6, 4}},
     {4, {3, 3, 2, 6}},
     {{3, 3}, {1, 1}, {1, 1}, ANT__SAME},
     2,
     .bias = true,
     .rest = true,
     .limit = 0.5},
    {"winograd, rest, relu",
     CONV,
     {4, {2, 9, 7, 32}},
     {4, {3, 3, 32, 34}},
     {{3, 3}, {1, 1}, {1, 1}, ANT__SAME},
     1,
     .rest = true,
     .limit = INFINITY},
    {"winograd, rest, relu6, twice",
     CONV,
     {4, {2, 8, 9, 33}},
     {4, {3, 3, 33, 32}},
     {{3, 3}, {1, 1}, {1, 1}, ANT__VALID},
     1,
     .bias = true,
     .rest = true,
     .twice = true,
     .limit = 0.25},
    {"conv with a view, twice",
     CONV,
     {4, {3, 1, 9, 2}},
     {4, {1, 3, 2, 4}},
     {{1, 3}, {1, 1}, {1, 2}, ANT__CAUSAL},
     1,
     .bias = true,
     .view = true,
     .twice = true},
    {"depthwise",
     DEPTHWISE,
     {4, {2, 5, 4, 3}},
     {4, {3, 3, 3, 1}},
     {{3, 3}, {1, 1}, {1, 1}, ANT__SAME},
     1,
     .limit = 0.5},
    {"depthwise, bias, more kernels",
     DEPTHWISE,
     {4, {2, 6, 5, 5}},
     {4, {2, 3, 5, 3}},
     {{2, 3}, {2, 2}, {1, 1}, ANT__SAME},
     1,
     .bias = true,
     .view = true},
    {"product", PRODUCT, {2, {7, 5}}, {2, {5, 9}}, .groups = 1},
    {"product, bias, relu6", PRODUCT, {2, {37, 16}}, {2, {16, 40}}, .bias = true, .limit = 0.5},
    {"product of pixels, rest",
     PRODUCT,
     {4, {2, 3, 7, 8}},
     {2, {8, 17}},
     .bias = true,
     .rest = true,
     .limit = 0.75},
    {"one row, bound", PRODUCT, {2, {1, 12}}, {2, {12, 70}}, .bias = true, .limit = 0.3},
    {"one column, bound", PRODUCT, {2, {9, 12}}, {2, {12, 1}}, .bias = true, .limit = 0.3},
    {"many rows", PRODUCT, {2, {130, 33}}, {2, {33, 64}}, .bias = true, .view = true},
};
enum { CASES = sizeof cases / sizeof *cases };

enum { KERNEL, BIAS, MEAN, VARIANCE, GAMMA, BETA };

/* Weights, the input and what is added, all in both types. */
typedef struct numbers {
    ant_variable weight[MOST_WEIGHTS];
    double data[MOST_WEIGHTS][MOST_ENTRIES * 3];
    double x[MOST_ENTRIES * 4], rest[MOST_ENTRIES * 4];
} numbers;

static double next(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (double)(*state >> 8) / (1 << 23) - 1;
}

/* n numbers around `middle` as the real type. */
static void fill(void *to, int64_t n, int real, double middle, double spread, uint32_t *state) {
    for (int64_t i = 0; i < n; i++) {
        const double v = middle + spread * next(state);
        if (real == ANT_FLOAT32)
            ((float *)to)[i] = (float)v;
        else
            ((double *)to)[i] = v;
    }
}

static void fill_weights(numbers *s, uint32_t seed) {
    for (int k = 0; k < MOST_WEIGHTS; k++) {
        const bool positive = k == VARIANCE || k == GAMMA;
        ant_variable *v = &s->weight[k];
        fill(v->data, ant__dims_count(&v->dims), v->dtype, positive ? 1 : 0, 0.5, &seed);
        v->version++;
    }
}

static int64_t channels_of(const norm_case *c) {
    const ant_dims *k = &c->kernel;
    return c->maker == DEPTHWISE ? k->dim[2] * k->dim[3] : k->dim[k->rank - 1];
}

static numbers *make(const norm_case *c, int real) {
    numbers *s = calloc(1, sizeof *s);
    uint32_t seed = 7;
    for (int k = 0; k < MOST_WEIGHTS; k++)
        s->weight[k] = (ant_variable){.name = "w",
                                      .dtype = real,
                                      .dims = k == KERNEL ? c->kernel : ANT__DIMS(channels_of(c)),
                                      .data = s->data[k],
                                      .versioned = true};
    fill_weights(s, 3);
    fill(s->x, MOST_ENTRIES, real, 0, 1, &seed);
    fill(s->rest, MOST_ENTRIES, real, 0, 0.3, &seed);
    return s;
}

/* --- programs --- */

static ant_value *read(ant_program *p, numbers *s, int k) {
    return ant__read(p, &s->weight[k]);
}

static ant_value *made(ant_program *p, const norm_case *c, numbers *s, ant_value *x) {
    ant_value *w = read(p, s, KERNEL), *bias = c->bias ? read(p, s, BIAS) : NULL;
    if (c->maker == CONV)
        return ant__op_conv2d(p, x, w, bias, &c->window, c->groups);
    if (c->maker == DEPTHWISE)
        return ant__op_depthwise(p, x, w, bias, &c->window);
    ant_value *y = ant_op_matmul(p, x, w, false, false);
    return bias ? ant_op_add(p, y, bias) : y;
}

static ant_value *flat(ant_program *p, ant_value *v, int64_t channels) {
    const int64_t shape[] = {ant__dims_count(&v->dims) / channels, channels};
    return ant_op_reshape(p, v, shape, 2);
}

static ant_value *normal(ant_program *p, numbers *s, ant_value *y) {
    ant_value *rstd = ant_op_rsqrt(p, ant_op_shift(p, read(p, s, VARIANCE), 1e-3));
    return ant__op_normalize(p, y, read(p, s, MEAN), rstd, read(p, s, GAMMA), read(p, s, BETA));
}

static ant_value *body(ant_program *p, const norm_case *c, numbers *s) {
    ant_value *y = made(p, c, s, ant__input(p, p->real, &c->x));
    y = c->view ? flat(p, y, channels_of(c)) : y;
    y = normal(p, s, y);
    return c->twice ? normal(p, s, y) : y;
}

static ant_value *whole(ant_program *p, const norm_case *c, numbers *s) {
    ant_value *y = body(p, c, s);
    if (c->rest)
        y = ant_op_add(p, y, ant__input(p, p->real, &y->dims));
    if (c->limit == 0)
        return y;
    return isinf(c->limit) ? ant_op_relu(p, y) : ant__bound(p, y, c->limit);
}

static machine start(ant_program *p, const norm_case *c, numbers *s, ant_value *y, int passes) {
    ck_assert_msg(y != NULL, "%s: %s", c->name, ant__program_error(p)->text);
    ant__output(p, y);
    machine m = machine_of(p, passes);
    ant__program_bind_input(p, 0, s->x);
    if (p->inputs.n > 1)
        ant__program_bind_input(p, 1, s->rest);
    return m;
}

/* --- tests --- */

static void compare(const norm_case *c, const machine *m, const machine *plain, double tolerance) {
    const ant_value *y = ant__program_output_value(m->p, 0);
    machine_run(m);
    machine_run(plain);
    for (int i = 0; i < ant__dims_count(&y->dims); i++) {
        const double got = machine_out(m, 0, i), want = machine_out(plain, 0, i);
        ck_assert_msg(fabs(got - want) <= tolerance * (1 + fabs(want)),
                      "%s: entry %d is %g, not %g", c->name, i, got, want);
    }
}

static void fold(const norm_case *c, int real, double tolerance) {
    numbers *s = make(c, real);
    ant_program *p = ant__program_new(real), *q = ant__program_new(real);
    machine m = start(p, c, s, whole(p, c, s), ANT__ALL_PASSES);
    machine plain = start(q, c, s, whole(q, c, s), 0);
    ck_assert_msg(ant__program_instructions(m.p) == 1, "%s: %d instructions", c->name,
                  ant__program_instructions(m.p));
    for (uint32_t k = 0; k < 3; k++) {
        compare(c, &m, &plain, tolerance);
        fill_weights(s, k);
    }
    machine_free(&m);
    machine_free(&plain);
    free(s);
}

START_TEST(norms_go_into_kernels) {
    fold(&cases[_i], ANT_FLOAT32, 1e-5);
    fold(&cases[_i], ANT_FLOAT64, 1e-12);
}
END_TEST

/* What else reads the convolution, or writes a weight, keeps the normalization where it is. */
START_TEST(norms_stay_where_they_are_needed) {
    const norm_case *c = &cases[1];
    numbers *s = make(c, ANT_FLOAT64);
    ant_program *p = ant__program_new(ANT_FLOAT64);
    ant_value *y = made(p, c, s, ant__input(p, p->real, &c->x));
    machine m = start(p, c, s, ant_op_mul(p, normal(p, s, y), y), ANT__ALL_PASSES);
    ck_assert_int_eq(instructions_named(m.p, "normalize"), 1);
    machine_free(&m);
    for (int k = 0; k < MOST_WEIGHTS; k++) {
        p = ant__program_new(ANT_FLOAT64);
        y = body(p, c, s);
        ant__assign(p, &s->weight[k], ant_op_scale(p, read(p, s, k), 0.5));
        m = start(p, c, s, y, ANT__ALL_PASSES);
        ck_assert_int_eq(instructions_named(m.p, "normalize"), 1);
        machine_free(&m);
    }
    s->weight[MEAN].versioned = false; /* nobody would tell when it changes */
    p = ant__program_new(ANT_FLOAT64);
    m = start(p, c, s, body(p, c, s), ANT__ALL_PASSES);
    ck_assert_int_eq(instructions_named(m.p, "normalize"), 1);
    machine_free(&m);
    free(s);
}
END_TEST

ANT_TEST_MAIN("norms", ANT_LOOP(norms_go_into_kernels, CASES), {norms_stay_where_they_are_needed})
