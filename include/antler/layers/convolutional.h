/* Convolutional layers: Conv1D, Conv2D, DepthwiseConv1D, DepthwiseConv2D, SeparableConv1D,
 * SeparableConv2D.
 *
 *     ant_sequential(g, ant_conv2d(g, 32, 3, .activation = "relu", .input_shape = {28, 28, 1}),
 *                       ant_max_pooling2d(g, 2), ant_flatten(g), ant_dense(g, 10, "softmax"))
 *
 * Shapes are written with the batch first and, as by default, channels last. Every layer also takes
 * the options common to all (ANT_LAYER_OPTIONS in types.h) by keyword. No mask goes on.
 *
 * Output sizes, with K = (kernel_size - 1) dilation_rate + 1 and n entries of an axis:
 * 'valid': floor((n - K) / strides) + 1, only windows that fit;
 * 'same': ceil(n / strides), zeros on both sides, an odd one behind;
 * 'causal' (Conv1D): ceil(n / strides), K - 1 zeros in front, so that no step sees a later one.
 *
 * Does not do: strides and dilation_rate above 1 together in Conv1D and Conv2D (as Keras),
 * quantization.
 */
#ifndef ANTLER_LAYERS_CONVOLUTIONAL_H
#define ANTLER_LAYERS_CONVOLUTIONAL_H
#include "antler/types.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* The options of every convolution; a number of ant_size counts for each axis: 3 or ANT_SIZE(3,
 * 5). */
typedef struct ant_conv_options {
    ANT_LAYER_OPTIONS;
    int filters;             /* channels of the output */
    ant_size kernel_size;    /* of the window, per axis */
    ant_size strides;        /* from window to window */
    const char *padding;     /* "valid", "same"; Conv1D: "causal" */
    const char *data_format; /* NULL, "channels_last"; "channels_first": (batch, channels, …) */
    ant_size dilation_rate;  /* from tap to tap of the window */
    int groups;              /* channels and filters are cut into so many; each sees its own */
    const char *activation;  /* NULL: none */
    bool use_bias;
    const char *kernel_initializer, *bias_initializer;
    const char *kernel_regularizer, *bias_regularizer; /* NULL: none */
    const char *kernel_constraint, *bias_constraint;   /* NULL: none */
    int lora_rank;                                     /* ANT_NONE: none; at least 1 */
    double lora_alpha;                                 /* ANT_NONE: lora_rank */
    char ant_end;
} ant_conv_options;
#define ANT_CONV_DEFAULTS                                                                          \
    ANT_LAYER_DEFAULTS, .filters = ANT_REQUIRED, .kernel_size = ANT_REQUIRED, .strides = 1,        \
                        .padding = "valid", .dilation_rate = 1, .groups = 1, .use_bias = true,     \
                        .kernel_initializer = "glorot_uniform", .bias_initializer = "zeros",       \
                        .lora_rank = ANT_NONE, .lora_alpha = ANT_NONE

/* --- Conv1D ---
 * y[b, i, f] = activation(bias[f] + sum over t, c of x[b, i strides + t dilation_rate, c]
 *                                                    kernel[t, c, f])
 * The kernel is not turned around (cross-correlation).
 *
 * In: (batch, steps, c), c known and a multiple of groups.
 * Out: (batch, new steps, filters).
 * Weights: kernel (kernel_size, c / groups, filters); bias (filters), where use_bias; LoRA's.
 * Errors: ANT_E_OPTION for strides and dilation_rate above 1 together, and filters that groups do
 * not divide; ANT_E_SHAPE for another rank or number of channels, and a window that does not fit.
 * Source: keras/src/layers/convolutional/conv1d.py, base_conv.py. */
typedef ant_conv_options ant_conv1d_options;
#define ANT_CONV1D_DEFAULTS ANT_CONV_DEFAULTS
#define ant_conv1d(...)                                                                            \
    ANT__LAYER("Conv1D", ant_conv1d_options, ANT_CONV1D_DEFAULTS, .graph = __VA_ARGS__)

/* --- Conv2D ---
 * The same over two axes: kernel (rows, columns, c / groups, filters).
 *
 * In: (batch, rows, columns, c); channels_first: (batch, c, rows, columns), at the price of two
 * transpositions that are dropped between layers of the same format.
 * Out: (batch, new rows, new columns, filters), or channels first.
 * Weights and errors as Conv1D's.
 * Source: keras/src/layers/convolutional/conv2d.py, base_conv.py. */
typedef ant_conv_options ant_conv2d_options;
#define ANT_CONV2D_DEFAULTS ANT_CONV_DEFAULTS
#define ant_conv2d(...)                                                                            \
    ANT__LAYER("Conv2D", ant_conv2d_options, ANT_CONV2D_DEFAULTS, .graph = __VA_ARGS__)

/* --- DepthwiseConv1D, DepthwiseConv2D ---
 * Each channel has depth_multiplier small kernels of its own, and no channel sees another:
 * y[b, i, c m + j] = activation(bias[c m + j] + sum over t of
 *                               x[b, i strides + t dilation_rate, c] kernel[t, c, j])
 * for j < m = depth_multiplier; over two axes likewise.
 *
 *     ant_depthwise_conv2d(g, 3, .padding = "same", .use_bias = false)
 *
 * In: (batch, steps, c) or (batch, rows, columns, c), c known; or channels first.
 * Out: (batch, new steps, c m), (batch, new rows, new columns, c m).
 * Weights: kernel (kernel_size…, c, m); bias (c m), where use_bias.
 * Masks end here. strides and dilation_rate may both be above 1.
 * Errors: ANT_E_SHAPE for another rank or number of channels, and a window that does not fit.
 * Source: keras/src/layers/convolutional/base_depthwise_conv.py. */
