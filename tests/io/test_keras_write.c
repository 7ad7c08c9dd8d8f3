/* .keras and .weights.h5 files out: what is in them comes back, whole or not at all. That real
 * Keras reads them is shown by tests/golden/keras_configs.py and tests/fuzz_models/write.py. */
#include "antler/antler.h"
#include "hostile.h"
#include "io/keras/keras.h"
#include "io/zip.h"
#include "support.h"
#include "train/train.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { ROWS = 12, STEPS = 3, FEATURES = 2 };
static float x[ROWS * STEPS * FEATURES], y[ROWS];

static void make_data(void) {
    for (int i = 0; i < ROWS * STEPS * FEATURES; i++)
        x[i] = (float)(i * 7 % 11) / 11 - 0.4f;
    for (int i = 0; i < ROWS; i++)
        y[i] = (float)(i % 3) / 3;
}

static ant_model *build(ant_graph *g, const char *optimizer) {
    ant_model *m = ant_sequential(g, ant_input_layer(g, {STEPS, FEATURES}), ant_normalization(g),
                                  ant_bidirectional(g, ant_gru(g, 2, .return_sequences = true)),
                                  ant_rnn(g, {ant_lstm_cell(g, 2), ant_simple_rnn_cell(g, 3)}),
                                  ant_batch_normalization(g), ant_dense(g, 1));
    ck_assert_msg(!ant_compile(m, .optimizer = optimizer, .loss = {"mse"}), "%s%s", ant_error(g),
                  ant_model_error(m));
    return m;
}

static void fit(ant_model *m, int epochs) {
    ck_assert_msg(!ant_fit(m, ant_array(x, ROWS, STEPS, FEATURES), {ant_array(y, ROWS, 1)},
                           .epochs = epochs, .batch_size = 5),
                  "%s", ant_model_error(m));
}

static void expect_same(ant_model *a, ant_model *b) {
    ck_assert_int_eq(ant_weight_count(a), ant_weight_count(b));
    for (int k = 0; k < ant_weight_count(a); k++) {
        ant_array p = ant_weight_at(a, k), q = ant_weight_at(b, k);
        size_t n = sizeof(float);
        for (int i = 0; i < p.axes; i++)
            n *= (size_t)p.shape[i];
        ck_assert_msg(!memcmp(p.data, q.data, n), "%s differs", ant_weight_name(a, k));
    }
}

static void expect_same_state(ant_model *a, ant_model *b) {
    int n = ant__train_variables(a);
    ant_progress_state s, t;
    ck_assert_int_eq(n, ant__train_variables(b));
    for (int k = 0; k < n; k++) {
        const ant_variable *p = ant__train_variable(a, k), *q = ant__train_variable(b, k);
        size_t size = sizeof(float) * (size_t)ant__dims_count(&p->dims);
        ck_assert_msg(!memcmp(p->data, q->data, size), "%s differs", p->name);
    }
    ck_assert(ant__train_state_get(a, &s) && ant__train_state_get(b, &t));
    ck_assert_int_eq(s.calls, t.calls);
    ck_assert_float_eq((float)s.learning_rate, (float)t.learning_rate);
    ck_assert_float_eq((float)s.memory, (float)t.memory);
}

static const char *const optimizers[] = {"SGD(momentum=0.9)",
                                         "RMSprop(momentum=0.5, centered=true)",
                                         "rmsprop",
                                         "adam",
                                         "Adam(amsgrad=true, use_ema=true)",
                                         "AdamW(gradient_accumulation_steps=2)",
                                         "adamax",
                                         "nadam",
                                         "adagrad",
                                         "adadelta",
                                         "ftrl",
                                         "lion",
                                         "lamb",
                                         "Adam(ExponentialDecay(0.01, 3, 0.5))"};

