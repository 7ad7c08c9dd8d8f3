/* The ops softmax, log_softmax and cross-entropy: values, gradients, refusals. */
#include "core/ops/ops.h"
#include "gradient_check.h"
#include "runner.h"
#include "support.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- softmax --- */
static const struct {
    ant_dims dims;
    int axis;
} softmaxes[] = {
    {{1, {5}}, 0},       {{2, {3, 4}}, 1},     {{2, {3, 4}}, 0},
    {{3, {2, 3, 4}}, 1}, {{3, {2, 3, 4}}, -1}, {{3, {2, 3, 18}}, 1},
    {{2, {2, 70}}, 1},   {{2, {35, 3}}, 1},    {{3, {3, 1, 2}}, 1},
};
enum { SOFTMAXES = sizeof softmaxes / sizeof *softmaxes };

static ant_value *write_softmax(ant_program *p, check_case *c) {
    ant_value *x = check_read(p, c, 0);
    int axis = softmaxes[c->number / 2].axis;
    ant_value *y = c->number % 2 ? ant_op_log_softmax(p, x, axis) : ant_op_softmax(p, x, axis);
    return check_loss(p, y);
}

START_TEST(gradients_of_softmax) {
    check_case c = {.name = "softmax", .write = write_softmax, .n = 1, .number = _i};
    check_gradient_of(&c, &softmaxes[_i / 2].dims);
}
END_TEST

/* Against exponentials added up, in every layout. */
START_TEST(softmax_is_its_definition) {
    const ant_dims dims = softmaxes[_i].dims;
    const int axis = ant__axis(softmaxes[_i].axis, dims.rank);
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *x = ant__input(p, ANT_FLOAT32, &dims);
    ant_value *e = ant_op_exp(p, x), *sum = ant_op_sum(p, e, ANT_AXIS((unsigned)axis), true);
    ant_value *soft = ant_op_sub(p, ant_op_softmax(p, x, axis), ant_op_div(p, e, sum));
    ant_value *log =
        ant_op_sub(p, ant_op_log_softmax(p, x, axis), ant_op_sub(p, x, ant_op_log(p, sum)));
    int64_t n = ant__dims_count(&dims);
    float *data = ant__alloc_numbers((size_t)n * sizeof *data);
    for (int64_t i = 0; i < n; i++)
        data[i] = sinf((float)i) * 4;
    ant__output(p, ant_op_max(p, ant_op_abs(p, soft), ANT_ALL_AXES, false));
    ant__output(p, ant_op_max(p, ant_op_abs(p, log), ANT_ALL_AXES, false));
    machine m = machine_of(p, ANT__ALL_PASSES);
    ant__program_bind_input(p, 0, data);
    machine_run(&m);
    ck_assert_double_le(machine_out(&m, 0, 0), 1e-6);
    ck_assert_double_le(machine_out(&m, 1, 0), 3e-6);
    ant__free_numbers(data);
    machine_free(&m);
}
END_TEST

/* --- cross-entropy --- */
static const ant_dims logits_dims[] = {{2, {3, 4}}, {2, {20, 3}}, {3, {2, 3, 5}}, {2, {2, 100}}};

static ant_value *write_sparse(ant_program *p, check_case *c) {
    static const int32_t label[] = {2, 0, 1, 1, 2, 0, 2, 1, 0, 0, 1, 2, 2, 2, 1, 0, 0, 1, 2, 0};
    ant_dims rows = logits_dims[c->number];
    rows.rank--;
    ant_value *labels = check_ints(p, label, &rows);
    return check_loss(p, ant__op_softmax_cross_entropy(p, check_read(p, c, 0), labels));
}

static ant_value *write_dense(ant_program *p, check_case *c) {
    return check_loss(p,
                      ant__op_softmax_cross_entropy(p, check_read(p, c, 0), check_read(p, c, 1)));
}

