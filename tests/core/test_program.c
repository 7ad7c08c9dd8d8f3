/* Programs: writing, lowering, running; variables and their commits; every allocation failing. */
#include "core/pool.h"
#include "core/program/program.h"
#include "core/random.h"
#include "gradient_check.h"
#include "runner.h"
#include "support.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- a network of two layers --- */
static ant_value *dense(ant_program *p, ant_value *x, ant_value *w, ant_value *b) {
    return ant_op_add(p, ant_op_matmul(p, x, w, false, false), b);
}

static ant_value *bend(ant_program *p, int kind, ant_value *h) {
    if (kind == 0)
        return ant_op_tanh(p, h);
    if (kind == 1)
        return ant_op_relu(p, h);
    return ant_op_mul(p, ant_op_sigmoid(p, h), ant_op_exp(p, ant_op_scale(p, h, 0.3)));
}

static ant_value *network(ant_program *p, check_case *c) {
    ant_value *h = dense(p, check_read(p, c, 0), check_read(p, c, 1), check_read(p, c, 2));
    return check_loss(p, dense(p, bend(p, c->number, h), check_read(p, c, 3), check_read(p, c, 4)));
}

START_TEST(gradients_of_a_network) {
    const ant_dims dims[] = {{2, {6, 4}}, {2, {4, 5}}, {1, {5}}, {2, {5, 3}}, {1, {3}}};
    check_case c = {.name = "network", .write = network, .n = 5, .number = _i};
    check_gradient_of(&c, dims);
}
END_TEST

/* --- old and new values; every set of passes --- */
START_TEST(swap) {
    double a[2] = {1, 2}, b[2] = {3, 4};
    ant_variable va = variable_of("a", a, ANT__DIMS(2)), vb = variable_of("b", b, ANT__DIMS(2));
    ant_program *p = ant__program_new(ANT_FLOAT64);
    ant_value *x = ant__read(p, &va), *y = ant__read(p, &vb);
    ant__assign(p, &va, y);
    ant__assign(p, &vb, x);
    machine m = machine_of(p, _i);
    machine_run(&m);
    ck_assert(a[0] == 3 && a[1] == 4 && b[0] == 1 && b[1] == 2);
    machine_run(&m);
    ck_assert(a[0] == 1 && a[1] == 2 && b[0] == 3 && b[1] == 4);
    machine_free(&m);
}
END_TEST

/* Three variables that go round, one of them through an op. */
START_TEST(rotation) {
    double x[3][1] = {{1}, {2}, {3}};
    ant_variable v[3];
    ant_value *now[3];
    ant_program *p = ant__program_new(ANT_FLOAT64);
    for (int i = 0; i < 3; i++) {
        v[i] = variable_of("x", x[i], ANT__DIMS(1));
        now[i] = ant__read(p, &v[i]);
    }
    ant__assign(p, &v[0], now[1]);
    ant__assign(p, &v[1], ant_op_scale(p, now[2], 10));
    ant__assign(p, &v[2], now[0]);
    machine m = machine_of(p, _i);
    machine_run(&m);
    ck_assert(x[0][0] == 2 && x[1][0] == 30 && x[2][0] == 1);
    machine_free(&m);
}
END_TEST

/* An op that comes after the assignment still reads the old value. */
START_TEST(old_values_are_read_until_the_end) {
    double x[2] = {1, 2}, y[2] = {0, 0};
    ant_variable vx = variable_of("x", x, ANT__DIMS(2)), vy = variable_of("y", y, ANT__DIMS(2));
    ant_program *p = ant__program_new(ANT_FLOAT64);
    ant_value *old = ant__read(p, &vx), *fresh = ant_op_square(p, ant_op_shift(p, old, 1));
    ant__assign(p, &vx, fresh);
    ant_value *late = ant_op_sum(p, ant_op_mul(p, ant__read(p, &vx), old), ANT_AXIS(0), true);
    ant__assign(p, &vy, ant_op_add(p, late, old));
    ant__output(p, old);
    ant__output(p, ant__read(p, &vx));
    machine m = machine_of(p, _i);
    machine_run(&m);
    ck_assert(x[0] == 4 && x[1] == 9);
    ck_assert(y[0] == 23 && y[1] == 24); /* 4 * 1 + 9 * 2, and the old ones */
    ck_assert(machine_out(&m, 0, 0) == 1 && machine_out(&m, 0, 1) == 2);
    ck_assert(machine_out(&m, 1, 0) == 4 && machine_out(&m, 1, 1) == 9);
    machine_free(&m);
}
END_TEST

