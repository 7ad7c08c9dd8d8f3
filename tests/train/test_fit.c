/* fit, evaluate and single batches: numbers of real Keras, splits, weights, resuming, errors. */
#include "trainer.h"

enum { ROWS = 8 };
static float X[ROWS][3], Y[ROWS];
static int labels[ROWS];

static void data(void) {
    ramp(&X[0][0], ROWS * 3, 0.3);
    ramp(Y, ROWS, 0.2);
    for (int i = 0; i < ROWS; i++)
        labels[i] = i % 3;
}

#define XS ant_array(&X[0][0], ROWS, 3)
#define YS ant_array(Y, ROWS, 1)
#define LABELS ant_array(labels, ROWS)

/* keras-surface A.7: losses of three epochs in batches of 4. */
START_TEST(sgd_as_keras) {
    data();
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = mlp(g, 1, NULL);
    went_well(m, ant_compile(m, ant_sgd(g, 0.1), "mse"));
    went_well(m, ant_fit(m, XS, YS, .batch_size = 4, .epochs = 3, .shuffle = false));
    const ant_history *h = ant_history_of(m);
    ck_assert_int_eq(ant_history_epochs(h), 3);
    ck_assert(near(ant_history_value(h, 0, "loss"), 0.276555, 1e-5));
    ck_assert(near(ant_history_value(h, 1, "loss"), 0.2718273, 1e-5));
    ck_assert(near(ant_history_value(h, 2, "loss"), 0.2695436, 1e-5));
    float p[ROWS];
    went_well(m, ant_predict(m, XS, ant_array(p, ROWS, 1)));
    ck_assert(near((double)p[0], -0.8901246, 1e-4));
    ant_graph_free(g);
}
END_TEST

START_TEST(adam_and_mae_as_keras) {
    data();
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = mlp(g, 1, NULL);
    went_well(m, ant_compile(m, ant_adam(g, 0.01), "mse", .metrics = {"mae"}));
    went_well(m, ant_fit(m, XS, YS, .batch_size = 4, .epochs = 3, .shuffle = false));
    const ant_history *h = ant_history_of(m);
    ck_assert(near(ant_history_value(h, 2, "loss"), 0.2642138, 1e-4));
    ck_assert(near(ant_history_value(h, 0, "mae"), 0.4009603, 1e-4));
    ck_assert(near(ant_history_value(h, 2, "mae"), 0.3924607, 1e-4));
    ant_graph_free(g);
}
END_TEST

