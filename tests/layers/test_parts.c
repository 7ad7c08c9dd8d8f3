/* Activations, regularizers, constraints: values and gradients, against real Keras. */
#include "../golden/golden.h"
#include "gradient_check.h"
#include "layers/layer.h"
#include "support.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- one part in one program --- */
typedef ant_value *writer(ant_context *c, ant_program *p, const char *text, ant_value *x);

static ant_value *write_activation(ant_context *c, ant_program *p, const char *text, ant_value *x) {
    ant_layer_call call = {.program = p, .context = c};
    return ant__activation_write(&call, text, x);
}

/* Writes, lowers, runs; the result (and the gradient of its sum) into y and dx. */
static int run_part(writer *write, const char *text, const ant_dims *dims, const float *x, float *y,
                    float *dx) {
    ant_context c = {.seed = 0};
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_value *in = ant__input(p, ANT_FLOAT32, dims), *slope = NULL;
    ant_value *out = write(&c, p, text, in);
    ant__output(p, out);
    if (dx) {
        ant_op_gradient(p, &out, NULL, 1, &in, &slope, 1);
        ant__output(p, slope);
    }
    int code = c.error.code ? c.error.code : ant__program_lower(p, ANT__ALL_PASSES);
    if (!code) {
        void *arena = ant__alloc_numbers(ant__program_arena(p));
        ant_report report;
        ant__program_bind_arena(p, arena);
        ant__program_bind_input(p, 0, x);
        ck_assert_int_eq(ant__program_run(p, NULL, &report), 0);
        const ant_dims *to = &ant__program_output_value(p, 0)->dims;
        memcpy(y, ant__program_output(p, 0), sizeof *y * (size_t)ant__dims_count(to));
        if (dx)
            memcpy(dx, ant__program_output(p, 1), sizeof *dx * (size_t)ant__dims_count(dims));
        ant__free_numbers(arena);
    }
    ant__program_free(p);
    ant__arena_free(&c.arena);
    return code;
}

/* --- activations: values of real Keras --- */
static const float points[] = {-3, -1, -0.5f, 0, 0.5f, 1, 3};
enum { POINTS = sizeof points / sizeof *points };
static const struct {
    const char *text;
    double want[POINTS];
} activations[] = {
    {"linear", {-3, -1, -0.5, 0, 0.5, 1, 3}},
    {"relu", {0, 0, 0, 0, 0.5, 1, 3}},
    {"relu6", {0, 0, 0, 0, 0.5, 1, 3}},
    {"leaky_relu", {-0.6, -0.2, -0.1, 0, 0.5, 1, 3}},
    {"elu", {-0.9502129, -0.6321206, -0.3934693, 0, 0.5, 1, 3}},
    {"celu", {-0.9502129, -0.6321206, -0.3934693, 0, 0.5, 1, 3}},
    {"selu", {-1.670569, -1.111331, -0.6917582, 0, 0.5253505, 1.050701, 3.152103}},
    {"softplus", {0.04858735, 0.3132617, 0.474077, 0.6931472, 0.974077, 1.313262, 3.048587}},
    {"softsign", {-0.75, -0.5, -1.0 / 3, 0, 1.0 / 3, 0.5, 0.75}},
    {"tanh", {-0.99505475, -0.76159416, -0.46211716, 0, 0.46211716, 0.76159416, 0.99505475}},
    {"hard_tanh", {-1, -1, -0.5, 0, 0.5, 1, 1}},
    {"tanh_shrink", {-2.004945, -0.2384058, -0.0378828, 0, 0.0378828, 0.2384058, 2.004945}},
    {"soft_shrink", {-2.5, -0.5, 0, 0, 0, 0.5, 2.5}},
    {"hard_shrink", {-3, -1, 0, 0, 0, 1, 3}},
    {"threshold(0.6, 20)", {20, 20, 20, 20, 20, 1, 3}},
    {"exponential", {0.04978707, 0.36787944, 0.60653066, 1, 1.6487213, 2.7182818, 20.085537}},
    {"sparse_plus", {0, 0, 0.0625, 0.25, 0.5625, 1, 3}},
    {"squareplus", {0.3027756, 0.618034, 0.7807764, 1, 1.280776, 1.618034, 3.302776}},
    {"silu", {-0.1422776, -0.2689414, -0.1887703, 0, 0.3112297, 0.7310586, 2.857722}},
    {"swish", {-0.1422776, -0.2689414, -0.1887703, 0, 0.3112297, 0.7310586, 2.857722}},
    {"hard_silu", {0, -0.3333333, -0.2083333, 0, 0.2916667, 0.6666667, 3}},
    {"gelu", {-0.004049689, -0.1586553, -0.1542688, 0, 0.3457312, 0.8413447, 2.99595}},
    {"gelu(true)", {-0.003637344, -0.158808, -0.154286, 0, 0.345714, 0.841192, 2.996363}},
    {"mish", {-0.1456475, -0.3034015, -0.2207438, 0, 0.3752452, 0.8650984, 2.986535}},
    {"sigmoid", {0.04742587, 0.2689414, 0.3775407, 0.5, 0.6224594, 0.7310586, 0.9525741}},
    {"hard_sigmoid", {0, 0.3333333, 0.4166667, 0.5, 0.5833333, 0.6666667, 1}},
    {"log_sigmoid",
     {-3.048587, -1.313262, -0.974077, -0.6931472, -0.474077, -0.3132617, -0.04858735}},
    {"sparse_sigmoid", {0, 0, 0.25, 0.5, 0.75, 1, 1}},
    {"relu(0.1, 2, 0.7)", {-0.37, -0.17, -0.12, -0.07, -0.02, 1, 2}},
    {"softmax", {0.001880408, 0.01389444, 0.02290806, 0.037769, 0.06227056, 0.1026668, 0.7586107}},
    {"log_softmax", {-6.276267, -4.276267, -3.776267, -3.276267, -2.776267, -2.276267, -0.2762665}},
    {"sparsemax", {0, 0, 0, 0, 0, 0, 1}},
};
enum { ACTIVATIONS = sizeof activations / sizeof *activations };