/* One value in two variables, and in one of them and as an output. */
START_TEST(one_value_twice) {
    double x[1] = {5}, y[1] = {7};
    ant_variable vx = variable_of("x", x, ANT__DIMS(1)), vy = variable_of("y", y, ANT__DIMS(1));
    ant_program *p = ant__program_new(ANT_FLOAT64);
    ant_value *sum = ant_op_add(p, ant__read(p, &vx), ant__read(p, &vy));
    ant__assign(p, &vx, sum);
    ant__assign(p, &vy, sum);
    ant__output(p, sum);
    machine m = machine_of(p, _i);
    machine_run(&m);
    machine_run(&m);
    ck_assert(x[0] == 24 && y[0] == 24 && machine_out(&m, 0, 0) == 24);
    machine_free(&m);
}
END_TEST

/* A state assigned in the forward part; the backward part still sees what it began with. */
static ant_value *stateful(ant_program *p, ant_variable *s, ant_variable *w) {
    ant_value *before = ant__read(p, s), *k = ant__read(p, w);
    ant__assign(p, s, ant_op_tanh(p, ant_op_matmul(p, before, k, false, false)));
    ant__assign(p, s, ant_op_tanh(p, ant_op_matmul(p, ant__read(p, s), k, false, false)));
    return check_loss(p, ant_op_mul(p, ant__read(p, s), before));
}

static double stateful_loss(const machine *m, double *s, const double *start, int i, double d) {
    memcpy(s, start, 6 * sizeof *s);
    s[i] += d;
    machine_run(m);
    return machine_out(m, 0, 0);
}

START_TEST(the_backward_part_sees_the_old_state) {
    double s[6] = {0.1, 0.5, -0.3, 0.2, 0.7, -0.6}, start[6], slope[6];
    double w[9] = {0.3, -0.2, 0.5, 0.7, 0.1, -0.4, 0.2, 0.6, -0.5};
    ant_variable vs = variable_of("s", s, ANT__DIMS(2, 3)),
                 vw = variable_of("w", w, ANT__DIMS(3, 3));
    ant_program *p = ant__program_new(ANT_FLOAT64);
    ant_value *x = ant__read(p, &vs), *loss = stateful(p, &vs, &vw), *dx;
    ant_op_gradient(p, &loss, NULL, 1, &x, &dx, 1);
    ant__output(p, loss);
    ant__output(p, dx);
    memcpy(start, s, sizeof s);
    machine m = machine_of(p, _i);
    machine_run(&m);
    ck_assert_double_ne(s[0], start[0]);
    for (int i = 0; i < 6; i++)
        slope[i] = machine_out(&m, 1, i);
    for (int i = 0; i < 6; i++) {
        double d = stateful_loss(&m, s, start, i, 1e-5) - stateful_loss(&m, s, start, i, -1e-5);
        ck_assert_double_eq_tol(slope[i], d / 2e-5, 1e-8);
    }
    machine_free(&m);
}
END_TEST

/* --- data --- */
START_TEST(an_index_outside_marks_the_run) {
    float table[6] = {1, 2, 3, 4, 5, 6};
    int32_t index[3] = {0, 2, 1};
    ant_variable v = {.name = "t", .dtype = ANT_FLOAT32, .dims = ANT__DIMS(3, 2), .data = table};
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *in = ant__input(p, ANT_INT32, &ANT__DIMS(3));
    ant__output(p, ant_op_scale(p, ant_op_gather(p, ant__read(p, &v), in), 10));
    machine m = machine_of(p, _i);
    ant_report report;
    ant__program_bind_input(p, 0, index);
    ck_assert_int_eq(ant__program_run(p, NULL, &report), 0);
    ck_assert(machine_out(&m, 0, 2) == 50 && machine_out(&m, 0, 5) == 40);
    index[1] = -1;
    ck_assert_int_eq(ant__program_run(p, NULL, &report), ANT_E_DATA);
    ck_assert(report.value == -1 && report.limit == 3 && !strcmp(report.what, "index"));
    index[1] = 3;
    ck_assert_int_eq(ant__program_run(p, NULL, &report), ANT_E_DATA);
    index[1] = 2;
    ck_assert_int_eq(ant__program_run(p, NULL, &report), 0);
    machine_free(&m);
}
END_TEST