/* Both results at once: a loss and the probabilities that somebody uses further. */
static ant_value *write_both(ant_program *p, check_case *c) {
    ant_value *loss = ant__op_softmax_cross_entropy(p, check_read(p, c, 0), check_read(p, c, 1));
    return ant_op_add(p, check_loss(p, loss), check_loss(p, ant__result(loss, 1)));
}

static ant_value *write_sigmoid(ant_program *p, check_case *c) {
    return check_loss(p,
                      ant__op_sigmoid_cross_entropy(p, check_read(p, c, 0), check_read(p, c, 1)));
}

START_TEST(gradients_of_cross_entropy) {
    check_writer *const writers[] = {write_sparse, write_dense, write_both, write_sigmoid};
    const ant_dims *dims = &logits_dims[_i / 4];
    check_case c = {.name = "cross_entropy", .write = writers[_i % 4], .n = _i % 4 ? 2 : 1};
    c.number = _i / 4;
    check_gradient_of(&c, (ant_dims[]){*dims, *dims});
}
END_TEST

/* --- … with the mean over the batch, as training steps have it --- */
static ant_value *labels_of(ant_program *p, const ant_dims *rows) {
    static const int32_t label[40] = {2, 0, 1, 1, 2, 0, 2, 1, 0, 0, 1, 2, 2, 2, 1, 0, 0, 1, 2, 0};
    return check_ints(p, label, rows);
}

static ant_value *mean_of_losses(ant_program *p, check_case *c, ant_value *logits) {
    ant_dims rows = logits_dims[c->number / 2];
    rows.rank--;
    ant_value *targets = c->number % 2 ? check_read(p, c, 1) : labels_of(p, &rows);
    return ant__op_softmax_cross_entropy(p, logits, targets);
}

static ant_value *write_mean(ant_program *p, check_case *c) {
    ant_value *logits = ant_op_tanh(p, check_read(p, c, 0));
    return ant_op_mean(p, mean_of_losses(p, c, logits), ANT_ALL_AXES, false);
}

START_TEST(gradients_of_mean_cross_entropy) {
    check_case c = {.name = "mean cross_entropy", .write = write_mean, .n = 1 + _i % 2};
    c.number = _i;
    check_gradient_of(&c, (ant_dims[]){logits_dims[_i / 2], logits_dims[_i / 2]});
}
END_TEST

/* The mean, the losses, the probabilities and the gradient of a step. */
static machine step_of(check_case *c, int passes, bool weighted) {
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *x = check_read(p, c, 0), *dx, *loss = mean_of_losses(p, c, x);
    ant_value *by = weighted ? ant_op_mul(p, loss, ant_op_square(p, loss)) : loss;
    ant_value *mean = ant_op_mean(p, by, ANT_ALL_AXES, false);
    ck_assert_int_eq(ant_op_gradient(p, &mean, NULL, 1, &x, &dx, 1), 0);
    ant__output(p, mean);
    ant__output(p, loss);
    ant__output(p, ant__result(loss, 1));
    ant__output(p, dx);
    return machine_of(p, passes);
}

START_TEST(a_loss_and_its_gradient_are_one) {
    const bool weighted = _i % 2;
    check_case c = {.name = "step", .n = 2, .number = _i / 2};
    check_make(&c, (ant_dims[]){logits_dims[_i / 4], logits_dims[_i / 4]}, ANT_FLOAT32);
    machine plain = step_of(&c, 0, weighted), joint = step_of(&c, ANT__ALL_PASSES, weighted);
    ck_assert(instructions_named(joint.p, "softmax_cross_entropy_train") == !weighted);
    ck_assert(instructions_named(joint.p, "sum") == weighted);
    ck_assert(!instructions_named(plain.p, "softmax_cross_entropy_train"));
    machine_run(&plain);
    machine_run(&joint);
    ck_assert_double_eq_tol(machine_out(&plain, 0, 0), machine_out(&joint, 0, 0), 1e-6);
    for (int k = 1; k < 4; k++)
        for (int64_t i = 0; i < ant__dims_count(&ant__program_output_value(joint.p, k)->dims); i++)
            ck_assert(machine_out(&plain, k, (int)i) == machine_out(&joint, k, (int)i) || weighted);
    machine_free(&plain);
    machine_free(&joint);
    check_free(&c);
}
END_TEST

