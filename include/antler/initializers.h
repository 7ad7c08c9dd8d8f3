/* Initializers: the numbers that weights start with.
 *
 *     ant_dense(g, 32, .kernel_initializer = "he_normal")
 *     ant_dense(g, 32, .kernel_initializer = ant_random_normal(g, 0, 0.01))
 *
 * Each function gives the text of the part, owned by the graph: "RandomNormal(stddev=0.01)".
 *
 * Random numbers depend on the graph's seed and the weight's path ("encoder/dense/kernel"), so that
 * a layer more or less changes no other layer's numbers. With `seed` they depend on that number
 * only: two weights of the same shape then start equal. The distributions are Keras's, the numbers
 * are Antler's own.
 *
 * Fans, of a weight's shape: () 1 and 1; (n) n and n; (in, out) in and out; (…, in, out) these
 * times the product of the axes before: convolution kernels. input_axes and output_axes, said
 * together, make the fans the products of these axes.
 * Source: keras/src/initializers/.
 */
#ifndef ANTLER_INITIALIZERS_H
#define ANTLER_INITIALIZERS_H
#include "antler/types.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* --- constants: "zeros", "ones", and a number of one's own --- */
typedef struct ant_constant_options {
    ANT_PART_OPTIONS;
    double value;
    char ant_end;
} ant_constant_options;
#define ANT_CONSTANT_DEFAULTS ANT_PART_DEFAULTS
#define ant_constant(...)                                                                          \
    ANT__PART(ANT_INITIALIZER, "Constant", ant_constant_options, ANT_CONSTANT_DEFAULTS,            \
              .graph = __VA_ARGS__)

/* gain on the diagonal, 0 elsewhere; weights of two axes only. Called IdentityInitializer in text,
 * or Identity. */
typedef struct ant_identity_initializer_options {
    ANT_PART_OPTIONS;
    double gain;
    char ant_end;
} ant_identity_initializer_options;
#define ANT_IDENTITY_INITIALIZER_DEFAULTS ANT_PART_DEFAULTS, .gain = 1
#define ant_identity_initializer(...)                                                              \
    ANT__PART(ANT_INITIALIZER, "Identity", ant_identity_initializer_options,                       \
              ANT_IDENTITY_INITIALIZER_DEFAULTS, .graph = __VA_ARGS__)

/* --- normal: "random_normal" or "normal", "truncated_normal" (drawn again beyond two standard
 * deviations, which makes the deviation a little smaller than `stddev`) --- */
typedef struct ant_random_normal_options {
    ANT_PART_OPTIONS;
    double mean, stddev;
    int seed; /* ANT_NONE: from the graph's seed and the weight's path */
    char ant_end;
} ant_random_normal_options;
#define ANT_RANDOM_NORMAL_DEFAULTS ANT_PART_DEFAULTS, .stddev = 0.05, .seed = ANT_NONE
#define ant_random_normal(...)                                                                     \
    ANT__PART(ANT_INITIALIZER, "RandomNormal", ant_random_normal_options,                          \
              ANT_RANDOM_NORMAL_DEFAULTS, .graph = __VA_ARGS__)
#define ant_truncated_normal(...)                                                                  \
    ANT__PART(ANT_INITIALIZER, "TruncatedNormal", ant_random_normal_options,                       \
              ANT_RANDOM_NORMAL_DEFAULTS, .graph = __VA_ARGS__)

/* --- uniform in [minval, maxval): "random_uniform" or "uniform" --- */
typedef struct ant_random_uniform_options {
    ANT_PART_OPTIONS;
    double minval, maxval;
    int seed;
    char ant_end;
} ant_random_uniform_options;
#define ANT_RANDOM_UNIFORM_DEFAULTS                                                                \
    ANT_PART_DEFAULTS, .minval = -0.05, .maxval = 0.05, .seed = ANT_NONE
#define ant_random_uniform(...)                                                                    \
    ANT__PART(ANT_INITIALIZER, "RandomUniform", ant_random_uniform_options,                        \
              ANT_RANDOM_UNIFORM_DEFAULTS, .graph = __VA_ARGS__)

/* --- by the fans: with v = scale / max(1, fan) ---
 * truncated_normal (or normal): a truncated normal of variance v;
 * untruncated_normal: a normal of variance v;
 * uniform: in [-sqrt(3 v), sqrt(3 v)), of variance v too. */
typedef struct ant_variance_scaling_options {
    ANT_PART_OPTIONS;
    double scale;
    const char *mode; /* "fan_in", "fan_out", "fan_avg": their mean */
    const char *distribution;
    int seed;
    ant_ints input_axes, output_axes; /* both or none */
    char ant_end;
} ant_variance_scaling_options;
#define ANT_VARIANCE_SCALING_DEFAULTS                                                              \
    ANT_PART_DEFAULTS, .scale = 1, .mode = "fan_in", .distribution = "truncated_normal",           \
                       .seed = ANT_NONE
#define ant_variance_scaling(...)                                                                  \
    ANT__PART(ANT_INITIALIZER, "VarianceScaling", ant_variance_scaling_options,                    \
              ANT_VARIANCE_SCALING_DEFAULTS, .graph = __VA_ARGS__)

/* Glorot: scale 1, fan_avg. He: scale 2, fan_in. Lecun: scale 1, fan_in. Normal is truncated.
 * "glorot_uniform" is the default of most kernels. */
typedef struct ant_fan_options {
    ANT_PART_OPTIONS;
    int seed;
    ant_ints input_axes, output_axes;
    char ant_end;
} ant_fan_options;
#define ANT_FAN_DEFAULTS ANT_PART_DEFAULTS, .seed = ANT_NONE
#define ANT__FAN(cls, ...)                                                                         \
    ANT__PART(ANT_INITIALIZER, cls, ant_fan_options, ANT_FAN_DEFAULTS, .graph = __VA_ARGS__)
#define ant_glorot_uniform(...) ANT__FAN("GlorotUniform", __VA_ARGS__)
#define ant_glorot_normal(...) ANT__FAN("GlorotNormal", __VA_ARGS__)
#define ant_he_uniform(...) ANT__FAN("HeUniform", __VA_ARGS__)
#define ant_he_normal(...) ANT__FAN("HeNormal", __VA_ARGS__)
#define ant_lecun_uniform(...) ANT__FAN("LecunUniform", __VA_ARGS__)
#define ant_lecun_normal(...) ANT__FAN("LecunNormal", __VA_ARGS__)

/* --- orthogonal ---
 * gain times a matrix (all axes but the last, last axis) with orthonormal columns, or rows where
 * there are fewer: the Q of a normal matrix, with R's diagonal positive. Weights of two axes or
 * more. */
typedef struct ant_orthogonal_options {
    ANT_PART_OPTIONS;
    double gain;
    int seed;
    char ant_end;
} ant_orthogonal_options;
#define ANT_ORTHOGONAL_DEFAULTS ANT_PART_DEFAULTS, .gain = 1, .seed = ANT_NONE
#define ant_orthogonal(...)                                                                        \
    ANT__PART(ANT_INITIALIZER, "Orthogonal", ant_orthogonal_options, ANT_ORTHOGONAL_DEFAULTS,      \
              .graph = __VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
