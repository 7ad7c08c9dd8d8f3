/* Convolution, pooling and normalization layers: shapes with unknown sizes among them, weights,
 * what is refused and how it is said, allocations that fail. Numbers: tests/golden. */
#include "antler/layers/convolutional.h"
#include "antler/layers/normalization.h"
#include "antler/layers/pooling.h"
#include "layers/layer.h"
#include "support.h"
#include <string.h>

/* What a graph is to this floor. */
struct ant_graph {
    ant_context context;
};

static void graph_free(ant_graph *g) {
    ant__layers_free(&g->context);
    ant__arena_free(&g->context.arena);
}

/* Builds and calls a layer in a program that has shapes only; `out` and `mask` get the result's. */
static int call(ant_graph *g, ant_layer *l, ant_dims in, const ant_dims *in_mask, bool training,
                ant_dims *out) {
    ant_program *p = ant__program_new(ANT_FLOAT32);
    ant_lowering lowering = {.program = p, .scratch = true};
    int code = !p ? ANT_E_MEMORY : l->dead ? g->context.error.code : ant__layer_build(l, &in, 1);
    if (!code) {
        ant_layer_call c = {.layer = l, .program = p, .context = &g->context, .n_in = 1};
        c.training = training;
        c.lowering = &lowering;
        c.in[0] = ant__input(p, ANT_FLOAT32, &in);
        c.mask[0] = in_mask ? ant__input(p, ANT_BOOL, in_mask) : NULL;
        code = ant__layer_write(&c);
        if (!code)
            *out = c.out[0]->dims;
    }
    ant__free(lowering.losses.at);
    ant__program_free(p);
    return code;
}

static void gives(ant_graph *g, ant_layer *l, ant_dims in, ant_dims want) {
    char a[ANT__DIMS_TEXT], b[ANT__DIMS_TEXT];
    ant_dims out = ANT__SCALAR;
    ck_assert_msg(call(g, l, in, NULL, true, &out) == 0, "%s", g->context.error.text);
    ck_assert_msg(ant__dims_equal(&out, &want), "%s: %s, not %s", l->label, ant__dims_text(&out, a),
                  ant__dims_text(&want, b));
}

/* The layer, or its call on `in`, fails with this code and these words. */
static void refuses(ant_graph *g, ant_layer *l, ant_dims in, int code, const char *words) {
    ant_dims out;
    ck_assert_int_eq(call(g, l, in, NULL, true, &out), code);
    ck_assert_msg(strstr(g->context.error.text, words) != NULL, "%s", g->context.error.text);
    ant__error_clear(&g->context.error);
}

START_TEST(convolutions_have_keras_shapes) {
    ant_graph graph = {{.seed = 0}}, *g = &graph;
    gives(g, ant_conv2d(g, 8, 3), ANT__DIMS(-1, 28, 28, 1), ANT__DIMS(-1, 26, 26, 8));
    gives(g, ant_conv2d(g, 8, ANT_SIZE(2, 5), 2, "same"), ANT__DIMS(-1, -1, 7, 3),
          ANT__DIMS(-1, -1, 4, 8));
    gives(g, ant_conv2d(g, 8, 3, .data_format = "channels_first"), ANT__DIMS(-1, 4, -1, 9),
          ANT__DIMS(-1, 8, -1, 7));
    gives(g, ant_conv1d(g, 4, 3, .padding = "causal", .dilation_rate = 4), ANT__DIMS(5, -1, 2),
          ANT__DIMS(5, -1, 4));
    gives(g, ant_conv1d(g, 4, 3, .data_format = "channels_first", .strides = 2),
          ANT__DIMS(-1, 2, 9), ANT__DIMS(-1, 4, 4));
    ant_layer *l = ant_conv2d(g, 6, ANT_SIZE(3, 2), .groups = 2);
    gives(g, l, ANT__DIMS(-1, 9, 9, 4), ANT__DIMS(-1, 7, 8, 6));
    gives(g, l, ANT__DIMS(-1, 5, -1, 4), ANT__DIMS(-1, 3, -1, 6)); /* called on another size */
    ck_assert_int_eq(l->weights.n, 2);
    ck_assert(ant__dims_equal(&l->weights.at[0]->variable.dims, &ANT__DIMS(3, 2, 2, 6)));
    graph_free(g);
}
END_TEST

