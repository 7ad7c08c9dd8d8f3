/* Small models trained 20 steps against real Keras: predictions, the loss of every step, evaluation
 * and predictions afterwards, for every optimizer. */
#include "antler/antler.h"
#include "core/convert.h"
#include "golden.h"
#include "graph/graph.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 20, MOST = 4 };

/* --- the models of tests/golden/cases/training.py --- */
static ant_model *mlp(ant_graph *g) {
    return ant_sequential(g, ant_dense(g, 8, "relu", .input_shape = {4}),
                          ant_dense(g, 3, "softmax"));
}

static ant_model *penalties(ant_graph *g) {
    return ant_sequential(
        g,
        ant_dense(g, 6, "tanh", .kernel_regularizer = ant_l2(g, 0.05),
                  .bias_regularizer = ant_l1(g, 0.02), .kernel_constraint = ant_max_norm(g, 0.8),
                  .input_shape = {4}),
        ant_dense(g, 4, "relu", .activity_regularizer = ant_l1(g, 0.01), .trainable = false),
        ant_dense(g, 1, .kernel_constraint = "NonNeg"));
}

static ant_model *twin(ant_graph *g) {
    ant_node *a = ant_input(g, {5}, .name = "left"), *b = ant_input(g, {5}, .name = "right");
    ant_layer *tower = ant_dense(g, 6, "relu", .name = "tower");
    ant_node *joined = ant_call(ant_concatenate(g), ant_call(tower, a), ant_call(tower, b));
    ant_node *h = ant_call(ant_dense(g, 5, "tanh", .name = "trunk"), joined);
    ant_node *same = ant_call(ant_dense(g, 1, "sigmoid", .name = "same"), h);
    ant_node *kind = ant_call(ant_dense(g, 3, "softmax", .name = "kind"), h);
    return ant_model_new(g, ANT_NODES(a, b), ANT_NODES(same, kind));
}

static ant_model *stack(ant_graph *g) {
    return ant_sequential(g, ant_embedding(g, 9, 4, .mask_zero = true, .input_shape = {6}),
                          ant_lstm(g, 5, "relu", .return_sequences = true), ant_gru(g, 4),
                          ant_dense(g, 1));
}

static ant_model *image(ant_graph *g) {
    return ant_sequential(
        g, ant_conv2d(g, 4, 3, .padding = "same", .use_bias = false, .input_shape = {6, 6, 2}),
        ant_batch_normalization(g, .momentum = 0.8), ant_activation(g, "relu"),
        ant_max_pooling2d(g, 2), ant_conv2d(g, 3, 2, .activation = "relu"),
        ant_global_average_pooling2d(g), ant_layer_normalization(g), ant_dense(g, 3, "softmax"));
}

static const struct {
    const char *name;
    ant_model *(*build)(ant_graph *g);
} models[] = {
    {"mlp", mlp}, {"penalties", penalties}, {"twin", twin}, {"stack", stack}, {"image", image}};
enum { MODELS = sizeof models / sizeof *models };

/* --- one case --- */
typedef struct bench {
    const golden_case *golden;
    ant_graph *graph;
    ant_model *model;
    ant_array x[MOST], y[MOST], weight;
} bench;

static ant_array guarded(const golden_entry *e) {
    return golden_guarded(e, e->dtype);
}

static void take_arrays(bench *b) {
    for (int k = 0; k < golden_count(b->golden, "in"); k++)
        b->x[k] = guarded(golden_get(b->golden, "in", k));
    for (int k = 0; k < golden_count(b->golden, "target"); k++)
        b->y[k] = guarded(golden_get(b->golden, "target", k));
    if (golden_get(b->golden, "sample_weight", 0))
        b->weight = guarded(golden_get(b->golden, "sample_weight", 0));
}

static void well(bench *b, int code) {
    ck_assert_msg(!ant_status(b->graph), "%s: %s", b->golden->name, ant_error(b->graph));
    ck_assert_msg(code == 0, "%s: %s", b->golden->name, ant_model_error(b->model));
}

static void set_weights(bench *b) {
    well(b, ant__settle(b->model));
    ck_assert_int_eq(ant_weight_count(b->model), golden_count(b->golden, "weight"));
    for (int k = 0; k < ant_weight_count(b->model); k++) {
        const golden_entry *e = golden_get(b->golden, "weight", k);
        ant_array w = ant_weight_at(b->model, k);
        for (int64_t i = 0; i < e->count; i++)
            ant__real_put(w.data, w.dtype, i, e->at[i]);
    }
}

