/* Calls with keywords, several results and masks; inputs in all their forms. */
#include "harness.h"
#include <string.h>

static void run_ok(ant_model *m, batch *b) {
    ck_assert_msg(!batch_run(m, b), "%s: %s%s", ant_error(ant__layer_graph(m)), ant_model_error(m),
                  b->error);
}

static void has_shape(const ant_node *n, int axes, const int64_t *expected) {
    int64_t shape[ANT_MAX_AXES];
    ck_assert_int_eq(ant_node_shape(n, shape), axes);
    for (int k = 0; k < axes; k++)
        ck_assert_int_eq(shape[k], expected[k]);
}

/* --- results --- */
START_TEST(several_results) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_node *x = ant_input(g, {4, 2});
    ant_node *y = ant_call(
        ant_lstm(g, 3, .return_sequences = true, .return_state = true, .name = "memory"), x);
    ant_node *h = ant_output(y, 1), *c = ant_output(y, 2);
    has_shape(y, 3, (const int64_t[]){ANT_ANY, 4, 3});
    has_shape(h, 2, (const int64_t[]){ANT_ANY, 3});
    ant_node *next = ant_call(ant_lstm(g, 3), x, .initial_state = {h, c});
    ant_model *m = ant_model_new(g, ANT_NODES(x), ANT_NODES(y, c, next));
    ck_assert_str_eq(ant_error(g), "");
    ck_assert_str_eq(ant_output_name(m, 0), "memory");
    ck_assert_str_eq(ant_output_name(m, 1), "memory[2]");
    float data[16] = {1, -1, 2, 0.5f, 3, -2};
    batch b = {.x = {data}, .rows = 2};
    run_ok(m, &b);
    ant_output(y, 3);
    ck_assert_ptr_nonnull(strstr(ant_error(g), "result 3 of 3 of 'memory' (LSTM)"));
    ant_graph_free(g);
}
END_TEST

/* A state that is said is a state that is used: two halves are the whole. */
START_TEST(initial_states) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_layer *l = ant_lstm(g, 3, .return_state = true);
    ant_node *x = ant_input(g, {4, 2});
    ant_node *first = ant_call(l, ant_node_slice(x, 1, 0, 2));
    ant_node *second = ant_call(l, ant_node_slice(x, 1, 2, 2),
                                .initial_state = {ant_output(first, 1), ant_output(first, 2)});
    ant_model *m = ant_model_new(g, ANT_NODES(x), ANT_NODES(ant_call(l, x), second));
    float data[16] = {1, -1, 2, 0.5f, 3, -2, 1, 1, 0.25f, -0.5f};
    batch b = {.x = {data}, .rows = 2};
    run_ok(m, &b);
    for (int i = 0; i < 6; i++)
        ck_assert_float_eq_tol(b.out[0][i], b.out[1][i], 1e-5);
    ant_graph_free(g);
}
END_TEST

/* --- masks --- */
static void keep(void *data, const char *text) {
    strncat(data, text, 400);
}

START_TEST(masks_travel) {
    char warned[1024] = "";
    ant_graph *g = ant_graph_new(.threads = 1, .warn = keep, .warn_data = warned);
    ant_node *x = ant_input(g, {3, 2});
    ant_node *masked = ant_call(ant_masking(g), x);
    ck_assert(masked->mask);
    ck_assert(ant_call(ant_dense(g, 2), masked)->mask);
    ant_model *inner = ant_sequential(g, ant_dense(g, 2, .input_shape = {3, 2}));
    ck_assert(ant_call(inner, masked)->mask);
    ck_assert(!ant_call(ant_dense(g, 2), x)->mask);
    ck_assert_str_eq(warned, "");
    ck_assert(!ant_call(ant_flatten(g, .name = "flat"), masked)->mask);
    ck_assert_ptr_nonnull(strstr(warned, "'flat' (Flatten) does not use masks"));
    ck_assert_str_eq(ant_error(g), "");
    ant_graph_free(g);
}
END_TEST