START_TEST(convolutions_refuse) {
    ant_graph graph = {{.seed = 0}}, *g = &graph;
    const ant_dims image = ANT__DIMS(-1, 8, 8, 3);
    refuses(g, ant_conv2d(g, 0, 3), image, ANT_E_OPTION, "filters");
    refuses(g, ant_conv2d(g, 4), image, ANT_E_OPTION, "kernel_size");
    refuses(g, ant_conv2d(g, 4, ANT_SIZE(3, 0)), image, ANT_E_OPTION, "kernel_size");
    refuses(g, ant_conv2d(g, 4, ANT_SIZE(3, 3, 3)), image, ANT_E_OPTION,
            "kernel_size has 3 numbers, must have 1 or 2");
    refuses(g, ant_conv1d(g, 4, 3, .strides = ANT_SIZE(1, 2)), ANT__DIMS(-1, 8, 3), ANT_E_OPTION,
            "strides has 2 numbers, must have 1 or 1");
    refuses(g, ant_conv2d(g, 4, 3, .padding = "causal"), image, ANT_E_OPTION, "causal");
    refuses(g, ant_conv2d(g, 4, 3, .padding = "full"), image, ANT_E_OPTION, "valid same");
    refuses(g, ant_conv2d(g, 4, 3, .strides = 2, .dilation_rate = 2), image, ANT_E_OPTION,
            "strides and dilation_rate cannot both be more than 1");
    refuses(g, ant_conv2d(g, 4, 3, .groups = 3), image, ANT_E_OPTION,
            "4 filters cannot be cut into 3 groups");
    refuses(g, ant_conv2d(g, 4, 3, .groups = 2), image, ANT_E_SHAPE,
            "3 channels cannot be cut into 2 groups");
    refuses(g, ant_conv2d(g, 4, 3), ANT__DIMS(-1, 8, 3), ANT_E_SHAPE, "4 axes");
    refuses(g, ant_conv2d(g, 4, 3), ANT__DIMS(-1, 8, 8, -1), ANT_E_SHAPE, "must be known");
    refuses(g, ant_conv2d(g, 4, 9, .name = "wide"), image, ANT_E_SHAPE,
            "'wide' (Conv2D): conv2d: a window of 9x9 does not fit into the input (None, 8, 8, 3)");
    ant_layer *l = ant_conv2d(g, 4, 3);
    gives(g, l, image, ANT__DIMS(-1, 6, 6, 4));
    refuses(g, l, ANT__DIMS(-1, 8, 8, 4), ANT_E_SHAPE, "its kernel takes 3 channels");
    refuses(g, l, ANT__DIMS(-1, 8, 3), ANT_E_SHAPE, "4 axes in all, got (None, 8, 3)");
    graph_free(g);
}
END_TEST

START_TEST(poolings) {
    ant_graph graph = {{.seed = 0}}, *g = &graph;
    const ant_dims image = ANT__DIMS(-1, 7, 6, 3);
    gives(g, ant_max_pooling2d(g), image, ANT__DIMS(-1, 3, 3, 3));
    gives(g, ant_max_pooling2d(g, 3, 2, "same"), image, ANT__DIMS(-1, 4, 3, 3));
    gives(g, ant_average_pooling2d(g, ANT_SIZE(7, 1)), image, ANT__DIMS(-1, 1, 6, 3));
    gives(g, ant_max_pooling1d(g, 2), ANT__DIMS(-1, -1, 3), ANT__DIMS(-1, -1, 3));
    gives(g, ant_average_pooling1d(g, 2, .data_format = "channels_first"), ANT__DIMS(-1, 3, 7),
          ANT__DIMS(-1, 3, 3));
    gives(g, ant_global_max_pooling2d(g), image, ANT__DIMS(-1, 3));
    gives(g, ant_global_average_pooling2d(g, "channels_first", true), image,
          ANT__DIMS(-1, 7, 1, 1));
    gives(g, ant_global_average_pooling1d(g, .keepdims = true), ANT__DIMS(4, -1, 3),
          ANT__DIMS(4, 1, 3));
    refuses(g, ant_average_pooling2d(g), image, ANT_E_OPTION, "pool_size");
    refuses(g, ant_max_pooling2d(g, 2, 0), image, ANT_E_OPTION, "strides");
    refuses(g, ant_max_pooling2d(g, ANT_SIZE(2)), image, ANT_E_OPTION,
            "pool_size has 1 number, must have 1 or 2");
    refuses(g, ant_max_pooling2d(g, 8), image, ANT_E_SHAPE, "does not fit");
    refuses(g, ant_max_pooling1d(g, 2), image, ANT_E_SHAPE, "a batch of sequences (3 axes)");
    refuses(g, ant_global_max_pooling2d(g), ANT__DIMS(-1, 3), ANT_E_SHAPE, "(4 axes)");
    ant_layer *l = ant_global_average_pooling1d(g);
    gives(g, l, ANT__DIMS(-1, 5, 2), ANT__DIMS(-1, 2));
    refuses(g, l, image, ANT_E_SHAPE, "a batch of sequences (3 axes), got (None, 7, 6, 3)");
    graph_free(g);
}
END_TEST

