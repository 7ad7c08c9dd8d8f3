/* Reshaping layers: Flatten, Reshape, Permute, RepeatVector. They have no weights and compute
 * nothing; no mask goes on. Source: keras/src/layers/reshaping.
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
 * In: (batch, …). Out: (batch, target_shape), of as many entries; one size may be -1 (ANT_ANY): what
 * is left.
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

#ifdef __cplusplus
}
#endif
#endif