START_TEST(random_numbers_follow_the_counter) {
    int64_t step = 1;
    float first[2];
    ant_variable v = {.name = "step", .dtype = ANT_INT64, .data = &step};
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *count = ant__read(p, &v);
    ant__set_counter(p, count);
    for (int k = 0; k < 3; k++) /* equal draws are not merged */
        ant__output(p, ant__random_uniform(p, &ANT__DIMS(1000), k < 2 ? 9 : 10));
    ant__output(p, ant__random_normal(p, &ANT__DIMS(1001), 9));
    ant__assign(p, &v, ant_op_shift(p, count, 1));
    machine m = machine_of(p, _i);
    machine_run(&m);
    ck_assert_int_eq(step, 2);
    for (int i = 0; i < 1000; i++) {
        ck_assert_float_eq((float)machine_out(&m, 0, i), ant__random_float(9, 1, (uint64_t)i));
        ck_assert_float_eq((float)machine_out(&m, 2, i), ant__random_float(10, 1, (uint64_t)i));
        ck_assert_float_eq((float)machine_out(&m, 3, i),
                           (float)ant__random_gauss(9, 1, (uint64_t)i));
    }
    first[0] = (float)machine_out(&m, 0, 0);
    machine_run(&m);
    first[1] = (float)machine_out(&m, 0, 0);
    ck_assert_float_ne(first[0], first[1]);
    machine_free(&m);
}
END_TEST

/* Large enough to be cut into many cells. */
static void write_large(ant_program *p, ant_value *x, ant_value *index) {
    ant_value *y = ant_op_tanh(p, ant_op_add(p, x, ant_op_sum(p, x, ANT_AXIS(0), true)));
    ant__output(p, y);
    ant__output(p, ant_op_transpose(p, y, (const int[]){1, 0}));
    ant__output(p, ant_op_mean(p, y, ANT_LAST, false));
    ant__output(p, ant_op_argmax(p, y, 0));
    ant__output(p, ant_op_cumsum(p, y, 1));
    ant__output(p, ant_op_gather(p, y, index));
    ant_value *dy = ant_op_gather(p, y, index), *dx;
    ant_op_gradient(p, &dy, NULL, 1, &x, &dx, 1);
    ant__output(p, dx);
    ant__output(p, ant_op_concat(p, (ant_value *[]){x, y}, 2, 1));
    ant__output(p, ant__random_uniform(p, &y->dims, 5));
    ant__output(p, ant__random_normal(p, &y->dims, 6));
    ant__output(p, ant_op_one_hot(p, index, 100));
}

START_TEST(threads_give_the_same_bits) {
    enum { ROWS = 300, COLUMNS = 257, OUTPUTS = 11 };
    static float x[ROWS * COLUMNS], kept[OUTPUTS][ROWS * COLUMNS * 2];
    int32_t index[ROWS];
    int64_t step = 3;
    for (int i = 0; i < ROWS * COLUMNS; i++)
        x[i] = (float)sin(0.37 * i);
    for (int i = 0; i < ROWS; i++)
        index[i] = i * 7 % 31;
    ant_variable v = {.name = "step", .dtype = ANT_INT64, .data = &step};
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant__set_counter(p, ant__read(p, &v));
    ant_value *in = ant__input(p, ANT_FLOAT32, &ANT__DIMS(ROWS, COLUMNS));
    write_large(p, in, ant__input(p, ANT_INT32, &ANT__DIMS(ROWS)));
    machine m = machine_of(p, ANT__ALL_PASSES);
    ant__program_bind_input(p, 0, x);
    ant__program_bind_input(p, 1, index);
    for (int threads = 1; threads <= 4; threads++) {
        ant_pool *pool = threads > 1 ? ant__pool_new(threads) : NULL;
        ck_assert_int_eq(ant__program_run(p, pool, NULL), 0);
        for (int k = 0; k < OUTPUTS; k++) {
            const ant_value *y = ant__program_output_value(p, k);
            size_t bytes = (size_t)ant__dims_count(&y->dims) * 4;
            ck_assert_uint_le(bytes, sizeof kept[k]);
            if (threads == 1)
                memcpy(kept[k], ant__program_output(p, k), bytes);
            ck_assert_msg(!memcmp(kept[k], ant__program_output(p, k), bytes),
                          "output %d differs with %d threads", k, threads);
        }
        ant__pool_free(pool);
    }
    machine_free(&m);
}
END_TEST

