/* What the passes make of programs: fewer instructions, less memory, the same numbers. */
#include "core/program/program.h"
#include "runner.h"
#include "support.h"
#include <math.h>

static ant_program *with_input(ant_value **x, int64_t rows, int64_t columns) {
    ant_program *p = ant__program_new(ANT_FLOAT32);
    *x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(rows, columns));
    return p;
}

/* Instructions of a program whose output is y. */
static int instructions(ant_program *p, ant_value *y, int passes) {
    ant__output(p, y);
    ant__program_lower(p, passes);
    ck_assert_msg(!ant__program_error(p)->code, "%s", ant__program_error(p)->text);
    return ant__program_instructions(p);
}

START_TEST(equal_ops_are_one) {
    ant_value *x;
    ant_program *p = with_input(&x, 4, 4);
    ant_value *a = ant_op_matmul(p, x, x, false, true), *b = ant_op_matmul(p, x, x, false, true);
    ck_assert_int_eq(instructions(p, ant_op_add(p, a, b), ANT__ALL_PASSES), 2);
    ant__program_free(p);
}
END_TEST

START_TEST(chains_are_one_instruction) {
    ant_value *x, *y;
    ant_program *p = with_input(&x, 4, 4);
    y = ant_op_exp(p, x);
    ant_value *a = ant_op_sigmoid(p, y), *b = ant_op_tanh(p, ant_op_add(p, y, x));
    y = ant_op_add(p, ant_op_mul(p, a, b), ant_op_reciprocal(p, a)); /* two branches that join */
    ck_assert_int_eq(instructions(p, y, ANT__ALL_PASSES), 1);
    ant__program_free(p);
}
END_TEST

START_TEST(long_chains_are_cut) {
    ant_value *x, *y;
    ant_program *p = with_input(&x, 4, 4);
    y = x;
    for (int i = 0; i < 100; i++)
        y = ant_op_sin(p, y);
    int n = instructions(p, y, ANT__ALL_PASSES);
    ck_assert(n > 1 && n < 10);
    ant__program_free(p);
}
END_TEST

START_TEST(many_inputs_are_cut) {
    ant_value *x, *y;
    ant_program *p = with_input(&x, 2, 2);
    y = x;
    for (int i = 0; i < 40; i++)
        y = ant_op_add(p, y, ant__input(p, ANT_FLOAT32, &ANT__DIMS(2, 2)));
    int n = instructions(p, y, ANT__ALL_PASSES);
    ck_assert(n > 1 && n < 8);
    ant__program_free(p);
}
END_TEST

/* A product in between uses the chain's value: what comes after it cannot go before. */
START_TEST(a_use_outside_ends_a_chain) {
    ant_value *x;
    ant_program *p = with_input(&x, 4, 4);
    ant_value *a = ant_op_exp(p, x), *b = ant_op_matmul(p, a, a, false, false);
    ck_assert_int_eq(instructions(p, ant_op_add(p, a, ant_op_sin(p, b)), ANT__ALL_PASSES), 3);
    ant__program_free(p);
}
END_TEST

START_TEST(constants_are_computed_once) {
    ant_value *x;
    ant_program *p = with_input(&x, 4, 4);
    ant_value *c = ant_op_exp(p, ant_op_add(p, ant_op_number(p, 1), ant_op_number(p, 2)));
    c = ant_op_sum(p, ant_op_broadcast(p, c, (const int64_t[]){3}, 1), ANT_ALL_AXES, false);
    ant__output(p, c);
    ant__program_lower(p, ANT__ALL_PASSES);
    ck_assert_int_eq(ant__program_instructions(p), 0);
    ck_assert_float_eq_tol(*(const float *)ant__program_output(p, 0), 3 * expf(3), 1e-4F);
    ant__program_free(p);
}
END_TEST

