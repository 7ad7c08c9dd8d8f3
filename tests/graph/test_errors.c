/* Building errors: code, the caller's line, names and both shapes; what is made after one is
 * dead. */
#include "harness.h"
#include <stdio.h>
#include <string.h>

/* The first error of the graph is this code, begins with this file and line and holds these
 * words. */
static void told(ant_graph *g, int code, int line, const char *words) {
    char place[256];
    snprintf(place, sizeof place, "%s:%d: ", __FILE__, line);
    ck_assert_msg(ant_status(g) == code, "code %d: %s", ant_status(g), ant_error(g));
    ck_assert_msg(!strncmp(ant_error(g), place, strlen(place)), "'%s' begins not with '%s'",
                  ant_error(g), place);
    ck_assert_msg(strstr(ant_error(g), words) != NULL, "'%s' holds no '%s'", ant_error(g), words);
    ant_graph_free(g);
}

static ant_graph *graph(void) {
    return ant_graph_new(.threads = 1);
}

START_TEST(options) {
    ant_graph *g = graph();
    ant_dense(g, -3);
    told(g, ANT_E_OPTION, __LINE__ - 1, "Dense: units is -3, must be at least 1");
    g = graph();
    ant_dense(g);
    told(g, ANT_E_OPTION, __LINE__ - 1, "units is missing");
    g = graph();
    ant_dense(g, 3, "rleu");
    told(g, ANT_E_OPTION, __LINE__ - 1, "did you mean 'relu'");
    g = graph();
    ant_dense(g, 3, .quantization_config = "int8");
    told(g, ANT_E_OPTION, __LINE__ - 1, "quantization is not built yet");
    g = graph();
    ant_call(ant_dense(g, 3, .lora_alpha = 2), ant_input(g, {4}));
    told(g, ANT_E_OPTION, __LINE__ - 1, "lora_alpha says nothing without lora_rank");
    g = graph();
    ant_call(ant_dense(g, 3, .lora_rank = 2, .kernel_constraint = "non_neg"), ant_input(g, {4}));
    told(g, ANT_E_OPTION, __LINE__ - 1, "lora_rank: a constrained kernel cannot be adapted");
    g = graph();
    ant_batch_normalization(g, .renorm_clipping = ANT_FLOATS(1, 2));
    told(g, ANT_E_OPTION, __LINE__ - 1,
         "renorm_clipping is a list of 2 numbers, must be these: rmin rmax dmax");
    g = graph();
    ant_call(ant_batch_normalization(g, .renorm_clipping = ANT_FLOATS(1, 2, 3)), ant_input(g, {4}));
    told(g, ANT_E_OPTION, __LINE__ - 1, "say nothing without renorm");
    g = graph();
    ant_layer *l =
        ant_batch_normalization(g, .renorm = true, .renorm_clipping = ANT_FLOATS(2, 1, ANT_NONE));
    ant_call(l, ant_input(g, {4}));
    told(g, ANT_E_OPTION, __LINE__ - 1, "renorm_clipping: rmax 1 is below rmin 2");
    g = graph();
    ant_dense(g, 3, .kernel_regularizer = ant_l2(g, -1));
    told(g, ANT_E_OPTION, __LINE__ - 1, "L2");
    g = graph();
    ant_input(g, {4, 0, 4});
    told(g, ANT_E_SHAPE, __LINE__ - 1, "axis 1 of its shape is 0");
    g = graph();
    ant_input(g, {4}, .dtype = "flaot32");
    told(g, ANT_E_OPTION, __LINE__ - 1, "must be float32, int32, int64 or bool");
    g = graph();
    ant_custom_layer(g, "Mine");
    told(g, ANT_E_OPTION, __LINE__ - 1, "no layer 'Mine'");
    g = graph();
    ant_layer_new("Functional", &(ant_dense_options){.graph = g}, 0, __FILE__, __LINE__);
    told(g, ANT_E_OPTION, __LINE__ - 1, "made by ant_model_new");
}
END_TEST

START_TEST(shapes) {
    ant_graph *g = graph();
    ant_layer *l = ant_dense(g, 3, .name = "hidden");
    ant_call(l, ant_input(g, {4}));
    ant_call(l, ant_input(g, {5}));
    told(g, ANT_E_SHAPE, __LINE__ - 1,
         "'hidden' (Dense): its kernel takes (batch, …, 4), got (None, 5)");
    g = graph();
    ant_call(ant_dense(g, 3), ant_input(g, {0}));
    told(g, ANT_E_SHAPE, __LINE__ - 1, "Dense: takes (batch, …, features), got (None,)");
    g = graph();
    ant_call(ant_dense(g, 3), ant_input(g, {4, ANT_ANY}));
    told(g, ANT_E_SHAPE, __LINE__ - 1, "its kernel would be of shape (None, 3)");
    g = graph();
    ant_call(ant_add_layer(g), ant_input(g, {4}), ant_input(g, {5}));
    told(g, ANT_E_SHAPE, __LINE__ - 1, "(None, 5)");
    g = graph();
    ant_sequential(g, ant_dense(g, 3, .input_shape = {4}), ant_reshape(g, {7}));
    told(g, ANT_E_SHAPE, __LINE__ - 1, "Reshape");
    g = graph();
    ant_model *inner = ant_sequential(g, ant_dense(g, 3, .input_shape = {4}));
    ant_call(inner, ant_input(g, {5}));
    told(g, ANT_E_SHAPE, __LINE__ - 1, "takes (None, 4), got (None, 5)");
}
END_TEST