/* On every thread; and the caller keeps the numbers that he had. */
START_TEST(subnormal_numbers_are_zero_in_a_run) {
#if defined __SSE2__ || defined __aarch64__
    enum { COUNT = 1 << 20 };
    static float x[COUNT];
    volatile float least = 0x1p-126f, half = 0.5f;
    for (int i = 0; i < COUNT; i++)
        x[i] = i % 2 ? least : least * half;
    ant_pool *pool = ant__pool_new(4);
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *in = ant__input(p, ANT_FLOAT32, &ANT__DIMS(COUNT));
    ant__output(p, ant_op_scale(p, in, 0.5));
    ant__output(p, ant_op_scale(p, in, 2));
    machine m = machine_of(p, ANT__ALL_PASSES);
    ant__program_bind_input(p, 0, x);
    ck_assert_int_eq(ant__program_run(p, pool, NULL), 0);
    const float *halves = ant__program_output(p, 0), *doubles = ant__program_output(p, 1);
    for (int i = 0; i < COUNT; i++) {
        ck_assert(halves[i] == 0);
        ck_assert(doubles[i] == (i % 2 ? 0x1p-125f : 0));
    }
    ck_assert(least * half == 0x1p-127f);
    ant__pool_free(pool);
    machine_free(&m);
#endif
}
END_TEST

/* --- what is refused --- */
START_TEST(dead_in_dead_out) {
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *a = ant__input(p, ANT_FLOAT32, &ANT__DIMS(2, 3));
    ant_value *b = ant__input(p, ANT_FLOAT32, &ANT__DIMS(4, 5)), *y = ant_op_add(p, a, b);
    ck_assert_ptr_null(y);
    ck_assert_str_eq(ant__program_error(p)->text,
                     "add: values do not broadcast: shapes (2, 3) and (4, 5)");
    ck_assert_ptr_null(ant_op_tanh(p, y));
    ck_assert_ptr_null(ant_op_tanh(p, a));
    ck_assert_int_eq(ant__output(p, a), -1);
    ck_assert_int_eq(ant__program_lower(p, ANT__ALL_PASSES), ANT_E_SHAPE);
    ant__program_free(p);
}
END_TEST

START_TEST(foreign_values_are_refused) {
    ant_program *p = ant__program_new(ANT_FLOAT32), *q = ant__program_new(ANT_FLOAT32);
    ant_value *a = ant__input(p, ANT_FLOAT32, &ANT__DIMS(2));
    ck_assert_ptr_null(ant_op_exp(q, a));
    ck_assert_int_eq(ant__program_error(q)->code, ANT_E_GRAPH);
    ck_assert_int_eq(ant__program_error(p)->code, 0);
    ck_assert_ptr_null(ant_op_exp(p, NULL));
    ck_assert_int_ne(ant__program_error(p)->code, 0);
    ant__program_free(p);
    ant__program_free(q);
}
END_TEST

START_TEST(assignments_must_fit) {
    double x[2] = {1, 2};
    ant_variable v = variable_of("kernel", x, ANT__DIMS(2));
    ant_program *p = ant__program_new(ANT_FLOAT64);
    ant__assign(p, &v, ant__zeros(p, &ANT__DIMS(3)));
    ck_assert_str_eq(ant__program_error(p)->text,
                     "assign: 'kernel' is float64 (2,), the value float64 (3,)");
    ant__program_free(p);
}
END_TEST

START_TEST(huge_sizes_are_refused) {
    ant_program *p = ant__program_new(ANT_FLOAT32);
    int64_t huge = (int64_t)1 << 40;
    ant_value *x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(huge, huge));
    ant__output(p, ant_op_exp(p, x));
    ck_assert_int_ne(ant__program_lower(p, ANT__ALL_PASSES), 0);
    ant__program_free(p);
}
END_TEST

