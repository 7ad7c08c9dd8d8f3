/* Attention on nodes: keywords of its calls, masks that travel, what is refused, what is drawn. */
#include "harness.h"
#include <string.h>

static const float data[2 * 4 * 6] = {
    0.5f, -1,    2,  0.25f, 1,  -0.5f, 0.75f, 1,    -1, 2,  0.5f, -2, 1,  0.125f, -0.25f, 1,
    3,    -1.5f, 1,  2,     -1, 0.5f,  -0.5f, 1.5f, 1,  -1, 0.5f, 2,  -2, 1,      0.25f,  -1,
    0.5f, 1,     -1, 2,     1,  -0.5f, 0.75f, 1,    -1, 2,  0.5f, -2, 1,  0.125f, -0.25f, 1};

static void run_ok(ant_model *m, batch *b) {
    ck_assert_msg(!batch_run(m, b), "%s: %s%s", ant_error(ant__layer_graph(m)), ant_model_error(m),
                  b->error);
}

static void fails_with(ant_graph *g, const char *because) {
    ck_assert_msg(strstr(ant_error(g), because) != NULL, "'%s' instead of '%s'", ant_error(g),
                  because);
    ant_graph_free(g);
}

static bool close_to(const float *a, const float *b, int n) {
    for (int i = 0; i < n; i++)
        if (!(a[i] - b[i] < 1e-5f && b[i] - a[i] < 1e-5f))
            return false;
    return true;
}

/* --- keywords --- */

START_TEST(inputs_by_name) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_node *x = ant_input(g, {4, 6});
    ant_layer *l = ant_multi_head_attention(g, 2, 3, .name = "heads");
    ant_node *v = ant_call(ant_dense(g, 5), x), *k = ant_call(ant_dense(g, 4), x);
    ant_node *by_place = ant_call(l, x, v, k);
    ant_node *by_name = ant_call(l, x, .value = v, .key = k);
    ant_node *mixed = ant_call(l, x, v, .key = k);
    ant_model *m = ant_model_new(g, ANT_NODES(x), ANT_NODES(by_place, by_name, mixed));
    batch b = {.x = {data}, .rows = 2};
    weights_pattern(m);
    run_ok(m, &b);
    ck_assert(!memcmp(b.out[0], b.out[1], sizeof(float) * 48));
    ck_assert(!memcmp(b.out[0], b.out[2], sizeof(float) * 48));
    ant_graph_free(g);
}
END_TEST

START_TEST(scores_are_a_second_result) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_node *x = ant_input(g, {4, 6});
    ant_layer *l = ant_multi_head_attention(g, 2, 3);
    ant_node *y = ant_call(l, x, x, .return_attention_scores = true, .use_causal_mask = true);
    ant_node *scores = ant_output(y, 1);
    int64_t shape[ANT_MAX_AXES];
    ck_assert_int_eq(ant_node_shape(scores, shape), 4);
    ck_assert(shape[0] == ANT_ANY && shape[1] == 2 && shape[2] == 4 && shape[3] == 4);
    ant_model *m = ant_model_new(g, ANT_NODES(x), ANT_NODES(y, scores));
    batch b = {.x = {data}, .rows = 2};
    weights_pattern(m);
    run_ok(m, &b);
    for (int row = 0; row < 16; row++) {
        const float *at = b.out[1] + 4 * row;
        ck_assert_float_eq_tol(at[0] + at[1] + at[2] + at[3], 1, 1e-5);
        for (int later = row % 4 + 1; later < 4; later++)
            ck_assert_float_eq(at[later], 0);
    }
    ant_output(ant_call(l, x, x), 1);
    fails_with(g, "result 1 of 1");
}
END_TEST

/* What a keyword says is a mask like any other. */
START_TEST(masks_agree) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_node *x = ant_input(g, {4, 6}), *causal = ant_input(g, {4, 4}, .dtype = "bool");
    ant_layer *l = ant_multi_head_attention(g, 2, 3);
    ant_node *a = ant_call(l, x, x, .use_causal_mask = true);
    ant_node *b = ant_call(l, x, x, .attention_mask = causal);
    ant_model *m = ant_model_new(g, ANT_NODES(x, causal), ANT_NODES(a, b));
    float mask[2 * 16];
    for (int i = 0; i < 32; i++)
        mask[i] = i / 4 % 4 >= i % 4;
    batch both = {.x = {data, mask}, .rows = 2};
    weights_pattern(m);
    run_ok(m, &both);
    ck_assert(close_to(both.out[0], both.out[1], 48));
    ant_graph_free(g);
}
END_TEST