#define SIXTEEN(x) x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x

START_TEST(calls) {
    ant_graph *g = graph(), *h = graph();
    ant_call(ant_dense(g, 3), ant_input(h, {4}));
    told(g, ANT_E_GRAPH, __LINE__ - 1, "a node of another graph");
    ant_graph_free(h);
    g = graph();
    ant_call(ant_dense(g, 3), NULL);
    told(g, ANT_E_SHAPE, __LINE__ - 1, "takes 1 input, got 0");
    g = graph();
    ant_node *x = ant_input(g, {4});
    ant_call(ant_dense(g, 3), x, x);
    told(g, ANT_E_SHAPE, __LINE__ - 1, "takes 1 input, got 2");
    g = graph();
    x = ant_input(g, {4});
    ant_call(ant_add_layer(g), x, NULL, x);
    told(g, ANT_E_GRAPH, __LINE__ - 1, "input 1 of the call is NULL");
    g = graph();
    x = ant_input(g, {4});
    ant_call(ant_add_layer(g), SIXTEEN(x), SIXTEEN(x), SIXTEEN(x), SIXTEEN(x));
    told(g, ANT_E_LIMIT, __LINE__ - 1, "more than 63 inputs");
    g = graph();
    x = ant_input(g, {4});
    ant_call(NULL, x);
    told(g, ANT_E_GRAPH, __LINE__ - 1, "NULL");
    g = graph();
    ant_call(ant_dense(g, 3), ant_input(g, {4}), .training = 3);
    told(g, ANT_E_OPTION, __LINE__ - 1, "training is 3");
    g = graph();
    ant_call(ant_input_layer(g, {4}), ant_input(g, {4}));
    told(g, ANT_E_GRAPH, __LINE__ - 1, "stands first in a Sequential only");
}
END_TEST

START_TEST(models) {
    ant_graph *g = graph();
    ant_node *a = ant_input(g, {4}, .name = "a"), *b = ant_input(g, {4});
    ant_node *y = ant_call(ant_add_layer(g, .name = "sum"), a, b);
    ant_model_new(g, ANT_NODES(b), ANT_NODES(y));
    told(g, ANT_E_GRAPH, __LINE__ - 1, "is needed by 'sum' (Add)");
    g = graph();
    a = ant_input(g, {4});
    ant_model_new(g, ANT_NODES(a, a), ANT_NODES(a));
    told(g, ANT_E_GRAPH, __LINE__ - 1, "inputs 0 and 1 of the model are the same node");
    g = graph();
    a = ant_input(g, {4});
    ant_model_new(g, ANT_NODES(a), NULL);
    told(g, ANT_E_GRAPH, __LINE__ - 1, "a model needs outputs");
    g = graph();
    a = ant_input(g, {4});
    ant_model_new(g, ANT_NODES(a), ANT_NODES(a, a), .output_names = {"y", "y"});
    told(g, ANT_E_GRAPH, __LINE__ - 1, "both named 'y'");
    g = graph();
    ant_sequential(g, ant_dense(g, 3), ant_input_layer(g, {4}));
    told(g, ANT_E_GRAPH, __LINE__ - 1, "must stand first");
    g = graph();
    ant_model *m = ant_sequential(g, ant_dense(g, 3, .input_shape = {4}));
    ant_add(m, m);
    told(g, ANT_E_GRAPH, __LINE__ - 1, "cannot be a layer of itself");
    g = graph();
    m = ant_sequential(g, ant_dense(g, 3, .input_shape = {4}));
    ant_add(m, ant_sequential(g, ant_dense(g, 3), m));
    told(g, ANT_E_GRAPH, __LINE__ - 1, "itself");
}
END_TEST

START_TEST(limits) {
    ant_graph *g = graph();
    ant_call(ant_dense(g, INT_MAX), ant_input(g, {INT_MAX}));
    told(g, ANT_E_LIMIT, __LINE__ - 1, "does not fit in memory");
    g = graph();
    ant_node *x = ant_input(g, {4}), *y = x;
    for (int i = 0; i < 100 && !ant_status(g); i++) {
        ant_model *m = ant_model_new(g, ANT_NODES(x), ANT_NODES(y));
        x = ant_input(g, {4});
        y = ant_call(m, x);
    }
    told(g, ANT_E_LIMIT, __LINE__ - 4, "more than 64 models inside each other");
}
END_TEST

