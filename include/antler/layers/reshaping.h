/* Reshaping layers: Flatten, Reshape, Permute, RepeatVector; ZeroPadding1D, ZeroPadding2D,
 * Cropping1D, Cropping2D, UpSampling1D, UpSampling2D. They have no weights and compute nothing; no
 * mask goes on. Source: keras/src/layers/reshaping.
 */
#ifndef ANTLER_LAYERS_RESHAPING_H
#define ANTLER_LAYERS_RESHAPING_H
#include "antler/types.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* --- Flatten ---
 * In: (batch, …). Out: (batch, all the rest); (batch) becomes (batch, 1). Row-major; with
 * channels_first the channels are moved to the end before. */
typedef struct ant_flatten_options {
    ANT_LAYER_OPTIONS;
    const char *data_format; /* "channels_last" or "channels_first"; NULL: channels_last */
    char ant_end;
} ant_flatten_options;
#define ANT_FLATTEN_DEFAULTS ANT_LAYER_DEFAULTS
#define ant_flatten(...)                                                                           \
    ANT__LAYER("Flatten", ant_flatten_options, ANT_FLATTEN_DEFAULTS, .graph = __VA_ARGS__)

/* --- Reshape ---
 *     ant_reshape(g, {8, 8, 1})
 *
 * In: (batch, …). Out: (batch, target_shape), of as many entries; one size may be -1 (ANT_ANY):
 * what is left.
 * Errors: ANT_E_SHAPE when the entries do not come out even. */
typedef struct ant_reshape_options {
    ANT_LAYER_OPTIONS;
    ant_shape target_shape; /* of one sample */
    char ant_end;
} ant_reshape_options;
#define ANT_RESHAPE_DEFAULTS ANT_LAYER_DEFAULTS
#define ant_reshape(G, ...)                                                                        \
    ANT__LAYER("Reshape", ant_reshape_options, ANT_RESHAPE_DEFAULTS, .graph = (G),                 \
               .target_shape = __VA_ARGS__)

/* --- Permute ---
 *     ant_permute(g, {2, 1})      (batch, 10, 64) becomes (batch, 64, 10)
 *
 * In: (batch, n axes). Out: axis i of the result is axis dims[i] of the input, counted from 1. */
typedef struct ant_permute_options {
    ANT_LAYER_OPTIONS;
    ant_shape dims; /* a permutation of 1 … n */
    char ant_end;
} ant_permute_options;
#define ANT_PERMUTE_DEFAULTS ANT_LAYER_DEFAULTS
#define ant_permute(G, ...)                                                                        \
    ANT__LAYER("Permute", ant_permute_options, ANT_PERMUTE_DEFAULTS, .graph = (G),                 \
               .dims = __VA_ARGS__)

/* --- RepeatVector ---
 * In: (batch, features). Out: (batch, n, features). */
typedef struct ant_repeat_vector_options {
    ANT_LAYER_OPTIONS;
    int n; /* times */
    char ant_end;
} ant_repeat_vector_options;
#define ANT_REPEAT_VECTOR_DEFAULTS ANT_LAYER_DEFAULTS, .n = ANT_REQUIRED
#define ant_repeat_vector(...)                                                                     \
    ANT__LAYER("RepeatVector", ant_repeat_vector_options, ANT_REPEAT_VECTOR_DEFAULTS,              \
               .graph = __VA_ARGS__)

/* --- ZeroPadding1D, ZeroPadding2D ---
 *     ant_zero_padding2d(g, ANT_SIZE(1, 2))          one row above and below, two columns each side
 *     ant_zero_padding2d(g, ANT_SIZE(0, 1, 2, 0))    top, bottom, left, right
 *
 * In: (batch, steps, channels); (batch, height, width, channels); with channels_first the channels
 * stand behind the batch. Out: the same with zeros around. In one dimension ANT_SIZE(2, 1) is
 * before and after.
 * Errors: ANT_E_SHAPE for another number of axes, ANT_E_OPTION for a wrong number of sizes. */
