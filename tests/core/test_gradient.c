/* The gradient of every fine op against finite differences, and what the gradient pass refuses. */
#include "core/ops/fine.h"
#include "core/ops/ops.h"
#include "gradient_check.h"
#include "support.h"
#include <math.h>
#include <string.h>

/* --- one value --- */
typedef ant_value *unary(ant_program *p, ant_value *a);
static const struct {
    const char *name;
    unary *op;
    double low, high;
} unaries[] = {
    {"neg", ant_op_neg, -2, 2},         {"abs", ant_op_abs, -2, 2},
    {"square", ant_op_square, -2, 2},   {"sqrt", ant_op_sqrt, 0.2, 3},
    {"rsqrt", ant_op_rsqrt, 0.2, 3},    {"reciprocal", ant_op_reciprocal, 0.3, 2},
    {"exp", ant_op_exp, -2, 2},         {"expm1", ant_op_expm1, -2, 2},
    {"log", ant_op_log, 0.2, 3},        {"log1p", ant_op_log1p, -0.7, 3},
    {"sin", ant_op_sin, -3, 3},         {"cos", ant_op_cos, -3, 3},
    {"tan", ant_op_tan, -1, 1},         {"asin", ant_op_asin, -0.8, 0.8},
    {"acos", ant_op_acos, -0.8, 0.8},   {"atan", ant_op_atan, -3, 3},
    {"sinh", ant_op_sinh, -2, 2},       {"cosh", ant_op_cosh, -2, 2},
    {"tanh", ant_op_tanh, -2, 2},       {"asinh", ant_op_asinh, -2, 2},
    {"acosh", ant_op_acosh, 1.3, 3},    {"atanh", ant_op_atanh, -0.8, 0.8},
    {"sigmoid", ant_op_sigmoid, -4, 4}, {"softplus", ant_op_softplus, -4, 4},
    {"erf", ant_op_erf, -2, 2},         {"relu", ant_op_relu, -2, 2},
    {"erfc", ant_op_erfc, -2, 2},       {"erfinv", ant_op_erfinv, -0.9, 0.9},
    {"real", ant_op_real, -2, 2},
};
enum { UNARIES = sizeof unaries / sizeof *unaries };

static ant_value *write_unary(ant_program *p, check_case *c) {
    return check_loss(p, unaries[c->number].op(p, check_read(p, c, 0)));
}

START_TEST(one_value) {
    check_case c = {.name = unaries[_i].name,
                    .write = write_unary,
                    .n = 1,
                    .number = _i,
                    .low = unaries[_i].low,
                    .high = unaries[_i].high};
    check_gradient_of(&c, &ANT__DIMS(5, 3));
}
END_TEST

/* --- two values, in every way of broadcasting --- */
typedef ant_value *binary(ant_program *p, ant_value *a, ant_value *b);
static ant_value *within_half(ant_program *p, ant_value *a, ant_value *b) {
    return ant__within(p, a, b, 0.5);
}

static const struct {
    const char *name;
    binary *op;
    double low, high;
} binaries[] = {
    {"add", ant_op_add, -1, 1},         {"sub", ant_op_sub, -1, 1},
    {"mul", ant_op_mul, -1, 1},         {"div", ant_op_div, 0.4, 2},
    {"mod", ant_op_mod, 0.3, 2},        {"pow", ant_op_pow, 0.3, 2},
    {"maximum", ant_op_maximum, -1, 1}, {"minimum", ant_op_minimum, -1, 1},
    {"atan2", ant_op_atan2, 0.2, 2},    {"gate", ant__gate, -1, 1},
    {"within", within_half, -1, 1},
};
static const ant_dims operands[][2] = {
    {{2, {4, 3}}, {2, {4, 3}}},          {{2, {4, 3}}, {1, {3}}}, {{1, {3}}, {2, {4, 3}}},
    {{2, {4, 1}}, {2, {1, 3}}},          {{0, {0}}, {2, {2, 3}}}, {{3, {2, 1, 3}}, {2, {4, 1}}},
    {{4, {2, 3, 2, 2}}, {3, {3, 1, 2}}},
};
enum {
    BINARIES = sizeof binaries / sizeof *binaries,
    OPERANDS = sizeof operands / sizeof *operands
};