/* Weights and the optimizer's state, to the last bit. */
START_TEST(numbers_come_back) {
    scratch_begin();
    make_data();
    const char *path = scratch_path("m.keras");
    ant_graph *g = ant_graph_new(.seed = 3), *h = ant_graph_new(.seed = 4);
    ant_model *m = build(g, optimizers[_i]), *other = build(h, optimizers[_i]);
    fit(m, 2);
    ck_assert_msg(!ant_save(m, path), "%s", ant_model_error(m));
    ck_assert_msg(!ant__state_read(&h->context, other, path, ANT__WEIGHTS_AND_OPTIMIZER, false),
                  "%s", ant_error(h));
    expect_same(m, other);
    expect_same_state(m, other);
    ant_graph_free(g);
    ant_graph_free(h);
    scratch_end();
}
END_TEST

static int warnings;

static void count_warning(void *data, const char *text) {
    (void)data, (void)text;
    warnings++;
}

START_TEST(weights_alone) {
    scratch_begin();
    make_data();
    const char *path = scratch_path("m.weights.h5");
    ant_graph *g = ant_graph_new(.seed = 3), *h = ant_graph_new(.seed = 4, .warn = count_warning);
    ant_model *m = build(g, "adam"), *other = build(h, "sgd");
    ck_assert_msg(!ant_save_weights(m, path), "%s", ant_model_error(m));
    ck_assert_msg(!ant_load_weights(other, path), "%s", ant_model_error(other));
    expect_same(m, other);
    /* Another model: told by layer and weight, and nothing changes; or what fits is taken. */
    ant_model *small =
        ant_sequential(h, ant_input_layer(h, {STEPS, FEATURES}), ant_dense(h, 4), ant_prelu(h));
    ck_assert_int_eq(ant_load_weights(small, path), ANT_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(ant_model_error(small), "kernel of 'layers/dense' (dense)"));
    warnings = 0;
    ck_assert(!ant_load_weights(small, path, .skip_mismatch = true));
    ck_assert_int_eq(warnings, 3);
    ant_graph_free(g);
    ant_graph_free(h);
    scratch_end();
}
END_TEST

/* What LoRA learnt is in the kernel then, and B is zeros again. */
static const char *const adapted[] = {
    "Dense(3, lora_rank=2)", "Conv1D(3, 2, lora_rank=2, lora_alpha=3)",
    "EinsumDense('abc,cd->abd', output_shape=[none, 4], bias_axes=d, lora_rank=1)"};

START_TEST(lora_is_merged) {
    float before[ROWS] = {0}, after[ROWS] = {0};
    scratch_begin();
    make_data();
    const char *path = scratch_path("m.weights.h5");
    ant_graph *g = ant_graph_new(.seed = 3);
    ant_model *m =
        ant_sequential(g, ant_input_layer(g, {STEPS, FEATURES}), ant_layer_parse(g, adapted[_i]),
                       ant_global_average_pooling1d(g), ant_dense(g, 1));
    ck_assert(!ant_compile(m, .optimizer = "SGD(0.5)", .loss = {"mse"}));
    fit(m, 2);
    ck_assert(!ant_predict(m, ant_array(x, ROWS, STEPS, FEATURES), ant_array(before, ROWS, 1)));
    ant_array b = ant_weight_at(m, 3);
    ck_assert_str_eq(strrchr(ant_weight_name(m, 3), '/'), "/lora_kernel_b");
    ck_assert(*(const float *)b.data != 0);
    ck_assert_msg(!ant_save_weights(m, path), "%s", ant_model_error(m));
    ck_assert_msg(!ant_load_weights(m, path), "%s", ant_model_error(m));
    ck_assert(*(const float *)ant_weight_at(m, 3).data == 0);
    ck_assert(!ant_predict(m, ant_array(x, ROWS, STEPS, FEATURES), ant_array(after, ROWS, 1)));
    for (int k = 0; k < ROWS; k++)
        ck_assert_float_eq_tol(after[k], before[k], 1e-6f);
    ant_graph_free(g);
    scratch_end();
}
END_TEST

/* A state of another optimizer is left alone, with a warning. */
START_TEST(other_states) {
    scratch_begin();
    make_data();
    const char *path = scratch_path("m.keras");
    ant_graph *g = ant_graph_new(.seed = 3), *h = ant_graph_new(.seed = 4, .warn = count_warning);
    ant_model *m = build(g, "adam"), *other = build(h, "SGD(momentum=0.5)");
    fit(m, 1);
    ck_assert(!ant_save(m, path));
    warnings = 0;
    ck_assert(!ant__state_read(&h->context, other, path, ANT__WEIGHTS_AND_OPTIMIZER, false));
    ck_assert_int_eq(warnings, 1);
    ck_assert_int_eq(ant_iterations(other), 0);
    ant_graph_free(g);
    ant_graph_free(h);
    scratch_end();
}
END_TEST