/* Sum of the squares of a weight's numbers. */
static double squares(ant_layer *l, const char *name) {
    ant_array w = ant_weight_named(l, name);
    const float *x = w.data;
    double sum = 0;
    int64_t n = 1;
    for (int k = 0; k < w.axes; k++)
        n *= w.shape[k];
    for (int64_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sum;
}

/* LoRA's kernel stays to the bit; A, B and the bias are trained, and only they are penalised. */
START_TEST(lora_trains_beside_its_kernel) {
    static const char *const names[] = {"kernel", "bias", "lora_kernel_a", "lora_kernel_b"};
    data();
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_layer *l = ant_dense(g, 1, .lora_rank = 2, .lora_alpha = 4, .input_shape = {3},
                             .kernel_regularizer = ant_l2(g, 0.5));
    ant_model *m = ant_sequential(g, l);
    went_well(m, ant_compile(m, ant_sgd(g, 0.1), "mse"));
    ramp_weights(m, 0.1);
    ck_assert_int_eq(ant_parameter_count(m, false), 3 + 1 + 6 + 2);
    ck_assert_int_eq(ant_parameter_count(m, true), 1 + 6 + 2);
    float p[ROWS];
    double before[4], want = 0;
    for (int k = 0; k < 4; k++)
        before[k] = squares(l, names[k]);
    went_well(m, ant_predict(m, XS, ant_array(p, ROWS, 1)));
    for (int i = 0; i < ROWS; i++)
        want += (double)(p[i] - Y[i]) * (double)(p[i] - Y[i]) / ROWS;
    want += 0.5 * (before[2] + before[3]);
    went_well(m, ant_train_on_batch(m, XS, YS));
    ck_assert(near(ant_log(ant_results(m), "loss"), want, 1e-5));
    for (int k = 0; k < 4; k++)
        ck_assert_int_eq(before[k] == squares(l, names[k]), k == 0);
    ant_graph_free(g);
}
END_TEST

START_TEST(class_weight_as_keras) {
    data();
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = mlp(g, 3, "softmax");
    went_well(m, ant_compile(m, ant_sgd(g, 0.1), "sparse_categorical_crossentropy",
                             .metrics = {"accuracy"}, .weighted_metrics = {{"accuracy"}}));
    went_well(m, ant_fit(m, XS, LABELS, .batch_size = 4, .shuffle = false,
                         .class_weight = ANT_FLOATS(1, 2, 0.5)));
    const ant_logs *logs = ant_results(m);
    ck_assert(near(ant_log(logs, "loss"), 1.399813, 1e-5));
    ck_assert(near(ant_log(logs, "accuracy"), 0.25, 1e-6));
    ck_assert(near(ant_log(logs, "weighted_accuracy"), 0.4, 1e-6));
    ck_assert_str_eq(ant_log_name(logs, 0), "accuracy");
    ck_assert_str_eq(ant_log_name(logs, 1), "loss");
    ant_graph_free(g);
}
END_TEST

/* The last rows validate; they are not trained on; val_ numbers are those of evaluate. */
START_TEST(validation_split) {
    data();
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = mlp(g, 1, NULL), *other = ant_clone(m, g, true);
    went_well(m, ant_compile(m, ant_sgd(g, 0.1), "mse"));
    went_well(other, ant_compile(other, ant_sgd(g, 0.1), "mse"));
    went_well(m, ant_fit(m, XS, YS, .batch_size = 4, .shuffle = false, .validation_split = 0.25));
    went_well(other, ant_fit(other, ant_array(&X[0][0], 6, 3), ant_array(Y, 6, 1), .batch_size = 4,
                             .shuffle = false));
    ck_assert(weight_bits(m) == weight_bits(other));
    double val = ant_log(ant_results(m), "val_loss");
    went_well(m, ant_evaluate(m, ant_array(&X[6][0], 2, 3), ant_array(&Y[6], 2, 1)));
    ck_assert(near(ant_log(ant_results(m), "loss"), val, 1e-6));
    ant_graph_free(g);
}
END_TEST

/* Shuffled, with dropout: two fits in a row are one long fit, bit for bit. */
static uint64_t train_in(int parts, int threads) {
    static float x[100][20], y[100];
    ramp(&x[0][0], 2000, 0.1);
    ramp(y, 100, 0.1);
    ant_graph *g = ant_graph_new(.seed = 7, .threads = threads);
    ant_model *m = ant_sequential(g, ant_dense(g, 32, "relu", .input_shape = {20}),
                                  ant_dropout(g, 0.3), ant_dense(g, 1));
    went_well(m, ant_compile(m, "adam", "mse"));
    for (int k = 0; k < parts; k++)
        went_well(m,
                  ant_fit(m, ant_array(&x[0][0], 100, 20), ant_array(y, 100, 1), .batch_size = 13,
                          .initial_epoch = k * (6 / parts), .epochs = (k + 1) * (6 / parts)));
    uint64_t bits = weight_bits(m);
    ck_assert_int_eq(ant_iterations(m), 6 * 8);
    ant_graph_free(g);
    return bits;
}

START_TEST(same_seed_same_bits) {
    uint64_t bits = train_in(1, 1);
    ck_assert(train_in(1, 1) == bits);
    ck_assert(train_in(2, 1) == bits);
    ck_assert(train_in(3, 2) == bits);
    ck_assert(train_in(1, 4) == bits);
}
END_TEST

/* A row that weighs 2 is a row that is there twice. */
START_TEST(sample_weights) {
    data();
    float w[ROWS] = {1, 2, 1, 1, 0, 1, 1, 1}, twice[ROWS][3], y[ROWS];
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = mlp(g, 1, NULL), *other = ant_clone(m, g, true);
    memcpy(twice, X, sizeof X);
    memcpy(y, Y, sizeof Y);
    memcpy(twice[4], X[1], sizeof X[1]);
    y[4] = Y[1];
    went_well(m, ant_compile(m, ant_sgd(g, 0.1), "mse"));
    went_well(other, ant_compile(other, ant_sgd(g, 0.1), "mse"));
    went_well(m, ant_train_on_batch(m, XS, YS, .sample_weight = ant_array(w, ROWS)));
    went_well(other,
              ant_train_on_batch(other, ant_array(&twice[0][0], ROWS, 3), ant_array(y, ROWS, 1)));
    ck_assert(near(ant_log(ant_results(m), "loss"), ant_log(ant_results(other), "loss"), 1e-6));
    for (int k = 0; k < ant_weight_count(m); k++)
        ck_assert(near((double)*(float *)ant_weight_at(m, k).data,
                       (double)*(float *)ant_weight_at(other, k).data, 1e-5));
    ant_graph_free(g);
}
END_TEST

/* Frozen layers stay; a model with nothing to train still measures. */
START_TEST(frozen) {
    data();
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = mlp(g, 1, NULL);
    float before = ((float *)ant_weight_at(m, 0).data)[0];
    float last = ((float *)ant_weight_at(m, 2).data)[0];
    ant_set_trainable(ant_layer_at(m, 0), false);
    went_well(m, ant_compile(m, ant_sgd(g, 0.1), "mse"));
    went_well(m, ant_fit(m, XS, YS, .shuffle = false));
    ck_assert(((float *)ant_weight_at(m, 0).data)[0] == before);
    ck_assert(((float *)ant_weight_at(m, 2).data)[0] != last);
    ant_set_trainable(m, false);
    went_well(m, ant_compile(m, ant_sgd(g, 0.1), "mse"));
    uint64_t bits = weight_bits(m);
    went_well(m, ant_fit(m, XS, YS));
    ck_assert(weight_bits(m) == bits && ant_log(ant_results(m), "loss") > 0);
    ant_graph_free(g);
}
END_TEST

/* A Sequential without a shape takes it from its first data. */
START_TEST(late_build) {
    data();
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m = ant_sequential(g, ant_dense(g, 4, "tanh"), ant_dense(g, 1));
    went_well(m, ant_compile(m, "adam", "mse", .metrics = {"mae"}));
    went_well(m, ant_fit(m, XS, YS, .epochs = 2));
    ck_assert_int_eq(ant_weight_count(m), 4);
    ck_assert(isfinite(ant_log(ant_results(m), "mae")));
    ant_graph_free(g);
}
END_TEST

/* Two outputs, weighed; losses of each in the logs; data by name. */
START_TEST(two_outputs) {
    data();
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_node *x = ant_input(g, {3}, .name = "x");
    ant_node *h = ant_call(ant_dense(g, 4, "tanh"), x);
    ant_node *a = ant_call(ant_dense(g, 1, .name = "far"), h);
    ant_node *b = ant_call(ant_dense(g, 3, "softmax", .name = "kind"), h);
    ant_model *m = ant_model_new(g, ANT_NODES(x), ANT_NODES(a, b));
    went_well(m, ant_compile(m, .optimizer = "sgd", .loss = {"mse", "ce"}, .loss_weights = {0.5, 2},
                             .metrics = {{"mae"}, {"acc"}}));
    went_well(m, ant_test_on_batch(m, XS, {YS, LABELS}));
    const ant_logs *logs = ant_results(m);
    double loss = ant_log(logs, "loss"), far = ant_log(logs, "far_loss");
    double kind = ant_log(logs, "kind_loss");
    ck_assert(near(loss, 0.5 * far + 2 * kind, 1e-6));
    ck_assert(isfinite(ant_log(logs, "far_mae")) && isfinite(ant_log(logs, "kind_acc")));
    ck_assert_int_eq(ant_log_count(logs), 5);
    went_well(m, ant_test_on_batch(
                     m, ant_named("x", &X[0][0], ROWS, 3),
                     ANT_LIST(ant_named("kind", labels, ROWS), ant_named("far", Y, ROWS, 1))));
    ck_assert(near(ant_log(ant_results(m), "loss"), loss, 1e-7));
    went_well(m, ant_compile(m, "sgd", {"mse", "ce"}, .loss_weights = {1, 0}));
    went_well(m, ant_test_on_batch(m, XS, {YS, LABELS}));
    ck_assert(near(ant_log(ant_results(m), "loss"), far, 1e-6));
    went_well(m, ant_compile(m, .outputs = {ANT_OUTPUT("kind", "ce", .loss_weight = 2)}));
    went_well(m, ant_test_on_batch(m, XS, LABELS));
    ck_assert(near(ant_log(ant_results(m), "loss"), 2 * kind, 1e-6));
    ant_graph_free(g);
}
END_TEST

/* Rows from functions: by index, and one batch after the other. */
typedef struct source {
    int at, calls;
    float x[ROWS][3], y[ROWS];
} source;

static int64_t by_index(void *p, const int64_t *index, int64_t n, ant_rows *out) {
    source *s = p;
    for (int64_t k = 0; k < n; k++) {
        memcpy(s->x[k], X[index[k]], sizeof X[0]);
        s->y[k] = Y[index[k]];
    }
    s->calls++;
    out->x[0] = ant_array(&s->x[0][0], n, 3);
    out->y[0] = ant_array(s->y, n, 1);
    return n;
}

static int64_t one_by_one(void *p, const int64_t *index, int64_t n, ant_rows *out) {
    source *s = p;
    int64_t left = ROWS - s->at, count = left < n ? left : n;
    ck_assert(index == NULL);
    out->x[0] = ant_array(&X[s->at][0], count, 3);
    out->y[0] = ant_array(&Y[s->at], count, 1);
    s->at += (int)count;
    return count;
}

static int again(void *p) {
    ((source *)p)->at = 0;
    return 0;
}

START_TEST(rows_from_functions) {
    data();
    source s = {0}, t = {0};
    ant_graph *g = ant_graph_new(.threads = 1);
    ant_model *m[3];
    m[0] = mlp(g, 1, NULL);
    m[1] = ant_clone(m[0], g, true), m[2] = ant_clone(m[0], g, true);
    for (int k = 0; k < 3; k++)
        went_well(m[k], ant_compile(m[k], ant_sgd(g, 0.1), "mse"));
    ant_data *indexed = ant_data_new(g, ROWS, by_index, .data = &s);
    ant_data *stream = ant_data_new(g, .read = one_by_one, .restart = again, .data = &t);
    went_well(m[0], ant_fit(m[0], XS, YS, .batch_size = 3, .epochs = 2, .shuffle = false));
    went_well(m[1], ant_fit_data(m[1], indexed, .batch_size = 3, .epochs = 2, .shuffle = false));
    went_well(m[2], ant_fit_data(m[2], stream, .batch_size = 3, .epochs = 2));
    ck_assert_int_eq(s.calls, 6);
    ck_assert(weight_bits(m[1]) == weight_bits(m[0]) && weight_bits(m[2]) == weight_bits(m[0]));
    ant_evaluate_options o = {ANT_EVALUATE_DEFAULTS, .model = m[0], .data = stream};
    went_well(m[0], ant_evaluate_(&o, offsetof(ant_evaluate_options, ant_end)));
    double loss = ant_log(ant_results(m[0]), "loss");
    went_well(m[0], ant_evaluate(m[0], XS, YS));
    ck_assert(near(ant_log(ant_results(m[0]), "loss"), loss, 1e-7));
    ant_graph_free(g);
}
END_TEST

ANT_TEST_MAIN("fit", {sgd_as_keras}, {adam_and_mae_as_keras}, {lora_trains_beside_its_kernel},
              {class_weight_as_keras}, {validation_split}, {same_seed_same_bits}, {sample_weights},
              {frozen}, {late_build}, {two_outputs}, {rows_from_functions})