static ant_value *write_binary(ant_program *p, check_case *c) {
    return check_loss(p, binaries[c->number].op(p, check_read(p, c, 0), check_read(p, c, 1)));
}

START_TEST(two_values) {
    int k = _i / OPERANDS;
    check_case c = {.name = binaries[k].name,
                    .write = write_binary,
                    .n = 2,
                    .number = k,
                    .low = binaries[k].low,
                    .high = binaries[k].high};
    check_gradient_of(&c, operands[_i % OPERANDS]);
}
END_TEST

/* --- everything else: by a number --- */
static const int32_t indices[] = {1, 0, 3, 3, 2, 1};

static ant_value *scatter_rows(ant_program *p, ant_value *x) {
    ant_value *index = check_ints(p, indices, &ANT__DIMS(4));
    return ant__scatter_add(p, index, x, 5);
}

/* (4, 3, 5): the entries 2, 0 and 4 of every line. */
static ant_value *taken_along(ant_program *p, ant_value *x) {
    static const int32_t places[] = {2, 0, 4, 1, 1, 3};
    return ant_op_take_along(p, x, check_ints(p, places, &ANT__DIMS(1, 3, 2)), 2);
}

static ant_value *concat3(ant_program *p, ant_value *x, int axis) {
    ant_value *y = ant_op_scale(p, ant_op_slice(p, x, axis, 1, 1, 1), 2);
    return ant_op_concat(p, (ant_value *[]){x, y, x}, 3, axis);
}

static ant_value *stack2(ant_program *p, ant_value *x, int axis) {
    return ant_op_stack(p, (ant_value *[]){x, ant_op_square(p, x)}, 2, axis);
}

static ant_value *masked(ant_program *p, ant_value *x) {
    ant_value *mask = ant_op_greater(p, x, ant_op_number(p, 0.1));
    return ant_op_where(p, mask, ant_op_exp(p, x), ant_op_square(p, x));
}

/* What comes back through gelu: its own gradient is asked for too. */
static ant_value *slope_of_gelu(ant_program *p, ant_value *x, bool approximate) {
    ant_value *y = ant__op_gelu(p, x, approximate), *dx = NULL;
    ant_value *dy = ant_op_shift(p, ant_op_square(p, x), 0.5);
    ant_op_gradient(p, &y, &dy, 1, &x, &dx, 1);
    return dx;
}