START_TEST(what_keras_cannot_say) {
    ant_graph *g = ant_graph_new(.seed = 3);
    ant_layer *l = ant_dense(g, 2, .name = "both");
    ant_node *in = ant_input(g, {2}, .name = "in");
    ant_model *inner = ant_model_new(g, ANT_NODES(in), ANT_NODES(ant_call(l, in)));
    ant_node *a = ant_input(g, {2}, .name = "a");
    ant_model *shared = ant_model_new(g, ANT_NODES(a), ANT_NODES(ant_call(l, ant_call(inner, a))));
    ck_assert_int_eq(ant_save(shared, "/nowhere/m.keras"), ANT_E_GRAPH);
    ck_assert_ptr_nonnull(
        strstr(ant_model_error(shared), "'both' (Dense) is shared by two models"));
    ant_model *slash = ant_sequential(g, ant_dense(g, 2, .name = "a/b", .input_shape = {2}));
    ck_assert_int_eq(ant_save(slash, "/nowhere/m.keras"), ANT_E_OPTION);
    ck_assert_ptr_nonnull(strstr(ant_model_error(slash), "'a/b': Keras takes no '/'"));
    ant_model *uncounted = ant_sequential(
        g, ant_simple_rnn(g, 2, .activity_regularizer = "l2", .input_shape = {3, 2}));
    ck_assert_int_eq(ant_save(uncounted, "/nowhere/m.keras"), ANT_E_OPTION);
    ck_assert_ptr_nonnull(strstr(ant_model_error(uncounted),
                                 "SimpleRNN with activity_regularizer cannot be written"));
    ant_graph_free(g);
}
END_TEST

static char warned[1024];

static void keep_warning(void *data, const char *text) {
    (void)data;
    snprintf(warned, sizeof warned, "%s", text);
}

/* What is left of masks in Keras behind attention: none for a second one on the same tensor, and
 * none of it in a sum with another; the one of its result for what comes after it. A file that was
 * read says so in its calls. */
static const char *const lost[] = {
    "'multi_head_attention' (MultiHeadAttention): Keras runs it with other masks",
    "'sum' (Add): Keras runs it with other masks", ""};

START_TEST(masks_that_keras_loses) {
    ant_graph *g = ant_graph_new(.warn = keep_warning);
    ant_node *in = ant_input(g, {4}, .dtype = "int32");
    ant_node *e = ant_call(ant_embedding(g, 9, 3, .mask_zero = true), in);
    ant_node *a = ant_call(ant_multi_head_attention(g, 2, 3), e, e);
    ant_node *sum = ant_call(ant_layer_parse(g, "Add(name=sum)"), e, a);
    ant_node *from = _i == 0 ? e : _i == 1 ? sum : a;
    ant_node *b = ant_call(ant_multi_head_attention(g, 2, 3, .name = "second"), from, from);
    ant_model *m = ant_model_new(g, ANT_NODES(in), ANT_NODES(a, b));
    scratch_begin();
    const char *path = scratch_path("m.keras");
    for (int rounds = 0; rounds < 3; rounds++) {
        *warned = 0;
        ck_assert_msg(!ant_save(m, path), "%s", ant_model_error(m));
        const char *said = rounds ? "" : lost[_i];
        ck_assert_msg(strstr(warned, said) && !*said == !*warned, "'%s'", warned);
        *warned = 0;
        m = ant_load(g, path);
        ck_assert_str_eq(ant_error(g), "");
        ck_assert_str_eq(warned, "");
    }
    scratch_end();
    ant_graph_free(g);
}
END_TEST