/* The mask of the value leaves its steps out; the query's goes on. */
START_TEST(masks_travel) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_node *x = ant_input(g, {4, 6}), *v = ant_input(g, {4, 6});
    ant_node *keep = ant_input(g, {4}, .dtype = "bool");
    ant_layer *l = ant_multi_head_attention(g, 2, 3);
    ant_node *query_only = ant_call(l, x, v, .mask = keep);
    ant_node *value_only = ant_call(l, x, v, .mask = {NULL, keep});
    ck_assert(query_only->mask && !value_only->mask);
    ck_assert(ant_call(l, ant_call(ant_masking(g), x), x)->mask);
    ant_model *m = ant_model_new(g, ANT_NODES(x, v, keep), ANT_NODES(value_only));
    const float mask[8] = {1, 1, 0, 1, 1, 1, 0, 1};
    float other[48];
    memcpy(other, data, sizeof other);
    for (int i = 0; i < 6; i++)
        other[2 * 6 + i] = other[24 + 2 * 6 + i] = 100;
    batch a = {.x = {data, data, mask}, .rows = 2}, b = a;
    b.x[1] = other;
    weights_pattern(m);
    run_ok(m, &a);
    run_ok(m, &b);
    ck_assert(close_to(a.out[0], b.out[0], 48));
    ant_graph_free(g);
}
END_TEST

/* A call that leaves out its input's mask is one on a tensor that has none; so is its clone. */
START_TEST(masks_are_left_out) {
    ant_graph *g = ant_graph_new(.threads = 1), *other = ant_graph_new(.threads = 1);
    ant_node *x = ant_input(g, {4, 6}), *y = ant_call(ant_masking(g, 0.25), x);
    ant_node *bare = ant_call(ant_layer_parse(g, "Operation(multiply, x2=1)"), y);
    ant_layer *l = ant_multi_head_attention(g, 2, 3);
    ant_node *none = ant_unmasked(), *plain = ant_call(l, bare, bare), *masked = ant_call(l, y, y);
    ant_node *off = ant_call(l, y, y, .mask = {none, none}),
             *half = ant_call(l, y, y, .mask = none);
    ck_assert(masked->mask && !off->mask && !half->mask);
    ant_model *m = ant_model_new(g, ANT_NODES(x), ANT_NODES(plain, off, masked, half));
    float given[48];
    memcpy(given, data, sizeof given);
    for (int i = 0; i < 6; i++)
        given[2 * 6 + i] = 0.25F;
    batch a = {.x = {given}, .rows = 2}, b = a;
    weights_pattern(m);
    run_ok(m, &a);
    ck_assert(close_to(a.out[0], a.out[1], 48));
    ck_assert(!close_to(a.out[0], a.out[2], 48));
    ck_assert(!close_to(a.out[1], a.out[3], 48) && !close_to(a.out[2], a.out[3], 48));
    ant_model *copy = ant_clone(m, other, true);
    run_ok(copy, &b);
    for (int k = 0; k < 4; k++)
        ck_assert(close_to(a.out[k], b.out[k], 48));
    ck_assert(ant__node_dead(ant_call(l, x, x, .mask = {NULL, NULL, none})));
    ant_graph_free(g);
    ant_graph_free(other);
}
END_TEST

START_TEST(clones_keep_keywords) {
    ant_graph *g = ant_graph_new(.threads = 1), *other = ant_graph_new(.threads = 1);
    ant_node *x = ant_input(g, {4, 6}), *keep = ant_input(g, {4}, .dtype = "bool");
    ant_node *free = ant_input(g, {4, 4}, .dtype = "bool");
    ant_node *y =
        ant_call(ant_multi_head_attention(g, 2, 3), x, x, .mask = {keep, keep},
                 .attention_mask = free, .use_causal_mask = true, .return_attention_scores = true);
    ant_model *m = ant_model_new(g, ANT_NODES(x, keep, free), ANT_NODES(y, ant_output(y, 1)));
    float some[32];
    for (int i = 0; i < 32; i++)
        some[i] = i % 3 != 1;
    batch a = {.x = {data, some, some}, .rows = 2}, b = a;
    weights_pattern(m);
    run_ok(m, &a);
    ant_model *copy = ant_clone(m, other, true);
    run_ok(copy, &b);
    ck_assert(!memcmp(a.out[0], b.out[0], sizeof(float) * 48));
    ck_assert(!memcmp(a.out[1], b.out[1], sizeof(float) * 64));
    ant_graph_free(g);
    ant_graph_free(other);
}
END_TEST

