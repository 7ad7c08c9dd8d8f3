/* Pooling layers: MaxPooling1D/2D, AveragePooling1D/2D, GlobalMaxPooling1D/2D,
 * GlobalAveragePooling1D/2D; Keras's short names (MaxPool2D, AvgPool2D, GlobalAvgPool2D …) are
 * known in texts and files too.
 *
 *     ant_node *h = ant_call(ant_max_pooling2d(g, 2), x);                (28, 28, 8) -> (14, 14, 8)
 *     ant_node *v = ant_call(ant_global_average_pooling2d(g), h);              -> (8)
 *
 * Shapes are written with the batch first and, as by default, channels last. Every layer also takes
 * the options common to all (ANT_LAYER_OPTIONS in types.h) by keyword. No weights.
 *
 * Output sizes for n entries of an axis: 'valid': floor((n - pool_size) / strides) + 1;
 * 'same': ceil(n / strides). Padding is no number: 'same' takes the largest, or the mean, of the
 * real entries of each window.
 */
#ifndef ANTLER_LAYERS_POOLING_H
#define ANTLER_LAYERS_POOLING_H
#include "antler/types.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* The options of every pooling with a window. */
typedef struct ant_pooling_options {
    ANT_LAYER_OPTIONS;
    ant_size pool_size;      /* of the window: 2 or ANT_SIZE(2, 3) */
    ant_size strides;        /* from window to window; ANT_NONE: pool_size */
    const char *padding;     /* "valid", "same" */
    const char *data_format; /* NULL, "channels_last"; "channels_first": (batch, channels, …) */
    char ant_end;
} ant_pooling_options;
#define ANT_MAX_POOLING_DEFAULTS                                                                   \
    ANT_LAYER_DEFAULTS, .pool_size = 2, .strides = ANT_NONE, .padding = "valid"
#define ANT_AVERAGE_POOLING_DEFAULTS                                                               \
    ANT_LAYER_DEFAULTS, .pool_size = ANT_REQUIRED, .strides = ANT_NONE, .padding = "valid"

/* --- MaxPooling1D, MaxPooling2D ---
 * y = the largest entry of each window, channel by channel. Its gradient goes to the first of equal
 * entries, in row-major order, as TensorFlow's does. Not a number counts as the largest.
 *
 * In: (batch, steps, c); 2D: (batch, rows, columns, c).
 * Out: (batch, new steps, c); 2D: (batch, new rows, new columns, c).
 * Masks: no mask goes on.
 * Errors: ANT_E_SHAPE for another rank, and a window that does not fit.
 * Source: keras/src/layers/pooling/max_pooling1d.py, max_pooling2d.py. */
typedef ant_pooling_options ant_max_pooling1d_options;
typedef ant_pooling_options ant_max_pooling2d_options;
#define ANT_MAX_POOLING1D_DEFAULTS ANT_MAX_POOLING_DEFAULTS
#define ANT_MAX_POOLING2D_DEFAULTS ANT_MAX_POOLING_DEFAULTS
#define ant_max_pooling1d(...)                                                                     \
    ANT__LAYER("MaxPooling1D", ant_pooling_options, ANT_MAX_POOLING_DEFAULTS, .graph = __VA_ARGS__)
#define ant_max_pooling2d(...)                                                                     \
    ANT__LAYER("MaxPooling2D", ant_pooling_options, ANT_MAX_POOLING_DEFAULTS, .graph = __VA_ARGS__)

/* --- AveragePooling1D, AveragePooling2D ---
 * y = the mean of the real entries of each window, channel by channel.
 * Shapes, masks and errors as MaxPooling's.
 * Source: keras/src/layers/pooling/average_pooling1d.py, average_pooling2d.py. */