START_TEST(normalizations) {
    ant_graph graph = {{.seed = 0}}, *g = &graph;
    const ant_dims image = ANT__DIMS(-1, -1, 6, 3);
    gives(g, ant_batch_normalization(g), image, image);
    gives(g, ant_batch_normalization(g, 2), image, image);
    gives(g, ant_layer_normalization(g), image, image);
    gives(g, ant_layer_normalization(g, ANT_SIZE(-1, -2)), image, image);
    gives(g, ant_layer_normalization(g, 2, .rms_scaling = true), image, image);
    refuses(g, ant_batch_normalization(g, 4), image, ANT_E_SHAPE,
            "axis 4 is outside of the input (None, None, 6, 3)");
    refuses(g, ant_batch_normalization(g, 1), image, ANT_E_SHAPE, "must be known");
    gives(g, ant_batch_normalization(g, .renorm = true), image, image);
    gives(g, ant_batch_normalization(g, .synchronized = true), image, image);
    refuses(g, ant_layer_normalization(g, ANT_SIZE(3, -1)), image, ANT_E_OPTION, "said twice");
    refuses(g, ant_layer_normalization(g, 5), image, ANT_E_SHAPE, "outside of the input");
    refuses(g, ant_layer_normalization(g, 1), image, ANT_E_SHAPE, "axis 1");
    ant_layer *l = ant_batch_normalization(g), *s = ant_layer_normalization(g);
    gives(g, l, image, image);
    gives(g, s, image, image);
    refuses(g, l, ANT__DIMS(-1, 6, 4), ANT_E_SHAPE, "was built for 3 channels");
    refuses(g, s, ANT__DIMS(-1, 6, 4), ANT_E_SHAPE, "was built for (None, None, 6, 3)");
    ant_dims out, flat = ANT__DIMS(-1);
    ck_assert_int_eq(call(g, l, image, &flat, true, &out), ANT_E_SHAPE);
    graph_free(g);
}
END_TEST

/* --- allocations that fail in turn --- */

static int everything(void *data) {
    ant_graph graph = {{.seed = 0}}, *g = &graph;
    const ant_dims image = ANT__DIMS(2, 6, 6, 4), series = ANT__DIMS(2, 6, 4);
    ant_layer *layers[] = {
        ant_conv2d(g, 4, 3, .padding = "same", .activation = "relu", .groups = 2),
        ant_max_pooling2d(g, 2, .data_format = "channels_first"),
        ant_average_pooling2d(g, 2),
        ant_global_max_pooling2d(g),
        ant_batch_normalization(g, 1),
        ant_layer_normalization(g, ANT_SIZE(1, 2))};
    ant_layer *lines[] = {ant_conv1d(g, 2, 3, .data_format = "channels_first"),
                          ant_global_average_pooling1d(g)};
    ant_dims out;
    int code = graph.context.error.code;
    (void)data;
    for (int k = 0; k < 6 && !code; k++)
        code = call(g, layers[k], image, NULL, true, &out);
    for (int k = 0; k < 2 && !code; k++)
        code = call(g, lines[k], series, &ANT__DIMS(2, 6), true, &out);
    graph_free(g);
    return code;
}

START_TEST(memory_may_fail_anywhere) {
    int64_t live = memory_live();
    memory_fail_each(everything, NULL);
    ck_assert_int_eq(memory_live(), live);
}
END_TEST

ANT_TEST_MAIN("spatial layers", {convolutions_have_keras_shapes}, {convolutions_refuse}, {poolings},
              {normalizations}, {memory_may_fail_anywhere})