static void compile(bench *b) {
    ant_compile_options o = {ANT_COMPILE_DEFAULTS, .model = b->model};
    o.optimizer = golden_word(b->golden, "optimizer", "");
    for (int k = 0; k < golden_count(b->golden, "loss"); k++)
        o.loss[k] = golden_get(b->golden, "loss", k)->text;
    for (int k = 0; k < golden_count(b->golden, "metrics"); k++)
        o.metrics[k][0] = golden_get(b->golden, "metrics", k)->text;
    const golden_entry *e = golden_get(b->golden, "loss_weights", 0);
    for (int64_t k = 0; e && k < e->count; k++)
        o.loss_weights[k] = e->at[k];
    well(b, ant_compile_(&o, offsetof(ant_compile_options, ant_end), __FILE__, __LINE__));
}

/* The outputs one after the other, as the file has them. */
static bool predicts(bench *b, const char *key, double rtol) {
    const golden_entry *want = golden_get(b->golden, key, 0);
    float *got = calloc((size_t)want->count, sizeof *got), *at = got;
    ant_predict_options o = {ANT_PREDICT_DEFAULTS, .model = b->model};
    memcpy(o.x, b->x, sizeof b->x);
    for (int k = 0; k < ant_model_outputs(b->model); k++) {
        int64_t d[ANT_MAX_AXES];
        ant_node_shape(ant_model_output(b->model, k), d);
        o.out[k] = ant_array(at, b->x[0].shape[0], d[1]);
        at += b->x[0].shape[0] * d[1];
    }
    well(b, ant_predict_(&o, offsetof(ant_predict_options, ant_end)));
    bool good = golden_close_to(b->golden->name, want, got, rtol);
    free(got);
    return good;
}

static ant_batch_options batch(const bench *b) {
    ant_batch_options o = {.model = b->model};
    memcpy(o.x, b->x, sizeof b->x);
    memcpy(o.y, b->y, sizeof b->y);
    o.sample_weight[0] = b->weight;
    return o;
}

static bool trains(bench *b) {
    float losses[STEPS];
    ant_batch_options o = batch(b);
    for (int k = 0; k < STEPS; k++) {
        well(b, ant_train_on_batch_(&o, offsetof(ant_batch_options, ant_end)));
        losses[k] = (float)ant_log(ant_results(b->model), "loss");
    }
    return golden_close_to(b->golden->name, golden_get(b->golden, "losses", 0), losses, 2e-5);
}

static bool evaluates(bench *b) {
    ant_evaluate_options o = {ANT_EVALUATE_DEFAULTS, .model = b->model, .batch_size = 5};
    bool good = true;
    memcpy(o.x, b->x, sizeof b->x);
    memcpy(o.y, b->y, sizeof b->y);
    o.sample_weight[0] = b->weight;
    well(b, ant_evaluate_(&o, offsetof(ant_evaluate_options, ant_end)));
    const ant_logs *logs = ant_results(b->model);
    ck_assert_int_eq(ant_log_count(logs), golden_count(b->golden, "evaluate"));
    for (int k = 0; k < golden_count(b->golden, "evaluate"); k++) {
        const golden_entry *e = golden_get(b->golden, "evaluate", k);
        float got = (float)ant_log(logs, e->text);
        good &= golden_close_to(e->text, e, &got, 5e-5);
    }
    return good;
}

static bool check(const golden_case *golden, ant_model *(*build)(ant_graph *g), const char *dtype) {
    bench b = {.golden = golden, .graph = ant_graph_new(.threads = 1, .dtype = dtype)};
    b.model = build(b.graph);
    take_arrays(&b);
    set_weights(&b);
    compile(&b);
    bool good = predicts(&b, "predict", 1e-5);
    good &= trains(&b);
    good &= evaluates(&b);
    good &= predicts(&b, "after", 5e-5);
    for (int k = 0; k < MOST; k++) {
        golden_guarded_free(&b.x[k]);
        golden_guarded_free(&b.y[k]);
    }
    golden_guarded_free(&b.weight);
    ant_graph_free(b.graph);
    return good;
}

START_TEST(training) {
    golden_file f = golden_open("training");
    golden_case g = {0};
    size_t name = strlen(models[_i].name);
    int seen = 0, bad = 0;
    while (golden_next(&f, &g)) {
        if (strncmp(g.name, models[_i].name, name) != 0)
            continue;
        bad += !check(&g, models[_i].build, "float32");
        bad += !check(&g, models[_i].build, "float64");
        seen++;
    }
    golden_close(&f);
    ck_assert_int_gt(seen, 0);
    ck_assert_int_eq(bad, 0);
}
END_TEST

ANT_TEST_MAIN("golden training", ANT_LOOP(training, MODELS))
