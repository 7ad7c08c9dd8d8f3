/* Models run: values of chains, branches, shared layers and nested models. */
#include "harness.h"
#include <math.h>
#include <string.h>

static const float two_rows[] = {1, 2, 3, 4, -1, 0.5f, 2, -2};
static const float other_rows[] = {0.5f, -1, 2, 1, 3, -2, 1, 0};

static void run_ok(ant_model *m, batch *b) {
    int code = batch_run(m, b);
    ck_assert_msg(!code, "%s: %s%s", ant_error(ant__layer_graph(m)), ant_model_error(m), b->error);
}

/* y[r][j] = sum_n x[r][n] k[n][j] + bias[j] */
static float product(const float *x, const float *k, const float *bias, int n, int units, int r,
                     int j) {
    float y = bias ? bias[j] : 0;
    for (int i = 0; i < n; i++)
        y += x[r * n + i] * k[i * units + j];
    return y;
}

START_TEST(dense_is_product_bias_activation) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = ant_sequential(g, ant_dense(g, 3, "relu", .input_shape = {4}));
    batch b = {.x = {two_rows}, .rows = 2};
    weights_pattern(m);
    const float *k = weight_data(m, "dense/kernel"), *bias = weight_data(m, "dense/bias");
    run_ok(m, &b);
    for (int i = 0; i < 6; i++)
        ck_assert_float_eq_tol(b.out[0][i],
                               fmaxf(0, product(two_rows, k, bias, 4, 3, i / 3, i % 3)), 1e-5);
    ant_graph_free(g);
}
END_TEST

START_TEST(dense_works_on_the_last_axis) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = ant_sequential(g, ant_dense(g, 3, .use_bias = false, .input_shape = {2, 2}));
    batch b = {.x = {two_rows}, .rows = 2};
    run_ok(m, &b);
    const float *k = weight_data(m, "dense/kernel");
    ck_assert_int_eq(ant_weight_count(m), 1);
    for (int i = 0; i < 12; i++)
        ck_assert_float_eq_tol(b.out[0][i], product(two_rows, k, NULL, 2, 3, i / 3, i % 3), 1e-5);
    ant_graph_free(g);
}
END_TEST

/* Two inputs, a shared tower, two outputs, a second model on the same weights. */
START_TEST(shared_tower) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_node *a = ant_input(g, {4}, .name = "left"), *b = ant_input(g, {4}, .name = "right");
    ant_layer *tower = ant_dense(g, 3, "tanh", .name = "tower");
    ant_node *h = ant_call(ant_concatenate(g), ant_call(tower, a), ant_call(tower, b));
    ant_node *same = ant_call(ant_dense(g, 1, .name = "same"), h);
    ant_model *twin = ant_model_new(g, ANT_NODES(a, b), ANT_NODES(same, h), "twin");
    ant_model *encoder = ant_model_new(g, ANT_NODES(a), ANT_NODES(ant_call(tower, a)));
    batch both = {.x = {two_rows, other_rows}, .rows = 2};
    batch one = {.x = {two_rows}, .rows = 2}, two = {.x = {other_rows}, .rows = 2};
    run_ok(twin, &both);
    run_ok(encoder, &one);
    run_ok(encoder, &two);
    for (int r = 0; r < 2; r++)
        for (int j = 0; j < 3; j++) {
            ck_assert_float_eq(both.out[1][r * 6 + j], one.out[0][r * 3 + j]);
            ck_assert_float_eq(both.out[1][r * 6 + 3 + j], two.out[0][r * 3 + j]);
        }
    ck_assert_int_eq(ant_weight_count(twin), 4);
    ck_assert_int_eq(ant_weight_count(encoder), 2);
    ck_assert_ptr_eq(ant_weight_named(twin, "tower/kernel").data,
                     ant_weight_named(encoder, "tower/kernel").data);
    ant_graph_free(g);
}
END_TEST

START_TEST(a_model_is_a_layer) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *inner = ant_sequential_named(g, "inner", ant_dense(g, 3, "tanh", .input_shape = {4}),
                                            ant_dense(g, 2));
    ant_node *x = ant_input(g, {4}), *y = ant_call(inner, x);
    ant_model *outer = ant_model_new(g, ANT_NODES(x), ANT_NODES(ant_call(ant_add_layer(g), y, y)));
    batch b = {.x = {two_rows}, .rows = 2}, in = b;
    run_ok(outer, &b);
    run_ok(inner, &in);
    for (int i = 0; i < 4; i++)
        ck_assert_float_eq(b.out[0][i], 2 * in.out[0][i]);
    ck_assert_str_eq(ant_weight_name(outer, 0), "inner/dense/kernel");
    ck_assert_str_eq(ant_weight_name(outer, 3), "inner/dense_1/bias");
    ck_assert_str_eq(ant_weight_name(inner, 3), "dense_1/bias");
    ant_graph_free(g);
}
END_TEST

/* A Sequential without a shape takes that of its first call, or of ant_build. */
START_TEST(late_shapes) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *late = ant_sequential(g, ant_dense(g, 2), ant_dense(g, 1));
    batch b = {.x = {two_rows}, .rows = 2};
    ck_assert_int_eq(batch_run(late, &b), ANT_E_STATE);
    ck_assert_ptr_nonnull(strstr(ant_model_error(late), "no input shape yet"));
    ck_assert_int_eq(ant_status(g), 0);
    ck_assert_int_eq(ant_build(late, (int[]){4, 0}), 0);
    run_ok(late, &b);
    ant_model *called = ant_sequential(g, ant_dense(g, 2));
    ant_node *x = ant_input(g, {4});
    run_ok(ant_model_new(g, ANT_NODES(x), ANT_NODES(ant_call(called, x))), &b);
    ant_graph_free(g);
}
END_TEST

