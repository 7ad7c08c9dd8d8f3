#include "workloads.h"
#include <stdlib.h>
#include <string.h>

static ant_model *compiled(ant_model *m, const char *loss) {
    ant_compile(m, .optimizer = "adam", .loss = {loss});
    return m;
}

static ant_model *tiny_mlp(ant_graph *g) {
    ant_layer *first = ant_dense(g, 16, "relu", .input_shape = {4});
    ant_model *m = ant_sequential(g, first, ant_dense(g, 16, "relu"), ant_dense(g, 3, "softmax"));
    return compiled(m, "sparse_categorical_crossentropy");
}

static ant_model *mnist_mlp(ant_graph *g) {
    ant_layer *first = ant_dense(g, 128, "relu", .input_shape = {784});
    return compiled(ant_sequential(g, first, ant_dense(g, 10, "softmax")),
                    "sparse_categorical_crossentropy");
}

static ant_model *two_lstms(ant_graph *g, const char *activation) {
    ant_layer *first =
        ant_lstm(g, 50, activation, .return_sequences = true, .input_shape = {60, 1});
    return compiled(ant_sequential(g, first, ant_lstm(g, 50, activation), ant_dense(g, 1)), "mse");
}

static ant_model *lstm_tanh(ant_graph *g) {
    return two_lstms(g, "tanh");
}

static ant_model *lstm_relu(ant_graph *g) {
    return two_lstms(g, "relu");
}

static ant_model *mnist_cnn(ant_graph *g) {
    ant_model *m = ant_sequential(
        g, ant_conv2d(g, 32, 3, .activation = "relu", .input_shape = {28, 28, 1}),
        ant_max_pooling2d(g), ant_conv2d(g, 64, 3, .activation = "relu"), ant_max_pooling2d(g),
        ant_flatten(g), ant_dropout(g, 0.5), ant_dense(g, 10, "softmax"));
    return compiled(m, "sparse_categorical_crossentropy");
}

static ant_node *conv_norm(ant_graph *g, ant_node *x) {
    ant_layer *conv = ant_conv2d(g, 64, 3, .padding = "same", .use_bias = false);
    return ant_call(ant_batch_normalization(g), ant_call(conv, x));
}

static ant_model *residual_block(ant_graph *g) {
    ant_node *x = ant_input(g, {32, 32, 64});
    ant_node *h = conv_norm(g, ant_call(ant_relu(g), conv_norm(g, x)));
    h = ant_call(ant_relu(g), ant_call(ant_add_layer(g), h, x));
    h = ant_call(ant_global_average_pooling2d(g), h);
    ant_node *y = ant_call(ant_dense(g, 10, "softmax"), h);
    return compiled(ant_model_new(g, ANT_NODES(x), ANT_NODES(y)),
                    "sparse_categorical_crossentropy");
}

/* Of a convolution: its norm, then relu up to 6. */
static ant_node *norm_relu6(ant_graph *g, ant_layer *conv, ant_node *x) {
    ant_node *h = ant_call(ant_batch_normalization(g), ant_call(conv, x));
    return ant_call(ant_relu(g, .max_value = 6), h);
}

static ant_model *depthwise_block(ant_graph *g) {
    ant_node *x = ant_input(g, {28, 28, 128});
    ant_layer *across = ant_depthwise_conv2d(g, 3, .padding = "same", .use_bias = false);
    ant_node *h = norm_relu6(g, across, x);
    h = norm_relu6(g, ant_conv2d(g, 128, 1, .use_bias = false), h);
    h = ant_call(ant_global_average_pooling2d(g), h);
    ant_node *y = ant_call(ant_dense(g, 10, "softmax"), h);
    return compiled(ant_model_new(g, ANT_NODES(x), ANT_NODES(y)),
                    "sparse_categorical_crossentropy");
}

static ant_model *transformer_encoder(ant_graph *g) {
    ant_node *x = ant_input(g, {128, 256});
    ant_node *n = ant_call(ant_layer_normalization(g, .epsilon = 1e-5), x);
    ant_node *h = ant_call(ant_multi_head_attention(g, 4, 64), n, n);
    h = ant_call(ant_add_layer(g), x, h);
    n = ant_call(ant_layer_normalization(g, .epsilon = 1e-5), h);
    n = ant_call(ant_dense(g, 256), ant_call(ant_dense(g, 1024, "gelu"), n));
    h = ant_call(ant_global_average_pooling1d(g), ant_call(ant_add_layer(g), h, n));
    ant_node *y = ant_call(ant_dense(g, 10, "softmax"), h);
    return compiled(ant_model_new(g, ANT_NODES(x), ANT_NODES(y)),
                    "sparse_categorical_crossentropy");
}

static ant_model *embedding_gru(ant_graph *g) {
    ant_node *x = ant_input(g, {200}, .dtype = "int32");
    ant_node *h = ant_call(ant_gru(g, 64), ant_call(ant_embedding(g, 10000, 64), x));
    ant_node *y = ant_call(ant_dense(g, 1, "sigmoid"), h);
    return compiled(ant_model_new(g, ANT_NODES(x), ANT_NODES(y)), "binary_crossentropy");
}