/* x is (4, 3, 5). */
#define ROWS(X)                                                                                    \
    X(sum_first, ant_op_sum(p, x, ANT_AXIS(0), false))                                             \
    X(sum_middle_kept, ant_op_sum(p, x, ANT_AXIS(1), true))                                        \
    X(sum_last, ant_op_sum(p, x, ANT_LAST, false))                                                 \
    X(sum_outer, ant_op_sum(p, x, ANT_AXIS(0) | ANT_AXIS(2), true))                                \
    X(sum_all, ant_op_sum(p, x, ANT_ALL_AXES, false))                                              \
    X(mean_leading, ant_op_mean(p, x, ANT_AXIS(0) | ANT_AXIS(1), false))                           \
    X(max_last, ant_op_max(p, x, ANT_LAST, true))                                                  \
    X(max_outer, ant_op_max(p, x, ANT_AXIS(0) | ANT_AXIS(2), false))                               \
    X(min_middle, ant_op_min(p, x, ANT_AXIS(1), false))                                            \
    X(prod_last, ant_op_prod(p, x, ANT_LAST, false))                                               \
    X(prod_first, ant_op_prod(p, x, ANT_AXIS(0), true))                                            \
    X(variance_outer, ant_op_variance(p, x, ANT_AXIS(0) | ANT_AXIS(2), false))                     \
    X(variance_last, ant_op_variance(p, x, ANT_LAST, true))                                        \
    X(cumsum_first, ant_op_cumsum(p, x, 0))                                                        \
    X(cumsum_last, ant_op_cumsum(p, x, -1))                                                        \
    X(reshape, ant_op_reshape(p, x, (const int64_t[]){6, -1}, 2))                                  \
    X(rotate, ant_op_transpose(p, x, (const int[]){2, 0, 1}))                                      \
    X(swap_last, ant_op_transpose(p, x, (const int[]){0, 2, 1}))                                   \
    X(swap_first, ant_op_transpose(p, x, (const int[]){1, 0, 2}))                                  \
    X(reverse_axes, ant_op_transpose(p, x, (const int[]){2, 1, 0}))                                \
    X(broadcast, ant_op_broadcast(p, x, (const int64_t[]){2, 4, 3, 5}, 4))                         \
    X(expand, ant_op_expand(p, x, 1))                                                              \
    X(squeeze, ant_op_squeeze(p, ant_op_slice(p, x, 1, 2, 1, 1), 1))                               \
    X(slice, ant_op_slice(p, x, 0, 1, 2, 1))                                                       \
    X(slice_by_two, ant_op_slice(p, x, -1, 1, 2, 2))                                               \
    X(slice_backwards, ant_op_slice(p, x, 2, 4, 3, -2))                                            \
    X(pad, ant_op_pad(p, x, 0, 1, 2, 0))                                                           \
    X(pad_after, ant_op_pad(p, x, 1, 0, 1, 0.5))                                                   \
    X(pad_before, ant_op_pad(p, x, -1, 2, 0, -1))                                                  \
    X(concat_first, concat3(p, x, 0))                                                              \
    X(concat_middle, concat3(p, x, 1))                                                             \
    X(concat_last, concat3(p, x, -1))                                                              \
    X(stack_first, stack2(p, x, 0))                                                                \
    X(stack_last, stack2(p, x, -1))                                                                \
    X(repeat_first, ant_op_repeat(p, x, 0, 3))                                                     \
    X(repeat_last, ant_op_repeat(p, x, 2, 2))                                                      \
    X(reverse, ant_op_reverse(p, x, 1))                                                            \
    X(gather, ant_op_gather(p, x, check_ints(p, indices, &ANT__DIMS(2, 3))))                       \
    X(take_along, taken_along(p, x))                                                               \
    X(sort, ant_op_take_along(p, x, ant_op_argsort(p, x, 1, true), 1))                             \
    X(scatter, scatter_rows(p, x))                                                                 \
    X(clip, ant_op_clip(p, x, -0.4, 0.5))                                                          \
    X(bound, ant__bound(p, x, 0.5))                                                                \
    X(gelu, ant__op_gelu(p, x, false))                                                             \
    X(gelu_tanh, ant__op_gelu(p, x, true))                                                         \
    X(gelu_twice, slope_of_gelu(p, x, false))                                                      \
    X(gelu_tanh_twice, slope_of_gelu(p, x, true))                                                  \
    X(choose, masked(p, x))                                                                        \
    X(scale_and_shift, ant_op_shift(p, ant_op_scale(p, x, 3), -1))                                 \
    X(matmul_batched, ant_op_matmul(p, x, x, false, true))                                         \
    X(matmul_broadcast, ant_op_matmul(p, x, ant_op_sum(p, x, ANT_AXIS(0), false), true, false))    \
    X(stop_gradient, ant_op_add(p, ant_op_stop_gradient(p, ant_op_number(p, 2)), x))               \
    X(reversed_cumsum, ant_op_cumsum(p, ant_op_reverse(p, x, 1), 1))

#define X(name, ...)                                                                               \
    static ant_value *row_##name(ant_program *p, ant_value *x) {                                   \
        return __VA_ARGS__;                                                                        \
    }
ROWS(X)
#undef X

static const struct {
    const char *name;
    unary *write;
} rows[] = {
#define X(name, ...) {#name, row_##name},
    ROWS(X)
#undef X
};
enum { TABLE = sizeof rows / sizeof *rows };

static ant_value *write_table(ant_program *p, check_case *c) {
    return check_loss(p, rows[c->number].write(p, check_read(p, c, 0)));
}

