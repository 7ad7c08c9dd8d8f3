/* Reaching into models: layers, nodes, weights, freezing, copies. */
#include "harness.h"
#include <math.h>
#include <string.h>

static const float rows[] = {1, 2, 3, 4, -1, 0.5f, 2, -2};

/* encoder (a nested Sequential) called twice, then a head */
static ant_model *nested(ant_graph *g) {
    ant_model *encoder = ant_sequential_named(
        g, "encoder", ant_dense(g, 3, "tanh", .name = "in", .input_shape = {4}),
        ant_dense(g, 4, .name = "out"));
    ant_node *x = ant_input(g, {4});
    ant_node *y = ant_call(encoder, ant_call(encoder, x));
    return ant_model_new(g, ANT_NODES(x), ANT_NODES(ant_call(ant_dense(g, 2), y)), "net");
}

static void run_ok(ant_model *m, batch *b) {
    b->x[0] = rows;
    b->rows = 2;
    ck_assert_msg(!batch_run(m, b), "%s%s", ant_model_error(m), b->error);
}

START_TEST(layers_and_nodes) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = nested(g);
    ant_layer *encoder = ant_layer_named(m, "encoder");
    ck_assert_str_eq(ant_name(encoder), "encoder");
    ck_assert_ptr_eq(ant_layer_named(m, "encoder/in"), ant_layer_named(encoder, "in"));
    ck_assert_int_eq(ant_weight_count(ant_layer_named(m, "encoder/out")), 2);
    ck_assert_str_eq(ant_weight_name(ant_layer_named(m, "encoder/out"), 1), "bias");
    ck_assert_str_eq(ant_weight_name(m, 3), "encoder/out/bias");
    ck_assert_ptr_ne(ant_layer_node(m, "encoder", 0), ant_layer_node(m, "encoder", 1));
    batch b = {0}, inner = {0};
    run_ok(m, &b);
    ant_node *h = ant_layer_node(m, "encoder", 1);
    ant_model *features = ant_model_new(g, ANT_NODES(ant_model_input(m, 0)), ANT_NODES(h));
    run_ok(features, &inner);
    const float *k = weight_data(m, "dense/kernel");
    float y = weight_data(m, "dense/bias")[0];
    for (int i = 0; i < 4; i++)
        y += inner.out[0][i] * k[i * 2];
    ck_assert_float_eq_tol(b.out[0][0], y, 1e-5);
    ant_graph_free(g);
}
END_TEST

START_TEST(setting_and_copying_weights) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = nested(g);
    const short whole[] = {1, 2, 3, 4, 5, 6, 7, 8};
    ant_array transposed = ant_array(whole, 4, 2);
    transposed.strides[0] = sizeof *whole;
    transposed.strides[1] = 4 * sizeof *whole;
    ck_assert_int_eq(ant_weight_set(m, "dense/kernel", transposed), 0);
    const float *k = weight_data(m, "dense/kernel");
    ck_assert_float_eq(k[0], 1);
    ck_assert_float_eq(k[1], 5);
    ck_assert_float_eq(k[2], 2);
    ant_layer *in = ant_layer_named(m, "encoder/in");
    ant_model *other = ant_sequential(g, ant_dense(g, 3, .input_shape = {4}));
    float a = weight_data(m, "encoder/in/kernel")[5], b = weight_data(other, "dense/kernel")[5];
    ck_assert_int_eq(ant_weights_copy(in, other, 0.25), 0);
    ck_assert_float_eq_tol(weight_data(in, "kernel")[5], 0.25f * b + 0.75f * a, 1e-6);
    ck_assert_int_eq(ant_weights_copy(in, other, 1), 0);
    ck_assert_float_eq(weight_data(in, "kernel")[5], b);
    ck_assert_int_eq(ant_weights_copy(in, m, 1), ANT_E_SHAPE);
    ck_assert_int_eq(ant_weights_copy(ant_layer_named(m, "dense"), other, 1), ANT_E_SHAPE);
    ck_assert_ptr_nonnull(strstr(ant_model_error(m), "'kernel' is of shape (4, 2), got (4, 3)"));
    ant_graph_free(g);
}
END_TEST

