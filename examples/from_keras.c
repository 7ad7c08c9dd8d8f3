/* Tutorial 6: a network that was trained in Keras is opened, trained on, and sent back.
 *
 *     cc from_keras.c $(pkg-config --cflags --libs antler)
 *     ./a.out data/digits.keras data/digits.csv
 */
#include <antler/antler.h>
#include <stdio.h>

enum { ROWS = 1797, PIXELS = 64 };

static float pixels[ROWS][PIXELS], x[ROWS][PIXELS], x_test[ROWS][PIXELS];
static int digit[ROWS], y[ROWS], y_test[ROWS];

/* Rows for training and, every fifth, for a test; their numbers in n. */
static int read_digits(const char *path, int64_t n[2]) {
    int64_t train[ROWS], test[ROWS];
    ant_arrays *file = ant_arrays_new();
    int code = ant_arrays_read(file, path);
    if (!code)
        code = ant_arrays_pack(file, "pixel*", ant_array(*pixels, ROWS, PIXELS));
    if (!code)
        code = ant_arrays_pack(file, "digit", ant_array(digit, ROWS));
    if (code)
        fprintf(stderr, "%s\n", ant_arrays_error(file));
    ant_arrays_free(file);
    ant_split_every(train, test, n, ROWS, 5, 4);
    ant_take(ant_array(*x, n[0], PIXELS), ant_array(*pixels, ROWS, PIXELS), train, n[0]);
    ant_take(ant_array(y, n[0]), ant_array(digit, ROWS), train, n[0]);
    ant_take(ant_array(*x_test, n[1], PIXELS), ant_array(*pixels, ROWS, PIXELS), test, n[1]);
    ant_take(ant_array(y_test, n[1]), ant_array(digit, ROWS), test, n[1]);
    return code;
}

static void tell(ant_model *m, const char *when, int64_t rows) {
    ant_evaluate(m, ant_array(*x_test, rows, PIXELS), ant_array(y_test, rows));
    printf("%s: loss %.4f, accuracy %.3f\n", when, ant_log(ant_results(m), "loss"),
           ant_log(ant_results(m), "accuracy"));
}

int main(int argc, char **argv) {
    int64_t n[2];
    float p[10] = {0};
    if (read_digits(argc > 2 ? argv[2] : "examples/data/digits.csv", n))
        return 1;

    ant_graph *g = ant_graph_new(.seed = 0);
    ant_model *m = ant_load(g, argc > 1 ? argv[1] : "examples/data/digits.keras");
    tell(m, "as it came from Keras", n[1]);
    ant_predict(m, ant_array(*x_test, 1, PIXELS), ant_array(p, 1, 10));
    printf("the first:");
    for (int k = 0; k < 10; k++)
        printf(" %.4f", p[k]);
    printf("\n");

    ant_fit(m, ant_array(*x, n[0], PIXELS), ant_array(y, n[0]), .epochs = 10);
    tell(m, "ten epochs later", n[1]);
    if (ant_save(m, "digits-more.keras"))
        fprintf(stderr, "%s\n", ant_model_error(m));

    int failed = ant_status(g);
    if (failed)
        fprintf(stderr, "%s\n", ant_error(g));
    ant_graph_free(g);
    return failed != 0;
}