START_TEST(transposes_vanish) {
    ant_value *x, *y;
    const int swap[] = {1, 0};
    ant_program *p = with_input(&x, 4, 6);
    y = ant_op_transpose(p, ant_op_transpose(p, x, swap), swap);
    y = ant_op_matmul(p, y, ant_op_transpose(p, x, swap), false, false);
    ck_assert_int_eq(instructions(p, y, ANT__ALL_PASSES), 1);
    ant__program_free(p);
}
END_TEST

START_TEST(what_nobody_uses_is_dropped) {
    ant_value *x;
    ant_program *p = with_input(&x, 4, 4);
    ant_op_matmul(p, ant_op_exp(p, x), x, false, false);
    ck_assert_int_eq(instructions(p, ant_op_neg(p, x), 0), 1);
    ant__program_free(p);
}
END_TEST

START_TEST(unused_results_of_scans_are_dropped) {
    ant_value *x;
    ant_program *p = with_input(&x, 4, 4), *b = ant__scan_begin(p, 4, false);
    ant_value *s = ant__scan_sequence(b, x), *h = ant__scan_carry(b, ant__zeros(p, &ANT__DIMS(4)));
    ant_value *big = ant__input(p, ANT_FLOAT32, &ANT__DIMS(4, 1000));
    ant__scan_collect(b, ant_op_exp(b, ant__scan_sequence(b, ant_op_exp(p, big))));
    ant__scan_next(b, h, ant_op_add(b, h, s));
    ant_op *scan = ant__scan_end(b);
    ck_assert_int_eq(instructions(p, ant__scan_last(scan, 0), ANT__ALL_PASSES), 1);
    ck_assert_int_eq(instructions_named(p, "scan"), 1);
    ant__program_free(p);
}
END_TEST

/* exp(w) @ w^T and a constant's share of it do not change from step to step. */
START_TEST(what_does_not_change_leaves_the_loop) {
    ant_value *x;
    ant_program *p = with_input(&x, 5, 3), *b = ant__scan_begin(p, 5, false);
    ant_value *w = ant__input(p, ANT_FLOAT32, &ANT__DIMS(3, 3));
    ant_value *s = ant__scan_sequence(b, x),
              *h = ant__scan_carry(b, ant__zeros(p, &ANT__DIMS(1, 3)));
    ant_value *fixed = ant_op_matmul(b, ant_op_exp(b, w), w, false, true);
    fixed = ant_op_sum(b, fixed, ANT_AXIS(0), true);
    ant__scan_next(b, h, ant_op_add(b, ant_op_add(b, h, s), fixed));
    ant_op *scan = ant__scan_end(b);
    instructions(p, ant__scan_last(scan, 0), ANT__ALL_PASSES);
    ck_assert_int_eq(instructions_named(p, "matmul"), 1);
    ck_assert_int_eq(ant__program_instructions(scan->body), 1);
    ant__program_free(p);
}
END_TEST

START_TEST(memory_is_shared) {
    size_t arena[2];
    for (int shared = 0; shared < 2; shared++) {
        ant_value *x, *y;
        ant_program *p = with_input(&x, 100, 100);
        y = x;
        for (int i = 0; i < 20; i++)
            y = ant_op_matmul(p, y, x, false, false);
        instructions(p, y, shared ? ANT__ALL_PASSES : ANT__ALL_PASSES & ~ANT__PLAN);
        arena[shared] = ant__program_arena(p);
        ant__program_free(p);
    }
    ck_assert_uint_lt(arena[1] * 6, arena[0]);
}
END_TEST