START_TEST(a_mask_that_is_said) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_layer *l = ant_lstm(g, 3);
    ant_node *x = ant_input(g, {3, 2});
    ant_node *present = ant_apply("any", ant_apply("not_equal", x, .x2 = 0), .axis = ANT_INTS(2));
    ant_node *said = ant_call(l, x, .mask = present);
    ant_node *found = ant_call(l, ant_call(ant_masking(g), x));
    ant_model *m = ant_model_new(g, ANT_NODES(x), ANT_NODES(said, found, ant_call(l, x)));
    float data[12] = {1, -1, 0, 0, 2, 0.5f, 3, -2, 1, 1, 0, 0};
    batch b = {.x = {data}, .rows = 2};
    run_ok(m, &b);
    for (int i = 0; i < 6; i++)
        ck_assert_float_eq_tol(b.out[0][i], b.out[1][i], 1e-6);
    ck_assert(memcmp(b.out[0], b.out[2], 6 * sizeof(float)) != 0);
    ant_call(l, x, .mask = x);
    ck_assert_ptr_nonnull(strstr(ant_error(g), "is of type float32, must be bool"));
    ant_graph_free(g);
}
END_TEST

/* --- inputs --- */
static ant_node *input_of(ant_graph *g, ant_layer *l) {
    ant_model *m = ant_sequential(g, l, ant_identity(g));
    ck_assert_str_eq(ant_error(g), "");
    return ant_model_input(m, 0);
}

START_TEST(input_layers) {
    ant_graph *g = ant_graph_new(.threads = 1);
    has_shape(input_of(g, ant_input_layer(g, {4, 2})), 3, (const int64_t[]){ANT_ANY, 4, 2});
    has_shape(input_of(g, ant_input_layer(g, {4}, .batch_size = 7)), 2, (const int64_t[]){7, 4});
    has_shape(input_of(g, ant_input_layer(g, {0}, .batch_shape = {ANT_ANY, 5})), 2,
              (const int64_t[]){ANT_ANY, 5});
    has_shape(input_of(g, ant_input_layer(g, {0}, .batch_shape = {3, 5})), 2,
              (const int64_t[]){3, 5});
    has_shape(input_of(g, ant_layer_parse(g, "Input([4, none])")), 3,
              (const int64_t[]){ANT_ANY, 4, ANT_ANY});
    has_shape(input_of(g, ant_input_layer(g, {0})), 1, (const int64_t[]){ANT_ANY});
    ck_assert_int_eq(input_of(g, ant_input_layer(g, {4}, .dtype = "int32"))->dtype, ANT_INT32);
    ant_sequential(g, ant_input_layer(g, {4}, .batch_shape = {ANT_ANY, 4}), ant_identity(g));
    ck_assert_ptr_nonnull(strstr(ant_error(g), "shape and batch_shape are both said"));
    ant_graph_free(g);
}
END_TEST

START_TEST(an_input_layer_names_the_input) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = ant_sequential(g, ant_input_layer(g, {4}, .name = "pixels"), ant_dense(g, 1));
    ck_assert_str_eq(ant_input_name(m, 0), "pixels");
    m = ant_sequential(g, ant_dense(g, 1, .input_shape = {4}));
    ck_assert_str_eq(ant_input_name(m, 0), "input_layer");
    ant_graph_free(g);
}
END_TEST

/* A nested model casts to the types that its inputs have. */
START_TEST(types_at_a_models_door) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *inner =
        ant_sequential(g, ant_input_layer(g, {2}, .dtype = "int32"), ant_identity(g));
    ant_node *x = ant_input(g, {2}), *y = ant_call(inner, x);
    ck_assert_int_eq(y->dtype, ANT_INT32);
    ant_model *m = ant_model_new(g, ANT_NODES(x), ANT_NODES(y));
    const float data[] = {1.75f, -2.5f};
    batch b = {.x = {data}, .rows = 1};
    run_ok(m, &b);
    ck_assert_float_eq(b.out[0][0], 1);
    ck_assert_float_eq(b.out[0][1], -2);
    ant_graph_free(g);
}
END_TEST

/* A model that stands first in a Sequential brings its input. */
START_TEST(a_model_stands_first) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *first = ant_sequential(g, ant_dense(g, 3, .input_shape = {4}));
    ant_model *m = ant_sequential(g, first, ant_dense(g, 2));
    float data[4] = {1, 2, 3, 4};
    batch b = {.x = {data}, .rows = 1};
    run_ok(m, &b);
    ck_assert_str_eq(ant_weight_name(m, 0), "sequential/dense/kernel");
    ant_graph_free(g);
}
END_TEST

ANT_TEST_MAIN("calls", {several_results}, {initial_states}, {masks_travel}, {a_mask_that_is_said},
              {input_layers}, {an_input_layer_names_the_input}, {types_at_a_models_door},
              {a_model_stands_first})
