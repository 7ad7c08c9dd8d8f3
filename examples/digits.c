/* Tutorial 1: a Sequential network learns to read handwritten digits.
 *
 *     cc digits.c $(pkg-config --cflags --libs antler) && ./a.out data/digits.csv
 */
#include <antler/antler.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 1797, PIXELS = 64 };

static float pixels[ROWS][PIXELS];
static int digit[ROWS];

/* The file has a column per pixel and one for the digit. */
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

int main(int argc, char **argv) {
    if (read_digits(argc > 1 ? argv[1] : "examples/data/digits.csv"))
        return 1;

    /* Every fifth row is kept back, to see how good the network is on digits it never saw. */
    int64_t train[ROWS], test[ROWS], n[2];
    ant_split_every(train, test, n, ROWS, 5, 4);
    static float x[ROWS][PIXELS], x_test[ROWS][PIXELS];
    static int y[ROWS], y_test[ROWS];
    ant_take(ant_array(*x, n[0], PIXELS), ant_array(*pixels, ROWS, PIXELS), train, n[0]);
    ant_take(ant_array(y, n[0]), ant_array(digit, ROWS), train, n[0]);
    ant_take(ant_array(*x_test, n[1], PIXELS), ant_array(*pixels, ROWS, PIXELS), test, n[1]);
    ant_take(ant_array(y_test, n[1]), ant_array(digit, ROWS), test, n[1]);

    ant_graph *g = ant_graph_new(.seed = 0);
    ant_model *m = ant_sequential(g, ant_rescaling(g, 1.0 / 16, .input_shape = {PIXELS}),
                                  ant_dense(g, 64, "relu"), ant_dense(g, 10, "softmax"));
    ant_compile(m, .optimizer = "adam", .loss = "sparse_categorical_crossentropy",
                .metrics = {"accuracy"});
    ant_summary(m, stdout);

    ant_fit(m, ant_array(*x, n[0], PIXELS), ant_array(y, n[0]), .epochs = 30, .verbose = 2);
    ant_evaluate(m, ant_array(*x_test, n[1], PIXELS), ant_array(y_test, n[1]));
    printf("accuracy on %d digits never seen: %.3f\n", (int)n[1],
           ant_log(ant_results(m), "accuracy"));

    float p[1][10];
    ant_predict(m, ant_array(x_test[0], 1, PIXELS), ant_array(*p, 1, 10));
    printf("the first of them is a %d; the network gives that %.3f\n", y_test[0], p[0][y_test[0]]);
    ant_save(m, "digits.safetensors");

    int failed = ant_status(g);
    if (failed)
        fprintf(stderr, "%s\n", ant_error(g));
    ant_graph_free(g);
    return failed != 0;
}
