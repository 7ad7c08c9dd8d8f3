/* Types of the fine ops' values: ints stay exact, also among reals, and bools count as numbers. */
#include "core/program/inside.h"
#include "runner.h"
#include "support.h"

static const ant_dims four = {1, {4}};

static ant_value *reals(ant_program *p, const double *x, int n) {
    return ant_op_constant(p, x, (const int64_t[]){n}, 1);
}

static ant_value *ints(ant_program *p, const double *x, int n, int dtype) {
    return ant_op_cast(p, reals(p, x, n), dtype);
}

typedef ant_value *binary(ant_program *p, ant_value *a, ant_value *b);
static const struct {
    binary *op;
    int dtype;
    double want[4];
} int_ops[] = {
    /* a = 7 -7 5 2000000001, b = 2 2 -3 2000000000 */
    {ant_op_add, ANT_INT64, {9, -5, 2, 4000000001.0}},
    {ant_op_sub, ANT_INT64, {5, -9, 8, 1}},
    {ant_op_mul, ANT_INT64, {14, -14, -15, 4000000002000000000.0}},
    {ant_op_div, ANT_FLOAT64, {3.5, -3.5, -5.0 / 3, 2000000001.0 / 2000000000.0}},
    {ant_op_floor_div, ANT_INT64, {3, -4, -2, 1}},
    {ant_op_mod, ANT_INT64, {1, 1, -1, 1}},
    {ant_op_maximum, ANT_INT64, {7, 2, 5, 2000000001.0}},
    {ant_op_minimum, ANT_INT64, {2, -7, -3, 2000000000.0}},
    {ant_op_less, ANT_BOOL, {0, 1, 0, 0}},
    {ant_op_greater_equal, ANT_BOOL, {1, 0, 1, 1}},
    {ant_op_equal, ANT_BOOL, {0, 0, 0, 0}},
    {ant_op_not_equal, ANT_BOOL, {1, 1, 1, 1}},
    {ant_op_logical_and, ANT_BOOL, {1, 1, 1, 1}},
    {ant_op_bit_and, ANT_INT64, {2, 0, 5, 2000000000.0}},
    {ant_op_bit_or, ANT_INT64, {7, -5, -3, 2000000001.0}},
    {ant_op_bit_xor, ANT_INT64, {5, -5, -8, 1}},
    {ant_op_shift_left, ANT_INT64, {28, -28, 0, 0}},
    {ant_op_shift_right, ANT_INT64, {1, -2, 40, 0}},
    {ant_op_gcd, ANT_INT64, {1, 1, 1, 1}},
};
enum { INT_OPS = sizeof int_ops / sizeof *int_ops };

START_TEST(ints_stay_exact) {
    const double a[] = {7, -7, 5, 2000000001.0}, b[] = {2, 2, -3, 2000000000.0};
    ant_program *p = ant__program_new(ANT_FLOAT64);
    ant_value *x = ints(p, a, 4, ANT_INT64), *y = ints(p, b, 4, ANT_INT32);
    machine_expect(p, int_ops[_i].op(p, x, y), int_ops[_i].dtype, int_ops[_i].want, 4);
}
END_TEST

/* In a float32 program ints are exact too, and meet reals as reals. */
START_TEST(ints_in_a_float_program) {
    int32_t x[4] = {16777217, -16777217, 5, INT32_MAX};
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *in = ant__input(p, ANT_INT32, &four);
    ant__output(p, ant_op_shift(p, ant_op_neg(p, ant_op_neg(p, in)), -1));
    ant__output(p, ant_op_mul(p, in, ant_op_number(p, 0.5)));
    ck_assert_int_eq(ant_value_dtype(ant_op_scale(p, in, 0.5)), ANT_FLOAT32);
    machine m = machine_of(p, _i);
    ant__program_bind_input(p, 0, x);
    machine_run(&m);
    for (int i = 0; i < 4; i++) {
        ck_assert_double_eq(machine_out(&m, 0, i), (double)x[i] - 1);
        ck_assert_double_eq(machine_out(&m, 1, i), (double)((float)x[i] * 0.5F));
    }
    machine_free(&m);
}
END_TEST

/* A variable of the other real type becomes one of the program's. */
START_TEST(reals_of_the_other_type) {
    float x[3] = {1.5F, 2.5F, -1};
    double y[3] = {1, 2, 3};
    ant_variable v = {.name = "x", .dtype = ANT_FLOAT32, .dims = ANT__DIMS(3), .data = x};
    ant_variable w = {.name = "y", .dtype = ANT_FLOAT64, .dims = ANT__DIMS(3), .data = y};
    ant_program *p = ant__program_new(_i ? ANT_FLOAT64 : ANT_FLOAT32);
    ant_value *sum = ant_op_add(p, ant_op_neg(p, ant__read(p, &v)), ant__read(p, &w));
    ck_assert_int_eq(ant_value_dtype(sum), ant__program_real(p));
    ant__output(p, sum);
    machine m = machine_of(p, ANT__ALL_PASSES);
    machine_run(&m);
    for (int i = 0; i < 3; i++)
        ck_assert_double_eq(machine_out(&m, 0, i), y[i] - (double)x[i]);
    machine_free(&m);
}
END_TEST

/* --- reductions --- */
static ant_value *matrix(ant_program *p) {
    static const double table[] = {3, 1, 2, /**/ -1, 5, 5, /**/ 0, 0, -7, /**/ 4, 4, 4};
    return ant_op_constant(p, table, (const int64_t[]){4, 3}, 2);
}

START_TEST(ints_and_bools_reduce) {
    ant_program *p = ant__program_new(ANT_FLOAT32), *q = ant__program_new(ANT_FLOAT32);
    ant_value *x = ant_op_cast(p, matrix(p), ANT_INT32);
    machine_expect(p, ant_op_sum(p, x, ANT_AXIS(0), false), ANT_INT32, (const double[]){6, 10, 4},
                   3);
    ant_value *b = ant_op_greater(q, matrix(q), ant_op_number(q, 0));
    ant_value *both[] = {ant_op_any(q, b, ANT_AXIS(1), false),
                         ant_op_all(q, b, ANT_AXIS(1), false)};
    machine_expect(q, ant_op_concat(q, both, 2, 0), ANT_BOOL,
                   (const double[]){1, 1, 0, 1, 1, 0, 0, 1}, 8);
}
END_TEST

START_TEST(running_sums_of_ints) {
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *x = ant_op_shift(p, ant_op_cast(p, matrix(p), ANT_INT32), 16777216);
    const double want[] = {3, 1, 2, 2, 6, 7, 2, 6, 0, 6, 10, 4};
    double rows[12];
    for (int i = 0; i < 12; i++)
        rows[i] = want[i] + 16777216.0 * (1 + i / 3);
    machine_expect(p, ant_op_cumsum(p, x, 0), ANT_INT32, rows, 12);
}
END_TEST

ANT_TEST_MAIN("ints", ANT_LOOP(ints_stay_exact, INT_OPS),
              ANT_LOOP(ints_in_a_float_program, ANT__ALL_PASSES + 1),
              ANT_LOOP(reals_of_the_other_type, 2), {ints_and_bools_reduce}, {running_sums_of_ints})
