/* Preprocessing layers: Rescaling, Normalization. Being layers they are saved with the model, so
 * that raw data goes in. Masks pass on unchanged. Source: keras/src/layers/preprocessing.
 */
#ifndef ANTLER_LAYERS_PREPROCESSING_H
#define ANTLER_LAYERS_PREPROCESSING_H
#include "antler/types.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* --- Rescaling ---
 * y = x · scale + offset, in every mode. In and out: any shape; whole numbers are taken as
 * reals. */
typedef struct ant_rescaling_options {
    ANT_LAYER_OPTIONS;
    double scale, offset;
    char ant_end;
} ant_rescaling_options;
#define ANT_RESCALING_DEFAULTS ANT_LAYER_DEFAULTS, .scale = ANT_REQUIRED
#define ant_rescaling(...)                                                                         \
    ANT__LAYER("Rescaling", ant_rescaling_options, ANT_RESCALING_DEFAULTS, .graph = __VA_ARGS__)

/* --- Normalization ---
 * y = (x − mean) / max(√variance, 1e-7); with invert x = mean + y · max(√variance, 1e-7).
 *
 *     ant_layer *n = ant_normalization(g);
 *     ant_adapt(n, x);                       mean and variance of data, over all axes but `axis`
 *
 * Either the statistics are said, or the layer learns them by ant_adapt before it is used; they are
 * saved with the model, and training does not change them.
 * In and out: any shape in which the axes kept are known.
 * Weights (only when no statistics are said): mean, variance (sizes of the axes kept), count ().
 * Errors: ANT_E_OPTION when only one of mean and variance is said or they differ in length;
 * ANT_E_SHAPE for an unknown axis. */
typedef struct ant_normalization_options {
    ANT_LAYER_OPTIONS;
    ant_size axis;             /* each entry along it has statistics; ANT_NONE: one for all */
    ant_floats mean, variance; /* one number, or one for each entry of the last of the axes kept */
    bool invert;
    char ant_end;
} ant_normalization_options;
#define ANT_NORMALIZATION_DEFAULTS ANT_LAYER_DEFAULTS, .axis = -1
#define ant_normalization(...)                                                                     \
    ANT__LAYER("Normalization", ant_normalization_options, ANT_NORMALIZATION_DEFAULTS,             \
               .graph = __VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
