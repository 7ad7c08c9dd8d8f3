/* Scans: values, state, gradients, nesting, random numbers. */
#include "core/program/inside.h"
#include "gradient_check.h"
#include "runner.h"
#include "support.h"
#include <math.h>
#include <string.h>

/* --- an LSTM as a scan --- */
typedef struct cell {
    ant_value *h, *c;
} cell;

static cell lstm_step(ant_program *b, ant_value *x, cell s, ant_value *const *w, int64_t units) {
    ant_value *gate[4], *z = ant_op_add(b, ant_op_matmul(b, x, w[0], false, false), w[2]);
    z = ant_op_add(b, z, ant_op_matmul(b, s.h, w[1], false, false));
    for (int i = 0; i < 4; i++)
        gate[i] = ant_op_slice(b, z, 1, i * units, units, 1);
    ant_value *fresh = ant_op_mul(b, ant_op_sigmoid(b, gate[0]), ant_op_tanh(b, gate[2]));
    s.c = ant_op_add(b, ant_op_mul(b, ant_op_sigmoid(b, gate[1]), s.c), fresh);
    s.h = ant_op_mul(b, ant_op_sigmoid(b, gate[3]), ant_op_tanh(b, s.c));
    return s;
}

/* x (T, B, F), mask (T, B, 1) or NULL; gives (T, B, units). */
static ant_value *lstm(ant_program *p, ant_value *x, ant_value *mask, ant_value *h0, ant_value *c0,
                       ant_value *const *w, bool reverse) {
    int64_t units = ant_value_size(h0, 1);
    ant_program *b = ant__scan_begin(p, ant_value_size(x, 0), reverse);
    ant_value *xt = ant__scan_sequence(b, x), *mt = mask ? ant__scan_sequence(b, mask) : NULL;
    cell old = {ant__scan_carry(b, h0), ant__scan_carry(b, c0)};
    cell now = lstm_step(b, xt, old, w, units);
    if (mt) {
        now.h = ant_op_where(b, mt, now.h, old.h);
        now.c = ant_op_where(b, mt, now.c, old.c);
    }
    ant__scan_next(b, old.h, now.h);
    ant__scan_next(b, old.c, now.c);
    int k = ant__scan_collect(b, now.h);
    return ant__scan_stacked(ant__scan_end(b), k);
}

enum { MASKED = 1, REVERSE = 2, TWICE = 4 };

static ant_value *write_mask(ant_program *p, int64_t steps, int64_t batch) {
    double mask[64];
    for (int i = 0; i < 64; i++)
        mask[i] = i % 3 != 1;
    return ant_op_cast(p, ant_op_constant(p, mask, (int64_t[]){steps, batch, 1}, 3), ANT_BOOL);
}

static ant_value *write_lstm(ant_program *p, check_case *c) {
    ant_value *x = check_read(p, c, 0), *h0 = check_read(p, c, 1), *c0 = check_read(p, c, 2);
    ant_value *w[] = {check_read(p, c, 3), check_read(p, c, 4), check_read(p, c, 5)};
    ant_value *mask =
        c->number & MASKED ? write_mask(p, ant_value_size(x, 0), ant_value_size(x, 1)) : NULL;
    ant_value *y = lstm(p, x, mask, h0, c0, w, c->number & REVERSE);
    if (c->number & TWICE) {
        y = ant_op_slice(p, ant_op_transpose(p, y, (const int[]){0, 1, 2}), 2, 0, 3, 1);
        y = lstm(p, y, mask, h0, c0, w, true);
    }
    return check_loss(p, y);
}

static const ant_dims lstm_dims[] = {{3, {3, 2, 3}}, {2, {2, 4}},  {2, {2, 4}},
                                     {2, {3, 16}},   {2, {4, 16}}, {1, {16}}};

START_TEST(gradients_of_an_lstm) {
    ant_dims dims[6];
    memcpy(dims, lstm_dims, sizeof dims);
    dims[0].dim[0] = 1 + _i;
    check_case c = {.name = "lstm", .write = write_lstm, .n = 6, .number = _i};
    check_gradient_of(&c, dims);
}
END_TEST

/* --- a scan in a scan; the inner one captures a product of outer values --- */
static ant_value *inner(ant_program *b, check_case *c, ant_value *x, ant_value *h) {
    ant_program *i = ant__scan_begin(b, ant_value_size(x, 0), true);
    ant_value *s = ant__scan_sequence(i, x), *a = ant__scan_carry(i, h);
    ant_value *w = check_read(i, c, 3);
    ant_value *y = ant_op_matmul(i, a, ant_op_mul(i, w, w), false, false);
    y = ant_op_add(i, y, ant_op_matmul(i, s, check_read(i, c, 1), false, false));
    y = ant_op_tanh(i, ant_op_add(i, y, check_read(i, c, 2)));
    ant__scan_next(i, a, y);
    int all = ant__scan_collect(i, y);
    ant_op *scan = ant__scan_end(i);
    ant_value *sum = ant_op_sum(b, ant__scan_stacked(scan, all), ANT_AXIS(0), false);
    return ant_op_add(b, ant_op_scale(b, sum, 0.3), ant__scan_last(scan, 0));
}

