/* Tutorial 4: images. Convolution, pooling and dropout on the digits as 8 x 8 pictures. */
#include <antler/antler.h>
#include <stdio.h>

enum { ROWS = 1797, SIDE = 8, PIXELS = SIDE * SIDE };

static float pixels[ROWS][PIXELS];
static int digit[ROWS];

static int read_digits(const char *path) {
    ant_arrays *file = ant_arrays_new();
    int code = ant_arrays_read(file, path);
    if (!code)
        code = ant_arrays_pack(file, "pixel*", ant_array(*pixels, ROWS, PIXELS));
    if (!code)
        code = ant_arrays_pack(file, "digit", ant_array(digit, ROWS));
    if (code)
        fprintf(stderr, "%s\n", ant_arrays_error(file));
    ant_arrays_free(file);
    return code;
}

static ant_model *network(ant_graph *g) {
    ant_layer *first = ant_rescaling(g, 1.0 / 16, .input_shape = {SIDE, SIDE, 1});
    return ant_sequential(g, first, ant_conv2d(g, 16, 3, .padding = "same", .activation = "relu"),
                          ant_conv2d(g, 32, 3, .padding = "same", .activation = "relu"),
                          ant_max_pooling2d(g), ant_flatten(g), ant_dropout(g, 0.25),
                          ant_dense(g, 10, "softmax"));
}

int main(int argc, char **argv) {
    if (read_digits(argc > 1 ? argv[1] : "examples/data/digits.csv"))
        return 1;
    int64_t train[ROWS], test[ROWS], n[2];
    ant_split_every(train, test, n, ROWS, 5, 4);
    static float x[ROWS][PIXELS], x_test[ROWS][PIXELS];
    static int y[ROWS], y_test[ROWS];
    ant_take(ant_array(*x, n[0], PIXELS), ant_array(*pixels, ROWS, PIXELS), train, n[0]);
    ant_take(ant_array(y, n[0]), ant_array(digit, ROWS), train, n[0]);
    ant_take(ant_array(*x_test, n[1], PIXELS), ant_array(*pixels, ROWS, PIXELS), test, n[1]);
    ant_take(ant_array(y_test, n[1]), ant_array(digit, ROWS), test, n[1]);

    ant_graph *g = ant_graph_new(.seed = 0);
    ant_model *m = network(g);
    ant_compile(m, .optimizer = "adam", .loss = "sparse_categorical_crossentropy",
                .metrics = {"accuracy"});
    /* The same numbers, seen as pictures of one channel. */
    ant_fit(m, ant_array(*x, n[0], SIDE, SIDE, 1), ant_array(y, n[0]), .epochs = 15, .verbose = 2);
    ant_evaluate(m, ant_array(*x_test, n[1], SIDE, SIDE, 1), ant_array(y_test, n[1]));
    printf("accuracy on %d digits never seen: %.3f\n", (int)n[1],
           ant_log(ant_results(m), "accuracy"));

    int failed = ant_status(g);
    if (failed)
        fprintf(stderr, "%s\n", ant_error(g));
    ant_graph_free(g);
    return failed != 0;
}
