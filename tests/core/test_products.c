/* The op matmul, and what joins it: shapes, values, gradients, refusals. */
#include "core/ops/fine.h"
#include "core/ops/matmul.h"
#include "core/ops/ops.h"
#include "gradient_check.h"
#include "runner.h"
#include "support.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- a program that is run once --- */
typedef struct once {
    ant_program *p;
    void *arena;
} once;

static const float *run_once(once *r, ant_value *v) {
    int k = ant__output(r->p, v);
    ck_assert_msg(!ant__program_lower(r->p, ANT__ALL_PASSES), "%s", ant__program_error(r->p)->text);
    r->arena = ant__alloc_numbers(ant__program_arena(r->p));
    ant__program_bind_arena(r->p, r->arena);
    ant_report report;
    ck_assert_int_eq(ant__program_run(r->p, NULL, &report), 0);
    return ant__program_output(r->p, k);
}

static void once_free(once *r) {
    ant__program_free(r->p);
    ant__free_numbers(r->arena);
}

static ant_value *numbers(ant_program *p, const double *x, int rank, int64_t a, int64_t b,
                          int64_t c) {
    return ant_op_constant(p, x, (int64_t[]){a, b, c}, rank);
}

/* --- matmul --- */
static const struct {
    ant_dims a, b;
    bool ta, tb;
    ant_dims y;
} products[] = {
    {{2, {3, 4}}, {2, {4, 5}}, false, false, {2, {3, 5}}},
    {{2, {4, 3}}, {2, {4, 5}}, true, false, {2, {3, 5}}},
    {{2, {3, 4}}, {2, {5, 4}}, false, true, {2, {3, 5}}},
    {{2, {4, 3}}, {2, {5, 4}}, true, true, {2, {3, 5}}},
    {{3, {2, 3, 4}}, {2, {4, 5}}, false, false, {3, {2, 3, 5}}},
    {{3, {2, 3, 4}}, {2, {5, 4}}, false, true, {3, {2, 3, 5}}},
    {{3, {2, 4, 3}}, {2, {4, 5}}, true, false, {3, {2, 3, 5}}},
    {{3, {2, 3, 4}}, {3, {2, 4, 2}}, false, false, {3, {2, 3, 2}}},
    {{3, {2, 3, 4}}, {3, {1, 4, 2}}, false, false, {3, {2, 3, 2}}},
    {{2, {3, 4}}, {3, {2, 4, 2}}, false, false, {3, {2, 3, 2}}},
    {{4, {2, 1, 3, 2}}, {3, {3, 2, 2}}, false, false, {4, {2, 3, 3, 2}}},
    {{4, {2, 1, 2, 3}}, {4, {1, 3, 2, 2}}, true, true, {4, {2, 3, 3, 2}}},
    {{2, {1, 40}}, {2, {40, 1}}, false, false, {2, {1, 1}}},
};
enum { PRODUCTS = sizeof products / sizeof *products };

static ant_value *write_product(ant_program *p, check_case *c) {
    ant_value *y = ant_op_matmul(p, check_read(p, c, 0), check_read(p, c, 1),
                                 products[c->number].ta, products[c->number].tb);
    ck_assert_ptr_nonnull(y);
    ck_assert(ant__dims_equal(&y->dims, &products[c->number].y));
    return check_loss(p, y);
}

START_TEST(gradients_of_products) {
    check_case c = {.name = "matmul", .write = write_product, .n = 2, .number = _i};
    check_gradient_of(&c, (ant_dims[]){products[_i].a, products[_i].b});
}
END_TEST

START_TEST(a_product_by_hand) {
    const double a[] = {1, 2, 3, 4, 5, 6}, b[] = {1, 0, 2, 1, 0, 3};
    once r = {.p = ant__program_new(ANT_FLOAT32)};
    const float *y = run_once(&r, ant_op_matmul(r.p, numbers(r.p, a, 2, 2, 3, 0),
                                                numbers(r.p, b, 2, 3, 2, 0), false, false));
    const float want[] = {5, 11, 14, 23};
    ck_assert_mem_eq(y, want, sizeof want);
    once_free(&r);
}
END_TEST

