/* Convolutions that take the max pooling behind them in: in predict, and in training, where the
 * pooling notes its winners. */
#include "core/ops/ops.h"
#include "core/pool.h"
#include "gradient_check.h"
#include "runner.h"
#include "support.h"
#include <math.h>

typedef struct conv_case {
    ant_dims x, kernel;
    int groups;
    ant_window window;
} conv_case;

/* joined: is it one op where it only predicts (`joints`), where it trains (`noted`)? */
typedef struct pool_case {
    conv_case conv;
    ant_window pool;
    bool bias, relu, joined;
} pool_case;

static ant_value *pooled(ant_program *p, check_case *c, const pool_case *k) {
    ant_value *bias = k->bias ? check_read(p, c, 2) : NULL;
    ant_value *y = ant__op_conv2d(p, check_read(p, c, 0), check_read(p, c, 1), bias,
                                  &k->conv.window, k->conv.groups);
    return ant__op_max_pool(p, k->relu ? ant_op_relu(p, y) : y, &k->pool);
}

/* --- a convolution takes the max pooling behind it in --- */
static const pool_case joints[] = {
    {{{4, {9, 7, 7, 1}}, {4, {3, 3, 1, 5}}, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__VALID}},
     {{2, 2}, {2, 2}, {1, 1}, ANT__VALID},
     true,
     true,
     true},
    {{{4, {8, 8, 6, 3}}, {4, {3, 2, 3, 17}}, 1, {{3, 2}, {1, 1}, {1, 1}, ANT__SAME}},
     {{3, 2}, {2, 1}, {1, 1}, ANT__SAME},
     false,
     true,
     true},
    {{{4, {11, 9, 9, 4}}, {4, {2, 2, 2, 6}}, 2, {{2, 2}, {2, 1}, {1, 1}, ANT__VALID}},
     {{2, 3}, {3, 3}, {1, 1}, ANT__VALID},
     true,
     false,
     true},
    {{{4, {33, 7, 7, 32}}, {4, {3, 3, 32, 33}}, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__VALID}},
     {{2, 2}, {2, 2}, {1, 1}, ANT__VALID},
     true,
     true,
     true},
    {{{4, {8, 40, 9, 3}}, {4, {3, 3, 3, 37}}, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},
     {{2, 2}, {2, 2}, {1, 1}, ANT__VALID},
     true,
     false,
     true},
    {{{4, {9, 14, 13, 2}}, {4, {2, 3, 2, 20}}, 1, {{2, 3}, {2, 1}, {1, 1}, ANT__VALID}},
     {{2, 2}, {2, 2}, {1, 1}, ANT__VALID},
     false,
     true,
     true},
    {{{4, {7, 7, 7, 1}}, {4, {3, 3, 1, 5}}, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__VALID}},
     {{2, 2}, {2, 2}, {1, 1}, ANT__VALID},
     true,
     true,
     true}, /* few images, shared by rows */
    {{{4, {1, 13, 14, 32}}, {4, {3, 3, 32, 33}}, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__VALID}},
     {{2, 2}, {2, 2}, {1, 1}, ANT__VALID},
     true,
     true,
     true},
    {{{4, {2, 10, 12, 32}}, {4, {3, 3, 32, 32}}, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},
     {{2, 2}, {2, 2}, {1, 1}, ANT__SAME},
     true,
     false,
     true},
    {{{4, {7, 7, 7, 1}}, {4, {3, 3, 1, 5}}, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__VALID}},
     {{3, 2}, {3, 2}, {1, 1}, ANT__VALID},
     true,
     true,
     false}, /* too few images */
};
enum { JOINTS = sizeof joints / sizeof *joints };

static machine joint_of(check_case *c, int number, int real, int passes, bool fast) {
    ant_program *p = ant__program_new(real);
    ant__program_set_fast(p, fast);
    ant__output(p, pooled(p, c, &joints[number]));
    return machine_of(p, passes);
}

/* kept: the kernel is a weight, which is packed beforehand. */
static void compare_joint(int number, int real, double tolerance, bool kept, bool fast) {
    const conv_case *k = &joints[number].conv;
    ant_dims dims[] = {k->x, k->kernel, ANT__DIMS(k->kernel.dim[3])};
    check_case c = {.name = "joint", .n = 3};
    check_make(&c, dims, real);
    c.variable[1].versioned = kept;
    machine plain = joint_of(&c, number, real, 0, false);
    machine joint = joint_of(&c, number, real, ANT__ALL_PASSES, fast);
    machine shared = joint_of(&c, number, real, ANT__ALL_PASSES, fast);
    ant_pool *pool = ant__pool_new(3);
    ant_report report;
    ck_assert_int_eq(instructions_named(joint.p, "conv2d_pool"), joints[number].joined);
    ck_assert(!instructions_named(plain.p, "conv2d_pool"));
    machine_run(&plain);
    machine_run(&joint);
    ck_assert_int_eq(ant__program_run(shared.p, pool, &report), 0);
    int count = (int)ant__dims_count(&ant__program_output_value(joint.p, 0)->dims);
    for (int i = 0; i < count; i++) {
        double a = machine_out(&plain, 0, i), b = machine_out(&joint, 0, i);
        ck_assert_msg(fabs(a - b) <= tolerance * (1 + fabs(a)), "joint %d: %d is %.12g and %.12g",
                      number, i, a, b);
        ck_assert(b == machine_out(&shared, 0, i));
    }
    ant__pool_free(pool);
    machine_free(&plain);
    machine_free(&joint);
    machine_free(&shared);
    check_free(&c);
}

