/* Order along an axis against a plain insertion sort, and entries taken by it. */
#include "core/ops/fine.h"
#include "runner.h"
#include "support.h"
#include <math.h>
#include <string.h>

enum { LINES = 3, INNER = 2, MOST = 70 };
static const int types[] = {ANT_FLOAT32, ANT_FLOAT64, ANT_INT32, ANT_INT64, ANT_BOOL};
enum { TYPES = sizeof types / sizeof *types };

/* Few different numbers, so that many are equal; now and then none at all. */
static double entry(int dtype, int i) {
    double x = i * 31 % 17 - 8;
    if (dtype == ANT_BOOL)
        return i * 31 % 3 == 0;
    if (ant__dtype_real(dtype))
        return i % 23 == 5 ? NAN : i % 29 == 3 ? -INFINITY : x / 4;
    return dtype == ANT_INT64 ? x * 0x1p40 : x * 0x1p20;
}

static bool below(double a, double b) {
    return isnan(b) ? !isnan(a) : a < b;
}

static void plain_order(int *order, const double *x, int n, bool falling) {
    for (int i = 0; i < n; i++) {
        int k = i;
        for (; k > 0; k--) {
            double left = x[order[k - 1]];
            if (!(falling ? below(left, x[i]) : below(x[i], left)))
                break;
            order[k] = order[k - 1];
        }
        order[k] = i;
    }
}

/* Rising and falling order of lines, and of columns that lie INNER apart; the sorted entries. */
static void write_orders(ant_program *p, ant_value *x) {
    for (int falling = 0; falling < 2; falling++) {
        ant_value *order = ant_op_argsort(p, x, 1, falling);
        ck_assert_int_eq(ant_value_dtype(order), ANT_INT32);
        ant__output(p, order);
        ant__output(p, ant_op_take_along(p, x, order, -2));
    }
}

static void check_line(machine *m, const double *x, int n, int line, int inner, bool falling) {
    double values[MOST];
    int order[MOST];
    for (int k = 0; k < n; k++)
        values[k] = x[(line * n + k) * INNER + inner];
    plain_order(order, values, n, falling);
    for (int k = 0; k < n; k++) {
        int at = (line * n + k) * INNER + inner;
        double sorted = machine_out(m, 2 * falling + 1, at), want = values[order[k]];
        ck_assert_double_eq(machine_out(m, 2 * falling, at), order[k]);
        ck_assert(sorted == want || (isnan(sorted) && isnan(want)));
    }
}

START_TEST(orders) {
    static double x[LINES * MOST * INNER];
    int n = _i / TYPES, dtype = types[_i % TYPES];
    ant_program *p = ant__program_new(dtype == ANT_FLOAT64 ? ANT_FLOAT64 : ANT_FLOAT32);
    for (int i = 0; i < LINES * n * INNER; i++)
        x[i] = entry(dtype, i);
    ant_value *v = ant_op_constant(p, x, (const int64_t[]){LINES, n, INNER}, 3);
    write_orders(p, ant_op_cast(p, v, dtype));
    machine m = machine_of(p, ANT__ALL_PASSES);
    machine_run(&m);
    for (int k = 0; k < LINES * INNER * 2; k++)
        check_line(&m, x, n, k / 4, k / 2 % 2, k % 2);
    machine_free(&m);
}
END_TEST

/* Many lines, so that there are many cells. */
START_TEST(many_lines) {
    enum { ROWS = 3000, N = 5 };
    static double x[ROWS * N];
    for (int i = 0; i < ROWS * N; i++)
        x[i] = (i * 7919) % 1009;
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *v = ant_op_constant(p, x, (const int64_t[]){ROWS, N}, 2);
    ant__output(p, ant_op_argsort(p, v, -1, false));
    machine m = machine_of(p, ANT__ALL_PASSES);
    machine_run(&m);
    for (int r = 0; r < ROWS; r++) {
        int order[N];
        plain_order(order, x + r * N, N, false);
        for (int k = 0; k < N; k++)
            ck_assert_double_eq(machine_out(&m, 0, r * N + k), order[k]);
    }
    machine_free(&m);
}
END_TEST

/* Indices of another length, the same for every row. */
START_TEST(taken_along) {
    const double x[] = {1, 2, 3, /**/ 4, 5, 6}, index[] = {2, 0, 2, 1};
    const double want[] = {3, 1, 3, 2, 6, 4, 6, 5};
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *a = ant_op_constant(p, x, (const int64_t[]){2, 3}, 2);
    ant_value *i = ant_op_cast(p, ant_op_constant(p, index, (const int64_t[]){1, 4}, 2), ANT_INT32);
    ant__output(p, ant_op_take_along(p, a, i, 1));
    machine m = machine_of(p, ANT__ALL_PASSES);
    machine_run(&m);
    for (int k = 0; k < 8; k++)
        ck_assert_double_eq(machine_out(&m, 0, k), want[k]);
    machine_free(&m);
}
END_TEST

/* An index that would be another row's entry is told, too. */
START_TEST(outside) {
    int32_t index[] = {0, _i ? 3 : -1};
    float x[] = {1, 2, 3, 4, 5, 6};
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *a = ant__input(p, ANT_FLOAT32, &ANT__DIMS(2, 3));
    ant__output(p, ant_op_take_along(p, a, ant__input(p, ANT_INT32, &ANT__DIMS(2, 1)), 1));
    machine m = machine_of(p, ANT__ALL_PASSES);
    ant_report report = {0};
    ant__program_bind_input(p, 0, x);
    ant__program_bind_input(p, 1, index);
    ck_assert_int_eq(ant__program_run(p, NULL, &report), ANT_E_DATA);
    machine_free(&m);
}
END_TEST

START_TEST(shapes) {
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(-1, 4));
    ant_value *i = ant__input(p, ANT_INT32, &ANT__DIMS(-1, 2));
    ant_value *y = ant_op_take_along(p, x, i, 1);
    ck_assert_int_eq(ant_value_size(ant_op_argsort(p, x, 0, true), 1), 4);
    ck_assert_int_eq(ant_value_size(y, 0), -1);
    ck_assert_int_eq(ant_value_size(y, 1), 2);
    ck_assert_ptr_null(ant_op_take_along(p, x, ant__input(p, ANT_INT32, &ANT__DIMS(4)), 1));
    ck_assert_msg(strstr(ant__program_error(p)->text, "(4,) do not fit (None, 4)") != NULL, "%s",
                  ant__program_error(p)->text);
    ant__program_free(p);
}
END_TEST

ANT_TEST_MAIN("sort", ANT_LOOP(orders, TYPES *MOST), {many_lines}, {taken_along},
              ANT_LOOP(outside, 2), {shapes})