/* The transposes vanish: the product reads its operands by other strides. */
START_TEST(transposes_become_strides) {
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *a = ant__input(p, ANT_FLOAT32, &ANT__DIMS(4, 3));
    ant_value *b = ant__input(p, ANT_FLOAT32, &ANT__DIMS(5, 4));
    ant_value *y = ant_op_matmul(p, ant_op_transpose(p, a, (int[]){1, 0}),
                                 ant_op_transpose(p, b, (int[]){1, 0}), false, false);
    ant__output(p, y);
    ck_assert_int_eq(ant__program_lower(p, ANT__ALL_PASSES), 0);
    ck_assert_int_eq(ant__program_instructions(p), 1);
    ant__program_free(p);
}
END_TEST

/* --- bias and relu in the product --- */
static ant_value *dense(ant_program *p, ant_value *x, ant_value *w, ant_value *bias) {
    return ant_op_relu(p, ant_op_add(p, ant_op_matmul(p, x, w, false, false), bias));
}

static ant_value *write_dense_layer(ant_program *p, check_case *c) {
    return check_loss(p, dense(p, check_read(p, c, 0), check_read(p, c, 1), check_read(p, c, 2)));
}

START_TEST(gradients_of_dense) {
    const ant_dims x[] = {ANT__DIMS(5, 3), ANT__DIMS(2, 4, 3), ANT__DIMS(1, 3)};
    check_case c = {.name = "dense", .write = write_dense_layer, .n = 3};
    check_gradient_of(&c, (ant_dims[]){x[_i], ANT__DIMS(3, 20), ANT__DIMS(20)});
}
END_TEST

static int instructions_of(ant_program *p, ant_value *y, int passes) {
    ant__output(p, y);
    ck_assert_int_eq(ant__program_lower(p, passes), 0);
    int n = ant__program_instructions(p);
    ant__program_free(p);
    return n;
}

START_TEST(bias_and_relu_join_the_product) {
    for (int used = 0; used < 2; used++) {
        ant_program *p = ant__program_new(ANT_FLOAT32);
        ant_value *x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(5, 3));
        ant_value *w = ant__input(p, ANT_FLOAT32, &ANT__DIMS(3, 4));
        ant_value *b = ant__input(p, ANT_FLOAT32, &ANT__DIMS(4));
        ant_value *sum = ant_op_add(p, ant_op_matmul(p, x, w, false, false), b);
        if (used)
            ant__output(p, sum);
        int n = instructions_of(p, ant_op_relu(p, sum), ANT__ALL_PASSES);
        ck_assert_int_eq(n, used ? 2 : 1);
    }
}
END_TEST

/* A bias for each row, or one that makes the sum larger, is none. */
START_TEST(other_sums_stay_outside) {
    const ant_dims others[] = {ANT__DIMS(1, 5, 4), ANT__DIMS(5, 1), ANT__DIMS(1),
                               ANT__DIMS(2, 5, 4)};
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(5, 3));
    ant_value *w = ant__input(p, ANT_FLOAT32, &ANT__DIMS(3, 4));
    ant_value *other = ant__input(p, ANT_FLOAT32, &others[_i]);
    ant_value *y = dense(p, x, w, other);
    ck_assert_int_eq(instructions_of(p, y, ANT__ALL_PASSES), 2);
}
END_TEST

/* A residual block: the sum with another matrix, the gate and the bias's gradient are in the
 * products. */
static ant_value *write_residual(ant_program *p, check_case *c) {
    ant_value *x = check_read(p, c, 0), *h = dense(p, x, check_read(p, c, 1), check_read(p, c, 2));
    ant_value *y = ant_op_matmul(p, h, check_read(p, c, 3), false, false);
    return check_loss(p, ant_op_add(p, ant_op_add(p, x, y), check_read(p, c, 4)));
}

START_TEST(gradients_of_residual) {
    check_case c = {.name = "residual", .write = write_residual, .n = 5};
    check_gradient_of(&c, (ant_dims[]){ANT__DIMS(9, 5), ANT__DIMS(5, 19), ANT__DIMS(19),
                                       ANT__DIMS(19, 5), ANT__DIMS(5)});
}
END_TEST

