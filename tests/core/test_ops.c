/* Values of the fine ops: edges, empty axes; and what they refuse. */
#include "core/ops/fine.h"
#include "core/program/inside.h"
#include "runner.h"
#include "support.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static ant_value *reals(ant_program *p, const double *x, int n) {
    return ant_op_constant(p, x, (const int64_t[]){n}, 1);
}

typedef ant_value *unary(ant_program *p, ant_value *a);
static ant_value *clip1(ant_program *p, ant_value *a) {
    return ant_op_clip(p, a, -1, 1);
}
static ant_value *bound1(ant_program *p, ant_value *a) {
    return ant__bound(p, a, 1);
}
static ant_value *to_int(ant_program *p, ant_value *a) {
    return ant_op_cast(p, a, ANT_INT32);
}
static ant_value *to_bool(ant_program *p, ant_value *a) {
    return ant_op_cast(p, a, ANT_BOOL);
}
static ant_value *same(ant_program *p, ant_value *a) {
    return ant_op_equal(p, a, a);
}
static ant_value *most(ant_program *p, ant_value *a) {
    return ant_op_maximum(p, a, a);
}

static const struct {
    unary *op;
    int dtype;
    double want[6];
} edges[] = {
    /* x = 2.5 -2.5 0 nan inf -inf */
    {ant_op_round, ANT_FLOAT64, {2, -2, 0, NAN, INFINITY, -INFINITY}},
    {ant_op_trunc, ANT_FLOAT64, {2, -2, 0, NAN, INFINITY, -INFINITY}},
    {ant_op_floor, ANT_FLOAT64, {2, -3, 0, NAN, INFINITY, -INFINITY}},
    {ant_op_ceil, ANT_FLOAT64, {3, -2, 0, NAN, INFINITY, -INFINITY}},
    {ant_op_sign, ANT_FLOAT64, {1, -1, 0, NAN, 1, -1}},
    {ant_op_abs, ANT_FLOAT64, {2.5, 2.5, 0, NAN, INFINITY, INFINITY}},
    {ant_op_relu, ANT_FLOAT64, {2.5, 0, 0, NAN, INFINITY, 0}},
    {ant_op_is_nan, ANT_BOOL, {0, 0, 0, 1, 0, 0}},
    {ant_op_is_finite, ANT_BOOL, {1, 1, 1, 0, 0, 0}},
    {ant_op_logical_not, ANT_BOOL, {0, 0, 1, 0, 0, 0}},
    {clip1, ANT_FLOAT64, {1, -1, 0, NAN, 1, -1}},
    {bound1, ANT_FLOAT64, {1, 0, 0, NAN, 1, 0}},
    {to_int, ANT_INT32, {2, -2, 0, 0, INT32_MAX, INT32_MIN}},
    {to_bool, ANT_BOOL, {1, 1, 0, 1, 1, 1}},
    {same, ANT_BOOL, {1, 1, 1, 0, 1, 1}},
    {most, ANT_FLOAT64, {2.5, -2.5, 0, NAN, INFINITY, -INFINITY}},
    {ant_op_sigmoid, ANT_FLOAT64, {0.92414181997875655, 0.07585818002124355, 0.5, NAN, 1, 0}},
    {ant_op_softplus,
     ANT_FLOAT64,
     {2.5788897342925496, 0.0788897342925496, 0.69314718055994531, NAN, INFINITY, 0}},
    {ant_op_erfc, ANT_FLOAT64, {0.00040695201744495897, 1.9995930479825551, 1, NAN, 0, 2}},
    {ant_op_erfinv, ANT_FLOAT64, {NAN, NAN, 0, NAN, NAN, NAN}},
    {ant_op_reciprocal, ANT_FLOAT64, {0.4, -0.4, INFINITY, NAN, 0, 0}},
};
enum { EDGES = sizeof edges / sizeof *edges };

START_TEST(one_value_at_edges) {
    const double x[] = {2.5, -2.5, 0, NAN, INFINITY, -INFINITY};
    ant_program *p = ant__program_new(ANT_FLOAT64);
    machine_expect(p, edges[_i].op(p, reals(p, x, 6)), edges[_i].dtype, edges[_i].want, 6);
}
END_TEST

