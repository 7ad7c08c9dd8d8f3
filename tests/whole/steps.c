/* Trains and predicts for as many steps as its argument says; steps.sh counts its system calls. */
#include <antler/antler.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 16, STEPS = 6, WORDS = 9, SIDE = 8, CLASSES = 3 };

static float images[ROWS * SIDE * SIDE], rows[ROWS * STEPS], probabilities[CLASSES];
static int words[ROWS * STEPS], labels[ROWS];

static ant_model *dense(ant_graph *g) {
    return ant_sequential(g, ant_dense(g, 16, "relu", .input_shape = {STEPS}),
                          ant_batch_normalization(g), ant_dropout(g, 0.5),
                          ant_dense(g, CLASSES, "softmax"));
}

static ant_model *convolution(ant_graph *g) {
    return ant_sequential(g,
                          ant_conv2d(g, 8, 3, .activation = "relu", .input_shape = {SIDE, SIDE, 1}),
                          ant_max_pooling2d(g), ant_flatten(g), ant_dense(g, CLASSES, "softmax"));
}

static ant_model *sequence(ant_graph *g) {
    ant_node *x = ant_input(g, {STEPS}, .dtype = "int32");
    ant_node *h = ant_call(ant_embedding(g, WORDS, 4, .mask_zero = true), x);
    ant_layer *shared = ant_dense(g, 8, "tanh");
    ant_node *a = ant_call(shared, ant_call(ant_lstm(g, 8, .recurrent_dropout = 0.2), h));
    ant_node *b = ant_call(shared, ant_call(ant_bidirectional(g, ant_gru(g, 4)), h));
    ant_node *y = ant_call(ant_dense(g, CLASSES, "softmax"), ant_call(ant_concatenate(g), a, b));
    return ant_model_new(g, ANT_NODES(x), ANT_NODES(y));
}

static int steps(ant_model *m, ant_array x, long n) {
    ant_array y = ant_array(labels, ROWS);
    int code = ant_compile(m, .optimizer = "adam", .loss = {"sparse_categorical_crossentropy"},
                           .metrics = {"accuracy"});
    for (long k = 0; k < n && !code; k++)
        code = ant_train_on_batch(m, x, y);
    ant_run *run = code ? NULL : ant_run_new(m);
    for (long k = 0; k < n && run && !code; k++)
        code = ant_predict_one(run, (const void *[]){x.data}, (void *[]){probabilities});
    code = code || !run;
    if (code)
        fprintf(stderr, "%s%s\n", ant_model_error(m), run ? ant_run_error(run) : "");
    ant_run_free(run);
    return code;
}

int main(int argc, char **argv) {
    long n = argc > 1 ? strtol(argv[1], NULL, 10) : 10;
    for (int i = 0; i < ROWS * SIDE * SIDE; i++)
        images[i] = (float)(i * 37 % 101) / 50 - 1;
    for (int i = 0; i < ROWS * STEPS; i++)
        rows[i] = images[i], words[i] = i * 7 % WORDS;
    for (int i = 0; i < ROWS; i++)
        labels[i] = i % CLASSES;
    ant_graph *g = ant_graph_new(.seed = 1, .threads = 1);
    int code = steps(dense(g), ant_array(rows, ROWS, STEPS), n) ||
               steps(convolution(g), ant_array(images, ROWS, SIDE, SIDE, 1), n) ||
               steps(sequence(g), ant_array(words, ROWS, STEPS), n);
    fprintf(stderr, "%s", ant_error(g));
    ant_graph_free(g);
    return code;
}