START_TEST(another_matrix_joins_the_product) {
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(5, 4));
    ant_value *w = ant__input(p, ANT_FLOAT32, &ANT__DIMS(4, 4));
    ant_value *b = ant__input(p, ANT_FLOAT32, &ANT__DIMS(4));
    ant_value *y = ant_op_add(p, x, ant_op_add(p, ant_op_matmul(p, x, w, false, false), b));
    ck_assert_int_eq(instructions_of(p, ant_op_relu(p, y), ANT__ALL_PASSES), 1);
}
END_TEST

/* A bias of two axes, as projections to heads have it: its sum leaves the product in another
 * shape. */
static ant_value *shaped_bias(ant_program *p, ant_value *b) {
    return ant__reshape_to(p, b, &ANT__DIMS(ant__dims_count(&b->dims)));
}

static ant_value *write_projection(ant_program *p, check_case *c) {
    ant_value *x = check_read(p, c, 0), *b = shaped_bias(p, check_read(p, c, 2));
    return check_loss(p, dense(p, ant_op_sin(p, x), check_read(p, c, 1), b));
}

START_TEST(gradients_of_projection) {
    check_case c = {.name = "projection", .write = write_projection, .n = 3};
    check_gradient_of(&c, (ant_dims[]){ANT__DIMS(3, 3, 5), ANT__DIMS(5, 6), ANT__DIMS(2, 3)});
}
END_TEST

/* x and dy of a dense layer with relu: the gradients of kernel and bias are one instruction, that
 * of the input before another relu one more. */
START_TEST(gate_and_sums_join_the_product) {
    for (int rank = 2; rank <= 3; rank++) {
        const ant_dims b_dims = _i ? ANT__DIMS(3, 1) : ANT__DIMS(3);
        ant_program *p = ant__program_new(ANT_FLOAT32);
        ant_dims x_dims = rank == 2 ? ANT__DIMS(8, 6) : ANT__DIMS(4, 2, 6);
        ant_dims dy_dims = rank == 2 ? ANT__DIMS(8, 3) : ANT__DIMS(4, 2, 3);
        ant_value *x = ant__input(p, ANT_FLOAT32, &x_dims);
        ant_value *dy = ant__input(p, ANT_FLOAT32, &dy_dims);
        ant_value *w = ant__input(p, ANT_FLOAT32, &ANT__DIMS(6, 3));
        ant_value *b = ant__input(p, ANT_FLOAT32, &b_dims);
        ant_value *h = ant_op_relu(p, x);
        ant_value *y =
            ant_op_add(p, ant_op_matmul(p, h, w, false, false), _i ? shaped_bias(p, b) : b);
        ant_value *of[] = {x, w, b}, *d[3];
        ck_assert_int_eq(ant_op_gradient(p, &y, &dy, 1, of, d, 3), 0);
        ant__output(p, d[1]);
        ant__output(p, d[2]);
        ck_assert_int_eq(instructions_of(p, d[0], ANT__ALL_PASSES), 3); /* relu, too */
    }
}
END_TEST

/* A sum over images of what nobody else reads is the product's; one over other axes stays
 * outside. */
START_TEST(sums_of_images_join_the_product) {
    static const struct {
        unsigned axes;
        int instructions; /* with a relu that comes later */
    } sums[] = {{ANT_AXIS(1) | ANT_AXIS(2), 2}, {ANT_AXIS(2), 2}, {ANT_AXIS(1), 3}};
    for (int k = 0; k < 3; k++) {
        ant_program *p = ant__program_new(ANT_FLOAT32);
        ant_value *x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(2, 3, 5, 4));
        ant_value *w = ant__input(p, ANT_FLOAT32, &ANT__DIMS(4, 6));
        ant_value *b = ant__input(p, ANT_FLOAT32, &ANT__DIMS(6));
        ant_value *y = ant_op_relu(p, ant_op_sum(p, dense(p, x, w, b), sums[k].axes, false));
        ck_assert_int_eq(instructions_of(p, y, ANT__ALL_PASSES), sums[k].instructions);
    }
}
END_TEST

/* Whole images, or pieces of few ones: the same sums. */
static const struct images {
    int64_t images, rows;
    bool pieces;
} images[] = {{1, 784, true}, {1, 43, false},  {1, 97, false},
              {2, 132, true}, {2, 100, false}, {9, 400, false}};
enum { IMAGE_CASES = sizeof images / sizeof *images, DEEP = 5, WIDE = 70 };