/* NaN in a weight does not survive a full copy. */
START_TEST(a_copy_is_a_copy) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = nested(g), *n = ant_clone(m, g, false);
    weight_data(m, "dense/bias")[0] = NAN;
    ck_assert_int_eq(ant_weights_copy(m, n, 1), 0);
    ck_assert_float_eq(weight_data(m, "dense/bias")[0], 0);
    ant_graph_free(g);
}
END_TEST

START_TEST(freezing) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = nested(g);
    ck_assert_int_eq(ant_parameter_count(m, false), 15 + 16 + 10);
    ck_assert_int_eq(ant_set_trainable(ant_layer_named(m, "encoder"), false), 0);
    ck_assert_int_eq(ant_parameter_count(m, true), 10);
    ck_assert_int_eq(ant_set_trainable(ant_layer_named(m, "encoder/in"), true), 0);
    ck_assert_int_eq(ant_parameter_count(m, true), 25);
    ck_assert_str_eq(ant_weight_name(m, 0), "encoder/in/kernel");
    ant_node *x = ant_input(g, {4});
    ant_model *frozen = ant_model_new(g, ANT_NODES(x), ANT_NODES(ant_call(ant_dense(g, 1), x)),
                                      .untrainable = true);
    ck_assert_int_eq(ant_parameter_count(frozen, true), 0);
    ck_assert_int_eq(ant_parameter_count(frozen, false), 5);
    ant_graph_free(g);
}
END_TEST

static void clones(ant_graph *g, ant_graph *to, bool with_weights) {
    ant_model *m = nested(g);
    batch a = {0}, b = {0};
    ant_set_trainable(ant_layer_named(m, "encoder/out"), false);
    ant_model *copy = ant_clone(m, to, with_weights);
    ck_assert_str_eq(ant_error(to), "");
    run_ok(m, &a);
    run_ok(copy, &b);
    ck_assert_str_eq(ant_name(copy), "net");
    ck_assert_int_eq(ant_weight_count(copy), ant_weight_count(m));
    ck_assert_int_eq(ant_parameter_count(copy, true), ant_parameter_count(m, true));
    for (int k = 0; k < ant_weight_count(m); k++) {
        ck_assert_str_eq(ant_weight_name(copy, k), ant_weight_name(m, k));
        ck_assert_ptr_ne(ant_weight_at(copy, k).data, ant_weight_at(m, k).data);
    }
    ck_assert((memcmp(a.out[0], b.out[0], 4 * sizeof(float)) == 0) == with_weights);
}

START_TEST(cloning) {
    ant_graph *g = ant_graph_new(.threads = 1), *h = ant_graph_new(.seed = 9, .threads = 1);
    clones(g, g, true);
    clones(g, g, false);
    clones(g, h, true);
    clones(g, h, false);
    ant_graph_free(g);
    ant_graph_free(h);
}
END_TEST

START_TEST(cloning_what_has_no_shape) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = ant_sequential(g, ant_dense(g, 2), ant_dense(g, 1));
    ant_model *copy = ant_clone(m, g, false);
    batch b = {0};
    ck_assert_int_eq(ant_build(copy, (int[]){4, 0}), 0);
    run_ok(copy, &b);
    ck_assert_int_eq(ant_layer_count(copy), 2);
    ck_assert_int_eq(ant_model_inputs(m), 0);
    ant_graph_free(g);
}
END_TEST

START_TEST(adapting) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_layer *l = ant_normalization(g);
    double x[] = {1, 10, 3, 30};
    ck_assert_int_eq(ant_adapt(l, ant_array(x, 2, 2)), 0);
    ck_assert_float_eq(weight_data(l, "mean")[0], 2);
    ck_assert_float_eq(weight_data(l, "variance")[1], 100);
    ant_node *in = ant_input(g, {2});
    ant_model *m = ant_model_new(g, ANT_NODES(in), ANT_NODES(ant_call(l, in)));
    batch b = {0};
    run_ok(m, &b);
    ck_assert_float_eq_tol(b.out[0][0], (1 - 2) / 1.0, 1e-6);
    ck_assert_int_eq(ant_adapt(ant_dense(g, 1), ant_array(x, 2, 2)), ANT_E_OPTION);
    ant_graph_free(g);
}
END_TEST

ANT_TEST_MAIN("reach", {layers_and_nodes}, {setting_and_copying_weights}, {a_copy_is_a_copy},
              {freezing}, {cloning}, {cloning_what_has_no_shape}, {adapting})