static ant_value *write_nested(ant_program *p, check_case *c) {
    ant_program *b = ant__scan_begin(p, 3, false);
    ant_value *x = ant__scan_sequence(b, check_read(p, c, 0));
    ant_value *h = ant__scan_carry(b, check_read(p, c, 4)), *y = inner(b, c, x, h);
    ant__scan_next(b, h, y);
    int k = ant__scan_collect(b, ant_op_square(b, y));
    ant_op *scan = ant__scan_end(b);
    return check_loss(p, ant_op_add(p, ant__scan_stacked(scan, k), ant__scan_last(scan, 0)));
}

START_TEST(gradients_of_nested_scans) {
    const ant_dims dims[] = {ANT__DIMS(3, 4, 2, 3), ANT__DIMS(3, 5), ANT__DIMS(5), ANT__DIMS(5, 5),
                             ANT__DIMS(2, 5)};
    check_gradient("nested", write_nested, dims, 5);
}
END_TEST

/* The loss is a sum of squares of a gradient: its gradient is of second order. */
static ant_value *write_second(ant_program *p, check_case *c) {
    ant_value *x = check_read(p, c, 0), *dx, *y = write_lstm(p, c);
    ant_op_gradient(p, &y, NULL, 1, &x, &dx, 1);
    return ant_op_sum(p, ant_op_square(p, dx), ANT_ALL_AXES, false);
}

START_TEST(gradients_of_the_gradient) {
    check_case c = {.name = "second", .write = write_second, .n = 6, .tolerance = 1e-5};
    check_gradient_of(&c, lstm_dims);
}
END_TEST

/* x, y = y, x + y: each next value needs both old ones. */
START_TEST(fibonacci) {
    double x[2] = {1, 2}, y[2] = {3, 5};
    ant_variable vx = variable_of("x", x, ANT__DIMS(2)), vy = variable_of("y", y, ANT__DIMS(2));
    ant_program *p = ant__program_new(ANT_FLOAT64), *b = ant__scan_begin(p, 10, false);
    ant_value *a = ant__scan_carry(b, ant__read(p, &vx)),
              *c = ant__scan_carry(b, ant__read(p, &vy));
    ant__scan_next(b, a, c);
    ant__scan_next(b, c, ant_op_add(b, a, c));
    ant_op *scan = ant__scan_end(b);
    ant__output(p, ant__scan_last(scan, 0));
    ant__output(p, ant__scan_last(scan, 1));
    machine m = machine_of(p, _i);
    machine_run(&m);
    machine_run(&m);
    for (int i = 0; i < 2; i++) {
        ck_assert_double_eq(machine_out(&m, 0, i), 34 * x[i] + 55 * y[i]);
        ck_assert_double_eq(machine_out(&m, 1, i), 55 * x[i] + 89 * y[i]);
    }
    machine_free(&m);
}
END_TEST

/* Two variables that have the same value outside, one of which the body assigns. */
START_TEST(lifted_variables_stay_apart) {
    double x[1] = {1}, y[1] = {10};
    ant_variable vx = variable_of("x", x, ANT__DIMS(1)), vy = variable_of("y", y, ANT__DIMS(1));
    ant_program *p = ant__program_new(ANT_FLOAT64);
    ant__assign(p, &vx, ant__read(p, &vy));
    ant_program *b = ant__scan_begin(p, 3, false);
    ant__assign(b, &vx, ant_op_add(b, ant__read(b, &vx), ant__read(b, &vy)));
    ant__scan_collect(b, ant__read(b, &vx));
    ant_op *scan = ant__scan_end(b);
    ant__output(p, ant__scan_stacked(scan, 0));
    machine m = machine_of(p, _i);
    machine_run(&m);
    ck_assert_double_eq(x[0], 40);
    ck_assert_double_eq(y[0], 10);
    for (int t = 0; t < 3; t++)
        ck_assert_double_eq(machine_out(&m, 0, t), 20 + 10 * t);
    machine_free(&m);
}
END_TEST