/* --- reductions --- */
static const double table[] = {3, 1, 2, /**/ -1, 5, 5, /**/ 0, 0, -7, /**/ 4, 4, 4};

static ant_value *matrix(ant_program *p) {
    return ant_op_constant(p, table, (const int64_t[]){4, 3}, 2);
}

static ant_value *by_number(ant_program *p, int k, ant_value *x) {
    switch (k) {
    case 0:
        return ant_op_sum(p, x, ANT_LAST, false);
    case 1:
        return ant_op_max(p, x, ANT_AXIS(0), false);
    case 2:
        return ant_op_min(p, x, ANT_ALL_AXES, true);
    case 3:
        return ant_op_prod(p, x, ANT_AXIS(1), true);
    case 4:
        return ant_op_mean(p, x, ANT_AXIS(0), true);
    case 5:
        return ant_op_variance(p, x, ANT_AXIS(1), false);
    case 6:
        return ant_op_cumsum(p, x, 0);
    default:
        return ant_op_sum(p, x, 0, false); /* no axes: as it is */
    }
}

static const double reduced[][12] = {
    {6, 9, -7, 12},
    {4, 5, 5},
    {-7},
    {6, -25, 0, 64},
    {1.5, 2.5, 1},
    {2.0 / 3, 8, 98.0 / 9, 0},
    {3, 1, 2, 2, 6, 7, 2, 6, 0, 6, 10, 4},
    {3, 1, 2, -1, 5, 5, 0, 0, -7, 4, 4, 4},
};
enum { REDUCED = sizeof reduced / sizeof *reduced };

START_TEST(reductions) {
    ant_program *p = ant__program_new(ANT_FLOAT64);
    ant_value *y = by_number(p, _i, matrix(p));
    machine_expect(p, y, ANT_FLOAT64, reduced[_i], (int)ant__dims_count(&y->dims));
}
END_TEST

START_TEST(places_are_the_first_of_equals) {
    ant_program *p = ant__program_new(ANT_FLOAT64), *q = ant__program_new(ANT_FLOAT64);
    machine_expect(p, ant_op_argmax(p, matrix(p), 1), ANT_INT32, (const double[]){0, 1, 0, 0}, 4);
    machine_expect(q, ant_op_argmin(q, ant_op_cast(q, matrix(q), ANT_INT64), 0), ANT_INT32,
                   (const double[]){1, 2, 2}, 3);
}
END_TEST

/* As TensorFlow's: what is not a number is never the largest. */
START_TEST(places_pass_over_nan) {
    const double x[] = {NAN, 1, NAN, 3, 3, NAN, NAN, NAN};
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *lines = ant__reshape_to(p, reals(p, x, 8), &ANT__DIMS(2, 4));
    machine_expect(p, ant_op_argmax(p, lines, -1), ANT_INT32, (const double[]){3, 0}, 2);
}
END_TEST

/* erf takes it back, near the ends too. */
START_TEST(inverse_of_erf) {
    const double x[] = {1e-9, 0.3, -0.7, 0.99, -0.999999, 1 - 1e-12, 1, -1};
    ant_program *p = ant__program_new(ANT_FLOAT64);
    double want[8];
    memcpy(want, x, sizeof want);
    machine_expect(p, ant_op_erf(p, ant_op_erfinv(p, reals(p, x, 8))), ANT_FLOAT64, want, 8);
}
END_TEST

/* Long float32 sums stay close to the true ones, in both directions. */
START_TEST(long_sums_are_close) {
    enum { N = 300000 };
    float *x = malloc(N * sizeof *x);
    double sum = 0;
    for (int i = 0; i < N; i++)
        sum += (double)(x[i] = 1.0F + (float)(i % 7) * 0.1F);
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *in = ant__input(p, ANT_FLOAT32, &ANT__DIMS(N));
    ant__output(p, ant_op_sum(p, in, ANT_ALL_AXES, false));
    ant__output(p, ant_op_sum(p, ant__reshape_to(p, in, &ANT__DIMS(N / 3, 3)), ANT_AXIS(0), false));
    machine m = machine_of(p, ANT__ALL_PASSES);
    ant__program_bind_input(p, 0, x);
    machine_run(&m);
    ck_assert_double_eq_tol(machine_out(&m, 0, 0) / sum, 1, 1e-6);
    double columns = machine_out(&m, 1, 0) + machine_out(&m, 1, 1) + machine_out(&m, 1, 2);
    ck_assert_double_eq_tol(columns / sum, 1, 1e-6);
    machine_free(&m);
    free(x);
}
END_TEST