START_TEST(losses_of_hopeless_logits_are_finite) {
    const double x[] = {1000, -1000, 0, -1000, 1000, 0}, t[] = {0, 1, 0, 0, 1, 0};
    ant_program *p = ant__program_new(ANT_FLOAT32);
    const int64_t rows[] = {2, 3}, row[] = {3};
    machine_expect(p,
                   ant__op_softmax_cross_entropy(p, ant_op_constant(p, x, rows, 2),
                                                 ant_op_constant(p, t, rows, 2)),
                   ANT_FLOAT32, (double[]){2000, 0}, 2);
    p = ant__program_new(ANT_FLOAT32);
    ant__output(p, ant__op_sigmoid_cross_entropy(p, ant_op_constant(p, x, row, 1),
                                                 ant_op_constant(p, t, row, 1)));
    machine m = machine_of(p, ANT__ALL_PASSES);
    machine_run(&m);
    ck_assert_double_eq(machine_out(&m, 0, 0), 1000);
    ck_assert_double_eq(machine_out(&m, 0, 1), 1000);
    ck_assert_double_eq_tol(machine_out(&m, 0, 2), log(2), 1e-6);
    machine_free(&m);
}
END_TEST

START_TEST(a_label_outside_marks_the_run) {
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(2, 3));
    ant_value *labels = ant__input(p, ANT_INT64, &ANT__DIMS(2));
    ant__output(p, ant__op_softmax_cross_entropy(p, x, labels));
    ck_assert_int_eq(ant__program_lower(p, ANT__ALL_PASSES), 0);
    void *arena = ant__alloc_numbers(ant__program_arena(p));
    const float logits[6] = {0};
    const int64_t bad[2][2] = {{1, 3}, {-1, 2}};
    ant_report report;
    ant__program_bind_arena(p, arena);
    ant__program_bind_input(p, 0, logits);
    for (int i = 0; i < 2; i++) {
        ant__program_bind_input(p, 1, bad[i]);
        ck_assert_int_eq(ant__program_run(p, NULL, &report), ANT_E_DATA);
        ck_assert_int_eq(report.value, i ? -1 : 3);
        ck_assert_int_eq(report.limit, 3);
        ck_assert_str_eq(report.what, "label");
    }
    ant__program_free(p);
    ant__free_numbers(arena);
}
END_TEST

START_TEST(targets_that_do_not_fit_are_refused) {
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(2, 3));
    ant_value *t = ant__input(p, ANT_INT32, &ANT__DIMS(3));
    refused(ant__op_softmax_cross_entropy(p, x, t), p, "(3,) for logits of shape (2, 3)");
    p = ant__program_new(ANT_FLOAT32);
    x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(2, 3));
    t = ant__input(p, ANT_FLOAT32, &ANT__DIMS(2));
    refused(ant__op_softmax_cross_entropy(p, x, t), p, "must be (2, 3)");
    p = ant__program_new(ANT_FLOAT32);
    x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(2, 3));
    t = ant__input(p, ANT_BOOL, &ANT__DIMS(2, 3));
    refused(ant__op_sigmoid_cross_entropy(p, x, t), p, "bool");
}
END_TEST

ANT_TEST_MAIN("losses", ANT_LOOP(gradients_of_mean_cross_entropy, 8),
              ANT_LOOP(a_loss_and_its_gradient_are_one, 16),
              ANT_LOOP(gradients_of_softmax, 2 * SOFTMAXES),
              ANT_LOOP(softmax_is_its_definition, SOFTMAXES),
              ANT_LOOP(gradients_of_cross_entropy, 16), {losses_of_hopeless_logits_are_finite},
              {a_label_outside_marks_the_run}, {targets_that_do_not_fit_are_refused})
