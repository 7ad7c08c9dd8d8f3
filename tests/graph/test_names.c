/* Names, paths and initial weights follow from the model, not from the order of building. */
#include "harness.h"
#include <string.h>

/* Two branches of two layers each, joined; a nested model in one of them. */
typedef struct net {
    ant_layer *first, *second, *third, *join, *head;
    ant_model *inner;
} net;

static void make_layers(ant_graph *g, net *n, bool backwards) {
    for (int i = 0; i < 6; i++)
        switch (backwards ? 5 - i : i) {
        case 0:
            n->first = ant_dense(g, 3, "relu");
            break;
        case 1:
            n->second = ant_dense(g, 3);
            break;
        case 2:
            n->third = ant_dense(g, 5);
            break;
        case 3:
            n->join = ant_concatenate(g);
            break;
        case 4:
            n->head = ant_dense(g, 2, .name = "head");
            break;
        default:
            n->inner = ant_sequential(g, ant_dense(g, 4), ant_dense(g, 3));
            break;
        }
}

static ant_model *build(ant_graph *g, bool backwards) {
    net n;
    ant_node *left, *right, *a, *b;
    make_layers(g, &n, backwards);
    if (backwards) {
        right = ant_input(g, {4});
        left = ant_input(g, {4});
        b = ant_call(n.inner, ant_call(n.third, right));
        a = ant_call(n.second, ant_call(n.first, left));
    } else {
        left = ant_input(g, {4});
        right = ant_input(g, {4});
        a = ant_call(n.second, ant_call(n.first, left));
        b = ant_call(n.inner, ant_call(n.third, right));
    }
    ant_node *y = ant_call(n.head, ant_call(n.join, a, b));
    return ant_model_new(g, ANT_NODES(left, right), ANT_NODES(y));
}

static void same_weights(ant_model *a, ant_model *b) {
    ck_assert_int_eq(ant_weight_count(a), ant_weight_count(b));
    for (int k = 0; k < ant_weight_count(a); k++) {
        ant_array x = ant_weight_at(a, k), y = ant_weight_at(b, k);
        size_t n = sizeof(float);
        for (int i = 0; i < x.axes; i++)
            n *= (size_t)x.shape[i];
        ck_assert_str_eq(x.name, y.name);
        ck_assert_mem_eq(x.data, y.data, n);
    }
}

START_TEST(the_order_of_building_does_not_matter) {
    ant_graph *g = ant_graph_new(.seed = 7), *h = ant_graph_new(.seed = 7);
    ant_model *a = build(g, false), *b = build(h, true);
    ck_assert_str_eq(ant_error(g), "");
    same_weights(a, b);
    ck_assert_int_eq(ant_layer_count(a), 6);
    for (int k = 0; k < 6; k++)
        ck_assert_str_eq(ant_name(ant_layer_at(a, k)), ant_name(ant_layer_at(b, k)));
    char *x = ant_summary_text(a, 0), *y = ant_summary_text(b, 0);
    ck_assert_str_eq(x, y);
    ant_free(x);
    ant_free(y);
    ant_graph_free(g);
    ant_graph_free(h);
}
END_TEST

START_TEST(names_are_given_from_the_inputs_on) {
    ant_graph *g = ant_graph_new();
    ant_model *m = build(g, true);
    static const char *const paths[] = {
        "dense/kernel",   "dense/bias",   "dense_2/kernel",         "dense_2/bias",
        "dense_1/kernel", "dense_1/bias", "sequential/dense/kernel"};
    for (int k = 0; k < 6; k++)
        ck_assert_ptr_nonnull(ant_weight_named(m, paths[k]).data);
    ck_assert_ptr_nonnull(ant_weight_named(m, paths[6]).data);
    ck_assert_str_eq(ant_name(m), "model");
    ck_assert_str_eq(ant_input_name(m, 0), "input_layer");
    ck_assert_str_eq(ant_input_name(m, 1), "input_layer_1");
    ck_assert_str_eq(ant_output_name(m, 0), "head");
    ant_model *next = ant_sequential(g, ant_dense(g, 1, .input_shape = {2}));
    ck_assert_str_eq(ant_name(next), "sequential_1");
    ant_graph_free(g);
}
END_TEST

/* A name that was said is kept; an automatic one goes round it. */
START_TEST(said_names_come_first) {
    ant_graph *g = ant_graph_new();
    ant_model *m =
        ant_sequential(g, ant_dense(g, 1, .input_shape = {2}), ant_dense(g, 1),
                       ant_dense(g, 1, .name = "dense_1"), ant_dense(g, 1, .name = "dense"));
    ck_assert_str_eq(ant_name(ant_layer_at(m, 0)), "dense_2");
    ck_assert_str_eq(ant_name(ant_layer_at(m, 1)), "dense_3");
    ck_assert_str_eq(ant_name(ant_layer_at(m, 2)), "dense_1");
    ant_graph_free(g);
}
END_TEST