static ant_model *wide_mlp(ant_graph *g) {
    ant_layer *first = ant_dense(g, 1024, "relu", .input_shape = {1024});
    ant_model *m = ant_sequential(g, first, ant_dense(g, 1024, "relu"), ant_dense(g, 1024));
    return compiled(m, "mse");
}

static ant_model *shared_tower(ant_graph *g) {
    ant_node *a = ant_input(g, {64}), *b = ant_input(g, {64});
    ant_layer *tower = ant_dense(g, 64, "relu");
    ant_node *h = ant_call(ant_concatenate(g), ant_call(tower, a), ant_call(tower, b));
    h = ant_call(ant_dense(g, 64, "relu"), h);
    ant_node *same = ant_call(ant_dense(g, 1, "sigmoid"), h);
    ant_node *kind = ant_call(ant_dense(g, 5, "softmax"), h);
    ant_model *m = ant_model_new(g, ANT_NODES(a, b), ANT_NODES(same, kind));
    ant_compile(m, .optimizer = "adam",
                .loss = {"binary_crossentropy", "sparse_categorical_crossentropy"},
                .loss_weights = {1, 0.5});
    return m;
}

static const workload workloads[] = {
    {"W1", 32, {4}, 1, 0, {3}, tiny_mlp},
    {"W2", 32, {784}, 1, 0, {10}, mnist_mlp},
    {"W3", 32, {60, 1}, 1, 0, {-1}, lstm_tanh},
    {"W3R", 32, {60, 1}, 1, 0, {-1}, lstm_relu},
    {"W4", 128, {28, 28, 1}, 1, 0, {10}, mnist_cnn},
    {"W5", 8, {32, 32, 64}, 1, 0, {10}, residual_block},
    {"W5F", 8, {32, 32, 64}, 1, 0, {10}, residual_block, .fast = true},
    {"W6", 8, {28, 28, 128}, 1, 0, {10}, depthwise_block},
    {"W7", 8, {128, 256}, 1, 0, {10}, transformer_encoder},
    {"W8", 32, {200}, 1, 10000, {1}, embedding_gru},
    {"W9", 256, {1024}, 1, 0, {-1024}, wide_mlp},
    {"W10", 64, {64}, 2, 0, {1, 5}, shared_tower},
};

const workload *workload_at(int k) {
    return k < (int)(sizeof workloads / sizeof *workloads) ? &workloads[k] : NULL;
}

const workload *workload_named(const char *id) {
    int k = 0;
    while (workload_at(k) && strcmp(workload_at(k)->id, id) != 0)
        k++;
    return workload_at(k);
}

static uint32_t next_random(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

/* Near enough to a normal number. */
static float normal(uint64_t *state) {
    float sum = 0;
    for (int i = 0; i < 12; i++)
        sum += (float)next_random(state) / 2147483648.0f;
    return sum - 6;
}

static ant_array array_of(int rows, const int *shape, int below, uint64_t *state) {
    ant_array a = {.axes = 1, .shape = {rows}, .dtype = below > 0 ? ANT_INT32 : ANT_FLOAT32};
    int64_t n = rows;
    for (int i = 0; shape[i]; i++)
        n *= a.shape[a.axes++] = shape[i];
    a.data = calloc((size_t)n, 4);
    for (int64_t i = 0; a.data && i < n; i++)
        if (below > 0)
            ((int32_t *)a.data)[i] = (int32_t)(next_random(state) % (uint32_t)below);
        else
            ((float *)a.data)[i] = normal(state);
    return a;
}

static ant_array target_of(int rows, int classes, uint64_t *state) {
    if (classes > 1)
        return array_of(rows, (const int[]){0}, classes, state);
    if (classes < 0)
        return array_of(rows, (const int[]){-classes, 0}, 0, state);
    ant_array a = array_of(rows, (const int[]){1, 0}, 2, state);
    for (int i = 0; a.data && i < rows; i++)
        ((float *)a.data)[i] = (float)((int32_t *)a.data)[i];
    a.dtype = ANT_FLOAT32;
    return a;
}

workload_data workload_make(const workload *w, int rows) {
    uint64_t state = 1;
    workload_data d = {0};
    for (int k = 0; k < 2 && k < w->inputs; k++)
        d.x[k] = array_of(rows, w->x_shape, w->ids, &state);
    for (int k = 0; k < 2 && w->classes[k]; k++) {
        int width = w->classes[k] < 0 ? -w->classes[k] : w->classes[k];
        d.y[k] = target_of(rows, w->classes[k], &state);
        d.out[k] = array_of(rows, (const int[]){width, 0}, 0, &state);
    }
    return d;
}

void workload_free(workload_data *d) {
    for (int k = 0; k < 2; k++) {
        free(d->x[k].data);
        free(d->y[k].data);
        free(d->out[k].data);
    }
}