typedef struct ant_depthwise_conv_options {
    ANT_LAYER_OPTIONS;
    ant_size kernel_size;    /* of the window, per axis */
    ant_size strides;        /* from window to window */
    const char *padding;     /* "valid", "same" */
    int depth_multiplier;    /* kernels of each channel */
    const char *data_format; /* NULL, "channels_last"; "channels_first": (batch, channels, …) */
    ant_size dilation_rate;  /* from tap to tap of the window */
    const char *activation;  /* NULL: none */
    bool use_bias;
    const char *depthwise_initializer, *bias_initializer;
    const char *depthwise_regularizer, *bias_regularizer; /* NULL: none */
    const char *depthwise_constraint, *bias_constraint;   /* NULL: none */
    char ant_end;
} ant_depthwise_conv_options;
#define ANT_DEPTHWISE_CONV_DEFAULTS                                                                \
    ANT_LAYER_DEFAULTS, .kernel_size = ANT_REQUIRED, .strides = 1, .padding = "valid",             \
                        .depth_multiplier = 1, .dilation_rate = 1, .use_bias = true,               \
                        .depthwise_initializer = "glorot_uniform", .bias_initializer = "zeros"
typedef ant_depthwise_conv_options ant_depthwise_conv1d_options;
#define ANT_DEPTHWISE_CONV1D_DEFAULTS ANT_DEPTHWISE_CONV_DEFAULTS
#define ant_depthwise_conv1d(...)                                                                  \
    ANT__LAYER("DepthwiseConv1D", ant_depthwise_conv1d_options, ANT_DEPTHWISE_CONV1D_DEFAULTS,     \
               .graph = __VA_ARGS__)
typedef ant_depthwise_conv_options ant_depthwise_conv2d_options;
#define ANT_DEPTHWISE_CONV2D_DEFAULTS ANT_DEPTHWISE_CONV_DEFAULTS
#define ant_depthwise_conv2d(...)                                                                  \
    ANT__LAYER("DepthwiseConv2D", ant_depthwise_conv2d_options, ANT_DEPTHWISE_CONV2D_DEFAULTS,     \
               .graph = __VA_ARGS__)

/* --- SeparableConv1D, SeparableConv2D ---
 * A depthwise convolution without a bias, then a 1x1 convolution that mixes the channels:
 * y = activation(bias + depthwise(x) · pointwise_kernel).
 *
 *     ant_separable_conv2d(g, 64, 3, .activation = "relu")
 *
 * In: as the depthwise layers'. Out: (batch, new steps, filters), …, or channels first.
 * Weights: depthwise_kernel (kernel_size…, c, m), pointwise_kernel (1…, c m, filters); bias
 * (filters), where use_bias.
 * Masks end here. Errors as the depthwise layers'.
 * Source: keras/src/layers/convolutional/base_separable_conv.py; Chollet, 2017. */
typedef struct ant_separable_conv_options {
    ANT_LAYER_OPTIONS;
    int filters;             /* channels of the output */
    ant_size kernel_size;    /* of the window, per axis */
    ant_size strides;        /* from window to window */
    const char *padding;     /* "valid", "same" */
    const char *data_format; /* NULL, "channels_last"; "channels_first": (batch, channels, …) */
    ant_size dilation_rate;  /* from tap to tap of the window */
    int depth_multiplier;    /* kernels of each channel */
    const char *activation;  /* NULL: none */
    bool use_bias;
    const char *depthwise_initializer, *pointwise_initializer, *bias_initializer;
    const char *depthwise_regularizer, *pointwise_regularizer, *bias_regularizer; /* NULL: none */
    const char *depthwise_constraint, *pointwise_constraint, *bias_constraint;    /* NULL: none */
    char ant_end;
} ant_separable_conv_options;
#define ANT_SEPARABLE_CONV_DEFAULTS                                                                \
    ANT_LAYER_DEFAULTS, .filters = ANT_REQUIRED, .kernel_size = ANT_REQUIRED, .strides = 1,        \
                        .padding = "valid", .dilation_rate = 1, .depth_multiplier = 1,             \
                        .use_bias = true, .depthwise_initializer = "glorot_uniform",               \
                        .pointwise_initializer = "glorot_uniform", .bias_initializer = "zeros"
typedef ant_separable_conv_options ant_separable_conv1d_options;
#define ANT_SEPARABLE_CONV1D_DEFAULTS ANT_SEPARABLE_CONV_DEFAULTS
#define ant_separable_conv1d(...)                                                                  \
    ANT__LAYER("SeparableConv1D", ant_separable_conv1d_options, ANT_SEPARABLE_CONV1D_DEFAULTS,     \
               .graph = __VA_ARGS__)
typedef ant_separable_conv_options ant_separable_conv2d_options;
#define ANT_SEPARABLE_CONV2D_DEFAULTS ANT_SEPARABLE_CONV_DEFAULTS
#define ant_separable_conv2d(...)                                                                  \
    ANT__LAYER("SeparableConv2D", ant_separable_conv2d_options, ANT_SEPARABLE_CONV2D_DEFAULTS,     \
               .graph = __VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