START_TEST(other_ops) {
    check_case c = {.name = rows[_i].name, .write = write_table, .n = 1, .number = _i};
    check_gradient_of(&c, &ANT__DIMS(4, 3, 5));
}
END_TEST

/* --- at edges: as TensorFlow's --- */
typedef struct edge {
    unary *op;
    double x, slope;
} edge;

static ant_value *clip(ant_program *p, ant_value *a) {
    return ant_op_clip(p, a, -1, 1);
}
static ant_value *bound(ant_program *p, ant_value *a) {
    return ant__bound(p, a, 1);
}
static ant_value *max_with_one(ant_program *p, ant_value *a) {
    return ant_op_maximum(p, a, ant_op_number(p, 1));
}
static ant_value *one_max_with(ant_program *p, ant_value *a) {
    return ant_op_maximum(p, ant_op_number(p, 1), a);
}
static ant_value *min_with_one(ant_program *p, ant_value *a) {
    return ant_op_minimum(p, a, ant_op_number(p, 1));
}
static ant_value *largest_of_four(ant_program *p, ant_value *a) {
    ant_value *all = ant_op_stack(p, (ant_value *[]){a, a, a, ant_op_number(p, 3)}, 4, 0);
    return ant_op_max(p, all, ANT_ALL_AXES, false);
}
static ant_value *stopped(ant_program *p, ant_value *a) {
    return ant_op_mul(p, a, ant_op_stop_gradient(p, a));
}
static ant_value *product_with_zero(ant_program *p, ant_value *a) {
    ant_value *all = ant_op_stack(p, (ant_value *[]){a, ant_op_number(p, 5), a}, 3, 0);
    return ant_op_prod(p, all, ANT_ALL_AXES, false);
}

static const edge edges[] = {
    {ant_op_relu, 0, 0},
    {ant_op_abs, 0, 0},
    {clip, 1, 1},
    {clip, -1, 1},
    {clip, 1.5, 0},
    {bound, 1, 0},
    {bound, 0, 0},
    {bound, 0.5, 1},
    {max_with_one, 1, 1},
    {one_max_with, 1, 0},
    {min_with_one, 1, 1},
    {largest_of_four, 3, 0.75},
    {ant_op_floor, 0.5, 0},
    {ant_op_sign, 0.5, 0},
    {stopped, 3, 3},
    {product_with_zero, 0, 0},
    {ant_op_sqrt, 0, INFINITY},
};

/* dy/dx in float64 at one number. */
static double slope_at(unary *op, double x) {
    ant_variable v = {.name = "x", .dtype = ANT_FLOAT64, .data = &x};
    ant_program *p = ant__program_new(ANT_FLOAT64);
    ant_value *a = ant__read(p, &v), *y = op(p, a), *dx = NULL;
    ck_assert_int_eq(ant_op_gradient(p, &y, NULL, 1, &a, &dx, 1), 0);
    ant__output(p, dx ? dx : ant_op_number(p, 0));
    ck_assert_int_eq(ant__program_lower(p, ANT__ALL_PASSES), 0);
    void *arena = ant__alloc_numbers(ant__program_arena(p));
    ant__program_bind_arena(p, arena);
    ck_assert_int_eq(ant__program_run(p, NULL, NULL), 0);
    double slope = *(const double *)ant__program_output(p, 0);
    ant__program_free(p);
    ant__free_numbers(arena);
    return slope;
}

START_TEST(slopes_at_edges) {
    ck_assert_double_eq(slope_at(edges[_i].op, edges[_i].x), edges[_i].slope);
}
END_TEST

/* --- the pass itself --- */
static ant_value *ways(ant_program *p, check_case *c) {
    ant_value *x = check_read(p, c, 0), *y = ant_op_tanh(p, x);
    for (int i = 0; i < 5; i++) /* x is used many times, y too */
        y = ant_op_add(p, ant_op_mul(p, y, x), ant_op_sub(p, y, check_read(p, c, 1)));
    return check_loss(p, y);
}