/* A value, a view of it and the next carry are one piece of memory, but three results. */
START_TEST(a_view_is_collected_too) {
    double x[4] = {1, 2, 3, 4};
    ant_variable vx = variable_of("x", x, ANT__DIMS(4));
    ant_program *p = ant__program_new(ANT_FLOAT64), *b = ant__scan_begin(p, 2, false);
    ant_value *h = ant__scan_carry(b, ant__read(p, &vx)), *y = ant_op_scale(b, h, 2);
    ant__scan_next(b, h, y);
    int k = ant__scan_collect(b, y);
    int view = ant__scan_collect(b, ant__reshape_to(b, y, &ANT__DIMS(2, 2)));
    ant_op *scan = ant__scan_end(b);
    ant__output(p, ant__scan_stacked(scan, k));
    ant__output(p, ant__scan_stacked(scan, view));
    ant__output(p, ant__scan_last(scan, 0));
    machine m = machine_of(p, _i);
    machine_run(&m);
    for (int i = 0; i < 4; i++) {
        ck_assert_double_eq(machine_out(&m, 0, i), 2 * x[i]);
        ck_assert_double_eq(machine_out(&m, 1, 4 + i), 4 * x[i]);
        ck_assert_double_eq(machine_out(&m, 2, i), 4 * x[i]);
    }
    machine_free(&m);
}
END_TEST

/* A moving mean updated in every step, while the loss uses the steps' own means; dropout whose
 * numbers differ from step to step; and a gradient through all of it. */
enum { STEPS = 4, ROWS = 5, WIDTH = 3 };

static ant_value *normalize(ant_program *b, ant_value *x, ant_value *gamma, ant_value **mean) {
    *mean = ant_op_mean(b, x, ANT_AXIS(0), false);
    ant_value *variance = ant_op_variance(b, x, ANT_AXIS(0), false);
    ant_value *scale = ant_op_rsqrt(b, ant_op_shift(b, variance, 1e-3));
    return ant_op_mul(b, ant_op_mul(b, ant_op_sub(b, x, *mean), scale), gamma);
}

static ant_value *write_normalized(ant_program *p, ant_variable *x, ant_variable *gamma,
                                   ant_variable *moving, ant_value **random) {
    ant_program *b = ant__scan_begin(p, STEPS, false);
    ant_value *mean,
        *y = normalize(b, ant__scan_sequence(b, ant__read(p, x)), ant__read(b, gamma), &mean);
    ant__assign(
        b, moving,
        ant_op_add(b, ant_op_scale(b, ant__read(b, moving), 0.9), ant_op_scale(b, mean, 0.1)));
    ant_value *draw = ant__random_uniform(b, &y->dims, 3);
    ant_value *keep = ant_op_less(b, draw, ant_op_number(b, 0.6));
    int k = ant__scan_collect(b, ant_op_mul(b, y, keep)), r = ant__scan_collect(b, draw);
    ant_op *scan = ant__scan_end(b);
    *random = ant__scan_stacked(scan, r);
    return check_loss(p, ant__scan_stacked(scan, k));
}

static double moving_mean(const double *x, int column, double m) {
    for (int t = 0; t < STEPS; t++) {
        double sum = 0;
        for (int i = 0; i < ROWS; i++)
            sum += x[(t * ROWS + i) * WIDTH + column];
        m = 0.9 * m + 0.1 * sum / ROWS;
    }
    return m;
}

static double loss_at(machine *m, double *x, int i, double to) {
    double was = x[i];
    x[i] = to;
    machine_run(m);
    x[i] = was;
    return machine_out(m, 0, 0);
}

START_TEST(state_and_random_numbers_in_a_body) {
    double x[STEPS * ROWS * WIDTH], gamma[WIDTH] = {1, 2, -1}, moving[WIDTH] = {0.5, 0, 1};
    int64_t step[1] = {7};
    for (int i = 0; i < STEPS * ROWS * WIDTH; i++)
        x[i] = sin(1.3 * i);
    ant_variable vx = variable_of("x", x, ANT__DIMS(STEPS, ROWS, WIDTH));
    ant_variable vg = variable_of("gamma", gamma, ANT__DIMS(WIDTH));
    ant_variable vm = variable_of("moving", moving, ANT__DIMS(WIDTH));
    ant_variable vs = {.name = "step", .dtype = ANT_INT64, .data = step};
    ant_program *p = ant__program_new(ANT_FLOAT64);
    ant__set_counter(p, ant__read(p, &vs));
    ant_value *random, *loss = write_normalized(p, &vx, &vg, &vm, &random);
    ant_value *in = ant__read(p, &vx), *dx;
    ant_op_gradient(p, &loss, NULL, 1, &in, &dx, 1);
    ant__output(p, loss);
    ant__output(p, dx);
    ant__output(p, random);
    double want = moving_mean(x, 0, moving[0]);
    machine m = machine_of(p, _i);
    machine_run(&m);
    ck_assert_double_eq_tol(moving[0], want, 1e-14);
    ck_assert_double_ne(machine_out(&m, 2, 0), machine_out(&m, 2, ROWS * WIDTH));
    for (int i = 0; i < STEPS * ROWS * WIDTH; i += 7) {
        double slope = machine_out(&m, 1, i), h = 1e-5;
        double d = (loss_at(&m, x, i, x[i] + h) - loss_at(&m, x, i, x[i] - h)) / (2 * h);
        ck_assert_double_eq_tol(slope, d, 1e-7);
        machine_run(&m);
    }
    machine_free(&m);
}
END_TEST