typedef ant_pooling_options ant_average_pooling1d_options;
typedef ant_pooling_options ant_average_pooling2d_options;
#define ANT_AVERAGE_POOLING1D_DEFAULTS ANT_AVERAGE_POOLING_DEFAULTS
#define ANT_AVERAGE_POOLING2D_DEFAULTS ANT_AVERAGE_POOLING_DEFAULTS
#define ant_average_pooling1d(...)                                                                 \
    ANT__LAYER("AveragePooling1D", ant_pooling_options, ANT_AVERAGE_POOLING_DEFAULTS,              \
               .graph = __VA_ARGS__)
#define ant_average_pooling2d(...)                                                                 \
    ANT__LAYER("AveragePooling2D", ant_pooling_options, ANT_AVERAGE_POOLING_DEFAULTS,              \
               .graph = __VA_ARGS__)

/* The options of every global pooling. */
typedef struct ant_global_pooling_options {
    ANT_LAYER_OPTIONS;
    const char *data_format; /* NULL, "channels_last"; "channels_first": (batch, channels, …) */
    bool keepdims;           /* the spatial axes stay, with size 1 */
    char ant_end;
} ant_global_pooling_options;
#define ANT_GLOBAL_POOLING_DEFAULTS ANT_LAYER_DEFAULTS, .data_format = NULL

/* --- GlobalMaxPooling1D, GlobalMaxPooling2D ---
 * y = the largest entry of each channel over all spatial axes; its gradient is shared by equals.
 *
 * In: (batch, steps, c); 2D: (batch, rows, columns, c). Out: (batch, c); keepdims: (batch, 1…, c).
 * Masks: no mask goes on, and none is looked at (as Keras).
 * Errors: ANT_E_SHAPE for another rank.
 * Source: keras/src/layers/pooling/global_max_pooling1d.py, global_max_pooling2d.py. */
typedef ant_global_pooling_options ant_global_max_pooling1d_options;
typedef ant_global_pooling_options ant_global_max_pooling2d_options;
#define ANT_GLOBAL_MAX_POOLING1D_DEFAULTS ANT_GLOBAL_POOLING_DEFAULTS
#define ANT_GLOBAL_MAX_POOLING2D_DEFAULTS ANT_GLOBAL_POOLING_DEFAULTS
#define ant_global_max_pooling1d(...)                                                              \
    ANT__LAYER("GlobalMaxPooling1D", ant_global_pooling_options, ANT_GLOBAL_POOLING_DEFAULTS,      \
               .graph = __VA_ARGS__)
#define ant_global_max_pooling2d(...)                                                              \
    ANT__LAYER("GlobalMaxPooling2D", ant_global_pooling_options, ANT_GLOBAL_POOLING_DEFAULTS,      \
               .graph = __VA_ARGS__)

/* --- GlobalAveragePooling1D, GlobalAveragePooling2D ---
 * y = the mean of each channel over all spatial axes.
 * Masks: 1D takes the mean of the steps that the mask (batch, steps) keeps; where it keeps none,
 * the result is not a number (as Keras). No mask goes on.
 * Shapes and errors as GlobalMaxPooling's.
 * Source: keras/src/layers/pooling/global_average_pooling1d.py, global_average_pooling2d.py. */
typedef ant_global_pooling_options ant_global_average_pooling1d_options;
typedef ant_global_pooling_options ant_global_average_pooling2d_options;
#define ANT_GLOBAL_AVERAGE_POOLING1D_DEFAULTS ANT_GLOBAL_POOLING_DEFAULTS
#define ANT_GLOBAL_AVERAGE_POOLING2D_DEFAULTS ANT_GLOBAL_POOLING_DEFAULTS
#define ant_global_average_pooling1d(...)                                                          \
    ANT__LAYER("GlobalAveragePooling1D", ant_global_pooling_options, ANT_GLOBAL_POOLING_DEFAULTS,  \
               .graph = __VA_ARGS__)
#define ant_global_average_pooling2d(...)                                                          \
    ANT__LAYER("GlobalAveragePooling2D", ant_global_pooling_options, ANT_GLOBAL_POOLING_DEFAULTS,  \
               .graph = __VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