START_TEST(activations_are_kerass) {
    float y[POINTS];
    const char *text = activations[_i].text;
    ck_assert_int_eq(run_part(write_activation, text, &ANT__DIMS(1, POINTS), points, y, NULL), 0);
    for (int k = 0; k < POINTS; k++)
        ck_assert_msg(
            fabs(y[k] - activations[_i].want[k]) <= 2e-6 * (1 + fabs(activations[_i].want[k])),
            "%s(%g) is %.9g, should be %.9g", text, points[k], y[k], activations[_i].want[k]);
}
END_TEST

/* Far from 0 both values and slopes stay numbers. */
START_TEST(activations_stay_finite) {
    const float far[] = {-1e4f, -300, -90, 0, 88, 1e4f};
    float y[6], dx[6];
    const char *text = activations[_i].text;
    if (!strcmp(text, "exponential") || !strncmp(text, "squareplus", 10))
        return; /* these overflow by definition */
    ck_assert_int_eq(run_part(write_activation, text, &ANT__DIMS(1, 6), far, y, dx), 0);
    for (int k = 0; k < 6; k++)
        ck_assert_msg(isfinite(y[k]) && isfinite(dx[k]), "%s(%g) is %g, slope %g", text, far[k],
                      y[k], dx[k]);
}
END_TEST

static ant_value *write_checked(ant_program *p, check_case *c) {
    ant_context context = {.seed = 0};
    ant_value *y = write_activation(&context, p, activations[c->number].text, check_read(p, c, 0));
    ck_assert_int_eq(context.error.code, 0);
    ant__arena_free(&context.arena);
    return check_loss(p, y);
}

START_TEST(activations_have_gradients) {
    check_case c = {.name = activations[_i].text,
                    .write = write_checked,
                    .n = 1,
                    .number = _i,
                    .low = -2.9,
                    .high = 3.1};
    check_gradient_of(&c, &ANT__DIMS(3, 6));
}
END_TEST