START_TEST(many_ways_add_up) {
    check_gradient("ways", ways, (const ant_dims[]){{2, {3, 2}}, {1, {2}}}, 2);
}
END_TEST

START_TEST(what_no_way_leads_to) {
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(3));
    ant_value *other = ant__input(p, ANT_FLOAT32, &ANT__DIMS(3));
    ant_value *ints = ant__input(p, ANT_INT32, &ANT__DIMS(3));
    ant_value *y = ant_op_exp(p, x), *in[] = {x, other, ints, y}, *dx[4];
    ck_assert_int_eq(ant_op_gradient(p, &y, NULL, 1, in, dx, 4), 0);
    ck_assert_ptr_nonnull(dx[0]);
    ck_assert_ptr_null(dx[1]);
    ck_assert_ptr_null(dx[2]);
    ck_assert_ptr_nonnull(dx[3]);
    ant__program_free(p);
}
END_TEST

static int infer_blind(ant_op *o) {
    return ant__infer_like(o);
}
static const ant_op_class blind = {.name = "blind", .infer = infer_blind};

START_TEST(ops_without_a_gradient_are_named) {
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(3)), *dx;
    ant_value *y = ant__emit1(p, &blind, NULL, x);
    ck_assert_int_eq(ant_op_gradient(p, &y, NULL, 1, &x, &dx, 1), ANT_E_OPTION);
    ck_assert_str_eq(ant__program_error(p)->text, "blind has no gradient");
    ck_assert_ptr_null(dx);
    ant__program_free(p);
}
END_TEST

START_TEST(dy_must_fit) {
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(3)), *dx, *y = ant_op_exp(p, x);
    ant_value *dy = ant__zeros(p, &ANT__DIMS(2, 3));
    ck_assert_int_eq(ant_op_gradient(p, &y, &dy, 1, &x, &dx, 1), ANT_E_SHAPE);
    ck_assert_ptr_nonnull(strstr(ant__program_error(p)->text, "(2, 3)"));
    ck_assert_ptr_nonnull(strstr(ant__program_error(p)->text, "(3,)"));
    ant__program_free(p);
}
END_TEST

/* --- memory --- */
static int lower_row(void *data) {
    ant_program *p = ant__program_new(ANT_FLOAT32);
    if (!p)
        return ANT_E_MEMORY;
    ant_value *x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(4, 3, 5)), *dx;
    ant_value *y = rows[*(const int *)data].write(p, x);
    ant__output(p, y);
    if (y && y->dtype == ANT_FLOAT32)
        ant_op_gradient(p, &y, NULL, 1, &x, &dx, 1);
    int code = ant__program_lower(p, ANT__ALL_PASSES);
    ant__program_free(p);
    return code;
}

START_TEST(every_allocation_of_an_op_may_fail) {
    memory_fail_each(lower_row, &_i);
}
END_TEST

/* An average of a product, which nothing that comes back needs: the passes never write it. */
static ant_value *write_average(ant_program *p, check_case *c) {
    ant_value *y = ant_op_matmul(p, check_read(p, c, 0), check_read(p, c, 1), false, false);
    y = ant_op_add(p, y, check_read(p, c, 2));
    return check_loss(p, ant_op_mean(p, y, ANT_AXIS(1) | ANT_AXIS(2), false));
}

START_TEST(gradients_of_average) {
    check_case c = {.name = "average", .write = write_average, .n = 3};
    check_gradient_of(&c, (ant_dims[]){ANT__DIMS(2, 13, 9, 4), ANT__DIMS(4, 35), ANT__DIMS(35)});
}
END_TEST

ANT_TEST_MAIN("gradient", ANT_LOOP(one_value, UNARIES), ANT_LOOP(two_values, BINARIES *OPERANDS),
              ANT_LOOP(other_ops, TABLE), {gradients_of_average}, ANT_LOOP(slopes_at_edges, 14),
              {many_ways_add_up}, {what_no_way_leads_to}, {ops_without_a_gradient_are_named},
              {dy_must_fit}, ANT_LOOP(every_allocation_of_an_op_may_fail, TABLE))