/* Real Keras 3.15.1 reads these, and computes the same. */
static const struct {
    const char *op, *written;
    bool two; /* values of shape (4, 3), else one */
} operations[] = {
    {"Operation(add)",
     "\"module\": \"keras.src.ops.numpy\", \"class_name\": \"Add\", \"config\": "
     "{\"name\": ",
     true},
    {"Operation(concatenate)", "\"class_name\": \"Concatenate\", \"config\": {\"axis\": -1, ",
     true},
    {"Operation(stack, axis=[1])", "\"class_name\": \"Stack\", \"config\": {\"axis\": 1, ", true},
    {"Operation(get_item, key=\"..., 1:, None, -1\", constants=[])",
     "\"keras_history\": [\"a\", 0, 0]}}, [{\"class_name\": \"__ellipsis__\", \"config\": {}}, "
     "{\"class_name\": \"__slice__\", \"config\": {\"start\": 1, \"stop\": null, \"step\": null}}, "
     "null, -1]], \"kwargs\": {}}]"},
    {"Operation(slice, axis=[-1], start=[1], shape=[2])",
     "{\"class_name\": \"__slice__\", \"config\": {\"start\": 1, \"stop\": 3, \"step\": "
     "null}}]], "},
    {"Operation(slice, start=[0, 1, 0], shape=[2, 2, 1])",
     "\"class_name\": \"Slice\", \"config\": {\"shape\": [2, 2, 1], "},
    {"Operation(split, indices=[1, 3], axis=1)",
     "\"class_name\": \"Split\", \"config\": {\"indices_or_sections\": [1, 3], \"axis\": 1, "},
    {"Operation(split, count=2, axis=1)", "\"config\": {\"indices_or_sections\": 2, \"axis\": 1, "},
    {"Operation(swapaxes, axis=[1, 2])", "\"config\": {\"axis1\": 1, \"axis2\": 2, "},
    {"Operation(tensordot, axis=[1, 2], axis_2=[2, 1])",
     "\"config\": {\"axes\": [[1, 2], [2, 1]], ", true},
    {"Operation(pad, pad_width=[0, 0, 1, 1, 0, 2], value=3)",
     "\"config\": {\"pad_width\": [[0, 0], [1, 1], [0, 2]], "},
    {"Operation(pad, pad_width=[1], value=3)", "\"kwargs\": {}}]"},
    {"Operation(einsum, subscripts=\"bij,bij->b\")",
     "\"class_name\": \"Einsum\", \"config\": {\"subscripts\": \"bij,bij->b\", ", true},
    {"Operation(\"elu(alpha=0.5)\")", "\"class_name\": \"Elu\", \"config\": {\"alpha\": 0.5, "},
    {"Operation(leaky_relu)", "\"config\": {\"negative_slope\": 0.2, "},
    {"Operation(\"softmax(axis=1)\")", "\"class_name\": \"Softmax\", \"config\": {\"axis\": 1, "},
    {"Operation(multiply, x2=2)", "\"keras_history\": [\"a\", 0, 0]}}, 2], "},
    {"Operation(subtract, x1=0.5)", "\"args\": [0.5, {"},
    {"Operation(where, constants=[\"condition=[true]\"])",
     "\"args\": [{\"class_name\": \"__numpy__\", "
     "\"config\": {\"value\": [true], \"dtype\": \"bool\"}}, {",
     true},
    {"Operation(take, constants=[\"indices=int64([0, 2])\"], axis=1)",
     "{\"class_name\": \"__numpy__\", \"config\": {\"value\": [0, 2], \"dtype\": \"int64\"}}]"},
    {"Operation(concatenate, constants=[\"xs[1]=[[[1.5, 2, 3]]]\"], axis=1)",
     "{\"class_name\": \"__numpy__\", \"config\": {\"value\": [[[1.5, 2, 3]]], \"dtype\": "
     "\"float32\"}}]]"},
    {"Operation(layer_normalization)", "\"keras_history\": [\"a\", 0, 0]}}, null, null], "},
    {"Operation(norm, order=inf, axis=[1])", "\"config\": {\"axis\": 1, \"ord\": Infinity, "},
    {"Operation(moments)", "\"class_name\": \"Moments\", \"config\": {\"axes\": [0, 1, 2], "},
    {"Operation(max, axis=[1], value=3)",
     "\"class_name\": \"Max\", \"config\": {\"axis\": 1, \"initial\": 3, "},
    {"Operation(maximum)",
     "\"args\": [{\"class_name\": \"__keras_tensor__\", \"config\": {\"shape\": "
     "[null, 4, 3], \"dtype\": \"float32\", \"keras_history\": [\"a\", 0, "
     "0]}}, {\"class_name\"",
     true},
};