/* Along the other axes: the same numbers in other places. */
START_TEST(axes) {
    static const char *const texts[] = {"softmax(axis=1)", "log_softmax(axis=1)",
                                        "sparsemax(axis=1)"};
    static const char *const last[] = {"softmax", "log_softmax", "sparsemax"};
    float x[24], turned[24], y[24], want[24];
    for (int b = 0; b < 2; b++)
        for (int i = 0; i < 3; i++)
            for (int k = 0; k < 4; k++) {
                x[(b * 3 + i) * 4 + k] = (float)sin(b + 2 * i + 5 * k);
                turned[(b * 4 + k) * 3 + i] = x[(b * 3 + i) * 4 + k];
            }
    ck_assert_int_eq(run_part(write_activation, texts[_i], &ANT__DIMS(2, 3, 4), x, y, NULL), 0);
    ck_assert_int_eq(run_part(write_activation, last[_i], &ANT__DIMS(2, 4, 3), turned, want, NULL),
                     0);
    for (int b = 0; b < 2; b++)
        for (int i = 0; i < 3; i++)
            for (int k = 0; k < 4; k++)
                ck_assert_float_eq_tol(y[(b * 3 + i) * 4 + k], want[(b * 4 + k) * 3 + i], 1e-6f);
}
END_TEST

START_TEST(glu_gates_one_half_by_the_other) {
    float y[3];
    ck_assert_int_eq(run_part(write_activation, "glu", &ANT__DIMS(1, 6), points, y, NULL), 0);
    ck_assert_float_eq_tol(y[0], -1.5f, 1e-6f);
    ck_assert_float_eq_tol(y[1], -0.6224594f, 1e-6f);
    ck_assert_float_eq_tol(y[2], -0.3655293f, 1e-6f);
}
END_TEST

START_TEST(activations_that_do_not_fit) {
    float y[8];
    ck_assert_int_eq(run_part(write_activation, "glu", &ANT__DIMS(1, 7), points, y, NULL),
                     ANT_E_SHAPE);
    ck_assert_int_eq(
        run_part(write_activation, "softmax(axis=2)", &ANT__DIMS(1, 7), points, y, NULL),
        ANT_E_SHAPE);
    ck_assert_int_eq(run_part(write_activation, "rleu", &ANT__DIMS(1, 7), points, y, NULL),
                     ANT_E_OPTION);
    ck_assert_int_eq(run_part(write_activation, "mish(1)", &ANT__DIMS(1, 7), points, y, NULL),
                     ANT_E_OPTION);
}
END_TEST

/* --- regularizers, constraints, constant initializers: the golden file of parts --- */
static void compare(const golden_case *c, const char *text, const golden_entry *want,
                    const float *y) {
    (void)c;
    ck_assert(golden_close_to(text, want, y, 2e-6));
}

static void check_writer_case(const golden_case *c, writer *write, const char *text, bool slopes) {
    const golden_entry *in = golden_get(c, "in", 0), *din = golden_get(c, "din", 0);
    float x[64], y[64], dx[64];
    for (int64_t i = 0; i < in->count; i++)
        x[i] = (float)in->at[i];
    ck_assert_int_eq(run_part(write, text, &in->dims, x, y, slopes ? dx : NULL), 0);
    compare(c, text, golden_get(c, "out", 0), y);
    if (slopes)
        compare(c, text, din, dx);
}

static void check_initializer_case(const golden_case *c, const char *text) {
    const golden_entry *out = golden_get(c, "out", 0);
    ant_context context = {.seed = 0};
    float y[64];
    ant_variable into = {.dtype = ANT_FLOAT32, .dims = out->dims, .data = y};
    ck_assert_int_eq(ant__initializer_fill(&context, text, 1, &into), 0);
    compare(c, text, out, y);
    ant__arena_free(&context.arena);
}

START_TEST(parts_are_kerass) {
    golden_file file = golden_open("parts");
    golden_case c = {.name = NULL};
    int seen = 0;
    while (golden_next(&file, &c)) {
        const char *kind = golden_word(&c, "kind", ""), *text = golden_word(&c, "part", "");
        bool mine = true;
        if (!strcmp(kind, "regularizer"))
            check_writer_case(&c, ant__regularizer_write, text, true);
        else if (!strcmp(kind, "constraint"))
            check_writer_case(&c, ant__constraint_write, text, false);
        else if (!strcmp(kind, "initializer"))
            check_initializer_case(&c, text);
        else
            mine = false;
        seen += mine;
    }
    golden_close(&file);
    ck_assert_int_ge(seen, 15);
}
END_TEST