START_TEST(names_from_a_file_give_way) {
    ant_graph *g = ant_graph_new();
    ant_layer *said = ant_dense(g, 1, .name = "enc", .input_shape = {2});
    g->context.loading = true;
    ant_layer *loaded = ant_dense(g, 1, .name = "enc");
    g->context.loading = false;
    ant_model *m = ant_sequential(g, loaded, said);
    ck_assert_int_eq(ant_build(m, (int[]){2, 0}), 0);
    ck_assert_int_eq(ant_layer_count(m), 2);
    ck_assert_str_eq(ant_name(loaded), "enc_1");
    ck_assert_str_eq(ant_name(said), "enc");
    ant_graph_free(g);
}
END_TEST

/* Adding a layer changes no number of a layer with a given name. */
START_TEST(initial_weights_go_with_the_path) {
    ant_graph *g = ant_graph_new(.seed = 3), *h = ant_graph_new(.seed = 3);
    ant_model *a = ant_sequential(g, ant_dense(g, 3, .name = "a", .input_shape = {4}),
                                  ant_dense(g, 2, .name = "b"));
    ant_model *b = ant_sequential(h, ant_dense(h, 3, .name = "a", .input_shape = {4}),
                                  ant_dense(h, 3), ant_dense(h, 2, .name = "b"));
    ck_assert_mem_eq(weight_data(a, "a/kernel"), weight_data(b, "a/kernel"), 12 * sizeof(float));
    ck_assert_mem_eq(weight_data(a, "b/kernel"), weight_data(b, "b/kernel"), 6 * sizeof(float));
    ck_assert(memcmp(weight_data(a, "a/kernel"), weight_data(a, "b/kernel"), 24) != 0);
    ant_graph_free(g);
    ant_graph_free(h);
}
END_TEST

/* Two models without names, and two of the same name, start from different numbers. */
START_TEST(equal_models_are_drawn_apart) {
    ant_graph *g = ant_graph_new();
    ant_model *m[4];
    for (int i = 0; i < 4; i++)
        m[i] = ant_sequential_named(g, i < 2 ? NULL : "twin", ant_dense(g, 3, .input_shape = {4}));
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < i; k++)
            ck_assert(memcmp(weight_data(m[i], "dense/kernel"), weight_data(m[k], "dense/kernel"),
                             12 * sizeof(float)) != 0);
    ant_graph_free(g);
}
END_TEST

/* Keras lists layers by their distance from the outputs. */
START_TEST(keras_order_of_layers) {
    ant_graph *g = ant_graph_new();
    ant_node *x = ant_input(g, {4}), *y = ant_input(g, {4});
    ant_node *near = ant_call(ant_dense(g, 3, .name = "near"), y);
    ant_node *far = ant_call(ant_dense(g, 3, .name = "far"), x);
    far = ant_call(ant_dense(g, 3, .name = "farther"), far);
    ant_node *out = ant_call(ant_add_layer(g), near, far);
    ant_model *m = ant_model_new(g, ANT_NODES(x, y), ANT_NODES(out));
    static const char *const order[] = {"far", "near", "farther", "add"};
    for (int k = 0; k < 4; k++)
        ck_assert_str_eq(ant_name(ant_layer_at(m, k)), order[k]);
    ant_graph_free(g);
}
END_TEST

START_TEST(many_layers_are_named_quickly) {
    enum { N = 3000 };
    static ant_layer *layers[N + 1];
    ant_graph *g = ant_graph_new();
    for (int i = 0; i < N; i++)
        layers[i] = i ? ant_identity(g) : ant_identity(g, .input_shape = {4});
    ant_model *m = ant_sequential_(g, layers, NULL, __FILE__, __LINE__);
    ck_assert_int_eq(ant_layer_count(m), N);
    ck_assert_str_eq(ant_name(layers[N - 1]), "identity_2999");
    ant_graph_free(g);
}
END_TEST

ANT_TEST_MAIN("names", {the_order_of_building_does_not_matter},
              {names_are_given_from_the_inputs_on}, {said_names_come_first},
              {names_from_a_file_give_way}, {initial_weights_go_with_the_path},
              {equal_models_are_drawn_apart}, {keras_order_of_layers},
              {many_layers_are_named_quickly})