static machine image_sums(double *x, double *w, double *b, const struct images *k, int passes) {
    ant_variable of[] = {variable_of("x", x, ANT__DIMS(k->images, k->rows, DEEP)),
                         variable_of("w", w, ANT__DIMS(DEEP, WIDE)),
                         variable_of("b", b, ANT__DIMS(WIDE))};
    ant_program *p = ant__program_new(ANT_FLOAT64);
    ant_value *y = dense(p, ant__read(p, &of[0]), ant__read(p, &of[1]), ant__read(p, &of[2]));
    ant__output(p, ant_op_sum(p, y, ANT_AXIS(1), false));
    machine m = machine_of(p, passes);
    machine_run(&m);
    return m;
}

START_TEST(sums_of_images_are_right) {
    static double x[9 * 400 * DEEP], w[DEEP * WIDE], b[WIDE];
    const struct images *k = &images[_i];
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        x[i] = sin((double)i);
    for (size_t i = 0; i < sizeof w / sizeof *w; i++)
        w[i] = cos(1.7 * (double)i);
    for (size_t i = 0; i < WIDE; i++)
        b[i] = sin(0.3 * (double)i);
    machine plain = image_sums(x, w, b, k, 0), joint = image_sums(x, w, b, k, ANT__ALL_PASSES);
    ck_assert_int_eq(instructions_named(joint.p, "dense_sum"), 1);
    ck_assert_int_eq(instructions_named(joint.p, "sum"), k->pieces);
    for (int i = 0; i < k->images * WIDE; i++)
        ck_assert_double_eq_tol(machine_out(&joint, 0, i), machine_out(&plain, 0, i), 1e-10);
    machine_free(&plain);
    machine_free(&joint);
}
END_TEST

START_TEST(empty_products) {
    once r = {.p = ant__program_new(ANT_FLOAT32)};
    ant_value *a = ant__input(r.p, ANT_FLOAT32, &ANT__DIMS(2, 0));
    ant_value *b = ant__input(r.p, ANT_FLOAT32, &ANT__DIMS(0, 3));
    const float *y = run_once(&r, ant_op_matmul(r.p, a, b, false, false));
    for (int i = 0; i < 6; i++)
        ck_assert_float_eq(y[i], 0);
    once_free(&r);
    r.p = ant__program_new(ANT_FLOAT32);
    a = ant__input(r.p, ANT_FLOAT32, &ANT__DIMS(0, 2, 4));
    b = ant__input(r.p, ANT_FLOAT32, &ANT__DIMS(0, 4, 3));
    run_once(&r, ant_op_matmul(r.p, a, b, false, false));
    once_free(&r);
}
END_TEST

START_TEST(misfits_are_refused) {
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *a = ant__input(p, ANT_FLOAT32, &ANT__DIMS(2, 3));
    refused(ant_op_matmul(p, a, a, false, false), p, "(2, 3) and (2, 3)");
    p = ant__program_new(ANT_FLOAT32);
    a = ant__input(p, ANT_FLOAT32, &ANT__DIMS(4));
    refused(ant_op_matmul(p, a, a, false, false), p, "two axes");
    p = ant__program_new(ANT_FLOAT32);
    a = ant__input(p, ANT_INT32, &ANT__DIMS(4, 4));
    refused(ant_op_matmul(p, a, a, false, false), p, "int32");
    p = ant__program_new(ANT_FLOAT32);
    a = ant__input(p, ANT_FLOAT32, &ANT__DIMS(2, 4, 4));
    ant_value *b = ant__input(p, ANT_FLOAT32, &ANT__DIMS(3, 4, 4));
    refused(ant_op_matmul(p, a, b, false, false), p, "leading axes");
}
END_TEST

ANT_TEST_MAIN("products", ANT_LOOP(gradients_of_products, PRODUCTS), {a_product_by_hand},
              {transposes_become_strides}, ANT_LOOP(gradients_of_dense, 3), {gradients_of_residual},
              {bias_and_relu_join_the_product}, {another_matrix_joins_the_product},
              ANT_LOOP(gate_and_sums_join_the_product, 2), {gradients_of_projection},
              {sums_of_images_join_the_product}, ANT_LOOP(sums_of_images_are_right, IMAGE_CASES),
              ANT_LOOP(other_sums_stay_outside, 4), {empty_products}, {misfits_are_refused})