START_TEST(growing_and_shrinking) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = ant_sequential(g, ant_input_layer(g, {4}));
    batch b = {.x = {two_rows}, .rows = 2};
    ck_assert_int_eq(ant_add(m, ant_dense(g, 3)), 0);
    ck_assert_int_eq(ant_add(m, ant_dense(g, 2)), 0);
    run_ok(m, &b);
    float before = b.out[0][0];
    ck_assert_int_eq(ant_add(m, ant_dense(g, 5)), 0);
    run_ok(m, &b);
    ck_assert_int_eq(ant_layer_count(m), 3);
    ck_assert_int_eq(ant_pop(m), 0);
    run_ok(m, &b);
    ck_assert_float_eq(b.out[0][0], before);
    ck_assert_int_eq(ant_layer_count(m), 2);
    ck_assert_int_eq(ant_pop(m) | ant_pop(m), 0);
    ck_assert_int_eq(ant_pop(m), ANT_E_STATE);
    ant_graph_free(g);
}
END_TEST

/* An input as an output, an inner value as an output and an input, one node twice. */
START_TEST(odd_outputs) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_node *x = ant_input(g, {4}, .name = "x");
    ant_node *h = ant_call(ant_dense(g, 3, "tanh"), x), *y = ant_call(ant_dense(g, 2), h);
    ant_model *m = ant_model_new(g, ANT_NODES(x), ANT_NODES(x, h, y, y));
    ant_model *tail = ant_model_new(g, ANT_NODES(h), ANT_NODES(y));
    batch b = {.x = {two_rows}, .rows = 2}, t = {.rows = 2};
    run_ok(m, &b);
    ck_assert_mem_eq(b.out[0], two_rows, sizeof two_rows);
    ck_assert_mem_eq(b.out[2], b.out[3], 4 * sizeof(float));
    t.x[0] = b.out[1];
    run_ok(tail, &t);
    ck_assert_mem_eq(t.out[0], b.out[2], 4 * sizeof(float));
    ck_assert_str_eq(ant_output_name(m, 0), "x");
    ck_assert_str_eq(ant_output_name(m, 1), "dense");
    ck_assert_str_eq(ant_output_name(m, 3), "dense_1_1");
    ant_graph_free(g);
}
END_TEST

START_TEST(activity_penalty_over_the_batch) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = ant_sequential(
        g, ant_identity(g, .activity_regularizer = ant_l2(g, 0.5), .input_shape = {4}));
    batch b = {.x = {two_rows}, .rows = 2};
    run_ok(m, &b);
    float sum = 0;
    for (int i = 0; i < 8; i++)
        sum += two_rows[i] * two_rows[i];
    ck_assert_float_eq_tol(b.loss, 0.5f * sum / 2, 1e-5);
    ant_graph_free(g);
}
END_TEST

static ant_value *twice(ant_program *p, const void *data, ant_value *const *in) {
    return ant_op_scale(p, in[0], *(const double *)data);
}

START_TEST(users_layers_and_activations) {
    static const double factor = 2;
    ant_graph *g = ant_graph_new(.threads = 1);
    ck_assert_int_eq(ant_register_layer(g, "Twice", twice, &factor), 0);
    ck_assert_int_eq(ant_register_activation(g, "double", twice, &factor), 0);
    ant_node *x = ant_input(g, {4});
    ant_node *y = ant_call(ant_custom_layer(g, "Twice", .name = "mine"), x);
    ant_model *m = ant_model_new(g, ANT_NODES(x),
                                 ANT_NODES(y, ant_call(ant_dense(g, 1, "double"), x),
                                           ant_call(ant_layer_parse(g, "Twice"), y)));
    ant_model *plain = ant_model_new(g, ANT_NODES(x), ANT_NODES(ant_call(ant_dense(g, 1), x)));
    batch b = {.x = {two_rows}, .rows = 2}, d = b;
    run_ok(m, &b);
    ck_assert_int_eq(batch_run(plain, &d), 0);
    for (int i = 0; i < 8; i++)
        ck_assert_float_eq(b.out[0][i], 2 * two_rows[i]);
    for (int i = 0; i < 8; i++)
        ck_assert_float_eq(b.out[2][i], 4 * two_rows[i]);
    ck_assert_int_eq(ant_weights_copy(plain, ant_layer_named(m, "dense"), 1), 0);
    run_ok(plain, &d);
    ck_assert_float_eq_tol(b.out[1][0], 2 * d.out[0][0], 1e-6);
    ck_assert_int_eq(ant_register_layer(g, "Dense", twice, &factor), ANT_E_OPTION);
    ant_graph_free(g);
}
END_TEST

/* As Keras does, a model called with or without a last axis of 1 takes both. */
START_TEST(a_last_axis_of_one) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *inner = ant_sequential(g, ant_identity(g, .input_shape = {4, 1}));
    ant_node *x = ant_input(g, {4});
    ant_model *m = ant_model_new(g, ANT_NODES(x), ANT_NODES(ant_call(inner, x)));
    int64_t shape[ANT_MAX_AXES];
    ck_assert_int_eq(ant_node_shape(ant_model_output(m, 0), shape), 3);
    ck_assert_int_eq(shape[0], ANT_ANY);
    ck_assert_int_eq(shape[2], 1);
    ant_graph_free(g);
}
END_TEST

ANT_TEST_MAIN("models", {dense_is_product_bias_activation}, {dense_works_on_the_last_axis},
              {shared_tower}, {a_model_is_a_layer}, {late_shapes}, {growing_and_shrinking},
              {odd_outputs}, {activity_penalty_over_the_batch}, {users_layers_and_activations},
              {a_last_axis_of_one})