/* Every kind over lines and columns of many lengths, against plain loops. */
static double plain(int kind, const float *x, int n, int stride) {
    double y = kind == 0 ? 0 : kind == 3 ? 1 : x[0];
    for (int i = 0; i < n; i++) {
        double e = x[i * stride];
        y = kind == 0 ? y + e : kind == 1 ? fmax(y, e) : kind == 2 ? fmin(y, e) : y * e;
    }
    return y;
}

START_TEST(lines_and_columns) {
    enum { MOST = 70 };
    static ant_value *(*const ops[])(ant_program *, ant_value *, unsigned,
                                     bool) = {ant_op_sum, ant_op_max, ant_op_min, ant_op_prod};
    float x[MOST * 3];
    int n = _i + 1;
    for (int i = 0; i < MOST * 3; i++)
        x[i] = 1 + 0.3F * (float)sin(1.7 * i);
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *lines = ant__input(p, ANT_FLOAT32, &ANT__DIMS(3, n));
    ant_value *columns = ant__input(p, ANT_FLOAT32, &ANT__DIMS(n, 3));
    for (int k = 0; k < 4; k++) {
        ant__output(p, ops[k](p, lines, ANT_AXIS(1), false));
        ant__output(p, ops[k](p, columns, ANT_AXIS(0), false));
    }
    machine m = machine_of(p, ANT__ALL_PASSES);
    ant__program_bind_input(p, 0, x);
    ant__program_bind_input(p, 1, x);
    machine_run(&m);
    for (int k = 0; k < 4; k++)
        for (int i = 0; i < 3; i++) {
            double line = plain(k, x + i * n, n, 1), column = plain(k, x + i, n, 3);
            ck_assert_double_eq_tol(machine_out(&m, 2 * k, i), line, 1e-5 * (1 + fabs(line)));
            ck_assert_double_eq_tol(machine_out(&m, 2 * k + 1, i), column,
                                    1e-5 * (1 + fabs(column)));
        }
    machine_free(&m);
}
END_TEST

START_TEST(nan_goes_through) {
    enum { N = 40 };
    double x[N];
    for (int i = 0; i < N; i++)
        x[i] = i == _i ? NAN : i;
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *a = reals(p, x, N);
    ant_value *all[] = {ant_op_max(p, a, ANT_LAST, true), ant_op_min(p, a, ANT_LAST, true),
                        ant_op_sum(p, a, ANT_LAST, true), ant_op_prod(p, a, ANT_LAST, true)};
    machine_expect(p, ant_op_concat(p, all, 4, 0), ANT_FLOAT32,
                   (const double[]){NAN, NAN, NAN, NAN}, 4);
}
END_TEST

/* --- empty axes --- */
static ant_value *on_empty(ant_program *p, int k, ant_value *x) {
    switch (k) { /* x is (0, 3) */
    case 0:
        return ant_op_sum(p, x, ANT_AXIS(0), false);
    case 1:
        return ant_op_exp(p, x);
    case 2:
        return ant_op_matmul(p, x, ant__zeros(p, &ANT__DIMS(3, 2)), false, false);
    case 3:
        return ant_op_matmul(p, x, x, true, false);
    case 4:
        return ant_op_transpose(p, x, (const int[]){1, 0});
    case 5:
        return ant_op_concat(p, (ant_value *[]){x, x}, 2, 0);
    case 6:
        return ant_op_pad(p, x, 0, 1, 1, 2);
    case 7:
        return ant_op_reverse(p, x, 0);
    case 8:
        return ant_op_max(p, x, ANT_AXIS(0), false);
    case 9:
        return ant_op_argmax(p, x, 0);
    case 10:
        return ant_op_cumsum(p, x, 0);
    case 11:
        return ant_op_gather(p, ant__zeros(p, &ANT__DIMS(2, 2)), ant_op_cast(p, x, ANT_INT32));
    case 12:
        return ant_op_one_hot(p, ant_op_cast(p, x, ANT_INT32), 4);
    case 13:
        return ant_op_repeat(p, x, 0, 2);
    case 14:
        return ant_op_mean(p, x, ANT_ALL_AXES, false);
    case 15:
        return ant__scatter_add(p, ant_op_cast(p, ant_op_sum(p, x, ANT_LAST, false), ANT_INT32), x,
                                3);
    default:
        return ant_op_prod(p, x, ANT_AXIS(0), true);
    }
}