/* Updates of variables run in place: no memory but for the gradient. */
START_TEST(updates_run_in_place) {
    double w[1000] = {1}, m[1000] = {2};
    ant_variable vw = variable_of("w", w, ANT__DIMS(1000)),
                 vm = variable_of("m", m, ANT__DIMS(1000));
    ant_program *p = ant__program_new(ANT_FLOAT64);
    ant_value *g = ant__input(p, ANT_FLOAT64, &ANT__DIMS(1000)), *a = ant__read(p, &vw);
    ant_value *b = ant_op_add(p, ant_op_scale(p, ant__read(p, &vm), 0.9), ant_op_scale(p, g, 0.1));
    ant__assign(p, &vm, b);
    ant__assign(p, &vw, ant_op_sub(p, a, ant_op_scale(p, b, 0.5)));
    ant__program_lower(p, ANT__ALL_PASSES);
    ck_assert_int_eq(ant__program_instructions(p), 1);
    ck_assert_uint_eq(ant__program_arena(p), 0);
    double gradient[1000] = {10};
    ant__program_bind_input(p, 0, gradient);
    ck_assert_int_eq(ant__program_run(p, NULL, NULL), 0);
    ck_assert_double_eq_tol(m[0], 2.8, 1e-15);
    ck_assert_double_eq_tol(w[0], 1 - 1.4, 1e-15);
    ant__program_free(p);
}
END_TEST

/* --- what depends on weights only --- */
enum { ROWS = 100, WIDE = 8 }; /* rows enough for a packed copy */

static ant_variable weight_of(double *data, int64_t rows, int64_t columns) {
    ant_variable v = variable_of("w", data, ANT__DIMS(rows, columns));
    v.versioned = true;
    return v;
}

/* x (all ones) times sin(w): the sine is one instruction without the pass, and none with it. */
static machine program_of(ant_variable *w, double *x, int passes) {
    ant_program *p = ant__program_new(ANT_FLOAT64);
    ant_value *in = ant__input(p, ANT_FLOAT64, &ANT__DIMS(ROWS, WIDE));
    ant_value *y = ant_op_matmul(p, in, ant_op_sin(p, ant__read(p, w)), false, false);
    ant__output(p, ant_op_matmul(p, y, ant__read(p, w), false, true));
    machine m = machine_of(p, passes);
    ant__program_bind_input(p, 0, x);
    return m;
}

static double first_of(const double *w) {
    double sum = 0;
    for (int j = 0; j < WIDE; j++)
        for (int i = 0; i < WIDE; i++)
            sum += sin(w[i * WIDE + j]) * w[j];
    return sum;
}

START_TEST(weights_are_worked_on_once) {
    double data[WIDE * WIDE], x[ROWS * WIDE + 16];
    ant_variable w = weight_of(data, WIDE, WIDE);
    for (int i = 0; i < WIDE * WIDE; i++)
        data[i] = 0.01 * i;
    for (int i = 0; i < ROWS * WIDE; i++)
        x[i] = 1;
    machine m = program_of(&w, x, ANT__ALL_PASSES);
    machine plain = program_of(&w, x, ANT__ALL_PASSES & ~ANT__KEEP);
    ck_assert_int_eq(ant__program_instructions(plain.p), 3);
    ck_assert_int_eq(ant__program_instructions(m.p), 2);
    for (int k = 0; k < 3; k++, data[3] += 1, w.version++) {
        machine_run(&m);
        machine_run(&plain);
        for (int i = 0; i < ROWS * WIDE; i++)
            ck_assert_double_eq_tol(machine_out(&m, 0, i), machine_out(&plain, 0, i), 1e-12);
        ck_assert_double_eq_tol(machine_out(&m, 0, 0), first_of(data), 1e-12);
    }
    machine_free(&plain);
    machine_free(&m);
}
END_TEST