START_TEST(pooling_joins_convolution) {
    for (int kept = 0; kept < 2; kept++) {
        compare_joint(_i, ANT_FLOAT32, 1e-4, kept, false);
        compare_joint(_i, ANT_FLOAT64, 1e-12, kept, false);
        compare_joint(_i, ANT_FLOAT64, 1e-11, kept, true);
    }
}
END_TEST

/* --- … and notes the winners where it trains --- */
static const pool_case noted[] = {
    {{{4, {9, 7, 7, 1}}, {4, {3, 3, 1, 5}}, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__VALID}},
     {{2, 2}, {2, 2}, {1, 1}, ANT__VALID},
     true,
     true,
     true},
    {{{4, {8, 8, 6, 3}}, {4, {3, 2, 3, 17}}, 1, {{3, 2}, {1, 1}, {1, 1}, ANT__SAME}},
     {{3, 2}, {3, 2}, {1, 1}, ANT__VALID},
     false,
     true,
     true},
    {{{4, {11, 9, 10, 4}}, {4, {2, 2, 2, 6}}, 2, {{2, 2}, {2, 1}, {1, 1}, ANT__SAME}},
     {{2, 4}, {2, 4}, {1, 1}, ANT__VALID},
     true,
     false,
     true},
    {{{4, {33, 7, 8, 32}}, {4, {3, 3, 32, 33}}, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__VALID}},
     {{2, 2}, {2, 2}, {1, 1}, ANT__VALID},
     true,
     true,
     true},
    {{{4, {13, 13, 13, 33}}, {4, {3, 3, 33, 32}}, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__VALID}},
     {{2, 2}, {2, 2}, {1, 1}, ANT__VALID},
     true,
     true,
     true},
    {{{4, {9, 9, 7, 32}}, {4, {3, 3, 32, 32}}, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},
     {{4, 4}, {4, 4}, {1, 1}, ANT__VALID},
     false,
     false,
     true},
    {{{4, {8, 40, 9, 3}}, {4, {3, 3, 3, 37}}, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__SAME}},
     {{2, 2}, {2, 2}, {1, 1}, ANT__VALID},
     true,
     false,
     true},
    {{{4, {9, 14, 13, 2}}, {4, {2, 3, 2, 20}}, 1, {{2, 3}, {2, 1}, {1, 1}, ANT__VALID}},
     {{2, 2}, {2, 2}, {1, 1}, ANT__VALID},
     false,
     true,
     true},
    {{{4, {9, 7, 7, 2}}, {4, {3, 3, 2, 5}}, 1, {{3, 3}, {1, 1}, {1, 1}, ANT__VALID}},
     {{3, 3}, {2, 2}, {1, 1}, ANT__VALID},
     true,
     true,
     false}, /* windows overlap */
};
enum { NOTED = sizeof noted / sizeof *noted };

static ant_value *noted_loss(ant_program *p, check_case *c) {
    return check_loss(p, pooled(p, c, &noted[c->number]));
}

/* Gives the pooled map and all gradients, from the first value on: 1 where the convolution is the
 * first layer, whose input needs none. */
static machine noted_machine(check_case *c, int real, int passes, int from) {
    ant_program *p = ant__program_new(real);
    ant_value *x[] = {check_read(p, c, 0), check_read(p, c, 1), check_read(p, c, 2)}, *dx[3];
    const int n = noted[c->number].bias ? 3 : 2;
    ant_value *y = pooled(p, c, &noted[c->number]), *loss = check_loss(p, y);
    ck_assert_int_eq(ant_op_gradient(p, &loss, NULL, 1, x + from, dx + from, n - from), 0);
    ant__output(p, y);
    for (int k = from; k < n; k++)
        ant__output(p, dx[k]);
    return machine_of(p, passes);
}

static void compare_outputs(const machine *a, const machine *b, int outputs, double tolerance) {
    for (int k = 0; k < outputs; k++) {
        const ant_value *v = ant__program_output_value(a->p, k);
        double largest = 0;
        for (int i = 0; i < ant__dims_count(&v->dims); i++)
            largest = fmax(largest, fabs(machine_out(a, k, i)));
        for (int i = 0; i < ant__dims_count(&v->dims); i++) {
            const double x = machine_out(a, k, i), y = machine_out(b, k, i);
            ck_assert_msg(fabs(x - y) <= tolerance * largest || (isnan(x) && isnan(y)),
                          "output %d, %d: %.12g and %.12g", k, i, x, y);
        }
    }
}