/* --- what is inside --- */

START_TEST(inner_layers_have_keras_names) {
    static const char *const names[] = {"heads/query/kernel",
                                        "heads/query/bias",
                                        "heads/key/kernel",
                                        "heads/key/bias",
                                        "heads/gate/kernel",
                                        "heads/gate/bias",
                                        "heads/value/kernel",
                                        "heads/value/bias",
                                        "heads/attention_output/kernel",
                                        "heads/attention_output/bias"};
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_node *x = ant_input(g, {4, 6});
    ant_layer *l = ant_multi_head_attention(g, 2, 3, .use_gate = true, .name = "heads",
                                            .activity_regularizer = "l2");
    ant_model *m = ant_model_new(g, ANT_NODES(x), ANT_NODES(ant_call(l, x, x)));
    ck_assert_int_eq(ant_weight_count(m), 10);
    for (int k = 0; k < 10; k++)
        ck_assert_str_eq(ant_weight_name(m, k), names[k]);
    ck_assert_ptr_nonnull(ant_weight_named(m, "heads/query/kernel").data);
    batch b = {.x = {data}, .rows = 2};
    run_ok(m, &b);
    ck_assert(b.loss > 0);
    ant_graph_free(g);
}
END_TEST

/* Dropout draws in training, the same numbers for the same seed; rates of 0 draw none. */
START_TEST(dropout_of_weights) {
    float first[48];
    for (int round = 0; round < 2; round++) {
        ant_graph *g = ant_graph_new(.threads = 1);
        ant_node *x = ant_input(g, {4, 6});
        ant_node *y = ant_call(ant_multi_head_attention(g, 2, 3, .dropout = 0.5, .seed = 7), x, x);
        ant_model *m = ant_model_new(g, ANT_NODES(x), ANT_NODES(y));
        batch calm = {.x = {data}, .rows = 2}, wild = {.x = {data}, .rows = 2, .training = true};
        weights_pattern(m);
        run_ok(m, &calm);
        run_ok(m, &wild);
        ck_assert(!close_to(calm.out[0], wild.out[0], 48));
        if (round)
            ck_assert(!memcmp(first, wild.out[0], sizeof first));
        memcpy(first, wild.out[0], sizeof first);
        ant_graph_free(g);
    }
}
END_TEST

/* Shapes that come with the data. */
START_TEST(lengths_may_be_unknown) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_node *x = ant_input(g, {ANT_ANY, 6});
    ant_layer *l = ant_multi_head_attention(g, 2, 3, .sliding_window = 2);
    ant_node *y = ant_call(l, x, x, .use_causal_mask = true);
    int64_t shape[ANT_MAX_AXES];
    ck_assert_int_eq(ant_node_shape(y, shape), 3);
    ck_assert(shape[0] == ANT_ANY && shape[1] == ANT_ANY && shape[2] == 6);
    ck_assert_str_eq(ant_error(g), "");
    ant_graph_free(g);
}
END_TEST

/* --- what is refused --- */

enum { NONE, X, FLAT, SHORTER, WIDE, NODES };