/* --- shapes of unknown size, and errors --- */
START_TEST(unknown_sizes_flow_through) {
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(-1, -1, 3));
    ant_value *h = ant__input(p, ANT_FLOAT32, &ANT__DIMS(-1, 4));
    ant_value *w[] = {ant__input(p, ANT_FLOAT32, &ANT__DIMS(3, 16)),
                      ant__input(p, ANT_FLOAT32, &ANT__DIMS(4, 16)),
                      ant__input(p, ANT_FLOAT32, &ANT__DIMS(16))};
    ant_value *y = lstm(p, x, NULL, h, h, w, false);
    ck_assert_msg(y != NULL, "%s", ant__program_error(p)->text);
    ck_assert(ant__dims_equal(&y->dims, &ANT__DIMS(-1, -1, 4)));
    ck_assert_int_eq(ant__program_lower(p, ANT__ALL_PASSES), ANT_E_STATE);
    ant__program_free(p);
}
END_TEST

START_TEST(misfits_are_told) {
    ant_program *p = ant__program_new(ANT_FLOAT32), *b = ant__scan_begin(p, 5, false);
    ant_value *x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(4, 2));
    if (_i == 0) {
        ck_assert_ptr_null(ant__scan_sequence(b, x));
        ck_assert_ptr_nonnull(strstr(ant__program_error(p)->text, "(4, 2)"));
    } else if (_i == 1) {
        ant__scan_next(b, ant__scan_carry(b, x), ant_op_number(b, 1));
    } else {
        ant__scan_carry(b, x);
        ck_assert_ptr_null(ant__scan_end(b));
    }
    ck_assert_int_ne(ant__program_error(p)->code, 0);
    ck_assert_ptr_null(ant__scan_end(b));
    ant__program_free(p);
}
END_TEST

START_TEST(an_ended_body_takes_no_more) {
    ant_program *p = ant__program_new(ANT_FLOAT32), *b = ant__scan_begin(p, 2, false);
    ant_value *h = ant__scan_carry(b, ant_op_number(p, 1));
    ant__scan_next(b, h, ant_op_exp(b, h));
    ck_assert_ptr_nonnull(ant__scan_end(b));
    ant_value *late = ant__input(p, ANT_FLOAT32, &ANT__SCALAR);
    ck_assert_ptr_null(ant_op_add(b, h, late));
    ck_assert_int_eq(ant__program_error(p)->code, ANT_E_STATE);
    ant__program_free(p);
}
END_TEST

START_TEST(no_steps_at_all) {
    double x[2] = {4, 5};
    ant_variable vx = variable_of("x", x, ANT__DIMS(2));
    ant_program *p = ant__program_new(ANT_FLOAT64), *b = ant__scan_begin(p, 0, false);
    ant_value *a = ant__scan_carry(b, ant__read(p, &vx));
    ant__scan_next(b, a, ant_op_scale(b, a, 2));
    ant__scan_collect(b, a);
    ant_op *scan = ant__scan_end(b);
    ant__output(p, ant__scan_last(scan, 0));
    ant__output(p, ant_op_sum(p, ant__scan_stacked(scan, 0), ANT_ALL_AXES, false));
    machine m = machine_of(p, ANT__ALL_PASSES);
    machine_run(&m);
    ck_assert_double_eq(machine_out(&m, 0, 1), 5);
    ck_assert_double_eq(machine_out(&m, 1, 0), 0);
    machine_free(&m);
}
END_TEST

ANT_TEST_MAIN("scan", ANT_LOOP(gradients_of_an_lstm, 8), {gradients_of_nested_scans},
              {gradients_of_the_gradient}, ANT_LOOP(fibonacci, ANT__ALL_PASSES + 1),
              ANT_LOOP(lifted_variables_stay_apart, ANT__ALL_PASSES + 1),
              ANT_LOOP(a_view_is_collected_too, ANT__ALL_PASSES + 1),
              ANT_LOOP(state_and_random_numbers_in_a_body, ANT__ALL_PASSES + 1),
              {unknown_sizes_flow_through}, ANT_LOOP(misfits_are_told, 3),
              {an_ended_body_takes_no_more}, {no_steps_at_all})