/* --- memory --- */
/* A training step with a scan in it. */
static void write_step(ant_program *p, ant_variable *v) {
    ant_value *x = ant__input(p, ANT_FLOAT64, &ANT__DIMS(5, 2, 3)), *w = ant__read(p, &v[0]), *dw;
    ant_program *b = ant__scan_begin(p, 5, false);
    ant_value *xt = ant__scan_sequence(b, x),
              *h = ant__scan_carry(b, ant__zeros(p, &ANT__DIMS(2, 3)));
    ant_value *y = ant_op_add(b, ant_op_matmul(b, xt, w, false, false), h);
    ant__scan_next(b, h,
                   ant_op_tanh(b, ant_op_add(b, y, ant__random_uniform(b, &ANT__DIMS(3), 1))));
    ant__assign(b, &v[1], ant_op_scale(b, ant__read(b, &v[1]), 0.5));
    ant_op *scan = ant__scan_end(b);
    ant_value *loss = ant_op_sum(p, ant__scan_last(scan, 0), ANT_ALL_AXES, false);
    ant_op_gradient(p, &loss, NULL, 1, &w, &dw, 1);
    if (dw)
        ant__assign(p, &v[0], ant_op_sub(p, w, ant_op_scale(p, dw, 0.1)));
    ant__output(p, loss);
}

static int lower_step(void *data) {
    ant_variable *v = data;
    ant_program *p = ant__program_new(ANT_FLOAT64);
    if (!p)
        return ANT_E_MEMORY;
    ant__set_counter(p, ant__read(p, &v[2]));
    write_step(p, v);
    int code = ant__program_lower(p, ANT__ALL_PASSES);
    ant__program_free(p);
    return code;
}

START_TEST(every_allocation_may_fail) {
    double w[9] = {0}, s[2] = {1, 1};
    int64_t step = 0;
    ant_variable v[] = {variable_of("w", w, ANT__DIMS(3, 3)),
                        variable_of("s", s, ANT__DIMS(2)),
                        {.name = "step", .dtype = ANT_INT64, .data = &step}};
    memory_fail_each(lower_step, v);
}
END_TEST

/* Freed at any stage: before the body ends, before lowering. */
START_TEST(programs_can_be_freed_at_any_stage) {
    int64_t before = memory_live();
    ant_program *p = ant__program_new(ANT_FLOAT64);
    ant_program *b = ant__scan_begin(p, 3, false), *inner = ant__scan_begin(b, 2, false);
    ant_op_exp(inner, ant__input(p, ANT_FLOAT64, &ANT__DIMS(3)));
    ant__program_free(p);
    ant__program_free(NULL);
    ck_assert_int_eq(memory_live(), before);
}
END_TEST

/* --- looking at it --- */
START_TEST(costs_come_from_shapes) {
    static const float x[64 + 15];
    double seconds[2] = {-1, -1};
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *a = ant__input(p, ANT_FLOAT32, &ANT__DIMS(4, 3));
    ant_value *b = ant__input(p, ANT_FLOAT32, &ANT__DIMS(3, 5));
    ant__output(p, ant_op_exp(p, ant_op_matmul(p, a, b, false, false)));
    machine m = machine_of(p, ANT__ALL_PASSES);
    ck_assert_int_eq(ant__program_instructions(p), 2);
    ant_cost product = ant__program_cost(p, 0), exp = ant__program_cost(p, 1);
    ck_assert(product.operations == 2 * 4 * 3 * 5 && product.exponentials == 0);
    ck_assert(product.bytes == 4 * (4 * 3 + 3 * 5 + 4 * 5));
    ck_assert(exp.operations == 20 && exp.exponentials == 20 && exp.bytes == 2 * 4 * 20);
    ant__program_bind_input(p, 0, x);
    ant__program_bind_input(p, 1, x);
    ck_assert_int_eq(ant__program_run_timed(p, NULL, NULL, seconds), 0);
    ck_assert(seconds[0] >= 0 && seconds[1] >= 0);
    machine_free(&m);
}
END_TEST

enum { SETS = ANT__ALL_PASSES + 1 };
ANT_TEST_MAIN("program", ANT_LOOP(gradients_of_a_network, 3), ANT_LOOP(swap, SETS),
              ANT_LOOP(rotation, SETS), ANT_LOOP(old_values_are_read_until_the_end, SETS),
              ANT_LOOP(one_value_twice, SETS), ANT_LOOP(the_backward_part_sees_the_old_state, SETS),
              ANT_LOOP(an_index_outside_marks_the_run, SETS),
              ANT_LOOP(random_numbers_follow_the_counter, SETS), {threads_give_the_same_bits},
              {subnormal_numbers_are_zero_in_a_run}, {dead_in_dead_out},
              {foreign_values_are_refused}, {assignments_must_fit}, {huge_sizes_are_refused},
              {every_allocation_may_fail}, {programs_can_be_freed_at_any_stage},
              {costs_come_from_shapes})
