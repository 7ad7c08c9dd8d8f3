/* Normalization layers: BatchNormalization, LayerNormalization, RMSNormalization,
 * UnitNormalization.
 *
 *     ant_node *h = ant_call(ant_conv2d(g, 64, 3, .use_bias = false), x);
 *     h = ant_call(ant_activation(g, "relu"), ant_call(ant_batch_normalization(g), h));
 *
 * Shapes are written with the batch first. Every layer also takes the options common to all
 * (ANT_LAYER_OPTIONS in types.h) by keyword. Masks pass on unchanged, but at RMSNormalization,
 * where they end as in Keras. Variances are biased (over N) and taken in two passes.
 */
#ifndef ANTLER_LAYERS_NORMALIZATION_H
#define ANTLER_LAYERS_NORMALIZATION_H
#include "antler/types.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* --- BatchNormalization ---
 * y = gamma (x - mean) / sqrt(variance + epsilon) + beta, for each entry of `axis`.
 * In training, mean and variance are those of the batch over all other axes, and
 *     moving_mean = momentum moving_mean + (1 - momentum) mean, moving_variance likewise;
 * else, and in training too where the layer is not trainable, they are the moving ones.
 *
 * In and out: (batch, …), rank 2 or more, the size of `axis` known.
 * Weights: gamma (n), where scale; beta (n), where center; moving_mean (n) and moving_variance (n),
 * which no optimizer changes.
 * Masks: with a mask of all axes but the last, the batch's moments are those of the entries that it
 * keeps, divided by their count + 1e-7; all entries are normalized.
 * Errors: ANT_E_SHAPE when `axis` is outside, its size unknown or another one at a later call, or
 * the mask's shape does not fit.
 * synchronized: moments over all machines that train together. Training here runs in one process,
 * where that is the plain layer.
 * renorm (batch renormalization): y = gamma (r x' + d) + beta in training, x' normalized by the
 * batch,
 *     r = deviation / renorm_stddev in [rmin, rmax], d = (mean - renorm_mean) / renorm_stddev in
 *     [-dmax, dmax], deviation = sqrt(variance + epsilon),
 * through which no gradient goes. It has three more weights: moving_stddev, whose square less
 * epsilon is moving_variance; renorm_mean and renorm_stddev, which follow mean and deviation by
 * renorm_momentum.
 *
 *     ant_batch_normalization(g, .renorm = true, .renorm_clipping = ANT_FLOATS(1 / 3.0, 3, 5))
 *
 * In files: renorm_clipping: {rmin: …, rmax: 3, dmax: 5}, where what is left out is no limit.
 * Source: keras/src/layers/normalization/batch_normalization.py; Ioffe and Szegedy, 2015; Ioffe,
 * 2017. */
typedef struct ant_batch_normalization_options {
    ANT_LAYER_OPTIONS;
    int axis;           /* of the channels; may be counted from the end */
    double momentum;    /* of the moving averages */
    double epsilon;     /* added to the variance */
    bool center, scale; /* whether there is a beta, a gamma */
    const char *beta_initializer, *gamma_initializer;
    const char *moving_mean_initializer, *moving_variance_initializer;
    const char *beta_regularizer, *gamma_regularizer; /* NULL: none */
    const char *beta_constraint, *gamma_constraint;   /* NULL: none */
    bool renorm;
    ant_floats renorm_clipping; /* rmin, rmax, dmax, each of which may be ANT_NONE */
    double renorm_momentum;
    bool synchronized;
    char ant_end;
} ant_batch_normalization_options;
#define ANT_BATCH_NORMALIZATION_DEFAULTS                                                           \
    ANT_LAYER_DEFAULTS, .axis = -1, .momentum = 0.99, .epsilon = 1e-3, .center = true,             \
                        .scale = true, .beta_initializer = "zeros", .gamma_initializer = "ones",   \
                        .moving_mean_initializer = "zeros", .moving_variance_initializer = "ones", \
                        .renorm_momentum = 0.99
#define ant_batch_normalization(...)                                                               \
    ANT__LAYER("BatchNormalization", ant_batch_normalization_options,                              \
               ANT_BATCH_NORMALIZATION_DEFAULTS, .graph = __VA_ARGS__)

/* --- LayerNormalization ---
 * y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with the mean and variance over `axis` of
 * each sample; rms_scaling (as Keras's, deprecated there): y = gamma x / sqrt(variance + epsilon),
 * which is not the root mean square.
 *
 * In and out: (batch, …); the sizes of the axes known.
 * Weights: gamma, where scale or rms_scaling; beta, where center and not rms_scaling; both with the
 * sizes of the axes, in rising order.
 * Errors: ANT_E_OPTION when an axis is said twice; ANT_E_SHAPE when one is outside, its size
 * unknown or another one at a later call.
 * Source: keras/src/layers/normalization/layer_normalization.py; Ba, Kiros and Hinton, 2016. */
typedef struct ant_layer_normalization_options {
    ANT_LAYER_OPTIONS;
    ant_size axis;      /* one, or several: ANT_SIZE(1, 2); may be counted from the end */
    double epsilon;     /* added to the variance */
    bool center, scale; /* whether there is a beta, a gamma */
    const char *beta_initializer, *gamma_initializer;
    const char *beta_regularizer, *gamma_regularizer; /* NULL: none */
    const char *beta_constraint, *gamma_constraint;   /* NULL: none */
    bool rms_scaling;
    char ant_end;
} ant_layer_normalization_options;
#define ANT_LAYER_NORMALIZATION_DEFAULTS                                                           \
    ANT_LAYER_DEFAULTS, .axis = -1, .epsilon = 1e-3, .center = true, .scale = true,                \
                        .beta_initializer = "zeros", .gamma_initializer = "ones"
#define ant_layer_normalization(...)                                                               \
    ANT__LAYER("LayerNormalization", ant_layer_normalization_options,                              \
               ANT_LAYER_NORMALIZATION_DEFAULTS, .graph = __VA_ARGS__)

/* --- RMSNormalization ---
 * y = scale x / sqrt(mean(x^2) + epsilon), with the mean over `axis` of each sample.
 *
 * In and out: (batch, …); the sizes of the axes known.
 * Weights: scale, with the sizes of the axes.
 * Errors: ANT_E_SHAPE when the axes are not the last ones in their order (Keras multiplies the
 * scale along the last axes whatever was said), their size is unknown or another one at a later
 * call. Source: keras/src/layers/normalization/rms_normalization.py; Zhang and Sennrich, 2019. */
typedef struct ant_rms_normalization_options {
    ANT_LAYER_OPTIONS;
    ant_size axis;  /* the last one, or several: ANT_SIZE(-2, -1) */
    double epsilon; /* added to the mean of the squares */
    char ant_end;
} ant_rms_normalization_options;
#define ANT_RMS_NORMALIZATION_DEFAULTS ANT_LAYER_DEFAULTS, .axis = -1, .epsilon = 1e-6
#define ant_rms_normalization(...)                                                                 \
    ANT__LAYER("RMSNormalization", ant_rms_normalization_options, ANT_RMS_NORMALIZATION_DEFAULTS,  \
               .graph = __VA_ARGS__)

/* --- UnitNormalization ---
 * y = x / sqrt(sum(x^2)), with the sum over `axis`; zeros stay zeros.
 *
 * In and out: (batch, …). No weights.
 * Errors: ANT_E_OPTION when an axis is said twice; ANT_E_SHAPE when one is outside.
 * Source: keras/src/layers/normalization/unit_normalization.py. */
typedef struct ant_unit_normalization_options {
    ANT_LAYER_OPTIONS;
    ant_size axis; /* one, or several: ANT_SIZE(1, 2); may be counted from the end */
    char ant_end;
} ant_unit_normalization_options;
#define ANT_UNIT_NORMALIZATION_DEFAULTS ANT_LAYER_DEFAULTS, .axis = -1
#define ant_unit_normalization(...)                                                                \
    ANT__LAYER("UnitNormalization", ant_unit_normalization_options,                                \
               ANT_UNIT_NORMALIZATION_DEFAULTS, .graph = __VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