/* A call of a layer on nodes by their numbers, and what is said about it. */
static const struct {
    const char *layer;
    int in[3], mask[3], value, key, attention_mask;
    bool causal, scores;
    const char *because;
} calls[] = {
    {"Dense(3)", {X}, .causal = true, .because = "the call of Dense takes no keyword 'use_causal"},
    {"Attention()", {X, X}, .attention_mask = WIDE, .because = "takes no keyword 'attention_mask'"},
    {"MultiHeadAttention(2, 3, name=heads)",
     {X, X},
     .value = X,
     .because = "the call of 'heads' (MultiHeadAttention) has its value twice"},
    {"MultiHeadAttention(2, 3)", {X}, .key = X, .because = "has a key but no value"},
    {"MultiHeadAttention(2, 3)", {X}, .because = "takes 2 to 3 inputs, got 1"},
    {"MultiHeadAttention(2, 3)", {FLAT, FLAT}, .because = "of 3 to 7 axes, got (None, 6)"},
    {"MultiHeadAttention(2, 3)",
     {X, X, SHORTER},
     .because = "query (None, 4, 6), value (None, 4, 6) and key (None, 3, 6) do not fit"},
    {"MultiHeadAttention(2, 3)",
     {X, X},
     .attention_mask = WIDE,
     .because = "the attention_mask (None, 4, 5) does not fit the scores"},
    {"MultiHeadAttention(2, 3)",
     {X, X},
     .mask = {NONE, NONE, WIDE},
     .because = "has a mask for input 2, but 2 inputs"},
    {"MultiHeadAttention(2, 3)",
     {X, X},
     .mask = {WIDE},
     .because = "the mask (None, 4, 5) does not fit the query (None, 4, 6)"},
    {"MultiHeadAttention(2, 3, attention_axes=2)", {X, X}, .because = "has 2, must be from 1 to 1"},
    {"GroupQueryAttention(3, 4, 3)", {X, X}, .because = "4 query heads cannot share 3 heads"},
    {"MultiHeadAttention(2, 3, dropout=0.5, flash_attention=true)",
     {X, X},
     .because = "flash_attention does not go with dropout"},
    {"MultiHeadAttention(2, 3, flash_attention=true)",
     {X, X},
     .scores = true,
     .because = "flash_attention does not go with return_attention_scores"},
    {"Attention()", {X, FLAT}, .because = "takes a query (batch, …, T, d)"},
    {"EinsumDense('abc,cd->abe', output_shape=[4, 2])", {X}, .because = "must be like 'ab,bc->ac'"},
    {"EinsumDense('abc,cd->abd', output_shape=2)", {X}, .because = "'abc,cd->abd' needs 2"},
    {"EinsumDense('abc,cd->abd', output_shape=[5, 2])",
     {X},
     .because = "its output_shape has 5 for 'b', the input 4"},
    {"EinsumDense('abc,cd->abd', output_shape=[4, 2], bias_axes=c)",
     {X},
     .because = "its bias_axes are 'c': the output has no 'c'"},
};

START_TEST(refused) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_node *node[NODES] = {NULL, ant_input(g, {4, 6}), ant_input(g, {6}), ant_input(g, {3, 6}),
                             ant_input(g, {4, 5}, .dtype = "bool")};
    ant_call_options o = {.layer = ant_layer_parse(g, calls[_i].layer),
                          .training = ANT_NONE,
                          .value = node[calls[_i].value],
                          .key = node[calls[_i].key],
                          .attention_mask = node[calls[_i].attention_mask],
                          .use_causal_mask = calls[_i].causal,
                          .return_attention_scores = calls[_i].scores};
    for (int k = 0; k < 3; k++) {
        o.in[k] = node[calls[_i].in[k]];
        o.mask[k] = node[calls[_i].mask[k]];
    }
    ck_assert_str_eq(ant_error(g), "");
    ant_call_(&o, offsetof(ant_call_options, ant_end), __FILE__, __LINE__);
    fails_with(g, calls[_i].because);
}
END_TEST

START_TEST(an_equation_keeps_its_sizes) {
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_node *x = ant_input(g, {4, 6});
    ant_layer *l = ant_einsum_dense(g, "abc,cd->abd", .output_shape = {ANT_ANY, 2});
    ant_call(l, x);
    ant_call(l, ant_call(ant_dense(g, 5), x));
    fails_with(g, "was built for (None, 4, 6), got (None, 4, 5)");
}
END_TEST

ANT_TEST_MAIN("attention", {inputs_by_name}, {scores_are_a_second_result}, {masks_agree},
              {masks_travel}, {masks_are_left_out}, {clones_keep_keywords},
              {inner_layers_have_keras_names}, {dropout_of_weights}, {lengths_may_be_unknown},
              {an_equation_keeps_its_sizes}, ANT_LOOP(refused, (int)(sizeof calls / sizeof *calls)))