START_TEST(empty_axes) {
    float none[1] = {0};
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(0, 3)), *dx;
    ant_value *y = on_empty(p, _i, x);
    ck_assert_msg(y != NULL, "%s", ant__program_error(p)->text);
    ant__output(p, y);
    if (y->dtype == ANT_FLOAT32 && ant_op_gradient(p, &y, NULL, 1, &x, &dx, 1) == 0 && dx)
        ant__output(p, dx);
    machine m = machine_of(p, ANT__ALL_PASSES);
    ant__program_bind_input(p, 0, none);
    machine_run(&m);
    if (_i == 0)
        ck_assert_double_eq(machine_out(&m, 0, 2), 0);
    if (_i == 6)
        ck_assert_double_eq(machine_out(&m, 0, 5), 2);
    if (_i == 16)
        ck_assert_double_eq(machine_out(&m, 0, 0), 1);
    machine_free(&m);
}
END_TEST

/* --- moving: against a plain walk --- */
START_TEST(transposes_of_every_order) {
    static const int orders[][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {0, 2, 1, 3}, {1, 0, 3, 2},
                                    {2, 3, 0, 1}, {0, 3, 1, 2}, {3, 0, 1, 2}, {1, 2, 3, 0}};
    static const int64_t dims[] = {3, 17, 5, 18};
    static const int types[] = {ANT_FLOAT32, ANT_FLOAT64, ANT_BOOL};
    const int *order = orders[_i % 8];
    int dtype = types[_i / 8];
    ant_program *p = ant__program_new(dtype == ANT_FLOAT64 ? ANT_FLOAT64 : ANT_FLOAT32);
    enum { N = 3 * 17 * 5 * 18 };
    static double x[N];
    for (int i = 0; i < N; i++)
        x[i] = dtype == ANT_BOOL ? i * 7 % 3 == 0 : i;
    ant_value *in = ant_op_cast(p, ant_op_constant(p, x, dims, 4), dtype);
    ant__output(p, ant_op_transpose(p, in, order));
    machine m = machine_of(p, ANT__ALL_PASSES);
    machine_run(&m);
    int64_t stride[4] = {17 * 5 * 18, 5 * 18, 18, 1}, at[4] = {0};
    for (int i = 0; i < N; i++) {
        int64_t from = 0;
        for (int k = 0; k < 4; k++)
            from += at[k] * stride[order[k]];
        ck_assert_double_eq(machine_out(&m, 0, i), x[from]);
        for (int k = 3; k >= 0 && ++at[k] == dims[order[k]]; k--)
            at[k] = 0;
    }
    machine_free(&m);
}
END_TEST

START_TEST(one_hot_of_indices) {
    ant_program *p = ant__program_new(ANT_FLOAT32);
    const double x[] = {2, -1, 0, 3};
    machine_expect(p, ant_op_one_hot(p, ant_op_cast(p, reals(p, x, 4), ANT_INT64), 3), ANT_FLOAT32,
                   (const double[]){0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0}, 12);
}
END_TEST