/* Another program writes the weight: the copies of the first are made again. */
START_TEST(programs_that_write_weights_count_it) {
    double data[WIDE * WIDE], x[ROWS * WIDE + 16];
    ant_variable w = weight_of(data, WIDE, WIDE);
    for (int i = 0; i < WIDE * WIDE; i++)
        data[i] = 0.02 * i;
    for (int i = 0; i < ROWS * WIDE; i++)
        x[i] = 1;
    machine m = program_of(&w, x, ANT__ALL_PASSES);
    ant_program *p = ant__program_new(ANT_FLOAT64);
    ant__assign(p, &w, ant_op_scale(p, ant__read(p, &w), 0.5));
    machine update = machine_of(p, ANT__ALL_PASSES);
    for (int k = 0; k < 3; k++, machine_run(&update)) {
        machine_run(&m);
        ck_assert_double_eq_tol(machine_out(&m, 0, 0), first_of(data), 1e-12);
        ck_assert_uint_eq(w.version, (uint64_t)k);
    }
    machine_free(&update);
    machine_free(&m);
}
END_TEST

/* --- large weights that are trained --- */

/* rows x depth x columns; cut: into pieces of the weight's rows. */
static const struct deep {
    int64_t rows, depth, columns;
    bool cut;
    bool trained;
} deep_products[] = {{5, 784, 50, true, true},  {5, 784, 50, false, false},
                     {30, 399, 90, true, true}, {1, 514, 64, true, true},
                     {3, 4000, 8, false, true}, {60, 400, 90, false, true},
                     {1, 521, 64, false, true}};

/* x w, and where it is trained w - x' x w. */
static machine deep_step(const struct deep *d, ant_variable *w, double *x, int passes) {
    ant_program *p = ant__program_new(ANT_FLOAT64);
    ant_value *in = ant__input(p, ANT_FLOAT64, &ANT__DIMS(d->rows, d->depth));
    ant_value *now = ant__read(p, w), *y = ant_op_matmul(p, in, now, false, false);
    ant__output(p, ant_op_relu(p, y));
    if (d->trained)
        ant__assign(p, w, ant_op_sub(p, now, ant_op_matmul(p, in, y, true, false)));
    machine m = machine_of(p, passes);
    ant__program_bind_input(p, 0, x);
    return m;
}

static double *waves(int64_t n, double step) {
    double *x = ant__alloc_numbers((size_t)(n + 16) * sizeof *x);
    for (int64_t i = 0; i < n; i++)
        x[i] = sin(step * (double)i);
    return x;
}

START_TEST(large_weights_are_read_in_pieces) {
    const struct deep *d = &deep_products[_i];
    double *x = waves(d->rows * d->depth, 0.7);
    ant_variable w[2];
    for (int k = 0; k < 2; k++) {
        w[k] = variable_of("w", waves(d->depth * d->columns, 0.3), ANT__DIMS(d->depth, d->columns));
        w[k].versioned = true;
    }
    machine plain = deep_step(d, &w[0], x, 0), m = deep_step(d, &w[1], x, ANT__ALL_PASSES);
    ck_assert_int_eq(instructions_named(m.p, "matmul_pieces"), d->cut ? 1 : 0);
    if (d->cut)
        ck_assert_int_eq(instructions_named(m.p, "sum"), 1);
    machine_run(&plain);
    machine_run(&m);
    for (int i = 0; i < d->rows * d->columns; i++)
        ck_assert_double_eq_tol(machine_out(&plain, 0, i), machine_out(&m, 0, i), 1e-10);
    machine_free(&plain);
    machine_free(&m);
    for (int k = 0; k < 2; k++)
        ant__free_numbers(w[k].data);
    ant__free_numbers(x);
}
END_TEST

enum { DEEP = sizeof deep_products / sizeof *deep_products };

ANT_TEST_MAIN("passes", {equal_ops_are_one}, {chains_are_one_instruction}, {long_chains_are_cut},
              {many_inputs_are_cut}, {a_use_outside_ends_a_chain}, {constants_are_computed_once},
              {transposes_vanish}, {what_nobody_uses_is_dropped},
              {unused_results_of_scans_are_dropped}, {what_does_not_change_leaves_the_loop},
              {memory_is_shared}, {updates_run_in_place}, {weights_are_worked_on_once},
              {programs_that_write_weights_count_it},
              ANT_LOOP(large_weights_are_read_in_pieces, DEEP))