START_TEST(operations_as_recorded) {
    ant_graph *g = ant_graph_new(.seed = 3);
    ant_node *a = ant_input(g, {4, 3}, .name = "a"), *b = ant_input(g, {4, 3}, .name = "b");
    ant_layer *l = ant_layer_parse(g, operations[_i].op);
    ant_call_options o = {
        .training = ANT_NONE, .layer = l, .in = {a, operations[_i].two ? b : NULL}, .name = "op"};
    ant_node *out = ant_call_(&o, offsetof(ant_call_options, ant_end), __FILE__, __LINE__);
    ant_model *m = ant_model_new(g, ANT_NODES(a, b), ANT_NODES(out));
    ck_assert_msg(!ant_status(g), "%s", ant_error(g));
    ant_tree *t = ant__keras_config_write(&g->context, m);
    ant_buffer text = {0};
    ck_assert_msg(t != NULL, "%s", ant_error(g));
    ck_assert(!ant__json_put(&text, t));
    ck_assert_msg(strstr(text.at, operations[_i].written) != NULL, "%s", text.at);
    ant__buffer_free(&text);
    ant_graph_free(g);
}
END_TEST

/* Every write fails in turn: the file that was there stays as it was. */
START_TEST(writes_may_fail) {
    scratch_begin();
    const char *path = scratch_path("m.keras");
    ant_graph *g = ant_graph_new(.seed = 1);
    ant_model *m = ant_sequential(g, ant_dense(g, 2, .input_shape = {3}));
    struct rlimit all, some;
    size_t n, k;
    ck_assert(!ant_save(m, path));
    char *before = scratch_read(path, &n);
    ck_assert(!getrlimit(RLIMIT_FSIZE, &all));
    signal(SIGXFSZ, SIG_IGN);
    for (size_t size = 0; size < n; size += 37) {
        some = (struct rlimit){.rlim_cur = size, .rlim_max = all.rlim_max};
        ck_assert(!setrlimit(RLIMIT_FSIZE, &some));
        int code = ant_save(m, path);
        ck_assert(!setrlimit(RLIMIT_FSIZE, &all));
        ck_assert_int_eq(code, ANT_E_FILE);
        char *after = scratch_read(path, &k);
        ck_assert(k == n && !memcmp(before, after, n));
        free(after);
    }
    ck_assert_int_eq(scratch_count(), 1);
    free(before);
    ant_graph_free(g);
    scratch_end();
}
END_TEST

static int save_and_read(void *path) {
    ant_graph *g = ant_graph_new(.seed = 1, .threads = 1);
    if (!g)
        return ANT_E_MEMORY;
    ant_model *m = ant_sequential(g, ant_gru(g, 2, .input_shape = {3, 1}), ant_dense(g, 1));
    int code = ant_status(g);
    if (!code)
        code = ant_compile(m, .optimizer = "adam", .loss = {"mse"}, .metrics = {"mae"});
    if (!code)
        code = ant_save(m, path);
    if (!code)
        code = ant__state_read(&g->context, m, path, ANT__WEIGHTS_AND_OPTIMIZER, false);
    ant_graph_free(g);
    return code;
}

START_TEST(memory_may_fail) {
    scratch_begin();
    memory_fail_each(save_and_read, (void *)(uintptr_t)scratch_path("m.keras"));
    scratch_end();
}
END_TEST

ANT_TEST_MAIN("keras write", ANT_LOOP(numbers_come_back, sizeof optimizers / sizeof *optimizers),
              ANT_LOOP(operations_as_recorded, sizeof operations / sizeof *operations),
              {weights_alone}, ANT_LOOP(lora_is_merged, sizeof adapted / sizeof *adapted),
              {other_states}, {what_keras_cannot_say}, {writes_may_fail},
              ANT_LOOP(masks_that_keras_loses, 3), {memory_may_fail})
