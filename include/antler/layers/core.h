/* Core layers: Dense, Identity, InputLayer.
 *
 *     ant_node *h = ant_call(ant_dense(g, 32, "relu", .name = "hidden"), x);
 *
 * Shapes are written with the batch first: (batch, …). Every layer also takes the options common to
 * all (ANT_LAYER_OPTIONS in types.h) by keyword.
 */
#ifndef ANTLER_LAYERS_CORE_H
#define ANTLER_LAYERS_CORE_H
#include "antler/types.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* --- Dense ---
 * y = activation(x · kernel + bias), on the last axis.
 *
 * In: (batch, …, n), rank 2 or more, n known; whole numbers are taken as reals.
 * Out: (batch, …, units).
 * Weights: kernel (n, units); bias (units), where use_bias.
 * Masks pass on unchanged.
 * Errors: ANT_E_SHAPE when n is unknown at the first call, or another one at a later call.
 * Source: keras/src/layers/core/dense.py. */
typedef struct ant_dense_options {
    ANT_LAYER_OPTIONS;
    int units;              /* size of the last axis of the output; at least 1 */
    const char *activation; /* NULL: none */
    bool use_bias;
    const char *kernel_initializer, *bias_initializer;
    const char *kernel_regularizer, *bias_regularizer; /* NULL: none */
    const char *kernel_constraint, *bias_constraint;   /* NULL: none */
    int lora_rank;                                     /* not built yet: refused */
    double lora_alpha;                                 /* not built yet: refused */
    const char *quantization_config;                   /* not built yet: refused */
    char ant_end;
} ant_dense_options;
#define ANT_DENSE_DEFAULTS                                                                         \
    ANT_LAYER_DEFAULTS, .units = ANT_REQUIRED, .use_bias = true,                                   \
                        .kernel_initializer = "glorot_uniform", .bias_initializer = "zeros",       \
                        .lora_rank = ANT_NONE, .lora_alpha = ANT_NONE
#define ant_dense(...)                                                                             \
    ANT__LAYER("Dense", ant_dense_options, ANT_DENSE_DEFAULTS, .graph = __VA_ARGS__)

/* --- Identity ---
 * y = x, of any shape and type. No weights; masks pass on unchanged.
 * Source: keras/src/layers/core/identity.py. */
typedef struct ant_identity_options {
    ANT_LAYER_OPTIONS;
    char ant_end;
} ant_identity_options;
#define ANT_IDENTITY_DEFAULTS ANT_LAYER_DEFAULTS
#define ant_identity(...)                                                                          \
    ANT__LAYER("Identity", ant_identity_options, ANT_IDENTITY_DEFAULTS, .graph = __VA_ARGS__)

/* --- InputLayer ---
 * What a Sequential gets: stands first in one and nowhere else (functional models use ant_input).
 *
 *     ant_sequential(g, ant_input_layer(g, {28, 28, 1}), …)
 *
 * The shape of one sample is said by `shape`, or with the batch in front by `batch_shape`; neither
 * means one number per sample. `dtype` (common option) may be float32, int32, int64 or bool.
 * Source: keras/src/layers/core/input_layer.py. */
typedef struct ant_input_layer_options {
    ANT_LAYER_OPTIONS;
    ant_shape shape;       /* of one sample, ended by 0 */
    int batch_size;        /* ANT_NONE: any */
    bool sparse, ragged;   /* not built yet: refused */
    ant_shape batch_shape; /* ANT_ANY or the batch size, then the shape */
    bool optional;         /* not built yet: refused */
    char ant_end;
} ant_input_layer_options;
#define ANT_INPUT_LAYER_DEFAULTS ANT_LAYER_DEFAULTS, .batch_size = ANT_NONE
#define ant_input_layer(G, ...)                                                                    \
    ANT__LAYER("InputLayer", ant_input_layer_options, ANT_INPUT_LAYER_DEFAULTS, .graph = (G),      \
               .shape = __VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
