/* Tutorial 6: a layer class that was written in Python has its twin here, so that a model with it
 * is opened, trained on, and sent back.
 *
 *     cc residual.c $(pkg-config --cflags --libs antler)
 *     ./a.out data/residual.keras data/digits.csv
 */
#include <antler/antler.h>
#include <stdio.h>

/* --- the class: what get_config says, what __init__ makes, what call does --- */
typedef struct residual_block {
    ANT_LAYER_OPTIONS;
    int filters;
    const char *activation;
    char ant_end;
} residual_block;
#define RESIDUAL_BLOCK_DEFAULTS ANT_LAYER_DEFAULTS, .filters = ANT_REQUIRED, .activation = "relu"

static const ant_option residual_block_options[] = {
    ANT_OPTION(residual_block, filters, "channels of the result", .min = 1),
    ANT_OPTION(residual_block, activation, "inside and at the end", .part = ANT_ACTIVATION)};

static int build(ant_layer *l, ant_graph *g, const void *options) {
    const residual_block *o = options;
    ant_inner_set(l, "conv1", ant_conv2d(g, o->filters, 3, .padding = "same", .use_bias = false));
    ant_inner_set(l, "norm", ant_batch_normalization(g, .momentum = 0.8));
    ant_inner_set(l, "conv2", ant_conv2d(g, o->filters, 3, .padding = "same"));
    return ant_own_weight(l, "scale", {o->filters}, .initializer = "ones");
}

static ant_value *call(ant_layer_call *c, ant_program *p, const void *options,
                       ant_value *const *in) {
    const residual_block *o = options;
    ant_value *y = ant_inner_call(c, "norm", ant_inner_call(c, "conv1", in[0]));
    y = ant_inner_call(c, "conv2", ant_call_activation(c, o->activation, y));
    y = ant_op_add(p, in[0], ant_op_mul(p, y, ant_own_read(c, "scale")));
    return ant_call_activation(c, o->activation, y);
}

static int register_block(ant_graph *g) {
    return ant_register_layer_class(
        g, "digits>ResidualBlock",
        ANT_TWIN_OPTIONS(residual_block, residual_block_options, RESIDUAL_BLOCK_DEFAULTS),
        .build = build, .call = call);
}

/* --- the rest is as with any model --- */
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
    register_block(g);
    ant_model *m = ant_load(g, argc > 1 ? argv[1] : "examples/data/residual.keras");
    tell(m, "as it came from Keras", n[1]);
    ant_predict(m, ant_array(*x_test, 1, PIXELS), ant_array(p, 1, 10));
    printf("the first:");
    for (int k = 0; k < 10; k++)
        printf(" %.4f", p[k]);
    printf("\n");

    ant_fit(m, ant_array(*x, n[0], PIXELS), ant_array(y, n[0]), .epochs = 3);
    tell(m, "three epochs later", n[1]);
    if (ant_save(m, "residual-more.keras"))
        fprintf(stderr, "%s\n", ant_model_error(m));

    int failed = ant_status(g);
    if (failed)
        fprintf(stderr, "%s\n", ant_error(g));
    ant_graph_free(g);
    return failed != 0;
}