typedef struct ant_zero_padding1d_options {
    ANT_LAYER_OPTIONS;
    ant_size padding;
    const char *data_format; /* NULL: channels_last */
    char ant_end;
} ant_zero_padding1d_options;
#define ANT_ZERO_PADDING1D_DEFAULTS ANT_LAYER_DEFAULTS, .padding = 1
#define ant_zero_padding1d(...)                                                                    \
    ANT__LAYER("ZeroPadding1D", ant_zero_padding1d_options, ANT_ZERO_PADDING1D_DEFAULTS,           \
               .graph = __VA_ARGS__)

typedef struct ant_zero_padding2d_options {
    ANT_LAYER_OPTIONS;
    ant_size padding;
    const char *data_format;
    char ant_end;
} ant_zero_padding2d_options;
#define ANT_ZERO_PADDING2D_DEFAULTS ANT_LAYER_DEFAULTS, .padding = 1
#define ant_zero_padding2d(...)                                                                    \
    ANT__LAYER("ZeroPadding2D", ant_zero_padding2d_options, ANT_ZERO_PADDING2D_DEFAULTS,           \
               .graph = __VA_ARGS__)

/* --- Cropping1D, Cropping2D ---
 * The way back: entries are left out at the ends, said as with ZeroPadding.
 * Errors: as there, and ANT_E_SHAPE when nothing would be left. */
typedef struct ant_cropping1d_options {
    ANT_LAYER_OPTIONS;
    ant_size cropping;
    char ant_end;
} ant_cropping1d_options;
#define ANT_CROPPING1D_DEFAULTS ANT_LAYER_DEFAULTS, .cropping = 1
#define ant_cropping1d(...)                                                                        \
    ANT__LAYER("Cropping1D", ant_cropping1d_options, ANT_CROPPING1D_DEFAULTS, .graph = __VA_ARGS__)

typedef struct ant_cropping2d_options {
    ANT_LAYER_OPTIONS;
    ant_size cropping; /* as Keras's, it crops nothing until it is said */
    const char *data_format;
    char ant_end;
} ant_cropping2d_options;
#define ANT_CROPPING2D_DEFAULTS ANT_LAYER_DEFAULTS
#define ant_cropping2d(...)                                                                        \
    ANT__LAYER("Cropping2D", ant_cropping2d_options, ANT_CROPPING2D_DEFAULTS, .graph = __VA_ARGS__)

/* --- UpSampling1D, UpSampling2D ---
 * Each step, or each row and column, `size` times in a row. With another interpolation than nearest
 * UpSampling2D takes weighted means of the neighbours, pixels being areas (half-pixel centres), as
 * TensorFlow's resize without antialiasing; of bicubic that one rounds places to 1/1024 of a pixel.
 * In: as ZeroPadding's. Source: keras/src/layers/reshaping/up_sampling2d.py. */
typedef struct ant_up_sampling1d_options {
    ANT_LAYER_OPTIONS;
    int size;
    char ant_end;
} ant_up_sampling1d_options;
#define ANT_UP_SAMPLING1D_DEFAULTS ANT_LAYER_DEFAULTS, .size = 2
#define ant_up_sampling1d(...)                                                                     \
    ANT__LAYER("UpSampling1D", ant_up_sampling1d_options, ANT_UP_SAMPLING1D_DEFAULTS,              \
               .graph = __VA_ARGS__)

typedef struct ant_up_sampling2d_options {
    ANT_LAYER_OPTIONS;
    ant_size size; /* one number, or rows and columns */
    const char *data_format;
    const char *interpolation; /* nearest, bilinear, bicubic, lanczos3 or lanczos5 */
    char ant_end;
} ant_up_sampling2d_options;
#define ANT_UP_SAMPLING2D_DEFAULTS ANT_LAYER_DEFAULTS, .size = 2, .interpolation = "nearest"
#define ant_up_sampling2d(...)                                                                     \
    ANT__LAYER("UpSampling2D", ant_up_sampling2d_options, ANT_UP_SAMPLING2D_DEFAULTS,              \
               .graph = __VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