/* The first error stays; nothing made after it is usable, nothing crashes. */
START_TEST(dead_in_dead_out) {
    ant_graph *g = graph();
    ant_layer *l = ant_dense(g, 0);
    ant_node *x = ant_input(g, {4}), *y = ant_call(l, x);
    int64_t shape[ANT_MAX_AXES];
    ck_assert_int_eq(ant_node_shape(y, shape), 0);
    ant_node *z = ant_output(ant_call(ant_dense(g, 3), y), 2);
    ant_model *m = ant_model_new(g, ANT_NODES(x), ANT_NODES(z));
    batch b = {.rows = 1};
    ck_assert_int_eq(batch_run(m, &b), ANT_E_GRAPH);
    ck_assert_int_eq(ant_pop(m) | ant_add(m, l) | ant_set_trainable(m, false), ANT_E_GRAPH);
    ck_assert_ptr_null(ant_summary_text(m, 0));
    ck_assert_int_eq(ant_weight_count(m) + ant_layer_count(m) + ant_model_inputs(m), 0);
    ck_assert_str_eq(ant_name(m), "");
    ant_clone(m, g, true);
    ant_model *s = ant_sequential(g, l, ant_dense(g, 1));
    ck_assert_int_eq(ant_build(s, (int[]){4, 0}), ANT_E_GRAPH);
    told(g, ANT_E_OPTION, __LINE__ - 15, "units is 0");
}
END_TEST

START_TEST(no_graph) {
    ant_node *x = ant_input((ant_graph *)NULL, {4});
    ant_layer *l = ant_dense((ant_graph *)NULL, 3);
    ant_model *m = ant_model_new((ant_graph *)NULL, ANT_NODES(x), ANT_NODES(ant_call(l, x)));
    batch b = {.rows = 1};
    ck_assert_int_eq(batch_run(m, &b), ANT_E_GRAPH);
    ck_assert_int_eq(ant_status(NULL), ANT_E_MEMORY);
    ant_graph_free(NULL);
}
END_TEST

/* Names are looked at when the model is first used. */
START_TEST(names_that_clash) {
    ant_graph *g = graph();
    ant_model *m = ant_sequential(g, ant_dense(g, 3, .name = "a", .input_shape = {4}),
                                  ant_dense(g, 3, .name = "a"));
    ck_assert_int_eq(ant_layer_count(m), 0);
    ck_assert_ptr_nonnull(strstr(ant_model_error(m), "two layers of the model are named 'a'"));
    ant_node *x = ant_input(g, {4}, .name = "x"), *y = ant_input(g, {4}, .name = "x");
    m = ant_model_new(g, ANT_NODES(x, y), ANT_NODES(ant_call(ant_add_layer(g), x, y)));
    ck_assert_int_eq(ant_layer_count(m), 0);
    ck_assert_ptr_nonnull(strstr(ant_model_error(m), "two inputs of the model are named 'x'"));
    ck_assert_int_eq(ant_status(g), 0);
    ant_graph_free(g);
}
END_TEST

START_TEST(a_used_sequential_is_finished) {
    ant_graph *g = graph();
    ant_model *m = ant_sequential(g, ant_dense(g, 3, .input_shape = {4}));
    ant_node *x = ant_input(g, {4});
    ant_model_new(g, ANT_NODES(x), ANT_NODES(ant_call(m, x)));
    ck_assert_int_eq(ant_pop(m), ANT_E_STATE);
    ck_assert_int_eq(ant_status(g), 0);
    ant_add(m, ant_dense(g, 1));
    told(g, ANT_E_STATE, __LINE__ - 1, "is a layer of another model");
}
END_TEST

START_TEST(an_unknown_layer) {
    ant_graph *g = graph();
    ant_model *m = ant_sequential(g, ant_dense(g, 3, .name = "hidden", .input_shape = {4}));
    ant_layer_named(m, "hiden");
    ck_assert_ptr_nonnull(strstr(ant_model_error(m), "did you mean 'hidden'?"));
    ant_layer_node(m, "hidden", 1);
    ck_assert_ptr_nonnull(strstr(ant_model_error(m), "there is no call 1"));
    float w[2] = {0};
    ck_assert_int_eq(ant_weight_set(m, "hidden/kernel", ant_array(w, 2, 1)), ANT_E_SHAPE);
    ck_assert_ptr_nonnull(strstr(ant_model_error(m), "of shape (4, 3), got (2, 1)"));
    ck_assert_int_eq(ant_weight_set(m, "kernel", ant_array(w, 2, 1)), ANT_E_OPTION);
    ck_assert_int_eq(ant_status(g), 0);
    ant_graph_free(g);
}
END_TEST

ANT_TEST_MAIN("errors", {options}, {shapes}, {calls}, {models}, {limits}, {dead_in_dead_out},
              {no_graph}, {names_that_clash}, {a_used_sequential_is_finished}, {an_unknown_layer})