/* The first image is flat, so that the entries of its windows are equal. */
static void flatten(ant_variable *x, int real, double value) {
    const int64_t image = ant__dims_count(&x->dims) / x->dims.dim[0];
    for (int64_t i = 0; i < image; i++)
        if (real == ANT_FLOAT32)
            ((float *)x->data)[i] = (float)value;
        else
            ((double *)x->data)[i] = value;
}

/* One op makes the gradients of the first layer, if Winograd's method does not. */
static void check_instructions(const ant_program *p, const pool_case *k, int from) {
    const ant_dims *kernel = &k->conv.kernel;
    const bool direct = from > 0 && (kernel->dim[2] < 32 || kernel->dim[3] < 32);
    ck_assert_int_eq(instructions_named(p, "pool_spread"), k->joined && !direct);
    ck_assert_int_eq(instructions_named(p, "conv2d_pool_kernel"), k->joined && direct);
    ck_assert_int_eq(instructions_named(p, "max_pool_grad"), !k->joined);
}

static void compare_noted(int number, int real, double first, double tolerance, int from) {
    const conv_case *k = &noted[number].conv;
    ant_dims dims[] = {k->x, k->kernel, ANT__DIMS(k->kernel.dim[3])};
    check_case c = {.name = "noted", .n = 3, .number = number};
    check_make(&c, dims, real);
    flatten(&c.variable[0], real, first);
    machine plain = noted_machine(&c, real, 0, from);
    machine joint = noted_machine(&c, real, ANT__ALL_PASSES, from);
    machine shared = noted_machine(&c, real, ANT__ALL_PASSES, from);
    ant_pool *pool = ant__pool_new(3);
    ant_report report;
    check_instructions(joint.p, &noted[number], from);
    machine_run(&plain);
    machine_run(&joint);
    ck_assert_int_eq(ant__program_run(shared.p, pool, &report), 0);
    const int outputs = (noted[number].bias ? 4 : 3) - from;
    compare_outputs(&plain, &joint, outputs, tolerance);
    compare_outputs(&joint, &shared, outputs, 0);
    ant__pool_free(pool);
    machine_free(&plain);
    machine_free(&joint);
    machine_free(&shared);
    check_free(&c);
}

START_TEST(pooling_notes_winners) {
    for (int from = 0; from < 2; from++) {
        compare_noted(_i, ANT_FLOAT32, 0.5, 1e-4, from);
        compare_noted(_i, ANT_FLOAT64, 0.5, 1e-12, from);
        compare_noted(_i, ANT_FLOAT64, -0.5, 1e-12, from);
        compare_noted(_i, ANT_FLOAT64, (double)NAN, 1e-12, from);
    }
}
END_TEST

START_TEST(noted_gradients) {
    const conv_case *k = &noted[_i].conv;
    ant_dims dims[] = {k->x, k->kernel, ANT__DIMS(k->kernel.dim[3])};
    check_case c = {.name = "pool of conv2d", .write = noted_loss, .n = 3, .number = _i};
    c.tolerance = 1e-5;
    c.float_tolerance = 5e-3;
    if (ant__dims_count(&k->x) < 2000)
        check_gradient_of(&c, dims);
}
END_TEST

/* What is not a number is the largest, joined or not. */
START_TEST(pooling_keeps_nan) {
    enum { IMAGES = 8, SIDE = 4, CHANNELS = 17 };
    static const ant_window one = {{1, 1}, {1, 1}, {1, 1}, ANT__VALID};
    static const ant_window two = {{2, 2}, {2, 2}, {1, 1}, ANT__VALID};
    static float x[IMAGES * SIDE * SIDE];
    for (int i = 0; i < IMAGES * SIDE * SIDE; i++)
        x[i] = (float)i;
    x[0] = x[7] = x[SIDE * SIDE + 5] = NAN; /* first, third and last of their windows */
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *in = ant__input(p, ANT_FLOAT32, &ANT__DIMS(IMAGES, SIDE, SIDE, 1));
    ant_value *ones = ant__broadcast_to(p, ant_op_number(p, 1), &ANT__DIMS(1, 1, 1, CHANNELS));
    ant__output(p, ant__op_max_pool(p, ant__op_conv2d(p, in, ones, NULL, &one, 1), &two));
    machine m = machine_of(p, ANT__ALL_PASSES);
    ant__program_bind_input(p, 0, x);
    machine_run(&m);
    for (int i = 0; i < IMAGES * 4 * CHANNELS; i++) {
        int window = i / CHANNELS; /* of which 0, 1 and 4 have one */
        bool lost = window == 0 || window == 1 || window == 4;
        ck_assert_int_eq(isnan(machine_out(&m, 0, i)), lost);
    }
    machine_free(&m);
}
END_TEST

ANT_TEST_MAIN("conv_pool", ANT_LOOP(pooling_joins_convolution, JOINTS),
              ANT_LOOP(pooling_notes_winners, NOTED), ANT_LOOP(noted_gradients, NOTED),
              {pooling_keeps_nan})
