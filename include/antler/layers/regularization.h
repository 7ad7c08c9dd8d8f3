/* Regularization layers: Dropout, SpatialDropout1D, SpatialDropout2D, SpatialDropout3D,
 * AlphaDropout, GaussianDropout, GaussianNoise, ActivityRegularization.
 *
 *     ant_node *h = ant_call(ant_dropout(g, 0.5), x);
 *
 * All but the last change their input in training only, and give it back unchanged otherwise. In
 * and out: the same shape, reals. Masks pass on unchanged. No weights.
 *
 * Random numbers depend on the graph's seed, the layer's path in the model that runs, the step, and
 * which call of the layer it is; with `seed` on that number in place of the graph's.
 * Source: keras/src/layers/regularization.
 */
#ifndef ANTLER_LAYERS_REGULARIZATION_H
#define ANTLER_LAYERS_REGULARIZATION_H
#include "antler/types.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* --- Dropout ---
 * Each number is 0 with probability `rate`, else divided by 1 − rate; rate 1 gives zeros.
 * noise_shape, the batch's size first, has 1 on the axes along which the same is dropped, and
 * ANT_ANY where it is the input's: {ANT_ANY, 1, ANT_ANY} drops whole features of a sequence.
 * Errors: ANT_E_SHAPE when noise_shape does not fit the input.
 * Source: Srivastava et al., Dropout (JMLR 2014). */
typedef struct ant_dropout_options {
    ANT_LAYER_OPTIONS;
    double rate; /* in [0, 1] */
    ant_shape noise_shape;
    int seed;
    char ant_end;
} ant_dropout_options;
#define ANT_DROPOUT_DEFAULTS ANT_LAYER_DEFAULTS, .rate = ANT_REQUIRED, .seed = ANT_NONE
#define ant_dropout(...)                                                                           \
    ANT__LAYER("Dropout", ant_dropout_options, ANT_DROPOUT_DEFAULTS, .graph = __VA_ARGS__)

/* --- SpatialDropout1D, SpatialDropout2D, SpatialDropout3D ---
 * Dropout of whole channels. In: (batch, steps, channels); (batch, height, width, channels);
 * (batch, depth, height, width, channels); with channels_first the channels stand behind the batch.
 * Source: Tompson et al., Efficient object localization (2015). */
typedef struct ant_spatial_dropout1d_options {
    ANT_LAYER_OPTIONS;
    double rate;
    int seed;
    char ant_end;
} ant_spatial_dropout1d_options;
#define ANT_SPATIAL_DROPOUT1D_DEFAULTS ANT_LAYER_DEFAULTS, .rate = ANT_REQUIRED, .seed = ANT_NONE
#define ant_spatial_dropout1d(...)                                                                 \
    ANT__LAYER("SpatialDropout1D", ant_spatial_dropout1d_options, ANT_SPATIAL_DROPOUT1D_DEFAULTS,  \
               .graph = __VA_ARGS__)

typedef struct ant_spatial_dropout_options {
    ANT_LAYER_OPTIONS;
    double rate;
    const char *data_format; /* NULL: channels_last */
    int seed;
    char ant_end;
} ant_spatial_dropout_options;
typedef ant_spatial_dropout_options ant_spatial_dropout2d_options;
typedef ant_spatial_dropout_options ant_spatial_dropout3d_options;
#define ANT_SPATIAL_DROPOUT_DEFAULTS ANT_LAYER_DEFAULTS, .rate = ANT_REQUIRED, .seed = ANT_NONE
#define ant_spatial_dropout2d(...)                                                                 \
    ANT__LAYER("SpatialDropout2D", ant_spatial_dropout2d_options, ANT_SPATIAL_DROPOUT_DEFAULTS,    \
               .graph = __VA_ARGS__)
#define ant_spatial_dropout3d(...)                                                                 \
    ANT__LAYER("SpatialDropout3D", ant_spatial_dropout3d_options, ANT_SPATIAL_DROPOUT_DEFAULTS,    \
               .graph = __VA_ARGS__)

/* --- AlphaDropout ---
 * Dropped numbers become −1.7580993, then all are scaled and shifted so that mean 0 and variance 1
 * stay what they are: for networks of selu. `rate` must be below 1.
 * Source: Klambauer et al., Self-normalizing neural networks (2017). */
typedef struct ant_alpha_dropout_options {
    ANT_LAYER_OPTIONS;
    double rate;
    ant_shape noise_shape;
    int seed;
    char ant_end;
} ant_alpha_dropout_options;
#define ANT_ALPHA_DROPOUT_DEFAULTS ANT_LAYER_DEFAULTS, .rate = ANT_REQUIRED, .seed = ANT_NONE
#define ant_alpha_dropout(...)                                                                     \
    ANT__LAYER("AlphaDropout", ant_alpha_dropout_options, ANT_ALPHA_DROPOUT_DEFAULTS,              \
               .graph = __VA_ARGS__)

/* --- GaussianDropout ---
 * y = x · N(1, √(rate / (1 − rate))). `rate` must be below 1. */
typedef struct ant_gaussian_dropout_options {
    ANT_LAYER_OPTIONS;
    double rate;
    int seed;
    char ant_end;
} ant_gaussian_dropout_options;
#define ANT_GAUSSIAN_DROPOUT_DEFAULTS ANT_LAYER_DEFAULTS, .rate = ANT_REQUIRED, .seed = ANT_NONE
#define ant_gaussian_dropout(...)                                                                  \
    ANT__LAYER("GaussianDropout", ant_gaussian_dropout_options, ANT_GAUSSIAN_DROPOUT_DEFAULTS,     \
               .graph = __VA_ARGS__)

/* --- GaussianNoise ---
 * y = x + N(0, stddev), stddev in [0, 1]. */
typedef struct ant_gaussian_noise_options {
    ANT_LAYER_OPTIONS;
    double stddev;
    int seed;
    char ant_end;
} ant_gaussian_noise_options;
#define ANT_GAUSSIAN_NOISE_DEFAULTS ANT_LAYER_DEFAULTS, .stddev = ANT_REQUIRED, .seed = ANT_NONE
#define ant_gaussian_noise(...)                                                                    \
    ANT__LAYER("GaussianNoise", ant_gaussian_noise_options, ANT_GAUSSIAN_NOISE_DEFAULTS,           \
               .graph = __VA_ARGS__)

/* --- ActivityRegularization ---
 * y = x, and (l1 · sum of abs(x) + l2 · sum of x²) / batch size is added to the loss. */
typedef struct ant_activity_regularization_options {
    ANT_LAYER_OPTIONS;
    double l1, l2;
    char ant_end;
} ant_activity_regularization_options;
#define ANT_ACTIVITY_REGULARIZATION_DEFAULTS ANT_LAYER_DEFAULTS
#define ant_activity_regularization(...)                                                           \
    ANT__LAYER("ActivityRegularization", ant_activity_regularization_options,                      \
               ANT_ACTIVITY_REGULARIZATION_DEFAULTS, .graph = __VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