static ant_value *write_penalty(ant_program *p, check_case *c) {
    static const char *const texts[] = {"l1(0.3)", "l2(0.2)", "l1l2(0.1, 0.2)",
                                        "OrthogonalRegularizer(0.1)",
                                        "OrthogonalRegularizer(0.1, columns)"};
    ant_context context = {.seed = 0};
    ant_value *y = ant__regularizer_write(&context, p, texts[c->number], check_read(p, c, 0));
    ant__arena_free(&context.arena);
    return check_loss(p, y);
}

START_TEST(penalties_have_gradients) {
    check_case c = {.name = "penalty", .write = write_penalty, .n = 1, .number = _i};
    check_gradient_of(&c, &ANT__DIMS(4, 3));
}
END_TEST

START_TEST(parts_that_do_not_fit) {
    float y[64];
    const ant_dims cube = ANT__DIMS(1, 1, 7);
    ck_assert_int_eq(
        run_part(ant__regularizer_write, "OrthogonalRegularizer", &cube, points, y, NULL),
        ANT_E_SHAPE);
    ck_assert_int_eq(run_part(ant__constraint_write, "MaxNorm(axis=3)", &cube, points, y, NULL),
                     ANT_E_SHAPE);
    ck_assert_int_eq(
        run_part(ant__constraint_write, "MaxNorm(axis=[0, 3])", &cube, points, y, NULL),
        ANT_E_SHAPE);
    ck_assert_int_eq(run_part(ant__constraint_write, "MaxNorm(-1)", &cube, points, y, NULL),
                     ANT_E_OPTION);
    ck_assert_int_eq(run_part(ant__constraint_write, "l2", &cube, points, y, NULL), ANT_E_OPTION);
}
END_TEST

/* A constraint over several axes: the norm of each column of a kernel (2, 1, 3). */
START_TEST(norms_over_several_axes) {
    const float w[] = {3, 0, 1, 4, 0, 2};
    float y[6];
    ck_assert_int_eq(
        run_part(ant__constraint_write, "UnitNorm([0, 1])", &ANT__DIMS(2, 1, 3), w, y, NULL), 0);
    ck_assert_float_eq_tol(y[0], 0.6f, 1e-6f);
    ck_assert_float_eq_tol(y[3], 0.8f, 1e-6f);
    ck_assert_float_eq(y[1], 0);
    ck_assert_float_eq_tol(y[2] * y[2] + y[5] * y[5], 1, 1e-6f);
}
END_TEST

/* Says a part while allocations fail. */
static int write_scarce(void *data) {
    static const char *const texts[] = {"relu", "relu(0.1, 2)", "sparsemax", "threshold(0.6, 20)"};
    ant_context c = {.seed = 0};
    ant_program *p = ant__program_new(ANT_FLOAT32);
    if (!p)
        return ANT_E_MEMORY;
    ant_value *x = ant__input(p, ANT_FLOAT32, &ANT__DIMS(2, 3));
    ant_value *y = write_activation(&c, p, texts[*(int *)data], x);
    int code = c.error.code ? c.error.code : ant__program_error(p)->code;
    ck_assert(!y == (code != 0));
    ant__program_free(p);
    ant__arena_free(&c.arena);
    return code;
}

START_TEST(memory_may_fail) {
    memory_fail_each(write_scarce, &_i);
}
END_TEST

ANT_TEST_MAIN("parts", ANT_LOOP(activations_are_kerass, ACTIVATIONS),
              ANT_LOOP(activations_stay_finite, ACTIVATIONS),
              ANT_LOOP(activations_have_gradients, ACTIVATIONS), ANT_LOOP(axes, 3),
              {glu_gates_one_half_by_the_other}, {activations_that_do_not_fit}, {parts_are_kerass},
              ANT_LOOP(penalties_have_gradients, 5), {parts_that_do_not_fit},
              {norms_over_several_axes}, ANT_LOOP(memory_may_fail, 4))