/* --- what is refused, with both shapes --- */
static ant_value *wrong(ant_program *p, int k, ant_value *x) {
    switch (k) { /* x is (4, 3) */
    case 0:
        return ant_op_add(p, x, ant__zeros(p, &ANT__DIMS(4)));
    case 1:
        return ant_op_matmul(p, x, x, false, false);
    case 2:
        return ant_op_reshape(p, x, (const int64_t[]){5, -1}, 2);
    case 3:
        return ant_op_concat(p, (ant_value *[]){x, ant__zeros(p, &ANT__DIMS(4, 2, 1))}, 2, 0);
    case 4:
        return ant_op_broadcast(p, x, (const int64_t[]){4, 4}, 2);
    case 5:
        return ant_op_slice(p, x, 0, 2, 3, 1);
    case 6:
        return ant_op_sum(p, x, ANT_AXIS(2), false);
    case 7:
        return ant_op_argmax(p, x, 2);
    case 8:
        return ant_op_transpose(p, x, (const int[]){1, 1});
    case 9:
        return ant_op_gather(p, x, x);
    case 10:
        return ant_op_squeeze(p, x, 0);
    case 11:
        return ant_op_pad(p, x, 0, -1, 0, 0);
    case 12:
        return ant_op_cast(p, x, ANT_TEXT);
    default:
        return ant_op_concat(p, NULL, 0, 0);
    }
}
static const char *const told[] = {
    "(4, 3) and (4,)",
    "(4, 3)",
    "(4, 3)",
    "(4, 3) and (4, 2, 1)",
    "(4, 3)",
    "2 to 4",
    "(4, 3)",
    "axis 2",
    "entry 1 is 1",
    "float32",
    "axis 0",
    "-1 before",
    "text",
    "no values",
};
enum { WRONG = sizeof told / sizeof *told };

START_TEST(misfits_are_told) {
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ck_assert_ptr_null(wrong(p, _i, ant__input(p, ANT_FLOAT32, &ANT__DIMS(4, 3))));
    ck_assert_msg(strstr(ant__program_error(p)->text, told[_i]) != NULL, "'%s' does not tell '%s'",
                  ant__program_error(p)->text, told[_i]);
    ant__program_free(p);
}
END_TEST

/* --- unknown sizes --- */
static void shape_is(const ant_value *v, const ant_dims *dims) {
    char a[ANT__DIMS_TEXT], b[ANT__DIMS_TEXT];
    ck_assert_ptr_nonnull(v);
    ck_assert_str_eq(ant__dims_text(&v->dims, a), ant__dims_text(dims, b));
}

START_TEST(unknown_sizes) {
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(-1, 6, 4));
    shape_is(ant_op_add(p, x, ant_op_number(p, 1)), &ANT__DIMS(-1, 6, 4));
    shape_is(ant_op_reshape(p, x, (const int64_t[]){-1, 24}, 2), &ANT__DIMS(-1, 24));
    shape_is(ant_op_sum(p, x, ANT_AXIS(0) | ANT_LAST, false), &ANT__DIMS(6));
    shape_is(ant_op_variance(p, x, ANT_AXIS(0), true), &ANT__DIMS(1, 6, 4));
    shape_is(ant_op_slice(p, x, 0, 0, -1, 1), &ANT__DIMS(-1, 6, 4));
    shape_is(ant_op_reverse(p, x, 0), &ANT__DIMS(-1, 6, 4));
    shape_is(ant_op_concat(p, (ant_value *[]){x, x}, 2, 0), &ANT__DIMS(-1, 6, 4));
    shape_is(ant_op_pad(p, x, 0, 1, 1, 0), &ANT__DIMS(-1, 6, 4));
    shape_is(ant_op_repeat(p, x, 0, 2), &ANT__DIMS(-1, 6, 4));
    shape_is(ant_op_gather(p, x, ant_op_cast(p, x, ANT_INT32)), &ANT__DIMS(-1, 6, 4, 6, 4));
    shape_is(ant_op_broadcast(p, x, (const int64_t[]){2, -1, 6, 4}, 4), &ANT__DIMS(2, -1, 6, 4));
    ant__program_free(p);
}
END_TEST

ANT_TEST_MAIN("ops", ANT_LOOP(one_value_at_edges, EDGES), ANT_LOOP(reductions, REDUCED),
              {places_are_the_first_of_equals}, {places_pass_over_nan}, {inverse_of_erf},
              {long_sums_are_close}, ANT_LOOP(lines_and_columns, 70),
              ANT_LOOP(nan_goes_through, 40), ANT_LOOP(empty_axes, 17),
              ANT_LOOP(transposes_of_every_order, 24), {one_hot_of_indices},
              ANT_LOOP(misfits_are_told, WRONG), {unknown_sizes})
